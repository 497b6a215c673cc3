//! An Ethereum key and its signatures: secp256k1 ECDSA, deterministic (RFC 6979), low `s`.

use crate::sanitized::SanitizedValue;
use alloy_primitives::{Address, keccak256};
use k256::ecdsa::{RecoveryId, Signature, SigningKey, VerifyingKey};
use std::fmt;
use zeroize::Zeroizing;

/// Why there is no key. Never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvmKeyError {
    /// Not 64 hexadecimal digits.
    #[error("an Ethereum private key is 64 hexadecimal digits, with or without 0x; this text has {length}")]
    Length {
        /// Characters after `0x`.
        length: usize,
    },
    /// A character that is not a hexadecimal digit.
    #[error("an Ethereum private key is made of hexadecimal digits")]
    NotHex,
    /// Zero, or not below the order of the curve.
    #[error("an Ethereum private key lies between 1 and the order of the curve")]
    OutOfRange,
}

/// Why a signature does not lead to a signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvmSignatureError {
    /// Not `0x` and 130 hexadecimal digits.
    #[error("a signature is 0x and 130 hexadecimal digits")]
    NotHex,
    /// The last byte is neither 27 nor 28.
    #[error("the recovery byte of a signature is 27 or 28, not {v}")]
    RecoveryByte {
        /// The byte.
        v: u8,
    },
    /// `r` or `s` is out of range, or `s` in the upper half.
    #[error("a number of the signature is out of range")]
    OutOfRange,
    /// No point of the curve belongs to it.
    #[error("no key can have made this signature")]
    NoSigner,
}

/// A recoverable signature, as it goes over the wire: `r`, `s` and 27 or 28.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvmSignature {
    /// Big-endian; may begin with zeros, and keeps them.
    pub r: [u8; 32],
    /// Big-endian, in the lower half.
    pub s: [u8; 32],
    /// 27 or 28.
    pub v: u8,
}

impl EvmSignature {
    /// Length of [`Self::to_hex_bytes`].
    pub const HEX_LEN: usize = 132;

    /// `r`, `s`, `v`.
    pub fn to_bytes(&self) -> [u8; 65] {
        let mut bytes = [0u8; 65];
        bytes[..32].copy_from_slice(&self.r);
        bytes[32..64].copy_from_slice(&self.s);
        bytes[64] = self.v;
        bytes
    }

    /// The wire form, `0x` and 130 digits in ASCII, without an allocation.
    pub fn to_hex_bytes(&self) -> [u8; Self::HEX_LEN] {
        let mut text = [0u8; Self::HEX_LEN];
        text[..2].copy_from_slice(b"0x");
        hex::encode_to_slice(self.to_bytes(), &mut text[2..]).expect("130 digits for 65 bytes");
        text
    }

    /// The wire form, `0x` and 130 digits.
    pub fn to_hex(&self) -> String {
        format!("0x{}", hex::encode(self.to_bytes()))
    }

    /// Reads the wire form.
    ///
    /// # Errors
    /// Anything but `0x`, 130 digits, a recovery byte of 27 or 28, and numbers in range.
    pub fn from_hex(text: &str) -> Result<Self, EvmSignatureError> {
        let mut bytes = [0u8; 65];
        let digits = text.strip_prefix("0x").ok_or(EvmSignatureError::NotHex)?;
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| EvmSignatureError::NotHex)?;
        let (mut r, mut s) = ([0u8; 32], [0u8; 32]);
        r.copy_from_slice(&bytes[..32]);
        s.copy_from_slice(&bytes[32..64]);
        let signature = Self { r, s, v: bytes[64] };
        signature.parts().map(|_| signature)
    }

    fn parts(&self) -> Result<(Signature, RecoveryId), EvmSignatureError> {
        let odd = match self.v {
            27 => false,
            28 => true,
            v => return Err(EvmSignatureError::RecoveryByte { v }),
        };
        let signature = Signature::from_scalars(self.r, self.s).map_err(|_| EvmSignatureError::OutOfRange)?;
        if signature.normalize_s().is_some() {
            return Err(EvmSignatureError::OutOfRange);
        }
        Ok((signature, RecoveryId::new(odd, false)))
    }
}

/// The address of the key that signed a digest.
///
/// # Errors
/// A signature that no key can have made.
pub fn recover(digest: &[u8; 32], signature: &EvmSignature) -> Result<Address, EvmSignatureError> {
    let (parts, id) = signature.parts()?;
    let key = VerifyingKey::recover_from_prehash(digest, &parts, id).map_err(|_| EvmSignatureError::NoSigner)?;
    Ok(address_of(&key))
}

/// An Ethereum private key. The key is wiped when dropped, and printed as its address.
#[derive(Clone)]
pub struct EvmKey {
    key: SigningKey,
    address: Address,
}

impl EvmKey {
    /// From 64 hexadecimal digits, with or without `0x`. Keys with leading zeros are keys like any other.
    ///
    /// # Errors
    /// A text of another form, or a number out of range.
    pub fn from_hex(text: &SanitizedValue) -> Result<Self, EvmKeyError> {
        let digits = text.expose_secret().trim();
        let digits = digits.strip_prefix("0x").unwrap_or(digits);
        let length = digits.chars().count();
        if length != 64 {
            return Err(EvmKeyError::Length { length });
        }
        let mut bytes = Zeroizing::new([0u8; 32]);
        hex::decode_to_slice(digits, bytes.as_mut()).map_err(|_| EvmKeyError::NotHex)?;
        Self::from_bytes(&bytes)
    }

