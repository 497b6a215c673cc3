//! A round on a stage: time, a world, and a hand that does what the round wishes and writes it down.

use domain::record::{Decision, ExitReason, Intended, LegPlan, Policy, Quoted, Record, RoundPlan, Taken, Waterfall};
use domain::{
    Fills, InstrumentId, LegId, OrderEnd, OrderId, OrderNews, OrderSpec, OrderType, Pair, Price, Purpose, Rate, Refusal,
    RefusalKind, RoundId, Side, Size, TimeInForce, Usd, VenueId, VenueKey, VenueOrderId, Wall,
};
use saga::{Illegal, OrderWish, Pace, Round, Urgency, Wish};

/// Of every order on this stage, ms.
pub(crate) const FENCE_MS: i64 = 5_000;
const ROUND: RoundId = RoundId { epoch: 1, seq: 1 };

/// What the venues of this stage are like.
#[derive(Clone, Debug)]
pub(crate) struct Around {
    pub(crate) reduce_only: [bool; 2],
    pub(crate) cancel: bool,
    /// Smallest order that is taken, unless it closes everything.
    pub(crate) least: i64,
    pub(crate) stopping: bool,
}

impl Default for Around {
    fn default() -> Self {
        Self { reduce_only: [true; 2], cancel: true, least: 1, stopping: false }
    }
}

impl saga::World for Around {
    fn reduce_only(&self, leg: LegId) -> bool {
        self.reduce_only[leg.index()]
    }
    fn can_cancel(&self, _: LegId) -> bool {
        self.cancel
    }
    fn takes(&self, _: LegId, size: Size, closes_all: bool) -> bool {
        closes_all || size.e8() >= self.least
    }
    fn stopping(&self) -> bool {
        self.stopping
    }
}

/// A round, its pace, the time, and what was done.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) round: Round,
    pub(crate) pace: Pace,
    pub(crate) around: Around,
    pub(crate) now: i64,
    pub(crate) wake: Option<i64>,
    pub(crate) records: Vec<Record>,
}

pub(crate) fn size(v: i64) -> Size {
    Size::from_e8(v).expect("not negative")
}

pub(crate) fn price(v: i64) -> Price {
    Price::from_e8(v).expect("above zero")
}

pub(crate) fn order_id(leg: LegId, purpose: Purpose, attempt: u16) -> OrderId {
    OrderId { round: ROUND, leg, purpose, attempt }
}

fn plan(of: i64, policy: Policy) -> RoundPlan {
    let leg = |venue, n| LegPlan { venue: VenueId::new(venue), instrument: InstrumentId(n), lot: size(1) };
    RoundPlan {
        id: ROUND,
        pair: Pair::new("ETH-USD"),
        legs: [leg("vest", 0), leg("paradex", 1)],
        size: size(of),
        spread: Rate::from_bps(40),
        threshold: Rate::from_bps(30),
        waterfall: Waterfall::default(),
        reserved: Usd::ZERO,
        worst_loss: Usd::ZERO,
        worst_fills: [Size::ZERO; 2],
        quoted: Some(Quoted { tops: [price(99), price(104)], executable: [price(100), price(103)] }),
        decided_ns: 0,
        at: Wall::from_ms(0),
        policy,
        config: String::new(),
    }
}

pub(crate) fn intended(wish: &OrderWish, at_ms: i64) -> Intended {
    Intended {
        spec: OrderSpec {
            id: order_id(wish.leg, wish.purpose, wish.attempt),
            venue: VenueId::new(if wish.leg == LegId::A { "vest" } else { "paradex" }),
            instrument: InstrumentId(wish.leg.index() as u16),
            side: wish.side,
            size: wish.size,
            limit: Price::from_e8(100).expect("above zero"),
            kind: if wish.urgency == Urgency::Market { OrderType::Market } else { OrderType::Limit },
            tif: TimeInForce::Ioc,
            reduce_only: wish.purpose != Purpose::Entry,
        },
        key: VenueKey { key: "k".into(), hash: None, dead_after: Wall::from_ms(at_ms + FENCE_MS) },
    }
}

pub(crate) fn fills(v: i64) -> Fills {
    Fills { size: size(v), cost: Usd::from_e8(v), fee: Usd::ZERO, funding: Usd::ZERO }
}

impl Stage {
    /// A round of `of` on each leg, both entry orders sent at 0.
    pub(crate) fn open(of: i64, around: Around) -> Self {
        Self::open_by(Policy::default(), of, around)
    }

