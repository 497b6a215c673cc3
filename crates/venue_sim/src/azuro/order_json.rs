//! Orders as the API shows them: `GET /bet/orders/{id}` and the list of a bettor (section 7.4).

use super::board::{odds_text, token_text};
use super::life::{Order, State};
use super::wire::{self, Answer, Target, bad, not_found};
use super::{AzuroSim, sign};
use crate::SimNow;
use crate::date::iso;
use crate::exchange::decimal;
use serde_json::{Value, json};

/// Odds at 10^-12 as a decimal of two digits, as the API writes them.
fn odds(odds_e12: u64) -> String {
    odds_text(odds_e12 / super::board::ODDS_E2_TO_E12)
}

impl AzuroSim {
    pub(super) fn get_order(&self, id: &str, now: SimNow) -> Answer {
        let order = self.by_id.get(id).map(|i| &self.orders[*i]).filter(|o| o.hidden_until <= now);
        order.map_or_else(not_found, |o| (200, self.order_json(o, now)))
    }

    pub(super) fn list_orders(&self, bettor: &str, target: &Target<'_>, now: SimNow) -> Result<Answer, Answer> {
        let bettor = sign::address(bettor).ok_or_else(|| bad("bettor must be an Ethereum address"))?;
        self.environment(target.get("environment").unwrap_or(&self.cfg.environment))?;
        let (offset, limit) = (target.number("offset", 0)?, target.number("limit", 100)?.min(1_000));
        let states: Vec<&str> = target.all("states").flat_map(|s| s.split(',')).collect();
        let fits = |o: &&Order| {
            o.bettor == bettor
                && o.hidden_until <= now
                && (states.is_empty() || states.contains(&o.state.word()))
                && target.get("result").is_none_or(|r| o.result.is_some_and(|e| e.word() == r))
                && target.get("affiliate").is_none_or(|a| sign::address(a) == Some(o.data.affiliate))
                && target.get("isRedeemed").is_none_or(|r| (r == "true") == self.redeemed_s(o).is_some())
        };
        let newest_first = self.orders.iter().rev().filter(fits).skip(offset).take(limit);
        let orders: Vec<Value> = newest_first.map(|o| self.order_json(o, now)).collect();
        Ok(if orders.is_empty() { not_found() } else { (200, json!({ "orders": orders })) })
    }

    fn order_json(&self, order: &Order, now: SimNow) -> Value {
        let bettor = sign::lower(order.bettor);
        let amount = token_text(order.bet.amount);
        let pays = super::chain::payout(order.bet.amount, order.odds_e12);
        let shown = order.mined.filter(|_| {
            order.bet_id_from <= self.venue_now(now) && !matches!(order.state, State::Created | State::Placed | State::Sent)
        });
        let result = order.result.map(super::life::Ended::word);
        let returns = Self::returns(order);
        let redeemed = self.redeemed_s(order).map(|s| iso(i64::try_from(s).unwrap_or(0).saturating_mul(1_000)));
        let line = self.line(&order.bet.condition_id.to_string(), now);
        let game_id = line.as_ref().map(|l| super::board::game_id(&l.event));
        let condition = json!({
            "conditionId": order.bet.condition_id.to_string(),
            "outcomeId": u64::try_from(order.bet.outcome_id).unwrap_or(u64::MAX),
            "orderId": order.id,
            "gameId": game_id,
            "gameState": if order.live { "Live" } else { "Prematch" },
            "conditionMargin": "0",
            "selectionMargin": "0",
            "settledSelectionMargin": null,
            "result": result,
            "price": odds(order.odds_e12),
            "potentialAmount": token_text(pays),
            "potentialLoss": token_text(pays.saturating_sub(order.bet.amount)),
        });
        json!({
            "id": order.id,
            "state": order.state.word(),
            "environment": self.cfg.environment,
            "betType": "ORDINARY",
            "core": order.data.core.to_checksum(None),
            "bettor": bettor,
            "owner": bettor,
            "affiliate": order.data.affiliate.to_checksum(None),
            "amount": wire::number(&amount),
            "payout": returns.map_or(Value::Null, |r| wire::number(&token_text(r))),
            "odds": wire::number(&odds(order.odds_e12)),
            "bonusId": null,
            "isFreebet": false,
            "betId": shown.map(|m| m.token_id),
            "txHash": order.tx_hash.map(|h| h.to_string()),
            "margin": "0",
            "settledMargin": null,
            "result": result,
            "createdAt": iso(order.created.ms()),
            "updatedAt": iso(order.updated.ms()),
            "settledAt": order.settled.map(|at| iso(at.ms())),
            "redeemedAt": redeemed,
            "conditions": [condition],
            "meta": shown.map_or(Value::Null, |m| self.meta(order, m.token_id, m.block_time_s)),
            "error": order.refusal.as_ref().map(|r| r.error.clone()),
            "errorMessage": order.refusal.as_ref().map(|r| r.message.clone()),
        })
    }

