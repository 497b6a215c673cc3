//! The table of a bet's states by one-line stories, and its law: whatever is told in any order, what exists stays.

use super::*;
use domain::{LegId, Purpose, RoundId};
use proptest::prelude::*;

fn said(state: OrderState) -> Fact {
    Fact::Said { state, taken: None, result: None }
}

const BET: Taken = Taken { on_chain: false, bet: 222_040, odds_e12: 1_850_000_000_000, amount: 10_000_000 };

fn with_bet(state: OrderState, result: Option<Settlement>) -> Fact {
    Fact::Said { state, taken: Some(BET), result }
}

fn refused() -> Fact {
    Fact::Refused { why: "TooHighStake".to_owned() }
}

fn status(facts: &[Fact]) -> BetStatus {
    let mut all = Facts::default();
    for fact in facts {
        all.add(fact);
    }
    all.status().0
}

#[test]
fn a_bet_is_accepted_when_its_token_is_known_and_not_before() {
    use OrderState::*;
    let check = |facts: &[Fact], expect: BetStatus| assert_eq!(status(facts), expect, "{facts:?}");
    check(&[], BetStatus::Pending);
    check(&[Fact::Left], BetStatus::Pending);
    check(&[said(Created)], BetStatus::Pending);
    check(&[said(Placed)], BetStatus::Pending);
    check(&[said(Sent)], BetStatus::Pending);
    check(&[said(Accepted)], BetStatus::Matched);
    check(&[with_bet(Accepted, None)], BetStatus::Accepted);
    check(&[said(Accepted), Fact::OnChain(BET)], BetStatus::Accepted);
    check(&[with_bet(PendingCancel, None)], BetStatus::Accepted);
    check(&[said(PendingCancel)], BetStatus::Matched);
    check(&[with_bet(CancelFailed, None)], BetStatus::Accepted);
    check(&[with_bet(Canceled, Some(Settlement::Canceled))], BetStatus::Void);
    check(&[said(Canceled)], BetStatus::Void);
    check(&[with_bet(Settled, Some(Settlement::Won))], BetStatus::Settled);
    check(&[with_bet(Settled, Some(Settlement::Lost))], BetStatus::Settled);
    check(&[with_bet(Settled, Some(Settlement::Canceled))], BetStatus::Void);
    check(&[with_bet(Accepted, None), Fact::CalledOff], BetStatus::Void);
    check(&[said(Rejected)], BetStatus::Refused);
    check(&[refused()], BetStatus::Refused);
    check(&[Fact::NotSent], BetStatus::Refused);
    check(&[said(Sent), Fact::Expired], BetStatus::Refused);
}

#[test]
fn the_chain_outranks_the_api() {
    let check = |facts: &[Fact], expect: BetStatus| assert_eq!(status(facts), expect, "{facts:?}");
    check(&[said(OrderState::Rejected), Fact::OnChain(BET)], BetStatus::Accepted);
    check(&[refused(), Fact::NonceUsed], BetStatus::Matched);
    check(&[Fact::Expired, Fact::OnChain(BET)], BetStatus::Accepted);
    let mut facts = Facts::default();
    facts.add(&Fact::OnChain(Taken { on_chain: true, bet: 1, odds_e12: 1_900_000_000_000, amount: 9 }));
    facts.add(&with_bet(OrderState::Accepted, None));
    assert_eq!(facts.taken().map(|t| t.odds_e12), Some(1_900_000_000_000));
}

#[test]
fn a_word_that_is_not_known_is_no_state() {
    for state in OrderState::ALL {
        assert_eq!(OrderState::parse(&format!("{state:?}")), Some(state));
    }
    assert_eq!(OrderState::parse("Pending"), Some(OrderState::Placed));
    for word in ["", "accepted", "Filled", "Accepted "] {
        assert_eq!(OrderState::parse(word), None, "{word}");
    }
}

fn order(leg: LegId, attempt: u16) -> OrderId {
    OrderId { round: RoundId { epoch: 1, seq: 2 }, leg, purpose: Purpose::Entry, attempt }
}

