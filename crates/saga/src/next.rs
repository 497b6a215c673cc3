//! What a round does next: a look at what is, not at what just happened.

use crate::order::{Fate, Order};
use crate::round::{Goal, Round};
use domain::record::{Decision, Evening, ExitReason, GiveUp};
use domain::{LegId, OrderId, Purpose, Side, Size, Wall};
use std::collections::BTreeMap;

/// A read of a position older than this, ms, allows no close where the venue would not stop one that goes too far.
const READ_AGE_MS: i64 = 1_500;

/// How far an order may go to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// No worse than the decision allowed; the edge is checked again first.
    Edge,
    /// This many steps beyond the touch, from 1.
    Step(u16),
    /// At the market.
    Market,
}

/// An order the round wants; the engine prices, clears and records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderWish {
    /// Which leg.
    pub leg: LegId,
    /// What for.
    pub purpose: Purpose,
    /// Which attempt of that purpose, from 1.
    pub attempt: u16,
    /// Which way.
    pub side: Side,
    /// Exactly how much.
    pub size: Size,
    /// How far.
    pub urgency: Urgency,
}

/// The one next thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Record a decision, then ask again.
    Decide(Decision),
    /// Place these together.
    Place(Vec<OrderWish>),
    /// Ask the venue about an order.
    Query(OrderId),
    /// Ask the venue to cancel an order that is known to live.
    Cancel(OrderId),
    /// Read what the venue says this leg's account holds.
    ReadPosition(LegId),
    /// The round is over.
    End,
    /// Nothing before this time, unless news comes. `None`: nothing at all until then.
    Wait(Option<Wall>),
}

/// What the saga may ask about the world around it.
pub trait World {
    /// Whether the venue enforces reduce-only on this leg.
    fn reduce_only(&self, leg: LegId) -> bool;
    /// Whether a live order of this leg can be cancelled.
    fn can_cancel(&self, leg: LegId) -> bool;
    /// Whether the venue's filters take an order of this size. `closes_all`: it brings the leg to zero.
    fn takes(&self, leg: LegId, size: Size, closes_all: bool) -> bool;
    /// Whether new exposure is unwanted: stopping, paused, journal down.
    fn stopping(&self) -> bool;
}

/// What was asked of the outside and when: to pace questions, not to decide with. Not part of the fold; a restart
/// begins with an empty one.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    asked: BTreeMap<OrderId, Wall>,
    cancelled: BTreeMap<OrderId, Wall>,
    not_before: [Option<Wall>; 2],
    reading: [Option<Wall>; 2],
    position: [Option<(Wall, i64)>; 2],
}

impl Pace {
    /// A question about an order left.
    pub fn asked(&mut self, order: OrderId, now: Wall) {
        self.asked.insert(order, now);
    }
    /// A cancel left.
    pub fn cancelled(&mut self, order: OrderId, now: Wall) {
        self.cancelled.insert(order, now);
    }
    /// An order could not be placed; not again before this.
    pub fn not_before(&mut self, leg: LegId, at: Wall) {
        self.not_before[leg.index()] = Some(at);
    }
    /// A position is being read.
    pub fn reading(&mut self, leg: LegId, now: Wall) {
        self.reading[leg.index()] = Some(now);
    }
    /// A position was read by a request that left at `asked`: base at 1e-8, long positive.
    pub fn position(&mut self, leg: LegId, asked: Wall, size_e8: i64) {
        self.position[leg.index()] = Some((asked, size_e8));
    }
}

/// Earliest of the times something may change by itself.
#[derive(Default)]
struct Alarm(Option<Wall>);
impl Alarm {
    fn at(&mut self, when: Wall) {
        self.0 = Some(self.0.map_or(when, |w| w.min(when)));
    }
}

impl Round {
    /// What to do now. Calling it again without a change gives the same answer, except that what was asked for is
    /// paced by `pace`.
    pub fn next(&self, pace: &Pace, now: Wall, world: &impl World) -> Wish {
        if self.outcome.is_some() {
            return Wish::Wait(None);
        }
        let mut alarm = Alarm::default();
        if let Some(wish) = self.chase(pace, now, world, &mut alarm) {
            return wish;
        }
        if let Some(wish) = self.call_a_person(now, &mut alarm) {
            return wish;
        }
        let wish = match self.goal {
            Goal::Enter => self.enter(now, world, &mut alarm),
            Goal::Even => self.even(pace, now, world, &mut alarm),
            Goal::Hold => self.hold(pace, now, world, &mut alarm),
            Goal::Flat => self.flat(pace, now, world, &mut alarm),
        };
        wish.unwrap_or(Wish::Wait(alarm.0))
    }

