//! One mirror and one journal: whether they belong together, and each batch with its cursor in one transaction.

use super::error::MirrorError;
use super::link::Postgres;
use super::{records, schema};
use crate::fold::{Fold, FollowError};
use crate::mark::Mark;
use crate::tables::{identity, orders};
use crate::write::{JOURNAL, lock_mark, mark_of, move_mark, upsert, write_rows};
use domain::{Fills, Size, Usd};
use journal::{ChainAt, Identity, Mismatch, Mode, Tail};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// Records and changes after which a batch is sent.
const BATCH: (usize, usize) = (4_096, 2_048);
/// Longest wait for a batch.
const SEND: Duration = Duration::from_mins(1);

/// Sends one journal to one database.
#[derive(Debug)]
pub struct Mirror {
    pg: Postgres,
    fold: Fold,
    /// Where we left the database.
    mark: Mark,
}

impl Mirror {
    /// Takes the database for the journal in `journal`, if it is empty, or if it is the beginning of that journal. The
    /// identity is written with it; nothing else.
    ///
    /// # Errors
    /// See [`MirrorError`].
    pub async fn open(pg: Postgres, journal: &Path, ours: &Identity) -> Result<Self, MirrorError> {
        let mark = check(&pg, journal, ours).await?;
        claim(&pg, ours).await?;
        let fold = Fold::open(journal, mark, true).await?;
        Ok(Self { pg, fold, mark })
    }

    /// Number of the last record that the database has.
    pub const fn cursor(&self) -> u64 {
        self.mark.seq
    }

    /// Sends what is on the disk up to record `synced`, and calls `sent` with the number of the last record after each
    /// batch. Cancel safe: a batch is whole or absent, and sent again if that is not known.
    ///
    /// # Errors
    /// See [`MirrorError`]; everything before what failed was sent, and calling again goes on from there.
    pub async fn catch_up(&mut self, synced: u64, mut sent: impl FnMut(u64)) -> Result<(), MirrorError> {
        self.send(&mut sent).await?;
        loop {
            let more = self.fold.read_on(synced).await;
            let full = self.fold.records.len() >= BATCH.0 || self.fold.batch.len() >= BATCH.1;
            match more {
                Ok(true) if !full => {}
                Ok(true) => self.send(&mut sent).await?,
                Ok(false) => return self.send(&mut sent).await,
                Err(e) => {
                    // What was understood before it is worth having.
                    self.send(&mut sent).await?;
                    return Err(e.into());
                }
            }
        }
    }

    async fn send(&mut self, sent: &mut impl FnMut(u64)) -> Result<(), MirrorError> {
        let mark = self.fold.folded();
        if mark.seq > self.mark.seq {
            match timeout(SEND, self.write(mark)).await {
                Ok(done) => done?,
                Err(_) => return Err(MirrorError::Silent { doing: "writing to", seconds: SEND.as_secs() }),
            }
            self.mark = mark;
            sent(mark.seq);
        }
        self.fold.written();
        Ok(())
    }

    async fn write(&mut self, mark: Mark) -> Result<(), MirrorError> {
        let failed = || MirrorError::database("writing to");
        let txn = self.pg.begin().await?;
        let there = lock_mark(&txn).await.map_err(failed())?;
        if same(there, mark) {
            // The answer to the last commit was lost, the commit was not.
            return txn.rollback().await.map_err(failed());
        }
        if !same(there, self.mark) {
            return Err(MirrorError::Moved { found: there.seq, expected: self.mark.seq });
        }
        let unseen = self.fold.unseen();
        if !self.fold.batch.is_empty() {
            let had = fills(&txn, &unseen).await?;
            self.fold.keep_fills(had);
        }
        records::insert(&txn, &self.fold.records).await?;
        write_rows(&txn, self.fold.batch.clone()).await?;
        move_mark(&txn, mark).await?;
        txn.commit().await.map_err(failed())
    }
}

fn same(one: Mark, other: Mark) -> bool {
    (one.seq, one.chain) == (other.seq, other.chain)
}

