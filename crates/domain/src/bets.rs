//! The words of the betting venues: odds, stakes, markets, lines, outcomes, quotes, and how a bet stands.
//!
//! Odds are not prices and stakes are not sizes. Odds are exact fractions, because one venue states implied
//! probabilities and the other decimal odds, and neither survives a conversion into the other's digits.

use crate::{OrderId, TimeInForce, Usd, VenueId, Wall};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// One whole probability in the units of SX Bet: implied probabilities are counted in 1e-20.
pub const PROBABILITY_E20: u128 = 100_000_000_000_000_000_000;
/// One whole in the units of Azuro's decimal odds: 1e-12.
pub const ODDS_E12: u64 = 1_000_000_000_000;

/// Decimal odds as an exact fraction in lowest terms: what a winning unit of stake returns, the stake included.
/// Always above one. Ordered by that return: larger is better for who bets.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Odds {
    /// Returned for `stake`.
    gets: u64,
    stake: u64,
}

impl Odds {
    /// From a fraction above one. `None` when it is not, or when its lowest terms do not fit 64 bits.
    pub fn from_ratio(gets: u128, stake: u128) -> Option<Self> {
        if stake == 0 || gets <= stake {
            return None;
        }
        let common = gcd(gets, stake);
        let lowest = |value: u128| value.checked_div(common).and_then(|v| u64::try_from(v).ok());
        Some(Self { gets: lowest(gets)?, stake: lowest(stake)? })
    }
    /// From an implied probability at 1e-20 (SX Bet): exactly `1e20 / p`. `None` for zero, for certainty, and for
    /// probabilities so fine that no ladder has them (steps below about 1e-19).
    pub fn from_probability_e20(p: u128) -> Option<Self> {
        Self::from_ratio(PROBABILITY_E20, p)
    }
    /// From decimal odds at 1e-12 (Azuro). `None` unless above one.
    pub fn from_decimal_e12(odds: u64) -> Option<Self> {
        Self::from_ratio(u128::from(odds), u128::from(ODDS_E12))
    }
    /// The fraction: return, stake.
    pub const fn ratio(self) -> (u64, u64) {
        (self.gets, self.stake)
    }
    /// Implied probability at 1e-20, rounded up: never promises better odds than these.
    pub fn probability_e20_up(self) -> u128 {
        let whole = u128::from(self.stake).checked_mul(PROBABILITY_E20);
        match whole {
            Some(product) => product.div_ceil(u128::from(self.gets)),
            // A stake of more than 3.4e18 units: divide first, by parts.
            None => {
                let (stake, gets) = (u128::from(self.stake), u128::from(self.gets));
                let half = PROBABILITY_E20.isqrt();
                let first = stake.saturating_mul(half);
                let (quotient, rest) = (first.checked_div(gets).unwrap_or(0), first.checked_rem(gets).unwrap_or(0));
                quotient.saturating_mul(half).saturating_add(rest.saturating_mul(half).div_ceil(gets))
            }
        }
    }
    /// Decimal odds at 1e-12, rounded down. `None` above 18 million.
    pub fn decimal_e12_down(self) -> Option<u64> {
        let whole = u128::from(self.gets).checked_mul(u128::from(ODDS_E12))?;
        u64::try_from(whole.checked_div(u128::from(self.stake))?).ok()
    }
}
impl Ord for Odds {
    fn cmp(&self, other: &Self) -> Ordering {
        let cross = |gets: u64, stake: u64| u128::from(gets).saturating_mul(u128::from(stake));
        cross(self.gets, other.stake).cmp(&cross(other.gets, self.stake))
    }
}
impl PartialOrd for Odds {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
/// To four decimals, rounded down; the exact fraction is what is stored and sent.
impl fmt::Display for Odds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let e4 = u128::from(self.gets).saturating_mul(10_000).checked_div(u128::from(self.stake)).unwrap_or(0);
        f.pad(&format!("{}.{:04}", e4.div_euclid(10_000), e4.rem_euclid(10_000)))
    }
}
impl fmt::Debug for Odds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.gets, self.stake)
    }
}
impl From<Odds> for String {
    fn from(odds: Odds) -> Self {
        format!("{}/{}", odds.gets, odds.stake)
    }
}
impl TryFrom<String> for Odds {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let read = || {
            let (gets, stake) = text.split_once('/')?;
            Self::from_ratio(gets.parse().ok()?, stake.parse().ok()?)
        };
        read().ok_or_else(|| format!("{text:?} are no odds: a fraction above one, as in 800/379"))
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    a
}

