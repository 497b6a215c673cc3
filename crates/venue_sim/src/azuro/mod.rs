//! A simulated Azuro V3: feed, order API, relayer and chain, written from `venues/azuro.md` alone; section numbers refer to that
//! document.
//!
//! Owns orders, subscriptions and the chain's state. What is played, what it is worth and how it ends comes from the common world
//! ([`crate::sports`]), so that the other betting venue sees the same. Knows no socket, no clock and no client's code. The chain's
//! clock is the shell's; the house's own is that plus the fault `clock_offset`.

mod abi;
mod board;
mod chain;
mod config;
mod dictionary;
mod faults;
mod feed;
mod harness;
mod life;
mod order_json;
mod orders;
mod rest;
pub mod sign;
mod stream;
mod submission;
mod wire;

pub use chain::{Contracts, Purse};
pub use config::{AzuroSimConfig, ChainSide, Latencies};
pub use harness::SeenBet;
pub use submission::{ConditionData, Mined, Submission, oracle_digest};

use crate::due::Due;
use crate::sports::{Ending, Score, Venue};
use crate::{HttpRequest, Message, SimAction, SimNow, VenueSim};
use alloy_primitives::{Address, B256, U256, keccak256};
use board::{Shown, game_id};
use chain::Chain;
use faults::{Fault, Faults};
use k256::ecdsa::SigningKey;
use life::Order;
use orders::Refused;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use stream::Conn;

/// Something the venue does later, to an order by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    Place(usize),
    Send(usize),
    Mine(usize),
    Accept(usize),
    GiveUp(usize),
    /// The house cancels; whether it will succeed.
    HouseCancel(usize, bool),
    HouseCanceled(usize, bool),
    Settle(usize),
}

/// An end that a fault brought about.
#[derive(Clone, Copy, Debug)]
struct Forced {
    ending: Ending,
    at_ms: i64,
}

/// What the house does on an outside node besides placing bets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HouseAct {
    /// A condition has ended; `None` when it was canceled.
    Resolve {
        /// Which.
        condition_id: U256,
        /// Outcomes that won.
        won: Option<Vec<u128>>,
        /// Unix seconds: a bet mined at or after this is void.
        settled_at_s: u64,
    },
    /// An accepted bet is taken back.
    Reject {
        /// Its token.
        token_id: u64,
    },
}

/// A simulated Azuro.
#[derive(Debug)]
pub struct AzuroSim {
    cfg: AzuroSimConfig,
    separator: B256,
    oracle: SigningKey,
    oracle_address: Address,
    chain: Chain,
    orders: Vec<Order>,
    by_id: HashMap<String, usize>,
    /// Sent bets that wait for their block.
    underway: BTreeMap<usize, Submission>,
    /// Sent bets that will revert, and with what.
    failing: BTreeMap<usize, Refused>,
    submissions: Vec<Submission>,
    house_acts: Vec<HouseAct>,
    resolved_outside: BTreeSet<U256>,
    /// By condition and outcome: turnover and potential loss, raw.
    exposures: HashMap<String, BTreeMap<u64, (u128, u128)>>,
    /// Games that a fault ended, by number.
    forced: BTreeMap<u64, Forced>,
    /// How conditions ended that bets were settled by: outcomes that won, `settledAt`.
    pinned: BTreeMap<String, (Option<Vec<u64>>, u64)>,
    /// Answers that the fault `hold_order_answer` keeps back.
    held_answers: Vec<(u64, Value)>,
    /// They go out at the next wake.
    release: bool,
    /// Odds stand as they were then.
    frozen: Option<SimNow>,
    conns: BTreeMap<u64, Conn>,
    /// What subscribers have been told last.
    told: BTreeMap<String, Shown>,
    told_games: BTreeMap<String, (&'static str, i64)>,
    acks: u64,
    jobs: Due<Job>,
    /// Counts random draws.
    draws: u64,
    faults: Faults,
    /// All sockets are dropped at the next wake.
    drop_sockets: bool,
    /// When the feed is looked at next, microseconds.
    next_tick_us: i64,
    last_now: SimNow,
}

impl AzuroSim {
    /// An open house with a chain that has taken no bet yet.
    pub fn new(cfg: AzuroSimConfig) -> Self {
        let oracle = oracle_key(cfg.seed);
        let oracle_address = Address::from_public_key(oracle.verifying_key());
        let mut chain = Chain::new(cfg.contracts, cfg.purse, oracle_address);
        chain.approved = cfg.approved;
        Self {
            separator: sign::domain_separator(cfg.contracts.chain_id, cfg.contracts.core),
            oracle,
            oracle_address,
            chain,
            cfg,
            orders: Vec::new(),
            by_id: HashMap::new(),
            underway: BTreeMap::new(),
            failing: BTreeMap::new(),
            submissions: Vec::new(),
            house_acts: Vec::new(),
            resolved_outside: BTreeSet::new(),
            exposures: HashMap::new(),
            forced: BTreeMap::new(),
            pinned: BTreeMap::new(),
            held_answers: Vec::new(),
            release: false,
            frozen: None,
            conns: BTreeMap::new(),
            told: BTreeMap::new(),
            told_games: BTreeMap::new(),
            acks: 0,
            jobs: Due::default(),
            draws: 0,
            faults: Faults::default(),
            drop_sockets: false,
            next_tick_us: 0,
            last_now: SimNow::default(),
        }
    }

