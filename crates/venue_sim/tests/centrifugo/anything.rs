//! Whatever a client sends: no panic, no answer to whom it is not due, and two hubs that are told the same say the same.

use crate::world::{BOOK, OWNER, World};
use proptest::prelude::*;
use serde_json::json;
use venue_sim::centrifugo::{Hub, HubConfig, OpenGate};
use venue_sim::{Message, SimNow};

/// A word out of which frames are made, so that some of them come close to commands.
fn word() -> impl Strategy<Value = String> {
    let words = [
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\n",
        "\"id\":1",
        "\"id\":0",
        "\"subscribe\":",
        "\"connect\":",
        "\"history\":",
        "\"channel\":\"orderbook_v3:a\"",
        "\"channel\":\"account:#,\"",
        "\"recover\":true",
        "\"offset\":18446744073709551615",
        "\"epoch\":\"\"",
        "\"since\":{\"offset\":1}",
        "\"limit\":-9223372036854775808",
        "\"token\":\"a.b.c\"",
        "\"refresh\":",
        "null",
        "{}",
    ];
    prop_oneof![prop::sample::select(words.to_vec()).prop_map(str::to_owned), any::<String>()]
}

fn frame() -> impl Strategy<Value = String> {
    let broken = prop::collection::vec(word(), 0..12).prop_map(|words| words.concat());
    let close = (any::<u32>(), prop::sample::select(vec!["subscribe", "history", "unsubscribe", "refresh", "ping", "send"]), word(), any::<i64>())
        .prop_map(|(id, method, text, number)| {
            json!({"id": id, method: {"channel": format!("orderbook_v3:{text}"), "token": text, "limit": number, "offset": number.unsigned_abs(), "recover": number % 2 == 0, "since": {"offset": number.unsigned_abs()}}})
                .to_string()
        });
    prop_oneof![broken, close, Just("[".repeat(10_000)), Just("{\"a\":".repeat(10_000))]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_frame_panics_before_or_after_connect(frames in prop::collection::vec(frame(), 1..8), waits in prop::collection::vec(0i64..40_000, 8)) {
        let mut world = World::connected();
        world.upgrade(2);
        world.publish(BOOK, &json!(1));
        for (frame, wait) in frames.iter().zip(waits) {
            world.send(1, frame);
            world.send(2, frame);
            world.send(3, frame);
            world.advance_ms(wait);
            if world.closed(1).is_none() {
                world.heard(1);
            }
        }
        prop_assert!(world.frames(3).is_empty(), "nobody is connected there");
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut hub = Hub::new(HubConfig::new(1));
        let mut out = Vec::new();
        hub.on_connect(1, SimNow(0), &mut out);
        hub.on_message(1, &Message::Binary(bytes), SimNow(i64::MAX), &mut OpenGate, &mut out);
        hub.on_wake(SimNow(i64::MAX), &mut out);
        hub.on_disconnect(1);
        prop_assert_eq!(hub.next_wake(), None);
    }

    #[test]
    fn a_token_can_be_anything(token in any::<String>(), cut in 0usize..200, flip in 0usize..200) {
        let mut world = World::plain();
        let good = world.hub.mint(OWNER, 60, world.now);
        let cut: String = good.chars().take(cut).collect();
        let flipped: String = good.chars().enumerate().map(|(at, c)| if at == flip { if c == 'A' { 'B' } else { 'A' } } else { c }).collect();
        for (conn, token) in [(1, token), (2, cut), (3, flipped)] {
            world.upgrade(conn);
            world.send(conn, &json!({"id": 1, "connect": {"token": token}}).to_string());
            prop_assert_eq!(token == good, world.closed(conn).is_none(), "{}", token);
        }
    }
}