/// Money put on an outcome, in 1e-6 of a dollar token: the base unit of the tokens of both venues, so that every value
/// can be placed as it stands. Never negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stake(u64);

impl Stake {
    /// From base units of 1e-6.
    pub const fn from_e6(units: u64) -> Self {
        Self(units)
    }
    /// Base units of 1e-6.
    pub const fn e6(self) -> u64 {
        self.0
    }
    /// No stake.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
    /// The sum; saturates.
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
    /// What is left, nothing if `other` is larger.
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
    /// What this stake returns when it wins at `odds`, itself included, rounded down to a base unit.
    pub fn returns(self, odds: Odds) -> Self {
        let (gets, stake) = odds.ratio();
        let whole = u128::from(self.0).saturating_mul(u128::from(gets)).checked_div(u128::from(stake)).unwrap_or(0);
        Self(u64::try_from(whole).unwrap_or(u64::MAX))
    }
    /// In dollars; `None` beyond 92 billion.
    pub fn usd(self) -> Option<Usd> {
        i64::try_from(self.0).ok()?.checked_mul(100).map(Usd::from_e8)
    }
    /// From dollars, rounded down to a base unit; `None` below zero.
    pub fn from_usd_down(usd: Usd) -> Option<Self> {
        u64::try_from(usd.e8().div_euclid(100)).ok().map(Self)
    }
}
impl fmt::Display for Stake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{:06}", self.0.div_euclid(1_000_000), self.0.rem_euclid(1_000_000)))
    }
}
impl fmt::Debug for Stake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A venue's own id of a market, 256 bits: SX Bet's market hash, or Azuro's condition id as a number. Written as `0x` and
/// 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MarketId(pub [u8; 32]);

impl fmt::Display for MarketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
impl fmt::Debug for MarketId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl From<MarketId> for String {
    fn from(id: MarketId) -> Self {
        id.to_string()
    }
}
impl TryFrom<String> for MarketId {
    type Error = NoMarketId;
    fn try_from(text: String) -> Result<Self, NoMarketId> {
        text.parse()
    }
}
impl FromStr for MarketId {
    type Err = NoMarketId;
    fn from_str(text: &str) -> Result<Self, NoMarketId> {
        let digits = text.strip_prefix("0x").ok_or(NoMarketId)?.as_bytes();
        let mut id = [0u8; 32];
        if digits.len() != 64 {
            return Err(NoMarketId);
        }
        for (byte, pair) in id.iter_mut().zip(digits.chunks_exact(2)) {
            for digit in pair {
                let value = char::from(*digit).to_digit(16).and_then(|v| u8::try_from(v).ok()).ok_or(NoMarketId)?;
                *byte = byte.wrapping_shl(4) | value;
            }
        }
        Ok(Self(id))
    }
}

/// The text is not 0x and 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a market id is 0x and 64 hexadecimal digits")]
pub struct NoMarketId;

/// The number a handicap or a total is about, in hundredths: `-2.5` is -250.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Line(pub i32);

/// What a line can end in besides won and lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A whole number: can push, and the stake comes back.
    Whole,
    /// A half: always won or lost.
    Half,
    /// A quarter: settles as two halves.
    Quarter,
    /// Nothing a venue of ours offers.
    Odd,
}

