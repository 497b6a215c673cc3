//! The switches of the simulated venue that change nothing for a bet, or nothing for long; that each one it has is played somewhere.

use super::arena::{Arena, plain};
use azuro_client::state::Fact;
use domain::{BetStatus, Question, Stake};
use serde_json::{Value, json};
use venue_api::{BetClient, BetNews, QuoteNews};
use venue_sim::VenueSim;

#[test]
fn every_other_switch_of_the_venue_is_survived() {
    let check = |faults: &[(&str, Value)], expect: BetStatus| {
        let mut arena = Arena::with(11, |_| {}, |_| {});
        for (name, parameters) in faults {
            arena.fault(name, parameters.clone());
        }
        let listing = arena.watching(Question::Winner);
        let spec = arena.spec(&listing, 1);
        arena.place(spec).unwrap_or_else(|why| panic!("{faults:?}: {why}"));
        arena.until_bet(150_000, expect);
        arena.agree();
        assert_eq!(arena.different_posts(), 1, "{faults:?}");
    };
    let accepted = BetStatus::Accepted;
    check(&[("clock_offset", json!({ "ms": 2_000 }))], accepted);
    check(&[("clock_offset", json!({ "ms": -2_000 }))], accepted);
    check(&[("latency", json!({ "ms": 300 }))], accepted);
    check(&[("http_error", json!({ "status": 500, "count": 5 }))], accepted);
    check(&[("http_error", json!({ "status": 503, "count": 5, "body": "{}" }))], accepted);
    check(&[("rate_limit", json!({ "count": 3, "retry_after_s": 2 }))], accepted);
    check(&[("rate_limit", json!({ "count": 2 }))], accepted);
    check(&[("any_amount_decimals", plain())], accepted);
    check(&[("expires_before_start", plain())], accepted);
    check(&[("zero_affiliate_refused", plain())], accepted);
    check(&[("accept_after", json!({ "ms": 15_000 }))], accepted);
    check(&[("skip_placed", plain())], accepted);
    check(&[("duplicate_updates", plain())], accepted);
    check(&[("swap_updates", plain())], accepted);
    check(&[("subscribe_snapshot", plain())], accepted);
    check(&[("old_shapes", plain())], accepted);
    check(&[("gas_info_array", plain())], accepted);
    check(&[("calculation_error", json!({ "count": 2 }))], accepted);
    check(&[("push_loses", plain())], accepted);
    check(&[("base_fee", json!({ "gwei": 900 }))], accepted);
    check(&[("node_behind", json!({ "blocks": 20 }))], accepted);
    check(&[("node_error", json!({ "status": 500, "count": 4 }))], accepted);
    check(&[("sequencer_down", plain())], accepted);
    // Behind by less than the fence allows, with the order hidden: the node's own time decides late and right.
    check(
        &[("stay_sent", plain()), ("hide_order", json!({ "ms": 3_600_000 })), ("node_behind", json!({ "blocks": 15 }))],
        BetStatus::Refused,
    );
}

#[test]
fn every_switch_that_the_venue_has_is_played_by_these_tests() {
    let known = Arena::new().sim.set_fault("no such switch", &Value::Null).expect_err("it has none of this name");
    let names = known.rsplit("known are ").next().expect("a list").split(", ");
    let stories =
        [include_str!("sandbox.rs"), include_str!("switches.rs"), include_str!("killed.rs"), include_str!("tls.rs")].concat();
    let silent: Vec<&str> = names.filter(|name| !stories.contains(&format!("(\"{name}\""))).collect();
    assert!(silent.is_empty(), "never played: {silent:?}");
}

#[test]
fn a_venue_that_is_down_loses_its_quotes_and_comes_back_with_them() {
    let mut arena = Arena::new();
    let listing = arena.watching(Question::Winner);
    arena.fault("down", plain());
    assert!(arena.until(2_000, |a| a.quotes.is_empty()), "withdrawn");
    arena.pass(60_000);
    assert!(!arena.client.ready(arena.now()) && arena.connects > 10, "tried again and again: {}", arena.connects);
    arena.clear("down");
    assert!(arena.until(60_000, |a| !a.quotes.is_empty() && a.client.ready(a.now())), "back");
    let spec = arena.spec(&listing, 1);
    arena.place(spec).expect("prepared");
    arena.until_bet(60_000, BetStatus::Accepted);
    arena.agree();
}

#[test]
fn a_bet_in_flight_while_the_venue_is_down_is_decided_by_the_chain() {
    let mut arena = Arena::new();
    let listing = arena.watching(Question::Winner);
    let spec = arena.spec(&listing, 1);
    arena.place(spec).expect("prepared");
    assert!(arena.until(10_000, |a| !a.bet().states().is_empty()), "created");
    arena.fault("http_error", json!({ "status": 502, "path": "/api/v1/public" }));
    arena.until_bet(120_000, BetStatus::Accepted);
    assert!(arena.bet().learned(|f| matches!(f, Fact::OnChain(_))));
    arena.agree();
}

