//! Money is conserved: whatever is bet, refused, taken back, settled and withdrawn, in any order.

use crate::bench::{Desk, Wanted, calldata, calm, word};
use alloy_primitives::{U256, hex};
use proptest::prelude::*;
use serde_json::{Value, json};
use venue_sim::VenueSim;
use venue_sim::azuro::Contracts;

#[derive(Clone, Debug)]
enum Step {
    Bet { line: usize, outcome: usize, amount_cents: u128, fee: bool },
    Wait(i64),
    Fault(usize),
    Clear(usize),
    Withdraw(usize),
    Resolve(bool),
}

const FAULTS: &[(&str, &str)] = &[
    ("better_odds", r#"{"count":1,"bps":200}"#),
    ("worse_odds", r#"{"count":1,"bps":200}"#),
    ("house_cancels", r#"{"count":1,"ms":900}"#),
    ("house_cancels", r#"{"count":1,"ms":900,"ends":"failed"}"#),
    ("cancel_early", r#"{"count":1,"ms":700}"#),
    ("stay_sent", r#"{"count":1}"#),
    ("reject_after_sent", r#"{"count":1}"#),
    ("accept_after", r#"{"count":1,"ms":30000}"#),
    ("fee", r#"{"raw":50000}"#),
    ("settle_before", r#"{"s":20}"#),
    ("push_loses", "{}"),
    ("chain_stalls", "{}"),
    ("stop_games", "{}"),
    ("api_stuck", r#"{"count":1,"ms":40000}"#),
];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0usize..40, 0usize..3, 90u128..400_000, any::<bool>())
            .prop_map(|(line, outcome, amount_cents, fee)| Step::Bet { line, outcome, amount_cents, fee }),
        4 => (0i64..25_000).prop_map(Step::Wait),
        2 => (0..FAULTS.len()).prop_map(Step::Fault),
        2 => (0..FAULTS.len()).prop_map(Step::Clear),
        2 => (0usize..6).prop_map(Step::Withdraw),
        1 => any::<bool>().prop_map(Step::Resolve),
    ]
}

fn bet(desk: &mut Desk, lines: &[Value], line: usize, outcome: usize, amount_cents: u128, fee: bool) {
    let mut line = lines[line % lines.len()].clone();
    let outcomes = line["outcomes"].as_array().expect("outcomes");
    line["outcomes"] = json!([outcomes[outcome % outcomes.len()]]);
    let wanted = Wanted { amount: amount_cents * 10_000, fee: if fee { 50_000 } else { 0 }, ..desk.wanted(&line) };
    let request = desk.request(&wanted);
    desk.post(&request);
}

/// What the wallet must hold: what it began with, less what is on chain, plus what was paid out.
fn expected(desk: &Desk, fees: u128) -> i128 {
    let mut balance = 10_000_000_000i128 - i128::try_from(fees).expect("small");
    for bet in desk.sim.bets_seen(0).filter(|b| b.token_id.is_some()) {
        balance -= i128::try_from(bet.stake_raw).expect("small");
        if bet.paid {
            balance += i128::try_from(bet.returns_raw.expect("what is paid has ended")).expect("small");
        }
    }
    balance
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_is_made_or_lost(steps in proptest::collection::vec(step(), 1..40)) {
        let mut desk = Desk::with(calm(), |_| {});
        let mut lines = Vec::new();
        for game in desk.games("Prematch") {
            lines.extend(desk.conditions(&game));
        }
        let core = Contracts::polygon().core;
        for step in steps {
            match step {
                Step::Bet { line, outcome, amount_cents, fee } => bet(&mut desk, &lines, line, outcome, amount_cents, fee),
                Step::Wait(ms) => desk.advance(ms),
                Step::Fault(i) => desk.fault(FAULTS[i].0, serde_json::from_str(FAULTS[i].1).expect("JSON")),
                Step::Clear(i) => desk.sim.clear_fault(FAULTS[i].0),
                Step::Withdraw(n) => {
                    let tokens: Vec<U256> = desk.sim.bets_seen(0).filter_map(|b| b.token_id).map(U256::from).skip(n).take(2).collect();
                    let mut words = vec![word(core), U256::from(64), U256::from(tokens.len())];
                    words.extend(tokens);
                    let call = hex::decode(calldata("e8e3e87b", &words)).expect("hex");
                    let raw = desk.transaction(Contracts::polygon().lp, &call, 100);
                    desk.rpc("eth_sendRawTransaction", json!([raw]));
                }
                Step::Resolve(cancel) => desk.fault("resolve_now", json!({ "cancel": cancel })),
            }
            if let Err(why) = desk.sim.money_agrees() {
                return Err(TestCaseError::fail(why));
            }
        }
        FAULTS.iter().for_each(|(name, _)| desk.sim.clear_fault(name));
        desk.advance(120_000);
        prop_assert_eq!(desk.sim.money_agrees(), Ok(()));
        let open: Vec<_> = desk.sim.bets_seen(0).filter(|b| b.may_fill).collect();
        prop_assert!(open.is_empty(), "still in flight long after their expiry: {:?}", open);
        // Fees went to the relayer: what the chain says was paid to it.
        let fees = desk.sim.fees_paid(desk.bettor);
        prop_assert_eq!(i128::try_from(desk.sim.token_balance(desk.bettor)).expect("small"), expected(&desk, fees));
        let mut tokens: Vec<u64> = desk.sim.bets_seen(0).filter_map(|b| b.token_id).collect();
        let count = tokens.len();
        tokens.dedup();
        prop_assert_eq!(tokens.len(), count, "a token of two orders");
    }
}
