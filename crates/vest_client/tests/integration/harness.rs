//! A shell in miniature: performs nothing, remembers everything, moves time when told to.

use domain::*;
use risk::{ClearedOrder, Gate, Limits};
use signing::SanitizedValue;
use std::collections::BTreeMap;
use venue_api::*;
use vest_client::*;

pub(crate) const FEED: ConnId = ConnId(0);
pub(crate) const PRIVATE: ConnId = ConnId(1);
/// Wall time at the start of every test, ms; the venue's clock is `AHEAD` ms ahead of it.
pub(crate) const START: i64 = 1_763_712_000_000;
pub(crate) const AHEAD: i64 = 300;
/// Keys of the vectors: made up, they hold nothing.
pub(crate) const SIGNING_KEY: &str = "0x7a6305da1f4e2fc10998696bc93520a6e34ee468c8e44f956fae2ccd125dc72d";
pub(crate) const PRIMARY_KEY: &str = "0x2bd003604b15c26eed709ff9dd7a3781c893c3dfbb02fe3276d082202628139f";
pub(crate) const INFO: &str = r#"{"symbols":[
  {"symbol":"BTC-PERP","base":"BTC","quote":"USDC","sizeDecimals":4,"priceDecimals":2,"takerFee":"0.0001","initMarginRatio":"0.0500","asset":"crypto","tradingStatus":"TRADING"},
  {"symbol":"ETH-PERP","base":"ETH","quote":"USDC","sizeDecimals":3,"priceDecimals":3,"takerFee":"0.0001","new":{"a":[1]}}],
  "exchange":{"collateralDecimals":6}}"#;

pub(crate) struct Asked {
    pub(crate) id: RequestId,
    pub(crate) lane: Lane,
    /// `GET /account?time=..`
    pub(crate) line: String,
    pub(crate) body: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) at: Now,
}

pub(crate) struct Rig {
    pub(crate) client: VestClient,
    pub(crate) out: Out,
    pub(crate) now: Now,
    pub(crate) asked: Vec<Asked>,
    pub(crate) frames: Vec<(ConnId, String)>,
    pub(crate) connects: Vec<(ConnId, String)>,
    pub(crate) closes: Vec<ConnId>,
    pub(crate) news: Vec<VenueNews>,
    pub(crate) market: Vec<MarketEvent>,
    pub(crate) levels: Vec<Level>,
    pub(crate) timers: BTreeMap<TimerId, Mono>,
    gate: Gate,
    attempt: u16,
}

pub(crate) fn registered() -> Access {
    Access::Account {
        signing_key: SanitizedValue::new(SIGNING_KEY),
        registered: Some(Registered { api_key: SanitizedValue::new("key-1"), acc_group: 2 }),
        register: None,
    }
}

pub(crate) fn registration() -> Registration {
    Registration {
        primary_key: SanitizedValue::new(PRIMARY_KEY),
        verifying_contract: "0x919386306C47b2Fe1036e3B4F7C40D22D2461a23".to_owned(),
        valid_for_ms: 7 * 86_400_000,
        network_type: 0,
    }
}

pub(crate) fn config(access: Access) -> VestConfig {
    let one = |id, pair: &str, symbol: &str| VestInstrument {
        id: InstrumentId(id),
        pair: pair.parse().expect("a pair"),
        symbol: symbol.to_owned(),
        leverage: 5,
    };
    VestConfig::new(access, vec![one(4, "BTC-USD", "BTC-PERP"), one(9, "ETH-USD", "ETH-PERP")])
}

impl Rig {
    pub(crate) fn new(config: VestConfig) -> Self {
        let limits = Limits {
            notional_per_leg: Usd::ZERO,
            notional_total: Usd::ZERO,
            open_rounds: 0,
            orders_per_minute: 0,
            clearance_ms: 1_000,
        };
        Self {
            client: VestClient::new(config).expect("a client"),
            out: Out::default(),
            now: Now { mono: Mono(1_000_000_000), wall: Wall::from_ms(START) },
            asked: Vec::new(),
            frames: Vec::new(),
            connects: Vec::new(),
            closes: Vec::new(),
            news: Vec::new(),
            market: Vec::new(),
            levels: Vec::new(),
            timers: BTreeMap::new(),
            gate: Gate::new(limits),
            attempt: 0,
        }
    }

