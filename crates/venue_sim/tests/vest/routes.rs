//! Every route: answered in the documented shape, refused with the documented code.

use super::harness::*;
use serde_json::{Value, json};

/// A client with a position, an armed order, a pool order and a withdrawal behind it, so that every list has items.
fn busy() -> Desk {
    let mut desk = Desk::open();
    desk.call("POST", "/v2/account/leverage", &json!({ "time": START_MS, "symbol": "BTC-PERP", "value": 8 }));
    desk.trade(true, "0.1000");
    let armed = desk.order("LIMIT", true, "0.0100", -500);
    desk.place(&armed);
    desk.pool("DEPOSIT", "100");
    desk.withdraw(1_000_000);
    desk.advance(300);
    desk
}

#[test]
fn every_read_has_the_keys_and_types_of_its_documented_example() {
    let mut desk = busy();
    let mut check = |target: &str, example: &str, more: &[&str]| {
        let answer = desk.get(&format!("/v2{target}"));
        same_shape(&data(example), &answer, more, target);
    };
    check("/exchangeInfo", "v2_rest_exchangeInfo.json", &["asset", "tradingStatus"]);
    check("/exchangeInfo?symbols=BTC-PERP,ETH-PERP", "v2_rest_exchangeInfo.json", &["asset", "tradingStatus"]);
    check("/ticker/latest", "v2_rest_ticker_latest.json", &[]);
    check("/ticker/24hr?symbols=SOL-PERP", "v2_rest_ticker_24hr.json", &[]);
    check("/funding/history?symbol=ETH-PERP&limit=5", "v2_rest_funding_history.json", &[]);
    check("/klines?symbol=BTC-PERP&interval=1m&limit=3", "v2_rest_klines.json", &[]);
    check("/trades?symbol=BTC-PERP&limit=20", "v2_rest_trades.json", &[]);
    check("/depth?symbol=BTC-PERP", "v2_rest_depth.json", &[]);
    check("/depth?symbol=BTC-PERP&limit=1", "v2_rest_depth_btc_2025_12.json", &[]);
    check("/oi", "v2_rest_oi.json", &[]);
    check("/account?time=1", "v2_rest_account.json", &[]);
    check("/account/nonce?time=1", "v2_rest_account_nonce.json", &[]);
    check("/orders", "v2_rest_orders_get.json", &[]);
    check("/lp", "v2_rest_lp_get.json", &[]);
    check("/transfer", "v2_rest_transfer_get.json", &[]);
    desk.switch("klines_wrapped", json!(true));
    let wrapped = desk.get("/v2/klines?symbol=BTC-PERP&interval=1h&limit=2");
    same_shape(&data("v2_rest_klines_wrapped.json"), &wrapped, &[], "klines");
}

