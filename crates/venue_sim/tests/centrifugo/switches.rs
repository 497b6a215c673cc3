//! Every switch, by what a client sees of it.

use crate::world::{BOOK, OWNER, World, pushed, recover_command, subscribe_command};
use serde_json::{Value, json};
use venue_sim::centrifugo::{HubConfig, SWITCHES};

fn lost(channel: &str) -> Value {
    json!({"push": {"channel": channel, "unsubscribe": {"code": 2500, "reason": "insufficient state"}}})
}

/// A connected world whose first connection is subscribed to the book; the epoch.
fn subscribed() -> (World, String) {
    let mut world = World::connected();
    let epoch = world.subscribe(1, BOOK)["subscribe"]["epoch"].as_str().unwrap().to_owned();
    (world, epoch)
}

#[test]
fn lost_history_was_recovering_without_recovered() {
    let (mut world, epoch) = subscribed();
    world.publish(BOOK, &json!(1));
    world.switch("lose_history", json!({"times": 1}));
    world.open(2);
    let reply = world.recover(2, BOOK, &epoch, 0);
    assert_eq!(reply, json!({"epoch": epoch, "offset": 1, "positioned": true, "recoverable": true, "was_recovering": true}));
    world.open(3);
    assert_eq!(world.recover(3, BOOK, &epoch, 0)["recovered"], true, "once is once");
}

#[test]
fn a_lost_publication_ends_a_positioned_subscription_at_the_next_one_and_leaves_a_gap_for_others() {
    let (mut world, _) = subscribed();
    world.open(2);
    world.ask(2, json!({"id": 2, "subscribe": {"channel": BOOK}}));
    world.switch("lose_publication", json!({"times": 1}));
    world.publish(BOOK, &json!(1));
    assert_eq!((world.heard(1), world.heard(2)), (vec![], vec![]));
    world.publish(BOOK, &json!(2));
    assert_eq!((world.heard(1), world.heard(2)), (vec![lost(BOOK)], vec![pushed(BOOK, &json!(2), 2)]));
}

#[test]
fn a_lost_publication_without_a_next_one_is_found_by_the_check_of_positions() {
    let (mut world, _) = subscribed();
    world.switch("lose_publication", json!({"times": 1}));
    world.publish(BOOK, &json!(1));
    world.advance_ms(32_000);
    world.send(1, "{}");
    world.advance_ms(7_999);
    assert_eq!(world.heard(1), [json!({})]);
    world.advance_ms(1);
    assert_eq!(world.heard(1), [lost(BOOK)]);
}

#[test]
fn a_doubled_publication_comes_twice_with_one_offset() {
    let (mut world, _) = subscribed();
    world.switch("double_publication", json!({"times": 1}));
    world.publish(BOOK, &json!(1));
    world.publish(BOOK, &json!(2));
    let one = pushed(BOOK, &json!(1), 1);
    assert_eq!(world.heard(1), [one.clone(), one, pushed(BOOK, &json!(2), 2)]);
}

#[test]
fn late_publications_keep_their_order_and_are_skipped_for_whoever_is_past_them() {
    let (mut world, _) = subscribed();
    world.switch("late_publication", json!({"ms": 100}));
    world.publish(BOOK, &json!(1));
    world.clear("late_publication");
    world.publish(BOOK, &json!(2));
    world.publish("markets:global", &json!(3));
    world.open(2);
    assert_eq!(world.subscribe(2, BOOK)["subscribe"]["offset"], 2);
    world.advance_ms(99);
    assert_eq!(world.heard(1), Vec::<Value>::new());
    world.advance_ms(1);
    assert_eq!(world.heard(1), [pushed(BOOK, &json!(1), 1), pushed(BOOK, &json!(2), 2)]);
    assert_eq!(world.heard(2), Vec::<Value>::new());
}