impl Line {
    /// Reads a plain decimal with at most two decimals after its trailing zeros.
    pub fn parse(text: &str) -> Option<Self> {
        let e8 = crate::parse_e8(text.as_bytes()).ok()?;
        if e8.checked_rem(1_000_000)? != 0 {
            return None;
        }
        i32::try_from(e8.checked_div(1_000_000)?).ok().map(Self)
    }
    /// How it can end.
    pub const fn kind(self) -> LineKind {
        match self.0.rem_euclid(100) {
            0 => LineKind::Whole,
            50 => LineKind::Half,
            25 | 75 => LineKind::Quarter,
            _ => LineKind::Odd,
        }
    }
    /// The same line seen from the other side of a handicap.
    pub const fn mirrored(self) -> Self {
        Self(self.0.saturating_neg())
    }
}
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        crate::write_e8(i64::from(self.0).saturating_mul(1_000_000), 0, &mut text);
        f.pad(&text)
    }
}

/// One outcome of a market, by the venue's own number: SX Bet 1 and 2, Azuro its outcome ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Outcome(pub u64);

impl Outcome {
    /// The first outcome of a market with two.
    pub const ONE: Self = Self(1);
    /// The second.
    pub const TWO: Self = Self(2);
}

/// What can be had on one outcome now: the best odds, and the stake they are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Where.
    pub venue: VenueId,
    /// Which market.
    pub market: MarketId,
    /// Its line, where it has one.
    pub line: Option<Line>,
    /// Which outcome is bet.
    pub outcome: Outcome,
    /// For whom bets now.
    pub odds: Odds,
    /// The stake that these odds take.
    pub size: Stake,
}

/// One bet as we want it, before any venue has put it into its own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BetSpec {
    /// Ours, derived.
    pub id: OrderId,
    /// Where.
    pub venue: VenueId,
    /// Which market.
    pub market: MarketId,
    /// Which outcome is bet.
    pub outcome: Outcome,
    /// What is risked.
    pub stake: Stake,
    /// Never at worse odds than these.
    pub odds_min: Odds,
    /// How long it lives.
    pub tif: TimeInForce,
    /// After this it can no longer be taken.
    pub expires: Wall,
}

/// How a bet stands. Venues' words become these in one table per venue crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BetStatus {
    /// Prepared, on its way, or its fate unknown.
    Pending,
    /// The venue's engine has decided and taken some or all of the stake; not yet irreversible.
    Matched,
    /// Over with less than the stake taken.
    Partial,
    /// Irreversibly taken in full.
    Accepted,
    /// Over with nothing taken.
    Refused,
    /// Won or lost and paid.
    Settled,
    /// Called off; the stake came back.
    Void,
}

