//! The public feed: subscriptions with their deadlines, books, mark prices, and what to think of silence.
//!
//! The venue sends each book whole, without a sequence number and (v2) without a time, so a gap cannot be seen: a
//! new connection loses every book, silence loses it, and the tickers are compared with it (spec sections 10.3, 17; that
//! half is in `ticker`).
//! Called by `lib` for everything on the feed connection. Allocates nothing for a depth frame once its buffers have
//! grown.

mod ticker;

use crate::config::{Generation, VestConfig};
use crate::session::{ACK_MS, PING_MS};
use crate::state::{Stage, timers};
use crate::wire::depth::{self, Depth, Scan};
use crate::wire::rest::object;
use crate::wire::ws::{Envelope, TickerRow, TradeRow, one_or_many, subscribe};
use crate::{FEED, VestClient};
use domain::{BookKind, Lifecycle, MarketEvent, Mono, Now, Price, Size, Wall, parse_e8};
use signing::SanitizedValue;
use venue_api::{Action, Out, Payload, SessionNews};

/// Nothing on an active market for this long: reconnect (spec section 18).
const SILENCE_MS: u64 = 10_000;
/// So many subscriptions in vain, with no other channel alive, and the connection is given up.
const ATTEMPTS_MAX: u32 = 4;

/// What became of the feed's frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct FeedCounters {
    /// Frames received.
    pub frames: u64,
    /// Depth frames the fast path took.
    pub scanned: u64,
    /// Depth frames the fast path refused and the slower reader took.
    pub fallbacks: u64,
    /// Frames nothing could be made of.
    pub malformed: u64,
    /// Depth frames of symbols that were not subscribed.
    pub unasked: u64,
    /// Tickers that lay too far from the book.
    pub disagreements: u64,
    /// Books that tickers showed to have stopped: too old, or standing still under a moving mark price.
    pub frozen: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    WaitAck,
    WaitData,
    Live,
}

#[derive(Debug)]
struct Subscription {
    channel: String,
    /// Place of the instrument whose book this is; `None` for tickers.
    book: Option<usize>,
    id: u64,
    phase: Phase,
    attempts: u32,
    last_data: Mono,
    /// Best bid and ask as last received, at 1e-8.
    top: Option<(i64, i64)>,
    /// Since when `top` stands still, and the first mark price that came after.
    still: Still,
}

/// How long the best bid and ask have not moved.
#[derive(Clone, Copy, Debug, Default)]
struct Still {
    since: Mono,
    mark: Option<i64>,
}

/// State of the feed.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) open: bool,
    pub(crate) counters: FeedCounters,
    last_rx: Mono,
    next_id: u64,
    subscriptions: Vec<Subscription>,
    /// What the answers to our subscriptions showed.
    pub(crate) generation: Option<Generation>,
    /// Symbol and place of its depth subscription, sorted by symbol.
    by_symbol: Vec<(String, usize)>,
}

impl Feed {
    pub(crate) fn new(config: &VestConfig) -> Self {
        let one = |channel, book| Subscription {
            channel,
            book,
            id: 0,
            phase: Phase::WaitAck,
            attempts: 0,
            last_data: Mono::default(),
            top: None,
            still: Still::default(),
        };
        // Depths first: a subscription's place is then its instrument's place.
        let mut subscriptions: Vec<Subscription> =
            config.instruments.iter().enumerate().map(|(place, i)| one(format!("{}@depth", i.symbol), Some(place))).collect();
        match config.feed {
            Generation::V2 => subscriptions.push(one("tickers".to_owned(), None)),
            Generation::V3 => {
                subscriptions.extend(config.instruments.iter().map(|i| one(format!("{}@ticker", i.symbol), None)));
            }
        }
        let mut by_symbol: Vec<(String, usize)> =
            config.instruments.iter().enumerate().map(|(place, i)| (i.symbol.clone(), place)).collect();
        by_symbol.sort();
        Self {
            open: false,
            counters: FeedCounters::default(),
            last_rx: Mono::default(),
            next_id: 0,
            subscriptions,
            generation: None,
            by_symbol,
        }
    }

    fn place_of(&self, symbol: &str) -> Option<usize> {
        let at = self.by_symbol.binary_search_by(|(s, _)| s.as_str().cmp(symbol)).ok()?;
        self.by_symbol.get(at).map(|(_, place)| *place)
    }
}

impl VestClient {
    pub(crate) fn connect_feed(&mut self, out: &mut Out) {
        let target = match self.config.feed {
            Generation::V2 => {
                format!("?version=1.0&{}=restserver{}", self.session.spelling.word(), self.session.acc_group)
            }
            Generation::V3 => "?version=1.0".to_owned(),
        };
        self.feed.open = false;
        let headers = self.upgrade_headers();
        out.actions.push(Action::Connect { conn: FEED, target: SanitizedValue::new(target), headers });
    }

