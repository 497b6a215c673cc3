//! What the three Ethereum forms share: keys, texts of bytes, typed data described in JSON.

use alloy_dyn_abi::TypedData;
use alloy_dyn_abi::eip712::{Eip712Types, Resolver};
use anyhow::Context;
use serde_json::{Value, json};
use signing::eip712::{self, Eip712Domain};
use signing::{EvmKey, EvmSignature, SanitizedValue};

/// A key from the text of a vector. The keys are made up and hold nothing.
pub(super) fn key(text: &str) -> anyhow::Result<EvmKey> {
    EvmKey::from_hex(&SanitizedValue::from(text)).context("the private key")
}

/// Bytes as `0x` text.
pub(super) fn hex0x(bytes: impl AsRef<[u8]>) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// What a struct of typed data in a file comes to.
pub(super) struct Typed {
    pub(super) encode_type: String,
    pub(super) type_hash: [u8; 32],
    pub(super) domain_separator: [u8; 32],
    pub(super) struct_hash: [u8; 32],
    pub(super) digest: [u8; 32],
}

impl Typed {
    /// From the four parts of typed data. The struct is encoded by a library, because its type is known only to the file; separator
    /// and digest are ours.
    pub(super) fn new(types: &Value, primary_type: &str, domain: &Value, message: &Value) -> anyhow::Result<Self> {
        let data = json!({ "types": types, "primaryType": primary_type, "domain": domain, "message": message });
        let data: TypedData = serde_json::from_value(data).context("the typed data")?;
        let domain: Eip712Domain = serde_json::from_value(domain.clone()).context("the domain")?;
        let encode_type = data.encode_type().context("the type")?;
        let struct_hash = data.hash_struct().context("the message")?.0;
        let domain_separator = eip712::domain_separator(&domain);
        Ok(Self {
            type_hash: eip712::keccak256(encode_type.as_bytes()),
            encode_type,
            digest: eip712::digest(&domain_separator, &struct_hash),
            domain_separator,
            struct_hash,
        })
    }
}

/// An HTTP request of a file with the parts that follow from the signed message set to what they must be: the signature, wherever the
/// body carries one, and every member that has the name of a signed one. The rest of the body is the file's own.
pub(super) fn request(given: &Value, signed: &[&Value], signature: &EvmSignature) -> Value {
    let mut members = Vec::new();
    for value in signed {
        collect(value, &mut members);
    }
    let mut request = given.clone();
    if let Some(body) = request.get_mut("body") {
        correct(body, &members, &signature.to_hex());
    }
    request
}

fn collect<'a>(value: &'a Value, members: &mut Vec<(&'a str, &'a Value)>) {
    match value {
        Value::Object(object) => {
            for (name, below) in object {
                if below.is_object() || below.is_array() { collect(below, members) } else { members.push((name, below)) }
            }
        }
        Value::Array(list) => list.iter().for_each(|below| collect(below, members)),
        _ => {}
    }
}

fn correct(body: &mut Value, members: &[(&str, &Value)], signature: &str) {
    match body {
        Value::Object(object) => {
            for (name, below) in object.iter_mut() {
                if below.is_object() || below.is_array() {
                    correct(below, members, signature);
                } else if matches!(
                    name.as_str(),
                    "signature" | "orderSignature" | "takerSig" | "bettorSignature" | "ownerSignature"
                ) {
                    *below = Value::from(signature);
                } else {
                    let mut same_name = members.iter().filter(|(member, _)| member == name).peekable();
                    if let Some((_, first)) = same_name.peek().copied()
                        && !same_name.any(|(_, member)| same(below, member))
                    {
                        *below = (*first).clone();
                    }
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|below| correct(below, members, signature)),
        _ => {}
    }
}

/// Equal as a venue reads them: a number may be written as a number, as decimal text or as 32 bytes of hex.
fn same(a: &Value, b: &Value) -> bool {
    let number = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.parse::<eip712::U256>().ok()
    };
    a == b || number(a).is_some_and(|a| Some(a) == number(b))
}

/// The type text of a struct, for the types of a file.
pub(super) fn encode_type(types: &Value, name: &str) -> anyhow::Result<String> {
    let types: Eip712Types = serde_json::from_value(types.clone()).context("the types")?;
    Resolver::from(types).encode_type(name).with_context(|| format!("the type {name}"))
}
