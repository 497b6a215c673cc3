//! The chain and its node: reads as recorded from a real one, transactions, blocks, what lags.

use crate::bench::{Desk, calldata, data, fits, lower, number, word};
use alloy_primitives::{U256, address, hex};
use serde_json::{Value, json};
use venue_sim::azuro::Contracts;

const C: Contracts = Contracts::polygon();
const NEW_LIVE_BET: &str = "0xf9a74a182f01361c747de3eaf11c1d78de0a89ce8b395bcdab60563aaff299e3";

fn bytes(data: &str) -> Vec<u8> {
    hex::decode(data).expect("hex")
}

fn approve(amount: U256) -> String {
    calldata("095ea7b3", &[word(C.relayer), amount])
}

#[test]
fn every_recorded_exchange_is_answered_in_the_recorded_shape() {
    let mut desk = Desk::calm();
    let id = desk.placed();
    desk.advance(20_000);
    let tx = desk.order(&id)["txHash"].clone();
    let recorded = data("evm_json_rpc.json");
    let mut seen = 0;
    for exchange in recorded["exchanges"].as_array().expect("a list") {
        let mut request = exchange["request"].clone();
        let method = request["method"].as_str().expect("text").to_owned();
        // The same questions about what exists here.
        let swap = |text: &str| match text {
            "0x5fbdb2315678afecb367f032d93f642f64180aa3" => lower(C.token),
            "0xe7f1725e7734ce288f8367e1bb143e90bb3f0512" => lower(C.uptime_feed),
            other => other.to_owned(),
        };
        if let Some(to) = request.pointer("/params/0/to").and_then(Value::as_str).map(swap) {
            request["params"][0]["to"] = json!(to);
        }
        if method == "eth_getTransactionReceipt" {
            request["params"] = json!([tx]);
        }
        if method == "eth_getLogs" {
            let head = number(&desk.rpc("eth_blockNumber", json!([])));
            request["params"][0]["address"] = json!(lower(C.token));
            request["params"][0]["fromBlock"] = json!(format!("{:#x}", head - U256::from(50)));
        }
        let answer = desk.rpc(&method, request["params"].clone());
        let (expect, is) = (&exchange["response"], &answer);
        assert_eq!(expect["error"]["code"], is["error"]["code"], "{method}: {is}");
        assert_eq!(expect["result"].is_null(), is["result"].is_null(), "{method}: {is}");
        match (&expect["result"], &is["result"]) {
            // A chain without blobs, withdrawals and a parent chain says less of a block; all that is read is there.
            (Value::Object(theirs), Value::Object(ours)) => {
                for (name, value) in ours {
                    fits(theirs.get(name).unwrap_or(&Value::Null), value, &format!("{method}.{name}"));
                }
                for name in ["hash", "number", "timestamp", "baseFeePerGas", "status", "logs", "gasUsed", "oldestBlock"] {
                    assert_eq!(theirs.contains_key(name), ours.contains_key(name), "{method} {name}");
                }
            }
            (theirs, ours) => fits(theirs, ours, &method),
        }
        seen += 1;
    }
    assert_eq!(seen, 18);
}

#[test]
fn an_empty_answer_stands_for_an_address_without_code_and_a_revert_has_its_selector() {
    let mut desk = Desk::calm();
    let nobody = address!("00000000000000000000000000000000000000ff");
    assert_eq!(desk.view(nobody, "0x70a08231")["result"], "0x");
    let vectors = data("vectors.json");
    let find = |name: &str| {
        let errors = vectors["revert_data"].as_array().expect("a list");
        errors.iter().find(|e| e["error"] == format!("{name}()")).expect(name)["data"].clone()
    };
    let unknown = desk.view(C.lp, &calldata("25aa820b", &[word(C.core), U256::from(1)]));
    assert_eq!((&unknown["error"]["code"], &unknown["error"]["data"]), (&json!(3), &find("BetNotExists")));
    let id = desk.placed();
    desk.advance(20_000);
    let token = U256::from(desk.order(&id)["betId"].as_u64().expect("a token"));
    let open = desk.view(C.lp, &calldata("25aa820b", &[word(C.core), token]));
    assert_eq!(open["error"]["data"], find("ConditionNotFinished"));
    assert_eq!(desk.rpc("eth_sign", json!([]))["error"]["code"], -32601);
    assert_eq!(desk.rpc("eth_getBlockByNumber", json!([7]))["error"]["code"], -32602);
}

