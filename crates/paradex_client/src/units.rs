//! Contracts on a multiple: the venue counts in contracts, everything outside this client in units of the base currency.
//!
//! A contract on a thousand (`kBONK`) has a thousandth of the size and a thousand times the price. Sizes and prices are
//! converted here and nowhere else; a price that no integer at 1e-8 per unit can say is no price, never a rounded one, so
//! that an order is signed at exactly the price it was decided at.

use crate::parse::{FillView, OrderView};
use domain::{Level, Price, Size};

/// Base units per contract, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Units(i64);

impl Units {
    /// The venue's sizes are base units already.
    pub(crate) const ONE: Self = Self(1);

    /// `None` for zero.
    pub(crate) fn new(multiplier: u32) -> Option<Self> {
        (multiplier > 0).then_some(Self(i64::from(multiplier)))
    }

    /// Contracts to base units, both at 1e-8.
    pub(crate) fn size_in(self, contracts: i64) -> Option<i64> {
        contracts.checked_mul(self.0)
    }
    /// Base units to contracts; `None` where there is no such number of contracts at 1e-8.
    pub(crate) fn size_out(self, size: Size) -> Option<i64> {
        exact(size.e8(), self.0)
    }
    /// Price per contract to price per unit; `None` if it has more decimals than eight.
    pub(crate) fn price_in(self, per_contract: i64) -> Option<i64> {
        exact(per_contract, self.0)
    }
    /// The same to the nearest 1e-8, where the price is only shown or compared. At least 1e-8.
    pub(crate) fn price_near(self, per_contract: Price) -> Price {
        let half = self.0 / 2;
        let near = per_contract.e8().saturating_add(half).checked_div(self.0).unwrap_or(0);
        Price::from_e8(near.max(1)).unwrap_or(per_contract)
    }
    /// Price per unit to price per contract.
    pub(crate) fn price_out(self, price: Price) -> Option<i64> {
        price.e8().checked_mul(self.0)
    }

    /// Converts levels in place; false, with the rest as it was, at the first that cannot be.
    pub(crate) fn levels_in(self, levels: &mut [Level]) -> bool {
        self == Self::ONE
            || levels.iter_mut().all(|l| match (self.price_in(l.price), self.size_in(l.size)) {
                (Some(price), Some(size)) => {
                    *l = Level { price, size };
                    true
                }
                _ => false,
            })
    }
    /// A level of which nothing is known if it cannot be converted.
    pub(crate) fn level_in(self, level: Level) -> Option<Level> {
        Some(Level { price: self.price_in(level.price)?, size: self.size_in(level.size)? })
    }

    /// A view of an order in base units.
    pub(crate) fn order_in<'a>(self, view: &OrderView<'a>) -> Option<OrderView<'a>> {
        let size = |v: Size| self.size_in(v.e8()).and_then(Size::from_e8);
        Some(OrderView { size: size(view.size)?, remaining: size(view.remaining)?, ..*view })
    }
    /// A view of a fill in base units. What it cost was multiplied out of the venue's own numbers, and stays.
    pub(crate) fn fill_in<'a>(self, view: &FillView<'a>) -> Option<FillView<'a>> {
        let size = self.size_in(view.size.e8()).and_then(Size::from_e8)?;
        Some(FillView { size, price: self.price_near(view.price), ..*view })
    }
}

fn exact(v: i64, by: i64) -> Option<i64> {
    (v.checked_rem(by) == Some(0)).then(|| v.checked_div(by)).flatten()
}

/// What one contract stands for by its name, where nobody configured it: `kBONK-USD-PERP` beside a pair `BONK-USD` is a
/// contract on a thousand (seen in captures, not documented); beside a pair `kBONK-USD` it is its own unit.
pub(crate) fn multiplier_of(symbol: &str, pair: &str) -> u32 {
    let base = |text: &str| text.split('-').next().unwrap_or("").to_owned();
    let thousand = base(symbol).strip_prefix('k').is_some_and(|rest| !rest.is_empty() && rest == base(pair));
    if thousand { 1_000 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_thousand_is_read_from_the_name_only_against_the_pair() {
        fn check(symbol: &str, pair: &str, expect: u32) {
            assert_eq!(multiplier_of(symbol, pair), expect, "{symbol} {pair}");
        }
        check("kBONK-USD-PERP", "BONK-USD", 1_000);
        check("kBONK-USD-PERP", "kBONK-USD", 1);
        check("BTC-USD-PERP", "BTC-USD", 1);
        check("kava-USD-PERP", "ava2-USD", 1);
        check("k-USD-PERP", "-USD", 1);
    }

    proptest! {
        /// What the venue can say comes back from our units as it was, and the notional is the same in both.
        #[test]
        fn what_goes_in_comes_out_again(m in 1u32..100_000, contracts in 0i64..1_000_000_000, per_unit in 1i64..1_000_000_000) {
            let units = Units::new(m).expect("not zero");
            let size = units.size_in(contracts).and_then(Size::from_e8).expect("small enough");
            prop_assert_eq!(units.size_out(size), Some(contracts));
            let price = Price::from_e8(per_unit).expect("above zero");
            let per_contract = units.price_out(price).expect("small enough");
            prop_assert_eq!(units.price_in(per_contract), Some(per_unit));
            prop_assert_eq!(units.price_near(Price::from_e8(per_contract).expect("above zero")), price);
            prop_assert_eq!(
                i128::from(size.e8()) * i128::from(price.e8()),
                i128::from(contracts) * i128::from(per_contract)
            );
        }

        /// What has no exact counterpart is refused, whichever way: nothing is ever rounded into an order or a book.
        #[test]
        fn nothing_is_rounded_on_the_way(m in 2u32..100_000, v in 1i64..i64::MAX) {
            let units = Units::new(m).expect("not zero");
            let divides = v % i64::from(m) == 0;
            prop_assert_eq!(units.size_out(Size::from_e8(v).expect("not negative")).is_some(), divides);
            prop_assert_eq!(units.price_in(v).is_some(), divides);
            let mut levels = [Level { price: v, size: 1 }];
            prop_assert_eq!(units.levels_in(&mut levels), divides);
            prop_assert!(divides || levels[0] == (Level { price: v, size: 1 }), "left as it was");
        }
    }
}
