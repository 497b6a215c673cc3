//! Taking signed requests: orders, cancels, pool orders and withdrawals, with the checks in the order of section
//! 16.3. What is taken is decided later, by `matching`.

use super::answer::*;
use super::num;
use super::sign::{self, Arg};
use super::state::{Kind, Movement, Order, Purpose, Status};
use super::wire::{self, Fields};
use super::{Job, VestSim};
use crate::{SimAction, SimNow, evm};
use alloy_primitives::{Address, B256, keccak256};
use serde_json::json;

/// Used when a request names no `recvWindow` (section 7).
const RECV_WINDOW_MS: u64 = 5_000;
/// How long a request that is never answered stays open, unless the fault says otherwise.
const SILENCE_MS: i64 = 30_000;

/// An order as its request gave it, checked but not yet taken.
struct Asked {
    symbol: usize,
    kind: Kind,
    is_buy: bool,
    size_e8: i64,
    limit_e8: i64,
    reduce_only: bool,
    rests: bool,
    nonce: u64,
    args: B256,
    tp_e8: Option<i64>,
    sl_e8: Option<i64>,
}

impl VestSim {
    /// `POST /orders`: answers by itself, since most faults are about this request.
    pub(super) fn post_order(&mut self, request: u64, account: usize, body: &[u8], now: SimNow, out: &mut Vec<SimAction>) {
        let ack_us = self.ack_us();
        let asked = match wire::body(body).and_then(|b| self.read_order(account, &b, now)) {
            Ok(asked) => asked,
            Err(refused) => return self.refuse(request, ack_us, refused, out),
        };
        let is_buy = asked.is_buy;
        if let Some(fault) = self.faults.take("drop_order", is_buy) {
            let after_us = fault.after_ms.unwrap_or(SILENCE_MS).max(0) as u64 * 1_000;
            out.push(SimAction::Hang { request, after_us });
            return;
        }
        let mut forced = None;
        let refusal = self.faults.on("refuse_all").cloned().or_else(|| self.faults.take("refuse_order", is_buy));
        if let Some(fault) = refusal {
            let code = fault.code_or(PRICE_CHECK_FAILED);
            if !(3000..4000).contains(&code) {
                return self.refuse(request, ack_us, Refused(code), out);
            }
            forced = Some(code);
        }
        let early = self.faults.take("event_before_answer", is_buy).is_some();
        let held = self.faults.take("hold_order_answer", is_buy);
        let (new_us, fill_us) = {
            let fill = self.draw_us(self.cfg.latencies.fill_us);
            if early { (1, fill) } else { (ack_us + self.cfg.latencies.new_us.max(0) as u64, ack_us + fill) }
        };
        let order = self.take_order(account, asked, forced, now);
        self.orders[order].held = held.as_ref().is_some_and(|f| f.events != Some(false));
        self.orders[order].share_bps = self.faults.take("partial_fill", is_buy).map(|f| f.share_bps);
        self.orders[order].again_ms = self.faults.take("duplicate_fill", is_buy).map(|f| f.ms);
        let mut decided_us = fill_us;
        if let Some(fault) = self.faults.take("late_fill", is_buy).or_else(|| self.faults.take("delay_fill", is_buy)) {
            decided_us = ack_us + fault.ms.max(0) as u64 * 1_000;
            self.promise(order, now);
        }
        self.at(now, new_us, Job::Announce(order));
        self.at(now, decided_us.max(new_us + 1), Job::Decide(order));
        if self.faults.take("disconnect_on_order", is_buy).is_some() {
            self.drop_all(out);
            return out.push(SimAction::Hang { request, after_us: 0 });
        }
        self.acknowledge(request, order, is_buy, held.is_some(), if early { fill_us + ack_us } else { ack_us }, now, out);
    }

    /// The answer of an order that was taken, as the faults will have it.
    fn acknowledge(
        &mut self,
        request: u64,
        order: usize,
        is_buy: bool,
        held: bool,
        us: u64,
        now: SimNow,
        out: &mut Vec<SimAction>,
    ) {
        let body = json!({ "id": self.orders[order].id });
        self.acks += 1;
        if held {
            self.held_answers.push((request, body));
        } else if let Some(fault) = self.faults.take("lose_order_answer", is_buy) {
            let after_us = us + fault.after_ms.unwrap_or(0).max(0) as u64 * 1_000;
            out.push(SimAction::Hang { request, after_us });
        } else if let Some(fault) = self.faults.take("error_after", is_buy) {
            let page = fault.body.unwrap_or_else(|| super::error_page(fault.status));
            self.reply(request, us, fault.status, Vec::new(), page.into_bytes(), out);
        } else {
            self.answer(request, us, &body, out);
        }
        if self.faults.on("down").and_then(|f| f.after_acks).is_some_and(|n| self.acks == n) {
            self.at(now, us + self.faults.latency_us() + 1, Job::GoDown);
        }
    }

