//! A venue changes a leg by itself: told late, twice, in parts, or only seen; in every goal.

use crate::stage::{Around, Stage, fills};
use crate::table::check;
use domain::{Fills, LegId, Size, Usd};
use saga::Goal;

#[test]
fn a_leg_taken_whole_has_the_other_one_closed_by_exactly_what_is_uncovered() {
    check(
        Around::default(),
        "
        20    ae1 filled, be1 filled  | Entered
        900   forced a 100 l1         | bc1 buy 100 step 1
        910   bc1 filled              | end completed
        ",
    );
}

#[test]
fn a_leg_taken_in_part_is_evened_first_and_then_both_go_to_zero() {
    check(
        Around::default(),
        "
        20    ae1 filled, be1 filled  | Entered
        900   forced b 30 l1          | ac1 sell 30 step 1
        910   forced b 30 l1          | -
        920   ac1 filled              | exit Forced, ax1 sell 70 step 1, bx1 buy 70 step 1
        930   ax1 filled, bx1 filled  | end completed
        ",
    );
}

#[test]
fn what_was_only_seen_gives_way_to_what_the_venue_names_later() {
    let stage = check(
        Around::default(),
        "
        20    ae1 filled, be1 filled  | Entered
        900   forced a 100 seen-1     | bc1 buy 100 step 1
        910   forced a 60 l1          | -
        920   bc1 filled              | end completed
        930   forced a 40 l2          | end completed
        940   forced a 40 l2          | -
        ",
    );
    let names: Vec<&str> = stage.round.forced.iter().map(|f| f.taken.id.as_str()).collect();
    assert_eq!((names, stage.round.held(LegId::A)), (vec!["l1", "l2"], 0));
}

#[test]
fn a_forced_change_in_the_middle_of_an_entry_ends_the_entry() {
    check(
        Around::default(),
        "
        20    ae1 filled              | -
        30    forced a 100 l1         | -
        40    be1 filled              | bc1 buy 100 step 1
        50    bc1 filled              | end auto_closed
        ",
    );
}

#[test]
fn a_forced_change_in_the_middle_of_an_exit_leaves_nothing_to_hold() {
    check(
        Around::default(),
        "
        20    ae1 filled, be1 filled      | Entered
        5000  exit spread                 | ax1 sell 100 step 1, bx1 buy 100 step 1
        5010  forced a 50 l1              | -
        5020  ax1 cancelled 0             | ac1 sell 50 step 1
        5030  bx1 cancelled 0             | bc1 buy 100 step 1
        5040  ac1 filled, bc1 filled      | end completed
        ",
    );
}

#[test]
fn a_leg_taken_before_its_fill_is_heard_of_is_not_bought_back() {
    check(
        Around::default(),
        "
        20    be1 cancelled 0         | -
        30    forced a 100 l1         | -
        1000  ae1 unknown             | ask ae1
        1010  ae1 filled              | end auto_closed
        ",
    );
}

#[test]
fn a_name_with_more_in_it_counts_by_the_difference() {
    let mut stage = Stage::open(100, Around::default());
    let steps = [("l1", 30, 70), ("l1", 30, 70), ("l1", 50, 50), ("seen-1", 20, 30), ("l1", 60, 30), ("l2", 15, 25)];
    let entry = domain::OrderNews::Done { fills: fills(100), end: domain::OrderEnd::Filled };
    stage.news(crate::stage::order_id(LegId::A, domain::Purpose::Entry, 1), entry).expect("legal");
    for (id, size, held) in steps {
        stage.forced(LegId::A, id, fills(size)).expect("legal");
        assert_eq!(stage.round.held(LegId::A), held, "{id} {size}");
    }
    assert_eq!(stage.round.goal, Goal::Even);
}

#[test]
fn what_stands_in_keeps_its_cost_by_size() {
    let mut stage = Stage::open(100, Around::default());
    let of = |n: i64, cost: i64| Fills { size: Size::from_e8(n).expect("a size"), cost: Usd::from_e8(cost), ..Fills::default() };
    stage.forced(LegId::A, "seen-1", of(90, 900)).expect("legal");
    stage.forced(LegId::A, "l1", of(30, 310)).expect("legal");
    let costs: Vec<i64> = stage.round.forced.iter().map(|f| f.taken.fills.cost.e8()).collect();
    assert_eq!(costs, [600, 310]);
}
