//! One pair: two books, the quotes of the configured size, and what they mean together.

use books::{Book, Costs, Cross, Quote, Rules, Signal, Trigger, both};
use domain::record::{LegPlan, Waterfall};
use domain::{Instrument, InstrumentId, Mono, Pair, Rate, Side, Size, Usd, VenueId};
use engine::Intent;

/// What an operator configures for a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairConfig {
    /// Which pair.
    pub pair: Pair,
    /// The two venues, in the order of the configuration.
    pub venues: [VenueId; 2],
    /// Their instruments.
    pub instruments: [InstrumentId; 2],
    /// How their feeds speak.
    pub rules: [Rules; 2],
    /// How much on each leg, before it is brought onto the common step of both venues.
    pub sizing: Sizing,
    /// Executable entry spread at or over which a round is opened.
    pub spread_entry: Rate,
    /// Executable exit spread at or under which it is closed.
    pub spread_exit: Rate,
    /// Edge net of costs under which nothing is opened.
    pub edge_min: Rate,
    /// Updates in a row that must show an entry or an exit.
    pub confirm_ticks: u32,
    /// Expected funding over the holding time, positive = paid.
    pub funding: Rate,
    /// Kept aside for slippage and surprise.
    pub buffers: Rate,
    /// How far beyond the worst level a leg may fill.
    pub price_bound: Rate,
}

/// How much a leg trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sizing {
    /// So much base.
    Base(Size),
    /// So much quote currency, turned into base at the first price both venues agree about, and kept from then on.
    Notional(Usd),
}

/// Where the pair's round stands, as far as the strategy has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No round: entries are looked for.
    Free,
    /// A round is being opened or closed.
    Busy,
    /// A position is open; the index says which of the two instruments is long.
    Holding(usize),
}

/// A pair with its books.
#[derive(Debug)]
pub(crate) struct PairState {
    pub(crate) config: PairConfig,
    pub(crate) books: [Book; 2],
    quotes: [Quote; 2],
    /// On the common step; zero until both venues have said what their steps are.
    size: Size,
    costs: [Option<Costs>; 2],
    step: Option<Size>,
    lots: [Size; 2],
    ticks: [Option<domain::Price>; 2],
    entries: [Trigger; 2],
    exit: Trigger,
    pub(crate) phase: Phase,
}

/// What an update of a pair means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Nothing,
    Entry {
        first: bool,
        top: Rate,
        edge: Rate,
        intent: Box<Intent>,
    },
    /// The spread is there, the edge is not.
    NoEdge {
        spread: Rate,
        top: Rate,
        edge: Rate,
        long: usize,
    },
    Exit(Rate),
}

impl PairState {
    pub(crate) fn new(config: PairConfig) -> Self {
        let books = [0, 1].map(|i: usize| Book::new(config.instruments[i], config.rules[i]));
        let trigger = Trigger::new(config.confirm_ticks);
        Self {
            books,
            quotes: [Quote::nothing(Size::ZERO); 2],
            size: Size::ZERO,
            costs: [None; 2],
            step: None,
            lots: [Size::ZERO; 2],
            ticks: [None; 2],
            entries: [trigger; 2],
            exit: trigger,
            phase: Phase::Free,
            config,
        }
    }

    /// The venues' own words about grid and fees.
    pub(crate) fn learn(&mut self, instruments: [&Instrument; 2]) {
        let [a, b] = instruments;
        self.lots = [a.lot, b.lot];
        self.ticks = [Some(a.tick), Some(b.tick)];
        self.step = common_step(a.lot, b.lot);
        self.size = match (self.config.sizing, self.step) {
            (Sizing::Base(size), Some(step)) => size.down_to(step),
            _ => Size::ZERO,
        };
        let costs = |long: &Instrument, short: &Instrument| {
            Costs::new(long.taker_fee, short.taker_fee, self.config.funding, self.config.buffers).ok()
        };
        self.costs = [costs(a, b), costs(b, a)];
        self.quotes = [Quote::nothing(self.size); 2];
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }

    /// A book moved: renew its quote and look at both directions.
    pub(crate) fn look(&mut self, moved: usize, now: Mono) -> Seen {
        if self.size.is_zero() {
            self.size_by_notional(now);
        }
        self.quotes[moved] = self.books[moved].depth(now).map_or(Quote::nothing(self.size), |d| Quote::of(d, self.size));
        let quotes = self.quotes;
        let crosses = both(&quotes[0], &quotes[1]);
        match self.phase {
            Phase::Busy => Seen::Nothing,
            Phase::Holding(long) => self.look_for_exit(&crosses[long], now),
            Phase::Free => {
                let mut seen = Seen::Nothing;
                for (long, cross) in crosses.iter().enumerate() {
                    match self.look_for_entry(long, cross, now) {
                        Seen::Nothing => {}
                        found => seen = found,
                    }
                }
                seen
            }
        }
    }

