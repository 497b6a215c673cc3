//! P2 `parse/json_snap15`: one book of 15 levels a side in the venue's own shape, from bytes to integers at 1e-8.
//!
//! The baselines stand in the same run, so that a goal is a ratio and not a time: the byte-by-byte scan that checks
//! nothing (the floor), sonic-rs and serde over borrowed text (what one would write first). All give equal books,
//! which is asserted before anything is measured. 1,024 different frames are cycled.
//!
//! `cargo bench -p vest_client`

use divan::{Bencher, black_box};
use domain::{Level, parse_e8};
use serde::Deserialize;
use std::cell::Cell;

fn main() {
    let frames = frames();
    for frame in &frames {
        let expect = checked(frame);
        assert_eq!(expect.len(), 30);
        assert_eq!(serde_borrowed(frame), expect);
        assert_eq!(sonic_borrowed(frame), expect);
        let mut levels = Vec::new();
        floor_unchecked(frame, &mut levels);
        assert_eq!(levels, expect);
    }
    divan::main();
}

/// A walk of mid prices; prices with two decimals, sizes with four, as BTC-PERP has them.
fn frames() -> Vec<Vec<u8>> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = move |n: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % n
    };
    let mut mid = 9_123_450u64;
    (0..1_024)
        .map(|_| {
            mid = mid + draw(21) - 10;
            let mut side = |up: bool| {
                let rows: Vec<String> = (1..=15u64)
                    .map(|n| {
                        let (price, size) = (if up { mid + n * 25 } else { mid - n * 25 }, 1 + draw(90_000));
                        let (p, q) = ((price / 100, price % 100), (size / 10_000, size % 10_000));
                        format!(r#"["{}.{:02}","{}.{:04}"]"#, p.0, p.1, q.0, q.1)
                    })
                    .collect();
                rows.join(",")
            };
            format!(r#"{{"channel":"BTC-PERP@depth","data":{{"bids":[{}],"asks":[{}]}}}}"#, side(false), side(true)).into_bytes()
        })
        .collect()
}

fn checked(frame: &[u8]) -> Vec<Level> {
    let mut levels = Vec::new();
    assert!(vest_client::bench::scan(frame, &mut levels), "the fast path takes every frame");
    levels
}

#[derive(Deserialize)]
struct Message<'a> {
    channel: &'a str,
    #[serde(borrow)]
    data: Book<'a>,
}

#[derive(Deserialize)]
struct Book<'a> {
    #[serde(borrow)]
    bids: Vec<(&'a str, &'a str)>,
    asks: Vec<(&'a str, &'a str)>,
}

fn push(message: &Message<'_>, levels: &mut Vec<Level>) {
    assert!(message.channel.ends_with("@depth"));
    for (price, size) in message.data.bids.iter().chain(&message.data.asks) {
        let read = |text: &str| parse_e8(text.as_bytes()).expect("a decimal");
        levels.push(Level { price: read(price), size: read(size) });
    }
}

fn serde_borrowed(frame: &[u8]) -> Vec<Level> {
    let mut levels = Vec::new();
    push(&serde_json::from_slice(frame).expect("JSON"), &mut levels);
    levels
}

fn sonic_borrowed(frame: &[u8]) -> Vec<Level> {
    let mut levels = Vec::new();
    push(&sonic_rs::from_slice(frame).expect("JSON"), &mut levels);
    levels
}

/// Trusts every position and every byte: what a parser cannot be faster than, and none may do.
fn floor_unchecked(frame: &[u8], levels: &mut Vec<Level>) {
    const POW: [i64; 9] = [100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];
    let number = |mut at: usize| {
        let (mut value, mut fraction, mut point) = (0i64, 0usize, false);
        while frame[at] != b'"' {
            if frame[at] == b'.' {
                point = true;
            } else {
                value = value * 10 + i64::from(frame[at] & 15);
                fraction += usize::from(point);
            }
            at += 1;
        }
        (value * POW[fraction & 7], at + 1)
    };
    let mut at = r#"{"channel":"BTC-PERP@depth","data":{"bids":["#.len();
    for _ in 0..2 {
        while frame[at] == b'[' {
            let (price, next) = number(at + 2);
            let (size, next) = number(next + 2);
            levels.push(Level { price, size });
            at = next + 1 + usize::from(frame[next + 1] == b',');
        }
        at += r#"],"asks":["#.len();
    }
}

mod parse {
    use super::*;

    fn run(bencher: Bencher<'_, '_>, mut one: impl FnMut(&[u8], &mut Vec<Level>)) {
        let (frames, at) = (frames(), Cell::new(0usize));
        let mut levels = Vec::with_capacity(64);
        bencher.bench_local(|| {
            let frame = &frames[at.get()];
            at.set((at.get() + 1) % frames.len());
            levels.clear();
            one(black_box(frame), &mut levels);
            levels.len()
        });
    }

    #[divan::bench(sample_size = 128, sample_count = 200)]
    fn json_snap15(bencher: Bencher<'_, '_>) {
        run(bencher, |frame, levels| assert!(vest_client::bench::scan(frame, levels)));
    }
    #[divan::bench(sample_size = 128, sample_count = 200)]
    fn json_snap15_floor_unchecked(bencher: Bencher<'_, '_>) {
        run(bencher, floor_unchecked);
    }
    #[divan::bench(sample_size = 128, sample_count = 200)]
    fn json_snap15_sonic_borrowed(bencher: Bencher<'_, '_>) {
        run(bencher, |frame, levels| push(&sonic_rs::from_slice(frame).expect("JSON"), levels));
    }
    #[divan::bench(sample_size = 128, sample_count = 200)]
    fn json_snap15_serde_borrowed(bencher: Bencher<'_, '_>) {
        run(bencher, |frame, levels| push(&serde_json::from_slice(frame).expect("JSON"), levels));
    }
}
