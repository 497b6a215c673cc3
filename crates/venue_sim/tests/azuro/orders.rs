//! Orders: the shape of their answers, the checks of a POST in their order, the way to the chain.

use crate::bench::{Desk, Wanted, calm, data, e12, fits};
use alloy_primitives::Address;
use serde_json::{Value, json};
use venue_sim::sports::SportsShape;

const DAY_MS: i64 = 86_400_000;

/// What a POST of a bet that `change` has changed is answered with: status, error and message.
fn verdict(desk: &mut Desk, change: impl FnOnce(&mut Wanted)) -> (u16, String, String) {
    let line = desk.main_line();
    let mut wanted = desk.wanted(&line);
    change(&mut wanted);
    let request = desk.request(&wanted);
    said(desk, &request)
}

fn said(desk: &mut Desk, request: &Value) -> (u16, String, String) {
    let (status, answer) = desk.post(request).expect("an answer");
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    let documented = &data("errors.json")["documented_order_errors"];
    assert!(answer["error"].is_null() || documented.as_array().is_some_and(|all| all.contains(&answer["error"])), "{answer}");
    (status, if answer["error"].is_null() { text("state") } else { text("error") }, text("errorMessage"))
}

#[test]
fn a_bet_goes_through_every_state_and_ends_with_a_token_that_shows_late() {
    let mut desk = Desk::calm();
    let id = desk.placed();
    assert_eq!(desk.path(&id, 12_000), ["Created", "Placed", "Sent", "Accepted"]);
    desk.advance(3_000);
    let order = desk.order(&id);
    fits(&data("orders.json")["get_states"][0], &order, "order");
    let listed = &data("orders.json")["list_by_bettor"]["orders"][0];
    let meta = order["meta"].as_object().expect("the indexer has seen it");
    for (name, value) in meta.iter().filter(|(n, _)| *n != "selections") {
        fits(&listed["meta"][name], value, name);
    }
    assert_eq!(order["betId"], json!(222_040));
    assert_eq!(order["amount"].to_string(), "10");
    assert_eq!(order["meta"]["rawAmount"], "10000000");
    assert_eq!(e12(&order["odds"].to_string()).to_string(), order["meta"]["rawOdds"].as_str().expect("text"));
    let bettor = order["bettor"].as_str().expect("text").to_owned();
    let (status, list) = desk.get(&format!("/bet/orders/bettor/{bettor}?environment=PolygonUSDT&limit=10"));
    assert_eq!((status, list["orders"].as_array().map(Vec::len)), (200, Some(1)));
    let (status, _) = desk.get(&format!("/bet/orders/bettor/{bettor}?environment=PolygonUSDT&states=Rejected"));
    assert_eq!(status, 404);
    assert_eq!(desk.get("/bet/orders/0x00_1").0, 404);
}

#[test]
fn answers_to_a_post_have_the_documented_fields() {
    let mut desk = Desk::calm();
    let line = desk.main_line();
    let wanted = desk.wanted(&line);
    let request = desk.request(&wanted);
    fits(&data("orders.json")["post_single"]["body"], &request, "what the bench posts");
    let (_, created) = desk.post(&request).expect("an answer");
    fits(&data("orders.json")["post_answer_created"], &created, "created");
    let dear = Wanted { min_odds: 90_000_000_000_000, nonce: wanted.nonce + 1, ..wanted };
    let request = desk.request(&dear);
    let (status, rejected) = desk.post(&request).expect("an answer");
    fits(&data("orders.json")["post_answer_rejected"], &rejected, "rejected");
    assert_eq!(
        (status, &rejected),
        (200, &{
            let mut expect = data("orders.json")["post_answer_rejected"].clone();
            expect["id"] = rejected["id"].clone();
            expect
        })
    );
}

#[test]
fn a_post_is_checked_for_signature_expiry_nonce_allowance_state_price_and_limits() {
    fn check(change: impl FnOnce(&mut Wanted), expect: (u16, &str)) {
        let (status, error, message) = verdict(&mut Desk::calm(), change);
        assert_eq!((status, error.as_str()), expect, "{message}");
    }
    check(|_| {}, (201, "Created"));
    check(|w| w.expires_in_s = 0, (400, "BadData"));
    check(|w| w.expires_in_s = 400, (200, "ExpiresAtTooLarge"));
    check(|w| w.condition = "300610060000000000306992750000000000009084689496".to_owned(), (400, "BadData"));
    check(|w| w.outcome = 99, (400, "BadData"));
    check(|w| w.min_odds += 20_000_000_000, (200, "TooHighMinPrice"));
    check(|w| w.min_odds += 10_000_000_000, (201, "Created"));
    check(|w| w.amount = 990_000, (200, "ChecksFailed"));
    check(|w| w.amount = 1_000_000, (201, "Created"));
    check(|w| w.amount = 3_000_000_000, (200, "TooHighStake"));
    check(|w| w.amount = 10_001_000, (400, "BadData"));
    check(|w| w.affiliate = Address::ZERO, (201, "Created"));
}

