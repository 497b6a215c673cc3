//! What becomes of an accepted order: the risk check after the acknowledgement, the match, the rest
//! (section 11, life of an order in section 13).

use super::booking::Booking;
use super::entry::Draft;
use super::state::*;
use super::{Later, ParadexSim};
use crate::SimAction;
use crate::exchange::Side;
use crate::exchange::ladder::Source;
use crate::exchange::ledger::{fee, notional};

impl ParadexSim {
    /// Puts a checked order into the books as NEW.
    pub(super) fn insert_order(&mut self, account: usize, draft: Draft, conn: Option<u64>) -> u32 {
        let key = self.orders.len() as u32;
        let (id, now) = (self.next_id(), self.clock());
        if !draft.client_id.is_empty() {
            self.accounts[account].by_client_id.insert(draft.client_id.clone(), key);
        }
        self.orders.push(Order {
            id,
            account,
            market: draft.market,
            client_id: draft.client_id,
            side: draft.side,
            kind: draft.kind,
            instruction: draft.instruction,
            flags: draft.flags,
            stp: draft.stp,
            size: draft.size,
            remaining: draft.size,
            price: draft.price,
            trigger: draft.trigger,
            filled_value: 0,
            status: Status::New,
            cancel_reason: String::new(),
            signed_ms: draft.signed_ms,
            created: now,
            updated: now,
            conn,
            held: false,
            deferred: false,
            cancel_wanted: false,
            request: None,
        });
        self.by_id.insert(id, key);
        self.accounts[account].orders.push(key);
        self.accounts[account].open.push(key);
        key
    }

    /// The risk check and what follows it. `refuse` closes the order with that reason instead.
    pub(super) fn run_order(&mut self, key: u32, refuse: Option<String>, out: &mut Vec<SimAction>) {
        if self.switches.new_is_published {
            self.emit_order(key, out);
        }
        let m = self.orders[key as usize].market;
        self.refresh(m, out);
        if let Some(reason) = refuse.or_else(|| self.risk(key).map(str::to_owned)) {
            return self.close(key, &reason, out);
        }
        if self.orders[key as usize].kind.is_triggered() {
            self.markets[m].waiting.push(key);
            return self.set_status(key, Status::Untriggered, out);
        }
        self.match_order(key, out);
    }

