//! What goes wrong, when, and to whom: drawn from the seed, or named.

use crate::bot::{PARADEX, VEST};
use crate::random::Random;
use serde_json::{Value, json};

/// One fault at one time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) at_ms: i64,
    pub(crate) venue: usize,
    pub(crate) name: &'static str,
    /// `None` ends the fault.
    pub(crate) parameters: Option<Value>,
}

/// A run as drawn or named.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// In words.
    pub name: String,
    pub(crate) steps: Vec<Step>,
    /// One way to a venue, lowest and highest, ms.
    pub(crate) latency_ms: (i64, i64),
    /// When the bot is killed, ms after the start; the output count decides within the moment.
    pub(crate) kill_at_ms: Vec<i64>,
    /// How long entries are allowed, ms.
    pub(crate) run_ms: i64,
}

/// The kinds of round whose every effect is crashed once, by name.
pub const KINDS: [&str; 10] = [
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
];

impl Scenario {
    /// A run in which one thing goes wrong, the same way every time.
    pub fn named(name: &str) -> Option<Self> {
        let on = |venue, name, parameters| Step { at_ms: 0, venue, name, parameters: Some(parameters) };
        let at = |at_ms, step: Step| Step { at_ms, ..step };
        let steps = match name {
            "clean" => vec![],
            "leg_refused" => vec![on(VEST, "refuse_order", json!({"count": 3, "code": 3001}))],
            "leg_dropped" => vec![on(PARADEX, "drop_order", json!({"count": 1}))],
            "answer_lost" => vec![on(VEST, "lose_order_answer", json!({"count": 1})), on(VEST, "silent_private", json!({}))],
            "half_filled" => vec![on(PARADEX, "partial_fill", json!({"count": 3, "share_bps": 4_000}))],
            "late_fill" => vec![on(VEST, "late_fill", json!({"count": 1, "ms": 2_500}))],
            "venue_gone" => {
                vec![on(PARADEX, "down", json!({"after_acks": 1})), Step { at_ms: 14_000, venue: PARADEX, name: "down", parameters: None }]
            }
            "exit_refused" => {
                vec![on(PARADEX, "delay_fill", json!({"ms": 30})), at(4_000, on(VEST, "refuse_order", json!({"count": 2, "code": 3003})))]
            }
            "exit_answer_lost" => vec![at(4_000, on(PARADEX, "lose_order_answer", json!({"count": 2})))],
            "duplicate_events" => vec![
                on(VEST, "duplicate_events", json!({})),
                on(PARADEX, "duplicate_events", json!({})),
                on(PARADEX, "event_before_answer", json!({})),
                on(VEST, "event_before_answer", json!({})),
            ],
            _ => return None,
        };
        Some(Self { name: name.to_owned(), steps, latency_ms: (8, 12), kill_at_ms: vec![], run_ms: 12_000 })
    }

    /// A run drawn from a seed.
    pub fn drawn(seed: u64) -> Self {
        let mut r = Random::new(seed ^ 0x5ce0_a110);
        let run_ms = 14_000;
        let mut steps = Vec::new();
        for _ in 0..r.between(0, 5) {
            let venue = if r.chance(50) { VEST } else { PARADEX };
            let begin = r.between(1_500, run_ms);
            let length = r.between(300, 5_000);
            let side = if r.chance(50) { "buy" } else { "sell" };
            let count = r.between(1, 3);
            let vest = venue == VEST;
            let (name, parameters): (&'static str, Value) = match r.between(0, 21) {
                0 => ("hold_order_answer", json!({"side": side, "events": r.chance(50)})),
                1 => ("lose_order_answer", json!({"count": count, "side": side})),
                2 => ("drop_order", json!({"count": count, "side": side})),
                3 if vest => {
                    let code = [3001, 3002, 3003, 1148][r.between(0, 3) as usize];
                    ("refuse_order", json!({"count": count, "code": code}))
                }
                3 => ("refuse_order", json!({"count": count, "late": r.chance(50), "code": "NOT_ENOUGH_MARGIN"})),
                4 | 5 => ("partial_fill", json!({"count": count, "share_bps": r.between(500, 9_500)})),
                6 => ("delay_fill", json!({"ms": r.between(100, 3_000)})),
                7 => ("late_fill", json!({"count": count, "ms": r.between(200, 4_000)})),
                8 => ("duplicate_events", json!({})),
                9 => ("event_before_answer", json!({})),
                10 => ("silent_private", json!({})),
                11 => ("http_error", json!({"count": count, "status": 503})),
                12 => ("error_after", json!({"count": count, "status": 502})),
                13 => ("rate_limit", json!({"count": count, "retry_after_s": 1})),
                14 => ("down", json!({})),
                15 => ("down", json!({"after_acks": count})),
                16 => ("drop_sockets", json!({"count": 1})),
                17 => ("freeze_book", json!({})),
                18 => ("gap", json!({"count": count})),
                19 => ("crossed_book", json!({})),
                20 => ("empty_side", json!({})),
                _ => ("thin_book", json!({"share_bps": r.between(100, 2_000)})),
            };
            steps.push(Step { at_ms: begin, venue, name, parameters: Some(parameters) });
            steps.push(Step { at_ms: begin + length, venue, name, parameters: None });
        }
        for (venue, name, value) in switches(&mut r) {
            steps.push(Step { at_ms: 0, venue, name: "switch", parameters: Some(json!({"name": name, "value": value})) });
        }
        if r.chance(15) {
            let ms = r.between(-400, 400);
            steps.push(Step {
                at_ms: 0,
                venue: if r.chance(50) { VEST } else { PARADEX },
                name: "clock_offset",
                parameters: Some(json!({"ms": ms})),
            });
        }
        let kills = r.between(0, 2).max(0);
        let kill_at_ms = (0..kills).map(|_| r.between(1_000, run_ms + 4_000)).collect();
        let low = r.between(1, 60);
        let high = low + r.between(0, 60);
        Self { name: format!("seed {seed}"), steps, latency_ms: (low, high), kill_at_ms, run_ms }
    }
}

/// What the venues' documents leave open, one way or the other.
fn switches(r: &mut Random) -> Vec<(usize, &'static str, Value)> {
    let mut all = Vec::new();
    let frames = ["binary", "text", "brotli"][r.between(0, 2) as usize];
    all.push((VEST, "frames", json!(frames)));
    let payload = ["sbe", "json", "mixed"][r.between(0, 2) as usize];
    all.push((PARADEX, "private_payload", json!(payload)));
    let mut maybe = |venue, name, value: Value| {
        if r.chance(20) {
            all.push((venue, name, value));
        }
    };
    maybe(VEST, "flat_errors", json!(true));
    maybe(VEST, "exact_decimals", json!(true));
    maybe(VEST, "nonce_increases", json!(true));
    maybe(VEST, "leverage_required", json!(true));
    maybe(VEST, "unauthorized_status", json!(401));
    maybe(PARADEX, "empty_side_is", json!("zero"));
    maybe(PARADEX, "new_is_published", json!(false));
    maybe(PARADEX, "get_order", json!("open"));
    maybe(PARADEX, "socket_error_text", json!("code"));
    maybe(PARADEX, "socket_error_text", json!("text"));
    maybe(PARADEX, "cancel_on_own_close", json!(false));
    all
}