#[test]
fn what_is_wrong_first_is_what_is_said() {
    // Everything is wrong with this bet; each mended thing lets the next one show.
    let mut desk = Desk::with(calm(), |c| c.approved = false);
    let line = desk.main_line();
    desk.fault("stop_games", json!({}));
    let all_wrong = Wanted { expires_in_s: 400, min_odds: u64::MAX, amount: 9_000_000_000, ..desk.wanted(&line) };
    let mut request = desk.request(&all_wrong);
    request["bettorSignature"] = json!(format!("0x{}", "11".repeat(65)));
    assert_eq!(said(&mut desk, &request).1, "MessageNotVerified");
    type Mend = fn(&mut Desk, &mut Wanted);
    let steps: [(&str, Mend); 6] = [
        ("ExpiresAtTooLarge", |_, _| {}),
        ("TokenAllowance", |_, w| w.expires_in_s = 60),
        ("ChecksFailed", |d, _| d.sim.preapprove(d.bettor, alloy_primitives::U256::MAX)),
        ("TooHighMinPrice", |d, _| venue_sim::VenueSim::clear_fault(&mut d.sim, "stop_games")),
        ("TooHighStake", |_, w| w.min_odds = 1_000_000_000_000),
        ("Created", |_, w| w.amount = 10_000_000),
    ];
    let mut wanted = all_wrong;
    for (expect, mend) in steps {
        mend(&mut desk, &mut wanted);
        wanted.nonce += 1;
        let request = desk.request(&wanted);
        assert_eq!(said(&mut desk, &request).1, expect);
    }
}

#[test]
fn the_same_bytes_are_the_same_order_and_other_bytes_under_its_nonce_are_an_error() {
    let mut desk = Desk::calm();
    let line = desk.main_line();
    let wanted = desk.wanted(&line);
    let request = desk.request(&wanted);
    assert_eq!(desk.post(&request).expect("an answer").0, 201);
    desk.advance(12_000);
    let (status, again) = desk.post(&request).expect("an answer");
    assert_eq!((status, &again["state"]), (200, &json!("Accepted")));
    let other = desk.request(&Wanted { amount: 11_000_000, ..wanted });
    let (status, answer) = desk.post(&other).expect("an answer");
    assert_eq!((status, answer["state"].is_null()), (400, true));
    desk.fault("repeat_post", json!({"answer": "error"}));
    assert_eq!(desk.post(&request).expect("an answer").0, 400);
    assert_eq!(desk.sim.bets_seen(0).count(), 1);
}

#[test]
fn a_malformed_request_is_a_400_that_names_the_field() {
    let mut desk = Desk::calm();
    let line = desk.main_line();
    let wanted = desk.wanted(&line);
    let good = desk.request(&wanted);
    let mut check = |pointer: &str, value: Value| {
        let mut request = good.clone();
        *request.pointer_mut(pointer).expect(pointer) = value;
        let (status, answer) = desk.post(&request).expect("an answer");
        let name = pointer.rsplit('/').next().expect("a name");
        let message = answer["errorMessage"].as_str().expect("a message");
        assert_eq!(status, 400, "{pointer}: {answer}");
        assert!(message.contains(name), "{pointer}: {message}");
    };
    check("/environment", json!("ChilizWCHZ"));
    check("/bettor", json!("0x3EC987f6B7E624848EaAcE2DDA3bb4252D98698e"));
    check("/betOwner", json!("0x0000000000000000000000000000000000000001"));
    check("/bettorSignature", json!("0x12"));
    check("/clientBetData/clientData/expiresAt", json!("1795254980"));
    check("/clientBetData/clientData/chainId", json!("137"));
    check("/clientBetData/clientData/attention", json!("x".repeat(161)));
    check("/clientBetData/clientData/relayerFeeAmount", json!(0));
    check("/clientBetData/bet/outcomeId", json!("29"));
    check("/clientBetData/bet/amount", json!(10_000_000));
    check("/clientBetData/bet/minOdds", json!("1.85"));
    check("/clientBetData/bet/nonce", json!("-1"));
}

#[test]
fn limits_follow_what_has_been_taken() {
    let mut desk = Desk::with(calm(), |c| {
        c.max_bet_raw = 500_000_000;
        c.max_loss_raw = 600_000_000;
    });
    let line = desk.main_line();
    let outcome: u64 = line["outcomes"][0]["outcomeId"].as_str().expect("text").parse().expect("digits");
    let odds = e12(line["outcomes"][0]["odds"].as_str().expect("odds"));
    let body = json!({"environment": "PolygonUSDT", "bets": [{"conditionId": line["conditionId"], "outcomeId": outcome}]});
    let most = |desk: &mut Desk| {
        let (_, answer) = desk.call("POST", "/bet/calculation", &body);
        let text = answer["response"]["maxBet"].to_string();
        let payout = e12(answer["response"]["maxPayout"].as_str().expect("text"));
        let most = e12(&text) / 1_000_000;
        assert_eq!(u128::from(payout / 1_000_000), u128::from(most) * u128::from(odds) / 1_000_000_000_000, "{answer}");
        u128::from(most)
    };
    let first = most(&mut desk);
    let wanted = Wanted { amount: first / 20_000 * 10_000, ..desk.wanted(&line) };
    let request = desk.request(&wanted);
    assert_eq!(desk.post(&request).expect("an answer").0, 201);
    desk.advance(12_000);
    let second = most(&mut desk);
    assert!(second < first, "{first} then {second}");
    let more = Wanted { amount: second + 10_000, nonce: wanted.nonce + 1, ..wanted };
    let request = desk.request(&more);
    assert_eq!(said(&mut desk, &request).1, "PayoutNotGuaranteed");
}

