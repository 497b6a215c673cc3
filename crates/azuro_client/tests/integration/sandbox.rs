//! Stories with the simulated venue: every way in which a bet can go, and every switch of the venue's.

use super::arena::{Arena, plain};
use azuro_client::state::{Fact, OrderState};
use domain::{BetStatus, Odds, Question, Stake};
use serde_json::{Value, json};
use venue_api::{BetClient, BetNews, QuoteNews};

/// A bet placed on a calm venue under some faults that were set before it was sent.
fn placed(faults: &[(&str, Value)]) -> Arena {
    let mut arena = Arena::new();
    let listing = arena.watching(Question::Winner);
    for (name, parameters) in faults {
        arena.fault(name, parameters.clone());
    }
    let spec = arena.spec(&listing, 1);
    arena.place(spec).expect("prepared");
    arena
}

#[test]
fn a_bet_is_created_placed_sent_accepted_and_won_or_lost() {
    let mut arena = placed(&[]);
    arena.until_bet(30_000, BetStatus::Accepted);
    let states = arena.bet().states();
    assert_eq!(states.first(), Some(&OrderState::Created));
    assert!(states.contains(&OrderState::Sent) && states.contains(&OrderState::Accepted), "{states:?}");
    arena.agree();
    arena.fault("resolve_now", plain());
    arena.until_bet(60_000, BetStatus::Settled);
    assert!(arena.until(60_000, |a| a.bet().learned(|f| matches!(f, Fact::Pays(_)))), "the chain was asked what it pays");
    arena.agree();
    assert_eq!((arena.posts.len(), arena.seen().len()), (1, 1));
}

#[test]
fn better_odds_than_asked_are_told_as_what_they_return() {
    let mut arena = placed(&[("better_odds", json!({ "bps": 500 }))]);
    arena.until_bet(30_000, BetStatus::Accepted);
    let (asked, report) = (arena.bet().spec.odds_min, arena.bet().last());
    assert!(report.returns > Stake::from_e6(10_000_000).returns(asked), "{report:?}");
    let filled = Odds::from_decimal_e12(arena.seen()[0].odds_e12).expect("odds");
    assert_eq!(report.returns, Stake::from_e6(10_000_000).returns(filled));
    arena.agree();
}

#[test]
fn a_refusal_is_final_with_the_venues_own_words() {
    let check = |faults: &[(&str, Value)], words: &str| {
        let mut arena = placed(faults);
        arena.until_bet(60_000, BetStatus::Refused);
        assert!(arena.bet().reports.iter().any(|r| r.why.contains(words)), "{words}: {:?}", arena.bet().reports);
        arena.agree();
        assert_eq!(arena.different_posts(), 1);
    };
    check(
        &[("refuse_order", json!({ "count": 1, "error": "BadData", "message": "Condition is not active" }))],
        "Condition is not active",
    );
    check(&[("worse_odds", json!({ "bps": 500 }))], "Real odds less than min odds");
    check(&[("reject_after_sent", json!({ "message": "ConditionNotRunning" }))], "TransactionFailed: ConditionNotRunning");
    check(
        &[("refusal_status", json!({ "status": 409 })), ("refuse_all", json!({ "error": "RiskExceeded", "message": "" }))],
        "RiskExceeded",
    );
    check(&[("short_expires_refused", json!({ "s": 60 }))], "BadData");
    check(&[("expires_at_max", json!({ "s": 5 }))], "ExpiresAtTooLarge");
    // In words that nobody documents it stays open until the order itself, or the chain, decides.
    check(&[("refuse_order", json!({ "count": 1, "error": "Novelty", "message": "quite new" }))], "");
}

#[test]
fn a_stopped_condition_is_not_bet_on_and_one_that_stops_on_the_way_is_refused() {
    let mut arena = Arena::new();
    let listing = arena.watching(Question::Winner);
    let spec = arena.spec(&listing, 1);
    arena.fault("stop_games", plain());
    assert!(arena.until(5_000, |a| !a.quotes.keys().any(|(market, _)| *market == listing.market)), "still quoted");
    assert!(arena.place(spec).expect_err("stopped").to_string().contains("is not active"));
    // The venue stops it while the bet is on its way: the feed has not told yet.
    let mut arena = Arena::new();
    let listing = arena.watching(Question::Winner);
    arena.fault("silent_feed", plain());
    arena.fault("stop_games", plain());
    let spec = arena.spec(&listing, 1);
    arena.place(spec).expect("not told");
    arena.until_bet(30_000, BetStatus::Refused);
    assert!(arena.bet().last().why.contains("Condition is not active"), "{:?}", arena.bet().last());
    arena.agree();
}

