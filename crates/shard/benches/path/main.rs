//! T1 and T2: the whole path of one update, through the real clients, books, strategy and engine of a real shard.
//!
//! T2 `t2o/no_opportunity`: bytes of a frame to the edge of both directions, nothing to do. T1 `t2o/..._to_two_signed`:
//! bytes of a frame to two orders, cleared, signed, in the venues' words, recorded as outputs in the order in which a
//! shell performs them. Beside them, in the same run: a floor that checks nothing, the code usually written, and the
//! parts that T1 cannot be faster than. Compare the *fastest* column. `cargo bench -p shard`.

#[path = "../../tests/integration/frames.rs"]
mod frames;
#[path = "../../tests/integration/pipe.rs"]
mod pipe;
mod signers;
mod usual;

use divan::{Bencher, black_box};
use domain::{Level, Mono, Now, Rate};
use frames::{DEPTH, MID, numbered, paradex_snapshot, vest_depth};
use pipe::{FEED, PAIR, PARADEX, Pipe, VEST};
use serde_json::json;
use signers::{Stark, Vest};
use std::cell::RefCell;
use std::sync::LazyLock;
use std::time::Instant;
use usual::Usual;
use venue_api::Frame;
use venue_sim::Message;

fn main() {
    signing::warm_up();
    divan::main();
}

const FRAMES: u64 = 1_024;
/// Above every number the simulated venue has used while the shard came up.
const FIRST: u64 = 20_000_000_000;

/// The shell's stopwatch, as it runs live: an order pays for being timed.
#[expect(clippy::disallowed_methods, reason = "a bench is a shell: it owns a clock")]
fn stopwatch() -> Mono {
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    Mono(BEGAN.elapsed().as_nanos() as u64)
}

/// A shard that trades and sees no opportunity whatever comes.
fn quiet() -> (Pipe, Now) {
    let mut pipe = Pipe::new(Rate::from_bps(500), stopwatch);
    pipe.bring_up();
    let now = pipe.stamp();
    (pipe, now)
}

/// Feeds Paradex frames in a circle, numbered on, so that each is the next one.
fn paradex_circle(bencher: Bencher<'_, '_>, mut frames: Vec<Vec<u8>>) {
    let (mut pipe, now) = quiet();
    let (last, mut at, mut seq) = (frames.len() - 1, 0, FIRST);
    let mut next = || {
        let frame = &mut frames[at];
        frame[16..24].copy_from_slice(&seq.to_le_bytes());
        seq += 1;
        at = if at == last { 0 } else { at + 1 };
        pipe.shard.on_frame(PARADEX, FEED, Frame::Binary(black_box(frame)), now);
    };
    // Past the snapshot and the warm-up after it.
    (0..16).for_each(|_| next());
    bencher.bench_local(next);
    assert!(pipe.trades() && pipe.perform().is_empty(), "every frame was taken, none led to anything");
}

/// Frames of one template as the simulated Paradex sent them, beginning with the snapshot.
fn recorded(template: u16) -> Vec<Vec<u8>> {
    let mut pipe = Pipe::new(Rate::from_bps(500), stopwatch);
    let mut seen = pipe.bring_up();
    for _ in 0..4_000 {
        let (venue, message) = pipe.next_frame();
        pipe.deliver(venue, &message);
        pipe.perform();
        seen.push((venue, message));
    }
    let of_template = |(venue, message): (usize, Message)| match (numbered(&message), message) {
        (Some((t, _)), Message::Binary(bytes)) if venue == PARADEX && t == template => Some(bytes),
        _ => None,
    };
    seen.into_iter().filter_map(of_template).collect()
}

/// T2, the whole book each time: the shape of P1.
#[divan::bench(name = "t2o/no_opportunity/sbe_snapshot15", sample_size = 1024, sample_count = 300)]
fn sbe_snapshot(bencher: Bencher<'_, '_>) {
    paradex_circle(bencher, (0..FRAMES).map(|n| paradex_snapshot(0, MID, n)).collect());
}

/// T2, what the feed mostly sends: changes, as recorded from the simulated venue.
#[divan::bench(name = "t2o/no_opportunity/sbe_delta", sample_size = 1024, sample_count = 300)]
fn sbe_delta(bencher: Bencher<'_, '_>) {
    paradex_circle(bencher, recorded(3));
}

/// T2, best prices from a channel of their own: an audit of the book, no look at the edge.
#[divan::bench(name = "t2o/no_opportunity/sbe_bbo", sample_size = 1024, sample_count = 300)]
fn sbe_bbo(bencher: Bencher<'_, '_>) {
    paradex_circle(bencher, recorded(2));
}

