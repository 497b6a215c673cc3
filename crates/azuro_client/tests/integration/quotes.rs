//! Odds in real time: subscribe, batch, updates, loss.

use super::harness::{World, config, fixture, winner};
use azuro_client::AzuroConfig;
use azuro_client::environment::BASE;
use azuro_client::sign::condition_text;
use domain::{BetSpec, Odds, Stake};
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

/// So many questions about limits are open.
fn questions(world: &World) -> usize {
    world.requests.iter().filter(|r| r.target == CALCULATION).count()
}
const CALCULATION: &str = "/bet/calculation";
/// The captured calculation's largest stake.
const SIZE: Stake = Stake::from_e6(825_000_000);

#[test]
fn an_update_is_quoted_at_once_and_its_limits_are_asked_again_when_its_odds_moved() {
    let mut world = World::ready();
    let moved = fixture("ws_feed")["condition_updated_current"].clone();
    world.frame(&moved);
    assert_eq!(quotes(&world), [(7047, "2.5800".to_owned(), SIZE), (7048, "1.4700".to_owned(), SIZE)]);
    assert_eq!(questions(&world), 2);
    // The wallet makes the limits exact.
    assert_eq!(world.requests[0].body["wallet"], super::harness::BETTOR);
    // The same odds again while they are under way: nothing to ask. Other odds: once more afterwards.
    world.frame(&moved);
    assert_eq!(questions(&world), 2);
    world.answer(CALCULATION, 200, &fixture("bet_calculation")["response_captured"]);
    assert_eq!(questions(&world), 1);
    let further = serde_json::from_str(&moved.to_string().replace("1.47", "1.48")).expect("JSON");
    world.frame(&further);
    assert_eq!(questions(&world), 1);
    world.answer(CALCULATION, 200, &fixture("bet_calculation")["response_captured"]);
    assert_eq!(questions(&world), 1, "of the second outcome, whose odds moved meanwhile");
    world.answer_everything();
    for _ in 0..10 {
        world.frame(&further);
    }
    assert_eq!(questions(&world), 0, "an update that moves no odds costs the venue nothing");
}

#[test]
fn limits_are_asked_for_anew_when_half_their_time_has_passed() {
    let mut world = World::ready();
    world.pass(15_000);
    world.answer_but(CALCULATION);
    let news = |world: &World| world.news.iter().filter(|n| matches!(n, BetNews::QueryFailed { .. })).count();
    assert_eq!(news(&world), 0, "a quarter of it has passed");
    world.pass(15_000);
    world.answer_but(CALCULATION);
    assert_eq!(news(&world), 2, "two outcomes were asked about, once each, and not answered");
}

#[test]
fn a_calculation_that_fails_leaves_the_last_limits_for_their_time_and_no_longer() {
    let prepared = |world: &mut World| {
        let odds_min = Odds::from_decimal_e12(2_000_000_000_000).expect("odds");
        let spec = BetSpec { odds_min, ..world.spec() };
        let done = world.client.prepare(spec, world.now);
        done.map(|prepared| world.client.discard(prepared)).map_err(|e| e.to_string())
    };
    let check = |fail: fn(&mut World)| {
        let mut world = World::ready();
        let (market, outcome) = (winner().id, winner().outcomes[0].id);
        for passed_s in (0..60).step_by(15) {
            world.quotes.clear();
            world.pass(15_000);
            fail(&mut world);
            world.quotes.clear();
            world.frame(&fixture("ws_feed")["condition_updated_current"]);
            assert_eq!(quotes(&world)[0], (7047, "2.5800".to_owned(), SIZE), "{passed_s}");
            assert!(world.client.terms(market, outcome).is_some());
            assert_eq!(prepared(&mut world), Ok(()), "{passed_s}");
            fail(&mut world);
        }
        world.pass(1);
        let late = prepared(&mut world).expect_err("too old");
        assert!(late.contains("have not been read lately"), "{late}");
        world.quotes.clear();
        world.pass(15_000);
        fail(&mut world);
        assert_eq!(quotes(&world).last(), Some(&(7048, "1.4500".to_owned(), Stake::default())), "odds without a size");
        assert_eq!(world.client.terms(market, outcome), None);
        // It is back as soon as the venue answers.
        world.pass(15_000);
        world.answer_everything();
        assert_eq!(quotes(&world).last(), Some(&(7048, "1.4500".to_owned(), SIZE)));
        assert_eq!(prepared(&mut world), Ok(()));
    };
    check(|world| world.answer_but(CALCULATION));
    check(|world| {
        while world.requests.iter().any(|r| r.target == CALCULATION) {
            world.answer(CALCULATION, 503, &json!({}));
        }
        world.answer_but(CALCULATION);
    });
}

#[test]
fn a_venue_that_wants_silence_is_asked_about_no_limits_until_it_is_over() {
    let mut world = World::ready();
    world.frame(&fixture("ws_feed")["condition_updated_current"]);
    world.answer(CALCULATION, 429, &json!({}));
    let further = fixture("ws_feed")["condition_updated_current"].to_string().replace("2.58", "2.59");
    world.frame(&serde_json::from_str(&further).expect("JSON"));
    assert_eq!(questions(&world), 1, "the one that was under way");
    assert!(quotes(&world).iter().all(|(_, _, size)| *size == SIZE), "{:?}", quotes(&world));
    world.pass(15_000);
    world.answer("/market-manager/condition-batch", 200, &fixture("conditions_by_game_ids"));
    assert_eq!(questions(&world), 2, "the one that was refused is asked again");
    world.answer_everything();
    assert_eq!(questions(&world), 0);
}

#[test]
fn quotes_need_no_node_and_bets_do() {
    let mut keyless = AzuroConfig { key: None, node: false, ..config() };
    keyless.sports = vec![45];
    let mut world = World::listed(keyless, 3_600_000);
    world.step(|client, now, out| client.watch(winner().id, now, out));
    world.step(|client, now, out| client.on_open(ConnId(0), now, out));
    world.ack();
    world.answer_everything();
    assert_eq!(quotes(&world).last(), Some(&(7048, "1.4500".to_owned(), SIZE)));
    world.pass(60_000);
    assert!(world.chain.is_empty() && world.news.iter().all(|n| !matches!(n, BetNews::QueryFailed { .. })));
    let refused = azuro_client::AzuroClient::new(AzuroConfig { node: false, ..config() }).expect_err("a key");
    assert!(refused.to_string().contains("no node of the chain is configured: nothing can be bet"), "{refused}");
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
