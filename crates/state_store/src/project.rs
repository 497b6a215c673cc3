//! The projection: what each journal record changes in the tables. Pure; the same records give the same changes.
//!
//! Owns the fold of recent rounds (through [`saga::Round`], the same that trading uses) and the rows as they were last
//! given out. Does not own reading or writing. Called by the projector.

use crate::derive::{added, give_up_words, order_row, position_row, round_row, show_price};
use crate::rows::{Change, FillRow, IncidentRow, OrderRow, PositionState, RoundRow};
use domain::names::EventType;
use domain::record::{Decision, ExitReason, Intended, Record};
use domain::{Fills, OrderId, OrderNews, Pair, Purpose, RoundId, Wall};
use saga::{Illegal, Round};
use std::collections::{BTreeMap, VecDeque};

/// How many ended rounds stay in memory, so that a fill that comes after the end still finds its round: as many as
/// the engine keeps, which takes no fill for a round that it has forgotten.
const ENDED_KEPT: usize = 64;

/// A round with the rows that show it.
#[derive(Clone, Debug)]
struct Tracked {
    round: Round,
    /// When it was over, the last time that it was.
    ended_at: Option<Wall>,
    /// Why the fate of an order was not known, as said.
    said: BTreeMap<OrderId, String>,
    row: RoundRow,
    position: Option<PositionState>,
    orders: BTreeMap<OrderId, OrderRow>,
}

/// Folds journal records and says what each changes.
#[derive(Clone, Debug, Default)]
pub struct Projection {
    rounds: BTreeMap<RoundId, Tracked>,
    /// Those that are over, in the order of their ends.
    ended: VecDeque<RoundId>,
}

impl Projection {
    /// Folds the record with this number in. A record that does not fit changes nothing and is an incident.
    pub fn take(&mut self, seq: u64, record: &Record) -> Vec<Change> {
        let mut changes = Vec::new();
        self.fold(seq, record, &mut changes);
        self.forget();
        changes
    }

    /// Takes over what a snapshot with this number holds. Gives what it knows beyond the records before it: nothing, as
    /// long as those were all there. Incidents of lost records are not told again.
    pub fn take_snapshot(&mut self, seq: u64, records: &[Record]) -> Vec<Change> {
        let mut fresh = Self::default();
        let mut unseen = Vec::new();
        for record in records {
            // A mismatch in a snapshot keeps a pair halted; it was told of when it was found.
            if !matches!(record, Record::Mismatch { .. }) {
                fresh.fold(seq, record, &mut unseen);
            }
            unseen.clear();
        }
        fresh.forget();
        let mut changes = Vec::new();
        for (id, tracked) in &fresh.rounds {
            tracked.beyond(self.rounds.get(id), seq, &mut changes);
        }
        *self = fresh;
        changes
    }

    fn fold(&mut self, seq: u64, record: &Record, changes: &mut Vec<Change>) {
        let at = record.at();
        match record {
            Record::Started { .. }
            | Record::Resumed { .. }
            | Record::Watched { .. }
            | Record::Timed { .. }
            | Record::BetIntended { .. }
            | Record::BetLearned { .. } => {}
            Record::Mismatch { venue, pair, evidence, .. } => {
                let text = format!("{venue}: {evidence}");
                let event = EventType::ReconcileMismatch;
                changes.push(Change::Incident(IncidentRow { seq, event, round: None, pair: *pair, text, at }));
            }
            Record::Opened { plan, orders, .. } => match Round::open((**plan).clone(), orders.clone(), at) {
                Ok(round) => {
                    let tracked = Tracked::new(round);
                    tracked.beyond(None, seq, changes);
                    self.ended.retain(|id| *id != plan.id);
                    self.rounds.insert(plan.id, tracked);
                }
                Err(e) => changes.push(misfit(seq, record, Some(plan.pair), &e.to_string())),
            },
            Record::Intended { .. }
            | Record::News { .. }
            | Record::Decided { .. }
            | Record::Ended { .. }
            | Record::Forced { .. } => {
                let Some(id) = record.round() else { return };
                let Some(tracked) = self.rounds.get_mut(&id) else {
                    changes.push(misfit(seq, record, None, "its round was never opened or is long over"));
                    return;
                };
                let was_over = tracked.round.outcome.is_some();
                match tracked.fold(seq, record, changes) {
                    Ok(()) => match (was_over, tracked.round.outcome.is_some()) {
                        (false, true) => self.ended.push_back(id),
                        (true, false) => self.ended.retain(|other| *other != id),
                        _ => {}
                    },
                    Err(e) => changes.push(misfit(seq, record, Some(tracked.round.plan.pair), &e.to_string())),
                }
            }
        }
    }

