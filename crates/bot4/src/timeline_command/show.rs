//! A round for people and for machines.

use super::plot;
use super::round::{Order, Story};
use crate::{out, when};
use domain::LegId;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Thousands apart, so that microseconds can be read.
pub(super) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if number < 0 { format!("-{text}") } else { text }
}

/// Microseconds with one decimal.
fn us(ns: u64) -> String {
    format!("{}.{}", ns / 1_000, ns / 100 % 10)
}

fn venue(story: &Story, leg: LegId) -> String {
    story.plan.legs.get(leg.index()).map(|l| l.venue.to_string()).unwrap_or_default()
}

/// The decision, line by line; they sum to the last one.
fn waterfall(story: &Story) -> [(&'static str, domain::Rate); 7] {
    let w = &story.plan.waterfall;
    [
        ("gross", w.gross),
        ("conversion", w.conversion),
        ("depth", w.depth),
        ("fees", w.fees),
        ("funding", w.funding),
        ("buffers", w.buffers),
        ("edge", w.edge),
    ]
}

/// The round for a terminal.
pub(super) fn text(story: &Story) -> String {
    let plan = &story.plan;
    let mut text = String::new();
    let how = story.outcome.map_or_else(|| "still open".to_owned(), |o| format!("{}, net {} USD", o.ending, o.net));
    let _ = writeln!(
        text,
        "Round {} of {}: {how}\n  long {}, short {}, {} on each leg, {} USD reserved, worst loss {} USD\n  detected {} UTC, configuration {}\n",
        plan.id,
        plan.pair,
        venue(story, LegId::A),
        venue(story, LegId::B),
        plan.size,
        plan.reserved,
        plan.worst_loss,
        when::full(plan.at),
        plan.config.get(..12).unwrap_or(&plan.config),
    ); // a String takes everything
    let mut rows = vec![["us from detection".to_owned(), "leg".to_owned(), "what".to_owned()]];
    rows.extend(story.events.iter().map(|e| {
        let leg = e.leg.map_or_else(|| "-".to_owned(), |leg| format!("{leg:?} {}", venue(story, leg)));
        [format!("{:>17}", grouped(e.at.0.saturating_sub(plan.at.0))), leg, e.what.clone()]
    }));
    text.push_str(&out::columns(&rows));
    let plots = plot::plots(story);
    if !plots.is_empty() {
        let _ = write!(text, "\n{plots}\n{}\n", plot::LEGEND);
    }
    latency(&mut text, story);
    money(&mut text, story);
    text
}

fn latency(text: &mut String, story: &Story) {
    let timed: Vec<(&Order, _)> = story.orders.iter().filter_map(|o| Some((o, o.way.as_ref()?))).collect();
    if timed.is_empty() {
        return;
    }
    let head = ["order", "venue", "way", "sign us", "encode us", "network us", "parse us"].map(str::to_owned);
    let rows: Vec<[String; 7]> = std::iter::once(head)
        .chain(timed.iter().map(|(o, w)| {
            let [sign, encode, network, parse] = [w.sign_ns, w.encode_ns, w.network_ns, w.parse_ns].map(us);
            [o.spec.id.to_string(), o.spec.venue.to_string(), w.way.clone(), sign, encode, network, parse]
        }))
        .collect();
    let _ = write!(text, "\n{}", out::columns(&rows)); // a String takes everything
}

fn money(text: &mut String, story: &Story) {
    let decision: Vec<[String; 2]> =
        waterfall(story).iter().map(|(name, rate)| [format!("  {name}"), format!("{:>10}%", rate.to_string())]).collect();
    let _ = write!(text, "\nwhy it was opened\n{}", out::columns(&decision)); // a String takes everything
    let Some(outcome) = &story.outcome else { return };
    let lines = match &outcome.lines {
        Some(lines) => lines.named().to_vec(),
        None => vec![("price", outcome.price), ("fees", outcome.fees.negated()), ("funding", outcome.funding)],
    };
    let rows: Vec<[String; 2]> = lines
        .into_iter()
        .chain([("net", outcome.net)])
        .map(|(name, usd)| [format!("  {name}"), format!("{:>16} USD", usd.to_string())])
        .collect();
    let _ = write!(text, "\nwhat became of it (longest uncovered {} ms)\n{}", outcome.uncovered_ms, out::columns(&rows));
}

/// The same as one JSON document; amounts as texts, so that no reader makes floats of them.
pub(super) fn json(story: &Story) -> String {
    let plan = &story.plan;
    let since = |at: domain::Wall| at.0.saturating_sub(plan.at.0);
    let events = story.events.iter().map(|e| {
        json!({
            "us": since(e.at),
            "at": when::full(e.at),
            "leg": e.leg.map(|l| format!("{l:?}")),
            "venue": e.leg.map(|l| venue(story, l)),
            "order": e.order.map(|o| o.to_string()),
            "kind": e.kind,
            "what": e.what,
        })
    });
    let orders = story.orders.iter().map(|o| {
        json!({
            "id": o.spec.id.to_string(),
            "venue": o.spec.venue.to_string(),
            "side": super::round::word(o.spec.side),
            "size": o.spec.size.to_string(),
            "limit": o.spec.limit.to_string(),
            "filled": o.fills.size.to_string(),
            "average": domain::record::average_price(&o.fills).map(|p| p.to_string()),
            "fee": o.fills.fee.to_string(),
            "recorded_us": since(o.recorded),
            "acked_us": o.acked.map(since),
            "over_us": o.over.map(since),
            "latency": o.way.as_ref().map(|w| json!({
                "way": w.way, "sign_ns": w.sign_ns, "encode_ns": w.encode_ns, "network_ns": w.network_ns, "parse_ns": w.parse_ns,
            })),
        })
    });
    let decision: Value =
        waterfall(story).iter().map(|(name, rate)| ((*name).to_owned(), Value::String(rate.to_string()))).collect();
    let outcome = story.outcome.map(|o| {
        let lines: Option<Value> =
            o.lines.map(|l| l.named().iter().map(|(n, usd)| ((*n).to_owned(), Value::String(usd.to_string()))).collect());
        json!({
            "ending": o.ending.word(), "price": o.price.to_string(), "fees": o.fees.to_string(), "funding": o.funding.to_string(),
            "net": o.net.to_string(), "uncovered_ms": o.uncovered_ms, "lines": lines,
        })
    });
    json!({
        "round": plan.id.to_string(),
        "pair": plan.pair.to_string(),
        "long": venue(story, LegId::A),
        "short": venue(story, LegId::B),
        "size": plan.size.to_string(),
        "spread": plan.spread.to_string(),
        "threshold": plan.threshold.to_string(),
        "waterfall_percent": decision,
        "reserved": plan.reserved.to_string(),
        "worst_loss": plan.worst_loss.to_string(),
        "detected_at": when::full(plan.at),
        "config": plan.config,
        "events": events.collect::<Vec<_>>(),
        "orders": orders.collect::<Vec<_>>(),
        "outcome": outcome,
    })
    .to_string()
}
