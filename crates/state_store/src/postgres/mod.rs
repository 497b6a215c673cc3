//! The mirror in Postgres (Supabase): the journal's records and the same tables as beside the journal, a second later.
//!
//! Owns the address and its TLS, the tables and that they are closed to the public, sending, and writing a lost journal
//! anew. Does not own the truth: the local journal wins, and a mirror that is not its beginning is refused.

mod address;
mod error;
mod link;
mod mirror;
mod records;
mod schema;
mod service;
mod status;

pub use address::{Address, AddressError, Settings};
pub use error::MirrorError;
pub use link::Postgres;
pub use mirror::{Mirror, check};
pub use records::{Restored, restore};
pub use schema::{Schema, TableSecurity, migrate};
pub use service::{Lag, MirrorConfig, MirrorHandle, MirrorService};
pub use status::Status;

use journal::Identity;

/// Refuses an address that leads to a transaction pooler though nobody said so, and a database that is not of this
/// identity. Gives the number of the last record it has.
///
/// # Errors
/// See [`MirrorError`].
pub async fn probe(pg: &Postgres, ours: &Identity) -> Result<u64, MirrorError> {
    if !pg.address.txn_pool && Box::pin(link::is_pooled(&pg.address)).await? {
        return Err(MirrorError::Pooler);
    }
    mirror::belongs(pg, ours).await.map(|mark| mark.seq)
}
