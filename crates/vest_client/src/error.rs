//! The venue's error bodies and codes, and what each allows us to conclude.
//!
//! The rule for orders: only a *documented* code in an answer of the application itself refuses. A 5xx, a 429, a
//! CDN page, a validation list or a code nobody documented leave the order Unknown, because the venue publishes
//! nothing about when it decides those.

use crate::wire::rest::{Num, object};
use domain::RefusalKind;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Why a client could not be made from its configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A value is missing or out of range.
    #[error("vest: {0}")]
    Config(String),
    /// A key does not read as a secp256k1 private key; its text is not repeated here.
    #[error("vest: the {what} key does not read")]
    Key {
        /// `signing` or `primary`.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        cause: signing::evm_key::EvmKeyError,
    },
}

/// An error body as far as it can be read.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Fault {
    /// The venue's code.
    pub(crate) code: Option<i64>,
    /// Whether the body was JSON at all: a CDN answers with HTML.
    pub(crate) json: bool,
    /// What it said, shortened and printable.
    pub(crate) text: String,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    code: Option<Num<'a>>,
    #[serde(borrow)]
    msg: Option<Num<'a>>,
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
}

impl Fault {
    /// Reads `{code,msg}`, `{"detail":{code,msg}}`, `{"detail":[..]}`, `{"detail":".."}` (spec section 11) or anything else.
    pub(crate) fn parse(body: &[u8]) -> Self {
        let Some(read) = object::<Body<'_>>(body) else {
            let json = std::str::from_utf8(body).is_ok_and(|t| serde_json::from_str::<serde::de::IgnoredAny>(t).is_ok());
            return Self { code: None, json, text: printable(body) };
        };
        if let Some(code) = read.code.and_then(|c| c.int()) {
            return Self {
                code: Some(code),
                json: true,
                text: read.msg.map(|m| printable(m.text().as_bytes())).unwrap_or_default(),
            };
        }
        if let Some(detail) = read.detail {
            if let Some(inner) = object::<Body<'_>>(detail.get().as_bytes())
                && let Some(code) = inner.code.and_then(|c| c.int())
            {
                let text = inner.msg.map(|m| printable(m.text().as_bytes())).unwrap_or_default();
                return Self { code: Some(code), json: true, text };
            }
            return Self { code: None, json: true, text: printable(detail.get().as_bytes()) };
        }
        Self { code: None, json: true, text: printable(body) }
    }

    /// One line for a report.
    pub(crate) fn sentence(&self, status: u16) -> String {
        match self.code {
            Some(code) => format!("HTTP {status}, code {code} {}", name(code)),
            None if self.json => format!("HTTP {status}: {}", self.text),
            None => format!("HTTP {status} without a JSON body"),
        }
    }

    /// The key is not, or no longer, accepted. A 403 without JSON is the CDN's and says nothing about the key.
    pub(crate) fn is_auth(&self, status: u16) -> bool {
        match self.code {
            Some(code) => matches!(code, 1002 | 1022),
            None => status == 401 || (status == 403 && self.json),
        }
    }

    /// Too many requests, in any of its three forms (spec section 11).
    pub(crate) fn is_rate_limit(&self, status: u16) -> bool {
        status == 429 || matches!(self.code, Some(429 | 1003))
    }
}

/// What an answer to `POST /orders` proves when it is not an acknowledgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The venue's own word that nothing was accepted.
    Refused(RefusalKind, i64),
    /// Nothing is proven.
    Unknown,
}

/// Judges an error answer to an order. `reduce_only` is what the order asked for.
pub(crate) fn judge(status: u16, fault: &Fault, reduce_only: bool) -> Verdict {
    if status >= 500 || fault.is_rate_limit(status) {
        return Verdict::Unknown;
    }
    match fault.code {
        // The first copy was accepted: its fate is to be asked for, never to be assumed.
        Some(3015) | None => Verdict::Unknown,
        Some(code) => kind(code, reduce_only).map_or(Verdict::Unknown, |k| Verdict::Refused(k, code)),
    }
}

/// The one table from the venue's order codes to our words; `None` for a code its documents do not list.
/// Source: spec section 11.
pub(crate) fn kind(code: i64, reduce_only: bool) -> Option<RefusalKind> {
    use RefusalKind::{Auth, Closed, Duplicate, Filter, Margin, Other, Price, RateLimited, ReduceOnly, Stamp};
    Some(match code {
        1002 | 1022 | 1024 | 1099 | 1125 | 1146 => Auth,
        1003 | 429 => RateLimited,
        1023 | 1132 | 3004 => Stamp,
        1111 | 1116 | 1121 | 3023 | 1130 | 1131 | 1133 | 1145 | 3022 | 3006 | 3011 => Filter,
        1143 | 1144 | 1147 | 3008 | 3017 | 3021 => Other,
        1148 | 3024 | 3003 => Closed,
        3001 => Price,
        3002 | 3007 | 3010 => Margin,
        3015 => Duplicate,
        3018 | 3019 => ReduceOnly,
        // Seen where the leverage had not been set; on a reduce-only order it means the flag is not usable.
        3020 if reduce_only => ReduceOnly,
        3020 => Margin,
        _ => return None,
    })
}

