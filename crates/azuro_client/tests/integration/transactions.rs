//! Transactions: the bytes, the price, the way to the chain.

use azuro_client::contracts::{Call, Revert};
use azuro_client::environment::POLYGON;
use azuro_client::transaction::{
    Account, Broadcast, Claim, Offer, Outcome, PriceError, Pricing, Sent, Signed, Step, Transaction, claim_call, is_hash,
    read_claim,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use signing::eip712::U256;
use signing::{EvmKey, SanitizedValue};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../testdata/transactions.json")).expect("vectors")
}
fn key() -> EvmKey {
    EvmKey::from_hex(&SanitizedValue::from(vectors()["key"].as_str().expect("a key"))).expect("a key")
}
fn made(row: &Value) -> Transaction {
    let text = |name: &str| row[name].as_str().expect(name).to_owned();
    Transaction {
        chain_id: row["chainId"].as_u64().expect("a number"),
        nonce: row["nonce"].as_u64().expect("a number"),
        priority_fee: text("maxPriorityFeePerGas").parse().expect("a number"),
        max_fee: text("maxFeePerGas").parse().expect("a number"),
        gas: text("gas").parse().expect("a number"),
        to: text("to").parse().expect("an address"),
        data: hex::decode(text("data").trim_start_matches("0x")).expect("hex"),
    }
}

#[test]
fn transactions_are_signed_to_the_byte_as_viem_signs_them() {
    let file = vectors();
    let rows = file["transactions"].as_array().expect("rows");
    assert_eq!(rows.len(), 7);
    for row in rows {
        let signed = made(row).sign(&key());
        assert_eq!(
            (signed.raw.as_str(), signed.hash.as_str()),
            (row["raw"].as_str().expect("raw"), row["hash"].as_str().expect("hash")),
            "{row}"
        );
        assert!(is_hash(&signed.hash) && !is_hash(&signed.raw) && !is_hash("0x12"));
    }
    // What the rows call is what our own encoders make.
    let approve = Call::Approve { spender: POLYGON.relayer, amount: U256::from(100_000_000) };
    assert_eq!(made(&rows[0]).data, approve.calldata());
    assert_eq!(made(&rows[1]).data, claim_call(&POLYGON, &[222_040]).expect("a call").calldata());
    assert_eq!(made(&rows[2]).data, claim_call(&POLYGON, &[221_324, 221_331, 221_104]).expect("a call").calldata());
    assert_eq!(claim_call(&POLYGON, &[]), None);
}

const GWEI: u128 = 1_000_000_000;

/// A node that answers the questions of an offer, each by its method.
struct Node {
    chain: u64,
    mined: u64,
    pending: u64,
    base_gwei: u128,
    tip_gwei: u128,
    price_gwei: u128,
    estimate: Result<u64, Revert>,
    held: u128,
}
impl Default for Node {
    fn default() -> Self {
        Self {
            chain: 137,
            mined: 5,
            pending: 5,
            base_gwei: 40,
            tip_gwei: 30,
            price_gwei: 71,
            estimate: Ok(48_000),
            held: 10u128.pow(18),
        }
    }
}
impl Node {
    fn say(&self, question: &Value) -> Value {
        let number = |n: u128| json!(format!("{n:#x}"));
        match question["method"].as_str().expect("a method") {
            "eth_chainId" => number(u128::from(self.chain)),
            "eth_getTransactionCount" if question["params"][1] == "latest" => number(u128::from(self.mined)),
            "eth_getTransactionCount" => number(u128::from(self.pending)),
            "eth_feeHistory" => {
                let (base, tip) = (number(self.base_gwei * GWEI), number(self.tip_gwei * GWEI));
                json!({ "oldestBlock": "0x1", "baseFeePerGas": ["0x1", base], "gasUsedRatio": [0.5], "reward": [["0x0"], [tip], [tip]] })
            }
            "eth_gasPrice" => number(self.price_gwei * GWEI),
            "eth_estimateGas" => number(u128::from(*self.estimate.as_ref().expect("asked for an error elsewhere"))),
            "eth_getBalance" => number(self.held),
            other => panic!("{other} is not asked for an offer"),
        }
    }
    fn offer(&self, cap_gwei: u128) -> Result<Offer, PriceError> {
        let account = Account { chain_id: 137, address: key().address(), gas_price_max: cap_gwei * GWEI };
        let mut pricing = Pricing::new(account, POLYGON.bet_token, vec![1, 2, 3]);
        loop {
            let question = pricing.question();
            let asked: Value = serde_json::from_str(&question.body).expect("JSON");
            let answer = match (&self.estimate, asked["method"] == "eth_estimateGas") {
                (Err(revert), true) => {
                    let data = format!("0x{}", hex::encode(revert.selector()));
                    json!({ "jsonrpc": "2.0", "id": question.id, "error": { "code": 3, "message": "execution reverted", "data": data } })
                }
                _ => json!({ "jsonrpc": "2.0", "id": question.id, "result": self.say(&asked) }),
            };
            if let Some(offer) = pricing.answer(Ok(answer.to_string().as_bytes()))? {
                return Ok(offer);
            }
        }
    }
}

