//! Every switch of an order: what it does, and that it does nothing else.

use crate::bench::{Desk, Wanted, calldata, e12, number, word};
use alloy_primitives::{Address, U256};
use serde_json::{Value, json};
use venue_sim::azuro::Contracts;
use venue_sim::{HttpRequest, SimAction, SimNow, VenueSim};

/// Posts a bet that `change` has changed under a fault that applies once; the bench and the answer.
fn under(fault: &str, parameters: Value, change: impl FnOnce(&mut Wanted)) -> (Desk, Wanted, Option<(u16, Value)>) {
    let mut desk = Desk::calm();
    let line = desk.main_line();
    let mut wanted = desk.wanted(&line);
    change(&mut wanted);
    let request = desk.request(&wanted);
    desk.fault(fault, parameters);
    let answer = desk.post(&request);
    (desk, wanted, answer)
}

fn id(desk: &Desk, wanted: &Wanted) -> String {
    format!("{}_{}", crate::bench::lower(desk.bettor), wanted.nonce)
}

#[test]
fn a_refusal_in_the_post_has_the_words_and_the_status_that_were_asked_for() {
    let (_, _, answer) = under("refuse_order", json!({"count": 1}), |_| {});
    let (status, body) = answer.expect("an answer");
    assert_eq!((status, &body["state"], &body["errorMessage"]), (200, &json!("Rejected"), &json!("Condition is not active")));
    let (_, _, answer) = under("refuse_all", json!({"error": "RiskExceeded", "message": "Too risky"}), |_| {});
    assert_eq!(answer.expect("an answer").1["error"], "RiskExceeded");
    let mut desk = Desk::calm();
    desk.fault("refusal_status", json!({"status": 422}));
    desk.fault("refuse_order", json!({"count": 1, "message": "Real odds less than min odds", "error": "TooHighMinPrice"}));
    let line = desk.main_line();
    let wanted = desk.wanted(&line);
    let request = desk.request(&wanted);
    let (status, body) = desk.post(&request).expect("an answer");
    assert_eq!((status, &body["error"]), (422, &json!("TooHighMinPrice")));
    assert_eq!(desk.get(&format!("/bet/orders/{}", id(&desk, &wanted))).0, 404, "what was refused so was not kept");
    // And the same bytes are taken afterwards.
    assert_eq!(desk.post(&request).expect("an answer").0, 201);
}

#[test]
fn a_lost_answer_leaves_the_order_and_a_dropped_order_leaves_nothing() {
    for (fault, parameters, status, exists) in [
        ("lose_order_answer", json!({"count": 1}), None, true),
        ("disconnect_on_order", json!({"count": 1}), None, true),
        ("error_after", json!({"count": 1, "status": 502}), Some(502), true),
        ("drop_order", json!({"count": 1, "after_ms": 100}), None, false),
        ("http_error", json!({"count": 1, "status": 503, "path": "/ordinar"}), Some(503), false),
        ("rate_limit", json!({"count": 1, "retry_after_s": 1}), Some(429), false),
    ] {
        let (mut desk, wanted, answer) = under(fault, parameters, |_| {});
        assert_eq!(answer.map(|(s, _)| s), status, "{fault}");
        let found = desk.get(&format!("/bet/orders/{}", id(&desk, &wanted))).0;
        assert_eq!(found, if exists { 200 } else { 404 }, "{fault}");
        // The same bytes again are one order either way.
        let request = desk.request(&wanted);
        let (again, body) = desk.post(&request).expect("an answer");
        assert_eq!((again, &body["state"]), (if exists { 200 } else { 201 }, &json!("Created")), "{fault}");
        desk.advance(20_000);
        assert_eq!(desk.sim.bets_seen(0).filter(|b| b.token_id.is_some()).count(), 1, "{fault}");
    }
}

#[test]
fn an_order_is_unknown_for_a_while_and_then_found() {
    let (mut desk, wanted, _) = under("hide_order", json!({"count": 1, "ms": 4_000}), |_| {});
    let id = id(&desk, &wanted);
    assert_eq!(desk.get(&format!("/bet/orders/{id}")).0, 404);
    desk.advance(4_000);
    assert_eq!(desk.state(&id), "Sent");
}

