//! The world of events both simulated betting venues live in: who plays when, how likely what is, how it ended.
//!
//! A pure function of seed and time, like [`crate::market`]: two simulators in two processes with the same seed see the same
//! matches, the same chances and the same final scores without speaking to each other. The chances wander; from time to time
//! one venue's opinion of an event drifts away for some seconds, which is what an arbitrage bot lives on. Integers only.
//!
//! Each venue writes the same event in its own way (names, leagues, minutes of the kick-off, on neutral ground even the order
//! of the teams). Whatever this module says "of a venue" is in that venue's own order: its first team, its lines.

mod chance;
mod event;
mod names;

pub use event::{Ending, Event, League, Phase, Question, Score, Share, Sport, Team, Venue};

use crate::SimNow;
use crate::market::hash;
use event::Fate;
use names::SERIES;

/// What the world is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SportsShape {
    /// Every how many ms an event may drift apart between the venues; 0: never.
    pub pulse_every_ms: i64,
    /// How long it stays apart, ms; ramps of a sixth at both ends.
    pub pulse_ms: i64,
    /// How far apart at the peak, at 1e-6 of probability where the chance is a half; less towards the ends.
    pub pulse_e6: i64,
    /// How many of a thousand events drift in a window.
    pub pulse_permille: u64,
    /// How far the teams' strengths wander, thousandths.
    pub noise_permille: i64,
    /// How many of a thousand events are not simply played.
    pub trouble_permille: u64,
    /// Matches and the time between them are so many times shorter than real ones.
    pub pace: i64,
    /// How many events of a series are announced ahead.
    pub ahead: u64,
}

impl Default for SportsShape {
    /// A drift about every half minute, worth 1 to 3 % after the usual margins of both venues.
    fn default() -> Self {
        Self {
            pulse_every_ms: 40_000,
            pulse_ms: 9_000,
            pulse_e6: 60_000,
            pulse_permille: 60,
            noise_permille: 40,
            trouble_permille: 60,
            pace: 1,
            ahead: 3,
        }
    }
}

/// The world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sports {
    seed: u64,
    shape: SportsShape,
}

const MINUTE_MS: i64 = 60_000;
/// How long an event is still told of after its end.
const KEPT_MS: i64 = 120 * MINUTE_MS;
/// A postponed event without a new time is off after this long (venues/sx.md section 5.3, status 5).
const POSTPONED_MS: i64 = 48 * 60 * MINUTE_MS;
/// Numbers of a series.
const PER_SERIES: u64 = 1_000_000_000;

impl Sports {
    /// A world from a seed.
    pub const fn new(seed: u64, shape: SportsShape) -> Self {
        Self { seed, shape }
    }

    /// Everything announced, being played or ended lately, by number.
    pub fn events(&self, now: SimNow) -> Vec<Event> {
        let mut all = Vec::new();
        for (i, series) in SERIES.iter().enumerate() {
            let (every, length) = (self.paced(series.every_min), self.paced(series.length_min));
            let running = now.ms().div_euclid(every).max(0) as u64;
            let back = ((length + self.real(KEPT_MS)) / every) as u64 + 2;
            for k in running.saturating_sub(back)..=running + self.shape.ahead {
                let Some(event) = self.event(i as u64 * PER_SERIES + k, now) else { continue };
                if event.ends_ms + self.real(KEPT_MS) >= now.ms() {
                    all.push(event);
                }
            }
        }
        all
    }

    /// One event, however old; `None` for a number that belongs to no series.
    pub fn event(&self, number: u64, now: SimNow) -> Option<Event> {
        let i = usize::try_from(number / PER_SERIES).ok()?;
        let series = SERIES.get(i)?;
        let (every, length) = (self.paced(series.every_min), self.paced(series.length_min));
        let k = (number % PER_SERIES) as i64;
        let drawn = hash(self.seed, series.name, k as u64, 1);
        let minute = self.real(MINUTE_MS).max(1_000);
        let planned = (k.checked_mul(every)? + (drawn >> 20) as i64 % (every / 2).max(1)) / minute * minute;
        let fate = self.fate(drawn, every);
        let said_ms = planned - self.real(45 * MINUTE_MS); // when trouble before the kick-off is known
        let starts_ms = match fate {
            Fate::Moved(by) if now.ms() >= said_ms => planned + by / minute * minute,
            _ => planned,
        };
        let ends_ms = starts_ms + length;
        let (ms, off) = (now.ms(), now.ms() >= said_ms);
        let phase = match fate {
            Fate::Cancelled if off => Phase::Cancelled,
            Fate::Postponed if off && ms >= planned + self.real(POSTPONED_MS) => Phase::Cancelled,
            Fate::Postponed if off => Phase::Postponed,
            _ if ms < starts_ms => Phase::Scheduled,
            Fate::Abandoned(at) if ms >= starts_ms + length * at / 1_000 => Phase::Abandoned,
            _ if ms < ends_ms => Phase::Live,
            _ => Phase::Finished,
        };
        let teams = series.pair(hash(self.seed, series.name, k as u64 / series.repeats, 2));
        Some(Event {
            number,
            sport: series.sport,
            league: series.league,
            teams: if series.repeats > 1 && k % 2 == 1 && !series.neutral { [teams[1], teams[0]] } else { teams },
            starts_ms,
            ends_ms,
            phase,
            swapped_on_azuro: series.neutral && drawn & 2 == 0,
            fate,
        })
    }

    fn fate(&self, drawn: u64, every: i64) -> Fate {
        if (drawn >> 40) % 1_000 >= self.shape.trouble_permille {
            return Fate::Played;
        }
        match (drawn >> 52) % 4 {
            0 => Fate::Moved(every / 3),
            1 => Fate::Postponed,
            2 => Fate::Cancelled,
            _ => Fate::Abandoned(200 + (drawn >> 55) as i64 % 600),
        }
    }

