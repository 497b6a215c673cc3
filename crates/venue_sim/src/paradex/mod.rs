//! The simulated Paradex: REST, JSON-RPC and SBE, matching, ledger and named faults, from `paradex.md` alone.
//!
//! Owns the venue's whole state and its reading of the documents. Owns no clock and no socket: a shell drives it
//! through [`VenueSim`]. Everything a client did is processed at once; what the venue says about it is delayed by
//! `after_us`, and nothing on one connection overtakes anything else.
//!
//! `requests -> rest, socket -> entry (reads and checks orders) -> manage -> matching -> publish (private events), feed
//! (public events)`; [`config`] holds one switch per point the documents leave open.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use starknet_types_core::felt::Felt;

use crate::{HttpRequest, Message, SimAction, SimNow, VenueSim};

mod account;
mod booking;
pub mod channel;
pub mod config;
pub mod crypto;
mod entry;
mod faults;
mod feed;
mod feed_periodic;
mod forced;
mod harness;
mod limits;
mod makers;
mod manage;
mod matching;
mod public_json;
mod publish;
mod rest;
mod rest_private;
pub mod sbe;
mod socket;
mod socket_orders;
mod state;
mod token;
mod view;

pub use config::{KnownAccount, MarketSpec, ParadexSimConfig, ParadexSwitches};
use faults::Faults;
use limits::Limits;
use state::*;

/// A refused request: HTTP status, code of section 4.5, sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Refusal {
    status: u16,
    code: String,
    message: String,
}

impl Refusal {
    fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into() }
    }
    fn bad(code: &str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }
}

/// A request without an answer is dropped after this long (section 4.1: the server's own timeout).
const HANG_US: u64 = 30_000_000;
/// Heartbeat after this much silence on an SBE session, section 6.1.
const HEARTBEAT_US: i64 = 20_000_000;

/// The venue.
pub struct ParadexSim {
    config: ParadexSimConfig,
    switches: ParadexSwitches,
    chain: crypto::Chain,
    markets: Vec<MarketState>,
    by_symbol: HashMap<String, usize>,
    accounts: Vec<Account>,
    by_address: HashMap<Felt, usize>,
    orders: Vec<Order>,
    by_id: HashMap<u128, u32>,
    tokens: HashMap<String, (usize, i64)>,
    conns: BTreeMap<u64, Conn>,
    limits: Limits,
    faults: Faults,
    later: BTreeMap<(i64, u64), Later>,
    held: Vec<Held>,
    release_held: bool,
    drop_sockets: bool,
    down: bool,
    acks_until_down: Option<u64>,
    /// Counts ids, trades and scheduled work.
    serial: u64,
    /// Counts private messages.
    stream_seq: i64,
    now: SimNow,
}

impl ParadexSim {
    /// A venue that has just been started.
    ///
    /// # Panics
    /// If the configuration's hashes, chain id or known accounts are not what they should be.
    pub fn new(config: ParadexSimConfig) -> Self {
        let chain = crypto::Chain::new(&config.chain_id, &config.proxy_hash, &config.account_hash)
            .expect("chain id and class hashes of the configuration are felts");
        let mut sim = Self {
            switches: config.switches.clone(),
            chain,
            markets: Vec::new(),
            by_symbol: HashMap::new(),
            accounts: Vec::new(),
            by_address: HashMap::new(),
            orders: Vec::new(),
            by_id: HashMap::new(),
            tokens: HashMap::new(),
            conns: BTreeMap::new(),
            limits: Limits::default(),
            faults: Faults::default(),
            later: BTreeMap::new(),
            held: Vec::new(),
            release_held: false,
            drop_sockets: false,
            down: false,
            acks_until_down: None,
            serial: 0,
            stream_seq: 0,
            now: SimNow(0),
            config,
        };
        sim.list_markets();
        for known in sim.config.accounts.clone() {
            let key = crypto::felt(&known.public_key).expect("public keys of known accounts are felts");
            let address = known.address.as_deref().map(|a| crypto::felt(a).expect("addresses of known accounts are felts"));
            let account = sim.add_account(key, address).expect("public keys of known accounts are on the curve");
            for subkey in &known.subkeys {
                let key = crypto::felt(subkey).and_then(crypto::PublicKey::new);
                sim.accounts[account].keys.push(key.expect("subkeys of known accounts are on the curve"));
            }
        }
        sim
    }

