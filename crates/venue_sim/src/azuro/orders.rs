//! Taking signed orders: `POST /bet/orders/ordinar` with the checks in the order of section 15.2, and the calculation before it.

use super::board::{ODDS_E2_TO_E12, token_text};
use super::faults::Repeat;
use super::life::{Order, State};
use super::sign::{self, ClientData, SubBet};
use super::wire::{self, Answer, bad};
use super::{AzuroSim, ChainSide, Job};
use crate::{HttpRequest, SimAction, SimNow};
use alloy_primitives::{Address, B256, U256};
use serde_json::{Value, json};

/// How long a request that is never answered stays open, unless the fault says otherwise.
const SILENCE_MS: i64 = 30_000;
/// Raw units that two decimal digits of the token are multiples of.
const CENT_RAW: u128 = 10_000;
/// Longest consent text (section 7.2).
const ATTENTION: usize = 160;

/// Why an order is refused, in the API's words (section 7.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub error: String,
    pub message: String,
}

pub(super) fn refused(error: &str, message: &str) -> Refused {
    Refused { error: error.to_owned(), message: message.to_owned() }
}

/// An order as its request gave it.
struct Asked {
    bettor: Address,
    data: ClientData,
    bet: SubBet,
    signature: [u8; 65],
    digest: B256,
}

impl AzuroSim {
    /// Answers by itself, since most faults are about this request.
    pub(super) fn post_order(&mut self, request: u64, http: &HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        let us = self.draw_us(self.cfg.latencies.post_us);
        let asked = match wire::body(http).and_then(|b| self.read_order(&b)) {
            Ok(asked) => asked,
            Err((status, body)) => return self.reply(request, us, status, &body, out),
        };
        if let Some(fault) = self.faults.take("drop_order") {
            let after_us = fault.after_ms.unwrap_or(SILENCE_MS) as u64 * 1_000;
            return out.push(SimAction::Hang { request, after_us });
        }
        let id = order_id(asked.bettor, asked.bet.nonce);
        let verdict = match self.check_signed(&asked, now) {
            // The order is known before anything else is asked: the same bytes are the same order.
            Ok(()) => match self.by_id.get(&id) {
                Some(&known) => return self.answer_repeat(request, us, known, &asked, out),
                None => self.check_offer(&asked, now),
            },
            refusal => refusal,
        };
        if let Err(refusal) = verdict {
            return self.refuse(request, us, &id, asked, refusal, now, out);
        }
        let order = self.create(id.clone(), asked, now);
        let body = json!({ "id": id, "state": "Created" });
        if self.faults.take("disconnect_on_order").is_some() {
            self.drop_all(out);
            return out.push(SimAction::Hang { request, after_us: 0 });
        }
        if let Some(fault) = self.faults.take("hide_order") {
            self.orders[order].hidden_until = SimNow(now.0.saturating_add(fault.us() as i64));
        }
        if self.faults.take("hold_order_answer").is_some() {
            return self.held_answers.push((request, body));
        }
        if let Some(fault) = self.faults.take("lose_order_answer") {
            let after_us = us + fault.after_ms.unwrap_or(0) as u64 * 1_000;
            return out.push(SimAction::Hang { request, after_us });
        }
        if let Some(fault) = self.faults.take("error_after") {
            let page = fault.body.unwrap_or_else(|| super::error_page(fault.status));
            return self.reply_bytes(request, us, fault.status, Vec::new(), page.into_bytes(), out);
        }
        self.reply(request, us, 201, &body, out);
    }

    /// The same nonce again: the order as it stands, or an error that names it (section 18, item 3). Another order under a used
    /// nonce is an error always.
    fn answer_repeat(&mut self, request: u64, us: u64, known: usize, asked: &Asked, out: &mut Vec<SimAction>) {
        let order = &self.orders[known];
        let as_error = self.faults.on("repeat_post").is_some_and(|f| f.answer == Some(Repeat::Error));
        if as_error || order.digest != asked.digest {
            let body = json!({ "error": "BadData", "errorMessage": "Order with this nonce already exists" });
            return self.reply(request, us, 400, &body, out);
        }
        let mut body = json!({ "id": order.id, "state": order.state.word() });
        if let Some(refusal) = &order.refusal {
            body["error"] = json!(refusal.error);
            body["errorMessage"] = json!(refusal.message);
        }
        self.reply(request, us, 200, &body, out);
    }

