//! What becomes of an order: acceptance, checks in their order, execution, triggers, margin, money.

use super::harness::*;
use serde_json::{Value, json};
use venue_sim::SimNow;
use venue_sim::market::MarketShape;

/// A market whose index wanders by several per cent, so that triggers are reached.
const WILD: MarketShape = MarketShape { pulse_every_ms: 0, pulse_ms: 0, pulse_bps: 0, noise_bps: 300 };

#[test]
fn an_order_is_answered_with_an_id_then_new_then_filled_and_shown_so() {
    let mut desk = Desk::open();
    let order = desk.order("MARKET", true, "0.1000", 100);
    let asked_at = desk.now;
    let request = desk.post(&order);
    let (answered_at, status, _, body) = desk.reply(request).expect("answered");
    assert_eq!(status, 200);
    same_shape(&data("v2_rest_orders_post_response.json"), &serde_json::from_str(&body).expect("JSON"), &[], "answer");
    assert!((16_000..=24_000).contains(&(answered_at - asked_at)));
    let id = desk.id_of(request);
    assert_eq!((id.len(), desk.shown(&id)["status"].clone()), (66, json!("NEW")));
    desk.advance(400);
    let events = desk.events(&id);
    assert_eq!(desk.story(&id), "NEW FILLED");
    same_shape(&data("v2_ws_private_order_new.json")["data"]["args"], &events[0].1, &[], "NEW");
    same_shape(&data("v2_ws_private_order_filled.json")["data"]["args"], &events[1].1, &[], "FILLED");
    assert!(events[0].0 > answered_at);
    assert!((50_000..=120_000).contains(&(events[1].0 - answered_at)));
    let shown = desk.shown(&id);
    same_shape(&data("v2_rest_orders_get.json")[0], &shown, &[], "item");
    for field in ["nonce", "symbol", "isBuy", "size", "orderType", "limitPrice", "reduceOnly"] {
        assert_eq!(shown[field], order[field], "{field}");
    }
    assert_eq!(shown["avgFilledPrice"], events[1].1["avgFilledPrice"]);
    assert_eq!(shown["fees"], events[1].1["fees"]);
    assert_eq!(desk.position(), "0.1000");
}

#[test]
fn the_price_is_the_average_over_the_snapshot_against_the_taker() {
    for (is_buy, side) in [(true, "asks"), (false, "bids")] {
        let mut desk = Desk::open_with(CALM, |cfg| cfg.latencies.fill_us = (1, 1));
        let order = desk.order("MARKET", is_buy, "0.1000", 100);
        let id = desk.place(&order);
        desk.advance(25);
        let depth = desk.get("/v2/depth?symbol=BTC-PERP");
        let e4 = |t: &Value| t.as_str().expect("text").replace('.', "").parse::<i128>().expect("digits");
        let (mut left, mut cost) = (1_000i128, 0i128);
        for level in depth[side].as_array().expect("levels") {
            let taken = left.min(e4(&level[1]));
            cost += taken * e4(&level[0]);
            left -= taken;
        }
        let expect = if is_buy { (cost + 999) / 1_000 } else { cost / 1_000 };
        assert_eq!(e4(&desk.shown(&id)["avgFilledPrice"]), expect);
        let notional = 1_000 * expect; // 1e-4 times 1e-2 is 1e-6
        assert_eq!(i128::from(micro(&desk.shown(&id)["fees"])), (notional + 9_999) / 10_000);
    }
}

/// Orders before, the order, and its story; fields of the order after the colon-free words can be overridden.
struct Row {
    before: &'static [(&'static str, bool)],
    kind: &'static str,
    is_buy: bool,
    size: &'static str,
    off_bps: i64,
    with: &'static [(&'static str, &'static str)],
    expect: &'static str,
    position: &'static str,
}

const ROW: Row = Row {
    before: &[],
    kind: "LIMIT",
    is_buy: true,
    size: "0.1000",
    off_bps: 100,
    with: &[("timeInForce", "FOK")],
    expect: "NEW FILLED",
    position: "0.1000",
};
const NO_TIF: &[(&str, &str)] = &[];
const REDUCE: &[(&str, &str)] = &[("reduceOnly", "true"), ("timeInForce", "FOK")];
const TRIGGER: &[(&str, &str)] = &[("reduceOnly", "true")];

