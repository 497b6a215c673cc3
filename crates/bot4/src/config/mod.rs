//! The configuration: as a file says it ([`FileConfig`]), and checked into what the bot runs with ([`Config`]).
//!
//! Owns the settings, their defaults, their bounds and the words that explain them; `config_manager` owns where a value
//! came from. Read once at start: a change is made in the file and begins with the next start. Called by every command.

mod bets;
mod check;
mod order;
mod pairs;
mod schema;
mod sections;
mod values;

pub(crate) use order::fields;
pub(crate) use pairs::PairPlan;
pub(crate) use schema::schema;
pub(crate) use sections::FileConfig;
pub(crate) use values::{Generation, Mode};

use domain::VenueId;
use domain::record::Policy;
use engine::{EntryRules, PairLimits};
use risk::Limits;
use std::time::Duration;
use values::QuietWindow;

/// What the bot runs with.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) file: FileConfig,
    pub(crate) hash: String,
    pub(crate) pairs: Vec<PairPlan>,
}

impl Config {
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
            entry_even: x.entry_even.into(),
            exit_even: x.exit_even.into(),
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

    /// What keeps entries back beside the caps of all pairs.
    pub(crate) fn entry_rules(&self) -> EntryRules {
        let own = |p: &PairPlan| {
            let (notional, worst_loss, max_holding_ms) = (p.max_notional, p.worst_loss, p.max_holding_ms);
            (p.pair, PairLimits { notional, worst_loss, max_holding_ms })
        };
        let v = &self.file.venues;
        let windows = [(crate::wiring::VEST, &v.vest.quiet), (crate::wiring::PARADEX, &v.paradex.quiet)];
        let of_venue = |(venue, windows): (VenueId, &Vec<QuietWindow>)| {
            let placed = |w: &QuietWindow| engine::QuietWindow {
                venue,
                weekdays: std::array::from_fn(|day| w.days & (1 << day) != 0),
                from_min: w.from_min,
                until_min: w.to_min,
            };
            windows.iter().map(placed).collect::<Vec<_>>()
        };
        EntryRules {
            pairs: self.pairs.iter().map(own).collect(),
            quiet: windows.into_iter().flat_map(of_venue).collect(),
            warm_up_ms: self.file.execution.warm_up_ms,
        }
    }

    /// How the journal is kept, but for its clock.
    pub(crate) fn journal(&self, clock: fn() -> domain::Wall) -> journal::Options {
        let j = &self.file.journal;
        journal::Options {
            durability: j.durability.into(),
            disk_cap_bytes: j.cap_mb.saturating_mul(1 << 20),
            ..journal::Options::new(clock)
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

/// Milliseconds of a span in seconds; saturates.
fn ms(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000)
}
