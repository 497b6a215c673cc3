//! What two bets on opposite outcomes are worth to each other, and how a round's money is split between them.
//!
//! Owns the arithmetic of the margin: odds as exact fractions, each venue's fee on a winning profit, costs that are paid whatever
//! happens, and the way from the exact split to stakes that both venues take. Does not know whether the two outcomes really exclude
//! each other and leave nothing between them: that is the `bets` crate's verdict. Called by its board on every change of a quote.
//!
//! Let `e` be the odds after the fee: what a winning unit of stake returns, itself included. Stakes `P / eA` and `P / eB` pay `P` either
//! way, so `P` returns for `P * (1/eA + 1/eB)` of stakes and the costs. That is the exact split, kept as fractions and compared by
//! multiplication. Stakes are whole steps, so it is then rounded: both ways on the grids of both venues, and the pair with the best
//! worst outcome is taken. What that pair pays is counted as venues pay: returns down to a base unit, fees up to one.
//!
//! Nothing is allocated.

mod exact;
mod round;
#[cfg(test)]
mod tests;

use domain::{Odds, Rate, SCALE, Stake, Usd, VenueId};

/// What a venue takes of a bet, and what of its profit. Made when the venue's word is read, so that the fee's fraction is in lowest
/// terms before a quote moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BetTerms {
    min: Stake,
    max: Option<Stake>,
    step: Stake,
    cost: Stake,
    profit_fee: Rate,
    /// What is kept of a winning profit, in lowest terms: `keep / of`.
    keep: u64,
    of: u64,
}

/// Terms that no venue means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTerms {
    /// The fee on profit is below zero, or takes all of it.
    #[error("a fee on profit is at least 0% and under 100%, not {0}%")]
    Fee(Rate),
    /// Stakes cannot be multiples of nothing.
    #[error("a step of stakes is at least one base unit")]
    Step,
}

impl BetTerms {
    /// `min` and `max` bound a stake, which is a multiple of `step`; `profit_fee` is the part of a winning profit that the venue keeps;
    /// `cost` is paid with every bet whatever its end (a relayer's fee, a share of gas).
    ///
    /// # Errors
    /// [`BadTerms`]
    pub fn new(min: Stake, max: Option<Stake>, step: Stake, profit_fee: Rate, cost: Stake) -> Result<Self, BadTerms> {
        let whole = SCALE.unsigned_abs();
        let keep = u64::try_from(SCALE.saturating_sub(profit_fee.e8())).map_err(|_| BadTerms::Fee(profit_fee))?;
        if keep == 0 || keep > whole {
            return Err(BadTerms::Fee(profit_fee));
        }
        if step.is_zero() {
            return Err(BadTerms::Step);
        }
        let (mut common, mut rest) = (whole, keep);
        while let Some(next) = common.checked_rem(rest) {
            (common, rest) = (rest, next);
        }
        let lowest = |value: u64| value.checked_div(common).unwrap_or(value);
        Ok(Self { min, max, step, cost, profit_fee, keep: lowest(keep), of: lowest(whole) })
    }
    /// Smallest stake taken.
    pub const fn min(&self) -> Stake {
        self.min
    }
    /// Stakes are multiples of this.
    pub const fn step(&self) -> Stake {
        self.step
    }
    /// Paid with every bet.
    pub const fn cost(&self) -> Stake {
        self.cost
    }
    /// Part of a winning profit that the venue keeps.
    pub const fn profit_fee(&self) -> Rate {
        self.profit_fee
    }
}

/// One side of a round as it could be had now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BetLeg {
    /// Where.
    pub venue: VenueId,
    /// The odds quoted.
    pub odds: Odds,
    /// The stake they are good for.
    pub size: Stake,
    /// What the venue takes.
    pub terms: BetTerms,
}

/// What keeps a round from being larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The budget of a round.
    Budget,
    /// The stake that this venue's odds are good for.
    Size(VenueId),
    /// The largest stake that this venue takes.
    Max(VenueId),
}

/// Why there is no round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRound {
    /// What can be staked is less than the venue takes.
    #[error("below the minimum of {venue}: {could} of {min} (limited by {limit})")]
    BelowMinimum {
        /// Whose minimum.
        venue: VenueId,
        /// The most that could be staked there.
        could: Stake,
        /// Its minimum.
        min: Stake,
        /// What keeps it from being more.
        limit: Limit,
    },
    /// The odds are good for less than the venue takes as a bet.
    #[error("the odds at {venue} take {size}, less than its minimum of {min}")]
    AboveSize {
        /// Where.
        venue: VenueId,
        /// What the odds take.
        size: Stake,
        /// The venue's minimum.
        min: Stake,
    },
    /// It would earn nothing.
    #[error("no margin: {0}%")]
    NoMargin(Rate),
    /// The costs alone are more than the budget.
    #[error("the costs of both bets exceed the budget")]
    NoBudget,
    /// Odds or stakes with more digits than any venue has.
    #[error("the numbers are too large to be split exactly")]
    Overflow,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Budget => f.write_str("the budget"),
            Self::Size(venue) => write!(f, "the size at {venue}"),
            Self::Max(venue) => write!(f, "the maximum of {venue}"),
        }
    }
}

/// A round that can be bet: the money of both sides in the order in which the legs were given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BetRound {
    /// What is staked.
    pub stakes: [Stake; 2],
    /// What comes back if that side wins, its stake included, after the venue's fee.
    pub payouts: [Stake; 2],
    /// Both stakes and both costs.
    pub spent: Stake,
    /// What the worse of the two outcomes earns. Above zero.
    pub worst: Usd,
    /// The margin of the exact split: `P / spent - 1`, rounded down.
    pub m_net_exact: Rate,
    /// The margin of these stakes in the worse outcome: `worst / spent`, rounded down.
    pub m_net: Rate,
    /// What keeps it from being larger.
    pub limit: Limit,
}

/// The margin of two odds after fees, before costs and limits: `1 / (1/eA + 1/eB) - 1`, rounded down. `None` for odds with more
/// digits than any venue has.
pub fn m_net(a: &BetLeg, b: &BetLeg) -> Option<Rate> {
    exact::Pair::new(a, b)?.margin()
}

/// The largest round within `budget` (costs included) and within what both sides take.
///
/// # Errors
/// [`NoRound`]
pub fn split(a: &BetLeg, b: &BetLeg, budget: Stake) -> Result<BetRound, NoRound> {
    for leg in [a, b] {
        if leg.size < leg.terms.min {
            return Err(NoRound::AboveSize { venue: leg.venue, size: leg.size, min: leg.terms.min });
        }
    }
    let left = budget.minus(a.terms.cost).minus(b.terms.cost);
    if left.is_zero() {
        return Err(NoRound::NoBudget);
    }
    let exact = exact::Pair::new(a, b).and_then(|pair| pair.split(left)).ok_or(NoRound::Overflow)?;
    if exact.m_net <= Rate::ZERO {
        return Err(NoRound::NoMargin(exact.m_net));
    }
    round::best(a, b, budget, &exact)
}
