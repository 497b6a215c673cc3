//! Invariants of the bytes:
//! * what was written is read, in order, up to a clean end, whatever unwritten space follows;
//! * a segment cut anywhere within its last record gives all records before it and a torn tail;
//! * a bit changed in any record that a later one knew to be synced is corrupt, exactly there;
//! * a bit changed in a record that nothing later vouches for is a lost tail, exactly there;
//! * a power cut that loses any sectors of what was not synced loses no record that was, and is never called corrupt;
//! * a record taken out, doubled or exchanged is corrupt, even with every checksum right;
//! * no bytes make the reader panic.

use crate::support::{KIND, segment};
use journal::{Chain, Damage, End, Reader, Writer};
use proptest::collection::vec;
use proptest::prelude::*;

fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, End) {
    let mut reader = Reader::new(bytes);
    let found = reader.by_ref().skip(1).map(|f| f.body.to_vec()).collect();
    (found, reader.end().expect("reading has ended"))
}

/// Bodies as they come: JSON, so their last byte is never zero.
fn some_bodies(least: usize) -> impl Strategy<Value = Vec<Vec<u8>>> {
    vec(
        vec(any::<u8>(), 0..200).prop_map(|mut b| {
            b.push(b'}');
            b
        }),
        least..8,
    )
}

