//! What can go wrong with the files, for `match` and for people.

use crate::codec::{Damage, TooLong};
use crate::header::{HeaderError, Mismatch};
use std::io;
use std::path::PathBuf;

/// Why a journal cannot be opened. Nothing was changed on the disk, unless it says so.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process writes it.
    #[error("the journal in {dir:?} is in use by process {holder}")]
    Locked {
        /// Its directory.
        dir: PathBuf,
        /// Process id of the holder, as far as it left one.
        holder: String,
    },
    /// It belongs to another mode or account.
    #[error("the journal in {dir:?} is not ours to continue")]
    NotOurs {
        /// Its directory.
        dir: PathBuf,
        /// What differs.
        #[source]
        source: Mismatch,
    },
    /// A record has become bad; repairing would mean to forget what was done.
    #[error("the journal is corrupt: {path:?} at byte {at}: {why}")]
    Corrupt {
        /// The segment.
        path: PathBuf,
        /// Offset of the bad record.
        at: usize,
        /// What is wrong with it.
        why: Damage,
    },
    /// A header cannot be used by this build.
    #[error("the journal cannot be continued by this build: {path:?}")]
    Header {
        /// The segment.
        path: PathBuf,
        /// Why.
        #[source]
        source: HeaderError,
    },
    /// Older segments are gone and no snapshot stands for them.
    #[error("the journal begins with record {first} in {path:?}, and no snapshot stands for the records before it")]
    HistoryGone {
        /// The oldest segment.
        path: PathBuf,
        /// Its first record.
        first: u64,
    },
    /// The epoch file is there and says nothing usable.
    #[error("the epoch file {path:?} is unreadable; it must hold a number and its checksum")]
    Epoch {
        /// The file.
        path: PathBuf,
    },
    /// All epochs are used up.
    #[error("no epoch after {last} is left")]
    EpochsExhausted {
        /// The last one.
        last: u32,
    },
    /// A size in the options is of no use.
    #[error("journal option {name}: {why}")]
    Options {
        /// Which.
        name: &'static str,
        /// Why.
        why: &'static str,
    },
    /// The operating system refused.
    #[error("{doing} {path:?}")]
    Io {
        /// What we were doing.
        doing: &'static str,
        /// To what.
        path: PathBuf,
        /// Its word.
        #[source]
        source: io::Error,
    },
}

/// Why a record was not taken. Whoever wanted to act on it must not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The disk, or the part of it that the journal may use, is full. Reducing orders still have the reserve until
    /// [`Journal::append_reducing`](super::Journal::append_reducing) says this too.
    #[error("the journal is full: {why}")]
    Full {
        /// The cap or the system's word.
        why: String,
    },
    /// A sync or a write failed: what the segment holds may not be on the disk, and nothing can make sure of it.
    #[error("the journal's segment is poisoned: {why}")]
    Poisoned {
        /// The first failure.
        why: String,
    },
    /// The record does not fit.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// The kind is the journal's own.
    #[error("record kind {0} belongs to the journal itself")]
    Kind(u16),
}

/// Why a part of the history cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// From `at` on the segment is not readable.
    #[error("{path:?} cannot be read from byte {at} on: {why}")]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// Offset of the first bad record.
        at: usize,
        /// What is wrong with it.
        why: Damage,
    },
    /// The operating system refused.
    #[error("reading {path:?}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Its word.
        #[source]
        source: io::Error,
    },
}
