//! The same bet under every fault that the simulated venue can be made to have: it comes to where the venue's own books have it, is sent
//! once, and no market is quoted on a book that is nobody's word.

use super::rig::{ALONE, LIMIT, Venue, on_sockets, quick, ready, spec, stands};
use crate::shell::Shell;
use domain::{BetStatus, Stake, TimeInForce};
use serde_json::{Value, json};
use venue_api::BetClient;

/// A fault, its parameters, and how the bet ends.
const ORDER_FAULTS: &[(&str, &str, BetStatus)] = &[
    ("cancel_order", r#"{"count":1,"reason":"INTERNAL_ERROR"}"#, BetStatus::Refused),
    ("drop_order", r#"{"count":1}"#, BetStatus::Refused),
    ("error_after", r#"{"status":500,"count":1}"#, BetStatus::Accepted),
    ("error_after", r#"{"status":503,"count":1,"body":"<html>"}"#, BetStatus::Accepted),
    ("lose_order_answer", r#"{"count":1}"#, BetStatus::Accepted),
    ("lose_order_answer", r#"{"count":1,"ms":300}"#, BetStatus::Accepted),
    ("hide_orders", r#"{"ms":1500}"#, BetStatus::Accepted),
    ("other_order_id", r#"{"count":1}"#, BetStatus::Accepted),
    ("slow_match", r#"{"ms":1000}"#, BetStatus::Accepted),
    ("timeout_outcome", r#"{"count":1}"#, BetStatus::Accepted),
    ("fill_lag", r#"{"ms":1500}"#, BetStatus::Accepted),
    ("late_lock", r#"{"ms":1500}"#, BetStatus::Accepted),
    ("duplicate_events", "{}", BetStatus::Accepted),
    ("event_before_answer", "{}", BetStatus::Accepted),
    ("late_events", r#"{"ms":1500}"#, BetStatus::Accepted),
    ("silence_events", "{}", BetStatus::Accepted),
    ("stale_version", "{}", BetStatus::Accepted),
    ("thin_book", r#"{"share_bps":5000}"#, BetStatus::Accepted),
    ("null_best_odds", "{}", BetStatus::Accepted),
    ("http_error", r#"{"status":502,"count":2,"path":"/orders-v3/0x"}"#, BetStatus::Accepted),
    ("http_error", r#"{"status":400,"count":1,"path":"/fills-v3"}"#, BetStatus::Accepted),
    ("forbidden", r#"{"count":1,"path":"/fills-v3"}"#, BetStatus::Accepted),
    ("rate_limit", r#"{"count":1,"path":"/fills-v3","retry_after_s":1}"#, BetStatus::Accepted),
    ("latency", r#"{"ms":400}"#, BetStatus::Accepted),
    ("clock_offset", r#"{"ms":1500}"#, BetStatus::Accepted),
    ("double_publication", "{}", BetStatus::Accepted),
    ("lose_publication", r#"{"times":3}"#, BetStatus::Accepted),
    ("late_publication", r#"{"ms":200}"#, BetStatus::Accepted),
    ("merge_frames", r#"{"ms":50}"#, BetStatus::Accepted),
    ("disconnect_push", r#"{"count":1,"code":3000}"#, BetStatus::Accepted),
    ("new_epoch", "{}", BetStatus::Accepted),
    ("drop_sockets", "{}", BetStatus::Accepted),
];

/// What the documents leave open: a switch and its other value.
const SWITCHES: &[(&str, &str)] = &[
    ("event_id", r#""sportXEventId""#),
    ("event_id", r#""eventId""#),
    ("reason_field", r#""error""#),
    ("rows", r#""wrapped""#),
    ("rows", r#""array""#),
    ("repost", r#""old""#),
    ("delay_shape", r#""object""#),
    ("delay_shape", r#""absent""#),
    ("account_recoverable", "false"),
    ("fills_by_order", "false"),
    ("quarter_as_two", "true"),
    ("failure_form", "true"),
    ("token_wrapped", "true"),
    ("order_wrapped", "false"),
    ("refusals_http", "true"),
    ("reason_in_state", "true"),
    ("arrays", "true"),
    ("taker_size", "true"),
    ("event_filter_ignored", "true"),
    ("expiry_shown", "false"),
];

async fn bet_under(name: &str, parameters: &Value, end: BetStatus, faulty_from_the_start: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    // One choice is made before the venue begins.
    let forgetful = parameters["name"] == "account_recoverable";
    let venue = Venue::start(12, 1, |config| config.switches.account_recoverable = !forgetful);
    if faulty_from_the_start && !forgetful {
        venue.fault(name, parameters);
    }
    let mut config = quick();
    config.read_timeout_ms = 2_000;
    let shell = Shell::start(config, venue.link(), folder.path(), Box::new(|_| {})).expect("a shell");
    let watched = ready(&shell, 2).await;
    if !faulty_from_the_start {
        venue.fault(name, parameters);
    }
    let mut spec = spec(&shell, 1, watched[0].market, TimeInForce::Fok);
    // What was dropped is dead only when it can no longer come.
    let now = shell.link.look(|_, now| now.wall);
    spec.expires = now.plus_ms(if parameters.get("value") == Some(&json!("absent")) { 25_000 } else { 10_000 });
    let id = spec.id;
    // A drop that the fault brings about may still be under way.
    let mut placed = None;
    let sent = shell.seen.until(LIMIT, |_| {
        placed = placed.take().or_else(|| shell.place(spec.clone()).ok());
        placed.is_some()
    });
    assert!(sent.await, "{name}: it never got ready again");
    let order = placed.expect("placed").key;
    let report = stands(&shell.seen, id, end).await;
    let truth = venue.bet(&order);
    let locked = truth.as_ref().map_or(0, |bet| bet.locked);
    assert_eq!(report.taken, Stake::from_e6(locked.unsigned_abs()), "{name} {parameters}: {report:?} {truth:?}");
    let posts = venue.posts();
    assert_eq!(posts.iter().filter(|body| body.contains(&id.to_string())).count(), 1, "{name} {parameters}");
    let reports = shell.seen.reports.borrow();
    let mut facts: Vec<&str> = reports[&id].iter().map(|(_, report)| report.fact.as_str()).collect();
    facts.sort_unstable();
    let told = facts.len();
    facts.dedup();
    assert_eq!(facts.len(), told, "{name} {parameters}: no fact is told twice");
    venue.sound();
}

#[test]
fn a_bet_comes_to_where_the_venue_has_it_whatever_goes_wrong() {
    let _beside = ALONE.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    on_sockets(async {
        let all = ORDER_FAULTS.iter().map(|(name, parameters, end)| {
            let parameters: Value = serde_json::from_str(parameters).expect("JSON");
            tokio::task::spawn_local(async move { bet_under(name, &parameters, *end, false).await })
        });
        for one in all.collect::<Vec<_>>() {
            one.await.expect("no fault breaks it");
        }
    });
}

#[test]
fn a_bet_comes_to_where_the_venue_has_it_whatever_the_documents_leave_open() {
    let _beside = ALONE.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    on_sockets(async {
        let all = SWITCHES.iter().map(|(name, value)| {
            let value: Value = serde_json::from_str(value).expect("JSON");
            let parameters = json!({"name": name, "value": value});
            tokio::task::spawn_local(async move { bet_under("switch", &parameters, BetStatus::Accepted, true).await })
        });
        for one in all.collect::<Vec<_>>() {
            one.await.expect("no choice breaks it");
        }
    });
}

#[test]
fn a_book_that_is_emptied_frozen_or_halted_is_quoted_as_such() {
    let _beside = ALONE.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    on_sockets(async {
        let folder = tempfile::tempdir().expect("a folder");
        let venue = Venue::start(12, 1, |_| {});
        let shell = Shell::start(quick(), venue.link(), folder.path(), Box::new(|_| {})).expect("a shell");
        let watched = ready(&shell, 2).await;
        venue.fault("empty_book", &json!({}));
        let gone = |seen: &crate::shell::Seen| seen.quotes.borrow().is_empty();
        assert!(shell.seen.until(LIMIT, gone).await, "{:?}", shell.seen.quotes.borrow());
        venue.server.clear("empty_book");
        let both = |seen: &crate::shell::Seen| {
            watched.iter().all(|l| seen.quotes.borrow().keys().any(|(market, _)| *market == l.market))
        };
        assert!(shell.seen.until(LIMIT, both).await);
        // The venue is gone: no quote stands, and everything comes back with it.
        venue.fault("down", &json!({}));
        assert!(shell.seen.until(LIMIT, gone).await);
        assert!(!shell.link.look(|client, now| client.ready(now)));
        venue.server.clear("down");
        assert!(shell.seen.until(LIMIT, both).await);
        // A channel that is refused for good: best odds are read instead.
        let channel = format!("orderbook_v3:{}", watched[0].market);
        venue.fault("unsubscribe", &json!({"channel": channel, "code": 2000}));
        let lost = |seen: &crate::shell::Seen| !seen.quotes.borrow().keys().any(|(market, _)| *market == watched[0].market);
        assert!(shell.seen.until(LIMIT, lost).await);
        assert!(shell.seen.until(LIMIT, both).await);
        // A key that is taken back: a person has to act, and says so.
        venue.fault("revoke_key", &json!({"api_key": crate::venue::API_KEY}));
        assert!(shell.seen.until(LIMIT, |seen| seen.fatal.get()).await);
    });
}
