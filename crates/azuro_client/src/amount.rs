//! Odds at 1e-12 and token amounts in raw units, from decimal texts and back: integers from end to end.
//!
//! Source: spec section 9. A binary float turns 4.35 into 4349999999999, so no number of the venue ever becomes one.

use domain::{Odds, Stake};
use signing::eip712::U256;

/// The digits after the point that odds have on chain.
pub const ODDS_DECIMALS: u32 = 12;
/// `minOdds` of one: it accepts any price, so it is never signed.
pub const ODDS_ONE: u64 = domain::bets::ODDS_E12;
/// Stakes keep to two digits after the point (spec 7.2): this many units of 1e-6.
pub const STAKE_STEP_E6: u64 = 10_000;

/// The text is no plain decimal that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a plain decimal of at most {digits} digits after the point")]
pub struct NoDecimal {
    /// How many digits were allowed.
    pub digits: u32,
}

/// Reads a plain decimal without sign or exponent into units of `10^-digits`. Zeros behind the last digit are harmless.
///
/// # Errors
/// [`NoDecimal`] for anything else, and for what does not fit 128 bits.
pub fn parse_units(text: &str, digits: u32) -> Result<u128, NoDecimal> {
    read_units(text.as_bytes(), digits, true).ok_or(NoDecimal { digits })
}

/// As [`parse_units`], with further digits cut off: for numbers that the venue has had through a binary float, where less is the
/// safe side.
///
/// # Errors
/// [`NoDecimal`] for what is no plain decimal.
pub fn cut_units(text: &str, digits: u32) -> Result<u128, NoDecimal> {
    read_units(text.as_bytes(), digits, false).ok_or(NoDecimal { digits })
}

/// Odds at 1e-12 with further digits cut off.
///
/// # Errors
/// [`NoDecimal`].
pub fn cut_odds_e12(text: &str) -> Result<u64, NoDecimal> {
    let value = cut_units(text, ODDS_DECIMALS)?;
    u64::try_from(value).map_err(|_| NoDecimal { digits: ODDS_DECIMALS })
}

fn read_units(text: &[u8], digits: u32, exact: bool) -> Option<u128> {
    let (mut value, mut left, mut point, mut any) = (0u128, digits, false, false);
    for byte in text {
        match byte {
            b'.' if !point && any => point = true,
            b'0'..=b'9' => {
                any = true;
                if point && left == 0 {
                    if exact && *byte != b'0' {
                        return None;
                    }
                    continue;
                }
                if point {
                    left -= 1;
                }
                value = value.checked_mul(10)?.checked_add(u128::from(byte - b'0'))?;
            }
            _ => return None,
        }
    }
    if !any || text.ends_with(b".") {
        return None;
    }
    value.checked_mul(10u128.checked_pow(left)?)
}

/// Odds from the venue's decimal text, at 1e-12, exactly.
///
/// # Errors
/// [`NoDecimal`].
pub fn parse_odds_e12(text: &str) -> Result<u64, NoDecimal> {
    let value = parse_units(text, ODDS_DECIMALS)?;
    u64::try_from(value).map_err(|_| NoDecimal { digits: ODDS_DECIMALS })
}

/// Odds at 1e-12 as the shortest decimal text.
pub fn odds_text(e12: u64) -> String {
    units_text(u128::from(e12), ODDS_DECIMALS)
}

/// Units of `10^-digits` as the shortest decimal text.
pub fn units_text(units: u128, digits: u32) -> String {
    let one = 10u128.checked_pow(digits).unwrap_or(u128::MAX);
    let (whole, rest) = (units / one, units % one);
    if rest == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{rest:0width$}", width = usize::try_from(digits).unwrap_or_default());
    text.trim_end_matches('0').to_owned()
}

/// The smallest `minOdds` that accepts nothing worse than `odds`: exact where they are decimal, else the next unit of 1e-12
/// above. `None` beyond 18 million. The venue's own helper cuts a price with one digit after the point to its whole part
/// and then signs "any price" for 1.5 (spec section 0, point 7); here no digit is ever dropped.
pub fn min_odds(odds: Odds) -> Option<u64> {
    let (gets, stake) = odds.ratio();
    u64::try_from((u128::from(gets) * u128::from(ODDS_ONE)).div_ceil(u128::from(stake))).ok()
}

