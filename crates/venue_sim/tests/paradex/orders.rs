//! Lives of orders, money, and everything one can ask about them.

use serde_json::{Value, json};
use venue_sim::market::{Market, MarketShape};
use venue_sim::paradex::ParadexSimConfig;

use crate::bench::*;

/// Places an order by REST and returns its life as the orders channel tells it.
fn life(b: &mut Bench, t: &Trader, order: &Value) -> Vec<String> {
    let conn = b.private(t);
    let (status, answer) = b.rest(t, "POST", "/v1/orders", order);
    assert_eq!((status, answer["status"].as_str()), (201, Some("NEW")), "{answer}");
    b.run_ms(50);
    b.life(conn)
}

#[test]
fn an_accepted_order_lives_as_the_documents_say() {
    fn check(what: [&str; 4], more: Value, expect: &[&str]) {
        let mut b = Bench::new();
        let t = b.trader();
        let [side, size, price, instruction] = what;
        let order = b.order_with(&t, side, size, price, instruction, more);
        assert_eq!(life(&mut b, &t, &order), expect, "{what:?}");
    }
    check(["BUY", "0.1", "3000", "GTC"], json!({}), &["NEW 0.1", "OPEN 0.1"]);
    check(["BUY", "0.1", "3000", ""], json!({}), &["NEW 0.1", "OPEN 0.1"]);
    check(["SELL", "0.1", "3200", "POST_ONLY"], json!({}), &["NEW 0.1", "OPEN 0.1"]);
    check(["BUY", "0.1", "3200", "POST_ONLY"], json!({}), &["NEW 0.1", "CLOSED 0.1 POST_ONLY_WOULD_CROSS"]);
    check(["BUY", "0.02", "3200", "IOC"], json!({}), &["NEW 0.02", "CLOSED 0"]);
    check(["SELL", "0.02", "3000", "IOC"], json!({}), &["NEW 0.02", "CLOSED 0"]);
    check(["BUY", "0.02", "3200", "GTC"], json!({}), &["NEW 0.02", "CLOSED 0"]);
    check(["BUY", "0.02", "0", "IOC"], json!({}), &["NEW 0.02", "CLOSED 0"]);
    check(["BUY", "0.1", "3000", "IOC"], json!({}), &["NEW 0.1", "CLOSED 0.1 REMAINING_IOC_CANCEL"]);
    check(["BUY", "0.003", "3100", "GTC"], json!({}), &["NEW 0.003", "CLOSED 0.003 ORDER_SIZE_BELOW_MIN"]);
    check(["BUY", "0.1", "3300", "IOC"], json!({}), &["NEW 0.1", "CLOSED 0.1 EXCEEDS_MAX_SLIPPAGE"]);
    check(["SELL", "0.1", "2900", "IOC"], json!({}), &["NEW 0.1", "CLOSED 0.1 EXCEEDS_MAX_SLIPPAGE"]);
    check(["SELL", "0.1", "3500", "GTC"], json!({}), &["NEW 0.1", "OPEN 0.1"]);
    let reduce = json!({"flags": ["REDUCE_ONLY"]});
    check(["BUY", "0.1", "3200", "IOC"], reduce, &["NEW 0.1", "CLOSED 0.1 REDUCE_ONLY_WILL_INCREASE"]);
}

#[test]
fn an_order_larger_than_the_best_level_takes_the_next_ones_and_ioc_drops_the_rest() {
    let mut b = Bench::new();
    let t = b.trader();
    let [_, _, ask, size] = b.top();
    let more = text(e8(&size) + 1_000_000);
    let order = b.order(&t, "BUY", &more, &ask, "IOC");
    let events = life(&mut b, &t, &order);
    assert_eq!(events[1..], ["OPEN 0.01".to_owned(), "CLOSED 0.01 REMAINING_IOC_CANCEL".to_owned()]);
    let fills = b.read(&t, "/v1/fills")["results"].clone();
    assert_eq!(fills.as_array().unwrap().len(), 1);
    assert_eq!([&fills[0]["size"], &fills[0]["price"], &fills[0]["liquidity"]], [&json!(size), &json!(ask), &json!("TAKER")]);
}

#[test]
fn taken_liquidity_is_gone_until_the_next_refresh() {
    let mut b = Bench::new();
    let t = b.trader();
    let [_, _, ask, size] = b.top();
    let first = b.order(&t, "BUY", &size, &ask, "IOC");
    let second = b.order(&t, "BUY", "0.02", &ask, "IOC");
    b.post_order(&t, &first);
    b.post_order(&t, &second);
    b.run_ms(20);
    let orders = b.read(&t, "/v1/orders-history")["results"].clone();
    assert_eq!([&orders[0]["cancel_reason"], &orders[1]["cancel_reason"]], [&json!("REMAINING_IOC_CANCEL"), &json!("")]);
    b.run_ms(200);
    assert_ne!(b.top()[3], "0");
}

