//! Checks what a single value cannot show: bounds, and values that do not go together. Every refusal is placed.

use super::pairs::{PairEntry, PairPlan};
use super::sections::FileConfig;
use super::{Config, ms};
use config_manager::{ConfigError, Loaded, Origin};
use domain::{Price, Rate, Usd};
use perps::Sizing;
use std::collections::BTreeMap;
use std::fmt::Display;

const HUNDRED_PERCENT: Rate = Rate::from_e8(domain::SCALE);

impl Config {
    /// Checks what a single value cannot show.
    ///
    /// # Errors
    /// The first value that makes no sense, with its place.
    pub(crate) fn resolve(loaded: &Loaded<FileConfig>) -> Result<Self, ConfigError> {
        let pairs = Check { loaded, file: &loaded.config }.pairs()?;
        Ok(Self { pairs, ..Self::resolve_for_bets(loaded)? })
    }

    /// The same for what trades no pair: the betting venues alone.
    ///
    /// # Errors
    /// As [`Config::resolve`].
    pub(crate) fn resolve_for_bets(loaded: &Loaded<FileConfig>) -> Result<Self, ConfigError> {
        let check = Check { loaded, file: &loaded.config };
        check.places()?;
        check.execution()?;
        check.venues()?;
        check.bets()?;
        check.rest()?;
        Ok(Self { hash: loaded.hash.clone(), file: loaded.config.clone(), pairs: Vec::new() })
    }
}

/// The settings under check.
struct Check<'a> {
    loaded: &'a Loaded<FileConfig>,
    file: &'a FileConfig,
}

