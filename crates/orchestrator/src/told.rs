//! From what the shard tells to log lines: one place for fields, so that every line of a kind has the same.

use crate::uptime::Uptime;
use domain::{Pair, Rate, VenueId};
use engine::{Notice, NoticeLevel};
use shard::Spreads;
use venue_api::SessionNews;

/// A venue's name as people write it.
pub(crate) fn capital(venue: VenueId) -> String {
    let mut chars = venue.as_str().chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// How much of the time every pair could have traded, and what the rest was lost to.
pub(crate) fn uptime(uptime: &Uptime) {
    let Some(all) = uptime.all().up_bps() else { return };
    for (pair, time) in uptime.pairs() {
        let lost: Vec<String> = time.down_ns.iter().map(|(reason, ns)| format!("{reason} {} s", ns / 1_000_000_000)).collect();
        let up = time.up_bps().unwrap_or(0);
        tracing::info!(
            target: "bot4",
            pair = %pair,
            uptime_percent = %percent(up),
            uptime_all_percent = %percent(all),
            lost = lost.join(", "),
            "Uptime: {pair} could have traded {}% of the time",
            percent(up)
        );
    }
}

/// `99.97` from hundredths of a percent.
fn percent(bps: u64) -> String {
    format!("{}.{:02}", bps / 100, bps % 100)
}

/// One line per notice. Fields that a notice has not are left out.
pub(crate) fn notice(notice: &Notice) {
    let event_type = notice.event().word();
    let message = notice.message();
    let pair = notice.pair().map(|p| p.to_string());
    let both = || notice.legs().map(|[long, short]| format!("{long},{short}"));
    let exchange = notice.venue().map(|v| v.to_string()).or_else(both);
    let round = notice.round().map(|r| r.to_string());
    let order = notice.order().map(|o| o.to_string());
    let spread = notice.spread().map(|s| s.to_string());
    let Extra { threshold, long, short, side, size, price, net, fees, took_ms, uncovered_ms, attempt, reason, breakdown, lines } =
        Extra::of(notice);
    let (pair, exchange, round, order, spread) =
        (pair.as_deref(), exchange.as_deref(), round.as_deref(), order.as_deref(), spread.as_deref());
    let (threshold, long, short, side, size, price, net, fees, reason) = (
        threshold.as_deref(),
        long.as_deref(),
        short.as_deref(),
        side,
        size.as_deref(),
        price.as_deref(),
        net.as_deref(),
        fees.as_deref(),
        reason.as_deref(),
    );
    let [gross, depth, slippage, exit, safety, forced, _, funding] = lines.map_or([const { None }; 8], |l| l.map(Some));
    let [sign_us, encode_us, network_us, parse_us, total_us] = breakdown.map_or([None; 5], |b| b.map(Some));
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                target: "bot4",
                event_type, pair, exchange, round, order, spread, threshold, long, short, side, size, price, net, fees,
                took_ms, uncovered_ms, attempt, reason, sign_us, encode_us, network_us, parse_us, total_us,
                gross, depth, slippage, exit, safety, forced, funding,
                "{message}"
            )
        };
    }
    match notice.level() {
        NoticeLevel::Debug => line!(debug),
        NoticeLevel::Info => line!(info),
        NoticeLevel::Warn => line!(warn),
        NoticeLevel::Error => line!(error),
    }
}

/// The spreads of both directions after a book moved, a line each; told when everything that leaves has left.
pub(crate) fn spread(pair: Pair, venues: [VenueId; 2], spreads: &[Spreads; 2]) {
    let shown = |rate: Option<Rate>| rate.map(|r| r.to_string());
    for (spreads, [long, short]) in spreads.iter().zip([venues, [venues[1], venues[0]]]) {
        let Spreads { entry_top, entry, exit_top, exit } = *spreads;
        tracing::debug!(
            target: "bot4",
            pair = %pair,
            long = %long,
            short = %short,
            entry = shown(entry),
            exit = shown(exit),
            entry_top = shown(entry_top),
            exit_top = shown(exit_top),
            "Spread updated"
        );
    }
}

/// Fields that only some notices have.
#[derive(Default)]
struct Extra {
    threshold: Option<String>,
    long: Option<String>,
    short: Option<String>,
    side: Option<&'static str>,
    size: Option<String>,
    price: Option<String>,
    net: Option<String>,
    fees: Option<String>,
    took_ms: Option<i64>,
    uncovered_ms: Option<i64>,
    attempt: Option<u64>,
    reason: Option<String>,
    /// Signature, encode, network, parse, total, µs.
    breakdown: Option<[u64; 5]>,
    /// Where the net result came from, by [`domain::record::Lines::named`].
    lines: Option<[String; 8]>,
}

