//! When an opportunity counts: often enough in a row, and once.
//!
//! One-tick spikes are the usual way to lose on a spread that was never there, and a spread that stays for a minute is
//! one opportunity, not a thousand. Owns the counting; what is compared with which threshold is the caller's. One
//! [`Trigger`] per pair, direction and purpose, called by the strategy after every update of either book.

/// Confirms a condition over consecutive updates and reports it once until it has been false.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    confirm_ticks: u32,
    streak: u32,
    reported: bool,
}

/// What an update means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Signal {
    /// The threshold is not met.
    Quiet,
    /// Met, but not often enough in a row yet.
    Confirming {
        /// Updates still needed.
        left: u32,
    },
    /// Confirmed by this update: act. Once.
    Reached,
    /// Still met, already reported.
    Held,
}

impl Trigger {
    /// Needs `confirm_ticks` consecutive updates; 0 counts as 1.
    pub const fn new(confirm_ticks: u32) -> Self {
        Self { confirm_ticks: if confirm_ticks == 0 { 1 } else { confirm_ticks }, streak: 0, reported: false }
    }

    /// An update: `met` says whether the value is at or over its threshold (for an exit: at or under).
    #[inline]
    pub fn update(&mut self, met: bool) -> Signal {
        if !met {
            self.rearm();
            return Signal::Quiet;
        }
        if self.reported {
            return Signal::Held;
        }
        self.streak = self.streak.saturating_add(1);
        if self.streak < self.confirm_ticks {
            return Signal::Confirming { left: self.confirm_ticks.saturating_sub(self.streak) };
        }
        self.reported = true;
        Signal::Reached
    }

    /// A book became unfit to trade: what was counted is no longer consecutive. What was reported stays reported, as
    /// nobody has seen the value fall.
    #[inline]
    pub fn interrupt(&mut self) {
        self.streak = 0;
    }

    /// Forgets count and report: the next confirmed streak is news, as after a reason not to act has gone.
    #[inline]
    pub fn rearm(&mut self) {
        self.streak = 0;
        self.reported = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `+` met, `-` not met, `|` book unfit, `!` rearmed; expected: `.` quiet, digit = updates left, `R` reached,
    /// `h` held. Interruptions and rearming give no signal.
    fn check(confirm_ticks: u32, updates: &str, expect: &str) {
        let mut trigger = Trigger::new(confirm_ticks);
        let mut seen = String::new();
        for update in updates.chars() {
            let signal = match update {
                '|' => {
                    trigger.interrupt();
                    continue;
                }
                '!' => {
                    trigger.rearm();
                    continue;
                }
                _ => trigger.update(update == '+'),
            };
            seen.push(match signal {
                Signal::Quiet => '.',
                Signal::Confirming { left } => char::from_digit(left, 10).expect("small"),
                Signal::Reached => 'R',
                Signal::Held => 'h',
            });
        }
        assert_eq!(seen, expect, "{confirm_ticks} ticks, {updates}");
    }

    #[test]
    fn an_opportunity_is_confirmed_in_a_row_and_reported_once_until_it_falls_below() {
        check(1, "+", "R");
        check(0, "+", "R");
        check(1, "+++", "Rhh");
        check(1, "-+-+", ".R.R");
        check(2, "++++", "1Rhh");
        check(3, "++-+++", "21.21R");
        check(3, "+++-+++", "21R.21R");
        check(2, "+-+-+-", "1.1.1.");
    }

    #[test]
    fn an_unfit_book_breaks_the_row_but_does_not_make_old_news_new() {
        check(2, "+|++", "11R");
        check(2, "++|++", "1Rhh");
        check(2, "++|-++", "1R.1R");
    }

    #[test]
    fn rearming_makes_the_same_opportunity_news_again() {
        check(1, "+!+", "RR");
        check(2, "++!++", "1R1R");
    }
}