impl Check<'_> {
    fn complain<T>(&self, path: &str, why: impl Into<String>) -> Result<T, ConfigError> {
        Err(self.loaded.complain(path, why))
    }

    /// `least` to `most`, both included.
    fn within<N: PartialOrd + Display>(&self, path: &str, value: N, least: N, most: N) -> Result<(), ConfigError> {
        if value < least || value > most {
            return self.complain(path, format!("{value} is out of range: from {least} to {most}"));
        }
        Ok(())
    }

    fn above_zero(&self, path: &str, value: i64) -> Result<(), ConfigError> {
        if value <= 0 { self.complain(path, format!("{value} must be above zero")) } else { Ok(()) }
    }

    fn pairs(&self) -> Result<Vec<PairPlan>, ConfigError> {
        if self.file.pairs.is_empty() {
            return self.complain("pairs", "names no pair; write for example `pairs: [ETH-USD, BTC-USD]`");
        }
        let mut seen = BTreeMap::new();
        let mut plans = Vec::new();
        for (i, entry) in self.file.pairs.iter().enumerate() {
            if let Some(first) = seen.insert(entry.pair, i) {
                return self.complain(&format!("pairs.{i}"), format!("{} stands at pairs.{first} already", entry.pair));
            }
            plans.push(self.pair(i, entry)?);
        }
        Ok(plans)
    }

    fn pair(&self, i: usize, entry: &PairEntry) -> Result<PairPlan, ConfigError> {
        let file = self.file;
        let at = |field: &str| format!("pairs.{i}.{field}");
        let Some((base, "USD")) = entry.pair.as_str().split_once('-') else {
            return self.complain(&format!("pairs.{i}"), format!("{} is not a pair like ETH-USD", entry.pair));
        };
        let (spread_entry, spread_exit) = self.thresholds(i, entry)?;
        let (edge_min, edge_at) = own(i, entry.edge_min, file.edge_min, "edge_min");
        if edge_min.0 >= HUNDRED_PERCENT || edge_min.0 <= Rate::from_e8(-domain::SCALE) {
            return self.complain(&edge_at, format!("{}% is out of range: above -100 and below 100", edge_min.0));
        }
        let (confirm_ticks, ticks_at) = own(i, entry.confirm_ticks, file.confirm_ticks, "confirm_ticks");
        self.within(&ticks_at, confirm_ticks, 1, 1_000)?;
        for (field, own) in [("max_notional_usd", entry.max_notional_usd), ("worst_loss_usd", entry.worst_loss_usd)] {
            if own.is_some_and(|usd| usd.0 <= Usd::ZERO) {
                return self.complain(&at(field), "must be above zero");
            }
        }
        let max_holding = entry.max_holding_s.or(file.max_holding_s);
        if max_holding == Some(0) {
            let path = if entry.max_holding_s.is_some() { at("max_holding_s") } else { "max_holding_s".to_owned() };
            return self.complain(&path, "0 must be above zero; leave it out to hold until the spread closes it");
        }
        self.within(&at("multiplier_paradex"), entry.multiplier_paradex.unwrap_or(1), 1, 1_000_000)?;
        Ok(PairPlan {
            pair: entry.pair,
            sizing: self.sizing(i, entry)?,
            spread_entry,
            spread_exit,
            edge_min: edge_min.0,
            confirm_ticks,
            max_holding_ms: entry.max_holding_s.map(ms),
            max_notional: entry.max_notional_usd.map(|usd| usd.0),
            worst_loss: entry.worst_loss_usd.map(|usd| usd.0),
            vest: entry.vest.clone().unwrap_or_else(|| format!("{base}-PERP")),
            paradex: entry.paradex.clone().unwrap_or_else(|| format!("{base}-USD-PERP")),
            multiplier_paradex: entry.multiplier_paradex,
        })
    }

    fn thresholds(&self, i: usize, entry: &PairEntry) -> Result<(Rate, Rate), ConfigError> {
        let (entry_at, entry_path) = own(i, entry.spread_entry, self.file.spread_entry, "spread_entry");
        let (exit_at, exit_path) = own(i, entry.spread_exit, self.file.spread_exit, "spread_exit");
        let (entry_at, exit_at) = (entry_at.0, exit_at.0);
        for (rate, path) in [(entry_at, &entry_path), (exit_at, &exit_path)] {
            if rate <= Rate::ZERO || rate >= HUNDRED_PERCENT {
                return self.complain(path, format!("{rate}% is out of range: above 0 and below 100"));
            }
        }
        if exit_at >= entry_at && *self.loaded.origin(&exit_path) == Origin::Default {
            return self.complain(&entry_path, format!("{entry_at}% must be above the exit threshold of {exit_at}%"));
        }
        if exit_at >= entry_at {
            return self.complain(&exit_path, format!("{exit_at}% must be below the entry threshold of {entry_at}%"));
        }
        Ok((entry_at, exit_at))
    }

    fn sizing(&self, i: usize, entry: &PairEntry) -> Result<Sizing, ConfigError> {
        let at = |field: &str| format!("pairs.{i}.{field}");
        let usd = match (entry.size, entry.notional_usd) {
            (Some(_), Some(_)) => return self.complain(&at("size"), "give `size` or `notional_usd`, not both"),
            (Some(size), None) if size.0.is_zero() => return self.complain(&at("size"), "must be above zero"),
            // What it is worth is known when the market is; the risk gate looks at it then.
            (Some(size), None) => return Ok(Sizing::Base(size.0)),
            (None, _) => own(i, entry.notional_usd, self.file.notional_usd, "notional_usd"),
        };
        let (usd, path) = (usd.0.0, usd.1);
        if usd <= Usd::ZERO {
            return self.complain(&path, "must be above zero");
        }
        let all = self.file.risk.notional_per_leg_usd.0;
        let cap = entry.max_notional_usd.map_or(all, |own| own.0.min(all));
        if usd > cap {
            return self.complain(&path, format!("{usd} is over the cap of {cap} on a leg: it would never trade"));
        }
        Ok(Sizing::Notional(usd))
    }

    /// URLs and files.
    fn places(&self) -> Result<(), ConfigError> {
        let v = &self.file.venues;
        let urls = [
            ("venues.vest.rest", &v.vest.rest, "https"),
            ("venues.vest.ws", &v.vest.ws, "wss"),
            ("venues.vest.v3_rest", &v.vest.v3_rest, "https"),
            ("venues.vest.v3_ws", &v.vest.v3_ws, "wss"),
            ("venues.paradex.rest", &v.paradex.rest, "https"),
            ("venues.paradex.ws", &v.paradex.ws, "wss"),
            ("venues.sx.rest", &v.sx.rest, "https"),
            ("venues.sx.ws", &v.sx.ws, "wss"),
            ("venues.azuro.rest", &v.azuro.rest, "https"),
            ("venues.azuro.ws", &v.azuro.ws, "wss"),
        ];
        let node = v.azuro.rpc.as_ref().map(|url| ("venues.azuro.rpc", url, "https"));
        for (path, url, wanted) in urls.into_iter().chain(node) {
            // The URL itself is not repeated: somebody may have written a password into it.
            let scheme = url.split_once("://").map_or("no scheme", |(scheme, _)| scheme);
            if scheme != wanted {
                let why = format!(
                    "begins with {scheme}; only {wanted}:// is spoken, since keys and orders would be readable on the way"
                );
                return self.complain(path, why);
            }
        }
        if v.azuro.rpc.as_deref().is_some_and(holds_a_key) {
            let why = "looks as if it held a key: set AZURO_RPC_URL in .env or in the environment, no other file or option";
            return self.complain("venues.azuro.rpc", why);
        }
        let certificates = [
            ("venues.vest.ca", &v.vest.ca),
            ("venues.paradex.ca", &v.paradex.ca),
            ("venues.sx.ca", &v.sx.ca),
            ("venues.azuro.ca", &v.azuro.ca),
            ("database.root_cert", &self.file.database.root_cert),
        ];
        for (path, certificate) in certificates {
            if let Some(Err(e)) = certificate.as_ref().map(std::fs::File::open) {
                return self.complain(path, format!("cannot be read: {e}"));
            }
        }
        Ok(())
    }

    fn execution(&self) -> Result<(), ConfigError> {
        let x = &self.file.execution;
        let positive = [
            ("execution.answer_ms", x.answer_ms),
            ("execution.max_uncovered_ms", x.max_uncovered_ms),
            ("execution.query_every_ms", x.query_every_ms),
            ("execution.close_retry_ms", x.close_retry_ms),
            ("execution.stuck_after_ms", x.stuck_after_ms),
            ("execution.reconcile_every_ms", x.reconcile_every_ms),
        ];
        for (path, value) in positive {
            self.above_zero(path, value)?;
        }
        let not_negative = [
            ("execution.retry_delay_ms", x.retry_delay_ms),
            ("execution.cooldown_ms", x.cooldown_ms),
            ("execution.warm_up_ms", x.warm_up_ms),
        ];
        for (path, value) in not_negative {
            if value < 0 {
                return self.complain(path, format!("{value} must not be negative"));
            }
        }
        if x.max_attempts == 0 {
            return self.complain("execution.max_attempts", "0 attempts would never trade; 1 tries once");
        }
        Ok(())
    }

    fn venues(&self) -> Result<(), ConfigError> {
        // The clients' own bounds, said here with their place.
        let (vest, paradex) = (&self.file.venues.vest, &self.file.venues.paradex);
        self.within("venues.vest.recv_window_ms", vest.recv_window_ms, 1, 60_000)?;
        self.within("venues.paradex.recv_window_ms", paradex.recv_window_ms, 10, 60_000)?;
        self.within("venues.vest.leverage", vest.leverage, 1, 100)?;
        let allowance = vest.fee_allowance_percent.0;
        if allowance < Rate::ZERO || allowance >= HUNDRED_PERCENT {
            return self
                .complain("venues.vest.fee_allowance_percent", format!("{allowance}% is out of range: from 0 to below 100"));
        }
        for (venue, age_ms, quote) in
            [("vest", vest.max_book_age_ms, vest.quote_usd), ("paradex", paradex.max_book_age_ms, paradex.quote_usd)]
        {
            self.within(&format!("venues.{venue}.max_book_age_ms"), age_ms, 50, 60_000)?;
            let half_to_double = |price: Price| (domain::SCALE / 2..=domain::SCALE * 2).contains(&price.e8());
            if let Some(quote) = quote.filter(|q| !half_to_double(q.0)) {
                let why =
                    format!("{} is out of range: from 0.5 to 2 dollars per unit of a currency that stands for dollars", quote.0);
                return self.complain(&format!("venues.{venue}.quote_usd"), why);
            }
        }
        Ok(())
    }

    fn bets(&self) -> Result<(), ConfigError> {
        let (bets, v) = (&self.file.bets, &self.file.venues);
        if bets.sports.is_empty() {
            return self.complain("bets.sports", "names no sport; write for example `sports: [soccer, tennis]`");
        }
        if let Some(n) = (1..bets.sports.len()).find(|n| bets.sports[..*n].contains(&bets.sports[*n])) {
            return self.complain(&format!("bets.sports.{n}"), "stands there already");
        }
        self.within("bets.horizon_h", bets.horizon_h, 1, 720)?;
        self.within("bets.budget_usd", bets.budget_usd.0, Usd::from_e8(domain::SCALE), Usd::from_e8(1_000_000 * domain::SCALE))?;
        self.within("bets.gas_usd", bets.gas_usd.0, Usd::ZERO, Usd::from_e8(100 * domain::SCALE))?;
        let margin = bets.margin_min_percent.0;
        if margin < Rate::ZERO || margin >= HUNDRED_PERCENT {
            return self.complain("bets.margin_min_percent", format!("{margin}% is out of range: from 0 to below 100"));
        }
        self.within("venues.sx.max_quote_age_s", v.sx.max_quote_age_s, 1, 86_400)?;
        self.within("venues.azuro.max_quote_age_s", v.azuro.max_quote_age_s, 1, 86_400)?;
        let dollars = azuro_client::environment::ENVIRONMENTS.iter().filter(|e| e.tradable).map(|e| e.name);
        let known: Vec<&str> = dollars.collect();
        if !known.contains(&v.azuro.environment.as_str()) {
            let why = format!("{:?} is no environment that bets in dollars: {}", v.azuro.environment, known.join(" or "));
            return self.complain("venues.azuro.environment", why);
        }
        Ok(())
    }

    fn rest(&self) -> Result<(), ConfigError> {
        let file = self.file;
        self.within("holding_horizon_s", file.holding_horizon_s, 1, 31_536_000)?;
        if file.explain_period_s != 0 {
            self.within("explain_period_s", file.explain_period_s, 1, 86_400)?;
        }
        self.within("journal.cap_mb", file.journal.cap_mb, 40, 1 << 20)?;
        self.within("database.lag_warn_s", file.database.lag_warn_s, 1, 86_400)?;
        self.within("database.cap_records", file.database.cap_records, 1_000, 1_000_000_000)?;
        let w = &file.watchdog;
        self.within("watchdog.heartbeat_ms", w.heartbeat_ms, 100, 60_000)?;
        self.within("watchdog.limit_s", w.limit_s, 1, 3_600)?;
        let least = w.heartbeat_ms.saturating_mul(2);
        if w.takeover_ms < least {
            let why = format!("{} is under twice the heartbeat of {} ms: one late beat would do", w.takeover_ms, w.heartbeat_ms);
            return self.complain("watchdog.takeover_ms", why);
        }
        Ok(())
    }
}

/// Whether something behind a URL's host is as long as a key, or in front of it a password.
fn holds_a_key(url: &str) -> bool {
    const KEY_MIN: usize = 20;
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (host, path) = rest.split_once(['/', '?']).unwrap_or((rest, ""));
    host.contains('@') || path.split(['/', '?', '&', '=']).any(|part| part.len() >= KEY_MIN)
}

/// The pair's own value or that of all pairs, and the path of the one that counts.
fn own<T>(i: usize, own: Option<T>, global: T, field: &str) -> (T, String) {
    match own {
        Some(value) => (value, format!("pairs.{i}.{field}")),
        None => (global, field.to_owned()),
    }
}
