//! Named faults: what is switched on, how often it still applies, and with which parameters.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::exchange::Side;

/// The faults this venue understands, beside `switch`.
const KNOWN: &[&str] = &[
    "latency",
    "hold_order_answer",
    "lose_order_answer",
    "drop_order",
    "refuse_order",
    "partial_fill",
    "delay_fill",
    "late_fill",
    "late_fill_event",
    "duplicate_fill",
    "refuse_all",
    "silence",
    "liquidate",
    "deleverage",
    "delist",
    "change_spec",
    "maintenance",
    "fee_tier",
    "duplicate_events",
    "event_before_answer",
    "silent_private",
    "http_error",
    "error_after",
    "rate_limit",
    "down",
    "drop_sockets",
    "freeze_book",
    "gap",
    "crossed_book",
    "empty_side",
    "clock_offset",
    "halt",
    "thin_book",
];

/// Parameters of a fault; what a fault does not use stays at its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fault {
    left: Option<u64>,
    side: Option<Side>,
    /// `ms`.
    pub(super) ms: i64,
    /// `status`, HTTP.
    pub(super) status: u16,
    /// `code`.
    pub(super) code: Option<String>,
    /// `late`.
    pub(super) late: bool,
    /// `events`.
    pub(super) events: bool,
    /// `share_bps`.
    pub(super) share_bps: i64,
    /// `after_acks`.
    pub(super) after_acks: u64,
    /// `retry_after_s`.
    pub(super) retry_after_s: u64,
    /// `body`.
    pub(super) body: Option<String>,
    /// `path`.
    pub(super) path: Option<String>,
    /// `symbol` of a market; all of them without it.
    pub(super) symbol: Option<String>,
    /// `settle`: a market that ends pays its positions out.
    pub(super) settle: bool,
    /// `tick`, `step` and `min_notional` of a market, at 1e-8.
    pub(super) spec: [Option<i64>; 3],
    /// `maker_rate` and `taker_rate`, at 1e-8.
    pub(super) rates: [Option<i64>; 2],
}

/// The faults that are on.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    on: BTreeMap<&'static str, Fault>,
}

impl Faults {
    /// Switches a fault on.
    ///
    /// # Errors
    /// A sentence naming the known faults or the wrong parameter.
    pub(super) fn set(&mut self, name: &str, parameters: &Value) -> Result<&Fault, String> {
        let Some(name) = KNOWN.iter().find(|k| **k == name) else {
            return Err(format!("unknown fault {name}; known: {}, switch", KNOWN.join(", ")));
        };
        let fault = parse(name, parameters)?;
        Ok(self.on.entry(name).insert_entry(fault).into_mut())
    }

    /// Switches a fault off; whether it was on.
    pub(super) fn clear(&mut self, name: &str) -> bool {
        self.on.remove(name).is_some()
    }

    /// The fault, if it is on and not used up; does not count.
    pub(super) fn get(&self, name: &str) -> Option<&Fault> {
        self.on.get(name).filter(|f| f.left != Some(0))
    }

    /// Applies a fault once: counts it and returns its parameters. `side` is the order's, if there is one.
    pub(super) fn hit(&mut self, name: &str, side: Option<Side>) -> Option<Fault> {
        if self.on.is_empty() {
            return None;
        }
        let fault = self.on.get_mut(name)?;
        if fault.left == Some(0) || (fault.side.is_some() && fault.side != side) {
            return None;
        }
        fault.left = fault.left.map(|n| n - 1);
        Some(fault.clone())
    }

    /// Like [`Faults::hit`], for a fault that names a part of a path.
    pub(super) fn hit_path(&mut self, name: &str, path: &str) -> Option<Fault> {
        let named = self.on.get(name)?.path.as_deref().unwrap_or("");
        if path.contains(named) { self.hit(name, None) } else { None }
    }
}

/// A decimal text that is at least `least`, at 1e-8.
fn decimal(value: &Value, least: i64) -> Option<i64> {
    value.as_str().and_then(crate::exchange::decimal::read).filter(|d| d.exact && d.e8 >= least).map(|d| d.e8)
}

