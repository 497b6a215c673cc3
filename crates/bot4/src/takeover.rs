//! The way in of a restart, for a process that only cleans up: the same journal, the same shard, the same service, but with a
//! gate that clears no order that opens exposure.
//!
//! Owns what `bot4 watchdog` and `bot4 flatten` share: who may do it, what the journal says is open, and the run itself.
//! Never trades: the service is told to stop before it begins.

use crate::config::{Config, Mode};
use crate::keys::{self, Keys};
use crate::run::until_asked_to_stop;
use crate::source::{Source, Usage};
use crate::wiring::{self, Places};
use crate::{journal_view, replay};
use anyhow::Context;
use config_manager::Environment;
use domain::{LegId, Wall};
use engine::{Engine, OnStop};
use journal::{Journal, OpenError, Opened};
use orchestrator::{ExecutionService, Finished, Pulse, ServiceConfig, StopSignal};
use saga::{Goal, Round};
use std::cell::Cell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// Signals within this time of the first one are the same wish.
const ONE_SIGNAL: Duration = Duration::from_millis(300);

/// Whoever cleans up, with everything that is needed for it.
pub(crate) struct Takeover {
    pub(crate) config: Config,
    pub(crate) keys: Keys,
    pub(crate) environment: Environment,
    places: Places,
}

/// What the journal says is open, without having taken it.
pub(crate) struct Open {
    engine: Engine,
    /// Where the journal could not be read, or did not fold: then only the way in of a restart can tell.
    pub(crate) doubts: Vec<String>,
}

impl Open {
    /// Rounds under way, held ones too.
    pub(crate) fn rounds(&self) -> impl Iterator<Item = &Round> {
        self.engine.rounds()
    }

    /// What a person would not leave alone, a sentence a round: legs uneven, or orders whose end is not known.
    pub(crate) fn naked(&self) -> Vec<String> {
        let loose = |r: &&Round| r.uncovered() != 0 || r.any_live();
        let mut all: Vec<String> =
            self.rounds().filter(loose).map(|r| format!("round {} on {}: {}", r.id(), r.plan.pair, state(r))).collect();
        all.extend(self.doubts.iter().cloned());
        all
    }
}

/// How a round stands, in words.
pub(crate) fn state(round: &Round) -> String {
    let pending = LegId::BOTH.map(|leg| round.live(leg).count()).iter().sum::<usize>();
    match (round.uncovered() != 0, pending, round.goal == Goal::Hold) {
        (false, 0, true) => "open and even".to_owned(),
        (false, 0, false) => "even, under way".to_owned(),
        (true, 0, _) => round.exposure(),
        (false, n, _) => format!("{n} orders without a final word"),
        (true, n, _) => format!("{}, {n} orders without a final word", round.exposure()),
    }
}

impl Takeover {
    /// Reads configuration and credentials. Nothing is opened or connected.
    ///
    /// # Errors
    /// Something that the operator wrote cannot be used, or there is no account to act on.
    pub(crate) fn prepare(source: &Source) -> anyhow::Result<Self> {
        let environment = Source::environment()?;
        keys::refuse_open_file(&environment)?;
        let (_, config) = source.load(&environment, &[])?;
        let keys = match config.file.mode {
            Mode::Paper => {
                let why =
                    "on paper there is no account: what is open there ends with the bot, and nothing can be closed beside it";
                return Err(Usage(why.to_owned()).into());
            }
            Mode::Demo => Keys::from_environment(&environment)?,
            Mode::Live => Keys::for_live(&environment)?,
        };
        let places = Places::configured(&config)?;
        Ok(Self { config, keys, environment, places })
    }

    /// Folder of the journal.
    pub(crate) fn folder(&self) -> PathBuf {
        self.config.file.state.join("journal")
    }