#[test]
fn a_wrong_order_is_refused_at_the_door_and_leaves_no_trace() {
    fn check(what: [&str; 4], more: Value, expect: &str) {
        let mut b = Bench::new();
        let t = b.trader();
        let [side, size, price, instruction] = what;
        let order = b.order_with(&t, side, size, price, instruction, more.clone());
        let (status, answer) = b.rest(&t, "POST", "/v1/orders", &order);
        assert_eq!((status, answer["error"].as_str()), (400, Some(expect)), "{what:?} {more}: {answer}");
        assert!(answer["message"].as_str().is_some_and(|m| !m.is_empty()));
        assert_eq!(b.read(&t, "/v1/orders-history")["results"], json!([]));
    }
    let fine = ["BUY", "0.1", "3000", "GTC"];
    check(["BUY", "0.10001", "3000", "GTC"], json!({}), "INVALID_ORDER_SIZE");
    check(["BUY", "1001", "3000", "GTC"], json!({}), "INVALID_ORDER_SIZE");
    check(["BUY", "0", "3000", "GTC"], json!({}), "INVALID_ORDER_SIZE");
    check(["BUY", "-1", "3000", "GTC"], json!({}), "INVALID_ORDER_SIZE");
    check(["BUY", "0.1", "3000.001", "GTC"], json!({}), "VALIDATION_ERROR");
    check(fine, json!({"price": "1e3"}), "VALIDATION_ERROR");
    check(fine, json!({"size": 0.1}), "BINDING_ERROR");
    check(fine, json!({"size": null}), "VALIDATION_ERROR");
    check(fine, json!({"side": "LONG"}), "VALIDATION_ERROR");
    check(fine, json!({"type": "ICEBERG"}), "VALIDATION_ERROR");
    check(fine, json!({"market": "XYZ-USD-PERP"}), "MARKET_NOT_FOUND");
    check(fine, json!({"instruction": "FOK"}), "VALIDATION_ERROR");
    check(fine, json!({"instruction": "RPI"}), "RPI_ACCOUNT_NOT_WHITELISTED");
    check(fine, json!({"stp": "NONE"}), "VALIDATION_ERROR");
    check(fine, json!({"flags": ["HIDDEN"]}), "VALIDATION_ERROR");
    check(fine, json!({"client_id": "x".repeat(65)}), "VALIDATION_ERROR");
    check(fine, json!({"recv_window": 9}), "VALIDATION_ERROR");
    check(fine, json!({"signature": "[\"1\",\"2\"]"}), "INVALID_ORDER_SIGNATURE");
    check(fine, json!({"signature": "nonsense"}), "INVALID_ORDER_SIGNATURE");
    check(fine, json!({"size": "0.2"}), "INVALID_ORDER_SIGNATURE");
    check(fine, json!({"signature_timestamp": START_MS - 300_001}), "INVALID_TIMESTAMP");
    check(fine, json!({"signature_timestamp": START_MS + 60_000}), "INVALID_TIMESTAMP");
    check(fine, json!({"signature_timestamp": "1"}), "VALIDATION_ERROR");
}

#[test]
fn a_small_receive_window_guards_against_late_delivery() {
    let mut b = Bench::new();
    let t = b.trader();
    let on_time = b.order_with(&t, "BUY", "0.1", "3000", "GTC", json!({"recv_window": 500}));
    let late = b.order_with(&t, "BUY", "0.1", "3000", "GTC", json!({"recv_window": 500}));
    b.run_ms(400);
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &on_time).0, 201);
    b.run_ms(200);
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &late).1["error"], "INVALID_TIMESTAMP");
}

#[test]
fn a_client_id_is_unique_among_open_orders_only() {
    let mut b = Bench::new();
    let t = b.trader();
    let id = json!({"client_id": "a1"});
    let first = b.order_with(&t, "BUY", "0.1", "3000", "GTC", id.clone());
    let second = b.order_with(&t, "BUY", "0.1", "3000", "GTC", id);
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &first).0, 201);
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &second).1["error"], "DUPLICATED_CLIENT_ID");
    assert_eq!(b.read(&t, "/v1/orders/by_client_id/a1")["status"], "OPEN");
    assert_eq!(b.rest(&t, "DELETE", "/v1/orders/by_client_id/a1", &Value::Null).0, 204);
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &second).0, 201);
}

#[test]
fn order_ids_have_28_digits_and_rise() {
    let mut b = Bench::new();
    let t = b.trader();
    let mut last = String::new();
    for _ in 0..5 {
        let order = b.order(&t, "BUY", "0.1", "3000", "GTC");
        let id = b.rest(&t, "POST", "/v1/orders", &order).1["id"].as_str().unwrap().to_owned();
        assert!(id.len() == 28 && id > last, "{id} after {last}");
        last = id;
    }
}

