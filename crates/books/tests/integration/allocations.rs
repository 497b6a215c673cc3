//! A1: from update to decision nothing is allocated, counted by an allocator that counts.

use crate::told::{US, book};
use allocation_counter::measure;
use books::{Book, Costs, Quote, Rules, Signal, Trigger, both};
use domain::{BookKind, Level, Mono, Rate, Size};

fn levels(from: i64, step: i64, n: i64, size: i64) -> Vec<Level> {
    (0..n).map(|i| Level { price: from + i * step, size }).collect()
}

#[test]
fn neither_an_update_nor_a_decision_allocates_once_a_book_exists() {
    let (bids, asks) = (levels(1_000_000, -100, 400, 7), levels(1_000_100, 100, 400, 7));
    let mut told = vec![book(BookKind::Snapshot, 1, &bids, &asks)];
    // Changes all over the book, new prices and removes among them, then a snapshot in the wrong order.
    for seq in 2..2_000u64 {
        let i = (seq as i64 * 37) % 450;
        let (bid, ask) = (Level { price: 1_000_000 - i * 50, size: i % 3 }, Level { price: 1_000_100 + i * 50, size: i % 4 });
        told.push(book(BookKind::Delta, seq, &[bid], &[ask]));
    }
    let backwards: Vec<Level> = bids.iter().rev().copied().collect();
    told.push(book(BookKind::Snapshot, 2_000, &backwards, &asks));

    let mut ours = Book::new(US, Rules { warm_up_updates: 0, ..Rules::sequenced() });
    let mut updates = 0;
    let counted = measure(|| {
        for t in &told {
            updates += u32::from(ours.apply(&t.event, &t.levels, Mono(1)) == books::Applied::Updated);
        }
    });
    assert_eq!((updates, counted.count_total), (2_000, 0));

    let size = Size::from_e8(60).expect("not negative");
    let costs = Costs::new(Rate::from_bps(1), Rate::from_bps(2), Rate::ZERO, Rate::from_bps(1)).expect("small");
    let mut trigger = Trigger::new(2);
    let mut held = 0;
    let counted = measure(|| {
        for _ in 0..1_000 {
            let Ok(depth) = ours.depth(Mono(1)) else { return };
            let quote = Quote::of(depth, size);
            for cross in both(&quote, &quote) {
                let (Some(entry), Some(edge)) = (cross.entry(), cross.edge(&costs)) else { return };
                let met = entry.at_least(Rate::from_bps(-10)) && edge.at_least(Rate::from_bps(-20));
                held += u32::from(trigger.update(met) == Signal::Held);
                if cross.waterfall(&costs).is_none() || cross.spreads().exit.is_none() {
                    return;
                }
            }
        }
    });
    assert_eq!((held, counted.count_total), (1_998, 0));
}