/// The venue's name of a code, for people.
pub(crate) fn name(code: i64) -> &'static str {
    match code {
        1002 => "UNAUTHORIZED",
        1003 | 429 => "TOO_MANY_REQUESTS",
        1022 => "INVALID_SIGNATURE",
        1023 => "INVALID_NONCE",
        1024 => "INVALID_NETWORK_TYPE",
        1099 => "ACCOUNT_NOT_FOUND",
        1111 => "BAD_DECIMALS",
        1116 => "INVALID_ORDER_TYPE",
        1121 | 3023 => "BAD_SYMBOL",
        1125 => "INVALID_LISTEN_KEY",
        1130 => "INVALID_PARAMETER",
        1131 => "BAD_RECV_WINDOW",
        1132 => "ORDER_EXPIRED",
        1133 => "INVALID_TIME_IN_FORCE",
        1143 => "INVALID_TRANSACTION",
        1144 => "ALREADY_USE_TRANSACTION",
        1145 | 3022 => "INVALID_TP_SL_PRICE",
        1146 => "INVALID_ACCOUNT_GROUP",
        1147 => "DECLINE_WITHDRAW_FROM_MOBILE",
        1148 | 3024 => "MARKET_CLOSED",
        3001 => "PRICE_CHECK_FAILED",
        3002 => "MARGIN_CHECK_FAILED",
        3003 => "PRICE_STALE",
        3004 => "ORDER_STALE",
        3006 => "INCREASE_WITH_SL_TP",
        3007 => "INCREASE_DURING_INSOLVENCY",
        3008 => "DELETED_BY_LIQ",
        3010 => "OI_CAP_EXCEEDED",
        3011 => "INVALID_LIMIT_PRICE",
        3015 => "DUPLICATE",
        3017 => "ORDER_NOT_FOUND",
        3018 => "REDUCE_ONLY_INCREASES",
        3019 => "REDUCE_ONLY_EXCEEDS_SIZE",
        3020 => "ORDER_CHANGES_LEVERAGE",
        3021 => "DECREASE_LEVERAGE_WITH_POSITION",
        _ => "(not documented)",
    }
}

/// `1022 INVALID_SIGNATURE`: how a code stands in a refusal.
pub(crate) fn code_text(code: i64) -> String {
    format!("{code} {}", name(code))
}

/// At most 120 printable ASCII characters of what the venue wrote, so that nothing it sends can disturb a log.
fn printable(text: &[u8]) -> String {
    text.iter().take(120).map(|&b| if b.is_ascii_graphic() || b == b' ' { char::from(b) } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_body_form_is_read_and_any_other_is_kept_as_text() {
        fn check(body: &str, code: Option<i64>, json: bool) {
            let fault = Fault::parse(body.as_bytes());
            assert_eq!((fault.code, fault.json), (code, json), "{body}");
        }
        check(r#"{"code":1022,"msg":"Invalid signature"}"#, Some(1022), true);
        check(r#"{"code":"1022","msg":null}"#, Some(1022), true);
        check(r#"{"detail":{"code":1132,"msg":"x"}}"#, Some(1132), true);
        check(r#"{"detail":[{"loc":["body"],"msg":"field required","type":"missing"}]}"#, None, true);
        check(r#"{"detail":"Not Found"}"#, None, true);
        check("[1]", None, true);
        check("<html>403 Forbidden</html>", None, false);
        check("", None, false);
    }

    #[test]
    fn only_a_documented_code_of_the_application_refuses_an_order() {
        fn check(status: u16, body: &str, expect: Verdict) {
            assert_eq!(judge(status, &Fault::parse(body.as_bytes()), false), expect, "{status} {body}");
        }
        use RefusalKind::{Auth, Filter, Price, Stamp};
        check(400, r#"{"detail":{"code":1022,"msg":""}}"#, Verdict::Refused(Auth, 1022));
        check(401, r#"{"code":1002,"msg":""}"#, Verdict::Refused(Auth, 1002));
        check(200, r#"{"code":1121,"msg":"unknown symbol"}"#, Verdict::Refused(Filter, 1121));
        check(400, r#"{"code":1132,"msg":""}"#, Verdict::Refused(Stamp, 1132));
        check(400, r#"{"code":3001,"msg":""}"#, Verdict::Refused(Price, 3001));
        check(400, r#"{"code":3015,"msg":""}"#, Verdict::Unknown);
        check(400, r#"{"code":9999,"msg":""}"#, Verdict::Unknown);
        check(429, r#"{"code":429,"msg":"Rate limited"}"#, Verdict::Unknown);
        check(400, r#"{"code":1003,"msg":""}"#, Verdict::Unknown);
        check(500, r#"{"code":1022,"msg":""}"#, Verdict::Unknown);
        check(422, r#"{"detail":[{"loc":[],"msg":"","type":""}]}"#, Verdict::Unknown);
        check(403, "<html>denied</html>", Verdict::Unknown);
        check(200, "", Verdict::Unknown);
    }

    #[test]
    fn every_documented_order_code_has_a_kind_and_a_name() {
        let listed: serde_json::Value = serde_json::from_str(include_str!("../testdata/vest/v2_error_codes.json")).expect("JSON");
        for table in ["rest_general", "rest_invalid_request", "order_rejection"] {
            for (code, word) in listed[table].as_object().expect("a table") {
                let code: i64 = code.parse().expect("a number");
                assert_eq!(Some(name(code)), word.as_str(), "{code}");
                assert!(kind(code, false).is_some(), "{code}");
            }
        }
        assert_eq!(kind(4001, false), None);
    }
}