/// T2, the other venue: a whole book as JSON, in a binary frame as the venue sends it.
#[divan::bench(name = "t2o/no_opportunity/vest_json15", sample_size = 1024, sample_count = 300)]
fn vest_json(bencher: Bencher<'_, '_>) {
    let (mut pipe, now) = quiet();
    let frames: Vec<String> = (0..FRAMES).map(|n| vest_depth(MID, n)).collect();
    let mut at = 0;
    bencher.bench_local(|| {
        at = (at + 1) % frames.len();
        pipe.shard.on_frame(VEST, FEED, Frame::Binary(black_box(frames[at].as_bytes())), now);
    });
    assert!(pipe.trades() && pipe.perform().is_empty(), "every frame was taken, none led to anything");
}

/// What taking `size` from levels that stand best first costs.
fn cost<'a>(levels: impl Iterator<Item = &'a Level>, size: i64) -> i128 {
    let (mut left, mut cost) = (size, 0);
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

/// The level that stands in 16 bytes, unseen.
fn level(chunk: &[u8]) -> Level {
    let number = |at: usize| i64::from_le_bytes(chunk[at..at + 8].try_into().expect("eight bytes"));
    Level { price: number(0), size: number(8) }
}

/// Floor of T2: copies the levels without a look at them and walks plain arrays four times.
#[divan::bench(name = "t2o/no_opportunity/sbe_snapshot15_floor", sample_size = 1024, sample_count = 300)]
fn sbe_snapshot_floor(bencher: Bencher<'_, '_>) {
    const SIDE: usize = DEPTH as usize;
    let frames: Vec<Vec<u8>> = (0..FRAMES).map(|n| paradex_snapshot(n, MID, n)).collect();
    let other = frames::sides(MID, 7);
    let (mut levels, mut at) = ([Level::default(); 2 * SIDE], 0);
    bencher.bench_local(|| {
        at = (at + 1) % frames.len();
        let frame = black_box(&frames[at]);
        let sides = frame[101..101 + 16 * SIDE].chunks_exact(16).chain(frame[105 + 16 * SIDE..].chunks_exact(16));
        for (to, chunk) in levels.iter_mut().zip(sides) {
            *to = level(chunk);
        }
        let (bids, asks) = black_box(&levels).split_at(SIDE);
        let size = black_box(200_000_000);
        let there = cost(bids.iter(), size) * 10_000 - cost(other[1].iter(), size) * 10_500;
        let back = cost(other[0].iter(), size) * 10_000 - cost(asks.iter(), size) * 10_500;
        (there > 0, back > 0)
    });
}

/// Floor of T2 for changes: sorted vectors with the best last, searched from there, nothing checked; four walks.
#[divan::bench(name = "t2o/no_opportunity/sbe_delta_floor", sample_size = 1024, sample_count = 300)]
fn sbe_delta_floor(bencher: Bencher<'_, '_>) {
    fn set(side: &mut Vec<Level>, change: Level, sign: i64) {
        let key = change.price * sign;
        let at = side.iter().rposition(|l| l.price * sign <= key).map_or(0, |i| i + 1);
        if at > 0 && side[at - 1].price == change.price {
            if change.size == 0 {
                side.remove(at - 1);
            } else {
                side[at - 1].size = change.size;
            }
        } else if change.size != 0 {
            side.insert(at, change);
        }
    }
    let frames = recorded(3);
    let other = frames::sides(MID, 7);
    let (mut bids, mut asks) = (Vec::<Level>::with_capacity(256), Vec::<Level>::with_capacity(256));
    let mut at = 0;
    bencher.bench_local(|| {
        let frame = black_box(&frames[at]);
        at = if at + 1 == frames.len() { 0 } else { at + 1 };
        if frame[24] == 0 {
            bids.clear();
            asks.clear();
        }
        let count = |at: usize| usize::from(u16::from_le_bytes([frame[at], frame[at + 1]]));
        let middle = 101 + 16 * count(99);
        frame[101..middle].chunks_exact(16).for_each(|c| set(&mut bids, level(c), 1));
        frame[middle + 4..middle + 4 + 16 * count(middle + 2)].chunks_exact(16).for_each(|c| set(&mut asks, level(c), -1));
        let size = black_box(200_000_000);
        let there = cost(bids.iter().rev(), size) * 10_000 - cost(other[1].iter(), size) * 10_500;
        let back = cost(other[0].iter(), size) * 10_000 - cost(asks.iter().rev(), size) * 10_500;
        (there > 0, back > 0)
    });
}

/// T2 as usually written.
#[divan::bench(name = "t2o/no_opportunity/usual", sample_size = 64, sample_count = 200)]
fn no_opportunity_usual(bencher: Bencher<'_, '_>) {
    let mut usual = Usual::new();
    let frames: Vec<String> = (0..FRAMES).map(|n| usual::json_frame(MID, n)).collect();
    let mut at = 0;
    bencher.bench_local(|| {
        at = (at + 1) % frames.len();
        usual.on_frame(black_box(&frames[at]))
    });
    assert_eq!(usual.on_frame(&frames[0]), None);
}

/// A shard before an opportunity, again and again: both venues refuse every order, so each round is over soon.
struct Before {
    pipe: Pipe,
    seq: u64,
}

impl Before {
    fn new() -> Self {
        let mut pipe = Pipe::new(Rate::from_bps(25), stopwatch);
        pipe.bring_up();
        pipe.fault(VEST, "refuse_order", &json!({"count": 1_000_000, "code": 3001}));
        pipe.fault(PARADEX, "refuse_order", &json!({"count": 1_000_000, "code": "NOT_ENOUGH_MARGIN"}));
        Self { pipe, seq: FIRST }
    }

    /// Lets the last round end and both books stand at the same price, warm.
    fn settle(&mut self) {
        self.pipe.perform();
        self.pipe.pass_ms(500);
        for _ in 0..4 {
            self.seq += 1;
            // The book that stood apart comes back first, whichever it was.
            let venue = if self.pipe.shard.strategy().reference(domain::InstrumentId(0)).is_some_and(|p| p.e8() > MID + MID / 400)
            {
                [VEST, PARADEX]
            } else {
                [PARADEX, VEST]
            };
            for venue in venue {
                let book = if venue == VEST {
                    Message::Binary(vest_depth(MID, self.seq).into_bytes())
                } else {
                    Message::Binary(paradex_snapshot(self.seq, MID, self.seq))
                };
                self.pipe.deliver(venue, &book);
            }
        }
        self.pipe.perform();
        assert!(self.pipe.trades() && self.pipe.shard.engine().round_on(PAIR).is_none(), "ready for the next round");
        self.seq += 1;
    }
}

/// One entry per sample; `touch` runs right before it.
fn entries(bencher: Bencher<'_, '_>, frame: impl Fn(u64) -> (usize, Message), touch: impl Fn()) {
    let before = RefCell::new(Before::new());
    bencher
        .with_inputs(|| {
            let mut before = before.borrow_mut();
            before.settle();
            let frame = frame(before.seq);
            touch();
            frame
        })
        .bench_local_values(|(venue, frame)| {
            before.borrow_mut().pipe.deliver(venue, &frame);
            frame
        });
    let before = before.borrow();
    assert!(before.pipe.shard.engine().round_on(PAIR).is_some(), "the frame led to a round");
}

fn paradex_moves(seq: u64) -> (usize, Message) {
    (PARADEX, Message::Binary(paradex_snapshot(seq, MID + MID / 200, seq)))
}

/// Signs a few orders that nobody sends: tables and code are where the timed orders will look for them.
fn sign_some() -> impl Fn() {
    let (stark, vest) = (Stark::new(), Vest::new());
    move || {
        for n in 0..4 {
            black_box((stark.sign(n), vest.sign(n)));
        }
    }
}

/// T1: an SBE frame to two signed orders, signing tables in the cache as in the rows of the parts.
#[divan::bench(name = "t2o/sbe_to_two_signed", sample_size = 1, sample_count = 400)]
fn sbe_to_two_signed(bencher: Bencher<'_, '_>) {
    entries(bencher, paradex_moves, sign_some());
}

/// T1 after half a second of other work on the same core: what an order costs when the last one is long ago.
#[divan::bench(name = "t2o/sbe_to_two_signed_cold", sample_size = 1, sample_count = 400)]
fn sbe_to_two_signed_cold(bencher: Bencher<'_, '_>) {
    entries(bencher, paradex_moves, || ());
}

/// T1 led by the other venue: a JSON frame to two signed orders.
#[divan::bench(name = "t2o/json_to_two_signed", sample_size = 1, sample_count = 400)]
fn json_to_two_signed(bencher: Bencher<'_, '_>) {
    entries(bencher, |seq| (VEST, Message::Binary(vest_depth(MID + MID / 200, seq).into_bytes())), sign_some());
}

/// T1 as usually written, JSON on both sides.
#[divan::bench(name = "t2o/two_signed_usual", sample_size = 1, sample_count = 200)]
fn two_signed_usual(bencher: Bencher<'_, '_>) {
    let mut usual = Usual::new();
    let frames: Vec<String> = (0..FRAMES).map(|n| usual::json_frame(MID + MID / 200, n)).collect();
    let mut at = 0;
    bencher.bench_local(|| {
        at = (at + 1) % frames.len();
        usual.on_frame(black_box(&frames[at])).expect("an opportunity")
    });
}

/// Part of T1: the Stark leg's hash and signature (G2).
#[divan::bench(name = "t2o/part/stark_order", sample_size = 20, sample_count = 200)]
fn part_stark(bencher: Bencher<'_, '_>) {
    let (stark, mut turn) = (Stark::new(), 0);
    bencher.bench_local(|| {
        turn += 1;
        stark.sign(turn)
    });
}

/// Part of T1: the other leg's hash and signature (as G3, of the message this venue wants).
#[divan::bench(name = "t2o/part/vest_order", sample_size = 20, sample_count = 200)]
fn part_vest(bencher: Bencher<'_, '_>) {
    let (vest, mut turn) = (Vest::new(), 0);
    bencher.bench_local(|| {
        turn += 1;
        vest.sign(turn)
    });
}