    fn refuse(&mut self, request: u64, us: u64, id: &str, asked: Asked, why: Refused, now: SimNow, out: &mut Vec<SimAction>) {
        let unread = matches!(why.error.as_str(), "MessageNotVerified" | "BadData");
        let status = self.faults.on("refusal_status").map_or(if unread { 400 } else { 200 }, |f| f.status);
        let body = json!({ "id": id, "state": "Rejected", "error": why.error, "errorMessage": why.message });
        if status == 200 {
            let index = self.remember(id.to_owned(), asked, now);
            let now = self.venue_now(now);
            self.orders[index].reject(why, now);
        }
        self.reply(request, us, status, &body, out);
    }

    fn read_order(&self, body: &Value) -> Result<Asked, Answer> {
        self.environment(body["environment"].as_str().unwrap_or_default())?;
        let text = |value: &Value, name: &str| -> Result<String, Answer> {
            let text = value[name].as_str().ok_or_else(|| bad(&format!("{name} must be a string")))?;
            Ok(text.to_owned())
        };
        let address = |value: &Value, name: &str| -> Result<Address, Answer> {
            sign::address(&text(value, name)?).ok_or_else(|| bad(&format!("{name} must be an Ethereum address")))
        };
        let number = |value: &Value, name: &str| -> Result<u64, Answer> {
            value[name].as_u64().ok_or_else(|| bad(&format!("{name} must be an integer number")))
        };
        let flag = |value: &Value, name: &str| -> Result<bool, Answer> {
            value[name].as_bool().ok_or_else(|| bad(&format!("{name} must be a boolean value")))
        };
        let (bettor, owner) = (address(body, "bettor")?, address(body, "betOwner")?);
        if body["bettor"] != sign::lower(bettor) || body["betOwner"] != sign::lower(owner) {
            return Err(bad("bettor and betOwner must be in lower case"));
        }
        if bettor != owner {
            return Err(bad("betOwner must be the bettor"));
        }
        let signed = &body["clientBetData"];
        let (client, bet) = (&signed["clientData"], &signed["bet"]);
        let wide = |name: &str| -> Result<U256, Answer> {
            let digits = text(bet, name)?;
            U256::from_str_radix(&digits, 10).map_err(|_| bad(&format!("{name} must be a number string")))
        };
        let narrow = |name: &str| -> Result<u128, Answer> {
            u128::try_from(wide(name)?).map_err(|_| bad(&format!("{name} is too large")))
        };
        let fee = text(client, "relayerFeeAmount")?;
        let data = ClientData {
            attention: text(client, "attention")?,
            affiliate: address(client, "affiliate")?,
            core: address(client, "core")?,
            expires_at: number(client, "expiresAt")?,
            chain_id: number(client, "chainId")?,
            relayer_fee_amount: fee.parse().map_err(|_| bad("relayerFeeAmount must be a number string"))?,
            is_fee_sponsored: flag(client, "isFeeSponsored")?,
            is_bet_sponsored: flag(client, "isBetSponsored")?,
            is_sponsored_bet_returnable: flag(client, "isSponsoredBetReturnable")?,
        };
        if data.attention.chars().count() > ATTENTION {
            return Err(bad("attention must be shorter than or equal to 160 characters"));
        }
        let min_odds = u64::try_from(narrow("minOdds")?).map_err(|_| bad("minOdds is too large"))?;
        let bet = SubBet {
            condition_id: wide("conditionId")?,
            outcome_id: u128::from(number(bet, "outcomeId")?),
            min_odds,
            amount: narrow("amount")?,
            nonce: wide("nonce")?,
        };
        let signature = sign::signature_bytes(&text(body, "bettorSignature")?);
        let signature = signature.ok_or_else(|| bad("bettorSignature must be 65 bytes in hexadecimal"))?;
        let digest = sign::bet_digest(self.separator, &data, &bet);
        Ok(Asked { bettor, data, bet, signature, digest })
    }

    /// Signature, then expiry: what the request itself says.
    fn check_signed(&self, asked: &Asked, now: SimNow) -> Result<(), Refused> {
        let Asked { data, bet, .. } = asked;
        if sign::recover(asked.digest, &asked.signature) != Some(asked.bettor) {
            return Err(refused("MessageNotVerified", "Message not verified"));
        }
        if data.core != self.cfg.contracts.core || data.chain_id != self.cfg.contracts.chain_id {
            return Err(refused("BadData", "Wrong core or chain"));
        }
        if data.is_bet_sponsored || data.is_fee_sponsored {
            return Err(refused("BadData", "Sponsored without a bonus"));
        }
        if self.faults.on("zero_affiliate_refused").is_some() && data.affiliate == Address::ZERO {
            return Err(refused("BadData", "Incorrect affiliate"));
        }
        if self.faults.on("any_amount_decimals").is_none() && bet.amount % CENT_RAW != 0 {
            return Err(refused("BadData", "Amount has more than two decimals"));
        }
        let left_s = i64::try_from(data.expires_at).unwrap_or(i64::MAX).saturating_sub(self.venue_now(now).ms() / 1_000);
        let most_s = self.faults.on("expires_at_max").map_or(self.cfg.expires_at_max_s, |f| f.s);
        if left_s > most_s {
            return Err(refused("ExpiresAtTooLarge", "expiresAt is too large"));
        }
        let least_s = self.faults.on("short_expires_refused").map_or(1, |f| f.s);
        if left_s < least_s {
            return Err(refused("BadData", "expiresAt is too small"));
        }
        Ok(())
    }

