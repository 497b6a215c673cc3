//! Orders on paper: what was sent, how far it is, and how it ended.

use domain::{Fills, OrderEnd, OrderId, OrderSpec, VenueOrderId};
use std::collections::BTreeMap;

/// How far an order is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Signed, were it real; nothing has left.
    Prepared,
    /// On its way to the venue.
    Travelling,
    /// The venue has it and is about to match it.
    Accepted,
    /// Over.
    Over(OrderEnd),
}

/// One order.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) spec: OrderSpec,
    pub(crate) key: String,
    pub(crate) slot: u64,
    pub(crate) stage: Stage,
    pub(crate) fills: Fills,
}

impl Order {
    pub(crate) fn venue_order(&self) -> VenueOrderId {
        VenueOrderId(format!("paper-{}", self.spec.id))
    }
}

/// All orders that anybody may still ask about.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    by_id: BTreeMap<OrderId, Order>,
    by_slot: BTreeMap<u64, OrderId>,
    last_slot: u64,
}

impl Orders {
    /// Takes an order in; `None` if it was there before.
    pub(crate) fn add(&mut self, spec: OrderSpec, key: String, stage: Stage, fills: Fills) -> Option<&mut Order> {
        if self.by_id.contains_key(&spec.id) {
            return None;
        }
        self.last_slot = self.last_slot.saturating_add(1);
        let (id, slot) = (spec.id, self.last_slot);
        self.by_slot.insert(slot, id);
        Some(self.by_id.entry(id).or_insert(Order { spec, key, slot, stage, fills }))
    }
    pub(crate) fn get(&self, id: OrderId) -> Option<&Order> {
        self.by_id.get(&id)
    }
    pub(crate) fn get_mut(&mut self, id: OrderId) -> Option<&mut Order> {
        self.by_id.get_mut(&id)
    }
    pub(crate) fn at_slot(&self, slot: u64) -> Option<OrderId> {
        self.by_slot.get(&slot).copied()
    }
    pub(crate) fn remove(&mut self, id: OrderId) {
        if let Some(order) = self.by_id.remove(&id) {
            self.by_slot.remove(&order.slot);
        }
    }
    /// Orders that the venue has and that are not over.
    pub(crate) fn open(&self) -> impl Iterator<Item = &Order> {
        self.by_id.values().filter(|o| o.stage == Stage::Accepted)
    }
}
