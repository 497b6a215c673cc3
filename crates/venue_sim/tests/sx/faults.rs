//! What can be made to go wrong (sx.md section 17.9 and the unknowns of section 18).

use crate::bench::{Ask, Bench, RUNG};
use serde_json::{Value, json};
use venue_sim::VenueSim;

/// Posts one order under a fault: what the client hears (None: nothing), and how much the venue matched.
fn under(name: &str, parameters: Value, force: &'static str) -> (Option<(u16, String)>, i64) {
    let mut bench = Bench::open();
    let market = bench.market();
    let ask = bench.take_best(&market, true, 2_000_000, force);
    let me = bench.me.clone();
    let item = bench.signed(&me, &Ask { p: ask.p + 4 * RUNG, ..ask });
    bench.fault(name, parameters);
    let body = json!({ "orders": [item], "waitForOutcome": true }).to_string();
    let request = bench.send("POST", "/orders-v3", &[("x-sx-api-key", &me.api_key)], body.as_bytes());
    let heard = bench.wait(request).map(|(_, status, _, text)| (status, text));
    bench.run_ms(1_000);
    bench.sim.check().unwrap();
    (heard, bench.sim.bets_seen(0).map(|b| b.matched).sum())
}

#[test]
fn an_answer_can_be_lost_before_or_after_the_order_was_taken() {
    fn check(name: &str, parameters: Value, expect: Option<(u16, &str)>, matched: i64) {
        let (heard, got) = under(name, parameters, "FOK");
        assert_eq!(heard.as_ref().map(|(s, _)| *s), expect.map(|(s, _)| s), "{name}");
        if let (Some((_, text)), Some((_, part))) = (&heard, expect) {
            assert!(text.contains(part), "{name}: {text}");
        }
        assert_eq!(got, matched, "{name}");
    }
    check("lose_order_answer", json!({ "count": 1 }), None, 2_000_000);
    check("drop_order", json!({ "count": 1 }), None, 0);
    check("error_after", json!({ "status": 502, "count": 1 }), Some((502, "")), 2_000_000);
    check("http_error", json!({ "status": 503, "count": 1, "path": "/orders-v3" }), Some((503, "503")), 0);
    check("forbidden", json!({ "count": 1 }), Some((403, "")), 0);
    check("rate_limit", json!({ "count": 1, "retry_after_s": 2 }), Some((429, "Too Many Requests")), 0);
    check("timeout_outcome", json!({ "count": 1 }), Some((200, "TIMEOUT")), 2_000_000);
    check("refuse_order", json!({ "reason": "INSUFFICIENT_KYC" }), Some((200, "INSUFFICIENT_KYC")), 0);
    check("cancel_order", json!({ "reason": "INTERNAL_ERROR" }), Some((200, "INTERNAL_ERROR")), 0);
    check("proxy_not_deployed", json!({ "api_key": "key-1" }), Some((200, "PROXY_NOT_DEPLOYED")), 0);
    check("revoke_key", json!({ "api_key": "key-1" }), Some((401, "INVALID_USER")), 0);
    check("balance", json!({ "api_key": "key-1", "balance_e6": 0 }), Some((200, "Insufficient available balance")), 0);
    check("halt", json!({}), Some((200, "MATCH_STATE_INVALID")), 0);
    check("empty_book", json!({}), Some((200, "NO_LIQUIDITY")), 0);
    check("down", json!({}), None, 0);
    check("switch", json!({ "name": "reason_in_state", "value": true }), Some((200, "FULLY_FILLED")), 2_000_000);
}

#[test]
fn part_of_an_order_can_be_matched_alone() {
    let (heard, matched) = under("partial_fill", json!({ "share_bps": 2_500 }), "IOC");
    assert_eq!(matched, 500_000);
    assert!(heard.unwrap().1.contains("PARTIAL_FILL_DONE"));
}

