//! Every named fault does what the table says, and clearing it brings the venue back.

use serde_json::{Value, json};

use crate::bench::*;

/// A bench with a trader and a private connection.
fn ready() -> (Bench, Trader, u64) {
    let mut b = Bench::new();
    let t = b.trader();
    let conn = b.private(&t);
    (b, t, conn)
}

fn buy(b: &mut Bench, t: &Trader) -> Value {
    b.order(t, "BUY", "0.02", "3200", "IOC")
}

fn fills(b: &mut Bench, t: &Trader) -> usize {
    b.read(t, "/v1/fills")["results"].as_array().unwrap().len()
}

/// When the answer to a socket order and its first event came, ms after sending.
fn times(b: &mut Bench, t: &Trader, conn: u64) -> (i64, i64) {
    let order = buy(b, t);
    let sent = b.now;
    let id = b.call(conn, "order.create", order);
    b.run_ms(2_000);
    let at = b.log.iter().find(|(_, a)| match a {
        Arrival::Message(_, venue_sim::Message::Text(s)) => s.contains("\"result\"") && s.contains(&format!("\"id\":{id},")),
        _ => false,
    });
    let event = b.told(conn, "orders.").iter().map(|(at, _)| *at).find(|at| *at >= sent).unwrap();
    ((at.unwrap().0 - sent) / 1_000, (event - sent) / 1_000)
}

#[test]
fn without_a_fault_the_answer_comes_after_8_ms_and_events_after_10() {
    let (mut b, t, conn) = ready();
    assert_eq!(times(&mut b, &t, conn), (8, 10));
}

#[test]
fn latency_delays_every_answer_and_event() {
    let (mut b, t, conn) = ready();
    b.fault("latency", json!({"ms": 300}));
    assert_eq!(times(&mut b, &t, conn), (308, 310));
    b.clear("latency");
    assert_eq!(times(&mut b, &t, conn), (8, 10));
}

#[test]
fn event_before_answer_turns_the_order_around() {
    let (mut b, t, conn) = ready();
    b.fault("event_before_answer", json!({}));
    let (answer, event) = times(&mut b, &t, conn);
    assert!(event < answer, "event {event}, answer {answer}");
}

#[test]
fn hold_order_answer_withholds_answer_and_events_until_cleared_while_rest_tells_the_truth() {
    let (mut b, t, conn) = ready();
    b.fault("hold_order_answer", json!({"count": 1, "side": "buy"}));
    let order = buy(&mut b, &t);
    let request = b.post_order(&t, &order);
    b.run_ms(2_000);
    assert!(b.reply_of(request).is_none() && b.life(conn).is_empty());
    assert_eq!(fills(&mut b, &t), 1);
    let next = buy(&mut b, &t);
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &next).0, 201, "only one is held");
    b.clear("hold_order_answer");
    b.run_ms(20);
    assert_eq!(b.reply_of(request).unwrap().1["status"], "NEW");
    assert_eq!(b.life(conn), ["NEW 0.02", "CLOSED 0", "NEW 0.02", "CLOSED 0"]);
    assert_eq!(b.told(conn, "fills.").len(), 2);
}

#[test]
fn hold_order_answer_without_events_withholds_the_answer_only() {
    let (mut b, t, conn) = ready();
    b.fault("hold_order_answer", json!({"events": false}));
    let order = buy(&mut b, &t);
    let id = b.call(conn, "order.create", order);
    b.run_ms(100);
    assert!(b.answer_of(id).is_none());
    assert_eq!(b.life(conn), ["NEW 0.02", "CLOSED 0"]);
    b.clear("hold_order_answer");
    b.run_ms(10);
    assert_eq!(b.answer_of(id).unwrap()["result"]["order"]["status"], "NEW");
}

#[test]
fn lose_order_answer_takes_the_order_and_never_answers() {
    let (mut b, t, conn) = ready();
    b.fault("lose_order_answer", json!({"count": 2}));
    let order = buy(&mut b, &t);
    let request = b.post_order(&t, &order);
    let order = buy(&mut b, &t);
    let id = b.call(conn, "order.create", order);
    b.run_ms(31_000);
    assert!(b.reply_of(request).is_none() && b.hung(request) && b.answer_of(id).is_none());
    assert_eq!(b.told(conn, "fills.").len(), 2);
}

#[test]
fn drop_order_takes_nothing_and_answers_nothing() {
    let (mut b, t, conn) = ready();
    b.fault("drop_order", json!({"count": 1}));
    let order = buy(&mut b, &t);
    let request = b.post_order(&t, &order);
    b.run_ms(29_000);
    assert!(!b.hung(request));
    b.run_ms(2_000);
    assert!(b.hung(request) && b.life(conn).is_empty());
    assert_eq!(b.read(&t, "/v1/orders-history")["results"], json!([]));
}