#[test]
fn what_documents_leave_open_about_a_signed_bet_can_be_played_either_way() {
    fn check(fault: &str, parameters: Value, change: impl FnOnce(&mut Wanted), expect: (u16, &str)) {
        let (_, _, answer) = under(fault, parameters, change);
        let (status, body) = answer.expect("an answer");
        let said = if body["error"].is_null() { &body["state"] } else { &body["error"] };
        assert_eq!((status, said.as_str().unwrap_or_default()), expect, "{fault}: {body}");
    }
    check("zero_affiliate_refused", json!({}), |w| w.affiliate = Address::ZERO, (400, "BadData"));
    check("zero_affiliate_refused", json!({}), |_| {}, (201, "Created"));
    check("any_amount_decimals", json!({}), |w| w.amount = 10_000_001, (201, "Created"));
    check("short_expires_refused", json!({"s": 30}), |w| w.expires_in_s = 10, (400, "BadData"));
    check("short_expires_refused", json!({"s": 30}), |w| w.expires_in_s = 30, (201, "Created"));
    check("expires_at_max", json!({"s": 120}), |w| w.expires_in_s = 121, (200, "ExpiresAtTooLarge"));
    check("expires_at_max", json!({"s": 120}), |w| w.expires_in_s = 120, (201, "Created"));
    check("expires_before_start", json!({}), |_| {}, (201, "Created"));
    check("fee", json!({"raw": 50_000}), |_| {}, (200, "TooLowRelayerFeeAmount"));
    check("fee", json!({"raw": 50_000}), |w| w.fee = 50_000, (201, "Created"));
    check("max_bet", json!({"raw": 5_000_000}), |_| {}, (200, "TooHighStake"));
    check("clock_offset", json!({"ms": 61_000}), |_| {}, (400, "BadData"));
}

#[test]
fn a_prematch_order_must_expire_before_the_game_where_that_is_asked() {
    let mut desk = Desk::calm();
    let football = |g: &&Value| g["state"] == "Prematch" && g["sport"]["slug"] == "football"; // announced to the minute
    let game = desk.games("Prematch").iter().find(football).expect("a game").clone();
    let line = desk.conditions(&game).into_iter().find(|l| l["state"] == "Active").expect("a line");
    let starts_ms = game["startsAt"].as_str().expect("text").parse::<i64>().expect("digits") * 1_000;
    desk.advance(starts_ms - desk.now / 1_000 - 120_000);
    let mut check = |expires_in_s: i64, expect: &str| {
        let wanted = Wanted { expires_in_s, min_odds: 1_000_000_000_000, ..desk.wanted(&line) };
        let request = desk.request(&wanted);
        let (_, answer) = desk.post(&request).expect("an answer");
        let said = if answer["error"].is_null() { &answer["state"] } else { &answer["error"] };
        assert_eq!(said, expect, "{answer}");
        desk.fault("expires_before_start", json!({}));
    };
    check(130, "Created"); // not asked for yet
    check(130, "ExpiresAtTooLarge");
    check(120, "ExpiresAtTooLarge");
    check(110, "Created");
}

#[test]
fn an_answer_that_is_held_comes_when_the_switch_is_turned_off() {
    let mut desk = Desk::calm();
    let line = desk.main_line();
    let wanted = desk.wanted(&line);
    let request = desk.request(&wanted).to_string();
    desk.fault("hold_order_answer", json!({"count": 1}));
    let mut out = Vec::new();
    let http =
        HttpRequest { method: "POST", target: "/api/v1/public/bet/orders/ordinar", headers: &[], body: request.as_bytes() };
    desk.sim.on_request(9_000, http, SimNow(desk.now), &mut out);
    assert!(out.is_empty());
    desk.advance(10_000);
    assert_eq!(desk.state(&id(&desk, &wanted)), "Accepted", "the order went its way meanwhile");
    desk.sim.clear_fault("hold_order_answer");
    let at = desk.sim.next_wake().expect("it wants to say it");
    desk.sim.on_wake(at.max(SimNow(desk.now)), &mut out);
    assert!(matches!(out.as_slice(), [SimAction::Reply { request: 9_000, status: 201, .. }]), "{out:?}");
}

#[test]
fn a_node_can_fall_silent() {
    let mut desk = Desk::calm();
    desk.fault("node_silent", json!({"count": 1}));
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}).to_string();
    assert!(desk.ask("POST", "/rpc", body.as_bytes()).is_none());
    assert_eq!(desk.rpc("eth_chainId", json!([]))["result"], "0x89");
}

