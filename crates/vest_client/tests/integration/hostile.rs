//! Whatever a venue sends, nothing panics, nothing is invented: mutated fixtures and random bytes into every entrance.

use crate::harness::*;
use domain::*;
use proptest::prelude::*;
use venue_api::{Frame, Reply, VenueClient, VenueNews};

/// Every message of the test data, and a few that are nearly right.
fn corpus() -> Vec<String> {
    let dir = format!("{}/testdata/vest", env!("CARGO_MANIFEST_DIR"));
    let mut all: Vec<String> = std::fs::read_dir(dir)
        .expect("testdata")
        .map(|entry| std::fs::read_to_string(entry.expect("entry").path()).expect("text"))
        .collect();
    all.sort();
    all.push(depth("BTC-PERP", "91230.00", "91234.50"));
    all.push(r#"{"channel":"tickers","data":[{"symbol":"BTC-PERP","markPrice":"93000"}]}"#.to_owned());
    all.push(INFO.to_owned());
    all
}

fn mutate(mut bytes: Vec<u8>, edits: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
    for (at, byte, kind) in edits {
        if bytes.is_empty() {
            break;
        }
        let at = at.index(bytes.len());
        match kind {
            0 => bytes[at] = *byte,
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, b"0123456789.,\"[]{}:-e"[usize::from(*byte) % 20]),
            3 => bytes.truncate(at),
            _ => {}
        }
    }
    bytes
}

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, u8)>> {
    proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..5), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutated_messages_on_both_streams_never_panic_nor_invent_a_fill(
        which in any::<prop::sample::Index>(), edits in edits(), feed in any::<bool>(), text in any::<bool>(),
    ) {
        let corpus = corpus();
        let bytes = mutate(corpus[which.index(corpus.len())].clone().into_bytes(), &edits);
        let mut rig = Rig::ready();
        let (id, _) = rig.acked();
        let conn = if feed { FEED } else { PRIVATE };
        let lossy = String::from_utf8_lossy(&bytes).into_owned();
        let frame = if text { Frame::Text(&lossy) } else { Frame::Binary(&bytes) };
        rig.client.on_frame(conn, frame, rig.now, &mut rig.out);
        for event in &rig.out.market {
            if let MarketEvent::Book { bids, asks, .. } = event {
                prop_assert!(bids.end as usize <= rig.out.levels.len() && asks.end as usize <= rig.out.levels.len());
            }
        }
        rig.pump();
        // No message of the corpus names our order, so none of its mutants may end it, save by a nonce hit by chance.
        let ended = rig.news.iter().any(|n| matches!(n, VenueNews::Order(r) if r.order == id && matches!(r.news, OrderNews::Done { .. })));
        prop_assert!(!ended);
    }

    #[test]
    fn mutated_answers_to_every_request_never_panic(
        which in any::<prop::sample::Index>(), edits in edits(), status in prop_oneof![Just(200u16), Just(400), Just(401), Just(500), any::<u16>()],
    ) {
        let corpus = corpus();
        let bytes = mutate(corpus[which.index(corpus.len())].clone().into_bytes(), &edits);
        let mut rig = Rig::ready();
        let (id, _) = rig.acked();
        let spec = rig.spec(Side::Sell, "0.2", "90000");
        let (other, _) = rig.send(spec);
        rig.client.query(id, rig.now, &mut rig.out);
        rig.client.read_account(rig.now, &mut rig.out);
        rig.client.cancel(id, rig.now, &mut rig.out);
        rig.advance(31 * 60_000);
        for _ in 0..40 {
            let Some(line) = rig.asked.first().map(|a| a.line.clone()) else { break };
            rig.reply(&line, Reply::Answer { status, retry_after_ms: None, body: &bytes });
        }
        rig.client.query(other, rig.now, &mut rig.out);
        rig.pump();
    }

    #[test]
    fn mutated_answers_during_the_start_never_panic_and_never_make_it_ready(
        which in any::<prop::sample::Index>(), edits in edits(), steps in 0usize..4,
    ) {
        let corpus = corpus();
        let bytes = mutate(corpus[which.index(corpus.len())].clone().into_bytes(), &edits);
        let mut rig = Rig::new(config(registered()));
        rig.start();
        let account = rig.account("");
        let good = [INFO, account.as_str(), r#"{"lastNonce":1}"#];
        for body in good.iter().take(steps) {
            rig.answer("", 200, body);
        }
        rig.reply("", Reply::Answer { status: 200, retry_after_ms: None, body: &bytes });
        prop_assert!(!rig.client.ready());
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut rig = Rig::ready();
        rig.acked();
        for conn in [FEED, PRIVATE] {
            rig.client.on_frame(conn, Frame::Binary(&bytes), rig.now, &mut rig.out);
        }
        rig.client.query(OrderId { round: RoundId { epoch: 1, seq: 1 }, leg: LegId::A, purpose: Purpose::Entry, attempt: 1 }, rig.now, &mut rig.out);
        rig.pump();
        rig.reply("GET /orders?nonce", Reply::Answer { status: 200, retry_after_ms: Some(u64::MAX), body: &bytes });
        rig.advance(60_000);
    }
}

#[test]
fn deeply_nested_and_very_long_messages_are_refused() {
    let mut rig = Rig::ready();
    rig.acked();
    let deep = "[".repeat(100_000);
    for frame in [
        deep.clone(),
        format!(r#"{{"channel":"BTC-PERP@depth","data":{deep}"#),
        format!(r#"{{"channel":"account_private","data":{{"event":"ORDER","args":{{"id":{deep}"#),
        format!(r#"{{"channel":"BTC-PERP@depth","data":{{"bids":[["{}","1"]],"asks":[]}}}}"#, "9".repeat(100_000)),
    ] {
        rig.frame(FEED, &frame);
        rig.frame(PRIVATE, &frame);
    }
    assert_eq!(rig.client.feed_counters().malformed, 4);
}

#[test]
fn nothing_secret_stands_in_the_actions_debug_text() {
    let mut rig = Rig::new(config(registered()));
    rig.client.start(rig.now, &mut rig.out);
    let shown = format!("{:?} {:?}", rig.out.actions, config(registered()));
    assert!(!shown.contains("key-1") && !shown.contains(&SIGNING_KEY[2..]), "{shown}");
}
