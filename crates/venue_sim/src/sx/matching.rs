//! What the engine does with an order once its delay is over, and what the chain makes of it (sx.md sections 0, 7.2, 8).

use super::book::{Level, Resting};
use super::state::{Decided, Fill, Force, Match, MatchStatus, OrderStatus};
use super::{HOUSE, Job, SxSim, ladder};
use crate::SimNow;

/// One side of a match that is about to be.
#[derive(Clone, Copy)]
struct Side {
    order: Option<usize>,
    account: usize,
    one: bool,
    stake: i64,
    p: i128,
}

impl SxSim {
    /// The delay of an order is over: it meets the book of this moment.
    pub(super) fn decide(&mut self, order: usize, now: SimNow) {
        if self.orders[order].status != OrderStatus::Pending {
            return;
        }
        let market = self.orders[order].market;
        if let Some(reason) = self.orders[order].forced {
            return self.cancelled(order, reason, reason, now);
        }
        if self.orders[order].expiry_s * 1_000 <= self.clock_ms(now) {
            return self.cancelled(order, "EXPIRED", "EXPIRED", now);
        }
        if !self.bettable(market) {
            let why = if self.halted(market) { "MARKET_HALTED" } else { "EVENT_LIFECYCLE" };
            return self.cancelled(order, "NO_LIQUIDITY", why, now);
        }
        self.refresh(market, now);
        let (one, p, account) = (self.orders[order].one, self.orders[order].p, self.orders[order].account);
        let empty = self.faults.on("empty_book").is_some();
        let against = if empty { Vec::new() } else { self.opposite(market, one, p, account) };
        let force = self.orders[order].force;
        let wanted = self.orders[order].remaining;
        let room = against.iter().fold(0i64, |sum, (_, q, size)| sum.saturating_add(ladder::against(*size, ladder::ONE - q)));
        if force == Force::Fok && room < wanted {
            return self.cancelled(order, "NO_LIQUIDITY", "NO_LIQUIDITY", now);
        }
        let most = match self.orders[order].share_bps {
            Some(share) if force != Force::Fok => (i128::from(wanted) * i128::from(share) / 10_000) as i64,
            _ => wanted,
        };
        let mut left = most;
        for (resting, q, size) in against {
            let stake = left.min(ladder::against(size, ladder::ONE - q));
            if stake <= 0 {
                continue;
            }
            left -= stake;
            let theirs = if left > 0 { size } else { ladder::against_up(stake, q).min(size) };
            let taker = Side { order: Some(order), account, one, stake, p: ladder::ONE - q };
            let (order, account) = match resting {
                Resting::Maker(_) => (None, HOUSE),
                Resting::Client(order) => (Some(order), self.orders[order].account),
            };
            if let Resting::Maker(level) = resting {
                self.books[market].makers[usize::from(one)][level].size -= theirs;
            }
            self.meet(market, taker, Side { order, account, one: !one, stake: theirs, p: q }, now);
            self.touch(market);
            if left == 0 {
                break;
            }
        }
        self.conclude(order, now);
    }

    /// What is left of it rests or goes.
    fn conclude(&mut self, order: usize, now: SimNow) {
        let (matched, remaining) = (self.orders[order].matched(), self.orders[order].remaining);
        let rests = self.orders[order].force == Force::Gtc && remaining >= self.cfg.terms.rest_min;
        if matched == 0 && !rests {
            return self.cancelled(order, "NO_LIQUIDITY", "NO_LIQUIDITY", now);
        }
        let state = match (matched, remaining) {
            (_, 0) => "FULLY_FILLED",
            (0, _) => "RESTED",
            _ if rests => "PARTIAL_FILL_RESTED",
            _ => "PARTIAL_FILL_DONE",
        };
        self.settle_word(order, state, None);
        if remaining == 0 {
            return self.answer_waiting(now); // `meet` has made it inactive
        }
        if !rests {
            self.deactivate(order, "NO_LIQUIDITY", now);
            return self.answer_waiting(now);
        }
        let (market, ms) = (self.orders[order].market, self.clock_ms(now));
        self.queue += 1;
        let row = &mut self.orders[order];
        (row.status, row.queued, row.updated_ms) = (OrderStatus::Active, self.queue, ms);
        let lapses_us = (row.expiry_s.saturating_mul(1_000) - ms).saturating_mul(1_000);
        self.books[market].rests.push(order);
        self.touch(market);
        self.tell_order(order, now);
        self.at(now, lapses_us, Job::Lapse(order));
        self.answer_waiting(now);
    }

    fn cancelled(&mut self, order: usize, reason: &'static str, inactive: &'static str, now: SimNow) {
        let state = if self.cfg.switches.reason_in_state { reason } else { "CANCELLED" };
        self.settle_word(order, state, Some(reason));
        let known = ["EXPIRED", "NO_LIQUIDITY", "INSUFFICIENT_BALANCE", "EVENT_LIFECYCLE", "MARKET_HALTED", "HEARTBEAT_TIMEOUT"];
        self.deactivate(order, if known.contains(&inactive) { inactive } else { "SYSTEM" }, now);
        self.answer_waiting(now);
    }

    fn settle_word(&mut self, order: usize, state: &'static str, cancel_reason: Option<&'static str>) {
        let row = &mut self.orders[order];
        row.decided = Some(Decided { state, cancel_reason, matched: row.matched(), matches: row.fills.len() });
    }

