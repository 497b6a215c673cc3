//! What holding a pair is expected to cost in funding, by each venue's own clock.
//!
//! Owns the arithmetic and the age of what the venues said; whether their word counts or a fixed figure is
//! configuration's. A venue that accrues all the time takes its hourly rate for every millisecond of the horizon; one that
//! books in lumps takes a whole lump for every booking that falls into it and nothing in between. Whole numbers
//! throughout, rounded up once, at the end. Called by [`crate::pair`] when a venue speaks and when an answer falls due.

use domain::{Booking, Mono, Now, Rate};

/// How expected funding comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Funding {
    /// This share of the notional over the holding time, positive = paid, in both directions, whatever the venues say.
    Fixed(Rate),
    /// By the venues' own rates: what the long venue takes less what the short one pays.
    Venues {
        /// How long a position is expected to be held, ms.
        horizon_ms: i64,
        /// A venue's word older than this, ms by receive time, does not count.
        age_ms_max: u64,
        /// Stands for it while one of the venues has not spoken, or too long ago; `None`: nothing is opened then.
        fallback: Option<Rate>,
    },
}

/// What a venue said last, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    /// Share of the notional that a long pays per hour.
    pub(crate) hourly: Rate,
    /// Its next booking, if it books in lumps.
    pub(crate) next: Option<Booking>,
    /// When it was received.
    pub(crate) at: Mono,
}

/// What is expected, and until when that is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    /// Share of the notional paid over the holding time, long on the first venue and long on the second one; `None`: it
    /// is not known.
    pub(crate) paid: [Option<Rate>; 2],
    /// From then on it has to be asked for again, unless a venue speaks earlier.
    pub(crate) until: Mono,
}

const HOUR_MS: i128 = 3_600_000;
const NS_IN_MS: u64 = 1_000_000;
const NEVER: Mono = Mono(u64::MAX);

impl Funding {
    /// By what both venues said last.
    pub(crate) fn expected(self, said: [Option<Said>; 2], now: Now) -> Expected {
        let (horizon_ms, age_ms_max, fallback) = match self {
            Self::Fixed(rate) => return Expected { paid: [Some(rate); 2], until: NEVER },
            Self::Venues { horizon_ms, age_ms_max, fallback } => (horizon_ms, age_ms_max, fallback),
        };
        let age_max = age_ms_max.saturating_mul(NS_IN_MS);
        let fresh = said.map(|s| s.filter(|s| now.mono.since(s.at) <= age_max));
        let [Some(a), Some(b)] = fresh else { return Expected { paid: [fallback; 2], until: NEVER } };
        let (takes_a, changes_a) = taken(a, horizon_ms, now);
        let (takes_b, changes_b) = taken(b, horizon_ms, now);
        let stale = [a, b].map(|s| Mono(s.at.0.saturating_add(age_max).saturating_add(1)));
        let until = [stale[0], stale[1], changes_a, changes_b].into_iter().min().unwrap_or(NEVER);
        Expected { paid: [Some(up(takes_a.saturating_sub(takes_b))), Some(up(takes_b.saturating_sub(takes_a)))], until }
    }
}

/// What a long pays over the horizon, in rate times ms, and when that changes by itself.
fn taken(said: Said, horizon_ms: i64, now: Now) -> (i128, Mono) {
    let hourly = i128::from(said.hourly.e8());
    let horizon = i128::from(horizon_ms.max(0));
    let Some(next) = said.next.filter(|n| n.every_ms > 0) else { return (hourly.saturating_mul(horizon), NEVER) };
    let (every, now_us) = (i128::from(next.every_ms).saturating_mul(1_000), i128::from(now.wall.0));
    let end = now_us.saturating_add(horizon.saturating_mul(1_000));
    // A venue that has not said its next one yet is taken to go on as it did.
    let at = i128::from(next.at.0);
    let passed = if at > now_us { 0 } else { whole(now_us.saturating_sub(at), every).saturating_add(1) };
    let first = at.saturating_add(passed.saturating_mul(every));
    let count = if first > end { 0 } else { whole(end.saturating_sub(first), every).saturating_add(1) };
    // One falls out at the front when it is booked, one comes in at the end when the horizon reaches it.
    let reaches = first.saturating_add(count.saturating_mul(every)).saturating_sub(end);
    let in_us = first.saturating_sub(now_us).min(reaches);
    let in_ns = u64::try_from(in_us.saturating_mul(1_000)).unwrap_or(u64::MAX);
    let lump = hourly.saturating_mul(i128::from(next.every_ms));
    (lump.saturating_mul(count), Mono(now.mono.0.saturating_add(in_ns)))
}