    /// How an event ended, once it has.
    pub fn ending(&self, event: &Event, now: SimNow) -> Option<Ending> {
        match event.phase {
            Phase::Finished => Some(Ending::Played(self.score(event, now))),
            Phase::Cancelled | Phase::Abandoned => Some(Ending::Void),
            Phase::Scheduled | Phase::Live | Phase::Postponed => None,
        }
    }

    /// The score by now, in the order of the event.
    pub fn score(&self, event: &Event, now: SimNow) -> Score {
        let played = played_permille(event, now);
        chance::score(self.seed, event, played)
    }

    /// What becomes of an outcome (counted from 0) of a question, with a final score in the venue's order.
    pub fn share(question: Question, outcome: usize, score: Score) -> Share {
        chance::share(question, outcome, score)
    }

    /// The venue's honest opinion of every outcome of a question, in its own order; sums to 1,000,000, none below 2,000.
    pub fn fair_e6(&self, event: &Event, question: Question, venue: Venue, now: SimNow) -> Vec<i64> {
        // Asked in the order of the event, answered in the venue's.
        let swapped = event.swapped(venue);
        let asked = match question {
            Question::Handicap { line_e2 } if swapped => Question::Handicap { line_e2: -line_e2 },
            other => other,
        };
        let mean = chance::Mean::of(event).wandering(
            self.noise(event, 1, 900_000, now) + self.noise(event, 2, 61_000, now) / 3,
            self.noise(event, 3, 700_000, now) + self.noise(event, 4, 47_000, now) / 3,
        );
        let played = played_permille(event, now);
        let mut fair = mean.fair_e6(asked, chance::score(self.seed, event, played), played);
        self.drift(event, venue, now, &mut fair);
        if swapped && !matches!(question, Question::Total { .. } | Question::BothScore) {
            fair.reverse();
        }
        fair
    }

    /// Any drawn number that belongs to this seed, a name and a counter.
    pub fn draw(&self, name: &str, n: u64) -> u64 {
        hash(self.seed, name, n, 23)
    }

    /// Moves a venue's opinion of the first outcome away, the others giving or taking in proportion.
    fn drift(&self, event: &Event, venue: Venue, now: SimNow, fair: &mut [i64]) {
        let height = self.pulse_e6(event, venue, now.ms());
        let Some((first, rest)) = fair.split_first_mut() else { return };
        let before = 1_000_000 - *first;
        if height == 0 || before <= 0 {
            return;
        }
        let reach = height * 4 * (*first / 1_000) / 1_000 * (before / 1_000) / 1_000;
        let moved = (*first + reach).clamp(10_000, 990_000);
        *first = moved;
        let mut left = 1_000_000 - moved;
        let count = rest.len();
        for (i, p) in rest.iter_mut().enumerate() {
            *p = if i + 1 == count { left } else { *p * (1_000_000 - moved) / before };
            left -= *p;
        }
    }

    fn pulse_e6(&self, event: &Event, venue: Venue, ms: i64) -> i64 {
        let SportsShape { pulse_every_ms, pulse_ms, pulse_e6, pulse_permille, .. } = self.shape;
        if venue == Venue::Sx || pulse_every_ms <= 0 || pulse_ms <= 0 {
            return 0; // one venue stands still, the other moves away: the difference is what matters
        }
        let drawn = hash(self.seed, "drift", event.number, ms.div_euclid(pulse_every_ms) as u64);
        if drawn % 1_000 >= pulse_permille {
            return 0;
        }
        let room = (pulse_every_ms - pulse_ms).max(1);
        let at = ms.rem_euclid(pulse_every_ms) - (drawn >> 16) as i64 % room;
        if at < 0 || at >= pulse_ms {
            return 0;
        }
        let ramp = (pulse_ms / 6).max(1);
        let height = at.min(pulse_ms - 1 - at).min(ramp) * 1_000 / ramp;
        (if drawn >> 63 == 0 { 1 } else { -1 }) * pulse_e6 * height / 1_000
    }

    /// Value noise of an event, scaled to the shape, thousandths.
    fn noise(&self, event: &Event, octave: u64, period_ms: i64, now: SimNow) -> i64 {
        let (cell, t) = (now.ms().div_euclid(period_ms), now.ms().rem_euclid(period_ms) * 1_000 / period_ms);
        let t = t * t * (3_000 - 2 * t) / 1_000_000; // smoothstep
        let at = |c: i64| (hash(self.seed ^ octave, "strength", event.number, c as u64) % 2_001) as i64 - 1_000;
        let (a, b) = (at(cell), at(cell + 1));
        (a + (b - a) * t / 1_000) * self.shape.noise_permille / 1_000
    }

    /// A duration of real matches at the pace of this world, ms.
    pub fn paced_ms(&self, ms: i64) -> i64 {
        self.real(ms)
    }

    fn paced(&self, minutes: i64) -> i64 {
        self.real(minutes * MINUTE_MS).max(1_000)
    }

    fn real(&self, ms: i64) -> i64 {
        ms / self.shape.pace.max(1)
    }
}

/// How much of it has been played, thousandths.
fn played_permille(event: &Event, now: SimNow) -> i64 {
    let length = (event.ends_ms - event.starts_ms).max(1);
    let end = match event.fate {
        Fate::Abandoned(at) => at,
        Fate::Postponed | Fate::Cancelled => 0,
        Fate::Played | Fate::Moved(_) => 1_000,
    };
    ((now.ms() - event.starts_ms).clamp(0, length) * 1_000 / length).min(end)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests;
