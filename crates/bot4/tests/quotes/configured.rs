//! The venues that the configuration names, and the mapping that a person wrote.

use crate::hosted::{ACCOUNT_KEY, API_KEY, Hosted};
use crate::reckoned;
use crate::support::{Bot, run_to_end, write};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(90);

/// One league is confirmed, with the names that both venues write alike.
const ONE_LEAGUE: &str = "leagues:\n  - sport: soccer\n    sx: English Premier League\n    azuro: Premier League\n    azuro_country: England\n    same_names: true\n";

fn keys() -> String {
    format!("SX_API_KEY={API_KEY}\nSX_ACCOUNT_KEY={ACCOUNT_KEY}\n")
}

#[test]
fn a_stopped_condition_turns_its_rows_not_tradable_and_its_return_turns_them_back() {
    let hosted = Hosted::start();
    let folder = hosted.folder(ONE_LEAGUE);
    write(folder.path(), ".env", &keys());
    let mut bot = Bot::start(folder.path(), &["quotes", "--json", "--set", "bets.margin_min_percent=0"]);
    let first = bot.until_line("a confirmed pair with a margin", PATIENCE, |line| !line["m_net"].is_null());
    let about = |line: &Value, other: &Value| (0..2).all(|n| line["sides"][n]["market"] == other["sides"][n]["market"]);
    assert_eq!((&first["standing"], &first["league"]), (&json!("confirmed"), &json!("English Premier League")));

    hosted.azuro.fault("stop_games", &json!({})).unwrap();
    let stopped = bot.until_line("the same pair without odds", PATIENCE, |line| about(line, &first) && line["why"] == "no_quote");
    assert_eq!((&stopped["tradable"], &stopped["m_net"]), (&json!(false), &Value::Null));
    assert!(stopped["reason"].as_str().unwrap().starts_with("no odds at azuro"), "{stopped}");

    hosted.azuro.clear("stop_games");
    let back = bot.until_line("the same pair with odds", PATIENCE, |line| about(line, &first) && !line["m_net"].is_null());
    reckoned::check(&back);
    bot.interrupt();
    let ended = bot.finish(Duration::from_secs(20));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for secret in [API_KEY, ACCOUNT_KEY] {
        assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "a secret was printed");
    }
}

#[test]
fn without_a_key_the_books_are_read_over_rest_and_only_what_the_mapping_confirms_counts() {
    let hosted = Hosted::start();
    let folder = hosted.folder(ONE_LEAGUE);
    let ended = run_to_end(folder.path(), &["quotes", "--json", "--once", "--all"], &[]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let of = |standing: &str| ended.log.iter().filter(|line| line["standing"] == standing).collect::<Vec<_>>();
    let (confirmed, proposed) = (of("confirmed"), of("proposed"));
    assert!(!confirmed.is_empty() && !proposed.is_empty(), "{} confirmed, {} proposed", confirmed.len(), proposed.len());
    assert!(confirmed.iter().all(|line| line["league"] == "English Premier League"));
    for line in proposed {
        assert_eq!((&line["why"], &line["tradable"]), (&json!("not_confirmed"), &json!(false)), "{line}");
        assert!(line["score"].as_u64().is_some_and(|score| score <= 1_000), "{line}");
    }
    let with_odds = confirmed.iter().filter(|line| !line["sides"][0]["odds"].is_null()).count();
    assert!(with_odds > 0, "no book was read without a key");
    ended.log.iter().for_each(reckoned::check);

    let table = run_to_end(folder.path(), &["quotes", "--once"], &[]);
    assert!(table.stdout.contains("by mapping.yml") && table.stdout.contains("over REST"), "{}", table.stdout);
}

#[test]
fn a_node_that_is_wrong_is_said_without_its_path_and_quotes_go_on() {
    let hosted = Hosted::start();
    let folder = hosted.folder(ONE_LEAGUE);
    let secret = "k3yOfANode0123456789";
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for arguments in [&["quotes", "--once", "--json"][..], &["quotes", "--once", "--all"]] {
        write(folder.path(), ".env", &format!("AZURO_RPC_URL=https://{free}/v2/{secret}\n"));
        let ended = run_to_end(folder.path(), arguments, &[]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(ended.stderr.contains("quotes need no node of Azuro's chain, bets would"), "{}", ended.stderr);
        assert!(ended.stderr.contains(&free.to_string()) && !ended.stdout.is_empty(), "{}", ended.stderr);
        assert!(!ended.stderr.contains(secret) && !ended.stdout.contains(secret), "{}{}", ended.stderr, ended.stdout);
    }
    // The first that answers is taken.
    write(folder.path(), ".env", &format!("AZURO_RPC_URL=https://{free}/v2/{secret},{}\n", hosted.azuro.rest_url_at("/rpc")));
    let ended = run_to_end(folder.path(), &["quotes", "--once"], &[]);
    assert_eq!((ended.code, ended.stderr.contains("node")), (Some(0), false), "{}", ended.stderr);
}

#[test]
fn a_mapping_that_cannot_be_meant_is_refused_with_its_place() {
    let hosted = Hosted::start();
    let folder = hosted.folder("leagues:\n  - sport: soccer\n    sx: A\n    azuro: B\n");
    let ended = run_to_end(folder.path(), &["quotes", "--once"], &[]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.stderr.contains("mapping.yml") && ended.stderr.contains("azuro_country"), "{}", ended.stderr);
}

#[test]
fn half_a_pair_of_credentials_and_one_that_is_none_are_named_and_not_shown() {
    let hosted = Hosted::start();
    let folder = hosted.folder("");
    let check = |dotenv: &str, expect: &str| {
        write(folder.path(), ".env", dotenv);
        let ended = run_to_end(folder.path(), &["quotes", "--once"], &[]);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(expect) && !ended.stderr.contains("nobody-may-see"), "{}", ended.stderr);
    };
    check(&format!("SX_API_KEY={API_KEY}\n"), "SX_ACCOUNT_KEY");
    check(&format!("SX_API_KEY={API_KEY}\nSX_ACCOUNT_KEY=nobody-may-see-this\n"), "SX_ACCOUNT_KEY");
}

#[test]
fn a_venue_that_cannot_be_reached_is_named_with_the_reason_and_nothing_is_shown_as_if_it_were_there() {
    let hosted = Hosted::start();
    let folder = hosted.folder("");
    // A port that nobody listens on: its owner has just given it back.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let arguments = ["quotes", "--json", "--for", "3s", "--set", &format!("venues.azuro.rest=https://{free}/api")];
    let ended = run_to_end(folder.path(), &arguments, &[]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("Azuro has not told what it lists") && ended.stderr.contains("cannot be reached"),
        "{}",
        ended.stderr
    );
    assert!(!ended.stderr.contains("SX Bet has not told"), "{}", ended.stderr);
}
