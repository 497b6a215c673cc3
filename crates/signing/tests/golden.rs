//! The golden vectors of both venues through the public interface, as a venue crate uses it. `cargo xtask vectors` checks every field of the
//! same files; here it is the numbers that reach the wire.

use serde_json::Value;
use signing::abi::{self, Value as Arg};
use signing::eip712;
use signing::snip12::{Domain, StructHasher, TypedMessage, felt_of_text};
use signing::{EvmKey, EvmSignature, Felt, SanitizedValue, StarkKey, evm_key};

fn file(name: &str) -> Value {
    let path = format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).expect("a golden file")).expect("JSON")
}

fn entries<'a>(file: &'a Value, section: &str) -> impl Iterator<Item = &'a Value> {
    file[section].as_array().expect("a list").iter()
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn felt(value: &Value) -> Felt {
    Felt::from_hex(text(value)).expect("a felt")
}

#[test]
fn starknet_messages_get_the_hash_and_both_signatures_of_the_venue_sdk() {
    let file = file("paradex.json");
    let mut count = 0;
    for entry in entries(&file, "vectors").filter(|entry| entry.get("typed_data").is_some()) {
        let (id, data, expected) = (text(&entry["id"]), &entry["typed_data"], &entry["expected"]);
        let primary = text(&data["primaryType"]);
        let members: Vec<&str> = data["types"][primary].as_array().expect("members").iter().map(|m| text(&m["name"])).collect();
        let type_text = format!("{primary}({}:felt)", members.join(":felt,"));
        let mut chain = StructHasher::new(&type_text).begin();
        for member in members {
            chain = match &data["message"][member] {
                Value::String(text) => chain.with(&felt_of_text(text).expect("fits")),
                number => chain.with_u64(number.as_u64().expect("whole")),
            };
        }
        let domain = Domain { name: "Paradex", chain_id: text(&entry["chain_id"]), version: "1" };
        let message = TypedMessage::new(&domain.hash().expect("short"), &felt(&entry["account_address"]));
        let hash = message.hash(&chain.finish());
        assert_eq!(hash, felt(&expected["message_hash"]), "{id}");

        let key = StarkKey::from_hex(&SanitizedValue::from(text(&entry["l2_private_key"]))).expect("a key");
        assert_eq!(key.public_key(), felt(&entry["l2_public_key"]), "{id}");
        let signature = key.sign(&hash).expect("in bounds");
        assert_eq!(signature.to_wire(), text(&expected["signature_wire"]), "{id}");
        let plain = key.sign_without_entropy(&hash).expect("in bounds");
        assert_eq!(plain.to_wire(), text(&expected["also_valid_signature_rfc6979_without_extra_entropy"]["wire"]), "{id}");
        assert!(signature.verifies(&key.public_key(), &hash) && plain.verifies(&key.public_key(), &hash), "{id}");
        count += 1;
    }
    assert_eq!(count, 19);
}

#[test]
fn ethereum_requests_get_the_bytes_and_signatures_that_three_libraries_agree_on() {
    let file = file("vest.json");
    let (mut count, mut buffer) = (0, Vec::new());
    for entry in entries(&file, "cases").filter(|entry| text(&entry["kind"]).starts_with("order_")) {
        let (id, inputs) = (text(&entry["id"]), &entry["inputs"]);
        let names: &[&str] = match text(&entry["kind"]) {
            "order_cancel" => &["time", "nonce", "id"],
            _ => &["time", "nonce", "orderType", "symbol", "isBuy", "size", "limitPrice", "reduceOnly"],
        };
        let values: Vec<Arg<'_>> = names
            .iter()
            .map(|name| match &inputs[*name] {
                Value::String(text) => Arg::Text(text),
                Value::Bool(flag) => Arg::Bool(*flag),
                number => Arg::U64(number.as_u64().expect("whole")),
            })
            .collect();
        let types: Vec<&str> = values.iter().map(Arg::type_name).collect();
        assert_eq!(types, entry["abi_types"].as_array().expect("types").iter().map(text).collect::<Vec<_>>(), "{id}");
        buffer.clear();
        abi::encode(&values, &mut buffer);
        assert_eq!(format!("0x{}", hex::encode(&buffer)), text(&entry["encoded"]), "{id}");

        let key = EvmKey::from_hex(&SanitizedValue::from(text(&entry["signing_private_key"]))).expect("a key");
        let digest = eip712::personal_digest(&eip712::keccak256(&buffer));
        let signature = key.sign_digest(&digest);
        assert_eq!(signature.to_hex(), text(&entry["signature"]["hex"]), "{id}");
        assert_eq!(evm_key::recover(&digest, &signature).expect("a signer").to_string(), text(&entry["signer_address"]), "{id}");
        count += 1;
    }
    assert_eq!(count, 23);
}

#[test]
fn a_signature_of_an_altered_order_recovers_to_somebody_else() {
    let file = file("vest.json");
    let original = entries(&file, "cases").find(|entry| entry["id"] == "limit-long-btc").expect("the order");
    let signature = EvmSignature::from_hex(text(&original["signature"]["hex"])).expect("a signature");
    let mut count = 0;
    for entry in entries(&file, "negative_cases").filter(|entry| entry.get("digest").is_some()) {
        let mut digest = [0u8; 32];
        hex::decode_to_slice(&text(&entry["digest"])[2..], &mut digest).expect("hex");
        let recovered = evm_key::recover(&digest, &signature).expect("some key").to_string();
        assert_eq!(recovered, text(&entry["recovers_to"]));
        assert_ne!(recovered, text(&original["signer_address"]));
        count += 1;
    }
    assert_eq!(count, 5);
}
