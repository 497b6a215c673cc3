//! What a harness may look at and do that no client can: all orders as they are, and an order of somebody else.

use super::state::{Kind, Order, Status};
use super::{Job, VestSim, num};
use crate::{SeenOrder, SimNow};

impl VestSim {
    /// Every order that was ever taken, oldest first, from number `from` on.
    pub fn orders_seen(&self, from: usize) -> impl Iterator<Item = SeenOrder> {
        self.orders.iter().skip(from).map(|o| SeenOrder {
            key: o.nonce.to_string(),
            live: matches!(o.status, Status::New | Status::PartiallyFilled),
            is_buy: o.is_buy,
            filled_e8: o.fill.map_or(0, |f| f.size_e8),
        })
    }

    /// Somebody who shares the first account places a buying order of `size` in `symbol` far below the market, where it
    /// rests. False if there is no account yet or no such symbol.
    pub fn plant_resting_order(&mut self, symbol: &str, nonce: u64, size_e8: i64, now: SimNow) -> bool {
        let Ok(symbol) = self.symbol(symbol) else { return false };
        if self.accounts.is_empty() {
            return false;
        }
        let tick = num::step(self.cfg.symbols[symbol].price_decimals);
        let mark_e8 = self.mark_e8(symbol, now);
        let index = self.add_order(Order {
            id: format!("0xf0{nonce:x}"),
            account: 0,
            symbol,
            nonce,
            kind: Kind::Limit,
            is_buy: true,
            size_e8,
            limit_e8: mark_e8 / 2 / tick * tick,
            reduce_only: false,
            rests: true,
            leverage: self.leverage(0, symbol),
            status: Status::New,
            code: None,
            fill: None,
            post_ms: self.clock_ms(now),
            mark_e8,
            tp_e8: None,
            sl_e8: None,
            held: false,
            forced: None,
            promised_e8: None,
            share_bps: None,
            again_ms: None,
        });
        self.at(now, 1_000, Job::Announce(index));
        self.at(now, 2_000, Job::Decide(index));
        true
    }
}
