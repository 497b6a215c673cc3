#![allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, which is what it is for")]

use super::*;
use proptest::prelude::*;
use ruint::aliases::U512;

fn odds(text: &str) -> Odds {
    let e8 = domain::parse_e8(text.as_bytes()).expect("decimal odds");
    Odds::from_ratio(u128::try_from(e8).expect("above zero"), 100_000_000).expect("above one")
}
fn usd(text: &str) -> Stake {
    Stake::from_usd_down(Usd::parse(text.as_bytes()).expect("dollars")).expect("not below zero")
}
fn percent(text: &str) -> Rate {
    Rate::parse_percent(text.as_bytes()).expect("a percentage")
}
/// `odds size min max step fee% cost`
fn leg(venue: &str, text: &str) -> BetLeg {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [at, size, min, max, step, fee, cost] = words[..] else { panic!("seven words: {text}") };
    let max = (max != "-").then(|| usd(max));
    let terms = BetTerms::new(usd(min), max, usd(step), percent(fee), usd(cost)).expect("terms");
    BetLeg { venue: venue.parse().expect("a venue"), odds: odds(at), size: usd(size), terms }
}
fn sx(text: &str) -> BetLeg {
    leg("sx", text)
}
fn azuro(text: &str) -> BetLeg {
    leg("azuro", text)
}

#[test]
fn a_round_is_split_so_that_both_outcomes_pay_the_same() {
    fn check(a: &str, b: &str, budget: &str, expect: &str) {
        let shown = match split(&sx(a), &azuro(b), usd(budget)) {
            Ok(r) => format!(
                "{} + {} of {} pay {} / {}, worst {}, {}% exact, {}%, limited by {}",
                r.stakes[0], r.stakes[1], r.spent, r.payouts[0], r.payouts[1], r.worst, r.m_net_exact, r.m_net, r.limit
            ),
            Err(none) => none.to_string(),
        };
        assert_eq!(shown, expect, "{a} | {b} | {budget}");
    }
    let even = "2.1 1000 1 - 0.000001 0 0";
    check(
        even,
        "2.1 1000 0.01 - 0.01 0 0",
        "100",
        "50.000000 + 50.000000 of 100.000000 pay 105.000000 / 105.000000, worst 5, 5.00% exact, 5.00%, limited by the budget",
    );
    check(
        "2.1 1000 1 - 0.000001 1 0",
        "2.1 1000 0.01 - 0.01 0 0.25",
        "100",
        "50.001915 + 49.740000 of 99.991915 pay 104.453999 / 104.454000, worst 4.462084, 4.462467% exact, 4.462444%, limited by the budget",
    );
    check(
        "2.1 20 1 - 0.000001 0 0",
        "2.1 1000 0.01 - 0.01 0 0",
        "100",
        "20.000000 + 20.000000 of 40.000000 pay 42.000000 / 42.000000, worst 2, 5.00% exact, 5.00%, limited by the size at sx",
    );
    check(
        even,
        "2.1 1000 0.01 12.345 0.01 0 0",
        "100",
        "12.340000 + 12.340000 of 24.680000 pay 25.914000 / 25.914000, worst 1.234, 5.00% exact, 5.00%, limited by the maximum of azuro",
    );
    check(even, "2.1 0.5 0.01 - 0.01 0 0", "100", "below the minimum of sx: 0.500000 of 1.000000 (limited by the size at azuro)");
    check(
        "2.1 0.9 1 - 0.000001 0 0",
        "2.1 9 0.01 - 0.01 0 0",
        "100",
        "the odds at sx take 0.900000, less than its minimum of 1.000000",
    );
    check(even, "2.1 1000 0.01 - 0.01 0 0", "1.5", "below the minimum of sx: 0.750000 of 1.000000 (limited by the budget)");
    check(even, "1.9 1000 0.01 - 0.01 0 0", "100", "no margin: -0.25%");
    check(even, "1.909 1000 0.01 - 0.01 0 0", "100", "no margin: -0.002495%");
    check(even, "2.1 1000 0.01 - 0.01 0 100", "100", "the costs of both bets exceed the budget");
    // A margin that the costs eat: 5 % of 2 dollars is less than 20 cents.
    check(even, "2.1 1000 0.01 - 0.01 0 0.2", "2.2", "no margin: -4.545455%");
    check(
        "1000 9999999 1 - 0.000001 0 0",
        "1000 9999999 1 - 0.000001 0 0",
        "90000000000",
        "9999999.000000 + 9999999.000000 of 19999998.000000 pay 9999999000.000000 / 9999999000.000000, worst 9979999002, \
         49900.00% exact, 49900.00%, limited by the size at sx",
    );
}

