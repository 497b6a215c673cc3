//! What there is to know about a mirror, for `bot4 db status`.

use super::address::Address;
use super::error::MirrorError;
use super::link::{Postgres, is_pooled, sql};
use super::mirror::identity_of;
use super::schema::{Schema, TableSecurity, schema, security};
use crate::mark::Mark;
use crate::write::mark_of;
use journal::Identity;
use sea_orm::ConnectionTrait;

/// A mirror as it is.
#[derive(Clone, Debug)]
pub struct Status {
    /// Host, port and database.
    pub place: String,
    /// The protocol's version if the connection is encrypted.
    pub tls: Option<String>,
    /// It is a pooler in transaction mode.
    pub pooled: bool,
    /// How far its tables are this build's.
    pub schema: Schema,
    /// How far each table is closed to the public.
    pub tables: Vec<TableSecurity>,
    /// Whose journal it holds.
    pub identity: Option<Identity>,
    /// The last record it holds.
    pub mark: Mark,
    /// How many records it holds.
    pub records: u64,
}

impl Status {
    /// Asks for everything. Changes nothing.
    ///
    /// # Errors
    /// [`MirrorError::Database`] or [`MirrorError::Silent`] when the database does not answer.
    pub async fn ask(address: &Address) -> Result<Self, MirrorError> {
        let pooled = Box::pin(is_pooled(address)).await?;
        // The way that works through every pooler: to ask must not depend on what was found out a moment ago.
        let pg = Postgres::connect(&address.without_cache()).await?;
        let schema = schema(&pg).await?;
        let failed = || MirrorError::database("reading");
        let txn = pg.begin().await?;
        let tls = txn.query_one_raw(sql("SELECT version FROM pg_catalog.pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl")).await;
        let tls = match tls.map_err(failed())? {
            Some(row) => row.try_get::<Option<String>>("", "version").map_err(failed())?,
            None => None,
        };
        let tables = security(&txn).await.map_err(failed())?;
        let mut status =
            Self { place: address.to_string(), tls, pooled, schema, tables, identity: None, mark: Mark::default(), records: 0 };
        if schema.pending == 0 && !schema.newer {
            status.identity = identity_of(&txn).await?;
            status.mark = mark_of(&txn).await.map_err(failed())?;
            let count = txn.query_one_raw(sql("SELECT count(*) AS records FROM journal")).await.map_err(failed())?;
            let count: i64 = count.map_or(Ok(0), |row| row.try_get("", "records")).map_err(failed())?;
            status.records = count.unsigned_abs();
        }
        txn.commit().await.map_err(failed())?;
        pg.close().await;
        Ok(status)
    }
}
