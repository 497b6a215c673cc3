//! Prices, sizes, dollars and rates: integers at 1e-8 in newtypes, products in `i128`.

use crate::decimal::{DecimalError, parse_e8, write_e8};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Units of the last place in one whole: every money type counts 1e-8.
pub const SCALE: i64 = 100_000_000;

/// Which way an order trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Takes asks, adds to a long.
    Buy,
    /// Takes bids, adds to a short.
    Sell,
}

impl Side {
    /// The other side.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
    /// +1 for a buy, -1 for a sell.
    pub const fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }
    /// `long` for a buy, `short` for a sell: the operator's words.
    pub const fn direction(self) -> &'static str {
        match self {
            Self::Buy => "long",
            Self::Sell => "short",
        }
    }
}

macro_rules! shown_as_decimal {
    ($t:ty) => {
        impl fmt::Display for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut s = String::with_capacity(24);
                write_e8(self.0, 0, &mut s);
                f.pad(&s)
            }
        }
        impl fmt::Debug for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

/// Quote currency per unit of base, one unit is 1e-8. Never zero or negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Price(i64);
shown_as_decimal!(Price);

impl TryFrom<i64> for Price {
    type Error = &'static str;
    fn try_from(v: i64) -> Result<Self, Self::Error> {
        Self::from_e8(v).ok_or("a price must be above zero")
    }
}
impl From<Price> for i64 {
    fn from(p: Price) -> Self {
        p.0
    }
}

impl Price {
    /// Rejects zero and negative prices, so nobody downstream has to ask.
    pub const fn from_e8(v: i64) -> Option<Self> {
        if v > 0 { Some(Self(v)) } else { None }
    }
    /// The integer at 1e-8.
    pub const fn e8(self) -> i64 {
        self.0
    }
    /// Reads a plain decimal above zero.
    ///
    /// # Errors
    /// [`DecimalError`]; zero and negative read as `NotDecimal`.
    pub fn parse(text: &[u8]) -> Result<Self, DecimalError> {
        Self::from_e8(parse_e8(text)?).ok_or(DecimalError::NotDecimal)
    }
    /// Onto the grid of `tick` so that a buyer never pays more than `self` and a seller never takes less.
    /// `None` if no price is left on the grid.
    pub fn onto(self, tick: Price, side: Side) -> Option<Self> {
        let down = self.0.checked_div(tick.0)?.checked_mul(tick.0)?;
        match side {
            Side::Buy => Self::from_e8(down),
            Side::Sell if down == self.0 => Some(self),
            Side::Sell => down.checked_add(tick.0).and_then(Self::from_e8),
        }
    }
    /// The price made worse for `side` by `by` (a buyer pays more, a seller takes less): the bound of a leg.
    /// `None` if nothing above zero is left.
    pub fn worse(self, side: Side, by: Rate) -> Option<Self> {
        let delta = i128::from(self.0).checked_mul(i128::from(by.0))?.checked_div(i128::from(SCALE))?;
        let moved = i128::from(self.0).checked_add(delta.checked_mul(i128::from(side.sign()))?)?;
        i64::try_from(moved).ok().and_then(Self::from_e8)
    }
}

/// Amount of base, one unit is 1e-8. Never negative; the side says which way.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Size(i64);
shown_as_decimal!(Size);

impl TryFrom<i64> for Size {
    type Error = &'static str;
    fn try_from(v: i64) -> Result<Self, Self::Error> {
        Self::from_e8(v).ok_or("a size must not be negative")
    }
}
impl From<Size> for i64 {
    fn from(s: Size) -> Self {
        s.0
    }
}

impl Size {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// Rejects negative sizes.
    pub const fn from_e8(v: i64) -> Option<Self> {
        if v >= 0 { Some(Self(v)) } else { None }
    }
    /// The integer at 1e-8.
    pub const fn e8(self) -> i64 {
        self.0
    }
    /// Reads a plain decimal at or above zero.
    ///
    /// # Errors
    /// [`DecimalError`]; a negative one reads as `NotDecimal`.
    pub fn parse(text: &[u8]) -> Result<Self, DecimalError> {
        Self::from_e8(parse_e8(text)?).ok_or(DecimalError::NotDecimal)
    }
    /// True for nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
    /// The difference, nothing when `other` is larger.
    pub const fn minus(self, other: Self) -> Self {
        if self.0 > other.0 { Self(self.0.saturating_sub(other.0)) } else { Self(0) }
    }
    /// The sum; saturates (92 billion units are no size anybody trades).
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
    /// Down to a multiple of `lot`.
    pub fn down_to(self, lot: Size) -> Self {
        match self.0.checked_div(lot.0).and_then(|n| n.checked_mul(lot.0)) {
            Some(v) => Self(v),
            None => self,
        }
    }
    /// `self * price`, to the nearest 1e-8 and half away from zero, as both venues' cost fields do; exact whenever
    /// lot times tick is a multiple of 1e-8. Saturates.
    pub fn cost(self, price: Price) -> Usd {
        let product = i128::from(self.0).saturating_mul(i128::from(price.0));
        let half = i128::from(SCALE / 2);
        let cost = product.saturating_add(half).checked_div(i128::from(SCALE)).unwrap_or(i128::MAX);
        Usd(i64::try_from(cost).unwrap_or(i64::MAX))
    }
}