#[test]
fn an_approval_and_a_withdrawal_are_transactions_the_wallet_pays_for() {
    let mut desk = Desk::with(crate::bench::calm(), |c| c.approved = false);
    let allowance = |desk: &mut Desk| number(&desk.view(C.token, &calldata("dd62ed3e", &[word(desk.bettor), word(C.relayer)])));
    assert_eq!(allowance(&mut desk), U256::ZERO);
    let before = number(&desk.rpc("eth_getBalance", json!([lower(desk.bettor), "latest"])));
    let raw = desk.transaction(C.token, &bytes(&approve(U256::from(25_000_000))), 100);
    let hash = desk.rpc("eth_sendRawTransaction", json!([raw]))["result"].clone();
    assert!(desk.rpc("eth_getTransactionReceipt", json!([hash]))["result"].is_null());
    assert_eq!(number(&desk.rpc("eth_getTransactionCount", json!([lower(desk.bettor), "pending"]))), U256::from(1));
    assert_eq!(number(&desk.rpc("eth_getTransactionCount", json!([lower(desk.bettor), "latest"]))), U256::ZERO);
    desk.advance(2_000);
    let receipt = desk.rpc("eth_getTransactionReceipt", json!([hash]))["result"].clone();
    assert_eq!((&receipt["status"], receipt["logs"].as_array().map(Vec::len)), (&json!("0x1"), Some(1)));
    assert_eq!(allowance(&mut desk), U256::from(25_000_000));
    let paid = before - number(&desk.rpc("eth_getBalance", json!([lower(desk.bettor), "latest"])));
    assert_eq!(paid, U256::from(46_500u64) * U256::from(31_000_000_000u64));
    // A bet uses it up.
    let id = desk.placed();
    desk.advance(20_000);
    assert_eq!(allowance(&mut desk), U256::from(15_000_000));
    // Somebody else's withdrawal still pays the owner; twice it reverts.
    let held = desk.sim.token_balance(desk.bettor);
    desk.fault("resolve_now", json!({"cancel": true}));
    desk.advance(1_000);
    let token = U256::from(desk.order(&id)["betId"].as_u64().expect("a token"));
    let call = bytes(&calldata("161d0770", &[word(C.core), token]));
    let once = desk.transaction(C.lp, &call, 100);
    let twice = desk.transaction(C.lp, &call, 100);
    let hashes = [once, twice].map(|raw| desk.rpc("eth_sendRawTransaction", json!([raw]))["result"].clone());
    desk.advance(4_000);
    let status = hashes.map(|h| desk.rpc("eth_getTransactionReceipt", json!([h]))["result"]["status"].clone());
    assert_eq!(status, [json!("0x1"), json!("0x0")]);
    assert_eq!(desk.sim.token_balance(desk.bettor), held + 10_000_000);
    assert_eq!(desk.view(C.lp, &calldata("25aa820b", &[word(C.core), token]))["error"]["data"], "0xd70a0e30");
    assert!(desk.order(&id)["redeemedAt"].is_string());
}

