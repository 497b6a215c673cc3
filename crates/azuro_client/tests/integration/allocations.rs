//! What an update of the feed allocates in the steady state: the captured winner of two outcomes, watched and quoted, its updates one
//! after the other, into buffers that are kept.

use super::harness::{World, fixture};
use allocation_counter::measure;
use venue_api::{BetClient, BetOut, ConnId, Frame, QuoteNews};

/// The odds of the update moved, so that every one of them says something new.
fn frames() -> [String; 2] {
    let frame = fixture("ws_feed")["condition_updated_current"].to_string();
    [frame.replace("2.58", "2.61"), frame]
}

#[test]
fn an_update_of_the_feed_allocates_no_more_than_is_stated() {
    let mut world = World::ready();
    let (frames, mut out, now) = (frames(), BetOut::default(), world.now);
    let update = |world: &mut World, text: &str, out: &mut BetOut| {
        out.clear();
        world.client.on_frame(ConnId(0), Frame::Text(text), now, out);
        assert_eq!(out.quotes.iter().filter(|q| matches!(q, QuoteNews::Best(_))).count(), 2, "{:?}", out.quotes);
    };
    // The first ones fill the buffers, and their questions about limits stay under way: what is asked for again costs nothing.
    for round in 0..10 {
        update(&mut world, &frames[round % 2], &mut out);
    }
    let mut counts = Vec::new();
    for round in 0..100 {
        let text = &frames[round % 2];
        counts.push(measure(|| update(&mut world, text, &mut out)).count_total);
    }
    let most = counts.iter().copied().max().unwrap_or_default();
    // The reader's own stack while it looks for the event's word, the rows as they stand in the message, and the outcomes that replace
    // the condition's. No text is copied.
    assert!(most <= 3, "{most}");
}
