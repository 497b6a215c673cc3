//! The client against the simulated venue on virtual time: both are machines, so a story that takes minutes plays in milliseconds, and
//! the client can be killed at any record of its journal.

use super::harness::{START_S, config};
use super::journal::{Crash, Written};
use azuro_client::{AzuroClient, AzuroConfig};
use domain::{Listing, MarketId, Mono, Now, Outcome, Quote, Wall};
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use venue_api::{
    Action, BetClient, BetNews, BetOut, ConnId, Frame, KnownBet, Lane, Payload, QuoteNews, Reply, RequestId, TimerId,
};
use venue_sim::azuro::{AzuroSim, AzuroSimConfig};
use venue_sim::sports::{Sports, SportsShape};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

/// How long a shell waits before it connects again, microseconds.
const BACKOFF_US: i64 = 100_000;

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Timer(u64, u64),
    Reply(u64, Option<(u16, Option<u64>, Vec<u8>)>),
    Frame(u64, String),
    Closed(u64),
    Open(u64, u8),
}

pub(crate) struct Arena {
    pub(crate) sim: AzuroSim,
    pub(crate) client: AzuroClient,
    config: AzuroConfig,
    /// Microseconds since the epoch.
    now_us: i64,
    queue: BinaryHeap<Reverse<(i64, u64, Event)>>,
    sequence: u64,
    /// Life of the process: what was asked in an earlier one is answered to nobody.
    life: u64,
    timers: BTreeMap<TimerId, u64>,
    requests: BTreeMap<u64, (u64, RequestId)>,
    conns: BTreeMap<ConnId, u64>,
    next: u64,
    pub(crate) journal: Vec<Written>,
    records: usize,
    crash: Option<Crash>,
    pub(crate) crashes: usize,
    pub(crate) listings: BTreeMap<MarketId, Listing>,
    pub(crate) quotes: BTreeMap<(MarketId, Outcome), Quote>,
    pub(crate) told: Vec<QuoteNews>,
    pub(crate) news: Vec<BetNews>,
    /// Bodies posted as orders, in order.
    pub(crate) posts: Vec<String>,
    pub(crate) connects: usize,
}

/// A world in which prices stand still and every game is simply played.
fn calm() -> SportsShape {
    SportsShape { pulse_every_ms: 0, noise_permille: 0, trouble_permille: 0, ..SportsShape::default() }
}

impl Arena {
    pub(crate) fn new() -> Self {
        Self::with(7, |_| {}, |_| {})
    }

    pub(crate) fn with(seed: u64, change: impl FnOnce(&mut AzuroSimConfig), own: impl FnOnce(&mut AzuroConfig)) -> Self {
        let mut venue = AzuroSimConfig::new(seed, Sports::new(seed, calm()));
        venue.stopped_permille = 0;
        venue.approved = true;
        venue.latencies.slow_permille = 0;
        change(&mut venue);
        let mut config = config();
        config.sports = vec![45];
        own(&mut config);
        let mut arena = Self {
            sim: AzuroSim::new(venue),
            client: AzuroClient::new(config.clone()).expect("a client"),
            config,
            now_us: START_S * 1_000_000,
            queue: BinaryHeap::new(),
            sequence: 0,
            life: 1,
            timers: BTreeMap::new(),
            requests: BTreeMap::new(),
            conns: BTreeMap::new(),
            next: 0,
            journal: Vec::new(),
            records: 0,
            crash: None,
            crashes: 0,
            listings: BTreeMap::new(),
            quotes: BTreeMap::new(),
            told: Vec::new(),
            news: Vec::new(),
            posts: Vec::new(),
            connects: 0,
        };
        arena.step(|client, now, out| client.start(now, out));
        arena
    }

    pub(crate) fn crash_at(&mut self, crash: Crash) {
        self.crash = Some(crash);
    }

    pub(crate) fn now(&self) -> Now {
        Now { mono: Mono(u64::try_from(self.now_us).expect("after 1970") * 1_000), wall: Wall::from_ms(self.now_us / 1_000) }
    }

    fn push(&mut self, after_us: u64, event: Event) {
        self.sequence += 1;
        self.queue.push(Reverse((self.now_us + after_us as i64, self.sequence, event)));
    }

