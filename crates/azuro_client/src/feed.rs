//! Watched conditions and what can be had on them now.
//!
//! Source: spec section 5. The feed has no sequence numbers, so after every (re)connect: subscribe, wait for the ack, read the batch,
//! apply the updates that arrived meanwhile. The same batch is read on a timer, because a feed that says nothing and one that is dead
//! look alike. Owns no socket and no request: `client` sends what this says.

use crate::parse::{Condition, ConditionState, OutcomeState};
use domain::{Line, MarketId, Mono, Now, Odds, Outcome, Wall};
use std::collections::{BTreeMap, BTreeSet};

/// One watched condition.
#[derive(Debug)]
struct Watched {
    condition: Condition,
    /// Kick-off of its game: in play is not traded.
    starts: Wall,
    /// The market's line: of a handicap the first side's.
    line: Option<Line>,
    /// Whether the batch after the last subscription has been applied.
    valid: bool,
    /// When it was last heard of.
    heard: Mono,
    /// The newest update since a batch was asked for. An update replaces the whole condition, so the last one is enough.
    meanwhile: Option<Condition>,
}

/// The watched conditions.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    watched: BTreeMap<MarketId, Watched>,
    /// Conditions in a batch that is under way.
    asked: BTreeSet<MarketId>,
}

/// Why there is no quote.
pub(crate) type NoQuote = &'static str;

impl Feed {
    /// Begins to watch, or takes a newer description. Not valid before the next batch.
    pub(crate) fn watch(&mut self, condition: Condition, starts: Wall, line: Option<Line>) {
        let id = condition.id;
        let entry = Watched { condition, starts, line, valid: false, heard: Mono::default(), meanwhile: None };
        self.watched.insert(id, entry);
    }
    pub(crate) fn unwatch(&mut self, id: MarketId) -> bool {
        self.watched.remove(&id).is_some()
    }
    pub(crate) fn ids(&self) -> Vec<MarketId> {
        self.watched.keys().copied().collect()
    }
    pub(crate) fn watches(&self, id: MarketId) -> bool {
        self.watched.contains_key(&id)
    }
    pub(crate) fn outcomes(&self, id: MarketId) -> impl Iterator<Item = Outcome> + '_ {
        self.watched.get(&id).into_iter().flat_map(|w| w.condition.outcomes.iter().map(|o| o.id))
    }
    pub(crate) fn line(&self, id: MarketId) -> Option<Line> {
        self.watched.get(&id)?.line
    }
    /// The kick-off was moved.
    pub(crate) fn starts_at(&mut self, id: MarketId, starts: Wall) {
        if let Some(entry) = self.watched.get_mut(&id) {
            entry.starts = starts;
        }
    }

    /// The connection is gone: nothing is valid until subscribed and read again.
    pub(crate) fn lost(&mut self) {
        self.asked.clear();
        for entry in self.watched.values_mut() {
            entry.valid = false;
            entry.meanwhile = None;
        }
    }

    /// A batch of these is being asked for: from now on updates are kept, to be applied over it.
    pub(crate) fn asking(&mut self, ids: &[MarketId]) {
        for id in ids {
            if let Some(entry) = self.watched.get_mut(id) {
                entry.meanwhile = None;
                self.asked.insert(*id);
            }
        }
    }

    /// The batch answered. Conditions that it left out do not exist for the venue: not valid.
    pub(crate) fn batch(&mut self, ids: &[MarketId], rows: Vec<Condition>, now: Mono) {
        let mut rows: BTreeMap<MarketId, Condition> = rows.into_iter().map(|row| (row.id, row)).collect();
        for id in ids {
            let Some(entry) = self.watched.get_mut(id) else { continue };
            // The connection was lost meanwhile: a later batch will tell.
            if !self.asked.remove(id) {
                continue;
            }
            let found = rows.remove(id);
            entry.valid = found.is_some();
            let meanwhile = entry.meanwhile.take();
            if let Some(row) = found {
                replace(&mut entry.condition, row);
                entry.heard = now;
            }
            if let Some(update) = meanwhile {
                replace(&mut entry.condition, update);
            }
        }
    }

    /// The batch failed; what was valid stays so until it is too old.
    pub(crate) fn batch_failed(&mut self, ids: &[MarketId]) {
        for id in ids {
            self.asked.remove(id);
        }
    }

    /// An update arrived. True if the condition is watched.
    pub(crate) fn update(&mut self, condition: Condition, now: Mono) -> bool {
        let Some(entry) = self.watched.get_mut(&condition.id) else { return false };
        if self.asked.contains(&condition.id) {
            entry.meanwhile = Some(condition.clone());
        }
        entry.heard = now;
        replace(&mut entry.condition, condition);
        true
    }

    /// The game of some conditions is no longer before its start: they are not traded in play.
    pub(crate) fn game_left_prematch(&mut self, game: u128) -> Vec<MarketId> {
        let mut left = Vec::new();
        for (id, entry) in &mut self.watched {
            if entry.condition.game == Some(game) {
                entry.condition.prematch = false;
                left.push(*id);
            }
        }
        left
    }

    /// Why nothing is known of a condition now, if so.
    pub(crate) fn lost_why(&self, id: MarketId, now: Now, age_ms_max: u64) -> Option<NoQuote> {
        let Some(entry) = self.watched.get(&id) else { return Some("not watched") };
        if !entry.valid {
            return Some("not read since the feed was connected");
        }
        (now.mono.since(entry.heard) > age_ms_max.saturating_mul(1_000_000)).then_some("not heard of for too long")
    }

    /// Best odds of an outcome, and the kick-off they end with.
    ///
    /// # Errors
    /// Why there are none.
    pub(crate) fn odds(&self, id: MarketId, outcome: Outcome, now: Now, age_ms_max: u64) -> Result<(Odds, Wall), NoQuote> {
        if let Some(why) = self.lost_why(id, now, age_ms_max) {
            return Err(why);
        }
        let entry = self.watched.get(&id).ok_or("not watched")?;
        let condition = &entry.condition;
        if condition.state != ConditionState::Active || condition.hidden {
            return Err("the condition is not active");
        }
        if !condition.prematch || now.wall >= entry.starts {
            return Err("the game has begun");
        }
        let line = condition.outcomes.iter().find(|line| line.id == outcome).ok_or("no such outcome")?;
        if line.state != OutcomeState::Active || line.hidden {
            return Err("the outcome is not active");
        }
        line.odds.map(|odds| (odds, entry.starts)).ok_or("no odds above one")
    }
}

