//! Inputs in, outputs out.

use crate::desk::{Lap, ShardDesk};
use crate::output::{Output, Session};
use domain::names::SkipReason;
use domain::record::{ExitReason, Record};
use domain::{Instrument, LegId, MarketEvent, Mono, Now, OrderId, OrderNews, OrderReport, Pair, VenueId, Wall};
use engine::{Engine, EngineConfig, FoldError, Notice, OnStop};
use perps::{Call, PairConfig, Phase, Strategy};
use saga::Goal;
use std::collections::{BTreeMap, VecDeque};
use venue_api::{ConnId, Frame, Out, Reply, RequestId, SessionNews, TimerId, VenueClient, VenueNews};

/// A venue of the shard.
pub struct Venue {
    /// Which.
    pub id: VenueId,
    /// Its protocol machine.
    pub client: Box<dyn VenueClient>,
    /// How its orders travel, for the latency line: `WS` or `REST`.
    pub way: &'static str,
}

/// What a shard is made of.
pub struct ShardConfig {
    /// The engine's configuration.
    pub engine: EngineConfig,
    /// The pairs.
    pub pairs: Vec<PairConfig>,
    /// Every instrument by its id, as known before the venues have spoken.
    pub instruments: Vec<Instrument>,
    /// Say [`Output::BookUpdated`] for every update.
    pub tell_books: bool,
    /// Say [`Output::Spread`] for every update, after the decision.
    pub tell_spreads: bool,
    /// How often what was seen and not taken is summed up in a record, ms; `None`: never, and nothing is counted.
    pub watch_every_ms: Option<i64>,
    /// Reads the monotonic clock of the shell, to measure signing with; nothing is decided by it.
    pub stopwatch: fn() -> Mono,
}

/// A shard.
pub struct Shard {
    venues: Vec<Venue>,
    instruments: Vec<Instrument>,
    strategy: Strategy,
    engine: Engine,
    outputs: Vec<Output>,
    news: VecDeque<(usize, VenueNews)>,
    out: Out,
    tell_books: bool,
    tell_spreads: bool,
    watch_every_ms: Option<i64>,
    /// When the next sum is due.
    watch_at: Option<Wall>,
    stopwatch: fn() -> Mono,
    /// Signing and encoding of orders on their way, ns.
    laps: BTreeMap<OrderId, Lap>,
    /// Kept for its capacity: an opportunity that may not be taken comes with every frame.
    phases: Vec<(Pair, Phase)>,
}

impl Shard {
    /// A shard with nothing folded in.
    pub fn new(config: ShardConfig, venues: Vec<Venue>) -> Self {
        Self::with(Engine::new, config, venues)
    }

    /// The same for a process that only cleans up behind another one: nothing it does can open exposure.
    pub fn reducing(config: ShardConfig, venues: Vec<Venue>) -> Self {
        Self::with(Engine::reducing, config, venues)
    }

    fn with(engine: fn(EngineConfig) -> Engine, config: ShardConfig, venues: Vec<Venue>) -> Self {
        let mut shard = Self {
            venues,
            strategy: Strategy::new(config.pairs),
            engine: engine(config.engine),
            instruments: config.instruments,
            outputs: Vec::with_capacity(64),
            news: VecDeque::with_capacity(16),
            out: Out::default(),
            tell_books: config.tell_books,
            tell_spreads: config.tell_spreads,
            watch_every_ms: config.watch_every_ms,
            watch_at: None,
            stopwatch: config.stopwatch,
            laps: BTreeMap::new(),
            phases: Vec::new(),
        };
        shard.relearn();
        shard
    }

    /// Folds one record of an earlier life in; all of them before [`Shard::start`].
    ///
    /// # Errors
    /// [`FoldError`]: the journal does not fit; nothing may be traded on it.
    pub fn replay(&mut self, record: &Record) -> Result<(), FoldError> {
        self.engine.fold(record)
    }

