//! The venues themselves, as machines of the other side, written from the venues' documents.
//!
//! A machine knows no clock, socket or randomness: it is fed what a client did and leaves [`SimAction`]s. Two
//! shells drive it: the TLS servers of `server` and the in-memory pipe of the `sim` crate. Imports no client crate,
//! and shares no struct with one: where both sides could be wrong together, they must be able to disagree.

pub mod azuro;
mod base64;
pub mod centrifugo;
mod date;
mod due;
mod evm;
pub mod exchange;
mod faults;
mod machine;
pub mod market;
pub mod paradex;
mod query;
pub mod server;
pub mod sports;
pub mod sx;
pub mod vest;
pub use machine::{HttpRequest, Message, SeenOrder, SimAction, SimNow, VenueSim};
