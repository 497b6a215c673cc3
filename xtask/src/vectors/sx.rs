//! The SX Bet form. What the client sends, signs and computes today is rebuilt with the client's own code; of the order book that
//! stopped in August 2026 (`legacy`) only what is signed and two requests are rebuilt here, to recognise old material.

mod exchange;

use super::compare::{self, text};
use super::evm::{self, Typed, hex0x, request};
use super::report::{Outcome, Row};
use anyhow::{Context, bail};
use domain::TimeInForce;
use serde_json::{Map, Value, json};
use signing::SanitizedValue;
use signing::ed25519::{RequestSigner, request_bytes};
use signing::eip712::{self, Address, U256};
use sx_client::call::{self, Call, Posting, Wait};
use sx_client::sign::{OrderArgs, order_id, separator, sign};

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
const GIVEN_ED25519: &[&str] = &["id", "kind", "note", "timestamp", "method", "path", "body", "secretSeedHex"];

pub(super) fn check(document: &Map<String, Value>) -> Vec<Row> {
    let mut rows: Vec<Row> = super::elements(document, "signed")
        .into_iter()
        .map(|(id, entry)| {
            let outcome = if entry.get("packedTypes").is_some() {
                compare::outcome(entry, packed(entry), GIVEN, "packed bytes, digest, signature; of the body what is signed")
            } else if entry["kind"] == "v3_order" {
                compare::outcome(
                    entry,
                    v3_order(entry),
                    GIVEN,
                    "type, hashes, digest, signature; the whole request by the client",
                )
            } else if entry["kind"] == "ed25519_request" {
                compare::outcome(entry, ed25519(entry), GIVEN_ED25519, "public key, signed bytes, signature in both forms")
            } else if entry.get("types").is_some() {
                compare::outcome(entry, typed(entry), GIVEN, "type, hashes, digest, signature; of the body what is signed")
            } else {
                Outcome::Unsupported(format!("no kind {} is known here", entry["kind"]))
            };
            Row::new("signed", &id, outcome)
        })
        .collect();
    rows.extend(exchange::check(document));
    rows.extend(super::unknown_sections(document, KNOWN));
    rows
}

/// Signer, signature and request, which both legacy kinds have.
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
    Ok(rebuilt)
}

/// An order of today: typed data by the file's own description, and beside it digest, signature and request by the client.
fn v3_order(entry: &Value) -> anyhow::Result<Value> {
    let mut rebuilt = typed(entry)?;
    let (domain, message) = (&entry["domain"], &entry["message"]);
    let number = |field: &str| text(message, field)?.parse::<U256>().with_context(|| format!("{field} is no number"));
    let order = OrderArgs {
        market: text(message, "marketHash")?.parse().context("marketHash")?,
        base_token: text(message, "baseToken")?.parse().context("baseToken")?,
        stake: number("totalBetSize")?.try_into().context("totalBetSize")?,
        percentage_odds: number("percentageOdds")?.try_into().context("percentageOdds")?,
        salt: number("salt")?.to_be_bytes(),
        expiry: number("expiry")?.try_into().context("expiry")?,
        maker: text(message, "maker")?.parse().context("maker")?,
        outcome_one: message["isMakerBettingOutcomeOne"].as_bool().context("isMakerBettingOutcomeOne")?,
    };
    let contract: Address = text(domain, "verifyingContract")?.parse().context("verifyingContract")?;
    let chain_id = domain["chainId"].as_u64().context("chainId")?;
    let separator = separator(text(domain, "name")?, text(domain, "version")?, chain_id, contract);
    let id = order_id(&order, &separator);
    let signature = sign(&id, &evm::key(text(entry, "privateKey")?)?);
    rebuilt["domainSeparator"] = hex0x(separator).into();
    rebuilt["digest"] = hex0x(id).into();
    rebuilt["expected_orderId"] = hex0x(id).into();
    rebuilt["signature"] = signature.to_hex().into();
    // What is not signed cannot follow from the message: how long it lives, its label, how long to wait.
    let http = &entry["http"];
    let item = &http["body"]["orders"][0];
    let tif = match item["timeInForce"].as_str() {
        Some("GTC") => TimeInForce::Gtc,
        Some("IOC") => TimeInForce::Ioc,
        Some("FOK") => TimeInForce::Fok,
        other => bail!("the time in force {other:?} is not known"),
    };
    let wait = match (http["body"]["waitForOutcome"].as_bool(), http["body"]["maxWaitTime"].as_u64()) {
        (Some(true), Some(ms)) => Wait::OutcomeMs(ms.try_into().context("maxWaitTime")?),
        (Some(true), None) => Wait::Outcome,
        _ => Wait::No,
    };
    let posting = Posting { tif, client_id: item["clientOrderId"].as_str(), wait };
    let call = call::place(&order, &signature, posting);
    let mut sent = sent(&call, http)?;
    sent["body"] = serde_json::from_str(&call.body).context("the client's body")?;
    rebuilt["http"] = sent;
    Ok(rebuilt)
}

/// A request of the client's as the file writes one; the key itself is the file's own.
fn sent(call: &Call, given: &Value) -> anyhow::Result<Value> {
    let mut headers = Map::new();
    if call.keyed {
        let key = given["headers"].get(call::KEY_HEADER).context("the request carries no key")?;
        headers.insert(call::KEY_HEADER.to_owned(), key.clone());
    }
    // The shell of a client says what a body is, and may say what it accepts.
    if !call.body.is_empty() {
        headers.insert("Content-Type".to_owned(), "application/json".into());
    }
    if let Some(accept) = given["headers"].get("Accept").filter(|accept| *accept == "application/json") {
        headers.insert("Accept".to_owned(), accept.clone());
    }
    let body = if call.body.is_empty() { Value::Null } else { call.body.clone().into() };
    Ok(json!({ "method": call.method.as_str(), "path": call.target, "headers": headers, "body": body }))
}

fn ed25519(entry: &Value) -> anyhow::Result<Value> {
    let signer = RequestSigner::from_hex(&SanitizedValue::from(text(entry, "secretSeedHex")?))?;
    let (timestamp, method, path) = (text(entry, "timestamp")?, text(entry, "method")?, text(entry, "path")?);
    let body = text(entry, "body")?.as_bytes();
    let message = request_bytes(timestamp, method, path, body);
    let signature = signer.sign(timestamp, method, path, body);
    Ok(json!({
        "publicKeyHex": hex::encode(signer.public_key()),
        "messageHex": hex::encode(&message),
        "messageLength": message.len(),
        "signatureHex": hex::encode(signature),
        "signatureBase64": signing::ed25519::base64(&signature),
    }))
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
