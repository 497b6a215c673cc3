//! A simulated SX Bet (V3), written from `venues/sx.md` alone; section numbers refer to that document.
//!
//! Owns accounts, books, orders, matches, their way onto the chain and their settlement, for one venue. The realtime protocol
//! is the [`crate::centrifugo::Hub`]'s; what happens in the world is [`crate::sports::Sports`]'. Does not know sockets, clocks or
//! any client's code. The shells of this crate drive it through [`VenueSim`].

mod account;
mod book;
mod cancel;
mod catalog;
mod config;
mod faults;
mod harness;
mod ladder;
mod matching;
mod orders;
mod realtime;
mod reference;
mod rest;
mod settle;
mod sign;
mod state;
mod wire;

pub use config::{
    AccountSpec, Choice, Delays, Latencies, MAINNET_CHAIN, MAINNET_ESCROW, MAINNET_USDC, Makers, Switches, SxSimConfig, Terms,
};
pub use harness::{SeenBalance, SeenBet};

use crate::centrifugo::{self, Hub};
use crate::due::Due;
use crate::sports::{Ending, Score};
use crate::{HttpRequest, Message, SimAction, SimNow, VenueSim};
use alloy_primitives::{Address, B256, keccak256};
use book::Book;
use catalog::{Fixture, Market};
use faults::{Fault, Faults};
use orders::Waiting;
use realtime::{Doorkeeper, Watched};
use serde_json::Value;
use state::{Account, Fill, Match, Order};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The account of the makers.
const HOUSE: usize = 0;
/// How often fixtures and watched books are looked at, microseconds.
const TICK_US: i64 = 500_000;
/// What the makers have, base units: a billion dollars.
const HOUSE_MONEY: i64 = 1_000_000_000_000_000;

/// Something the venue does later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Job {
    /// The betting delay of an order is over.
    Decide(usize),
    /// Some request has waited long enough for its outcome.
    EndWaits,
    /// A match reaches the chain.
    Lock(usize),
    /// The chain refuses a match.
    Fail(usize),
    /// An order's expiry has come.
    Lapse(usize),
    /// A cancel of many reaches an order.
    Leave(usize),
    /// An account's heartbeat may have lapsed.
    Heartbeat(usize),
}

/// A simulated SX Bet.
pub struct SxSim {
    cfg: SxSimConfig,
    separator: B256,
    accounts: Vec<Account>,
    fixtures: BTreeMap<u64, Fixture>,
    markets: Vec<Market>,
    /// By market.
    books: Vec<Book>,
    by_hash: HashMap<B256, usize>,
    orders: Vec<Order>,
    by_id: HashMap<B256, usize>,
    matches: Vec<Match>,
    /// Matches by market.
    matches_of: BTreeMap<usize, Vec<usize>>,
    fills: Vec<Fill>,
    waiting: Vec<Waiting>,
    /// Orders that an asynchronous cancel is on its way to.
    leaving: BTreeSet<usize>,
    /// Matches that a fault keeps from the chain.
    stuck: Vec<usize>,
    /// Answers that a fault withholds.
    held_answers: Vec<(u64, Value)>,
    fees_taken: i128,
    dust: i128,
    hub: Hub,
    watched: Watched,
    /// Books that changed since they were last published.
    dirty: BTreeSet<usize>,
    /// What was last said of a market's best odds, and of a fixture's score.
    best_told: BTreeMap<usize, String>,
    scores_told: BTreeMap<String, String>,
    /// Publications that wait for their turn.
    posts: Due<(String, Value)>,
    jobs: Due<Job>,
    /// Counts places in queues.
    queue: u64,
    /// Counts random draws.
    draws: u64,
    faults: Faults,
    next_tick_us: i64,
    last_now: SimNow,
    /// What the machine wants done; handed over at the end of each call.
    out: Vec<SimAction>,
    /// A fault wants an immediate wake.
    stir: bool,
}

