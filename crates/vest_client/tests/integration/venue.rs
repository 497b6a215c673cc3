//! The client against the simulated venue: what it takes, ends and changes by itself, exactly once and to the last digit.

use crate::world::World;
use domain::*;
use serde_json::json;
use venue_api::VenueClient;
use vest_client::{Access, Generation};

fn lifecycles(world: &World) -> Vec<Lifecycle> {
    world.client.instruments().iter().map(|one| one.lifecycle).collect()
}

fn held(account: &AccountSnapshot) -> i64 {
    account.positions.iter().find(|p| p.instrument == InstrumentId(0)).map_or(0, |p| p.size_e8)
}

/// A world that holds 0.1 BTC, told and read.
fn long() -> World {
    let mut world = World::ready();
    world.trade(Side::Buy, "0.1");
    assert_eq!(held(&world.read()), 10_000_000);
    let told = world.told();
    assert!(told.len() == 1 && told[0].starts_with("filled 0.1 for "), "{told:?}");
    world
}

#[test]
fn a_liquidation_is_told_once_through_reconnects_and_reads() {
    let mut world = long();
    world.fault("liquidate", json!({ "symbol": "BTC-PERP", "share_bps": 4_000 }));
    world.run(500);
    assert_eq!(world.told(), ["forced 0 short 0.04"]);
    world.fault("drop_sockets", json!({}));
    world.run(5_000);
    assert!(world.client.ready());
    for _ in 0..3 {
        assert_eq!(held(&world.read()), 6_000_000);
    }
    assert!(world.told().is_empty());
}

#[test]
fn a_liquidation_that_the_stream_kept_quiet_about_is_found_by_the_next_read() {
    let mut world = long();
    world.fault("silent_private", json!({}));
    world.fault("liquidate", json!({ "symbol": "BTC-PERP" }));
    world.run(500);
    assert!(world.told().is_empty());
    assert_eq!(held(&world.read()), 0);
    assert_eq!(world.told(), ["forced 0 short 0.1"]);
    world.read();
    assert!(world.told().is_empty());
}

#[test]
fn a_deleveraging_shows_in_the_position_alone_and_is_told_once() {
    let mut world = long();
    world.fault("deleverage", json!({ "symbol": "BTC-PERP", "share_bps": 5_000 }));
    world.run(100);
    assert_eq!(held(&world.read()), 5_000_000);
    assert_eq!(world.told(), ["forced 0"], "the second read was its own");
    world.read();
    assert!(world.told().is_empty());
    world.trade(Side::Sell, "0.05");
    assert_eq!(held(&world.read()), 0);
    let told = world.told();
    assert!(told.len() == 1 && told[0].starts_with("filled 0.05"), "{told:?}");
}

#[test]
fn an_exit_of_what_was_taken_meanwhile_is_seen_for_what_it_is() {
    let mut world = long();
    world.fault("deleverage", json!({ "symbol": "BTC-PERP" }));
    world.run(100);
    world.trade(Side::Sell, "0.1");
    let told = world.told();
    assert!(told.len() == 1 && told[0].starts_with("filled 0.1"), "{told:?}");
    assert_eq!(held(&world.read()), -10_000_000, "the exit has opened the other side");
    assert_eq!(world.told(), ["forced 0"]);
    world.read();
    assert!(world.told().is_empty());
}

#[test]
fn a_delisted_symbol_is_gone_within_a_minute_and_its_settled_position_is_forced() {
    let mut world = long();
    world.fault("delist", json!({ "symbol": "BTC-PERP" }));
    world.run(61_000);
    assert_eq!(lifecycles(&world), [Lifecycle::Delisted, Lifecycle::Trading]);
    world.told();
    assert_eq!(held(&world.read()), 0);
    assert_eq!(world.told(), ["forced 0"]);
    assert!(world.client.ready(), "the other market goes on");
}

#[test]
fn a_lost_leverage_costs_one_order_and_changed_rules_are_taken_over() {
    let mut world = long();
    world.fault("leverage_lost", json!({}));
    world.trade(Side::Sell, "0.05");
    assert_eq!(world.told(), ["refused margin [3020 ORDER_CHANGES_LEVERAGE] 0"]);
    world.trade(Side::Sell, "0.05");
    let told = world.told();
    assert!(told.len() == 1 && told[0].starts_with("filled 0.05"), "{told:?}");
    world.fault("change_spec", json!({ "symbol": "BTC-PERP", "size_decimals": 2, "price_decimals": 1, "taker_fee_e8": 20_000 }));
    world.run(61_000);
    let btc = &world.client.instruments()[0];
    assert_eq!((btc.lot.e8(), btc.tick.e8(), btc.taker_fee.e8()), (1_000_000, 10_000_000, 20_000));
    world.fault("halt", json!({ "symbol": "BTC-PERP" }));
    world.run(2_000);
    assert_eq!(lifecycles(&world), [Lifecycle::Halted, Lifecycle::Trading], "by the tickers, at once");
}

