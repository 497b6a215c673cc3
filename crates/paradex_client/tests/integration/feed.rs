//! The feed: captured frames, sequence rules, and frames that are no frames.

use crate::frames::{bbo, block, book, e8, message, texts};
use crate::rig::*;
use domain::{BookKind, InstrumentId, Level, MarketEvent};
use paradex_client::{Config, ParadexClient};
use proptest::prelude::*;
use venue_api::{Frame, Out, VenueClient};

const ETH: &str = "ETH-USD-PERP";
const DELTAS: &str = include_str!("../../testdata/ws_sbe_book_deltas_btc_prod_2026-10-08.jsonl");
const BBOS: &str = include_str!("../../testdata/ws_sbe_bbo_btc_prod_2026-10-08.jsonl");

fn from_base64(text: &str) -> Vec<u8> {
    let value = |b: u8| match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => panic!("no base64"),
    };
    let mut out = Vec::new();
    for four in text.trim_end_matches('=').as_bytes().chunks(4) {
        let bits = four.iter().fold(0u32, |acc, b| acc << 6 | u32::from(value(*b))) << (6 * (4 - four.len()));
        out.extend(&bits.to_be_bytes()[1..four.len()]);
    }
    out
}

/// The frames of a capture: text as it is, binary decoded.
fn capture(file: &str) -> (Vec<String>, Vec<Vec<u8>>) {
    let (mut text, mut binary) = (Vec::new(), Vec::new());
    for line in file.lines() {
        let v: serde_json::Value = serde_json::from_str(line).expect("a line");
        match v["opcode"].as_str() {
            Some("text") => text.push(v["text"].as_str().expect("text").to_owned()),
            _ => binary.push(from_base64(v["b64"].as_str().expect("b64"))),
        }
    }
    (text, binary)
}

fn btc_config() -> Config {
    let mut config = config();
    config.instruments[0].symbol = "BTC-USD-PERP".into();
    config
}
fn btc() -> Rig {
    let mut rig = Rig::new(btc_config());
    rig.boot();
    rig.connect_feed();
    rig.forget();
    rig
}
fn level(price: &str, size: &str) -> Level {
    Level { price: e8(price), size: e8(size) }
}
/// Book events as (is snapshot, seq, bids, asks); anything else by name.
fn told(rig: &mut Rig) -> Vec<String> {
    std::mem::take(&mut rig.market)
        .into_iter()
        .map(|(event, _)| match event {
            MarketEvent::Book { kind: BookKind::Snapshot, seq, .. } => format!("snapshot {seq}"),
            MarketEvent::Book { kind: BookKind::Delta, seq, .. } => format!("delta {seq}"),
            MarketEvent::BookLost { why, .. } => format!("lost: {why}"),
            MarketEvent::Top { seq, .. } => format!("top {seq}"),
            other => format!("{other:?}"),
        })
        .collect()
}

