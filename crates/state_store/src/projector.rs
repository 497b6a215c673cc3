//! The projector: follows the journal behind the order path and keeps the tables up with it.
//!
//! Reads the journal's files and never the journal itself, so the order path cannot wait for it. Goes no further than
//! what is on the disk: a power cut must not leave tables that know more than the journal. What it has folded is lost
//! with the process and folded again at the next start; what it has written stands with its cursor. Run by the
//! orchestrator as one task.

use crate::derive::added;
use crate::entry::{Entry, EntryError};
use crate::error::Error;
use crate::project::Projection;
use crate::rows::Change;
use crate::store::StateManager;
use domain::{Fills, OrderId};
use journal::{History, ReadError, Record};
use std::collections::BTreeMap;
use std::error::Error as _;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Shortest time between two looks at the journal.
const POLL: Duration = Duration::from_millis(100);
/// Longest one: how old rows may be while everything works.
const POLL_MAX: Duration = Duration::from_secs(2);
/// A look reads the journal's newest segment from its beginning. Resting this many times as long leaves the machine
/// to the order path.
const REST: u32 = 9;
/// First and longest pause after an error.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));
/// How long the last catching up may take when stopping. What is left comes at the next start.
const LAST: Duration = Duration::from_secs(2);
/// Records taken out of the journal at a time.
const CHUNK: usize = 512;
/// Changes after which a batch is written.
const BATCH: usize = 512;

