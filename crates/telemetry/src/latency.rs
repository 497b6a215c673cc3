//! How long things took, as percentiles.

use hdrhistogram::Histogram;
use std::fmt;
use std::time::Duration;

/// Longest time that is told apart from longer ones: ten minutes, in ns.
const LONGEST_NS: u64 = 600_000_000_000;
/// Every figure is right to three digits.
const DIGITS: u8 = 3;

/// Durations of one kind of thing, in nanoseconds, true to three digits whatever their size. Recording allocates
/// nothing; longer ones than ten minutes count as ten minutes.
#[derive(Clone, Debug)]
pub struct LatencyRecorder {
    histogram: Histogram<u64>,
}

impl Default for LatencyRecorder {
    fn default() -> Self {
        Self::new()
    }
}

impl LatencyRecorder {
    /// Nothing recorded yet.
    pub fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST_NS, DIGITS).expect("the bounds are constants that fit");
        Self { histogram }
    }
    /// Records one duration.
    pub fn record(&mut self, took: Duration) {
        self.record_ns(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }
    /// Records one duration in ns, such as a difference of `domain::Mono`.
    pub fn record_ns(&mut self, ns: u64) {
        self.histogram.saturating_record(ns);
    }
    /// What was recorded so far.
    pub fn summary(&self) -> LatencySummary {
        let at = |quantile| self.histogram.value_at_quantile(quantile);
        LatencySummary {
            count: self.histogram.len(),
            p50_ns: at(0.50),
            p95_ns: at(0.95),
            p99_ns: at(0.99),
            max_ns: self.histogram.max(),
        }
    }
    /// What was recorded since the last time, and starts anew.
    pub fn take(&mut self) -> LatencySummary {
        let summary = self.summary();
        self.histogram.reset();
        summary
    }
    /// Adds what another recorder has seen.
    pub fn merge(&mut self, other: &Self) {
        self.histogram.add(&other.histogram).expect("all recorders have the same bounds");
    }
}

/// Percentiles in nanoseconds; all zero when nothing was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LatencySummary {
    /// How many.
    pub count: u64,
    /// Half were faster.
    pub p50_ns: u64,
    /// 95 of 100 were faster.
    pub p95_ns: u64,
    /// 99 of 100 were faster.
    pub p99_ns: u64,
    /// The slowest.
    pub max_ns: u64,
}

/// `n=3 p50=1.20ms p95=9.00ms p99=9.00ms max=9.00ms`.
impl fmt::Display for LatencySummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = Duration::from_nanos;
        let (p50, p95, p99, max) = (of(self.p50_ns), of(self.p95_ns), of(self.p99_ns), of(self.max_ns));
        write!(f, "n={} p50={p50:.2?} p95={p95:.2?} p99={p99:.2?} max={max:.2?}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentiles_are_those_of_what_was_recorded() {
        let mut recorder = LatencyRecorder::new();
        assert_eq!(recorder.summary(), LatencySummary::default());
        for us in 1..=100u64 {
            recorder.record(Duration::from_micros(us));
        }
        assert_eq!(recorder.summary().to_string(), "n=100 p50=50.02µs p95=95.04µs p99=99.01µs max=100.03µs");
        let mut twice = recorder.clone();
        twice.merge(&recorder);
        assert_eq!(twice.take().count, 200);
        assert_eq!(twice.take(), LatencySummary::default(), "taking starts anew");
    }

    proptest! {
        /// Whatever is recorded, figures rise from p50 to max and max is right to a thousandth.
        #[test]
        fn figures_rise_and_stay_true(mut all in proptest::collection::vec(any::<u64>(), 1..100)) {
            let mut recorder = LatencyRecorder::new();
            for ns in &all {
                recorder.record_ns(*ns);
            }
            let s = recorder.summary();
            prop_assert_eq!(s.count, all.len() as u64);
            prop_assert!(s.p50_ns <= s.p95_ns && s.p95_ns <= s.p99_ns && s.p99_ns <= s.max_ns);
            all.sort_unstable();
            let max = all.last().copied().unwrap_or(0).min(LONGEST_NS);
            prop_assert!(s.max_ns.abs_diff(max) <= max / 500 + 1);
        }
    }
}
