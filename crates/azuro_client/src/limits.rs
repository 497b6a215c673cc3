//! What the house takes on each outcome: when it is asked for, and how long an answer counts.
//!
//! Source: spec section 6. Limits move with the odds and with the house's other bets, and the venue publishes no pace at which it may be
//! asked. So an outcome is asked about when its odds moved, when half of the time that an answer counts has passed, and when the venue
//! refused a stake; and only so many questions are under way at once. An answer that does not come takes nothing away: the last one counts
//! for its time. Owns no odds and no quotes: `feed` and `quoting` do.

use crate::client::{AzuroClient, Pending, failed};
use crate::parse::{self, Limits};
use crate::sign::{condition_text, lower_hex};
use domain::{MarketId, Mono, Now, Odds, Outcome};
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use venue_api::{BetOut, Lane, Method};

/// Questions under way at once. A question waits in the shell's budget within its own timeout: all of a long list at once would
/// mostly end there.
const UNDER_WAY_MAX: usize = 16;

/// An outcome of a condition.
type Place = (MarketId, Outcome);

/// Why one looks whether to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The feed told something of the condition, most often no other odds.
    Update,
    /// Time has passed.
    Time,
    /// What is known has turned out wrong.
    Wrong,
}

/// Where a question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    Waiting,
    /// True: asked for again meanwhile, whatever the odds.
    UnderWay(bool),
}

/// One outcome.
#[derive(Debug, Default)]
struct Entry {
    known: Option<(Limits, Mono)>,
    /// The odds at the last question.
    asked_at: Option<Odds>,
    /// The last question had no answer.
    failed: bool,
    asking: Option<Asking>,
}

/// Limits of all watched outcomes, and the questions about them.
#[derive(Debug, Default)]
pub(crate) struct Book {
    entries: BTreeMap<Place, Entry>,
    waiting: VecDeque<Place>,
    under_way: usize,
}

impl Book {
    /// The limits of an outcome, if they were read within `age_ms_max`.
    pub(crate) fn fresh(&self, place: Place, now: Mono, age_ms_max: u64) -> Option<Limits> {
        let (limits, read) = self.entries.get(&place)?.known?;
        (now.since(read) <= age_ms_max.saturating_mul(1_000_000)).then_some(limits)
    }

    /// The limits of an outcome as last read; gone once [`Self::expire`] found them too old.
    pub(crate) fn last(&self, place: Place) -> Option<Limits> {
        self.entries.get(&place)?.known.map(|(limits, _)| limits)
    }

    /// Drops what counts no longer.
    pub(crate) fn expire(&mut self, now: Mono, age_ms_max: u64) {
        for entry in self.entries.values_mut() {
            entry.known = entry.known.filter(|(_, read)| now.since(*read) <= age_ms_max.saturating_mul(1_000_000));
        }
    }

    /// The market is not watched any more.
    pub(crate) fn forget(&mut self, market: MarketId) {
        self.entries.retain(|(id, _), _| *id != market);
    }

    /// Puts an outcome into the queue if it has to be asked about. What is as old as `old_ms` is asked about when time has passed.
    fn want(&mut self, place: Place, odds: Odds, cause: Cause, now: Mono, old_ms: u64) {
        let entry = self.entries.entry(place).or_default();
        let old = || entry.known.is_none_or(|(_, read)| now.since(read) >= old_ms.saturating_mul(1_000_000));
        let needs = match cause {
            Cause::Wrong => true,
            Cause::Update => entry.asked_at != Some(odds),
            Cause::Time => entry.asked_at != Some(odds) || entry.failed || old(),
        };
        match &mut entry.asking {
            // Other odds are looked for when the answer is there.
            Some(Asking::UnderWay(again)) => *again |= cause == Cause::Wrong,
            None if needs => {
                entry.asking = Some(Asking::Waiting);
                self.waiting.push_back(place);
            }
            Some(Asking::Waiting) | None => {}
        }
    }

