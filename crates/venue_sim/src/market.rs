//! The market both simulated venues live in: a price that is a pure function of seed, pair and time.
//!
//! Two simulators in two processes with the same seed therefore see the same world without speaking to each other.
//! The index wanders by value noise; each venue's mid follows it with an offset of its own, and from time to time
//! the offsets drift apart for a second or two, which is what an arbitrage bot lives on. Integers only.

use crate::SimNow;

/// What the world is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MarketShape {
    /// Every how many ms the venues may drift apart.
    pub pulse_every_ms: i64,
    /// How long they stay apart, ms; ramps of a sixth at both ends.
    pub pulse_ms: i64,
    /// How far apart at the peak, basis points; the sign is drawn.
    pub pulse_bps: i64,
    /// How far the index wanders within a minute, basis points.
    pub noise_bps: i64,
}

impl Default for MarketShape {
    fn default() -> Self {
        Self { pulse_every_ms: 7_000, pulse_ms: 2_400, pulse_bps: 52, noise_bps: 12 }
    }
}

/// The world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Market {
    seed: u64,
    shape: MarketShape,
}

const BPS: i64 = 10_000;

impl Market {
    /// A world from a seed.
    pub const fn new(seed: u64, shape: MarketShape) -> Self {
        Self { seed, shape }
    }

    /// Index price of a base currency (`BTC`, `ETH`, `SOL`; any other name gets one drawn from its letters), at 1e-8.
    pub fn index(&self, base: &str, now: SimNow) -> i64 {
        let anchor = match base {
            "BTC" => 91_000,
            "ETH" => 3_100,
            "SOL" => 140,
            other => 1 + (hash(self.seed, other, 0, 0) % 500) as i64,
        } * 100_000_000;
        let mut offset_e4 = 0; // hundredths of a basis point
        for (octave, period_ms) in [(1u64, 60_000i64), (2, 11_000), (3, 1_700)] {
            let reach = self.shape.noise_bps * 100 / (1 << (octave - 1));
            offset_e4 += self.noise(base, octave, period_ms, now.ms()) * reach / 1_000;
        }
        anchor + scale(anchor, offset_e4)
    }

    /// Mid price of a venue: the index and the venue's own offset, at 1e-8.
    pub fn mid(&self, base: &str, venue: &str, now: SimNow) -> i64 {
        let index = self.index(base, now);
        index + scale(index, self.offset_e4(base, venue, now.ms()))
    }

    /// Any drawn number that belongs to this seed, a name and a counter.
    pub fn draw(&self, name: &str, n: u64) -> u64 {
        hash(self.seed, name, n, 17)
    }

    /// Offset of a venue in hundredths of a basis point.
    fn offset_e4(&self, base: &str, venue: &str, ms: i64) -> i64 {
        let jitter = self.noise_of(venue, base, 9, 2_300, ms) * 40 / 1_000;
        let MarketShape { pulse_every_ms, pulse_ms, pulse_bps, .. } = self.shape;
        if pulse_every_ms <= 0 || pulse_ms <= 0 || venue == "vest" {
            return jitter; // one venue stands still, the other moves away: the difference is what matters
        }
        let window = ms.div_euclid(pulse_every_ms);
        let drawn = hash(self.seed, base, window as u64, 31);
        let room = (pulse_every_ms - pulse_ms).max(1);
        let at = ms.rem_euclid(pulse_every_ms) - (drawn >> 8) as i64 % room.max(1);
        let at = if at < 0 || at >= pulse_ms { return jitter } else { at };
        let ramp = (pulse_ms / 6).max(1);
        let height = at.min(pulse_ms - 1 - at).min(ramp) * 1_000 / ramp;
        let sign = if drawn & 1 == 0 { 1 } else { -1 };
        jitter + sign * pulse_bps * 100 * height / 1_000
    }

    fn noise(&self, base: &str, octave: u64, period_ms: i64, ms: i64) -> i64 {
        self.noise_of("index", base, octave, period_ms, ms)
    }

    /// Value noise in thousandths, -1000 to 1000, smooth in time.
    fn noise_of(&self, whose: &str, base: &str, octave: u64, period_ms: i64, ms: i64) -> i64 {
        let cell = ms.div_euclid(period_ms);
        let t = ms.rem_euclid(period_ms) * 1_000 / period_ms;
        let t = t * t * (3_000 - 2 * t) / 1_000_000; // smoothstep
        let at = |c: i64| {
            let salt = hash(self.seed, whose, octave, 3);
            (hash(salt, base, c as u64, octave) % 2_001) as i64 - 1_000
        };
        let (a, b) = (at(cell), at(cell + 1));
        a + (b - a) * t / 1_000
    }
}

fn scale(price: i64, offset_e4: i64) -> i64 {
    (i128::from(price) * i128::from(offset_e4) / i128::from(BPS * 100)) as i64
}

/// A number that belongs to a seed, a name and two counters.
pub(crate) fn hash(seed: u64, name: &str, a: u64, b: u64) -> u64 {
    let mut h = seed ^ 0x9e37_79b9_7f4a_7c15;
    for byte in name.bytes() {
        h = mix(h ^ u64::from(byte));
    }
    mix(mix(h ^ a.wrapping_mul(0xff51_afd7_ed55_8ccd)) ^ b.wrapping_mul(0xc4ce_b9fe_1a85_ec53))
}

/// The finaliser of splitmix64.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_world_and_another_seed_another() {
        let at = SimNow(1_763_712_000_123_000);
        let price = |seed| Market::new(seed, MarketShape::default()).mid("ETH", "paradex", at);
        assert_eq!(price(7), price(7));
        assert_ne!(price(7), price(8));
    }

    #[test]
    fn the_venues_drift_apart_and_come_back_within_every_half_minute() {
        for seed in 0..50 {
            let m = Market::new(seed, MarketShape::default());
            let gap_bps = |ms: i64| {
                let now = SimNow(ms * 1_000);
                let (v, p) = (m.mid("ETH", "vest", now), m.mid("ETH", "paradex", now));
                ((p - v) as i128 * 10_000 / i128::from(v)).abs()
            };
            let start = 1_763_712_000_000;
            let (mut apart, mut together) = (0, 0);
            for ms in (start..start + 30_000).step_by(100) {
                let g = gap_bps(ms);
                apart += i32::from(g >= 45);
                together += i32::from(g <= 3);
                assert!(g < 70, "seed {seed}: {g} bps apart");
            }
            assert!(apart > 10, "seed {seed} never drifts apart");
            assert!(together > 50, "seed {seed} never comes back");
        }
    }
}
