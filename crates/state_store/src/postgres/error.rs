//! What can go wrong with the mirror, and whether waiting helps.

use crate::error::Error;
use crate::fold::FollowError;
use journal::{Chain, RestoreError};
use sea_orm::DbErr;

/// Why the mirror cannot be used at the moment.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// The database does not answer, or refused.
    #[error("{doing} the mirror")]
    Database {
        /// What we were doing.
        doing: &'static str,
        /// The database's word.
        #[source]
        source: DbErr,
    },
    /// The database does not answer in time.
    #[error("{doing} the mirror: no answer within {seconds} s")]
    Silent {
        /// What we were doing.
        doing: &'static str,
        /// For how long it was waited.
        seconds: u64,
    },
    /// Rows of this build that the database does not take.
    #[error(transparent)]
    Store(#[from] Error),
    /// The journal.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// The schema is not this build's.
    #[error("the mirror's tables are not this build's ({pending} of {all} steps are missing): run `bot4 db migrate`")]
    Schema {
        /// Steps that were not applied.
        pending: usize,
        /// Steps there are.
        all: usize,
    },
    /// A later build made the schema.
    #[error("the mirror's tables were made by a later build of bot4: use that one")]
    Newer,
    /// The public could read it.
    #[error("row level security is off for the mirror's table {table}: run `bot4 db migrate`")]
    Open {
        /// The first such table.
        table: String,
    },
    /// Statements would meet each other.
    #[error(
        "DATABASE_URL leads to a pooler in transaction mode: set `database.txn_pool: true`, or use the direct address or the session \
         pooler (Supabase: port 5432)"
    )]
    Pooler,
    /// Migrations need a session of their own.
    #[error(
        "DATABASE_URL leads to a pooler in transaction mode, through which tables are not made: give `bot4 db migrate` the direct \
         address or the session pooler (Supabase: port 5432)"
    )]
    MigrateThroughPooler,
    /// It belongs to somebody else.
    #[error("the database mirrors another journal: {0}; use a database of its own for each mode and account")]
    NotOurs(#[source] journal::Mismatch),
    /// It is not the beginning of the local journal.
    #[error(
        "the mirror is not the beginning of the local journal: {evidence}. Nothing was changed. If the mirror is right, move the \
         local journal's folder away and start again: it is restored; if the local journal is right, give the bot an empty database"
    )]
    Diverged {
        /// What differs, with numbers.
        evidence: String,
    },
    /// It moved while nobody but us should write it.
    #[error("another bot writes to the mirror: it is at record {found}, not {expected}; stop one of them")]
    Moved {
        /// Where it is.
        found: u64,
        /// Where we left it.
        expected: u64,
    },
    /// Its records do not make a journal.
    #[error("the journal cannot be restored from the mirror")]
    Restore(#[from] RestoreError),
    /// Its records do not make a journal.
    #[error("the mirror's cursor is at record {cursor} ({at}), but its last record is {last} ({chain})")]
    Torn {
        /// The cursor.
        cursor: u64,
        /// Its chain value.
        at: String,
        /// The last record.
        last: u64,
        /// Its chain value.
        chain: Chain,
    },
}

impl MirrorError {
    /// Whether only a person can help, so that trying again is of no use.
    pub const fn needs_operator(&self) -> bool {
        match self {
            Self::Database { .. } | Self::Silent { .. } | Self::Store(_) | Self::Follow(_) => false,
            Self::Schema { .. }
            | Self::Newer
            | Self::Open { .. }
            | Self::Pooler
            | Self::MigrateThroughPooler
            | Self::NotOurs(_)
            | Self::Diverged { .. }
            | Self::Moved { .. }
            | Self::Restore(_)
            | Self::Torn { .. } => true,
        }
    }

    pub(super) fn database(doing: &'static str) -> impl FnOnce(DbErr) -> Self {
        move |source| Self::Database { doing, source }
    }
}