    /// Live orders without a final word in time: unknown from then on, asked about, cancelled where they rest.
    fn chase(&self, pace: &Pace, now: Wall, world: &impl World, alarm: &mut Alarm) -> Option<Wish> {
        let policy = &self.plan.policy;
        for o in self.orders.iter().filter(|o| o.is_live()) {
            let id = o.spec.id;
            if !o.overdue {
                let due = o.intended_at.plus_ms(policy.answer_ms);
                if now >= due {
                    return Some(Wish::Decide(Decision::TimedOut(id)));
                }
                alarm.at(due);
                continue;
            }
            let again = |last: Option<&Wall>| last.map_or(now, |at| at.plus_ms(policy.query_every_ms));
            if o.known && world.can_cancel(id.leg) {
                let due = again(pace.cancelled.get(&id));
                if now >= due {
                    return Some(Wish::Cancel(id));
                }
                alarm.at(due);
            }
            let due = again(pace.asked.get(&id));
            if now >= due {
                return Some(Wish::Query(id));
            }
            alarm.at(due);
        }
        None
    }

    fn call_a_person(&self, now: Wall, alarm: &mut Alarm) -> Option<Wish> {
        match (self.uncovered_since, self.stuck) {
            (Some(since), false) => {
                let due = since.plus_ms(self.plan.policy.stuck_after_ms);
                if now >= due {
                    return Some(Wish::Decide(Decision::Stuck { exposure: self.exposure() }));
                }
                alarm.at(due);
                None
            }
            (None, true) if !self.any_live() => Some(Wish::Decide(Decision::Unstuck)),
            _ => None,
        }
    }

    /// Both legs in words: venue and what it holds.
    pub fn exposure(&self) -> String {
        let show = |leg: LegId| {
            let plan = &self.plan.legs[leg.index()];
            let mut size = String::new();
            let signed = self.held(leg).saturating_mul(Self::entry_side(leg).sign());
            domain::write_e8(signed, 0, &mut size);
            format!("{} {size}", plan.venue)
        };
        format!("{}, {} ({})", show(LegId::A), show(LegId::B), self.plan.pair)
    }

    fn enter(&self, now: Wall, world: &impl World, alarm: &mut Alarm) -> Option<Wish> {
        let size = self.plan.size.e8();
        let (a, b) = (self.held(LegId::A), self.held(LegId::B));
        let live = self.any_live();
        let give_up = |why| Some(Wish::Decide(Decision::GaveUp(why)));
        if !live && a == size && b == size {
            return Some(Wish::Decide(Decision::Entered));
        }
        if let Some(since) = self.uncovered_since {
            let due = since.plus_ms(self.plan.policy.max_uncovered_ms);
            if now >= due {
                return give_up(GiveUp::Uncovered);
            }
            alarm.at(due);
        }
        if live {
            return None;
        }
        let behind = match a.cmp(&b) {
            std::cmp::Ordering::Less => LegId::A,
            std::cmp::Ordering::Greater => LegId::B,
            std::cmp::Ordering::Equal => return give_up(GiveUp::LegFailed),
        };
        if world.stopping() {
            return give_up(GiveUp::Stopping);
        }
        if self.plan.policy.entry_even == Evening::Trim {
            return give_up(GiveUp::Uneven);
        }
        let missing = Size::from_e8(a.abs_diff(b).try_into().unwrap_or(i64::MAX)).unwrap_or(Size::ZERO);
        if !world.takes(behind, missing, false) {
            return give_up(GiveUp::TooSmall);
        }
        let tried = self.attempts(behind, Purpose::Entry);
        let Some(last) = self.last(behind, Purpose::Entry).filter(|o| worth_another(o)) else {
            return give_up(GiveUp::LegFailed);
        };
        if tried >= self.plan.policy.max_attempts {
            return give_up(GiveUp::LegFailed);
        }
        let due = last.changed_at.plus_ms(self.plan.policy.retry_delay_ms);
        if now < due {
            alarm.at(due);
            return None;
        }
        Some(Wish::Place(vec![OrderWish {
            leg: behind,
            purpose: Purpose::Entry,
            attempt: tried.saturating_add(1),
            side: Self::entry_side(behind),
            size: missing,
            urgency: Urgency::Edge,
        }]))
    }