/// What the database has of these orders.
async fn fills(txn: &DatabaseTransaction, of: &[domain::OrderId]) -> Result<BTreeMap<domain::OrderId, Fills>, MirrorError> {
    let mut had = BTreeMap::new();
    for id in of {
        let row = orders::Entity::find_by_id(id.to_string()).one(txn).await.map_err(MirrorError::database("reading"))?;
        if let Some(m) = row
            && let Some(size) = Size::from_e8(m.filled_e8)
        {
            let (cost, fee, funding) = (Usd::from_e8(m.cost_e8), Usd::from_e8(m.fee_e8), Usd::from_e8(m.funding_e8));
            had.insert(*id, Fills { size, cost, fee, funding });
        }
    }
    Ok(had)
}

/// Whether the database is of this identity and the beginning of the journal in `journal`; gives how far it is. Changes
/// nothing.
///
/// # Errors
/// See [`MirrorError`].
pub async fn check(pg: &Postgres, journal: &Path, ours: &Identity) -> Result<Mark, MirrorError> {
    let mark = belongs(pg, ours).await?;
    let dir = journal.to_owned();
    let here = spawn_blocking(move || Tail::chain_at(&dir, mark.seq)).await.map_err(FollowError::Thread)?;
    let here = here.map_err(FollowError::Read)?;
    let diverged = |evidence: String| Err(MirrorError::Diverged { evidence });
    match (here, mark.chain) {
        _ if mark.seq == 0 => Ok(mark),
        (ChainAt::Known(here), Some(there)) if here == there => Ok(mark),
        (ChainAt::Known(here), Some(there)) => {
            diverged(format!("record {} has chain value {there} in the mirror and {here} in the journal", mark.seq))
        }
        (ChainAt::Beyond, _) => diverged(format!("the mirror holds records up to {}, the journal ends before that", mark.seq)),
        // Nothing here can be compared with it any more, but that it belongs to this account.
        (ChainAt::Gone { first }, _) => {
            let (last, first_kept) = (mark.seq, first);
            tracing::warn!(
                target: "bot4",
                last,
                first_kept,
                "[STATE] The mirror misses records that the local journal has deleted; it goes on at the next snapshot"
            );
            Ok(mark)
        }
        (ChainAt::Known(_), None) => Ok(mark),
    }
}

/// Whether the tables are this build's, closed, and of this identity; gives how far the mirror is.
pub(super) async fn belongs(pg: &Postgres, ours: &Identity) -> Result<Mark, MirrorError> {
    schema::check(pg).await?;
    let txn = pg.begin().await?;
    let failed = || MirrorError::database("reading");
    if let Some(theirs) = identity_of(&txn).await? {
        ours.may_continue(&theirs).map_err(MirrorError::NotOurs)?;
    }
    let mark = mark_of(&txn).await.map_err(failed())?;
    txn.commit().await.map_err(failed())?;
    Ok(mark)
}

/// Whose journal the mirror holds; `None` if it is empty.
pub(super) async fn identity_of<C: ConnectionTrait>(txn: &C) -> Result<Option<Identity>, MirrorError> {
    let row = identity::Entity::find_by_id(JOURNAL).one(txn).await.map_err(MirrorError::database("reading"))?;
    let Some(row) = row else { return Ok(None) };
    let unreadable =
        || MirrorError::NotOurs(Mismatch { what: "identity".into(), journal: "(not readable)".into(), bot: "(this bot)".into() });
    let mode = [Mode::Demo, Mode::Paper, Mode::Live].into_iter().find(|m| m.to_string() == row.mode);
    Ok(Some(Identity {
        mode: mode.ok_or_else(unreadable)?,
        accounts: serde_json::from_str(&row.accounts).map_err(|_| unreadable())?,
        chains: serde_json::from_str(&row.chains).map_err(|_| unreadable())?,
    }))
}

/// Writes whose mirror it is. A venue that has come since is added, one that has gone stays.
async fn claim(pg: &Postgres, ours: &Identity) -> Result<(), MirrorError> {
    let failed = || MirrorError::database("writing to");
    let txn = pg.begin().await?;
    let row = identity::Model {
        name: JOURNAL.to_owned(),
        mode: ours.mode.to_string(),
        accounts: serde_json::to_string(&ours.accounts).expect("names are JSON"),
        chains: serde_json::to_string(&ours.chains).expect("names are JSON"),
    };
    upsert(&txn, vec![row]).await.map_err(failed())?;
    txn.commit().await.map_err(failed())
}
