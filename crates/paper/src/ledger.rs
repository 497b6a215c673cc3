//! Positions and cash of the paper account: what a venue's own books would say.
//!
//! Cash changes by what is realised, never by what is only marked: a position's price result is realised with the part
//! that is closed, its funding too. Everything is exact in sum: once a position is flat, its cash change is what was sold
//! minus what was bought minus fees plus funding, to the last digit.

use domain::{InstrumentId, Mono, Price, Rate, SCALE, Side, Size, Usd};
use std::collections::BTreeMap;

const HOUR_MS: i128 = 3_600_000;

/// One instrument's position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holding {
    /// Base at 1e-8, long positive.
    pub(crate) size_e8: i64,
    /// What the open part cost (long) or brought (short), not negative.
    pub(crate) open: Usd,
    /// Funding that has accrued and is not realised; positive is received.
    pub(crate) accrued: Usd,
}

/// What a venue says about a market apart from its book.
#[derive(Clone, Copy, Debug, Default)]
struct Rates {
    mark: Option<Price>,
    hourly: Option<Rate>,
    /// Funding is counted up to here.
    counted: Mono,
}

/// The account.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    cash: Usd,
    holdings: BTreeMap<InstrumentId, Holding>,
    rates: BTreeMap<InstrumentId, Rates>,
}

/// `amount * part / whole`, rounded down; zero for an empty whole.
fn share(amount: i64, part: i64, whole: i64) -> i64 {
    let product = i128::from(amount).saturating_mul(i128::from(part));
    i64::try_from(product.checked_div_euclid(i128::from(whole)).unwrap_or(0)).unwrap_or(i64::MAX)
}

impl Ledger {
    pub(crate) const fn new(cash: Usd) -> Self {
        Self { cash, holdings: BTreeMap::new(), rates: BTreeMap::new() }
    }

    pub(crate) const fn cash(&self) -> Usd {
        self.cash
    }

    pub(crate) fn holding(&self, id: InstrumentId) -> Holding {
        self.holdings.get(&id).copied().unwrap_or_default()
    }

    /// Everything not flat.
    pub(crate) fn open(&self) -> impl Iterator<Item = (InstrumentId, &Holding)> {
        self.holdings.iter().filter(|(_, h)| h.size_e8 != 0).map(|(id, h)| (*id, h))
    }

    pub(crate) fn mark(&self, id: InstrumentId) -> Option<Price> {
        self.rates.get(&id).and_then(|r| r.mark)
    }

    pub(crate) fn set_mark(&mut self, id: InstrumentId, mark: Price) {
        self.rates.entry(id).or_default().mark = Some(mark);
    }

    /// A new funding rate: what was held until now is counted at the old one.
    pub(crate) fn set_funding(&mut self, id: InstrumentId, hourly: Rate, now: Mono) {
        self.accrue(id, now);
        let rates = self.rates.entry(id).or_default();
        (rates.hourly, rates.counted) = (Some(hourly), now);
    }

    /// Counts funding up to `now`, rounded against us.
    pub(crate) fn accrue(&mut self, id: InstrumentId, now: Mono) {
        let Some(rates) = self.rates.get_mut(&id) else { return };
        let ms = now.since(rates.counted) / 1_000_000;
        let (Some(mark), Some(hourly)) = (rates.mark, rates.hourly) else { return };
        if ms == 0 {
            return;
        }
        rates.counted = now;
        let Some(holding) = self.holdings.get_mut(&id).filter(|h| h.size_e8 != 0) else { return };
        let Some(size) = Size::from_e8(holding.size_e8.saturating_abs()) else { return };
        let paid = i128::from(size.cost(mark).e8())
            .saturating_mul(i128::from(hourly.e8()))
            .saturating_mul(i128::from(ms))
            .saturating_mul(i128::from(holding.size_e8.signum().saturating_neg()));
        let got = paid.checked_div_euclid(i128::from(SCALE).saturating_mul(HOUR_MS)).unwrap_or(0);
        holding.accrued = holding.accrued.plus(Usd::from_e8(i64::try_from(got).unwrap_or(i64::MIN)));
    }

