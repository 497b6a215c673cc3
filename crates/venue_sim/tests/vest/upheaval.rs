//! What the venue does by itself, the faults of the fill table, and the cash that must come out even after all of it.

use crate::harness::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use venue_sim::VenueSim;
use venue_sim::market::MarketShape;

/// Orders of the venue's own, as a client finds them.
fn liquidations(desk: &mut Desk) -> Vec<Value> {
    desk.get("/v2/orders?orderType=LIQUIDATION").as_array().expect("a list").clone()
}

#[test]
fn a_liquidation_is_an_order_of_the_venues_own_told_and_listed_like_one() {
    let mut desk = Desk::open();
    desk.trade(true, "0.1000");
    let mut waiting = desk.order("LIMIT", true, "0.0100", -500);
    waiting["timeInForce"] = json!("GTC");
    let waiting = desk.place(&waiting);
    desk.advance(500);
    let cash = desk.cash();
    desk.fault("liquidate", json!({ "symbol": "BTC-PERP", "share_bps": 4_000 }));
    assert_eq!(desk.position(), "0.0600");
    let listed = liquidations(&mut desk);
    let id = listed[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!((listed.len(), desk.story(&id).as_str()), (1, "NEW FILLED"));
    let told = desk.events(&id)[1].1.clone();
    for (key, expect) in [("orderType", "LIQUIDATION"), ("size", "0.0400"), ("lastFilledSize", "0.0400"), ("symbol", "BTC-PERP")]
    {
        assert_eq!((&told[key], &listed[0][key]), (&json!(expect), &json!(expect)), "{key}");
    }
    assert_eq!((&told["isBuy"], &listed[0]["reduceOnly"]), (&json!(false), &json!(true)));
    assert_eq!(desk.cash() - cash, micro(&listed[0]["realizedPnl"]));
    assert_eq!(desk.story(&waiting), "NEW REJECTED:3008", "what rested in the symbol is deleted");
    desk.fault("liquidate", json!({}));
    assert_eq!((desk.position().as_str(), liquidations(&mut desk).len()), ("0.0000", 2), "all of it, in every symbol");
    let order = desk.order("LIQUIDATION", false, "0.0100", 100);
    let request = desk.post(&order);
    let (_, status, _, body) = desk.reply(request).expect("answered");
    assert!(status == 400 && body.contains("1116"), "nobody can ask for one: {body}");
}

#[test]
fn deleveraging_moves_position_and_cash_and_is_told_by_nothing() {
    let mut desk = Desk::open();
    desk.trade(false, "0.1000");
    let (cash, heard, orders) = (desk.cash(), desk.heard(PRIVATE).len(), desk.get("/v2/orders"));
    desk.fault("deleverage", json!({ "symbol": "BTC-PERP", "share_bps": 2_500 }));
    assert_eq!(desk.position(), "-0.0750");
    assert_eq!((desk.heard(PRIVATE).len(), &desk.get("/v2/orders")), (heard, &orders));
    assert_eq!(i128::from(desk.cash() - cash), desk.sim.unordered_cash_e6());
    assert_ne!(desk.sim.unordered_cash_e6(), 0);
}

#[test]
fn a_delisted_symbol_is_gone_everywhere_and_its_positions_are_settled_unless_kept() {
    for settle in [true, false] {
        let mut desk = Desk::open();
        desk.trade(true, "0.1000");
        desk.connect(9, "/ws-api?version=1.0");
        desk.say(9, &json!({"method": "SUBSCRIBE", "params": ["BTC-PERP@depth", "tickers"], "id": 1}));
        desk.fault("delist", json!({ "symbol": "BTC-PERP", "settle": settle }));
        let before = desk.heard_on(9, "BTC-PERP@depth").len();
        desk.advance(3_000);
        assert_eq!(desk.heard_on(9, "BTC-PERP@depth").len(), before);
        let tickers = desk.heard_on(9, "tickers").pop().expect("a ticker").1;
        assert!(!tickers.to_string().contains("BTC-PERP") && tickers.to_string().contains("ETH-PERP"));
        assert!(!desk.get("/v2/exchangeInfo").to_string().contains("BTC-PERP"));
        let (status, body) = desk.call("GET", "/v2/exchangeInfo?symbols=BTC-PERP,ETH-PERP", &Value::Null);
        assert_eq!((status, code(&body)), (400, 1121), "one unknown symbol hides the others");
        let order = desk.order("MARKET", false, "0.0100", 200);
        let request = desk.post(&order);
        assert!(desk.reply(request).expect("answered").3.contains("1121"));
        assert_eq!(desk.position(), if settle { "0.0000" } else { "0.1000" });
        desk.clear("delist");
        desk.trade(false, "0.0100");
    }
}

#[test]
fn an_order_in_flight_when_its_symbol_goes_is_rejected() {
    let mut desk = Desk::open();
    let order = desk.order("MARKET", true, "0.0100", 200);
    let id = desk.place(&order);
    desk.fault("delist", json!({ "symbol": "BTC-PERP" }));
    desk.advance(500);
    assert_eq!(desk.story(&id), "NEW REJECTED:3023");
}

#[test]
fn a_changed_spec_is_listed_and_enforced_at_once() {
    let mut desk = Desk::open();
    desk.fault("change_spec", json!({ "symbol": "BTC-PERP", "size_decimals": 2, "price_decimals": 1, "taker_fee_e8": 20_000 }));
    let row = desk.get("/v2/exchangeInfo")["symbols"][0].clone();
    assert_eq!((&row["sizeDecimals"], &row["priceDecimals"], &row["takerFee"]), (&json!(2), &json!(1), &json!("0.000200")));
    let order = desk.order("MARKET", true, "0.0100", 200);
    let request = desk.post(&order);
    assert!(desk.reply(request).expect("answered").3.contains("1111"), "the old grid");
    let mut order = desk.order("MARKET", true, "0.01", 200);
    let limit = order["limitPrice"].as_str().expect("text").to_owned();
    order["limitPrice"] = json!(limit[..limit.len() - 1]);
    let id = desk.place(&order);
    desk.advance(500);
    let shown = desk.shown(&id);
    let (size, price) =
        (10_000i128, shown["avgFilledPrice"].as_str().expect("text").replace('.', "").parse::<i128>().expect("digits"));
    let notional_e6 = size * price * 100_000 / 1_000_000;
    let fee = i128::from(micro(&shown["fees"]));
    assert!((fee - notional_e6 * 2 / 10_000).abs() <= 1, "{fee} of {notional_e6}");
    assert!(desk.sim.set_fault("change_spec", &json!({ "symbol": "BTC-PERP", "size_decimals": 9 })).is_err());
    assert!(desk.sim.set_fault("change_spec", &json!({ "symbol": "XRP-PERP" })).is_err());
}

#[test]
fn a_lost_leverage_is_missed_by_every_order_until_it_is_set_again() {
    let mut desk = Desk::open();
    let set = json!({ "time": 1, "symbol": "BTC-PERP", "value": 5 });
    desk.call("POST", "/v2/account/leverage", &set);
    desk.trade(true, "0.0100");
    desk.fault("leverage_lost", json!({}));
    assert_eq!(desk.get("/v2/account")["leverages"], json!([]));
    let order = desk.order("MARKET", true, "0.0100", 200);
    let id = desk.place(&order);
    desk.advance(500);
    assert_eq!(desk.story(&id), "NEW REJECTED:3020");
    let (status, _) = desk.call("POST", "/v2/account/leverage", &json!({ "time": 1, "symbol": "BTC-PERP", "value": 10 }));
    assert_eq!(status, 200);
    desk.trade(true, "0.0100");
}

#[test]
fn funding_accrues_by_the_rate_of_its_time_and_moves_cash_when_a_fill_settles_it() {
    let mut desk = Desk::open();
    desk.trade(true, "0.1000");
    let price = 91_000; // the constant price that funding is counted on, about
    desk.fault("funding_rate", json!({ "rate_e8": 100_000 })); // 0.1 % an hour
    desk.advance(3_600_000);
    desk.fault("funding_rate", json!({ "rate_e8": -50_000, "symbol": "BTC-PERP" }));
    assert_eq!(desk.get("/v2/ticker/latest")["tickers"][0]["oneHrFundingRate"], "-0.00050000");
    assert_eq!(desk.get("/v2/ticker/latest")["tickers"][1]["oneHrFundingRate"], "0.00100000");
    let cash = desk.cash();
    desk.advance(3_600_000);
    assert_eq!(desk.cash(), cash, "cash waits for a fill");
    let id = desk.trade(false, "0.1000");
    let settled = micro(&desk.shown(&id)["settledFunding"]);
    let expect = -price * 100_000 / 1_000 + price * 100_000 / 2_000; // a long pays one hour and receives the other
    assert!((settled - expect).abs() < expect.abs() / 50, "{settled} for {expect}");
    assert_eq!(desk.cash() - cash, micro(&desk.shown(&id)["realizedPnl"]));
}

#[test]
fn the_faults_of_the_fill_table_strike_the_order_they_are_meant_for() {
    let mut desk = Desk::open();
    desk.fault("duplicate_fill", json!({ "count": 1, "ms": 400 }));
    let order = desk.order("MARKET", true, "0.0100", 200);
    let id = desk.place(&order);
    desk.advance(1_000);
    assert_eq!((desk.story(&id).as_str(), desk.position().as_str()), ("NEW FILLED FILLED", "0.0100"), "told twice, done once");
    desk.fault("duplicate_fill", json!({ "count": 1 }));
    desk.fault("partial_fill", json!({ "count": 1, "share_bps": 5_000 }));
    let order = desk.order("MARKET", true, "0.0100", 200);
    let id = desk.place(&order);
    desk.advance(1_000);
    assert_eq!(desk.story(&id), "NEW PARTIALLY_FILLED CANCELLED PARTIALLY_FILLED");
    assert_eq!(desk.position(), "0.0150");

    desk.fault("refuse_all", json!({ "code": 3002 }));
    for _ in 0..3 {
        let order = desk.order("MARKET", false, "0.0100", 200);
        let id = desk.place(&order);
        desk.advance(500);
        assert_eq!(desk.story(&id), "NEW REJECTED:3002");
    }
    desk.clear("refuse_all");
    desk.fault("refuse_all", json!({ "code": 1148 }));
    let order = desk.order("MARKET", false, "0.0100", 200);
    let request = desk.post(&order);
    assert!(desk.reply(request).expect("answered").3.contains("1148"));
    desk.clear("refuse_all");

    desk.fault("disconnect_on_order", json!({ "count": 1, "side": "sell" }));
    let order = desk.order("MARKET", false, "0.0150", 200);
    let request = desk.post(&order);
    assert!(desk.hang(request).is_some() && desk.closed(PRIVATE) == Some(0), "request and streams are cut");
    desk.advance(500);
    assert_eq!(desk.by_nonce(&order)[0]["status"], "FILLED", "and the order was taken");
    assert_eq!(desk.position(), "0.0000");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whatever strikes, cash is what it was, plus the results of all orders, the venue's own included, plus what it moved
    /// without one; and what it does not hold as cash it owes as a position.
    #[test]
    fn cash_comes_out_even_after_everything_the_venue_does(
        deeds in proptest::collection::vec((0u8..7, any::<bool>(), 1u32..120, 1i64..4_000), 1..14)
    ) {
        let mut desk = Desk::open_with(MarketShape::default(), |cfg| cfg.funding_rate_e8 = 50_000);
        let start = desk.cash();
        for (deed, is_buy, lots, ms) in deeds {
            match deed {
                0..=2 => {
                    let size = format!("0.{lots:04}");
                    let order = desk.order("MARKET", is_buy, &size, 500);
                    desk.place(&order);
                }
                3 => desk.fault("liquidate", json!({ "share_bps": lots * 80 })),
                4 => desk.fault("deleverage", json!({ "share_bps": lots * 80 })),
                5 => desk.fault("funding_rate", json!({ "rate_e8": if is_buy { 200_000 } else { -200_000 } })),
                _ => desk.fault("partial_fill", json!({ "count": 1, "share_bps": lots * 80 })),
            }
            desk.advance(ms * 1_000);
        }
        desk.advance(10_000);
        let orders = desk.get("/v2/orders");
        let results: i64 = orders.as_array().expect("a list").iter().filter(|o| !o["realizedPnl"].is_null()).map(|o| micro(&o["realizedPnl"])).sum();
        let unordered = desk.sim.unordered_cash_e6();
        prop_assert_eq!(i128::from(desk.cash()), i128::from(start) + i128::from(results) + unordered);
        prop_assert_eq!(desk.sim.total_cash_e6(), i128::from(desk.cash()));
    }
}