    /// Nonce on chain, allowance, state, price, limits: what the house and the chain say to it.
    fn check_offer(&mut self, asked: &Asked, now: SimNow) -> Result<(), Refused> {
        let Asked { bettor, data, bet, .. } = asked;
        let wanted = self.faults.on("refuse_all").cloned().or_else(|| self.faults.take("refuse_order"));
        if let Some(fault) = wanted {
            let error = fault.error.unwrap_or_else(|| "ChecksFailed".to_owned());
            return Err(Refused { error, message: fault.message.unwrap_or_else(|| "Condition is not active".to_owned()) });
        }
        if self.cfg.chain == ChainSide::InMemory {
            if self.chain.nonce_used(*bettor, bet.nonce) {
                return Err(refused("BadData", "Nonce already used"));
            }
            let cost = U256::from(bet.amount.saturating_add(data.relayer_fee_amount));
            if self.chain.allowance(*bettor, self.cfg.contracts.relayer) < cost {
                return Err(refused("TokenAllowance", "Not enough allowance"));
            }
        }
        if data.relayer_fee_amount < self.fee_raw() {
            return Err(refused("TooLowRelayerFeeAmount", "Relayer fee amount is too low"));
        }
        let line = self.line(&bet.condition_id.to_string(), now);
        let line = line.ok_or_else(|| refused("BadData", "Condition not found"))?;
        let at = line.place_of(bet.outcome_id).ok_or_else(|| refused("BadData", "Outcome not found"))?;
        self.check_price(&line, at, bet.min_odds, now)?;
        let live = self.game_state(&line.event, now) == "Live";
        let starts_s = line.event.starts_ms / 1_000;
        let late = i64::try_from(data.expires_at).unwrap_or(i64::MAX) >= starts_s;
        if !live && late && self.faults.on("expires_before_start").is_some() {
            return Err(refused("ExpiresAtTooLarge", "expiresAt is after the start of the game"));
        }
        let odds_e2 = self.odds_e2(&line, now).get(at).copied().unwrap_or(100);
        if bet.amount < self.cfg.min_bet_raw {
            return Err(refused("ChecksFailed", "Amount is less than min bet"));
        }
        let conditions = bet.condition_id.to_string();
        if bet.amount > self.max_bet_raw(&conditions, line.market.outcomes[at].id, odds_e2) {
            let most = self.max_stake_raw();
            let error = if bet.amount > most { "TooHighStake" } else { "PayoutNotGuaranteed" };
            return Err(refused(error, "Amount is more than max bet"));
        }
        Ok(())
    }

    /// Whether the house takes a bet on this outcome at these odds now.
    pub(super) fn check_price(&self, line: &super::board::Line, at: usize, min_odds: u64, now: SimNow) -> Result<(), Refused> {
        let shown = self.shown(line, now);
        if shown.state != "Active" {
            return Err(refused("ChecksFailed", "Condition is not active"));
        }
        let odds_e2 = shown.odds_e2.get(at).copied().unwrap_or(100);
        if odds_e2 <= 100 {
            return Err(refused("ChecksFailed", "Outcome not active"));
        }
        if odds_e2.saturating_mul(ODDS_E2_TO_E12) < min_odds {
            return Err(refused("TooHighMinPrice", "Real odds less than min odds"));
        }
        Ok(())
    }

    /// Largest stake whatever the odds, raw.
    fn max_stake_raw(&self) -> u128 {
        self.faults.on("max_bet").map_or(self.cfg.max_bet_raw, |f| u128::from(f.raw))
    }

    /// Largest stake on an outcome at these odds with what has been taken on it, raw, whole cents.
    pub(super) fn max_bet_raw(&self, condition_id: &str, outcome: u64, odds_e2: u64) -> u128 {
        let left = self.cfg.max_loss_raw.saturating_sub(self.exposure(condition_id, outcome).1);
        let by_loss = left.saturating_mul(100) / u128::from(odds_e2.saturating_sub(100).max(1));
        self.max_stake_raw().min(by_loss) / CENT_RAW * CENT_RAW
    }

