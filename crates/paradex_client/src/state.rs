//! One order at a time: what the venue has shown of it, from any channel in any sequence, becomes news exactly once.
//!
//! Pure bookkeeping: rank, sequence and fill ids decide what is new. An order is over when the venue has closed it *and*
//! the fills seen account for what it says was filled. Called by `trading` for answers and look-ups and by `account`
//! for the private stream.

use crate::error::end_of;
use crate::parse::{FillView, OrderView, Status};
use domain::{Fills, Mono, OrderEnd, OrderId, OrderNews, OrderSpec, Refusal, Size, VenueKey, VenueOrderId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

/// How many orders are remembered after being forgotten, so that a late duplicate is not taken for a stranger's.
const REMEMBERED: usize = 256;

/// Where a view of an order comes from: sequence numbers compare only within the private stream (paradex.md 8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// `orders.*` of the socket.
    Stream,
    /// The answer to a request, over either way.
    Answer,
}

/// The order's own request, signed and waiting: the frame for the socket, and where in it the REST body lies.
pub(crate) struct Wire {
    pub(crate) rpc: u64,
    pub(crate) frame: String,
    pub(crate) params: Range<usize>,
}

/// How the request left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    /// Not yet.
    No,
    /// Over the order socket.
    Socket,
    /// Over REST.
    Rest,
    /// In an earlier life of the process.
    Adopted,
}

/// What a fill did to the count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Counted now.
    New,
    /// Counted before.
    Repeated,
    /// More than the order can fill, or after its end: not explained by the order.
    Beyond,
}

/// One order of ours.
pub(crate) struct Tracked {
    pub(crate) spec: OrderSpec,
    pub(crate) key: VenueKey,
    /// Names its timers.
    pub(crate) slot: u64,
    /// Index of its market.
    pub(crate) market: usize,
    pub(crate) wire: Option<Wire>,
    pub(crate) sent: Sent,
    pub(crate) sent_at: Mono,
    /// No answer to its request yet.
    pub(crate) waiting: bool,
    /// How often it was looked up unasked.
    pub(crate) chases: u32,
    /// The venue's id, once seen.
    pub(crate) venue_order: Option<String>,
    status: Option<Status>,
    seq: Option<u64>,
    closed: Option<(Size, OrderEnd)>,
    fill_ids: BTreeSet<String>,
    fills: Fills,
    /// What an earlier life counted of it, of which only the sum is known: read again, it is not new.
    counted_before: Size,
    done: Option<OrderEnd>,
    forgotten: bool,
}

impl Tracked {
    pub(crate) fn new(spec: OrderSpec, key: VenueKey, slot: u64, market: usize) -> Self {
        Self {
            spec,
            key,
            slot,
            market,
            wire: None,
            sent: Sent::No,
            sent_at: Mono::default(),
            waiting: false,
            chases: 0,
            venue_order: None,
            status: None,
            seq: None,
            closed: None,
            fill_ids: BTreeSet::new(),
            fills: Fills::default(),
            counted_before: Size::ZERO,
            done: None,
            forgotten: false,
        }
    }

    /// It is over by the journal of an earlier life, which counted this much of it.
    pub(crate) fn over_before(&mut self, size: Size) {
        self.counted_before = size;
    }

    /// Final news, if it is over.
    pub(crate) fn done(&self) -> Option<OrderNews> {
        self.done.clone().map(|end| OrderNews::Done { fills: self.fills, end })
    }
    /// Sent and not over.
    pub(crate) fn in_flight(&self) -> bool {
        self.sent != Sent::No && self.done.is_none() && !self.forgotten
    }
    /// The venue has shown it at least once: it cannot be absent any more.
    pub(crate) fn seen(&self) -> bool {
        self.status.is_some() || !self.fill_ids.is_empty()
    }
    /// The caller is through with it.
    pub(crate) fn is_forgotten(&self) -> bool {
        self.forgotten
    }
    /// Closed, but fills are missing: size filled by the venue's word, size counted.
    pub(crate) fn missing(&self) -> Option<(Size, Size)> {
        match (&self.closed, &self.done) {
            (Some((filled, _)), None) => Some((*filled, self.fills.size)),
            _ => None,
        }
    }
    /// What is counted so far.
    pub(crate) fn fills(&self) -> Fills {
        self.fills
    }

    /// Takes in a view of the order.
    pub(crate) fn on_order(&mut self, view: &OrderView<'_>, source: Source, news: &mut Vec<OrderNews>) {
        if source == Source::Stream {
            // Events may come twice (paradex.md 8.2); a JSON event without a number is judged by rank alone.
            if let (Some(seq), Some(last)) = (view.seq, self.seq)
                && seq <= last
            {
                return;
            }
            self.seq = view.seq.or(self.seq);
        }
        if self.venue_order.is_none() && !view.order_id.is_empty() {
            self.venue_order = Some(view.order_id.to_owned());
        }
        if self.done.is_some() || self.status.is_some_and(|s| s > view.status) {
            return;
        }
        if self.status.is_none() && view.status != Status::Closed {
            news.push(OrderNews::Acked { venue_order: VenueOrderId(view.order_id.to_owned()) });
        }
        self.status = Some(view.status);
        if view.status == Status::Closed && self.closed.is_none() {
            let filled = view.size.minus(view.remaining);
            self.closed = Some((filled, end_of(view.reason, filled, view.remaining)));
            self.settle(news);
        }
    }

