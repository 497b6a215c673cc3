//! The token, the native coin and the chain itself, as the client reads them.

use super::abi::ITable;
use super::contracts::compiled;
use super::world::{MEANS, MIN_BET, World, text};
use alloy_sol_types::SolCall;
use alloy_sol_types::private::I256;
use azuro_client::chain::{self, ChainError};
use azuro_client::contracts::{self, AnswerError, Call, ChainEvent, CoreSettings};
use azuro_client::environment::POLYGON;
use serde_json::json;
use signing::eip712::{Address, U256};

#[test]
fn an_approval_in_the_clients_bytes_is_what_the_relayer_may_take() {
    let world = World::new();
    let bettor = world.bettor.address();
    assert_eq!((world.balance(bettor), world.allowance()), (MEANS, 0));
    assert_eq!(world.units(POLYGON.bet_token, &Call::Decimals).unwrap(), u128::from(POLYGON.decimals));
    let check = |amount: U256, expect: u128| {
        let call = Call::Approve { spender: POLYGON.relayer, amount };
        world.send(bettor, POLYGON.bet_token, &call.calldata()).unwrap();
        assert_eq!(world.allowance(), expect);
    };
    check(U256::from(10_010_000), 10_010_000);
    // Beyond 128 bits it is as much as anyone can ask for.
    check(U256::MAX, u128::MAX);
    check(U256::ZERO, 0);
}

#[test]
fn the_chain_and_its_head_are_read_and_time_is_the_chains_own() {
    let world = World::new();
    let id = world.ask(chain::chain_id_request(1), chain::read_quantity).unwrap();
    assert_eq!(id, U256::from(POLYGON.chain_id));
    let before = world.head();
    world.node.pass(3_600);
    let after = world.head();
    assert_eq!(after.number, before.number + 1);
    assert!(after.time_s >= before.time_s + 3_600, "{before:?} {after:?}");
    let native = world.ask(chain::native_balance_request(2, world.bettor.address()), chain::read_quantity).unwrap();
    assert_eq!(native, U256::from(100_000_000_000_000_000_000_u128));
    assert!(world.ask(chain::gas_price_request(3), chain::read_quantity).unwrap() > U256::ZERO);
}

#[test]
fn an_address_without_code_is_a_failure_and_no_empty_wallet() {
    let world = World::new();
    let nowhere = Address::repeat_byte(0x55);
    let bettor = world.bettor.address();
    for call in [Call::BalanceOf(bettor), Call::Allowance { owner: bettor, spender: nowhere }] {
        assert_eq!(world.units(nowhere, &call), Err(ChainError::Answer(AnswerError::NoCode)));
    }
    let call = Call::NonceUsed { bettor, nonce: U256::from(1) };
    let used = world.ask(chain::call_request(4, nowhere, &call, None), chain::read_flag);
    assert_eq!(used, Err(ChainError::Answer(AnswerError::NoCode)));
}

#[test]
fn a_node_that_does_not_know_a_block_or_a_method_says_nothing_useful() {
    let world = World::new();
    let call = Call::BalanceOf(world.bettor.address());
    let far = world.head().number + 1_000;
    let unknown_block = world.ask(chain::call_request(5, POLYGON.bet_token, &call, Some(far)), chain::read_units);
    assert!(matches!(unknown_block, Err(ChainError::Node { .. })), "{unknown_block:?}");
    let body = json!({ "jsonrpc": "2.0", "id": 6, "method": "eth_noSuchThing", "params": [] }).to_string();
    let unknown_method = world.ask(body, chain::read_quantity);
    assert!(matches!(unknown_method, Err(ChainError::Node { code: -32601, .. })), "{unknown_method:?}");
    // An answer to somebody else's question is none.
    let answer = world.node.post(&chain::chain_id_request(7));
    assert!(matches!(chain::read_quantity(8, &answer), Err(ChainError::Unreadable(_))));
}

#[test]
fn the_past_is_read_at_its_own_block() {
    let world = World::new();
    let bettor = world.bettor.address();
    let before = world.head().number;
    let to = Address::repeat_byte(0x11);
    world.send(world.relayer, POLYGON.bet_token, &ITable::mintCall { to: bettor, value: U256::from(5) }.abi_encode()).unwrap();
    world.send(world.relayer, POLYGON.bet_token, &ITable::mintCall { to, value: U256::from(7) }.abi_encode()).unwrap();
    let at = |block: Option<u64>| {
        let body = chain::call_request(9, POLYGON.bet_token, &Call::BalanceOf(bettor), block);
        world.ask(body, chain::read_units).unwrap()
    };
    assert_eq!((at(Some(before)), at(Some(before + 1)), at(None)), (MEANS, MEANS + 5, MEANS + 5));
    let filter = json!([{ "address": text(POLYGON.bet_token), "fromBlock": format!("{:#x}", before + 2), "toBlock": "latest" }]);
    let body = json!({ "jsonrpc": "2.0", "id": 10, "method": "eth_getLogs", "params": filter }).to_string();
    let events = world.ask(body, |id, answer| chain::read_events(id, POLYGON.bet_token, answer)).unwrap();
    assert_eq!(events, [ChainEvent::Transfer { from: Address::ZERO, to, value: U256::from(7) }]);
}

#[test]
fn the_pools_word_on_its_core_is_read() {
    let world = World::new();
    let body = chain::call_request(16, POLYGON.lp, &Call::CoreSettings(POLYGON.core), None);
    let bytes = world.ask(body, chain::read_call).unwrap();
    let expect = CoreSettings {
        state: 1,
        reinforcement: 1_000_000_000_000,
        reinforcement_combo: 1_000_000_000_000,
        min_bet: MIN_BET,
        locked: 0,
        locked_combo: 0,
    };
    assert_eq!(contracts::core_settings(&bytes), Ok(expect));
}

#[test]
fn a_sequencers_feed_is_trusted_only_when_it_is_up_and_past_its_grace() {
    let world = World::new();
    let feed = Address::repeat_byte(0xfd);
    world.node.ask("anvil_setCode", json!([text(feed), compiled()["UptimeFeed"]["runtime"]]));
    let now = world.head().time_s;
    let check = |answer: i64, started_at: u64, expect: bool| {
        let call = ITable::setCall { answer: I256::try_from(answer).unwrap(), startedAt: U256::from(started_at) };
        world.send(world.relayer, feed, &call.abi_encode()).unwrap();
        let bytes = world.ask(chain::call_request(17, feed, &Call::SequencerRound, None), chain::read_call).unwrap();
        let round = contracts::round(&bytes).unwrap();
        assert_eq!((round.started_at, round.healthy(now, 3_600)), (started_at, expect), "{round:?}");
    };
    check(0, now - 3_600, true);
    check(0, now - 3_599, false);
    check(1, now - 7_200, false);
    check(0, 0, false);
}
