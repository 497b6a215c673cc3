//! What is written can be asked for, and asking finds the right rows.

use crate::support::*;
use domain::names::{Ending, EventType};
use domain::{LegId, OrderId, Purpose, Wall};
use state_store::{Applied, Change, Error, FillRow, OrderStatus, Rounds};

#[tokio::test]
async fn every_row_reads_back_as_it_was_written() {
    let (_dir, path) = folder();
    let store = open(&path).await;
    let all = batches(1, 0, Ending::Completed);
    apply_all(&store, &all[..2]).await;
    assert_eq!(store.position(round_id(1)).await.expect("read"), Some(position(1)));
    assert_eq!(store.round(round_id(1)).await.expect("read"), Some(round(1)));
    for (batch, _) in &all[..2] {
        for change in batch {
            if let Change::Fill(fill) = change {
                assert_eq!(store.fills_of(round_id(1)).await.expect("read"), vec![fill.clone()]);
            }
        }
    }
    let live = store.order(order(1, LegId::A).id).await.expect("read").expect("there");
    assert_eq!((live.status, live.fills.size), (OrderStatus::Live, size("0.04")));
    let untouched = order(1, LegId::B);
    assert_eq!(store.order(untouched.id).await.expect("read"), Some(untouched));
    apply_all(&store, &all[2..]).await;
    let over = store.round(round_id(1)).await.expect("read").expect("there");
    let Some((Change::Round(written), _)) = all.last().and_then(|(b, c)| b.last().map(|l| (l, c))) else { panic!("a round") };
    assert_eq!(over, **written);
    let incidents = store.incidents(10).await.expect("read");
    assert_eq!(incidents.iter().map(|i| i.event).collect::<Vec<_>>(), [EventType::NeedsOperator, EventType::SafetyClose]);
}

#[tokio::test]
async fn a_closed_position_is_no_longer_among_the_open_ones_and_can_still_be_asked_for() {
    let (_dir, path) = folder();
    let store = open(&path).await;
    apply_all(&store, &life()).await;
    let open: Vec<_> = store.open_positions().await.expect("read").iter().map(|p| p.round).collect();
    assert_eq!(open, [round_id(2)]);
    assert!(store.position(round_id(1)).await.expect("read").expect("there").closed_at.is_some());
    assert_eq!(store.position(round_id(9)).await.expect("read"), None);
}

#[tokio::test]
async fn rounds_are_found_by_how_they_ended_newest_first() {
    let (_dir, path) = folder();
    let store = open(&path).await;
    apply_all(&store, &batches(1, 0, Ending::Completed)).await;
    apply_all(&store, &batches(2, 7, Ending::AutoClosed)).await;
    apply_all(&store, &batches(3, 14, Ending::Completed)[..1]).await;
    let check = async |which, limit, expect: &[u32]| {
        let found: Vec<_> = store.rounds(which, limit).await.expect("read").iter().map(|r| r.round.seq).collect();
        assert_eq!(found, expect, "{which:?}");
    };
    check(Rounds::All, 10, &[3, 2, 1]).await;
    check(Rounds::All, 2, &[3, 2]).await;
    check(Rounds::Open, 10, &[3]).await;
    check(Rounds::Ended, 10, &[2, 1]).await;
    check(Rounds::EndedBy(Ending::Completed), 10, &[1]).await;
    check(Rounds::EndedBy(Ending::AutoClosed), 10, &[2]).await;
    check(Rounds::EndedBy(Ending::NothingFilled), 10, &[]).await;
}

#[tokio::test]
async fn a_batch_applied_twice_or_late_is_applied_once() {
    let all = life();
    let expect = expected(&all).await;
    let (_dir, path) = folder();
    let store = open(&path).await;
    for (batch, cursor) in &all {
        assert_eq!(store.apply(batch.clone(), *cursor).await.expect("applied"), Applied::Now);
        assert_eq!(store.apply(batch.clone(), *cursor).await.expect("applied"), Applied::Before);
    }
    for (batch, cursor) in &all {
        assert_eq!(store.apply(batch.clone(), *cursor).await.expect("applied"), Applied::Before);
    }
    assert_eq!(everything(&store).await, expect);
}

#[tokio::test]
async fn fills_and_incidents_keep_their_first_row_though_batches_are_cut_another_way() {
    let (_dir, path) = folder();
    let store = open(&path).await;
    let all = life();
    apply_all(&store, &all[..3]).await;
    let before = store.fills_of(round_id(1)).await.expect("read");
    let again: Vec<Change> = before.iter().map(|f| Change::Fill(FillRow { at: Wall(1), ..f.clone() })).collect();
    assert_eq!(store.apply(again, 100).await.expect("applied"), Applied::Now);
    assert_eq!(store.fills_of(round_id(1)).await.expect("read"), before);
    assert_eq!(before.len(), 2);
}

#[tokio::test]
async fn an_empty_batch_moves_the_cursor() {
    let (_dir, path) = folder();
    let store = open(&path).await;
    assert_eq!(store.cursor().await.expect("read"), 0);
    assert_eq!(store.apply(vec![], 5).await.expect("applied"), Applied::Now);
    assert_eq!(store.cursor().await.expect("read"), 5);
    assert_eq!(store.apply(vec![], 0).await.expect("applied"), Applied::Before);
    let error = store.apply(vec![], u64::MAX).await.expect_err("too large");
    assert_eq!(error.to_string(), "record number 18446744073709551615 is larger than a database integer");
}

#[tokio::test]
async fn a_batch_with_a_row_that_cannot_be_written_leaves_nothing_behind() {
    let (_dir, path) = folder();
    let store = open(&path).await;
    let (mut batch, cursor) = batches(1, 0, Ending::Completed).remove(1);
    let fill = batch.iter().find_map(|c| if let Change::Fill(f) = c { Some(f.clone()) } else { None }).expect("a fill");
    batch.push(Change::Fill(FillRow { seq: u64::MAX, ..fill }));
    assert!(matches!(store.apply(batch, cursor).await, Err(Error::Number(u64::MAX))));
    assert_eq!(everything(&store).await, expected(&[]).await);
}

#[tokio::test]
async fn the_largest_amounts_are_kept_to_the_last_digit() {
    let (_dir, path) = folder();
    let store = open(&path).await;
    let mut row = round(1);
    row.net = domain::Usd::from_e8(i64::MIN);
    row.price_result = domain::Usd::from_e8(i64::MAX);
    row.edge = domain::Rate::from_e8(9_007_199_254_740_993);
    store.apply(vec![Change::Round(Box::new(row.clone()))], 1).await.expect("applied");
    assert_eq!(store.round(round_id(1)).await.expect("read"), Some(row));
}

#[tokio::test]
async fn an_order_that_is_not_there_is_none() {
    let (_dir, path) = folder();
    let store = open(&path).await;
    let id = OrderId { round: round_id(1), leg: LegId::A, purpose: Purpose::Close, attempt: 1 };
    assert_eq!(store.order(id).await.expect("read"), None);
}
