//! One test per named fault: what it does, when it ends by itself, and what is true while it is on.

use super::harness::*;
use serde_json::{Value, json};
use venue_sim::{SimAction, SimNow, VenueSim};

const DEPTH: &str = "BTC-PERP@depth";

/// Connection 2 listens to the book.
fn with_book() -> Desk {
    let mut desk = Desk::open();
    desk.connect(2, "/ws-api?version=1.0");
    desk.say(2, &json!({"method": "SUBSCRIBE", "params": [DEPTH, "tickers"], "id": 1}));
    desk.advance(2_000);
    desk
}

fn buy(desk: &mut Desk) -> Value {
    desk.order("MARKET", true, "0.0100", 100)
}

fn sell(desk: &mut Desk) -> Value {
    desk.order("MARKET", false, "0.0100", 100)
}

/// A decimal without its point.
fn digits(text: &Value) -> i64 {
    text.as_str().expect("text").replace('.', "").parse().expect("digits")
}

#[test]
fn latency_delays_every_answer_and_event() {
    let mut desk = Desk::open();
    desk.fault("latency", json!({ "ms": 700 }));
    let order = buy(&mut desk);
    let asked_at = desk.now;
    let request = desk.post(&order);
    let answered_at = desk.reply(request).expect("answered").0;
    assert!((716_000..=724_000).contains(&(answered_at - asked_at)));
    assert_eq!(desk.by_nonce(&order)[0]["status"], "NEW", "requests are processed at once");
    desk.advance(1_000);
    let id = desk.id_of(request);
    let events = desk.events(&id);
    assert!(events[0].0 > answered_at && events[1].0 - answered_at >= 50_000);
    desk.clear("latency");
    let at = desk.now;
    let request = desk.request("GET", "/v2/oi", b"");
    assert_eq!(desk.reply(request).expect("answered").0 - at, 8_000);
}

#[test]
fn hold_order_answer_withholds_answer_and_events_until_cleared_while_rest_tells_the_truth() {
    for events in [true, false] {
        let mut desk = Desk::open();
        desk.fault("hold_order_answer", json!({ "count": 1, "events": events }));
        let order = buy(&mut desk);
        let held = desk.post(&order);
        desk.advance(5_000);
        assert_eq!((desk.reply(held), desk.hang(held)), (None, None));
        let shown = desk.by_nonce(&order)[0].clone();
        let id = shown["id"].as_str().expect("text").to_owned();
        assert_eq!((shown["status"].as_str(), desk.position().as_str()), (Some("FILLED"), "0.0100"));
        assert_eq!(desk.story(&id), if events { "" } else { "NEW FILLED" });
        let next = desk.trade(true, "0.0100");
        assert_eq!(desk.story(&next), "NEW FILLED", "one order was asked for");
        desk.clear("hold_order_answer");
        assert_eq!(desk.id_of(held), id);
        assert_eq!(desk.story(&id), "NEW FILLED");
    }
}

#[test]
fn lose_order_answer_matches_and_tells_by_events_but_never_answers() {
    let mut desk = Desk::open();
    desk.fault("lose_order_answer", json!({ "count": 1, "side": "sell" }));
    let (first, second) = (buy(&mut desk), sell(&mut desk));
    let (kept, lost) = (desk.post(&first), desk.post(&second));
    desk.advance(500);
    assert!(desk.reply(kept).is_some(), "the other side is not meant");
    assert!(desk.reply(lost).is_none() && desk.hang(lost).is_some());
    let id = desk.by_nonce(&second)[0]["id"].as_str().expect("text").to_owned();
    assert_eq!(desk.story(&id), "NEW FILLED");
}

