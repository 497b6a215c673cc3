//! Defects found in other bots, each as a test by its number in our survey of the field. Those of strategy, start and
//! store stand with the crates that own them.

use crate::stage::Around;
use crate::table::check;
use saga::{Goal, World as _};

#[test]
fn anchor_01_a_rejected_leg_is_never_sent_again_at_any_price() {
    // The second attempt is priced by the edge, never by a step or the market; without the edge leg A is closed.
    check(
        Around::default(),
        "
        20    ae1 filled            | -
        30    be1 refused price     | -
        180   -                     | be2 sell 100 edge
        1520  -                     | late be2, ask be2, give up: Uncovered, ac1 sell 100 step 1
        ",
    );
}

#[test]
fn anchor_02_retries_exhausted_never_ends_with_a_leg_kept() {
    let stage = check(
        Around::default(),
        "
        20    ae1 filled            | -
        30    be1 refused other     | give up: LegFailed, ac1 sell 100 step 1
        40    ac1 refused other     | -
        290   -                     | ac2 sell 100 step 2
        300   ac2 refused other     | -
        9000  -                     | ac3 sell 100 step 3
        9010  ac3 refused other     | -
        99000 -                     | call a person, ac4 sell 100 market
        ",
    );
    assert_eq!((stage.round.outcome, stage.round.goal), (None, Goal::Even));
}

#[test]
fn anchor_03_an_order_filled_while_its_cancel_is_in_flight_is_covered() {
    check(
        Around::default(),
        "
        10    ae1 acked             | -
        20    be1 refused other     | -
        1000  -                     | late ae1, cancel ae1, ask ae1
        1010  ae1 filled            | give up: LegFailed, ac1 sell 100 step 1
        1020  ac1 filled            | end auto_closed
        ",
    );
}

#[test]
fn anchor_04_a_partial_fill_and_then_a_cancel_is_hedged_by_the_increment() {
    check(
        Around::default(),
        "
        20    be1 filled            | -
        30    ae1 filling 30        | -
        40    ae1 cancelled 30      | -
        190   -                     | ae2 buy 70 edge
        200   ae2 filled            | Entered
        ",
    );
}

#[test]
fn anchor_05_a_transport_error_is_unknown_and_not_filled_zero() {
    let stage = check(
        Around::default(),
        "
        20    ae1 filled            | -
        30    be1 unknown           | ask be1
        330   -                     | ask be1
        400   be1 absent            | -
        ",
    );
    assert!(stage.round.live(domain::LegId::B).next().is_some(), "absence before the fence proves nothing");
}

#[test]
fn anchor_06_an_unwind_goes_on_and_further_until_it_is_done() {
    let mut table = String::from(
        "20 ae1 filled | -
         30 be1 refused other | give up: LegFailed, ac1 sell 100 step 1\n",
    );
    let mut at = 40;
    for n in 1..=6 {
        table.push_str(&format!("{at} ac{n} cancelled 0 | -\n"));
        at += 250;
        let how = if n < 3 { format!("step {}", n + 1) } else { "market".to_owned() };
        table.push_str(&format!("{at} - | ac{} sell 100 {how}\n", n + 1));
        at += 10;
    }
    table.push_str(&format!("{at} ac7 filled | end auto_closed\n"));
    check(Around::default(), &table);
}

#[test]
fn anchor_08_a_rollback_closes_exactly_what_filled_and_only_reduces() {
    let stage = check(
        Around::default(),
        "
        20    ae1 cancelled 37      | -
        30    be1 refused other     | give up: LegFailed, ac1 sell 37 step 1
        ",
    );
    let close = stage.round.orders.last().expect("the close");
    assert!(close.spec.reduce_only && stage.around.reduce_only(close.spec.id.leg));
}

#[test]
fn anchor_09_a_failed_rollback_keeps_the_round_open() {
    let stage = check(
        Around::default(),
        "
        20    ae1 filled            | -
        30    be1 refused other     | give up: LegFailed, ac1 sell 100 step 1
        40    ac1 refused other     | -
        ",
    );
    assert!(stage.round.outcome.is_none() && stage.round.uncovered() == 100);
}

#[test]
fn anchor_11_a_partly_filled_retry_does_not_make_the_pair_open() {
    let stage = check(
        Around::default(),
        "
        20    ae1 filled            | -
        30    be1 refused price     | -
        180   -                     | be2 sell 100 edge
        190   be2 cancelled 60      | -
        ",
    );
    assert_eq!((stage.round.goal, stage.round.uncovered()), (Goal::Enter, 40));
}
