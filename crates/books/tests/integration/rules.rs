//! MD-4: when a book is believed, when it may trade, and what takes that away.

use crate::told::{Told, US, told};
use books::{Applied, Book, Feed, Integrity, Rules, Unfit, Why};
use domain::{InstrumentId, MarketEvent, Mono, Price, Rate, Side, Size};

fn word(applied: Applied) -> &'static str {
    match applied {
        Applied::Updated => "updated",
        Applied::Confirmed => "confirmed",
        Applied::Ignored => "ignored",
        Applied::Invalid(why) => why.word(),
    }
}

/// Feeds the rows, `event => expected`, one millisecond apart.
fn check(rules: Rules, rows: &[&str]) -> Book {
    let mut book = Book::new(US, rules);
    for (ms, row) in rows.iter().enumerate() {
        let (event, expect) = row.split_once("=>").expect("event => expected");
        let Told { event, levels } = told(event);
        let applied = book.apply(&event, &levels, Mono::default().plus_ms(ms as u64));
        assert_eq!(word(applied), expect.trim(), "row {ms} of {rows:#?}");
    }
    book
}

fn sequenced() -> Rules {
    Rules { warm_up_updates: 1, ..Rules::sequenced() }
}
fn snapshots() -> Rules {
    Rules { warm_up_updates: 1, ..Rules::snapshots() }
}

#[test]
fn a_sequenced_book_follows_its_numbers_and_nothing_else() {
    // Changes before a snapshot are dropped; empty changes advance the sequence.
    check(sequenced(), &["D 5 b1x1 => ignored", "S 9 b100x1 a101x1 => updated", "D 10 => confirmed", "D 11 b99x1 => updated"]);
    // A gap, a repeat, a step back: nothing counts until the next snapshot.
    check(
        sequenced(),
        &[
            "S 9 b100x1 a101x1 => updated",
            "D 11 b99x1 => gap",
            "D 12 b99x1 => ignored",
            "S 20 b100x1 a101x1 => updated",
            "D 21 => confirmed",
        ],
    );
    check(sequenced(), &["S 9 b100x1 a101x1 => updated", "D 9 => repeat", "D 10 => ignored"]);
    check(sequenced(), &["S 9 b100x1 a101x1 => updated", "D 3 => step_back", "S 1 b100x1 a101x1 => updated", "D 2 => confirmed"]);
    // The largest number has no successor; zero is a step back, not a wrap.
    check(sequenced(), &["S 18446744073709551615 b100x1 a101x1 => updated", "D 0 => step_back"]);
    // A snapshot always starts anew, also in the middle and with a smaller number.
    check(sequenced(), &["S 9 b100x1 a101x1 => updated", "S 4 b90x1 a91x1 => updated", "D 5 b90x2 => updated"]);
}

#[test]
fn a_crossed_or_locked_book_is_out_of_step_whatever_the_feed() {
    check(sequenced(), &["S 9 b100x1 a101x1 => updated", "D 10 b101x1 => locked", "D 11 b101x0 => ignored"]);
    check(sequenced(), &["S 9 b100x1 a101x1 => updated", "D 10 b102x1 => crossed"]);
    // Within one frame only the end counts.
    check(sequenced(), &["S 9 b100x1 a101x1 => updated", "D 10 b102x1 a101x0 a103x1 => updated"]);
    check(sequenced(), &["S 9 b102x1 a101x1 => crossed", "S 10 b100x1 a101x1 => updated"]);
    check(snapshots(), &["S 0 b100x1 a101x1 => updated", "S 0 b102x1 a101x1 => crossed", "S 0 b100x1 a101x1 => updated"]);
    check(snapshots(), &["S 0 b101x1 a101x1 => locked"]);
}