#[test]
fn all_lines_of_a_game_that_stop_at_once_are_all_withdrawn() {
    let mut arena = Arena::new();
    let first = arena.watching(Question::Winner);
    let lines: Vec<_> =
        arena.listings.values().filter(|l| l.event == first.event && l.open && l.market != first.market).cloned().collect();
    assert!(lines.len() > 3, "{lines:?}");
    for listing in &lines {
        arena.watch(listing);
    }
    arena.fault("stop_games", json!({ "game": first.event }));
    assert!(arena.until(5_000, |a| a.quotes.is_empty()), "{:?}", arena.quotes);
    let empty = arena.told.iter().filter(|q| matches!(q, QuoteNews::Empty { .. })).count();
    assert!(empty >= 2 * (lines.len() + 1), "{empty}");
    arena.clear("stop_games");
    assert!(arena.until(20_000, |a| a.quotes.len() >= 2 * (lines.len() + 1)), "they come back");
}

#[test]
fn a_bet_that_stays_sent_is_dead_only_by_the_chains_time() {
    let mut arena = placed(&[("stay_sent", json!({ "count": 1 })), ("api_stuck", json!({ "ms": 600_000 }))]);
    let fence = arena.bet().key.dead_after;
    arena.until_bet(90_000, BetStatus::Refused);
    assert!(arena.now().wall > fence, "not before its fence");
    assert!(arena.bet().learned(|f| *f == Fact::Expired), "{:?}", arena.bet().reports);
    arena.agree();
    // A chain that makes no blocks proves nothing.
    let mut arena =
        placed(&[("stay_sent", json!({ "count": 1 })), ("chain_stalls", plain()), ("hide_order", json!({ "ms": 3_600_000 }))]);
    arena.pass(120_000);
    assert_eq!(arena.bet().status(), BetStatus::Pending, "{:?}", arena.bet().reports);
    arena.clear("chain_stalls");
    arena.until_bet(60_000, BetStatus::Refused);
    arena.agree();
}

#[test]
fn a_lost_answer_with_the_order_created_is_found_by_its_id_and_posted_with_no_other_bytes() {
    for faults in [
        vec![("lose_order_answer", json!({ "count": 1 }))],
        vec![("lose_order_answer", json!({ "count": 1, "after_ms": 60_000 }))],
        vec![("error_after", json!({ "status": 502, "count": 1 }))],
        vec![("error_after", json!({ "status": 429, "count": 1 }))],
        vec![("disconnect_on_order", json!({ "count": 1 }))],
        vec![("lose_order_answer", json!({ "count": 1 })), ("hide_order", json!({ "ms": 4_000, "count": 1 }))],
        vec![
            ("lose_order_answer", json!({ "count": 1 })),
            ("hide_order", json!({ "ms": 4_000, "count": 1 })),
            ("repeat_post", json!({ "answer": "error" })),
        ],
        vec![
            ("lose_order_answer", json!({ "count": 1 })),
            ("hide_order", json!({ "ms": 4_000, "count": 1 })),
            ("repeat_post", json!({ "answer": "order" })),
        ],
    ] {
        let mut arena = placed(&faults);
        arena.until_bet(60_000, BetStatus::Accepted);
        assert!(arena.news.iter().any(|n| matches!(n, BetNews::Unknown { .. })), "{faults:?}");
        assert_eq!((arena.different_posts(), arena.seen().len()), (1, 1), "{faults:?}");
        arena.agree();
    }
}

#[test]
fn a_post_that_never_arrived_goes_once_more_and_no_third_time() {
    let mut arena = placed(&[("drop_order", json!({ "count": 1, "after_ms": 100 }))]);
    arena.until_bet(60_000, BetStatus::Accepted);
    assert_eq!((arena.posts.len(), arena.different_posts()), (2, 1));
    arena.agree();
    let mut arena = placed(&[("drop_order", json!({ "after_ms": 100 }))]);
    arena.until_bet(90_000, BetStatus::Refused);
    assert_eq!((arena.posts.len(), arena.different_posts()), (2, 1), "and the chain says that it is dead");
    assert!(arena.bet().learned(|f| *f == Fact::Expired));
    arena.agree();
}