#[test]
fn the_captured_book_decodes_as_documented() {
    let (text, frames) = capture(DELTAS);
    let mut rig = btc();
    for t in &text {
        rig.text(FEED, t);
    }
    for f in &frames {
        rig.binary(FEED, f);
    }
    let MarketEvent::Book { instrument, kind, seq, venue_time, bids, asks } = &rig.market[0].0 else { panic!("no book") };
    assert_eq!((*instrument, *kind, *seq), (InstrumentId(7), BookKind::Snapshot, 7_687_289_234));
    assert_eq!(venue_time.map(|t| t.0), Some(1_791_421_535_318_000));
    assert_eq!((bids.len(), asks.len()), (115, 60));
    let levels = &rig.market[0].1;
    assert_eq!(levels[0], level("83472.2", "0.01198"));
    assert!(levels[..115].is_sorted_by(|a, b| a.price > b.price) && levels[115..].is_sorted_by(|a, b| a.price < b.price));
    let changes: Vec<(u64, Vec<Level>)> = rig.market[1..]
        .iter()
        .map(|(event, levels)| match event {
            MarketEvent::Book { kind: BookKind::Delta, seq, .. } => (*seq - 7_687_289_234, levels.clone()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(changes.len(), 12);
    assert_eq!(changes[0], (1, vec![level("83412.2", "0.00019")]));
    assert!(changes[1..5].iter().all(|(_, levels)| levels.is_empty()), "empty frames advance the counter");
    assert_eq!(changes[5], (6, vec![level("83472.2", "0")]));
    assert_eq!(changes[6], (7, vec![level("83476.5", "0.01198")]));
    assert_eq!(changes[7], (8, vec![level("81672.7", "0"), level("84867.0", "0")]));
    assert_eq!(changes[11].0, 12);
    assert_eq!(rig.client.counters(), paradex_client::Counters::default());
    assert!(rig.sent.is_empty(), "nothing to resubscribe");
}

#[test]
fn the_captured_bbo_decodes_and_may_skip_numbers() {
    let (_, frames) = capture(BBOS);
    let mut rig = btc();
    for f in &frames {
        rig.binary(FEED, f);
    }
    assert_eq!(rig.market.len(), 13);
    let MarketEvent::Top { seq, bid, ask, .. } = &rig.market[0].0 else { panic!("no top") };
    assert_eq!(*seq, 7_687_292_570);
    assert_eq!((*bid, *ask), (Some(level("83422.7", "0.00015")), Some(level("83452.9", "0.00031"))));
}

#[test]
fn an_empty_side_of_the_top_is_null_or_zero() {
    fn check(sides: [i64; 4], bid: bool, ask: bool) {
        let mut rig = Rig::ready();
        rig.binary(FEED, &bbo(ETH, 5, sides));
        let MarketEvent::Top { bid: b, ask: a, .. } = &rig.market[0].0 else { panic!("no top") };
        assert_eq!((b.is_some(), a.is_some()), (bid, ask), "{sides:?}");
    }
    check([1, 1, 2, 1], true, true);
    check([0, 0, 2, 1], false, true);
    check([i64::MIN, i64::MIN, 2, 1], false, true);
    check([1, 1, i64::MIN, i64::MIN], true, false);
    check([0, 0, i64::MIN, 0], false, false);
}

#[test]
fn a_sequence_that_breaks_loses_the_book_until_the_next_snapshot() {
    fn check(next: i64, snapshot: bool, expect: &[&str]) {
        let mut rig = Rig::ready();
        rig.binary(FEED, &book(ETH, 100, true, &[("3000", "1")], &[("3001", "1")], 16));
        rig.binary(FEED, &book(ETH, 101, false, &[("3000", "2")], &[], 16));
        told(&mut rig);
        rig.binary(FEED, &book(ETH, next, snapshot, &[("2999", "1")], &[], 16));
        rig.binary(FEED, &book(ETH, next + 1, false, &[], &[], 16));
        assert_eq!(told(&mut rig), expect, "after 101: {next}");
        let asked: Vec<_> = rig.sent.iter().map(|(c, v)| (*c, v["method"].as_str().unwrap_or("").to_owned())).collect();
        let resync = [(FEED, "unsubscribe".to_owned()), (FEED, "subscribe".to_owned())];
        assert_eq!(asked, if expect[0].starts_with("lost") { &resync[..] } else { &[] });
        // Whatever was lost: a new snapshot makes it whole, the counter goes on from there.
        rig.binary(FEED, &book(ETH, 500, true, &[("3000", "1")], &[], 16));
        rig.binary(FEED, &book(ETH, 501, false, &[], &[], 16));
        assert_eq!(told(&mut rig), ["snapshot 500", "delta 501"]);
    }
    check(102, false, &["delta 102", "delta 103"]);
    check(103, false, &["lost: gap"]);
    check(101, false, &["lost: repeat"]);
    check(100, false, &["lost: step back"]);
    check(0, false, &["lost: step back"]);
    check(101, true, &["snapshot 101", "delta 102"]);
    check(300, true, &["snapshot 300", "delta 301"]);
    check(99, true, &["lost: step back"]);
}

#[test]
fn the_top_only_has_to_grow() {
    let mut rig = Rig::ready();
    for seq in [10, 73, 73, 60, 74] {
        rig.binary(FEED, &bbo(ETH, seq, [1, 1, 2, 1]));
    }
    assert_eq!(told(&mut rig), ["top 10", "top 73", "top 74"]);
}

#[test]
fn a_new_connection_starts_from_lost_books() {
    let mut rig = Rig::ready();
    rig.binary(FEED, &book(ETH, 100, true, &[("3000", "1")], &[], 16));
    rig.close(FEED, None);
    rig.open(FEED);
    rig.binary(FEED, &book(ETH, 101, false, &[], &[], 16));
    rig.binary(FEED, &book(ETH, 7, true, &[("3000", "1")], &[], 16));
    assert_eq!(told(&mut rig), ["snapshot 100", "lost: disconnected", "lost: new connection", "snapshot 7"]);
    assert!(rig.client.ready(), "orders may still be closed");
}

#[test]
fn longer_entries_and_blocks_of_a_later_version_are_read() {
    let mut rig = Rig::ready();
    rig.binary(FEED, &book(ETH, 1, true, &[("3000", "1"), ("2999", "2")], &[("3001", "3")], 24));
    let mut later = bbo(ETH, 2, [1, 1, 2, 1]);
    later[0] = 56; // eight more bytes in the block
    later.splice(56..56, [0; 8]);
    rig.binary(FEED, &later);
    assert_eq!(rig.market[0].1, [level("3000", "1"), level("2999", "2"), level("3001", "3")]);
    assert_eq!(told(&mut rig), ["snapshot 1", "top 2"]);
}

#[test]
fn a_snapshot_comes_out_sorted_and_without_empty_levels() {
    let mut rig = Rig::ready();
    let bids = [("2999", "2"), ("3000", "1"), ("2998", "0")];
    rig.binary(FEED, &book(ETH, 1, true, &bids, &[("3002", "1"), ("3001", "1")], 16));
    let expect = [level("3000", "1"), level("2999", "2"), level("3001", "1"), level("3002", "1")];
    assert_eq!(rig.market[0].1, expect);
}

#[test]
fn a_book_frame_that_cannot_be_read_loses_that_book() {
    fn check(frame: &[u8], expect: &[&str]) {
        let mut rig = Rig::ready();
        rig.binary(FEED, &book(ETH, 100, true, &[("3000", "1")], &[], 16));
        rig.market.clear();
        rig.binary(FEED, frame);
        assert_eq!(told(&mut rig), expect);
        assert_eq!(rig.client.counters().unreadable_public, u64::from(!expect.is_empty()));
    }
    check(&book(ETH, 101, false, &[("-1", "1")], &[], 16), &["lost: unreadable"]);
    check(&book(ETH, 101, false, &[("0", "1")], &[], 16), &["lost: unreadable"]);
    check(&book(ETH, 101, false, &[("1", "-1")], &[], 16), &["lost: unreadable"]);
    let mut null = book(ETH, 101, false, &[("1", "1")], &[], 16);
    null[101..109].copy_from_slice(&i64::MIN.to_le_bytes());
    check(&null, &["lost: unreadable"]);
    check(&book(ETH, 101, false, &[("1", "1")], &[], 16)[..100], &["lost: unreadable"]);
    check(&book("DOGE-USD-PERP", 9, true, &[("1", "1")], &[], 16), &[]);
    check(&message(99, 3, &[], &[]), &[]);
    check(&message(40, 2, &block(16, &[], &[]), &[]), &[]);
    // A short one of another template is counted, and costs no book.
    let mut rig = Rig::ready();
    rig.binary(FEED, &book(ETH, 100, true, &[("3000", "1")], &[], 16));
    rig.binary(FEED, &message(2, 2, &block(20, &[], &[]), &texts(&[ETH])));
    assert_eq!(told(&mut rig), ["snapshot 100"]);
    assert_eq!(rig.client.counters().unreadable_public, 1);
}

#[test]
fn json_books_follow_the_same_rules() {
    let mut rig = Rig::ready();
    let frame = |seq: u64, kind: &str, inserts: &str, deletes: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"order_book.{ETH}.deltas","data":{{"seq_no":{seq},
            "market":"{ETH}","last_updated_at":1,"update_type":"{kind}","inserts":[{inserts}],"updates":[],"deletes":[{deletes}]}}}}}}"#
        )
    };
    let buy = r#"{"side":"BUY","price":"3000","size":"1"}"#;
    rig.text(FEED, &frame(5, "d", buy, ""));
    rig.text(FEED, &frame(6, "s", buy, ""));
    rig.text(FEED, &frame(7, "d", "", buy));
    assert_eq!(rig.market[1].1, [level("3000", "0")], "a delete has size zero");
    rig.text(FEED, &frame(9, "d", buy, ""));
    rig.text(FEED, &frame(10, "s", buy, ""));
    rig.text(FEED, &frame(11, "d", r#"{"side":"BUY","price":"cheap","size":"1"}"#, ""));
    assert_eq!(told(&mut rig), ["snapshot 6", "delta 7", "lost: gap", "snapshot 10", "lost: unreadable"]);
}

#[test]
fn a_json_top_is_read_with_an_empty_side() {
    let mut rig = Rig::ready();
    let data = r#"{"market":"ETH-USD-PERP","bid":"3000.1","bid_size":"2","ask":"","ask_size":"","seq_no":4}"#;
    rig.text(FEED, &format!(r#"{{"method":"subscription","params":{{"channel":"bbo.{ETH}","data":{data}}}}}"#));
    let top = MarketEvent::Top { instrument: InstrumentId(7), seq: 4, bid: Some(level("3000.1", "2")), ask: None };
    assert_eq!(rig.market, [(top, vec![])]);
}

#[test]
fn a_subscription_that_is_refused_starts_the_feed_over() {
    let mut rig = Rig::new(config());
    rig.boot();
    rig.connects.clear();
    rig.open(FEED);
    rig.answer("subscribe", r#""error":{"code":-32600,"message":"invalid subscribe request","data":"invalid channel"}"#);
    assert_eq!(rig.connects.len(), 1);
}

#[test]
fn feed_frames_allocate_nothing_once_warm() {
    let (_, mut frames) = capture(DELTAS);
    let (_, tops) = capture(BBOS);
    let mut rig = btc();
    let mut out = Out::default();
    let (client, now): (&mut ParadexClient, _) = (&mut rig.client, rig.now);
    for f in frames.iter().chain(&tops) {
        client.on_frame(FEED, Frame::Binary(f), now, &mut out);
        out.clear();
    }
    // The same deltas once more, numbered on.
    for (f, seq) in frames[1..].iter_mut().zip(7_687_289_247i64..) {
        f[16..24].copy_from_slice(&seq.to_le_bytes());
    }
    let mut events = 0;
    let used = allocation_counter::measure(|| {
        for f in &frames[1..] {
            client.on_frame(FEED, Frame::Binary(f), now, &mut out);
            events += out.market.len();
            out.clear();
        }
    });
    assert_eq!(events, 12);
    assert_eq!(used.count_total, 0);
}

proptest! {
    #[test]
    fn any_bytes_and_any_broken_frame_are_survived(
        noise in proptest::collection::vec(any::<u8>(), 0..200),
        which in 0usize..13,
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        text in "\\PC{0,80}",
    ) {
        let (_, frames) = capture(DELTAS);
        let mut client = ParadexClient::new(btc_config()).expect("a client");
        let now = domain::Now::default();
        let mut out = Out::default();
        client.on_frame(FEED, Frame::Binary(&frames[0]), now, &mut out);
        let mut broken = frames[which].clone();
        for (at, byte) in &flips {
            let at = at.index(broken.len());
            broken[at] ^= byte;
        }
        broken.truncate(cut.index(broken.len()) + 1);
        for conn in [FEED, ORDERS] {
            for frame in [&noise, &broken] {
                client.on_frame(conn, Frame::Binary(frame), now, &mut out);
            }
            client.on_frame(conn, Frame::Text(&text), now, &mut out);
        }
        for event in &out.market {
            if let MarketEvent::Book { bids, asks, .. } = event {
                let levels = &out.levels[bids.start as usize..asks.end as usize];
                prop_assert!(levels.iter().all(|l| l.price > 0 && l.size >= 0));
            }
        }
    }
}
