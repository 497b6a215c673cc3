//! What a taker would pay: the walk through the levels of a book, in exact integers.
//!
//! Owns no book, borrows one that may trade. Called by [`crate::Quote`] and by whoever prices an order.

use domain::{Level, Price, Side, Size};

/// Largest value of one order, at 1e-16 of the quote currency: about 7.7 billion dollars. Beyond it a walk gives nothing,
/// so that every product made of a cost, rates and the scale provably fits an `i128` and every line of a
/// [`domain::record::Waterfall`] fits a [`domain::Usd`].
pub const COST_MAX: i128 = 1 << 86;

/// Both sides of a book that may trade now; only [`crate::Book::depth`] makes one.
#[derive(Clone, Copy, Debug)]
pub struct Depth<'a> {
    bids: &'a [Level],
    asks: &'a [Level],
}

/// What taking a size from a book costs or brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vwap {
    /// Which way the taker trades.
    pub side: Side,
    /// Sum of size times price over the levels taken, exact, at 1e-16 of the quote currency; at most [`COST_MAX`].
    pub cost: i128,
    /// Price of the last level touched: the limit that still takes everything.
    pub worst: Price,
    /// Base taken; always what was asked for.
    pub filled: Size,
}

impl Vwap {
    /// Average price, rounded against the taker: up for a buyer, down for a seller.
    pub fn price(&self) -> Price {
        let size = i128::from(self.filled.e8());
        let down = self.cost.checked_div(size).unwrap_or(0);
        let exact = down.checked_mul(size) == Some(self.cost);
        let shown = if self.side == Side::Buy && !exact { down.saturating_add(1) } else { down };
        // An average lies between the best and the worst level, so it is a price; `worst` if that were ever untrue.
        i64::try_from(shown).ok().and_then(Price::from_e8).unwrap_or(self.worst)
    }
}

impl<'a> Depth<'a> {
    pub(crate) const fn new(bids: &'a [Level], asks: &'a [Level]) -> Self {
        Self { bids, asks }
    }

    /// The best level a taker of `side` meets: the best ask for a buyer, the best bid for a seller.
    #[inline]
    pub fn best(&self, side: Side) -> Option<Level> {
        self.taken_by(side).last().copied()
    }

    /// Levels a taker of `side` meets, best first.
    pub fn levels(&self, side: Side) -> impl Iterator<Item = Level> + 'a {
        self.taken_by(side).iter().rev().copied()
    }

    /// What taking `size` costs a buyer or brings a seller. `None` if the book cannot fill it, for no size at all, and
    /// beyond [`COST_MAX`].
    #[inline]
    pub fn vwap(&self, side: Side, size: Size) -> Option<Vwap> {
        let mut left = size.e8();
        if left == 0 {
            return None;
        }
        let mut cost = 0i128;
        for level in self.taken_by(side).iter().rev() {
            let take = left.min(level.size);
            // Cannot wrap: sizes taken add up to at most i64::MAX and no price is above it, so the sum stays below 2^126.
            cost = cost.wrapping_add(i128::from(take).wrapping_mul(i128::from(level.price)));
            left = left.wrapping_sub(take);
            if left == 0 {
                let worst = Price::from_e8(level.price)?;
                return (cost <= COST_MAX).then_some(Vwap { side, cost, worst, filled: size });
            }
        }
        None
    }

    #[inline]
    const fn taken_by(&self, side: Side) -> &'a [Level] {
        match side {
            Side::Buy => self.asks,
            Side::Sell => self.bids,
        }
    }
}
