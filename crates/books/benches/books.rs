//! The two hot functions of this room, each beside its floor and beside the code usually written, in one run.
//!
//! Compare the *fastest* column, and only rows of the same run: a sample is one whole walk, so the figure is the mean
//! over the walk in its quietest pass. `cargo bench -p books`.

mod walk;

fn main() {
    divan::main();
}

/// Goal B1: about four changes to a book of 2 x 200 levels, along a walk of 4,097 messages.
mod book {
    use crate::walk::{self, Message, TICK};
    use books::{Book, Rules};
    use divan::{Bencher, black_box};
    use domain::{BookKind, InstrumentId, Level, MarketEvent, Mono};
    use rust_decimal::Decimal;
    use std::collections::BTreeMap;

    const WALK: u32 = 4_097;

    /// The walk as events with their level buffers.
    fn events() -> Vec<(MarketEvent, Vec<Level>)> {
        let event = |(i, m): (usize, Message)| {
            let (bids, asks) = (m.bids.len() as u32, m.asks.len() as u32);
            let kind = if i == 0 { BookKind::Snapshot } else { BookKind::Delta };
            let (instrument, seq) = (InstrumentId(1), 1 + i as u64);
            let event = MarketEvent::Book { instrument, kind, seq, venue_time: None, bids: 0..bids, asks: bids..bids + asks };
            (event, m.bids.into_iter().chain(m.asks).collect())
        };
        walk::deltas().into_iter().enumerate().map(event).collect()
    }

    /// Ours: integrity, audit ring and all.
    #[divan::bench(sample_size = WALK, sample_count = 300)]
    fn delta4(bencher: Bencher<'_, '_>) {
        let events = events();
        let mut book = Book::new(InstrumentId(1), Rules::sequenced());
        let mut i = 0;
        bencher.bench_local(|| {
            let (event, levels) = &events[i];
            let applied = book.apply(event, levels, Mono(i as u64));
            i = if i + 1 == events.len() { 0 } else { i + 1 };
            applied
        });
        assert_eq!(book.integrity(), books::Integrity::Live);
    }

    /// General floor: a sorted vector searched from the best, no checks of any kind.
    #[divan::bench(sample_size = WALK, sample_count = 300)]
    fn delta4_floor_vec(bencher: Bencher<'_, '_>) {
        fn set(side: &mut Vec<Level>, change: &Level, sign: i64) {
            let key = change.price * sign;
            let at = side.iter().rposition(|l| l.price * sign <= key).map_or(0, |i| i + 1);
            if at > 0 && side[at - 1].price == change.price {
                if change.size == 0 {
                    side.remove(at - 1);
                } else {
                    side[at - 1].size = change.size;
                }
            } else if change.size != 0 {
                side.insert(at, *change);
            }
        }
        let walk = walk::deltas();
        let mut sides = (Vec::<Level>::with_capacity(1_024), Vec::<Level>::with_capacity(1_024));
        let mut i = 0;
        bencher.bench_local(|| {
            if i == 0 {
                sides.0.clear();
                sides.1.clear();
            }
            walk[i].bids.iter().for_each(|l| set(&mut sides.0, l, 1));
            walk[i].asks.iter().for_each(|l| set(&mut sides.1, l, -1));
            i = if i + 1 == walk.len() { 0 } else { i + 1 };
            black_box(&sides);
        });
    }

    /// Physical floor: an array indexed by tick over a price range known beforehand, which no venue promises.
    #[divan::bench(sample_size = WALK, sample_count = 300)]
    fn delta4_floor_ticks(bencher: Bencher<'_, '_>) {
        const TICKS: usize = 1 << 14;
        let walk = walk::deltas();
        let first = 676_297 - TICKS as i64 / 2;
        let mut bids = (vec![0i64; TICKS], 0usize);
        let mut asks = (vec![0i64; TICKS], TICKS - 1);
        let mut i = 0;
        bencher.bench_local(|| {
            if i == 0 {
                bids = (std::mem::take(&mut bids.0), 0);
                asks = (std::mem::take(&mut asks.0), TICKS - 1);
                bids.0.fill(0);
                asks.0.fill(0);
            }
            for l in &walk[i].bids {
                let at = (l.price / TICK - first) as usize;
                bids.0[at] = l.size;
                if l.size > 0 {
                    bids.1 = bids.1.max(at);
                } else {
                    while bids.1 > 0 && bids.0[bids.1] == 0 {
                        bids.1 -= 1;
                    }
                }
            }
            for l in &walk[i].asks {
                let at = (l.price / TICK - first) as usize;
                asks.0[at] = l.size;
                if l.size > 0 {
                    asks.1 = asks.1.min(at);
                } else {
                    while asks.1 < TICKS - 1 && asks.0[asks.1] == 0 {
                        asks.1 += 1;
                    }
                }
            }
            i = if i + 1 == walk.len() { 0 } else { i + 1 };
            black_box((&bids, &asks));
        });
    }

