//! The venues' rules while running: steps, ticks and whether they trade, taken over at once.

use crate::stage::{PAIR, Stage, VENUES, config, percent, price, shown, size};
use domain::{Lifecycle, Usd};
use perps::{Call, PairConfig, Phase, Sizing};

const FIRST: (&str, &str) = ("b99x50 a100x50", "b100.5x50 a101x50");
/// Closing costs nothing: the long venue's bid is the short venue's ask.
const CLOSED: (&str, &str) = ("b100x50 a100.5x50", "b99x50 a100x50");

fn entry(stage: &mut Stage) -> (String, [String; 2]) {
    let call = stage.books(FIRST.0, FIRST.1);
    let Some(Call::Enter { intent, .. }) = call else { panic!("no entry: {call:?}") };
    (intent.size.to_string(), intent.limits.map(|l| l.to_string()))
}

#[test]
fn a_new_step_or_tick_changes_size_and_limits_of_the_next_entry() {
    let mut stage = Stage::new(PairConfig { sizing: Sizing::Base(size("1.2345")), ..config() });
    assert_eq!(entry(&mut stage), ("1.234".into(), ["100.05".into(), "100.45".into()]));
    stage.learn(|i| i[0].lot = size("0.01"));
    assert_eq!(stage.strategy.size_of(PAIR), size("1.23"), "before any book moves");
    assert_eq!(entry(&mut stage), ("1.23".into(), ["100.05".into(), "100.45".into()]));
    stage.learn(|i| i[1].tick = price("0.1"));
    assert_eq!(entry(&mut stage), ("1.23".into(), ["100.05".into(), "100.5".into()]));
    // Steps of which one is no multiple of the other: their least common multiple.
    stage.learn(|i| (i[0].lot, i[1].lot) = (size("0.4"), size("0.6")));
    assert_eq!(entry(&mut stage).0, "1.2");
    // A step larger than the size leaves none.
    stage.learn(|i| i[0].lot = size("5"));
    assert_eq!(shown(stage.books(FIRST.0, FIRST.1).as_ref()), "nothing");
    stage.learn(|i| (i[0].lot, i[1].lot) = (size("0.001"), size("0.001")));
    assert_eq!(entry(&mut stage).0, "1.234");
}

#[test]
fn a_size_by_notional_is_kept_until_the_step_changes() {
    let mut stage = Stage::new(PairConfig { sizing: Sizing::Notional(Usd::from_e8(25_000_000_000)), ..config() });
    // 250 dollars at the higher ask of both, 101.
    assert_eq!(entry(&mut stage).0, "2.475");
    let _ = stage.books("b9.9x50 a10x50", "b10.05x50 a10.1x50");
    assert_eq!(stage.strategy.size_of(PAIR), size("2.475"), "a price does not change it");
    stage.learn(|i| i[1].taker_fee = percent("0.001"));
    assert_eq!(stage.strategy.size_of(PAIR), size("2.475"), "nor does a fee");
    let _ = stage.books(FIRST.0, FIRST.1);
    stage.learn(|i| i[1].lot = size("0.1"));
    assert_eq!(entry(&mut stage).0, "2.4", "at the price of the moment");
}

#[test]
fn exits_go_on_where_a_venue_takes_reducing_orders_and_wait_where_it_takes_none() {
    use Lifecycle::{Delisted, Halted, ReduceOnly, Trading};
    fn check(states: [Lifecycle; 2], expect: &str) {
        let mut stage = Stage::new(config());
        let _ = stage.books("b100x50 a101x50", "b100x50 a101x50");
        stage.strategy.set_phase(PAIR, Phase::Holding(0));
        stage.learn(|i| (i[0].lifecycle, i[1].lifecycle) = (states[0], states[1]));
        assert_eq!(shown(stage.books(CLOSED.0, CLOSED.1).as_ref()), expect, "{states:?}");
        // Trading again, it closes at the next update, for the reason is still there.
        stage.learn(|i| (i[0].lifecycle, i[1].lifecycle) = (Trading, Trading));
        assert_eq!(shown(stage.book(1, CLOSED.1).as_ref()), "exit 0.00", "{states:?}");
    }
    check([Trading, Trading], "exit 0.00");
    check([ReduceOnly, Trading], "exit 0.00");
    check([Trading, ReduceOnly], "exit 0.00");
    check([ReduceOnly, Delisted], "exit 0.00");
    check([Halted, Trading], "nothing");
    check([Trading, Halted], "nothing");
}

#[test]
fn while_a_round_is_open_nothing_is_entered_and_only_its_own_direction_closes_it() {
    let mut stage = Stage::new(config());
    for phase in [Phase::Busy, Phase::Holding(0), Phase::Holding(1)] {
        stage.strategy.set_phase(PAIR, phase);
        let call = stage.books(FIRST.0, FIRST.1);
        // Half a percent apart: long on the first venue closing gives 2 % away, the other way it brings half a percent.
        let expect = if phase == Phase::Holding(1) { "exit -0.497512" } else { "nothing" };
        assert_eq!(shown(call.as_ref()), expect, "{phase:?}");
    }
    assert_eq!(stage.strategy.pairs().map(|p| p.venues).collect::<Vec<_>>(), [VENUES]);
}
