//! Posting orders: what is refused, how they are matched and answered (sx.md sections 4, 7).

use crate::bench::{Ask, Bench, CALM, FUNDS, ONE, RUNG, Who, data};
use serde_json::{Value, json};
use venue_sim::sports::SportsShape;

#[test]
fn a_full_fill_is_answered_after_the_delay_at_the_books_price() {
    let mut bench = Bench::open();
    let market = bench.market();
    let (best, _) = bench.best(&market, true).unwrap();
    let mut ask = bench.take_best(&market, true, 5_000_000, "FOK");
    ask.p += 8 * RUNG; // ready to pay more; gets the resting price
    let begun = bench.now;
    let entry = bench.bet(&ask);
    let took_ms = (bench.now - begun) / 1_000;
    assert!((500..700).contains(&took_ms), "{took_ms} ms");
    Bench::assert_names(&entry, &data("v3_create_order_responses.json")["full_fill"]["data"]["orders"][0], "entry");
    let outcome = &entry["outcome"];
    Bench::assert_names(outcome, &data("v3_create_order_responses.json")["full_fill"]["data"]["orders"][0]["outcome"], "outcome");
    assert_eq!(outcome["state"], "FULLY_FILLED");
    let blended: i128 = outcome["blendedOdds"].as_str().unwrap().parse().unwrap();
    assert!((best - blended).abs() < ONE / 1_000_000, "{blended} against {best}");
    bench.run_ms(500);
    let fills = bench.get(&format!("/fills-v3?orderId={}", entry["orderId"].as_str().unwrap()))["fills"].clone();
    assert_eq!(fills[0]["fillOdds"], best.to_string());
    Bench::assert_names(&fills[0], &data("v3_fill_row_locked.json"), "fill");
    bench.sim.check().unwrap();
}