#[test]
fn margin_and_position_limits_hold_after_the_acknowledgement() {
    let mut b = Bench::new();
    let t = b.trader();
    let order = b.order(&t, "BUY", "1000", "3000", "GTC");
    assert_eq!(life(&mut b, &t, &order), ["NEW 1000", "OPEN 1000"]);
    let order = b.order(&t, "BUY", "1000", "3000", "GTC");
    assert_eq!(life(&mut b, &t, &order)[1], "CLOSED 1000 NOT_ENOUGH_MARGIN");

    let mut c = config();
    c.markets[0].position_limit = e8("1.5");
    let mut b = Bench::with(c);
    let t = b.trader();
    let order = b.order(&t, "BUY", "1", "3000", "GTC");
    assert_eq!(life(&mut b, &t, &order)[1], "OPEN 1");
    let order = b.order(&t, "BUY", "1", "3000", "GTC");
    assert_eq!(life(&mut b, &t, &order)[1], "CLOSED 1 ORDER_EXCEEDS_POSITION_LIMIT");
    let order = b.order(&t, "SELL", "1", "3200", "GTC");
    assert_eq!(life(&mut b, &t, &order)[1], "OPEN 1");
}

#[test]
fn a_reducing_order_closes_what_is_there_even_below_the_minimum() {
    let mut b = Bench::new();
    let t = b.trader();
    let order = b.order(&t, "BUY", "0.013", "3200", "IOC");
    assert_eq!(life(&mut b, &t, &order)[1], "CLOSED 0");
    let reduce = json!({"flags": ["REDUCE_ONLY"]});
    let order = b.order_with(&t, "SELL", "0.01", "3000", "IOC", reduce.clone());
    assert_eq!(life(&mut b, &t, &order)[1], "CLOSED 0");
    let order = b.order_with(&t, "SELL", "0.004", "3000", "IOC", reduce.clone());
    assert_eq!(life(&mut b, &t, &order)[1], "CLOSED 0.004 REDUCE_ONLY_WILL_INCREASE");
    let order = b.order_with(&t, "SELL", "0.003", "3000", "IOC", reduce);
    assert_eq!(life(&mut b, &t, &order)[1], "CLOSED 0");
    assert_eq!(b.read(&t, "/v1/positions")["results"][0]["size"], "0");
}

#[test]
fn money_is_exact_to_the_last_decimal() {
    let mut b = Bench::new();
    let t = b.trader();
    for (side, size) in [("BUY", "0.5"), ("BUY", "0.7"), ("SELL", "0.4"), ("SELL", "1.1"), ("BUY", "0.3")] {
        let price = if side == "BUY" { "3200" } else { "3000" };
        let order = b.order(&t, side, size, price, "IOC");
        assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).0, 201);
        b.run_ms(700);
    }
    let fills = b.read(&t, "/v1/fills")["results"].as_array().unwrap().clone();
    let (mut cash, mut size, mut flow) = (e8("100000"), 0, 0i128);
    for f in fills.iter().rev() {
        let n = |k: &str| e8(f[k].as_str().unwrap());
        let exact = i128::from(n("size")) * i128::from(n("price")) * 45_000;
        assert_eq!(i128::from(n("fee")), (exact + 9_999_999_999_999_999) / 10_000_000_000_000_000, "taker fee, rounded up");
        cash += n("realized_pnl") - n("fee");
        let sign = if f["side"] == "BUY" { 1 } else { -1 };
        size += sign * n("size");
        flow -= i128::from(sign * n("size")) * i128::from(n("price")) / 100_000_000;
    }
    assert_eq!(size, 0);
    assert_eq!(b.read(&t, "/v1/balance")["results"][0]["size"], text(cash));
    let pnl: i64 = fills.iter().map(|f| e8(f["realized_pnl"].as_str().unwrap())).sum();
    assert_eq!(i128::from(pnl), flow, "a flat account has realised its whole cash flow");
    let a = b.read(&t, "/v1/account");
    assert_eq!([&a["account_value"], &a["free_collateral"]], [&json!(text(cash)), &json!(text(cash))]);
}

