//! A simulated Vest (v2 API, and the public side of v3), written from `venues/vest.md` alone; section numbers refer to that
//! document.
//!
//! Owns accounts, orders, quotes and streams of one venue. Does not know sockets, clocks or any client's code. The
//! shells of this crate drive it through [`VenueSim`]. Time passed in is the shell's; the venue's own clock is that
//! plus the fault `clock_offset`, and stamps and checks of the venue are in its clock;
//! prices and their history are in the market's, which both venues share.

mod account;
mod answer;
mod book;
mod config;
mod faults;
mod harness;
mod ledger;
mod matching;
mod num;
mod orders;
mod public;
mod rest;
mod sign;
mod state;
mod stream;
mod upheaval;
mod v3;
mod wire;

pub use config::{DEVELOPMENT_CONTRACT, Frames, Latencies, PRODUCTION_CONTRACT, Switches, SymbolSpec, VestSimConfig};

use crate::due::Due;
use crate::{HttpRequest, Message, SimAction, SimNow, VenueSim};
use alloy_primitives::{Address, B256};
use answer::{BAD_SYMBOL, Refused};
use book::Book;
use faults::{Fault, Faults};
use serde_json::Value;
use state::{Account, Movement, Order, Status};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use stream::Conn;

/// Something the venue does later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    /// Says NEW of an order.
    Announce(usize),
    /// Fills, rejects or arms an order.
    Decide(usize),
    /// Says a status of an order.
    Report(usize, Status),
    /// Decides a pool order or a withdrawal.
    Move(usize),
    /// The fault `down` with `after_acks` strikes.
    GoDown,
    /// Takes a share (basis points) of every position in a symbol, by an order of the venue's own.
    Liquidate(usize, i64),
    /// The same without an order or a word.
    Deleverage(usize, i64),
    /// Takes a symbol off the list; true settles its positions.
    Delist(usize, bool),
    /// Drops the sockets of a generation.
    DropGeneration(Generation),
}

/// Which API a connection speaks (sections 2 and 15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Generation {
    #[default]
    V2,
    V3,
}

/// Funding of a symbol: what had accrued when the rate last changed, and the rate since.
#[derive(Clone, Copy, Debug)]
struct Funding {
    base_e12: i128,
    since_ms: i64,
    rate_e8: i64,
}

/// A trade as the public sees it.
#[derive(Clone, Copy, Debug)]
struct Print {
    symbol: usize,
    size_e8: i64,
    price_e8: i64,
    time_ms: i64,
    is_buy: bool,
}

/// How many public trades are remembered.
const PRINTS: usize = 1_000;

/// A simulated Vest.
#[derive(Debug)]
pub struct VestSim {
    cfg: VestSimConfig,
    separator: B256,
    symbols: HashMap<String, usize>,
    books: Vec<Book>,
    funding: Vec<Funding>,
    /// Taker fee by symbol, a fraction at 1e-8.
    fees_e8: Vec<i64>,
    /// By symbol: no longer listed.
    delisted: Vec<bool>,
    /// Account and symbol whose leverage the venue has forgotten.
    leverage_lost: BTreeSet<(usize, usize)>,
    /// Cash that moved without an order: deleveraging and settlement, USDC at 1e-6.
    unordered_e6: i128,
    /// Which issue of each book the public stream has carried.
    published: Vec<u64>,
    accounts: Vec<Account>,
    by_key: HashMap<String, usize>,
    by_address: HashMap<Address, usize>,
    orders: Vec<Order>,
    by_id: HashMap<String, usize>,
    /// Orders that wait for the index.
    armed: Vec<usize>,
    movements: Vec<Movement>,
    prints: VecDeque<Print>,
    conns: BTreeMap<u64, Conn>,
    jobs: Due<Job>,
    /// Counts ids and keys handed out.
    ids: u64,
    /// Counts random draws.
    draws: u64,
    faults: Faults,
    held_answers: Vec<(u64, Value)>,
    held_events: Vec<(usize, &'static str, Value)>,
    /// Held answers and events go out at the next wake.
    release: bool,
    /// All sockets are dropped at the next wake.
    drop_sockets: bool,
    down: bool,
    /// Orders acknowledged since `down` was set.
    acks: u32,
    /// When tickers and klines are sent next, microseconds of the shell.
    next_tick_us: i64,
    last_now: SimNow,
}

impl VestSim {
    /// An open venue without accounts: whoever registers correctly gets one, funded.
    pub fn new(cfg: VestSimConfig) -> Self {
        let symbols = cfg.symbols.iter().enumerate().map(|(i, s)| (s.symbol.clone(), i)).collect();
        Self {
            separator: sign::domain_separator(cfg.verifying_contract),
            symbols,
            books: vec![Book::default(); cfg.symbols.len()],
            funding: vec![Funding { base_e12: 0, since_ms: 0, rate_e8: cfg.funding_rate_e8 }; cfg.symbols.len()],
            fees_e8: vec![cfg.taker_fee_e8; cfg.symbols.len()],
            delisted: vec![false; cfg.symbols.len()],
            leverage_lost: BTreeSet::new(),
            unordered_e6: 0,
            published: vec![0; cfg.symbols.len()],
            cfg,
            accounts: Vec::new(),
            by_key: HashMap::new(),
            by_address: HashMap::new(),
            orders: Vec::new(),
            by_id: HashMap::new(),
            armed: Vec::new(),
            movements: Vec::new(),
            prints: VecDeque::new(),
            conns: BTreeMap::new(),
            jobs: Due::default(),
            ids: 0,
            draws: 0,
            faults: Faults::default(),
            held_answers: Vec::new(),
            held_events: Vec::new(),
            release: false,
            drop_sockets: false,
            down: false,
            acks: 0,
            next_tick_us: 0,
            last_now: SimNow::default(),
        }
    }

