//! A shell on virtual time and a bettor that signs with another library than the venue verifies with.

use crate::rlp;
use alloy_primitives::{Address, U256, hex, keccak256};
use alloy_sol_types::{SolStruct, eip712_domain, sol};
use k256::ecdsa::SigningKey;
use serde_json::{Value, json};
use venue_sim::azuro::{AzuroSim, AzuroSimConfig, Contracts};
use venue_sim::sports::{Sports, SportsShape};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

sol! {
    struct ClientData {
        string attention;
        address affiliate;
        address core;
        uint256 expiresAt;
        uint256 chainId;
        uint256 relayerFeeAmount;
        bool isFeeSponsored;
        bool isBetSponsored;
        bool isSponsoredBetReturnable;
    }
    struct SubBet {
        uint256 conditionId;
        uint128 outcomeId;
        uint64 minOdds;
        uint128 amount;
        uint256 nonce;
    }
    struct ClientBetData {
        ClientData clientData;
        SubBet[] bets;
    }
}

/// When tests begin, ms.
pub(crate) const START_MS: i64 = 1_795_254_860_000;
/// The connection that tests open.
pub(crate) const CONN: u64 = 1;

/// Reads a file of the test data.
pub(crate) fn data(name: &str) -> Value {
    let path = format!("{}/testdata/azuro/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_str(&text).expect("test data is JSON")
}

pub(crate) fn lower(who: Address) -> String {
    format!("0x{}", hex::encode(who))
}

/// A world in which prices stand nearly still and every game is simply played.
pub(crate) fn calm() -> SportsShape {
    SportsShape { pulse_every_ms: 0, noise_permille: 0, trouble_permille: 0, ..SportsShape::default() }
}

/// One wanted bet; tests change what they are about.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) condition: String,
    pub(crate) outcome: u64,
    pub(crate) min_odds: u64,
    pub(crate) amount: u128,
    pub(crate) nonce: u64,
    pub(crate) expires_in_s: i64,
    pub(crate) fee: u128,
    pub(crate) affiliate: Address,
}

/// What the venue answered at once, or `None` if it hung up.
pub(crate) type Replied = Option<(u16, Value)>;

/// The venue on virtual time, with one bettor.
pub(crate) struct Desk {
    pub(crate) sim: AzuroSim,
    /// Microseconds since the epoch.
    pub(crate) now: i64,
    pub(crate) key: SigningKey,
    pub(crate) bettor: Address,
    requests: u64,
    nonce: u64,
    /// Everything said on connections, in order.
    pub(crate) heard: Vec<(u64, Value)>,
    /// Connections the venue closed.
    pub(crate) closed: Vec<u64>,
    tx_nonce: u64,
}

impl Desk {
    pub(crate) fn with(shape: SportsShape, change: impl FnOnce(&mut AzuroSimConfig)) -> Self {
        let mut cfg = AzuroSimConfig::new(7, Sports::new(7, shape));
        cfg.stopped_permille = 0;
        cfg.approved = true;
        cfg.latencies.slow_permille = 0;
        change(&mut cfg);
        let key = hex::decode("3a51dbab6a3b1bdac88b2cb564eab05962b5ed6a5843c270b3b76b838dd42068").expect("hex");
        let key = SigningKey::from_slice(&key).expect("a key");
        let bettor = Address::from_public_key(key.verifying_key());
        let mut desk = Self {
            sim: AzuroSim::new(cfg),
            now: START_MS * 1_000,
            key,
            bettor,
            requests: 0,
            nonce: START_MS as u64,
            heard: Vec::new(),
            closed: Vec::new(),
            tx_nonce: 0,
        };
        desk.advance(0);
        desk
    }

    pub(crate) fn calm() -> Self {
        Self::with(calm(), |_| {})
    }

