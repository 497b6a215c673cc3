//! The named faults of this venue and which words each one understands. What section 18 leaves open is
//! among them: each such fault turns the other answer on.

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

const KNOWN: &[Known] = &[
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
pub(super) type Faults = faults::Faults<Fault>;

impl Parameters for Fault {
    const KNOWN: &'static [Known] = KNOWN;

    fn bound(mut self, _: &str, _: &Map<String, Value>) -> Result<Self, String> {
        self.ms = self.ms.clamp(-86_400_000, 86_400_000);
        self.after_ms = self.after_ms.map(|ms| ms.clamp(0, 86_400_000));
        self.s = self.s.clamp(-864_000, 864_000);
        self.bps = self.bps.clamp(0, 9_999);
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
    /// The fault, if it is on and about this game or about all.
    pub(super) fn on_game(&self, name: &str, game_id: &str) -> Option<&Fault> {
        self.on(name).filter(|f| f.game.as_ref().is_none_or(|g| g == game_id))
    }

    /// Applies the fault once, if it is on.
    pub(super) fn take(&mut self, name: &str) -> Option<Fault> {
        self.take_if(name, |_| true)
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
        check("latency", json!({"ms": 5, "game": "1"}), "has no parameter \"game\"");
        check("repeat_post", json!({"answer": "maybe"}), "unknown variant `maybe`");
        check("http_error", json!({"status": 200}), "from 400 to 599");
    }
}
