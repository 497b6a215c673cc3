//! A client of the simulated venue on virtual time: sends, waits, reads. Knows the documents, not the simulator.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use starknet_crypto::{Felt, get_public_key, rfc6979_generate_k, sign};
use venue_sim::market::{Market, MarketShape};
use venue_sim::paradex::crypto::{Chain, OrderTerms};
use venue_sim::paradex::{KnownAccount, ParadexSim, ParadexSimConfig};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

pub(crate) const START_MS: i64 = 1_763_712_000_000;
pub(crate) const ETH: &str = "ETH-USD-PERP";

/// Something that arrived, and when (microseconds).
#[derive(Clone, Debug)]
pub(crate) enum Arrival {
    Accepted(u64),
    Refused(u64, u16),
    Message(u64, Message),
    Closed(u64, u16),
    Reply(u64, u16, Vec<(String, String)>, Vec<u8>),
    Hung(u64),
}

type Headers = Vec<(String, String)>;
/// Prices and sizes.
type Levels = Vec<(i64, i64)>;

/// An account with its key.
#[derive(Clone, Debug)]
pub(crate) struct Trader {
    pub(crate) key: Felt,
    pub(crate) public_key: String,
    pub(crate) account: String,
    pub(crate) prefix: Felt,
    pub(crate) token: String,
}

pub(crate) struct Bench {
    pub(crate) sim: ParadexSim,
    pub(crate) now: i64,
    chain: Chain,
    queue: BTreeMap<(i64, u64), Arrival>,
    pub(crate) log: Vec<(i64, Arrival)>,
    serial: u64,
    stamp: i64,
}