#[test]
fn what_is_refused_and_how() {
    let mut bench = Bench::open();
    let market = bench.market();
    let good = bench.take_best(&market, true, 2_000_000, "IOC");
    let me = bench.me.clone();
    type Change = fn(&mut Value);
    let whole: &[(Change, &str)] = &[
        (|o| o["percentageOdds"] = json!((50 * ONE / 100 + 1).to_string()), "PERCENTAGEODDS_UNDEFINED_OR_MALFORMED"),
        (|o| o["percentageOdds"] = json!(ONE.to_string()), "PERCENTAGEODDS_UNDEFINED_OR_MALFORMED"),
        (|o| o["percentageOdds"] = json!("-5"), "PERCENTAGEODDS_UNDEFINED_OR_MALFORMED"),
        (|o| o["totalBetSize"] = json!("999999"), "TOTAL_BET_SIZE_TOO_LOW"),
        (|o| o["totalBetSize"] = json!(2_000_000), "totalBetSize must be a string"),
        (|o| o["totalBetSize"] = json!("1e9"), "totalBetSize must be a decimal"),
        (|o| o["expiry"] = json!("1795000000"), "expiry must be"),
        (|o| o["expiry"] = json!(0), "expiry must be"),
        (|o| o["salt"] = json!("0x1"), "salt must be"),
        (|o| o["salt"] = json!(5), "salt must be"),
        (|o| o["timeInForce"] = json!("GTD"), "timeInForce must be"),
        (|o| o["clientOrderId"] = json!("a b"), "clientOrderId must be"),
        (|o| o["clientOrderId"] = json!("x".repeat(65)), "clientOrderId must be"),
        (|o| o["isMakerBettingOutcomeOne"] = json!(1), "isMakerBettingOutcomeOne must be"),
        (|o| o["maker"] = json!(o["maker"].as_str().unwrap().to_lowercase()), "maker must be a checksummed"),
        (|o| o["marketHash"] = json!("0x12"), "marketHash must be"),
        (|o| drop(o.as_object_mut().unwrap().remove("orderSignature")), "orderSignature must be"),
    ];
    for (change, expect) in whole {
        let mut item = bench.signed(&me, &good);
        change(&mut item);
        let (status, body) = bench.call("POST", "/orders-v3", &json!({ "orders": [item] }));
        assert_eq!(status, 400, "{expect}: {body}");
        assert!(body["message"].to_string().contains(expect), "{expect}: {body}");
    }
    let single: &[(Change, &str)] = &[
        (|o| o["baseToken"] = json!("0x3E96B0a25d51e3Cc89C557f152797c33B839968f"), "INVALID_BASE_TOKEN"),
        (|o| o["isMakerBettingOutcomeOne"] = json!(false), "INVALID_SIGNATURE"),
        (|o| o["totalBetSize"] = json!("3000000"), "INVALID_SIGNATURE"),
        (|o| o["salt"] = json!(format!("0x{}", "7".repeat(64))), "INVALID_SIGNATURE"),
        (|o| o["orderSignature"] = json!("0x00"), "INVALID_SIGNATURE"),
    ];
    for (change, expect) in single {
        let mut item = bench.signed(&me, &good);
        change(&mut item);
        let entry = bench.post(&[item]).remove(0);
        assert_eq!((&entry["status"], &entry["reason"]), (&json!("FAILED"), &json!(expect)), "{entry}");
    }
    let other = Who::new(2);
    let foreign = bench.signed(&other, &good);
    assert_eq!(bench.post(&[foreign])[0]["reason"], "INVALID_SIGNATURE");
    let late = Ask { expiry_s: bench.now / 1_000_000, ..good.clone() };
    assert_eq!(bench.bet(&late)["reason"], "INVALID_EXPIRY");
    let nowhere = Ask { market: format!("0x{}", "ab".repeat(32)), ..good.clone() };
    assert_eq!(bench.bet(&nowhere)["reason"], "INVALID_MARKET");
    let rich = Ask { stake: FUNDS + 1, ..good.clone() };
    assert!(bench.bet(&rich)["reason"].as_str().unwrap().starts_with("Insufficient available balance"));
    let (status, _) = bench.call("POST", "/orders-v3", &json!({ "orders": vec![json!({}); 11] }));
    assert_eq!(status, 400);
    bench.switch("reason_field", json!("error"));
    assert_eq!(bench.bet(&late)["error"], "INVALID_EXPIRY");
    bench.switch("refusals_http", json!(true));
    let item = bench.signed(&me, &late);
    let (status, body) = bench.call("POST", "/orders-v3", &json!({ "orders": [item] }));
    assert_eq!((status, &body["message"]), (400, &json!("INVALID_EXPIRY")));
    bench.switch("failure_form", json!(true));
    let item = bench.signed(&me, &late);
    let (_, body) = bench.call("POST", "/orders-v3", &json!({ "orders": [item] }));
    assert_eq!(body, json!({ "status": "failure", "errorCode": "INVALID_EXPIRY" }));
    assert_eq!(bench.sim.bets_seen(0).count(), 0);
}

#[test]
fn the_id_is_the_digest_and_posting_it_again_does_not_bet_again() {
    let mut bench = Bench::open();
    let market = bench.market();
    let ask = bench.take_best(&market, false, 2_000_000, "FOK");
    let me = bench.me.clone();
    let item = bench.signed(&me, &ask);
    let first = bench.post(std::slice::from_ref(&item)).remove(0);
    assert_eq!(first["outcome"]["state"], "FULLY_FILLED");
    let again = bench.post(std::slice::from_ref(&item)).remove(0);
    assert_eq!((&again["status"], &again["reason"]), (&json!("FAILED"), &json!("ORDERS_ALREADY_EXIST")));
    assert_eq!(again["orderId"], first["orderId"]);
    bench.switch("repost", json!("old"));
    let old = bench.post(&[item]).remove(0);
    assert_eq!(old["outcome"], first["outcome"]);
    assert_eq!(bench.sim.bets_seen(0).count(), 1);
}

