//! What becomes of requests.

use crate::rig::{Rig, config, get, local, request};
use crate::venue::Venue;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use transport::{Budgets, LinkConfig, RateBudget};
use venue_api::{Lane, Method};

#[test]
fn an_answer_comes_with_status_body_and_retry_after() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(config(&venue));
        rig.link.perform(request(1, Lane::Orders, Method::Post, "/orders?a=1", "{\"x\":1}", 5_000));
        assert_eq!(rig.until(1).await, ["reply 1 200 None POST /v1/orders?a=1 {\"x\":1}"]);
        rig.link.perform(get(2, Lane::Public, "/busy"));
        assert_eq!(rig.until(2).await[1], "reply 2 429 Some(3000) ");
        rig.link.perform(request(3, Lane::Orders, Method::Delete, "/head", "", 5_000));
        let head = &rig.until(3).await[2];
        for expected in ["delete /v1/head", &format!("host: {}", venue.rest), "authorization: bearer abc", "user-agent: bot4/"] {
            assert!(head.contains(expected), "{head}");
        }
        assert!(!head.contains("content-type"), "nothing to describe");
    });
}

/// One request to `path` with a timeout of 300 ms: what becomes of it.
fn check(path: &str, expect: &str) {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(config(&venue));
        rig.link.perform(request(1, Lane::Orders, Method::Post, path, "{}", 300));
        let line = rig.until(1).await[0].clone();
        assert!(line.starts_with(expect), "{path}: {line}");
    });
}

#[test]
fn whatever_may_have_arrived_and_has_no_readable_answer_is_unknown() {
    check("/hang", "reply 1 unknown: no answer within 300 ms");
    check("/reset", "reply 1 unknown: the connection broke before the answer");
    check("/garbage", "reply 1 unknown: the connection broke before the answer");
    check("/partial", "reply 1 unknown: the answer (200) could not be read to its end");
}

#[test]
fn what_never_left_is_not_sent() {
    local(async {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let rig = Rig::new(LinkConfig::new("Test", format!("https://{free}"), format!("wss://{free}")));
        rig.link.perform(get(1, Lane::Orders, "/orders"));
        let line = rig.until(1).await[0].clone();
        assert!(line.starts_with("reply 1 not sent:") && line.contains("cannot be reached"), "{line}");

        let venue = Venue::start();
        let untrusting = LinkConfig { extra_roots: Vec::new(), ..config(&venue) };
        let rig = Rig::new(untrusting);
        rig.link.perform(get(1, Lane::Orders, "/orders"));
        let line = rig.until(1).await[0].clone();
        assert!(line.starts_with("reply 1 not sent:") && line.contains("not trusted"), "{line}");
        assert_eq!(venue.connections.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn a_venue_that_accepts_and_says_nothing_costs_the_connect_timeout_and_nothing_left() {
    local(async {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = silent.local_addr().unwrap();
        let base = LinkConfig::new("Test", format!("https://{at}"), format!("wss://{at}"));
        let rig = Rig::new(LinkConfig { connect_timeout: Duration::from_millis(100), ..base });
        rig.link.perform(get(1, Lane::Orders, "/orders"));
        assert_eq!(rig.until(1).await, [format!("reply 1 not sent: {at} did not answer within 100 ms")]);
    });
}

#[test]
fn requests_reuse_one_connection_and_the_handshakes_are_counted() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(config(&venue));
        for n in 0..30 {
            rig.link.perform(get(n, Lane::Account, "/x"));
            rig.until(usize::try_from(n).unwrap() + 1).await;
            tokio::task::yield_now().await; // lets the connection settle
        }
        let stats = rig.link.http_stats();
        assert_eq!((stats.requests, stats.reused, stats.handshakes, stats.idle), (30, 29, 1, 1));
        assert_eq!(venue.connections.load(Ordering::SeqCst), 1);
    });
}

#[test]
fn warm_connections_of_the_order_lane_wait_for_orders_alone() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(config(&venue));
        assert_eq!(rig.link.warm(Lane::Orders, 2).await, Ok(2));
        assert_eq!(rig.link.http_stats().handshakes, 2);
        rig.link.perform(get(1, Lane::Public, "/x"));
        rig.until(1).await;
        assert_eq!(rig.link.http_stats().handshakes, 3, "public data opens its own");
        rig.link.perform(get(2, Lane::Orders, "/a"));
        rig.link.perform(get(3, Lane::Orders, "/b"));
        rig.until(3).await;
        assert_eq!(rig.link.http_stats().handshakes, 3, "two orders at once, two warm connections");
        assert_eq!(rig.link.http_stats().reused, 2);
    });
}

