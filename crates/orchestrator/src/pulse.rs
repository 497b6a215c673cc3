//! The pulse of the hot thread: what the loop stamps while it goes round, for whoever watches it from another thread.
//!
//! Owns no file and no clock. A loop that hangs stamps no more, although its process lives.

use domain::{Mono, Now, Wall};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// Least time between two stamps: the loop may go round with every frame.
const STAMP_EVERY_NS: u64 = 20_000_000;

/// One stamp.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beat {
    /// How many there were; 0 before the first.
    pub count: u64,
    /// When.
    pub at: Now,
    /// Epoch of the journal.
    pub epoch: u32,
    /// Base uncovered over all rounds, in absolute terms at 1e-8.
    pub uncovered_e8: i64,
    /// Orders whose end is not known.
    pub pending: usize,
    /// Rounds may be opened.
    pub entries_allowed: bool,
}

/// The last stamp, shared between threads. Its parts are each whole; together they may be of two stamps, 20 ms apart.
#[derive(Debug, Default)]
pub struct Pulse {
    count: AtomicU64,
    mono: AtomicU64,
    wall: AtomicI64,
    epoch: AtomicU32,
    uncovered_e8: AtomicI64,
    pending: AtomicUsize,
    entries_allowed: AtomicBool,
}

impl Pulse {
    /// Whether it is time for another one.
    pub(crate) fn due(&self, now: Mono) -> bool {
        self.count.load(Ordering::Relaxed) == 0 || now.since(Mono(self.mono.load(Ordering::Relaxed))) >= STAMP_EVERY_NS
    }

    /// Stamps; the count goes up by one whatever `beat` says.
    pub fn stamp(&self, beat: Beat) {
        self.mono.store(beat.at.mono.0, Ordering::Relaxed);
        self.wall.store(beat.at.wall.0, Ordering::Relaxed);
        self.epoch.store(beat.epoch, Ordering::Relaxed);
        self.uncovered_e8.store(beat.uncovered_e8, Ordering::Relaxed);
        self.pending.store(beat.pending, Ordering::Relaxed);
        self.entries_allowed.store(beat.entries_allowed, Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Release);
    }

    /// The last one.
    pub fn last(&self) -> Beat {
        Beat {
            count: self.count.load(Ordering::Acquire),
            at: Now { mono: Mono(self.mono.load(Ordering::Relaxed)), wall: Wall(self.wall.load(Ordering::Relaxed)) },
            epoch: self.epoch.load(Ordering::Relaxed),
            uncovered_e8: self.uncovered_e8.load(Ordering::Relaxed),
            pending: self.pending.load(Ordering::Relaxed),
            entries_allowed: self.entries_allowed.load(Ordering::Relaxed),
        }
    }
}