#[test]
fn each_force_ends_as_the_table_says() {
    let mut bench = Bench::open();
    let market = bench.market();
    let (best, size) = bench.best(&market, true).unwrap();
    let room = (i128::from(size) * best / (ONE - best)) as i64;
    let mut check = |force: &'static str, stake: i64, p: i128, expect: (&str, Option<&str>, &str)| {
        bench.run_ms(10_000); // the makers fill up again
        let ask = Ask { market: market.clone(), one: true, stake, p, force, expiry_s: bench.now / 1_000_000 + 60 };
        let outcome = bench.bet(&ask)["outcome"].clone();
        let id = bench.sim.bets_seen(0).last().unwrap().id;
        let row = bench.get(&format!("/orders-v3/{id}"))["order"].clone();
        let got = (outcome["state"].as_str().unwrap(), outcome["cancelReason"].as_str(), row["status"].as_str().unwrap());
        assert_eq!(got, expect, "{force} {stake}: {outcome} {row}");
        bench.sim.check().unwrap();
    };
    let worse = best - 20 * RUNG;
    check("FOK", 2_000_000, best, ("FULLY_FILLED", None, "INACTIVE"));
    check("FOK", room + 60_000_000, best, ("CANCELLED", Some("NO_LIQUIDITY"), "INACTIVE"));
    check("IOC", room + 60_000_000, best, ("PARTIAL_FILL_DONE", None, "INACTIVE"));
    check("IOC", 2_000_000, worse, ("CANCELLED", Some("NO_LIQUIDITY"), "INACTIVE"));
    check("GTC", 2_000_000, worse, ("RESTED", None, "ACTIVE"));
    check("GTC", room + 60_000_000, best, ("PARTIAL_FILL_RESTED", None, "ACTIVE"));
    check("GTC", 2_000_000, best + 8 * RUNG, ("FULLY_FILLED", None, "INACTIVE"));
}

#[test]
fn without_waiting_the_answer_is_only_an_acknowledgement_and_a_short_wait_times_out() {
    let mut bench = Bench::open();
    let market = bench.market();
    let me = bench.me.clone();
    let ask = bench.take_best(&market, true, 2_000_000, "FOK");
    let item = bench.signed(&me, &ask);
    let (_, body) = bench.call("POST", "/orders-v3", &json!({ "orders": [item] }));
    let entry = &body["data"]["orders"][0];
    assert_eq!(entry["status"], "SUBMITTED");
    assert!(entry.get("outcome").is_none(), "{entry}");
    let row = bench.get(&format!("/orders-v3/{}", entry["orderId"].as_str().unwrap()))["order"].clone();
    assert_eq!(row["status"], "PENDING");
    let item = bench.signed(&me, &ask);
    let body = json!({ "orders": [item], "waitForOutcome": true, "maxWaitTime": 200 });
    let (_, body) = bench.call("POST", "/orders-v3", &body);
    assert_eq!(body["data"]["orders"][0]["outcome"], json!({ "state": "TIMEOUT" }));
    bench.run_ms(1_000);
    assert!(bench.sim.bets_seen(0).all(|b| b.matched == b.stake));
}

#[test]
fn several_orders_are_answered_together_in_their_order() {
    let mut bench = Bench::open();
    let market = bench.market();
    let me = bench.me.clone();
    let good = bench.take_best(&market, true, 2_000_000, "IOC");
    let bad = Ask { expiry_s: 1, ..good.clone() };
    let items: Vec<Value> = [&good, &bad, &good].map(|a| bench.signed(&me, a)).into();
    let entries = bench.post(&items);
    let states: Vec<&str> = entries.iter().map(|e| e["outcome"]["state"].as_str().unwrap_or("none")).collect();
    assert_eq!(states, ["FULLY_FILLED", "none", "FULLY_FILLED"]);
    for (entry, item) in entries.iter().zip(&items) {
        assert_eq!(entry["clientOrderId"], item["clientOrderId"]);
    }
}

