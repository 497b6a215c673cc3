//! A client that is looked at after every call: which versions of each book it applied, how it learned them, and how long it took from
//! losing the connection to the next applied update.

use domain::{BetSpec, MarketId, Mono, Now, OrderId, Outcome, VenueId};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use sx_client::SxClient;
use venue_api::{
    BetClient, BetOut, ConnId, Frame, KnownBet, PrepareError, PreparedBet, QuoteNews, Reply, RequestId, StakeTerms, TimerId,
};

/// How a version was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Published, live or in a recovery.
    Published,
    /// Learned anew after a gap that the venue did not close, read or published: what lay before it was skipped.
    Anew,
}

/// What was seen.
#[derive(Default)]
pub(super) struct Seen {
    /// Versions in the order in which they were applied.
    pub(super) applied: BTreeMap<MarketId, Vec<(String, How)>>,
    /// From each loss of the connection to the next applied update, ms.
    pub(super) gaps_ms: Vec<u64>,
    lost_at: Option<Mono>,
    /// Books that were lost with the connection: the version that was there may be learned again.
    lost: BTreeSet<MarketId>,
    /// Whatever was not as it has to be.
    pub(super) wrong: Vec<String>,
}

pub(super) struct Spy {
    inner: SxClient,
    pub(super) seen: Rc<RefCell<Seen>>,
}

impl Spy {
    pub(super) fn around(inner: SxClient, seen: Rc<RefCell<Seen>>) -> Self {
        Self { inner, seen }
    }
    fn applied(&self, market: MarketId, version: String, now: Now) {
        let mut seen = self.seen.borrow_mut();
        if let Some(at) = seen.lost_at.take() {
            seen.gaps_ms.push(now.mono.since(at) / 1_000_000);
        }
        let again = seen.lost.remove(&market);
        let versions = seen.applied.entry(market).or_default();
        if again && versions.last().is_some_and(|(last, _)| *last == version) {
            // Nothing changed while it was lost.
        } else if versions.last().is_some_and(|(last, _)| *last >= version) {
            let wrong = format!("{market}: {version} after {:?}", versions.last());
            seen.wrong.push(wrong);
        } else {
            let how = if again || versions.is_empty() { How::Anew } else { How::Published };
            versions.push((version, how));
        }
    }
    fn last(&self, market: MarketId) -> Option<String> {
        self.seen.borrow().applied.get(&market).and_then(|versions| versions.last()).map(|(version, _)| version.clone())
    }
    /// Holds what was told against what stands in the frame: each newer book once, and a resumed one once more.
    fn compare(&self, text: &str, out: &BetOut, now: Now) {
        let mut told: BTreeMap<MarketId, usize> = BTreeMap::new();
        for quote in &out.quotes {
            let market = match quote {
                QuoteNews::Best(quote) => quote.market,
                QuoteNews::Empty { market, .. } => *market,
                QuoteNews::Lost { .. } => continue,
            };
            *told.entry(market).or_default() += 1;
        }
        // What a recovery resumed is not lost any more.
        if text.contains("\"recovered\":true") {
            self.seen.borrow_mut().lost.retain(|market| !told.contains_key(market));
        }
        let mut expect: BTreeMap<MarketId, usize> = BTreeMap::new();
        for book in books(text) {
            let market: MarketId = book["marketHash"].as_str().and_then(|id| id.parse().ok()).expect("a market");
            let version = book["version"].as_str().expect("a version").to_owned();
            let lost = self.seen.borrow().lost.contains(&market);
            if told.contains_key(&market) && self.last(market).is_none_or(|last| version > last || (lost && version == last)) {
                self.applied(market, version, now);
                *expect.entry(market).or_default() += 2;
            }
        }
        for (market, quotes) in told {
            let applied = expect.get(&market).copied().unwrap_or(0);
            // Two outcomes for each book; two more where a recovery resumed what was there.
            let resumed = text.contains("\"recovered\":true");
            if quotes != applied && !(resumed && quotes == applied + 2) {
                let wrong = format!("{market}: {quotes} quotes for {applied} expected: {text}");
                self.seen.borrow_mut().wrong.push(wrong);
            }
            if self.inner.book_version(market) != self.last(market).as_deref() {
                let wrong = format!("{market} is at {:?}, not {:?}", self.inner.book_version(market), self.last(market));
                self.seen.borrow_mut().wrong.push(wrong);
            }
        }
    }
}

