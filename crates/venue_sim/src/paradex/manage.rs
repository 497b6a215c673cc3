//! Requests about orders, whichever way they came: place, modify, cancel, with the faults that befall orders and
//! their answers. REST and the socket only differ in how the answer is written.

use serde_json::Value;

use super::entry::Draft;
use super::state::*;
use super::{HANG_US, ParadexSim, Refusal};
use crate::SimAction;
use crate::exchange::Side;

/// What is done with the answer to an order request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Send,
    Hold,
    Lose,
    Status(u16),
}

impl ParadexSim {
    /// Places checked orders and answers with what `answer` makes of them while they are NEW.
    pub(super) fn place(
        &mut self,
        account: usize,
        drafts: Vec<Draft>,
        via: &Via,
        answer: impl FnOnce(&Self, &[u32]) -> Value,
        out: &mut Vec<SimAction>,
    ) {
        let side = drafts.first().map(|d| d.side);
        if self.faults.hit("drop_order", side).is_some() {
            return Self::no_answer(via, out);
        }
        let mut refuse = None;
        if let Some(f) = self.faults.hit("refuse_all", side).or_else(|| self.faults.hit("refuse_order", side)) {
            let code = f.code.unwrap_or_else(|| "NOT_ENOUGH_MARGIN".to_owned());
            if !f.late {
                return self.refuse(via, &Refusal::bad(&code, "order refused"), out);
            }
            refuse = Some(code);
        }
        let conn = match via {
            Via::Socket { conn, .. } => Some(*conn),
            Via::Rest(_) => None,
        };
        let keys: Vec<u32> = drafts.into_iter().map(|d| self.insert_order(account, d, conn)).collect();
        let fate = self.fate(side, &keys);
        let value = answer(self, &keys);
        let early_events = self.faults.get("event_before_answer").is_some();
        if !early_events {
            self.give(via, fate, 201, &value, self.config.answer_us, out);
        }
        for key in &keys {
            self.run_order(*key, refuse.clone(), out);
        }
        if early_events {
            self.give(via, fate, 201, &value, self.config.answer_us.saturating_add(2_000), out);
        }
        self.count_ack(out);
    }

    fn fate(&mut self, side: Option<Side>, keys: &[u32]) -> Fate {
        if let Some(f) = self.faults.hit("error_after", side) {
            return Fate::Status(f.status);
        }
        if self.faults.hit("lose_order_answer", side).is_some() {
            return Fate::Lose;
        }
        if let Some(f) = self.faults.hit("hold_order_answer", side) {
            for key in keys {
                self.orders[*key as usize].held = f.events;
            }
            return Fate::Hold;
        }
        Fate::Send
    }

    fn give(&mut self, via: &Via, fate: Fate, status: u16, value: &Value, delay: u64, out: &mut Vec<SimAction>) {
        match (fate, via) {
            (Fate::Send, _) => self.answer(via, status, value, delay, out),
            (Fate::Lose, _) => Self::no_answer(via, out),
            (Fate::Hold, Via::Rest(request)) => self.held.push(Held::Answer(*request, status, value.to_string().into_bytes())),
            (Fate::Hold, Via::Socket { conn, id, us_in }) => {
                let message = self.rpc_result(id, *us_in, value);
                self.held.push(Held::Send(*conn, message));
            }
            (Fate::Status(s), _) => {
                let refusal = Refusal::new(s, "INTERNAL_ERROR", "internal error");
                self.refuse(via, &refusal, out);
            }
        }
    }

    /// The request stays without an answer: a socket waits, an HTTP request is dropped at the server's timeout.
    pub(super) fn no_answer(via: &Via, out: &mut Vec<SimAction>) {
        if let Via::Rest(request) = via {
            out.push(SimAction::Hang { request: *request, after_us: HANG_US });
        }
    }

    /// A success, as REST or as a JSON-RPC result.
    pub(super) fn answer(&mut self, via: &Via, status: u16, value: &Value, delay: u64, out: &mut Vec<SimAction>) {
        match via {
            Via::Rest(request) => {
                let body = if value.is_null() { Vec::new() } else { value.to_string().into_bytes() };
                self.reply(*request, delay, status, body, out);
            }
            Via::Socket { conn, id, us_in } => {
                let message = self.rpc_result(id, *us_in, value);
                self.send(*conn, delay, message, out);
            }
        }
    }

