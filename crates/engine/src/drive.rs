//! Drives one round: asks its saga for the next thing until it waits, and does each.

use crate::engine::Engine;
use crate::price::{self, NoPrice};
use crate::{Desk, Notice};
use domain::names::{Ending, EventType};
use domain::record::{Decision, ExitReason, GiveUp, Intended, Record};
use domain::{
    Fills, LegId, Lifecycle, Now, OrderEnd, OrderId, OrderNews, OrderReport, OrderSpec, Pair, Price, Purpose, Rate, RefusalKind,
    RoundId, Side, Size, VenueId, Wall,
};
use saga::{Fate, Goal, OrderWish, Round, Wish, World};

/// More wishes than any state can have in a row: a bound, so that a fault of ours never spins.
const MOST_WISHES: usize = 64;

/// The world as one round sees it.
struct Around<'a, D: Desk> {
    desk: &'a D,
    round: &'a Round,
    stopping: bool,
}

impl<D: Desk> World for Around<'_, D> {
    fn reduce_only(&self, leg: LegId) -> bool {
        self.desk.capabilities(self.round.plan.legs[leg.index()].venue).is_some_and(|c| c.reduce_only)
    }
    fn can_cancel(&self, leg: LegId) -> bool {
        self.desk.capabilities(self.round.plan.legs[leg.index()].venue).is_some_and(|c| c.cancel)
    }
    fn takes(&self, leg: LegId, size: Size, closes_all: bool) -> bool {
        let plan = &self.round.plan.legs[leg.index()];
        let instrument = self.desk.instrument(plan.instrument);
        if closes_all && self.reduce_only(leg) {
            return size.down_to(instrument.lot) == size;
        }
        let price = self.desk.reference(plan.instrument).or_else(|| self.round.orders.first().map(|o| o.spec.limit));
        price.is_none_or(|p| instrument.takes(size, p))
    }
    fn stopping(&self) -> bool {
        self.stopping
    }
}

impl Engine {
    /// Something was learned about an order of ours.
    pub fn on_report(&mut self, report: OrderReport, now: Now, desk: &mut impl Desk) {
        let OrderReport { order, news } = report;
        let Some(round) = self.find(order.round) else {
            if news_says_filled(&news) {
                desk.notice(Notice::Odd { what: format!("order {order} is not in this journal: {news:?}") });
            }
            return;
        };
        let (pair, venue) = (round.plan.pair, round.plan.legs[order.leg.index()].venue);
        let filled_before = round.order(order).map(|o| o.fills.size);
        match round.would_change(order, &news) {
            Ok(false) => return,
            Ok(true) => {}
            Err(e) => {
                desk.notice(Notice::Odd { what: e.to_string() });
                return;
            }
        }
        if self.record(Record::News { at: now.wall, order, news: news.clone() }, desk) {
            let notice = self.tell(order, pair, venue, &news);
            // A final word that adds no fill to what was told already is no news to people.
            let filled = self.find(order.round).and_then(|r| r.order(order)).map(|o| o.fills.size);
            let told = filled == filled_before && matches!(notice, Some(Notice::OrderNews { event: EventType::OrderFilled, .. }));
            if let Some(notice) = notice.filter(|_| !told) {
                desk.notice(notice);
            }
            self.drive(order.round, now, desk);
            // Nothing to reduce: the venue holds less than the fold says, and only its account says how much.
            if order.purpose != Purpose::Entry && says_nothing_to_reduce(&news) {
                self.read(venue, now, desk);
            }
        }
    }

    /// The order's way took this long; recorded for the timeline and told.
    pub fn on_latency(&mut self, order: OrderId, way: &'static str, ns: [u64; 4], now: Now, desk: &mut impl Desk) {
        let Some(round) = self.find(order.round) else { return };
        let (pair, venue, spread) = (round.plan.pair, round.plan.legs[order.leg.index()].venue, round.plan.spread);
        let [sign_ns, encode_ns, network_ns, parse_ns] = ns;
        let at = now.wall;
        // A measurement must not use up what a full disk keeps for orders.
        if self.journal_ok {
            self.record(Record::Timed { at, order, way: way.to_owned(), sign_ns, encode_ns, network_ns, parse_ns }, desk);
        }
        desk.notice(Notice::OrderLatency { order, pair, venue, way, sign_ns, encode_ns, network_ns, parse_ns, spread });
    }

