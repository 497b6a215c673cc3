//! Asking: polls after an acknowledgement, `query` by nonce and by time window, cancels.
//!
//! No live client is known to have relied on the private stream, so every acknowledged order is also asked about
//! until it is final (spec section 18). Absence is claimed only when two different questions both found nothing.

use super::{DUPLICATE, Source, VestClient};
use crate::error::Fault;
use crate::parse::{self, Seen, Status};
use crate::state::{CancelWish, Order, Pending, Question, timers};
use crate::wire::rest::{OrderRow, rows};
use domain::{Now, OrderEnd, OrderId, OrderNews};
use venue_api::{Action, Lane, Method, Out, Reply};

/// The venue returns at most this many orders, counted back from now; a full page may hide ours.
const PAGE: usize = 1_000;
/// How much earlier than its signature an order may be dated: the clocks may differ.
const WINDOW_BEFORE_MS: i64 = 10_000;
/// How often REST is asked for the funding of a fill that the stream has told.
const FUNDING_ASKS_MAX: u32 = 3;

impl VestClient {
    /// Arms the next poll, unless one is armed or under way.
    pub(super) fn arm_polls(&mut self, id: OrderId, now: Now, out: &mut Out) {
        let Some(order) = self.orders.get_mut(id) else { return };
        if order.done.is_some() || order.poll_from.is_some() {
            return;
        }
        order.poll_from = Some(now);
        self.arm_next_poll(id, now, out);
    }

    /// The next poll: at its configured delay after the acknowledgement, then in steps of the last delay, and never
    /// before the venue wants to hear from us again.
    fn arm_next_poll(&mut self, id: OrderId, now: Now, out: &mut Out) {
        let quiet_until = self.session.quiet_until;
        let delays = &self.config.poll_delays_ms;
        let last = delays.last().copied().unwrap_or(2_000);
        let Some(order) = self.orders.get_mut(id) else { return };
        let from = order.poll_from.map_or(now.mono, |at| at.mono);
        let at = match delays.get(order.polls) {
            Some(delay) => from.plus_ms(*delay).max(now.mono),
            None => now.mono.plus_ms(last),
        };
        order.polls = order.polls.saturating_add(1);
        out.actions.push(Action::Timer { id: timers::poll(order.nonce), at: at.max(quiet_until) });
    }

    pub(crate) fn poll_due(&mut self, nonce: u64, now: Now, out: &mut Out) {
        if let Some(id) = self.orders.by_nonce(nonce) {
            self.ask_now(id, now, out);
        }
    }

    /// Asks about an order at once, out of turn.
    pub(super) fn ask_now(&mut self, id: OrderId, now: Now, out: &mut Out) {
        // Without a key the answer would be about the key and not about the order.
        if now.mono < self.session.quiet_until || self.session.api_key.is_none() {
            if self.session.api_key.is_none() {
                self.funding_unanswered(id, out);
            }
            if self.orders.get(id).is_some_and(|order| order.done.is_none()) {
                self.arm_next_poll(id, now, out);
            }
            return;
        }
        let time = self.clock.now_ms(now);
        let Some(order) = self.orders.get_mut(id) else { return };
        if order.done.is_some() || order.poll_open {
            return;
        }
        order.poll_open = true;
        order.poll_from.get_or_insert(now);
        let target = match &order.venue_id {
            Some(venue_id) if parse::is_plain_token(venue_id) => format!("/orders?id={venue_id}&time={time}"),
            _ => format!("/orders?nonce={}&time={time}", order.nonce),
        };
        self.get(Pending::Poll(id), target, out);
    }

    /// The stream said something unreadable, or was away: ask about everything that lives.
    pub(crate) fn ask_about_all(&mut self, now: Now, out: &mut Out) {
        for id in self.orders.living() {
            self.ask_now(id, now, out);
        }
    }

