//! An empty folder: simulated venues, no set-up.

use crate::reckoned;
use crate::support::{Bot, run_to_end};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Slow machines build their first margins in this long.
const PATIENCE: Duration = Duration::from_secs(90);

/// Both markets of a line: which pair it is about.
fn pair(line: &Value) -> String {
    format!("{} {}", line["sides"][0]["market"], line["sides"][1]["market"])
}

#[test]
fn the_demo_prints_matched_pairs_whose_margins_move_and_every_one_can_be_reckoned_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut bot = Bot::start(folder.path(), &["quotes", "--json", "--seed", "3"]);
    let (mut margins, mut lines): (BTreeMap<String, BTreeSet<String>>, usize) = (BTreeMap::new(), 0);
    // Twenty pairs that moved at least twice, and one with stakes: a world drifts apart within a minute.
    let mut staked = false;
    loop {
        let line = bot.until_line("a line", PATIENCE, |_| true);
        reckoned::check(&line);
        assert_eq!(line["standing"], "confirmed", "{line}");
        staked |= !line["spent"].is_null();
        lines += 1;
        if let Some(m_net) = line["m_net"].as_str() {
            margins.entry(pair(&line)).or_default().insert(m_net.to_owned());
        }
        let moved = margins.values().filter(|seen| seen.len() > 2).count();
        if moved >= 20 && (staked || bot.age() > PATIENCE) {
            break;
        }
    }
    assert!(staked, "no round in {lines} lines");
    bot.interrupt();
    let ended = bot.finish(Duration::from_secs(20));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "a look leaves nothing behind");
}

#[test]
fn one_look_shows_every_pair_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run_to_end(folder.path(), &["quotes", "--json", "--once", "--all", "--seed", "3"], &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let mut whys = BTreeSet::new();
    for line in &ended.log {
        reckoned::check(line);
        assert_eq!(line["tradable"] == true, line["why"].is_null(), "{line}");
        assert_eq!(line["reason"].is_null(), line["why"].is_null(), "{line}");
        assert_eq!(line["standing"] == "refused", line["why"] == "rules_differ", "{line}");
        whys.insert(line["why"].as_str().unwrap_or("tradable").to_owned());
    }
    assert_eq!(ended.log.iter().map(pair).collect::<BTreeSet<_>>().len(), ended.log.len(), "each pair once");
    // Whether names are hard to match today is the drawn world's affair.
    for expected in ["no_margin", "rules_differ"] {
        assert!(whys.contains(expected), "{expected} is not among {whys:?}");
    }
    assert!(ended.stderr.contains("markets"), "what takes longer than a moment is told: {}", ended.stderr);

    let table = run_to_end(folder.path(), &["quotes", "--once", "--seed", "3"], &[]);
    assert_eq!(table.code, Some(0), "{}", table.stderr);
    assert!(table.stdout.starts_with("bot4 quotes "), "{}", table.stdout);
    assert!(!table.stdout.contains('\u{1b}'), "no colours in a pipe");
    assert!(table.stdout.lines().all(|line| line.chars().count() <= 120));
    assert!(table.stdout.contains("in the demo a sure score confirms"), "{}", table.stdout);
}

#[test]
fn a_terminal_is_redrawn_in_place_within_its_width_and_given_back() {
    let folder = tempfile::tempdir().unwrap();
    // `q` is typed when the head has been drawn: the terminal holds what is typed early until it is read.
    let line = format!("stty cols 80 rows 24; {} quotes --seed 3", env!("CARGO_BIN_EXE_bot4"));
    let mut child = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .current_dir(folder.path())
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("`script` gives the bot a terminal; on Debian it is part of the essential package bsdutils");
    let mut out = child.stdout.take().unwrap();
    let mut seen = Vec::new();
    let mut buffer = [0u8; 4096];
    // Rows with a margin have been drawn.
    while !String::from_utf8_lossy(&seen).contains("no margin") {
        let read = out.read(&mut buffer).unwrap();
        assert!(read > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&buffer[..read]);
        assert!(seen.len() < 4 << 20, "nothing was drawn");
    }
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"q").unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let screen = String::from_utf8_lossy(&seen).into_owned() + &rest;
    let (enter, leave) = ("\u{1b}[?1049h", "\u{1b}[?1049l");
    let (before, drawn) = screen.split_once(enter).unwrap();
    let (drawn, after) = drawn.split_once(leave).unwrap();
    assert_eq!(before.trim(), "");
    assert!(drawn.contains("\u{1b}[H") && drawn.contains("q or Ctrl-C ends it"));
    // The last look stays on the screen, and nothing is wider than it.
    let after = plain(after);
    assert!(after.contains("bot4 quotes") && after.contains("SX Bet connected"), "{after}");
    assert!(after.lines().count() <= 24, "{after}");
    for frame in drawn.split("\u{1b}[H") {
        for line in plain(frame).lines() {
            assert!(line.chars().count() <= 80, "{line:?}");
        }
    }
}

/// Without carriage returns and what begins with escape.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut parts = text.split('\u{1b}');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).map_or(part.len(), |at| at + 1);
        out.push_str(&part[end..]);
    }
    out.replace('\r', "")
}

#[test]
fn what_is_asked_wrongly_is_said_with_what_would_be_right() {
    let folder = tempfile::tempdir().unwrap();
    let check = |arguments: &[&str], expect: &str| {
        let ended = run_to_end(folder.path(), arguments, &[]);
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{}", ended.stderr);
        assert!(ended.stderr.contains(expect), "{}", ended.stderr);
    };
    check(&["quotes", "--for", "soon"], "write a time such as 30s, 5m or 1h");
    check(&["quotes", "--set", "bets.sports=[]"], "bets.sports");
    check(&["quotes", "--set", "bets.sports=[chess]"], "bets.sports");
    check(&["quotes", "--set", "bets.budget_usd=0"], "bets.budget_usd");
    check(&["quotes", "--set", "bets.margin_min_percent=100"], "from 0 to below 100");
    check(&["quotes", "--set", "bets.horizon=3"], "horizon_h");
    check(&["quotes", "--set", "venues.azuro.environment=BaseWETH"], "PolygonUSDT or PolygonAmoyUSDT");
    check(&["quotes", "--set", "venues.sx.ws=ws://x"], "only wss:// is spoken");
    check(&["quotes", "--config", "nowhere.yaml"], "nowhere.yaml");
}