fn parse(name: &str, parameters: &Value) -> Result<Fault, String> {
    let whole = if matches!(name, "liquidate" | "deleverage") { 10_000 } else { 0 };
    let mut fault = Fault { events: true, settle: true, status: 500, retry_after_s: 1, share_bps: whole, ..Fault::default() };
    let empty = serde_json::Map::new();
    let map = match parameters {
        Value::Null => &empty,
        Value::Object(map) => map,
        other => return Err(format!("fault {name} takes one JSON object, not {other}")),
    };
    let mut has_ms = false;
    for (key, value) in map {
        let wrong = || format!("fault {name}: parameter {key} cannot be {value}");
        let number = || value.as_i64().ok_or_else(wrong);
        let natural = || value.as_u64().ok_or_else(wrong);
        let text = || value.as_str().map(str::to_owned).ok_or_else(wrong);
        let truth = || value.as_bool().ok_or_else(wrong);
        match key.as_str() {
            "count" => fault.left = Some(natural()?),
            "side" => {
                fault.side = Some(match value.as_str() {
                    Some("buy") => Side::Buy,
                    Some("sell") => Side::Sell,
                    _ => return Err(wrong()),
                });
            }
            "ms" => {
                fault.ms = number()?;
                has_ms = true;
            }
            "status" => fault.status = natural()?.try_into().map_err(|_| wrong())?,
            "code" => fault.code = Some(text()?),
            "late" => fault.late = truth()?,
            "events" => fault.events = truth()?,
            "share_bps" => fault.share_bps = number()?.clamp(0, 100_000),
            "after_acks" => fault.after_acks = natural()?,
            "retry_after_s" => fault.retry_after_s = natural()?,
            "body" => fault.body = Some(text()?),
            "path" => fault.path = Some(text()?),
            "symbol" => fault.symbol = Some(text()?),
            "settle" => fault.settle = truth()?,
            "tick" => fault.spec[0] = Some(decimal(value, 1).ok_or_else(wrong)?),
            "step" => fault.spec[1] = Some(decimal(value, 1).ok_or_else(wrong)?),
            "min_notional" => fault.spec[2] = Some(decimal(value, 0).ok_or_else(wrong)?),
            "maker_rate" => fault.rates[0] = Some(decimal(value, -crate::exchange::decimal::ONE).ok_or_else(wrong)?),
            "taker_rate" => fault.rates[1] = Some(decimal(value, 0).ok_or_else(wrong)?),
            _ => return Err(format!("fault {name} has no parameter {key}")),
        }
    }
    if matches!(name, "latency" | "delay_fill" | "late_fill" | "late_fill_event" | "clock_offset") && !has_ms {
        return Err(format!("fault {name} needs ms"));
    }
    if name != "clock_offset" {
        fault.ms = fault.ms.clamp(0, 86_400_000);
    }
    Ok(fault)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_counted_fault_applies_so_often_and_to_its_side_only() {
        let mut f = Faults::default();
        f.set("drop_order", &json!({"count": 1, "side": "sell"})).unwrap();
        assert!(f.hit("drop_order", Some(Side::Buy)).is_none());
        assert!(f.hit("drop_order", Some(Side::Sell)).is_some());
        assert!(f.hit("drop_order", Some(Side::Sell)).is_none());
    }

    #[test]
    fn a_wrong_fault_is_answered_with_a_sentence() {
        fn check(name: &str, parameters: Value, expect: &str) {
            let error = Faults::default().set(name, &parameters).unwrap_err();
            assert!(error.contains(expect), "{error}");
        }
        check("flood", json!({}), "unknown fault flood; known: latency");
        check("latency", json!({}), "needs ms");
        check("latency", json!({"ms": "x"}), "ms cannot be");
        check("gap", json!({"size": 1}), "has no parameter size");
        check("gap", json!(7), "takes one JSON object");
    }
}