#[test]
fn a_transaction_that_cannot_be_is_refused_with_a_nodes_words() {
    let mut desk = Desk::calm();
    let call = bytes(&approve(U256::MAX));
    let mut check = |raw: String, expect: &str| {
        let answer = desk.rpc("eth_sendRawTransaction", json!([raw]));
        let message = answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{answer}"));
        assert!(message.contains(expect), "{message}");
    };
    let desk_of = Desk::calm();
    check(desk_of.transaction_of(0, 1, C.token, &call, 100), "chain id");
    check("0x02c0".to_owned(), "malformed");
    check("0xf86c".to_owned(), "not supported");
    check("0x".to_owned(), "not supported");
    check(desk_of.transaction_of(0, 137, C.token, &call, 1_000_000_000), "insufficient funds");
    let good = desk_of.transaction_of(0, 137, C.token, &call, 100);
    assert!(desk.rpc("eth_sendRawTransaction", json!([good]))["result"].is_string());
    let mut check = |raw: String, expect: &str| {
        let answer = desk.rpc("eth_sendRawTransaction", json!([raw]));
        assert!(answer["error"]["message"].as_str().is_some_and(|m| m.contains(expect)), "{answer}");
    };
    check(good.clone(), "already known");
    check(desk_of.transaction_of(0, 137, C.token, &call, 101), "underpriced");
    desk.advance(4_000);
    let answer = desk.rpc("eth_sendRawTransaction", json!([desk_of.transaction_of(0, 137, C.token, &call, 200)]));
    assert!(answer["error"]["message"].as_str().is_some_and(|m| m.contains("nonce too low")), "{answer}");
}

#[test]
fn a_bet_is_found_by_its_owner_in_the_logs_and_reads_as_the_vendors_event() {
    let mut desk = Desk::calm();
    let id = desk.placed();
    desk.advance(20_000);
    let order = desk.order(&id);
    let head = number(&desk.rpc("eth_blockNumber", json!([])));
    let from = format!("{:#x}", head - U256::from(100));
    let mine = json!([{"address": lower(C.core), "fromBlock": from, "toBlock": "latest",
        "topics": [NEW_LIVE_BET, null, format!("0x{:064x}", word(desk.bettor))]}]);
    let logs = desk.rpc("eth_getLogs", mine)["result"].as_array().expect("logs").clone();
    assert_eq!(logs.len(), 1);
    let vectors = data("vectors.json");
    let golden = &vectors["event_logs"][0];
    assert_eq!(golden["event"], "NewLiveBet");
    let words =
        |log: &Value| -> Vec<U256> { bytes(log["data"].as_str().expect("hex")).chunks(32).map(U256::from_be_slice).collect() };
    let (ours, theirs) = (words(&logs[0]), words(golden));
    assert_eq!(ours.len(), theirs.len());
    // betType, offset of the array, its length: the same words; nonce, amount and the bet are this order's own.
    for same in [0, 3, 5] {
        assert_eq!(ours[same], theirs[same], "word {same}");
    }
    let nonce = id.rsplit('_').next().expect("a nonce");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    assert_eq!(ours[1].to_string(), nonce);
    assert_eq!(ours[2], U256::from(10_000_000));
    assert_eq!(ours[6].to_string(), text(&order["conditions"][0]["gameId"]));
    assert_eq!(ours[7].to_string(), text(&order["conditions"][0]["conditionId"]));
    assert_eq!(ours[9].to_string(), order["conditions"][0]["outcomeId"].to_string());
    assert_eq!(ours[10].to_string(), text(&order["meta"]["rawOdds"]));
    assert_eq!(logs[0]["transactionHash"], order["txHash"]);
    // Too wide a range is refused.
    let wide = json!([{"fromBlock": format!("{:#x}", head - U256::from(50_000)), "toBlock": "latest"}]);
    assert!(desk.rpc("eth_getLogs", wide)["error"]["message"].as_str().is_some_and(|m| m.contains("block range")));
    // The used nonce, the bet, its owner.
    let used = calldata("502e1a16", &[word(desk.bettor), ours[1]]);
    assert_eq!(number(&desk.view(C.core, &used)), U256::from(1));
    let token = U256::from(order["betId"].as_u64().expect("a token"));
    assert_eq!(number(&desk.view(C.azuro_bet, &calldata("6352211e", &[token]))), word(desk.bettor));
    let bet = desk.view(C.core, &calldata("22af00fa", &[token]))["result"].as_str().expect("hex").to_owned();
    assert_eq!(bytes(&bet).len(), 7 * 32);
}

