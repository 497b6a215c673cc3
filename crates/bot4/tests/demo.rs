//! What a newcomer sees: `bot4` in an empty folder. The literal words of the requirements, in the order of a life.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

mod support;

use serde_json::Value;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{Bot, Ended, e8};

/// A first complete round within this long of process start: issue and README promise it.
const FIRST_ROUND: Duration = Duration::from_secs(30);

/// One step of a life: what the message is (`*` stands for any text) and which fields stand beside it.
struct Step(&'static str, &'static [&'static str]);

/// Steps that come before trading.
const START: [Step; 5] = [
    Step("[CONFIG] Loaded pairs: [ETH-USD, BTC-USD]", &["event_type=CONFIG", "config_hash"]),
    Step("[CONFIG] Thresholds: entry=0.30%, exit=0.10%", &["event_type=CONFIG", "pair", "entry=0.30", "exit=0.10"]),
    Step("Vest WebSocket connected", &["event_type=CONNECTED", "exchange=vest"]),
    Step("Paradex WebSocket connected", &["event_type=CONNECTED", "exchange=paradex"]),
    Step("Bot runtime started", &["pairs=ETH-USD,BTC-USD"]),
];

/// Steps of one round that goes well.
const ROUND: [Step; 8] = [
    Step(
        "Spread opportunity detected: spread=*%, threshold=0.30%",
        &["event_type=SPREAD_DETECTED", "pair", "spread", "threshold=0.30", "long", "short"],
    ),
    Step(
        "Order placed: side=long, pair=*, size=*",
        &["event_type=ORDER_PLACED", "pair", "exchange", "round", "order", "side=long", "size", "price"],
    ),
    Step(
        "Order placed: side=short, pair=*, size=*",
        &["event_type=ORDER_PLACED", "pair", "exchange", "round", "order", "side=short", "size", "price"],
    ),
    Step(
        "[ORDER] Paradex WS order: latency=*ms",
        &["event_type=ORDER_ACKED", "exchange=paradex", "round", "sign_us", "encode_us", "network_us", "parse_us", "total_us"],
    ),
    Step(
        "[TRADE] Entry executed: spread=*%, long=*, short=*",
        &["event_type=ENTRY_EXECUTED", "pair", "round", "spread", "long", "short", "size"],
    ),
    Step("[STATE] Position saved: pair=*, entry_spread=*%", &["event_type=POSITION_SAVED", "pair", "round", "spread"]),
    Step("[TRADE] Auto-executed: spread=*%", &["event_type=AUTO_EXECUTED", "pair", "round", "spread"]),
    Step("[TRADE] Auto-closed: spread=*%", &["event_type=ROUND_ENDED", "pair", "round", "spread", "net", "fees"]),
];

/// Steps of the end.
const END: [Step; 4] = [
    Step("[SHUTDOWN] Graceful shutdown initiated", &["event_type=SHUTDOWN"]),
    Step("[SHUTDOWN] Cancelled * pending orders", &["event_type=SHUTDOWN", "cancelled"]),
    Step("[SHUTDOWN] Clean exit, no pending orders", &["event_type=SHUTDOWN"]),
    Step("Summary", &["net", "balance_change", "completed", "uncovered=0", "detect_to_sent_p50_us", "detect_to_filled_p99_ms"]),
];

/// Whether `text` has the pattern's words, with any non-empty text at each `*`.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (i, part) in parts.iter().enumerate() {
        let found = if i + 1 == parts.len() && part.is_empty() { Some(rest.len()) } else { rest.find(part) };
        match found {
            Some(at) if at > 0 => rest = &rest[at + part.len()..],
            _ => return false,
        }
    }
    rest.is_empty()
}

/// Finds the steps in the lines, in their order; what stands between them does not matter.
#[track_caller]
fn in_order<'a>(lines: impl IntoIterator<Item = &'a Value>, steps: &[Step]) {
    let mut lines = lines.into_iter();
    for Step(pattern, fields) in steps {
        let line = lines.find(|l| fits(pattern, l["message"].as_str().unwrap_or_default()));
        let line = line.unwrap_or_else(|| panic!("{pattern:?} is missing, or not in its place"));
        for field in *fields {
            let (name, value) = field.split_once('=').map_or((*field, None), |(n, v)| (n, Some(v)));
            let found = &line[name];
            assert!(!found.is_null(), "{name} is missing in {line}");
            assert!(value.is_none_or(|v| found == v), "{name} is not {value:?} in {line}");
        }
    }
}

#[test]
fn a_pattern_takes_any_text_at_a_star_and_nothing_else() {
    for (pattern, text, expect) in [
        ("a=*%, b=*", "a=0.3%, b=x", true),
        ("a=*%, b=*", "a=%, b=x", false),
        ("a=*%, b=*", "a=0.3%, b=", false),
        ("a=*%", "a=0.3%!", false),
        ("whole", "whole", true),
        ("whole", "whole and more", false),
    ] {
        assert_eq!(fits(pattern, text), expect, "{pattern} {text}");
    }
}

