//! What the venue lists, in the words that both venues share.

use super::harness::{START_S, World, config, fixture, winner};
use azuro_client::listing::{Disagreement, listing, sport};
use azuro_client::parse::{Condition, Game, Selection, conditions, games};
use domain::{Line, Listing, Outcome, Period, Pick, Question, Sport, Unit};
use serde_json::{Value, json};
use venue_api::{BetClient, BetNews, QuoteNews};

/// A captured game of a sport, and a condition made for it from outcomes: number, `sort`, `point`.
fn made(sport: u32, market: u32, outcomes: &[(u32, &str, Option<&str>)]) -> (Game, Condition) {
    let mut page = fixture("games_by_filters");
    page["games"] = json!([page["games"][2]]);
    page["games"][0]["sport"]["sportId"] = json!(sport.to_string());
    let row = |(id, sort, point): &(u32, &str, Option<&str>)| json!({ "outcomeId": id.to_string(), "odds": "1.9", "sort": sort, "point": point, "state": "Active", "hidden": false });
    let outcomes: Vec<Value> = outcomes.iter().map(row).collect();
    let condition =
        json!({ "conditionId": "31", "state": "Active", "marketId": market, "isPrematchEnabled": true, "outcomes": outcomes });
    let game = games(page.to_string().as_bytes()).expect("a page").0.remove(0);
    let condition = conditions(json!({ "conditions": [condition] }).to_string().as_bytes()).expect("a list").remove(0);
    (game, condition)
}

#[test]
fn every_market_of_the_dictionary_that_can_be_traded_has_its_words() {
    use Period::*;
    use Pick::{Draw, Even, No, NotDraw, NotOne, NotTwo, Odd, One, Over, Two, Under, Yes};
    let check = |sport: u32,
                 market: u32,
                 outcomes: &[(u32, &str, Option<&str>)],
                 expect: (Question, Period, Unit, Option<i32>),
                 picks: &[Pick]| {
        let (game, condition) = made(sport, market, outcomes);
        let (listing, disagreement) = listing(&game, &condition);
        assert_eq!(disagreement, None, "{market} {outcomes:?}");
        assert_eq!((listing.question, listing.period, listing.unit, listing.line.map(|l| l.0)), expect, "{market} {outcomes:?}");
        assert_eq!(listing.picks.iter().map(|(_, pick)| *pick).collect::<Vec<_>>(), picks);
        assert_eq!((listing.kind, listing.open), (market, true));
    };
    let football = 33;
    check(
        football,
        1,
        &[(29, "000001", None), (30, "000002", None), (31, "000003", None)],
        (Question::Result, Regulation, Unit::Score, None),
        &[One, Draw, Two],
    );
    check(
        football,
        1,
        &[(105, "000001", None), (106, "000003", None), (107, "000002", None)],
        (Question::Result, Half(1), Unit::Score, None),
        &[One, Two, Draw],
    );
    check(
        football,
        2,
        &[(38, "x", None), (39, "x", None), (40, "x", None)],
        (Question::DoubleChance, Regulation, Unit::Score, None),
        &[NotTwo, NotDraw, NotOne],
    );
    check(
        football,
        3,
        &[(9, "000007", Some("-1.5")), (10, "000008", Some("1.5"))],
        (Question::Handicap, Regulation, Unit::Score, Some(-150)),
        &[One, Two],
    );
    check(
        football,
        3,
        &[(10, "000008", Some("1.5")), (9, "000007", Some("-1.5"))],
        (Question::Handicap, Regulation, Unit::Score, Some(-150)),
        &[Two, One],
    );
    check(
        football,
        4,
        &[(25, "000009", Some("3.5")), (26, "000010", Some("3.5"))],
        (Question::Total, Regulation, Unit::Score, Some(350)),
        &[Over, Under],
    );
    check(
        football,
        9,
        &[(95, "000180", None), (96, "000181", None)].map(|o| (both_score(o.0), o.1, o.2)),
        (Question::BothScore, Regulation, Unit::Score, None),
        &[Yes, No],
    );
    check(
        football,
        19,
        &[(of("19-1-1", "1"), "010009", None), (of("19-1-1", "2"), "010010", None)],
        (Question::Winner, Regulation, Unit::Score, None),
        &[One, Two],
    );
    check(
        31,
        19,
        &[(6_983, "010009", None), (6_984, "010010", None)],
        (Question::Winner, WithOvertime, Unit::Score, None),
        &[One, Two],
    );
    check(45, 19, &[(7_047, "010009", None), (7_048, "010010", None)], (Question::Winner, Whole, Unit::Score, None), &[One, Two]);
    check(
        45,
        4,
        &[(327, "000009", Some("19.5")), (328, "000010", Some("19.5"))],
        (Question::Total, Whole, Unit::Games, Some(1_950)),
        &[Over, Under],
    );
    check(
        45,
        3,
        &[(4_187, "000007", Some("1.5")), (4_188, "000008", Some("-1.5"))],
        (Question::Handicap, Whole, Unit::Sets, Some(150)),
        &[One, Two],
    );
    check(
        45,
        7,
        &[(433, "000015", Some("9.5")), (434, "000016", Some("9.5"))],
        (Question::TeamTotal(1), Whole, Unit::Games, Some(950)),
        &[Over, Under],
    );
    check(
        45,
        14,
        &[(16_722, "000183", None), (16_723, "000182", None)],
        (Question::OddEven, Whole, Unit::Games, None),
        &[Odd, Even],
    );
    check(
        28,
        19,
        &[(7_039, "010009", None), (7_040, "010010", None)],
        (Question::Winner, WithOvertime, Unit::Score, None),
        &[One, Two],
    );
    check(
        32,
        19,
        &[(7_255, "010009", None), (7_256, "010010", None)],
        (Question::Winner, WithOvertime, Unit::Score, None),
        &[One, Two],
    );
    check(
        1_002,
        19,
        &[(of("19-1-69", "1"), "010009", None), (of("19-1-69", "2"), "010010", None)],
        (Question::Winner, Whole, Unit::Score, None),
        &[One, Two],
    );
}