    /// A rig whose client is ready to trade, everything before forgotten.
    pub(crate) fn ready() -> Self {
        Self::ready_with(config(registered()))
    }

    pub(crate) fn ready_with(config: VestConfig) -> Self {
        let mut rig = Self::new(config);
        rig.start();
        rig.come_up();
        rig.acknowledge(FEED);
        rig.frame(FEED, &depth("BTC-PERP", "91230.00", "91234.50"));
        rig.frame(FEED, &depth("ETH-PERP", "3100.000", "3100.500"));
        rig.reconcile();
        assert!(rig.client.ready(), "{:?}", rig.news);
        rig.news.clear();
        rig.market.clear();
        rig.levels.clear();
        rig.frames.clear();
        rig
    }

    pub(crate) fn start(&mut self) {
        self.client.start(self.now, &mut self.out);
        self.pump();
    }

    /// From the first request to the subscribed private stream, everything answered well.
    pub(crate) fn come_up(&mut self) {
        self.answer("GET /exchangeInfo", 200, INFO);
        self.open(FEED);
        let account = self.account("");
        self.answer("GET /account?", 200, &account);
        self.answer("GET /account/nonce", 200, r#"{"lastNonce":17}"#);
        self.answer("POST /account/listenKey", 200, r#"{"listenKey":"579e1280448d4843"}"#);
        self.open(PRIVATE);
        self.acknowledge(PRIVATE);
    }

    /// Answers the account read that follows the private stream.
    pub(crate) fn reconcile(&mut self) {
        let account = self.account("");
        self.answer("GET /account?", 200, &account);
        self.answer("GET /orders?status=NEW", 200, "[]");
        self.answer("GET /orders?status=PARTIALLY_FILLED", 200, "[]");
        self.answer("GET /orders?orderType=LIQUIDATION", 200, "[]");
    }

    pub(crate) fn venue_ms(&self) -> i64 {
        self.now.wall.ms() + AHEAD
    }

    pub(crate) fn account(&self, positions: &str) -> String {
        format!(
            r#"{{"address":"0x1","balances":[{{"asset":"USDC","total":"1000.500000","locked":"0"}}],"withdrawable":"900.250000",
               "positions":[{positions}],"leverages":[{{"symbol":"BTC-PERP","value":5}},{{"symbol":"ETH-PERP","value":5}}],"time":{}}}"#,
            self.venue_ms()
        )
    }

    /// Moves what the client wrote into this shell.
    pub(crate) fn pump(&mut self) {
        self.news.append(&mut self.out.news);
        let base = self.levels.len() as u32;
        for mut event in self.out.market.drain(..) {
            if let MarketEvent::Book { bids, asks, .. } = &mut event {
                *bids = bids.start + base..bids.end + base;
                *asks = asks.start + base..asks.end + base;
            }
            self.market.push(event);
        }
        self.levels.append(&mut self.out.levels);
        let text = |p: &Payload| String::from_utf8_lossy(p.as_bytes()).into_owned();
        for action in self.out.actions.drain(..) {
            match action {
                Action::Connect { conn, target, .. } => self.connects.push((conn, target.expose_secret().to_owned())),
                Action::Close { conn } => self.closes.push(conn),
                Action::Send { conn, payload } => self.frames.push((conn, text(&payload))),
                Action::Request { id, lane, method, target, headers, body, .. } => self.asked.push(Asked {
                    id,
                    lane,
                    line: format!("{} {target}", method.as_str()),
                    body: text(&body),
                    headers: headers.iter().map(|h| (h.name.to_owned(), h.value.expose_secret().to_owned())).collect(),
                    at: self.now,
                }),
                Action::Timer { id, at } => {
                    self.timers.insert(id, at);
                }
                Action::CancelTimer { id } => {
                    self.timers.remove(&id);
                }
            }
        }
    }