    /// Turns the notional into base once both books show a price.
    fn size_by_notional(&mut self, now: Mono) {
        let (Sizing::Notional(usd), Some(step)) = (self.config.sizing, self.step) else { return };
        let ask = |b: &Book| b.depth(now).ok().and_then(|d| d.best(Side::Buy)).map(|l| l.price);
        let (Some(a), Some(b)) = (ask(&self.books[0]), ask(&self.books[1])) else { return };
        let price = i128::from(a.max(b));
        let base = i128::from(usd.e8()).saturating_mul(i128::from(domain::SCALE)).checked_div(price).unwrap_or(0);
        self.size = i64::try_from(base).ok().and_then(Size::from_e8).map_or(Size::ZERO, |s| s.down_to(step));
        let size = self.size;
        self.quotes = [0, 1].map(|i: usize| self.books[i].depth(now).map_or(Quote::nothing(size), |d| Quote::of(d, size)));
    }

    fn look_for_exit(&mut self, cross: &Cross<'_>, now: Mono) -> Seen {
        let Some(exit) = cross.exit() else {
            self.exit.interrupt();
            return Seen::Nothing;
        };
        let met = exit.at_most(self.config.spread_exit);
        match self.exit.update(met) {
            Signal::Reached | Signal::Held if self.both_fresh(now) => Seen::Exit(exit.rate()),
            _ => Seen::Nothing,
        }
    }

    fn look_for_entry(&mut self, long: usize, cross: &Cross<'_>, now: Mono) -> Seen {
        let (Some(spread), Some(costs)) = (cross.entry(), self.costs[long]) else {
            self.entries[long].interrupt();
            return Seen::Nothing;
        };
        let signal = self.entries[long].update(spread.at_least(self.config.spread_entry));
        let first = match signal {
            Signal::Reached => true,
            Signal::Held => false,
            Signal::Quiet | Signal::Confirming { .. } => return Seen::Nothing,
        };
        if !self.both_fresh(now) {
            self.entries[long].rearm();
            return Seen::Nothing;
        }
        let (Some(edge), Some(top)) = (cross.edge(&costs), cross.entry_top()) else { return Seen::Nothing };
        let (rate, top) = (spread.rate(), top.rate());
        if !edge.at_least(self.config.edge_min) {
            return if first { Seen::NoEdge { spread: rate, top, edge: edge.rate(), long } } else { Seen::Nothing };
        }
        let short = 1usize.saturating_sub(long);
        let limit = |index: usize, side: Side| {
            let vwap = if side == Side::Buy { self.quotes[index].buy } else { self.quotes[index].sell };
            vwap?.worst.worse(side, self.config.price_bound)?.onto(self.ticks[index]?, side)
        };
        let (Some(buy), Some(sell)) = (limit(long, Side::Buy), limit(short, Side::Sell)) else { return Seen::Nothing };
        let leg = |index: usize| LegPlan {
            venue: self.config.venues[index],
            instrument: self.config.instruments[index],
            lot: self.lots[index],
        };
        let (funding, buffers) = (negative(self.config.funding), negative(self.config.buffers));
        let depth = rate.minus(top);
        // The fee line takes the rounding of the others, so that the lines sum to the edge exactly.
        let fees = edge.rate().minus(top).minus(depth).minus(funding).minus(buffers);
        let intent = Intent {
            pair: self.config.pair,
            legs: [leg(long), leg(short)],
            size: self.size,
            limits: [buy, sell],
            spread: rate,
            threshold: self.config.spread_entry,
            waterfall: Waterfall { gross: top, conversion: Rate::ZERO, depth, fees, funding, buffers, edge: edge.rate() },
        };
        Seen::Entry { first, top, edge: edge.rate(), intent: Box::new(intent) }
    }

    /// Both books may be traded on at this moment, not only when they last moved.
    fn both_fresh(&self, now: Mono) -> bool {
        self.books.iter().all(|b| b.depth(now).is_ok())
    }
}

const fn negative(rate: Rate) -> Rate {
    Rate::from_e8(rate.e8().saturating_neg())
}

/// Smallest step that both venues take: the least common multiple of their lots.
fn common_step(a: Size, b: Size) -> Option<Size> {
    let (mut x, mut y) = (a.e8(), b.e8());
    if x == 0 || y == 0 {
        return None;
    }
    while y != 0 {
        (x, y) = (y, x.checked_rem(y)?);
    }
    Size::from_e8(a.e8().checked_div(x)?.checked_mul(b.e8())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_step_suits_both_venues() {
        fn check(a: i64, b: i64, expect: Option<i64>) {
            let size = |v| Size::from_e8(v).expect("not negative");
            assert_eq!(common_step(size(a), size(b)), expect.map(size));
        }
        check(100_000, 10_000, Some(100_000));
        check(4, 6, Some(12));
        check(7, 7, Some(7));
        check(0, 7, None);
    }
}
