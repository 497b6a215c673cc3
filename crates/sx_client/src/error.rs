//! The venue's error bodies, and what each allows us to conclude (spec sections 7.4 and 12).
//!
//! The rule for orders: only the application's own word in a definite 4xx refuses. A 5xx, a 429, an answer without a readable body
//! and a duplicate leave the order unknown: it is asked about by its id.

use crate::wire::json::object;
use domain::RefusalKind;
use serde::Deserialize;
use serde_json::Value;

/// Why a client could not be made from its configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value is missing or out of range.
    #[error("sx: {0}")]
    Config(&'static str),
    /// The account's key does not read; its text is not repeated.
    #[error("sx: the account key does not read")]
    AccountKey(#[source] signing::evm_key::EvmKeyError),
    /// The seed of the request signer does not read.
    #[error("sx: the seed of the request signer does not read")]
    RequestSeed(#[source] signing::ed25519::Ed25519KeyError),
}

/// Characters of the venue's text that are kept.
const TEXT_MAX: usize = 200;

/// An error answer as far as it can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// HTTP status.
    pub status: u16,
    /// The venue's code or sentence, shortened and printable; empty without a readable body.
    pub text: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    message: Option<Value>,
    error_code: Option<String>,
}

impl Fault {
    /// Reads `{"message": text or list}` and `{"errorCode": text}`; anything else has no text.
    pub fn read(status: u16, body: &[u8]) -> Self {
        let body: Option<Body> = std::str::from_utf8(body).ok().and_then(object);
        let text = body.and_then(|body| match (body.message, body.error_code) {
            (Some(Value::String(text)), _) => Some(text),
            (Some(Value::Array(list)), _) => Some(list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; ")),
            (_, code) => code,
        });
        let text = text.unwrap_or_default().chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect();
        Self { status, text }
    }
    /// One line for a report.
    pub fn sentence(&self) -> String {
        if self.text.is_empty() {
            format!("HTTP {} without a message", self.status)
        } else {
            format!("HTTP {}: {}", self.status, self.text)
        }
    }
    /// The API key is not accepted: a person has to act.
    pub fn is_auth(&self) -> bool {
        self.status == 401 || matches!(self.text.as_str(), "BAD_AUTH" | "INVALID_USER")
    }
    /// The interface this client speaks is not there any more.
    pub fn is_retired(&self) -> bool {
        self.text.starts_with("OrderBook V2 is no longer supported")
    }
    /// What an error answer to an order proves: a refusal of some kind, or nothing.
    pub fn refusal(&self) -> Option<RefusalKind> {
        let definite = matches!(self.status, 400 | 401 | 403 | 404 | 405 | 413 | 415 | 422);
        if !definite || self.text.is_empty() || self.text == "ORDERS_ALREADY_EXIST" {
            return None;
        }
        Some(kind(&self.text))
    }
}

/// What a refusal is about, by the venue's code (spec section 12).
pub fn kind(code: &str) -> RefusalKind {
    match code {
        "INSUFFICIENT_BALANCE" | "PROXY_NOT_DEPLOYED" => RefusalKind::Margin,
        "BAD_AUTH" | "INVALID_USER" | "INSUFFICIENT_KYC" => RefusalKind::Auth,
        "MATCH_STATE_INVALID" | "MARKET_HALTED" | "EVENT_LIFECYCLE" | "ENGINE_SHUTDOWN" | "INTERNAL_ERROR" => RefusalKind::Closed,
        "NO_LIQUIDITY" => RefusalKind::Price,
        "TOTAL_BET_SIZE_TOO_LOW" | "PERCENTAGEODDS_UNDEFINED_OR_MALFORMED" | "INVALID_ODDS" => RefusalKind::Filter,
        "EXPIRED" => RefusalKind::Stamp,
        text if text.starts_with("Insufficient available balance") => RefusalKind::Margin,
        text if text.contains("must be") => RefusalKind::Filter,
        _ => RefusalKind::Other,
    }
}
