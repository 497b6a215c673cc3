//! What a round earns after costs, and where the rest of the spread went.
//!
//! Owns the arithmetic of the edge; which rates to expect is configuration's and the venues' word. Everything is exact
//! at 1e-24 of the quote currency (a cost at 1e-16 times a rate at 1e-8) until it is shown.

use crate::spread::{Cross, to_rate};
use domain::{Rate, SCALE, Usd};

/// What a round is expected to cost in one direction, as rates of the notional.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    fee_long: i64,
    fee_short: i64,
    funding: i64,
    buffers: i64,
}

/// A cost beyond 100 % either way is a mistake in a configuration or on a venue, not a cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CostsOutOfRange {
    /// Which one.
    pub what: &'static str,
    /// As given.
    pub rate: Rate,
}

impl std::fmt::Display for CostsOutOfRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}% is beyond 100%", self.what, self.rate)
    }
}
impl std::error::Error for CostsOutOfRange {}

impl Costs {
    /// `fee_long` and `fee_short` are the taker fees of the two venues, each paid twice: at entry and, at the same
    /// notional, at exit. `funding` is what both legs together are expected to pay over the holding time (negative:
    /// receive) and `buffers` what is kept aside for slippage and surprise, both as a share of the long leg.
    ///
    /// # Errors
    /// [`CostsOutOfRange`] names the first rate beyond 100 %.
    pub fn new(fee_long: Rate, fee_short: Rate, funding: Rate, buffers: Rate) -> Result<Self, CostsOutOfRange> {
        let within = |what, rate: Rate| {
            if rate.e8().unsigned_abs() <= SCALE.unsigned_abs() { Ok(rate.e8()) } else { Err(CostsOutOfRange { what, rate }) }
        };
        Ok(Self {
            fee_long: within("taker fee of the long venue", fee_long)?,
            fee_short: within("taker fee of the short venue", fee_short)?,
            funding: within("expected funding", funding)?,
            buffers: within("buffer", buffers)?,
        })
    }
}

/// What an entry would earn by the time it is closed, net of all expected costs, exact: kept as its two products, so that
/// a comparison costs two multiplications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Cost of the long leg at 1e-16, above zero, and what it and all that depends on it are multiplied by at 1e-8.
    bought: i128,
    pay: i64,
    /// What the short leg brings at 1e-16, and what is kept of it at 1e-8.
    sold: i128,
    keep: i64,
}

impl Edge {
    /// At 1e-24.
    fn net(self) -> i128 {
        times(self.sold, self.keep).wrapping_sub(times(self.bought, self.pay))
    }
    /// As a share of the long leg, rounded down.
    pub fn rate(self) -> Rate {
        to_rate(self.net().checked_div_euclid(self.bought).unwrap_or(0))
    }
    /// In dollars for the size, rounded down.
    pub fn usd(self) -> Usd {
        usd_down(self.net())
    }
    /// Whether it is at or over `edge_min`, decided exactly; agrees with `rate() >= edge_min`.
    #[inline]
    pub fn at_least(self, edge_min: Rate) -> bool {
        // A threshold beyond 2^40 (ten thousand times the notional) compares as that: 2^86 times a bit over 2^40 fits.
        let least = edge_min.e8().clamp(-(1 << 40), 1 << 40);
        times(self.sold, self.keep) >= times(self.bought, self.pay.wrapping_add(least))
    }
}

/// From the spread on the screen to the edge, line by line, exact at 1e-24 of the quote currency:
/// `gross + depth - fees - funding - buffers = edge`, to the last digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waterfall {
    /// The size at the best prices: what the top of the books promises.
    pub gross: i128,
    /// Executable minus top: what walking the books costs, never above zero.
    pub depth: i128,
    /// Taker fees of both legs, at entry and at exit.
    pub fees: i128,
    /// Expected funding, positive = paid.
    pub funding: i128,
    /// Buffers.
    pub buffers: i128,
    /// What is left.
    pub edge: i128,
}

/// A [`Waterfall`] in dollars, to show and to journal: every line rounded against us and one line that says by how
/// much, so that `gross + depth - fees - funding - buffers + rounding = edge` holds to the last digit here too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UsdLines {
    /// The size at the best prices, rounded down.
    pub gross: Usd,
    /// Executable minus top, rounded down.
    pub depth: Usd,
    /// Taker fees, rounded up.
    pub fees: Usd,
    /// Expected funding, rounded up.
    pub funding: Usd,
    /// Buffers, rounded up.
    pub buffers: Usd,
    /// What the rounding of the lines above took away: 0 to 5 units of the last place.
    pub rounding: Usd,
    /// What is left, rounded down.
    pub edge: Usd,
}

/// 1e-24 to 1e-8.
const E24_IN_E8: i128 = 10_000_000_000_000_000;

/// Saturates, which [`crate::COST_MAX`] keeps from happening: a line is at most eight costs.
fn usd_down(e24: i128) -> Usd {
    let e8 = e24.checked_div_euclid(E24_IN_E8).unwrap_or(0);
    Usd::from_e8(i64::try_from(e8).unwrap_or(if e8 < 0 { i64::MIN } else { i64::MAX }))
}
fn usd_up(e24: i128) -> Usd {
    usd_down(e24.wrapping_neg()).negated()
}

impl Waterfall {
    /// In dollars.
    pub fn usd(&self) -> UsdLines {
        let (gross, depth) = (usd_down(self.gross), usd_down(self.depth));
        let (fees, funding, buffers) = (usd_up(self.fees), usd_up(self.funding), usd_up(self.buffers));
        let edge = usd_down(self.edge);
        let lines = gross.plus(depth).minus(fees).minus(funding).minus(buffers);
        UsdLines { gross, depth, fees, funding, buffers, rounding: edge.minus(lines), edge }
    }
}

/// A cost at 1e-16 times a multiplier at 1e-8. Costs are at most 2^86 and multipliers, sums of a few rates within 100 %,
/// at most 2^30 (2^41 with a threshold): nothing here comes near 2^127, so nothing wraps.
#[inline]
fn times(cost: i128, multiplier: i64) -> i128 {
    cost.wrapping_mul(i128::from(multiplier))
}

impl Cross<'_> {
    /// What entering now would earn by the time it is closed. `None` if a book cannot fill the size.
    #[inline]
    pub fn edge(&self, costs: &Costs) -> Option<Edge> {
        let (bought, sold) = self.entry_costs()?;
        let keep = SCALE.wrapping_sub(costs.fee_short.wrapping_mul(2));
        let pay = costs.fee_long.wrapping_mul(2).wrapping_add(SCALE).wrapping_add(costs.funding).wrapping_add(costs.buffers);
        Some(Edge { bought, pay, sold, keep })
    }

    /// The same, line by line. `None` if a book cannot fill the size, or if the size at the best prices is worth more
    /// than [`crate::COST_MAX`].
    pub fn waterfall(&self, costs: &Costs) -> Option<Waterfall> {
        let (bought, sold) = self.entry_costs()?;
        let (bought_at_top, sold_at_top) = self.entry_top_costs()?;
        let gross = times(sold_at_top.wrapping_sub(bought_at_top), SCALE);
        Some(Waterfall {
            gross,
            depth: times(sold.wrapping_sub(bought), SCALE).wrapping_sub(gross),
            fees: times(bought, costs.fee_long.wrapping_mul(2)).wrapping_add(times(sold, costs.fee_short.wrapping_mul(2))),
            funding: times(bought, costs.funding),
            buffers: times(bought, costs.buffers),
            edge: self.edge(costs)?.net(),
        })
    }
}
