//! All pairs of a shard: from a market event to what should happen.

use crate::config::{PairConfig, Phase};
use crate::pair::{PairState, Seen};
use books::{Applied, Book, Spreads, Unfit};
use domain::names::SkipReason;
use domain::record::Sighting;
use domain::{Instrument, InstrumentId, Level, MarketEvent, Mono, Now, Pair, Price, Rate, Side, Size, VenueId, Wall};
use engine::{Intent, Touch};

/// What the strategy would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Open a round. `first` once per opportunity.
    Enter {
        /// Whether this opportunity is seen for the first time.
        first: bool,
        /// Top-of-book spread.
        top: Rate,
        /// Net edge.
        edge: Rate,
        /// The intent.
        intent: Box<Intent>,
    },
    /// The spread is there, the edge net of costs is not.
    NoEdge {
        /// Pair.
        pair: Pair,
        /// Executable spread.
        spread: Rate,
        /// Threshold.
        threshold: Rate,
        /// Top-of-book spread.
        top: Rate,
        /// Net edge.
        edge: Rate,
        /// Long venue.
        long: VenueId,
        /// Short venue.
        short: VenueId,
    },
    /// The spread is there, what a round would cost is not known, once per opportunity.
    NoCosts {
        /// Pair.
        pair: Pair,
        /// Executable spread.
        spread: Rate,
        /// What is missing.
        reason: SkipReason,
        /// Long venue.
        long: VenueId,
        /// Short venue.
        short: VenueId,
    },
    /// Close the pair's position.
    Exit {
        /// Pair.
        pair: Pair,
        /// Executable exit spread.
        spread: Rate,
    },
}

/// What an event did to a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Which pair.
    pub pair: Pair,
    /// Which book.
    pub instrument: InstrumentId,
    /// What happened.
    pub applied: Applied,
}

/// Books and rules of all pairs.
#[derive(Debug)]
pub struct Strategy {
    pairs: Vec<PairState>,
    /// Instrument index to (pair, which of its two books).
    places: Vec<Option<(usize, usize)>>,
    references: Vec<Option<Price>>,
    marks: Vec<Option<(Price, Mono)>>,
}

/// A mark price older than this, ns, is none.
const MARK_AGE_NS: u64 = 15_000_000_000;

impl Strategy {
    /// A strategy over these pairs.
    pub fn new(pairs: Vec<PairConfig>) -> Self {
        let most = pairs.iter().flat_map(|p| p.instruments).map(|i| usize::from(i.0)).max().unwrap_or(0);
        let mut places = vec![None; most.saturating_add(1)];
        for (p, config) in pairs.iter().enumerate() {
            for (i, id) in config.instruments.iter().enumerate() {
                places[usize::from(id.0)] = Some((p, i));
            }
        }
        let (references, marks) = (vec![None; places.len()], vec![None; places.len()]);
        Self { pairs: pairs.into_iter().map(PairState::new).collect(), places, references, marks }
    }