#[test]
fn accepted_without_a_bet_id_is_matched_and_found_on_chain_when_the_api_stays_silent() {
    let mut arena = placed(&[("late_bet_id", json!({ "ms": 5_000 }))]);
    arena.until_bet(30_000, BetStatus::Matched);
    arena.until_bet(30_000, BetStatus::Accepted);
    arena.agree();
    let mut arena = placed(&[("api_stuck", json!({ "ms": 3_600_000 }))]);
    arena.until_bet(90_000, BetStatus::Accepted);
    assert!(arena.bet().learned(|f| matches!(f, Fact::OnChain(_))), "{:?}", arena.bet().reports);
    arena.agree();
}

#[test]
fn the_house_calls_off_an_accepted_bet_or_fails_to() {
    let mut arena = placed(&[("house_cancels", json!({ "ms": 3_000 }))]);
    arena.until_bet(60_000, BetStatus::Accepted);
    arena.until_bet(60_000, BetStatus::Void);
    assert!(arena.until(60_000, |a| a.bet().last().paid == Some(Stake::from_e6(10_000_000))), "{:?}", arena.bet().last());
    arena.agree();
    let mut arena = placed(&[("house_cancels", json!({ "ms": 3_000, "ends": "failed" }))]);
    arena.until_bet(60_000, BetStatus::Accepted);
    assert!(arena.until(60_000, |a| a.bet().states().contains(&OrderState::CancelFailed)), "{:?}", arena.bet().states());
    assert_eq!(arena.bet().status(), BetStatus::Accepted);
    arena.agree();
    let mut arena = placed(&[("cancel_early", plain())]);
    arena.until_bet(60_000, BetStatus::Void);
    assert_eq!(arena.bet().last().paid, Some(Stake::default()), "nothing was taken");
}

#[test]
fn a_late_bet_is_void_and_so_is_one_of_a_game_that_is_called_off() {
    let mut arena = placed(&[("settle_before", json!({ "s": 3_600 }))]);
    arena.until_bet(60_000, BetStatus::Accepted);
    arena.fault("resolve_now", plain());
    arena.until_bet(120_000, BetStatus::Void);
    assert!(arena.until(60_000, |a| a.bet().learned(|f| *f == Fact::Pays(10_000_000))));
    arena.agree();
    let mut arena = placed(&[]);
    arena.until_bet(60_000, BetStatus::Accepted);
    arena.fault("resolve_now", json!({ "cancel": true }));
    arena.until_bet(120_000, BetStatus::Void);
    arena.agree();
}

#[test]
fn a_settlement_is_seen_on_chain_while_the_api_is_silent() {
    let mut arena = placed(&[]);
    arena.until_bet(60_000, BetStatus::Accepted);
    arena.fault("http_error", json!({ "status": 503, "path": "/bet/orders" }));
    arena.fault("resolve_now", plain());
    arena.pass(5_000);
    let bet = arena.bet().spec.id;
    arena.step(|client, now, out| client.query(bet, now, out));
    arena.until_bet(30_000, BetStatus::Settled);
    arena.agree();
}

#[test]
fn no_quote_of_a_lost_feed_is_traded_and_the_batch_brings_them_back() {
    let mut arena = Arena::new();
    let listing = arena.watching(Question::Winner);
    let spec = arena.spec(&listing, 1);
    arena.fault("drop_sockets", plain());
    assert!(arena.until(1_000, |a| a.quotes.is_empty()), "withdrawn at once");
    assert!(arena.place(spec).is_err());
    arena.fault("no_ack", json!({ "count": 1 }));
    assert!(
        arena.until(60_000, |a| !a.quotes.is_empty() && a.client.ready(a.now())),
        "back after the subscription was sent again"
    );
    assert!(arena.connects >= 2);
    let spec = arena.spec(&listing, 1);
    arena.place(spec).expect("prepared");
    arena.until_bet(60_000, BetStatus::Accepted);
    arena.agree();
}

#[test]
fn a_feed_that_says_nothing_is_read_by_the_batch() {
    let mut arena = Arena::with(7, |_| {}, |_| {});
    let listing = arena.watching(Question::Winner);
    arena.fault("silent_feed", plain());
    arena.fault("stop_games", plain());
    assert!(arena.until(20_000, |a| !a.quotes.keys().any(|(market, _)| *market == listing.market)), "by the batch of the timer");
    // And when the batch fails too, silence ends the quotes.
    arena.clear("stop_games");
    assert!(arena.until(60_000, |a| !a.quotes.is_empty()));
    arena.fault("http_error", json!({ "status": 502, "path": "/market-manager" }));
    assert!(arena.until(60_000, |a| a.quotes.is_empty()), "not heard of for too long");
    assert!(arena.told.iter().any(|q| matches!(q, QuoteNews::Lost { why: "not heard of for too long", .. })));
}