/// The books of a frame, published or recovered, in order.
fn books(text: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for line in text.lines() {
        let Ok(frame) = serde_json::from_str::<Value>(line) else { continue };
        let live = frame.pointer("/push/pub/data").into_iter();
        let recovered = frame.pointer("/subscribe/publications").and_then(Value::as_array).into_iter().flatten();
        let all = live.chain(recovered.filter_map(|publication| publication.get("data")));
        found.extend(all.filter(|data| data.get("version").is_some()).cloned());
    }
    found
}

impl BetClient for Spy {
    fn venue(&self) -> VenueId {
        self.inner.venue()
    }
    fn ready(&self, now: Now) -> bool {
        self.inner.ready(now)
    }
    fn start(&mut self, now: Now, out: &mut BetOut) {
        self.inner.start(now, out);
    }
    fn on_open(&mut self, conn: ConnId, now: Now, out: &mut BetOut) {
        self.inner.on_open(conn, now, out);
    }
    fn on_closed(&mut self, conn: ConnId, code: Option<u16>, why: &str, now: Now, out: &mut BetOut) {
        {
            let mut seen = self.seen.borrow_mut();
            seen.lost_at.get_or_insert(now.mono);
            let known: Vec<MarketId> = seen.applied.keys().copied().collect();
            seen.lost.extend(known);
        }
        self.inner.on_closed(conn, code, why, now, out);
    }
    fn on_frame(&mut self, conn: ConnId, frame: Frame<'_>, now: Now, out: &mut BetOut) {
        self.inner.on_frame(conn, frame, now, out);
        if let Frame::Text(text) = frame {
            self.compare(text, out, now);
        }
    }
    fn on_reply(&mut self, request: RequestId, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        self.inner.on_reply(request, reply, now, out);
        let markets: Vec<MarketId> =
            out.quotes.iter().filter_map(|q| if let QuoteNews::Best(q) = q { Some(q.market) } else { None }).collect();
        for market in markets {
            let version = self.inner.book_version(market).map(str::to_owned);
            let lost = self.seen.borrow().lost.contains(&market);
            if let Some(version) = version.filter(|version| lost || Some(version) != self.last(market).as_ref()) {
                self.applied(market, version, now);
            }
        }
    }
    fn on_timer(&mut self, timer: TimerId, now: Now, out: &mut BetOut) {
        self.inner.on_timer(timer, now, out);
    }
    fn watch(&mut self, market: MarketId, now: Now, out: &mut BetOut) {
        self.inner.watch(market, now, out);
    }
    fn unwatch(&mut self, market: MarketId, now: Now, out: &mut BetOut) {
        self.inner.unwatch(market, now, out);
    }
    fn terms(&self, market: MarketId, outcome: Outcome) -> Option<StakeTerms> {
        self.inner.terms(market, outcome)
    }
    fn prepare(&mut self, bet: BetSpec, now: Now) -> Result<PreparedBet, PrepareError> {
        self.inner.prepare(bet, now)
    }
    fn send(&mut self, prepared: PreparedBet, now: Now, out: &mut BetOut) {
        self.inner.send(prepared, now, out);
    }
    fn discard(&mut self, prepared: PreparedBet) {
        self.inner.discard(prepared);
    }
    fn query(&mut self, bet: OrderId, now: Now, out: &mut BetOut) {
        self.inner.query(bet, now, out);
    }
    fn cancel(&mut self, bet: OrderId, now: Now, out: &mut BetOut) {
        self.inner.cancel(bet, now, out);
    }
    fn adopt(&mut self, known: KnownBet, now: Now, out: &mut BetOut) -> Result<(), String> {
        self.inner.adopt(known, now, out)
    }
    fn forget(&mut self, bet: OrderId) {
        self.inner.forget(bet);
    }
    fn read_account(&mut self, now: Now, out: &mut BetOut) {
        self.inner.read_account(now, out);
    }
    fn stop(&mut self, now: Now, out: &mut BetOut) {
        self.inner.stop(now, out);
    }
}
