//! A long queue: what waits while the database is away is kept under the disk's cap, stops entries at the mirror's, and
//! drains. `BOT4_QUEUE_RECORDS` sets how many records; a million take about a minute.

use crate::server::Server;
use crate::tools::*;
use domain::Wall;
use domain::record::Record;
use journal::{Journal, Options};
use state_store::postgres::{MirrorConfig, MirrorService};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// As long as the queue may take to drain.
const LIMIT: Duration = Duration::from_mins(10);

fn wanted() -> u64 {
    std::env::var("BOT4_QUEUE_RECORDS").ok().and_then(|text| text.parse().ok()).unwrap_or(50_000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_queue_under_the_cap_while_the_database_is_away_and_drain() {
    let records = wanted();
    let server = Server::start();
    let url = server.database("mirror");
    let address = migrated(&url).await;
    server.kill();
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("journal");
    let opened = Journal::open(&place, identity(), "test 0.1.0", Options::new(|| Wall(0))).expect("opens");
    let mut journal = opened.journal;
    let (on_disk, synced) = watch::channel(0);
    journal.on_synced(move |seq| {
        on_disk.send_replace(seq);
    });
    let config = MirrorConfig {
        address,
        journal: place.clone(),
        identity: identity(),
        lag_warn: Duration::from_secs(30),
        cap_records: records,
    };
    let (service, handle) = MirrorService::new(config, synced, None);
    let stop = CancellationToken::new();
    let task = tokio::spawn(service.run(stop.clone()));
    // As long as an ordinary record is.
    let config = "c0ffee".repeat(70);
    let body = serde_json::to_vec(&Record::Started { at: Wall(1), epoch: 1, config }).expect("JSON");
    let began = Instant::now();
    let mut stopped_at = None;
    while journal.last_seq() < records + 1_000 {
        journal.append(16, 1, &body).expect("under the disk's cap");
        if journal.last_seq().is_multiple_of(1_000) {
            journal.keep_from(handle.keep_from());
            if journal.wants_rotation() {
                journal.rotate(1, b"[]").expect("rotated");
            }
            journal.wait_synced().expect("on the disk");
            if stopped_at.is_none() && !handle.entries_allowed() {
                stopped_at = Some(journal.last_seq());
            }
        }
    }
    journal.wait_synced().expect("on the disk");
    let (queued, bytes) = (handle.lag().records, journal.bytes());
    let queueing = began.elapsed();
    assert!(queued >= records && bytes < 1 << 30, "{queued} records in {bytes} bytes");
    let stopped_at = stopped_at.expect("entries stop at the cap");
    assert!((records..=records + 1_000).contains(&stopped_at), "{stopped_at}");
    let began = Instant::now();
    server.start_again();
    tokio::time::timeout(LIMIT, handle.reached(journal.last_seq())).await.expect("drained");
    let took = began.elapsed();
    assert!(handle.entries_allowed(), "entries resume");
    let rate = u128::from(queued) * 1_000 / took.as_millis().max(1);
    println!(
        "{queued} records of {} bytes queued in {queueing:?}, {bytes} bytes on the disk; drained in {took:?}, {rate} a second",
        body.len()
    );
    stop.cancel();
    task.await.expect("ends well");
    assert_eq!(server.sql("mirror", "SELECT count(*), max(seq) FROM journal"), format!("{0}|{0}", journal.last_seq()));
    assert_eq!(handle.keep_from(), journal.last_seq() + 1, "nothing has to be kept any more");
}
