//! The venue's two signatures: the typed registration proof and the personal message over ABI-encoded arguments.
//!
//! Source: spec sections 6 and 7. Called by `session` (registration) and `trading` (orders, cancels). What is signed
//! is the very text that stands in the body, so callers pass the strings they send.

use crate::error::Error;
use signing::abi::{Value, encode};
use signing::eip712::{Address, Eip712Domain, digest, domain_separator, keccak256, personal_digest};
use signing::{EvmKey, SanitizedValue};

/// Signed fields of an order, as they stand in the body.
#[derive(Clone, Copy)]
pub(crate) struct OrderArgs<'a> {
    /// Venue time, ms.
    pub(crate) time: u64,
    /// The client-side tag.
    pub(crate) nonce: u64,
    /// `MARKET` or `LIMIT`.
    pub(crate) order_type: &'a str,
    /// Venue symbol.
    pub(crate) symbol: &'a str,
    /// Buy or sell.
    pub(crate) is_buy: bool,
    /// Size text.
    pub(crate) size: &'a str,
    /// Worst price text.
    pub(crate) limit_price: &'a str,
    /// Reduce-only flag.
    pub(crate) reduce_only: bool,
}

/// A signature with the hash that tells two messages apart.
pub(crate) struct Signed {
    /// `0x` and 64 hex digits: keccak of the encoded arguments.
    pub(crate) args_hash: String,
    /// `0x` and 130 hex digits: r, s, v with v 27 or 28 and s in the lower half.
    pub(crate) signature: String,
}

/// A private key that signs; prints nothing but its address.
#[derive(Debug)]
pub(crate) struct Signer(EvmKey);

impl Signer {
    pub(crate) fn new(secret: &SanitizedValue, what: &'static str) -> Result<Self, Error> {
        EvmKey::from_hex(secret).map(Self).map_err(|cause| Error::Key { what, cause })
    }

    pub(crate) fn address(&self) -> Address {
        self.0.address()
    }

    /// `0x` and 40 lower-case hex digits, as registration wants it.
    pub(crate) fn address_text(&self) -> String {
        format!("0x{}", hex::encode(self.0.address()))
    }

    /// Signs an order.
    pub(crate) fn order(&self, a: &OrderArgs<'_>) -> Signed {
        self.personal(&[
            Value::U64(a.time),
            Value::U64(a.nonce),
            Value::Text(a.order_type),
            Value::Text(a.symbol),
            Value::Bool(a.is_buy),
            Value::Text(a.size),
            Value::Text(a.limit_price),
            Value::Bool(a.reduce_only),
        ])
    }

    /// Signs a cancel; `id` is the order id as text.
    pub(crate) fn cancel(&self, time: u64, nonce: u64, id: &str) -> Signed {
        self.personal(&[Value::U64(time), Value::U64(nonce), Value::Text(id)])
    }

    /// Proves as the primary key that `approved` may sign for it until `expiry_ms`.
    pub(crate) fn proof(&self, contract: Address, approved: Address, expiry_ms: u64) -> String {
        self.0.sign_digest(&proof_digest(contract, approved, expiry_ms)).to_hex()
    }

    fn personal(&self, args: &[Value<'_>]) -> Signed {
        let mut encoded = Vec::with_capacity(512);
        encode(args, &mut encoded);
        let args_hash = keccak256(&encoded);
        let signature = self.0.sign_digest(&personal_digest(&args_hash)).to_hex();
        Signed { args_hash: format!("0x{}", hex::encode(args_hash)), signature }
    }
}

/// Reads `0x` and 40 hex digits.
pub(crate) fn parse_address(text: &str) -> Option<Address> {
    let mut out = [0u8; 20];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut out).ok()?;
    Some(Address::from(out))
}

/// The domain has neither a chain id nor a salt (spec section 6).
fn separator(contract: Address) -> [u8; 32] {
    domain_separator(&Eip712Domain::new(Some("VestRouterV2".into()), Some("0.0.1".into()), None, Some(contract), None))
}

fn proof_digest(contract: Address, signer: Address, expiry_ms: u64) -> [u8; 32] {
    let mut words = [0u8; 96];
    words[..32].copy_from_slice(&keccak256(b"SignerProof(address approvedSigner,uint256 signerExpiry)"));
    words[44..64].copy_from_slice(signer.as_slice());
    words[88..].copy_from_slice(&expiry_ms.to_be_bytes());
    digest(&separator(contract), &keccak256(&words))
}

#[cfg(test)]
mod tests;
