//! The Paradex form: one list `vectors` of derivations, onboardings, log-ins, orders and modifications
//! (venues/paradex.md sections 2 and 3).

use super::compare::{self, number, text};
use super::evm::{self, hex0x};
use super::report::{Outcome, Row};
use anyhow::{Context, anyhow, bail};
use serde_json::{Map, Value, json};
use signing::snip12::{self, Domain, StructHasher, TypedMessage, felt_of_text};
use signing::stark_account::{self, account_address};
use signing::{EvmKey, Felt, SanitizedValue, StarkKey, StarkSignature, eip712};
use std::collections::BTreeMap;

const KNOWN: &[&str] = &["schema_version", "venue", "how_it_was_made", "constants", "vectors"];

/// What a derivation brings along; the rest of it is computed.
const GIVEN_DERIVATION: &[&str] = &[
    "id",
    "name",
    "kind",
    "note",
    "environment",
    "inputs.l1_private_key",
    "inputs.paraclear_account_proxy_hash",
    "inputs.paraclear_account_hash",
];
/// What a signed message brings along.
const GIVEN_MESSAGE: &[&str] =
    &["id", "name", "kind", "note", "environment", "account_address", "l2_private_key", "inputs", "sdk_request_body_warning"];

/// Environment, Starknet chain, L1 chain (venues/paradex.md section 1).
const ENVIRONMENTS: [(&str, &str, u64); 3] = [
    ("prod", "PRIVATE_SN_PARACLEAR_MAINNET", 1),
    ("testnet", "PRIVATE_SN_POTC_SEPOLIA", 11_155_111),
    ("nightly", "PRIVATE_SN_POTC_MOCK_SEPOLIA", 11_155_111),
];

/// What some entries need from others: the wallet behind a derived account, which an onboarding names in a header. Computed from the
/// inputs of the derivations, so that a wrong expectation of one entry spoils no other.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wallets(BTreeMap<String, String>);

impl Wallets {
    pub(super) fn of(document: &Map<String, Value>) -> Self {
        let derivations = super::elements(document, "vectors");
        Self(derivations.into_iter().filter_map(|(_, entry)| Derived::of(entry).ok().map(|d| (d.account, d.wallet))).collect())
    }
}

pub(super) fn check(document: &Map<String, Value>) -> Vec<Row> {
    let wallets = Wallets::of(document);
    let mut rows: Vec<Row> = super::elements(document, "vectors")
        .into_iter()
        .map(|(id, entry)| Row::new("vectors", &id, check_entry(entry, &wallets)))
        .collect();
    rows.extend(check_constants(document.get("constants")));
    rows.extend(super::unknown_sections(document, KNOWN));
    rows
}

/// The constants are no entries: they get a row only when they are wrong.
fn check_constants(constants: Option<&Value>) -> Option<Row> {
    let constants = constants?;
    let rebuilt = json!({
        "starknet_domain_type": snip12::DOMAIN_TYPE,
        "curve_order_n": "0x800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2f",
    });
    let outcome = compare::outcome(constants, Ok(rebuilt), &["labels_for_made_up_l1_keys"], "");
    (!matches!(outcome, Outcome::Passed(_))).then(|| Row::new("constants", "-", outcome))
}

/// Checks one entry.
pub(super) fn check_entry(entry: &Value, wallets: &Wallets) -> Outcome {
    let kind = entry.get("kind").and_then(Value::as_str).unwrap_or_default();
    match kind {
        "l1_to_l2_derivation" => {
            compare::outcome(entry, derivation(entry), given(kind), "L1 digest and signature, key, public key, address")
        }
        "onboarding" | "auth" | "order" | "modify_order" => {
            compare::outcome(entry, message(entry, kind, wallets), given(kind), "hashes, both signatures, wire form")
        }
        _ => Outcome::Unsupported(format!("kind {kind:?}")),
    }
}

/// The paths an entry of a kind brings along.
pub(super) fn given(kind: &str) -> &'static [&'static str] {
    if kind == "l1_to_l2_derivation" { GIVEN_DERIVATION } else { GIVEN_MESSAGE }
}

fn environment(entry: &Value) -> anyhow::Result<(&'static str, u64)> {
    let name = text(entry, "environment")?;
    let found = ENVIRONMENTS.iter().find(|(known, _, _)| *known == name);
    found.map(|(_, chain, l1)| (*chain, *l1)).ok_or_else(|| anyhow!("there is no environment {name:?}"))
}

