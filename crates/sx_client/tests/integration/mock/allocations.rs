//! What a message of a watched book costs once buffers have grown: nothing on the heap.

use super::venue::{MARKET, Venue, WIRE};
use venue_api::{BetClient, BetOut, Frame, QuoteNews};

/// A whole book of ten levels a side, as the channel brings it.
fn message(version: u32) -> String {
    let level = |n: u32| {
        format!(
            r#"{{"percentageOdds":"{}","size":"{}"}}"#,
            40_000_000_000_000_000_000 - u128::from(n + version % 2) * 125_000_000_000_000_000,
            1_000_000 + n
        )
    };
    let levels: Vec<String> = (0..10).map(level).collect();
    let levels = levels.join(",");
    format!(
        r#"{{"push":{{"channel":"orderbook_v3:{MARKET}","pub":{{"data":{{"marketHash":"{MARKET}","eventId":"L1","version":"{version:023}","outcomeOne":[{levels}],"outcomeTwo":[{levels}]}},"offset":{version}}}}}}}"#
    )
}

#[test]
fn a_book_message_allocates_nothing_after_warm_up() {
    let mut venue = Venue::ready();
    let frames: Vec<String> = (11..1_111).map(message).collect();
    let (now, mut out) = (venue.now(), BetOut::default());
    let mut run = |frames: &[String]| {
        for text in frames {
            venue.client.on_frame(WIRE, Frame::Text(text), now, &mut out);
            assert!(matches!(out.quotes[..], [QuoteNews::Best(_), QuoteNews::Best(_)]), "{:?}", out.quotes);
            out.clear();
        }
    };
    let (warm, counted) = frames.split_at(100);
    run(warm);
    let used = allocation_counter::measure(|| run(counted));
    println!("allocations per book message: {} of {} messages", used.count_total, counted.len());
    assert_eq!(used.count_total, 0);
}
