//! What an operator reads when something in the configuration is wrong: every text is a snapshot, names the place and says
//! what would be right, and the exit code is 2.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]
#![allow(clippy::needless_raw_string_hashes, reason = "expect_test writes its snapshots like this")]

mod support;

use expect_test::{Expect, expect};
use std::time::Duration;
use support::{Bot, Ended, keys, run_to_end, write};

/// A file that is right but for what a case changes.
const RIGHT: &str = "mode: demo\npairs: [ETH-USD]\n";

/// Runs the bot in a folder with these files and gives what it said last, with its exit code.
fn said(config: Option<&str>, dotenv: Option<&str>, arguments: &[&str], environment: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("config.yaml", config), (".env", dotenv)] {
        if let Some(text) = text {
            write(folder.path(), name, text);
        }
    }
    let ended = run_to_end(folder.path(), arguments, environment);
    assert!(!folder.path().join("state").exists(), "nothing is begun on a wrong configuration");
    last_words(&ended)
}

fn last_words(ended: &Ended) -> String {
    let code = ended.code.map_or_else(|| "a signal".to_owned(), |c| c.to_string());
    let line = ended.log.last().unwrap_or_else(|| panic!("nothing was said: {ended:?}"));
    assert_eq!(line["level"], "ERROR", "{line}");
    format!("{}\nexit code {code}", line["message"].as_str().unwrap())
}

/// A whole file and what is said about it.
#[track_caller]
fn file(config: &str, expect: Expect) {
    expect.assert_eq(&said(Some(config), None, &[], &[]));
}

/// A right file, arguments, and what is said about them.
#[track_caller]
fn arguments(arguments: &[&str], expect: Expect) {
    expect.assert_eq(&said(Some(RIGHT), None, arguments, &[]));
}

