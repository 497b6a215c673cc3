//! What the venue does to a position by itself: liquidations by their own orders, anything else by what does not add up.

use crate::harness::*;
use domain::*;
use venue_api::VenueClient;

const NONE: &str = "[]";
const LONG: &str = r#"{"symbol":"BTC-PERP","isLong":true,"size":"0.1000","entryPrice":"91200.00"}"#;
const HALF: &str = r#"{"symbol":"BTC-PERP","isLong":true,"size":"0.0500","entryPrice":"91200.00"}"#;

fn liquidation(status: &str, fills: &str) -> String {
    format!(
        r#"{{"id":"0xliq","symbol":"BTC-PERP","isBuy":false,"orderType":"LIQUIDATION","size":"0.0400","status":"{status}"{fills},"nonce":0,"postTime":1}}"#
    )
}

const TAKEN: &str =
    r#","lastFilledSize":"0.0400","lastFilledPrice":"90000.00","lastFilledTime":1,"avgFilledPrice":"90000.00","fees":"3.600000""#;

/// One account read with these positions and liquidations.
fn read(rig: &mut Rig, positions: &str, liquidations: &str) -> Vec<String> {
    rig.client.read_account(rig.now, &mut rig.out);
    rig.pump();
    answer(rig, positions, liquidations)
}

fn answer(rig: &mut Rig, positions: &str, liquidations: &str) -> Vec<String> {
    let account = rig.account(positions);
    rig.answer("GET /account?", 200, &account);
    rig.answer("GET /orders?status=NEW", 200, NONE);
    rig.answer("GET /orders?status=PARTIALLY_FILLED", 200, NONE);
    rig.answer("GET /orders?orderType=LIQUIDATION", 200, liquidations);
    rig.order_news()
}

/// A rig that holds 0.1 BTC by an order of its own, and has seen that it does.
fn holding() -> Rig {
    let mut rig = Rig::ready();
    let (id, key) = rig.acked();
    rig.event(&format!(
        r#"{{"id":"0xabc","symbol":"BTC-PERP","size":"0.1000","status":"FILLED","avgFilledPrice":"91200.00","fees":"0.912","nonce":{}}}"#,
        key.key
    ));
    assert_eq!(rig.order_news(), ["filled 0.1 for 9120 fee 0.912 funding 0"]);
    rig.client.forget(id);
    assert!(read(&mut rig, LONG, NONE).is_empty());
    rig
}

#[test]
fn a_liquidation_is_told_once_with_what_it_took_however_often_it_is_seen() {
    let mut rig = holding();
    rig.event(&liquidation("FILLED", TAKEN));
    assert_eq!(rig.order_news(), ["forced 4 short 0.04 for 3600"]);
    rig.event(&liquidation("FILLED", TAKEN));
    assert!(rig.order_news().is_empty(), "the stream said it twice");
    let listed = format!("[{}]", liquidation("FILLED", TAKEN));
    let left = LONG.replace("0.1000", "0.0600");
    assert!(read(&mut rig, &left, &listed).is_empty(), "the list shows it again, and the position is explained");
    rig.close(PRIVATE, None);
    rig.open(PRIVATE);
    rig.acknowledge(PRIVATE);
    assert!(answer(&mut rig, &left, &listed).is_empty(), "a reconnect reads it all again");
    let more = liquidation("FILLED", TAKEN).replace("0.0400", "0.0500");
    rig.event(&more);
    assert_eq!(rig.order_news(), ["forced 4 short 0.05 for 4500"], "cumulative, under the same id");
}

#[test]
fn a_liquidation_that_happened_while_the_stream_was_away_is_found_in_the_list() {
    let mut rig = holding();
    rig.close(PRIVATE, None);
    rig.open(PRIVATE);
    rig.acknowledge(PRIVATE);
    let listed = format!("[{}]", liquidation("FILLED", TAKEN));
    let asked = rig.asked.iter().find(|a| a.line.contains("LIQUIDATION")).expect("asked for").line.clone();
    assert!(asked.contains(&format!("startTime={}", START + AHEAD - 1_000)), "since the start and not before: {asked}");
    assert_eq!(answer(&mut rig, &LONG.replace("0.1000", "0.0600"), &listed), ["forced 4 short 0.04 for 3600"]);
}

