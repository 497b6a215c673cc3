//! The chain's own word, over JSON-RPC: what is asked of a node, and how its answers are read.
//!
//! Source: spec sections 7.6, 8 and 14.4. Owns no schedule: the machine asks, this file puts the question into words. A node's error,
//! an empty answer and an unreadable one are errors, never zeros.

use crate::contracts::{self, AnswerError, Call, ChainEvent, Revert, topics};
use crate::error::Unreadable;
use crate::wire::rpc::{self, Answer, BlockRow, FeesRow, LogRow, ReceiptRow};
use serde_json::json;
use signing::eip712::{Address, U256};

/// The newest block that a node knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number.
    pub number: u64,
    /// Unix seconds.
    pub time_s: u64,
}

/// A transaction in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// False: the contract refused it.
    pub done: bool,
    /// The block's number.
    pub block: u64,
    /// Gas used.
    pub gas: u64,
    /// Paid per gas, wei.
    pub price: u128,
}

/// Why a node gave no answer to rely on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// It says so itself.
    #[error("the node answers with error {code}: {message}")]
    Node {
        /// Its code.
        code: i64,
        /// Its message.
        message: String,
    },
    /// The contract reverted with a name of the ABI.
    #[error("the contract reverted: {}", .0.name())]
    Reverted(Revert),
    /// The answer is no such answer.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The words of the answer are not what was asked for.
    #[error(transparent)]
    Answer(#[from] AnswerError),
}

/// Which chain the node serves.
pub fn chain_id_request(id: u64) -> String {
    rpc::request(id, "eth_chainId", json!([]))
}
/// The newest block.
pub fn head_request(id: u64) -> String {
    rpc::request(id, "eth_getBlockByNumber", json!(["latest", false]))
}
/// The block of a height.
pub fn block_request(id: u64, number: u64) -> String {
    rpc::request(id, "eth_getBlockByNumber", json!([format!("{number:#x}"), false]))
}
/// Gas price, wei.
pub fn gas_price_request(id: u64) -> String {
    rpc::request(id, "eth_gasPrice", json!([]))
}
/// Native coin of an address, wei: gas for approvals and claims.
pub fn native_balance_request(id: u64, who: Address) -> String {
    rpc::request(id, "eth_getBalance", json!([who.to_string(), "latest"]))
}
/// A view, at one block: questions that belong together must see the same state.
pub fn call_request(id: u64, to: Address, call: &Call, block: Option<u64>) -> String {
    let data = format!("0x{}", hex::encode(call.calldata()));
    rpc::request(id, "eth_call", json!([{ "to": to.to_string(), "data": data }, height(block)]))
}
/// The bettor's bets in blocks from one to another, both included; without the other, to the newest.
pub fn bets_request(id: u64, core: Address, bettor: Address, from: u64, to: Option<u64>) -> String {
    logs(id, core, (from, to), json!([topics::NEW_LIVE_BET, null, format!("0x{:0>64}", hex::encode(bettor))]))
}
/// Whether a bet was called off in blocks from one to another, both included; without the other, to the newest.
pub fn called_off_request(id: u64, core: Address, bet: u128, from: u64, to: Option<u64>) -> String {
    logs(id, core, (from, to), json!([topics::BET_REJECTED, format!("{:#066x}", U256::from(bet))]))
}
fn logs(id: u64, address: Address, (from, to): (u64, Option<u64>), topics: serde_json::Value) -> String {
    let (from, to) = (format!("{from:#x}"), height(to));
    let filter = json!({ "address": address.to_string(), "fromBlock": from, "toBlock": to, "topics": topics });
    rpc::request(id, "eth_getLogs", json!([filter]))
}
/// A block parameter.
fn height(block: Option<u64>) -> String {
    block.map_or_else(|| "latest".to_owned(), |number| format!("{number:#x}"))
}

fn bad(what: &'static str, why: impl Into<String>) -> ChainError {
    ChainError::Unreadable(Unreadable { what, why: why.into() })
}