    pub(crate) fn ask(&mut self, method: &str, target: &str, body: &[u8]) -> Replied {
        self.requests += 1;
        let (request, mut out) = (self.requests, Vec::new());
        let http = HttpRequest { method, target, headers: &[], body };
        self.sim.on_request(request, http, SimNow(self.now), &mut out);
        let mut answer = None;
        let mut hung = false;
        for action in out {
            match action {
                SimAction::Reply { request: r, status, body, .. } if r == request => {
                    answer = Some((status, serde_json::from_slice(&body).unwrap_or(Value::Null)));
                }
                SimAction::Hang { request: r, .. } if r == request => hung = true,
                other => self.keep(other),
            }
        }
        assert!(answer.is_some() != hung, "{target} is either answered or hung up on");
        answer
    }

    fn keep(&mut self, action: SimAction) {
        match action {
            SimAction::Send { conn, message: Message::Text(text), .. } => {
                self.heard.push((conn, serde_json::from_str(&text).expect("what is said is JSON")));
            }
            SimAction::Close { conn, .. } => self.closed.push(conn),
            _ => {}
        }
    }

    pub(crate) fn call(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let bytes = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.ask(method, &format!("/api/v1/public{path}"), &bytes).unwrap_or_else(|| panic!("{path} hung up"))
    }

    pub(crate) fn get(&mut self, path: &str) -> (u16, Value) {
        self.call("GET", path, &Value::Null)
    }

    pub(crate) fn rpc(&mut self, method: &str, params: Value) -> Value {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        self.ask("POST", "/rpc", body.as_bytes()).expect("the node answers").1
    }

    /// Result of a call of a contract.
    pub(crate) fn view(&mut self, to: Address, data: &str) -> Value {
        self.rpc("eth_call", json!([{ "to": lower(to), "data": data }, "latest"]))
    }

    pub(crate) fn connect(&mut self) {
        let mut out = Vec::new();
        self.sim.on_connect(CONN, "/v1/streams/feed", &[], SimNow(self.now), &mut out);
        assert_eq!(out, [SimAction::Accept { conn: CONN }]);
    }

    pub(crate) fn say(&mut self, message: &Value) {
        let mut out = Vec::new();
        self.sim.on_message(CONN, &Message::Text(message.to_string()), SimNow(self.now), &mut out);
        out.into_iter().for_each(|a| self.keep(a));
    }

    /// Lets time pass.
    pub(crate) fn advance(&mut self, ms: i64) {
        let until = self.now + ms * 1_000;
        while let Some(at) = self.sim.next_wake().filter(|at| at.0 <= until) {
            self.now = self.now.max(at.0);
            let mut out = Vec::new();
            self.sim.on_wake(SimNow(self.now), &mut out);
            out.into_iter().for_each(|a| self.keep(a));
        }
        self.now = until;
        let mut out = Vec::new();
        self.sim.on_wake(SimNow(self.now), &mut out);
        out.into_iter().for_each(|a| self.keep(a));
    }

    pub(crate) fn fault(&mut self, name: &str, parameters: Value) {
        self.sim.set_fault(name, &parameters).unwrap_or_else(|e| panic!("{e}"));
        self.advance(0);
    }

    pub(crate) fn games(&mut self, state: &str) -> Vec<Value> {
        let target = format!(
            "/market-manager/games-by-filters?environment=PolygonUSDT&gameState={state}&orderBy=startsAt&orderDirection=asc&page=1&perPage=100"
        );
        let (status, answer) = self.get(&target);
        assert_eq!(status, 200, "{answer}");
        answer["games"].as_array().expect("games").clone()
    }

    pub(crate) fn conditions(&mut self, game: &Value) -> Vec<Value> {
        let body = json!({ "gameIds": [game["gameId"]], "environment": "PolygonUSDT", "extended": true });
        let (status, answer) = self.call("POST", "/market-manager/conditions-by-game-ids", &body);
        assert_eq!(status, 200, "{answer}");
        answer["conditions"].as_array().expect("conditions").clone()
    }

    /// The main line of the latest announced game: far enough from its kick-off for any test.
    pub(crate) fn main_line(&mut self) -> Value {
        let games = self.games("Prematch");
        let game = games.last().expect("a game is announced").clone();
        self.conditions(&game).into_iter().find(|c| c["state"] == "Active").expect("a line is open")
    }