    /// Calls the client, journals what it told, performs what it asked for.
    pub(crate) fn step<T>(&mut self, act: impl FnOnce(&mut AzuroClient, Now, &mut BetOut) -> T) -> Option<T> {
        let mut out = BetOut::default();
        let now = self.now();
        let result = act(&mut self.client, now, &mut out);
        for news in &out.news {
            if let BetNews::Bet(report) = news
                && !self.write(|arena| {
                    let written = arena
                        .journal
                        .iter_mut()
                        .find(|w| w.spec.id == report.bet)
                        .expect("a bet is intended before it is learned of");
                    written.reports.push(report.clone());
                })
            {
                return None;
            }
        }
        for listing in out.listings {
            self.listings.insert(listing.market, listing);
        }
        for quote in &out.quotes {
            match quote {
                QuoteNews::Best(quote) => drop(self.quotes.insert((quote.market, quote.outcome), *quote)),
                QuoteNews::Empty { market, outcome, .. } => drop(self.quotes.remove(&(*market, *outcome))),
                QuoteNews::Lost { market, .. } => self.quotes.retain(|(m, _), _| m != market),
            }
        }
        self.told.extend(out.quotes);
        self.news.extend(out.news);
        for action in out.actions {
            self.perform(action);
        }
        if matches!(self.crash, Some(Crash::Done(at)) if at <= self.records) {
            self.restart();
        }
        Some(result)
    }

    /// One record. False: the process died at it.
    pub(crate) fn write(&mut self, write: impl FnOnce(&mut Self)) -> bool {
        let number = self.records + 1;
        if self.crash == Some(Crash::Before(number)) {
            self.restart();
            return false;
        }
        write(self);
        self.records = number;
        if self.crash == Some(Crash::Written(number)) {
            self.restart();
            return false;
        }
        true
    }

    /// The process is gone and comes back with its journal.
    fn restart(&mut self) {
        self.crash = None;
        self.crashes += 1;
        self.life += 1;
        self.timers.clear();
        for (_, conn) in std::mem::take(&mut self.conns) {
            self.sim.on_disconnect(conn, SimNow(self.now_us), &mut Vec::new());
        }
        let nonce = |w: &Written| w.key.key.rsplit_once('_').and_then(|(_, n)| n.parse::<u64>().ok()).expect("a nonce");
        self.config.last_nonce = self.journal.iter().map(nonce).max().unwrap_or(0);
        self.client = AzuroClient::new(self.config.clone()).expect("a client");
        self.quotes.clear();
        self.step(|client, now, out| client.start(now, out));
        for written in self.journal.clone() {
            let facts = written.reports.iter().map(|report| report.fact.clone()).collect();
            let known = KnownBet { spec: written.spec, key: written.key, facts };
            self.step(|client, now, out| client.adopt(known, now, out)).expect("no crash is armed").expect("ours");
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Connect { conn, .. } => {
                self.connects += 1;
                if let Some(old) = self.conns.remove(&conn) {
                    self.sim.on_disconnect(old, SimNow(self.now_us), &mut Vec::new());
                }
                self.push(BACKOFF_US as u64, Event::Open(self.life, conn.0));
            }
            Action::Close { conn } => {
                if let Some(old) = self.conns.remove(&conn) {
                    self.sim.on_disconnect(old, SimNow(self.now_us), &mut Vec::new());
                }
            }
            Action::Send { conn, payload } => {
                let text = String::from_utf8(payload.as_bytes().to_vec()).expect("text");
                if let Some(conn) = self.conns.get(&conn).copied() {
                    self.sim_does(|sim, now, out| sim.on_message(conn, &Message::Text(text), now, out));
                }
            }
            Action::Request { id, lane, method, target, body, timeout_ms, .. } => {
                self.next += 1;
                let request = self.next;
                self.requests.insert(request, (self.life, id));
                let target = if lane == Lane::Chain { format!("/rpc{target}") } else { format!("/api/v1/public{target}") };
                let Payload::Text(body) = body else { panic!("bodies are text") };
                if lane == Lane::Orders {
                    self.posts.push(body.clone());
                }
                self.push(timeout_ms * 1_000, Event::Reply(request, None));
                let http = HttpRequest { method: method.as_str(), target: &target, headers: &[], body: body.as_bytes() };
                self.sim_does(|sim, now, out| sim.on_request(request, http, now, out));
            }
            Action::Timer { id, at } => {
                self.sequence += 1;
                self.timers.insert(id, self.sequence);
                let at_us = i64::try_from(at.0 / 1_000).expect("near");
                self.queue.push(Reverse((at_us.max(self.now_us), self.sequence, Event::Timer(id.0, self.sequence))));
            }
            Action::CancelTimer { id } => drop(self.timers.remove(&id)),
        }
    }

