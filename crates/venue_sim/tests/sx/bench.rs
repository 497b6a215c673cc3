//! A client of the simulated venue on virtual time. It signs with another library than the venue verifies with.

use alloy_primitives::{Address, B256, U256, hex};
use alloy_sol_types::{SolStruct, eip712_domain, sol};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use venue_sim::sports::{Sports, SportsShape};
use venue_sim::sx::{MAINNET_ESCROW, MAINNET_USDC, SxSim, SxSimConfig};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

sol! {
    struct Order {
        bytes32 marketHash;
        address baseToken;
        uint256 totalBetSize;
        uint256 percentageOdds;
        uint256 salt;
        uint256 expiry;
        address maker;
        bool isMakerBettingOutcomeOne;
    }
}

/// When tests begin, ms.
pub(crate) const START_MS: i64 = 1_763_712_000_000;
/// Certainty.
pub(crate) const ONE: i128 = 100_000_000_000_000_000_000;
/// One rung of the ladder.
pub(crate) const RUNG: i128 = 125_000_000_000_000_000;
/// What an account begins with, base units.
pub(crate) const FUNDS: i64 = 10_000_000_000;

/// A world where everything is played as planned and the venues never drift.
pub(crate) const CALM: SportsShape = SportsShape {
    pulse_every_ms: 0,
    pulse_ms: 0,
    pulse_e6: 0,
    pulse_permille: 0,
    noise_permille: 0,
    trouble_permille: 0,
    pace: 1,
    ahead: 3,
};

/// An answer: when (microseconds), status, headers, body.
pub(crate) type Replied = (i64, u16, Vec<(String, String)>, String);

/// One account and its key.
#[derive(Clone)]
pub(crate) struct Who {
    pub(crate) key: SigningKey,
    pub(crate) api_key: String,
}

impl Who {
    pub(crate) fn new(n: u8) -> Self {
        Self { key: SigningKey::from_slice(&[n; 32]).unwrap(), api_key: format!("key-{n}") }
    }
    pub(crate) fn address(&self) -> Address {
        Address::from_public_key(self.key.verifying_key())
    }
}

/// What an order asks for.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) market: String,
    pub(crate) one: bool,
    pub(crate) stake: i64,
    pub(crate) p: i128,
    pub(crate) force: &'static str,
    pub(crate) expiry_s: i64,
}

/// The venue on virtual time, with two accounts.
pub(crate) struct Bench {
    pub(crate) sim: SxSim,
    /// Microseconds since the epoch.
    pub(crate) now: i64,
    pub(crate) me: Who,
    pub(crate) other: Who,
    requests: u64,
    salt: u64,
    pub(crate) replies: BTreeMap<u64, Replied>,
    /// Requests whose connection was dropped.
    pub(crate) hung: Vec<u64>,
    /// Connection, when, text.
    pub(crate) frames: Vec<(u64, i64, String)>,
    pub(crate) closed: Vec<(u64, u16)>,
}

impl Bench {
    pub(crate) fn with(shape: SportsShape, change: impl FnOnce(&mut SxSimConfig)) -> Self {
        let (me, other) = (Who::new(1), Who::new(2));
        let mut cfg = SxSimConfig::new(7, Sports::new(7, shape)).with_account(&me.api_key, me.address(), FUNDS).with_account(
            &other.api_key,
            other.address(),
            FUNDS,
        );
        cfg.makers.pulled_permille = 0;
        change(&mut cfg);
        let mut bench = Self {
            sim: SxSim::new(cfg),
            now: START_MS * 1_000,
            me,
            other,
            requests: 0,
            salt: 0,
            replies: BTreeMap::new(),
            hung: Vec::new(),
            frames: Vec::new(),
            closed: Vec::new(),
        };
        bench.run_ms(1);
        bench
    }

    pub(crate) fn open() -> Self {
        Self::with(CALM, |_| {})
    }

    pub(crate) fn keep(&mut self, out: Vec<SimAction>) {
        for action in out {
            match action {
                SimAction::Reply { request, after_us, status, headers, body } => {
                    let text = String::from_utf8(body).unwrap();
                    let twice = self.replies.insert(request, (self.now + after_us as i64, status, headers, text));
                    assert!(twice.is_none(), "request {request} was answered twice");
                }
                SimAction::Hang { request, .. } => self.hung.push(request),
                SimAction::Send { conn, after_us, message: Message::Text(text) } => {
                    self.frames.push((conn, self.now + after_us as i64, text));
                }
                SimAction::Close { conn, code, .. } => self.closed.push((conn, code)),
                SimAction::Accept { .. } | SimAction::RefuseUpgrade { .. } => {}
                other @ SimAction::Send { .. } => panic!("{other:?}"),
            }
        }
    }

    /// Lets time pass, waking the venue whenever it wants.
    pub(crate) fn run_ms(&mut self, ms: i64) {
        self.run_until(self.now + ms * 1_000);
    }