impl SxSim {
    /// An open venue with the accounts of its configuration.
    pub fn new(cfg: SxSimConfig) -> Self {
        let house = Account { available: HOUSE_MONEY, deployed: true, ..Account::default() };
        let accounts = cfg.accounts.iter().map(|spec| Account {
            api_key: spec.api_key.clone(),
            owner: spec.owner,
            wallet: Address::from_word(keccak256(format!("sx wallet {}", spec.owner))),
            deployed: spec.deployed,
            available: spec.balance_e6,
            ..Account::default()
        });
        Self {
            separator: sign::separator(cfg.chain_id, cfg.escrow),
            accounts: std::iter::once(house).chain(accounts).collect(),
            fixtures: BTreeMap::new(),
            markets: Vec::new(),
            books: Vec::new(),
            by_hash: HashMap::new(),
            orders: Vec::new(),
            by_id: HashMap::new(),
            matches: Vec::new(),
            matches_of: BTreeMap::new(),
            fills: Vec::new(),
            waiting: Vec::new(),
            leaving: BTreeSet::new(),
            stuck: Vec::new(),
            held_answers: Vec::new(),
            fees_taken: 0,
            dust: 0,
            hub: Hub::new(realtime::hub_config(cfg.seed, cfg.switches.account_recoverable)),
            watched: Watched::default(),
            dirty: BTreeSet::new(),
            best_told: BTreeMap::new(),
            scores_told: BTreeMap::new(),
            posts: Due::default(),
            jobs: Due::default(),
            queue: 0,
            draws: 0,
            faults: Faults::default(),
            next_tick_us: 0,
            last_now: SimNow::default(),
            out: Vec::new(),
            stir: false,
            cfg,
        }
    }

    /// The venue's clock, ms.
    fn clock_ms(&self, now: SimNow) -> i64 {
        now.ms().saturating_add(self.faults.on("clock_offset").map_or(0, |f| f.ms))
    }

    fn draw(&mut self, what: &str) -> u64 {
        self.draws += 1;
        self.cfg.sports.draw(what, self.draws ^ self.cfg.seed << 32)
    }

    /// A duration between two bounds, microseconds.
    fn draw_us(&mut self, (low, high): (i64, i64)) -> i64 {
        let room = high.saturating_sub(low).max(0) as u64;
        low.max(0) + ((self.draw("sx latency") >> 8) % room.saturating_add(1)) as i64
    }

    /// Does a job so many microseconds from now.
    fn at(&mut self, now: SimNow, after_us: i64, job: Job) {
        self.jobs.put(now, after_us, job);
    }

    fn run(&mut self, job: Job, now: SimNow) {
        match job {
            Job::Decide(order) => self.decide(order, now),
            Job::EndWaits => self.answer_waiting(now),
            Job::Lock(number) => self.lock(number, now),
            Job::Fail(number) => self.fail(number, now),
            Job::Lapse(order) => self.lapse(order, now),
            Job::Leave(order) => self.leave(order, now),
            Job::Heartbeat(account) => self.heartbeat_lapses(account, now),
        }
    }

    fn lapse(&mut self, order: usize, now: SimNow) {
        if self.orders[order].expiry_s.saturating_mul(1_000) <= self.clock_ms(now) {
            self.deactivate(order, "EXPIRED", now);
        } else if self.orders[order].status != state::OrderStatus::Inactive {
            self.at(now, 1_000_000, Job::Lapse(order)); // its clock was set back
        }
    }

    /// Everything that is due happens; fixtures and watched books are looked at now and then.
    fn advance(&mut self, now: SimNow) {
        self.last_now = now;
        if now.0 >= self.next_tick_us {
            self.next_tick_us = now.0 - now.0.rem_euclid(TICK_US) + TICK_US;
            self.sync(now);
            self.tick_books(now);
        }
        while let Some(job) = self.jobs.take(now) {
            self.run(job, now);
        }
    }

    fn hand_over(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        self.publish_due(now);
        out.append(&mut self.out);
    }