#[test]
fn the_table_of_lives() {
    let long = &[("0.1000", true)];
    let short = &[("0.1000", false)];
    let rows = [
        Row { ..ROW },
        Row { is_buy: false, position: "-0.1000", ..ROW },
        Row { off_bps: 1, expect: "NEW REJECTED:3001", position: "0", ..ROW },
        Row { is_buy: false, off_bps: 1, expect: "NEW REJECTED:3001", position: "0", ..ROW },
        Row { kind: "MARKET", with: NO_TIF, ..ROW },
        Row { kind: "MARKET", with: &[("timeInForce", "GTC")], ..ROW },
        Row { kind: "MARKET", with: NO_TIF, off_bps: -50, expect: "NEW REJECTED:3001", position: "0", ..ROW },
        Row { with: &[("timeInForce", "GTC")], ..ROW },
        Row { with: NO_TIF, ..ROW },
        Row { with: NO_TIF, off_bps: -300, expect: "NEW", position: "0", ..ROW },
        // Beyond the last level there is no price at all.
        Row { size: "3.0000", off_bps: 5_000, expect: "NEW REJECTED:3001", position: "0", ..ROW },
        // One net position: the other side reduces, closes, flips.
        Row { before: long, is_buy: false, size: "0.0400", position: "0.0600", ..ROW },
        Row { before: long, is_buy: false, size: "0.1000", position: "0.0000", ..ROW },
        Row { before: long, is_buy: false, size: "0.1500", position: "-0.0500", ..ROW },
        // Reduce-only may reduce and close, and nothing else.
        Row { before: long, is_buy: false, with: REDUCE, position: "0.0000", ..ROW },
        Row { before: short, with: REDUCE, size: "0.0300", position: "-0.0700", ..ROW },
        Row { with: REDUCE, expect: "NEW REJECTED:3018", position: "0", ..ROW },
        Row { before: long, with: REDUCE, expect: "NEW REJECTED:3018", ..ROW },
        Row { before: long, is_buy: false, size: "0.1001", with: REDUCE, expect: "NEW REJECTED:3019", ..ROW },
        // Triggers beyond the index wait; touched ones close without a price check, or say why not.
        Row { before: long, kind: "STOP_LOSS", is_buy: false, off_bps: 100, with: TRIGGER, expect: "NEW", ..ROW },
        Row { before: long, kind: "STOP_LOSS", is_buy: false, off_bps: -100, with: TRIGGER, position: "0.0000", ..ROW },
        Row { before: long, kind: "TAKE_PROFIT", is_buy: false, off_bps: -100, with: TRIGGER, expect: "NEW", ..ROW },
        Row { before: long, kind: "TAKE_PROFIT", is_buy: false, off_bps: 100, with: TRIGGER, position: "0.0000", ..ROW },
        Row { before: short, kind: "STOP_LOSS", off_bps: -100, with: TRIGGER, position: "0.0000", ..ROW },
        Row { kind: "STOP_LOSS", is_buy: false, off_bps: -100, with: TRIGGER, expect: "NEW REJECTED:3006", position: "0", ..ROW },
        // Margin: 100,000 USDC at 10x carry about a million, and the ladder is too short for that in one order.
        Row { with: &[("limitPrice", "0.00")], expect: "NEW REJECTED:3011", position: "0", ..ROW },
    ];
    for (i, row) in rows.iter().enumerate() {
        let mut desk = Desk::open();
        for (size, is_buy) in row.before {
            desk.trade(*is_buy, size);
        }
        let mut order = desk.order(row.kind, row.is_buy, row.size, row.off_bps);
        for (field, value) in row.with {
            order[*field] = if *value == "true" { json!(true) } else { json!(value) };
        }
        let id = desk.place(&order);
        desk.advance(500);
        assert_eq!((desk.story(&id).as_str(), desk.position().as_str()), (row.expect, row.position), "row {i}");
        let shown = desk.shown(&id);
        let last = row.expect.rsplit(' ').next().expect("a word");
        let (status, code) = last.split_once(':').unwrap_or((last, ""));
        assert_eq!(shown["status"], status, "row {i}");
        assert_eq!(shown["code"].as_u64().map_or(String::new(), |c| c.to_string()), code, "row {i}");
        assert_eq!(shown["avgFilledPrice"].is_null(), status != "FILLED", "row {i}");
    }
}