#[test]
fn a_warm_connection_that_ends_is_replaced_before_it_is_needed() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(config(&venue));
        rig.link.warm(Lane::Orders, 1).await.unwrap();
        rig.link.perform(get(1, Lane::Orders, "/last"));
        rig.until(1).await;
        while rig.link.http_stats().handshakes < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        rig.link.perform(get(2, Lane::Orders, "/x"));
        rig.until(2).await;
        assert_eq!(rig.link.http_stats().handshakes, 2);
    });
}

#[test]
fn a_kept_connection_that_the_venue_closed_unseen_costs_a_handshake_and_no_answer() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(config(&venue));
        rig.link.perform(get(1, Lane::Orders, "/silently"));
        rig.until(1).await;
        venue.wait_for("closed");
        while rig.link.http_stats().idle > 0 {
            tokio::task::yield_now().await;
        }
        rig.link.perform(get(2, Lane::Orders, "/x"));
        assert_eq!(rig.until(2).await[1], "reply 2 200 None GET /v1/x ");
        assert_eq!(rig.link.http_stats().handshakes, 2);
    });
}

#[test]
fn an_overaged_connection_is_not_used() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(LinkConfig { pool_idle_timeout: Duration::ZERO, ..config(&venue) });
        for n in 1..=2 {
            rig.link.perform(get(n, Lane::Orders, "/x"));
            rig.until(usize::try_from(n).unwrap()).await;
        }
        assert_eq!((rig.link.http_stats().handshakes, rig.link.http_stats().reused), (2, 0));
    });
}

#[test]
fn an_order_over_budget_is_refused_at_once_and_other_lanes_wait_their_turn() {
    local(async {
        let venue = Venue::start();
        let two = Some(RateBudget { requests: 10, per: Duration::from_secs(1), burst: 2 });
        let budgets = Budgets { orders: two, account: two, ..Budgets::default() };
        let rig = Rig::new(LinkConfig { budgets, ..config(&venue) });
        for id in 1..=3 {
            rig.link.perform(get(id, Lane::Orders, "/x"));
        }
        let lines = rig.until(3).await;
        assert_eq!(lines[0], "reply 3 not sent: rate budget", "it does not wait behind the others");
        assert!(lines[1..].iter().all(|l| l.contains(" 200 ")), "{lines:?}");
        let started = Instant::now();
        for id in 4..=7 {
            rig.link.perform(get(id, Lane::Account, "/x"));
        }
        assert!(rig.until(7).await[3..].iter().all(|l| l.contains(" 200 ")));
        assert!(started.elapsed() >= Duration::from_millis(190), "the last two waited for their tokens");
        for id in 8..=12 {
            rig.link.perform(request(id, Lane::Account, Method::Get, "/x", "", 1));
        }
        let lines = rig.until(12).await;
        assert!(lines[7..].iter().any(|l| l.ends_with("not sent: did not get its turn within 1 ms")), "{lines:?}");
    });
}

#[test]
fn what_cannot_be_written_as_a_request_is_not_sent_and_shows_nothing() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(config(&venue));
        rig.link.perform(get(1, Lane::Account, "/x y?key=secret"));
        assert_eq!(rig.until(1).await, ["reply 1 not sent: the request's target is not part of a URL"]);
    });
}

#[test]
fn a_new_http_connection_resumes_the_tls_session_of_an_earlier_one() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(LinkConfig { pool_idle_timeout: Duration::ZERO, ..config(&venue) });
        for n in 1..=3 {
            rig.link.perform(get(n, Lane::Orders, "/x"));
            rig.until(usize::try_from(n).unwrap()).await;
        }
        let stats = rig.link.http_stats();
        assert_eq!((stats.handshakes, stats.resumed), (3, 2), "all but the first");
    });
}

#[test]
fn nothing_is_kept_warm_where_nothing_may_be_kept() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(LinkConfig { pool_idle_timeout: Duration::ZERO, ..config(&venue) });
        assert_eq!(rig.link.warm(Lane::Orders, 2).await, Ok(0));
        assert_eq!(rig.link.http_stats().handshakes, 0);
    });
}
