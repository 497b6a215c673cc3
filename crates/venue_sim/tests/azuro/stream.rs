//! The feed's WebSocket: acks, updates, what faults make of them.

use crate::bench::{CONN, Desk, calm, data, fits};
use serde_json::{Value, json};
use venue_sim::sports::SportsShape;

fn subscribe(desk: &mut Desk, ids: &[&str]) {
    desk.say(&json!({"event": "SubscribeConditions", "data": {"conditionIds": ids, "environment": "PolygonUSDT"}}));
}

fn updates(desk: &Desk) -> Vec<Value> {
    desk.heard.iter().map(|(_, m)| m.clone()).filter(|m| m["event"] == "ConditionUpdated").collect()
}

/// A world that moves all the time.
fn moving() -> SportsShape {
    SportsShape { noise_permille: 300, ..calm() }
}

#[test]
fn an_ack_echoes_ids_that_do_not_exist() {
    let mut desk = Desk::calm();
    desk.connect();
    subscribe(&mut desk, &["777", "nonsense"]);
    fits(&data("ws_feed.json")["ack"], &desk.heard[0].1, "ack");
    assert_eq!(desk.heard[0].1["data"]["conditionIds"], json!(["777", "nonsense"]));
    assert_eq!(desk.heard.len(), 1);
}

#[test]
fn an_update_is_the_whole_condition_under_the_names_of_the_stream() {
    let mut desk = Desk::with(moving(), |_| {});
    let line = desk.main_line();
    let id = line["conditionId"].as_str().expect("text").to_owned();
    desk.connect();
    subscribe(&mut desk, &[&id]);
    assert!(updates(&desk).is_empty(), "subscribing sends nothing but the ack");
    desk.advance(120_000);
    let all = updates(&desk);
    let update = all.first().expect("odds move within two minutes");
    fits(&data("ws_feed.json")["condition_updated_current"], update, "update");
    let batch =
        desk.call("POST", "/market-manager/condition-batch", &json!({"conditionIds": [id], "environment": "PolygonUSDT"})).1;
    let by_rest = &batch["conditions"][0]["outcomes"][0];
    let told = &all.last().expect("one")["data"]["outcomes"][0];
    assert_eq!(told["currentOdds"], by_rest["odds"]);
    assert_eq!(told["outcomeId"].as_u64().map(|n| n.to_string()).as_deref(), by_rest["outcomeId"].as_str());
}

#[test]
fn all_lines_of_a_game_stop_at_once_and_say_so_of_every_outcome() {
    let mut desk = Desk::calm();
    let game = desk.games("Prematch").pop().expect("a game");
    let lines = desk.conditions(&game);
    let ids: Vec<&str> = lines.iter().filter_map(|l| l["conditionId"].as_str()).collect();
    desk.connect();
    subscribe(&mut desk, &ids);
    desk.fault("stop_games", json!({"game": game["gameId"]}));
    desk.advance(1_000);
    let stopped = updates(&desk);
    assert_eq!(stopped.len(), ids.len());
    for update in stopped {
        assert_eq!(update["data"]["state"], "Stopped");
        assert!(update["data"]["outcomes"].as_array().expect("outcomes").iter().all(|o| o["state"] == "Stopped"));
    }
    desk.fault("stop_games", json!({"game": "1006000000000000000001"}));
    desk.advance(1_000);
    assert_eq!(updates(&desk).len(), ids.len() * 2, "and all open again");
}

#[test]
fn a_game_says_when_it_starts() {
    let mut desk = Desk::calm();
    let game = desk.games("Prematch").into_iter().find(|g| g["sport"]["slug"] == "football").expect("a game");
    let starts_ms = game["startsAt"].as_str().expect("text").parse::<i64>().expect("digits") * 1_000;
    desk.advance(starts_ms - desk.now / 1_000 - 60_000);
    desk.connect();
    desk.say(&json!({"event": "SubscribeGames", "data": {"gameIds": [game["gameId"]], "environment": "PolygonUSDT"}}));
    desk.advance(120_000);
    let told: Vec<&Value> = desk.heard.iter().map(|(_, m)| m).filter(|m| m["event"] == "GameUpdated").collect();
    assert_eq!(told.iter().filter_map(|m| m["data"]["state"].as_str()).collect::<Vec<_>>(), ["Stopped", "Live"]);
    fits(&data("ws_feed.json")["game_updated_current"], told[1], "game");
}

#[test]
fn each_switch_of_the_stream_does_what_its_name_says() {
    fn watched(fault: &str, parameters: Value) -> Desk {
        let mut desk = Desk::with(moving(), |_| {});
        let id = desk.main_line()["conditionId"].as_str().expect("text").to_owned();
        desk.connect();
        desk.fault(fault, parameters);
        subscribe(&mut desk, &[&id]);
        desk
    }
    let plain = {
        let mut desk = watched("latency", json!({"ms": 0}));
        desk.advance(120_000);
        updates(&desk)
    };
    let mut desk = watched("subscribe_snapshot", json!({}));
    assert_eq!(updates(&desk).len(), 1);
    desk.advance(120_000);

    desk = watched("silent_feed", json!({}));
    desk.advance(120_000);
    assert!(updates(&desk).is_empty());

    desk = watched("duplicate_updates", json!({}));
    desk.advance(120_000);
    assert_eq!(updates(&desk).len(), plain.len() * 2);

    desk = watched("swap_updates", json!({}));
    desk.advance(120_000);
    let swapped = updates(&desk);
    assert_eq!(swapped[0], plain[0], "the newer one comes first");
    assert_ne!(swapped[0], swapped[1], "then the older one");

    desk = watched("freeze_odds", json!({}));
    desk.advance(120_000);
    assert!(updates(&desk).is_empty());

    desk = watched("no_ack", json!({"count": 1}));
    assert!(desk.heard.is_empty());

    desk = watched("old_shapes", json!({}));
    desk.advance(120_000);
    fits(&data("ws_feed.json")["condition_updated_documented_2025"], &updates(&desk)[0], "2025");

    desk = watched("drop_sockets", json!({}));
    assert_eq!(desk.closed, [CONN]);
    desk.advance(120_000);
    assert!(updates(&desk).is_empty(), "subscriptions are lost with the connection");

    desk = watched("ws_lifetime", json!({"s": 10}));
    desk.advance(9_000);
    assert!(desk.closed.is_empty());
    desk.advance(2_000);
    assert_eq!(desk.closed, [CONN]);

    desk = watched("ws_max_ids", json!({"ids": 0}));
    desk.advance(120_000);
    assert_eq!(desk.heard.len(), 1, "what is beyond the limit is acknowledged and never told of");

    desk = watched("odds_one", json!({}));
    desk.advance(1_000);
    assert!(desk.main_line()["outcomes"].as_array().expect("outcomes").iter().all(|o| o["odds"] == "1"));
}
