//! A round under way: retries, closes, exits, stopping; always the record before the order.

use crate::desk::*;
use domain::record::{Decision, ExitReason, GiveUp, Record};
use domain::{LegId, OrderEnd, OrderNews, OrderReport, OrderType, Purpose, Refusal, RefusalKind, Side};
use engine::{Engine, Notice, OnStop};
use saga::Goal;

const AE1: (LegId, Purpose, u16) = (LegId::A, Purpose::Entry, 1);
const BE1: (LegId, Purpose, u16) = (LegId::B, Purpose::Entry, 1);

fn id((leg, purpose, attempt): (LegId, Purpose, u16)) -> domain::OrderId {
    order(leg, purpose, attempt)
}

fn refused(which: (LegId, Purpose, u16), kind: RefusalKind) -> OrderReport {
    let end = OrderEnd::Refused(Refusal { kind, code: "X".to_owned() });
    OrderReport { order: id(which), news: OrderNews::Done { fills: domain::Fills::default(), end } }
}

fn entered() -> (Engine, Script) {
    let (mut engine, mut desk) = up(config());
    engine.enter(&intent(), now(10), &mut desk).expect("nothing is in the way");
    engine.on_report(filled(id(AE1), ONE, 3_001), now(20), &mut desk);
    engine.on_report(filled(id(BE1), ONE, 3_010), now(30), &mut desk);
    desk.calls();
    (engine, desk)
}

fn half() -> (Engine, Script) {
    let (mut engine, mut desk) = up(config());
    engine.enter(&intent(), now(10), &mut desk).expect("nothing is in the way");
    engine.on_report(filled(id(AE1), ONE, 3_001), now(20), &mut desk);
    desk.calls();
    (engine, desk)
}

#[test]
fn a_close_is_recorded_before_it_is_sent_reduces_only_and_is_exactly_what_filled() {
    let (mut engine, mut desk) = half();
    engine.on_report(refused(BE1, RefusalKind::Margin), now(30), &mut desk);
    assert_eq!(
        desk.calls(),
        ["record news", "record decided", "prepare ac1", "record intended", "send ac1"],
        "the word, the decision, the order, each before what follows from it"
    );
    let Some(Record::Intended { orders, .. }) = desk.records.last() else { panic!("an order was intended") };
    let spec = &orders[0].spec;
    assert!(spec.reduce_only && spec.side == Side::Sell && spec.size == size(ONE) && spec.kind == OrderType::Limit);
}

#[test]
fn a_second_attempt_is_bounded_by_what_still_earns_its_costs() {
    let (mut engine, mut desk) = half();
    engine.on_report(refused(BE1, RefusalKind::Price), now(30), &mut desk);
    desk.executable = Some(price(2_990));
    desk.calls();
    engine.tick(now(200), &mut desk);
    // The edge is gone at 2,990 against a leg bought at 3,001: nothing is sent again, leg A is closed.
    assert_eq!(desk.calls(), ["record decided", "prepare ac1", "record intended", "send ac1"]);
    let gone = |r: &Record| matches!(r, Record::Decided { decision: Decision::GaveUp(GiveUp::EdgeGone), .. });
    assert!(desk.records.iter().any(gone));
}