#[test]
fn a_liquidation_without_its_amounts_is_asked_about_before_it_is_told() {
    let mut rig = holding();
    rig.event(&liquidation("NEW", ""));
    assert!(rig.order_news().is_empty());
    let listed = format!("[{}]", liquidation("FILLED", TAKEN));
    assert_eq!(answer(&mut rig, &LONG.replace("0.1000", "0.0600"), &listed), ["forced 4 short 0.04 for 3600"]);
    // Not even the list says how much: then it is told without, once, and the position is taken as it is.
    let mut rig = holding();
    let bare = r#"[{"id":"0xliq","symbol":"BTC-PERP","orderType":"LIQUIDATION","status":"FILLED"}]"#;
    assert_eq!(read(&mut rig, HALF, bare), ["forced 4"]);
    assert!(read(&mut rig, HALF, bare).is_empty());
}

#[test]
fn a_position_that_shrinks_by_no_order_is_told_when_a_second_read_shows_it_again() {
    let mut rig = holding();
    assert!(read(&mut rig, HALF, NONE).is_empty(), "the account may lag");
    rig.advance(500);
    assert_eq!(answer(&mut rig, HALF, NONE), ["forced 4"], "asked again by itself");
    assert!(read(&mut rig, HALF, NONE).is_empty(), "told once");
    // A lagging account is not a deleveraging.
    let mut rig = holding();
    assert!(read(&mut rig, HALF, NONE).is_empty());
    rig.advance(500);
    assert!(answer(&mut rig, LONG, NONE).is_empty());
    assert!(read(&mut rig, HALF, NONE).is_empty(), "it starts over");
    // A position that grows or turns is somebody else's trade, and for whoever compares it with the rounds.
    let mut rig = holding();
    let grown = LONG.replace("0.1000", "0.3000");
    read(&mut rig, &grown, NONE);
    rig.advance(500);
    assert!(answer(&mut rig, &grown, NONE).is_empty());
}

#[test]
fn nothing_is_concluded_while_an_order_of_ours_may_be_moving_the_position() {
    let mut rig = holding();
    let spec = rig.spec(Side::Sell, "0.1", "90000");
    let (id, key) = rig.send(spec);
    rig.answer("POST /orders", 200, r#"{"id":"0xdef"}"#);
    rig.order_news();
    for _ in 0..3 {
        assert!(read(&mut rig, "", NONE).is_empty());
    }
    let filled = format!(
        r#"{{"id":"0xdef","symbol":"BTC-PERP","size":"0.1000","status":"FILLED","avgFilledPrice":"91200.00","settledFunding":"0.5","fees":"0","nonce":{}}}"#,
        key.key
    );
    rig.client.read_account(rig.now, &mut rig.out);
    rig.pump();
    rig.event(&filled);
    rig.order_news();
    assert!(answer(&mut rig, LONG, NONE).is_empty(), "the question is older than the fill");
    rig.client.forget(id);
    assert!(read(&mut rig, "", NONE).is_empty());
    assert!(read(&mut rig, "", NONE).is_empty());
}

#[test]
fn an_order_deleted_by_a_liquidation_says_so_and_has_the_account_read() {
    let mut rig = Rig::ready();
    let (_, key) = rig.acked();
    rig.event(&format!(r#"{{"id":"0xabc","status":"REJECTED","code":3008,"nonce":{}}}"#, key.key));
    assert_eq!(rig.order_news(), ["forced 4", "refused other [3008 DELETED_BY_LIQ] 0"]);
    assert!(rig.asks("GET /account?") && rig.asks("GET /orders?orderType=LIQUIDATION"));
}