fn felt(entry: &Value, field: &str) -> anyhow::Result<Felt> {
    Felt::from_hex(text(entry, field)?).map_err(|_| anyhow!("{field} is not a felt"))
}

fn hex_felt(felt: &Felt) -> String {
    format!("{felt:#x}")
}

/// A wallet and the account that follows from it.
struct Derived {
    l1_key: EvmKey,
    wallet: String,
    stark_key: StarkKey,
    account: String,
}

impl Derived {
    fn of(entry: &Value) -> anyhow::Result<Self> {
        let inputs = entry.get("inputs").context("no inputs")?;
        let l1_key = evm::key(text(inputs, "l1_private_key")?)?;
        let stark_key = stark_account::derive_key(&l1_key, environment(entry)?.1)?;
        let (proxy, class) = (felt(inputs, "paraclear_account_proxy_hash")?, felt(inputs, "paraclear_account_hash")?);
        let account = hex_felt(&account_address(&stark_key.public_key(), &proxy, &class));
        Ok(Self { wallet: l1_key.address().to_string(), account, l1_key, stark_key })
    }
}

fn derivation(entry: &Value) -> anyhow::Result<Value> {
    let (chain, l1_chain) = environment(entry)?;
    let derived = Derived::of(entry)?;
    let digest = stark_account::derivation_digest(l1_chain);
    let signature = derived.l1_key.sign_digest(&digest);
    let seed = stark_account::seed_of_signature(&signature);
    let (key, index) = stark_account::grind(seed)?;
    let (other_key, _) = stark_account::grind(&signature.r)?;
    let private = |key: &StarkKey| key.to_hex().expose_secret().to_owned();
    if key.public_key() != derived.stark_key.public_key() {
        bail!("the two ways to the key disagree");
    }
    Ok(json!({
        "chain_id": chain,
        "l1_chain_id": l1_chain,
        "inputs": {
            "l1_address": derived.wallet,
            "eip712_message": {
                "message": { "action": "STARK Key" },
                "domain": { "name": "Paradex", "chainId": l1_chain, "version": "1" },
                "primaryType": "Constant",
                "types": {
                    "EIP712Domain": [
                        { "name": "name", "type": "string" },
                        { "name": "version", "type": "string" },
                        { "name": "chainId", "type": "uint256" },
                    ],
                    "Constant": [{ "name": "action", "type": "string" }],
                },
            },
        },
        "expected": {
            "eip712_domain_separator": hex0x(eip712::domain_separator(&stark_account::derivation_domain(l1_chain))),
            "eip712_struct_hash": hex0x(stark_account::derivation_struct_hash()),
            "eip712_digest": hex0x(digest),
            "l1_signature": signature.to_hex(),
            "l1_signature_r": hex0x(signature.r),
            "grind_key_seed_hex_without_leading_zero_bytes": hex::encode(seed),
            "grind_iterations_needed": index,
            "l2_private_key": private(&key),
            "l2_public_key": hex_felt(&key.public_key()),
            "account_address": derived.account,
            "alternative_grind_over_full_32_byte_r": private(&other_key),
            "alternative_differs": private(&other_key) != private(&key),
        },
    }))
}

/// The members of a message in signed order, as typed data carries them.
struct Members {
    primary: &'static str,
    /// Name, value as the typed data has it.
    list: Vec<(&'static str, Value)>,
}

impl Members {
    fn of(kind: &str, inputs: &Value) -> anyhow::Result<Self> {
        Ok(match kind {
            "onboarding" => Self { primary: "Constant", list: vec![("action", text(inputs, "action")?.into())] },
            "auth" => Self {
                primary: "Request",
                list: vec![
                    ("method", text(inputs, "method")?.into()),
                    ("path", text(inputs, "path")?.into()),
                    ("body", text(inputs, "body")?.into()),
                    ("timestamp", number(inputs, "timestamp_s")?.into()),
                    ("expiration", number(inputs, "expiration_s")?.into()),
                ],
            },
            _ => Self::of_order(kind, inputs)?,
        })
    }

