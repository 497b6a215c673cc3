//! Writing: batches with their cursor, each whole or not at all.

use crate::error::Error;
use crate::mark::Mark;
use crate::migrations::Migrator;
use crate::rows::Change;
use crate::tables::{cursor, fills, incidents, orders, positions, rounds};
use crate::write::{mark_of, move_mark, write_rows};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr, EntityTrait, RuntimeErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::{MigrationStatus, MigratorTrait};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What became of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Its rows are in the tables now, and the cursor has moved.
    Now,
    /// The tables had come as far already; nothing was changed.
    Before,
}

/// The projections of one bot in one SQLite file. Cheap to clone; all clones share one pool.
#[derive(Clone, Debug)]
pub struct StateManager {
    pub(crate) db: DatabaseConnection,
    put_aside: Option<PathBuf>,
}

impl StateManager {
    /// Opens the database at `path`, or makes it, and brings it to this build's schema. One that is damaged is put aside
    /// and begun anew: everything in it can be had from the journal.
    ///
    /// # Errors
    /// [`Error::Open`] or [`Error::PutAside`].
    pub async fn open(path: &Path) -> Result<Self, Error> {
        let open = |source| Error::Open { path: path.to_owned(), source };
        match connect(path).await {
            Ok(db) => Ok(Self { db, put_aside: None }),
            Err(e) if is_damage(&e) => {
                let aside = put_aside(path).map_err(|source| Error::PutAside { path: path.to_owned(), source })?;
                tracing::warn!(path = %path.display(), aside = %aside.display(), "projections are damaged, begun anew");
                Ok(Self { db: connect(path).await.map_err(open)?, put_aside: Some(aside) })
            }
            Err(e) => Err(open(e)),
        }
    }

    /// Opens the database at `path` to ask, beside the bot that writes it or without one. Makes, repairs and migrates
    /// nothing; whatever would write fails.
    ///
    /// # Errors
    /// [`Error::Open`] if it is not there or is damaged, [`Error::Schema`] if its tables are not this build's.
    pub async fn open_read_only(path: &Path) -> Result<Self, Error> {
        let open = |source| Error::Open { path: path.to_owned(), source };
        let db = Database::connect(options(path, |o| o.read_only(true))).await.map_err(open)?;
        let same = match Migrator::get_migration_with_status_read_only(&db).await {
            Ok(steps) => steps.iter().all(|step| step.status() == MigrationStatus::Applied),
            // The database holds a step that this build does not know.
            Err(DbErr::Custom(_)) => false,
            Err(e) => return Err(open(e)),
        };
        if same { Ok(Self { db, put_aside: None }) } else { Err(Error::Schema { path: path.to_owned() }) }
    }

    /// Where a damaged database was put when this one was opened, if that happened.
    pub fn put_aside(&self) -> Option<&Path> {
        self.put_aside.as_deref()
    }

