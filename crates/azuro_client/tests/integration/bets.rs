//! Bets: prepared, sent, lost, found, refused, expired.

use super::harness::{BETTOR, START_S, World, config, fixture, order, winner};
use azuro_client::sign::condition_text;
use azuro_client::state::OrderState;
use domain::{BetSpec, BetStatus, Odds, Stake};
use serde_json::{Value, json};
use venue_api::{BetClient, BetNews, KnownBet, PrepareError, Reply};

const POST: &str = "/bet/orders/ordinar";
const GET: &str = "/bet/orders/0x";

/// The venue's id of the bet in `World::placed`: the nonce is the wall clock in ms.
fn venue_id() -> String {
    format!("{BETTOR}_{}", START_S * 1_000)
}
fn said(state: &str) -> Value {
    json!({ "id": venue_id(), "state": state })
}
fn with_bet(state: &str) -> Value {
    json!({ "id": venue_id(), "state": state, "betId": 222_040, "odds": 2.7, "amount": 10 })
}
fn head(world: &mut World, time_s: i64) {
    world.chain_says("eth_getBlockByNumber", &json!({ "number": "0x100000", "timestamp": format!("{time_s:#x}") }));
}
fn flag(value: u8) -> Value {
    json!(format!("0x{value:064x}"))
}
/// The golden event of one bet, with nonce, condition and outcome of ours.
fn new_live_bet(nonce: i64) -> Value {
    let word = |n: u128| format!("{n:064x}");
    let condition = hex_of(&winner().id.0);
    let words = [0, nonce as u128, 10_000_000, 0xa0, 50_000_000_000, 1, 7].map(word).concat();
    let leg = format!("{condition}{}{}{}", word(0), word(7047), word(2_650_000_000_000));
    json!([{
        "address": "0xf9548be470a4e130c90cea8b179fcd66d2972ac7",
        "topics": [
            "0xf9a74a182f01361c747de3eaf11c1d78de0a89ce8b395bcdab60563aaff299e3",
            format!("0x{}", word(222_041)),
            format!("0x{:0>64}", &BETTOR[2..]),
            format!("0x{}", word(0)),
        ],
        "data": format!("0x{words}{leg}"),
        "removed": false,
    }])
}
fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_bet_is_signed_with_its_own_minimum_and_a_bounded_expiry() {
    let mut world = World::placed();
    let body = world.take(POST).body;
    let (data, bet) = (&body["clientBetData"]["clientData"], &body["clientBetData"]["bet"]);
    assert_eq!(bet["minOdds"], "2600000000000");
    assert_eq!((&bet["amount"], &bet["outcomeId"]), (&json!("10000000"), &json!(7047)));
    assert_eq!(bet["conditionId"], condition_text(winner().id));
    assert_eq!(bet["nonce"], (START_S * 1_000).to_string());
    assert_eq!(data["expiresAt"], START_S + 20);
    assert_eq!(data["affiliate"].as_str().map(str::to_lowercase).as_deref(), Some(BETTOR));
}

#[test]
fn expiry_is_the_earliest_of_the_order_the_longest_life_and_the_kick_off() {
    let check = |order_s: i64, ttl_s: u64, kickoff_s: i64, expect: Option<i64>| {
        let mut config = config();
        config.ttl_s_max = ttl_s;
        let mut world = World::ready_with(config, kickoff_s * 1_000);
        let mut spec = world.spec();
        spec.expires = world.now.wall.plus_ms(order_s * 1_000);
        let prepared = world.step(|client, now, _| client.prepare(spec, now));
        let expires = prepared.ok().map(|bet| bet.key.dead_after.ms() / 1_000 - 12 - START_S);
        assert_eq!(expires, expect, "{order_s} {ttl_s} {kickoff_s}");
    };
    check(20, 60, 3_600, Some(20));
    check(900, 60, 3_600, Some(60));
    check(900, 120, 3_600, Some(120));
    check(900, 120, 100, Some(70));
    check(2, 60, 3_600, None);
    check(20, 60, 32, None);
    check(-5, 60, 3_600, None);
}

