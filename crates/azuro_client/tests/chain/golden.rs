//! The golden vectors, made with the vendor's own toolkit, recomputed by the contracts on the node.

use super::abi::{ClientBetData, ClientData, ITable, SubBet};
use super::contracts::vectors;
use super::world::{LAST_TOKEN, World, condition};
use alloy_sol_types::SolCall;
use azuro_client::amount;
use azuro_client::environment::POLYGON;
use serde_json::Value;
use signing::eip712::U256;

fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(value: &Value) -> T {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).parse().unwrap()
}

fn message(message: &Value) -> ClientBetData {
    let (data, bet) = (&message["clientData"], &message["bets"][0]);
    ClientBetData {
        clientData: ClientData {
            attention: data["attention"].as_str().unwrap().to_owned(),
            affiliate: number(&data["affiliate"]),
            core: number(&data["core"]),
            expiresAt: number(&data["expiresAt"]),
            chainId: number(&data["chainId"]),
            relayerFeeAmount: number(&data["relayerFeeAmount"]),
            isFeeSponsored: data["isFeeSponsored"].as_bool().unwrap(),
            isBetSponsored: data["isBetSponsored"].as_bool().unwrap(),
            isSponsoredBetReturnable: data["isSponsoredBetReturnable"].as_bool().unwrap(),
        },
        bets: vec![SubBet {
            conditionId: number(&bet["conditionId"]),
            outcomeId: number(&bet["outcomeId"]),
            minOdds: number(&bet["minOdds"]),
            amount: number(&bet["amount"]),
            nonce: number(&bet["nonce"]),
        }],
    }
}

#[test]
fn the_contract_hashes_a_bet_as_the_vendors_toolkit_does() {
    let world = World::new();
    let all = vectors();
    let rows = all["eip712"].as_array().unwrap();
    let ours = rows.iter().filter(|row| row["kind"] == "single" && row["domain"]["chainId"] == POLYGON.chain_id);
    let mut seen = 0;
    for row in ours {
        let call = ITable::digestCall { data: message(&row["message"]) };
        let digest = world.would(POLYGON.core, &call.abi_encode()).unwrap();
        assert_eq!(format!("0x{}", hex::encode(digest)), row["digest"], "{}", row["id"]);
        seen += 1;
    }
    assert!(seen >= 3, "the vectors have single bets on Polygon");
}

#[test]
fn the_contract_pays_to_the_unit_what_the_client_reckons() {
    let world = World::approved();
    let all = vectors();
    let given = all["payout"].as_array().unwrap();
    let given =
        given.iter().map(|row| (number(&row["amount_raw"]), number(&row["odds_1e12"]), Some(number(&row["payout_raw_floor"]))));
    // Amounts and odds whose product ends in something.
    let more = [(1_000_001, 1_000_000_000_001), (1_999_999, 2_333_333_333_333), (33_333_333, 1_010_101_010_101)];
    let cases: Vec<(u128, u64, Option<u128>)> = given.chain(more.map(|(amount, odds)| (amount, odds, None))).collect();
    let mut placed = Vec::new();
    for (place, (amount, odds, vector)) in cases.iter().enumerate() {
        // Some vectors are below the pool's least stake, or beyond the bettor's means.
        if !(super::world::MIN_BET..=100 * super::world::DOLLAR).contains(amount) {
            continue;
        }
        let (mut terms, mut offer) = (world.terms(condition(7), place as u64), world.offer());
        (terms.amount, terms.min_odds, offer.odds[0]) = (*amount, *odds, *odds);
        let (_, data) = world.order(&terms, &offer);
        world.send(world.relayer, POLYGON.relayer, &data).unwrap();
        placed.push((*amount, *odds, *vector));
    }
    assert!(placed.len() > 4, "{placed:?}");
    let later = world.head().time_s + 600;
    world.node.pass(700);
    world.resolve(condition(7), 7047, later);
    for (token, (amount, odds, vector)) in (u128::from(LAST_TOKEN) + 1..).zip(placed) {
        let reckoned = amount::payout(amount, odds).unwrap();
        assert_eq!(world.payout(token), Ok(reckoned), "{amount} at {odds}");
        assert_eq!(vector.unwrap_or(reckoned), reckoned);
    }
    assert_eq!(U256::from(world.balance(POLYGON.relayer)), U256::ZERO, "the relayer keeps nothing");
}
