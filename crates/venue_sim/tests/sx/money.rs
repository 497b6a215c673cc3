//! From a match to the chain to the settlement, and where the money is meanwhile (sx.md sections 8, 14, 15).

use crate::bench::{Ask, Bench, CALM, FUNDS, ONE, RUNG, data};
use proptest::prelude::*;
use serde_json::{Value, json};
use venue_sim::VenueSim;

fn fills(bench: &mut Bench, id: &str) -> Vec<Value> {
    bench.get(&format!("/fills-v3?orderId={id}&sortAsc=true"))["fills"].as_array().unwrap().clone()
}

fn amount(value: &Value) -> i64 {
    value.as_str().unwrap_or_else(|| panic!("{value}")).parse().unwrap()
}

fn event_of(bench: &mut Bench, market: &str) -> String {
    let found = bench.get(&format!("/markets/find?marketHashes={market}"));
    found[0]["sportXeventId"].as_str().unwrap().to_owned()
}

#[test]
fn a_fill_is_indexed_late_matched_first_and_locked_within_seconds() {
    let mut bench = Bench::open();
    let market = bench.market();
    let ask = bench.take_best(&market, true, 5_000_000, "FOK");
    let id = bench.bet(&ask)["orderId"].as_str().unwrap().to_owned();
    assert_eq!(fills(&mut bench, &id).len(), 0, "the index lags behind the answer");
    bench.run_ms(400);
    let row = fills(&mut bench, &id).remove(0);
    assert_eq!((&row["status"], &row["txHash"]), (&json!("MATCHED"), &Value::Null));
    let balance = bench.get("/user/balance-v3")["balances"][0].clone();
    Bench::assert_names(&balance, &data("v3_balance.json")["data"]["balances"][0], "balance");
    assert_eq!((amount(&balance["pendingAvailableAmount"]), amount(&balance["escrowedAmount"])), (-5_000_000, 0));
    bench.run_ms(4_000);
    assert_eq!(fills(&mut bench, &id)[0]["status"], "LOCKED");
    let balance = bench.get("/user/balance-v3")["balances"][0].clone();
    assert_eq!((amount(&balance["availableAmount"]), amount(&balance["escrowedAmount"])), (FUNDS - 5_000_000, 5_000_000));
    let position = bench.get("/positions-v3?status=MATCHED,LOCKED")["positions"][0].clone();
    Bench::assert_names(&position, &data("v3_position_row.json"), "position");
    assert_eq!((&position["totalStake"], &position["maxLoss"]), (&json!("5000000"), &json!("-5000000")));
}

#[test]
fn what_the_chain_refuses_gives_the_stake_back() {
    let mut bench = Bench::open();
    let market = bench.market();
    bench.fault("fail_fills", json!({ "count": 1 }));
    let ask = bench.take_best(&market, true, 5_000_000, "FOK");
    let entry = bench.bet(&ask);
    assert_eq!(entry["outcome"]["state"], "FULLY_FILLED");
    bench.run_ms(5_000);
    let id = entry["orderId"].as_str().unwrap();
    assert_eq!(fills(&mut bench, id)[0]["status"], "FAILED");
    assert_eq!(bench.get("/trades-v3")["trades"][0]["status"], "FAILED");
    let seen = bench.sim.balances_seen().next().unwrap();
    assert_eq!((seen.available, seen.escrowed, seen.pending, seen.reserved), (FUNDS, 0, 0, 0));
    assert_eq!(bench.sim.bets_seen(0).next().unwrap().failed, 5_000_000);
}

