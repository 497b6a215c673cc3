//! Orders as the client keeps them: their fills, the questions about them, and whose nonce is whose.

use domain::{Fills, InstrumentId, Now, OrderId, OrderNews, OrderSpec, Size, Usd, VenueKey, Wall};
use std::collections::{BTreeMap, VecDeque};

/// Fills of one order. Single reports are kept by their time, so that the same one twice counts once.
#[derive(Clone, Debug, Default)]
pub(crate) struct FillBook {
    parts: BTreeMap<i64, (Size, Usd)>,
    fee: Usd,
    funding: Usd,
}

impl FillBook {
    /// Adds a partial fill by `lastFilledTime`. Fees and funding are taken as running totals: the larger one counts.
    pub(crate) fn add(&mut self, time: i64, size: Size, cost: Usd, fee: Option<Usd>, funding: Option<Usd>) {
        self.parts.insert(time, (size, cost));
        self.fee = fee.map_or(self.fee, |f| f.max(self.fee));
        self.funding = funding.unwrap_or(self.funding);
    }
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
    pub(crate) fn total(&self) -> Fills {
        let zero = Fills { fee: self.fee, funding: self.funding, ..Fills::default() };
        self.parts.values().fold(zero, |sum, (size, cost)| Fills {
            size: sum.size.plus(*size),
            cost: sum.cost.plus(*cost),
            ..sum
        })
    }
}

/// A wish to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CancelWish {
    None,
    /// Wanted, but the venue's id is not known yet.
    Wanted,
    Sent,
}

/// A question under way on behalf of `query`.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) waiting: u8,
    pub(crate) as_of: Wall,
    pub(crate) failed: Option<String>,
}

/// One order of ours. Not `Debug`: its body carries a signature.
pub(crate) struct Order {
    pub(crate) spec: OrderSpec,
    pub(crate) nonce: u64,
    /// Venue time it was signed at, ms.
    pub(crate) time_ms: i64,
    pub(crate) key: VenueKey,
    pub(crate) venue_id: Option<String>,
    /// The signed body, until it is sent.
    pub(crate) body: Option<String>,
    /// When it was handed to the shell; `None` for one that has not left or is of an earlier life.
    pub(crate) sent: Option<Now>,
    pub(crate) acked: bool,
    pub(crate) fills: FillBook,
    pub(crate) reported: Fills,
    /// The final news, once known.
    pub(crate) done: Option<OrderNews>,
    pub(crate) cancel: CancelWish,
    /// The stream said CANCELLED and REST has to confirm the fills.
    pub(crate) cancelled: bool,
    /// The stream said FILLED, so much, and REST has to say what funding was settled with it.
    pub(crate) filled: Option<Fills>,
    /// How often REST was asked for that in vain.
    pub(crate) funding_asks: u32,
    /// Over by the journal of an earlier life.
    pub(crate) over: bool,
    pub(crate) polls: usize,
    pub(crate) poll_open: bool,
    /// When the polls were first armed.
    pub(crate) poll_from: Option<Now>,
    pub(crate) question: Option<Question>,
}

impl Order {
    pub(crate) fn new(spec: OrderSpec, key: VenueKey, nonce: u64, time_ms: i64, body: Option<String>) -> Self {
        Self {
            spec,
            nonce,
            time_ms,
            key,
            venue_id: None,
            body,
            sent: None,
            acked: false,
            fills: FillBook::default(),
            reported: Fills::default(),
            done: None,
            cancel: CancelWish::None,
            cancelled: false,
            filled: None,
            funding_asks: 0,
            over: false,
            polls: 0,
            poll_open: false,
            poll_from: None,
            question: None,
        }
    }
}

/// How many finished nonces are remembered, so that a late echo of one does not look foreign.
const REMEMBERED: usize = 512;

/// Orders by our id, by nonce and by the venue's id.
#[derive(Default)]
pub(crate) struct Orders {
    by_id: BTreeMap<OrderId, Order>,
    by_nonce: BTreeMap<u64, OrderId>,
    by_venue: BTreeMap<String, OrderId>,
    past: VecDeque<(u64, Option<String>)>,
}

impl Orders {
    pub(crate) fn get(&self, id: OrderId) -> Option<&Order> {
        self.by_id.get(&id)
    }
    pub(crate) fn get_mut(&mut self, id: OrderId) -> Option<&mut Order> {
        self.by_id.get_mut(&id)
    }
    pub(crate) fn by_nonce(&self, nonce: u64) -> Option<OrderId> {
        self.by_nonce.get(&nonce).copied()
    }
    /// Whose view this is: by nonce first, because an event may come before the answer that tells the id.
    pub(crate) fn find(&self, nonce: Option<u64>, venue_id: &str) -> Option<OrderId> {
        nonce.and_then(|n| self.by_nonce.get(&n)).or_else(|| self.by_venue.get(venue_id)).copied()
    }
    pub(crate) fn insert(&mut self, order: Order) {
        let id = order.spec.id;
        if let Some(old) = self.by_id.get(&id) {
            self.by_nonce.remove(&old.nonce);
        }
        // Zero stands for a key that is no nonce: nothing may be found by it.
        if order.nonce != 0 {
            self.by_nonce.insert(order.nonce, id);
        }
        self.by_id.insert(id, order);
    }
    pub(crate) fn learn_venue_id(&mut self, id: OrderId, venue_id: &str) {
        if let Some(order) = self.by_id.get_mut(&id)
            && order.venue_id.is_none()
        {
            order.venue_id = Some(venue_id.to_owned());
            self.by_venue.insert(venue_id.to_owned(), id);
        }
    }
    pub(crate) fn remove(&mut self, id: OrderId) -> Option<Order> {
        let order = self.by_id.remove(&id)?;
        self.by_nonce.remove(&order.nonce);
        if let Some(venue_id) = &order.venue_id {
            self.by_venue.remove(venue_id);
        }
        if self.past.len() >= REMEMBERED {
            self.past.pop_front();
        }
        self.past.push_back((order.nonce, order.venue_id.clone()));
        Some(order)
    }
    /// Those that have left, or are of an earlier life, and have not ended.
    pub(crate) fn living(&self) -> Vec<OrderId> {
        let lives = |o: &&Order| o.done.is_none() && o.body.is_none() && o.venue_id.is_some();
        self.by_id.values().filter(lives).map(|o| o.spec.id).collect()
    }
    /// One of ours may be moving the position in this instrument.
    pub(crate) fn busy(&self, instrument: InstrumentId) -> bool {
        let moves = |o: &Order| o.spec.instrument == instrument && o.done.is_none() && o.body.is_none() && !o.over;
        self.by_id.values().any(moves)
    }
    /// Ours once, and forgotten since.
    pub(crate) fn was_ours(&self, nonce: Option<u64>, venue_id: &str) -> bool {
        self.past.iter().any(|(n, id)| nonce == Some(*n) || id.as_deref() == Some(venue_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_partial_fill_twice_counts_once() {
        let mut book = FillBook::default();
        let (size, cost) = (Size::from_e8(5).expect("positive"), Usd::from_e8(7));
        book.add(1, size, cost, Some(Usd::from_e8(2)), None);
        book.add(1, size, cost, Some(Usd::from_e8(2)), None);
        book.add(2, size, cost, Some(Usd::from_e8(3)), None);
        let total = book.total();
        assert_eq!((total.size.e8(), total.cost.e8(), total.fee.e8()), (10, 14, 3));
    }
}
