//! The feed's REST side: shapes as captured, mandatory parameters, odd types.

use crate::bench::{Desk, START_MS, calm, data, e12, fits};
use serde_json::{Value, json};
use venue_sim::sports::SportsShape;

#[test]
fn answers_have_the_fields_and_types_that_were_captured() {
    let mut desk = Desk::calm();
    let line = desk.main_line();
    let (id, outcome) = (&line["conditionId"], line["outcomes"][0]["outcomeId"].as_str().expect("text"));
    let games = desk.games("Prematch");
    let paged = desk
        .get("/market-manager/games-by-filters?environment=PolygonUSDT&gameState=Prematch&orderBy=startsAt&orderDirection=asc&page=1&perPage=10")
        .1;
    fits(&data("games_by_filters.json"), &paged, "games-by-filters");
    let name = games[0]["participants"][0]["name"].as_str().expect("text").replace(' ', "%20");
    let found = desk.get(&format!("/market-manager/search?environment=PolygonUSDT&request={name}&page=1&perPage=10")).1;
    fits(&data("games_search.json"), &found, "search");
    fits(&data("conditions_by_game_ids.json")["conditions"][0], &line, "condition");
    let batch =
        desk.call("POST", "/market-manager/condition-batch", &json!({"conditionIds": [id], "environment": "PolygonUSDT"})).1;
    fits(&data("condition_batch.json"), &batch, "condition-batch");
    let body = json!({"environment": "PolygonUSDT", "bets": [{"conditionId": id, "outcomeId": outcome.parse::<u64>().expect("digits")}]});
    let calculated = desk.call("POST", "/bet/calculation", &body).1;
    fits(&data("bet_calculation.json")["response_captured"], &calculated, "calculation");
    let gas = desk.get("/bet/gas-info?environment=PolygonUSDT").1;
    fits(&data("gas_info.json")["response_captured"], &gas, "gas-info");
    desk.fault("gas_info_array", json!({}));
    let gas = desk.get("/bet/gas-info?environment=PolygonUSDT").1;
    fits(&data("gas_info.json")["response_documented_array"], &gas, "gas-info as documented");
}

#[test]
fn a_request_without_what_is_mandatory_is_refused() {
    let mut desk = Desk::calm();
    let mut check = |query: &str, expect: u16| {
        let (status, answer) = desk.get(&format!("/market-manager/games-by-filters?{query}"));
        assert_eq!(status, expect, "{query}: {answer}");
    };
    let good = "environment=PolygonUSDT&gameState=Live&orderBy=startsAt&orderDirection=asc&page=1&perPage=10";
    check(good, 200);
    for part in good.split('&') {
        check(&good.replace(part, "other=1"), 400);
    }
    check(&good.replace("perPage=10", "perPage=9"), 400);
    check(&good.replace("page=1&", "page=0&"), 400);
    check(&good.replace("PolygonUSDT", "ArbitrumUSDT"), 400);
    check(&good.replace("Live", "Finished"), 400);
    check("", 400);
    let mut post = |path: &str, body: Value, expect: u16| {
        let (status, answer) = desk.call("POST", path, &body);
        assert_eq!(status, expect, "{path} {body}: {answer}");
    };
    post("/market-manager/games-by-ids", json!({"gameIds": []}), 200);
    post("/market-manager/games-by-ids", json!({"gameIds": [7]}), 400);
    post("/market-manager/games-by-ids", json!([]), 400);
    post("/market-manager/condition-batch", json!({"conditionIds": ["x", "30061006"], "environment": "PolygonUSDT"}), 200);
    post("/market-manager/condition-batch", json!({"conditionIds": []}), 400);
    post("/cashout/get-available", json!({"conditionIds": []}), 404);
    post("/bet/orders/combo", json!({}), 409);
}

#[test]
fn every_line_is_a_pair_of_the_dictionary_with_opposite_points_in_handicaps() {
    let mut desk = Desk::calm();
    let (mut handicaps, mut totals, mut results) = (0, 0, 0);
    for game in desk.games("Prematch") {
        for line in desk.conditions(&game) {
            let outcomes = line["outcomes"].as_array().expect("outcomes");
            let sorts: Vec<&str> = outcomes.iter().filter_map(|o| o["sort"].as_str()).collect();
            let point = |i: usize| outcomes[i]["point"].as_str().map(|p| p.parse::<f64>().expect("a number"));
            match line["marketId"].as_u64() {
                Some(1) => {
                    results += 1;
                    assert_eq!(sorts, ["000001", "000002", "000003"]);
                }
                Some(3) => {
                    handicaps += 1;
                    assert_eq!(sorts, ["000007", "000008"]);
                    assert_eq!(point(0), point(1).map(|p| 0.0 - p), "{line}");
                }
                Some(4) => {
                    totals += 1;
                    assert_eq!(sorts, ["000009", "000010"]);
                    assert_eq!(point(0), point(1), "{line}");
                }
                Some(9) => assert_eq!(sorts, ["000180", "000181"]),
                Some(19) => assert_eq!(sorts, ["010009", "010010"]),
                other => panic!("market {other:?}"),
            }
            // What the house keeps is in the odds: the chances sum to more than one, and not to much more.
            let sum: u64 = outcomes.iter().map(|o| 1_000_000_000_000_000_000 / e12(o["odds"].as_str().expect("odds"))).sum();
            assert!((1_020_000..1_120_000).contains(&sum), "{sum}: {line}");
            assert_eq!(line["conditionId"].as_str().expect("text").len(), 48);
        }
    }
    assert!(handicaps > 10 && totals > 10 && results > 5, "{handicaps} {totals} {results}");
}