    /// A refusal, as REST or as a JSON-RPC error.
    pub(super) fn refuse(&mut self, via: &Via, refusal: &Refusal, out: &mut Vec<SimAction>) {
        match via {
            Via::Rest(request) => {
                let body = serde_json::json!({"error": refusal.code, "message": refusal.message});
                self.reply(*request, self.config.answer_us, refusal.status, body.to_string().into_bytes(), out);
            }
            Via::Socket { conn, id, us_in } => {
                let message = self.rpc_refusal(id, *us_in, refusal);
                self.send(*conn, self.config.answer_us, message, out);
            }
        }
    }

    /// Modifies a resting order: the answer shows it as it was, the event brings the outcome.
    pub(super) fn modify(
        &mut self,
        change: &super::entry::Change,
        via: &Via,
        answer: impl FnOnce(&Self, u32) -> Value,
        out: &mut Vec<SimAction>,
    ) {
        let key = change.key;
        let m = self.orders[key as usize].market;
        let request_id = self.next_id().to_string();
        let value = answer(self, key);
        self.answer(via, 200, &value, self.config.answer_us, out);
        self.refresh(m, out);
        let now = self.clock();
        let counts_filled = self.switches.modify_counts_filled;
        let o = &mut self.orders[key as usize];
        if o.is_closed() {
            return; // a fill won the race; its events have been sent
        }
        let filled = o.size - o.remaining;
        let (size, remaining) =
            if counts_filled { (change.size, change.size - filled) } else { (change.size.saturating_add(filled), change.size) };
        if remaining <= 0 {
            let message = "new size is not larger than what is filled".to_owned();
            o.request = Some(RequestInfo { id: request_id, accepted: false, message });
            return self.emit_order(key, out);
        }
        let (side, waits) = (o.side, o.status == Status::Untriggered);
        let keeps_place = change.price == o.price && remaining <= o.remaining;
        (o.size, o.remaining, o.price, o.signed_ms, o.updated) = (size, remaining, change.price, change.signed_ms, now);
        o.request = Some(RequestInfo { id: request_id, accepted: true, message: String::new() });
        if !self.switches.modify_keeps_id {
            let id = self.next_id();
            let old = std::mem::replace(&mut self.orders[key as usize].id, id);
            self.by_id.remove(&old);
            self.by_id.insert(id, key);
        }
        if waits {
            return self.emit_order(key, out);
        }
        if keeps_place {
            self.markets[m].ladder.resize(side, key, remaining);
            self.emit_order(key, out);
        } else {
            self.markets[m].ladder.remove(side, key);
            self.emit_order(key, out);
            self.match_order(key, out);
        }
        self.publish_book(m, out);
    }

    /// Cancels an order after its answer.
    pub(super) fn cancel_after(&mut self, key: u32, out: &mut Vec<SimAction>) {
        let m = self.orders[key as usize].market;
        self.refresh(m, out);
        self.cancel(key, "USER_CANCELED", out);
    }

    /// Cancels orders after their answer.
    pub(super) fn cancel_all_after(&mut self, keys: &[u32], out: &mut Vec<SimAction>) {
        for key in keys {
            self.cancel_after(*key, out);
        }
    }

    /// Open orders of an account, in one market or all.
    pub(super) fn open_orders(&self, account: usize, market: Option<usize>) -> Vec<u32> {
        let in_market = |k: &u32| market.is_none_or(|m| self.orders[*k as usize].market == m);
        self.accounts[account].open.iter().copied().filter(in_market).collect()
    }

    /// What a batch cancel says about an id.
    pub(super) fn cancel_status(&self, key: Option<u32>) -> &'static str {
        match key.map(|k| self.orders[k as usize].is_closed()) {
            Some(false) => "QUEUED_FOR_CANCELLATION",
            Some(true) => "ALREADY_CLOSED",
            None => "NOT_FOUND",
        }
    }
}
