//! What an operator does at a terminal besides trading: begin, look at the configuration, ask what happened and why, and let
//! a stopped pair trade again. Texts are snapshots, out of journals that the test writes.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]
#![allow(clippy::needless_raw_string_hashes, reason = "expect_test writes its snapshots like this")]

#[path = "../support/mod.rs"]
mod support;
mod written;

use domain::record::Record;
use expect_test::{Expect, expect};
use journal::{History, KIND_HEADER, KIND_SNAPSHOT};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use support::{Bot, Ended, Venues, keys, run_to_end, working_folder, write};
use venue_sim::market::{Market, MarketShape};
use written::{ETH, history, written};

const SOON: Duration = Duration::from_secs(20);
const OPPORTUNITY: Duration = Duration::from_secs(40);

/// Runs a command in a folder and gives everything it said, with its exit code.
fn said(folder: &Path, arguments: &[&str]) -> String {
    let Ended { code, stdout, stderr, .. } = run_to_end(folder, arguments, &[]);
    let code = code.map_or_else(|| "a signal".to_owned(), |c| c.to_string());
    format!("{stdout}{stderr}exit code {code}")
}

#[track_caller]
fn check(folder: &Path, arguments: &[&str], expect: Expect) {
    expect.assert_eq(&said(folder, arguments));
}

