//! The bettor's own transactions on a real node: priced, signed, sent as raw bytes, and followed to their end.

use super::world::{DOLLAR, LAST_TOKEN, MEANS, World, condition, text};
use azuro_client::chain;
use azuro_client::contracts::Call;
use azuro_client::environment::POLYGON;
use azuro_client::transaction::{
    Account, Broadcast, Claim, Offer, Outcome, PriceError, Pricing, Sent, Signed, Step, claim_call, claim_request, read_claim,
};
use serde_json::json;
use signing::eip712::{Address, U256};

const FIRST: u128 = LAST_TOKEN as u128 + 1;
/// The cap of these tests, wei: 1,000 gwei.
const CAP: u128 = 1_000_000_000_000;

fn account(world: &World) -> Account {
    Account { chain_id: POLYGON.chain_id, address: world.bettor.address(), gas_price_max: CAP }
}

/// Asks its way to an offer, every answer from the node.
fn price(world: &World, account: Account, to: Address, call: &Call) -> Result<Offer, PriceError> {
    let mut pricing = Pricing::new(account, to, call.calldata());
    loop {
        let question = pricing.question();
        if let Some(offer) = pricing.answer(Ok(&world.node.post(&question.body)))? {
            return Ok(offer);
        }
    }
}

fn signed(world: &World, offer: &Offer) -> Sent {
    let signed: Signed = offer.transaction.sign(&world.bettor);
    Sent::new(world.bettor.address(), &offer.transaction, &signed, "a test".to_owned())
}

/// Follows a transaction until it is over, at most so many steps. Waits are not waited: the node is this test's own.
fn follow(world: &World, broadcast: &mut Broadcast, steps: usize) -> Option<Outcome> {
    for _ in 0..steps {
        match broadcast.step() {
            Step::Over(outcome) => return Some(outcome),
            Step::Ask { body, .. } => broadcast.answer(Ok(&world.node.post(&body))),
        };
    }
    None
}

/// Priced, signed, sent and mined.
pub(crate) fn perform(world: &World, to: Address, call: &Call) -> Outcome {
    let offer = price(world, account(world), to, call).unwrap();
    let mut broadcast = Broadcast::new(signed(world, &offer));
    follow(world, &mut broadcast, 10_000).expect("mined")
}

fn approve(amount: u128) -> Call {
    Call::Approve { spender: POLYGON.relayer, amount: U256::from(amount) }
}

fn native(world: &World) -> u128 {
    let body = chain::native_balance_request(41, world.bettor.address());
    u128::try_from(world.ask(body, chain::read_quantity).unwrap()).unwrap()
}

#[test]
fn an_approval_is_priced_signed_and_mined_and_costs_what_its_receipt_says() {
    let world = World::new();
    let before = native(&world);
    let offer = price(&world, account(&world), POLYGON.bet_token, &approve(25 * DOLLAR)).unwrap();
    assert_eq!((offer.transaction.nonce, offer.held), (0, before));
    let sent = signed(&world, &offer);
    let mut broadcast = Broadcast::new(sent.clone());
    let Some(Outcome::Done { gas, cost, .. }) = follow(&world, &mut broadcast, 10_000) else { panic!("{broadcast:?}") };
    assert!(gas <= offer.transaction.gas && cost <= offer.cost_max, "{gas} {cost} {offer:?}");
    assert_eq!(native(&world), before - cost);
    assert_eq!(world.allowance(), 25 * DOLLAR);
    // The node knows it by our hash, and as the bettor's.
    let known = world.node.ask("eth_getTransactionByHash", json!([sent.hash]));
    assert_eq!(known["from"].as_str().map(str::to_lowercase), Some(sent.from));
    assert_eq!(known["type"], "0x2");
}

#[test]
fn what_bets_pay_is_read_and_claimed_in_one_transaction() {
    let world = World::approved();
    for number in 1..=4 {
        world.place_bet(&world.terms(condition(number), u64::from(number)));
    }
    let claim = |bet: u128| world.ask(claim_request(42, &POLYGON, bet), read_claim).unwrap();
    assert_eq!((claim(FIRST), claim(FIRST + 9)), (Claim::Open, Claim::Missing));
    let later = world.head().time_s + 600;
    world.node.pass(700);
    world.resolve(condition(1), 7047, later);
    world.resolve(condition(2), 7048, later);
    world.cancel(condition(3));
    let all = [claim(FIRST), claim(FIRST + 1), claim(FIRST + 2), claim(FIRST + 3)];
    assert_eq!(all, [Claim::Pays(18_500_000), Claim::Lost, Claim::Pays(10 * DOLLAR), Claim::Open]);
    let before = world.balance(world.bettor.address());
    let call = claim_call(&POLYGON, &[FIRST, FIRST + 2]).unwrap();
    assert!(matches!(perform(&world, POLYGON.lp, &call), Outcome::Done { .. }));
    assert_eq!(world.balance(world.bettor.address()), before + 18_500_000 + 10 * DOLLAR);
    assert_eq!((claim(FIRST), claim(FIRST + 2)), (Claim::Claimed, Claim::Claimed));
    assert_eq!(claim_call(&POLYGON, &[]), None);
}