#[test]
fn every_route_refuses_what_it_cannot_take_with_its_code() {
    let mut desk = busy();
    let mut check = |method: &str, target: &str, body: Value, status: u16, expect: u64| {
        let (given, answer) = desk.call(method, &format!("/v2{target}"), &body);
        assert_eq!((given, code(&answer)), (status, expect), "{method} {target} {body}");
    };
    check("GET", "/exchangeInfo?symbols=AAPL-PERP", Value::Null, 400, 1121);
    check("GET", "/ticker/latest?symbols=btc-perp", Value::Null, 400, 1121);
    check("GET", "/ticker/24hr?symbols=,", Value::Null, 400, 1121);
    check("GET", &format!("/ticker/latest?symbols={}", vec!["BTC-PERP"; 101].join(",")), Value::Null, 400, 1130);
    check("GET", "/funding/history", Value::Null, 400, 1130);
    check("GET", "/funding/history?symbol=BTC-PERP&limit=1001", Value::Null, 400, 1130);
    check("GET", "/klines?symbol=BTC-PERP", Value::Null, 400, 1130);
    check("GET", "/klines?symbol=BTC-PERP&interval=7m", Value::Null, 400, 1130);
    check("GET", "/klines?symbol=BTC-PERP&interval=1m&startTime=soon", Value::Null, 400, 1130);
    check("GET", "/trades?symbol=XXX-PERP", Value::Null, 400, 1121);
    check("GET", "/depth?symbol=BTC-PERP&limit=101", Value::Null, 400, 1130);
    check("GET", "/orders?symbol=XXX-PERP", Value::Null, 400, 1121);
    check("GET", "/orders?nonce=0x1", Value::Null, 400, 1130);
    check("POST", "/register", json!({}), 400, 1130);
    check("POST", "/account/leverage", json!({ "time": 1, "symbol": "BTC-PERP", "value": 0 }), 400, 1130);
    check("POST", "/account/leverage", json!({ "time": 1, "symbol": "BTC-PERP", "value": 21 }), 400, 1130);
    check("POST", "/account/leverage", json!({ "time": 1, "symbol": "BTC-PERP", "value": "9" }), 400, 1130);
    check("POST", "/account/leverage", json!({ "time": 1, "symbol": "XXX-PERP", "value": 9 }), 400, 1121);
    check("POST", "/account/leverage", json!({ "time": 1, "symbol": "BTC-PERP", "value": 4 }), 400, 3021);
    check("POST", "/orders", json!([]), 400, 1130);
    check("POST", "/lp", json!({ "order": { "time": 1, "nonce": 1, "orderType": "GIVE", "size": "1" } }), 400, 1116);
    let mut foreign = desk.registration(9_000_000_000_000);
    foreign["networkType"] = json!(1);
    assert_eq!(code(&desk.call("POST", "/v2/register", &foreign).1), 1024);
    assert_eq!(desk.call("GET", "/v2/nothing", &Value::Null), (404, json!({ "detail": "Not Found" })));
    assert_eq!(desk.call("GET", "/orders", &Value::Null).0, 404, "the prefix is part of the path");
    assert_eq!(desk.call("DELETE", "/v2/orders", &Value::Null), (405, json!({ "detail": "Method Not Allowed" })));
}

#[test]
fn private_calls_want_a_key_and_every_call_the_right_group() {
    let mut desk = busy();
    let private = [
        ("GET", "/account"),
        ("GET", "/account/nonce"),
        ("POST", "/account/leverage"),
        ("GET", "/orders"),
        ("POST", "/orders"),
        ("POST", "/orders/cancel"),
        ("GET", "/lp"),
        ("POST", "/lp"),
        ("GET", "/transfer"),
        ("POST", "/transfer/withdraw"),
        ("POST", "/account/listenKey"),
        ("PUT", "/account/listenKey"),
        ("DELETE", "/account/listenKey"),
    ];
    let mut check = |method: &str, path: &str, headers: &[(&str, &str)], status: u16, expect: u64| {
        let headers: Vec<(String, String)> = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let request = desk.request_with(method, &format!("/v2{path}"), &headers, b"");
        let (_, given, _, body) = desk.reply(request).expect("answered");
        let body: Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!((given, if given == 200 { 0 } else { code(&body) }), (status, expect), "{method} {path} {headers:?}");
    };
    for (method, path) in private {
        check(method, path, &[], 403, 1002);
        check(method, path, &[("x-api-key", "nobody")], 403, 1002);
    }
    check("GET", "/depth?symbol=BTC-PERP", &[], 200, 0);
    check("GET", "/depth?symbol=BTC-PERP", &[("xrestservermm", "restserver1")], 400, 1146);
    check("GET", "/depth?symbol=BTC-PERP", &[("xrestservermm", "0")], 400, 1146);
    desk.switch("unauthorized_status", json!(401));
    let request = desk.request_with("GET", "/v2/account", &[], b"");
    assert_eq!(desk.reply(request).expect("answered").1, 401);
}

#[test]
fn an_account_group_other_than_0_must_be_named() {
    let mut desk = Desk::bare(START_MS, CALM, |cfg| cfg.acc_group = 3);
    let mut check = |headers: &[(String, String)], expect: u16| {
        let request = desk.request_with("GET", "/v2/oi", headers, b"");
        assert_eq!(desk.reply(request).expect("answered").1, expect);
    };
    check(&[], 400);
    check(&[("xrestservermm".to_owned(), "restserver0".to_owned())], 400);
    check(&[("xrestservermm".to_owned(), "restserver3".to_owned())], 200);
}