    /// Books a fill; gives the funding that it realised.
    pub(crate) fn trade(&mut self, id: InstrumentId, side: Side, size: Size, cost: Usd, fee: Usd) -> Usd {
        let holding = self.holdings.entry(id).or_default();
        let signed = size.e8().saturating_mul(side.sign());
        let held = holding.size_e8;
        let mut opening = cost.e8();
        let mut funding = 0i64;
        if held != 0 && held.signum() != signed.signum() {
            let part = held.saturating_abs().min(size.e8());
            let closed = if part == size.e8() { cost.e8() } else { share(cost.e8(), part, size.e8()) };
            let whole = part == held.saturating_abs();
            let opened = if whole { holding.open.e8() } else { share(holding.open.e8(), part, held.saturating_abs()) };
            funding = if whole { holding.accrued.e8() } else { share(holding.accrued.e8(), part, held.saturating_abs()) };
            let result = if held > 0 { closed.saturating_sub(opened) } else { opened.saturating_sub(closed) };
            self.cash = self.cash.plus(Usd::from_e8(result)).plus(Usd::from_e8(funding));
            holding.open = holding.open.minus(Usd::from_e8(opened));
            holding.accrued = holding.accrued.minus(Usd::from_e8(funding));
            opening = cost.e8().saturating_sub(closed);
        }
        holding.size_e8 = held.saturating_add(signed);
        holding.open = holding.open.plus(Usd::from_e8(opening));
        self.cash = self.cash.minus(fee);
        Usd::from_e8(funding)
    }

    /// Cash that the journal names without a fill of its own.
    pub(crate) fn credit(&mut self, amount: Usd) {
        self.cash = self.cash.plus(amount);
    }

    /// What the open positions would bring at their marks; without a mark they count for nothing.
    pub(crate) fn unrealised(&self) -> Usd {
        self.open().fold(Usd::ZERO, |sum, (id, h)| {
            let size = Size::from_e8(h.size_e8.saturating_abs()).unwrap_or(Size::ZERO);
            let price = self.mark(id).map_or(Usd::ZERO, |mark| {
                let value = size.cost(mark);
                if h.size_e8 > 0 { value.minus(h.open) } else { h.open.minus(value) }
            });
            sum.plus(price).plus(h.accrued)
        })
    }

    /// Margin that the open positions lock up, each by its own share of its notional.
    pub(crate) fn locked(&self, share: impl Fn(InstrumentId) -> Rate) -> Usd {
        self.open().fold(Usd::ZERO, |sum, (id, h)| {
            let size = Size::from_e8(h.size_e8.saturating_abs()).unwrap_or(Size::ZERO);
            let notional = self.mark(id).map_or(h.open, |mark| size.cost(mark));
            sum.plus(notional.share_up(share(id)))
        })
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, which is what it is for")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ETH: InstrumentId = InstrumentId(0);

    proptest! {
        #[test]
        fn once_flat_the_cash_is_what_was_sold_minus_what_was_bought_minus_fees_plus_funding(
            trades in proptest::collection::vec((any::<bool>(), 1i64..5_000_000_000, 1i64..400_000_000_000, 0i64..1_000_000_000), 1..12),
            hourly in -2_000i64..2_000,
        ) {
            let mut ledger = Ledger::new(Usd::ZERO);
            ledger.set_mark(ETH, Price::from_e8(300_000_000_000).expect("above zero"));
            let (mut flow, mut funding) = (0i64, 0i64);
            let mut now = Mono(0);
            let mut book = |ledger: &mut Ledger, buy: bool, size: i64, price: i64, fee: i64| {
                now = now.plus_ms(60_000);
                ledger.set_funding(ETH, Rate::from_e8(hourly), now);
                let size = Size::from_e8(size).expect("not negative");
                let cost = size.cost(Price::from_e8(price).expect("above zero"));
                let side = if buy { Side::Buy } else { Side::Sell };
                funding += ledger.trade(ETH, side, size, cost, Usd::from_e8(fee)).e8();
                flow += if buy { -cost.e8() } else { cost.e8() } - fee;
            };
            for (buy, size, price, fee) in trades {
                book(&mut ledger, buy, size, price, fee);
            }
            let held = ledger.holding(ETH).size_e8;
            if held != 0 {
                book(&mut ledger, held < 0, held.abs(), 310_000_000_000, 7);
            }
            prop_assert_eq!(ledger.holding(ETH), Holding::default());
            prop_assert_eq!(ledger.cash().e8(), flow + funding);
        }
    }

    #[test]
    fn a_long_position_pays_positive_funding_and_a_short_one_receives_it() {
        fn check(side: Side, hourly: i64, expect: i64) {
            let mut ledger = Ledger::new(Usd::ZERO);
            let mark = Price::from_e8(2_000 * SCALE).expect("above zero");
            ledger.set_mark(ETH, mark);
            ledger.set_funding(ETH, Rate::from_e8(hourly), Mono(0));
            let size = Size::from_e8(SCALE).expect("not negative");
            ledger.trade(ETH, side, size, size.cost(mark), Usd::ZERO);
            ledger.accrue(ETH, Mono(0).plus_ms(1_800_000));
            assert_eq!(ledger.holding(ETH).accrued.e8(), expect, "{side:?} {hourly}");
        }
        // Half an hour of 0.01 % of 2000.
        check(Side::Buy, 10_000, -SCALE / 10);
        check(Side::Sell, 10_000, SCALE / 10);
        check(Side::Buy, -10_000, SCALE / 10);
        check(Side::Sell, 0, 0);
    }
}
