//! Paper and live mode, `check` and `register` as an operator meets them: the real binary, both venues over TLS.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

mod support;

use domain::Usd;
use serde_json::{Value, json};
use signing::{SanitizedValue, StarkKey};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use support::{Bot, Ended, Venues, e8, keys, run_to_end, working_folder, write};

const SOON: Duration = Duration::from_secs(40);
/// A subkey of the Paradex account; drawn for these tests.
const SUBKEY: &str = "0x01c49ab07e3d528f6b1094ce7a35d2f80bc6e915347da2086ef1b5c9d03748aa";
/// Rounds that come soon and end soon.
const QUICK: &str = "spread_entry: 0.30\nspread_exit: 0.10\non_stop: flatten\nmax_holding_s: 6\n";

/// A folder in the given mode, without credentials.
fn folder_in(venues: &Venues, mode: &str, more: &str) -> tempfile::TempDir {
    let folder = working_folder(venues, more);
    let config = std::fs::read_to_string(folder.path().join("config.yaml")).unwrap();
    let config = config.replace("mode: demo", &format!("mode: {mode}")).replace(", onboard: true", "");
    // The third generation is asked for at the same simulator.
    let v3 = venues.vest.server.rest_url().trim_end_matches("/v2").to_owned();
    let config = config.replace("ca: vest.pem", &format!("ca: vest.pem, v3_rest: \"{v3}\""));
    write(folder.path(), "config.yaml", &config);
    std::fs::remove_file(folder.path().join(".env")).unwrap();
    folder
}

/// Runs the bot to its end with something on its standard input.
fn run_with_input(folder: &Path, arguments: &[&str], input: &str) -> Ended {
    let mut child = Command::new(env!("CARGO_BIN_EXE_bot4"))
        .current_dir(folder)
        .args(arguments)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    Ended { code: output.status.code(), stdout, stderr: String::from_utf8(output.stderr).unwrap(), log: Vec::new() }
}

/// What an operator does by hand before live trading: a funded Paradex account with a subkey, and Vest's signing key
/// registered by the command. Gives the lines of `.env`.
fn prepared(venues: &Venues, folder: &Path) -> String {
    // The account is opened and funded as its owner would: by its main key, in another program.
    let owner = working_folder(venues, QUICK);
    let mut bot = Bot::start(owner.path(), &["--venues", "external", "--json", "--set", "spread_entry=50"]);
    bot.until("Bot runtime started", SOON);
    bot.interrupt();
    assert_eq!(bot.finish(SOON).code, Some(0));
    let public = StarkKey::from_hex(&SanitizedValue::from(SUBKEY)).unwrap().public_key().to_hex_string();
    venues.post(&venues.paradex, "/account/keys/subkeys", &json!({ "public_key": public, "name": "bot" }), 201);

    write(folder, ".env", &format!("VEST_SIGNING_KEY={}\n", keys::VEST_SIGNING_KEY));
    let registered = run_with_input(folder, &["register", "vest", "--primary-key-stdin"], keys::VEST_PRIMARY_KEY);
    assert_eq!(registered.code, Some(0), "{}", registered.stderr);
    let account = keys::paradex_account();
    let (own, signing) = (&registered.stdout, keys::VEST_SIGNING_KEY);
    let lines = format!("VEST_SIGNING_KEY={signing}\n{own}PARADEX_ACCOUNT={account}\nPARADEX_SIGNING_KEY={SUBKEY}\n");
    write(folder, ".env", &lines);
    lines
}

/// Nothing but public reads was ever said to a venue.
fn nothing_but_reads(venues: &Venues) {
    for venue in [&venues.vest, &venues.paradex] {
        let tape = venue.tape.lock().unwrap();
        let written: Vec<&str> = tape.requests.iter().filter(|r| r.method != "GET").map(|r| r.target.as_str()).collect();
        assert!(written.is_empty(), "{written:?}");
        let private = tape.requests.iter().filter(|r| r.headers.iter().any(|(n, _)| n == "authorization" || n == "x-api-key"));
        assert_eq!(private.count(), 0);
        let said: Vec<&String> = tape.said.iter().filter(|s| s.contains("order.") || s.contains("bearer")).collect();
        assert!(said.is_empty(), "{said:?}");
    }
}

#[test]
fn a_paper_round_opens_and_closes_on_the_real_market_and_no_order_ever_reaches_a_venue() {
    let venues = Venues::start(31);
    let folder = folder_in(&venues, "paper", QUICK);
    let mut bot = Bot::start(folder.path(), &["--json"]);
    bot.until("Paper: the market is real", SOON);
    bot.until("Bot runtime started", SOON);
    bot.until("[TRADE] Entry executed: spread=", SOON);
    let ended = bot.until_that("", SOON, |l| l["event_type"] == "ROUND_ENDED");
    bot.interrupt();
    let done = bot.finish(SOON);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    nothing_but_reads(&venues);
    // The books are kept as a venue keeps them: rounds, summary and both accounts agree to the last digit.
    let summary = done.line("Summary");
    assert_eq!(summary["net"], summary["balance_change"], "{summary}");
    assert!(e8(ended["fees"].as_str().unwrap()) > 0, "{ended}");
    assert!(done.log.iter().all(|l| l["event_type"] != "RECONCILE_MISMATCH"), "the accounts agree with the journal");
}

