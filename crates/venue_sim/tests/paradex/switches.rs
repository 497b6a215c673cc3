//! Points the documents leave open: each switch makes the difference it names.

use serde_json::{Value, json};
use venue_sim::VenueSim;
use venue_sim::paradex::ParadexSwitches;

use crate::bench::*;

fn ready(switch: &str, value: Value) -> (Bench, Trader) {
    let mut b = Bench::new();
    b.switch(switch, value);
    let t = b.trader();
    (b, t)
}

fn gtc(b: &mut Bench, t: &Trader, more: Value) -> Value {
    let order = b.order_with(t, "BUY", "0.1", "3000", "GTC", more);
    b.rest(t, "POST", "/v1/orders", &order).1
}

#[test]
fn a_session_without_sbe_gets_an_error_silence_or_json() {
    fn check(value: &str, code: Option<i64>, messages: bool) {
        let (mut b, _) = ready("public_without_sbe", json!(value));
        let conn = b.connect(None);
        let mut answer = Value::Null;
        for channel in
            [format!("order_book.{ETH}.deltas"), format!("bbo.{ETH}"), format!("trades.{ETH}"), "markets_summary".into()]
        {
            answer = b.rpc(conn, "subscribe", json!({"channel": channel}));
        }
        b.run_ms(3_000);
        assert_eq!(answer["error"]["code"].as_i64(), code, "{value}");
        for prefix in ["order_book.", "bbo.", "markets_summary"] {
            assert_eq!(!b.told(conn, prefix).is_empty(), messages, "{value} {prefix}");
        }
        if messages {
            let books = b.told(conn, "order_book.");
            assert_eq!((&books[0].1["update_type"], &books[1].1["update_type"]), (&json!("s"), &json!("d")));
            let seqs: Vec<i64> = books.iter().map(|(_, v)| v["seq_no"].as_i64().unwrap()).collect();
            assert!(seqs.windows(2).all(|w| w[1] == w[0] + 1));
        }
    }
    check("error", Some(-32600), false);
    check("silence", None, false);
    check("json", None, true);
}

#[test]
fn private_payloads_come_in_binary_in_json_or_mixed() {
    fn check(value: &str, orders_binary: bool, fills_binary: bool) {
        let (mut b, t) = ready("private_payload", json!(value));
        let conn = b.connect(Some(2));
        b.rpc(conn, "auth", json!({"bearer": t.token}));
        b.subscribe(conn, "orders.ALL");
        b.subscribe(conn, "fills.ALL");
        let order = b.order(&t, "BUY", "0.02", "3200", "IOC");
        b.rest(&t, "POST", "/v1/orders", &order);
        b.run_ms(20);
        assert_eq!((b.frames(conn, 20).len(), b.life(conn).len()), if orders_binary { (2, 0) } else { (0, 2) }, "{value}");
        assert_eq!(
            (b.frames(conn, 21).len(), b.told(conn, "fills.").len()),
            if fills_binary { (1, 0) } else { (0, 1) },
            "{value}"
        );
    }
    check("sbe", true, true);
    check("json", false, false);
    check("mixed", false, true);
}

#[test]
fn a_batch_over_the_socket_has_the_accepted_shape() {
    fn check(value: &str, array: bool, accepted: bool) {
        let (mut b, t) = ready("batch_params", json!(value));
        let conn = b.private(&t);
        let order = b.order(&t, "BUY", "0.1", "3000", "GTC");
        let answer = b.rpc(conn, "order.create_batch", if array { json!([order]) } else { json!({"orders": [order]}) });
        assert_eq!(answer["error"]["code"].as_i64(), (!accepted).then_some(-32602), "{value}: {answer}");
    }
    check("both", true, true);
    check("both", false, true);
    check("object", true, false);
    check("object", false, true);
    check("array", true, true);
    check("array", false, false);
}

