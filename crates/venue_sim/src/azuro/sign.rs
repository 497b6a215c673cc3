//! Whose signature an order carries (azuro.md section 7.2), and the oracle's own. Written from the type strings alone.

use super::abi::{Abi, encode};
use crate::evm;
pub(super) use crate::evm::{address, recover, signature_bytes};
use alloy_primitives::{Address, B256, Keccak256, U256, hex, keccak256};
use k256::ecdsa::SigningKey;

const CLIENT_DATA: &str = "ClientData(string attention,address affiliate,address core,uint256 expiresAt,uint256 chainId,uint256 relayerFeeAmount,bool isFeeSponsored,bool isBetSponsored,bool isSponsoredBetReturnable)";
const SUB_BET: &str = "SubBet(uint256 conditionId,uint128 outcomeId,uint64 minOdds,uint128 amount,uint256 nonce)";
const CLIENT_BET_DATA: &str = "ClientBetData(ClientData clientData,SubBet[] bets)";

/// `ClientData` as signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientData {
    /// Free consent text.
    pub attention: String,
    /// Wallet credited with the bet.
    pub affiliate: Address,
    /// The Core contract.
    pub core: Address,
    /// Unix seconds after which the contract refuses it.
    pub expires_at: u64,
    /// Which chain.
    pub chain_id: u64,
    /// Raw token units paid to the relayer.
    pub relayer_fee_amount: u128,
    /// The house pays the fee.
    pub is_fee_sponsored: bool,
    /// The house pays the stake.
    pub is_bet_sponsored: bool,
    /// What becomes of a sponsored stake.
    pub is_sponsored_bet_returnable: bool,
}

/// `SubBet` as signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubBet {
    /// Which market line.
    pub condition_id: U256,
    /// Which outcome of it.
    pub outcome_id: u128,
    /// Lowest odds taken, times 10^12.
    pub min_odds: u64,
    /// Stake, raw token units.
    pub amount: u128,
    /// Unique per bettor.
    pub nonce: U256,
}

/// Separator of the domain `Live Betting` / `1.0.0` (section 7.2).
pub fn domain_separator(chain_id: u64, core: Address) -> B256 {
    evm::domain_separator("Live Betting", "1.0.0", chain_id, core)
}

impl ClientData {
    fn hash(&self) -> B256 {
        let Abi::Tuple(mut parts) = self.abi() else { return B256::ZERO };
        parts[0] = Abi::Word(keccak256(&self.attention));
        parts.insert(0, Abi::Word(keccak256(CLIENT_DATA)));
        keccak256(encode(&parts))
    }

    fn abi(&self) -> Abi {
        Abi::Tuple(vec![
            Abi::Bytes(self.attention.clone().into_bytes()),
            Abi::address(self.affiliate),
            Abi::address(self.core),
            Abi::uint(self.expires_at),
            Abi::uint(self.chain_id),
            Abi::uint(self.relayer_fee_amount),
            Abi::flag(self.is_fee_sponsored),
            Abi::flag(self.is_bet_sponsored),
            Abi::flag(self.is_sponsored_bet_returnable),
        ])
    }
}

impl SubBet {
    fn hash(&self) -> B256 {
        let Abi::Tuple(mut parts) = self.abi() else { return B256::ZERO };
        parts.insert(0, Abi::Word(keccak256(SUB_BET)));
        keccak256(encode(&parts))
    }

    fn abi(&self) -> Abi {
        Abi::Tuple(vec![
            Abi::uint(self.condition_id),
            Abi::uint(self.outcome_id),
            Abi::uint(self.min_odds),
            Abi::uint(self.amount),
            Abi::uint(self.nonce),
        ])
    }
}

/// What the bettor signs for a single bet: `ClientBetData` with an array of one.
pub fn bet_digest(separator: B256, data: &ClientData, bet: &SubBet) -> B256 {
    let type_hash = keccak256(format!("{CLIENT_BET_DATA}{CLIENT_DATA}{SUB_BET}"));
    let mut hasher = Keccak256::new();
    hasher.update(type_hash);
    hasher.update(data.hash());
    hasher.update(keccak256(bet.hash()));
    evm::typed_digest(separator, hasher.finalize())
}

/// `abi.encode(ClientBetData)`: what travels to the chain as `OrderData.clientBetData` (section 8).
pub fn encode_bet(data: &ClientData, bet: &SubBet) -> Vec<u8> {
    encode(&[Abi::Tuple(vec![data.abi(), Abi::List(vec![bet.abi()])])])
}

/// r, s and v of 27 or 28 over a digest.
pub(super) fn sign(key: &SigningKey, digest: B256) -> [u8; 65] {
    let mut bytes = [0u8; 65];
    // Signing a digest of 32 bytes fails for no key; a zero signature would be refused like any wrong one.
    if let Ok((signature, parity)) = key.sign_prehash_recoverable(digest.as_slice()) {
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + parity.to_byte();
    }
    bytes
}

/// As the API writes addresses of bettors: lower case.
pub(super) fn lower(address: Address) -> String {
    format!("0x{}", hex::encode(address))
}
