//! The bot with its mirror: the real binary, both simulated venues over TLS, a real PostgreSQL 15 that dies and comes back.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

mod commands;
#[path = "../../../state_store/tests/postgres/dump.rs"]
mod dump;
mod lost_machine;
mod outage;
mod queued;
#[path = "../../../state_store/tests/postgres/server.rs"]
mod server;
#[path = "../support/mod.rs"]
mod support;

// What the shared files above ask of this crate.
use rcgen as _;
use sea_orm as _;
use server::Server;
use std::path::Path;
use std::time::Duration;
use support::{Ended, Venues, keys, run_to_end, working_folder, write};
use tempfile::TempDir;
use venue_sim::market::{Market, MarketShape};

/// Everything is quick, and the machine may be busy.
const SOON: Duration = Duration::from_secs(30);
/// An opportunity comes every few seconds.
const OPPORTUNITY: Duration = Duration::from_secs(45);
/// The name of every test's database.
const MIRROR: &str = "mirror";

/// Venues that stay apart long enough to be looked at.
fn venues(seed: u64) -> Venues {
    let apart = MarketShape { pulse_every_ms: 8_000, pulse_ms: 5_000, pulse_bps: 60, noise_bps: 12 };
    Venues::start_in(seed, Market::new(seed, apart))
}

/// A folder whose `.env` names this database too.
fn folder(venues: &Venues, url: &str, more: &str) -> TempDir {
    let base = "spread_entry: 0.30\nspread_exit: 0.10\nmax_holding_s: 60\n";
    let folder = working_folder(venues, &format!("{base}{more}"));
    name_database(folder.path(), url);
    folder
}

fn name_database(folder: &Path, url: &str) {
    write(folder, ".env", &format!("{}DATABASE_URL={url}\n", keys::dotenv()));
}

/// `bot4 db ...`, with nothing secret in what it says.
fn db(folder: &Path, arguments: &[&str]) -> Ended {
    let ended = run_to_end(folder, &[&["db"], arguments].concat(), &[]);
    for said in [&ended.stdout, &ended.stderr] {
        assert!(!said.contains(server::PASSWORD), "{said}");
    }
    ended
}

fn migrate(folder: &Path) {
    let ended = db(folder, &["migrate"]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.stdout, ended.stderr);
}

/// Waits until a statement answers this.
#[track_caller]
fn until_sql(server: &Server, statement: &str, expect: &str) {
    let limit = std::time::Instant::now() + SOON;
    loop {
        let found = server.sql(MIRROR, statement);
        if found == expect {
            return;
        }
        assert!(std::time::Instant::now() < limit, "{statement}: {found}, not {expect}");
        std::thread::yield_now();
    }
}

/// Both databases hold the same rows, and the mirror every record of the journal with the same chain.
#[track_caller]
fn the_same(venues: &Venues, server: &Server, folder: &Path, url: &str) {
    let (local, mirrored) =
        venues.block_on(async { (dump::dump_sqlite(&folder.join("state/bot4.db")).await, dump::dump_postgres(url).await) });
    assert!(local.lines().count() > 4, "{local}");
    assert_eq!(local, mirrored);
    let mut records = Vec::new();
    let reached = journal::Tail::new(&folder.join("state/journal"), 1).read(u64::MAX - 1, usize::MAX, usize::MAX, &mut records);
    assert!(matches!(reached, Ok(journal::Reached::End)), "{reached:?}");
    let lines: Vec<String> = records.iter().map(|c| format!("{}|{}|{}", c.record.seq, c.chain, c.record.body.len())).collect();
    assert_eq!(server.sql(MIRROR, "SELECT seq, chain, octet_length(body) FROM journal ORDER BY seq"), lines.join("\n"));
}
