//! WebSockets: opening, losing, finding again, and what comes first.

use crate::rig::{Rig, config, connect, local, say};
use crate::venue::Venue;
use std::time::Duration;
use transport::{Clock, Link, LinkConfig, LinkError};
use venue_api::{Action, ConnId, Payload};

#[test]
fn frames_go_both_ways_in_order() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(config(&venue));
        rig.link.perform(connect(3, "/sub?version=1"));
        assert_eq!(rig.until(1).await, ["open 3"]);
        venue.wait_for("upgrade /ws/sub?version=1 k1");
        let payload = Payload::Binary(vec![1; 70_000]);
        rig.link.perform(Action::Send { conn: ConnId(3), payload });
        rig.link.perform_all((0..300).map(|n| say(3, &format!("m{n}"))));
        let lines = rig.until(302).await;
        assert_eq!(lines[1], "binary 3 70000");
        assert!(lines[2..].iter().enumerate().all(|(n, l)| *l == format!("text 3 m{n}")), "{lines:?}");
        assert!(rig.link.is_open(ConnId(3)) && !rig.link.is_open(ConnId(0)));
    });
}

#[test]
fn a_protocol_ping_is_answered() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(config(&venue));
        rig.open(0).await;
        rig.link.perform(say(0, "ping"));
        assert_eq!(rig.until(2).await[1], "text 0 ponged");
    });
}

#[test]
fn a_refused_upgrade_gives_the_status_and_the_venues_words_without_what_we_sent() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(config(&venue));
        rig.link.perform(connect(0, "/refuse"));
        let refused = "closed 0 Some(403) the venue refused the upgrade with 403";
        assert_eq!(rig.until(1).await, [format!("{refused}: not you, stranger")]);
        rig.link.perform(connect(1, "/refuse?listenKey=0123456789abcdef"));
        assert_eq!(rig.until(2).await[1].replace(" 1 ", " 0 "), refused);
    });
}

#[test]
fn a_venue_that_is_not_there_or_not_trusted_is_a_closed_connection() {
    local(async {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let rig = Rig::new(LinkConfig::new("Test", format!("https://{free}"), format!("wss://{free}")));
        rig.link.perform(connect(0, "/?listenKey=secret"));
        let line = rig.until(1).await[0].clone();
        assert!(line.starts_with("closed 0 None") && line.contains("cannot be reached"), "{line}");

        let venue = Venue::start();
        let rig = Rig::new(LinkConfig { extra_roots: Vec::new(), ..config(&venue) });
        rig.link.perform(connect(0, "/?listenKey=secret"));
        let line = rig.until(1).await[0].clone();
        assert!(line.contains("not trusted") && !line.contains("secret"), "{line}");
    });
}

#[test]
fn the_venues_close_code_arrives_and_a_dropped_connection_has_none() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(config(&venue));
        rig.open(0).await;
        rig.link.perform(say(0, "close 4031"));
        assert_eq!(rig.until(2).await[1], "closed 0 Some(4031) the venue closed it: by request");
        rig.link.perform(connect(0, ""));
        assert_eq!(rig.until(4).await[3], "open 0");
        rig.link.perform(say(0, "drop"));
        assert!(rig.until(5).await[4].starts_with("closed 0 None the connection"));
        assert!(!rig.link.is_open(ConnId(0)));
    });
}