#[test]
fn an_account_reports_margin_from_value_and_requirements() {
    let mut b = Bench::new();
    let t = b.trader();
    let order = b.order(&t, "SELL", "2", "3000", "IOC");
    b.rest(&t, "POST", "/v1/orders", &order);
    let a = b.read(&t, "/v1/account");
    let n = |k: &str| e8(a[k].as_str().unwrap());
    let p = b.read(&t, "/v1/positions")["results"][0].clone();
    assert_eq!([&p["side"], &p["size"], &p["status"]], [&json!("SHORT"), &json!("-2"), &json!("OPEN")]);
    let upnl = e8(p["unrealized_pnl"].as_str().unwrap());
    assert!((n("total_collateral") + upnl - n("account_value")).abs() < e8("1"));
    assert_eq!(n("free_collateral"), n("account_value") - n("initial_margin_requirement"));
    assert_eq!(n("margin_cushion"), n("account_value") - n("maintenance_margin_requirement"));
    assert!((n("initial_margin_requirement") - e8("124")).abs() < e8("1"), "2 % of 6200: {a}");
    assert!((n("initial_margin_requirement") - 2 * n("maintenance_margin_requirement")).abs() <= 1);
}

#[test]
fn funding_is_settled_when_the_position_changes() {
    let mut b = Bench::new();
    let t = b.trader();
    b.switch("funding_rate_8h_e8", json!(1_000_000));
    let buy = b.order(&t, "BUY", "1", "3200", "IOC");
    b.rest(&t, "POST", "/v1/orders", &buy);
    b.run_ms(60_000);
    let sell = b.order_with(&t, "SELL", "1", "3000", "IOC", json!({"flags": ["REDUCE_ONLY"]}));
    b.rest(&t, "POST", "/v1/orders", &sell);
    let payments = b.read(&t, &format!("/v1/funding/payments?market={ETH}"))["results"].clone();
    let paid: i64 = payments.as_array().unwrap().iter().map(|p| e8(p["payment"].as_str().unwrap())).sum();
    // 1 % of 3100 for 60 s of 28800 s, paid by the long.
    assert!((paid + e8("0.06458333")).abs() < e8("0.0003"), "{}", text(paid));
    let fills = b.read(&t, "/v1/fills")["results"].as_array().unwrap().clone();
    let in_fills: i64 = fills.iter().map(|f| e8(f["realized_funding"].as_str().unwrap())).sum();
    assert_eq!(in_fills, paid);
}

#[test]
fn two_accounts_trade_with_each_other_at_the_makers_price_and_fee() {
    let mut b = Bench::new();
    let (maker, taker) = (b.trader(), b.trader_with(12));
    let [bid, _, ask, _] = b.top();
    let price = text(i64::midpoint(e8(&bid), e8(&ask)) / 1_000_000 * 1_000_000);
    let makers = b.private(&maker);
    let resting = b.order(&maker, "SELL", "0.2", &price, "POST_ONLY");
    b.post_order(&maker, &resting);
    let taking = b.order(&taker, "BUY", "0.2", &price, "IOC");
    b.post_order(&taker, &taking);
    b.run_ms(30);
    assert_eq!(b.life(makers), ["NEW 0.2", "OPEN 0.2", "CLOSED 0"]);
    let f = b.read(&maker, "/v1/fills")["results"][0].clone();
    assert_eq!([&f["liquidity"], &f["price"], &f["side"]], [&json!("MAKER"), &json!(price), &json!("SELL")]);
    let exact = i128::from(e8("0.2")) * i128::from(e8(&price)) * 3_000;
    assert_eq!(i128::from(e8(f["fee"].as_str().unwrap())), (exact + 9_999_999_999_999_999) / 10_000_000_000_000_000);
    assert_eq!(b.read(&taker, "/v1/fills")["results"][0]["liquidity"], "TAKER");
}

#[test]
fn an_account_does_not_trade_with_itself() {
    fn check(stp: Value, maker: &str, taker: &str) {
        let mut b = Bench::new();
        let t = b.trader();
        let [bid, _, ask, _] = b.top();
        let price = text(i64::midpoint(e8(&bid), e8(&ask)) / 1_000_000 * 1_000_000);
        let resting = b.order_with(&t, "SELL", "0.02", &price, "POST_ONLY", json!({"client_id": "m"}));
        let taking = b.order_with(&t, "BUY", "0.02", &price, "IOC", json!({"client_id": "t", "stp": stp}));
        b.post_order(&t, &resting);
        b.post_order(&t, &taking);
        b.run_ms(30);
        let end = |b: &mut Bench, id: &str| {
            let o = b.read(&t, &format!("/v1/orders-history?client_id={id}"))["results"][0].clone();
            format!("{} {}", o["status"].as_str().unwrap(), o["cancel_reason"].as_str().unwrap())
        };
        assert_eq!([end(&mut b, "m").trim(), end(&mut b, "t").trim()], [maker, taker], "{stp}");
        assert_eq!(b.read(&t, "/v1/fills")["results"], json!([]));
    }
    check(Value::Null, "OPEN", "CLOSED SELF_TRADE");
    check(json!("EXPIRE_TAKER"), "OPEN", "CLOSED SELF_TRADE");
    check(json!("EXPIRE_MAKER"), "CLOSED SELF_TRADE", "CLOSED REMAINING_IOC_CANCEL");
    check(json!("EXPIRE_BOTH"), "CLOSED SELF_TRADE", "CLOSED SELF_TRADE");
}

