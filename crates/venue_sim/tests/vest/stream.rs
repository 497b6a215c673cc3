//! The WebSocket side: who is let in, what is said when, and in which frames.

use super::harness::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::io::Read;
use venue_sim::{Message, SimAction};

const OPEN: &str = "/ws-api?version=1.0&xwebsocketserver=restserver0";

fn subscribe(channels: &[&str]) -> Value {
    json!({ "method": "SUBSCRIBE", "params": channels, "id": 1 })
}

/// A public connection with these channels, after some seconds.
fn listened(channels: &[&str], ms: i64) -> Desk {
    let mut desk = Desk::open();
    desk.connect(2, OPEN);
    desk.say(2, &subscribe(channels));
    desk.advance(ms);
    desk
}

#[test]
fn a_connection_is_closed_with_the_documented_code() {
    let mut desk = Desk::open();
    let key = desk.listen_key.clone();
    let mut conn = 10;
    let mut check = |desk: &mut Desk, target: &str, expect: Option<u16>| {
        conn += 1;
        desk.connect(conn, target);
        assert!(desk.log.iter().any(|(_, a)| *a == SimAction::Accept { conn }), "close codes need an open socket");
        assert_eq!(desk.closed(conn), expect, "{target}");
    };
    let private = format!("{OPEN}&listenKey={key}");
    check(&mut desk, "/ws-api?version=1.0", None);
    check(&mut desk, OPEN, None);
    check(&mut desk, &private, None);
    check(&mut desk, "/ws-api", Some(4000));
    check(&mut desk, "/ws-api?version=2.0", Some(4000));
    check(&mut desk, "/ws-api?version=1.0&xwebsocketserver=restserver7", Some(4001));
    check(&mut desk, "/ws-api?version=1.0&xwebsocketserver=seven", Some(4002));
    check(&mut desk, &format!("/ws-api?version=1.0&listenKey={key}"), Some(4001));
    check(&mut desk, &format!("{OPEN}&listenKey=unknown"), Some(4004));
    desk.switch("websocketserver", json!(true));
    check(&mut desk, &private, Some(4001));
    check(&mut desk, &format!("/ws-api?version=1.0&websocketserver=restserver0&listenKey={key}"), None);
    desk.switch("websocketserver", json!(false));
    desk.switch("ws_group_required", json!(true));
    check(&mut desk, "/ws-api?version=1.0", Some(4001));
    desk.fault("listen_key_expires", json!({}));
    check(&mut desk, &private, Some(4005));
    desk.connect(90, "/somewhere");
    assert!(desk.log.iter().any(|(_, a)| *a == SimAction::RefuseUpgrade { conn: 90, status: 404 }));
    desk.connect(91, OPEN);
    desk.say(91, &subscribe(&["account_private"]));
    assert_eq!(desk.closed(91), Some(4003));
}

#[test]
fn the_documented_messages_are_answered_as_documented() {
    let mut desk = Desk::open();
    desk.connect(2, OPEN);
    let mut check = |message: Value, expect: Value| {
        desk.say(2, &message);
        assert_eq!(desk.heard(2).last().map(|(_, m)| m.clone()), Some(expect), "{message}");
    };
    check(data("v2_ws_ping.json"), data("v2_ws_pong.json"));
    check(data("v2_ws_subscribe.json"), data("v2_ws_subscribe_ack.json"));
    check(data("v2_ws_unsubscribe.json"), json!({ "result": null, "id": 2 }));
    for odd in [json!("PING"), json!({}), json!({"method": "SUBSCRIBE"}), json!({"method": "SUBSCRIBE", "params": [1], "id": 1})]
    {
        check(odd, json!({ "code": 1130, "msg": "Invalid parameter" }));
    }
}

#[test]
fn every_channel_speaks_in_its_documented_shape() {
    fn check(channel: &str, example: &str) {
        let desk = listened(&[channel], 6_000);
        let heard = desk.heard_on(2, channel);
        assert!(!heard.is_empty(), "{channel} is silent");
        for (_, message) in heard {
            same_shape(&data(example)["data"], &message, &[], channel);
        }
    }
    check("tickers", "v2_ws_tickers.json");
    check("BTC-PERP@depth", "v2_ws_depth.json");
    check("ETH-PERP@kline_1m", "v2_ws_kline.json");
    check("SOL-PERP@kline_1M", "v2_ws_kline.json");
    check("BTC-PERP@trades", "v2_ws_trades.json");
}

