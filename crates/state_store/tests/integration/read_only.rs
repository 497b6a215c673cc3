//! Asking beside the bot.

use crate::support::*;
use sea_orm::{ConnectionTrait, Database};
use state_store::{Error, StateManager};

#[tokio::test]
async fn a_reader_sees_what_the_writer_has_written_and_can_write_nothing() {
    let (_dir, path) = folder();
    let all = life();
    let store = open(&path).await;
    apply_all(&store, &all[..2]).await;
    let reader = StateManager::open_read_only(&path).await.expect("opens");
    assert_eq!(everything(&reader).await, expected(&all[..2]).await);
    apply_all(&store, &all[2..]).await;
    assert_eq!(everything(&reader).await, expected(&all).await);
    let error = reader.apply(vec![], 1_000).await.expect_err("refused");
    assert!(matches!(error, Error::Database { .. }), "{error}");
    assert!(reader.rebuild().await.is_err());
    drop(store);
    let reader = StateManager::open_read_only(&path).await.expect("opens");
    assert_eq!(everything(&reader).await, expected(&all).await);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_not_made_by_asking() {
    let (dir, path) = folder();
    let error = StateManager::open_read_only(&path).await.expect_err("refused");
    assert!(matches!(error, Error::Open { .. }), "{error}");
    assert_eq!(std::fs::read_dir(dir.path()).expect("listed").count(), 0);
}

#[tokio::test]
async fn a_damaged_database_is_left_alone_by_asking() {
    let (dir, path) = folder();
    std::fs::write(&path, "no database ".repeat(1_000)).expect("written");
    assert!(matches!(StateManager::open_read_only(&path).await, Err(Error::Open { .. })));
    assert_eq!(std::fs::read_dir(dir.path()).expect("listed").count(), 1);
}

#[tokio::test]
async fn a_schema_of_another_build_is_named_and_not_changed() {
    async fn check(change: &str) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("state.db");
        open(&path).await.close().await.expect("closed");
        let db = Database::connect(format!("sqlite://{}", path.display())).await.expect("opens");
        db.execute_unprepared(change).await.expect("changed");
        db.close().await.expect("closed");
        for _ in 0..2 {
            let error = StateManager::open_read_only(&path).await.expect_err(change);
            assert!(matches!(error, Error::Schema { .. }), "{change}: {error}");
        }
    }
    check("DELETE FROM seaql_migrations").await;
    check("DROP TABLE seaql_migrations").await;
    check("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 0)").await;
}
