//! The client and the simulated venue on virtual time, one in front of the other: nothing between them but delays.

use crate::rig::{ACCOUNT, PUBLIC, START_MS, config};
use domain::{
    AccountSnapshot, Fills, MarketEvent, Mono, Now, OrderEnd, OrderId, OrderNews, OrderSpec, Price, Side, Size, Usd, Wall,
};
use paradex_client::{Config, ParadexClient};
use risk::{Gate, Limits};
use serde_json::Value;
use std::collections::BTreeMap;
use venue_api::*;
use venue_sim::market::{Market, MarketShape};
use venue_sim::paradex::{KnownAccount, ParadexSim, ParadexSimConfig};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

enum Event {
    Venue(SimAction),
    /// A request of the client has waited long enough.
    Timeout(u64),
}

pub(crate) struct World {
    pub(crate) client: ParadexClient,
    pub(crate) sim: ParadexSim,
    /// Microseconds.
    now: i64,
    serial: u64,
    queue: BTreeMap<(i64, u64), Event>,
    conns: BTreeMap<u64, ConnId>,
    requests: BTreeMap<u64, RequestId>,
    timers: BTreeMap<TimerId, Mono>,
    pub(crate) news: Vec<VenueNews>,
    pub(crate) market: Vec<MarketEvent>,
    gate: Gate,
    orders: u32,
}

impl World {
    /// A client that is ready.
    pub(crate) fn new() -> Self {
        Self::with(Config { rules_every_ms: 10_000, ..config() })
    }

    pub(crate) fn with(config: Config) -> Self {
        let shape = MarketShape { pulse_every_ms: 0, pulse_ms: 0, pulse_bps: 0, noise_bps: 0 };
        let known = KnownAccount { address: Some(ACCOUNT.into()), public_key: PUBLIC.into(), subkeys: vec![] };
        let symbols = ["ETH-USD-PERP", "BTC-USD-PERP"];
        let sim = ParadexSimConfig { accounts: vec![known], ..ParadexSimConfig::new(7, Market::new(7, shape), &symbols) };
        let huge = Usd::from_e8(i64::MAX / 4);
        let limits =
            Limits { notional_per_leg: huge, notional_total: huge, open_rounds: 9, orders_per_minute: 999, clearance_ms: 1_000 };
        let mut world = Self {
            client: ParadexClient::new(config).expect("a client"),
            sim: ParadexSim::new(sim),
            now: START_MS * 1_000,
            serial: 0,
            queue: BTreeMap::new(),
            conns: BTreeMap::new(),
            requests: BTreeMap::new(),
            timers: BTreeMap::new(),
            news: Vec::new(),
            market: Vec::new(),
            gate: Gate::new(limits),
            orders: 0,
        };
        world.tell(|c, now, out| c.start(now, out));
        world.until("ready", |w| w.client.ready() && w.told(|n| matches!(n, VenueNews::Session(SessionNews::Ready))));
        world.forget();
        world
    }

    pub(crate) fn forget(&mut self) {
        self.news.clear();
        self.market.clear();
    }
    pub(crate) fn told(&self, what: impl Fn(&VenueNews) -> bool) -> bool {
        self.news.iter().any(what)
    }
    pub(crate) fn fault(&mut self, name: &str, parameters: Value) {
        self.sim.set_fault(name, &parameters).expect("a known fault");
    }
    pub(crate) fn clear(&mut self, name: &str) {
        self.sim.clear_fault(name);
    }

    fn stamp(&self) -> Now {
        let passed = u64::try_from(self.now - START_MS * 1_000).expect("time goes on");
        Now { mono: Mono(1_000_000_000 + passed * 1_000), wall: Wall(self.now) }
    }
    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub(crate) fn tell(&mut self, f: impl FnOnce(&mut ParadexClient, Now, &mut Out)) {
        let mut out = Out::default();
        let now = self.stamp();
        f(&mut self.client, now, &mut out);
        self.news.append(&mut out.news);
        self.market.append(&mut out.market);
        for action in out.actions {
            self.act(action);
        }
    }