/// The outcome of a market key by its side, as published.
fn of(key: &str, side: &str) -> u32 {
    let file = fixture("outcomes_core");
    let outcomes = file["markets"][key]["outcomes"].as_object().expect("outcomes");
    let found = outcomes.iter().find(|(_, row)| row[0] == side).expect("a side").0;
    found.parse().expect("a number")
}
fn both_score(place: u32) -> u32 {
    of("9-1-1", if place == 95 { "Yes" } else { "No" })
}

#[test]
fn what_has_no_word_is_shown_and_not_traded() {
    let check = |sport: u32, market: u32, outcomes: &[(u32, &str, Option<&str>)]| {
        let (game, condition) = made(sport, market, outcomes);
        let (listing, disagreement) = listing(&game, &condition);
        assert_eq!(
            (listing.question, listing.period, disagreement),
            (Question::Other(market), Period::Other, None),
            "{outcomes:?}"
        );
        assert!(listing.picks.iter().all(|(_, pick)| *pick == Pick::Other));
    };
    // A set's winner and its total: not in the extract.
    check(45, 19, &[(9_517, "010009", None), (9_518, "010010", None)]);
    check(45, 4, &[(6_242, "000009", Some("10.5")), (6_243, "000010", Some("10.5"))]);
    // A draw where overtime counts: the name contradicts itself.
    check(31, 1, &[(16_612, "000001", None), (16_613, "000002", None), (16_614, "000003", None)]);
    // A handicap without a line, one whose sides do not mirror each other, totals of two lines.
    check(33, 3, &[(57, "000007", None), (58, "000008", None)]);
    check(33, 3, &[(9, "000007", Some("-1.5")), (8, "000008", Some("2.5"))]);
    check(33, 4, &[(25, "000009", Some("3.5")), (24, "000010", Some("2.5"))]);
    // One side twice, and one side alone.
    check(33, 4, &[(25, "000009", Some("3.5")), (25, "000009", Some("3.5"))]);
    check(33, 1, &[(29, "000001", None), (31, "000003", None)]);
    // A winner with a line is another market.
    check(28, 19, &[(17_345, "010009", Some("1")), (17_346, "010010", Some("2"))]);
    check(33, 19, &[]);
}

