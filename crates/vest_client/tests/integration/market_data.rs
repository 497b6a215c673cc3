//! Books, mark prices, subscriptions, silence and the forms a frame may take.

use crate::harness::*;
use domain::*;
use venue_api::{Frame, VenueClient};
use vest_client::Generation;

fn words(rig: &mut Rig) -> Vec<String> {
    let levels = std::mem::take(&mut rig.levels);
    let side = |range: &std::ops::Range<u32>| {
        let levels = &levels[range.start as usize..range.end as usize];
        levels.iter().map(|l| format!("{}x{}", l.price as f64 / 1e8, l.size as f64 / 1e8)).collect::<Vec<_>>().join(" ")
    };
    let say = |event: &MarketEvent| match event {
        MarketEvent::Book { instrument, kind, seq, venue_time, bids, asks } => {
            assert_eq!((*kind, *seq), (BookKind::Snapshot, 0));
            let time = venue_time.map(|t| format!(" at {}", t.ms())).unwrap_or_default();
            format!("{}: {} | {}{time}", instrument.0, side(bids), side(asks))
        }
        MarketEvent::BookLost { instrument, why } => format!("{}: lost {why}", instrument.0),
        MarketEvent::Funding { instrument, hourly, .. } => format!("{}: funding {hourly}%", instrument.0),
        MarketEvent::QuoteRate { instrument, usd } => format!("{}: quote {usd}", instrument.0),
        MarketEvent::Mark { instrument, mark } => format!("{}: mark {mark}", instrument.0),
        MarketEvent::Trade { instrument, price, size } => format!("{}: trade {size} at {price}", instrument.0),
        MarketEvent::Top { .. } => "top".to_owned(),
    };
    std::mem::take(&mut rig.market).iter().map(say).collect()
}

#[test]
fn a_new_connection_loses_every_book_and_subscribes_one_channel_at_a_time() {
    let mut rig = Rig::ready();
    rig.close(FEED, Some(1012));
    assert_eq!(words(&mut rig), ["4: lost connection_lost", "9: lost connection_lost"]);
    assert!(!rig.client.ready());
    rig.open(FEED);
    assert_eq!(words(&mut rig), ["4: lost new_connection", "9: lost new_connection"]);
    let channels: Vec<String> = rig
        .frames
        .iter()
        .map(|(_, f)| serde_json::from_str::<serde_json::Value>(f).expect("JSON")["params"].to_string())
        .collect();
    assert_eq!(channels, [r#"["BTC-PERP@depth"]"#, r#"["ETH-PERP@depth"]"#, r#"["tickers"]"#]);
    assert!(rig.client.ready(), "orders do not wait for books; books guard themselves");
    let ids: Vec<u64> = rig
        .frames
        .iter()
        .map(|(_, f)| serde_json::from_str::<serde_json::Value>(f).expect("JSON")["id"].as_u64().expect("id"))
        .collect();
    assert!(ids.windows(2).all(|w| w[0] < w[1]));
    let like: serde_json::Value = serde_json::from_str(&fixture("v2_ws_subscribe")).expect("JSON");
    let ours: serde_json::Value = serde_json::from_str(&rig.frames[0].1).expect("JSON");
    assert_eq!((&ours["method"], &ours["params"]), (&like["method"], &like["params"]));
}

#[test]
fn a_depth_message_becomes_a_snapshot_in_whatever_frame_it_comes() {
    let mut rig = Rig::ready();
    let text = depth("ETH-PERP", "3100.000", "3100.500");
    let expect = ["9: 3100x1.5 | 3100.5x2.5"];
    rig.frame(FEED, &text);
    assert_eq!(words(&mut rig), expect);
    rig.client.on_frame(FEED, Frame::Binary(text.as_bytes()), rig.now, &mut rig.out);
    rig.pump();
    assert_eq!(words(&mut rig), expect);
    rig.client.on_frame(FEED, Frame::Binary(&stored(text.as_bytes())), rig.now, &mut rig.out);
    rig.pump();
    assert_eq!(words(&mut rig), expect);
    let counters = rig.client.feed_counters();
    assert_eq!((counters.fallbacks, counters.malformed), (0, 0));
}

/// A Brotli stream (RFC 7932) that holds `data` uncompressed, in blocks.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (n, block) in data.chunks(60_000).enumerate() {
        // One bit of window size before the first block; then not the last, sixteen bits of length, uncompressed. A
        // stored block begins and ends on a byte.
        let shift = u32::from(n == 0);
        let header = (((block.len() as u32 - 1) << 3) | (1 << 19)) << shift;
        out.extend_from_slice(&header.to_le_bytes()[..3]);
        out.extend_from_slice(block);
    }
    out.push(0b11); // the last block, empty
    out
}