#[test]
fn another_id_can_come_back_and_an_order_can_hide() {
    let mut bench = Bench::open();
    let market = bench.market();
    bench.fault("other_order_id", json!({ "count": 1 }));
    let ask = bench.take_best(&market, true, 2_000_000, "FOK");
    let entry = bench.bet(&ask);
    let id = bench.sim.bets_seen(0).next().unwrap().id;
    assert_ne!(entry["orderId"], id);
    bench.fault("hide_orders", json!({ "ms": 3_000 }));
    assert_eq!(bench.call("GET", &format!("/orders-v3/{id}"), &Value::Null).0, 404);
    bench.run_ms(3_000);
    assert_eq!(bench.call("GET", &format!("/orders-v3/{id}"), &Value::Null).0, 200);
}

#[test]
fn books_can_be_stale_frozen_thin_or_null() {
    let mut bench = Bench::open();
    let market = bench.market();
    let target = format!("/orderbook-v3/snapshot?marketHash={market}");
    let full = bench.get(&target);
    bench.fault("thin_book", json!({ "share_bps": 1_000 }));
    let size = |b: &Value| b["outcomeOne"][0]["size"].as_str().unwrap().parse::<i64>().unwrap();
    bench.run_ms(2_000);
    assert!(size(&bench.get(&target)) < size(&full) / 2);
    bench.clear("thin_book");
    bench.fault("stale_version", json!({}));
    assert!(bench.get(&target)["version"].as_str().unwrap() < full["version"].as_str().unwrap());
    bench.fault("null_best_odds", json!({}));
    let best = bench.get(&format!("/orders-v3/odds/best?marketHashes={market}"));
    assert_eq!(best["bestOdds"][0]["outcomeOne"], Value::Null);
    bench.clear("stale_version");
    bench.fault("freeze_book", json!({}));
    let before = bench.get(&target);
    bench.run_ms(600_000);
    assert_eq!(bench.get(&target), before);
}

#[test]
fn an_answer_that_is_held_comes_when_the_fault_goes() {
    let mut bench = Bench::open();
    let market = bench.market();
    let ask = bench.take_best(&market, true, 2_000_000, "FOK");
    let me = bench.me.clone();
    let item = bench.signed(&me, &ask);
    bench.fault("hold_order_answer", json!({ "count": 1 }));
    let body = json!({ "orders": [item], "waitForOutcome": true }).to_string();
    let request = bench.send("POST", "/orders-v3", &[("x-sx-api-key", &me.api_key)], body.as_bytes());
    bench.run_ms(20_000);
    assert!(!bench.replies.contains_key(&request));
    bench.clear("hold_order_answer");
    assert_eq!(bench.wait(request).unwrap().1, 200);
}

#[test]
fn faults_say_what_is_wrong_with_them() {
    let mut bench = Bench::open();
    let mut check = |name: &str, parameters: Value, expect: &str| {
        let error = bench.sim.set_fault(name, &parameters).expect_err(name);
        assert!(error.contains(expect), "{error}");
    };
    check("nothing", json!({}), "known are");
    check("switch", json!({ "name": "rows", "value": "loose" }), "rows is one of bare, wrapped, array");
    check("switch", json!({ "name": "arrays", "value": 1 }), "arrays is true or false");
    check("switch", json!({ "name": "none", "value": 1 }), "no switch is called");
    check("switch", json!({ "name": "account_recoverable", "value": true }), "before the venue starts");
    check("end_event", json!({ "event": "L1" }), "no such open event");
    check("main_line", json!({ "market": "0x12" }), "no such market");
    check("revoke_key", json!({ "api_key": "key-9" }), "no such key");
    check("revoke_key", json!({ "api_key": "" }), "no such key");
    check("drop_connections", json!({ "count": "many" }), "drop_connections");
}

#[test]
fn sockets_drop_and_a_venue_that_is_down_takes_none() {
    let mut bench = Bench::open();
    bench.connect(1);
    bench.fault("drop_sockets", json!({}));
    assert_eq!(bench.closed, [(1, 0)]);
    bench.connect(2);
    bench.fault("down", json!({}));
    assert_eq!(bench.closed, [(1, 0), (2, 0)]);
}
