//! `bot4` itself: configuration, recovery, the hot thread, signals, the summary.

use crate::cli::{LEFT_BEHIND, OK};
use crate::config::{Config, FileConfig, Mode};
use crate::demo::{self, Embedded};
use crate::heartbeat::Beating;
use crate::hot_thread::{self, Panicked};
use crate::keys::{self, Keys};
use crate::mirror::{self, Mirroring};
use crate::source::{Own, Source, Usage};
use crate::storm::Trouble;
use crate::wiring::{self, Places};
use crate::{out, probe, replay, summary};
use anyhow::Context;
use clap::{Args, ValueEnum};
use config_manager::Environment;
use domain::Wall;
use domain::names::SkipReason;
use journal::Journal;
use orchestrator::{Beat, ExecutionService, Finished, Gate, Pulse, ServiceConfig, StopSignal};
use state_store::{Projector, ProjectorHandle};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use telemetry::{Format, LogOptions};
use tokio::sync::watch;

/// What the command line asked for.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    source: Source,
    /// In demo: venues inside this process, or those that the configuration names.
    #[arg(long, value_enum)]
    venues: Option<Venues>,
    /// What becomes of open positions at the end: leave or flatten.
    #[arg(long, value_name = "WHAT")]
    on_stop: Option<String>,
    /// In demo: which market is drawn.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// In demo: how much goes wrong at the simulated venues.
    #[arg(long, value_enum, default_value_t)]
    trouble: Trouble,
    /// Stop by itself after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    stop_after: Option<u64>,
}

/// Where the demo's venues are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Venues {
    /// Simulated inside this process.
    Embedded,
    /// Simulators that run on their own.
    External,
}

/// Signals within this time of the first one are the same wish.
const ONE_SIGNAL: Duration = Duration::from_millis(300);
/// First and longest pause before a database that could not be opened is tried again.
const OPEN_AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// Runs the bot and gives the exit code.
pub(crate) fn main(options: &RunArgs, logs: &LogOptions) -> u8 {
    let guard = match out::logs(logs) {
        Ok(guard) => guard,
        Err(code) => return code,
    };
    let began = Instant::now();
    let code = match start(options) {
        Ok(done) => {
            summary::log(&done, began.elapsed());
            guard.flush();
            if std::io::stdout().is_terminal() && logs.format != Format::Json {
                println!("\n{}", summary::table(&done, began.elapsed()));
            }
            if done.left_behind.is_empty() { OK } else { LEFT_BEHIND }
        }
        Err(e) => {
            tracing::error!(target: "bot4", "{e:#}");
            out::code_of(&e)
        }
    };
    drop(guard);
    code
}

/// Everything that has to be known before anything runs.
struct Setup {
    config: Config,
    /// `None` on paper: there is no account.
    keys: Option<Keys>,
    environment: Environment,
    embedded: bool,
    state: PathBuf,
    /// The folder is ours and goes with us.
    temporary: bool,
}

