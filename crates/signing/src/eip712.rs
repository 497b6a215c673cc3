//! Digests of Ethereum messages: typed data (EIP-712) and the personal message over 32 raw bytes.
//!
//! A venue crate declares its struct with [`sol!`] and its domain with [`Eip712Domain`], whose absent fields stay out of the domain
//! type (Vest's has no chain id, venues/vest.md section 6). Keep the separator: it is a constant of the venue.
//! What [`sol!`] writes names the crate `alloy_sol_types`, so a crate that uses it needs that dependency.

pub use alloy_primitives::{Address, U256};
pub use alloy_sol_types::{Eip712Domain, SolStruct, sol};

/// Keccak-256.
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    alloy_primitives::keccak256(bytes).0
}

/// The separator of a domain: the struct hash of those of its fields that are present.
pub fn domain_separator(domain: &Eip712Domain) -> [u8; 32] {
    domain.separator().0
}

/// The 66 bytes that typed data puts under the hash: `0x1901`, the separator, the struct hash.
pub fn typed_preimage(domain_separator: &[u8; 32], struct_hash: &[u8; 32]) -> [u8; 66] {
    let mut bytes = [0u8; 66];
    bytes[..2].copy_from_slice(&[0x19, 0x01]);
    bytes[2..34].copy_from_slice(domain_separator);
    bytes[34..].copy_from_slice(struct_hash);
    bytes
}

/// The digest of typed data, to be signed.
pub fn digest(domain_separator: &[u8; 32], struct_hash: &[u8; 32]) -> [u8; 32] {
    keccak256(&typed_preimage(domain_separator, struct_hash))
}

/// The digest of a struct in a domain with a kept separator.
pub fn struct_digest<T: SolStruct>(message: &T, domain_separator: &[u8; 32]) -> [u8; 32] {
    digest(domain_separator, &message.eip712_hash_struct().0)
}

/// What stands before the 32 bytes of a personal message.
const PERSONAL_PREFIX: &[u8; 28] = b"\x19Ethereum Signed Message:\n32";

/// The 60 bytes that a personal message puts under the hash: the prefix and 32 *raw* bytes, not their hex text.
pub fn personal_preimage(bytes: &[u8; 32]) -> [u8; 60] {
    let mut whole = [0u8; 60];
    whole[..28].copy_from_slice(PERSONAL_PREFIX);
    whole[28..].copy_from_slice(bytes);
    whole
}

/// The digest of a personal message over 32 raw bytes, to be signed (venues/vest.md section 7, step 3).
pub fn personal_digest(bytes: &[u8; 32]) -> [u8; 32] {
    keccak256(&personal_preimage(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::address;

    sol! {
        struct SignerProof {
            address approvedSigner;
            uint256 signerExpiry;
        }
    }

    /// The vectors `register-prod` and `register-dev` (testdata/SOURCES.md).
    #[test]
    fn a_domain_without_chain_id_gives_the_separator_and_digest_of_the_vectors() {
        let check = |contract, separator: &str, digest: Option<&str>| {
            let domain = Eip712Domain::new(Some("VestRouterV2".into()), Some("0.0.1".into()), None, Some(contract), None);
            assert_eq!(hex::encode(domain_separator(&domain)), separator);
            let proof = SignerProof {
                approvedSigner: address!("11f0669AfCd371b8717Db689e9fE58E23a01976F"),
                signerExpiry: U256::from(1_764_316_799_123_u64),
            };
            let got = hex::encode(struct_digest(&proof, &domain_separator(&domain)));
            assert_eq!(digest.map_or(got.clone(), str::to_owned), got);
        };
        check(
            address!("919386306C47b2Fe1036e3B4F7C40D22D2461a23"),
            "8df60953c66b298930b42687623b1eda856dfdce250e668bdc4996995a9ccdc3",
            Some("d1abfce003f97e70ca5d6360362ea43d8be84614102c2437885cd59c1c3e61a8"),
        );
        check(
            address!("8E4D87AEf4AC4D5415C35A12319013e34223825B"),
            "5ce53317e081267f4016ec50bc0a444717c48523e167af08e50b98d56beb919c",
            None,
        );
    }

    /// The vector `limit-long-btc` (testdata/SOURCES.md).
    #[test]
    fn a_personal_message_covers_the_raw_bytes() {
        let mut hash = [0u8; 32];
        hex::decode_to_slice("b15bac6f8fdbf3286cd1d8df3576a0f1ab6e8a7de6b2323d42ddd4bd1ef56d93", &mut hash).expect("hex");
        let expect = "0729889898c41ea46bdc7d3c0437ea0c5659140f5c088c240c2f57d43490604a";
        assert_eq!(hex::encode(personal_digest(&hash)), expect);
    }
}
