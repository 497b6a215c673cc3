//! The SX Bet form. No crate of this workspace trades there: of its sections, only what is signed with an Ethereum key can be checked.

use super::compare::{self, text};
use super::evm::{self, Typed, hex0x, request};
use super::report::{Outcome, Row};
use anyhow::{Context, bail};
use serde_json::{Map, Value, json};
use signing::eip712::{self, Address, U256};

const KNOWN: &[&str] = &["meta", "signed", "http", "realtime_frames", "arithmetic"];
const GIVEN: &[&str] = &[
    "id",
    "kind",
    "legacy",
    "network",
    "note",
    "privateKey",
    "domain",
    "primaryType",
    "types",
    "message",
    "packedTypes",
    "packedValues",
];

pub(super) fn check(document: &Map<String, Value>) -> Vec<Row> {
    let mut rows: Vec<Row> = super::elements(document, "signed")
        .into_iter()
        .map(|(id, entry)| {
            let outcome = if entry.get("packedTypes").is_some() {
                compare::outcome(entry, packed(entry), GIVEN, "packed bytes, digest, signature; of the body what is signed")
            } else if entry.get("types").is_some() {
                compare::outcome(entry, typed(entry), GIVEN, "type, hashes, digest, signature; of the body what is signed")
            } else {
                Outcome::Unsupported("no Ed25519 in this workspace".to_owned())
            };
            Row::new("signed", &id, outcome)
        })
        .collect();
    for section in ["http", "realtime_frames", "arithmetic"] {
        rows.extend(super::unsupported(document, section, "no crate of this workspace speaks to SX Bet"));
    }
    rows.extend(super::unknown_sections(document, KNOWN));
    rows
}

/// Signer, signature and request, which both kinds have.
fn signed(entry: &Value, digest: &[u8; 32], members: &[&Value]) -> anyhow::Result<Value> {
    let key = evm::key(text(entry, "privateKey")?)?;
    let signature = key.sign_digest(digest);
    let mut rebuilt = json!({
        "signer": key.address().to_string(),
        "signature": signature.to_hex(),
        "r": hex0x(signature.r),
        "s": hex0x(signature.s),
        "v": signature.v,
        "yParity": signature.v - 27,
    });
    if let Some(http) = entry.get("http") {
        rebuilt["http"] = request(http, members, &signature);
    }
    Ok(rebuilt)
}

fn typed(entry: &Value) -> anyhow::Result<Value> {
    let typed = Typed::new(&entry["types"], text(entry, "primaryType")?, &entry["domain"], &entry["message"])?;
    let mut rebuilt = signed(entry, &typed.digest, &[&entry["message"], &entry["domain"]])?;
    rebuilt["encodeType"] = typed.encode_type.into();
    rebuilt["typeHash"] = hex0x(typed.type_hash).into();
    rebuilt["domainSeparator"] = hex0x(typed.domain_separator).into();
    rebuilt["structHash"] = hex0x(typed.struct_hash).into();
    rebuilt["digest"] = hex0x(typed.digest).into();
    if entry["kind"] == "v3_order" {
        rebuilt["expected_orderId"] = hex0x(typed.digest).into();
    }
    Ok(rebuilt)
}

/// The oldest kind of order: the members packed without padding, signed as a personal message.
fn packed(entry: &Value) -> anyhow::Result<Value> {
    let (types, values) = (entry["packedTypes"].as_array(), entry["packedValues"].as_array());
    let (types, values) = types.zip(values).context("packedTypes and packedValues are lists")?;
    let mut packed = Vec::new();
    for (kind, value) in types.iter().zip(values) {
        let text = value.as_str().unwrap_or_default();
        match kind.as_str().unwrap_or_default() {
            "bytes32" => packed.extend(hex::decode(text.trim_start_matches("0x")).context("bytes32")?),
            "address" => packed.extend(text.parse::<Address>().context("address")?),
            "uint256" => packed.extend(text.parse::<U256>().context("uint256")?.to_be_bytes::<32>()),
            "bool" => packed.push(u8::from(value.as_bool().context("bool")?)),
            other => bail!("the packed type {other:?} is not known here"),
        }
    }
    let hash = eip712::keccak256(&packed);
    let digest = eip712::personal_digest(&hash);
    let mut rebuilt = signed(entry, &digest, &[])?;
    rebuilt["packed"] = hex0x(&packed).into();
    rebuilt["orderHash"] = hex0x(hash).into();
    rebuilt["personalSignDigest"] = hex0x(digest).into();
    Ok(rebuilt)
}
