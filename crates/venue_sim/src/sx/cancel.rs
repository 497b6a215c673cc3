//! Taking orders back, by hand and by a heartbeat that stops (sx.md section 10).

use super::state::OrderStatus;
use super::wire::{Answer, Refused};
use super::{Job, SxSim};
use crate::SimNow;
use crate::date::iso;
use alloy_primitives::B256;
use serde_json::{Value, json};

/// Most orders of one cancel (`limits.maxCancelOrders`).
pub(super) const CANCEL_MAX: usize = 100;
/// How many orders one cancel of an event or of all takes on; the rest is announced by `hasMore`.
const SWEEP_MAX: usize = 20;
/// Longest heartbeat, seconds: V2's, the new one is not known (section 18).
const HEARTBEAT_MAX_S: i64 = 3_600;

impl SxSim {
    pub(super) fn cancel_listed(&mut self, account: usize, body: &[u8], now: SimNow) -> Answer {
        let body: Value = serde_json::from_slice(body).map_err(|_| Refused::listed("body must be a JSON object"))?;
        let rows = body["orders"].as_array().ok_or_else(|| Refused::listed("orders must be an array"))?;
        if rows.is_empty() || rows.len() > CANCEL_MAX {
            return Err(Refused::listed(&format!("orders must contain at least 1 and not more than {CANCEL_MAX} elements")));
        }
        let ids: Option<Vec<&str>> = rows.iter().map(|r| r["orderId"].as_str()).collect();
        let ids = ids.ok_or_else(|| Refused::listed("orderId must be a string"))?;
        let (mut cancelled, mut not, mut unconfirmed) = (Vec::new(), Vec::new(), Vec::new());
        for id in ids {
            let order = id.parse::<B256>().ok().and_then(|id| self.by_id.get(&id).copied());
            let live = order.filter(|o| self.orders[*o].account == account && self.orders[*o].status == OrderStatus::Active);
            let row = json!({ "orderId": id });
            if self.faults.take("cancel_unconfirmed").is_some() {
                unconfirmed.push(json!({ "orderId": id, "reason": "TIMEOUT" }));
            } else if let Some(order) = live.filter(|_| self.faults.take("cancel_refused").is_none()) {
                self.deactivate(order, "USER_REQUESTED", now);
                cancelled.push(row);
            } else {
                not.push(json!({ "orderId": id, "reason": "NOT_FOUND" }));
            }
        }
        Ok(json!({ "cancelled": cancelled, "notCancelled": not, "unconfirmed": unconfirmed }))
    }

    /// All resting orders of an account, or those of one event; asynchronous, so it may have to be repeated.
    pub(super) fn cancel_many(&mut self, account: usize, event: Option<&str>, now: SimNow) -> Answer {
        let number = match event {
            None => None,
            Some(id) => Some(self.fixture_by_id(id).map(|f| f.event.number).ok_or_else(|| Refused::code("EVENT_NOT_FOUND"))?),
        };
        let mut live = self.live_orders(account, false);
        live.retain(|o| number.is_none_or(|n| self.markets[self.orders[*o].market].event == n) && !self.leaving.contains(o));
        let has_more = live.len() > SWEEP_MAX;
        live.truncate(SWEEP_MAX);
        let rows: Vec<Value> = live.iter().map(|o| json!({ "orderId": self.orders[*o].id.to_string() })).collect();
        for order in live {
            self.leaving.insert(order);
            self.at(now, 40_000, Job::Leave(order));
        }
        Ok(json!({ "cancelledSubmitted": rows, "notCancelled": [], "hasMore": has_more }))
    }

    pub(super) fn leave(&mut self, order: usize, now: SimNow) {
        self.leaving.remove(&order);
        if self.orders[order].status == OrderStatus::Active {
            self.deactivate(order, "USER_REQUESTED", now);
        }
    }

    /// Resting orders of an account; with those in their delay if asked.
    pub(super) fn live_orders(&self, account: usize, pending: bool) -> Vec<usize> {
        let live = |s: OrderStatus| s == OrderStatus::Active || (pending && s == OrderStatus::Pending);
        self.accounts[account].orders.iter().copied().filter(|o| live(self.orders[*o].status)).collect()
    }

    pub(super) fn heartbeat(&mut self, account: usize, body: &[u8], now: SimNow) -> Answer {
        let body: Value = serde_json::from_slice(body).map_err(|_| Refused::listed("body must be a JSON object"))?;
        let seconds = body["timeoutSeconds"].as_i64().filter(|s| (0..=HEARTBEAT_MAX_S).contains(s));
        let seconds = seconds.ok_or_else(|| Refused::listed("timeoutSeconds must not be greater than 3600"))?;
        let until = (seconds > 0).then(|| self.clock_ms(now) + seconds * 1_000);
        self.accounts[account].heartbeat_ms = until;
        if until.is_some() {
            self.at(now, seconds * 1_000_000, Job::Heartbeat(account));
        }
        Ok(json!({ "expiresAt": until.map(iso) }))
    }

    pub(super) fn heartbeat_lapses(&mut self, account: usize, now: SimNow) {
        if self.accounts[account].heartbeat_ms.is_none_or(|ms| ms > self.clock_ms(now)) {
            return;
        }
        self.accounts[account].heartbeat_ms = None;
        for order in self.live_orders(account, self.cfg.switches.heartbeat_cancels_pending) {
            if self.orders[order].status == OrderStatus::Pending {
                self.orders[order].forced = Some("HEARTBEAT_TIMEOUT");
                self.decide(order, now);
            } else {
                self.deactivate(order, "HEARTBEAT_TIMEOUT", now);
            }
        }
    }
}