    /// The address that belongs to a public key at this venue, both in hexadecimal. `None` if the key is not a felt.
    pub fn address_of(&self, public_key: &str) -> Option<String> {
        crypto::felt(public_key).map(|k| self.chain.account_address(&k).to_hex_string())
    }

    /// What all accounts together hold, by symbol: base at 1e-8, short negative. For invariants of a harness.
    pub fn net_positions_e8(&self) -> Vec<(&str, i64)> {
        let net = |i: usize| self.accounts.iter().filter_map(|a| a.holdings.get(i)).map(|h| h.position.size).sum();
        self.markets.iter().enumerate().map(|(i, m)| (m.spec.symbol.as_str(), net(i))).collect()
    }

    /// Cash of all accounts together, USDC at 1e-8. For invariants of a harness.
    pub fn total_cash_e8(&self) -> i128 {
        self.accounts.iter().map(|a| i128::from(a.cash)).sum()
    }

    /// The venue's clock, microseconds.
    fn clock(&self) -> i64 {
        let offset_ms = self.faults.get("clock_offset").map_or(0, |f| f.ms.clamp(-86_400_000_000, 86_400_000_000));
        self.now.0.saturating_add(offset_ms.saturating_mul(1_000))
    }

    fn clock_ms(&self) -> i64 {
        self.clock().div_euclid(1_000)
    }

    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// An id of 28 digits: 13 of the time in ms, 15 that only rise.
    fn next_id(&mut self) -> u128 {
        let serial = u128::from(self.next_serial());
        let ms = u128::try_from(self.clock_ms().clamp(1_000_000_000_000, 9_999_999_999_999)).unwrap_or(0);
        ms * 1_000_000_000_000_000 + 201_700_000_000_000 + serial * 10_000
    }

    fn schedule(&mut self, after_us: i64, what: Later) {
        let serial = self.next_serial();
        self.later.insert((self.now.0.saturating_add(after_us.max(0)), serial), what);
    }

    fn latency_us(&self) -> u64 {
        self.faults.get("latency").map_or(0, |f| f.ms.unsigned_abs().saturating_mul(1_000))
    }

    /// Sends on a connection, `delay_us` from now and never before what was sent earlier.
    fn send(&mut self, conn: u64, delay_us: u64, message: Message, out: &mut Vec<SimAction>) {
        let after = delay_us.saturating_add(self.latency_us());
        let now = self.now.0;
        let silent = self.faults.get("silence").is_some();
        if let Some(c) = self.conns.get_mut(&conn) {
            c.due = c.due.max(now.saturating_add_unsigned(after));
            if silent {
                return;
            }
            c.sent += 1;
            out.push(SimAction::Send { conn, after_us: c.due.abs_diff(now), message });
        }
    }

    fn reply(&mut self, request: u64, delay_us: u64, status: u16, body: Vec<u8>, out: &mut Vec<SimAction>) {
        if self.faults.get("silence").is_some() {
            out.push(SimAction::Hang { request, after_us: HANG_US });
            return;
        }
        let after_us = delay_us.saturating_add(self.latency_us());
        let headers = self.limits.headers(self.clock_ms());
        out.push(SimAction::Reply { request, after_us, status, headers, body });
    }

    /// Closes every socket; `after_us` lets what is under way arrive first.
    fn close_all(&mut self, after_us: u64, out: &mut Vec<SimAction>) {
        let conns: Vec<u64> = self.conns.keys().copied().collect();
        for conn in conns {
            out.push(SimAction::Close { conn, after_us, code: 0 });
            self.forget(conn, true);
        }
    }

