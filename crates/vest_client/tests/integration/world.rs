//! The client and the simulated venue in one room: the real machine on the other side, time that jumps, no sockets.

use crate::harness::{SIGNING_KEY, registration, say};
use domain::*;
use risk::{Gate, Limits};
use signing::SanitizedValue;
use std::collections::BTreeMap;
use venue_api::*;
use venue_sim::market::{Market, MarketShape};
use venue_sim::vest::{VestSim, VestSimConfig};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};
use vest_client::*;

const START_US: i64 = 1_763_712_000_000_000;
/// One way over the wire.
const WIRE_US: i64 = 2_000;

enum Arrival {
    Open(ConnId, u64),
    Closed(ConnId, u64, Option<u16>),
    Frame(u64, Message),
    Answer(u64, u16, Vec<u8>),
    Lost(u64),
}

pub(crate) struct World {
    pub(crate) client: VestClient,
    pub(crate) sim: VestSim,
    now_us: i64,
    due: BTreeMap<(i64, u64), Arrival>,
    timers: BTreeMap<TimerId, i64>,
    /// The venue's number of each of the client's connections.
    conns: BTreeMap<ConnId, u64>,
    count: u64,
    /// What the client said, as it came.
    pub(crate) news: Vec<VenueNews>,
    /// Books received.
    pub(crate) books: usize,
    /// Funding as last told, with whether it falls due in lumps.
    pub(crate) funding: Option<(i64, bool)>,
    bases: (&'static str, &'static str),
    gate: Gate,
    attempt: u16,
}

impl World {
    /// A venue and a client that has registered with it; nothing has happened yet.
    pub(crate) fn new(access: Access, feed: Generation) -> Self {
        let market = Market::new(7, MarketShape { pulse_every_ms: 0, pulse_ms: 0, pulse_bps: 0, noise_bps: 1 });
        let one = |id, pair: &str, symbol: &str| VestInstrument {
            id: InstrumentId(id),
            pair: pair.parse().expect("a pair"),
            symbol: symbol.to_owned(),
            leverage: 5,
        };
        let mut config = VestConfig::new(access, vec![one(0, "BTC-USD", "BTC-PERP"), one(1, "ETH-USD", "ETH-PERP")]);
        config.feed = feed;
        let v3 = feed == Generation::V3;
        let limits = Limits {
            notional_per_leg: Usd::ZERO,
            notional_total: Usd::ZERO,
            open_rounds: 0,
            orders_per_minute: 0,
            clearance_ms: 1_000,
        };
        Self {
            client: VestClient::new(config).expect("a client"),
            sim: VestSim::new(VestSimConfig::new(7, market)),
            now_us: START_US,
            due: BTreeMap::new(),
            timers: BTreeMap::new(),
            conns: BTreeMap::new(),
            count: 0,
            news: Vec::new(),
            books: 0,
            funding: None,
            bases: if v3 { ("", "/ws") } else { ("/v2", "/ws-api") },
            gate: Gate::new(limits),
            attempt: 0,
        }
    }

    pub(crate) fn account() -> Access {
        Access::Account { signing_key: SanitizedValue::new(SIGNING_KEY), registered: None, register: Some(registration()) }
    }

    /// A world whose client is ready to trade.
    pub(crate) fn ready() -> Self {
        let mut world = Self::new(Self::account(), Generation::V2);
        world.start();
        world.run(3_000);
        assert!(world.client.ready(), "{:?}", world.news);
        world.news.clear();
        world
    }

    pub(crate) fn start(&mut self) {
        self.with(|client, now, out| client.start(now, out));
    }

    fn now(&self) -> Now {
        Now { mono: Mono((self.now_us - START_US).unsigned_abs() * 1_000 + 1), wall: Wall(self.now_us) }
    }

    fn with(&mut self, act: impl FnOnce(&mut VestClient, Now, &mut Out)) {
        let mut out = Out::default();
        let now = self.now();
        act(&mut self.client, now, &mut out);
        self.news.append(&mut out.news);
        for event in &out.market {
            match event {
                MarketEvent::Book { .. } => self.books += 1,
                MarketEvent::Funding { hourly, next, .. } => self.funding = Some((hourly.e8(), next.is_some())),
                _ => {}
            }
        }
        for action in out.actions {
            self.perform(action);
        }
    }