    pub(crate) fn feed_opened(&mut self, now: Now, out: &mut Out) {
        self.feed.open = true;
        self.feed.last_rx = now.mono;
        self.lose_books("new_connection", out);
        Self::tell(out, SessionNews::Connected { what: "feed" });
        for place in 0..self.feed.subscriptions.len() {
            if let Some(sub) = self.feed.subscriptions.get_mut(place) {
                sub.attempts = 0;
            }
            self.subscribe(place, now, out);
        }
        out.actions.push(Action::Timer { id: timers::FEED_PING, at: now.mono.plus_ms(PING_MS) });
        out.actions.push(Action::Timer { id: timers::FEED_SILENCE, at: now.mono.plus_ms(SILENCE_MS) });
        self.settle("", out);
    }

    pub(crate) fn feed_closed(&mut self, code: Option<u16>, why: &str, now: Now, out: &mut Out) {
        self.feed.open = false;
        self.lose_books("connection_lost", out);
        self.settle(&format!("feed: {why}"), out);
        if !matches!(self.session.stage, Stage::Fatal | Stage::Stopped) && self.may_reconnect(code, now, out) {
            self.connect_feed(out);
        }
    }

    fn lose_books(&mut self, why: &'static str, out: &mut Out) {
        for sub in &mut self.feed.subscriptions {
            sub.top = None;
        }
        for one in &self.instruments {
            out.market.push(MarketEvent::BookLost { instrument: one.id, why });
        }
    }

    fn lose_book(&mut self, place: usize, why: &'static str, out: &mut Out) {
        if let Some(sub) = self.feed.subscriptions.get_mut(place) {
            sub.top = None;
        }
        if let Some(one) = self.instruments.get(place) {
            out.market.push(MarketEvent::BookLost { instrument: one.id, why });
        }
    }

    fn subscribe(&mut self, place: usize, now: Now, out: &mut Out) {
        self.feed.next_id += 1;
        let id = self.feed.next_id;
        let Some(sub) = self.feed.subscriptions.get_mut(place) else { return };
        sub.id = id;
        sub.phase = Phase::WaitAck;
        sub.attempts = sub.attempts.saturating_add(1);
        sub.last_data = now.mono;
        out.actions.push(Action::Send { conn: FEED, payload: Payload::Text(subscribe(&sub.channel, id)) });
        out.actions.push(Action::Timer { id: timers::channel(place), at: now.mono.plus_ms(ACK_MS) });
    }

    /// No acknowledgement, or no first snapshot, within its time.
    pub(crate) fn channel_due(&mut self, place: usize, now: Now, out: &mut Out) {
        if !self.feed.open || self.feed.subscriptions.get(place).is_none_or(|sub| sub.phase == Phase::Live) {
            return;
        }
        let tired = self.feed.subscriptions.get(place).is_some_and(|sub| sub.attempts >= ATTEMPTS_MAX);
        if tired && !self.feed.subscriptions.iter().any(|sub| sub.phase == Phase::Live) {
            return self.reconnect_feed("subscriptions are not answered", out);
        }
        self.subscribe(place, now, out);
    }

    fn reconnect_feed(&mut self, why: &str, out: &mut Out) {
        self.connect_feed(out);
        self.lose_books("silent", out);
        self.settle(&format!("feed: {why}"), out);
    }

    pub(crate) fn feed_silence_due(&mut self, now: Now, out: &mut Out) {
        if !self.feed.open {
            return;
        }
        let dead_at = self.feed.last_rx.plus_ms(SILENCE_MS);
        if now.mono >= dead_at {
            return self.reconnect_feed("silent", out);
        }
        out.actions.push(Action::Timer { id: timers::FEED_SILENCE, at: dead_at });
        // The connection lives; a single market may still have gone quiet.
        for place in 0..self.feed.subscriptions.len() {
            let Some(sub) = self.feed.subscriptions.get(place) else { continue };
            let Some(one) = sub.book.and_then(|p| self.instruments.get(p)) else { continue };
            let quiet = sub.phase == Phase::Live && sub.last_data.plus_ms(SILENCE_MS) <= now.mono;
            if quiet && one.lifecycle == Lifecycle::Trading {
                self.lose_book(place, "silent", out);
                self.subscribe(place, now, out);
            }
        }
    }

    /// One frame of the feed. The hot path: a depth frame in the usual form is scanned, sorted in place if need be,
    /// and handed on.
    pub(crate) fn feed_frame(&mut self, json: Option<&[u8]>, now: Now, out: &mut Out) {
        self.feed.counters.frames += 1;
        self.feed.last_rx = now.mono;
        let Some(bytes) = json else {
            self.feed.counters.malformed += 1;
            return;
        };
        match depth::scan(bytes, &mut out.levels) {
            Scan::Depth(depth) => {
                self.feed.counters.scanned += 1;
                self.book(depth, now, out);
            }
            Scan::Other | Scan::Refused => self.other_frame(bytes, now, out),
        }
    }

