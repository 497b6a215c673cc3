//! Signatures and frames: the golden vectors, the venue's own frames.

use serde_json::{Value, json};
use starknet_crypto::Felt;
use venue_sim::exchange::decimal;
use venue_sim::exchange::ladder::Level;
use venue_sim::paradex::MarketSpec;
use venue_sim::paradex::crypto::{Chain, OrderTerms, PublicKey, Signature};
use venue_sim::paradex::sbe;

use crate::bench::*;

fn vectors() -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../../testdata/paradex/vectors.json")).unwrap();
    file["vectors"].as_array().unwrap().clone()
}

fn chain(v: &Value) -> Chain {
    let c = config();
    Chain::new(v["chain_id"].as_str().unwrap(), &c.proxy_hash, &c.account_hash).unwrap()
}

fn felt(v: &Value) -> Felt {
    Felt::from_hex(v.as_str().unwrap()).unwrap()
}

/// The message hash of a vector, from its inputs.
fn hash(v: &Value) -> Felt {
    let chain = chain(v);
    let prefix = chain.account_prefix(&felt(&v["account_address"]));
    let i = &v["inputs"];
    let kind = v["kind"].as_str().unwrap();
    match kind {
        "onboarding" => chain.onboarding_hash(&prefix),
        "auth" => {
            let s = |k: &str| i[k].as_u64().unwrap();
            chain.auth_hash(&prefix, s("timestamp_s"), s("expiration_s"))
        }
        _ => {
            let terms = OrderTerms {
                timestamp: i["signature_timestamp_ms"].as_u64().unwrap(),
                market: i["market"].as_str().unwrap(),
                side: if i["side"] == "BUY" { 1 } else { 2 },
                kind: i["type"].as_str().unwrap(),
                size: decimal::read(i["size"].as_str().unwrap()).unwrap().e8,
                price: i["price"].as_str().map_or(0, |p| decimal::read(p).unwrap().e8),
            };
            match i["order_id"].as_str() {
                Some(id) => chain.modify_hash(&prefix, &terms, id.parse().unwrap()),
                None => chain.order_hash(&prefix, &terms),
            }
        }
    }
    .unwrap()
}

#[test]
fn every_account_address_follows_from_its_public_key() {
    let mut seen = 0;
    for v in vectors().iter().filter(|v| v["kind"] == "l1_to_l2_derivation") {
        let e = &v["expected"];
        assert_eq!(chain(v).account_address(&felt(&e["l2_public_key"])), felt(&e["account_address"]), "{}", v["name"]);
        seen += 1;
    }
    assert_eq!(seen, 5);
}

#[test]
fn every_vector_has_its_hash_and_both_its_signatures_verify() {
    let mut seen = 0;
    for v in vectors().iter().filter(|v| v["kind"] != "l1_to_l2_derivation") {
        let name = &v["name"];
        let hash = hash(v);
        assert_eq!(hash, felt(&v["expected"]["message_hash"]), "{name}");
        let key = PublicKey::new(felt(&v["l2_public_key"])).unwrap();
        let other = &v["expected"]["also_valid_signature_rfc6979_without_extra_entropy"]["wire"];
        for wire in [&v["expected"]["signature_wire"], other] {
            let signature = Signature::parse(wire.as_str().unwrap()).unwrap();
            assert!(key.verifies(&hash, &signature), "{name}");
            assert!(!key.verifies(&(hash + Felt::ONE), &signature), "{name}: another message verifies");
        }
        seen += 1;
    }
    assert_eq!(seen, 19);
}

#[test]
fn a_signature_with_any_digit_changed_is_refused() {
    for v in vectors().iter().filter(|v| v["name"] == "order_limit_ioc_sell_eth") {
        let wire = v["expected"]["signature_wire"].as_str().unwrap();
        let (hash, key) = (hash(v), PublicKey::new(felt(&v["l2_public_key"])).unwrap());
        for (at, b) in wire.bytes().enumerate().filter(|(_, b)| b.is_ascii_digit()) {
            let mut bytes = wire.as_bytes().to_vec();
            bytes[at] = b'0' + (b - b'0' + 1) % 10;
            let changed = Signature::parse(std::str::from_utf8(&bytes).unwrap());
            assert!(changed.is_none_or(|s| !key.verifies(&hash, &s)), "digit {at}");
        }
    }
}

