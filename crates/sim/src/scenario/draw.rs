//! A run drawn from a seed: many faults at once, most of them aimed at the moment a round opens, exits or closes.

use super::{Death, Disk, Moment, Scenario, Step, What, When};
use crate::bot::{PARADEX, VEST};
use crate::random::Random;
use crate::world::Crash;
use domain::record::Evening;
use serde_json::{Value, json};

impl Scenario {
    /// A run drawn from a seed.
    pub fn drawn(seed: u64) -> Self {
        let mut r = Random::new(seed ^ 0x5ce0_a110);
        let run_ms = 14_000;
        let mut steps = Vec::new();
        for (venue, name, value) in switches(&mut r) {
            steps.push(Step {
                when: When::At(0),
                what: What::Fault { venue, name: "switch", parameters: json!({"name": name, "value": value}) },
                lasts_ms: None,
            });
        }
        for _ in 0..r.between(0, 7) {
            draw_fault(&mut r, run_ms, &mut steps);
        }
        draw_clocks(&mut r, run_ms, &mut steps);
        draw_people(&mut r, run_ms, &mut steps);
        let kills = [0, 0, 1, 1, 2, 3][r.between(0, 5) as usize];
        for _ in 0..kills {
            steps.push(Step {
                when: draw_moment(&mut r, run_ms + 4_000, true),
                what: What::Kill(draw_death(&mut r)),
                lasts_ms: None,
            });
        }
        let low = r.between(1, 60);
        let high = low + r.between(0, 60);
        let clock_ms = (0..8).map(|_| if r.chance(20) { r.between(-3_000, 3_000) } else { 0 }).collect();
        let max_holding_ms = if r.chance(30) { r.between(500, 4_000) } else { 8_000 };
        let rotates = r.chance(40);
        // From a source of its own: what is drawn above stays what it was.
        let mut r = Random::new(seed ^ 0x0e7e_f0c3);
        let even = [0, 1].map(|_| if r.chance(35) { Evening::Trim } else { Evening::Complete });
        draw_upheaval(&mut r, run_ms, &mut steps);
        Self { name: format!("seed {seed}"), steps, latency_ms: (low, high), run_ms, max_holding_ms, even, clock_ms, rotates }
    }
}

/// Three in five are aimed at a round.
fn draw_moment(r: &mut Random, until_ms: i64, starts: bool) -> When {
    let nth = r.between(1, 3) as u64;
    let soon = if r.chance(60) { r.between(0, 150) } else { r.between(0, 2_500) };
    match r.between(0, 99) {
        0..30 => When::After(Moment::Opens, nth, soon),
        30..48 => When::After(Moment::Exits, nth, soon),
        48..58 => When::After(Moment::Closes, nth, soon),
        58..66 if starts => When::After(Moment::Starts, nth + 1, soon),
        66..70 => When::After(Moment::Ends, nth, soon),
        _ => When::At(r.between(1_000, until_ms)),
    }
}

fn draw_death(r: &mut Random) -> Death {
    let how = match r.between(0, 2) {
        0 => Crash::Before,
        1 => Crash::Torn(r.between(1, 400) as usize),
        _ => Crash::After,
    };
    if r.chance(40) { Death::Now } else { Death::AtEffect(r.between(0, 8) as u64, how) }
}

fn draw_fault(r: &mut Random, run_ms: i64, steps: &mut Vec<Step>) {
    let venue = if r.chance(50) { VEST } else { PARADEX };
    let when = draw_moment(r, run_ms, false);
    let lasts = if r.chance(12) { r.between(5_000, 14_000) } else { r.between(200, 5_000) };
    let (name, parameters) = draw_name(r, venue);
    let step = |venue, name, parameters| Step { when, what: What::Fault { venue, name, parameters }, lasts_ms: Some(lasts) };
    // One in six strikes both venues at once.
    if r.chance(16) {
        let other = 1 - venue;
        let (name, parameters) = if r.chance(50) { ("down", json!({})) } else { draw_name(r, other) };
        steps.push(step(other, name, parameters));
    }
    steps.push(step(venue, name, parameters));
}

