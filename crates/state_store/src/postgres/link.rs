//! The connection to the mirror's database: transactions that also work through a transaction pooler, and finding one out.

use super::address::Address;
use super::error::MirrorError;
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, RuntimeErr, Statement,
    TransactionTrait,
};
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for a first connection.
const CONNECT: Duration = Duration::from_secs(8);
/// Longest wait for a later one: a pool tries again by itself that long before it says that nobody answers.
const ACQUIRE: Duration = Duration::from_secs(3);
/// What every transaction begins with: a server must not hold the cursor's lock for a client that is gone.
const BEGIN: &str = "SET LOCAL statement_timeout = '60s'; SET LOCAL idle_in_transaction_session_timeout = '60s'";
/// The same through a transaction pooler: the server connection may have another client's statements by the same names.
const BEGIN_POOLED: &str =
    "DEALLOCATE ALL; SET LOCAL statement_timeout = '60s'; SET LOCAL idle_in_transaction_session_timeout = '60s'";

/// A pool of few connections. Everything goes through one transaction wrapper (`begin`).
#[derive(Clone, Debug)]
pub struct Postgres {
    pub(super) db: DatabaseConnection,
    pub(super) address: Address,
}

impl Postgres {
    /// Connects.
    ///
    /// # Errors
    /// [`MirrorError::Database`] or [`MirrorError::Silent`].
    pub async fn connect(address: &Address) -> Result<Self, MirrorError> {
        Self::connect_with(address, 2).await
    }

    async fn connect_with(address: &Address, connections: u32) -> Result<Self, MirrorError> {
        // The real address goes into the options, and no password into what the library shows.
        let mut options = ConnectOptions::new("postgres://mirror");
        let real = address.options.clone();
        options
            .max_connections(connections)
            .connect_timeout(CONNECT)
            .acquire_timeout(ACQUIRE)
            .sqlx_logging(false)
            .map_sqlx_postgres_opts(move |_| quiet(real.clone()));
        in_time("connecting to", CONNECT, knock(&address.options)).await?;
        let db = in_time("connecting to", CONNECT, Database::connect(options)).await?;
        Ok(Self { db, address: address.clone() })
    }

    /// Begins the transaction that every statement belongs to, reads as well.
    pub(super) async fn begin(&self) -> Result<DatabaseTransaction, MirrorError> {
        let begin = async {
            let txn = self.db.begin().await?;
            txn.execute_unprepared(if self.address.txn_pool { BEGIN_POOLED } else { BEGIN }).await?;
            Ok(txn)
        };
        in_time("reaching", CONNECT, begin).await
    }

    /// Closes the connections.
    pub async fn close(self) {
        // What cannot be closed in order is closed by its end.
        let _ = self.db.close().await;
    }
}

/// One connection, made and closed: a pool would hide for seconds why there is none.
async fn knock(options: &sea_orm::sqlx::postgres::PgConnectOptions) -> Result<(), DbErr> {
    use sea_orm::sqlx::{ConnectOptions as _, Connection as _};
    let failed = |e| DbErr::Conn(RuntimeErr::SqlxError(std::sync::Arc::new(e)));
    let connection = quiet(options.clone()).connect().await.map_err(failed)?;
    connection.close().await.map_err(failed)
}

fn quiet(options: sea_orm::sqlx::postgres::PgConnectOptions) -> sea_orm::sqlx::postgres::PgConnectOptions {
    use sea_orm::sqlx::ConnectOptions as _;
    options.disable_statement_logging()
}

/// Waits for an answer, and not longer.
pub(super) async fn in_time<T>(
    doing: &'static str,
    limit: Duration,
    future: impl Future<Output = Result<T, DbErr>>,
) -> Result<T, MirrorError> {
    match timeout(limit, future).await {
        Ok(done) => done.map_err(MirrorError::database(doing)),
        Err(_) => Err(MirrorError::Silent { doing, seconds: limit.as_secs() }),
    }
}

pub(super) fn sql(text: &str) -> Statement {
    Statement::from_string(DbBackend::Postgres, text)
}

/// Whether the address leads to a pooler that gives every transaction any server connection: a setting of one client's
/// session then shows up in another's, or is gone from its own. Leaves nothing behind.
///
/// # Errors
/// [`MirrorError::Database`] or [`MirrorError::Silent`].
pub(super) async fn is_pooled(address: &Address) -> Result<bool, MirrorError> {
    let address = address.without_cache();
    // Two clients that a pooler happens to keep apart look like two sessions; other ones are not kept apart again.
    for _ in 0..LOOKS {
        let (one, other) = (Postgres::connect_with(&address, 1).await?, Postgres::connect_with(&address, 1).await?);
        let found = in_time("asking", CONNECT, look(&one, &other)).await;
        one.close().await;
        other.close().await;
        if found? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How often a pooler is looked for with clients of their own.
const LOOKS: usize = 6;

async fn look(one: &Postgres, other: &Postgres) -> Result<bool, DbErr> {
    const SESSION: &str = "SELECT pg_backend_pid() AS pid, coalesce(current_setting('bot4.probe', true), '') AS mark";
    const MARK: &str = "ours";
    async fn session(client: &Postgres) -> Result<(DatabaseTransaction, i32, String), DbErr> {
        let txn = client.db.begin().await?;
        txn.execute_unprepared("DEALLOCATE ALL").await?;
        let row = txn.query_one_raw(sql(SESSION)).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("a session says who it is".into()))?;
        Ok((txn, row.try_get("", "pid")?, row.try_get("", "mark")?))
    }
    let mut first = None;
    for turn in 0..4 {
        one.db.execute_unprepared("SET bot4.probe = 'ours'").await?;
        // A pooler may hand its connections out in turn: so many short ones bring the marked one to the other's hand.
        for _ in 0..turn % 4 {
            other.db.execute_unprepared("SELECT 1").await?;
        }
        // While the other one is inside a transaction, a pooler has to give the first one another connection.
        let (theirs, _, seen) = session(other).await?;
        let (ours, pid, own) = session(one).await?;
        let pooled = seen == MARK || own != MARK || *first.get_or_insert(pid) != pid;
        for txn in [theirs, ours] {
            txn.execute_unprepared("RESET bot4.probe").await?;
            txn.commit().await?;
        }
        if pooled {
            return Ok(true);
        }
    }
    Ok(false)
}
