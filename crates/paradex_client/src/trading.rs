//! Orders on their way out: prepared and signed, sent over the socket or REST, answered, cancelled (paradex.md 4.3, 6.3).
//!
//! What an answer means is `error`'s to say, what it does to the order is `state`'s.

use crate::client::{Http, ParadexClient, Rpc, TimerKind, report, set_timer};
use crate::error::{Verdict, is_gone, verdict_of_http, verdict_of_rpc};
use crate::link::ORDERS;
use crate::parse;
use crate::sign::OrderToSign;
use crate::state::{Sent, Source, Wire};
use crate::wire::rest::{ErrorBody, OrderData, escaped, parse_body};
use crate::wire::ws::{self, CreateResult, Envelope, RpcError};
use domain::{
    Instrument, Now, OrderEnd, OrderId, OrderNews, OrderSpec, OrderType, RefusalKind, Side, TimeInForce, VenueKey, Wall, write_e8,
};
use risk::ClearedOrder;
use std::fmt::Write as _;
use venue_api::{Action, Lane, Method, Out, Payload, PrepareError, Prepared, Reply, VenueNews};

/// An immediate order that was acknowledged and then kept silent about is looked up after this long, then at growing
/// intervals: the private stream may be silent while REST tells the truth.
const CHASE_MS: u64 = 400;
/// A closed order whose fills have not all come is looked up after this long.
const MISSING_FILLS_MS: u64 = 300;
/// No longer than this between two unasked look-ups.
const CHASE_MAX_MS: u64 = 5_000;

impl ParadexClient {
    fn rest_ready(&self, now: Now) -> bool {
        self.config.rest_fallback
            && !self.session.stopping
            && self.session.boot == crate::session::Boot::Done
            && self.session.token(now.mono).is_some()
    }

    pub(crate) fn prepare_order(&mut self, order: ClearedOrder, now: Now) -> Result<Prepared, PrepareError> {
        if !self.session.socket_up() && !self.rest_ready(now) {
            return Err(PrepareError::NotReady("neither socket nor token"));
        }
        if now.mono < self.limited_until && !order.get().reduce_only {
            return Err(PrepareError::Budget(self.limited_until.since(now.mono).div_ceil(1_000_000)));
        }
        let spec = order.take(now.mono)?;
        let rpc = self.reserve_rpc();
        let market = self
            .instruments
            .iter()
            .position(|i| i.id == spec.instrument)
            .ok_or_else(|| PrepareError::Invalid("no instrument of this venue".into()))?;
        let instrument = &self.instruments[market];
        check(&spec, instrument)?;
        let venue_ms = u64::try_from(self.session.venue_time(now).ms()).unwrap_or(0);
        let stamp = venue_ms.max(self.last_stamp_ms.saturating_add(1));
        let units = self.feed.units(market);
        let unsaid = || PrepareError::Invalid("size or price is no number of contracts".into());
        let size_e8 = units.size_out(spec.size).ok_or_else(unsaid)?;
        let (kind, price_e8) = match spec.kind {
            OrderType::Limit => ("LIMIT", units.price_out(spec.limit).ok_or_else(unsaid)?),
            OrderType::Market => ("MARKET", 0),
        };
        let to_sign = OrderToSign { timestamp_ms: stamp, market: &instrument.symbol, side: spec.side, kind, size_e8, price_e8 };
        let signed = self.signer.order(&to_sign).map_err(|e| PrepareError::Invalid(e.to_string()))?;
        let mut start = 0;
        let frame = ws::request(rpc, "order.create", |text| {
            start = text.len();
            write_params(text, &to_sign, &spec, &signed.wire, self.config.recv_window_ms);
        });
        let dead_ms = stamp.saturating_add(u64::try_from(self.capabilities.fence_ms).unwrap_or(0));
        let key = VenueKey {
            key: spec.id.to_string(),
            hash: Some(signed.hash),
            dead_after: Wall::from_ms(i64::try_from(dead_ms).unwrap_or(i64::MAX)),
        };
        let Some(tracked) = self.orders.add(spec.clone(), key.clone(), market) else {
            return Err(PrepareError::Invalid(format!("order {} was sent before", spec.id)));
        };
        let params = start..frame.len().saturating_sub(1);
        tracked.wire = Some(Wire { rpc, frame, params });
        self.last_stamp_ms = stamp;
        Ok(Prepared { spec, key })
    }

