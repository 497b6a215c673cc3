//! The venue's own word against the fold: at start, after every return of a venue, at each round's end, and from
//! time to time. What does not match stops the pair with a report; nothing is explained away.

use crate::engine::Engine;
use crate::forced::{LOOK_EVERY_MS, Missing};
use crate::{Desk, Notice};
use domain::{AccountSnapshot, InstrumentId, LegId, Now, OrderId, OrderNews, OrderReport, Pair, RoundId, VenueId, Wall};
use std::collections::{BTreeMap, BTreeSet};

/// A second read confirms a difference: a venue's positions lag its fills by some hundred milliseconds.
const SETTLE_MS: i64 = 1_000;
/// What a leg lost is believed without the venue's own word only so long after the leg last moved, ms.
const LAG_MS: i64 = 3_000;
/// A read that is not answered is asked again.
const READ_AGAIN_MS: i64 = 5_000;

/// Something on which a venue and the fold do not agree.
struct Difference {
    /// Whose pair it is, if it is one of ours.
    pair: Option<Pair>,
    /// Both sides in words.
    evidence: String,
    /// The leg that has less than the fold, where that is all there is to it.
    missing: Option<(InstrumentId, Missing)>,
}

impl Engine {
    /// A venue came up, or came back: every order on it whose end is not known is asked about, and its account read.
    pub fn venue_ready(&mut self, venue: VenueId, now: Now, desk: &mut impl Desk) {
        let state = self.venues.entry(venue).or_default();
        state.reconciled = false;
        state.up_since = Some(now.wall);
        self.doubt(venue, "the session was away", now, desk);
        self.read(venue, now, desk);
        let ids: Vec<RoundId> = self.rounds.keys().copied().collect();
        for id in ids {
            self.drive(id, now, desk);
        }
    }

    /// A venue went down.
    pub fn venue_down(&mut self, venue: VenueId) {
        let state = self.venues.entry(venue).or_default();
        state.reconciled = false;
        state.reading = None;
        state.up_since = None;
    }

    fn doubt(&mut self, venue: VenueId, why: &str, now: Now, desk: &mut impl Desk) {
        let live: Vec<OrderId> = self
            .rounds
            .values()
            .flat_map(|s| &s.round.orders)
            .filter(|o| o.is_live() && o.spec.venue == venue && !o.overdue)
            .map(|o| o.spec.id)
            .collect();
        for order in live {
            self.on_report(OrderReport { order, news: OrderNews::Unknown { why: why.to_owned() } }, now, desk);
        }
    }

    /// Asks for a venue's account unless that is under way.
    pub(crate) fn read(&mut self, venue: VenueId, now: Now, desk: &mut impl Desk) {
        let state = self.venues.entry(venue).or_default();
        if state.reading.is_some_and(|asked| now.wall < asked.plus_ms(READ_AGAIN_MS)) {
            state.again = true;
            return;
        }
        state.reading = Some(now.wall);
        state.again = false;
        desk.read_account(venue, now);
    }

    /// Asks every venue for its account, for its word on the money.
    pub fn read_all(&mut self, now: Now, desk: &mut impl Desk) {
        let venues: Vec<VenueId> = self.venues.keys().copied().collect();
        for venue in venues {
            self.venues.entry(venue).or_default().reading = None;
            self.read(venue, now, desk);
        }
    }

    /// An account could not be read: nothing is learned, and it is asked again soon.
    pub fn on_account_failed(&mut self, venue: VenueId, now: Now) {
        let state = self.venues.entry(venue).or_default();
        state.compared = Some(now.wall.plus_ms(SETTLE_MS.saturating_sub(self.config.reconcile_every_ms)));
        state.reading = None;
    }