#[test]
fn refuse_order_refuses_at_once_or_after_the_acknowledgement() {
    let (mut b, t, conn) = ready();
    b.fault("refuse_order", json!({"count": 1, "code": "REQUEST_NOT_ALLOWED"}));
    let order = buy(&mut b, &t);
    let (status, answer) = b.rest(&t, "POST", "/v1/orders", &order);
    assert_eq!((status, answer["error"].as_str()), (400, Some("REQUEST_NOT_ALLOWED")));
    b.fault("refuse_order", json!({"late": true, "code": "ASSET_UNAVAILABLE"}));
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).1["status"], "NEW");
    b.run_ms(20);
    assert_eq!(b.life(conn), ["NEW 0.02", "CLOSED 0.02 ASSET_UNAVAILABLE"]);
    assert_eq!(fills(&mut b, &t), 0);
}

#[test]
fn partial_fill_fills_the_share_and_cancels_the_rest() {
    let (mut b, t, conn) = ready();
    b.fault("partial_fill", json!({"share_bps": 3_333, "count": 1}));
    let order = buy(&mut b, &t);
    b.post_order(&t, &order);
    b.run_ms(20);
    // A third of 0.02, down to the step of 0.0001.
    assert_eq!(b.life(conn), ["NEW 0.02", "OPEN 0.0134", "CLOSED 0.0134 REMAINING_IOC_CANCEL"]);
    assert_eq!(b.read(&t, "/v1/positions")["results"][0]["size"], "0.0066");
    b.fault("partial_fill", json!({"share_bps": 0}));
    let order = buy(&mut b, &t);
    b.post_order(&t, &order);
    b.run_ms(20);
    assert_eq!(b.life(conn).last().unwrap(), "CLOSED 0.02 REMAINING_IOC_CANCEL");
}

#[test]
fn delay_fill_keeps_the_order_new_and_late_fill_shows_it_open_first() {
    fn check(fault: &str, before: &[&str]) {
        let (mut b, t, conn) = ready();
        b.fault(fault, json!({"ms": 400}));
        let order = buy(&mut b, &t);
        b.post_order(&t, &order);
        b.run_ms(380);
        assert_eq!(b.life(conn), before, "{fault}");
        assert_eq!(fills(&mut b, &t), 0);
        b.run_ms(50);
        assert_eq!(b.life(conn).last().unwrap(), "CLOSED 0");
        assert_eq!(fills(&mut b, &t), 1);
    }
    check("delay_fill", &["NEW 0.02"]);
    check("late_fill", &["NEW 0.02", "OPEN 0.02"]);
}

#[test]
fn a_cancel_loses_the_race_against_a_late_fill() {
    let (mut b, t, conn) = ready();
    b.fault("late_fill", json!({"ms": 400, "count": 1}));
    let order = buy(&mut b, &t);
    let id = b.rest(&t, "POST", "/v1/orders", &order).1["id"].as_str().unwrap().to_owned();
    assert_eq!(b.rest(&t, "DELETE", &format!("/v1/orders/{id}"), &Value::Null).0, 204);
    b.run_ms(500);
    assert_eq!(b.life(conn).last().unwrap(), "CLOSED 0");
}

#[test]
fn duplicate_events_tells_everything_twice() {
    let (mut b, t, conn) = ready();
    b.fault("duplicate_events", json!({}));
    let order = buy(&mut b, &t);
    b.post_order(&t, &order);
    b.run_ms(20);
    assert_eq!(b.life(conn), ["NEW 0.02", "NEW 0.02", "CLOSED 0", "CLOSED 0"]);
    let fills = b.told(conn, "fills.");
    assert_eq!((fills.len(), &fills[0].1["id"]), (2, &fills[1].1["id"]));
    assert_eq!(b.read(&t, "/v1/positions")["results"][0]["size"], "0.02");
}

#[test]
fn silent_private_says_nothing_and_replays_nothing() {
    let (mut b, t, conn) = ready();
    b.fault("silent_private", json!({}));
    let order = buy(&mut b, &t);
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).0, 201);
    b.clear("silent_private");
    b.run_ms(1_000);
    assert!(b.life(conn).is_empty() && b.told(conn, "fills.").is_empty());
    assert_eq!(fills(&mut b, &t), 1);
}

#[test]
fn http_error_answers_without_processing_where_the_path_fits() {
    let (mut b, t, _) = ready();
    b.fault("http_error", json!({"status": 502, "body": "<html>", "path": "/orders", "count": 1}));
    assert_eq!(b.rest(&t, "GET", "/v1/positions", &Value::Null).0, 200);
    let order = buy(&mut b, &t);
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order), (502, Value::Null));
    assert_eq!(fills(&mut b, &t), 0);
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).0, 201);
}

