//! Bets that the client signed, on chain: taken, called off, won, lost, void, claimed.

use super::abi::{ClientBetData, ITable};
use super::world::{DOLLAR, GAME, LAST_TOKEN, MEANS, POOL, World, client_bet_data, condition};
use alloy_sol_types::SolCall;
use azuro_client::chain::{self, ChainError};
use azuro_client::contracts::{self, BetPart, Call, ChainEvent, Revert};
use azuro_client::environment::POLYGON;
use domain::{MarketId, Outcome};
use signing::eip712::{Address, U256};

/// The first token that is minted.
const FIRST: u128 = LAST_TOKEN as u128 + 1;
const REVERTED: fn(Revert) -> Result<u128, ChainError> = |revert| Err(ChainError::Reverted(revert));

fn withdraw(bet: u128) -> Vec<u8> {
    Call::WithdrawPayout { core: POLYGON.core, bet: U256::from(bet) }.calldata()
}

fn owner(world: &World, bet: u128) -> Result<Address, ChainError> {
    let body = chain::call_request(21, POLYGON.bet_nft, &Call::OwnerOf(U256::from(bet)), None);
    world.ask(body, chain::read_call).map(|bytes| contracts::address(&bytes).unwrap())
}

#[test]
fn what_the_client_signs_is_what_the_contract_hashes() {
    let world = World::new();
    let check = |change: fn(&mut azuro_client::sign::BetTerms)| {
        let mut terms = world.terms(condition(1), 1_795_254_860_123);
        change(&mut terms);
        let (signed, _) = world.order(&terms, &world.offer());
        let data: ClientBetData = client_bet_data(&terms, POLYGON.chain_id);
        let hash = world.would(POLYGON.core, &ITable::digestCall { data }.abi_encode()).unwrap();
        assert_eq!(hash, signed.digest, "{terms:?}");
    };
    check(|_| {});
    check(|terms| terms.attention = "I agree, \u{e9}\u{2713}".to_owned());
    check(|terms| terms.affiliate = Address::ZERO);
    check(|terms| terms.condition = MarketId([0xff; 32]));
    check(|terms| terms.outcome = Outcome(u64::MAX));
    check(|terms| terms.min_odds = u64::MAX);
    check(|terms| terms.amount = u128::MAX);
    check(|terms| terms.nonce = u64::MAX);
    check(|terms| terms.relayer_fee = u128::MAX);
    check(|terms| {
        terms.sponsored.fee = true;
        terms.sponsored.returnable = true;
    });
    check(|terms| terms.sponsored.bet = true);
}

#[test]
fn a_bet_that_the_client_signed_is_taken_and_its_event_is_the_fill() {
    let world = World::approved();
    let bettor = world.bettor.address();
    let (market, nonce) = (condition(1), 1_795_254_860_123);
    assert!(!world.nonce_used(nonce) && world.bets().is_empty());
    let terms = world.terms(market, nonce);
    world.place_bet(&terms);
    assert!(world.nonce_used(nonce) && !world.nonce_used(nonce + 1));
    // Filled at the oracle's odds, which are better than the least that was signed.
    let part =
        BetPart { game: U256::from(GAME), condition: market, kind: 0, outcome: Outcome(7047), odds_e12: 1_850_000_000_000 };
    let expect = ChainEvent::NewLiveBet {
        bet: U256::from(FIRST),
        bettor,
        affiliate: bettor,
        kind: 0,
        nonce: U256::from(nonce),
        amount: 10 * DOLLAR,
        parts: vec![part],
        potential_loss_limit: 50_000 * DOLLAR,
    };
    assert_eq!(world.bets(), [expect]);
    assert_eq!(owner(&world, FIRST), Ok(bettor));
    // Stake to the pool, fee to the relayer, both off the approval.
    let cost = 10 * DOLLAR + 10_000;
    assert_eq!((world.balance(bettor), world.allowance()), (MEANS - cost, MEANS - cost));
    assert_eq!((world.balance(POLYGON.lp), world.balance(world.relayer)), (POOL + 10 * DOLLAR, 10_000));
    assert_eq!(world.payout(FIRST), REVERTED(Revert::ConditionNotFinished));
    assert_eq!(world.payout(FIRST + 1), REVERTED(Revert::BetNotExists));
}

#[test]
fn nonces_are_a_set_and_may_be_used_in_any_order() {
    let world = World::approved();
    for (nonce, number) in [(9, 1), (3, 2), (5, 3)] {
        world.place_bet(&world.terms(condition(number), nonce));
    }
    let used: Vec<u64> = (1..=10).filter(|nonce| world.nonce_used(*nonce)).collect();
    assert_eq!(used, [3, 5, 9]);
}

#[test]
fn a_bet_that_the_house_calls_off_gives_its_stake_back_once() {
    let world = World::approved();
    let bettor = world.bettor.address();
    let terms = world.terms(condition(1), 1);
    world.place_bet(&terms);
    let off = || {
        let body = chain::called_off_request(22, POLYGON.core, FIRST, 0, None);
        world.ask(body, |id, answer| chain::read_events(id, POLYGON.core, answer)).unwrap()
    };
    assert_eq!(off(), []);
    world.reject(condition(1), FIRST);
    assert_eq!(off(), [ChainEvent::BetRejected { bet: U256::from(FIRST) }]);
    assert_eq!(world.payout(FIRST), Ok(10 * DOLLAR));
    world.send(bettor, POLYGON.lp, &withdraw(FIRST)).unwrap();
    assert_eq!(world.balance(bettor), MEANS - 10_000);
    assert_eq!(world.payout(FIRST), REVERTED(Revert::AlreadyPaid));
    // What was called off stays called off, however the game ends, and its nonce stays used.
    assert!(world.nonce_used(1));
}