    fn book(&mut self, mut depth: Depth<'_>, now: Now, out: &mut Out) {
        let place = depth.channel.strip_suffix("@depth").and_then(|symbol| self.feed.place_of(symbol));
        let found = place.and_then(|p| Some((self.feed.subscriptions.get_mut(p)?, self.instruments.get(p)?)));
        let Some((sub, one)) = found else {
            self.feed.counters.unasked += 1;
            out.levels.truncate(depth.bids.start.min(depth.asks.start) as usize);
            return;
        };
        sub.phase = Phase::Live;
        sub.attempts = 0;
        sub.last_data = now.mono;
        if one.multiplier > 1 {
            let units = place.and_then(|p| self.units.get(p)).copied().unwrap_or_default();
            depth.bids = units.levels_in(&mut out.levels, &depth.bids, true);
            depth.asks = units.levels_in(&mut out.levels, &depth.asks, false);
        }
        let best = |range: &std::ops::Range<u32>| {
            (!range.is_empty()).then(|| out.levels.get(range.start as usize).map(|l| l.price)).flatten()
        };
        let top = best(&depth.bids).zip(best(&depth.asks));
        if top != sub.top {
            sub.still = Still { since: now.mono, mark: None };
        }
        sub.top = top;
        out.market.push(MarketEvent::Book {
            instrument: one.id,
            kind: BookKind::Snapshot,
            seq: 0,
            venue_time: depth.time_ms.map(Wall::from_ms),
            bids: depth.bids.clone(),
            asks: depth.asks.clone(),
        });
    }

    fn other_frame(&mut self, bytes: &[u8], now: Now, out: &mut Out) {
        let Some(message) = object::<Envelope<'_>>(bytes) else {
            self.feed.counters.malformed += 1;
            return;
        };
        if let Some(outcomes) = &message.subscription_outcomes {
            self.feed.generation = Some(Generation::V3);
            for outcome in outcomes {
                let place = self.feed.subscriptions.iter().position(|sub| sub.channel == outcome.requested);
                match (place, outcome.status.as_ref()) {
                    (Some(place), "registered") => self.acknowledged(place, now, out),
                    (Some(_), _) => {
                        let why = outcome.reason.as_deref().unwrap_or("no reason given");
                        return self.fatal(format!("the feed does not offer {}: {why}", outcome.requested), out);
                    }
                    (None, _) => {}
                }
            }
            return;
        }
        let Some(channel) = message.channel.as_deref() else {
            let id = message.id.and_then(|id| id.uint());
            let place = id.and_then(|id| self.feed.subscriptions.iter().position(|sub| sub.id == id));
            if let (Some(place), None) = (place, message.code) {
                self.feed.generation = Some(Generation::V2);
                self.acknowledged(place, now, out);
            }
            return;
        };
        let Some(data) = message.data else {
            self.feed.counters.malformed += 1;
            return;
        };
        if let Some(symbol) = channel.strip_suffix("@depth") {
            let time = message.ts_ms.and_then(|t| t.int());
            match (depth::read(channel, data.get(), time, &mut out.levels), self.feed.place_of(symbol)) {
                (Some(depth), _) => {
                    self.feed.counters.fallbacks += 1;
                    self.book(depth, now, out);
                }
                (None, place) => {
                    self.feed.counters.malformed += 1;
                    // Its book has moved on to a state we cannot read.
                    if let Some(place) = place {
                        self.lose_book(place, "malformed", out);
                    }
                }
            }
        } else if channel == "tickers" || channel.ends_with("@ticker") {
            if let Some(place) = self.feed.subscriptions.iter().position(|sub| sub.channel == channel) {
                self.acknowledged(place, now, out);
            }
            match one_or_many::<TickerRow<'_>>(data) {
                Some(rows) => {
                    let time = message.ts_ms.and_then(|t| t.int());
                    rows.iter().for_each(|row| self.ticker(row, time, now, out));
                }
                None => self.feed.counters.malformed += 1,
            }
        } else if let Some(symbol) = channel.strip_suffix("@trades") {
            let place = self.place_of(symbol);
            let instrument = place.and_then(|p| self.instruments.get(p)).map(|one| one.id);
            let units = place.and_then(|p| self.units.get(p)).copied().unwrap_or_default();
            let rows = one_or_many::<TradeRow<'_>>(data);
            if rows.is_none() {
                self.feed.counters.malformed += 1;
            }
            for row in rows.into_iter().flatten() {
                let price = parse_e8(row.price.text().as_bytes()).ok().and_then(|p| Price::from_e8(units.price_in(p, false)));
                let size = parse_e8(row.qty.text().as_bytes()).ok().and_then(|q| units.size_in(q)).and_then(Size::from_e8);
                if let (Some(instrument), Some(price), Some(size)) = (instrument, price, size) {
                    out.market.push(MarketEvent::Trade { instrument, price, size });
                }
            }
        }
    }

    fn acknowledged(&mut self, place: usize, now: Now, out: &mut Out) {
        let Some(sub) = self.feed.subscriptions.get_mut(place) else { return };
        if sub.phase == Phase::WaitAck {
            sub.phase = if sub.book.is_some() { Phase::WaitData } else { Phase::Live };
            if sub.book.is_some() {
                out.actions.push(Action::Timer { id: timers::channel(place), at: now.mono.plus_ms(ACK_MS) });
            } else {
                out.actions.push(Action::CancelTimer { id: timers::channel(place) });
            }
        }
    }
}