#[test]
fn odds_with_one_digit_and_prematch_games_that_are_stopped_are_met_within_a_day() {
    let mut desk = Desk::with(SportsShape::default(), |c| c.stopped_permille = 20);
    let (mut one_digit, mut stopped_game, mut stopped_line, mut live) = (false, false, false, false);
    for _ in 0..24 * 12 {
        desk.advance(300_000 - 17_000);
        for game in desk.games("Prematch") {
            stopped_game |= game["state"] == "Stopped";
            for line in desk.conditions(&game) {
                stopped_line |= game["state"] == "Prematch" && line["state"] == "Stopped";
                one_digit |= line["outcomes"]
                    .as_array()
                    .expect("outcomes")
                    .iter()
                    .any(|o| o["odds"].as_str().is_some_and(|t| t.split_once('.').is_some_and(|(_, f)| f.len() == 1)));
            }
        }
        live |= desk.games("Live").iter().any(|g| g["state"] == "Live");
        if one_digit && stopped_game && stopped_line && live {
            return;
        }
    }
    panic!("one digit {one_digit}, stopped game {stopped_game}, stopped line {stopped_line}, live {live}");
}

#[test]
fn a_game_goes_from_prematch_through_its_kick_off_to_live_and_its_end() {
    let mut desk = Desk::with(calm(), |_| {});
    let game = desk.games("Prematch").into_iter().find(|g| g["sport"]["slug"] == "football").expect("a football game");
    let starts_s: i64 = game["startsAt"].as_str().expect("text").parse().expect("digits");
    let mut seen = Vec::new();
    desk.advance(starts_s * 1_000 - START_MS - 120_000);
    for _ in 0..3 * 60 * 4 {
        let (_, answer) = desk.call("POST", "/market-manager/games-by-ids", &json!({"gameIds": [game["gameId"]]}));
        let state = answer["games"][0]["state"].as_str().expect("a state").to_owned();
        if seen.last() != Some(&state) {
            seen.push(state);
        }
        desk.advance(15_000);
    }
    assert_eq!(seen, ["Prematch", "Stopped", "Live", "Finished"]);
    let lines = desk.conditions(&game);
    let line = lines.first().expect("a line");
    assert_eq!(line["state"], "Resolved", "{line}");
    assert_eq!(line["wonOutcomeIds"].as_array().map(Vec::len), Some(1), "{line}");
}

#[test]
fn navigation_counts_what_the_lists_hold() {
    let mut desk = Desk::calm();
    let (_, answer) = desk.get("/market-manager/navigation?environment=PolygonUSDT&sportHub=sports&sportIds=33&sportIds=45");
    let sports = answer["sports"].as_array().expect("sports");
    assert_eq!(sports.iter().filter_map(|s| s["sportId"].as_str()).collect::<Vec<_>>(), ["33", "45"]);
    let football = &sports[0];
    let leagues: Vec<&Value> = football["countries"]
        .as_array()
        .expect("countries")
        .iter()
        .flat_map(|c| c["leagues"].as_array().expect("leagues"))
        .collect();
    let counted: u64 = leagues.iter().filter_map(|l| l["activePrematchGamesCount"].as_u64()).sum();
    let listed = desk.games("Prematch").iter().filter(|g| g["state"] == "Prematch" && g["sport"]["sportId"] == "33").count();
    assert_eq!(counted, listed as u64);
    // The same slug in two countries.
    assert_eq!(leagues.iter().filter(|l| l["slug"] == "premier-league").count(), 2);
}

#[test]
fn a_catalogue_can_lose_what_is_announced_and_the_ids_still_work() {
    let mut desk = Desk::calm();
    let game = desk.games("Prematch").pop().expect("a game");
    desk.fault("no_prematch", json!({}));
    assert!(desk.games("Prematch").is_empty());
    assert!(!desk.conditions(&game).is_empty());
}
