//! What a run came to, for people and for machines.

use domain::names::Ending;
use orchestrator::Finished;
use std::fmt::Write as _;
use std::time::Duration;

/// Milliseconds with two decimals.
fn ms(ns: u64) -> String {
    format!("{}.{:02}", ns / 1_000_000, ns / 10_000 % 100)
}

/// `99.97` from hundredths of a percent.
fn percent(bps: u64) -> String {
    format!("{}.{:02}", bps / 100, bps % 100)
}

/// What kept some pair from trading, and for how long: `venue_down 3.2 s, book_stale 0.4 s`.
fn downtime(done: &Finished) -> String {
    let down = &done.stats.uptime.all().down_ns;
    let parts: Vec<String> =
        down.iter().map(|(reason, ns)| format!("{reason} {}.{} s", ns / 1_000_000_000, ns / 100_000_000 % 10)).collect();
    parts.join(", ")
}

/// One log line with every figure as a field.
pub(crate) fn log(done: &Finished, ran: Duration) {
    let count = |ending| done.stats.rounds.get(&ending).copied().unwrap_or(0);
    let change = done.balances.values().try_fold(domain::Usd::ZERO, |sum, b| b.change().map(|c| sum.plus(c)));
    let (sent, entered) = (done.stats.sent.summary(), done.stats.entered.summary());
    let mut uncovered = String::new();
    domain::write_e8(done.uncovered_e8, 0, &mut uncovered);
    tracing::info!(
        target: "bot4",
        ran_s = ran.as_secs(),
        completed = count(Ending::Completed),
        auto_closed = count(Ending::AutoClosed),
        nothing_filled = count(Ending::NothingFilled),
        open = done.open,
        net = %done.net,
        balance_change = change.map(|c| c.to_string()),
        retries = done.stats.retries,
        safety_closes = done.stats.safety_closes,
        uptime_percent = done.stats.uptime.all().up_bps().map(percent),
        down = downtime(done),
        longest_uncovered_ms = done.stats.uncovered_ms,
        uncovered = %uncovered,
        detect_to_sent_p50_us = sent.p50_ns / 1_000,
        detect_to_sent_p95_us = sent.p95_ns / 1_000,
        detect_to_sent_p99_us = sent.p99_ns / 1_000,
        detect_to_sent_max_us = sent.max_ns / 1_000,
        detect_to_filled_p50_ms = %ms(entered.p50_ns),
        detect_to_filled_p99_ms = %ms(entered.p99_ns),
        "Summary"
    );
}

/// The table for a terminal.
pub(crate) fn table(done: &Finished, ran: Duration) -> String {
    let mut out = String::new();
    let s = &done.stats;
    let total: u64 = s.rounds.values().sum();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(out, "  {name:<34} {value}");
    };
    row("ran", format!("{} s", ran.as_secs()));
    row("opportunities seen", s.opportunities.to_string());
    row("rounds ended", total.to_string());
    for ending in Ending::ALL {
        let what = match ending {
            Ending::Completed => "  entered and exited",
            Ending::AutoClosed => "  one leg failed, the other closed",
            Ending::NothingFilled => "  nothing filled",
        };
        row(what, s.rounds.get(ending).copied().unwrap_or(0).to_string());
    }
    row("positions left open", done.open.to_string());
    row("orders tried again", s.retries.to_string());
    row("safety closes", s.safety_closes.to_string());
    row("net result", format!("{} USD", done.net));
    for (venue, balance) in &done.balances {
        if let (Some(start), Some(end), Some(change)) = (balance.at_start, balance.at_end, balance.change()) {
            row(&format!("  balance {venue}"), format!("{start} -> {end}  ({change})"));
        }
    }
    let (sent, entered) = (s.sent.summary(), s.entered.summary());
    if sent.count > 0 {
        row("orders handed to sockets p50 / p99", format!("{} / {} ms", ms(sent.p50_ns), ms(sent.p99_ns)));
    }
    if entered.count > 0 {
        row("detection to both filled p50 / p99", format!("{} / {} ms", ms(entered.p50_ns), ms(entered.p99_ns)));
    }
    for (venue, answer) in s.answers() {
        if answer.count > 0 {
            row(&format!("order answer {venue} p50 / p99"), format!("{} / {} ms", ms(answer.p50_ns), ms(answer.p99_ns)));
        }
    }
    row("journal append p50 / p99", format!("{} / {} us", done.appends.p50_ns / 1_000, done.appends.p99_ns / 1_000));
    if let Some(up) = s.uptime.all().up_bps() {
        row("time in which every pair could trade", format!("{}%", percent(up)));
        row("  lost to", downtime(done));
    }
    row("longest time uncovered", format!("{} ms", s.uncovered_ms));
    let mut uncovered = String::new();
    domain::write_e8(done.uncovered_e8, 0, &mut uncovered);
    row("uncovered exposure now", uncovered);
    out
}
