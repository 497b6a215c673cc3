//! The schema, step by step, in code. A step that was released is never changed; a new one is added.
//!
//! Only types that SQLite and Postgres share exactly: text, 64-bit integers, booleans.

use sea_orm_migration::prelude::*;

mod m0001_projections;

/// All steps, oldest first.
pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(m0001_projections::Migration)]
    }
}
