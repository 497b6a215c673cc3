//! Uneven legs by policy: every pair of fills, at entry and at exit, completed or trimmed.

use crate::stage::{Around, Stage, fills, order_id};
use crate::table::check_by;
use domain::record::{Evening, ExitReason, Policy};
use domain::{LegId, OrderEnd, OrderNews, Purpose};
use saga::Goal;

fn policy(entry_even: Evening, exit_even: Evening) -> Policy {
    Policy { entry_even, exit_even, ..Policy::default() }
}

/// Both orders of a purpose end having filled this much; gives what the round does within its longest pause.
fn both_end(stage: &mut Stage, purpose: Purpose, filled: [i64; 2]) -> String {
    for (leg, n) in LegId::BOTH.into_iter().zip(filled) {
        let id = order_id(leg, purpose, 1);
        let whole = stage.round.order(id).map_or(0, |o| o.spec.size.e8());
        let end = if n == whole { OrderEnd::Filled } else { OrderEnd::Cancelled("rest".into()) };
        stage.now += 10;
        stage.news(id, OrderNews::Done { fills: fills(n), end }).expect("the venue's own word");
    }
    let mut done = stage.act();
    if done.is_empty() {
        stage.now += 200;
        done = stage.act();
    }
    done.join(", ")
}

const NONE: i64 = 0;
const SOME: i64 = 40;
const MORE: i64 = 70;
const FULL: i64 = 100;

/// Fills of both legs at entry, what `complete` does, what `trim` does.
#[test]
fn every_pair_of_entry_fills_is_evened_by_policy() {
    let up = |leg: &str, n: i64| if leg == "a" { format!("ae2 buy {n} edge") } else { format!("be2 sell {n} edge") };
    let down = |leg: &str, n: i64| {
        let close = if leg == "a" { format!("ac1 sell {n} step 1") } else { format!("bc1 buy {n} step 1") };
        format!("give up: Uneven, {close}")
    };
    let nothing = "give up: LegFailed, end nothing_filled".to_owned();
    let alike = "give up: LegFailed, Entered".to_owned();
    let whole = "Entered".to_owned();
    let table = [
        (NONE, NONE, nothing.clone(), nothing),
        (NONE, SOME, up("a", SOME), down("b", SOME)),
        (NONE, FULL, up("a", FULL), down("b", FULL)),
        (SOME, NONE, up("b", SOME), down("a", SOME)),
        (SOME, SOME, alike.clone(), alike),
        (SOME, MORE, up("a", 30), down("b", 30)),
        (SOME, FULL, up("a", 60), down("b", 60)),
        (MORE, SOME, up("b", 30), down("a", 30)),
        (FULL, NONE, up("b", FULL), down("a", FULL)),
        (FULL, SOME, up("b", 60), down("a", 60)),
        (FULL, FULL, whole.clone(), whole),
    ];
    for (a, b, complete, trim) in table {
        for (even, expect) in [(Evening::Complete, complete), (Evening::Trim, trim)] {
            let mut stage = Stage::open_by(policy(even, Evening::Complete), FULL, Around::default());
            assert_eq!(both_end(&mut stage, Purpose::Entry, [a, b]), expect, "{a} x {b}, {even:?}");
        }
    }
}