#[test]
fn reconnections_wait_longer_each_time_up_to_the_cap() {
    local(async {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let base = LinkConfig::new("Test", format!("https://{free}"), format!("wss://{free}"));
        let (backoff_base, backoff_cap) = (Duration::from_millis(8), Duration::from_millis(40));
        // The client asks again each time, from within the event, as clients do.
        let again = |l: &str| if l.starts_with("closed") { vec![connect(0, "")] } else { Vec::new() };
        let rig = Rig::reacting(LinkConfig { backoff_base, backoff_cap, ..base }, again);
        rig.link.perform(connect(0, ""));
        let lines = rig.until(12).await;
        let waits: Vec<_> = lines.iter().filter_map(|l| l.strip_prefix("reconnecting 0 ")).collect();
        for (n, wait) in waits.iter().take(5).enumerate() {
            let (attempt, ms) =
                wait.split_once(' ').map(|(a, m)| (a.parse::<usize>().unwrap(), m.parse::<u64>().unwrap())).unwrap();
            let full = (8u64 << n).min(40);
            assert_eq!(attempt, n + 2, "the first try was the first");
            assert!((full / 2..=full).contains(&ms), "{waits:?}");
        }
    });
}

#[test]
fn a_lost_connection_is_tried_again_at_once_and_comes_back() {
    local(async {
        let venue = Venue::start();
        let again = |l: &str| if l.starts_with("closed") { vec![connect(0, "")] } else { Vec::new() };
        let backoff_base = Duration::from_millis(10);
        let rig = Rig::reacting(LinkConfig { backoff_base, ..config(&venue) }, again);
        rig.open(0).await;
        rig.link.perform(say(0, "drop"));
        let lines = rig.until(4).await;
        assert!(lines[2].starts_with("reconnecting 0 2 "), "a connection this young has proved nothing: {lines:?}");
        assert_eq!(lines[3], "open 0");
        rig.link.perform(say(0, "hello"));
        assert_eq!(rig.until(5).await[4], "text 0 hello");
    });
}

#[test]
fn connecting_again_replaces_the_old_connection_without_a_word_of_its_end() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(LinkConfig { backoff_base: Duration::from_millis(2), ..config(&venue) });
        rig.open(0).await;
        rig.link.perform_all([say(0, "last words"), connect(0, ""), connect(0, ""), connect(0, "")]);
        let lines = rig.until(3).await;
        assert!(lines[1].starts_with("reconnecting 0 4 "), "only the last one counts: {lines:?}");
        assert_eq!(lines[2], "open 0");
        venue.wait_for("goodbye Some(1000)");
        assert_eq!(rig.lines().len(), 3);
    });
}

#[test]
fn our_own_close_is_clean_and_is_told_once() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(config(&venue));
        rig.open(0).await;
        rig.link.perform_all([say(0, "before"), Action::Close { conn: ConnId(0) }, say(0, "after")]);
        rig.link.perform(Action::Close { conn: ConnId(0) });
        assert_eq!(rig.until(2).await[1], "closed 0 Some(1000) closed on our side");
        // The farewell is a task of its own; whoever reads after it has heard everything there is.
        rig.link.perform(connect(1, ""));
        assert_eq!(rig.until(3).await[2], "open 1");
        venue.wait_for("echoed");
        venue.wait_for("goodbye Some(1000)");
    });
}

#[test]
fn order_sockets_are_read_before_feeds() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(LinkConfig { first: vec![ConnId(9)], ..config(&venue) });
        rig.open(0).await;
        rig.open(9).await;
        rig.link.perform_all([say(0, "flood 100"), say(9, "ack")]);
        // This thread stands still until both answers wait in the kernel.
        venue.wait_for("flooded");
        venue.wait_for("echoed");
        let lines = rig.until(103).await;
        assert_eq!(lines[2], "text 9 ack");
        assert!(lines[3..].iter().enumerate().all(|(n, l)| *l == format!("text 0 f{n}")));
    });
}

#[test]
fn feeds_take_turns() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(config(&venue));
        rig.open(1).await;
        rig.open(2).await;
        rig.link.perform_all([say(1, "flood 50"), say(2, "flood 50")]);
        venue.wait_for("flooded");
        venue.wait_for("flooded");
        let lines = rig.until(102).await;
        let of_two = lines[2..42].iter().filter(|l| l.starts_with("text 2")).count();
        assert!((15..=25).contains(&of_two), "{of_two} of the first 40 are of the second feed");
    });
}

