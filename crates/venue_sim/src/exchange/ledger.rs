//! Positions, realised profit and fees, exact at 1e-8.

use super::decimal::ONE;

/// `size x price`, all at 1e-8, rounded towards zero (exact for prices and sizes on any listed grid).
pub fn notional(size: i64, price: i64) -> i64 {
    clamp(i128::from(size) * i128::from(price) / i128::from(ONE))
}

/// A fee: `rate` (1e-8 of the notional) rounded up, so that the venue never loses a fraction.
pub fn fee(notional: i64, rate_e8: i64) -> i64 {
    let exact = i128::from(notional) * i128::from(rate_e8);
    clamp(-((-exact).div_euclid(i128::from(ONE))))
}

/// Into the range of `i64`; values beyond it exist for absurd inputs only.
fn clamp(v: i128) -> i64 {
    v.clamp(i128::from(-i64::MAX), i128::from(i64::MAX)) as i64
}

/// A position in one market, one-way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// Base units at 1e-8, negative when short.
    pub size: i64,
    /// What it cost, quote units at 1e-8, negative when short.
    pub cost: i64,
    /// Profit realised since it was opened.
    pub realized: i64,
    /// Funding realised since it was opened.
    pub realized_funding: i64,
    /// The funding index its funding is settled up to.
    pub funding_index: i64,
    /// Average price of what was closed since it was opened: value and size of the closings.
    pub exit_value: i64,
    /// Size of the closings.
    pub exit_size: i64,
}

/// What one execution did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Profit realised by it.
    pub pnl: i64,
    /// Funding settled by it.
    pub funding: i64,
}

impl Position {
    /// Average entry price, rounded to nearest; zero when flat.
    pub fn average_entry(&self) -> i64 {
        ratio(self.cost, self.size)
    }

    /// Average exit price since opening; zero when nothing was closed.
    pub fn average_exit(&self) -> i64 {
        ratio(self.exit_value, self.exit_size)
    }

    /// Profit at `mark`, funding not included.
    pub fn unrealized(&self, mark: i64) -> i64 {
        notional(self.size, mark).saturating_sub(self.cost)
    }

    /// Funding that would be settled at `index`.
    pub fn pending_funding(&self, index: i64) -> i64 {
        notional(-self.size, index.saturating_sub(self.funding_index))
    }

    /// Adds an execution of `signed` size (buys positive) at `price`. What is closed leaves with its share of the
    /// cost; what is left keeps the rest, so that nothing is lost between them.
    pub fn apply(&mut self, signed: i64, price: i64, index: i64) -> Change {
        let funding = self.pending_funding(index);
        self.funding_index = index;
        let mut pnl = 0;
        let mut opening = signed;
        if self.size != 0 && (self.size > 0) != (signed > 0) {
            let closing = signed.abs().min(self.size.abs());
            let closed_cost = clamp(i128::from(self.cost) * i128::from(closing) / i128::from(self.size.abs()));
            let proceeds = notional(closing * self.size.signum(), price);
            pnl = proceeds - closed_cost;
            self.cost -= closed_cost;
            self.size += closing * signed.signum();
            self.exit_value = self.exit_value.saturating_add(proceeds.abs());
            self.exit_size = self.exit_size.saturating_add(closing);
            opening = signed - closing * signed.signum();
        }
        self.realized += pnl;
        self.realized_funding += funding;
        if opening != 0 {
            if self.size == 0 {
                *self = Self { funding_index: index, ..Self::default() };
            }
            self.size += opening;
            self.cost += notional(opening, price);
        }
        Change { pnl, funding }
    }
}

fn ratio(value: i64, size: i64) -> i64 {
    if size == 0 {
        return 0;
    }
    let (v, s) = (i128::from(value).abs() * i128::from(ONE), i128::from(size).abs());
    clamp((v + s / 2) / s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_fee_is_rounded_up_at_the_last_decimal() {
        assert_eq!(fee(100 * ONE, 45_000), 4_500_000);
        assert_eq!(fee(1, 45_000), 1);
        assert_eq!(fee(0, 45_000), 0);
        assert_eq!(fee(100 * ONE, -5_000), -500_000);
    }

    #[test]
    fn closing_realises_a_proportional_share_and_a_flip_starts_anew() {
        let mut p = Position::default();
        p.apply(3 * ONE, 100 * ONE, 0);
        assert_eq!(p.average_entry(), 100 * ONE);
        assert_eq!(p.apply(-ONE, 110 * ONE, 0), Change { pnl: 10 * ONE, funding: 0 });
        assert_eq!((p.size, p.cost, p.realized), (2 * ONE, 200 * ONE, 10 * ONE));
        assert_eq!(p.apply(-5 * ONE, 90 * ONE, 0).pnl, -20 * ONE);
        assert_eq!((p.size, p.average_entry(), p.realized), (-3 * ONE, 90 * ONE, 0));
        assert_eq!(p.apply(3 * ONE, 80 * ONE, 0).pnl, 30 * ONE);
        assert_eq!((p.size, p.cost, p.average_exit()), (0, 0, 80 * ONE));
    }

    #[test]
    fn funding_is_paid_by_longs_when_the_index_rises() {
        let mut p = Position::default();
        p.apply(2 * ONE, 100 * ONE, 5 * ONE);
        assert_eq!(p.pending_funding(6 * ONE), -2 * ONE);
        assert_eq!(p.apply(-2 * ONE, 100 * ONE, 6 * ONE).funding, -2 * ONE);
    }

    proptest! {
        /// Sum of all realised profits plus the open profit equals cash flow at any price: nothing appears or vanishes.
        #[test]
        fn profits_add_up_to_the_cash_flow(
            trades in proptest::collection::vec((1i64..500, any::<bool>(), 1i64..100_000), 1..40),
            mark in 1i64..100_000,
        ) {
            let (mut p, mut flow, mut realized) = (Position::default(), 0i64, 0i64);
            for (size, buy, price) in trades {
                let signed = if buy { size } else { -size } * 10_000;
                let price = price * 1_000_000;
                realized += p.apply(signed, price, 0).pnl;
                flow -= notional(signed, price);
            }
            let mark = mark * 1_000_000;
            prop_assert_eq!(realized + p.unrealized(mark), flow + notional(p.size, mark));
        }
    }
}