#[test]
fn a_leg_gets_no_second_nonce_while_the_first_can_still_be_accepted() {
    let mut nonces = Nonces::above(500);
    let now = Wall::from_ms(400);
    assert_eq!(nonces.next(order(LegId::B, 1), now), Ok(501));
    assert_eq!(nonces.next(order(LegId::B, 2), now), Err(NonceHeld { holder: order(LegId::B, 1) }));
    assert_eq!(nonces.next(order(LegId::A, 1), Wall::from_ms(9_000)), Ok(9_000));
    nonces.release(501);
    assert_eq!(nonces.next(order(LegId::B, 2), now), Ok(9_001));
    nonces.adopt(20_000, order(LegId::A, 7));
    assert_eq!((nonces.last(), nonces.holder(20_000)), (20_000, Some(order(LegId::A, 7))));
}

#[test]
fn nonces_rise_even_when_the_clock_steps_back() {
    let mut nonces = Nonces::default();
    let mut last = 0;
    for (attempt, ms) in [1_000, 999, -5, 1_000, 2_000, 3].into_iter().enumerate() {
        let id = order(LegId::A, attempt as u16);
        let nonce = nonces.next(id, Wall::from_ms(ms)).expect("none is held");
        assert!(nonce > last, "{nonce} after {last}");
        last = nonce;
        nonces.release(nonce);
    }
}

fn any_fact() -> impl Strategy<Value = Fact> {
    let taken =
        prop::option::of((any::<bool>(), 0u128..3, 0u64..3, 0u128..3).prop_map(|(on_chain, bet, odds_e12, amount)| Taken {
            on_chain,
            bet,
            odds_e12,
            amount,
        }));
    let result = prop::option::of(prop::sample::select(vec![Settlement::Won, Settlement::Lost, Settlement::Canceled]));
    let state = prop::sample::select(OrderState::ALL.to_vec());
    prop_oneof![
        Just(Fact::Left),
        Just(Fact::NotSent),
        (state, taken, result).prop_map(|(state, taken, result)| Fact::Said { state, taken, result }),
        Just(refused()),
        Just(Fact::NonceUsed),
        Just(Fact::Expired),
        (0u128..3).prop_map(|bet| Fact::OnChain(Taken { on_chain: true, bet, odds_e12: 2, amount: 1 })),
        Just(Fact::CalledOff),
        (0u128..3).prop_map(Fact::Pays),
        Just(Fact::Claimed),
    ]
}

proptest! {
    /// Duplicates and any order of arrival end the same.
    #[test]
    fn the_same_facts_in_any_order_and_number_end_the_same(
        (facts, shuffled) in prop::collection::vec(any_fact(), 0..12).prop_flat_map(|facts| {
            let twice: Vec<Fact> = facts.iter().chain(&facts).cloned().collect();
            (Just(facts), Just(twice).prop_shuffle())
        }),
    ) {
        let fold = |list: &[Fact]| { let mut all = Facts::default(); list.iter().for_each(|f| { all.add(f); }); all };
        prop_assert_eq!(fold(&facts), fold(&shuffled));
    }
    /// A bet that exists is never called refused or pending again, whatever else is said.
    #[test]
    fn a_bet_that_exists_never_becomes_one_that_does_not(facts in prop::collection::vec(any_fact(), 0..12)) {
        let mut all = Facts::default();
        all.add(&Fact::OnChain(BET));
        for fact in &facts {
            all.add(fact);
            let status = all.status().0;
            prop_assert!(matches!(status, BetStatus::Accepted | BetStatus::Settled | BetStatus::Void), "{status:?}");
        }
    }
    /// A record is read as it was written.
    #[test]
    fn facts_survive_the_journal(fact in any_fact()) {
        let text = serde_json::to_string(&fact).expect("written");
        prop_assert_eq!(serde_json::from_str::<Fact>(&text).expect("read"), fact);
    }
}
