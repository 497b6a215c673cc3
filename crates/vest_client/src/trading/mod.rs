//! Orders: out over HTTPS, their fate in by stream and by asking, whichever is first.
//!
//! `submit` makes and sends, `ask` polls, queries and cancels, this file joins what both sources say. Every view of an
//! order goes through [`VestClient::observe`], which is idempotent: an order ends once, and what contradicts its end
//! is reported, not swallowed.

mod ask;
mod submit;

use crate::error::{code_text, kind};
use crate::parse::{self, Seen, Status};
use crate::state::{CancelWish, Order, timers};
use crate::units::Units;
use crate::wire::rest::{OrderRow, object};
use crate::wire::ws::PrivateRow;
use crate::{VestClient, error};
use domain::{
    Fills, Now, OrderEnd, OrderId, OrderNews, OrderReport, OrderType, Rate, Refusal, RefusalKind, TimeInForce, VenueOrderId,
};
use serde_json::value::RawValue;
use venue_api::{Action, Out, VenueNews};

/// The venue refuses a second copy of an order it has: the first one's fate is to be asked for.
const DUPLICATE: i64 = 3015;
/// The venue's liquidation removed the order.
const DELETED_BY_LIQUIDATION: i64 = 3008;

/// Where a view came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Stream,
    Rest,
}

