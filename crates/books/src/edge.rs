//! What a round earns after costs, and where the rest of the spread went.
//!
//! Owns the arithmetic of the edge; which rates to expect is configuration's and the venues' word. Everything is exact
//! at 1e-24 dollars (a cost at 1e-16 times a rate at 1e-8) until it is shown.

use crate::spread::{Cross, EntrySpread, to_rate};
use domain::record::Waterfall;
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

/// 1e-24 to 1e-8.
const E24_IN_E8: i128 = 10_000_000_000_000_000;

/// Saturates, which [`crate::COST_MAX`] keeps from happening: an edge is at most eight costs.
fn usd_down(e24: i128) -> Usd {
    let e8 = e24.checked_div_euclid(E24_IN_E8).unwrap_or(0);
    Usd::from_e8(i64::try_from(e8).unwrap_or(if e8 < 0 { i64::MIN } else { i64::MAX }))
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

    /// The same, line by line, every line computed on its own and rounded against us, and the edge their sum: by that it is
    /// at most one unit of the last place under [`Edge::rate`], and never over it. `None` if a book cannot fill the size,
    /// and for spreads beyond 92 billion times the price.
    pub fn waterfall(&self, costs: &Costs) -> Option<Waterfall> {
        let (bought, sold) = self.entry_costs()?;
        let [shown, top, spread] = [self.entry_shown()?, self.entry_top()?, self.entry()?].map(EntrySpread::rate);
        let less = |a: Rate, b: Rate| a.e8().checked_sub(b.e8()).map(Rate::from_e8);
        let (conversion, depth) = (less(top, shown)?, less(spread, top)?);
        // Of the long leg, as the edge is; up, so that it is not taken for less than it is.
        let paid = times(bought, costs.fee_long.wrapping_mul(2)).wrapping_add(times(sold, costs.fee_short.wrapping_mul(2)));
        let fees = to_rate(paid.wrapping_neg().checked_div_euclid(bought)?);
        let (funding, buffers) = (Rate::from_e8(costs.funding).negated(), Rate::from_e8(costs.buffers).negated());
        let edge =
            [conversion, depth, fees, funding, buffers].iter().try_fold(shown.e8(), |sum, line| sum.checked_add(line.e8()))?;
        Some(Waterfall { gross: shown, conversion, depth, fees, funding, buffers, edge: Rate::from_e8(edge) })
    }
}