    fn read_order(&mut self, account: usize, body: &serde_json::Value, now: SimNow) -> Result<Asked, Refused> {
        let body = Fields::of(body)?;
        let order = body.object("order")?;
        let symbol_text = order.text("symbol")?;
        let kind_text = order.text("orderType")?;
        let (size, limit) = (order.text("size")?, order.text("limitPrice")?);
        let (is_buy, reduce_only) = (order.flag("isBuy")?, order.flag("reduceOnly")?);
        let (time, nonce) = (order.number("time")?, order.number("nonce")?);
        let (tp, sl) = (order.text_or_none("tpPrice")?, order.text_or_none("slPrice")?);

        let symbol = self.symbol(symbol_text)?;
        let kind = Kind::read(kind_text).ok_or(Refused(INVALID_ORDER_TYPE))?;
        let (size_decimals, price_decimals) = (self.cfg.symbols[symbol].size_decimals, self.cfg.symbols[symbol].price_decimals);
        let size_e8 = self.decimal(size, size_decimals)?;
        let limit_e8 = self.decimal(limit, price_decimals)?;
        let tp_e8 = tp.map(|t| self.decimal(t, price_decimals)).transpose()?;
        let sl_e8 = sl.map(|t| self.decimal(t, price_decimals)).transpose()?;
        if size_e8 == 0 {
            return Err(Refused(INVALID_PARAMETER));
        }
        let rests = match (kind, order.text_or_none("timeInForce")?) {
            (Kind::Limit, Some("FOK")) => false,
            (Kind::Limit, None | Some("GTC")) => true,
            (_, None) => kind.is_trigger(),
            (Kind::Market, Some("GTC")) => false, // tolerated live (section 5)
            _ => return Err(Refused(INVALID_TIME_IN_FORCE)),
        };
        let args = sign::args_hash(&[
            Arg::Int(time),
            Arg::Int(nonce),
            Arg::Text(kind_text),
            Arg::Text(symbol_text),
            Arg::Bool(is_buy),
            Arg::Text(size),
            Arg::Text(limit),
            Arg::Bool(reduce_only),
        ]);
        self.check_signed(account, Purpose::Order, body, time, nonce, args, now)?;
        for (price, child, field) in [(tp, Kind::TakeProfit, "tpSignature"), (sl, Kind::StopLoss, "slSignature")] {
            let Some(price) = price else { continue };
            if kind != Kind::Limit {
                return Err(Refused(INVALID_PARAMETER));
            }
            // The parent's nonce by the documents, one or two more by a live client: both are taken (section 7).
            let good = (0..=2).filter_map(|more| nonce.checked_add(more)).any(|nonce| {
                let side = Arg::Bool(!is_buy);
                let (child, price) = (Arg::Text(child.word()), Arg::Text(price));
                let size = Arg::Text(size);
                let args = [Arg::Int(time), Arg::Int(nonce), child, Arg::Text(symbol_text), side, size, price, Arg::Bool(true)];
                let signature = order.text(field).unwrap_or_default();
                self.signer(account, sign::args_hash(&args), signature, now).is_some()
            });
            if !good {
                return Err(Refused(INVALID_SIGNATURE));
            }
        }
        let beyond = |price: Option<i64>, above: bool| price.is_none_or(|p| if above { p > limit_e8 } else { p < limit_e8 });
        if !beyond(tp_e8, is_buy) || !beyond(sl_e8, !is_buy) {
            return Err(Refused(INVALID_TP_SL_PRICE));
        }
        if self.halted(symbol) {
            return Err(Refused(MARKET_CLOSED));
        }
        Ok(Asked { symbol, kind, is_buy, size_e8, limit_e8, reduce_only, rests, nonce, args, tp_e8, sl_e8 })
    }

