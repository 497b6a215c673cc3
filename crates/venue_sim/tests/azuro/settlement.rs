//! How bets end: won, lost, void, taken back by the house; and that the chain says the same.

use crate::bench::{Desk, calldata, calm, number, word};
use alloy_primitives::U256;
use serde_json::{Value, json};
use venue_sim::azuro::Contracts;

const C: Contracts = Contracts::polygon();

/// A desk with one accepted bet, and its order.
fn accepted() -> (Desk, String) {
    let mut desk = Desk::calm();
    let id = desk.placed();
    desk.advance(20_000);
    assert_eq!(desk.state(&id), "Accepted");
    (desk, id)
}

fn worth(desk: &mut Desk, order: &Value) -> Value {
    let token = U256::from(order["betId"].as_u64().expect("a token"));
    desk.view(C.lp, &calldata("25aa820b", &[word(C.core), token]))
}

#[test]
fn both_sides_of_a_line_settle_opposite_ways_at_the_end_of_the_game() {
    let mut desk = Desk::with(calm(), |_| {});
    let games = desk.games("Prematch");
    let game = games.iter().find(|g| g["sport"]["slug"] == "basketball").expect("a basketball game").clone();
    let line = desk.conditions(&game).into_iter().find(|l| l["marketId"] == 19).expect("a winner");
    let mut ids = Vec::new();
    for side in 0..2 {
        let mut one = line.clone();
        one["outcomes"] = json!([line["outcomes"][side]]);
        let wanted = desk.wanted(&one);
        let request = desk.request(&wanted);
        let (status, answer) = desk.post(&request).expect("an answer");
        assert_eq!(status, 201, "{answer}");
        ids.push(answer["id"].as_str().expect("an id").to_owned());
    }
    let starts_ms = game["startsAt"].as_str().expect("text").parse::<i64>().expect("digits") * 1_000;
    desk.advance(starts_ms - desk.now / 1_000 + 4 * 3_600_000);
    let orders: Vec<Value> = ids.iter().map(|id| desk.order(id)).collect();
    assert!(orders.iter().all(|o| o["state"] == "Settled" && o["settledAt"].is_string()), "{orders:?}");
    let mut results: Vec<&str> = orders.iter().filter_map(|o| o["result"].as_str()).collect();
    results.sort_unstable();
    assert_eq!(results, ["Lost", "Won"]);
    for order in &orders {
        let pays = order["meta"]["rawPayout"].as_str().expect("settled").parse::<U256>().expect("digits");
        assert_eq!(number(&worth(&mut desk, order)), pays);
        assert_eq!(pays > U256::ZERO, order["result"] == "Won");
    }
    desk.sim.money_agrees().expect("both sides agree");
}

#[test]
fn a_cancelled_game_gives_the_stake_back() {
    let (mut desk, id) = accepted();
    desk.fault("resolve_now", json!({"cancel": true}));
    desk.advance(1_000);
    let order = desk.order(&id);
    assert_eq!((&order["state"], &order["result"]), (&json!("Settled"), &json!("Canceled")));
    assert_eq!(number(&worth(&mut desk, &order)), U256::from(10_000_000));
    desk.sim.money_agrees().expect("both sides agree");
}

#[test]
fn a_bet_mined_at_or_after_settled_at_is_void_although_it_was_accepted() {
    let (mut desk, id) = accepted();
    desk.fault("settle_before", json!({"s": 600}));
    desk.fault("resolve_now", json!({}));
    desk.advance(1_000);
    let order = desk.order(&id);
    assert_eq!((&order["state"], &order["result"]), (&json!("Settled"), &json!("Canceled")));
    assert_eq!(number(&worth(&mut desk, &order)), U256::from(10_000_000));
    desk.sim.money_agrees().expect("both sides agree");
}