#[test]
fn what_happens_to_a_modified_order_is_a_switch() {
    let modified = |switch: &str, value: Value| {
        let (mut b, t) = ready(switch, value);
        let conn = b.private(&t);
        let maker = b.trader_with(12);
        let [bid, _, ask, _] = b.top();
        let price = text(i64::midpoint(e8(&bid), e8(&ask)) / 1_000_000 * 1_000_000);
        let order = b.order(&t, "BUY", "0.1", &price, "POST_ONLY");
        let placed = b.rest(&t, "POST", "/v1/orders", &order).1;
        let taking = b.order(&maker, "SELL", "0.04", &price, "IOC");
        b.rest(&maker, "POST", "/v1/orders", &taking);
        let change = b.change(&t, &placed, "0.2", "3000");
        b.rest(&t, "PUT", &format!("/v1/orders/{}", placed["id"].as_str().unwrap()), &change);
        b.run_ms(20);
        let event = b.told(conn, "orders.").iter().map(|(_, v)| v.clone()).rfind(|v| !v["request_info"].is_null());
        let event = event.unwrap();
        (event["remaining_size"].as_str().unwrap().to_owned(), event["id"] == placed["id"])
    };
    assert_eq!(modified("modify_counts_filled", json!(true)), ("0.16".to_owned(), true));
    assert_eq!(modified("modify_counts_filled", json!(false)), ("0.2".to_owned(), true));
    assert_eq!(modified("modify_keeps_id", json!(false)), ("0.16".to_owned(), false));
}

#[test]
fn cancel_on_disconnect_is_as_slow_and_as_broad_as_its_switches_say() {
    let left = |switch: &str, value: Value, own: bool, wait_ms: i64| {
        let (mut b, t) = ready(switch, value);
        let conn = b.private(&t);
        b.rpc(conn, "order.cancel_on_disconnect", json!({"enabled": true}));
        let order = b.order(&t, "BUY", "0.1", "3000", "GTC");
        b.rpc(conn, "order.create", order);
        gtc(&mut b, &t, json!({}));
        if own {
            b.fault("drop_sockets", json!({}));
        } else {
            b.leave(conn);
        }
        b.run_ms(wait_ms);
        b.read(&t, "/v1/orders")["results"].as_array().unwrap().len()
    };
    assert_eq!(left("cancel_on_disconnect_ms", json!(5_000), false, 4_000), 2);
    assert_eq!(left("cancel_on_disconnect_ms", json!(5_000), false, 6_000), 1);
    assert_eq!(left("cancel_on_own_close", json!(false), true, 1_000), 2);
    assert_eq!(left("cancel_on_own_close", json!(true), true, 1_000), 1);
    assert_eq!(left("cancel_rest_orders_too", json!(true), false, 1_000), 0);
}

