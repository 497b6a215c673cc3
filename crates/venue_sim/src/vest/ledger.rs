//! Cash and positions of one account: exact integers, one net position per symbol, proportional cost on reducing.
//!
//! Owns no order and no price; the matching engine tells it what was executed. Cash is USDC at 1e-6, as the venue
//! shows it; sizes, prices and costs are at 1e-8, cumulative funding at 1e-12.

use super::num::div_up;
use std::collections::BTreeMap;

/// A net position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// Base at 1e-8, short negative.
    pub size_e8: i64,
    /// What it cost to open, USDC at 1e-8, never negative for a clean price grid.
    pub cost_e8: i128,
    /// Cumulative funding of the symbol when last settled, USDC per base at 1e-12.
    pub entry_funding_e12: i128,
    /// Funding settled so far, USDC at 1e-6, positive = received.
    pub settled_e6: i128,
}

impl Position {
    /// Funding not yet settled, USDC at 1e-6, rounded down; longs pay when the total has risen.
    pub(super) fn accrued_e6(&self, cum_e12: i128) -> i128 {
        (-i128::from(self.size_e8) * (cum_e12 - self.entry_funding_e12)).div_euclid(100_000_000_000_000)
    }
    /// Result at this price without funding, USDC at 1e-6, rounded down.
    pub(super) fn unrealized_e6(&self, price_e8: i64) -> i128 {
        let worth = i128::from(self.size_e8) * i128::from(price_e8) / 100_000_000;
        let cost = if self.size_e8 < 0 { -self.cost_e8 } else { self.cost_e8 };
        (worth - cost).div_euclid(100)
    }
    /// Average entry price at 1e-8.
    pub(super) fn entry_e8(&self) -> i64 {
        let size = i128::from(self.size_e8.unsigned_abs());
        if size == 0 { 0 } else { (self.cost_e8 * 100_000_000 / size) as i64 }
    }
}

/// One execution.
#[derive(Clone, Copy, Debug)]
pub(super) struct Execution {
    pub symbol: usize,
    pub is_buy: bool,
    pub size_e8: i64,
    pub price_e8: i64,
    /// Fraction at 1e-8.
    pub fee_rate_e8: i64,
    pub cum_funding_e12: i128,
}

/// What an execution changed, USDC at 1e-6.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Booked {
    /// Change of cash: result, funding and fees together.
    pub realized_e6: i128,
    /// Fee paid.
    pub fee_e6: i128,
    /// Funding settled, positive = received.
    pub funding_e6: i128,
}

/// The account's money.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    /// Cash, USDC at 1e-6.
    pub cash_e6: i128,
    /// USDC given to the liquidity pool, at 1e-6; shares are one to one.
    pub lp_e6: i128,
    /// By symbol index; flat ones are kept for their settled funding.
    pub positions: BTreeMap<usize, Position>,
}

/// Notional of a fill at 1e-8, against the taker where the grid is finer than that.
pub(super) fn notional_e8(is_buy: bool, size_e8: i64, price_e8: i64) -> i128 {
    let product = i128::from(size_e8) * i128::from(price_e8);
    if is_buy { div_up(product, 100_000_000) } else { product / 100_000_000 }
}

/// Fee of a fill, USDC at 1e-6, rounded up.
pub(super) fn fee_e6(notional_e8: i128, rate_e8: i64) -> i128 {
    div_up(notional_e8 * i128::from(rate_e8), 10_000_000_000)
}

impl Ledger {
    /// Base at 1e-8, short negative.
    pub(super) fn size_e8(&self, symbol: usize) -> i64 {
        self.positions.get(&symbol).map_or(0, |p| p.size_e8)
    }