    fn act(&mut self, action: Action) {
        let (now, mut out) = (SimNow(self.now), Vec::new());
        match action {
            Action::Connect { conn, target, .. } => {
                self.leave(conn);
                let id = self.next_serial();
                self.conns.insert(id, conn);
                self.sim.on_connect(id, &format!("/v1{}", target.expose_secret()), &[], now, &mut out);
            }
            Action::Close { conn } => self.leave(conn),
            Action::Send { conn, payload } => {
                let Some(id) = self.conns.iter().find(|(_, c)| **c == conn).map(|(id, _)| *id) else { return };
                let text = String::from_utf8(payload.as_bytes().to_vec()).expect("text");
                self.sim.on_message(id, &Message::Text(text), now, &mut out);
            }
            Action::Request { id, method, target, headers, body, timeout_ms, .. } => {
                let request = self.next_serial();
                self.requests.insert(request, id);
                let until = self.now + i64::try_from(timeout_ms).expect("small") * 1_000;
                let serial = self.next_serial();
                self.queue.insert((until, serial), Event::Timeout(request));
                let headers: Vec<(String, String)> =
                    headers.iter().map(|h| (h.name.to_ascii_lowercase(), h.value.expose_secret().to_owned())).collect();
                let target = format!("/v1{target}");
                let http = HttpRequest { method: method.as_str(), target: &target, headers: &headers, body: body.as_bytes() };
                self.sim.on_request(request, http, now, &mut out);
            }
            Action::Timer { id, at } => drop(self.timers.insert(id, at)),
            Action::CancelTimer { id } => drop(self.timers.remove(&id)),
        }
        self.take(out);
    }

    fn leave(&mut self, conn: ConnId) {
        let open: Vec<u64> = self.conns.iter().filter(|(_, c)| **c == conn).map(|(id, _)| *id).collect();
        for id in open {
            self.conns.remove(&id);
            let mut out = Vec::new();
            self.sim.on_disconnect(id, SimNow(self.now), &mut out);
            self.take(out);
        }
    }

    fn take(&mut self, actions: Vec<SimAction>) {
        for action in actions {
            let after = match &action {
                SimAction::Accept { .. } | SimAction::RefuseUpgrade { .. } => 0,
                SimAction::Send { after_us, .. }
                | SimAction::Close { after_us, .. }
                | SimAction::Reply { after_us, .. }
                | SimAction::Hang { after_us, .. } => *after_us,
            };
            let serial = self.next_serial();
            self.queue.insert((self.now + i64::try_from(after).expect("small"), serial), Event::Venue(action));
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Timeout(request) => {
                if let Some(id) = self.requests.remove(&request) {
                    self.tell(|c, now, out| c.on_reply(id, Reply::Unknown("timeout"), now, out));
                }
            }
            Event::Venue(SimAction::Accept { conn }) => {
                if let Some(id) = self.conns.get(&conn).copied() {
                    self.tell(|c, now, out| c.on_open(id, now, out));
                }
            }
            Event::Venue(SimAction::RefuseUpgrade { conn, status }) => {
                if let Some(id) = self.conns.remove(&conn) {
                    // A shell would wait out its backoff; here nobody else waits.
                    self.now += 100_000;
                    self.tell(|c, now, out| c.on_closed(id, Some(status), "refused", now, out));
                }
            }
            Event::Venue(SimAction::Send { conn, message, .. }) => {
                let Some(id) = self.conns.get(&conn).copied() else { return };
                match &message {
                    Message::Text(t) => self.tell(|c, now, out| c.on_frame(id, Frame::Text(t), now, out)),
                    Message::Binary(b) => self.tell(|c, now, out| c.on_frame(id, Frame::Binary(b), now, out)),
                }
            }
            Event::Venue(SimAction::Close { conn, code, .. }) => {
                if let Some(id) = self.conns.remove(&conn) {
                    self.tell(|c, now, out| c.on_closed(id, Some(code), "closed by the venue", now, out));
                }
            }
            Event::Venue(SimAction::Reply { request, status, body, .. }) => {
                if let Some(id) = self.requests.remove(&request) {
                    let answer = Reply::Answer { status, retry_after_ms: None, body: &body };
                    self.tell(|c, now, out| c.on_reply(id, answer, now, out));
                }
            }
            Event::Venue(SimAction::Hang { request, .. }) => {
                if let Some(id) = self.requests.remove(&request) {
                    self.tell(|c, now, out| c.on_reply(id, Reply::Unknown("dropped"), now, out));
                }
            }
        }
    }