#[test]
fn an_api_that_contradicts_the_dictionary_is_told_and_not_traded() {
    let check = |market: u32, outcomes: &[(u32, &str, Option<&str>)], words: &str| {
        let (game, condition) = made(45, market, outcomes);
        let (listing, disagreement) = listing(&game, &condition);
        let Some(Disagreement(why)) = disagreement else { panic!("{outcomes:?}") };
        assert!(why.contains(words), "{why}");
        assert_eq!(listing.question, Question::Other(market));
    };
    check(19, &[(7_047, "010010", None), (7_048, "010009", None)], "outcome 7047 is One by the dictionary, Winner2 by the API");
    check(19, &[(7_047, "009999", None), (7_048, "010010", None)], "outcome 7047 is One by the dictionary, Unknown by the API");
    check(4, &[(327, "000009", Some("20.5")), (328, "000010", Some("20.5"))], "Some(\"19.5\") by the dictionary, Some(\"20.5\")");
    check(4, &[(327, "000009", None), (328, "000010", Some("19.5"))], "Some(\"19.5\") by the dictionary, None by the API");
    check(3, &[(327, "000009", Some("19.5")), (328, "000010", Some("19.5"))], "of market 4 by the dictionary, of 3 by the API");
    check(19, &[(7_047, "010009", None), (6_984, "010010", None)], "belong to different markets");
}

#[test]
fn sports_are_told_by_the_venues_numbers() {
    let check = |number: u32, expect: Sport| assert_eq!(sport(number), expect, "{number}");
    check(33, Sport::Soccer);
    check(31, Sport::Basketball);
    check(45, Sport::Tennis);
    check(32, Sport::Hockey);
    check(28, Sport::Baseball);
    check(44, Sport::Football);
    check(26, Sport::Volleyball);
    check(36, Sport::Mma);
    check(1_061, Sport::Esports);
    check(7, Sport::Other);
}

fn listed(world: &World, id: domain::MarketId) -> Listing {
    world.listings.iter().find(|listing| listing.market == id).expect("listed").clone()
}

#[test]
fn the_captured_lists_become_listings() {
    let world = World::listed(config(), 3_600_000);
    assert_eq!(world.listings.len(), 15, "the three conditions of the game that the venue has stopped are listed as well");
    assert!(world.news.contains(&BetNews::Listed(15)));
    let winner = listed(&world, winner().id);
    assert_eq!((winner.sport, winner.question, winner.period), (Sport::Tennis, Question::Winner, Period::Whole));
    assert_eq!(winner.teams, ["Beatrise Zeltina", "Britt Du Pree"]);
    assert_eq!((winner.country.as_str(), winner.league.as_str()), ("International Tournaments", "Netherlands (W)"));
    assert_eq!(winner.picks, [(Outcome(7_047), Pick::One), (Outcome(7_048), Pick::Two)]);
    assert_eq!((winner.starts.ms(), winner.event.as_str()), ((START_S + 3_600) * 1_000, "1006000000000030701140"));
    assert!(winner.open);
    let by = |question: Question| world.listings.iter().filter(|l| l.question == question).count();
    let found = [Question::Winner, Question::Handicap, Question::Total, Question::OddEven, Question::TeamTotal(1)].map(by);
    assert_eq!(found, [3, 5, 3, 1, 1], "{:?}", world.listings.iter().map(|l| l.question).collect::<Vec<_>>());
    let sets = world.listings.iter().find(|l| l.unit == Unit::Sets).expect("a handicap of sets");
    assert_eq!(
        (sets.line, sets.picks.as_slice()),
        (Some(Line(150)), [(Outcome(4_188), Pick::Two), (Outcome(4_187), Pick::One)].as_slice())
    );
    assert!(world.listings.iter().filter(|l| l.event.ends_with("30699275")).all(|l| !l.open));
}

#[test]
fn lists_are_read_page_by_page_up_to_the_horizon_and_again_on_a_timer() {
    let mut only_tennis = config();
    only_tennis.sports = vec![45];
    let mut world = World::new(only_tennis);
    let first = world.take("/market-manager/games-by-filters");
    for word in [
        "environment=PolygonUSDT",
        "gameState=Prematch",
        "orderBy=startsAt",
        "orderDirection=asc",
        "page=1",
        "perPage=100",
        "sportId=45",
    ] {
        assert!(first.target.contains(word), "{}", first.target);
    }
    let mut page = world.games("sportId=45");
    page["totalPages"] = json!(9);
    world.reply(first.id, 200, &page.to_string());
    let second = world.take("/market-manager/games-by-filters");
    assert!(second.target.contains("page=2"));
    for game in page["games"].as_array_mut().expect("games") {
        game["startsAt"] = json!((START_S + 49 * 3_600).to_string());
    }
    world.reply(second.id, 200, &page.to_string());
    let question = world.take("/market-manager/conditions-by-game-ids");
    assert_eq!(question.body["gameIds"].as_array().map(Vec::len), Some(3), "what begins beyond the horizon is not asked for");
    assert_eq!(question.body["environment"], "PolygonUSDT");
    world.reply(question.id, 200, &World::conditions(&question.body["gameIds"]).to_string());
    assert!(world.news.contains(&BetNews::Listed(15)), "{:?}", world.news);
    world.listings.clear();
    world.requests.clear();
    world.pass(299_000);
    assert!(world.requests.iter().all(|r| !r.target.contains("games-by-filters")));
    world.pass(1_000);
    world.answer_everything();
    assert!(world.listings.is_empty(), "nothing changed but odds: {:?}", world.listings);
}