#[test]
fn what_is_wrong_at_once_is_refused_in_the_documented_order_and_leaves_no_order() {
    type Change = fn(&mut Value, &mut Value);
    let check = |change: Change, expect: u64| {
        let mut desk = Desk::open();
        let mut order = desk.order("LIMIT", true, "0.1000", 100);
        let mut around = json!({ "recvWindow": 60_000 });
        change(&mut order, &mut around);
        let mut body = json!({ "order": order, "signature": sign_args(&desk.signing, &order_args(&order)) });
        body["recvWindow"] = around["recvWindow"].clone();
        let (status, answer) = desk.call("POST", "/v2/orders", &body);
        assert_eq!((status, code(&answer)), (400, expect), "{body}");
        desk.advance(500);
        assert_eq!(desk.get("/v2/orders"), json!([]));
    };
    check(|o, _| o["symbol"] = json!("XXX-PERP"), 1121);
    check(|o, _| o["orderType"] = json!("ICEBERG"), 1116);
    check(|o, _| o["orderType"] = json!("LIQUIDATION"), 1116);
    check(|o, _| o["size"] = json!("0.10000"), 1111);
    check(|o, _| o["limitPrice"] = json!("90000.001"), 1111);
    check(|o, _| o["size"] = json!("0.0000"), 1130);
    check(|o, _| o["size"] = json!("-0.1000"), 1130);
    check(|o, _| o["size"] = json!("1e1"), 1130);
    check(|o, _| o["timeInForce"] = json!("IOC"), 1133);
    check(|o, _| (o["orderType"], o["timeInForce"]) = (json!("MARKET"), json!("FOK")), 1133);
    check(|_, a| a["recvWindow"] = json!(60_001), 1131);
    check(|_, a| a["recvWindow"] = json!(0), 1131);
    check(|_, a| a["recvWindow"] = json!("5000"), 1130);
    check(|o, _| o["time"] = json!(START_MS - 60_001), 1132);
    check(|o, _| o["time"] = json!(START_MS + 1_001), 1132);
    // The first check that fails names the refusal.
    check(|o, _| (o["symbol"], o["orderType"]) = (json!("XXX"), json!("YYY")), 1121);
    check(|o, _| (o["orderType"], o["size"]) = (json!("YYY"), json!("0.00001")), 1116);
    check(|o, _| (o["size"], o["timeInForce"]) = (json!("0.00001"), json!("IOC")), 1111);
    check(|o, a| (o["timeInForce"], a["recvWindow"]) = (json!("IOC"), json!(0)), 1133);
    check(|o, a| (o["time"], a["recvWindow"]) = (json!(1), json!(0)), 1131);
}

#[test]
fn fields_of_another_type_or_missing_are_refused_with_1130() {
    for (field, value) in [
        ("time", json!("1")),
        ("nonce", json!(-1)),
        ("nonce", json!(1.5)),
        ("size", json!(0.1)),
        ("limitPrice", json!(90_000)),
        ("isBuy", json!("true")),
        ("reduceOnly", Value::Null),
        ("symbol", json!(["BTC-PERP"])),
        ("timeInForce", json!(1)),
    ] {
        let mut desk = Desk::open();
        let order = desk.order("LIMIT", true, "0.1000", 100);
        let mut body = desk.signed(&order);
        body["order"][field] = value;
        assert_eq!(code(&desk.call("POST", "/v2/orders", &body).1), 1130, "{body}");
    }
}

