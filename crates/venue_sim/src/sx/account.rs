//! What an account may read about itself: orders, fills, trades, positions, money (sx.md sections 7.3, 8, 15).

use super::state::{Fill, MatchStatus, OrderStatus};
use super::wire::{Answer, Refused, Target};
use super::{SxSim, catalog, ladder};
use crate::SimNow;
use crate::date::iso;
use alloy_primitives::B256;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Largest page (section 7.3).
const PAGE_MAX: usize = 100;
const PAGE_USUAL: usize = 50;

impl SxSim {
    /// Only active orders.
    pub(super) fn list_orders(&self, account: usize, target: &Target<'_>) -> Answer {
        let hash = target.get("marketHash");
        let event = target.get("eventId");
        let mut rows: Vec<usize> = self.live_orders(account, false);
        rows.retain(|o| {
            let market = &self.markets[self.orders[*o].market];
            hash.is_none_or(|h| market.hash.to_string() == h.to_lowercase())
                && event.is_none_or(|e| catalog::event_id(market.event) == e)
        });
        if !target.flag("sortAsc") {
            rows.reverse();
        }
        let (page, next) = paged(rows, target)?;
        let mut data = json!({ "orders": page.into_iter().map(|o| self.order_row(o)).collect::<Vec<_>>() });
        put_next(&mut data, next);
        Ok(data)
    }

    /// One order in any state; foreign ones are as missing.
    pub(super) fn one_order(&mut self, account: usize, id: &str, now: SimNow) -> Answer {
        let missing = || Refused::with(404, "Order not found");
        let order = id.parse::<B256>().ok().and_then(|id| self.by_id.get(&id).copied());
        let order = order.filter(|o| self.orders[*o].account == account).ok_or_else(missing)?;
        let age_ms = self.clock_ms(now) - self.orders[order].created_ms;
        if self.faults.on("hide_orders").is_some_and(|f| f.ms == 0 || age_ms < f.ms) {
            return Err(missing());
        }
        let row = self.order_row(order);
        Ok(if self.cfg.switches.order_wrapped { json!({ "order": row }) } else { row })
    }

    pub(super) fn order_row(&self, index: usize) -> Value {
        let order = &self.orders[index];
        let account = &self.accounts[order.account];
        let market = &self.markets[order.market];
        let mut row = json!({
            "id": order.id.to_string(),
            "marketHash": market.hash.to_string(),
            "userAddress": account.owner.to_string(),
            "wallet": account.wallet.to_string(),
            "isBettingOutcomeOne": order.one,
            "percentageOdds": order.p.to_string(),
            "totalBetSize": order.stake.to_string(),
            "remainingSize": order.remaining.to_string(),
            "expiry": self.cfg.switches.expiry_shown.then_some(order.expiry_s),
            "status": order.status.word(),
            "inactiveReason": order.reason,
            "eventId": catalog::event_id(market.event),
            "createdAt": iso(order.created_ms),
            "updatedAt": iso(order.updated_ms),
        });
        if let Some(client_id) = &order.client_id {
            row["clientOrderId"] = json!(client_id);
        }
        row
    }

    pub(super) fn list_fills(&self, account: usize, target: &Target<'_>, now: SimNow) -> Answer {
        let order = target.get("orderId").map(str::to_lowercase);
        if order.is_some() && !self.cfg.switches.fills_by_order {
            return Err(Refused::listed("property orderId should not exist"));
        }
        let (start, end) = (target.date("startDate")?, target.date("endDate")?);
        let lag_ms = self.faults.on("fill_lag").map_or(self.cfg.latencies.index_ms, |f| f.ms);
        let seen_ms = self.clock_ms(now) - lag_ms;
        let trade = target.get("tradeId");
        let mut rows: Vec<usize> = self.accounts[account].fills.clone();
        rows.retain(|i| {
            let fill = &self.fills[*i];
            let created = self.matches[fill.of].created_ms;
            created <= seen_ms
                && start.is_none_or(|s| created >= s)
                && end.is_none_or(|e| created <= e)
                && order.as_ref().is_none_or(|id| fill.order.is_some_and(|o| self.orders[o].id.to_string() == *id))
                && trade.is_none_or(|id| fill.order.is_some_and(|o| self.trade_id(o) == id))
        });
        if !target.flag("sortAsc") {
            rows.reverse();
        }
        let (page, next) = paged(rows, target)?;
        let mut data = json!({ "fills": page.into_iter().map(|f| self.fill_row(f)).collect::<Vec<_>>() });
        put_next(&mut data, next);
        Ok(data)
    }