    fn sim_does(&mut self, act: impl FnOnce(&mut AzuroSim, SimNow, &mut Vec<SimAction>)) {
        let mut out = Vec::new();
        act(&mut self.sim, SimNow(self.now_us), &mut out);
        for action in out {
            match action {
                SimAction::Reply { request, after_us, status, headers, body } => {
                    let retry = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
                    let retry = retry.and_then(|(_, s)| s.parse::<u64>().ok()).map(|s| s * 1_000);
                    self.push(after_us, Event::Reply(request, Some((status, retry, body))));
                }
                SimAction::Hang { request, after_us } => self.push(after_us, Event::Reply(request, None)),
                SimAction::Send { conn, after_us, message: Message::Text(text) } => self.push(after_us, Event::Frame(conn, text)),
                SimAction::Send { .. } => panic!("this venue says text"),
                SimAction::Close { conn, after_us, .. } => self.push(after_us, Event::Closed(conn)),
                SimAction::Accept { .. } | SimAction::RefuseUpgrade { .. } => {}
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Timer(id, token) => {
                if self.timers.get(&TimerId(id)) == Some(&token) {
                    self.timers.remove(&TimerId(id));
                    self.step(|client, now, out| client.on_timer(TimerId(id), now, out));
                }
            }
            Event::Reply(request, answer) => {
                let Some((life, id)) = self.requests.remove(&request) else { return };
                if life != self.life {
                    return;
                }
                let reply = match &answer {
                    Some((status, retry_after_ms, body)) => {
                        Reply::Answer { status: *status, retry_after_ms: *retry_after_ms, body }
                    }
                    None => Reply::Unknown("no answer"),
                };
                self.step(|client, now, out| client.on_reply(id, reply, now, out));
            }
            Event::Frame(conn, text) => {
                if let Some(id) = self.client_conn(conn) {
                    self.step(|client, now, out| client.on_frame(id, Frame::Text(&text), now, out));
                }
            }
            Event::Closed(conn) => {
                if let Some(id) = self.client_conn(conn) {
                    self.conns.remove(&id);
                    self.sim.on_disconnect(conn, SimNow(self.now_us), &mut Vec::new());
                    self.step(|client, now, out| client.on_closed(id, Some(1_006), "dropped", now, out));
                }
            }
            Event::Open(life, id) => {
                if life != self.life {
                    return;
                }
                self.next += 1;
                let (conn, mut out) = (self.next, Vec::new());
                self.sim.on_connect(conn, "/v1/streams/feed", &[], SimNow(self.now_us), &mut out);
                if matches!(out.as_slice(), [SimAction::Accept { .. }]) {
                    self.conns.insert(ConnId(id), conn);
                    self.step(|client, now, out| client.on_open(ConnId(id), now, out));
                } else {
                    self.step(|client, now, out| client.on_closed(ConnId(id), Some(502), "refused", now, out));
                }
            }
        }
    }

    fn client_conn(&self, conn: u64) -> Option<ConnId> {
        self.conns.iter().find(|(_, c)| **c == conn).map(|(id, _)| *id)
    }

    /// Lets time pass until something holds; false when it did not within the limit.
    pub(crate) fn until(&mut self, ms: i64, mut holds: impl FnMut(&Self) -> bool) -> bool {
        let end = self.now_us + ms * 1_000;
        loop {
            if holds(self) {
                return true;
            }
            let event = self.queue.peek().map(|Reverse((at, ..))| *at);
            let wake = self.sim.next_wake().map(|at| at.0.max(self.now_us));
            let Some(at) = [event, wake].into_iter().flatten().min().filter(|at| *at <= end) else {
                self.now_us = end;
                return holds(self);
            };
            self.now_us = at;
            if wake == Some(at) {
                self.sim_does(|sim, now, out| sim.on_wake(now, out));
            } else if let Some(Reverse((_, _, event))) = self.queue.pop() {
                self.happen(event);
            }
        }
    }
    pub(crate) fn pass(&mut self, ms: i64) {
        self.until(ms, |_| false);
    }

    pub(crate) fn fault(&mut self, name: &str, parameters: Value) {
        self.sim.set_fault(name, &parameters).unwrap_or_else(|why| panic!("{why}"));
    }
    pub(crate) fn clear(&mut self, name: &str) {
        self.sim.clear_fault(name);
    }

    /// Posts whose bodies differ: each is another signed bet.
    pub(crate) fn different_posts(&self) -> usize {
        self.posts.iter().collect::<std::collections::BTreeSet<_>>().len()
    }
}

/// A fault without parameters.
pub(crate) fn plain() -> Value {
    json!({})
}
