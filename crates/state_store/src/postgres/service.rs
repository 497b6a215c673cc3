//! The mirror as a long-running part: connects, follows, tries again, and says how far it is behind.
//!
//! Nothing in the trading waits for it. What it says to the trading is one thing, by [`MirrorHandle::entries_allowed`]:
//! whether so much waits for the database that no further round should be opened.

use super::address::Address;
use super::error::MirrorError;
use super::link::Postgres;
use super::mirror::Mirror;
use crate::fold::in_full;
use journal::Identity;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Shortest time between two batches: what comes in between goes into one.
const REST: Duration = Duration::from_millis(50);
/// First and longest pause after an error.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));
/// How long the last sending may take when stopping. What is left is sent after the next start.
const LAST: Duration = Duration::from_secs(3);
/// How often the lag is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// A way back of so many records is worth a line.
const LONG_WAY: u64 = 1_000;
/// So is one that took so long.
const LONG_TIME: Duration = Duration::from_secs(2);

/// What a mirror runs with.
#[derive(Clone, Debug)]
pub struct MirrorConfig {
    /// The database.
    pub address: Address,
    /// Directory of the journal.
    pub journal: PathBuf,
    /// Whose journal it is.
    pub identity: Identity,
    /// How far it may be behind before that is warned about.
    pub lag_warn: Duration,
    /// Records that may wait; reached, no round is opened until half of that is left.
    pub cap_records: u64,
}

/// How far the mirror is behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lag {
    /// Records on the local disk that the mirror does not have.
    pub records: u64,
    /// For how long there have been such records.
    pub behind_for: Duration,
}

#[derive(Debug)]
struct Shared {
    synced: watch::Receiver<u64>,
    cursor: watch::Sender<u64>,
    /// The cursor is the database's own word, not a guess of ours.
    known: AtomicBool,
    /// Counts from here while the cursor is not known.
    begun: u64,
    cap_records: u64,
    full: AtomicBool,
    refused: AtomicBool,
    behind_since: Mutex<Option<Instant>>,
    sent: AtomicU64,
}

impl Shared {
    fn records(&self) -> u64 {
        let from = if self.known.load(Ordering::Acquire) { *self.cursor.borrow() } else { self.begun };
        self.synced.borrow().saturating_sub(from)
    }

    fn since(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.behind_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes since when it is behind.
    fn note(&self) {
        let behind = self.records() > 0;
        let mut since = self.since();
        match (behind, since.is_some()) {
            (true, false) => *since = Some(Instant::now()),
            (false, true) => *since = None,
            _ => {}
        }
    }
}

/// How the mirror is doing. Cheap to clone and to ask.
#[derive(Clone, Debug)]
pub struct MirrorHandle {
    shared: Arc<Shared>,
}

impl MirrorHandle {
    /// First journal record that the mirror has still to read: segments that hold it or later ones must be kept.
    pub fn keep_from(&self) -> u64 {
        if self.shared.known.load(Ordering::Acquire) { self.shared.cursor.borrow().saturating_add(1) } else { 1 }
    }

    /// How far it is behind.
    pub fn lag(&self) -> Lag {
        let records = self.shared.records();
        let since = *self.shared.since();
        let behind_for = since.filter(|_| records > 0).map(|since| since.elapsed()).unwrap_or_default();
        Lag { records, behind_for }
    }

    /// Whether rounds may be opened: not once as much waits as may, until half of it is sent, and not while the database
    /// refuses to be this journal's mirror.
    pub fn entries_allowed(&self) -> bool {
        let Shared { full, refused, cap_records, .. } = &*self.shared;
        let records = self.shared.records();
        if records >= *cap_records {
            full.store(true, Ordering::Release);
        } else if records <= cap_records / 2 {
            full.store(false, Ordering::Release);
        }
        !full.load(Ordering::Acquire) && !refused.load(Ordering::Acquire)
    }

    /// Why rounds may not be opened, in words; `None` if they may.
    pub fn stops_entries(&self) -> Option<String> {
        if self.entries_allowed() {
            return None;
        }
        Some(if self.shared.refused.load(Ordering::Acquire) {
            "the database refuses to be this journal's mirror, see the error above".to_owned()
        } else {
            format!("{} records wait for the database", self.shared.records())
        })
    }