#[test]
fn what_a_bet_pays_follows_from_the_conditions_end() {
    let world = World::approved();
    let later = world.head().time_s + 600;
    for number in 1..=5 {
        world.place_bet(&world.terms(condition(number), u64::from(number)));
    }
    world.node.pass(700);
    world.resolve(condition(1), 7047, later); // won
    world.resolve(condition(2), 7048, later); // lost
    world.cancel(condition(3));
    world.resolve(condition(4), 7047, 1); // taken after the outcome was known: void
    let check = |number: u128, expect: Result<u128, ChainError>| {
        assert_eq!(world.payout(LAST_TOKEN as u128 + number), expect, "{number}");
    };
    check(1, Ok(18_500_000));
    check(2, Ok(0));
    check(3, Ok(10 * DOLLAR));
    check(4, Ok(10 * DOLLAR));
    check(5, REVERTED(Revert::ConditionNotFinished));
    let id = |number| U256::from_be_bytes(condition(number).0);
    let flag = |call: Vec<u8>| contracts::flag(&world.would(POLYGON.core, &call).unwrap()).unwrap();
    assert!(flag(ITable::isConditionCanceledCall { id: id(3) }.abi_encode()));
    assert!(!flag(ITable::isConditionCanceledCall { id: id(1) }.abi_encode()));
    assert!(flag(ITable::isOutcomeWinningCall { id: id(1), outcome: 7047 }.abi_encode()));
    assert!(!flag(ITable::isOutcomeWinningCall { id: id(2), outcome: 7047 }.abi_encode()));
}

#[test]
fn a_won_bet_is_claimed_once_and_its_owner_is_paid_whoever_claims() {
    let world = World::approved();
    let (bettor, heir) = (world.bettor.address(), Address::repeat_byte(0x4e));
    world.place_bet(&world.terms(condition(1), 1));
    let later = world.head().time_s + 600;
    world.node.pass(700);
    world.resolve(condition(1), 7047, later);
    let transfer = ITable::transferFromCall { from: bettor, to: heir, tokenId: U256::from(FIRST) };
    world.send(bettor, POLYGON.bet_nft, &transfer.abi_encode()).unwrap();
    let receipt = world.send(world.relayer, POLYGON.lp, &withdraw(FIRST)).unwrap();
    let before = MEANS - 10 * DOLLAR - 10_000;
    assert_eq!((world.balance(heir), world.balance(bettor)), (18_500_000, before));
    let logs = serde_json::json!({ "jsonrpc": "2.0", "id": 23, "result": receipt["logs"] }).to_string();
    let events = chain::read_events(23, POLYGON.lp, logs.as_bytes()).unwrap();
    let won = ChainEvent::BettorWin { core: POLYGON.core, bettor: heir, bet: U256::from(FIRST), amount: U256::from(18_500_000) };
    assert_eq!(events, [won]);
    let again = world.would(POLYGON.lp, &withdraw(FIRST));
    assert_eq!(again, Err(ChainError::Reverted(Revert::AlreadyPaid)));
}

#[test]
fn many_bets_are_claimed_in_one_transaction_or_not_at_all() {
    let world = World::approved();
    let bettor = world.bettor.address();
    for number in 1..=4 {
        world.place_bet(&world.terms(condition(number), u64::from(number)));
    }
    let later = world.head().time_s + 600;
    world.node.pass(700);
    for (number, winner) in [(1, 7047), (2, 7048), (3, 7047)] {
        world.resolve(condition(number), winner, later);
    }
    let many = |bets: &[u128]| {
        let bets = bets.iter().map(|bet| U256::from(*bet)).collect();
        Call::WithdrawPayouts { core: POLYGON.core, bets }.calldata()
    };
    let before = world.balance(bettor);
    // One of them is still open: the whole transaction reverts.
    let refused = world.would(POLYGON.lp, &many(&[FIRST, FIRST + 3]));
    assert_eq!(refused, Err(ChainError::Reverted(Revert::ConditionNotFinished)));
    world.send(bettor, POLYGON.lp, &many(&[FIRST, FIRST + 1, FIRST + 2])).unwrap();
    assert_eq!(world.balance(bettor), before + 2 * 18_500_000);
    for bet in FIRST..FIRST + 3 {
        assert_eq!(world.payout(bet), REVERTED(Revert::AlreadyPaid));
    }
}

#[test]
fn a_reorganisation_takes_a_bet_back_and_with_it_the_use_of_its_nonce() {
    let world = World::approved();
    let before = world.node.ask("evm_snapshot", serde_json::json!([]));
    let terms = world.terms(condition(1), 1);
    let (_, data) = world.order(&terms, &world.offer());
    world.send(world.relayer, POLYGON.relayer, &data).unwrap();
    assert!(world.nonce_used(1));
    assert_eq!(world.node.ask("evm_revert", serde_json::json!([before])), true);
    assert!(!world.nonce_used(1) && world.bets().is_empty());
    // The same bytes are good for as long as they have not expired: an unused nonce proves nothing before that.
    world.send(world.relayer, POLYGON.relayer, &data).unwrap();
    assert!(world.nonce_used(1));
}