    pub(crate) fn poll_reply(&mut self, id: OrderId, reply: Reply<'_>, now: Now, out: &mut Out) {
        let Some(order) = self.orders.get_mut(id) else { return };
        order.poll_open = false;
        match read(order, reply) {
            Ok(Some(seen)) => self.observe(&seen, Source::Rest, now, out),
            Ok(None) => self.funding_unanswered(id, out),
            Err(failure) => {
                self.funding_unanswered(id, out);
                if let Some(why) = failure.auth {
                    self.auth_lost(&why, now, out);
                }
            }
        }
        let waits = |order: &Order| order.done.is_none() && !order.poll_open;
        if self.orders.get(id).is_some_and(waits) {
            self.arm_next_poll(id, now, out);
        }
    }

    /// The stream said FILLED and REST does not say with what funding: after some tries the fill ends the order without it. A
    /// leg must not stay open for a share of a cent; what the cash shows beyond it is the account read's.
    fn funding_unanswered(&mut self, id: OrderId, out: &mut Out) {
        let Some(order) = self.orders.get_mut(id) else { return };
        let Some(fills) = order.filled.filter(|_| order.done.is_none()) else { return };
        order.funding_asks = order.funding_asks.saturating_add(1);
        if order.funding_asks >= FUNDING_ASKS_MAX {
            self.finish(id, fills, OrderEnd::Filled, out);
        }
    }

    /// What became of an order: by nonce and by the time window it must lie in.
    pub(crate) fn query_order(&mut self, id: OrderId, now: Now, out: &mut Out) {
        let time = self.clock.now_ms(now);
        let as_of = self.clock.at_least(now);
        let can_order = self.can_order();
        let Some(order) = self.orders.get_mut(id) else {
            return Self::report(id, OrderNews::QueryFailed { why: "this order is not known here".to_owned() }, out);
        };
        if let Some(done) = &order.done {
            return Self::report(id, done.clone(), out);
        }
        if order.nonce == 0 {
            let why = format!("{:?} is no nonce", order.key.key);
            return Self::report(id, OrderNews::QueryFailed { why }, out);
        }
        if !can_order {
            return Self::report(id, OrderNews::QueryFailed { why: "the account session is not up".to_owned() }, out);
        }
        // A question under way will be answered; a second one would only double its answer.
        if order.question.is_some() {
            return;
        }
        order.question = Some(Question { waiting: 2, as_of, failed: None });
        let (nonce, instrument) = (order.nonce, order.spec.instrument);
        let start = order.time_ms.saturating_sub(WINDOW_BEFORE_MS).max(0);
        let symbol = self.instruments.iter().find(|one| one.id == instrument).map(|one| one.symbol.clone()).unwrap_or_default();
        self.get(Pending::Query(id), format!("/orders?nonce={nonce}&time={time}"), out);
        self.get(Pending::Query(id), format!("/orders?symbol={symbol}&startTime={start}&limit={PAGE}&time={time}"), out);
    }

    pub(crate) fn query_reply(&mut self, id: OrderId, reply: Reply<'_>, now: Now, out: &mut Out) {
        let Some(order) = self.orders.get_mut(id) else { return };
        let read = read(order, reply);
        // Ended, or answered by the other question.
        let Some(question) = &mut order.question else { return };
        question.waiting = question.waiting.saturating_sub(1);
        let mut auth = None;
        match read {
            Ok(Some(seen)) if seen.status == Status::Rejected && seen.code == Some(DUPLICATE) => {
                question.failed = Some("the venue calls it a duplicate and does not show the first copy".to_owned());
            }
            Ok(Some(seen)) => {
                order.question = None;
                self.observe(&seen, Source::Rest, now, out);
                if let Some(order) = self.orders.get_mut(id).filter(|order| order.done.is_none()) {
                    let news = if matches!(seen.status, Status::New | Status::PartiallyFilled) {
                        order.reported = order.fills.total();
                        OrderNews::Filling { fills: order.reported }
                    } else {
                        OrderNews::QueryFailed { why: "it has ended, and its fills do not stand in the answer".to_owned() }
                    };
                    Self::report(id, news, out);
                }
                return;
            }
            Ok(None) => {}
            Err(failure) => {
                question.failed = Some(failure.why);
                auth = failure.auth;
            }
        }
        if question.waiting == 0 {
            let news = match question.failed.take() {
                Some(why) => OrderNews::QueryFailed { why },
                // It was acknowledged, so it exists: a venue that does not show it proves nothing.
                None if order.venue_id.is_some() => {
                    OrderNews::QueryFailed { why: "the venue acknowledged the order and does not show it".to_owned() }
                }
                None => OrderNews::Absent { as_of: question.as_of },
            };
            order.question = None;
            Self::report(id, news, out);
        }
        if let Some(why) = auth {
            self.auth_lost(&why, now, out);
        }
    }

