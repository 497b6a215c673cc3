//! Where a round's money went, line by line, in integers that sum to its net result without a residual.
//!
//! Every fill falls into exactly one bucket, so the sum is exact for every ending. What both legs opened is *matched*;
//! what one leg opened beyond that is not, and its entry and close make the safety line. What a venue took by itself is
//! set against as much of the other leg's closes. Where a bucket cuts through a fill its cost is shared by size, and the
//! rest of the cost stays with the rest of the size.

use crate::forced::share;
use crate::round::Round;
use domain::record::Lines;
use domain::{Fills, LegId, Purpose, Side, Size, Usd};

/// Size with what it cost.
#[derive(Clone, Copy, Debug, Default)]
struct Pool {
    size: Size,
    cost: Usd,
}

impl Pool {
    fn add(&mut self, fills: &Fills) {
        self.put(Self { size: fills.size, cost: fills.cost });
    }
    fn put(&mut self, other: Self) {
        self.size = self.size.plus(other.size);
        self.cost = self.cost.plus(other.cost);
    }
    /// Takes up to `size` out; the last of it takes what is left of the cost.
    fn take(&mut self, size: Size) -> Self {
        let size = size.min(self.size);
        let cost = share(self.cost, size, self.size);
        self.size = self.size.minus(size);
        self.cost = self.cost.minus(cost);
        Self { size, cost }
    }
}

/// A leg's fills by what they were for.
#[derive(Clone, Copy, Debug, Default)]
struct Legs {
    opened: Pool,
    closes: Pool,
    forced: Pool,
    exits: Pool,
    /// Bought back after a close that went too far.
    back: Pool,
}

impl Legs {
    fn of(round: &Round, leg: LegId) -> Self {
        let (mut sum, entry) = (Self::default(), Round::entry_side(leg));
        for o in round.orders.iter().filter(|o| o.spec.id.leg == leg) {
            match (o.spec.id.purpose, o.spec.side == entry) {
                (Purpose::Entry, _) => sum.opened.add(&o.fills),
                (_, true) => sum.back.add(&o.fills),
                (Purpose::Close, false) => sum.closes.add(&o.fills),
                (Purpose::Exit, false) => sum.exits.add(&o.fills),
            }
        }
        for f in round.forced.iter().filter(|f| f.leg == leg) {
            if f.taken.side == entry { sum.back.add(&f.taken.fills) } else { sum.forced.add(&f.taken.fills) }
        }
        sum
    }

    /// Takes `size` of what closed the leg, from these pools one after the other.
    fn take(pools: [&mut Pool; 3], size: Size) -> Pool {
        let mut out = Pool::default();
        for pool in pools {
            out.put(pool.take(size.minus(out.size)));
        }
        out
    }
}

/// Cash of a pool: what a sale brings, less what a purchase costs.
fn cash(pool: Pool, side: Side) -> Usd {
    if side == Side::Buy { pool.cost.negated() } else { pool.cost }
}

impl Round {
    /// Where the result came from; `None` for a round of an earlier build, which kept no prices of its decision.
    pub(crate) fn lines(&self) -> Option<Lines> {
        let quoted = self.plan.quoted?;
        let mut legs = LegId::BOTH.map(|leg| Legs::of(self, leg));
        let matched = legs[0].opened.size.min(legs[1].opened.size);
        let taken = legs[0].forced.size.max(legs[1].forced.size).min(matched);
        let mut lines = Lines::default();
        let mut opened = Usd::ZERO;
        for (leg, sums) in LegId::BOTH.into_iter().zip(&mut legs) {
            let entry = Self::entry_side(leg);
            let close = entry.opposite();
            opened = opened.plus(cash(sums.opened.take(matched), entry));
            let alone = sums.opened.size.plus(sums.back.size);
            let undone = Legs::take([&mut sums.closes, &mut sums.forced, &mut sums.exits], alone);
            for (pool, side) in [(sums.opened, entry), (sums.back, entry), (undone, close)] {
                lines.safety = lines.safety.plus(cash(pool, side));
            }
            let by_venue = Legs::take([&mut sums.forced, &mut sums.closes, &mut sums.exits], taken);
            lines.forced = lines.forced.plus(cash(by_venue, close));
            for pool in [sums.closes, sums.forced, sums.exits] {
                lines.exit = lines.exit.plus(cash(pool, close));
            }
        }
        let spread = |[bought, sold]: [domain::Price; 2]| matched.cost(sold).minus(matched.cost(bought));
        let (tops, executable) = (spread(quoted.tops), spread(quoted.executable));
        lines.gross = tops;
        lines.depth = executable.minus(tops);
        lines.slippage = opened.minus(executable);
        let ours = self.orders.iter().map(|o| o.fills);
        for fills in ours.chain(self.forced.iter().map(|f| f.taken.fills)) {
            lines.fees = lines.fees.minus(fills.fee);
            lines.funding = lines.funding.plus(fills.funding);
        }
        Some(lines)
    }
}