#[test]
fn the_house_takes_an_accepted_bet_back_or_fails_to() {
    let mut desk = Desk::calm();
    desk.fault("house_cancels", json!({"count": 1, "ms": 3_000}));
    let id = desk.placed();
    assert_eq!(desk.path(&id, 20_000), ["Created", "Placed", "Sent", "Accepted", "PendingCancel", "Canceled"]);
    let order = desk.order(&id);
    assert_eq!(number(&worth(&mut desk, &order)), U256::from(10_000_000));
    desk.fault("house_cancels", json!({"count": 1, "ms": 3_000, "ends": "failed"}));
    let id = desk.placed();
    assert_eq!(desk.path(&id, 20_000).pop().as_deref(), Some("CancelFailed"));
    desk.fault("resolve_now", json!({}));
    desk.advance(1_000);
    assert_eq!(desk.state(&id), "Settled");
    desk.sim.money_agrees().expect("both sides agree");
}

#[test]
fn an_order_the_house_cancels_early_never_reaches_the_chain() {
    let mut desk = Desk::calm();
    desk.fault("cancel_early", json!({"count": 1, "ms": 500}));
    let id = desk.placed();
    assert_eq!(desk.path(&id, 20_000), ["Created", "Placed", "PendingCancel", "Canceled"]);
    let order = desk.order(&id);
    assert_eq!((&order["betId"], &order["result"]), (&Value::Null, &Value::Null));
    assert_eq!(desk.sim.token_balance(desk.bettor), 10_000_000_000);
}

#[test]
fn a_push_gives_the_stake_back_or_loses_as_the_switch_says() {
    fn pushed(loses: bool) -> Value {
        let mut desk = Desk::with(calm(), |_| {});
        if loses {
            desk.fault("push_loses", json!({}));
        }
        for game in desk.games("Prematch").into_iter().filter(|g| g["sport"]["slug"] != "basketball") {
            for line in desk.conditions(&game) {
                let whole = line["outcomes"][0]["point"].as_str().is_some_and(|p| !p.contains('.'));
                if !whole || line["state"] != "Active" {
                    continue;
                }
                let wanted = desk.wanted(&line);
                let request = desk.request(&wanted);
                desk.post(&request).expect("an answer");
            }
        }
        desk.advance(40 * 3_600_000);
        let ended: Vec<_> = desk.sim.bets_seen(0).filter(|b| b.result.is_some()).collect();
        assert!(ended.len() > 4, "{} whole lines were bet on", ended.len());
        desk.sim.money_agrees().expect("both sides agree");
        let (mut won, mut back) = (0, 0);
        for bet in &ended {
            won += i32::from(bet.result == Some("Won"));
            back += i32::from(bet.result == Some("Canceled"));
        }
        json!({ "all": ended.len(), "won": won, "back": back })
    }
    let (kind, hard) = (pushed(false), pushed(true));
    assert_eq!((&kind["all"], &kind["won"]), (&hard["all"], &hard["won"]));
    assert!(kind["back"].as_i64() > Some(0), "no line was level: {kind}");
    assert_eq!(hard["back"], 0);
}

#[test]
fn a_game_can_be_ended_with_a_score_and_its_settlement_held() {
    for (one, two, result) in [(3, 0, "Won"), (0, 3, "Lost")] {
        let (mut desk, id) = accepted();
        desk.fault("settlement_held", json!({}));
        desk.fault("resolve_now", json!({"one": one, "two": two}));
        desk.advance(60_000);
        assert_eq!(desk.state(&id), "Accepted");
        venue_sim::VenueSim::clear_fault(&mut desk.sim, "settlement_held");
        desk.advance(20_000);
        let order = desk.order(&id);
        assert_eq!((&order["state"], &order["result"]), (&json!("Settled"), &json!(result)));
        let line = order["conditions"][0]["conditionId"].clone();
        // What it was settled by stands, whatever is switched afterwards.
        desk.fault("settle_before", json!({"s": 600}));
        let batch = desk
            .call("POST", "/market-manager/condition-batch", &json!({"conditionIds": [line], "environment": "PolygonUSDT"}))
            .1;
        assert_eq!(batch["conditions"][0]["state"], "Resolved");
        desk.sim.money_agrees().expect("both sides agree");
    }
}
