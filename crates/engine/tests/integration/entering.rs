//! Entries: refused by name, and nothing leaves before it is recorded.

use crate::desk::*;
use domain::names::SkipReason;
use domain::record::Record;
use domain::{LegId, Lifecycle, Purpose, Rate, Usd};
use engine::{Engine, EngineConfig, Notice, OnStop, PairLimits, QuietWindow};

#[test]
fn both_orders_are_prepared_then_recorded_then_sent_and_neither_answer_is_awaited() {
    let (mut engine, mut desk) = up(config());
    engine.enter(&intent(), now(10), &mut desk).expect("nothing is in the way");
    assert_eq!(desk.calls(), ["prepare ae1", "prepare be1", "record opened", "send ae1", "send be1"]);
    let Some(Record::Opened { orders, plan, .. }) = desk.records.last() else { panic!("the round is opened by one record") };
    assert_eq!(orders.iter().map(|o| o.key.key.as_str()).collect::<Vec<_>>(), ["key-1", "key-2"]);
    assert_eq!(plan.config, "c0ffee");
}

/// Every reason by which the engine itself refuses, each with nothing prepared, recorded or reserved left behind.
#[test]
fn every_refusal_has_its_name_and_leaves_nothing_behind() {
    fn check(expect: SkipReason, change: impl Fn(&mut EngineConfig), act: impl Fn(&mut Engine, &mut Script)) {
        let mut config = config();
        change(&mut config);
        let (mut engine, mut desk) = up(config);
        act(&mut engine, &mut desk);
        let (rounds, records) = (engine.rounds().count(), desk.records.len());
        desk.calls();
        assert_eq!(engine.enter(&intent(), now(500), &mut desk), Err(expect));
        assert_eq!((engine.rounds().count(), desk.records.len()), (rounds, records), "{expect}");
        let left = desk.calls();
        assert!(left.iter().all(|c| c.starts_with("prepare") || c.starts_with("discard")), "{expect}: {left:?}");
        let count = |word: &str| left.iter().filter(|c| c.starts_with(word)).count();
        assert_eq!(count("prepare"), count("discard"), "{expect}: what was prepared is discarded");
    }
    let none = |_: &mut EngineConfig| {};
    let always = |venue| QuietWindow { venue, weekdays: [true; 7], from_min: 0, until_min: 0 };
    let of_pair = |config: &mut EngineConfig, set: fn(&mut PairLimits)| set(config.rules.pairs.entry(PAIR).or_default());
    check(SkipReason::Paused, none, |e, _| e.set_paused(true));
    check(SkipReason::Paused, none, |e, d| e.begin_stop(OnStop::Leave, now(1), d));
    check(SkipReason::JournalDown, none, |e, _| e.set_journal_ok(false));
    check(SkipReason::PairStuck, none, |e, d| e.on_foreign(ALFA, Some(PAIR), "a stranger".to_owned(), now(1), d));
    check(SkipReason::RoundOpen, none, |e, d| {
        e.enter(&intent(), now(1), d).expect("the first one");
    });
    check(SkipReason::Cooldown, none, |e, d| {
        e.enter(&intent(), now(1), d).expect("the first one");
        for leg in LegId::BOTH {
            let news = domain::OrderNews::NotSent { why: "no socket".into() };
            e.on_report(domain::OrderReport { order: order(leg, Purpose::Entry, 1), news }, now(2), d);
        }
    });
    check(SkipReason::VenueDown, none, |_, d| d.ready[1] = false);
    check(SkipReason::VenueDown, none, |e, _| e.venue_down(ALFA));
    check(SkipReason::NotTrading, none, |_, d| d.instruments[0].lifecycle = Lifecycle::ReduceOnly);
    check(SkipReason::BookStale, none, |_, d| d.touch[1] = None);
    check(SkipReason::Filter, none, |_, d| d.instruments[1].min_size = size(2 * ONE));
    check(SkipReason::Filter, none, |_, d| d.instruments[0].lot = size(70_000_000));
    check(SkipReason::Filter, none, |_, d| d.instruments[0].max_size = Some(size(ONE / 2)));
    check(SkipReason::Filter, none, |_, d| d.instruments[1].price_band = Some(Rate::from_bps(30)));
    check(SkipReason::Filter, none, |_, d| d.capabilities.price_band = Some(Rate::from_bps(10)));
    check(SkipReason::Margin, none, |_, d| d.instruments[1].initial_margin = Some(Rate::from_bps(2_000)));
    check(SkipReason::Schedule, |c| c.rules.quiet = vec![always(BRAVO)], |_, _| {});
    check(SkipReason::WarmUp, |c| c.rules.warm_up_ms = 600, |_, _| {});
    check(SkipReason::MirrorBehind, none, |e, d| e.block_entries(SkipReason::MirrorBehind, "a million rows".to_owned(), d));
    check(SkipReason::ForeignActivity, none, |e, d| e.on_foreign(ALFA, None, "a stranger".to_owned(), now(1), d));
    check(SkipReason::WorstLoss, |c| c.worst_loss_max = Usd::from_e8(1), |_, _| {});
    check(SkipReason::WorstLoss, |c| c.adverse_move = Rate::from_bps(9_000), |_, _| {});
    check(SkipReason::WorstLoss, |c| of_pair(c, |l| l.worst_loss = Some(Usd::from_e8(ONE))), |_, _| {});
    check(SkipReason::NotionalCap, |c| of_pair(c, |l| l.notional = Some(Usd::from_e8(3_000 * ONE))), |_, _| {});
    check(SkipReason::NotionalCap, |c| c.limits.notional_per_leg = Usd::from_e8(ONE), |_, _| {});
    check(SkipReason::NotionalCap, |c| c.limits.notional_total = Usd::from_e8(6_000 * ONE), |_, _| {});
    check(SkipReason::RoundsCap, |c| c.limits.open_rounds = 0, |_, _| {});
    check(SkipReason::OrderRate, |c| c.limits.orders_per_minute = 1, |_, _| {});
    check(SkipReason::Prepare, none, |_, d| d.unprepared.push(ALFA));
    check(SkipReason::Prepare, none, |_, d| d.unprepared.push(BRAVO));
}