    /// Why the order cannot stand, if so.
    fn risk(&self, key: u32) -> Option<&'static str> {
        let o = &self.orders[key as usize];
        let spec = &self.markets[o.market].spec;
        let mark = self.mark_price(o.market);
        let held = self.accounts[o.account].holdings[o.market].position.size;
        let reduces = held != 0 && (held > 0) == (o.side == Side::Sell);
        if o.reduces() {
            let too_large = o.size > held.abs() && self.switches.reduce_only_oversize == "refuse";
            if !reduces || too_large {
                return Some("REDUCE_ONLY_WILL_INCREASE");
            }
        }
        let closes = o.reduces() && o.size == held.abs();
        if notional(o.size, mark) < spec.min_notional && !closes {
            return Some("ORDER_SIZE_BELOW_MIN");
        }
        if !o.kind.is_market() && !o.kind.is_triggered() {
            let band = (i128::from(mark) * i128::from(spec.band_bps) / 10_000) as i64;
            let outermost = mark + o.side.sign() * band;
            // Only the aggressive side is bounded; the code is the nearest of the known reasons.
            if !o.side.accepts(o.price, outermost) {
                return Some("EXCEEDS_MAX_SLIPPAGE");
            }
        }
        if o.reduces() {
            return None;
        }
        if self.accounts[o.account].in_liquidation {
            return Some("IN_LIQUIDATION");
        }
        let same_side = |k: &&u32| {
            let other = &self.orders[**k as usize];
            **k != key && other.market == o.market && other.side == o.side && !other.reduces()
        };
        let open = self.accounts[o.account].open.iter().filter(same_side);
        let open: i64 = open.map(|k| self.orders[*k as usize].remaining).fold(0, i64::saturating_add);
        let reached = (held * o.side.sign()).saturating_add(open).saturating_add(o.size);
        if reached > spec.position_limit {
            return Some("ORDER_EXCEEDS_POSITION_LIMIT");
        }
        if !(reduces && o.size <= held.abs()) && self.margin(o.account).free < 0 {
            return Some("NOT_ENOUGH_MARGIN");
        }
        None
    }

    /// Meets the book: decides the fills, takes the liquidity, and performs it now or when a fault says so.
    pub(super) fn match_order(&mut self, key: u32, out: &mut Vec<SimAction>) {
        let o = &self.orders[key as usize];
        let (m, side, mut left) = (o.market, o.side, o.remaining);
        let (account, stp, instruction) = (o.account, o.stp, o.instruction);
        let spec = &self.markets[m].spec;
        let limit = if o.kind.is_market() {
            let mark = self.mark_price(m);
            mark + side.sign() * (i128::from(mark) * i128::from(spec.band_bps) / 10_000) as i64
        } else {
            o.price
        };
        if instruction == POST_ONLY && self.markets[m].ladder.best_against(side, limit).is_some() {
            return self.close(key, "POST_ONLY_WOULD_CROSS", out);
        }
        let mut reason = None;
        if o.reduces() {
            let held = self.accounts[account].holdings[m].position.size;
            let most = if (held > 0) == (side == Side::Sell) { held.abs() } else { 0 };
            if left > most {
                left = most;
                reason = Some("REDUCE_ONLY_WILL_INCREASE");
            }
        }
        if let Some(f) = self.faults.hit("partial_fill", Some(side)) {
            let step = self.markets[m].spec.step;
            let share = i128::from(left) * i128::from(f.share_bps.min(10_000)) / 10_000;
            left = share as i64 / step * step;
            reason = Some("REMAINING_IOC_CANCEL");
        }
        let nobody = self.markets[m].ladder.is_empty_against(side);
        let mut fills = Vec::new();
        let mut filled = 0;
        while left > 0 {
            let Some(best) = self.markets[m].ladder.best_against(side, limit) else { break };
            if let Source::Order(maker) = best.source
                && self.orders[maker as usize].account == account
            {
                if stp != EXPIRE_TAKER {
                    self.cancel(maker, "SELF_TRADE", out);
                }
                if stp != EXPIRE_MAKER {
                    reason = Some("SELF_TRADE");
                    break;
                }
                continue;
            }
            let size = best.size.min(left);
            self.markets[m].ladder.consume(side, best.source, size);
            fills.push((best.price, size, best.source));
            left -= size;
            filled += size;
        }
        let o = &self.orders[key as usize];
        let rest = match reason {
            _ if filled == o.remaining => None,
            Some(reason) => Some(reason),
            None if instruction != IOC => None,
            None if nobody => Some("EMPTY_MARKET"),
            None => Some("REMAINING_IOC_CANCEL"),
        };
        let execution = Execution { order: key, fills, rest };
        let late = self.faults.hit("late_fill", Some(side));
        let delay = late.as_ref().map(|f| f.ms).or_else(|| self.faults.hit("delay_fill", Some(side)).map(|f| f.ms));
        match delay {
            Some(ms) => {
                self.orders[key as usize].deferred = true;
                if late.is_some() {
                    self.set_status(key, Status::Open, out);
                }
                let after = (self.config.answer_us as i64).saturating_add(ms.saturating_mul(1_000));
                self.schedule(after, Later::Execute(execution));
            }
            None => self.execute(execution, out),
        }
    }

    /// Performs a decided execution.
    pub(super) fn execute(&mut self, execution: Execution, out: &mut Vec<SimAction>) {
        let key = execution.order;
        let (m, side, account) = {
            let o = &mut self.orders[key as usize];
            o.deferred = false;
            (o.market, o.side, o.account)
        };
        let last = execution.fills.len().saturating_sub(1);
        for (i, (price, size, source)) in execution.fills.into_iter().enumerate() {
            let trade = self.publish_trade(m, side, price, size, out);
            if let Source::Order(maker) = source {
                self.fill(maker, price, size, false, trade, out);
                self.emit_holdings(self.orders[maker as usize].account, m, maker, out);
            }
            self.fill(key, price, size, true, trade, out);
            if i == last {
                self.emit_holdings(account, m, key, out);
            }
        }
        let o = &self.orders[key as usize];
        if o.is_closed() {
            return;
        }
        let (price, remaining, wanted) = (o.price, o.remaining, o.cancel_wanted);
        match execution.rest {
            Some(reason) => self.close(key, reason, out),
            None if wanted => self.close(key, "USER_CANCELED", out),
            None => {
                self.markets[m].ladder.rest(side, key, price, remaining);
                if self.orders[key as usize].status != Status::Open {
                    self.set_status(key, Status::Open, out);
                }
                self.publish_book(m, out);
            }
        }
    }

    /// The makers moved into a resting order.
    pub(super) fn fill_maker(&mut self, key: u32, price: i64, size: i64, out: &mut Vec<SimAction>) {
        let o = &self.orders[key as usize];
        let (m, side, account) = (o.market, o.side, o.account);
        if o.reduces() {
            let held = self.accounts[account].holdings[m].position.size;
            if held == 0 || (held > 0) != (side == Side::Sell) || size > held.abs() {
                return self.cancel(key, "REDUCE_ONLY_WILL_INCREASE", out);
            }
        }
        let trade = self.publish_trade(m, side.opposite(), price, size, out);
        self.fill(key, price, size, false, trade, out);
        self.emit_holdings(account, m, key, out);
    }

    /// Books one fill: ledger, order, events of both.
    fn fill(&mut self, key: u32, price: i64, size: i64, taker: bool, trade_id: u128, out: &mut Vec<SimAction>) {
        let now = self.clock();
        let o = &mut self.orders[key as usize];
        let size = size.min(o.remaining);
        if size <= 0 {
            return;
        }
        let (m, account, side) = (o.market, o.account, o.side);
        o.remaining -= size;
        o.filled_value += i128::from(price) * i128::from(size);
        o.updated = now;
        let remaining = o.remaining;
        let paid = fee(notional(size, price), self.rates()[usize::from(taker)]);
        let booking = Booking {
            order: key,
            venue_order: 0,
            kind: FillType::Fill,
            market: m,
            side,
            taker,
            price,
            size,
            fee: paid,
            remaining,
            trade_id,
        };
        self.book(account, &booking, out);
        if remaining == 0 {
            self.end(key);
            self.orders[key as usize].status = Status::Closed;
        } else if self.orders[key as usize].status != Status::Closed {
            self.orders[key as usize].status = Status::Open;
        }
        self.emit_order(key, out);
    }

    fn set_status(&mut self, key: u32, status: Status, out: &mut Vec<SimAction>) {
        let now = self.clock();
        let o = &mut self.orders[key as usize];
        (o.status, o.updated) = (status, now);
        self.emit_order(key, out);
    }

    /// Ends an order that did not fill whole.
    pub(super) fn close(&mut self, key: u32, reason: &str, out: &mut Vec<SimAction>) {
        self.end(key);
        reason.clone_into(&mut self.orders[key as usize].cancel_reason);
        self.set_status(key, Status::Closed, out);
    }

    /// Takes an order out of everything that lists open ones.
    fn end(&mut self, key: u32) {
        let o = &self.orders[key as usize];
        let (m, side) = (o.market, o.side);
        let a = &mut self.accounts[o.account];
        a.open.retain(|k| *k != key);
        if a.by_client_id.get(&o.client_id) == Some(&key) {
            a.by_client_id.remove(&o.client_id);
        }
        self.markets[m].ladder.remove(side, key);
        self.markets[m].waiting.retain(|k| *k != key);
    }

    /// Cancels an order if it can still be cancelled. A decided execution wins the race; what it leaves is cancelled.
    pub(super) fn cancel(&mut self, key: u32, reason: &str, out: &mut Vec<SimAction>) {
        let o = &mut self.orders[key as usize];
        if o.is_closed() {
            return;
        }
        if o.deferred {
            o.cancel_wanted = true;
            return;
        }
        let m = o.market;
        self.close(key, reason, out);
        self.publish_book(m, out);
    }
}