#[test]
fn what_the_venue_would_refuse_is_not_signed() {
    let check = |change: fn(&mut BetSpec), why: &str| {
        let mut world = World::ready();
        let mut spec = world.spec();
        change(&mut spec);
        let error = world.step(|client, now, _| client.prepare(spec, now)).expect_err(why);
        assert!(error.to_string().contains(why), "{error}");
    };
    check(|s| s.stake = Stake::from_e6(10_000_001), "whole cent");
    check(|s| s.stake = Stake::from_e6(0), "whole cent");
    check(|s| s.stake = Stake::from_e6(990_000), "taken are 1000000 to 825000000");
    check(|s| s.stake = Stake::from_e6(825_010_000), "taken are 1000000 to 825000000");
    check(|s| s.stake = Stake::from_e6(600_000_000), "held are 500000000");
    check(|s| s.odds_min = Odds::from_decimal_e12(2_630_000_000_000).expect("odds"), "the odds are 2.6200");
    check(|s| s.market = domain::MarketId([1; 32]), "not watched");
    check(|s| s.outcome = domain::Outcome(1), "no such outcome");
    let mut world = World::new(config());
    let spec = world.spec();
    assert!(matches!(world.step(|client, now, _| client.prepare(spec, now)), Err(PrepareError::NotReady(_))));
}

#[test]
fn a_bet_is_followed_from_created_to_settled() {
    let mut world = World::placed();
    world.answer(POST, 201, &said("Created"));
    assert_eq!(world.status(), BetStatus::Pending);
    for (word, expect) in [
        (said("Placed"), BetStatus::Pending),
        (said("Sent"), BetStatus::Pending),
        (said("Accepted"), BetStatus::Matched),
        (with_bet("Accepted"), BetStatus::Accepted),
    ] {
        world.pass(500);
        world.answer(GET, 200, &word);
        assert_eq!(world.status(), expect, "{word}");
    }
    assert_eq!(world.taken().map(|t| (t.bet, t.odds_e12)), Some((222_040, 2_700_000_000_000)), "better than asked");
    world.pass(10_000);
    let mut settled = with_bet("Settled");
    settled["result"] = json!("Won");
    world.answer(GET, 200, &settled);
    assert_eq!(world.status(), BetStatus::Settled);
    world.requests.clear();
    world.pass(60_000);
    assert!(world.requests.iter().all(|r| !r.target.starts_with(GET)), "a settled bet is asked about no more");
}

#[test]
fn only_a_documented_refusal_of_the_first_post_ends_a_bet() {
    let check = |status: u16, body: Value, expect: BetStatus| {
        let mut world = World::placed();
        world.answer(POST, status, &body);
        assert_eq!(world.status(), expect, "{status} {body}");
    };
    let refusal = json!({ "error": "TooHighMinPrice", "errorMessage": "Real odds less than min odds" });
    check(200, json!({ "id": venue_id(), "state": "Rejected", "error": "TooHighStake" }), BetStatus::Refused);
    check(400, refusal.clone(), BetStatus::Refused);
    check(400, json!({ "errorMessage": "Condition is not active" }), BetStatus::Refused);
    check(400, json!({ "message": "something new" }), BetStatus::Pending);
    check(429, refusal.clone(), BetStatus::Pending);
    check(408, refusal.clone(), BetStatus::Pending);
    check(500, refusal.clone(), BetStatus::Pending);
    check(502, json!("<html>"), BetStatus::Pending);
    check(200, json!({ "id": "0xsomebody_1", "state": "Rejected" }), BetStatus::Pending);
    check(200, json!({ "id": venue_id(), "state": "Nonsense" }), BetStatus::Pending);
    let mut world = World::placed();
    let id = world.take(POST).id;
    world.step(|client, now, out| client.on_reply(id, Reply::NotSent("refused"), now, out));
    assert_eq!(world.status(), BetStatus::Refused);
}

#[test]
fn a_lost_answer_is_asked_by_id_and_the_same_bytes_go_once_more() {
    let mut world = World::placed();
    let first = world.take(POST);
    world.pass(500);
    world.answer(GET, 404, &json!({}));
    assert!(world.requests.iter().all(|r| r.target != POST), "not while the first may still be answered");
    world.step(|client, now, out| client.on_reply(first.id, Reply::Unknown("timeout"), now, out));
    assert_eq!(world.status(), BetStatus::Pending);
    world.pass(500);
    world.answer(GET, 404, &json!({}));
    let second = world.take(POST);
    assert_eq!(second.raw, first.raw);
    // The second POST of the same nonce may be refused because the first one arrived.
    world.reply(second.id, 200, &json!({ "id": venue_id(), "state": "Rejected", "error": "Other" }).to_string());
    assert_eq!(world.status(), BetStatus::Pending);
    world.pass(500);
    world.answer(GET, 404, &json!({}));
    assert!(world.requests.iter().all(|r| r.target != POST), "never a third time");
    world.pass(500);
    world.answer(GET, 200, &with_bet("Accepted"));
    assert_eq!(world.status(), BetStatus::Accepted);
}