#[test]
fn a_snapshot_feed_replaces_each_time_and_has_no_changes() {
    let book = check(snapshots(), &["S 0 b100x1 b99x1 a101x1 => updated", "S 0 b98x1 a101x2 => updated"]);
    assert_eq!(book.levels_shown(Side::Sell).len(), 1);
    check(
        snapshots(),
        &["D 0 b1x1 => ignored", "S 0 b100x1 a101x1 => updated", "D 0 b99x1 => unexpected_delta", "S 0 b100x1 a101x1 => updated"],
    );
    // No sequence, so a best bid and offer cannot be held against it.
    check(snapshots(), &["S 0 b100x1 a101x1 => updated", "T 0 b100.5x1 a101x1 => ignored"]);
}

#[test]
fn a_one_sided_book_trades_on_the_side_it_has() {
    fn check_sides(row: &str, buys: bool, sells: bool) {
        let book = check(snapshots(), &[&format!("{row} => updated")]);
        let depth = book.depth(Mono::default()).expect("live");
        let one = Size::parse(b"1").expect("a size");
        assert_eq!(depth.vwap(Side::Buy, one).is_some(), buys, "{row}");
        assert_eq!(depth.vwap(Side::Sell, one).is_some(), sells, "{row}");
    }
    check_sides("S 0 b100x1 a101x1", true, true);
    check_sides("S 0 b100x1", false, true);
    check_sides("S 0 a101x1", true, false);
    check_sides("S 0", false, false);
    check_sides("S 0 b100x0 a101x1", true, false);
}

#[test]
fn what_no_venue_should_send_costs_the_book_its_trust_and_nothing_else() {
    check(sequenced(), &["S 9 b! a101x1 => bad_level", "S 10 b100x1 a101x1 => updated", "D 11 a! => bad_level"]);
    check(sequenced(), &["S 9 b100x1 a101x1 => updated", "D 10 b100x-1 => bad_level"]);
    let small = Rules { levels_max: 2, ..sequenced() };
    check(small, &["S 1 b3x1 b2x1 b1x1 a9x1 => too_deep", "S 2 b3x1 b2x1 a9x1 => updated", "D 3 b1x1 => too_deep"]);
    // Ranges outside the buffer.
    for (bids, asks) in [(0..9, 0..0), (0..0, 5..9), (u32::MAX..u32::MAX, 0..0), (std::ops::Range { start: 2, end: 1 }, 0..0)] {
        let event = |kind| {
            let (bids, asks) = (bids.clone(), asks.clone());
            MarketEvent::Book { instrument: US, kind, seq: 1, venue_time: None, bids, asks }
        };
        let mut book = Book::new(US, sequenced());
        assert_eq!(book.apply(&event(domain::BookKind::Delta), &[], Mono(1)), Applied::Ignored);
        assert_eq!(book.apply(&event(domain::BookKind::Snapshot), &[], Mono(1)), Applied::Invalid(Why::BadLevel));
    }
}

#[test]
fn removing_an_unknown_price_changes_nothing() {
    let book = check(sequenced(), &["S 9 b100x1 a101x1 => updated", "D 10 b99x0 a200x0 b100.5x0 => updated"]);
    assert_eq!((book.levels_shown(Side::Sell).len(), book.levels_shown(Side::Buy).len()), (1, 1));
}

#[test]
fn a_lost_book_stays_lost_until_a_snapshot() {
    let book =
        check(sequenced(), &["L => ignored", "S 9 b100x1 a101x1 => updated", "L => lost", "L => ignored", "D 10 => ignored"]);
    assert_eq!(book.integrity(), Integrity::Invalid { why: Why::Lost("disconnect") });
    assert_eq!(book.depth(Mono(0)).err().map(Unfit::word), Some("lost"));
}