    /// The account by the venue's own word, asked for when `reading` was set.
    pub fn on_account(&mut self, venue: VenueId, account: &AccountSnapshot, now: Now, desk: &mut impl Desk) {
        self.accounts_read = self.accounts_read.saturating_add(1);
        let state = self.venues.entry(venue).or_default();
        state.balance = Some(account.balance);
        state.free = Some(account.free);
        let Some(asked) = state.reading.take() else { return };
        // What entries took before the question is in the answer.
        state.margin.retain(|(at, _)| *at >= asked);
        let mut on_venue: BTreeMap<InstrumentId, i64> = BTreeMap::new();
        for p in &account.positions {
            on_venue.insert(p.instrument, p.size_e8);
        }
        let ids: Vec<RoundId> = self.rounds.keys().copied().collect();
        let mut waiting = Vec::new();
        for id in ids {
            let Some(slot) = self.rounds.get_mut(&id) else { continue };
            for leg in LegId::BOTH {
                let plan = slot.round.plan.legs[leg.index()];
                if plan.venue == venue {
                    slot.pace.position(leg, asked, on_venue.get(&plan.instrument).copied().unwrap_or(0));
                    waiting.push(id);
                }
            }
        }
        self.compare(venue, &on_venue, account, asked, now, desk);
        if std::mem::take(&mut self.venues.entry(venue).or_default().again) {
            self.read(venue, now, desk);
        }
        for id in waiting {
            self.drive(id, now, desk);
        }
    }

    /// Compares where nothing is under way; a difference counts when a second read shows it again.
    fn compare(
        &mut self,
        venue: VenueId,
        on_venue: &BTreeMap<InstrumentId, i64>,
        account: &AccountSnapshot,
        asked: Wall,
        now: Now,
        desk: &mut impl Desk,
    ) {
        let mut ours: BTreeMap<InstrumentId, i64> = BTreeMap::new();
        let mut under_way: BTreeSet<InstrumentId> = BTreeSet::new();
        for round in self.rounds.values().map(|s| &s.round) {
            for leg in LegId::BOTH {
                let plan = round.plan.legs[leg.index()];
                if plan.venue != venue {
                    continue;
                }
                if round.live(leg).next().is_some() || round.changed_at(leg).is_some_and(|c| c > asked) {
                    under_way.insert(plan.instrument);
                }
                let signed = round.held(leg).saturating_mul(saga::Round::entry_side(leg).sign());
                let entry = ours.entry(plan.instrument).or_insert(0);
                *entry = entry.saturating_add(signed);
            }
        }
        let mut found: Vec<Difference> = Vec::new();
        let mut all: Vec<InstrumentId> = ours.keys().chain(on_venue.keys()).copied().collect();
        all.sort_unstable();
        all.dedup();
        all.retain(|id| !under_way.contains(id));
        let looked_for = self.venues.get(&venue).map(|v| v.missing.clone()).unwrap_or_default();
        let mut gone = Vec::new();
        for id in all {
            let (own, theirs) = (ours.get(&id).copied().unwrap_or(0), on_venue.get(&id).copied().unwrap_or(0));
            if own != theirs {
                let instrument = desk.instrument(id);
                let (mut a, mut b) = (String::new(), String::new());
                domain::write_e8(own, 0, &mut a);
                domain::write_e8(theirs, 0, &mut b);
                let evidence = format!("{} {}: journal {a}, venue {b}", venue, instrument.symbol);
                let missing = self.missing_from(venue, id, theirs, asked);
                // The venue itself said that it took something: this is it.
                if let (Some(missing), true) = (missing, looked_for.contains_key(&id)) {
                    gone.push((id, missing, evidence));
                    continue;
                }
                found.push(Difference { pair: Some(instrument.pair), evidence, missing: missing.map(|m| (id, m)) });
            }
        }
        for order in &account.open_orders {
            // By the key it was journaled with: not every venue shows our own id.
            let slots = self.rounds.values().chain(&self.ended);
            let known = slots.flat_map(|s| &s.round.orders).any(|o| o.spec.venue == venue && o.key.key == order.key);
            if !known {
                let pair = order.instrument.map(|i| desk.instrument(i).pair);
                let evidence = format!("{venue}: open order {} is not in the journal", order.venue_order.0);
                found.push(Difference { pair, evidence, missing: None });
            }
        }
        for (instrument, missing, evidence) in gone {
            self.is_gone(venue, instrument, missing, evidence, asked, now, desk);
        }
        let text = found.iter().map(|d| d.evidence.as_str()).collect::<Vec<_>>().join("; ");
        let state = self.venues.entry(venue).or_default();
        state.missing.retain(|_, until| now.wall < *until);
        let looking = !state.missing.is_empty();
        let again = |every: i64| match (looking, under_way.is_empty()) {
            (true, _) => LOOK_EVERY_MS,
            (false, true) => every,
            (false, false) => SETTLE_MS,
        };
        if found.is_empty() {
            state.suspect = None;
            state.reconciled = true;
            let again = again(self.config.reconcile_every_ms);
            self.compared(venue, now, again);
            return;
        }
        if state.suspect.as_deref() != Some(&text) {
            state.suspect = Some(text.clone());
            self.compared(venue, now, if looking { LOOK_EVERY_MS } else { SETTLE_MS });
            return;
        }
        state.suspect = None;
        // The venue is understood: what does not match stops its pair, the other pairs may trade.
        state.reconciled = true;
        let again = again(self.config.reconcile_every_ms);
        self.compared(venue, now, again);
        for Difference { pair, evidence, missing } in found {
            match missing {
                // Positions lag fills: what changed lately is looked at again before another leg is closed for it.
                Some((_, m)) if !m.beyond && self.moved_since(m.round, m.leg, asked.plus_ms(-LAG_MS)) => {
                    self.venues.entry(venue).or_default().suspect = Some(text.clone());
                    self.compared(venue, now, SETTLE_MS);
                }
                Some((instrument, missing)) => self.is_gone(venue, instrument, missing, evidence, asked, now, desk),
                None => self.stop_for(venue, pair, evidence, now, desk),
            }
        }
    }

