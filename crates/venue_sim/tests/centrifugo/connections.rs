//! Tokens, pings and the ends of connections.

use crate::world::{BOOK, OWNER, World, subscribe_command};
use serde_json::json;
use venue_sim::centrifugo::HubConfig;

#[test]
fn connecting_says_who_one_is_and_how_the_server_pings() {
    let mut world = World::plain();
    let reply = world.open(1);
    let connect = reply["connect"].as_object().unwrap();
    assert_eq!(reply["id"], 1);
    assert_eq!((&connect["ping"], &connect["pong"]), (&json!(30), &json!(true)));
    assert_eq!((&connect["expires"], &connect["ttl"]), (&json!(true), &json!(3_600)));
    assert_eq!(connect["client"].as_str().unwrap().split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    assert_eq!(world.hub.connections().collect::<Vec<_>>(), [(1, Some(OWNER))]);
    let other = world.open(2);
    assert_ne!(other["connect"]["client"], reply["connect"]["client"]);
}

#[test]
fn a_token_is_refused_for_what_is_wrong_with_it() {
    let check = |token: &dyn Fn(&World) -> String, answered: Option<u64>, closed: Option<u16>| {
        let mut world = World::plain();
        world.upgrade(1);
        let token = token(&world);
        world.send(1, &json!({"id": 1, "connect": {"token": token}}).to_string());
        let code = world.heard(1).first().map(|reply| reply["error"]["code"].as_u64().unwrap());
        assert_eq!((code, world.closed(1)), (answered, closed), "{token}");
    };
    check(&|world| world.hub.mint(OWNER, -1, world.now), Some(109), None);
    check(&|_| "not.a.token".into(), None, Some(3500));
    check(&|_| String::new(), None, Some(3501));
    let of_another_hub = World::new(HubConfig::new(2));
    check(&|world| of_another_hub.hub.mint(OWNER, 60, world.now), None, Some(3500));
}

#[test]
fn a_connection_whose_token_was_over_may_try_again_with_a_fresh_one() {
    let mut world = World::plain();
    world.upgrade(1);
    let old = world.hub.mint(OWNER, -1, world.now);
    assert_eq!(world.ask(1, json!({"id": 1, "connect": {"token": old}}))["error"]["code"], 109);
    let fresh = world.hub.mint(OWNER, 60, world.now);
    assert!(world.ask(1, json!({"id": 2, "connect": {"token": fresh}}))["connect"].is_object());
}

#[test]
fn the_owner_of_the_hub_may_refuse_a_user_whose_token_is_good() {
    let mut world = World::plain();
    world.doors.users_shut.insert(OWNER.into());
    assert_eq!(world.open(1)["error"], json!({"code": 101, "message": "unauthorized"}));
}

#[test]
fn a_ping_that_is_answered_keeps_the_connection_and_one_that_is_not_ends_it_with_3012() {
    let mut world = World::connected();
    for _ in 0..5 {
        world.advance_ms(29_999);
        assert_eq!(world.frames(1), [""; 0]);
        world.advance_ms(1);
        assert_eq!(world.frames(1), ["{}"]);
        world.send(1, "{}");
    }
    world.advance_s(30);
    world.advance_ms(7_999);
    assert_eq!(world.closed(1), None);
    world.advance_ms(1);
    assert_eq!(world.closed(1), Some(3012));
    assert!(!world.hub.owns(1));
}

#[test]
fn ping_and_pong_are_as_long_as_they_are_configured() {
    let mut world = World::new(HubConfig { ping_s: 5, pong_s: 2, ..HubConfig::new(1) });
    assert_eq!(world.open(1)["connect"]["ping"], 5);
    world.advance_s(6);
    assert_eq!((world.frames(1).len(), world.closed(1)), (1, None));
    world.advance_s(1);
    assert_eq!(world.closed(1), Some(3012));
}

#[test]
fn a_connection_that_never_says_connect_is_stale_after_25_seconds() {
    let mut world = World::plain();
    world.upgrade(1);
    world.advance_ms(24_999);
    assert_eq!(world.closed(1), None);
    world.advance_ms(1);
    assert_eq!(world.closed(1), Some(3502));
}

#[test]
fn whatever_comes_before_connect_and_a_second_connect_is_a_bad_request() {
    let check = |frame: &str| {
        let mut world = World::plain();
        world.upgrade(1);
        world.send(1, frame);
        assert_eq!((world.heard(1), world.closed(1)), (vec![], Some(3501)), "{frame}");
    };
    check(&subscribe_command(1, BOOK).to_string());
    check("{}");
    check(r#"{"id":1,"ping":{}}"#);
    check("nonsense");
    let mut world = World::connected();
    let token = world.hub.mint(OWNER, 60, world.now);
    world.send(1, &json!({"id": 2, "connect": {"token": token}}).to_string());
    assert_eq!(world.closed(1), Some(3501));
}

#[test]
fn a_refreshed_token_carries_the_connection_over_the_end_of_the_old_one() {
    let mut world = World::new(HubConfig { ping_s: 0, ..HubConfig::new(1) });
    world.upgrade(1);
    let token = world.hub.mint(OWNER, 60, world.now);
    assert_eq!(world.ask(1, json!({"id": 1, "connect": {"token": token}}))["connect"]["ttl"], 60);
    world.advance_s(50);
    let token = world.hub.mint(OWNER, 100, world.now);
    let reply = world.ask(1, json!({"id": 2, "refresh": {"token": token}}));
    assert_eq!((&reply["refresh"]["ttl"], &reply["refresh"]["expires"]), (&json!(100), &json!(true)));
    world.advance_s(100 + 24);
    assert_eq!(world.closed(1), None);
    world.advance_s(1);
    assert_eq!(world.closed(1), Some(3005));
}

#[test]
fn a_refresh_with_a_token_that_is_over_or_of_somebody_else_ends_the_connection() {
    let check = |user: &str, ttl_s: i64, code: u16| {
        let mut world = World::connected();
        let token = world.hub.mint(user, ttl_s, world.now);
        world.send(1, &json!({"id": 2, "refresh": {"token": token}}).to_string());
        assert_eq!(world.closed(1), Some(code), "{user} {ttl_s}");
    };
    check(OWNER, -1, 3005);
    check("0x0000000000000000000000000000000000000001", 60, 3500);
}

#[test]
fn several_commands_of_one_frame_are_answered_in_one_frame_in_their_order() {
    let mut world = World::plain();
    world.upgrade(1);
    let token = world.hub.mint(OWNER, 60, world.now);
    let frame = [
        json!({"id": 1, "connect": {"token": token}}),
        subscribe_command(2, BOOK),
        json!({"id": 3, "ping": {}}),
        json!({"send": {"data": 1}}),
        json!({"id": 4, "rpc": {"method": "x"}}),
        json!({"id": 5, "publish": {"channel": BOOK, "data": 1}}),
    ];
    world.send(1, &frame.map(|line| line.to_string()).join("\n"));
    let frames = world.frames(1);
    assert_eq!(frames.len(), 1, "{frames:?}");
    let ids: Vec<_> = frames[0].split('\n').map(|line| line[..8].to_owned()).collect();
    assert_eq!(ids.len(), 5, "{frames:?}");
    let codes = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["error"]["code"].as_u64();
    assert_eq!(frames[0].split('\n').map(codes).collect::<Vec<_>>(), [None, None, None, Some(108), Some(103)]);
}

#[test]
fn what_was_said_before_a_bad_line_of_the_same_frame_is_not_performed() {
    let mut world = World::connected();
    world.send(1, &format!("{}\n{{", subscribe_command(2, BOOK)));
    assert_eq!((world.closed(1), world.hub.subscribers(BOOK)), (Some(3501), 0));
}

#[test]
fn a_frame_longer_than_the_server_reads_ends_the_connection() {
    let batch = |count: u32| {
        let channel = |n| format!("orderbook_v3:0x{n:064x}");
        (0..count).map(|n| subscribe_command(n + 2, &channel(n)).to_string()).collect::<Vec<_>>().join("\n")
    };
    let check = |count: u32, closed: Option<u16>, subscribed: usize| {
        let mut world = World::connected();
        world.send(1, &batch(count));
        let channels = (0..count).map(|n| world.hub.subscribers(&format!("orderbook_v3:0x{n:064x}"))).sum::<usize>();
        assert_eq!((world.closed(1), channels), (closed, subscribed), "{count}");
    };
    let most = (65_536 / (batch(2).len() / 2)) as u32 - 10;
    check(most, None, most as usize);
    check(512, Some(1009), 0);
}

#[test]
fn connections_are_dropped_by_number_with_any_code_and_the_oldest_first() {
    let mut world = World::plain();
    for conn in 1..=3 {
        world.open(conn);
    }
    world.act(|hub, now, out| hub.drop_connections(Some(1), 3000, now, out));
    assert_eq!([1, 2, 3].map(|conn| world.closed(conn)), [Some(3000), None, None]);
    world.act(|hub, now, out| hub.drop_connections(None, 0, now, out));
    assert_eq!([1, 2, 3].map(|conn| world.closed(conn)), [Some(3000), Some(0), Some(0)]);
    assert_eq!(world.hub.connections().count(), 0);
}