    /// Books an execution; cash changes by exactly `realized_e6`.
    pub(super) fn book(&mut self, x: Execution) -> Booked {
        let position = self.positions.entry(x.symbol).or_default();
        let notional = notional_e8(x.is_buy, x.size_e8, x.price_e8);
        let fee_e6 = fee_e6(notional, x.fee_rate_e8);
        let funding_e6 = position.accrued_e6(x.cum_funding_e12);
        position.settled_e6 += funding_e6;
        position.entry_funding_e12 = x.cum_funding_e12;
        let signed = if x.is_buy { x.size_e8 } else { -x.size_e8 };
        let held = position.size_e8;
        let mut result_e8 = 0;
        if held == 0 || (held > 0) == x.is_buy {
            position.cost_e8 += notional;
        } else {
            let closed = x.size_e8.min(held.abs());
            let exit = if closed == x.size_e8 { notional } else { notional_e8(x.is_buy, closed, x.price_e8) };
            let mut cost = position.cost_e8 * i128::from(closed) / i128::from(held.abs());
            result_e8 = if held > 0 { exit - cost } else { cost - exit };
            // Cash has six decimals. What does not fit stays in the cost of what is still held; a full close
            // leaves nothing to keep it in, and is cut against the account.
            let dust = result_e8.rem_euclid(100);
            result_e8 -= dust;
            if closed < held.abs() {
                cost += if held > 0 { dust } else { -dust };
                position.cost_e8 -= cost;
            } else {
                position.cost_e8 = notional - exit; // a flip opens with the rest
            }
        }
        position.size_e8 = held + signed;
        let realized_e6 = result_e8 / 100 + funding_e6 - fee_e6;
        self.cash_e6 += realized_e6;
        Booked { realized_e6, fee_e6, funding_e6 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fill(is_buy: bool, size_e8: i64, price_e8: i64) -> Execution {
        Execution { symbol: 0, is_buy, size_e8, price_e8, fee_rate_e8: 10_000, cum_funding_e12: 0 }
    }

    #[test]
    fn a_round_trip_pays_the_spread_and_two_fees() {
        let mut ledger = Ledger { cash_e6: 1_000_000_000, ..Ledger::default() };
        let opened = ledger.book(fill(true, 10_000_000, 9_100_010_000_000)); // 0.1 at 91000.10
        assert_eq!(opened, Booked { realized_e6: -910_001, fee_e6: 910_001, funding_e6: 0 });
        let closed = ledger.book(fill(false, 10_000_000, 9_110_000_000_000));
        assert_eq!(closed.realized_e6, 9_990_000 - 911_000);
        assert_eq!(ledger.cash_e6, 1_000_000_000 - 910_001 + 9_990_000 - 911_000);
        assert_eq!(ledger.size_e8(0), 0);
    }

    #[test]
    fn a_flip_realises_the_old_side_and_opens_the_new_one_at_its_price() {
        let mut ledger = Ledger::default();
        ledger.book(fill(true, 100_000_000, 10_000_000_000));
        ledger.book(fill(false, 300_000_000, 11_000_000_000));
        let position = ledger.positions[&0];
        assert_eq!((position.size_e8, position.entry_e8()), (-200_000_000, 11_000_000_000));
        assert_eq!(ledger.cash_e6, 10_000_000 - 10_000 - 33_000);
    }

    #[test]
    fn longs_pay_funding_when_the_total_rises_and_shorts_receive_it() {
        for (is_buy, expect) in [(true, -2_500_000), (false, 2_500_000)] {
            let mut ledger = Ledger::default();
            ledger.book(fill(is_buy, 100_000_000, 10_000_000_000));
            let close = Execution { cum_funding_e12: 2_500_000_000_000, ..fill(!is_buy, 100_000_000, 10_000_000_000) };
            assert_eq!(ledger.book(close).funding_e6, expect);
        }
    }

    proptest! {
        /// Cash moves by the sum of what the fills say, and once flat that sum is what was sold less what was
        /// bought less the fees: nothing is made or lost on the way.
        #[test]
        fn cash_changes_are_the_sum_of_the_fills_results(
            fills in proptest::collection::vec((any::<bool>(), 1i64..5_000, 1i64..20_000_000), 1..40)
        ) {
            let mut ledger = Ledger::default();
            let (mut sum, mut flow_e6) = (0, 0);
            let mut run = |ledger: &mut Ledger, is_buy: bool, lots: i64, ticks: i64| {
                let (size, price) = (lots * 10_000, ticks * 1_000_000);
                let booked = ledger.book(fill(is_buy, size, price));
                sum += booked.realized_e6;
                let gross = i128::from(lots) * i128::from(ticks);
                flow_e6 += if is_buy { -gross } else { gross } - booked.fee_e6;
                assert_eq!(ledger.cash_e6, sum);
            };
            for (is_buy, lots, ticks) in fills {
                run(&mut ledger, is_buy, lots, ticks);
            }
            let held = ledger.size_e8(0);
            if held != 0 {
                run(&mut ledger, held < 0, held.abs() / 10_000, 9_100_000);
            }
            prop_assert_eq!(ledger.size_e8(0), 0);
            prop_assert_eq!(ledger.cash_e6, flow_e6);
        }
    }
}
