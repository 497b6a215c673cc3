//! Which faults and which open questions of the two venues a world may draw.

use super::bettor::{AZURO, NAMES, SX};
use crate::random::Random;
use serde_json::{Value, json};

/// Faults of a venue that pass, each with drawn parameters.
pub(super) fn of(venue: usize, r: &mut Random) -> Vec<(&'static str, Value)> {
    let count = r.between(1, 3);
    let few = json!({ "count": count });
    let soon = r.between(50, 2_000);
    let later = r.between(500, 20_000);
    let status = [500, 502, 503, 504][r.between(0, 3) as usize];
    if venue == AZURO {
        let ends = ["canceled", "failed"][r.between(0, 1) as usize];
        return vec![
            ("down", json!({})),
            ("drop_sockets", json!({})),
            ("http_error", json!({ "status": status, "count": count })),
            ("latency", json!({ "ms": soon })),
            ("rate_limit", json!({ "count": count, "retry_after_s": r.between(0, 3) })),
            ("disconnect_on_order", few.clone()),
            ("drop_order", few.clone()),
            ("error_after", json!({ "status": status, "count": count })),
            ("lose_order_answer", json!({ "count": count, "after_ms": soon })),
            ("refuse_order", few.clone()),
            ("refuse_all", json!({})),
            ("accept_after", json!({ "ms": later, "count": count })),
            ("api_stuck", json!({ "ms": later, "count": count })),
            ("better_odds", json!({ "bps": r.between(1, 300), "count": count })),
            ("worse_odds", json!({ "bps": r.between(1, 300), "count": count })),
            ("cancel_early", json!({ "ms": soon, "count": count })),
            ("hide_order", json!({ "ms": later, "count": count })),
            ("house_cancels", json!({ "ms": later, "count": count, "ends": ends })),
            ("late_bet_id", json!({ "ms": later, "count": count })),
            ("reject_after_sent", few.clone()),
            ("stay_sent", few.clone()),
            ("calculation_error", few.clone()),
            ("duplicate_updates", json!({})),
            ("swap_updates", json!({})),
            ("freeze_odds", json!({})),
            ("no_ack", few),
            ("no_prematch", json!({})),
            ("odds_one", json!({})),
            ("silent_feed", json!({})),
            ("stop_games", json!({})),
            ("chain_stalls", json!({})),
            ("node_behind", json!({ "blocks": r.between(1, 20) })),
            ("node_error", json!({ "status": status, "count": count })),
        ];
    }
    let share = r.between(500, 9_500);
    let code = [3_000, 3_005, 0, 3_012][r.between(0, 3) as usize];
    vec![
        ("cancel_order", few.clone()),
        ("cancel_refused", few.clone()),
        ("cancel_unconfirmed", few.clone()),
        ("drop_order", few.clone()),
        ("error_after", json!({ "status": status, "count": count })),
        ("hide_orders", json!({ "ms": soon })),
        ("hold_order_answer", few.clone()),
        ("lose_order_answer", json!({ "count": count, "ms": soon })),
        ("other_order_id", few.clone()),
        ("partial_fill", json!({ "share_bps": share, "count": count })),
        ("refuse_order", few.clone()),
        ("slow_match", json!({ "ms": soon })),
        ("timeout_outcome", few.clone()),
        ("fail_fills", json!({ "count": count, "share_bps": 10_000 })),
        ("fill_lag", json!({ "ms": soon })),
        ("late_lock", json!({ "ms": later })),
        ("stuck_matched", json!({})),
        ("duplicate_events", json!({})),
        ("event_before_answer", json!({})),
        ("late_events", json!({ "ms": soon })),
        ("silence_events", json!({})),
        ("empty_book", json!({})),
        ("freeze_book", json!({})),
        ("null_best_odds", json!({})),
        ("stale_version", json!({})),
        ("thin_book", json!({ "share_bps": share })),
        ("down", json!({})),
        ("drop_sockets", json!({})),
        ("http_error", json!({ "status": status, "count": count })),
        ("forbidden", few.clone()),
        ("latency", json!({ "ms": soon })),
        ("rate_limit", few),
        ("lose_history", json!({})),
        ("double_publication", json!({})),
        ("late_publication", json!({})),
        ("merge_frames", json!({})),
        ("new_epoch", json!({})),
        ("no_ping", json!({})),
        ("refuse_token_once", json!({})),
        ("lose_publication", json!({ "times": count })),
        ("slow_reader", json!({})),
        ("drop_connections", json!({ "code": code })),
        ("close_inside_subscribe", json!({})),
        ("close_inside_recovery", json!({})),
    ]
}