#[test]
fn a_paper_position_is_restored_after_a_restart_and_closed_and_its_journal_is_no_live_one() {
    let venues = Venues::start(32);
    let folder = folder_in(&venues, "paper", "spread_entry: 0.30\nspread_exit: 0.01\non_stop: leave\n");
    let mut bot = Bot::start(folder.path(), &["--json"]);
    bot.until("[STATE] Position saved", SOON);
    bot.interrupt();
    assert_eq!(bot.finish(SOON).code, Some(0));
    let arguments = ["--json", "--on-stop", "flatten", "--set", "spread_entry=50"];
    let mut bot = Bot::start(folder.path(), &arguments);
    bot.until("[STATE] Restored 1 positions", SOON);
    bot.until("Bot runtime started", SOON);
    bot.interrupt();
    let done = bot.finish(SOON);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert!(done.log.iter().any(|l| l["event_type"] == "ROUND_ENDED"), "the restored position was closed");
    assert!(done.log.iter().all(|l| l["event_type"] != "RECONCILE_MISMATCH"));
    nothing_but_reads(&venues);

    let other = tempfile::tempdir().unwrap();
    std::fs::copy(folder.path().join("config.yaml"), other.path().join("config.yaml")).unwrap();
    for file in ["vest.pem", "paradex.pem"] {
        std::fs::copy(folder.path().join(file), other.path().join(file)).unwrap();
    }
    prepared(&venues, other.path());
    let state = folder.path().join("state");
    let live = run_to_end(other.path(), &["--mode", "live", "--json", "--state", state.to_str().unwrap()], &[]);
    assert_eq!(live.code, Some(1));
    live.line("the journal was written for mode paper, but the bot was started for mode live");
}

#[test]
fn live_trading_begins_with_the_probe_and_trades_with_a_subkey_end_to_end() {
    let venues = Venues::start(33);
    let folder = folder_in(&venues, "paper", QUICK);
    let dotenv = prepared(&venues, folder.path());

    let check = run_to_end(folder.path(), &["check", "--mode", "live"], &[]);
    assert_eq!(check.code, Some(0), "{}{}", check.stdout, check.stderr);
    for row in
        ["vest     api", "vest     credentials", "paradex  permissions", "paradex  balance", "ETH-USD  size", "here     journal"]
    {
        assert!(check.stdout.contains(row), "no row {row:?} in\n{}", check.stdout);
    }

    let before = venues.cash_e8();
    let mut bot = Bot::start(folder.path(), &["--mode", "live", "--json", "--log", "debug"]);
    bot.until("[CHECK] paradex permissions: a subkey", SOON);
    bot.until("Bot runtime started", SOON);
    bot.until("[TRADE] Entry executed: spread=", SOON);
    bot.until_that("", SOON, |l| l["event_type"] == "ROUND_ENDED");
    bot.interrupt();
    let done = bot.finish(SOON);
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    assert_eq!(venues.positions_e8(), (0, 0));
    let after = venues.cash_e8();
    let change = Usd::from_e8(after.0 - before.0 + after.1 - before.1);
    assert_eq!(done.line("Summary")["net"], change.to_string(), "by the venues' own word");

    // Nothing planted and nothing that `.env` holds shows anywhere.
    for line in dotenv.lines().filter(|l| !l.starts_with("PARADEX_ACCOUNT") && !l.starts_with("VEST_ACCOUNT_GROUP")) {
        let secret = line.split_once('=').unwrap().1.trim_start_matches("0x").to_lowercase();
        for text in [&check.stdout, &check.stderr, &done.stdout, &done.stderr] {
            assert!(!text.to_lowercase().contains(&secret), "{} shows", line.split_once('=').unwrap().0);
        }
    }
}