impl Extra {
    fn of(notice: &Notice) -> Self {
        match notice {
            Notice::SpreadDetected { threshold, long, short, edge, .. } => Self {
                threshold: Some(threshold.to_string()),
                long: Some(long.to_string()),
                short: Some(short.to_string()),
                net: Some(format!("{edge}%")),
                ..Self::default()
            },
            Notice::Skipped { reason, .. } => Self { reason: Some(reason.to_string()), ..Self::default() },
            Notice::OrderPlaced { side, size, limit, .. } => Self {
                side: Some(side.direction()),
                size: Some(size.to_string()),
                price: Some(limit.to_string()),
                ..Self::default()
            },
            Notice::OrderNews { fills, .. } => Self {
                size: Some(fills.size.to_string()),
                price: domain::record::average_price(fills).map(|p| p.to_string()),
                fees: Some(fills.fee.to_string()),
                ..Self::default()
            },
            Notice::OrderLatency { sign_ns, encode_ns, network_ns, parse_ns, .. } => {
                let us = [sign_ns, encode_ns, network_ns, parse_ns].map(|ns| ns / 1_000);
                let total = (sign_ns + encode_ns + network_ns + parse_ns) / 1_000;
                Self { breakdown: Some([us[0], us[1], us[2], us[3], total]), ..Self::default() }
            }
            Notice::Retry { attempt, .. } => Self { attempt: Some(u64::from(*attempt)), ..Self::default() },
            Notice::Entered { long, short, size, took_ms, .. } => Self {
                long: Some(long.to_string()),
                short: Some(short.to_string()),
                size: Some(size.to_string()),
                took_ms: Some(*took_ms),
                ..Self::default()
            },
            Notice::GaveUp { why, .. } => Self { reason: Some(format!("{why:?}")), ..Self::default() },
            Notice::ExitBegun { reason, .. } => Self { reason: Some(format!("{reason:?}")), ..Self::default() },
            Notice::SafetyClose { size, attempt, .. } => {
                Self { size: Some(size.to_string()), attempt: Some(u64::from(*attempt)), ..Self::default() }
            }
            Notice::RoundEnded { outcome, .. } => Self {
                net: Some(outcome.net.to_string()),
                fees: Some(outcome.fees.to_string()),
                uncovered_ms: Some(outcome.uncovered_ms),
                reason: Some(outcome.ending.to_string()),
                lines: outcome.lines.map(|l| l.named().map(|(_, usd)| usd.to_string())),
                ..Self::default()
            },
            Notice::Stuck { exposure, .. } => Self { reason: Some(exposure.clone()), ..Self::default() },
            Notice::Mismatch { evidence, .. } | Notice::Forced { evidence, .. } => {
                Self { reason: Some(evidence.clone()), ..Self::default() }
            }
            Notice::CannotClose { why, .. } => Self { reason: Some(why.clone()), ..Self::default() },
            Notice::EntriesStopped { reason, .. } | Notice::EntriesResumed { reason } => {
                Self { reason: Some(reason.to_string()), ..Self::default() }
            }
            Notice::PositionSaved { .. }
            | Notice::AutoExecuted { .. }
            | Notice::Unstuck { .. }
            | Notice::Restored { .. }
            | Notice::Resumed { .. }
            | Notice::Odd { .. } => Self::default(),
        }
    }
}

/// One line per change of a venue's session.
pub(crate) fn session(venue: VenueId, news: &SessionNews) {
    let (exchange, name) = (venue.as_str(), capital(venue));
    match news {
        SessionNews::Connected { what: "feed" } => {
            tracing::info!(target: "bot4", event_type = "CONNECTED", exchange, "{name} WebSocket connected");
        }
        SessionNews::Connected { what } => {
            tracing::info!(target: "bot4", event_type = "CONNECTED", exchange, "{name} {what} WebSocket connected");
        }
        SessionNews::Ready => tracing::info!(target: "bot4", exchange, "{name} ready to trade"),
        SessionNews::Down { why } => {
            tracing::warn!(target: "bot4", event_type = "RECONNECTING", exchange, reason = why, "{name} session down: {why}");
        }
        SessionNews::ClockOffset { offset_ms } if offset_ms.abs() > 500 => {
            tracing::warn!(target: "bot4", exchange, offset_ms, "{name} clock is {offset_ms} ms away from ours");
        }
        SessionNews::ClockOffset { offset_ms } => {
            tracing::debug!(target: "bot4", exchange, offset_ms, "{name} clock measured");
        }
        SessionNews::Fatal { why } => {
            tracing::error!(target: "bot4", exchange, reason = why, "{name} cannot be used: {why}");
        }
    }
}
