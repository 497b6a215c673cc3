//! Bugs planted on purpose, to prove that the simulation finds them. They sit between the parts, so that the product
//! itself carries no switch for them.

use domain::{Instrument, Now, OrderEnd, OrderId, OrderNews, Purpose, Rate, Refusal, RefusalKind, Size, Usd, VenueId};
use risk::{ClearedOrder, Gate, Limits};
use venue_api::{
    Capabilities, ConnId, Frame, KnownOrder, Out, PrepareError, Prepared, Reply, RequestId, TimerId, VenueClient, VenueNews,
};

/// A mistake that other bots have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// An unknown outcome is taken as a refusal.
    UnknownIsRefused,
    /// The record is made after the order has left.
    RecordAfterSend,
    /// A rollback closes the configured size and not what filled.
    ConfiguredRollback,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::UnknownIsRefused, Self::RecordAfterSend, Self::ConfiguredRollback];

    pub(crate) const fn is_in_a_client(self) -> bool {
        matches!(self, Self::UnknownIsRefused | Self::ConfiguredRollback)
    }
}

/// A client with a bug in front of it.
pub(crate) struct Sabotaged {
    inner: Box<dyn VenueClient>,
    bug: Bug,
    size: Size,
    gate: Gate,
}

impl Sabotaged {
    pub(crate) fn new(inner: Box<dyn VenueClient>, bug: Bug, size: Size) -> Self {
        let limits = Limits {
            notional_per_leg: Usd::ZERO,
            notional_total: Usd::ZERO,
            open_rounds: 0,
            orders_per_minute: 0,
            clearance_ms: 1_000,
        };
        Self { inner, bug, size, gate: Gate::new(limits) }
    }

    fn spoil(&self, out: &mut Out) {
        if self.bug != Bug::UnknownIsRefused {
            return;
        }
        for news in &mut out.news {
            if let VenueNews::Order(report) = news
                && matches!(report.news, OrderNews::Unknown { .. } | OrderNews::Absent { .. })
            {
                let refusal = Refusal { kind: RefusalKind::Other, code: "assumed".to_owned() };
                report.news = OrderNews::Done { fills: domain::Fills::default(), end: OrderEnd::Refused(refusal) };
            }
        }
    }
}

impl VenueClient for Sabotaged {
    fn venue(&self) -> VenueId {
        self.inner.venue()
    }
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }
    fn instruments(&self) -> &[Instrument] {
        self.inner.instruments()
    }
    fn ready(&self) -> bool {
        self.inner.ready()
    }
    fn start(&mut self, now: Now, out: &mut Out) {
        self.inner.start(now, out);
    }
    fn on_open(&mut self, conn: ConnId, now: Now, out: &mut Out) {
        self.inner.on_open(conn, now, out);
    }
    fn on_closed(&mut self, conn: ConnId, code: Option<u16>, why: &str, now: Now, out: &mut Out) {
        self.inner.on_closed(conn, code, why, now, out);
        self.spoil(out);
    }
    fn on_frame(&mut self, conn: ConnId, frame: Frame<'_>, now: Now, out: &mut Out) {
        self.inner.on_frame(conn, frame, now, out);
    }
    fn on_reply(&mut self, request: RequestId, reply: Reply<'_>, now: Now, out: &mut Out) {
        self.inner.on_reply(request, reply, now, out);
        self.spoil(out);
    }
    fn on_timer(&mut self, timer: TimerId, now: Now, out: &mut Out) {
        self.inner.on_timer(timer, now, out);
        self.spoil(out);
    }
    fn prepare(&mut self, order: ClearedOrder, now: Now) -> Result<Prepared, PrepareError> {
        if self.bug == Bug::ConfiguredRollback && order.get().id.purpose == Purpose::Close {
            let mut spec = order.take(now.mono)?;
            spec.size = self.size;
            spec.reduce_only = false;
            spec.limit = spec.limit.worse(spec.side, Rate::ZERO).unwrap_or(spec.limit);
            return self.inner.prepare(self.gate.reduce(spec, now.mono), now);
        }
        self.inner.prepare(order, now)
    }
    fn send(&mut self, order: Prepared, now: Now, out: &mut Out) {
        self.inner.send(order, now, out);
    }
    fn discard(&mut self, order: Prepared) {
        self.inner.discard(order);
    }
    fn cancel(&mut self, order: OrderId, now: Now, out: &mut Out) {
        self.inner.cancel(order, now, out);
    }
    fn query(&mut self, order: OrderId, now: Now, out: &mut Out) {
        self.inner.query(order, now, out);
    }
    fn read_account(&mut self, now: Now, out: &mut Out) {
        self.inner.read_account(now, out);
    }
    fn adopt(&mut self, order: KnownOrder) {
        self.inner.adopt(order);
    }
    fn forget(&mut self, order: OrderId) {
        self.inner.forget(order);
    }
    fn stop(&mut self, now: Now, out: &mut Out) {
        self.inner.stop(now, out);
    }
}
