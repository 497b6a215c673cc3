//! Reading the account whole.

use crate::orders::order_json;
use crate::rig::*;
use domain::{AccountSnapshot, InstrumentId, OpenOrder, OrderNews, Position, Price, Usd, VenueOrderId, Wall};
use venue_api::{Reply, VenueClient, VenueNews};

#[test]
fn an_account_is_positions_orders_cash_and_what_is_free_of_it() {
    let mut rig = Rig::ready();
    rig.advance(500);
    rig.step(|c, now, out| c.read_account(now, out));
    rig.advance(30);
    let positions = r#"{"results":[{"market":"ETH-USD-PERP","side":"SHORT","size":"-0.345","status":"OPEN","average_entry_price":"2900.5"},
        {"market":"ETH-USD-PERP","side":"LONG","size":"0","status":"CLOSED"}]}"#;
    rig.reply("/positions", 200, positions);
    rig.reply("/orders", 200, &format!(r#"{{"results":[{}]}}"#, order_json("OPEN", "1", "1", "")));
    rig.reply("/fills?start_at=", 200, r#"{"results":[]}"#);
    let balances = r#"{"results":[{"token":"DIME","size":"7"},{"token":"USDC","size":"78.544000009"}]}"#;
    rig.reply("/balance", 200, balances);
    rig.reply("/account", 200, r#"{"status":"ACTIVE","free_collateral":"70.123456789"}"#);
    let expect = AccountSnapshot {
        as_of: Wall::from_ms(START_MS + 500),
        positions: vec![Position { instrument: InstrumentId(7), size_e8: -34_500_000, entry: Price::from_e8(290_050_000_000) }],
        open_orders: vec![OpenOrder {
            instrument: Some(InstrumentId(7)),
            key: "b4-3-1-ae1".into(),
            venue_order: VenueOrderId("1763712000000201709220290000".into()),
        }],
        balance: Usd::from_e8(7_854_400_000),
        free: Usd::from_e8(7_012_345_678),
    };
    assert_eq!(rig.news, [VenueNews::Account(expect)]);
}

#[test]
fn a_reading_of_which_any_part_fails_says_nothing_but_that() {
    fn check(part: &str, answer: Result<(u16, &str), Reply<'static>>) {
        let mut rig = Rig::ready();
        rig.step(|c, now, out| c.read_account(now, out));
        for (target, good) in [
            ("/positions", r#"{"results":[]}"#),
            ("/orders", r#"{"results":[]}"#),
            ("/balance", r#"{"results":[]}"#),
            ("/account", r#"{"free_collateral":"1"}"#),
            ("/fills?start_at=", r#"{"results":[]}"#),
        ] {
            match (&answer, target == part) {
                (Ok((status, body)), true) => drop(rig.reply(target, *status, body)),
                (Err(reply), true) => rig.fail(target, *reply),
                (_, false) => drop(rig.reply(target, 200, good)),
            }
        }
        assert!(matches!(rig.news[..], [VenueNews::AccountFailed { .. }]), "{:?}", rig.news);
    }
    check("/positions", Ok((200, r#"{"results":[{"market":"ETH-USD-PERP","size":"lots"}]}"#)));
    check("/orders", Ok((401, "")));
    check("/balance", Ok((200, r#"{"results":[{"token":"USDC","size":"x"}]}"#)));
    check("/account", Ok((200, "{}")));
    check("/fills?start_at=", Ok((503, "")));
    check("/fills?start_at=", Err(Reply::Unknown("timeout")));
    check("/account", Err(Reply::Unknown("timeout")));
}

#[test]
fn a_position_in_a_market_we_do_not_trade_is_foreign() {
    let mut rig = Rig::ready();
    rig.step(|c, now, out| c.read_account(now, out));
    rig.reply("/positions", 200, r#"{"results":[{"market":"SOL-USD-PERP","side":"LONG","size":"3","status":"OPEN"}]}"#);
    let [VenueNews::Foreign { evidence }] = &rig.news[..] else { panic!("{:?}", rig.news) };
    assert_eq!(evidence, "a position of 3 in SOL-USD-PERP, which is not traded here");
}

#[test]
fn the_account_read_after_subscribing_tells_of_orders_of_ours_it_shows() {
    let mut rig = Rig::ready();
    rig.place(spec(1, "0.5", "3000"));
    rig.close(ORDERS, None);
    rig.reply_token();
    rig.open(ORDERS);
    rig.answer("auth", r#""result":{}"#);
    rig.answer_all("subscribe");
    rig.news.clear();
    rig.reply("/positions", 200, r#"{"results":[]}"#);
    rig.reply("/orders", 200, &format!(r#"{{"results":[{}]}}"#, order_json("OPEN", "0.5", "0.5", "")));
    assert!(matches!(rig.order_news()[..], [OrderNews::Acked { .. }]));
}