#[test]
fn terms_that_no_venue_means_are_refused() {
    let check = |fee: &str, step: &str, expect: Option<BadTerms>| {
        let made = BetTerms::new(usd("1"), None, usd(step), percent(fee), usd("0"));
        assert_eq!(made.err(), expect, "{fee} {step}");
    };
    check("0", "0.01", None);
    check("99.999999", "0.01", None);
    check("100", "0.01", Some(BadTerms::Fee(percent("100"))));
    check("-0.1", "0.01", Some(BadTerms::Fee(percent("-0.1"))));
    check("1", "0", Some(BadTerms::Step));
}

#[test]
fn numbers_beyond_all_venues_are_told_and_nothing_panics() {
    let wide = |gets: u128, puts: u128| Odds::from_ratio(gets, puts).expect("odds");
    let all = u128::from(u64::MAX);
    let terms =
        BetTerms::new(Stake::default(), None, Stake::from_e6(1), Rate::from_e8(1), Stake::from_e6(u64::MAX)).expect("terms");
    for odds in [wide(all, 1), wide(all, all - 1), wide(all, 7), wide(3, 2)] {
        for size in [0, 1, u64::MAX] {
            let leg = BetLeg { venue: "sx".parse().expect("a venue"), odds, size: Stake::from_e6(size), terms };
            let free = BetLeg { terms: BetTerms { cost: Stake::default(), ..terms }, ..leg };
            assert!(split(&leg, &leg, Stake::from_e6(u64::MAX)).is_err());
            // Whatever the answer is, it is an answer.
            let _ = (m_net(&free, &leg), split(&free, &free, Stake::from_e6(u64::MAX)));
        }
    }
    let leg = BetLeg { venue: "sx".parse().expect("a venue"), odds: wide(all, all - 1), size: Stake::from_e6(9), terms };
    assert_eq!(m_net(&leg, &leg), None);
}

/// An exact fraction of dollars at 1e-6.
#[derive(Clone, Copy)]
struct Big {
    over: U512,
    under: U512,
}
impl Big {
    fn less(self, other: Self) -> bool {
        self.over * other.under < other.over * self.under
    }
}
/// What a winning stake returns after the fee, nothing rounded.
fn exact_payout(leg: &BetLeg, stake: u64) -> Big {
    let (gets, puts) = leg.odds.ratio();
    let (gets, puts, stake) = (U512::from(gets), U512::from(puts), U512::from(stake));
    let whole = U512::from(100_000_000u64);
    let keep = whole - U512::from(leg.terms.profit_fee.e8().unsigned_abs());
    Big { over: stake * (puts * whole + (gets - puts) * keep), under: puts * whole }
}
/// What the worse outcome pays, exactly, with `spent` counted against it and `lift` added, so that it stays above zero.
fn exact_worst(legs: [&BetLeg; 2], stakes: [u64; 2], lift: u64) -> Option<Big> {
    let pays = [exact_payout(legs[0], stakes[0]), exact_payout(legs[1], stakes[1])];
    let worse = if pays[0].less(pays[1]) { pays[0] } else { pays[1] };
    let spent = stakes[0] + stakes[1] + legs[0].terms.cost.e6() + legs[1].terms.cost.e6();
    let lifted = worse.over + U512::from(lift) * worse.under;
    let over = lifted.checked_sub(U512::from(spent) * worse.under)?;
    Some(Big { over, under: worse.under })
}
fn fits(leg: &BetLeg, stake: u64) -> bool {
    let terms = &leg.terms;
    stake > 0
        && stake.is_multiple_of(terms.step.e6())
        && stake >= terms.min.e6()
        && stake <= leg.size.e6()
        && terms.max.is_none_or(|max| stake <= max.e6())
}

