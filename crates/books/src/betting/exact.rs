//! The split in fractions: no step, no base unit, no rounding but the last.

use super::{BetLeg, Limit};
use domain::{Rate, SCALE, Stake};

/// One leg as a fraction: a winning stake of `puts` returns `gets` after the fee.
#[derive(Clone, Copy, Debug)]
struct Side {
    gets: u128,
    puts: u128,
    cap: u128,
    limit: Limit,
}

impl Side {
    fn new(leg: &BetLeg) -> Option<Self> {
        let (gets, puts) = leg.odds.ratio();
        let (gets, puts) = (u128::from(gets), u128::from(puts));
        let (keep, of) = (u128::from(leg.terms.keep), u128::from(leg.terms.of));
        // 1 + (gets - puts) / puts * keep / of, over puts * of.
        let puts_of = puts.checked_mul(of)?;
        let gets = gets.checked_sub(puts)?.checked_mul(keep)?.checked_add(puts_of)?;
        let (cap, limit) = match leg.terms.max {
            Some(max) if max < leg.size => (max, Limit::Max(leg.venue)),
            _ => (leg.size, Limit::Size(leg.venue)),
        };
        Some(Self { gets, puts: puts_of, cap: u128::from(cap.e6()), limit })
    }
}

/// Two legs that exclude each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    sides: [Side; 2],
    /// Payout of both sides times both `puts`: `gets * gets`.
    pays: u128,
    /// Stakes that pay that much: `puts * gets` of either side, in order.
    needs: [u128; 2],
    /// Their sum.
    need: u128,
    cost: u128,
}

/// The exact split, its stakes cut to base units.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exact {
    /// Of either side, rounded down to a base unit.
    pub(super) stakes: [Stake; 2],
    /// Rounded down, costs included.
    pub(super) m_net: Rate,
    pub(super) limit: Limit,
    /// As given: the odds after fees, to find the stake that pays as much as another's.
    pub(super) pair: Pair,
}

impl Pair {
    pub(super) fn new(a: &BetLeg, b: &BetLeg) -> Option<Self> {
        let sides @ [one, two] = [Side::new(a)?, Side::new(b)?];
        let needs = [one.puts.checked_mul(two.gets)?, two.puts.checked_mul(one.gets)?];
        Some(Self {
            sides,
            pays: one.gets.checked_mul(two.gets)?,
            need: needs[0].checked_add(needs[1])?,
            needs,
            cost: u128::from(a.terms.cost.e6()).checked_add(u128::from(b.terms.cost.e6()))?,
        })
    }

    /// Without costs.
    pub(super) fn margin(&self) -> Option<Rate> {
        rate_down(self.pays, self.need)
    }

    /// The largest split whose stakes come to at most `left` and stay within what both sides take.
    pub(super) fn split(self, left: Stake) -> Option<Exact> {
        let left = u128::from(left.e6());
        let [one, two] = self.sides;
        // Which side runs out first: payouts `cap * gets / puts` compared cross-wise.
        let first =
            one.cap.checked_mul(one.gets)?.checked_mul(two.puts)? <= two.cap.checked_mul(two.gets)?.checked_mul(one.puts)?;
        let (own, other, cap, limit) = if first {
            (self.needs[0], self.needs[1], one.cap, one.limit)
        } else {
            (self.needs[1], self.needs[0], two.cap, two.limit)
        };
        if cap.checked_mul(self.need)? < left.checked_mul(own)? {
            // A stake of `own` pays `pays`: everything is `cap / own` of that.
            let stakes = [stake(cap)?, stake(cap.checked_mul(other)?.checked_div(own)?)?];
            let spent = cap.checked_mul(self.need)?.checked_add(self.cost.checked_mul(own)?)?;
            Some(Exact {
                stakes: if first { stakes } else { [stakes[1], stakes[0]] },
                m_net: rate_down(cap.checked_mul(self.pays)?, spent)?,
                limit,
                pair: self,
            })
        } else {
            let part = |need: u128| left.checked_mul(need)?.checked_div(self.need).and_then(stake);
            Some(Exact {
                stakes: [part(self.needs[0])?, part(self.needs[1])?],
                m_net: rate_down(left.checked_mul(self.pays)?, self.need.checked_mul(left.checked_add(self.cost)?)?)?,
                limit: Limit::Budget,
                pair: self,
            })
        }
    }

    /// The stake of the other side that pays as much as `stake` does at side `at` (0 or 1), rounded down to a base unit.
    pub(super) fn evened(&self, at: usize, stake_of: Stake) -> Option<Stake> {
        let [one, two] = self.needs;
        let (own, other) = if at == 0 { (one, two) } else { (two, one) };
        stake(u128::from(stake_of.e6()).checked_mul(other)?.checked_div(own)?)
    }
}

fn stake(e6: u128) -> Option<Stake> {
    u64::try_from(e6).ok().map(Stake::from_e6)
}

/// `part / whole - 1` at 1e-8, rounded down. Ten digits of `whole` fewer than 128 bits are enough: it divides digit by digit when the
/// product does not fit.
fn rate_down(part: u128, whole: u128) -> Option<Rate> {
    let (part, whole) = (i128::try_from(part).ok()?, i128::try_from(whole).ok()?);
    let over = part.checked_sub(whole)?;
    let e8 = if let Some(product) = over.checked_mul(i128::from(SCALE)) {
        product.checked_div_euclid(whole)?
    } else {
        let (mut e8, mut rest) = (over.checked_div_euclid(whole)?, over.checked_rem_euclid(whole)?);
        for _ in 0..8 {
            rest = rest.checked_mul(10)?;
            e8 = e8.checked_mul(10)?.checked_add(rest.checked_div_euclid(whole)?)?;
            rest = rest.checked_rem_euclid(whole)?;
        }
        e8
    };
    i64::try_from(e8).ok().map(Rate::from_e8)
}
