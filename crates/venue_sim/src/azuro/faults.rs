//! The named faults: what is on, how often it still applies, and which words each one understands. What section 18 leaves open is
//! among them: each such fault turns the other answer on.

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
    pub s: i64,
    pub bps: i64,
    pub blocks: u64,
    pub gwei: u64,
    pub raw: u64,
    pub status: u16,
    pub body: Option<String>,
    pub path: Option<String>,
    pub retry_after_s: Option<u64>,
    pub after_ms: Option<i64>,
    /// A game's id; all games without it.
    pub game: Option<String>,
    pub error: Option<String>,
    pub message: Option<String>,
    pub answer: Option<Repeat>,
    pub ends: Option<CancelEnds>,
    pub cancel: bool,
    /// Most ids of one connection.
    pub ids: usize,
    /// Final score, first and second team as the venue names them.
    pub one: Option<u16>,
    pub two: Option<u16>,
}

/// What a repeated POST of the same order answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Repeat {
    Order,
    Error,
}

/// How a cancellation by the house ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum CancelEnds {
    Canceled,
    Failed,
}

/// Name, parameters it must have, parameters it may have.
const KNOWN: &[(&str, &[&str], &[&str])] = &[
    // The way there and back.
    ("clock_offset", &["ms"], &[]),
    ("down", &[], &[]),
    ("drop_sockets", &[], &[]),
    ("http_error", &["status"], &["count", "body", "path"]),
    ("latency", &["ms"], &[]),
    ("rate_limit", &[], &["count", "retry_after_s"]),
    // An order's POST.
    ("any_amount_decimals", &[], &[]),
    ("disconnect_on_order", &[], &["count"]),
    ("drop_order", &[], &["count", "after_ms"]),
    ("error_after", &["status"], &["count", "body"]),
    ("expires_at_max", &["s"], &[]),
    ("expires_before_start", &[], &[]),
    ("hold_order_answer", &[], &["count"]),
    ("lose_order_answer", &[], &["count", "after_ms"]),
    ("refusal_status", &["status"], &[]),
    ("refuse_all", &[], &["error", "message"]),
    ("refuse_order", &[], &["count", "error", "message"]),
    ("repeat_post", &["answer"], &[]),
    ("short_expires_refused", &["s"], &[]),
    ("zero_affiliate_refused", &[], &[]),
    // An order's life.
    ("accept_after", &["ms"], &["count"]),
    ("api_stuck", &["ms"], &["count"]),
    ("better_odds", &["bps"], &["count"]),
    ("cancel_early", &[], &["count", "ms"]),
    ("hide_order", &["ms"], &["count"]),
    ("house_cancels", &[], &["count", "ms", "ends"]),
    ("late_bet_id", &["ms"], &["count"]),
    ("reject_after_sent", &[], &["count", "error", "message"]),
    ("skip_placed", &[], &["count"]),
    ("stay_sent", &[], &["count"]),
    ("worse_odds", &["bps"], &["count"]),
    // The feed.
    ("calculation_error", &[], &["count", "message"]),
    ("duplicate_updates", &[], &[]),
    ("fee", &["raw"], &[]),
    ("freeze_odds", &[], &[]),
    ("gas_info_array", &[], &[]),
    ("max_bet", &["raw"], &[]),
    ("no_ack", &[], &["count"]),
    ("no_prematch", &[], &[]),
    ("odds_one", &[], &["game"]),
    ("old_shapes", &[], &[]),
    ("silent_feed", &[], &[]),
    ("stop_games", &[], &["game"]),
    ("subscribe_snapshot", &[], &[]),
    ("swap_updates", &[], &[]),
    ("ws_lifetime", &["s"], &[]),
    ("ws_max_ids", &["ids"], &[]),
    // Settlement.
    ("push_loses", &[], &[]),
    ("resolve_now", &[], &["game", "cancel", "one", "two"]),
    ("settlement_held", &[], &[]),
    ("settle_before", &["s"], &[]),
    // The chain and its node.
    ("base_fee", &["gwei"], &[]),
    ("chain_stalls", &[], &[]),
    ("node_behind", &["blocks"], &[]),
    ("node_error", &["status"], &["count"]),
    ("node_silent", &[], &["count"]),
    ("sequencer_down", &[], &[]),
];

/// What is on.
#[derive(Debug, Default)]
pub(super) struct Faults {
    on: BTreeMap<&'static str, Fault>,
}

impl Faults {
    /// Reads a fault's parameters.
    pub(super) fn read(name: &str, parameters: &Value) -> Result<(&'static str, Fault), String> {
        let Some((known, needs, takes)) = KNOWN.iter().find(|(known, ..)| *known == name) else {
            let names: Vec<&str> = KNOWN.iter().map(|(known, ..)| *known).collect();
            return Err(format!("no fault is called {name:?}; known are {}", names.join(", ")));
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
        fault.after_ms = fault.after_ms.map(|ms| ms.clamp(0, 86_400_000));
        fault.s = fault.s.clamp(-864_000, 864_000);
        fault.bps = fault.bps.clamp(0, 9_999);
        if needs.contains(&"status") && !(400..=599).contains(&fault.status) {
            return Err(format!("the status of {name} is a number from 400 to 599"));
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

    /// The fault, if it is on and about this game or about all.
    pub(super) fn on_game(&self, name: &str, game_id: &str) -> Option<&Fault> {
        self.on(name).filter(|f| f.game.as_ref().is_none_or(|g| g == game_id))
    }

    /// Applies the fault once, if it is on.
    pub(super) fn take(&mut self, name: &str) -> Option<Fault> {
        self.take_if(name, |_| true)
    }

    /// Applies the fault once, if it is on and `fits`; a count that has run out clears it.
    pub(super) fn take_if(&mut self, name: &str, fits: impl Fn(&Fault) -> bool) -> Option<Fault> {
        let fault = self.on.get_mut(name).filter(|f| fits(f))?;
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

    /// Delay of everything the venue says, microseconds.
    pub(super) fn latency_us(&self) -> u64 {
        self.on("latency").map_or(0, |f| f.ms.max(0) as u64 * 1_000)
    }
}

impl Fault {
    pub(super) fn us(&self) -> u64 {
        self.ms.max(0) as u64 * 1_000
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
        check("stop_game", json!({}), "known are clock_offset, down, drop_sockets");
        check("latency", json!({}), "needs the parameter \"ms\"");
        check("latency", json!({"ms": "5"}), "parameters of latency: invalid type");
        check("latency", json!({"ms": 5, "game": "1"}), "has no parameter \"game\"");
        check("repeat_post", json!({"answer": "maybe"}), "unknown variant `maybe`");
        check("drop_order", json!([1]), "one JSON object");
        check("http_error", json!({"status": 200}), "from 400 to 599");
    }

    #[test]
    fn a_count_applies_so_often() {
        let mut faults = Faults::default();
        let (name, fault) = Faults::read("drop_order", &json!({"count": 2})).expect("good");
        faults.set(name, fault);
        let applied: Vec<bool> = (0..4).map(|_| faults.take(name).is_some()).collect();
        assert_eq!(applied, [true, true, false, false]);
    }
}