    pub(crate) fn send_order(&mut self, order: Prepared, now: Now, out: &mut Out) {
        let id = order.spec.id;
        let (socket, rest) = (self.session.socket_up(), self.rest_ready(now));
        let token = self.session.token(now.mono).cloned();
        let Some((wire, tracked)) = self.orders.get_mut(id).and_then(|t| t.wire.take().map(|w| (w, t))) else {
            return report(id, OrderNews::NotSent { why: "it was not prepared, or sent before".into() }, out);
        };
        let why_not = match token {
            _ if socket => {
                (tracked.sent, tracked.waiting, tracked.sent_at) = (Sent::Socket, true, now.mono);
                let slot = tracked.slot;
                self.rpc.insert(wire.rpc, (ORDERS, Rpc::Create { order: id }));
                out.actions.push(Action::Send { conn: ORDERS, payload: Payload::Text(wire.frame) });
                set_timer(TimerKind::Ack, slot, now.mono.plus_ms(self.config.ack_timeout_ms), out);
                return;
            }
            Some(token) if rest => {
                (tracked.sent, tracked.waiting, tracked.sent_at) = (Sent::Rest, true, now.mono);
                let body = wire.frame.get(wire.params).unwrap_or("").to_owned();
                let http = Http::Create { order: id };
                self.request(http, Lane::Orders, Method::Post, "/orders".into(), Self::bearer(&token), body, out);
                return;
            }
            _ => "the order socket is down and REST is no way",
        };
        self.orders.remove(id);
        report(id, OrderNews::NotSent { why: why_not.into() }, out);
    }

    /// The answer to `order.create`.
    pub(crate) fn on_create_reply(&mut self, id: OrderId, envelope: &Envelope<'_>, now: Now, out: &mut Out) {
        self.answered(id, now, out);
        if let Some(error) = &envelope.error {
            return self.on_verdict(id, verdict_of_rpc(error), now, out);
        }
        let result = envelope.result.map(|raw| serde_json::from_str::<CreateResult<'_>>(raw.get()));
        match result {
            Some(Ok(r)) => self.on_created(id, &r.order, now, out),
            _ => self.unknown(id, "the answer to the order cannot be read".into(), out),
        }
    }

    /// The answer to `POST /orders`, or what became of it.
    pub(crate) fn on_create_http(&mut self, id: OrderId, reply: Reply<'_>, now: Now, out: &mut Out) {
        self.answered(id, now, out);
        match reply {
            Reply::Answer { status: 200..=299, body, .. } => match parse_body::<OrderData<'_>>(body) {
                Ok(order) => self.on_created(id, &order, now, out),
                Err(_) => self.unknown(id, "the answer to the order cannot be read".into(), out),
            },
            Reply::Answer { status, retry_after_ms, body } => {
                if status == 429 {
                    self.limited_until = now.mono.plus_ms(retry_after_ms.unwrap_or(1_000));
                }
                let code = parse_body::<ErrorBody<'_>>(body).ok();
                self.on_verdict(id, verdict_of_http(status, code.as_ref().map(|e| &*e.error)), now, out);
            }
            Reply::NotSent(why) => {
                self.orders.remove(id);
                report(id, OrderNews::NotSent { why: why.to_owned() }, out);
            }
            Reply::Unknown(why) => self.unknown(id, why.to_owned(), out),
        }
    }

    fn answered(&mut self, id: OrderId, now: Now, out: &mut Out) {
        let Some(tracked) = self.orders.get_mut(id) else { return };
        if std::mem::replace(&mut tracked.waiting, false) {
            let (slot, network_ns) = (tracked.slot, now.mono.since(tracked.sent_at));
            out.actions.push(Action::CancelTimer { id: TimerKind::Ack.id(slot) });
            out.news.push(VenueNews::OrderLatency { order: id, sign_ns: 0, encode_ns: 0, network_ns, parse_ns: 0 });
        }
    }

    fn on_created(&mut self, id: OrderId, order: &OrderData<'_>, now: Now, out: &mut Out) {
        match parse::order(order) {
            Ok(view) => self.apply_order(id, &view, Source::Answer, now, out),
            Err(_) => self.unknown(id, "the answer to the order cannot be read".into(), out),
        }
    }