#[test]
fn merged_frames_hold_several_pushes_and_lose_none() {
    let (mut world, _) = subscribed();
    world.switch("merge_frames", json!({"ms": 20}));
    for n in 1..=3 {
        world.publish(BOOK, &json!(n));
    }
    assert_eq!(world.frames(1), [""; 0]);
    world.advance_ms(20);
    let frames = world.frames(1);
    assert_eq!(frames.iter().map(|frame| frame.split('\n').count()).collect::<Vec<_>>(), [3]);
    world.publish(BOOK, &json!(4));
    world.clear("merge_frames");
    assert_eq!(world.heard(1), [pushed(BOOK, &json!(4), 4)], "what waited leaves when the switch is cleared");
    world.switch("merge_frames", json!({}));
    world.publish(BOOK, &json!(5));
    world.act(|hub, now, out| hub.drop_connections(None, 3000, now, out));
    assert_eq!((world.heard(1), world.closed(1)), (vec![pushed(BOOK, &json!(5), 5)], Some(3000)));
}

#[test]
fn without_pings_the_connection_lives_on_in_silence_until_they_return() {
    let (mut world, _) = subscribed();
    world.switch("no_ping", json!(null));
    world.advance_s(300);
    assert_eq!((world.frames(1), world.closed(1)), (vec![], None));
    world.clear("no_ping");
    assert_eq!(world.frames(1), ["{}"]);
}

#[test]
fn a_good_token_is_refused_as_often_as_the_switch_says() {
    let mut world = World::plain();
    world.switch("refuse_token_once", json!({}));
    assert_eq!(world.open(1)["error"]["code"], 109);
    assert!(world.open(2)["connect"].is_object());
    world.switch("refuse_token_once", json!({"code": 3500}));
    world.upgrade(3);
    let token = world.hub.mint(OWNER, 60, world.now);
    world.send(3, &json!({"id": 1, "connect": {"token": token}}).to_string());
    assert_eq!((world.heard(3), world.closed(3)), (vec![], Some(3500)));
}

#[test]
fn a_connection_drops_inside_a_batch_of_subscribes_with_the_answers_before_it_told() {
    let mut world = World::connected();
    world.switch("close_inside_subscribe", json!({"after": 3}));
    let batch: Vec<_> = (0..5).map(|n| subscribe_command(n + 2, &format!("orderbook_v3:{n}")).to_string()).collect();
    world.send(1, &batch.join("\n"));
    let ids: Vec<_> = world.heard(1).iter().map(|reply| reply["id"].as_u64().unwrap()).collect();
    assert_eq!((ids, world.closed(1)), (vec![2, 3], Some(0)));
    world.open(2);
    assert!(world.subscribe(2, BOOK)["subscribe"].is_object(), "once is once");
}

#[test]
fn a_connection_drops_before_or_behind_the_answer_of_a_recovery() {
    let check = |replied: bool| {
        let (mut world, epoch) = subscribed();
        world.publish(BOOK, &json!(1));
        world.switch("close_inside_recovery", json!({"replied": replied}));
        world.open(2);
        assert!(world.subscribe(2, "markets:global")["subscribe"].is_object(), "only a recovery counts");
        world.send(2, &recover_command(5, BOOK, &epoch, 0).to_string());
        assert_eq!((world.heard(2).len(), world.closed(2)), (usize::from(replied), Some(0)));
    };
    check(true);
    check(false);
}

#[test]
fn who_does_not_read_is_cut_with_3008_and_gets_what_waited_if_it_reads_again_in_time() {
    let mut world = World::new(HubConfig { queue_bytes_max: 1_000, ..HubConfig::new(1) });
    world.open(1);
    world.subscribe(1, BOOK);
    world.switch("slow_reader", json!({}));
    world.publish(BOOK, &json!(1));
    assert_eq!(world.frames(1), [""; 0]);
    world.clear("slow_reader");
    assert_eq!(world.heard(1), [pushed(BOOK, &json!(1), 1)]);
    world.switch("slow_reader", json!({}));
    let text = "x".repeat(400);
    for _ in 0..2 {
        world.publish(BOOK, &json!(text));
    }
    assert_eq!(world.closed(1), None);
    world.publish(BOOK, &json!(text));
    assert_eq!((world.frames(1), world.closed(1)), (vec![], Some(3008)));
}