/// Fees of 10 bps; the first attempt of the other leg is refused and its market now stands at `at`.
#[test]
fn a_second_attempt_across_currencies_needs_what_the_conversion_takes_and_not_what_it_adds() {
    fn check(missing: (LegId, Purpose, u16), conversion_bps: i64, at: i64, expect: Option<i64>) {
        let (mut engine, mut desk) = up(config());
        let mut intent = intent();
        intent.waterfall.fees = domain::Rate::from_bps(-10);
        intent.waterfall.conversion = domain::Rate::from_bps(conversion_bps);
        engine.enter(&intent, now(10), &mut desk).expect("nothing is in the way");
        let (there, filled_at) = if missing == BE1 { (AE1, 3_000) } else { (BE1, 3_010) };
        engine.on_report(filled(id(there), ONE, filled_at), now(20), &mut desk);
        engine.on_report(refused(missing, RefusalKind::Price), now(30), &mut desk);
        desk.executable = Some(price(at));
        engine.tick(now(200), &mut desk);
        let sent = desk.records.iter().find_map(|r| match r {
            Record::Intended { orders, .. } => orders.iter().find(|o| o.spec.id == order(missing.0, Purpose::Entry, 2)),
            _ => None,
        });
        let limit = sent.map(|o| o.spec.limit.e8() / 1_000_000);
        assert_eq!(limit, expect, "{missing:?}, conversion {conversion_bps} bps, now {at}");
    }
    // Sold against 3,000: 10 bps more without a conversion, in cents.
    check(BE1, 0, 3_005, Some(300_300));
    check(BE1, -40, 3_005, None);
    check(BE1, -40, 3_016, Some(301_500));
    check(BE1, 20, 2_998, Some(299_700));
    check(BE1, 20, 2_996, None);
    // Bought against 3,010.
    check(AE1, 0, 3_005, Some(300_699));
    check(AE1, -40, 3_005, None);
    check(AE1, -40, 2_990, Some(299_495));
    check(AE1, 20, 3_012, Some(301_301));
    check(AE1, 20, 3_014, None);
}

#[test]
fn a_close_that_cannot_be_prepared_is_tried_again_and_never_given_up() {
    let (mut engine, mut desk) = half();
    desk.unprepared.push(ALFA);
    engine.on_report(refused(BE1, RefusalKind::Margin), now(30), &mut desk);
    assert_eq!(engine.rounds().next().map(|r| (r.goal, r.uncovered())), Some((Goal::Even, ONE)));
    for ms in [300, 600, 900] {
        assert!(engine.next_wake().is_some_and(|w| w <= now(ms).wall), "it wants to be woken");
        engine.tick(now(ms), &mut desk);
    }
    assert!(!desk.calls().iter().any(|c| c.starts_with("send")));
    desk.unprepared.clear();
    engine.tick(now(1_200), &mut desk);
    assert!(desk.calls().contains(&"send ac1".to_owned()));
}

#[test]
fn a_late_word_is_unknown_asked_about_and_nothing_is_sent_twice() {
    let (mut engine, mut desk) = half();
    engine.tick(now(1_020), &mut desk);
    assert_eq!(desk.calls(), ["record decided", "query be1"]);
    engine.tick(now(1_100), &mut desk);
    assert_eq!(desk.calls(), [] as [&str; 0], "questions are paced");
    engine.tick(now(1_320), &mut desk);
    assert_eq!(desk.calls(), ["query be1"]);
}

#[test]
fn news_that_changes_nothing_is_not_recorded() {
    let (mut engine, mut desk) = half();
    engine.on_report(filled(id(AE1), ONE, 3_001), now(25), &mut desk);
    assert_eq!(desk.calls(), [] as [&str; 0]);
    let stranger = domain::RoundId { epoch: 9, seq: 9 };
    let report = filled(domain::OrderId { round: stranger, ..id(AE1) }, ONE, 3_001);
    engine.on_report(report, now(26), &mut desk);
    assert!(matches!(desk.notices.last(), Some(Notice::Odd { .. })), "told, and nothing else done");
    assert_eq!(desk.calls(), [] as [&str; 0]);
}

#[test]
fn a_fill_after_the_end_brings_the_round_back_and_is_closed() {
    let (mut engine, mut desk) = up(config());
    engine.enter(&intent(), now(10), &mut desk).expect("nothing is in the way");
    engine.on_report(refused(AE1, RefusalKind::Margin), now(20), &mut desk);
    engine.on_report(refused(BE1, RefusalKind::Margin), now(30), &mut desk);
    assert_eq!((engine.rounds().count(), engine.results().len()), (0, 1));
    desk.calls();
    engine.on_report(filled(id(BE1), ONE, 3_010), now(900), &mut desk);
    assert_eq!(desk.calls(), ["record news", "prepare bc1", "record intended", "send bc1"]);
    assert_eq!((engine.rounds().count(), engine.results().len()), (1, 0), "its outcome counts no more");
    engine.on_report(filled(order(LegId::B, Purpose::Close, 1), ONE, 3_012), now(950), &mut desk);
    assert_eq!((engine.rounds().count(), engine.results().len()), (0, 1));
}