    /// What the relayer has sent to an outside node since this was last asked: empty while the chain of this crate is used
    /// ([`ChainSide`]). Give the end of each one back with [`AzuroSim::chain_said`].
    pub fn take_submissions(&mut self) -> Vec<Submission> {
        std::mem::take(&mut self.submissions)
    }

    /// What the outside node made of a submission: the bet it mined, or the name of the contract's error (`InvalidNonce`).
    pub fn chain_said(&mut self, order_id: &str, said: Result<Mined, String>) {
        if let Some(&order) = self.by_id.get(order_id) {
            self.heard(order, said, self.last_now);
        }
    }

    /// What the house did besides: conditions resolved, bets taken back. Empty while the chain of this crate is used.
    pub fn take_house_acts(&mut self) -> Vec<HouseAct> {
        std::mem::take(&mut self.house_acts)
    }

    /// Whose signature Core has to take for the oracle's.
    pub fn oracle_address(&self) -> Address {
        self.oracle_address
    }

    /// The house's clock.
    fn venue_now(&self, now: SimNow) -> SimNow {
        SimNow(now.0.saturating_add(self.faults.on("clock_offset").map_or(0, |f| f.ms.saturating_mul(1_000))))
    }

    /// A duration of the world at its pace, ms.
    fn paced(&self, ms: i64) -> i64 {
        self.cfg.sports.paced_ms(ms)
    }

    fn draw(&mut self, what: &str) -> u64 {
        self.draws += 1;
        self.cfg.sports.draw(what, self.draws ^ self.cfg.seed.rotate_left(17)) >> 8
    }

    /// A duration between two bounds, microseconds.
    fn draw_us(&mut self, (low, high): (i64, i64)) -> u64 {
        let room = high.saturating_sub(low).max(0) as u64;
        low.max(0) as u64 + self.draw("azuro latency") % room.saturating_add(1)
    }

    /// Does a job so many microseconds from now.
    fn at(&mut self, now: SimNow, after_us: u64, job: Job) {
        let after = i64::try_from(after_us).unwrap_or(i64::MAX);
        self.jobs.put(now, after, job);
    }

    fn run(&mut self, job: Job, now: SimNow) {
        match job {
            Job::Place(i) => self.run_place(i, now),
            Job::Send(i) => self.run_send(i, now),
            Job::Mine(i) => self.run_mine(i, now),
            Job::Accept(i) => self.run_accept(i, now),
            Job::GiveUp(i) => self.run_give_up(i, now),
            Job::HouseCancel(i, succeeds) => self.run_house_cancel(i, succeeds, now),
            Job::HouseCanceled(i, succeeds) => self.run_house_canceled(i, succeeds, now),
            Job::Settle(i) => self.run_settle(i, now),
        }
    }

    fn drop_all(&mut self, out: &mut Vec<SimAction>) {
        for (conn, _) in std::mem::take(&mut self.conns) {
            out.push(SimAction::Close { conn, after_us: 0, code: 0 });
        }
    }

    fn apply_fault(&mut self, name: &'static str, fault: Fault) {
        match name {
            "drop_sockets" => return self.drop_sockets = true,
            "down" => self.drop_sockets = true,
            "resolve_now" => return self.resolve_now(&fault),
            "freeze_odds" => self.frozen = Some(self.last_now),
            "chain_stalls" => self.chain.stalled = true,
            "node_behind" => self.chain.node_behind = fault.blocks,
            "base_fee" => self.chain.base_fee_wei = u128::from(fault.gwei) * 1_000_000_000,
            "sequencer_down" => self.chain.sequencer = (false, u64::try_from(self.last_now.ms() / 1_000).unwrap_or(0)),
            _ => {}
        }
        self.faults.set(name, fault);
    }

