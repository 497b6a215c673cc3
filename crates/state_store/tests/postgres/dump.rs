//! Both databases as text, to be compared.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, QueryResult, Statement};
use std::fmt::Write as _;
use std::path::Path;

/// Every shared table with its columns, key first.
const TABLES: [(&str, &str, u8); 5] = [
    (
        "rounds",
        "round, pair, long_venue, short_venue, size_e8, entry_spread_e8, threshold_e8, edge_e8, config, opened_us, \
      exit_spread_e8, exit_reason, ended_us, ending, price_result_e8, fees_e8, funding_e8, net_e8, uncovered_ms",
        1,
    ),
    (
        "positions",
        "round, pair, entry_spread_e8, opened_us, updated_us, closed_us, long_venue, long_size_e8, long_price_e8, \
      long_venue_orders, short_venue, short_size_e8, short_price_e8, short_venue_orders",
        1,
    ),
    (
        "orders",
        "id, round, pair, venue, side, size_e8, limit_e8, kind, tif, reduce_only, venue_key, venue_hash, dead_after_us, \
      venue_order, status, filled_e8, cost_e8, fee_e8, funding_e8, reason, sent_us, updated_us",
        1,
    ),
    ("fills", "order_id, seq, round, pair, venue, side, size_e8, cost_e8, fee_e8, funding_e8, at_us", 2),
    ("incidents", "seq, event, round, pair, text, at_us", 2),
];

/// All rows of all tables as text.
pub(crate) async fn dump(db: &DatabaseConnection) -> String {
    let mut out = String::new();
    let backend = db.get_database_backend();
    for (table, columns, keys) in TABLES {
        let order = columns.split(", ").take(usize::from(keys)).map(|k| match backend {
            DbBackend::Postgres if !k.contains("seq") => format!("{k} COLLATE \"C\""),
            _ => k.to_owned(),
        });
        let order = order.collect::<Vec<_>>().join(", ");
        let sql = format!("SELECT {columns} FROM {table} ORDER BY {order}");
        for row in db.query_all_raw(Statement::from_string(backend, sql)).await.expect("read") {
            let cells: Vec<String> = columns.split(',').map(|c| cell(&row, c.trim())).collect();
            writeln!(out, "{table}: {}", cells.join(" | ")).expect("text");
        }
    }
    out
}

fn cell(row: &QueryResult, column: &str) -> String {
    if let Ok(number) = row.try_get::<Option<i64>>("", column) {
        return number.map_or("-".to_owned(), |n| n.to_string());
    }
    if let Ok(text) = row.try_get::<Option<String>>("", column) {
        return text.map_or("-".to_owned(), |t| format!("{t:?}"));
    }
    i64::from(row.try_get::<bool>("", column).expect("a number, text or boolean")).to_string()
}

pub(crate) async fn dump_sqlite(path: &Path) -> String {
    let db = Database::connect(format!("sqlite://{}?mode=ro", path.display())).await.expect("opens");
    dump(&db).await
}

pub(crate) async fn dump_postgres(url: &str) -> String {
    let db = Database::connect(url).await.expect("opens");
    dump(&db).await
}
