//! The journal in a directory, opened, hurt and opened again.

use crate::support::*;
use journal::{AppendError, Damage, Durability, History, Journal, Mode, OpenError, Opened, Options, ReadError};
use proptest::prelude::*;
use std::path::Path;
use tempfile::{TempDir, tempdir};

fn folder() -> TempDir {
    tempdir().expect("a temporary directory")
}

/// A journal with records `0..n`, closed, its newest segment without unwritten space.
fn written(options: Options, n: u32) -> TempDir {
    let dir = folder();
    append_all(&mut must_open(dir.path(), options.clone()).journal, 0..n);
    drop(must_open(dir.path(), options));
    dir
}

fn first_segment(dir: &Path) -> (std::path::PathBuf, Vec<u8>) {
    let path = segments(dir)[0].clone();
    let bytes = std::fs::read(&path).expect("read");
    (path, bytes)
}

#[test]
fn what_was_appended_is_replayed_after_a_restart() {
    for options in [options(), power()] {
        let dir = folder();
        let mut opened = must_open(dir.path(), options.clone());
        assert_eq!((opened.report.epoch, opened.report.last_seq, opened.replay.len()), (1, 0, 0));
        append_all(&mut opened.journal, 0..5);
        assert_eq!(opened.journal.last_seq(), 6);
        drop(opened);
        let mut opened = must_open(dir.path(), options.clone());
        assert_eq!(bodies(&opened), texts(0..5));
        assert_eq!((opened.report.epoch, opened.report.last_seq, &opened.report.repaired), (2, 6, &None));
        append_all(&mut opened.journal, 5..7);
        drop(opened);
        assert_eq!(bodies(&must_open(dir.path(), options)), texts(0..7));
    }
}

#[test]
fn a_process_that_dies_loses_nothing_it_was_told_is_written() {
    let dir = folder();
    let mut opened = must_open(dir.path(), options());
    append_all(&mut opened.journal, 0..5);
    // What another process would find now, with nothing closed.
    let copy = folder();
    for path in segments(dir.path()) {
        std::fs::copy(&path, copy.path().join(path.file_name().expect("a name"))).expect("copied");
    }
    assert_eq!(bodies(&must_open(copy.path(), options())), texts(0..5));
}

