//! The venue without an account: its markets and its books as anybody may read them over REST.
//!
//! The realtime connection, best odds and everything about an account need an API key (spec section 3); the list of markets, metadata
//! and the snapshot of a book do not. So the watched books are read one after the other, as often as the venue's pace allows, and a book
//! that was not read for too long is told as lost. Bets cannot be placed: [`SxReader::prepare`] says so. Called where quotes are only
//! looked at.

use crate::VENUE;
use crate::book::Book;
use crate::call::{self, Call};
use crate::catalog::{self, Market};
use crate::listing::listing;
use crate::metadata::{self, Metadata};
use crate::wire::json::data;
use domain::{BetSpec, MarketId, Mono, Now, OrderId, Outcome, Quote, Rate, Stake, VenueId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use venue_api::{
    Action, BetClient, BetNews, BetOut, ConnId, Frame, KnownBet, Payload, PrepareError, PreparedBet, QuoteNews, Reply, RequestId,
    SessionNews, StakeTerms, TimerId,
};

/// Options of a reader.
#[derive(Clone, Debug)]
pub struct ReaderConfig {
    /// The chain that metadata must name.
    pub chain_id: u64,
    /// Sports whose markets are read, by the venue's numbers.
    pub sports: Vec<u32>,
    /// The fee on profit to reckon with: the account's own is not known (spec section 14: 1 % was reported).
    pub profit_fee: Rate,
    /// Reads per second at most (spec section 13: plan for 8).
    pub reads_per_s: u32,
    /// When to give up on an answer, ms.
    pub read_timeout_ms: u64,
    /// How often metadata and the markets are read again, ms.
    pub markets_every_ms: u64,
    /// A book that was not read for so long is lost, ms.
    pub book_age_ms_max: u64,
}

impl ReaderConfig {
    /// The values of the specification.
    pub fn new(chain_id: u64, sports: Vec<u32>) -> Self {
        Self {
            chain_id,
            sports,
            profit_fee: Rate::from_bps(100),
            reads_per_s: 8,
            read_timeout_ms: 5_000,
            markets_every_ms: 60_000,
            book_age_ms_max: 60_000,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Wanted {
    Metadata,
    Markets { page: u16, key: Option<String> },
    Book(MarketId),
}

/// The pace, and the next round of questions.
const PACE: TimerId = TimerId(1);
const ROUND: TimerId = TimerId(2);
/// Pages of markets read at most: the venue lists a few thousand, 50 to a page.
const PAGES_MAX: u16 = 400;
/// More answers than this are never waited for at once: the venue is slow, not we.
const UNDER_WAY_MAX: usize = 16;

#[derive(Debug, Default)]
struct Watched {
    book: Book,
    read: Option<Mono>,
    lost: bool,
}

/// The reader. See the module.
#[derive(Debug)]
pub struct SxReader {
    config: ReaderConfig,
    metadata: Option<Metadata>,
    markets: BTreeMap<MarketId, Market>,
    seen: BTreeSet<MarketId>,
    books: BTreeMap<MarketId, Watched>,
    /// Whose turn it is.
    turn: VecDeque<MarketId>,
    /// Asked before any book.
    first: VecDeque<Wanted>,
    under_way: BTreeMap<u64, Wanted>,
    last_request: u64,
    next_at: Mono,
    told_up: bool,
    stopped: bool,
}

impl SxReader {
    /// A reader that has not started.
    pub fn new(config: ReaderConfig) -> Self {
        Self {
            config,
            metadata: None,
            markets: BTreeMap::new(),
            seen: BTreeSet::new(),
            books: BTreeMap::new(),
            turn: VecDeque::new(),
            first: VecDeque::new(),
            under_way: BTreeMap::new(),
            last_request: 0,
            next_at: Mono::default(),
            told_up: false,
            stopped: false,
        }
    }

    fn every_ms(&self) -> u64 {
        1_000u64.div_ceil(u64::from(self.config.reads_per_s.max(1)))
    }

    /// Asks what may be asked now, and comes back for the rest.
    fn pace(&mut self, now: Now, out: &mut BetOut) {
        if self.stopped {
            return;
        }
        if now.mono >= self.next_at
            && self.under_way.len() < UNDER_WAY_MAX
            && let Some(wanted) = self.next_wanted()
        {
            self.leave(wanted, out);
            self.next_at = now.mono.plus_ms(self.every_ms());
        }
        let at = self.next_at.max(now.mono.plus_ms(self.every_ms()));
        out.actions.push(Action::Timer { id: PACE, at });
    }

    fn next_wanted(&mut self) -> Option<Wanted> {
        if let Some(wanted) = self.first.pop_front() {
            return Some(wanted);
        }
        self.metadata.as_ref()?;
        let market = self.turn.pop_front()?;
        self.turn.push_back(market);
        let wanted = Wanted::Book(market);
        (!self.under_way.values().any(|other| *other == wanted)).then_some(wanted)
    }

    fn leave(&mut self, wanted: Wanted, out: &mut BetOut) {
        let call = match &wanted {
            Wanted::Metadata => call::metadata(),
            Wanted::Markets { key, .. } => call::markets(&self.config.sports, key.as_deref()),
            Wanted::Book(market) => call::snapshot(*market),
        };
        let Call { lane, method, target, body, .. } = call;
        self.last_request = self.last_request.saturating_add(1);
        self.under_way.insert(self.last_request, wanted);
        let (id, timeout_ms) = (RequestId(self.last_request), self.config.read_timeout_ms);
        out.actions.push(Action::Request {
            id,
            lane,
            method,
            target,
            headers: Vec::new(),
            body: Payload::Text(body),
            timeout_ms,
        });
    }

    fn metadata_read(&mut self, body: &[u8], out: &mut BetOut) {
        match metadata::read(body, self.config.chain_id, None, 0) {
            Ok(read) => {
                self.metadata = Some(read);
                if !std::mem::replace(&mut self.told_up, true) {
                    out.news.push(BetNews::Session(SessionNews::Connected { what: "books over REST" }));
                }
            }
            Err(fault) => {
                // Fails closed: without its word there is no ladder, so nothing is quoted.
                self.metadata = None;
                self.lose_all("the venue's word about itself is not believed", out);
                out.news.push(BetNews::QueryFailed { bet: None, why: fault.to_string() });
            }
        }
    }

    fn markets_read(&mut self, page: u16, body: &[u8], out: &mut BetOut) -> bool {
        let Some((markets, next)) = catalog::markets_page(body) else { return false };
        for market in markets {
            self.seen.insert(market.id);
            if self.markets.get(&market.id) != Some(&market) {
                out.listings.push(listing(&market, market.active));
                self.markets.insert(market.id, market);
            }
        }
        if let Some(key) = next.filter(|_| page < PAGES_MAX) {
            self.first.push_front(Wanted::Markets { page: page.saturating_add(1), key: Some(key) });
            return true;
        }
        let (seen, books) = (std::mem::take(&mut self.seen), &self.books);
        self.markets.retain(|id, market| {
            if !seen.contains(id) && market.active {
                market.active = false;
                out.listings.push(listing(market, false));
            }
            seen.contains(id) || books.contains_key(id)
        });
        out.news.push(BetNews::Listed(self.markets.len()));
        true
    }

    fn book_read(&mut self, market: MarketId, body: &[u8], now: Now, out: &mut BetOut) -> bool {
        let Some(watched) = self.books.get_mut(&market) else { return true };
        // A snapshot is the whole word of that moment: it stands whether or not its version has moved.
        let taken = data(body).map(|text| watched.book.take(market, text));
        if !matches!(taken, Some(crate::book::Taken::Replaced | crate::book::Taken::Stale)) {
            return false;
        }
        (watched.read, watched.lost) = (Some(now.mono), false);
        let Some(ladder) = self.metadata.as_ref().map(|metadata| metadata.ladder) else { return true };
        let line = self.markets.get(&market).and_then(|market| market.line);
        for outcome in [Outcome::ONE, Outcome::TWO] {
            out.quotes.push(match watched.book.best(outcome == Outcome::ONE, ladder) {
                Some(best) => QuoteNews::Best(Quote { venue: VENUE, market, line, outcome, odds: best.odds, size: best.size }),
                None => QuoteNews::Empty { market, outcome, why: "nobody offers the other side" },
            });
        }
        true
    }

    fn lose_all(&mut self, why: &'static str, out: &mut BetOut) {
        for (market, watched) in self.books.iter_mut().filter(|(_, watched)| !watched.lost) {
            watched.lost = true;
            watched.book.lose();
            out.quotes.push(QuoteNews::Lost { market: *market, why });
        }
    }

    /// Tells books as lost that were not read for too long.
    fn lose_old(&mut self, now: Now, out: &mut BetOut) {
        let age_max = self.config.book_age_ms_max.saturating_mul(1_000_000);
        for (market, watched) in &mut self.books {
            if !watched.lost && watched.read.is_some_and(|read| now.mono.since(read) > age_max) {
                watched.lost = true;
                watched.book.lose();
                out.quotes.push(QuoteNews::Lost { market: *market, why: "not read for too long" });
            }
        }
    }
}

impl BetClient for SxReader {
    fn venue(&self) -> VenueId {
        VENUE
    }
    /// Never: there is no account.
    fn ready(&self, _: Now) -> bool {
        false
    }
    fn start(&mut self, now: Now, out: &mut BetOut) {
        self.first.extend([Wanted::Metadata, Wanted::Markets { page: 1, key: None }]);
        out.actions.push(Action::Timer { id: ROUND, at: now.mono.plus_ms(self.config.markets_every_ms) });
        self.pace(now, out);
    }
    fn on_open(&mut self, conn: ConnId, _: Now, out: &mut BetOut) {
        out.actions.push(Action::Close { conn });
    }
    fn on_closed(&mut self, _: ConnId, _: Option<u16>, _: &str, _: Now, _: &mut BetOut) {}
    fn on_frame(&mut self, _: ConnId, _: Frame<'_>, _: Now, _: &mut BetOut) {}
    fn on_reply(&mut self, request: RequestId, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        let Some(wanted) = self.under_way.remove(&request.0) else { return };
        if let Reply::Answer { status: 429, retry_after_ms, .. } = reply {
            // The silence that the venue asks for, a minute at most; 30 s is what one bot met (spec section 13).
            self.next_at = now.mono.plus_ms(retry_after_ms.unwrap_or(30_000).min(60_000));
        }
        const UNREADABLE: &str = "the answer does not read";
        let read = match (&wanted, reply) {
            (Wanted::Metadata, Reply::Answer { status: 200, body, .. }) => {
                self.metadata_read(body, out);
                Ok(())
            }
            (Wanted::Markets { page, .. }, Reply::Answer { status: 200, body, .. }) => {
                self.markets_read(*page, body, out).then_some(()).ok_or_else(|| UNREADABLE.to_owned())
            }
            (Wanted::Book(market), Reply::Answer { status: 200, body, .. }) => {
                self.book_read(*market, body, now, out).then_some(()).ok_or_else(|| UNREADABLE.to_owned())
            }
            (_, Reply::Answer { status, .. }) => Err(format!("status {status}")),
            (_, Reply::NotSent(why) | Reply::Unknown(why)) => Err(why.to_owned()),
        };
        if let Err(why) = read {
            let what = match &wanted {
                Wanted::Metadata => "metadata",
                Wanted::Markets { .. } => "the list of markets",
                Wanted::Book(_) => "a book",
            };
            out.news.push(BetNews::QueryFailed { bet: None, why: format!("{what}: {why}") });
            // A book has its turn again anyway.
            if !matches!(wanted, Wanted::Book(_)) {
                self.first.push_back(wanted);
            }
        }
        self.lose_old(now, out);
    }
    fn on_timer(&mut self, timer: TimerId, now: Now, out: &mut BetOut) {
        match timer {
            PACE => {
                self.lose_old(now, out);
                self.pace(now, out);
            }
            ROUND if !self.stopped => {
                let walking = |wanted: &Wanted| matches!(wanted, Wanted::Markets { .. });
                if !self.first.iter().any(walking) && !self.under_way.values().any(walking) {
                    self.first.extend([Wanted::Metadata, Wanted::Markets { page: 1, key: None }]);
                }
                out.actions.push(Action::Timer { id: ROUND, at: now.mono.plus_ms(self.config.markets_every_ms) });
            }
            _ => {}
        }
    }
    fn watch(&mut self, market: MarketId, _: Now, out: &mut BetOut) {
        if !self.markets.contains_key(&market) {
            return out.quotes.push(QuoteNews::Lost { market, why: "the venue does not list it" });
        }
        if self.books.insert(market, Watched::default()).is_none() {
            self.turn.push_back(market);
        }
    }
    fn unwatch(&mut self, market: MarketId, _: Now, _: &mut BetOut) {
        self.books.remove(&market);
        self.turn.retain(|other| *other != market);
    }
    fn terms(&self, market: MarketId, outcome: Outcome) -> Option<StakeTerms> {
        self.markets.get(&market).filter(|_| outcome == Outcome::ONE || outcome == Outcome::TWO)?;
        let min = Stake::from_e6(self.metadata.as_ref()?.stake_min);
        Some(StakeTerms { min, max: None, step: Stake::from_e6(1), profit_fee: self.config.profit_fee, cost: Stake::default() })
    }
    fn prepare(&mut self, _: BetSpec, _: Now) -> Result<PreparedBet, PrepareError> {
        Err(PrepareError::NotReady("there is no account: books are read only"))
    }
    fn send(&mut self, _: PreparedBet, _: Now, _: &mut BetOut) {}
    fn discard(&mut self, _: PreparedBet) {}
    fn query(&mut self, _: OrderId, _: Now, _: &mut BetOut) {}
    fn cancel(&mut self, _: OrderId, _: Now, _: &mut BetOut) {}
    fn adopt(&mut self, _: KnownBet, _: Now, _: &mut BetOut) -> Result<(), String> {
        Err("there is no account: books are read only".to_owned())
    }
    fn forget(&mut self, _: OrderId) {}
    fn read_account(&mut self, _: Now, out: &mut BetOut) {
        out.news.push(BetNews::Funds(None));
    }
    fn stop(&mut self, _: Now, _: &mut BetOut) {
        self.stopped = true;
    }
}

#[cfg(test)]
mod tests;