/// Fills of both legs at exit, what becomes of an exit by spread under `complete` and `trim`, and of one that must be.
#[test]
fn every_pair_of_exit_fills_is_evened_by_policy() {
    let table = [
        (NONE, NONE, "ExitDropped", "ExitDropped", "ac1 sell 100 step 1"),
        (NONE, SOME, "ac1 sell 100 step 1, bc1 buy 60 step 1", "ExitTrimmed, ac1 sell 40 step 1", ""),
        (NONE, FULL, "ac1 sell 100 step 1", "ac1 sell 100 step 1", ""),
        (SOME, NONE, "ac1 sell 60 step 1, bc1 buy 100 step 1", "ExitTrimmed, bc1 buy 40 step 1", ""),
        (SOME, SOME, "ExitDropped", "ExitDropped", "ac1 sell 60 step 1"),
        (SOME, MORE, "ac1 sell 60 step 1, bc1 buy 30 step 1", "ExitTrimmed, ac1 sell 30 step 1", ""),
        (SOME, FULL, "ac1 sell 60 step 1", "ac1 sell 60 step 1", ""),
        (MORE, SOME, "ac1 sell 30 step 1, bc1 buy 60 step 1", "ExitTrimmed, bc1 buy 30 step 1", ""),
        (FULL, NONE, "bc1 buy 100 step 1", "bc1 buy 100 step 1", ""),
        (FULL, SOME, "bc1 buy 60 step 1", "bc1 buy 60 step 1", ""),
        (FULL, FULL, "end completed", "end completed", "end completed"),
    ];
    for (a, b, complete, trim, must) in table {
        let play = |even, reason| {
            let mut stage = Stage::open_by(policy(Evening::Complete, even), FULL, Around::default());
            both_end(&mut stage, Purpose::Entry, [FULL, FULL]);
            stage.now = 5_000;
            stage.begin_exit(reason).expect("open and even");
            stage.act();
            both_end(&mut stage, Purpose::Exit, [a, b])
        };
        assert_eq!(play(Evening::Complete, ExitReason::Spread), complete, "{a} x {b}, complete");
        assert_eq!(play(Evening::Trim, ExitReason::Spread), trim, "{a} x {b}, trim");
        // Where nothing else is said, an exit that must be does what `complete` does.
        let must = if must.is_empty() { complete } else { must };
        for reason in [ExitReason::MaxHolding, ExitReason::Operator, ExitReason::Forced, ExitReason::Delisted] {
            for even in [Evening::Complete, Evening::Trim] {
                assert_eq!(play(even, reason), must, "{a} x {b}, {even:?}, {reason:?}");
            }
        }
    }
}

#[test]
fn a_trimmed_exit_holds_the_smaller_position_and_exits_again() {
    check_by(
        policy(Evening::Trim, Evening::Trim),
        Around::default(),
        "
        20    ae1 filled, be1 filled      | Entered
        5000  exit spread                 | ax1 sell 100 step 1, bx1 buy 100 step 1
        5010  ax1 cancelled 60            | -
        5020  bx1 cancelled 10            | ExitTrimmed, bc1 buy 50 step 1
        5030  bc1 filled                  | Entered
        7000  exit spread                 | ax2 sell 40 step 1, bx2 buy 40 step 1
        7010  ax2 filled, bx2 filled      | end completed
        ",
    );
}

#[test]
fn a_trim_that_is_too_small_for_its_venue_closes_everything() {
    check_by(
        policy(Evening::Trim, Evening::Trim),
        Around { least: 30, ..Around::default() },
        "
        20    ae1 filled, be1 filled      | Entered
        5000  exit spread                 | ax1 sell 100 step 1, bx1 buy 100 step 1
        5010  ax1 cancelled 60            | -
        5020  bx1 cancelled 50            | ExitTrimmed, Flatten, ac1 sell 40 step 1, bc1 buy 50 step 1
        5030  ac1 filled, bc1 filled      | end completed
        ",
    );
}

#[test]
fn a_trimmed_entry_is_held_at_the_smaller_fill_without_another_attempt() {
    let stage = check_by(
        policy(Evening::Trim, Evening::Complete),
        Around::default(),
        "
        20    ae1 filled                  | -
        30    be1 cancelled 40            | give up: Uneven, ac1 sell 60 step 1
        40    ac1 filled                  | Entered
        ",
    );
    assert_eq!((stage.round.goal, stage.round.held(LegId::A), stage.round.held(LegId::B)), (Goal::Hold, 40, 40));
}

#[test]
fn an_exit_by_spread_that_could_not_leave_in_time_is_dropped_while_still_even() {
    check_by(
        policy(Evening::Complete, Evening::Complete),
        Around { reduce_only: [false, true], ..Around::default() },
        "
        20    ae1 filled, be1 filled      | Entered, read a
        5000  exit spread                 | read a
        5300  -                           | read a
        6001  -                           | ExitDropped, read a
        ",
    );
}

#[test]
fn a_trimmed_exit_waits_for_its_other_order_only_as_long_as_a_leg_may_be_uncovered() {
    check_by(
        policy(Evening::Complete, Evening::Trim),
        Around::default(),
        "
        20    ae1 filled, be1 filled      | Entered
        5000  exit spread                 | ax1 sell 100 step 1, bx1 buy 100 step 1
        5010  ax1 cancelled 60            | -
        6000  -                           | late bx1, ask bx1
        6511  -                           | ask bx1, ac1 sell 40 step 1
        6520  bx1 filled                  | -
        6530  ac1 filled                  | end completed
        ",
    );
}