fn draw_name(r: &mut Random, venue: usize) -> (&'static str, Value) {
    let vest = venue == VEST;
    let side = if r.chance(50) { "buy" } else { "sell" };
    let count = r.between(1, 4);
    match r.between(0, 28) {
        0 => ("hold_order_answer", json!({"side": side, "events": r.chance(50)})),
        1 | 2 => ("lose_order_answer", json!({"count": count, "side": side})),
        3 | 4 => ("drop_order", json!({"count": count})),
        5 | 6 if vest => {
            let code = [3001, 3002, 3003, 1148, 1023, 1132][r.between(0, 5) as usize];
            ("refuse_order", json!({"count": count, "code": code}))
        }
        5 | 6 => ("refuse_order", json!({"count": count, "late": r.chance(50), "code": "NOT_ENOUGH_MARGIN"})),
        7..=9 => ("partial_fill", json!({"count": count, "share_bps": r.between(500, 9_500)})),
        10 => ("delay_fill", json!({"ms": r.between(100, 3_000)})),
        11 | 12 => ("late_fill", json!({"count": count, "ms": r.between(200, 4_000)})),
        13 => ("duplicate_events", json!({})),
        14 => ("event_before_answer", json!({})),
        15 => ("silent_private", json!({})),
        16 => ("http_error", json!({"count": count, "status": 503})),
        17 => ("error_after", json!({"count": count, "status": 502})),
        18 => ("rate_limit", json!({"count": count, "retry_after_s": 1})),
        19 => ("down", json!({})),
        20 => ("down", json!({"after_acks": count})),
        21 => ("drop_sockets", json!({"count": 1})),
        22 => ("freeze_book", json!({})),
        23 => ("gap", json!({"count": count})),
        24 => ("crossed_book", json!({})),
        25 => ("empty_side", json!({})),
        26 => ("halt", json!({})),
        27 => ("latency", json!({"ms": r.between(50, 900)})),
        _ => ("thin_book", json!({"share_bps": r.between(100, 6_000)})),
    }
}

/// What venues do by themselves: they take positions away, and change the rules of an instrument.
fn draw_upheaval(r: &mut Random, run_ms: i64, steps: &mut Vec<Step>) {
    let venue = if r.chance(50) { VEST } else { PARADEX };
    if r.chance(10) {
        let name = if r.chance(50) { "liquidate" } else { "deleverage" };
        let share = if r.chance(50) { 10_000 } else { r.between(1_000, 9_000) };
        let when = match r.between(0, 2) {
            0 => When::After(Moment::Opens, 1, r.between(0, 300)),
            1 => When::After(Moment::Opens, 1, r.between(300, 2_500)),
            _ => draw_moment(r, run_ms, false),
        };
        let what = What::Fault { venue, name, parameters: json!({"share_bps": share}) };
        steps.push(Step { when, what, lasts_ms: Some(200) });
    }
    if r.chance(8) {
        let parameters = json!({"symbol": "ETH-PERP", "price_decimals": r.between(1, 2), "size_decimals": 3});
        let what = What::Fault { venue: VEST, name: "change_spec", parameters };
        steps.push(Step { when: draw_moment(r, run_ms, false), what, lasts_ms: None });
    }
}

/// The venues' clocks are wrong, and change while it runs.
fn draw_clocks(r: &mut Random, run_ms: i64, steps: &mut Vec<Step>) {
    if !r.chance(25) {
        return;
    }
    let venue = if r.chance(50) { VEST } else { PARADEX };
    for n in 0..r.between(1, 3) {
        let when = if n == 0 { When::At(0) } else { When::At(r.between(1_000, run_ms)) };
        let parameters = json!({"ms": r.between(-600, 600)});
        steps.push(Step { when, what: What::Fault { venue, name: "clock_offset", parameters }, lasts_ms: None });
    }
}

/// What people do, to the bot and to its disk.
fn draw_people(r: &mut Random, run_ms: i64, steps: &mut Vec<Step>) {
    let mut maybe = |percent, what: fn(&mut Random) -> (What, Option<i64>)| {
        if r.chance(percent) {
            let when = draw_moment(r, run_ms, false);
            let (what, lasts_ms) = what(r);
            steps.push(Step { when, what, lasts_ms });
        }
    };
    maybe(15, |_| (What::OperatorExit, None));
    maybe(8, |r| (What::Pause(true), Some(r.between(300, 4_000))));
    maybe(10, |_| (What::Leave, None));
    maybe(14, |r| (What::Disk(Disk::Full), Some(r.between(200, 5_000))));
    maybe(7, |r| (What::Disk(Disk::UsedUp), Some(r.between(200, 3_000))));
    maybe(4, |r| (What::Foreign { venue: r.between(0, 1) as usize }, None));
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
    maybe(VEST, "websocketserver", json!(true));
    maybe(VEST, "ws_group_required", json!(true));
    maybe(VEST, "register_revokes", json!(true));
    maybe(PARADEX, "empty_side_is", json!("zero"));
    maybe(PARADEX, "new_is_published", json!(false));
    maybe(PARADEX, "get_order", json!("open"));
    maybe(PARADEX, "socket_error_text", json!("code"));
    maybe(PARADEX, "socket_error_text", json!("text"));
    maybe(PARADEX, "cancel_on_own_close", json!(false));
    maybe(PARADEX, "reduce_only_oversize", json!("clip"));
    maybe(PARADEX, "bbo_on_subscribe", json!(false));
    maybe(PARADEX, "repeated_onboarding", json!("error"));
    maybe(PARADEX, "same_hash", json!("refuse"));
    maybe(PARADEX, "token_ends_socket_orders", json!(true));
    all
}
