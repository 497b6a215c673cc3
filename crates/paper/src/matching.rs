//! What an order takes from the live book: the walk through its levels, and what of them was taken already.
//!
//! A paper fill leaves the real book as it is, so the next order would meet the same levels again. What was taken stays
//! taken until the venue shows another size at that price.

use domain::{Fills, InstrumentId, Level, Price, Rate, Side, Size, Usd};
use std::collections::BTreeMap;

/// What one order may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Want {
    pub(crate) side: Side,
    pub(crate) size: Size,
    /// Worst price accepted, if there is one.
    pub(crate) limit: Option<Price>,
    pub(crate) lot: Size,
    pub(crate) fee: Rate,
    /// All or nothing.
    pub(crate) whole: bool,
}

/// Sizes taken from levels that still show what they showed then.
#[derive(Debug, Default)]
pub(crate) struct Taken(BTreeMap<(InstrumentId, bool, i64), (i64, i64)>);

impl Taken {
    /// What is left of a level.
    fn left(&self, key: (InstrumentId, bool, i64), shown: i64) -> i64 {
        match self.0.get(&key) {
            Some((then, taken)) if *then == shown => shown.saturating_sub(*taken).max(0),
            _ => shown,
        }
    }

    fn take(&mut self, key: (InstrumentId, bool, i64), shown: i64, size: i64) {
        let slot = self.0.entry(key).or_insert((shown, 0));
        if slot.0 != shown {
            *slot = (shown, 0);
        }
        slot.1 = slot.1.saturating_add(size);
    }

    /// Forgets everything about an instrument: its book starts over.
    pub(crate) fn forget(&mut self, id: InstrumentId) {
        self.0.retain(|(of, _, _), _| *of != id);
    }

    /// Keeps what can still matter small: levels far from the market are looked at never again.
    pub(crate) fn bound(&mut self) {
        while self.0.len() > 1_024 {
            self.0.pop_first();
        }
    }
}

/// Takes from `levels`, best first, what `want` may have. Nothing at all if it wants all or nothing and there is less.
pub(crate) fn take(levels: impl Iterator<Item = Level>, id: InstrumentId, want: Want, taken: &mut Taken) -> Fills {
    let buy = want.side == Side::Buy;
    let mut parts: Vec<(i64, i64, i64)> = Vec::new();
    let mut open = want.size.e8();
    for level in levels {
        let within = want.limit.is_none_or(|l| if buy { level.price <= l.e8() } else { level.price >= l.e8() });
        if open == 0 || !within {
            break;
        }
        let here = taken.left((id, buy, level.price), level.size).min(open);
        if here > 0 {
            parts.push((level.price, level.size, here));
            open = open.saturating_sub(here);
        }
    }
    let found = Size::from_e8(want.size.e8().saturating_sub(open)).unwrap_or(Size::ZERO).down_to(want.lot);
    if want.whole && found < want.size {
        return Fills::default();
    }
    let mut fills = Fills::default();
    let mut rest = found.e8();
    for (price, shown, here) in parts {
        let size = here.min(rest);
        let (Some(size), Some(price)) = (Size::from_e8(size).filter(|s| !s.is_zero()), Price::from_e8(price)) else { continue };
        rest = rest.saturating_sub(size.e8());
        taken.take((id, buy, price.e8()), shown, size.e8());
        let cost = size.cost(price);
        fills.size = fills.size.plus(size);
        fills.cost = fills.cost.plus(cost);
        fills.fee = fills.fee.plus(cost.share_up(want.fee)).max(Usd::ZERO);
    }
    taken.bound();
    fills
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::SCALE;

    const ID: InstrumentId = InstrumentId(3);

    fn levels(list: &[(i64, i64)]) -> Vec<Level> {
        list.iter().map(|(p, s)| Level { price: p.saturating_mul(SCALE), size: s.saturating_mul(SCALE) }).collect()
    }
    fn want(side: Side, size: i64, limit: i64, whole: bool) -> Want {
        let one = Size::from_e8(SCALE).expect("not negative");
        let size = Size::from_e8(size.saturating_mul(SCALE)).expect("not negative");
        Want { side, size, limit: Price::from_e8(limit.saturating_mul(SCALE)), lot: one, fee: Rate::from_bps(10), whole }
    }

    #[test]
    fn an_order_fills_by_depth_within_its_limit_and_all_or_nothing_means_it() {
        #[track_caller]
        fn check(want: Want, book: &[(i64, i64)], size: i64, cost: i64) {
            let fills = take(levels(book).into_iter(), ID, want, &mut Taken::default());
            assert_eq!(fills.size.e8(), size.saturating_mul(SCALE));
            assert_eq!(fills.cost.e8(), cost.saturating_mul(SCALE));
            assert_eq!(fills.fee, fills.cost.share_up(Rate::from_bps(10)));
        }
        let asks = [(100, 2), (101, 3), (103, 9)];
        check(want(Side::Buy, 2, 100, true), &asks, 2, 200);
        check(want(Side::Buy, 4, 101, true), &asks, 4, 402);
        check(want(Side::Buy, 6, 101, true), &asks, 0, 0);
        check(want(Side::Buy, 6, 101, false), &asks, 5, 503);
        check(want(Side::Buy, 6, 99, false), &asks, 0, 0);
        check(want(Side::Sell, 3, 99, false), &[(100, 1), (99, 1), (98, 5)], 2, 199);
        check(want(Side::Sell, 3, 98, true), &[(100, 1), (99, 1), (98, 5)], 3, 297);
        check(want(Side::Sell, 3, 98, true), &[], 0, 0);
        check(Want { limit: None, ..want(Side::Buy, 6, 1, false) }, &asks, 6, 606);
    }

    #[test]
    fn what_was_taken_is_gone_until_the_venue_shows_another_size() {
        let mut taken = Taken::default();
        let mut fill = |book: &[(i64, i64)]| {
            take(levels(book).into_iter(), ID, want(Side::Buy, 2, 101, false), &mut taken).cost.e8().checked_div(SCALE)
        };
        assert_eq!(fill(&[(100, 3), (101, 5)]), Some(200));
        assert_eq!(fill(&[(100, 3), (101, 5)]), Some(201), "one is left at 100");
        assert_eq!(fill(&[(100, 3), (101, 5)]), Some(202));
        assert_eq!(fill(&[(100, 4), (101, 5)]), Some(200), "the venue shows new size");
    }
}