/// Takes over what a newer message says and keeps what only the full description has: game, market, sides and lines.
fn replace(known: &mut Condition, newer: Condition) {
    known.state = newer.state;
    known.hidden = newer.hidden;
    // A batch has neither flag nor game; an update has both.
    if newer.game.is_some() {
        known.prematch = newer.prematch;
        known.live = newer.live;
    }
    let mut outcomes = newer.outcomes;
    for line in &mut outcomes {
        if let Some(before) = known.outcomes.iter().find(|before| before.id == line.id) {
            line.selection = line.selection.or(before.selection);
            line.line = line.line.or(before.line);
        }
    }
    known.outcomes = outcomes;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::conditions;

    const NOW: Now = Now { mono: Mono(1_000_000_000), wall: Wall(0) };

    /// The captured `Match Winner` with odds 2.62 and 1.45, active, before its game.
    fn winner() -> Condition {
        let all = conditions(include_bytes!("../testdata/azuro/conditions_by_game_ids.json")).expect("a fixture");
        all.into_iter().find(|c| c.title == "Match Winner" && c.state == ConditionState::Active).expect("one")
    }
    fn with_odds(e12: u64) -> Condition {
        let mut condition = winner();
        condition.outcomes[0].odds = Odds::from_decimal_e12(e12);
        condition
    }
    fn odds(feed: &Feed) -> Result<u64, NoQuote> {
        let condition = winner();
        let found = feed.odds(condition.id, condition.outcomes[0].id, NOW, 30_000);
        found.map(|(odds, _)| odds.decimal_e12_down().expect("decimal"))
    }
    fn watching() -> (Feed, Vec<MarketId>) {
        let mut feed = Feed::default();
        feed.watch(winner(), Wall::from_ms(1), None);
        let ids = feed.ids();
        (feed, ids)
    }

    #[test]
    fn nothing_is_quoted_before_the_batch_that_follows_the_subscription() {
        let (mut feed, ids) = watching();
        assert_eq!(odds(&feed), Err("not read since the feed was connected"));
        assert!(feed.update(winner(), NOW.mono));
        assert_eq!(odds(&feed), Err("not read since the feed was connected"));
        feed.asking(&ids);
        feed.batch(&ids, vec![winner()], NOW.mono);
        assert_eq!(odds(&feed), Ok(2_620_000_000_000));
        feed.lost();
        assert_eq!(odds(&feed), Err("not read since the feed was connected"));
    }

    #[test]
    fn an_update_that_arrives_during_a_batch_wins_over_it() {
        let (mut feed, ids) = watching();
        feed.asking(&ids);
        feed.update(with_odds(3_000_000_000_000), NOW.mono);
        feed.batch(&ids, vec![winner()], NOW.mono);
        assert_eq!(odds(&feed), Ok(3_000_000_000_000));
        feed.asking(&ids);
        feed.batch(&ids, vec![winner()], NOW.mono);
        assert_eq!(odds(&feed), Ok(2_620_000_000_000), "a batch asked for later is newer");
    }

    #[test]
    fn a_batch_of_a_lost_connection_makes_nothing_valid() {
        let (mut feed, ids) = watching();
        feed.asking(&ids);
        feed.lost();
        feed.batch(&ids, vec![winner()], NOW.mono);
        assert_eq!(odds(&feed), Err("not read since the feed was connected"));
    }

    #[test]
    fn a_condition_that_the_batch_leaves_out_is_not_quoted() {
        let (mut feed, ids) = watching();
        feed.asking(&ids);
        feed.batch(&ids, vec![], NOW.mono);
        assert_eq!(odds(&feed), Err("not read since the feed was connected"));
    }

    #[test]
    fn what_is_not_bettable_says_why() {
        let check = |change: fn(&mut Condition), why: NoQuote| {
            let (mut feed, ids) = watching();
            feed.asking(&ids);
            let mut condition = winner();
            change(&mut condition);
            feed.batch(&ids, vec![condition], NOW.mono);
            assert_eq!(odds(&feed), Err(why));
        };
        check(|c| c.state = ConditionState::Stopped, "the condition is not active");
        check(|c| c.state = ConditionState::Unknown, "the condition is not active");
        check(|c| c.hidden = true, "the condition is not active");
        check(|c| c.prematch = false, "the game has begun");
        check(|c| c.outcomes[0].state = OutcomeState::Stopped, "the outcome is not active");
        check(|c| c.outcomes[0].state = OutcomeState::Unknown, "the outcome is not active");
        check(|c| c.outcomes[0].odds = None, "no odds above one");
        check(|c| c.outcomes.clear(), "no such outcome");
    }

    #[test]
    fn silence_and_the_start_of_the_game_end_a_quote() {
        let (mut feed, ids) = watching();
        feed.asking(&ids);
        feed.batch(&ids, vec![winner()], NOW.mono);
        let (id, outcome) = (ids[0], winner().outcomes[0].id);
        let later = Now { mono: NOW.mono.plus_ms(30_001), wall: NOW.wall };
        assert_eq!(feed.odds(id, outcome, later, 30_000), Err("not heard of for too long"));
        let begun = Now { mono: NOW.mono, wall: Wall::from_ms(1) };
        assert_eq!(feed.odds(id, outcome, begun, 30_000), Err("the game has begun"));
        assert_eq!(feed.game_left_prematch(winner().game.expect("a game")), ids);
        assert_eq!(odds(&feed), Err("the game has begun"));
    }
}
