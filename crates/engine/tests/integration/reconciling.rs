//! The venue's own word against the fold.

use crate::desk::*;
use domain::names::SkipReason;
use domain::record::Record;
use domain::{AccountSnapshot, InstrumentId, OpenOrder, VenueOrderId};
use engine::Notice;

fn mismatches(desk: &Script) -> usize {
    desk.records.iter().filter(|r| matches!(r, Record::Mismatch { .. })).count()
}

#[test]
fn nothing_is_opened_before_both_accounts_have_been_compared() {
    let (mut engine, mut desk) = up(config());
    engine.venue_down(BRAVO);
    engine.venue_ready(BRAVO, now(100), &mut desk);
    assert_eq!(engine.enter(&intent(), now(110), &mut desk), Err(SkipReason::VenueDown));
    engine.on_account(BRAVO, &account([]), now(120), &mut desk);
    assert!(engine.enter(&intent(), now(130), &mut desk).is_ok());
}

#[test]
fn a_difference_counts_only_when_a_second_read_shows_it_again() {
    let (mut engine, mut desk) = up(config());
    engine.tick(now(10_000), &mut desk);
    engine.on_account(ALFA, &account([(0, 5)]), now(10_010), &mut desk);
    assert_eq!((mismatches(&desk), engine.halted().len()), (0, 0), "a position lags its fills");
    engine.tick(now(11_100), &mut desk);
    engine.on_account(ALFA, &account([(0, 5)]), now(11_110), &mut desk);
    assert_eq!((mismatches(&desk), engine.halted().len()), (1, 1));
    assert!(matches!(desk.notices.last(), Some(Notice::Mismatch { evidence, .. }) if evidence.contains("venue 0.00000005")));
    assert_eq!(engine.enter(&intent(), now(11_200), &mut desk), Err(SkipReason::PairStuck));
    engine.tick(now(30_000), &mut desk);
    engine.on_account(ALFA, &account([(0, 5)]), now(30_010), &mut desk);
    assert_eq!(mismatches(&desk), 1, "told once");
}

#[test]
fn a_difference_that_is_gone_at_the_second_read_was_none() {
    let (mut engine, mut desk) = up(config());
    engine.tick(now(10_000), &mut desk);
    engine.on_account(ALFA, &account([(0, 5)]), now(10_010), &mut desk);
    engine.tick(now(11_100), &mut desk);
    engine.on_account(ALFA, &account([]), now(11_110), &mut desk);
    engine.tick(now(21_200), &mut desk);
    engine.on_account(ALFA, &account([(0, 5)]), now(21_210), &mut desk);
    assert_eq!(mismatches(&desk), 0, "the first of two again");
}

#[test]
fn an_open_order_of_somebody_else_stops_the_pair_and_one_of_ours_does_not() {
    fn check(key: &str, expect: usize) {
        let (mut engine, mut desk) = up(config());
        engine.enter(&intent(), now(10), &mut desk).expect("nothing is in the way");
        for leg in domain::LegId::BOTH {
            engine.on_report(filled(order(leg, domain::Purpose::Entry, 1), ONE, 3_000), now(20), &mut desk);
        }
        let order =
            OpenOrder { instrument: Some(InstrumentId(0)), key: key.to_owned(), venue_order: VenueOrderId("v9".to_owned()) };
        let seen = AccountSnapshot { open_orders: vec![order], ..account([(0, ONE)]) };
        for ms in [10_020, 11_200] {
            engine.tick(now(ms), &mut desk);
            engine.on_account(ALFA, &seen, now(ms + 10), &mut desk);
        }
        assert_eq!(engine.halted().len(), expect, "{key}");
    }
    check("somebody", 1);
    // As a venue that knows no client ids shows it: by the key that was journaled.
    check("key-1", 0);
}

#[test]
fn anchor_10_a_start_with_nothing_in_the_journal_does_not_trade_over_what_a_venue_holds() {
    let (mut engine, mut desk) = (engine::Engine::new(config()), Script::new());
    engine.start(1, now(0), &mut desk);
    engine.restored(&mut desk);
    for venue in [ALFA, BRAVO] {
        engine.venue_ready(venue, now(0), &mut desk);
    }
    for ms in [10, 1_200] {
        engine.on_account(ALFA, &account([(0, ONE)]), now(ms), &mut desk);
        engine.on_account(BRAVO, &account([]), now(ms), &mut desk);
        assert!(engine.enter(&intent(), now(ms + 1), &mut desk).is_err());
        engine.tick(now(ms + 1_100), &mut desk);
    }
    assert_eq!(engine.enter(&intent(), now(3_000), &mut desk), Err(SkipReason::PairStuck));
}

#[test]
fn a_pair_that_was_stopped_stays_stopped_when_a_round_on_it_becomes_even_again() {
    let (mut engine, mut desk) = up(config());
    engine.enter(&intent(), now(10), &mut desk).expect("nothing is in the way");
    engine.on_report(filled(order(domain::LegId::A, domain::Purpose::Entry, 1), ONE, 3_001), now(20), &mut desk);
    engine.on_foreign(ALFA, Some(PAIR), "a stranger".to_owned(), now(30), &mut desk);
    engine.tick(now(25_000), &mut desk);
    assert!(desk.notices.iter().any(|n| matches!(n, Notice::Stuck { .. })));
    engine.on_report(filled(order(domain::LegId::B, domain::Purpose::Entry, 1), ONE, 3_010), now(25_100), &mut desk);
    assert_eq!(engine.halted().get(&PAIR).map(String::as_str), Some("a stranger"));
    let mut folded = engine::Engine::new(config());
    for r in &desk.records {
        folded.fold(r).expect("its own records");
    }
    assert_eq!(folded.state_text(), engine.state_text());
}
