//! The venue's odds in integers: implied probabilities at 1e-20, the ladder they stand on, and both sides of a level.
//!
//! Source: spec section 4. Everything rounds against who bets: limits down to a rung, stakes and returns down to a base unit.

use domain::Odds;
use domain::bets::PROBABILITY_E20;

/// One unit of `oddsLadderStepSize` (1e-5 of probability) at 1e-20.
const STEP_UNIT: u128 = 1_000_000_000_000_000;
/// The two rungs beside the regular ones: 0.1 % and 99.9 %.
const EXTRA: [u128; 2] = [PROBABILITY_E20 / 1_000, PROBABILITY_E20 / 1_000 * 999];

/// The probabilities that an order may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ladder {
    step: u32,
}

impl Ladder {
    /// With the step of `/metadata/obv3`, in 1e-5 of probability. `None` for zero and for steps of a half or more.
    pub const fn new(step: u32) -> Option<Self> {
        if step > 0 && step < 50_000 { Some(Self { step }) } else { None }
    }
    /// Whether the venue takes this probability.
    pub fn contains(self, p: u128) -> bool {
        let inside = p > 0 && p < PROBABILITY_E20;
        inside && (p.is_multiple_of(STEP_UNIT * u128::from(self.step)) || EXTRA.contains(&p))
    }
    /// The probability to put into an order that must not be filled at worse odds than these: rounded down to a regular rung,
    /// so that the limit is never worse than asked for. `None` when no rung is left.
    pub fn worst(self, odds: Odds) -> Option<u128> {
        let (gets, stake) = odds.ratio();
        let rungs = u128::from(stake) * 100_000 / (u128::from(gets) * u128::from(self.step));
        (rungs > 0).then(|| rungs * u128::from(self.step) * STEP_UNIT)
    }
}

/// What the other side of a level pays: `1e20 - p`. `None` when `p` is no probability.
pub fn taker_probability(maker: u128) -> Option<u128> {
    (maker > 0).then_some(())?;
    PROBABILITY_E20.checked_sub(maker).filter(|p| *p > 0)
}

/// The taker's stake that uses up a level of `size` at the maker's `p`: `size * (1e20 - p) / p`, rounded down, in base units.
/// `None` when it does not fit.
pub fn capacity(size: u64, maker: u128) -> Option<u64> {
    let whole = u128::from(size).checked_mul(taker_probability(maker)?)?;
    u64::try_from(whole / maker).ok()
}

/// What a stake returns at probability `p` when it wins, the stake included: `stake * 1e20 / p`, rounded down.
pub fn gross_return(stake: u64, p: u128) -> Option<u64> {
    let whole = u128::from(stake).checked_mul(PROBABILITY_E20)?;
    u64::try_from(whole.checked_div(p)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn vectors() -> Value {
        serde_json::from_str(include_str!("../testdata/vectors.json")).expect("the vectors")
    }

    #[test]
    fn odds_of_the_vectors_come_out_to_the_unit() {
        let ladder = Ladder::new(125).expect("a ladder");
        let mut seen = 0;
        for entry in vectors()["arithmetic"].as_array().expect("a list") {
            let text = |field: &str| entry[field].as_str().expect("a text");
            let number = |field: &str| text(field).parse::<u128>().expect("a number");
            let small = |field: &str| text(field).parse::<u64>().expect("a number");
            let id = text("id");
            match id.rsplit_once('-').expect("a numbered id").0 {
                "ladder" => assert_eq!(Some(ladder.contains(number("percentageOdds"))), entry["expect"].as_bool(), "{id}"),
                "floor" => {
                    let (gets, stake) = text("decimal").split_once('/').expect("a fraction");
                    let odds = Odds::from_ratio(gets.parse().expect("a number"), stake.parse().expect("a number"));
                    assert_eq!(ladder.worst(odds.expect("odds")), Some(number("expect")), "{id}");
                }
                "taker-odds" => assert_eq!(taker_probability(number("maker")), Some(number("expect")), "{id}"),
                "capacity" => assert_eq!(capacity(small("size"), number("maker")), Some(small("expect")), "{id}"),
                "return" => assert_eq!(gross_return(small("stake"), number("odds")), Some(small("expect")), "{id}"),
                // The text of the dead V2 trades: xtask recomputes it, nothing here reads it.
                "netreturn" => continue,
                other => panic!("a new rule: {other}"),
            }
            seen += 1;
        }
        assert_eq!(seen, 25);
    }

    #[test]
    fn a_limit_asked_for_at_the_odds_of_the_book_is_the_rung_of_the_book() {
        // A client that rounded decimal odds first asked for one rung better in 42.5 % of cases (spec section 4).
        let ladder = Ladder::new(125).expect("a ladder");
        for rung in 1..800u128 {
            let p = rung * 125 * STEP_UNIT;
            assert_eq!(Odds::from_probability_e20(p).and_then(|odds| ladder.worst(odds)), Some(p));
        }
    }

    proptest! {
        #[test]
        fn a_limit_is_on_the_ladder_and_never_worse_than_asked(gets in 2u64.., stake in 1u64.., step in 1u32..50_000) {
            let ladder = Ladder::new(step).expect("a ladder");
            if let Some(odds) = Odds::from_ratio(u128::from(gets), u128::from(stake))
                && let Some(p) = ladder.worst(odds)
            {
                prop_assert!(ladder.contains(p));
                prop_assert!(p <= odds.probability_e20_up());
            }
        }
        #[test]
        fn no_level_makes_the_arithmetic_panic(size: u64, p: u128) {
            if let Some(stake) = capacity(size, p) {
                prop_assert!(taker_probability(p).is_some());
                let _ = gross_return(stake, p);
            }
        }
    }
}