    pub(crate) fn run_until(&mut self, until: i64) {
        for _ in 0..2_000_000 {
            let wake = self.sim.next_wake().map_or(i64::MAX, |n| n.0);
            if wake > until {
                break;
            }
            self.now = self.now.max(wake);
            let mut out = Vec::new();
            self.sim.on_wake(SimNow(self.now), &mut out);
            self.keep(out);
        }
        self.now = self.now.max(until);
    }

    /// Sends a request; its number.
    pub(crate) fn send(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> u64 {
        self.requests += 1;
        let headers: Vec<(String, String)> = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let mut out = Vec::new();
        let http = HttpRequest { method, target, headers: &headers, body };
        self.sim.on_request(self.requests, http, SimNow(self.now), &mut out);
        self.keep(out);
        self.requests
    }

    /// Lets time pass until a request is answered; `None` if its connection was dropped.
    pub(crate) fn wait(&mut self, request: u64) -> Option<Replied> {
        for _ in 0..100_000 {
            if self.hung.contains(&request) {
                return None;
            }
            if let Some(reply) = self.replies.get(&request).cloned() {
                self.run_until(reply.0);
                return Some(reply);
            }
            let wake = self.sim.next_wake().expect("the venue has nothing more to do").0;
            self.run_until(wake.max(self.now));
        }
        panic!("request {request} is never answered");
    }

    /// A request as somebody; status and body.
    pub(crate) fn call_as(&mut self, key: Option<&str>, method: &str, target: &str, body: &Value) -> (u16, Value) {
        let headers: Vec<(&str, &str)> = key.map(|k| ("x-sx-api-key", k)).into_iter().collect();
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let request = self.send(method, target, &headers, &body);
        let (_, status, _, text) = self.wait(request).expect("an answer");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }

    pub(crate) fn call(&mut self, method: &str, target: &str, body: &Value) -> (u16, Value) {
        let key = self.me.api_key.clone();
        self.call_as(Some(&key), method, target, body)
    }

    /// `data` of a good answer.
    pub(crate) fn get(&mut self, target: &str) -> Value {
        let (status, body) = self.call("GET", target, &Value::Null);
        assert_eq!(status, 200, "{target}: {body}");
        assert_eq!(body["status"], "success", "{target}: {body}");
        body["data"].clone()
    }

    /// An order signed by somebody.
    pub(crate) fn signed(&mut self, who: &Who, ask: &Ask) -> Value {
        self.salt += 1;
        let order = Order {
            marketHash: ask.market.parse::<B256>().unwrap(),
            baseToken: MAINNET_USDC,
            totalBetSize: U256::from(ask.stake),
            percentageOdds: U256::from(ask.p),
            salt: U256::from(self.salt),
            expiry: U256::from(ask.expiry_s),
            maker: who.address(),
            isMakerBettingOutcomeOne: ask.one,
        };
        let domain = eip712_domain! { name: "OBv3 Escrow", version: "1", chain_id: 4162, verifying_contract: MAINNET_ESCROW, };
        let digest = order.eip712_signing_hash(&domain);
        let (signature, parity) = who.key.sign_prehash_recoverable(digest.as_slice()).unwrap();
        json!({
            "marketHash": ask.market,
            "maker": who.address().to_string(),
            "baseToken": MAINNET_USDC.to_string(),
            "totalBetSize": ask.stake.to_string(),
            "percentageOdds": ask.p.to_string(),
            "salt": format!("{:#066x}", self.salt),
            "expiry": ask.expiry_s,
            "isMakerBettingOutcomeOne": ask.one,
            "timeInForce": ask.force,
            "clientOrderId": format!("own-{}", self.salt),
            "orderSignature": format!("0x{}{:02x}", hex::encode(signature.to_bytes()), 27 + parity.to_byte()),
        })
    }

    /// Posts orders of this client and waits for their outcome; the entries.
    pub(crate) fn post(&mut self, items: &[Value]) -> Vec<Value> {
        let who = self.me.clone();
        self.post_as(&who, items)
    }

    pub(crate) fn post_as(&mut self, who: &Who, items: &[Value]) -> Vec<Value> {
        let body = json!({ "orders": items, "waitForOutcome": true, "maxWaitTime": 15_000 });
        let (status, answer) = self.call_as(Some(&who.api_key), "POST", "/orders-v3", &body);
        assert_eq!(status, 200, "{answer}");
        answer["data"]["orders"].as_array().unwrap().clone()
    }

    /// Signs, posts and waits: the one entry.
    pub(crate) fn bet(&mut self, ask: &Ask) -> Value {
        let who = self.me.clone();
        let item = self.signed(&who, ask);
        self.post(&[item]).remove(0)
    }

    pub(crate) fn bet_as(&mut self, who: &Who, ask: &Ask) -> Value {
        let item = self.signed(who, ask);
        self.post_as(who, &[item]).remove(0)
    }

    /// A taker's order at the best price for its side of a market, good for a minute.
    pub(crate) fn take_best(&mut self, market: &str, one: bool, stake: i64, force: &'static str) -> Ask {
        let p = self.best(market, one).expect("a book").0;
        Ask { market: market.to_owned(), one, stake, p, force, expiry_s: self.now / 1_000_000 + 120 }
    }

    /// Best price for a taker of this side and the maker's stake there.
    pub(crate) fn best(&mut self, market: &str, one: bool) -> Option<(i128, i64)> {
        let book = self.get(&format!("/orderbook-v3/snapshot?marketHash={market}"));
        let level = book[if one { "outcomeTwo" } else { "outcomeOne" }].get(0)?.clone();
        let number = |name: &str| level[name].as_str().unwrap().parse::<i128>().unwrap();
        Some((ONE - number("percentageOdds"), number("size") as i64))
    }

    /// Markets of fixtures that begin in more than an hour, by what a test wants.
    pub(crate) fn markets(&mut self, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        self.markets_of("", fits)
    }

    fn markets_of(&mut self, filter: &str, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut all = Vec::new();
        let mut key = String::new();
        loop {
            let data = self.get(&format!("/markets/active?pageSize=100{filter}{key}"));
            all.extend(data["markets"].as_array().unwrap().iter().cloned());
            match data["nextKey"].as_str() {
                Some(next) => key = format!("&paginationKey={next}"),
                None => break,
            }
        }
        let soon = self.now / 1_000_000 + 3_600;
        all.retain(|m| m["gameTime"].as_i64().unwrap() > soon && fits(m));
        all
    }

    /// The first main total of soccer: two-sided, near the middle.
    pub(crate) fn market(&mut self) -> String {
        let all = self.markets_of("&type=2&onlyMainLine=true", |m| m["line"] == 2.5);
        all.first().expect("a total")["marketHash"].as_str().unwrap().to_owned()
    }

    pub(crate) fn fault(&mut self, name: &str, parameters: Value) {
        self.sim.set_fault(name, &parameters).unwrap_or_else(|e| panic!("{e}"));
        self.run_ms(1);
    }

    pub(crate) fn switch(&mut self, name: &str, value: Value) {
        self.fault("switch", json!({ "name": name, "value": value }));
    }

    pub(crate) fn clear(&mut self, name: &str) {
        self.sim.clear_fault(name);
        self.run_ms(1);
    }

    /// Opens a connection and proves who it is.
    pub(crate) fn connect(&mut self, conn: u64) {
        let (_, answer) = self.call("GET", "/user/realtime-token-v3/api-key", &Value::Null);
        let token = answer["token"].as_str().expect("a token").to_owned();
        let mut out = Vec::new();
        self.sim.on_connect(conn, "/connection/websocket", &[], SimNow(self.now), &mut out);
        self.keep(out);
        self.say(conn, &json!({ "id": 1, "connect": { "token": token } }).to_string());
    }

    pub(crate) fn subscribe(&mut self, conn: u64, channel: &str) {
        let command = json!({ "id": 2, "subscribe": { "channel": channel, "positioned": true, "recoverable": true } });
        self.say(conn, &command.to_string());
    }

    pub(crate) fn say(&mut self, conn: u64, text: &str) {
        let mut out = Vec::new();
        self.sim.on_message(conn, &Message::Text(text.to_owned()), SimNow(self.now), &mut out);
        self.keep(out);
    }

    /// Everything published to a channel that reached a connection: when, data.
    pub(crate) fn published(&self, conn: u64, channel: &str) -> Vec<(i64, Value)> {
        let lines = self.frames.iter().filter(|(c, ..)| *c == conn).flat_map(|(_, at, text)| text.lines().map(|l| (*at, l)));
        let parsed = lines.map(|(at, line)| (at, serde_json::from_str::<Value>(line).expect("JSON")));
        let here = parsed.filter(|(_, v)| v["push"]["channel"] == channel && !v["push"]["pub"].is_null());
        here.map(|(at, v)| (at, v["push"]["pub"]["data"].clone())).collect()
    }

    /// Every object that a fixture names is in an answer too.
    pub(crate) fn assert_names(got: &Value, fixture: &Value, place: &str) {
        let Some(object) = fixture.as_object() else { return };
        for (name, value) in object {
            assert!(got.get(name).is_some(), "{place}: no {name} in {got}");
            if !value.is_null() && !got[name].is_null() {
                assert_eq!(
                    std::mem::discriminant(value),
                    std::mem::discriminant(&got[name]),
                    "{place}: {name} is of another kind: {}",
                    got[name]
                );
            }
        }
    }
}

/// Reads a file of the test data.
pub(crate) fn data(name: &str) -> Value {
    let path = format!("{}/testdata/sx/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"))).expect("JSON")
}