    fn even(&self, pace: &Pace, now: Wall, world: &impl World, alarm: &mut Alarm) -> Option<Wish> {
        let level = self.held(LegId::A).min(self.held(LegId::B)).max(0);
        let mut uneven = false;
        for leg in LegId::BOTH {
            let excess = self.held(leg).saturating_sub(level);
            if excess == 0 {
                continue;
            }
            uneven = true;
            let size = Size::from_e8(excess.saturating_abs()).unwrap_or(Size::ZERO);
            if level > 0 && !world.takes(leg, size, false) {
                // Too small to be trimmed away: only closing everything makes it even.
                return if self.any_live() { None } else { Some(Wish::Decide(Decision::Flatten)) };
            }
            if let Some(wish) = self.close(leg, excess, pace, now, world, alarm) {
                return Some(wish);
            }
        }
        if uneven || self.any_live() {
            return None;
        }
        Some(match level > 0 {
            // A venue that takes a part may take the rest: what still covers each other is closed together.
            true if self.goes_to_zero() => Wish::Decide(Decision::ExitBegun { reason: ExitReason::Forced, spread: None }),
            true => Wish::Decide(Decision::Entered),
            false => Wish::End,
        })
    }

    /// Keeps a fresh read of every leg whose venue would not stop a close from going too far, so that an exit
    /// need not wait for one.
    fn hold(&self, pace: &Pace, now: Wall, world: &impl World, alarm: &mut Alarm) -> Option<Wish> {
        LegId::BOTH.into_iter().find_map(|leg| {
            let needed = !world.reduce_only(leg) && self.held(leg) != 0 && !self.read_is_fresh(pace, leg);
            if needed { self.read(leg, pace, now, alarm) } else { None }
        })
    }

    fn flat(&self, pace: &Pace, now: Wall, world: &impl World, alarm: &mut Alarm) -> Option<Wish> {
        let held = LegId::BOTH.map(|leg| self.held(leg));
        if held == [0, 0] {
            return if self.any_live() { None } else { Some(Wish::End) };
        }
        let begun = self.exit.map_or(Wall(i64::MIN), |(_, begun)| begun);
        let since = |leg: LegId| {
            self.orders
                .iter()
                .filter(move |o| o.spec.id.leg == leg && o.spec.id.purpose == Purpose::Exit && o.intended_at >= begun)
        };
        let tried = LegId::BOTH.iter().any(|&leg| since(leg).next().is_some());
        if !tried && self.exit.is_some() && held[0] > 0 && held[0] == held[1] && !self.any_live() {
            // What could not leave by now was decided on a spread of long ago.
            if self.exit_is_optional() {
                let due = begun.plus_ms(self.plan.policy.answer_ms);
                if now >= due {
                    return Some(Wish::Decide(Decision::ExitDropped));
                }
                alarm.at(due);
            }
            for leg in LegId::BOTH {
                if !world.reduce_only(leg) && !self.read_agrees(pace, leg, held[leg.index()], now) {
                    return self.read(leg, pace, now, alarm);
                }
                if let Some(at) = pace.not_before[leg.index()].filter(|&at| at > now) {
                    alarm.at(at);
                    return None;
                }
            }
            let wish = |leg: LegId| OrderWish {
                leg,
                purpose: Purpose::Exit,
                attempt: self.attempts(leg, Purpose::Exit).saturating_add(1),
                side: Self::entry_side(leg).opposite(),
                size: Size::from_e8(held[leg.index()]).unwrap_or(Size::ZERO),
                urgency: Urgency::Step(1),
            };
            return Some(Wish::Place(LegId::BOTH.map(wish).to_vec()));
        }
        let (optional, covered) = (self.exit_is_optional(), held[0].min(held[1]) > 0);
        let trims = self.plan.policy.exit_even == Evening::Trim;
        if optional && covered && self.any_live() {
            // How far to trim is known once both orders of the exit are over, or time is up.
            if let (true, Some(since)) = (trims, self.uncovered_since) {
                let due = since.plus_ms(self.plan.policy.max_uncovered_ms);
                if now < due {
                    alarm.at(due);
                    return None;
                }
            }
        }
        if optional && covered && !self.any_live() {
            // Another attempt is another decision: the strategy begins it anew if the spread is still there.
            if tried && held[0] == held[1] {
                return Some(Wish::Decide(Decision::ExitDropped));
            }
            if tried && trims {
                return Some(Wish::Decide(Decision::ExitTrimmed));
            }
        }
        for leg in LegId::BOTH {
            let own = held[leg.index()];
            let even = own == held[leg.other().index()];
            // While the legs are even, the fate of the other leg's order decides whether this one has to go.
            if own == 0 || self.live(leg).next().is_some() || (even && self.any_live()) {
                continue;
            }
            if let Some(wish) = self.close(leg, own, pace, now, world, alarm) {
                return Some(wish);
            }
        }
        None
    }

