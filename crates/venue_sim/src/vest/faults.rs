//! The named faults of this venue and which words each one understands.

use crate::faults::{self, Known, Parameters};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Parameters of a fault; which of them one needs and takes is in [`KNOWN`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fault {
    /// How many times it still applies; `None` until cleared.
    pub count: Option<u32>,
    side: Option<Side>,
    pub ms: i64,
    pub events: Option<bool>,
    pub code: Option<Code>,
    pub share_bps: i64,
    pub status: u16,
    pub body: Option<String>,
    pub path: Option<String>,
    pub retry_after_s: Option<u64>,
    pub after_acks: Option<u32>,
    pub after_ms: Option<i64>,
    pub symbol: Option<String>,
    /// Which side of the book is empty.
    pub book_side: Option<String>,
    /// Whether a delisting settles positions; yes unless said otherwise.
    pub settle: Option<bool>,
    pub size_decimals: Option<u32>,
    pub price_decimals: Option<u32>,
    /// A fraction at 1e-8.
    pub taker_fee_e8: Option<i64>,
    /// A fraction per hour at 1e-8.
    pub rate_e8: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Side {
    Buy,
    Sell,
}

/// A code as a number or as its digits.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Code {
    Number(u32),
    Text(String),
}

impl Code {
    fn number(&self) -> Option<u32> {
        match self {
            Self::Number(n) => Some(*n),
            Self::Text(t) => t.parse().ok(),
        }
    }
}

const KNOWN: &[Known] = &[
    ("change_spec", &["symbol"], &["size_decimals", "price_decimals", "taker_fee_e8"]),
    ("clock_offset", &["ms"], &[]),
    ("crossed_book", &[], &["symbol"]),
    ("delay_fill", &["ms"], &["count", "side"]),
    ("deleverage", &[], &["symbol", "share_bps"]),
    ("delist", &["symbol"], &["settle"]),
    ("disconnect_on_order", &[], &["count", "side"]),
    ("down", &[], &["after_acks"]),
    ("drop_order", &[], &["count", "side", "after_ms"]),
    ("drop_sockets", &[], &["count"]),
    ("duplicate_events", &[], &[]),
    ("duplicate_fill", &[], &["count", "side", "ms"]),
    ("empty_side", &[], &["symbol", "book_side"]),
    ("error_after", &["status"], &["count", "side", "body"]),
    ("event_before_answer", &[], &["count", "side"]),
    ("freeze_book", &[], &["symbol"]),
    ("funding_rate", &["rate_e8"], &["symbol"]),
    ("gap", &[], &["count"]),
    ("halt", &[], &["symbol"]),
    ("hold_order_answer", &[], &["count", "side", "events"]),
    ("http_error", &["status"], &["count", "body", "path"]),
    ("late_fill", &["ms"], &["count", "side"]),
    ("latency", &["ms"], &[]),
    ("leverage_lost", &[], &["symbol"]),
    ("liquidate", &[], &["symbol", "share_bps"]),
    ("listen_key_expires", &[], &[]),
    ("lose_order_answer", &[], &["count", "side", "after_ms"]),
    ("partial_fill", &["share_bps"], &["count", "side"]),
    ("rate_limit", &[], &["count", "retry_after_s"]),
    ("reduce_only_refused", &[], &["count", "side", "code"]),
    ("refuse_all", &[], &["code"]),
    ("refuse_order", &[], &["count", "side", "code", "late"]),
    ("silence_events", &[], &[]),
    ("silent_private", &[], &[]),
    ("switch", &["name", "value"], &[]),
    ("thin_book", &["share_bps"], &[]),
    ("v2_degraded", &[], &[]),
    ("v2_gone", &[], &[]),
    ("v3_gone", &[], &[]),
];

/// What is on.
pub(super) type Faults = faults::Faults<Fault>;

impl Parameters for Fault {
    const KNOWN: &'static [Known] = KNOWN;

    fn bound(mut self, name: &str, given: &Map<String, Value>) -> Result<Self, String> {
        self.ms = self.ms.clamp(-86_400_000, 86_400_000);
        if matches!(name, "liquidate" | "deleverage") && !given.contains_key("share_bps") {
            self.share_bps = 10_000;
        }
        self.share_bps = self.share_bps.clamp(0, 10_000);
        self.rate_e8 = self.rate_e8.clamp(-100_000_000, 100_000_000);
        if [self.size_decimals, self.price_decimals].into_iter().flatten().any(|d| d > 8) {
            return Err(format!("decimals of {name} are 8 at most"));
        }
        if self.taker_fee_e8.is_some_and(|f| !(0..=10_000_000).contains(&f)) {
            return Err(format!("taker_fee_e8 of {name} is a number from 0 to 10000000"));
        }
        if self.code.as_ref().is_some_and(|c| c.number().is_none()) {
            return Err(format!("the code of {name} is a number of the venue's list"));
        }
        Ok(self)
    }

    fn count(&mut self) -> &mut Option<u32> {
        &mut self.count
    }

    fn ms(&self) -> i64 {
        self.ms
    }
}

impl Faults {
    /// The fault, if it is on and about this symbol or about all.
    pub(super) fn on_symbol(&self, name: &str, symbol: &str) -> Option<&Fault> {
        self.on(name).filter(|f| f.symbol.as_ref().is_none_or(|s| s == symbol))
    }

    /// Applies the fault once to an order of this side, if it is on and the side fits.
    pub(super) fn take(&mut self, name: &str, is_buy: bool) -> Option<Fault> {
        self.take_if(name, |f| f.side.is_none_or(|side| (side == Side::Buy) == is_buy))
    }
}

impl Fault {
    /// The code to refuse with, or the one usual for this fault.
    pub(super) fn code_or(&self, usual: u32) -> u32 {
        self.code.as_ref().and_then(Code::number).unwrap_or(usual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_fault_that_is_not_known_or_ill_worded_says_what_is_wrong() {
        fn check(name: &str, parameters: Value, expect: &str) {
            let error = Faults::read(name, &parameters).expect_err(name);
            assert!(error.contains(expect), "{error}");
        }
        check("latncy", json!({}), "known are change_spec, clock_offset, crossed_book");
        check("latency", json!({"ms": 5, "side": "buy"}), "has no parameter \"side\"");
        check("drop_order", json!({"side": "long"}), "unknown variant `long`");
        check("refuse_order", json!({"code": "CODE"}), "a number of the venue's list");
        check("http_error", json!({"status": 200}), "from 400 to 599");
    }

    #[test]
    fn a_count_applies_so_often_and_only_to_its_side() {
        let mut faults = Faults::default();
        let (name, fault) = Faults::read("drop_order", &json!({"count": 2, "side": "sell"})).expect("good");
        faults.set(name, fault);
        let applied: Vec<bool> = [true, false, true, false, false].map(|buy| faults.take(name, buy).is_some()).into();
        assert_eq!(applied, [false, true, false, true, false]);
        assert!(faults.on(name).is_none());
    }
}
