//! A pooler in transaction mode gives every transaction another server connection.

use crate::dump::*;
use crate::server::{Pooler, Server};
use crate::tools::*;
use crate::trader::{Place, Trader, options};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbBackend, DbErr, Statement, TransactionTrait, Value};
use state_store::Projector;
use state_store::postgres::{MirrorError, Postgres, Status, migrate, probe};
use std::time::Instant;

#[tokio::test]
async fn a_transaction_pooler_is_found_out_and_a_session_is_not_taken_for_one() {
    let server = Server::start();
    let url = server.database("mirror");
    let session = Pooler::start(&server, "mirror", "session");
    let transaction = Pooler::start(&server, "mirror", "transaction");
    let pooled = address(&transaction.url("mirror"));
    let error = migrate(&pooled).await.expect_err("refused");
    assert!(matches!(error, MirrorError::MigrateThroughPooler), "{error}");
    assert!(error.to_string().contains("give `bot4 db migrate` the direct address"), "{error}");
    assert_eq!(migrate(&address(&session.url("mirror"))).await.expect("migrated"), 3);
    for (address, expect) in [(address(&url), false), (address(&session.url("mirror")), false), (pooled.clone(), true)] {
        assert_eq!(Status::ask(&address).await.expect("asked").pooled, expect, "{address}");
        let pg = Postgres::connect(&address).await.expect("connected");
        match probe(&pg, &identity()).await {
            Err(e @ MirrorError::Pooler) if expect => assert!(e.to_string().contains("`database.txn_pool: true`"), "{e}"),
            other => assert!(!expect && other.is_ok(), "{address}: {other:?}"),
        }
    }
    let told = pooled_address(&transaction.url("mirror"), true);
    probe(&Postgres::connect(&told).await.expect("connected"), &identity()).await.expect("told so");
}

#[tokio::test]
async fn six_hundred_transactions_through_a_transaction_pooler_fail_not_once() {
    let server = Server::start();
    server.database("mirror");
    server.sql("mirror", "CREATE TABLE told (client integer, n integer)");
    let pooler = Pooler::start(&server, "mirror", "transaction");
    let began = Instant::now();
    let clients = (0..12).map(|client| {
        let url = pooler.url("mirror");
        tokio::spawn(async move {
            let mut options = ConnectOptions::new(url);
            options.max_connections(1).sqlx_logging(false).map_sqlx_postgres_opts(|o| o.statement_cache_capacity(0));
            let db = Database::connect(options).await?;
            for n in 0..50 {
                let txn = db.begin().await?;
                txn.execute_unprepared("DEALLOCATE ALL").await?;
                let values = [Value::Int(Some(client)), Value::Int(Some(n))];
                let insert = Statement::from_sql_and_values(DbBackend::Postgres, "INSERT INTO told VALUES ($1, $2)", values);
                txn.execute_raw(insert).await?;
                let values = [Value::Int(Some(client))];
                let count = "SELECT count(*) AS n FROM told WHERE client = $1";
                let row = txn.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, count, values)).await?;
                assert_eq!(row.expect("a row").try_get::<i64>("", "n")?, i64::from(n) + 1);
                txn.commit().await?;
            }
            Ok::<_, DbErr>(())
        })
    });
    let mut failures = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        failures.extend(client.await.expect("joined").err());
    }
    println!("600 transactions through a transaction pooler: {} failures, {:?}", failures.len(), began.elapsed());
    assert!(failures.is_empty(), "{failures:?}");
    assert_eq!(server.sql("mirror", "SELECT count(*) FROM told"), "600");
}

#[tokio::test]
async fn the_mirror_works_through_a_transaction_pooler_beside_other_clients() {
    let server = Server::start();
    let url = server.database("mirror");
    migrated(&url).await;
    let pooler = Pooler::start(&server, "mirror", "transaction");
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trader.start();
    let told = pooled_address(&pooler.url("mirror"), true);
    let mut sender = mirror(&told, &place.journal()).await.expect("usable");
    for seq in 1..=25 {
        trader.adventure(seq);
        sender.catch_up(trader.synced(), |_| {}).await.expect("sent");
        // Others come and go, and leave statements in the server connections.
        let pg = Postgres::connect(&told).await.expect("connected");
        probe(&pg, &identity()).await.expect("ours");
        pg.close().await;
    }
    let mut projector = Projector::open(&place.journal(), &place.sqlite(), trader.synced()).await.expect("opens");
    projector.catch_up(trader.synced()).await.expect("caught up");
    assert_eq!(dump_postgres(&url).await, dump_sqlite(&place.sqlite()).await);
}