#[test]
fn prices_that_moved_between_the_post_and_the_oracle_fill_better_or_not_at_all() {
    let (mut filled, mut refused, mut better) = (0, 0, 0);
    for round in 0..40 {
        let shape = SportsShape { noise_permille: 900, trouble_permille: 0, ..SportsShape::default() };
        let mut desk = Desk::with(shape, |c| c.latencies.sent_us = 20_000_000);
        desk.advance(round * 61_000);
        let line = desk.main_line();
        let mut wanted = desk.wanted(&line);
        wanted.min_odds += 10_000_000_000; // exactly what was shown
        let request = desk.request(&wanted);
        let (_, answer) = desk.post(&request).expect("an answer");
        let id = answer["id"].as_str().expect("an id").to_owned();
        desk.advance(40_000);
        let order = desk.order(&id);
        match order["state"].as_str() {
            Some("Accepted") => {
                filled += 1;
                let odds = e12(&order["odds"].to_string());
                assert!(odds >= wanted.min_odds, "{order}");
                better += i32::from(odds > wanted.min_odds);
            }
            Some("Rejected") => {
                refused += 1;
                assert!(!desk.sim.bets_seen(0).any(|b| b.token_id.is_some()));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(filled > 0 && refused > 0 && better > 0, "{filled} filled, {better} better, {refused} refused");
}

#[test]
fn an_order_that_has_expired_when_its_block_comes_reverts() {
    let mut desk = Desk::calm();
    desk.fault("accept_after", json!({"ms": 30_000, "count": 1}));
    let line = desk.main_line();
    let wanted = Wanted { expires_in_s: 8, ..desk.wanted(&line) };
    let request = desk.request(&wanted);
    let id = desk.post(&request).expect("an answer").1["id"].as_str().expect("an id").to_owned();
    assert_eq!(desk.path(&id, 40_000), ["Created", "Placed", "Sent", "Rejected"]);
    let order = desk.order(&id);
    assert_eq!((&order["error"], &order["errorMessage"]), (&json!("TransactionFailed"), &json!("SignatureExpired")));
}

#[test]
fn an_order_that_cannot_be_paid_for_fails_on_the_chain() {
    let mut desk = Desk::calm();
    desk.sim.grant(desk.bettor, -9_995_000_000);
    let id = desk.placed();
    desk.advance(12_000);
    let order = desk.order(&id);
    assert_eq!((&order["state"], &order["error"]), (&json!("Rejected"), &json!("TransactionFailed")), "{order}");
    assert_eq!(desk.sim.token_balance(desk.bettor), 5_000_000);
}

#[test]
fn bets_are_taken_in_play_too() {
    let mut desk = Desk::calm();
    for _ in 0..DAY_MS / 600_000 {
        desk.advance(600_000);
        for game in desk.games("Live").into_iter().filter(|g| g["state"] == "Live") {
            let Some(line) = desk.conditions(&game).into_iter().find(|l| l["state"] == "Active") else { continue };
            let wanted = desk.wanted(&line);
            let request = desk.request(&wanted);
            let (status, answer) = desk.post(&request).expect("an answer");
            if (status, &answer["state"]) == (201, &json!("Created")) {
                let id = answer["id"].as_str().expect("an id").to_owned();
                assert_eq!(desk.order(&id)["conditions"][0]["gameState"], "Live");
                return;
            }
        }
    }
    panic!("no live game takes bets within a day");
}

#[test]
fn a_refusal_speaks_in_the_sentences_that_were_observed() {
    let observed = data("errors.json")["observed_messages"].clone();
    let seen = |message: &str| observed.as_array().expect("a list").iter().any(|m| m["errorMessage"] == message);
    let mut desk = Desk::calm();
    let (_, _, price) = verdict(&mut desk, |w| w.min_odds *= 2);
    let line = desk.main_line();
    desk.fault("stop_games", json!({}));
    let wanted = desk.wanted(&line);
    let request = desk.request(&wanted);
    let (_, _, stopped) = said(&mut desk, &request);
    assert!(seen(&price) && seen(&stopped), "{price}; {stopped}");
    let (status, combo) = desk.call("POST", "/bet/orders/combo", &json!({}));
    assert!(status == 409 && seen(combo["errorMessage"].as_str().expect("text")));
}