fn start(options: &RunArgs) -> anyhow::Result<Finished> {
    let setup = prepare(options)?;
    let Setup { config, .. } = &setup;
    tracing::info!(target: "bot4", event_type = "CONFIG", config_hash = config.hash, "[CONFIG] Loaded pairs: {}", config.pair_list());
    for plan in &config.pairs {
        let (entry, exit) = (plan.spread_entry, plan.spread_exit);
        tracing::info!(
            target: "bot4",
            event_type = "CONFIG",
            pair = %plan.pair,
            entry = %entry,
            exit = %exit,
            "[CONFIG] Thresholds: entry={entry}%, exit={exit}%"
        );
    }
    match config.file.mode {
        Mode::Demo => {}
        Mode::Paper => {
            tracing::info!(target: "bot4", "Paper: the market is real, orders are matched here, no order leaves this machine");
        }
        Mode::Live => probe::before_live(config, setup.keys.as_ref().context("live trading without keys")?, &setup.environment)?,
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("bot4-cold").enable_all().build()?;
    let result = runtime.block_on(supervise(&setup, options));
    if result.as_ref().is_err_and(|e| e.is::<Panicked>()) {
        runtime.shutdown_background(); // the process ends now, whatever is still under way
        return result;
    }
    runtime.shutdown_timeout(Duration::from_secs(2));
    if setup.temporary {
        let _ = std::fs::remove_dir_all(&setup.state); // a demo's own folder: nothing in it is worth keeping
    }
    result
}

fn prepare(options: &RunArgs) -> anyhow::Result<Setup> {
    let environment = Source::environment()?;
    keys::refuse_open_file(&environment)?;
    let credentials = environment.secrets().any_present(&keys::ALL);
    let mode = options.source.mode.as_deref();
    let own: Vec<Own<'_>> = options.on_stop.iter().map(|what| ("on_stop", what.as_str(), "--on-stop")).collect();
    if options.source.file().is_none() {
        if credentials && mode != Some("demo") {
            return Err(Usage(
                "there are credentials but no config.yaml: write one that names `pairs` and a `mode`, or ask for --mode demo"
                    .into(),
            )
            .into());
        }
        if let Some(mode) = mode.filter(|m| *m != "demo") {
            return Err(
                Usage(format!("--mode {mode} needs a configuration: there is no config.yaml here, and no --config")).into()
            );
        }
        let config = demo::load(|below| options.source.over(below, &environment, &own))?;
        return demo_setup(config, options, &environment, credentials);
    }
    let (loaded, config) = options.source.load(&environment, &own)?;
    match config.file.mode {
        Mode::Demo => demo_setup(config, options, &environment, credentials),
        Mode::Paper => {
            let state = config.file.state.clone();
            Ok(Setup { config, keys: None, environment, embedded: false, state, temporary: false })
        }
        Mode::Live => {
            if config.file.venues.paradex.onboard {
                let why = "onboarding needs the account's main key, and live trading takes a subkey: onboard in the venue's web \
                           application, make a subkey there, and leave this out";
                return Err(loaded.complain("venues.paradex.onboard", why).into());
            }
            let keys = Keys::for_live(&environment)?;
            let state = config.file.state.clone();
            Ok(Setup { config, keys: Some(keys), environment, embedded: false, state, temporary: false })
        }
    }
}

fn demo_setup(mut config: Config, options: &RunArgs, environment: &Environment, credentials: bool) -> anyhow::Result<Setup> {
    let embedded = options.venues != Some(Venues::External);
    // Fresh keys meet venues that have never seen them.
    config.file.venues.paradex.onboard |= embedded;
    let keys = if credentials && !embedded { Keys::from_environment(environment)? } else { Keys::throw_away()? };
    let own_place = options.source.state.is_some() || config.file.state != FileConfig::default().state || !embedded;
    let (state, temporary) = if own_place {
        (config.file.state.clone(), false)
    } else {
        (std::env::temp_dir().join(format!("bot4-demo-{}", std::process::id())), true)
    };
    if embedded && state.join("journal").exists() {
        return Err(Usage(format!(
            "{} holds a journal already, and the demo's venues and keys are new every time: name a folder without one, or use \
             --venues external",
            state.display()
        ))
        .into());
    }
    Ok(Setup { config, keys: Some(keys), environment: environment.clone(), embedded, state, temporary })
}

/// The cold side: simulators, projections, signals. The hot thread does the rest.
async fn supervise(setup: &Setup, options: &RunArgs) -> anyhow::Result<Finished> {
    let seed = options.seed.unwrap_or_else(|| u64::from(std::process::id()) ^ wiring::clock().now().wall.0.unsigned_abs());
    let embedded = if setup.embedded { Some(Embedded::start(&setup.config, seed, options.trouble)?) } else { None };
    let places = match &embedded {
        Some(embedded) => embedded.places(),
        None => Places::configured(&setup.config)?,
    };
    if embedded.is_some() {
        tracing::info!(target: "bot4", seed, state = %setup.state.display(), "Demo: two simulated venues on this machine, throw-away keys, no real money");
    }
    let mirror = match mirror::address(&setup.config, &setup.environment)? {
        Some(_) if embedded.is_some() => {
            tracing::info!(target: "bot4", "The demo's own venues and keys are new every time, so DATABASE_URL is left alone");
            None
        }
        Some(address) => {
            let identity = wiring::identity(&setup.config, setup.keys.as_ref())?;
            Some(mirror::prepare(address, &setup.config, identity, &setup.state.join("journal")).await?)
        }
        None => None,
    };
    let (tell, told) = watch::channel(StopSignal::Run);
    let hot = Hot {
        config: setup.config.clone(),
        keys: setup.keys.clone(),
        places,
        state: setup.state.clone(),
        mirror,
        stop: told,
        runtime: tokio::runtime::Handle::current(),
    };
    let thread = hot_thread::spawn(move || hot.run())?;
    let signals = tokio::spawn(pass_on_signals(tell, options.stop_after.map(Duration::from_secs)));
    let result = thread.result().await;
    signals.abort();
    if result.as_ref().is_err_and(|e| e.is::<Panicked>()) {
        return result;
    }
    if let Some(embedded) = embedded {
        embedded.stop().await;
    }
    result
}

/// First signal: stop in an orderly way. Second one: now, naming what is left.
async fn pass_on_signals(tell: watch::Sender<StopSignal>, stop_after: Option<Duration>) {
    let first = async {
        match stop_after {
            Some(after) => {
                tokio::select! {
                    asked = until_asked_to_stop() => asked,
                    () = tokio::time::sleep(after) => Ok(()),
                }
            }
            None => until_asked_to_stop().await,
        }
    };
    if let Err(e) = first.await {
        tracing::error!(target: "bot4", "signals cannot be heard, stopping: {e}");
    }
    let _ = tell.send(StopSignal::Stop); // the service has ended already if this finds nobody
    // Supervisors often signal a process and its group in one go; a person needs longer for a second Ctrl+C.
    tokio::time::sleep(ONE_SIGNAL).await;
    if until_asked_to_stop().await.is_ok() {
        tracing::warn!(target: "bot4", event_type = "SHUTDOWN", "[SHUTDOWN] Second signal: leaving at once");
        let _ = tell.send(StopSignal::Now); // as above
    }
    // Kept alive until the service has ended, so that it does not read a dropped sender as a signal.
    std::future::pending::<()>().await;
}

/// SIGINT or SIGTERM.
pub(crate) async fn until_asked_to_stop() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

/// What the hot thread takes with it.
struct Hot {
    config: Config,
    keys: Option<Keys>,
    places: Places,
    state: PathBuf,
    mirror: Option<mirror::Ready>,
    stop: watch::Receiver<StopSignal>,
    runtime: tokio::runtime::Handle,
}

impl Hot {
    fn run(self) -> anyhow::Result<Finished> {
        // A small event interval makes the reactor look often: an order's answer must not wait behind a burst of books.
        let runtime = tokio::runtime::Builder::new_current_thread().event_interval(7).enable_all().build()?;
        let local = tokio::task::LocalSet::new();
        local.block_on(&runtime, self.trade())
    }

    async fn trade(self) -> anyhow::Result<Finished> {
        signing::warm_up();
        let clock = wiring::clock();
        let folder = self.state.join("journal");
        let identity = wiring::identity(&self.config, self.keys.as_ref())?;
        let known_epoch = self.mirror.as_ref().map_or(0, |mirror| mirror.known_epoch);
        let options = journal::Options { known_epoch, ..self.config.journal(wall) };
        let opened = Journal::open(&folder, identity, build(), options).context("the journal cannot be used")?;
        let pulse = Arc::new(Pulse::default());
        let first = Beat { at: clock.now(), epoch: opened.report.epoch, ..Beat::default() };
        let every = Duration::from_millis(self.config.file.watchdog.heartbeat_ms);
        // From when the journal is ours: it names the process that holds it.
        let beating = Beating::start(&self.state, Arc::clone(&pulse), first, every)
            .map_err(|e| tracing::error!(target: "bot4", "[WATCHDOG] Trading without a heartbeat: {e:#}"));
        if let Some(lost) = &opened.report.repaired {
            tracing::warn!(target: "bot4", "[STATE] Journal repaired: {lost}");
        }
        let records = replay::records(&opened.replay)?;
        let mut shard = wiring::shard(
            &self.config,
            self.keys.as_ref(),
            replay::last_nonce(&records),
            tracing::enabled!(tracing::Level::DEBUG),
        )?;
        for record in &records {
            shard.replay(record).context("the journal does not fold; nothing may be traded on it")?;
        }
        let synced = Arc::new(AtomicU64::new(0));
        let (on_disk, followed) = watch::channel(opened.journal.synced());
        opened.journal.on_synced(move |seq| {
            on_disk.send_replace(seq);
        });
        let projector = project(&self.runtime, &self.state, &folder, opened.report.last_seq, followed.clone());
        let mirroring = self.mirror.map(|ready| Mirroring::start(&self.runtime, ready, followed));
        let mirrored = mirroring.as_ref().map(|m| m.handle.clone());
        let behind = mirrored
            .clone()
            .map(|mirror| Gate { reason: SkipReason::MirrorBehind, closed: Box::new(move || mirror.stops_entries()) });
        let config = ServiceConfig {
            links: wiring::links(&self.config, &self.places),
            on_stop: self.config.file.on_stop.into(),
            stop_limit: self.config.stop_limit(),
            keep_from: {
                let handle = Arc::clone(&projector.handle);
                Box::new(move || {
                    let projected = handle.get().map_or(0, ProjectorHandle::cursor).saturating_add(1);
                    mirrored.as_ref().map_or(projected, |mirror| projected.min(mirror.keep_from()))
                })
            },
            gates: behind.into_iter().collect(),
            pulse,
        };
        let service = ExecutionService::new(shard, opened.journal, config, clock, synced)?;
        let done = service.run(self.stop).await?;
        projector.finish().await;
        if let Some(mirroring) = mirroring {
            mirroring.finish().await;
        }
        drop(beating);
        Ok(done)
    }
}

fn wall() -> Wall {
    wiring::clock().now().wall
}

/// Version and, where the build knows it, the commit.
fn build() -> &'static str {
    concat!("bot4 ", env!("CARGO_PKG_VERSION"))
}