#[test]
fn a_list_that_gets_no_answer_is_asked_again_and_nothing_known_is_forgotten() {
    let mut only_tennis = config();
    only_tennis.sports = vec![45];
    let mut world = World::listed(only_tennis, 3_600_000);
    world.pass(300_000);
    for answer in [500, 429, 200] {
        let id = world.take("/market-manager/games-by-filters").id;
        world.reply(id, answer, "nonsense");
        assert!(matches!(world.news.last(), Some(BetNews::QueryFailed { bet: None, .. })), "{answer}");
        world.pass(5_000);
    }
    world.step(|client, now, out| client.watch(winner().id, now, out));
    assert!(matches!(world.quotes.last(), Some(QuoteNews::Lost { why: "not read since the feed was connected", .. })));
    world.answer_everything();
    assert_eq!(world.news.iter().filter(|n| matches!(n, BetNews::Listed(15))).count(), 2);
}

#[test]
fn a_market_that_is_gone_from_the_lists_is_closed_and_one_that_has_begun_is_forgotten() {
    let mut world = World::listed(config(), 3_600_000);
    let all = world.listings.len();
    world.listings.clear();
    world.kickoff_ms = -1_000;
    world.pass(300_000);
    world.answer_everything();
    let closed = world.listings.iter().filter(|l| !l.open).count();
    assert!(closed > 0 && closed == world.listings.len(), "{closed}");
    assert!(world.news.contains(&BetNews::Listed(all)));
    world.pass(3_600_000);
    world.answer_everything();
    assert_eq!(world.news.iter().rev().find(|n| matches!(n, BetNews::Listed(_))), Some(&BetNews::Listed(0)));
    world.quotes.clear();
    world.step(|client, now, out| client.watch(winner().id, now, out));
    assert!(matches!(world.quotes.as_slice(), [QuoteNews::Lost { why: "it is not listed", .. }]));
}

#[test]
fn one_condition_that_does_not_read_hides_no_other() {
    let mut world = World::new(config());
    while let Some(place) = world.requests.iter().position(|r| r.target.starts_with("/market-manager/games-by-filters")) {
        let request = world.requests.remove(place);
        world.reply(request.id, 200, &world.games(&request.target).to_string());
    }
    let question = world.take("/market-manager/conditions-by-game-ids");
    let mut answer = World::conditions(&question.body["gameIds"]);
    answer["conditions"][0]["conditionId"] = json!("no number");
    world.reply(question.id, 200, &answer.to_string());
    assert_eq!(world.listings.len(), answer["conditions"].as_array().map_or(0, Vec::len) - 1);
    assert_eq!(Selection::parse("000009"), Selection::Over);
}

#[test]
fn conditions_that_cannot_be_read_are_asked_for_in_smaller_lots_and_one_bad_game_is_left_out() {
    let mut only_tennis = config();
    only_tennis.sports = vec![45];
    let mut world = World::new(only_tennis);
    let request = world.take("/market-manager/games-by-filters");
    world.reply(request.id, 200, &world.games(&request.target).to_string());
    // The first game's answer is never readable.
    let mut lots = Vec::new();
    while let Some(place) = world.requests.iter().position(|r| r.target.ends_with("conditions-by-game-ids")) {
        let question = world.requests.remove(place);
        let games = question.body["gameIds"].clone();
        lots.push(games.as_array().map_or(0, Vec::len));
        let bad = games.to_string().contains("1006000000000030696510");
        let answer = if bad { "{\"conditions\":[{".to_owned() } else { World::conditions(&games).to_string() };
        world.reply(question.id, 200, &answer);
        world.pass(5_000);
    }
    assert_eq!(lots, [3, 3, 2, 1, 1, 1, 1, 1], "ten at once, five, two, and then one by one");
    assert!(world.news.contains(&BetNews::Listed(13)), "{:?}", world.news);
}
