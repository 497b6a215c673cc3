//! The venues' rules while running, as the real clients read them from the simulated venues: fees, steps and whether an
//! instrument trades are in force at the next look.

use crate::frames::{MID, paradex_snapshot, vest_depth};
use crate::pipe::{PAIR, PARADEX, Pipe, VEST};
use domain::record::Record;
use domain::{Lifecycle, Mono, Price, Rate, SCALE};
use saga::Goal;
use serde_json::json;
use shard::Output;
use venue_sim::Message;
use venue_sim::market::MarketShape;

/// Above every number the simulated venue has used by then.
const FIRST: u64 = 20_000_000_000;
/// Longer than either client goes without reading its venue's rules.
const PATIENCE_MS: i64 = 30 * 60_000;

fn up() -> Pipe {
    let mut pipe = Pipe::new(Rate::from_bps(25), Mono::default);
    pipe.bring_up();
    pipe
}

/// Lets the venues talk until the shard knows it.
fn until(pipe: &mut Pipe, what: &str, known: impl Fn(&Pipe) -> bool) {
    let end = pipe.stamp().wall.plus_ms(PATIENCE_MS);
    while !known(pipe) {
        assert!(pipe.stamp().wall < end, "{what}: not known after half an hour");
        let (venue, message) = pipe.next_frame();
        pipe.deliver(venue, &message);
        pipe.perform();
    }
}

/// Both books calm, then half a percent apart: limit and lot of the leg on Vest, if that opens a round.
fn opened(pipe: &mut Pipe, seq: &mut u64) -> Option<(Price, i64)> {
    for _ in 0..4 {
        *seq += 1;
        pipe.deliver(PARADEX, &Message::Binary(paradex_snapshot(*seq, MID, *seq)));
        pipe.deliver(VEST, &Message::Text(vest_depth(MID, *seq)));
    }
    *seq += 1;
    pipe.deliver(PARADEX, &Message::Binary(paradex_snapshot(*seq, MID + MID / 200, *seq)));
    pipe.perform().iter().find_map(|o| match o {
        Output::Append { record: Record::Opened { plan, orders, .. }, .. } => Some((orders[0].spec.limit, plan.legs[0].lot.e8())),
        _ => None,
    })
}

#[test]
fn a_fee_that_a_venue_raises_keeps_the_next_entry_from_being_made() {
    let mut pipe = up();
    pipe.fault(VEST, "change_spec", &json!({"symbol": "ETH-PERP", "taker_fee_e8": 300_000}));
    until(&mut pipe, "the fee", |p| p.shard.instruments()[0].taker_fee == Rate::from_bps(30));
    let mut seq = FIRST;
    assert_eq!(opened(&mut pipe, &mut seq), None, "twice 0.3 % is more than half a percent");
}

#[test]
fn a_grid_that_a_venue_changes_is_the_grid_of_the_next_entry() {
    let mut pipe = up();
    pipe.fault(VEST, "change_spec", &json!({"symbol": "ETH-PERP", "size_decimals": 0, "price_decimals": 0}));
    until(&mut pipe, "the grid", |p| p.shard.instruments()[0].lot.e8() == SCALE && p.shard.instruments()[0].tick.e8() == SCALE);
    let mut seq = FIRST;
    let plan = opened(&mut pipe, &mut seq).expect("the spread is there");
    assert_eq!((plan.0.e8() % SCALE, plan.1), (0, SCALE), "a price on the new tick, a plan that knows the new lot");
}

#[test]
fn an_instrument_that_stops_trading_takes_no_entry_until_it_trades_again() {
    let mut pipe = up();
    let lifecycle = |p: &Pipe| p.shard.instruments()[0].lifecycle;
    pipe.fault(VEST, "halt", &json!({"symbol": "ETH-PERP"}));
    until(&mut pipe, "the halt", |p| lifecycle(p) != Lifecycle::Trading);
    let mut seq = FIRST;
    assert_eq!(opened(&mut pipe, &mut seq), None);
    pipe.fault(VEST, "halt", &json!(null));
    until(&mut pipe, "the end of the halt", |p| lifecycle(p) == Lifecycle::Trading);
    assert!(opened(&mut pipe, &mut seq).is_some());
}

#[test]
fn a_position_on_an_instrument_that_goes_off_its_list_is_closed_when_that_is_read_without_waiting_for_a_tick() {
    let mut pipe = Pipe::between(MarketShape::default(), Rate::from_bps(25), false, Mono::default);
    let goal = |p: &Pipe| p.shard.engine().round_on(PAIR).map(|r| r.goal);
    until(&mut pipe, "a position", |p| goal(p) == Some(Goal::Hold));
    pipe.ticks = false;
    pipe.fault(VEST, "delist", &json!({"symbol": "ETH-PERP", "settle": false}));
    until(&mut pipe, "the end of its listing", |p| p.shard.instruments()[VEST].lifecycle == Lifecycle::Delisted);
    assert_ne!(goal(&pipe), Some(Goal::Hold));
}