#[test]
fn an_offer_says_what_it_costs_and_keeps_to_the_cap() {
    let offer = Node::default().offer(500).expect("an offer");
    assert_eq!(offer.transaction.nonce, 5);
    assert_eq!(offer.transaction.gas, 60_000, "a quarter above the estimate");
    assert_eq!(offer.transaction.priority_fee, 31 * GWEI, "the larger of the middle tip and the node's own");
    assert_eq!(offer.transaction.max_fee, (2 * 40 + 31) * GWEI);
    assert_eq!((offer.cost, offer.cost_max), (48_000 * 71 * GWEI, 60_000 * 111 * GWEI));
    let capped = Node::default().offer(80).expect("an offer");
    assert_eq!(capped.transaction.max_fee, 80 * GWEI);
}

#[test]
fn no_offer_is_made_that_cannot_end_well() {
    let check = |node: Node, cap_gwei: u128, words: &str| {
        let error = node.offer(cap_gwei).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    };
    check(Node { chain: 1, ..Node::default() }, 500, "serves chain 1, wanted is 137");
    check(Node { pending: 7, ..Node::default() }, 500, "2 of the wallet's transactions are under way");
    check(Node::default(), 70, "gas costs 71 gwei now, the cap is 70");
    check(Node { estimate: Err(Revert::AlreadyPaid), ..Node::default() }, 500, "refuse it: AlreadyPaid");
    check(Node { held: 1, ..Node::default() }, 500, "the wallet holds 1");
}