    /// A fill as its owner sees it (section 8).
    pub(super) fn fill_row(&self, index: usize) -> Value {
        let fill = &self.fills[index];
        let of = &self.matches[fill.of];
        let account = &self.accounts[fill.account];
        let order = fill.order.map(|o| self.orders[o].id.to_string()).unwrap_or_default();
        let (match_id, hash) = (self.match_id(fill.of), self.markets[fill.market].hash.to_string());
        let mined = matches!(of.status, MatchStatus::Locked | MatchStatus::Settled);
        let tx = mined.then(|| alloy_primitives::keccak256(format!("sx tx {} {}", self.cfg.seed, fill.of)).to_string());
        json!({
            "id": format!("{match_id}:{order}:{hash}"),
            "matchId": match_id,
            "orderId": order,
            "tradeId": fill.order.map(|o| self.trade_id(o)),
            "marketHash": hash,
            "isParlay": false,
            "userAddress": account.owner.to_string(),
            "wallet": account.wallet.to_string(),
            "fillAmount": fill.stake.to_string(),
            "fillOdds": fill.p.to_string(),
            "returnAmount": fill.returns().to_string(),
            "isBettingOutcomeOne": fill.one,
            "isMaker": fill.is_maker,
            "status": of.status.word(),
            "txHash": tx,
            "ceRefundAmount": fill.refund.to_string(),
            "ceRefundFeeAmount": fill.refund_fee.to_string(),
            "usedBetCredits": false,
            "createdAt": iso(of.created_ms),
            "updatedAt": iso(of.updated_ms),
            "settlement": settlement(&[fill]),
        })
    }

    pub(super) fn list_trades(&self, account: usize, target: &Target<'_>, now: SimNow) -> Answer {
        let (start, end) = (target.date("startDate")?, target.date("endDate")?);
        let (statuses, hash, event) = (target.list("status"), target.get("marketHash"), target.get("eventId"));
        let ready = |o: &&usize| !self.orders[**o].fills.is_empty();
        let mut rows = Vec::new();
        for &order in self.accounts[account].orders.iter().rev().filter(ready) {
            let market = &self.markets[self.orders[order].market];
            let first = self.orders[order].fills.first().map_or(0, |f| self.matches[self.fills[*f].of].created_ms);
            let fits = hash.is_none_or(|h| market.hash.to_string() == h.to_lowercase())
                && event.is_none_or(|e| catalog::event_id(market.event) == e)
                && start.is_none_or(|s| first >= s)
                && end.is_none_or(|e| first <= e)
                && first <= self.clock_ms(now);
            if !fits {
                continue;
            }
            for row in self.trade_rows(order, first) {
                let status = row["status"].as_str().unwrap_or_default();
                if statuses.as_ref().is_none_or(|s| s.contains(&status)) {
                    rows.push(row);
                }
            }
        }
        let (page, next) = paged(rows, target)?;
        let mut data = json!({ "trades": page });
        put_next(&mut data, next);
        Ok(data)
    }

