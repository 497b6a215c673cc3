//! The simulated venue's own chain answers as a real node does: the same questions to both, and the answers held against each other.
//!
//! Values differ where the chains do (hashes, times, gas); kinds, forms, names, error codes and what a revert carries may not.

use super::world::{DOLLAR, World, text};
use azuro_client::chain;
use azuro_client::contracts::Call;
use azuro_client::environment::POLYGON;
use azuro_client::transaction::Transaction;
use serde_json::{Value, json};
use signing::eip712::{Address, U256};
use venue_sim::azuro::{AzuroSim, AzuroSimConfig};
use venue_sim::sports::{Sports, SportsShape};
use venue_sim::{HttpRequest, SimAction, SimNow, VenueSim};

/// Microseconds; any time will do.
const START: i64 = 1_795_254_860_000_000;

/// Both chains, and the simulated one's time.
struct Two {
    real: World,
    sim: AzuroSim,
    now: SimNow,
}

impl Two {
    fn new() -> Self {
        let sim = AzuroSim::new(AzuroSimConfig::new(3, Sports::new(3, SportsShape::default())));
        let mut two = Self { real: World::new(), sim, now: SimNow(START) };
        // Some blocks, so that none of what follows stands in the first one.
        two.pass(60);
        two
    }
    fn pass(&mut self, seconds: i64) {
        self.now = SimNow(self.now.0 + seconds * 1_000_000);
        self.sim.on_wake(self.now, &mut Vec::new());
    }
    fn simulated(&mut self, body: &str) -> Value {
        let mut out = Vec::new();
        let headers = [("content-type".to_owned(), "application/json".to_owned())];
        let http = HttpRequest { method: "POST", target: "/rpc", headers: &headers, body: body.as_bytes() };
        self.sim.on_request(1, http, self.now, &mut out);
        match out.as_slice() {
            [SimAction::Reply { status: 200, body, .. }] => serde_json::from_slice(body).unwrap(),
            other => panic!("{body}: {other:?}"),
        }
    }
    /// Asks both; the answers, the simulated one first.
    fn ask(&mut self, body: &str) -> (Value, Value) {
        (self.simulated(body), serde_json::from_slice(&self.real.node.post(body)).unwrap())
    }
    fn check(&mut self, body: &str) {
        let (simulated, real) = self.ask(body);
        if let Err(place) = alike(&simulated, &real) {
            panic!("{body}\n{place}\nsimulated: {simulated:#}\nreal: {real:#}");
        }
    }
    /// Each chain is asked about the block of this age, counted from its own newest one; an age below zero is still to come.
    fn check_aged(&mut self, age: i64, method: &str, params: impl Fn(String) -> Value) {
        let ask = |head: &Value| {
            let head = i64::from_str_radix(head["result"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
            request(method, &params(format!("{:#x}", head - age)))
        };
        let (simulated, real) = self.ask(&request("eth_blockNumber", &json!([])));
        let (simulated, real) =
            (self.simulated(&ask(&simulated)), serde_json::from_slice(&self.real.node.post(&ask(&real))).unwrap());
        alike(&simulated, &real)
            .unwrap_or_else(|place| panic!("{method} {age}: {place}\nsimulated: {simulated:#}\nreal: {real:#}"));
    }
    fn method(&mut self, method: &str, params: &Value) {
        self.check(&request(method, params));
    }
}

fn request(method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }).to_string()
}

/// What a text is on a chain: a hash or word, an address, another hexadecimal text, or none.
fn form(text: &str) -> &'static str {
    match text.strip_prefix("0x") {
        Some(digits) if !digits.bytes().all(|b| b.is_ascii_hexdigit()) => "text",
        Some(digits) if digits.len() == 64 => "word",
        Some(digits) if digits.len() == 40 => "address",
        Some(_) => "hex",
        None => "text",
    }
}

/// Whether everything that the simulated answer says is said by the real one too, in the same form. Names the place where not.
fn alike(simulated: &Value, real: &Value) -> Result<(), String> {
    match (simulated, real) {
        (Value::Object(mine), Value::Object(theirs)) if mine.contains_key("code") && theirs.contains_key("code") => {
            // An error: the code, and the data of a revert. Messages are every node's own.
            let same = mine["code"] == theirs["code"] && mine.get("data") == theirs.get("data");
            same.then_some(()).ok_or_else(|| format!("errors differ: {simulated} {real}"))
        }
        (Value::Object(mine), Value::Object(theirs)) => mine.iter().try_for_each(|(name, value)| {
            let other = theirs.get(name).ok_or_else(|| format!("{name} is said by the simulated node alone"))?;
            alike(value, other).map_err(|place| format!("{name}: {place}"))
        }),
        (Value::Array(mine), Value::Array(theirs)) => match (mine.first(), theirs.first()) {
            (Some(mine), Some(theirs)) => alike(mine, theirs),
            _ => Ok(()),
        },
        (Value::String(mine), Value::String(theirs)) if form(mine) == form(theirs) => Ok(()),
        (Value::Number(_), Value::Number(_)) | (Value::Bool(_), Value::Bool(_)) | (Value::Null, Value::Null) => Ok(()),
        (mine, theirs) => Err(format!("{mine} is not like {theirs}")),
    }
}