    fn take(&mut self, line: &str) -> Asked {
        let at = self.asked.iter().position(|a| a.line.starts_with(line));
        let open: Vec<&str> = self.asked.iter().map(|a| a.line.as_str()).collect();
        let at = at.unwrap_or_else(|| panic!("no request {line} among {open:?}"));
        self.asked.remove(at)
    }

    pub(crate) fn asks(&self, line: &str) -> bool {
        self.asked.iter().any(|a| a.line.starts_with(line))
    }

    pub(crate) fn reply(&mut self, line: &str, reply: Reply<'_>) -> Asked {
        let asked = self.take(line);
        self.client.on_reply(asked.id, reply, self.now, &mut self.out);
        self.pump();
        asked
    }

    pub(crate) fn answer(&mut self, line: &str, status: u16, body: &str) -> Asked {
        self.reply(line, Reply::Answer { status, retry_after_ms: None, body: body.as_bytes() })
    }

    pub(crate) fn open(&mut self, conn: ConnId) {
        self.client.on_open(conn, self.now, &mut self.out);
        self.pump();
    }

    pub(crate) fn close(&mut self, conn: ConnId, code: Option<u16>) {
        self.client.on_closed(conn, code, "closed", self.now, &mut self.out);
        self.pump();
    }

    pub(crate) fn frame(&mut self, conn: ConnId, text: &str) {
        self.client.on_frame(conn, Frame::Text(text), self.now, &mut self.out);
        self.pump();
    }

