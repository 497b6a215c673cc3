//! What can go wrong with the projections. None of it is about money: the journal holds that.

use sea_orm::DbErr;
use std::path::PathBuf;

/// Why the projections cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database cannot be opened or brought to this build's schema.
    #[error("opening the projections in {path:?}")]
    Open {
        /// Its file.
        path: PathBuf,
        /// The database's word.
        #[source]
        source: DbErr,
    },
    /// The database was made by a build with another schema, and is only being read.
    #[error("the projections in {path:?} have another build's schema; the bot brings them to this one when it starts")]
    Schema {
        /// Its file.
        path: PathBuf,
    },
    /// A damaged database cannot be put aside.
    #[error("putting the damaged projections {path:?} aside")]
    PutAside {
        /// Its file.
        path: PathBuf,
        /// The system's word.
        #[source]
        source: std::io::Error,
    },
    /// The database refused a read or a write.
    #[error("{doing} the projections")]
    Database {
        /// What we were doing.
        doing: &'static str,
        /// The database's word.
        #[source]
        source: DbErr,
    },
    /// A row holds what this build never writes: somebody else did, and a rebuild cures it.
    #[error("row {key} of table {table}: {what} is not readable; rebuild the projections")]
    Row {
        /// The table.
        table: &'static str,
        /// Key of the row.
        key: String,
        /// Which column.
        what: &'static str,
    },
    /// A record number that a database cannot hold.
    #[error("record number {0} is larger than a database integer")]
    Number(u64),
}

impl Error {
    pub(crate) fn database(doing: &'static str) -> impl FnOnce(DbErr) -> Self {
        move |source| Self::Database { doing, source }
    }
}