    /// Closes a position by decision of a strategy, an operator or a venue. False if it is not open and even now.
    pub fn exit(&mut self, id: RoundId, reason: ExitReason, spread: Option<Rate>, now: Now, desk: &mut impl Desk) -> bool {
        let Some(slot) = self.rounds.get(&id) else { return false };
        let too_early = reason == ExitReason::Spread && now.wall < slot.exit_not_before;
        // Who leaves closes what was asked to be closed and begins nothing else: nobody would be there for its end.
        let by_itself = matches!(reason, ExitReason::Spread | ExitReason::MaxHolding);
        if slot.round.goal != Goal::Hold || too_early || (by_itself && self.stopping.is_some()) {
            return false;
        }
        let decision = Decision::ExitBegun { reason, spread };
        if !self.decide(id, decision, now, desk) {
            return false;
        }
        self.drive(id, now, desk);
        true
    }

    /// Time has passed: whatever is due is done.
    pub fn tick(&mut self, now: Now, desk: &mut impl Desk) {
        let late: Vec<RoundId> = self
            .rounds
            .values()
            .map(|s| &s.round)
            .filter(|r| self.held_until(r).is_some_and(|at| now.wall >= at))
            .map(Round::id)
            .collect();
        for id in late {
            self.exit(id, ExitReason::MaxHolding, None, now, desk);
        }
        self.instruments_changed(now, desk);
        let due: Vec<RoundId> =
            self.rounds.iter().filter(|(_, s)| s.wake.is_some_and(|w| now.wall >= w)).map(|(id, _)| *id).collect();
        for id in due {
            self.drive(id, now, desk);
        }
        self.reconcile_when_due(now, desk);
        self.flatten_when_stopping(now, desk);
    }

    /// When the longest holding time of a position is over.
    fn held_until(&self, round: &Round) -> Option<Wall> {
        let at = round.entered_at.filter(|_| round.goal == Goal::Hold && self.stopping.is_none())?;
        self.config.max_holding_of(round.plan.pair).map(|ms| at.plus_ms(ms))
    }

    /// What venues say about their instruments may have changed: a position on one that goes off its list is closed
    /// while that can be done.
    pub fn instruments_changed(&mut self, now: Now, desk: &mut impl Desk) {
        let leaving = |round: &Round| {
            round.goal == Goal::Hold
                && round.plan.legs.iter().any(|leg| desk.instrument(leg.instrument).lifecycle == Lifecycle::Delisted)
        };
        let ids: Vec<RoundId> = self.rounds.values().map(|s| &s.round).filter(|r| leaving(r)).map(Round::id).collect();
        for id in ids {
            self.exit(id, ExitReason::Delisted, None, now, desk);
        }
    }

    /// When [`Engine::tick`] next has something to do.
    pub fn next_wake(&self) -> Option<Wall> {
        let rounds = self.rounds.values().filter_map(|s| s.wake);
        let holding = self.rounds.values().filter_map(|s| self.held_until(&s.round));
        rounds.chain(holding).chain(self.next_reconcile()).min()
    }

    /// Asks the saga until it waits.
    pub(crate) fn drive(&mut self, id: RoundId, now: Now, desk: &mut impl Desk) {
        let stopping = self.stopping.is_some();
        for _ in 0..MOST_WISHES {
            let Some(slot) = self.rounds.get_mut(&id) else { return };
            let around = Around { desk: &*desk, round: &slot.round, stopping };
            let wish = slot.round.next(&slot.pace, now.wall, &around);
            match wish {
                Wish::Wait(until) => {
                    slot.wake = until;
                    return;
                }
                Wish::Query(order) => {
                    slot.pace.asked(order, now.wall);
                    let venue = slot.round.plan.legs[order.leg.index()].venue;
                    desk.query(venue, order, now);
                }
                Wish::Cancel(order) => {
                    slot.pace.cancelled(order, now.wall);
                    let venue = slot.round.plan.legs[order.leg.index()].venue;
                    desk.cancel(venue, order, now);
                }
                Wish::ReadPosition(leg) => {
                    slot.pace.reading(leg, now.wall);
                    let venue = slot.round.plan.legs[leg.index()].venue;
                    self.read(venue, now, desk);
                }
                Wish::Decide(decision) => {
                    if !self.decide(id, decision, now, desk) {
                        return;
                    }
                }
                Wish::Place(wishes) => self.place(id, &wishes, now, desk),
                Wish::End => {
                    self.end(id, now, desk);
                    return;
                }
            }
        }
        desk.notice(Notice::Odd { what: format!("round {id} wishes without end; looked at again in a second") });
        if let Some(slot) = self.rounds.get_mut(&id) {
            slot.wake = Some(now.wall.plus_ms(1_000));
        }
    }

