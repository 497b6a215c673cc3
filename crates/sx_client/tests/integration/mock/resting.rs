//! Orders that rest: the heartbeat, cancels one by one and all at once, and what a life before this one left.

use super::venue::{ADDRESS, Venue, fill, fills, row, settled};
use domain::{BetStatus, Stake, TimeInForce};
use venue_api::{BetClient, BetNews, KnownBet};

#[test]
fn every_order_is_cancelled_in_as_many_rounds_as_it_takes() {
    let mut venue = Venue::ready();
    let more = |more: bool| format!(r#"{{"data":{{"cancelledSubmitted":[],"hasMore":{more}}}}}"#);
    venue.with(|client, now, out| client.cancel_all(now, out));
    venue.answer("DELETE /orders-v3/all", 200, &more(true));
    venue.answer("DELETE /orders-v3/all", 503, "");
    assert!(matches!(venue.news.last(), Some(BetNews::QueryFailed { bet: None, .. })), "{:?}", venue.news);
    assert!(!venue.is_asked("DELETE"), "not at once");
    venue.answer("DELETE /orders-v3/all", 200, &more(false));
    venue.wait(10_000);
    assert!(!venue.is_asked("DELETE"));
    venue.with(|client, now, out| client.cancel_event("L1", now, out));
    venue.answer("DELETE /orders-v3/event?eventId=L1", 200, &more(true));
    venue.answer("DELETE /orders-v3/event?eventId=L1", 200, &more(false));
    assert!(!venue.is_asked("DELETE"));
    // A venue that never comes to an end is not asked for ever.
    venue.with(|client, now, out| client.cancel_all(now, out));
    let mut rounds = 0;
    while venue.is_asked("DELETE") {
        venue.answer("DELETE /orders-v3/all", 200, &more(true));
        rounds += 1;
        assert!(rounds < 1_000);
    }
    assert!(matches!(venue.news.last(), Some(BetNews::QueryFailed { bet: None, .. })), "{:?}", venue.news);
}

#[test]
fn a_cancel_is_what_the_order_says_afterwards_whatever_the_answer_was() {
    let mut venue = Venue::ready();
    let (id, order) = venue.placed(TimeInForce::Gtc, r#"{"state":"RESTED","fillAmount":"0"}"#);
    assert_eq!(venue.status(id), Some(BetStatus::Pending));
    for (answer, remaining) in
        [(r#"{"data":{"cancelled":[],"notCancelled":[{"orderId":"0xabc","reason":"NOT_FOUND"}]}}"#, None), ("", Some(5_000_000))]
    {
        venue.with(|client, now, out| client.cancel(id, now, out));
        venue.answer("DELETE /orders-v3", 200, answer);
        match remaining {
            None => venue.answer("GET /orders-v3/0x", 200, &row(&order, "ACTIVE", "null", 5_000_000)),
            Some(left) => venue.answer("GET /orders-v3/0x", 200, &row(&order, "INACTIVE", "\"USER_REQUESTED\"", left)),
        };
        venue.answer("GET /fills-v3", 200, &fills(&[]));
        assert_eq!(venue.status(id), Some(BetStatus::Pending));
    }
    let mut rounds = 0;
    while venue.status(id) == Some(BetStatus::Pending) {
        venue.answer("GET /orders-v3/0x", 200, &row(&order, "INACTIVE", "\"USER_REQUESTED\"", 5_000_000));
        venue.answer("GET /fills-v3", 200, &fills(&[]));
        rounds += 1;
        assert!(rounds < 20, "it ends");
    }
    assert_eq!(venue.status(id), Some(BetStatus::Refused));
}

#[test]
fn stopping_keeps_the_heartbeat_of_what_rests_and_switches_it_off_otherwise() {
    let mut venue = Venue::ready();
    let (id, order) = venue.placed(TimeInForce::Gtc, r#"{"state":"RESTED","fillAmount":"0"}"#);
    venue.asked.clear();
    venue.with(|client, now, out| client.stop(now, out));
    assert!(!venue.is_asked("POST /heartbeat"), "{:?}", venue.asked);
    let mut venue = Venue::ready();
    let _ = venue.placed(TimeInForce::Gtc, r#"{"state":"FULLY_FILLED","fillAmount":"5000000"}"#);
    venue.asked.clear();
    venue.with(|client, now, out| client.stop(now, out));
    assert!(venue.asked.iter().any(|(_, line, body)| line == "POST /heartbeat/v3" && body.contains(":0")), "{:?}", venue.asked);
    // The next life arms it again, because the one before renews it no more.
    let mut venue = Venue::ready();
    let spec = super::venue::spec(TimeInForce::Gtc, venue.now());
    let key = domain::VenueKey { key: order, hash: None, dead_after: spec.expires };
    let known = KnownBet { spec, key, facts: vec![r#""sent""#.to_owned()] };
    venue.with(|client, now, out| client.adopt(known, now, out)).expect("taken over");
    assert!(venue.is_asked("POST /heartbeat/v3"), "{:?} {id}", venue.asked);
}

#[test]
fn an_order_that_the_venue_cancelled_for_want_of_a_heartbeat_is_told_as_a_miss() {
    let mut venue = Venue::ready();
    let (id, order) = venue.placed(TimeInForce::Gtc, r#"{"state":"PARTIAL_FILL_RESTED","fillAmount":"2000000"}"#);
    let gone = row(&order, "INACTIVE", "\"HEARTBEAT_TIMEOUT\"", 3_000_000);
    let gone = gone.strip_prefix(r#"{"data":"#).and_then(|g| g.strip_suffix('}')).expect("the row").to_owned();
    venue.publish(&format!("account:orders_v3_#{ADDRESS}"), &gone, 11);
    let missed = venue.news.iter().any(|n| matches!(n, BetNews::HeartbeatMissed { why } if why.contains(&id.to_string())));
    assert!(missed, "{:?}", venue.news);
    venue.publish(&format!("account:fills_v3_#{ADDRESS}"), &fill(&order, "f1", 2_000_000, "LOCKED"), 11);
    assert_eq!(venue.status(id), Some(BetStatus::Partial));
    venue.publish(&format!("account:fills_v3_#{ADDRESS}"), &settled(&order, "f1", 2_000_000, 1, 4_210_526), 12);
    let last = venue.reports().pop().expect("a report");
    assert_eq!((last.status, last.paid), (BetStatus::Settled, Some(Stake::from_e6(4_210_526))));
}
