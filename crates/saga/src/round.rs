//! One round: the fold of its records.

use crate::forced::Forced;
use crate::order::Order;
use domain::names::Ending;
use domain::record::{Decision, ExitReason, GiveUp, Intended, Outcome, Record, RoundPlan};
use domain::{LegId, OrderId, OrderNews, Purpose, Rate, RoundId, Side, Usd, Wall};
use serde::{Deserialize, Serialize};

/// What a round is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// Both legs at the planned size.
    Enter,
    /// Both legs at the same size: what one holds more is closed.
    Even,
    /// The position is open and even; waits for an exit.
    Hold,
    /// Both legs at zero.
    Flat,
}

/// A record that does not fit the state it meets. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// A record of another round.
    #[error("a record of round {got} reached round {own}")]
    OtherRound {
        /// Whose record.
        got: RoundId,
        /// Whose state.
        own: RoundId,
    },
    /// News about an order this round never intended.
    #[error("order {0} was never intended")]
    NoSuchOrder(OrderId),
    /// A second live order for the same leg and purpose, or an id used twice.
    #[error("order {0} would be the second live order of its leg and purpose")]
    SecondOrder(OrderId),
    /// News that contradicts what the venue itself has shown.
    #[error("order {order}: {news} contradicts what the venue has shown")]
    Contradiction {
        /// Which order.
        order: OrderId,
        /// What came.
        news: String,
    },
    /// A decision that the goal does not allow.
    #[error("{decision} is not possible while the goal is {goal:?}")]
    Decision {
        /// The goal.
        goal: Goal,
        /// The decision, in words.
        decision: String,
    },
}

/// One round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// As decided at its start.
    pub plan: RoundPlan,
    /// What it is after now.
    pub goal: Goal,
    /// Its orders, in the order of being intended.
    pub orders: Vec<Order>,
    /// What venues did to its legs by themselves, in the order of being learned.
    #[serde(default)]
    pub forced: Vec<Forced>,
    /// When both legs first held the same and the position was open.
    pub entered_at: Option<Wall>,
    /// Why entry was given up, if it was.
    pub gave_up: Option<GiveUp>,
    /// Why and when the exit under way began.
    pub exit: Option<(ExitReason, Wall)>,
    /// Executable spread at the last exit decision.
    pub exit_spread: Option<Rate>,
    /// Since when one leg holds what the other does not.
    pub uncovered_since: Option<Wall>,
    /// Longest time uncovered so far, ms.
    pub uncovered_ms: i64,
    /// Whether a person has been called.
    pub stuck: bool,
    /// How it ended, once it has.
    pub outcome: Option<Outcome>,
}

impl Round {
    /// A round that has just been opened: its entry orders are about to leave.
    ///
    /// # Errors
    /// [`Illegal`] when the orders do not belong to the plan.
    pub fn open(plan: RoundPlan, orders: Vec<Intended>, at: Wall) -> Result<Self, Illegal> {
        let mut round = Self {
            plan,
            goal: Goal::Enter,
            orders: Vec::with_capacity(4),
            forced: Vec::new(),
            entered_at: None,
            gave_up: None,
            exit: None,
            exit_spread: None,
            uncovered_since: None,
            uncovered_ms: 0,
            stuck: false,
            outcome: None,
        };
        round.intend(orders, at)?;
        Ok(round)
    }

    /// Its id.
    pub fn id(&self) -> RoundId {
        self.plan.id
    }

    /// Which way a leg opens: A buys, B sells.
    pub const fn entry_side(leg: LegId) -> Side {
        match leg {
            LegId::A => Side::Buy,
            LegId::B => Side::Sell,
        }
    }

    /// What a leg holds in its own direction, base at 1e-8. Negative when more was closed than opened.
    pub fn held(&self, leg: LegId) -> i64 {
        let entry = Self::entry_side(leg);
        let ours = self.orders.iter().filter(|o| o.spec.id.leg == leg).map(|o| (o.spec.side, o.fills.size));
        let theirs = self.forced.iter().filter(|f| f.leg == leg).map(|f| (f.taken.side, f.taken.fills.size));
        ours.chain(theirs).fold(
            0i64,
            |sum, (side, size)| {
                if side == entry { sum.saturating_add(size.e8()) } else { sum.saturating_sub(size.e8()) }
            },
        )
    }

    /// What leg A holds more than leg B, base at 1e-8: the uncovered exposure.
    pub fn uncovered(&self) -> i64 {
        self.held(LegId::A).saturating_sub(self.held(LegId::B))
    }