#[test]
fn small_switches_do_what_they_name() {
    let (mut b, t) = ready("socket_orders", json!(false));
    let conn = b.private(&t);
    assert_eq!(b.rpc(conn, "order.cancel_all", json!({}))["error"]["code"], 40300);

    let (mut b, t) = ready("token_ends_socket_orders", json!(true));
    let conn = b.private(&t);
    b.run_ms(301_000);
    assert_eq!(b.rpc(conn, "order.cancel_all", json!({}))["error"]["code"], 40111);

    let (mut b, _) = ready("idle_close_ms", json!(0));
    let conn = b.connect(Some(2));
    b.run_ms(100_000);
    assert_eq!(b.closed(conn), None);

    let (mut b, _) = ready("max_subscriptions", json!(1));
    let conn = b.connect(Some(2));
    b.subscribe(conn, "bbo.ALL");
    assert_eq!(b.rpc(conn, "subscribe", json!({"channel": "trades.ALL"}))["error"]["code"], -32600);

    let (mut b, t) = ready("new_is_published", json!(false));
    let conn = b.private(&t);
    gtc(&mut b, &t, json!({}));
    b.run_ms(20);
    assert_eq!(b.life(conn), ["OPEN 0.1"]);

    let (mut b, t) = ready("get_order", json!("open"));
    let id = gtc(&mut b, &t, json!({}))["id"].as_str().unwrap().to_owned();
    assert_eq!(b.read(&t, &format!("/v1/orders/{id}"))["status"], "OPEN");
    b.rest(&t, "DELETE", &format!("/v1/orders/{id}"), &Value::Null);
    assert_eq!(b.rest(&t, "GET", &format!("/v1/orders/{id}"), &Value::Null).1["error"], "ORDER_ID_NOT_FOUND");

    let (mut b, t) = ready("same_hash", json!("refuse"));
    let order = b.order(&t, "BUY", "0.1", "3000", "GTC");
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).0, 201);
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).1["error"], "VALIDATION_ERROR");

    let (mut b, t) = ready("batch_max", json!(2));
    let three: Vec<Value> = (0..3).map(|_| b.order(&t, "BUY", "0.1", "3000", "GTC")).collect();
    assert_eq!(b.rest(&t, "POST", "/v1/orders/batch", &json!(three)).1["error"], "BATCH_SIZE_OUT_OF_RANGE");

    let (mut b, t) = ready("reduce_only_oversize", json!("clip"));
    let conn = b.private(&t);
    let order = b.order(&t, "BUY", "0.02", "3200", "IOC");
    b.rest(&t, "POST", "/v1/orders", &order);
    let order = b.order_with(&t, "SELL", "0.03", "3000", "IOC", json!({"flags": ["REDUCE_ONLY"]}));
    b.rest(&t, "POST", "/v1/orders", &order);
    b.run_ms(20);
    assert_eq!(b.life(conn).last().unwrap(), "CLOSED 0.01 REDUCE_ONLY_WILL_INCREASE");

    let (mut b, t) = ready("system_state", json!("post_only"));
    let order = b.order(&t, "BUY", "0.1", "3000", "GTC");
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).1["error"], "SYSTEM_STATUS_POST_ONLY");
    assert_eq!(b.get("/v1/system/state")["status"], "post_only");
    b.switch("system_state", json!("cancel_only"));
    let order = b.order(&t, "BUY", "0.1", "3000", "POST_ONLY");
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).1["error"], "SYSTEM_STATUS_CANCEL_ONLY");
    b.clear("switch");
    assert_eq!(b.get("/v1/system/state")["status"], "ok");

    let (mut b, _) = ready("empty_side_is", json!("zero"));
    b.fault("empty_side", json!({}));
    let conn = b.connect(Some(2));
    b.subscribe(conn, &format!("bbo.{ETH}"));
    b.run_ms(300);
    assert_eq!(number(&b.frames(conn, 2).pop().unwrap(), 32), 0);
}

#[test]
fn the_counter_can_start_anew() {
    let mut b = Bench::new();
    let conn = b.connect(Some(2));
    b.subscribe(conn, &format!("order_book.{ETH}.deltas"));
    b.run_ms(1_000);
    b.switch("restart_book_seq", json!(100));
    b.run_ms(3_000);
    let seqs: Vec<i64> = b.frames(conn, 3).iter().map(|f| book(f).0).collect();
    assert_eq!(seqs.windows(2).filter(|w| w[1] < w[0]).count(), 1);
    assert!(seqs.contains(&101) && *seqs.last().unwrap() < 200);
}

#[test]
fn the_text_of_a_refused_order_method_is_a_switch() {
    fn check(value: &str, expect: &str) {
        let (mut b, t) = ready("socket_error_text", json!(value));
        let conn = b.private(&t);
        let answer = b.rpc(conn, "order.cancel", json!({"id": "5"}));
        assert_eq!(answer["error"]["data"], expect);
    }
    check("code_and_text", "ORDER_ID_NOT_FOUND: order 5 not found");
    check("code", "ORDER_ID_NOT_FOUND");
    check("text", "order 5 not found");
}

#[test]
fn a_wrong_switch_or_value_is_refused_with_the_possible_ones() {
    let mut b = Bench::new();
    let mut set = |name: &str, value: Value| b.sim.set_fault("switch", &json!({"name": name, "value": value}));
    assert!(set("color", json!(1)).unwrap_err().contains("public_without_sbe"));
    assert!(set("public_without_sbe", json!("xml")).unwrap_err().contains("silence"));
    assert!(set("batch_max", json!("many")).unwrap_err().contains("number"));
    assert!(ParadexSwitches::NAMES.len() > 20);
}
