//! The named faults of this venue and which words each one understands.
//!
//! The hub's own switches (section 11) are passed on to it; everything else is in [`KNOWN`].

use crate::centrifugo;
use crate::faults::{self, Known, Parameters};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Parameters of a fault; which of them one needs and takes is in [`KNOWN`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Fault {
    /// How many times it still applies; `None` until cleared.
    pub count: Option<u32>,
    pub ms: i64,
    pub status: u16,
    pub body: Option<String>,
    pub path: Option<String>,
    pub reason: Option<String>,
    pub share_bps: i64,
    pub retry_after_s: Option<u64>,
    /// Hash of a market.
    pub market: Option<String>,
    /// `L…` of a fixture.
    pub event: Option<String>,
    pub one: Option<i64>,
    pub two: Option<i64>,
    pub api_key: Option<String>,
    pub balance_e6: i64,
}

const KNOWN: &[Known] = &[
    // Orders.
    ("cancel_order", &[], &["count", "reason"]),
    ("cancel_refused", &[], &["count"]),
    ("cancel_unconfirmed", &[], &["count"]),
    ("drop_order", &[], &["count"]),
    ("error_after", &["status"], &["count", "body"]),
    ("hide_orders", &[], &["ms"]),
    ("hold_order_answer", &[], &["count"]),
    ("lose_order_answer", &[], &["count", "ms"]),
    ("other_order_id", &[], &["count"]),
    ("partial_fill", &["share_bps"], &["count"]),
    ("refuse_order", &[], &["count", "reason"]),
    ("slow_match", &["ms"], &[]),
    ("timeout_outcome", &[], &["count"]),
    // Fills and settlement.
    ("end_event", &["event"], &["one", "two"]),
    ("fail_fills", &[], &["count", "share_bps"]),
    ("fill_lag", &["ms"], &[]),
    ("late_lock", &["ms"], &[]),
    ("settlement_held", &[], &[]),
    ("stuck_matched", &[], &[]),
    // Events of the account.
    ("duplicate_events", &[], &[]),
    ("event_before_answer", &[], &[]),
    ("late_events", &["ms"], &[]),
    ("silence_events", &[], &[]),
    // Books and markets.
    ("empty_book", &[], &[]),
    ("freeze_book", &[], &[]),
    ("halt", &[], &["market"]),
    ("main_line", &["market"], &[]),
    ("null_best_odds", &[], &[]),
    ("stale_version", &[], &[]),
    ("thin_book", &["share_bps"], &[]),
    // Account.
    ("balance", &["api_key", "balance_e6"], &[]),
    ("proxy_not_deployed", &["api_key"], &[]),
    ("revoke_key", &["api_key"], &[]),
    // Transport.
    ("clock_offset", &["ms"], &[]),
    ("down", &[], &[]),
    ("drop_sockets", &[], &[]),
    ("forbidden", &[], &["count", "path"]),
    ("http_error", &["status"], &["count", "body", "path"]),
    ("latency", &["ms"], &[]),
    ("rate_limit", &[], &["count", "path", "retry_after_s"]),
    // What the documents leave open.
    ("switch", &["name", "value"], &[]),
];

/// What is on.
pub(super) type Faults = faults::Faults<Fault>;

impl Parameters for Fault {
    const KNOWN: &'static [Known] = KNOWN;
    const PASSED_ON: &'static [&'static str] = &centrifugo::SWITCHES;

    fn bound(mut self, name: &str, given: &Map<String, Value>) -> Result<Self, String> {
        self.ms = self.ms.clamp(-86_400_000, 86_400_000);
        if name == "fail_fills" && !given.contains_key("share_bps") {
            self.share_bps = 10_000;
        }
        self.share_bps = self.share_bps.clamp(0, 10_000);
        if self.one.is_some() != self.two.is_some() {
            return Err(format!("{name} takes both scores, \"one\" and \"two\", or none: then it is void"));
        }
        if [self.one, self.two].into_iter().flatten().any(|n| !(0..=1_000).contains(&n)) {
            return Err(format!("the scores of {name} are numbers from 0 to 1000"));
        }
        if name == "balance" && !(0..=1_000_000_000_000_000).contains(&self.balance_e6) {
            return Err("balance_e6 of balance is a number from 0 to 10^15".to_owned());
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
    /// Applies the fault once, if it is on.
    pub(super) fn take(&mut self, name: &str) -> Option<Fault> {
        self.take_at(name, "")
    }

    /// Applies the fault once, if it is on and about this path.
    pub(super) fn take_at(&mut self, name: &str, target: &str) -> Option<Fault> {
        self.take_if(name, |f| f.path.as_ref().is_none_or(|p| target.contains(p.as_str())))
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
        check("latncy", json!({}), "known are cancel_order, cancel_refused");
        check("latncy", json!({}), "slow_reader");
        check("latency", json!({"ms": 5, "count": 1}), "has no parameter \"count\"");
        check("http_error", json!({"status": 200}), "from 400 to 599");
        check("end_event", json!({"event": "L1", "one": 2}), "both scores");
        check("end_event", json!({"event": "L1", "one": 2, "two": -1}), "from 0 to 1000");
    }

    #[test]
    fn a_count_applies_so_often_and_only_to_its_path() {
        let mut faults = Faults::default();
        let (name, fault) = Faults::read("http_error", &json!({"status": 502, "count": 2, "path": "fills"})).expect("good");
        faults.set(name, fault);
        let applied: Vec<bool> =
            ["/fills-v3", "/orders-v3", "/fills-v3", "/fills-v3"].map(|t| faults.take_at(name, t).is_some()).into();
        assert_eq!(applied, [true, false, true, false]);
        assert!(faults.on(name).is_none());
    }
}
