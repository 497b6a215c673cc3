//! The named faults: what is on, how often it still applies, and which words each one understands.
//!
//! The hub's own switches (section 11) are passed on to it; everything else is in [`KNOWN`].

use crate::centrifugo;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

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

/// Name, parameters it must have, parameters it may have.
const KNOWN: &[(&str, &[&str], &[&str])] = &[
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
#[derive(Debug, Default)]
pub(super) struct Faults {
    on: BTreeMap<&'static str, Fault>,
}

impl Faults {
    /// Reads a fault's parameters.
    ///
    /// # Errors
    /// A sentence that names the known faults or the parameter that is wrong.
    pub(super) fn read(name: &str, parameters: &Value) -> Result<(&'static str, Fault), String> {
        let Some((known, needs, takes)) = KNOWN.iter().find(|(known, ..)| *known == name) else {
            let names = KNOWN.iter().map(|(known, ..)| *known).chain(centrifugo::SWITCHES);
            return Err(format!("no fault is called {name:?}; known are {}", names.collect::<Vec<_>>().join(", ")));
        };
        let empty = serde_json::Map::new();
        let given = match parameters {
            Value::Null => &empty,
            Value::Object(object) => object,
            _ => return Err(format!("the parameters of {name} are one JSON object")),
        };
        if let Some(missing) = needs.iter().find(|p| !given.contains_key(**p)) {
            return Err(format!("{name} needs the parameter {missing:?}"));
        }
        if let Some(odd) = given.keys().find(|p| !needs.contains(&p.as_str()) && !takes.contains(&p.as_str())) {
            return Err(format!("{name} has no parameter {odd:?}"));
        }
        let mut fault: Fault =
            serde_json::from_value(Value::Object(given.clone())).map_err(|e| format!("parameters of {name}: {e}"))?;
        fault.ms = fault.ms.clamp(-86_400_000, 86_400_000);
        if *known == "fail_fills" && !given.contains_key("share_bps") {
            fault.share_bps = 10_000;
        }
        fault.share_bps = fault.share_bps.clamp(0, 10_000);
        if needs.contains(&"status") && !(400..=599).contains(&fault.status) {
            return Err(format!("the status of {name} is a number from 400 to 599"));
        }
        if fault.one.is_some() != fault.two.is_some() {
            return Err(format!("{name} takes both scores, \"one\" and \"two\", or none: then it is void"));
        }
        if [fault.one, fault.two].into_iter().flatten().any(|n| !(0..=1_000).contains(&n)) {
            return Err(format!("the scores of {name} are numbers from 0 to 1000"));
        }
        if *known == "balance" && !(0..=1_000_000_000_000_000).contains(&fault.balance_e6) {
            return Err("balance_e6 of balance is a number from 0 to 10^15".to_owned());
        }
        Ok((known, fault))
    }

    pub(super) fn set(&mut self, name: &'static str, fault: Fault) {
        self.on.insert(name, fault);
    }

    pub(super) fn clear(&mut self, name: &str) {
        self.on.remove(name);
    }

    /// The fault, if it is on; does not count.
    pub(super) fn on(&self, name: &str) -> Option<&Fault> {
        self.on.get(name)
    }

    /// Applies the fault once, if it is on.
    pub(super) fn take(&mut self, name: &str) -> Option<Fault> {
        self.take_at(name, "")
    }

    /// Applies the fault once, if it is on and about this path; a count that has run out clears it.
    pub(super) fn take_at(&mut self, name: &str, target: &str) -> Option<Fault> {
        let fault = self.on.get_mut(name).filter(|f| f.path.as_ref().is_none_or(|p| target.contains(p.as_str())))?;
        let applied = fault.clone();
        match &mut fault.count {
            None => return Some(applied),
            Some(left) => *left = left.saturating_sub(1),
        }
        if fault.count == Some(0) {
            self.on.remove(name);
        }
        (applied.count != Some(0)).then_some(applied)
    }

    /// Delay of every answer, microseconds.
    pub(super) fn latency_us(&self) -> u64 {
        self.on("latency").map_or(0, |f| f.ms.max(0) as u64 * 1_000)
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
        check("latency", json!({}), "needs the parameter \"ms\"");
        check("latency", json!({"ms": "5"}), "parameters of latency: invalid type");
        check("latency", json!({"ms": 5, "count": 1}), "has no parameter \"count\"");
        check("drop_order", json!([1]), "one JSON object");
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