    fn on_verdict(&mut self, id: OrderId, verdict: Verdict, now: Now, out: &mut Out) {
        match verdict {
            Verdict::Refused(refusal) => {
                if refusal.kind == RefusalKind::RateLimited && self.limited_until <= now.mono {
                    self.limited_until = now.mono.plus_ms(1_000);
                }
                let (code, mut news) = (refusal.code.clone(), Vec::new());
                if let Some(t) = self.orders.get_mut(id) {
                    t.on_refusal(refusal, &mut news);
                }
                self.report_all(id, news, now, out);
                self.recheck(&code, now, out);
            }
            Verdict::Unknown(why) => self.unknown(id, why, out),
            Verdict::LookUp(why) => {
                self.unknown(id, why, out);
                self.look_up(id, false, now, out);
            }
        }
    }

    /// Says that an order's fate is not known, unless it is known by now.
    fn unknown(&mut self, id: OrderId, why: String, out: &mut Out) {
        if self.orders.get(id).is_some_and(|t| t.in_flight()) {
            report(id, OrderNews::Unknown { why }, out);
        }
    }

    /// No answer in time.
    pub(crate) fn on_ack_timer(&mut self, slot: u64, out: &mut Out) {
        let Some(id) = self.orders.of_slot(slot) else { return };
        let Some(tracked) = self.orders.get_mut(id) else { return };
        // What the private stream has told since is an answer too.
        if std::mem::replace(&mut tracked.waiting, false) && !tracked.seen() {
            self.unknown(id, format!("no answer within {} ms", self.config.ack_timeout_ms), out);
        }
    }

    /// Takes a view of an order in and says what is new.
    pub(crate) fn apply_order(&mut self, id: OrderId, view: &parse::OrderView<'_>, source: Source, now: Now, out: &mut Out) {
        let mut news = Vec::new();
        if let Some(t) = self.orders.get_mut(id) {
            let Some(view) = self.feed.units(t.market).order_in(view) else { return self.private_unreadable(now, out) };
            t.on_order(&view, source, &mut news);
        }
        self.orders.link(id);
        let refused = news.iter().find_map(|n| match n {
            OrderNews::Done { end: OrderEnd::Refused(refusal), .. } => Some(refusal.code.clone()),
            _ => None,
        });
        self.report_all(id, news, now, out);
        if let Some(code) = refused {
            self.recheck(&code, now, out);
        }
    }

    /// Reports, and sees to it that an order nobody hears of any more is looked up.
    pub(crate) fn report_all(&mut self, id: OrderId, news: Vec<OrderNews>, now: Now, out: &mut Out) {
        if self.orders.get(id).is_some_and(|t| t.is_forgotten()) {
            return;
        }
        let acked = news.iter().any(|n| matches!(n, OrderNews::Acked { .. }));
        for n in news {
            report(id, n, out);
        }
        let Some(t) = self.orders.get(id).filter(|t| t.in_flight()) else { return };
        if t.missing().is_some() {
            set_timer(TimerKind::Chase, t.slot, now.mono.plus_ms(MISSING_FILLS_MS), out);
        } else if acked && t.spec.tif != TimeInForce::Gtc {
            set_timer(TimerKind::Chase, t.slot, now.mono.plus_ms(CHASE_MS), out);
        } else if acked && t.sent == Sent::Rest {
            set_timer(TimerKind::Chase, t.slot, now.mono.plus_ms(CHASE_MAX_MS), out);
        }
    }

    /// An order that was acknowledged is not over yet: look it up, and again later.
    pub(crate) fn on_chase_timer(&mut self, slot: u64, now: Now, out: &mut Out) {
        let Some(id) = self.orders.of_slot(slot) else { return };
        let Some(t) = self.orders.get_mut(id).filter(|t| t.in_flight()) else { return };
        t.chases = t.chases.saturating_add(1);
        let wait = CHASE_MS.saturating_mul(1 << t.chases.min(8)).min(CHASE_MAX_MS);
        set_timer(TimerKind::Chase, slot, now.mono.plus_ms(wait), out);
        self.look_up(id, false, now, out);
    }

