//! The client against the simulated venue in virtual time: its realtime connection is cut, merged, refused and made to forget, and
//! after each of these it is ready again and every watched book is the venue's own.
#![cfg(feature = "dry_run")]
#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

use domain::{MarketId, Mono, Now, Quote, Wall};
use serde_json::{Value, json};
use signing::SanitizedValue;
use std::collections::{BTreeMap, BTreeSet};
use sx_client::{SxClient, SxConfig};
use venue_api::{Action, BetClient, BetNews, BetOut, ConnId, Frame, Payload, QuoteNews, Reply, RequestId, SessionNews, TimerId};
use venue_sim::sports::{Sports, SportsShape};
use venue_sim::sx::{SxSim, SxSimConfig};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

const KEY: &str = "0x1cab1e2e1a82a9d37e653441fcde87be88b3ebb6882714c543d71ce96fa46931";
const ADDRESS: &str = "0x2A87391ad35ffD030F6fD2A88fDF850EC1Ab5c79";
const API_KEY: &str = "an-api-key";
const START_US: i64 = 1_790_000_000_000_000;
const WIRE: ConnId = ConnId(0);
/// Before a lost connection is opened again.
const BACKOFF_US: i64 = 50_000;

/// What is to happen at a time.
enum Due {
    Venue(SimAction),
    Connect,
    Timer(TimerId),
}

/// Both sides and the line between them.
struct Rig {
    venue: SxSim,
    client: SxClient,
    now_us: i64,
    due: BTreeMap<(i64, u64), Due>,
    serial: u64,
    /// The connection that is open, as the venue numbers it.
    conn: Option<u64>,
    requests: BTreeMap<u64, RequestId>,
    ready: bool,
    fatal: Option<String>,
    connects: usize,
    listed: BTreeSet<MarketId>,
    watched: BTreeSet<MarketId>,
    /// Watched markets whose quotes are known.
    quoted: BTreeSet<MarketId>,
}

impl Rig {
    /// A client that is ready and watches so many books.
    fn watching(books: usize) -> Self {
        let config = SxSimConfig::new(7, Sports::new(7, SportsShape::default()));
        let config = config.with_account(API_KEY, ADDRESS.parse().unwrap(), 1_000_000_000);
        let mut settings = SxConfig::new(SanitizedValue::from(API_KEY), SanitizedValue::from(KEY), 4_162);
        settings.sports = vec![1, 2, 3, 5, 6, 8];
        let mut rig = Self {
            venue: SxSim::new(config),
            client: SxClient::new(settings).unwrap(),
            now_us: START_US,
            due: BTreeMap::new(),
            serial: 0,
            conn: None,
            requests: BTreeMap::new(),
            ready: false,
            fatal: None,
            connects: 0,
            listed: BTreeSet::new(),
            watched: BTreeSet::new(),
            quoted: BTreeSet::new(),
        };
        rig.client(|client, now, out| client.start(now, out));
        rig.until("the client to be ready", |rig| rig.ready && rig.listed.len() >= books);
        let books: Vec<MarketId> = rig.listed.iter().copied().take(books).collect();
        for book in books {
            rig.watched.insert(book);
            rig.client(|client, now, out| client.watch(book, now, out));
        }
        rig.settle("the first subscribe");
        rig
    }

    fn now(&self) -> Now {
        let since_us = (self.now_us - START_US) as u64;
        Now { mono: Mono(since_us * 1_000), wall: Wall::from_ms(self.now_us / 1_000) }
    }
    fn at(&mut self, at: i64, due: Due) {
        self.serial += 1;
        self.due.insert((at, self.serial), due);
    }