impl VestClient {
    /// Body of an `account_private` message. Deposits, withdrawals and liquidity are no orders and pass.
    pub(crate) fn private_event(&mut self, data: &RawValue, now: Now, out: &mut Out) {
        let event = object::<PrivateRow<'_>>(data.get().as_bytes());
        if event.as_ref().is_some_and(|e| matches!(e.event.as_ref(), "LP" | "TRANSFER")) {
            return;
        }
        let seen = event
            .filter(|e| e.event == "ORDER")
            .and_then(|e| object::<OrderRow<'_>>(e.args.get().as_bytes()))
            .and_then(|row| parse::order(&row));
        match seen {
            Some(seen) => self.observe(&seen, Source::Stream, now, out),
            // Something was said about some order and we cannot read it: ask about all of them.
            None => self.ask_about_all(now, out),
        }
    }

    /// One view of an order. Learns its id, counts its fills, ends it.
    fn observe(&mut self, seen: &Seen, source: Source, now: Now, out: &mut Out) {
        if seen.liquidation {
            return self.liquidation(seen, source == Source::Rest, now, out);
        }
        let Some(id) = self.orders.find(seen.nonce, &seen.id) else {
            if source == Source::Stream && !self.orders.was_ours(seen.nonce, &seen.id) {
                // It may move a position that we think we know; sparse events do not even name it.
                let named = seen.symbol.as_deref().and_then(|s| self.place_of(s));
                for place in named.map_or(0..self.instruments.len(), |p| p..p + 1) {
                    self.holdings.unsettle(place);
                }
                let nonce = seen.nonce.map_or_else(|| "none".to_owned(), |n| n.to_string());
                let evidence = format!("order {} with nonce {nonce} is {:?}, and not ours", seen.id, seen.status);
                out.news.push(VenueNews::Foreign { evidence });
            }
            return;
        };
        // A duplicate's refusal may carry an id of its own; the order's is the first copy's.
        let duplicate = seen.status == Status::Rejected && seen.code == Some(DUPLICATE);
        if !duplicate {
            self.orders.learn_venue_id(id, &seen.id);
        }
        if seen.code == Some(DELETED_BY_LIQUIDATION) {
            self.deleted_by_liquidation(id, now, out);
        }
        let Some(order) = self.orders.get_mut(id) else { return };
        let place = self.instruments.iter().position(|one| one.id == order.spec.instrument).unwrap_or(usize::MAX);
        let taker_fee = self.instruments.get(place).map(|one| one.taker_fee).unwrap_or_default();
        let units = self.units.get(place).copied().unwrap_or_default();
        if let Some(done) = &order.done {
            let filled = matches!(seen.status, Status::Filled | Status::PartiallyFilled);
            if let OrderNews::Done { fills, end: OrderEnd::Refused(_) | OrderEnd::Cancelled(_) } = done
                && filled
                && fills.size.is_zero()
            {
                let evidence = format!("order {id} ended without a fill and is now {:?}", seen.status);
                out.news.push(VenueNews::Foreign { evidence });
                self.holdings.unsettle(place);
            }
            return;
        }
        match seen.status {
            Status::New => self.living(id, now, out),
            Status::PartiallyFilled => {
                self.add_part(id, seen);
                self.living(id, now, out);
                self.report_fills(id, out);
            }
            Status::Filled => match Self::whole(order, seen, units, taker_fee) {
                // Only a position that stood before can have had funding settled; the stream does not say how much.
                Some(fills) if source == Source::Stream && seen.funding.is_none() && !self.holdings.is_flat(place) => {
                    order.filled = Some(fills);
                    if order.reported.size != fills.size {
                        order.reported = fills;
                        Self::report(id, OrderNews::Filling { fills }, out);
                    }
                    self.ask_now(id, now, out);
                }
                Some(fills) => self.finish(id, fills, OrderEnd::Filled, out),
                // Filled, and at what price we have to ask.
                None => self.ask_now(id, now, out),
            },
            Status::Cancelled => {
                let cannot_fill_in_part = order.spec.tif == TimeInForce::Fok && order.spec.kind == OrderType::Limit;
                if source == Source::Rest || (cannot_fill_in_part && order.fills.is_empty()) {
                    let why = match (seen.code, order.cancel) {
                        (Some(code), _) => code_text(code),
                        (None, CancelWish::Sent) => "cancelled on request".to_owned(),
                        (None, _) => "cancelled by the venue".to_owned(),
                    };
                    self.add_part(id, seen);
                    self.finish_with_parts(id, OrderEnd::Cancelled(why), out);
                } else {
                    // The stream's CANCELLED carries no fills (spec section 10.4): REST has the last word.
                    order.cancelled = true;
                    self.ask_now(id, now, out);
                }
            }
            Status::Rejected if duplicate => {
                if source == Source::Stream {
                    let why = format!("{}: the first copy was accepted", code_text(DUPLICATE));
                    Self::report(id, OrderNews::Unknown { why }, out);
                    self.ask_now(id, now, out);
                }
            }
            Status::Rejected => {
                let refusal = match seen.code {
                    Some(code) => {
                        let kind = kind(code, order.spec.reduce_only).unwrap_or(RefusalKind::Other);
                        Refusal { kind, code: code_text(code) }
                    }
                    None => Refusal { kind: RefusalKind::Other, code: "no code".to_owned() },
                };
                self.refused_by(id, seen.code, out, now);
                self.finish_with_parts(id, OrderEnd::Refused(refusal), out);
            }
        }
    }

    /// All of an order at its average price, in our units.
    fn whole(order: &Order, seen: &Seen, units: Units, taker_fee: Rate) -> Option<Fills> {
        let theirs = units.size_out(order.spec.size)?;
        units.fills_in(seen.whole(theirs, order.spec.side, taker_fee)?)
    }

    /// The venue has it: the acknowledgement may be news, and polls begin.
    fn living(&mut self, id: OrderId, now: Now, out: &mut Out) {
        let Some(order) = self.orders.get_mut(id) else { return };
        if !order.acked {
            order.acked = true;
            if let Some(venue_id) = order.venue_id.clone() {
                Self::report(id, OrderNews::Acked { venue_order: VenueOrderId(venue_id) }, out);
            }
        }
        self.arm_polls(id, now, out);
        self.cancel_if_wanted(id, now, out);
    }

    /// Counts the fill that a view names, if it names one.
    fn add_part(&mut self, id: OrderId, seen: &Seen) {
        let Some(order) = self.orders.get_mut(id) else { return };
        let place = self.instruments.iter().position(|one| one.id == order.spec.instrument);
        let units = place.and_then(|p| self.units.get(p)).copied().unwrap_or_default();
        let part = seen.part().and_then(|part| units.fills_in(part)).filter(|part| !part.size.is_zero());
        if let (Some(time), Some(part)) = (seen.last_time, part) {
            order.fills.add(time, part.size, part.cost, seen.fee, seen.funding);
        }
    }

    fn report_fills(&mut self, id: OrderId, out: &mut Out) {
        let Some(order) = self.orders.get_mut(id) else { return };
        let fills = order.fills.total();
        if fills != order.reported {
            order.reported = fills;
            Self::report(id, OrderNews::Filling { fills }, out);
        }
    }

    fn finish_with_parts(&mut self, id: OrderId, end: OrderEnd, out: &mut Out) {
        let fills = self.orders.get(id).map(|order| order.fills.total()).unwrap_or_default();
        self.finish(id, fills, end, out);
    }

    /// The end of an order, said once and kept for whoever asks again.
    fn finish(&mut self, id: OrderId, fills: Fills, end: OrderEnd, out: &mut Out) {
        let Some(order) = self.orders.get_mut(id) else { return };
        if let OrderEnd::Refused(Refusal { kind: RefusalKind::ReduceOnly, .. }) = &end
            && order.spec.reduce_only
        {
            // Spec section 18: the flag is fragile; fall back to exact-size opposite orders from now on.
            self.capabilities.reduce_only = false;
        }
        let (instrument, side) = (order.spec.instrument, order.spec.side);
        let news = OrderNews::Done { fills, end };
        order.done = Some(news.clone());
        order.question = None;
        out.actions.push(Action::CancelTimer { id: timers::poll(order.nonce) });
        if let Some(place) = self.place_of_instrument(instrument) {
            self.holdings.moved(place, side, fills.size);
        }
        Self::report(id, news, out);
    }

    /// What a refusal tells beyond its order: a grid, a nonce or a clock that is not what we think (spec section 11).
    fn refused_by(&mut self, id: OrderId, code: Option<i64>, out: &mut Out, now: Now) {
        use crate::state::Pending;
        match code {
            Some(1111 | 1121 | 3023 | 1148 | 3024) => self.refresh(out),
            Some(3020) => {
                let instrument = self.orders.get(id).map(|order| order.spec.instrument);
                if let Some(place) = instrument.and_then(|i| self.place_of_instrument(i)) {
                    self.leverage_lost(place, now, out);
                }
            }
            Some(1023) => self.get(Pending::NonceAgain, format!("/account/nonce?time={}", self.clock.now_ms(now)), out),
            Some(1132) => self.begin_account_read(now, out),
            Some(code @ (1002 | 1022)) => self.auth_lost(&error::code_text(code), now, out),
            _ => {}
        }
    }

    fn report(order: OrderId, news: OrderNews, out: &mut Out) {
        out.news.push(VenueNews::Order(OrderReport { order, news }));
    }
}
