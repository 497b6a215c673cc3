//! The venue's units and ours. A thousand-lot (`kBONK-PERP`, spec section 4) counts in thousands of the base; everybody
//! outside this crate counts in the base itself ([`domain::Instrument::multiplier`]).
//!
//! Multiplying is the only arithmetic here: notional and fees are the same in both. Prices that come in are rounded
//! against whoever would trade on them; what goes out is exact or refused.

use domain::{Fills, Level, Price, Size};
use std::ops::Range;

/// How many base units one of the venue's stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Units(u32);

impl Default for Units {
    fn default() -> Self {
        Self(1)
    }
}

impl Units {
    /// By the symbol and what our pair calls the base: `kBONK-PERP` is a thousand `BONK`, and one `kBONK`.
    pub(crate) fn of(symbol: &str, pair: &str) -> Self {
        let base = |text: &'_ str| text.split('-').next().unwrap_or("").to_owned();
        let (theirs, ours) = (base(symbol), base(pair));
        let thousand = theirs.strip_prefix('k').is_some_and(|rest| !rest.is_empty() && rest == ours);
        Self(if thousand { 1_000 } else { 1 })
    }
    pub(crate) const fn multiplier(self) -> u32 {
        self.0
    }
    fn m(self) -> i64 {
        i64::from(self.0.max(1))
    }
    /// A size as the venue counts it, at 1e-8, in ours; `None` beyond all sizes.
    pub(crate) fn size_in(self, theirs: i64) -> Option<i64> {
        theirs.checked_mul(self.m())
    }
    /// Our size in theirs; `None` if it does not divide.
    pub(crate) fn size_out(self, ours: Size) -> Option<Size> {
        (ours.e8().checked_rem(self.m()) == Some(0)).then(|| ours.e8().checked_div(self.m()).and_then(Size::from_e8)).flatten()
    }
    /// A price per unit of theirs, at 1e-8, per unit of the base; `up` for one that is paid, down for one that is taken.
    pub(crate) fn price_in(self, theirs: i64, up: bool) -> i64 {
        if self.0 <= 1 {
            return theirs;
        }
        let (whole, rest) = (theirs.div_euclid(self.m()), theirs.rem_euclid(self.m()));
        whole.saturating_add(i64::from(up && rest != 0))
    }
    /// Our price in theirs; `None` beyond all prices.
    pub(crate) fn price_out(self, ours: Price) -> Option<Price> {
        ours.e8().checked_mul(self.m()).and_then(Price::from_e8)
    }
    /// The finest step of our prices that is exact in theirs: their tick, or where that is finer than we can count, the
    /// smallest multiple we can.
    pub(crate) fn tick_in(self, theirs: i64) -> i64 {
        let (mut a, mut b) = (theirs.max(1), self.m());
        while b != 0 {
            (a, b) = (b, a.checked_rem(b).unwrap_or(0));
        }
        theirs.checked_div(a).unwrap_or(theirs)
    }
    /// Fills counted in their units; cost, fee and funding are money and stay.
    pub(crate) fn fills_in(self, theirs: Fills) -> Option<Fills> {
        Some(Fills { size: self.size_in(theirs.size.e8()).and_then(Size::from_e8)?, ..theirs })
    }

    /// Turns one side of a decoded book into our units where it lies: bids down, asks up, so that no level looks better
    /// than it is. Levels that fall together become one; what is left ends the new range. Allocates nothing.
    pub(crate) fn levels_in(self, levels: &mut [Level], range: &Range<u32>, bids: bool) -> Range<u32> {
        let Some(side) = levels.get_mut(range.start as usize..range.end as usize) else { return range.clone() };
        let mut kept = 0usize;
        for at in 0..side.len() {
            let Some(level) = side.get(at).copied() else { break };
            let price = self.price_in(level.price, !bids);
            let size = level.size.saturating_mul(self.m());
            if price <= 0 {
                continue;
            }
            match kept.checked_sub(1).and_then(|last| side.get_mut(last)) {
                Some(last) if last.price == price => last.size = last.size.saturating_add(size),
                _ => {
                    if let Some(slot) = side.get_mut(kept) {
                        *slot = Level { price, size };
                        kept += 1;
                    }
                }
            }
        }
        range.start..range.start.saturating_add(u32::try_from(kept).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_thousand_lot_is_one_only_where_the_pair_names_the_single_unit() {
        fn check(symbol: &str, pair: &str, expect: u32) {
            assert_eq!(Units::of(symbol, pair).multiplier(), expect, "{symbol} for {pair}");
        }
        check("kBONK-PERP", "BONK-USD", 1_000);
        check("kBONK-PERP", "kBONK-USD", 1);
        check("BTC-PERP", "BTC-USD", 1);
        check("kBONK-PERP", "PEPE-USD", 1);
        check("k-PERP", "-USD", 1);
    }

    #[test]
    fn a_step_finer_than_we_count_becomes_the_finest_exact_one() {
        let thousand = Units(1_000);
        assert_eq!(thousand.tick_in(100), 1, "0.000001 per thousand is 1e-9 each: every tenth of their ticks is ours");
        assert_eq!(thousand.tick_in(100_000), 100);
        assert_eq!(Units(1).tick_in(7), 7);
    }

    #[test]
    fn a_book_of_thousands_is_read_per_unit_and_never_looks_better_than_it_is() {
        let level = |price, size| Level { price, size };
        let mut levels = vec![level(2_999, 5), level(2_500, 5), level(2_001, 5), level(900, 5), level(3_000, 7), level(3_001, 7)];
        let bids = Units(1_000).levels_in(&mut levels, &(0..4), true);
        assert_eq!(bids, 0..1, "three fall together and one to nothing");
        assert_eq!(levels[0], level(2, 15_000));
        let asks = Units(1_000).levels_in(&mut levels, &(4..6), false);
        assert_eq!((asks, levels[4], levels[5]), (4..6, level(3, 7_000), level(4, 7_000)));
    }

    proptest! {
        /// What goes out comes back the same; what comes in is at most one step off, and against the reader.
        #[test]
        fn sizes_and_prices_survive_the_way_out_and_back(
            m in prop_oneof![Just(1u32), Just(1_000u32)],
            theirs in 1i64..9_000_000_000_000,
            ours in 1i64..9_000_000_000_000,
        ) {
            let units = Units(m);
            let size = units.size_in(theirs).and_then(Size::from_e8).expect("in range");
            prop_assert_eq!(units.size_out(size).map(Size::e8), Some(theirs));
            let price = Price::from_e8(ours).expect("above zero");
            let out = units.price_out(price).expect("in range");
            prop_assert_eq!((units.price_in(out.e8(), true), units.price_in(out.e8(), false)), (ours, ours));
            let (up, down) = (units.price_in(theirs, true), units.price_in(theirs, false));
            prop_assert!(down <= up && up <= down + 1);
            prop_assert!(up * i64::from(m) >= theirs && down * i64::from(m) <= theirs);
            let tick = units.tick_in(theirs);
            prop_assert_eq!(tick * i64::from(m) % theirs, 0, "a price on our grid is on theirs");
        }
    }
}
