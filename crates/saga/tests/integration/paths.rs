//! Every path of a round, row by row.

use crate::stage::Around;
use crate::table::check;

#[test]
fn both_legs_fill_and_the_round_opens_and_closes() {
    check(
        Around::default(),
        "
        10    ae1 acked, be1 acked  | -
        20    ae1 filled            | -
        30    be1 filled            | Entered
        5000  exit spread           | ax1 sell 100 step 1, bx1 buy 100 step 1
        5010  ax1 filled            | -
        5020  bx1 filled            | end completed
        ",
    );
}

#[test]
fn a_refused_leg_is_tried_again_while_the_edge_lasts() {
    check(
        Around::default(),
        "
        20    ae1 filled            | -
        30    be1 refused price     | -
        180   -                     | be2 sell 100 edge
        200   be2 refused price     | -
        350   -                     | be3 sell 100 edge
        360   be3 filled            | Entered
        ",
    );
}

#[test]
fn attempts_end_and_the_filled_leg_is_closed() {
    check(
        Around::default(),
        "
        20    ae1 filled            | -
        30    be1 refused price     | -
        180   -                     | be2 sell 100 edge
        200   be2 refused price     | -
        350   -                     | be3 sell 100 edge
        360   be3 refused price     | give up: LegFailed, ac1 sell 100 step 1
        400   ac1 filled            | end auto_closed
        ",
    );
}

#[test]
fn a_refusal_that_cannot_end_differently_is_not_tried_again() {
    check(
        Around::default(),
        "
        20    ae1 filled            | -
        30    be1 refused margin    | give up: LegFailed, ac1 sell 100 step 1
        40    ac1 filled            | end auto_closed
        ",
    );
}

#[test]
fn nothing_filled_ends_at_once() {
    check(
        Around::default(),
        "
        20    ae1 refused price     | -
        30    be1 not_sent          | give up: LegFailed, end nothing_filled
        ",
    );
}

#[test]
fn a_partly_filled_leg_is_completed_by_exactly_what_is_missing() {
    check(
        Around::default(),
        "
        20    ae1 filled            | -
        30    be1 cancelled 40      | -
        180   -                     | be2 sell 60 edge
        190   be2 filled            | Entered
        ",
    );
}

#[test]
fn both_legs_partly_filled_are_evened_and_held() {
    check(
        Around::default(),
        "
        20    ae1 cancelled 70      | -
        30    be1 cancelled 40      | -
        180   -                     | be2 sell 30 edge
        190   be2 cancelled 10      | -
        340   -                     | be3 sell 20 edge
        350   be3 cancelled 0       | give up: LegFailed, ac1 sell 20 step 1
        360   ac1 filled            | Entered
        5000  exit operator         | ax1 sell 50 step 1, bx1 buy 50 step 1
        5010  ax1 filled, bx1 filled | end completed
        ",
    );
}

#[test]
fn both_legs_partly_filled_alike_are_held_at_that_size() {
    check(
        Around::default(),
        "
        20    ae1 cancelled 40      | -
        30    be1 cancelled 40      | give up: LegFailed, Entered
        ",
    );
}

#[test]
fn an_unknown_leg_is_asked_about_and_the_filled_one_closed_when_time_is_up() {
    check(
        Around::default(),
        "
        20    ae1 filled            | -
        1000  -                     | late be1, ask be1
        1300  -                     | ask be1
        1520  -                     | give up: Uncovered, ac1 sell 100 step 1
        1540  ac1 filled            | -
        1600  be1 absent            | ask be1
        5001  be1 absent            | end auto_closed
        ",
    );
}

#[test]
fn an_unknown_leg_that_filled_after_all_is_closed_too() {
    check(
        Around::default(),
        "
        20    ae1 filled            | -
        1000  be1 unknown           | ask be1
        1520  -                     | ask be1, give up: Uncovered, ac1 sell 100 step 1
        1540  ac1 filled            | -
        2000  be1 filled            | bc1 buy 100 step 1
        2010  bc1 filled            | end auto_closed
        ",
    );
}

#[test]
fn a_known_order_that_rests_is_cancelled_and_asked_about() {
    check(
        Around::default(),
        "
        20    ae1 filled, be1 acked | -
        1000  -                     | late be1, cancel be1, ask be1
        1300  -                     | cancel be1, ask be1
        1310  be1 cancelled 0       | -
        1460  -                     | be2 sell 100 edge
        1470  be2 filled            | Entered
        ",
    );
}

#[test]
fn a_close_goes_further_each_time_and_at_the_market_in_the_end() {
    check(
        Around::default(),
        "
        20    ae1 filled            | -
        30    be1 refused other     | give up: LegFailed, ac1 sell 100 step 1
        40    ac1 cancelled 10      | -
        290   -                     | ac2 sell 90 step 2
        300   ac2 refused price     | -
        550   -                     | ac3 sell 90 step 3
        560   ac3 cancelled 0       | -
        810   -                     | ac4 sell 90 market
        820   ac4 filled            | end auto_closed
        ",
    );
}

