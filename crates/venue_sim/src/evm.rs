//! Ethereum's signatures as every venue that takes them checks them: what is signed, by whom, and how both are written.
//!
//! Which fields are signed, and under which domain, is each venue's own.

use alloy_primitives::{Address, B256, Keccak256, U256, hex, keccak256};
use k256::ecdsa::{Signature, VerifyingKey};
use k256::elliptic_curve::PrimeField;
use k256::elliptic_curve::ops::{LinearCombination, Reduce};
use k256::elliptic_curve::point::DecompressPoint;
use k256::{AffinePoint, ProjectivePoint, Scalar};

/// Separator of an EIP-712 domain of name, version, chain and contract.
pub(crate) fn domain_separator(name: &str, version: &str, chain_id: u64, contract: Address) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update(keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"));
    hasher.update(keccak256(name));
    hasher.update(keccak256(version));
    hasher.update(U256::from(chain_id).to_be_bytes::<32>());
    hasher.update(contract.into_word());
    hasher.finalize()
}

/// What is signed for a struct of this hash (EIP-712).
pub(crate) fn typed_digest(separator: B256, struct_hash: B256) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update([0x19, 0x01]);
    hasher.update(separator);
    hasher.update(struct_hash);
    hasher.finalize()
}

/// The 65 bytes of a signature in hex with 0x.
pub(crate) fn signature_bytes(text: &str) -> Option<[u8; 65]> {
    let mut bytes = [0u8; 65];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut bytes).ok()?;
    Some(bytes)
}

/// An address in hex with 0x, any case.
pub(crate) fn address(text: &str) -> Option<Address> {
    let mut bytes = [0u8; 20];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut bytes).ok()?;
    Some(Address::from(bytes))
}

/// Who signed this digest. `None` unless v is 27 or 28 and s lies in the lower half, as contracts demand.
pub(crate) fn recover(digest: B256, signature: &[u8; 65]) -> Option<Address> {
    let y_is_odd = match signature[64] {
        27 => false,
        28 => true,
        _ => return None,
    };
    let signature = Signature::from_slice(&signature[..64]).ok()?;
    if signature.normalize_s().is_some() {
        return None;
    }
    signer_of(digest, &signature, y_is_odd)
}

/// Who signed this digest with a signature in hex with 0x; `None` for anything else.
pub(crate) fn recover_text(digest: B256, signature: &str) -> Option<Address> {
    recover(digest, &signature_bytes(signature)?)
}

/// The key for which the signature holds. The library's own recovery verifies what it has just solved for, which
/// costs as much again; thousands of simulated sessions feel that, and the equation has no other solution.
fn signer_of(digest: B256, signature: &Signature, y_is_odd: bool) -> Option<Address> {
    let (r, s) = signature.split_scalars();
    let z = <Scalar as Reduce<k256::U256>>::reduce_bytes(&digest.0.into());
    let point: Option<AffinePoint> = AffinePoint::decompress(&r.to_repr(), u8::from(y_is_odd).into()).into();
    let inverse = Option::<Scalar>::from(r.invert())?;
    let (of_generator, of_point) = (-(inverse * z), inverse * *s);
    let key = ProjectivePoint::lincomb(&ProjectivePoint::GENERATOR, &of_generator, &point?.into(), &of_point);
    Some(Address::from_public_key(&VerifyingKey::from_affine(key.to_affine()).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_signature_has_no_signer() {
        for text in ["", "0x", "0x00", &"é".repeat(66), &"11".repeat(66)] {
            assert_eq!(signature_bytes(text), None, "{text}");
        }
        for text in [format!("0x{}1b", "00".repeat(64)), format!("0x{}1b", "ff".repeat(64)), format!("0x{}02", "11".repeat(64))] {
            assert_eq!(recover_text(B256::repeat_byte(7), &text), None, "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The short way finds whom the library's own recovery finds, for signatures and for anything like one.
        #[test]
        fn recovery_agrees_with_the_librarys(secret in any::<[u8; 32]>(), digest in any::<[u8; 32]>(), noise in any::<[u8; 64]>()) {
            let digest = B256::from(digest);
            let Ok(key) = k256::ecdsa::SigningKey::from_slice(&secret) else { return Ok(()) };
            let (signature, parity) = key.sign_prehash_recoverable(digest.as_slice()).expect("signs");
            let text = format!("0x{}{:02x}", hex::encode(signature.to_bytes()), 27 + parity.to_byte());
            prop_assert_eq!(recover_text(digest, &text), Some(Address::from_public_key(key.verifying_key())));
            if let Ok(other) = Signature::from_slice(&noise) {
                for odd in [false, true] {
                    let theirs = alloy_primitives::Signature::from_signature_and_parity(other, odd);
                    prop_assert_eq!(signer_of(digest, &other, odd), theirs.recover_address_from_prehash(&digest).ok());
                }
            }
        }

        /// A signature with s in the upper half, which curves allow and contracts do not, is nobody's.
        #[test]
        fn a_high_s_is_nobodys(secret in any::<[u8; 32]>(), digest in any::<[u8; 32]>()) {
            let Ok(key) = k256::ecdsa::SigningKey::from_slice(&secret) else { return Ok(()) };
            let (signature, parity) = key.sign_prehash_recoverable(&digest).expect("signs");
            let (r, s) = signature.split_scalars();
            let high = Signature::from_scalars(r.to_repr(), (-*s).to_repr()).expect("a signature");
            let mut bytes = [0u8; 65];
            bytes[..64].copy_from_slice(&high.to_bytes());
            bytes[64] = 27 + (1 - parity.to_byte() % 2);
            prop_assert_eq!(recover(B256::from(digest), &bytes), None);
        }
    }
}
