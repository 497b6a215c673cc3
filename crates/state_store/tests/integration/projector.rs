//! From a journal on the disk to the tables, through everything that may happen to either.

use crate::support::everything;
use crate::trader::*;
use domain::record::{ExitReason, Record, SCHEMA};
use domain::{LegId, OrderNews, Purpose};
use proptest::prelude::*;
use sea_orm::{ConnectionTrait, Database};
use state_store::{Error, ProjectError, Projector, Rounds, StateManager};
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

async fn open(place: &Place, last_seq: u64) -> Projector {
    Projector::open(&place.journal(), &place.sqlite(), last_seq).await.expect("opens")
}

/// What a new database holds, made from this journal up to record `synced`.
async fn anew(journal: &Path, synced: u64) -> String {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut projector = Projector::open(journal, &dir.path().join("anew.db"), synced).await.expect("opens");
    projector.catch_up(synced).await.expect("caught up");
    assert_eq!(projector.handle().cursor(), synced);
    rows(&projector.store()).await
}

/// Rounds of all kinds.
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
async fn a_deleted_database_is_made_again_with_the_same_rows() {
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trade(&mut trader);
    trader.rotate();
    trader.exits(5, "0.1", ExitReason::Spread, 1);
    let synced = trader.synced();
    let mut projector = open(&place, synced).await;
    projector.catch_up(synced).await.expect("caught up");
    let before = rows(&projector.store()).await;
    assert_eq!(projector.store().rounds(Rounds::All, 100).await.expect("read").len(), 5);
    projector.store().close().await.expect("closed");
    drop(projector);
    place.delete_database();
    let mut projector = open(&place, synced).await;
    assert_eq!(projector.handle().cursor(), 0);
    projector.catch_up(synced).await.expect("caught up");
    assert_eq!(rows(&projector.store()).await, before);
}

#[tokio::test]
async fn nothing_beyond_what_is_synced_is_in_the_tables() {
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trade(&mut trader);
    let last = trader.synced();
    let mut projector = open(&place, last).await;
    for synced in 1..=last {
        projector.catch_up(synced).await.expect("caught up");
        assert_eq!((projector.handle().cursor(), projector.handle().lag(last)), (synced, last - synced));
        let store = projector.store();
        assert_eq!(store.cursor().await.expect("read"), synced);
        let newest = store.incidents(1).await.expect("read").first().map_or(0, |i| i.seq);
        assert!(newest <= synced);
    }
    assert_eq!(rows(&projector.store()).await, anew(&place.journal(), last).await);
}

#[tokio::test]
async fn a_cursor_behind_goes_on_and_a_cursor_ahead_stays_where_it_is() {
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trade(&mut trader);
    let last = trader.synced();
    let mut projector = open(&place, last).await;
    projector.catch_up(20).await.expect("caught up");
    drop(projector);
    let mut projector = open(&place, last).await;
    assert_eq!(projector.handle().cursor(), 20);
    projector.catch_up(last).await.expect("caught up");
    let all = everything(&projector.store()).await;
    projector.catch_up(3).await.expect("nothing to do");
    assert_eq!(everything(&projector.store()).await, all);
    assert_eq!(rows(&projector.store()).await, anew(&place.journal(), last).await);
}

#[tokio::test]
async fn tables_that_know_more_than_the_journal_are_built_anew() {
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trade(&mut trader);
    let synced = trader.synced();
    let mut projector = open(&place, synced).await;
    projector.catch_up(synced).await.expect("caught up");
    drop((projector, trader));
    // The disk loses the end of the last record, and the next start cuts it off.
    let newest = place.segments().pop().expect("a segment");
    let bytes = std::fs::read(&newest).expect("read");
    let end = bytes.iter().rposition(|b| *b != 0).expect("written") + 1;
    std::fs::write(&newest, &bytes[..end - 5]).expect("cut");
    let trader = Trader::open(&place.journal(), options());
    assert_eq!(trader.last_seq, synced - 1);
    let mut projector = open(&place, trader.last_seq).await;
    assert_eq!((projector.handle().cursor(), rows(&projector.store()).await), (0, String::new()));
    projector.catch_up(trader.last_seq).await.expect("caught up");
    assert_eq!(projector.handle().cursor(), synced - 1);
    assert_eq!(rows(&projector.store()).await, anew(&place.journal(), synced - 1).await);
    let open = projector.store().open_positions().await.expect("read");
    assert_eq!(open.iter().map(|p| p.round).collect::<Vec<_>>(), [id(4), id(5)]);
}

