//! An order on its way out: into the venue's words, signed, sent, answered.

use super::{DUPLICATE, VestClient};
use crate::error::{Fault, Verdict, code_text, judge};
use crate::parse::{self, VENUE};
use crate::sign::OrderArgs;
use crate::state::{Order, Pending};
use crate::wire::rest::{IdRow, object};
use domain::{Fills, Now, OrderEnd, OrderId, OrderNews, OrderType, Refusal, Side, TimeInForce, VenueKey, Wall, write_e8};
use risk::ClearedOrder;
use venue_api::{KnownOrder, Lane, Method, Out, PrepareError, Prepared, Reply, VenueNews};

impl VestClient {
    /// Allocates the nonce, writes size and price with exactly the decimals of the grid and signs that very text
    /// (spec sections 4 and 7).
    pub(crate) fn prepare_order(&mut self, order: ClearedOrder, now: Now) -> Result<Prepared, PrepareError> {
        if !self.can_order() {
            return Err(PrepareError::NotReady("no API key, or the account's last nonce is not known yet"));
        }
        let spec = order.take(now.mono)?;
        let invalid = |why: String| Err(PrepareError::Invalid(why));
        if spec.venue != VENUE {
            return invalid(format!("the order is for {}", spec.venue));
        }
        if self.orders.get(spec.id).is_some_and(|old| old.sent.is_some() || old.body.is_none()) {
            return invalid(format!("{} has been sent already", spec.id));
        }
        let place = self.instruments.iter().position(|one| one.id == spec.instrument);
        let found = place.and_then(|p| Some((self.instruments.get(p)?, *self.decimals.get(p)?, *self.units.get(p)?)));
        let Some((one, decimals, units)) = found else {
            return invalid(format!("instrument {} is not configured", spec.instrument.0));
        };
        // The venue lists GTC and FOK for LIMIT; IOC is unproven (spec section 5). MARKET carries no time in force.
        let (order_type, tif) = match (spec.kind, spec.tif) {
            (OrderType::Market, _) => ("MARKET", ""),
            (OrderType::Limit, TimeInForce::Fok) => ("LIMIT", r#","timeInForce":"FOK""#),
            (OrderType::Limit, TimeInForce::Gtc) => ("LIMIT", r#","timeInForce":"GTC""#),
            (OrderType::Limit, TimeInForce::Ioc) => return invalid("the venue does not list IOC".to_owned()),
        };
        if !one.takes(spec.size, spec.limit) {
            return invalid(format!("size {} is not a multiple of {}", spec.size, one.lot));
        }
        if spec.limit.onto(one.tick, spec.side) != Some(spec.limit) {
            return invalid(format!("price {} is not a multiple of {}", spec.limit, one.tick));
        }
        let text = |value, decimals| {
            let mut text = String::with_capacity(20);
            write_e8(value, decimals, &mut text);
            text
        };
        let (Some(their_size), Some(their_limit)) = (units.size_out(spec.size), units.price_out(spec.limit)) else {
            return invalid(format!("size {} or price {} is beyond the venue's units", spec.size, spec.limit));
        };
        let size = text(their_size.e8(), decimals.size);
        let limit_price = text(their_limit.e8(), decimals.price);
        let Some(signer) = &self.signer else { return Err(PrepareError::NotReady("no signing key")) };
        let time_ms = self.clock.now_ms(now);
        let Some(nonce) = self.nonces.next(time_ms) else { return invalid("the nonces are used up".to_owned()) };
        let is_buy = spec.side == Side::Buy;
        let signed = signer.order(&OrderArgs {
            time: time_ms.unsigned_abs(),
            nonce,
            order_type,
            symbol: &one.symbol,
            is_buy,
            size: &size,
            limit_price: &limit_price,
            reduce_only: spec.reduce_only,
        });
        let body = format!(
            r#"{{"order":{{"time":{time_ms},"nonce":{nonce},"symbol":"{}","isBuy":{is_buy},"size":"{size}","orderType":"{order_type}","limitPrice":"{limit_price}","reduceOnly":{}{tif}}},"recvWindow":{},"signature":"{}"}}"#,
            one.symbol, spec.reduce_only, self.config.recv_window_ms, signed.signature,
        );
        let key = VenueKey {
            key: nonce.to_string(),
            hash: Some(signed.args_hash),
            dead_after: Wall::from_ms(time_ms).plus_ms(self.capabilities.fence_ms),
        };
        self.orders.insert(Order::new(spec.clone(), key.clone(), nonce, time_ms, Some(body)));
        Ok(Prepared { spec, key })
    }

    pub(crate) fn send_order(&mut self, prepared: Prepared, now: Now, out: &mut Out) {
        let id = prepared.spec.id;
        let body = match self.orders.get_mut(id) {
            Some(order) if order.key == prepared.key => order.body.take(),
            _ => None,
        };
        let Some(body) = body else {
            let why = "nothing is prepared under this id".to_owned();
            return Self::report(id, OrderNews::NotSent { why }, out);
        };
        if let Some(order) = self.orders.get_mut(id) {
            order.sent = Some(now);
        }
        if let Some(place) = self.place_of_instrument(prepared.spec.instrument) {
            self.holdings.sent(place);
        }
        self.request(Pending::Order(id), Lane::Orders, Method::Post, "/orders".to_owned(), body, out);
    }

    pub(crate) fn discard_order(&mut self, prepared: &Prepared) {
        if self.orders.get(prepared.spec.id).is_some_and(|order| order.key == prepared.key && order.sent.is_none()) {
            self.orders.remove(prepared.spec.id);
        }
    }

    /// An order of an earlier life: its nonce is its key, and the time it was signed at lies a fence before its death.
    pub(crate) fn adopt_order(&mut self, known: KnownOrder) {
        if self.orders.get(known.spec.id).is_some() {
            return;
        }
        let nonce = known.key.key.parse().unwrap_or(0);
        self.nonces.raise(nonce);
        let time_ms = known.key.dead_after.ms().saturating_sub(self.capabilities.fence_ms);
        if !known.over {
            let since = self.holdings.since_ms.map_or(time_ms, |s| s.min(time_ms));
            self.holdings.since_ms = Some(since);
        }
        let mut order = Order::new(known.spec, known.key, nonce, time_ms, None);
        order.over = known.over;
        self.orders.insert(order);
    }

    pub(crate) fn order_reply(&mut self, id: OrderId, reply: Reply<'_>, now: Now, out: &mut Out) {
        let Some(order) = self.orders.get(id) else { return };
        if let (Reply::Answer { .. }, Some(sent)) = (&reply, order.sent) {
            let network_ns = now.mono.since(sent.mono);
            out.news.push(VenueNews::OrderLatency { order: id, sign_ns: 0, encode_ns: 0, network_ns, parse_ns: 0 });
        }
        let unknown = match reply {
            Reply::Answer { status: 200..=299, body, .. } => {
                let venue_id = object::<IdRow<'_>>(body).map(|row| row.id.text()).filter(|id| parse::is_plain_token(id));
                match venue_id {
                    Some(venue_id) => return self.acknowledged_by_answer(id, venue_id, now, out),
                    None => self.refusal_or_unknown(id, 200, body, now, out),
                }
            }
            Reply::Answer { status, body, .. } => self.refusal_or_unknown(id, status, body, now, out),
            Reply::NotSent(why) => {
                // Its nonce stays spent: these bytes are signed and must not become another order.
                return Self::report(id, OrderNews::NotSent { why: why.to_owned() }, out);
            }
            Reply::Unknown(why) => Some(why.to_owned()),
        };
        // What the stream has ended meanwhile stays ended.
        if let Some(why) = unknown
            && self.orders.get(id).is_some_and(|order| order.done.is_none())
        {
            Self::report(id, OrderNews::Unknown { why }, out);
        }
    }

    fn acknowledged_by_answer(&mut self, id: OrderId, venue_id: &str, now: Now, out: &mut Out) {
        self.orders.learn_venue_id(id, venue_id);
        if self.orders.get(id).is_some_and(|order| order.done.is_none()) {
            self.living(id, now, out);
        }
    }

    /// Ends the order if the venue refused it; otherwise says why nothing is known.
    fn refusal_or_unknown(&mut self, id: OrderId, status: u16, body: &[u8], now: Now, out: &mut Out) -> Option<String> {
        let fault = Fault::parse(body);
        let order = self.orders.get(id)?;
        match judge(status, &fault, order.spec.reduce_only) {
            Verdict::Refused(kind, code) if order.done.is_none() && !order.acked => {
                self.refused_by(id, Some(code), out, now);
                let end = OrderEnd::Refused(Refusal { kind, code: code_text(code) });
                self.finish(id, Fills::default(), end, out);
                None
            }
            // The stream knows the order already: then this answer is not about its first copy.
            Verdict::Refused(..) => Some(fault.sentence(status)),
            Verdict::Unknown => {
                if fault.code == Some(DUPLICATE) {
                    self.ask_now(id, now, out);
                }
                Some(fault.sentence(status))
            }
        }
    }
}
