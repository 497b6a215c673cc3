//! What the shard tells beside its orders: the spreads of every update after the decision, and every minute what was seen
//! and not taken.

use crate::frames::{MID, paradex_snapshot, vest_depth};
use crate::pipe::{PAIR, PARADEX, Pipe, VEST};
use domain::names::SkipReason;
use domain::record::Record;
use domain::{Mono, Rate};
use engine::OnStop;
use shard::Output;
use venue_sim::Message;

/// Above every number the simulated venue has used by then.
const FIRST: u64 = 20_000_000_000;

/// Both books at the same price, the one that stood apart first.
fn calm(pipe: &mut Pipe, seq: &mut u64) {
    for _ in 0..4 {
        *seq += 1;
        pipe.deliver(PARADEX, &Message::Binary(paradex_snapshot(*seq, MID, *seq)));
        pipe.deliver(VEST, &Message::Text(vest_depth(MID, *seq)));
    }
}
/// Paradex half a percent up.
fn apart(pipe: &mut Pipe, seq: &mut u64) {
    *seq += 1;
    pipe.deliver(PARADEX, &Message::Binary(paradex_snapshot(*seq, MID + MID / 200, *seq)));
}

#[test]
fn spreads_are_told_after_the_decision_that_they_led_to_and_only_when_asked_for() {
    for asked in [false, true] {
        let mut pipe = Pipe::with(Rate::from_bps(25), asked, Mono::default);
        pipe.bring_up();
        let mut seq = FIRST;
        calm(&mut pipe, &mut seq);
        pipe.perform();
        apart(&mut pipe, &mut seq);
        let outputs = pipe.perform();
        let at = |is: fn(&Output) -> bool| outputs.iter().position(is);
        let opened = at(|o| matches!(o, Output::Append { record: Record::Opened { .. }, .. })).expect("an opportunity");
        let last_order = outputs.iter().rposition(|o| matches!(o, Output::Act { order: Some(_), .. })).expect("two orders");
        let told = at(|o| matches!(o, Output::Spread { .. }));
        assert_eq!(told.is_some(), asked);
        let Some(told) = told else { continue };
        assert!(opened < last_order && last_order < told, "{outputs:?}");
        let Some(Output::Spread { pair, venues, spreads }) = outputs.get(told) else { panic!("just seen") };
        assert_eq!((*pair, venues.map(|v| v.to_string())), (PAIR, ["vest".to_owned(), "paradex".to_owned()]));
        // Long on Vest at its ask, short on Paradex at its bid, both a cent from the mid.
        let [(ask, bid), (up_ask, up_bid)] = [MID, MID + MID / 200].map(|mid| (mid + 1_000_000, mid - 1_000_000));
        let price = |e8| domain::Price::from_e8(e8).expect("above zero");
        assert_eq!(spreads[0].entry_top, Some(Rate::between(price(ask), price(up_bid))));
        assert_eq!(spreads[1].entry_top, Some(Rate::between(price(up_ask), price(bid))));
        assert!(spreads.iter().all(|s| s.entry <= s.entry_top && s.exit >= s.exit_top), "{spreads:?}");
    }
}

#[test]
fn every_minute_and_at_the_stop_what_was_not_taken_is_summed_up_with_its_reasons() {
    let mut pipe = Pipe::new(Rate::from_bps(25), Mono::default);
    pipe.bring_up();
    let mut seq = FIRST;
    calm(&mut pipe, &mut seq);
    pipe.shard.set_paused(true);
    (0..3).for_each(|_| apart(&mut pipe, &mut seq));
    pipe.perform();
    assert_eq!(pipe.watched, [], "the minute is not over");
    pipe.pass_ms(60_000);
    let (at, sightings) = pipe.watched.pop().expect("one sum");
    assert_eq!((pipe.watched.len(), sightings.len()), (0, 2), "both directions of the one pair");
    let (long, other) = (&sightings[0], &sightings[1]);
    assert_eq!((long.pair, long.long.as_str(), long.short.as_str(), other.long.as_str()), (PAIR, "vest", "paradex", "paradex"));
    assert_eq!(at.ms() - long.since.ms(), 60_000);
    // The nearest miss is the opportunity that the pause kept from being taken, in the engine's own words.
    let spread = long.spread.expect("there was one");
    assert!(spread >= Rate::from_bps(45) && long.edge.is_some_and(|e| e <= spread), "{long:?}");
    assert_eq!((long.binding, long.detail.as_str()), (SkipReason::Paused, "entries are paused"));
    assert!(long.skips.contains(&(SkipReason::Paused, 3)), "{long:?}");
    assert_eq!(long.looks, long.skips.iter().map(|(_, n)| n).sum::<u64>(), "every look has its reason");
    assert_eq!(other.binding, SkipReason::SpreadTooSmall, "{other:?}");
    // The feeds' frames were thrown away since, so there was nothing to see.
    let now = pipe.stamp();
    pipe.shard.begin_stop(OnStop::Leave, now);
    pipe.perform();
    let (at, sightings) = pipe.watched.pop().expect("one sum at the stop");
    assert_eq!((at, sightings[0].spread, sightings[0].binding), (now.wall, None, SkipReason::BookStale));
}

#[test]
fn a_look_that_was_taken_is_no_miss() {
    let mut pipe = Pipe::new(Rate::from_bps(25), Mono::default);
    pipe.bring_up();
    let mut seq = FIRST;
    calm(&mut pipe, &mut seq);
    apart(&mut pipe, &mut seq);
    assert!(pipe.shard.engine().round_on(PAIR).is_some());
    pipe.perform();
    let now = pipe.stamp();
    pipe.shard.begin_stop(OnStop::Leave, now);
    pipe.perform();
    let (_, sightings) = pipe.watched.pop().expect("one sum");
    let long = &sightings[0];
    assert!(long.spread.is_some_and(|s| s < Rate::from_bps(25)), "{long:?}");
    assert_eq!(long.looks, long.skips.iter().map(|(_, n)| n).sum::<u64>() + 1, "{long:?}");
}

#[test]
fn entries_blocked_from_outside_are_refused_by_that_name_until_allowed_again() {
    let mut pipe = Pipe::new(Rate::from_bps(25), Mono::default);
    pipe.bring_up();
    let mut seq = FIRST;
    calm(&mut pipe, &mut seq);
    let now = pipe.stamp();
    pipe.shard.block_entries(SkipReason::MirrorBehind, "90 s behind, 60 s are allowed".to_owned(), now);
    apart(&mut pipe, &mut seq);
    assert!(pipe.shard.engine().round_on(PAIR).is_none());
    pipe.shard.allow_entries(SkipReason::MirrorBehind, now);
    apart(&mut pipe, &mut seq);
    assert!(pipe.shard.engine().round_on(PAIR).is_some());
    assert!(!pipe.shard.resume(Some(PAIR), now), "nothing had stopped the pair");
}
