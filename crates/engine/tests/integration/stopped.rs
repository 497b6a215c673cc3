//! What stops entries and what lets them go on: blocks of this life, and what stays in the journal until a person resumes.

use crate::desk::*;
use domain::Pair;
use domain::names::SkipReason;
use domain::record::Record;
use engine::{Engine, Notice};

fn fold(records: &[Record]) -> Engine {
    let mut engine = Engine::new(config());
    records.iter().for_each(|r| engine.fold(r).expect("its own records"));
    engine
}

#[test]
fn a_block_is_told_when_it_comes_and_when_it_goes_and_exits_go_on() {
    let (mut engine, mut desk) = up(config());
    for detail in ["a million rows", "two million rows"] {
        engine.block_entries(SkipReason::MirrorBehind, detail.to_owned(), &mut desk);
    }
    engine.block_entries(SkipReason::JournalDown, "disk full".to_owned(), &mut desk);
    engine.allow_entries(SkipReason::JournalDown, &mut desk);
    engine.allow_entries(SkipReason::JournalDown, &mut desk);
    assert_eq!(engine.enter(&intent(), now(10), &mut desk), Err(SkipReason::MirrorBehind));
    engine.allow_entries(SkipReason::MirrorBehind, &mut desk);
    assert_eq!(engine.blocks().count(), 0);
    let count = |fits: fn(&Notice) -> bool| desk.notices.iter().filter(|n| fits(n)).count();
    assert_eq!(count(|n| matches!(n, Notice::EntriesStopped { .. })), 2);
    assert_eq!(count(|n| matches!(n, Notice::EntriesResumed { .. })), 2);
    assert!(engine.enter(&intent(), now(20), &mut desk).is_ok());
}

#[test]
fn foreign_activity_without_a_pair_freezes_everything_over_restarts_until_a_person_resumes() {
    let (mut engine, mut desk) = up(config());
    for _ in 0..2 {
        engine.on_foreign(ALFA, None, "order 77 is none of ours".to_owned(), now(10), &mut desk);
    }
    assert_eq!(desk.records.iter().filter(|r| matches!(r, Record::Mismatch { pair: None, .. })).count(), 1, "told once");
    let other = engine::Intent { pair: Pair::new("BTC-USD"), ..intent() };
    assert_eq!(engine.enter(&other, now(20), &mut desk), Err(SkipReason::ForeignActivity));
    for folded in [fold(&desk.records), fold(&engine.snapshot(now(30)))] {
        assert_eq!(folded.frozen(), Some("order 77 is none of ours"));
        assert_eq!(folded.state_text(), engine.state_text());
    }
    assert!(!engine.resume(Some(PAIR), now(40), &mut desk), "that pair is not what was stopped");
    assert!(engine.resume(None, now(50), &mut desk));
    assert!(!engine.resume(None, now(51), &mut desk), "once");
    assert_eq!((engine.frozen(), fold(&desk.records).frozen()), (None, None));
    assert!(engine.enter(&intent(), now(60), &mut desk).is_ok());
}

#[test]
fn a_pair_trades_again_by_a_persons_word_and_stops_again_for_what_is_still_there() {
    let (mut engine, mut desk) = up(config());
    let see = |engine: &mut Engine, desk: &mut Script, ms| {
        engine.tick(now(ms), desk);
        engine.on_account(ALFA, &account([(0, 5)]), now(ms + 10), desk);
    };
    see(&mut engine, &mut desk, 10_000);
    see(&mut engine, &mut desk, 11_100);
    assert!(engine.halted().contains_key(&PAIR));
    assert!(engine.resume(Some(PAIR), now(12_000), &mut desk));
    assert!(engine.halted().is_empty() && fold(&desk.records).halted().is_empty());
    assert!(matches!(desk.notices.last(), Some(Notice::Resumed { pair: Some(PAIR) })));
    see(&mut engine, &mut desk, 22_000);
    see(&mut engine, &mut desk, 23_100);
    assert!(engine.halted().contains_key(&PAIR));
}
