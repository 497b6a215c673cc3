//! The bet as the venue wants it signed: typed data in the Core's domain, and the request body around it.
//!
//! Source: spec sections 7.2 and 7.3. Owns the words of the message; the key and the hashing are `signing`'s. What is signed
//! and what stands in the body come from the same [`BetTerms`], so they cannot differ. Single bets only: combos are not placed.

use crate::environment::Environment;
use domain::{MarketId, Outcome};
use serde_json::json;
use signing::eip712::{self, Address, SolStruct as _, U256};
use signing::{EvmKey, EvmSignature};

mod message {
    alloy_sol_types::sol! {
        struct ClientData {
            string attention;
            address affiliate;
            address core;
            uint256 expiresAt;
            uint256 chainId;
            uint256 relayerFeeAmount;
            bool isFeeSponsored;
            bool isBetSponsored;
            bool isSponsoredBetReturnable;
        }
        struct SubBet {
            uint256 conditionId;
            uint128 outcomeId;
            uint64 minOdds;
            uint128 amount;
            uint256 nonce;
        }
        struct ClientBetData {
            ClientData clientData;
            SubBet[] bets;
        }
    }
}

/// Where single bets are posted, below the REST base (spec 7.3).
pub const ORDER_TARGET: &str = "/bet/orders/ordinar";

/// Who pays when a bonus is used. We use none; the flags are part of what is signed all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sponsored {
    /// The relayer's fee is paid by the house.
    pub fee: bool,
    /// The stake is paid by the house.
    pub bet: bool,
    /// A sponsored stake comes back when it wins.
    pub returnable: bool,
}

/// Everything that one single bet says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BetTerms {
    /// Consent text, at most 160 characters; may be empty.
    pub attention: String,
    /// The wallet credited with the bet.
    pub affiliate: Address,
    /// Unix seconds after which the contract refuses it: the only cancel there is.
    pub expires_at: u64,
    /// From gas-info, raw token units.
    pub relayer_fee: u128,
    /// Bonus flags.
    pub sponsored: Sponsored,
    /// The condition, as a number of 256 bits.
    pub condition: MarketId,
    /// Which outcome wins the bet.
    pub outcome: Outcome,
    /// Lowest odds accepted, at 1e-12.
    pub min_odds: u64,
    /// Stake in raw token units.
    pub amount: u128,
    /// Single use per bettor on chain.
    pub nonce: u64,
}

/// A signed bet, ready to be posted. The signature lets anyone place it, so it prints as its id alone.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedBet {
    /// The venue's id, known before sending: lower-case bettor, `_`, nonce.
    pub order_id: String,
    /// EIP-712 hash of the message.
    pub struct_hash: [u8; 32],
    /// What is signed.
    pub digest: [u8; 32],
    /// By the bettor's key.
    pub signature: EvmSignature,
    /// The body of the POST.
    pub body: String,
}
impl std::fmt::Debug for SignedBet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedBet").field("order_id", &self.order_id).finish_non_exhaustive()
    }
}

/// A condition id as the venue writes it.
pub fn condition_text(id: MarketId) -> String {
    U256::from_be_bytes(id.0).to_string()
}

/// Reads a condition id: 1 to 78 decimal digits that fit 256 bits.
pub fn parse_condition(text: &str) -> Option<MarketId> {
    if text.is_empty() || text.len() > 78 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    U256::from_str_radix(text, 10).ok().map(|id| MarketId(id.to_be_bytes()))
}

/// `0x` and 40 lower-case digits.
pub fn lower_hex(address: Address) -> String {
    format!("0x{}", hex::encode(address))
}

/// The venue's id of an order.
pub fn order_id(bettor: Address, nonce: u64) -> String {
    format!("{}_{nonce}", lower_hex(bettor))
}

/// Signs a bet and writes its request.
pub fn sign(key: &EvmKey, environment: &Environment, terms: &BetTerms) -> SignedBet {
    let message = message::ClientBetData {
        clientData: message::ClientData {
            attention: terms.attention.clone(),
            affiliate: terms.affiliate,
            core: environment.core,
            expiresAt: U256::from(terms.expires_at),
            chainId: U256::from(environment.chain_id),
            relayerFeeAmount: U256::from(terms.relayer_fee),
            isFeeSponsored: terms.sponsored.fee,
            isBetSponsored: terms.sponsored.bet,
            isSponsoredBetReturnable: terms.sponsored.returnable,
        },
        bets: vec![message::SubBet {
            conditionId: U256::from_be_bytes(terms.condition.0),
            outcomeId: u128::from(terms.outcome.0),
            minOdds: terms.min_odds,
            amount: terms.amount,
            nonce: U256::from(terms.nonce),
        }],
    };
    let struct_hash = message.eip712_hash_struct().0;
    let digest = eip712::digest(&environment.separator(), &struct_hash);
    let signature = key.sign_digest(&digest);
    let bettor = lower_hex(key.address());
    // `expiresAt`, `chainId` and `outcomeId` are numbers there, all other amounts and ids are texts (spec 7.3).
    let body = json!({
        "environment": environment.name,
        "bettor": bettor,
        "betOwner": bettor,
        "clientBetData": {
            "clientData": {
                "attention": terms.attention,
                "affiliate": terms.affiliate.to_string(),
                "core": environment.core.to_string(),
                "expiresAt": terms.expires_at,
                "chainId": environment.chain_id,
                "relayerFeeAmount": terms.relayer_fee.to_string(),
                "isBetSponsored": terms.sponsored.bet,
                "isFeeSponsored": terms.sponsored.fee,
                "isSponsoredBetReturnable": terms.sponsored.returnable,
            },
            "bet": {
                "conditionId": condition_text(terms.condition),
                "outcomeId": terms.outcome.0,
                "minOdds": terms.min_odds.to_string(),
                "amount": terms.amount.to_string(),
                "nonce": terms.nonce.to_string(),
            },
        },
        "bettorSignature": signature.to_hex(),
    })
    .to_string();
    SignedBet { order_id: order_id(key.address(), terms.nonce), struct_hash, digest, signature, body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_condition_id_is_a_number_of_256_bits_and_nothing_else() {
        let check = |text: &str, expect: bool| assert_eq!(parse_condition(text).is_some(), expect, "{text}");
        check("300610060000000000649714110000000000000227249395", true);
        check("0", true);
        check("115792089237316195423570985008687907853269984665640564039457584007913129639935", true);
        check("115792089237316195423570985008687907853269984665640564039457584007913129639936", false);
        check("", false);
        check("0x12", false);
        check("-1", false);
        check("1_0", false);
        check(&"9".repeat(79), false);
    }

    #[test]
    fn a_signed_bet_prints_no_signature() {
        let key = EvmKey::from_bytes(&[7; 32]).expect("a key");
        let terms = BetTerms {
            attention: String::new(),
            affiliate: Address::ZERO,
            expires_at: 1,
            relayer_fee: 0,
            sponsored: Sponsored::default(),
            condition: MarketId([1; 32]),
            outcome: Outcome(29),
            min_odds: 1_500_000_000_000,
            amount: 1,
            nonce: 5,
        };
        let signed = sign(&key, &crate::environment::POLYGON, &terms);
        let text = format!("{signed:?}");
        assert!(text.contains(&signed.order_id) && !text.contains(&signed.signature.to_hex()), "{text}");
    }

    proptest! {
        #[test]
        fn condition_ids_read_back(bytes: [u8; 32]) {
            let id = MarketId(bytes);
            prop_assert_eq!(parse_condition(&condition_text(id)), Some(id));
        }
    }
}