#[test]
fn anchor_03_a_late_fill_of_a_held_position_is_covered_at_once() {
    let (mut engine, mut desk) = up(config());
    engine.enter(&intent(), now(10), &mut desk).expect("nothing is in the way");
    let cancelled = |n| OrderNews::Done { fills: fills(n, 3_010), end: OrderEnd::Cancelled("rest".into()) };
    engine.on_report(OrderReport { order: id(AE1), news: cancelled(ONE / 2) }, now(20), &mut desk);
    engine.on_report(OrderReport { order: id(BE1), news: cancelled(ONE / 2) }, now(30), &mut desk);
    assert_eq!(engine.rounds().next().map(|r| r.goal), Some(Goal::Hold));
    desk.calls();
    engine.on_report(filled(id(BE1), ONE, 3_010), now(500), &mut desk);
    assert_eq!(desk.calls(), ["record news", "prepare bc1", "record intended", "send bc1"]);
}

#[test]
fn anchor_07_a_round_that_ends_in_any_way_leaves_its_pair_free() {
    for kind in [RefusalKind::Price, RefusalKind::Other, RefusalKind::Margin] {
        let (mut engine, mut desk) = up(config());
        engine.enter(&intent(), now(10), &mut desk).expect("nothing is in the way");
        engine.on_report(refused(AE1, kind), now(20), &mut desk);
        engine.on_report(refused(BE1, kind), now(30), &mut desk);
        for venue in [ALFA, BRAVO] {
            engine.on_account(venue, &account([]), now(40), &mut desk);
        }
        assert!(engine.enter(&intent(), now(2_000), &mut desk).is_ok(), "{kind:?}");
    }
}

#[test]
fn anchor_09_entries_are_blocked_while_anything_is_uncovered() {
    let (mut engine, mut desk) = half();
    engine.on_report(refused(BE1, RefusalKind::Margin), now(30), &mut desk);
    engine.on_report(refused((LegId::A, Purpose::Close, 1), RefusalKind::Other), now(40), &mut desk);
    assert!(engine.enter(&intent(), now(50), &mut desk).is_err());
    engine.tick(now(25_000), &mut desk);
    assert!(desk.notices.iter().any(|n| matches!(n, Notice::Stuck { .. })));
    assert!(engine.enter(&intent(), now(25_001), &mut desk).is_err());
}

#[test]
fn anchor_13_stopping_is_looked_at_with_every_event() {
    let (mut engine, mut desk) = half();
    engine.begin_stop(OnStop::Leave, now(25), &mut desk);
    engine.on_report(refused(BE1, RefusalKind::Price), now(26), &mut desk);
    assert!(desk.calls().contains(&"send ac1".to_owned()), "no second attempt while stopping");
}

#[test]
fn a_position_held_too_long_is_closed_and_so_is_one_an_operator_wants_closed() {
    for (reason, at) in [(ExitReason::MaxHolding, 60_030), (ExitReason::Operator, 5_000)] {
        let (mut engine, mut desk) = entered();
        if reason == ExitReason::Operator {
            let round = engine.rounds().next().expect("open").id();
            assert!(engine.exit(round, reason, None, now(at), &mut desk));
        } else {
            engine.tick(now(at), &mut desk);
        }
        let calls = desk.calls();
        let ours: Vec<&String> = calls.iter().filter(|c| !c.starts_with("read")).collect();
        assert_eq!(ours, ["record decided", "prepare ax1", "prepare bx1", "record intended", "send ax1", "send bx1"]);
    }
}

#[test]
fn stopping_leaves_what_is_even_and_flattening_closes_it() {
    let (mut engine, mut desk) = entered();
    engine.begin_stop(OnStop::Leave, now(100), &mut desk);
    assert!(engine.stopped() && engine.left_behind().is_empty());
    let (mut engine, mut desk) = entered();
    engine.begin_stop(OnStop::Flatten, now(100), &mut desk);
    assert!(!engine.stopped());
    engine.on_report(filled(order(LegId::A, Purpose::Exit, 1), ONE, 3_000), now(110), &mut desk);
    engine.on_report(filled(order(LegId::B, Purpose::Exit, 1), ONE, 3_002), now(120), &mut desk);
    assert!(engine.stopped());
    assert_eq!(engine.settled_since_stop(), 0, "nothing was pending when it began");
}

