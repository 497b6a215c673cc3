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
    /// By how much the system's wall clock is ahead of this one, ms: what was set or slewed since the start. Nothing is decided
    /// by it; a step is worth a line.
    pub fn drift_ms(&self) -> i64 {
        wall().ms().saturating_sub(self.now().wall.ms())
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

/// Tells a step of the system's clock from its ordinary drift.
#[derive(Clone, Copy, Debug, Default)]
pub struct Steps {
    last_ms: i64,
}

impl Steps {
    /// More than any drift between two looks.
    const STEP_MS: i64 = 1_000;

    /// Takes in [`Clock::drift_ms`] and gives the step since the last look, ms, if that was one. Each is told once.
    pub fn look(&mut self, drift_ms: i64) -> Option<i64> {
        let step = drift_ms.saturating_sub(std::mem::replace(&mut self.last_ms, drift_ms));
        (step.saturating_abs() >= Self::STEP_MS).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wall_time_goes_on_by_the_monotonic_clock_and_what_the_system_says_meanwhile_is_only_drift() {
        let clock = Clock::start();
        let began = clock.now();
        // An hour passes on the monotonic clock and none on the system's: as if somebody had set that back by an hour.
        tokio::time::advance(Duration::from_hours(1)).await;
        let now = clock.now();
        assert_eq!(now.mono.since(began.mono), 3_600_000_000_000);
        assert_eq!(now.wall.0 - began.wall.0, 3_600_000_000);
        let drift = clock.drift_ms();
        assert!((-3_601_000..=-3_590_000).contains(&drift), "{drift}");
    }

    #[test]
    fn a_step_is_told_once_and_drift_is_not() {
        let mut steps = Steps::default();
        let mut check = |drift: i64, expect: Option<i64>| assert_eq!(steps.look(drift), expect, "{drift}");
        check(0, None);
        check(400, None);
        check(900, None);
        check(-3_600_000, Some(-3_600_900));
        check(-3_600_010, None);
        check(5, Some(3_600_015));
        check(i64::MAX, Some(i64::MAX - 5));
        check(i64::MIN, Some(i64::MIN));
    }
}
