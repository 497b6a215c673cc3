//! The configuration as a file says it, checked into what the bot runs with.

use config_manager::{ConfigError, Loaded, Origin};
use domain::record::Policy;
use domain::{Pair, Rate, Size, Usd};
use engine::OnStop;
use perps::Sizing;
use risk::Limits;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What kind of money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// Simulated venues.
    Demo,
    /// Real market, simulated fills.
    #[default]
    Paper,
    /// Real orders.
    Live,
}

/// What stopping does with open positions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stop {
    /// They stay, hedged, and are restored at the next start.
    #[default]
    Leave,
    /// They are closed.
    Flatten,
}

impl From<Stop> for OnStop {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Leave => Self::Leave,
            Stop::Flatten => Self::Flatten,
        }
    }
}

macro_rules! decimal {
    ($(#[$doc:meta])* $name:ident($inner:ty), $parse:path, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct $name(pub(crate) $inner);
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(&self.0)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                $parse(text.trim().trim_end_matches('%').trim_end().as_bytes())
                    .map(Self)
                    .map_err(|e| de::Error::custom(format!(concat!("{:?} is not ", $what, ": {}"), text, e)))
            }
        }
    };
}
decimal!(
    /// A percentage: `0.30` is 0.30 %.
    Percent(Rate), Rate::parse_percent, "a percentage such as 0.30"
);
decimal!(
    /// Dollars.
    Dollars(Usd), Usd::parse, "an amount such as 500"
);
decimal!(
    /// Base.
    Base(Size), Size::parse, "a size such as 0.25"
);

/// One traded pair: `- ETH-USD`, or a map with settings of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct PairEntry {
    pub(crate) pair: Pair,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<Base>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notional_usd: Option<Dollars>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) spread_entry: Option<Percent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) spread_exit: Option<Percent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) paradex: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PairMap {
    pair: Pair,
    #[serde(default)]
    size: Option<Base>,
    #[serde(default)]
    notional_usd: Option<Dollars>,
    #[serde(default)]
    spread_entry: Option<Percent>,
    #[serde(default)]
    spread_exit: Option<Percent>,
    #[serde(default)]
    vest: Option<String>,
    #[serde(default)]
    paradex: Option<String>,
}

impl<'de> Deserialize<'de> for PairEntry {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> de::Visitor<'de> for Either {
            type Value = PairEntry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a pair such as ETH-USD, or a map with `pair` and settings of its own")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<PairEntry, E> {
                let pair = text.parse().map_err(E::custom)?;
                Ok(PairEntry {
                    pair,
                    size: None,
                    notional_usd: None,
                    spread_entry: None,
                    spread_exit: None,
                    vest: None,
                    paradex: None,
                })
            }
            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<PairEntry, A::Error> {
                let m = PairMap::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(PairEntry {
                    pair: m.pair,
                    size: m.size,
                    notional_usd: m.notional_usd,
                    spread_entry: m.spread_entry,
                    spread_exit: m.spread_exit,
                    vest: m.vest,
                    paradex: m.paradex,
                })
            }
        }
        d.deserialize_any(Either)
    }
}

/// Where Vest is and how it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct VestSection {
    /// Base of the REST API.
    pub(crate) rest: String,
    /// The WebSocket.
    pub(crate) ws: String,
    /// Certificate to trust beside the public ones: a simulator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca: Option<PathBuf>,
    /// Router contract named in the registration.
    pub(crate) verifying_contract: String,
    /// Leverage to set per symbol.
    pub(crate) leverage: u32,
    /// How long a signed order stays acceptable, ms.
    pub(crate) recv_window_ms: i64,
}

impl Default for VestSection {
    fn default() -> Self {
        Self {
            rest: "https://server-prod.hz.vestmarkets.com/v2".to_owned(),
            ws: "wss://ws-prod.hz.vestmarkets.com/ws-api".to_owned(),
            ca: None,
            verifying_contract: "0x919386306C47b2Fe1036e3B4F7C40D22D2461a23".to_owned(),
            leverage: 5,
            recv_window_ms: 5_000,
        }
    }
}

