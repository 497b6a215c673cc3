//! What is signed for a request (vest.md sections 6 and 7).

use crate::evm;
use alloy_primitives::{Address, B256, Keccak256, keccak256};

/// One ABI argument of a signed request.
#[derive(Clone, Copy)]
pub(super) enum Arg<'a> {
    /// `uint256`.
    Int(u64),
    /// `bool`.
    Bool(bool),
    /// `address`.
    Address(Address),
    /// `string`.
    Text(&'a str),
}

const WORD: usize = 32;

fn word_of(value: u64) -> [u8; WORD] {
    let mut word = [0; WORD];
    word[24..].copy_from_slice(&value.to_be_bytes());
    word
}

/// Standard `abi.encode` of separate arguments: heads, then the tails of the strings, each padded to words.
pub(super) fn abi_encode(args: &[Arg<'_>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let mut tails = Vec::with_capacity(256);
    for arg in args {
        match *arg {
            Arg::Int(value) => out.extend_from_slice(&word_of(value)),
            Arg::Bool(value) => out.extend_from_slice(&word_of(u64::from(value))),
            Arg::Address(value) => {
                out.extend_from_slice(&[0; 12]);
                out.extend_from_slice(value.as_slice());
            }
            Arg::Text(text) => {
                out.extend_from_slice(&word_of((args.len() * WORD + tails.len()) as u64));
                tails.extend_from_slice(&word_of(text.len() as u64));
                tails.extend_from_slice(text.as_bytes());
                tails.resize(tails.len().next_multiple_of(WORD), 0);
            }
        }
    }
    out.extend_from_slice(&tails);
    out
}

/// Hash of a signed request's arguments.
pub(super) fn args_hash(args: &[Arg<'_>]) -> B256 {
    keccak256(abi_encode(args))
}

/// What is signed for these arguments: a personal message over the 32 raw bytes of their hash.
pub(super) fn personal_digest(args_hash: B256) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update(b"\x19Ethereum Signed Message:\n32");
    hasher.update(args_hash);
    hasher.finalize()
}

/// Separator of the router's EIP-712 domain; it has no chain id (section 6).
pub(super) fn domain_separator(contract: Address) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update(keccak256("EIP712Domain(string name,string version,address verifyingContract)"));
    hasher.update(keccak256("VestRouterV2"));
    hasher.update(keccak256("0.0.1"));
    hasher.update(contract.into_word());
    hasher.finalize()
}

/// What the primary key signs to let `signer` sign until `expiry_ms`.
pub(super) fn proof_digest(separator: B256, signer: Address, expiry_ms: u64) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update(keccak256("SignerProof(address approvedSigner,uint256 signerExpiry)"));
    hasher.update(signer.into_word());
    hasher.update(word_of(expiry_ms));
    evm::typed_digest(separator, hasher.finalize())
}
