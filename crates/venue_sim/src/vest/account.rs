//! Registration, the account's own reads, leverage and listen keys (vest.md sections 6, 9, 10.4).

use super::VestSim;
use super::answer::*;
use super::ledger::Ledger;
use super::num;
use super::sign;
use super::state::{Account, ListenKey, Purpose, ratio_text};
use super::wire::{self, Fields, Target};
use crate::{SimAction, SimNow, evm};
use alloy_primitives::B256;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

/// How long a listen key lives (section 10.4).
const LISTEN_KEY_MS: i64 = 60 * 60 * 1_000;
/// Most items of a list (section 9).
const LIST_MAX: usize = 1_000;

impl VestSim {
    /// `POST /register`: the proof must be the primary key's, for this signer, and still good (section 16.2).
    pub(super) fn register(&mut self, body: &[u8], now: SimNow) -> Answer {
        let body = wire::body(body)?;
        let body = Fields::of(&body)?;
        let signer = evm::address(body.text("signingAddr")?).ok_or(Refused(INVALID_PARAMETER))?;
        let primary = evm::address(body.text("primaryAddr")?).ok_or(Refused(INVALID_PARAMETER))?;
        let (expiry, signature) = (body.number("expiryTime")?, body.text("signature")?);
        if body.number("networkType")? != 0 {
            return Err(Refused(INVALID_NETWORK_TYPE));
        }
        let digest = sign::proof_digest(self.separator, signer, expiry);
        let alive = i128::from(expiry) >= i128::from(self.clock_ms(now));
        if !alive || evm::recover_text(digest, signature) != Some(primary) {
            return Err(Refused(INVALID_SIGNATURE));
        }
        let index = *self.by_address.entry(primary).or_insert_with(|| {
            self.accounts.push(Account {
                address: primary,
                signers: HashMap::new(),
                ledger: Ledger { cash_e6: i128::from(self.cfg.start_balance_e6), ..Ledger::default() },
                leverages: BTreeMap::new(),
                nonces: HashMap::new(),
                last_nonce: 0,
                orders: Vec::new(),
                listen_key: None,
            });
            self.accounts.len() - 1
        });
        if self.cfg.switches.register_revokes {
            self.by_key.retain(|_, account| *account != index);
            self.accounts[index].signers.clear();
        }
        self.accounts[index].signers.insert(signer, expiry);
        let api_key = self.new_key();
        self.by_key.insert(api_key.clone(), index);
        Ok(json!({ "apiKey": api_key, "accGroup": self.cfg.acc_group }))
    }

    /// Thirty-two hex digits, as keys are shown in the documents.
    fn new_key(&mut self) -> String {
        let id = self.new_id(B256::ZERO);
        id.get(2..34).unwrap_or(&id).to_owned()
    }

    /// What could be taken out: account value less initial margin, and never more than the cash. USDC at 1e-6.
    pub(super) fn withdrawable_e6(&self, account: usize, now: SimNow) -> i128 {
        let account = &self.accounts[account];
        let (value, margin) = self.value_and_margin(&account.ledger, &account.leverages, now);
        (value - margin).min(account.ledger.cash_e6).max(0)
    }

    /// `GET /account`.
    pub(super) fn account(&self, index: usize, now: SimNow) -> Value {
        let account = &self.accounts[index];
        let ledger = &account.ledger;
        let (value, margin) = self.value_and_margin(ledger, &account.leverages, now);
        let positions: Vec<Value> = ledger.positions.keys().map(|&symbol| self.position(index, symbol, now)).collect();
        let leverages: Vec<Value> =
            account.leverages.iter().map(|(&s, v)| json!({ "symbol": self.cfg.symbols[s].symbol, "value": v })).collect();
        let open: i128 =
            self.armed.iter().map(|&o| &self.orders[o]).filter(|o| o.account == index && !o.reduce_only).fold(0, |sum, order| {
                let notional = i128::from(order.size_e8) * i128::from(order.limit_e8);
                sum + num::div_up(notional, 10_000_000_000 * i128::from(order.leverage.max(1)))
            });
        json!({
            "address": account.address.to_string(),
            "balances": [{ "asset": "USDC", "total": num::usdc(ledger.cash_e6), "locked": "0.000000" }],
            "collateral": num::usdc(ledger.cash_e6),
            "withdrawable": num::usdc(self.withdrawable_e6(index, now)),
            "totalAccountValue": num::usdc(value),
            "openOrderMargin": num::usdc(open),
            "totalMaintMargin": num::usdc(margin / 2),
            "positions": positions,
            "leverages": leverages,
            "lp": { "balance": num::usdc(ledger.lp_e6), "shares": num::usdc(ledger.lp_e6), "unrealizedPnl": "0.000000" },
            "time": self.clock_ms(now),
            "twitterUsername": null,
            "discordUsername": null,
        })
    }

    /// One of its positions; flat ones appear too (section 9).
    fn position(&self, account: usize, symbol: usize, now: SimNow) -> Value {
        let spec = &self.cfg.symbols[symbol];
        let position = self.accounts[account].ledger.positions.get(&symbol).copied().unwrap_or_default();
        let leverage = self.leverage(account, symbol);
        let margin = self.margin_e6(symbol, position.size_e8, leverage, now);
        let mark = self.mark_e8(symbol, now);
        let unrealized = position.unrealized_e6(mark) + position.accrued_e6(self.cum_funding_e12(symbol, now));
        let price = |p: i64| num::e8(p, spec.price_decimals);
        json!({
            "symbol": spec.symbol,
            "isLong": position.size_e8 >= 0,
            "size": num::text(i128::from(position.size_e8).abs(), 8, spec.size_decimals),
            "entryPrice": price(position.entry_e8()),
            "entryFunding": num::text(position.entry_funding_e12, 12, 12),
            "unrealizedPnl": num::usdc(if position.size_e8 == 0 { 0 } else { unrealized }),
            "settledFunding": num::usdc(position.settled_e6),
            "markPrice": price(mark),
            "indexPrice": price(self.index_e8(symbol, now)),
            "liqPrice": null,
            "initMargin": num::usdc(margin),
            "maintMargin": num::usdc(margin / 2),
            "initMarginRatio": ratio_text(leverage),
        })
    }

