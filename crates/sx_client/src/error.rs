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

/// How a row of [`CODES`] is recognised in the venue's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum As {
    Whole,
    Beginning,
    Part,
}

/// Every code and sentence of the venue that is known, and what a refusal by it is about (spec section 12, and the reasons of section
/// 7.2). `runbooks/sx_troubleshooting.md` has a row for each.
const CODES: &[(As, &str, RefusalKind)] = &[
    (As::Whole, "BAD_AUTH", RefusalKind::Auth),
    (As::Whole, "INVALID_USER", RefusalKind::Auth),
    (As::Whole, "INSUFFICIENT_KYC", RefusalKind::Auth),
    (As::Whole, "PROXY_NOT_DEPLOYED", RefusalKind::Margin),
    (As::Whole, "INSUFFICIENT_BALANCE", RefusalKind::Margin),
    (As::Beginning, "Insufficient available balance", RefusalKind::Margin),
    (As::Whole, "TOTAL_BET_SIZE_TOO_LOW", RefusalKind::Filter),
    (As::Whole, "PERCENTAGEODDS_UNDEFINED_OR_MALFORMED", RefusalKind::Filter),
    (As::Whole, "INVALID_ODDS", RefusalKind::Filter),
    (As::Part, "must be", RefusalKind::Filter),
    (As::Whole, "BAD_MARKET_HASHES", RefusalKind::Filter),
    (As::Whole, "MATCH_STATE_INVALID", RefusalKind::Closed),
    (As::Whole, "MARKET_HALTED", RefusalKind::Closed),
    (As::Whole, "EVENT_LIFECYCLE", RefusalKind::Closed),
    (As::Whole, "ENGINE_SHUTDOWN", RefusalKind::Closed),
    (As::Whole, "INTERNAL_ERROR", RefusalKind::Closed),
    (As::Whole, "NO_LIQUIDITY", RefusalKind::Price),
    (As::Whole, "EXPIRED", RefusalKind::Stamp),
    (As::Whole, "ORDERS_ALREADY_EXIST", RefusalKind::Other),
    (As::Whole, "Order not found", RefusalKind::Other),
    (As::Whole, "ERC20_PERMIT_BAD_SPENDER", RefusalKind::Other),
    (As::Beginning, "OrderBook V2 is no longer supported", RefusalKind::Other),
];

/// What a refusal is about, by the venue's code.
pub fn kind(code: &str) -> RefusalKind {
    let row = CODES.iter().find(|(how, known, _)| match how {
        As::Whole => code == *known,
        As::Beginning => code.starts_with(known),
        As::Part => code.contains(known),
    });
    row.map_or(RefusalKind::Other, |(.., kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::words::{Source, WORDS};

    #[test]
    fn every_code_and_every_reason_has_a_row_in_the_runbook() {
        let runbook = include_str!("../../../runbooks/sx_troubleshooting.md");
        let rows: Vec<&str> = runbook.lines().filter(|line| line.starts_with("| `")).collect();
        let has = |word: &str| rows.iter().any(|row| row.split(" | ").next().is_some_and(|first| first.contains(word)));
        for (_, code, _) in CODES {
            assert!(has(code), "{code} has no row");
        }
        for (source, word, _) in WORDS {
            assert!(!matches!(source, Source::Inactive | Source::Outcome) || has(word), "{word} has no row");
        }
        // Of the realtime protocol (spec section 11): each in a row of its own code.
        for code in [100, 101, 102, 103, 105, 106, 107, 109, 110, 111, 112, 2_500, 3_005, 3_008, 3_500, 4_500] {
            assert!(has(&format!("`{code}`")), "{code} has no row");
        }
    }

    #[test]
    fn a_refusal_is_of_a_kind_by_its_code() {
        let check = |code: &str, expect: RefusalKind| assert_eq!(kind(code), expect, "{code}");
        check("BAD_AUTH", RefusalKind::Auth);
        check("Insufficient available balance: 3 of 5", RefusalKind::Margin);
        check("totalBetSize must be a number string; salt must be hex", RefusalKind::Filter);
        check("NO_LIQUIDITY", RefusalKind::Price);
        check("NO_LIQUIDITY_AT_ALL", RefusalKind::Other);
        check("", RefusalKind::Other);
    }
}