#[test]
fn a_new_epoch_is_told_at_once_or_found_at_the_next_publication_and_nothing_older_is_recovered() {
    let check = |told: bool| {
        let (mut world, old) = subscribed();
        world.publish(BOOK, &json!(1));
        world.heard(1);
        world.switch("new_epoch", json!({"channel": BOOK, "told": told}));
        let new = world.hub.position(BOOK).unwrap().0.to_owned();
        assert_ne!(old, new);
        assert_eq!(world.heard(1), if told { vec![lost(BOOK)] } else { vec![] });
        world.publish(BOOK, &json!(2));
        assert_eq!(world.heard(1), if told { vec![] } else { vec![lost(BOOK)] });
        let reply = world.recover(1, BOOK, &old, 1);
        assert_eq!((reply.get("recovered"), &reply["epoch"], &reply["offset"]), (None, &json!(new), &json!(1)));
    };
    check(true);
    check(false);
}

#[test]
fn an_epoch_that_changed_untold_on_a_quiet_channel_is_found_by_the_check_of_positions() {
    let (mut world, _) = subscribed();
    world.switch("new_epoch", json!({"told": false}));
    world.advance_s(31);
    world.send(1, "{}");
    world.advance_s(9);
    assert_eq!(world.heard(1), [json!({}), lost(BOOK)]);
}

#[test]
fn connections_drop_and_subscriptions_end_by_switch() {
    let (mut world, _) = subscribed();
    world.open(2);
    world.switch("unsubscribe", json!({"channel": BOOK, "code": 2000}));
    assert_eq!(world.heard(1)[0]["push"]["unsubscribe"]["code"], 2000);
    world.switch("drop_connections", json!({"count": 1, "code": 3001}));
    assert_eq!((world.closed(1), world.closed(2)), (Some(3001), None));
    world.switch("disconnect_push", json!({"code": 3503}));
    let push = json!({"push": {"disconnect": {"code": 3503, "reason": "force disconnect"}}});
    assert_eq!((world.heard(2).last(), world.closed(2)), (Some(&push), Some(3503)));
}

#[test]
fn a_switch_says_what_is_wrong_with_it_and_then_changes_nothing() {
    let mut world = World::connected();
    let check = |world: &mut World, name: &str, parameters: Value, expect: &str| {
        assert_eq!(world.hub.set_switch(name, &parameters).unwrap_err(), expect);
    };
    check(&mut world, "late_publication", json!({"ms": -1}), "late_publication: ms is a whole number, not -1");
    check(&mut world, "no_ping", json!({"sometimes": true}), "no_ping knows no parameter \"sometimes\"");
    check(&mut world, "no_ping", json!([]), "no_ping wants its parameters as one JSON object");
    check(&mut world, "unsubscribe", json!({}), "unsubscribe needs {\"channel\": \"…\"}");
    check(&mut world, "new_epoch", json!({"told": 1}), "new_epoch: told is true or false, not 1");
    check(&mut world, "new_epoch", json!({"channel": 1}), "new_epoch: channel is a text, not 1");
    check(&mut world, "drop_connections", json!({"code": 65_536}), "drop_connections: code is a whole number, not 65536");
    assert!(
        world.hub.set_switch("lose_all", &json!({})).unwrap_err().starts_with("no switch \"lose_all\"; known: lose_history,")
    );
    world.advance_s(30);
    assert_eq!((world.frames(1), world.closed(1)), (vec!["{}".to_owned()], None));
    for name in SWITCHES {
        let parameters = if name == "unsubscribe" { json!({"channel": BOOK}) } else { json!({}) };
        assert_eq!(world.hub.set_switch(name, &parameters), Ok(()), "{name} is known");
        world.hub.clear_switch(name);
    }
}
