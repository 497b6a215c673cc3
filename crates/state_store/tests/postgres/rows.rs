//! The mirror's rows are the local rows, whatever happens to either side.

use crate::dump::*;
use crate::server::Server;
use crate::tools::*;
use crate::trader::{Place, Trader, options};
use domain::record::ExitReason;
use domain::{LegId, OrderNews, Purpose};
use journal::{Chained, Mode, Tail};
use state_store::Projector;
use state_store::postgres::{Mirror, MirrorConfig, MirrorError, MirrorService, Postgres};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const SOON: Duration = Duration::from_mins(1);

/// The database beside the journal, up to the same record.
async fn local(place: &Place, synced: u64) -> String {
    let mut projector = Projector::open(&place.journal(), &place.sqlite(), synced).await.expect("opens");
    projector.catch_up(synced).await.expect("caught up");
    dump_sqlite(&place.sqlite()).await
}

fn trade(trader: &mut Trader) {
    trader.start();
    trader.adventure(1);
    trader.enters(2);
    trader.nothing(3);
    trader.late_fill(4);
    trader.exits(2, "0.1", ExitReason::MaxHolding, 1);
    trader.enters(5);
}

#[tokio::test]
async fn records_and_rows_are_the_local_ones_to_the_last_digit() {
    let server = Server::start();
    let url = server.database("mirror");
    let address = migrated(&url).await;
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trade(&mut trader);
    // A venue may say anything, and Postgres takes no NUL in text.
    trader.opens(6);
    let order = crate::trader::order_id(6, LegId::A, Purpose::Entry, 1);
    trader.hears(order, OrderNews::Unknown { why: "a \0 in the answer".into() });
    let mut sender = mirror(&address, &place.journal()).await.expect("usable");
    sender.catch_up(trader.synced() - 3, |_| {}).await.expect("sent");
    assert_eq!(dump_postgres(&url).await, local(&place, trader.synced() - 3).await);
    trader.rotate();
    trader.exits(5, "0.1", ExitReason::Spread, 1);
    sender.catch_up(trader.synced(), |_| {}).await.expect("sent");
    let rows = local(&place, trader.synced()).await;
    assert_eq!(dump_postgres(&url).await, rows);
    assert!(rows.contains("a \\u{fffd} in the answer") || rows.contains("a \u{fffd} in the answer"), "{rows}");
    let mut copied = Vec::new();
    Tail::new(&place.journal(), 1).read(trader.synced(), usize::MAX, usize::MAX, &mut copied).expect("read");
    let expect: Vec<String> = copied
        .iter()
        .map(|Chained { record: r, epoch, synced, chain }| {
            let body = r.body.iter().map(|b| format!("{b:02x}")).collect::<String>();
            format!("{}|{epoch}|{}|{}|{synced}|{chain}|{body}", r.seq, r.kind, r.version)
        })
        .collect();
    let sql = "SELECT seq, epoch, kind, version, synced, chain, encode(body, 'hex') FROM journal ORDER BY seq";
    assert_eq!(server.sql("mirror", sql), expect.join("\n"));
    assert_eq!(server.sql("mirror", "SELECT seq FROM cursor"), trader.synced().to_string());
    // A new start goes on where it was.
    let sent = sender.cursor();
    drop(sender);
    trader.adventure(7);
    let mut sender = mirror(&address, &place.journal()).await.expect("usable");
    assert_eq!(sender.cursor(), sent);
    sender.catch_up(trader.synced(), |_| {}).await.expect("sent");
    assert_eq!(dump_postgres(&url).await, local(&place, trader.synced()).await);
}

