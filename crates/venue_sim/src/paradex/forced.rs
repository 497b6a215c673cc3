//! What the venue does of its own accord: it takes positions (liquidation, auto-deleveraging, settlement), changes the
//! specification of a market, or ends it (sections 4.3, 4.4, 8).
//!
//! The documents name the fill types, the cancel reasons, the account's status and the kinds of market events; they do not
//! say at which price and fee a position is taken. Here: at the mark, on the grid, rounded against the account; a
//! liquidation pays the taker's fee, the others none.

use serde_json::{Value, json};

use super::booking::Booking;
use super::faults::Fault;
use super::public_json::notification;
use super::publish::Private;
use super::state::*;
use super::{ParadexSim, channel::Channel};
use crate::SimAction;
use crate::exchange::Side;
use crate::exchange::decimal::text;
use crate::exchange::ledger::{fee, notional};

/// How long an account stays in liquidation, microseconds: its health is looked at every 5 s (section 11).
const RECOVERS_US: i64 = 5_000_000;

impl ParadexSim {
    /// Begins what a fault of this kind asks for; `Err` if it names a market that does not exist.
    pub(super) fn begin_own_accord(&mut self, name: &str, fault: &Fault) -> Result<(), String> {
        let unknown = |s: &String| format!("fault {name}: there is no market {s}");
        let market = match &fault.symbol {
            Some(symbol) => Some(self.by_symbol.get(symbol).copied().ok_or_else(|| unknown(symbol))?),
            None => None,
        };
        // Delays count from the next wake: nobody has told the time since the last one.
        let take = |kind| Later::Take { kind, market, share_bps: fault.share_bps.min(10_000), after_ms: fault.ms };
        match name {
            "liquidate" => self.schedule(0, take(FillType::Liquidation)),
            "deleverage" => self.schedule(0, take(FillType::UnwindTransfer)),
            "delist" => {
                for m in self.meant(market) {
                    self.schedule(0, Later::Delist { m, settle: fault.settle, after_ms: Some(fault.ms) });
                }
            }
            "change_spec" => {
                for m in self.meant(market) {
                    let [tick, step, least] = fault.spec;
                    let spec = &mut self.markets[m].spec;
                    spec.tick = tick.unwrap_or(spec.tick);
                    spec.step = step.unwrap_or(spec.step);
                    spec.min_notional = least.unwrap_or(spec.min_notional);
                    self.set_grid(m);
                    self.schedule(0, Later::Listing(m, "UPDATED"));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Lists a market again as it was configured, after `delist` or `change_spec`.
    pub(super) fn restore_markets(&mut self, word: &'static str) {
        for m in 0..self.markets.len() {
            let (spec, market) = (&self.config.markets[m], &mut self.markets[m]);
            let relisted = word == "CREATED" && market.expiry_ms != 0;
            if relisted {
                (market.gone, market.expiry_ms) = (false, 0);
            }
            if relisted || (word == "UPDATED" && market.spec != *spec) {
                market.spec = spec.clone();
                self.set_grid(m);
                self.schedule(0, Later::Listing(m, word));
            }
        }
    }

    fn meant(&self, market: Option<usize>) -> Vec<usize> {
        market.map_or_else(|| (0..self.markets.len()).collect(), |m| vec![m])
    }

    /// Says when a market will end.
    pub(super) fn announce_end(&mut self, m: usize, settle: bool, after_ms: i64, out: &mut Vec<SimAction>) {
        self.markets[m].expiry_ms = self.clock_ms().saturating_add(after_ms);
        self.publish_listing(m, "UPDATED", out);
        self.schedule(after_ms.saturating_mul(1_000), Later::Delist { m, settle, after_ms: None });
    }

    /// Takes a share of every position in a market, or in all of them.
    pub(super) fn take_positions(&mut self, kind: FillType, market: Option<usize>, share_bps: i64, out: &mut Vec<SimAction>) {
        for m in self.meant(market) {
            self.refresh(m, out);
            for account in 0..self.accounts.len() {
                let held = self.accounts[account].holdings[m].position.size;
                let step = self.markets[m].spec.step;
                let share = (i128::from(held.abs()) * i128::from(share_bps) / 10_000) as i64;
                let size = if share_bps >= 10_000 { held.abs() } else { share / step * step };
                if size > 0 {
                    self.take(kind, account, m, size, out);
                }
            }
        }
    }

    fn take(&mut self, kind: FillType, account: usize, m: usize, size: i64, out: &mut Vec<SimAction>) {
        let (reason, all) = match kind {
            FillType::Liquidation => ("IN_LIQUIDATION", true),
            FillType::SettleMarket => ("ASSET_EXPIRED", false),
            FillType::Fill | FillType::UnwindTransfer => ("DELEVERAGE", false),
        };
        if kind == FillType::Liquidation {
            self.accounts[account].in_liquidation = true;
            self.emit(account, Private::Account, NO_ORDER, out);
            self.schedule(RECOVERS_US, Later::Recover(account));
        }
        for key in self.open_orders(account, (!all).then_some(m)) {
            self.cancel(key, reason, out);
        }
        let side = if self.accounts[account].holdings[m].position.size > 0 { Side::Sell } else { Side::Buy };
        let tick = self.markets[m].spec.tick;
        let mark = self.mark_price(m);
        let price = match side {
            Side::Sell => (mark / tick * tick).max(tick),
            Side::Buy => (mark + tick - 1) / tick * tick,
        };
        let liquidation = kind == FillType::Liquidation;
        let (trade_id, venue_order, paid) = if liquidation {
            let trade = self.publish_liquidation(m, side, price, size, out);
            (trade, self.next_id(), fee(notional(size, price), self.rates()[1]))
        } else {
            (0, 0, 0)
        };
        let booking = Booking {
            order: NO_ORDER,
            venue_order,
            kind,
            market: m,
            side,
            taker: liquidation,
            price,
            size,
            fee: paid,
            remaining: 0,
            trade_id,
        };
        self.book(account, &booking, out);
        self.emit_holdings(account, m, NO_ORDER, out);
    }

    /// A market ends.
    pub(super) fn end_market(&mut self, m: usize, settle: bool, out: &mut Vec<SimAction>) {
        if self.markets[m].expiry_ms == 0 {
            return; // listed again meanwhile
        }
        for account in 0..self.accounts.len() {
            for key in self.open_orders(account, Some(m)) {
                self.cancel(key, "ASSET_EXPIRED", out);
            }
        }
        if settle {
            self.take_positions(FillType::SettleMarket, Some(m), 10_000, out);
            self.publish_listing(m, "SETTLED", out);
        }
        self.markets[m].gone = true;
        self.markets[m].ladder.set_makers(Vec::new(), Vec::new());
        self.publish_book(m, out);
        self.publish_listing(m, "DELETED", out);
    }

    /// An event of the `markets` channel, which is always JSON (section 7.1).
    pub(super) fn publish_listing(&mut self, m: usize, word: &str, out: &mut Vec<SimAction>) {
        let spec = &self.markets[m].spec;
        let event = json!({
            "symbol": spec.symbol, "event_type": word, "updated_at": self.clock_ms(),
            "changed_fields": {
                "price_tick_size": text(spec.tick), "order_size_increment": text(spec.step),
                "min_notional": text(spec.min_notional), "expiry_at": self.markets[m].expiry_ms,
            },
        });
        let followers: Vec<(u64, String)> = self
            .conns
            .iter()
            .flat_map(|(conn, c)| c.subscriptions.iter().map(move |s| (conn, s)))
            .filter(|(_, s)| matches!(s.channel, Channel::Markets(scope) if scope.has(m)))
            .map(|(conn, s)| (*conn, s.name.clone()))
            .collect();
        for (conn, name) in followers {
            self.send(conn, self.config.event_us, notification(&name, &event), out);
        }
    }

    /// State of the system (section 4.2): by fault, else by switch.
    pub(super) fn system_state(&self) -> &str {
        if self.faults.get("halt").is_some() {
            return "maintenance";
        }
        match self.faults.get("maintenance") {
            Some(f) => f.code.as_deref().unwrap_or("maintenance"),
            None => self.switches.system_state.as_str(),
        }
    }

    /// Maker and taker fee of every account, 1e-8 of the notional.
    pub(super) fn rates(&self) -> [i64; 2] {
        let listed = [self.config.maker_fee_e8, self.config.taker_fee_e8];
        let of_account = self.faults.get("fee_tier").map_or([None; 2], |f| f.rates);
        [of_account[0].unwrap_or(listed[0]), of_account[1].unwrap_or(listed[1])]
    }

    /// `status` of an account.
    pub(super) fn account_status(&self, account: usize) -> (&'static str, u8) {
        if self.accounts[account].in_liquidation { ("LIQUIDATION", 2) } else { ("ACTIVE", 1) }
    }

    /// `GET /markets`, one market.
    pub(super) fn listed(&self, wanted: Option<&str>) -> Vec<Value> {
        let all = self.markets.iter().filter(|m| !m.gone && wanted.is_none_or(|w| w == m.spec.symbol));
        all.map(|m| self.market_json(m)).collect()
    }
}
