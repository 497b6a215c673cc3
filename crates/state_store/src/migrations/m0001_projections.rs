//! The first tables.
#![expect(elided_lifetimes_in_paths, reason = "the trait's own methods elide it, and theirs must match")]

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, text, text_null};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [cursor(), positions(), rounds(), orders(), fills(), incidents()] {
            manager.create_table(table).await?;
        }
        for (name, table, columns) in [
            ("positions_by_closed", "positions", vec!["closed_us"]),
            ("rounds_by_ending", "rounds", vec!["ending", "opened_us"]),
            ("orders_by_round", "orders", vec!["round"]),
            ("fills_by_round", "fills", vec!["round"]),
        ] {
            let mut index = Index::create().name(name).table(table).to_owned();
            for column in columns {
                index.col(column);
            }
            manager.create_index(index).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["cursor", "positions", "rounds", "orders", "fills", "incidents"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }

    /// A process that dies half way must not leave half a schema, which no later start could finish.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

fn table<const N: usize>(name: &'static str, key: &[&'static str], columns: [ColumnDef; N]) -> TableCreateStatement {
    let mut table = Table::create().table(name).to_owned();
    for column in columns {
        table.col(column);
    }
    let mut primary = Index::create();
    for column in key {
        primary.col(*column);
    }
    table.primary_key(&mut primary).to_owned()
}

fn cursor() -> TableCreateStatement {
    table("cursor", &["name"], [text("name"), big_integer("seq")])
}

fn positions() -> TableCreateStatement {
    table(
        "positions",
        &["round"],
        [
            text("round"),
            text("pair"),
            big_integer("entry_spread_e8"),
            big_integer("opened_us"),
            big_integer("updated_us"),
            big_integer_null("closed_us"),
            text("long_venue"),
            big_integer("long_size_e8"),
            big_integer_null("long_price_e8"),
            text("long_venue_orders"),
            text("short_venue"),
            big_integer("short_size_e8"),
            big_integer_null("short_price_e8"),
            text("short_venue_orders"),
        ],
    )
}

fn rounds() -> TableCreateStatement {
    table(
        "rounds",
        &["round"],
        [
            text("round"),
            text("pair"),
            text("long_venue"),
            text("short_venue"),
            big_integer("size_e8"),
            big_integer("entry_spread_e8"),
            big_integer("threshold_e8"),
            big_integer("edge_e8"),
            text("config"),
            big_integer("opened_us"),
            big_integer_null("exit_spread_e8"),
            text_null("exit_reason"),
            big_integer_null("ended_us"),
            text_null("ending"),
            big_integer("price_result_e8"),
            big_integer("fees_e8"),
            big_integer("funding_e8"),
            big_integer("net_e8"),
            big_integer("uncovered_ms"),
        ],
    )
}

fn orders() -> TableCreateStatement {
    table(
        "orders",
        &["id"],
        [
            text("id"),
            text("round"),
            text("pair"),
            text("venue"),
            text("side"),
            big_integer("size_e8"),
            big_integer("limit_e8"),
            text("kind"),
            text("tif"),
            boolean("reduce_only"),
            text("venue_key"),
            text_null("venue_hash"),
            big_integer("dead_after_us"),
            text_null("venue_order"),
            text("status"),
            big_integer("filled_e8"),
            big_integer("cost_e8"),
            big_integer("fee_e8"),
            big_integer("funding_e8"),
            text_null("reason"),
            big_integer("sent_us"),
            big_integer("updated_us"),
        ],
    )
}

fn fills() -> TableCreateStatement {
    table(
        "fills",
        &["order_id", "seq"],
        [
            text("order_id"),
            big_integer("seq"),
            text("round"),
            text("pair"),
            text("venue"),
            text("side"),
            big_integer("size_e8"),
            big_integer("cost_e8"),
            big_integer("fee_e8"),
            big_integer("funding_e8"),
            big_integer("at_us"),
        ],
    )
}

fn incidents() -> TableCreateStatement {
    table(
        "incidents",
        &["seq", "event"],
        [big_integer("seq"), text("event"), text_null("round"), text_null("pair"), text("text"), big_integer("at_us")],
    )
}