#[test]
fn the_book_of_the_moment_after_the_delay_counts() {
    let mut bench = Bench::open();
    let market = bench.market();
    let ask = bench.take_best(&market, true, 2_000_000, "FOK");
    let me = bench.me.clone();
    let item = bench.signed(&me, &ask);
    let body = json!({ "orders": [item], "waitForOutcome": true }).to_string();
    let key = me.api_key;
    let request = bench.send("POST", "/orders-v3", &[("x-sx-api-key", &key)], body.as_bytes());
    bench.run_ms(200);
    bench.fault("empty_book", json!({}));
    let (_, _, _, text) = bench.wait(request).unwrap();
    assert!(text.contains("NO_LIQUIDITY"), "{text}");
}

#[test]
fn clients_meet_each_other_by_price_then_time_and_not_themselves() {
    let mut bench = Bench::with(CALM, |cfg| cfg.makers.levels = 0);
    let market = bench.market();
    let (me, other) = (bench.me.clone(), bench.other.clone());
    let expiry_s = bench.now / 1_000_000 + 3_600;
    let ask = |one: bool, percent: i128, stake: i64, force| Ask {
        market: market.clone(),
        one,
        stake,
        p: ONE / 100 * percent,
        force,
        expiry_s,
    };
    let first = bench.bet_as(&other, &ask(false, 50, 3_000_000, "GTC"));
    let second = bench.bet_as(&other, &ask(false, 50, 3_000_000, "GTC"));
    let better = bench.bet_as(&other, &ask(false, 52, 3_000_000, "GTC"));
    assert_eq!(bench.bet_as(&other, &ask(true, 60, 1_000_000, "IOC"))["outcome"]["cancelReason"], "NO_LIQUIDITY");
    let taken = bench.bet_as(&me, &ask(true, 50, 4_000_000, "IOC"));
    assert_eq!(taken["outcome"]["state"], "FULLY_FILLED", "{taken}");
    let matched = |entry: &Value, bench: &Bench| bench.sim.bets_seen(0).find(|b| b.id == entry["orderId"]).unwrap().matched;
    assert_eq!(matched(&better, &bench), 3_000_000);
    // 48 for the first 2,769,230 of our stake, 50 for the rest.
    assert_eq!(matched(&first, &bench), 4_000_000 - 2_769_230);
    assert_eq!(matched(&second, &bench), 0);
    bench.switch("self_match", json!(true));
    assert_eq!(bench.bet_as(&other, &ask(true, 60, 1_000_000, "IOC"))["outcome"]["state"], "FULLY_FILLED");
    bench.sim.check().unwrap();
}

#[test]
fn makers_that_move_over_a_resting_bet_match_it_at_its_own_odds() {
    let mut bench = Bench::with(SportsShape { noise_permille: 300, ..CALM }, |_| {});
    let markets = bench.markets(|m| m["type"] == 2 && m["line"] == 2.5);
    let markets: Vec<String> = markets.iter().take(4).map(|m| m["marketHash"].as_str().unwrap().to_owned()).collect();
    let expiry_s = bench.now / 1_000_000 + 3_600;
    for (market, one) in markets.iter().flat_map(|m| [(m, true), (m, false)]) {
        let (best, _) = bench.best(market, one).unwrap();
        let ask = Ask { market: market.clone(), one, stake: 2_000_000, p: best - RUNG, force: "GTC", expiry_s };
        assert_eq!(bench.bet(&ask)["outcome"]["state"], "RESTED");
    }
    bench.run_ms(1_800_000);
    let fills = bench.get("/fills-v3")["fills"].as_array().unwrap().clone();
    assert!(!fills.is_empty(), "the makers never moved over a bet");
    for fill in fills {
        let order = bench.get(&format!("/orders-v3/{}", fill["orderId"].as_str().unwrap()))["order"].clone();
        assert_eq!((&fill["isMaker"], &fill["fillOdds"]), (&json!(true), &order["percentageOdds"]));
    }
    bench.sim.check().unwrap();
}

