//! Starknet typed data of the old kind, SNIP-12 revision 0: Pedersen hashes, type names hashed with a cut Keccak, text as big-endian
//! numbers (venues/paradex.md section 3.1).
//!
//! A venue crate owns its messages: it names the type text and feeds the members in order. What lies here is the rule, cut so
//! that the constant parts are hashed once:
//!
//! ```
//! use signing::snip12::{self, Domain, StructHasher, TypedMessage};
//! use signing::Felt;
//!
//! // At start, once per account:
//! let domain = Domain { name: "Paradex", chain_id: "PRIVATE_SN_POTC_SEPOLIA", version: "1" };
//! let message = TypedMessage::new(&domain.hash()?, &Felt::from(7u64));
//! let request = StructHasher::new("Constant(action:felt)");
//! // For each message:
//! let struct_hash = request.begin().with(&snip12::short_string("Onboarding")?).finish();
//! let message_hash = message.hash(&struct_hash);
//! # assert_ne!(message_hash, Felt::ZERO);
//! # Ok::<(), snip12::NotShort>(())
//! ```

use crate::pedersen::Chain;
use alloy_primitives::keccak256;
use starknet_types_core::felt::Felt;

/// The domain type of Paradex. The member order name, chainId, version is not the more common one, and it counts
/// (venues/paradex.md section 3.1).
pub const DOMAIN_TYPE: &str = "StarkNetDomain(name:felt,chainId:felt,version:felt)";

/// Text that does not fit into a felt as a short string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a short string is at most 31 ASCII characters; this one has {length} bytes{}", if *.ascii { "" } else { ", not all ASCII" })]
pub struct NotShort {
    /// Bytes of the refused text.
    pub length: usize,
    /// Whether it was ASCII at least.
    pub ascii: bool,
}

/// Text as a felt: its ASCII bytes read as one big-endian number. Empty text is zero.
///
/// # Errors
/// More than 31 bytes, or bytes that are not ASCII.
pub fn short_string(text: &str) -> Result<Felt, NotShort> {
    let refused = NotShort { length: text.len(), ascii: text.is_ascii() };
    let start = 32usize.checked_sub(text.len()).filter(|start| *start > 0 && refused.ascii).ok_or(refused)?;
    let mut bytes = [0u8; 32];
    bytes[start..].copy_from_slice(text.as_bytes());
    Ok(Felt::from_bytes_be(&bytes))
}

/// Keccak-256 cut to its low 250 bits, so that it fits into a felt. Hashes type texts and names of entry points.
pub fn starknet_keccak(bytes: &[u8]) -> Felt {
    let mut hash = keccak256(bytes).0;
    hash[0] &= 0x03;
    Felt::from_bytes_be(&hash)
}

/// Whom a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Domain<'a> {
    /// Name of the application, `Paradex`.
    pub name: &'a str,
    /// Text of the Starknet chain id; its short string is what gets hashed.
    pub chain_id: &'a str,
    /// Version, `1`: digits, so it is hashed as the number ([`felt_of_text`]).
    pub version: &'a str,
}

impl Domain<'_> {
    /// The hash of the domain: one of the constants of a chain and account.
    ///
    /// # Errors
    /// A name, chain id or version that is no short string.
    pub fn hash(&self) -> Result<Felt, NotShort> {
        let chain = StructHasher::new(DOMAIN_TYPE).begin();
        Ok(chain.with(&short_string(self.name)?).with(&short_string(self.chain_id)?).with(&felt_of_text(self.version)?).finish())
    }
}

/// A member that the typed data carries as text: digits are a number, all else a short string (revision 0's rule; this is why a
/// Paradex side `"1"` is the felt 1, venues/paradex.md section 3.2).
///
/// # Errors
/// Text that is neither a number below `2^64` nor a short string.
pub fn felt_of_text(text: &str) -> Result<Felt, NotShort> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Felt::from_dec_str(text).map_err(|_| NotShort { length: text.len(), ascii: true });
    }
    short_string(text)
}

/// A struct type: the chain after its type hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StructHasher {
    type_hash: Felt,
    prefix: Chain,
}

