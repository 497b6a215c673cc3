//! What a venue does to a leg by itself: liquidation, auto-deleveraging, settlement.
//!
//! The venue names each of these, and may tell of one late, twice, or in parts; or tell nothing, so that only a
//! comparison of accounts shows that something is gone. What was only seen stands in until the venue names it, and
//! gives way then by as much as is named: nothing is counted twice, whichever comes first.

use crate::round::{Goal, Round};
use domain::record::{GiveUp, Taken};
use domain::{Fills, LegId, Side, Size, Usd, Wall};
use serde::{Deserialize, Serialize};

/// What a venue took of a leg by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forced {
    /// Which leg.
    pub leg: LegId,
    /// What.
    pub taken: Taken,
    /// When the last of it was learned.
    pub at: Wall,
}

impl Round {
    /// Whether this would tell anything new of a leg: a name that is known already with as much in it does not.
    pub fn would_take(&self, leg: LegId, taken: &Taken) -> bool {
        let known = self.forced.iter().find(|f| f.leg == leg && f.taken.id == taken.id);
        taken.fills.size > known.map_or(Size::ZERO, |k| k.taken.fills.size)
    }

    /// Whether nothing but zero will do for this round: a venue has taken a part of it.
    pub fn goes_to_zero(&self) -> bool {
        !self.forced.is_empty()
    }

    /// When a leg last changed, by an order or by its venue.
    pub fn changed_at(&self, leg: LegId) -> Option<Wall> {
        let ours = self.orders.iter().filter(|o| o.spec.id.leg == leg).map(|o| o.changed_at);
        ours.chain(self.forced.iter().filter(|f| f.leg == leg).map(|f| f.at)).max()
    }

    /// When what a leg holds last changed: an order that filled nothing changes nothing of that.
    pub fn moved_at(&self, leg: LegId) -> Option<Wall> {
        let ours = self.orders.iter().filter(|o| o.spec.id.leg == leg && !o.fills.size.is_zero()).map(|o| o.changed_at);
        ours.chain(self.forced.iter().filter(|f| f.leg == leg).map(|f| f.at)).max()
    }

    /// What orders of ours closed of a leg: as much as they can have gone too far by.
    pub fn closed(&self, leg: LegId) -> Size {
        let closing = Self::entry_side(leg).opposite();
        let ours = self.orders.iter().filter(|o| o.spec.id.leg == leg && o.spec.side == closing);
        ours.fold(Size::ZERO, |sum, o| sum.plus(o.fills.size))
    }

    /// Folds one forced change in.
    pub(crate) fn take_away(&mut self, leg: LegId, taken: &Taken, at: Wall) {
        if !self.would_take(leg, taken) {
            return;
        }
        let known = self.forced.iter().position(|f| f.leg == leg && f.taken.id == taken.id);
        let before = known.and_then(|i| self.forced.get(i)).map_or(Size::ZERO, |f| f.taken.fills.size);
        if !taken.stands_in() {
            self.give_way(leg, taken.side, taken.fills.size.minus(before));
        }
        let known = self.forced.iter_mut().find(|f| f.leg == leg && f.taken.id == taken.id);
        match known {
            Some(f) => (f.taken, f.at) = (taken.clone(), at),
            None => self.forced.push(Forced { leg, taken: taken.clone(), at }),
        }
        // What was over is looked at again: it may hold something after all, and its result is another one.
        if self.outcome.take().is_some() {
            self.goal = Goal::Flat;
        }
        if matches!(self.goal, Goal::Enter | Goal::Hold) {
            if self.goal == Goal::Enter {
                self.gave_up.get_or_insert(GiveUp::LegFailed);
            }
            self.goal = Goal::Even;
        }
    }

    /// Takes as much away from what stands in as the venue has named now.
    fn give_way(&mut self, leg: LegId, side: Side, named: Size) {
        let mut named = named;
        for f in self.forced.iter_mut().filter(|f| f.leg == leg && f.taken.side == side && f.taken.stands_in()) {
            let has = f.taken.fills.size;
            let left = has.minus(named);
            named = named.minus(has);
            f.taken.fills = Fills { size: left, cost: share(f.taken.fills.cost, left, has), ..f.taken.fills };
        }
        self.forced.retain(|f| !f.taken.fills.size.is_zero());
    }
}

/// The part of a sum that `of` out of `whole` has, rounded towards zero.
pub(crate) fn share(sum: Usd, of: Size, whole: Size) -> Usd {
    let product = i128::from(sum.e8()).saturating_mul(i128::from(of.e8()));
    let part = product.checked_div(i128::from(whole.e8())).unwrap_or(0);
    Usd::from_e8(i64::try_from(part).unwrap_or(i64::MAX))
}
