//! What the venue does by itself: takes positions away, takes symbols off its list, changes their rules, forgets
//! leverages, moves the funding rate (vest.md sections 5, 12, 13).
//!
//! Each is a fault that strikes once. Those that need the world's time are jobs, done at the next wake; the others are
//! changes of what is listed. A liquidation is an order of the venue's own and is told like one; deleveraging and
//! settlement are told by nothing but the account.

use super::answer::{BAD_SYMBOL_LATE, DELETED_BY_LIQ};
use super::faults::Fault;
use super::ledger::Execution;
use super::num;
use super::state::{Kind, Order, Status};
use super::{Funding, Job, VestSim};
use crate::{SimAction, SimNow};
use alloy_primitives::keccak256;

impl VestSim {
    pub(super) fn upheaval(&mut self, name: &str, fault: &Fault) -> Result<(), String> {
        let symbols: Vec<usize> = match &fault.symbol {
            Some(name) => vec![*self.symbols.get(name).ok_or_else(|| format!("no symbol is called {name:?}"))?],
            None => (0..self.books.len()).collect(),
        };
        let now = self.last_now;
        for symbol in symbols {
            match name {
                "liquidate" => self.at(now, 0, Job::Liquidate(symbol, fault.share_bps)),
                "deleverage" => self.at(now, 0, Job::Deleverage(symbol, fault.share_bps)),
                "delist" => self.at(now, 0, Job::Delist(symbol, fault.settle != Some(false))),
                "change_spec" => {
                    let spec = &mut self.cfg.symbols[symbol];
                    spec.size_decimals = fault.size_decimals.unwrap_or(spec.size_decimals);
                    spec.price_decimals = fault.price_decimals.unwrap_or(spec.price_decimals);
                    self.fees_e8[symbol] = fault.taker_fee_e8.unwrap_or(self.fees_e8[symbol]);
                }
                "leverage_lost" => {
                    for (account, known) in self.accounts.iter_mut().enumerate() {
                        known.leverages.remove(&symbol);
                        self.leverage_lost.insert((account, symbol));
                    }
                }
                _ => {
                    let base_e12 = self.cum_funding_e12(symbol, now);
                    self.funding[symbol] = Funding { base_e12, since_ms: now.ms(), rate_e8: fault.rate_e8 };
                }
            }
        }
        Ok(())
    }

    /// This share of a position, on the grid; all of it if that is less than a step.
    fn share_e8(&self, symbol: usize, held: i64, share_bps: i64) -> i64 {
        let lot = num::step(self.cfg.symbols[symbol].size_decimals);
        let share = (i128::from(held.unsigned_abs()) * i128::from(share_bps) / 10_000) as i64 / lot * lot;
        if share == 0 { held.abs() } else { share }
    }

    fn holders(&self, symbol: usize) -> Vec<(usize, i64)> {
        let held = |a: usize| (a, self.accounts[a].ledger.size_e8(symbol));
        (0..self.accounts.len()).map(held).filter(|(_, size)| *size != 0).collect()
    }

    /// Deletes what an account has resting in a symbol.
    fn delete_armed(&mut self, symbol: usize, account: Option<usize>, code: u32, out: &mut Vec<SimAction>) {
        let here = |o: &&usize| self.orders[**o].symbol == symbol && account.is_none_or(|a| self.orders[**o].account == a);
        let gone: Vec<usize> = self.armed.iter().filter(here).copied().collect();
        for order in gone {
            self.orders[order].status = Status::Rejected;
            self.orders[order].code = Some(code);
            self.disarm(order);
            self.report(order, Status::Rejected, out);
        }
    }

    /// Below maintenance, or so the fault says: resting orders go first, then part of the position, at the engine's price.
    pub(super) fn liquidate(&mut self, symbol: usize, share_bps: i64, now: SimNow, out: &mut Vec<SimAction>) {
        for (account, held) in self.holders(symbol) {
            self.delete_armed(symbol, Some(account), DELETED_BY_LIQ, out);
            let (is_buy, size_e8) = (held < 0, self.share_e8(symbol, held, share_bps));
            let mark_e8 = self.mark_e8(symbol, now);
            let tick = num::step(self.cfg.symbols[symbol].price_decimals);
            let price_e8 = self.quote(symbol, is_buy, size_e8, now).unwrap_or(mark_e8 / tick * tick);
            let id = self.new_id(keccak256(format!("liquidation of {account} in {symbol}")));
            let order = self.add_order(Order {
                id,
                account,
                symbol,
                nonce: 0,
                kind: Kind::Liquidation,
                is_buy,
                size_e8,
                limit_e8: price_e8,
                reduce_only: true,
                rests: false,
                leverage: self.leverage(account, symbol),
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
            self.report(order, Status::New, out);
            self.fill(order, size_e8, price_e8, now, out);
        }
    }

    /// Part of a position goes at the mark price, without an order, a fee or a message.
    pub(super) fn deleverage(&mut self, symbol: usize, share_bps: i64, now: SimNow) {
        for (account, held) in self.holders(symbol) {
            self.take(account, symbol, held, self.share_e8(symbol, held, share_bps), self.mark_e8(symbol, now), now);
        }
    }

    fn take(&mut self, account: usize, symbol: usize, held: i64, size_e8: i64, price_e8: i64, now: SimNow) {
        let cum_funding_e12 = self.cum_funding_e12(symbol, now);
        let execution = Execution { symbol, is_buy: held < 0, size_e8, price_e8, fee_rate_e8: 0, cum_funding_e12 };
        let booked = self.accounts[account].ledger.book(execution);
        self.unordered_e6 += booked.realized_e6;
    }

    /// Off the list: resting orders go, positions are settled at the index unless the fault keeps them.
    pub(super) fn delist(&mut self, symbol: usize, settle: bool, now: SimNow, out: &mut Vec<SimAction>) {
        self.delisted[symbol] = true;
        self.delete_armed(symbol, None, BAD_SYMBOL_LATE, out);
        if settle {
            for (account, held) in self.holders(symbol) {
                self.take(account, symbol, held, held.abs(), self.index_e8(symbol, now), now);
            }
        }
    }
}
