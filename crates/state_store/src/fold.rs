//! What projector and mirror share: reading on in the journal and folding what was read, each record once.

use crate::derive::added;
use crate::entry::{Entry, EntryError};
use crate::mark::Mark;
use crate::project::Projection;
use crate::rows::Change;
use domain::{Fills, OrderId};
use journal::{Chained, Reached, ReadError, Tail};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tokio::task::{JoinError, spawn_blocking};

/// Records taken out of the journal at a time, and bytes of them.
const CHUNK: (usize, usize) = (2_048, 2 << 20);

/// Why the journal cannot be followed at the moment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// A record that this build does not understand. Everything before it was taken.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The journal cannot be read.
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

/// A journal, the fold of what was read of it, and what is still to be written of that.
#[derive(Debug)]
pub(crate) struct Fold {
    journal: PathBuf,
    /// `None` while a thread has it; made again if that look was dropped.
    tail: Option<Tail>,
    damage: Option<ReadError>,
    projection: Projection,
    /// Last record folded; what it changed is in the tables or in `batch`.
    folded: Mark,
    /// False after records that are gone: from there to the next snapshot nothing can be folded.
    whole: bool,
    /// True while the tables hold rows that `projection` never saw, as their records are gone.
    blind: bool,
    /// Changes up to `folded` that are not in the tables yet. Kept until written, as nothing is folded twice.
    pub(crate) batch: Vec<Change>,
    /// The records themselves, where they are wanted.
    pub(crate) records: Vec<Chained>,
    keep_records: bool,
}

impl Fold {
    /// Goes on behind `mark`, where the tables are: folds what they contain already, from the last snapshot on.
    pub(crate) async fn open(journal: &Path, mark: Mark, keep_records: bool) -> Result<Self, FollowError> {
        let (dir, seq) = (journal.to_owned(), mark.seq);
        let tail = spawn_blocking(move || Tail::since_snapshot(&dir, seq)).await.map_err(FollowError::Thread)?;
        let tail = tail.map_err(FollowError::Read)?;
        let mut fold = Self {
            journal: journal.to_owned(),
            // What stands before a snapshot is in it.
            folded: Mark::from(tail.next().saturating_sub(1)),
            tail: Some(tail),
            damage: None,
            projection: Projection::default(),
            whole: true,
            blind: false,
            batch: Vec::new(),
            records: Vec::new(),
            keep_records: false,
        };
        loop {
            match fold.read_on(mark.seq).await {
                Ok(true) => fold.written(),
                Ok(false) => break,
                // The records are gone or bad, their rows are there: go on behind them.
                Err(e @ FollowError::Short { .. }) => {
                    tracing::warn!(target: "bot4", "[STATE] {}", in_full(&e));
                    fold.whole = false;
                    break;
                }
                Err(e) => return Err(e),
            }
        }
        fold.written();
        fold.folded = mark;
        fold.keep_records = keep_records;
        fold.blind = mark.seq > 0 && !fold.whole;
        Ok(fold)
    }

    /// The last record that was folded.
    pub(crate) const fn folded(&self) -> Mark {
        self.folded
    }

    /// Reads and folds some records up to number `limit`. True if there are more. Cancel safe.
    pub(crate) async fn read_on(&mut self, limit: u64) -> Result<bool, FollowError> {
        if self.folded.seq >= limit {
            return Ok(false);
        }
        let next = self.folded.seq.saturating_add(1);
        let mut tail = self.tail.take().filter(|tail| tail.next() == next).unwrap_or_else(|| Tail::new(&self.journal, next));
        let look = move || {
            let mut chunk = Vec::new();
            let reached = tail.read(limit, CHUNK.0, CHUNK.1, &mut chunk);
            (reached, chunk, tail)
        };
        let (reached, chunk, mut tail) = spawn_blocking(look).await.map_err(FollowError::Thread)?;
        self.damage = tail.take_damage().or(self.damage.take());
        // Only now: if a record is not understood, the next look begins with it again.
        for record in chunk {
            self.take(record)?;
        }
        let reached = reached.map_err(FollowError::Read)?;
        match reached {
            Reached::Enough => {}
            // What `limit` counts may be gone.
            Reached::Limit => self.skip_to(limit),
            Reached::End => {
                let (reached, damage) = (self.folded.seq, self.damage.take());
                return Err(FollowError::Short { reached, synced: limit, damage });
            }
        }
        self.tail = Some(tail);
        Ok(self.folded.seq < limit)
    }

    /// What was folded so far is in the tables now.
    pub(crate) fn written(&mut self) {
        self.batch.clear();
        self.records.clear();
    }

    /// Folds one record.
    fn take(&mut self, chained: Chained) -> Result<(), EntryError> {
        let seq = chained.record.seq;
        if seq <= self.folded.seq {
            return Ok(());
        }
        let entry = Entry::read(&chained.record)?;
        self.skip_to(seq.saturating_sub(1));
        match entry {
            Entry::Header => {}
            Entry::Snapshot(records) => {
                self.batch.extend(self.projection.take_snapshot(seq, &records));
                self.whole = true;
            }
            Entry::Record(record) if self.whole => self.batch.extend(self.projection.take(seq, &record)),
            Entry::Record(_) => {}
        }
        self.folded = Mark { seq, chain: Some(chained.chain), epoch: Some(chained.epoch) };
        if self.keep_records {
            self.records.push(chained);
        }
        Ok(())
    }

    /// Goes on behind record `seq`, though the records up to it were not all there.
    fn skip_to(&mut self, seq: u64) {
        if self.folded.seq < seq {
            let (first, last) = (self.folded.seq.saturating_add(1), seq);
            tracing::warn!(target: "bot4", first, last, "[STATE] Journal records are gone, the projections go on at the next snapshot");
            self.folded = Mark { epoch: self.folded.epoch, ..Mark::from(seq) };
            self.whole = false;
        }
    }

    /// The orders whose fills must be looked up before the batch is written: the tables hold rows that were never seen
    /// here, and a snapshot gives an order's fills as one.
    pub(crate) fn unseen(&self) -> Vec<OrderId> {
        if !self.blind {
            return Vec::new();
        }
        let of = |change: &Change| match change {
            Change::Fill(fill) => Some(fill.order),
            _ => None,
        };
        let mut orders: Vec<OrderId> = self.batch.iter().filter_map(of).collect();
        orders.sort_unstable();
        orders.dedup();
        orders
    }

    /// Takes out of each order's first step what the tables have of it already, which is `had`.
    pub(crate) fn keep_fills(&mut self, mut had: BTreeMap<OrderId, Fills>) {
        if !self.blind || self.batch.is_empty() {
            return;
        }
        self.blind = false;
        self.batch.retain_mut(|change| {
            let Change::Fill(fill) = change else { return true };
            fill.added = added(had.remove(&fill.order).unwrap_or_default(), fill.added);
            fill.added != Fills::default()
        });
    }
}

/// An error with all its causes, in one line.
pub(crate) fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(e) = cause {
        text.push_str(": ");
        text.push_str(&e.to_string());
        cause = e.source();
    }
    text
}