#[test]
fn error_after_processes_the_order_and_answers_as_if_it_had_not() {
    let (mut b, t, conn) = ready();
    b.fault("error_after", json!({"status": 503, "count": 2}));
    let order = buy(&mut b, &t);
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).0, 503);
    let order = buy(&mut b, &t);
    assert_eq!(b.rpc(conn, "order.create", order)["error"]["code"], -32603);
    assert_eq!(fills(&mut b, &t), 2);
}

#[test]
fn rate_limit_answers_429_with_retry_after_and_42901_on_the_socket() {
    let (mut b, t, conn) = ready();
    b.fault("rate_limit", json!({"count": 2, "retry_after_s": 7}));
    let order = buy(&mut b, &t);
    let request = b.post_order(&t, &order);
    assert_eq!(b.rpc(conn, "order.create", order.clone())["error"]["code"], 42901);
    b.run_ms(20);
    let (status, _, headers) = b.reply_of(request).unwrap();
    assert_eq!(status, 429);
    assert!(headers.contains(&("retry-after".to_owned(), "7".to_owned())));
    assert_eq!(fills(&mut b, &t), 0);
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).0, 201);
}

#[test]
fn down_drops_everything_and_clearing_brings_the_accounts_back() {
    let (mut b, t, conn) = ready();
    let order = buy(&mut b, &t);
    b.rest(&t, "POST", "/v1/orders", &order);
    b.fault("down", json!({}));
    b.run_ms(1);
    assert_eq!(b.closed(conn), Some(0), "no close frame");
    let refused = b.connect_to("/v1");
    assert!(b.log.iter().any(|(_, a)| matches!(a, Arrival::Refused(c, 503) if *c == refused)));
    let request = b.post("GET", "/v1/system/time", &[], "");
    b.run_ms(31_000);
    assert!(b.hung(request));
    b.clear("down");
    assert_eq!(b.read(&t, "/v1/positions")["results"][0]["size"], "0.02");
    b.private(&t);
}

#[test]
fn down_after_an_acknowledgement_lets_it_arrive_and_nothing_after_it() {
    let (mut b, t, conn) = ready();
    b.fault("down", json!({"after_acks": 2}));
    let first = buy(&mut b, &t);
    assert_eq!(b.rpc(conn, "order.create", first)["result"]["order"]["status"], "NEW");
    b.run_ms(20);
    assert_eq!(b.life(conn), ["NEW 0.02", "CLOSED 0"]);
    let second = buy(&mut b, &t);
    let id = b.call(conn, "order.create", second);
    b.run_ms(100);
    assert!(b.answer_of(id).is_some());
    let closed_at = b.log.iter().position(|(_, a)| matches!(a, Arrival::Closed(c, 0) if *c == conn)).unwrap();
    let heard = b.log[..closed_at].iter().filter(|(_, a)| matches!(a, Arrival::Message(c, _) if *c == conn)).count();
    let all = b.log.iter().filter(|(_, a)| matches!(a, Arrival::Message(c, _) if *c == conn)).count();
    assert!(heard < all, "its events were under way when the line broke");
    b.clear("down");
    assert_eq!(fills(&mut b, &t), 2);
}

#[test]
fn drop_sockets_drops_them_once() {
    let (mut b, t, conn) = ready();
    b.fault("drop_sockets", json!({"count": 1}));
    b.run_ms(1);
    assert_eq!(b.closed(conn), Some(0));
    let again = b.private(&t);
    b.run_ms(1_000);
    assert_eq!(b.closed(again), None);
}

/// A connection that follows the book, with what it has heard so far thrown away.
fn follower(b: &mut Bench) -> u64 {
    let conn = b.connect(Some(2));
    b.subscribe(conn, &format!("order_book.{ETH}.deltas"));
    b.subscribe(conn, &format!("bbo.{ETH}"));
    b.run_ms(500);
    conn
}

#[test]
fn freeze_book_sends_no_market_data_and_goes_on_without_a_gap() {
    let (mut b, _, _) = ready();
    let conn = follower(&mut b);
    b.fault("freeze_book", json!({}));
    b.run_ms(50);
    let before = b.frames(conn, 3).len();
    b.run_ms(5_000);
    assert_eq!(b.frames(conn, 3).len(), before);
    assert_eq!(b.closed(conn), None);
    let rest = b.get(&format!("/v1/orderbook/{ETH}"))["last_updated_at"].as_i64().unwrap();
    assert!(b.now / 1_000 - rest < 100, "the book goes on over REST");
    let late = b.connect(Some(2));
    b.subscribe(late, &format!("order_book.{ETH}.deltas"));
    b.run_ms(1_000);
    assert!(b.frames(late, 3).is_empty());
    b.clear("freeze_book");
    b.run_ms(5_000);
    assert!(book(&b.frames(late, 3)[0]).1, "whoever came meanwhile begins with a snapshot");
    let seqs: Vec<i64> = b.frames(conn, 3).iter().map(|f| book(f).0).collect();
    assert!(seqs.len() > before && seqs.windows(2).all(|w| w[1] == w[0] + 1));
}

