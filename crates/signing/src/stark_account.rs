//! From a wallet to a Paradex account: the Stark key that follows from an L1 signature, and the account's address
//! (venues/paradex.md sections 2.1 and 2.2).
//!
//! A running bot does not need the L1 key: this is for the one-time set-up, and for checking that a configured key and address belong
//! together.

use crate::eip712::{self, Eip712Domain};
use crate::evm_key::{EvmKey, EvmSignature};
use crate::pedersen::{Chain, from_digits};
use crate::snip12::{short_string, starknet_keccak};
use crate::stark_key::{ORDER, StarkKey, StarkKeyError};
use alloy_sol_types::{SolStruct, sol};
use ruint::aliases::U256;
use sha2::{Digest, Sha256};
use starknet_types_core::felt::Felt;
use zeroize::Zeroizing;

sol! {
    /// The typed data that a wallet signs to own its Stark key.
    #[derive(Debug)]
    struct Constant {
        string action;
    }
}

/// The EIP-712 domain of the derivation. `l1_chain_id`: 1 in production, 11155111 on the testnet.
pub fn derivation_domain(l1_chain_id: u64) -> Eip712Domain {
    Eip712Domain::new(Some("Paradex".into()), Some("1".into()), Some(U256::from(l1_chain_id)), None, None)
}

/// The struct hash of what the wallet signs.
pub fn derivation_struct_hash() -> [u8; 32] {
    Constant { action: "STARK Key".to_owned() }.eip712_hash_struct().0
}

/// The digest that the wallet signs.
pub fn derivation_digest(l1_chain_id: u64) -> [u8; 32] {
    eip712::digest(&eip712::domain_separator(&derivation_domain(l1_chain_id)), &derivation_struct_hash())
}

/// The Stark key of a wallet.
///
/// # Errors
/// Never in practice: [`StarkKeyError::NoKey`] has a chance of about `2^-1280`.
pub fn derive_key(l1_key: &EvmKey, l1_chain_id: u64) -> Result<StarkKey, StarkKeyError> {
    key_of_signature(&l1_key.sign_digest(&derivation_digest(l1_chain_id)))
}

/// The Stark key that follows from a wallet's signature of [`derivation_digest`].
///
/// # Errors
/// [`StarkKeyError::NoKey`] when no index gives a key.
pub fn key_of_signature(signature: &EvmSignature) -> Result<StarkKey, StarkKeyError> {
    grind(seed_of_signature(signature)).map(|(key, _)| key)
}

/// The seed of the key: `r` without its leading zero *bytes*. The pitfall of venues/paradex.md section 2.1: hashing all 32 bytes
/// gives one wallet in 256 another key.
pub fn seed_of_signature(signature: &EvmSignature) -> &[u8] {
    let zeros = signature.r.iter().take_while(|byte| **byte == 0).count();
    &signature.r[zeros..]
}

/// Grinds a seed into a key: the first `SHA-256(seed, index)` that is not in the last, incomplete multiple of the curve's order,
/// modulo that order. Returns the key and the index that gave it.
///
/// # Errors
/// [`StarkKeyError::NoKey`] when none of 256 indices gives a key.
pub fn grind(seed: &[u8]) -> Result<(StarkKey, u8), StarkKeyError> {
    // 2^256 mod n, from numbers that fit: (2^256 - n) mod n.
    let beyond = ORDER.wrapping_neg() % ORDER;
    let limit = beyond.wrapping_neg();
    for index in 0..=u8::MAX {
        let digest = Zeroizing::new(<[u8; 32]>::from(Sha256::new().chain_update(seed).chain_update([index]).finalize()));
        let number = U256::from_be_bytes(*digest);
        if number < limit {
            let key = StarkKey::from_words(Zeroizing::new(*(number % ORDER).as_limbs()))?;
            return Ok((key, index));
        }
    }
    Err(StarkKeyError::NoKey)
}

/// The address of the account that belongs to a public key, for the two class hashes of the venue's configuration
/// (`paraclear_account_proxy_hash` and `paraclear_account_hash`).
pub fn account_address(public_key: &Felt, proxy_class: &Felt, account_class: &Felt) -> Felt {
    let calldata = Chain::of(&[*account_class, starknet_keccak(b"initialize"), Felt::TWO, *public_key, Felt::ZERO]);
    let prefix = short_string("STARKNET_CONTRACT_ADDRESS").expect("25 ASCII characters");
    let hash = Chain::of(&[prefix, Felt::ZERO, *public_key, *proxy_class, calldata]);
    // Addresses live below 2^251 - 256.
    let bound: U256 = (U256::from(1) << 251) - U256::from(256);
    let address: U256 = U256::from_limbs(hash.to_le_digits()) % bound;
    from_digits(address.as_limbs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitized::SanitizedValue;

    /// L1 key, chain, Stark public key, account address: the derivation vectors (testdata/SOURCES.md).
    #[test]
    fn wallets_get_the_keys_and_addresses_that_the_venue_gives_them() {
        let proxy = Felt::from_hex_unchecked("0x3530cc4759d78042f1b543bf797f5f3d647cde0388c33734cf91b7f7b9314a9");
        let class = Felt::from_hex_unchecked("0x41cb0280ebadaa75f996d8d92c6f265f6d040bb3ba442e5f86a554f1765244e");
        let check = |l1_key: &str, chain, public: &str, address: &str| {
            let l1_key = EvmKey::from_hex(&SanitizedValue::from(l1_key)).expect("a key");
            let key = derive_key(&l1_key, chain).expect("a key follows");
            assert_eq!(key.public_key(), Felt::from_hex_unchecked(public));
            assert_eq!(account_address(&key.public_key(), &proxy, &class), Felt::from_hex_unchecked(address));
        };
        check(
            "0xf8e4d1d772cdd44e5e77615ad11cc071c94e4c06dc21150d903f28e6aa6abdff",
            11_155_111,
            "0x2c144d2f2d4fc61b6f8967f3ba0012a87d90140bcfe5a3e92e8df83258c960f",
            "0x129c135ed63df9353885e292be4426b8ed6122b13c6c0e1bb787288a1f5adfa",
        );
        // r begins with a zero byte.
        check(
            "0x79721ec82254a93cce83e635dab47a32f4013ace67b6d52bfeb5640ed9cc66b6",
            1,
            "0x1f82d239aa7eea1dbffde5e77bdb739aac68a7e584ba8af68e8d238116e05ea",
            "0x3c4bf98ec04732fc88f83bbe0a9cf93da45be720ca0f9b302b1cfe88d1ef7bb",
        );
    }

    #[test]
    fn leading_zero_bytes_do_not_enter_the_seed() {
        let mut signature = EvmSignature { r: [7; 32], s: [1; 32], v: 27 };
        assert_eq!(seed_of_signature(&signature).len(), 32);
        signature.r[0] = 0;
        signature.r[1] = 0x0f;
        assert_eq!(seed_of_signature(&signature).len(), 31);
        signature.r = [0; 32];
        assert!(seed_of_signature(&signature).is_empty());
    }
}