/// The result's JSON, for the request with this id and no other.
fn result<'a>(what: &'static str, id: u64, body: &'a [u8]) -> Result<&'a str, ChainError> {
    let answer: Answer<'a> = serde_json::from_slice(body).map_err(|cause| bad(what, cause.to_string()))?;
    if answer.id != Some(id) {
        return Err(bad(what, format!("it answers request {:?}, asked was {id}", answer.id)));
    }
    if let Some(error) = answer.error {
        let data = error.data.as_ref().and_then(|data| data.as_str()).and_then(bytes);
        return Err(match data.as_deref().and_then(Revert::read) {
            Some(revert) => ChainError::Reverted(revert),
            None => ChainError::Node { code: error.code, message: error.message },
        });
    }
    answer.result.map(|raw| raw.get()).ok_or_else(|| bad(what, "it has neither a result nor an error"))
}

pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    hex::decode(text.strip_prefix("0x")?).ok()
}

fn quantity(text: &str) -> Option<U256> {
    let digits = text.strip_prefix("0x")?;
    let plain = (1..=64).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    plain.then(|| U256::from_str_radix(digits, 16).ok()).flatten()
}

fn string(what: &'static str, id: u64, body: &[u8]) -> Result<String, ChainError> {
    serde_json::from_str(result(what, id, body)?).map_err(|cause| bad(what, cause.to_string()))
}

/// A number of `eth_chainId`, `eth_gasPrice`, `eth_getBalance`.
///
/// # Errors
/// [`ChainError`].
pub fn read_quantity(id: u64, body: &[u8]) -> Result<U256, ChainError> {
    let text = string("the node's number", id, body)?;
    quantity(&text).ok_or_else(|| bad("the node's number", format!("{text:?}")))
}

/// The answer of a view, as bytes for the readers of [`contracts`]. Empty where there is no contract.
///
/// # Errors
/// [`ChainError`].
pub fn read_call(id: u64, body: &[u8]) -> Result<Vec<u8>, ChainError> {
    let text = string("the view", id, body)?;
    bytes(&text).ok_or_else(|| bad("the view", "its answer is no hexadecimal text"))
}

/// One truth value of a view.
///
/// # Errors
/// [`ChainError`].
pub fn read_flag(id: u64, body: &[u8]) -> Result<bool, ChainError> {
    Ok(contracts::flag(&read_call(id, body)?)?)
}

/// One number of a view; beyond 128 bits it is as much as anyone can ask for (an unlimited approval).
///
/// # Errors
/// [`ChainError`].
pub fn read_units(id: u64, body: &[u8]) -> Result<u128, ChainError> {
    let value = contracts::uint(&read_call(id, body)?)?;
    Ok(u128::try_from(value).unwrap_or(u128::MAX))
}

/// The newest block.
///
/// # Errors
/// [`ChainError`].
pub fn read_head(id: u64, body: &[u8]) -> Result<Head, ChainError> {
    block("the newest block", id, body)
}

/// The block of a height, and no other.
///
/// # Errors
/// [`ChainError`], also for a block that the node does not have.
pub fn read_block(id: u64, number: u64, body: &[u8]) -> Result<Head, ChainError> {
    let found = block("the block", id, body)?;
    if found.number == number { Ok(found) } else { Err(bad("the block", format!("it is {}, asked was {number}", found.number))) }
}

fn block(what: &'static str, id: u64, body: &[u8]) -> Result<Head, ChainError> {
    let row: BlockRow = serde_json::from_str(result(what, id, body)?).map_err(|cause| bad(what, cause.to_string()))?;
    let number = |text: &str| quantity(text).and_then(|n| u64::try_from(n).ok()).ok_or_else(|| bad(what, format!("{text:?}")));
    Ok(Head { number: number(&row.number)?, time_s: number(&row.timestamp)? })
}

