//! The invariants, kept by shadows that share no code with the saga: one reads what was recorded and what left, the
//! other what the venues themselves hold.

use crate::bot::VEST;
use domain::record::{Decision, Intended, Record};
use domain::{LegId, OrderId, OrderNews, Purpose, RoundId, Side, Wall};
use std::collections::{BTreeMap, BTreeSet};
use venue_sim::SeenOrder;

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
    /// Vest knows an order by its nonce alone.
    nonces: BTreeMap<String, OrderId>,
    ended: BTreeMap<RoundId, i64>,
    /// What venues took of legs by themselves.
    taken: BTreeMap<(RoundId, LegId), Gone>,
}

/// What a venue took of a leg, by its names and by what accounts showed alone.
#[derive(Clone, Debug, Default)]
struct Gone {
    named: BTreeMap<String, i64>,
    seen: BTreeMap<String, i64>,
}

impl Gone {
    fn sum(&self) -> i64 {
        self.named.values().chain(self.seen.values()).sum()
    }
    fn take(&mut self, id: &str, size: i64) {
        if id.starts_with("seen-") {
            self.seen.insert(id.to_owned(), size);
            return;
        }
        let before = self.named.insert(id.to_owned(), size).unwrap_or(0);
        let mut more = size - before;
        for stand_in in self.seen.values_mut() {
            let gives = more.min(*stand_in);
            *stand_in -= gives;
            more -= gives;
        }
    }
}