#[test]
fn who_stops_and_leaves_positions_begins_no_exit_that_nobody_would_see_to_the_end() {
    let (mut engine, mut desk) = entered();
    engine.begin_stop(OnStop::Leave, now(100), &mut desk);
    desk.calls();
    let round = engine.rounds().next().expect("open").id();
    assert!(!engine.exit(round, ExitReason::Spread, None, now(110), &mut desk));
    engine.tick(now(60_030), &mut desk);
    assert!(engine.stopped(), "neither the spread nor its age closes it now");
    assert!(engine.next_wake().is_none_or(|at| at > now(60_030).wall), "and nothing is asked again and again");
    assert!(engine.exit(round, ExitReason::Operator, None, now(60_040), &mut desk), "a person still may");
}

#[test]
fn the_result_of_a_round_is_what_it_bought_and_sold_less_every_fee() {
    let (mut engine, mut desk) = entered();
    engine.begin_stop(OnStop::Flatten, now(100), &mut desk);
    engine.on_report(filled(order(LegId::A, Purpose::Exit, 1), ONE, 3_000), now(110), &mut desk);
    engine.on_report(filled(order(LegId::B, Purpose::Exit, 1), ONE, 3_002), now(120), &mut desk);
    let (_, outcome) = engine.results()[0];
    // Bought 3,001, sold 3,000; sold 3,010, bought 3,002: 7 earned; four fees of 0.1.
    assert_eq!((outcome.price.e8(), outcome.fees.e8(), outcome.net.e8()), (7 * ONE, ONE / 10 * 4, 7 * ONE - ONE / 10 * 4));
}

#[test]
fn a_close_that_cannot_be_prepared_is_told_once_for_each_reason() {
    let (mut engine, mut desk) = half();
    desk.unprepared.push(ALFA);
    engine.on_report(refused(BE1, RefusalKind::Margin), now(30), &mut desk);
    let told = |desk: &Script| desk.notices.iter().filter(|n| matches!(n, Notice::CannotClose { .. })).count();
    for ms in [300, 600, 900] {
        engine.tick(now(ms), &mut desk);
    }
    assert_eq!(told(&desk), 1);
    desk.unprepared.clear();
    engine.tick(now(1_200), &mut desk);
    desk.unprepared.push(ALFA);
    engine.on_report(refused((LegId::A, Purpose::Close, 1), RefusalKind::Other), now(1_210), &mut desk);
    engine.tick(now(1_500), &mut desk);
    assert_eq!(told(&desk), 2, "it could be made in between");
}

#[test]
fn a_close_stays_within_the_band_around_the_mark_price() {
    let (mut engine, mut desk) = half();
    desk.instruments[0].price_band = Some(domain::Rate::from_bps(5));
    engine.on_report(refused(BE1, RefusalKind::Margin), now(30), &mut desk);
    let Some(Record::Intended { orders, .. }) = desk.records.last() else { panic!("an order was intended") };
    // One step of 10 bps under the bid of 2,999 is 2,996.001; 5 bps under the mark of 3,000 is 2,998.5.
    assert_eq!(orders[0].spec.limit.e8(), 299_850_000_000);
}

#[test]
fn an_instrument_that_takes_reducing_orders_only_has_no_second_attempt_at_entry() {
    let (mut engine, mut desk) = half();
    desk.instruments[1].lifecycle = domain::Lifecycle::ReduceOnly;
    engine.on_report(refused(BE1, RefusalKind::Price), now(30), &mut desk);
    desk.calls();
    engine.tick(now(200), &mut desk);
    assert_eq!(desk.calls(), ["record decided", "prepare ac1", "record intended", "send ac1"]);
}