    /// One row; two of half the stake each for a quarter line, if the switch says so (section 18).
    fn trade_rows(&self, order: usize, first_ms: i64) -> Vec<Value> {
        let row = &self.orders[order];
        let all: Vec<&Fill> = row.fills.iter().map(|f| &self.fills[*f]).collect();
        let status_of = |f: &&Fill| self.matches[f.of].status;
        let alive: Vec<&Fill> = all.iter().copied().filter(|f| status_of(f) != MatchStatus::Failed).collect();
        let status = alive.iter().map(status_of).min().unwrap_or(MatchStatus::Failed);
        let counted = if alive.is_empty() { &all } else { &alive };
        let (stake, returns) = sums(counted);
        let build = |id: String, part: i128, parts: i128| {
            let settled = (status == MatchStatus::Settled).then(|| settlement(counted));
            let mut value = json!({
                "tradeId": id,
                "marketHash": self.markets[row.market].hash.to_string(),
                "isBettingOutcomeOne": row.one,
                "totalStake": cut(stake, part, parts).to_string(),
                "totalReturn": cut(returns, part, parts).to_string(),
                "weightedAverageOdds": (stake * ladder::ONE / returns.max(1)).to_string(),
                "status": status.word(),
                "betTime": iso(first_ms),
                "settlement": settled,
            });
            if parts > 1
                && let Some(object) = value["settlement"].as_object_mut()
            {
                for name in ["settleReturnAmount", "settleFeeAmount", "settleCeRefundAmount"] {
                    let whole = object[name].as_str().and_then(|t| t.parse::<i128>().ok()).unwrap_or_default();
                    object[name] = json!(cut(whole, part, parts).to_string());
                }
            }
            value
        };
        let id = self.trade_id(order);
        let quarter = self.markets[row.market].line_e2().is_some_and(|l| l % 50 != 0);
        if quarter && self.cfg.switches.quarter_as_two {
            return vec![build(format!("{id}-1"), 0, 2), build(format!("{id}-2"), 1, 2)];
        }
        vec![build(id, 0, 1)]
    }

    pub(super) fn positions(&self, account: usize, target: &Target<'_>) -> Answer {
        let statuses = target.list("status").unwrap_or_else(|| vec!["MATCHED", "LOCKED"]);
        let settled_only = statuses.contains(&"SETTLED");
        let mut by_market: BTreeMap<usize, Vec<&Fill>> = BTreeMap::new();
        for fill in self.accounts[account].fills.iter().map(|i| &self.fills[*i]) {
            if statuses.contains(&self.matches[fill.of].status.word()) {
                by_market.entry(fill.market).or_default().push(fill);
            }
        }
        let row = |(market, fills): (usize, Vec<&Fill>)| {
            let side = |one: bool| sums(&fills.iter().copied().filter(|f| f.one == one).collect::<Vec<_>>());
            let ((stake_one, one), (stake_two, two)) = (side(true), side(false));
            let stake = stake_one + stake_two;
            let odds = |s: i128, r: i128| (r > 0).then(|| (s * ladder::ONE / r).to_string());
            let pnl: i128 = fills.iter().filter_map(|f| f.settled.map(|s| i128::from(s.paid - f.stake))).sum();
            let times = fills.iter().map(|f| self.matches[f.of].created_ms);
            let updated = fills.iter().map(|f| self.matches[f.of].updated_ms).max().unwrap_or_default();
            json!({
                "marketHash": self.markets[market].hash.to_string(),
                "market": self.market_row(market),
                "totalStake": stake.to_string(),
                "maxWin": (one.max(two) - stake).to_string(),
                "maxLoss": (one.min(two) - stake).min(0).to_string(),
                "isOutcomeOneMaxWin": one >= two,
                "odds": { "outcomeOne": odds(stake_one, one), "outcomeTwo": odds(stake_two, two) },
                "pnl": settled_only.then(|| pnl.to_string()),
                "tradeCount": fills.len(),
                "betTime": iso(times.min().unwrap_or_default()),
                "updatedAt": iso(updated),
            })
        };
        let (page, next) = paged(by_market.into_iter().map(row).collect(), target)?;
        let mut data = json!({ "positions": page });
        put_next(&mut data, next);
        Ok(data)
    }