#[test]
fn a_bet_pays_by_the_result_less_a_fee_on_profit() {
    /// Score, side, odds are even: what comes back of 10 USDC at a tenth fee.
    fn check(score: Option<(i64, i64)>, one: bool, line: f64, kind: i64, expect: fn(i64, i64) -> (i64, u8)) {
        let mut bench = Bench::with(CALM, |cfg| cfg.terms.taker_fee_e6 = 100_000);
        let market = bench.markets(|m| m["type"] == kind && m["line"] == line)[0]["marketHash"].as_str().unwrap().to_owned();
        let ask = bench.take_best(&market, one, 10_000_000, "FOK");
        let entry = bench.bet(&ask);
        let id = entry["orderId"].as_str().unwrap().to_owned();
        bench.run_ms(5_000);
        let event = event_of(&mut bench, &market);
        let parameters = match score {
            Some((one, two)) => json!({ "event": event, "one": one, "two": two }),
            None => json!({ "event": event }),
        };
        bench.fault("end_event", parameters);
        bench.run_ms(1_000);
        let row = fills(&mut bench, &id).remove(0);
        assert_eq!(row["status"], "SETTLED", "{row}");
        let gross = amount(&row["returnAmount"]);
        let (paid, code) = expect(10_000_000, gross);
        let got = amount(&row["settlement"]["settleReturnAmount"]);
        assert!((got - paid).abs() <= 1, "{score:?} {line}: {got} where {paid} is due");
        assert_eq!(row["settlement"]["outcome"], code, "{row}");
        let trade = bench.get("/trades-v3?status=SETTLED")["trades"][0].clone();
        Bench::assert_names(&trade, &data("v3_trade_settled.json"), "trade");
        Bench::assert_names(&trade["settlement"], &data("v3_trade_settled.json")["settlement"], "settlement");
        let found = bench.get(&format!("/markets/find?marketHashes={market}"))[0].clone();
        assert_eq!((&found["outcome"], &found["status"]), (&json!(code), &json!("INACTIVE")));
        let seen = bench.sim.balances_seen().next().unwrap();
        assert_eq!((seen.available, seen.escrowed), (FUNDS - 10_000_000 + got, 0));
        bench.sim.check().unwrap();
    }
    check(Some((2, 1)), true, 2.5, 2, |s, g| (s + (g - s) * 9 / 10, 1));
    check(Some((2, 1)), false, 2.5, 2, |_, _| (0, 1));
    check(Some((0, 0)), false, 2.5, 2, |s, g| (s + (g - s) * 9 / 10, 2));
    check(Some((2, 0)), true, 2.0, 2, |s, _| (s, 0));
    check(None, true, 2.5, 2, |s, _| (s, 0));
    check(Some((2, 0)), true, 2.25, 835, |s, _| (s / 2, 2));
    check(Some((2, 0)), false, 2.25, 835, |s, g| (s / 2 + s / 2 + (g - s) / 2 * 9 / 10, 2));
    check(Some((2, 1)), true, 2.75, 835, |s, g| (s / 2 + s / 2 + (g - s) / 2 * 9 / 10, 1));
}

#[test]
fn a_quarter_line_can_show_as_two_trades_that_add_up() {
    let mut bench = Bench::open();
    let market = bench.markets(|m| m["line"] == 2.25)[0]["marketHash"].as_str().unwrap().to_owned();
    let ask = bench.take_best(&market, true, 10_000_001, "FOK");
    bench.bet(&ask);
    bench.run_ms(5_000);
    assert_eq!(bench.get("/trades-v3")["trades"].as_array().unwrap().len(), 1);
    bench.switch("quarter_as_two", json!(true));
    let trades = bench.get("/trades-v3")["trades"].as_array().unwrap().clone();
    assert_eq!(trades.iter().map(|t| amount(&t["totalStake"])).sum::<i64>(), 10_000_001);
    assert_eq!(trades.len(), 2);
}

#[test]
fn betting_the_other_outcome_gives_back_the_loss_that_disappeared() {
    let mut bench = Bench::with(CALM, |cfg| cfg.terms.refund_fee_e6 = 10_000);
    let market = bench.market();
    let first = bench.take_best(&market, true, 10_000_000, "FOK");
    bench.bet(&first);
    bench.run_ms(5_000);
    let second = bench.take_best(&market, false, 10_000_000, "FOK");
    let id = bench.bet(&second)["orderId"].as_str().unwrap().to_owned();
    bench.run_ms(5_000);
    let row = fills(&mut bench, &id).remove(0);
    let sure = (10_000_000i128 * ONE / first.p).min(10_000_000 * ONE / second.p) as i64;
    assert_eq!(amount(&row["ceRefundAmount"]), sure.min(20_000_000));
    let fee = amount(&row["ceRefundFeeAmount"]);
    assert_eq!(fee, (sure + 99) / 100);
    let seen = bench.sim.balances_seen().next().unwrap();
    assert_eq!(seen.available, FUNDS - 20_000_000 + sure - fee);
    let event = event_of(&mut bench, &market);
    bench.fault("end_event", json!({ "event": event, "one": 3, "two": 0 }));
    let after = bench.sim.balances_seen().next().unwrap();
    let won = (10_000_000i128 * ONE / first.p) as i64;
    assert_eq!((after.available, after.escrowed), (FUNDS - 20_000_000 + won - fee, 0));
    bench.sim.check().unwrap();
}

#[test]
fn a_match_that_reaches_the_chain_after_the_settlement_is_settled_at_once() {
    let mut bench = Bench::open();
    let market = bench.market();
    bench.fault("stuck_matched", json!({}));
    let ask = bench.take_best(&market, true, 5_000_000, "FOK");
    let id = bench.bet(&ask)["orderId"].as_str().unwrap().to_owned();
    bench.run_ms(20_000);
    assert_eq!(fills(&mut bench, &id)[0]["status"], "MATCHED");
    let event = event_of(&mut bench, &market);
    bench.fault("end_event", json!({ "event": event, "one": 0, "two": 0 }));
    bench.clear("stuck_matched");
    bench.run_ms(100);
    let row = fills(&mut bench, &id).remove(0);
    assert_eq!((&row["status"], &row["settlement"]["settleReturnAmount"]), (&json!("SETTLED"), &json!("0")));
    bench.sim.check().unwrap();
}