#[test]
fn the_cash_follows_the_fills_and_their_funding_to_the_last_digit() {
    let mut world = World::ready();
    world.fault("funding_rate", json!({ "rate_e8": 100_000 }));
    let before = world.read().balance;
    world.trade(Side::Buy, "0.1");
    world.run(3_600_000);
    world.trade(Side::Sell, "0.04");
    world.fault("silent_private", json!({}));
    world.run(1_800_000);
    world.trade(Side::Sell, "0.06");
    let after = world.read().balance;
    let fills = world.fills();
    assert_eq!(fills.len(), 3);
    let flow = fills.iter().enumerate().fold(Usd::ZERO, |sum, (n, (_, f))| {
        let sum = if n == 0 { sum.minus(f.cost) } else { sum.plus(f.cost) };
        sum.minus(f.fee).plus(f.funding)
    });
    assert_eq!(after.minus(before), flow);
    let funding: Vec<i64> = fills.iter().map(|(_, f)| f.funding.e8() / 100_000_000).collect();
    assert_eq!(funding[0], 0, "nothing stood before");
    assert!((-10..=-8).contains(&funding[1]) && (-4..=-1).contains(&funding[2]), "0.1 % an hour of 9,100 USD: {funding:?}");
    assert_eq!(world.funding, Some((100_000, false)));
}

#[test]
fn whatever_happens_to_an_order_s_answer_it_is_filled_once() {
    fn check(faults: &[(&str, serde_json::Value)], expect: &str) {
        let mut world = World::ready();
        for (name, parameters) in faults {
            world.fault(name, parameters.clone());
        }
        let id = world.trade(Side::Buy, "0.1");
        if world.fills().is_empty() {
            world.ask(id);
        }
        world.run(5_000);
        let told = world.told();
        assert!(told.len() == 1 && told[0].starts_with(expect), "{faults:?}: {told:?}");
        let held = held(&world.read());
        let filled = if expect.starts_with("filled") {
            10_000_000
        } else if expect.starts_with("cancelled") {
            5_000_000
        } else {
            0
        };
        assert_eq!(held, filled, "{faults:?}");
    }
    check(&[("lose_order_answer", json!({"count": 1}))], "filled 0.1");
    check(&[("lose_order_answer", json!({"count": 1})), ("silent_private", json!({}))], "filled 0.1");
    check(&[("duplicate_fill", json!({"count": 1, "ms": 700}))], "filled 0.1");
    check(&[("late_fill", json!({"count": 1, "ms": 2_000})), ("duplicate_fill", json!({"count": 1}))], "filled 0.1");
    check(&[("disconnect_on_order", json!({"count": 1}))], "filled 0.1");
    check(&[("error_after", json!({"count": 1, "status": 502}))], "filled 0.1");
    check(&[("event_before_answer", json!({"count": 1}))], "filled 0.1");
    check(&[("partial_fill", json!({"count": 1, "share_bps": 5_000}))], "cancelled");
    check(&[("partial_fill", json!({"count": 1, "share_bps": 5_000})), ("disconnect_on_order", json!({}))], "cancelled");
    check(&[("refuse_all", json!({"code": 3_002}))], "refused margin");
    check(&[("refuse_all", json!({"code": 1_148}))], "refused closed");
}

#[test]
fn the_public_feed_of_v3_is_ready_alone_and_outlives_v2() {
    let mut world = World::new(Access::DataOnly, Generation::V3);
    world.fault("v2_gone", json!({}));
    world.fault("funding_rate", json!({ "rate_e8": 1_000 }));
    world.start();
    world.run(5_000);
    assert!(world.client.ready() && world.books > 10, "{} books", world.books);
    assert_eq!((world.client.generation_seen(), world.funding), (Some(Generation::V3), Some((1_000, true))));
    assert_eq!(lifecycles(&world), [Lifecycle::Trading, Lifecycle::Trading]);
    world.fault("drop_sockets", json!({}));
    let before = world.books;
    world.run(5_000);
    assert!(world.client.ready() && world.books > before);
}

#[test]
fn without_v2_an_account_says_why_it_cannot_trade() {
    let mut world = World::new(World::account(), Generation::V2);
    world.fault("v2_gone", json!({}));
    world.start();
    world.run(10_000);
    let told = world.told();
    assert!(told.len() == 1 && told[0].contains("v3 has no known login for machines"), "{told:?}");
    // Only the list of instruments gone, later: what is held can still be closed.
    let mut world = long();
    world.fault("v2_degraded", json!({}));
    world.run(190_000);
    assert_eq!(lifecycles(&world), [Lifecycle::ReduceOnly, Lifecycle::ReduceOnly]);
    world.trade(Side::Sell, "0.1");
    assert_eq!(held(&world.read()), 0);
}