#[test]
fn a_setting_that_does_not_exist_is_named_with_its_line_and_what_was_meant() {
    file(
        "mode: demo\npairs: [ETH-USD]\nspread_entri: 0.3\n",
        expect![[r#"
            config.yaml:3:1: spread_entri: unknown, did you mean `spread_entry`?; known: mode, pairs, spread_entry, spread_exit, edge_min, notional_usd, confirm_ticks, funding, holding_horizon_s, buffer, max_holding_s, on_stop, state, explain_period_s, execution, risk, http, journal, database, watchdog, paper, bets, venues
            exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\ncolour: blue\n",
        expect![[r#"
            config.yaml:3:1: colour: unknown; known: mode, pairs, spread_entry, spread_exit, edge_min, notional_usd, confirm_ticks, funding, holding_horizon_s, buffer, max_holding_s, on_stop, state, explain_period_s, execution, risk, http, journal, database, watchdog, paper, bets, venues
            exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nrisk:\n  open_round: 3\n",
        expect![[r#"
        config.yaml:4:3: risk.open_round: unknown, did you mean `open_rounds`?; known: notional_per_leg_usd, notional_total_usd, open_rounds, orders_per_minute, adverse_move_percent, worst_loss_usd
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs:\n  - pair: ETH-USD\n    sizes: 1\n",
        expect![[r#"
            config.yaml:4:5: pairs.0.sizes: unknown, did you mean `size`?; known: pair, size, notional_usd, spread_entry, spread_exit, edge_min, confirm_ticks, max_holding_s, max_notional_usd, worst_loss_usd, vest, paradex, multiplier_paradex
            exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nvest:\n  rest: x\n",
        expect![[r#"
            config.yaml:3:1: vest: unknown; known: mode, pairs, spread_entry, spread_exit, edge_min, notional_usd, confirm_ticks, funding, holding_horizon_s, buffer, max_holding_s, on_stop, state, explain_period_s, execution, risk, http, journal, database, watchdog, paper, bets, venues
            exit code 2"#]],
    );
}

#[test]
fn a_value_of_the_wrong_type_says_what_would_be_right() {
    file(
        "mode: demo\npairs: [ETH-USD]\nconfirm_ticks: many\n",
        expect![[r#"
        config.yaml:3:16: confirm_ticks: expected a whole number from 0 to 4294967295, found "many"
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nspread_entry: high\n",
        expect![[r#"
        config.yaml:3:15: spread_entry: "high" is not a percentage such as 0.30: not a plain decimal
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nspread_entry: 0.123456789\n",
        expect![[r#"
        config.yaml:3:15: spread_entry: "0.123456789" is not a percentage such as 0.30: more than 8 decimals
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: ETH-USD\n",
        expect![[r#"
        config.yaml:2:8: pairs: expected a list, found "ETH-USD"
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nrisk: 3\n",
        expect![[r#"
        config.yaml:3:7: risk: expected a section, found "3"
        exit code 2"#]],
    );
    file(
        "mode: dmo\npairs: [ETH-USD]\n",
        expect![[r#"
        config.yaml:1:7: mode: "dmo" is none of: demo, paper, live; did you mean `demo`?
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nvenues: { paradex: { onboard: maybe } }\n",
        expect![[r#"
        config.yaml:3:31: venues.paradex.onboard: expected true or false, found "maybe"
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD\n",
        expect![[r#"
        config.yaml:2:8: not YAML: unclosed bracket '['
        exit code 2"#]],
    );
    file(
        "mode: demo\nmode: demo\npairs: [ETH-USD]\n",
        expect![[r#"
        config.yaml:2:1: mode: set twice: first at config.yaml:1:1
        exit code 2"#]],
    );
}

#[test]
fn thresholds_that_make_no_sense_are_refused_where_they_stand() {
    file(
        "mode: demo\npairs: [ETH-USD]\nspread_entry: 0\n",
        expect![[r#"
        config.yaml:3:15: spread_entry: 0.00% is out of range: above 0 and below 100
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nspread_entry: 100\n",
        expect![[r#"
        config.yaml:3:15: spread_entry: 100.00% is out of range: above 0 and below 100
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nspread_exit: -0.1\n",
        expect![[r#"
        config.yaml:3:14: spread_exit: -0.10% is out of range: above 0 and below 100
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nspread_entry: 0.2\nspread_exit: 0.2\n",
        expect![[r#"
        config.yaml:4:14: spread_exit: 0.20% must be below the entry threshold of 0.20%
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs:\n  - pair: ETH-USD\n    spread_exit: 0.31\n",
        expect![[r#"
        config.yaml:4:18: pairs.0.spread_exit: 0.31% must be below the entry threshold of 0.30%
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nentry_threshold: 0.01\n",
        expect![[r#"
        config.yaml:3:18: spread_entry: 0.01% must be above the exit threshold of 0.05%
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nentry_threshold: 0.3\nspread_entry: 0.3\n",
        expect![[r#"
        config.yaml:3:1: entry_threshold: set twice: it is another name of `spread_entry`, which is set beside it
        exit code 2"#]],
    );
}

#[test]
fn pairs_are_checked_one_by_one() {
    file(
        "mode: demo\n",
        expect![[r#"
        pairs: names no pair; write for example `pairs: [ETH-USD, BTC-USD]`
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: []\n",
        expect![[r#"
        config.yaml:2:8: pairs: names no pair; write for example `pairs: [ETH-USD, BTC-USD]`
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD, ETHUSD]\n",
        expect![[r#"
        config.yaml:2:18: pairs.1: ETHUSD is not a pair like ETH-USD
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-EUR]\n",
        expect![[r#"
        config.yaml:2:9: pairs.0: ETH-EUR is not a pair like ETH-USD
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [\"ETH USD\"]\n",
        expect![[r#"
        config.yaml:2:9: pairs.0: "ETH USD" is no pair: 1 to 23 printable ASCII characters
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD, BTC-USD, ETH-USD]\n",
        expect![[r#"
        config.yaml:2:27: pairs.2: ETH-USD stands at pairs.0 already
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs:\n  - pair: ETH-USD\n    size: 1\n    notional_usd: 100\n",
        expect![[r#"
        config.yaml:4:11: pairs.0.size: give `size` or `notional_usd`, not both
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs:\n  - pair: ETH-USD\n    size: 0\n",
        expect![[r#"
        config.yaml:4:11: pairs.0.size: must be above zero
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nnotional_usd: 0\n",
        expect![[r#"
        config.yaml:3:15: notional_usd: must be above zero
        exit code 2"#]],
    );
}

#[test]
fn limits_that_would_stop_everything_are_refused() {
    file(
        "mode: demo\npairs: [ETH-USD]\nexecution: { max_attempts: 0 }\n",
        expect![[r#"
        config.yaml:3:28: execution.max_attempts: 0 attempts would never trade; 1 tries once
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nexecution: { answer_ms: 0 }\n",
        expect![[r#"
        config.yaml:3:25: execution.answer_ms: 0 must be above zero
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nexecution: { retry_delay_ms: -1 }\n",
        expect![[r#"
        config.yaml:3:30: execution.retry_delay_ms: -1 must not be negative
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nvenues: { paradex: { recv_window_ms: 90000 } }\n",
        expect![[r#"
        config.yaml:3:38: venues.paradex.recv_window_ms: 90000 is out of range: from 10 to 60000
        exit code 2"#]],
    );
    file(
        "mode: demo\npairs: [ETH-USD]\nvenues: { vest: { recv_window_ms: 0 } }\n",
        expect![[r#"
        config.yaml:3:35: venues.vest.recv_window_ms: 0 is out of range: from 1 to 60000
        exit code 2"#]],
    );
}

#[test]
fn real_money_needs_credentials_and_each_one_is_named() {
    file(
        "mode: live\npairs: [ETH-USD]\n",
        expect![[r#"
        credential VEST_SIGNING_KEY is missing: set it in the environment or in .env
        exit code 2"#]],
    );
    arguments(
        &["--mode", "live"],
        expect![[r#"
        credential VEST_SIGNING_KEY is missing: set it in the environment or in .env
        exit code 2"#]],
    );
}

#[test]
fn settings_that_do_not_go_together_are_refused_where_they_stand() {
    let of = |more: &str| said(Some(&format!("{RIGHT}{more}\n")), None, &[], &[]);
    expect![[r#"
        config.yaml:3:15: notional_usd: 6000 is over the cap of 5000 on a leg: it would never trade
        exit code 2"#]]
    .assert_eq(&of("notional_usd: 6000"));
    expect![[r#"
        watchdog.takeover_ms: 5000 is under twice the heartbeat of 3000 ms: one late beat would do
        exit code 2"#]]
    .assert_eq(&of("watchdog: { heartbeat_ms: 3000 }"));
    expect![[r#"
        config.yaml:3:20: journal.cap_mb: 10 is out of range: from 40 to 1048576
        exit code 2"#]]
    .assert_eq(&of("journal: { cap_mb: 10 }"));
    expect![[r#"
        config.yaml:3:26: execution.entry_even: "trimm" is none of: complete, trim; did you mean `trim`?
        exit code 2"#]]
    .assert_eq(&of("execution: { entry_even: trimm }"));
    expect![[r#"
        config.yaml:3:10: funding: "free" is neither `venue` nor a percentage such as 0.02: not a plain decimal
        exit code 2"#]]
    .assert_eq(&of("funding: free"));
    expect![[r#"
        config.yaml:3:1: expected_funding: set twice: it is another name of `funding`, which is set beside it
        exit code 2"#]]
    .assert_eq(&of("expected_funding: 0.01\nfunding: venue"));
    expect![[r#"
        config.yaml:3:30: venues.paradex.quiet.0: "04:25-04:50 mo" has no day in "mo" (days are mon tue wed thu fri sat sun); write for example `04:25-04:50 mon-fri`: from and to in UTC, then the days, or no day for all of them
        exit code 2"#]].assert_eq(&of("venues: { paradex: { quiet: [\"04:25-04:50 mo\"] } }"));
    expect![[r#"
        config.yaml:3:33: venues.paradex.quote_usd: 3 is out of range: from 0.5 to 2 dollars per unit of a currency that stands for dollars
        exit code 2"#]].assert_eq(&of("venues: { paradex: { quote_usd: 3 } }"));
    expect![[r#"
        config.yaml:3:24: database.root_cert: cannot be read: No such file or directory (os error 2)
        exit code 2"#]]
    .assert_eq(&of("database: { root_cert: nowhere.crt }"));
    expect![[r#"
        config.yaml:3:16: max_holding_s: 0 must be above zero; leave it out to hold until the spread closes it
        exit code 2"#]]
    .assert_eq(&of("max_holding_s: 0"));
}

#[test]
fn a_secret_in_the_wrong_place_is_refused_and_never_shown() {
    let of = |more: &str| said(Some(&format!("{RIGHT}{more}\n")), None, &[], &[]);
    expect![[r#"
        config.yaml:3:18: database.url: leads to a database with a password: set DATABASE_URL in .env or in the environment, no other file or option
        exit code 2"#]].assert_eq(&of("database: { url: \"postgres://bot:hunter22@db/x\" }"));
    expect![[r#"
        config.yaml:3:11: database: leads to a database with a password: set DATABASE_URL in .env or in the environment, no other file or option
        exit code 2"#]].assert_eq(&of("database: postgres://bot:hunter22@db/x"));
    expect![[r#"
        config.yaml:3:22: PARADEX_SIGNING_KEY: is a credential: it belongs into .env or into the environment, no other file or option
        exit code 2"#]].assert_eq(&of("PARADEX_SIGNING_KEY: 0x1234567890abcdef"));
    expect![[r#"
        environment BOT4_DATABASE_URL: database_url: leads to a database with a password: set DATABASE_URL in .env or in the environment, no other file or option
        exit code 2"#]].assert_eq(&said(Some(RIGHT), None, &[], &[("BOT4_DATABASE_URL", "postgres://bot:hunter22@db/x")]));
}

#[test]
fn the_command_line_and_variables_are_named_as_the_place() {
    arguments(
        &["--set", "spread_entry"],
        expect![[r#"
        --set spread_entry: write NAME=VALUE, for example --set spread_entry=0.25
        exit code 2"#]],
    );
    arguments(
        &["--set", "spread_entry=lots"],
        expect![[r#"
        option --set: spread_entry: "lots" is not a percentage such as 0.30: not a plain decimal
        exit code 2"#]],
    );
    arguments(
        &["--set", "risk.open_round=1"],
        expect![[r#"
        option --set: risk.open_round: unknown, did you mean `open_rounds`?; known: notional_per_leg_usd, notional_total_usd, open_rounds, orders_per_minute, adverse_move_percent, worst_loss_usd
        exit code 2"#]],
    );
    arguments(
        &["--on-stop", "panic"],
        expect![[r#"
        option --on-stop: on_stop: "panic" is none of: leave, flatten
        exit code 2"#]],
    );
    arguments(
        &["--config", "elsewhere.yaml"],
        expect![[r#"
        elsewhere.yaml: cannot be read: No such file or directory (os error 2)
        exit code 2"#]],
    );
    expect![[r#"
        environment BOT4_RISK__OPEN_ROUND: risk.open_round: unknown, did you mean `open_rounds`?; known: notional_per_leg_usd, notional_total_usd, open_rounds, orders_per_minute, adverse_move_percent, worst_loss_usd
        exit code 2"#]].assert_eq(&said(Some(RIGHT), None, &[], &[("BOT4_RISK__OPEN_ROUND", "1")]));
    expect![[r#"
        environment BOT4_CONFIRM_TICKS (.env): confirm_ticks: expected a whole number from 0 to 4294967295, found "few"
        exit code 2"#]]
    .assert_eq(&said(Some(RIGHT), Some("BOT4_CONFIRM_TICKS=few\n"), &[], &[]));
}

#[test]
fn without_a_file_only_the_demo_runs_and_never_beside_credentials() {
    expect![[r#"
        there are credentials but no config.yaml: write one that names `pairs` and a `mode`, or ask for --mode demo
        exit code 2"#]]
    .assert_eq(&said(None, Some("PARADEX_SIGNING_KEY=0x1234567890\n"), &[], &[]));
    expect![[r#"
        --mode live needs a configuration: there is no config.yaml here, and no --config
        exit code 2"#]]
    .assert_eq(&said(None, None, &["--mode", "live"], &[]));
}

/// A file that names venues outside this process, where nobody listens.
fn external(vest_ws: &str, paradex_rest: &str) -> String {
    format!(
        "mode: demo\npairs: [ETH-USD]\nvenues:\n  vest: {{ rest: \"https://127.0.0.1:9/v2\", ws: \"{vest_ws}\" }}\n  \
         paradex: {{ rest: \"{paradex_rest}\", ws: \"wss://127.0.0.1:9/v1\" }}\n"
    )
}

#[test]
fn a_credential_that_is_missing_is_named_with_the_place_where_it_belongs() {
    let config = external("wss://127.0.0.1:9/ws-api", "https://127.0.0.1:9/v1");
    let without = |name: &str| -> String {
        let text = keys::dotenv().lines().filter(|l| !l.starts_with(name)).map(|l| format!("{l}\n")).collect::<String>();
        said(Some(&config), Some(&text), &["--venues", "external"], &[])
    };
    expect![[r#"
        credential VEST_SIGNING_KEY is missing: set it in the environment or in .env
        exit code 2"#]]
    .assert_eq(&without("VEST_SIGNING_KEY"));
    expect![[r#"
        credential VEST_API_KEY is not set, nor is VEST_PRIMARY_KEY: one of the two is needed, in the environment or in .env
        exit code 2"#]]
    .assert_eq(&without("VEST_PRIMARY_KEY"));
    expect![[r#"
        credential PARADEX_ACCOUNT is missing: set it in the environment or in .env
        exit code 2"#]]
    .assert_eq(&without("PARADEX_ACCOUNT"));
    expect![[r#"
        credential PARADEX_SIGNING_KEY is missing: set it in the environment or in .env
        exit code 2"#]]
    .assert_eq(&without("PARADEX_SIGNING_KEY"));
    let empty = keys::dotenv().replace(keys::VEST_SIGNING_KEY, "");
    expect![[r#"
        credential VEST_SIGNING_KEY is empty: set it in the environment or in .env
        exit code 2"#]]
    .assert_eq(&said(Some(&config), Some(&empty), &["--venues", "external"], &[]));
}

#[test]
fn a_credential_that_is_no_key_is_named_and_not_shown() {
    let config = external("wss://127.0.0.1:9/ws-api", "https://127.0.0.1:9/v1");
    let with = |name: &str, value: &str| -> String {
        said(Some(&config), Some(&format!("{}{name}={value}\n", keys::dotenv())), &["--venues", "external"], &[])
    };
    expect![[r#"
        credential VEST_SIGNING_KEY is not a key: an Ethereum private key is 64 hexadecimal digits, with or without 0x; this text has 16
        exit code 2"#]].assert_eq(&with("VEST_SIGNING_KEY", "hunter22hunter22"));
    expect![[r#"
        credential VEST_PRIMARY_KEY is not a key: an Ethereum private key is 64 hexadecimal digits, with or without 0x; this text has 2
        exit code 2"#]].assert_eq(&with("VEST_PRIMARY_KEY", "0x00"));
    expect![[r#"
        credential VEST_ACCOUNT_GROUP is not a number from 0 to 9
        exit code 2"#]]
    .assert_eq(&with("VEST_ACCOUNT_GROUP", "first"));
    expect![[r#"
        credential PARADEX_SIGNING_KEY is not a key: a Stark private key is up to 64 hexadecimal digits, with or without 0x
        exit code 2"#]]
    .assert_eq(&with("PARADEX_SIGNING_KEY", "hunter22hunter22"));
    expect![[r#"
        credential PARADEX_ACCOUNT is not an account's address: 0x and up to 64 hexadecimal digits
        exit code 2"#]]
    .assert_eq(&with("PARADEX_ACCOUNT", "me"));
    expect![[r#"
        credential PARADEX_L1_ADDRESS is not a wallet's address: 0x and 40 hexadecimal digits
        exit code 2"#]]
    .assert_eq(&with("PARADEX_L1_ADDRESS", "0x12"));
    expect![[r#"
        .env:1: not NAME=value (the line is not shown, it may hold a secret)
        exit code 2"#]]
    .assert_eq(&said(Some(&config), Some("VEST_SIGNING_KEY hunter22\n"), &["--venues", "external"], &[]));
}

#[test]
fn connections_without_tls_are_refused_by_their_place() {
    let of = |vest_ws: &str, paradex_rest: &str| {
        said(Some(&external(vest_ws, paradex_rest)), Some(&keys::dotenv()), &["--venues", "external"], &[])
    };
    expect![[r#"
        config.yaml:4:47: venues.vest.ws: begins with ws; only wss:// is spoken, since keys and orders would be readable on the way
        exit code 2"#]].assert_eq(&of("ws://127.0.0.1:9/ws-api", "https://127.0.0.1:9/v1"));
    expect![[r#"
        config.yaml:5:20: venues.paradex.rest: begins with http; only https:// is spoken, since keys and orders would be readable on the way
        exit code 2"#]].assert_eq(&of("wss://127.0.0.1:9/ws-api", "http://127.0.0.1:9/v1"));
    expect![[r#"
        config.yaml:5:20: venues.paradex.rest: begins with no scheme; only https:// is spoken, since keys and orders would be readable on the way
        exit code 2"#]].assert_eq(&of("wss://127.0.0.1:9/ws-api", "127.0.0.1:9"));
}

#[test]
fn a_certificate_that_cannot_be_read_is_named() {
    let config = "mode: demo\npairs: [ETH-USD]\nvenues: { vest: { ca: nowhere.pem } }\n";
    expect![[r#"
        config.yaml:3:23: venues.vest.ca: cannot be read: No such file or directory (os error 2)
        exit code 2"#]]
    .assert_eq(&said(Some(config), Some(&keys::dotenv()), &["--venues", "external"], &[]));
}

#[test]
fn the_seeds_names_of_the_thresholds_are_accepted_in_every_layer() {
    let check = |config: &str, arguments: &[&str], expect: &str| {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "config.yaml", config);
        let mut bot = Bot::start(folder.path(), &[&["--json"], arguments].concat());
        bot.until(&format!("[CONFIG] Thresholds: {expect}"), Duration::from_secs(20));
        bot.until("Bot runtime started", Duration::from_secs(20));
    };
    check("mode: demo\npairs: [ETH-USD]\nentry_threshold: 0.41\nexit_threshold: 0.07\n", &[], "entry=0.41%, exit=0.07%");
    check("mode: demo\npairs: [ETH-USD]\nspread_entry: 0.40%\n", &["--set", "exit_threshold=0.06"], "entry=0.40%, exit=0.06%");
    check("mode: demo\npairs:\n  - pair: ETH-USD\n    entry_threshold: 0.55\n", &[], "entry=0.55%, exit=0.05%");
}