#[test]
fn a_nonce_is_good_once_and_a_second_copy_is_a_duplicate() {
    let mut desk = Desk::open();
    let order = desk.order("MARKET", true, "0.0100", 100);
    let id = desk.place(&order);
    let body = desk.signed(&order);
    assert_eq!(code(&desk.call("POST", "/v2/orders", &body).1), 3015);
    let mut other = order.clone();
    other["size"] = json!("0.0200");
    let body = desk.signed(&other);
    assert_eq!(code(&desk.call("POST", "/v2/orders", &body).1), 1023);
    desk.advance(500);
    assert_eq!(desk.by_nonce(&order).as_array().expect("a list").len(), 1);
    assert_eq!((desk.story(&id).as_str(), desk.position().as_str()), ("NEW FILLED", "0.0100"));
    assert_eq!(desk.get("/v2/account/nonce"), json!({ "lastNonce": order["nonce"] }));
    let mut earlier = desk.order("MARKET", true, "0.0100", 100);
    earlier["nonce"] = json!(5);
    let body = desk.signed(&earlier);
    desk.switch("nonce_increases", json!(true));
    assert_eq!(code(&desk.call("POST", "/v2/orders", &body).1), 1023);
    desk.switch("nonce_increases", json!(false));
    assert_eq!(desk.call("POST", "/v2/orders", &body).0, 200);
}

#[test]
fn a_request_is_good_until_its_time_plus_its_window_of_5_seconds_by_default() {
    for (late_ms, window, expect) in [(5_000, Value::Null, 200), (5_001, Value::Null, 400), (60_000, json!(60_000), 200)] {
        let mut desk = Desk::open();
        let order = desk.order("LIMIT", true, "0.1000", 100);
        let mut body = desk.signed(&order);
        body.as_object_mut().expect("an object").remove("recvWindow");
        if !window.is_null() {
            body["recvWindow"] = window;
        }
        desk.advance(late_ms);
        assert_eq!(desk.call("POST", "/v2/orders", &body).0, expect, "{late_ms} ms");
    }
}

#[test]
fn a_signer_is_good_until_its_expiry_and_the_primary_key_for_ever() {
    let mut desk = Desk::open();
    desk.advance(8 * 86_400_000);
    let order = desk.order("LIMIT", true, "0.0100", -500);
    let body = desk.signed(&order);
    assert_eq!(code(&desk.call("POST", "/v2/orders", &body).1), 1022);
    desk.signing = desk.primary.clone();
    let body = desk.signed(&order);
    assert_eq!(desk.call("POST", "/v2/orders", &body).0, 200);
    desk.switch("primary_may_sign", json!(false));
    let order = desk.order("LIMIT", true, "0.0100", -500);
    let body = desk.signed(&order);
    assert_eq!(code(&desk.call("POST", "/v2/orders", &body).1), 1022);
}

#[test]
fn decimals_short_of_the_listed_ones_are_taken_or_refused_by_switch() {
    let mut desk = Desk::open();
    let order = desk.order("LIMIT", true, "0.1", -500);
    assert_eq!(desk.place(&order).len(), 66);
    desk.switch("exact_decimals", json!(true));
    let order = desk.order("LIMIT", true, "0.1", -500);
    let body = desk.signed(&order);
    assert_eq!(code(&desk.call("POST", "/v2/orders", &body).1), 1111);
}

#[test]
fn a_resting_limit_fills_when_the_index_reaches_it_and_at_its_price_or_better() {
    let mut filled = 0;
    for seed in 0..6 {
        let mut desk = Desk::open_with(WILD, |cfg| cfg.market = venue_sim::market::Market::new(seed, WILD));
        desk.market = venue_sim::market::Market::new(seed, WILD);
        let mut order = desk.order("LIMIT", true, "0.0100", -30);
        order["timeInForce"] = json!("GTC");
        let id = desk.place(&order);
        let e2 = |t: &Value| t.as_str().expect("text").replace('.', "").parse::<i64>().expect("digits");
        let limit = e2(&order["limitPrice"]);
        let mut reached = false;
        for _ in 0..240 {
            reached |= desk.index("BTC") / 1_000_000 < limit - limit / 500;
            desk.advance(500);
            if desk.shown(&id)["status"] == "FILLED" {
                let shown = desk.shown(&id);
                assert!(e2(&shown["avgFilledPrice"]) <= limit);
                let at = SimNow(shown["lastFilledTime"].as_i64().expect("ms") * 1_000);
                assert!(desk.market.index("BTC", at) / 1_000_000 <= limit + limit / 10_000);
                filled += 1;
                reached = false;
                break;
            }
        }
        assert!(!reached, "seed {seed}: the index went well through the limit and nothing happened");
    }
    assert!(filled > 0, "no seed ever reached its limit");
}