pub(crate) fn config() -> ParadexSimConfig {
    // A world that stands still: prices do not run away from resting orders.
    let shape = MarketShape { pulse_every_ms: 0, pulse_ms: 0, pulse_bps: 0, noise_bps: 0 };
    ParadexSimConfig::new(7, Market::new(7, shape), &[ETH, "BTC-USD-PERP"])
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(config())
    }

    pub(crate) fn with(mut config: ParadexSimConfig) -> Self {
        for secret in [11u64, 12] {
            let public_key = get_public_key(&Felt::from(secret)).to_hex_string();
            config.accounts.push(KnownAccount { address: None, public_key, subkeys: vec![] });
        }
        let chain = Chain::new(&config.chain_id, &config.proxy_hash, &config.account_hash).unwrap();
        Self {
            sim: ParadexSim::new(config),
            now: START_MS * 1_000,
            chain,
            queue: BTreeMap::new(),
            log: Vec::new(),
            serial: 0,
            stamp: 0,
        }
    }

    pub(crate) fn trader(&mut self) -> Trader {
        self.trader_with(11)
    }

    pub(crate) fn trader_with(&mut self, secret: u64) -> Trader {
        let mut t = self.nobody(Felt::from(secret));
        t.token = self.login(&t);
        t
    }

    /// Onboards a key and logs in with it.
    pub(crate) fn adopt(&mut self, key: Felt) -> Trader {
        let mut t = self.nobody(key);
        let hash = self.chain.onboarding_hash(&t.prefix).unwrap();
        let headers = [
            ("paradex-ethereum-account", format!("0x{}", "1".repeat(40))),
            ("paradex-starknet-account", t.account.clone()),
            ("paradex-starknet-signature", signature(&key, &hash)),
        ];
        let body = json!({"public_key": t.public_key}).to_string();
        assert_eq!(self.http("POST", "/v1/onboarding", &headers, &body).0, 200);
        t.token = self.login(&t);
        t
    }

    /// A key with its account, neither onboarded nor logged in.
    fn nobody(&self, key: Felt) -> Trader {
        let public = get_public_key(&key);
        let address = self.chain.account_address(&public);
        Trader {
            key,
            public_key: public.to_hex_string(),
            account: address.to_hex_string(),
            prefix: self.chain.account_prefix(&address),
            token: String::new(),
        }
    }

    pub(crate) fn login(&mut self, t: &Trader) -> String {
        let (status, body) = self.login_at(t, "/v1/auth");
        assert_eq!(status, 200, "{body}");
        body["jwt_token"].as_str().unwrap().to_owned()
    }

    pub(crate) fn login_at(&mut self, t: &Trader, path: &str) -> (u16, Value) {
        let now_s = self.now / 1_000_000;
        let hash = self.chain.auth_hash(&t.prefix, now_s as u64, now_s as u64 + 1_800).unwrap();
        let headers = [
            ("paradex-starknet-account", t.account.clone()),
            ("paradex-starknet-signature", signature(&t.key, &hash)),
            ("paradex-timestamp", now_s.to_string()),
            ("paradex-signature-expiration", (now_s + 1_800).to_string()),
        ];
        self.http("POST", path, &headers, "")
    }

    /// A key that signs for another one's account.
    pub(crate) fn subkey_of(main: &Trader, secret: u64) -> Trader {
        let key = Felt::from(secret);
        Trader { key, public_key: get_public_key(&key).to_hex_string(), ..main.clone() }
    }

    /// A signed order that waits for a trigger price and has no limit.
    pub(crate) fn triggered(&mut self, t: &Trader, side: &str, size: &str, kind: &str, trigger: &str) -> Value {
        let timestamp = self.stamp();
        let code = if side == "BUY" { 1 } else { 2 };
        let terms = OrderTerms { timestamp: timestamp as u64, market: ETH, side: code, kind, size: e8(size), price: 0 };
        let hash = self.chain.order_hash(&t.prefix, &terms).unwrap();
        json!({"market": ETH, "side": side, "type": kind, "size": size, "price": "0", "instruction": "GTC",
            "trigger_price": trigger, "signature": signature(&t.key, &hash), "signature_timestamp": timestamp})
    }

    /// A signature timestamp nobody used before.
    pub(crate) fn stamp(&mut self) -> i64 {
        self.stamp = (self.stamp + 1).max(self.now / 1_000);
        self.stamp
    }

    /// A signed order. `price` "0" makes it a market order.
    pub(crate) fn order(&mut self, t: &Trader, side: &str, size: &str, price: &str, instruction: &str) -> Value {
        let kind = if price == "0" { "MARKET" } else { "LIMIT" };
        let timestamp = self.stamp();
        let terms = OrderTerms {
            timestamp: timestamp as u64,
            market: ETH,
            side: if side == "BUY" { 1 } else { 2 },
            kind,
            size: e8(size),
            price: e8(price),
        };
        let hash = self.chain.order_hash(&t.prefix, &terms).unwrap();
        json!({"market": ETH, "side": side, "type": kind, "size": size, "price": price, "instruction": instruction,
            "signature": signature(&t.key, &hash), "signature_timestamp": timestamp})
    }

    /// A signed order with members that are not signed.
    pub(crate) fn order_with(
        &mut self,
        t: &Trader,
        side: &str,
        size: &str,
        price: &str,
        instruction: &str,
        more: Value,
    ) -> Value {
        let mut order = self.order(t, side, size, price, instruction);
        for (k, v) in more.as_object().unwrap() {
            order[k] = v.clone();
        }
        order
    }

    /// A signed modification of an order.
    pub(crate) fn change(&mut self, t: &Trader, order: &Value, size: &str, price: &str) -> Value {
        let timestamp = self.stamp();
        let side = order["side"].as_str().unwrap();
        let terms = OrderTerms {
            timestamp: timestamp as u64,
            market: ETH,
            side: if side == "BUY" { 1 } else { 2 },
            kind: "LIMIT",
            size: e8(size),
            price: e8(price),
        };
        let id = order["id"].as_str().unwrap();
        let hash = self.chain.modify_hash(&t.prefix, &terms, id.parse().unwrap()).unwrap();
        json!({"id": id, "market": ETH, "side": side, "type": "LIMIT", "size": size, "price": price,
            "signature": signature(&t.key, &hash), "signature_timestamp": timestamp})
    }

    fn take(&mut self, out: Vec<SimAction>) {
        for action in out {
            let (after, arrival) = match action {
                SimAction::Accept { conn } => (0, Arrival::Accepted(conn)),
                SimAction::RefuseUpgrade { conn, status } => (0, Arrival::Refused(conn, status)),
                SimAction::Send { conn, after_us, message } => (after_us, Arrival::Message(conn, message)),
                SimAction::Close { conn, after_us, code } => (after_us, Arrival::Closed(conn, code)),
                SimAction::Reply { request, after_us, status, headers, body } => {
                    (after_us, Arrival::Reply(request, status, headers, body))
                }
                SimAction::Hang { request, after_us } => (after_us, Arrival::Hung(request)),
            };
            self.serial += 1;
            self.queue.insert((self.now + after as i64, self.serial), arrival);
        }
    }

    /// The next thing that happens, at most `until`.
    fn step(&mut self, until: i64) -> bool {
        let arrival = self.queue.keys().next().map_or(i64::MAX, |k| k.0);
        let wake = self.sim.next_wake().map_or(i64::MAX, |w| w.0.max(self.now));
        let next = arrival.min(wake);
        if next > until {
            self.now = self.now.max(until);
            return false;
        }
        self.now = self.now.max(next);
        if arrival <= wake {
            let (key, arrival) = self.queue.pop_first().unwrap();
            self.log.push((key.0, arrival));
        } else {
            let mut out = Vec::new();
            self.sim.on_wake(SimNow(self.now), &mut out);
            self.take(out);
        }
        true
    }

    pub(crate) fn run_ms(&mut self, ms: i64) {
        let until = self.now + ms * 1_000;
        while self.step(until) {}
    }

    /// Sends a request; the answer is found later by its number.
    pub(crate) fn post(&mut self, method: &str, target: &str, headers: &[(&str, String)], body: &str) -> u64 {
        self.serial += 1;
        let request = self.serial;
        let headers: Vec<(String, String)> = headers.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
        let http = HttpRequest { method, target, headers: &headers, body: body.as_bytes() };
        let mut out = Vec::new();
        self.sim.on_request(request, http, SimNow(self.now), &mut out);
        self.take(out);
        request
    }

    pub(crate) fn reply_of(&self, request: u64) -> Option<(u16, Value, Headers)> {
        self.log.iter().find_map(|(_, a)| match a {
            Arrival::Reply(r, status, headers, body) if *r == request => {
                Some((*status, serde_json::from_slice(body).unwrap_or(Value::Null), headers.clone()))
            }
            _ => None,
        })
    }

    pub(crate) fn hung(&self, request: u64) -> bool {
        self.log.iter().any(|(_, a)| matches!(a, Arrival::Hung(r) if *r == request))
    }

    /// Sends a request and waits for its answer, at most a second.
    pub(crate) fn http(&mut self, method: &str, target: &str, headers: &[(&str, String)], body: &str) -> (u16, Value) {
        let request = self.post(method, target, headers, body);
        let until = self.now + 1_000_000;
        while self.reply_of(request).is_none() && self.step(until) {}
        let (status, body, _) = self.reply_of(request).unwrap_or_else(|| panic!("no answer to {method} {target}"));
        (status, body)
    }

    pub(crate) fn get(&mut self, target: &str) -> Value {
        let (status, body) = self.http("GET", target, &[], "");
        assert_eq!(status, 200, "{body}");
        body
    }

    /// A request of a trader.
    pub(crate) fn rest(&mut self, t: &Trader, method: &str, target: &str, body: &Value) -> (u16, Value) {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.http(method, target, &[("authorization", format!("Bearer {}", t.token))], &text)
    }

    pub(crate) fn post_order(&mut self, t: &Trader, body: &Value) -> u64 {
        self.post("POST", "/v1/orders", &[("authorization", format!("Bearer {}", t.token))], &body.to_string())
    }

    pub(crate) fn read(&mut self, t: &Trader, target: &str) -> Value {
        let (status, body) = self.rest(t, "GET", target, &Value::Null);
        assert_eq!(status, 200, "{body}");
        body
    }

    /// A connection; `sbe` is its version.
    pub(crate) fn connect(&mut self, sbe: Option<u8>) -> u64 {
        let target = sbe.map_or("/v1".to_owned(), |v| format!("/v1?sbeSchemaId=1&sbeSchemaVersion={v}"));
        let conn = self.connect_to(&target);
        assert!(self.log.iter().any(|(_, a)| matches!(a, Arrival::Accepted(c) if *c == conn)), "{target} was not accepted");
        conn
    }

    pub(crate) fn connect_to(&mut self, target: &str) -> u64 {
        self.serial += 1;
        let conn = self.serial;
        let mut out = Vec::new();
        self.sim.on_connect(conn, target, &[], SimNow(self.now), &mut out);
        self.take(out);
        self.run_ms(0);
        conn
    }

    pub(crate) fn say(&mut self, conn: u64, text: &str) {
        let mut out = Vec::new();
        self.sim.on_message(conn, &Message::Text(text.to_owned()), SimNow(self.now), &mut out);
        self.take(out);
    }

    pub(crate) fn leave(&mut self, conn: u64) {
        let mut out = Vec::new();
        self.sim.on_disconnect(conn, SimNow(self.now), &mut out);
        self.take(out);
    }

    /// Sends a method and gives its id back.
    pub(crate) fn call(&mut self, conn: u64, method: &str, params: Value) -> u64 {
        self.serial += 1;
        let id = self.serial;
        self.say(conn, &json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string());
        id
    }

    pub(crate) fn answer_of(&self, id: u64) -> Option<Value> {
        let texts = self.log.iter().filter_map(|(_, a)| match a {
            Arrival::Message(_, Message::Text(t)) => serde_json::from_str::<Value>(t).ok(),
            _ => None,
        });
        texts.into_iter().find(|v| v["id"] == json!(id))
    }

    /// Sends a method and waits for its answer, at most a second.
    pub(crate) fn rpc(&mut self, conn: u64, method: &str, params: Value) -> Value {
        let id = self.call(conn, method, params);
        let until = self.now + 1_000_000;
        while self.answer_of(id).is_none() && self.step(until) {}
        self.answer_of(id).unwrap_or_else(|| panic!("no answer to {method}"))
    }

    pub(crate) fn subscribe(&mut self, conn: u64, channel: &str) {
        let answer = self.rpc(conn, "subscribe", json!({"channel": channel}));
        assert_eq!(answer["result"]["channel"], channel, "{answer}");
    }

    /// What the error tests presume: best prices and the book of a market are followed where that is possible.
    pub(crate) fn subscribe_quietly(&mut self, conn: u64) {
        for channel in ["bbo.BTC-USD-PERP", "order_book.BTC-USD-PERP.deltas"] {
            self.call(conn, "subscribe", json!({"channel": channel}));
        }
    }

    /// An authenticated connection with JSON private payloads, on the private channels.
    pub(crate) fn private(&mut self, t: &Trader) -> u64 {
        let conn = self.connect(None);
        assert!(self.rpc(conn, "auth", json!({"bearer": t.token}))["result"]["node_id"].is_string());
        for channel in ["orders.ALL", "fills.ALL", "positions", "account"] {
            self.subscribe(conn, channel);
        }
        conn
    }

    /// JSON notifications of a channel's prefix on a connection, in order of arrival, with their time.
    pub(crate) fn told(&self, conn: u64, prefix: &str) -> Vec<(i64, Value)> {
        let of_conn = self.log.iter().filter_map(|(at, a)| match a {
            Arrival::Message(c, Message::Text(t)) if *c == conn => Some((*at, serde_json::from_str::<Value>(t).ok()?)),
            _ => None,
        });
        of_conn
            .filter(|(_, v)| v["params"]["channel"].as_str().is_some_and(|c| c.starts_with(prefix)))
            .map(|(at, v)| (at, v["params"]["data"].clone()))
            .collect()
    }

    /// `STATUS remaining reason` of every order event.
    pub(crate) fn life(&self, conn: u64) -> Vec<String> {
        let one = |v: &Value| {
            let word = |k: &str| v[k].as_str().unwrap_or_default().to_owned();
            format!("{} {} {}", word("status"), word("remaining_size"), word("cancel_reason")).trim().to_owned()
        };
        self.told(conn, "orders.").iter().map(|(_, v)| one(v)).collect()
    }

    /// Binary frames of a template on a connection.
    pub(crate) fn frames(&self, conn: u64, template: u16) -> Vec<Vec<u8>> {
        let of_conn = self.log.iter().filter_map(|(_, a)| match a {
            Arrival::Message(c, Message::Binary(b)) if *c == conn => Some(b.clone()),
            _ => None,
        });
        of_conn.filter(|b| u16::from_le_bytes([b[2], b[3]]) == template).collect()
    }

    pub(crate) fn closed(&self, conn: u64) -> Option<u16> {
        self.log.iter().find_map(|(_, a)| match a {
            Arrival::Closed(c, code) if *c == conn => Some(*code),
            _ => None,
        })
    }

    pub(crate) fn fault(&mut self, name: &str, parameters: Value) {
        self.sim.set_fault(name, &parameters).unwrap();
    }

    pub(crate) fn clear(&mut self, name: &str) {
        self.sim.clear_fault(name);
    }

    pub(crate) fn switch(&mut self, name: &str, value: Value) {
        self.fault("switch", json!({"name": name, "value": value}));
    }

    /// Best bid and ask with their sizes.
    pub(crate) fn top(&mut self) -> [String; 4] {
        let b = self.get(&format!("/v1/bbo/{ETH}"));
        ["bid", "bid_size", "ask", "ask_size"].map(|k| b[k].as_str().unwrap().to_owned())
    }
}