#[test]
fn an_empty_folder_and_a_pipe_show_a_whole_life_as_json_and_ctrl_c_ends_it_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut bot = Bot::start(folder.path(), &[]);
    let closed = bot.until("[TRADE] Auto-closed: spread=", FIRST_ROUND);
    assert!(bot.age() < FIRST_ROUND, "the first round took {:?}", bot.age());
    bot.interrupt();
    let ended = bot.finish(Duration::from_secs(20));
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));

    every_line_can_be_read(&ended);
    // The two connections come in either order; everything else has one.
    in_order(&ended.log, &START[..2]);
    for connected in &START[2..4] {
        in_order(&ended.log, &START[..2].iter().chain([connected, &START[4]]).map(|s| Step(s.0, s.1)).collect::<Vec<_>>());
    }
    let started = ended.log.iter().position(|l| l["message"] == "Bot runtime started").unwrap();
    let of_round = ended
        .log
        .iter()
        .skip(started)
        .filter(|l| l["round"] == closed["round"] || (l["event_type"] == "SPREAD_DETECTED" && l["pair"] == closed["pair"]));
    // Long or short is sent first, by the venue that is slower.
    let sent_first = of_round.clone().find(|l| l["event_type"] == "ORDER_PLACED").unwrap();
    let mut round: Vec<Step> = ROUND.into_iter().collect();
    if sent_first["side"] == "short" {
        round.swap(1, 2);
    }
    in_order(of_round, &round);
    in_order(&ended.log, &END);

    let summary = ended.line("Summary");
    assert_eq!(summary["net"], summary["balance_change"], "our ledger and the venues agree");
    let nets: i64 = ended.log.iter().filter(|l| l["event_type"] == "ROUND_ENDED").map(|l| e8(l["net"].as_str().unwrap())).sum();
    assert_eq!(e8(summary["net"].as_str().unwrap()), nets, "the rounds sum to it");
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "a demo leaves nothing in the folder it was started in");
}

/// JSON lines with time, level, message; times never step back within a thread's own lines of one kind.
fn every_line_can_be_read(ended: &Ended) {
    assert_eq!(ended.stdout.lines().count(), ended.log.len());
    for line in &ended.log {
        let time = line["timestamp"].as_str().unwrap();
        assert!(time.len() == 27 && time.ends_with('Z'), "{line}");
        assert!(["INFO", "WARN", "ERROR"].contains(&line["level"].as_str().unwrap()), "{line}");
        assert!(line["message"].is_string(), "{line}");
    }
}

#[test]
fn stopping_by_itself_after_some_seconds_is_a_clean_end_too() {
    let folder = tempfile::tempdir().unwrap();
    let bot = Bot::start(folder.path(), &["--stop-after", "2"]);
    let ended = bot.finish(Duration::from_secs(30));
    assert_eq!(ended.code, Some(0));
    in_order(&ended.log, &END);
}

#[test]
fn a_terminal_gets_lines_for_people_and_a_table_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let screen = on_a_terminal(folder.path(), "--stop-after 2");
    assert!(!screen.contains("{\"timestamp\""), "no JSON on a terminal:\n{screen}");
    assert!(screen.contains("\u{1b}[32mINFO "), "colours:\n{screen}");
    let plain = without_colours(&screen);
    assert!(plain.contains("INFO  [CONFIG] Loaded pairs: [ETH-USD, BTC-USD]"), "{plain}");
    let (_, table) = plain.rsplit_once("Summary").expect("the line before the table");
    for row in [
        "ran",
        "rounds ended",
        "  entered and exited",
        "net result",
        "  balance vest",
        "  balance paradex",
        "uncovered exposure now",
    ] {
        assert!(table.lines().any(|l| l.trim_start().starts_with(row.trim_start())), "no row {row:?} in\n{table}");
    }
    let json = on_a_terminal(folder.path(), "--stop-after 1 --json");
    let all_json = json.lines().filter(|l| !l.trim().is_empty()).all(|l| serde_json::from_str::<Value>(l.trim()).is_ok());
    assert!(all_json, "--json holds on a terminal too:\n{json}");
}

/// Everything the bot shows on a terminal, or nothing where there is no program that lends one.
fn on_a_terminal(folder: &std::path::Path, arguments: &str) -> String {
    let began = Instant::now();
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_bot4"));
    let child = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn();
    let mut child = child.expect("`script` gives the bot a terminal; on Debian it is part of the essential package bsdutils");
    let mut screen = String::new();
    child.stdout.take().unwrap().read_to_string(&mut screen).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{screen}");
    assert!(began.elapsed() < Duration::from_mins(1));
    screen.replace('\r', "")
}

fn without_colours(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once('m').map_or(part, |(_, rest)| rest))
}
