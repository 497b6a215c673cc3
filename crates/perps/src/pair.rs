//! One pair: two books, the quotes of the configured size, and what they mean together.

use crate::config::{PairConfig, Phase, Sizing, common_step};
use crate::funding::Said;
use crate::watch::{Direction, Watch};
use books::{Book, Costs, Cross, DOLLAR, EntrySpread, Quote, Signal, Spreads, Trigger, both};
use domain::names::SkipReason;
use domain::record::{LegPlan, Quoted, Sighting};
use domain::{Instrument, Lifecycle, MarketEvent, Mono, Now, Price, Rate, Side, Size, VenueId, Wall};
use engine::Intent;

/// A pair with its books.
#[derive(Debug)]
pub(crate) struct PairState {
    pub(crate) config: PairConfig,
    pub(crate) books: [Book; 2],
    quotes: [Quote; 2],
    /// On the common step; zero until both venues have said what their steps are.
    size: Size,
    /// What a round costs, long on the first venue and long on the second one.
    costs: [Result<Costs, SkipReason>; 2],
    /// What was last said about funding.
    said: [Option<Said>; 2],
    usd: [Price; 2],
    /// Until when each book is certainly not too old; it may be longer, by what confirmed it without changing it.
    fresh_until: [Mono; 2],
    /// From then on quotes and costs are not what they should be: both are renewed before the next look.
    due: Mono,
    step: Option<Size>,
    /// The venues' own words; `None` until they have spoken.
    terms: Option<[Terms; 2]>,
    entries: [Trigger; 2],
    exit: Trigger,
    pub(crate) phase: Phase,
    /// What was not taken, if anybody wants to know.
    watch: Option<[Watch; 2]>,
    /// The last refusal from beyond the strategy, in its own words.
    told: Option<(SkipReason, String)>,
}