    fn moved_since(&self, round: RoundId, leg: LegId, at: Wall) -> bool {
        self.find(round).and_then(|r| r.moved_at(leg)).is_some_and(|moved| moved > at)
    }

    /// A leg of ours is smaller at its venue than in the fold, for sure: the venue took it, or a person did. Either way it
    /// covers nothing any more.
    #[allow(
        clippy::too_many_arguments,
        reason = "a difference with where, when and by whose word; a struct of it would be named once"
    )]
    fn is_gone(
        &mut self,
        venue: VenueId,
        instrument: InstrumentId,
        missing: Missing,
        evidence: String,
        asked: Wall,
        now: Now,
        desk: &mut impl Desk,
    ) {
        let (pair, Missing { round: id, leg, size, .. }) = (desk.instrument(instrument).pair, missing);
        self.venues.entry(venue).or_default().missing.remove(&instrument);
        desk.notice(Notice::Forced { round: Some(id), pair, venue, evidence: evidence.clone() });
        self.stop_for(venue, Some(pair), evidence, now, desk);
        if let Some(taken) = self.seen_gone(id, leg, size, asked, desk) {
            self.take_away(id, leg, taken, now, desk);
        }
    }

    /// Remembers the comparison so that the next one comes in `again_ms`.
    fn compared(&mut self, venue: VenueId, now: Now, again_ms: i64) {
        let every = self.config.reconcile_every_ms;
        self.venues.entry(venue).or_default().compared = Some(now.wall.plus_ms(again_ms.saturating_sub(every)));
    }

    fn due(&self, venue: VenueId) -> Option<Wall> {
        let state = self.venues.get(&venue)?;
        match (state.reading, state.compared) {
            (Some(asked), _) => Some(asked.plus_ms(READ_AGAIN_MS)),
            (None, Some(at)) => Some(at.plus_ms(self.config.reconcile_every_ms)),
            (None, None) => None,
        }
    }

    pub(crate) fn next_reconcile(&self) -> Option<Wall> {
        self.venues.keys().filter_map(|v| self.due(*v)).min()
    }

    pub(crate) fn reconcile_when_due(&mut self, now: Now, desk: &mut impl Desk) {
        let due: Vec<VenueId> = self.venues.keys().copied().filter(|v| self.due(*v).is_some_and(|at| now.wall >= at)).collect();
        for venue in due {
            self.read(venue, now, desk);
        }
    }
}