#[test]
fn drop_order_takes_nothing_and_hangs() {
    let mut desk = Desk::open();
    desk.fault("drop_order", json!({ "count": 1 }));
    let order = buy(&mut desk);
    let asked_at = desk.now;
    let dropped = desk.post(&order);
    desk.advance(60_000);
    assert_eq!((desk.reply(dropped), desk.hang(dropped)), (None, Some(asked_at + 30_000_000)));
    assert_eq!(desk.by_nonce(&order), json!([]));
    assert_eq!(desk.get("/v2/account/nonce"), json!({ "lastNonce": 0 }));
    desk.trade(true, "0.0100");
}

#[test]
fn refuse_order_is_immediate_for_1xxx_and_after_new_for_3xxx() {
    let mut desk = Desk::open();
    desk.fault("refuse_order", json!({ "count": 1, "code": 1148 }));
    let order = buy(&mut desk);
    let body = desk.signed(&order);
    let (status, answer) = desk.call("POST", "/v2/orders", &body);
    assert_eq!((status, code(&answer)), (400, 1148));
    assert_eq!(desk.by_nonce(&order), json!([]));
    desk.fault("refuse_order", json!({ "count": 1, "code": "3003" }));
    let order = buy(&mut desk);
    let id = desk.place(&order);
    desk.advance(500);
    assert_eq!(desk.story(&id), "NEW REJECTED:3003");
    same_shape(&data("v2_ws_private_order_rejected.json")["data"]["args"], &desk.events(&id)[1].1, &[], "REJECTED");
    assert_eq!(desk.position(), "0");
    desk.fault("refuse_order", json!({}));
    let order = buy(&mut desk);
    let id = desk.place(&order);
    desk.advance(500);
    assert_eq!(desk.story(&id), "NEW REJECTED:3001", "the usual reason");
    desk.clear("refuse_order");
    desk.trade(true, "0.0100");
}

#[test]
fn partial_fill_fills_a_share_and_cancels_the_rest() {
    let mut desk = Desk::open();
    let mut check = |size: &str, share_bps: i64, filled: Value, story: &str| {
        desk.fault("partial_fill", json!({ "count": 1, "share_bps": share_bps }));
        let order = desk.order("MARKET", true, size, 100);
        let id = desk.place(&order);
        desk.advance(500);
        assert_eq!(desk.story(&id), story, "{share_bps}");
        let shown = desk.shown(&id);
        assert_eq!((&shown["lastFilledSize"], &shown["size"]), (&filled, &json!(size)));
    };
    check("0.0100", 5_000, json!("0.0050"), "NEW PARTIALLY_FILLED CANCELLED");
    check("0.0003", 5_000, json!("0.0001"), "NEW PARTIALLY_FILLED CANCELLED");
    check("0.0001", 5_000, Value::Null, "NEW CANCELLED");
    check("0.0100", 10_000, json!("0.0100"), "NEW FILLED");
    assert_eq!(desk.position(), "0.0151");
}

#[test]
fn delay_fill_and_late_fill_answer_at_once_and_fill_later_at_the_price_of_before() {
    for name in ["delay_fill", "late_fill"] {
        let mut desk = Desk::open_with(venue_sim::market::MarketShape::default(), |_| {});
        desk.fault(name, json!({ "count": 1, "ms": 9_000 }));
        let order = desk.order("MARKET", true, "0.0100", 6);
        let request = desk.post(&order);
        let answered_at = desk.reply(request).expect("answered").0;
        let id = desk.id_of(request);
        desk.advance(8_500);
        assert_eq!((desk.story(&id).as_str(), desk.shown(&id)["status"].as_str()), ("NEW", Some("NEW")), "{name}");
        assert_eq!(desk.position(), "0");
        desk.advance(1_000);
        assert_eq!((desk.story(&id).as_str(), desk.position().as_str()), ("NEW FILLED", "0.0100"), "{name}");
        assert_eq!(desk.events(&id)[1].0, answered_at + 9_000_000);
        desk.trade(true, "0.0100");
    }
}

#[test]
fn duplicate_events_says_everything_twice() {
    let mut desk = Desk::open();
    desk.fault("duplicate_events", json!({}));
    let id = desk.trade(true, "0.0100");
    assert_eq!(desk.story(&id), "NEW NEW FILLED FILLED");
    assert_eq!(desk.position(), "0.0100");
}