    /// Starts: a fresh epoch, restored rounds, and every client's first move.
    pub fn start(&mut self, epoch: u32, now: Now) {
        if let Some(every) = self.watch_every_ms {
            self.strategy.watch(now.wall);
            self.watch_at = Some(now.wall.plus_ms(every));
        }
        self.with_engine(now, |engine, desk| {
            engine.start(epoch, now, desk);
            engine.restored(desk);
        });
        for index in 0..self.venues.len() {
            self.with_client(index, now, |v, out| v.client.start(now, out));
        }
    }

    /// A connection came up.
    pub fn on_open(&mut self, venue: usize, conn: ConnId, now: Now) {
        self.with_client(venue, now, |v, out| v.client.on_open(conn, now, out));
    }
    /// A connection ended or could not be made.
    pub fn on_closed(&mut self, venue: usize, conn: ConnId, code: Option<u16>, why: &str, now: Now) {
        self.with_client(venue, now, |v, out| v.client.on_closed(conn, code, why, now, out));
    }
    /// A frame arrived.
    pub fn on_frame(&mut self, venue: usize, conn: ConnId, frame: Frame<'_>, now: Now) {
        self.with_client(venue, now, |v, out| v.client.on_frame(conn, frame, now, out));
        // Rules come with what is said beside the books, never with a book: those are not held up by the comparison.
        let beside = |e: &MarketEvent| matches!(e, MarketEvent::Mark { .. } | MarketEvent::Funding { .. });
        if self.out.market.is_empty() || self.out.market.iter().any(beside) {
            self.relearn_if_changed(venue, now);
        }
    }
    /// A request was answered, or not.
    pub fn on_reply(&mut self, venue: usize, request: RequestId, reply: Reply<'_>, now: Now) {
        self.with_client(venue, now, |v, out| v.client.on_reply(request, reply, now, out));
        self.relearn_if_changed(venue, now);
    }
    /// A client's timer is due.
    pub fn on_timer(&mut self, venue: usize, timer: TimerId, now: Now) {
        self.with_client(venue, now, |v, out| v.client.on_timer(timer, now, out));
        self.relearn_if_changed(venue, now);
    }
    /// Time has passed.
    pub fn tick(&mut self, now: Now) {
        self.with_engine(now, |engine, desk| engine.tick(now, desk));
        if let (Some(due), Some(every)) = (self.watch_at, self.watch_every_ms)
            && due <= now.wall
        {
            self.sum_up(now);
            self.watch_at = Some(now.wall.plus_ms(every.max(1)));
        }
    }
    /// When [`Shard::tick`] next has something to do.
    pub fn next_wake(&self) -> Option<Wall> {
        [self.engine.next_wake(), self.watch_at].into_iter().flatten().min()
    }

    /// An append failed: `orders` were left out by the shell. Entries stop until [`Shard::journal_works`].
    pub fn append_failed(&mut self, orders: &[OrderId], now: Now) {
        self.engine.set_journal_ok(false);
        for &order in orders {
            let news = OrderNews::NotSent { why: "the journal took no record".to_owned() };
            self.with_engine(now, |engine, desk| engine.on_report(OrderReport { order, news }, now, desk));
        }
    }
    /// The journal takes records again.
    pub fn journal_works(&mut self) {
        self.engine.set_journal_ok(true);
    }

    /// Begins to stop.
    pub fn begin_stop(&mut self, on_stop: OnStop, now: Now) {
        self.sum_up(now);
        self.with_engine(now, |engine, desk| engine.begin_stop(on_stop, now, desk));
    }
    /// Asks every venue for its account.
    pub fn read_accounts(&mut self, now: Now) {
        self.with_engine(now, |engine, desk| engine.read_all(now, desk));
    }
    /// Closes all connections; the last thing before leaving.
    pub fn close(&mut self, now: Now) {
        for index in 0..self.venues.len() {
            self.with_client(index, now, |v, out| v.client.stop(now, out));
        }
    }
    /// Stops or allows entries.
    pub fn set_paused(&mut self, paused: bool) {
        self.engine.set_paused(paused);
    }
    /// Stops entries for a reason from outside; exits and closes go on.
    pub fn block_entries(&mut self, reason: SkipReason, detail: String, now: Now) {
        self.call_engine(now, |engine, desk| engine.block_entries(reason, detail, desk));
    }
    /// That reason is gone.
    pub fn allow_entries(&mut self, reason: SkipReason, now: Now) {
        self.call_engine(now, |engine, desk| engine.allow_entries(reason, desk));
    }
    /// Lets a pair that was stopped trade again, by a person's word; `None`: whatever stopped no single pair. False if nothing
    /// of the kind was stopped.
    pub fn resume(&mut self, pair: Option<Pair>, now: Now) -> bool {
        self.call_engine(now, |engine, desk| engine.resume(pair, now, desk))
    }
    /// Closes an open round.
    pub fn exit(&mut self, pair: Pair, reason: ExitReason, now: Now) {
        if let Some(id) = self.engine.round_on(pair).map(saga::Round::id) {
            self.with_engine(now, |engine, desk| {
                engine.exit(id, reason, None, now, desk);
            });
        }
    }