#[test]
fn what_cannot_be_bet_on_is_said_and_not_sent() {
    let mut arena = Arena::new();
    let listing = arena.watching(Question::Winner);
    let spec = arena.spec(&listing, 1);
    arena.fault("odds_one", plain());
    assert!(arena.until(5_000, |a| a.quotes.is_empty()), "odds of one are none");
    assert!(arena.place(spec.clone()).expect_err("no odds").to_string().contains("no odds above one"));
    arena.clear("odds_one");
    arena.fault("max_bet", json!({ "raw": 5_000_000 }));
    assert!(arena.until(30_000, |a| !a.quotes.is_empty()));
    arena.pass(60_000);
    let max = arena.client.terms(listing.market, spec.outcome).and_then(|terms| terms.max);
    assert_eq!(max, Some(Stake::from_e6(5_000_000)));
    assert!(arena.place(spec).expect_err("too much").to_string().contains("taken are"));
    assert!(arena.posts.is_empty());
}

#[test]
fn without_money_or_approval_nothing_is_signed() {
    let mut arena = Arena::with(7, |venue| venue.approved = false, |_| {});
    let listing = arena.watching(Question::Winner);
    let spec = arena.spec(&listing, 1);
    assert!(arena.place(spec).expect_err("no approval").to_string().contains("the relayer may take 0"));
    arena.step(|client, now, out| client.read_account(now, out));
    assert!(arena.until(5_000, |a| a.news.iter().any(|n| matches!(n, BetNews::Funds(Some(f)) if f.free.is_zero()))));
    arena.fault("node_error", json!({ "status": 500 }));
    arena.step(|client, now, out| client.read_account(now, out));
    assert!(arena.until(5_000, |a| a.news.contains(&BetNews::Funds(None))));
}

#[test]
fn a_fee_that_rose_unseen_is_refused_once_read_at_once_and_paid_the_next_time() {
    let mut arena = Arena::new();
    let listing = arena.watching(Question::Winner);
    arena.fault("fee", json!({ "raw": 20_000 }));
    let spec = arena.spec(&listing, 1);
    arena.place(spec).expect("the old fee");
    arena.until_bet(30_000, BetStatus::Refused);
    assert!(arena.bet().reports.iter().any(|r| r.why.contains("TooLowRelayerFeeAmount")), "{:?}", arena.bet().reports);
    let (outcome, _) = listing.picks[0];
    let cost = |a: &Arena| a.client.terms(listing.market, outcome).map(|terms| terms.cost);
    assert!(arena.until(1_000, |a| cost(a) == Some(Stake::from_e6(20_000))), "{:?}", cost(&arena));
    let spec = arena.spec(&listing, 2);
    arena.place(spec).expect("the new fee");
    arena.until_bet(30_000, BetStatus::Accepted);
    arena.agree();
}

#[test]
fn the_account_says_what_is_free_and_what_is_in_bets_and_tells_orders_of_others_once() {
    let mut arena = Arena::new();
    let listing = arena.watching(Question::Winner);
    let spec = arena.spec(&listing, 1);
    arena.place(spec.clone()).expect("prepared");
    arena.until_bet(60_000, BetStatus::Accepted);
    arena.step(|client, now, out| client.read_account(now, out));
    let told = |a: &Arena| a.news.iter().rev().find_map(|n| if let BetNews::Funds(funds) = n { Some(*funds) } else { None });
    assert!(arena.until(5_000, |a| told(a).is_some()));
    let funds = told(&arena).flatten().expect("read");
    assert_eq!((funds.free, funds.in_bets), (Stake::from_e6(9_990_000_000), Some(Stake::from_e6(10_000_000))));
    let foreign = |a: &Arena| a.news.iter().filter(|n| matches!(n, BetNews::Foreign { .. })).count();
    assert_eq!(foreign(&arena), 0);
    // A life whose journal does not have it.
    arena.step(|client, _, _| client.forget(spec.id));
    for _ in 0..2 {
        arena.step(|client, now, out| client.read_account(now, out));
        arena.pass(2_000);
    }
    assert_eq!(foreign(&arena), 1);
    arena.fault("http_error", json!({ "status": 500, "path": "/bet/orders/bettor" }));
    arena.step(|client, now, out| client.read_account(now, out));
    arena.pass(2_000);
    assert_eq!(told(&arena).flatten().map(|f| f.in_bets), Some(None), "the chain still says what is free");
}
