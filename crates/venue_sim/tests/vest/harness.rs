//! A shell on virtual time and a client that signs with another library than the venue verifies with.

use alloy_primitives::{Address, U256, hex, keccak256};
use alloy_sol_types::{SolStruct, SolValue, eip712_domain, sol};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use venue_sim::market::{Market, MarketShape};
use venue_sim::vest::{VestSim, VestSimConfig};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

sol! {
    struct SignerProof {
        address approvedSigner;
        uint256 signerExpiry;
    }
}

/// When tests begin, ms.
pub(crate) const START_MS: i64 = 1_763_712_000_000;

/// A market that stands nearly still.
pub(crate) const CALM: MarketShape = MarketShape { pulse_every_ms: 0, pulse_ms: 0, pulse_bps: 0, noise_bps: 1 };

/// Reads a file of the test data.
pub(crate) fn data(name: &str) -> Value {
    let path = format!("{}/testdata/vest/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_str(&text).expect("test data is JSON")
}

pub(crate) fn key(hex_text: &str) -> SigningKey {
    SigningKey::from_slice(&hex::decode(hex_text).expect("hex")).expect("a key")
}

pub(crate) fn address_of(key: &SigningKey) -> Address {
    Address::from_public_key(key.verifying_key())
}

/// Signs a digest as the venue wants it: 0x, r, s, v of 27 or 28.
pub(crate) fn sign(key: &SigningKey, digest: &[u8]) -> String {
    let (signature, recovery) = key.sign_prehash_recoverable(digest).expect("signs");
    format!("0x{}{:02x}", hex::encode(signature.to_bytes()), 27 + recovery.to_byte())
}

/// Signs ABI-encoded arguments as a personal message over their hash.
pub(crate) fn sign_args(key: &SigningKey, encoded: &[u8]) -> String {
    let mut message = b"\x19Ethereum Signed Message:\n32".to_vec();
    message.extend_from_slice(keccak256(encoded).as_slice());
    sign(key, keccak256(message).as_slice())
}

pub(crate) fn order_args(order: &Value) -> Vec<u8> {
    let text = |name: &str| order[name].as_str().expect("text").to_owned();
    let number = |name: &str| U256::from(order[name].as_u64().expect("number"));
    let flag = |name: &str| order[name].as_bool().expect("flag");
    (
        number("time"),
        number("nonce"),
        text("orderType"),
        text("symbol"),
        flag("isBuy"),
        text("size"),
        text("limitPrice"),
        flag("reduceOnly"),
    )
        .abi_encode_params()
}

/// The venue on virtual time, with one registered client.
pub(crate) struct Desk {
    pub(crate) sim: VestSim,
    pub(crate) market: Market,
    /// Microseconds since the epoch.
    pub(crate) now: i64,
    pub(crate) signing: SigningKey,
    pub(crate) primary: SigningKey,
    pub(crate) api_key: String,
    pub(crate) listen_key: String,
    contract: Address,
    requests: u64,
    /// Everything the venue wanted done, with the time it takes effect.
    pub(crate) log: Vec<(i64, SimAction)>,
    nonce: u64,
}

/// An answer: when, status, headers, body.
type Replied = (i64, u16, Vec<(String, String)>, String);

/// The connection that [`Desk::open`] subscribes to the private stream.
pub(crate) const PRIVATE: u64 = 1;

impl Desk {
    /// A venue at a time, nobody registered.
    pub(crate) fn bare(start_ms: i64, shape: MarketShape, change: impl FnOnce(&mut VestSimConfig)) -> Self {
        let market = Market::new(7, shape);
        let mut cfg = VestSimConfig::new(7, market);
        change(&mut cfg);
        let contract = cfg.verifying_contract;
        Self {
            sim: VestSim::new(cfg),
            market,
            now: start_ms * 1_000,
            signing: key("0x7a6305da1f4e2fc10998696bc93520a6e34ee468c8e44f956fae2ccd125dc72d"),
            primary: key("0x2bd003604b15c26eed709ff9dd7a3781c893c3dfbb02fe3276d082202628139f"),
            api_key: String::new(),
            listen_key: String::new(),
            contract,
            requests: 0,
            log: Vec::new(),
            nonce: start_ms as u64,
        }
    }

    /// A venue with a registered client whose private stream is open.
    pub(crate) fn open_with(shape: MarketShape, change: impl FnOnce(&mut VestSimConfig)) -> Self {
        let mut desk = Self::bare(START_MS, shape, change);
        desk.register();
        desk.listen(PRIVATE);
        desk
    }

    pub(crate) fn open() -> Self {
        Self::open_with(CALM, |_| {})
    }

    pub(crate) fn registration(&self, expiry_ms: u64) -> Value {
        self.proof_for(address_of(&self.signing), expiry_ms)
    }

    /// A registration of any signer by this client's primary key.
    pub(crate) fn proof_for(&self, signer: Address, expiry_ms: u64) -> Value {
        let domain = eip712_domain! { name: "VestRouterV2", version: "0.0.1", verifying_contract: self.contract, };
        let proof = SignerProof { approvedSigner: signer, signerExpiry: U256::from(expiry_ms) };
        json!({
            "signingAddr": signer.to_string().to_lowercase(),
            "primaryAddr": address_of(&self.primary).to_string().to_lowercase(),
            "signature": sign(&self.primary, proof.eip712_signing_hash(&domain).as_slice()),
            "expiryTime": expiry_ms,
            "networkType": 0,
        })
    }

    pub(crate) fn register(&mut self) {
        let body = self.registration((self.now / 1_000) as u64 + 7 * 86_400_000);
        let (status, answer) = self.call("POST", "/v2/register", &body);
        assert_eq!(status, 200, "{answer}");
        answer["apiKey"].as_str().expect("a key").clone_into(&mut self.api_key);
    }

    /// Opens the private stream on a connection.
    pub(crate) fn listen(&mut self, conn: u64) {
        let (_, answer) = self.call("POST", "/v2/account/listenKey", &json!({}));
        answer["listenKey"].as_str().expect("a key").clone_into(&mut self.listen_key);
        let target = format!("/ws-api?version=1.0&xwebsocketserver=restserver0&listenKey={}", self.listen_key);
        self.connect(conn, &target);
        self.say(conn, &json!({"method": "SUBSCRIBE", "params": ["account_private"], "id": 1}));
    }

    fn keep(&mut self, out: Vec<SimAction>) {
        for action in out {
            let after = match &action {
                SimAction::Send { after_us, .. }
                | SimAction::Close { after_us, .. }
                | SimAction::Reply { after_us, .. }
                | SimAction::Hang { after_us, .. } => *after_us as i64,
                SimAction::Accept { .. } | SimAction::RefuseUpgrade { .. } => 0,
            };
            self.log.push((self.now + after, action));
        }
    }

    pub(crate) fn connect(&mut self, conn: u64, target: &str) {
        let mut out = Vec::new();
        self.sim.on_connect(conn, target, &[], SimNow(self.now), &mut out);
        self.keep(out);
    }

    pub(crate) fn say(&mut self, conn: u64, message: &Value) {
        self.say_raw(conn, Message::Text(message.to_string()));
    }

    pub(crate) fn say_raw(&mut self, conn: u64, message: Message) {
        let mut out = Vec::new();
        self.sim.on_message(conn, &message, SimNow(self.now), &mut out);
        self.keep(out);
    }

    pub(crate) fn fault(&mut self, name: &str, parameters: Value) {
        self.sim.set_fault(name, &parameters).unwrap_or_else(|e| panic!("{e}"));
        self.settle();
    }

    pub(crate) fn switch(&mut self, name: &str, value: Value) {
        self.fault("switch", json!({ "name": name, "value": value }));
    }

    pub(crate) fn clear(&mut self, name: &str) {
        self.sim.clear_fault(name);
        self.settle();
    }

    /// Wakes the venue for what is due already.
    pub(crate) fn settle(&mut self) {
        self.advance_us(0);
    }

    pub(crate) fn advance(&mut self, ms: i64) {
        self.advance_us(ms * 1_000);
    }

    fn advance_us(&mut self, us: i64) {
        let until = self.now + us;
        let mut idle = 0;
        while let Some(at) = self.sim.next_wake().filter(|at| at.0 <= until) {
            idle = if at.0 <= self.now { idle + 1 } else { 0 };
            assert!(idle < 100, "the venue asks to be woken again and again at the same time");
            self.now = self.now.max(at.0);
            let mut out = Vec::new();
            self.sim.on_wake(SimNow(self.now), &mut out);
            self.keep(out);
        }
        self.now = until;
    }

    /// Sends a request with this client's key and returns its number.
    pub(crate) fn request(&mut self, method: &str, target: &str, body: &[u8]) -> u64 {
        let headers =
            vec![("xrestservermm".to_owned(), "restserver0".to_owned()), ("x-api-key".to_owned(), self.api_key.clone())];
        self.request_with(method, target, &headers, body)
    }

    pub(crate) fn request_with(&mut self, method: &str, target: &str, headers: &[(String, String)], body: &[u8]) -> u64 {
        self.requests += 1;
        let mut out = Vec::new();
        let http = HttpRequest { method, target, headers, body };
        self.sim.on_request(self.requests, http, SimNow(self.now), &mut out);
        self.keep(out);
        self.requests
    }

    /// When a request was answered, its status and body.
    pub(crate) fn reply(&self, wanted: u64) -> Option<Replied> {
        self.log.iter().find_map(|(at, action)| match action {
            SimAction::Reply { request, status, headers, body, .. } if *request == wanted => {
                Some((*at, *status, headers.clone(), String::from_utf8_lossy(body).into_owned()))
            }
            _ => None,
        })
    }

    /// When a request's connection was dropped.
    pub(crate) fn hang(&self, wanted: u64) -> Option<i64> {
        self.log.iter().find_map(|(at, action)| match action {
            SimAction::Hang { request, .. } if *request == wanted => Some(*at),
            _ => None,
        })
    }

    /// A request and its answer, which is given at once.
    pub(crate) fn call(&mut self, method: &str, target: &str, body: &Value) -> (u16, Value) {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let request = self.request(method, target, text.as_bytes());
        let (_, status, _, body) = self.reply(request).unwrap_or_else(|| panic!("{method} {target} was not answered"));
        (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    pub(crate) fn get(&mut self, target: &str) -> Value {
        let (status, body) = self.call("GET", target, &Value::Null);
        assert_eq!(status, 200, "{target}: {body}");
        body
    }

    /// What arrived on a connection, with the time.
    pub(crate) fn heard(&self, wanted: u64) -> Vec<(i64, Value)> {
        let said = self.log.iter().filter_map(|(at, action)| match action {
            SimAction::Send { conn, message, .. } if *conn == wanted => Some((*at, message)),
            _ => None,
        });
        let read = said.map(|(at, message)| match message {
            Message::Text(text) => (at, serde_json::from_str(text).expect("JSON")),
            Message::Binary(bytes) => (at, serde_json::from_slice(bytes).expect("JSON")),
        });
        read.collect()
    }

    /// Data of one channel on a connection.
    pub(crate) fn heard_on(&self, conn: u64, channel: &str) -> Vec<(i64, Value)> {
        let heard = self.heard(conn).into_iter().filter(|(_, m)| m["channel"] == channel);
        heard.map(|(at, m)| (at, m["data"].clone())).collect()
    }

    /// Private ORDER events of an order: when, and their `args`.
    pub(crate) fn events(&self, id: &str) -> Vec<(i64, Value)> {
        let heard = self.heard_on(PRIVATE, "account_private").into_iter();
        heard.filter(|(_, d)| d["args"]["id"] == id).map(|(at, d)| (at, d["args"].clone())).collect()
    }

    /// Statuses of an order's events, codes appended: `NEW REJECTED:3001`.
    pub(crate) fn story(&self, id: &str) -> String {
        let words: Vec<String> = self
            .events(id)
            .iter()
            .map(|(_, e)| {
                let status = e["status"].as_str().expect("a status");
                e["code"].as_u64().map_or(status.to_owned(), |code| format!("{status}:{code}"))
            })
            .collect();
        words.join(" ")
    }

    pub(crate) fn closed(&self, wanted: u64) -> Option<u16> {
        self.log.iter().find_map(|(_, action)| match action {
            SimAction::Close { conn, code, .. } if *conn == wanted => Some(*code),
            _ => None,
        })
    }

    pub(crate) fn index(&self, base: &str) -> i64 {
        self.market.index(base, SimNow(self.now))
    }

    pub(crate) fn next_nonce(&mut self) -> u64 {
        self.nonce += 3;
        self.nonce
    }

    /// An order on BTC: limits are given in basis points from the index, against the taker when positive.
    pub(crate) fn order(&mut self, kind: &str, is_buy: bool, size: &str, off_bps: i64) -> Value {
        let signed = if is_buy { off_bps } else { -off_bps };
        let limit = self.index("BTC") / 10_000 * (10_000 + signed) / 1_000_000;
        json!({
            "time": self.now / 1_000,
            "nonce": self.next_nonce(),
            "symbol": "BTC-PERP",
            "isBuy": is_buy,
            "size": size,
            "orderType": kind,
            "limitPrice": format!("{}.{:02}", limit / 100, limit % 100),
            "reduceOnly": false,
        })
    }

    pub(crate) fn signed(&self, order: &Value) -> Value {
        json!({ "order": order, "recvWindow": 60_000, "signature": sign_args(&self.signing, &order_args(order)) })
    }

    /// Signs and posts; the number of the request.
    pub(crate) fn post(&mut self, order: &Value) -> u64 {
        let body = self.signed(order).to_string();
        self.request("POST", "/v2/orders", body.as_bytes())
    }

    /// Signs, posts and returns the id.
    pub(crate) fn place(&mut self, order: &Value) -> String {
        let request = self.post(order);
        self.id_of(request)
    }

    pub(crate) fn id_of(&self, request: u64) -> String {
        let (_, status, _, body) = self.reply(request).expect("answered");
        assert_eq!(status, 200, "{body}");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        body["id"].as_str().expect("an id").to_owned()
    }

    /// A signed pool order.
    pub(crate) fn pool(&mut self, kind: &str, size: &str) {
        let (time, nonce) = (self.now / 1_000, self.next_nonce());
        let args = (U256::from(time), U256::from(nonce), kind.to_owned(), size.to_owned()).abi_encode_params();
        let order = json!({ "time": time, "nonce": nonce, "orderType": kind, "size": size });
        let body = json!({ "order": order, "recvWindow": 60_000, "signature": sign_args(&self.signing, &args) });
        let (status, answer) = self.call("POST", "/v2/lp", &body);
        assert_eq!(status, 200, "{answer}");
    }

    /// A signed withdrawal of USDC at 1e-6 to the account's own address.
    pub(crate) fn withdraw(&mut self, size: u64) {
        let (time, nonce) = (self.now / 1_000, self.next_nonce());
        let own = address_of(&self.primary);
        let token: Address = "0xc2f7646fBC08c2b7FEAd5cebb740cc7D0ba4a18E".parse().expect("an address");
        let numbers = (U256::from(size), U256::from(42_161));
        let args = (U256::from(time), U256::from(nonce), false, own, own, token, numbers.0, numbers.1).abi_encode_params();
        let order = json!({ "time": time, "nonce": nonce, "recipient": own.to_string(), "token": "USDC", "size": size,
            "chainId": 42_161 });
        let signature = sign_args(&self.signing, &args);
        let body = json!({ "order": order, "execute": false, "recvWindow": 60_000, "signature": signature });
        let (status, answer) = self.call("POST", "/v2/transfer/withdraw", &body);
        assert_eq!(status, 200, "{answer}");
    }

    /// Signs and posts a cancel of this id.
    pub(crate) fn cancel(&mut self, id: &str) -> (u16, Value) {
        let (time, nonce) = (self.now / 1_000, self.next_nonce());
        let args = (U256::from(time), U256::from(nonce), id.to_owned()).abi_encode_params();
        let order = json!({ "time": time, "nonce": nonce, "id": id });
        let body = json!({ "order": order, "recvWindow": 60_000, "signature": sign_args(&self.signing, &args) });
        self.call("POST", "/v2/orders/cancel", &body)
    }

    /// A market order that fills, and the time for it.
    pub(crate) fn trade(&mut self, is_buy: bool, size: &str) -> String {
        let order = self.order("MARKET", is_buy, size, 200);
        let id = self.place(&order);
        self.advance(300);
        assert_eq!(self.shown(&id)["status"], "FILLED");
        id
    }

    /// The order as `GET /orders` shows it.
    pub(crate) fn shown(&mut self, id: &str) -> Value {
        self.get(&format!("/v2/orders?id={id}"))[0].clone()
    }

    pub(crate) fn by_nonce(&mut self, order: &Value) -> Value {
        self.get(&format!("/v2/orders?nonce={}", order["nonce"]))
    }

    /// Signed size of the BTC position, as text.
    pub(crate) fn position(&mut self) -> String {
        let account = self.get("/v2/account");
        let found = account["positions"].as_array().and_then(|l| l.iter().find(|p| p["symbol"] == "BTC-PERP").cloned());
        found.map_or("0".to_owned(), |p| {
            let size = p["size"].as_str().expect("text");
            if p["isLong"] == true { size.to_owned() } else { format!("-{size}") }
        })
    }

    /// Cash, USDC at 1e-6.
    pub(crate) fn cash(&mut self) -> i64 {
        micro(&self.get("/v2/account")["balances"][0]["total"])
    }
}

/// Six decimals as an integer.
pub(crate) fn micro(text: &Value) -> i64 {
    let text = text.as_str().expect("decimals are texts");
    let (_, fraction) = text.split_once('.').expect("six decimals");
    assert_eq!(fraction.len(), 6, "{text}");
    text.replace('.', "").parse().expect("digits")
}

/// A code out of a wrapped refusal.
pub(crate) fn code(body: &Value) -> u64 {
    body["detail"]["code"].as_u64().unwrap_or_else(|| panic!("no code in {body}"))
}

/// Whether an answer has the keys and types of a documented example; `null` may stand for a value.
pub(crate) fn same_shape(example: &Value, actual: &Value, more: &[&str], at: &str) {
    match (example, actual) {
        (Value::Object(e), Value::Object(a)) => {
            for (key, value) in e {
                let found = a.get(key).unwrap_or_else(|| panic!("{at}.{key} is missing"));
                same_shape(value, found, more, &format!("{at}.{key}"));
            }
            let odd = a.keys().find(|k| !e.contains_key(*k) && !more.contains(&k.as_str()));
            assert!(odd.is_none(), "{at} has an undocumented {odd:?}");
        }
        (Value::Array(e), Value::Array(a)) if e.len() > 1 && e.len() == a.len() => {
            e.iter().zip(a).enumerate().for_each(|(i, (e, a))| same_shape(e, a, more, &format!("{at}[{i}]")));
        }
        (Value::Array(e), Value::Array(a)) => {
            let first = e.first().unwrap_or_else(|| panic!("{at}: the example is empty"));
            assert!(!a.is_empty(), "{at} is empty");
            a.iter().enumerate().for_each(|(i, a)| same_shape(first, a, more, &format!("{at}[{i}]")));
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::String(_), Value::String(_)) | (Value::Bool(_), Value::Bool(_)) => {}
        (Value::Number(e), Value::Number(a)) => assert_eq!(e.is_u64(), a.is_u64(), "{at}"),
        _ => panic!("{at} is {actual}, documented is {example}"),
    }
}