/// Dollars (USD, USDC), signed, one unit is 1e-8.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Usd(i64);
shown_as_decimal!(Usd);

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// From the integer at 1e-8.
    pub const fn from_e8(v: i64) -> Self {
        Self(v)
    }
    /// The integer at 1e-8.
    pub const fn e8(self) -> i64 {
        self.0
    }
    /// Reads a plain decimal of either sign.
    ///
    /// # Errors
    /// [`DecimalError`].
    pub fn parse(text: &[u8]) -> Result<Self, DecimalError> {
        parse_e8(text).map(Self)
    }
    /// The sum; saturates.
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
    /// The difference; saturates.
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
    /// The other sign.
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }
    /// The share `rate` of it, rounded away from zero: how a fee is estimated, never too low.
    pub fn share_up(self, rate: Rate) -> Self {
        let product = i128::from(self.0).saturating_mul(i128::from(rate.0));
        let scale = i128::from(SCALE);
        let magnitude = product.unsigned_abs().div_ceil(scale.unsigned_abs());
        let v = i64::try_from(magnitude).unwrap_or(i64::MAX);
        Self(if product < 0 { v.saturating_neg() } else { v })
    }
}

/// A fraction (0.01 is one percent), signed, one unit is 1e-8: fees, spreads, edges, bounds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(i64);

impl Rate {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// From the integer at 1e-8 of the fraction.
    pub const fn from_e8(v: i64) -> Self {
        Self(v)
    }
    /// From basis points (1 bp = 0.01 %).
    pub const fn from_bps(bps: i64) -> Self {
        Self(bps.saturating_mul(10_000))
    }
    /// The integer at 1e-8 of the fraction.
    pub const fn e8(self) -> i64 {
        self.0
    }
    /// Reads a plain decimal fraction (`0.00045` is 0.045 %).
    ///
    /// # Errors
    /// [`DecimalError`].
    pub fn parse(text: &[u8]) -> Result<Self, DecimalError> {
        parse_e8(text).map(Self)
    }
    /// Reads a percentage (`0.30` is 0.30 %), at most six decimals.
    ///
    /// # Errors
    /// [`DecimalError`].
    pub fn parse_percent(text: &[u8]) -> Result<Self, DecimalError> {
        let v = parse_e8(text)?;
        if v.checked_rem(100) != Some(0) {
            return Err(DecimalError::TooFine);
        }
        Ok(Self(v.checked_div(100).unwrap_or(0)))
    }
    /// The sum; saturates.
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
    /// The difference; saturates.
    pub const fn minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
    /// The other sign; saturates.
    pub const fn negated(self) -> Self {
        Self(self.0.saturating_neg())
    }
    /// `(to - from) / from`, rounded down (a spread is never shown better than it is). Saturates.
    pub fn between(from: Price, to: Price) -> Self {
        let delta = i128::from(to.0).saturating_sub(i128::from(from.0));
        let scaled = delta.saturating_mul(i128::from(SCALE));
        let q = scaled.checked_div_euclid(i128::from(from.0)).unwrap_or(0);
        Self(i64::try_from(q).unwrap_or(if q < 0 { i64::MIN } else { i64::MAX }))
    }
}

/// As percent with two to six decimals and no sign `%`: `0.41`, `-0.0325`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut s = String::with_capacity(24);
        write_e8(self.0.saturating_mul(100), 2, &mut s);
        f.pad(&s)
    }
}
impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}%")
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, which is what it is for")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn px(t: &str) -> Price {
        Price::parse(t.as_bytes()).expect("a price")
    }

    #[test]
    fn a_bound_goes_onto_the_grid_in_our_favour() {
        fn check(p: &str, tick: &str, side: Side, expect: Option<&str>) {
            assert_eq!(px(p).onto(px(tick), side), expect.map(px));
        }
        check("100.07", "0.1", Side::Buy, Some("100.0"));
        check("100.07", "0.1", Side::Sell, Some("100.1"));
        check("100.1", "0.1", Side::Sell, Some("100.1"));
        check("0.05", "0.1", Side::Buy, None);
    }

    #[test]
    fn percent_reads_and_shows_the_same_words() {
        fn check(text: &str, shown: &str) {
            assert_eq!(Rate::parse_percent(text.as_bytes()).map(|r| r.to_string()), Ok(shown.to_owned()));
        }
        check("0.3", "0.30");
        check("0.05", "0.05");
        check("-0.0325", "-0.0325");
        assert_eq!(Rate::parse_percent(b"0.0000001"), Err(DecimalError::TooFine));
    }

    proptest! {
        #[test]
        fn a_fee_is_never_estimated_too_low(cost in 0i64..1_000_000_000_000_000, rate in 0i64..10_000_000) {
            let fee = Usd::from_e8(cost).share_up(Rate::from_e8(rate));
            let exact = i128::from(cost) * i128::from(rate);
            prop_assert!(i128::from(fee.e8()) * i128::from(SCALE) >= exact);
            prop_assert!((i128::from(fee.e8()) - 1) * i128::from(SCALE) < exact || fee.e8() == 0);
        }
        #[test]
        fn a_worse_price_is_worse(p in 1_000i64..10_000_000_000_000, by in 0i64..50_000_000) {
            let p = Price::from_e8(p).expect("above zero");
            let by = Rate::from_e8(by);
            prop_assert!(p.worse(Side::Buy, by).expect("fits") >= p);
            prop_assert!(p.worse(Side::Sell, by).expect("fits") <= p);
        }
    }
}
