//! Odds in real time: subscribe, batch, updates, loss.

use super::harness::{World, config, fixture, winner};
use azuro_client::AzuroConfig;
use azuro_client::environment::BASE;
use azuro_client::sign::condition_text;
use domain::Stake;
use serde_json::json;
use venue_api::{BetClient, BetNews, ConnId, QuoteNews, SessionNews};

fn quotes(world: &World) -> Vec<(u64, String, Stake)> {
    let quote = |news: &QuoteNews| match news {
        QuoteNews::Best(q) => Some((q.outcome.0, q.odds.to_string(), q.size)),
        _ => None,
    };
    world.quotes.iter().filter_map(quote).collect()
}
fn empty(world: &World) -> usize {
    world.quotes.iter().filter(|n| matches!(n, QuoteNews::Empty { .. })).count()
}
fn lost(world: &World) -> usize {
    world.quotes.iter().filter(|n| matches!(n, QuoteNews::Lost { .. })).count()
}

#[test]
fn a_watched_condition_is_quoted_after_the_batch_with_the_calculated_size() {
    let mut world = World::listed(config(), 3_600_000);
    world.step(|client, now, out| client.watch(winner().id, now, out));
    assert!(world.sent.is_empty());
    assert_eq!(lost(&world), 1, "not read yet");
    world.step(|client, now, out| client.on_open(ConnId(0), now, out));
    assert_eq!(world.sent[0]["event"], "SubscribeConditions");
    assert_eq!(world.sent[0]["data"], json!({ "conditionIds": [condition_text(winner().id)], "environment": "PolygonUSDT" }));
    assert!(world.requests.is_empty(), "the batch waits for the ack");
    world.ack();
    assert!(quotes(&world).is_empty());
    world.answer("/market-manager/condition-batch", 200, &fixture("conditions_by_game_ids"));
    let zero = Stake::default();
    assert_eq!(quotes(&world), [(7047, "2.6200".to_owned(), zero), (7048, "1.4500".to_owned(), zero)]);
    world.quotes.clear();
    world.answer_everything();
    let size = Stake::from_e6(825_000_000);
    assert_eq!(quotes(&world), [(7047, "2.6200".to_owned(), size), (7048, "1.4500".to_owned(), size)]);
}

#[test]
fn an_update_is_quoted_at_once_and_its_limits_are_asked_again() {
    let mut world = World::ready();
    world.frame(&fixture("ws_feed")["condition_updated_current"]);
    let size = Stake::from_e6(825_000_000);
    assert_eq!(quotes(&world), [(7047, "2.5800".to_owned(), size), (7048, "1.4700".to_owned(), size)]);
    assert_eq!(world.requests.iter().filter(|r| r.target == "/bet/calculation").count(), 2);
    // The wallet makes the limits exact; a further update while they are under way asks once more afterwards.
    assert_eq!(world.requests[0].body["wallet"], super::harness::BETTOR);
    world.frame(&fixture("ws_feed")["condition_updated_current"]);
    assert_eq!(world.requests.len(), 2);
    world.answer("/bet/calculation", 200, &fixture("bet_calculation")["response_captured"]);
    assert_eq!(world.requests.len(), 2);
}

#[test]
fn a_stopped_condition_a_lost_feed_and_a_game_in_play_are_not_quoted() {
    let mut world = World::ready();
    world.frame(&fixture("ws_feed")["condition_updated_stopped"]);
    assert_eq!((empty(&world), quotes(&world).len()), (2, 0));
    let mut world = World::ready();
    world.frame(&fixture("ws_feed")["game_updated_current"]);
    assert_eq!((empty(&world), quotes(&world).len()), (2, 0));
    let mut world = World::ready();
    world.step(|client, now, out| client.on_closed(ConnId(0), None, "reset", now, out));
    assert_eq!((lost(&world), quotes(&world).len(), world.connects), (1, 0, 2));
    assert!(world.news.iter().any(|n| matches!(n, BetNews::Session(SessionNews::Down { .. }))));
    assert!(!world.client.ready(world.now));
    world.step(|client, now, out| client.on_open(ConnId(0), now, out));
    assert_eq!(world.sent.len(), 2, "subscribed again");
    world.ack();
    world.quotes.clear();
    world.answer_everything();
    assert!(world.client.ready(world.now) && !quotes(&world).is_empty());
}

#[test]
fn messages_of_2025_and_strange_ones_change_nothing_that_is_not_watched() {
    let mut world = World::ready();
    let file = fixture("ws_feed");
    world.frame(&file["condition_updated_documented_2025"]);
    world.frame(&file["game_updated_documented_2025"]);
    world.frame(&json!({ "event": "SomethingNew", "data": 7 }));
    assert!(world.news.is_empty() && world.quotes.is_empty(), "{:?}", world.news);
    world.frame(&json!({ "event": "ConditionUpdated", "data": 7 }));
    assert!(matches!(world.news.as_slice(), [BetNews::QueryFailed { bet: None, .. }]));
}

#[test]
fn a_subscription_without_an_ack_is_sent_again() {
    let mut world = World::listed(config(), 3_600_000);
    world.step(|client, now, out| client.watch(winner().id, now, out));
    world.step(|client, now, out| client.on_open(ConnId(0), now, out));
    world.pass(15_000);
    assert_eq!(world.sent.len(), 2);
    assert!(quotes(&world).is_empty());
}

#[test]
fn a_node_of_another_chain_is_fatal() {
    let mut world = World::new(config());
    world.chain_says("eth_chainId", &json!("0xa4b1"));
    let fatal = |news: &BetNews| matches!(news, BetNews::Session(SessionNews::Fatal { why }) if why.contains("42161"));
    assert!(world.news.iter().any(fatal), "{:?}", world.news);
    world.answer_everything();
    world.step(|client, now, out| client.on_open(ConnId(0), now, out));
    assert!(!world.client.ready(world.now));
}

#[test]
fn base_is_decoded_and_never_offered_a_stake() {
    let mut config = AzuroConfig::new(&BASE);
    config.sports = vec![45];
    let mut world = World::new(config);
    world.chain_says("eth_chainId", &json!("0x2105"));
    world.answer_everything();
    world.step(|client, now, out| client.watch(winner().id, now, out));
    world.step(|client, now, out| client.on_open(ConnId(0), now, out));
    assert_eq!(world.sent[0]["data"]["environment"], "BaseWETH");
    world.ack();
    world.answer_everything();
    let none = Stake::default();
    assert_eq!(
        quotes(&world).last(),
        Some(&(7048, "1.4500".to_owned(), none)),
        "its odds are read, a stake in WETH is no dollar"
    );
    let (market, outcome) = (winner().id, winner().outcomes[0].id);
    assert_eq!(world.client.terms(market, outcome), None);
    assert!(!world.client.ready(world.now), "there is no key to bet with");
    world.step(|client, now, out| client.read_account(now, out));
    assert!(world.news.contains(&BetNews::Funds(None)));
}

#[test]
fn a_market_that_is_no_longer_watched_is_unsubscribed_and_quoted_no_more() {
    let mut world = World::ready();
    world.step(|client, now, out| client.unwatch(winner().id, now, out));
    let last = world.sent.last().expect("a frame");
    assert_eq!(
        (&last["event"], &last["data"]["conditionIds"]),
        (&json!("UnsubscribeConditions"), &json!([condition_text(winner().id)]))
    );
    world.frame(&fixture("ws_feed")["condition_updated_current"]);
    assert!(world.quotes.is_empty() && world.requests.is_empty(), "{:?}", world.quotes);
    assert_eq!(world.client.terms(winner().id, winner().outcomes[0].id), None);
}
