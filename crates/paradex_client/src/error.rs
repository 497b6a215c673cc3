//! What can go wrong, and which of the venue's refusals are final.
//!
//! The one table of the venue's codes and cancel reasons lives here. What is not in it and not plainly a refusal
//! leaves an order's fate unknown: a wrong "refused" costs a naked leg, a wrong "unknown" costs one question.

use crate::wire::ws::RpcError;
use domain::{OrderEnd, Refusal, RefusalKind, Size};

/// Why a client could not be made. The sentence names what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The account address is not a felt.
    #[error("the Paradex account address is not a hexadecimal number with 0x")]
    Account,
    /// The private key is not one.
    #[error("the Paradex signing key is not a Stark private key in hexadecimal")]
    Key,
    /// A symbol that no market can have.
    #[error("{0:?} is not a Paradex market symbol")]
    Symbol(String),
    /// A contract of no units.
    #[error("{0}: a contract stands for at least one unit, so its multiplier is at least 1")]
    Multiplier(String),
    /// Onboarding needs the L1 address.
    #[error("onboarding needs the L1 address of the account")]
    NoL1Address,
    /// The venue refuses receive windows under 10 ms (paradex.md 3.6).
    #[error("a receive window of {0} ms is outside 10 to 60000 ms")]
    RecvWindow(u64),
}

/// Why a message could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Ends before what it announces.
    #[error("the message is shorter than it says")]
    Short,
    /// Not schema 1.
    #[error("not a message of SBE schema 1")]
    Schema,
    /// A text that is not UTF-8.
    #[error("a text is not UTF-8")]
    Text,
    /// A field with a value it cannot have.
    #[error("{0} has a value it cannot have")]
    Field(&'static str),
    /// Not the JSON we know.
    #[error("not the JSON expected here")]
    Json,
}

/// What the venue's answer means for an order that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not taken, by the venue's own word.
    Refused(Refusal),
    /// May have been taken.
    Unknown(String),
    /// The venue has an order by this id: look it up.
    LookUp(String),
}

use RefusalKind::{Auth, Closed, Filter, Margin, Other, Price, RateLimited, ReduceOnly, Stamp};

/// Codes that say an order was not taken (paradex.md 4.5) and reasons why one was closed (4.4).
const REFUSALS: &[(&str, RefusalKind)] = &[
    // Error codes.
    ("VALIDATION_ERROR", Filter),
    ("BINDING_ERROR", Filter),
    ("INVALID_REQUEST_PARAMETER", Filter),
    ("INVALID_ORDER_SIZE", Filter),
    ("INVALID_SYMBOL", Filter),
    ("MARKET_NOT_FOUND", Filter),
    ("BATCH_SIZE_OUT_OF_RANGE", Filter),
    ("INVALID_ORDER_SIGNATURE", Auth),
    ("INVALID_STARKNET_SIGNATURE", Auth),
    ("STARKNET_SIGNATURE_VERIFICATION_FAILED", Auth),
    ("PUBLIC_KEY_INVALID", Auth),
    ("INVALID_SUBKEY", Auth),
    ("SUBKEY_NOT_ACTIVATABLE", Auth),
    ("INVALID_TIMESTAMP", Stamp),
    // A stale token is like a stale clock: the session is renewed, then the same order may pass (4.5 says retry).
    ("INVALID_TOKEN", Stamp),
    ("UNAUTHORIZED_ERROR", Stamp),
    ("IP_NOT_ALLOWED", Auth),
    ("GEO_IP_BLOCK", Auth),
    ("NOT_ONBOARDED", Auth),
    ("ACCOUNT_NOT_FOUND", Auth),
    ("REQUEST_NOT_ALLOWED", Auth),
    ("NO_ACCESS_TO_MARKET", Auth),
    ("ISOLATED_MARKET_ACCOUNT_MISMATCH", Auth),
    ("RPI_ACCOUNT_NOT_WHITELISTED", Auth),
    ("MARKET_MARGIN_RESTRICTED", Margin),
    ("SYSTEM_STATUS_POST_ONLY", Closed),
    ("SYSTEM_STATUS_CANCEL_ONLY", Closed),
    ("RATE_LIMIT_EXCEEDED", RateLimited),
    ("MMP_NOT_ENABLED", Other),
    // Cancel reasons; some of them also come as codes.
    ("NOT_ENOUGH_MARGIN", Margin),
    ("ORDER_SIZE_BELOW_MIN", Filter),
    ("POST_ONLY_WOULD_CROSS", Price),
    ("EMPTY_MARKET", Price),
    ("EXCEEDS_MAX_SLIPPAGE", Price),
    ("PRICE_NOT_AVAILABLE", Closed),
    ("MARKET_NOT_OPEN", Closed),
    ("ASSET_UNAVAILABLE", Closed),
    ("ASSET_EXPIRED", Filter),
    ("ORDER_TYPE_INVALID", Filter),
    ("ORDER_EXCEEDS_POSITION_LIMIT", Margin),
    ("IN_LIQUIDATION", Margin),
    ("DELEVERAGE", Margin),
    ("REDUCE_ONLY_WILL_INCREASE", ReduceOnly),
    ("SELF_TRADE", Other),
    ("EXPIRED", Stamp),
    ("TIMEOUT", Closed),
    ("MMP_TRIGGERED", Other),
    ("MMP_FROZEN", Other),
    ("MMP_DISABLED", Other),
    ("MMP_GREEKS_UNAVAILABLE", Other),
    ("MMP_NOT_CONFIGURED", Other),
];

