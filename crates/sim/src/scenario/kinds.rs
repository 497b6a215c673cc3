//! Named runs, in each of which one thing goes wrong, the same way every time.

use super::{Disk, Moment, Scenario, Step, What, When};
use crate::bot::{PARADEX, VEST};
use domain::record::Evening;
use serde_json::{Value, json};

/// The kinds of round whose every effect is crashed once, by name.
pub const KINDS: [&str; 20] = [
    "clean",
    "leg_refused",
    "leg_dropped",
    "answer_lost",
    "half_filled",
    "late_fill",
    "venue_gone",
    "exit_refused",
    "exit_answer_lost",
    "duplicate_events",
    "exit_half_filled",
    "close_dropped",
    "both_gone",
    "disk_full",
    "operator_exit",
    "foreign_order",
    "liquidated",
    "deleveraged",
    "spec_changed",
    "trimmed",
];

fn fault(when: When, venue: usize, name: &'static str, parameters: Value, lasts_ms: Option<i64>) -> Step {
    Step { when, what: What::Fault { venue, name, parameters }, lasts_ms }
}

impl Scenario {
    /// A run in which one thing goes wrong, the same way every time.
    pub fn named(name: &str) -> Option<Self> {
        let on = |venue, name, parameters| fault(When::At(0), venue, name, parameters, None);
        let exits = When::After(Moment::Exits, 1, 0);
        let steps = match name {
            "clean" => vec![],
            "leg_refused" => vec![on(VEST, "refuse_order", json!({"count": 3, "code": 3001}))],
            "leg_dropped" => vec![on(PARADEX, "drop_order", json!({"count": 1}))],
            "answer_lost" => vec![on(VEST, "lose_order_answer", json!({"count": 1})), on(VEST, "silent_private", json!({}))],
            "half_filled" => vec![on(PARADEX, "partial_fill", json!({"count": 3, "share_bps": 4_000}))],
            "late_fill" => vec![on(VEST, "late_fill", json!({"count": 1, "ms": 2_500}))],
            "venue_gone" => vec![fault(When::At(0), PARADEX, "down", json!({"after_acks": 1}), Some(14_000))],
            "exit_refused" => vec![
                on(PARADEX, "delay_fill", json!({"ms": 30})),
                fault(exits, VEST, "refuse_order", json!({"count": 2, "code": 3003}), None),
            ],
            "exit_answer_lost" => vec![fault(exits, PARADEX, "lose_order_answer", json!({"count": 2}), None)],
            "duplicate_events" => vec![
                on(VEST, "duplicate_events", json!({})),
                on(PARADEX, "duplicate_events", json!({})),
                on(PARADEX, "event_before_answer", json!({})),
                on(VEST, "event_before_answer", json!({})),
            ],
            "exit_half_filled" => vec![fault(exits, PARADEX, "partial_fill", json!({"count": 2, "share_bps": 3_300}), None)],
            "close_dropped" => vec![
                on(PARADEX, "refuse_order", json!({"count": 1, "code": "NOT_ENOUGH_MARGIN"})),
                fault(When::After(Moment::Closes, 1, 0), VEST, "drop_order", json!({"count": 1}), None),
            ],
            "both_gone" => {
                let opens = When::After(Moment::Opens, 1, 20);
                vec![fault(opens, VEST, "down", json!({}), Some(4_000)), fault(opens, PARADEX, "down", json!({}), Some(5_000))]
            }
            "disk_full" => {
                let full = |when, disk, lasts| Step { when, what: What::Disk(disk), lasts_ms: Some(lasts) };
                vec![
                    full(When::At(0), Disk::Full, 5_000),
                    full(When::After(Moment::Opens, 2, 0), Disk::Full, 3_000),
                    fault(When::After(Moment::Opens, 2, 0), PARADEX, "refuse_order", json!({"count": 1}), None),
                ]
            }
            "operator_exit" => {
                vec![Step { when: When::After(Moment::Opens, 1, 900), what: What::OperatorExit, lasts_ms: None }]
            }
            "foreign_order" => {
                let plant = |venue, at| Step { when: When::At(at), what: What::Foreign { venue }, lasts_ms: None };
                vec![plant(PARADEX, 6_000), plant(VEST, 6_000)]
            }
            "liquidated" => {
                let opened = When::After(Moment::Opens, 1, 900);
                vec![fault(opened, PARADEX, "liquidate", json!({"share_bps": 10_000}), Some(200))]
            }
            "deleveraged" => {
                let opened = When::After(Moment::Opens, 1, 900);
                vec![fault(opened, VEST, "deleverage", json!({"share_bps": 4_000}), Some(200))]
            }
            "spec_changed" => {
                let opened = When::After(Moment::Opens, 1, 900);
                vec![fault(opened, VEST, "change_spec", json!({"symbol": "ETH-PERP", "price_decimals": 1}), None)]
            }
            "trimmed" => vec![on(PARADEX, "partial_fill", json!({"count": 2, "share_bps": 4_000}))],
            _ => return None,
        };
        let named = Self::quiet(name.to_owned(), steps);
        // The first opportunity of a full disk comes and goes; the others must find it working.
        Some(match name {
            "disk_full" => Self { run_ms: 22_000, ..named },
            "trimmed" => Self { even: [Evening::Trim; 2], ..named },
            _ => named,
        })
    }
}