#[test]
fn a_torn_tail_at_every_offset_of_the_last_record_is_cut_back_to_the_one_before() {
    let dir = written(options(), 3);
    let (path, whole) = first_segment(dir.path());
    let last = whole.len() - (journal::codec::FRAME_HEADER + text(2).len());
    for cut in last + 1..whole.len() {
        let space = if cut % 2 == 0 { 500 } else { 0 };
        let torn = folder();
        let path = torn.path().join(path.file_name().expect("a name"));
        let mut bytes = whole[..cut].to_vec();
        bytes.resize(cut + space, 0);
        std::fs::write(&path, bytes).expect("written");
        let mut opened = must_open(torn.path(), options());
        assert_eq!(bodies(&opened), texts(0..2), "cut at {cut}");
        let lost = opened.report.repaired.clone().expect("repaired");
        // Zeros at the end of what was written cannot be told from space.
        assert!((1..=cut - last).contains(&lost.bytes), "{lost}");
        assert_eq!((lost.at, lost.why, lost.after), (last, None, 3));
        assert!(lost.to_string().ends_with("after record 3: the last record was not finished"), "{lost}");
        append_all(&mut opened.journal, 2..4);
        drop(opened);
        let opened = must_open(torn.path(), options());
        assert_eq!((bodies(&opened), opened.report.repaired.clone()), (texts(0..4), None));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_byte_changed_before_the_last_record_is_refused_and_left_alone(which in any::<prop::sample::Index>(), flip in 1u8..) {
        let dir = written(power(), 4);
        let (path, mut bytes) = first_segment(dir.path());
        let last = bytes.len() - (journal::codec::FRAME_HEADER + text(3).len());
        let at = which.index(last);
        bytes[at] ^= flip;
        std::fs::write(&path, &bytes).expect("written");
        let before = (segments(dir.path()), std::fs::read(dir.path().join("epoch")).expect("read"));
        let refused = open(dir.path(), power());
        prop_assert!(matches!(refused, Err(OpenError::Corrupt { at: a, .. }) if a <= at), "{refused:?}");
        prop_assert_eq!(std::fs::read(&path).expect("read"), bytes);
        prop_assert_eq!(before, (segments(dir.path()), std::fs::read(dir.path().join("epoch")).expect("read")));
    }
}

#[test]
fn a_record_that_a_later_segment_knew_to_be_synced_is_not_forgotten() {
    let dir = folder();
    let mut opened = must_open(dir.path(), power());
    append_all(&mut opened.journal, 0..3);
    drop(opened);
    append_all(&mut must_open(dir.path(), power()).journal, 3..4);
    let (path, bytes) = first_segment(dir.path());
    std::fs::write(&path, &bytes[..bytes.len() - 5]).expect("written");
    let error = open(dir.path(), power()).expect_err("refused").to_string();
    assert!(error.starts_with("the journal is corrupt:"), "{error}");
}

#[test]
fn records_that_never_reached_the_disk_are_cut_off_with_a_message() {
    // Nothing vouches for these: a power cut may have left a hole in them.
    let (mut bytes, o) = segment(&(0..4).map(|n| text(n).into_bytes()).collect::<Vec<_>>(), 1_000);
    bytes[o[2]..o[2] + 30].fill(0);
    let dir = folder();
    std::fs::write(dir.path().join("0000000001.b4j"), &bytes).expect("written");
    let opened = must_open(dir.path(), options());
    assert_eq!(bodies(&opened), texts(0..1));
    let lost = opened.report.repaired.expect("repaired");
    assert_eq!((lost.at, lost.bytes, lost.why), (o[2], o[5] - o[2], Some(Damage::NotAFrame)));
    assert!(lost.to_string().contains("records that never reached the disk"), "{lost}");
}

#[test]
fn a_second_process_is_refused_while_the_first_one_lives() {
    let dir = folder();
    let first = must_open(dir.path(), options());
    let error = open(dir.path(), options()).expect_err("locked").to_string();
    assert!(error.ends_with(&format!("is in use by process {}", std::process::id())), "{error}");
    drop(first);
    assert_eq!(must_open(dir.path(), options()).report.epoch, 2);
}

#[test]
fn another_mode_is_refused_and_nothing_is_touched() {
    let dir = written(options(), 2);
    let before = first_segment(dir.path());
    let refused = Journal::open(dir.path(), identity(Mode::Live), "test", options());
    let Err(OpenError::NotOurs { source, .. }) = refused else { panic!("{refused:?}") };
    assert_eq!(source.to_string(), "the journal was written for mode demo, but the bot was started for mode live");
    assert_eq!(first_segment(dir.path()), before);
    assert_eq!(bodies(&must_open(dir.path(), options())), texts(0..2));
}

#[test]
fn replay_starts_at_the_last_snapshot_that_begins_a_segment() {
    let dir = folder();
    let Opened { mut journal, .. } = must_open(dir.path(), options());
    append_all(&mut journal, 0..3);
    journal.rotate(1, b"state after 3").expect("rotated");
    append_all(&mut journal, 3..5);
    drop(journal);
    let opened = must_open(dir.path(), options());
    assert_eq!(bodies(&opened), ["state after 3".to_owned(), text(3), text(4)]);
    assert_eq!(opened.replay[0].kind, journal::KIND_SNAPSHOT);
}

#[test]
fn a_torn_snapshot_falls_back_to_all_that_it_stood_for() {
    let dir = folder();
    let Opened { mut journal, .. } = must_open(dir.path(), options());
    append_all(&mut journal, 0..3);
    journal.rotate(1, b"state after 3").expect("rotated");
    drop(journal);
    let newest = segments(dir.path()).pop().expect("two segments");
    let mut bytes = std::fs::read(&newest).expect("read");
    let end = bytes.iter().rposition(|&b| b != 0).expect("written") + 1;
    bytes[end - 4..].fill(0);
    std::fs::write(&newest, bytes).expect("written");
    let opened = must_open(dir.path(), options());
    assert_eq!(bodies(&opened), texts(0..3));
    assert!(opened.report.repaired.is_some());
}

#[test]
fn a_full_segment_is_followed_by_the_next_without_a_gap() {
    let dir = folder();
    let Opened { mut journal, .. } = must_open(dir.path(), options());
    append_all(&mut journal, 0..200);
    journal.append(KIND, 1, &[b'x'; 10_000]).expect("larger than a segment");
    drop(journal);
    assert!(segments(dir.path()).len() > 4);
    let opened = must_open(dir.path(), options());
    assert_eq!(&bodies(&opened)[..200], &texts(0..200)[..]);
    assert_eq!((opened.replay.len(), opened.replay[200].body.len()), (201, 10_000));
    let seqs: Vec<u64> = opened.replay.iter().map(|r| r.seq).collect();
    assert!(seqs.windows(2).all(|w| w[0] < w[1]));
}

#[test]
fn a_missing_segment_is_noticed() {
    let dir = written(options(), 200);
    let all = segments(dir.path());
    std::fs::remove_file(&all[1]).expect("removed");
    assert!(matches!(open(dir.path(), options()), Err(OpenError::Corrupt { why: Damage::Sequence { .. }, .. })));
    let dir = written(options(), 200);
    std::fs::remove_file(&segments(dir.path())[0]).expect("removed");
    assert!(matches!(open(dir.path(), options()), Err(OpenError::HistoryGone { .. })));
}

/// Room for five segments of 4 KiB and the reserve.
fn small_cap() -> Options {
    Options { disk_cap_bytes: 6 * 4_096, ..power() }
}

#[test]
fn old_segments_go_under_the_cap_but_never_what_the_last_two_snapshots_need() {
    let dir = folder();
    let Opened { mut journal, .. } = must_open(dir.path(), small_cap());
    for n in 0..400 {
        if journal.wants_rotation() {
            journal.rotate(1, format!("state before {n}").as_bytes()).expect("rotated");
        }
        append_all(&mut journal, n..n + 1);
        assert!(journal.bytes() <= small_cap().disk_cap_bytes, "{} bytes", journal.bytes());
    }
    drop(journal);
    let left = segments(dir.path());
    assert!(left.len() >= 2 && !left[0].ends_with("0000000001.b4j"), "{left:?}");
    let opened = must_open(dir.path(), small_cap());
    let bodies = bodies(&opened);
    let first: u32 = bodies[0].strip_prefix("state before ").expect("a snapshot").parse().expect("a number");
    assert_eq!(bodies[1..], texts(first..400)[..]);
    drop(opened);
    // The last snapshot goes bad on a disk that lost it: the one before still stands.
    std::fs::write(left.last().expect("some"), b"").expect("written");
    assert!(must_open(dir.path(), small_cap()).replay.len() > 1);
}

#[test]
fn a_full_journal_refuses_entries_and_still_takes_reducing_orders() {
    let dir = folder();
    let Opened { mut journal, .. } = must_open(dir.path(), small_cap());
    let mut taken = 0;
    let full = loop {
        match journal.append(KIND, 1, text(taken).as_bytes()) {
            Ok(_) => taken += 1,
            Err(e) => break e,
        }
    };
    assert!(matches!(full, AppendError::Full { .. }), "{full:?}");
    assert!(full.to_string().contains("the cap of 24576 bytes is reached"), "{full}");
    let mut reducing = 0;
    let used_up = loop {
        match journal.append_reducing(KIND, 1, text(1_000 + reducing).as_bytes()) {
            Ok(_) => reducing += 1,
            Err(e) => break e,
        }
    };
    assert!(reducing >= 20, "{reducing} reducing records");
    assert_eq!(used_up.to_string(), "the journal is full: the reserve is used up");
    assert!(matches!(journal.append(KIND, 1, b"entry"), Err(AppendError::Full { .. })));
    assert!(journal.entries_allowed().is_err());
    assert!(matches!(journal.rotate(1, b"state"), Err(AppendError::Full { .. })), "no room for a reserve yet");
    drop(journal);
    let more = Options { disk_cap_bytes: 1 << 20, ..small_cap() };
    let mut opened = must_open(dir.path(), more);
    assert_eq!(bodies(&opened), [texts(0..taken), texts(1_000..1_000 + reducing)].concat());
    assert!(opened.report.reserve);
    append_all(&mut opened.journal, 0..1);
}

#[test]
fn a_journal_leaves_its_reserve_when_old_segments_may_go() {
    let dir = folder();
    let Opened { mut journal, .. } = must_open(dir.path(), small_cap());
    journal.rotate(1, b"first").expect("rotated");
    let mut n = 0;
    while segments(dir.path()).len() < 3 || !journal.wants_rotation() {
        append_all(&mut journal, n..n + 1);
        n += 1;
    }
    journal.rotate(1, b"second").expect("rotated");
    journal.rotate(1, b"third").expect("rotated");
    // A reader that has seen nothing yet holds everything until the cap is reached.
    journal.keep_from(1);
    while journal.append(KIND, 1, text(n).as_bytes()).is_ok() {
        n += 1;
    }
    journal.append_reducing(KIND, 1, b"close").expect("from the reserve");
    assert!(journal.entries_allowed().is_err() && journal.wants_rotation());
    assert!(matches!(journal.rotate(1, b"fourth"), Err(AppendError::Full { .. })), "the reader still holds it");
    assert!(journal.entries_allowed().is_err());
    journal.keep_from(journal.last_seq());
    journal.rotate(1, b"fourth").expect("there is room again");
    journal.entries_allowed().expect("entries too");
    append_all(&mut journal, n..n + 1);
    drop(journal);
    let opened = must_open(dir.path(), small_cap());
    assert_eq!((bodies(&opened), opened.report.reserve), (vec!["fourth".to_owned(), text(n)], true));
}

#[test]
fn every_start_takes_a_larger_epoch_than_anything_known() {
    let dir = folder();
    let check = |known: u32, expect: u32| {
        let mut opened = must_open(dir.path(), Options { known_epoch: known, ..options() });
        assert_eq!((opened.report.epoch, opened.journal.epoch()), (expect, expect));
        append_all(&mut opened.journal, 0..1);
    };
    check(0, 1);
    check(40, 41);
    check(7, 42);
    std::fs::remove_file(dir.path().join("epoch")).expect("removed");
    // The headers remember.
    check(0, 43);
}

#[test]
fn synced_rises_to_what_is_on_the_disk() {
    let dir = folder();
    let Opened { mut journal, .. } = must_open(dir.path(), options());
    append_all(&mut journal, 0..20);
    journal.wait_synced().expect("synced");
    assert_eq!(journal.synced(), journal.last_seq());
    assert_eq!(Options { durability: Durability::Power, ..options() }.durability, Durability::Power);
}

#[test]
fn the_journals_own_kinds_and_too_long_records_are_refused_without_a_trace() {
    let dir = folder();
    let Opened { mut journal, .. } = must_open(dir.path(), options());
    assert!(matches!(journal.append(0, 1, b"x"), Err(AppendError::Kind(0))));
    assert!(matches!(journal.append_reducing(1, 1, b"x"), Err(AppendError::Kind(1))));
    assert!(matches!(journal.append(KIND, 1, &vec![0; 1 << 24]), Err(AppendError::TooLong(_))));
    assert_eq!(journal.last_seq(), 0);
}

#[test]
fn sizes_that_cannot_work_are_refused_by_name() {
    fn check(options: Options, expect: &str) {
        let dir = folder();
        assert_eq!(open(dir.path(), options).expect_err("refused").to_string(), expect);
    }
    check(Options { segment_bytes: 100, ..options() }, "journal option segment_bytes: must be at least 4096 bytes");
    check(Options { reserve_bytes: 0, ..options() }, "journal option reserve_bytes: must be at least 4096 bytes");
    check(
        Options { disk_cap_bytes: 9_000, ..options() },
        "journal option disk_cap_bytes: must hold two segments and the reserve",
    );
}

#[test]
fn history_is_read_from_any_record_while_it_is_written() {
    let dir = folder();
    let Opened { mut journal, .. } = must_open(dir.path(), options());
    append_all(&mut journal, 0..200);
    let all: Vec<_> = History::open(dir.path(), 0).expect("opened").map(|r| r.expect("good")).collect();
    assert_eq!(all.iter().map(|r| r.seq).collect::<Vec<_>>(), (1..=journal.last_seq()).collect::<Vec<_>>());
    for from in [1, 2, 90, journal.last_seq(), journal.last_seq() + 1] {
        let found: Vec<_> = History::open(dir.path(), from).expect("opened").map(|r| r.expect("good")).collect();
        assert_eq!(found, all.iter().filter(|r| r.seq >= from).cloned().collect::<Vec<_>>());
    }
}

#[test]
fn history_tells_of_a_damaged_segment_and_goes_on_with_the_next() {
    let dir = written(options(), 200);
    let all = segments(dir.path());
    let mut bytes = std::fs::read(&all[1]).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&all[1], bytes).expect("written");
    let read: Vec<_> = History::open(dir.path(), 1).expect("opened").collect();
    let damage: Vec<_> = read.iter().filter_map(|r| r.as_ref().err()).collect();
    assert!(matches!(damage[..], [ReadError::Damaged { path, .. }] if *path == all[1]), "{damage:?}");
    let last = read.iter().filter_map(|r| r.as_ref().ok()).next_back().expect("some");
    assert_eq!(last.body, text(199).into_bytes());
}
