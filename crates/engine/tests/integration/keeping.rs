//! What a restart makes of the journal: the same state, by records or by a snapshot.

use crate::desk::*;
use domain::record::Record;
use domain::{LegId, OrderEnd, OrderNews, OrderReport, Purpose, Refusal, RefusalKind};
use engine::{Engine, Notice};
use proptest::prelude::*;

fn fold(records: &[Record]) -> Engine {
    let mut engine = Engine::new(config());
    for r in records {
        engine.fold(r).expect("its own records");
    }
    engine
}

/// Opens rounds, ends them in several ways, stops the pair for a stranger, leaves one half open.
fn lived() -> (Engine, Script) {
    let (mut engine, mut desk) = up(config());
    let mut ms = 10;
    for seq in 1..=3u32 {
        engine.enter(&intent(), now(ms), &mut desk).expect("nothing is in the way");
        let id = |leg, purpose| domain::OrderId { round: domain::RoundId { epoch: 1, seq }, ..order(leg, purpose, 1) };
        engine.on_report(filled(id(LegId::A, Purpose::Entry), ONE, 3_001), now(ms + 10), &mut desk);
        if seq < 3 {
            let end = OrderEnd::Refused(Refusal { kind: RefusalKind::Margin, code: "M".to_owned() });
            let news = OrderNews::Done { fills: domain::Fills::default(), end };
            engine.on_report(OrderReport { order: id(LegId::B, Purpose::Entry), news }, now(ms + 20), &mut desk);
            engine.on_report(filled(id(LegId::A, Purpose::Close), ONE, 2_999), now(ms + 30), &mut desk);
        }
        for venue in [ALFA, BRAVO] {
            engine.on_account(venue, &account([]), now(ms + 40), &mut desk);
        }
        ms += 2_000;
    }
    engine.on_foreign(ALFA, Some(domain::Pair::new("BTC-USD")), "a stranger".to_owned(), now(ms), &mut desk);
    (engine, desk)
}

#[test]
fn the_fold_of_the_journal_is_the_state_that_lived() {
    let (engine, desk) = lived();
    assert_eq!(fold(&desk.records).state_text(), engine.state_text());
}

#[test]
fn a_snapshot_folds_to_the_state_it_is_of() {
    let (engine, desk) = lived();
    let snapshot = engine.snapshot(now(99_000));
    assert!(snapshot.len() <= desk.records.len());
    let folded = fold(&snapshot);
    assert_eq!(folded.state_text(), engine.state_text());
    assert_eq!(folded.ended().count(), engine.ended().count(), "a late fill still finds its round");
}

#[test]
fn a_restart_adopts_every_order_and_counts_what_it_restored() {
    let (_, desk) = lived();
    let (mut engine, mut desk_now) = (fold(&desk.records), Script::new());
    engine.start(2, now(50_000), &mut desk_now);
    engine.restored(&mut desk_now);
    let restored = desk_now.notices.iter().find_map(|n| match n {
        Notice::Restored { positions, under_way } => Some((*positions, *under_way)),
        _ => None,
    });
    assert_eq!(restored, Some((0, 1)));
    let adopted = desk_now.calls().iter().filter(|c| c.starts_with("adopt")).count();
    assert_eq!(adopted, 8, "those of both rounds that are over too: a late word about one is no stranger's");
    // A deadline that passed while nothing ran counts as passed.
    engine.tick(now(50_001), &mut desk_now);
    assert!(desk_now.calls().contains(&"query be1".to_owned()), "though no venue has come up yet");
}

#[test]
fn a_new_life_gives_rounds_new_ids() {
    let (_, desk) = lived();
    let (mut engine, mut desk_now) = (fold(&desk.records), Script::new());
    engine.start(2, now(50_000), &mut desk_now);
    assert!(engine.state_text().starts_with("epoch 2 seq 1\n"));
}

#[test]
fn a_record_that_does_not_fit_is_refused_and_changes_nothing() {
    let (engine, desk) = lived();
    let ended = desk.records.iter().find(|r| matches!(r, Record::Ended { .. })).expect("one ended");
    let orphan = desk.records.iter().find(|r| matches!(r, Record::News { .. })).expect("some news");
    let mut fresh = Engine::new(config());
    for record in [ended, orphan] {
        let before = fresh.state_text();
        assert!(fresh.fold(record).is_err());
        assert_eq!(fresh.state_text(), before);
    }
    drop(engine);
}

proptest! {
    /// Whatever prefix of the journal survives folds, and folding on from there gives the same as folding at once.
    #[test]
    fn any_beginning_of_the_journal_folds(cut in 0usize..64) {
        let (_, desk) = lived();
        let cut = cut.min(desk.records.len());
        let mut engine = fold(&desk.records[..cut]);
        for r in &desk.records[cut..] {
 engine.fold(r).expect("its own records");
 }
        prop_assert_eq!(engine.state_text(), fold(&desk.records).state_text());
    }

    /// Fees and funding of every fill stay with their order through writing, reading and folding.
    #[test]
    fn anchor_12_fees_and_funding_survive_a_restart_each_in_its_place(fee in 0i64..1_000_000, funding in -1_000_000i64..1_000_000) {
        let (mut engine, mut desk) = up(config());
        engine.enter(&intent(), now(10), &mut desk).expect("nothing is in the way");
        let mut fills = fills(ONE, 3_001);
        (fills.fee, fills.funding) = (domain::Usd::from_e8(fee), domain::Usd::from_e8(funding));
        let news = OrderNews::Done { fills, end: OrderEnd::Filled };
        engine.on_report(OrderReport { order: order(LegId::A, Purpose::Entry, 1), news }, now(20), &mut desk);
        let lines: Vec<String> = desk.records.iter().map(|r| serde_json::to_string(r).expect("writes")).collect();
        let read: Vec<Record> = lines.iter().map(|l| serde_json::from_str(l).expect("reads")).collect();
        let folded = fold(&read);
        let result = folded.rounds().next().expect("open").result();
        prop_assert_eq!((result.fees.e8(), result.funding.e8()), (fee, funding));
    }
}
