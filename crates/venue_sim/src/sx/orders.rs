//! `POST /orders-v3`: what is checked before an order waits for its match, and what is answered when (sx.md sections 7.1, 7.2, 7.4).

use super::sign::{self, Signed};
use super::state::{Force, Order, OrderStatus};
use super::wire::Refused;
use super::{Job, SxSim, ladder};
use crate::{SimAction, SimNow, evm};
use alloy_primitives::{Address, B256, U256, keccak256};
use serde_json::{Map, Value, json};

/// Most orders of one request (`limits.maxCreateOrders`).
pub(super) const CREATE_MAX: usize = 10;
/// Longest wait for an outcome, ms.
const WAIT_MAX_MS: i64 = 15_000;
/// How long a request that is never answered stays open.
pub(super) const SILENCE_US: u64 = 30_000_000;

/// A request that waits for outcomes.
#[derive(Debug)]
pub(super) struct Waiting {
    request: u64,
    entries: Vec<Entry>,
    until_ms: i64,
    ack_us: u64,
}

/// One element of the answer.
#[derive(Debug)]
enum Entry {
    Failed {
        id: Option<B256>,
        client_id: Option<String>,
        reason: String,
    },
    /// Index of the order.
    Taken(usize),
}

/// An item as far as its form goes.
struct Item {
    signed: Signed,
    market: B256,
    force: Force,
    client_id: Option<String>,
    signature: String,
}

impl SxSim {
    pub(super) fn post_orders(&mut self, request: u64, account: usize, body: &[u8], now: SimNow) {
        let ack_us = self.draw_us(self.cfg.latencies.ack_us).max(0) as u64;
        if self.faults.take("drop_order").is_some() {
            self.out.push(SimAction::Hang { request, after_us: ack_us });
            return;
        }
        let (items, waits, most_ms) = match self.read_orders(body) {
            Ok(read) => read,
            Err(refused) => return self.refuse(request, ack_us, &refused),
        };
        let alone = items.len() == 1;
        let mut entries = Vec::new();
        for item in items {
            let id = sign::digest(self.separator, &item.signed);
            let client_id = item.client_id.clone();
            match self.take_order(account, id, item, ack_us, now) {
                Ok(order) => entries.push(Entry::Taken(order)),
                Err(reason) if alone && self.cfg.switches.refusals_http => {
                    return self.refuse(request, ack_us, &Refused::code(&reason));
                }
                Err(reason) => entries.push(Entry::Failed { id: Some(id), client_id, reason }),
            }
        }
        let waiting = Waiting { request, entries, until_ms: now.ms() + most_ms, ack_us };
        if !waits || self.decided(&waiting) {
            return self.answer_orders(waiting, waits);
        }
        self.at(now, most_ms * 1_000, Job::EndWaits);
        self.waiting.push(waiting);
    }

    /// Form and numbers; a refusal here is of the whole request.
    fn read_orders(&self, body: &[u8]) -> Result<(Vec<Item>, bool, i64), Refused> {
        let body: Value = serde_json::from_slice(body).map_err(|_| Refused::listed("body must be a JSON object"))?;
        let rows = body["orders"].as_array().ok_or_else(|| Refused::listed("orders must be an array"))?;
        if rows.is_empty() || rows.len() > CREATE_MAX {
            return Err(Refused::listed(&format!("orders must contain at least 1 and not more than {CREATE_MAX} elements")));
        }
        let waits = match &body["waitForOutcome"] {
            Value::Null => false,
            Value::Bool(waits) => *waits,
            _ => return Err(Refused::listed("waitForOutcome must be a boolean value")),
        };
        let most_ms = match &body["maxWaitTime"] {
            Value::Null => WAIT_MAX_MS,
            given => given
                .as_i64()
                .filter(|ms| (0..=WAIT_MAX_MS).contains(ms))
                .ok_or_else(|| Refused::listed(&format!("maxWaitTime must not be greater than {WAIT_MAX_MS}")))?,
        };
        let items = rows.iter().map(|row| self.read_item(row)).collect::<Result<_, _>>()?;
        Ok((items, waits, most_ms))
    }