impl Shadow {
    /// A record is in the journal.
    pub(crate) fn recorded(&mut self, record: &Record) -> Result<(), String> {
        match record {
            Record::Opened { orders, .. } | Record::Intended { orders, .. } => orders.iter().try_for_each(|o| self.intended(o)),
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
                let lines = outcome.lines.map(|l| l.sum());
                if lines != Some(outcome.net) {
                    return Err(format!("round {round} came to {} by lines that sum to {lines:?}", outcome.net));
                }
                self.ended.insert(*round, outcome.net.e8());
                Ok(())
            }
            Record::Forced { round, leg, taken, .. } => {
                self.taken.entry((*round, *leg)).or_default().take(&taken.id, taken.fills.size.e8());
                Ok(())
            }
            Record::Decided { .. }
            | Record::Started { .. }
            | Record::Mismatch { .. }
            | Record::Resumed { .. }
            | Record::Watched { .. }
            | Record::Timed { .. }
            | Record::BetIntended { .. }
            | Record::BetLearned { .. } => Ok(()),
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
        if let Some(other) = self.nonces.insert(order.key.key.clone(), id) {
            return Err(format!("orders {id} and {other} go by the same key {}", order.key.key));
        }
        let shade =
            Shade { side: order.spec.side, filled: 0, known: false, dead: false, left: false, fence: order.key.dead_after };
        let held = self.held_by(id.round, id.leg);
        let direction = if id.leg == LegId::A { Side::Buy } else { Side::Sell };
        if id.purpose == Purpose::Entry {
            if order.spec.side != direction {
                return Err(format!("order {id} opens its leg the wrong way"));
            }
        } else {
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

    /// An order leaves for its venue. `unrecorded`: the journal takes nothing, so what reduces exposure may.
    pub(crate) fn leaves(&mut self, id: OrderId, unrecorded: bool) -> Result<(), String> {
        if unrecorded && id.purpose == Purpose::Entry {
            return Err(format!("order {id} opens a leg while the journal takes nothing"));
        }
        match self.orders.get_mut(&id) {
            None => Err(format!("order {id} leaves and is not in the journal")),
            Some(shade) if shade.left => Err(format!("order {id} leaves twice")),
            Some(shade) if shade.dead => Err(format!("order {id} leaves after its end")),
            Some(shade) => {
                shade.left = true;
                Ok(())
            }
        }
    }

    /// Which order a venue's key belongs to.
    pub(crate) fn order_of(&self, venue: usize, key: &str) -> Option<OrderId> {
        let id = if venue == VEST { self.nonces.get(key).copied() } else { key.parse().ok() };
        id.filter(|id| self.orders.contains_key(id))
    }

    /// What an order has filled by the journal.
    pub(crate) fn filled(&self, id: OrderId) -> i64 {
        self.orders.get(&id).map_or(0, |s| s.filled)
    }

    fn of(&self, round: RoundId) -> impl Iterator<Item = (&OrderId, &Shade)> {
        self.orders.iter().filter(move |(id, _)| id.round == round)
    }

    fn held_by(&self, round: RoundId, leg: LegId) -> i64 {
        let direction = if leg == LegId::A { Side::Buy } else { Side::Sell };
        let gone = self.taken.get(&(round, leg)).map_or(0, Gone::sum);
        let held = self.of(round).filter(|(id, _)| id.leg == leg);
        held.map(|(_, s)| if s.side == direction { s.filled } else { -s.filled }).sum::<i64>() - gone
    }

    fn held(&self, round: RoundId) -> (i64, i64) {
        (self.held_by(round, LegId::A), self.held_by(round, LegId::B))
    }

    /// Whether by the journal both legs of every round hold the same.
    pub(crate) fn is_even(&self) -> bool {
        self.orders.keys().all(|id| {
            let (a, b) = self.held(id.round);
            a == b
        })
    }

    /// Net result of all rounds that ended, at 1e-8.
    pub(crate) fn net_e8(&self) -> i64 {
        self.ended.values().sum()
    }

    /// Whether anything that a venue took is known from accounts alone, so that nobody knows its price.
    pub(crate) fn stands_in(&self) -> bool {
        self.taken.values().any(|gone| gone.seen.values().any(|size| *size != 0))
    }

    /// Rounds that are not over, or hold something after their end.
    pub(crate) fn open_rounds(&self) -> Vec<RoundId> {
        let mut all: Vec<RoundId> = self.orders.keys().map(|o| o.round).collect();
        all.dedup();
        all.retain(|r| !self.ended.contains_key(r) || self.held(*r) != (0, 0));
        all
    }
}

/// One venue's orders by the venue's own word.
#[derive(Debug, Default)]
pub(crate) struct VenueBooks {
    /// Orders before this one are over for good.
    over: usize,
    live: BTreeMap<usize, OrderId>,
    reached: BTreeSet<OrderId>,
    known: usize,
}

impl VenueBooks {
    /// From which of its orders on the venue is to be read.
    pub(crate) fn read_from(&self) -> usize {
        self.over
    }

    /// Takes the venue's orders from [`Self::read_from`] on. `whose` gives `None` for somebody else's order and
    /// `Some(None)` for one that the journal does not know.
    pub(crate) fn take(&mut self, seen: Vec<SeenOrder>, whose: impl Fn(&str) -> Option<Option<OrderId>>) -> Result<(), String> {
        let mut over = true;
        let from = self.over;
        for (i, order) in seen.iter().enumerate() {
            let index = from + i;
            let id = match whose(&order.key) {
                None => None,
                Some(Some(id)) => Some(id),
                Some(None) => return Err(format!("order {} reached its venue and is not in the journal", order.key)),
            };
            if let Some(id) = id {
                if index >= self.known && !self.reached.insert(id) {
                    return Err(format!("order {id} reached its venue twice"));
                }
                if order.live {
                    self.live.insert(index, id);
                } else {
                    self.live.remove(&index);
                }
            }
            over &= !order.live;
            if over {
                self.over = index + 1;
            }
        }
        self.known = self.known.max(from + seen.len());
        let mut purposes = BTreeSet::new();
        for id in self.live.values() {
            if !purposes.insert((id.round, id.leg, id.purpose)) {
                return Err(format!("two live orders at a venue for one leg and purpose: {:?}", self.live.values()));
            }
        }
        Ok(())
    }

    /// Orders that can still fill.
    pub(crate) fn live(&self) -> impl Iterator<Item = &OrderId> {
        self.live.values()
    }
}
