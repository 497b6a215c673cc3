//! The scan and the slower reader agree, and neither panics. The invariants, in prose:
//!
//! 1. Whatever the scan takes, the slower reader reads to the same book.
//! 2. A message refused or of another channel leaves the level buffer as it was.
//! 3. Every book that comes out is sorted, best first, with prices and sizes above zero.
//! 4. A depth message written as the venue writes it is always taken by the scan, whatever its numbers.

use super::*;
use crate::wire::rest::object;
use crate::wire::ws::Envelope;
use proptest::prelude::*;

const CAPTURED: &str = include_str!("../../../testdata/vest/v3_ws_depth_nq_2026_10_07.json");
const DOCUMENTED: &str = include_str!("../../../testdata/vest/v2_ws_depth.json");

/// Channel, time, bids, asks.
type Book = (String, Option<i64>, Vec<Level>, Vec<Level>);

/// Reads a message the slow way.
fn slow(bytes: &[u8]) -> Option<Book> {
    let message: Envelope<'_> = object(bytes)?;
    let channel = message.channel.as_deref().filter(|c| c.ends_with("@depth"))?;
    let mut levels = Vec::new();
    let depth = read(channel, message.data?.get(), message.ts_ms.and_then(|t| t.int()), &mut levels)?;
    Some((channel.to_owned(), depth.time_ms, side(&levels, &depth.bids), side(&levels, &depth.asks)))
}

fn side(levels: &[Level], range: &Range<u32>) -> Vec<Level> {
    levels[range.start as usize..range.end as usize].to_vec()
}

/// Scans a message and holds invariants 1 to 3. Returns whether it was taken.
fn scanned(bytes: &[u8]) -> bool {
    let mut levels = vec![Level { price: 1, size: 1 }];
    match scan(bytes, &mut levels) {
        Scan::Depth(depth) => {
            let (bids, asks) = (side(&levels, &depth.bids), side(&levels, &depth.asks));
            assert!(bids.windows(2).all(|w| w[0].price >= w[1].price) && asks.windows(2).all(|w| w[0].price <= w[1].price));
            assert!(bids.iter().chain(&asks).all(|l| l.price > 0 && l.size > 0));
            let got = (depth.channel.to_owned(), depth.time_ms, bids, asks);
            let (slow, text) = (slow(bytes), String::from_utf8_lossy(bytes));
            let same = slow
                .as_ref()
                .is_some_and(|s| (&s.0, s.1) == (&got.0, got.1) && same_book(&s.2, &got.2) && same_book(&s.3, &got.3));
            assert!(same, "{slow:?} {got:?} {text}");
            true
        }
        Scan::Other | Scan::Refused => {
            assert_eq!(levels, [Level { price: 1, size: 1 }]);
            false
        }
    }
}

/// Equal but for the order of levels at the same price.
fn same_book(a: &[Level], b: &[Level]) -> bool {
    let sorted = |side: &[Level]| {
        let mut side = side.to_vec();
        side.sort_by_key(|l| (l.price, l.size));
        side
    };
    sorted(a) == sorted(b)
}

