//! What happens in a drawn world of bets besides betting: faults of both venues, cut lines, deaths.

use super::bettor::{AZURO, SX};
use crate::random::Random;
use crate::world::Crash;
use serde_json::Value;

/// Something that goes wrong, or goes on.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// A fault of a venue begins.
    Fault { venue: usize, name: &'static str, parameters: Value },
    /// A fault of a venue ends.
    Clear { venue: usize, name: &'static str },
    /// Every connection to a venue breaks.
    Cut { venue: usize },
    /// A bet is placed, if one can be.
    Bet { venue: usize },
    /// Everything that rests is cancelled.
    Cancel { venue: usize },
    /// The bot dies now.
    Kill,
    /// The bot dies over one of its next effects.
    KillAt { effects: u64, how: Crash },
}

/// A drawn course.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) name: String,
    /// How long bets are placed, ms.
    pub(super) run_ms: i64,
    /// Travel times, ms: lowest and highest.
    pub(super) latency_ms: (i64, i64),
    /// Longest wait for an outcome at SX Bet, ms.
    pub(super) wait_ms: u32,
    /// One market in so many is quoted.
    pub(super) one_in: u64,
    /// Whether SX Bet's account channels remember what a lost connection missed.
    pub(super) account_recoverable: bool,
    /// How the venues are built, from the start.
    pub(super) switches: Vec<(usize, &'static str, Value)>,
    /// In microseconds after the beginning.
    pub(super) deeds: Vec<(i64, Deed)>,
}

impl Scenario {
    pub(super) fn drawn(seed: u64) -> Self {
        let mut r = Random::new(seed ^ 0xbe75_0001);
        let run_ms = 40_000;
        let mut deeds = Vec::new();
        for venue in [SX, AZURO] {
            for _ in 0..r.between(2, 5) {
                deeds.push((r.between(6_000, run_ms) * 1_000, Deed::Bet { venue }));
            }
            for _ in 0..r.between(0, 5) {
                draw_fault(&mut r, venue, run_ms, &mut deeds);
            }
            if r.chance(35) {
                deeds.push((r.between(500, run_ms) * 1_000, Deed::Cut { venue }));
            }
            if r.chance(25) {
                deeds.push((r.between(10_000, run_ms) * 1_000, Deed::Cancel { venue }));
            }
        }
        for _ in 0..[0, 0, 1, 1, 2][r.between(0, 4) as usize] {
            let at = r.between(2_000, run_ms) * 1_000;
            let how = match r.between(0, 2) {
                0 => Crash::Before,
                1 => Crash::Torn(r.between(1, 300) as usize),
                _ => Crash::After,
            };
            let deed = if r.chance(35) { Deed::Kill } else { Deed::KillAt { effects: r.between(0, 6) as u64, how } };
            deeds.push((at, deed));
        }
        let low = r.between(1, 60);
        Self {
            name: format!("bets seed {seed}"),
            run_ms,
            latency_ms: (low, low + r.between(0, 60)),
            wait_ms: [0, 800, 15_000][r.between(0, 2) as usize],
            one_in: [1, 2, 5][r.between(0, 2) as usize],
            account_recoverable: r.chance(60),
            switches: draw_switches(&mut r),
            deeds,
        }
    }
}

fn pick<'a, T>(r: &mut Random, of: &'a [T]) -> &'a T {
    &of[r.between(0, of.len() as i64 - 1) as usize]
}

/// A fault and its end.
fn draw_fault(r: &mut Random, venue: usize, run_ms: i64, deeds: &mut Vec<(i64, Deed)>) {
    let faults: Vec<(&'static str, Value)> = super::faults::of(venue, r);
    let (name, parameters) = pick(r, &faults).clone();
    let at = r.between(1_000, run_ms) * 1_000;
    let lasts = if r.chance(15) { r.between(10_000, 20_000) } else { r.between(300, 6_000) } * 1_000;
    deeds.push((at, Deed::Fault { venue, name, parameters }));
    deeds.push((at + lasts, Deed::Clear { venue, name }));
}

/// How each venue does what its documents leave open.
fn draw_switches(r: &mut Random) -> Vec<(usize, &'static str, Value)> {
    let mut drawn = Vec::new();
    for venue in [SX, AZURO] {
        for (name, values) in super::faults::switches(venue) {
            if r.chance(30) {
                drawn.push((venue, name, pick(r, &values).clone()));
            }
        }
    }
    drawn
}