#[test]
fn a_signature_made_to_meet_infinity_is_refused_without_a_panic() {
    // r = hash / key makes both summands of the check equal, so that one of the candidates is the point at infinity.
    let order = Felt::from_hex("0x800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2f").unwrap();
    let order = starknet_types_core::felt::NonZeroFelt::try_from(order).unwrap();
    let secret = Felt::from(11u8);
    let key = PublicKey::new(starknet_crypto::get_public_key(&secret)).unwrap();
    for hash in (1u64..40).map(|h| Felt::from(h * 7_919)) {
        let r = hash.mul_mod(&secret.mod_inverse(&order).unwrap(), &order);
        let wire = format!("[{},{}]", r.to_biguint(), 5);
        assert!(Signature::parse(&wire).is_none_or(|s| !key.verifies(&hash, &s)));
    }
}

#[test]
fn a_signature_that_is_no_pair_of_numbers_is_not_read() {
    fn check(wire: &str) {
        assert_eq!(Signature::parse(wire), None, "{wire}");
    }
    check("");
    check("[]");
    check("[\"1\"]");
    check("[\"1\",\"x\"]");
    check("[\"1\",\"-2\"]");
    check(&format!("[\"1\",\"{}\"]", "9".repeat(4_000)));
    assert!(Signature::parse("[1, 2]").is_some());
}

/// An order request of a vector, sent to a venue on its chain and at its time.
fn send_vector(v: &Value, body: &Value) -> (u16, Value) {
    let mut c = config();
    v["chain_id"].as_str().unwrap().clone_into(&mut c.chain_id);
    // Signatures are the matter here, not grids.
    let fine = |s: &str| MarketSpec { step: 1, tick: 1, ..MarketSpec::of(s) };
    c.markets = ["ETH-USD-PERP", "BTC-USD-PERP", "SOL-USD-PERP"].map(fine).to_vec();
    let mut b = Bench::with(c);
    b.now = v["inputs"]["signature_timestamp_ms"].as_i64().unwrap() * 1_000;
    let t = b.adopt(felt(&v["l2_private_key"]));
    b.rest(&t, "POST", "/v1/orders", body)
}

#[test]
fn the_venue_takes_the_vectors_orders_and_refuses_them_when_a_signed_member_differs() {
    let names = ["order_limit_gtc_buy_btc", "order_limit_ioc_sell_eth", "order_market_buy_sol", "order_post_only_buy_8dp_size"];
    let mut seen = 0;
    for v in vectors().iter().filter(|v| names.contains(&v["name"].as_str().unwrap())) {
        let body = &v["sdk_request_body"];
        let (status, answer) = send_vector(v, body);
        assert_eq!(status, 201, "{}: {answer}", v["name"]);
        let limit = body["type"] == "LIMIT";
        let mut changes = vec![("size", json!("0.5")), ("side", json!(if body["side"] == "BUY" { "SELL" } else { "BUY" }))];
        changes.push(("signature_timestamp", json!(body["signature_timestamp"].as_i64().unwrap() + 1)));
        if limit {
            changes.push(("price", json!("1234.5")));
            changes.push(("type", json!("MARKET")));
        }
        for (member, value) in changes {
            let mut changed = body.clone();
            changed[member] = value;
            let (status, answer) = send_vector(v, &changed);
            assert_eq!((status, answer["error"].as_str()), (400, Some("INVALID_ORDER_SIGNATURE")), "{} {member}", v["name"]);
        }
        for (member, value) in [("instruction", json!("GTC")), ("client_id", json!("z")), ("recv_window", json!(900))] {
            let mut changed = body.clone();
            changed[member] = value;
            assert_eq!(send_vector(v, &changed).0, 201, "{}: {member} is not signed", v["name"]);
        }
        seen += 1;
    }
    assert_eq!(seen, names.len());
}