    /// What the venues say about their instruments: grid, fees, whether they trade. Called whenever one of them says it
    /// anew; an instrument of which nothing was told yet is not traded.
    pub fn learn<'a>(&mut self, instrument: impl Fn(InstrumentId) -> Option<&'a Instrument>) {
        for pair in &mut self.pairs {
            if let [Some(a), Some(b)] = pair.config.instruments.map(&instrument) {
                pair.learn([a, b]);
            }
        }
    }

    /// Where a pair's round stands.
    pub fn set_phase(&mut self, pair: Pair, phase: Phase) {
        for state in self.pairs.iter_mut().filter(|p| p.config.pair == pair) {
            state.phase = phase;
        }
    }

    /// The configured pairs.
    pub fn pairs(&self) -> impl Iterator<Item = &PairConfig> {
        self.pairs.iter().map(|p| &p.config)
    }

    /// The size on the common step of both venues; zero until it is known.
    pub fn size_of(&self, pair: Pair) -> Size {
        self.pairs.iter().find(|p| p.config.pair == pair).map_or(Size::ZERO, PairState::size)
    }

    /// One market event: into its book, then both directions are looked at. `None` if it is about no book of ours.
    pub fn on_event(&mut self, event: &MarketEvent, levels: &[Level], now: Now) -> Option<(Moved, Option<Call>)> {
        let id = match event {
            MarketEvent::Book { instrument, .. }
            | MarketEvent::Top { instrument, .. }
            | MarketEvent::BookLost { instrument, .. }
            | MarketEvent::Mark { instrument, .. }
            | MarketEvent::Funding { instrument, .. }
            | MarketEvent::QuoteRate { instrument, .. }
            | MarketEvent::Trade { instrument, .. } => *instrument,
        };
        let (p, i) = (*self.places.get(usize::from(id.0))?)?;
        let pair = self.pairs.get_mut(p)?;
        let applied = pair.books[i].apply(event, levels, now.mono);
        let moved = Moved { pair: pair.config.pair, instrument: id, applied };
        if !matches!(event, MarketEvent::Book { .. } | MarketEvent::BookLost { .. }) {
            if let MarketEvent::Mark { mark, .. } = event {
                self.marks[usize::from(id.0)] = Some((*mark, now.mono));
            }
            pair.hear(i, event, now);
            return Some((moved, None));
        }
        if let Some(best) = pair.books[i].depth(now.mono).ok().and_then(|d| d.best(Side::Buy)) {
            self.references[usize::from(id.0)] = Price::from_e8(best.price);
        }
        let (config, seen) = (pair.config.pair, pair.look(i, now));
        let call = match seen {
            Seen::Nothing => None,
            Seen::Entry { first, top, edge, intent } => Some(Call::Enter { first, top, edge, intent }),
            Seen::NoEdge { spread, top, edge, long } => {
                let short = 1usize.saturating_sub(long);
                let (threshold, venues) = (pair.config.spread_entry, pair.config.venues);
                Some(Call::NoEdge { pair: config, spread, threshold, top, edge, long: venues[long], short: venues[short] })
            }
            Seen::NoCosts { spread, reason, long } => {
                let (venues, short) = (pair.config.venues, 1usize.saturating_sub(long));
                Some(Call::NoCosts { pair: config, spread, reason, long: venues[long], short: venues[short] })
            }
            Seen::Exit(spread) => Some(Call::Exit { pair: config, spread }),
        };
        Some((moved, call))
    }

    /// Begins to count what is seen and not taken; nothing is counted before.
    pub fn watch(&mut self, since: Wall) {
        self.pairs.iter_mut().for_each(|p| p.begin_watch(since));
    }

    /// What became of an entry that was called for: refused by a reason from beyond the strategy, or taken.
    pub fn answered(&mut self, pair: Pair, long: VenueId, spread: Rate, edge: Rate, refused: Option<SkipReason>, at: Wall) {
        if let Some(state) = self.state_mut(pair) {
            state.answered(long, spread, edge, refused, at);
        }
    }

    /// The numbers behind a refusal, in words, kept until the next sightings ask for them.
    pub fn tell(&mut self, pair: Pair, reason: SkipReason, detail: &str) {
        if let Some(state) = self.state_mut(pair) {
            state.tell(reason, detail);
        }
    }

    /// What was seen and not taken since the last time, both directions of every pair; nothing without
    /// [`Strategy::watch`].
    pub fn sightings(&mut self, at: Wall) -> Vec<Sighting> {
        let mut all = Vec::new();
        self.pairs.iter_mut().for_each(|p| p.sightings(at, &mut all));
        all
    }

    /// All spreads of a pair, long on its first venue and long on its second one. Divides, so it comes after the decision.
    pub fn spreads(&self, pair: Pair, now: Mono) -> Option<[Spreads; 2]> {
        self.pairs.iter().find(|p| p.config.pair == pair).map(|p| p.spreads(now))
    }

    fn state_mut(&mut self, pair: Pair) -> Option<&mut PairState> {
        self.pairs.iter_mut().find(|p| p.config.pair == pair)
    }

    fn book(&self, id: InstrumentId) -> Option<&Book> {
        let (p, i) = (*self.places.get(usize::from(id.0))?)?;
        self.pairs.get(p).map(|pair| &pair.books[i])
    }

    /// Best prices of a book that may be traded on.
    pub fn touch(&self, id: InstrumentId, now: Mono) -> Option<Touch> {
        let depth = self.book(id)?.depth(now).ok()?;
        let price = |side| depth.best(side).and_then(|l| Price::from_e8(l.price));
        Some(Touch { bid: price(Side::Sell)?, ask: price(Side::Buy)? })
    }

    /// Average price of taking a size from a book that may be traded on.
    pub fn executable(&self, id: InstrumentId, side: Side, size: Size, now: Mono) -> Option<Price> {
        self.book(id)?.depth(now).ok()?.vwap(side, size).map(|v| v.price())
    }

    /// The venue's mark price, if it has said one lately.
    pub fn mark(&self, id: InstrumentId, now: Mono) -> Option<Price> {
        let (mark, at) = self.marks.get(usize::from(id.0)).copied().flatten()?;
        (now.since(at) <= MARK_AGE_NS).then_some(mark)
    }

    /// The last price seen at all.
    pub fn reference(&self, id: InstrumentId) -> Option<Price> {
        self.references.get(usize::from(id.0)).copied().flatten()
    }

    /// Whether a pair could trade by its books, and if not, why not.
    ///
    /// # Errors
    /// The first book's reason.
    pub fn fit(&self, pair: Pair, now: Mono) -> Result<(), Unfit> {
        let Some(state) = self.pairs.iter().find(|p| p.config.pair == pair) else { return Err(Unfit::Empty) };
        state.books.iter().try_for_each(|b| b.depth(now).map(|_| ()))
    }
}