    fn decide(&mut self, id: RoundId, decision: Decision, now: Now, desk: &mut impl Desk) -> bool {
        let Some(slot) = self.rounds.get(&id) else { return false };
        let pair = slot.round.plan.pair;
        let first_entry = slot.round.entered_at.is_none();
        if !self.record(Record::Decided { at: now.wall, round: id, decision: decision.clone() }, desk) {
            return false;
        }
        let Some(slot) = self.rounds.get_mut(&id) else { return false };
        let round = &slot.round;
        let legs = round.plan.legs.map(|l| l.venue);
        let spread = round.plan.spread;
        match decision {
            Decision::TimedOut(order) => desk.notice(Notice::OrderNews {
                order,
                pair,
                venue: round.plan.legs[order.leg.index()].venue,
                event: EventType::OrderUnknown,
                fills: round.order(order).map(|o| o.fills).unwrap_or_default(),
                detail: format!("no final word within {} ms", round.plan.policy.answer_ms),
                spread,
            }),
            Decision::GaveUp(why) => desk.notice(Notice::GaveUp { round: id, pair, why, legs, spread }),
            Decision::Entered if first_entry => {
                let spread = filled_spread(round).unwrap_or(round.plan.spread);
                let size = Size::from_e8(round.held(LegId::A)).unwrap_or(Size::ZERO);
                let [long, short] = legs;
                let took_ms = now.wall.ms().saturating_sub(round.plan.at.ms());
                desk.notice(Notice::Entered { round: id, pair, spread, long, short, size, took_ms });
                desk.notice(Notice::PositionSaved { round: id, pair, spread, legs });
                desk.notice(Notice::AutoExecuted { round: id, pair, spread, legs });
            }
            Decision::ExitDropped => slot.exit_not_before = now.wall.plus_ms(round.plan.policy.answer_ms),
            // The round itself keeps the pair from entries; a pair that is stopped for another reason stays so.
            Decision::Stuck { exposure } => desk.notice(Notice::Stuck { round: id, pair, exposure, legs, spread }),
            Decision::Unstuck => desk.notice(Notice::Unstuck { round: id, pair, legs, spread }),
            Decision::ExitBegun { reason, spread: exit } => {
                desk.notice(Notice::ExitBegun { round: id, pair, reason, spread: exit, legs, entry_spread: spread });
            }
            Decision::Entered | Decision::ExitTrimmed | Decision::Flatten => {}
        }
        true
    }