    /// Ends games that were bet on here and now: with their final score, or cancelled.
    fn resolve_now(&mut self, fault: &Fault) {
        let now = self.last_now;
        let open = |o: &Order| o.mined.is_some() && o.settled.is_none();
        for i in 0..self.orders.len() {
            let Some(line) = self.line(&self.orders[i].bet.condition_id.to_string(), now).filter(|_| open(&self.orders[i]))
            else {
                continue;
            };
            if fault.game.as_ref().is_some_and(|g| *g != game_id(&line.event)) {
                continue;
            }
            // As it would have ended: nothing has been scored yet in a game that has not begun.
            let score = self.cfg.sports.score(&line.event, SimNow(line.event.ends_ms.saturating_mul(1_000)));
            let given = fault.one.zip(fault.two).map(|(one, two)| Score { one: i64::from(one), two: i64::from(two) });
            // Given as the venue names the teams; the other way round is the way back.
            let score = given.map_or(score, |s| line.event.score_for(Venue::Azuro, s));
            let ending = if fault.cancel { Ending::Void } else { Ending::Played(score) };
            let at_ms = self.venue_now(now).ms();
            self.forced.entry(line.event.number).or_insert(Forced { ending, at_ms });
            self.at(now, 1, Job::Settle(i));
        }
    }
}

/// The house's own key: drawn, never configured, worth nothing anywhere else.
fn oracle_key(seed: u64) -> SigningKey {
    let drawn = |n: u64| keccak256([b"oracle".as_slice(), &seed.to_be_bytes(), &n.to_be_bytes()].concat());
    (0..).find_map(|n| SigningKey::from_slice(drawn(n).as_slice()).ok()).expect("nearly every number is a key")
}

/// A page as a proxy in front of the venue would send it.
fn error_page(status: u16) -> String {
    format!("<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>")
}

impl VenueSim for AzuroSim {
    fn name(&self) -> &'static str {
        "azuro"
    }

    fn on_connect(&mut self, conn: u64, target: &str, _headers: &[(String, String)], now: SimNow, out: &mut Vec<SimAction>) {
        self.last_now = now;
        let path = target.split_once('?').map_or(target, |(p, _)| p);
        if self.faults.on("down").is_some() {
            out.push(SimAction::RefuseUpgrade { conn, status: 502 });
        } else if path != "/v1/streams/feed" {
            out.push(SimAction::RefuseUpgrade { conn, status: 404 });
        } else {
            self.conns.insert(conn, Conn { since_us: now.0, ..Conn::default() });
            out.push(SimAction::Accept { conn });
        }
    }

    fn on_message(&mut self, conn: u64, message: &Message, now: SimNow, out: &mut Vec<SimAction>) {
        self.last_now = now;
        if self.faults.on("down").is_none() {
            self.stream_message(conn, message, now, out);
        }
    }

    fn on_disconnect(&mut self, conn: u64, now: SimNow, _out: &mut Vec<SimAction>) {
        self.last_now = now;
        self.conns.remove(&conn);
    }

    fn on_request(&mut self, request: u64, http: HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        self.last_now = now;
        self.chain.advance(now.ms().div_euclid(1_000));
        self.request(request, &http, now, out);
    }

    fn next_wake(&self) -> Option<SimNow> {
        if self.drop_sockets || self.release {
            return Some(self.last_now);
        }
        let job = self.jobs.next_us();
        let ages = self.faults.on("ws_lifetime").is_some();
        let watched = self.conns.values().any(|c| ages || !c.conditions.is_empty() || !c.games.is_empty());
        [job, watched.then_some(self.next_tick_us)].into_iter().flatten().min().map(SimNow)
    }

    fn on_wake(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        self.last_now = now;
        self.chain.advance(now.ms().div_euclid(1_000));
        if std::mem::take(&mut self.drop_sockets) {
            self.drop_all(out);
        }
        if std::mem::take(&mut self.release) {
            for (request, body) in std::mem::take(&mut self.held_answers) {
                self.reply(request, 0, 201, &body, out);
            }
        }
        if now.0 >= self.next_tick_us {
            let tick_us = self.cfg.tick_ms.max(1).saturating_mul(1_000);
            self.next_tick_us = (now.0.div_euclid(tick_us) + 1) * tick_us;
            if self.faults.on("down").is_none() {
                self.publish(now, out);
            }
        }
        while let Some(job) = self.jobs.take(now) {
            self.run(job, now);
        }
    }

    fn set_fault(&mut self, name: &str, parameters: &Value) -> Result<(), String> {
        let (name, fault) = Faults::read(name, parameters)?;
        self.apply_fault(name, fault);
        Ok(())
    }

    fn clear_fault(&mut self, name: &str) {
        match name {
            "freeze_odds" => self.frozen = None,
            "hold_order_answer" => self.release = true,
            "chain_stalls" => self.chain.stalled = false,
            "node_behind" => self.chain.node_behind = 0,
            "base_fee" => self.chain.base_fee_wei = chain::BASE_FEE_WEI,
            "sequencer_down" => self.chain.sequencer = (true, u64::try_from(self.last_now.ms() / 1_000).unwrap_or(0)),
            _ => {}
        }
        self.faults.clear(name);
    }
}
