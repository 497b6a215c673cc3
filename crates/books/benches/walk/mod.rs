//! Synthetic market data for the benches: the same walk for every row, drawn from a fixed seed.
//!
//! Shape of the performance goals: a snapshot of 2 x 200 levels at tick 0.1, then 4,096 messages of about four changes
//! each, three of four within eight ticks of the best; and 15-level snapshots whose mid wanders by a tick or two.

use domain::Level;

/// One step of price, at 1e-8.
pub(crate) const TICK: i64 = 10_000_000;
const LOT: i64 = 100_000;

/// The generator of Marsaglia's xorshift, 64 bits.
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }
    pub(crate) fn below(&mut self, n: u64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n) as i64
    }
    fn size(&mut self) -> i64 {
        (1 + self.below(5_000)) * LOT
    }
}

/// One message: bids, then asks.
#[derive(Default)]
pub(crate) struct Message {
    pub(crate) bids: Vec<Level>,
    pub(crate) asks: Vec<Level>,
}

/// The walk: a snapshot first, then changes.
pub(crate) fn deltas() -> Vec<Message> {
    let mut draw = Draw::new(0x9E37_79B9_7F4A_7C15);
    // Distance from the mid in ticks to size, 0 where there is no level; kept for both sides.
    let mut sides = [std::collections::BTreeMap::new(), std::collections::BTreeMap::new()];
    for distance in 1..=200 {
        for side in &mut sides {
            side.insert(distance, draw.size());
        }
    }
    let price = |side: usize, distance: i64| (676_297 + if side == 0 { -distance } else { distance }) * TICK;
    let all = |side: usize, of: &std::collections::BTreeMap<i64, i64>| {
        of.iter().map(|(&d, &size)| Level { price: price(side, d), size }).collect()
    };
    let mut walk = vec![Message { bids: all(0, &sides[0]), asks: all(1, &sides[1]) }];
    for _ in 0..4_096 {
        let mut message = Message::default();
        for _ in 0..4 {
            let side = draw.below(2) as usize;
            let reach = if draw.below(4) == 0 { 200 } else { 8 };
            let best = sides[side].first_key_value().map_or(1, |(&d, _)| d);
            let distance = best + draw.below(reach);
            let told = if side == 0 { &mut message.bids } else { &mut message.asks };
            let price = price(side, distance);
            if told.iter().any(|l: &Level| l.price == price) {
                continue;
            }
            let drop = sides[side].contains_key(&distance) && draw.below(3) == 0 && sides[side].len() > 150;
            let size = if drop { 0 } else { draw.size() };
            if drop {
                sides[side].remove(&distance);
            } else {
                sides[side].insert(distance, size);
            }
            told.push(Level { price, size });
        }
        walk.push(message);
    }
    walk
}

/// `n` snapshots of 15 levels a side, best first.
pub(crate) fn snapshots(n: usize) -> Vec<Message> {
    let mut draw = Draw::new(0x9E37_79B9_7F4A_7C15);
    let mut mid = 676_297;
    (0..n)
        .map(|_| {
            mid += draw.below(5) - 2;
            let mut message = Message::default();
            for i in 1..=15 {
                message.bids.push(Level { price: (mid - i) * TICK, size: draw.size() });
                message.asks.push(Level { price: (mid + i) * TICK, size: draw.size() });
            }
            message
        })
        .collect()
}