#[test]
fn no_second_bet_of_a_leg_is_signed_while_the_first_can_still_be_taken() {
    let mut world = World::placed();
    world.no_answer(POST);
    let mut second = world.spec();
    second.id = order(2);
    let error = world.step(|client, now, _| client.prepare(second.clone(), now)).expect_err("held");
    assert!(error.to_string().contains("can still be accepted"), "{error}");
    world.pass(500);
    world.answer(GET, 200, &json!({ "id": venue_id(), "state": "Rejected", "error": "TransactionFailed" }));
    assert_eq!(world.status(), BetStatus::Refused);
    assert!(world.step(|client, now, _| client.prepare(second, now)).is_ok());
}

/// Runs a placed bet whose POST was lost past its fence; the API stays silent.
fn past_the_fence() -> World {
    let mut world = World::placed();
    world.no_answer(POST);
    for _ in 0..80 {
        world.pass(500);
        while world.requests.iter().any(|r| r.target.starts_with(GET)) {
            world.no_answer(GET);
        }
    }
    world.chain.retain(|r| r.raw.contains("eth_getBlockByNumber"));
    assert_eq!((world.status(), world.chain.len()), (BetStatus::Pending, 1));
    world
}

#[test]
fn only_the_chains_own_time_past_the_expiry_proves_a_bet_dead() {
    let mut world = past_the_fence();
    // Our clock is far past it; the node is not.
    head(&mut world, START_S + 20 + 12);
    let question = world.chain_says("eth_call", &flag(0));
    assert_eq!(question["params"][1], "0x100000", "nonce and time of one block");
    assert_eq!(world.status(), BetStatus::Pending);
    // Past the fence it is asked no faster than the chain has blocks.
    world.pass(1_500);
    assert!(world.chain.is_empty());
    world.pass(500);
    world.no_answer(GET);
    head(&mut world, START_S + 20 + 13);
    world.chain_says("eth_call", &flag(0));
    assert_eq!(world.status(), BetStatus::Refused);
}

#[test]
fn a_used_nonce_leads_to_the_event_that_is_the_fill() {
    let mut world = past_the_fence();
    head(&mut world, START_S + 60);
    world.chain_says("eth_call", &flag(1));
    assert_eq!(world.status(), BetStatus::Matched);
    let question = world.chain_says("eth_getLogs", &new_live_bet(START_S * 1_000));
    assert_eq!(question["params"][0]["topics"][2], format!("0x{:0>64}", &BETTOR[2..]));
    assert_eq!(world.status(), BetStatus::Accepted);
    let taken = world.taken().expect("a fill");
    assert_eq!((taken.on_chain, taken.bet, taken.odds_e12, taken.amount), (true, 222_041, 2_650_000_000_000, 10_000_000));
}

#[test]
fn events_of_other_nonces_are_not_the_fill() {
    let mut world = past_the_fence();
    head(&mut world, START_S + 60);
    world.chain_says("eth_call", &flag(1));
    world.chain_says("eth_getLogs", &new_live_bet(7));
    assert_eq!((world.status(), world.taken()), (BetStatus::Matched, None));
}

#[test]
fn a_node_that_says_nothing_useful_decides_nothing() {
    for answer in [json!("0x"), json!(null), json!("0x02"), json!(7)] {
        let mut world = past_the_fence();
        head(&mut world, START_S + 60);
        world.chain_says("eth_call", &answer);
        assert_eq!(world.status(), BetStatus::Pending, "{answer}");
        assert!(world.news.iter().any(|n| matches!(n, BetNews::QueryFailed { bet: Some(_), .. })));
    }
}

#[test]
fn an_accepted_bet_that_the_house_calls_off_on_chain_is_void() {
    let mut world = World::placed();
    world.answer(POST, 200, &said("Created"));
    world.pass(500);
    world.answer(GET, 200, &with_bet("Accepted"));
    world.chain.clear();
    world.step(|client, now, out| client.query(order(1), now, out));
    head(&mut world, START_S + 60);
    let topic = format!("0x{:064x}", 222_040);
    let log = json!([{
        "address": "0xF9548Be470A4e130c90ceA8b179FCD66D2972AC7",
        "topics": ["0x219d5cafae1a6a0d1db5ffa1fbcf30d76d3502435a609b908dc93fa65c927041", topic],
        "data": "0x",
    }]);
    world.chain_says("eth_getLogs", &log);
    assert_eq!(world.status(), BetStatus::Void);
    world.chain_says("eth_call", &json!(format!("0x{:064x}", 10_000_000)));
    let last = world.reports.last().expect("reports");
    assert_eq!((last.status, last.paid), (BetStatus::Void, Some(Stake::from_e6(10_000_000))));
}