    /// Waits until record `seq` is in the mirror. Cancel safe.
    pub async fn reached(&self, seq: u64) {
        let mut cursor = self.shared.cursor.subscribe();
        while !self.shared.known.load(Ordering::Acquire) || *cursor.borrow_and_update() < seq {
            if cursor.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// The long-running part.
#[derive(Debug)]
pub struct MirrorService {
    config: MirrorConfig,
    synced: watch::Receiver<u64>,
    shared: Arc<Shared>,
}

impl MirrorService {
    /// Makes it. `synced` moves with what is on the disk; `known` is the last record that the database has, if it was asked.
    pub fn new(config: MirrorConfig, synced: watch::Receiver<u64>, known: Option<u64>) -> (Self, MirrorHandle) {
        let begun = *synced.borrow();
        let shared = Arc::new(Shared {
            synced: synced.clone(),
            cursor: watch::Sender::new(known.unwrap_or(0)),
            known: AtomicBool::new(known.is_some()),
            begun,
            cap_records: config.cap_records.max(1),
            full: AtomicBool::new(false),
            refused: AtomicBool::new(false),
            behind_since: Mutex::new(None),
            sent: AtomicU64::new(0),
        });
        (Self { config, synced, shared: Arc::clone(&shared) }, MirrorHandle { shared })
    }

    /// Sends the journal whenever there is more of it, until told to stop; then once more, for 3 s at most. An error is
    /// logged and what failed is tried again with longer and longer pauses, up to 5 s. May be dropped at any time.
    pub async fn run(mut self, stop: CancellationToken) {
        let shared = Arc::clone(&self.shared);
        let warn = warn_when_behind(Arc::clone(&shared), self.config.lag_warn);
        let mut mirror = None;
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = self.follow(&mut mirror) => {}
            () = warn => {}
        }
        let last = async {
            let limit = *self.synced.borrow();
            match &mut mirror {
                Some(mirror) => send(mirror, limit, &shared).await,
                None => Ok(()),
            }
        };
        let why = match timeout(LAST, last).await {
            Ok(Ok(())) => String::new(),
            Ok(Err(e)) => format!(": {}", in_full(&e)),
            Err(_) => ": no time left".to_owned(),
        };
        let records = shared.records();
        if records > 0 {
            tracing::warn!(target: "bot4", records, "[STATE] The mirror stays {records} records behind until the next start{why}");
        }
    }

    async fn follow(&mut self, mirror: &mut Option<Mirror>) {
        let mut failures = 0u32;
        loop {
            let limit = *self.synced.borrow_and_update();
            self.shared.note();
            let (began, sent_before) = (Instant::now(), self.shared.sent.load(Ordering::Acquire));
            let done = self.once(mirror, limit).await;
            self.shared.note();
            match done {
                Ok(()) => {
                    let sent = self.shared.sent.load(Ordering::Acquire) - sent_before;
                    let took = began.elapsed();
                    if failures > 0 || sent >= LONG_WAY || took >= LONG_TIME {
                        let rate = sent.saturating_mul(1_000) / u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
                        tracing::info!(target: "bot4", sent, rate, cursor = limit, "[STATE] The mirror is up to date: {sent} records sent, {rate} a second");
                    }
                    failures = 0;
                    self.shared.refused.store(false, Ordering::Release);
                    sleep(REST).await;
                    if self.synced.changed().await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
                Err(e) => {
                    let pause = BACKOFF.1.min(BACKOFF.0 * 2u32.saturating_pow(failures.min(16)));
                    failures = failures.saturating_add(1);
                    let records = self.shared.records();
                    if e.needs_operator() {
                        self.shared.refused.store(true, Ordering::Release);
                        *mirror = None;
                    }
                    // Each doubling of the failures is told: an outage of hours must not fill the log.
                    if failures.is_power_of_two() {
                        tracing::error!(target: "bot4", records, failures, "[STATE] The mirror is not reached, trading goes on: {}", in_full(&e));
                    }
                    sleep(pause).await;
                }
            }
        }
    }

    async fn once(&self, mirror: &mut Option<Mirror>, limit: u64) -> Result<(), MirrorError> {
        let open = match mirror {
            Some(open) => open,
            None => {
                let pg = Postgres::connect(&self.config.address).await?;
                let opened = Mirror::open(pg, &self.config.journal, &self.config.identity).await?;
                self.shared.known.store(true, Ordering::Release);
                self.shared.cursor.send_replace(opened.cursor());
                mirror.insert(opened)
            }
        };
        send(open, limit, &self.shared).await
    }
}

async fn send(mirror: &mut Mirror, limit: u64, shared: &Shared) -> Result<(), MirrorError> {
    let before = mirror.cursor();
    let mut last = before;
    mirror
        .catch_up(limit, |cursor| {
            shared.sent.fetch_add(cursor.saturating_sub(last), Ordering::AcqRel);
            last = cursor;
            shared.cursor.send_replace(cursor);
        })
        .await
}

/// Warns when the mirror stays behind, and says when it no longer is. Ends never.
async fn warn_when_behind(shared: Arc<Shared>, limit: Duration) {
    let mut warned = None::<Instant>;
    loop {
        sleep(LOOK).await;
        shared.note();
        let (records, since) = (shared.records(), *shared.since());
        let behind_for = since.map(|since| since.elapsed()).unwrap_or_default();
        if records > 0 && behind_for >= limit {
            if warned.is_none_or(|at| at.elapsed() >= limit) {
                let seconds = behind_for.as_secs();
                tracing::warn!(target: "bot4", records, seconds, "[STATE] The mirror is behind: {records} records, {seconds} s");
                warned = Some(Instant::now());
            }
        } else if records == 0 && warned.take().is_some() {
            tracing::info!(target: "bot4", "[STATE] The mirror is no longer behind");
        }
    }
}
