//! A Stark key and its signatures: ECDSA over the Stark curve with the deterministic nonce of RFC 6979.
//!
//! Not constant time: the nonce walks through a table whose lines a neighbour on the same core could watch, and the stock crate is no
//! different. The key stays in this process on a machine of its owner; do not run this beside strangers. What is kept of a key
//! is wiped; copies that a signature makes on the stack are not.

use crate::curve::generator_x;
use crate::decimal::push_decimal;
use crate::pedersen::from_digits;
use crate::sanitized::SanitizedValue;
use ruint::aliases::U256;
use ruint::uint;
use starknet_types_core::curve::{AffinePoint, ProjectivePoint};
use starknet_types_core::felt::Felt;
use std::fmt;
use zeroize::Zeroizing;

uint! {
    /// Order `n` of the curve (venues/paradex.md section 2.1).
    pub(crate) const ORDER: U256 = 0x800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2f_U256;
    /// Upper bound of every element of a signature, and of the hash (the rule of the reference implementation, which
    /// `starknet-crypto` keeps).
    const BOUND: U256 = 0x800000000000000000000000000000000000000000000000000000000000000_U256;
}

/// The extra entropy the venue's SDK mixes into the nonce (venues/paradex.md section 3.4).
const SDK_ENTROPY: u64 = 32;

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StarkKeyError {
    /// The text is not hexadecimal.
    #[error("a Stark private key is up to 64 hexadecimal digits, with or without 0x")]
    NotHex,
    /// The number is zero or not below the order of the curve.
    #[error("a Stark private key lies between 1 and the order of the curve")]
    OutOfRange,
    /// No index below 256 gave a key: the seed is not a real signature.
    #[error("no Stark key follows from this signature")]
    NoKey,
}

/// Why a hash was not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StarkSignError {
    /// The hash is not below `2^251`. One in `2^54` is.
    #[error("the message hash is 2^251 or more, which the curve's signatures cannot carry")]
    HashTooLarge,
}

/// A signature over the Stark curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StarkSignature {
    /// x coordinate of `k*G`.
    pub r: Felt,
    /// `(r*d + z)/k`.
    pub s: Felt,
}

impl StarkSignature {
    /// The form Paradex takes, `["r","s"]` in decimal (venues/paradex.md section 3.4), appended to `out`.
    pub fn write_wire(&self, out: &mut String) {
        out.push_str("[\"");
        push_decimal(out, self.r.to_le_digits());
        out.push_str("\",\"");
        push_decimal(out, self.s.to_le_digits());
        out.push_str("\"]");
    }

    /// [`Self::write_wire`] into a new string.
    pub fn to_wire(&self) -> String {
        let mut out = String::with_capacity(162);
        self.write_wire(&mut out);
        out
    }

    /// Whether `public_key` signed `hash`. Slow beside signing: for simulators and tests.
    ///
    /// Not the stock crate's function: that one panics on a signature made so that its two halves cancel, and a simulator takes
    /// signatures from anyone.
    pub fn verifies(&self, public_key: &Felt, hash: &Felt) -> bool {
        self.signer_matches(public_key, hash).unwrap_or(false)
    }

    /// `None` for what cannot be a signature, a hash or a key at all.
    fn signer_matches(&self, public_key: &Felt, hash: &Felt) -> Option<bool> {
        let bounded = |felt: &Felt| Some(U256::from_limbs(felt.to_le_digits())).filter(|value| *value < BOUND);
        let (z, r, s) = (bounded(hash)?, bounded(&self.r)?, bounded(&self.s)?);
        let w = s.inv_mod(ORDER).filter(|w| *w < BOUND)?;
        if r.is_zero() {
            return None;
        }
        let multiple = |point: AffinePoint, scalar: U256| {
            ProjectivePoint::try_from(point).ok().map(|point| &point * from_digits(scalar.as_limbs()))
        };
        let left = multiple(AffinePoint::generator(), z.mul_mod(w, ORDER))?;
        // Only x of the public key is known, so either sign of y will do.
        let right = multiple(AffinePoint::new_from_x(public_key, false)?, r.mul_mod(w, ORDER))?;
        let is_r = |point: ProjectivePoint| point.to_affine().is_ok_and(|point| point.x() == self.r);
        Some(is_r(&left + &right) || is_r(&left - &right))
    }
}