#[test]
fn the_error_envelope_is_wrapped_or_flat_by_switch() {
    let mut desk = Desk::open();
    let (_, wrapped) = desk.call("GET", "/v2/depth?symbol=XXX", &Value::Null);
    same_shape(&data("v2_error_detail_wrapped.json"), &wrapped, &[], "error");
    desk.switch("flat_errors", json!(true));
    let (_, flat) = desk.call("GET", "/v2/depth?symbol=XXX", &Value::Null);
    assert_eq!(flat, wrapped["detail"]);
    desk.fault("listen_key_expires", json!({}));
    let (_, expired) = desk.call("PUT", "/v2/account/listenKey", &Value::Null);
    assert_eq!(expired, data("v2_error_listen_key_expired.json"));
    desk.fault("rate_limit", json!({}));
    let (status, limited) = desk.call("GET", "/v2/oi", &Value::Null);
    assert_eq!((status, limited), (429, data("v2_error_rate_limited.json")));
}

#[test]
fn a_listen_key_stays_the_same_is_extended_and_ends() {
    let mut desk = Desk::open();
    let first = desk.listen_key.clone();
    let (_, again) = desk.call("POST", "/v2/account/listenKey", &json!({}));
    same_shape(&data("v2_rest_listenKey.json"), &again, &[], "listenKey");
    assert_eq!(again["listenKey"], first);
    desk.advance(59 * 60_000);
    assert_eq!(desk.call("PUT", "/v2/account/listenKey", &Value::Null), (200, json!({ "listenKey": first })));
    desk.advance(59 * 60_000);
    assert_eq!(desk.closed(PRIVATE), None, "it was extended");
    desk.advance(2 * 60_000);
    assert_eq!(desk.closed(PRIVATE), Some(4005));
    let (status, expired) = desk.call("PUT", "/v2/account/listenKey", &Value::Null);
    assert_eq!((status, code(&expired)), (400, 1125));
    let (_, fresh) = desk.call("POST", "/v2/account/listenKey", &json!({}));
    assert_ne!(fresh["listenKey"], first);
    desk.listen(5);
    assert_eq!(desk.call("DELETE", "/v2/account/listenKey", &Value::Null), (200, json!({})));
    assert_eq!(desk.closed(5), Some(4005));
}

#[test]
fn the_orders_list_is_narrowed_by_each_of_its_filters() {
    let mut desk = Desk::open();
    let (a, b) = (desk.order("MARKET", true, "0.0100", 200), desk.order("LIMIT", true, "0.0100", -500));
    let first = desk.place(&a);
    desk.advance(1_000);
    let second = desk.place(&b);
    desk.advance(1_000);
    let mut check = |query: &str, expect: &[&String]| {
        let list = desk.get(&format!("/v2/orders?{query}"));
        let ids: Vec<&str> = list.as_array().expect("a list").iter().map(|o| o["id"].as_str().expect("text")).collect();
        assert_eq!(ids, expect, "{query}");
    };
    check("", &[&second, &first]);
    check(&format!("id={first}"), &[&first]);
    check(&format!("id={first},{second}"), &[&second, &first]);
    check(&format!("nonce={}", b["nonce"]), &[&second]);
    check("nonce=1", &[]);
    check("symbol=ETH-PERP", &[]);
    check("symbol=BTC-PERP", &[&second, &first]);
    check("orderType=LIMIT", &[&second]);
    check("status=FILLED", &[&first]);
    check("status=NEW", &[&second]);
    check("limit=1", &[&second]);
    check(&format!("startTime={}", START_MS + 500), &[&second]);
    check(&format!("endTime={}", START_MS + 500), &[&first]);
}