pub(crate) fn e8(text: &str) -> i64 {
    venue_sim::exchange::decimal::read(text).unwrap().e8
}

pub(crate) fn text(e8: i64) -> String {
    venue_sim::exchange::decimal::text(e8)
}

pub(crate) fn signature(key: &Felt, hash: &Felt) -> String {
    let k = rfc6979_generate_k(hash, key, Some(&Felt::from(32u8)));
    let s = sign(key, hash, &k).unwrap();
    format!("[\"{}\",\"{}\"]", s.r.to_biguint(), s.s.to_biguint())
}

/// The i64 at an offset of the block.
pub(crate) fn number(frame: &[u8], offset: usize) -> i64 {
    i64::from_le_bytes(frame[8 + offset..16 + offset].try_into().unwrap())
}

/// A book frame: sequence, whether it is a snapshot, bids, asks.
pub(crate) fn book(frame: &[u8]) -> (i64, bool, Levels, Levels) {
    let mut at = 8 + usize::from(u16::from_le_bytes([frame[0], frame[1]]));
    let mut group = || {
        let n = u16::from_le_bytes([frame[at + 2], frame[at + 3]]);
        at += 4;
        let mut levels = Vec::new();
        for _ in 0..n {
            levels.push((number(frame, at - 8), number(frame, at)));
            at += 16;
        }
        levels
    };
    let (bids, asks) = (group(), group());
    (number(frame, 8), frame[8 + 16] == 0, bids, asks)
}