#[test]
fn live_trading_is_refused_by_name_for_every_credential_that_is_missing_or_has_no_place_there() {
    let venues = Venues::start(34);
    let folder = folder_in(&venues, "live", "");
    let account = keys::paradex_account();
    let whole = [
        ("VEST_SIGNING_KEY", keys::VEST_SIGNING_KEY),
        ("VEST_API_KEY", "an-api-key-of-these-tests"),
        ("PARADEX_ACCOUNT", &account),
        ("PARADEX_SIGNING_KEY", SUBKEY),
    ];
    let check = |lines: &[(&str, &str)], expect: &str| {
        let text: String = lines.iter().map(|(n, v)| format!("{n}={v}\n")).collect();
        write(folder.path(), ".env", &text);
        let ended = run_to_end(folder.path(), &["--json"], &[]);
        let said = ended.log.last().map_or("", |l| l["message"].as_str().unwrap_or_default());
        assert!(said.contains(expect), "{expect}: {said} {}", ended.stderr);
        assert_eq!(ended.code, Some(2), "{said}");
    };
    for n in 0..whole.len() {
        let missing: Vec<(&str, &str)> = whole.iter().enumerate().filter(|(i, _)| *i != n).map(|(_, l)| *l).collect();
        check(&missing, &format!("credential {} is missing", whole[n].0));
    }
    let with = |name: &'static str, value: &'static str| [&whole[..], &[(name, value)]].concat();
    check(&with("VEST_PRIMARY_KEY", keys::VEST_PRIMARY_KEY), "VEST_PRIMARY_KEY is not a key for live trading");
    check(&with("PARADEX_L1_ADDRESS", keys::PARADEX_L1_ADDRESS), "PARADEX_L1_ADDRESS is not needed in live trading");
    assert!(venues.vest.tape.lock().unwrap().requests.is_empty(), "nobody was asked");
}

#[test]
fn live_trading_is_refused_with_the_probes_reasons_a_sentence_each() {
    let venues = Venues::start(35);
    let folder = folder_in(&venues, "live", "");
    let good = prepared(&venues, folder.path());
    let refused = |expect: &str| {
        let ended = run_to_end(folder.path(), &["--json"], &[]);
        let said = ended.log.last().map_or("", |l| l["message"].as_str().unwrap_or_default());
        assert!(said.contains("live trading does not begin") && said.contains(expect), "{expect}: {said}");
        assert_eq!(ended.code, Some(1));
    };
    // The account's main key instead of a subkey.
    write(folder.path(), ".env", &good.replace(SUBKEY, keys::PARADEX_SIGNING_KEY));
    refused("paradex permissions: PARADEX_SIGNING_KEY is the main key of");
    // A key of nobody.
    write(folder.path(), ".env", &good.replace(SUBKEY, "0x0123456789"));
    refused("paradex credentials: the account cannot be read");
    // An API key that the venue does not know.
    write(folder.path(), ".env", &good.replace("VEST_API_KEY=", "VEST_API_KEY=x"));
    refused("vest credentials: the API key is refused");
    write(folder.path(), ".env", &good);
    // Only the third generation answers.
    venues.vest.server.fault("v2_gone", &json!({})).unwrap();
    refused("vest api: v3 alone answers");
    venues.vest.server.clear("v2_gone");
    // Nobody is there at all.
    let config = std::fs::read_to_string(folder.path().join("config.yaml")).unwrap();
    let rest = venues.paradex.server.rest_url();
    write(folder.path(), "config.yaml", &config.replace(&rest, "https://127.0.0.1:9/v1"));
    refused("paradex rest: does not answer");
}

#[test]
fn check_without_credentials_looks_at_the_market_and_its_exit_code_says_what_it_found() {
    let venues = Venues::start(36);
    let folder = folder_in(&venues, "paper", "");
    let whole = run_to_end(folder.path(), &["check", "--json"], &[]);
    assert_eq!(whole.code, Some(0), "{}{}", whole.stdout, whole.stderr);
    let report: Value = serde_json::from_str(&whole.stdout).unwrap();
    let verdict = |place: &str, what: &str| {
        let rows = report["rows"].as_array().unwrap();
        let row = rows.iter().find(|r| r["place"] == place && r["what"] == what);
        row.unwrap_or_else(|| panic!("no row {place} {what} in {report}"))["verdict"].as_str().unwrap().to_owned()
    };
    for (place, what, expect) in [
        ("vest", "api", "ok"),
        ("vest", "websocket", "ok"),
        ("vest", "credentials", "warn"),
        ("paradex", "clock", "ok"),
        ("paradex", "credentials", "warn"),
        ("ETH-USD", "size", "ok"),
        ("ETH-USD", "fees", "ok"),
        ("here", "state", "ok"),
        ("here", "disk", "ok"),
        ("here", "database", "ok"),
    ] {
        assert_eq!(verdict(place, what), expect, "{place} {what}: {report}");
    }
    nothing_but_reads(&venues);

    let one = run_to_end(folder.path(), &["check", "vest"], &[]);
    assert!(one.code == Some(0) && !one.stdout.contains("paradex"), "{}", one.stdout);
    assert_eq!(run_to_end(folder.path(), &["check", "binance"], &[]).code, Some(2));
    let small = run_to_end(folder.path(), &["check", "--set", "notional_usd=1"], &[]);
    assert_eq!(small.code, Some(1), "{}", small.stdout);
    assert!(small.stdout.contains("FAIL  ETH-USD  size"), "{}", small.stdout);
    let missing = run_to_end(folder.path(), &["check", "--mode", "live"], &[]);
    assert_eq!(missing.code, Some(2));
    assert!(missing.stderr.contains("credential VEST_SIGNING_KEY is missing"), "{}", missing.stderr);
    let nowhere = tempfile::tempdir().unwrap();
    assert_eq!(run_to_end(nowhere.path(), &["check"], &[]).code, Some(2), "no configuration");
}

