//! JSON-RPC of an EVM node (spec section 14.4).

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

#[derive(Debug, Deserialize)]
pub(crate) struct Answer<'a> {
    pub(crate) id: Option<u64>,
    #[serde(borrow)]
    pub(crate) result: Option<&'a RawValue>,
    pub(crate) error: Option<ErrorRow>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ErrorRow {
    pub(crate) code: i64,
    pub(crate) message: String,
    /// Of a revert, its data; of other errors anything.
    pub(crate) data: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct BlockRow {
    pub(crate) number: String,
    pub(crate) timestamp: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogRow {
    pub(crate) address: String,
    pub(crate) topics: Vec<String>,
    pub(crate) data: String,
    pub(crate) removed: Option<bool>,
}

/// `eth_feeHistory`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FeesRow {
    /// One more than blocks were asked for: the last is the next block's.
    pub(crate) base_fee_per_gas: Vec<String>,
    /// Per block, per percentile; absent where none was asked for.
    pub(crate) reward: Option<Vec<Vec<String>>>,
}

/// `eth_getTransactionReceipt`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReceiptRow {
    pub(crate) transaction_hash: String,
    pub(crate) status: String,
    pub(crate) block_number: String,
    pub(crate) gas_used: String,
    pub(crate) effective_gas_price: Option<String>,
}

/// The body of a request.
pub(crate) fn request(id: u64, method: &str, params: Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}
