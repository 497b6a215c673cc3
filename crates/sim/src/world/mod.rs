//! The world of one run: time and what happens in it. The network is in `net`, the bot's lives in `life`, what goes
//! wrong in `plan`, and what must hold in `judge`.

mod judge;
mod life;
mod net;
mod plan;

use crate::bot::{Bot, Keys, VEST};
use crate::check::{Shadow, VenueBooks};
use crate::coverage::Coverage;
use crate::journal_memory::Memory;
use crate::random::Random;
use crate::sabotage::Bug;
use crate::scenario::{Moment, Scenario};
use domain::{Mono, Now, Wall};
use judge::Calm;
use net::Conn;
use plan::Deed;
use sha2::{Digest, Sha256};
use shard::Keeper;
use std::collections::BTreeMap;
use venue_api::{Backoff, Frame, Reply, RequestId, TimerId};
use venue_sim::market::{Market, MarketShape};
use venue_sim::paradex::{KnownAccount, ParadexSim, ParadexSimConfig};
use venue_sim::vest::{VestSim, VestSimConfig};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

/// 2025-11-21T08:00:00Z, microseconds: any time will do, the same one always.
const BEGINNING: i64 = 1_763_712_000_000_000;
/// After the last entry: so long a run may take to come to rest.
const REST_MS: i64 = 60_000;
/// After the last entry: from here on nothing goes wrong any more.
const PEACE_MS: i64 = 8_000;

/// Where in the doing of one output the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// Before it is done.
    Before,
    /// In the middle of writing the record, so many bytes short of its end; as `Before` for what is no record.
    Torn(usize),
    /// After it is done.
    After,
}

/// What a run that held all invariants came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Hash over everything that happened, in order.
    pub history: String,
    /// Records and sends performed: where a crash can be put.
    pub effects: u64,
    /// Index of the first effect of the first round.
    pub first_effect: u64,
    /// How often the bot died and came back.
    pub deaths: u64,
    /// Longest time by the venues' own books that one side was uncovered, ms.
    pub uncovered_ms: i64,
    /// The same, counting only time in which nothing was wrong with a venue or the bot.
    pub uncovered_calm_ms: i64,
    /// What was met.
    pub coverage: Coverage,
    /// Virtual time, ms.
    pub took_ms: i64,
    /// The journal's last segment as it stands at the end.
    pub journal: Vec<u8>,
}

/// An invariant that did not hold, with what led there.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{scenario}: {what}\nlast things told:\n{tail}")]
pub struct Failure {
    /// Scenario.
    pub scenario: String,
    /// Which invariant, with the numbers.
    pub what: String,
    /// Last notices.
    pub tail: String,
}

