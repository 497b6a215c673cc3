//! Following a journal while it is written: every record once, whatever the files do meanwhile.

use crate::support::*;
use journal::{Chain, ChainAt, Chained, Damage, History, Opened, Options, Reached, ReadError, Tail};
use proptest::prelude::*;
use std::path::Path;
use std::sync::mpsc::channel;
use std::time::Duration;
use tempfile::tempdir;

fn read(tail: &mut Tail, limit: u64) -> (Reached, Vec<u64>) {
    let mut out = Vec::new();
    let reached = tail.read(limit, usize::MAX, usize::MAX, &mut out).expect("read");
    (reached, out.iter().map(|c| c.record.seq).collect())
}

/// The whole journal at once, as it was read before.
fn all(dir: &Path) -> Vec<u64> {
    History::open(dir, 1).expect("listed").map(|r| r.expect("good").seq).collect()
}

#[test]
fn a_tail_gives_what_is_synced_and_goes_on_where_it_was_across_segments() {
    let dir = tempdir().expect("a folder");
    let Opened { mut journal, .. } = must_open(dir.path(), power());
    let mut tail = Tail::new(dir.path(), 1);
    assert_eq!(read(&mut tail, 0), (Reached::Limit, vec![]));
    let mut seen = Vec::new();
    for n in 0..200 {
        journal.append(KIND, 1, text(n).as_bytes()).expect("appended");
        if n % 60 == 20 {
            journal.rotate(1, b"state").expect("rotated");
        }
        let limit = journal.synced().saturating_sub(u64::from(n % 3));
        let (reached, found) = read(&mut tail, limit);
        assert_eq!(reached, Reached::Limit);
        assert!(found.iter().all(|seq| *seq <= limit));
        seen.extend(found);
    }
    seen.extend(read(&mut tail, journal.synced()).1);
    assert!(segments(dir.path()).len() > 3);
    assert_eq!(seen, (1..=journal.last_seq()).collect::<Vec<_>>());
    assert_eq!(seen, all(dir.path()));
    assert!(tail.take_damage().is_none());
}

#[test]
fn a_tail_stops_at_the_end_and_goes_on_when_there_is_more() {
    let dir = tempdir().expect("a folder");
    let mut tail = Tail::new(dir.path(), 1);
    assert_eq!(read(&mut tail, 5), (Reached::End, vec![]), "no journal yet");
    let Opened { mut journal, .. } = must_open(dir.path(), power());
    append_all(&mut journal, 0..3);
    assert_eq!(read(&mut tail, 9), (Reached::End, vec![1, 2, 3, 4]));
    append_all(&mut journal, 3..5);
    assert_eq!(read(&mut tail, 9), (Reached::End, vec![5, 6]));
    journal.rotate(1, b"state").expect("rotated");
    append_all(&mut journal, 5..6);
    assert_eq!(read(&mut tail, 9), (Reached::Limit, vec![7, 8, 9]));
}

#[test]
fn a_tail_begins_anywhere_and_takes_as_many_as_are_wanted() {
    let dir = tempdir().expect("a folder");
    let Opened { mut journal, .. } = must_open(dir.path(), power());
    append_all(&mut journal, 0..100);
    let last = journal.last_seq();
    let mut tail = Tail::new(dir.path(), 60);
    let mut out = Vec::new();
    assert_eq!(tail.read(last, 7, usize::MAX, &mut out).expect("read"), Reached::Enough);
    assert_eq!(out.iter().map(|c| c.record.seq).collect::<Vec<_>>(), (60..67).collect::<Vec<_>>());
    out.clear();
    assert_eq!(tail.read(last, usize::MAX, 50, &mut out).expect("read"), Reached::Enough);
    assert_eq!((out.len(), tail.next()), (2, 69), "stops with the record that is too much");
    let Chained { epoch, chain, ref record, .. } = out[0];
    assert_eq!((epoch, record.seq), (1, 67));
    assert_eq!(Tail::chain_at(dir.path(), 67).expect("read"), ChainAt::Known(chain));
}

