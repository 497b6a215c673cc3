//! The journal itself, record by record. In a mirror alone: on the machine it is in its own files.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own methods elide it, and theirs must match")]

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, integer, text};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let columns = [
            big_integer("seq"),
            big_integer("epoch"),
            integer("kind"),
            integer("version"),
            big_integer("synced"),
            text("chain"),
            binary("body"),
        ];
        let mut journal = Table::create().table("journal").to_owned();
        for column in columns {
            journal.col(column);
        }
        manager.create_table(journal.primary_key(Index::create().col("seq")).to_owned()).await?;
        // Segments are found by their headers.
        let index = "CREATE INDEX journal_headers ON journal (seq) WHERE kind = 0";
        manager.get_connection().execute_unprepared(index).await.map(|_| ())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("journal").to_owned()).await
    }

    /// See the first step.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