#[test]
fn klines_cover_the_asked_span_and_the_degraded_form_ignores_it() {
    let mut desk = Desk::open();
    let day = START_MS - 86_400_000;
    let query = format!("/v2/klines?symbol=ETH-PERP&interval=15m&startTime={day}&endTime={}&limit=1000", day + 3_600_000);
    let rows = desk.get(&query);
    let opens: Vec<i64> = rows.as_array().expect("a list").iter().map(|r| r[0].as_i64().expect("ms")).collect();
    let first = (day + 899_999) / 900_000 * 900_000;
    assert_eq!(opens, (0..opens.len() as i64).map(|i| first + i * 900_000).collect::<Vec<_>>());
    assert!((4..=5).contains(&opens.len()));
    desk.switch("klines_capped", json!(true));
    let rows = desk.get(&query);
    let rows = rows.as_array().expect("a list");
    assert_eq!(rows.len(), 501);
    assert!(rows.last().expect("501 rows")[0].as_i64().expect("ms") > START_MS - 900_000, "the latest bars");
}

#[test]
fn funding_is_paged_backwards_and_thinned_by_the_interval() {
    let mut desk = Desk::open_with(CALM, |cfg| cfg.funding_rate_e8 = 1_250);
    let page = desk.get(&format!("/v2/funding/history?symbol=BTC-PERP&endTime={START_MS}&limit=3"));
    let times: Vec<i64> = page.as_array().expect("a list").iter().map(|r| r["time"].as_i64().expect("ms")).collect();
    assert_eq!(times, [START_MS - 120_000, START_MS - 60_000, START_MS].map(|t| t / 60_000 * 60_000));
    assert_eq!(page[0]["oneHrFundingRate"], "0.00001250");
    let hours = desk.get("/v2/funding/history?symbol=BTC-PERP&interval=1h&limit=2");
    let gap = hours[1]["time"].as_i64().expect("ms") - hours[0]["time"].as_i64().expect("ms");
    assert_eq!(gap, 3_600_000);
}

#[test]
fn pool_orders_and_withdrawals_move_cash_or_are_refused_with_their_code() {
    let mut desk = Desk::open();
    let mut check = |movement: &dyn Fn(&mut Desk), list: &str, status: &str, expect: Value, cash: i64| {
        movement(&mut desk);
        desk.advance(500);
        let item = desk.get(list)[0].clone();
        assert_eq!((item["status"].as_str(), &item["code"]), (Some(status), &expect));
        assert_eq!(desk.cash(), cash);
    };
    check(&|d| d.pool("DEPOSIT", "100.5"), "/v2/lp", "FILLED", Value::Null, 99_899_500_000);
    check(&|d| d.pool("DEPOSIT", "100000"), "/v2/lp", "REJECTED", json!(4001), 99_899_500_000);
    check(&|d| d.pool("IMMEDIATE_WITHDRAW", "101"), "/v2/lp", "REJECTED", json!(4012), 99_899_500_000);
    check(&|d| d.pool("IMMEDIATE_WITHDRAW", "0.5"), "/v2/lp", "FILLED", Value::Null, 99_900_000_000);
    check(&|d| d.withdraw(900_000_000), "/v2/transfer", "FILLED", Value::Null, 99_000_000_000);
    check(&|d| d.withdraw(99_000_000_001), "/v2/transfer", "REJECTED", json!(5002), 99_000_000_000);
    let events = desk.heard_on(PRIVATE, "account_private");
    let of = |kind: &str| events.iter().find(|(_, d)| d["event"] == kind).map(|(_, d)| d.clone()).expect("an event");
    same_shape(&data("v2_ws_private_lp.json")["data"], &of("LP"), &[], "LP");
    same_shape(&data("v2_ws_private_transfer.json")["data"], &of("TRANSFER"), &[], "TRANSFER");
}

#[test]
fn registering_again_keeps_the_account_and_revokes_earlier_keys_only_by_switch() {
    let mut desk = Desk::open();
    desk.trade(true, "0.0100");
    let old = desk.api_key.clone();
    desk.register();
    assert_ne!(desk.api_key, old);
    assert_eq!(desk.position(), "0.0100");
    desk.api_key.clone_from(&old);
    assert_eq!(desk.position(), "0.0100", "the earlier key still works");
    desk.switch("register_revokes", json!(true));
    desk.register();
    let fresh = std::mem::replace(&mut desk.api_key, old);
    assert_eq!(desk.call("GET", "/v2/account", &Value::Null).0, 403);
    desk.api_key = fresh;
    assert_eq!(desk.position(), "0.0100");
}
