//! A venue changes a position by itself: named, named late or twice, told without a size, or only seen.

use crate::desk::*;
use domain::record::{Record, Taken};
use domain::{Fills, InstrumentId, LegId, OrderEnd, OrderNews, OrderReport, Purpose, Refusal, RefusalKind, Side};
use engine::{Engine, Notice};

fn entered() -> (Engine, Script) {
    let (mut engine, mut desk) = up(config());
    engine.enter(&intent(), now(10), &mut desk).expect("nothing is in the way");
    engine.on_report(filled(order(LegId::A, Purpose::Entry, 1), ONE, 3_001), now(20), &mut desk);
    engine.on_report(filled(order(LegId::B, Purpose::Entry, 1), ONE, 3_010), now(30), &mut desk);
    desk.calls();
    (engine, desk)
}

fn taken(id: &str, of: i64, at: i64) -> Taken {
    Taken { id: id.to_owned(), side: Side::Sell, fills: fills(of, at) }
}

fn forced(engine: &mut Engine, desk: &mut Script, what: impl Into<Option<Taken>>, ms: i64) {
    engine.on_forced(ALFA, InstrumentId(0), what.into(), "liquidation".to_owned(), now(ms), desk);
}

fn sent(desk: &mut Script) -> Vec<String> {
    desk.calls().into_iter().filter(|c| c.starts_with("send")).collect()
}

fn records(desk: &Script) -> usize {
    desk.records.iter().filter(|r| matches!(r, Record::Forced { .. })).count()
}

#[test]
fn what_the_venue_names_is_recorded_before_the_other_leg_is_closed_and_the_pair_stops() {
    let (mut engine, mut desk) = entered();
    forced(&mut engine, &mut desk, taken("l1", ONE, 2_500), 100);
    assert_eq!(desk.calls(), ["record mismatch", "record forced", "prepare bc1", "record intended", "send bc1"]);
    assert!(engine.halted().contains_key(&PAIR));
    assert!(desk.notices.iter().any(|n| matches!(n, Notice::Forced { round: Some(_), .. })));
    // Late, twice: nothing is doubled.
    forced(&mut engine, &mut desk, taken("l1", ONE, 2_500), 110);
    assert_eq!((sent(&mut desk).len(), records(&desk)), (0, 1));
    engine.on_report(filled(order(LegId::B, Purpose::Close, 1), ONE, 3_000), now(120), &mut desk);
    let (_, outcome) = engine.results()[0];
    // Bought 3,001, taken at 2,500; sold 3,010, bought 3,000: 491 lost, and four fees of 0.1.
    assert_eq!((outcome.price.e8(), outcome.net.e8()), (-491 * ONE, -491 * ONE - ONE / 10 * 4));
    assert_eq!(outcome.lines.map(|l| (l.sum(), l.forced.e8())), Some((outcome.net, -500 * ONE)));
    forced(&mut engine, &mut desk, taken("l1", ONE, 2_500), 130);
    assert_eq!((engine.rounds().count(), records(&desk)), (0, 1), "nor after the end");
}

#[test]
fn a_leg_that_is_gone_by_two_reads_of_the_account_has_the_other_one_closed() {
    let (mut engine, mut desk) = entered();
    let see = |engine: &mut Engine, desk: &mut Script, ms, held| {
        engine.tick(now(ms), desk);
        engine.on_account(ALFA, &account([(0, held)]), now(ms + 5), desk);
    };
    see(&mut engine, &mut desk, 10_100, ONE / 4);
    assert_eq!((sent(&mut desk).len(), engine.halted().len()), (0, 0), "a position lags its fills");
    see(&mut engine, &mut desk, 11_200, ONE / 4);
    assert_eq!((sent(&mut desk), records(&desk)), (vec!["send bc1".to_owned()], 1));
    assert!(engine.halted().contains_key(&PAIR));
    let Some(Record::Intended { orders, .. }) = desk.records.last() else { panic!("an order was intended") };
    assert_eq!(orders[0].spec.size, size(ONE / 4 * 3), "exactly what is uncovered");
    // Even again, and then nothing of it is kept.
    engine.on_report(filled(order(LegId::B, Purpose::Close, 1), ONE / 4 * 3, 3_000), now(11_300), &mut desk);
    assert_eq!(sent(&mut desk), ["send ax1", "send bx1"]);
    for leg in LegId::BOTH {
        engine.on_report(filled(order(leg, Purpose::Exit, 1), ONE / 4, 3_000), now(11_400), &mut desk);
    }
    let before = engine.results()[0].1;
    // The venue names it after the end: what stood in gives way, and the result is the venues' own.
    forced(&mut engine, &mut desk, taken("l1", ONE / 4 * 3, 2_500), 11_500);
    assert_eq!((engine.rounds().count(), engine.results().len()), (0, 1));
    let after = engine.results()[0].1;
    assert!(after.net < before.net, "{after:?} {before:?}");
    assert_eq!(engine.realised(), after.net);
}