#[test]
fn resting_orders_show_in_the_book_and_in_the_list() {
    let mut bench = Bench::open();
    let market = bench.market();
    let (best, _) = bench.best(&market, true).unwrap();
    let p = best - 4 * RUNG;
    let ask = Ask { market: market.clone(), one: true, stake: 7_000_000, p, force: "GTC", expiry_s: bench.now / 1_000_000 + 60 };
    bench.bet(&ask);
    let book = bench.get(&format!("/orderbook-v3/snapshot?marketHash={market}"));
    assert!(book["outcomeOne"].as_array().unwrap().iter().any(|l| l["percentageOdds"] == p.to_string()), "{book}");
    let rows = bench.get(&format!("/orders-v3?marketHash={market}"))["orders"].clone();
    Bench::assert_names(&rows[0], &data("v3_order_row_active.json"), "order");
    assert_eq!(rows[0]["remainingSize"], "7000000");
    let other = bench.other.api_key.clone();
    let foreign = format!("/orders-v3/{}", rows[0]["id"].as_str().unwrap());
    let (status, body) = bench.call_as(Some(&other), "GET", &foreign, &Value::Null);
    assert_eq!((status, &body["message"]), (404, &json!("Order not found")));
    bench.run_ms(61_000);
    let row = bench.get(&foreign)["order"].clone();
    assert_eq!((&row["status"], &row["inactiveReason"]), (&json!("INACTIVE"), &json!("EXPIRED")));
    assert_eq!(bench.get("/user/balance-v3")["balances"][0]["pendingAvailableAmount"], "0");
}

#[test]
fn at_kick_off_what_rests_is_swept_and_the_delay_grows() {
    let mut bench = Bench::open();
    let markets = bench.markets(|m| m["type"] == 1 && m["outcomeOneName"] == "Tie");
    let soonest = markets.iter().min_by_key(|m| m["gameTime"].as_i64()).unwrap().clone();
    let market = soonest["marketHash"].as_str().unwrap().to_owned();
    let starts = soonest["gameTime"].as_i64().unwrap();
    let ask = Ask { market: market.clone(), one: true, stake: 2_000_000, p: RUNG, force: "GTC", expiry_s: starts + 7_200 };
    let entry = bench.bet(&ask);
    bench.run_until((starts + 60) * 1_000_000);
    let row = bench.get(&format!("/orders-v3/{}", entry["orderId"].as_str().unwrap()))["order"].clone();
    assert_eq!(row["inactiveReason"], "EVENT_LIFECYCLE", "{row}");
    let ask = bench.take_best(&market, true, 2_000_000, "FOK");
    let begun = bench.now;
    bench.bet(&Ask { p: ask.p + 20 * RUNG, ..ask });
    assert!(bench.now - begun >= 6_000_000, "{} us", bench.now - begun);
    let alternate = bench.get(&format!("/markets/active?eventId={}&pageSize=100", soonest["sportXeventId"].as_str().unwrap()));
    let closed = alternate["markets"].as_array().unwrap().iter().find(|m| m["liveEnabled"] == false).unwrap().clone();
    let shut = Ask { market: closed["marketHash"].as_str().unwrap().to_owned(), p: ONE / 2, ..ask_of(&bench, &market) };
    assert_eq!(bench.bet(&shut)["reason"], "MATCH_STATE_INVALID");
}

fn ask_of(bench: &Bench, market: &str) -> Ask {
    Ask {
        market: market.to_owned(),
        one: true,
        stake: 2_000_000,
        p: ONE / 2,
        force: "IOC",
        expiry_s: bench.now / 1_000_000 + 600,
    }
}
