//! The simulated venue with a window into it: what orders reached it, what it published, what it knows of a bet.

use crate::shell::{Seen, Shell};
use crate::venue::{self, API_KEY};
use domain::{
    BetSpec, BetStatus, LegId, LineKind, Listing, MarketId, Odds, OrderId, Outcome, Purpose, Question, Quote, RoundId, Stake,
    TimeInForce,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;
use sx_client::SxConfig;
use transport::LinkConfig;
use venue_api::{BetClient, BetReport};
use venue_sim::server::RunningServer;
use venue_sim::sx::{SeenBet, SxSim, SxSimConfig};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

/// How long anything may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(40);
/// What takes time by the clock runs alone; everything else on sockets beside each other.
pub(crate) static ALONE: RwLock<()> = RwLock::new(());
/// The connection of the observer: the last one, so that a fault that drops the first never hits it.
const OBSERVER: u64 = u64::MAX;

/// What the observer knows.
#[derive(Default)]
struct Observer {
    wanted: Vec<String>,
    begun: bool,
    /// Data by channel, in order.
    published: BTreeMap<String, Vec<Value>>,
}

struct Inside {
    sim: SxSim,
    /// Bodies of the requests that place orders.
    posts: Vec<String>,
    observer: Observer,
}

/// The machine that the server drives.
#[derive(Clone)]
struct Machine(Arc<Mutex<Inside>>);

impl Inside {
    /// Performs what the machine wants of the observer, and leaves what it wants of everybody else.
    fn observe(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        if !self.observer.begun && !self.observer.wanted.is_empty() {
            self.observer.begun = true;
            self.sim.on_connect(OBSERVER, "/connection/websocket", &[], now, out);
        }
        while let Some(at) = out
            .iter()
            .position(|action| matches!(action, SimAction::Accept { conn } | SimAction::Send { conn, .. } if *conn == OBSERVER))
        {
            match out.remove(at) {
                SimAction::Send { message: Message::Text(text), .. } => {
                    text.lines().for_each(|line| self.observed(line, now, out));
                }
                _ => {
                    let token = self.token(now, out);
                    self.say(&format!(r#"{{"id":1,"connect":{{"token":"{token}"}}}}"#), now, out);
                }
            }
        }
        let dropped = out.iter().any(|action| matches!(action, SimAction::Close { conn, .. } if *conn == OBSERVER));
        assert!(!dropped, "the observer is never dropped");
    }
    fn say(&mut self, text: &str, now: SimNow, out: &mut Vec<SimAction>) {
        self.sim.on_message(OBSERVER, &Message::Text(text.to_owned()), now, out);
    }
    fn token(&mut self, now: SimNow, out: &mut Vec<SimAction>) -> String {
        let headers = [("x-sx-api-key".to_owned(), API_KEY.to_owned())];
        let http = HttpRequest { method: "GET", target: "/user/realtime-token-v3/api-key", headers: &headers, body: b"" };
        self.sim.on_request(OBSERVER, http, now, out);
        let at = out.iter().position(|action| matches!(action, SimAction::Reply { request: OBSERVER, .. })).expect("an answer");
        let SimAction::Reply { body, .. } = out.remove(at) else { unreachable!("just found") };
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        answer.pointer("/token").or(answer.pointer("/data/token")).and_then(Value::as_str).expect("a token").to_owned()
    }
    fn observed(&mut self, line: &str, now: SimNow, out: &mut Vec<SimAction>) {
        let frame: Value = serde_json::from_str(line).expect("JSON");
        if frame.as_object().is_some_and(serde_json::Map::is_empty) {
            return self.say("{}", now, out);
        }
        if frame.get("connect").is_some() {
            for (n, channel) in self.observer.wanted.clone().into_iter().enumerate() {
                self.say(&format!(r#"{{"id":{},"subscribe":{{"channel":"{channel}"}}}}"#, n + 2), now, out);
            }
        }
        if let (Some(channel), Some(data)) =
            (frame.pointer("/push/channel").and_then(Value::as_str), frame.pointer("/push/pub/data"))
        {
            self.observer.published.entry(channel.to_owned()).or_default().push(data.clone());
        }
    }
}

impl Machine {
    fn with(&self, now: SimNow, out: &mut Vec<SimAction>, act: impl FnOnce(&mut SxSim, &mut Vec<SimAction>)) {
        let mut inside = self.0.lock().expect("no test panics inside");
        act(&mut inside.sim, out);
        inside.observe(now, out);
    }
}

impl VenueSim for Machine {
    fn name(&self) -> &'static str {
        "sx"
    }
    fn on_connect(&mut self, conn: u64, target: &str, headers: &[(String, String)], now: SimNow, out: &mut Vec<SimAction>) {
        self.with(now, out, |sim, out| sim.on_connect(conn, target, headers, now, out));
    }
    fn on_message(&mut self, conn: u64, message: &Message, now: SimNow, out: &mut Vec<SimAction>) {
        self.with(now, out, |sim, out| sim.on_message(conn, message, now, out));
    }
    fn on_disconnect(&mut self, conn: u64, now: SimNow, out: &mut Vec<SimAction>) {
        self.with(now, out, |sim, out| sim.on_disconnect(conn, now, out));
    }
    fn on_request(&mut self, request: u64, http: HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        if http.method == "POST" && http.target == "/orders-v3" {
            let body = String::from_utf8_lossy(http.body).into_owned();
            self.0.lock().expect("no test panics inside").posts.push(body);
        }
        self.with(now, out, |sim, out| sim.on_request(request, http, now, out));
    }
    fn next_wake(&self) -> Option<SimNow> {
        self.0.lock().expect("no test panics inside").sim.next_wake()
    }
    fn on_wake(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        self.with(now, out, |sim, out| sim.on_wake(now, out));
    }
    fn set_fault(&mut self, name: &str, parameters: &Value) -> Result<(), String> {
        self.0.lock().expect("no test panics inside").sim.set_fault(name, parameters)
    }
    fn clear_fault(&mut self, name: &str) {
        self.0.lock().expect("no test panics inside").sim.clear_fault(name);
    }
}

/// A served venue.
pub(crate) struct Venue {
    pub(crate) server: RunningServer,
    machine: Machine,
}

impl Venue {
    /// Quick: no betting delay before the match, a lock within a third of a second, settled at once.
    pub(crate) fn start(seed: u64, latency_ms: u64, change: impl FnOnce(&mut SxSimConfig)) -> Self {
        let mut config = venue::venue(seed);
        config.delays.pregame_ms = 50;
        config.delays.live_ms = 100;
        config.delays.live_by_league.clear();
        config.delays.live_by_sport.clear();
        config.latencies.lock_ms = (150, 300);
        config.latencies.settle_ms = 50;
        change(&mut config);
        let inside = Inside { sim: SxSim::new(config), posts: Vec::new(), observer: Observer::default() };
        let machine = Machine(Arc::new(Mutex::new(inside)));
        let server = venue::serve(Box::new(machine.clone()), latency_ms).expect("a server");
        Self { server, machine }
    }
    pub(crate) fn link(&self) -> LinkConfig {
        venue::link(&self.server.rest_url(), &self.server.ws_url(), Some(self.server.ca_pem()))
    }
    /// Begins to note what is published there.
    pub(crate) fn observe(&self, channels: Vec<String>) {
        self.machine.0.lock().expect("no test panics inside").observer.wanted = channels;
    }
    pub(crate) fn published(&self, channel: &str) -> Vec<Value> {
        self.machine.0.lock().expect("no test panics inside").observer.published.get(channel).cloned().unwrap_or_default()
    }
    pub(crate) fn posts(&self) -> Vec<String> {
        self.machine.0.lock().expect("no test panics inside").posts.clone()
    }
    /// What the venue itself knows of an order.
    pub(crate) fn bet(&self, venue_order: &str) -> Option<SeenBet> {
        let inside = self.machine.0.lock().expect("no test panics inside");
        inside.sim.bets_seen(0).find(|bet| bet.id == venue_order)
    }
    pub(crate) fn fault(&self, name: &str, parameters: &Value) {
        self.server.fault(name, parameters).expect(name);
    }
    pub(crate) fn sound(&self) {
        self.machine.0.lock().expect("no test panics inside").sim.check().expect("the venue's own books agree");
    }
}

/// Config of a client that lets nothing wait longer than a test wants to.
pub(crate) fn quick() -> SxConfig {
    let mut config = venue::client();
    config.sports = vec![5];
    config.settle_every_ms = 500;
    config.odds_every_ms = 200;
    config.metadata_every_ms = 5_000;
    config
}

/// Markets of different events, the ones that start last first, so that nothing begins while a test runs; none that can push.
pub(crate) fn markets(seen: &Seen, most: usize) -> Vec<Listing> {
    let listings = seen.listings.borrow();
    let sure = |listing: &Listing| match listing.question {
        Question::Result => true,
        Question::Total => listing.line.is_some_and(|line| line.kind() == LineKind::Half),
        _ => false,
    };
    let mut all: Vec<&Listing> = listings.values().filter(|listing| listing.open && sure(listing)).collect();
    all.sort_by_key(|listing| std::cmp::Reverse((listing.starts, listing.market)));
    let mut events: Vec<&str> = Vec::new();
    let mut chosen = Vec::new();
    for listing in all {
        if !events.contains(&listing.event.as_str()) && chosen.len() < most {
            events.push(&listing.event);
            chosen.push(listing.clone());
        }
    }
    chosen
}

/// A shell that is ready, watching as many markets, and what it watches.
pub(crate) async fn ready<C: BetClient + 'static>(shell: &Shell<C>, most: usize) -> Vec<Listing> {
    assert!(shell.seen.until(LIMIT, |seen| seen.ups.get() > 0 && seen.listed.get()).await, "it is ready");
    let watched = markets(&shell.seen, most);
    assert_eq!(watched.len(), most);
    for listing in &watched {
        shell.link.with(|client, now, out| client.watch(listing.market, now, out));
    }
    let quoted = |seen: &Seen| watched.iter().all(|l| seen.quotes.borrow().contains_key(&(l.market, Outcome::ONE)));
    assert!(shell.seen.until(LIMIT, quoted).await, "every watched market is quoted: {:?}", shell.seen.quotes.borrow().len());
    watched
}

/// The present quote of outcome one.
pub(crate) fn quote(seen: &Seen, market: MarketId) -> Quote {
    *seen.quotes.borrow().get(&(market, Outcome::ONE)).expect("a quote")
}

pub(crate) fn spec<C: BetClient + 'static>(shell: &Shell<C>, number: u32, market: MarketId, tif: TimeInForce) -> BetSpec {
    let now = shell.link.look(|_, now| now.wall);
    // A fifth of the profit less than is offered: the book moves while the order waits for its match.
    let (gets, stake) = quote(&shell.seen, market).odds.ratio();
    let (gets, stake) = (u128::from(gets), u128::from(stake));
    BetSpec {
        id: OrderId { round: RoundId { epoch: shell.epoch, seq: number }, leg: LegId::A, purpose: Purpose::Entry, attempt: 1 },
        venue: sx_client::VENUE,
        market,
        outcome: Outcome::ONE,
        stake: Stake::from_e6(3_000_000),
        odds_min: Odds::from_ratio(stake * 5 + (gets - stake) * 4, stake * 5).expect("odds"),
        tif,
        expires: now.plus_ms(20_000),
    }
}

/// Waits until a bet stands like this.
pub(crate) async fn stands(seen: &Seen, bet: OrderId, status: BetStatus) -> BetReport {
    let came = seen.until(LIMIT, |seen| seen.last(bet).is_some_and(|report| report.status == status)).await;
    let reports = seen.reports.borrow().get(&bet).cloned().unwrap_or_default();
    assert!(came, "{bet} does not become {status:?}: {:?}", reports.iter().map(|(_, r)| (r.status, &r.fact)).collect::<Vec<_>>());
    seen.last(bet).expect("a report")
}

/// Statuses in the order in which they were first told.
pub(crate) fn way(seen: &Seen, bet: OrderId) -> Vec<&'static str> {
    let reports = seen.reports.borrow();
    let mut way: Vec<&str> = reports.get(&bet).into_iter().flatten().map(|(_, report)| report.status.word()).collect();
    way.dedup();
    way
}

/// Runs a test on one thread with a `LocalSet` around it.
pub(crate) fn on_sockets<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, test)
}
