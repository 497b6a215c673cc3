//! How the venue writes what it knows in JSON (section 4.3): every number a decimal text, times in ms.

use serde_json::{Value, json};

use super::ParadexSim;
use super::state::*;
use crate::exchange::Side;
use crate::exchange::decimal::text;

pub(super) const fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "BUY",
        Side::Sell => "SELL",
    }
}

pub(super) const fn side_code(side: Side) -> u8 {
    match side {
        Side::Buy => 1,
        Side::Sell => 2,
    }
}

impl ParadexSim {
    /// An order with its REST sequence number, which has nothing to do with the stream's.
    pub(super) fn order_rest(&self, key: u32) -> Value {
        let updated = self.orders[key as usize].updated;
        self.order_json(key, updated.saturating_mul(1_000).saturating_add(i64::from(key) % 1_000))
    }

    pub(super) fn order_json(&self, key: u32, seq: i64) -> Value {
        let o = &self.orders[key as usize];
        let flags: Vec<&str> = FLAGS.iter().filter(|(_, bit)| o.flags & bit != 0).map(|(w, _)| *w).collect();
        let mut order = json!({
            "account": self.accounts[o.account].hex, "id": o.id.to_string(), "client_id": o.client_id,
            "market": self.markets[o.market].spec.symbol, "side": side_word(o.side), "type": o.kind.word(),
            "instruction": word(&INSTRUCTIONS, o.instruction), "size": text(o.size), "remaining_size": text(o.remaining),
            "price": text(o.price), "avg_fill_price": if o.filled_value == 0 { String::new() } else { text(o.average_fill()) },
            "status": o.status.word(), "cancel_reason": o.cancel_reason, "flags": flags, "stp": word(&STPS, o.stp),
            "trigger_price": text(o.trigger), "timestamp": o.signed_ms, "created_at": o.created / 1_000,
            "last_updated_at": o.updated / 1_000, "received_at": o.created / 1_000, "published_at": self.clock_ms(),
            "seq_no": seq,
        });
        if let (Some(r), Some(map)) = (&o.request, order.as_object_mut()) {
            let status = if r.accepted { "SUCCESS" } else { "REJECTED" };
            let info = json!({"id": r.id, "request_type": "MODIFY_ORDER", "status": status, "message": r.message});
            map.insert("request_info".to_owned(), info);
        }
        order
    }

    /// Id and client id of the order a fill belongs to; empty where there is none.
    pub(super) fn order_of(&self, f: &Fill) -> (String, &str) {
        match self.orders.get(f.order as usize) {
            Some(o) => (o.id.to_string(), &o.client_id),
            None if f.venue_order != 0 => (f.venue_order.to_string(), ""),
            None => (String::new(), ""),
        }
    }

    pub(super) fn fill_json(&self, account: usize, i: usize) -> Value {
        let f = &self.accounts[account].fills[i];
        let (order, client) = self.order_of(f);
        json!({
            "id": f.id.to_string(), "order_id": order, "client_id": client,
            "account": self.accounts[account].hex, "market": self.markets[f.market].spec.symbol, "side": side_word(f.side),
            "size": text(f.size), "price": text(f.price), "fee": text(f.fee), "fee_currency": "USDC",
            "liquidity": if f.taker { "TAKER" } else { "MAKER" }, "fill_type": f.kind.word(), "flags": [],
            "remaining_size": text(f.remaining), "realized_pnl": text(f.pnl), "realized_funding": text(f.funding),
            "underlying_price": text(f.underlying), "orderbook_seq_no": f.book_seq, "created_at": f.created / 1_000,
        })
    }

    pub(super) fn position_json(&self, account: usize, m: usize, seq: i64) -> Value {
        let a = &self.accounts[account];
        let h = &a.holdings[m];
        let p = &h.position;
        let pending = p.pending_funding(self.markets[m].funding_index);
        let symbol = &self.markets[m].spec.symbol;
        let entry = text(p.average_entry());
        json!({
            "id": format!("{}-{symbol}", a.hex), "account": a.hex, "market": symbol,
            "side": if p.size < 0 { "SHORT" } else { "LONG" }, "status": if p.size == 0 { "CLOSED" } else { "OPEN" },
            "size": text(p.size), "average_entry_price": entry, "average_entry_price_usd": entry,
            "average_exit_price": text(p.average_exit()), "cost": text(p.cost), "cost_usd": text(p.cost),
            "unrealized_pnl": text(p.unrealized(self.mark_price(m)).saturating_add(pending)),
            "unrealized_funding_pnl": text(pending), "realized_positional_pnl": text(p.realized),
            "realized_positional_funding_pnl": text(p.realized_funding), "cached_funding_index": text(p.funding_index),
            "liquidation_price": "", "leverage": "", "last_fill_id": h.last_fill.to_string(), "created_at": h.created / 1_000,
            "closed_at": h.closed / 1_000, "last_updated_at": h.updated / 1_000, "seq_no": seq,
        })
    }

    pub(super) fn account_json(&self, account: usize, seq: i64) -> Value {
        let a = &self.accounts[account];
        let s = self.margin(account);
        json!({
            "account": a.hex, "status": self.account_status(account).0, "settlement_asset": "USDC", "account_value": text(s.value),
            "total_collateral": text(a.cash), "free_collateral": text(s.free),
            "initial_margin_requirement": text(s.initial), "maintenance_margin_requirement": text(s.maintenance),
            "margin_cushion": text(s.cushion), "seq_no": seq, "updated_at": self.clock_ms(), "last_seen_notification": 0,
        })
    }

    /// No document gives this event's members; these are the ones a profit calculation needs.
    pub(super) fn balance_event_json(&self, account: usize, fill: usize, before: i64, after: i64) -> Value {
        let f = &self.accounts[account].fills[fill];
        let market = &self.markets[f.market].spec.symbol;
        json!({
            "account": self.accounts[account].hex, "market": market, "fill_id": f.id.to_string(), "fee": text(f.fee),
            "realized_pnl": text(f.pnl), "realized_funding": text(f.funding),
            "settlement_asset_balance_before": text(before), "settlement_asset_balance_after": text(after),
            "created_at": f.created / 1_000,
        })
    }

    pub(super) fn payment_json(&self, account: usize, i: usize) -> Value {
        let p = &self.accounts[account].payments[i];
        json!({
            "id": p.id.to_string(), "account": self.accounts[account].hex, "market": self.markets[p.market].spec.symbol,
            "payment": text(p.payment), "index": text(p.index), "fill_id": p.fill_id.to_string(),
            "created_at": p.created / 1_000,
        })
    }
}

fn word(words: &[&'static str], code: u8) -> &'static str {
    usize::from(code).checked_sub(1).and_then(|i| words.get(i)).copied().unwrap_or("")
}
