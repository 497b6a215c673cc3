//! An order's signature and its id, which are one hash: the venue calls the EIP-712 digest `orderId`.
//!
//! Source: spec section 7.1. The domain comes from `/metadata/obv3`, checked by `metadata`; the key is the account's own.
//! Called by `trading`. Time in force and the client order id are not signed.

use domain::MarketId;
use signing::eip712::{Address, Eip712Domain, U256, domain_separator, struct_digest};
use signing::{EvmKey, EvmSignature};

mod typed {
    use signing::eip712::sol;
    sol! {
        /// The venue's struct; the order of the members is part of the hash (salt before expiry).
        struct Order {
            bytes32 marketHash;
            address baseToken;
            uint256 totalBetSize;
            uint256 percentageOdds;
            uint256 salt;
            uint256 expiry;
            address maker;
            bool isMakerBettingOutcomeOne;
        }
    }
}

/// The signed members of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderArgs {
    /// Which market.
    pub market: MarketId,
    /// The token staked: `activeAsset.baseToken`.
    pub base_token: Address,
    /// Stake in base units of the token.
    pub stake: u64,
    /// Own implied probability at 1e-20: the worst price taken, on the ladder.
    pub percentage_odds: u128,
    /// Makes the order unlike any other.
    pub salt: [u8; 32],
    /// Unix seconds; afterwards it can never execute.
    pub expiry: u64,
    /// The account's own address.
    pub maker: Address,
    /// The outcome bet: one or two.
    pub outcome_one: bool,
}

/// The separator of the venue's domain. `None` stays out of the hash.
pub fn separator(name: &str, version: &str, chain_id: u64, contract: Address) -> [u8; 32] {
    let domain = Eip712Domain::new(
        Some(name.to_owned().into()),
        Some(version.to_owned().into()),
        Some(U256::from(chain_id)),
        Some(contract),
        None,
    );
    domain_separator(&domain)
}

/// The digest of an order: what is signed, and the venue's id of the order.
pub fn order_id(order: &OrderArgs, separator: &[u8; 32]) -> [u8; 32] {
    let message = typed::Order {
        marketHash: order.market.0.into(),
        baseToken: order.base_token,
        totalBetSize: U256::from(order.stake),
        percentageOdds: U256::from(order.percentage_odds),
        salt: U256::from_be_bytes(order.salt),
        expiry: U256::from(order.expiry),
        maker: order.maker,
        isMakerBettingOutcomeOne: order.outcome_one,
    };
    struct_digest(&message, separator)
}

/// Signs an order by its id.
pub fn sign(id: &[u8; 32], key: &EvmKey) -> EvmSignature {
    key.sign_digest(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use signing::SanitizedValue;

    #[test]
    fn orders_of_the_vectors_have_the_id_and_the_signature_that_three_libraries_made() {
        let vectors: Value = serde_json::from_str(include_str!("../testdata/vectors.json")).expect("the vectors");
        let mut seen = 0;
        for entry in vectors["signed"].as_array().expect("a list").iter().filter(|e| e["kind"] == "v3_order") {
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            let (domain, message) = (&entry["domain"], &entry["message"]);
            let number = |field: &str| text(&message[field]).parse::<U256>().expect("a number");
            let order = OrderArgs {
                market: text(&message["marketHash"]).parse().expect("a market"),
                base_token: text(&message["baseToken"]).parse().expect("an address"),
                stake: number("totalBetSize").to(),
                percentage_odds: number("percentageOdds").to(),
                salt: number("salt").to_be_bytes(),
                expiry: number("expiry").to(),
                maker: text(&message["maker"]).parse().expect("an address"),
                outcome_one: message["isMakerBettingOutcomeOne"].as_bool().expect("a flag"),
            };
            let contract = text(&domain["verifyingContract"]).parse().expect("an address");
            let separator = separator(
                &text(&domain["name"]),
                &text(&domain["version"]),
                domain["chainId"].as_u64().expect("an id"),
                contract,
            );
            let id = order_id(&order, &separator);
            assert_eq!(format!("0x{}", hex::encode(id)), text(&entry["expected_orderId"]));
            let key = EvmKey::from_hex(&SanitizedValue::new(text(&entry["privateKey"]))).expect("a key");
            assert_eq!(sign(&id, &key).to_hex(), text(&entry["signature"]));
            seen += 1;
        }
        assert_eq!(seen, 6);
    }
}
