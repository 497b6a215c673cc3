//! Deciding orders against the pricing engine (vest.md sections 12, 16.4 to 16.6): no book of others, one price for
//! the whole size, triggers on the index, everything else at once or never.

use super::answer::*;
use super::ledger::{self, Execution};
use super::num;
use super::state::{Filled, Kind, Order, Purpose, Status};
use super::{Job, Print, VestSim};
use crate::{SimAction, SimNow};
use alloy_primitives::keccak256;

/// What becomes of an order now.
enum Decision {
    Reject(u32),
    /// Nothing yet: it waits for the index.
    Arm,
    Fill {
        size_e8: i64,
        price_e8: i64,
    },
    /// A share that rounds to nothing.
    Cancel,
}

impl VestSim {
    /// The price for a size now, at 1e-8, against the taker.
    pub(super) fn quote(&mut self, symbol: usize, is_buy: bool, size_e8: i64, now: SimNow) -> Option<i64> {
        self.refresh(symbol, now);
        self.books[symbol].price_for(is_buy, size_e8, num::step(self.cfg.symbols[symbol].price_decimals))
    }

    /// An accepted order is decided.
    pub(super) fn decide(&mut self, index: usize, now: SimNow, out: &mut Vec<SimAction>) {
        if self.orders[index].status != Status::New {
            return; // cancelled meanwhile
        }
        match self.decision(index, now) {
            Decision::Reject(code) => {
                self.orders[index].status = Status::Rejected;
                self.orders[index].code = Some(code);
                self.disarm(index);
                self.report(index, Status::Rejected, out);
            }
            Decision::Arm => {
                if !self.armed.contains(&index) {
                    self.armed.push(index);
                }
            }
            Decision::Fill { size_e8, price_e8 } => self.fill(index, size_e8, price_e8, now, out),
            Decision::Cancel => {
                self.orders[index].status = Status::Cancelled;
                self.disarm(index);
                self.report(index, Status::Cancelled, out);
            }
        }
    }

    pub(super) fn disarm(&mut self, index: usize) {
        self.armed.retain(|&o| o != index);
    }

    fn decision(&mut self, index: usize, now: SimNow) -> Decision {
        let order = self.orders[index].clone();
        if let Some(code) = order.forced {
            return Decision::Reject(code);
        }
        if self.delisted[order.symbol] {
            return Decision::Reject(BAD_SYMBOL_LATE);
        }
        if self.halted(order.symbol) {
            return Decision::Reject(MARKET_CLOSED_LATE);
        }
        if order.limit_e8 == 0 {
            return Decision::Reject(INVALID_LIMIT_PRICE);
        }
        let touched = self.touched(&order, now);
        if order.kind.is_trigger() && !touched {
            return Decision::Arm;
        }
        let held = self.accounts[order.account].ledger.size_e8(order.symbol);
        if let Some(code) = self.reduce_code(&order, held) {
            return Decision::Reject(code);
        }
        let set = self.accounts[order.account].leverages.contains_key(&order.symbol);
        let lost = self.leverage_lost.contains(&(order.account, order.symbol));
        if lost || self.leverage(order.account, order.symbol) != order.leverage || (self.cfg.switches.leverage_required && !set) {
            return Decision::Reject(ORDER_CHANGES_LEVERAGE);
        }
        let grows = (i128::from(held) + i128::from(order.signed_e8())).abs() > i128::from(held).abs();
        if grows && self.passes_oi_cap(&order, held) {
            return Decision::Reject(OI_CAP_EXCEEDED);
        }
        let price = order.promised_e8.or_else(|| self.quote(order.symbol, order.is_buy, order.size_e8, now));
        let within = |p: i64| if order.is_buy { p <= order.limit_e8 } else { p >= order.limit_e8 };
        let Some(price_e8) = price.filter(|&p| order.kind.is_trigger() || within(p)) else {
            return if order.rests { Decision::Arm } else { Decision::Reject(PRICE_CHECK_FAILED) };
        };
        if self.armed.contains(&index) && !touched {
            return Decision::Arm; // a resting limit looks at the index, not at the book (section 12)
        }
        let lot = num::step(self.cfg.symbols[order.symbol].size_decimals);
        let size_e8 = match order.share_bps {
            Some(bps) => (i128::from(order.size_e8) * i128::from(bps) / 10_000) as i64 / lot * lot,
            None => order.size_e8,
        };
        if size_e8 == 0 {
            return Decision::Cancel;
        }
        if grows && !self.has_margin(&order, size_e8, price_e8, now) {
            return Decision::Reject(MARGIN_CHECK_FAILED);
        }
        Decision::Fill { size_e8, price_e8 }
    }

