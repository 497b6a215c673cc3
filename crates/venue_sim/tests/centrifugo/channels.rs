//! Subscribing, recovering, history, and who may.

use crate::world::{BOOK, OWNER, World, pushed, recover_command, subscribe_command};
use serde_json::{Value, json};
use venue_sim::centrifugo::{HubConfig, Namespace};

/// A book with so many publications, its subscriber gone; the epoch.
fn published(world: &mut World, count: u64) -> String {
    for n in 1..=count {
        assert_eq!(world.publish(BOOK, &json!({"n": n})), Some(n));
    }
    world.hub.position(BOOK).unwrap().0.to_owned()
}

fn offsets(reply: &Value) -> Vec<u64> {
    let publications = reply["publications"].as_array().map(Vec::as_slice).unwrap_or_default();
    publications.iter().map(|publication| publication["offset"].as_u64().unwrap()).collect()
}

#[test]
fn a_subscriber_gets_its_position_and_then_every_publication() {
    let mut world = World::connected();
    let epoch = published(&mut world, 2);
    let reply = world.subscribe(1, BOOK);
    let expect = json!({"id": 2, "subscribe": {"epoch": epoch, "offset": 2, "positioned": true, "recoverable": true}});
    assert_eq!(reply, expect);
    let data = json!({"marketHash": "0xaa", "version": "007"});
    assert_eq!(world.publish(BOOK, &data), Some(3));
    assert_eq!(world.publish(BOOK, &data), Some(4));
    assert_eq!(world.frames(1).len(), 2, "publications come in frames of their own");
    world.publish("orderbook_v3:0xbb", &data);
    assert_eq!(world.heard(1), Vec::<Value>::new());
}

#[test]
fn who_asks_for_no_position_gets_none_and_still_hears_offsets() {
    let mut world = World::connected();
    assert_eq!(world.ask(1, json!({"id": 2, "subscribe": {"channel": BOOK}})), json!({"id": 2, "subscribe": {}}));
    world.publish(BOOK, &json!(1));
    assert_eq!(world.heard(1), [pushed(BOOK, &json!(1), 1)]);
}

