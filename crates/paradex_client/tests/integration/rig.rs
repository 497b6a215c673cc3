//! A shell of the simplest kind: it keeps what the client asked for and answers when the test says so.

use domain::{
    InstrumentId, LegId, Level, MarketEvent, Mono, Now, OrderId, OrderNews, OrderSpec, OrderType, Pair, Price, Purpose, RoundId,
    Side, Size, TimeInForce, Usd, Wall,
};
use paradex_client::{Config, InstrumentConfig, ParadexClient, VENUE};
use risk::{ClearedOrder, Gate, Limits};
use signing::SanitizedValue;
use std::collections::BTreeMap;
use venue_api::*;

/// The made-up account of vector pdx-s-11.
pub(crate) const ACCOUNT: &str = "0x497aa52d89bdbf866616ea6c3b96ab22f13bc297b5467270b8d311de9b2b14e";
pub(crate) const KEY: &str = "0x21eb0840f593fa63e691831bc927705f5008d590da69159be3b6d3cbdc22793";
pub(crate) const PUBLIC: &str = "0x43c82af4d49b7589595ffe9dbaaa308a82cb80f0ec52b3c8b1114ba7f0328c9";
pub(crate) const START_MS: i64 = 1_763_712_000_000;
pub(crate) const FEED: ConnId = ConnId(0);
pub(crate) const ORDERS: ConnId = ConnId(1);
pub(crate) const MARKETS: &str = r#"{"results":[{"symbol":"BTC-USD-PERP","quote_currency":"USD","price_tick_size":"0.1",
    "order_size_increment":"0.00001","min_notional":"10","max_order_size":"100","asset_kind":"PERP","trading_mode":"STANDARD"},
    {"symbol":"ETH-USD-PERP","quote_currency":"USD","price_tick_size":"0.01","order_size_increment":"0.0001","min_notional":"10",
    "max_order_size":"1000","asset_kind":"PERP","trading_mode":"STANDARD","price_bands_width":"0.03",
    "fee_config":{"api_fee":{"taker_fee":{"fee":"0.0004"}}}}]}"#;

#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) id: RequestId,
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

pub(crate) struct Rig {
    pub(crate) client: ParadexClient,
    pub(crate) now: Now,
    pub(crate) asked: Vec<Asked>,
    pub(crate) sent: Vec<(ConnId, serde_json::Value)>,
    pub(crate) connects: Vec<(ConnId, String)>,
    pub(crate) closes: Vec<ConnId>,
    pub(crate) timers: BTreeMap<TimerId, Mono>,
    pub(crate) news: Vec<VenueNews>,
    pub(crate) market: Vec<(MarketEvent, Vec<Level>)>,
    gate: Gate,
    tokens: u32,
}

pub(crate) fn config() -> Config {
    let instrument = |id, pair: &'static str, symbol: &str| InstrumentConfig {
        id: InstrumentId(id),
        pair: Pair::new(pair),
        symbol: symbol.to_owned(),
        multiplier: None,
    };
    let instruments = vec![instrument(7, "ETH-USD", "ETH-USD-PERP")];
    Config::new(ACCOUNT, SanitizedValue::new(KEY), instruments)
}

impl Rig {
    pub(crate) fn new(config: Config) -> Self {
        let huge = Usd::from_e8(i64::MAX / 4);
        let limits =
            Limits { notional_per_leg: huge, notional_total: huge, open_rounds: 9, orders_per_minute: 999, clearance_ms: 1_000 };
        let mut rig = Self {
            client: ParadexClient::new(config).expect("a client"),
            now: Now { mono: Mono(1_000_000_000), wall: Wall::from_ms(START_MS) },
            asked: Vec::new(),
            sent: Vec::new(),
            connects: Vec::new(),
            closes: Vec::new(),
            timers: BTreeMap::new(),
            news: Vec::new(),
            market: Vec::new(),
            gate: Gate::new(limits),
            tokens: 0,
        };
        rig.step(|c, now, out| c.start(now, out));
        rig
    }

    /// A client that is ready, its start forgotten.
    pub(crate) fn ready() -> Self {
        let mut rig = Self::new(config());
        rig.boot();
        rig.connect_feed();
        rig.connect_orders();
        assert!(rig.client.ready());
        rig.forget();
        rig
    }

    pub(crate) fn forget(&mut self) {
        (self.news, self.market, self.sent) = Default::default();
        self.connects.clear();
    }

