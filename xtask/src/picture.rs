//! `cargo xtask picture`: draws one round of a real run from its JSON log as an SVG.
//!
//! Reads the log on standard input, takes the first round that was entered and closed by itself, and draws both legs
//! on one axis, entry and exit beside each other, with the lines the bot wrote. Nothing in the picture is made up:
//! every mark is a line of the log.

use anyhow::{Context, bail};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Read;

struct Line {
    us: i64,
    message: String,
    event: String,
    order: String,
    round: String,
    exchange: String,
    spread: Option<String>,
}

/// Draws the picture into a file.
pub(crate) fn run(out: &str) -> anyhow::Result<()> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let lines: Vec<Line> = text.lines().filter_map(line).collect();
    let closed = |l: &&Line| l.message.starts_with("[TRADE] Auto-closed");
    let round = lines.iter().find(closed).map(|l| l.round.clone()).context("no round in this log was closed by itself")?;
    let own: Vec<&Line> = lines.iter().filter(|l| l.round == round).collect();
    let detected = own
        .iter()
        .find(|l| l.event == "ORDER_PLACED")
        .and_then(|first| lines.iter().rev().find(|l| l.event == "SPREAD_DETECTED" && l.us <= first.us))
        .context("no detection before the round")?;
    let exit_from = own.iter().find(|l| l.message.starts_with("Closing both legs")).context("no exit")?.us;
    let mut svg = String::new();
    let (width, height) = (1180, 524);
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"ui-monospace,Menlo,Consolas,monospace\" font-size=\"13\">"
    )?;
    writeln!(svg, "<rect width=\"{width}\" height=\"{height}\" fill=\"#0d1117\"/>")?;
    writeln!(
        svg,
        "<text x=\"24\" y=\"32\" fill=\"#e6edf3\" font-size=\"16\">Round {round}: both legs on one axis, ms from the decision</text>"
    )?;
    let mut venues: Vec<&str> = own.iter().filter(|l| l.event == "ORDER_PLACED").map(|l| l.exchange.as_str()).collect();
    venues.sort_unstable();
    venues.dedup();
    if venues.len() != 2 {
        bail!("round {round} does not have two venues: {venues:?}");
    }
    panel(&mut svg, 24, "entry", detected.us, &own, &venues, |l| l.us < exit_from)?;
    panel(&mut svg, 612, "exit", exit_from, &own, &venues, |l| l.us >= exit_from)?;
    let mut y = 268;
    for l in std::iter::once(&detected).chain(own.iter()).filter(|l| !l.message.starts_with("Order acknowledged")).take(18) {
        let at = l.us - detected.us;
        let message = escape(&l.message);
        let colour = if l.message.starts_with("[TRADE]") || l.message.starts_with("[STATE]") { "#7ee787" } else { "#8b949e" };
        writeln!(
            svg,
            "<text x=\"24\" y=\"{y}\" fill=\"{colour}\" font-size=\"12\" xml:space=\"preserve\">+{:>9.3} ms  {message}</text>",
            at as f64 / 1_000.0
        )?;
        y += 14;
    }
    writeln!(svg, "</svg>")?;
    std::fs::write(out, svg).with_context(|| format!("{out} cannot be written"))?;
    println!("{out}: round {round}");
    Ok(())
}

fn panel(
    svg: &mut String,
    x: i64,
    name: &str,
    from: i64,
    own: &[&Line],
    venues: &[&str],
    within: impl Fn(&Line) -> bool,
) -> anyhow::Result<()> {
    let marks: Vec<&&Line> = own
        .iter()
        .filter(|l| {
            within(l) && matches!(l.event.as_str(), "ORDER_PLACED" | "ORDER_ACKED" | "ORDER_FILLED") && !l.order.is_empty()
        })
        .filter(|l| !l.message.starts_with("[ORDER]"))
        .collect();
    let last = marks.iter().map(|l| l.us - from).max().unwrap_or(1).max(1_000);
    let (left, right) = (x + 84, x + 530);
    let place = |us: i64| left + (right - left) * (us - from).max(0) / last;
    writeln!(svg, "<text x=\"{x}\" y=\"62\" fill=\"#e6edf3\">{name}</text>")?;
    for tick in 0..=4 {
        let us = last * tick / 4;
        let tx = place(from + us);
        writeln!(svg, "<line x1=\"{tx}\" y1=\"72\" x2=\"{tx}\" y2=\"206\" stroke=\"#21262d\"/>")?;
        writeln!(
            svg,
            "<text x=\"{tx}\" y=\"222\" fill=\"#8b949e\" font-size=\"11\" text-anchor=\"middle\">{:.1}</text>",
            us as f64 / 1_000.0
        )?;
    }
    for (i, venue) in venues.iter().enumerate() {
        let y = 102 + 68 * i as i64;
        writeln!(svg, "<text x=\"{x}\" y=\"{}\" fill=\"#e6edf3\">{venue}</text>", y + 5)?;
        let of: Vec<&&&Line> = marks.iter().filter(|l| l.exchange == *venue).collect();
        if let (Some(first), Some(end)) = (of.first(), of.last()) {
            let (a, b) = (place(first.us), place(end.us));
            writeln!(svg, "<line x1=\"{a}\" y1=\"{y}\" x2=\"{b}\" y2=\"{y}\" stroke=\"#30363d\" stroke-width=\"6\"/>")?;
        }
        for l in of {
            let (colour, word, dy) = match l.event.as_str() {
                "ORDER_PLACED" => ("#58a6ff", "sent", -12),
                "ORDER_ACKED" => ("#d29922", "acked", 22),
                _ => ("#3fb950", "filled", -12),
            };
            let cx = place(l.us);
            writeln!(svg, "<circle cx=\"{cx}\" cy=\"{y}\" r=\"6\" fill=\"{colour}\"/>")?;
            let anchor = match word {
                "sent" => "end",
                _ if cx > right - 40 => "end",
                _ if cx < left + 60 => "start",
                _ => "middle",
            };
            writeln!(
                svg,
                "<text x=\"{cx}\" y=\"{}\" fill=\"{colour}\" font-size=\"11\" text-anchor=\"{anchor}\">{word} {:.1}</text>",
                y + dy,
                (l.us - from).max(0) as f64 / 1_000.0
            )?;
        }
    }
    Ok(())
}

fn line(text: &str) -> Option<Line> {
    let v: Value = serde_json::from_str(text).ok()?;
    let field = |name: &str| v.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let stamp = field("timestamp");
    Some(Line {
        us: micros(&stamp)?,
        message: field("message"),
        event: field("event_type"),
        order: field("order"),
        round: field("round"),
        exchange: field("exchange"),
        spread: v.get("spread").and_then(Value::as_str).map(str::to_owned),
    })
    .filter(|l| l.spread.is_some() || !l.event.is_empty())
}

/// Microseconds of the day from `2026-11-21T13:08:30.203123Z`; a run over midnight is not drawn.
fn micros(stamp: &str) -> Option<i64> {
    let time = stamp.split_once('T')?.1.trim_end_matches('Z');
    let (clock, fraction) = time.split_once('.')?;
    let mut parts = clock.split(':').map(|p| p.parse::<i64>().ok());
    let (h, m, s) = (parts.next()??, parts.next()??, parts.next()??);
    let fraction: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    Some(((h * 60 + m) * 60 + s) * 1_000_000 + fraction)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
