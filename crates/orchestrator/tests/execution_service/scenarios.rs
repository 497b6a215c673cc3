//! What happens to a round, one scenario each.

use crate::rig::{NAMES, PARADEX, RESERVE, SEGMENT, VEST, World, venue_of};
use domain::names::Ending;
use domain::record::Record;
use domain::{LegId, OrderEnd, OrderNews, RoundId};
use engine::OnStop;
use serde_json::{Value, json};

#[test]
fn both_legs_are_opened_and_closed_and_a_stop_ends_clean() {
    let world = World::new();
    let service = world.start(OnStop::Leave);
    let round = world.entered(0);
    let records = world.records();
    let legs = LegId::BOTH.map(|leg| venue_of(&records, round, leg).unwrap());
    assert!(NAMES.iter().all(|n| legs.contains(n)), "a leg on each venue: {legs:?}");
    assert_eq!(world.ending(0), (round, Ending::Completed));
    let done = service.stop();
    assert!(done.left_behind.is_empty(), "{:?}", done.left_behind);
    assert_eq!((done.uncovered_e8, done.stats.safety_closes), (0, 0));
    assert!(done.stats.rounds[&Ending::Completed] >= 1);
    world.audit();
}

/// What a venue does to one leg's order, and how the round ends for it.
fn check_troubled(venue: usize, fault: &str, parameters: &Value, expect: Ending) {
    let world = World::new();
    world.fault(venue, fault, parameters);
    let service = world.start(OnStop::Flatten);
    assert_eq!(world.ending(0).1, expect, "{fault} on {}", NAMES[venue]);
    world.clear(venue, fault);
    // It goes on: the next round is an ordinary one.
    let seen = world.records().len();
    assert_eq!(world.ending(seen).1, Ending::Completed);
    let done = service.stop();
    assert!(done.left_behind.is_empty(), "{:?}", done.left_behind);
    assert_eq!(world.positions(), [0, 0]);
    world.audit();
}

#[test]
fn a_leg_that_is_refused_for_good_has_the_other_one_closed_by_its_own_size() {
    check_troubled(VEST, "refuse_order", &json!({ "count": 3, "code": "1104" }), Ending::AutoClosed);
}

#[test]
fn a_leg_whose_answer_is_lost_is_found_by_asking_and_kept() {
    check_troubled(PARADEX, "lose_order_answer", &json!({ "count": 1 }), Ending::Completed);
}

#[test]
fn a_leg_that_never_arrived_is_proven_dead_before_the_other_one_is_closed() {
    check_troubled(VEST, "drop_order", &json!({ "count": 1 }), Ending::AutoClosed);
}

#[test]
fn a_venue_that_goes_down_stops_entries_and_is_traded_on_again_when_it_is_back() {
    let world = World::new();
    let service = world.start(OnStop::Flatten);
    world.ending(0);
    world.fault(VEST, "down", &json!({}));
    service.until_entries(false);
    assert!(!service.ended(), "a venue that is away ends nothing");
    world.clear(VEST, "down");
    service.until_entries(true);
    let seen = world.records().len();
    world.ending(seen);
    let done = service.stop();
    assert!(done.left_behind.is_empty(), "{:?}", done.left_behind);
    world.audit();
}

#[test]
fn a_stop_with_an_order_that_has_no_answer_yet_waits_for_its_end() {
    let world = World::new();
    world.fault(VEST, "hold_order_answer", &json!({ "count": 1 }));
    let service = world.start(OnStop::Leave);
    let paradex_is_over = |records: &[Record]| {
        records.iter().find_map(|r| match r {
            Record::News { order, news: OrderNews::Done { end: OrderEnd::Filled, .. }, .. } => {
                (venue_of(records, order.round, order.leg) == Some(NAMES[PARADEX])).then_some(())
            }
            _ => None,
        })
    };
    world.until("the other leg's end", paradex_is_over);
    let done = service.stop();
    assert!(done.left_behind.is_empty(), "{:?}", done.left_behind);
    assert_eq!(done.uncovered_e8, 0);
    world.audit();
}

/// Rounds that were opened and have not ended.
fn open(records: &[Record]) -> Vec<RoundId> {
    let ended: Vec<RoundId> = records.iter().filter(|r| matches!(r, Record::Ended { .. })).filter_map(Record::round).collect();
    let opened = records.iter().filter(|r| matches!(r, Record::Opened { .. })).filter_map(Record::round);
    opened.filter(|id| !ended.contains(id)).collect()
}

#[test]
fn a_disk_that_fills_up_stops_entries_by_name_and_nothing_else_until_there_is_room() {
    let world = World::on_small_disk();
    // Room for one segment and the reserve: some rounds, and then the disk is full in the middle of one.
    world.disk().fill_but(SEGMENT + RESERVE + (64 << 10));
    let service = world.start(OnStop::Flatten);
    world.ending(0);
    service.until_entries(false);
    world.until("the exit of what was under way", |records| open(records).is_empty().then_some(()));
    world.until("even positions", |_| (world.positions() == [0, 0]).then_some(()));
    assert!(!service.ended() && !service.pulse.last().entries_allowed, "a full disk ends nothing");
    assert!(world.said(&["ENTRIES_STOPPED", "\"journal_down\"", "the journal is full"]), "the reason has its name");
    let rounds = |records: &[Record]| records.iter().filter(|r| matches!(r, Record::Opened { .. })).count();
    let before = rounds(&world.records());
    world.disk().make_room();
    service.until_entries(true);
    assert!(world.said(&["ENTRIES_RESUMED", "\"journal_down\""]));
    world.until("a further round", |records| (rounds(records) > before && open(records).is_empty()).then_some(()));
    let done = service.stop();
    assert!(done.left_behind.is_empty(), "{:?}", done.left_behind);
    world.audit();
}

#[test]
fn a_start_on_a_full_disk_closes_what_is_held_out_of_the_reserve_and_opens_nothing_until_there_is_room() {
    let world = World::on_small_disk();
    world.hold(true);
    let service = world.start(OnStop::Leave);
    let held = world.entered(0);
    assert_eq!(service.stop().open, 1);
    world.hold(false);
    world.disk().fill_but(0);
    let service = world.start_somehow(OnStop::Flatten);
    world.until("the exit of what was held", |records| (!open(records).contains(&held)).then_some(()));
    assert_eq!(world.positions(), [0, 0]);
    assert!(!service.ended() && !service.pulse.last().entries_allowed);
    world.disk().make_room();
    service.until_entries(true);
    let seen = world.records().len();
    assert_eq!(world.ending(seen).1, Ending::Completed);
    assert!(service.stop().left_behind.is_empty());
    world.audit();
}
