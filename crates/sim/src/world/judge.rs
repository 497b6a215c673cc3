//! What must hold after every event, judged from the venues' own books wherever that is possible.

use super::World;
use super::plan::{FOREIGN_KEY, FOREIGN_NONCE};
use crate::bot::{PARADEX, VEST};
use domain::record::{Decision, Record};
use domain::{OrderId, Purpose};
use std::collections::BTreeSet;
use venue_sim::SeenOrder;

/// Longest time, ms, that one side may be uncovered by the venues' own books while both venues answer and the bot
/// lives: what the policy allows before closing begins, the longest fence of a venue for a close whose fate is unknown,
/// and [`SLACK_MS`] for coming back after an outage, asking, closing and being told.
const NAKED_MS: i64 = 1_500 + FENCE_MS + SLACK_MS;
/// The longest fence: Vest's 5 s of validity and its margin.
const FENCE_MS: i64 = 7_000;
/// Reconnecting with backoff, login, one question, one close.
const SLACK_MS: i64 = 3_500;
/// A book that has not moved for this long, ms, may not be traded on: the age the rules allow and the longest way.
const STALE_MS: i64 = 2_000 + 1_200;
/// A fault of a book has arrived everywhere after this long, ms: the longest interval between frames and the way.
const ARRIVED_MS: i64 = 800 + 400;

/// Faults that keep nobody from answering or trading.
const HARMLESS: [&str; 3] = ["duplicate_events", "event_before_answer", "gap"];