impl BetStatus {
    /// Whether nothing more can happen to the bet.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Refused | Self::Settled | Self::Void)
    }
    /// The word for logs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Matched => "matched",
            Self::Partial => "partial",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Settled => "settled",
            Self::Void => "void",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn odds_of_both_venues_are_one_exact_fraction() {
        let p = |text: &str| Odds::from_probability_e20(text.parse().expect("digits"));
        let check = |odds: Option<Odds>, expect: Option<(u64, u64)>| assert_eq!(odds.map(Odds::ratio), expect);
        check(p("50000000000000000000"), Some((2, 1)));
        check(p("47500000000000000000"), Some((40, 19)));
        check(p("125000000000000000"), Some((800, 1)));
        check(p("99900000000000000000"), Some((1000, 999)));
        check(p("0"), None);
        check(p("100000000000000000000"), None);
        check(p("33333333333333333333"), None);
        check(Odds::from_decimal_e12(1_900_000_000_000), Some((19, 10)));
        check(Odds::from_decimal_e12(ODDS_E12), None);
        check(Odds::from_decimal_e12(0), None);
        assert_eq!(p("50000000000000000000"), Odds::from_decimal_e12(2_000_000_000_000));
    }

    #[test]
    fn a_winning_stake_returns_what_a_captured_fill_returned() {
        let odds = Odds::from_probability_e20(40_000_000_000_000_000_000).expect("odds");
        assert_eq!(Stake::from_e6(333_334).returns(odds), Stake::from_e6(833_335));
        assert_eq!(Stake::from_e6(333_334).usd(), Some(Usd::from_e8(33_333_400)));
        assert_eq!(Stake::from_usd_down(Usd::from_e8(33_333_499)), Some(Stake::from_e6(333_334)));
        assert_eq!(Stake::from_usd_down(Usd::from_e8(-1)), None);
    }

    #[test]
    fn a_line_knows_how_it_can_end() {
        let check = |text: &str, expect: Option<(i32, LineKind)>| {
            assert_eq!(Line::parse(text).map(|line| (line.0, line.kind())), expect, "{text}");
        };
        check("-2.5", Some((-250, LineKind::Half)));
        check("7", Some((700, LineKind::Whole)));
        check("-1.25", Some((-125, LineKind::Quarter)));
        check("0.75", Some((75, LineKind::Quarter)));
        check("2.1", Some((210, LineKind::Odd)));
        check("2.125", None);
        check("x", None);
        assert_eq!(Line(-250).to_string(), "-2.5");
        assert_eq!(Line(-250).mirrored(), Line(250));
    }

    #[test]
    fn texts_that_are_no_market_id_or_no_odds_are_refused() {
        for text in ["", "0x", "12", "0x12", &format!("0x{}", "g".repeat(64)), &format!("0x{}", "0".repeat(65))] {
            assert_eq!(text.parse::<MarketId>(), Err(NoMarketId), "{text}");
        }
        for text in ["", "1/1", "1/2", "5/0", "-5/2", "2.5", "99999999999999999999999999999999999999999/1"] {
            assert!(Odds::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn odds_and_ids_read_back(gets: u64, stake in 1u64.., bytes: [u8; 32]) {
            let id = MarketId(bytes);
            prop_assert_eq!(id.to_string().parse::<MarketId>(), Ok(id));
            if let Some(odds) = Odds::from_ratio(u128::from(gets), u128::from(stake)) {
                prop_assert_eq!(Odds::try_from(String::from(odds)), Ok(odds));
            }
        }
        #[test]
        fn a_rung_of_the_ladder_converts_there_and_back(step in 1u128..800) {
            let p = step.saturating_mul(125_000_000_000_000_000);
            let odds = Odds::from_probability_e20(p).expect("on the ladder");
            prop_assert_eq!(odds.probability_e20_up(), p);
        }
        #[test]
        fn decimal_odds_convert_there_and_back(odds in 1_000_000_000_001u64..) {
            prop_assert_eq!(Odds::from_decimal_e12(odds).and_then(Odds::decimal_e12_down), Some(odds));
        }
        #[test]
        fn larger_odds_never_return_less(a in 1_000_000_000_001u64..10_000_000_000_000, b in 1_000_000_000_001u64..10_000_000_000_000, stake in 0u64..1_000_000_000_000) {
            let (a, b) = (Odds::from_decimal_e12(a).expect("odds"), Odds::from_decimal_e12(b).expect("odds"));
            if a <= b { prop_assert!(Stake::from_e6(stake).returns(a) <= Stake::from_e6(stake).returns(b)); }
            prop_assert!(a.probability_e20_up() <= PROBABILITY_E20);
        }
        #[test]
        fn a_probability_is_never_rounded_below_the_odds(gets in 2u64.., stake in 1u64..) {
            if let Some(odds) = Odds::from_ratio(u128::from(gets), u128::from(stake)) {
                let up = odds.probability_e20_up();
                prop_assert!((1..=PROBABILITY_E20).contains(&up));
            }
        }
    }
}