    /// Whether the index has reached the order's price (section 12).
    fn touched(&self, order: &Order, now: SimNow) -> bool {
        let index = self.index_e8(order.symbol, now);
        let below = match order.kind {
            Kind::Limit | Kind::TakeProfit => order.is_buy,
            Kind::StopLoss => !order.is_buy,
            Kind::Market | Kind::Liquidation => return true,
        };
        if below { index <= order.limit_e8 } else { index >= order.limit_e8 }
    }

    fn reduce_code(&mut self, order: &Order, held: i64) -> Option<u32> {
        if !order.reduce_only && !order.kind.is_trigger() {
            return None;
        }
        if let Some(fault) = self.faults.take("reduce_only_refused", order.is_buy) {
            return Some(fault.code_or(REDUCE_ONLY_INCREASES));
        }
        let increases = held == 0 || (held > 0) == order.is_buy;
        match increases {
            true if order.kind.is_trigger() => Some(INCREASE_WITH_SL_TP),
            true => Some(REDUCE_ONLY_INCREASES),
            false => (order.size_e8 > held.abs()).then_some(REDUCE_ONLY_EXCEEDS_SIZE),
        }
    }

    fn passes_oi_cap(&self, order: &Order, held: i64) -> bool {
        let (long, short) = self.open_interest(order.symbol);
        let after = i128::from(held) + i128::from(order.signed_e8());
        let (side, mine) = if order.is_buy { (long, held.max(0)) } else { (short, (-held).max(0)) };
        side - i128::from(mine) + after.abs() > i128::from(self.cfg.symbols[order.symbol].oi_cap_e8)
    }

    /// Sizes of all longs and of all shorts, base at 1e-8.
    pub(super) fn open_interest(&self, symbol: usize) -> (i128, i128) {
        let sizes = self.accounts.iter().map(|a| i128::from(a.ledger.size_e8(symbol)));
        sizes.fold((0, 0), |(long, short), size| (long + size.max(0), short + (-size).max(0)))
    }

    /// Account value against the initial margin of everything held, the fill included (section 13).
    fn has_margin(&self, order: &Order, size_e8: i64, price_e8: i64, now: SimNow) -> bool {
        let account = &self.accounts[order.account];
        let mut after = account.ledger.clone();
        after.book(Execution {
            symbol: order.symbol,
            is_buy: order.is_buy,
            size_e8,
            price_e8,
            fee_rate_e8: self.fees_e8[order.symbol],
            cum_funding_e12: self.cum_funding_e12(order.symbol, now),
        });
        let (value, margin) = self.value_and_margin(&after, &account.leverages, now);
        value >= margin
    }

    pub(super) fn fill(&mut self, index: usize, size_e8: i64, price_e8: i64, now: SimNow, out: &mut Vec<SimAction>) {
        self.disarm(index);
        let order = &self.orders[index];
        let (account, symbol, is_buy) = (order.account, order.symbol, order.is_buy);
        let whole = size_e8 == order.size_e8;
        let cum_funding_e12 = self.cum_funding_e12(symbol, now);
        let fee_rate_e8 = self.fees_e8[symbol];
        let booked =
            self.accounts[account].ledger.book(Execution { symbol, is_buy, size_e8, price_e8, fee_rate_e8, cum_funding_e12 });
        let time_ms = self.clock_ms(now);
        let order = &mut self.orders[index];
        order.fill = Some(Filled {
            size_e8,
            price_e8,
            time_ms,
            fee_e6: booked.fee_e6,
            funding_e6: booked.funding_e6,
            realized_e6: booked.realized_e6,
            cum_funding_e12,
        });
        order.status = if whole { Status::Filled } else { Status::Cancelled };
        if whole {
            self.report(index, Status::Filled, out);
        } else {
            self.report(index, Status::PartiallyFilled, out);
            self.report(index, Status::Cancelled, out);
        }
        if let Some(ms) = self.orders[index].again_ms {
            let told = if whole { Status::Filled } else { Status::PartiallyFilled };
            self.at(now, ms.max(0) as u64 * 1_000, Job::Report(index, told));
        }
        self.publish_print(Print { symbol, size_e8, price_e8, time_ms, is_buy }, out);
        if whole {
            self.arm_children(index, now);
        }
    }