    /// The next outcome to ask about, if there is room. The caller asks, or says [`Self::not_asked`].
    fn next(&mut self) -> Option<Place> {
        while self.under_way < UNDER_WAY_MAX {
            let place = self.waiting.pop_front()?;
            if self.entries.get(&place).is_some_and(|entry| entry.asking == Some(Asking::Waiting)) {
                return Some(place);
            }
        }
        None
    }
    fn asked(&mut self, place: Place, odds: Odds) {
        self.under_way = self.under_way.saturating_add(1);
        let entry = self.entries.entry(place).or_default();
        (entry.asked_at, entry.asking) = (Some(odds), Some(Asking::UnderWay(false)));
    }
    fn not_asked(&mut self, place: Place) {
        if let Some(entry) = self.entries.get_mut(&place) {
            entry.asking = None;
        }
    }

    /// A question ended, with an answer or without. True if it must be asked again, whatever the odds.
    fn answered(&mut self, place: Place, limits: Option<Limits>, now: Mono) -> bool {
        self.under_way = self.under_way.saturating_sub(1);
        let Some(entry) = self.entries.get_mut(&place) else { return false };
        entry.failed = limits.is_none();
        if let Some(limits) = limits {
            entry.known = Some((limits, now));
        }
        entry.asking.take() == Some(Asking::UnderWay(true))
    }
}

impl AzuroClient {
    /// Looks at each outcome of a condition that can be bet on, and asks for the limits of those that need it.
    pub(crate) fn look_at_limits(&mut self, id: MarketId, cause: Cause, now: Now, out: &mut BetOut) {
        let (age_ms_max, old_ms) = (self.age_ms_max(), self.config.limits_ms / 2);
        for outcome in self.feed.outcomes(id) {
            if let Ok((odds, _)) = self.feed.odds(id, outcome, now, age_ms_max) {
                self.limits.want((id, outcome), odds, cause, now.mono, old_ms);
            }
        }
        self.ask_limits(now, out);
    }

    /// The venue refused a stake: what is known of its limits is wrong.
    pub(crate) fn calculate(&mut self, id: MarketId, now: Now, out: &mut BetOut) {
        self.look_at_limits(id, Cause::Wrong, now, out);
    }

    /// Asks as much as there is room for, unless the venue wants silence.
    pub(crate) fn ask_limits(&mut self, now: Now, out: &mut BetOut) {
        while !self.is_quiet(now) {
            let Some((id, outcome)) = self.limits.next() else { return };
            let Ok((odds, _)) = self.feed.odds(id, outcome, now, self.age_ms_max()) else {
                self.limits.not_asked((id, outcome));
                continue;
            };
            self.limits.asked((id, outcome), odds);
            let mut body = json!({
                "environment": self.config.environment.name,
                "bets": [{ "conditionId": condition_text(id), "outcomeId": outcome.0 }],
            });
            if let Some(key) = &self.key {
                // The wallet makes them exact.
                body["wallet"] = json!(lower_hex(key.address()));
            }
            let target = "/bet/calculation".to_owned();
            self.ask(Pending::Limits(id, outcome), Lane::Public, Method::Post, target, body.to_string(), out);
        }
    }