#[test]
fn onboarding_takes_the_vectors_request_and_nothing_else() {
    let all = vectors();
    let v = all.iter().find(|v| v["name"] == "onboarding_testnet_A").unwrap();
    let headers: Vec<(&str, String)> = [
        ("paradex-ethereum-account", "PARADEX-ETHEREUM-ACCOUNT"),
        ("paradex-starknet-account", "PARADEX-STARKNET-ACCOUNT"),
        ("paradex-starknet-signature", "PARADEX-STARKNET-SIGNATURE"),
    ]
    .iter()
    .map(|(lower, upper)| (*lower, v["expected"]["headers"][upper].as_str().unwrap().to_owned()))
    .collect();
    let body = v["expected"]["body"].to_string();
    let mut b = Bench::new();
    let check = format!("/v1/onboarding?account_signer_type=starknet&public_key={}", v["l2_public_key"].as_str().unwrap());
    assert_eq!(b.get(&check)["exists"], false);
    assert_eq!(b.http("POST", "/v1/onboarding", &headers, &body).0, 200);
    assert_eq!(b.get(&check)["exists"], true);
    assert_eq!(b.get(&check)["address"], v["account_address"]);
    assert_eq!(b.http("POST", "/v1/onboarding", &headers, &body).0, 200, "repeating is harmless");
    let mut other = headers.clone();
    other[1].1 = "0x123".to_owned();
    let (_, answer) = b.http("POST", "/v1/onboarding", &other, &body);
    assert_eq!(answer["message"], "account address does not belong to the public key");
    let mut other = headers.clone();
    other[2].1 = "[\"1\",\"2\"]".to_owned();
    assert_eq!(b.http("POST", "/v1/onboarding", &other, &body).1["error"], "STARKNET_SIGNATURE_VERIFICATION_FAILED");
    other.remove(2);
    assert_eq!(b.http("POST", "/v1/onboarding", &other, &body).0, 400);
}

#[test]
fn the_venues_own_position_frames_are_reproduced_byte_for_byte() {
    let file: Value = serde_json::from_str(include_str!("../../testdata/paradex/sbe_golden_server_encoder_frames.json")).unwrap();
    let cases = file["PositionEvent_schema_1_2"].as_array().unwrap();
    assert_eq!(cases.len(), 3);
    for case in cases {
        let j = &case["json"];
        let n = |k: &str| e8(j[k].as_str().unwrap());
        let us = j["last_updated_at"].as_i64().unwrap() * 1_000;
        let mut account = [0; 32];
        account[28..].copy_from_slice(&[0xde, 0xad, 0xbe, 0xef]);
        let frame = sbe::Position {
            ts: us,
            seq: j["seq_no"].as_i64().unwrap(),
            side: if j["side"] == "SHORT" { 2 } else { 1 },
            numbers: [n("size").abs(), n("average_entry_price"), n("unrealized_pnl"), 0, sbe::NULL, sbe::NULL, n("leverage"), us],
            account,
            more: [
                n("average_entry_price_usd"),
                n("cost"),
                n("cost_usd"),
                n("cached_funding_index"),
                n("unrealized_funding_pnl"),
            ],
            status: if j["status"] == "OPEN" { 1 } else { 2 },
            texts: ["BTC-USD-PERP", j["last_fill_id"].as_str().unwrap()],
        };
        assert_eq!(hex::encode(frame.encode(2)), case["hex"].as_str().unwrap(), "{}", case["case"]);
    }
    let case = &file["FundingRateComparisonEvent_schema_1_1"][0];
    let us = case["decoded"]["last_updated_at"].as_i64().unwrap() * 1_000;
    // Both enums are 1 in the golden frame: a perpetual, from this venue.
    let frame = sbe::funding_comparison(1, &[us, us, 100_000_000], 1, 1, "BTC-USD-PERP");
    assert_eq!(hex::encode(frame), case["hex"].as_str().unwrap());
}

/// Binary frames of a capture.
fn captured(file: &str) -> Vec<Vec<u8>> {
    let lines = file.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
    lines.filter_map(|l| l["b64"].as_str().map(base64)).collect()
}

fn base64(text: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let mut out = Vec::new();
    let digits: Vec<u8> = text.bytes().filter(|c| *c != b'=').map(value).collect();
    for chunk in digits.chunks(4) {
        let word = chunk.iter().fold(0u32, |w, d| w << 6 | u32::from(*d)) << (6 * (4 - chunk.len()));
        out.extend_from_slice(&word.to_be_bytes()[1..chunk.len()]);
    }
    out
}

#[test]
fn captured_frames_of_the_public_feed_are_reproduced_byte_for_byte() {
    let frames = captured(include_str!("../../testdata/paradex/ws_sbe_book_deltas_btc_prod_2026-10-08.jsonl"));
    assert_eq!(frames.len(), 13);
    for frame in frames {
        let (seq, snapshot, bids, asks) = book(&frame);
        let levels = |l: Vec<(i64, i64)>| l.into_iter().map(|(price, size)| Level { price, size }).collect::<Vec<_>>();
        let (bids, asks) = (levels(bids), levels(asks));
        let again =
            sbe::Book { ts: number(&frame, 0), seq, snapshot, bids: &bids, asks: &asks, best: None, market: "BTC-USD-PERP" };
        assert_eq!(again.encode(1), frame);
    }
    for frame in captured(include_str!("../../testdata/paradex/ws_sbe_bbo_btc_prod_2026-10-08.jsonl")) {
        let n = |i: usize| number(&frame, i * 8);
        assert_eq!(sbe::bbo(1, n(0), n(1), (n(2), n(3)), (n(4), n(5)), "BTC-USD-PERP"), frame);
    }
}