/// Reasons that end an order as its own terms or its owner asked: cancelled, not refused.
const CANCELS: &[&str] = &["USER_CANCELED", "USER_CANCELLED", "REMAINING_IOC_CANCEL"];

/// Codes after which the order may live: the venue failed half way, or has it already.
const DUBIOUS: &[&str] = &["INTERNAL_ERROR", "SERVICE_UNAVAILABLE", "UNEXPECTED_FAILURE"];

/// Error codes of a cancel or a look-up that mean the order is over (paradex.md 4.5).
const GONE: &[&str] = &["ORDER_ID_NOT_FOUND", "CLIENT_ORDER_ID_NOT_FOUND", "ORDER_IS_CLOSED", "ORDER_IS_NOT_OPEN"];

/// What a code or cancel reason is about, if the table knows it.
pub(crate) fn kind_of(code: &str) -> Option<RefusalKind> {
    REFUSALS.iter().find(|(c, _)| *c == code).map(|(_, k)| *k)
}

/// True if the venue says that the order is over already.
pub(crate) fn is_gone(text: &str) -> bool {
    words(text).any(|w| GONE.contains(&w))
}

/// True for codes that a person has to act on: keys, permissions, addresses.
pub(crate) fn needs_person(code: &str) -> bool {
    kind_of(code) == Some(Auth)
}

/// How an order ended that the venue closed with `reason`, `filled` of it executed (paradex.md 4.4: open text).
pub(crate) fn end_of(reason: &str, filled: Size, remaining: Size) -> OrderEnd {
    if remaining.is_zero() && reason.is_empty() {
        return OrderEnd::Filled;
    }
    if !filled.is_zero() || reason.is_empty() || CANCELS.contains(&reason) {
        return OrderEnd::Cancelled(reason.to_owned());
    }
    OrderEnd::Refused(Refusal { kind: kind_of(reason).unwrap_or(Other), code: reason.to_owned() })
}

/// What an error reply over the socket says about an order (paradex.md 6.2).
pub(crate) fn verdict_of_rpc(error: &RpcError<'_>) -> Verdict {
    let refused = |kind, code: String| Verdict::Refused(Refusal { kind, code });
    let text = error.text();
    match error.code {
        42901 => return refused(RateLimited, error.code.to_string()),
        // Not authenticated any more, see `INVALID_TOKEN` above; a key without permission shows at login already.
        40110 | 40111 | 40300 => return refused(Stamp, error.code.to_string()),
        40112 => return refused(Auth, error.code.to_string()),
        _ => {}
    }
    if words(&text).any(|w| w == "DUPLICATED_CLIENT_ID") {
        return Verdict::LookUp(text);
    }
    if words(&text).any(|w| DUBIOUS.contains(&w)) {
        return Verdict::Unknown(text);
    }
    if let Some((code, kind)) = words(&text).find_map(|w| kind_of(w).map(|k| (w, k))) {
        return refused(kind, code.to_owned());
    }
    match error.code {
        // The request itself was not understood, so no order came of it.
        -32700 | -32600 | -32601 | -32602 => refused(Filter, text),
        _ => Verdict::Unknown(text),
    }
}

/// What an HTTP answer other than 2xx says about an order (paradex.md 4.1, 4.5).
pub(crate) fn verdict_of_http(status: u16, code: Option<&str>) -> Verdict {
    match (status, code) {
        // "wait Retry-After; not executed": the venue documents that it was not read.
        (429, _) => Verdict::Refused(Refusal { kind: RateLimited, code: "429".to_owned() }),
        (400..=499, Some("DUPLICATED_CLIENT_ID")) => Verdict::LookUp("DUPLICATED_CLIENT_ID".to_owned()),
        (400..=499, Some(code)) if DUBIOUS.contains(&code) => Verdict::Unknown(format!("{status} {code}")),
        (400..=407 | 409..=424 | 426..=498, Some(code)) => {
            Verdict::Refused(Refusal { kind: kind_of(code).unwrap_or(Other), code: code.to_owned() })
        }
        (_, Some(code)) => Verdict::Unknown(format!("{status} {code}")),
        (_, None) => Verdict::Unknown(format!("{status} with a body that is no error of the venue")),
    }
}

