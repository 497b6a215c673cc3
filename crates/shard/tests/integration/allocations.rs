//! From frame bytes to edge nothing is allocated once buffers have grown, with every look counted as it is shipped; what an
//! entry costs is counted and capped.

use crate::frames::{MID, numbered, paradex_snapshot, vest_depth};
use crate::pipe::{PAIR, PARADEX, Pipe, VEST};
use allocation_counter::measure;
use domain::record::Record;
use domain::{Mono, Rate};
use serde_json::json;
use shard::Output;
use std::collections::BTreeMap;
use venue_sim::Message;

/// Above every number the simulated venue has used by then.
const FIRST: u64 = 20_000_000_000;

/// What a feed frame is.
fn kind(venue: usize, message: &Message) -> &'static str {
    let is_depth = |text: &[u8]| text.starts_with(br#"{"channel":"ETH-PERP@depth""#);
    match (venue, message, numbered(message)) {
        (PARADEX, _, Some((2, _))) => "paradex bbo",
        (PARADEX, _, Some((3, _))) => "paradex book",
        (VEST, Message::Text(text), _) if is_depth(text.as_bytes()) => "vest depth as text",
        (VEST, Message::Binary(bytes), _) if is_depth(bytes) => "vest depth as binary",
        _ => "other",
    }
}

#[test]
fn no_book_frame_allocates_on_its_way_to_the_edge_of_both_directions() {
    for (vest_frames, vest_kind) in [("binary", "vest depth as binary"), ("text", "vest depth as text")] {
        let mut pipe = Pipe::new(Rate::from_bps(500), Mono::default);
        pipe.fault(VEST, "switch", &json!({"name": "frames", "value": vest_frames}));
        pipe.bring_up();
        let (mut frames, mut looked) = (BTreeMap::<&str, u64>::new(), 0);
        for n in 0..4_000 {
            let (venue, message) = pipe.next_frame();
            let kind = kind(venue, &message);
            let counted = measure(|| pipe.deliver(venue, &message));
            // The buffers grow with the first few hundred frames.
            if n >= 500 && kind != "other" {
                assert_eq!(counted.count_total, 0, "{kind}, frame {n}");
                *frames.entry(kind).or_default() += 1;
                looked += u64::from(pipe.trades());
            }
            for output in pipe.perform() {
                let entered = matches!(output, Output::Append { record: Record::Opened { .. }, .. });
                assert!(!entered, "no opportunity was meant to be there");
            }
        }
        for kind in ["paradex bbo", "paradex book", vest_kind] {
            assert!(frames.get(kind).is_some_and(|n| *n > 300), "too few frames of kind {kind}: {frames:?}");
        }
        assert_eq!(looked, frames.values().sum::<u64>(), "both books were there to be compared at every frame");
    }
}

/// Both venues refuse every order, so that each opportunity begins a round and none stays.
fn refusing() -> Pipe {
    let mut pipe = Pipe::new(Rate::from_bps(25), Mono::default);
    pipe.bring_up();
    pipe.fault(VEST, "refuse_order", &json!({"count": 1_000_000, "code": 3001}));
    pipe.fault(PARADEX, "refuse_order", &json!({"count": 1_000_000, "code": "NOT_ENOUGH_MARGIN"}));
    pipe
}

#[test]
fn from_a_frame_to_two_recorded_signed_orders_few_allocations_are_made() {
    // What one entry may cost: ids, texts and records that outlive the frame. Lower it when they become fewer.
    const MOST: u64 = 80;
    let mut pipe = refusing();
    let mut seq = FIRST;
    let mut counts = Vec::new();
    for round in 0..12 {
        pipe.pass_ms(500);
        assert!(pipe.shard.engine().round_on(PAIR).is_none(), "the refused round is over");
        for _ in 0..4 {
            seq += 1;
            // The book that stood apart comes back first, or the other one would find the opportunity again.
            pipe.deliver(PARADEX, &Message::Binary(paradex_snapshot(seq, MID, seq)));
            pipe.deliver(VEST, &Message::Text(vest_depth(MID, seq)));
        }
        assert!(pipe.trades());
        let before = pipe.perform();
        assert!(!before.iter().any(|o| matches!(o, Output::Append { .. })), "{before:?}");
        seq += 1;
        let tick = Message::Binary(paradex_snapshot(seq, MID + MID / 200, seq));
        let counted = measure(|| pipe.deliver(PARADEX, &tick));
        let outputs = pipe.perform();
        let opened = outputs.iter().position(|o| matches!(o, Output::Append { record: Record::Opened { .. }, .. }));
        let sent: Vec<usize> = (0..outputs.len()).filter(|&i| matches!(outputs[i], Output::Act { order: Some(_), .. })).collect();
        assert!(opened.is_some_and(|at| sent.iter().all(|s| *s > at)), "nothing leaves before its record");
        assert!(sent.len() >= 2, "both orders leave with the frame: {outputs:?}");
        // The first rounds build what later ones find there.
        if round >= 4 {
            counts.push(counted.count_total);
        }
    }
    println!("allocations from a frame to two signed, recorded orders: {counts:?}");
    assert!(counts.iter().all(|n| *n > 0 && *n <= MOST), "{counts:?}");
}

#[test]
fn an_opportunity_that_may_not_be_taken_costs_its_intent_and_its_reason_and_no_more() {
    let mut pipe = refusing();
    pipe.shard.set_paused(true);
    let mut seq = FIRST;
    let mut apart = |pipe: &mut Pipe| {
        seq += 1;
        let tick = Message::Binary(paradex_snapshot(seq, MID + MID / 200, seq));
        measure(|| pipe.deliver(PARADEX, &tick)).count_total
    };
    pipe.deliver(VEST, &Message::Text(vest_depth(MID, 1)));
    let first: Vec<u64> = (0..100).map(|_| apart(&mut pipe)).collect();
    let told = pipe.perform();
    assert_eq!(told.iter().filter(|o| matches!(o, Output::Tell(_))).count(), 2, "seen once, refused once: {told:?}");
    assert!(first[10..].iter().all(|n| *n == 2), "{first:?}");
}