#[test]
fn a_close_of_unknown_fate_is_sent_again_only_past_its_fence() {
    check(
        Around::default(),
        "
        20    ae1 filled            | -
        30    be1 refused other     | give up: LegFailed, ac1 sell 100 step 1
        1030  -                     | late ac1, ask ac1
        1100  ac1 absent            | -
        4900  -                     | ask ac1
        5000  ac1 absent            | -
        5200  ac1 absent            | -
        5450  -                     | ac2 sell 100 step 2
        5460  ac2 filled            | end auto_closed
        ",
    );
}

#[test]
fn a_person_is_called_and_trying_goes_on_slower() {
    check(
        Around::default(),
        "
        20    ae1 filled              | -
        30    be1 refused other       | give up: LegFailed, ac1 sell 100 step 1
        40    ac1 refused other       | -
        20020 -                       | call a person, ac2 sell 100 step 2
        20030 ac2 refused other       | -
        20300 -                       | -
        22030 -                       | ac3 sell 100 step 3
        22040 ac3 filled              | Unstuck, end auto_closed
        ",
    );
}

#[test]
fn a_rest_too_small_to_trim_closes_everything() {
    check(
        Around { least: 30, ..Around::default() },
        "
        20    ae1 filled            | -
        30    be1 cancelled 90      | give up: TooSmall, Flatten, ac1 sell 100 step 1, bc1 buy 90 step 1
        40    ac1 filled            | -
        50    bc1 filled            | end auto_closed
        ",
    );
}

#[test]
fn stopping_gives_an_entry_up_and_closes_what_is_uneven() {
    check(
        Around::default(),
        "
        20    ae1 filled            | -
        25    stop                  | -
        30    be1 refused price     | give up: Stopping, ac1 sell 100 step 1
        40    ac1 filled            | end auto_closed
        ",
    );
}

#[test]
fn an_exit_by_spread_that_fills_nothing_is_dropped_and_may_come_again() {
    check(
        Around::default(),
        "
        20    ae1 filled, be1 filled      | Entered
        5000  exit spread                 | ax1 sell 100 step 1, bx1 buy 100 step 1
        5010  ax1 refused price           | -
        5020  bx1 cancelled 0             | ExitDropped
        6000  exit spread                 | ax2 sell 100 step 1, bx2 buy 100 step 1
        6010  ax2 filled, bx2 filled      | end completed
        ",
    );
}

#[test]
fn an_exit_that_must_be_goes_on_after_nothing_filled() {
    check(
        Around::default(),
        "
        20    ae1 filled, be1 filled      | Entered
        5000  exit holding                | ax1 sell 100 step 1, bx1 buy 100 step 1
        5010  ax1 refused price           | -
        5020  bx1 refused price           | ac1 sell 100 step 1
        5030  ac1 filled                  | bc1 buy 100 step 1
        5040  bc1 filled                  | end completed
        ",
    );
}

#[test]
fn an_exit_half_filled_on_one_leg_closes_the_rest_of_both() {
    check(
        Around::default(),
        "
        20    ae1 filled, be1 filled      | Entered
        5000  exit spread                 | ax1 sell 100 step 1, bx1 buy 100 step 1
        5010  ax1 filled                  | -
        5020  bx1 cancelled 30            | bc1 buy 70 step 1
        5030  bc1 filled                  | end completed
        ",
    );
}

#[test]
fn a_venue_without_reduce_only_is_read_before_anything_is_closed_there() {
    check(
        Around { reduce_only: [false, true], ..Around::default() },
        "
        20    ae1 filled            | -
        30    be1 refused other     | give up: LegFailed, read a
        40    position a 0          | -
        340   position a 100        | ac1 sell 100 step 1
        350   ac1 filled            | end auto_closed
        ",
    );
}

#[test]
fn a_fill_after_the_end_brings_the_round_back_and_closes_it() {
    check(
        Around::default(),
        "
        20    ae1 refused price     | -
        30    be1 refused price     | give up: LegFailed, end nothing_filled
        900   be1 filling 40        | bc1 buy 40 step 1
        910   bc1 filled            | end auto_closed
        ",
    );
}

#[test]
fn a_fill_while_the_position_is_held_makes_it_even_again() {
    check(
        Around::default(),
        "
        10    ae1 refused price               | -
        20    be1 cancelled 40                | -
        170   -                               | ae2 buy 40 edge
        180   ae2 filled                      | give up: LegFailed, Entered
        190   be1 filling 60                  | bc1 buy 20 step 1
        200   bc1 filled                      | Entered
        5000  exit spread                     | ax1 sell 40 step 1, bx1 buy 40 step 1
        ",
    );
}