/// The upper-case words of a text: codes, wherever they stand in a sentence.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')).filter(|w| !w.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::ws::parse_envelope;

    fn rpc(code: i64, data: &str) -> Verdict {
        let text = format!(r#"{{"id":1,"error":{{"code":{code},"message":"method error","data":{data}}}}}"#);
        verdict_of_rpc(&parse_envelope(&text).expect("an envelope").error.expect("an error"))
    }

    #[test]
    fn a_socket_error_is_a_refusal_only_when_the_venue_says_so() {
        fn check(code: i64, data: &str, expect: Option<RefusalKind>) {
            let kind = match rpc(code, data) {
                Verdict::Refused(r) => Some(r.kind),
                Verdict::Unknown(_) | Verdict::LookUp(_) => None,
            };
            assert_eq!(kind, expect, "{code} {data}");
        }
        check(42901, "null", Some(RateLimited));
        check(40111, "null", Some(Stamp));
        check(40300, "null", Some(Stamp));
        check(40112, "null", Some(Auth));
        check(-32602, r#""size: bad""#, Some(Filter));
        check(100, r#""NOT_ENOUGH_MARGIN: have 3""#, Some(Margin));
        check(100, r#"{"error":"INVALID_ORDER_SIGNATURE"}"#, Some(Auth));
        check(100, r#""detail text""#, None);
        check(100, "17", None);
        check(-32603, r#""boom""#, None);
        check(-32603, r#""MARKET_NOT_OPEN""#, Some(Closed));
        check(-32603, r#""INTERNAL_ERROR, then NOT_ENOUGH_MARGIN""#, None);
        check(100, r#""DUPLICATED_CLIENT_ID""#, None);
        check(31337, r#""whatever""#, None);
    }

    #[test]
    fn an_http_error_is_a_refusal_only_when_readable_and_a_4xx() {
        fn check(status: u16, code: Option<&str>, expect: Option<RefusalKind>) {
            let kind = match verdict_of_http(status, code) {
                Verdict::Refused(r) => Some(r.kind),
                Verdict::Unknown(_) | Verdict::LookUp(_) => None,
            };
            assert_eq!(kind, expect, "{status} {code:?}");
        }
        check(400, Some("INVALID_ORDER_SIGNATURE"), Some(Auth));
        check(400, Some("SOMETHING_NEW"), Some(Other));
        check(400, Some("INTERNAL_ERROR"), None);
        check(400, Some("DUPLICATED_CLIENT_ID"), None);
        check(401, Some("INVALID_TOKEN"), Some(Stamp));
        check(403, None, None);
        check(408, Some("VALIDATION_ERROR"), None);
        check(429, None, Some(RateLimited));
        check(500, Some("VALIDATION_ERROR"), None);
        check(503, Some("SERVICE_UNAVAILABLE"), None);
        check(200, None, None);
    }

    #[test]
    fn a_close_reads_as_filled_cancelled_or_refused() {
        fn check(reason: &str, filled: i64, remaining: i64, expect: OrderEnd) {
            let size = |v| Size::from_e8(v).expect("a size");
            assert_eq!(end_of(reason, size(filled), size(remaining)), expect);
        }
        let refused = |kind, code: &str| OrderEnd::Refused(Refusal { kind, code: code.to_owned() });
        check("", 5, 0, OrderEnd::Filled);
        check("", 0, 5, OrderEnd::Cancelled(String::new()));
        check("USER_CANCELED", 0, 5, OrderEnd::Cancelled("USER_CANCELED".into()));
        check("REMAINING_IOC_CANCEL", 2, 3, OrderEnd::Cancelled("REMAINING_IOC_CANCEL".into()));
        check("NOT_ENOUGH_MARGIN", 0, 5, refused(Margin, "NOT_ENOUGH_MARGIN"));
        check("NOT_ENOUGH_MARGIN", 1, 4, OrderEnd::Cancelled("NOT_ENOUGH_MARGIN".into()));
        check("EMPTY_MARKET", 0, 5, refused(Price, "EMPTY_MARKET"));
        check("REDUCE_ONLY_WILL_INCREASE", 0, 5, refused(ReduceOnly, "REDUCE_ONLY_WILL_INCREASE"));
        check("UNEXPECTED_FAILURE", 0, 5, refused(Other, "UNEXPECTED_FAILURE"));
        check("A_REASON_OF_NEXT_YEAR", 0, 5, refused(Other, "A_REASON_OF_NEXT_YEAR"));
    }
}
