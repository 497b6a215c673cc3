//! The Vest form: `cases`, `negative_cases` and `external_cases` (venues/vest.md sections 6 and 7).

use super::compare::{self, number, text};
use super::evm::{self, hex0x};
use super::report::{Outcome, Row};
use anyhow::{Context, anyhow, bail};
use serde_json::{Map, Value, json};
use signing::abi::{self, Value as Arg};
use signing::eip712::{self, Address, Eip712Domain, SolStruct as _, U256, sol};
use signing::{EvmSignature, evm_key};
use std::collections::BTreeMap;

const KNOWN: &[&str] = &["meta", "cases", "negative_cases", "external_cases"];

/// What a registration brings along; the rest of it is computed.
pub(super) const GIVEN_REGISTER: &[&str] = &["id", "note", "kind", "inputs.domain", "inputs.message", "primary_private_key"];
/// What an order, a cancellation or a transfer brings along.
pub(super) const GIVEN_SIGNED: &[&str] = &["id", "note", "kind", "inputs", "signing_private_key", "request_body.recvWindow"];
/// What a signature that must be refused brings along.
pub(super) const GIVEN_NEGATIVE: &[&str] = &["id", "note", "inputs", "signature_of", "signature"];
/// What a foreign signature brings along.
pub(super) const GIVEN_EXTERNAL: &[&str] = &["note", "inputs", "signature"];

/// How the simulator and the venue answer a signature that does not fit.
const REFUSAL: &str = "reject INVALID_SIGNATURE (1022)";

sol! {
    /// The proof by which the primary key approves a signing key.
    struct SignerProof {
        address approvedSigner;
        uint256 signerExpiry;
    }
}

/// The arguments of each signed request, in order: name and ABI type.
fn arguments(kind: &str) -> Option<&'static [(&'static str, &'static str)]> {
    Some(match kind {
        "order_create" | "order_tp_child" | "order_sl_child" => &[
            ("time", "uint256"),
            ("nonce", "uint256"),
            ("orderType", "string"),
            ("symbol", "string"),
            ("isBuy", "bool"),
            ("size", "string"),
            ("limitPrice", "string"),
            ("reduceOnly", "bool"),
        ],
        "order_cancel" => &[("time", "uint256"), ("nonce", "uint256"), ("id", "string")],
        "lp_order" => &[("time", "uint256"), ("nonce", "uint256"), ("orderType", "string"), ("size", "string")],
        "transfer_withdraw" => &[
            ("time", "uint256"),
            ("nonce", "uint256"),
            ("isDeposit", "bool"),
            ("account", "address"),
            ("recipient", "address"),
            ("token", "address"),
            ("size", "uint256"),
            ("chainId", "uint256"),
        ],
        _ => return None,
    })
}

/// What some entries need from others: the inputs and the key of a signed case, for the entries that alter one. Expected values are not
/// among it, so that a wrong one spoils its own entry only.
#[derive(Debug, PartialEq)]
pub(super) struct Signed(BTreeMap<String, (Value, String)>);

impl Signed {
    pub(super) fn of(document: &Map<String, Value>) -> Self {
        let cases = super::elements(document, "cases").into_iter().filter_map(|(id, entry)| {
            let key = text(entry, "signing_private_key").ok()?.to_owned();
            (entry["kind"] == "order_create").then(|| (id, (entry["inputs"].clone(), key)))
        });
        Self(cases.collect())
    }
}

pub(super) fn check(document: &Map<String, Value>) -> Vec<Row> {
    let signed = Signed::of(document);
    let mut rows = Vec::new();
    for section in ["cases", "negative_cases", "external_cases"] {
        for (id, entry) in super::elements(document, section) {
            rows.push(Row::new(section, &id, check_entry(section, entry, &signed)));
        }
    }
    rows.extend(super::unknown_sections(document, KNOWN));
    rows
}

/// Checks one entry of a section.
pub(super) fn check_entry(section: &str, entry: &Value, signed: &Signed) -> Outcome {
    let given = given(section, entry);
    match (section, entry.get("kind").and_then(Value::as_str).unwrap_or_default()) {
        ("negative_cases", _) => compare::outcome(entry, negative(entry, signed), given, "refused: recovers to another address"),
        ("external_cases", _) => compare::outcome(entry, external(entry), given, "encoding, digest, recovered address"),
        (_, "register") => compare::outcome(entry, register(entry), given, "separator, struct, digest, signature, body"),
        (_, kind) => match arguments(kind) {
            Some(arguments) => {
                compare::outcome(entry, request(entry, kind, arguments), given, "encoding, digest, signature, body")
            }
            None => Outcome::Unsupported(format!("kind {kind:?}")),
        },
    }
}

