//! The world of events both simulated betting venues live in: who plays when, how likely what is, how it ended.
//!
//! A pure function of seed and time, like [`crate::market`]: two simulators in two processes with the same seed see the same
//! matches, the same chances and the same final scores without speaking to each other. The chances wander; from time to time
//! one venue's opinion of an event drifts away for some seconds, which is what an arbitrage bot lives on. Integers only.
//!
//! Each venue writes the same event in its own way (names, leagues, minutes of the kick-off, on neutral ground even the order
//! of the teams). Whatever this module says "of a venue" is in that venue's own order: its first team, its lines.

mod chance;
mod names;

use crate::SimNow;
use crate::market::hash;
use names::SERIES;

/// Whose way of writing things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Venue {
    /// SX Bet.
    Sx,
    /// Azuro.
    Azuro,
}

/// Which sport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sport {
    /// Football, 90 minutes and stoppage time count.
    Soccer,
    /// Overtime counts; no draws.
    Basketball,
    /// Best of three; scores here are games won.
    Tennis,
}

/// What can be asked of an event. Lines are in hundredths (2.25 is 225) and quarters are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Question {
    /// First team, draw, second team: three outcomes, soccer alone.
    Result,
    /// First team or second team: basketball and tennis.
    Winner,
    /// Over or under so many goals, points or games.
    Total {
        /// The line, hundredths.
        line_e2: i64,
    },
    /// First team with this many goals more, or second team with as many less.
    Handicap {
        /// The line of the venue's first team, hundredths.
        line_e2: i64,
    },
    /// Both teams score, or not: soccer alone.
    BothScore,
}

impl Question {
    /// How many outcomes it has.
    pub const fn outcomes(self) -> usize {
        if matches!(self, Self::Result) { 3 } else { 2 }
    }
}

/// Goals, points or games.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Score {
    /// Of the first team.
    pub one: i64,
    /// Of the second team.
    pub two: i64,
}

/// How an event ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Played to the end; the score in the order of the event, not of a venue.
    Played(Score),
    /// Cancelled, abandoned or postponed for too long: stakes go back.
    Void,
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Before its kick-off.
    Scheduled,
    /// Being played.
    Live,
    /// Played to the end.
    Finished,
    /// Will not be played.
    Cancelled,
    /// Without a new time.
    Postponed,
    /// Stopped while being played, for good.
    Abandoned,
}

/// What becomes of one outcome of a question: shares of the stake in hundredths; the rest is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Wins at the odds: 0, 50 or 100.
    pub won_e2: i64,
    /// Comes back as it was: 0, 50 or 100.
    pub back_e2: i64,
}

/// A team or player.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Team {
    /// As SX writes it.
    pub sx: &'static str,
    /// As Azuro writes it.
    pub azuro: &'static str,
}

/// A league, as each venue files it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct League {
    /// SX's `leagueLabel`.
    pub sx_label: &'static str,
    /// SX's `leagueId`.
    pub sx_id: i64,
    /// Azuro's name of the league.
    pub azuro_name: &'static str,
    /// Azuro's slug of the league; repeats between countries.
    pub azuro_slug: &'static str,
    /// Azuro's name of the country.
    pub azuro_country: &'static str,
    /// Azuro's slug of the country.
    pub azuro_country_slug: &'static str,
}

/// One event as it stands at the time it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number, the same for ever: below 2^53.
    pub number: u64,
    /// Sport.
    pub sport: Sport,
    /// League.
    pub league: League,
    /// The teams in the order of the event.
    pub teams: [Team; 2],
    /// Planned kick-off, ms; a postponement with a new time changes it.
    pub starts_ms: i64,
    /// When it ends if it is played, ms.
    pub ends_ms: i64,
    /// Where it stands.
    pub phase: Phase,
    /// Azuro names the teams the other way round: neutral ground.
    pub swapped_on_azuro: bool,
    fate: Fate,
}

impl Event {
    /// The venue names the teams the other way round than the event does.
    pub const fn swapped(&self, venue: Venue) -> bool {
        matches!(venue, Venue::Azuro) && self.swapped_on_azuro
    }

    /// The teams' names in the venue's order and spelling.
    pub const fn names(&self, venue: Venue) -> [&'static str; 2] {
        let [one, two] = self.teams;
        match (venue, self.swapped_on_azuro) {
            (Venue::Sx, _) => [one.sx, two.sx],
            (Venue::Azuro, false) => [one.azuro, two.azuro],
            (Venue::Azuro, true) => [two.azuro, one.azuro],
        }
    }

    /// A score of the event in the venue's order.
    pub const fn score_for(&self, venue: Venue, score: Score) -> Score {
        if self.swapped(venue) { Score { one: score.two, two: score.one } } else { score }
    }

    /// Kick-off as the venue announces it, ms: tennis is announced a few minutes apart.
    pub const fn starts_ms_at(&self, venue: Venue) -> i64 {
        match (venue, self.sport) {
            (Venue::Azuro, Sport::Tennis) => self.starts_ms + (self.number % 3) as i64 * 300_000,
            _ => self.starts_ms,
        }
    }

    /// What the venues ask of it, main line of every kind first; in the venue's order.
    pub fn questions(&self, venue: Venue) -> Vec<Question> {
        let total = |line_e2| Question::Total { line_e2 };
        let sign = if self.swapped(venue) { -1 } else { 1 };
        let handicap = |line_e2: i64| Question::Handicap { line_e2: sign * line_e2 };
        let mean = chance::Mean::of(self);
        match self.sport {
            Sport::Soccer => {
                let main = if mean.margin_e6() >= 0 { -50 } else { 50 };
                let mut all = vec![Question::Result];
                all.extend([250, 150, 350, 200, 300, 225, 275].map(total));
                all.extend([main, 0, -main, main * 2, main * 3 / 2, main / 2, main * 3].map(handicap));
                all.push(Question::BothScore);
                all
            }
            Sport::Basketball | Sport::Tennis => {
                let step = if self.sport == Sport::Tennis { 100 } else { 400 };
                let half = |e6: i64| e6.div_euclid(1_000_000) * 100 + 50;
                let (points, edge) = (half(mean.total_e6()), -half(mean.margin_e6()));
                let mut all = vec![Question::Winner];
                all.extend([points, points - step, points + step, points - 50].map(total));
                all.extend([edge, edge - step, edge + step, edge + 50].map(handicap));
                all
            }
        }
    }
}

/// What was drawn for an event at its birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Played,
    /// Gets a new time so many ms later, said before the kick-off.
    Moved(i64),
    Postponed,
    Cancelled,
    /// After this share of its length, thousandths.
    Abandoned(i64),
}

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