    /// Takes what has to be done, in order. The buffer's capacity comes back with [`Shard::give_back`].
    pub fn take_outputs(&mut self) -> Vec<Output> {
        std::mem::take(&mut self.outputs)
    }
    /// Gives an emptied buffer back.
    pub fn give_back(&mut self, mut outputs: Vec<Output>) {
        if self.outputs.is_empty() && outputs.capacity() > self.outputs.capacity() {
            outputs.clear();
            self.outputs = outputs;
        }
    }

    /// The engine, to look at.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }
    /// The strategy, to look at.
    pub fn strategy(&self) -> &Strategy {
        &self.strategy
    }
    /// The venues, to look at.
    pub fn venues(&self) -> &[Venue] {
        &self.venues
    }
    /// Every instrument by its id, with the grid as last read.
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }
    /// Whether a pair could be traded now if its spread were there.
    ///
    /// # Errors
    /// What keeps it from that.
    pub fn could_trade(&mut self, pair: Pair, now: Now) -> Result<(), SkipReason> {
        let Some(legs) =
            self.strategy.pairs().find(|c| c.pair == pair).map(|c| [0, 1].map(|i: usize| (c.venues[i], c.instruments[i])))
        else {
            return Err(SkipReason::NotTrading);
        };
        self.call_engine(now, |engine, desk| engine.could_trade(pair, legs, now, desk))
    }

    /// True while every venue is up.
    pub fn ready(&self) -> bool {
        self.venues.iter().all(|v| v.client.ready())
    }

    fn with_client(&mut self, index: usize, now: Now, act: impl FnOnce(&mut Venue, &mut Out)) {
        let Some(venue) = self.venues.get_mut(index) else { return };
        self.out.clear();
        act(venue, &mut self.out);
        // Most frames ask for nothing and are no news: then nothing is moved.
        if !self.out.actions.is_empty() {
            self.outputs.extend(self.out.actions.drain(..).map(|action| Output::Act { venue: index, order: None, action }));
        }
        if !self.out.news.is_empty() {
            self.news.extend(self.out.news.drain(..).map(|n| (index, n)));
        }
        let mut at = 0usize;
        while let Some(event) = self.out.market.get(at) {
            at = at.saturating_add(1);
            let Some((moved, call)) = self.strategy.on_event(event, &self.out.levels, now) else { continue };
            let tell_spreads = self.tell_spreads && matches!(event, MarketEvent::Book { .. } | MarketEvent::BookLost { .. });
            if self.tell_books {
                let venue = self.instruments[usize::from(moved.instrument.0)].venue;
                let what = word(event);
                self.outputs.push(Output::BookUpdated { pair: moved.pair, venue, instrument: moved.instrument, what });
            }
            if let Some(call) = call {
                self.on_call(call, now);
            }
            if tell_spreads {
                self.tell_spreads_of(moved.pair, now);
            }
        }
        self.settle(now);
    }

    fn with_engine(&mut self, now: Now, act: impl FnOnce(&mut Engine, &mut ShardDesk<'_>)) {
        self.call_engine(now, act);
        self.settle(now);
        self.set_phases();
    }

    fn call_engine<R>(&mut self, now: Now, act: impl FnOnce(&mut Engine, &mut ShardDesk<'_>) -> R) -> R {
        let mut desk = ShardDesk {
            venues: &mut self.venues,
            instruments: &self.instruments,
            strategy: &self.strategy,
            outputs: &mut self.outputs,
            news: &mut self.news,
            stopwatch: self.stopwatch,
            laps: &mut self.laps,
            now,
        };
        act(&mut self.engine, &mut desk)
    }

    /// News may lead to calls that lead to news: until there is none.
    fn settle(&mut self, now: Now) {
        let mut any = false;
        while let Some((index, news)) = self.news.pop_front() {
            any = true;
            self.on_news(index, news, now);
        }
        if any {
            self.set_phases();
        }
    }

    /// The strategy saw something to do.
    fn on_call(&mut self, call: Call, now: Now) {
        match call {
            Call::Enter { first, top, edge, intent } => {
                if first {
                    self.outputs.push(Output::Tell(Notice::SpreadDetected {
                        pair: intent.pair,
                        spread: intent.spread,
                        threshold: intent.threshold,
                        top,
                        edge,
                        long: intent.legs[0].venue,
                        short: intent.legs[1].venue,
                    }));
                }
                // A refusal is told by the engine where it is new.
                let told = self.outputs.len();
                let refused = self.call_engine(now, |engine, desk| engine.enter(&intent, now, desk)).err();
                if self.watch_at.is_some() {
                    for output in self.outputs.iter().skip(told) {
                        if let Output::Tell(Notice::Skipped { pair, reason, detail, .. }) = output {
                            self.strategy.tell(*pair, *reason, detail);
                        }
                    }
                    self.strategy.answered(intent.pair, intent.legs[0].venue, intent.spread, edge, refused, now.wall);
                }
                self.set_phases();
            }
            Call::NoEdge { pair, spread, threshold, top, edge, long, short } => {
                self.outputs.push(Output::Tell(Notice::SpreadDetected { pair, spread, threshold, top, edge, long, short }));
                self.outputs.push(Output::Tell(Notice::Skipped {
                    pair,
                    legs: [long, short],
                    spread,
                    reason: SkipReason::EdgeTooSmall,
                    detail: format!("edge {edge}% net of costs at a spread of {spread}%"),
                }));
            }
            Call::NoCosts { pair, spread, reason, long, short } => {
                let detail = format!("a spread of {spread}%, and what a round would cost is not known");
                self.outputs.push(Output::Tell(Notice::Skipped { pair, legs: [long, short], spread, reason, detail }));
            }
            Call::Exit { pair, spread } => {
                if let Some(id) = self.engine.round_on(pair).map(saga::Round::id) {
                    self.call_engine(now, |engine, desk| engine.exit(id, ExitReason::Spread, Some(spread), now, desk));
                    self.set_phases();
                }
            }
        }
    }

    fn on_news(&mut self, index: usize, news: VenueNews, now: Now) {
        let venue = self.venues[index].id;
        match news {
            VenueNews::Order(report) => self.call_engine(now, |engine, desk| engine.on_report(report, now, desk)),
            VenueNews::Account(account) => {
                self.call_engine(now, |engine, desk| engine.on_account(venue, &account, now, desk));
            }
            VenueNews::AccountFailed { .. } => self.engine.on_account_failed(venue, now),
            VenueNews::Foreign { evidence } => {
                self.call_engine(now, |engine, desk| engine.on_foreign(venue, None, evidence, now, desk));
            }
            VenueNews::Forced { instrument, taken, evidence } => {
                // A client names only what it was given; anything else would be a fault of the wiring.
                if usize::from(instrument.0) < self.instruments.len() {
                    self.call_engine(now, |engine, desk| engine.on_forced(venue, instrument, taken, evidence, now, desk));
                }
            }
            VenueNews::OrderLatency { order, sign_ns, encode_ns, network_ns, parse_ns } => {
                let way = self.venues[index].way;
                let lap = self.laps.remove(&order).unwrap_or(Lap { sign_ns, encode_ns, written: Mono::default() });
                // A client knows no clock: it measures from the frame that decided, which is before the signature, to the
                // answer's, which is before that was read. The stopwatch knows better, where there is one.
                let network_ns = if lap.written == Mono::default() { network_ns } else { now.mono.since(lap.written) };
                let parse_ns = parse_ns.max((self.stopwatch)().since(now.mono));
                let ns = [lap.sign_ns, lap.encode_ns, network_ns, parse_ns];
                self.call_engine(now, |engine, desk| engine.on_latency(order, way, ns, now, desk));
            }
            VenueNews::Session(news) => {
                self.outputs.push(Output::Session(Session { venue, news: news.clone() }));
                match news {
                    SessionNews::Ready => {
                        self.relearn();
                        self.call_engine(now, |engine, desk| {
                            engine.venue_ready(venue, now, desk);
                            engine.instruments_changed(now, desk);
                        });
                    }
                    SessionNews::Down { .. } | SessionNews::Fatal { .. } => self.engine.venue_down(venue),
                    SessionNews::Connected { .. } | SessionNews::ClockOffset { .. } => {}
                }
            }
        }
    }

    /// What was seen and not taken becomes a record. It reduces nothing and carries no order, so a journal that has no room
    /// for it holds nothing up.
    fn sum_up(&mut self, now: Now) {
        let sightings = self.strategy.sightings(now.wall);
        if !sightings.is_empty() {
            let record = Record::Watched { at: now.wall, sightings };
            self.outputs.push(Output::Append { record, reducing: false, orders: Vec::new() });
        }
    }

    #[cold]
    fn tell_spreads_of(&mut self, pair: Pair, now: Now) {
        let venues = self.strategy.pairs().find(|p| p.pair == pair).map(|p| p.venues);
        if let (Some(venues), Some(spreads)) = (venues, self.strategy.spreads(pair, now.mono)) {
            self.outputs.push(Output::Spread { pair, venues, spreads });
        }
    }

    /// A client may read its venue's rules anew at any time, after a refusal for instance; prices on an old grid would be
    /// refused for ever.
    fn relearn_if_changed(&mut self, venue: usize, now: Now) {
        let Some(venue) = self.venues.get(venue) else { return };
        let known = |i: &Instrument| self.instruments.get(usize::from(i.id.0)) == Some(i);
        if !venue.client.instruments().iter().all(known) {
            self.relearn();
            // Whatever holds a position on what goes off its list does not wait for the next tick.
            self.with_engine(now, |engine, desk| engine.instruments_changed(now, desk));
        }
    }

    /// Takes over what the venues say about their instruments.
    fn relearn(&mut self) {
        for venue in &self.venues {
            for instrument in venue.client.instruments() {
                if let Some(slot) = self.instruments.get_mut(usize::from(instrument.id.0)) {
                    slot.clone_from(instrument);
                }
            }
        }
        let instruments = &self.instruments;
        self.strategy.learn(|id| instruments.get(usize::from(id.0)));
    }

    /// Tells the strategy where each pair's round stands.
    fn set_phases(&mut self) {
        let mut phases = std::mem::take(&mut self.phases);
        phases.extend(self.strategy.pairs().map(|config| {
            let phase = match self.engine.round_on(config.pair) {
                None => Phase::Free,
                Some(round) if round.goal == Goal::Hold => {
                    let long = round.plan.legs[LegId::A.index()].instrument;
                    Phase::Holding(usize::from(config.instruments[0] != long))
                }
                Some(_) => Phase::Busy,
            };
            (config.pair, phase)
        }));
        for (pair, phase) in phases.drain(..) {
            self.strategy.set_phase(pair, phase);
        }
        self.phases = phases;
    }
}

/// What a market event is, in a stable word.
const fn word(event: &MarketEvent) -> &'static str {
    match event {
        MarketEvent::Book { .. } => "book",
        MarketEvent::BookLost { why, .. } => why,
        MarketEvent::Top { .. } => "top",
        MarketEvent::Mark { .. } => "mark",
        MarketEvent::Funding { .. } => "funding",
        MarketEvent::QuoteRate { .. } => "quote_rate",
        MarketEvent::Trade { .. } => "trade",
    }
}
