//! Whose signature a request carries (vest.md sections 6 and 7). Verifies only; holds no key.

use alloy_primitives::{Address, B256, Keccak256, hex, keccak256};
use k256::ecdsa::{Signature, VerifyingKey};
use k256::elliptic_curve::PrimeField;
use k256::elliptic_curve::ops::{LinearCombination, Reduce};
use k256::elliptic_curve::point::DecompressPoint;
use k256::{AffinePoint, ProjectivePoint, Scalar, U256};

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
    let proof = hasher.finalize();
    let mut hasher = Keccak256::new();
    hasher.update([0x19, 0x01]);
    hasher.update(separator);
    hasher.update(proof);
    hasher.finalize()
}

/// Who signed this digest. `None` unless the text is 0x and 65 bytes, v is 27 or 28 and s lies in the lower half
/// (section 6, trap; section 7, step 4).
pub(super) fn recover(digest: B256, signature: &str) -> Option<Address> {
    let mut bytes = [0u8; 65];
    hex::decode_to_slice(signature.strip_prefix("0x")?, &mut bytes).ok()?;
    let y_is_odd = match bytes[64] {
        27 => false,
        28 => true,
        _ => return None,
    };
    let signature = Signature::from_slice(&bytes[..64]).ok()?;
    if signature.normalize_s().is_some() {
        return None;
    }
    signer_of(digest, &signature, y_is_odd)
}

/// The key for which the signature holds. The library's own recovery verifies what it has just solved for, which
/// costs as much again; thousands of simulated sessions feel that, and the equation has no other solution.
fn signer_of(digest: B256, signature: &Signature, y_is_odd: bool) -> Option<Address> {
    let (r, s) = signature.split_scalars();
    let z = <Scalar as Reduce<U256>>::reduce_bytes(&digest.0.into());
    let point: Option<AffinePoint> = AffinePoint::decompress(&r.to_repr(), u8::from(y_is_odd).into()).into();
    let inverse = Option::<Scalar>::from(r.invert())?;
    let (of_generator, of_point) = (-(inverse * z), inverse * *s);
    let key = ProjectivePoint::lincomb(&ProjectivePoint::GENERATOR, &of_generator, &point?.into(), &of_point);
    Some(Address::from_public_key(&VerifyingKey::from_affine(key.to_affine()).ok()?))
}

/// An address in hex with 0x.
pub(super) fn address(text: &str) -> Option<Address> {
    let mut bytes = [0u8; 20];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut bytes).ok()?;
    Some(Address::from(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The short way finds whom the library's own recovery finds, for signatures and for anything like one.
        #[test]
        fn recovery_agrees_with_the_librarys(secret in any::<[u8; 32]>(), digest in any::<[u8; 32]>(), noise in any::<[u8; 64]>()) {
            let digest = B256::from(digest);
            let Ok(key) = k256::ecdsa::SigningKey::from_slice(&secret) else { return Ok(()) };
            let (signature, parity) = key.sign_prehash_recoverable(digest.as_slice()).expect("signs");
            let text = format!("0x{}{:02x}", hex::encode(signature.to_bytes()), 27 + parity.to_byte());
            prop_assert_eq!(recover(digest, &text), Some(Address::from_public_key(key.verifying_key())));
            if let Ok(other) = Signature::from_slice(&noise) {
                for odd in [false, true] {
                    let theirs = alloy_primitives::Signature::from_signature_and_parity(other, odd);
                    prop_assert_eq!(signer_of(digest, &other, odd), theirs.recover_address_from_prehash(&digest).ok());
                }
            }
        }
    }
}
