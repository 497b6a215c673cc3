//! Asking by key, absence and its proof, orders of an earlier life, and the account.

use crate::harness::*;
use domain::*;
use venue_api::{KnownOrder, Reply, VenueClient, VenueNews};

fn lost(rig: &mut Rig) -> (OrderId, VenueKey) {
    let spec = rig.spec(Side::Buy, "0.1", "91234.5");
    let sent = rig.send(spec);
    rig.reply("POST /orders", Reply::Unknown("timeout"));
    rig.order_news();
    sent
}

fn ask(rig: &mut Rig, id: OrderId) {
    rig.client.query(id, rig.now, &mut rig.out);
    rig.pump();
}

#[test]
fn an_order_is_absent_only_when_both_questions_find_nothing() {
    fn check(by_nonce: (u16, &str), by_window: (u16, &str), expect: &str) {
        let mut rig = Rig::ready();
        let (id, key) = lost(&mut rig);
        rig.advance(7_000);
        ask(&mut rig, id);
        let asked = rig.answer(&format!("GET /orders?nonce={}&time=", key.key), by_nonce.0, by_nonce.1);
        assert!(rig.order_news().is_empty(), "one question proves nothing");
        assert_eq!(asked.at.wall.ms(), START + 7_000);
        let start = START + AHEAD - 10_000;
        rig.answer(&format!("GET /orders?symbol=BTC-PERP&startTime={start}&limit=1000&time="), by_window.0, by_window.1);
        assert_eq!(rig.order_news(), [expect], "{by_nonce:?} {by_window:?}");
    }
    let other = fixture("v2_rest_orders_get");
    check((200, "[]"), (200, "[]"), "absent as of 7300");
    check((200, r#"{"data":[]}"#), (200, &other), "absent as of 7300");
    check((200, "[]"), (502, ""), "query failed");
    check((403, "<html>"), (200, "[]"), "query failed");
    check((200, "[]"), (200, "[{}]"), "query failed");
    check((200, "{}"), (200, "[]"), "query failed");
    check((429, &fixture("v2_error_rate_limited")), (200, "[]"), "query failed");
    let full = format!("[{}]", vec![other.trim().trim_matches(['[', ']']); 1_000].join(","));
    check((200, "[]"), (200, &full), "query failed");
}

#[test]
fn absence_rests_on_the_time_the_venue_has_certainly_reached() {
    let mut rig = Rig::ready();
    // A slow account read: the offset may be wrong by half of it.
    rig.client.read_account(rig.now, &mut rig.out);
    rig.pump();
    let account = rig.account("");
    rig.advance(400);
    rig.answer("GET /account?", 200, &account);
    let (id, _) = lost(&mut rig);
    ask(&mut rig, id);
    rig.answer("GET /orders?nonce", 200, "[]");
    rig.answer("GET /orders?symbol", 200, "[]");
    // Offset measured as 100 at the midpoint, plus 400 passed, minus 200 of doubt.
    assert_eq!(rig.order_news(), ["absent as of 300"]);
}

#[test]
fn a_stepped_wall_clock_does_not_make_an_order_absent_too_early() {
    let mut rig = Rig::ready();
    let (id, _) = lost(&mut rig);
    rig.now.wall = rig.now.wall.plus_ms(3_600_000);
    ask(&mut rig, id);
    rig.answer("GET /orders?nonce", 200, "[]");
    rig.answer("GET /orders?symbol", 200, "[]");
    assert_eq!(rig.order_news(), ["absent as of 300"]);
}

#[test]
fn a_query_finds_what_became_of_the_order() {
    fn check(row: &str, expect: &[&str]) {
        let mut rig = Rig::ready();
        let (id, key) = lost(&mut rig);
        ask(&mut rig, id);
        rig.answer("GET /orders?nonce", 200, &format!("[{}]", row.replace("NONCE", &key.key)));
        rig.answer("GET /orders?symbol", 200, "[]");
        assert_eq!(rig.order_news(), expect, "{row}");
    }
    check(r#"{"id":"0xa","nonce":NONCE,"status":"NEW","size":"0.1"}"#, &["acked 0xa", "filling 0 for 0 fee 0 funding 0"]);
    check(
        r#"{"id":"0xa","nonce":"NONCE","status":"FILLED","size":"0.1","avgFilledPrice":"91000.005","fees":"1.0000000001","settledFunding":null}"#,
        &["filled 0.1 for 9100.0005 fee 1.00000001 funding 0"],
    );
    // A fee that is not told is taken at the listed 0.01 %.
    check(
        r#"{"id":"0xa","nonce":NONCE,"status":"FILLED","avgFilledPrice":"91000","fees":null}"#,
        &["filled 0.1 for 9100 fee 0.91 funding 0"],
    );
    check(r#"{"id":"0xa","nonce":NONCE,"status":"REJECTED","code":3002}"#, &["refused margin [3002 MARGIN_CHECK_FAILED] 0"]);
    check(r#"{"id":"0xa","nonce":NONCE,"status":"CANCELLED"}"#, &["cancelled (cancelled by the venue) 0 for 0 fee 0 funding 0"]);
    check(r#"{"id":"0xa","nonce":NONCE,"status":"REJECTED","code":3015}"#, &["query failed"]);
    check(
        r#"{"id":"0xb","nonce":NONCE,"status":"REJECTED","code":3015},{"id":"0xa","nonce":NONCE,"status":"NEW","size":"0.1"}"#,
        &["acked 0xa", "filling 0 for 0 fee 0 funding 0"],
    );
    check(r#"{"id":"0xa","nonce":NONCE,"status":"MELTED"}"#, &["query failed"]);
}

#[test]
fn an_acknowledged_order_the_venue_does_not_show_is_not_absent() {
    let mut rig = Rig::ready();
    let (id, _) = rig.acked();
    ask(&mut rig, id);
    rig.answer("GET /orders?nonce", 200, "[]");
    rig.answer("GET /orders?symbol", 200, "[]");
    assert_eq!(rig.order_news(), ["query failed"]);
}

#[test]
fn an_ended_order_is_answered_from_memory_and_an_unknown_one_not_at_all() {
    let mut rig = Rig::ready();
    let (id, key) = rig.acked();
    rig.event(&format!(r#"{{"id":"0xabc","status":"REJECTED","code":3001,"nonce":{}}}"#, key.key));
    rig.order_news();
    ask(&mut rig, id);
    assert_eq!(rig.order_news(), ["refused price [3001 PRICE_CHECK_FAILED] 0"]);
    ask(&mut rig, OrderId { attempt: 99, ..id });
    assert_eq!(rig.order_news(), ["query failed"]);
    assert!(rig.asked.is_empty());
}

#[test]
fn an_event_during_a_query_answers_it_and_the_answers_add_nothing() {
    let mut rig = Rig::ready();
    let (id, key) = lost(&mut rig);
    ask(&mut rig, id);
    ask(&mut rig, id);
    assert_eq!(rig.asked.len(), 2, "a question under way is not asked twice");
    rig.event(&format!(r#"{{"id":"0xabc","status":"REJECTED","code":3001,"nonce":{}}}"#, key.key));
    rig.answer("GET /orders?nonce", 200, "[]");
    rig.answer("GET /orders?symbol", 200, "[]");
    assert_eq!(rig.order_news(), ["refused price [3001 PRICE_CHECK_FAILED] 0"]);
}

#[test]
fn an_order_of_an_earlier_life_is_recognised_asked_about_and_its_nonce_is_not_reused() {
    let mut rig = Rig::new(config(registered()));
    let spec = rig.spec(Side::Buy, "0.1", "91234.5");
    let nonce = START as u64 + 60_000;
    let key = VenueKey { key: nonce.to_string(), hash: None, dead_after: Wall::from_ms(START + 65_500) };
    let id = spec.id;
    rig.client.adopt(KnownOrder { spec, key, fills: Fills::default(), over: false });
    rig.start();
    rig.come_up();
    rig.acknowledge(FEED);
    rig.reconcile();
    rig.news.clear();
    ask(&mut rig, id);
    assert!(rig.asks(&format!("GET /orders?symbol=BTC-PERP&startTime={}", START + 50_000)));
    let row = format!(r#"[{{"id":"0xold","nonce":{nonce},"status":"FILLED","size":"0.1","avgFilledPrice":"91000","fees":"1"}}]"#);
    rig.answer("GET /orders?nonce", 200, &row);
    assert_eq!(rig.order_news(), ["filled 0.1 for 9100 fee 1 funding 0"]);
    let mut spec = rig.spec(Side::Buy, "0.1", "91234.5");
    spec.id.attempt = 7;
    assert_eq!(rig.send(spec).1.key, (nonce + 3).to_string());
}

#[test]
fn an_adopted_order_whose_key_is_no_nonce_is_found_by_nothing() {
    let mut rig = Rig::ready();
    let spec = rig.spec(Side::Buy, "0.1", "91234.5");
    let id = spec.id;
    let key = VenueKey { key: "torn".to_owned(), hash: None, dead_after: Wall::default() };
    rig.client.adopt(KnownOrder { spec, key, fills: Fills::default(), over: false });
    ask(&mut rig, id);
    assert_eq!(rig.order_news(), ["query failed"]);
    rig.event(r#"{"id":"0x9","status":"FILLED","size":"0.1","avgFilledPrice":"1","fees":"0","nonce":0}"#);
    let news = rig.order_news();
    assert!(news.len() == 1 && news[0].starts_with("foreign"), "{news:?}");
}

#[test]
fn the_floor_of_the_nonces_is_the_largest_of_journal_venue_and_clock() {
    let mut with = config(registered());
    with.last_nonce = START as u64 + 5_000_000;
    let mut rig = Rig::ready_with(with);
    let spec = rig.spec(Side::Buy, "0.1", "91234.5");
    assert_eq!(rig.send(spec).1.key, (START + 5_000_003).to_string());
}

#[test]
fn the_account_is_read_as_one_snapshot() {
    let mut rig = Rig::ready();
    rig.client.read_account(rig.now, &mut rig.out);
    rig.pump();
    let account = rig.account(
        r#"{"symbol":"BTC-PERP","isLong":false,"size":"0.2500","entryPrice":"90000.00","liqPrice":null},
           {"symbol":"ETH-PERP","isLong":true,"size":"0.0000","entryPrice":null},
           {"symbol":"SOL-PERP","isLong":true,"size":"0.00","entryPrice":null},
           {"symbol":"DOGE-PERP","isLong":true,"size":"7","entryPrice":"0.1"}"#,
    );
    rig.answer("GET /account?", 200, &account);
    rig.answer("GET /orders?status=NEW", 200, r#"[{"id":"0x5","nonce":55,"symbol":"ETH-PERP","status":"NEW","size":"1.000"}]"#);
    rig.answer("GET /orders?status=PARTIALLY_FILLED", 400, r#"{"code":1130,"msg":"INVALID_PARAMETER"}"#);
    rig.answer("GET /orders?orderType=LIQUIDATION", 400, r#"{"code":1116,"msg":"INVALID_ORDER_TYPE"}"#);
    let snapshot = rig.news.iter().find_map(|n| match n {
        VenueNews::Account(snapshot) => Some(snapshot.clone()),
        _ => None,
    });
    let snapshot = snapshot.expect("a snapshot");
    assert_eq!(snapshot.as_of, Wall::from_ms(START + AHEAD));
    let entry = Price::parse(b"90000").ok();
    assert_eq!(snapshot.positions, [Position { instrument: InstrumentId(4), size_e8: -25_000_000, entry }]);
    assert_eq!((snapshot.balance.to_string(), snapshot.free.to_string()), ("1000.5".into(), "900.25".into()));
    let open = &snapshot.open_orders[0];
    assert_eq!((open.instrument, open.key.as_str(), open.venue_order.0.as_str()), (Some(InstrumentId(9)), "55", "0x5"));
    assert!(rig.order_news()[0].contains("a position of 7 in DOGE-PERP"));
}

#[test]
fn an_account_read_with_one_bad_part_fails_whole() {
    fn check(parts: [(u16, &str); 4]) {
        let mut rig = Rig::ready();
        rig.client.read_account(rig.now, &mut rig.out);
        rig.pump();
        let lines = [
            "GET /account?",
            "GET /orders?status=NEW",
            "GET /orders?status=PARTIALLY_FILLED",
            "GET /orders?orderType=LIQUIDATION",
        ];
        for (line, (status, body)) in lines.into_iter().zip(parts) {
            rig.answer(line, status, body);
        }
        assert!(!rig.news.iter().any(|n| matches!(n, VenueNews::Account(_))), "{parts:?}");
        assert!(rig.news.iter().any(|n| matches!(n, VenueNews::AccountFailed { .. })), "{parts:?}");
    }
    let good = fixture("v2_rest_account");
    let none = (200, "[]");
    check([(200, "{}"), none, none, none]);
    check([(502, ""), none, none, none]);
    check([(200, &good), (200, "{}"), none, none]);
    check([(200, &good), none, (503, ""), none]);
    check([(200, &good), none, none, (503, "")]);
    check([(200, &good), none, none, (200, r#"[{"id":"0x1","status":"LATER"}]"#)]);
    check([(200, &good.replace("\"0.1000\"", "\"-0.1\"")), none, none, none]);
    check([(200, &good.replace("\"4723846.892089\"", "\"many\"")), none, none, none]);
}

#[test]
fn a_read_asked_for_during_another_follows_it_with_a_fresh_time() {
    let mut rig = Rig::ready();
    rig.client.read_account(rig.now, &mut rig.out);
    rig.client.read_account(rig.now, &mut rig.out);
    rig.pump();
    assert_eq!(rig.asked.len(), 4);
    rig.reconcile();
    assert_eq!(rig.asked.len(), 4, "the second one follows");
    rig.reconcile();
    assert_eq!(rig.news.iter().filter(|n| matches!(n, VenueNews::Account(_))).count(), 2);
}