    fn apply_fault(&mut self, name: &'static str, fault: Fault, parameters: &Value) -> Result<(), String> {
        let now = self.last_now;
        let unknown = |what: &str| format!("{name}: the venue has no such {what}");
        match name {
            "switch" => {
                let name = parameters["name"].as_str().ok_or("the name of a switch is a string")?;
                return self.cfg.switches.set(name, &parameters["value"]);
            }
            "end_event" => {
                let ending = match (fault.one, fault.two) {
                    (Some(one), Some(two)) => Ending::Played(Score { one, two }),
                    _ => Ending::Void,
                };
                let id = fault.event.unwrap_or_default();
                return self.force_ending(&id, ending, now).ok_or_else(|| unknown("open event"));
            }
            "main_line" => {
                let hash = fault.market.as_deref().and_then(|m| m.parse::<B256>().ok());
                let market = hash.and_then(|h| self.by_hash.get(&h).copied()).ok_or_else(|| unknown("market"))?;
                return self.change_main_line(market).then_some(()).ok_or_else(|| unknown("alternate line"));
            }
            "balance" | "proxy_not_deployed" | "revoke_key" => {
                let wanted = fault.api_key.as_deref().filter(|k| !k.is_empty());
                let account =
                    self.accounts.iter_mut().find(|a| Some(a.api_key.as_str()) == wanted).ok_or_else(|| unknown("key"))?;
                match name {
                    "balance" => account.available = fault.balance_e6,
                    "proxy_not_deployed" => account.deployed = false,
                    _ => account.api_key.clear(),
                }
                if name != "balance" {
                    return Ok(());
                }
            }
            "drop_sockets" => return self.hub.set_switch("drop_connections", &serde_json::json!({ "code": 0 })),
            "down" => self.hub.set_switch("drop_connections", &serde_json::json!({ "code": 0 }))?,
            "halt" => {
                let halted: Vec<usize> = (0..self.markets.len()).filter(|m| !self.books[*m].rests.is_empty()).collect();
                self.faults.set(name, fault);
                for market in halted.into_iter().filter(|m| self.halted(*m)).collect::<Vec<_>>() {
                    self.sweep(market, "MARKET_HALTED", now);
                }
                self.requote();
                return Ok(());
            }
            _ => {}
        }
        self.faults.set(name, fault);
        self.requote();
        Ok(())
    }

    /// Books are to be quoted anew at the next look, under a new version: what a fault shows or hides is another book.
    fn requote(&mut self) {
        let changed = self.faults.on("freeze_book").is_none();
        for market in 0..self.books.len() {
            if changed {
                self.books[market].turn = None;
            }
            self.touch(market);
        }
        self.stir = true;
    }
}

impl std::fmt::Debug for SxSim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SxSim")
            .field("fixtures", &self.fixtures.len())
            .field("orders", &self.orders.len())
            .finish_non_exhaustive()
    }
}

impl VenueSim for SxSim {
    fn name(&self) -> &'static str {
        "sx"
    }

    fn on_connect(&mut self, conn: u64, _target: &str, _headers: &[(String, String)], now: SimNow, out: &mut Vec<SimAction>) {
        self.advance(now);
        if self.faults.on("down").is_some() {
            self.out.push(SimAction::RefuseUpgrade { conn, status: 503 });
        } else {
            self.hub.on_connect(conn, now, &mut self.out);
        }
        self.hand_over(now, out);
    }

    fn on_message(&mut self, conn: u64, message: &Message, now: SimNow, out: &mut Vec<SimAction>) {
        self.advance(now);
        let mut gate =
            Doorkeeper { by_hash: &self.by_hash, fixtures: &self.fixtures, owners: &self.accounts, watched: &mut self.watched };
        self.hub.on_message(conn, message, now, &mut gate, &mut self.out);
        self.hand_over(now, out);
    }

    fn on_disconnect(&mut self, conn: u64, now: SimNow, out: &mut Vec<SimAction>) {
        self.advance(now);
        self.hub.on_disconnect(conn);
        self.hand_over(now, out);
    }

    fn on_request(&mut self, request: u64, http: HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        self.advance(now);
        self.request(request, http, now);
        self.hand_over(now, out);
    }

    fn next_wake(&self) -> Option<SimNow> {
        if self.stir {
            return Some(self.last_now);
        }
        let job = self.jobs.next_us();
        let post = self.posts.next_us();
        let hub = self.hub.next_wake().map(|n| n.0);
        [job, post, hub, Some(self.next_tick_us)].into_iter().flatten().min().map(SimNow)
    }

    fn on_wake(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        if std::mem::take(&mut self.stir) {
            self.next_tick_us = now.0;
        }
        self.advance(now);
        self.hub.on_wake(now, &mut self.out);
        self.hand_over(now, out);
    }

    fn set_fault(&mut self, name: &str, parameters: &Value) -> Result<(), String> {
        if centrifugo::SWITCHES.contains(&name) {
            return self.hub.set_switch(name, parameters);
        }
        let (name, fault) = Faults::read(name, parameters)?;
        self.apply_fault(name, fault, parameters)
    }

    fn clear_fault(&mut self, name: &str) {
        if centrifugo::SWITCHES.contains(&name) {
            self.hub.clear_switch(name);
        }
        self.faults.clear(name);
        match name {
            "stuck_matched" => {
                for number in std::mem::take(&mut self.stuck) {
                    self.at(self.last_now, 1_000, Job::Lock(number));
                }
            }
            "hold_order_answer" => self.release_answers(),
            _ => {}
        }
        self.requote();
    }
}