enum Event {
    Connect { conn: u64, target: String, headers: Vec<(String, String)> },
    ToVenue { conn: u64, message: Message },
    Left { conn: u64 },
    Request { request: u64, method: &'static str, target: String, headers: Vec<(String, String)>, body: Vec<u8> },
    Venue { venue: usize, action: SimAction },
    Opened { conn: u64 },
    Frame { conn: u64, message: Message },
    Closed { conn: u64, code: Option<u16>, why: &'static str },
    Reply { request: u64, status: u16, retry_after_ms: Option<u64>, body: Vec<u8> },
    NoReply { request: u64, why: &'static str },
    Timer { life: u64, venue: usize, timer: TimerId, generation: u64 },
    Tick { life: u64 },
    Wake { venue: usize },
    Plan(Deed),
    Peace,
    Stop,
    Restart,
}

/// The two venues, kept by type so that their books can be looked into.
struct Venues {
    vest: VestSim,
    paradex: ParadexSim,
}

impl Venues {
    fn get(&mut self, venue: usize) -> &mut dyn VenueSim {
        if venue == VEST { &mut self.vest } else { &mut self.paradex }
    }
    /// What the venues hold for the bot: base at 1e-8 on each.
    fn positions(&self) -> [i64; 2] {
        let of = |all: Vec<(&str, i64)>, symbol: &str| all.iter().find(|(s, _)| *s == symbol).map_or(0, |(_, p)| *p);
        [of(self.vest.net_positions_e8(), "ETH-PERP"), of(self.paradex.net_positions_e8(), "ETH-USD-PERP")]
    }
    /// Cash of both, at 1e-8.
    fn cash_e8(&self) -> i128 {
        self.vest.total_cash_e6() * 100 + self.paradex.total_cash_e8()
    }
}

/// One run.
pub struct World {
    scenario: Scenario,
    random: Random,
    now: i64,
    serial: u64,
    queue: BTreeMap<(i64, u64), Event>,
    venues: Venues,
    waking: [Option<i64>; 2],
    bot: Option<Bot>,
    life: u64,
    epoch: u32,
    /// By how much the bot's clock is ahead of the world's in this life, microseconds.
    clock_us: i64,
    memory: Memory,
    keeper: Keeper,
    keys: Keys,
    conns: BTreeMap<u64, Conn>,
    requests: BTreeMap<u64, (usize, RequestId, u64)>,
    crash_at: Option<(u64, Crash)>,
    /// A kill waits until the journal is whole again: dying without a journal is the operator's to reconcile.
    kill_wanted: bool,
    bug: Option<Bug>,
    stopping: bool,
    leaving: bool,
    stopped_at: Option<i64>,
    cash_at_start: Option<i128>,
    shadow: Shadow,
    books: [VenueBooks; 2],
    calm: Calm,
    moments: BTreeMap<Moment, u64>,
    foreign: [bool; 2],
    history: Sha256,
    told: Vec<String>,
    trace: bool,
    effects: u64,
    first_effect: Option<u64>,
    deaths: u64,
    coverage: Coverage,
    uneven_since: Option<i64>,
    uncovered_ms: i64,
    uncovered_calm_ms: i64,
}

impl World {
    /// A world of a seed, in which a scenario will happen.
    pub fn new(seed: u64, scenario: Scenario) -> Self {
        let keys = Keys::throw_away();
        let shape = MarketShape { pulse_every_ms: 5_000, ..MarketShape::default() };
        let market = Market::new(seed, shape);
        let vest = VestSim::new(VestSimConfig::new(seed, market));
        let paradex = ParadexSim::new(ParadexSimConfig {
            accounts: vec![KnownAccount { address: None, public_key: keys.stark_public.clone(), subkeys: vec![] }],
            ..ParadexSimConfig::new(seed, market, &["ETH-USD-PERP"])
        });
        let mut world = Self {
            random: Random::new(seed),
            now: BEGINNING,
            serial: 0,
            queue: BTreeMap::new(),
            venues: Venues { vest, paradex },
            waking: [None; 2],
            bot: None,
            life: 0,
            epoch: 0,
            clock_us: 0,
            memory: Memory::default(),
            keeper: Keeper::default(),
            keys,
            conns: BTreeMap::new(),
            requests: BTreeMap::new(),
            crash_at: None,
            kill_wanted: false,
            bug: None,
            stopping: false,
            leaving: false,
            stopped_at: None,
            cash_at_start: None,
            shadow: Shadow::default(),
            books: [VenueBooks::default(), VenueBooks::default()],
            calm: Calm::new(BEGINNING),
            moments: BTreeMap::new(),
            foreign: [false; 2],
            history: Sha256::new(),
            told: Vec::new(),
            trace: false,
            effects: 0,
            first_effect: None,
            deaths: 0,
            coverage: Coverage::default(),
            uneven_since: None,
            uncovered_ms: 0,
            uncovered_calm_ms: 0,
            scenario,
        };
        world.plan_all();
        let end = BEGINNING + world.scenario.run_ms * 1_000;
        world.schedule(end, Event::Stop);
        world.schedule(end + PEACE_MS * 1_000, Event::Peace);
        world.schedule(BEGINNING, Event::Restart);
        world
    }

    /// Dies at this effect.
    #[must_use]
    pub fn crashing(mut self, effect: u64, how: Crash) -> Self {
        self.crash_at = Some((effect, how));
        self
    }
    /// Carries a planted bug.
    #[must_use]
    pub fn with_bug(mut self, bug: Bug) -> Self {
        self.bug = Some(bug);
        self
    }
    /// Prints what is told.
    #[must_use]
    pub fn traced(mut self) -> Self {
        self.trace = true;
        self
    }

    /// Runs to the end.
    ///
    /// # Errors
    /// [`Failure`]: an invariant did not hold.
    pub fn run(mut self) -> Result<Finished, Failure> {
        match self.go() {
            Ok(()) => Ok(Finished {
                history: hex::encode(self.history.finalize()),
                effects: self.effects,
                first_effect: self.first_effect.unwrap_or(self.effects),
                deaths: self.deaths,
                uncovered_ms: self.uncovered_ms,
                uncovered_calm_ms: self.uncovered_calm_ms,
                coverage: self.coverage,
                took_ms: (self.now - BEGINNING) / 1_000,
                journal: self.memory.bytes,
            }),
            Err(what) => {
                let from = self.told.len().saturating_sub(60);
                Err(Failure { scenario: self.scenario.name.clone(), what, tail: self.told[from..].join("\n") })
            }
        }
    }

    fn go(&mut self) -> Result<(), String> {
        let limit = BEGINNING + (self.scenario.run_ms + REST_MS) * 1_000;
        while let Some(((at, _), event)) = self.queue.pop_first() {
            self.now = at;
            if at > limit {
                let left = self.bot.as_ref().map(|b| b.shard.engine().left_behind()).unwrap_or_default();
                return Err(format!("not at rest {REST_MS} ms after the last entry: {left:?}"));
            }
            self.happen(event)?;
            self.judge()?;
            if let Some(stopped) = self.stopped_at
                && self.now >= stopped + 3_000_000
            {
                return self.at_rest();
            }
        }
        Err("the world stopped moving".to_owned())
    }

    fn schedule(&mut self, at: i64, event: Event) {
        self.serial += 1;
        self.queue.insert((at.max(self.now), self.serial), event);
    }

    /// What the bot's clocks show.
    fn stamp(&self) -> Now {
        Now { mono: Mono((self.now - BEGINNING + 1_000_000_000) as u64 * 1_000), wall: Wall(self.now + self.clock_us) }
    }

    fn note(&mut self, what: &str, bytes: &[u8]) {
        self.history.update(self.now.to_le_bytes());
        self.history.update(what.as_bytes());
        self.history.update(bytes);
    }

    fn told(&mut self, what: String) {
        let ms = (self.now - BEGINNING) / 1_000;
        if self.trace {
            println!("{ms:>7} {what}");
        }
        self.told.push(format!("{ms:>7} {what}"));
        if self.told.len() > 4_000 {
            self.told.drain(..2_000);
        }
    }

    fn happen(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Restart => self.restart()?,
            Event::Stop => self.stop()?,
            Event::Peace => self.make_peace()?,
            Event::Plan(deed) => self.carry_out(deed)?,
            Event::Wake { venue } => {
                self.waking[venue] = None;
                let now = SimNow(self.now);
                if self.venues.get(venue).next_wake().is_some_and(|at| at <= now) {
                    let mut out = Vec::new();
                    self.venues.get(venue).on_wake(now, &mut out);
                    self.take(venue, out);
                } else {
                    self.arm(venue);
                }
            }
            Event::Connect { conn, target, headers } => {
                let Some(c) = self.conns.get(&conn).filter(|c| !c.gone) else { return Ok(()) };
                let venue = c.venue;
                let mut out = Vec::new();
                self.venues.get(venue).on_connect(conn, &target, &headers, SimNow(self.now), &mut out);
                self.take(venue, out);
            }
            Event::ToVenue { conn, message } => {
                let Some(c) = self.conns.get(&conn).filter(|c| c.accepted && !c.gone) else { return Ok(()) };
                let venue = c.venue;
                self.note("->", net::bytes(&message));
                let mut out = Vec::new();
                self.venues.get(venue).on_message(conn, &message, SimNow(self.now), &mut out);
                self.take(venue, out);
            }
            Event::Left { conn } => {
                let Some(c) = self.conns.remove(&conn) else { return Ok(()) };
                if c.accepted {
                    let mut out = Vec::new();
                    self.venues.get(c.venue).on_disconnect(conn, SimNow(self.now), &mut out);
                    self.take(c.venue, out);
                }
            }
            Event::Request { request, method, target, headers, body } => {
                let Some(&(venue, ..)) = self.requests.get(&request) else { return Ok(()) };
                self.note(method, target.as_bytes());
                if self.trace {
                    let path = target.split('?').next().unwrap_or_default();
                    let body = String::from_utf8_lossy(&body).into_owned();
                    self.told(format!("   {} <- {method} {path} {}", ["vest", "paradex"][venue], net::unsigned(&body)));
                }
                let http = HttpRequest { method, target: &target, headers: &headers, body: &body };
                let mut out = Vec::new();
                self.venues.get(venue).on_request(request, http, SimNow(self.now), &mut out);
                self.take(venue, out);
            }
            Event::Venue { venue, action } => self.venue_acts(venue, action),
            Event::Opened { conn } => {
                if let Some((venue, id)) = self.ours(conn) {
                    self.tell_bot(|bot, now| {
                        bot.backoff.entry((venue, id)).or_insert(Backoff::new(100, 5_000)).reset();
                        bot.shard.on_open(venue, id, now);
                    })?;
                }
            }
            Event::Frame { conn, message } => {
                if let Some((venue, id)) = self.ours(conn) {
                    self.note("<-", net::bytes(&message));
                    self.tell_bot(|bot, now| {
                        let frame = match &message {
                            Message::Text(t) => Frame::Text(t),
                            Message::Binary(b) => Frame::Binary(b),
                        };
                        bot.shard.on_frame(venue, id, frame, now);
                    })?;
                }
            }
            Event::Closed { conn, code, why } => {
                if let Some((venue, id)) = self.ours(conn) {
                    self.tell_bot(|bot, now| {
                        bot.conns.remove(&(venue, id));
                        bot.shard.on_closed(venue, id, code, why, now);
                    })?;
                }
                if let Some(c) = self.conns.get_mut(&conn) {
                    c.gone = true;
                }
            }
            Event::Reply { request, status, retry_after_ms, body } => {
                self.note("reply", &body);
                self.reply(request, Reply::Answer { status, retry_after_ms, body: &body })?;
            }
            Event::NoReply { request, why } => self.reply(request, Reply::Unknown(why))?,
            Event::Timer { life, venue, timer, generation } => {
                let ours = self.bot.as_ref().filter(|_| life == self.life);
                if ours.is_some_and(|bot| bot.timers.get(&(venue, timer)) == Some(&generation)) {
                    self.tell_bot(|bot, now| {
                        bot.timers.remove(&(venue, timer));
                        bot.shard.on_timer(venue, timer, now);
                    })?;
                }
            }
            Event::Tick { life } => {
                if life == self.life {
                    self.tell_bot(|bot, now| {
                        bot.tick_at = None;
                        if bot.shard.next_wake().is_some_and(|w| w <= now.wall) {
                            bot.shard.tick(now);
                        }
                    })?;
                }
            }
        }
        Ok(())
    }
}
