//! The book holds exactly what a sorted map of decimals holds.
//!
//! Invariants, one property each: after any run of snapshots and changes the content is the oracle's and the state is
//! live exactly when the oracle is neither crossed nor locked; any event whatever is taken without a panic, and a live
//! book is always sorted, unique, positive and uncrossed.

use crate::oracle::{Oracle, decimal};
use crate::told::{US, book};
use books::{Applied, Book, Integrity, Rules};
use domain::{BookKind, Level, MarketEvent, Mono, Side};
use proptest::prelude::*;

/// Prices on a coarse grid so that sets meet removes; bids mostly below asks.
fn side(around: i64) -> impl Strategy<Value = Vec<Level>> {
    let level = (0..60i64, prop_oneof![1 => Just(0), 3 => 1..5_000i64]);
    let level = level.prop_map(move |(tick, lots)| Level { price: (around + tick) * 10_000_000, size: lots * 100_000 });
    proptest::collection::vec(level, 0..40)
}
fn frame() -> impl Strategy<Value = (BookKind, Vec<Level>, Vec<Level>)> {
    let kind = prop_oneof![1 => Just(BookKind::Snapshot), 6 => Just(BookKind::Delta)];
    let asks = prop_oneof![9 => side(1_060), 1 => side(1_030)];
    (kind, side(1_000), asks)
}

fn shown(book: &Book, side: Side) -> Vec<(rust_decimal::Decimal, rust_decimal::Decimal)> {
    book.levels_shown(side).iter().rev().map(|l| (decimal(l.price), decimal(l.size))).collect()
}

proptest! {
    #[test]
    fn content_is_that_of_a_sorted_map_of_decimals(frames in proptest::collection::vec(frame(), 1..40)) {
        let mut ours = Book::new(US, Rules { warm_up_updates: 0, ..Rules::sequenced() });
        let mut oracle = Oracle::default();
        let mut live = false;
        for (seq, (kind, bids, asks)) in (1u64..).zip(frames) {
            let told = book(kind, seq, &bids, &asks);
            let applied = ours.apply(&told.event, &told.levels, Mono(seq));
            match kind {
                BookKind::Snapshot => oracle.replace(&bids, &asks),
                BookKind::Delta if live => oracle.change(&bids, &asks),
                BookKind::Delta => {
                    prop_assert_eq!(applied, Applied::Ignored);
                    continue;
                }
            }
            live = !oracle.crossed_or_locked();
            prop_assert_eq!(ours.integrity() == Integrity::Live, live);
            prop_assert_eq!(ours.depth(Mono(seq)).is_ok(), live);
            for side in [Side::Buy, Side::Sell] {
                prop_assert_eq!(shown(&ours, side), oracle.taken_by(side));
            }
        }
    }

    #[test]
    fn any_event_is_taken_without_a_panic_and_a_live_book_is_always_sound(
        events in proptest::collection::vec(
            (0u8..5, 0u64..6, any::<[u32; 4]>(), proptest::collection::vec((any::<i64>(), any::<i64>()), 0..6), any::<bool>()),
            1..60,
        ),
        sequenced in any::<bool>(),
        levels_max in 0usize..5,
    ) {
        let rules = if sequenced { Rules::sequenced() } else { Rules::snapshots() };
        let mut book = Book::new(US, Rules { levels_max, ..rules });
        for (at, (what, seq, r, raw, tame)) in (1u64..).zip(events) {
            // Tame events stay inside the buffer and on small positive numbers, so that books do go live.
            let of = |v: i64| if tame { v.rem_euclid(9) + 1 } else { v };
            let levels: Vec<Level> = raw.iter().map(|&(p, s)| Level { price: of(p), size: of(s) }).collect();
            let n = levels.len() as u32;
            let (bids, asks) = if tame { (0..n / 2, n / 2..n) } else { (r[0]..r[1], r[2]..r[3]) };
            let seq = if tame { book.seq() + seq / 5 + 1 } else { seq.wrapping_sub(1) };
            let (instrument, top) = (US, levels.first().copied());
            let event = match what {
                0 => MarketEvent::Top { instrument, seq, bid: top, ask: levels.last().copied() },
                1 => MarketEvent::BookLost { instrument, why: "any" },
                2 => MarketEvent::Book { instrument, kind: BookKind::Delta, seq, venue_time: None, bids, asks },
                _ => MarketEvent::Book { instrument, kind: BookKind::Snapshot, seq, venue_time: None, bids, asks },
            };
            let _ = book.apply(&event, &levels, Mono(at));
            if book.integrity() != Integrity::Live {
                prop_assert!(book.depth(Mono(at)).is_err());
                continue;
            }
            let (bids, asks) = (book.levels_shown(Side::Sell), book.levels_shown(Side::Buy));
            prop_assert!(bids.iter().chain(asks).all(|l| l.price > 0 && l.size > 0));
            prop_assert!(bids.is_sorted_by(|a, b| a.price < b.price));
            prop_assert!(asks.is_sorted_by(|a, b| a.price > b.price));
            if let (Some(bid), Some(ask)) = (bids.last(), asks.last()) {
                prop_assert!(bid.price < ask.price);
            }
        }
    }
}