#[test]
fn a_fill_is_a_public_trade() {
    let mut desk = listened(&["BTC-PERP@trades"], 0);
    let id = desk.trade(true, "0.0100");
    let price = desk.shown(&id)["avgFilledPrice"].clone();
    let trades = desk.heard_on(2, "BTC-PERP@trades");
    assert!(trades.iter().any(|(_, t)| t["price"] == price && t["qty"] == "0.0100"));
    let listed = desk.get("/v2/trades?symbol=BTC-PERP&limit=5");
    assert!(listed.as_array().expect("a list").iter().any(|t| t["price"] == price && t["qty"] == "0.0100"));
}

#[test]
fn depth_is_a_whole_book_every_300_to_800_ms_until_unsubscribed() {
    let mut desk = listened(&["BTC-PERP@depth"], 60_000);
    let heard = desk.heard_on(2, "BTC-PERP@depth");
    assert!((100..=200).contains(&heard.len()), "{} in a minute", heard.len());
    let gaps: Vec<i64> = heard.windows(2).map(|w| w[1].0 - w[0].0).collect();
    assert!(gaps.iter().all(|g| (300_000..=800_000).contains(g)), "{gaps:?}");
    for (_, book) in &heard {
        assert_eq!((book["bids"].as_array().map(Vec::len), book["asks"].as_array().map(Vec::len)), (Some(20), Some(20)));
    }
    assert!(heard[0].1 != heard[heard.len() - 1].1, "the market moves");
    desk.say(2, &json!({"method": "UNSUBSCRIBE", "params": ["BTC-PERP@depth"], "id": 2}));
    let before = desk.heard(2).len();
    desk.advance(5_000);
    assert_eq!(desk.heard(2).len(), before);
}

#[test]
fn reading_depth_over_rest_takes_nothing_from_the_stream() {
    let mut desk = listened(&["BTC-PERP@depth"], 2_000);
    let due = desk.heard_on(2, "BTC-PERP@depth").len();
    desk.now += 900_000; // a shell that is late with its wake, and a read that comes first
    let read = desk.get("/v2/depth?symbol=BTC-PERP");
    desk.settle();
    let heard = desk.heard_on(2, "BTC-PERP@depth");
    assert_eq!(heard.len(), due + 1);
    assert_eq!(heard[due].1, read);
}

#[test]
fn one_bad_channel_silences_its_list_or_only_itself_by_switch() {
    for (silences, expect) in [(true, 0), (false, 1)] {
        let mut desk = Desk::open();
        desk.switch("bad_channel_silences", json!(silences));
        desk.connect(2, OPEN);
        desk.say(2, &subscribe(&["BTC-PERP@depth", "NOPE-PERP@depth"]));
        desk.advance(3_000);
        assert_eq!(desk.heard(2)[0].1, json!({ "result": null, "id": 1 }), "the list is acknowledged all the same");
        assert_eq!(desk.heard_on(2, "BTC-PERP@depth").len().min(1), expect);
    }
}

#[test]
fn messages_are_binary_text_or_brotli_by_switch() {
    fn check(frames: &str, read: fn(&Message) -> String) {
        let mut desk = Desk::open();
        desk.switch("frames", json!(frames));
        desk.connect(2, OPEN);
        let from = desk.log.len();
        desk.say(2, &data("v2_ws_ping.json"));
        let said = desk.log[from..].iter().find_map(|(_, a)| match a {
            SimAction::Send { message, .. } => Some(read(message)),
            _ => None,
        });
        assert_eq!(said.as_deref(), Some("{\"data\":\"PONG\"}"), "{frames}");
    }
    check("binary", |m| match m {
        Message::Binary(bytes) => String::from_utf8(bytes.clone()).expect("UTF-8"),
        Message::Text(_) => panic!("text"),
    });
    check("text", |m| match m {
        Message::Text(text) => text.clone(),
        Message::Binary(_) => panic!("binary"),
    });
    check("brotli", |m| match m {
        Message::Binary(bytes) => {
            let mut text = String::new();
            brotli_decompressor::Decompressor::new(bytes.as_slice(), 4_096).read_to_string(&mut text).expect("Brotli");
            text
        }
        Message::Text(_) => panic!("text"),
    });
}

