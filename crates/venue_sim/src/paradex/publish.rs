//! Private events: to whom, in which form, when, and what faults make of them (sections 7.1, 8.2).

use super::channel::Channel;
use super::public_json::notification;
use super::state::*;
use super::{ParadexSim, sbe, view};
use crate::exchange::Side;
use crate::{Message, SimAction};

/// Something to tell an account.
#[derive(Clone, Copy, Debug)]
pub(super) enum Private {
    Order(u32),
    Fill(usize),
    Position(usize),
    Account,
    Balance { fill: usize, before: i64, after: i64 },
    Payment(usize),
}

impl ParadexSim {
    pub(super) fn emit_order(&mut self, key: u32, out: &mut Vec<SimAction>) {
        let account = self.orders[key as usize].account;
        self.emit(account, Private::Order(key), key, out);
        if !self.switches.repeat_request_info {
            self.orders[key as usize].request = None;
        }
    }

    /// Position and account after what `key` did.
    pub(super) fn emit_holdings(&mut self, account: usize, m: usize, key: u32, out: &mut Vec<SimAction>) {
        self.emit(account, Private::Position(m), key, out);
        self.emit(account, Private::Account, key, out);
    }

    /// Tells every session of the account that subscribed to it. `order` is whose doing it is.
    pub(super) fn emit(&mut self, account: usize, what: Private, order: u32, out: &mut Vec<SimAction>) {
        if self.faults.get("silent_private").is_some() || self.down {
            return;
        }
        let market = self.market_of(account, what, order);
        let concerns = |channel: Channel| match (what, channel) {
            (Private::Order(_), Channel::Orders(s))
            | (Private::Fill(_), Channel::Fills(s))
            | (Private::Payment(_), Channel::FundingPayments(s)) => s.has(market),
            (Private::Position(_), Channel::Positions)
            | (Private::Account, Channel::Account)
            | (Private::Balance { .. }, Channel::BalanceEvents) => true,
            _ => false,
        };
        let mut targets = Vec::new();
        for (conn, c) in self.conns.iter().filter(|(_, c)| c.account == Some(account)) {
            for s in c.subscriptions.iter().filter(|s| concerns(s.channel)) {
                let sbe = c.sbe.filter(|_| self.is_binary(what));
                targets.push((*conn, sbe, if sbe.is_some() { String::new() } else { s.name.clone() }));
                if sbe.is_some() {
                    break;
                }
            }
        }
        if targets.is_empty() {
            return;
        }
        self.stream_seq += 1;
        let copies = if self.faults.get("duplicate_events").is_some() { 2 } else { 1 };
        let early = self.faults.get("event_before_answer").is_some();
        let delay = if early { self.config.answer_us } else { self.config.event_us };
        for (conn, sbe, channel) in targets {
            let message = match sbe {
                Some(version) => Message::Binary(self.encode(account, what, version)),
                None => notification(&channel, &self.private_json(account, what, self.stream_seq)),
            };
            for _ in 0..copies {
                if self.orders.get(order as usize).is_some_and(|o| o.held) {
                    self.held.push(Held::Send(conn, message.clone()));
                } else {
                    self.send(conn, delay, message.clone(), out);
                }
            }
        }
    }

    fn market_of(&self, account: usize, what: Private, order: u32) -> usize {
        match what {
            Private::Position(m) => m,
            Private::Payment(i) => self.accounts[account].payments[i].market,
            Private::Fill(i) | Private::Balance { fill: i, .. } => self.accounts[account].fills[i].market,
            Private::Order(key) => self.orders[key as usize].market,
            Private::Account => self.orders.get(order as usize).map_or(0, |o| o.market),
        }
    }

    /// Which payloads an SBE session gets in binary.
    fn is_binary(&self, what: Private) -> bool {
        match self.switches.private_payload.as_str() {
            "json" => false,
            "mixed" => matches!(what, Private::Fill(_) | Private::Position(_)),
            _ => !matches!(what, Private::Balance { .. } | Private::Payment(_)),
        }
    }

