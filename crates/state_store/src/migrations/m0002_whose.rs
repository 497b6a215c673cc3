//! Whose journal the tables were made from: chain value and epoch beside the cursor, and the identity in a mirror.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own methods elide it, and theirs must match")]

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, text, text_null};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [text_null("chain"), big_integer_null("epoch")] {
            manager.alter_table(Table::alter().table("cursor").add_column(column).to_owned()).await?;
        }
        let mut identity = Table::create().table("identity").to_owned();
        for column in [text("name"), text("mode"), text("accounts"), text("chains")] {
            identity.col(column);
        }
        manager.create_table(identity.primary_key(Index::create().col("name")).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("identity").to_owned()).await?;
        for column in ["chain", "epoch"] {
            manager.alter_table(Table::alter().table("cursor").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }

    /// See the first step.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