#[test]
fn a_bet_of_an_earlier_life_is_asked_about_and_never_posted_again() {
    let mut world = World::ready();
    let spec = world.spec();
    let prepared = world.prepare(spec);
    let mut next = World::ready();
    let known = KnownBet { spec: prepared.spec, key: prepared.key, facts: Vec::new() };
    assert_eq!(next.step(|client, now, out| client.adopt(known.clone(), now, out)), Ok(()));
    next.answer(GET, 404, &json!({}));
    next.pass(500);
    next.answer(GET, 404, &json!({}));
    assert!(next.requests.iter().all(|r| r.target != POST));
    let again = next.spec();
    assert!(next.step(|client, now, _| client.prepare(again, now)).is_err(), "its nonce is held");
    next.pass(500);
    next.answer(GET, 200, &with_bet("Accepted"));
    assert_eq!(next.status(), BetStatus::Accepted);
    let mut torn = known.clone();
    torn.facts = vec!["\"left\"".to_owned(), "{\"said\":".to_owned()];
    let unread = next.step(|client, now, out| client.adopt(torn, now, out)).expect_err("a fact that does not read");
    assert!(unread.contains("does not read"), "{unread}");
    let mut stranger = known;
    stranger.key.key = "0xacf0844bf2323291b71afeab5ee0b2a0ede6e903_5".to_owned();
    let refused = next.step(|client, now, out| client.adopt(stranger, now, out)).expect_err("another bettor's");
    assert!(refused.contains("is no order of the bettor 0x3ec9"), "{refused}");
}

#[test]
fn a_venue_that_asks_for_silence_gets_it() {
    let mut world = World::placed();
    world.answer(POST, 201, &said("Created"));
    world.pass(500);
    let id = world.take(GET).id;
    let busy = Reply::Answer { status: 429, retry_after_ms: Some(3_000), body: b"" };
    world.step(|client, now, out| client.on_reply(id, busy, now, out));
    world.pass(2_900);
    assert!(world.requests.iter().all(|r| !r.target.starts_with(GET)));
    world.pass(200);
    world.answer(GET, 200, &with_bet("Accepted"));
    assert_eq!(world.status(), BetStatus::Accepted);
}

#[test]
fn a_fee_that_grew_old_stops_bets_until_it_is_read_again() {
    let mut world = World::ready();
    for _ in 0..4 {
        world.pass(10_000);
        world.chain.clear();
        world.requests.clear();
    }
    assert!(!world.client.ready(world.now));
    world.pass(10_000);
    world.answer("/bet/gas-info", 200, &fixture("gas_info")["response_captured"]);
    assert!(!world.client.ready(world.now), "the node has not answered since");
    while !world.chain.is_empty() {
        world.chain_says("eth_call", &flag(1));
    }
    assert!(world.client.ready(world.now));
}

#[test]
fn a_prepared_bet_that_is_not_sent_gives_its_nonce_back() {
    let mut world = World::ready();
    let spec = world.spec();
    let prepared = world.prepare(spec.clone());
    assert!(world.step(|client, now, _| client.prepare(spec.clone(), now)).is_err());
    world.step(|client, _, _| client.discard(prepared));
    assert!(world.step(|client, now, _| client.prepare(spec, now)).is_ok());
}

#[test]
fn an_environment_without_dollars_takes_no_key() {
    let mut config = config();
    config.environment = &azuro_client::environment::BASE;
    let error = azuro_client::AzuroClient::new(config).expect_err("read only");
    assert!(error.to_string().contains("BaseWETH is read only"), "{error}");
    assert_eq!(OrderState::parse("Accepted"), Some(OrderState::Accepted));
    assert_eq!(fixture("orders")["get_not_found_http_status"], 404);
}

#[test]
fn neither_key_nor_signature_is_printed() {
    let mut world = World::placed();
    let signature = world.take(POST).body["bettorSignature"].as_str().expect("a signature").to_owned();
    let text = format!("{:?}", world.client);
    assert!(!text.contains(&signature[2..]) && !text.contains("3a51dbab6a3b"), "{text}");
}
