//! One market's order book: the venue's own makers (levels without an owner) and clients' resting orders.
//!
//! Price first, then time; at one price a maker level is older than any client's order. The ladder knows sizes and
//! keys only: whose an order is and what a fill does to an account is the caller's.

use super::Side;

/// Size at a price, both at 1e-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Price.
    pub price: i64,
    /// Size, positive.
    pub size: i64,
}

/// A client's order in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Resting {
    key: u32,
    price: i64,
    size: i64,
}

/// Where liquidity comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The venue's own makers.
    Maker,
    /// A client's resting order, by the caller's key.
    Order(u32),
}

/// The next thing an order would trade with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Best {
    /// At which price.
    pub price: i64,
    /// How much is there.
    pub size: i64,
    /// Whose it is.
    pub source: Source,
}

/// One side: makers and orders, best first.
#[derive(Clone, Debug, Default)]
struct Half {
    makers: Vec<Level>,
    orders: Vec<Resting>,
}

/// The book of one market.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    bids: Half,
    asks: Half,
}

impl Ladder {
    fn half(&self, side: Side) -> &Half {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn half_mut(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// Replaces the makers of both sides; levels come best first.
    pub fn set_makers(&mut self, bids: Vec<Level>, asks: Vec<Level>) {
        self.bids.makers = bids;
        self.asks.makers = asks;
    }

    /// What a taker of `side` would trade with next, at `limit` or better.
    pub fn best_against(&self, side: Side, limit: i64) -> Option<Best> {
        let half = self.half(side.opposite());
        let maker = half.makers.first().map(|l| Best { price: l.price, size: l.size, source: Source::Maker });
        let order = half.orders.first().map(|o| Best { price: o.price, size: o.size, source: Source::Order(o.key) });
        let best = match (maker, order) {
            (Some(m), Some(o)) if side.accepts(m.price, o.price) => m,
            (_, Some(o)) => o,
            (m, None) => m?,
        };
        side.accepts(best.price, limit).then_some(best)
    }

    /// Whether a taker of `side` finds nothing at any price.
    pub fn is_empty_against(&self, side: Side) -> bool {
        let half = self.half(side.opposite());
        half.makers.is_empty() && half.orders.is_empty()
    }

    /// Takes `size` (at most what is there) from the best of `source` on the side opposite to `taker`.
    pub fn consume(&mut self, taker: Side, source: Source, size: i64) {
        let half = self.half_mut(taker.opposite());
        match source {
            Source::Maker => {
                if let Some(first) = half.makers.first_mut() {
                    first.size -= size;
                    if first.size <= 0 {
                        half.makers.remove(0);
                    }
                }
            }
            Source::Order(key) => {
                if let Some(i) = half.orders.iter().position(|o| o.key == key) {
                    half.orders[i].size -= size;
                    if half.orders[i].size <= 0 {
                        half.orders.remove(i);
                    }
                }
            }
        }
    }

    /// Puts an order behind all orders of its price or better.
    pub fn rest(&mut self, side: Side, key: u32, price: i64, size: i64) {
        let orders = &mut self.half_mut(side).orders;
        // An order that pays more for a buy, asks less for a sell, goes first; equal prices keep their time.
        let at = orders.partition_point(|o| side.opposite().accepts(o.price, price));
        orders.insert(at, Resting { key, price, size });
    }

    /// Takes an order out; whether it was there.
    pub fn remove(&mut self, side: Side, key: u32) -> bool {
        let orders = &mut self.half_mut(side).orders;
        let at = orders.iter().position(|o| o.key == key);
        at.map(|i| orders.remove(i)).is_some()
    }

    /// Changes a resting order's size in place, keeping its priority.
    pub fn resize(&mut self, side: Side, key: u32, size: i64) {
        if let Some(o) = self.half_mut(side).orders.iter_mut().find(|o| o.key == key) {
            o.size = size;
        }
    }

    /// The resting order that the other side's makers have moved into, if any: its side, key, price and how much
    /// trades. Consumes nothing.
    pub fn crossed(&self) -> Option<(Side, u32, i64, i64)> {
        for side in [Side::Buy, Side::Sell] {
            if let (Some(o), Some(m)) = (self.half(side).orders.first(), self.half(side.opposite()).makers.first())
                && side.accepts(m.price, o.price)
            {
                return Some((side, o.key, o.price, o.size.min(m.size)));
            }
        }
        None
    }

    /// Appends the levels of one side, best first, orders and makers of one price added up.
    pub fn levels(&self, side: Side, out: &mut Vec<Level>) {
        let half = self.half(side);
        let (mut makers, mut orders) = (half.makers.iter().peekable(), half.orders.iter().peekable());
        loop {
            let next = match (makers.peek(), orders.peek()) {
                (None, None) => return,
                (Some(m), Some(o)) if side.opposite().accepts(m.price, o.price) => take_maker(&mut makers),
                (Some(_), None) => take_maker(&mut makers),
                (_, Some(_)) => orders.next().map(|o| Level { price: o.price, size: o.size }),
            };
            let Some(next) = next else { return };
            match out.last_mut() {
                Some(last) if last.price == next.price => last.size += next.size,
                _ => out.push(next),
            }
        }
    }

    /// Whether any client's order rests here.
    pub fn has_orders(&self) -> bool {
        !self.bids.orders.is_empty() || !self.asks.orders.is_empty()
    }
}

fn take_maker<'a>(makers: &mut impl Iterator<Item = &'a Level>) -> Option<Level> {
    makers.next().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn book() -> Ladder {
        let mut l = Ladder::default();
        let level = |price, size| Level { price, size };
        l.set_makers(vec![level(99, 5), level(98, 5)], vec![level(101, 5), level(102, 5)]);
        l
    }

    #[test]
    fn a_taker_meets_the_best_price_first_and_at_one_price_the_older_one() {
        let mut l = book();
        l.rest(Side::Sell, 7, 101, 3);
        l.rest(Side::Sell, 8, 100, 2);
        l.rest(Side::Sell, 9, 101, 1);
        let mut met = Vec::new();
        while let Some(b) = l.best_against(Side::Buy, 101) {
            met.push((b.price, b.size, b.source));
            l.consume(Side::Buy, b.source, b.size);
        }
        assert_eq!(
            met,
            [(100, 2, Source::Order(8)), (101, 5, Source::Maker), (101, 3, Source::Order(7)), (101, 1, Source::Order(9))]
        );
    }

    #[test]
    fn levels_of_one_price_are_added_up_and_come_best_first() {
        let mut l = book();
        l.rest(Side::Buy, 1, 98, 2);
        l.rest(Side::Buy, 2, 100, 1);
        let mut out = Vec::new();
        l.levels(Side::Buy, &mut out);
        assert_eq!(out.iter().map(|l| (l.price, l.size)).collect::<Vec<_>>(), [(100, 1), (99, 5), (98, 7)]);
    }

    #[test]
    fn makers_that_move_into_a_resting_order_cross_it() {
        let mut l = book();
        l.rest(Side::Buy, 1, 100, 9);
        assert_eq!(l.crossed(), None);
        l.set_makers(vec![], vec![Level { price: 100, size: 4 }]);
        assert_eq!(l.crossed(), Some((Side::Buy, 1, 100, 4)));
    }

    proptest! {
        #[test]
        fn however_orders_come_and_go_prices_stay_sorted_and_nothing_is_lost(
            orders in proptest::collection::vec((any::<bool>(), 90i64..110, 1i64..9), 0..40),
            take in 0i64..200,
        ) {
            let mut l = book();
            for (i, (buy, price, size)) in orders.iter().enumerate() {
                l.rest(if *buy { Side::Buy } else { Side::Sell }, i as u32, *price, *size);
            }
            let total = |l: &Ladder| {
                let mut v = Vec::new();
                l.levels(Side::Sell, &mut v);
                assert!(v.windows(2).all(|w| w[0].price < w[1].price));
                v.iter().map(|l| l.size).sum::<i64>()
            };
            let before = total(&l);
            let mut left = take;
            while left > 0 {
                let Some(b) = l.best_against(Side::Buy, i64::MAX) else { break };
                let q = b.size.min(left);
                l.consume(Side::Buy, b.source, q);
                left -= q;
            }
            prop_assert_eq!(total(&l), (before - take).max(0));
        }
    }
}