    pub(crate) fn cancel_order(&mut self, id: OrderId, now: Now, out: &mut Out) {
        let Some(order) = self.orders.get_mut(id) else {
            return Self::report(id, OrderNews::QueryFailed { why: "this order is not known here".to_owned() }, out);
        };
        if let Some(done) = &order.done {
            return Self::report(id, done.clone(), out);
        }
        if order.cancel == CancelWish::Sent {
            return;
        }
        order.cancel = CancelWish::Wanted;
        if order.venue_id.is_none() {
            // A cancel names the venue's id (spec section 9): find it by nonce first.
            return self.ask_now(id, now, out);
        }
        self.cancel_if_wanted(id, now, out);
    }

    pub(super) fn cancel_if_wanted(&mut self, id: OrderId, now: Now, out: &mut Out) {
        let time_ms = self.clock.now_ms(now);
        let Some(order) = self.orders.get_mut(id).filter(|order| order.cancel == CancelWish::Wanted) else { return };
        let Some(venue_id) = order.venue_id.as_deref().filter(|v| parse::is_plain_token(v)) else { return };
        let (Some(signer), Some(nonce)) = (&self.signer, self.nonces.next(time_ms)) else { return };
        let signed = signer.cancel(time_ms.unsigned_abs(), nonce, venue_id);
        let body = format!(
            r#"{{"order":{{"time":{time_ms},"nonce":{nonce},"id":"{venue_id}"}},"recvWindow":{},"signature":"{}"}}"#,
            self.config.recv_window_ms, signed.signature
        );
        order.cancel = CancelWish::Sent;
        self.request(Pending::Cancel(id), Lane::Orders, Method::Post, "/orders/cancel".to_owned(), body, out);
    }

    /// Whatever the venue answers to a cancel, the order's own status is what counts: it is asked for. 3017 says that
    /// it is final already.
    pub(crate) fn cancel_reply(&mut self, id: OrderId, reply: Reply<'_>, now: Now, out: &mut Out) {
        if let Some(order) = self.orders.get_mut(id)
            && !matches!(reply, Reply::Answer { status: 200..=299, .. })
        {
            // It may be asked for again.
            order.cancel = CancelWish::None;
        }
        self.ask_now(id, now, out);
    }
}

/// Why an answer of `GET /orders` says nothing.
struct Failure {
    why: String,
    auth: Option<String>,
}

/// Our order's row in the answer. A duplicate's refusal is taken only when no other row is ours.
fn read(order: &Order, reply: Reply<'_>) -> Result<Option<Seen>, Failure> {
    let fail = |why: String| Err(Failure { why, auth: None });
    let body = match reply {
        Reply::Answer { status: 200..=299, body, .. } => body,
        Reply::Answer { status, body, .. } => {
            let fault = Fault::parse(body);
            let why = fault.sentence(status);
            let auth = fault.is_auth(status).then(|| why.clone());
            return Err(Failure { why, auth });
        }
        Reply::NotSent(why) | Reply::Unknown(why) => return fail(why.to_owned()),
    };
    let Some(listed) = rows::<OrderRow<'_>>(body) else {
        return fail("the list of orders does not read".to_owned());
    };
    let mut ours: Option<Seen> = None;
    for row in &listed {
        let by_nonce = row.nonce.and_then(|n| n.uint()) == Some(order.nonce);
        if !by_nonce && order.venue_id.as_deref() != Some(row.id.text()) {
            continue;
        }
        let Some(seen) = parse::order(row) else { return fail("our order does not read".to_owned()) };
        if ours.as_ref().is_none_or(|old| old.status == Status::Rejected && old.code == Some(DUPLICATE)) {
            ours = Some(seen);
        }
    }
    if ours.is_none() && listed.len() >= PAGE {
        return fail("too many orders in the window".to_owned());
    }
    Ok(ours)
}