#[test]
fn the_way_to_the_chain_can_go_wrong_in_every_documented_way() {
    fn check(fault: &str, parameters: Value, ms: i64, path: &[&str], on_chain: bool) -> (Desk, String) {
        let (mut desk, wanted, _) = under(fault, parameters, |_| {});
        let id = id(&desk, &wanted);
        assert_eq!(desk.path(&id, ms), path, "{fault}");
        let bets: Vec<_> = desk.sim.bets_seen(0).collect();
        assert_eq!(bets[0].token_id.is_some(), on_chain, "{fault}");
        let used = calldata("502e1a16", &[word(desk.bettor), U256::from(wanted.nonce)]);
        let used = number(&desk.view(Contracts::polygon().core, &used));
        assert_eq!(used, U256::from(u8::from(on_chain)), "{fault}");
        (desk, id)
    }
    let all = ["Created", "Placed", "Sent", "Accepted"];
    let refused = ["Created", "Placed", "Sent", "Rejected"];
    check("skip_placed", json!({"count": 1}), 15_000, &["Created", "Sent", "Accepted"], true);
    check("accept_after", json!({"count": 1, "ms": 25_000}), 15_000, &all[..3], false);
    check("accept_after", json!({"count": 1, "ms": 25_000}), 30_000, &all, true);
    check("stay_sent", json!({"count": 1}), 70_000, &all[..3], false);
    check("stay_sent", json!({"count": 1}), 90_000, &refused, false);
    check("reject_after_sent", json!({"count": 1}), 15_000, &refused, false);
    check("worse_odds", json!({"count": 1, "bps": 500}), 15_000, &["Created", "Placed", "Rejected"], false);
    // The chain has it long before the API says so.
    let (mut desk, id) = check("api_stuck", json!({"count": 1, "ms": 90_000}), 60_000, &all[..3], true);
    desk.advance(60_000);
    assert_eq!(desk.state(&id), "Accepted");
    // Accepted, and its number shows later.
    let (mut desk, id) = check("late_bet_id", json!({"count": 1, "ms": 30_000}), 15_000, &all, true);
    assert!(desk.order(&id)["betId"].is_null() && desk.order(&id)["txHash"].is_string());
    desk.advance(30_000);
    assert!(desk.order(&id)["betId"].is_u64());
}

#[test]
fn a_bet_can_be_filled_better_than_asked() {
    let (mut desk, wanted, _) = under("better_odds", json!({"count": 1, "bps": 300}), |_| {});
    let id = id(&desk, &wanted);
    desk.advance(15_000);
    let odds = e12(&desk.order(&id)["odds"].to_string());
    assert!(odds > wanted.min_odds * 102 / 100, "{odds}");
}

#[test]
fn a_stop_between_the_post_and_the_oracle_rejects() {
    let mut desk = Desk::calm();
    let id = desk.placed();
    desk.fault("stop_games", json!({}));
    desk.advance(5_000);
    let order = desk.order(&id);
    assert_eq!((&order["state"], &order["errorMessage"]), (&json!("Rejected"), &json!("Condition is not active")));
}

#[test]
fn a_venue_that_is_down_answers_nothing_and_comes_back_with_what_it_had() {
    let mut desk = Desk::calm();
    let id = desk.placed();
    desk.fault("down", json!({}));
    let target = format!("/api/v1/public/bet/orders/{id}");
    assert!(desk.ask("GET", &target, b"").is_none());
    desk.advance(20_000);
    desk.sim.clear_fault("down");
    assert_eq!(desk.state(&id), "Accepted", "the chain did not wait");
}

#[test]
fn a_calculation_can_fail_inside_a_200() {
    let mut desk = Desk::calm();
    let line = desk.main_line();
    let bets = json!([{"conditionId": line["conditionId"], "outcomeId": 29}]);
    desk.fault("calculation_error", json!({"count": 1, "message": "No liquidity"}));
    let body = json!({"environment": "PolygonUSDT", "bets": bets});
    let (status, answer) = desk.call("POST", "/bet/calculation", &body);
    assert_eq!((status, &answer["response"]["error"]), (200, &json!("No liquidity")));
    let (_, answer) = desk.call(
        "POST",
        "/bet/calculation",
        &json!({"environment": "PolygonUSDT", "bets": [{"conditionId": "1", "outcomeId": 1}]}),
    );
    assert!(answer["response"]["error"].is_string());
}