#[test]
fn a_message_over_the_limit_ends_the_connection() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(LinkConfig { message_max: 10_000, ..config(&venue) });
        rig.open(0).await;
        rig.link.perform(say(0, "big 10000"));
        assert_eq!(rig.until(2).await[1], "binary 0 10000");
        rig.link.perform(say(0, "big 10001"));
        assert!(rig.until(3).await[2].starts_with("closed 0 None the connection broke"));
    });
}

#[test]
fn stopping_says_goodbye_and_nothing_is_heard_after() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(config(&venue));
        rig.open(0).await;
        rig.link.perform(say(0, "flood 500"));
        rig.link.stop().await;
        venue.wait_for("goodbye Some(1000)");
        let heard = rig.lines().len();
        rig.link.perform(connect(0, ""));
        rig.link.perform(say(0, "more"));
        tokio::task::yield_now().await;
        assert_eq!(rig.lines().len(), heard);
    });
}

#[test]
fn a_link_is_not_made_for_plain_addresses_or_broken_authorities() {
    local(async {
        let new = |config: LinkConfig| Link::new(config, Clock::start(), |_, _| {}).err();
        let plain = new(LinkConfig::new("Vest", "https://x", "ws://x/ws-api"));
        assert!(matches!(plain, Some(LinkError::Plain { place: "ws_base", .. })), "{plain:?}");
        let plain = new(LinkConfig::new("Vest", "http://x", "wss://x"));
        assert!(matches!(plain, Some(LinkError::Plain { place: "rest_base", .. })), "{plain:?}");
        let root = new(LinkConfig { extra_roots: vec!["not PEM".into()], ..LinkConfig::new("Vest", "https://x", "wss://x") });
        assert!(matches!(root, Some(LinkError::Root { number: 1, .. })), "{root:?}");
    });
}

#[test]
fn a_connection_may_lead_elsewhere_than_the_others() {
    local(async {
        let (account, market) = (Venue::start(), Venue::start());
        let ws_base_of = std::collections::BTreeMap::from([(ConnId(0), format!("wss://{}/feed", market.ws))]);
        let extra_roots = vec![account.ca_pem.clone(), market.ca_pem.clone()];
        let rig = Rig::new(LinkConfig { ws_base_of, extra_roots, ..config(&account) });
        rig.link.perform(connect(0, "?version=1.0"));
        assert_eq!(rig.until(1).await, ["open 0"]);
        market.wait_for("upgrade /feed?version=1.0 k1");
        rig.link.perform(connect(1, "/private"));
        assert_eq!(rig.until(2).await[1], "open 1");
        account.wait_for("upgrade /ws/private k1");
        assert_eq!(rig.link.ws_handshakes(), 2, "both are counted");
        let plain = std::collections::BTreeMap::from([(ConnId(0), "ws://x/feed".to_owned())]);
        let refused = Link::new(LinkConfig { ws_base_of: plain, ..config(&account) }, Clock::start(), |_, _| {}).err();
        assert!(matches!(refused, Some(LinkError::Plain { place: "ws_base", .. })), "{refused:?}");
    });
}

#[test]
fn a_reconnection_resumes_the_tls_session() {
    local(async {
        let venue = Venue::start();
        let rig = Rig::new(LinkConfig { backoff_base: Duration::from_millis(2), ..config(&venue) });
        rig.open(0).await;
        // The venue's tickets come with its first bytes, so this answer means that they are here.
        rig.link.perform(say(0, "hello"));
        rig.until(2).await;
        assert_eq!((rig.link.ws_handshakes(), rig.link.ws_resumed()), (1, 0), "the first one has nothing to resume");
        rig.link.perform(say(0, "drop"));
        rig.until(3).await;
        rig.link.perform(connect(0, ""));
        assert_eq!(rig.until(5).await[4], "open 0");
        assert_eq!((rig.link.ws_handshakes(), rig.link.ws_resumed()), (2, 1));
    });
}