    /// Acknowledges every SUBSCRIBE written on a connection so far.
    pub(crate) fn acknowledge(&mut self, conn: ConnId) {
        let written: Vec<String> = self.frames.iter().filter(|(c, _)| *c == conn).map(|(_, f)| f.clone()).collect();
        for frame in written.iter().filter(|f| f.contains("SUBSCRIBE")) {
            let json: serde_json::Value = serde_json::from_str(frame).expect("JSON");
            self.frame(conn, &format!(r#"{{"result":null,"id":{}}}"#, json["id"]));
        }
        self.frames.retain(|(c, _)| *c != conn);
    }

    /// An event of the private stream about an order.
    pub(crate) fn event(&mut self, args: &str) {
        self.frame(PRIVATE, &format!(r#"{{"channel":"account_private","data":{{"event":"ORDER","args":{args}}}}}"#));
    }

    /// Moves time, firing timers as they come due.
    pub(crate) fn advance(&mut self, ms: u64) {
        let end = self.now.mono.plus_ms(ms);
        while let Some((&id, &at)) = self.timers.iter().filter(|(_, at)| **at <= end).min_by_key(|(id, at)| (**at, **id)) {
            self.timers.remove(&id);
            self.go_to(at.max(self.now.mono));
            self.client.on_timer(id, self.now, &mut self.out);
            self.pump();
        }
        self.go_to(end);
    }

    fn go_to(&mut self, at: Mono) {
        let passed = at.since(self.now.mono);
        self.now = Now { mono: at, wall: Wall(self.now.wall.0 + (passed / 1_000) as i64) };
    }

    pub(crate) fn spec(&mut self, side: Side, size: &str, limit: &str) -> OrderSpec {
        self.attempt += 1;
        OrderSpec {
            id: OrderId { round: RoundId { epoch: 1, seq: 1 }, leg: LegId::A, purpose: Purpose::Entry, attempt: self.attempt },
            venue: VenueId::new("vest"),
            instrument: InstrumentId(4),
            side,
            size: Size::parse(size.as_bytes()).expect("a size"),
            limit: Price::parse(limit.as_bytes()).expect("a price"),
            kind: OrderType::Limit,
            tif: TimeInForce::Fok,
            reduce_only: false,
        }
    }

    pub(crate) fn cleared(&mut self, spec: OrderSpec) -> ClearedOrder {
        self.gate.reduce(spec, self.now.mono)
    }

    /// Prepares and sends; the request stands open afterwards.
    pub(crate) fn send(&mut self, spec: OrderSpec) -> (OrderId, VenueKey) {
        let cleared = self.cleared(spec);
        let prepared = self.client.prepare(cleared, self.now).expect("prepared");
        let (id, key) = (prepared.spec.id, prepared.key.clone());
        self.client.send(prepared, self.now, &mut self.out);
        self.pump();
        (id, key)
    }

    /// A buy of 0.1 BTC, sent and acknowledged as `0xabc`.
    pub(crate) fn acked(&mut self) -> (OrderId, VenueKey) {
        let spec = self.spec(Side::Buy, "0.1", "91234.5");
        let sent = self.send(spec);
        self.answer("POST /orders", 200, r#"{"id":"0xabc"}"#);
        self.order_news();
        sent
    }

    /// Takes the news about orders, in words.
    pub(crate) fn order_news(&mut self) -> Vec<String> {
        let mut words = Vec::new();
        self.news.retain(|news| match news {
            VenueNews::Order(report) => {
                words.push(say(&report.news));
                false
            }
            VenueNews::OrderLatency { .. } => false,
            VenueNews::Foreign { evidence } => {
                words.push(format!("foreign: {evidence}"));
                false
            }
            VenueNews::Forced { instrument, taken, .. } => {
                let taken = taken.as_ref().map(|t| format!(" {} {} for {}", t.side.direction(), t.fills.size, t.fills.cost));
                words.push(format!("forced {}{}", instrument.0, taken.unwrap_or_default()));
                false
            }
            _ => true,
        });
        words
    }

    /// Takes the news about the session, in words.
    pub(crate) fn session_news(&mut self) -> Vec<String> {
        let mut words = Vec::new();
        self.news.retain(|news| match news {
            VenueNews::Session(news) => {
                words.push(match news {
                    SessionNews::Connected { what } => format!("connected {what}"),
                    SessionNews::Ready => "ready".to_owned(),
                    SessionNews::Down { .. } => "down".to_owned(),
                    SessionNews::ClockOffset { offset_ms } => format!("offset {offset_ms}"),
                    SessionNews::Fatal { why } => format!("fatal {why}"),
                });
                false
            }
            _ => true,
        });
        words
    }
}

pub(crate) fn say(news: &OrderNews) -> String {
    let fills = |f: &Fills| format!("{} for {} fee {} funding {}", f.size, f.cost, f.fee, f.funding);
    match news {
        OrderNews::Acked { venue_order } => format!("acked {}", venue_order.0),
        OrderNews::Filling { fills: f } => format!("filling {}", fills(f)),
        OrderNews::Done { fills: f, end: OrderEnd::Filled } => format!("filled {}", fills(f)),
        OrderNews::Done { fills: f, end: OrderEnd::Cancelled(why) } => format!("cancelled ({why}) {}", fills(f)),
        OrderNews::Done { fills: f, end: OrderEnd::Refused(r) } => format!("refused {} [{}] {}", r.kind.word(), r.code, f.size),
        OrderNews::NotSent { .. } => "not sent".to_owned(),
        OrderNews::Unknown { .. } => "unknown".to_owned(),
        OrderNews::Absent { as_of } => format!("absent as of {}", as_of.ms() - START),
        OrderNews::QueryFailed { .. } => "query failed".to_owned(),
    }
}

/// A book of one level a side.
pub(crate) fn depth(symbol: &str, bid: &str, ask: &str) -> String {
    format!(r#"{{"channel":"{symbol}@depth","data":{{"bids":[["{bid}","1.5"]],"asks":[["{ask}","2.5"]]}}}}"#)
}

pub(crate) fn fixture(name: &str) -> String {
    let path = format!("{}/testdata/vest/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}
