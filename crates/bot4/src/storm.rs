//! Trouble for the demo: what goes wrong at the simulated venues, when, and for how long. Calm is a short list that a
//! newcomer can follow; a storm is every fault the simulators know, at random, for as long as the run lasts.

use clap::ValueEnum;
use serde_json::{Value, json};
use std::time::Duration;

/// How much goes wrong in the demo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Trouble {
    /// Nothing.
    None,
    /// Something every eleven seconds.
    #[default]
    Calm,
    /// Every fault there is, at random.
    Storm,
}

/// One thing that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Strike {
    /// Pause before it.
    pub(crate) after: Duration,
    /// At Vest, else at Paradex.
    pub(crate) on_vest: bool,
    /// The fault's name.
    pub(crate) name: &'static str,
    /// Its parameters.
    pub(crate) parameters: Value,
    /// When it is taken away again; `None` for one that uses itself up.
    pub(crate) lasts: Option<Duration>,
}

/// Numbers drawn from a seed: splitmix64.
#[derive(Clone, Debug)]
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// From `low` to `high`, both included.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.next() % (high - low + 1)
    }
    fn coin(&mut self) -> bool {
        self.next() & 1 == 0
    }
    fn ms(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.between(low, high))
    }
}

/// What a run of the demo meets, strike after strike, without end.
pub(crate) fn strikes(trouble: Trouble, seed: u64) -> Box<dyn Iterator<Item = Strike> + Send> {
    match trouble {
        Trouble::None => Box::new(std::iter::empty()),
        Trouble::Calm => Box::new(calm()),
        Trouble::Storm => Box::new(storm(seed)),
    }
}

/// Once each, the first time when a round has been seen to go well.
fn calm() -> impl Iterator<Item = Strike> + Send {
    let plan: Vec<(bool, &'static str, Value)> = vec![
        (false, "partial_fill", json!({"count": 1, "share_bps": 6_000})),
        (true, "refuse_order", json!({"count": 1, "code": 3001})),
        (true, "lose_order_answer", json!({"count": 1})),
        (false, "refuse_order", json!({"count": 3, "late": true, "code": "NOT_ENOUGH_MARGIN"})),
        (true, "partial_fill", json!({"count": 1, "share_bps": 4_000})),
        (false, "drop_sockets", json!({"count": 1})),
    ];
    plan.into_iter().cycle().map(|(on_vest, name, parameters)| Strike {
        after: Duration::from_secs(11),
        on_vest,
        name,
        parameters,
        lasts: None,
    })
}

/// Every fault of a storm: its name, whether Vest can have it, whether Paradex can.
const STORM: &[(&str, bool, bool)] = &[
    ("latency", true, true),
    ("hold_order_answer", true, true),
    ("lose_order_answer", true, true),
    ("drop_order", true, true),
    ("refuse_order", true, true),
    ("partial_fill", true, true),
    ("delay_fill", true, true),
    ("late_fill", true, true),
    ("duplicate_events", true, true),
    ("event_before_answer", true, true),
    ("silent_private", true, true),
    ("http_error", true, true),
    ("error_after", true, true),
    ("rate_limit", true, true),
    ("down", true, true),
    ("drop_sockets", true, true),
    ("freeze_book", true, true),
    ("gap", true, true),
    ("crossed_book", true, true),
    ("empty_side", true, true),
    ("clock_offset", true, true),
    ("halt", true, true),
    ("thin_book", true, true),
    ("listen_key_expires", true, false),
    ("reduce_only_refused", true, false),
    ("silence_events", true, false),
    ("disconnect_on_order", true, false),
    ("leverage_lost", true, false),
    ("duplicate_fill", true, true),
    ("late_fill_event", false, true),
    ("maintenance", false, true),
    ("fee_tier", false, true),
];

fn storm(seed: u64) -> impl Iterator<Item = Strike> + Send {
    let mut draw = Draw(seed);
    std::iter::repeat_with(move || {
        let (name, vest, paradex) = STORM[usize::try_from(draw.next() % STORM.len() as u64).unwrap_or(0)];
        let on_vest = if vest && paradex { draw.coin() } else { vest };
        let (parameters, lasts) = shape(name, on_vest, &mut draw);
        Strike { after: draw.ms(1_500, 40_000), on_vest, name, parameters, lasts }
    })
}