    /// What the indexer adds once it has seen the bet.
    fn meta(&self, order: &Order, token_id: u64, block_time_s: u64) -> Value {
        let c = self.cfg.contracts;
        let core = sign::lower(c.core);
        let id = format!("{core}_{token_id}");
        let pays = super::chain::payout(order.bet.amount, order.odds_e12);
        let status = match order.state {
            State::Settled => "Resolved",
            State::Canceled => "Canceled",
            _ => "Accepted",
        };
        let result = order.result.map(super::life::Ended::word);
        let returns = Self::returns(order);
        let bettor = sign::lower(order.bettor);
        let full_odds = decimal::text(i64::try_from(order.odds_e12 / 10_000).unwrap_or(i64::MAX));
        json!({
            "id": id,
            "core": {
                "type": "V3",
                "address": core,
                "liquidityPool": { "address": sign::lower(c.lp), "asset": "USDT" },
            },
            "odds": full_odds,
            "betId": token_id.to_string(),
            "actor": bettor,
            "owner": bettor,
            "bettor": bettor,
            "nonce": order.bet.nonce.to_string(),
            "amount": token_text(order.bet.amount),
            "payout": returns.map(token_text),
            "result": result,
            "status": status,
            "rawOdds": order.odds_e12.to_string(),
            "affiliate": sign::lower(order.data.affiliate),
            "rawAmount": order.bet.amount.to_string(),
            "rawPayout": returns.map(|r| r.to_string()),
            "isRedeemed": self.redeemed_s(order).is_some(),
            "selections": [{
                "id": format!("{id}_{}", order.bet.condition_id),
                "odds": full_odds,
                "result": result,
                "outcome": {
                    "condition": {
                        "id": format!("{core}_{}", order.bet.condition_id),
                        "status": if order.result.is_some() { "Resolved" } else { "Created" },
                        "conditionId": order.bet.condition_id.to_string(),
                        "coreAddress": core,
                        "createdBlockTimestamp": block_time_s.to_string(),
                    },
                    "outcomeId": order.bet.outcome_id.to_string(),
                },
                "rawOdds": order.odds_e12.to_string(),
                "_outcomeId": order.bet.outcome_id.to_string(),
            }],
            "settledOdds": null,
            "createdTxHash": order.tx_hash.map(|h| h.to_string()),
            "rawSettledOdds": null,
            "potentialPayout": token_text(pays),
            "rawPotentialPayout": pays.to_string(),
            "potentialLossLimit": token_text(self.cfg.max_loss_raw),
            "rawPotentialLossLimit": self.cfg.max_loss_raw.to_string(),
            "createdBlockTimestamp": block_time_s.to_string(),
            "resolvedBlockTimestamp": null,
            "isCashedOut": false,
            "isFreebetAmountReturnable": null,
            "paymasterContractAddress": null,
            "redeemedTxHash": null,
            "cashout": null,
        })
    }
}