#[test]
fn init_writes_a_first_configuration_once_and_never_touches_it_again() {
    let folder = tempfile::tempdir().unwrap();
    check(
        folder.path(),
        &["init", "--dir", "bot"],
        expect![[r#"
        wrote  bot/config.yaml: every setting with its default; mode: paper
        wrote  bot/.env: the names of all credentials, without values; only you can read it

        Next:
          1. edit config.yaml: what to trade (pairs), from which spread on (spread_entry), how much (notional_usd)
          2. cd bot && bot4 config check      says whether it is right
          3. cd bot && bot4                   runs it; mode: paper needs no credentials and sends no order
          4. for real money: fill in .env, then `bot4 check`, then mode: live
        exit code 0"#]],
    );
    let bot = folder.path().join("bot");
    let mode = |name: &str| std::fs::metadata(bot.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(".env"), 0o600, "credentials are for their owner alone");
    assert_eq!(mode("config.yaml") & 0o022, 0, "and nobody else changes what is traded");
    let right = said(&bot, &["config", "check"]);
    assert!(right.starts_with("right: mode paper, pairs [ETH-USD, BTC-USD], hash "), "{right}");

    write(&bot, "config.yaml", "mode: demo\npairs: [SOL-USD] # mine\n");
    write(&bot, ".env", "VEST_API_KEY=mine\n");
    let again = said(&bot, &["init"]);
    assert!(again.starts_with("kept   config.yaml: ") && again.contains("kept   .env: "), "{again}");
    assert_eq!(std::fs::read_to_string(bot.join("config.yaml")).unwrap(), "mode: demo\npairs: [SOL-USD] # mine\n");
    assert_eq!(std::fs::read_to_string(bot.join(".env")).unwrap(), "VEST_API_KEY=mine\n");
}

#[test]
fn every_value_is_shown_with_the_layer_it_came_from_and_no_secret_is() {
    let folder = tempfile::tempdir().unwrap();
    let config = "mode: demo\npairs: [ETH-USD]\nrisk: { open_rounds: 3 }\n\
                  venues: { vest: { rest: \"https://me:hunter22@127.0.0.1:9/v2\" } }\n";
    write(folder.path(), "config.yaml", config);
    let database = "DATABASE_URL=postgres://bot:hunter33@db.example:5432/bot\nBOT4_CONFIRM_TICKS=2\n";
    write(folder.path(), ".env", &format!("{}{database}", keys::dotenv()));
    let shown = said(folder.path(), &["config", "show", "--set", "buffer=0.01"]);
    let line = |name: &str| {
        let found = shown.lines().find(|l| l.split_whitespace().next() == Some(name));
        found.unwrap_or_else(|| panic!("no {name} in {shown}")).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("mode"), "mode demo config.yaml:1:7");
    assert_eq!(line("risk.open_rounds"), "risk.open_rounds 3 config.yaml:3:22");
    assert_eq!(line("spread_entry"), "spread_entry 0.30 default");
    assert_eq!(line("confirm_ticks"), "confirm_ticks 2 environment BOT4_CONFIRM_TICKS (.env)");
    assert_eq!(line("buffer"), "buffer 0.01 option --set");
    assert_eq!(line("VEST_SIGNING_KEY"), "VEST_SIGNING_KEY [REDACTED] .env");
    assert_eq!(line("DATABASE_URL"), "DATABASE_URL [REDACTED] .env");
    assert_eq!(line("VEST_API_KEY"), "VEST_API_KEY not set");
    assert_eq!(line("venues.vest.rest"), "venues.vest.rest https://[REDACTED]@127.0.0.1:9/v2 config.yaml:4:25");
    assert!(line("venues.paradex.quiet.0").ends_with("04:25-04:50 mon-fri default"), "{shown}");
    let place = |name: &str| shown.lines().position(|l| l.starts_with(name));
    assert!(
        place("mode ") < place("pairs") && place("pairs") < place("execution.") && place("risk.") < place("venues."),
        "{shown}"
    );

    let json = run_to_end(folder.path(), &["config", "show", "--json"], &[]).stdout;
    let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
    let setting = |name: &str| parsed["settings"].as_array().unwrap().iter().find(|s| s["name"] == name).unwrap().clone();
    assert_eq!(setting("risk.open_rounds")["value"], 3);
    assert_eq!(setting("confirm_ticks")["from"], "environment BOT4_CONFIRM_TICKS (.env)");
    for text in [&shown, &json] {
        for secret in [keys::VEST_SIGNING_KEY, keys::PARADEX_SIGNING_KEY, "hunter22", "hunter33"] {
            assert!(!text.contains(secret), "{secret} is shown");
        }
    }
    let hash = said(folder.path(), &["config", "hash", "--set", "buffer=0.01"]);
    assert!(shown.contains(&format!("hash {}", hash.lines().next().unwrap())), "{hash}");
    assert_ne!(hash, said(folder.path(), &["config", "hash"]), "another value, another hash");
}

#[test]
fn a_file_of_credentials_that_others_can_read_stops_the_start_and_nothing_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let start = |dotenv: &str, mode: u32| {
        write(folder.path(), ".env", dotenv);
        std::fs::set_permissions(folder.path().join(".env"), std::fs::Permissions::from_mode(mode)).unwrap();
        let ended = run_to_end(folder.path(), &["--mode", "demo", "--stop-after", "1"], &[]);
        (ended.code, ended.log.last().map(|l| l["message"].as_str().unwrap_or_default().to_owned()).unwrap_or_default())
    };
    let refusal =
        ".env holds credentials and can be read by other users of this machine; `chmod 600 .env` ends that, then start again";
    assert_eq!(start("PARADEX_SIGNING_KEY=0x1234567890\n", 0o644), (Some(2), refusal.to_owned()));
    assert_eq!(start("DATABASE_URL=postgres://bot:hunter33@db.example/bot\n", 0o640), (Some(2), refusal.to_owned()));
    assert_eq!(start("PARADEX_SIGNING_KEY=\nBOT4_CONFIRM_TICKS=2\n", 0o644).0, Some(0), "nothing in it is secret");
    assert_eq!(start("PARADEX_SIGNING_KEY=0x1234567890\n", 0o600).0, Some(0));
}

#[test]
fn a_round_is_told_from_detection_to_end_with_both_legs_on_one_axis() {
    let folder = tempfile::tempdir().unwrap();
    // Held open: what is told is told beside a running bot.
    let _running = written(folder.path(), &history());
    check(
        folder.path(),
        &["timeline"],
        expect![[r#"
        round  opened (UTC)         pair     long  short    size  spread  ending       net USD  uncovered  took
        3-1    2026-11-21 10:00:00  ETH-USD  vest  paradex  0.25  0.35%   completed    1.45     17 ms      75.1 s
        3-2    2026-11-21 10:01:30  ETH-USD  vest  paradex  0.25  0.35%   auto_closed  -0.85    206 ms     0.3 s

        `bot4 timeline ROUND` tells one of them.
        exit code 0"#]],
    );
    check(
        folder.path(),
        &["timeline", "3-1"],
        expect![[r#"
            Round 3-1 of ETH-USD: completed, net 1.45 USD
              long vest, short paradex, 0.25 on each leg, 1500 USD reserved, worst loss 16 USD
              detected 2026-11-21 10:00:00.000000 UTC, configuration 445d54ecac71

            us from detection  leg        what
                            0  -          spread 0.35% seen, at or over 0.30%
                           41  -          both orders signed and recorded
                           41  A vest     entry 1: buy 0.25 at 3002 or better
                           41  B paradex  entry 1: sell 0.25 at 3005 or better
                       98,004  B paradex  acknowledged as px-1
                      104,233  A vest     acknowledged as 7001
                      104,233  A vest     filled: 0.25 at 3001, fee 0.3
                      121,540  B paradex  filled: 0.25 at 3012, fee 0.3
                      121,540  -          position open: both legs hold the same
                   75,000,000  -          exit begun: the spread is closed, spread 0.04%
                   75,000,050  A vest     exit 1: sell 0.25 at 3005 or better
                   75,000,050  B paradex  exit 1: buy 0.25 at 3002 or better
                   75,110,000  A vest     filled: 0.25 at 3007, fee 0.3
                   75,120,000  B paradex  filled: 0.25 at 3006.8, fee 0.3
                   75,120,000  -          completed, net 1.45 USD

            entry          0                                                                121,540 us
            A vest         s-----------------------------------------------------------F
            B paradex      s--------------------------------------------------------a-------------F
            exit           75,000,000                                                    75,120,000 us
            A vest         s----------------------------------------------------------------F
            B paradex      s----------------------------------------------------------------------F

            s sent  a acknowledged  p part filled  F filled  x over unfilled  ? unknown  ! the venue by itself

            order       venue  way   sign us  encode us  network us  parse us
            b4-3-1-ae1  vest   REST  21.3     4.1        103900.0    9.9

            why it was opened
              gross             0.36%
              conversion        0.00%
              depth            -0.01%
              fees             -0.08%
              funding           0.01%
              buffers           0.00%
              edge              0.28%

            what became of it (longest uncovered 17 ms)
              gross                  2.7 USD
              depth                    0 USD
              slippage              -0.1 USD
              exit                  0.05 USD
              safety                   0 USD
              forced                   0 USD
              fees                  -1.2 USD
              funding                  0 USD
              net                   1.45 USD
            exit code 0"#]],
    );
    check(
        folder.path(),
        &["timeline", "3-2"],
        expect![[r#"
            Round 3-2 of ETH-USD: auto_closed, net -0.85 USD
              long vest, short paradex, 0.25 on each leg, 1500 USD reserved, worst loss 16 USD
              detected 2026-11-21 10:01:30.000000 UTC, configuration 445d54ecac71

            us from detection  leg        what
                            0  -          spread 0.35% seen, at or over 0.30%
                           41  -          both orders signed and recorded
                           41  A vest     entry 1: buy 0.25 at 3002 or better
                           41  B paradex  entry 1: sell 0.25 at 3005 or better
                      104,000  A vest     filled: 0.25 at 3001, fee 0.3
                      110,000  B paradex  refused: NOT_ENOUGH_MARGIN (margin)
                      110,000  -          entry given up: a leg failed
                      110,100  A vest     safety close 1: sell 0.25 at 3005 or better
                      160,000  A vest     fate unknown: no answer within 1 s
                      310,000  A vest     filled: 0.25 at 3000, fee 0.3
                      310,000  -          auto_closed, net -0.85 USD

            entry          0                                                                310,000 us
            A vest         s----------------------F s----------?----------------------------------F
            B paradex      s------------------------x

            s sent  a acknowledged  p part filled  F filled  x over unfilled  ? unknown  ! the venue by itself

            why it was opened
              gross             0.36%
              conversion        0.00%
              depth            -0.01%
              fees             -0.08%
              funding           0.01%
              buffers           0.00%
              edge              0.28%

            what became of it (longest uncovered 206 ms)
              gross                    0 USD
              depth                    0 USD
              slippage                 0 USD
              exit                     0 USD
              safety               -0.25 USD
              forced                   0 USD
              fees                  -0.6 USD
              funding                  0 USD
              net                  -0.85 USD
            exit code 0"#]],
    );
    let json = run_to_end(folder.path(), &["timeline", "3-1", "--json"], &[]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["outcome"]["net"], &json["outcome"]["lines"]["gross"]), (&"1.45".into(), &"2.7".into()));
    assert_eq!(json["orders"][0]["latency"]["network_ns"], 103_900_000);
    assert_eq!(json["events"][1]["us"], 41);
    let list = run_to_end(folder.path(), &["timeline", "--json", "--last", "1"], &[]).stdout;
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!((list.as_array().unwrap().len(), &list[0]["round"]), (1, &"3-2".into()));
}

#[test]
fn a_round_that_is_not_there_is_answered_with_the_nearest_ones() {
    let folder = tempfile::tempdir().unwrap();
    check(
        folder.path(),
        &["timeline"],
        expect![[r#"
        bot4: there is no journal in state; --state DIR names the folder of a bot that ran
        exit code 2"#]],
    );
    drop(written(folder.path(), &[]));
    check(
        folder.path(),
        &["timeline"],
        expect![[r#"
        The journal holds no round yet; `bot4 explain` says why.
        exit code 0"#]],
    );
    check(
        folder.path(),
        &["timeline", "3-9"],
        expect![[r#"
        bot4: the journal knows no round 3-9; it holds no round
        exit code 2"#]],
    );
    drop(written(folder.path(), &history()));
    check(
        folder.path(),
        &["timeline", "3-9"],
        expect![[r#"
        bot4: the journal knows no round 3-9; the nearest are 3-1, 3-2
        exit code 2"#]],
    );
    check(
        folder.path(),
        &["timeline", "last"],
        expect![[r#"
        bot4: "last" is no round: write its id such as 3-12; `bot4 timeline` lists the last ones
        exit code 2"#]],
    );
    check(
        folder.path(),
        &["timeline", "3-1", "--state", "elsewhere"],
        expect![[r#"
        bot4: there is no journal in elsewhere; --state DIR names the folder of a bot that ran
        exit code 2"#]],
    );
}

#[test]
fn it_is_explained_why_nothing_was_traded() {
    let folder = tempfile::tempdir().unwrap();
    let _running = written(folder.path(), &history());
    check(
        folder.path(),
        &["explain", "--at", "2026-11-21T10:02:30Z"],
        expect![[r#"
            Why it did or did not trade, at 2026-11-21 10:02:30 UTC
            The journal's last record is from 2026-11-21 10:03:20 UTC.

            ETH-USD  long vest, short paradex: 412 looks from 2026-11-21 10:02:00 to 10:03:00 UTC
              best spread 0.27% at 10:02:31 UTC, wanted 0.30%: 0.03% short of it
              edge after all costs 0.19%, wanted 0.00%
              not taken for spread_too_small: The executable spread is under its threshold: the normal case. (0.27% of 0.30%)
              all looks: spread_too_small 400, book_stale 12

            ETH-USD  long paradex, short vest: 412 looks from 2026-11-21 10:02:00 to 10:03:00 UTC
              no spread was seen: there was no pair of books to trade on
              not taken for book_stale: A book is stale, gapped, crossed or one-sided.
              all looks: book_stale 412

            Rounds within five minutes of it
              3-1  2026-11-21 10:00:00  ETH-USD  vest  paradex  0.25  0.35%  completed    1.45   17 ms   75.1 s
              3-2  2026-11-21 10:01:30  ETH-USD  vest  paradex  0.25  0.35%  auto_closed  -0.85  206 ms  0.3 s

            Also within five minutes of it
              2026-11-21 09:59:00 UTC  the bot started (epoch 3)
              2026-11-21 10:03:20 UTC  paradex stopped ETH-USD: the venue holds -0.10, the journal 0
            exit code 0"#]],
    );
    check(
        folder.path(),
        &["explain", "--at", "2026-11-21T10:04:00Z", "--pair", "eth-usd"],
        expect![[r#"
            Why it did or did not trade, at 2026-11-21 10:04:00 UTC
            The journal's last record is from 2026-11-21 10:03:20 UTC.

            Stopped then
              ETH-USD since 2026-11-21 10:03:20 UTC, by paradex: the venue holds -0.10, the journal 0
                `bot4 resume` lets it trade again, once it is explained

            ETH-USD  long vest, short paradex: 412 looks from 2026-11-21 10:02:00 to 10:03:00 UTC
              best spread 0.27% at 10:02:31 UTC, wanted 0.30%: 0.03% short of it
              edge after all costs 0.19%, wanted 0.00%
              not taken for spread_too_small: The executable spread is under its threshold: the normal case. (0.27% of 0.30%)
              all looks: spread_too_small 400, book_stale 12

            ETH-USD  long paradex, short vest: 412 looks from 2026-11-21 10:02:00 to 10:03:00 UTC
              no spread was seen: there was no pair of books to trade on
              not taken for book_stale: A book is stale, gapped, crossed or one-sided.
              all looks: book_stale 412

            Rounds within five minutes of it
              3-1  2026-11-21 10:00:00  ETH-USD  vest  paradex  0.25  0.35%  completed    1.45   17 ms   75.1 s
              3-2  2026-11-21 10:01:30  ETH-USD  vest  paradex  0.25  0.35%  auto_closed  -0.85  206 ms  0.3 s

            Also within five minutes of it
              2026-11-21 09:59:00 UTC  the bot started (epoch 3)
              2026-11-21 10:03:20 UTC  paradex stopped ETH-USD: the venue holds -0.10, the journal 0
            exit code 0"#]],
    );
    check(
        folder.path(),
        &["explain", "--at", "2026-11-21T08:00:00Z"],
        expect![[r#"
        Why it did or did not trade, at 2026-11-21 08:00:00 UTC
        The journal begins at 2026-11-21 09:59:00 UTC, after that.

        Nothing seen was written down until then: it is summed up every `explain_period_s` seconds, unless that is 0.
        exit code 0"#]],
    );
    check(
        folder.path(),
        &["explain", "--at", "2026-11-21T10:04:00Z", "--pair", "SOL-USD"],
        expect![[r#"
        bot4: nothing is known of SOL-USD; known: ETH-USD
        exit code 2"#]],
    );
    check(
        folder.path(),
        &["explain", "--at", "noon"],
        expect![[r#"
        bot4: "noon" is no time: write 2026-11-21T10:00:00Z, 10:00 or -5m (s, m, h, d), all in UTC
        exit code 2"#]],
    );
    let json = run_to_end(folder.path(), &["explain", "--at", "2026-11-21T10:04:00Z", "--json"], &[]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["stopped"][0]["evidence"], "the venue holds -0.10, the journal 0");
    let nearest = json["sightings"].as_array().unwrap().iter().find(|s| s["long"] == "vest").unwrap();
    assert_eq!(
        (&nearest["spread_percent"], &nearest["binding"], &nearest["skips"]["book_stale"]),
        (&"0.27".into(), &"spread_too_small".into(), &12.into())
    );
}

/// Every record of a journal, in order.
fn records(folder: &Path) -> Vec<Record> {
    let frames = History::open(&folder.join("state/journal"), 0).unwrap().map(Result::unwrap);
    frames
        .filter(|f| f.kind != KIND_HEADER && f.kind != KIND_SNAPSHOT)
        .map(|f| serde_json::from_slice(&f.body).unwrap())
        .collect()
}

#[test]
fn a_stopped_pair_trades_again_by_a_persons_word_and_never_beside_a_running_bot() {
    let folder = tempfile::tempdir().unwrap();
    let running = written(folder.path(), &history());
    check(
        folder.path(),
        &["resume"],
        expect![[r#"
        ETH-USD since 2026-11-21 10:03:20 UTC, by paradex: the venue holds -0.10, the journal 0

        Look at both venues first: a position that no round explains stays where it is. Then stop the bot, and
          bot4 resume ETH-USD --yes
        exit code 0"#]],
    );
    check(
        folder.path(),
        &["resume", "ETH-USD"],
        expect![[r#"
        ETH-USD since 2026-11-21 10:03:20 UTC, by paradex: the venue holds -0.10, the journal 0

        Look at both venues first: a position that no round explains stays where it is. Then stop the bot, and
          bot4 resume ETH-USD --yes
        exit code 0"#]],
    );
    check(
        folder.path(),
        &["resume", "BTC-USD", "--yes"],
        expect![[r#"
        bot4: BTC-USD is not stopped; stopped: ETH-USD
        exit code 1"#]],
    );
    check(
        folder.path(),
        &["resume", "--yes"],
        expect![[r#"
        bot4: --yes needs a pair, or --all
        exit code 2"#]],
    );
    let refused = said(folder.path(), &["resume", "ETH-USD", "--yes"]);
    assert!(refused.contains(&format!("the bot is running (process {})", std::process::id())), "{refused}");
    assert!(refused.ends_with("exit code 1"), "{refused}");
    drop(running);
    let before = records(folder.path());
    check(
        folder.path(),
        &["resume", "eth-usd", "--yes"],
        expect![[r#"
        ETH-USD since 2026-11-21 10:03:20 UTC, by paradex: the venue holds -0.10, the journal 0

        Resumed: trades again from the next start on. What is still there stops it again.
        exit code 0"#]],
    );
    let after = records(folder.path());
    assert_eq!(after.get(..before.len()), Some(before.as_slice()), "nothing else changed");
    assert!(matches!(after.get(before.len()..), Some([Record::Resumed { pair: Some(ETH), .. }])), "{:?}", after.last());
    check(
        folder.path(),
        &["resume"],
        expect![[r#"
        Nothing is stopped.
        exit code 0"#]],
    );
    check(
        folder.path(),
        &["resume", "--all", "--yes"],
        expect![[r#"
        Nothing is stopped.
        exit code 0"#]],
    );
}

#[test]
fn a_round_keeps_its_policy_when_the_bot_restarts_with_another_configuration() {
    let apart = MarketShape { pulse_every_ms: 8_000, pulse_ms: 5_000, pulse_bps: 60, noise_bps: 12 };
    let venues = Venues::start_in(11, Market::new(11, apart));
    // Never closed by the spread alone before the restart.
    let settings = |attempts: u16, holding: u64| {
        format!(
            "spread_entry: 0.30\nspread_exit: 0.01\non_stop: leave\nmax_holding_s: {holding}\nexecution: {{ max_attempts: {attempts} }}\n"
        )
    };
    let folder = working_folder(&venues, &settings(2, 600));
    let arguments = ["--venues", "external", "--json"];
    let mut bot = Bot::start(folder.path(), &arguments);
    let first = bot.until("[CONFIG] Loaded pairs", SOON)["config_hash"].as_str().unwrap().to_owned();
    let entered = bot.until("[TRADE] Entry executed", OPPORTUNITY);
    let round = entered["round"].as_str().unwrap().to_owned();
    bot.until("[STATE] Position saved", SOON);

    // Told while it runs.
    let told = said(folder.path(), &["timeline", &round]);
    assert!(told.contains("still open") && told.contains("position open: both legs hold the same"), "{told}");
    bot.interrupt();
    let ended = bot.finish(SOON);
    assert!(matches!(ended.code, Some(0 | 3)), "{ended:?}");

    let config = std::fs::read_to_string(folder.path().join("config.yaml")).unwrap();
    write(folder.path(), "config.yaml", &config.replace(&settings(2, 600), &settings(5, 1)));
    let mut bot = Bot::start(folder.path(), &arguments);
    let second = bot.until("[CONFIG] Loaded pairs", SOON)["config_hash"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    // The open round ends, the next one begins under the new configuration.
    bot.until_that("[TRADE] Auto-closed", OPPORTUNITY, |l| l["round"] == round.as_str());
    let next = bot.until("[TRADE] Entry executed", OPPORTUNITY)["round"].as_str().unwrap().to_owned();
    bot.interrupt();
    bot.finish(SOON);

    let opened: BTreeMap<String, (String, u16)> = records(folder.path())
        .into_iter()
        .filter_map(|r| match r {
            Record::Opened { plan, .. } => Some((plan.id.to_string(), (plan.config.clone(), plan.policy.max_attempts))),
            _ => None,
        })
        .collect();
    assert_eq!(opened.get(&round), Some(&(first, 2)));
    assert_eq!(opened.get(&next), Some(&(second, 5)));
}
