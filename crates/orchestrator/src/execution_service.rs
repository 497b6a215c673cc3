//! The service: one shard, its sockets, its journal, from start to the last clean exit.

use crate::core::{Core, Pen};
use crate::pulse::Pulse;
use crate::stats::{Balances, Stats};
use domain::names::SkipReason;
use domain::record::SCHEMA;
use domain::{Mono, Usd, VenueId};
use engine::OnStop;
use journal::{AppendError, Journal};
use shard::{Keeper, Shard};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use transport::{Clock, Link, LinkConfig, LinkError, Steps};
use venue_api::Lane;

/// How long the last account reads may take.
const LAST_READ: Duration = Duration::from_secs(3);

/// A venue's place in the network.
#[derive(Debug)]
pub struct VenueLink {
    /// Which.
    pub venue: VenueId,
    /// Where and how.
    pub link: LinkConfig,
    /// HTTP connections of the order lane to keep warm; 0 for a venue whose orders go over a socket.
    pub warm_orders: usize,
}

/// What the service runs with.
pub struct ServiceConfig {
    /// In the order of the shard's venues.
    pub links: Vec<VenueLink>,
    /// What becomes of open positions.
    pub on_stop: OnStop,
    /// Longest time stopping may take before what is left is named and the service ends all the same.
    pub stop_limit: Duration,
    /// First journal record that a projection has still to read: segments that hold it are kept.
    pub keep_from: Box<dyn Fn() -> u64>,
    /// What may stop entries from outside, asked ten times a second.
    pub gates: Vec<Gate>,
    /// Stamped by the loop, for whoever watches that it goes round.
    pub pulse: Arc<Pulse>,
}

/// Something beside the trading that may stop entries.
pub struct Gate {
    /// Why, as skipped entries name it.
    pub reason: SkipReason,
    /// In words, while it is closed; `None` while it is open. Must not wait.
    pub closed: Box<dyn Fn() -> Option<String>>,
}

/// How a run was told to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopSignal {
    /// Not yet.
    #[default]
    Run,
    /// In an orderly way.
    Stop,
    /// At once; what is left behind is named.
    Now,
}

/// Why the service could not start or had to end.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// A venue's place in the network is not usable.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The journal could not be begun.
    #[error("the journal takes no records: {0}")]
    Journal(String),
    /// A venue cannot be used without a person.
    #[error("{venue}: {why}")]
    Fatal {
        /// Which.
        venue: VenueId,
        /// What to change.
        why: String,
    },
}

/// What a run came to.
#[derive(Debug)]
pub struct Finished {
    /// Numbers.
    pub stats: Stats,
    /// Net result of this run by our own ledger: rounds ended, and what open ones have realised so far.
    pub net: Usd,
    /// Balances by the venues' word.
    pub balances: BTreeMap<VenueId, Balances>,
    /// Positions left open and even.
    pub open: usize,
    /// Base uncovered at the end, at 1e-8.
    pub uncovered_e8: i64,
    /// What was left behind, a sentence each; empty after a clean exit.
    pub left_behind: Vec<String>,
    /// Longest append to the journal, and how many there were.
    pub appends: telemetry::LatencySummary,
}

/// The service.
pub struct ExecutionService {
    core: Rc<RefCell<Core>>,
    config_stop: (OnStop, Duration),
    warm: Vec<(usize, usize)>,
    wake: Rc<Notify>,
}

