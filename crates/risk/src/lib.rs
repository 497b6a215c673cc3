//! Limits, reservations, and the one door to a venue: nothing leaves that is not [`Cleared`].
//!
//! Owns the caps and what they already hold. Decides, never acts. Called by `engine`; `venue_api` takes only what
//! was cleared here.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

use domain::{Mono, OrderSpec};

mod certificate;
mod gate;
pub use certificate::{Certificate, LegRisk, certificate};
pub use gate::{Gate, Limits, Refused};

/// Proof that the gate has seen an order: there is no other way to make one. Not `Clone`, not serialisable, and it
/// expires, so an order cleared once cannot leave twice or late.
#[derive(Debug)]
pub struct Cleared<T> {
    inner: T,
    until: Mono,
}

impl<T> Cleared<T> {
    fn new(inner: T, until: Mono) -> Self {
        Self { inner, until }
    }
    /// What was cleared.
    pub fn get(&self) -> &T {
        &self.inner
    }
    /// Takes it out for sending.
    ///
    /// # Errors
    /// [`Expired`] when `now` is past its time.
    pub fn take(self, now: Mono) -> Result<T, Expired> {
        if now > self.until { Err(Expired) } else { Ok(self.inner) }
    }
}

/// The clearance is too old: the world it was given for has moved on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the clearance has expired")]
pub struct Expired;

/// A cleared order.
pub type ClearedOrder = Cleared<OrderSpec>;