#[test]
fn a_node_that_says_nothing_useful_makes_no_offer() {
    let account = Account { chain_id: 137, address: key().address(), gas_price_max: GWEI };
    for body in [
        Ok(b"".as_slice()),
        Ok(b"{}"),
        Ok(br#"{"id":9,"result":"0x89"}"#),
        Ok(br#"{"id":1,"result":"89"}"#),
        Err("timeout".to_owned()),
    ] {
        let mut pricing = Pricing::new(account, POLYGON.bet_token, Vec::new());
        assert!(matches!(pricing.answer(body.clone()), Err(PriceError::Node { .. })), "{body:?}");
    }
}

fn sent() -> Sent {
    let row = &vectors()["transactions"][0];
    let transaction = made(row);
    let signed: Signed = transaction.sign(&key());
    Sent::new(key().address(), &transaction, &signed, "approve 100 USDT".to_owned())
}
fn receipt(status: &str) -> Value {
    json!({ "transactionHash": sent().hash, "status": status, "blockNumber": "0x10", "gasUsed": "0xbb80", "effectiveGasPrice": "0x6fc23ac00" })
}

/// Plays a way to the chain: what the node answers to each question in turn. Returns the methods asked and how it ended.
fn play(mut broadcast: Broadcast, answers: &[Result<Value, &str>]) -> (Vec<String>, Option<Outcome>) {
    let mut asked = Vec::new();
    for answer in answers {
        let Step::Ask { id, body, .. } = broadcast.step() else { break };
        let question: Value = serde_json::from_str(&body).expect("JSON");
        asked.push(question["method"].as_str().expect("a method").trim_start_matches("eth_").to_owned());
        if asked.last().is_some_and(|m| m == "sendRawTransaction") {
            assert_eq!(question["params"][0], sent().raw, "never other bytes");
        }
        match answer {
            Ok(error) if error.get("code").is_some() => {
                let body = json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string();
                broadcast.answer(Ok(body.as_bytes()));
            }
            Ok(result) => {
                let body = json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string();
                broadcast.answer(Ok(body.as_bytes()));
            }
            Err(why) => {
                broadcast.answer(Err((*why).to_owned()));
            }
        }
    }
    let end = match broadcast.step() {
        Step::Over(outcome) => Some(outcome),
        Step::Ask { .. } => None,
    };
    (asked, end)
}

#[test]
fn a_transaction_ends_by_its_receipt_and_by_nothing_a_node_says_before() {
    let done = Outcome::Done { block: 16, gas: 48_000, cost: 48_000 * 30 * GWEI };
    let hash = || Ok(json!(sent().hash));
    let check = |answers: &[Result<Value, &str>], expect: Option<Outcome>| {
        assert_eq!(play(Broadcast::new(sent()), answers).1, expect, "{answers:?}");
    };
    check(&[hash(), Ok(receipt("0x1"))], Some(done.clone()));
    check(&[hash(), Ok(Value::Null), Ok(Value::Null), Ok(receipt("0x1"))], Some(done.clone()));
    check(&[hash(), Ok(receipt("0x0"))], Some(Outcome::Reverted { block: 16, cost: 48_000 * 30 * GWEI }));
    // Lost, known already, refused by a pool that may have passed it on: only the receipt counts.
    check(&[Err("timeout"), Ok(receipt("0x1"))], Some(done.clone()));
    check(&[Ok(json!({ "code": -32000, "message": "already known" })), Ok(receipt("0x1"))], Some(done.clone()));
    check(&[Ok(json!({ "code": -32000, "message": "nonce too low" })), Ok(Value::Null)], None);
    check(&[Ok(json!("0x12")), Ok(Value::Null)], None);
    // Nonsense instead of a receipt decides nothing, nor does another's receipt.
    let mut foreign = receipt("0x1");
    foreign["transactionHash"] = json!(format!("0x{}", "1".repeat(64)));
    check(&[hash(), Ok(foreign), Err("timeout"), Ok(receipt("0x2")), Ok(json!(7)), Ok(receipt("0x1"))], Some(done));
    // Bytes that no node can read never were anywhere.
    check(&[Ok(json!({ "code": -32602, "message": "invalid raw" }))], Some(Outcome::NotSent("invalid raw".to_owned())));
    check(&[Err("timeout"), Ok(json!({ "code": -32602, "message": "invalid hash" }))], None);
}

#[test]
fn an_unanswered_transaction_is_sent_again_with_the_same_bytes_and_a_taken_number_ends_it() {
    let none = || Ok(Value::Null);
    let mut answers = vec![Ok(json!(sent().hash))];
    answers.extend((0..4).map(|_| none()));
    answers.push(Ok(json!("0x0")));
    answers.extend((0..4).map(|_| none()));
    answers.push(Ok(json!(sent().hash)));
    let (asked, end) = play(Broadcast::new(sent()), &answers);
    let count = |method: &str| asked.iter().filter(|m| *m == method).count();
    assert_eq!((count("sendRawTransaction"), count("getTransactionCount"), end), (2, 1, None));
    // The wallet's count has passed the number, and no receipt comes.
    let mut answers: Vec<Result<Value, &str>> = (0..4).map(|_| none()).collect();
    answers.push(Ok(json!("0x1")));
    answers.extend((0..4).map(|_| none()));
    answers.extend([Ok(json!("0x1")), none(), none(), none(), none()]);
    let (asked, end) = play(Broadcast::resume(sent()), &answers);
    assert_eq!(end, Some(Outcome::Replaced), "{asked:?}");
    assert!(
        asked.iter().all(|m| m != "sendRawTransaction"),
        "one of an earlier life whose number is taken is not sent again: {asked:?}"
    );
}

#[test]
fn what_a_bet_pays_is_told_apart_from_what_says_nothing() {
    let word = |n: u64| format!(r#"{{"jsonrpc":"2.0","id":4,"result":"0x{n:064x}"}}"#);
    let revert = |r: Revert| {
        let data = hex::encode(r.selector());
        format!(r#"{{"jsonrpc":"2.0","id":4,"error":{{"code":3,"message":"execution reverted","data":"0x{data}"}}}}"#)
    };
    let check = |body: String, expect: Option<Claim>| assert_eq!(read_claim(4, body.as_bytes()).ok(), expect, "{body}");
    check(word(12_330_000), Some(Claim::Pays(12_330_000)));
    check(word(0), Some(Claim::Lost));
    check(revert(Revert::ConditionNotFinished), Some(Claim::Open));
    check(revert(Revert::AlreadyPaid), Some(Claim::Claimed));
    check(revert(Revert::BetNotExists), Some(Claim::Missing));
    check(revert(Revert::LockedLiquidityLimitReached), None);
    check(r#"{"jsonrpc":"2.0","id":4,"result":"0x"}"#.to_owned(), None);
}

proptest! {
    #[test]
    fn no_answer_of_a_node_panics(answers in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..20), json_like in prop::collection::vec("\\{\"id\":[1-9],\"(result|error)\":(null|\"0x[0-9a-f]{0,9}\"|\\{\"code\":-?[0-9]{1,5},\"message\":\"x\"\\}|[0-9])\\}", 0..20)) {
        let account = Account { chain_id: 137, address: key().address(), gas_price_max: u128::MAX };
        let mut pricing = Pricing::new(account, POLYGON.bet_token, Vec::new());
        let mut broadcast = Broadcast::new(sent());
        for body in answers.iter().map(Vec::as_slice).chain(json_like.iter().map(String::as_bytes)) {
            let _ = pricing.question();
            let _ = pricing.answer(Ok(body));
            let _ = broadcast.step();
            let _ = broadcast.answer(Ok(body));
        }
        let stands = !matches!(broadcast.step(), Step::Over(Outcome::Done { .. } | Outcome::Reverted { .. }));
        prop_assert!(stands, "no such bytes are a receipt");
    }
}
