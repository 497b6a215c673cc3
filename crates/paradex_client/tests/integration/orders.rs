//! Orders on their way out, and their answers.

use crate::frames;
use crate::rig::*;
use domain::{Fills, OrderEnd, OrderNews, OrderSpec, OrderType, RefusalKind, TimeInForce, VenueOrderId, Wall};
use venue_api::{Method, PrepareError, Reply, SessionNews, VenueClient, VenueNews};

const CLIENT: &str = "b4-3-1-ae1";

pub(crate) fn order_json(status: &str, size: &str, remaining: &str, reason: &str) -> String {
    format!(
        r#"{{"id":"1763712000000201709220290000","client_id":"{CLIENT}","market":"ETH-USD-PERP","status":"{status}","size":"{size}",
        "remaining_size":"{remaining}","cancel_reason":"{reason}","side":"BUY","type":"LIMIT","price":"3000","seq_no":1763712000000000001}}"#
    )
}
fn created(status: &str) -> String {
    format!(
        r#""result":{{"order":{},"created_at":1763712000001,"received_at":1763712000000999999}}"#,
        order_json(status, "0.5", "0.5", "")
    )
}
fn acked() -> OrderNews {
    OrderNews::Acked { venue_order: VenueOrderId("1763712000000201709220290000".into()) }
}
fn refused(news: &[OrderNews]) -> Option<(RefusalKind, String)> {
    match news {
        [OrderNews::Done { end: OrderEnd::Refused(r), fills }] if *fills == Fills::default() => Some((r.kind, r.code.clone())),
        _ => None,
    }
}

#[test]
fn an_order_is_signed_and_keyed_before_it_leaves_and_leaves_once() {
    let mut rig = Rig::ready();
    let cleared = rig.clear(spec(1, "0.5", "3000.10"));
    let prepared = rig.client.prepare(cleared, rig.now).expect("prepared");
    assert!(rig.sent.is_empty(), "nothing leaves before it is journaled");
    assert_eq!(prepared.key.key, CLIENT);
    assert_eq!(prepared.key.dead_after, Wall::from_ms(START_MS + 1_500 + 500));
    let hash = prepared.key.hash.clone().expect("a hash");
    assert!(hash.starts_with("0x") && hash.len() > 50);
    rig.step(|c, now, out| c.send(prepared, now, out));
    let (conn, frame) = rig.take_frame("order.create");
    assert_eq!(conn, ORDERS);
    let mut params = frame["params"].clone();
    let signature = params.as_object_mut().expect("members").remove("signature").expect("signed");
    let parts: Vec<String> = serde_json::from_str(signature.as_str().expect("text")).expect("two decimals in a text");
    assert!(parts.len() == 2 && parts.iter().all(|p| p.bytes().all(|b| b.is_ascii_digit())));
    let expect = serde_json::json!({"market": "ETH-USD-PERP", "side": "BUY", "type": "LIMIT", "size": "0.5", "price": "3000.1",
        "instruction": "IOC", "signature_timestamp": START_MS, "recv_window": 1500, "client_id": CLIENT});
    assert_eq!(params, expect);
    assert!(rig.order_news().is_empty());
}

#[test]
fn kind_life_and_reduce_only_reach_the_wire() {
    fn check(change: impl FnOnce(&mut OrderSpec), expect: serde_json::Value) {
        let mut rig = Rig::ready();
        let mut spec = spec(1, "0.5", "3000");
        change(&mut spec);
        rig.place(spec);
        let (_, frame) = rig.take_frame("order.create");
        for (name, value) in expect.as_object().expect("members") {
            assert_eq!(&frame["params"][name], value, "{name}");
        }
    }
    check(|s| s.kind = OrderType::Market, serde_json::json!({"type": "MARKET", "price": "0"}));
    check(|s| s.tif = TimeInForce::Gtc, serde_json::json!({"instruction": "GTC", "flags": null}));
    check(|s| s.reduce_only = true, serde_json::json!({"flags": ["REDUCE_ONLY"]}));
    check(|s| s.side = domain::Side::Sell, serde_json::json!({"side": "SELL"}));
}