    /// Ten dollars on the first outcome of a line at a hundredth under its odds.
    pub(crate) fn wanted(&mut self, line: &Value) -> Wanted {
        self.nonce += 1;
        let outcome = &line["outcomes"][0];
        Wanted {
            condition: line["conditionId"].as_str().expect("an id").to_owned(),
            outcome: outcome["outcomeId"].as_str().expect("an id").parse().expect("digits"),
            min_odds: e12(outcome["odds"].as_str().expect("odds")) - 10_000_000_000,
            amount: 10_000_000,
            nonce: self.nonce,
            expires_in_s: 60,
            fee: 0,
            affiliate: self.bettor,
        }
    }

    /// The signed request.
    pub(crate) fn request(&self, wanted: &Wanted) -> Value {
        let contracts = Contracts::polygon();
        let expires_at = self.now / 1_000_000 + wanted.expires_in_s;
        let message = ClientBetData {
            clientData: ClientData {
                attention: "I agree".to_owned(),
                affiliate: wanted.affiliate,
                core: contracts.core,
                expiresAt: U256::from(expires_at),
                chainId: U256::from(137),
                relayerFeeAmount: U256::from(wanted.fee),
                isFeeSponsored: false,
                isBetSponsored: false,
                isSponsoredBetReturnable: false,
            },
            bets: vec![SubBet {
                conditionId: wanted.condition.parse().expect("digits"),
                outcomeId: u128::from(wanted.outcome),
                minOdds: wanted.min_odds,
                amount: wanted.amount,
                nonce: U256::from(wanted.nonce),
            }],
        };
        let domain =
            eip712_domain! { name: "Live Betting", version: "1.0.0", chain_id: 137, verifying_contract: contracts.core, };
        let digest = message.eip712_signing_hash(&domain);
        json!({
            "environment": "PolygonUSDT",
            "bettor": lower(self.bettor),
            "betOwner": lower(self.bettor),
            "clientBetData": {
                "clientData": {
                    "attention": "I agree",
                    "affiliate": wanted.affiliate.to_checksum(None),
                    "core": contracts.core.to_checksum(None),
                    "expiresAt": expires_at,
                    "chainId": 137,
                    "relayerFeeAmount": wanted.fee.to_string(),
                    "isFeeSponsored": false,
                    "isBetSponsored": false,
                    "isSponsoredBetReturnable": false,
                },
                "bet": {
                    "conditionId": wanted.condition,
                    "outcomeId": wanted.outcome,
                    "minOdds": wanted.min_odds.to_string(),
                    "amount": wanted.amount.to_string(),
                    "nonce": wanted.nonce.to_string(),
                },
            },
            "bettorSignature": sign(&self.key, digest.as_slice()),
        })
    }

    pub(crate) fn post(&mut self, request: &Value) -> Replied {
        self.ask("POST", "/api/v1/public/bet/orders/ordinar", request.to_string().as_bytes())
    }

    /// Posts a bet on the main line that must be taken; its id.
    pub(crate) fn placed(&mut self) -> String {
        let line = self.main_line();
        let wanted = self.wanted(&line);
        let request = self.request(&wanted);
        let (status, answer) = self.post(&request).expect("an answer");
        assert_eq!((status, &answer["state"]), (201, &json!("Created")), "{answer}");
        answer["id"].as_str().expect("an id").to_owned()
    }

    pub(crate) fn order(&mut self, id: &str) -> Value {
        let (status, answer) = self.get(&format!("/bet/orders/{id}"));
        assert_eq!(status, 200, "{answer}");
        answer
    }

    pub(crate) fn state(&mut self, id: &str) -> String {
        self.order(id)["state"].as_str().expect("a state").to_owned()
    }