    /// `POST /account/leverage`: not signed (section 7).
    pub(super) fn set_leverage(&mut self, account: usize, body: &[u8]) -> Answer {
        let body = wire::body(body)?;
        let body = Fields::of(&body)?;
        body.number("time")?;
        let symbol = self.symbol(body.text("symbol")?)?;
        let value = u32::try_from(body.number("value")?).map_err(|_| Refused(INVALID_PARAMETER))?;
        if value == 0 || value > self.max_leverage(symbol) {
            return Err(Refused(INVALID_PARAMETER));
        }
        // What the venue itself has forgotten may be set to anything again.
        let lost = self.leverage_lost.contains(&(account, symbol));
        if !lost && value < self.leverage(account, symbol) && self.accounts[account].ledger.size_e8(symbol) != 0 {
            return Err(Refused(DECREASE_LEVERAGE_WITH_POSITION));
        }
        self.accounts[account].leverages.insert(symbol, value);
        self.leverage_lost.remove(&(account, symbol));
        Ok(json!({ "symbol": self.cfg.symbols[symbol].symbol, "value": value }))
    }

    /// `GET /orders`, newest first.
    pub(super) fn list_orders(&self, account: usize, target: &Target<'_>) -> Answer {
        let filter = ListFilter::read(target)?;
        let symbol = target.get("symbol").map(|s| self.symbol(s)).transpose()?;
        let orders = self.accounts[account].orders.iter().rev().map(|&o| &self.orders[o]);
        let fits = orders.filter(|o| {
            filter.fits(&o.id, o.nonce, o.kind.word(), o.status.word(), o.post_ms) && symbol.is_none_or(|s| s == o.symbol)
        });
        Ok(fits.take(filter.limit).map(|o| o.item(&self.cfg.symbols[o.symbol])).collect())
    }

    /// `GET /lp` and `GET /transfer`, newest first.
    pub(super) fn list_movements(&self, account: usize, transfers: bool, target: &Target<'_>) -> Answer {
        let filter = ListFilter::read(target)?;
        let mine = self.movements.iter().rev().filter(|m| m.account == account && (m.purpose == Purpose::Withdraw) == transfers);
        let fits = mine.filter(|m| filter.fits(&m.id, m.nonce, &m.kind, m.status.word(), m.post_ms));
        Ok(fits.take(filter.limit).map(|m| m.item()).collect())
    }

    /// `POST /account/listenKey`: the same key again, for another hour, as long as it lives.
    pub(super) fn open_listen_key(&mut self, account: usize, now: SimNow) -> Value {
        let clock = self.clock_ms(now);
        let alive = self.accounts[account].listen_key.as_ref().filter(|k| k.until_ms > clock).map(|k| k.key.clone());
        let key = alive.unwrap_or_else(|| self.new_key());
        let answer = json!({ "listenKey": key });
        self.accounts[account].listen_key = Some(ListenKey { key, until_ms: clock.saturating_add(LISTEN_KEY_MS) });
        answer
    }

    /// `PUT /account/listenKey`.
    pub(super) fn extend_listen_key(&mut self, account: usize, now: SimNow) -> Answer {
        let clock = self.clock_ms(now);
        let key = self.accounts[account].listen_key.as_mut().filter(|k| k.until_ms > clock).ok_or(Refused(INVALID_LISTEN_KEY))?;
        key.until_ms = clock.saturating_add(LISTEN_KEY_MS);
        Ok(json!({ "listenKey": key.key }))
    }

    /// `DELETE /account/listenKey`: its streams end.
    pub(super) fn close_listen_key(&mut self, account: usize, out: &mut Vec<SimAction>) -> Value {
        self.accounts[account].listen_key = None;
        self.end_private(|conn| conn.account == Some(account), out);
        json!({})
    }
}

/// What the lists can be narrowed by (section 9).
struct ListFilter<'a> {
    ids: Option<Vec<&'a str>>,
    nonce: Option<i64>,
    kind: Option<&'a str>,
    status: Option<&'a str>,
    from_ms: i64,
    to_ms: i64,
    limit: usize,
}

impl<'a> ListFilter<'a> {
    fn read(target: &'a Target<'_>) -> Result<Self, Refused> {
        Ok(Self {
            ids: target.get("id").map(|ids| ids.split(',').collect()),
            nonce: target.number("nonce")?,
            kind: target.get("orderType"),
            status: target.get("status"),
            from_ms: target.number("startTime")?.unwrap_or(i64::MIN),
            to_ms: target.number("endTime")?.unwrap_or(i64::MAX),
            limit: target.limit(LIST_MAX, LIST_MAX)?,
        })
    }

    fn fits(&self, id: &str, nonce: u64, kind: &str, status: &str, post_ms: i64) -> bool {
        self.ids.as_ref().is_none_or(|ids| ids.contains(&id))
            && self.nonce.is_none_or(|n| i128::from(n) == i128::from(nonce))
            && self.kind.is_none_or(|k| k == kind)
            && self.status.is_none_or(|s| s == status)
            && (self.from_ms..=self.to_ms).contains(&post_ms)
    }
}