    fn take_order(&mut self, account: usize, asked: Asked, forced: Option<u32>, now: SimNow) -> usize {
        self.use_nonce(account, Purpose::Order, asked.nonce, asked.args);
        let id = self.new_id(asked.args);
        self.add_order(Order {
            id,
            account,
            symbol: asked.symbol,
            nonce: asked.nonce,
            kind: asked.kind,
            is_buy: asked.is_buy,
            size_e8: asked.size_e8,
            limit_e8: asked.limit_e8,
            reduce_only: asked.reduce_only,
            rests: asked.rests,
            leverage: self.leverage(account, asked.symbol),
            status: Status::New,
            code: None,
            fill: None,
            post_ms: self.clock_ms(now),
            mark_e8: self.mark_e8(asked.symbol, now),
            tp_e8: asked.tp_e8,
            sl_e8: asked.sl_e8,
            held: false,
            forced,
            promised_e8: None,
            share_bps: None,
            again_ms: None,
        })
    }

    /// Puts an order into the lists; it is neither announced nor decided by this.
    pub(super) fn add_order(&mut self, order: Order) -> usize {
        let index = self.orders.len();
        self.by_id.insert(order.id.clone(), index);
        self.accounts[order.account].orders.push(index);
        self.orders.push(order);
        index
    }

    /// Fixes the price a late fill will have: the one it would have had now.
    fn promise(&mut self, order: usize, now: SimNow) {
        let (symbol, is_buy, size) = (self.orders[order].symbol, self.orders[order].is_buy, self.orders[order].size_e8);
        self.orders[order].promised_e8 = self.quote(symbol, is_buy, size, now);
    }

    /// `POST /orders/cancel`.
    pub(super) fn cancel_order(&mut self, account: usize, body: &[u8], now: SimNow) -> Answer {
        let body = wire::body(body)?;
        let body = Fields::of(&body)?;
        let order = body.object("order")?;
        let (time, nonce, id) = (order.number("time")?, order.number("nonce")?, order.text("id")?);
        let args = sign::args_hash(&[Arg::Int(time), Arg::Int(nonce), Arg::Text(id)]);
        self.check_signed(account, Purpose::Cancel, body, time, nonce, args, now)?;
        let found = self.by_id.get(id).copied().filter(|&o| self.orders[o].account == account);
        let live = found.filter(|&o| self.orders[o].status == Status::New).ok_or(Refused(ORDER_NOT_FOUND))?;
        self.use_nonce(account, Purpose::Cancel, nonce, args);
        self.orders[live].status = Status::Cancelled;
        self.armed.retain(|&o| o != live);
        // After the order's own NEW, however fast the cancel was.
        let us = (self.cfg.latencies.ack_us.1 + self.cfg.latencies.new_us).max(0) as u64 + 1;
        self.at(now, us, Job::Report(live, Status::Cancelled));
        Ok(json!({ "id": id }))
    }

    /// `POST /lp`.
    pub(super) fn post_pool(&mut self, account: usize, body: &[u8], now: SimNow) -> Answer {
        let body = wire::body(body)?;
        let body = Fields::of(&body)?;
        let order = body.object("order")?;
        let (time, nonce) = (order.number("time")?, order.number("nonce")?);
        let (kind, size) = (order.text("orderType")?, order.text("size")?);
        if !matches!(kind, "DEPOSIT" | "IMMEDIATE_WITHDRAW" | "SCHEDULE_WITHDRAW") {
            return Err(Refused(INVALID_ORDER_TYPE));
        }
        let (size_e8, decimals) = num::parse(size).ok_or(Refused(INVALID_PARAMETER))?;
        if decimals > 6 {
            return Err(Refused(BAD_DECIMALS));
        }
        let args = sign::args_hash(&[Arg::Int(time), Arg::Int(nonce), Arg::Text(kind), Arg::Text(size)]);
        let signer = self.check_signed(account, Purpose::Pool, body, time, nonce, args, now)?;
        Ok(self.take_movement(account, Purpose::Pool, kind, size, i128::from(size_e8 / 100), 0, nonce, args, signer, body, now))
    }

    /// `POST /transfer/withdraw`.
    pub(super) fn post_withdraw(&mut self, account: usize, body: &[u8], now: SimNow) -> Answer {
        let body = wire::body(body)?;
        let body = Fields::of(&body)?;
        let order = body.object("order")?;
        let (time, nonce) = (order.number("time")?, order.number("nonce")?);
        let recipient = evm::address(order.text("recipient")?).ok_or(Refused(INVALID_PARAMETER))?;
        let (size, chain_id) = (order.number("size")?, order.number("chainId")?);
        body.flag("execute")?;
        if order.text("token")? != "USDC" {
            return Err(Refused(INVALID_PARAMETER));
        }
        let args = sign::args_hash(&[
            Arg::Int(time),
            Arg::Int(nonce),
            Arg::Bool(false),
            Arg::Address(self.accounts[account].address),
            Arg::Address(recipient),
            Arg::Address(self.cfg.usdc_token),
            Arg::Int(size),
            Arg::Int(chain_id),
        ]);
        let signer = self.check_signed(account, Purpose::Withdraw, body, time, nonce, args, now)?;
        let text = num::usdc(i128::from(size));
        let purpose = Purpose::Withdraw;
        Ok(self.take_movement(account, purpose, "WITHDRAW", &text, i128::from(size), chain_id, nonce, args, signer, body, now))
    }