#[test]
fn the_venues_own_top_is_compared_at_equal_sequence_whichever_comes_first() {
    let s = "S 9 b100x1 a101x1 => updated";
    check(sequenced(), &[s, "T 9 b100x1 a101x1 => confirmed"]);
    check(sequenced(), &[s, "T 9 b100.5x1 a101x1 => top_differs"]);
    check(sequenced(), &[s, "T 9 b100x2 a101x1 => top_differs"]);
    check(sequenced(), &[s, "T 9 b100x1 => top_differs"]);
    check(sequenced(), &["S 9 b100x1 => updated", "T 9 b100x1 => confirmed", "T 9 b100x1 a101x1 => top_differs"]);
    // The claim comes first and is judged when the book gets there.
    check(sequenced(), &[s, "T 11 b100x3 a101x1 => ignored", "D 10 => confirmed", "D 11 b100x3 => updated"]);
    check(sequenced(), &[s, "T 11 b100x3 a101x1 => ignored", "D 10 b100x3 => updated", "D 11 b100x4 => top_differs"]);
    // An old claim is held against what the book was then, not against what it is now.
    check(sequenced(), &[s, "D 10 b100x3 => updated", "T 9 b100x1 a101x1 => ignored", "T 10 b100x3 a101x1 => confirmed"]);
    check(sequenced(), &[s, "D 10 b100x3 => updated", "T 9 b100x3 a101x1 => top_differs"]);
    // Nothing to compare with: before the snapshot, from before it, or long forgotten.
    check(sequenced(), &["T 9 b1x1 a2x1 => ignored", s, "T 8 b1x1 a2x1 => ignored", "T 3 b1x1 a2x1 => ignored"]);
    check(sequenced(), &[s, "T 11 b1x1 a2x1 => ignored", "S 10 b100x1 a101x1 => updated", "D 11 => confirmed"]);
    // A claim far ahead may push our own top out of memory: no verdict rather than a wrong one.
    check(sequenced(), &[s, "T 73 b1x1 a2x1 => ignored", "T 9 b1x1 a2x1 => ignored"]);
    // Nor is it held against the number whose place it took.
    check(sequenced(), &[s, "T 74 b1x1 a2x1 => ignored", "D 10 => confirmed"]);
    // Sizes are compared only where the rules say so.
    check(
        Rules { audit_sizes: false, ..sequenced() },
        &[s, "T 9 b100x2 a101x3 => confirmed", "T 9 b100x1 a102x1 => top_differs"],
    );
}

#[test]
fn a_book_is_as_old_as_the_last_frame_that_proves_it_current() {
    fn age_check(rows: &[&str], at_ms: u64, expect: Option<Unfit>) {
        let rules = Rules { age_ms_max: 10, ..sequenced() };
        let book = check(rules, rows);
        assert_eq!(book.depth(Mono::default().plus_ms(at_ms)).err(), expect, "{rows:?} at {at_ms} ms");
    }
    let s = "S 9 b100x1 a101x1 => updated"; // at 0 ms
    age_check(&[s], 10, None);
    age_check(&[s], 11, Some(Unfit::Stale));
    age_check(&[s, "D 10 => confirmed"], 11, None);
    age_check(&[s, "T 9 b100x1 a101x1 => confirmed"], 11, None);
    // A claim nobody could check, an old one that agreed, a mark: none of them proves anything about now.
    age_check(&[s, "T 12 b100x1 a101x1 => ignored"], 11, Some(Unfit::Stale));
    age_check(&[s, "D 10 => confirmed", "T 9 b100x1 a101x1 => ignored"], 12, Some(Unfit::Stale));
    age_check(&[s, "M 100 => ignored"], 11, Some(Unfit::Stale));
}