    /// The same by a policy.
    pub(crate) fn open_by(policy: Policy, of: i64, around: Around) -> Self {
        let wish = |leg| OrderWish {
            leg,
            purpose: Purpose::Entry,
            attempt: 1,
            side: Round::entry_side(leg),
            size: size(of),
            urgency: Urgency::Edge,
        };
        let orders: Vec<Intended> = LegId::BOTH.iter().map(|&leg| intended(&wish(leg), 0)).collect();
        let round = Round::open(plan(of, policy.clone()), orders.clone(), Wall::from_ms(0)).expect("legal");
        let opened = Record::Opened { at: Wall::from_ms(0), plan: Box::new(plan(of, policy)), orders };
        let (pace, wake) = (Pace::default(), None);
        let mut stage = Self { round, pace, around, now: 0, wake, records: vec![opened] };
        stage.act();
        stage
    }

    pub(crate) fn at(&self) -> Wall {
        Wall::from_ms(self.now)
    }

    pub(crate) fn record(&mut self, record: Record) -> Result<(), Illegal> {
        self.round.apply(&record)?;
        self.records.push(record);
        Ok(())
    }

    pub(crate) fn news(&mut self, order: OrderId, news: OrderNews) -> Result<(), Illegal> {
        self.record(Record::News { at: self.at(), order, news })
    }

    /// A venue takes something of a leg by itself.
    pub(crate) fn forced(&mut self, leg: LegId, id: &str, fills: Fills) -> Result<(), Illegal> {
        let taken = Taken { id: id.to_owned(), side: Round::entry_side(leg).opposite(), fills };
        self.record(Record::Forced { at: self.at(), round: ROUND, leg, taken })
    }

    pub(crate) fn begin_exit(&mut self, reason: ExitReason) -> Result<(), Illegal> {
        let decision = Decision::ExitBegun { reason, spread: None };
        self.record(Record::Decided { at: self.at(), round: ROUND, decision })
    }

    /// Does what the round wishes until it waits; says it in words.
    pub(crate) fn act(&mut self) -> Vec<String> {
        let mut done = Vec::new();
        for _ in 0..64 {
            match self.round.next(&self.pace, self.at(), &self.around) {
                Wish::Wait(until) => {
                    self.wake = until.map(Wall::ms);
                    return done;
                }
                Wish::Query(id) => {
                    self.pace.asked(id, self.at());
                    done.push(format!("ask {}", short(id)));
                }
                Wish::Cancel(id) => {
                    self.pace.cancelled(id, self.at());
                    done.push(format!("cancel {}", short(id)));
                }
                Wish::ReadPosition(leg) => {
                    self.pace.reading(leg, self.at());
                    done.push(format!("read {}", if leg == LegId::A { "a" } else { "b" }));
                }
                Wish::Decide(decision) => {
                    done.push(word(&decision));
                    self.record(Record::Decided { at: self.at(), round: ROUND, decision }).expect("a wish is legal");
                }
                Wish::Place(wishes) => {
                    let orders: Vec<Intended> = wishes.iter().map(|w| intended(w, self.now)).collect();
                    done.extend(wishes.iter().map(show));
                    self.record(Record::Intended { at: self.at(), round: ROUND, orders }).expect("a wish is legal");
                }
                Wish::End => {
                    let outcome = self.round.result();
                    done.push(format!("end {}", outcome.ending));
                    let pair = self.round.plan.pair;
                    self.record(Record::Ended { at: self.at(), round: ROUND, pair, outcome }).expect("a wish is legal");
                }
            }
        }
        panic!("wishes without end: {done:?}");
    }

    pub(crate) fn refusal(kind: RefusalKind) -> OrderEnd {
        OrderEnd::Refused(Refusal { kind, code: kind.word().to_owned() })
    }

    pub(crate) fn venue_order() -> VenueOrderId {
        VenueOrderId("v".into())
    }
}

/// `b4-1-1-ae1` as `ae1`.
pub(crate) fn short(id: OrderId) -> String {
    id.to_string().rsplit('-').next().unwrap_or_default().to_owned()
}

fn show(wish: &OrderWish) -> String {
    let side = if wish.side == Side::Buy { "buy" } else { "sell" };
    let how = match wish.urgency {
        Urgency::Edge => "edge".to_owned(),
        Urgency::Step(n) => format!("step {n}"),
        Urgency::Market => "market".to_owned(),
    };
    format!("{} {side} {} {how}", short(order_id(wish.leg, wish.purpose, wish.attempt)), wish.size.e8())
}

fn word(decision: &Decision) -> String {
    match decision {
        Decision::TimedOut(id) => format!("late {}", short(*id)),
        Decision::GaveUp(why) => format!("give up: {why:?}"),
        Decision::Stuck { .. } => "call a person".to_owned(),
        Decision::ExitBegun { reason, .. } => format!("exit {reason:?}"),
        other => format!("{other:?}"),
    }
}
