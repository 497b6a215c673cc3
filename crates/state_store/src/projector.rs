//! The projector: follows the journal behind the order path and keeps the tables up with it.
//!
//! Reads the journal's files and never the journal itself, so the order path cannot wait for it. Goes no further than
//! what is on the disk: a power cut must not leave tables that know more than the journal. What it has folded is lost
//! with the process and folded again at the next start; what it has written stands with its cursor. Run by the
//! wiring as one task.

use crate::error::Error;
use crate::fold::{Fold, FollowError, in_full};
use crate::store::StateManager;
use journal::{ChainAt, Tail};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// Shortest time between two batches: what comes in between goes into one.
const REST: Duration = Duration::from_millis(20);
/// First and longest pause after an error.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));
/// How long the last catching up may take when stopping. What is left comes at the next start.
const LAST: Duration = Duration::from_secs(2);
/// Changes after which a batch is written.
const BATCH: usize = 512;

/// Why the tables do not follow the journal at the moment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// The database.
    #[error(transparent)]
    Store(#[from] Error),
    /// The journal. Everything before what cannot be followed is in the tables.
    #[error(transparent)]
    Follow(#[from] FollowError),
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
    store: StateManager,
    fold: Fold,
    cursor: watch::Sender<u64>,
}

impl Projector {
    /// Opens the database at `sqlite` for the journal in the directory `journal`, whose last record has the number
    /// `last_seq`, and folds what the tables contain already. Tables that have come further than the journal, or that were
    /// made from another one, are emptied: the journal is the truth.
    ///
    /// # Errors
    /// [`ProjectError`]: a database that cannot be opened, or a record of a later build.
    pub async fn open(journal: &Path, sqlite: &Path, last_seq: u64) -> Result<Self, ProjectError> {
        let store = StateManager::open(sqlite).await?;
        let mut mark = store.mark().await?;
        let why = if mark.seq > last_seq {
            Some("know more than the journal")
        } else if is_of_another(journal, mark).await? {
            Some("were made from another journal")
        } else {
            None
        };
        if let Some(why) = why {
            let cursor = mark.seq;
            tracing::warn!(target: "bot4", cursor, last_seq, "[STATE] The projections {why}, built anew");
            store.rebuild().await?;
            mark = 0.into();
        }
        let fold = Fold::open(journal, mark, false).await?;
        Ok(Self { store, fold, cursor: watch::Sender::new(mark.seq) })
    }

    /// To see how far it has come, while it runs and after.
    pub fn handle(&self) -> ProjectorHandle {
        ProjectorHandle { cursor: self.cursor.subscribe() }
    }

    /// The database, to ask.
    pub fn store(&self) -> StateManager {
        self.store.clone()
    }

    /// Follows the journal up to `synced`, the number of the last record that is on the disk, whenever that moves, until
    /// told to stop; then catches up once more, for 2 s at most. An error is logged and what failed is tried again, with
    /// longer and longer pauses. May be dropped at any time: the next start goes on where the tables are. Folding takes its
    /// time, a millisecond or more in one piece: not for the order path's own thread.
    pub async fn run(mut self, mut synced: watch::Receiver<u64>, stop: CancellationToken) {
        let mut failures = 0u32;
        loop {
            let limit = *synced.borrow_and_update();
            let caught_up = tokio::select! {
                // Stopping first: a long way to catch up must not hold it up.
                biased;
                () = stop.cancelled() => break,
                caught_up = self.catch_up(limit) => caught_up,
            };
            let pause = match caught_up {
                Ok(()) => {
                    if failures > 0 {
                        let cursor = self.fold.folded().seq;
                        tracing::info!(target: "bot4", cursor, "[STATE] The projections follow the journal again");
                    }
                    failures = 0;
                    REST
                }
                Err(e) => {
                    let pause = BACKOFF.1.min(BACKOFF.0 * 2u32.saturating_pow(failures.min(16)));
                    failures = failures.saturating_add(1);
                    let lag = synced.borrow().saturating_sub(*self.cursor.borrow());
                    tracing::error!(target: "bot4", lag, failures, "[STATE] The projections do not follow the journal: {}", in_full(&e));
                    pause
                }
            };
            let rest = async {
                sleep(pause).await;
                // A sender that is gone moves nothing any more: then there is only the stop to wait for.
                if failures == 0 && synced.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = rest => {}
            }
        }
        let limit = *synced.borrow();
        match timeout(LAST, self.catch_up(limit)).await {
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
        loop {
            match self.fold.read_on(synced).await {
                Ok(true) if self.fold.batch.len() < BATCH => {}
                Ok(true) => self.write().await?,
                Ok(false) => return self.write().await,
                Err(e) => {
                    // What was understood before it is worth having.
                    self.write().await?;
                    return Err(e.into());
                }
            }
        }
    }

    /// Writes the batch and moves the cursor to what is folded.
    async fn write(&mut self) -> Result<(), ProjectError> {
        let mark = self.fold.folded();
        if mark.seq > *self.cursor.borrow() {
            let mut had = BTreeMap::new();
            for order in self.fold.unseen() {
                had.insert(order, self.store.order(order).await?.map(|row| row.fills).unwrap_or_default());
            }
            self.fold.keep_fills(had);
            self.store.apply(self.fold.batch.clone(), mark).await?;
            self.cursor.send_replace(mark.seq);
        }
        self.fold.written();
        Ok(())
    }
}

/// Whether the tables' last record is, in this journal, another one.
async fn is_of_another(journal: &Path, mark: crate::mark::Mark) -> Result<bool, FollowError> {
    let Some(chain) = mark.chain else { return Ok(false) };
    let dir = journal.to_owned();
    let here = spawn_blocking(move || Tail::chain_at(&dir, mark.seq)).await.map_err(FollowError::Thread)?;
    Ok(matches!(here.map_err(FollowError::Read)?, ChainAt::Known(here) if here != chain))
}