#[test]
fn block_lengths_follow_the_schema_version() {
    fn check(frame: Vec<u8>, template: u16, block: u16) {
        assert_eq!([u16::from_le_bytes([frame[2], frame[3]]), u16::from_le_bytes([frame[0], frame[1]])], [template, block]);
    }
    check(sbe::summary(0, &[0; 27], 0, "M"), 4, 216);
    check(sbe::summary(2, &[0; 27], 0, "M"), 4, 240);
    check(sbe::funding(0, &[0; 7], 8, "M"), 5, 58);
    check(sbe::funding(1, &[0; 7], 8, "M"), 5, 66);
    check(sbe::account(1, 0, 0, &[0; 7], [0; 32], 0, 1), 23, 113);
    check(sbe::account(2, 0, 0, &[0; 7], [0; 32], 0, 1), 23, 121);
    check(sbe::heartbeat(2, 0, 0), 40, 16);
    // A frame is as long as its header says, tail excepted.
    assert_eq!(sbe::summary(2, &[0; 27], 0, "M").len(), 8 + 240 + 2);
    assert_eq!(sbe::funding(1, &[0; 7], 8, "M").len(), 8 + 66 + 2);
    assert_eq!(sbe::account(2, 0, 0, &[0; 7], [0; 32], 0, 1).len(), 8 + 121 + 5);
}

/// The names of an object's members, those of `order` included.
fn members(v: &Value) -> Vec<String> {
    let own = v.as_object().into_iter().flatten();
    let order = v.get("order").and_then(Value::as_object).into_iter().flatten();
    own.chain(order).map(|(k, _)| k.clone()).collect()
}

#[test]
fn replies_have_every_member_of_the_documented_ones() {
    let entry: Value = serde_json::from_str(include_str!("../../testdata/paradex/ws_order_entry_messages.json")).unwrap();
    let control: Value = serde_json::from_str(include_str!("../../testdata/paradex/ws_control_messages.json")).unwrap();
    let mut b = Bench::new();
    let t = b.trader();
    let conn = b.connect(Some(2));
    let login = b.rpc(conn, "auth", json!({"bearer": t.token}));
    let subscribed = b.rpc(conn, "subscribe", json!({"channel": "order_book.BTC-USD-PERP.deltas"}));
    let refused = b.rpc(conn, "subscribe", json!({"channel": "nothing"}));
    let suffixed = b.rpc(conn, "subscribe", json!({"channel": "order_book.BTC-USD-PERP.deltas@15@50ms"}));
    let unknown = b.rpc(conn, "nothing", json!({}));
    let order = b.order(&t, "BUY", "0.15", "3000", "POST_ONLY");
    let created = b.rpc(conn, "order.create", order);
    let id = created["result"]["order"]["id"].clone();
    let canceled = b.rpc(conn, "order.cancel", json!({"id": id}));
    let batch = b.rpc(conn, "order.cancel_batch", json!({"order_ids": [id, "1"]}));
    let all = b.rpc(conn, "order.cancel_all", json!({}));
    let disconnect = b.rpc(conn, "order.cancel_on_disconnect", json!({"enabled": true}));
    let check = |documented: &Value, ours: &Value| {
        for part in ["", "/result", "/error"] {
            let (theirs, ours) = (documented.pointer(part), ours.pointer(part).cloned().unwrap_or_default());
            for member in theirs.map(members).into_iter().flatten() {
                assert!(members(&ours).contains(&member), "{part} {member}: {documented} {ours}");
            }
        }
    };
    check(&control["auth_reply"], &login);
    check(&control["subscribe_reply_2026"], &subscribed);
    check(&control["subscribe_error_invalid_channel"], &refused);
    assert_eq!(suffixed["error"], control["subscribe_error_deltas_with_params_2026_fields_only"]);
    check(&control["method_not_found_doc"], &unknown);
    assert_eq!(unknown["error"], control["method_not_found_doc"]["error"]);
    for (i, ours) in [created, canceled, batch, all, disconnect].iter().enumerate() {
        check(&entry["replies"][i], ours);
    }
}