    /// Orders that can still change what a leg holds.
    pub fn live(&self, leg: LegId) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(move |o| o.spec.id.leg == leg && o.is_live())
    }

    /// True while any order can still change anything.
    pub fn any_live(&self) -> bool {
        self.orders.iter().any(Order::is_live)
    }

    /// An order of this round.
    pub fn order(&self, id: OrderId) -> Option<&Order> {
        self.orders.iter().find(|o| o.spec.id == id)
    }

    /// How many orders a leg has had for a purpose.
    pub fn attempts(&self, leg: LegId, purpose: Purpose) -> u16 {
        let n = self.orders.iter().filter(|o| o.spec.id.leg == leg && o.spec.id.purpose == purpose).count();
        u16::try_from(n).unwrap_or(u16::MAX)
    }

    /// The last order of a leg for a purpose.
    pub fn last(&self, leg: LegId, purpose: Purpose) -> Option<&Order> {
        self.orders.iter().rev().find(|o| o.spec.id.leg == leg && o.spec.id.purpose == purpose)
    }

    /// Whether news would change anything: what changes nothing is not worth a record.
    ///
    /// # Errors
    /// [`Illegal`] when it does not fit.
    pub fn would_change(&self, id: OrderId, news: &OrderNews) -> Result<bool, Illegal> {
        let order = self.order(id).ok_or(Illegal::NoSuchOrder(id))?;
        order.clone().apply(news, order.changed_at)
    }

    /// Folds one record in: the only way the state changes.
    ///
    /// # Errors
    /// [`Illegal`] when the record does not fit; the state stays as it was.
    pub fn apply(&mut self, record: &Record) -> Result<(), Illegal> {
        if let Some(got) = record.round()
            && got != self.id()
        {
            return Err(Illegal::OtherRound { got, own: self.id() });
        }
        match record {
            Record::Intended { orders, at, .. } => self.intend(orders.clone(), *at)?,
            Record::News { order, news, at } => {
                let order = self.orders.iter_mut().find(|o| o.spec.id == *order).ok_or(Illegal::NoSuchOrder(*order))?;
                order.apply(news, *at)?;
                // A fill after the end: the venue says that we hold something, so the round is not over.
                if self.outcome.is_some() && LegId::BOTH.iter().any(|&leg| self.held(leg) != 0) {
                    self.outcome = None;
                    self.goal = Goal::Flat;
                }
                // A fill of an order that counted as over, while the position is held: it is even no more.
                if self.goal == Goal::Hold && self.uncovered() != 0 {
                    self.goal = Goal::Even;
                }
            }
            Record::Decided { decision, at, .. } => self.decide(decision, *at)?,
            Record::Ended { outcome, .. } => self.outcome = Some(*outcome),
            Record::Forced { leg, taken, at, .. } => self.take_away(*leg, taken, *at),
            Record::Started { .. }
            | Record::Opened { .. }
            | Record::Mismatch { .. }
            | Record::Resumed { .. }
            | Record::Watched { .. }
            | Record::Timed { .. }
            | Record::BetIntended { .. }
            | Record::BetLearned { .. } => {}
        }
        self.measure(record.at());
        Ok(())
    }

    fn intend(&mut self, orders: Vec<Intended>, at: Wall) -> Result<(), Illegal> {
        for (i, new) in orders.iter().enumerate() {
            let id = new.spec.id;
            if id.round != self.id() {
                return Err(Illegal::OtherRound { got: id.round, own: self.id() });
            }
            let clash = |other: &OrderId| other.leg == id.leg && other.purpose == id.purpose;
            let used = self.orders.iter().any(|o| o.spec.id == id || (o.is_live() && clash(&o.spec.id)));
            let twice = orders.iter().take(i).any(|o| clash(&o.spec.id));
            if used || twice {
                return Err(Illegal::SecondOrder(id));
            }
        }
        self.orders.extend(orders.into_iter().map(|o| Order::new(o, at)));
        Ok(())
    }

    fn decide(&mut self, decision: &Decision, at: Wall) -> Result<(), Illegal> {
        match (decision, self.goal) {
            (Decision::TimedOut(id), _) => {
                let order = self.orders.iter_mut().find(|o| o.spec.id == *id).ok_or(Illegal::NoSuchOrder(*id))?;
                order.apply(&OrderNews::Unknown { why: String::new() }, at)?;
            }
            (Decision::GaveUp(why), Goal::Enter) => {
                self.goal = Goal::Even;
                self.gave_up = Some(*why);
            }
            (Decision::Entered, Goal::Enter | Goal::Even) => {
                self.goal = Goal::Hold;
                self.entered_at.get_or_insert(at);
            }
            (Decision::ExitBegun { reason, spread }, goal)
                if goal == Goal::Hold || (goal == Goal::Even && self.goes_to_zero()) =>
            {
                self.goal = Goal::Flat;
                self.exit = Some((*reason, at));
                self.exit_spread = *spread;
            }
            (Decision::ExitDropped, Goal::Flat) if self.entered_at.is_some() => {
                self.goal = Goal::Hold;
                self.exit = None;
            }
            (Decision::ExitTrimmed, Goal::Flat) if self.entered_at.is_some() => {
                self.goal = Goal::Even;
                self.exit = None;
            }
            (Decision::Flatten, Goal::Even) => self.goal = Goal::Flat,
            (Decision::Stuck { .. }, _) => self.stuck = true,
            (Decision::Unstuck, _) => self.stuck = false,
            (decision, goal) => return Err(Illegal::Decision { goal, decision: format!("{decision:?}") }),
        }
        Ok(())
    }

    /// Keeps the clock of uncovered exposure.
    fn measure(&mut self, at: Wall) {
        match (self.uncovered() != 0, self.uncovered_since) {
            (true, None) => self.uncovered_since = Some(at),
            (false, Some(since)) => {
                self.uncovered_ms = self.uncovered_ms.max(at.ms().saturating_sub(since.ms()));
                self.uncovered_since = None;
            }
            _ => {}
        }
    }

    /// How the round comes out as it stands: the change of both venues' cash once it is flat.
    pub fn result(&self) -> Outcome {
        let (mut price, mut fees, mut funding) = (Usd::ZERO, Usd::ZERO, Usd::ZERO);
        let mut filled = false;
        let ours = self.orders.iter().map(|o| (o.spec.side, o.fills));
        for (side, fills) in ours.chain(self.forced.iter().map(|f| (f.taken.side, f.taken.fills))) {
            price = match side {
                Side::Buy => price.minus(fills.cost),
                Side::Sell => price.plus(fills.cost),
            };
            fees = fees.plus(fills.fee);
            funding = funding.plus(fills.funding);
            filled |= !fills.size.is_zero();
        }
        let ending = match (filled, self.entered_at) {
            (false, _) => Ending::NothingFilled,
            (true, Some(_)) => Ending::Completed,
            (true, None) => Ending::AutoClosed,
        };
        let net = price.minus(fees).plus(funding);
        Outcome { ending, price, fees, funding, net, uncovered_ms: self.uncovered_ms, lines: self.lines() }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use domain::record::{LegPlan, Policy, Waterfall};
    use domain::{InstrumentId, OrderSpec, OrderType, Pair, Price, Size, TimeInForce, VenueId, VenueKey};

    pub(crate) const ROUND: RoundId = RoundId { epoch: 1, seq: 1 };

    pub(crate) fn wall(ms: i64) -> Wall {
        Wall::from_ms(ms)
    }

    pub(crate) fn plan(size: i64) -> RoundPlan {
        let leg =
            |venue, n| LegPlan { venue: VenueId::new(venue), instrument: InstrumentId(n), lot: Size::from_e8(1).expect("one") };
        RoundPlan {
            id: ROUND,
            pair: Pair::new("ETH-USD"),
            legs: [leg("vest", 0), leg("paradex", 1)],
            size: Size::from_e8(size).expect("positive"),
            spread: Rate::from_bps(40),
            threshold: Rate::from_bps(30),
            waterfall: Waterfall::default(),
            reserved: Usd::ZERO,
            worst_loss: Usd::ZERO,
            worst_fills: [Size::ZERO; 2],
            quoted: None,
            decided_ns: 0,
            at: wall(0),
            policy: Policy::default(),
            config: String::new(),
        }
    }

    pub(crate) fn intended(leg: LegId, purpose: Purpose, attempt: u16, size: i64) -> Intended {
        let side = if purpose == Purpose::Entry { Round::entry_side(leg) } else { Round::entry_side(leg).opposite() };
        Intended {
            spec: OrderSpec {
                id: OrderId { round: ROUND, leg, purpose, attempt },
                venue: VenueId::new(if leg == LegId::A { "vest" } else { "paradex" }),
                instrument: InstrumentId(leg.index() as u16),
                side,
                size: Size::from_e8(size).expect("positive"),
                limit: Price::from_e8(100).expect("positive"),
                kind: OrderType::Limit,
                tif: TimeInForce::Ioc,
                reduce_only: purpose != Purpose::Entry,
            },
            key: VenueKey { key: "k".into(), hash: None, dead_after: wall(5_000) },
        }
    }

    pub(crate) fn opened(size: i64) -> Round {
        let orders = vec![intended(LegId::A, Purpose::Entry, 1, size), intended(LegId::B, Purpose::Entry, 1, size)];
        Round::open(plan(size), orders, wall(0)).expect("legal")
    }

    pub(crate) fn decided(decision: Decision, ms: i64) -> Record {
        Record::Decided { at: wall(ms), round: ROUND, decision }
    }

    /// One row per goal, one cell per decision: the goal after it, or `!` where it is not possible.
    #[test]
    fn every_goal_meets_every_decision() {
        let decisions: [(&str, Decision); 8] = [
            ("gave_up", Decision::GaveUp(GiveUp::LegFailed)),
            ("entered", Decision::Entered),
            ("exit_begun", Decision::ExitBegun { reason: ExitReason::Spread, spread: None }),
            ("exit_dropped", Decision::ExitDropped),
            ("exit_trimmed", Decision::ExitTrimmed),
            ("flatten", Decision::Flatten),
            ("stuck", Decision::Stuck { exposure: "a: 1".into() }),
            ("unstuck", Decision::Unstuck),
        ];
        let table = [
            (Goal::Enter, ["Even", "Hold", "!", "!", "!", "!", "Enter", "Enter"]),
            (Goal::Even, ["!", "Hold", "!", "!", "!", "Flat", "Even", "Even"]),
            (Goal::Hold, ["!", "!", "Flat", "!", "!", "!", "Hold", "Hold"]),
            (Goal::Flat, ["!", "!", "!", "!", "!", "!", "Flat", "Flat"]),
        ];
        for (goal, cells) in table {
            for ((name, decision), cell) in decisions.iter().zip(cells) {
                let mut round = opened(100);
                round.goal = goal;
                let before = round.clone();
                let got = match round.apply(&decided(decision.clone(), 1)) {
                    Ok(()) => format!("{:?}", round.goal),
                    Err(_) => {
                        assert_eq!(round, before);
                        "!".to_owned()
                    }
                };
                assert_eq!(got, cell, "{goal:?} x {name}");
            }
        }
        // Only what was once open can go back to being held.
        let mut round = opened(100);
        round.apply(&decided(Decision::Entered, 1)).expect("legal");
        round.apply(&decided(Decision::ExitBegun { reason: ExitReason::Spread, spread: None }, 2)).expect("legal");
        round.apply(&decided(Decision::ExitDropped, 3)).expect("legal");
        assert_eq!(round.goal, Goal::Hold);
        round.apply(&decided(Decision::ExitBegun { reason: ExitReason::Spread, spread: None }, 4)).expect("legal");
        round.apply(&decided(Decision::ExitTrimmed, 5)).expect("legal");
        assert_eq!((round.goal, round.exit), (Goal::Even, None));
        // Only what a venue took a part of goes to zero without being held again first.
        let forced = ExitReason::Forced;
        assert!(round.clone().apply(&decided(Decision::ExitBegun { reason: forced, spread: None }, 6)).is_err());
        let fills = domain::Fills { size: Size::from_e8(1).expect("positive"), ..Default::default() };
        let taken = domain::record::Taken { id: "l1".into(), side: Side::Sell, fills };
        round.apply(&Record::Forced { at: wall(6), round: ROUND, leg: LegId::A, taken }).expect("legal");
        round.apply(&decided(Decision::ExitBegun { reason: forced, spread: None }, 7)).expect("legal");
        assert_eq!(round.goal, Goal::Flat);
    }

    #[test]
    fn a_leg_never_has_two_live_orders_for_one_purpose() {
        let mut round = opened(100);
        let second = Record::Intended { at: wall(1), round: ROUND, orders: vec![intended(LegId::A, Purpose::Entry, 2, 100)] };
        assert_eq!(
            round.apply(&second),
            Err(Illegal::SecondOrder(OrderId { round: ROUND, leg: LegId::A, purpose: Purpose::Entry, attempt: 2 }))
        );
        let close = Record::Intended { at: wall(1), round: ROUND, orders: vec![intended(LegId::A, Purpose::Close, 1, 100)] };
        assert_eq!(round.apply(&close), Ok(()));
    }

    #[test]
    fn the_clock_of_uncovered_exposure_starts_with_the_first_uneven_fill() {
        let mut round = opened(100);
        let fill = |leg, size, ms| Record::News {
            at: wall(ms),
            order: OrderId { round: ROUND, leg, purpose: Purpose::Entry, attempt: 1 },
            news: OrderNews::Filling {
                fills: domain::Fills { size: Size::from_e8(size).expect("positive"), ..Default::default() },
            },
        };
        round.apply(&fill(LegId::A, 60, 10)).expect("legal");
        assert_eq!((round.uncovered(), round.uncovered_since), (60, Some(wall(10))));
        round.apply(&fill(LegId::A, 100, 20)).expect("legal");
        assert_eq!(round.uncovered_since, Some(wall(10)));
        round.apply(&fill(LegId::B, 100, 45)).expect("legal");
        assert_eq!((round.uncovered_since, round.uncovered_ms), (None, 35));
    }
}
