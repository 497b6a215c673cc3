//! What a harness may look at and do that no client can: all orders as they are, and an order of somebody else.

use super::ParadexSim;
use super::entry::Draft;
use super::state::*;
use crate::exchange::Side;
use crate::{SeenOrder, SimAction};

impl ParadexSim {
    /// Every order that was ever taken, oldest first, from number `from` on.
    pub fn orders_seen(&self, from: usize) -> impl Iterator<Item = SeenOrder> {
        self.orders.iter().skip(from).map(|o| SeenOrder {
            key: o.client_id.clone(),
            live: !o.is_closed(),
            is_buy: o.side == Side::Buy,
            filled_e8: o.size.saturating_sub(o.remaining),
        })
    }

    /// Somebody who shares the first account places a buying order of `size` far below the market, where it rests.
    /// False if there is no account or market yet.
    pub fn plant_resting_order(&mut self, key: &str, size: i64, out: &mut Vec<SimAction>) -> bool {
        if self.accounts.is_empty() || self.markets.is_empty() {
            return false;
        }
        let tick = self.markets[0].spec.tick;
        let price = self.mark_price(0) / 2 / tick * tick;
        let draft = Draft {
            market: 0,
            side: Side::Buy,
            kind: Kind::Limit,
            instruction: GTC,
            flags: 0,
            stp: EXPIRE_MAKER,
            size,
            price,
            trigger: 0,
            client_id: key.to_owned(),
            signed_ms: self.clock() / 1_000,
        };
        let order = self.insert_order(0, draft, None);
        self.run_order(order, None, out);
        true
    }
}
