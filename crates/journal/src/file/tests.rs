//! A disk that fails when told to.

use super::sync::Disk;
use super::{AppendError, Durability, Journal, Opened, Options, dir};
use crate::header::{Identity, Mode};
use domain::Wall;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

fn options(durability: Durability) -> Options {
    Options { segment_bytes: 4_096, reserve_bytes: 4_096, disk_cap_bytes: 1 << 20, durability, ..Options::new(|| Wall(0)) }
}

fn open(dir: &Path, durability: Durability, disk: Disk) -> Opened {
    let identity = Identity { mode: Mode::Demo, accounts: BTreeMap::new(), chains: BTreeMap::new() };
    Journal::open_on(dir, identity, "test", options(durability), disk).expect("opens")
}

/// Syncs fail while `bad` is set; counts all that were asked for.
fn failing(bad: &Arc<AtomicBool>, asked: &Arc<AtomicU32>) -> Disk {
    let (bad, asked) = (Arc::clone(bad), Arc::clone(asked));
    let sync = move |file: &File| {
        asked.fetch_add(1, Ordering::SeqCst);
        if bad.load(Ordering::SeqCst) { Err(io::Error::other("the disk is on fire")) } else { file.sync_data() }
    };
    Disk { sync: Arc::new(sync), allocate: dir::allocate }
}

#[test]
fn a_failed_sync_poisons_the_segment_and_is_never_repeated() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (bad, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let Opened { mut journal, .. } = open(dir.path(), Durability::Power, failing(&bad, &asked));
    journal.append(9, 1, b"good").expect("durable");
    let synced = journal.synced();
    bad.store(true, Ordering::SeqCst);
    let error = journal.append(9, 1, b"lost").expect_err("not durable");
    assert_eq!(error.to_string(), "the journal's segment is poisoned: a sync failed: the disk is on fire");
    bad.store(false, Ordering::SeqCst);
    let before = asked.load(Ordering::SeqCst);
    assert!(matches!(journal.append(9, 1, b"entry"), Err(AppendError::Poisoned { .. })));
    assert!(matches!(journal.rotate(1, b"state"), Err(AppendError::Poisoned { .. })));
    assert!(matches!(journal.wait_synced(), Err(AppendError::Poisoned { .. })));
    assert_eq!((asked.load(Ordering::SeqCst), journal.synced()), (before, synced));
    drop(journal);
    assert_eq!(asked.load(Ordering::SeqCst), before, "not even at the end");
}

#[test]
fn reducing_orders_go_on_in_the_reserve_after_a_failed_sync() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (bad, asked) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let Opened { mut journal, .. } = open(dir.path(), Durability::Power, failing(&bad, &asked));
    journal.append(9, 1, b"entry").expect("durable");
    bad.store(true, Ordering::SeqCst);
    journal.append_reducing(9, 1, b"close 1").expect("written, though not durable");
    journal.append_reducing(9, 1, b"close 2").expect("in the reserve");
    assert!(matches!(journal.append(9, 1, b"entry"), Err(AppendError::Poisoned { .. })));
    drop(journal);
    let opened = open(dir.path(), Durability::Process, Disk::real());
    let bodies: Vec<_> = opened.replay.iter().map(|r| String::from_utf8_lossy(&r.body).into_owned()).collect();
    assert_eq!(bodies, ["entry", "close 1", "close 2"]);
}

#[test]
fn a_disk_that_is_full_at_the_start_says_so_and_lets_the_bot_start() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let full = Disk { allocate: |_, _| Err(io::ErrorKind::StorageFull.into()), ..Disk::real() };
    let Opened { mut journal, report, .. } = open(dir.path(), Durability::Process, full);
    assert!(!report.reserve);
    let error = journal.append(9, 1, b"entry").expect_err("full").to_string();
    assert_eq!(error, "the journal is full: no space for a segment: no storage space");
    assert!(matches!(journal.append_reducing(9, 1, b"close"), Err(AppendError::Full { .. })));
    drop(journal);
    let names = std::fs::read_dir(dir.path()).expect("listed").count();
    assert_eq!(names, 3, "only lock and epoch, and the other copy of that, are left behind");
}

#[test]
fn a_reserve_from_the_last_start_serves_when_the_disk_has_filled_up_since() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    open(dir.path(), Durability::Process, Disk::real()).journal.append(9, 1, b"entry").expect("written");
    let full = Disk { allocate: |_, _| Err(io::ErrorKind::StorageFull.into()), ..Disk::real() };
    let Opened { mut journal, report, .. } = open(dir.path(), Durability::Process, full);
    assert!(report.reserve);
    assert!(matches!(journal.append(9, 1, b"entry"), Err(AppendError::Full { .. })));
    journal.append_reducing(9, 1, b"close").expect("from the reserve");
    assert_eq!(journal.append(9, 1, b"entry").expect_err("full").to_string(), "the journal is full: records go to the reserve");
}

#[test]
fn a_second_segment_is_the_spare_and_no_spare_is_left_behind() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    // What a process that died while it was filling it has left.
    std::fs::write(dir.path().join("spare"), b"not only zeros").expect("written");
    let Opened { mut journal, .. } = open(dir.path(), Durability::Process, Disk::real());
    for n in 0..100_u8 {
        journal.append(9, 1, &[b'0' + n % 10; 300]).expect("written");
    }
    drop(journal);
    assert!(!dir.path().join("spare").exists());
    let opened = open(dir.path(), Durability::Process, Disk::real());
    assert_eq!((opened.replay.len(), opened.report.repaired), (100, None));
    assert!(opened.report.segments > 5);
}