/// A private key on the Stark curve. Wiped when dropped, and printed as `[REDACTED]`.
#[derive(Clone)]
pub struct StarkKey {
    /// Below the order of the curve and not zero; least significant word first.
    secret: Zeroizing<[u64; 4]>,
    public: Felt,
}

impl StarkKey {
    /// From hexadecimal text, with or without `0x`, leading zeros as one likes.
    ///
    /// # Errors
    /// [`StarkKeyError::NotHex`] and [`StarkKeyError::OutOfRange`]; neither repeats the text.
    pub fn from_hex(text: &SanitizedValue) -> Result<Self, StarkKeyError> {
        let digits = text.expose_secret().trim();
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        if digits.is_empty() || digits.len() > 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(StarkKeyError::NotHex);
        }
        let mut words = Zeroizing::new([0u64; 4]);
        for byte in digits.bytes() {
            let nibble = char::from(byte).to_digit(16).ok_or(StarkKeyError::NotHex)?;
            for index in (1..4).rev() {
                words[index] = words[index] << 4 | words[index - 1] >> 60;
            }
            words[0] = words[0] << 4 | u64::from(nibble);
        }
        Self::from_words(words)
    }

    pub(crate) fn from_words(secret: Zeroizing<[u64; 4]>) -> Result<Self, StarkKeyError> {
        if U256::from_limbs(*secret) >= ORDER {
            return Err(StarkKeyError::OutOfRange);
        }
        let public = generator_x(&secret).ok_or(StarkKeyError::OutOfRange)?;
        Ok(Self { secret, public: from_digits(&public) })
    }

    /// The public key: the x coordinate of `d*G`.
    pub fn public_key(&self) -> Felt {
        self.public
    }

    /// The private key as `0x` text, for the one who stores a derived key.
    pub fn to_hex(&self) -> SanitizedValue {
        SanitizedValue::new(format!("{:#x}", U256::from_limbs(*self.secret)))
    }

    /// Signs as the venue's SDK does: RFC 6979 with the extra entropy 32 (venues/paradex.md section 3.4).
    ///
    /// # Errors
    /// [`StarkSignError::HashTooLarge`].
    pub fn sign(&self, hash: &Felt) -> Result<StarkSignature, StarkSignError> {
        self.sign_from(hash, Some(SDK_ENTROPY))
    }

    /// Signs with plain RFC 6979, as most other Stark signers do. Just as valid, other numbers.
    ///
    /// # Errors
    /// [`StarkSignError::HashTooLarge`].
    pub fn sign_without_entropy(&self, hash: &Felt) -> Result<StarkSignature, StarkSignError> {
        self.sign_from(hash, None)
    }

    fn sign_from(&self, hash: &Felt, entropy: Option<u64>) -> Result<StarkSignature, StarkSignError> {
        let z = U256::from_limbs(hash.to_le_digits());
        if z >= BOUND {
            return Err(StarkSignError::HashTooLarge);
        }
        let key = from_digits(&self.secret);
        let mut seed = entropy;
        loop {
            let k = starknet_crypto::rfc6979_generate_k(hash, &key, seed.map(Felt::from).as_ref());
            if let Some(signature) = self.sign_with_nonce(z, U256::from_limbs(k.to_le_digits())) {
                return Ok(signature);
            }
            // One nonce in 2^54 gives a number out of bounds; the reference implementations then count the seed up.
            seed = Some(seed.map_or(1, |seed| seed + 1));
        }
    }

    /// `None` when a part of the signature would be zero or out of bounds.
    fn sign_with_nonce(&self, z: U256, k: U256) -> Option<StarkSignature> {
        let in_bounds = |value: &U256| !value.is_zero() && *value < BOUND;
        let r = Some(U256::from_limbs(generator_x(k.as_limbs())?)).filter(in_bounds)?;
        let secret = U256::from_limbs(*self.secret);
        let s = r.mul_mod(secret, ORDER).add_mod(z, ORDER).mul_mod(k.inv_mod(ORDER)?, ORDER);
        let s = Some(s).filter(in_bounds)?;
        Some(StarkSignature { r: from_digits(r.as_limbs()), s: from_digits(s.as_limbs()) })
    }
}