    /// From 32 big-endian bytes, such as fresh random ones.
    ///
    /// # Errors
    /// [`EvmKeyError::OutOfRange`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, EvmKeyError> {
        let key = SigningKey::from_slice(bytes).map_err(|_| EvmKeyError::OutOfRange)?;
        let address = address_of(key.verifying_key());
        Ok(Self { key, address })
    }

    /// The address of the key.
    pub fn address(&self) -> Address {
        self.address
    }

    /// Signs a digest.
    pub fn sign_digest(&self, digest: &[u8; 32]) -> EvmSignature {
        let (signature, id) =
            self.key.sign_prehash_recoverable(digest).expect("RFC 6979 draws nonces until one serves, and 32 bytes are a digest");
        let (r, s) = signature.split_bytes();
        EvmSignature { r: r.into(), s: s.into(), v: 27 + u8::from(id.is_y_odd()) }
    }
}

impl fmt::Debug for EvmKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EvmKey").field("key", &"[REDACTED]").field("address", &self.address).finish()
    }
}

/// The last 20 bytes of the Keccak hash of the uncompressed public key.
fn address_of(key: &VerifyingKey) -> Address {
    let point = key.to_encoded_point(false);
    let hash = keccak256(&point.as_bytes()[1..]);
    Address::from_slice(&hash[12..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> Result<EvmKey, EvmKeyError> {
        EvmKey::from_hex(&SanitizedValue::from(text))
    }

    const ORDER: &str = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

    #[test]
    fn keys_are_read_from_64_digits_and_nothing_else() {
        let check = |text: &str, expect: Result<&str, EvmKeyError>| {
            assert_eq!(key(text).map(|key| key.address().to_string()), expect.map(str::to_owned), "{text}");
        };
        // Address of the key 1, a well-known constant.
        let one = Ok("0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
        check(&format!("{:0>64}", "1"), one);
        check(&format!("0x{:0>64}", "1"), one);
        check(&format!(" 0x{:0>64}\n", "1"), one);
        check("0x1", Err(EvmKeyError::Length { length: 1 }));
        check("", Err(EvmKeyError::Length { length: 0 }));
        check(&"č".repeat(64), Err(EvmKeyError::NotHex));
        check(&"g".repeat(64), Err(EvmKeyError::NotHex));
        check(&"0".repeat(64), Err(EvmKeyError::OutOfRange));
        check(ORDER, Err(EvmKeyError::OutOfRange));
        check(&ORDER.replace("4141", "4140"), Ok("0x80C0dbf239224071c59dD8970ab9d542E3414aB2"));
    }

    #[test]
    fn a_key_prints_its_address_only() {
        let secret = "00000000000000000000000000000000000000000000000000000000deadbeef";
        let text = format!("{:?} {:#?}", key(secret), key(secret));
        assert!(text.contains("[REDACTED]") && !text.to_lowercase().contains("deadbeef"), "{text}");
        let error = key(&secret.replace('d', "z")).expect_err("not hex");
        assert_eq!(error.to_string(), "an Ethereum private key is made of hexadecimal digits");
    }

    /// Vectors `r-leading-zero`-like forms are in the golden file; here the refusals.
    #[test]
    fn a_signature_text_is_refused_for_each_thing_that_can_be_wrong() {
        let good = key(&format!("{:0>64}", "5")).expect("a key").sign_digest(&[3; 32]);
        let text = good.to_hex();
        assert_eq!(EvmSignature::from_hex(&text), Ok(good));
        let check = |text: String, expect| assert_eq!(EvmSignature::from_hex(&text), Err(expect), "{text}");
        check(text[2..].to_owned(), EvmSignatureError::NotHex);
        check(text[..131].to_owned(), EvmSignatureError::NotHex);
        check(format!("{text}00"), EvmSignatureError::NotHex);
        check(String::new(), EvmSignatureError::NotHex);
        check(format!("{}1d", &text[..130]), EvmSignatureError::RecoveryByte { v: 29 });
        check(format!("{}00", &text[..130]), EvmSignatureError::RecoveryByte { v: 0 });
        check(format!("0x{}{}1b", "0".repeat(64), &text[66..130]), EvmSignatureError::OutOfRange);
        check(format!("{}{ORDER}1b", &text[..66]), EvmSignatureError::OutOfRange);
        check(format!("{}{}1b", &text[..66], ORDER.replace("4141", "4140")), EvmSignatureError::OutOfRange);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn what_is_signed_recovers_to_the_signer_with_a_low_s(secret in any::<[u8; 32]>(), digest in any::<[u8; 32]>()) {
            let Ok(key) = EvmKey::from_bytes(&secret) else { return Ok(()) };
            let signature = key.sign_digest(&digest);
            prop_assert_eq!(recover(&digest, &signature), Ok(key.address()));
            prop_assert!(signature.s[0] < 0x80, "low s");
            prop_assert_eq!(String::from_utf8(signature.to_hex_bytes().to_vec()), Ok(signature.to_hex()));
            prop_assert_eq!(EvmSignature::from_hex(&signature.to_hex()), Ok(signature));
            prop_assert_eq!(key.sign_digest(&digest), signature, "deterministic");
            let mut other = digest;
            other[0] ^= 1;
            prop_assert_ne!(recover(&other, &signature), Ok(key.address()));
        }
    }
}
