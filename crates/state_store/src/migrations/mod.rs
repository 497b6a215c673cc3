//! The schema, step by step, in code. A step that was released is never changed; a new one is added.
//!
//! Only types that SQLite and Postgres share exactly: text, 64-bit integers, booleans; bytes in the mirror alone.

use sea_orm_migration::prelude::*;

mod m0001_projections;
mod m0002_whose;
mod m0003_mirror;

/// All steps of the database beside the journal, oldest first.
pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_projections::Migration), Box::new(m0002_whose::Migration)]
    }
}

/// All steps of a mirror, oldest first.
pub(crate) struct MirrorMigrator;

impl MigratorTrait for MirrorMigrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_projections::Migration), Box::new(m0002_whose::Migration), Box::new(m0003_mirror::Migration)]
    }
}
