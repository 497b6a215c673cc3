//! The relayer with a chain of somebody else: what it hands over, and what it makes of the answer.

use crate::bench::{Desk, calm};
use alloy_primitives::{B256, hex};
use alloy_sol_types::{SolCall, sol};
use serde_json::json;
use venue_sim::azuro::{ChainSide, Contracts, HouseAct, Mined, oracle_digest};

sol! {
    struct ConditionData {
        uint256 gameId;
        uint256 conditionId;
        uint8 conditionKind;
        uint64[] odds;
        uint128[] outcomes;
        uint128 potentialLossLimit;
        uint8 winningOutcomesCount;
    }
    struct OrderData {
        address betOwner;
        ConditionData[] conditionDatas;
        uint8 betType;
        address oracle;
        bytes clientBetData;
        bytes bettorSignature;
        bytes oracleSignature;
    }
    function betFor(OrderData[] orders);
}

fn outside() -> Desk {
    Desk::with(calm(), |c| c.chain = ChainSide::Outside)
}

fn mined(desk: &Desk) -> Mined {
    Mined { token_id: 77, tx_hash: B256::repeat_byte(7), block_time_s: (desk.now / 1_000_000) as u64 }
}

#[test]
fn a_submission_is_the_call_of_the_relayer_contract() {
    let mut desk = outside();
    let id = desk.placed();
    assert!(desk.sim.take_submissions().is_empty());
    desk.advance(2_000);
    let submissions = desk.sim.take_submissions();
    let [submission] = submissions.as_slice() else { panic!("one submission: {submissions:?}") };
    assert_eq!(submission.order_id, id);
    let calldata = submission.calldata();
    assert_eq!(hex::encode(&calldata[..4]), "b1d5d332", "as the vendor's ABI has it");
    assert_eq!(betForCall::SELECTOR, calldata[..4]);
    let call = betForCall::abi_decode(&calldata).expect("decodes by another library");
    let order = &call.orders[0];
    assert_eq!((call.orders.len(), order.betOwner, order.betType), (1, desk.bettor, 0));
    assert_eq!(order.clientBetData.as_ref(), submission.client_bet_data);
    let condition = &order.conditionDatas[0];
    assert_eq!((condition.conditionId, condition.odds.len()), (submission.condition.condition_id, condition.outcomes.len()));
    assert_eq!(betForCall { orders: vec![order.clone()] }.abi_encode(), calldata);
    let c = Contracts::polygon();
    let digest = oracle_digest(c.chain_id, c.core, &submission.client_bet_data, &submission.condition);
    let signature = alloy_primitives::Signature::from_raw(&submission.oracle_signature).expect("65 bytes");
    assert_eq!(signature.recover_address_from_prehash(&digest).ok(), Some(desk.sim.oracle_address()));
    assert_eq!(order.oracle, desk.sim.oracle_address());
    assert!(desk.sim.take_submissions().is_empty(), "handed over once");
}

#[test]
fn what_the_chain_says_is_what_becomes_of_the_order() {
    let mut desk = outside();
    let (good, bad) = (desk.placed(), desk.placed());
    desk.advance(10_000);
    assert_eq!(desk.sim.take_submissions().len(), 2);
    assert_eq!(desk.state(&good), "Sent", "nothing happens until the chain has spoken");
    let said = mined(&desk);
    desk.sim.chain_said(&good, Ok(said));
    desk.sim.chain_said(&bad, Err("InvalidNonce".to_owned()));
    desk.sim.chain_said("0x00_1", Err("InvalidNonce".to_owned()));
    desk.advance(5_000);
    let order = desk.order(&good);
    assert_eq!((&order["state"], &order["betId"]), (&json!("Accepted"), &json!(77)));
    let order = desk.order(&bad);
    assert_eq!((&order["state"], &order["errorMessage"]), (&json!("Rejected"), &json!("InvalidNonce")));
    // Said twice changes nothing.
    desk.sim.chain_said(&good, Err("InvalidNonce".to_owned()));
    assert_eq!(desk.state(&good), "Accepted");
}

#[test]
fn the_houses_own_acts_are_handed_over_too() {
    let mut desk = outside();
    desk.fault("house_cancels", json!({"count": 1, "ms": 1_000}));
    let (taken_back, other) = (desk.placed(), desk.placed());
    desk.advance(3_000);
    for (n, id) in [&taken_back, &other].into_iter().enumerate() {
        let said = Mined { token_id: 77 + n as u64, ..mined(&desk) };
        desk.sim.chain_said(id, Ok(said));
        desk.advance(10_000);
    }
    assert_eq!(desk.sim.take_house_acts(), [HouseAct::Reject { token_id: 77 }]);
    desk.fault("resolve_now", json!({}));
    desk.advance(1_000);
    let acts = desk.sim.take_house_acts();
    assert!(matches!(acts.as_slice(), [HouseAct::Resolve { won: Some(_), .. }]), "{acts:?}");
    assert_eq!(desk.state(&other), "Settled");
    assert_eq!(desk.state(&taken_back), "Canceled");
}