impl ExecutionService {
    /// Puts a shard that has been replayed onto its sockets and journal. Must be called inside a
    /// `tokio::task::LocalSet`. `synced` is kept at the last record number known to be on the disk, for projections.
    ///
    /// # Errors
    /// [`ServiceError`]: a link that cannot be, or a journal that takes no records. Nothing was connected.
    pub fn new(
        mut shard: Shard,
        mut journal: Journal,
        config: ServiceConfig,
        clock: Clock,
        synced: Arc<AtomicU64>,
    ) -> Result<Self, ServiceError> {
        // The new segment begins with everything the state is the fold of, so that replay starts here next time.
        let snapshot =
            serde_json::to_vec(&shard.engine().snapshot(clock.now())).map_err(|e| ServiceError::Journal(e.to_string()))?;
        // A full disk refuses no start: what is open can still be reduced out of the reserve.
        let full = match journal.rotate(SCHEMA, &snapshot) {
            Ok(_) => None,
            Err(e @ AppendError::Full { .. }) => Some(e.to_string()),
            Err(e) => return Err(ServiceError::Journal(e.to_string())),
        };
        if let Some(why) = &full {
            shard.append_failed(&[], clock.now());
            shard.block_entries(SkipReason::JournalDown, why.clone(), clock.now());
        }
        let wake = Rc::new(Notify::new());
        let venues: Vec<VenueId> = config.links.iter().map(|l| l.venue).collect();
        let warm = config.links.iter().enumerate().filter(|(_, l)| l.warm_orders > 0).map(|(i, l)| (i, l.warm_orders)).collect();
        let core = Rc::new(RefCell::new(Core {
            net_at_start: shard.engine().realised(),
            shard,
            pen: Pen {
                journal,
                clock,
                body: Vec::with_capacity(4_096),
                appends: telemetry::LatencyRecorder::new(),
                failed: None,
            },
            keeper: Keeper::default(),
            rotate_due: Mono::default(),
            not_rotated: full.clone(),
            uptime_told: clock.mono(),
            links: Vec::new(),
            venues,
            clock,
            stats: Stats::default(),
            balances: BTreeMap::new(),
            running: false,
            leaving: false,
            journal_ok: full.is_none(),
            fatal: None,
            synced,
            keep_from: config.keep_from,
            gates: config.gates.into_iter().map(|gate| (gate, false)).collect(),
            pulse: config.pulse,
            steps: Steps::default(),
            wake: Rc::clone(&wake),
        }));
        for (index, venue) in config.links.into_iter().enumerate() {
            let weak: Weak<RefCell<Core>> = Rc::downgrade(&core);
            let link = Link::new(venue.link, clock, move |event, now| {
                if let Some(core) = weak.upgrade() {
                    core.borrow_mut().on_link(index, event, now);
                }
            })?;
            core.borrow_mut().links.push(Rc::new(link));
        }
        Ok(Self { core, config_stop: (config.on_stop, config.stop_limit), warm, wake })
    }

    /// Runs until told to stop, or until a venue cannot be used at all.
    ///
    /// # Errors
    /// [`ServiceError::Fatal`] when a venue needs a person before anything was traded on it.
    pub async fn run(self, mut stop: watch::Receiver<StopSignal>) -> Result<Finished, ServiceError> {
        {
            let mut core = self.core.borrow_mut();
            let (epoch, now) = (core.pen.journal.epoch(), core.clock.now());
            core.shard.start(epoch, now);
            core.perform(now);
        }
        // Ends with this function: who stops does not wait for connections to become warm.
        let mut warming = JoinSet::new();
        for (index, connections) in &self.warm {
            let Some(link) = self.core.borrow().links.get(*index).map(Rc::clone) else { continue };
            let connections = *connections;
            warming.spawn_local(async move {
                // The link keeps trying by itself; what it says is for the log.
                if let Err(why) = link.warm(Lane::Orders, connections).await {
                    tracing::warn!(target: "bot4", reason = why, "[HTTP] Connections not warm yet");
                }
            });
        }
        let mut listening = true;
        let mut stopping_since: Option<tokio::time::Instant> = None;
        loop {
            let next = self.core.borrow().next_wake();
            tokio::select! {
                biased;
                changed = stop.changed(), if listening => {
                    // Whoever could tell us more is gone: that is a wish to stop, heard once.
                    listening = changed.is_ok();
                    let signal = if changed.is_err() { StopSignal::Stop } else { *stop.borrow_and_update() };
                    match signal {
                        StopSignal::Run => {}
                        StopSignal::Stop if stopping_since.is_none() => {
                            stopping_since = Some(tokio::time::Instant::now());
                            self.begin_stop();
                        }
                        StopSignal::Stop => {}
                        StopSignal::Now => return Ok(self.leave().await),
                    }
                }
                () = self.wake.notified() => {}
                () = tokio::time::sleep(next) => {}
            }
            self.core.borrow_mut().look_around();
            let fatal = self.core.borrow_mut().fatal.take();
            if let Some((venue, why)) = fatal {
                let traded = self.core.borrow().shard.engine().rounds().next().is_some();
                if !traded && stopping_since.is_none() {
                    self.stop_links().await;
                    return Err(ServiceError::Fatal { venue, why });
                }
            }
            if let Some(since) = stopping_since {
                if self.core.borrow().shard.engine().stopped() {
                    self.read_balances().await;
                    // Meanwhile a venue may have taken something: then that is seen to before anybody leaves.
                    if self.core.borrow().shard.engine().stopped() {
                        return Ok(self.leave().await);
                    }
                }
                if since.elapsed() >= self.config_stop.1 {
                    tracing::error!(target: "bot4", event_type = "SHUTDOWN", "[SHUTDOWN] Not everything came to its end in time");
                    return Ok(self.leave().await);
                }
            }
        }
    }