#[test]
fn the_world_ends_events_by_itself_and_bets_are_paid() {
    let mut bench = Bench::open();
    let market = bench.market();
    let ask = bench.take_best(&market, true, 5_000_000, "FOK");
    bench.bet(&ask);
    let total = bench.sim.money_total();
    for _ in 0..60 {
        bench.run_ms(3_600_000);
        if bench.sim.bets_seen(0).next().unwrap().outcome.is_some() {
            break;
        }
    }
    let bet = bench.sim.bets_seen(0).next().unwrap();
    assert!(bet.outcome.is_some(), "{bet:?}");
    assert_eq!(bench.sim.money_total(), total);
    bench.sim.check().unwrap();
}

#[test]
fn dates_of_a_query_are_texts_and_an_order_can_be_unknown_to_it() {
    let mut bench = Bench::open();
    let mut check = |target: &str, expect: u16| {
        let (status, body) = bench.call("GET", target, &Value::Null);
        assert_eq!(status, expect, "{target}: {body}");
    };
    check("/fills-v3?startDate=1785523632", 400);
    check("/fills-v3?startDate=2025-11-21T00:00:00.000Z&endDate=2030-01-01", 200);
    check("/trades-v3?startDate=1785523632", 400);
    check("/fills-v3?perPage=101", 400);
    bench.switch("fills_by_order", json!(false));
    assert_eq!(bench.call("GET", "/fills-v3?orderId=0x12", &Value::Null).0, 400);
    let fees = bench.get("/user/fees-v3");
    Bench::assert_names(&fees, &data("v3_account.json")["fees"]["data"], "fees");
    Bench::assert_names(&bench.get("/user/proxy"), &data("v3_account.json")["proxy"]["data"], "proxy");
}

/// One step of a random session.
#[derive(Clone, Debug)]
enum Step {
    Bet { market: usize, one: bool, stake: i64, rungs: i64, force: usize, mine: bool },
    CancelAll(bool),
    Wait(i64),
    End { market: usize, one: i64, two: i64, void: bool },
    Fail(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..4usize, any::<bool>(), 1_000_000..900_000_000i64, -12..16i64, 0..3usize, any::<bool>())
            .prop_map(|(market, one, stake, rungs, force, mine)| Step::Bet { market, one, stake, rungs, force, mine }),
        1 => any::<bool>().prop_map(Step::CancelAll),
        3 => (1..4_000i64).prop_map(Step::Wait),
        1 => (0..4usize, 0..4i64, 0..4i64, any::<bool>()).prop_map(|(market, one, two, void)| Step::End { market, one, two, void }),
        1 => any::<bool>().prop_map(Step::Fail),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn money_is_never_made_or_lost_whatever_is_bet(steps in proptest::collection::vec(step(), 1..40), fee in 0..60_000i64, selfish in any::<bool>()) {
        let mut bench = Bench::with(CALM, |cfg| {
            cfg.terms.taker_fee_e6 = fee;
            cfg.terms.refund_fee_e6 = fee / 2;
            cfg.switches.self_match = selfish;
        });
        let markets: Vec<Value> = bench.markets(|m| m["sportId"] == 5 && (m["line"].is_null() || m["line"] == 2.25 || m["line"] == 2.0));
        let markets: Vec<String> = markets.iter().step_by(3).take(4).map(|m| m["marketHash"].as_str().unwrap().to_owned()).collect();
        let total = bench.sim.money_total();
        for step in steps {
            match step {
                Step::Bet { market, one, stake, rungs, force, mine } => {
                    let who = if mine { bench.me.clone() } else { bench.other.clone() };
                    let market = markets[market].clone();
                    let Some((best, _)) = bench.best(&market, one) else { continue };
                    let p = (best + i128::from(rungs) * RUNG).clamp(RUNG, ONE - RUNG);
                    let force = ["GTC", "IOC", "FOK"][force];
                    let ask = Ask { market, one, stake, p, force, expiry_s: bench.now / 1_000_000 + 30 };
                    bench.bet_as(&who, &ask);
                }
                Step::CancelAll(mine) => {
                    let key = if mine { bench.me.api_key.clone() } else { bench.other.api_key.clone() };
                    bench.call_as(Some(&key), "DELETE", "/orders-v3/all", &Value::Null);
                }
                Step::Wait(ms) => bench.run_ms(ms),
                Step::End { market, one, two, void } => {
                    let event = event_of(&mut bench, &markets[market]);
                    let parameters = if void { json!({ "event": event }) } else { json!({ "event": event, "one": one, "two": two }) };
                    let _ = bench.sim.set_fault("end_event", &parameters); // the second time it is no longer open
                    bench.run_ms(1);
                }
                Step::Fail(on) => if on { bench.fault("fail_fills", json!({ "share_bps": 4_000 })) } else { bench.clear("fail_fills") },
            }
            prop_assert_eq!(bench.sim.check(), Ok(()));
            prop_assert_eq!(bench.sim.money_total(), total);
        }
        bench.run_ms(40_000);
        let fills = bench.sim.bets_seen(0).count() as i128;
        prop_assert!(bench.sim.dust().abs() <= 20_000 * (fills + 1), "{}", bench.sim.dust());
        prop_assert_eq!(bench.sim.check(), Ok(()));
    }
}