#[test]
fn event_before_answer_tells_the_whole_life_first() {
    let mut desk = Desk::open();
    desk.fault("event_before_answer", json!({}));
    let order = buy(&mut desk);
    let request = desk.post(&order);
    desk.advance(500);
    let (answered_at, ..) = desk.reply(request).expect("answered");
    let events = desk.events(&desk.id_of(request));
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|(at, e)| *at < answered_at && e["nonce"] == order["nonce"]));
}

#[test]
fn silent_private_says_nothing_and_replays_nothing() {
    for name in ["silent_private", "silence_events"] {
        let mut desk = Desk::open();
        desk.fault(name, json!({}));
        let id = desk.trade(true, "0.0100");
        assert_eq!((desk.story(&id).as_str(), desk.position().as_str()), ("", "0.0100"), "{name}");
        desk.clear(name);
        desk.advance(5_000);
        assert_eq!(desk.story(&id), "", "{name}");
        let id = desk.trade(true, "0.0100");
        assert_eq!(desk.story(&id), "NEW FILLED", "{name}");
    }
}

#[test]
fn http_error_answers_what_its_path_names_without_processing() {
    let mut desk = Desk::open();
    desk.fault("http_error", json!({ "count": 1, "status": 530, "path": "/orders", "body": "<html>gone</html>" }));
    assert_eq!(desk.call("GET", "/v2/oi", &Value::Null).0, 200);
    let order = buy(&mut desk);
    let body = desk.signed(&order);
    assert_eq!(desk.call("POST", "/v2/orders", &body), (530, json!("<html>gone</html>")));
    assert_eq!(desk.call("POST", "/v2/orders", &body).0, 200, "the same bytes are new to the venue");
    desk.fault("http_error", json!({ "status": 503 }));
    let (status, page) = desk.call("GET", "/v2/oi", &Value::Null);
    assert!(status == 503 && page.as_str().is_some_and(|p| p.starts_with("<html>")));
}

#[test]
fn error_after_processes_and_then_fails() {
    let mut desk = Desk::open();
    desk.fault("error_after", json!({ "count": 1, "status": 502 }));
    let order = buy(&mut desk);
    let body = desk.signed(&order);
    assert_eq!(desk.call("POST", "/v2/orders", &body).0, 502);
    desk.advance(500);
    assert_eq!((desk.by_nonce(&order)[0]["status"].as_str(), desk.position().as_str()), (Some("FILLED"), "0.0100"));
    assert_eq!(code(&desk.call("POST", "/v2/orders", &body).1), 3015);
}

#[test]
fn rate_limit_refuses_so_many_requests_unread() {
    let mut desk = Desk::open();
    desk.fault("rate_limit", json!({ "count": 2, "retry_after_s": 3 }));
    let order = buy(&mut desk);
    let request = desk.post(&order);
    let (_, status, headers, body) = desk.reply(request).expect("answered");
    assert_eq!((status, headers), (429, vec![("retry-after".to_owned(), "3".to_owned())]));
    assert_eq!(code(&serde_json::from_str(&body).expect("JSON")), 429);
    assert_eq!(desk.call("GET", "/v2/orders", &Value::Null).0, 429);
    assert_eq!(desk.by_nonce(&order), json!([]));
}

#[test]
fn down_drops_and_refuses_everything_and_the_accounts_stay() {
    let mut desk = with_book();
    desk.trade(true, "0.0100");
    desk.fault("down", json!({}));
    assert_eq!((desk.closed(PRIVATE), desk.closed(2)), (Some(0), Some(0)));
    desk.connect(7, "/ws-api?version=1.0");
    assert!(desk.log.iter().any(|(_, a)| *a == SimAction::RefuseUpgrade { conn: 7, status: 503 }));
    let request = desk.request("GET", "/v2/account", b"");
    desk.advance(40_000);
    assert!(desk.reply(request).is_none() && desk.hang(request).is_some());
    desk.clear("down");
    assert_eq!(desk.position(), "0.0100");
    desk.listen(8);
    assert_eq!(desk.closed(8), None);
}