#[test]
fn a_resting_order_fills_at_its_own_price_when_the_market_comes_to_it() {
    let mut b = Bench::with(ParadexSimConfig::new(3, Market::new(3, MarketShape::default()), &[ETH]));
    let t = b.trader();
    let conn = b.private(&t);
    let [bid, _, _, _] = b.top();
    let price = text((e8(&bid) - e8("3")) / 1_000_000 * 1_000_000);
    let order = b.order(&t, "BUY", "0.5", &price, "POST_ONLY");
    b.rest(&t, "POST", "/v1/orders", &order);
    b.run_ms(60_000);
    assert_eq!(b.life(conn).last().unwrap(), "CLOSED 0");
    for (_, f) in b.told(conn, "fills.") {
        assert_eq!([&f["price"], &f["liquidity"]], [&json!(price), &json!("MAKER")]);
    }
}

#[test]
fn a_stop_waits_for_its_trigger() {
    let mut b = Bench::with(ParadexSimConfig::new(3, Market::new(3, MarketShape::default()), &[ETH]));
    let t = b.trader();
    let conn = b.private(&t);
    let [bid, _, _, _] = b.top();
    let trigger = text((e8(&bid) - e8("6")) / 1_000_000 * 1_000_000);
    let order = b.triggered(&t, "SELL", "0.02", "STOP_MARKET", &trigger);
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).0, 201);
    b.run_ms(50);
    assert_eq!(b.life(conn), ["NEW 0.02", "UNTRIGGERED 0.02"]);
    b.run_ms(60_000);
    assert_eq!(b.life(conn).last().unwrap(), "CLOSED 0");
    assert!(e8(b.told(conn, "fills.")[0].1["price"].as_str().unwrap()) <= e8(&trigger));
}

#[test]
fn a_modified_order_keeps_its_id_and_the_event_tells_the_outcome() {
    let mut b = Bench::new();
    let t = b.trader();
    let conn = b.private(&t);
    let order = b.order(&t, "BUY", "0.1", "3000", "GTC");
    let placed = b.rest(&t, "POST", "/v1/orders", &order).1;
    let id = placed["id"].as_str().unwrap().to_owned();
    let change = b.change(&t, &placed, "0.2", "3001");
    let (status, answer) = b.rest(&t, "PUT", &format!("/v1/orders/{id}"), &change);
    assert_eq!((status, &answer["id"]), (200, &json!(id)));
    b.run_ms(20);
    let event = b.told(conn, "orders.").last().unwrap().1.clone();
    assert_eq!([&event["id"], &event["size"], &event["price"]], [&json!(id), &json!("0.2"), &json!("3001")]);
    assert_eq!(event["request_info"]["status"], "SUCCESS");
    assert_eq!(event["request_info"]["request_type"], "MODIFY_ORDER");
    // The same again changes nothing; a wrong signature, a closed and an unknown order are refused.
    let same = b.change(&t, &placed, "0.2", "3001");
    assert_eq!(b.rest(&t, "PUT", &format!("/v1/orders/{id}"), &same).1["message"], "no order parameters changed");
    let mut forged = b.change(&t, &placed, "0.3", "3001");
    forged["size"] = json!("0.4");
    assert_eq!(b.rest(&t, "PUT", &format!("/v1/orders/{id}"), &forged).1["error"], "INVALID_ORDER_SIGNATURE");
    // Into the market: it fills.
    let cross = b.change(&t, &placed, "0.02", "3200");
    assert_eq!(b.rest(&t, "PUT", &format!("/v1/orders/{id}"), &cross).0, 200);
    b.run_ms(20);
    assert_eq!(b.life(conn).last().unwrap(), "CLOSED 0");
    let late = b.change(&t, &placed, "0.03", "3000");
    assert_eq!(b.rest(&t, "PUT", &format!("/v1/orders/{id}"), &late).1["error"], "ORDER_IS_CLOSED");
    let unknown = json!({"id": "1", "side": "BUY"});
    assert_eq!(b.rest(&t, "PUT", "/v1/orders/1", &unknown).1["error"], "ORDER_ID_NOT_FOUND");
}