    fn forget(&mut self) {
        while self.ended.len() > ENDED_KEPT {
            if let Some(oldest) = self.ended.pop_front() {
                self.rounds.remove(&oldest);
            }
        }
    }
}

impl Tracked {
    fn new(round: Round) -> Self {
        let row = round_row(&round, None);
        let orders = round.orders.iter().map(|o| (o.spec.id, order_row(&round, o, None))).collect();
        Self { round, ended_at: None, said: BTreeMap::new(), row, position: None, orders }
    }

    /// Folds a record of this round in and adds what it changes.
    fn fold(&mut self, seq: u64, record: &Record, changes: &mut Vec<Change>) -> Result<(), Illegal> {
        let at = record.at();
        let touched = touched(record);
        let was_over = self.round.outcome.is_some();
        let was_overdue = |round: &Round, id| round.order(id).is_some_and(|o| o.overdue);
        let overdue_before = touched.first().is_some_and(|id| was_overdue(&self.round, *id));
        self.round.apply(record)?;
        if matches!(record, Record::Ended { .. }) {
            self.ended_at = Some(at);
        }
        let lost_sight = touched.first().filter(|id| !overdue_before && was_overdue(&self.round, **id)).copied();
        if let Some(order) = lost_sight {
            self.said.insert(order, self.why_unknown(record));
        }
        let mut filled = None;
        for id in touched {
            let Some(order) = self.round.order(id) else { continue };
            let row = order_row(&self.round, order, self.said.get(&id).map(String::as_str));
            let before = self.orders.get(&id);
            filled = filled.or((before.map(|b| b.fills) != Some(row.fills)).then_some(id));
            order_changes(before, &row, seq, changes);
            self.orders.insert(id, row);
        }
        let row = round_row(&self.round, self.ended_at);
        if row != self.row {
            changes.push(Change::Round(Box::new(row.clone())));
            self.row = row;
        }
        let position = position_row(&self.round, self.position.as_ref(), at);
        if position != self.position {
            changes.extend(position.clone().map(|p| Change::Position(Box::new(p))));
            self.position = position;
        }
        let reopened = filled.filter(|_| was_over && self.round.outcome.is_none());
        if let Some((event, text)) = self.incident(record, lost_sight, reopened) {
            let (round, pair) = (Some(self.round.id()), Some(self.round.plan.pair));
            changes.push(Change::Incident(IncidentRow { seq, event, round, pair, text, at }));
        }
        Ok(())
    }

    /// Adds what this state has beyond `known`, as learned from record `seq`.
    fn beyond(&self, known: Option<&Self>, seq: u64, changes: &mut Vec<Change>) {
        if known.map(|k| &k.row) != Some(&self.row) {
            changes.push(Change::Round(Box::new(self.row.clone())));
        }
        for (id, row) in &self.orders {
            order_changes(known.and_then(|k| k.orders.get(id)), row, seq, changes);
        }
        if known.is_none_or(|k| k.position != self.position) {
            changes.extend(self.position.clone().map(|p| Change::Position(Box::new(p))));
        }
    }