#[test]
fn down_after_acks_strikes_with_the_nth_answer_and_what_was_taken_is_still_decided() {
    let mut desk = Desk::open();
    desk.fault("down", json!({ "after_acks": 2 }));
    desk.trade(true, "0.0100");
    let order = buy(&mut desk);
    let request = desk.post(&order);
    assert!(desk.reply(request).is_some(), "the nth answer still comes");
    desk.advance(500);
    assert_eq!(desk.closed(PRIVATE), Some(0));
    let later = buy(&mut desk);
    let lost = desk.post(&later);
    assert!(desk.reply(lost).is_none());
    desk.clear("down");
    assert_eq!(desk.by_nonce(&later), json!([]));
    assert_eq!((desk.by_nonce(&order)[0]["status"].as_str(), desk.position().as_str()), (Some("FILLED"), "0.0200"));
}

#[test]
fn drop_sockets_drops_all_once() {
    let mut desk = with_book();
    desk.fault("drop_sockets", json!({ "count": 1 }));
    assert_eq!((desk.closed(PRIVATE), desk.closed(2)), (Some(0), Some(0)));
    desk.connect(7, "/ws-api?version=1.0");
    desk.advance(5_000);
    assert_eq!(desk.closed(7), None);
}

#[test]
fn freeze_book_stops_market_data_and_nothing_else() {
    let mut desk = with_book();
    desk.fault("freeze_book", json!({}));
    let heard = desk.heard(2).len();
    desk.advance(10_000);
    assert_eq!((desk.heard(2).len(), desk.closed(2)), (heard, None));
    desk.say(2, &data("v2_ws_ping.json"));
    assert_eq!(desk.heard(2).len(), heard + 1);
    let id = desk.trade(true, "0.0100");
    assert_eq!(desk.story(&id), "NEW FILLED");
    desk.clear("freeze_book");
    desk.advance(1_000);
    assert!(desk.heard(2).len() > heard + 1);
}

#[test]
fn gap_means_nothing_here() {
    let mut desk = with_book();
    desk.fault("gap", json!({ "count": 3 }));
    let heard = desk.heard_on(2, DEPTH).len();
    desk.advance(3_000);
    assert!(desk.heard_on(2, DEPTH).len() >= heard + 3);
}

#[test]
fn crossed_book_and_empty_side_are_published_everywhere() {
    let mut desk = with_book();
    desk.fault("crossed_book", json!({}));
    desk.advance(1_000);
    let last = |desk: &Desk| desk.heard_on(2, DEPTH).last().expect("a book").1.clone();
    let crossed = |book: &Value| digits(&book["bids"][0][0]) >= digits(&book["asks"][0][0]);
    assert!(crossed(&last(&desk)) && crossed(&desk.get("/v2/depth?symbol=BTC-PERP")));
    desk.clear("crossed_book");
    for (parameters, side) in [(json!({}), "asks"), (json!({ "book_side": "bids" }), "bids")] {
        desk.fault("empty_side", parameters);
        desk.advance(1_000);
        let book = last(&desk);
        let other = if side == "asks" { "bids" } else { "asks" };
        assert_eq!((book[side].as_array().map(Vec::len), book[other].as_array().map(Vec::len)), (Some(0), Some(20)));
    }
    desk.clear("empty_side");
    desk.advance(1_000);
    assert!(!crossed(&last(&desk)));
}