#[test]
fn cancels_are_queued_and_the_event_stream_tells_who_won() {
    let mut b = Bench::new();
    let t = b.trader();
    let conn = b.private(&t);
    let mut ids = Vec::new();
    for i in 0..4 {
        let order = b.order_with(&t, "BUY", "0.1", "3000", "GTC", json!({"client_id": format!("c{i}")}));
        ids.push(b.rest(&t, "POST", "/v1/orders", &order).1["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(b.rest(&t, "DELETE", &format!("/v1/orders/{}", ids[0]), &Value::Null).0, 204);
    assert_eq!(b.rest(&t, "DELETE", &format!("/v1/orders/{}", ids[0]), &Value::Null).1["error"], "ORDER_IS_CLOSED");
    assert_eq!(b.rest(&t, "DELETE", "/v1/orders/77", &Value::Null).1["error"], "ORDER_ID_NOT_FOUND");
    let gone = b.rest(&t, "DELETE", "/v1/orders/by_client_id/none", &Value::Null);
    assert_eq!(gone.1["error"], "CLIENT_ORDER_ID_NOT_FOUND");
    let batch = json!({"order_ids": [ids[0], ids[1], "5"], "client_order_ids": ["c2", "zz"]});
    let (status, answer) = b.rest(&t, "DELETE", "/v1/orders/batch", &batch);
    let words: Vec<&str> = answer["results"].as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect();
    assert_eq!(status, 200);
    assert_eq!(words, ["ALREADY_CLOSED", "QUEUED_FOR_CANCELLATION", "NOT_FOUND", "QUEUED_FOR_CANCELLATION", "NOT_FOUND"]);
    assert_eq!(b.rest(&t, "DELETE", "/v1/orders?market=BTC-USD-PERP", &Value::Null).0, 200);
    assert_eq!(b.read(&t, "/v1/orders")["results"].as_array().unwrap().len(), 1);
    assert_eq!(b.rest(&t, "DELETE", "/v1/orders", &Value::Null).0, 200);
    b.run_ms(20);
    assert_eq!(b.read(&t, "/v1/orders")["results"], json!([]));
    assert_eq!(b.life(conn).iter().filter(|l| *l == "CLOSED 0.1 USER_CANCELED").count(), 4);
}

#[test]
fn the_socket_speaks_every_order_method() {
    let mut b = Bench::new();
    let t = b.trader();
    let conn = b.private(&t);
    let order = b.order_with(&t, "BUY", "0.1", "3000", "GTC", json!({"client_id": "w1"}));
    let placed = b.rpc(conn, "order.create", order)["result"].clone();
    assert_eq!(placed["order"]["status"], "NEW");
    assert!(placed["received_at"].as_i64().unwrap() / 1_000_000 == placed["created_at"].as_i64().unwrap());
    let change = b.change(&t, &placed["order"], "0.2", "3000");
    assert_eq!(b.rpc(conn, "order.modify", change)["result"]["order"]["id"], placed["order"]["id"]);
    let by_client_id = json!({"client_id": "w1", "market": ETH});
    let answer = b.rpc(conn, "order.cancel", by_client_id.clone());
    assert_eq!(answer["result"], json!({"order_id": placed["order"]["id"], "status": "QUEUED_FOR_CANCELLATION"}));
    let again = b.rpc(conn, "order.cancel", by_client_id);
    assert_eq!((again["error"]["code"].as_i64(), again["error"]["message"].as_str()), (Some(100), Some("method error")));
    assert!(again["error"]["data"].as_str().unwrap().starts_with("CLIENT_ORDER_ID_NOT_FOUND"));
    let two: Vec<Value> = (0..2).map(|_| b.order(&t, "BUY", "0.1", "3000", "GTC")).collect();
    let batch = b.rpc(conn, "order.create_batch", json!({"orders": two}))["result"]["results"].clone();
    let one = b.order(&t, "BUY", "0.1", "3000", "GTC");
    assert_eq!(b.rpc(conn, "order.create_batch", json!([one]))["result"]["results"].as_array().unwrap().len(), 1);
    let ids = json!([batch[0]["order"]["id"], placed["order"]["id"], "9"]);
    let results = b.rpc(conn, "order.cancel_batch", json!({"order_ids": ids}))["result"]["results"].clone();
    let words: Vec<&str> = results.as_array().unwrap().iter().map(|r| r["status"].as_str().unwrap()).collect();
    assert_eq!(words, ["QUEUED_FOR_CANCELLATION", "ALREADY_CLOSED", "NOT_FOUND"]);
    assert_eq!(b.rpc(conn, "order.cancel_all", json!({"market": ETH}))["result"], json!({"status": "ok"}));
    assert_eq!(b.read(&t, "/v1/orders")["results"], json!([]));
    assert_eq!(b.rpc(conn, "order.replace", json!({}))["error"]["code"], -32601);
    let stranger = b.connect(Some(2));
    assert_eq!(b.rpc(stranger, "order.cancel_all", json!({}))["error"]["code"], 40300);
}

#[test]
fn a_batch_is_taken_whole_or_not_at_all() {
    let mut b = Bench::new();
    let t = b.trader();
    let mut orders: Vec<Value> = (0..3).map(|_| b.order(&t, "BUY", "0.1", "3000", "GTC")).collect();
    let (status, answer) = b.rest(&t, "POST", "/v1/orders/batch", &json!(orders));
    assert_eq!((status, answer["orders"].as_array().unwrap().len()), (201, 3));
    assert_eq!(answer["errors"], json!([null, null, null]));
    orders[1]["size"] = json!("0.2");
    assert_eq!(b.rest(&t, "POST", "/v1/orders/batch", &json!(orders)).1["error"], "INVALID_ORDER_SIGNATURE");
    assert_eq!(b.rest(&t, "POST", "/v1/orders/batch", &json!([])).1["error"], "BATCH_SIZE_OUT_OF_RANGE");
    assert_eq!(b.read(&t, "/v1/orders")["results"].as_array().unwrap().len(), 3);
}

#[test]
fn a_connection_that_asked_for_it_takes_its_orders_with_it() {
    let mut b = Bench::new();
    let t = b.trader();
    let conn = b.private(&t);
    assert_eq!(b.rpc(conn, "order.cancel_on_disconnect", json!({"enabled": true}))["result"], json!({"enabled": true}));
    let order = b.order_with(&t, "BUY", "0.1", "3000", "GTC", json!({"client_id": "socket"}));
    b.rpc(conn, "order.create", order);
    let order = b.order_with(&t, "BUY", "0.1", "3000", "GTC", json!({"client_id": "rest"}));
    b.rest(&t, "POST", "/v1/orders", &order);
    b.leave(conn);
    b.run_ms(150);
    let left = b.read(&t, "/v1/orders")["results"].clone();
    assert_eq!((left.as_array().unwrap().len(), &left[0]["client_id"]), (1, &json!("rest")));
}

#[test]
fn history_is_filtered_and_paged_newest_first() {
    let mut b = Bench::new();
    let t = b.trader();
    for i in 0..5 {
        let order = b.order_with(&t, "BUY", "0.1", "3000", "IOC", json!({"client_id": format!("h{i}")}));
        b.rest(&t, "POST", "/v1/orders", &order);
    }
    let ids = |v: &Value| v["results"].as_array().unwrap().iter().map(|o| o["client_id"].as_str().unwrap().to_owned()).collect();
    let first = b.read(&t, "/v1/orders-history?page_size=2");
    let page: Vec<String> = ids(&first);
    assert_eq!(page, ["h4", "h3"]);
    let next = b.read(&t, &format!("/v1/orders-history?page_size=2&cursor={}", first["next"].as_str().unwrap()));
    let page: Vec<String> = ids(&next);
    assert_eq!(page, ["h2", "h1"]);
    let one: Vec<String> = ids(&b.read(&t, "/v1/orders-history?client_id=h2&status=CLOSED"));
    assert_eq!(one, ["h2"]);
    assert_eq!(b.read(&t, "/v1/orders-history?side=SELL")["results"], json!([]));
    assert_eq!(b.rest(&t, "GET", "/v1/orders-history?cursor=abc", &Value::Null).0, 400);
}

#[test]
fn a_token_lives_five_minutes_and_a_socket_outlives_it() {
    let mut b = Bench::new();
    let mut t = b.trader();
    let conn = b.private(&t);
    b.run_ms(299_000);
    assert_eq!(b.rest(&t, "GET", "/v1/positions", &Value::Null).0, 200);
    b.run_ms(2_000);
    let (status, answer) = b.rest(&t, "GET", "/v1/positions", &Value::Null);
    assert_eq!((status, answer["error"].as_str()), (401, Some("INVALID_TOKEN")));
    let fresh = b.connect(Some(2));
    assert_eq!(b.rpc(fresh, "auth", json!({"bearer": t.token}))["error"]["code"], 40111);
    let order = b.order(&t, "BUY", "0.1", "3000", "GTC");
    assert_eq!(b.rpc(conn, "order.create", order)["result"]["order"]["status"], "NEW");
    t.token = b.login(&t);
    assert_eq!(b.read(&t, "/v1/orders")["results"].as_array().unwrap().len(), 1);
    let (status, answer) = b.http("GET", "/v1/positions", &[], "");
    assert_eq!((status, answer["error"].as_str()), (401, Some("UNAUTHORIZED_ERROR")));
}

#[test]
fn a_registered_subkey_logs_in_and_signs_for_the_account() {
    let mut b = Bench::new();
    let main = b.trader();
    let sub = Bench::subkey_of(&main, 99);
    let path = format!("/v1/auth/{}", sub.public_key);
    assert_eq!(b.login_at(&sub, &path).1["error"], "INVALID_SUBKEY");
    assert_eq!(b.rest(&main, "POST", "/v1/account/keys/subkeys", &json!({"public_key": sub.public_key})).0, 201);
    let (status, answer) = b.login_at(&sub, &path);
    assert_eq!(status, 200);
    let sub = Trader { token: answer["jwt_token"].as_str().unwrap().to_owned(), ..sub };
    let order = b.order(&sub, "BUY", "0.1", "3000", "GTC");
    let placed = b.rest(&sub, "POST", "/v1/orders", &order);
    assert_eq!((placed.0, &placed.1["account"]), (201, &json!(main.account)));
    assert_eq!(b.login_at(&main, &path).0, 401, "the main key does not sign for the subkey's path");
}

#[test]
fn every_documented_route_answers_in_its_shape() {
    let mut b = Bench::new();
    let t = b.trader();
    fn check(v: &Value, members: &[&str]) {
        for m in members {
            assert!(v.get(m).is_some(), "{m} is missing in {v}");
        }
    }
    check(
        &b.get("/v1/system/config"),
        &["starknet_chain_id", "l1_chain_id", "paraclear_account_hash", "paraclear_account_proxy_hash"],
    );
    assert_eq!(b.get("/v1/system/state"), json!({"status": "ok"}));
    assert_eq!(b.get("/v1/system/time"), json!({"server_time": (b.now / 1_000 - 8).to_string()}));
    assert_eq!(b.get("/v1/markets")["results"].as_array().unwrap().len(), 2);
    let m = b.get(&format!("/v1/markets?market={ETH}"))["results"][0].clone();
    check(
        &m,
        &["symbol", "price_tick_size", "order_size_increment", "min_notional", "max_order_size", "delta1_cross_margin_params"],
    );
    assert_eq!([&m["price_tick_size"], &m["order_size_increment"]], [&json!("0.01"), &json!("0.0001")]);
    assert_eq!([&m["price_bands_width"], &m["fee_config"]["api_fee"]["taker_fee"]["fee"]], [&json!("0.05"), &json!("0.00045")]);
    let all = b.get("/v1/markets/summary?market=ALL")["results"].clone();
    assert_eq!(all.as_array().unwrap().len(), 2);
    check(&all[0], &["symbol", "mark_price", "bid", "ask", "underlying_price", "funding_rate", "created_at"]);
    assert_eq!(b.http("GET", "/v1/markets/summary", &[], "").0, 400);
    check(&b.get(&format!("/v1/bbo/{ETH}/interactive")), &["market", "bid", "ask", "seq_no", "last_updated_at"]);
    let book = b.get(&format!("/v1/orderbook/{ETH}?depth=3"));
    assert_eq!((book["bids"].as_array().unwrap().len(), book["asks"].as_array().unwrap().len()), (3, 3));
    check(&b.get(&format!("/v1/trades?market={ETH}")), &["next", "prev", "results"]);
    check(
        &b.get(&format!("/v1/funding/data?market={ETH}"))["results"][0],
        &["funding_rate", "funding_index", "funding_period_hours"],
    );
    check(&b.get("/v1/jwks.json"), &["keys"]);
    assert_eq!(b.http("GET", "/v1/bbo/XYZ", &[], "").1["error"], "MARKET_NOT_FOUND");
    assert_eq!(b.http("GET", "/v1/nothing", &[], "").0, 404);
    assert_eq!(b.http("POST", "/v2/auth", &[], "").0, 404);
    assert_eq!(b.http("GET", "", &[], "").0, 404);
    let info = b.read(&t, "/v1/account/info")["results"][0].clone();
    assert_eq!([&info["kind"], &info["fees"]["taker_rate"]], [&json!("main"), &json!("0.00045")]);
    assert_eq!(b.read(&t, "/v1/balance")["results"][0]["size"], "100000");
    assert_eq!(b.read(&t, "/v1/positions")["results"], json!([]));
    let request = b.post("GET", "/v1/positions", &[("authorization", format!("Bearer {}", t.token))], "");
    b.run_ms(20);
    let headers = b.reply_of(request).unwrap().2;
    assert!(headers.iter().any(|(n, v)| n == "x-ratelimit-limit" && v == "600"), "{headers:?}");
}

#[test]
fn reads_beyond_the_limit_are_refused_with_a_time_to_wait() {
    let mut b = Bench::new();
    let t = b.trader();
    let auth = [("authorization", format!("Bearer {}", t.token))];
    let requests: Vec<u64> = (0..121).map(|_| b.post("GET", "/v1/orders", &auth, "")).collect();
    b.run_ms(20);
    assert_eq!(b.reply_of(requests[119]).unwrap().0, 200);
    let (status, _, headers) = b.reply_of(requests[120]).unwrap();
    assert_eq!(status, 429);
    assert!(headers.iter().any(|(n, v)| n == "retry-after" && v == "1"), "{headers:?}");
}
