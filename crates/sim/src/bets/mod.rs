//! Worlds of bets: both betting clients against their simulated venues, with everything that can go wrong there.
//!
//! Seed in, history out. Bets are drawn, journaled, signed and sent; faults, cut lines and deaths are drawn too. After everything that
//! happens the claims of the clients are held against what the venues know, and in the end every bet must be known for what it came to.

mod bettor;
mod faults;
mod judge;
mod life;
mod quotes;
mod scenario;
mod truth;

use crate::coverage::Coverage;
use crate::journal_memory::Memory;
use crate::network::{Network, Paths, Step, Venues};
use crate::random::Random;
use crate::world::{Crash, Failure, Finished};
use bettor::{API_KEY, AZURO, Bettor, NAMES, SX, address};
use domain::{Now, OrderId, VenueKey, Wall};
use judge::Ledger;
use scenario::{Deed, Scenario};
use std::collections::BTreeMap;
use venue_sim::VenueSim;
use venue_sim::azuro::{AzuroSim, AzuroSimConfig};
use venue_sim::sports::{Sports, SportsShape};
use venue_sim::sx::{Latencies, Makers, Switches, SxSim, SxSimConfig};

/// 2025-11-21T08:00:00Z, microseconds: any time will do, the same one always.
const BEGINNING: i64 = 1_763_712_000_000_000;
/// After the last bet: from here on nothing goes wrong any more.
const PEACE_MS: i64 = 3_000;
/// Until then every bet must have come to its end.
const REST_MS: i64 = 20 * 60_000;
/// So long both venues stand still before what is quoted is held against them: longer than any refresh.
const STILL_MS: i64 = 30_000;
/// SX Bet and Azuro with its chain.
const PATHS: [Paths; 2] = [
    Paths { socket: "/connection/websocket", rest: "", chain: "" },
    Paths { socket: "/v1/streams/feed", rest: "/api/v1/public", chain: "/rpc" },
];

enum Event {
    Deed(Deed),
    Peace,
    Compare,
    Restart,
    Look,
}

/// Both venues, kept by type so that their books can be looked into.
struct Both {
    sx: SxSim,
    azuro: AzuroSim,
}

impl Venues for Both {
    fn venue(&mut self, index: usize) -> &mut dyn VenueSim {
        if index == SX { &mut self.sx } else { &mut self.azuro }
    }
}

/// A mistake planted on purpose, to prove that these worlds find it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// The record is made after the bet has left.
    RecordAfterSend,
    /// An unknown fate is taken for a refusal.
    UnknownIsRefused,
    /// A new life asks about nothing that the one before left open.
    ForgetsAtRestart,
}

impl Bug {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::RecordAfterSend, Self::UnknownIsRefused, Self::ForgetsAtRestart];
}

/// One run.
pub struct World {
    bug: Option<Bug>,
    scenario: Scenario,
    net: Network<Event>,
    venues: Both,
    bettor: Option<Bettor>,
    epoch: u32,
    memory: Memory,
    /// Every bet that was ever recorded.
    ledger: Ledger,
    peace: bool,
    crash_at: Option<(u64, Crash)>,
    effects: u64,
    deaths: u64,
    coverage: Coverage,
    told: Vec<String>,
    trace: bool,
}

/// A bet as it was recorded.
#[derive(Clone, Debug)]
struct Recorded {
    venue: usize,
    key: VenueKey,
}