/// The paths an entry brings along.
pub(super) fn given(section: &str, entry: &Value) -> &'static [&'static str] {
    match section {
        "negative_cases" => GIVEN_NEGATIVE,
        "external_cases" => GIVEN_EXTERNAL,
        _ if entry["kind"] == "register" => GIVEN_REGISTER,
        _ => GIVEN_SIGNED,
    }
}

fn address(value: &Value, field: &str) -> anyhow::Result<Address> {
    text(value, field)?.parse().map_err(|_| anyhow!("{field} is not an address"))
}

fn signature_object(signature: &EvmSignature) -> Value {
    json!({ "r": hex0x(signature.r), "s": hex0x(signature.s), "v": signature.v, "hex": signature.to_hex() })
}

fn register(entry: &Value) -> anyhow::Result<Value> {
    let inputs = entry.get("inputs").context("no inputs")?;
    let key = evm::key(text(entry, "primary_private_key")?)?;
    let domain: Eip712Domain = serde_json::from_value(inputs["domain"].clone()).context("the domain")?;
    let expiry = number(&inputs["message"], "signerExpiry")?;
    let proof = SignerProof { approvedSigner: address(&inputs["message"], "approvedSigner")?, signerExpiry: U256::from(expiry) };
    let separator = eip712::domain_separator(&domain);
    let struct_hash = proof.eip712_hash_struct().0;
    let digest = eip712::digest(&separator, &struct_hash);
    let signature = key.sign_digest(&digest);
    let domain_encoded = [domain.type_hash().as_slice(), &domain.encode_data()].concat();
    let struct_encoded = [proof.eip712_type_hash().as_slice(), &proof.eip712_encode_data()].concat();
    Ok(json!({
        "inputs": {
            "types": { "SignerProof": [
                { "name": "approvedSigner", "type": "address" },
                { "name": "signerExpiry", "type": "uint256" },
            ] },
            "primaryType": "SignerProof",
        },
        "signer_address": key.address().to_string(),
        "domain_type_hash": hex0x(domain.type_hash()),
        "domain_encoded": hex0x(domain_encoded),
        "domain_separator": hex0x(separator),
        "type_hash": hex0x(proof.eip712_type_hash()),
        "struct_encoded": hex0x(struct_encoded),
        "struct_hash": hex0x(struct_hash),
        "prefixed_message": hex0x(eip712::typed_preimage(&separator, &struct_hash)),
        "digest": hex0x(digest),
        "signature": signature_object(&signature),
        "request_body": {
            "signingAddr": hex0x(proof.approvedSigner),
            "primaryAddr": hex0x(key.address()),
            "signature": signature.to_hex(),
            "expiryTime": expiry,
            "networkType": 0,
        },
    }))
}

/// The hashes over a list of arguments.
struct Hashed {
    encoded: Vec<u8>,
    args_hash: [u8; 32],
    digest: [u8; 32],
}

impl Hashed {
    fn of(inputs: &Value, arguments: &[(&str, &str)]) -> anyhow::Result<Self> {
        if inputs.as_object().is_none_or(|inputs| inputs.len() != arguments.len()) {
            bail!("the inputs are not the {} arguments of this request", arguments.len());
        }
        let mut values = Vec::with_capacity(arguments.len());
        for (name, kind) in arguments {
            values.push(match *kind {
                "string" => Arg::Text(text(inputs, name)?),
                "bool" => Arg::Bool(inputs[*name].as_bool().with_context(|| format!("{name} is not true or false"))?),
                "address" => Arg::Address(address(inputs, name)?),
                _ if inputs[*name].is_string() => {
                    Arg::U256(text(inputs, name)?.parse().with_context(|| format!("{name} is not a number"))?)
                }
                _ => Arg::U64(number(inputs, name)?),
            });
        }
        let mut encoded = Vec::new();
        abi::encode(&values, &mut encoded);
        let args_hash = eip712::keccak256(&encoded);
        Ok(Self { encoded, args_hash, digest: eip712::personal_digest(&args_hash) })
    }
}

fn type_names(arguments: &[(&str, &str)]) -> Vec<String> {
    arguments.iter().map(|(_, kind)| (*kind).to_owned()).collect()
}