    /// The states an order goes through while time passes, looked at every 100 ms.
    pub(crate) fn path(&mut self, id: &str, ms: i64) -> Vec<String> {
        let mut path = vec![self.state(id)];
        for _ in 0..ms / 100 {
            self.advance(100);
            let state = self.state(id);
            if path.last() != Some(&state) {
                path.push(state);
            }
        }
        path
    }

    /// A signed EIP-1559 transaction by the bettor, in hex.
    pub(crate) fn transaction(&mut self, to: Address, data: &[u8], max_fee_gwei: u128) -> String {
        let tx = self.transaction_of(self.tx_nonce, 137, to, data, max_fee_gwei);
        self.tx_nonce += 1;
        tx
    }

    pub(crate) fn transaction_of(&self, nonce: u64, chain: u64, to: Address, data: &[u8], max_fee_gwei: u128) -> String {
        let gwei = 1_000_000_000u128;
        let mut fields = vec![
            rlp::int(u128::from(chain)),
            rlp::int(u128::from(nonce)),
            rlp::int(gwei),
            rlp::int(max_fee_gwei * gwei),
            rlp::int(400_000),
            rlp::bytes(to.as_slice()),
            rlp::int(0),
            rlp::bytes(data),
            vec![0xc0],
        ];
        let mut unsigned = vec![2];
        unsigned.extend(rlp::list(&fields.concat()));
        let (signature, parity) = self.key.sign_prehash_recoverable(keccak256(unsigned).as_slice()).expect("signs");
        let bytes = signature.to_bytes();
        fields.push(rlp::int(u128::from(parity.to_byte())));
        fields.push(rlp::bytes(rlp::trim(&bytes[..32])));
        fields.push(rlp::bytes(rlp::trim(&bytes[32..])));
        let mut raw = vec![2];
        raw.extend(rlp::list(&fields.concat()));
        format!("0x{}", hex::encode(raw))
    }
}

/// Signs a digest: 0x, r, s, v of 27 or 28.
pub(crate) fn sign(key: &SigningKey, digest: &[u8]) -> String {
    let (signature, recovery) = key.sign_prehash_recoverable(digest).expect("signs");
    format!("0x{}{:02x}", hex::encode(signature.to_bytes()), 27 + recovery.to_byte())
}

/// `1.85` as an integer times 10^12.
pub(crate) fn e12(odds: &str) -> u64 {
    let (whole, fraction) = odds.split_once('.').unwrap_or((odds, ""));
    format!("{whole}{fraction:0<12}").parse().expect("digits")
}

/// A selector and words of a call, in hex.
pub(crate) fn calldata(selector: &str, words: &[U256]) -> String {
    let words: String = words.iter().map(|w| hex::encode(w.to_be_bytes::<32>())).collect();
    format!("0x{selector}{words}")
}

pub(crate) fn word(who: Address) -> U256 {
    U256::from_be_slice(who.as_slice())
}

/// A word a call returned.
pub(crate) fn number(answer: &Value) -> U256 {
    let text = answer["result"].as_str().unwrap_or_else(|| panic!("a result: {answer}"));
    U256::from_str_radix(text.trim_start_matches("0x"), 16).expect("hex")
}

/// Whether `value` has exactly the fields of `shape`, each of the same JSON type; `null` in either fits anything. Lists are
/// compared by their first element.
pub(crate) fn fits(shape: &Value, value: &Value, at: &str) {
    match (shape, value) {
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Object(a), Value::Object(b)) => {
            let names = |o: &serde_json::Map<String, Value>| o.keys().cloned().collect::<std::collections::BTreeSet<_>>();
            assert_eq!(names(a), names(b), "fields at {at}");
            a.iter().for_each(|(name, shape)| fits(shape, &b[name], &format!("{at}.{name}")));
        }
        (Value::Array(a), Value::Array(b)) => {
            if let (Some(a), Some(b)) = (a.first(), b.first()) {
                fits(a, b, &format!("{at}[0]"));
            }
        }
        _ => assert_eq!(std::mem::discriminant(shape), std::mem::discriminant(value), "type at {at}: {value}"),
    }
}