#[test]
fn nobody_hears_of_orders_without_the_private_channel_or_of_others_orders() {
    let mut desk = Desk::open();
    desk.connect(2, OPEN);
    desk.say(2, &subscribe(&["tickers"]));
    let target = format!("{OPEN}&listenKey={}", desk.listen_key);
    desk.connect(3, &target);
    let id = desk.trade(true, "0.0100");
    assert_eq!(desk.story(&id), "NEW FILLED");
    assert!(desk.heard_on(2, "account_private").is_empty() && desk.heard_on(3, "account_private").is_empty());
    // Another primary key is another account, funded of its own.
    desk.primary = key("0x9e0ddcad34ee9a4254ddbd61037939892600890e02b610d15045dc723e91dc2d");
    desk.register();
    desk.listen(4);
    let heard = desk.heard_on(PRIVATE, "account_private").len();
    desk.trade(true, "0.0200");
    assert_eq!(desk.heard_on(PRIVATE, "account_private").len(), heard);
    assert_eq!(desk.heard_on(4, "account_private").len(), 2);
    assert_eq!(desk.position(), "0.0200");
    assert_eq!(desk.sim.net_positions_e8()[0].1, 3_000_000);
}

#[test]
fn a_silent_venue_asks_for_no_wake() {
    use venue_sim::VenueSim;
    let mut desk = Desk::bare(START_MS, CALM, |_| {});
    assert_eq!(desk.sim.next_wake(), None);
    desk.connect(2, OPEN);
    assert_eq!(desk.sim.next_wake(), None);
    desk.say(2, &subscribe(&["BTC-PERP@depth"]));
    assert!(desk.sim.next_wake().is_some());
    desk.sim.on_disconnect(2, venue_sim::SimNow(desk.now), &mut Vec::new());
    assert_eq!(desk.sim.next_wake(), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// Whatever a client says, asks for or connects with, it gets an answer and the venue goes on.
    #[test]
    fn nonsense_is_survived(bytes in prop::collection::vec(any::<u8>(), 0..80), text in "\\PC{0,60}", channel in "[A-Za-z@_0-9-]{0,20}") {
        let mut desk = Desk::open();
        desk.connect(2, OPEN);
        desk.say_raw(2, Message::Binary(bytes));
        desk.say_raw(2, Message::Text(text.clone()));
        desk.say(2, &subscribe(&[&channel, "BTC-PERP@kline_x", "@", "@depth"]));
        prop_assert_eq!(desk.heard(2).len(), 3);
        desk.connect(3, &text);
        desk.connect(4, &format!("/ws-api?version=1.0&{text}"));
        for target in [text.clone(), format!("/v2/klines?symbol=BTC-PERP&interval=1m&{text}"), format!("/v2/orders?limit={text}")] {
            let request = desk.request("GET", &target, b"");
            prop_assert!(desk.reply(request).is_some());
        }
        desk.trade(true, "0.0100");
    }

    #[test]
    fn any_span_and_limit_of_a_history_is_answered(start in any::<i64>(), end in any::<i64>(), limit in any::<i64>()) {
        let mut desk = Desk::open();
        for path in ["klines", "trades", "funding/history"] {
            let query = format!("/v2/{path}?symbol=BTC-PERP&interval=1M&startTime={start}&endTime={end}");
            prop_assert_eq!(desk.call("GET", &query, &Value::Null).0, 200);
            let (status, _) = desk.call("GET", &format!("{query}&limit={limit}"), &Value::Null);
            prop_assert_eq!(status, if (1..=1_000).contains(&limit) { 200 } else { 400 });
        }
    }
}
