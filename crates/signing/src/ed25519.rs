//! Requests signed with Ed25519 (RFC 8032): `timestamp || METHOD || path with query || body`, nothing between them.
//!
//! No venue of ours asks for this (spec of SX Bet, section 3); it is the generic layer for a gateway that an operator puts in front of
//! one, chosen by configuration.

use crate::sanitized::SanitizedValue;
use ed25519_dalek::{Signer as _, SigningKey};
use std::fmt;
use zeroize::Zeroizing;

/// Why there is no key. Never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an Ed25519 seed is 64 hexadecimal digits, with or without 0x")]
pub struct Ed25519KeyError;

/// An Ed25519 key that signs requests. Wiped when dropped, printed as its public half.
#[derive(Clone)]
pub struct RequestSigner(SigningKey);

impl RequestSigner {
    /// From the 32 bytes of the seed as hexadecimal digits.
    ///
    /// # Errors
    /// Anything but 64 digits.
    pub fn from_hex(seed: &SanitizedValue) -> Result<Self, Ed25519KeyError> {
        let text = seed.expose_secret();
        let mut bytes = Zeroizing::new([0u8; 32]);
        hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut *bytes).map_err(|_| Ed25519KeyError)?;
        Ok(Self(SigningKey::from_bytes(&bytes)))
    }
    /// The public half.
    pub fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }
    /// Signs one request. `path` includes the query; `timestamp` is the text that goes beside the signature.
    pub fn sign(&self, timestamp: &str, method: &str, path: &str, body: &[u8]) -> [u8; 64] {
        self.0.sign(&request_bytes(timestamp, method, path, body)).to_bytes()
    }
}
impl fmt::Debug for RequestSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RequestSigner({}, [REDACTED])", hex::encode(self.public_key()))
    }
}

/// The bytes under the signature.
pub fn request_bytes(timestamp: &str, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    [timestamp.as_bytes(), method.as_bytes(), path.as_bytes(), body].concat()
}

/// Standard base64 with padding, as gateways write a signature.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |place: usize| u32::from(chunk.get(place).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = (group >> (18 - 6 * place)) & 63;
            text.push(if place > chunk.len() { '=' } else { char::from(DIGITS[digit as usize]) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first vector of RFC 8032, section 7.1: an empty message.
    #[test]
    fn the_first_vector_of_the_standard_comes_out() {
        let seed = SanitizedValue::from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let key = RequestSigner::from_hex(&seed).expect("a seed");
        assert_eq!(hex::encode(key.public_key()), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
        assert_eq!(
            hex::encode(key.sign("", "", "", b"")),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        );
    }

    /// The examples of RFC 4648, section 10.
    #[test]
    fn base64_is_that_of_the_standard() {
        let check = |text: &str, expect: &str| assert_eq!(base64(text.as_bytes()), expect);
        check("", "");
        check("f", "Zg==");
        check("fo", "Zm8=");
        check("foo", "Zm9v");
        check("foobar", "Zm9vYmFy");
    }

    #[test]
    fn a_seed_that_is_none_is_refused_and_a_key_prints_its_public_half_only() {
        for text in ["", "12", &"g".repeat(64), &"0".repeat(66)] {
            assert_eq!(RequestSigner::from_hex(&SanitizedValue::from(text)).err(), Some(Ed25519KeyError), "{text}");
        }
        let key = RequestSigner::from_hex(&SanitizedValue::from("ab".repeat(32))).expect("a seed");
        let text = format!("{key:?}");
        assert!(text.contains("[REDACTED]") && !text.contains("abab"), "{text}");
    }
}