    /// Forgets a connection and, if it asked for it, schedules the end of its orders.
    fn forget(&mut self, conn: u64, by_venue: bool) {
        let Some(c) = self.conns.remove(&conn) else { return };
        if !c.cancel_on_disconnect || (by_venue && !self.switches.cancel_on_own_close) {
            return;
        }
        let Some(account) = c.account else { return };
        let rest_too = self.switches.cancel_rest_orders_too;
        let mine = |o: &Order| o.conn == Some(conn) || (rest_too && o.conn.is_none());
        let keys = self.accounts[account].open.iter().copied().filter(|k| mine(&self.orders[*k as usize])).collect();
        self.schedule(self.switches.cancel_on_disconnect_ms.saturating_mul(1_000), Later::Cancel(keys));
    }

    /// Counts an order's acknowledgement; the venue is gone after the one a `down` fault waits for.
    fn count_ack(&mut self, out: &mut Vec<SimAction>) {
        let Some(left) = self.acks_until_down else { return };
        if left > 1 {
            self.acks_until_down = Some(left - 1);
            return;
        }
        self.acks_until_down = None;
        self.down = true;
        self.close_all(self.config.answer_us.saturating_add(self.latency_us()), out);
    }

    fn watched(&self, m: usize) -> bool {
        let market = &self.markets[m];
        let follows = |s: &Subscription| s.channel.moves().is_some_and(|scope| scope.has(m));
        market.ladder.has_orders()
            || !market.waiting.is_empty()
            || self.conns.values().any(|c| c.subscriptions.iter().any(follows))
    }

    /// Heartbeats and idle sockets that are due.
    fn tend_sockets(&mut self, out: &mut Vec<SimAction>) {
        let conns: Vec<u64> = self.conns.keys().copied().collect();
        for conn in conns {
            let Some(c) = self.conns.get(&conn) else { continue };
            if self.idle_close_at(c).is_some_and(|at| at <= self.now.0) {
                out.push(SimAction::Close { conn, after_us: c.due.saturating_sub(self.now.0).max(0).unsigned_abs(), code: 4031 });
                self.forget(conn, true);
            } else if let Some(version) = c.sbe
                && c.due.saturating_add(HEARTBEAT_US) <= self.now.0
            {
                let beat = sbe::heartbeat(version, self.clock(), c.sent as i64);
                self.send(conn, 0, Message::Binary(beat), out);
            }
        }
    }

    fn idle_close_at(&self, c: &Conn) -> Option<i64> {
        let grace = self.switches.idle_close_ms;
        (grace > 0 && c.subscriptions.is_empty()).then(|| c.idle_since.saturating_add(grace.saturating_mul(1_000)))
    }

    fn advance(&mut self, now: SimNow) {
        self.now = self.now.max(now);
    }
}

