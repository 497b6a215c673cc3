//! The Azuro form. Single bets, odds, payouts, calls, events and reverts are rebuilt by the client's own code; combos and
//! cash-outs, which it never sends, by a library of typed data.

use super::compare::{self, number, text};
use super::evm::{self, Typed, hex0x, request};
use super::report::{Outcome, Row};
use anyhow::{Context, anyhow, bail};
use azuro_client::amount::{self, ODDS_DECIMALS, ODDS_ONE};
use azuro_client::contracts::{self, Call, ChainEvent, Revert};
use azuro_client::environment::Environment;
use azuro_client::sign::{self, BetTerms, ORDER_TARGET, Sponsored};
use serde_json::{Map, Value, json};
use signing::eip712::{self, Address, U256};

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
    for section in ["eip712", "odds", "payout", "abi_calls", "event_logs", "revert_data"] {
        for (id, entry) in super::elements(document, section) {
            rows.push(Row::new(section, &id, check_entry(section, entry, types)));
        }
    }
    let cases = document.get("toolkit_calc_min_odds").and_then(|section| section["cases"].as_array());
    for (index, entry) in cases.into_iter().flatten().enumerate() {
        let section = "toolkit_calc_min_odds";
        rows.push(Row::new(section, &format!("#{}", index + 1), check_entry(section, entry, types)));
    }
    rows.extend(super::unknown_sections(document, KNOWN));
    rows
}

/// The paths an entry brings along.
pub(super) fn given(section: &str) -> &'static [&'static str] {
    match section {
        "eip712" => GIVEN,
        "odds" => &["decimal"],
        "payout" => &["amount_raw", "odds_1e12"],
        "abi_calls" => &["id", "note", "to", "signature", "args", "return_data", "return_types"],
        "event_logs" => &["id", "address", "topics", "data"],
        "revert_data" => &["error", "args"],
        _ => &["input"],
    }
}

/// Checks one entry of a section.
pub(super) fn check_entry(section: &str, entry: &Value, types: &Value) -> Outcome {
    let (rebuilt, detail) = match section {
        "eip712" => match entry["kind"].as_str().unwrap_or_default() {
            "single" => (single(entry), "the client's bet: hashes, digest, signature, order id and the whole request"),
            kind => match types.get(kind) {
                Some(types) => (typed(entry, types), "hashes, digest, signature; of the body what is signed"),
                None => return Outcome::Unsupported(format!("eip712_types has no kind {kind:?}")),
            },
        },
        "odds" => (odds(entry), "read, written back, and what a float would have made of it"),
        "payout" => (payout(entry), "rounded down"),
        "abi_calls" => (call(entry), "calldata, and the answer decoded"),
        "event_logs" => (event(entry), "name and members"),
        "revert_data" => (revert(entry), "written and read"),
        _ => (toolkit_min_odds(entry), "what the official helper makes of it; ours drops no digit"),
    };
    compare::outcome(entry, rebuilt, given(section), detail)
}

fn type_hash(types: &Value, name: &str) -> anyhow::Result<Value> {
    let all = types.as_object().into_iter().flatten().map(|(_, types)| types);
    let types = all.into_iter().find(|types| types.get(name).is_some()).with_context(|| format!("no type {name:?}"))?;
    let encoded = evm::encode_type(types, name)?;
    Ok(json!({ "type_hash": hex0x(eip712::keccak256(encoded.as_bytes())), "encode_type": encoded }))
}

fn address(text: &str) -> anyhow::Result<Address> {
    text.parse().map_err(|_| anyhow!("{text:?} is not an address"))
}

fn uint(value: &Value) -> anyhow::Result<U256> {
    let text = value.as_str().context("a number is not a text")?;
    U256::from_str_radix(text, 10).map_err(|_| anyhow!("{text:?} is not a number"))
}

fn small<T: TryFrom<U256>>(value: &Value, name: &str) -> anyhow::Result<T> {
    T::try_from(uint(value).context(name.to_owned())?).map_err(|_| anyhow!("{name} is too large"))
}

fn flag(value: &Value, name: &str) -> anyhow::Result<bool> {
    value[name].as_bool().with_context(|| format!("{name} is not true or false"))
}

fn bytes(text: &str) -> anyhow::Result<Vec<u8>> {
    hex::decode(text.strip_prefix("0x").context("no 0x")?).context("no bytes")
}