/// What `amount` raw units pay at odds of 1e-12 when they win, rounded down as the contract does. `None` beyond 128 bits.
pub fn payout(amount: u128, odds_e12: u64) -> Option<u128> {
    let whole = U256::from(amount) * U256::from(odds_e12) / U256::from(ODDS_ONE);
    u128::try_from(whole).ok()
}

/// A stake in raw units of a token of six digits, if it keeps to the two digits after the point that the venue takes.
pub fn stake_units(stake: Stake) -> Option<u128> {
    (!stake.is_zero() && stake.e6().is_multiple_of(STAKE_STEP_E6)).then_some(u128::from(stake.e6()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decimals_are_read_exactly_or_not_at_all() {
        let check = |text: &str, digits: u32, expect: Option<u128>| assert_eq!(parse_units(text, digits).ok(), expect, "{text}");
        check("1", 12, Some(1_000_000_000_000));
        check("4.35", 12, Some(4_350_000_000_000));
        check("1.835601489481", 12, Some(1_835_601_489_481));
        check("1.8356014894810", 12, Some(1_835_601_489_481));
        check("1.8356014894811", 12, None);
        check("825", 6, Some(825_000_000));
        check("0.5", 6, Some(500_000));
        check("0", 6, Some(0));
        check("-1", 6, None);
        check("+1", 6, None);
        check("1e3", 6, None);
        check("1.", 6, None);
        check(".5", 6, None);
        check("1.2.3", 6, None);
        check("", 6, None);
        check("NaN", 6, None);
        check("1,5", 6, None);
        check(&"9".repeat(60), 6, None);
        assert_eq!(cut_odds_e12("1.8500000000000003"), Ok(1_850_000_000_000));
        assert_eq!(cut_units("10.0000019", 6), Ok(10_000_001));
        assert!(cut_units("1e3", 6).is_err());
        assert_eq!(parse_odds_e12("18446745"), Err(NoDecimal { digits: 12 }));
    }

    /// The venue's own helper makes 1.000000000000 of each of these and so accepts any price.
    #[test]
    fn min_odds_of_a_price_with_one_decimal_keeps_its_fraction() {
        let check = |text: &str, expect: u64| {
            let odds = Odds::from_decimal_e12(parse_odds_e12(text).expect("a price")).expect("above one");
            assert_eq!(min_odds(odds), Some(expect), "{text}");
        };
        check("1.5", 1_500_000_000_000);
        check("1.8", 1_800_000_000_000);
        check("1.1", 1_100_000_000_000);
        check("4.2", 4_200_000_000_000);
        check("2", 2_000_000_000_000);
        check("1.85", 1_850_000_000_000);
        check("1.857", 1_857_000_000_000);
        check("1.000000000001", 1_000_000_000_001);
    }

    #[test]
    fn stakes_keep_to_two_digits_after_the_point() {
        let check = |e6: u64, expect: Option<u128>| assert_eq!(stake_units(Stake::from_e6(e6)), expect);
        check(10_000_000, Some(10_000_000));
        check(10_010_000, Some(10_010_000));
        check(10_001_000, None);
        check(1, None);
        check(0, None);
    }

    proptest! {
        #[test]
        fn min_odds_never_accept_worse_and_lie_within_one_unit(gets in 2u64.., stake in 1u64..) {
            let Some(odds) = Odds::from_ratio(u128::from(gets), u128::from(stake)) else { return Ok(()) };
            let Some(min) = min_odds(odds) else { return Ok(()) };
            let (gets, stake) = odds.ratio();
            let cross = |e12: u64| u128::from(e12) * u128::from(stake);
            let exact = u128::from(gets) * u128::from(ODDS_ONE);
            prop_assert!(cross(min) >= exact);
            prop_assert!(cross(min - 1) < exact);
            prop_assert!(min > ODDS_ONE);
        }
        #[test]
        fn odds_texts_read_back(e12: u64, digits in 0u32..19) {
            prop_assert_eq!(parse_odds_e12(&odds_text(e12)), Ok(e12));
            prop_assert_eq!(parse_units(&units_text(u128::from(e12), digits), digits), Ok(u128::from(e12)));
        }
        #[test]
        fn no_text_panics(text in ".{0,40}", digits in 0u32..30) {
            let _ = parse_units(&text, digits);
        }
        #[test]
        fn a_payout_never_exceeds_the_exact_product(amount in 0u128..u128::from(u64::MAX), odds: u64) {
            let paid = payout(amount, odds).expect("fits");
            prop_assert!(U256::from(paid) * U256::from(ODDS_ONE) <= U256::from(amount) * U256::from(odds));
        }
    }
}