    /// The next thing that happens, unless it is later than `limit`.
    fn step(&mut self, limit: i64) -> bool {
        let event = self.queue.keys().next().map(|(at, _)| *at);
        let wake = self.sim.next_wake().map(|w| w.0);
        let us = |at: Mono| START_MS * 1_000 + i64::try_from(at.since(Mono(1_000_000_000)).div_ceil(1_000)).expect("small");
        let timer = self.timers.iter().min_by_key(|(_, at)| **at).map(|(id, at)| (*id, us(*at)));
        let Some(next) = [event, wake, timer.map(|t| t.1)].into_iter().flatten().min().filter(|at| *at <= limit) else {
            self.now = self.now.max(limit);
            return false;
        };
        self.now = self.now.max(next);
        if event == Some(next) {
            let (_, event) = self.queue.pop_first().expect("it was just there");
            self.happen(event);
        } else if wake == Some(next) {
            let mut out = Vec::new();
            self.sim.on_wake(SimNow(self.now), &mut out);
            self.take(out);
        } else if let Some((id, _)) = timer {
            self.timers.remove(&id);
            self.tell(|c, now, out| c.on_timer(id, now, out));
        }
        true
    }

    /// Lets time pass.
    pub(crate) fn pass_ms(&mut self, ms: i64) {
        let limit = self.now + ms * 1_000;
        while self.step(limit) {}
    }

    /// Lets time pass until something holds, at most two minutes of it.
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let limit = self.now + 120_000_000;
        while !holds(self) {
            assert!(self.step(limit), "not within two minutes: {what}; {:?}", self.news);
        }
    }

    /// Sends an immediate order far into the book.
    pub(crate) fn send(&mut self, side: Side, size: &str, reduce_only: bool) -> OrderId {
        self.orders += 1;
        let limit = if side == Side::Buy { "3200" } else { "3000" };
        let spec = OrderSpec { side, reduce_only, ..crate::rig::spec(self.orders, size, limit) };
        let (id, at) = (spec.id, self.stamp().mono);
        let cleared = if reduce_only { self.gate.reduce(spec, at) } else { self.gate.again(spec, at).expect("cleared") };
        let prepared = self.client.prepare(cleared, self.stamp()).expect("prepared");
        self.tell(|c, now, out| c.send(prepared, now, out));
        id
    }

    /// Whether and how an order is over.
    pub(crate) fn end_of(&self, order: OrderId) -> Option<(Fills, OrderEnd)> {
        let mut ends = self.news.iter().filter_map(|n| match n {
            VenueNews::Order(r) if r.order == order => match &r.news {
                OrderNews::Done { fills, end } => Some((*fills, end.clone())),
                _ => None,
            },
            _ => None,
        });
        let end = ends.next();
        assert!(ends.next().is_none(), "an end is told once");
        end
    }

    /// Sends an order and waits for its end.
    pub(crate) fn trade(&mut self, side: Side, size: &str) -> Fills {
        let order = self.send(side, size, false);
        self.until("the order ends", |w| w.end_of(order).is_some());
        self.end_of(order).expect("it ended").0
    }

    /// Reads the account.
    pub(crate) fn account(&mut self) -> AccountSnapshot {
        self.news.retain(|n| !matches!(n, VenueNews::Account(_)));
        self.tell(|c, now, out| c.read_account(now, out));
        self.until("an account", |w| w.told(|n| matches!(n, VenueNews::Account(_))));
        let read = self.news.iter().find_map(|n| if let VenueNews::Account(a) = n { Some(a.clone()) } else { None });
        read.expect("it was just told")
    }
}

/// What a trade did to cash once the account is flat: what was received, less fees, with funding.
pub(crate) fn flow(side: Side, fills: &Fills) -> i64 {
    -side.sign() * fills.cost.e8() - fills.fee.e8() + fills.funding.e8()
}

pub(crate) fn size(text: &str) -> Size {
    Size::parse(text.as_bytes()).expect("a size")
}
pub(crate) fn price(text: &str) -> Price {
    Price::parse(text.as_bytes()).expect("a price")
}
