//! The stand-ins, compiled once per run, and that their ABI is the venue's.

use super::node::packages;
use azuro_client::contracts::{Call, Revert, topics};
use serde_json::Value;
use signing::eip712::{Address, U256, keccak256};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

/// By name: `abi`, `runtime`, `selectors`.
pub(crate) fn compiled() -> &'static Value {
    static COMPILED: OnceLock<Value> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/azuro/compile.mjs");
        let done = Command::new("node").arg(script).arg(packages()).output();
        let done = done.expect("Node.js, which runs the compiler, is not installed: run `cargo xtask test --only tools`");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        serde_json::from_slice(&done.stdout).unwrap()
    })
}

/// A type as it stands in a signature: a tuple is spelled out.
fn canonical(input: &Value) -> String {
    let name = input["type"].as_str().unwrap();
    match name.strip_prefix("tuple") {
        Some(brackets) => format!("({}){brackets}", arguments(&input["components"])),
        None => name.to_owned(),
    }
}

fn arguments(inputs: &Value) -> String {
    let types: Vec<String> = inputs.as_array().unwrap().iter().map(canonical).collect();
    types.join(",")
}

/// Signatures of all events or errors of a contract.
fn signatures(contract: &str, kind: &str) -> Vec<String> {
    let rows = compiled()[contract]["abi"].as_array().unwrap();
    let rows = rows.iter().filter(|row| row["type"] == kind);
    rows.map(|row| format!("{}({})", row["name"].as_str().unwrap(), arguments(&row["inputs"]))).collect()
}

pub(crate) fn vectors() -> Value {
    let path = format!("{}/testdata/vectors.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn the_stand_ins_answer_to_every_selector_that_the_client_uses() {
    let has = |contract: &str, call: &Call| {
        let (signature, selector) = call.signature();
        assert_eq!(compiled()[contract]["selectors"][signature], hex::encode(selector), "{contract} {signature}");
    };
    let (a, n) = (Address::ZERO, U256::ZERO);
    has("BetToken", &Call::Approve { spender: a, amount: n });
    has("BetToken", &Call::Allowance { owner: a, spender: a });
    has("BetToken", &Call::BalanceOf(a));
    has("BetToken", &Call::Decimals);
    has("Core", &Call::NonceUsed { bettor: a, nonce: n });
    has("LP", &Call::ViewPayout { core: a, bet: n });
    has("LP", &Call::WithdrawPayout { core: a, bet: n });
    has("LP", &Call::WithdrawPayouts { core: a, bets: vec![n] });
    has("LP", &Call::CoreSettings(a));
    has("AzuroBet", &Call::OwnerOf(n));
    has("UptimeFeed", &Call::SequencerRound);
    // What the client never calls, by the specification (section 8).
    let spec = [
        ("Relayer", "b1d5d332", "betFor("),
        ("Core", "22af00fa", "bets(uint256)"),
        ("Core", "26c50007", "conditions(uint256)"),
        ("Core", "d8da4bab", "isConditionCanceled(uint256)"),
        ("Core", "5d311bdd", "isOutcomeWinning(uint256,uint128)"),
        ("AzuroBet", "40398d67", "getTokensByOwner(address)"),
    ];
    for (contract, selector, begins) in spec {
        let selectors = compiled()[contract]["selectors"].as_object().unwrap();
        let found = selectors.iter().find(|(_, value)| *value == selector);
        assert!(found.is_some_and(|(signature, _)| signature.starts_with(begins)), "{contract} {begins} {selectors:?}");
    }
}

#[test]
fn the_stand_ins_emit_the_events_of_the_venue() {
    let check = |contract: &str, name: &str, topic: &str| {
        let all = signatures(contract, "event");
        let signature = all.iter().find(|event| event.starts_with(&format!("{name}("))).unwrap();
        assert_eq!(format!("0x{}", hex::encode(keccak256(signature.as_bytes()))), topic, "{signature}");
    };
    check("Core", "NewLiveBet", topics::NEW_LIVE_BET);
    check("Core", "BetRejected", topics::BET_REJECTED);
    check("Core", "ConditionCreated", "0x5c933a43a1464d4c3e77be980b0aab402b39ad32e41c5cc4553446472448ad88");
    check("Core", "ConditionResolved", "0xd16aec606f443acc63c7ce1b6233501ce63141113211924962d8056f23ff0ef3");
    check("LP", "BettorWin", topics::BETTOR_WIN);
    check("Relayer", "RelayerRewarded", "0xe24d2450c2622c4d3fe315ef802f64171c0f09ac87879cba010cf7866ddd8293");
    check("BetToken", "Transfer", topics::TRANSFER);
    check("AzuroBet", "Transfer", topics::TRANSFER);
    for log in vectors()["event_logs"].as_array().unwrap() {
        let contract = match log["event"].as_str().unwrap() {
            "NewLiveBet" | "BetRejected" => "Core",
            "BettorWin" => "LP",
            _ => "BetToken",
        };
        check(contract, log["event"].as_str().unwrap(), log["topics"][0].as_str().unwrap());
    }
}

#[test]
fn the_stand_ins_revert_with_the_errors_of_the_venue() {
    let core = signatures("Core", "error");
    let declared = |revert: Revert| core.iter().any(|error| error == revert.signature());
    // The pool's limits and locked tokens are not played, and whom a bet is credited to is not judged.
    let absent = [
        Revert::IncorrectAffiliate,
        Revert::SubBetDuplicated,
        Revert::LockedLiquidityLimitReached,
        Revert::LockedLiquidityComboLimitReached,
        Revert::LockedBetToken,
    ];
    for revert in Revert::ALL.iter().copied() {
        assert_eq!(declared(revert), !absent.contains(&revert), "{revert:?}");
        let selector = hex::encode(&keccak256(revert.signature().as_bytes())[..4]);
        assert_eq!(selector, hex::encode(revert.selector()), "{revert:?}");
    }
    for row in vectors()["revert_data"].as_array().unwrap() {
        let (signature, data) = (row["error"].as_str().unwrap(), row["data"].as_str().unwrap());
        if core.iter().any(|error| error == signature) {
            assert_eq!(data, format!("0x{}", hex::encode(&keccak256(signature.as_bytes())[..4])), "{signature}");
        }
    }
}