#[test]
fn a_stop_loss_waits_for_the_index_and_then_closes_whatever_the_price() {
    let mut closed = 0;
    for seed in 0..6 {
        let mut desk = Desk::open_with(WILD, |cfg| cfg.market = venue_sim::market::Market::new(seed, WILD));
        desk.market = venue_sim::market::Market::new(seed, WILD);
        let entry = desk.order("MARKET", true, "0.0500", 1_000);
        desk.place(&entry);
        desk.advance(300);
        let mut stop = desk.order("STOP_LOSS", false, "0.0500", 40);
        stop["reduceOnly"] = json!(true);
        let id = desk.place(&stop);
        desk.advance(120_000);
        match desk.story(&id).as_str() {
            "NEW FILLED" => {
                closed += 1;
                assert_eq!(desk.position(), "0.0000");
            }
            "NEW" => assert_eq!(desk.position(), "0.0500"),
            other => panic!("seed {seed}: {other}"),
        }
    }
    assert!(closed > 0, "no seed ever reached its stop");
}

#[test]
fn children_of_a_filled_limit_live_as_orders_of_their_own() {
    let mut desk = Desk::open();
    let mut order = desk.order("LIMIT", true, "0.0100", 100);
    let (up, down) = (desk.order("LIMIT", true, "0.0100", 900), desk.order("LIMIT", true, "0.0100", -900));
    order["tpPrice"] = up["limitPrice"].clone();
    order["slPrice"] = down["limitPrice"].clone();
    for (price, signature, kind) in [("tpPrice", "tpSignature", "TAKE_PROFIT"), ("slPrice", "slSignature", "STOP_LOSS")] {
        let mut child = order.clone();
        (child["orderType"], child["isBuy"], child["reduceOnly"]) = (json!(kind), json!(false), json!(true));
        child["limitPrice"] = order[price].clone();
        order[signature] = json!(sign_args(&desk.signing, &order_args(&child)));
    }
    desk.place(&order);
    desk.advance(500);
    let waiting = desk.get("/v2/orders?status=NEW");
    let kinds: Vec<&str> = waiting.as_array().expect("a list").iter().map(|o| o["orderType"].as_str().expect("text")).collect();
    assert_eq!(kinds, ["STOP_LOSS", "TAKE_PROFIT"]);
    assert_eq!(waiting[0]["limitPrice"], down["limitPrice"]);
}

#[test]
fn a_cancel_ends_what_waits_and_finds_nothing_else() {
    let mut desk = Desk::open();
    let order = desk.order("LIMIT", true, "0.0100", -500);
    let id = desk.place(&order);
    desk.advance(300);
    let (status, answer) = desk.cancel(&id);
    assert_eq!((status, &answer["id"]), (200, &json!(id)));
    same_shape(&data("v2_rest_orders_cancel_response.json"), &answer, &[], "cancel");
    desk.advance(300);
    assert_eq!(desk.story(&id), "NEW CANCELLED");
    same_shape(&data("v2_ws_private_order_cancelled.json")["data"]["args"], &desk.events(&id)[1].1, &[], "CANCELLED");
    assert_eq!(desk.shown(&id)["status"], "CANCELLED");
    assert_eq!(code(&desk.cancel(&id).1), 3017);
    assert_eq!(code(&desk.cancel("0x0").1), 3017);
    let filled = desk.trade(true, "0.0100");
    assert_eq!(code(&desk.cancel(&filled).1), 3017);
    // In flight: the cancel comes before the decision and wins.
    let order = desk.order("MARKET", true, "0.0100", 100);
    let id = desk.place(&order);
    assert_eq!(desk.cancel(&id).0, 200);
    desk.advance(500);
    assert_eq!((desk.story(&id).as_str(), desk.position().as_str()), ("NEW CANCELLED", "0.0100"));
}