    /// Prices, clears, prepares, records and sends what a round wishes for, all of it or nothing.
    fn place(&mut self, id: RoundId, wishes: &[OrderWish], now: Now, desk: &mut impl Desk) {
        let Some(slot) = self.rounds.get(&id) else { return };
        let round = &slot.round;
        let (pair, policy, spread) = (round.plan.pair, round.plan.policy.clone(), round.plan.spread);
        let mut specs = Vec::with_capacity(wishes.len());
        for wish in wishes {
            let leg = &round.plan.legs[wish.leg.index()];
            match price::price(round, wish, desk) {
                Ok(priced) => specs.push(OrderSpec {
                    id: OrderId { round: id, leg: wish.leg, purpose: wish.purpose, attempt: wish.attempt },
                    venue: leg.venue,
                    instrument: leg.instrument,
                    side: wish.side,
                    size: wish.size,
                    limit: priced.limit,
                    kind: priced.kind,
                    tif: priced.tif,
                    reduce_only: wish.purpose != Purpose::Entry && desk.capabilities(leg.venue).is_some_and(|c| c.reduce_only),
                }),
                Err(NoPrice::EdgeGone) => {
                    self.decide(id, Decision::GaveUp(GiveUp::EdgeGone), now, desk);
                    return;
                }
                Err(NoPrice::NoReference) => {
                    self.cannot(id, format!("there is no price of {} to go by", leg.venue), desk);
                    self.later(id, wishes, now.wall.plus_ms(policy.close_retry_ms));
                    return;
                }
            }
        }
        let mut prepared = Vec::with_capacity(specs.len());
        for spec in specs {
            let venue = spec.venue;
            let cleared = if spec.id.purpose == Purpose::Entry {
                match self.gate.again(spec, now.mono) {
                    Ok(cleared) => cleared,
                    Err(_) => {
                        for p in prepared {
                            desk.discard(p);
                        }
                        self.decide(id, Decision::GaveUp(GiveUp::LegFailed), now, desk);
                        return;
                    }
                }
            } else {
                self.gate.reduce(spec, now.mono)
            };
            match desk.prepare(cleared, now) {
                Ok(p) => prepared.push(p),
                Err(why) => {
                    for p in prepared {
                        desk.discard(p);
                    }
                    // Not ready, or over its budget: nothing left, so nothing is owed; looked at again soon.
                    if wishes.iter().any(|w| w.purpose == Purpose::Entry) {
                        self.decide(id, Decision::GaveUp(GiveUp::LegFailed), now, desk);
                    } else {
                        self.cannot(id, format!("{venue}: {why}"), desk);
                        self.later(id, wishes, now.wall.plus_ms(policy.close_retry_ms));
                    }
                    return;
                }
            }
        }
        let orders = prepared.iter().map(|p| Intended { spec: p.spec.clone(), key: p.key.clone() }).collect();
        if !self.record(Record::Intended { at: now.wall, round: id, orders }, desk) {
            for p in prepared {
                desk.discard(p);
            }
            self.later(id, wishes, now.wall.plus_ms(1_000));
            return;
        }
        if let Some(slot) = self.rounds.get_mut(&id) {
            slot.cannot = None;
        }
        let mut notices = Vec::new();
        for p in prepared {
            let OrderSpec { id: order, venue, side, size, limit, .. } = p.spec.clone();
            match order.purpose {
                Purpose::Entry => {
                    notices.push(Notice::Retry { order, pair, venue, attempt: order.attempt, of: policy.max_attempts, spread });
                }
                Purpose::Close => {
                    notices.push(Notice::SafetyClose { round: id, pair, venue, size, attempt: order.attempt, spread });
                }
                Purpose::Exit => {}
            }
            notices.push(Notice::OrderPlaced { order, pair, venue, side, size, limit, spread });
            desk.send(p, now);
        }
        for n in notices {
            desk.notice(n);
        }
    }

    /// An order that reduces exposure could not be made: told the first time and whenever the reason is another one.
    fn cannot(&mut self, id: RoundId, why: String, desk: &mut impl Desk) {
        let Some(slot) = self.rounds.get_mut(&id) else { return };
        if slot.cannot.as_ref() != Some(&why) {
            slot.cannot = Some(why.clone());
            let plan = &slot.round.plan;
            let (pair, legs, spread) = (plan.pair, plan.legs.map(|l| l.venue), plan.spread);
            desk.notice(Notice::CannotClose { round: id, pair, legs, spread, why });
        }
    }

    fn later(&mut self, id: RoundId, wishes: &[OrderWish], at: Wall) {
        if let Some(slot) = self.rounds.get_mut(&id) {
            for w in wishes {
                slot.pace.not_before(w.leg, at);
            }
        }
    }

    fn end(&mut self, id: RoundId, now: Now, desk: &mut impl Desk) {
        let Some(slot) = self.rounds.get(&id) else { return };
        let round = &slot.round;
        let (pair, outcome, reserved) = (round.plan.pair, round.result(), round.plan.reserved);
        let exit_spread = closed_spread(round).or(round.exit_spread);
        let auto = matches!(round.exit, Some((ExitReason::Spread | ExitReason::MaxHolding, _)));
        let (venues, entry_spread) = (round.plan.legs.map(|l| l.venue), round.plan.spread);
        if !self.record(Record::Ended { at: now.wall, round: id, pair, outcome }, desk) {
            return;
        }
        self.gate.release(reserved);
        if outcome.ending != Ending::Completed {
            self.cooldown.insert(pair, now.wall.plus_ms(self.config.cooldown_ms));
        }
        desk.notice(Notice::RoundEnded { round: id, pair, outcome, exit_spread, auto, legs: venues, entry_spread });
        for (venue, order) in std::mem::take(&mut self.dropped) {
            desk.forget(venue, order);
        }
        for venue in venues {
            self.read(venue, now, desk);
        }
    }