    fn of_order(kind: &str, inputs: &Value) -> anyhow::Result<Self> {
        let side = match text(inputs, "side")? {
            "BUY" => "1",
            "SELL" => "2",
            other => bail!("there is no side {other:?}"),
        };
        // An order without a limit price signs the price zero.
        let price = if inputs["price"].is_null() { "0" } else { text(inputs, "price")? };
        let mut list = vec![
            ("timestamp", Value::from(number(inputs, "signature_timestamp_ms")?.to_string())),
            ("market", text(inputs, "market")?.into()),
            ("side", side.into()),
            ("orderType", text(inputs, "type")?.into()),
            ("size", quantums(text(inputs, "size")?)?.into()),
            ("price", quantums(price)?.into()),
        ];
        if kind == "order" {
            return Ok(Self { primary: "Order", list });
        }
        list.push(("id", text(inputs, "order_id")?.into()));
        Ok(Self { primary: "ModifyOrder", list })
    }

    fn type_text(&self) -> String {
        let members: Vec<String> = self.list.iter().map(|(name, _)| format!("{name}:felt")).collect();
        format!("{}({})", self.primary, members.join(","))
    }

    fn struct_hash(&self, hasher: &StructHasher) -> anyhow::Result<Felt> {
        let mut chain = hasher.begin();
        for (name, value) in &self.list {
            chain = match value {
                Value::String(text) => chain.with(&felt_of_text(text).with_context(|| format!("the member {name}"))?),
                value => chain.with_u64(value.as_u64().with_context(|| format!("the member {name}"))?),
            };
        }
        Ok(chain.finish())
    }

    fn typed_data(&self, chain_felt: &Felt) -> Value {
        let felts = |names: &[&str]| names.iter().map(|name| json!({ "name": name, "type": "felt" })).collect::<Vec<_>>();
        let names: Vec<&str> = self.list.iter().map(|(name, _)| *name).collect();
        let message: Map<String, Value> = self.list.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let mut types = Map::new();
        types.insert("StarkNetDomain".to_owned(), felts(&["name", "chainId", "version"]).into());
        types.insert(self.primary.to_owned(), felts(&names).into());
        json!({
            "message": message,
            "domain": { "name": "Paradex", "chainId": hex_felt(chain_felt), "version": "1" },
            "primaryType": self.primary,
            "types": types,
        })
    }