impl World {
    /// The world of a seed.
    pub fn new(seed: u64) -> Self {
        let scenario = Scenario::drawn(seed);
        let sports = Sports::new(seed, SportsShape { pace: 240, ahead: 2, ..SportsShape::default() });
        let owner = |venue: usize| address(venue).parse().expect("an address of ours");
        let sx = SxSimConfig::new(seed, sports).with_account(API_KEY, owner(SX), 100_000_000_000);
        let makers = Makers { every_ms: 4_000, ..sx.makers };
        let latencies = Latencies { settle_ms: 5_000, ..sx.latencies };
        let switches = Switches { account_recoverable: scenario.account_recoverable, ..sx.switches };
        let sx = SxSim::new(SxSimConfig { makers, latencies, switches, ..sx });
        let azuro =
            AzuroSimConfig { approved: true, resolve_after_ms: 5_000, tick_ms: 2_000, ..AzuroSimConfig::new(seed, sports) };
        let azuro = AzuroSim::new(azuro);
        let mut world = Self {
            bug: None,
            net: Network::new(BEGINNING, Random::new(seed), scenario.latency_ms, PATHS.to_vec()),
            venues: Both { sx, azuro },
            bettor: None,
            epoch: 0,
            memory: Memory::default(),
            ledger: Ledger::default(),
            peace: false,
            crash_at: None,
            effects: 0,
            deaths: 0,
            coverage: Coverage::default(),
            told: Vec::new(),
            trace: false,
            scenario,
        };
        for (at, deed) in world.scenario.deeds.clone() {
            world.net.schedule(BEGINNING + at, Event::Deed(deed));
        }
        world.net.schedule(BEGINNING + (world.scenario.run_ms + PEACE_MS) * 1_000, Event::Peace);
        world.net.schedule(BEGINNING, Event::Restart);
        world
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

    /// Runs until every bet has come to its end.
    ///
    /// # Errors
    /// [`Failure`]: an invariant did not hold.
    pub fn run(mut self) -> Result<Finished, Failure> {
        match self.go() {
            Ok(()) => Ok(Finished {
                history: self.net.history(),
                effects: self.effects,
                first_effect: 0,
                deaths: self.deaths,
                uncovered_ms: 0,
                uncovered_calm_ms: 0,
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
        for (venue, name, value) in self.scenario.switches.clone() {
            self.venues.venue(venue).set_fault(name, &value).map_err(|e| format!("{name}: {e}"))?;
            self.coverage.add("switch", &format!("{} {name} {value}", NAMES[venue]));
        }
        let limit = BEGINNING + (self.scenario.run_ms + REST_MS) * 1_000;
        while let Some(step) = self.net.next(&mut self.venues) {
            if self.net.now > limit {
                return Err(format!("{REST_MS} ms after the last bet not all is known: {}", self.open_ends()));
            }
            for (venue, request) in self.net.requests_seen.as_mut().map(std::mem::take).unwrap_or_default() {
                // The rest is many times as much and says nothing of a bet.
                if request.contains("/orders") || request.contains("/fills") {
                    self.told(format!("   {} <- {request}", NAMES[venue]));
                }
            }
            match step {
                Step::Own(Event::Look) => {
                    if self.all_is_known()? {
                        return self.at_rest();
                    }
                    self.net.schedule(self.net.now + 1_000_000, Event::Look);
                }
                Step::Own(Event::Restart) => self.restart()?,
                Step::Own(Event::Peace) => self.make_peace()?,
                Step::Own(Event::Compare) => self.compare()?,
                Step::Own(Event::Deed(deed)) => self.carry_out(deed)?,
                Step::Bot(venue, told) => {
                    let now = self.stamp();
                    if let Some(bettor) = &mut self.bettor {
                        bettor.hear(venue, told, now);
                        self.perform(venue)?;
                    }
                }
                Step::Between => {}
            }
        }
        Err("the world stopped moving".to_owned())
    }

    fn stamp(&self) -> Now {
        Now { mono: self.net.mono(), wall: Wall(self.net.now) }
    }

    fn told(&mut self, what: String) {
        let line = format!("{:>7} {what}", (self.net.now - BEGINNING) / 1_000);
        if self.trace {
            println!("{line}");
        }
        self.told.push(line);
        if self.told.len() > 4_000 {
            self.told.drain(..2_000);
        }
    }

    /// From here on nothing goes wrong any more, and nothing is bet.
    fn make_peace(&mut self) -> Result<(), String> {
        self.told("-- peace".to_owned());
        self.peace = true;
        self.crash_at = None;
        for (_, deed) in self.scenario.deeds.clone() {
            if let Deed::Clear { venue, name } = deed {
                self.venues.venue(venue).clear_fault(name);
            }
        }
        for (venue, name) in [(SX, "freeze_book"), (AZURO, "freeze_odds")] {
            self.venues.venue(venue).set_fault(name, &serde_json::Value::Null).map_err(|e| format!("{name}: {e}"))?;
            self.net.arm(venue, &mut self.venues);
        }
        self.net.schedule(self.net.now + STILL_MS * 1_000, Event::Compare);
        Ok(())
    }

    /// Both venues have stood still for long enough: what is quoted is held against them, and the rest of the run is about bets alone.
    fn compare(&mut self) -> Result<(), String> {
        if self.bettor.is_none() {
            self.net.schedule(self.net.now + STILL_MS * 1_000, Event::Compare);
            return Ok(());
        }
        self.judge_quotes()?;
        // They stand still for the rest, too: who waits for the end of bets needs no odds.
        for venue in [SX, AZURO] {
            let watched = self.bettor.as_mut().map(|bettor| std::mem::take(&mut bettor.watched[venue])).unwrap_or_default();
            for market in watched.into_keys() {
                self.enter(venue, |client, now, out| client.unwatch(market, now, out))?;
            }
        }
        self.net.schedule(self.net.now + 1_000_000, Event::Look);
        Ok(())
    }
}

/// Everything that a thousand drawn worlds of bets must have met and did not.
pub fn missing(coverage: &Coverage) -> Vec<String> {
    faults::required()
        .filter(|(group, word)| !coverage.has(group, word))
        .map(|(group, word)| format!("{group}: {word}"))
        .collect()
}

/// Bets by our id.
type Bets = BTreeMap<OrderId, Recorded>;