/// Parameters of a strike, and how long it lasts.
fn shape(name: &str, on_vest: bool, draw: &mut Draw) -> (Value, Option<Duration>) {
    match name {
        "latency" => (json!({"ms": draw.between(5, 400)}), Some(draw.ms(3_000, 15_000))),
        "hold_order_answer" => (json!({"count": 1}), Some(draw.ms(500, 4_000))),
        "refuse_order" if on_vest => {
            let code = [3_001, 3_002, 3_003, 1_111][usize::try_from(draw.next() % 4).unwrap_or(0)];
            (json!({"count": draw.between(1, 4), "code": code}), None)
        }
        "refuse_order" => (json!({"count": draw.between(1, 4), "late": draw.coin(), "code": "NOT_ENOUGH_MARGIN"}), None),
        "partial_fill" => (json!({"count": draw.between(1, 2), "share_bps": draw.between(500, 9_500)}), None),
        "delay_fill" => (json!({"count": 1, "ms": draw.between(50, 1_500)}), None),
        "late_fill" => (json!({"count": 1, "ms": draw.between(100, 2_500)}), None),
        "late_fill_event" => (json!({"count": 1, "ms": draw.between(100, 1_500), "late": draw.coin()}), None),
        "duplicate_fill" => (json!({"count": 1, "ms": draw.between(0, 1_500)}), None),
        "maintenance" => (json!({"code": "post_only"}), Some(draw.ms(2_000, 10_000))),
        "fee_tier" => (json!({"taker_rate": "0.00035"}), Some(draw.ms(5_000, 20_000))),
        "http_error" => {
            let status = [500, 502, 503][usize::try_from(draw.next() % 3).unwrap_or(0)];
            (json!({"count": draw.between(1, 5), "status": status}), None)
        }
        "error_after" => (json!({"count": 1, "status": 500}), None),
        "rate_limit" => (json!({"count": draw.between(1, 3), "retry_after_s": 1}), None),
        "down" => (json!({}), Some(draw.ms(1_000, 12_000))),
        "freeze_book" => (json!({}), Some(draw.ms(2_000, 10_000))),
        "crossed_book" | "empty_side" => (json!({}), Some(draw.ms(500, 4_000))),
        "clock_offset" => {
            let ms = i64::try_from(draw.between(0, 1_600)).unwrap_or(0) - 800;
            (json!({"ms": ms}), Some(draw.ms(5_000, 20_000)))
        }
        "halt" => (json!({}), Some(draw.ms(2_000, 10_000))),
        "thin_book" => (json!({"share_bps": draw.between(50, 5_000)}), Some(draw.ms(5_000, 20_000))),
        "duplicate_events" => (json!({}), Some(draw.ms(5_000, 20_000))),
        "silent_private" | "silence_events" => (json!({}), Some(draw.ms(1_000, 8_000))),
        "listen_key_expires" => (json!({}), Some(draw.ms(100, 1_000))),
        "leverage_lost" => (json!({}), None),
        "reduce_only_refused" => (json!({"count": draw.between(1, 3)}), None),
        _ => (json!({"count": 1}), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use venue_sim::VenueSim;
    use venue_sim::market::{Market, MarketShape};
    use venue_sim::paradex::{ParadexSim, ParadexSimConfig};
    use venue_sim::vest::{VestSim, VestSimConfig};

    /// Faults that a storm leaves out, and why.
    const LEFT_OUT: &[(&str, &str)] = &[
        ("funding_rate", "is no trouble"),
        ("v2_gone", "does not come back"),
        ("v2_degraded", "does not pass"),
        ("v3_gone", "is nothing to a bot that trades on v2"),
        ("switch", "changes how the venue is built, not what goes wrong"),
        ("liquidate", "stops its pair until a person resumes it"),
        ("deleverage", "stops its pair until a person resumes it"),
        ("delist", "ends the pair"),
        ("change_spec", "is no trouble that passes"),
        ("refuse_all", "is refuse_order without an end"),
        ("silence", "is down without the disconnect, and as long as the watch on a silent socket"),
    ];

    fn venue(vest: bool) -> Box<dyn VenueSim> {
        let market = Market::new(1, MarketShape::default());
        if vest {
            Box::new(VestSim::new(VestSimConfig::new(1, market)))
        } else {
            Box::new(ParadexSim::new(ParadexSimConfig::new(1, market, &["ETH-USD-PERP"])))
        }
    }

    /// The names in the sentence that a simulator answers an unknown fault with.
    fn known(vest: bool) -> BTreeSet<String> {
        let complaint = venue(vest).set_fault("?", &Value::Null).expect_err("no fault is called so");
        let list = complaint.rsplit([':', ';']).next().unwrap_or_default().trim_start_matches(" known are");
        list.split(',').map(|name| name.trim().to_owned()).collect()
    }

    #[test]
    fn a_storm_holds_every_fault_of_both_venues_or_says_why_not() {
        for vest in [true, false] {
            let in_storm = |name: &str| STORM.iter().any(|(n, v, p)| *n == name && if vest { *v } else { *p });
            let missing: Vec<String> =
                known(vest).into_iter().filter(|n| !in_storm(n) && !LEFT_OUT.iter().any(|(left, _)| left == n)).collect();
            assert!(missing.is_empty(), "vest {vest}: {missing:?}");
        }
    }

    #[test]
    fn every_strike_is_one_the_venue_takes() {
        for (trouble, seed) in [(Trouble::Calm, 0), (Trouble::Storm, 1), (Trouble::Storm, 2)] {
            let mut seen = BTreeSet::new();
            for strike in strikes(trouble, seed).take(400) {
                let told = venue(strike.on_vest).set_fault(strike.name, &strike.parameters);
                assert_eq!(told, Ok(()), "{strike:?}");
                seen.insert(strike.name);
            }
            if trouble == Trouble::Storm {
                assert_eq!(seen.len(), STORM.len(), "in 400 strikes each comes at least once");
            }
        }
        assert_eq!(strikes(Trouble::None, 1).count(), 0);
    }
}