/// Events of logs, in order. Logs of other contracts, of other events, and such that a reorganisation took back are left out; one
/// that is malformed spoils the answer.
///
/// # Errors
/// [`ChainError`].
pub fn read_events(id: u64, from: Address, body: &[u8]) -> Result<Vec<ChainEvent>, ChainError> {
    let what = "the logs";
    let rows: Vec<LogRow> = serde_json::from_str(result(what, id, body)?).map_err(|cause| bad(what, cause.to_string()))?;
    let mut events = Vec::new();
    for row in rows.into_iter().filter(|row| row.removed != Some(true)) {
        let address = bytes(&row.address).ok_or_else(|| bad(what, "an address is no hexadecimal text"))?;
        if address != from.as_slice() {
            continue;
        }
        let topic = |text: &String| bytes(text).and_then(|b| <[u8; 32]>::try_from(b).ok());
        let topics: Option<Vec<_>> = row.topics.iter().map(topic).collect();
        let (topics, data) =
            topics.zip(bytes(&row.data)).ok_or_else(|| bad(what, "a topic is not 32 bytes, or data no bytes"))?;
        match ChainEvent::read(&topics, &data) {
            Ok(event) => events.push(event),
            Err(contracts::EventError::Foreign) => {}
            Err(cause) => return Err(bad(what, cause.to_string())),
        }
    }
    Ok(events)
}

/// Base fee of the next block and the middle tip of the last ones, wei per gas, of `eth_feeHistory` with one percentile.
///
/// # Errors
/// [`ChainError`].
pub fn read_fees(id: u64, body: &[u8]) -> Result<(u128, u128), ChainError> {
    let what = "the fees of the last blocks";
    let row: FeesRow = serde_json::from_str(result(what, id, body)?).map_err(|cause| bad(what, cause.to_string()))?;
    let wei = |text: &str| quantity(text).and_then(|n| u128::try_from(n).ok()).ok_or_else(|| bad(what, format!("{text:?}")));
    let base = row.base_fee_per_gas.last().ok_or_else(|| bad(what, "there is no base fee: the chain is none of EIP-1559"))?;
    let mut tips = row.reward.iter().flatten().flatten().map(|tip| wei(tip)).collect::<Result<Vec<_>, _>>()?;
    tips.sort_unstable();
    Ok((wei(base)?, tips.get(tips.len() / 2).copied().unwrap_or(0)))
}

/// The hash that a node gives for a transaction it took.
///
/// # Errors
/// [`ChainError`].
pub fn read_hash(id: u64, body: &[u8]) -> Result<String, ChainError> {
    let what = "the answer to a transaction";
    let text = string(what, id, body)?;
    if bytes(&text).is_some_and(|bytes| bytes.len() == 32) { Ok(text) } else { Err(bad(what, format!("{text:?} is no hash"))) }
}

/// The receipt of a transaction; `None` while it is in no block.
///
/// # Errors
/// [`ChainError`], also for a receipt of another transaction.
pub fn read_receipt(id: u64, hash: &str, body: &[u8]) -> Result<Option<Receipt>, ChainError> {
    let what = "the receipt";
    let row: Option<ReceiptRow> = match result(what, id, body) {
        Ok(raw) => serde_json::from_str(raw).map_err(|cause| bad(what, cause.to_string()))?,
        // An answer whose result is null reads as one without a result.
        Err(ChainError::Unreadable(_)) if is_null(id, body) => None,
        Err(cause) => return Err(cause),
    };
    let Some(row) = row else { return Ok(None) };
    if !row.transaction_hash.eq_ignore_ascii_case(hash) {
        return Err(bad(what, format!("it is about {}", row.transaction_hash)));
    }
    let number = |text: &str| quantity(text).and_then(|n| u64::try_from(n).ok()).ok_or_else(|| bad(what, format!("{text:?}")));
    let price = match &row.effective_gas_price {
        Some(text) => quantity(text).and_then(|n| u128::try_from(n).ok()).ok_or_else(|| bad(what, format!("{text:?}")))?,
        None => 0,
    };
    let done = match row.status.as_str() {
        "0x1" => true,
        "0x0" => false,
        other => return Err(bad(what, format!("its status is {other:?}"))),
    };
    Ok(Some(Receipt { done, block: number(&row.block_number)?, gas: number(&row.gas_used)?, price }))
}

fn is_null(id: u64, body: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Value>(body)
        .is_ok_and(|answer| answer["id"] == id && answer.get("result").is_some_and(serde_json::Value::is_null))
}
