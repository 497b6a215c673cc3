//! Deaths: the client dies at every record of its journal, and its next life ends where the venue is.

use super::arena::{Arena, plain};
use super::journal::Crash;
use azuro_client::state::Fact;
use domain::{BetStatus, Question};
use serde_json::{Value, json};

/// Plays one story to its end, killed at one place.
fn killed(faults: &[(&str, Value)], crash: Crash, settle: Option<Value>) -> Arena {
    let mut arena = Arena::new();
    let listing = arena.watching(Question::Winner);
    for (name, parameters) in faults {
        arena.fault(name, parameters.clone());
    }
    arena.crash_at(crash);
    let spec = arena.spec(&listing, 1);
    arena.place(spec).expect("prepared");
    let decided = |a: &Arena| a.journal.is_empty() || !matches!(a.bet().status(), BetStatus::Pending | BetStatus::Matched);
    assert!(arena.until(180_000, decided), "{crash:?}: {:?}", arena.bet().reports);
    if let Some(how) = settle
        && !arena.journal.is_empty()
        && arena.bet().status() == BetStatus::Accepted
    {
        arena.fault("resolve_now", how);
        assert!(arena.until(180_000, |a| a.bet().last().paid.is_some() && a.bet().status().is_final()), "{crash:?}");
    }
    arena.pass(30_000);
    arena
}

#[test]
fn a_client_killed_at_any_record_ends_where_the_venue_is_and_signs_nothing_twice() {
    /// Its name, its faults, and how the game ends, if it does.
    type Story = (&'static str, Vec<(&'static str, Value)>, Option<Value>);
    let stories: [Story; 7] = [
        ("won or lost", vec![], Some(plain())),
        ("game called off", vec![], Some(json!({ "cancel": true }))),
        ("answer lost", vec![("lose_order_answer", json!({ "count": 1 }))], Some(plain())),
        ("never arrives", vec![("drop_order", json!({ "after_ms": 100 }))], None),
        ("refused", vec![("refuse_order", json!({ "count": 1 }))], None),
        ("fails on chain", vec![("reject_after_sent", plain())], None),
        ("called off by the house", vec![("house_cancels", json!({ "ms": 3_000 }))], None),
    ];
    for (name, faults, settle) in stories {
        let mut died = 0;
        for number in 1..14 {
            for crash in [Crash::Before(number), Crash::Written(number), Crash::Done(number)] {
                let arena = killed(&faults, crash, settle.clone());
                died += arena.crashes;
                assert!(arena.different_posts() <= 1, "{name} {crash:?}");
                assert!(arena.seen().len() <= 1, "{name} {crash:?}");
                arena.agree();
            }
        }
        assert!(died >= 9, "{name}: only {died} deaths");
    }
}

#[test]
fn a_bet_that_was_journaled_and_never_sent_is_dead_after_its_fence() {
    let mut arena = killed(&[], Crash::Written(1), None);
    assert_eq!((arena.posts.len(), arena.seen().len()), (0, 0));
    assert_eq!(arena.bet().status(), BetStatus::Refused);
    assert!(arena.bet().learned(|f| *f == Fact::Expired));
    let listing = arena.watching(Question::Winner);
    let second = arena.spec(&listing, 2);
    arena.place(second).expect("the leg is free again");
    arena.until_bet(60_000, BetStatus::Accepted);
    arena.agree();
}