    fn read_item(&self, row: &Value) -> Result<Item, Refused> {
        let text = |name: &str| row[name].as_str().ok_or_else(|| Refused::listed(&format!("{name} must be a string")));
        let wrong = |name: &str, what: &str| Refused::listed(&format!("{name} must be {what}"));
        let market: B256 = text("marketHash")?.parse().map_err(|_| wrong("marketHash", "a 32-byte hex string"))?;
        let address = |name: &str| -> Result<Address, Refused> {
            Address::parse_checksummed(text(name)?, None).map_err(|_| wrong(name, "a checksummed address"))
        };
        let (maker, token) = (address("maker")?, address("baseToken")?);
        let stake = digits(text("totalBetSize")?).and_then(|n| i64::try_from(n).ok());
        let stake = stake.ok_or_else(|| wrong("totalBetSize", "a decimal integer string"))?;
        let p = digits(text("percentageOdds")?).filter(|p| ladder::on_ladder(*p, self.cfg.terms.step));
        let p = p.ok_or_else(|| Refused::code("PERCENTAGEODDS_UNDEFINED_OR_MALFORMED"))?;
        if stake < self.cfg.terms.stake_min {
            return Err(Refused::code("TOTAL_BET_SIZE_TOO_LOW"));
        }
        let salt = text("salt")?.strip_prefix("0x").filter(|s| s.len() == 64);
        let salt = salt.and_then(|s| U256::from_str_radix(s, 16).ok()).ok_or_else(|| wrong("salt", "0x and 64 hex digits"))?;
        let expiry_s =
            row["expiry"].as_i64().filter(|s| *s > 0 && *s < 1 << 40).ok_or_else(|| wrong("expiry", "a positive number"))?;
        let one = row["isMakerBettingOutcomeOne"].as_bool();
        let one = one.ok_or_else(|| wrong("isMakerBettingOutcomeOne", "a boolean value"))?;
        let force = match text("timeInForce")? {
            "GTC" => Force::Gtc,
            "IOC" => Force::Ioc,
            "FOK" => Force::Fok,
            _ => return Err(wrong("timeInForce", "one of the following values: GTC, IOC, FOK")),
        };
        let client_id = match &row["clientOrderId"] {
            Value::Null => None,
            given => {
                let fits = |t: &&str| {
                    (1..=64).contains(&t.len()) && t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
                };
                let id =
                    given.as_str().filter(fits).ok_or_else(|| wrong("clientOrderId", "1 to 64 of letters, digits, _ and -"))?;
                Some(id.to_owned())
            }
        };
        if row["useBetCredits"].as_bool() == Some(true) && force == Force::Gtc {
            return Err(wrong("useBetCredits", "false with GTC"));
        }
        let signature = text("orderSignature")?.to_owned();
        Ok(Item { signed: Signed { market, token, stake, p, salt, expiry_s, maker, one }, market, force, client_id, signature })
    }

    /// What can refuse one order among several; its number if it is taken.
    fn take_order(&mut self, account: usize, id: B256, item: Item, ack_us: u64, now: SimNow) -> Result<usize, String> {
        let Signed { stake, p, expiry_s, maker, one, token, .. } = item.signed;
        let refused = |code: &str| Err(code.to_owned());
        if let Some(fault) = self.faults.take("refuse_order") {
            return Err(fault.reason.unwrap_or_else(|| "MATCH_STATE_INVALID".to_owned()));
        }
        if !self.accounts[account].deployed {
            return refused("PROXY_NOT_DEPLOYED");
        }
        if token != self.cfg.usdc {
            return refused("INVALID_BASE_TOKEN");
        }
        if maker != self.accounts[account].owner || evm::recover_text(id, &item.signature) != Some(maker) {
            return refused("INVALID_SIGNATURE");
        }
        if let Some(&known) = self.by_id.get(&id) {
            return if self.cfg.switches.repost.is == "old" { Ok(known) } else { refused("ORDERS_ALREADY_EXIST") };
        }
        let Some(&market) = self.by_hash.get(&item.market) else { return refused("INVALID_MARKET") };
        if !self.bettable(market) {
            return refused("MATCH_STATE_INVALID");
        }
        let (delay_ms, ms) = (self.delay_ms(market), self.clock_ms(now));
        if expiry_s.saturating_mul(1_000) <= ms.saturating_add(delay_ms) {
            return refused("INVALID_EXPIRY");
        }
        if self.accounts[account].spendable() < stake {
            return Err(format!("Insufficient available balance: {}", self.accounts[account].spendable().max(0)));
        }
        let forced = self.faults.take("cancel_order").map(|f| known_reason(f.reason.as_deref()));
        let share_bps = self.faults.take("partial_fill").map(|f| f.share_bps);
        let silent = self.faults.on("silence_events").is_some();
        let order = self.orders.len();
        self.orders.push(Order {
            id,
            account,
            market,
            one,
            p,
            stake,
            remaining: stake,
            expiry_s,
            force: item.force,
            client_id: item.client_id,
            status: OrderStatus::Pending,
            reason: None,
            created_ms: ms,
            updated_ms: ms,
            fills: Vec::new(),
            decided: None,
            queued: 0,
            silent,
            forced,
            share_bps,
        });
        self.by_id.insert(id, order);
        self.accounts[account].orders.push(order);
        self.accounts[account].reserved += stake;
        let extra_ms = self.faults.on("slow_match").map_or(0, |f| f.ms.max(0));
        self.at(now, ack_us as i64 / 2 + (delay_ms + extra_ms) * 1_000, Job::Decide(order));
        Ok(order)
    }

    fn decided(&self, waiting: &Waiting) -> bool {
        waiting.entries.iter().all(|e| match e {
            Entry::Failed { .. } => true,
            Entry::Taken(order) => self.orders[*order].decided.is_some(),
        })
    }

