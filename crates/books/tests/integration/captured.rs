//! Frames as venues really sent them; where they come from is in `testdata/SOURCES.md`.

use crate::told::{Told, US, book};
use books::{Applied, Book, Integrity, Rules};
use domain::{BookKind, Level, Mono, Side};

/// Frames with receive times in ns.
fn frames(text: &str) -> Vec<(Told, u64)> {
    let mut frames: Vec<(BookKind, u64, u64, [Vec<Level>; 2])> = vec![];
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |i: usize| words[i].parse::<i64>().expect("a number");
        match words[0] {
            "snapshot" => frames.push((BookKind::Snapshot, number(1) as u64, number(2) as u64, [vec![], vec![]])),
            "delta" => frames.push((BookKind::Delta, number(1) as u64, number(2) as u64, [vec![], vec![]])),
            side => {
                let levels = &mut frames.last_mut().expect("a frame first").3;
                levels[usize::from(side == "ask")].push(Level { price: number(1), size: number(2) });
            }
        }
    }
    frames.into_iter().map(|(kind, seq, at, [bids, asks])| (book(kind, seq, &bids, &asks), at)).collect()
}

#[test]
fn a_captured_paradex_session_keeps_the_book_live_and_moves_its_top_as_seen() {
    let frames = frames(include_str!("../../testdata/paradex_btc_book_2026-10-08.txt"));
    assert_eq!(frames.len(), 13);
    let mut book = Book::new(US, Rules::sequenced());
    let mut story = vec![];
    for (told, at) in &frames {
        let applied = book.apply(&told.event, &told.levels, Mono(*at));
        let best = |side| book.levels_shown(side).last().map_or(0, |l| l.price / 10_000_000);
        let sizes = (book.levels_shown(Side::Sell).len(), book.levels_shown(Side::Buy).len());
        let word = if applied == Applied::Updated { "updated" } else { "confirmed" };
        assert_eq!(book.integrity(), Integrity::Live, "{applied:?}");
        story.push(format!("{} {word} {}x{} {}/{}", book.seq(), sizes.0, sizes.1, best(Side::Sell), best(Side::Buy)));
    }
    // Sequence, what the frame did, levels a side, best bid and ask in ticks of 0.1.
    assert_eq!(
        story,
        [
            "7687289234 updated 115x60 834722/834872",
            "7687289235 updated 116x60 834722/834872",
            "7687289236 confirmed 116x60 834722/834872",
            "7687289237 confirmed 116x60 834722/834872",
            "7687289238 confirmed 116x60 834722/834872",
            "7687289239 confirmed 116x60 834722/834872",
            "7687289240 updated 115x60 834627/834872",
            "7687289241 updated 116x60 834765/834872",
            "7687289242 updated 115x59 834765/834872",
            "7687289243 updated 116x59 834765/834872",
            "7687289244 updated 116x60 834765/834872",
            "7687289245 updated 116x59 834765/834950",
            "7687289246 confirmed 116x59 834765/834950",
        ]
    );
    let (_, last) = frames.last().expect("frames");
    assert!(book.depth(Mono(*last)).is_ok(), "warmed up and fresh");
}

#[test]
fn a_missing_frame_of_the_captured_session_is_noticed_at_once() {
    let mut frames = frames(include_str!("../../testdata/paradex_btc_book_2026-10-08.txt"));
    frames.remove(3); // an empty one: nothing but its number tells
    let mut book = Book::new(US, Rules::sequenced());
    let words: Vec<bool> =
        frames.iter().map(|(told, at)| matches!(book.apply(&told.event, &told.levels, Mono(*at)), Applied::Invalid(_))).collect();
    assert_eq!(words.iter().position(|w| *w), Some(3));
    assert_eq!(words.iter().filter(|w| **w).count(), 1, "told once, then silent until the next snapshot");
}

#[test]
fn a_captured_vest_depth_frame_is_a_whole_book() {
    let frames = frames(include_str!("../../testdata/vest_nq_depth_2026-10-07.txt"));
    let mut book = Book::new(US, Rules { warm_up_updates: 1, ..Rules::snapshots() });
    let (told, at) = &frames[0];
    assert_eq!(book.apply(&told.event, &told.levels, Mono(*at)), Applied::Updated);
    let depth = book.depth(Mono(*at)).expect("live");
    let best = |side| depth.best(side).map(|l| (l.price, l.size));
    assert_eq!(best(Side::Sell), Some((3_147_875_000_000, 481_350_000)));
    assert_eq!(best(Side::Buy), Some((3_148_000_000_000, 481_350_000)));
    assert_eq!((depth.levels(Side::Sell).count(), depth.levels(Side::Buy).count()), (20, 20));
}
