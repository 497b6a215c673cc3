//! The invariants, kept by a shadow that shares no code with the saga: it reads what was recorded and what left.

use domain::record::{Decision, Intended, Record};
use domain::{LegId, OrderId, OrderNews, Purpose, RoundId, Side, Wall};
use std::collections::BTreeMap;

#[derive(Clone, Debug)]
struct Shade {
    side: Side,
    filled: i64,
    known: bool,
    dead: bool,
    left: bool,
    fence: Wall,
}

/// What must hold of every history.
#[derive(Debug, Default)]
pub(crate) struct Shadow {
    orders: BTreeMap<OrderId, Shade>,
    ended: BTreeMap<RoundId, i64>,
    pub(crate) records: BTreeMap<&'static str, u64>,
}

impl Shadow {
    /// A record is in the journal.
    pub(crate) fn recorded(&mut self, record: &Record) -> Result<(), String> {
        *self.records.entry(record.word()).or_default() += 1;
        match record {
            Record::Opened { orders, .. } | Record::Intended { orders, .. } => {
                orders.iter().try_for_each(|o| self.intended(o))
            }
            Record::News { order, news, .. } => self.news(*order, news),
            Record::Decided { round, decision: Decision::Entered, .. } => {
                let (a, b) = self.held(*round);
                if a == b { Ok(()) } else { Err(format!("round {round} counts as open with {a} long and {b} short")) }
            }
            Record::Ended { round, outcome, .. } => {
                let (a, b) = self.held(*round);
                let live: Vec<OrderId> = self.of(*round).filter(|(_, s)| !s.dead).map(|(id, _)| *id).collect();
                if (a, b) != (0, 0) || !live.is_empty() {
                    return Err(format!("round {round} ended holding {a} long and {b} short, live orders {live:?}"));
                }
                self.ended.insert(*round, outcome.net.e8());
                Ok(())
            }
            Record::Decided { .. } | Record::Started { .. } | Record::Mismatch { .. } => Ok(()),
        }
    }

    fn intended(&mut self, order: &Intended) -> Result<(), String> {
        let id = order.spec.id;
        if self.orders.contains_key(&id) {
            return Err(format!("order {id} was intended twice"));
        }
        let same = |other: &OrderId| other.round == id.round && other.leg == id.leg && other.purpose == id.purpose;
        if let Some((other, _)) = self.orders.iter().find(|(o, s)| same(o) && !s.dead) {
            return Err(format!("order {id} is intended while {other} is not proven dead"));
        }
        let closing = id.purpose != Purpose::Entry;
        let shade =
            Shade { side: order.spec.side, filled: 0, known: false, dead: false, left: false, fence: order.key.dead_after };
        if closing {
            let held = self.held_by(id.round, id.leg);
            let direction = if id.leg == LegId::A { Side::Buy } else { Side::Sell };
            let reduces = if held > 0 { order.spec.side != direction } else { order.spec.side == direction };
            if !reduces || order.spec.size.e8() > held.abs() {
                return Err(format!("order {id} closes {} of a leg that holds {held}", order.spec.size));
            }
        }
        self.orders.insert(id, shade);
        Ok(())
    }

    fn news(&mut self, id: OrderId, news: &OrderNews) -> Result<(), String> {
        let Some(shade) = self.orders.get_mut(&id) else { return Err(format!("news about {id}, which was never intended")) };
        match news {
            OrderNews::Acked { .. } => shade.known = true,
            OrderNews::Filling { fills } => {
                shade.known = true;
                shade.filled = shade.filled.max(fills.size.e8());
            }
            OrderNews::Done { fills, .. } => {
                shade.known = true;
                shade.filled = shade.filled.max(fills.size.e8());
                shade.dead = true;
            }
            OrderNews::NotSent { .. } => shade.dead = true,
            OrderNews::Absent { as_of } if *as_of > shade.fence && !shade.known => shade.dead = true,
            OrderNews::Absent { .. } | OrderNews::Unknown { .. } | OrderNews::QueryFailed { .. } => {}
        }
        Ok(())
    }

    /// An order leaves for its venue.
    pub(crate) fn leaves(&mut self, id: OrderId) -> Result<(), String> {
        match self.orders.get_mut(&id) {
            None => Err(format!("order {id} leaves and is not in the journal")),
            Some(shade) if shade.left => Err(format!("order {id} leaves twice")),
            Some(shade) => {
                shade.left = true;
                Ok(())
            }
        }
    }

    fn of(&self, round: RoundId) -> impl Iterator<Item = (&OrderId, &Shade)> {
        self.orders.iter().filter(move |(id, _)| id.round == round)
    }

    fn held_by(&self, round: RoundId, leg: LegId) -> i64 {
        let direction = if leg == LegId::A { Side::Buy } else { Side::Sell };
        self.of(round).filter(|(id, _)| id.leg == leg).map(|(_, s)| if s.side == direction { s.filled } else { -s.filled }).sum()
    }

    fn held(&self, round: RoundId) -> (i64, i64) {
        (self.held_by(round, LegId::A), self.held_by(round, LegId::B))
    }

    /// Net result of all rounds that ended, at 1e-8.
    pub(crate) fn net_e8(&self) -> i64 {
        self.ended.values().sum()
    }

    /// How many rounds ended.
    pub(crate) fn rounds(&self) -> usize {
        self.ended.len()
    }

    /// Signed position of each venue's side over all rounds by the recorded fills: (bought and sold on A's, on B's).
    pub(crate) fn open_rounds(&self) -> Vec<RoundId> {
        let mut all: Vec<RoundId> = self.orders.keys().map(|o| o.round).collect();
        all.dedup();
        all.retain(|r| !self.ended.contains_key(r) || self.held(*r) != (0, 0));
        all
    }
}