    /// What all accounts together hold, by symbol: base at 1e-8, short negative. For invariants of a harness.
    pub fn net_positions_e8(&self) -> Vec<(&str, i64)> {
        let net = |i: usize| self.accounts.iter().map(|a| a.ledger.size_e8(i)).sum();
        self.cfg.symbols.iter().enumerate().map(|(i, s)| (s.symbol.as_str(), net(i))).collect()
    }

    /// Cash of all accounts together, USDC at 1e-6. For invariants of a harness.
    pub fn total_cash_e6(&self) -> i128 {
        self.accounts.iter().map(|a| a.ledger.cash_e6).sum()
    }

    /// Cash of all accounts that moved without an order: deleveraging and settlement, USDC at 1e-6. For invariants of a harness.
    pub fn unordered_cash_e6(&self) -> i128 {
        self.unordered_e6
    }

    /// The venue's clock, ms.
    fn clock_ms(&self, now: SimNow) -> i64 {
        now.ms().saturating_add(self.faults.on("clock_offset").map_or(0, |f| f.ms))
    }

    fn symbol(&self, name: &str) -> Result<usize, Refused> {
        self.symbols.get(name).copied().filter(|&s| !self.delisted[s]).ok_or(Refused(BAD_SYMBOL))
    }

    fn halted(&self, symbol: usize) -> bool {
        self.faults.on_symbol("halt", &self.cfg.symbols[symbol].symbol).is_some()
    }

    fn refresh(&mut self, symbol: usize, now: SimNow) {
        let share_bps = self.faults.on("thin_book").map_or(10_000, |f| f.share_bps);
        self.books[symbol].refresh(&self.cfg.symbols[symbol], &self.cfg.market, share_bps, now);
    }

    fn index_e8(&self, symbol: usize, now: SimNow) -> i64 {
        self.cfg.market.index(&self.cfg.symbols[symbol].base, now)
    }

    /// Index plus the engine's premium (section 13).
    fn mark_e8(&self, symbol: usize, now: SimNow) -> i64 {
        self.cfg.market.mid(&self.cfg.symbols[symbol].base, "vest", now)
    }

    /// Running total of funding, USDC per base at 1e-12: a rate on a constant price, so that any span can be checked with a
    /// pencil. It accrues all the time and moves cash when a fill settles it (section 13).
    fn cum_funding_e12(&self, symbol: usize, now: SimNow) -> i128 {
        let Funding { base_e12, since_ms, rate_e8 } = self.funding[symbol];
        let per_hour_e16 = i128::from(rate_e8) * i128::from(self.index_e8(symbol, SimNow(0)));
        base_e12 + per_hour_e16 / 10_000 * i128::from(now.ms() - since_ms) / 3_600_000
    }

    fn default_leverage(&self, symbol: usize) -> u32 {
        self.cfg.default_leverage.clamp(1, self.max_leverage(symbol))
    }

    fn max_leverage(&self, symbol: usize) -> u32 {
        (10_000 / self.cfg.symbols[symbol].init_margin_bps.clamp(1, 10_000)) as u32
    }

    fn leverage(&self, account: usize, symbol: usize) -> u32 {
        self.accounts[account].leverages.get(&symbol).copied().unwrap_or(self.default_leverage(symbol))
    }

    fn draw(&mut self, what: &str) -> u64 {
        self.draws += 1;
        self.cfg.market.draw(what, self.draws)
    }

    /// A duration between two bounds, microseconds.
    fn draw_us(&mut self, (low, high): (i64, i64)) -> u64 {
        let room = high.saturating_sub(low).max(0) as u64;
        let drawn = self.draw("vest latency") >> 8;
        low.max(0) as u64 + drawn % room.saturating_add(1)
    }

    fn ack_us(&mut self) -> u64 {
        self.draw_us(self.cfg.latencies.ack_us)
    }

    /// Does a job so many microseconds from now.
    fn at(&mut self, now: SimNow, after_us: u64, job: Job) {
        self.jobs.put(now, i64::try_from(after_us).unwrap_or(i64::MAX), job);
    }

