//! Whatever a venue, a node or a stream sends: no panic, and no bet's fate decided by nonsense.

use super::harness::{World, fixture};
use azuro_client::environment::POLYGON;
use azuro_client::{chain, history, parse, relay};
use domain::BetStatus;
use proptest::prelude::*;
use serde_json::Value;
use venue_api::{BetClient, ConnId, Frame, Reply, RequestId};

fn bodies() -> Vec<String> {
    let feed = fixture("ws_feed");
    let orders = fixture("orders");
    let rpc = fixture("evm_json_rpc");
    let mut all: Vec<Value> = feed.as_object().expect("frames").values().cloned().collect();
    all.extend(orders["get_states"].as_array().expect("states").iter().cloned());
    all.extend(rpc["exchanges"].as_array().expect("exchanges").iter().map(|e| e["response"].clone()));
    for name in ["games_by_filters", "games_search", "condition_batch", "subgraph_v3_bets", "arbitrum_feed_relay"] {
        all.push(fixture(name));
    }
    all.push(fixture("gas_info")["response_captured"].clone());
    all.push(fixture("bet_calculation")["response_captured"].clone());
    all.iter().map(Value::to_string).collect()
}

fn decode_everywhere(bytes: &[u8]) {
    let _ = parse::games(bytes);
    let _ = parse::conditions(bytes);
    let _ = parse::limits(bytes, &POLYGON);
    let _ = parse::relayer_fee(bytes, &POLYGON);
    let _ = parse::order(bytes, &POLYGON);
    let _ = parse::orders(bytes, &POLYGON);
    let _ = parse::refusal(bytes);
    let _ = parse::condition_rows(bytes);
    let _ = parse::order_rows(bytes, &POLYGON);
    let _ = history::read(bytes, &POLYGON);
    let _ = relay::read(bytes);
    for id in 0..3 {
        let _ = chain::read_quantity(id, bytes);
        let _ = chain::read_call(id, bytes);
        let _ = chain::read_head(id, bytes);
        let _ = chain::read_fees(id, bytes);
        let _ = chain::read_hash(id, bytes);
        let _ = chain::read_receipt(id, "0x", bytes);
        let _ = chain::read_events(id, POLYGON.core, bytes);
    }
}

#[test]
fn deep_nesting_and_every_cut_of_every_fixture_are_errors_at_most() {
    decode_everywhere("[".repeat(100_000).as_bytes());
    decode_everywhere(format!("{{\"conditions\":{}", "[".repeat(100_000)).as_bytes());
    for body in bodies() {
        for end in (0..body.len()).step_by(body.len().div_ceil(150)) {
            decode_everywhere(&body.as_bytes()[..end]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    /// Captured messages with bytes replaced, and plain noise.
    #[test]
    fn no_bytes_panic(pick in any::<prop::sample::Index>(), edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6)) {
        let all = bodies();
        let mut bytes = pick.get(&all).clone().into_bytes();
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        decode_everywhere(&bytes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// A machine with a bet in flight, fed with answers to anything and frames of anything: it stands, and what is not about our bet
    /// does not decide it.
    #[test]
    fn foreign_answers_neither_panic_nor_decide(
        script in prop::collection::vec((any::<prop::sample::Index>(), 0u8..4, 1u64..40, prop::sample::select(vec![200u16, 201, 400, 404, 429, 500])), 1..30),
    ) {
        let all = bodies();
        let mut world = World::placed();
        for (pick, way, id, status) in script {
            let body = pick.get(&all);
            match way {
                0 => world.step(|client, now, out| client.on_frame(ConnId(0), Frame::Text(body), now, out)),
                1 => world.step(|client, now, out| client.on_frame(ConnId(0), Frame::Binary(body.as_bytes()), now, out)),
                2 => world.step(|client, now, out| {
                    client.on_reply(RequestId(id), Reply::Answer { status, retry_after_ms: None, body: body.as_bytes() }, now, out);
                }),
                _ => world.pass(id * 100),
            }
        }
        // The orders of the fixtures carry another id; the only word of refusal in them comes with a status of 4xx to our POST.
        let status = world.status();
        prop_assert!(matches!(status, BetStatus::Pending | BetStatus::Refused), "{status:?}");
    }
}