    fn get(&self, name: &str) -> Value {
        self.list.iter().find(|(known, _)| *known == name).map_or(Value::Null, |(_, value)| value.clone())
    }
}

fn message(entry: &Value, kind: &str, wallets: &Wallets) -> anyhow::Result<Value> {
    let (chain, _) = environment(entry)?;
    let inputs = entry.get("inputs").context("no inputs")?;
    let account = felt(entry, "account_address")?;
    let key = StarkKey::from_hex(&SanitizedValue::from(text(entry, "l2_private_key")?))?;
    let chain_felt = snip12::short_string(chain)?;
    let domain_hash = Domain { name: "Paradex", chain_id: chain, version: "1" }.hash()?;
    let members = Members::of(kind, inputs)?;
    let hasher = StructHasher::new(&members.type_text());
    let struct_hash = members.struct_hash(&hasher)?;
    let message_hash = TypedMessage::new(&domain_hash, &account).hash(&struct_hash);
    let signature = key.sign(&message_hash)?;
    let plain = key.sign_without_entropy(&message_hash)?;
    let mut expected = json!({
        "domain_separator_hash": hex_felt(&domain_hash),
        "primary_type_hash": hex_felt(&hasher.type_hash()),
        "struct_hash": hex_felt(&struct_hash),
        "message_hash": hex_felt(&message_hash),
        "signature_r": hex_felt(&signature.r),
        "signature_s": hex_felt(&signature.s),
        "signature_wire": signature.to_wire(),
        "also_valid_signature_rfc6979_without_extra_entropy": {
            "r": hex_felt(&plain.r),
            "s": hex_felt(&plain.s),
            "wire": plain.to_wire(),
        },
    });
    let mut rebuilt = json!({
        "chain_id": chain,
        "chain_id_felt_hex": hex_felt(&chain_felt),
        "l2_public_key": hex_felt(&key.public_key()),
        "typed_data": members.typed_data(&chain_felt),
    });
    match kind {
        "onboarding" => {
            expected["headers"] = onboarding_headers(entry, &account, &signature, wallets);
            expected["body"] = json!({ "public_key": hex_felt(&key.public_key()) });
        }
        "auth" => {
            expected["headers"] = json!({
                "PARADEX-STARKNET-ACCOUNT": hex_felt(&account),
                "PARADEX-STARKNET-SIGNATURE": signature.to_wire(),
                "PARADEX-TIMESTAMP": number(inputs, "timestamp_s")?.to_string(),
                "PARADEX-SIGNATURE-EXPIRATION": number(inputs, "expiration_s")?.to_string(),
            });
        }
        _ => {
            expected["size_quantums"] = members.get("size");
            expected["price_quantums"] = members.get("price");
            expected["side_felt"] = members.get("side");
            rebuilt["sdk_request_body"] = request_body(inputs, &signature)?;
        }
    }
    rebuilt["expected"] = expected;
    Ok(rebuilt)
}

/// The wallet in the header follows from the derivation of the account, when the file has one; without it, any address with a correct
/// checksum is taken.
fn onboarding_headers(entry: &Value, account: &Felt, signature: &StarkSignature, wallets: &Wallets) -> Value {
    let stated = &entry["expected"]["headers"]["PARADEX-ETHEREUM-ACCOUNT"];
    let wallet = wallets.0.get(&hex_felt(account)).cloned().or_else(|| {
        let stated = stated.as_str()?;
        stated.parse::<eip712::Address>().ok().map(|address| address.to_string())
    });
    json!({
        "PARADEX-ETHEREUM-ACCOUNT": wallet,
        "PARADEX-STARKNET-ACCOUNT": hex_felt(account),
        "PARADEX-STARKNET-SIGNATURE": signature.to_wire(),
    })
}

/// The request as the SDK sends it: what is absent or empty in the inputs is left out or null as there.
fn request_body(inputs: &Value, signature: &StarkSignature) -> anyhow::Result<Value> {
    let mut body = json!({
        "market": inputs["market"],
        "side": inputs["side"],
        "type": inputs["type"],
        "size": sdk_decimal(text(inputs, "size")?)?,
        "client_id": inputs["client_id"],
        "instruction": inputs["instruction"],
        "signature": signature.to_wire(),
        "signature_timestamp": inputs["signature_timestamp_ms"],
        "recv_window": inputs["recv_window"],
        "stp": inputs["stp"],
    });
    for (name, input) in [("price", "price"), ("trigger_price", "trigger_price")] {
        if !inputs[input].is_null() {
            body[name] = sdk_decimal(text(inputs, input)?)?.into();
        }
    }
    if inputs["flags"].as_array().is_some_and(|flags| !flags.is_empty()) {
        body["flags"] = inputs["flags"].clone();
    }
    if !inputs["order_id"].is_null() {
        body["id"] = inputs["order_id"].clone();
    }
    Ok(body)
}

/// A decimal text as whole units of 1e-8, cut off toward zero (venues/paradex.md section 3.2).
fn quantums(decimal: &str) -> anyhow::Result<String> {
    let (whole, fraction) = digits(decimal)?;
    let mut fraction = fraction.to_owned();
    fraction.truncate(8);
    let all = format!("{whole}{fraction:0<8}");
    let trimmed = all.trim_start_matches('0');
    Ok(if trimmed.is_empty() { "0".to_owned() } else { trimmed.to_owned() })
}

/// A decimal text as the SDK writes it: below 1e-6 with an exponent, which a client should not copy.
fn sdk_decimal(decimal: &str) -> anyhow::Result<String> {
    let (whole, fraction) = digits(decimal)?;
    let zeros = fraction.len() - fraction.trim_start_matches('0').len();
    if !whole.bytes().all(|byte| byte == b'0') || zeros < 6 || zeros == fraction.len() {
        return Ok(decimal.to_owned());
    }
    let significant = &fraction[zeros..];
    let (first, rest) = significant.split_at(1);
    let point = if rest.is_empty() { "" } else { "." };
    Ok(format!("{first}{point}{rest}E-{}", zeros + 1))
}

fn digits(decimal: &str) -> anyhow::Result<(&str, &str)> {
    let (whole, fraction) = decimal.split_once('.').unwrap_or((decimal, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        bail!("{decimal:?} is not a plain decimal number");
    }
    Ok((whole, fraction))
}
