//! From the exact split to stakes that both venues take.

use super::exact::Exact;
use super::{BetLeg, BetRound, NoRound};
use domain::{Rate, SCALE, Stake, Usd};

/// What a bet pays when it wins, counted against us: the return down, the fee on its profit up.
fn payout(leg: &BetLeg, stake: Stake) -> Stake {
    let returns = stake.returns(leg.odds);
    let profit = returns.minus(stake);
    let fee = u128::from(profit.e6()).saturating_mul(u128::from(leg.terms.profit_fee.e8().unsigned_abs()));
    let fee = u64::try_from(fee.div_ceil(u128::from(SCALE.unsigned_abs()))).unwrap_or(u64::MAX);
    returns.minus(Stake::from_e6(fee))
}

fn down_to(stake: Stake, step: Stake) -> Stake {
    let whole = stake.e6().checked_div(step.e6()).and_then(|steps| steps.checked_mul(step.e6()));
    Stake::from_e6(whole.unwrap_or(stake.e6()))
}

/// A pair of stakes and what it comes to, in base units.
#[derive(Clone, Copy)]
struct Tried {
    stakes: [Stake; 2],
    payouts: [Stake; 2],
    spent: Stake,
    worst: i128,
}

struct Bench<'a> {
    legs: [&'a BetLeg; 2],
    budget: Stake,
    best: Option<Tried>,
}

impl Bench<'_> {
    fn try_stakes(&mut self, stakes: [Stake; 2]) {
        let within = |leg: &BetLeg, stake: Stake| {
            !stake.is_zero() && stake >= leg.terms.min && stake <= leg.size && leg.terms.max.is_none_or(|max| stake <= max)
        };
        let [a, b] = self.legs;
        let spent = stakes[0].plus(stakes[1]).plus(a.terms.cost).plus(b.terms.cost);
        if !within(a, stakes[0]) || !within(b, stakes[1]) || spent > self.budget {
            return;
        }
        let payouts = [payout(a, stakes[0]), payout(b, stakes[1])];
        let worst = i128::from(payouts[0].min(payouts[1]).e6()).saturating_sub(i128::from(spent.e6()));
        // Of two pairs that earn the same the one that risks less.
        if self.best.is_none_or(|best| worst > best.worst || (worst == best.worst && spent < best.spent)) {
            self.best = Some(Tried { stakes, payouts, spent, worst });
        }
    }
}

/// The most that can be staked at `leg` when `left` is left.
fn room(leg: &BetLeg, left: Stake) -> Stake {
    down_to(left.min(leg.size).min(leg.terms.max.unwrap_or(leg.size)), leg.terms.step)
}

/// The pair of stakes with the best worst outcome around the exact split. Either side in turn goes onto its grid, the step above, the
/// step below, and one less where the other side needs the room; the other side follows it, up and down, as far as its minimum and what is
/// left let it.
pub(super) fn best(a: &BetLeg, b: &BetLeg, budget: Stake, exact: &Exact) -> Result<BetRound, NoRound> {
    let mut bench = Bench { legs: [a, b], budget, best: None };
    let left = budget.minus(a.terms.cost).minus(b.terms.cost);
    for (at, (own, other)) in [(a, b), (b, a)].into_iter().enumerate() {
        let least = down_to(other.terms.min.plus(other.terms.step).minus(Stake::from_e6(1)), other.terms.step);
        let mut stake = down_to(exact.stakes[at], own.terms.step).plus(own.terms.step);
        for _ in 0..3 {
            let even = down_to(exact.pair.evened(at, stake).ok_or(NoRound::Overflow)?, other.terms.step);
            let room = room(other, left.minus(stake));
            for follows in [even, even.plus(other.terms.step)] {
                let follows = follows.max(least).min(room);
                bench.try_stakes(if at == 0 { [stake, follows] } else { [follows, stake] });
            }
            stake = stake.minus(own.terms.step);
        }
    }
    let Some(best) = bench.best else {
        return Err(below(a, b, exact));
    };
    let m_net = best
        .worst
        .checked_mul(i128::from(SCALE))
        .and_then(|scaled| scaled.checked_div_euclid(i128::from(best.spent.e6())))
        .and_then(|e8| i64::try_from(e8).ok())
        .map(Rate::from_e8)
        .ok_or(NoRound::Overflow)?;
    if best.worst <= 0 {
        // Raised to a minimum that the split does not reach: that is why, not the odds.
        let short = exact.stakes[0] < a.terms.min || exact.stakes[1] < b.terms.min;
        return Err(if short { below(a, b, exact) } else { NoRound::NoMargin(m_net) });
    }
    let worst = i64::try_from(best.worst).ok().and_then(|e6| e6.checked_mul(100)).ok_or(NoRound::Overflow)?;
    Ok(BetRound {
        stakes: best.stakes,
        payouts: best.payouts,
        spent: best.spent,
        worst: Usd::from_e8(worst),
        m_net_exact: exact.m_net,
        m_net,
        limit: exact.limit,
    })
}

/// Nothing near the split can be bet: the side that is further below its minimum is why.
fn below(a: &BetLeg, b: &BetLeg, exact: &Exact) -> NoRound {
    let missing = |leg: &BetLeg, at: usize| leg.terms.min.e6().saturating_sub(exact.stakes[at].e6());
    let (leg, at) = if missing(a, 0) >= missing(b, 1) { (a, 0) } else { (b, 1) };
    NoRound::BelowMinimum {
        venue: leg.venue,
        could: exact.stakes[at],
        min: leg.terms.min.max(leg.terms.step),
        limit: exact.limit,
    }
}