#[test]
fn check_of_one_venue_asks_for_that_venues_credentials_alone() {
    let venues = Venues::start(38);
    let folder = folder_in(&venues, "paper", "");
    let whole = prepared(&venues, folder.path());
    let of = |prefix: &str| whole.lines().filter(|l| l.starts_with(prefix)).map(|l| format!("{l}\n")).collect::<String>();
    let (vest, paradex) = (of("VEST_"), of("PARADEX_"));
    let check = |dotenv: &str, arguments: &[&str], code: i32, expect: &str| {
        write(folder.path(), ".env", dotenv);
        let ended = run_to_end(folder.path(), &[&["check"], arguments].concat(), &[]);
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(ended.code == Some(code) && said.contains(expect), "{arguments:?}: {:?}, not {expect:?} in {said}", ended.code);
    };
    check(&vest, &["vest"], 0, "ok    vest     credentials");
    check(&vest, &["vest", "--mode", "live"], 0, "ok    vest     credentials");
    check(&paradex, &["paradex"], 0, "ok    paradex  credentials");
    check(&paradex, &["paradex", "--mode", "live"], 0, "ok    paradex  credentials");
    // The other one's are not taken for those that are missing.
    check(&paradex, &["vest"], 0, "vest     credentials  none are set");
    check(&vest, &["paradex"], 0, "paradex  credentials  none are set");
    check(&paradex, &["vest", "--mode", "live"], 2, "credential VEST_SIGNING_KEY is missing");
    check(&vest, &["paradex", "--mode", "live"], 2, "credential PARADEX_ACCOUNT is missing");
    // Whoever asks about both has to name both.
    check(&vest, &[], 2, "credential PARADEX_ACCOUNT is missing");
    check(&paradex, &[], 2, "credential VEST_SIGNING_KEY is missing");
}

#[test]
fn register_prints_what_the_venue_gave_and_keeps_the_primary_key_nowhere() {
    let venues = Venues::start(37);
    let folder = folder_in(&venues, "paper", "");
    write(folder.path(), ".env", &format!("VEST_SIGNING_KEY={}\n", keys::VEST_SIGNING_KEY));
    let arguments = ["register", "vest", "--primary-key-stdin"];
    let done = run_with_input(folder.path(), &arguments, &format!("{}\n", keys::VEST_PRIMARY_KEY));
    assert_eq!(done.code, Some(0), "{}", done.stderr);
    let names: Vec<&str> = done.stdout.lines().map(|l| l.split_once('=').unwrap().0).collect();
    assert_eq!(names, ["VEST_API_KEY", "VEST_ACCOUNT_GROUP"]);
    let api_key = done.stdout.lines().next().unwrap().split_once('=').unwrap().1;
    assert!(api_key.len() >= 8 && !done.stderr.contains(api_key), "{}", done.stderr);
    for secret in [keys::VEST_PRIMARY_KEY, keys::VEST_SIGNING_KEY] {
        let digits = secret.trim_start_matches("0x").trim_start_matches('0');
        assert!(!done.stdout.contains(digits) && !done.stderr.contains(digits));
    }
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(!text.contains(&keys::VEST_PRIMARY_KEY[3..]), "{} holds the primary key", path.display());
    }

    let check = |arguments: &[&str], input: &str, code: i32, expect: &str| {
        let ended = run_with_input(folder.path(), arguments, input);
        assert!(ended.stderr.contains(expect) && ended.code == Some(code), "{expect}: {:?} {}", ended.code, ended.stderr);
        assert!(!ended.stderr.contains("hunter22"), "{}", ended.stderr);
    };
    check(&arguments, "hunter22", 2, "what was given is no primary key");
    check(&arguments, "", 2, "no primary key was given");
    check(&["register", "vest"], keys::VEST_PRIMARY_KEY, 2, "--primary-key-stdin");
    check(&arguments, keys::VEST_SIGNING_KEY, 2, "the primary key is VEST_SIGNING_KEY itself");
    venues.vest.server.fault("v2_gone", &json!({})).unwrap();
    check(&arguments, keys::VEST_PRIMARY_KEY, 1, "the venue");
    write(folder.path(), ".env", "");
    check(&arguments, keys::VEST_PRIMARY_KEY, 2, "credential VEST_SIGNING_KEY is missing");
}