    /// The take-profit and stop-loss that came with a limit order live once it is filled.
    fn arm_children(&mut self, parent: usize, now: SimNow) {
        let prices = [(self.orders[parent].tp_e8, Kind::TakeProfit, 1), (self.orders[parent].sl_e8, Kind::StopLoss, 2)];
        for (price, kind, more) in prices {
            let Some(limit_e8) = price else { continue };
            let seen = format!("{}{}", self.orders[parent].id, kind.word());
            let id = self.new_id(keccak256(seen));
            let parent = self.orders[parent].clone();
            let child = self.add_order(Order {
                id,
                kind,
                limit_e8,
                is_buy: !parent.is_buy,
                reduce_only: true,
                rests: true,
                nonce: parent.nonce.saturating_add(more),
                status: Status::New,
                fill: None,
                tp_e8: None,
                sl_e8: None,
                share_bps: None,
                again_ms: None,
                promised_e8: None,
                post_ms: self.clock_ms(now),
                ..parent
            });
            self.at(now, 1, Job::Announce(child));
            self.at(now, 2, Job::Decide(child));
        }
    }

    /// A pool order or a withdrawal is decided: from free cash, or refused.
    pub(super) fn decide_movement(&mut self, index: usize, now: SimNow, out: &mut Vec<SimAction>) {
        let (account, purpose, size) = {
            let m = &self.movements[index];
            (m.account, m.purpose, m.size_e6)
        };
        let free = self.withdrawable_e6(account, now);
        let ledger = &mut self.accounts[account].ledger;
        let code = match (purpose, self.movements[index].kind.as_str()) {
            (Purpose::Withdraw, _) if size > free => Some(TRANSFER_MARGIN_CHECK_FAILED),
            (_, "DEPOSIT") if size > free => Some(LP_INSUFFICIENT_BALANCE),
            (_, "IMMEDIATE_WITHDRAW" | "SCHEDULE_WITHDRAW") if size > ledger.lp_e6 => Some(LP_WITHDRAW_EXCEEDS_BALANCE),
            (Purpose::Withdraw, _) => {
                ledger.cash_e6 -= size;
                None
            }
            (_, "DEPOSIT") => {
                ledger.cash_e6 -= size;
                ledger.lp_e6 += size;
                None
            }
            _ => {
                ledger.lp_e6 -= size;
                ledger.cash_e6 += size;
                None
            }
        };
        let movement = &mut self.movements[index];
        movement.code = code;
        movement.status = if code.is_some() { Status::Rejected } else { Status::Filled };
        let (event, args) = (if purpose == Purpose::Withdraw { "TRANSFER" } else { "LP" }, movement.event());
        self.publish(account, false, event, args, out);
    }

    /// Armed orders of a symbol meet its new snapshot.
    pub(super) fn try_armed(&mut self, symbol: usize, now: SimNow, out: &mut Vec<SimAction>) {
        let armed: Vec<usize> = self.armed.iter().copied().filter(|&o| self.orders[o].symbol == symbol).collect();
        for index in armed {
            self.decide(index, now, out);
        }
    }

    /// Account value and the initial margin it must cover, USDC at 1e-6 (section 13).
    pub(super) fn value_and_margin(
        &self,
        ledger: &ledger::Ledger,
        leverages: &std::collections::BTreeMap<usize, u32>,
        now: SimNow,
    ) -> (i128, i128) {
        let (mut value, mut margin) = (ledger.cash_e6, 0);
        for (&symbol, position) in ledger.positions.iter().filter(|(_, p)| p.size_e8 != 0) {
            value += position.unrealized_e6(self.mark_e8(symbol, now)) + position.accrued_e6(self.cum_funding_e12(symbol, now));
            let leverage = leverages.get(&symbol).copied().unwrap_or(self.default_leverage(symbol));
            margin += self.margin_e6(symbol, position.size_e8, leverage, now);
        }
        (value, margin)
    }

    /// Initial margin of a position at the index, USDC at 1e-6, rounded up.
    pub(super) fn margin_e6(&self, symbol: usize, size_e8: i64, leverage: u32, now: SimNow) -> i128 {
        let notional = i128::from(size_e8.unsigned_abs()) * i128::from(self.index_e8(symbol, now));
        num::div_up(notional, 10_000_000_000 * i128::from(leverage.max(1)))
    }
}