    /// The usual code: a sorted map of decimals per side, numbers already parsed.
    #[divan::bench(sample_size = WALK, sample_count = 300)]
    fn delta4_baseline_btree_decimal(bencher: Bencher<'_, '_>) {
        let decimals = |of: &[Level]| -> Vec<(Decimal, Decimal)> {
            of.iter().map(|l| (Decimal::new(l.price / TICK, 1), Decimal::new(l.size / 100_000, 3))).collect()
        };
        let walk: Vec<_> = walk::deltas().iter().map(|m| (decimals(&m.bids), decimals(&m.asks))).collect();
        let mut sides = (BTreeMap::new(), BTreeMap::new());
        let mut i = 0;
        bencher.bench_local(|| {
            if i == 0 {
                sides.0.clear();
                sides.1.clear();
            }
            let set = |side: &mut BTreeMap<Decimal, Decimal>, &(price, size): &(Decimal, Decimal)| {
                if size.is_zero() {
                    side.remove(&price)
                } else {
                    side.insert(price, size)
                };
            };
            walk[i].0.iter().for_each(|l| set(&mut sides.0, l));
            walk[i].1.iter().for_each(|l| set(&mut sides.1, l));
            i = if i + 1 == walk.len() { 0 } else { i + 1 };
            black_box(&sides);
        });
    }
}

/// Goal S2: both directions between two books of 15 levels, walked for size 5.0, net of fees.
mod spread {
    use crate::walk::{self, Message};
    use books::{Book, Costs, Depth, Quote, Rules, both};
    use divan::{Bencher, black_box};
    use domain::{BookKind, InstrumentId, Level, MarketEvent, Mono, Rate, Size};
    use rust_decimal::Decimal;
    use std::collections::BTreeMap;

    const BOOKS: usize = 256;
    const SAMPLE: u32 = 4_096;
    const NOW: Mono = Mono(1);

    fn books() -> Vec<Book> {
        let rules = Rules { levels_max: 16, warm_up_updates: 0, mark_gap_max: None, ..Rules::snapshots() };
        let book = |m: Message| {
            let mut book = Book::new(InstrumentId(1), rules);
            let n = m.bids.len() as u32;
            let (bids, asks) = (0..n, n..n + m.asks.len() as u32);
            let (instrument, kind) = (InstrumentId(1), BookKind::Snapshot);
            let event = MarketEvent::Book { instrument, kind, seq: 0, venue_time: None, bids, asks };
            let levels: Vec<Level> = m.bids.into_iter().chain(m.asks).collect();
            let _ = book.apply(&event, &levels, NOW);
            book
        };
        walk::snapshots(BOOKS).into_iter().map(book).collect()
    }
    fn pick<T>(of: &[T], i: usize) -> (&T, &T) {
        (&of[i & (BOOKS - 1)], &of[(i * 7 + 3) & (BOOKS - 1)])
    }
    fn costs(long_bps: i64, short_bps: i64) -> Costs {
        let bps = Rate::from_bps;
        Costs::new(bps(long_bps), bps(short_bps), Rate::ZERO, Rate::ZERO).expect("a few basis points")
    }

    /// Ours, both books anew: four walks, edge of both directions against a minimum.
    #[divan::bench(sample_size = SAMPLE, sample_count = 2000)]
    fn vwap_net_2dir(bencher: Bencher<'_, '_>) {
        let (books, size) = (books(), Size::from_e8(500_000_000).expect("not negative"));
        let (there, back, edge_min) = (costs(3, 2), costs(2, 3), black_box(Rate::from_bps(1)));
        let depths: Vec<Depth<'_>> = books.iter().filter_map(|b| b.depth(NOW).ok()).collect();
        let mut i = 0usize;
        bencher.bench_local(|| {
            let (x, y) = black_box(pick(&depths, i));
            i += 1;
            let (x, y) = (Quote::of(*x, size), Quote::of(*y, size));
            let [a, b] = both(&x, &y);
            (a.edge(&there).map(|e| e.at_least(edge_min)), b.edge(&back).map(|e| e.at_least(edge_min)))
        });
    }

    /// The same and, before it, whether both books may trade at all: age, warm-up, mark.
    #[divan::bench(sample_size = SAMPLE, sample_count = 2000)]
    fn vwap_net_2dir_if_fit(bencher: Bencher<'_, '_>) {
        let (books, size) = (books(), Size::from_e8(500_000_000).expect("not negative"));
        let (there, back, edge_min) = (costs(3, 2), costs(2, 3), black_box(Rate::from_bps(1)));
        let mut i = 0usize;
        bencher.bench_local(|| {
            let (x, y) = black_box(pick(&books, i));
            i += 1;
            let (Ok(x), Ok(y)) = (x.depth(NOW), y.depth(NOW)) else { return (None, None) };
            let (x, y) = (Quote::of(x, size), Quote::of(y, size));
            let [a, b] = both(&x, &y);
            (a.edge(&there).map(|e| e.at_least(edge_min)), b.edge(&back).map(|e| e.at_least(edge_min)))
        });
    }

