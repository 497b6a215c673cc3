//! The spread between two venues, both directions, top of book and executable.
//!
//! For (long venue L, short venue S) the entry spread is (S.bid - L.ask) / L.ask and the exit spread is
//! (S.ask - L.bid) / L.bid; executable means the same with the average prices for a size instead of the best ones.
//! Prices only: costs are the business of [`crate::Edge`]. A strategy keeps one [`Quote`] per book, renews the one
//! whose book moved and puts the two together with [`both`].

use crate::depth::{COST_MAX, Depth, Vwap};
use domain::{Price, Rate, SCALE, Side, Size};

/// What one book offers a taker of one size: the best prices and the walks of both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// For which size.
    pub size: Size,
    /// Best bid.
    pub bid: Option<Price>,
    /// Best ask.
    pub ask: Option<Price>,
    /// Buying the size, if the asks can fill it.
    pub buy: Option<Vwap>,
    /// Selling the size, if the bids can fill it.
    pub sell: Option<Vwap>,
}

impl Quote {
    /// Walks both sides of a book for `size`.
    #[inline]
    pub fn of(depth: Depth<'_>, size: Size) -> Self {
        Self {
            size,
            bid: depth.best(Side::Sell).and_then(|l| Price::from_e8(l.price)),
            ask: depth.best(Side::Buy).and_then(|l| Price::from_e8(l.price)),
            buy: depth.vwap(Side::Buy, size),
            sell: depth.vwap(Side::Sell, size),
        }
    }
    /// A book that may not trade: offers nothing.
    pub const fn nothing(size: Size) -> Self {
        Self { size, bid: None, ask: None, buy: None, sell: None }
    }
}

/// A relative difference of two prices, exact: `difference / base` with `base` above zero, both at most [`COST_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ratio {
    difference: i128,
    base: i128,
}

/// Thresholds beyond this (at 1e-8: ten thousand times the price) compare as this, which keeps products within `i128`.
const THRESHOLD_MAX: i64 = 1 << 40;

impl Ratio {
    /// `(to - from) / from`; both are costs of one size or prices.
    #[inline]
    const fn between(from: i128, to: i128) -> Self {
        Self { difference: to.wrapping_sub(from), base: from }
    }
    /// `difference / base - threshold`, times something positive: its sign is what counts. Below 2^127.
    #[inline]
    fn over(self, threshold: Rate) -> i128 {
        let threshold = threshold.e8().clamp(-THRESHOLD_MAX, THRESHOLD_MAX);
        let scaled = self.difference.wrapping_mul(i128::from(SCALE));
        scaled.wrapping_sub(self.base.wrapping_mul(i128::from(threshold)))
    }
    fn down(self) -> Rate {
        let scaled = self.difference.wrapping_mul(i128::from(SCALE));
        to_rate(scaled.checked_div_euclid(self.base).unwrap_or(0))
    }
    fn up(self) -> Rate {
        let scaled = self.difference.wrapping_mul(i128::from(SCALE));
        to_rate(scaled.wrapping_neg().checked_div_euclid(self.base).unwrap_or(0).wrapping_neg())
    }
}

/// Saturates: beyond 92 billion times the price nobody cares.
pub(crate) fn to_rate(e8: i128) -> Rate {
    Rate::from_e8(i64::try_from(e8).unwrap_or(if e8 < 0 { i64::MIN } else { i64::MAX }))
}

/// (S.bid - L.ask) / L.ask: what opening earns before costs. Higher is better, so it is shown rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntrySpread(Ratio);

impl EntrySpread {
    /// Rounded down.
    pub fn rate(self) -> Rate {
        self.0.down()
    }
    /// Whether it is at or over `threshold`, decided exactly; agrees with `rate() >= threshold`.
    #[inline]
    pub fn at_least(self, threshold: Rate) -> bool {
        self.0.over(threshold) >= 0
    }
}

/// (S.ask - L.bid) / L.bid: what closing gives back. Lower is better, so it is shown rounded up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExitSpread(Ratio);

