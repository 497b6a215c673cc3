//! What the contracts refuse, by name: each case is one bet that differs from a good one in one thing.

use super::world::{DOLLAR, MEANS, Offer, POOL, World, condition};
use azuro_client::chain::ChainError;
use azuro_client::contracts::Revert;
use azuro_client::environment::POLYGON;
use azuro_client::sign::BetTerms;
use domain::Outcome;
use signing::EvmKey;
use signing::eip712::Address;

#[test]
fn every_refusal_of_a_bet_is_known_by_its_name() {
    let world = World::approved();
    world.place_bet(&world.terms(condition(1), 1));
    world.cancel(condition(9));
    let check = |name: &str, change: fn(&mut BetTerms, &mut Offer), expect: Revert| {
        let (mut terms, mut offer) = (world.terms(condition(1), 2), world.offer());
        change(&mut terms, &mut offer);
        let (_, data) = world.order(&terms, &offer);
        assert_eq!(world.would(POLYGON.relayer, &data), Err(ChainError::Reverted(expect)), "{name}");
        // And the transaction leaves nothing behind.
        assert!(world.send(world.relayer, POLYGON.relayer, &data).is_err(), "{name}");
    };
    check("nonce", |terms, _| terms.nonce = 1, Revert::InvalidNonce);
    check("expired", |terms, _| terms.expires_at -= 120, Revert::SignatureExpired);
    check("price", |terms, _| terms.min_odds = 1_850_000_000_001, Revert::OddsTooSmall);
    check("canceled", |terms, _| terms.condition = condition(9), Revert::ConditionNotRunning);
    check("small", |terms, _| terms.amount = DOLLAR - 1, Revert::SmallBet);
    check("loss", |_, offer| offer.loss_limit = 8_499_999, Revert::PotentialLossLimit);
    check("forged", |_, offer| offer.forger = Some(EvmKey::from_bytes(&[0x66; 32]).unwrap()), Revert::InvalidBettorSignature);
    check("oracle", |_, offer| offer.oracle = EvmKey::from_bytes(&[0x66; 32]).unwrap(), Revert::InvalidOracleSignature);
    check("chain", |_, offer| offer.chain_id = 42_161, Revert::InvalidChainId);
    assert!(!world.nonce_used(2));
    let cost = 10 * DOLLAR + 10_000;
    assert_eq!((world.balance(world.bettor.address()), world.balance(POLYGON.lp)), (MEANS - cost, POOL + 10 * DOLLAR));
    // The same bet, with nothing changed, is taken.
    world.place_bet(&world.terms(condition(1), 2));
    assert!(world.nonce_used(2));
}

#[test]
fn a_bet_is_taken_at_the_least_odds_and_within_the_loss_limit_to_the_unit() {
    let world = World::approved();
    let (mut terms, mut offer) = (world.terms(condition(1), 1), world.offer());
    terms.min_odds = 1_850_000_000_000;
    offer.loss_limit = 8_500_000;
    let (_, data) = world.order(&terms, &offer);
    world.send(world.relayer, POLYGON.relayer, &data).unwrap();
    assert!(world.nonce_used(1));
}

#[test]
fn a_bet_lives_until_its_expiry_and_not_a_second_longer() {
    let world = World::approved();
    let terms = world.terms(condition(1), 1);
    let (_, data) = world.order(&terms, &world.offer());
    let before = world.node.ask("evm_snapshot", serde_json::json!([]));
    let at = |time: u64| {
        world.node.ask("evm_setNextBlockTimestamp", serde_json::json!([time]));
        world.send(world.relayer, POLYGON.relayer, &data)
    };
    assert!(at(terms.expires_at).is_ok());
    world.node.ask("evm_revert", serde_json::json!([before]));
    assert!(at(terms.expires_at + 1).is_err());
    assert_eq!(world.would(POLYGON.relayer, &data), Err(ChainError::Reverted(Revert::SignatureExpired)));
    // A block past the expiry with the nonce unused: that bet can never be taken.
    world.node.ask("evm_mine", serde_json::json!([terms.expires_at + 2]));
    assert!(world.head().time_s > terms.expires_at && !world.nonce_used(1));
}

#[test]
fn a_changed_byte_of_the_bet_breaks_the_bettors_signature() {
    let world = World::approved();
    let signed_for = world.terms(condition(1), 1);
    let (signed, _) = world.order(&signed_for, &world.offer());
    let check = |change: fn(&mut BetTerms)| {
        let mut terms = signed_for.clone();
        change(&mut terms);
        let data = world.order_with(&terms, &world.offer(), &signed.signature);
        assert_eq!(world.would(POLYGON.relayer, &data), Err(ChainError::Reverted(Revert::InvalidBettorSignature)), "{terms:?}");
    };
    check(|terms| terms.amount += 10_000);
    check(|terms| terms.min_odds -= 1);
    check(|terms| terms.outcome = Outcome(7048));
    check(|terms| terms.nonce += 1);
    check(|terms| terms.expires_at += 1);
    check(|terms| terms.relayer_fee += 1);
    check(|terms| terms.condition = condition(2));
    check(|terms| terms.affiliate = Address::repeat_byte(1));
}

#[test]
fn without_the_approval_or_the_means_no_stake_moves() {
    let world = World::new();
    let (_, data) = world.order(&world.terms(condition(1), 1), &world.offer());
    let check = |name: &str| {
        let refused = world.would(POLYGON.relayer, &data);
        assert!(matches!(&refused, Err(ChainError::Node { code: 3, message }) if message.contains(name)), "{refused:?}");
        assert!(!world.nonce_used(1));
    };
    check("insufficient allowance");
    // The fee counts: the stake alone is not enough.
    world.approve(10 * DOLLAR + 9_999);
    check("insufficient allowance");
    world.approve(10 * DOLLAR + 10_000);
    assert!(world.would(POLYGON.relayer, &data).is_ok());
    world.approve(u128::MAX);
    let mut terms = world.terms(condition(1), 1);
    terms.amount = MEANS;
    let (_, dear) = world.order(&terms, &world.offer());
    let refused = world.would(POLYGON.relayer, &dear);
    assert!(matches!(&refused, Err(ChainError::Node { message, .. }) if message.contains("exceeds balance")), "{refused:?}");
}
