//! What a run came to, in numbers.

use crate::uptime::Uptime;
use domain::names::Ending;
use domain::{Mono, RoundId, Usd, VenueId};
use std::collections::BTreeMap;
use telemetry::{LatencyRecorder, LatencySummary};

/// Latency of one venue's orders, from the write to the answer.
#[derive(Clone, Debug, Default)]
pub struct VenueLatency {
    /// Network and venue.
    pub answer: LatencyRecorder,
}

/// Counters and histograms of a run.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Rounds by ending.
    pub rounds: BTreeMap<Ending, u64>,
    /// From the frame that showed the opportunity to both orders handed to their sockets.
    pub sent: LatencyRecorder,
    /// From the frame that showed the opportunity to both legs filled.
    pub entered: LatencyRecorder,
    /// By venue.
    pub venues: BTreeMap<VenueId, VenueLatency>,
    /// Times a leg had to be closed for safety.
    pub safety_closes: u64,
    /// Order attempts after a failed one.
    pub retries: u64,
    /// Opportunities seen.
    pub opportunities: u64,
    /// How much of the time every pair could have traded.
    pub uptime: Uptime,
    /// Longest time one leg was uncovered, ms.
    pub uncovered_ms: i64,
    began: BTreeMap<RoundId, Mono>,
}

impl Stats {
    pub(crate) fn began(&mut self, round: RoundId, at: Mono) {
        self.began.entry(round).or_insert(at);
    }
    pub(crate) fn entered(&mut self, round: RoundId, at: Mono) {
        if let Some(began) = self.began.get(&round) {
            self.entered.record_ns(at.since(*began));
        }
    }
    pub(crate) fn ended(&mut self, round: RoundId, ending: Ending, uncovered_ms: i64) {
        self.began.remove(&round);
        *self.rounds.entry(ending).or_default() += 1;
        self.uncovered_ms = self.uncovered_ms.max(uncovered_ms);
    }
    /// Percentiles of a venue's answers.
    pub fn answers(&self) -> impl Iterator<Item = (VenueId, LatencySummary)> {
        self.venues.iter().map(|(v, l)| (*v, l.answer.summary()))
    }
}

/// Money of a run by the venues' own word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balances {
    /// When the venue was first read.
    pub at_start: Option<Usd>,
    /// When it was last read.
    pub at_end: Option<Usd>,
}

impl Balances {
    /// The change, if both are known.
    pub fn change(&self) -> Option<Usd> {
        Some(self.at_end?.minus(self.at_start?))
    }
}
