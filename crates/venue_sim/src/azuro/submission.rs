//! What the relayer hands to the chain, and what the chain says of it: the seam behind which the chain of this crate and a real
//! node of a test are the same thing.

use super::abi::{Abi, encode};
use alloy_primitives::{Address, B256, U256, keccak256};

/// One bet on its way to `Relayer.betFor(OrderData[])` (section 8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The order of the API that this is: give it back to `AzuroSim::chain_said`.
    pub order_id: String,
    /// Whose stake it is, and whose the bet will be.
    pub bet_owner: Address,
    /// The market line as the oracle vouches for it; one for a single bet.
    pub condition: ConditionData,
    /// The house's oracle.
    pub oracle: Address,
    /// `abi.encode(ClientBetData)`.
    pub client_bet_data: Vec<u8>,
    /// r, s, v by the bettor over the EIP-712 digest.
    pub bettor_signature: Vec<u8>,
    /// r, s, v by the oracle over [`oracle_digest`].
    pub oracle_signature: Vec<u8>,
}

/// `ConditionData` of section 8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionData {
    /// Which event.
    pub game_id: U256,
    /// Which market line.
    pub condition_id: U256,
    /// 0 before the game, 1 during it.
    pub kind: u8,
    /// The oracle's odds of every outcome, times 10^12.
    pub odds: Vec<u64>,
    /// Its outcomes, in the order of `odds`.
    pub outcomes: Vec<u128>,
    /// What the house may lose on it, raw token units.
    pub potential_loss_limit: u128,
    /// How many of them win.
    pub winning_outcomes_count: u8,
}

/// A bet that is on chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mined {
    /// `AzuroBet` token.
    pub token_id: u64,
    /// Transaction that placed it.
    pub tx_hash: B256,
    /// Unix seconds of its block.
    pub block_time_s: u64,
}

impl ConditionData {
    fn abi(&self) -> Abi {
        Abi::Tuple(vec![
            Abi::uint(self.game_id),
            Abi::uint(self.condition_id),
            Abi::uint(self.kind),
            Abi::List(self.odds.iter().map(|o| Abi::uint(*o)).collect()),
            Abi::List(self.outcomes.iter().map(|o| Abi::uint(*o)).collect()),
            Abi::uint(self.potential_loss_limit),
            Abi::uint(self.winning_outcomes_count),
        ])
    }
}

impl Submission {
    /// `OrderData` in ABI terms.
    fn abi(&self) -> Abi {
        Abi::Tuple(vec![
            Abi::address(self.bet_owner),
            Abi::List(vec![self.condition.abi()]),
            Abi::uint(0u8),
            Abi::address(self.oracle),
            Abi::Bytes(self.client_bet_data.clone()),
            Abi::Bytes(self.bettor_signature.clone()),
            Abi::Bytes(self.oracle_signature.clone()),
        ])
    }

    /// Calldata of `Relayer.betFor` with this order alone: selector 0xb1d5d332 and the array of one `OrderData`.
    pub fn calldata(&self) -> Vec<u8> {
        let mut data = vec![0xb1, 0xd5, 0xd3, 0x32];
        data.extend_from_slice(&encode(&[Abi::List(vec![self.abi()])]));
        data
    }
}

/// What the oracle signs: keccak256(abi.encode(chainId, core, keccak256(clientBetData), keccak256(abi.encode(ConditionData[])))).
/// The real preimage is not public (section 18, item 13); a contract that checks it must use this one.
pub fn oracle_digest(chain_id: u64, core: Address, client_bet_data: &[u8], condition: &ConditionData) -> B256 {
    let conditions = encode(&[Abi::List(vec![condition.abi()])]);
    keccak256(encode(&[
        Abi::uint(chain_id),
        Abi::address(core),
        Abi::Word(keccak256(client_bet_data)),
        Abi::Word(keccak256(conditions)),
    ]))
}