#[test]
fn a_block_comes_every_two_seconds_and_a_stalled_chain_makes_none() {
    let mut desk = Desk::calm();
    let latest = |desk: &mut Desk| {
        let block = desk.rpc("eth_getBlockByNumber", json!(["latest", false]))["result"].clone();
        let of = |name: &str| {
            let text = block[name].as_str().expect("hex").trim_start_matches("0x").to_owned();
            i64::from_str_radix(&text, 16).expect("hex")
        };
        (of("number"), of("timestamp"))
    };
    let (first, at) = latest(&mut desk);
    assert!((0..2).contains(&(desk.now / 1_000_000 - at)));
    desk.advance(60_000);
    assert_eq!(latest(&mut desk), (first + 30, at + 60));
    desk.fault("chain_stalls", json!({}));
    let id = desk.placed();
    desk.advance(60_000);
    assert_eq!(latest(&mut desk), (first + 30, at + 60));
    assert_eq!(desk.state(&id), "Sent");
    venue_sim::VenueSim::clear_fault(&mut desk.sim, "chain_stalls");
    desk.advance(8_000);
    assert_eq!(desk.state(&id), "Rejected", "it expired while nothing was mined");
    assert!(latest(&mut desk).0 > first + 60);
}

#[test]
fn a_node_that_is_behind_does_not_know_yet_that_a_nonce_was_used() {
    let mut desk = Desk::calm();
    let id = desk.placed();
    desk.advance(12_000);
    assert_eq!(desk.state(&id), "Accepted");
    let nonce = id.rsplit('_').next().expect("a nonce").parse::<U256>().expect("digits");
    let used = calldata("502e1a16", &[word(desk.bettor), nonce]);
    desk.fault("node_behind", json!({"blocks": 10}));
    assert_eq!(number(&desk.view(C.core, &used)), U256::ZERO);
    let head = number(&desk.rpc("eth_blockNumber", json!([])));
    venue_sim::VenueSim::clear_fault(&mut desk.sim, "node_behind");
    assert_eq!(number(&desk.view(C.core, &used)), U256::from(1));
    assert_eq!(number(&desk.rpc("eth_blockNumber", json!([]))), head + U256::from(10));
}

#[test]
fn an_uptime_feed_says_since_when_the_sequencer_is_down() {
    let mut desk = Desk::calm();
    let round = |desk: &mut Desk| {
        let answer = desk.view(C.uptime_feed, "0xfeaf968c")["result"].as_str().expect("hex").to_owned();
        let words: Vec<U256> = bytes(&answer).chunks(32).map(U256::from_be_slice).collect();
        (words[1], words[2])
    };
    assert_eq!(round(&mut desk).0, U256::ZERO);
    desk.fault("sequencer_down", json!({}));
    assert_eq!(round(&mut desk), (U256::from(1), U256::from(desk.now / 1_000_000)));
    desk.fault("node_error", json!({"status": 503, "count": 1}));
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}).to_string();
    assert_eq!(desk.ask("POST", "/rpc", body.as_bytes()).expect("an answer").0, 503);
    assert_eq!(desk.rpc("eth_chainId", json!([]))["result"], "0x89");
}

#[test]
fn a_transaction_below_the_base_fee_waits_and_can_be_replaced() {
    let mut desk = Desk::calm();
    desk.fault("base_fee", json!({"gwei": 500}));
    let call = bytes(&approve(U256::from(7)));
    let stuck = desk.transaction_of(0, 137, C.token, &call, 100);
    desk.rpc("eth_sendRawTransaction", json!([stuck]));
    desk.advance(30_000);
    assert_eq!(number(&desk.rpc("eth_getTransactionCount", json!([lower(desk.bettor), "latest"]))), U256::ZERO);
    let higher = desk.transaction_of(0, 137, C.token, &call, 600);
    assert!(desk.rpc("eth_sendRawTransaction", json!([higher]))["result"].is_string());
    desk.advance(4_000);
    assert_eq!(number(&desk.rpc("eth_getTransactionCount", json!([lower(desk.bettor), "latest"]))), U256::from(1));
}