    pub(crate) fn limits_reply(
        &mut self,
        market: MarketId,
        outcome: Outcome,
        body: Result<&[u8], String>,
        now: Now,
        out: &mut BetOut,
    ) {
        let read = body.and_then(|body| parse::limits(body, self.config.environment).map_err(|cause| cause.to_string()));
        let (limits, why) = match read {
            Ok(limits) => (Some(limits), None),
            Err(why) => (None, Some(why)),
        };
        let again = self.limits.answered((market, outcome), limits, now.mono);
        if let Some(why) = why {
            failed(Pending::Limits(market, outcome).name(), why, out);
        }
        if self.feed.watches(market) {
            self.quote_one(market, outcome, now, out);
            let cause = if again { Cause::Wrong } else { Cause::Update };
            self.look_at_limits(market, cause, now, out);
        } else {
            self.ask_limits(now, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odds(hundredths: u64) -> Odds {
        Odds::from_decimal_e12(hundredths * 10_000_000_000).expect("above one")
    }
    fn place(n: u64) -> Place {
        (MarketId([7; 32]), Outcome(n))
    }
    const NOW: Mono = Mono(1_000_000_000);
    const OLD_MS: u64 = 30_000;

    /// An outcome that was asked about at odds of 2, and answered or not.
    fn asked(answer: bool) -> Book {
        let mut book = Book::default();
        book.want(place(1), odds(200), Cause::Update, NOW, OLD_MS);
        assert_eq!(book.next(), Some(place(1)));
        book.asked(place(1), odds(200));
        assert!(!book.answered(place(1), answer.then_some(Limits { min: 1, max: 9 }), NOW));
        book
    }

    #[test]
    fn an_outcome_is_asked_about_when_its_odds_moved_its_time_has_passed_or_a_stake_was_refused() {
        let check = |answer: bool, hundredths: u64, cause: Cause, after_ms: u64, expect: bool| {
            let mut book = asked(answer);
            book.want(place(1), odds(hundredths), cause, NOW.plus_ms(after_ms), OLD_MS);
            assert_eq!(book.next().is_some(), expect, "{answer} {hundredths} {cause:?} {after_ms}");
        };
        check(true, 200, Cause::Update, 0, false);
        check(true, 200, Cause::Update, 90_000, false);
        check(true, 201, Cause::Update, 0, true);
        check(true, 200, Cause::Time, OLD_MS - 1, false);
        check(true, 200, Cause::Time, OLD_MS, true);
        check(true, 201, Cause::Time, 0, true);
        check(true, 200, Cause::Wrong, 0, true);
        // What failed is asked again as time passes, not with every update: the venue has enough to do.
        check(false, 200, Cause::Update, 0, false);
        check(false, 200, Cause::Time, 0, true);
    }

    #[test]
    fn an_outcome_is_asked_about_once_at_a_time_and_a_refusal_meanwhile_asks_once_more() {
        let mut book = asked(true);
        for cause in [Cause::Wrong, Cause::Wrong] {
            book.want(place(1), odds(200), cause, NOW, OLD_MS);
        }
        assert_eq!((book.next(), book.next()), (Some(place(1)), None));
        book.asked(place(1), odds(200));
        book.want(place(1), odds(205), Cause::Update, NOW, OLD_MS);
        assert_eq!(book.next(), None);
        book.want(place(1), odds(205), Cause::Wrong, NOW, OLD_MS);
        assert_eq!(book.next(), None);
        assert!(book.answered(place(1), None, NOW), "again");
    }

    #[test]
    fn a_long_list_is_asked_about_in_its_order_and_so_many_at_once() {
        let mut book = Book::default();
        for n in 0..100 {
            book.want(place(n), odds(200), Cause::Time, NOW, OLD_MS);
        }
        for n in 0..100 {
            if n >= UNDER_WAY_MAX as u64 {
                assert_eq!(book.next(), None, "no room before an answer");
                book.answered(place(n - UNDER_WAY_MAX as u64), None, NOW);
            }
            assert_eq!(book.next(), Some(place(n)));
            book.asked(place(n), odds(200));
        }
    }

    #[test]
    fn a_market_that_is_forgotten_leaves_no_question_behind_and_gives_its_room_back() {
        let mut book = Book::default();
        for n in 0..2 {
            book.want(place(n), odds(200), Cause::Time, NOW, OLD_MS);
        }
        assert_eq!(book.next(), Some(place(0)));
        book.asked(place(0), odds(200));
        book.forget(place(0).0);
        assert_eq!(book.next(), None, "the second one waited");
        assert!(!book.answered(place(0), Some(Limits { min: 1, max: 9 }), NOW));
        assert_eq!((book.under_way, book.last(place(0)).is_none()), (0, true));
    }

    #[test]
    fn limits_count_for_their_time_and_no_longer() {
        let mut book = asked(true);
        let (in_time, late) = (NOW.plus_ms(60_000), NOW.plus_ms(60_001));
        assert!(book.fresh(place(1), in_time, 60_000).is_some() && book.fresh(place(1), late, 60_000).is_none());
        book.expire(in_time, 60_000);
        assert!(book.last(place(1)).is_some());
        book.expire(late, 60_000);
        assert!(book.last(place(1)).is_none());
    }
}
