//! Signatures and encodings against vectors made by the vendor's own toolkit.

use crate::bench::{Desk, data};
use alloy_primitives::{Address, U256, hex};
use serde_json::{Value, json};
use venue_sim::azuro::sign::{ClientData, SubBet, bet_digest, domain_separator, encode_bet};

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} of {value}"))
}

fn address(value: &Value, name: &str) -> Address {
    text(value, name).parse().expect("an address")
}

fn any_number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| value.as_str().expect("digits").parse().expect("digits"))
}

fn read(entry: &Value) -> (ClientData, SubBet) {
    let client = &entry["message"]["clientData"];
    let bet = &entry["message"]["bets"][0];
    let data = ClientData {
        attention: text(client, "attention").to_owned(),
        affiliate: address(client, "affiliate"),
        core: address(client, "core"),
        expires_at: any_number(&client["expiresAt"]),
        chain_id: any_number(&client["chainId"]),
        relayer_fee_amount: u128::from(any_number(&client["relayerFeeAmount"])),
        is_fee_sponsored: client["isFeeSponsored"] == true,
        is_bet_sponsored: client["isBetSponsored"] == true,
        is_sponsored_bet_returnable: client["isSponsoredBetReturnable"] == true,
    };
    let bet = SubBet {
        condition_id: text(bet, "conditionId").parse().expect("digits"),
        outcome_id: u128::from(any_number(&bet["outcomeId"])),
        min_odds: any_number(&bet["minOdds"]),
        amount: text(bet, "amount").parse().expect("digits"),
        nonce: text(bet, "nonce").parse().expect("digits"),
    };
    (data, bet)
}

#[test]
fn digests_of_single_bets_are_the_vendors_own() {
    let vectors = data("vectors.json");
    let singles: Vec<&Value> = vectors["eip712"].as_array().expect("a list").iter().filter(|e| e["kind"] == "single").collect();
    assert_eq!(singles.len(), 8);
    for entry in singles {
        let domain = &entry["domain"];
        let separator = domain_separator(any_number(&domain["chainId"]), address(domain, "verifyingContract"));
        assert_eq!(separator.to_string(), text(entry, "domain_separator"), "{}", entry["id"]);
        let (data, bet) = read(entry);
        assert_eq!(bet_digest(separator, &data, &bet).to_string(), text(entry, "digest"), "{}", entry["id"]);
    }
}

#[test]
fn the_requests_of_the_vendors_toolkit_are_taken_for_what_they_are() {
    // Whatever is wrong with them (their time, their condition), it is not the signature; one changed digit is.
    let vectors = data("vectors.json");
    for entry in vectors["eip712"].as_array().expect("a list") {
        let body = &entry["http_request"]["body"];
        if entry["kind"] != "single" || body["environment"] != "PolygonUSDT" {
            continue;
        }
        let mut desk = Desk::calm();
        let (_, answer) = desk.post(body).expect("an answer");
        assert_ne!(answer["error"], "MessageNotVerified", "{}: {answer}", entry["id"]);
        let mut changed = body.clone();
        changed["clientBetData"]["bet"]["amount"] = json!("11000000");
        let (status, answer) = desk.post(&changed).expect("an answer");
        assert_eq!((status, &answer["error"]), (400, &json!("MessageNotVerified")), "{}", entry["id"]);
    }
}

#[test]
fn an_encoded_bet_is_the_struct_as_contracts_decode_it() {
    let vectors = data("vectors.json");
    let (data, bet) = read(&vectors["eip712"][0]);
    let bytes = encode_bet(&data, &bet);
    let word = |i: usize| U256::from_be_slice(&bytes[i * 32..(i + 1) * 32]);
    // offset of the struct; offsets of its two parts
    assert_eq!([word(0), word(1)], [U256::from(32), U256::from(64)]);
    let bets = 1 + usize::try_from(word(2)).expect("small") / 32;
    assert_eq!([word(bets), word(bets + 1)], [U256::from(1), bet.condition_id]);
    assert_eq!(word(bets + 5), bet.nonce);
    assert!(hex::encode(&bytes).contains(&hex::encode(data.attention.as_bytes())));
}