    /// When anything in the journal's folder last changed, and how many files it has: while both stay, so does what
    /// [`Takeover::open_rounds`] would say.
    pub(crate) fn mark(&self) -> Option<(SystemTime, usize)> {
        let entries = std::fs::read_dir(self.folder()).ok()?;
        let times: Vec<SystemTime> = entries.filter_map(|e| e.ok()?.metadata().ok()?.modified().ok()).collect();
        Some((times.iter().max().copied()?, times.len()))
    }

    /// Folds the journal without its lock and without changing a byte.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub(crate) fn open_rounds(&self) -> anyhow::Result<Open> {
        let mut engine = Engine::new(wiring::engine(&self.config));
        let mut unfit = None;
        let folder = self.folder();
        let mut doubts = Vec::new();
        if folder.is_dir() {
            let fold = |record| {
                if let Err(e) = engine.fold(&record) {
                    unfit.get_or_insert(e.to_string());
                }
            };
            doubts = journal_view::each(&folder, fold)?;
        }
        doubts.extend(unfit);
        Ok(Open { engine, doubts })
    }

    /// Takes the journal, as a restart does. `who` names the program in its header.
    ///
    /// # Errors
    /// As [`Journal::open`] has them.
    pub(crate) fn take(&self, who: &str) -> anyhow::Result<Result<Opened, OpenError>> {
        let identity = wiring::identity(&self.config, Some(&self.keys))?;
        Ok(Journal::open(&self.folder(), identity, who, self.config.journal(wall)))
    }

    /// Brings everything to its end: even, or flat as `on_stop` says. Gives up after `limit`, or at a second signal; the first
    /// one is remembered in `asked`. Must be called inside a `tokio::task::LocalSet`.
    ///
    /// # Errors
    /// The journal does not fold, or a venue cannot be used at all.
    pub(crate) async fn clean(
        &self,
        opened: Opened,
        on_stop: OnStop,
        limit: Duration,
        asked: &Rc<Cell<bool>>,
    ) -> anyhow::Result<Finished> {
        signing::warm_up();
        if let Some(lost) = &opened.report.repaired {
            tracing::warn!(target: "bot4", "[STATE] Journal repaired: {lost}");
        }
        let records = replay::records(&opened.replay)?;
        let mut shard = wiring::reducing_shard(&self.config, &self.keys, replay::last_nonce(&records))?;
        for record in &records {
            shard.replay(record).context("the journal does not fold; nothing may be done on it")?;
        }
        let config = ServiceConfig {
            links: wiring::links(&self.config, &self.places),
            on_stop,
            stop_limit: limit,
            // What database and mirror have still to read stays, whatever it takes.
            keep_from: Box::new(|| 0),
            gates: Vec::new(),
            pulse: Arc::new(Pulse::default()),
        };
        let service = ExecutionService::new(shard, opened.journal, config, wiring::clock(), Arc::new(AtomicU64::new(0)))?;
        let (tell, told) = watch::channel(StopSignal::Run);
        let _ = tell.send(StopSignal::Stop); // the receiver is in our hand
        let signals = tokio::task::spawn_local(second_signal(tell, Rc::clone(asked)));
        let done = service.run(told).await;
        signals.abort();
        Ok(done?)
    }
}

/// The first signal is noted: half a clean-up is worse than none. The second one ends it.
async fn second_signal(tell: watch::Sender<StopSignal>, asked: Rc<Cell<bool>>) {
    if until_asked_to_stop().await.is_ok() {
        asked.set(true);
        tracing::warn!(target: "bot4", event_type = "SHUTDOWN", "[SHUTDOWN] Ends when everything is even; a second signal ends it now");
        tokio::time::sleep(ONE_SIGNAL).await;
        if until_asked_to_stop().await.is_ok() {
            let _ = tell.send(StopSignal::Now); // it has ended already if this finds nobody
        }
    }
    // Kept alive, so that a dropped sender is not taken for a signal.
    std::future::pending::<()>().await;
}

fn wall() -> Wall {
    wiring::clock().now().wall
}