#[test]
fn a_question_about_a_past_block_is_answered_as_it_was_then() {
    let mut desk = Desk::with(crate::bench::calm(), |c| c.approved = false);
    let start = number(&desk.rpc("eth_blockNumber", json!([])));
    // An approval, then a bet, its end, and its withdrawal, each with the block at which it stood.
    let raw = desk.transaction(C.token, &bytes(&approve(U256::from(25_000_000))), 100);
    desk.rpc("eth_sendRawTransaction", json!([raw]));
    desk.advance(4_000);
    let approved = number(&desk.rpc("eth_blockNumber", json!([])));
    let id = desk.placed();
    desk.advance(20_000);
    let taken = number(&desk.rpc("eth_blockNumber", json!([])));
    desk.advance(2_000);
    desk.fault("resolve_now", json!({"cancel": true}));
    desk.advance(4_000);
    let over = number(&desk.rpc("eth_blockNumber", json!([])));
    let token = U256::from(desk.order(&id)["betId"].as_u64().expect("a token"));
    let call = bytes(&calldata("161d0770", &[word(C.core), token]));
    let raw = desk.transaction(C.lp, &call, 100);
    desk.rpc("eth_sendRawTransaction", json!([raw]));
    desk.advance(4_000);
    let paid = number(&desk.rpc("eth_blockNumber", json!([])));
    let nonce = id.rsplit('_').next().expect("a nonce").parse::<U256>().expect("digits");
    let who = desk.bettor;
    let at = [start, approved, taken, over, paid];
    let mut view =
        |to, data: &str| at.map(|block| desk.rpc("eth_call", json!([{ "to": lower(to), "data": data }, format!("{block:#x}")])));
    let units = |answers: [Value; 5]| answers.map(|answer| number(&answer).to::<u64>());
    let mut check = |to, data: &str, expect: [u64; 5]| assert_eq!(units(view(to, data)), expect, "{data}");
    check(C.token, &calldata("dd62ed3e", &[word(who), word(C.relayer)]), [0, 25_000_000, 15_000_000, 15_000_000, 15_000_000]);
    check(C.core, &calldata("502e1a16", &[word(who), nonce]), [0, 0, 1, 1, 1]);
    let held = units(view(C.token, &calldata("70a08231", &[word(who)])));
    assert_eq!(held.map(|now| held[0] - now), [0, 0, 10_000_000, 10_000_000, 0]);
    // Nothing, nothing, still open, the stake, already paid.
    let pays = view(C.lp, &calldata("25aa820b", &[word(C.core), token]));
    let said = pays.map(|answer| answer["error"]["data"].as_str().map_or_else(|| number(&answer).to_string(), str::to_owned));
    assert_eq!(said, ["0xf67321e5", "0xf67321e5", "0xacb88053", "10000000", "0xd70a0e30"]);
    let mut of = |method: &str| at.map(|block| number(&desk.rpc(method, json!([lower(who), format!("{block:#x}")]))));
    let coins = of("eth_getBalance");
    assert!(coins[0] > coins[1] && coins[1] == coins[2] && coins[2] == coins[3] && coins[3] > coins[4], "{coins:?}");
    assert_eq!(of("eth_getTransactionCount").map(|count| count.to::<u64>()), [0, 1, 1, 1, 2]);
}