    /// Ours as the strategy runs it: one book moved, the other one's quote is still good.
    #[divan::bench(sample_size = SAMPLE, sample_count = 2000)]
    fn vwap_net_2dir_one_moved(bencher: Bencher<'_, '_>) {
        let (books, size) = (books(), Size::from_e8(500_000_000).expect("not negative"));
        let (there, back, edge_min) = (costs(3, 2), costs(2, 3), black_box(Rate::from_bps(1)));
        let quotes: Vec<Quote> =
            books.iter().map(|b| b.depth(NOW).map_or(Quote::nothing(size), |d| Quote::of(d, size))).collect();
        let mut i = 0usize;
        bencher.bench_local(|| {
            let (x, _) = black_box(pick(&books, i));
            let (_, y) = black_box(pick(&quotes, i));
            i += 1;
            let Ok(x) = x.depth(NOW) else { return (None, None) };
            let x = Quote::of(x, size);
            let [a, b] = both(&x, y);
            (a.edge(&there).map(|e| e.at_least(edge_min)), b.edge(&back).map(|e| e.at_least(edge_min)))
        });
    }

    /// What is shown and journaled after the decision: all eight spreads as rates.
    #[divan::bench(sample_size = SAMPLE, sample_count = 500)]
    fn eight_rates(bencher: Bencher<'_, '_>) {
        let (books, size) = (books(), Size::from_e8(500_000_000).expect("not negative"));
        let quotes: Vec<Quote> =
            books.iter().map(|b| b.depth(NOW).map_or(Quote::nothing(size), |d| Quote::of(d, size))).collect();
        let mut i = 0usize;
        bencher.bench_local(|| {
            let (x, y) = black_box(pick(&quotes, i));
            i += 1;
            both(x, y).map(|cross| cross.spreads())
        });
    }

    /// Floor: four walks over plain arrays and four products, no checks of any kind.
    #[divan::bench(sample_size = SAMPLE, sample_count = 2000)]
    fn vwap_net_2dir_floor(bencher: Bencher<'_, '_>) {
        fn walk(levels: &[Level; 15], mut left: i64) -> i128 {
            let mut cost = 0;
            for l in levels {
                let take = left.min(l.size);
                cost += i128::from(take) * i128::from(l.price);
                left -= take;
                if left == 0 {
                    break;
                }
            }
            cost
        }
        let plain = |of: Vec<Level>| <[Level; 15]>::try_from(of).expect("15 levels");
        let books: Vec<_> = walk::snapshots(BOOKS).into_iter().map(|m| (plain(m.bids), plain(m.asks))).collect();
        let mut i = 0usize;
        bencher.bench_local(|| {
            let (x, y) = black_box(pick(&books, i));
            i += 1;
            let a = walk(&y.0, 500_000_000) * 9_998 - walk(&x.1, 500_000_000) * 10_003;
            let b = walk(&x.0, 500_000_000) * 9_997 - walk(&y.1, 500_000_000) * 10_002;
            (a > 0, b > 0, a, b)
        });
    }

    /// The usual code: sorted maps of decimals.
    #[divan::bench(sample_size = SAMPLE, sample_count = 200)]
    fn vwap_net_2dir_baseline_btree_decimal(bencher: Bencher<'_, '_>) {
        fn average<'a>(levels: impl Iterator<Item = (&'a Decimal, &'a Decimal)>, size: Decimal) -> Decimal {
            let (mut left, mut cost) = (size, Decimal::ZERO);
            for (price, there) in levels {
                let take = left.min(*there);
                cost += take * *price;
                left -= take;
                if left.is_zero() {
                    break;
                }
            }
            cost / size
        }
        let map = |of: &[Level]| -> BTreeMap<Decimal, Decimal> {
            of.iter().map(|l| (Decimal::new(l.price / 10_000_000, 1), Decimal::new(l.size / 100_000, 3))).collect()
        };
        let books: Vec<_> = walk::snapshots(BOOKS).iter().map(|m| (map(&m.bids), map(&m.asks))).collect();
        let size = Decimal::from(5);
        let [f9998, f9997, f10002, f10003] = [9_998, 9_997, 10_002, 10_003].map(|f| Decimal::new(f, 4));
        let mut i = 0usize;
        bencher.bench_local(|| {
            let (x, y) = black_box(pick(&books, i));
            i += 1;
            let a = average(y.0.iter().rev(), size) * f9998 - average(x.1.iter(), size) * f10003;
            let b = average(x.0.iter().rev(), size) * f9997 - average(y.1.iter(), size) * f10002;
            (a > Decimal::ZERO, b > Decimal::ZERO)
        });
    }
}
