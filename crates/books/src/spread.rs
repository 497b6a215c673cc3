//! The spread between two venues, both directions, top of book and executable.
//!
//! For (long venue L, short venue S) the entry spread is (S.bid - L.ask) / L.ask and the exit spread is
//! (S.ask - L.bid) / L.bid; executable means the same with the average prices for a size instead of the best ones.
//! Prices only: costs are the business of [`crate::Edge`]. A strategy keeps one [`Quote`] per book, renews the one
//! whose book moved and puts the two together with [`both`]. Where the two books are quoted in different currencies
//! both are brought to dollars for that, and nowhere else: what a quote holds stays in its book's own currency.

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
    /// What one unit of the currency that all of this is in is worth in dollars.
    pub usd: Price,
}

/// A dollar in dollars.
pub const DOLLAR: Price = match Price::from_e8(SCALE) {
    Some(price) => price,
    None => unreachable!(),
};

/// A currency worth more than this in dollars (about eleven thousand) is a mistake: it keeps products within `i128`.
const USD_MAX: i64 = 1 << 40;

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
            usd: DOLLAR,
        }
    }
    /// The same, quoted in a currency of which one unit is worth `usd` dollars.
    #[inline]
    pub const fn worth(self, usd: Price) -> Self {
        Self { usd, ..self }
    }
    /// A book that may not trade: offers nothing.
    pub const fn nothing(size: Size) -> Self {
        Self { size, bid: None, ask: None, buy: None, sell: None, usd: DOLLAR }
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

/// A cost at 1e-16 of a currency in dollars, up for a buyer and down for a seller. `None` beyond [`COST_MAX`], beyond
/// [`USD_MAX`] and where nothing is left.
fn dollars(cost: i128, side: Side, usd: Price) -> Option<i128> {
    if usd.e8() > USD_MAX {
        return None;
    }
    // At most 2^86 times 2^40, and a little.
    let product = cost.wrapping_mul(i128::from(usd.e8()));
    let scale = i128::from(SCALE);
    let up = if side == Side::Buy { scale.wrapping_sub(1) } else { 0 };
    let cost = product.wrapping_add(up).checked_div(scale)?;
    (1..=COST_MAX).contains(&cost).then_some(cost)
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
    /// What the long leg costs and the short leg brings at entry, in dollars at 1e-16. `None` if a book cannot fill it or
    /// the quotes are for different sizes.
    #[inline]
    pub(crate) fn entry_costs(&self) -> Option<(i128, i128)> {
        self.pair(self.long.buy, self.short.sell)
    }
    #[inline]
    fn pair(&self, long: Option<Vwap>, short: Option<Vwap>) -> Option<(i128, i128)> {
        match (long, short) {
            (Some(long), Some(short)) if self.long.size == self.short.size => {
                if self.in_dollars() {
                    Some((long.cost, short.cost))
                } else {
                    self.costs_in_dollars(long, short)
                }
            }
            _ => None,
        }
    }
    /// Nearly always: then nothing has to be multiplied.
    #[inline]
    fn in_dollars(&self) -> bool {
        self.long.usd == DOLLAR && self.short.usd == DOLLAR
    }
    /// Rounded against us: what is bought costs more, what is sold brings less.
    #[cold]
    fn costs_in_dollars(&self, long: Vwap, short: Vwap) -> Option<(i128, i128)> {
        Some((dollars(long.cost, long.side, self.long.usd)?, dollars(short.cost, short.side, self.short.usd)?))
    }
    /// The best prices, exact, both on one scale and each at most [`COST_MAX`].
    #[inline]
    fn tops(&self, long: Option<Price>, short: Option<Price>) -> Option<(i128, i128)> {
        let (long, short) = (i128::from(long?.e8()), i128::from(short?.e8()));
        if self.in_dollars() {
            return Some((long, short));
        }
        // At most 2^63 times 2^40.
        let worth = |price: i128, usd: Price| {
            let v = price.wrapping_mul(i128::from(usd.e8()));
            (usd.e8() <= USD_MAX && v <= COST_MAX).then_some(v)
        };
        Some((worth(long, self.long.usd)?, worth(short, self.short.usd)?))
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
        self.tops(self.long.ask, self.short.bid).map(|(ask, bid)| EntrySpread(Ratio::between(ask, bid)))
    }
    /// Exit spread at the best prices, whatever their size.
    #[inline]
    pub fn exit_top(&self) -> Option<ExitSpread> {
        self.tops(self.long.bid, self.short.ask).map(|(bid, ask)| ExitSpread(Ratio::between(bid, ask)))
    }
    /// Entry spread at the best prices as the venues show them, whatever their currencies are worth.
    pub(crate) fn entry_shown(&self) -> Option<EntrySpread> {
        let (ask, bid) = (self.long.ask?, self.short.bid?);
        Some(EntrySpread(Ratio::between(i128::from(ask.e8()), i128::from(bid.e8()))))
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