#[test]
fn clock_offset_moves_the_venues_clock_and_its_checks() {
    let mut desk = Desk::open();
    desk.fault("clock_offset", json!({ "ms": 61_000 }));
    let shell_ms = desk.now / 1_000;
    assert_eq!(desk.get("/v2/account")["time"], shell_ms + 61_000);
    let order = buy(&mut desk);
    let body = desk.signed(&order);
    assert_eq!(code(&desk.call("POST", "/v2/orders", &body).1), 1132);
    desk.fault("clock_offset", json!({ "ms": -1_001 }));
    assert_eq!(code(&desk.call("POST", "/v2/orders", &body).1), 1132);
    desk.fault("clock_offset", json!({ "ms": 500 }));
    let id = desk.place(&order);
    assert_eq!(desk.shown(&id)["postTime"], shell_ms + 500);
    desk.fault("clock_offset", json!({ "ms": 61 * 60_000 }));
    desk.advance(1);
    assert_eq!(desk.closed(PRIVATE), Some(4005), "listen keys live by the venue's clock");
}

#[test]
fn halt_closes_the_market_at_once_and_for_what_is_in_flight() {
    let mut desk = Desk::open();
    let order = buy(&mut desk);
    let id = desk.place(&order);
    desk.fault("halt", json!({}));
    desk.advance(500);
    assert_eq!(desk.story(&id), "NEW REJECTED:3024");
    let order = buy(&mut desk);
    let body = desk.signed(&order);
    assert_eq!(code(&desk.call("POST", "/v2/orders", &body).1), 1148);
    assert_eq!(desk.get("/v2/ticker/latest")["tickers"][0]["status"], "HALT");
    assert_eq!(desk.get("/v2/exchangeInfo")["symbols"][0]["tradingStatus"], "HALT");
    desk.clear("halt");
    desk.fault("halt", json!({ "symbol": "ETH-PERP" }));
    desk.trade(true, "0.0100");
}

#[test]
fn thin_book_leaves_a_share_of_the_sizes_to_show_and_to_trade_on() {
    let mut desk = with_book();
    let size = |desk: &mut Desk| digits(&desk.get("/v2/depth?symbol=BTC-PERP")["bids"][19][1]);
    let usual = size(&mut desk);
    desk.fault("thin_book", json!({ "share_bps": 1_000 }));
    desk.advance(1_000);
    let thin = size(&mut desk);
    assert!(thin > 0 && thin <= usual / 10 + usual / 100, "{thin} of {usual}");
    let order = desk.order("MARKET", true, "0.1000", 1_000);
    let id = desk.place(&order);
    desk.advance(500);
    assert_eq!(desk.story(&id), "NEW REJECTED:3001");
}

#[test]
fn reduce_only_refused_rejects_what_would_reduce() {
    let mut desk = Desk::open();
    desk.trade(true, "0.0100");
    desk.fault("reduce_only_refused", json!({ "code": 3020 }));
    let mut close = sell(&mut desk);
    close["reduceOnly"] = json!(true);
    let id = desk.place(&close);
    desk.advance(500);
    assert_eq!((desk.story(&id).as_str(), desk.position().as_str()), ("NEW REJECTED:3020", "0.0100"));
    desk.trade(false, "0.0100");
    assert_eq!(desk.position(), "0.0000", "the plain opposite order goes through");
}

#[test]
fn listen_key_expires_now() {
    let mut desk = Desk::open();
    desk.fault("listen_key_expires", json!({}));
    assert_eq!(desk.closed(PRIVATE), Some(4005));
    assert_eq!(code(&desk.call("PUT", "/v2/account/listenKey", &Value::Null).1), 1125);
}

#[test]
fn an_unknown_fault_or_switch_is_an_error_and_clearing_one_is_not() {
    let mut desk = Desk::open();
    assert!(desk.sim.set_fault("earthquake", &json!({})).is_err());
    assert!(desk.sim.set_fault("switch", &json!({ "name": "colour", "value": true })).is_err());
    assert!(desk.sim.set_fault("switch", &json!({ "name": "frames", "value": "paper" })).is_err());
    desk.sim.clear_fault("earthquake");
    assert_eq!((desk.sim.name(), desk.sim.next_wake().is_none_or(|at| at > SimNow(desk.now))), ("vest", true));
}
