//! The world of one run: time and what happens in it. The network is a room of its own, the bot's lives are in `life`, what goes
//! wrong in `plan`, and what must hold in `judge`.

mod judge;
mod life;
mod plan;

use crate::bot::{Bot, Keys, VEST};
use crate::check::{Shadow, VenueBooks};
use crate::coverage::Coverage;
use crate::journal_memory::Memory;
use crate::network::{Network, Paths, Step};
use crate::random::Random;
use crate::sabotage::Bug;
use crate::scenario::{Moment, Scenario};
use domain::{Now, OrderId, Wall};
use judge::Calm;
use plan::Deed;
use shard::Keeper;
use std::collections::BTreeMap;
use venue_api::Action;
use venue_sim::VenueSim;
use venue_sim::market::{Market, MarketShape};
use venue_sim::paradex::{KnownAccount, ParadexSim, ParadexSimConfig};
use venue_sim::vest::{VestSim, VestSimConfig};

/// 2025-11-21T08:00:00Z, microseconds: any time will do, the same one always.
const BEGINNING: i64 = 1_763_712_000_000_000;
/// Vest's and Paradex's bases.
const PATHS: [Paths; 2] = [Paths { socket: "/ws-api", rest: "/v2", chain: "" }, Paths { socket: "/v1", rest: "/v1", chain: "" }];
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
    Tick { life: u64 },
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

impl crate::network::Venues for Venues {
    fn venue(&mut self, index: usize) -> &mut dyn VenueSim {
        if index == VEST { &mut self.vest } else { &mut self.paradex }
    }
}

impl Venues {
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
    net: Network<Event>,
    venues: Venues,
    bot: Option<Bot>,
    life: u64,
    epoch: u32,
    /// By how much the bot's clock is ahead of the world's in this life, microseconds.
    clock_us: i64,
    memory: Memory,
    keeper: Keeper,
    keys: Keys,
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
            net: Network::new(BEGINNING, Random::new(seed), scenario.latency_ms, PATHS.to_vec()),
            venues: Venues { vest, paradex },
            bot: None,
            life: 0,
            epoch: 0,
            clock_us: 0,
            memory: Memory::default(),
            keeper: Keeper::default(),
            keys,
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
        world.net.schedule(end, Event::Stop);
        world.net.schedule(end + PEACE_MS * 1_000, Event::Peace);
        world.net.schedule(BEGINNING, Event::Restart);
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
        self.net.requests_seen = Some(Vec::new());
        self
    }

    /// Runs to the end.
    ///
    /// # Errors
    /// [`Failure`]: an invariant did not hold.
    pub fn run(mut self) -> Result<Finished, Failure> {
        match self.go() {
            Ok(()) => Ok(Finished {
                history: self.net.history(),
                effects: self.effects,
                first_effect: self.first_effect.unwrap_or(self.effects),
                deaths: self.deaths,
                uncovered_ms: self.uncovered_ms,
                uncovered_calm_ms: self.uncovered_calm_ms,
                coverage: self.coverage,
                took_ms: (self.net.now - BEGINNING) / 1_000,
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
        while let Some(step) = self.net.next(&mut self.venues) {
            if self.net.now > limit {
                let left = self.bot.as_ref().map(|b| b.shard.engine().left_behind()).unwrap_or_default();
                return Err(format!("not at rest {REST_MS} ms after the last entry: {left:?}"));
            }
            self.take(step)?;
            self.judge()?;
            if let Some(stopped) = self.stopped_at
                && self.net.now >= stopped + 3_000_000
            {
                return self.at_rest();
            }
        }
        Err("the world stopped moving".to_owned())
    }

    /// What the bot's clocks show.
    fn stamp(&self) -> Now {
        Now { mono: self.net.mono(), wall: Wall(self.net.now + self.clock_us) }
    }

    fn told(&mut self, what: String) {
        let ms = (self.net.now - BEGINNING) / 1_000;
        if self.trace {
            println!("{ms:>7} {what}");
        }
        self.told.push(format!("{ms:>7} {what}"));
        if self.told.len() > 4_000 {
            self.told.drain(..2_000);
        }
    }

    fn take(&mut self, step: Step<Event>) -> Result<(), String> {
        for (venue, request) in self.net.requests_seen.as_mut().map(std::mem::take).unwrap_or_default() {
            self.told(format!("   {} <- {request}", ["vest", "paradex"][venue]));
        }
        match step {
            Step::Own(event) => self.happen(event),
            Step::Bot(venue, told) => self.tell_bot(|bot, now| bot.hear(venue, told, now)),
            Step::Between => Ok(()),
        }
    }

    fn happen(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Restart => self.restart(),
            Event::Stop => self.stop(),
            Event::Peace => self.make_peace(),
            Event::Plan(deed) => self.carry_out(deed),
            Event::Tick { life } if life == self.life => self.tell_bot(|bot, now| {
                bot.tick_at = None;
                if bot.shard.next_wake().is_some_and(|w| w <= now.wall) {
                    bot.shard.tick(now);
                }
            }),
            Event::Tick { .. } => Ok(()),
        }
    }

    /// Performs one action of the bot; what carries an order is held against the journal first.
    fn act(&mut self, venue: usize, order: Option<OrderId>, action: &Action) -> Result<(), String> {
        if let (Some(order), Action::Send { .. } | Action::Request { .. }) = (order, action) {
            self.shadow.leaves(order, self.keeper.behind())?;
            self.judge_send(order)?;
        }
        self.net.act(venue, action);
        Ok(())
    }
}
