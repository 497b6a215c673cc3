//! The Azuro form. No crate of this workspace trades there: its typed data can be checked, its odds, calls and events cannot.

use super::compare::{self, text};
use super::evm::{self, Typed, hex0x, request};
use super::report::{Outcome, Row};
use anyhow::Context;
use serde_json::{Map, Value, json};
use signing::eip712;

const KNOWN: &[&str] = &[
    "meta",
    "eip712_types",
    "type_hashes",
    "eip712",
    "odds",
    "payout",
    "toolkit_calc_min_odds",
    "abi_calls",
    "event_logs",
    "revert_data",
];
const GIVEN: &[&str] = &["id", "kind", "note", "private_key", "domain", "primary_type", "message"];

pub(super) fn check(document: &Map<String, Value>) -> Vec<Row> {
    let types = &document["eip712_types"];
    let mut rows = Vec::new();
    for (name, entry) in document.get("type_hashes").and_then(Value::as_object).into_iter().flatten() {
        let outcome = compare::outcome(entry, type_hash(types, name), &[], "encoded type and its hash");
        rows.push(Row::new("type_hashes", name, outcome));
    }
    for (id, entry) in super::elements(document, "eip712") {
        let kind = entry["kind"].as_str().unwrap_or_default();
        let outcome = match types.get(kind) {
            Some(types) => {
                compare::outcome(entry, typed(entry, types), GIVEN, "hashes, digest, signature; of the body what is signed")
            }
            None => Outcome::Unsupported(format!("eip712_types has no kind {kind:?}")),
        };
        rows.push(Row::new("eip712", &id, outcome));
    }
    for section in ["odds", "payout", "toolkit_calc_min_odds", "abi_calls", "event_logs", "revert_data"] {
        rows.extend(super::unsupported(document, section, "no crate of this workspace speaks to Azuro"));
    }
    rows.extend(super::unknown_sections(document, KNOWN));
    rows
}

fn type_hash(types: &Value, name: &str) -> anyhow::Result<Value> {
    let all = types.as_object().into_iter().flatten().map(|(_, types)| types);
    let types = all.into_iter().find(|types| types.get(name).is_some()).with_context(|| format!("no type {name:?}"))?;
    let encoded = evm::encode_type(types, name)?;
    Ok(json!({ "type_hash": hex0x(eip712::keccak256(encoded.as_bytes())), "encode_type": encoded }))
}

fn typed(entry: &Value, types: &Value) -> anyhow::Result<Value> {
    let key = evm::key(text(entry, "private_key")?)?;
    let typed = Typed::new(types, text(entry, "primary_type")?, &entry["domain"], &entry["message"])?;
    let signature = key.sign_digest(&typed.digest);
    let mut rebuilt = json!({
        "address": key.address().to_string(),
        "domain_separator": hex0x(typed.domain_separator),
        "struct_hash": hex0x(typed.struct_hash),
        "digest": hex0x(typed.digest),
        "signature": signature.to_hex(),
        "http_request": request(&entry["http_request"], &[&entry["message"], &entry["domain"]], &signature),
    });
    let message = &entry["message"];
    if let Some(nonce) = message.get("nonce").or_else(|| message["bets"][0].get("nonce")).and_then(Value::as_str) {
        rebuilt["order_id"] = format!("{}_{nonce}", hex0x(key.address())).into();
    }
    Ok(rebuilt)
}
