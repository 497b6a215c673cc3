//! The mirror's tables: made by a command alone, and closed to the public.

use super::address::Address;
use super::error::MirrorError;
use super::link::{Postgres, in_time, is_pooled, sql};
use crate::migrations::MirrorMigrator;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr};
use sea_orm_migration::{MigrationStatus, MigratorTrait};
use std::time::Duration;

/// Every table of ours, the list of migrations included.
const TABLES: [&str; 9] =
    ["cursor", "positions", "rounds", "orders", "fills", "incidents", "identity", "journal", "seaql_migrations"];
/// Longest wait for the tables.
const MIGRATE: Duration = Duration::from_mins(2);

/// Row level security on, nothing granted. A hosted database gives its public roles everything on new tables by default
/// (Supabase: `anon` and `authenticated`), and their keys stand in web pages.
const CLOSE: &str = "
DO $$
DECLARE t text; r text;
BEGIN
  FOREACH t IN ARRAY ARRAY[{tables}] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('REVOKE ALL ON TABLE %I FROM PUBLIC', t);
    FOR r IN SELECT rolname FROM pg_catalog.pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
      EXECUTE format('REVOKE ALL ON TABLE %I FROM %I', t, r);
    END LOOP;
  END LOOP;
END $$";

/// What the public could do with one table.
const OPEN: &str = "
SELECT c.relname::text AS name, c.relrowsecurity AS secured,
       (SELECT count(*) FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid) AS policies,
       coalesce((SELECT string_agg(r.rolname::text, ', ' ORDER BY r.rolname) FROM pg_catalog.pg_roles r
                 WHERE r.rolname IN ('anon', 'authenticated')
                   AND pg_catalog.has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE')), '') AS granted
FROM pg_catalog.pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = (SELECT current_schema()::regnamespace) AND c.relname IN ({tables})
ORDER BY c.relname";

fn with_tables(text: &str) -> String {
    let names: Vec<String> = TABLES.iter().map(|t| format!("'{t}'")).collect();
    text.replace("{tables}", &names.join(", "))
}

/// How far a database's tables are this build's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Steps there are.
    pub all: usize,
    /// Steps that were not applied.
    pub pending: usize,
    /// The database has steps that this build does not know.
    pub newer: bool,
}

/// How far one table is closed to the public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSecurity {
    /// Its name.
    pub table: String,
    /// Row level security is on.
    pub secured: bool,
    /// Policies, which could let somebody in: there should be none.
    pub policies: u64,
    /// Public roles that were granted something.
    pub granted: String,
}

impl TableSecurity {
    /// Whether the public can read nothing here.
    pub const fn closed(&self) -> bool {
        self.secured && self.policies == 0
    }
}

/// Brings the database's tables to this build's schema and closes them. Gives the number of steps that were missing. May be
/// done again at any time.
///
/// # Errors
/// [`MirrorError::MigrateThroughPooler`], [`MirrorError::Newer`], or what the database says.
pub async fn migrate(address: &Address) -> Result<usize, MirrorError> {
    if Box::pin(is_pooled(address)).await? {
        return Err(MirrorError::MigrateThroughPooler);
    }
    let pg = Postgres::connect(address).await?;
    let Schema { pending, newer, .. } = schema(&pg).await?;
    if newer {
        return Err(MirrorError::Newer);
    }
    let close = with_tables(CLOSE);
    let up = async {
        MirrorMigrator::up(&pg.db, None).await?;
        pg.db.execute_unprepared(&close).await
    };
    in_time("making the tables of", MIGRATE, up).await?;
    pg.close().await;
    Ok(pending)
}

/// How far the tables are this build's.
pub(super) async fn schema(pg: &Postgres) -> Result<Schema, MirrorError> {
    let txn = pg.begin().await?;
    let all = MirrorMigrator::migrations().len();
    let found = match MirrorMigrator::get_migration_with_status_read_only(&txn).await {
        Ok(steps) => {
            let pending = steps.iter().filter(|step| step.status() == MigrationStatus::Pending).count();
            Schema { all, pending, newer: false }
        }
        // The database holds a step that this build does not know.
        Err(DbErr::Custom(_)) => Schema { all, pending: 0, newer: true },
        Err(e) => return Err(MirrorError::database("reading")(e)),
    };
    txn.commit().await.map_err(MirrorError::database("reading"))?;
    Ok(found)
}

/// How far each table is closed.
pub(super) async fn security(txn: &DatabaseTransaction) -> Result<Vec<TableSecurity>, DbErr> {
    let rows = txn.query_all_raw(sql(&with_tables(OPEN))).await?;
    let read = |row: &sea_orm::QueryResult| {
        Ok(TableSecurity {
            table: row.try_get("", "name")?,
            secured: row.try_get("", "secured")?,
            policies: u64::try_from(row.try_get::<i64>("", "policies")?).unwrap_or(0),
            granted: row.try_get("", "granted")?,
        })
    };
    rows.iter().map(read).collect()
}

/// Refuses tables that are not this build's, or that the public could read.
pub(super) async fn check(pg: &Postgres) -> Result<(), MirrorError> {
    match schema(pg).await? {
        Schema { newer: true, .. } => return Err(MirrorError::Newer),
        Schema { pending: 0, .. } => {}
        Schema { all, pending, .. } => return Err(MirrorError::Schema { pending, all }),
    }
    let txn = pg.begin().await?;
    let tables = security(&txn).await.map_err(MirrorError::database("reading"))?;
    txn.commit().await.map_err(MirrorError::database("reading"))?;
    match tables.into_iter().find(|t| !t.secured) {
        Some(open) => Err(MirrorError::Open { table: open.table }),
        None => Ok(()),
    }
}
