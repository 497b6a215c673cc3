//! The newer generation's public side, and what is left when one of the two goes.

use crate::harness::*;
use serde_json::{Value, json};

const FEED: u64 = 9;

/// Depth, trades and ticker of BTC subscribed on v3.
fn listening() -> Desk {
    let mut desk = Desk::open();
    desk.connect(FEED, "/ws?version=1.0");
    let params = ["BTC-PERP@depth", "BTC-PERP@trades", "BTC-PERP@ticker", "BTC-PERP@kline_1m", "XRP-PERP@depth"];
    desk.say(FEED, &json!({"method": "SUBSCRIBE", "params": params, "id": 1}));
    desk
}

#[test]
fn every_channel_speaks_in_its_captured_shape_and_a_refused_one_silences_only_itself() {
    let mut desk = listening();
    let answer = desk.heard(FEED)[0].1.clone();
    same_shape(&data("v3_ws_subscription_outcomes.json"), &answer, &["reason"], "outcomes");
    let statuses: Vec<&str> =
        answer["subscription_outcomes"].as_array().expect("a list").iter().filter_map(|o| o["status"].as_str()).collect();
    assert_eq!(statuses, ["registered", "registered", "registered", "rejected", "rejected"]);
    assert_eq!(answer["subscription_outcomes"][3]["reason"], "invalid_stream");
    desk.trade(true, "0.0100");
    desk.advance(10_000);
    for (file, channel) in [
        ("v3_ws_depth_nq_2026_10_07.json", "BTC-PERP@depth"),
        ("v3_ws_ticker_nq_2026_10_07.json", "BTC-PERP@ticker"),
        ("v3_ws_trade_nq_2026_10_07.json", "BTC-PERP@trades"),
    ] {
        let heard: Vec<Value> = desk.heard(FEED).into_iter().map(|(_, m)| m).filter(|m| m["channel"] == channel).collect();
        assert!(heard.len() >= 2, "{channel}: {}", heard.len());
        heard.iter().for_each(|m| same_shape(&data(file), m, &[], channel));
    }
    let depths: Vec<(i64, Value)> = desk.heard(FEED).into_iter().filter(|(_, m)| m["channel"] == "BTC-PERP@depth").collect();
    for (at, depth) in &depths {
        let age = at / 1_000 - depth["tsMs"].as_i64().expect("a time");
        assert!((0..=10).contains(&age), "{age} ms old");
    }
    desk.say(FEED, &json!({"method": "PING", "params": [], "id": 0}));
    assert_eq!(desk.heard(FEED).pop().expect("an answer").1, json!({"data": "PONG"}));
}

#[test]
fn the_public_reads_need_no_login_and_nothing_else_is_had_without_one() {
    let mut desk = Desk::open();
    desk.api_key.clear();
    let info = desk.get("/v3/exchangeInfo");
    let row = &info["symbols"][0];
    for key in
        ["displaySymbol", "minTickSize", "defaultTickSize", "makerFee", "takerFee", "tradingStatus", "capitalInitMarginRatio"]
    {
        assert!(row[key].is_string(), "{key} in {row}");
    }
    assert_eq!((&row["minTickSize"], &row["takerFee"], &row["tickSizes"]), (&json!("0.01"), &json!("0.0001"), &json!(["0.01"])));
    assert!(info["system"].is_object() && info["exchange"].is_object());
    assert_eq!(desk.get("/v3/exchangeInfo?symbols=XRP-PERP"), data("v3_error_unknown_symbol.json"), "with HTTP 200");
    assert_eq!(desk.get("/v3/ticker/latest?symbols=BTC-PERP")["tickers"][0]["capitalStatus"], "TRADING");
    let trades = desk.get("/v3/trades?symbol=BTC-PERP&limit=5");
    let trades = trades.as_array().expect("a list");
    assert!(
        trades.len() == 5
            && trades.iter().all(|t| t["side"].is_string() && t["id"].as_str().is_some_and(|id| id.ends_with(":0")))
    );
    for path in ["/v3/depth?symbol=BTC-PERP", "/v3/klines?symbol=BTC-PERP"] {
        assert_eq!(desk.call("GET", path, &Value::Null).0, 404, "{path}");
    }
    for path in ["/v3/positions/open", "/v3/auth/account-token"] {
        assert_eq!(desk.call("POST", path, &json!({})).0, 401, "{path}");
    }
    desk.connect(7, "/ws/private");
    assert!(desk.log.iter().any(|(_, a)| matches!(a, venue_sim::SimAction::RefuseUpgrade { conn: 7, status: 401 })));
    desk.connect(8, "/ws?version=2.0");
    assert_eq!(desk.closed(8), Some(4000));
}

#[test]
fn either_generation_can_go_and_the_other_stays() {
    let refused = |desk: &Desk, wanted: u64| {
        desk.log.iter().any(|(_, a)| matches!(a, venue_sim::SimAction::RefuseUpgrade { conn, status: 404 } if *conn == wanted))
    };
    let mut desk = listening();
    desk.fault("v2_gone", json!({}));
    assert_eq!((desk.closed(PRIVATE), desk.closed(FEED)), (Some(0), None));
    for path in ["/v2/exchangeInfo", "/v2/account", "/v2/orders"] {
        assert_eq!(desk.call("GET", path, &Value::Null).0, 404, "{path}");
    }
    desk.connect(20, "/ws-api?version=1.0");
    assert!(refused(&desk, 20));
    let before = desk.heard_on(FEED, "BTC-PERP@depth").len();
    desk.advance(2_000);
    assert!(desk.heard_on(FEED, "BTC-PERP@depth").len() > before);
    desk.clear("v2_gone");
    desk.get("/v2/exchangeInfo");

    let mut desk = listening();
    desk.fault("v3_gone", json!({}));
    assert_eq!((desk.closed(PRIVATE), desk.closed(FEED)), (None, Some(0)));
    assert_eq!(desk.call("GET", "/v3/exchangeInfo", &Value::Null).0, 404);
    desk.connect(20, "/ws?version=1.0");
    assert!(refused(&desk, 20));
    desk.trade(true, "0.0100");

    let mut desk = Desk::open();
    desk.fault("v2_degraded", json!({}));
    assert_eq!(desk.call("GET", "/v2/exchangeInfo", &Value::Null).0, 404);
    let bars = desk.get("/v2/klines?symbol=BTC-PERP&interval=1m&limit=3&startTime=1&endTime=600000");
    assert_eq!(bars.as_array().map(Vec::len), Some(501), "whatever span was asked for");
    desk.trade(true, "0.0100");
}