#[test]
fn what_the_contract_would_refuse_is_never_offered() {
    let world = World::approved();
    world.place_bet(&world.terms(condition(1), 1));
    let check = |bet: u128, expect: &str| {
        let call = claim_call(&POLYGON, &[bet]).unwrap();
        let refused = price(&world, account(&world), POLYGON.lp, &call);
        assert_eq!(refused, Err(PriceError::Reverts(expect.to_owned())));
    };
    check(FIRST, "ConditionNotFinished");
    check(FIRST + 7, "BetNotExists");
    world.cancel(condition(1));
    assert!(matches!(perform(&world, POLYGON.lp, &claim_call(&POLYGON, &[FIRST]).unwrap()), Outcome::Done { .. }));
    check(FIRST, "AlreadyPaid");
}

#[test]
fn another_chain_a_dear_block_and_an_empty_wallet_are_no_offers() {
    let world = World::new();
    let bettor = text(world.bettor.address());
    let ask = |account: Account| price(&world, account, POLYGON.bet_token, &approve(1));
    let wrong = ask(Account { chain_id: 80_002, ..account(&world) });
    assert_eq!(wrong, Err(PriceError::Chain { found: U256::from(137), expected: 80_002 }));
    assert!(matches!(ask(Account { gas_price_max: 1, ..account(&world) }), Err(PriceError::TooDear { .. })));
    world.node.ask("anvil_setBalance", json!([bettor, "0x1"]));
    assert!(matches!(ask(account(&world)), Err(PriceError::NoGas { held: 1, .. })));
}

#[test]
fn nothing_is_offered_while_another_transaction_of_the_wallet_is_under_way() {
    let world = World::new();
    world.node.ask("evm_setAutomine", json!([false]));
    let first = price(&world, account(&world), POLYGON.bet_token, &approve(1)).unwrap();
    let mut broadcast = Broadcast::new(signed(&world, &first));
    assert_eq!(follow(&world, &mut broadcast, 3), None);
    let second = price(&world, account(&world), POLYGON.bet_token, &approve(2));
    assert_eq!(second, Err(PriceError::UnderWay(1)));
    world.node.ask("evm_mine", json!([]));
    assert!(matches!(follow(&world, &mut broadcast, 10_000), Some(Outcome::Done { .. })));
    let third = price(&world, account(&world), POLYGON.bet_token, &approve(2)).unwrap();
    assert_eq!(third.transaction.nonce, 1);
}

#[test]
fn a_lost_answer_is_asked_for_by_hash_and_the_same_bytes_make_one_transaction() {
    let world = World::new();
    let offer = price(&world, account(&world), POLYGON.bet_token, &approve(7)).unwrap();
    let sent = signed(&world, &offer);
    let mut broadcast = Broadcast::new(sent.clone());
    // The node takes the bytes and its answer is lost.
    let Step::Ask { body, .. } = broadcast.step() else { panic!("{broadcast:?}") };
    world.node.post(&body);
    broadcast.answer(Err("the connection ended".to_owned()));
    assert!(matches!(follow(&world, &mut broadcast, 10_000), Some(Outcome::Done { .. })));
    // A life after a crash that knows only what was written down, and one that sends the bytes once more.
    for mut again in [Broadcast::resume(sent.clone()), Broadcast::new(sent)] {
        assert!(matches!(follow(&world, &mut again, 10_000), Some(Outcome::Done { .. })), "{again:?}");
    }
    let count = world.node.ask("eth_getTransactionCount", json!([text(world.bettor.address()), "latest"]));
    assert_eq!((count, world.allowance()), (json!("0x1"), 7));
}

#[test]
fn a_transaction_whose_number_another_one_took_is_replaced_and_never_done() {
    let world = World::new();
    world.node.ask("evm_setAutomine", json!([false]));
    let offer = price(&world, account(&world), POLYGON.bet_token, &approve(7)).unwrap();
    let mut broadcast = Broadcast::new(signed(&world, &offer));
    assert_eq!(follow(&world, &mut broadcast, 3), None);
    // The wallet's owner takes the number elsewhere, for a better price.
    let mut other = offer.transaction.clone();
    (other.max_fee, other.priority_fee) = (other.max_fee * 2, other.priority_fee * 2 + 1);
    other.data = approve(9).calldata();
    let other = other.sign(&world.bettor);
    world.node.ask("eth_sendRawTransaction", json!([other.raw]));
    world.node.ask("evm_mine", json!([]));
    assert_eq!(follow(&world, &mut broadcast, 10_000), Some(Outcome::Replaced));
    assert_eq!(world.allowance(), 9);
}

#[test]
fn a_claim_that_somebody_else_made_first_reverts_and_costs_its_gas_alone() {
    let world = World::approved();
    world.place_bet(&world.terms(condition(1), 1));
    world.cancel(condition(1));
    let call = claim_call(&POLYGON, &[FIRST]).unwrap();
    let offer = price(&world, account(&world), POLYGON.lp, &call).unwrap();
    world.send(world.relayer, POLYGON.lp, &call.calldata()).unwrap();
    let before = native(&world);
    let mut broadcast = Broadcast::new(signed(&world, &offer));
    let Some(Outcome::Reverted { cost, .. }) = follow(&world, &mut broadcast, 10_000) else { panic!("{broadcast:?}") };
    assert_eq!(native(&world), before - cost);
    assert_eq!(world.balance(world.bettor.address()), MEANS - 10_000);
}

#[test]
fn bytes_that_are_no_transaction_are_not_sent() {
    let world = World::new();
    let offer = price(&world, account(&world), POLYGON.bet_token, &approve(7)).unwrap();
    let mut sent = signed(&world, &offer);
    sent.raw.truncate(40);
    let mut broadcast = Broadcast::new(sent);
    assert!(matches!(follow(&world, &mut broadcast, 3), Some(Outcome::NotSent(_))), "{broadcast:?}");
}