/// The projection's task on the cold runtime.
struct Projecting {
    stop: tokio_util::sync::CancellationToken,
    task: tokio::task::JoinHandle<()>,
    /// From when the database is open.
    handle: Arc<OnceLock<ProjectorHandle>>,
}

impl Projecting {
    async fn finish(self) {
        self.stop.cancel();
        if self.task.await.is_err() {
            tracing::warn!(target: "bot4", "the database's task did not end properly; the next start catches up");
        }
    }
}

/// Opens the database and follows the journal into it, beside the trading: a naked leg waits for no database, and one
/// that cannot be opened costs what could be asked of it and nothing else. It is tried again until told to stop.
fn project(
    runtime: &tokio::runtime::Handle,
    state: &Path,
    folder: &Path,
    last_seq: u64,
    synced: watch::Receiver<u64>,
) -> Projecting {
    let stop = tokio_util::sync::CancellationToken::new();
    let handle = Arc::new(OnceLock::new());
    let (database, folder) = (state.join("bot4.db"), folder.to_owned());
    let (told, opened) = (stop.clone(), Arc::clone(&handle));
    let task = runtime.spawn(async move {
        let mut pause = OPEN_AGAIN.0;
        loop {
            match Projector::open(&folder, &database, last_seq).await.context("the database cannot be used") {
                Ok(projector) => {
                    let _ = opened.set(projector.handle()); // set once: this is the only place, and it returns
                    return projector.run(synced, told).await;
                }
                Err(e) => tracing::error!(target: "bot4", "[STATE] Trading goes on beside the journal alone: {e:#}"),
            }
            tokio::select! {
                biased;
                () = told.cancelled() => return,
                () = tokio::time::sleep(pause) => pause = OPEN_AGAIN.1.min(pause * 2),
            }
        }
    });
    Projecting { stop, task, handle }
}