#[test]
fn a_compressed_frame_that_grows_past_a_mebibyte_is_given_up() {
    fn check(length: usize, malformed: u64) {
        let mut rig = Rig::ready();
        let text = format!("{{{}}}", " ".repeat(length - 2));
        rig.client.on_frame(FEED, Frame::Binary(&stored(text.as_bytes())), rig.now, &mut rig.out);
        assert_eq!(rig.client.feed_counters().malformed, malformed, "{length}");
    }
    check(100, 0);
    check(200_000, 0);
    check(1 << 20, 0);
    check((1 << 20) + 1, 1);
}

#[test]
fn one_sided_and_empty_books_are_passed_on_as_they_are() {
    let mut rig = Rig::ready();
    rig.frame(FEED, r#"{"channel":"BTC-PERP@depth","data":{"bids":[],"asks":[["2","1"]]}}"#);
    rig.frame(FEED, r#"{"channel":"BTC-PERP@depth","data":{"bids":[],"asks":[]}}"#);
    assert_eq!(words(&mut rig), ["4:  | 2x1", "4:  | "]);
}

#[test]
fn a_malformed_book_is_lost_for_its_own_market_alone() {
    fn check(frame: &str, expect: &[&str], malformed: u64) {
        let mut rig = Rig::ready();
        rig.frame(FEED, frame);
        assert_eq!(words(&mut rig), expect, "{frame}");
        assert_eq!(rig.client.feed_counters().malformed, malformed, "{frame}");
    }
    check(r#"{"channel":"ETH-PERP@depth","data":{"bids":[["x","1"]],"asks":[]}}"#, &["9: lost malformed"], 1);
    check(r#"{"channel":"ETH-PERP@depth","data":{"bids":[]}}"#, &["9: lost malformed"], 1);
    check(r#"{"channel":"SOL-PERP@depth","data":{"bids":[["x","1"]],"asks":[]}}"#, &[], 1);
    check(r#"{"channel":"SOL-PERP@depth","data":{"bids":[],"asks":[]}}"#, &[], 0);
    check(r#"{"channel":"ETH-PERP@depth"}"#, &[], 1);
    check("{", &[], 1);
    check("not JSON at all", &[], 1);
    check("", &[], 1);
    check("[]", &[], 1);
}

#[test]
fn numbers_without_quotes_are_read_and_counted() {
    let mut rig = Rig::ready();
    rig.frame(FEED, r#"{"channel":"BTC-PERP@depth","data":{"bids":[[1.5,2]],"asks":[["2",3,"x"]],"more":{"a":1}},"tsMs":7}"#);
    assert_eq!(words(&mut rig), ["4: 1.5x2 | 2x3 at 7"]);
    assert_eq!(rig.client.feed_counters().fallbacks, 1);
}

#[test]
fn tickers_give_mark_prices_and_doubt_a_book_that_stopped_moving() {
    let mut rig = Rig::ready();
    let ticker = |mark: &str, status: &str| {
        format!(
            r#"{{"channel":"tickers","data":[{{"symbol":"BTC-PERP","markPrice":"{mark}","status":"{status}"}},{{"symbol":"kBONK-PERP","markPrice":"1"}}]}}"#
        )
    };
    rig.frame(FEED, &ticker("91232.00", "TRADING"));
    assert_eq!(words(&mut rig), ["4: mark 91232"]);
    rig.frame(FEED, &ticker("93000.00", "TRADING"));
    assert_eq!(words(&mut rig), ["4: mark 93000"], "within two percent");
    rig.frame(FEED, &ticker("94000.00", "TRADING"));
    assert_eq!(words(&mut rig), ["4: mark 94000", "4: lost ticker_disagrees"]);
    assert_eq!(rig.client.feed_counters().disagreements, 1);
    rig.frame(FEED, &ticker("94000.00", "HALT"));
    assert_eq!(words(&mut rig), ["4: mark 94000"], "there is no book left to doubt");
    assert_eq!(rig.client.instruments()[0].lifecycle, Lifecycle::Halted);
    rig.frame(FEED, &ticker("94000.00", "TRADING"));
    assert_eq!(rig.client.instruments()[0].lifecycle, Lifecycle::Trading);
    rig.frame(FEED, &depth("BTC-PERP", "91230.00", "91234.50"));
    rig.frame(FEED, &ticker("89000.00", "TRADING"));
    assert_eq!(words(&mut rig).last().map(String::as_str), Some("4: lost ticker_disagrees"));
}

#[test]
fn a_subscription_without_acknowledgement_or_snapshot_is_repeated_and_at_last_the_connection_is() {
    let mut rig = Rig::ready();
    rig.close(FEED, None);
    rig.open(FEED);
    rig.frames.clear();
    rig.advance(5_000);
    assert_eq!(rig.frames.iter().filter(|(_, f)| f.contains("@depth")).count(), 2, "no acknowledgement");
    rig.acknowledge(FEED);
    rig.advance(4_900);
    rig.frame(FEED, &depth("ETH-PERP", "3100.000", "3100.500"));
    assert!(rig.frames.iter().all(|(_, f)| !f.contains("SUBSCRIBE")));
    rig.advance(100);
    let again: Vec<&str> = rig.frames.iter().map(|(_, f)| f.as_str()).filter(|f| f.contains("SUBSCRIBE")).collect();
    assert!(again.len() == 1 && again[0].contains("BTC-PERP@depth"), "an acknowledgement without a snapshot: {again:?}");
    // Nothing is answered any more, but something is said, so that silence is not the reason.
    let mut rig = Rig::ready();
    rig.close(FEED, None);
    rig.open(FEED);
    let connects = rig.connects.len();
    for _ in 0..5 {
        rig.advance(4_000);
        rig.frame(FEED, r#"{"data":"PONG"}"#);
    }
    assert!(rig.connects.len() > connects);
}

#[test]
fn ten_seconds_of_silence_reconnect_and_a_quiet_market_is_lost_and_subscribed_again() {
    let mut rig = Rig::ready();
    let connects = rig.connects.len();
    rig.advance(9_999);
    assert_eq!(rig.connects.len(), connects);
    rig.advance(1);
    assert_eq!(rig.connects.len(), connects + 1);
    assert!(words(&mut rig).contains(&"4: lost silent".to_owned()) && !rig.client.ready());
    let mut rig = Rig::ready();
    for _ in 0..12 {
        rig.advance(1_000);
        rig.frame(FEED, &depth("ETH-PERP", "3100.000", "3100.500"));
    }
    rig.advance(8_000);
    rig.frame(FEED, &depth("ETH-PERP", "3100.000", "3100.500"));
    rig.advance(2_500);
    assert!(words(&mut rig).contains(&"4: lost silent".to_owned()));
    assert!(rig.frames.iter().any(|(_, f)| f.contains("BTC-PERP@depth")));
    assert!(rig.frames.iter().all(|(_, f)| !f.contains("ETH-PERP@depth")));
}

#[test]
fn the_newer_generation_of_the_feed_is_spoken_and_recognised() {
    let mut with = config(registered());
    with.feed = Generation::V3;
    with.instruments[0].symbol = "NDX-USD-PERP".to_owned();
    let mut rig = Rig::new(with);
    rig.start();
    rig.answer("GET /exchangeInfo", 200, &INFO.replace("BTC-PERP", "NDX-USD-PERP"));
    rig.open(FEED);
    rig.market.clear();
    rig.frame(FEED, &fixture("v3_ws_depth_nq_2026_10_07"));
    rig.frame(FEED, &fixture("v3_ws_ticker_nq_2026_10_07"));
    rig.frame(FEED, &fixture("v3_ws_trade_nq_2026_10_07"));
    let said = words(&mut rig);
    assert!(
        said[0].starts_with("4: 31478.75x4.8135 31478.25x3.209 ") && said[0].ends_with("31490x12.8362 at 1791415136507"),
        "{}",
        said[0]
    );
    assert_eq!(said[1..], ["4: funding 0.000571%", "4: mark 31479.37", "4: trade 0.0008 at 31477.75"]);
    assert_eq!(rig.client.generation_seen(), None);
    rig.session_news();
    rig.frame(FEED, &fixture("v3_ws_subscription_outcomes"));
    assert_eq!(rig.client.generation_seen(), Some(Generation::V3));
    assert!(rig.session_news().is_empty(), "a refused channel that was not ours is nothing");
    rig.frame(
        FEED,
        r#"{"subscription_outcomes":[{"requested":"ETH-PERP@depth","status":"rejected","reason":"invalid_stream"}]}"#,
    );
    assert!(rig.session_news().iter().any(|n| n.contains("does not offer ETH-PERP@depth: invalid_stream")));
}