/// `by` is above zero, `of` is not below.
fn whole(of: i128, by: i128) -> i128 {
    of.checked_div(by).unwrap_or(0)
}

/// Rate times ms to a rate, rounded up: paid is never shown as less, received never as more. Saturates.
fn up(rate_ms: i128) -> Rate {
    let v = rate_ms.saturating_neg().checked_div_euclid(HOUR_MS).unwrap_or(0).saturating_neg();
    Rate::from_e8(i64::try_from(v).unwrap_or(if v < 0 { i64::MIN } else { i64::MAX }))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "a test that overflows fails, which is what it is for")]
mod tests {
    use super::*;
    use domain::Wall;
    use proptest::prelude::*;
    use rust_decimal::Decimal;

    const HOUR: i64 = 3_600_000;

    fn at(wall_ms: i64) -> Now {
        Now { mono: Mono(1_000_000_000_000 + wall_ms as u64 * NS_IN_MS), wall: Wall::from_ms(wall_ms) }
    }
    fn said(hourly_e8: i64, next: Option<(i64, i64)>, received: Now) -> Said {
        let next = next.map(|(at, every_ms)| Booking { at: Wall::from_ms(at), every_ms });
        Said { hourly: Rate::from_e8(hourly_e8), next, at: received.mono }
    }
    fn venues(horizon_ms: i64, fallback: Option<i64>) -> Funding {
        Funding::Venues { horizon_ms, age_ms_max: 300_000, fallback: fallback.map(Rate::from_e8) }
    }

    #[test]
    fn the_long_venue_takes_the_short_venue_gives_and_only_bookings_within_the_horizon_count() {
        /// Hourly rates at 1e-8 and (next booking, every) in minutes; horizon in minutes; expected long on A, long on B.
        fn check(a: (i64, Option<(i64, i64)>), b: (i64, Option<(i64, i64)>), horizon_min: i64, expect: (i64, i64)) {
            let now = at(0);
            let in_ms = |n: Option<(i64, i64)>| n.map(|(x, y)| (x * 60_000, y * 60_000));
            let both = [Some(said(a.0, in_ms(a.1), now)), Some(said(b.0, in_ms(b.1), now))];
            let paid = venues(horizon_min * 60_000, None).expected(both, now).paid.map(|r| r.map(|r| r.e8()));
            assert_eq!(paid, [Some(expect.0), Some(expect.1)], "{a:?} {b:?} {horizon_min}");
        }
        // Accruing on both: the difference, by the minute.
        check((1_000, None), (400, None), 60, (600, -600));
        check((1_000, None), (400, None), 30, (300, -300));
        check((-1_000, None), (400, None), 120, (-2_800, 2_800));
        // A third of a unit is paid as one and received as none.
        check((1, None), (0, None), 20, (1, 0));
        check((-1, None), (0, None), 20, (0, 1));
        // Lumps: eight hours' worth at once, or nothing at all.
        check((1_000, Some((30, 480))), (0, None), 60, (8_000, -8_000));
        check((1_000, Some((61, 480))), (0, None), 60, (0, 0));
        check((1_000, Some((60, 480))), (0, None), 60, (8_000, -8_000));
        check((1_000, Some((30, 60))), (0, None), 150, (3_000, -3_000));
        check((1_000, Some((10, 60))), (1_000, Some((50, 60))), 45, (1_000, -1_000));
        // A booking that has passed and was not renewed goes on by its own step; one at this moment is over.
        check((1_000, Some((-10, 60))), (0, None), 60, (1_000, -1_000));
        check((1_000, Some((0, 60))), (0, None), 59, (0, 0));
        // A step that is none accrues; a horizon that is none costs nothing.
        check((1_000, Some((30, 0))), (0, None), 60, (1_000, -1_000));
        check((1_000, Some((30, 60))), (500, None), -5, (0, 0));
        // The whole range does not overflow.
        check((i64::MAX, Some((1, 1))), (i64::MIN, None), 1 << 40, (i64::MAX, i64::MIN));
    }