    /// Answers whoever waited for what is decided now, or has waited long enough.
    pub(super) fn answer_waiting(&mut self, now: SimNow) {
        let mut still = Vec::new();
        for waiting in std::mem::take(&mut self.waiting) {
            if self.decided(&waiting) || waiting.until_ms <= now.ms() {
                self.answer_orders(waiting, true);
            } else {
                still.push(waiting);
            }
        }
        self.waiting.extend(still);
    }

    fn answer_orders(&mut self, waiting: Waiting, waits: bool) {
        let Waiting { request, entries, ack_us, .. } = waiting;
        if let Some(fault) = self.faults.take("lose_order_answer") {
            self.out.push(SimAction::Hang { request, after_us: (fault.ms.max(0) * 1_000) as u64 + ack_us });
            return;
        }
        if let Some(fault) = self.faults.take("error_after") {
            return self.reply(request, ack_us, fault.status, Vec::new(), fault.body.unwrap_or_default().into_bytes());
        }
        let timed_out = self.faults.take("timeout_outcome").is_some();
        let other_id = self.faults.take("other_order_id").is_some();
        let rows: Vec<Value> = entries.iter().map(|e| self.entry_row(e, waits, timed_out, other_id)).collect();
        let body = json!({ "status": "success", "data": { "orders": rows } });
        if self.faults.take("hold_order_answer").is_some() {
            self.held_answers.push((request, body));
            return;
        }
        let later_us = if self.faults.on("event_before_answer").is_some() { 80_000 } else { 0 };
        let us = ack_us / 2 + later_us;
        self.reply(request, us, 200, Vec::new(), body.to_string().into_bytes());
    }

    fn entry_row(&self, entry: &Entry, waits: bool, timed_out: bool, other_id: bool) -> Value {
        let mut row = Map::new();
        match entry {
            Entry::Failed { id, client_id, reason } => {
                row.insert("orderId".to_owned(), json!(id.map(|id| id.to_string())));
                if let Some(client_id) = client_id {
                    row.insert("clientOrderId".to_owned(), json!(client_id));
                }
                row.insert("status".to_owned(), json!("FAILED"));
                row.insert(self.cfg.switches.reason_field.is.to_owned(), json!(reason));
            }
            Entry::Taken(index) => {
                let order = &self.orders[*index];
                let id = if other_id { keccak256(order.id) } else { order.id };
                row.insert("orderId".to_owned(), json!(id.to_string()));
                if let Some(client_id) = &order.client_id {
                    row.insert("clientOrderId".to_owned(), json!(client_id));
                }
                row.insert("commandId".to_owned(), json!(format!("c{index}")));
                row.insert("status".to_owned(), json!("SUBMITTED"));
                if waits {
                    row.insert(
                        "outcome".to_owned(),
                        if timed_out { json!({ "state": "TIMEOUT" }) } else { self.outcome(*index) },
                    );
                }
            }
        }
        Value::Object(row)
    }

    /// `outcome` of an order (section 7.2).
    fn outcome(&self, index: usize) -> Value {
        let order = &self.orders[index];
        let Some(decided) = order.decided else { return json!({ "state": "TIMEOUT" }) };
        let fills: Vec<_> = order.fills.iter().take(decided.matches).map(|f| &self.fills[*f]).collect();
        let mut outcome = json!({
            "state": decided.state,
            "fillAmount": decided.matched.to_string(),
            "remainingAmount": (order.stake - decided.matched).to_string(),
        });
        if let Some(reason) = decided.cancel_reason {
            outcome["cancelReason"] = json!(reason);
        }
        if !fills.is_empty() {
            let gross: i128 = fills.iter().map(|f| i128::from(f.returns())).sum();
            outcome["blendedOdds"] = json!((i128::from(decided.matched) * ladder::ONE / gross.max(1)).to_string());
            outcome["matchIds"] = json!(fills.iter().map(|f| self.match_id(f.of)).collect::<Vec<_>>());
            outcome["tradeId"] = json!(self.trade_id(index));
        }
        outcome
    }

    pub(super) fn match_id(&self, number: usize) -> String {
        keccak256(format!("sx match {} {number}", self.cfg.seed)).to_string()
    }

    /// One trade for each order.
    pub(super) fn trade_id(&self, order: usize) -> String {
        keccak256(format!("sx trade {}", self.orders[order].id)).to_string()
    }
}

/// A decimal integer without sign.
fn digits(text: &str) -> Option<i128> {
    let fits = (1..=30).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

fn known_reason(reason: Option<&str>) -> &'static str {
    let known = ["INTERNAL_ERROR", "ENGINE_SHUTDOWN", "EXPIRED", "INSUFFICIENT_BALANCE", "NO_LIQUIDITY"];
    known.into_iter().find(|k| Some(*k) == reason).unwrap_or("NO_LIQUIDITY")
}
