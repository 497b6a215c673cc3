//! Too much waits for the database: no round is opened until it has caught up.

use crate::server::Server;
use crate::support::Bot;
use crate::{MIRROR, OPPORTUNITY, SOON, folder, migrate, name_database, the_same, venues};
use domain::Wall;
use domain::record::{Record, SCHEMA};
use journal::{Header, History, Journal, Options};
use std::path::Path;

/// Adds records to a journal as its own bot would.
fn add(journal: &Path, count: u64) {
    let first = History::open(journal, 1).unwrap().next().unwrap().unwrap();
    let identity = Header::parse(&first.body).unwrap().identity;
    let mut opened = Journal::open(journal, identity, "test", Options::new(|| Wall(0))).unwrap();
    let record = Record::Started { at: Wall(1), epoch: 1, config: "c0ffee".into() };
    let body = serde_json::to_vec(&record).unwrap();
    for _ in 0..count {
        opened.journal.append(record.kind(), SCHEMA, &body).unwrap();
    }
    opened.journal.wait_synced().unwrap();
}

#[test]
fn entries_stop_at_the_cap_and_resume_when_the_queue_is_drained() {
    let server = Server::start();
    let url = server.database(MIRROR);
    let venues = venues(15);
    let folder = folder(&venues, &url, "on_stop: flatten\ndatabase: { cap_records: 1000 }\n");
    migrate(folder.path());
    // A life without the database, as long as the cap.
    name_database(folder.path(), "");
    let mut bot = Bot::start(folder.path(), &["--venues", "external", "--json"]);
    bot.until("Bot runtime started", SOON);
    bot.interrupt();
    assert_eq!(bot.finish(SOON).code, Some(0));
    add(&folder.path().join("state/journal"), 1_500);
    name_database(folder.path(), &url);
    // The database answers, and takes nothing.
    let lock = server.hold(MIRROR, "LOCK TABLE journal IN EXCLUSIVE MODE");
    let mut bot = Bot::start(folder.path(), &["--venues", "external", "--json"]);
    let stopped = bot.until("Entries stopped: mirror_behind: ", SOON);
    assert!(stopped["message"].as_str().unwrap().contains("records wait for the database"), "{stopped}");
    bot.until("Bot runtime started", SOON);
    assert!(!bot.text.contains("[TRADE] Entry executed"), "no round is opened");
    drop(lock);
    bot.until("Entries resumed: mirror_behind is over", SOON);
    bot.until("[TRADE] Entry executed: spread=", OPPORTUNITY);
    bot.interrupt();
    let ended = bot.finish(SOON);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    the_same(&venues, &server, folder.path(), &url);
}