fn request(entry: &Value, kind: &str, arguments: &[(&str, &str)]) -> anyhow::Result<Value> {
    let inputs = entry.get("inputs").context("no inputs")?;
    let key = evm::key(text(entry, "signing_private_key")?)?;
    let hashed = Hashed::of(inputs, arguments)?;
    let signature = key.sign_digest(&hashed.digest);
    let mut rebuilt = json!({
        "signer_address": key.address().to_string(),
        "abi_types": type_names(arguments),
        "encoded": hex0x(&hashed.encoded),
        "encoded_len": hashed.encoded.len(),
        "args_hash": hex0x(hashed.args_hash),
        "prefixed_message": hex0x(eip712::personal_preimage(&hashed.args_hash)),
        "digest": hex0x(hashed.digest),
        "signature": signature_object(&signature),
    });
    if matches!(kind, "order_create" | "order_cancel" | "lp_order") {
        let mut order = inputs.clone();
        // The time in force is not signed: a LIMIT order has one of two, other orders none.
        if inputs["orderType"] == "LIMIT" {
            let stated = &entry["request_body"]["order"]["timeInForce"];
            order["timeInForce"] = if *stated == "FOK" { stated.clone() } else { "GTC".into() };
        }
        let window = entry["request_body"]["recvWindow"].as_u64().filter(|window| (1..=60_000).contains(window));
        window.context("recvWindow is not between 1 and 60000 ms")?;
        rebuilt["request_body"] = json!({ "order": order, "signature": signature.to_hex() });
    }
    Ok(rebuilt)
}

fn negative(entry: &Value, signed: &Signed) -> anyhow::Result<Value> {
    let arguments = arguments("order_create").context("orders have arguments")?;
    let inputs = entry.get("inputs").context("no inputs")?;
    let hashed = Hashed::of(inputs, arguments)?;
    if entry.get("signature").is_some() {
        return wrong_scheme(entry, &hashed);
    }
    let of = text(entry, "signature_of")?;
    let (original, key) = signed.0.get(of).with_context(|| format!("there is no order {of:?} in this file"))?;
    let key = evm::key(key)?;
    let signature = key.sign_digest(&Hashed::of(original, arguments)?.digest);
    let recovered = evm_key::recover(&hashed.digest, &signature)?;
    if recovered == key.address() {
        bail!("the signature is still valid, it must not be");
    }
    let changed: Vec<&str> =
        arguments.iter().map(|(name, _)| *name).filter(|name| inputs.get(name) != original.get(name)).collect();
    Ok(json!({
        "changed": changed.join(","),
        "digest": hex0x(hashed.digest),
        "recovers_to": recovered.to_string(),
        "expected_signer": key.address().to_string(),
        "expect": REFUSAL,
    }))
}

/// A signature by the right key over the wrong digest. It must not recover to the signer by the right one, and it must by the mistake
/// that the entry is named after.
fn wrong_scheme(entry: &Value, hashed: &Hashed) -> anyhow::Result<Value> {
    let signature = EvmSignature::from_hex(text(entry, "signature")?)?;
    let hex_text = hex0x(hashed.args_hash);
    let over_text = eip712::keccak256(format!("\x19Ethereum Signed Message:\n{}{hex_text}", hex_text.len()).as_bytes());
    let mistaken = match text(entry, "id")? {
        "no-personal-prefix" => hashed.args_hash,
        "hex-text-prefix" => over_text,
        id => bail!("what mistake {id:?} makes is not known here"),
    };
    let signer = evm_key::recover(&mistaken, &signature)?;
    if evm_key::recover(&hashed.digest, &signature) == Ok(signer) {
        bail!("the signature is valid, it must not be");
    }
    Ok(json!({ "expected_signer": signer.to_string(), "expect": REFUSAL }))
}

fn external(entry: &Value) -> anyhow::Result<Value> {
    let arguments = arguments("order_create").context("orders have arguments")?;
    let hashed = Hashed::of(entry.get("inputs").context("no inputs")?, arguments)?;
    let signature = EvmSignature::from_hex(text(entry, "signature")?)?;
    Ok(json!({
        "abi_types": type_names(arguments),
        "encoded": hex0x(&hashed.encoded),
        "args_hash": hex0x(hashed.args_hash),
        "digest": hex0x(hashed.digest),
        "recovers_to": evm_key::recover(&hashed.digest, &signature)?.to_string(),
    }))
}
