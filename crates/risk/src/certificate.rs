//! The worst that a round's entry can cost, over every pair of fills that its two orders can come to.
//!
//! What both legs fill costs its entry at the worst limits and its fees. What one leg fills alone costs that too, and
//! then a bounded adverse move and the fee of the close. Both are linear in the sizes, so over all pairs of fills (none,
//! any multiple of the lot, all of it; a fill-or-kill order none or all) the worst is at a corner: nothing, one whole
//! leg alone, the other one alone, or both whole. That makes the closed form four products; it is compared with every
//! pair of lots in the tests.

use domain::{Price, Rate, SCALE, Size, Usd};

/// One leg as it will be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LegRisk {
    /// Worst price it may fill at.
    pub limit: Price,
    /// Best price seen: a leg alone may have been filled here, and moves from here.
    pub top: Price,
    /// Taker fee; one that a venue pays counts as none.
    pub fee: Rate,
}

/// The worst loss of an entry, with the fills that come to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Largest loss, rounded up; zero if no pair of fills loses.
    pub loss: Usd,
    /// Fills of leg A (bought) and leg B (sold) that lose it.
    pub fills: [Size; 2],
}

/// Cost per unit of base at 1e-16: a price at 1e-8 times a share at 1e-8.
type PerUnit = i128;

const ONE: i128 = SCALE as i128;

/// What a unit filled on both legs costs: bought at the one limit, sold at the other, fees of both. Negative: it earns.
fn covered(legs: &[LegRisk; 2]) -> Option<PerUnit> {
    let [a, b] = legs;
    let fee = |leg: &LegRisk| i128::from(leg.fee.e8().max(0));
    let spread = i128::from(a.limit.e8()).checked_sub(i128::from(b.limit.e8()))?.checked_mul(ONE)?;
    let fees = |leg: &LegRisk| i128::from(highest(leg).e8()).checked_mul(fee(leg));
    spread.checked_add(fees(a)?)?.checked_add(fees(b)?)
}

/// What a unit filled on this leg alone costs: the adverse move, the fee of its entry, the fee of its close at the moved
/// price.
fn alone(leg: &LegRisk, adverse: Rate) -> Option<PerUnit> {
    let (fee, adverse) = (i128::from(leg.fee.e8().max(0)), i128::from(adverse.e8().max(0)));
    let close_fee = fee.checked_mul(ONE.checked_add(adverse)?)?.checked_add(ONE.checked_sub(1)?)?.checked_div(ONE)?;
    let share = adverse.checked_add(fee)?.checked_add(close_fee)?;
    i128::from(highest(leg).e8()).checked_mul(share)
}

/// The dearer of both prices: what shares are taken of, so that they are never taken of too little.
fn highest(leg: &LegRisk) -> Price {
    leg.limit.max(leg.top)
}

/// What a pair of fills costs, at 1e-24.
fn cost(legs: &[LegRisk; 2], fills: [Size; 2], adverse: Rate) -> Option<i128> {
    let both = fills[0].min(fills[1]);
    let mut sum = i128::from(both.e8()).checked_mul(covered(legs)?)?;
    for (leg, filled) in legs.iter().zip(fills) {
        let rest = filled.minus(both);
        sum = sum.checked_add(i128::from(rest.e8()).checked_mul(alone(leg, adverse)?)?)?;
    }
    Some(sum)
}

/// Up to the next 1e-8.
fn usd_up(at_24: i128) -> Option<Usd> {
    let scale = ONE.checked_mul(ONE)?;
    let down = at_24.checked_div_euclid(scale)?;
    let up = if at_24.checked_rem_euclid(scale)? == 0 { down } else { down.checked_add(1)? };
    i64::try_from(up).ok().map(Usd::from_e8)
}