#[test]
fn the_simulated_node_answers_reads_as_a_real_one() {
    let mut two = Two::new();
    let bettor = two.real.bettor.address();
    let who = text(bettor);
    for body in [
        chain::chain_id_request(7),
        chain::head_request(7),
        chain::gas_price_request(7),
        chain::native_balance_request(7, bettor),
    ] {
        two.check(&body);
    }
    // The chains have other heights, so their logs are asked for from the newest block on.
    for body in [chain::bets_request(7, POLYGON.core, bettor, 0, None), chain::called_off_request(7, POLYGON.core, 1, 0, None)] {
        let mut body: Value = serde_json::from_str(&body).unwrap();
        body["params"][0]["fromBlock"] = json!("latest");
        two.check(&body.to_string());
    }
    two.method("net_version", &json!([]));
    two.method("web3_clientVersion", &json!([]));
    two.method("eth_syncing", &json!([]));
    two.method("eth_blockNumber", &json!([]));
    two.method("eth_maxPriorityFeePerGas", &json!([]));
    two.method("eth_feeHistory", &json!(["0x4", "latest", [50]]));
    two.method("eth_getTransactionCount", &json!([who, "latest"]));
    two.method("eth_getTransactionCount", &json!([who, "pending"]));
    two.method("eth_getBlockByNumber", &json!(["0xffffffff", false]));
    two.method("eth_getTransactionReceipt", &json!([format!("0x{:064x}", 5)]));
    two.method("eth_noSuchThing", &json!([]));
}

#[test]
fn the_simulated_contracts_answer_calls_as_the_real_ones() {
    let mut two = Two::new();
    let bettor = two.real.bettor.address();
    let nowhere = Address::repeat_byte(0x55);
    let (core, one) = (POLYGON.core, U256::from(1));
    for (to, call) in [
        (POLYGON.bet_token, Call::BalanceOf(bettor)),
        (POLYGON.bet_token, Call::Allowance { owner: bettor, spender: POLYGON.relayer }),
        (POLYGON.bet_token, Call::Decimals),
        (POLYGON.core, Call::NonceUsed { bettor, nonce: one }),
        (POLYGON.lp, Call::ViewPayout { core, bet: one }),
        (POLYGON.lp, Call::WithdrawPayout { core, bet: one }),
        (POLYGON.lp, Call::WithdrawPayouts { core, bets: vec![one] }),
        (nowhere, Call::BalanceOf(bettor)),
    ] {
        let body = chain::call_request(7, to, &call, None);
        two.check(&body);
        // What is no number of either chain is the same to the digit.
        if !matches!(call, Call::BalanceOf(_)) {
            let (simulated, real) = two.ask(&body);
            assert_eq!(simulated.get("result"), real.get("result"), "{call:?}");
        }
    }
}

#[test]
fn a_transaction_gets_the_same_hash_receipt_and_events_on_both() {
    let mut two = Two::new();
    let call = Call::Approve { spender: POLYGON.relayer, amount: U256::from(25 * DOLLAR) };
    let transaction = Transaction {
        chain_id: POLYGON.chain_id,
        nonce: 0,
        priority_fee: 2_000_000_000,
        max_fee: 200_000_000_000,
        gas: 100_000,
        to: POLYGON.bet_token,
        data: call.calldata(),
    };
    let signed = transaction.sign(&two.real.bettor);
    let (simulated, real) = two.ask(&request("eth_sendRawTransaction", &json!([signed.raw])));
    assert_eq!(simulated["result"], real["result"], "{simulated} {real}");
    assert_eq!(simulated["result"], signed.hash);
    two.real.node.receipt(&json!(signed.hash));
    two.pass(10);
    let receipt = request("eth_getTransactionReceipt", &json!([signed.hash]));
    two.check(&receipt);
    let (simulated, real) = two.ask(&receipt);
    let (simulated, real) = (&simulated["result"], &real["result"]);
    for name in ["status", "from", "to", "type", "transactionHash"] {
        assert_eq!(simulated[name], real[name], "{name}");
    }
    for name in ["address", "topics", "data"] {
        assert_eq!(simulated["logs"][0][name], real["logs"][0][name], "{name}");
    }
    // Its number is used: the same bytes, and other ones under the same number, are errors on both.
    let other = Transaction { gas: 90_000, ..transaction }.sign(&two.real.bettor);
    for raw in [signed.raw, other.raw] {
        let (simulated, real) = two.ask(&request("eth_sendRawTransaction", &json!([raw])));
        assert!(simulated.get("error").is_some() && real.get("error").is_some(), "{simulated} {real}");
    }
    let bettor = text(two.real.bettor.address());
    let (simulated, real) = two.ask(&request("eth_getTransactionCount", &json!([bettor, "latest"])));
    assert_eq!((&simulated["result"], &real["result"]), (&json!("0x1"), &json!("0x1")));
    let allowance = Call::Allowance { owner: two.real.bettor.address(), spender: POLYGON.relayer };
    let (simulated, real) = two.ask(&chain::call_request(7, POLYGON.bet_token, &allowance, None));
    assert_eq!(simulated["result"], real["result"]);
}