impl VenueSim for ParadexSim {
    fn name(&self) -> &'static str {
        "paradex"
    }

    fn on_connect(&mut self, conn: u64, target: &str, _headers: &[(String, String)], now: SimNow, out: &mut Vec<SimAction>) {
        self.advance(now);
        match self.upgrade(target) {
            Ok(sbe) => {
                let fresh = Conn {
                    sbe,
                    account: None,
                    token_until_ms: 0,
                    cancel_on_disconnect: false,
                    subscriptions: Vec::new(),
                    due: self.now.0,
                    idle_since: self.now.0,
                    sent: 0,
                };
                self.conns.insert(conn, fresh);
                out.push(SimAction::Accept { conn });
            }
            Err(status) => out.push(SimAction::RefuseUpgrade { conn, status }),
        }
    }

    fn on_message(&mut self, conn: u64, message: &Message, now: SimNow, out: &mut Vec<SimAction>) {
        self.advance(now);
        if self.conns.contains_key(&conn) {
            self.on_socket_message(conn, message, out);
        }
    }

    fn on_disconnect(&mut self, conn: u64, now: SimNow, _out: &mut Vec<SimAction>) {
        self.advance(now);
        self.forget(conn, false);
    }

    fn on_request(&mut self, request: u64, http: HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        self.advance(now);
        self.on_http(request, http, out);
    }

    fn next_wake(&self) -> Option<SimNow> {
        if self.release_held || self.drop_sockets {
            return Some(self.now);
        }
        let later = self.later.keys().next().map(|(at, _)| *at);
        let markets = (0..self.markets.len()).filter(|m| self.watched(*m)).map(|m| self.next_refresh(m));
        let sockets = self
            .conns
            .values()
            .flat_map(|c| [c.sbe.map(|_| c.due.saturating_add(HEARTBEAT_US)), self.idle_close_at(c)].into_iter().flatten());
        later.into_iter().chain(markets).chain(sockets).min().map(SimNow)
    }

    fn on_wake(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        self.advance(now);
        if std::mem::take(&mut self.drop_sockets) {
            self.close_all(0, out);
        }
        if std::mem::take(&mut self.release_held) {
            for held in std::mem::take(&mut self.held) {
                match held {
                    Held::Answer(request, status, body) => self.reply(request, 0, status, body, out),
                    Held::Send(conn, message) => self.send(conn, 0, message, out),
                }
            }
            self.orders.iter_mut().for_each(|o| o.held = false);
        }
        while let Some(entry) = self.later.first_entry() {
            if entry.key().0 > self.now.0 {
                break;
            }
            match entry.remove() {
                Later::Execute(execution) => self.execute(execution, out),
                Later::Cancel(keys) => keys.into_iter().for_each(|k| self.cancel(k, "USER_CANCELED", out)),
                Later::Tell(account, what, order) => self.emit(account, what, order, out),
                Later::Take { kind, market, share_bps, after_ms: 0 } => self.take_positions(kind, market, share_bps, out),
                Later::Take { kind, market, share_bps, after_ms } => {
                    let now = Later::Take { kind, market, share_bps, after_ms: 0 };
                    self.schedule(after_ms.saturating_mul(1_000), now);
                }
                Later::Recover(account) => {
                    self.accounts[account].in_liquidation = false;
                    self.emit(account, publish::Private::Account, NO_ORDER, out);
                }
                Later::Listing(m, word) => self.publish_listing(m, word, out),
                Later::Delist { m, settle, after_ms: Some(ms) } => self.announce_end(m, settle, ms, out),
                Later::Delist { m, settle, after_ms: None } => self.end_market(m, settle, out),
            }
        }
        for m in 0..self.markets.len() {
            if self.watched(m) {
                self.refresh(m, out);
            }
        }
        self.tend_sockets(out);
    }

    fn set_fault(&mut self, name: &str, parameters: &Value) -> Result<(), String> {
        if name == "switch" {
            let named = parameters.get("name").and_then(Value::as_str).ok_or("fault switch needs name and value")?;
            return self.switches.set(named, parameters.get("value").unwrap_or(&Value::Null));
        }
        let fault = self.faults.set(name, parameters)?.clone();
        if let Err(why) = self.begin_own_accord(name, &fault) {
            self.faults.clear(name);
            return Err(why);
        }
        match (name, fault.after_acks) {
            ("down", 0) => {
                self.down = true;
                self.drop_sockets = true;
            }
            ("down", n) => self.acks_until_down = Some(n),
            ("drop_sockets", _) => {
                self.drop_sockets = true;
                self.faults.clear(name);
            }
            // These happen once and are over.
            ("liquidate" | "deleverage", _) => drop(self.faults.clear(name)),
            _ => {}
        }
        Ok(())
    }

    fn clear_fault(&mut self, name: &str) {
        match name {
            "switch" => self.switches = self.config.switches.clone(),
            "down" => {
                self.down = false;
                self.acks_until_down = None;
            }
            "hold_order_answer" => self.release_held = true,
            "delist" => self.restore_markets("CREATED"),
            "change_spec" => self.restore_markets("UPDATED"),
            _ => {}
        }
        self.faults.clear(name);
    }
}