#[test]
fn messages_as_seen_are_taken_and_anything_doubtful_is_left_to_the_slower_reader() {
    fn check(text: &str, taken: bool) {
        assert_eq!(scanned(text.as_bytes()), taken, "{text}");
    }
    check(CAPTURED, true);
    check(DOCUMENTED, true);
    check(r#"{"channel":"A@depth","data":{"bids":[],"asks":[]}}"#, true);
    check(r#"{"data":{"asks":[],"bids":[["1","2"]],"ts_ms":5},"x":null,"y":"z","w":true,"channel":"A@depth"} "#, true);
    check(r#"{"channel":"A@depth","data":{"bids":[["99999999.99999999","99999999"]],"asks":[]}}"#, true);
    check(r#"{"channel":"A@depth","data":{"bids":[["1","0"],["1","0.000"]],"asks":[]}}"#, true);
    check(r#"{"channel":"A@trades","data":{}}"#, false);
    check(r#"{"channel":"A@depth","data":{"bids":[[1.5,2]],"asks":[]}}"#, false);
    check(r#"{"channel":"A@depth","data":{"bids":[["1","2",3]],"asks":[]}}"#, false);
    check(r#"{"channel":"A@depth","data":{"bids":[["9999999999.99999999","2"]],"asks":[]}}"#, true);
    check(r#"{"channel":"A@depth","data":{"bids":[["10000000000","2"]],"asks":[]}}"#, false);
    check(r#"{"channel":"A@depth","data":{"bids":[["1.000000000","2"]],"asks":[]}}"#, false);
    check(r#"{"channel":"A@depth","data":{"bids":[["123456789012345678901234567890","2"]],"asks":[]}}"#, false);
    check(r#"{"channel":"A@depth","data":{"bids":[["0","2"]],"asks":[]}}"#, false);
    check(r#"{"channel":"A@depth","data":{"bids":[["-1","2"]],"asks":[]}}"#, false);
    check(r#"{"channel":"A@depth","data":{"bids":[["1e3","2"]],"asks":[]}}"#, false);
    check(r#"{"channel":"A@depth","data":{"bids":[[".5","2"]],"asks":[]}}"#, false);
    check(r#"{"channel":"A@depth","data":{"bids":[["","2"]],"asks":[]}}"#, false);
    check(r#"{"channel":"A@depth","data":{"bids":[["1","2"],],"asks":[]}}"#, false);
    check(r#"{"channel":"A@depth","data":{"bids":[],"bids":[],"asks":[]}}"#, false);
    check(r#"{"channel":"A@depth","data":{"bids":[]}}"#, false);
    check(r#"{"channel":"A@depth","data":{"bids":[],"asks":[]}}x"#, false);
    check(r#"{"channel":"A@depth","data":{"bids":[],"asks":[]},"tsMs":01}"#, false);
    check(r#"{"channel":"\u0041@depth","data":{"bids":[],"asks":[]}}"#, false);
    check(r#"{"channel":"A@depth""#, false);
    check("", false);
}

#[test]
fn the_slower_reader_knows_more_forms_and_refuses_what_is_wrong() {
    fn check(data: &str, expect: Option<(&[(i64, i64)], usize)>) {
        let mut levels = Vec::new();
        let got = read("A@depth", data, None, &mut levels);
        let got = got.map(|d| (side(&levels, &d.bids).iter().map(|l| (l.price, l.size)).collect::<Vec<_>>(), d.asks.len()));
        assert_eq!(got, expect.map(|(bids, asks)| (bids.to_vec(), asks)), "{data}");
    }
    check(r#"{"bids":[[1.5,"2"],[2,3,"x"]],"asks":[]}"#, Some((&[(200_000_000, 300_000_000), (150_000_000, 200_000_000)], 0)));
    check(r#"{"bids":[],"asks":[["123456789","1"]],"new":{"a":[1]}}"#, Some((&[], 1)));
    check(r#"{"bids":[["1"]],"asks":[]}"#, None);
    check(r#"{"bids":[["1","-1"]],"asks":[]}"#, None);
    check(r#"{"bids":[[1e3,"1"]],"asks":[]}"#, None);
    check(r#"{"bids":[["0.000000001","1"]],"asks":[]}"#, None);
    check(r#"{"bids":null,"asks":[]}"#, None);
    check(r#"{"asks":[]}"#, None);
    let many = |n: usize| format!(r#"{{"bids":[{}],"asks":[]}}"#, vec![r#"["1","1"]"#; n].join(","));
    check(&many(LEVELS_MAX + 1), None);
    assert!(!scanned(format!(r#"{{"channel":"A@depth","data":{}}}"#, many(LEVELS_MAX + 1)).as_bytes()));
}

#[test]
fn an_unsorted_book_comes_out_sorted() {
    let text = r#"{"channel":"A@depth","data":{"bids":[["1","1"],["3","1"],["2","0"]],"asks":[["5","1"],["4","1"]]}}"#;
    let mut levels = Vec::new();
    let Scan::Depth(depth) = scan(text.as_bytes(), &mut levels) else { panic!("taken") };
    let prices = |range: &Range<u32>| side(&levels, range).iter().map(|l| l.price / 100_000_000).collect::<Vec<_>>();
    assert_eq!((prices(&depth.bids), prices(&depth.asks)), (vec![3, 1], vec![4, 5]));
}

fn number() -> impl Strategy<Value = String> {
    (0u64..10_000_000_000, proptest::option::of("[0-9]{0,8}"))
        .prop_map(|(whole, fraction)| fraction.map_or_else(|| whole.to_string(), |f| format!("{whole}.{f}")))
}

fn book() -> impl Strategy<Value = String> {
    let side = || proptest::collection::vec((number(), number()), 0..30);
    (side(), side(), proptest::option::of(any::<u32>()), any::<bool>()).prop_map(|(bids, asks, time, compact)| {
        let side = |rows: Vec<(String, String)>| {
            // Prices of zero are refused; the venue has none.
            let rows = rows.into_iter().filter(|(p, _)| p.bytes().any(|b| (b'1'..=b'9').contains(&b)));
            rows.map(|(p, q)| format!(r#"["{p}","{q}"]"#)).collect::<Vec<_>>().join(if compact { "," } else { " ,\n " })
        };
        let time = time.map(|t| format!(r#","tsMs":{t}"#)).unwrap_or_default();
        format!(r#"{{"channel":"BTC-PERP@depth","data":{{"bids":[{}],"asks":[{}]}}{time}}}"#, side(bids), side(asks))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_message_as_the_venue_writes_it_is_always_taken(text in book()) {
        prop_assert!(scanned(text.as_bytes()), "{}", text);
    }

    #[test]
    fn a_mutated_message_is_read_alike_or_refused(
        text in prop_oneof![book(), Just(CAPTURED.to_owned()), Just(DOCUMENTED.to_owned())],
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 1..6),
    ) {
        let mut bytes = text.into_bytes();
        for (at, byte, kind) in edits {
            if bytes.is_empty() { break; }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                2 => bytes.insert(at, b"0123456789.,\"[]{}:- "[usize::from(byte) % 20]),
                _ => bytes.truncate(at),
            }
        }
        scanned(&bytes);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        scanned(&bytes);
    }
}