#[test]
fn gap_loses_a_frame_of_the_book() {
    let (mut b, _, _) = ready();
    let conn = follower(&mut b);
    b.fault("gap", json!({"count": 2}));
    b.run_ms(5_000);
    let seqs: Vec<i64> = b.frames(conn, 3).iter().map(|f| book(f).0).collect();
    assert_eq!(seqs.windows(2).filter(|w| w[1] == w[0] + 2).count(), 2);
    assert!(seqs.windows(2).all(|w| w[1] <= w[0] + 2));
}

#[test]
fn crossed_book_and_empty_side_show_in_the_published_book() {
    let (mut b, _, _) = ready();
    let conn = follower(&mut b);
    let state = |b: &Bench| {
        let f = b.frames(conn, 2).pop().unwrap();
        (number(&f, 16), number(&f, 32))
    };
    b.fault("crossed_book", json!({}));
    b.run_ms(300);
    assert!(state(&b).0 > state(&b).1);
    b.clear("crossed_book");
    b.fault("empty_side", json!({}));
    b.run_ms(300);
    assert_eq!(state(&b).1, i64::MIN);
    b.clear("empty_side");
    b.run_ms(300);
    assert!(state(&b).0 < state(&b).1);
    let seqs: Vec<i64> = b.frames(conn, 3).iter().map(|f| book(f).0).collect();
    assert!(seqs.windows(2).all(|w| w[1] == w[0] + 1), "bent, but in sequence");
}

#[test]
fn clock_offset_moves_the_venues_clock_and_its_windows() {
    let (mut b, t, _) = ready();
    b.fault("clock_offset", json!({"ms": 5_000}));
    let time = b.get("/v1/system/time")["server_time"].as_str().unwrap().parse::<i64>().unwrap();
    assert_eq!(time, b.now / 1_000 - 8 + 5_000);
    let order = b.order_with(&t, "BUY", "0.1", "3000", "GTC", json!({"recv_window": 1_000}));
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).1["error"], "INVALID_TIMESTAMP");
    b.fault("clock_offset", json!({"ms": -20_000}));
    let order = b.order(&t, "BUY", "0.1", "3000", "GTC");
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).1["error"], "INVALID_TIMESTAMP");
}

#[test]
fn halt_refuses_orders_shows_maintenance_and_lets_cancels_through() {
    let (mut b, t, _) = ready();
    let order = b.order(&t, "BUY", "0.1", "3000", "GTC");
    let id = b.rest(&t, "POST", "/v1/orders", &order).1["id"].as_str().unwrap().to_owned();
    b.fault("halt", json!({}));
    assert_eq!(b.get("/v1/system/state")["status"], "maintenance");
    let order = buy(&mut b, &t);
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).1["error"], "MARKET_NOT_OPEN");
    assert_eq!(b.rest(&t, "DELETE", &format!("/v1/orders/{id}"), &Value::Null).0, 204);
    b.clear("halt");
    assert_eq!(b.rest(&t, "POST", "/v1/orders", &order).0, 201);
}

#[test]
fn thin_book_scales_the_sizes_and_at_nothing_the_market_is_empty() {
    let (mut b, t, conn) = ready();
    let before = e8(&b.top()[1]);
    b.fault("thin_book", json!({"share_bps": 1_000}));
    b.run_ms(200);
    let after = e8(&b.top()[1]);
    assert!(after > 0 && after <= before / 5, "{before} {after}");
    b.fault("thin_book", json!({"share_bps": 0}));
    b.run_ms(200);
    let order = buy(&mut b, &t);
    b.post_order(&t, &order);
    b.run_ms(20);
    assert_eq!(b.life(conn).last().unwrap(), "CLOSED 0.02 EMPTY_MARKET");
}

#[test]
fn an_unknown_fault_is_refused_with_the_names_of_the_known_ones() {
    use venue_sim::VenueSim;
    let mut b = Bench::new();
    let error = b.sim.set_fault("earthquake", &json!({})).unwrap_err();
    assert!(error.contains("hold_order_answer") && error.contains("thin_book"));
    b.clear("earthquake");
}
