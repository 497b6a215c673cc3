//! The client against a venue that takes positions, changes markets, and tells fills late, twice or not at all.

use crate::rig::config;
use crate::world::{World, flow, price, size};
use domain::record::Taken;
use domain::{InstrumentId, Lifecycle, MarketEvent, OrderEnd, OrderNews, Rate, Side, Usd};
use paradex_client::Config;
use serde_json::json;
use venue_api::{SessionNews, VenueClient, VenueNews};

fn taken(w: &World) -> Vec<Taken> {
    let forced = w.news.iter().filter_map(|n| match n {
        VenueNews::Forced { instrument, taken, .. } => {
            assert_eq!(*instrument, InstrumentId(7));
            Some(taken.clone().expect("the fill says what was taken"))
        }
        _ => None,
    });
    forced.collect()
}
fn nothing_foreign(w: &World) {
    assert!(!w.told(|n| matches!(n, VenueNews::Foreign { .. })), "{:?}", w.news);
}
fn instrument(w: &World) -> domain::Instrument {
    w.client.instruments()[0].clone()
}

#[test]
fn what_the_venue_takes_is_told_once_and_the_cash_follows_from_what_was_told() {
    for (fault, liquidation) in [("liquidate", true), ("deleverage", false)] {
        let mut w = World::new();
        w.fault("switch", json!({"name": "funding_rate_8h_e8", "value": 10_000_000}));
        let before = w.account().balance;
        let bought = w.trade(Side::Buy, "0.5");
        w.pass_ms(30_000);
        w.fault(fault, json!({"share_bps": 6_000}));
        w.until("it is told", |w| !taken(w).is_empty());
        w.pass_ms(20_000);
        w.account();
        let told = taken(&w);
        let [one] = &told[..] else { panic!("{told:?}") };
        assert_eq!((one.side, one.fills.size), (Side::Sell, size("0.3")));
        assert_eq!(one.fills.fee.e8() > 0, liquidation, "{fault}");
        assert!(one.fills.funding.e8() < 0, "the long paid");
        let sold = w.trade(Side::Sell, "0.2");
        let moved = flow(Side::Buy, &bought) + flow(one.side, &one.fills) + flow(Side::Sell, &sold);
        let after = w.account();
        assert_eq!(after.balance.e8() - before.e8(), moved, "{fault}: to the last digit");
        assert!(after.positions.is_empty() && after.free == after.balance);
        assert_eq!(w.told(|n| matches!(n, VenueNews::Foreign { .. })), liquidation, "the account says it is in liquidation");
    }
}

#[test]
fn what_the_venue_takes_while_it_is_out_of_reach_is_found_afterwards() {
    let mut w = World::new();
    w.trade(Side::Buy, "0.5");
    w.fault("down", json!({}));
    w.until("it is noticed", |w| !w.client.ready());
    w.fault("deleverage", json!({}));
    w.pass_ms(12_000);
    assert!(taken(&w).is_empty());
    w.clear("down");
    w.until("it is back", |w| w.client.ready());
    w.pass_ms(15_000);
    w.account();
    assert_eq!(taken(&w).len(), 1);
    nothing_foreign(&w);
}

#[test]
fn a_silent_private_stream_hides_nothing_from_a_reading() {
    let mut w = World::new();
    w.trade(Side::Buy, "0.5");
    w.fault("silent_private", json!({}));
    w.fault("deleverage", json!({}));
    w.pass_ms(1_000);
    assert!(taken(&w).is_empty());
    assert!(w.account().positions.is_empty());
    assert_eq!(taken(&w).len(), 1, "told before the account that shows it");
}

#[test]
fn a_market_that_ends_is_left_before_and_gone_after() {
    let mut w = World::new();
    w.trade(Side::Buy, "0.5");
    w.fault("delist", json!({"symbol": "ETH-USD-PERP", "ms": 20_000}));
    w.until("it is announced", |w| instrument(w).lifecycle == Lifecycle::Delisted);
    let sold = w.trade(Side::Sell, "0.2");
    assert_eq!(sold.size, size("0.2"), "open to the end");
    w.until("the rest is settled", |w| !taken(w).is_empty());
    assert_eq!(taken(&w)[0].fills.size, size("0.3"));
    w.pass_ms(30_000);
    assert_eq!(instrument(&w).lifecycle, Lifecycle::Delisted, "and it stays so");
    assert!(w.client.ready() && !w.told(|n| matches!(n, VenueNews::Session(SessionNews::Fatal { .. }))));
    w.clear("delist");
    w.until("it is listed again", |w| instrument(w).lifecycle == Lifecycle::Trading);
    nothing_foreign(&w);
}

#[test]
fn a_grid_that_changes_reaches_the_next_order_within_the_second() {
    let mut w = World::new();
    w.fault("change_spec", json!({"symbol": "ETH-USD-PERP", "tick": "0.5", "step": "0.1", "min_notional": "100"}));
    w.pass_ms(1_000);
    let i = instrument(&w);
    assert_eq!(
        (i.tick, i.lot, i.min_size, i.min_notional),
        (price("0.5"), size("0.1"), size("0.1"), Usd::from_e8(10_000_000_000))
    );
    assert_eq!(i.initial_margin, Some(Rate::from_bps(200)));
    assert_eq!(w.trade(Side::Buy, "0.1").size, size("0.1"));
}

#[test]
fn the_fee_of_the_account_is_known_before_and_paid_after() {
    let mut w = World::new();
    w.fault("fee_tier", json!({"taker_rate": "0.00035"}));
    w.until("it is read", |w| instrument(w).taker_fee == Rate::from_e8(35_000));
    let fills = w.trade(Side::Buy, "0.5");
    assert_eq!(fills.fee, fills.cost.share_up(Rate::from_e8(35_000)));
    w.clear("fee_tier");
    w.until("it is read again", |w| instrument(w).taker_fee == Rate::from_e8(45_000));
}