#[test]
fn a_refused_entry_gives_its_reservation_back() {
    let mut config = config();
    config.limits.open_rounds = 1;
    let (mut engine, mut desk) = up(config);
    desk.unprepared.push(BRAVO);
    for _ in 0..3 {
        assert_eq!(engine.enter(&intent(), now(10), &mut desk), Err(SkipReason::Prepare));
    }
    desk.unprepared.clear();
    assert!(engine.enter(&intent(), now(20), &mut desk).is_ok(), "the one round that is allowed is free");
}

#[test]
fn a_refusal_is_told_once_until_the_reason_changes() {
    let (mut engine, mut desk) = up(config());
    engine.set_paused(true);
    for ms in 0..5 {
        let _ = engine.enter(&intent(), now(ms), &mut desk);
    }
    engine.set_paused(false);
    desk.ready[0] = false;
    let _ = engine.enter(&intent(), now(9), &mut desk);
    let skipped: Vec<_> = desk.notices.iter().filter(|n| matches!(n, engine::Notice::Skipped { .. })).collect();
    assert_eq!(skipped.len(), 2);
    for told in skipped {
        let where_and_what = (told.pair(), told.legs(), told.spread());
        assert_eq!(where_and_what, (Some(PAIR), Some([ALFA, BRAVO]), Some(intent().spread)), "long, short, spread");
    }
}

#[test]
fn the_worst_pair_of_fills_and_what_the_books_showed_are_recorded_with_the_intent() {
    let (mut engine, mut desk) = up(config());
    engine.enter(&intent(), now(10), &mut desk).expect("nothing is in the way");
    let Some(Record::Opened { plan, .. }) = desk.records.last() else { panic!("the round is opened by one record") };
    // Short alone is the dearer one: 2 % of 3,011, 2 bps in and 2.04 out.
    assert_eq!((plan.worst_loss.to_string().as_str(), plan.worst_fills), ("61.436444", [size(0), size(ONE)]));
    assert_eq!(plan.quoted, Some(intent().quoted));
}

#[test]
fn margin_is_what_the_venue_said_less_what_entries_took_since() {
    let (mut engine, mut desk) = up(config());
    desk.instruments[0].initial_margin = Some(Rate::from_bps(2_000));
    // One ETH at 3,001 locks up 600.2.
    let read = |engine: &mut Engine, desk: &mut Script, free: i64, ms| {
        engine.read_all(now(ms), desk);
        for venue in [ALFA, BRAVO] {
            let account = domain::AccountSnapshot { free: Usd::from_e8(free * ONE), ..account([]) };
            engine.on_account(venue, &account, now(ms + 5), desk);
        }
    };
    read(&mut engine, &mut desk, 600, 10);
    assert_eq!(engine.enter(&intent(), now(20), &mut desk), Err(SkipReason::Margin));
    let told =
        desk.notices.iter().rev().find_map(|n| if let Notice::Skipped { detail, .. } = n { Some(detail.clone()) } else { None });
    assert_eq!(told.as_deref(), Some("needs 600.2 on alfa, free 600, taken since 0"));
    read(&mut engine, &mut desk, 1_200, 30);
    engine.enter(&intent(), now(40), &mut desk).expect("there is enough");
    for leg in LegId::BOTH {
        let news = domain::OrderNews::NotSent { why: "no socket".into() };
        engine.on_report(domain::OrderReport { order: order(leg, Purpose::Entry, 1), news }, now(50), &mut desk);
    }
    // Until the account is read again nobody knows whether the first one gave it back.
    assert_eq!(engine.enter(&intent(), now(2_000), &mut desk), Err(SkipReason::Margin));
    read(&mut engine, &mut desk, 1_200, 2_100);
    assert!(engine.enter(&intent(), now(2_200), &mut desk).is_ok());
}

#[test]
fn pairs_have_their_own_limits_and_rounds_side_by_side() {
    const OTHER: domain::Pair = domain::Pair::new("BTC-USD");
    let mut config = config();
    config.rules.pairs.insert(OTHER, PairLimits { notional: Some(Usd::from_e8(ONE)), ..PairLimits::default() });
    let (mut engine, mut desk) = up(config);
    let other = engine::Intent { pair: OTHER, ..intent() };
    assert_eq!(engine.enter(&other, now(10), &mut desk), Err(SkipReason::NotionalCap));
    engine.enter(&intent(), now(20), &mut desk).expect("the other pair's limit is its own");
    let (mut engine, mut desk) = up(crate::desk::config());
    engine.enter(&intent(), now(10), &mut desk).expect("nothing is in the way");
    engine.enter(&other, now(20), &mut desk).expect("one round a pair, not one round");
    engine.on_foreign(ALFA, Some(PAIR), "a stranger".to_owned(), now(30), &mut desk);
    assert_eq!(engine.rounds().count(), 2);
}