/// A single bet, made and signed by the client alone.
fn single(entry: &Value) -> anyhow::Result<Value> {
    let key = evm::key(text(entry, "private_key")?)?;
    let data = &entry["message"]["clientData"];
    let [bet] = entry["message"]["bets"].as_array().map(Vec::as_slice).unwrap_or_default() else {
        bail!("a single bet has one part");
    };
    let environment = Environment::of_chain(small(&data["chainId"], "chainId")?).context("no such chain")?;
    if data["core"] != environment.core.to_string() {
        bail!("core is not the one of {}", environment.name);
    }
    let terms = BetTerms {
        attention: text(data, "attention")?.to_owned(),
        affiliate: address(text(data, "affiliate")?)?,
        expires_at: small(&data["expiresAt"], "expiresAt")?,
        relayer_fee: small(&data["relayerFeeAmount"], "relayerFeeAmount")?,
        sponsored: Sponsored {
            fee: flag(data, "isFeeSponsored")?,
            bet: flag(data, "isBetSponsored")?,
            returnable: flag(data, "isSponsoredBetReturnable")?,
        },
        condition: sign::parse_condition(text(bet, "conditionId")?).context("conditionId")?,
        outcome: domain::Outcome(small(&bet["outcomeId"], "outcomeId")?),
        min_odds: small(&bet["minOdds"], "minOdds")?,
        amount: small(&bet["amount"], "amount")?,
        nonce: small(&bet["nonce"], "nonce")?,
    };
    let signed = sign::sign(&key, environment, &terms);
    Ok(json!({
        "address": key.address().to_string(),
        "domain_separator": hex0x(environment.separator()),
        "struct_hash": hex0x(signed.struct_hash),
        "digest": hex0x(signed.digest),
        "signature": signed.signature.to_hex(),
        "order_id": signed.order_id,
        "http_request": {
            "url": format!("{}{ORDER_TARGET}", environment.rest_base),
            "method": "POST",
            "body": serde_json::from_str::<Value>(&signed.body)?,
        },
    }))
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
    if let Some(nonce) = entry["message"].get("nonce").and_then(Value::as_str) {
        rebuilt["order_id"] = format!("{}_{nonce}", hex0x(key.address())).into();
    }
    Ok(rebuilt)
}

fn odds(entry: &Value) -> anyhow::Result<Value> {
    let decimal = text(entry, "decimal")?;
    let fixed = amount::parse_odds_e12(decimal)?;
    // What must not be done, recomputed to show that it differs.
    let naive = (decimal.parse::<f64>()? * ODDS_ONE as f64) as u64;
    Ok(json!({
        "fixed_1e12": fixed.to_string(),
        "back": amount::odds_text(fixed),
        "naive_f64_truncated": naive.to_string(),
    }))
}

fn payout(entry: &Value) -> anyhow::Result<Value> {
    let odds = small(&entry["odds_1e12"], "odds_1e12")?;
    let paid = amount::payout(small(&entry["amount_raw"], "amount_raw")?, odds).context("beyond 128 bits")?;
    Ok(json!({ "payout_raw_floor": paid.to_string() }))
}

const CENT: u128 = ODDS_ONE as u128 / 100;

/// Cuts to two digits, as the official helper does.
fn cut(e12: u128) -> u128 {
    e12 / CENT * CENT
}

/// The official helper, its mistake included: a single price with exactly one digit after the point loses it. The client's own
/// `minOdds` of the same price must keep it.
fn toolkit_min_odds(entry: &Value) -> anyhow::Result<Value> {
    let input = entry.get("input").context("no input")?;
    let slippage = if input.get("slippage").is_some() { u128::from(number(input, "slippage")?) } else { 0 };
    if slippage > 100 {
        bail!("slippage is more than 100 %");
    }
    let price = |value: &Value| amount::parse_odds_e12(&value.to_string()).context("odds");
    let one = u128::from(ODDS_ONE);
    let total = match &input["odds"] {
        Value::Array(legs) => {
            // Each leg without the feed fee of 1 %, rounded up to two digits; the product with it, once.
            let mut product = one;
            for leg in legs {
                let leg = (u128::from(price(leg)?) * 100).div_ceil(99).div_ceil(CENT) * CENT;
                product = product * leg / one;
            }
            cut(product * 99 / 100)
        }
        single => {
            let ours = u128::from(price(single)?);
            let exact = domain::Odds::from_decimal_e12(price(single)?).and_then(amount::min_odds);
            if exact.map(u128::from) != Some(ours) {
                bail!("our minOdds of {single} are {exact:?}");
            }
            let tenth = one / 10;
            let one_digit = ours % tenth == 0 && ours % one != 0;
            if one_digit { ours / one * one } else { cut(ours) }
        }
    };
    let above = total.checked_sub(one).context("odds below one")?;
    let least = cut(one + above * (100 - slippage) / 100);
    let digits = usize::try_from(ODDS_DECIMALS)?;
    Ok(json!({ "toolkit_result": format!("{}.{:0digits$}", least / one, least % one) }))
}