#[test]
fn the_phases_of_a_release_are_followed() {
    let mut w = World::new();
    for (parameters, expect) in [
        (json!({"code": "cancel_only"}), Lifecycle::ReduceOnly),
        (json!({"code": "post_only"}), Lifecycle::ReduceOnly),
        (json!({}), Lifecycle::Halted),
    ] {
        w.fault("maintenance", parameters);
        w.until("the phase", |w| instrument(w).lifecycle == expect);
    }
    w.clear("maintenance");
    w.until("the end", |w| instrument(w).lifecycle == Lifecycle::Trading);
}

#[test]
fn funding_is_heard_per_hour() {
    let mut w = World::new();
    w.fault("switch", json!({"name": "funding_rate_8h_e8", "value": -80_000}));
    w.pass_ms(6_000);
    w.forget();
    w.pass_ms(6_000);
    let heard: Vec<&MarketEvent> = w.market.iter().filter(|e| matches!(e, MarketEvent::Funding { .. })).collect();
    let expect = MarketEvent::Funding { instrument: InstrumentId(7), hourly: Rate::from_e8(-10_000), next: None };
    assert!(!heard.is_empty() && heard.iter().all(|e| **e == expect), "{heard:?}");
    assert!(w.market.iter().any(|e| matches!(e, MarketEvent::Mark { .. })));
}

#[test]
fn fills_told_late_or_twice_end_an_order_once_and_whole() {
    fn check(faults: &[(&str, serde_json::Value)]) {
        let mut w = World::new();
        for (name, parameters) in faults {
            w.fault(name, parameters.clone());
        }
        let order = w.send(Side::Buy, "0.5", false);
        w.until("the order ends", |w| w.end_of(order).is_some());
        w.pass_ms(10_000);
        let (fills, end) = w.end_of(order).expect("it ended");
        assert_eq!((fills.size, end), (size("0.5"), OrderEnd::Filled), "{faults:?}");
        assert_eq!(w.account().positions[0].size_e8, size("0.5").e8());
        nothing_foreign(&w);
    }
    check(&[]);
    check(&[("late_fill_event", json!({"ms": 1_500}))]);
    check(&[("late_fill_event", json!({"ms": 3_000, "late": true}))]);
    check(&[("duplicate_fill", json!({"ms": 700}))]);
    check(&[("late_fill_event", json!({"ms": 1_500})), ("duplicate_fill", json!({})), ("duplicate_events", json!({}))]);
    check(&[("late_fill", json!({"ms": 900}))]);
    check(&[("lose_order_answer", json!({}))]);
    check(&[("silent_private", json!({}))]);
}

#[test]
fn an_order_that_filled_while_the_sockets_were_gone_is_found() {
    let mut w = World::new();
    w.fault("delay_fill", json!({"ms": 300, "count": 1}));
    let order = w.send(Side::Buy, "0.5", false);
    w.pass_ms(50);
    w.fault("drop_sockets", json!({}));
    w.until("it is noticed", |w| !w.client.ready());
    assert!(w.end_of(order).is_none());
    w.until("it is found", |w| w.end_of(order).is_some_and(|(f, _)| f.size == size("0.5")));
    nothing_foreign(&w);
}

#[test]
fn a_silent_venue_makes_the_order_unknown_until_it_speaks_again() {
    let mut w = World::new();
    w.fault("silence", json!({}));
    let order = w.send(Side::Buy, "0.5", false);
    w.pass_ms(40_000);
    assert!(w.end_of(order).is_none());
    assert!(w.told(|n| matches!(n, VenueNews::Order(r) if matches!(r.news, OrderNews::Unknown { .. }))));
    w.clear("silence");
    w.until("it is back", |w| w.client.ready());
    w.tell(|c, now, out| c.query(order, now, out));
    w.until("it is known", |w| w.end_of(order).is_some());
    assert_eq!(w.end_of(order).expect("it ended").0.size, size("0.5"));
}

#[test]
fn a_frozen_feed_is_noticed_against_rest() {
    let lost = |w: &World| w.market.iter().any(|e| matches!(e, MarketEvent::BookLost { why: "behind rest", .. }));
    let mut w = World::new();
    w.pass_ms(60_000);
    assert!(!lost(&w), "a feed that flows is left alone");
    w.fault("freeze_book", json!({}));
    w.until("it is noticed", lost);
    w.clear("freeze_book");
    w.forget();
    w.until("the book is back", |w| {
        w.market.iter().any(|e| matches!(e, MarketEvent::Book { kind: domain::BookKind::Snapshot, .. }))
    });
    let mut w = World::with(Config { audit_every_ms: 0, ..config() });
    w.fault("freeze_book", json!({}));
    w.pass_ms(40_000);
    assert!(!lost(&w), "not asked for, not compared");
}

#[test]
fn every_order_refused_is_a_refusal_each() {
    let mut w = World::new();
    w.trade(Side::Buy, "0.5");
    w.fault("refuse_all", json!({"code": "NOT_ENOUGH_MARGIN", "late": true}));
    for (side, reduce) in [(Side::Buy, false), (Side::Sell, true)] {
        let order = w.send(side, "0.1", reduce);
        w.until("the order ends", |w| w.end_of(order).is_some());
        let (fills, end) = w.end_of(order).expect("it ended");
        assert!(fills.size.is_zero() && matches!(end, OrderEnd::Refused(_)), "{end:?}");
    }
}