/// Whether both venues answer and the bot lives, and since when.
#[derive(Debug)]
pub(super) struct Calm {
    on: BTreeSet<(usize, &'static str)>,
    /// Faults of books with their beginning.
    books: Vec<(usize, &'static str, i64)>,
    alive: bool,
    since: i64,
}

impl Calm {
    pub(super) fn new(now: i64) -> Self {
        Self { on: BTreeSet::new(), books: Vec::new(), alive: false, since: now }
    }
    /// A fault begins; `at_once`: and not only after so many acknowledgements.
    pub(super) fn begin(&mut self, venue: usize, name: &'static str, at_once: bool, now: i64) {
        if at_once && matches!(name, "freeze_book" | "crossed_book" | "empty_side" | "down") {
            self.books.retain(|(v, n, _)| (*v, *n) != (venue, name));
            self.books.push((venue, name, now));
        }
        if HARMLESS.contains(&name) {
            return;
        }
        self.since = now;
        // These happen once and are over.
        if !matches!(name, "drop_sockets" | "clock_offset") {
            self.on.insert((venue, name));
        }
    }
    pub(super) fn end(&mut self, venue: usize, name: &'static str, now: i64) {
        self.books.retain(|(v, n, _)| (*v, *n) != (venue, name));
        if self.on.remove(&(venue, name)) {
            self.since = now;
        }
    }
    pub(super) fn alive(&mut self, alive: bool, now: i64) {
        self.alive = alive;
        self.since = now;
    }
    /// Since when nothing has been wrong.
    fn since(&self) -> Option<i64> {
        (self.alive && self.on.is_empty()).then_some(self.since)
    }
}

impl World {
    /// After every event.
    pub(super) fn judge(&mut self) -> Result<(), String> {
        self.one_live_order()?;
        self.bounded_nakedness()?;
        if let Some(bot) = &self.bot {
            for round in bot.shard.engine().rounds() {
                self.coverage.state(round);
            }
        }
        Ok(())
    }

    /// By the venues' own books: every order that reached one is in the journal, none reached it twice, and no leg has
    /// two live ones for a purpose.
    fn one_live_order(&mut self) -> Result<(), String> {
        for venue in [VEST, PARADEX] {
            let from = self.books[venue].read_from();
            let seen: Vec<SeenOrder> = if venue == VEST {
                self.venues.vest.orders_seen(from).collect()
            } else {
                self.venues.paradex.orders_seen(from).collect()
            };
            // A liquidation is an order of the venue's own, with no nonce.
            let foreign = |key: &str| key == FOREIGN_KEY || key == FOREIGN_NONCE.to_string() || (venue == VEST && key == "0");
            let shadow = &self.shadow;
            self.books[venue].take(seen, |key| if foreign(key) { None } else { Some(shadow.order_of(venue, key)) })?;
        }
        Ok(())
    }

    /// How long one side has been uncovered by the venues' own books, and that this ends in time.
    fn bounded_nakedness(&mut self) -> Result<(), String> {
        let [vest, paradex] = self.venues.positions();
        let Some(since) = self.uneven_since else {
            if vest + paradex != 0 {
                self.uneven_since = Some(self.net.now);
            }
            return Ok(());
        };
        self.uncovered_ms = self.uncovered_ms.max((self.net.now - since) / 1_000);
        if let Some(calm) = self.calm.since() {
            let ms = (self.net.now - since.max(calm)) / 1_000;
            self.uncovered_calm_ms = self.uncovered_calm_ms.max(ms);
            if ms > NAKED_MS {
                return Err(format!("bounded nakedness: {vest} on vest and {paradex} on paradex for {ms} ms while both answer"));
            }
        }
        if vest + paradex == 0 {
            self.uneven_since = None;
        }
        Ok(())
    }

    /// Nothing is opened on a book that is stale or not to be traded on, judged from what the venue did to it.
    pub(super) fn judge_send(&mut self, order: OrderId) -> Result<(), String> {
        if order.purpose != Purpose::Entry || order.attempt != 1 {
            return Ok(());
        }
        for (venue, fault, since) in &self.calm.books {
            let limit = if matches!(*fault, "freeze_book" | "down") { STALE_MS } else { ARRIVED_MS };
            let ms = (self.net.now - since) / 1_000;
            let late = self.calm.on.contains(&(*venue, "latency"));
            if ms > limit && !late {
                return Err(format!("order {order} opens a leg while venue {venue} has had {fault} for {ms} ms"));
            }
        }
        Ok(())
    }

    /// A person is called only while something is wrong with a venue.
    pub(super) fn judge_record(&mut self, record: &Record) -> Result<(), String> {
        if let Record::Decided { decision: Decision::Stuck { exposure }, round, .. } = record
            && let Some(since) = self.calm.since()
        {
            let ms = (self.net.now - since) / 1_000;
            if ms > NAKED_MS {
                return Err(format!("round {round} calls a person ({exposure}) after {ms} ms of nothing being wrong"));
            }
        }
        Ok(())
    }

    /// Leaving in an orderly way leaves nothing pending and nothing uncovered, by the venues' own books. What a venue took
    /// by itself and nobody could know yet is the one exception, and it is proven to be just that: every fill of ours is in
    /// the journal, and by the journal everything is even. The next life finds the rest, judged when it is at rest.
    pub(super) fn judge_leaving(&self) -> Result<(), String> {
        let [vest, paradex] = self.venues.positions();
        if vest + paradex != 0 {
            let left = format!("left in an orderly way with {vest} on vest and {paradex} on paradex");
            if !self.scenario.has_forced() || !self.shadow.is_even() {
                return Err(left);
            }
            self.fills_agree().map_err(|e| format!("{left}; {e}"))?;
        }
        for books in &self.books {
            if let Some(order) = books.live().next() {
                return Err(format!("left in an orderly way while order {order} lives at its venue"));
            }
        }
        Ok(())
    }

    /// Everything is over: venues, journal and engine must tell the same story.
    pub(super) fn at_rest(&mut self) -> Result<(), String> {
        let positions = self.venues.positions();
        if positions != [0, 0] {
            return Err(format!("at rest with positions {positions:?} on the venues"));
        }
        let open = self.shadow.open_rounds();
        if !open.is_empty() {
            return Err(format!("at rest with rounds {open:?} not ended"));
        }
        self.stops_for_strangers_alone()?;
        self.journal_says_the_same()?;
        self.strangers_are_untouched()?;
        self.fills_agree()?;
        if self.shadow.stands_in() {
            self.coverage.add("forced", "never named");
        } else if let Some(before) = self.cash_at_start {
            let change = self.venues.cash_e8() - before;
            let net = i128::from(self.shadow.net_e8());
            // After a change of its grid a venue tells old fills on the new one, up to half a step beside what it booked.
            let beside = if self.scenario.changes_grid() { 5_000_000 } else { 0 };
            if (change - net).abs() > beside {
                return Err(format!("the rounds' results sum to {net}, the venues' balances changed by {change} (at 1e-8)"));
            }
        }
        Ok(())
    }

    /// Every order of ours filled as much at its venue as by the journal.
    fn fills_agree(&self) -> Result<(), String> {
        let all = [self.venues.vest.orders_seen(0).collect::<Vec<_>>(), self.venues.paradex.orders_seen(0).collect()];
        for (venue, orders) in all.iter().enumerate() {
            for order in orders {
                let Some(id) = self.shadow.order_of(venue, &order.key) else { continue };
                let recorded = self.shadow.filled(id);
                if recorded != order.filled_e8 {
                    return Err(format!("order {id} filled {} at its venue and {recorded} in the journal", order.filled_e8));
                }
            }
        }
        Ok(())
    }

    /// A pair is stopped only by what somebody else did, or a venue by itself.
    fn stops_for_strangers_alone(&mut self) -> Result<(), String> {
        let Some(bot) = &self.bot else { return Err("at rest without a bot".to_owned()) };
        let (halted, frozen) = (bot.shard.engine().halted(), bot.shard.engine().frozen());
        if (!halted.is_empty() || frozen.is_some()) && !self.scenario.has_foreign() && !self.scenario.has_forced() {
            return Err(format!("at rest with pairs stopped: {halted:?}, everything: {frozen:?}"));
        }
        if !halted.is_empty() && self.scenario.has_foreign() {
            self.coverage.add("operator", "pair stopped for a stranger");
        }
        Ok(())
    }

    /// Whether somebody else's order is still open at a venue.
    pub(super) fn stranger_lives(&self, venue: usize) -> bool {
        if venue == VEST {
            let key = FOREIGN_NONCE.to_string();
            self.venues.vest.orders_seen(0).any(|o| o.key == key && o.live)
        } else {
            self.venues.paradex.orders_seen(0).any(|o| o.key == FOREIGN_KEY && o.live)
        }
    }

    fn strangers_are_untouched(&self) -> Result<(), String> {
        for (venue, planted) in self.foreign.iter().enumerate() {
            let alive = self.stranger_lives(venue);
            // A halted venue ends resting orders by itself.
            let halts = self.coverage.counts().get("fault").is_some_and(|g| g.contains_key("vest halt"));
            if *planted && !alive && !(venue == VEST && halts) {
                return Err(format!("somebody else's order on venue {venue} was touched"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bot::policy;
    use domain::record::Evening;

    #[test]
    fn the_bound_on_nakedness_counts_from_what_the_policy_allows() {
        assert_eq!(NAKED_MS - FENCE_MS - SLACK_MS, policy([Evening::Complete; 2]).max_uncovered_ms);
    }

    #[test]
    fn calm_begins_when_the_last_thing_that_was_wrong_is_over() {
        let mut calm = Calm::new(0);
        assert_eq!(calm.since(), None, "no bot yet");
        calm.alive(true, 5);
        assert_eq!(calm.since(), Some(5));
        calm.begin(VEST, "down", true, 10);
        calm.begin(PARADEX, "latency", true, 20);
        calm.begin(VEST, "duplicate_events", true, 25);
        calm.end(VEST, "down", 30);
        assert_eq!(calm.since(), None);
        calm.end(PARADEX, "latency", 40);
        assert_eq!(calm.since(), Some(40));
        calm.begin(VEST, "drop_sockets", true, 50);
        assert_eq!(calm.since(), Some(50));
    }
}