/// A rung of the ladder and a fee with as many digits as a rate has; or decimal odds with two or twelve decimals and a fee in percent.
fn a_leg(on_ladder: bool) -> impl Strategy<Value = BetLeg> {
    let rung = (1u128..700).prop_map(|k| Odds::from_probability_e20(k * 125_000_000_000_000_000));
    let decimal = (102u64..900).prop_map(|e2| Odds::from_decimal_e12(e2 * 10_000_000_000));
    let fine = (1_020_000_000_000u64..9_000_000_000_000).prop_map(Odds::from_decimal_e12);
    let odds = if on_ladder { rung.boxed() } else { prop_oneof![decimal, fine].boxed() };
    let odds = odds.prop_filter_map("odds", |odds| odds);
    let fee = prop_oneof![Just(0i64), Just(1_000_000), Just(5_000_000), if on_ladder { 0..10_000_000i64 } else { 0..1 }];
    let step = prop_oneof![Just(1u64), Just(10_000), Just(1_000_000), 1..2_000_000u64];
    let size = prop_oneof![0..3_000_000u64, 0..2_000_000_000u64];
    let max = prop_oneof![2 => Just(None), 1 => (1..900_000_000u64).prop_map(|max| Some(Stake::from_e6(max)))];
    let cost = prop_oneof![Just(0u64), 0..300_000u64];
    (odds, size, 0..2_000_000u64, max, step, fee, cost).prop_map(move |(odds, size, min, max, step, fee, cost)| BetLeg {
        venue: if on_ladder { "sx" } else { "azuro" }.parse().expect("a venue"),
        odds,
        size: Stake::from_e6(size),
        terms: BetTerms::new(Stake::from_e6(min), max, Stake::from_e6(step), Rate::from_e8(fee), Stake::from_e6(cost))
            .expect("terms"),
    })
}
/// Two legs whose odds leave a margin more often than not.
fn two_legs() -> impl Strategy<Value = (BetLeg, BetLeg)> {
    (a_leg(true), a_leg(false), 100..130u128, any::<bool>()).prop_map(|(a, mut b, above, near)| {
        // The odds that would leave nothing, and up to 30 % more, to as many decimals as odds have.
        let (gets, puts) = a.odds.ratio();
        let fair = u128::from(gets) * above * u128::from(domain::bets::ODDS_E12) / (u128::from(gets - puts) * 100);
        if near && let Some(odds) = u64::try_from(fair).ok().and_then(Odds::from_decimal_e12) {
            b.odds = odds;
        }
        (a, b)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// The stated margin is what the worse outcome leaves at least; stakes are on both grids and within every bound; the outcomes
    /// differ by no more than what a step is worth.
    #[test]
    fn the_worst_outcome_is_never_under_the_stated_margin((a, b) in two_legs(), budget in 1_000_000u64..3_000_000_000) {
        let round = split(&a, &b, Stake::from_e6(budget));
        prop_assert_ne!(round, Err(NoRound::Overflow));
        let Ok(round) = round else { return Ok(()) };
        let stakes = round.stakes.map(Stake::e6);
        prop_assert!(fits(&a, stakes[0]) && fits(&b, stakes[1]));
        let spent = stakes[0] + stakes[1] + a.terms.cost.e6() + b.terms.cost.e6();
        prop_assert_eq!(round.spent.e6(), spent);
        prop_assert!(spent <= budget);
        for (leg, (stake, payout)) in [&a, &b].into_iter().zip(stakes.into_iter().zip(round.payouts)) {
            // Counted against us, by less than the two base units that two roundings can be.
            let exact = exact_payout(leg, stake);
            let counted = U512::from(payout.e6()) * exact.under;
            prop_assert!(counted <= exact.over && exact.over < counted + U512::from(2) * exact.under);
            // payout >= spent * (1 + m_net)
            let stated = u128::from(spent) * u128::try_from(100_000_000 + round.m_net.e8()).expect("above zero");
            prop_assert!(u128::from(payout.e6()) * 100_000_000 >= stated);
            prop_assert!(i128::from(payout.e6()) - i128::from(spent) >= i128::from(round.worst.e8() / 100));
        }
        prop_assert!(round.m_net >= Rate::ZERO && round.worst > Usd::ZERO);
        prop_assert!(round.m_net <= round.m_net_exact);
    }

    /// No pair of stakes in the neighbourhood earns more in its worse outcome than ours by more than a step; where both steps are finer
    /// than that, by more than the three base units that counting against us can hide.
    #[test]
    fn the_rounded_stakes_are_within_one_step_of_the_exact_optimum((a, b) in two_legs(), budget in 1_000_000u64..3_000_000_000) {
        let legs = [&a, &b];
        let Ok(round) = split(&a, &b, Stake::from_e6(budget)) else { return Ok(()) };
        let costs = a.terms.cost.e6() + b.terms.cost.e6();
        let step = a.terms.step.max(b.terms.step).e6().max(3);
        let lift = 10_000_000_000;
        let ours = exact_worst(legs, round.stakes.map(Stake::e6), lift).expect("lifted above zero");
        let allowed = Big { over: ours.over + U512::from(step) * ours.under, under: ours.under };
        for (at, own, other) in [(0, &a, &b), (1, &b, &a)] {
            let (own_step, other_step) = (own.terms.step.e6(), other.terms.step.e6());
            for steps in 0..9u64 {
                let Some(stake) = (round.stakes[at].e6() + 4 * own_step).checked_sub(steps * own_step) else { continue };
                if !fits(own, stake) { continue }
                // The other side's stake that pays as much, by big fractions.
                let (pays, unit) = (exact_payout(own, stake), exact_payout(other, 1));
                let even = u64::try_from((pays.over * unit.under) / (pays.under * unit.over)).expect("fits") / other_step * other_step;
                for more in 0..7u64 {
                    let Some(follows) = (even + 3 * other_step).checked_sub(more * other_step) else { continue };
                    if !fits(other, follows) || stake + follows + costs > budget { continue }
                    let stakes = if at == 0 { [stake, follows] } else { [follows, stake] };
                    if let Some(theirs) = exact_worst(legs, stakes, lift) {
                        prop_assert!(!allowed.less(theirs), "{:?} beats {:?}", stakes, round.stakes);
                    }
                }
            }
        }
    }

    /// The exact margin in big fractions: rounded down, by less than one unit of the last place.
    #[test]
    fn the_margin_is_the_exact_one_rounded_down((a, b) in two_legs()) {
        let stated = m_net(&a, &b).expect("digits that venues have");
        let (one, two) = (exact_payout(&a, 1), exact_payout(&b, 1));
        // 1 / (1/eA + 1/eB) = eA * eB / (eA + eB)
        let (over, under) = (one.over * two.over, one.over * two.under + two.over * one.under);
        let scale = U512::from(100_000_000u64);
        let lifted = U512::from(u64::try_from(stated.e8() + 100_000_000).expect("above zero"));
        prop_assert!(lifted * under <= over * scale);
        prop_assert!(over * scale < (lifted + U512::from(1)) * under);
    }

    /// Better odds never make the margin worse, with costs or without.
    #[test]
    fn better_odds_are_never_worse((a, b) in two_legs(), budget in 1_000_000u64..3_000_000_000, more in 1u128..1_000_000) {
        let (gets, puts) = a.odds.ratio();
        let Some(odds) = Odds::from_ratio(u128::from(gets) * 1_000_000 + u128::from(gets) * more, u128::from(puts) * 1_000_000) else { return Ok(()) };
        let better = BetLeg { odds, ..a };
        let (Some(was), Some(is)) = (m_net(&a, &b), m_net(&better, &b)) else { return Ok(()) };
        prop_assert!(is >= was);
        let budget = Stake::from_e6(budget);
        if let (Ok(was), Ok(is)) = (split(&a, &b, budget), split(&better, &b, budget)) {
            prop_assert!(is.m_net_exact >= was.m_net_exact);
        }
    }

    /// Whichever leg is named first, the round earns the same for the same money.
    #[test]
    fn the_order_of_the_legs_does_not_matter((a, b) in two_legs(), budget in 1_000_000u64..3_000_000_000) {
        prop_assert_eq!(m_net(&a, &b), m_net(&b, &a));
        let budget = Stake::from_e6(budget);
        match (split(&a, &b, budget), split(&b, &a, budget)) {
            (Ok(one), Ok(two)) => {
                prop_assert_eq!((one.worst, one.spent, one.m_net, one.m_net_exact), (two.worst, two.spent, two.m_net, two.m_net_exact));
            }
            (Err(NoRound::AboveSize { .. } | NoRound::BelowMinimum { .. }), Err(NoRound::AboveSize { .. } | NoRound::BelowMinimum { .. })) => {}
            (one, two) => prop_assert_eq!(one.err(), two.err()),
        }
    }
}
