//! Every fixture through the decoders that run in production, with checked values.

use super::harness::fixture;
use azuro_client::chain::{self, ChainError, Head};
use azuro_client::contracts::{self, AnswerError, ChainEvent, Revert};
use azuro_client::environment::{BASE, POLYGON};
use azuro_client::parse::{self, ConditionState, GameState, Selection};
use azuro_client::state::{OrderState, Settlement};
use domain::{Line, Wall};
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