    /// Sends an order's event of this status to its account.
    fn report(&mut self, order: usize, status: Status, out: &mut Vec<SimAction>) {
        let order = &self.orders[order];
        let (account, held) = (order.account, order.held);
        let args = order.event(status, &self.cfg.symbols[order.symbol]);
        self.publish(account, held, "ORDER", args, out);
    }

    fn run(&mut self, job: Job, now: SimNow, out: &mut Vec<SimAction>) {
        match job {
            Job::Announce(order) => self.report(order, Status::New, out),
            Job::Decide(order) => self.decide(order, now, out),
            Job::Report(order, status) => self.report(order, status, out),
            Job::Move(movement) => self.decide_movement(movement, now, out),
            Job::GoDown => {
                if self.faults.on("down").is_some() {
                    self.down = true;
                    self.drop_all(out);
                }
            }
            Job::Liquidate(symbol, share_bps) => self.liquidate(symbol, share_bps, now, out),
            Job::Deleverage(symbol, share_bps) => self.deleverage(symbol, share_bps, now),
            Job::Delist(symbol, settle) => self.delist(symbol, settle, now, out),
            Job::DropGeneration(generation) => self.drop_generation(generation, out),
        }
    }

    /// What was withheld goes out.
    fn release(&mut self, out: &mut Vec<SimAction>) {
        for (request, body) in std::mem::take(&mut self.held_answers) {
            self.answer(request, 0, &body, out);
        }
        for (account, event, args) in std::mem::take(&mut self.held_events) {
            self.publish(account, false, event, args, out);
        }
        self.orders.iter_mut().for_each(|o| o.held = false);
    }

    fn apply_fault(&mut self, name: &'static str, fault: Fault, parameters: &Value) -> Result<(), String> {
        match name {
            "switch" => {
                let name = parameters["name"].as_str().ok_or("the name of a switch is a string")?;
                return self.cfg.switches.set(name, &parameters["value"]);
            }
            "liquidate" | "deleverage" | "delist" | "change_spec" | "leverage_lost" | "funding_rate" => {
                return self.upheaval(name, &fault);
            }
            "v2_gone" => self.at(self.last_now, 0, Job::DropGeneration(Generation::V2)),
            "v3_gone" => self.at(self.last_now, 0, Job::DropGeneration(Generation::V3)),
            "gap" => return Ok(()), // there is no sequence to skip here
            "drop_sockets" => {
                self.drop_sockets = true;
                return Ok(());
            }
            "listen_key_expires" => {
                for account in &mut self.accounts {
                    if let Some(key) = &mut account.listen_key {
                        key.until_ms = i64::MIN;
                    }
                }
                return Ok(());
            }
            "down" => {
                self.acks = 0;
                self.down = fault.after_acks.unwrap_or(0) == 0;
                self.drop_sockets |= self.down;
            }
            _ => {}
        }
        // Two names for one thing: this venue's own and the common one.
        self.faults.set(if name == "silence_events" { "silent_private" } else { name }, fault);
        Ok(())
    }
}

/// A page as a proxy in front of the venue would send it (section 16.10).
fn error_page(status: u16) -> String {
    format!("<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>")
}

impl VenueSim for VestSim {
    fn name(&self) -> &'static str {
        "vest"
    }

    fn on_connect(&mut self, conn: u64, target: &str, headers: &[(String, String)], now: SimNow, out: &mut Vec<SimAction>) {
        self.last_now = now;
        self.connect(conn, target, headers, now, out);
    }

    fn on_message(&mut self, conn: u64, message: &Message, now: SimNow, out: &mut Vec<SimAction>) {
        self.last_now = now;
        if !self.down {
            self.message(conn, message, now, out);
        }
    }

    fn on_disconnect(&mut self, conn: u64, now: SimNow, _out: &mut Vec<SimAction>) {
        self.last_now = now;
        self.conns.remove(&conn);
    }

    fn on_request(&mut self, request: u64, http: HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        self.last_now = now;
        self.request(request, http, now, out);
    }

    fn next_wake(&self) -> Option<SimNow> {
        if self.release || self.drop_sockets {
            return Some(self.last_now);
        }
        let job = self.jobs.next_us();
        [job, self.next_stream_us()].into_iter().flatten().min().map(SimNow)
    }

    fn on_wake(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        self.last_now = now;
        if std::mem::take(&mut self.drop_sockets) {
            self.drop_all(out);
        }
        if std::mem::take(&mut self.release) {
            self.release(out);
        }
        self.expire_listen_keys(now, out);
        self.publish_market(now, out);
        while let Some(job) = self.jobs.take(now) {
            self.run(job, now, out);
        }
    }

    fn set_fault(&mut self, name: &str, parameters: &Value) -> Result<(), String> {
        let (name, fault) = Faults::read(name, parameters)?;
        self.apply_fault(name, fault, parameters)
    }

    fn clear_fault(&mut self, name: &str) {
        match name {
            "hold_order_answer" => self.release = true,
            "down" => self.down = false,
            "delist" => self.delisted.iter_mut().for_each(|d| *d = false),
            _ => {}
        }
        self.faults.clear(if name == "silence_events" { "silent_private" } else { name });
    }
}