    /// Two sides meet: money is pending on both until the chain has it.
    fn meet(&mut self, market: usize, taker: Side, maker: Side, now: SimNow) {
        let (number, ms) = (self.matches.len(), self.clock_ms(now));
        let first = self.fills.len();
        self.matches.push(Match {
            market,
            status: MatchStatus::Matched,
            fills: [first, first + 1],
            created_ms: ms,
            updated_ms: ms,
        });
        self.matches_of.entry(market).or_default().push(number);
        for (side, is_maker) in [(taker, false), (maker, true)] {
            let index = self.fills.len();
            self.fills.push(Fill {
                of: number,
                order: side.order,
                account: side.account,
                market,
                one: side.one,
                stake: side.stake,
                p: side.p,
                is_maker,
                refund: 0,
                refund_fee: 0,
                settled: None,
            });
            let account = &mut self.accounts[side.account];
            account.pending += side.stake;
            if side.account != HOUSE {
                account.fills.push(index);
            }
            let Some(order) = side.order else { continue };
            self.accounts[side.account].reserved -= side.stake;
            let row = &mut self.orders[order];
            row.remaining -= side.stake;
            row.fills.push(index);
            row.updated_ms = ms;
            if row.remaining == 0 {
                (row.status, row.reason) = (OrderStatus::Inactive, Some("FILLED"));
                self.unrest(order);
            }
            self.tell_order(order, now);
            self.tell_fill(index, now);
        }
        self.tell_trade(first, now);
        let share = self.faults.take("fail_fills").map_or(0, |f| f.share_bps);
        let fails = share > 0 && (self.draw("sx fail") >> 8) % 10_000 < share as u64;
        let (low, high) = self.cfg.latencies.lock_ms;
        let late_ms = self.faults.on("late_lock").map_or(0, |f| f.ms);
        let after_us = self.draw_us((low * 1_000, high * 1_000)).saturating_add(late_ms * 1_000);
        self.at(now, after_us, if fails { Job::Fail(number) } else { Job::Lock(number) });
    }

    /// New bets of the makers cross what clients have resting: the client's odds count.
    pub(super) fn makers_cross(&mut self, market: usize, now: SimNow) {
        let rests = self.books[market].rests.clone();
        for order in rests {
            let (one, p, account) = (self.orders[order].one, self.orders[order].p, self.orders[order].account);
            let side = usize::from(one);
            for level in 0..self.books[market].makers[side].len() {
                let Level { p: q, size, .. } = self.books[market].makers[side][level];
                let remaining = self.orders[order].remaining;
                if q + p < ladder::ONE || size <= 0 || remaining <= 0 {
                    continue;
                }
                let stake = remaining.min(ladder::against(size, p));
                let theirs = ladder::against_up(stake, ladder::ONE - p).min(size);
                if stake <= 0 || theirs <= 0 {
                    continue;
                }
                self.books[market].makers[side][level].size -= theirs;
                let taker = Side { order: None, account: HOUSE, one: !one, stake: theirs, p: ladder::ONE - p };
                self.meet(market, taker, Side { order: Some(order), account, one, stake, p }, now);
                self.touch(market);
            }
        }
    }

    /// The chain has it: irreversible.
    pub(super) fn lock(&mut self, number: usize, now: SimNow) {
        if self.matches[number].status != MatchStatus::Matched {
            return;
        }
        if self.faults.on("stuck_matched").is_some() {
            self.stuck.push(number);
            return;
        }
        let (fills, market) = (self.matches[number].fills, self.matches[number].market);
        self.matches[number].status = MatchStatus::Locked;
        self.matches[number].updated_ms = self.clock_ms(now);
        for index in fills {
            let Fill { account, one, stake, .. } = self.fills[index];
            let returns = self.fills[index].returns();
            let row = &mut self.accounts[account];
            row.pending -= stake;
            row.available -= stake;
            row.escrowed += stake;
            let held = row.held.entry(market).or_default();
            held.stakes += stake;
            held.returns[usize::from(!one)] += returns;
            self.refund(index);
            self.tell_fill(index, now);
        }
        if self.markets[market].settled.is_some() {
            self.settle_market(market, now);
        }
    }

    /// The worst case has become better because the other outcome was bet: that part comes back (section 8).
    fn refund(&mut self, index: usize) {
        let Fill { account, market, .. } = self.fills[index];
        if account == HOUSE {
            return;
        }
        let row = &mut self.accounts[account];
        let Some(held) = row.held.get_mut(&market) else { return };
        let sure = held.returns[0].min(held.returns[1]).min(held.stakes);
        let refund = (sure - held.refunded).max(0);
        if refund == 0 {
            return;
        }
        let fee = share_e6(refund, self.cfg.terms.refund_fee_e6, self.cfg.switches.fee_up);
        held.refunded += refund;
        row.escrowed -= refund;
        row.available += refund - fee;
        self.fees_taken += i128::from(fee);
        (self.fills[index].refund, self.fills[index].refund_fee) = (refund, fee);
    }

    /// The chain refused it: stakes are free again.
    pub(super) fn fail(&mut self, number: usize, now: SimNow) {
        if self.matches[number].status != MatchStatus::Matched {
            return;
        }
        self.matches[number].status = MatchStatus::Failed;
        self.matches[number].updated_ms = self.clock_ms(now);
        for index in self.matches[number].fills {
            let Fill { account, stake, .. } = self.fills[index];
            self.accounts[account].pending -= stake;
            self.tell_fill(index, now);
        }
    }
}

/// A fraction at 1e-6 of an amount.
pub(super) fn share_e6(amount: i64, rate_e6: i64, up: bool) -> i64 {
    let product = i128::from(amount.max(0)) * i128::from(rate_e6);
    ((product + if up { 999_999 } else { 0 }) / 1_000_000) as i64
}
