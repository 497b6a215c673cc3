//! The tables: made by a command, closed to the public, and refused when they are not.

use crate::server::{PASSWORD, Server};
use crate::tools::*;
use state_store::postgres::{MirrorError, Status, migrate};

/// What a hosted database does with every new table: its public roles may do everything.
const LIKE_SUPABASE: &str = "
    CREATE ROLE anon LOGIN PASSWORD 'tr1al-s3cret'; CREATE ROLE authenticated LOGIN PASSWORD 'tr1al-s3cret';
    CREATE ROLE service_role LOGIN BYPASSRLS PASSWORD 'tr1al-s3cret';
    GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;";

#[tokio::test]
async fn the_public_roles_could_read_a_table_before_and_read_nothing_after() {
    let server = Server::start();
    let url = server.database("mirror");
    server.sql("mirror", LIKE_SUPABASE);
    assert!(PASSWORD.starts_with("tr1al"));
    // The danger is real: with the defaults a table of ours is everybody's.
    server.sql("mirror", "CREATE TABLE journal (seq bigint); INSERT INTO journal VALUES (7)");
    for role in ["anon", "authenticated", "service_role"] {
        assert_eq!(server.try_sql(role, "mirror", "SELECT seq FROM journal"), Ok("7".to_owned()), "{role}");
    }
    server.sql("mirror", "DROP TABLE journal");
    let address = migrated(&url).await;
    server.sql("mirror", "INSERT INTO cursor (name, seq) VALUES ('journal', 7)");
    let tables = server.sql("mirror", "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
    let tables: Vec<&str> = tables.lines().collect();
    assert_eq!(
        tables,
        ["cursor", "fills", "identity", "incidents", "journal", "orders", "positions", "rounds", "seaql_migrations"]
    );
    for role in ["anon", "authenticated"] {
        for table in &tables {
            for statement in [format!("SELECT * FROM {table}"), format!("DELETE FROM {table}"), format!("TRUNCATE {table}")] {
                let error = server.try_sql(role, "mirror", &statement).expect_err("refused");
                assert!(error.contains("permission denied"), "{role}: {statement}: {error}");
            }
        }
        // Even with the grants back, as a careless click gives them, no row is seen and none is taken.
        server.sql("mirror", &format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"));
        for table in &tables {
            assert_eq!(server.try_sql(role, "mirror", &format!("SELECT count(*) FROM {table}")), Ok("0".to_owned()), "{role}");
        }
        let error = server.try_sql(role, "mirror", "INSERT INTO cursor (name, seq) VALUES ('x', 1)").expect_err("refused");
        assert!(error.contains("row-level security"), "{error}");
    }
    let status = Status::ask(&address).await.expect("asked");
    assert_eq!(status.tables.len(), tables.len());
    assert!(status.tables.iter().all(|t| t.closed() && t.granted == "anon, authenticated"), "{:?}", status.tables);
    assert_eq!(server.try_sql("service_role", "mirror", "SELECT seq FROM cursor"), Ok("7".to_owned()), "the operator's own key");
    migrate(&address).await.expect("again");
    let status = Status::ask(&address).await.expect("asked");
    assert!(status.tables.iter().all(|t| t.closed() && t.granted.is_empty()), "{:?}", status.tables);
}

#[tokio::test]
async fn tables_that_are_missing_or_open_are_refused_by_name() {
    let server = Server::start();
    let url = server.database("mirror");
    let folder = tempfile::tempdir().expect("a folder");
    let check = async |expect: &str| {
        let error = mirror(&address(&url), folder.path()).await.expect_err("refused");
        assert!(error.needs_operator() && error.to_string().contains(expect), "{error}");
    };
    check("run `bot4 db migrate`").await;
    assert_eq!(Status::ask(&address(&url)).await.expect("asked").schema.pending, 3);
    let address = migrated(&url).await;
    assert_eq!(migrate(&address).await.expect("again"), 0);
    mirror(&address, folder.path()).await.expect("usable");
    server.sql("mirror", "ALTER TABLE fills DISABLE ROW LEVEL SECURITY");
    check("row level security is off for the mirror's table fills").await;
    migrate(&address).await.expect("closed again");
    mirror(&address, folder.path()).await.expect("usable");
    server.sql("mirror", "INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 1)");
    check("made by a later build").await;
    assert!(matches!(migrate(&address).await, Err(MirrorError::Newer)));
}