    fn client(&mut self, act: impl FnOnce(&mut SxClient, Now, &mut BetOut)) {
        let (now, mut out) = (self.now(), BetOut::default());
        act(&mut self.client, now, &mut out);
        for quote in out.quotes {
            match quote {
                QuoteNews::Best(Quote { market, .. }) | QuoteNews::Empty { market, .. } => self.quoted.insert(market),
                QuoteNews::Lost { market, .. } => self.quoted.remove(&market),
            };
        }
        self.listed.extend(out.listings.iter().map(|listing| listing.market));
        for news in out.news {
            match news {
                BetNews::Session(SessionNews::Ready) => self.ready = true,
                BetNews::Session(SessionNews::Down { .. }) => self.ready = false,
                BetNews::Session(SessionNews::Fatal { why }) => self.fatal = Some(why),
                _ => {}
            }
        }
        for action in out.actions {
            self.perform(action);
        }
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Connect { .. } => self.at(self.now_us + BACKOFF_US, Due::Connect),
            Action::Close { .. } => self.hang_up(),
            Action::Send { payload, .. } => {
                let Payload::Text(text) = payload else { panic!("the protocol is text") };
                if let Some(conn) = self.conn {
                    self.venue(|venue, now, out| venue.on_message(conn, &Message::Text(text), now, out));
                }
            }
            Action::Request { id, method, target, headers, body, .. } => {
                let request = id.0;
                self.requests.insert(request, id);
                let headers: Vec<(String, String)> =
                    headers.iter().map(|h| (h.name.to_lowercase(), h.value.expose_secret().to_owned())).collect();
                let body = body.as_bytes().to_vec();
                self.venue(|venue, now, out| {
                    let http = HttpRequest { method: method.as_str(), target: &target, headers: &headers, body: &body };
                    venue.on_request(request, http, now, out);
                });
            }
            Action::CancelTimer { id } => self.disarm(id),
            Action::Timer { id, at } => {
                self.disarm(id);
                self.at(START_US + (at.0 / 1_000) as i64, Due::Timer(id));
            }
        }
    }

    fn disarm(&mut self, id: TimerId) {
        self.due.retain(|_, due| !matches!(due, Due::Timer(one) if *one == id));
    }

    fn venue(&mut self, act: impl FnOnce(&mut SxSim, SimNow, &mut Vec<SimAction>)) {
        let mut out = Vec::new();
        act(&mut self.venue, SimNow(self.now_us), &mut out);
        for action in out {
            let after_us = match &action {
                SimAction::Send { after_us, .. } | SimAction::Close { after_us, .. } | SimAction::Reply { after_us, .. } => {
                    *after_us
                }
                SimAction::Hang { after_us, .. } => *after_us,
                SimAction::Accept { .. } | SimAction::RefuseUpgrade { .. } => 0,
            };
            self.at(self.now_us + after_us as i64, Due::Venue(action));
        }
    }

    fn hang_up(&mut self) {
        if let Some(conn) = self.conn.take() {
            self.venue(|venue, now, out| venue.on_disconnect(conn, now, out));
        }
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Connect => {
                self.hang_up();
                self.connects += 1;
                let conn = self.connects as u64;
                self.conn = Some(conn);
                self.venue(|venue, now, out| venue.on_connect(conn, "/connection/websocket", &[], now, out));
            }
            Due::Timer(id) => self.client(|client, now, out| client.on_timer(id, now, out)),
            Due::Venue(SimAction::Accept { conn }) if self.conn == Some(conn) => {
                self.client(|client, now, out| client.on_open(WIRE, now, out));
            }
            Due::Venue(SimAction::Send { conn, message: Message::Text(text), .. }) if self.conn == Some(conn) => {
                self.client(|client, now, out| client.on_frame(WIRE, Frame::Text(&text), now, out));
            }
            Due::Venue(SimAction::Close { conn, code, .. }) if self.conn == Some(conn) => {
                self.hang_up();
                self.client(|client, now, out| client.on_closed(WIRE, (code > 0).then_some(code), "closed", now, out));
            }
            Due::Venue(SimAction::Reply { request, status, body, .. }) => {
                let Some(id) = self.requests.remove(&request) else { return };
                let reply = Reply::Answer { status, retry_after_ms: None, body: &body };
                self.client(|client, now, out| client.on_reply(id, reply, now, out));
            }
            Due::Venue(_) => {}
        }
    }

    /// Lets things happen in the order of their times until `holds`, for three minutes at most: 508 books are read at eight a second.
    fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = self.now_us + 180_000_000;
        while !holds(self) {
            assert_eq!(self.fatal, None, "while waiting for {what}");
            let due = self.due.keys().next().map(|(at, _)| *at);
            let wake = self.venue.next_wake().map(|at| at.0);
            let next = due.into_iter().chain(wake).min().unwrap();
            self.now_us = self.now_us.max(next);
            assert!(self.now_us < end, "waited three minutes in vain for {what}: {} connections", self.connects);
            if wake == Some(next) && due.is_none_or(|due| due > next) || due.is_none_or(|due| due > self.now_us) {
                self.venue(|venue, now, out| venue.on_wake(now, out));
            } else {
                let (_, due) = self.due.pop_first().unwrap();
                self.happen(due);
            }
        }
    }

    fn wait_ms(&mut self, ms: i64) {
        let end = self.now_us + ms * 1_000;
        self.at(end, Due::Venue(SimAction::Hang { request: 0, after_us: 0 }));
        self.until("time to pass", |rig| rig.now_us >= end);
    }

    /// Waits until all is well; then no watched book is older than the venue's was a moment ago.
    fn settle(&mut self, what: &str) {
        self.until(what, |rig| rig.ready && rig.watched.iter().all(|book| rig.client.book_version(*book).is_some()));
        assert_eq!(self.quoted, self.watched, "what is known is told after {what}");
        let books: Vec<MarketId> = self.watched.iter().copied().collect();
        let venue: Vec<_> = books.iter().map(|book| self.venue_version(*book)).collect();
        self.wait_ms(50); // what has just changed arrives
        let behind = books.iter().zip(&venue).filter(|(book, venue)| self.client.book_version(**book) < venue.as_deref());
        assert_eq!(behind.count(), 0, "books behind the venue's own after {what}");
    }

    fn venue_version(&mut self, book: MarketId) -> Option<String> {
        let mut out = Vec::new();
        let target = format!("/orderbook-v3/snapshot?marketHash={book}");
        let http = HttpRequest { method: "GET", target: &target, headers: &[], body: &[] };
        self.venue.on_request(u64::MAX, http, SimNow(self.now_us), &mut out);
        let mut version = None;
        for action in out {
            match action {
                SimAction::Reply { request: u64::MAX, body, .. } => {
                    let body: Value = serde_json::from_slice(&body).unwrap();
                    version = body["data"]["version"].as_str().map(str::to_owned);
                }
                other => self.at(self.now_us, Due::Venue(other)),
            }
        }
        version
    }

    fn fault(&mut self, name: &str, parameters: Value) {
        self.venue.set_fault(name, &parameters).unwrap();
        self.wait_ms(0);
    }
}