    /// Turnover and potential loss on an outcome, raw.
    pub(super) fn exposure(&self, condition_id: &str, outcome: u64) -> (u128, u128) {
        self.exposures.get(condition_id).and_then(|o| o.get(&outcome)).copied().unwrap_or_default()
    }

    /// What the relayer asks, raw.
    pub(super) fn fee_raw(&self) -> u128 {
        self.faults.on("fee").map_or(0, |f| u128::from(f.raw))
    }

    fn remember(&mut self, id: String, asked: Asked, now: SimNow) -> usize {
        let index = self.orders.len();
        let line = self.line(&asked.bet.condition_id.to_string(), now);
        let at = line.as_ref().and_then(|l| l.place_of(asked.bet.outcome_id));
        let odds_e2 = line.as_ref().zip(at).and_then(|(l, at)| self.odds_e2(l, now).get(at).copied()).unwrap_or(100);
        let live = line.is_some_and(|l| self.game_state(&l.event, now) == "Live");
        let venue_now = self.venue_now(now);
        self.by_id.insert(id.clone(), index);
        self.orders.push(Order {
            id,
            bettor: asked.bettor,
            data: asked.data,
            bet: asked.bet,
            signature: asked.signature,
            digest: asked.digest,
            live,
            state: State::Created,
            odds_e12: odds_e2.saturating_mul(ODDS_E2_TO_E12),
            tx_hash: None,
            mined: None,
            bet_id_from: SimNow(i64::MAX),
            refusal: None,
            result: None,
            created: venue_now,
            updated: venue_now,
            settled: None,
            hidden_until: SimNow(i64::MIN),
        });
        index
    }

    fn create(&mut self, id: String, asked: Asked, now: SimNow) -> usize {
        let index = self.remember(id, asked, now);
        let lat = self.cfg.latencies;
        if self.faults.take("skip_placed").is_none() {
            self.at(now, lat.placed_us.max(0) as u64, Job::Place(index));
        }
        self.at(now, lat.sent_us.max(0) as u64, Job::Send(index));
        if let Some(fault) = self.faults.take("cancel_early") {
            self.at(now, fault.us().max(1), Job::HouseCancel(index, true));
        }
        index
    }

    /// `POST /bet/calculation` (section 6).
    pub(super) fn calculation(&mut self, body: &Value, now: SimNow) -> Result<Answer, Answer> {
        self.environment(body["environment"].as_str().unwrap_or_default())?;
        let bets = body["bets"].as_array().filter(|b| !b.is_empty()).ok_or_else(|| bad("bets should not be empty"))?;
        let failed = |message: &str| Ok((200, json!({ "response": { "error": message } })));
        if let Some(fault) = self.faults.take("calculation_error") {
            return failed(&fault.message.unwrap_or_else(|| "Calculation is not available".to_owned()));
        }
        let [bet] = bets.as_slice() else { return failed("Different games in one order") };
        let condition_id = bet["conditionId"].as_str().ok_or_else(|| bad("conditionId must be a string"))?;
        let outcome = bet["outcomeId"].as_u64().ok_or_else(|| bad("outcomeId must be a number"))?;
        let Some(line) = self.line(condition_id, now) else { return failed("Condition not found") };
        let Some(at) = line.place_of(u128::from(outcome)) else { return failed("Outcome not found") };
        let odds_e2 = self.odds_e2(&line, now).get(at).copied().unwrap_or(100);
        let most = self.max_bet_raw(condition_id, outcome, odds_e2);
        let payout = most.saturating_mul(u128::from(odds_e2)) / 100;
        let response = json!({
            "environment": self.cfg.environment,
            "minBet": wire::number(&token_text(self.cfg.min_bet_raw)),
            "maxBet": wire::number(&token_text(most)),
            "maxPayout": token_text(payout),
        });
        Ok((200, json!({ "response": response })))
    }

    /// `GET /bet/gas-info` (section 6).
    pub(super) fn gas_info(&self) -> Value {
        let fee = self.fee_raw();
        let info = json!({
            "gasLimit": 715_097,
            "gasPrice": u64::from(fee > 0),
            "betTokenRate": 1,
            "gasPriceInBetToken": 0,
            "slippage": wire::number("0.05"),
            "gasAmount": 0,
            "relayerFeeAmount": fee.to_string(),
            "beautyRelayerFeeAmount": if fee == 0 { "0.0".to_owned() } else { token_text(fee) },
            "symbol": "USDT",
            "decimals": 6,
        });
        if self.faults.on("gas_info_array").is_some() { json!([info]) } else { info }
    }
}

/// Lower-case bettor, underscore, nonce (section 7.3).
pub(super) fn order_id(bettor: Address, nonce: U256) -> String {
    format!("{}_{nonce}", sign::lower(bettor))
}