impl fmt::Debug for StarkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StarkKey").field("secret", &"[REDACTED]").field("public", &format_args!("{:#x}", self.public)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(hex: &str) -> Result<StarkKey, StarkKeyError> {
        StarkKey::from_hex(&SanitizedValue::from(hex))
    }

    fn stock(secret: &Felt, hash: &Felt, seed: Option<u64>) -> (Felt, Felt) {
        let k = starknet_crypto::rfc6979_generate_k(hash, secret, seed.map(Felt::from).as_ref());
        let signature = starknet_crypto::sign(secret, hash, &k).expect("in bounds");
        (signature.r, signature.s)
    }

    const N: &str = "0x800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2f";
    const N_LESS_1: &str = "0x800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2e";

    #[test]
    fn keys_are_read_from_hex_of_any_width_and_refused_out_of_range() {
        let check = |text: &str, expect: Result<&str, StarkKeyError>| {
            let got = key(text).map(|key| format!("{:#x}", key.public_key()));
            assert_eq!(got, expect.map(str::to_owned), "{text}");
        };
        let one = Ok("0x1ef15c18599971b7beced415a40f0c7deacfd9b0d1819e03d723d8bc943cfca");
        check("0x1", one);
        check("1", one);
        check(" 0x01\n", one);
        check(&format!("{:0>64}", "1"), one);
        check(N_LESS_1, one);
        check(N, Err(StarkKeyError::OutOfRange));
        check(&"f".repeat(64), Err(StarkKeyError::OutOfRange));
        check("0x0", Err(StarkKeyError::OutOfRange));
        check("", Err(StarkKeyError::NotHex));
        check("0x", Err(StarkKeyError::NotHex));
        check("0x12g4", Err(StarkKeyError::NotHex));
        check(&format!("{:0>65}", "1"), Err(StarkKeyError::NotHex));
        check("žluťoučký", Err(StarkKeyError::NotHex));
    }

    #[test]
    fn a_key_prints_its_public_half_only() {
        let key = key("0x5ec2e7").expect("a key");
        let text = format!("{key:?} {:?} {}", key.to_hex(), key.to_hex());
        assert!(text.contains("[REDACTED]") && !text.contains("5ec2e7"), "{text}");
        assert_eq!(key.to_hex().expose_secret(), "0x5ec2e7");
    }

    #[test]
    fn a_hash_beyond_the_bound_is_refused_and_the_last_below_it_signed() {
        let key = key("0x7").expect("a key");
        let bound = Felt::TWO.pow(251u32);
        assert_eq!(key.sign(&bound), Err(StarkSignError::HashTooLarge));
        assert_eq!(key.sign(&Felt::MAX), Err(StarkSignError::HashTooLarge));
        for hash in [bound - Felt::ONE, Felt::ZERO, Felt::ONE] {
            let signature = key.sign(&hash).expect("in bounds");
            assert!(signature.verifies(&key.public_key(), &hash), "{hash:#x}");
        }
    }

    #[test]
    fn a_nonce_that_leaves_the_bounds_gives_no_signature() {
        let key = key("0x7").expect("a key");
        assert_eq!(key.sign_with_nonce(U256::from(1), U256::ZERO), None, "no nonce");
        assert_eq!(key.sign_with_nonce(U256::from(1), ORDER), None, "no inverse");
        // s = 0: z = -r*d.
        let r = U256::from_limbs(generator_x(&[5, 0, 0, 0]).expect("5 G"));
        let z = ORDER - r.mul_mod(U256::from(7), ORDER);
        assert_eq!(key.sign_with_nonce(z, U256::from(5)), None, "s is zero");
    }

    #[test]
    fn a_signature_of_another_hash_or_key_does_not_verify() {
        let (key, other) = (key("0x1234567").expect("a key"), key("0x1234568").expect("a key"));
        let hash = Felt::from(99);
        let signature = key.sign(&hash).expect("in bounds");
        assert!(signature.verifies(&key.public_key(), &hash));
        assert!(!signature.verifies(&other.public_key(), &hash));
        assert!(!signature.verifies(&key.public_key(), &Felt::from(98)));
        assert!(!StarkSignature { s: Felt::ZERO, ..signature }.verifies(&key.public_key(), &hash));
    }

    #[test]
    fn signatures_made_to_break_a_verifier_are_just_wrong() {
        let key = key("0x7").expect("a key");
        let hash = Felt::from(99);
        let signature = key.sign(&hash).expect("in bounds");
        let check = |r: Felt, s: Felt, hash: Felt, public: Felt| {
            assert!(!StarkSignature { r, s }.verifies(&public, &hash), "{r:#x} {s:#x} {hash:#x} {public:#x}");
        };
        let bound = Felt::TWO.pow(251u32);
        let public = key.public_key();
        // r*d = -z and r*d = z: one of the two sums is the point at infinity.
        let seventh = U256::from(7).inv_mod(ORDER).expect("7 and n are coprime");
        let cancelling = U256::from(99).mul_mod(seventh, ORDER);
        check(from_digits(cancelling.as_limbs()), Felt::ONE, hash, public);
        check(from_digits((ORDER - cancelling).as_limbs()), Felt::ONE, hash, public);
        check(Felt::ZERO, signature.s, hash, public);
        check(signature.r, Felt::ZERO, hash, public);
        check(bound, signature.s, hash, public);
        check(signature.r, bound, hash, public);
        check(signature.r, Felt::MAX, hash, public);
        check(signature.r, signature.s, bound, public);
        check(signature.r, signature.s, Felt::ZERO, public);
        check(signature.r, signature.s, hash, Felt::ZERO);
        check(signature.r, signature.s, hash, Felt::MAX);
        // Keys that are no x coordinate of the curve.
        for x in 0..8u64 {
            check(signature.r, signature.s, hash, Felt::from(x));
        }
    }

    fn scalar() -> impl Strategy<Value = U256> {
        prop_oneof![
            6 => any::<[u64; 4]>().prop_map(|words| U256::from_limbs(words) % ORDER),
            2 => (0usize..252, 1u64..1024).prop_map(|(bit, digit)| (U256::from(digit) << bit) % ORDER),
            1 => (1u64..5).prop_map(|n| ORDER - U256::from(n)),
            1 => (1u64..5).prop_map(U256::from),
        ]
    }

    proptest! {
        // As for the hash: the stock crate has the last word.
        #![proptest_config(ProptestConfig::with_cases(100_000))]
        #[test]
        fn multiples_of_the_generator_are_the_stock_ones(k in scalar()) {
            prop_assume!(!k.is_zero());
            let felt = from_digits(k.as_limbs());
            prop_assert_eq!(generator_x(k.as_limbs()).map(|x| from_digits(&x)), Some(starknet_crypto::get_public_key(&felt)));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1500))]
        #[test]
        fn signatures_are_the_stock_ones_bit_for_bit(secret in scalar(), hash in any::<[u8; 32]>()) {
            prop_assume!(!secret.is_zero());
            let mut hash = hash;
            hash[0] &= 0x07;
            let hash = Felt::from_bytes_be(&hash);
            let key = StarkKey::from_words(Zeroizing::new(*secret.as_limbs())).expect("in range");
            let secret = from_digits(secret.as_limbs());
            let ours = key.sign(&hash).expect("in bounds");
            prop_assert_eq!((ours.r, ours.s), stock(&secret, &hash, Some(32)));
            let ours = key.sign_without_entropy(&hash).expect("in bounds");
            prop_assert_eq!((ours.r, ours.s), stock(&secret, &hash, None));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100))]
        #[test]
        fn verification_agrees_with_the_stock_crate(secret in scalar(), hash in any::<[u8; 31]>(), flip in 0usize..4, bit in 0u32..250) {
            prop_assume!(!secret.is_zero());
            let key = StarkKey::from_words(Zeroizing::new(*secret.as_limbs())).expect("in range");
            let mut hash = Felt::from_bytes_be_slice(&hash);
            let mut signature = key.sign(&hash).expect("in bounds");
            let change = Felt::TWO.pow(bit);
            match flip {
                0 => {}
                1 => signature.r += change,
                2 => signature.s += change,
                _ => hash += change,
            }
            let stock = starknet_crypto::verify(&key.public_key(), &hash, &signature.r, &signature.s).unwrap_or(false);
            prop_assert_eq!(signature.verifies(&key.public_key(), &hash), stock);
            prop_assert_eq!(stock, flip == 0);
        }
    }
}