    fn perform(&mut self, action: Action) {
        let (now, mut out) = (SimNow(self.now_us), Vec::new());
        match action {
            Action::Connect { conn, target, .. } => {
                if let Some(old) = self.conns.remove(&conn) {
                    self.sim.on_disconnect(old, now, &mut out);
                }
                self.count += 1;
                self.conns.insert(conn, self.count);
                let path = format!("{}{}", self.bases.1, target.expose_secret());
                self.sim.on_connect(self.count, &path, &[], now, &mut out);
            }
            Action::Close { conn } => {
                if let Some(old) = self.conns.remove(&conn) {
                    self.sim.on_disconnect(old, now, &mut out);
                }
            }
            Action::Send { conn, payload } => {
                if let Some(&id) = self.conns.get(&conn) {
                    let text = String::from_utf8_lossy(payload.as_bytes()).into_owned();
                    self.sim.on_message(id, &Message::Text(text), now, &mut out);
                }
            }
            Action::Request { id, method, target, headers, body, .. } => {
                let headers: Vec<(String, String)> =
                    headers.iter().map(|h| (h.name.to_ascii_lowercase(), h.value.expose_secret().to_owned())).collect();
                let target = format!("{}{target}", self.bases.0);
                let http = HttpRequest { method: method.as_str(), target: &target, headers: &headers, body: body.as_bytes() };
                self.sim.on_request(id.0, http, now, &mut out);
            }
            Action::Timer { id, at } => {
                self.timers.insert(id, START_US + (at.0 / 1_000) as i64);
            }
            Action::CancelTimer { id } => {
                self.timers.remove(&id);
            }
        }
        self.keep(out);
    }

    fn keep(&mut self, out: Vec<SimAction>) {
        for action in out {
            let client = |id: u64| self.conns.iter().find(|(_, known)| **known == id).map(|(conn, _)| *conn);
            let (after, arrival) = match action {
                SimAction::Accept { conn } => (0, client(conn).map(|c| Arrival::Open(c, conn))),
                // The shell would wait out a backoff before it tries again.
                SimAction::RefuseUpgrade { conn, status } => {
                    (200_000, client(conn).map(|c| Arrival::Closed(c, conn, Some(status))))
                }
                SimAction::Send { conn, after_us, message } => (after_us, Some(Arrival::Frame(conn, message))),
                SimAction::Close { conn, after_us, code } => {
                    (after_us, client(conn).map(|c| Arrival::Closed(c, conn, (code > 0).then_some(code))))
                }
                SimAction::Reply { request, after_us, status, body, .. } => {
                    (after_us, Some(Arrival::Answer(request, status, body)))
                }
                SimAction::Hang { request, after_us } => (after_us, Some(Arrival::Lost(request))),
            };
            if let Some(arrival) = arrival {
                self.count += 1;
                self.due.insert((self.now_us + after as i64 + WIRE_US, self.count), arrival);
            }
        }
    }

    fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Open(conn, id) if self.conns.get(&conn) == Some(&id) => self.with(|c, now, out| c.on_open(conn, now, out)),
            Arrival::Closed(conn, id, code) if self.conns.get(&conn) == Some(&id) => {
                self.conns.remove(&conn);
                self.with(|c, now, out| c.on_closed(conn, code, "closed", now, out));
            }
            Arrival::Frame(id, message) => {
                let Some(conn) = self.conns.iter().find(|(_, known)| **known == id).map(|(conn, _)| *conn) else { return };
                self.with(|c, now, out| match &message {
                    Message::Text(text) => c.on_frame(conn, Frame::Text(text), now, out),
                    Message::Binary(bytes) => c.on_frame(conn, Frame::Binary(bytes), now, out),
                });
            }
            Arrival::Answer(id, status, body) => self.with(|c, now, out| {
                c.on_reply(RequestId(id), Reply::Answer { status, retry_after_ms: None, body: &body }, now, out);
            }),
            Arrival::Lost(id) => self.with(|c, now, out| c.on_reply(RequestId(id), Reply::Unknown("reset"), now, out)),
            Arrival::Open(..) | Arrival::Closed(..) => {}
        }
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, ms: i64) {
        let end = self.now_us + ms * 1_000;
        loop {
            let arrival = self.due.keys().next().map(|(at, _)| *at);
            let timer = self.timers.iter().min_by_key(|(id, at)| (**at, **id)).map(|(id, at)| (*at, *id));
            let wake = self.sim.next_wake().map(|at| at.0);
            let next = [arrival, timer.map(|t| t.0), wake].into_iter().flatten().min();
            let Some(at) = next.filter(|at| *at <= end) else { break };
            self.now_us = self.now_us.max(at);
            if wake == Some(at) {
                let mut out = Vec::new();
                self.sim.on_wake(SimNow(self.now_us), &mut out);
                self.keep(out);
            } else if arrival == Some(at) {
                let (_, arrival) = self.due.pop_first().expect("it was just seen");
                self.arrive(arrival);
            } else if let Some((_, id)) = timer {
                self.timers.remove(&id);
                self.with(|c, now, out| c.on_timer(id, now, out));
            }
        }
        self.now_us = end;
    }

    pub(crate) fn fault(&mut self, name: &str, parameters: serde_json::Value) {
        self.sim.set_fault(name, &parameters).unwrap_or_else(|e| panic!("{e}"));
    }

    /// A marketable order on BTC; sent, and time passes for it.
    pub(crate) fn trade(&mut self, side: Side, size: &str) -> OrderId {
        self.attempt += 1;
        let limit = if side == Side::Buy { "95000" } else { "87000" };
        let spec = OrderSpec {
            id: OrderId { round: RoundId { epoch: 1, seq: 1 }, leg: LegId::A, purpose: Purpose::Entry, attempt: self.attempt },
            venue: VenueId::new("vest"),
            instrument: InstrumentId(0),
            side,
            size: Size::parse(size.as_bytes()).expect("a size"),
            limit: Price::parse(limit.as_bytes()).expect("a price"),
            kind: OrderType::Limit,
            tif: TimeInForce::Fok,
            reduce_only: false,
        };
        let cleared = self.gate.reduce(spec, self.now().mono);
        let prepared = self.client.prepare(cleared, self.now()).expect("prepared");
        let id = prepared.spec.id;
        self.with(|c, now, out| c.send(prepared, now, out));
        self.run(3_000);
        id
    }

    /// Asks what became of an order.
    pub(crate) fn ask(&mut self, id: OrderId) {
        self.with(|c, now, out| c.query(id, now, out));
        self.run(2_000);
    }

    /// The account by the venue's word.
    pub(crate) fn read(&mut self) -> AccountSnapshot {
        self.with(|c, now, out| c.read_account(now, out));
        self.run(2_000);
        let read = self.news.iter().rev().find_map(|n| match n {
            VenueNews::Account(account) => Some(account.clone()),
            _ => None,
        });
        read.expect("an account")
    }

    /// Takes the ends of orders and what the venue did by itself, in words.
    pub(crate) fn told(&mut self) -> Vec<String> {
        let word = |news: VenueNews| match news {
            VenueNews::Order(report) => matches!(report.news, OrderNews::Done { .. }).then(|| say(&report.news)),
            VenueNews::Forced { instrument, taken, .. } => {
                let taken = taken.map(|t| format!(" {} {}", t.side.direction(), t.fills.size)).unwrap_or_default();
                Some(format!("forced {}{taken}", instrument.0))
            }
            VenueNews::Foreign { evidence } => Some(format!("foreign: {evidence}")),
            VenueNews::Session(SessionNews::Fatal { why }) => Some(format!("fatal {why}")),
            _ => None,
        };
        std::mem::take(&mut self.news).into_iter().filter_map(word).collect()
    }

    /// Fills of all orders that ended so far.
    pub(crate) fn fills(&self) -> Vec<(OrderId, Fills)> {
        let done = self.news.iter().filter_map(|n| match n {
            VenueNews::Order(OrderReport { order, news: OrderNews::Done { fills, .. } }) => Some((*order, *fills)),
            _ => None,
        });
        done.collect()
    }
}