fn call(entry: &Value) -> anyhow::Result<Value> {
    let args = entry["args"].as_array().context("args is not a list")?;
    let arg = |place: usize| args.get(place).with_context(|| format!("no argument {place}"));
    let who = |place: usize| address(arg(place)?.as_str().context("not a text")?);
    let num = |place: usize| uint(arg(place)?);
    let call = match text(entry, "signature")? {
        "approve(address,uint256)" => Call::Approve { spender: who(0)?, amount: num(1)? },
        "allowance(address,address)" => Call::Allowance { owner: who(0)?, spender: who(1)? },
        "balanceOf(address)" => Call::BalanceOf(who(0)?),
        "decimals()" => Call::Decimals,
        "nonces(address,uint256)" => Call::NonceUsed { bettor: who(0)?, nonce: num(1)? },
        "viewPayout(address,uint256)" => Call::ViewPayout { core: who(0)?, bet: num(1)? },
        "withdrawPayout(address,uint256)" => Call::WithdrawPayout { core: who(0)?, bet: num(1)? },
        "withdrawPayouts(address,uint256[])" => {
            let bets = arg(1)?.as_array().context("no list of bets")?.iter().map(uint).collect::<anyhow::Result<_>>()?;
            Call::WithdrawPayouts { core: who(0)?, bets }
        }
        "ownerOf(uint256)" => Call::OwnerOf(num(0)?),
        "cores(address)" => Call::CoreSettings(who(0)?),
        "latestRoundData()" => Call::SequencerRound,
        "getMinimumGasPrice()" => Call::MinimumGasPrice,
        "getL1BaseFeeEstimate()" => Call::L1BaseFee,
        other => bail!("the client has no call {other:?}"),
    };
    let mut rebuilt = json!({ "calldata": hex0x(call.calldata()) });
    if entry.get("return_data").is_some() {
        let data = bytes(text(entry, "return_data")?)?;
        rebuilt["decoded"] = match call {
            Call::Approve { .. } | Call::NonceUsed { .. } => json!([contracts::flag(&data)?]),
            Call::Decimals => json!([u8::try_from(contracts::uint(&data)?)?]),
            Call::OwnerOf(_) => json!([contracts::address(&data)?.to_string()]),
            Call::SequencerRound => {
                let r = contracts::round(&data)?;
                let members = [r.id, u128::try_from(r.answer)?, r.started_at.into(), r.updated_at.into(), r.answered_in];
                json!(members.map(|member| member.to_string()))
            }
            Call::CoreSettings(_) => {
                let s = contracts::core_settings(&data)?;
                let members = [s.reinforcement.into(), s.reinforcement_combo.into(), s.min_bet, s.locked, s.locked_combo];
                let mut list = vec![json!(s.state)];
                list.extend(members.map(|member| json!(member.to_string())));
                Value::Array(list)
            }
            _ => json!([contracts::uint(&data)?.to_string()]),
        };
    }
    Ok(rebuilt)
}

fn event(entry: &Value) -> anyhow::Result<Value> {
    let mut topics = Vec::new();
    for topic in entry["topics"].as_array().context("topics is not a list")? {
        let topic = bytes(topic.as_str().context("a topic is not a text")?)?;
        topics.push(<[u8; 32]>::try_from(topic.as_slice()).context("a topic is not 32 bytes")?);
    }
    let event = ChainEvent::read(&topics, &bytes(text(entry, "data")?)?)?;
    let decoded = match &event {
        ChainEvent::NewLiveBet { bet, bettor, affiliate, kind, nonce, amount, parts, potential_loss_limit } => json!({
            "tokenId": bet.to_string(),
            "bettor": bettor.to_string(),
            "affiliate": affiliate.to_string(),
            "betType": kind,
            "nonce": nonce.to_string(),
            "amount": amount.to_string(),
            "betDatas": parts.iter().map(|part| json!({
                "gameId": part.game.to_string(),
                "conditionId": sign::condition_text(part.condition),
                "conditionKind": part.kind,
                "outcomeId": part.outcome.0.to_string(),
                "odds": part.odds_e12.to_string(),
            })).collect::<Vec<_>>(),
            "potentialLossLimit": potential_loss_limit.to_string(),
        }),
        ChainEvent::BetRejected { bet } => json!({ "tokenId": bet.to_string() }),
        ChainEvent::BettorWin { core, bettor, bet, amount } => json!({
            "core": core.to_string(),
            "bettor": bettor.to_string(),
            "tokenId": bet.to_string(),
            "amount": amount.to_string(),
        }),
        ChainEvent::Transfer { from, to, value } => {
            json!({ "from": from.to_string(), "to": to.to_string(), "value": value.to_string() })
        }
    };
    Ok(json!({ "event": event.name(), "decoded": decoded }))
}

fn revert(entry: &Value) -> anyhow::Result<Value> {
    let name = text(entry, "error")?;
    let revert = Revert::ALL.iter().copied().find(|revert| revert.signature() == name);
    let revert = revert.with_context(|| format!("the client has no revert {name:?}"))?;
    let argument = entry.get("args").map(|args| uint(&args[0])).transpose()?;
    let data = revert.data(argument);
    if Revert::read(&data) != Some(revert) {
        bail!("the data does not read back");
    }
    Ok(json!({ "data": hex0x(data) }))
}
