//! The venue's own word against the fold: at start, after every return of a venue, at each round's end, and from
//! time to time. What does not match stops the pair with a report; nothing is explained away.

use crate::engine::Engine;
use crate::{Desk, Notice};
use domain::record::{ExitReason, Record};
use domain::{AccountSnapshot, InstrumentId, LegId, Now, OrderId, OrderNews, OrderReport, Pair, RoundId, VenueId, Wall};
use std::collections::BTreeMap;

/// A second read confirms a difference: a venue's positions lag its fills by some hundred milliseconds.
const SETTLE_MS: i64 = 1_000;
/// A read that is not answered is asked again.
const READ_AGAIN_MS: i64 = 5_000;

impl Engine {
    /// A venue came up, or came back: every order on it whose end is not known is asked about, and its account read.
    pub fn venue_ready(&mut self, venue: VenueId, now: Now, desk: &mut impl Desk) {
        self.venues.entry(venue).or_default().reconciled = false;
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
        let Some(asked) = state.reading.take() else { return };
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
        let mut ours: BTreeMap<InstrumentId, (i64, Pair)> = BTreeMap::new();
        let mut under_way = false;
        for round in self.rounds.values().map(|s| &s.round) {
            for leg in LegId::BOTH {
                let plan = round.plan.legs[leg.index()];
                if plan.venue != venue {
                    continue;
                }
                let changed = round.orders.iter().filter(|o| o.spec.id.leg == leg).map(|o| o.changed_at).max();
                under_way |= round.live(leg).next().is_some() || changed.is_some_and(|c| c > asked);
                let signed = round.held(leg).saturating_mul(saga::Round::entry_side(leg).sign());
                let entry = ours.entry(plan.instrument).or_insert((0, round.plan.pair));
                entry.0 = entry.0.saturating_add(signed);
            }
        }
        if under_way {
            self.compared(venue, now, SETTLE_MS);
            return;
        }
        let mut found: Vec<(Option<Pair>, String)> = Vec::new();
        let mut all: Vec<InstrumentId> = ours.keys().chain(on_venue.keys()).copied().collect();
        all.sort_unstable();
        all.dedup();
        for id in all {
            let (own, theirs) = (ours.get(&id).map_or(0, |o| o.0), on_venue.get(&id).copied().unwrap_or(0));
            if own != theirs {
                let instrument = desk.instrument(id);
                let (mut a, mut b) = (String::new(), String::new());
                domain::write_e8(own, 0, &mut a);
                domain::write_e8(theirs, 0, &mut b);
                found.push((Some(instrument.pair), format!("{} {}: journal {a}, venue {b}", venue, instrument.symbol)));
            }
        }
        for order in &account.open_orders {
            // By the key it was journaled with: not every venue shows our own id.
            let slots = self.rounds.values().chain(&self.ended);
            let known = slots.flat_map(|s| &s.round.orders).any(|o| o.spec.venue == venue && o.key.key == order.key);
            if !known {
                let pair = order.instrument.map(|i| desk.instrument(i).pair);
                found.push((pair, format!("{venue}: open order {} is not in the journal", order.venue_order.0)));
            }
        }
        let text = found.iter().map(|(_, e)| e.as_str()).collect::<Vec<_>>().join("; ");
        let state = self.venues.entry(venue).or_default();
        if found.is_empty() {
            state.suspect = None;
            state.reconciled = true;
            self.compared(venue, now, self.config.reconcile_every_ms);
            return;
        }
        if state.suspect.as_deref() != Some(&text) {
            state.suspect = Some(text);
            self.compared(venue, now, SETTLE_MS);
            return;
        }
        state.suspect = None;
        // The venue is understood: what does not match stops its pair, the other pairs may trade.
        state.reconciled = true;
        self.compared(venue, now, self.config.reconcile_every_ms);
        for (pair, evidence) in found {
            if pair.is_some_and(|p| self.halted.contains_key(&p)) {
                continue;
            }
            self.record(Record::Mismatch { at: now.wall, venue, pair, evidence: evidence.clone() }, desk);
            desk.notice(Notice::Mismatch { venue, pair, evidence });
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

    /// Something on an account that no order of ours explains: entries on the pair stop, with the evidence.
    pub fn on_foreign(&mut self, venue: VenueId, pair: Option<Pair>, evidence: String, now: Now, desk: &mut impl Desk) {
        if pair.is_some_and(|p| self.halted.contains_key(&p)) {
            return;
        }
        self.record(Record::Mismatch { at: now.wall, venue, pair, evidence: evidence.clone() }, desk);
        desk.notice(Notice::Mismatch { venue, pair, evidence });
    }

    /// A venue changed a position by itself: liquidation, deleveraging. The pair stops, and what is held on it is closed,
    /// the leg of the other venue above all: it covers nothing any more. What the venue took no close of ours can find;
    /// the round then calls a person, with the other leg closed.
    pub fn on_forced(&mut self, venue: VenueId, pair: Option<Pair>, evidence: String, now: Now, desk: &mut impl Desk) {
        self.on_foreign(venue, pair, evidence, now, desk);
        if let Some(id) = pair.and_then(|p| self.round_on(p)).map(saga::Round::id) {
            self.exit(id, ExitReason::Forced, None, now, desk);
        }
    }
}