#[test]
fn a_block_to_come_and_a_state_that_is_gone_are_errors() {
    let mut desk = Desk::calm();
    desk.advance(600_000);
    let head = number(&desk.rpc("eth_blockNumber", json!([])));
    let check = |desk: &mut Desk, block: Value, expect: Option<(i64, &str)>| {
        let call = json!({ "to": lower(C.token), "data": calldata("70a08231", &[word(desk.bettor)]) });
        for (method, params) in [
            ("eth_call", json!([call, block])),
            ("eth_estimateGas", json!([call, block])),
            ("eth_getBalance", json!([lower(desk.bettor), block])),
            ("eth_getTransactionCount", json!([lower(desk.bettor), block])),
        ] {
            let answer = desk.rpc(method, params);
            let error = &answer["error"];
            let said = error["code"].as_i64().zip(error["message"].as_str());
            let same = match (said, expect) {
                (Some((code, message)), Some((expect, words))) => code == expect && message.contains(words),
                (None, None) => answer["result"].is_string(),
                _ => false,
            };
            assert!(same, "{method} at {block}: {answer}");
        }
    };
    let back = |blocks: u64| json!(format!("{:#x}", head - U256::from(blocks)));
    check(&mut desk, json!("latest"), None);
    check(&mut desk, back(0), None);
    check(&mut desk, back(127), None);
    check(&mut desk, back(128), Some((-32000, "missing trie node")));
    check(&mut desk, json!("earliest"), Some((-32000, "missing trie node")));
    check(&mut desk, json!(format!("{:#x}", head + U256::from(1))), Some((-32602, "BlockOutOfRange")));
    check(&mut desk, json!("0xffffffffffffffffff"), Some((-32602, "")));
    check(&mut desk, json!("newest"), Some((-32602, "")));
    check(&mut desk, json!(7), Some((-32602, "")));
    assert_eq!(desk.rpc("eth_getBalance", json!([lower(desk.bettor)]))["error"]["code"], -32602);
    // What a node that is behind does not have yet is an error of that node, and its newest state is its own.
    desk.fault("node_behind", json!({"blocks": 10}));
    check(&mut desk, back(9), Some((-32602, "BlockOutOfRange")));
    check(&mut desk, back(10), None);
    check(&mut desk, json!("latest"), None);
}

#[test]
fn a_transaction_is_told_by_its_hash_before_and_after_its_block() {
    let mut desk = Desk::calm();
    let call = bytes(&approve(U256::MAX));
    let raw = desk.transaction(C.token, &call, 100);
    let hash = desk.rpc("eth_sendRawTransaction", json!([raw]))["result"].clone();
    let told = |desk: &mut Desk, hash: &Value| desk.rpc("eth_getTransactionByHash", json!([hash]))["result"].clone();
    let waiting = told(&mut desk, &hash);
    assert_eq!((&waiting["hash"], &waiting["nonce"], &waiting["chainId"]), (&hash, &json!("0x0"), &json!("0x89")));
    assert_eq!((&waiting["from"], &waiting["to"]), (&json!(lower(desk.bettor)), &json!(lower(C.token))));
    assert_eq!((&waiting["input"], &waiting["value"]), (&json!(format!("0x{}", hex::encode(&call))), &json!("0x0")));
    assert_eq!(
        (&waiting["blockNumber"], &waiting["blockHash"], waiting.get("blockTimestamp")),
        (&Value::Null, &Value::Null, None)
    );
    desk.advance(4_000);
    let (mined, receipt) = (told(&mut desk, &hash), desk.rpc("eth_getTransactionReceipt", json!([hash]))["result"].clone());
    for name in ["blockNumber", "blockHash", "transactionIndex"] {
        assert_eq!(mined[name], receipt[name], "{name}");
    }
    assert_eq!(mined["gasPrice"], receipt["effectiveGasPrice"]);
    // One that another took the place of is forgotten, one that was never sent is not known.
    desk.fault("base_fee", json!({"gwei": 500}));
    let [stuck, higher] = [100, 600].map(|gwei| {
        let raw = desk.transaction_of(1, 137, C.token, &call, gwei);
        desk.rpc("eth_sendRawTransaction", json!([raw]))["result"].clone()
    });
    assert!(told(&mut desk, &stuck).is_null() && told(&mut desk, &higher)["hash"] == higher);
    assert!(told(&mut desk, &json!(format!("0x{:064x}", 5))).is_null());
    assert_eq!(desk.rpc("eth_getTransactionByHash", json!(["0x5"]))["error"]["code"], -32602);
    // The relayer's own, by the hash that the order names, carries the bet.
    venue_sim::VenueSim::clear_fault(&mut desk.sim, "base_fee");
    let id = desk.placed();
    desk.advance(20_000);
    let order = desk.order(&id);
    let bet = told(&mut desk, &order["txHash"]);
    assert_eq!(bet["to"], lower(C.relayer));
    assert!(bet["input"].as_str().is_some_and(|input| input.starts_with("0xb1d5d332")), "{bet}");
}