#[tokio::test]
async fn a_database_that_dies_and_comes_back_has_every_row_and_says_how_far_it_is_behind() {
    let server = Server::start();
    let url = server.database("mirror");
    let address = migrated(&url).await;
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trader.start();
    let (on_disk, synced) = watch::channel(trader.synced());
    trader.journal.on_synced(move |seq| {
        on_disk.send_replace(seq);
    });
    let config = MirrorConfig {
        address,
        journal: place.journal(),
        identity: identity(),
        lag_warn: Duration::from_secs(1),
        cap_records: 40,
    };
    let (service, handle) = MirrorService::new(config, synced, None);
    assert_eq!(handle.keep_from(), 1, "nothing may go before the database was asked");
    let stop = CancellationToken::new();
    let task = tokio::spawn(service.run(stop.clone()));
    trader.adventure(1);
    let in_time = |seq| tokio::time::timeout(SOON, handle.reached(seq));
    in_time(trader.synced()).await.expect("sent");
    assert_eq!((handle.lag().records, handle.keep_from()), (0, trader.synced() + 1));
    for (death, seq) in (2..8).enumerate() {
        trader.opens(seq);
        server.kill();
        let before = handle.keep_from();
        // Traded on: the round goes through all it can.
        for more in 0..3 {
            trader.adventure(100 * seq + more);
        }
        let waiting = trader.synced() + 1 - before;
        assert!(handle.lag().records >= waiting && waiting > 40, "{:?}", handle.lag());
        assert!(!handle.entries_allowed(), "the cap is reached");
        assert_eq!(handle.keep_from(), before, "what waits is kept");
        server.start_again();
        in_time(trader.synced()).await.unwrap_or_else(|_| panic!("sent after death {death}"));
        assert!(handle.entries_allowed(), "drained");
        assert_eq!(handle.lag().records, 0);
        assert_eq!(dump_postgres(&url).await, local(&place, trader.synced()).await);
    }
    trader.adventure(9);
    trader.synced();
    stop.cancel();
    task.await.expect("ends well");
    assert_eq!(dump_postgres(&url).await, local(&place, trader.synced()).await, "sent at the end");
}

#[tokio::test]
async fn a_mirror_of_another_journal_is_refused_with_the_evidence_and_left_as_it_is() {
    let server = Server::start();
    let url = server.database("mirror");
    let address = migrated(&url).await;
    let (place, other) = (Place::new(), Place::new());
    let mut trader = Trader::open(&place.journal(), options());
    trade(&mut trader);
    let mut sender = mirror(&address, &place.journal()).await.expect("usable");
    sender.catch_up(trader.synced(), |_| {}).await.expect("sent");
    let before = dump_postgres(&url).await;
    // As long, of the same account, and another one.
    let mut stranger = Trader::open(&other.journal(), options());
    stranger.now = 5;
    trade(&mut stranger);
    assert_eq!(stranger.synced(), trader.synced());
    let error = mirror(&address, &other.journal()).await.expect_err("refused");
    assert!(error.to_string().contains("has chain value"), "{error}");
    assert!(error.needs_operator() && matches!(error, MirrorError::Diverged { .. }));
    let shorter = Place::new();
    Trader::open(&shorter.journal(), options()).start();
    let error = mirror(&address, &shorter.journal()).await.expect_err("refused").to_string();
    assert!(error.contains(&format!("holds records up to {}, the journal ends before that", trader.synced())), "{error}");
    let live = journal::Identity { mode: Mode::Live, ..identity() };
    let pg = Postgres::connect(&address).await.expect("connected");
    let error = Mirror::open(pg, &place.journal(), &live).await.expect_err("refused").to_string();
    assert!(error.contains("written for mode demo, but the bot was started for mode live"), "{error}");
    // Somebody else moved it while we were at it.
    trader.adventure(8);
    server.sql("mirror", "UPDATE cursor SET seq = seq + 1");
    let error = sender.catch_up(trader.synced(), |_| {}).await.expect_err("refused");
    assert!(matches!(error, MirrorError::Moved { .. }), "{error}");
    assert_eq!(dump_postgres(&url).await, before);
}

#[tokio::test]
async fn the_database_beside_the_journal_is_built_anew_when_the_journal_was_exchanged_for_another_as_long() {
    let (place, other) = (Place::new(), Place::new());
    let mut trader = Trader::open(&place.journal(), options());
    trade(&mut trader);
    let mut stranger = Trader::open(&other.journal(), options());
    stranger.now = 5;
    trade(&mut stranger);
    let synced = trader.synced();
    assert_eq!(stranger.synced(), synced);
    local(&place, synced).await;
    let mut projector = Projector::open(&other.journal(), &place.sqlite(), synced).await.expect("opens");
    assert_eq!(projector.handle().cursor(), 0, "begun anew");
    projector.catch_up(synced).await.expect("caught up");
    assert_eq!(dump_sqlite(&place.sqlite()).await, local(&other, synced).await);
}