#[test]
fn an_answer_that_is_held_for_long_is_as_good_as_lost_and_harmless_when_it_comes() {
    let mut arena = Arena::new();
    let listing = arena.watching(Question::Winner);
    arena.fault("hold_order_answer", json!({ "count": 1 }));
    let spec = arena.spec(&listing, 1);
    arena.place(spec).expect("prepared");
    assert!(arena.until(10_000, |a| a.news.iter().any(|n| matches!(n, BetNews::Unknown { .. }))));
    arena.until_bet(60_000, BetStatus::Accepted);
    let reports = arena.bet().reports.len();
    arena.clear("hold_order_answer");
    arena.pass(5_000);
    assert_eq!(
        (arena.bet().reports.len(), arena.bet().status()),
        (reports, BetStatus::Accepted),
        "the late answer says nothing new"
    );
    arena.agree();
}

#[test]
fn a_venue_without_games_before_their_start_lists_nothing() {
    let mut arena = Arena::new();
    arena.fault("no_prematch", plain());
    assert!(arena.until(60_000, |a| a.news.iter().any(|n| matches!(n, BetNews::Listed(_)))));
    arena.pass(301_000);
    let last = arena.news.iter().rev().find(|n| matches!(n, BetNews::Listed(_)));
    assert!(last.is_some() && arena.listings.values().all(|l| !l.open || l.starts > arena.now().wall), "{last:?}");
    assert!(arena.posts.is_empty());
}

#[test]
fn connections_that_live_shortly_only_interrupt_the_quotes() {
    let mut arena = Arena::new();
    arena.fault("ws_lifetime", json!({ "s": 5 }));
    let listing = arena.watching(Question::Winner);
    let before = arena.connects;
    arena.pass(60_000);
    assert!(arena.connects >= before + 8, "{}", arena.connects);
    let lost = arena.told.iter().filter(|q| matches!(q, QuoteNews::Lost { .. })).count();
    assert!(lost >= 8, "each cut withdraws the quotes: {lost}");
    assert!(arena.until(5_000, |a| !a.quotes.is_empty() && a.client.ready(a.now())));
    let spec = arena.spec(&listing, 1);
    arena.place(spec).expect("prepared");
    arena.until_bet(60_000, BetStatus::Accepted);
    arena.agree();
}

#[test]
fn a_subscription_that_the_venue_drops_in_silence_is_followed_by_the_batch() {
    let mut arena = Arena::new();
    arena.fault("ws_max_ids", json!({ "ids": 0 }));
    let listing = arena.watching(Question::Winner);
    arena.fault("freeze_odds", plain());
    arena.pass(30_000);
    assert!(!arena.quotes.is_empty(), "the batch keeps them");
    arena.fault("stop_games", plain());
    let gone = arena.until(16_000, |a| !a.quotes.keys().any(|(market, _)| *market == listing.market));
    assert!(gone, "not later than the next batch");
    arena.clear("freeze_odds");
}

#[test]
fn a_settlement_that_is_held_leaves_the_bet_standing_and_comes_with_the_score() {
    let mut arena = Arena::new();
    let listing = arena.watching(Question::Winner);
    let spec = arena.spec(&listing, 1);
    arena.place(spec).expect("prepared");
    arena.until_bet(60_000, BetStatus::Accepted);
    arena.pass(10_000);
    arena.fault("settlement_held", plain());
    arena.fault("resolve_now", json!({ "one": 2, "two": 0 }));
    arena.pass(120_000);
    assert_eq!(arena.bet().status(), BetStatus::Accepted);
    arena.clear("settlement_held");
    arena.until_bet(60_000, BetStatus::Settled);
    arena.agree();
    assert!(arena.bet().last().paid.is_some_and(|paid| paid.is_zero() || paid > Stake::from_e6(10_000_000)));
}

#[test]
fn a_node_that_falls_silent_decides_nothing_and_stops_new_bets() {
    let mut arena = Arena::new();
    let listing = arena.watching(Question::Winner);
    arena.fault("stay_sent", json!({ "count": 1 }));
    arena.fault("hide_order", json!({ "ms": 3_600_000 }));
    let spec = arena.spec(&listing, 1);
    arena.place(spec).expect("prepared");
    arena.fault("node_silent", plain());
    arena.pass(120_000);
    assert_eq!(arena.bet().status(), BetStatus::Pending, "{:?}", arena.bet().reports);
    assert!(!arena.client.ready(arena.now()));
    let mut other = arena.spec(&listing, 1);
    other.id.leg = domain::LegId::A;
    let error = arena.place(other).expect_err("whose fate could not be asked for");
    assert!(error.to_string().contains("the node of the chain has not answered lately"), "{error}");
    arena.step(|client, now, out| client.read_account(now, out));
    assert!(arena.until(10_000, |a| a.news.contains(&BetNews::Funds(None))));
    arena.clear("node_silent");
    arena.until_bet(60_000, BetStatus::Refused);
    arena.agree();
}