    fn why_unknown(&self, record: &Record) -> String {
        match record {
            Record::News { news: OrderNews::Unknown { why }, .. } => why.clone(),
            Record::News { .. } => "not seen by the venue yet".to_owned(),
            _ => format!("no final word within {} ms", self.round.plan.policy.answer_ms),
        }
    }

    /// What of a record a person should find again. One at most, as an incident is named by its record.
    fn incident(&self, record: &Record, lost_sight: Option<OrderId>, reopened: Option<OrderId>) -> Option<(EventType, String)> {
        if let Some(order) = reopened {
            let fills = self.round.order(order).map(|o| o.fills).unwrap_or_default();
            let text = format!("{order} filled after the end of its round: {} at {} in all", fills.size, show_price(&fills));
            return Some((EventType::OrderFilled, text));
        }
        if let Some(order) = lost_sight {
            let why = self.said.get(&order).map_or("", String::as_str);
            return Some((EventType::OrderUnknown, format!("{order}: {why}")));
        }
        match record {
            Record::Intended { orders, .. } => {
                let show = |o: &Intended| format!("{} on {}, attempt {}", o.spec.size, o.spec.venue, o.spec.id.attempt);
                let closes: Vec<String> = orders.iter().filter(|o| o.spec.id.purpose == Purpose::Close).map(show).collect();
                (!closes.is_empty()).then(|| (EventType::SafetyClose, format!("closing {}", closes.join(" and "))))
            }
            Record::Decided { decision, .. } => match decision {
                Decision::GaveUp(why) => Some((EventType::SafetyClose, format!("entry given up: {}", give_up_words(*why)))),
                Decision::Flatten => {
                    Some((EventType::SafetyClose, "the rest is too small to be trimmed, everything is closed".to_owned()))
                }
                Decision::Stuck { exposure } => Some((EventType::NeedsOperator, format!("uncovered: {exposure}"))),
                Decision::Unstuck => Some((EventType::NeedsOperator, "even again".to_owned())),
                Decision::ExitBegun { reason: ExitReason::Forced, .. } => {
                    Some((EventType::AutoClosed, "a venue changed one leg by itself, both are closed".to_owned()))
                }
                Decision::ExitTrimmed => {
                    Some((EventType::SafetyClose, "the exit filled unevenly, the leg that holds more is trimmed".to_owned()))
                }
                Decision::TimedOut(_) | Decision::Entered | Decision::ExitBegun { .. } | Decision::ExitDropped => None,
            },
            Record::Forced { leg, taken, .. } => {
                let venue = self.round.plan.legs[leg.index()].venue;
                Some((EventType::ForcedChange, format!("{venue} took {} by itself ({})", taken.fills.size, taken.id)))
            }
            _ => None,
        }
    }
}

/// The orders that a record can change.
fn touched(record: &Record) -> Vec<OrderId> {
    match record {
        Record::Intended { orders, .. } => orders.iter().map(|o| o.spec.id).collect(),
        Record::News { order, .. } => vec![*order],
        Record::Decided { decision: Decision::TimedOut(order), .. } => vec![*order],
        _ => vec![],
    }
}

fn order_changes(before: Option<&OrderRow>, now: &OrderRow, seq: u64, changes: &mut Vec<Change>) {
    if before == Some(now) {
        return;
    }
    let step = added(before.map(|b| b.fills).unwrap_or_default(), now.fills);
    if step != Fills::default() {
        let OrderRow { id, pair, venue, side, updated_at, .. } = *now;
        changes.push(Change::Fill(FillRow { order: id, seq, pair, venue, side, added: step, at: updated_at }));
    }
    changes.push(Change::Order(Box::new(now.clone())));
}

/// A record that does not fit the records before it: the tables cannot show what it meant, but that it is there.
fn misfit(seq: u64, record: &Record, pair: Option<Pair>, why: &str) -> Change {
    let text = format!("the {} record does not fit those before it: {why}", record.word());
    let (event, round) = (EventType::ReconcileMismatch, record.round());
    Change::Incident(IncidentRow { seq, event, round, pair, text, at: record.at() })
}