    /// Number of the last journal record that the tables contain, 0 for none. If it is larger than the journal's last
    /// record, the journal has lost its tail and the projections must be rebuilt.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn cursor(&self) -> Result<u64, Error> {
        self.mark().await.map(|mark| mark.seq)
    }

    /// The same, and which journal's record that is.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn mark(&self) -> Result<Mark, Error> {
        mark_of(&self.db).await.map_err(Error::database("reading"))
    }

    /// Writes what the records up to and including number `cursor` change, and moves the cursor there, in one
    /// transaction. A batch that the tables have passed already changes nothing, so after a crash the caller may simply
    /// begin again after [`StateManager::cursor`], or anywhere before it with the same batches.
    ///
    /// Cancel safe: a future that is dropped leaves the batch either whole or absent.
    ///
    /// # Errors
    /// [`Error::Database`] or [`Error::Number`]; nothing of the batch was written then.
    pub async fn apply(&self, batch: Vec<Change>, cursor: impl Into<Mark>) -> Result<Applied, Error> {
        let mark = cursor.into();
        mark.check()?;
        let failed = || Error::database("writing");
        let txn = self.begin().await.map_err(failed())?;
        if mark_of(&txn).await.map_err(failed())?.seq >= mark.seq {
            txn.rollback().await.map_err(failed())?;
            return Ok(Applied::Before);
        }
        write_rows(&txn, batch).await?;
        move_mark(&txn, mark).await?;
        txn.commit().await.map_err(failed())?;
        Ok(Applied::Now)
    }

    /// Empties all tables and sets the cursor to 0, so that the journal can be consumed from its beginning.
    ///
    /// # Errors
    /// [`Error::Database`]; nothing was deleted then.
    pub async fn rebuild(&self) -> Result<(), Error> {
        async fn clear(txn: DatabaseTransaction) -> Result<(), DbErr> {
            positions::Entity::delete_many().exec(&txn).await?;
            rounds::Entity::delete_many().exec(&txn).await?;
            orders::Entity::delete_many().exec(&txn).await?;
            fills::Entity::delete_many().exec(&txn).await?;
            incidents::Entity::delete_many().exec(&txn).await?;
            cursor::Entity::delete_many().exec(&txn).await?;
            txn.commit().await
        }
        let txn = self.begin().await.map_err(Error::database("clearing"))?;
        clear(txn).await.map_err(Error::database("clearing"))
    }

    /// Closes the pool once all clones are done. Not needed for the data: a process that just dies loses none.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub async fn close(self) -> Result<(), Error> {
        self.db.close().await.map_err(Error::database("closing"))
    }

    /// Takes the write lock at once: a transaction that reads first and writes later could find itself refused half way.
    async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let sqlite_transaction_mode = Some(SqliteTransactionMode::Immediate);
        self.db.begin_with_options(TransactionOptions { sqlite_transaction_mode, ..TransactionOptions::default() }).await
    }
}

async fn connect(path: &Path) -> Result<DatabaseConnection, DbErr> {
    let options = options(path, |o| {
        o.create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A power cut may take the last batches with it, rows and cursor together; the journal has them.
            .synchronous(SqliteSynchronous::Normal)
    });
    let db = Database::connect(options).await?;
    Migrator::up(&db, None).await?;
    Ok(db)
}

fn options(path: &Path, more: impl Fn(SqliteConnectOptions) -> SqliteConnectOptions + Send + Sync + 'static) -> ConnectOptions {
    // The real name goes into the options: in a URL some of its characters would mean something.
    let mut options = ConnectOptions::new("sqlite://projections.db");
    let file = path.to_owned();
    options
        .max_connections(4)
        .acquire_timeout(Duration::from_secs(5))
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |o| more(o.filename(&file).busy_timeout(Duration::from_secs(5))));
    options
}

/// Whether the file itself is bad: not a database, or one with broken pages (SQLite result codes 26 and 11).
fn is_damage(e: &DbErr) -> bool {
    let (DbErr::Conn(RuntimeErr::SqlxError(e)) | DbErr::Exec(RuntimeErr::SqlxError(e)) | DbErr::Query(RuntimeErr::SqlxError(e))) =
        e
    else {
        return false;
    };
    let code = e.as_database_error().and_then(|e| e.code()).and_then(|c| c.parse::<u32>().ok());
    // Extended codes carry the plain one in their low byte.
    code.is_some_and(|c| matches!(c & 0xff, 11 | 26))
}

/// Renames the database and what belongs to it. Gives the new name of the database.
fn put_aside(path: &Path) -> std::io::Result<PathBuf> {
    let with = |suffix: &str| {
        let mut name: OsString = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    for suffix in ["-wal", "-shm"] {
        match std::fs::rename(with(suffix), with(&format!(".damaged{suffix}"))) {
            Err(e) if e.kind() != ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    let aside = with(".damaged");
    std::fs::rename(path, &aside)?;
    Ok(aside)
}