    /// Takes in a fill.
    pub(crate) fn on_fill(&mut self, fill: &FillView<'_>, news: &mut Vec<OrderNews>) -> Counted {
        if self.fill_ids.contains(fill.id) {
            return Counted::Repeated;
        }
        let size = self.fills.size.plus(fill.size);
        if self.done.is_some() || self.forgotten || size > self.spec.size {
            if fill.size > self.counted_before {
                return Counted::Beyond;
            }
            self.counted_before = self.counted_before.minus(fill.size);
            self.fill_ids.insert(fill.id.to_owned());
            return Counted::Repeated;
        }
        self.fill_ids.insert(fill.id.to_owned());
        self.fills = Fills {
            size,
            cost: self.fills.cost.plus(fill.cost),
            fee: self.fills.fee.plus(fill.fee),
            funding: self.fills.funding.plus(fill.funding),
        };
        if !self.settle(news) {
            news.push(OrderNews::Filling { fills: self.fills });
        }
        Counted::New
    }

    /// Takes in the venue's refusal of the request. Against what the venue has shown already it proves nothing.
    pub(crate) fn on_refusal(&mut self, refusal: Refusal, news: &mut Vec<OrderNews>) {
        if self.done.is_some() {
            return;
        }
        if self.seen() {
            news.push(OrderNews::Unknown { why: format!("refused with {} after the venue had shown it", refusal.code) });
            return;
        }
        let end = OrderEnd::Refused(refusal);
        self.done = Some(end.clone());
        news.push(OrderNews::Done { fills: self.fills, end });
    }

    /// True if that made it final.
    fn settle(&mut self, news: &mut Vec<OrderNews>) -> bool {
        let Some((filled, end)) = &self.closed else { return false };
        if self.done.is_some() || self.fills.size < *filled {
            return false;
        }
        self.done = Some(end.clone());
        news.push(OrderNews::Done { fills: self.fills, end: end.clone() });
        true
    }
}

/// All orders of ours this client can answer for.
#[derive(Default)]
pub(crate) struct Orders {
    by_id: BTreeMap<OrderId, Tracked>,
    by_venue: BTreeMap<String, OrderId>,
    by_slot: BTreeMap<u64, OrderId>,
    forgotten: VecDeque<OrderId>,
    next_slot: u64,
}

impl Orders {
    pub(crate) fn get(&self, id: OrderId) -> Option<&Tracked> {
        self.by_id.get(&id)
    }
    pub(crate) fn get_mut(&mut self, id: OrderId) -> Option<&mut Tracked> {
        self.by_id.get_mut(&id)
    }
    pub(crate) fn of_slot(&self, slot: u64) -> Option<OrderId> {
        self.by_slot.get(&slot).copied()
    }

    /// Whether any order is known in a market, by the market's index.
    pub(crate) fn any_in(&self, market: usize) -> bool {
        self.by_id.values().any(|t| t.market == market)
    }

    /// Adds an order; `None` if one by this id was sent before.
    pub(crate) fn add(&mut self, spec: OrderSpec, key: VenueKey, market: usize) -> Option<&mut Tracked> {
        let id = spec.id;
        if self.by_id.get(&id).is_some_and(|t| t.sent != Sent::No) {
            return None;
        }
        self.remove(id);
        self.next_slot = self.next_slot.wrapping_add(1);
        self.by_slot.insert(self.next_slot, id);
        Some(self.by_id.entry(id).or_insert(Tracked::new(spec, key, self.next_slot, market)))
    }

    /// Forgets an order that never left.
    pub(crate) fn remove(&mut self, id: OrderId) {
        if let Some(t) = self.by_id.remove(&id) {
            self.by_slot.remove(&t.slot);
            if let Some(venue) = t.venue_order {
                self.by_venue.remove(&venue);
            }
        }
    }

    /// Forgets an order that is over; a duplicate about it is recognised for a while longer.
    pub(crate) fn forget(&mut self, id: OrderId) {
        let Some(t) = self.by_id.get_mut(&id) else { return };
        if !std::mem::replace(&mut t.forgotten, true) {
            self.forgotten.push_back(id);
        }
        while self.forgotten.len() > REMEMBERED {
            if let Some(old) = self.forgotten.pop_front() {
                self.remove(old);
            }
        }
    }

    /// Which order of ours a venue's message is about: by our id, else by the venue's.
    pub(crate) fn find(&self, client_id: &str, order_id: &str) -> Option<OrderId> {
        if let Ok(id) = client_id.parse::<OrderId>()
            && self.by_id.contains_key(&id)
        {
            return Some(id);
        }
        self.by_venue.get(order_id).copied().filter(|_| !order_id.is_empty())
    }

    /// Remembers the venue's id of an order.
    pub(crate) fn link(&mut self, id: OrderId) {
        if let Some(venue) = self.by_id.get(&id).and_then(|t| t.venue_order.clone()) {
            self.by_venue.insert(venue, id);
        }
    }

    /// Orders that are sent and not over, in order of id.
    pub(crate) fn in_flight(&self) -> impl Iterator<Item = (OrderId, &Tracked)> {
        self.by_id.iter().filter(|(_, t)| t.in_flight()).map(|(id, t)| (*id, t))
    }
}
