//! The journal in a directory.
//!
//! ```text
//! 0000000001.b4j   segments: a header record, then perhaps a snapshot, then records; the last one is preallocated
//! 0000000002.b4j
//! reserve          space for reducing orders when the disk is full; becomes a segment when it is needed
//! spare            the next segment, made ready; while it is being filled it may be there half
//! epoch            the last epoch taken
//! lock             held by the one process that writes
//! ```
//!
//! An append is one `write` of a reused buffer into preallocated space: it survives the death of the process when it
//! returns. The disk follows on a thread of its own, or is waited for. A segment that is full is followed by the next;
//! the oldest are deleted when the cap asks for it, but never one that the last two snapshots or a projection need.

mod dir;
mod epoch;
mod error;
mod history;
mod recover;
mod restore;
mod space;
mod spare;
mod sync;
mod tail;
#[cfg(test)]
mod tests;
mod write;

pub use epoch::next_epoch;
pub use error::{AppendError, OpenError, ReadError};
pub use history::{History, Record};
pub use recover::{Lost, OpenReport, Opened};
pub use restore::{Restore, RestoreError, holds_records};
pub use tail::{ChainAt, Chained, Reached, Tail};
pub use write::Journal;

use domain::Wall;

/// When an append returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// When the record survives the death of the process; the disk follows within milliseconds, in groups.
    Process,
    /// When the record survives a power cut.
    Power,
}

/// How the journal is kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// Size of a segment, preallocated, in bytes.
    pub segment_bytes: u64,
    /// What all files together may take, in bytes. Reached, entries stop.
    pub disk_cap_bytes: u64,
    /// Space kept for reducing orders, in bytes.
    pub reserve_bytes: u64,
    /// When an append returns.
    pub durability: Durability,
    /// Largest epoch that anything outside this directory can name: a mirror, the clock.
    pub known_epoch: u32,
    /// Stamps headers; nothing else is read from it.
    pub clock: fn() -> Wall,
}

impl Options {
    /// The defaults: 16 MiB segments under a cap of 1 GiB, 4 MiB in reserve, durable against the death of the process.
    pub fn new(clock: fn() -> Wall) -> Self {
        Self {
            segment_bytes: 16 << 20,
            disk_cap_bytes: 1 << 30,
            reserve_bytes: 4 << 20,
            durability: Durability::Process,
            known_epoch: 0,
            clock,
        }
    }

    fn check(&self) -> Result<(), OpenError> {
        /// A header and a few orders must fit.
        const LEAST: u64 = 4_096;
        let too_small = |name| OpenError::Options { name, why: "must be at least 4096 bytes" };
        if self.segment_bytes < LEAST {
            return Err(too_small("segment_bytes"));
        }
        if self.reserve_bytes < LEAST {
            return Err(too_small("reserve_bytes"));
        }
        let needed = self.segment_bytes.saturating_mul(2).saturating_add(self.reserve_bytes);
        if self.disk_cap_bytes < needed {
            return Err(OpenError::Options { name: "disk_cap_bytes", why: "must hold two segments and the reserve" });
        }
        Ok(())
    }
}