#[tokio::test]
async fn a_snapshot_changes_no_row() {
    let (with, without) = (Place::new(), Place::new());
    let mut dumps = Vec::new();
    for (place, rotate) in [(&with, true), (&without, false)] {
        let mut trader = Trader::open(&place.journal(), options());
        trade(&mut trader);
        let mut projector = open(place, trader.synced()).await;
        projector.catch_up(trader.synced()).await.expect("caught up");
        let before = rows(&projector.store()).await;
        if rotate {
            trader.rotate();
            projector.catch_up(trader.synced()).await.expect("caught up");
            assert_eq!(rows(&projector.store()).await, before);
        }
        trader.exits(5, "0.1", ExitReason::Spread, 1);
        projector.catch_up(trader.synced()).await.expect("caught up");
        let dump = rows(&projector.store()).await;
        // Numbers of later records differ by the two that begin a segment.
        let plain = |line: &str| line.split(' ').filter(|w| !w.starts_with('#')).collect::<Vec<_>>().join(" ");
        dumps.push(dump.lines().map(plain).collect::<Vec<_>>());
    }
    assert_eq!(dumps[0], dumps[1]);
}

#[tokio::test]
async fn a_journal_whose_beginning_is_gone_is_taken_up_at_its_first_snapshot() {
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trade(&mut trader);
    let snapshot = trader.rotate();
    trader.exits(5, "0.1", ExitReason::Spread, 1);
    let synced = trader.synced();
    let whole = StateDump::of(&place.journal(), synced).await;
    std::fs::remove_file(&place.segments()[0]).expect("deleted");
    let after = StateDump::of(&place.journal(), synced).await;
    assert_eq!(after.rows_but_fills, whole.rows_but_fills);
    assert_eq!(after.filled, whole.filled);
    assert!(after.first_fill >= snapshot && whole.first_fill < snapshot);

    // A database that was behind when the records went keeps what it has, and counts no fill twice.
    for cursor in [3, 6, 14, 30, snapshot - 2] {
        let (journal, dir) = (Place::new(), tempfile::tempdir().expect("a temporary directory"));
        let mut trader = Trader::open(&journal.journal(), options());
        trade(&mut trader);
        trader.rotate();
        trader.exits(5, "0.1", ExitReason::Spread, 1);
        let sqlite = dir.path().join("state.db");
        let mut projector = Projector::open(&journal.journal(), &sqlite, trader.synced()).await.expect("opens");
        projector.catch_up(cursor).await.expect("caught up");
        drop(projector);
        std::fs::remove_file(&journal.segments()[0]).expect("deleted");
        let mut projector = Projector::open(&journal.journal(), &sqlite, trader.synced()).await.expect("opens");
        assert_eq!(projector.handle().cursor(), cursor);
        projector.catch_up(trader.synced()).await.expect("caught up");
        let after = StateDump::from(&projector.store()).await;
        assert_eq!((after.rows_but_fills, after.filled), (whole.rows_but_fills.clone(), whole.filled.clone()), "from {cursor}");
    }

    // And one that is running meanwhile finds the gap by itself.
    let journal = Place::new();
    let mut trader = Trader::open(&journal.journal(), options());
    trade(&mut trader);
    let mut projector = open(&journal, 0).await;
    projector.catch_up(trader.synced() - 4).await.expect("caught up");
    trader.rotate();
    trader.exits(5, "0.1", ExitReason::Spread, 1);
    std::fs::remove_file(&journal.segments()[0]).expect("deleted");
    projector.catch_up(trader.synced()).await.expect("caught up");
    let after = StateDump::from(&projector.store()).await;
    assert_eq!((after.rows_but_fills, after.filled), (whole.rows_but_fills, whole.filled));
}

#[tokio::test]
async fn a_segment_that_has_become_bad_costs_what_is_in_it_until_the_next_snapshot() {
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trader.start();
    trader.enters(1);
    trader.rotate();
    trader.exits(1, "0.1", ExitReason::Spread, 1);
    trader.adventure(2);
    trader.rotate();
    trader.enters(3);
    let synced = trader.synced();
    let whole = StateDump::of(&place.journal(), synced).await;
    let middle = &place.segments()[1];
    let mut bytes = std::fs::read(middle).expect("read");
    let at = bytes.iter().rposition(|b| *b != 0).expect("written") - 3_000;
    bytes[at] ^= 1;
    std::fs::write(middle, bytes).expect("written");
    let after = StateDump::of(&place.journal(), synced).await;
    assert_eq!((after.rows_but_fills, after.filled), (whole.rows_but_fills, whole.filled));
}