impl ExitSpread {
    /// Rounded up.
    pub fn rate(self) -> Rate {
        self.0.up()
    }
    /// Whether it is at or under `threshold`, decided exactly; agrees with `rate() <= threshold`.
    #[inline]
    pub fn at_most(self, threshold: Rate) -> bool {
        self.0.over(threshold) <= 0
    }
}

/// One direction: long on one venue, short on the other.
#[derive(Clone, Copy, Debug)]
pub struct Cross<'a> {
    /// Where we would be long.
    pub long: &'a Quote,
    /// Where we would be short.
    pub short: &'a Quote,
}

/// Both directions of two venues: long on `a` and short on `b` first, then the other way round.
#[inline]
pub fn both<'a>(a: &'a Quote, b: &'a Quote) -> [Cross<'a>; 2] {
    [Cross { long: a, short: b }, Cross { long: b, short: a }]
}

/// The four spreads of a direction as rates, to show and to journal; `None` where a side is missing or too thin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Spreads {
    /// Entry at the best prices, rounded down.
    pub entry_top: Option<Rate>,
    /// Entry for the size, rounded down.
    pub entry: Option<Rate>,
    /// Exit at the best prices, rounded up.
    pub exit_top: Option<Rate>,
    /// Exit for the size, rounded up.
    pub exit: Option<Rate>,
}

impl Cross<'_> {
    /// What the long leg costs and the short leg brings at entry. `None` if a book cannot fill it or the quotes are
    /// for different sizes.
    #[inline]
    pub(crate) fn entry_costs(&self) -> Option<(i128, i128)> {
        self.pair(self.long.buy, self.short.sell)
    }
    #[inline]
    fn pair(&self, long: Option<Vwap>, short: Option<Vwap>) -> Option<(i128, i128)> {
        match (long, short) {
            (Some(long), Some(short)) if self.long.size == self.short.size => Some((long.cost, short.cost)),
            _ => None,
        }
    }

    /// Entry spread for the size: compare this one with `spread_entry`.
    #[inline]
    pub fn entry(&self) -> Option<EntrySpread> {
        self.entry_costs().map(|(bought, sold)| EntrySpread(Ratio::between(bought, sold)))
    }
    /// Exit spread for the size: compare this one with `spread_exit`.
    #[inline]
    pub fn exit(&self) -> Option<ExitSpread> {
        self.pair(self.long.sell, self.short.buy).map(|(sold, bought)| ExitSpread(Ratio::between(sold, bought)))
    }
    /// Entry spread at the best prices, whatever their size.
    #[inline]
    pub fn entry_top(&self) -> Option<EntrySpread> {
        Some(EntrySpread(Ratio::between(i128::from(self.long.ask?.e8()), i128::from(self.short.bid?.e8()))))
    }
    /// Exit spread at the best prices, whatever their size.
    #[inline]
    pub fn exit_top(&self) -> Option<ExitSpread> {
        Some(ExitSpread(Ratio::between(i128::from(self.long.bid?.e8()), i128::from(self.short.ask?.e8()))))
    }
    /// What the size would be worth at the best prices: bought at the long ask, sold at the short bid, at 1e-16.
    pub(crate) fn entry_top_costs(&self) -> Option<(i128, i128)> {
        let at = |price: Option<Price>| {
            let cost = i128::from(price?.e8()).wrapping_mul(i128::from(self.long.size.e8()));
            (cost <= COST_MAX).then_some(cost)
        };
        Some((at(self.long.ask)?, at(self.short.bid)?))
    }
    /// All four as rates. Divides, so it comes after the decision.
    pub fn spreads(&self) -> Spreads {
        Spreads {
            entry_top: self.entry_top().map(EntrySpread::rate),
            entry: self.entry().map(EntrySpread::rate),
            exit_top: self.exit_top().map(ExitSpread::rate),
            exit: self.exit().map(ExitSpread::rate),
        }
    }
}
