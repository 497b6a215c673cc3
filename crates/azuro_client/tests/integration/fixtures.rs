//! Every fixture through the decoders that run in production, with checked values.

use super::harness::fixture;
use azuro_client::amount::parse_units;
use azuro_client::chain::{self, ChainError, Head};
use azuro_client::contracts::{self, AnswerError, ChainEvent, Revert};
use azuro_client::environment::{BASE, POLYGON};
use azuro_client::history::{self, PastStatus};
use azuro_client::parse::{self, ConditionState, GameState, Selection};
use azuro_client::relay;
use azuro_client::sign::parse_condition;
use azuro_client::state::{OrderState, Settlement};
use azuro_client::transaction::is_hash;
use domain::{Line, Outcome, Wall};
use serde_json::Value;
use signing::eip712::U256;

fn body(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

#[test]
fn captured_games_are_read_with_their_odd_types() {
    let (games, pages) = parse::games(&body(&fixture("games_by_filters"))).expect("captured");
    assert_eq!((games.len(), pages), (6, 100));
    let first = &games[0];
    assert_eq!((first.id, first.state), (1_006_000_000_000_030_699_275, GameState::Stopped));
    assert_eq!((first.starts, first.sport, first.sport_slug.as_str()), (Wall::from_ms(1_787_841_780_000), 45, "tennis"));
    assert_eq!(first.participants, ["Lan Mi", "Isabella Barrera Aguirre"]);
    assert_eq!((first.league_slug.as_str(), first.country_slug.as_str()), ("wtt-women-barueri-hard", "brazil"));
    assert!(games[1..].iter().all(|game| game.state == GameState::Prematch));
    let (found, pages) = parse::games(&body(&fixture("games_search"))).expect("captured");
    assert_eq!((found.len(), pages), (2, 1));
    assert_eq!((found[0].title.as_str(), found[0].sport), ("Athletic Bilbao - Atletico Madrid", 33));
}

#[test]
fn captured_conditions_are_read_with_sides_and_lines() {
    let all = parse::conditions(&body(&fixture("conditions_by_game_ids"))).expect("captured");
    assert_eq!(all.len(), 15);
    let check = |title: &str, place: usize, expect: (Selection, Option<i32>, Option<u64>)| {
        let condition = all.iter().find(|c| c.title == title && c.state == ConditionState::Active).expect("active");
        let line = condition.outcomes[place];
        let odds = line.odds.and_then(domain::Odds::decimal_e12_down).map(|e12| e12 / 10_000_000_000);
        assert_eq!((line.selection.expect("a side"), line.line.map(|l| l.0), odds), expect, "{title}");
    };
    check("Total Games", 0, (Selection::Over, Some(1_950), Some(173)));
    check("Total Games", 1, (Selection::Under, Some(1_950), Some(207)));
    check("Handicap Games", 0, (Selection::Handicap1, Some(450), Some(168)));
    check("Handicap Games", 1, (Selection::Handicap2, Some(-450), Some(212)));
    check("Handicap Sets", 0, (Selection::Handicap2, Some(-150), Some(208)));
    check("Match Winner", 0, (Selection::Winner1, None, Some(262)));
    check("Total Games Odd/Even", 0, (Selection::Odd, None, Some(181)));
    check("Beatrise Zeltina - Total Games", 1, (Selection::TeamUnder, Some(950), Some(202)));
    assert_eq!(Line(1_950).to_string(), "19.5");
    // One captured outcome stands at "1": not bettable.
    let at_one = all.iter().flat_map(|c| &c.outcomes).filter(|line| line.odds.is_none()).count();
    assert_eq!(at_one, 1);
    assert!(all.iter().all(|c| c.prematch && c.live && c.game.is_some() && c.market.is_some()));
}

#[test]
fn a_captured_batch_has_state_and_odds_only() {
    let all = parse::conditions(&body(&fixture("condition_batch"))).expect("captured");
    assert_eq!(all.len(), 3);
    for condition in all {
        assert_eq!((condition.state, condition.game, condition.market), (ConditionState::Stopped, None, None));
        assert!(condition.outcomes.iter().all(|line| line.hidden && line.odds.is_some() && line.line.is_some()));
    }
}

#[test]
fn every_documented_outcome_has_a_side_and_a_line_that_reads() {
    let file = fixture("outcomes_core");
    let mut count = 0;
    for market in file["markets"].as_object().expect("markets").values() {
        for outcome in market["outcomes"].as_object().expect("outcomes").values() {
            if let Some(point) = outcome[1].as_str() {
                assert!(Line::parse(point).is_some(), "{point}");
            }
            count += 1;
        }
    }
    assert!(count > 1_000, "{count}");
}

#[test]
fn limits_and_fees_are_exact_in_raw_units() {
    let file = fixture("bet_calculation");
    let read = |name: &str, environment| parse::limits(&body(&file[name]), environment).map(|l| (l.min, l.max));
    assert_eq!(read("response_captured", &POLYGON), Ok((1_000_000, 825_000_000)));
    assert_eq!(read("response_documented_extended", &POLYGON), Ok((0, 100_000_000)));
    assert_eq!(read("response_captured", &BASE), Ok((10u128.pow(18), 825 * 10u128.pow(18))));
    let error = br#"{"response":{"error":"CONDITION_NOT_FOUND"}}"#;
    assert!(parse::limits(error, &POLYGON).expect_err("an error").to_string().contains("CONDITION_NOT_FOUND"));
    let gas = fixture("gas_info");
    assert_eq!(parse::relayer_fee(&body(&gas["response_captured"]), &POLYGON), Ok(0));
    assert_eq!(parse::relayer_fee(&body(&gas["response_documented_array"]), &POLYGON), Ok(0));
    let other = parse::relayer_fee(&body(&gas["response_captured"]), &BASE).expect_err("other decimals");
    assert!(other.to_string().contains("BaseWETH has 18"), "{other}");
}

#[test]
fn orders_are_read_in_every_state() {
    let file = fixture("orders");
    let states = file["get_states"].as_array().expect("states");
    let read: Vec<_> = states.iter().map(|row| parse::order(&body(row), &POLYGON).expect("composed")).collect();
    use OrderState::*;
    let expect = [Created, Placed, Sent, Accepted, Rejected, PendingCancel, CancelFailed, Canceled, Settled, Settled];
    assert_eq!(read.iter().map(|word| word.state).collect::<Vec<_>>(), expect);
    let taken = read[3].taken.expect("a bet");
    assert_eq!((taken.bet, taken.odds_e12, taken.amount), (222_040, 1_850_000_000_000, 10_000_000));
    assert_eq!(read[4].error.as_deref(), Some("TransactionFailed: ConditionNotRunning"));
    assert_eq!((read[2].transaction, read[2].taken), (true, None));
    let results: Vec<_> = read.iter().filter_map(|word| word.result).collect();
    assert_eq!(results, [Settlement::Canceled, Settlement::Won, Settlement::Lost]);
    let created = parse::order(&body(&file["post_answer_created"]), &POLYGON).expect("created");
    assert_eq!((created.state, created.taken), (Created, None));
    let rejected = parse::order(&body(&file["post_answer_rejected"]), &POLYGON).expect("rejected");
    assert_eq!(rejected.error.as_deref(), Some("TooHighMinPrice: Real odds less than min odds"));
    assert_eq!(parse::orders(&body(&file["list_by_bettor"]), &POLYGON).expect("a list").len(), 1);
    let strange = br#"{"id":"x","state":"Half"}"#;
    assert!(parse::order(strange, &POLYGON).expect_err("not known").to_string().contains("Half"));
}

#[test]
fn recorded_exchanges_with_a_node_are_read() {
    let file = fixture("evm_json_rpc");
    let exchange = |id: u64| body(&file["exchanges"][id as usize - 1]["response"]);
    assert_eq!(chain::read_quantity(1, &exchange(1)), Ok(U256::from(42_161)));
    assert_eq!(chain::read_head(6, &exchange(6)), Ok(Head { number: 3, time_s: 0x6b01_6d66 }));
    assert_eq!(chain::read_quantity(7, &exchange(7)), Ok(U256::from(0x63f2_9185)));
    assert_eq!(chain::read_units(11, &exchange(11)), Ok(14_990_000));
    assert_eq!(chain::read_units(12, &exchange(12)), Ok(6));
    let round = contracts::round(&chain::read_call(13, &exchange(13)).expect("words")).expect("a round");
    assert_eq!((round.id, round.answer, round.started_at), (1, U256::ZERO, 0x6b01_6d66));
    assert!(matches!(chain::read_units(14, &exchange(14)), Err(ChainError::Node { code: 3, .. })));
    assert_eq!(chain::read_units(15, &exchange(15)), Err(ChainError::Answer(AnswerError::NoCode)));
    let token = file["token"].as_str().and_then(|t| t.parse().ok()).expect("an address");
    let events = chain::read_events(16, token, &exchange(16)).expect("logs");
    let [ChainEvent::Transfer { value, .. }] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(*value, U256::from(15_000_000 - 10_000));
    assert!(matches!(chain::read_quantity(18, &exchange(18)), Err(ChainError::Node { code: -32601, .. })));
    assert!(matches!(chain::read_quantity(2, &exchange(1)), Err(ChainError::Unreadable(_))), "an answer to another question");
}

#[test]
fn a_claimed_payout_is_a_revert_with_a_name() {
    let file = fixture("onchain_observed");
    let data = file["view_payout_after_claim"]["data"].as_str().expect("data");
    let answer = format!(r#"{{"jsonrpc":"2.0","id":5,"error":{{"code":3,"message":"execution reverted","data":"{data}"}}}}"#);
    assert_eq!(chain::read_call(5, answer.as_bytes()), Err(ChainError::Reverted(Revert::AlreadyPaid)));
}

/// What each file is, as the folder's SOURCES.md says it, and the test here (or beside the code) that holds its values.
const KINDS: [(&str, &str); 14] = [
    ("arbitrum_feed_relay", "documented"),
    ("bet_calculation", "captured"),
    ("condition_batch", "captured"),
    ("conditions_by_game_ids", "captured"),
    ("errors", "observed and documented"),
    ("evm_json_rpc", "node"),
    ("games_by_filters", "captured"),
    ("games_search", "captured"),
    ("gas_info", "captured"),
    ("onchain_observed", "captured"),
    ("orders", "composed"),
    ("outcomes_core", "vendor data"),
    ("subgraph_v3_bets", "composed"),
    ("ws_feed", "documented and composed"),
];

#[test]
fn every_fixture_is_labelled_by_its_kind() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/azuro");
    let name = |entry: std::io::Result<std::fs::DirEntry>| entry.expect("readable").file_name().into_string().expect("a name");
    let mut files: Vec<String> = std::fs::read_dir(folder).expect("a folder").map(name).collect();
    files.sort();
    assert_eq!(files, KINDS.map(|(name, _)| format!("{name}.json")));
    let sources = std::fs::read_to_string(format!("{folder}/../SOURCES.md")).expect("SOURCES.md");
    for (name, kind) in KINDS {
        let row = sources.lines().find(|line| line.starts_with(&format!("| azuro/{name}.json |"))).expect(name);
        assert!(row.contains(kind), "{row}");
    }
}

#[test]
fn composed_history_is_read_and_the_question_asks_what_the_vendor_asks() {
    let file = fixture("subgraph_v3_bets");
    let bets = history::read(&body(&file["response"]), &POLYGON).expect("composed");
    let [bet] = bets.as_slice() else { panic!("{bets:?}") };
    assert_eq!((bet.bet, bet.nonce, bet.amount, bet.odds_e12), (222_040, 1_795_254_860_123, 10_000_000, 1_850_000_000_000));
    assert_eq!((bet.status, bet.result, bet.redeemable, bet.redeemed), (PastStatus::Accepted, None, false, false));
    let condition = parse_condition("300610060000000000649714110000000000000227249395").expect("an id");
    assert_eq!(bet.parts, [(condition, Outcome(29))]);
    let error = history::read(&body(&file["response_error"]), &POLYGON).expect_err("an error with status 200");
    assert!(error.to_string().contains("indexing_error"), "{error}");
    let bettor = super::harness::BETTOR.parse().expect("an address");
    let question: Value = serde_json::from_str(&history::request(bettor, 100, 0)).expect("JSON");
    assert_eq!(question["variables"], file["request"]["variables"]);
    let fields = |text: &str| -> Vec<String> { text.split_whitespace().map(str::to_owned).collect() };
    let theirs = fields(file["request"]["query"].as_str().expect("a query"));
    for field in fields(question["query"].as_str().expect("a query")) {
        assert!(theirs.contains(&field), "{field} is no field of the vendor's own query");
    }
}

#[test]
fn a_documented_broadcast_of_a_sequencer_is_read() {
    let blocks = relay::read(&body(&fixture("arbitrum_feed_relay"))).expect("documented");
    let expect = relay::Broadcast { sequence: 25_757_171, l1_block: 16_238_523, time_s: 1_671_691_403 };
    assert_eq!(blocks, [expect]);
    assert_eq!(relay::read(br#"{"version":1,"confirmedSequenceNumberMessage":{"sequenceNumber":7}}"#), Ok(vec![]));
    assert!(relay::read(br#"{"version":2,"messages":[]}"#).expect_err("another version").to_string().contains("version is 2"));
}

#[test]
fn payouts_observed_on_polygon_are_of_its_contracts_and_read_exactly() {
    let file = fixture("onchain_observed");
    let address = |name: &str| file[name].as_str().expect("an address").to_owned();
    assert_eq!(file["chain_id"], POLYGON.chain_id);
    assert_eq!(
        (address("lp"), address("core"), address("azuroBet")),
        (POLYGON.lp.to_string(), POLYGON.core.to_string(), POLYGON.bet_nft.to_string())
    );
    let events = file["bettor_win_events"].as_array().expect("events");
    let paid = |event: &Value| {
        let amount = parse_units(event["amount_usdt"].as_str().expect("an amount"), POLYGON.decimals).expect("exact");
        (event["tokenId"].as_u64().expect("a number"), amount)
    };
    let expect = [(221_324, 2_000_000), (221_331, 2_000_000), (221_104, 4_950_000), (221_432, 12_330_000), (221_668, 3_270_000)];
    assert_eq!(events.iter().map(paid).collect::<Vec<_>>(), expect);
    // Two of one transaction: many bets are claimed by one call.
    assert_eq!(events[0]["tx"], events[1]["tx"]);
    assert!(events.iter().all(|event| is_hash(event["tx"].as_str().expect("a hash"))));
}

#[test]
fn feed_messages_of_both_shapes_are_read_as_the_client_reads_them() {
    let file = fixture("ws_feed");
    let check = |name: &str, expect: (&str, ConditionState, &[(u64, u64)])| {
        let (id, state, odds) = expect;
        let list = serde_json::json!({ "conditions": [file[name]["data"]] });
        let condition = parse::conditions(&body(&list)).expect(name).remove(0);
        assert_eq!((Some(condition.id), condition.state), (parse_condition(id), state), "{name}");
        let e2 = |line: &parse::OutcomeLine| line.odds.and_then(domain::Odds::decimal_e12_down).expect("odds") / 10_000_000_000;
        assert_eq!(condition.outcomes.iter().map(|line| (line.id.0, e2(line))).collect::<Vec<_>>(), odds, "{name}");
    };
    let winner = "300610060000000000307011400000000000009053514094";
    check("condition_updated_current", (winner, ConditionState::Active, &[(7_047, 258), (7_048, 147)]));
    check("condition_updated_stopped", (winner, ConditionState::Stopped, &[(7_047, 258), (7_048, 147)]));
    let old = "300610060000000000643869810000000000000075712122";
    check("condition_updated_documented_2025", (old, ConditionState::Active, &[(1, 250), (2, 180)]));
}