    pub(super) fn balance(&self, account: usize) -> Value {
        let row = &self.accounts[account];
        json!({ "balances": [{
            "userAddress": row.owner.to_string(),
            "wallet": row.wallet.to_string(),
            "tokenAddress": self.cfg.usdc.to_string(),
            "escrowAddress": self.cfg.escrow.to_string(),
            "availableAmount": row.available.to_string(),
            "pendingAvailableAmount": (-(row.pending + row.reserved)).to_string(),
            "escrowedAmount": row.escrowed.to_string(),
            "pendingEscrowAmount": row.pending.to_string(),
        }] })
    }

    pub(super) fn fees(&self) -> Value {
        let rate = |e6: i64| (e6 > 0).then(|| format!("0.{e6:06}").trim_end_matches('0').to_owned());
        json!({
            "takerPayoutFee": rate(self.cfg.terms.taker_fee_e6),
            "makerPayoutFee": null,
            "refundFee": rate(self.cfg.terms.refund_fee_e6),
            "parlayFee": null,
        })
    }

    pub(super) fn proxy(&self, account: usize) -> Value {
        let row = &self.accounts[account];
        json!({ "obv3ProxyWalletAddress": row.wallet.to_string(), "deployed": row.deployed, "multisigSafeAddress": null })
    }

    /// Whether an order is over and all of it is on the chain or failed; for a harness.
    pub(super) fn is_over(&self, order: usize) -> bool {
        let row = &self.orders[order];
        row.status == OrderStatus::Inactive
            && row.fills.iter().all(|f| self.matches[self.fills[*f].of].status != MatchStatus::Matched)
    }
}

/// Stakes and gross returns together.
fn sums(fills: &[&Fill]) -> (i128, i128) {
    fills.iter().fold((0, 0), |(s, r), f| (s + i128::from(f.stake), r + i128::from(f.returns())))
}

/// One of so many nearly equal parts; they add up to the whole.
fn cut(whole: i128, part: i128, parts: i128) -> i128 {
    whole * (part + 1) / parts - whole * part / parts
}

/// `settlement` of fills together, or null.
fn settlement(fills: &[&Fill]) -> Value {
    let settled: Vec<_> = fills.iter().filter_map(|f| f.settled).collect();
    let Some(first) = settled.first() else { return Value::Null };
    let sum = |of: fn(&super::state::Settled) -> i64| settled.iter().map(|s| i128::from(of(s))).sum::<i128>().to_string();
    json!({
        "outcome": first.outcome,
        "settleReturnAmount": sum(|s| s.paid),
        "settleFeeAmount": sum(|s| s.fee),
        "settleCeRefundAmount": sum(|s| s.refund_deducted),
        "settleDate": iso(first.at_ms),
    })
}

/// A page from `nextKey` on, and the key of the next.
pub(super) fn paged<T>(rows: Vec<T>, target: &Target<'_>) -> Result<(Vec<T>, Option<String>), Refused> {
    let size = target.page("perPage", PAGE_USUAL, PAGE_MAX)?;
    cut_page(rows, size, target.get("nextKey"))
}

/// A page of this size; keys are positions in hex.
pub(super) fn cut_page<T>(rows: Vec<T>, size: usize, key: Option<&str>) -> Result<(Vec<T>, Option<String>), Refused> {
    let from = match key {
        None => 0,
        Some(key) => usize::from_str_radix(key, 16).map_err(|_| Refused::code("BAD_PAGINATION_KEY"))?,
    };
    let count = rows.len();
    let page: Vec<T> = rows.into_iter().skip(from).take(size).collect();
    let end = from.saturating_add(page.len());
    Ok((page, (end < count).then(|| format!("{end:024x}"))))
}

pub(super) fn put_next(data: &mut Value, next: Option<String>) {
    if let Some(next) = next {
        data["nextKey"] = json!(next);
    }
}
