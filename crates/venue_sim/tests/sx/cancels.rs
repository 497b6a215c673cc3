//! Taking orders back (sx.md section 10).

use crate::bench::{Ask, Bench, RUNG, data};
use serde_json::{Value, json};

fn rest(bench: &mut Bench, count: usize) -> (String, Vec<String>) {
    let market = bench.market();
    let expiry_s = bench.now / 1_000_000 + 3_600;
    let ids = (0..count).map(|_| {
        let ask = Ask { market: market.clone(), one: true, stake: 1_000_000, p: 8 * RUNG, force: "GTC", expiry_s };
        bench.bet(&ask)["orderId"].as_str().unwrap().to_owned()
    });
    let ids = ids.collect();
    (market, ids)
}

fn reason(bench: &mut Bench, id: &str) -> Value {
    bench.get(&format!("/orders-v3/{id}"))["order"]["inactiveReason"].clone()
}

#[test]
fn a_cancel_by_id_says_what_went_and_what_did_not() {
    let mut bench = Bench::open();
    let (_, ids) = rest(&mut bench, 2);
    let foreign = format!("0x{}", "9".repeat(64));
    let rows: Vec<Value> = [&ids[0], &foreign].iter().map(|id| json!({ "orderId": id })).collect();
    let (status, body) = bench.call("DELETE", "/orders-v3", &json!({ "orders": rows }));
    assert_eq!(status, 200);
    Bench::assert_names(&body["data"], &data("v3_cancel_responses.json")["by_id"]["data"], "cancel");
    assert_eq!(body["data"]["cancelled"], json!([{ "orderId": ids[0] }]));
    assert_eq!(body["data"]["notCancelled"], json!([{ "orderId": foreign, "reason": "NOT_FOUND" }]));
    assert_eq!(reason(&mut bench, &ids[0]), "USER_REQUESTED");
    let (_, again) = bench.call("DELETE", "/orders-v3", &json!({ "orders": [{ "orderId": ids[0] }] }));
    assert_eq!(again["data"]["notCancelled"][0]["reason"], "NOT_FOUND");
    bench.fault("cancel_unconfirmed", json!({ "count": 1 }));
    let (_, unsure) = bench.call("DELETE", "/orders-v3", &json!({ "orders": [{ "orderId": ids[1] }] }));
    assert_eq!(unsure["data"]["unconfirmed"][0]["orderId"], ids[1]);
    assert_eq!(reason(&mut bench, &ids[1]), Value::Null);
    for bad in [
        json!({}),
        json!({ "orders": [] }),
        json!({ "orders": [{}] }),
        json!({ "orders": vec![json!({ "orderId": "0x1" }); 101] }),
    ] {
        assert_eq!(bench.call("DELETE", "/orders-v3", &bad).0, 400, "{bad}");
    }
}

#[test]
fn a_cancel_of_all_is_asynchronous_and_repeated_while_there_are_more() {
    let mut bench = Bench::open();
    let (_, ids) = rest(&mut bench, 25);
    let mut rounds = 0;
    loop {
        let (_, body) = bench.call("DELETE", "/orders-v3/all", &Value::Null);
        Bench::assert_names(&body["data"], &data("v3_cancel_responses.json")["all_or_event"]["data"], "cancel");
        rounds += 1;
        if body["data"]["hasMore"] == false {
            break;
        }
    }
    assert_eq!(rounds, 2);
    bench.run_ms(200);
    for id in &ids {
        assert_eq!(reason(&mut bench, id), "USER_REQUESTED");
    }
}

#[test]
fn a_cancel_of_an_event_leaves_the_others() {
    let mut bench = Bench::open();
    let (market, ids) = rest(&mut bench, 1);
    let event = bench.get(&format!("/markets/find?marketHashes={market}"))[0]["sportXeventId"].as_str().unwrap().to_owned();
    let elsewhere = bench.markets(|m| m["sportXeventId"] != event.as_str() && m["type"] == 2)[0]["marketHash"].clone();
    let expiry_s = bench.now / 1_000_000 + 3_600;
    let ask =
        Ask { market: elsewhere.as_str().unwrap().to_owned(), one: true, stake: 1_000_000, p: 8 * RUNG, force: "GTC", expiry_s };
    let other = bench.bet(&ask)["orderId"].as_str().unwrap().to_owned();
    assert_eq!(bench.call("DELETE", &format!("/orders-v3/event?eventId={event}"), &Value::Null).0, 200);
    bench.run_ms(200);
    assert_eq!((reason(&mut bench, &ids[0]), reason(&mut bench, &other)), (json!("USER_REQUESTED"), Value::Null));
}

#[test]
fn a_heartbeat_that_stops_cancels_what_rests_and_one_that_is_switched_off_does_not() {
    let mut bench = Bench::open();
    let (_, ids) = rest(&mut bench, 1);
    let beat = |bench: &mut Bench, seconds: i64| bench.call("POST", "/heartbeat/v3", &json!({ "timeoutSeconds": seconds })).1;
    assert!(beat(&mut bench, 10)["data"]["expiresAt"].is_string());
    bench.run_ms(8_000);
    beat(&mut bench, 10);
    bench.run_ms(8_000);
    assert_eq!(reason(&mut bench, &ids[0]), Value::Null, "it was renewed");
    assert_eq!(beat(&mut bench, 0)["data"]["expiresAt"], Value::Null);
    bench.run_ms(60_000);
    assert_eq!(reason(&mut bench, &ids[0]), Value::Null, "it was switched off");
    beat(&mut bench, 5);
    bench.run_ms(5_100);
    assert_eq!(reason(&mut bench, &ids[0]), "HEARTBEAT_TIMEOUT");
    assert_eq!(bench.call("POST", "/heartbeat/v3", &json!({ "timeoutSeconds": 3_601 })).0, 400);
}

#[test]
fn orders_in_their_delay_outlive_a_heartbeat_unless_the_switch_says_otherwise() {
    for (switch, expect) in [(false, Value::from("FILLED")), (true, Value::from("HEARTBEAT_TIMEOUT"))] {
        let mut bench = Bench::open();
        bench.switch("heartbeat_cancels_pending", json!(switch));
        bench.fault("slow_match", json!({ "ms": 3_000 }));
        let market = bench.market();
        let ask = bench.take_best(&market, true, 1_000_000, "IOC");
        let me = bench.me.clone();
        let item = bench.signed(&me, &Ask { p: ask.p + 8 * RUNG, ..ask });
        let (_, body) = bench.call("POST", "/orders-v3", &json!({ "orders": [item] }));
        bench.call("POST", "/heartbeat/v3", &json!({ "timeoutSeconds": 1 }));
        bench.run_ms(5_000);
        assert_eq!(reason(&mut bench, body["data"]["orders"][0]["orderId"].as_str().unwrap()), expect);
    }
}