/// Why the tables do not follow the journal at the moment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// The database.
    #[error(transparent)]
    Store(#[from] Error),
    /// A record that this build does not understand. Everything before it is in the tables.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The journal cannot be listed.
    #[error("reading the journal")]
    Read(#[source] ReadError),
    /// The journal's files end before what is said to be on the disk.
    #[error("the journal reads only up to record {reached}, though record {synced} is on the disk")]
    Short {
        /// Number of the last record that was read.
        reached: u64,
        /// Number of the last record that should be there.
        synced: u64,
        /// What was in the way, if anything was met.
        #[source]
        damage: Option<ReadError>,
    },
    /// The reading thread is gone.
    #[error("the thread that reads the journal ended early")]
    Thread(#[source] JoinError),
}

/// How far the projector has come. Cheap to clone; outlives it.
#[derive(Clone, Debug)]
pub struct ProjectorHandle {
    cursor: watch::Receiver<u64>,
}

impl ProjectorHandle {
    /// Number of the last journal record that is in the tables. The journal must keep everything after it.
    pub fn cursor(&self) -> u64 {
        *self.cursor.borrow()
    }

    /// How many records the tables are behind a journal that is on the disk up to record `synced`.
    pub fn lag(&self, synced: u64) -> u64 {
        synced.saturating_sub(self.cursor())
    }

    /// Waits until record `seq` is in the tables. False if the projector ended before. Cancel safe.
    pub async fn reached(&mut self, seq: u64) -> bool {
        self.cursor.wait_for(|cursor| *cursor >= seq).await.is_ok()
    }
}

/// Follows one journal into one database.
#[derive(Debug)]
pub struct Projector {
    journal: PathBuf,
    store: StateManager,
    projection: Projection,
    /// Last record folded into `projection`; what it changed is in the tables or in `batch`.
    folded: u64,
    /// False after records that are gone: from there to the next snapshot nothing can be folded.
    whole: bool,
    /// True while the tables hold rows that `projection` never saw, as their records are gone.
    blind: bool,
    /// Changes up to `folded` that are not in the tables yet. Kept until written, as nothing is folded twice.
    batch: Vec<Change>,
    cursor: watch::Sender<u64>,
}

impl Projector {
    /// Opens the database at `sqlite` for the journal in the directory `journal`, whose last record has the number
    /// `last_seq`, and folds what the tables contain already. Tables that have come further than the journal are emptied:
    /// the journal lost its tail, and it is the truth.
    ///
    /// # Errors
    /// [`ProjectError`]: a database that cannot be opened, or a record of a later build.
    pub async fn open(journal: &Path, sqlite: &Path, last_seq: u64) -> Result<Self, ProjectError> {
        let store = StateManager::open(sqlite).await?;
        let mut cursor = store.cursor().await?;
        if cursor > last_seq {
            tracing::warn!(target: "bot4", cursor, last_seq, "[STATE] The projections know more than the journal, built anew");
            store.rebuild().await?;
            cursor = 0;
        }
        let mut projector = Self {
            journal: journal.to_owned(),
            store,
            projection: Projection::default(),
            folded: 0,
            whole: true,
            blind: false,
            batch: Vec::new(),
            cursor: watch::Sender::new(cursor),
        };
        match projector.fold_to(cursor, false).await {
            // The records are gone or bad, their rows are there: go on behind them.
            Err(e @ ProjectError::Short { .. }) => {
                tracing::warn!(target: "bot4", "[STATE] {}", in_full(&e));
                projector.folded = cursor;
                projector.whole = false;
            }
            other => other?,
        }
        projector.blind = cursor > 0 && !projector.whole;
        Ok(projector)
    }

    /// To see how far it has come, while it runs and after.
    pub fn handle(&self) -> ProjectorHandle {
        ProjectorHandle { cursor: self.cursor.subscribe() }
    }

    /// The database, to ask.
    pub fn store(&self) -> StateManager {
        self.store.clone()
    }

    /// Follows the journal up to `synced`, the number of the last record that is on the disk, until told to stop; then
    /// catches up once more, for 2 s at most. An error is logged and what failed is tried again, with longer and longer
    /// pauses. May be dropped at any time: the next start goes on where the tables are. Folding takes its time, a
    /// millisecond or more in one piece: not for the order path's own thread.
    pub async fn run(mut self, synced: Arc<AtomicU64>, stop: CancellationToken) {
        let mut failures = 0u32;
        loop {
            let began = Instant::now();
            let caught_up = tokio::select! {
                // Stopping first: a long way to catch up must not hold it up.
                biased;
                () = stop.cancelled() => break,
                caught_up = self.catch_up(synced.load(Ordering::Acquire)) => caught_up,
            };
            let pause = match caught_up {
                Ok(()) => {
                    if failures > 0 {
                        tracing::info!(target: "bot4", cursor = self.folded, "[STATE] The projections follow the journal again");
                    }
                    failures = 0;
                    (began.elapsed() * REST).clamp(POLL, POLL_MAX)
                }
                Err(e) => {
                    let pause = BACKOFF.1.min(BACKOFF.0 * 2u32.saturating_pow(failures.min(16)));
                    failures = failures.saturating_add(1);
                    let lag = synced.load(Ordering::Acquire).saturating_sub(*self.cursor.borrow());
                    tracing::error!(target: "bot4", lag, failures, "[STATE] The projections do not follow the journal: {}", in_full(&e));
                    pause
                }
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = sleep(pause) => {}
            }
        }
        match timeout(LAST, self.catch_up(synced.load(Ordering::Acquire))).await {
            Ok(Ok(())) => {}
            Ok(Err(e)) => {
                tracing::warn!(target: "bot4", "[STATE] The projections stay behind until the next start: {}", in_full(&e));
            }
            Err(_) => tracing::warn!(target: "bot4", "[STATE] The projections stay behind until the next start: no time left"),
        }
    }

    /// Brings the tables up to record `synced`, in batches that are each whole with their cursor. Cancel safe.
    ///
    /// # Errors
    /// [`ProjectError`]; everything before what failed is in the tables, and calling again goes on from there.
    pub async fn catch_up(&mut self, synced: u64) -> Result<(), ProjectError> {
        self.write().await?;
        let folded = self.fold_to(synced, true).await;
        // Also after an error: what was understood before it is worth having.
        self.write().await?;
        folded
    }

    /// Reads and folds on to record `limit`; writes full batches on the way, or drops what the tables have already.
    async fn fold_to(&mut self, limit: u64, writing: bool) -> Result<(), ProjectError> {
        if self.folded >= limit {
            return Ok(());
        }
        let (dir, from) = (self.journal.clone(), self.folded.saturating_add(1));
        let opened = spawn_blocking(move || History::open(&dir, from)).await.map_err(ProjectError::Thread)?;
        let mut history = opened.map_err(ProjectError::Read)?;
        let mut damage = None;
        loop {
            let read = move || {
                let chunk: Vec<_> = history.by_ref().take(CHUNK).collect();
                (chunk, history)
            };
            let (chunk, rest) = spawn_blocking(read).await.map_err(ProjectError::Thread)?;
            history = rest;
            let end = chunk.len() < CHUNK;
            for record in chunk {
                match record {
                    Ok(record) if record.seq > limit => {
                        // What `limit` counts may be gone; the next look sees the gap.
                        self.skip_to(limit);
                        return Ok(());
                    }
                    Ok(record) => self.take(&record)?,
                    // Whether something is missing now is seen by the number of the next record.
                    Err(e) => damage = Some(e),
                }
                if !writing {
                    self.batch.clear();
                } else if self.batch.len() >= BATCH {
                    self.write().await?;
                }
            }
            if self.folded >= limit {
                return Ok(());
            }
            if end {
                return Err(ProjectError::Short { reached: self.folded, synced: limit, damage });
            }
        }
    }

    /// Folds one record.
    fn take(&mut self, record: &Record) -> Result<(), EntryError> {
        let seq = record.seq;
        if seq <= self.folded {
            return Ok(());
        }
        self.skip_to(seq.saturating_sub(1));
        match Entry::read(record)? {
            Entry::Header => {}
            Entry::Snapshot(records) => {
                self.batch.extend(self.projection.take_snapshot(seq, &records));
                self.whole = true;
            }
            Entry::Record(record) if self.whole => self.batch.extend(self.projection.take(seq, &record)),
            Entry::Record(_) => {}
        }
        self.folded = seq;
        Ok(())
    }

    /// Goes on behind record `seq`, though the records up to it were not all there.
    fn skip_to(&mut self, seq: u64) {
        if self.folded < seq {
            let (first, last) = (self.folded.saturating_add(1), seq);
            tracing::warn!(target: "bot4", first, last, "[STATE] Journal records are gone, the projections go on at the next snapshot");
            self.folded = seq;
            self.whole = false;
        }
    }

    /// Writes the batch and moves the cursor to what is folded.
    async fn write(&mut self) -> Result<(), ProjectError> {
        if self.folded > *self.cursor.borrow() {
            if self.blind && !self.batch.is_empty() {
                self.keep_fills().await?;
                self.blind = false;
            }
            self.store.apply(self.batch.clone(), self.folded).await?;
            self.cursor.send_replace(self.folded);
        }
        self.batch.clear();
        Ok(())
    }

    /// Takes out of each order's first step what the tables have of it already: a snapshot gives all of it as one.
    async fn keep_fills(&mut self) -> Result<(), Error> {
        let mut had: BTreeMap<OrderId, Fills> = BTreeMap::new();
        for change in &self.batch {
            if let Change::Fill(fill) = change
                && !had.contains_key(&fill.order)
            {
                let row = self.store.order(fill.order).await?;
                had.insert(fill.order, row.map(|r| r.fills).unwrap_or_default());
            }
        }
        self.batch.retain_mut(|change| {
            let Change::Fill(fill) = change else { return true };
            fill.added = added(had.remove(&fill.order).unwrap_or_default(), fill.added);
            fill.added != Fills::default()
        });
        Ok(())
    }
}

/// An error with all its causes, in one line.
fn in_full(error: &ProjectError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        let _ = write!(text, ": {e}");
        cause = e.source();
    }
    text
}
