//! Golden vectors of three independent implementations (`testdata/SOURCES.md`), byte for byte.

use super::*;
use serde_json::Value as Json;
use signing::EvmSignature;
use signing::evm_key::recover;

fn vectors() -> Json {
    serde_json::from_str(include_str!("../../testdata/vectors.json")).expect("JSON")
}

fn text<'a>(value: &'a Json, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("{key} in {value}"))
}

fn signer(value: &Json, key: &str) -> Signer {
    Signer::new(&SanitizedValue::new(text(value, key)), "signing").expect("a key")
}

fn args(inputs: &Json) -> OrderArgs<'_> {
    OrderArgs {
        time: inputs["time"].as_u64().expect("time"),
        nonce: inputs["nonce"].as_u64().expect("nonce"),
        order_type: text(inputs, "orderType"),
        symbol: text(inputs, "symbol"),
        is_buy: inputs["isBuy"].as_bool().expect("side"),
        size: text(inputs, "size"),
        limit_price: text(inputs, "limitPrice"),
        reduce_only: inputs["reduceOnly"].as_bool().expect("flag"),
    }
}

fn digest_of(args_hash: &str) -> [u8; 32] {
    let mut hash = [0u8; 32];
    hex::decode_to_slice(&args_hash[2..], &mut hash).expect("hex");
    personal_digest(&hash)
}

#[test]
fn every_order_and_cancel_vector_is_signed_byte_for_byte() {
    let all = vectors();
    let mut seen = 0;
    for case in all["cases"].as_array().expect("cases") {
        let inputs = &case["inputs"];
        let signed = match text(case, "kind") {
            "order_create" | "order_tp_child" | "order_sl_child" => signer(case, "signing_private_key").order(&args(inputs)),
            "order_cancel" => signer(case, "signing_private_key").cancel(
                inputs["time"].as_u64().expect("time"),
                inputs["nonce"].as_u64().expect("nonce"),
                text(inputs, "id"),
            ),
            // A taker bot neither provides liquidity nor withdraws.
            "lp_order" | "transfer_withdraw" | "register" => continue,
            other => panic!("{other}"),
        };
        assert_eq!(signed.args_hash, text(case, "args_hash"), "{}", case["id"]);
        assert_eq!(signed.signature, text(&case["signature"], "hex"), "{}", case["id"]);
        seen += 1;
    }
    assert_eq!(seen, 23);
}

#[test]
fn every_registration_vector_is_proven_byte_for_byte() {
    let all = vectors();
    let mut seen = 0;
    for case in all["cases"].as_array().expect("cases").iter().filter(|c| c["kind"] == "register") {
        let body = &case["request_body"];
        let primary = signer(case, "primary_private_key");
        let contract = parse_address(text(&case["inputs"]["domain"], "verifyingContract")).expect("an address");
        let expiry = body["expiryTime"].as_u64().expect("expiry");
        assert_eq!(format!("0x{}", hex::encode(separator(contract))), text(case, "domain_separator"));
        let approved = parse_address(text(body, "signingAddr")).expect("an address");
        assert_eq!(primary.address_text(), text(body, "primaryAddr"));
        assert_eq!(primary.proof(contract, approved, expiry), text(body, "signature"), "{}", case["id"]);
        seen += 1;
    }
    assert_eq!(seen, 3);
}

#[test]
fn a_signature_of_other_text_or_of_another_form_does_not_recover_our_address() {
    let all = vectors();
    let find = |id: &str| all["cases"].as_array().expect("cases").iter().find(|c| c["id"] == id).expect("named").clone();
    let cases = all["negative_cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 7);
    for case in cases {
        let original = find("limit-long-btc");
        let ours = signer(&original, "signing_private_key").order(&args(&case["inputs"]));
        let digest = digest_of(&ours.args_hash);
        let theirs = match case["signature_of"].as_str() {
            Some(id) => text(&find(id)["signature"], "hex").to_owned(),
            None => text(case, "signature").to_owned(),
        };
        let signature = EvmSignature::from_hex(&theirs).expect("well formed");
        let address = recover(&digest, &signature).map(|a| a.to_string());
        assert_ne!(address.as_deref(), Ok(text(case, "expected_signer")), "{}", case["id"]);
        if let Some(expect) = case["recovers_to"].as_str() {
            assert_eq!(address.as_deref(), Ok(expect), "{}", case["id"]);
        }
        assert_ne!(ours.signature, theirs, "{}", case["id"]);
    }
}

#[test]
fn a_signature_made_by_another_live_client_recovers_its_address() {
    let all = vectors();
    for case in all["external_cases"].as_array().expect("cases") {
        let hash = signer(&all["cases"][3], "signing_private_key").order(&args(&case["inputs"])).args_hash;
        assert_eq!(hash, text(case, "args_hash"));
        let signature = EvmSignature::from_hex(text(case, "signature")).expect("well formed");
        assert_eq!(recover(&digest_of(&hash), &signature).map(|a| a.to_string()).as_deref(), Ok(text(case, "recovers_to")));
    }
}

#[test]
fn a_key_that_does_not_read_is_refused_without_being_repeated() {
    fn check(key: &str) {
        let error = Signer::new(&SanitizedValue::new(key), "signing").expect_err("refused");
        let shown = format!("{error} {error:?}");
        assert!(key.len() < 8 || !shown.contains(key), "{shown}");
    }
    check("");
    check("0x12");
    check(&"0".repeat(64));
    check(&"f".repeat(64));
    check(&"zz".repeat(32));
}
