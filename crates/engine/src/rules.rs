//! Rules of entry beyond the caps: limits of single pairs, times of the week, the pause after a connection. Pure.

use crate::engine::EngineConfig;
use domain::{Pair, Usd, VenueId, Wall};
use std::collections::BTreeMap;

/// Limits of one pair, beside those of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairLimits {
    /// Largest notional of one leg.
    pub notional: Option<Usd>,
    /// Largest worst loss of a round.
    pub worst_loss: Option<Usd>,
    /// Longest time a position is held, ms, instead of the one for all pairs.
    pub max_holding_ms: Option<i64>,
}

/// A time of the week, UTC, in which no round is opened on a venue: a release window, the end of a market's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietWindow {
    /// Where.
    pub venue: VenueId,
    /// On which days it begins, Monday first.
    pub weekdays: [bool; 7],
    /// Minute of the day at which it begins.
    pub from_min: u16,
    /// Minute of the day at which it is over; not after `from_min`: on the next day.
    pub until_min: u16,
}

const MINUTES_A_DAY: i64 = 1_440;

impl QuietWindow {
    /// Whether it is on at this time.
    pub fn covers(&self, at: Wall) -> bool {
        let minutes = at.ms().div_euclid(60_000);
        let (day, minute) = (minutes.div_euclid(MINUTES_A_DAY), minutes.rem_euclid(MINUTES_A_DAY));
        // The epoch began on a Thursday, which is day 3 from Monday.
        let begins = |day: i64| {
            let weekday = usize::try_from(day.saturating_add(3).rem_euclid(7)).unwrap_or(0);
            self.weekdays.get(weekday).copied().unwrap_or(false)
        };
        let (from, until) = (i64::from(self.from_min), i64::from(self.until_min));
        if from < until {
            return begins(day) && (from..until).contains(&minute);
        }
        (begins(day) && minute >= from) || (begins(day.saturating_sub(1)) && minute < until)
    }
}

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntryRules {
    /// Limits by pair; a pair without any has those of all alone.
    pub pairs: BTreeMap<Pair, PairLimits>,
    /// When nothing is opened.
    pub quiet: Vec<QuietWindow>,
    /// How long after a venue came (back) up nothing is opened on it, ms.
    pub warm_up_ms: i64,
}

impl EngineConfig {
    /// Limits of a pair.
    pub(crate) fn limits_of(&self, pair: Pair) -> PairLimits {
        self.rules.pairs.get(&pair).copied().unwrap_or_default()
    }

    /// Longest time a position of a pair is held, ms.
    pub(crate) fn max_holding_of(&self, pair: Pair) -> Option<i64> {
        self.limits_of(pair).max_holding_ms.or(self.max_holding_ms)
    }

    /// The quiet window of a venue that is on now.
    pub(crate) fn quiet_at(&self, venue: VenueId, at: Wall) -> Option<&QuietWindow> {
        self.rules.quiet.iter().find(|w| w.venue == venue && w.covers(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = MINUTES_A_DAY * 60_000;

    /// Days from Monday the 5th of January 1970, hour, minute: whether the window is on.
    #[test]
    fn a_window_is_on_from_its_minute_to_its_end_on_its_days_and_over_midnight() {
        fn check(window: &QuietWindow, day: i64, hour: i64, minute: i64, expect: bool) {
            let at = Wall::from_ms((day + 4) * DAY_MS + (hour * 60 + minute) * 60_000);
            assert_eq!(window.covers(at), expect, "day {day} {hour}:{minute:02}");
        }
        let weekdays = [true, true, true, true, true, false, false];
        let release = QuietWindow { venue: VenueId::new("bravo"), weekdays, from_min: 270, until_min: 290 };
        check(&release, 0, 4, 29, false);
        check(&release, 0, 4, 30, true);
        check(&release, 4, 4, 49, true);
        check(&release, 4, 4, 50, false);
        check(&release, 5, 4, 35, false);
        check(&release, 7, 4, 35, true);
        let night =
            QuietWindow { weekdays: [false, false, false, false, true, false, false], from_min: 1_380, until_min: 60, ..release };
        check(&night, 4, 22, 59, false);
        check(&night, 4, 23, 0, true);
        check(&night, 5, 0, 59, true);
        check(&night, 5, 1, 0, false);
        check(&night, 5, 23, 30, false);
        check(&night, 4, 0, 30, false);
        // A whole day, from its first minute to the next day's first.
        let whole =
            QuietWindow { weekdays: [false, false, false, false, false, true, false], from_min: 0, until_min: 0, ..release };
        check(&whole, 5, 0, 0, true);
        check(&whole, 5, 23, 59, true);
        check(&whole, 6, 0, 0, false);
    }
}