#[tokio::test]
async fn a_look_that_is_dropped_half_way_loses_and_doubles_nothing() {
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trade(&mut trader);
    let synced = trader.synced();
    let mut projector = open(&place, synced).await;
    let mut dropped = 0;
    for turns in 0..200 {
        let next = (projector.handle().cursor() + 5).min(synced);
        tokio::select! {
            biased;
            // Dropped after so many looks at it, so at another place each time.
            () = async { for _ in 0..turns * turns { tokio::task::yield_now().await } } => dropped += 1,
            caught_up = projector.catch_up(next) => caught_up.expect("caught up"),
        }
    }
    assert!(dropped > 2, "{dropped}");
    projector.catch_up(synced).await.expect("caught up");
    assert_eq!(rows(&projector.store()).await, anew(&place.journal(), synced).await);
}

/// Rows with fills summed up by order, and without incidents: what a snapshot can bring back.
struct StateDump {
    rows_but_fills: Vec<String>,
    filled: Vec<(String, i64, i64, i64, i64)>,
    first_fill: u64,
}

impl StateDump {
    async fn of(journal: &Path, synced: u64) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut projector = Projector::open(journal, &dir.path().join("anew.db"), synced).await.expect("opens");
        projector.catch_up(synced).await.expect("caught up");
        Self::from(&projector.store()).await
    }

    async fn from(store: &StateManager) -> Self {
        let text = rows(store).await;
        let keep = |line: &&str| !line.starts_with("incident") && !line.starts_with("  fill");
        let rows_but_fills = text.lines().filter(keep).map(str::to_owned).collect();
        let (mut filled, mut first_fill) = (Vec::new(), u64::MAX);
        for round in store.rounds(Rounds::All, 100).await.expect("read") {
            let fills = store.fills_of(round.round).await.expect("read");
            first_fill = fills.iter().map(|f| f.seq).fold(first_fill, u64::min);
            for order in store.orders_of(round.round).await.expect("read") {
                let (mut size, mut cost, mut fee, mut funding) = (0, 0, 0, 0);
                for f in fills.iter().filter(|f| f.order == order.id) {
                    size += f.added.size.e8();
                    cost += f.added.cost.e8();
                    fee += f.added.fee.e8();
                    funding += f.added.funding.e8();
                }
                assert_eq!(
                    (size, cost, fee),
                    (order.fills.size.e8(), order.fills.cost.e8(), order.fills.fee.e8()),
                    "{}",
                    order.id
                );
                filled.push((order.id.to_string(), size, cost, fee, funding));
            }
        }
        Self { rows_but_fills, filled, first_fill }
    }
}

#[tokio::test]
async fn a_record_of_a_later_build_is_named_and_what_stands_before_it_is_taken() {
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trader.start();
    trader.adventure(1);
    let before = trader.journal.last_seq();
    let later = Record::Started { at: at(0), epoch: 2, config: String::new() };
    let seq = trader.write(later.kind(), SCHEMA + 1, &later);
    trader.enters(2);
    let mut projector = open(&place, 0).await;
    for _ in 0..2 {
        let error = projector.catch_up(trader.synced()).await.expect_err("too new");
        assert_eq!(error.to_string(), format!("journal record {seq} has schema 2, this build reads schemas up to 1"));
        assert_eq!(projector.handle().cursor(), before);
    }
    assert_eq!(rows(&projector.store()).await, anew(&place.journal(), before).await);
}

#[tokio::test]
async fn a_journal_that_ends_too_early_is_an_error_until_the_records_are_there() {
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trader.start();
    trader.adventure(1);
    let synced = trader.synced();
    let mut projector = open(&place, synced).await;
    let error = projector.catch_up(synced + 2).await.expect_err("not there");
    assert_eq!(
        error.to_string(),
        format!("the journal reads only up to record {synced}, though record {} is on the disk", synced + 2)
    );
    assert_eq!(projector.handle().cursor(), synced);
    trader.enters(2);
    projector.catch_up(trader.synced()).await.expect("caught up");
    assert_eq!(rows(&projector.store()).await, anew(&place.journal(), trader.synced()).await);
}

#[tokio::test]
async fn a_write_that_fails_is_done_again_and_nothing_is_folded_twice() {
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trader.start();
    trader.adventure(1);
    let mut projector = open(&place, 0).await;
    projector.catch_up(5).await.expect("caught up");
    let db = Database::connect(format!("sqlite://{}", place.sqlite().display())).await.expect("opens");
    db.execute_unprepared("ALTER TABLE orders RENAME TO elsewhere").await.expect("renamed");
    for seq in 2..5 {
        trader.enters(seq);
        let error = projector.catch_up(trader.synced()).await.expect_err("no such table");
        assert!(matches!(error, ProjectError::Store(Error::Database { .. })), "{error}");
        assert_eq!(projector.handle().cursor(), 5);
    }
    db.execute_unprepared("ALTER TABLE elsewhere RENAME TO orders").await.expect("renamed");
    projector.catch_up(trader.synced()).await.expect("caught up");
    assert_eq!(rows(&projector.store()).await, anew(&place.journal(), trader.synced()).await);
}

