//! The world of one run: time, network, venues, and the bot's lives.

use crate::bot::{Bot, Keys, PARADEX, VEST};
use crate::check::Shadow;
use crate::journal_memory::Memory;
use crate::random::Random;
use crate::sabotage::Bug;
use crate::scenario::Scenario;
use domain::record::Record;
use domain::{Mono, Now, OrderId, Wall};
use engine::{Notice, OnStop};
use sha2::{Digest, Sha256};
use shard::Output;
use std::collections::BTreeMap;
use venue_api::{Action, Backoff, ConnId, Frame, Payload, Reply, RequestId, TimerId};
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
    /// Rounds by ending.
    pub rounds: BTreeMap<String, u64>,
    /// Records and sends performed: where a crash can be put.
    pub effects: u64,
    /// Index of the first effect of the first round.
    pub first_effect: u64,
    /// How often the bot died and came back.
    pub deaths: u64,
    /// Longest time by the venues' own books that one side was uncovered, ms.
    pub uncovered_ms: i64,
    /// Records by kind.
    pub records: BTreeMap<&'static str, u64>,
    /// Virtual time, ms.
    pub took_ms: i64,
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
    Fault { index: usize },
    Peace,
    Stop,
    Kill,
    Restart,
}

struct Conn {
    venue: usize,
    id: ConnId,
    life: u64,
    /// The venue knows it.
    accepted: bool,
    /// Nothing passes it any more, either way.
    gone: bool,
    last_out: i64,
    last_in: i64,
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
    memory: Memory,
    keys: Keys,
    conns: BTreeMap<u64, Conn>,
    requests: BTreeMap<u64, (usize, RequestId, u64)>,
    crash_at: Option<(u64, Crash)>,
    bug: Option<Bug>,
    stopping: bool,
    stopped_at: Option<i64>,
    cash_at_start: Option<i128>,
    shadow: Shadow,
    history: Sha256,
    told: Vec<String>,
    trace: bool,
    effects: u64,
    first_effect: Option<u64>,
    deaths: u64,
    rounds: BTreeMap<String, u64>,
    uneven_since: Option<i64>,
    uncovered_ms: i64,
    check_fold: bool,
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
            memory: Memory::default(),
            keys,
            conns: BTreeMap::new(),
            requests: BTreeMap::new(),
            crash_at: None,
            bug: None,
            stopping: false,
            stopped_at: None,
            cash_at_start: None,
            shadow: Shadow::default(),
            history: Sha256::new(),
            told: Vec::new(),
            trace: false,
            effects: 0,
            first_effect: None,
            deaths: 0,
            rounds: BTreeMap::new(),
            uneven_since: None,
            uncovered_ms: 0,
            check_fold: true,
            scenario,
        };
        for index in 0..world.scenario.steps.len() {
            let at = BEGINNING + world.scenario.steps[index].at_ms * 1_000;
            world.schedule(at, Event::Fault { index });
        }
        for at_ms in world.scenario.kill_at_ms.clone() {
            world.schedule(BEGINNING + at_ms * 1_000, Event::Kill);
        }
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
                rounds: self.rounds,
                effects: self.effects,
                first_effect: self.first_effect.unwrap_or(self.effects),
                deaths: self.deaths,
                uncovered_ms: self.uncovered_ms,
                records: self.shadow.records,
                took_ms: (self.now - BEGINNING) / 1_000,
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
            self.measure();
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

    fn stamp(&self) -> Now {
        Now { mono: Mono((self.now - BEGINNING + 1_000_000_000) as u64 * 1_000), wall: Wall(self.now) }
    }

    fn travel(&mut self) -> i64 {
        let (low, high) = self.scenario.latency_ms;
        self.random.between(low * 1_000, high * 1_000)
    }

    fn note(&mut self, what: &str, bytes: &[u8]) {
        self.history.update(self.now.to_le_bytes());
        self.history.update(what.as_bytes());
        self.history.update(bytes);
    }

    fn happen(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Restart => self.restart()?,
            Event::Kill => self.kill(),
            Event::Stop => {
                self.stopping = true;
                if let Some(bot) = &mut self.bot {
                    let now = Now { mono: Mono((self.now - BEGINNING + 1_000_000_000) as u64 * 1_000), wall: Wall(self.now) };
                    bot.shard.begin_stop(OnStop::Flatten, now);
                    self.perform()?;
                }
            }
            Event::Peace => {
                for index in 0..self.scenario.steps.len() {
                    let step = self.scenario.steps[index].clone();
                    if step.name != "switch" && step.name != "clock_offset" {
                        self.venues.get(step.venue).clear_fault(step.name);
                    }
                }
                self.arm(VEST);
                self.arm(PARADEX);
            }
            Event::Fault { index } => {
                let step = self.scenario.steps[index].clone();
                self.note(step.name, &[]);
                let venue = self.venues.get(step.venue);
                match &step.parameters {
                    Some(parameters) => venue.set_fault(step.name, parameters).map_err(|e| format!("{}: {e}", step.name))?,
                    None => venue.clear_fault(step.name),
                }
                self.told(format!("-- {} {} {:?}", ["vest", "paradex"][step.venue], step.name, step.parameters));
                self.arm(step.venue);
            }
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
                self.note("->", bytes(&message));
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
                let http = HttpRequest { method, target: &target, headers: &headers, body: &body };
                let mut out = Vec::new();
                self.venues.get(venue).on_request(request, http, SimNow(self.now), &mut out);
                self.take(venue, out);
            }
            Event::Venue { venue, action } => self.venue_acts(venue, action),
            Event::Opened { conn } => {
                if let Some((venue, id)) = self.ours(conn) {
                    let now = self.stamp();
                    if let Some(bot) = &mut self.bot {
                        bot.backoff.entry((venue, id)).or_insert(Backoff::new(100, 5_000)).reset();
                        bot.shard.on_open(venue, id, now);
                        self.perform()?;
                    }
                }
            }
            Event::Frame { conn, message } => {
                if let Some((venue, id)) = self.ours(conn) {
                    self.note("<-", bytes(&message));
                    let now = self.stamp();
                    if let Some(bot) = &mut self.bot {
                        let frame = match &message {
                            Message::Text(t) => Frame::Text(t),
                            Message::Binary(b) => Frame::Binary(b),
                        };
                        bot.shard.on_frame(venue, id, frame, now);
                        self.perform()?;
                    }
                }
            }
            Event::Closed { conn, code, why } => {
                if let Some((venue, id)) = self.ours(conn) {
                    let now = self.stamp();
                    if let Some(bot) = &mut self.bot {
                        bot.conns.remove(&(venue, id));
                        bot.shard.on_closed(venue, id, code, why, now);
                        self.perform()?;
                    }
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
                let now = self.stamp();
                if let Some(bot) = self.bot.as_mut().filter(|_| life == self.life)
                    && bot.timers.get(&(venue, timer)) == Some(&generation)
                {
                    bot.timers.remove(&(venue, timer));
                    bot.shard.on_timer(venue, timer, now);
                    self.perform()?;
                }
            }
            Event::Tick { life } => {
                let now = self.stamp();
                if let Some(bot) = self.bot.as_mut().filter(|_| life == self.life) {
                    bot.tick_at = None;
                    if bot.shard.next_wake().is_some_and(|w| w <= now.wall) {
                        bot.shard.tick(now);
                    }
                    self.perform()?;
                }
            }
        }
        Ok(())
    }

    /// Venue and connection of the living bot that a connection of the world is.
    fn ours(&self, conn: u64) -> Option<(usize, ConnId)> {
        let c = self.conns.get(&conn).filter(|c| c.life == self.life && !c.gone)?;
        let bot = self.bot.as_ref()?;
        (bot.conns.get(&(c.venue, c.id)) == Some(&conn)).then_some((c.venue, c.id))
    }

    fn reply(&mut self, request: u64, reply: Reply<'_>) -> Result<(), String> {
        let Some((venue, id, life)) = self.requests.remove(&request) else { return Ok(()) };
        let now = self.stamp();
        if let Some(bot) = self.bot.as_mut().filter(|_| life == self.life) {
            bot.shard.on_reply(venue, id, reply, now);
            self.perform()?;
        }
        Ok(())
    }

    fn restart(&mut self) -> Result<(), String> {
        if self.bot.is_some() {
            return Ok(());
        }
        self.epoch += 1;
        let now = self.stamp();
        let records = self.memory.open(self.epoch, now.wall)?;
        let mut last_nonce = 0u64;
        for record in &records {
            if let Record::Opened { orders, .. } | Record::Intended { orders, .. } = record {
                let keys = orders.iter().filter(|o| o.spec.venue.as_str() == "vest").filter_map(|o| o.key.key.parse().ok());
                last_nonce = keys.fold(last_nonce, u64::max);
            }
        }
        let mut bot = Bot::new(&self.keys, last_nonce, self.bug);
        for record in &records {
            bot.shard.replay(record).map_err(|e| format!("the journal does not fold: {e}"))?;
        }
        self.told(format!("-- life {} begins, {} records", self.life, records.len()));
        bot.shard.start(self.epoch, now);
        if self.stopping {
            bot.shard.begin_stop(OnStop::Flatten, now);
        }
        self.bot = Some(bot);
        self.perform()
    }

    fn kill(&mut self) {
        if self.bot.take().is_none() {
            return;
        }
        self.told("-- killed".to_owned());
        self.deaths += 1;
        let life = self.life;
        self.life += 1;
        self.stopped_at = None;
        let travel = self.travel();
        let mine: Vec<u64> = self.conns.iter().filter(|(_, c)| c.life == life).map(|(id, _)| *id).collect();
        for conn in mine {
            let last = self.conns.get(&conn).map_or(0, |c| c.last_out);
            self.schedule((self.now + travel).max(last), Event::Left { conn });
        }
        let pause = self.random.between(50_000, 2_500_000);
        self.schedule(self.now + pause, Event::Restart);
    }

    /// Performs what the shard wants, one output after the other.
    fn perform(&mut self) -> Result<(), String> {
        loop {
            let Some(bot) = &mut self.bot else { return Ok(()) };
            let mut outputs = bot.shard.take_outputs();
            if outputs.is_empty() {
                bot.shard.give_back(outputs);
                break;
            }
            if self.bug == Some(Bug::RecordAfterSend) {
                // Sends first, then the record that should have come before them; everything else keeps its place.
                outputs.sort_by_key(|o| matches!(o, Output::Append { orders, .. } if !orders.is_empty()));
            }
            for output in outputs {
                if self.dies_at(&output)? {
                    self.kill();
                    return Ok(());
                }
            }
        }
        self.rest()
    }

    /// Does one output; true if the process died over it.
    fn dies_at(&mut self, output: &Output) -> Result<bool, String> {
        let is_effect = matches!(output, Output::Append { .. } | Output::Act { order: Some(_), .. });
        let mut crash = None;
        if is_effect {
            if self.first_effect.is_none() && matches!(output, Output::Append { record: Record::Opened { .. }, .. }) {
                self.first_effect = Some(self.effects);
            }
            crash = self.crash_at.filter(|(at, _)| *at == self.effects).map(|(_, how)| how);
            self.effects += 1;
        }
        match crash {
            Some(Crash::Before) => return Ok(true),
            Some(Crash::Torn(short)) => {
                if let Output::Append { record, .. } = output {
                    let before = self.memory.bytes.len();
                    self.memory.append(record)?;
                    let written = self.memory.bytes.len() - before;
                    self.memory.tear(short.clamp(1, written));
                }
                return Ok(true);
            }
            Some(Crash::After) | None => {}
        }
        match output {
            Output::Append { record, .. } => {
                self.memory.append(record)?;
                self.note("record", record.word().as_bytes());
                self.shadow.recorded(record)?;
                if let Record::Ended { outcome, .. } = record {
                    *self.rounds.entry(outcome.ending.word().to_owned()).or_default() += 1;
                }
            }
            Output::Act { venue, order, action } => self.act(*venue, *order, action)?,
            Output::Tell(notice) => self.tell(notice),
            Output::Session(session) => self.told(format!("{} {:?}", session.venue, session.news)),
            Output::BookUpdated { .. } => {}
        }
        Ok(crash == Some(Crash::After))
    }

    fn tell(&mut self, notice: &Notice) {
        if !matches!(notice, Notice::Skipped { .. }) {
            self.told(notice.message());
        }
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

    fn act(&mut self, venue: usize, order: Option<OrderId>, action: &Action) -> Result<(), String> {
        match action {
            Action::Connect { conn, target, headers } => {
                self.leave(venue, *conn);
                let jitter = self.random.next();
                let id = {
                    self.serial += 1;
                    self.serial
                };
                let Some(bot) = &mut self.bot else { return Ok(()) };
                let wait = bot.backoff.entry((venue, *conn)).or_insert(Backoff::new(100, 5_000)).next_ms(jitter) as i64 * 1_000;
                bot.conns.insert((venue, *conn), id);
                let base = if venue == VEST { "/ws-api" } else { "/v1" };
                let target = format!("{base}{}", target.expose_secret());
                let headers = expose(headers);
                let at = self.now + wait + self.travel();
                let c = Conn { venue, id: *conn, life: self.life, accepted: false, gone: false, last_out: at, last_in: at };
                self.conns.insert(id, c);
                self.schedule(at, Event::Connect { conn: id, target, headers });
            }
            Action::Close { conn } => self.leave(venue, *conn),
            Action::Send { conn, payload } => {
                if let Some(order) = order {
                    self.shadow.leaves(order)?;
                }
                let Some(id) = self.bot.as_ref().and_then(|b| b.conns.get(&(venue, *conn)).copied()) else { return Ok(()) };
                let travel = self.travel();
                let Some(c) = self.conns.get_mut(&id) else { return Ok(()) };
                c.last_out = (self.now + travel).max(c.last_out + 1);
                let at = c.last_out;
                let message = match payload {
                    Payload::Text(t) => Message::Text(t.clone()),
                    Payload::Binary(b) => Message::Binary(b.clone()),
                };
                self.schedule(at, Event::ToVenue { conn: id, message });
            }
            Action::Request { id, method, target, headers, body, timeout_ms, .. } => {
                if let Some(order) = order {
                    self.shadow.leaves(order)?;
                }
                self.serial += 1;
                let request = self.serial;
                self.requests.insert(request, (venue, *id, self.life));
                let prefix = if venue == VEST { "/v2" } else { "/v1" };
                let event = Event::Request {
                    request,
                    method: method.as_str(),
                    target: format!("{prefix}{target}"),
                    headers: expose(headers),
                    body: body.as_bytes().to_vec(),
                };
                let at = self.now + self.travel();
                self.schedule(at, event);
                self.schedule(self.now + *timeout_ms as i64 * 1_000, Event::NoReply { request, why: "timeout" });
            }
            Action::Timer { id, at } => {
                self.serial += 1;
                let generation = self.serial;
                let wall = (at.0 / 1_000) as i64 - 1_000_000_000 + BEGINNING;
                if let Some(bot) = &mut self.bot {
                    bot.timers.insert((venue, *id), generation);
                }
                self.schedule(wall, Event::Timer { life: self.life, venue, timer: *id, generation });
            }
            Action::CancelTimer { id } => {
                if let Some(bot) = &mut self.bot {
                    bot.timers.remove(&(venue, *id));
                }
            }
        }
        Ok(())
    }

    /// The bot leaves a connection.
    fn leave(&mut self, venue: usize, conn: ConnId) {
        let Some(id) = self.bot.as_mut().and_then(|b| b.conns.remove(&(venue, conn))) else { return };
        let travel = self.travel();
        let Some(c) = self.conns.get_mut(&id) else { return };
        let at = (self.now + travel).max(c.last_out + 1);
        self.schedule(at, Event::Left { conn: id });
    }

    fn take(&mut self, venue: usize, actions: Vec<SimAction>) {
        for action in actions {
            let after = match &action {
                SimAction::Accept { .. } | SimAction::RefuseUpgrade { .. } => 0,
                SimAction::Send { after_us, .. }
                | SimAction::Close { after_us, .. }
                | SimAction::Reply { after_us, .. }
                | SimAction::Hang { after_us, .. } => *after_us as i64,
            };
            if after == 0 {
                self.venue_acts(venue, action);
            } else {
                self.schedule(self.now + after, Event::Venue { venue, action });
            }
        }
        self.arm(venue);
    }

    /// The venue does something now; it reaches the bot after its way.
    fn venue_acts(&mut self, venue: usize, action: SimAction) {
        let travel = self.travel();
        let arrive = |world: &mut Self, conn: u64| {
            world.conns.get_mut(&conn).filter(|c| !c.gone && c.venue == venue).map(|c| {
                c.last_in = (world.now + travel).max(c.last_in + 1);
                c.last_in
            })
        };
        match action {
            SimAction::Accept { conn } => {
                if let Some(c) = self.conns.get_mut(&conn) {
                    c.accepted = true;
                }
                if let Some(at) = arrive(self, conn) {
                    self.schedule(at, Event::Opened { conn });
                }
            }
            SimAction::RefuseUpgrade { conn, status } => {
                if let Some(at) = arrive(self, conn) {
                    self.schedule(at, Event::Closed { conn, code: Some(status), why: "upgrade refused" });
                }
            }
            SimAction::Send { conn, message, .. } => {
                if self.conns.get(&conn).is_some_and(|c| c.accepted)
                    && let Some(at) = arrive(self, conn)
                {
                    self.schedule(at, Event::Frame { conn, message });
                }
            }
            SimAction::Close { conn, code, .. } => {
                if let Some(at) = arrive(self, conn) {
                    let code = (code != 0).then_some(code);
                    self.schedule(at, Event::Closed { conn, code, why: "closed by the venue" });
                }
                // What the bot still sends into a closed connection reaches nobody.
                if let Some(c) = self.conns.get_mut(&conn)
                    && std::mem::take(&mut c.accepted)
                {
                    let mut out = Vec::new();
                    self.venues.get(venue).on_disconnect(conn, SimNow(self.now), &mut out);
                    self.take(venue, out);
                }
            }
            SimAction::Reply { request, status, headers, body, .. } => {
                let seconds = headers.iter().find(|(n, _)| n.eq_ignore_ascii_case("retry-after")).and_then(|(_, v)| v.parse::<u64>().ok());
                let retry_after_ms = seconds.map(|s| s * 1_000);
                self.schedule(self.now + travel, Event::Reply { request, status, retry_after_ms, body });
            }
            SimAction::Hang { request, .. } => {
                self.schedule(self.now + travel, Event::NoReply { request, why: "connection closed before an answer" });
            }
        }
    }

    fn arm(&mut self, venue: usize) {
        let Some(at) = self.venues.get(venue).next_wake().map(|w| w.0.max(self.now)) else { return };
        if self.waking[venue].is_none_or(|armed| at < armed) {
            self.waking[venue] = Some(at);
            self.schedule(at, Event::Wake { venue });
        }
    }

    /// After a batch: the next tick, whether all is at rest, and whether the journal says what the engine thinks.
    fn rest(&mut self) -> Result<(), String> {
        let Some(bot) = &mut self.bot else { return Ok(()) };
        let wake = bot.shard.next_wake().map(|w| w.0.max(self.now));
        let earlier = wake.filter(|w| bot.tick_at.is_none_or(|armed| *w < armed));
        let (ready, stopped) = (bot.shard.ready(), bot.shard.engine().stopped());
        if let Some(at) = earlier {
            bot.tick_at = Some(at);
            self.schedule(at, Event::Tick { life: self.life });
        }
        if self.cash_at_start.is_none() && ready {
            self.cash_at_start = Some(self.venues.cash_e8());
        }
        if self.stopping && stopped {
            self.stopped_at.get_or_insert(self.now);
        } else {
            self.stopped_at = None;
        }
        Ok(())
    }

    /// How long one side has been uncovered by the venues' own books.
    fn measure(&mut self) {
        let [vest, paradex] = self.venues.positions();
        match (vest + paradex != 0, self.uneven_since) {
            (true, None) => self.uneven_since = Some(self.now),
            (false, Some(since)) => {
                self.uncovered_ms = self.uncovered_ms.max((self.now - since) / 1_000);
                self.uneven_since = None;
            }
            _ => {}
        }
    }

    /// Everything is over: venues, journal and engine must tell the same story.
    fn at_rest(&mut self) -> Result<(), String> {
        let positions = self.venues.positions();
        if positions != [0, 0] {
            return Err(format!("at rest with positions {positions:?} on the venues"));
        }
        let open = self.shadow.open_rounds();
        if !open.is_empty() {
            return Err(format!("at rest with rounds {open:?} not ended"));
        }
        let Some(bot) = &self.bot else { return Err("at rest without a bot".to_owned()) };
        let engine = bot.shard.engine();
        let halted = engine.halted();
        if !halted.is_empty() {
            return Err(format!("at rest with pairs stopped: {halted:?}"));
        }
        if self.check_fold {
            let mut fresh = Bot::new(&self.keys, 0, None);
            for record in self.memory.records()? {
                fresh.shard.replay(&record).map_err(|e| format!("the journal does not fold: {e}"))?;
            }
            let (folded, lived) = (fresh.shard.engine().state_text(), engine.state_text());
            if folded != lived {
                return Err(format!("folding the journal gives another state:\n{folded}\nand not\n{lived}"));
            }
        }
        if let Some(before) = self.cash_at_start {
            let change = self.venues.cash_e8() - before;
            let net = i128::from(self.shadow.net_e8());
            if change != net {
                return Err(format!("the rounds' results sum to {net}, the venues' balances changed by {change} (at 1e-8)"));
            }
        }
        let _ = self.shadow.rounds();
        Ok(())
    }
}

fn bytes(message: &Message) -> &[u8] {
    match message {
        Message::Text(t) => t.as_bytes(),
        Message::Binary(b) => b,
    }
}

fn expose(headers: &[venue_api::Header]) -> Vec<(String, String)> {
    headers.iter().map(|h| (h.name.to_ascii_lowercase(), h.value.expose_secret().to_owned())).collect()
}
