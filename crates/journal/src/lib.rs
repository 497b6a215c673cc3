//! The journal: the append-only truth that a start begins from.
//!
//! Owns how records lie in bytes and in files: frames, checksums, the chain, segments, the lock, the epoch, when
//! bytes are on the disk and what a broken end means. Does not own what a record says: a record is a `kind`, a schema
//! `version` and opaque bytes, and their words live with those who write them. Decides nothing.
//!
//! * [`codec`] is pure (bytes in, bytes out) and serves the deterministic simulator as well as the files.
//! * [`mod@file`] keeps the same bytes in a directory: [`Journal`] appends, [`History`] reads, [`Tail`] follows, [`Restore`]
//!   writes a lost one anew from a copy.
//!
//! Called by the order path (append before send), by recovery at start, by the projections and by every command that
//! explains what happened.

pub mod codec;
pub mod file;
mod header;

pub use codec::{Chain, Damage, End, Frame, KIND_FIRST_FREE, KIND_HEADER, KIND_SNAPSHOT, Reader, TooLong, Writer};
pub use file::{
    AppendError, ChainAt, Chained, Durability, History, Journal, Lost, OpenError, OpenReport, Opened, Options, Reached,
    ReadError, Record, Restore, RestoreError, Tail, holds_records, next_epoch,
};
pub use header::{FORMAT, Header, HeaderError, Identity, Mismatch, Mode};
