//! What a journal holds of a bet, where a process may die on it, and whether it agrees with the venue.

use super::arena::Arena;
use azuro_client::state::{Fact, OrderState};
use domain::{BetSpec, BetStatus, VenueKey};
use venue_api::BetReport;
use venue_sim::azuro::SeenBet;

/// Where a life ends, counted in records of the journal from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// Before the record is written: nothing of the step is known or done.
    Before(usize),
    /// After it is written, before anything is done.
    Written(usize),
    /// After everything that the step asked for was done.
    Done(usize),
}

/// One bet in the journal.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) spec: BetSpec,
    pub(crate) key: VenueKey,
    pub(crate) reports: Vec<BetReport>,
}
impl Written {
    pub(crate) fn status(&self) -> BetStatus {
        self.reports.last().map_or(BetStatus::Pending, |report| report.status)
    }
    pub(crate) fn last(&self) -> &BetReport {
        self.reports.last().expect("something was learned")
    }
    /// The states that the API was heard to say, in order.
    pub(crate) fn states(&self) -> Vec<OrderState> {
        let state = |report: &BetReport| match serde_json::from_str(&report.fact).expect("a fact") {
            Fact::Said { state, .. } => Some(state),
            _ => None,
        };
        self.reports.iter().filter_map(state).collect()
    }
    pub(crate) fn learned(&self, wanted: impl Fn(&Fact) -> bool) -> bool {
        self.reports.iter().any(|report| wanted(&serde_json::from_str(&report.fact).expect("a fact")))
    }
}

impl Arena {
    /// What the journal says of every bet is what the venue knows, and no bet of ours is there twice.
    pub(crate) fn agree(&self) {
        let seen = self.seen();
        for written in &self.journal {
            let venue: Vec<&SeenBet> = seen.iter().filter(|bet| bet.id == written.key.key).collect();
            assert!(venue.len() <= 1, "{venue:?}");
            let expect = match venue.first() {
                None => BetStatus::Refused,
                Some(bet) => match (bet.token_id, bet.result, bet.state) {
                    (Some(_), Some("Canceled"), _) | (_, _, "Canceled") => BetStatus::Void,
                    (Some(_), Some(_), _) => BetStatus::Settled,
                    (Some(_), None, _) => BetStatus::Accepted,
                    (None, ..) => BetStatus::Refused,
                },
            };
            assert_eq!(written.status(), expect, "{venue:?}\n{:?}", written.reports);
            if let Some(bet) = venue.first().filter(|bet| bet.token_id.is_some()) {
                let report = written.last();
                assert_eq!(u128::from(report.taken.e6()), bet.stake_raw);
                assert_eq!(report.paid.map(|paid| u128::from(paid.e6())), bet.returns_raw, "{bet:?}");
            }
        }
        let ours = |bet: &&SeenBet| self.journal.iter().any(|written| written.key.key == bet.id);
        assert_eq!(seen.iter().filter(ours).count(), seen.len(), "an order that is in no journal: {seen:?}");
        self.sim.money_agrees().expect("money is conserved");
    }
}