#[test]
fn whatever_happens_to_the_connection_the_client_is_ready_again_with_the_venues_own_books() {
    let mut rig = Rig::watching(60);
    for code in [3000, 3001, 3005, 3008, 3011, 3012, 0] {
        let before = rig.connects;
        rig.fault("drop_connections", json!({"code": code}));
        rig.until("another connection", |rig| rig.connects > before);
        rig.settle(&format!("a close with {code}"));
    }
    for (name, parameters) in [
        ("close_inside_subscribe", json!({"after": 1})),
        ("close_inside_subscribe", json!({"after": 40})),
        ("close_inside_recovery", json!({"after": 20})),
        ("close_inside_recovery", json!({"after": 20, "replied": true})),
        ("lose_history", json!({"times": 30})),
        ("refuse_token_once", json!({})),
        ("refuse_token_once", json!({"code": 3500})),
        ("disconnect_push", json!({"code": 3001})),
    ] {
        let before = rig.connects;
        rig.fault(name, parameters.clone());
        rig.fault("drop_connections", json!({}));
        rig.until("another connection", |rig| rig.connects > before);
        rig.settle(&format!("{name} {parameters}"));
    }
    for (name, parameters) in [
        ("new_epoch", json!({})),
        ("new_epoch", json!({"told": false})),
        ("lose_publication", json!({"times": 20})),
        ("double_publication", json!({"times": 50})),
        ("merge_frames", json!({"ms": 30})),
        ("late_publication", json!({"ms": 150})),
    ] {
        rig.fault(name, parameters.clone());
        rig.wait_ms(8_000);
        rig.venue.clear_fault(name);
        rig.wait_ms(45_000);
        rig.settle(&format!("{name} {parameters}"));
    }
}

#[test]
fn a_venue_that_falls_silent_is_left_within_forty_seconds() {
    let mut rig = Rig::watching(20);
    let before = rig.connects;
    rig.fault("slow_reader", json!({}));
    rig.until("another connection", |rig| rig.connects > before);
    rig.venue.clear_fault("slow_reader");
    rig.settle("silence");
}

#[test]
fn a_connection_full_of_channels_is_made_again_after_every_cut() {
    let mut rig = Rig::watching(508);
    let before = rig.connects;
    rig.fault("drop_connections", json!({}));
    rig.until("another connection", |rig| rig.connects > before);
    rig.settle("a cut of a full connection");
    assert_eq!(rig.connects, before + 1, "one connection was enough");
}

#[test]
fn a_venue_in_trouble_for_a_while_is_waited_for() {
    let mut rig = Rig::watching(5);
    rig.fault("refuse_token_once", json!({"times": 10, "code": 100}));
    rig.fault("drop_connections", json!({}));
    rig.wait_ms(5_000);
    rig.settle("ten refusals that are temporary");
}
