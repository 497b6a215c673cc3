//! A machine that is lost: the journal is written anew from the mirror, and goes on.

use crate::dump::*;
use crate::server::Server;
use crate::tools::*;
use crate::trader::{Place, Trader, options};
use domain::record::ExitReason;
use journal::{Journal, Options};
use state_store::Projector;
use state_store::postgres::{MirrorError, Postgres, restore};

fn reopened(place: &Place, known_epoch: u32) -> journal::Opened {
    let options = Options { known_epoch, ..options() };
    Journal::open(&place.journal(), identity(), "test 0.1.0", options).expect("opens")
}

#[tokio::test]
async fn a_lost_journal_is_written_anew_and_the_mirror_goes_on_with_it() {
    let server = Server::start();
    let url = server.database("mirror");
    let address = migrated(&url).await;
    let (lost, place) = (Place::new(), Place::new());
    let mut trader = Trader::open(&lost.journal(), options());
    trader.start();
    trader.adventure(1);
    trader.rotate();
    trader.enters(2);
    let mut sender = mirror(&address, &lost.journal()).await.expect("usable");
    sender.catch_up(trader.synced(), |_| {}).await.expect("sent");
    let (before, epoch) = (dump_postgres(&url).await, trader.journal.epoch());
    let replay = {
        drop(trader);
        reopened(&lost, 0).replay
    };
    let pg = Postgres::connect(&address).await.expect("connected");
    let restored = restore(&pg, &place.journal(), &identity(), u64::MAX).await.expect("restored").expect("something");
    assert_eq!((restored.records, restored.epoch), (restored.last_seq, epoch));
    let opened = reopened(&place, restored.epoch);
    assert_eq!(opened.replay, replay, "the same way in");
    assert!(opened.report.epoch > epoch);
    assert_eq!(opened.report.last_seq, restored.last_seq);
    drop(opened);
    // The local tables as they were, and both go on.
    let mut projector = Projector::open(&place.journal(), &place.sqlite(), restored.last_seq).await.expect("opens");
    projector.catch_up(restored.last_seq).await.expect("caught up");
    assert_eq!(dump_sqlite(&place.sqlite()).await, before);
    let mut sender = mirror(&address, &place.journal()).await.expect("its own beginning");
    let mut trader = Trader::open(&place.journal(), Options { known_epoch: restored.epoch, ..options() });
    trader.adventure(3);
    sender.catch_up(trader.synced(), |_| {}).await.expect("sent");
    projector.catch_up(trader.synced()).await.expect("caught up");
    assert_eq!(dump_sqlite(&place.sqlite()).await, dump_postgres(&url).await);
}

#[tokio::test]
async fn only_what_fits_is_restored_and_never_less_than_the_state() {
    let server = Server::start();
    let address = migrated(&server.database("mirror")).await;
    let lost = Place::new();
    let mut trader = Trader::open(&lost.journal(), options());
    trader.start();
    for seq in 1..6 {
        trader.adventure(2 * seq);
        trader.rotate();
        trader.enters(2 * seq + 1);
        trader.exits(2 * seq + 1, "0.1", ExitReason::Spread, 1);
    }
    let last = trader.synced();
    let mut sender = mirror(&address, &lost.journal()).await.expect("usable");
    sender.catch_up(last, |_| {}).await.expect("sent");
    drop(trader);
    let replay = reopened(&lost, 0).replay;
    let pg = Postgres::connect(&address).await.expect("connected");
    let mut records = Vec::new();
    let bytes = server.sql("mirror", "SELECT sum(octet_length(body) + 44) FROM journal").parse::<u64>().expect("a number");
    for room in [0, bytes - 1, bytes] {
        let place = Place::new();
        let restored = restore(&pg, &place.journal(), &identity(), room).await.expect("restored").expect("something");
        assert_eq!(restored.last_seq, last);
        assert_eq!(reopened(&place, 0).replay, replay, "room for {room}");
        records.push(restored.records);
    }
    assert!(records[0] < records[1] && records[1] < records[2] && records[2] == last, "{records:?}");
}

#[tokio::test]
async fn a_mirror_that_is_empty_torn_or_changed_restores_nothing() {
    let server = Server::start();
    let address = migrated(&server.database("mirror")).await;
    let (lost, place) = (Place::new(), Place::new());
    let pg = Postgres::connect(&address).await.expect("connected");
    let again = async || restore(&pg, &place.journal(), &identity(), u64::MAX).await;
    assert_eq!(again().await.expect("asked"), None);
    let mut trader = Trader::open(&lost.journal(), options());
    trader.start();
    trader.adventure(1);
    let mut sender = mirror(&address, &lost.journal()).await.expect("usable");
    sender.catch_up(trader.synced(), |_| {}).await.expect("sent");
    let check = async |change: &str, back: &str, expect: &str| {
        server.sql("mirror", change);
        let error = again().await.expect_err("refused");
        let mut text = error.to_string();
        if let MirrorError::Restore(e) = &error {
            text = e.to_string();
        }
        assert!(text.contains(expect), "{change}: {text}");
        assert!(!place.journal().exists(), "nothing is left behind");
        server.sql("mirror", back);
    };
    check(
        "CREATE TABLE kept AS SELECT * FROM journal WHERE seq = 5; DELETE FROM journal WHERE seq = 5",
        "INSERT INTO journal SELECT * FROM kept; DROP TABLE kept",
        "record 6 of the copy stands where 5 belongs",
    )
    .await;
    check(
        "UPDATE journal SET version = 2 WHERE seq = 4",
        "UPDATE journal SET version = 1 WHERE seq = 4",
        "record 4 of the copy does not follow",
    )
    .await;
    check("UPDATE cursor SET seq = seq - 1", "UPDATE cursor SET seq = seq + 1", "the mirror's cursor is at record").await;
    assert!(again().await.expect("restored").is_some());
}