/// Where Paradex is and how it is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ParadexSection {
    /// Base of the REST API.
    pub(crate) rest: String,
    /// The WebSocket.
    pub(crate) ws: String,
    /// Certificate to trust beside the public ones: a simulator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca: Option<PathBuf>,
    /// Onboard the account at start; needs its main key and PARADEX_L1_ADDRESS.
    pub(crate) onboard: bool,
    /// How long a signed order stays acceptable, ms.
    pub(crate) recv_window_ms: u64,
}

impl Default for ParadexSection {
    fn default() -> Self {
        Self {
            rest: "https://api.prod.paradex.trade/v1".to_owned(),
            ws: "wss://ws.api.prod.paradex.trade/v1".to_owned(),
            ca: None,
            onboard: false,
            recv_window_ms: 1_500,
        }
    }
}

/// Both venues.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct VenuesSection {
    pub(crate) vest: VestSection,
    pub(crate) paradex: ParadexSection,
}

/// How orders and rounds are driven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ExecutionSection {
    pub(crate) max_attempts: u16,
    pub(crate) retry_delay_ms: i64,
    pub(crate) answer_ms: i64,
    pub(crate) max_uncovered_ms: i64,
    pub(crate) query_every_ms: i64,
    pub(crate) close_step_percent: Percent,
    pub(crate) close_market_from: u16,
    pub(crate) close_retry_ms: i64,
    pub(crate) stuck_after_ms: i64,
    pub(crate) cooldown_ms: i64,
    pub(crate) price_bound_percent: Percent,
    pub(crate) reconcile_every_ms: i64,
    pub(crate) stop_limit_s: u64,
}

impl Default for ExecutionSection {
    fn default() -> Self {
        let p = Policy::default();
        Self {
            max_attempts: p.max_attempts,
            retry_delay_ms: p.retry_delay_ms,
            answer_ms: p.answer_ms,
            max_uncovered_ms: p.max_uncovered_ms,
            query_every_ms: p.query_every_ms,
            close_step_percent: Percent(p.close_step),
            close_market_from: p.close_market_from,
            close_retry_ms: p.close_retry_ms,
            stuck_after_ms: p.stuck_after_ms,
            cooldown_ms: 2_000,
            price_bound_percent: Percent(Rate::from_bps(5)),
            reconcile_every_ms: 30_000,
            stop_limit_s: 30,
        }
    }
}

/// Caps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RiskSection {
    pub(crate) notional_per_leg_usd: Dollars,
    pub(crate) notional_total_usd: Dollars,
    pub(crate) open_rounds: usize,
    pub(crate) orders_per_minute: usize,
    pub(crate) adverse_move_percent: Percent,
    pub(crate) worst_loss_usd: Dollars,
}

impl Default for RiskSection {
    fn default() -> Self {
        let usd = |n: i64| Dollars(Usd::from_e8(n * domain::SCALE));
        Self {
            notional_per_leg_usd: usd(5_000),
            notional_total_usd: usd(50_000),
            open_rounds: 10,
            orders_per_minute: 120,
            adverse_move_percent: Percent(Rate::from_bps(200)),
            worst_loss_usd: usd(200),
        }
    }
}

/// HTTP connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HttpSection {
    pub(crate) pool_idle_timeout_s: u64,
    pub(crate) pool_max_idle_per_host: usize,
}

impl Default for HttpSection {
    fn default() -> Self {
        Self { pool_idle_timeout_s: 90, pool_max_idle_per_host: 4 }
    }
}

/// The whole file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct FileConfig {
    pub(crate) mode: Mode,
    pub(crate) pairs: Vec<PairEntry>,
    pub(crate) spread_entry: Percent,
    pub(crate) spread_exit: Percent,
    pub(crate) edge_min: Percent,
    pub(crate) notional_usd: Dollars,
    pub(crate) confirm_ticks: u32,
    pub(crate) expected_funding: Percent,
    pub(crate) buffer: Percent,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_holding_s: Option<u64>,
    pub(crate) on_stop: Stop,
    pub(crate) state: PathBuf,
    pub(crate) execution: ExecutionSection,
    pub(crate) risk: RiskSection,
    pub(crate) http: HttpSection,
    pub(crate) venues: VenuesSection,
}