/// What the strategy goes by of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Terms {
    lot: Size,
    tick: Price,
    fee: Rate,
    lifecycle: Lifecycle,
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
    /// The spread is there, what it costs is not known.
    NoCosts {
        spread: Rate,
        reason: SkipReason,
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
            costs: [Err(SkipReason::NotTrading); 2],
            said: [None; 2],
            usd: config.quote_usd.map(|pinned| pinned.unwrap_or(DOLLAR)),
            fresh_until: [Mono(0); 2],
            due: Mono(0),
            step: None,
            terms: None,
            entries: [trigger; 2],
            exit: trigger,
            phase: Phase::Free,
            watch: None,
            told: None,
            config,
        }
    }

    /// The venues' own words about grid, fees and whether they trade. Taken over at once: size, quotes and costs are renewed
    /// before the next look.
    pub(crate) fn learn(&mut self, instruments: [&Instrument; 2]) {
        if !instruments.iter().all(|i| i.is_told()) {
            return;
        }
        let terms = instruments.map(|i| Terms { lot: i.lot, tick: i.tick, fee: i.taker_fee, lifecycle: i.lifecycle });
        if self.terms == Some(terms) {
            return;
        }
        self.terms = Some(terms);
        let step = common_step(terms[0].lot, terms[1].lot);
        self.size = match (self.config.sizing, step) {
            (_, None) => Size::ZERO,
            (Sizing::Base(size), Some(step)) => size.down_to(step),
            (Sizing::Notional(_), _) if step == self.step => self.size,
            // By the price of the moment, at the next look.
            (Sizing::Notional(_), _) => Size::ZERO,
        };
        self.step = step;
        self.due = Mono(0);
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }

    /// What is said beside the books: what holding costs and what currencies are worth.
    pub(crate) fn hear(&mut self, i: usize, event: &MarketEvent, now: Now) {
        match event {
            MarketEvent::Funding { hourly, next, .. } => {
                self.said[i] = Some(Said { hourly: *hourly, next: *next, at: now.mono });
                self.due = Mono(0);
            }
            MarketEvent::QuoteRate { usd, .. } if self.config.quote_usd[i].is_none() => {
                self.usd[i] = *usd;
                self.due = Mono(0);
            }
            _ => {}
        }
    }

    /// Quotes and costs by everything that is known now.
    #[cold]
    fn renew(&mut self, now: Now) {
        if self.size.is_zero() {
            self.size_by_notional(now.mono);
        }
        for i in [0, 1] {
            self.requote(i, now.mono);
        }
        let expected = self.config.funding.expected(self.said, now);
        let costs = |long: usize, paid: Option<Rate>| {
            let terms = self.terms.ok_or(SkipReason::NotTrading)?;
            let paid = paid.ok_or(SkipReason::FundingUnknown)?;
            // Costs beyond the whole notional leave no edge.
            Costs::new(terms[long].fee, terms[other(long)].fee, paid, self.config.buffers).map_err(|_| SkipReason::EdgeTooSmall)
        };
        self.costs = [costs(0, expected.paid[0]), costs(1, expected.paid[1])];
        // A size by notional waits for both books.
        self.due = if self.size.is_zero() { Mono(0) } else { expected.until };
    }

    #[inline]
    fn requote(&mut self, i: usize, now: Mono) {
        let quote = self.books[i].depth(now).map_or(Quote::nothing(self.size), |d| Quote::of(d, self.size));
        self.quotes[i] = quote.worth(self.usd[i]);
        self.fresh_until[i] = self.books[i].fresh_until();
    }

    /// A book moved: renew its quote and look at both directions.
    pub(crate) fn look(&mut self, moved: usize, now: Now) -> Seen {
        if now.mono >= self.due {
            self.renew(now);
        } else {
            self.requote(moved, now.mono);
        }
        match self.phase {
            Phase::Busy => {
                self.miss(SkipReason::RoundOpen, now.wall);
                Seen::Nothing
            }
            Phase::Holding(long) => {
                self.miss(SkipReason::RoundOpen, now.wall);
                let quotes = self.quotes;
                self.look_for_exit(&both(&quotes[0], &quotes[1])[long], now.mono)
            }
            Phase::Free => self.look_for_entry(moved, now),
        }
    }

    /// Both directions: nearly always neither spread is there, and then nothing is copied and nothing divided.
    fn look_for_entry(&mut self, moved: usize, now: Now) -> Seen {
        let still = other(moved);
        // A spread against a book that is too old to trade on is none, which is asked for its record's sake alone.
        let stale = self.watch.is_some() && now.mono > self.fresh_until[still] && self.books[still].depth(now.mono).is_err();
        let crosses = both(&self.quotes[0], &self.quotes[1]);
        let mut met = [None; 2];
        for (long, cross) in crosses.iter().enumerate() {
            let mut watch = self.watch.as_mut().map(|w| &mut w[long]);
            let Some(spread) = cross.entry() else {
                self.entries[long].interrupt();
                if let Some(watch) = &mut watch {
                    let unfit = stale || cross.long.ask.is_none() || cross.short.bid.is_none();
                    watch.miss(why_no_spread(self.terms.is_some(), unfit), now.wall);
                }
                continue;
            };
            let reason = match self.entries[long].update(spread.at_least(self.config.spread_entry)) {
                Signal::Reached => {
                    met[long] = Some((spread, true));
                    continue;
                }
                Signal::Held => {
                    met[long] = Some((spread, false));
                    continue;
                }
                Signal::Quiet => SkipReason::SpreadTooSmall,
                Signal::Confirming { .. } => SkipReason::Confirming,
            };
            if let Some(watch) = &mut watch {
                if stale {
                    watch.miss(SkipReason::BookStale, now.wall);
                } else {
                    let costs = &self.costs[long];
                    watch.near(reason, spread, || rate_of(cross, &(*costs).ok()?), now.wall);
                }
            }
        }
        let mut seen = Seen::Nothing;
        for (long, met) in met.into_iter().enumerate() {
            if let Some((spread, first)) = met {
                match self.consider(long, spread, first, now) {
                    Seen::Nothing => {}
                    found => seen = found,
                }
            }
        }
        seen
    }

    /// Neither direction was looked at.
    #[inline]
    fn miss(&mut self, reason: SkipReason, at: Wall) {
        if let Some(watch) = &mut self.watch {
            watch.iter_mut().for_each(|w| w.miss(reason, at));
        }
    }

    fn note_miss(&mut self, long: usize, reason: SkipReason, at: Wall) {
        if let Some(watch) = &mut self.watch {
            watch[long].miss(reason, at);
        }
    }

    fn note_near(&mut self, long: usize, reason: SkipReason, spread: EntrySpread, edge: impl FnOnce() -> Option<Rate>, at: Wall) {
        if let Some(watch) = &mut self.watch {
            watch[long].near(reason, spread, edge, at);
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
    }

    fn look_for_exit(&mut self, cross: &Cross<'_>, now: Mono) -> Seen {
        let exit = match (cross.exit(), self.terms) {
            // Where one venue takes nothing for now, closing would leave the other leg alone.
            (Some(exit), Some(terms)) if terms.iter().all(|t| t.lifecycle != Lifecycle::Halted) => exit,
            _ => {
                self.exit.interrupt();
                return Seen::Nothing;
            }
        };
        let met = exit.at_most(self.config.spread_exit);
        match self.exit.update(met) {
            Signal::Reached | Signal::Held if self.both_fresh(now) => Seen::Exit(exit.rate()),
            _ => Seen::Nothing,
        }
    }

    /// The spread is there: is it worth it, and what would be sent?
    fn consider(&mut self, long: usize, spread: EntrySpread, first: bool, now: Now) -> Seen {
        let quotes = self.quotes;
        let cross = both(&quotes[0], &quotes[1])[long];
        if !self.both_fresh(now.mono) {
            self.entries[long].rearm();
            self.note_miss(long, SkipReason::BookStale, now.wall);
            return Seen::Nothing;
        }
        let costs = match self.costs[long] {
            Ok(costs) => costs,
            Err(reason) => {
                self.note_near(long, reason, spread, || None, now.wall);
                return if first { Seen::NoCosts { spread: spread.rate(), reason, long } } else { Seen::Nothing };
            }
        };
        let (Some(edge), Some(top)) = (cross.edge(&costs), cross.entry_top()) else { return Seen::Nothing };
        let (rate, top) = (spread.rate(), top.rate());
        // The recorded edge is the sum of its lines, each rounded against us: it is what has to be enough.
        let lines = edge.at_least(self.config.edge_min).then(|| cross.waterfall(&costs)).flatten();
        let Some(waterfall) = lines.filter(|w| w.edge >= self.config.edge_min) else {
            self.note_near(long, SkipReason::EdgeTooSmall, spread, || Some(edge.rate()), now.wall);
            return if first { Seen::NoEdge { spread: rate, top, edge: edge.rate(), long } } else { Seen::Nothing };
        };
        let short = other(long);
        let Some(terms) = self.terms else { return Seen::Nothing };
        // In the venue's own currency, whatever that is worth.
        let limit = |index: usize, side: Side| {
            let vwap = if side == Side::Buy { self.quotes[index].buy } else { self.quotes[index].sell };
            vwap?.worst.worse(side, self.config.price_bound)?.onto(terms[index].tick, side)
        };
        let (Some(buy), Some(sell)) = (limit(long, Side::Buy), limit(short, Side::Sell)) else { return Seen::Nothing };
        let leg = |index: usize| LegPlan {
            venue: self.config.venues[index],
            instrument: self.config.instruments[index],
            lot: terms[index].lot,
        };
        let (Some(ask), Some(bid)) = (self.quotes[long].ask, self.quotes[short].bid) else { return Seen::Nothing };
        let (Some(bought), Some(sold)) = (self.quotes[long].buy, self.quotes[short].sell) else { return Seen::Nothing };
        let intent = Intent {
            pair: self.config.pair,
            legs: [leg(long), leg(short)],
            size: self.size,
            limits: [buy, sell],
            spread: rate,
            threshold: self.config.spread_entry,
            quoted: Quoted { tops: [ask, bid], executable: [bought.price(), sold.price()] },
            waterfall,
        };
        Seen::Entry { first, top, edge: waterfall.edge, intent: Box::new(intent) }
    }

    /// Both books may be traded on at this moment, not only when they last moved.
    fn both_fresh(&self, now: Mono) -> bool {
        self.books.iter().all(|b| b.depth(now).is_ok())
    }

    /// All spreads of both directions, long on the first venue and long on the second one, by books that may be traded on.
    pub(crate) fn spreads(&self, now: Mono) -> [Spreads; 2] {
        let quotes = [0, 1].map(|i: usize| {
            let fit = self.books[i].depth(now).is_ok();
            if fit { self.quotes[i] } else { Quote::nothing(self.size) }
        });
        both(&quotes[0], &quotes[1]).map(|cross| cross.spreads())
    }

    /// Begins to count what is not taken.
    pub(crate) fn begin_watch(&mut self, since: Wall) {
        self.watch = Some([Watch::new(since), Watch::new(since)]);
    }

    /// An entry was refused beyond the strategy, or taken if there is no reason.
    pub(crate) fn answered(&mut self, long: VenueId, spread: Rate, edge: Rate, refused: Option<SkipReason>, at: Wall) {
        let index = usize::from(self.config.venues[0] != long);
        let Some(watch) = &mut self.watch else { return };
        match refused {
            Some(reason) => watch[index].refused(reason, spread, edge, at),
            None => watch[index].taken(at),
        }
    }

    /// Why an entry was refused, in words.
    pub(crate) fn tell(&mut self, reason: SkipReason, detail: &str) {
        if self.watch.is_some() {
            self.told = Some((reason, detail.to_owned()));
        }
    }

    /// What was seen and not taken since the last time, both directions.
    pub(crate) fn sightings(&mut self, at: Wall, into: &mut Vec<Sighting>) {
        let Some(watch) = &mut self.watch else { return };
        for (long, watch) in watch.iter_mut().enumerate() {
            let direction = Direction {
                pair: self.config.pair,
                long: self.config.venues[long],
                short: self.config.venues[other(long)],
                threshold: self.config.spread_entry,
                edge_min: self.config.edge_min,
            };
            into.push(watch.sighting(direction, self.told.as_ref(), at));
        }
    }
}

/// The other one of two.
const fn other(index: usize) -> usize {
    1usize.saturating_sub(index)
}

fn rate_of(cross: &Cross<'_>, costs: &Costs) -> Option<Rate> {
    cross.edge(costs).map(books::Edge::rate)
}

/// Why a direction could not be compared at all.
const fn why_no_spread(told: bool, unfit: bool) -> SkipReason {
    match (told, unfit) {
        (false, _) => SkipReason::NotTrading,
        (true, true) => SkipReason::BookStale,
        (true, false) => SkipReason::ThinBook,
    }
}
