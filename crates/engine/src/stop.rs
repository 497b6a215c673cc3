//! Stopping: no new work, everything pending brought to its end, nothing uncovered left behind.

use crate::Desk;
use crate::engine::{Engine, OnStop};
use domain::record::ExitReason;
use domain::{Now, OrderId, Pair, RoundId};
use saga::Goal;

impl Engine {
    /// Begins to stop. Calling it again changes nothing.
    pub fn begin_stop(&mut self, on_stop: OnStop, now: Now, desk: &mut impl Desk) {
        if self.stopping.is_some() {
            return;
        }
        self.stopping = Some((on_stop, now.wall));
        self.pending_at_stop = self.pending().collect();
        let ids: Vec<RoundId> = self.rounds.keys().copied().collect();
        for id in ids {
            self.drive(id, now, desk);
        }
        self.flatten_when_stopping(now, desk);
    }

    pub(crate) fn flatten_when_stopping(&mut self, now: Now, desk: &mut impl Desk) {
        let open: Vec<RoundId> = self
            .rounds
            .values()
            .map(|s| &s.round)
            .filter(|r| r.goal == Goal::Hold && self.is_to_close(r.plan.pair))
            .map(saga::Round::id)
            .collect();
        for id in open {
            self.exit(id, ExitReason::Operator, None, now, desk);
        }
    }

    /// Whether stopping closes what this pair holds.
    fn is_to_close(&self, pair: Pair) -> bool {
        match self.stopping {
            Some((OnStop::Flatten, _)) => true,
            Some((OnStop::FlattenPair(chosen), _)) => chosen == pair,
            Some((OnStop::Leave, _)) | None => false,
        }
    }

    /// Whether stopping has begun.
    pub fn is_stopping(&self) -> bool {
        self.stopping.is_some()
    }

    /// Orders whose end is not known yet.
    pub fn pending(&self) -> impl Iterator<Item = OrderId> {
        self.rounds.values().flat_map(|s| &s.round.orders).filter(|o| o.is_live()).map(|o| o.spec.id)
    }

    /// How many of the orders that were pending when stopping began have come to their end since.
    pub fn settled_since_stop(&self) -> usize {
        self.pending_at_stop.iter().filter(|id| !self.pending().any(|p| p == **id)).count()
    }

    /// True once nothing is pending and nothing is uncovered: what is left is open, even and journaled.
    pub fn stopped(&self) -> bool {
        let rests = |r: &saga::Round| r.goal == Goal::Hold && !r.any_live() && !self.is_to_close(r.plan.pair);
        self.stopping.is_some() && self.rounds.values().all(|s| rests(&s.round))
    }

    /// What would be left behind by leaving now, a sentence a round.
    pub fn left_behind(&self) -> Vec<String> {
        self.rounds
            .values()
            .filter(|s| s.round.goal != Goal::Hold || s.round.any_live())
            .map(|s| {
                let pending = s.round.orders.iter().filter(|o| o.is_live()).count();
                format!("round {}: {pending} pending orders, {}", s.round.id(), s.round.exposure())
            })
            .collect()
    }
}