    fn take_movement(
        &mut self,
        account: usize,
        purpose: Purpose,
        kind: &str,
        size: &str,
        size_e6: i128,
        chain_id: u64,
        nonce: u64,
        args_hash: B256,
        signer: Address,
        body: Fields<'_>,
        now: SimNow,
    ) -> serde_json::Value {
        self.use_nonce(account, purpose, nonce, args_hash);
        let id = self.new_id(args_hash);
        let answer = json!({ "id": id });
        self.movements.push(Movement {
            id,
            account,
            purpose,
            nonce,
            kind: kind.to_owned(),
            size_text: size.to_owned(),
            size_e6,
            chain_id,
            signer,
            signature: body.text("signature").unwrap_or_default().to_owned(),
            args_hash,
            status: Status::New,
            code: None,
            post_ms: self.clock_ms(now),
        });
        let us = self.cfg.latencies.fill_us.1.max(0) as u64;
        self.at(now, us, Job::Move(self.movements.len() - 1));
        answer
    }

    /// Checks shared by all signed requests, from `recvWindow` to the signature (section 16.3); gives the signer.
    fn check_signed(
        &mut self,
        account: usize,
        purpose: Purpose,
        body: Fields<'_>,
        time: u64,
        nonce: u64,
        args: B256,
        now: SimNow,
    ) -> Result<Address, Refused> {
        let window = body.number_or("recvWindow", RECV_WINDOW_MS)?;
        let signature = body.text("signature")?;
        if window == 0 || window > self.cfg.recv_window_max_ms {
            return Err(Refused(BAD_RECV_WINDOW));
        }
        let (clock, time) = (i128::from(self.clock_ms(now)), i128::from(time));
        if clock > time + i128::from(window) || time > clock + i128::from(self.cfg.clock_ahead_max_ms) {
            return Err(Refused(ORDER_EXPIRED));
        }
        let known = &self.accounts[account];
        match known.nonces.get(&(purpose, nonce)) {
            Some(same) if *same == args => return Err(Refused(DUPLICATE)),
            Some(_) => return Err(Refused(INVALID_NONCE)),
            None if self.cfg.switches.nonce_increases && known.last_nonce > 0 && nonce <= known.last_nonce => {
                return Err(Refused(INVALID_NONCE));
            }
            None => {}
        }
        self.signer(account, args, signature, now).ok_or(Refused(INVALID_SIGNATURE))
    }

    /// Who signed, if this account lets them.
    fn signer(&self, account: usize, args: B256, signature: &str, now: SimNow) -> Option<Address> {
        let signer = evm::recover_text(sign::personal_digest(args), signature)?;
        let account = &self.accounts[account];
        let clock = self.clock_ms(now);
        let approved = account.signers.get(&signer).is_some_and(|&until| i128::from(until) >= i128::from(clock));
        (approved || (self.cfg.switches.primary_may_sign && signer == account.address)).then_some(signer)
    }

    fn use_nonce(&mut self, account: usize, purpose: Purpose, nonce: u64, args: B256) {
        let account = &mut self.accounts[account];
        account.nonces.insert((purpose, nonce), args);
        account.last_nonce = account.last_nonce.max(nonce);
    }

    /// A decimal of at most this many decimals (exactly so many with `exact_decimals`).
    fn decimal(&self, text: &str, decimals: u32) -> Result<i64, Refused> {
        let (value, given) = num::parse(text).ok_or(Refused(INVALID_PARAMETER))?;
        let wrong = given > decimals || (self.cfg.switches.exact_decimals && given != decimals);
        if wrong { Err(Refused(BAD_DECIMALS)) } else { Ok(value) }
    }

    /// An id nobody can guess the meaning of (section 18: opaque).
    pub(super) fn new_id(&mut self, args: B256) -> String {
        self.ids += 1;
        let mut seen = [0u8; 48];
        seen[..32].copy_from_slice(args.as_slice());
        seen[32..40].copy_from_slice(&self.ids.to_be_bytes());
        seen[40..].copy_from_slice(&self.cfg.seed.to_be_bytes());
        keccak256(seen).to_string()
    }
}
