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

/// The body of a request.
pub(crate) fn request(id: u64, method: &str, params: Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}