#[test]
fn a_damaged_segment_is_left_with_its_reason_and_the_next_one_is_read() {
    let dir = tempdir().expect("a folder");
    let Opened { mut journal, .. } = must_open(dir.path(), power());
    append_all(&mut journal, 0..3);
    journal.rotate(1, b"state").expect("rotated");
    append_all(&mut journal, 3..5);
    let last = journal.last_seq();
    let first = &segments(dir.path())[0];
    let mut bytes = std::fs::read(first).expect("read");
    let at = bytes.windows(15).position(|w| w == b"record number 1").expect("there");
    bytes[at] ^= 1;
    std::fs::write(first, &bytes).expect("hurt");
    let mut tail = Tail::new(dir.path(), 1);
    assert_eq!(read(&mut tail, last), (Reached::Limit, vec![1, 2, 5, 6, 7, 8]));
    let why = tail.take_damage();
    assert!(matches!(why, Some(ReadError::Damaged { why: Damage::Checksum, .. })), "{why:?}");
    assert!(tail.take_damage().is_none());
    // A limit that lies in the gap ends before the gap is crossed.
    let mut tail = Tail::new(dir.path(), 1);
    assert_eq!(read(&mut tail, 4), (Reached::Limit, vec![1, 2]));
    assert_eq!(read(&mut tail, 6), (Reached::Limit, vec![5, 6]));
}

#[test]
fn segments_that_are_deleted_while_they_are_followed_leave_a_gap_and_no_error() {
    let dir = tempdir().expect("a folder");
    let Opened { mut journal, .. } = must_open(dir.path(), power());
    let mut tail = Tail::new(dir.path(), 1);
    append_all(&mut journal, 0..3);
    assert_eq!(read(&mut tail, 2), (Reached::Limit, vec![1, 2]));
    for n in 3..6 {
        journal.rotate(1, b"state").expect("rotated");
        append_all(&mut journal, n..n + 1);
    }
    // Records 1-4 | 5-7 | 8-10 | 11-13; the second one goes.
    std::fs::remove_file(&segments(dir.path())[1]).expect("deleted");
    assert_eq!(read(&mut tail, journal.last_seq()), (Reached::Limit, vec![3, 4, 8, 9, 10, 11, 12, 13]));
}

#[test]
fn the_chain_at_a_record_is_known_gone_or_beyond() {
    let dir = tempdir().expect("a folder");
    let Opened { mut journal, .. } = must_open(dir.path(), power());
    append_all(&mut journal, 0..3);
    journal.rotate(1, b"state").expect("rotated");
    append_all(&mut journal, 3..5);
    let check = |seq: u64, expect: &dyn Fn(ChainAt) -> bool| {
        let found = Tail::chain_at(dir.path(), seq).expect("read");
        assert!(expect(found), "{seq}: {found:?}");
        found
    };
    check(0, &|c| c == ChainAt::Known(Chain::ORIGIN));
    let fourth = check(4, &|c| matches!(c, ChainAt::Known(_)));
    check(8, &|c| matches!(c, ChainAt::Known(_)));
    check(9, &|c| c == ChainAt::Beyond);
    drop(journal);
    std::fs::remove_file(&segments(dir.path())[0]).expect("deleted");
    check(4, &|c| c == fourth);
    check(3, &|c| c == ChainAt::Gone { first: 5 });
}

#[test]
fn who_listens_is_told_what_is_on_the_disk_without_asking() {
    let dir = tempdir().expect("a folder");
    let Opened { mut journal, .. } = must_open(dir.path(), options());
    let (tell, told) = channel();
    journal.on_synced(move |seq| {
        let _ = tell.send(seq); // nobody listens any more at the end
    });
    append_all(&mut journal, 0..3);
    let last = journal.last_seq();
    while told.recv_timeout(Duration::from_secs(10)).expect("told in time") < last {}
    assert_eq!(journal.synced(), last);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    /// However a journal grows and however it is looked at, a tail gives what a reader of the whole gives.
    #[test]
    fn a_tail_gives_the_same_records_as_the_whole_history(
        steps in proptest::collection::vec((0_u32..40, any::<bool>(), 1_usize..20, 0_u64..6), 1..12),
        from in 1_u64..20,
    ) {
        let dir = tempdir().expect("a folder");
        let options = Options { segment_bytes: 4_096, ..power() };
        let Opened { mut journal, .. } = must_open(dir.path(), options);
        let (mut tail, mut seen, mut n) = (Tail::new(dir.path(), from), Vec::new(), 0);
        for (more, rotate, most, behind) in steps {
            append_all(&mut journal, n..n + more);
            n += more;
            if rotate {
                journal.rotate(1, &[7; 900]).expect("rotated");
            }
            tail.read(journal.synced().saturating_sub(behind), most, usize::MAX, &mut seen).expect("read");
        }
        tail.read(journal.last_seq(), usize::MAX, usize::MAX, &mut seen).expect("read");
        let whole: Vec<_> = History::open(dir.path(), from).expect("listed").map(|r| r.expect("good")).collect();
        let tailed: Vec<_> = seen.into_iter().map(|c| c.record).collect();
        prop_assert_eq!(tailed, whole);
    }
}