impl StructHasher {
    /// From the type text, such as `Order(timestamp:felt,market:felt)`.
    pub fn new(type_text: &str) -> Self {
        let type_hash = starknet_keccak(type_text.as_bytes());
        Self { type_hash, prefix: Chain::new().with(&type_hash) }
    }

    /// The hash of the type text.
    pub fn type_hash(&self) -> Felt {
        self.type_hash
    }

    /// A struct to be filled: add the members in order, then [`Chain::finish`]. The chain is a copy, so a prefix of constant
    /// members can be kept and continued many times.
    pub fn begin(&self) -> Chain {
        self.prefix
    }
}

/// Messages of one account in one domain: `H("StarkNet Message", domain, account, struct)` with the first three hashed ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypedMessage {
    prefix: Chain,
}

impl TypedMessage {
    /// For a domain hash and an account address. With a subkey, the account is still the *main* account (venues/paradex.md
    /// section 2.5).
    pub fn new(domain_hash: &Felt, account: &Felt) -> Self {
        let word = short_string("StarkNet Message").expect("sixteen ASCII characters");
        Self { prefix: Chain::new().with(&word).with(domain_hash).with(account) }
    }

    /// The hash to sign: two Pedersen hashes.
    pub fn hash(&self, struct_hash: &Felt) -> Felt {
        self.prefix.with(struct_hash).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_strings_are_big_endian_numbers_of_at_most_31_ascii_bytes() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(short_string(text).ok(), expect.map(Felt::from_hex_unchecked), "{text:?}");
        };
        check("", Some("0x0"));
        check("1", Some("0x31"));
        check("LIMIT", Some("0x4c494d4954"));
        check("PRIVATE_SN_POTC_SEPOLIA", Some("0x505249564154455f534e5f504f54435f5345504f4c4941"));
        check(&"a".repeat(31), Some(&format!("0x{}", "61".repeat(31))));
        check(&"a".repeat(32), None);
        check(&"a".repeat(400), None);
        check("µ", None);
    }

    #[test]
    fn text_of_digits_is_a_number_and_other_text_a_short_string() {
        let check = |text: &str, expect: Option<Felt>| assert_eq!(felt_of_text(text).ok(), expect, "{text:?}");
        check("1", Some(Felt::ONE));
        check("007", Some(Felt::from(7)));
        check("1763711999000201703952790000", Some(Felt::from(1_763_711_999_000_201_703_952_790_000_u128)));
        check("-1", Some(Felt::from(0x2d31)));
        check("", Some(Felt::ZERO));
        check("BTC-USD-PERP", short_string("BTC-USD-PERP").ok());
    }

    #[test]
    fn the_error_says_what_is_wrong_and_not_the_text() {
        let text = short_string(&"x".repeat(32)).expect_err("too long").to_string();
        assert_eq!(text, "a short string is at most 31 ASCII characters; this one has 32 bytes");
        let text = short_string("ü").expect_err("not ASCII").to_string();
        assert_eq!(text, "a short string is at most 31 ASCII characters; this one has 2 bytes, not all ASCII");
    }

    #[test]
    fn domain_and_type_hashes_are_those_of_the_venue() {
        let check = |chain_id, expect| {
            let domain = Domain { name: "Paradex", chain_id, version: "1" };
            assert_eq!(domain.hash().expect("short"), Felt::from_hex_unchecked(expect), "{chain_id}");
        };
        check("PRIVATE_SN_PARACLEAR_MAINNET", "0x6f74f207280b65cf663fb8d7763fac1e7398cd6d7da5d7681dc300ee4278a0a");
        check("PRIVATE_SN_POTC_SEPOLIA", "0x38b9242cb46eb19ff458c80a8f0eda7e8e26d8d6d54a63d9b5ed89750e39ef2");
        assert_eq!(
            StructHasher::new("Order(timestamp:felt,market:felt,side:felt,orderType:felt,size:felt,price:felt)").type_hash(),
            Felt::from_hex_unchecked("0xa56d5225b97b257c15ae2cb1cc0ea605381a886cd75463db45fd2ef9fbc255"),
        );
    }
}
