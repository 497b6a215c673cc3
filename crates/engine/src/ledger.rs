//! What has been earned so far, as the venues' balances show it: rounds that ended, and of open ones what was paid
//! and what their closed part realised at average cost.

use crate::engine::Engine;
use domain::{LegId, Side, Usd};
use saga::Round;

impl Engine {
    /// The change of both venues' cash since the first record that is still known: ended rounds, fees of open ones,
    /// and the closed part of open legs at their average entry cost, as venues book it.
    pub fn realised(&self) -> Usd {
        self.rounds().fold(self.net_ended, |sum, round| sum.plus(realised(round)))
    }
}

fn realised(round: &Round) -> Usd {
    let mut sum = Usd::ZERO;
    for leg in LegId::BOTH {
        let entry_side = Round::entry_side(leg);
        let (mut opened, mut cost, mut closed, mut brought) = (0i64, 0i64, 0i64, 0i64);
        for o in round.orders.iter().filter(|o| o.spec.id.leg == leg) {
            sum = sum.minus(o.fills.fee).plus(o.fills.funding);
            if o.spec.side == entry_side {
                opened = opened.saturating_add(o.fills.size.e8());
                cost = cost.saturating_add(o.fills.cost.e8());
            } else {
                closed = closed.saturating_add(o.fills.size.e8());
                brought = brought.saturating_add(o.fills.cost.e8());
            }
        }
        let share = i128::from(cost).saturating_mul(i128::from(closed)).checked_div(i128::from(opened)).unwrap_or(0);
        let share = Usd::from_e8(i64::try_from(share).unwrap_or(i64::MAX));
        let gain = Usd::from_e8(brought).minus(share);
        sum = sum.plus(if entry_side == Side::Buy { gain } else { gain.negated() });
    }
    sum
}