#[tokio::test]
async fn a_running_projector_follows_and_stops_with_everything_taken() {
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    let projector = open(&place, 0).await;
    let (mut handle, store) = (projector.handle(), projector.store());
    let (synced, stop) = (watch::Sender::new(0), CancellationToken::new());
    let task = tokio::spawn(projector.run(synced.subscribe(), stop.clone()));
    trader.start();
    for seq in 1..=3 {
        trader.adventure(seq);
        synced.send_replace(trader.synced());
        let in_time = tokio::time::timeout(Duration::from_secs(30), handle.reached(trader.synced())).await;
        assert_eq!(in_time, Ok(true));
        assert_eq!(rows(&store).await, anew(&place.journal(), trader.synced()).await);
    }
    trader.adventure(4);
    synced.send_replace(trader.synced());
    stop.cancel();
    task.await.expect("ends well");
    assert_eq!(handle.lag(trader.synced()), 0);
    assert_eq!(rows(&store).await, anew(&place.journal(), trader.synced()).await);
    assert!(!handle.reached(trader.synced() + 1).await);
}

#[tokio::test]
async fn a_running_projector_outlives_an_error() {
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trader.start();
    trader.adventure(1);
    let projector = open(&place, 0).await;
    let (mut handle, store) = (projector.handle(), projector.store());
    // More is said to be on the disk than there is, until there is.
    let (synced, stop) = (watch::Sender::new(trader.synced() + 1), CancellationToken::new());
    let task = tokio::spawn(projector.run(synced.subscribe(), stop.clone()));
    assert!(handle.reached(trader.synced()).await);
    trader.adventure(2);
    synced.send_replace(trader.synced());
    assert_eq!(tokio::time::timeout(Duration::from_secs(30), handle.reached(trader.synced())).await, Ok(true));
    stop.cancel();
    task.await.expect("ends well");
    assert_eq!(rows(&store).await, anew(&place.journal(), trader.synced()).await);
}

/// What may happen next.
#[derive(Clone, Copy, Debug)]
enum Event {
    Round(u8),
    Snapshot,
    /// The projector looks, and sees this many records less than there are.
    Look(u64),
    Restart,
    DeleteDatabase,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn the_same_records_give_the_same_rows_however_they_are_taken(
        events in proptest::collection::vec(
            prop_oneof![
                4 => (0u8..4).prop_map(Event::Round),
                1 => Just(Event::Snapshot),
                4 => (0u64..25).prop_map(Event::Look),
                2 => Just(Event::Restart),
                1 => Just(Event::DeleteDatabase),
            ],
            1..20,
        )
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (followed, anew) = runtime.block_on(async {
            let place = Place::new();
            let mut trader = Trader::open(&place.journal(), options());
            trader.start();
            let mut projector = open(&place, trader.synced()).await;
            let mut seq = 0;
            for event in events {
                match event {
                    Event::Round(kind) => {
                        seq += 1;
                        match kind {
                            0 => trader.adventure(seq),
                            1 => trader.enters(seq),
                            2 => trader.nothing(seq),
                            _ => { trader.late_fill(seq); }
                        }
                    }
                    Event::Snapshot => { trader.rotate(); }
                    Event::Look(less) => {
                        projector.catch_up(trader.synced().saturating_sub(less)).await.expect("caught up");
                    }
                    Event::Restart => projector = open(&place, trader.synced()).await,
                    Event::DeleteDatabase => {
                        projector.store().close().await.expect("closed");
                        place.delete_database();
                        projector = open(&place, trader.synced()).await;
                    }
                }
            }
            projector.catch_up(trader.synced()).await.expect("caught up");
            (rows(&projector.store()).await, anew(&place.journal(), trader.synced()).await)
        });
        prop_assert_eq!(followed, anew);
    }
}

#[tokio::test]
async fn news_that_changes_nothing_changes_no_row() {
    let place = Place::new();
    let mut trader = Trader::open(&place.journal(), options());
    trader.start();
    trader.enters(1);
    let mut projector = open(&place, 0).await;
    projector.catch_up(trader.synced()).await.expect("caught up");
    let before = rows(&projector.store()).await;
    let order = order_id(1, LegId::A, Purpose::Entry, 1);
    trader.filled(order, "0.1", "3500");
    trader.hears(order, OrderNews::Unknown { why: "late".into() });
    trader.hears(order, OrderNews::QueryFailed { why: "503".into() });
    projector.catch_up(trader.synced()).await.expect("caught up");
    assert_eq!(rows(&projector.store()).await, before);
}