    fn begin_stop(&self) {
        tracing::info!(target: "bot4", event_type = "SHUTDOWN", "[SHUTDOWN] Graceful shutdown initiated");
        let mut core = self.core.borrow_mut();
        let now = core.clock.now();
        core.shard.begin_stop(self.config_stop.0, now);
        core.perform(now);
    }

    /// The last part: the journal, the sockets, the figures. What is left behind is what is left when the clients are told.
    async fn leave(self) -> Finished {
        let left_behind = self.core.borrow().shard.engine().left_behind();
        let settled = self.core.borrow().shard.engine().settled_since_stop();
        tracing::info!(target: "bot4", event_type = "SHUTDOWN", cancelled = settled, "[SHUTDOWN] Cancelled {settled} pending orders");
        {
            let mut core = self.core.borrow_mut();
            let now = core.clock.now();
            core.leaving = true;
            core.shard.close(now);
            core.perform(now);
            if core.keeper.behind() {
                core.rotate(now);
            }
            if let Err(e) = core.pen.journal.wait_synced() {
                tracing::error!(target: "bot4", "the journal's last records may not be on the disk: {e}");
            }
            core.publish_synced();
        }
        self.stop_links().await;
        for left in &left_behind {
            tracing::error!(target: "bot4", event_type = "SHUTDOWN", "[SHUTDOWN] Left behind: {left}");
        }
        if left_behind.is_empty() {
            tracing::info!(target: "bot4", event_type = "SHUTDOWN", "[SHUTDOWN] Clean exit, no pending orders");
        }
        let core = self.core.borrow();
        let engine = core.shard.engine();
        Finished {
            stats: core.stats.clone(),
            net: engine.realised().minus(core.net_at_start),
            balances: core.balances.clone(),
            open: engine.rounds().count(),
            uncovered_e8: engine.uncovered_e8(),
            left_behind,
            appends: core.pen.appends.summary(),
        }
    }

    async fn read_balances(&self) {
        let before = self.core.borrow().shard.engine().accounts_read();
        {
            let mut core = self.core.borrow_mut();
            let now = core.clock.now();
            core.shard.read_accounts(now);
            core.perform(now);
        }
        let wanted = before + self.core.borrow().venues.len() as u64;
        let core = &self.core;
        let done = tokio::time::timeout(LAST_READ, async {
            while core.borrow().shard.engine().accounts_read() < wanted {
                self.wake.notified().await;
            }
        });
        if done.await.is_err() {
            tracing::warn!(target: "bot4", "a venue did not say its final balance in time");
        }
        self.core.borrow_mut().note_balances();
    }

    async fn stop_links(&self) {
        let links = std::mem::take(&mut self.core.borrow_mut().links);
        for link in &links {
            link.stop().await;
        }
    }
}