/// The worst loss of opening `size` on both legs when prices move by `adverse` against what is not covered. `None` when
/// the numbers are beyond all bounds, which is to be taken as too much.
pub fn certificate(legs: &[LegRisk; 2], size: Size, adverse: Rate) -> Option<Certificate> {
    let mut worst = Certificate { loss: Usd::ZERO, fills: [Size::ZERO; 2] };
    for fills in [[size, Size::ZERO], [Size::ZERO, size], [size, size]] {
        let loss = usd_up(cost(legs, fills, adverse)?)?;
        if loss > worst.loss {
            worst = Certificate { loss, fills };
        }
    }
    Some(worst)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, which is what it is for")]
mod tests {
    use super::*;
    use domain::TimeInForce;
    use proptest::prelude::*;

    fn price(v: i64) -> Price {
        Price::from_e8(v).expect("above zero")
    }
    fn size(v: i64) -> Size {
        Size::from_e8(v).expect("not negative")
    }

    /// All fills that an order can come to.
    fn reachable(full: i64, lot: i64, tif: TimeInForce) -> Vec<Size> {
        match tif {
            TimeInForce::Fok => vec![Size::ZERO, size(full)],
            TimeInForce::Ioc | TimeInForce::Gtc => (0..=full / lot).map(|n| size(n * lot)).collect(),
        }
    }

    #[test]
    fn the_worst_of_a_round_is_the_leg_that_stands_alone() {
        // 1 at 3,000 and 3,010, 2 % adverse, 2 bps in and 2.04 out: 60 and 1.212 against 60.2 and 1.21604.
        let leg = |v| LegRisk { limit: price(v * SCALE), top: price(v * SCALE), fee: Rate::from_bps(2) };
        let got = certificate(&[leg(3_000), leg(3_010)], size(SCALE), Rate::from_bps(200)).expect("in bounds");
        assert_eq!(got, Certificate { loss: Usd::from_e8(6_141_604_000), fills: [Size::ZERO, size(SCALE)] });
    }

    #[test]
    fn limits_that_cross_the_wrong_way_make_the_whole_round_the_worst() {
        let leg = |v| LegRisk { limit: price(v * SCALE), top: price(v * SCALE), fee: Rate::ZERO };
        let got = certificate(&[leg(3_200), leg(3_000)], size(SCALE), Rate::from_bps(200)).expect("in bounds");
        assert_eq!(got, Certificate { loss: Usd::from_e8(200 * SCALE), fills: [size(SCALE); 2] });
    }

    #[test]
    fn numbers_beyond_all_bounds_have_no_certificate() {
        let leg = LegRisk { limit: price(i64::MAX), top: price(i64::MAX), fee: Rate::from_e8(i64::MAX) };
        assert_eq!(certificate(&[leg, leg], size(i64::MAX), Rate::from_bps(200)), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        /// The closed form against every pair of fills on the lots.
        #[test]
        fn no_pair_of_fills_loses_more_than_the_certificate_says(
            limits in prop::array::uniform2(1_000_000i64..1_000_000_000_000),
            tops in prop::array::uniform2(-300i64..300),
            fees in prop::array::uniform2(-50_000i64..1_000_000),
            lots in prop::array::uniform2(1i64..5),
            tifs in prop::array::uniform2(prop_oneof![Just(TimeInForce::Ioc), Just(TimeInForce::Fok)]),
            steps in 1i64..20,
            unit in 1i64..1_000_000_000,
            adverse in 0i64..100_000_000,
            near: bool,
        ) {
            // Both legs' sizes are on both lots; half of the time the prices lie as near as those of one market do.
            let full = lots[0] * lots[1] * steps * unit;
            let b = if near { limits[0] + limits[0] / 1_000 * tops[0] / 100 } else { limits[1] };
            let leg = |limit: i64, n: usize| {
                let top = limit + limit / 10_000 * tops[n] / 10;
                LegRisk { limit: price(limit.max(1)), top: price(top.max(1)), fee: Rate::from_e8(fees[n]) }
            };
            let legs = [leg(limits[0], 0), leg(b, 1)];
            let adverse = Rate::from_e8(adverse);
            let mut worst = Usd::ZERO;
            for x in reachable(full, lots[0] * unit, tifs[0]) {
                for y in reachable(full, lots[1] * unit, tifs[1]) {
                    worst = worst.max(usd_up(cost(&legs, [x, y], adverse).expect("in bounds")).expect("in bounds"));
                }
            }
            let got = certificate(&legs, size(full), adverse).expect("in bounds");
            prop_assert_eq!(got.loss, worst);
            let own = usd_up(cost(&legs, got.fills, adverse).expect("in bounds"));
            prop_assert_eq!(own, Some(got.loss), "the fills it names lose what it says");
        }
    }
}