#[test]
fn a_channel_without_history_has_neither_epoch_nor_offsets() {
    let mut world = World::connected();
    let channel = "best_odds_v3:global";
    assert_eq!(world.subscribe(1, channel), json!({"id": 2, "subscribe": {}}));
    assert_eq!(world.publish(channel, &json!([1])), None);
    assert_eq!(world.heard(1), [json!({"push": {"channel": channel, "pub": {"data": [1]}}})]);
    world.send(1, r#"{"id":3,"unsubscribe":{"channel":"best_odds_v3:global"}}"#);
    world.heard(1);
    assert_eq!(world.recover(1, channel, "abcd", 3), json!({}), "there is nothing to recover, and it is not claimed");
}

#[test]
fn a_subscribe_is_refused_by_number() {
    let mut world = World::connected();
    let shut = "markets:global";
    world.doors.channels_shut.insert(shut.into());
    world.subscribe(1, BOOK);
    let foreign = "account:orders_v3_#0x0000000000000000000000000000000000000001";
    let long = format!("markets:{}", "x".repeat(255));
    let cases = [
        (BOOK, 105, "already subscribed"),
        ("nothing_v3:global", 102, "unknown channel"),
        ("global", 102, "unknown channel"),
        ("markets:", 102, "unknown channel"),
        (foreign, 103, "permission denied"),
        ("account:orders_v3_#", 103, "permission denied"),
        (long.as_str(), 107, "bad request"),
        (shut, 100, "internal server error"),
    ];
    for (channel, code, message) in cases {
        let error = world.subscribe(1, channel)["error"].take();
        assert_eq!((&error["code"], &error["message"]), (&json!(code), &json!(message)), "{channel}");
        assert_eq!(error["temporary"].as_bool(), (code == 100).then_some(true), "{channel}");
    }
    assert_eq!(world.closed(1), None);
}

#[test]
fn an_account_channel_is_for_the_user_behind_its_sharp_and_for_nobody_else() {
    let mut world = World::connected();
    let own = format!("account:orders_v3_#{OWNER}");
    assert!(world.subscribe(1, &own)["subscribe"].is_object());
    assert_eq!(world.subscribe(1, &own.to_lowercase())["error"]["code"], 103, "an address has one spelling");
    let shared = format!("account:fills_v3_#0xsomebody,{OWNER}");
    assert!(world.subscribe(1, &shared)["subscribe"].is_object());
}

#[test]
fn one_channel_more_than_512_is_refused_until_one_is_given_back() {
    let mut world = World::connected();
    for n in 0..512 {
        assert!(world.subscribe(1, &format!("orderbook_v3:{n}"))["subscribe"].is_object(), "{n}");
    }
    assert_eq!(world.subscribe(1, "orderbook_v3:512")["error"], json!({"code": 106, "message": "limit exceeded"}));
    let reply = world.ask(1, json!({"id": 9, "unsubscribe": {"channel": "orderbook_v3:0"}}));
    assert_eq!(reply, json!({"id": 9, "unsubscribe": {}}));
    assert!(world.subscribe(1, "orderbook_v3:512")["subscribe"].is_object());
}

#[test]
fn a_recovery_brings_what_was_missed_and_answers_with_the_clients_own_position() {
    let mut world = World::connected();
    let epoch = published(&mut world, 5);
    let reply = world.recover(1, BOOK, &epoch, 3);
    assert_eq!((&reply["recovered"], &reply["was_recovering"]), (&json!(true), &json!(true)));
    assert_eq!((&reply["epoch"], &reply["offset"]), (&json!(epoch), &json!(3)));
    assert_eq!(offsets(&reply), [4, 5]);
    assert_eq!(reply["publications"][0], json!({"data": {"n": 4}, "offset": 4}));
    world.publish(BOOK, &json!(6));
    assert_eq!(world.heard(1), [pushed(BOOK, &json!(6), 6)], "live goes on where the recovery ended");
}

#[test]
fn nothing_missed_is_recovered_too() {
    let mut world = World::connected();
    let epoch = published(&mut world, 5);
    let reply = world.recover(1, BOOK, &epoch, 5);
    assert_eq!((&reply["recovered"], offsets(&reply).len()), (&json!(true), 0));
}

#[test]
fn what_cannot_be_recovered_is_said_and_answered_with_the_channels_position() {
    let check = |what: &str, epoch: Option<&str>, offset: u64, wait_s: i64, expect: bool| {
        let namespaces = [("orderbook_v3".to_owned(), Namespace::remembering(3))].into();
        let mut world = World::new(HubConfig { namespaces, ping_s: 0, ..HubConfig::new(1) });
        world.open(1);
        let own = published(&mut world, 5);
        world.advance_s(wait_s);
        let reply = world.recover(1, BOOK, epoch.unwrap_or(&own), offset);
        assert_eq!(reply["recovered"].as_bool().unwrap_or(false), expect, "{what}: {reply}");
        assert_eq!(reply["was_recovering"], true, "{what}: {reply}");
        if !expect {
            assert_eq!((&reply["epoch"], &reply["offset"]), (&json!(own), &json!(5)), "{what}: {reply}");
            assert_eq!(offsets(&reply), [0; 0], "{what}");
        }
    };
    check("three back", None, 2, 0, true);
    check("one more than the history holds", None, 1, 0, false);
    check("another epoch", Some("zzzz"), 5, 0, false);
    check("a future", None, 6, 0, false);
    check("within five minutes", None, 4, 299, true);
    check("after five minutes", None, 4, 300, false);
    check("after five minutes, nothing missed", None, 5, 300, true);
}

#[test]
fn a_thousand_messages_are_recovered_and_a_thousand_and_one_are_not() {
    let mut world = World::connected();
    let epoch = published(&mut world, 1_001);
    let reply = world.recover(1, BOOK, &epoch, 1);
    assert_eq!((&reply["recovered"], offsets(&reply).len()), (&json!(true), 1_000));
    world.open(2);
    let reply = world.recover(2, BOOK, &epoch, 0);
    assert_eq!((reply.get("recovered"), offsets(&reply).len()), (None, 0));
}

#[test]
fn a_position_without_the_word_recover_recovers_nothing() {
    let mut world = World::connected();
    let epoch = published(&mut world, 5);
    let mut command = recover_command(2, BOOK, &epoch, 3);
    command["subscribe"].as_object_mut().unwrap().remove("recover");
    let reply = world.ask(1, command)["subscribe"].take();
    assert_eq!(reply, json!({"epoch": epoch, "offset": 5, "positioned": true, "recoverable": true}));
}

#[test]
fn an_older_server_shows_what_is_left_beyond_the_gap() {
    let namespaces = [("orderbook_v3".to_owned(), Namespace::remembering(3))].into();
    let mut world = World::new(HubConfig { shows_rest_of_gap: true, namespaces, ..HubConfig::new(1) });
    world.open(1);
    let epoch = published(&mut world, 5);
    let reply = world.recover(1, BOOK, &epoch, 1);
    assert_eq!((reply.get("recovered"), offsets(&reply)), (None, vec![3, 4, 5]));
}

#[test]
fn history_is_for_subscribers_in_either_direction_and_within_its_limit() {
    let mut world = World::connected();
    let epoch = published(&mut world, 4);
    let ask = |world: &mut World, history: Value| world.ask(1, json!({"id": 3, "history": history}));
    assert_eq!(ask(&mut world, json!({"channel": BOOK}))["error"]["code"], 103);
    world.subscribe(1, BOOK);
    let mut check = |extra: Value, expect: &[u64]| {
        let mut history = json!({"channel": BOOK});
        history.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let reply = ask(&mut world, history)["history"].take();
        assert_eq!((&reply["epoch"], &reply["offset"]), (&json!(epoch), &json!(4)), "{extra}");
        assert_eq!(offsets(&reply), expect, "{extra}");
    };
    check(json!({}), &[]);
    check(json!({"limit": -1}), &[1, 2, 3, 4]);
    check(json!({"limit": 2}), &[1, 2]);
    check(json!({"limit": 2, "reverse": true}), &[4, 3]);
    check(json!({"limit": 9, "since": {"offset": 2, "epoch": epoch}}), &[3, 4]);
    check(json!({"limit": 9, "since": {"offset": 3, "epoch": epoch}, "reverse": true}), &[2, 1]);
    let strange = json!({"channel": BOOK, "limit": 1, "since": {"offset": 1, "epoch": "zzzz"}});
    assert_eq!(ask(&mut world, strange)["error"]["code"], 112);
}

#[test]
fn an_unsubscribed_client_hears_nothing_and_may_come_back() {
    let mut world = World::connected();
    world.subscribe(1, BOOK);
    world.ask(1, json!({"id": 3, "unsubscribe": {"channel": BOOK}}));
    world.publish(BOOK, &json!(1));
    assert_eq!((world.heard(1), world.hub.subscribers(BOOK)), (vec![], 0));
    assert_eq!(world.subscribe(1, BOOK)["subscribe"]["offset"], 1);
}

#[test]
fn the_server_ends_a_subscription_by_a_push_with_its_code() {
    let mut world = World::connected();
    let other = "markets:global";
    world.subscribe(1, BOOK);
    world.subscribe(1, other);
    world.act(|hub, now, out| hub.unsubscribe(BOOK, 2500, now, out));
    let push = json!({"push": {"channel": BOOK, "unsubscribe": {"code": 2500, "reason": "insufficient state"}}});
    assert_eq!((world.heard(1), world.hub.subscribers(BOOK), world.hub.subscribers(other)), (vec![push], 0, 1));
}

#[test]
fn answers_of_a_batch_that_is_too_long_for_one_frame_come_in_several() {
    let mut world = World::connected();
    let text = "x".repeat(40_000);
    for n in 0..3 {
        world.publish(&format!("orderbook_v3:{n}"), &json!(text));
    }
    let epochs: Vec<_> = (0..3).map(|n| world.hub.position(&format!("orderbook_v3:{n}")).unwrap().0.to_owned()).collect();
    let batch: Vec<_> =
        (0..3).map(|n| recover_command(n + 2, &format!("orderbook_v3:{n}"), &epochs[n as usize], 0).to_string()).collect();
    world.send(1, &batch.join("\n"));
    assert_eq!(world.frames(1).len(), 3);
    world.send(1, &(10..20).map(|id| subscribe_command(id, &format!("markets:{id}")).to_string()).collect::<Vec<_>>().join("\n"));
    assert_eq!(world.frames(1).len(), 1);
}
