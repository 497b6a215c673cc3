//! The engine's desk: its calls become outputs in the order they are made.

use crate::Output;
use crate::shard::Venue;
use domain::record::Record;
use domain::{Instrument, InstrumentId, Mono, Now, OrderId, Price, Purpose, Side, Size, VenueId};
use engine::{Desk, Notice, Touch};
use perps::Strategy;
use risk::ClearedOrder;
use std::collections::{BTreeMap, VecDeque};
use venue_api::{Capabilities, KnownOrder, Out, PrepareError, Prepared, VenueNews};

pub(crate) struct ShardDesk<'a> {
    pub(crate) venues: &'a mut [Venue],
    pub(crate) instruments: &'a [Instrument],
    pub(crate) strategy: &'a Strategy,
    pub(crate) outputs: &'a mut Vec<Output>,
    pub(crate) news: &'a mut VecDeque<(usize, VenueNews)>,
    pub(crate) stopwatch: fn() -> Mono,
    pub(crate) laps: &'a mut BTreeMap<OrderId, Lap>,
    pub(crate) now: Now,
}

/// What the stopwatch says of an order on its way out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lap {
    /// Hash and signature, ns.
    pub(crate) sign_ns: u64,
    /// Putting it into the venue's words, ns.
    pub(crate) encode_ns: u64,
    /// When that was done: what follows is the network's. Zero where there is no stopwatch.
    pub(crate) written: Mono,
}

impl ShardDesk<'_> {
    fn index(&self, venue: VenueId) -> Option<usize> {
        self.venues.iter().position(|v| v.id == venue)
    }

    /// Lets a client do something and takes over what it leaves.
    fn with(&mut self, venue: VenueId, order: Option<OrderId>, act: impl FnOnce(&mut Venue, &mut Out)) {
        let Some(index) = self.index(venue) else { return };
        let mut out = Out::default();
        act(&mut self.venues[index], &mut out);
        self.outputs.extend(out.actions.into_iter().map(|action| Output::Act { venue: index, order, action }));
        self.news.extend(out.news.into_iter().map(|n| (index, n)));
    }
}

impl Desk for ShardDesk<'_> {
    fn instrument(&self, id: InstrumentId) -> &Instrument {
        // Interned when the bot was wired: an id that is out of range would be a fault of the wiring itself.
        &self.instruments[usize::from(id.0)]
    }
    fn capabilities(&self, venue: VenueId) -> Option<&Capabilities> {
        self.venues.iter().find(|v| v.id == venue).map(|v| v.client.capabilities())
    }
    fn ready(&self, venue: VenueId) -> bool {
        self.venues.iter().any(|v| v.id == venue && v.client.ready())
    }
    fn touch(&self, id: InstrumentId) -> Option<Touch> {
        self.strategy.touch(id, self.now.mono)
    }
    fn executable(&self, id: InstrumentId, side: Side, size: Size) -> Option<Price> {
        self.strategy.executable(id, side, size, self.now.mono)
    }
    fn reference(&self, id: InstrumentId) -> Option<Price> {
        self.strategy.reference(id)
    }
    fn mark(&self, id: InstrumentId) -> Option<Price> {
        self.strategy.mark(id, self.now.mono).or_else(|| self.strategy.reference(id))
    }
    fn since(&self, stamp: Now) -> u64 {
        (self.stopwatch)().since(stamp.mono)
    }
    fn prepare(&mut self, order: ClearedOrder, now: Now) -> Result<Prepared, PrepareError> {
        let venue = order.get().venue;
        let Some(index) = self.index(venue) else { return Err(PrepareError::NotReady("no such venue")) };
        let id = order.get().id;
        let began = (self.stopwatch)();
        let prepared = self.venues[index].client.prepare(order, now);
        let sign_ns = (self.stopwatch)().since(began);
        self.laps.insert(id, Lap { sign_ns, ..Lap::default() });
        prepared
    }
    fn discard(&mut self, order: Prepared) {
        if let Some(index) = self.index(order.spec.venue) {
            self.venues[index].client.discard(order);
        }
    }
    fn record(&mut self, record: Record) {
        let orders: Vec<OrderId> = match &record {
            Record::Opened { orders, .. } | Record::Intended { orders, .. } => orders.iter().map(|o| o.spec.id).collect(),
            _ => Vec::new(),
        };
        let reducing = !matches!(record, Record::Opened { .. }) && orders.iter().all(|o| o.purpose != Purpose::Entry);
        self.outputs.push(Output::Append { record, reducing, orders });
    }
    fn send(&mut self, order: Prepared, now: Now) {
        let (venue, id) = (order.spec.venue, order.spec.id);
        let began = (self.stopwatch)();
        self.with(venue, Some(id), |v, out| v.client.send(order, now, out));
        let written = (self.stopwatch)();
        if let Some(lap) = self.laps.get_mut(&id) {
            (lap.encode_ns, lap.written) = (written.since(began), written);
        }
    }
    fn query(&mut self, venue: VenueId, order: OrderId, now: Now) {
        self.with(venue, None, |v, out| v.client.query(order, now, out));
    }
    fn cancel(&mut self, venue: VenueId, order: OrderId, now: Now) {
        self.with(venue, None, |v, out| v.client.cancel(order, now, out));
    }
    fn read_account(&mut self, venue: VenueId, now: Now) {
        self.with(venue, None, |v, out| v.client.read_account(now, out));
    }
    fn adopt(&mut self, venue: VenueId, order: KnownOrder) {
        if let Some(index) = self.index(venue) {
            self.venues[index].client.adopt(order);
        }
    }
    fn forget(&mut self, venue: VenueId, order: OrderId) {
        self.laps.remove(&order);
        if let Some(index) = self.index(venue) {
            self.venues[index].client.forget(order);
        }
    }
    fn notice(&mut self, notice: Notice) {
        self.outputs.push(Output::Tell(notice));
    }
}
