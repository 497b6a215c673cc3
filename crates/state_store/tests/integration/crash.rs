//! The process dies, the file is deleted, the file is bad.

use crate::support::*;
use proptest::prelude::*;
use state_store::{Applied, Change, StateManager};
use std::path::Path;

/// What another process would find if this one died now: the files as they are, nothing closed.
fn as_left(path: &Path) -> (tempfile::TempDir, std::path::PathBuf) {
    let (dir, copy) = folder();
    for suffix in ["", "-wal"] {
        let with = |p: &Path| std::path::PathBuf::from(format!("{}{suffix}", p.display()));
        if with(path).exists() {
            std::fs::copy(with(path), with(&copy)).expect("copied");
        }
    }
    (dir, copy)
}

#[tokio::test]
async fn a_crash_between_batches_keeps_rows_and_cursor_together() {
    let all = life();
    let (_dir, path) = folder();
    let store = open(&path).await;
    for (i, (batch, cursor)) in all.iter().enumerate() {
        store.apply(batch.clone(), *cursor).await.expect("applied");
        let (_dir, copy) = as_left(&path);
        let after = open(&copy).await;
        assert_eq!(everything(&after).await, expected(&all[..=i]).await);
        apply_all(&after, &all).await;
        assert_eq!(everything(&after).await, expected(&all).await);
    }
}

#[tokio::test]
async fn a_store_that_is_dropped_and_opened_again_goes_on() {
    let all = life();
    let (_dir, path) = folder();
    for (batch, cursor) in &all {
        let store = open(&path).await;
        assert_eq!(store.apply(batch.clone(), *cursor).await.expect("applied"), Applied::Now);
    }
    assert_eq!(everything(&open(&path).await).await, expected(&all).await);
}

#[tokio::test]
async fn a_deleted_database_is_rebuilt_to_the_same_rows() {
    let all = life();
    let (_dir, path) = folder();
    let store = open(&path).await;
    apply_all(&store, &all).await;
    let before = everything(&store).await;
    store.close().await.expect("closed");
    std::fs::remove_file(&path).expect("deleted");
    let store = open(&path).await;
    assert_eq!(store.cursor().await.expect("read"), 0);
    apply_all(&store, &all).await;
    assert_eq!(everything(&store).await, before);
}

#[tokio::test]
async fn a_rebuild_begins_from_nothing_and_ends_at_the_same_rows() {
    let all = life();
    let (_dir, path) = folder();
    let store = open(&path).await;
    apply_all(&store, &all).await;
    let before = everything(&store).await;
    store.rebuild().await.expect("cleared");
    assert_eq!(everything(&store).await, expected(&[]).await);
    apply_all(&store, &all).await;
    assert_eq!(everything(&store).await, before);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_put_aside_and_begun_anew() {
    let (_dir, path) = folder();
    let junk = "this was a database once ".repeat(1_000);
    std::fs::write(&path, &junk).expect("written");
    let store = open(&path).await;
    let aside = store.put_aside().expect("put aside").to_owned();
    assert_eq!(std::fs::read_to_string(aside).expect("kept"), junk);
    apply_all(&store, &life()).await;
    assert_eq!(everything(&store).await, expected(&life()).await);
    drop(store);
    assert_eq!(open(&path).await.put_aside(), None);
}

#[tokio::test]
async fn a_database_that_cannot_be_opened_for_another_reason_is_an_error_and_stays() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let error = StateManager::open(&dir.path().join("no such folder/state.db")).await.expect_err("refused");
    assert!(error.to_string().starts_with("opening the projections in"), "{error}");
    let error = StateManager::open(dir.path()).await.expect_err("a folder");
    assert!(matches!(error, state_store::Error::Open { .. }), "{error}");
    assert!(dir.path().is_dir());
}

#[tokio::test]
async fn two_clones_that_write_at_once_both_get_their_turn() {
    let (_dir, path) = folder();
    let store = open(&path).await;
    let all = life();
    let other = store.clone();
    let second = all.clone();
    let task = tokio::spawn(async move { apply_all(&other, &second).await });
    apply_all(&store, &all).await;
    task.await.expect("the other one ends well");
    assert_eq!(everything(&store).await, expected(&all).await);
}

#[tokio::test]
async fn a_batch_whose_future_is_dropped_is_whole_or_absent() {
    let all = life();
    let (_dir, path) = folder();
    let store = open(&path).await;
    let mut done: Vec<(Vec<Change>, u64)> = Vec::new();
    for (turns, (batch, cursor)) in all.iter().cycle().take(60).enumerate() {
        if done.len() == all.len() {
            store.rebuild().await.expect("cleared");
            done.clear();
        }
        let next = &all[done.len()];
        tokio::select! {
            biased;
            // Dropped after so many looks at it, so at another place each time.
            () = async { for _ in 0..turns * turns { tokio::task::yield_now().await } } => {}
            applied = store.apply(next.0.clone(), next.1) => { applied.expect("applied"); }
        }
        // A commit that was under way when its future was dropped may still come: an empty batch behind it gets the
        // write lock only once that is decided.
        store.apply(Vec::new(), 0).await.expect("nothing to write");
        if store.cursor().await.expect("read") == next.1 {
            done.push(next.clone());
        }
        assert_eq!(everything(&store).await, expected(&done).await, "after {turns} turns, at {cursor} of {}", batch.len());
    }
}

/// What may happen to a projector.
#[derive(Clone, Debug)]
enum Event {
    /// Applies the next batch.
    Next,
    /// Begins again this many batches back.
    Back(usize),
    /// Dies and starts again.
    Crash,
    /// Asks for a rebuild.
    Rebuild,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_happens_on_the_way_the_end_is_the_same(
        events in proptest::collection::vec(
            prop_oneof![
                6 => Just(Event::Next),
                2 => (0usize..9).prop_map(Event::Back),
                1 => Just(Event::Crash),
                1 => Just(Event::Rebuild),
            ],
            0..25,
        )
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (end, expect) = runtime.block_on(async {
            let all = life();
            let (_dir, path) = folder();
            let mut store = open(&path).await;
            let mut next = 0;
            for event in events {
                match event {
                    Event::Next => {
                        if let Some((batch, cursor)) = all.get(next) {
                            store.apply(batch.clone(), *cursor).await.expect("applied");
                            next += 1;
                        }
                    }
                    Event::Back(by) => next = next.saturating_sub(by),
                    Event::Crash => store = open(&path).await,
                    Event::Rebuild => {
                        store.rebuild().await.expect("cleared");
                        next = 0;
                    }
                }
            }
            apply_all(&store, &all[next..]).await;
            (everything(&store).await, expected(&all).await)
        });
        prop_assert_eq!(end, expect);
    }
}