impl Default for FileConfig {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            pairs: Vec::new(),
            spread_entry: Percent(Rate::from_bps(30)),
            spread_exit: Percent(Rate::from_bps(5)),
            edge_min: Percent(Rate::ZERO),
            notional_usd: Dollars(Usd::from_e8(500 * domain::SCALE)),
            confirm_ticks: 1,
            expected_funding: Percent(Rate::ZERO),
            buffer: Percent(Rate::ZERO),
            max_holding_s: None,
            on_stop: Stop::default(),
            state: PathBuf::from("state"),
            execution: ExecutionSection::default(),
            risk: RiskSection::default(),
            http: HttpSection::default(),
            venues: VenuesSection::default(),
        }
    }
}

/// One pair as it will be traded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PairPlan {
    pub(crate) pair: Pair,
    pub(crate) sizing: Sizing,
    pub(crate) spread_entry: Rate,
    pub(crate) spread_exit: Rate,
    pub(crate) vest: String,
    pub(crate) paradex: String,
}

/// What the bot runs with.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) file: FileConfig,
    pub(crate) hash: String,
    pub(crate) pairs: Vec<PairPlan>,
}

impl Config {
    /// Checks what a single value cannot show.
    ///
    /// # Errors
    /// The first value that makes no sense, with its place.
    pub(crate) fn resolve(loaded: &Loaded<FileConfig>) -> Result<Self, ConfigError> {
        let file = loaded.config.clone();
        let complain = |path: &str, why: String| Err(loaded.complain(path, why));
        if file.pairs.is_empty() {
            return complain("pairs", "names no pair; write for example `pairs: [ETH-USD, BTC-USD]`".to_owned());
        }
        let mut seen = BTreeMap::new();
        let mut pairs = Vec::new();
        for (i, entry) in file.pairs.iter().enumerate() {
            let at = |field: &str| if field.is_empty() { format!("pairs.{i}") } else { format!("pairs.{i}.{field}") };
            if let Some(first) = seen.insert(entry.pair, i) {
                return complain(&at(""), format!("{} stands at pairs.{first} already", entry.pair));
            }
            let Some((base, "USD")) = entry.pair.as_str().split_once('-') else {
                return complain(&at(""), format!("{} is not a pair like ETH-USD", entry.pair));
            };
            let own = |set: Option<Percent>, field: &str, global: Percent| match set {
                Some(p) => (p.0, at(field)),
                None => (global.0, field.to_owned()),
            };
            let (entry_at, entry_path) = own(entry.spread_entry, "spread_entry", file.spread_entry);
            let (exit_at, exit_path) = own(entry.spread_exit, "spread_exit", file.spread_exit);
            let hundred = Rate::from_e8(domain::SCALE);
            for (rate, path) in [(entry_at, &entry_path), (exit_at, &exit_path)] {
                if rate <= Rate::ZERO || rate >= hundred {
                    return complain(path, format!("{rate}% is out of range: above 0 and below 100"));
                }
            }
            if exit_at >= entry_at && *loaded.origin(&exit_path) == Origin::Default {
                return complain(&entry_path, format!("{entry_at}% must be above the exit threshold of {exit_at}%"));
            }
            if exit_at >= entry_at {
                return complain(&exit_path, format!("{exit_at}% must be below the entry threshold of {entry_at}%"));
            }
            let sizing = match (entry.size, entry.notional_usd) {
                (Some(_), Some(_)) => return complain(&at("size"), "give `size` or `notional_usd`, not both".to_owned()),
                (Some(size), None) if size.0.is_zero() => return complain(&at("size"), "must be above zero".to_owned()),
                (Some(size), None) => Sizing::Base(size.0),
                (None, own) => {
                    let (usd, path) = own.map_or((file.notional_usd, "notional_usd".to_owned()), |n| (n, at("notional_usd")));
                    if usd.0 <= Usd::ZERO {
                        return complain(&path, "must be above zero".to_owned());
                    }
                    Sizing::Notional(usd.0)
                }
            };
            pairs.push(PairPlan {
                pair: entry.pair,
                sizing,
                spread_entry: entry_at,
                spread_exit: exit_at,
                vest: entry.vest.clone().unwrap_or_else(|| format!("{base}-PERP")),
                paradex: entry.paradex.clone().unwrap_or_else(|| format!("{base}-USD-PERP")),
            });
        }
        let v = &file.venues;
        let places = [
            ("venues.vest.rest", &v.vest.rest, "https"),
            ("venues.vest.ws", &v.vest.ws, "wss"),
            ("venues.paradex.rest", &v.paradex.rest, "https"),
            ("venues.paradex.ws", &v.paradex.ws, "wss"),
        ];
        for (path, place, wanted) in places {
            // The place itself is not repeated: somebody may have written a password into it.
            let scheme = place.split_once("://").map_or("no scheme", |(scheme, _)| scheme);
            if scheme != wanted {
                let why = format!(
                    "begins with {scheme}; only {wanted}:// is spoken, since keys and orders would be readable on the way"
                );
                return complain(path, why);
            }
        }
        let x = &file.execution;
        let positive = [
            ("execution.answer_ms", x.answer_ms),
            ("execution.max_uncovered_ms", x.max_uncovered_ms),
            ("execution.query_every_ms", x.query_every_ms),
            ("execution.close_retry_ms", x.close_retry_ms),
            ("execution.stuck_after_ms", x.stuck_after_ms),
            ("execution.reconcile_every_ms", x.reconcile_every_ms),
        ];
        for (path, value) in positive {
            if value <= 0 {
                return complain(path, format!("{value} must be above zero"));
            }
        }
        for (path, value) in [("execution.retry_delay_ms", x.retry_delay_ms), ("execution.cooldown_ms", x.cooldown_ms)] {
            if value < 0 {
                return complain(path, format!("{value} must not be negative"));
            }
        }
        // The clients' own bounds, said here with their place.
        let v = &file.venues;
        let paradex_window = i64::try_from(v.paradex.recv_window_ms).unwrap_or(i64::MAX);
        let windows =
            [("venues.vest.recv_window_ms", v.vest.recv_window_ms, 1), ("venues.paradex.recv_window_ms", paradex_window, 10)];
        for (path, value, least) in windows {
            if !(least..=60_000).contains(&value) {
                return complain(path, format!("{value} is out of range: from {least} to 60000"));
            }
        }
        for (path, ca) in [("venues.vest.ca", &v.vest.ca), ("venues.paradex.ca", &v.paradex.ca)] {
            if let Some(Err(e)) = ca.as_ref().map(std::fs::File::open) {
                return complain(path, format!("cannot be read: {e}"));
            }
        }
        if x.max_attempts == 0 {
            return complain("execution.max_attempts", "0 attempts would never trade; 1 tries once".to_owned());
        }
        Ok(Self { hash: loaded.hash.clone(), file, pairs })
    }

    pub(crate) fn policy(&self) -> Policy {
        let x = &self.file.execution;
        Policy {
            max_attempts: x.max_attempts,
            retry_delay_ms: x.retry_delay_ms,
            answer_ms: x.answer_ms,
            max_uncovered_ms: x.max_uncovered_ms,
            query_every_ms: x.query_every_ms,
            close_step: x.close_step_percent.0,
            close_market_from: x.close_market_from,
            close_retry_ms: x.close_retry_ms,
            stuck_after_ms: x.stuck_after_ms,
            ..Policy::default()
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        let r = &self.file.risk;
        Limits {
            notional_per_leg: r.notional_per_leg_usd.0,
            notional_total: r.notional_total_usd.0,
            open_rounds: r.open_rounds,
            orders_per_minute: r.orders_per_minute,
            clearance_ms: 1_000,
        }
    }

    pub(crate) fn stop_limit(&self) -> Duration {
        Duration::from_secs(self.file.execution.stop_limit_s)
    }

    /// `[ETH-USD, BTC-USD]`.
    pub(crate) fn pair_list(&self) -> String {
        let names: Vec<String> = self.pairs.iter().map(|p| p.pair.to_string()).collect();
        format!("[{}]", names.join(", "))
    }
}