    #[test]
    fn a_word_that_is_missing_or_too_old_is_replaced_by_the_configured_figure() {
        let (then, rate) = (at(0), Some(Rate::from_e8(500)));
        let fresh = Some(said(1_000, None, then));
        let expect = |funding: Funding, both, now: Now| funding.expected(both, now);
        for funding in [venues(HOUR, Some(500)), venues(HOUR, None)] {
            let stands = if funding == venues(HOUR, None) { None } else { rate };
            assert_eq!(expect(funding, [fresh, None], then), Expected { paid: [stands; 2], until: NEVER });
            assert_eq!(expect(funding, [None, None], then), Expected { paid: [stands; 2], until: NEVER });
            // At its age to the nanosecond it counts, and says when it will not.
            let both = [fresh, Some(said(0, None, at(60_000)))];
            let known = expect(funding, both, at(300_000));
            assert_eq!(known.paid, [Some(Rate::from_e8(1_000)), Some(Rate::from_e8(-1_000))]);
            assert_eq!(known.until, Mono(at(300_000).mono.0 + 1));
            let late = Now { mono: known.until, ..at(300_000) };
            assert_eq!(expect(funding, both, late).paid, [stands; 2]);
        }
        // What is fixed asks nobody.
        let fixed = Funding::Fixed(Rate::from_e8(-7)).expected([None; 2], then);
        assert_eq!(fixed, Expected { paid: [Some(Rate::from_e8(-7)); 2], until: NEVER });
    }

    /// The usual way to compute it: walk from booking to booking.
    fn oracle(s: Said, horizon_ms: i64, now_ms: i64) -> Decimal {
        let hours = |ms: i64| Decimal::from(ms) / Decimal::from(HOUR);
        let rate = Decimal::new(s.hourly.e8(), 8);
        let Some(next) = s.next else { return rate * hours(horizon_ms) };
        let (mut at, mut sum) = (next.at.ms(), Decimal::ZERO);
        while at <= now_ms + horizon_ms {
            if at > now_ms {
                sum += rate * hours(next.every_ms);
            }
            at += next.every_ms;
        }
        sum
    }

    /// Minutes, so that a decimal of 28 digits holds a share of an hour; a third is not a decimal, so compare within 1e-20.
    fn a_venue() -> impl Strategy<Value = (i64, Option<(i64, i64)>)> {
        (-2_000_000..2_000_000i64, proptest::option::of((-600..600i64, 1..600i64)))
    }

    proptest! {
        #[test]
        fn expected_funding_is_the_oracles_rounded_against_us_and_holds_until_it_says(
            a in a_venue(), b in a_venue(), horizon in 0..3_000i64, now_min in 0..600i64,
        ) {
            let now = at(now_min * 60_000);
            let words = [a, b].map(|(hourly, next)| said(hourly, next.map(|(x, y)| (x * 60_000, y * 60_000)), now));
            let rule = Funding::Venues { horizon_ms: horizon * 60_000, age_ms_max: 1 << 40, fallback: None };
            let expected = rule.expected(words.map(Some), now);
            let exact = words.map(|s| oracle(s, horizon * 60_000, now_min * 60_000));
            for (n, paid) in expected.paid.iter().enumerate() {
                let diff = (exact[n] - exact[1 - n]) * Decimal::from(100_000_000);
                let shown = Decimal::from(paid.expect("both spoke").e8());
                let off = shown - diff;
                let little = Decimal::new(1, 12);
                prop_assert!(off > -little && off < Decimal::ONE + little, "{} {}", shown, diff);
            }
            // Until the moment it names nothing changes, and at that moment it is right again.
            if expected.until < Mono(now.mono.0 + (1 << 50)) {
                let later = |ns: u64| Now { mono: Mono(now.mono.0 + ns), wall: Wall(now.wall.0 + (ns / 1_000) as i64) };
                let wait = expected.until.since(now.mono);
                prop_assert!(wait > 0);
                prop_assert_eq!(rule.expected(words.map(Some), later(wait - 1)).paid, expected.paid);
                let then = (now_min * 60_000) + (wait / NS_IN_MS) as i64;
                let moved = rule.expected(words.map(Some), later(wait));
                let diff = (oracle(words[0], horizon * 60_000, then) - oracle(words[1], horizon * 60_000, then)) * Decimal::from(100_000_000);
                let off = Decimal::from(moved.paid[0].expect("both spoke").e8()) - diff;
                prop_assert!(off > -Decimal::new(1, 12) && off < Decimal::ONE + Decimal::new(1, 12));
            }
        }
    }
}