    pub(crate) fn cancel_order(&mut self, id: OrderId, now: Now, out: &mut Out) {
        let Some(t) = self.orders.get(id).filter(|t| t.in_flight()) else { return };
        let (venue_order, client_id, market) = (t.venue_order.clone(), t.key.key.clone(), self.feed.symbol(t.market).to_owned());
        if self.session.socket_up() {
            let rpc = self.rpc_id(ORDERS, Rpc::Cancel { order: id });
            let frame = ws::cancel(rpc, venue_order.as_deref(), &client_id, &market);
            out.actions.push(Action::Send { conn: ORDERS, payload: Payload::Text(frame) });
        } else if let Some(token) = self.session.token(now.mono).cloned() {
            let target = match venue_order {
                Some(order) => format!("/orders/{}", escaped(&order)),
                None => format!("/orders/by_client_id/{}?market={market}", escaped(&client_id)),
            };
            let http = Http::Cancel { order: id };
            self.request(http, Lane::Orders, Method::Delete, target, Self::bearer(&token), String::new(), out);
        } else {
            self.want_token(now, out);
            report(id, OrderNews::QueryFailed { why: "no way to the venue for the cancel".into() }, out);
        }
    }

    /// A cancel only queues (paradex.md 6.3): what became of the order comes as news. If it could not be queued, ask.
    pub(crate) fn on_cancel_reply(&mut self, id: OrderId, error: Option<&RpcError<'_>>, now: Now, out: &mut Out) {
        if let Some(error) = error {
            // Gone already, or a failure: either way the venue has to say what became of it.
            let gone = is_gone(&error.text());
            self.look_up(id, !gone, now, out);
        } else if let Some(t) = self.orders.get(id).filter(|t| t.in_flight()) {
            set_timer(TimerKind::Chase, t.slot, now.mono.plus_ms(CHASE_MS), out);
        }
    }

    pub(crate) fn on_cancel_http(&mut self, id: OrderId, reply: Reply<'_>, now: Now, out: &mut Out) {
        match reply {
            Reply::Answer { status: 200..=299, .. } => self.on_cancel_reply(id, None, now, out),
            _ => self.look_up(id, true, now, out),
        }
    }
}

/// Whether the venue would take it, as far as its published rules go (paradex.md 5).
fn check(spec: &OrderSpec, i: &Instrument) -> Result<(), PrepareError> {
    let refuse = |why: String| Err(PrepareError::Invalid(why));
    if spec.tif == TimeInForce::Fok {
        return refuse("Paradex has no fill-or-kill".into());
    }
    if spec.size.is_zero() || spec.size.down_to(i.lot) != spec.size {
        return refuse(format!("size {} is not on the step {}", spec.size, i.lot));
    }
    if let Some(max) = i.max_size.filter(|m| spec.size > *m) {
        return refuse(format!("size {} is above the largest order {max}", spec.size));
    }
    if spec.kind == OrderType::Limit && spec.limit.onto(i.tick, Side::Buy) != Some(spec.limit) {
        return refuse(format!("price {} is not on the tick {}", spec.limit, i.tick));
    }
    // A reduce-only order that closes a position may be smaller (paradex.md 11).
    if !spec.reduce_only && spec.size.cost(spec.limit) < i.min_notional {
        return refuse(format!("{} at {} is under the smallest order value {}", spec.size, spec.limit, i.min_notional));
    }
    Ok(())
}

/// The request's members: the signed ones exactly as signed, plain decimals without exponent (paradex.md 3.6).
fn write_params(text: &mut String, o: &OrderToSign<'_>, spec: &OrderSpec, signature: &str, recv_window_ms: u64) {
    let side = if o.side == Side::Buy { "BUY" } else { "SELL" };
    let tif = if spec.tif == TimeInForce::Gtc { "GTC" } else { "IOC" };
    // Writing to a String cannot fail.
    let _ = write!(text, r#"{{"market":"{}","side":"{side}","type":"{}","size":""#, o.market, o.kind);
    write_e8(o.size_e8, 0, text);
    text.push_str(r#"","price":""#);
    write_e8(o.price_e8, 0, text);
    let _ = write!(text, r#"","instruction":"{tif}","signature":""#);
    for c in signature.chars() {
        if c == '"' {
            text.push('\\');
        }
        text.push(c);
    }
    let stamp = o.timestamp_ms;
    let _ = write!(text, r#"","signature_timestamp":{stamp},"recv_window":{recv_window_ms},"client_id":"{}""#, spec.id);
    text.push_str(if spec.reduce_only { r#","flags":["REDUCE_ONLY"]}"# } else { "}" });
}