#[test]
fn a_question_about_one_block_is_answered_alike_and_so_is_one_about_a_block_that_is_not() {
    let mut two = Two::new();
    two.real.node.ask("anvil_mine", json!([100]));
    two.pass(200);
    let who = text(two.real.bettor.address());
    let nonce = Call::NonceUsed { bettor: two.real.bettor.address(), nonce: U256::from(1) };
    let message = |call: &Call, to: Address| json!({ "to": text(to), "data": format!("0x{}", hex::encode(call.calldata())) });
    let used = message(&nonce, POLYGON.core);
    // Alike means the same error code where the block is still to come, and a value where it is not.
    for age in [0, 1, 20, -1, -1_000] {
        two.check_aged(age, "eth_call", |block| json!([used, block]));
        two.check_aged(age, "eth_getBalance", |block| json!([who, block]));
        two.check_aged(age, "eth_getTransactionCount", |block| json!([who, block]));
        two.check_aged(age, "eth_getCode", |block| json!([text(POLYGON.core), block]));
    }
    let pays = message(&Call::ViewPayout { core: POLYGON.core, bet: U256::from(1) }, POLYGON.lp);
    two.check_aged(1, "eth_call", |block| json!([pays, block]));
    for block in [json!("latest"), json!("pending"), json!("newest"), json!(7)] {
        two.method("eth_call", &json!([used, block]));
        two.method("eth_getBalance", &json!([who, block]));
    }
    two.method("eth_call", &json!([used]));
    two.method("eth_getBalance", &json!([who]));
}

#[test]
fn a_state_that_is_gone_is_a_nodes_error_on_both() {
    let mut two = Two::new();
    two.real = World::on(super::node::Node::pruned_at(START as u64 / 1_000_000));
    two.real.node.ask("anvil_mine", json!([300]));
    two.pass(600);
    let who = two.real.bettor.address();
    let call = Call::Allowance { owner: who, spender: POLYGON.relayer };
    // Every kind of node has its own words and its own code for this; to the client they are all a node that says nothing useful.
    let old = |two: &mut Two| {
        let (simulated, real) = two.ask(&request("eth_blockNumber", &json!([])));
        [simulated, real].map(|head| {
            let head = u64::from_str_radix(head["result"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
            chain::call_request(7, POLYGON.bet_token, &call, Some(head - 200))
        })
    };
    let [simulated, real] = old(&mut two);
    for answer in [two.simulated(&simulated).to_string().into_bytes(), two.real.node.post(&real)] {
        assert!(matches!(chain::read_units(7, &answer), Err(chain::ChainError::Node { .. })), "{answer:?}");
    }
}

#[test]
fn a_transaction_is_told_by_its_hash_alike_before_and_after_its_block() {
    let mut two = Two::new();
    two.method("eth_getTransactionByHash", &json!([format!("0x{:064x}", 5)]));
    two.method("eth_getTransactionByHash", &json!(["0x5"]));
    two.method("eth_getTransactionByHash", &json!([]));
    let transaction = Transaction {
        chain_id: POLYGON.chain_id,
        nonce: 0,
        priority_fee: 2_000_000_000,
        max_fee: 200_000_000_000,
        gas: 100_000,
        to: POLYGON.bet_token,
        data: Call::Approve { spender: POLYGON.relayer, amount: U256::from(25 * DOLLAR) }.calldata(),
    };
    let signed = transaction.sign(&two.real.bettor);
    two.real.node.ask("evm_setAutomine", json!([false]));
    two.ask(&request("eth_sendRawTransaction", &json!([signed.raw])));
    let told = request("eth_getTransactionByHash", &json!([signed.hash]));
    // What a node reads out of the same bytes is the same to the digit.
    let check = |two: &mut Two, mined: bool| {
        two.check(&told);
        let (simulated, real) = two.ask(&told);
        let (simulated, real) = (&simulated["result"], &real["result"]);
        for name in
            ["type", "chainId", "nonce", "gas", "maxFeePerGas", "maxPriorityFeePerGas", "to", "value", "accessList", "input"]
        {
            assert_eq!(simulated[name], real[name], "{name}");
        }
        for name in ["r", "s", "yParity", "v", "hash", "from", "transactionIndex"] {
            assert_eq!(simulated[name], real[name], "{name}");
        }
        let names = |of: &Value| of.as_object().unwrap().keys().cloned().collect::<std::collections::BTreeSet<_>>();
        assert_eq!((names(simulated), simulated["blockNumber"].is_string()), (names(real), mined));
    };
    check(&mut two, false);
    two.real.node.ask("evm_mine", json!([]));
    two.pass(10);
    check(&mut two, true);
}