#[test]
fn stamps_rise_even_within_one_millisecond_and_follow_the_venues_clock() {
    let mut rig = Rig::ready();
    for seq in 1..4 {
        rig.place(spec(seq, "0.5", "3000"));
    }
    let stamps: Vec<i64> = rig.sent.iter().map(|(_, v)| v["params"]["signature_timestamp"].as_i64().expect("ms")).collect();
    assert_eq!(stamps, [START_MS, START_MS + 1, START_MS + 2]);
    rig.advance_alive(60_000);
    let time = format!(r#"{{"server_time":"{}"}}"#, rig.venue_ms() + 5_000);
    rig.reply("/system/time", 200, &time);
    rig.place(spec(9, "0.5", "3000"));
    let last = rig.sent.last().expect("sent").1["params"]["signature_timestamp"].as_i64();
    assert_eq!(last, Some(START_MS + 65_000));
}

#[test]
fn what_the_venue_would_refuse_is_not_even_signed() {
    fn check(size: &str, limit: &str, change: impl FnOnce(&mut OrderSpec), expect: Option<&str>) {
        let mut rig = Rig::ready();
        let mut spec = spec(1, size, limit);
        change(&mut spec);
        let cleared = rig.clear(spec);
        let got = rig.client.prepare(cleared, rig.now).map(|_| ()).err().map(|e| e.to_string());
        match expect {
            Some(words) => assert!(got.as_deref().unwrap_or("").contains(words), "{got:?} for {words}"),
            None => assert_eq!(got, None),
        }
    }
    check("0.5", "3000", |_| {}, None);
    check("0.00005", "3000", |_| {}, Some("not on the step"));
    check("0", "3000", |_| {}, Some("not on the step"));
    check("0.5", "3000.001", |_| {}, Some("not on the tick"));
    check("1000.0001", "3000", |_| {}, Some("above the largest"));
    check("0.0033", "3000", |_| {}, Some("under the smallest order value"));
    check("0.0033", "3000", |s| s.reduce_only = true, None);
    check("0.5", "3000", |s| s.tif = TimeInForce::Fok, Some("fill-or-kill"));
    check("0.5", "3000", |s| s.instrument = domain::InstrumentId(99), Some("no instrument"));
}

#[test]
fn an_order_is_prepared_only_with_a_way_to_the_venue_and_a_fresh_clearance() {
    let mut rig = Rig::new(config());
    let cleared = rig.clear(spec(1, "0.5", "3000"));
    assert!(matches!(rig.client.prepare(cleared, rig.now), Err(PrepareError::NotReady(_))));
    let mut rig = Rig::ready();
    let cleared = rig.clear(spec(1, "0.5", "3000"));
    rig.advance(1_001);
    assert!(matches!(rig.client.prepare(cleared, rig.now), Err(PrepareError::Expired(_))));
    rig.place(spec(1, "0.5", "3000"));
    let again = rig.clear(spec(1, "0.5", "3000"));
    assert!(matches!(rig.client.prepare(again, rig.now), Err(PrepareError::Invalid(_))), "one id, one order");
}

#[test]
fn a_discarded_order_may_be_prepared_again() {
    let mut rig = Rig::ready();
    let cleared = rig.clear(spec(1, "0.5", "3000"));
    let prepared = rig.client.prepare(cleared, rig.now).expect("prepared");
    rig.client.discard(prepared);
    rig.place(spec(1, "0.5", "3000"));
    assert_eq!(rig.sent.len(), 1);
}

#[test]
fn an_acknowledgement_is_news_and_so_is_its_latency() {
    let mut rig = Rig::ready();
    let order = rig.place(spec(1, "0.5", "3000"));
    rig.advance(8);
    rig.answer("order.create", &created("NEW"));
    let latency = VenueNews::OrderLatency { order, sign_ns: 0, encode_ns: 0, network_ns: 8_000_000, parse_ns: 0 };
    assert!(rig.news.contains(&latency));
    assert_eq!(rig.order_news(), [acked()]);
    rig.advance(100);
    assert!(rig.order_news().is_empty(), "answered in time");
}

#[test]
fn an_error_reply_is_a_refusal_or_unknown_by_the_table() {
    fn check(error: &str, expect: Option<RefusalKind>) {
        let mut rig = Rig::ready();
        let order = rig.place(spec(1, "0.5", "3000"));
        rig.answer("order.create", &format!(r#""error":{error}"#));
        let news = rig.order_news();
        assert_eq!(refused(&news).map(|r| r.0), expect, "{error}");
        if expect.is_none() {
            assert!(matches!(news[..], [OrderNews::Unknown { .. }]), "{news:?}");
        } else {
            // Final: asking again says the same.
            rig.step(|c, now, out| c.query(order, now, out));
            assert_eq!(rig.order_news(), news);
        }
    }
    check(r#"{"code":42901,"message":"Rate limit exceeded"}"#, Some(RefusalKind::RateLimited));
    check(r#"{"code":40111,"message":"Invalid Bearer Token"}"#, Some(RefusalKind::Stamp));
    check(r#"{"code":-32602,"message":"bad params"}"#, Some(RefusalKind::Filter));
    check(r#"{"code":100,"message":"method error","data":"NOT_ENOUGH_MARGIN"}"#, Some(RefusalKind::Margin));
    check(r#"{"code":100,"message":"method error","data":"INVALID_TIMESTAMP: too old"}"#, Some(RefusalKind::Stamp));
    check(r#"{"code":100,"message":"method error","data":"MARKET_NOT_OPEN"}"#, Some(RefusalKind::Closed));
    check(r#"{"code":100,"message":"method error","data":"detail text"}"#, None);
    check(r#"{"code":-32603,"message":"internal error"}"#, None);
    check(r#"{"code":100,"data":"DUPLICATED_CLIENT_ID"}"#, None);
}

#[test]
fn a_refused_stamp_measures_the_clock_at_once() {
    let mut rig = Rig::ready();
    rig.place(spec(1, "0.5", "3000"));
    rig.answer("order.create", r#""error":{"code":100,"data":"INVALID_TIMESTAMP"}"#);
    assert!(rig.asks("/system/time"));
}

#[test]
fn an_answer_that_cannot_be_read_leaves_the_order_unknown() {
    for result in [r#""result":{}"#, r#""result":{"order":{"id":1}}"#, r#""result":null"#, r#""no":1"#] {
        let mut rig = Rig::ready();
        rig.place(spec(1, "0.5", "3000"));
        rig.answer("order.create", result);
        assert!(matches!(rig.order_news()[..], [OrderNews::Unknown { .. }]), "{result}");
    }
}

#[test]
fn no_answer_in_time_is_unknown_and_a_late_one_still_counts() {
    let mut rig = Rig::ready();
    rig.place(spec(1, "0.5", "3000"));
    rig.advance(1_999);
    assert!(rig.order_news().is_empty());
    rig.advance(2);
    let [OrderNews::Unknown { why }] = &rig.order_news()[..] else { panic!("not unknown") };
    assert_eq!(why, "no answer within 2000 ms");
    rig.answer("order.create", r#""error":{"code":100,"data":"NOT_ENOUGH_MARGIN"}"#);
    assert_eq!(refused(&rig.order_news()), Some((RefusalKind::Margin, "NOT_ENOUGH_MARGIN".into())));
}

#[test]
fn an_order_the_stream_has_shown_is_not_unknown_for_want_of_an_answer() {
    let mut rig = Rig::ready();
    rig.place(spec(1, "0.5", "3000"));
    rig.binary(ORDERS, &frames::order(1, 3, "0.5", "0.5", ["77", CLIENT], ""));
    assert!(matches!(rig.order_news()[..], [OrderNews::Acked { .. }]));
    rig.advance(2_100);
    assert!(!rig.order_news().iter().any(|n| matches!(n, OrderNews::Unknown { .. })));
    // A refusal after that cannot be true, so it proves nothing.
    rig.answer("order.create", r#""error":{"code":100,"data":"NOT_ENOUGH_MARGIN"}"#);
    assert!(matches!(rig.order_news()[..], [OrderNews::Unknown { .. }]));
}

#[test]
fn a_socket_that_closes_leaves_every_order_in_flight_unknown() {
    let mut rig = Rig::ready();
    rig.place(spec(1, "0.5", "3000"));
    let done = rig.place(spec(2, "0.5", "3000"));
    rig.place(spec(3, "0.5", "3000"));
    rig.answer("order.create", &created("NEW"));
    rig.answer("order.create", r#""error":{"code":42901}"#);
    rig.news.clear();
    rig.close(ORDERS, None);
    let unknown: Vec<_> = rig
        .news
        .iter()
        .filter_map(|n| match n {
            VenueNews::Order(r) if matches!(r.news, OrderNews::Unknown { .. }) => Some(r.order),
            _ => None,
        })
        .collect();
    assert_eq!(unknown.len(), 2);
    assert!(!unknown.contains(&done));
    assert!(matches!(rig.news.last(), Some(VenueNews::Session(SessionNews::Down { .. }))), "down is said after");
    rig.news.clear();
    rig.close(ORDERS, Some(503));
    assert!(rig.order_news().is_empty(), "said once, however often the way back fails");
}

#[test]
fn a_rate_limit_holds_back_entries_and_never_a_reducing_order() {
    let mut rig = Rig::ready();
    rig.place(spec(1, "0.5", "3000"));
    rig.answer("order.create", r#""error":{"code":42901}"#);
    let entry = rig.clear(spec(2, "0.5", "3000"));
    assert!(matches!(rig.client.prepare(entry, rig.now), Err(PrepareError::Budget(1_000))));
    let mut close = spec(3, "0.5", "3000");
    close.reduce_only = true;
    rig.place(close);
    rig.advance(1_000);
    rig.place(spec(4, "0.5", "3000"));
}

/// A client whose order socket is gone and whose token is good.
fn on_rest() -> Rig {
    let mut rig = Rig::ready();
    rig.close(ORDERS, None);
    rig.reply_token();
    rig.forget();
    rig
}

#[test]
fn without_a_socket_the_same_order_goes_over_rest() {
    let mut rig = on_rest();
    rig.place(spec(1, "0.5", "3000"));
    assert!(rig.sent.is_empty());
    let body = order_json("NEW", "0.5", "0.5", "");
    let asked = rig.reply("/orders", 201, &body);
    assert_eq!(asked.method, Method::Post);
    assert_eq!(asked.headers, [("Authorization".to_owned(), "Bearer token.number.2".to_owned())]);
    let body: serde_json::Value = serde_json::from_str(&asked.body).expect("JSON");
    assert_eq!((&body["client_id"], &body["instruction"]), (&CLIENT.into(), &"IOC".into()));
    assert_eq!(rig.order_news(), [acked()]);
    // Nobody else will tell what became of it.
    rig.advance(400);
    assert!(rig.asks("/orders?market=ETH-USD-PERP"));
}

#[test]
fn what_becomes_of_a_rest_order_is_judged_by_the_table() {
    fn check(status: u16, body: &str, expect: Option<RefusalKind>) {
        let mut rig = on_rest();
        rig.place(spec(1, "0.5", "3000"));
        rig.reply("/orders", status, body);
        let news = rig.order_news();
        assert_eq!(refused(&news).map(|r| r.0), expect, "{status} {body}");
        assert!(expect.is_some() || matches!(news[..], [OrderNews::Unknown { .. }]), "{news:?}");
    }
    check(400, r#"{"error":"INVALID_ORDER_SIGNATURE","message":"x"}"#, Some(RefusalKind::Auth));
    check(400, r#"{"error":"NEW_CODE_OF_NEXT_YEAR"}"#, Some(RefusalKind::Other));
    check(401, r#"{"error":"INVALID_TOKEN"}"#, Some(RefusalKind::Stamp));
    check(429, "slow down", Some(RefusalKind::RateLimited));
    check(400, "<html>bad gateway</html>", None);
    check(403, "<html>blocked</html>", None);
    check(500, r#"{"error":"INTERNAL_ERROR"}"#, None);
    check(503, "", None);
    check(201, "{", None);
}

#[test]
fn a_rest_order_that_never_left_is_not_sent_and_one_that_may_have_is_unknown() {
    let mut rig = on_rest();
    rig.place(spec(1, "0.5", "3000"));
    rig.fail("/orders", Reply::NotSent("no route"));
    assert_eq!(rig.order_news(), [OrderNews::NotSent { why: "no route".into() }]);
    rig.place(spec(2, "0.5", "3000"));
    rig.fail("/orders", Reply::Unknown("timeout"));
    assert_eq!(rig.order_news(), [OrderNews::Unknown { why: "timeout".into() }]);
}

#[test]
fn with_the_fallback_off_or_no_token_nothing_leaves() {
    let mut config = config();
    config.rest_fallback = false;
    let mut rig = Rig::new(config);
    rig.boot();
    let cleared = rig.clear(spec(1, "0.5", "3000"));
    assert!(matches!(rig.client.prepare(cleared, rig.now), Err(PrepareError::NotReady(_))));
    // Prepared while the socket was up, sent after it went down with the token refused.
    let mut rig = Rig::ready();
    let cleared = rig.clear(spec(1, "0.5", "3000"));
    let prepared = rig.client.prepare(cleared, rig.now).expect("prepared");
    rig.close(ORDERS, None);
    rig.asked.clear();
    rig.advance(299_000);
    rig.news.clear();
    rig.step(|c, now, out| c.send(prepared, now, out));
    assert!(matches!(rig.order_news()[..], [OrderNews::NotSent { .. }]));
}

#[test]
fn a_cancel_goes_by_the_venues_id_or_by_ours_and_its_failure_is_looked_up() {
    let mut rig = Rig::ready();
    let mut resting = spec(1, "0.5", "3000");
    resting.tif = TimeInForce::Gtc;
    let order = rig.place(resting);
    rig.step(|c, now, out| c.cancel(order, now, out));
    let (_, frame) = rig.take_frame("order.cancel");
    assert_eq!(frame["params"], serde_json::json!({"client_id": CLIENT, "market": "ETH-USD-PERP"}));
    rig.answer("order.create", &created("OPEN"));
    rig.step(|c, now, out| c.cancel(order, now, out));
    let frame = rig.answer("order.cancel", r#""error":{"code":100,"data":"ORDER_IS_CLOSED"}"#);
    assert_eq!(frame["params"], serde_json::json!({"id": "1763712000000201709220290000"}));
    assert!(rig.asks("/orders?market="));
}

#[test]
fn a_cancel_without_a_socket_goes_over_rest() {
    let mut rig = on_rest();
    let order = rig.place(spec(1, "0.5", "3000"));
    rig.step(|c, now, out| c.cancel(order, now, out));
    let asked = rig.reply("/orders/by_client_id/b4-3-1-ae1?market=ETH-USD-PERP", 204, "");
    assert_eq!(asked.method, Method::Delete);
    rig.reply("/orders", 201, &order_json("OPEN", "0.5", "0.5", ""));
    rig.step(|c, now, out| c.cancel(order, now, out));
    rig.reply("/orders/1763712000000201709220290000", 404, r#"{"error":"ORDER_ID_NOT_FOUND"}"#);
    assert!(rig.asks("/orders?market="));
}
