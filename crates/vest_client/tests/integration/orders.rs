//! An order from preparation to its end, by answer, by stream and by polls, in every order of arrival.

use crate::harness::*;
use domain::*;
use venue_api::{Lane, PrepareError, Reply, VenueClient, VenueNews};

const FILLED: &str = r#""lastFilledSize":"0.1000","lastFilledPrice":"91200.00","lastFilledTime":1763712000900,"avgFilledPrice":"91200.00","cumFunding":"517.530179178544","fees":"0.912000""#;

fn filled(nonce: &str) -> String {
    format!(r#"{{"id":"0xabc","symbol":"BTC-PERP","isBuy":true,"size":"0.1000","status":"FILLED",{FILLED},"nonce":{nonce}}}"#)
}

const FILLED_WORDS: &str = "filled 0.1 for 9120 fee 0.912 funding 0";

#[test]
fn a_prepared_order_carries_the_grid_s_decimals_a_fresh_nonce_and_its_fence() {
    let mut rig = Rig::ready();
    let spec = rig.spec(Side::Buy, "0.1", "91234.5");
    let (_, key) = rig.send(spec);
    let asked = rig.answer("POST /orders", 200, &fixture("v2_rest_orders_post_response"));
    let time = START + AHEAD;
    assert_eq!(key.key, time.to_string());
    assert_eq!(key.dead_after, Wall::from_ms(time + 5_000 + 500));
    assert_eq!(asked.lane, Lane::Orders);
    let body: serde_json::Value = serde_json::from_str(&asked.body).expect("JSON");
    let order = &body["order"];
    let shape = serde_json::json!({"time": time, "nonce": time, "symbol": "BTC-PERP", "isBuy": true, "size": "0.1000",
        "orderType": "LIMIT", "limitPrice": "91234.50", "reduceOnly": false, "timeInForce": "FOK"});
    assert_eq!(order, &shape);
    assert_eq!(body["recvWindow"], 5_000);
    // The documented request has the same keys; MARKET alone goes without a time in force.
    let like: serde_json::Value = serde_json::from_str(&fixture("v2_rest_orders_post_market_request")).expect("JSON");
    for name in like["order"].as_object().expect("an object").keys() {
        assert!(!order[name].is_null(), "{name}");
    }
    let hash = key.hash.expect("a hash");
    assert!(hash.len() == 66 && body["signature"].as_str().is_some_and(|s| s.len() == 132));
    assert_eq!(rig.order_news(), ["acked 0x0"]);
    let spec = rig.spec(Side::Sell, "0.1", "91234.5");
    let (_, next) = rig.send(spec);
    assert_eq!(next.key, (time + 3).to_string(), "the same millisecond, three further");
}

#[test]
fn an_order_the_venue_would_refuse_is_not_prepared() {
    fn check(change: impl FnOnce(&mut OrderSpec), word: &str) {
        let mut rig = Rig::ready();
        let mut spec = rig.spec(Side::Buy, "0.1", "91234.5");
        change(&mut spec);
        let cleared = rig.cleared(spec);
        let error = rig.client.prepare(cleared, rig.now).expect_err("refused");
        assert!(matches!(error, PrepareError::Invalid(_)) && error.to_string().contains(word), "{error}");
    }
    check(|s| s.tif = TimeInForce::Ioc, "IOC");
    check(|s| s.size = Size::from_e8(1).expect("a size"), "multiple");
    check(|s| s.size = Size::ZERO, "multiple");
    check(|s| s.limit = Price::from_e8(9_123_450_000_001).expect("a price"), "multiple");
    check(|s| s.instrument = InstrumentId(5), "not configured");
    check(|s| s.venue = VenueId::new("paradex"), "paradex");
}

#[test]
fn an_order_is_prepared_neither_before_the_start_is_through_nor_with_an_old_clearance_nor_twice() {
    let mut rig = Rig::new(config(registered()));
    let spec = rig.spec(Side::Buy, "0.1", "91234.5");
    let cleared = rig.cleared(spec);
    assert!(matches!(rig.client.prepare(cleared, rig.now), Err(PrepareError::NotReady(_))));
    let mut rig = Rig::ready();
    let spec = rig.spec(Side::Buy, "0.1", "91234.5");
    let cleared = rig.cleared(spec.clone());
    rig.advance(1_001);
    assert!(matches!(rig.client.prepare(cleared, rig.now), Err(PrepareError::Expired(_))));
    rig.send(spec.clone());
    let cleared = rig.cleared(spec);
    assert!(matches!(rig.client.prepare(cleared, rig.now), Err(PrepareError::Invalid(_))));
}

#[test]
fn a_discarded_order_leaves_nothing_and_its_nonce_is_not_used_again() {
    let mut rig = Rig::ready();
    let spec = rig.spec(Side::Buy, "0.1", "91234.5");
    let cleared = rig.cleared(spec.clone());
    let prepared = rig.client.prepare(cleared, rig.now).expect("prepared");
    let first = prepared.key.key.clone();
    rig.client.discard(prepared);
    let (_, key) = rig.send(spec);
    assert!(key.key > first);
    assert_eq!(rig.asked.len(), 1);
}

#[test]
fn orders_still_go_out_while_a_stream_is_down() {
    let mut rig = Rig::ready();
    rig.close(PRIVATE, None);
    rig.close(FEED, None);
    assert!(!rig.client.ready());
    let spec = rig.spec(Side::Sell, "0.1", "91234.5");
    rig.send(spec);
    assert!(rig.asks("POST /orders"));
}

#[test]
fn answers_to_an_order_refuse_it_only_by_a_documented_code() {
    fn check(status: u16, body: &str, expect: &str) {
        let mut rig = Rig::ready();
        let spec = rig.spec(Side::Buy, "0.1", "91234.5");
        rig.send(spec);
        rig.answer("POST /orders", status, body);
        assert_eq!(rig.order_news(), [expect], "{status} {body}");
    }
    check(200, &fixture("v2_rest_orders_post_response"), "acked 0x0");
    check(400, &fixture("v2_error_detail_wrapped"), "refused auth [1022 INVALID_SIGNATURE] 0");
    check(400, r#"{"code":1148,"msg":""}"#, "refused closed [1148 MARKET_CLOSED] 0");
    check(400, r#"{"detail":{"code":1132,"msg":""}}"#, "refused stamp [1132 ORDER_EXPIRED] 0");
    check(400, r#"{"code":1023,"msg":""}"#, "refused stamp [1023 INVALID_NONCE] 0");
    check(400, r#"{"code":1111,"msg":""}"#, "refused filter [1111 BAD_DECIMALS] 0");
    check(200, &fixture("v3_error_unknown_symbol"), "refused filter [1121 BAD_SYMBOL] 0");
    check(400, r#"{"code":3002,"msg":""}"#, "refused margin [3002 MARGIN_CHECK_FAILED] 0");
    check(400, r#"{"code":3015,"msg":""}"#, "unknown");
    check(429, &fixture("v2_error_rate_limited"), "unknown");
    check(400, r#"{"code":1003,"msg":""}"#, "unknown");
    check(403, "<html>Attention Required! | Cloudflare</html>", "unknown");
    check(401, "", "unknown");
    check(422, r#"{"detail":[{"loc":["body","order"],"msg":"field required","type":"value_error"}]}"#, "unknown");
    check(500, r#"{"code":1130,"msg":""}"#, "unknown");
    check(530, "", "unknown");
    check(200, "", "unknown");
    check(200, r#"{"id":"0x\"\\ bad"}"#, "unknown");
}

#[test]
fn what_the_transport_says_is_passed_on_as_it_is() {
    fn check(reply: Reply<'_>, expect: &str) {
        let mut rig = Rig::ready();
        let spec = rig.spec(Side::Buy, "0.1", "91234.5");
        rig.send(spec);
        rig.reply("POST /orders", reply);
        assert_eq!(rig.order_news(), [expect]);
    }
    check(Reply::NotSent("no route"), "not sent");
    check(Reply::Unknown("timeout"), "unknown");
}

#[test]
fn a_refused_stamp_or_grid_is_read_anew() {
    fn check(code: i64, line: &str) {
        let mut rig = Rig::ready();
        let spec = rig.spec(Side::Buy, "0.1", "91234.5");
        rig.send(spec);
        rig.answer("POST /orders", 400, &format!(r#"{{"code":{code},"msg":""}}"#));
        assert!(rig.asks(line), "{code}");
    }
    check(1023, "GET /account/nonce");
    check(1132, "GET /account?");
    check(1111, "GET /exchangeInfo");
    let mut rig = Rig::ready();
    let spec = rig.spec(Side::Buy, "0.1", "91234.5");
    rig.send(spec);
    rig.answer("POST /orders", 400, r#"{"code":1023,"msg":""}"#);
    let far = START as u64 + 1_000_000;
    rig.answer("GET /account/nonce", 200, &format!(r#"{{"lastNonce":{far}}}"#));
    let spec = rig.spec(Side::Buy, "0.1", "91234.5");
    assert_eq!(rig.send(spec).1.key, (far + 3).to_string());
}

#[test]
fn an_event_before_the_answer_ends_the_order_and_the_answer_adds_nothing() {
    let mut rig = Rig::ready();
    let spec = rig.spec(Side::Buy, "0.1", "91234.5");
    let (_, key) = rig.send(spec);
    rig.event(&filled(&key.key));
    assert_eq!(rig.order_news(), [FILLED_WORDS]);
    rig.answer("POST /orders", 200, r#"{"id":"0xabc"}"#);
    rig.event(&filled(&key.key));
    assert!(rig.order_news().is_empty());
    rig.advance(10_000);
    assert!(!rig.asks("GET /orders"), "an ended order is not asked about");
}

#[test]
fn a_timeout_after_the_stream_has_ended_the_order_changes_nothing() {
    let mut rig = Rig::ready();
    let spec = rig.spec(Side::Buy, "0.1", "91234.5");
    let (_, key) = rig.send(spec);
    rig.event(&filled(&key.key));
    rig.reply("POST /orders", Reply::Unknown("timeout"));
    assert_eq!(rig.order_news(), [FILLED_WORDS]);
}

#[test]
fn polls_find_the_fill_when_the_stream_is_silent() {
    let mut rig = Rig::ready();
    let (_, key) = rig.acked();
    rig.advance(199);
    assert!(!rig.asks("GET /orders?id=0xabc"));
    rig.advance(1);
    let living =
        format!(r#"[{{"id":"0xabc","nonce":{},"symbol":"BTC-PERP","size":"0.1000","status":"NEW","code":null}}]"#, key.key);
    rig.answer("GET /orders?id=0xabc", 200, &living);
    rig.advance(299);
    assert!(!rig.asks("GET /orders"));
    rig.advance(1);
    rig.answer("GET /orders?id=0xabc", 502, "");
    rig.advance(500);
    rig.answer("GET /orders?id=0xabc", 200, "[]");
    rig.advance(1_000);
    let row = format!(
        r#"{{"data":[{{"id":"0xabc","nonce":{},"symbol":"BTC-PERP","isBuy":true,"orderType":"LIMIT","size":"0.1000","status":"FILLED",
            "code":null,"lastFilledSize":"0.1000","lastFilledPrice":"91200.00","lastFilledTime":1,"avgFilledPrice":"91200.00",
            "settledFunding":"-0.010000","fees":"0.912000","realizedPnl":"0"}}]}}"#,
        key.key
    );
    rig.answer("GET /orders?id=0xabc", 200, &row);
    assert_eq!(rig.order_news(), ["filled 0.1 for 9120 fee 0.912 funding -0.01"]);
    rig.event(&filled(&key.key));
    assert!(rig.order_news().is_empty(), "whichever is first wins");
}

#[test]
fn a_retry_after_postpones_the_polls() {
    let mut rig = Rig::ready();
    rig.acked();
    rig.advance(200);
    rig.reply("GET /orders?id=0xabc", Reply::Answer { status: 429, retry_after_ms: Some(3_000), body: b"" });
    rig.advance(2_999);
    assert!(!rig.asks("GET /orders"));
    rig.advance(1);
    assert!(rig.asks("GET /orders"));
}

#[test]
fn the_sparse_ends_of_the_stream_are_understood() {
    fn check(args: &str, expect: &[&str]) {
        let mut rig = Rig::ready();
        let (_, key) = rig.acked();
        rig.event(&args.replace("NONCE", &key.key));
        assert_eq!(rig.order_news(), expect, "{args}");
    }
    let reject = |code: &str| format!(r#"{{"id":"0xabc","status":"REJECTED","code":{code},"postTime":1,"nonce":NONCE}}"#);
    check(&reject("3001"), &["refused price [3001 PRICE_CHECK_FAILED] 0"]);
    check(&reject("3003"), &["refused closed [3003 PRICE_STALE] 0"]);
    check(&reject("\"3010\""), &["refused margin [3010 OI_CAP_EXCEEDED] 0"]);
    check(&reject("9999"), &["refused other [9999 (not documented)] 0"]);
    check(&reject("null"), &["refused other [no code] 0"]);
    check(&reject("3015"), &["unknown"]);
    check(&reject("3008"), &["forced 4", "refused other [3008 DELETED_BY_LIQ] 0"]);
    check(
        r#"{"id":"0xabc","status":"CANCELLED","postTime":1,"nonce":NONCE}"#,
        &["cancelled (cancelled by the venue) 0 for 0 fee 0 funding 0"],
    );
    check(
        r#"{"id":"0xabc","status":"CANCELLED","postTime":1,"nonce":0}"#,
        &["cancelled (cancelled by the venue) 0 for 0 fee 0 funding 0"],
    );
    check(r#"{"id":"0xabc","status":"EXPLODED","nonce":NONCE}"#, &[]);
}

#[test]
fn an_unreadable_event_makes_the_client_ask() {
    let mut rig = Rig::ready();
    rig.acked();
    rig.event(r#"{"id":"0xabc","status":"EXPLODED","nonce":1}"#);
    assert!(rig.asks("GET /orders?id=0xabc"));
}

#[test]
fn a_fill_without_a_price_is_asked_for_and_not_guessed() {
    let mut rig = Rig::ready();
    let (_, key) = rig.acked();
    rig.event(&format!(r#"{{"id":"0xabc","status":"FILLED","size":"0.1000","nonce":{}}}"#, key.key));
    assert!(rig.order_news().is_empty());
    assert!(rig.asks("GET /orders?id=0xabc"));
}

#[test]
fn partial_fills_add_up_once_and_a_cancel_waits_for_the_venue_s_last_word() {
    let mut rig = Rig::ready();
    let mut spec = rig.spec(Side::Buy, "0.1", "91234.5");
    spec.tif = TimeInForce::Gtc;
    let (id, key) = rig.send(spec);
    rig.answer("POST /orders", 200, r#"{"id":"0xabc"}"#);
    let part = |size: &str, time: u32, fee: &str| {
        format!(
            r#"{{"id":"0xabc","status":"PARTIALLY_FILLED","size":"0.1000","lastFilledSize":"{size}","lastFilledPrice":"91000.00","lastFilledTime":{time},"fees":"{fee}","nonce":{}}}"#,
            key.key
        )
    };
    rig.event(&part("0.0300", 1, "0.2"));
    rig.event(&part("0.0300", 1, "0.2"));
    rig.event(&part("0.0200", 2, "0.4"));
    assert_eq!(
        rig.order_news(),
        ["acked 0xabc", "filling 0.03 for 2730 fee 0.2 funding 0", "filling 0.05 for 4550 fee 0.4 funding 0"]
    );
    rig.client.cancel(id, rig.now, &mut rig.out);
    rig.pump();
    let asked = rig.answer("POST /orders/cancel", 200, &fixture("v2_rest_orders_cancel_response"));
    let body: serde_json::Value = serde_json::from_str(&asked.body).expect("JSON");
    let like: serde_json::Value = serde_json::from_str(&fixture("v2_rest_orders_cancel_request")).expect("JSON");
    let keys =
        |v: &serde_json::Value| v.as_object().expect("an object").keys().cloned().collect::<std::collections::BTreeSet<_>>();
    assert_eq!((keys(&body), keys(&body["order"])), (keys(&like), keys(&like["order"])));
    assert_eq!(body["order"]["id"], "0xabc");
    rig.event(&format!(r#"{{"id":"0xabc","status":"CANCELLED","postTime":1,"nonce":{}}}"#, key.key));
    assert!(rig.order_news().is_empty(), "REST has the last word about its fills");
    let row = format!(r#"[{{"id":"0xabc","nonce":{},"status":"CANCELLED","size":"0.1000","lastFilledSize":null}}]"#, key.key);
    rig.answer("GET /orders?id=0xabc", 200, &row);
    assert_eq!(rig.order_news(), ["cancelled (cancelled on request) 0.05 for 4550 fee 0.4 funding 0"]);
}

#[test]
fn a_cancel_without_an_id_finds_it_first_and_a_final_order_only_says_so() {
    let mut rig = Rig::ready();
    let spec = rig.spec(Side::Buy, "0.1", "91234.5");
    let (id, key) = rig.send(spec);
    rig.reply("POST /orders", Reply::Unknown("timeout"));
    rig.client.cancel(id, rig.now, &mut rig.out);
    rig.pump();
    assert!(!rig.asks("POST /orders/cancel"));
    let row = format!(r#"[{{"id":"0xabc","nonce":{},"status":"NEW","size":"0.1000"}}]"#, key.key);
    rig.answer(&format!("GET /orders?nonce={}", key.key), 200, &row);
    rig.order_news();
    rig.answer("POST /orders/cancel", 400, r#"{"detail":{"code":3017,"msg":"ORDER_NOT_FOUND"}}"#);
    assert!(rig.order_news().is_empty());
    rig.answer("GET /orders?id=0xabc", 200, &format!("[{}]", filled(&key.key)));
    assert_eq!(rig.order_news(), [FILLED_WORDS]);
    rig.client.cancel(id, rig.now, &mut rig.out);
    rig.pump();
    assert_eq!(rig.order_news(), [FILLED_WORDS]);
}

#[test]
fn a_refusal_that_proves_reduce_only_unusable_turns_it_off_once() {
    let mut with = config(registered());
    with.reduce_only = true;
    for code in [3018, 3019, 3020] {
        let mut rig = Rig::ready_with(with.clone());
        assert!(rig.client.capabilities().reduce_only);
        let mut spec = rig.spec(Side::Sell, "0.1", "91234.5");
        spec.reduce_only = true;
        let (_, key) = rig.send(spec);
        rig.answer("POST /orders", 200, r#"{"id":"0xabc"}"#);
        rig.event(&format!(r#"{{"id":"0xabc","status":"REJECTED","code":{code},"nonce":{}}}"#, key.key));
        assert!(rig.order_news()[1].starts_with("refused reduce_only"), "{code}");
        assert!(!rig.client.capabilities().reduce_only);
    }
    let mut rig = Rig::ready_with(with);
    let (_, key) = rig.acked();
    rig.event(&format!(r#"{{"id":"0xabc","status":"REJECTED","code":3020,"nonce":{}}}"#, key.key));
    assert_eq!(rig.order_news(), ["refused margin [3020 ORDER_CHANGES_LEVERAGE] 0"]);
    assert!(rig.client.capabilities().reduce_only, "the order did not ask for it");
}

#[test]
fn what_no_order_of_ours_explains_is_foreign_and_what_we_forgot_is_not() {
    let mut rig = Rig::ready();
    let (id, key) = rig.acked();
    rig.event(r#"{"id":"0xdef","status":"CANCELLED","postTime":1,"nonce":12345}"#);
    let news = rig.order_news();
    assert!(news.len() == 1 && news[0].starts_with("foreign: order 0xdef with nonce 12345"), "{news:?}");
    rig.event(&filled(&key.key));
    rig.order_news();
    rig.client.forget(id);
    rig.event(&filled(&key.key));
    assert!(rig.order_news().is_empty());
}

#[test]
fn a_fill_after_a_refusal_is_reported_and_not_swallowed() {
    let mut rig = Rig::ready();
    let spec = rig.spec(Side::Buy, "0.1", "91234.5");
    let (_, key) = rig.send(spec);
    rig.answer("POST /orders", 400, r#"{"code":1148,"msg":""}"#);
    rig.order_news();
    rig.event(&filled(&key.key));
    let news = rig.order_news();
    assert!(news.len() == 1 && news[0].starts_with("foreign: order b4-1-1-ae1 ended without a fill"), "{news:?}");
}

#[test]
fn the_way_of_an_order_is_measured_from_write_to_answer() {
    let mut rig = Rig::ready();
    let spec = rig.spec(Side::Buy, "0.1", "91234.5");
    rig.send(spec);
    rig.now = Now { mono: rig.now.mono.plus_ms(37), ..rig.now };
    rig.answer("POST /orders", 200, r#"{"id":"0xabc"}"#);
    assert!(rig.news.iter().any(|n| matches!(n, VenueNews::OrderLatency { network_ns: 37_000_000, .. })));
}