    pub(crate) fn step(&mut self, f: impl FnOnce(&mut ParadexClient, Now, &mut Out)) {
        let mut out = Out::default();
        f(&mut self.client, self.now, &mut out);
        for event in out.market {
            let levels = match &event {
                MarketEvent::Book { bids, asks, .. } => out.levels[bids.start as usize..asks.end as usize].to_vec(),
                _ => Vec::new(),
            };
            self.market.push((event, levels));
        }
        self.news.extend(out.news);
        for action in out.actions {
            match action {
                Action::Connect { conn, target, .. } => self.connects.push((conn, target.expose_secret().to_owned())),
                Action::Close { conn } => self.closes.push(conn),
                Action::Send { conn, payload } => {
                    let value = serde_json::from_slice(payload.as_bytes()).expect("the client sends JSON");
                    self.sent.push((conn, value));
                }
                Action::Request { id, method, target, headers, body, .. } => self.asked.push(Asked {
                    id,
                    method,
                    target,
                    headers: headers.iter().map(|h| (h.name.to_owned(), h.value.expose_secret().to_owned())).collect(),
                    body: String::from_utf8(body.as_bytes().to_vec()).expect("text"),
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

    /// Lets time pass, timers fire in order.
    pub(crate) fn advance(&mut self, ms: u64) {
        let end = self.now.mono.plus_ms(ms);
        while let Some((&id, &at)) = self.timers.iter().min_by_key(|(_, at)| **at).filter(|(_, at)| **at <= end) {
            self.timers.remove(&id);
            self.set_mono(at.max(self.now.mono));
            self.step(|c, now, out| c.on_timer(id, now, out));
        }
        self.set_mono(end);
    }
    /// Lets time pass on living connections: a book is there, and heartbeats come.
    pub(crate) fn advance_alive(&mut self, ms: u64) {
        let heartbeat = crate::frames::message(40, 2, &[0; 16], &[]);
        let snapshot = crate::frames::book("ETH-USD-PERP", 1, true, &[("3000", "1")], &[("3001", "1")], 16);
        self.binary(FEED, &snapshot);
        for step in std::iter::repeat_n(1_000, (ms / 1_000) as usize).chain([ms % 1_000]) {
            self.advance(step);
            self.binary(FEED, &heartbeat);
            self.binary(ORDERS, &heartbeat);
        }
    }
    fn set_mono(&mut self, mono: Mono) {
        let passed_us = mono.since(self.now.mono) / 1_000;
        self.now = Now { mono, wall: Wall(self.now.wall.0 + passed_us as i64) };
    }

    pub(crate) fn venue_ms(&self) -> i64 {
        self.now.wall.ms()
    }

    /// The oldest request not answered yet whose target begins so.
    pub(crate) fn take(&mut self, target: &str) -> Asked {
        let targets: Vec<_> = self.asked.iter().map(|a| a.target.clone()).collect();
        // A whole path stands for itself, with any query; anything else for what begins so.
        let whole = !target.contains(['?', '=']) && !target.ends_with('/');
        let is = |t: &String| if whole { t.split('?').next() == Some(target) } else { t.starts_with(target) };
        let exact = targets.iter().position(|t| t == target);
        let at = exact.or_else(|| targets.iter().position(is)).unwrap_or_else(|| panic!("no {target} in {targets:?}"));
        self.asked.remove(at)
    }
    pub(crate) fn reply(&mut self, target: &str, status: u16, body: &str) -> Asked {
        let asked = self.take(target);
        let answer = Reply::Answer { status, retry_after_ms: None, body: body.as_bytes() };
        self.step(|c, now, out| c.on_reply(asked.id, answer, now, out));
        asked
    }
    pub(crate) fn fail(&mut self, target: &str, reply: Reply<'_>) {
        let asked = self.take(target);
        self.step(|c, now, out| c.on_reply(asked.id, reply, now, out));
    }
    pub(crate) fn asks(&self, target: &str) -> bool {
        self.asked.iter().any(|a| a.target.starts_with(target))
    }

    pub(crate) fn open(&mut self, conn: ConnId) {
        self.step(|c, now, out| c.on_open(conn, now, out));
    }
    pub(crate) fn close(&mut self, conn: ConnId, code: Option<u16>) {
        self.step(|c, now, out| c.on_closed(conn, code, "closed by the test", now, out));
    }
    pub(crate) fn text(&mut self, conn: ConnId, text: &str) {
        self.step(|c, now, out| c.on_frame(conn, Frame::Text(text), now, out));
    }
    pub(crate) fn binary(&mut self, conn: ConnId, bytes: &[u8]) {
        self.step(|c, now, out| c.on_frame(conn, Frame::Binary(bytes), now, out));
    }

    /// The oldest frame of this method not answered yet.
    pub(crate) fn take_frame(&mut self, method: &str) -> (ConnId, serde_json::Value) {
        let at = self.sent.iter().position(|(_, v)| v["method"] == method);
        self.sent.remove(at.unwrap_or_else(|| panic!("no {method} in {:?}", self.sent)))
    }
    /// Answers it with a result or an error object.
    pub(crate) fn answer(&mut self, method: &str, result: &str) -> serde_json::Value {
        let (conn, frame) = self.take_frame(method);
        self.text(conn, &format!(r#"{{"jsonrpc":"2.0","id":{},{result},"usIn":1,"usOut":2,"usDiff":1}}"#, frame["id"]));
        frame
    }
    pub(crate) fn answer_all(&mut self, method: &str) {
        while self.sent.iter().any(|(_, v)| v["method"] == method) {
            self.answer(method, r#""result":{"channel":"as asked"}"#);
        }
    }

    pub(crate) fn reply_token(&mut self) -> Asked {
        self.tokens += 1;
        let body = format!(r#"{{"jwt_token":"token.number.{}"}}"#, self.tokens);
        self.reply("/auth/", 200, &body)
    }

    /// Everything before the connections.
    pub(crate) fn boot(&mut self) {
        self.reply("/system/config", 200, r#"{"starknet_chain_id":"PRIVATE_SN_POTC_SEPOLIA"}"#);
        let time = format!(r#"{{"server_time":"{}"}}"#, self.venue_ms());
        self.reply("/system/time", 200, &time);
        self.reply("/system/state", 200, r#"{"status":"ok"}"#);
        self.reply("/markets", 200, MARKETS);
        self.reply_token();
        self.reply("/account/info", 200, r#"{"results":[]}"#);
    }
    pub(crate) fn connect_feed(&mut self) {
        self.open(FEED);
        self.answer_all("subscribe");
    }
    pub(crate) fn connect_orders(&mut self) {
        self.open(ORDERS);
        self.log_in();
    }
    pub(crate) fn log_in(&mut self) {
        self.answer("auth", r#""result":{"node_id":"73cf456f7cb78d59"}"#);
        self.answer_all("subscribe");
        self.answer("order.cancel_on_disconnect", r#""result":{"enabled":true}"#);
        self.reply_account();
    }
    pub(crate) fn reply_account(&mut self) {
        self.reply_account_with(r#"{"results":[]}"#);
    }
    /// With this page of fills.
    pub(crate) fn reply_account_with(&mut self, fills: &str) {
        self.reply("/fills?start_at=", 200, fills);
        self.reply("/positions", 200, r#"{"results":[]}"#);
        self.reply("/orders", 200, r#"{"results":[]}"#);
        self.reply("/balance", 200, r#"{"results":[{"token":"USDC","size":"1000.5"}]}"#);
        self.reply("/account", 200, r#"{"status":"ACTIVE","free_collateral":"900.25"}"#);
    }

    pub(crate) fn clear(&mut self, spec: OrderSpec) -> ClearedOrder {
        if spec.reduce_only {
            return self.gate.reduce(spec, self.now.mono);
        }
        self.gate.again(spec, self.now.mono).expect("cleared")
    }
    /// Prepares and sends an order.
    pub(crate) fn place(&mut self, spec: OrderSpec) -> OrderId {
        let id = spec.id;
        let cleared = self.clear(spec);
        let prepared = self.client.prepare(cleared, self.now).expect("prepared");
        self.step(|c, now, out| c.send(prepared, now, out));
        id
    }

    /// News about orders, taken out.
    pub(crate) fn order_news(&mut self) -> Vec<OrderNews> {
        std::mem::take(&mut self.news)
            .into_iter()
            .filter_map(|n| if let VenueNews::Order(report) = n { Some(report.news) } else { None })
            .collect()
    }
    pub(crate) fn session_news(&mut self) -> Vec<SessionNews> {
        std::mem::take(&mut self.news)
            .into_iter()
            .filter_map(|n| if let VenueNews::Session(news) = n { Some(news) } else { None })
            .collect()
    }
}

pub(crate) fn spec(seq: u32, size: &str, limit: &str) -> OrderSpec {
    OrderSpec {
        id: OrderId { round: RoundId { epoch: 3, seq }, leg: LegId::A, purpose: Purpose::Entry, attempt: 1 },
        venue: VENUE,
        instrument: InstrumentId(7),
        side: Side::Buy,
        size: Size::parse(size.as_bytes()).expect("a size"),
        limit: Price::parse(limit.as_bytes()).expect("a price"),
        kind: OrderType::Limit,
        tif: TimeInForce::Ioc,
        reduce_only: false,
    }
}