    /// The JSON form, for notifications.
    fn private_json(&self, account: usize, what: Private, seq: i64) -> serde_json::Value {
        match what {
            Private::Order(key) => self.order_json(key, seq),
            Private::Fill(i) => self.fill_json(account, i),
            Private::Position(m) => self.position_json(account, m, seq),
            Private::Account => self.account_json(account, seq),
            Private::Balance { fill, before, after } => self.balance_event_json(account, fill, before, after),
            Private::Payment(i) => self.payment_json(account, i),
        }
    }

    fn encode(&self, account: usize, what: Private, version: u8) -> Vec<u8> {
        let (ts, seq) = (self.clock(), self.stream_seq);
        let address = self.accounts[account].address.to_bytes_be();
        match what {
            Private::Order(key) => self.encode_order(key, version, address),
            Private::Fill(i) => {
                let f = &self.accounts[account].fills[i];
                let (order, client) = self.order_of(f);
                let (id, trade) = (f.id.to_string(), f.trade_id.to_string());
                sbe::Fill {
                    ts,
                    seq,
                    codes: [f.kind as u8, view::side_code(f.side), if f.taker { 2 } else { 1 }],
                    numbers: [f.price, f.size, f.fee, f.pnl, f.created],
                    account: address,
                    more: [f.underlying, f.funding],
                    flags: 0,
                    book_seq: f.book_seq,
                    texts: [&id, &order, client, &trade, &self.markets[f.market].spec.symbol],
                    fee_currency: "USDC",
                }
                .encode(version)
            }
            Private::Position(m) => {
                let h = &self.accounts[account].holdings[m];
                let p = &h.position;
                let pending = p.pending_funding(self.markets[m].funding_index);
                let open = p.size != 0;
                let side = if p.size < 0 { 2 } else { 1 };
                let last = h.last_fill.to_string();
                sbe::Position {
                    ts,
                    seq,
                    side,
                    numbers: [
                        p.size.saturating_abs(),
                        p.average_entry(),
                        p.unrealized(self.mark_price(m)).saturating_add(pending),
                        p.realized,
                        sbe::NULL,
                        sbe::NULL,
                        sbe::NULL,
                        h.updated,
                    ],
                    account: address,
                    more: [p.average_entry(), p.cost, p.cost, p.funding_index, pending],
                    status: if open { 1 } else { 2 },
                    texts: [&self.markets[m].spec.symbol, &last],
                }
                .encode(version)
            }
            Private::Account => {
                let s = self.margin(account);
                let cash = self.accounts[account].cash;
                let n = [cash, s.free, s.initial, s.maintenance, s.value, sbe::NULL, ts];
                sbe::account(version, ts, seq, &n, address, s.cushion, self.account_status(account).1)
            }
            // Always JSON, see `is_binary`.
            Private::Balance { .. } | Private::Payment(_) => Vec::new(),
        }
    }

    fn encode_order(&self, key: u32, version: u8, account: [u8; 32]) -> Vec<u8> {
        let o = &self.orders[key as usize];
        let id = o.id.to_string();
        let average = if o.filled_value == 0 { sbe::NULL } else { o.average_fill() };
        let price = if o.kind.is_market() { sbe::NULL } else { o.price };
        let trigger = if o.trigger == 0 { sbe::NULL } else { o.trigger };
        let request = o.request.as_ref();
        let kind = Kind::ALL.iter().position(|(_, k)| *k == o.kind).unwrap_or(0) as u8 + 1;
        sbe::Order {
            ts: self.clock(),
            seq: self.stream_seq,
            codes: [o.status.code(), if o.side == Side::Buy { 1 } else { 2 }, kind, o.instruction],
            numbers: [price, trigger, o.size, o.remaining, average, o.created, o.updated],
            account,
            times: [o.created, self.clock()],
            stp: o.stp,
            flags: o.flags,
            request: request.map_or([0, 0], |r| [if r.accepted { 4 } else { 3 }, 1]),
            texts: [&id, &o.client_id, &self.markets[o.market].spec.symbol, &o.cancel_reason],
            request_texts: request.map_or(["", ""], |r| [&r.id, &r.message]),
        }
        .encode(version)
    }
}