proptest! {
    #[test]
    fn what_was_written_is_read_up_to_a_clean_end(bodies in some_bodies(0), behind in 0u64..3, space in 0usize..200) {
        let (mut bytes, offsets) = segment(&bodies, behind);
        bytes.resize(bytes.len() + space, 0);
        let at = *offsets.last().expect("an end");
        prop_assert_eq!(read(&bytes), (bodies, End::Clean { at }));
    }

    #[test]
    fn a_cut_last_record_is_a_torn_tail_at_every_offset(bodies in some_bodies(1), cut in any::<prop::sample::Index>(), zeros: bool) {
        let (mut bytes, offsets) = segment(&bodies, 0);
        let (at, end) = (offsets[offsets.len() - 2], offsets[offsets.len() - 1]);
        let keep = at + 1 + cut.index(end - at - 1);
        bytes.truncate(keep);
        if zeros { bytes.resize(end + 100, 0); }
        let (found, why) = read(&bytes);
        prop_assert_eq!(&found[..], &bodies[..bodies.len() - 1]);
        let torn = matches!(why, End::TornTail { at: a, missing } if a == at && missing > 0);
        prop_assert!(torn, "{:?} cut at {} of {}..{}", why, keep, at, end);
    }

    #[test]
    fn a_bit_changed_in_a_record_known_to_be_synced_is_corrupt(
        bodies in some_bodies(2), which in any::<prop::sample::Index>(), bit in 0u8..8, space in 0usize..100,
    ) {
        let (mut bytes, offsets) = segment(&bodies, 0);
        bytes.resize(bytes.len() + space, 0);
        let at = which.index(offsets[offsets.len() - 2]);
        bytes[at] ^= 1 << bit;
        let (found, why) = read(&bytes);
        let bad = offsets.partition_point(|&o| o <= at) - 1;
        prop_assert!(matches!(why, End::Corrupt { at: a, .. } if a == offsets[bad]), "{:?} for byte {} in {:?}", why, at, offsets);
        prop_assert_eq!(&found[..], &bodies[..bad.saturating_sub(1)]);
    }

    #[test]
    fn a_bit_changed_where_nothing_vouches_for_it_is_a_lost_tail(
        bodies in some_bodies(2), which in any::<prop::sample::Index>(), bit in 0u8..8,
    ) {
        let (mut bytes, offsets) = segment(&bodies, 1_000);
        let (first, end) = (offsets[1], offsets[offsets.len() - 2]);
        let at = first + which.index(end - first);
        bytes[at] ^= 1 << bit;
        let (found, why) = read(&bytes);
        let bad = offsets.partition_point(|&o| o <= at) - 1;
        prop_assert!(matches!(why, End::LostTail { at: a, .. } if a == offsets[bad]), "{:?} for byte {} in {:?}", why, at, offsets);
        prop_assert_eq!(&found[..], &bodies[..bad - 1]);
    }

    #[test]
    fn a_power_cut_loses_nothing_that_was_synced_and_is_not_called_corrupt(
        bodies in some_bodies(1), behind in 0u64..4, more in 0usize..3, lost_sectors in any::<u64>(), sector in 16usize..100,
    ) {
        let (mut bytes, offsets) = segment(&bodies, behind);
        // Record numbers: the header is 1, the bodies follow. The last one knows this many to be synced, or more are.
        let written = bodies.len() + 1;
        let synced = (written.saturating_sub(1 + behind as usize).max(1) + more).min(written);
        let safe = offsets[synced];
        for (i, chunk) in bytes.chunks_mut(sector).enumerate() {
            if lost_sectors >> (i % 64) & 1 == 1 {
                let from = safe.saturating_sub(i * sector).min(chunk.len());
                chunk[from..].fill(0);
            }
        }
        let (found, end) = read(&bytes);
        prop_assert!(!matches!(end, End::Corrupt { .. }), "{:?} with {} synced, {:?}", end, synced, offsets);
        prop_assert!(found.len() + 1 >= synced, "{} of {} synced", found.len() + 1, synced);
        prop_assert_eq!(&found[..], &bodies[..found.len()]);
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_a_panic(mut junk in vec(any::<u8>(), 0..400), bodies in some_bodies(0), magic: bool) {
        if magic && let Some(first) = junk.first_mut() { *first = 0xB4; }
        let (mut bytes, _) = segment(&bodies, 0);
        prop_assert!(read(&junk).1.at() <= junk.len());
        let good = bytes.len();
        bytes.extend_from_slice(&junk);
        let (found, end) = read(&bytes);
        prop_assert_eq!(found, bodies);
        prop_assert_eq!(end.at(), good);
    }
}

#[test]
fn a_record_out_of_its_place_is_corrupt_though_its_checksum_is_right() {
    let bodies: Vec<Vec<u8>> = (0..3).map(|i| vec![b'a' + i; 20]).collect();
    let (bytes, o) = segment(&bodies, 0);
    let check = |order: &[usize], expect: End| {
        let moved: Vec<u8> = order.iter().flat_map(|&i| &bytes[o[i]..o[i + 1]]).copied().collect();
        assert_eq!(read(&moved).1, expect, "{order:?}");
    };
    check(&[0, 1, 2, 3], End::Clean { at: o[4] });
    check(&[0, 2, 3], End::Corrupt { at: o[1], why: Damage::Sequence { expected: 2, found: 3 } });
    check(&[0, 1, 1, 2], End::Corrupt { at: o[2], why: Damage::Sequence { expected: 3, found: 2 } });
    check(&[0, 1, 3, 2], End::Corrupt { at: o[2], why: Damage::Sequence { expected: 3, found: 4 } });
    check(&[1, 2, 3], End::Corrupt { at: 0, why: Damage::NoHeader });
}

#[test]
fn a_record_from_another_past_is_corrupt_though_number_and_checksum_are_right() {
    let (ours, o) = segment(&[b"one}".to_vec(), b"two}".to_vec()], 0);
    let (theirs, _) = segment(&[b"eno}".to_vec(), b"two}".to_vec()], 0);
    let mixed = [&ours[..o[2]], &theirs[o[2]..]].concat();
    assert_eq!(read(&mixed), (vec![b"one}".to_vec()], End::Corrupt { at: o[2], why: Damage::Chain }));
}

#[test]
fn a_page_that_never_reached_the_disk_is_a_lost_tail() {
    let bodies: Vec<Vec<u8>> = (0..4).map(|i| vec![b'a' + i; 300]).collect();
    let (bytes, o) = segment(&bodies, 2);
    let hole = |from: usize, to: usize| {
        let mut bytes = bytes.clone();
        bytes[from..to].fill(0);
        read(&bytes).1
    };
    let lost = |record: usize, why| End::LostTail { at: o[record], lost: o[5] - o[record], why };
    // The third record knows the header to be synced, the fourth the first.
    assert_eq!(hole(o[2], o[3]), lost(2, Damage::NotAFrame));
    assert_eq!(hole(o[2] + 100, o[3] + 50), lost(2, Damage::Checksum));
    assert_eq!(hole(o[4] + 100, o[4] + 200), lost(4, Damage::Checksum));
    assert_eq!(hole(o[4], o[4] + 100), lost(4, Damage::NotAFrame));
    assert_eq!(hole(o[1], o[2]), End::Corrupt { at: o[1], why: Damage::NotAFrame });
}

#[test]
fn a_segment_goes_on_where_the_one_before_ended_and_nowhere_else() {
    let (first, _) = segment(&[b"one}".to_vec()], 0);
    let mut reader = Reader::new(&first);
    reader.by_ref().for_each(drop);
    let mut writer = reader.writer().expect("has records");
    let before = writer;
    let mut second = Vec::new();
    writer.header(&mut second, &crate::support::header(), 2).expect("fits");
    writer.record(&mut second, KIND, 1, 2, b"two}").expect("fits");

    let check = |mut reader: Reader<'_>, expect: End| {
        reader.by_ref().for_each(drop);
        assert_eq!(reader.end(), Some(expect));
    };
    let at = second.len();
    check(Reader::following(&second, before), End::Clean { at });
    check(Reader::new(&second), End::Clean { at });
    check(
        Reader::following(&second, Writer::after(before.next_seq() - 1, Chain::ORIGIN)),
        End::Corrupt { at: 0, why: Damage::Chain },
    );
    let why = Damage::Sequence { expected: 1, found: 3 };
    check(Reader::following(&second, Writer::default()), End::Corrupt { at: 0, why });
}