#[test]
fn margin_leverage_and_open_interest_bound_what_can_be_opened() {
    let mut desk = Desk::open_with(CALM, |cfg| cfg.start_balance_e6 = 1_000_000_000);
    let check = |desk: &mut Desk, is_buy: bool, size: &str, expect: &str| {
        let order = desk.order("MARKET", is_buy, size, 100);
        let id = desk.place(&order);
        desk.advance(500);
        assert_eq!(desk.story(&id), expect, "{size}");
    };
    check(&mut desk, true, "0.1500", "NEW REJECTED:3002"); // 13,650 USD at 10x on 1,000
    check(&mut desk, true, "0.1000", "NEW FILLED");
    let (status, _) = desk.call("POST", "/v2/account/leverage", &json!({ "time": 1, "symbol": "BTC-PERP", "value": 20 }));
    assert_eq!(status, 200);
    check(&mut desk, true, "0.0500", "NEW FILLED");
    check(&mut desk, false, "0.1500", "NEW FILLED");
    desk.switch("leverage_required", json!(true));
    check(&mut desk, true, "0.0100", "NEW FILLED");

    let mut desk = Desk::open();
    desk.switch("leverage_required", json!(true));
    check(&mut desk, true, "0.0100", "NEW REJECTED:3020");
    let order = desk.order("LIMIT", true, "0.0100", 100);
    let id = desk.place(&order);
    desk.call("POST", "/v2/account/leverage", &json!({ "time": 1, "symbol": "BTC-PERP", "value": 5 }));
    desk.advance(500);
    assert_eq!(desk.story(&id), "NEW REJECTED:3020", "the leverage changed under the order");
    check(&mut desk, true, "0.0100", "NEW FILLED");

    let mut desk = Desk::open_with(CALM, |cfg| cfg.symbols[0].oi_cap_e8 = 10_000_000);
    check(&mut desk, true, "0.1001", "NEW REJECTED:3010");
    check(&mut desk, true, "0.1000", "NEW FILLED");
    check(&mut desk, true, "0.0001", "NEW REJECTED:3010");
    check(&mut desk, false, "0.1500", "NEW FILLED");
}

#[test]
fn cash_moves_by_the_sum_of_the_fills_results_and_nothing_else() {
    for rate in [0, 125_000] {
        let mut desk = Desk::open_with(MarketShape::default(), |cfg| cfg.funding_rate_e8 = rate);
        let start = desk.cash();
        let mut settled = 0;
        let sizes = ["0.0100", "0.0333", "0.1250", "0.0070", "0.0500"];
        for (i, is_buy) in [true, false, true, true, false, false, true, false, true, false].into_iter().enumerate() {
            let id = desk.trade(is_buy, sizes[i % sizes.len()]);
            settled += micro(&desk.shown(&id)["settledFunding"]);
            desk.advance(3_700_000);
        }
        let held = desk.position();
        if !held.starts_with("0.0000") {
            let size = held.trim_start_matches('-').to_owned();
            desk.trade(held.starts_with('-'), &size);
        }
        let orders = desk.get("/v2/orders?status=FILLED");
        let orders = orders.as_array().expect("a list");
        let total: i64 = orders.iter().map(|o| micro(&o["realizedPnl"])).sum();
        assert_eq!(desk.cash(), start + total, "rate {rate}");
        // Flat again: what was sold less what was bought, less fees, plus funding, is all that happened.
        let e4 = |t: &Value| t.as_str().expect("text").replace('.', "").parse::<i64>().expect("digits");
        let traded: i64 = orders
            .iter()
            .map(|o| e4(&o["lastFilledSize"]) * e4(&o["avgFilledPrice"]) * if o["isBuy"] == true { -1 } else { 1 })
            .sum();
        let (fees, funding): (i64, i64) =
            orders.iter().fold((0, 0), |(f, s), o| (f + micro(&o["fees"]), s + micro(&o["settledFunding"])));
        assert_eq!(total, traded - fees + funding, "rate {rate}");
        assert_eq!(rate == 0, funding == 0);
        assert!(funding != 0 || settled == 0);
        assert_eq!(desk.sim.net_positions_e8()[0], ("BTC-PERP", 0));
        assert_eq!(desk.sim.total_cash_e6(), i128::from(desk.cash()));
    }
}

#[test]
fn the_same_seed_gives_the_same_venue() {
    let history = || {
        let mut desk = Desk::open_with(MarketShape::default(), |_| {});
        desk.connect(9, "/ws-api?version=1.0");
        desk.say(9, &json!({"method": "SUBSCRIBE", "params": ["BTC-PERP@depth"], "id": 1}));
        desk.trade(true, "0.0100");
        desk.trade(false, "0.0200");
        desk.log
    };
    assert_eq!(history(), history());
}
