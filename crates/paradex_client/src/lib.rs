//! Paradex as a protocol machine without I/O: it turns what the venue sends into market events and news, and what the
//! bot wants into signed bytes.
//!
//! Owns the venue's words, its sequence rules, its session and what became of each order. Owns no socket, clock,
//! book or decision. Built from the venue's documents (paradex.md, cited by section); driven by `shard` through
//! [`venue_api::VenueClient`].
//!
//! Where the documents leave a question open the client takes every answer: private payloads as SBE or JSON, empty
//! sides as null or zero, replies and events in any order, a private stream that falls silent.

mod account;
mod audit;
#[cfg(test)]
mod captures;
mod client;
mod config;
mod error;
mod link;
mod lookup;
mod market_data;
mod parse;
mod rules;
mod session;
mod sign;
mod state;
mod strangers;
mod trading;
mod units;
pub mod wire;

pub use client::{Counters, ParadexClient, VENUE};
pub use config::{Config, InstrumentConfig};
pub use error::{DecodeError, Error};
pub use rules::{RELEASE_WINDOW_UTC, in_release_window};

use client::{Http, TimerKind};
use domain::{Instrument, Now, OrderId, VenueId};
use link::{FEED, ORDERS, Phase};
use risk::ClearedOrder;
use state::Sent;
use venue_api::{
    Action, Capabilities, ConnId, Frame, KnownOrder, Out, PrepareError, Prepared, Reply, RequestId, TimerId, VenueClient,
};

impl VenueClient for ParadexClient {
    fn venue(&self) -> VenueId {
        VENUE
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }
    /// Whether the order socket is in use. The feed may be down all the same: that loses books, not the way to close.
    /// Without an account: whether the feed is.
    fn ready(&self) -> bool {
        let link = if self.config.data_only { &self.session.feed } else { &self.session.orders };
        link.phase == Phase::Up && !self.session.stopping && !self.session.fatal
    }

    fn start(&mut self, now: Now, out: &mut Out) {
        self.boot_next(now, out);
    }
    fn on_open(&mut self, conn: ConnId, now: Now, out: &mut Out) {
        self.opened(conn, now, out);
    }
    fn on_closed(&mut self, conn: ConnId, code: Option<u16>, why: &str, now: Now, out: &mut Out) {
        self.lost(conn, code, why, now, out);
    }
    fn on_frame(&mut self, conn: ConnId, frame: Frame<'_>, now: Now, out: &mut Out) {
        self.frame(conn, frame, now, out);
    }

    fn on_reply(&mut self, request: RequestId, reply: Reply<'_>, now: Now, out: &mut Out) {
        match self.http.remove(&request.0) {
            None => {}
            Some(Http::Create { order }) => self.on_create_http(order, reply, now, out),
            Some(Http::Cancel { order }) => self.on_cancel_http(order, reply, now, out),
            Some(Http::Lookup { order, part }) => self.on_lookup_reply(order, part, reply, now, out),
            Some(Http::Account { read, part }) => self.on_account_reply(read, part, reply, now, out),
            Some(Http::Book { market }) => self.on_audit(market, reply, now, out),
            Some(own) => self.on_session_reply(own, reply, now, out),
        }
    }

    fn on_timer(&mut self, timer: TimerId, now: Now, out: &mut Out) {
        match TimerKind::of(timer) {
            Some((TimerKind::Ack, slot)) => self.on_ack_timer(slot, out),
            Some((TimerKind::Chase, slot)) => self.on_chase_timer(slot, now, out),
            Some((kind, _)) => self.on_session_timer(kind, now, out),
            None => {}
        }
    }

    fn prepare(&mut self, order: ClearedOrder, now: Now) -> Result<Prepared, PrepareError> {
        self.prepare_order(order, now)
    }
    fn send(&mut self, order: Prepared, now: Now, out: &mut Out) {
        self.send_order(order, now, out);
    }
    fn discard(&mut self, order: Prepared) {
        if self.orders.get(order.spec.id).is_some_and(|t| t.sent == Sent::No) {
            self.orders.remove(order.spec.id);
        }
    }
    fn cancel(&mut self, order: OrderId, now: Now, out: &mut Out) {
        self.cancel_order(order, now, out);
    }
    fn query(&mut self, order: OrderId, now: Now, out: &mut Out) {
        self.look_up(order, true, now, out);
    }
    fn read_account(&mut self, now: Now, out: &mut Out) {
        self.read(true, now, out);
    }

    fn adopt(&mut self, order: KnownOrder) {
        let Some(market) = self.instruments.iter().position(|i| i.id == order.spec.instrument) else { return };
        let stamp = order.key.dead_after.ms().saturating_sub(self.capabilities.fence_ms);
        self.last_stamp_ms = self.last_stamp_ms.max(u64::try_from(stamp).unwrap_or(0));
        let id = order.spec.id;
        if let Some(t) = self.orders.add(order.spec, order.key, market) {
            t.sent = Sent::Adopted;
            if order.over {
                t.over_before(order.fills.size);
            }
        }
        // Recognised, and not asked about any more.
        if order.over {
            self.orders.forget(id);
        }
    }
    fn forget(&mut self, order: OrderId) {
        self.orders.forget(order);
    }

    /// Closes both connections. Orders that must not stay were cancelled by the caller before.
    fn stop(&mut self, _now: Now, out: &mut Out) {
        self.session.stopping = true;
        out.actions.push(Action::Close { conn: ORDERS });
        out.actions.push(Action::Close { conn: FEED });
    }
}
