//! The one place where time is read.

use domain::{Mono, Now, Wall};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// Both clocks of a process. Copies agree with each other, so all links and the shell stamp on one scale.
///
/// The wall clock is read once and carried on by the monotonic one: deadlines are stored as wall time, and a clock that
/// somebody steps back must not put off the closing of a naked leg. What the two drift apart by shows in the venues'
/// clock offsets, which are measured against this clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: Instant,
    wall: Wall,
}

impl Clock {
    /// Its monotonic time begins here. Make one per process and hand out copies.
    pub fn start() -> Self {
        Self { origin: Instant::now(), wall: wall() }
    }
    /// The present on both clocks.
    pub fn now(&self) -> Now {
        let mono = self.mono();
        let since = i64::try_from(mono.0 / 1_000).unwrap_or(i64::MAX);
        Now { mono, wall: Wall(self.wall.0.saturating_add(since)) }
    }
    /// The present on the monotonic clock.
    pub fn mono(&self) -> Mono {
        Mono(u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
    /// The runtime's word for a monotonic time; a time too far to be named becomes thirty years from now.
    pub(crate) fn instant(&self, at: Mono) -> Instant {
        const FAR: Duration = Duration::from_hours(30 * 365 * 24);
        self.origin.checked_add(Duration::from_nanos(at.0)).unwrap_or_else(|| Instant::now() + FAR)
    }
}

fn wall() -> Wall {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Wall(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