    /// Whether the exit under way may as well be left for later: it was begun by spread alone.
    fn exit_is_optional(&self) -> bool {
        self.entered_at.is_some() && !self.goes_to_zero() && matches!(self.exit, Some((ExitReason::Spread, _)))
    }

    /// One close of exactly `excess` on a leg: never a second one while the first may still fill.
    fn close(&self, leg: LegId, excess: i64, pace: &Pace, now: Wall, world: &impl World, alarm: &mut Alarm) -> Option<Wish> {
        // A leg below zero was taken away before its fill was heard of: what still lives will say so.
        if self.live(leg).any(|o| o.spec.id.purpose != Purpose::Entry || excess < 0) {
            return None;
        }
        let policy = &self.plan.policy;
        let tried = self.attempts(leg, Purpose::Close);
        if let Some(last) = self.last(leg, Purpose::Close) {
            let pause = if self.stuck { policy.close_retry_ms.saturating_mul(8) } else { policy.close_retry_ms };
            let due = last.changed_at.plus_ms(pause);
            if now < due {
                alarm.at(due);
                return None;
            }
        }
        if let Some(at) = pace.not_before[leg.index()].filter(|&at| at > now) {
            alarm.at(at);
            return None;
        }
        // Closing an excess of the leg's own direction could flip the position if ours were not what the venue has.
        if excess > 0 && !world.reduce_only(leg) && !self.read_agrees(pace, leg, excess, now) {
            return self.read(leg, pace, now, alarm);
        }
        let entry = Self::entry_side(leg);
        let attempt = tried.saturating_add(1);
        Some(Wish::Place(vec![OrderWish {
            leg,
            purpose: Purpose::Close,
            attempt,
            side: if excess > 0 { entry.opposite() } else { entry },
            size: Size::from_e8(excess.saturating_abs()).unwrap_or(Size::ZERO),
            urgency: if attempt >= policy.close_market_from { Urgency::Market } else { Urgency::Step(attempt) },
        }]))
    }

    /// A read counts only if it was asked for after the last thing that changed this leg.
    fn read_is_fresh(&self, pace: &Pace, leg: LegId) -> bool {
        let changed = self.changed_at(leg);
        pace.position[leg.index()].is_some_and(|(asked, _)| changed.is_none_or(|c| asked >= c))
    }

    /// The venue's own word allows a close of this size: a fresh read shows at least that much our way. A venue may take a
    /// position away at any time, so what it said some seconds ago allows nothing.
    fn read_agrees(&self, pace: &Pace, leg: LegId, size: i64, now: Wall) -> bool {
        let sign = Self::entry_side(leg).sign();
        let young = pace.position[leg.index()].is_some_and(|(asked, _)| now <= asked.plus_ms(READ_AGE_MS));
        young
            && self.read_is_fresh(pace, leg)
            && pace.position[leg.index()].is_some_and(|(_, held)| held.saturating_mul(sign) >= size)
    }

    fn read(&self, leg: LegId, pace: &Pace, now: Wall, alarm: &mut Alarm) -> Option<Wish> {
        if let Some(last) = pace.reading[leg.index()] {
            let due = last.plus_ms(self.plan.policy.query_every_ms);
            if now < due {
                alarm.at(due);
                return None;
            }
        }
        Some(Wish::ReadPosition(leg))
    }
}

/// Whether a new attempt can end differently from this one.
fn worth_another(order: &Order) -> bool {
    match &order.fate {
        Fate::Live | Fate::Filled => false,
        Fate::Refused(refusal) => refusal.kind.worth_retrying(),
        Fate::Cancelled(_) | Fate::NotSent(_) | Fate::NeverArrived => true,
    }
}
