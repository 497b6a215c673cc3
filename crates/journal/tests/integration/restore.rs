//! A journal written anew from a copy of its records.

use crate::support::*;
use journal::{Chained, Mode, Opened, Options, Restore, RestoreError, Tail, holds_records};
use std::path::Path;
use tempfile::{TempDir, tempdir};

/// A journal of two starts, its third segment beginning with a snapshot, and a copy of all its records.
fn journal_and_copy() -> (TempDir, Vec<Chained>) {
    let dir = tempdir().expect("a folder");
    append_all(&mut must_open(dir.path(), power()).journal, 0..5);
    let Opened { mut journal, .. } = must_open(dir.path(), power());
    append_all(&mut journal, 5..7);
    journal.rotate(1, b"state of 0 to 6").expect("rotated");
    append_all(&mut journal, 7..9);
    let mut copy = Vec::new();
    Tail::new(dir.path(), 1).read(journal.last_seq(), usize::MAX, usize::MAX, &mut copy).expect("read");
    drop(journal);
    (dir, copy)
}

fn restore(dir: &Path, copy: &[Chained]) -> Result<u64, RestoreError> {
    let mut restore = Restore::begin(dir, identity(Mode::Demo))?;
    copy.iter().try_for_each(|c| restore.push(c))?;
    restore.finish()
}

fn bytes(dir: &Path) -> Vec<Vec<u8>> {
    let written = |path| {
        let bytes = std::fs::read(path).expect("read");
        let end = bytes.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
        bytes[..end].to_vec()
    };
    segments(dir).iter().map(written).collect()
}

#[test]
fn a_restored_journal_has_the_same_bytes_and_goes_on() {
    let (old, copy) = journal_and_copy();
    let place = tempdir().expect("a folder");
    let dir = place.path().join("journal");
    assert!(!holds_records(&dir).expect("asked"));
    let last = copy.last().expect("records").record.seq;
    assert_eq!(restore(&dir, &copy).expect("restored"), last);
    assert!(holds_records(&dir).expect("asked"));
    assert_eq!(bytes(&dir), bytes(old.path()));
    let known = Options { known_epoch: 40, ..power() };
    let mut opened = must_open(&dir, known);
    assert_eq!((opened.report.epoch, opened.report.last_seq, &opened.report.repaired), (41, last, &None));
    assert_eq!(bodies(&opened), ["state of 0 to 6".to_owned(), text(7), text(8)]);
    append_all(&mut opened.journal, 9..10);
    drop(opened);
    assert_eq!(bodies(&must_open(&dir, power())).last(), Some(&text(9)));
}

#[test]
fn a_copy_from_its_last_snapshot_on_is_enough() {
    let (_old, copy) = journal_and_copy();
    let place = tempdir().expect("a folder");
    let dir = place.path().join("journal");
    let from = copy.iter().position(|c| c.record.body == b"state of 0 to 6").expect("there") - 1;
    restore(&dir, &copy[from..]).expect("restored");
    assert_eq!(bodies(&must_open(&dir, power())), ["state of 0 to 6".to_owned(), text(7), text(8)]);
}

#[test]
fn epochs_taken_before_in_the_same_place_stay_taken() {
    let (_old, copy) = journal_and_copy();
    let place = tempdir().expect("a folder");
    let dir = place.path().join("journal");
    for _ in 0..6 {
        must_open(&dir, power());
    }
    assert!(!holds_records(&dir).expect("asked"), "nothing was ever appended");
    restore(&dir, &copy).expect("restored");
    assert_eq!(must_open(&dir, power()).report.epoch, 7);
}

#[test]
fn a_copy_that_was_changed_cut_or_is_anothers_is_refused_and_leaves_no_journal() {
    fn check(change: impl FnOnce(&mut Vec<Chained>), expect: &str) {
        let (_old, mut copy) = journal_and_copy();
        change(&mut copy);
        let place = tempdir().expect("a folder");
        let dir = place.path().join("journal");
        let error = restore(&dir, &copy).expect_err("refused").to_string();
        assert!(error.contains(expect), "{error}");
        assert!(!holds_records(&dir).expect("asked"));
    }
    check(|copy| copy[3].record.body[0] ^= 1, "record 4 of the copy does not follow from those before it");
    check(|copy| drop(copy.remove(4)), "record 6 of the copy stands where 5 belongs");
    check(|copy| drop(copy.drain(..2)), "the copy begins with record 3");
    check(|copy| drop(copy.drain(..6)), "the copy begins with record 7");
    check(Vec::clear, "the copy begins with record 0");
    let (_old, copy) = journal_and_copy();
    let place = tempdir().expect("a folder");
    let mut restore = Restore::begin(&place.path().join("journal"), identity(Mode::Live)).expect("begun");
    assert!(matches!(restore.push(&copy[0]), Err(RestoreError::NotOurs(_))));
    let (old, _) = journal_and_copy();
    assert!(matches!(Restore::begin(old.path(), identity(Mode::Demo)), Err(RestoreError::NotEmpty { .. })));
}

#[test]
fn a_restore_that_was_cut_short_is_begun_again() {
    let (_old, copy) = journal_and_copy();
    let place = tempdir().expect("a folder");
    let dir = place.path().join("journal");
    let mut cut = Restore::begin(&dir, identity(Mode::Demo)).expect("begun");
    copy[..7].iter().for_each(|c| cut.push(c).expect("taken"));
    drop(cut);
    assert!(!holds_records(&dir).expect("asked"));
    restore(&dir, &copy).expect("restored");
    assert_eq!(must_open(&dir, power()).replay.len(), 3);
}
