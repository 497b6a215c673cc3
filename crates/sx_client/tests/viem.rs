//! The client's signatures before an independent library: viem computes the same ids, finds the same signer, and makes the
//! same bytes when it signs itself.
//!
//! Needs a folder with the packages of `tests/interop/sx/package.json`; `cargo xtask test` makes it.
#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

use domain::MarketId;
use serde_json::{Value, json};
use signing::eip712::{Address, U256};
use signing::{EvmKey, SanitizedValue};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use sx_client::sign::{OrderArgs, order_id, separator, sign};

/// How many orders are drawn beside the extreme ones.
const DRAWN: u64 = 200;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Gives each line to viem; what it says of each.
fn viem(lines: &[Value]) -> Vec<Value> {
    let folder = std::env::var_os("BOT4_SX_NODE").map_or_else(|| workspace().join("target/node-sx"), PathBuf::from);
    assert!(
        folder.join("node_modules").is_dir(),
        "no packages at {}: run `cargo xtask test --only tools`, which installs them, or point BOT4_SX_NODE to a folder in \
         which `npm install` was run with tests/interop/sx/package.json",
        folder.display()
    );
    let mut command = Command::new("node");
    command.arg(workspace().join("tests/interop/sx/orders.mjs")).arg(folder);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap(); // it reads all before it speaks
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "viem stopped");
    let said: Vec<Value> =
        done.stdout.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    assert_eq!(said.len(), lines.len());
    said
}

/// A stream of numbers that is the same in every run (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next() as u8)
    }
}

/// An order, the key that signs it, and the domain it is for.
struct Case {
    order: OrderArgs,
    key: [u8; 32],
    chain_id: u64,
    contract: Address,
}

fn cases() -> Vec<Case> {
    let mut numbers = Numbers(4);
    let mut all: Vec<Case> = (0..DRAWN)
        .map(|n| {
            let key: [u8; 32] = numbers.bytes();
            let maker = EvmKey::from_bytes(&key).unwrap().address();
            let order = OrderArgs {
                market: MarketId(numbers.bytes()),
                base_token: Address::from(numbers.bytes::<20>()),
                stake: numbers.next() >> (n % 60),
                percentage_odds: u128::from(1 + numbers.next() % 799) * 125_000_000_000_000_000,
                salt: numbers.bytes(),
                expiry: 1_800_000_000 + numbers.next() % 1_000_000,
                maker,
                outcome_one: n % 2 == 0,
            };
            let chain_id = if n % 3 == 0 { 79_479_957 } else { 4_162 };
            Case { order, key, chain_id, contract: Address::from(numbers.bytes::<20>()) }
        })
        .collect();
    // The ends of every field's range.
    let first = all[0].order;
    for order in [
        OrderArgs { stake: 0, percentage_odds: 0, salt: [0; 32], expiry: 0, ..first },
        OrderArgs { stake: u64::MAX, percentage_odds: u128::MAX, salt: [255; 32], expiry: u64::MAX, ..first },
        OrderArgs { market: MarketId([0; 32]), base_token: Address::ZERO, ..first },
        OrderArgs { market: MarketId([255; 32]), base_token: Address::from([255; 20]), ..first },
    ] {
        all.push(Case { order, key: all[0].key, chain_id: u64::from(u32::MAX), contract: Address::ZERO });
    }
    all
}

impl Case {
    fn separator(&self) -> [u8; 32] {
        separator("OBv3 Escrow", "1", self.chain_id, self.contract)
    }
    /// As the script reads it: the document's names, numbers as decimal text.
    fn json(&self) -> Value {
        let order = &self.order;
        json!({
            "domain": {
                "name": "OBv3 Escrow",
                "version": "1",
                "chainId": self.chain_id,
                "verifyingContract": self.contract.to_string(),
            },
            "order": {
                "marketHash": format!("0x{}", hex::encode(order.market.0)),
                "baseToken": order.base_token.to_string(),
                "totalBetSize": order.stake.to_string(),
                "percentageOdds": order.percentage_odds.to_string(),
                "salt": U256::from_be_bytes(order.salt).to_string(),
                "expiry": order.expiry.to_string(),
                "maker": order.maker.to_string(),
                "isMakerBettingOutcomeOne": order.outcome_one,
            },
        })
    }
}

#[test]
fn viem_computes_our_order_ids_and_finds_our_signer() {
    let cases = cases();
    let ids: Vec<[u8; 32]> = cases.iter().map(|case| order_id(&case.order, &case.separator())).collect();
    let lines: Vec<Value> = cases
        .iter()
        .zip(&ids)
        .map(|(case, id)| {
            let mut line = case.json();
            line["signature"] = json!(sign(id, &EvmKey::from_bytes(&case.key).unwrap()).to_hex());
            line
        })
        .collect();
    for ((case, id), said) in cases.iter().zip(&ids).zip(viem(&lines)) {
        assert_eq!(said["orderId"], format!("0x{}", hex::encode(id)), "{:?}", case.order);
        assert_eq!(said["signer"], case.order.maker.to_string(), "{:?}", case.order);
    }
}

#[test]
fn viem_signs_the_same_orders_with_the_same_bytes() {
    let cases = cases();
    let lines: Vec<Value> = cases
        .iter()
        .map(|case| {
            let mut line = case.json();
            line["key"] = json!(format!("0x{}", hex::encode(case.key)));
            line
        })
        .collect();
    for (case, said) in cases.iter().zip(viem(&lines)) {
        let id = order_id(&case.order, &case.separator());
        let key = EvmKey::from_hex(&SanitizedValue::new(format!("0x{}", hex::encode(case.key)))).unwrap();
        assert_eq!(said["signature"], sign(&id, &key).to_hex(), "{:?}", case.order);
        assert_eq!(said["maker"], key.address().to_string());
    }
}