    /// A round under way, or one that ended lately.
    pub(crate) fn find(&self, id: RoundId) -> Option<&Round> {
        self.rounds.get(&id).map(|s| &s.round).or_else(|| self.ended.iter().map(|s| &s.round).find(|r| r.id() == id))
    }

    fn tell(&self, order: OrderId, pair: Pair, venue: VenueId, news: &OrderNews) -> Option<Notice> {
        let round = self.find(order.round)?;
        let (o, spread) = (round.order(order)?, round.plan.spread);
        let (event, detail) = match (news, &o.fate) {
            (OrderNews::Acked { venue_order }, _) => (EventType::OrderAcked, venue_order.0.clone()),
            (OrderNews::Unknown { why }, _) => (EventType::OrderUnknown, why.clone()),
            (OrderNews::Absent { .. }, Fate::Live) => (EventType::OrderUnknown, "not seen by the venue yet".to_owned()),
            (OrderNews::QueryFailed { .. }, _) => return None,
            (_, Fate::Filled | Fate::Live) => (EventType::OrderFilled, show_fills(&o.fills, o.spec.size)),
            (_, Fate::Cancelled(why)) => {
                (EventType::OrderEnded, format!("cancelled ({why}), {}", show_fills(&o.fills, o.spec.size)))
            }
            (_, Fate::Refused(r)) => (EventType::OrderEnded, format!("refused: {} ({})", r.kind.word(), r.code)),
            (_, Fate::NotSent(why)) => (EventType::OrderEnded, format!("not sent: {why}")),
            (_, Fate::NeverArrived) => (EventType::OrderEnded, "never arrived, and can no longer".to_owned()),
        };
        Some(Notice::OrderNews { order, pair, venue, event, fills: o.fills, detail, spread })
    }
}

fn show_fills(fills: &Fills, of: Size) -> String {
    let price = domain::record::average_price(fills).map_or_else(|| "-".to_owned(), |p| p.to_string());
    format!("filled={}/{of}, price={price}, fee={}", fills.size, fills.fee)
}

fn says_nothing_to_reduce(news: &OrderNews) -> bool {
    matches!(news, OrderNews::Done { end: OrderEnd::Refused(refusal), .. } if refusal.kind == RefusalKind::ReduceOnly)
}

const fn news_says_filled(news: &OrderNews) -> bool {
    match news {
        OrderNews::Filling { fills } | OrderNews::Done { fills, .. } => !fills.size.is_zero(),
        _ => false,
    }
}

/// Sum of fills of a leg on one side.
fn filled(round: &Round, leg: LegId, side: Side) -> Fills {
    let mut sum = Fills::default();
    for o in round.orders.iter().filter(|o| o.spec.id.leg == leg && o.spec.side == side) {
        sum.size = sum.size.plus(o.fills.size);
        sum.cost = sum.cost.plus(o.fills.cost);
        sum.fee = sum.fee.plus(o.fills.fee);
    }
    sum
}

fn averages(round: &Round, side_of: impl Fn(LegId) -> Side) -> Option<(Price, Price)> {
    let avg = |leg| domain::record::average_price(&filled(round, leg, side_of(leg)));
    Some((avg(LegId::A)?, avg(LegId::B)?))
}

/// Entry spread of what really filled: (short - long) / long.
fn filled_spread(round: &Round) -> Option<Rate> {
    let (long, short) = averages(round, Round::entry_side)?;
    Some(Rate::between(long, short))
}

/// Exit spread of what really filled: (short bought back - long sold) / long sold.
fn closed_spread(round: &Round) -> Option<Rate> {
    let (long, short) = averages(round, |leg| Round::entry_side(leg).opposite())?;
    Some(Rate::between(long, short))
}