#[test]
fn a_word_without_a_size_has_the_account_read_until_something_is_missing() {
    let (mut engine, mut desk) = entered();
    forced(&mut engine, &mut desk, None, 100);
    assert!(desk.calls().contains(&"read alfa".to_owned()));
    // The first answer still shows the position: asked again, and soon.
    engine.on_account(ALFA, &account([(0, ONE)]), now(150), &mut desk);
    assert!(engine.next_wake().is_some_and(|w| w <= now(460).wall));
    engine.tick(now(460), &mut desk);
    assert!(desk.calls().contains(&"read alfa".to_owned()));
    // Its own word makes the first difference count.
    engine.on_account(ALFA, &account([]), now(500), &mut desk);
    assert_eq!((sent(&mut desk), records(&desk)), (vec!["send bc1".to_owned()], 1));
}

#[test]
fn a_leg_with_nothing_to_reduce_is_looked_up_and_given_up_by_what_the_account_says() {
    let (mut engine, mut desk) = entered();
    let round = engine.rounds().next().expect("open").id();
    engine.exit(round, domain::record::ExitReason::Operator, None, now(5_000), &mut desk);
    engine.on_report(filled(order(LegId::B, Purpose::Exit, 1), ONE, 3_000), now(5_010), &mut desk);
    let refused = |purpose, attempt| {
        let end = OrderEnd::Refused(Refusal { kind: RefusalKind::ReduceOnly, code: "R".to_owned() });
        let news = OrderNews::Done { fills: Fills::default(), end };
        OrderReport { order: order(LegId::A, purpose, attempt), news }
    };
    engine.on_report(refused(Purpose::Exit, 1), now(5_020), &mut desk);
    let mut ms = 5_020;
    for attempt in 1..=12 {
        if engine.rounds().count() == 0 {
            break;
        }
        if engine.rounds().any(|r| r.order(order(LegId::A, Purpose::Close, attempt)).is_some_and(saga::Order::is_live)) {
            ms += 20;
            engine.on_report(refused(Purpose::Close, attempt), now(ms), &mut desk);
        }
        assert!(desk.calls().iter().any(|c| c == "read alfa"), "the venue is asked at once, attempt {attempt}");
        for _ in 0..2 {
            ms += 50;
            engine.on_account(ALFA, &account([]), now(ms), &mut desk);
        }
        ms += 400;
        engine.tick(now(ms), &mut desk);
    }
    assert_eq!((engine.rounds().count(), records(&desk)), (0, 1), "{:?}", engine.left_behind());
}

#[test]
fn something_taken_that_was_none_of_ours_stops_the_pair_and_closes_nothing() {
    let (mut engine, mut desk) = up(config());
    forced(&mut engine, &mut desk, taken("l1", ONE, 2_500), 100);
    assert_eq!((desk.calls(), engine.halted().len()), (vec!["record mismatch".to_owned()], 1));
}

#[test]
fn forced_changes_survive_a_restart_by_records_and_by_a_snapshot() {
    let (mut engine, mut desk) = entered();
    forced(&mut engine, &mut desk, taken("l1", ONE / 2, 2_500), 100);
    let records: Vec<Record> =
        desk.records.iter().map(|r| serde_json::from_str(&serde_json::to_string(r).expect("writes")).expect("reads")).collect();
    for records in [records, engine.snapshot(now(200))] {
        let mut folded = Engine::new(config());
        records.iter().for_each(|r| folded.fold(r).expect("its own records"));
        assert_eq!(folded.state_text(), engine.state_text());
    }
}

#[test]
fn a_close_that_went_too_far_because_the_venue_had_taken_the_leg_before_is_bought_back() {
    let (mut engine, mut desk) = entered();
    let round = engine.rounds().next().expect("open").id();
    engine.exit(round, domain::record::ExitReason::Operator, None, now(5_000), &mut desk);
    for leg in LegId::BOTH {
        engine.on_report(filled(order(leg, Purpose::Exit, 1), ONE, 3_000), now(5_010), &mut desk);
    }
    assert_eq!(engine.rounds().count(), 0);
    // A quarter had been taken already: the close of a whole one left a quarter short.
    let mut ms = 5_020;
    for _ in 0..3 {
        desk.calls();
        engine.on_account(ALFA, &account([(0, -ONE / 4)]), now(ms), &mut desk);
        ms += 1_100;
        engine.tick(now(ms), &mut desk);
    }
    let closed =
        desk.records.iter().rev().find_map(|r| if let Record::Intended { orders, .. } = r { Some(orders) } else { None });
    let orders = closed.expect("an order was intended");
    assert_eq!((orders[0].spec.side, orders[0].spec.size), (Side::Buy, size(ONE / 4)));
    engine.on_report(filled(order(LegId::A, Purpose::Close, 1), ONE / 4, 3_000), now(ms), &mut desk);
    assert_eq!((engine.rounds().count(), records(&desk), engine.halted().len()), (0, 1, 1));
    // More than its orders ever closed is none of its doing.
    engine.on_account(ALFA, &account([]), now(ms), &mut desk);
    for _ in 0..3 {
        ms += 1_100;
        engine.tick(now(ms), &mut desk);
        engine.on_account(ALFA, &account([(0, -2 * ONE)]), now(ms), &mut desk);
    }
    assert_eq!(records(&desk), 1);
}