#[test]
fn a_position_on_an_instrument_that_goes_off_its_list_is_closed() {
    let (mut engine, mut desk) = entered();
    engine.instruments_changed(now(40), &mut desk);
    assert_eq!(desk.calls(), [] as [&str; 0], "nothing has changed");
    desk.instruments[1].lifecycle = domain::Lifecycle::Delisted;
    engine.instruments_changed(now(50), &mut desk);
    let begun =
        |r: &Record| matches!(r, Record::Decided { decision: Decision::ExitBegun { reason: ExitReason::Delisted, .. }, .. });
    assert!(desk.records.iter().any(begun));
    assert!(desk.calls().contains(&"send bx1".to_owned()));
}

#[test]
fn a_pair_has_its_own_longest_holding_time() {
    let mut config = config();
    let own = engine::PairLimits { max_holding_ms: Some(5_000), ..engine::PairLimits::default() };
    config.rules.pairs.insert(PAIR, own);
    let (mut engine, mut desk) = up(config);
    engine.enter(&intent(), now(10), &mut desk).expect("nothing is in the way");
    engine.on_report(filled(id(AE1), ONE, 3_001), now(20), &mut desk);
    engine.on_report(filled(id(BE1), ONE, 3_010), now(30), &mut desk);
    assert!(engine.next_wake().is_some_and(|w| w <= now(5_030).wall));
    engine.tick(now(5_030), &mut desk);
    assert!(desk.calls().contains(&"send ax1".to_owned()));
}

#[test]
fn the_way_of_an_order_is_recorded_and_changes_nothing() {
    let (mut engine, mut desk) = half();
    let before = engine.state_text();
    engine.on_latency(id(AE1), "WS", [1, 2, 3, 4], now(25), &mut desk);
    let Some(Record::Timed { order, network_ns, .. }) = desk.records.last() else { panic!("it is recorded") };
    assert_eq!((*order, *network_ns, engine.state_text()), (id(AE1), 3, before));
    engine.set_journal_ok(false);
    engine.on_latency(id(AE1), "WS", [1, 2, 3, 4], now(26), &mut desk);
    assert_eq!(desk.records.iter().filter(|r| matches!(r, Record::Timed { .. })).count(), 1, "not while the disk is full");
    assert!(!engine.snapshot(now(27)).iter().any(|r| matches!(r, Record::Timed { .. })));
}

/// Pair, exchange, spread and event type stand on everything that is told of a round.
#[test]
fn every_trading_event_names_pair_exchange_and_spread() {
    let (mut engine, mut desk) = entered();
    engine.on_latency(id(AE1), "WS", [1, 2, 3, 4], now(35), &mut desk);
    let round = engine.rounds().next().expect("open").id();
    engine.exit(round, ExitReason::Operator, None, now(40), &mut desk);
    engine.on_report(filled(order(LegId::A, Purpose::Exit, 1), ONE, 3_000), now(50), &mut desk);
    engine.on_report(refused((LegId::B, Purpose::Exit, 1), RefusalKind::Price), now(60), &mut desk);
    engine.on_report(filled(order(LegId::B, Purpose::Close, 1), ONE, 3_000), now(70), &mut desk);
    let (mut engine, mut other) = half();
    other.executable = Some(price(3_010));
    engine.on_report(refused(BE1, RefusalKind::Price), now(30), &mut other);
    engine.tick(now(200), &mut other);
    engine.on_report(refused((LegId::B, Purpose::Entry, 2), RefusalKind::Margin), now(210), &mut other);
    engine.tick(now(25_000), &mut other);
    engine.on_report(filled(order(LegId::A, Purpose::Close, 1), ONE, 3_000), now(25_100), &mut other);
    let mut seen = std::collections::BTreeSet::new();
    for notice in desk.notices.iter().chain(&other.notices) {
        seen.insert(notice.event().word());
        let (exchange, whole) = (notice.venue().is_some() || notice.legs().is_some(), notice.round().is_some());
        assert!(whole && exchange && notice.pair().is_some() && notice.spread().is_some(), "{notice:?}");
    }
    for word in
        ["ORDER_PLACED", "ORDER_FILLED", "ENTRY_EXECUTED", "POSITION_SAVED", "AUTO_EXECUTED", "SAFETY_CLOSE", "ROUND_ENDED"]
    {
        assert!(seen.contains(word), "{word} was not told");
    }
}