#[test]
fn a_book_warms_up_after_every_return() {
    fn warm_check(rules: Rules, rows: &[&str], at_ms: u64, expect: Option<Unfit>) {
        let book = check(rules, rows);
        assert_eq!(book.depth(Mono::default().plus_ms(at_ms)).err(), expect, "{rows:?} at {at_ms} ms");
    }
    let (s, d10, d11) = ("S 9 b100x1 a101x1 => updated", "D 10 => confirmed", "D 11 => confirmed");
    let updates = Rules { warm_up_updates: 3, ..sequenced() };
    warm_check(updates, &[s, d10], 2, Some(Unfit::Warming));
    warm_check(updates, &[s, d10, d11], 2, None);
    warm_check(updates, &[s, d10, d11, "D 13 => gap", "S 14 b100x1 a101x1 => updated"], 4, Some(Unfit::Warming));
    let ms = Rules { warm_up_ms: 5, ..sequenced() };
    warm_check(ms, &[s, d10], 4, Some(Unfit::Warming));
    warm_check(ms, &[s, d10], 5, None);
    warm_check(sequenced(), &[], 0, Some(Unfit::Empty));
}

#[test]
fn a_new_connection_is_a_new_book() {
    let rules = Rules { mark_gap_max: Some(Rate::from_bps(100)), ..sequenced() };
    let mut book = check(rules, &["S 9 b100x1 a101x1 => updated", "T 12 b1x1 a2x1 => ignored", "M 100 => ignored"]);
    book.reset();
    assert_eq!((book.integrity(), book.seq(), book.age_ns(Mono(5))), (Integrity::Empty, 0, None));
    assert!(book.levels_shown(Side::Buy).is_empty() && book.levels_shown(Side::Sell).is_empty());
    assert_eq!(book.depth(Mono(0)).err(), Some(Unfit::Empty));
    // Nothing of the old claims is held against it, nor the old mark.
    for (row, expect) in [("S 11 b50x1 a51x1", Applied::Updated), ("D 12 b49x1", Applied::Updated)] {
        let Told { event, levels } = told(row);
        assert_eq!(book.apply(&event, &levels, Mono(1)), expect);
    }
    assert_eq!(book.depth(Mono(1)).err(), None);
}

#[test]
fn a_book_far_from_the_mark_does_not_trade_while_the_mark_is_fresh() {
    fn mark_check(mark: &str, expect: Option<Unfit>) {
        let rules = Rules { mark_gap_max: Some(Rate::from_bps(100)), age_ms_max: 10, ..snapshots() };
        let mut book = check(rules, &[&format!("M {mark} => ignored"), "S 0 b99x1 a101x1 => updated"]);
        assert_eq!(book.depth(Mono::default().plus_ms(2)).err(), expect, "mark {mark}");
        // Eleven ms later the mark is too old to accuse anybody.
        let Told { event, levels } = told("S 0 b99x1 a101x1");
        let later = Mono::default().plus_ms(11);
        assert_eq!(book.apply(&event, &levels, later), Applied::Updated);
        assert_eq!(book.depth(later).err(), None);
    }
    mark_check("100", None);
    mark_check("99.1", None);
    mark_check("98.9", Some(Unfit::FarFromMark));
    mark_check("101.2", Some(Unfit::FarFromMark));
    mark_check("92233720368", Some(Unfit::FarFromMark));
}

#[test]
fn events_about_others_and_trades_leave_a_book_alone() {
    let mut book = check(sequenced(), &["S 9 b100x1 a101x1 => updated"]);
    let (price, size) = (Price::parse(b"1").expect("a price"), Size::parse(b"1").expect("a size"));
    let other = InstrumentId(8);
    for event in [
        MarketEvent::Trade { instrument: US, price, size },
        MarketEvent::BookLost { instrument: other, why: "disconnect" },
        MarketEvent::Top { instrument: other, seq: 9, bid: None, ask: None },
        MarketEvent::Mark { instrument: other, mark: price },
        MarketEvent::Book {
            instrument: other,
            kind: domain::BookKind::Snapshot,
            seq: 1,
            venue_time: None,
            bids: 0..0,
            asks: 0..0,
        },
    ] {
        assert_eq!(book.apply(&event, &[], Mono(9)), Applied::Ignored, "{event:?}");
    }
    assert_eq!((book.integrity(), book.seq(), book.rules().feed), (Integrity::Live, 9, Feed::Sequenced));
    assert_eq!(book.age_ns(Mono(9)), Some(9));
}
