//! Transactions of the bettor's own: the approval of the relayer, and the claim of payouts. Nothing else ever costs gas here.
//!
//! Source: spec sections 7.1, 10 and 14; the format is that of EIP-1559. Owns what is asked of a node before a transaction is offered
//! ([`Pricing`]), what is signed ([`Transaction`]), and what is made of the node's silence afterwards ([`Broadcast`]). Owns no socket,
//! no file and no consent: the operator's command asks, writes [`Sent`] down before the bytes leave, and waits. The client of bets
//! never comes here.

mod broadcast;
mod claim;
mod pricing;
mod rlp;

pub use broadcast::{Broadcast, Outcome, Sent, Step};
pub use claim::{Claim, claim_call, claim_request, read_claim};
pub use pricing::{Account, Offer, PriceError, Pricing, Question};

use crate::chain::bytes;
use rlp::List;
use signing::EvmKey;
use signing::eip712::{Address, keccak256};

/// The kind of transaction: EIP-1559.
const KIND: u8 = 2;

/// One transaction, before it is signed. It moves no native coin but its own gas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// EVM chain id.
    pub chain_id: u64,
    /// How many transactions of the account came before.
    pub nonce: u64,
    /// Paid to the block's maker per gas, wei.
    pub priority_fee: u128,
    /// Paid per gas at most, wei.
    pub max_fee: u128,
    /// Gas at most.
    pub gas: u64,
    /// The contract.
    pub to: Address,
    /// The call.
    pub data: Vec<u8>,
}

/// A signed transaction: what goes to the node, and the hash by which the chain knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// `0x` and the bytes. Public once it is sent.
    pub raw: String,
    /// `0x` and 64 digits.
    pub hash: String,
}

impl Transaction {
    fn fields(&self) -> List {
        let mut list = List::default();
        list.number(u128::from(self.chain_id));
        list.number(u128::from(self.nonce));
        list.number(self.priority_fee);
        list.number(self.max_fee);
        list.number(u128::from(self.gas));
        list.bytes(self.to.as_slice());
        // No native coin.
        list.number(0);
        list.bytes(&self.data);
        // No access list.
        list.list(List::default());
        list
    }

    /// What is signed.
    pub fn digest(&self) -> [u8; 32] {
        let mut bytes = vec![KIND];
        bytes.extend(self.fields().encode());
        keccak256(&bytes)
    }

    /// Signs it. Deterministic: the same transaction gives the same bytes.
    pub fn sign(&self, key: &EvmKey) -> Signed {
        let signature = key.sign_digest(&self.digest());
        let mut list = self.fields();
        list.number(u128::from(signature.v.saturating_sub(27)));
        list.big(&signature.r);
        list.big(&signature.s);
        let mut bytes = vec![KIND];
        bytes.extend(list.encode());
        Signed { raw: format!("0x{}", hex::encode(&bytes)), hash: format!("0x{}", hex::encode(keccak256(&bytes))) }
    }
}

/// Whether a text is a transaction's hash.
pub fn is_hash(text: &str) -> bool {
    bytes(text).is_some_and(|bytes| bytes.len() == 32)
}
