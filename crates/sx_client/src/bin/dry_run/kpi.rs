//! The figures of a run: how long bets took, how often the session was made anew, how many bets were taken in part.

use domain::{BetStatus, Now};
use std::time::Duration;
use venue_api::BetReport;

/// What is counted while the run goes on.
#[derive(Debug, Default)]
pub(crate) struct Kpi {
    /// From the request that carried the order to the venue's first word about it, ms.
    pub(crate) answers_ms: Vec<u64>,
    /// From the same to the first lock on chain, ms.
    pub(crate) locks_ms: Vec<u64>,
    pub(crate) accepted: u32,
    pub(crate) partial: u32,
    pub(crate) reconnects: u32,
    /// From the loss of the session until it was ready again, ms.
    pub(crate) recovery_ms: Vec<u64>,
}

impl Kpi {
    /// Takes in all that was told about one bet.
    pub(crate) fn count(&mut self, reports: &[(Now, BetReport)]) {
        let Some(sent) = reports.iter().find(|(_, report)| report.fact == "\"sent\"").map(|(at, _)| at.mono) else { return };
        let since = |found: Option<&(Now, BetReport)>| found.map(|(at, _)| at.mono.since(sent) / 1_000_000);
        let answered = reports.iter().find(|(_, report)| report.fact != "\"sent\"");
        self.answers_ms.extend(since(answered));
        let had = |status: BetStatus| reports.iter().any(|(_, report)| report.status == status);
        let locked = reports.iter().find(|(_, report)| matches!(report.status, BetStatus::Accepted | BetStatus::Partial));
        self.locks_ms.extend(since(locked));
        self.accepted += u32::from(had(BetStatus::Accepted));
        self.partial += u32::from(had(BetStatus::Partial));
    }

    /// One line per figure.
    pub(crate) fn told(&self, run: Duration) {
        for (what, times) in [
            ("order to the venue's first word", &self.answers_ms),
            ("order to lock on chain", &self.locks_ms),
            ("session lost to ready again", &self.recovery_ms),
        ] {
            let mut sorted = times.clone();
            sorted.sort_unstable();
            // The smallest of which at least so many of a hundred are not larger.
            let at = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied();
            let (p50, p95, max) = (at(50), at(95), sorted.last().copied());
            tracing::info!(kpi = "round trip", what, count = sorted.len(), p50_ms = ?p50, p95_ms = ?p95, max_ms = ?max);
        }
        let seconds = run.as_secs().max(1);
        let per_hour = u64::from(self.reconnects) * 3_600 / seconds;
        tracing::info!(kpi = "reconnect rate", reconnects = self.reconnects, run_s = seconds, per_hour);
        let taken = self.accepted + self.partial;
        tracing::info!(kpi = "partial-fill ratio", partial = self.partial, taken, permille = self.partial * 1_000 / taken.max(1));
    }
}