/// What the documents leave open: a fault's name, and parameters of which one is drawn; stays for the whole run.
pub(super) fn switches(venue: usize) -> Vec<(&'static str, Vec<Value>)> {
    if venue == SX {
        let flag = |name: &str| ("switch", vec![json!({ "name": name, "value": true }), json!({ "name": name, "value": false })]);
        let words = |name: &str, words: &[&str]| {
            ("switch", words.iter().map(|w| json!({ "name": name, "value": w })).collect::<Vec<_>>())
        };
        return vec![
            words("event_id", &["sportXeventId", "sportXEventId", "eventId"]),
            words("reason_field", &["reason", "error", "message"]),
            words("rows", &["bare", "wrapped", "array"]),
            words("repost", &["error", "old"]),
            words("delay_shape", &["number", "object", "absent"]),
            flag("fills_by_order"),
            flag("quarter_as_two"),
            flag("failure_form"),
            flag("retry_after"),
            flag("token_wrapped"),
            flag("order_wrapped"),
            flag("refusals_http"),
            flag("reason_in_state"),
            flag("arrays"),
            flag("heartbeat_cancels_pending"),
            flag("event_filter_ignored"),
            flag("expiry_shown"),
            flag("fee_up"),
        ];
    }
    vec![
        ("refusal_status", vec![json!({ "status": 400 }), json!({ "status": 422 })]),
        ("repeat_post", vec![json!({ "answer": "order" }), json!({ "answer": "error" })]),
        ("skip_placed", vec![json!({})]),
        ("gas_info_array", vec![json!({})]),
        ("old_shapes", vec![json!({})]),
        ("subscribe_snapshot", vec![json!({})]),
        ("push_loses", vec![json!({})]),
        ("expires_before_start", vec![json!({})]),
        ("fee", vec![json!({ "raw": 1 }), json!({ "raw": 25_000 })]),
    ]
}

/// What a thousand drawn worlds of bets must have met: group and word.
pub(super) fn required() -> impl Iterator<Item = (&'static str, String)> {
    let mut words: Vec<(&'static str, String)> = Vec::new();
    for (venue, name) in NAMES.iter().enumerate() {
        for (fault, _) in of(venue, &mut Random::new(1)) {
            words.push(("fault", format!("{name} {fault}")));
        }
        for (switch, values) in switches(venue) {
            words.extend(values.iter().map(|value| ("switch", format!("{name} {switch} {value}"))));
        }
        words.push(("line", (*name).to_owned()));
        for status in ["pending", "matched", "accepted", "refused", "settled", "void"] {
            words.push(("status", format!("{name} {status}")));
        }
        for ending in ["refused", "settled", "void"] {
            words.push(("ending", format!("{name} {ending}")));
        }
    }
    words.push(("status", "sx partial".to_owned()));
    for kind in ["sx fok", "sx ioc", "sx gtc", "azuro fok"] {
        words.push(("bet", kind.to_owned()));
    }
    for death in ["between inputs", "before an effect", "in a record", "after an effect"] {
        words.push(("death", death.to_owned()));
    }
    for status in ["pending", "matched", "accepted"] {
        words.push(("adopted", status.to_owned()));
    }
    words.into_iter()
}
