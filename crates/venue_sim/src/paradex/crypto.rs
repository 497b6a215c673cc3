//! Starknet hashes and signatures as the venue checks them (`paradex.md` sections 2 and 3).
//!
//! Written against the specification with the curve and Pedersen of `starknet-crypto` and `starknet-types-core`;
//! shares no code with the signer of the bot. Prefixes that never change are hashed once.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use alloy_primitives::{U256, keccak256};
use starknet_crypto::pedersen_hash;
use starknet_types_core::curve::{AffinePoint, ProjectivePoint};
use starknet_types_core::felt::{Felt, NonZeroFelt};

const ORDER_TYPE: &str = "Order(timestamp:felt,market:felt,side:felt,orderType:felt,size:felt,price:felt)";
const MODIFY_TYPE: &str = "ModifyOrder(timestamp:felt,market:felt,side:felt,orderType:felt,size:felt,price:felt,id:felt)";
const AUTH_TYPE: &str = "Request(method:felt,path:felt,body:felt,timestamp:felt,expiration:felt)";
const ONBOARDING_TYPE: &str = "Constant(action:felt)";
/// Member order name, chainId, version: section 3.1.
const DOMAIN_TYPE: &str = "StarkNetDomain(name:felt,chainId:felt,version:felt)";

/// Order of the Stark curve, section 2.1.
const CURVE_ORDER: NonZeroFelt = NonZeroFelt::from_felt_unchecked(Felt::from_hex_unchecked(
    "0x800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2f",
));
/// Signature parts and hashes must be below 2^251.
const BOUND: Felt = Felt::from_hex_unchecked("0x800000000000000000000000000000000000000000000000000000000000000");

/// What an order signs, as integers.
#[derive(Clone, Copy, Debug)]
pub struct OrderTerms<'a> {
    /// `signature_timestamp`, ms.
    pub timestamp: u64,
    /// Market symbol.
    pub market: &'a str,
    /// 1 for BUY, 2 for SELL.
    pub side: u8,
    /// The request's `type`.
    pub kind: &'a str,
    /// Size at 1e-8.
    pub size: i64,
    /// Limit price at 1e-8, 0 without one.
    pub price: i64,
}

/// The constants of one chain, hashed.
#[derive(Clone, Debug)]
pub struct Chain {
    proxy_hash: Felt,
    account_hash: Felt,
    message: Felt,
    order: Felt,
    modify: Felt,
    auth: Felt,
    onboarding: Felt,
}

impl Chain {
    /// Prepares a chain from its id text and the class hashes of `GET /system/config`. `None` if one is not a felt.
    pub fn new(chain_id: &str, proxy_hash: &str, account_hash: &str) -> Option<Self> {
        // The version "1" is read as a number, like the side of an order.
        let domain = chain_of(&[type_hash(DOMAIN_TYPE), short("Paradex")?, short(chain_id)?, Felt::ONE]);
        let start = |text| pedersen_hash(&Felt::ZERO, &type_hash(text));
        Some(Self {
            proxy_hash: felt(proxy_hash)?,
            account_hash: felt(account_hash)?,
            message: pedersen_hash(&pedersen_hash(&Felt::ZERO, &short("StarkNet Message")?), &domain),
            order: start(ORDER_TYPE),
            modify: start(MODIFY_TYPE),
            auth: start(AUTH_TYPE),
            onboarding: start(ONBOARDING_TYPE),
        })
    }

    /// The address that belongs to a public key, section 2.2.
    pub fn account_address(&self, public_key: &Felt) -> Felt {
        let calldata = chain_of(&[self.account_hash, type_hash("initialize"), Felt::TWO, *public_key, Felt::ZERO]);
        let prefix = short("STARKNET_CONTRACT_ADDRESS").unwrap_or_default();
        let address = chain_of(&[prefix, Felt::ZERO, *public_key, self.proxy_hash, calldata]);
        address.mod_floor(&NonZeroFelt::from_felt_unchecked(BOUND - Felt::from(256u64)))
    }

    /// The constant part of every message of an account; keep it with the account.
    pub fn account_prefix(&self, account: &Felt) -> Felt {
        pedersen_hash(&self.message, account)
    }

    /// Hash of an order.
    pub fn order_hash(&self, account_prefix: &Felt, o: &OrderTerms<'_>) -> Option<Felt> {
        Some(message(account_prefix, &close(order_members(&self.order, o)?, 7)))
    }

    /// Hash of a modification of the order `id`.
    pub fn modify_hash(&self, account_prefix: &Felt, o: &OrderTerms<'_>, id: u128) -> Option<Felt> {
        let members = pedersen_hash(&order_members(&self.modify, o)?, &Felt::from(id));
        Some(message(account_prefix, &close(members, 8)))
    }

    /// Hash of a login; times in seconds.
    pub fn auth_hash(&self, account_prefix: &Felt, timestamp: u64, expiration: u64) -> Option<Felt> {
        let members = [short("POST")?, short("/v1/auth")?, Felt::ZERO, Felt::from(timestamp), Felt::from(expiration)];
        Some(message(account_prefix, &close(members.iter().fold(self.auth, |h, m| pedersen_hash(&h, m)), 6)))
    }

    /// Hash of an onboarding.
    pub fn onboarding_hash(&self, account_prefix: &Felt) -> Option<Felt> {
        let members = pedersen_hash(&self.onboarding, &short("Onboarding")?);
        Some(message(account_prefix, &close(members, 2)))
    }
}

fn order_members(start: &Felt, o: &OrderTerms<'_>) -> Option<Felt> {
    let members =
        [Felt::from(o.timestamp), short(o.market)?, Felt::from(o.side), short(o.kind)?, Felt::from(o.size), Felt::from(o.price)];
    Some(members.iter().fold(*start, |h, m| pedersen_hash(&h, m)))
}

fn close(h: Felt, count: u64) -> Felt {
    pedersen_hash(&h, &Felt::from(count))
}

fn message(account_prefix: &Felt, structure: &Felt) -> Felt {
    close(pedersen_hash(account_prefix, structure), 4)
}

/// H(x1..xn) of section 3.1.
fn chain_of(elements: &[Felt]) -> Felt {
    close(elements.iter().fold(Felt::ZERO, |h, e| pedersen_hash(&h, e)), elements.len() as u64)
}

/// starknet_keccak: the low 250 bits of Keccak-256.
fn type_hash(text: &str) -> Felt {
    let mut hash = keccak256(text.as_bytes()).0;
    hash[0] &= 0x03;
    Felt::from_bytes_be(&hash)
}

/// A short string: at most 31 ASCII characters as a big-endian number.
fn short(text: &str) -> Option<Felt> {
    (text.len() <= 31 && text.is_ascii()).then(|| Felt::from_bytes_be_slice(text.as_bytes()))
}

/// A hexadecimal felt, `0x` optional.
pub fn felt(text: &str) -> Option<Felt> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    if digits.is_empty() || digits.len() > 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    Felt::from_hex(&format!("0x{digits}")).ok()
}

/// A public key, its multiples computed once.
#[derive(Clone, Debug)]
pub struct PublicKey {
    /// The x coordinate, which is how keys are written.
    pub x: Felt,
    multiples: Arc<Multiples>,
}

/// Tables of keys seen before. A memory, not a state: a table follows from its key alone. Thousands of venues that
/// are simulated one after the other with the same few keys then compute each table once.
static KNOWN_KEYS: LazyLock<Mutex<HashMap<Felt, Arc<Multiples>>>> = LazyLock::new(Mutex::default);
/// About 90 kB each.
const KNOWN_KEYS_MAX: usize = 64;

impl PublicKey {
    /// `None` if no point of the curve has this x coordinate.
    pub fn new(x: Felt) -> Option<Self> {
        let known = |tables: &HashMap<Felt, Arc<Multiples>>| tables.get(&x).map(Arc::clone);
        if let Some(multiples) = KNOWN_KEYS.lock().ok().and_then(|t| known(&t)) {
            return Some(Self { x, multiples });
        }
        let affine = AffinePoint::new_from_x(&x, true)?;
        let multiples = Arc::new(Multiples::of(ProjectivePoint::from_affine(affine.x(), affine.y()).ok()?));
        if let Ok(mut tables) = KNOWN_KEYS.lock() {
            if tables.len() >= KNOWN_KEYS_MAX {
                tables.clear();
            }
            tables.insert(x, Arc::clone(&multiples));
        }
        Some(Self { x, multiples })
    }

    /// Whether `(r, s)` signs `hash`. The key's y is not known, so both are tried, as every Stark verifier does.
    /// The sums are compared without leaving projective coordinates, where infinity is just a point that differs.
    pub fn verifies(&self, hash: &Felt, signature: &Signature) -> bool {
        let Signature { r, s } = signature;
        if [hash, r, s].iter().any(|v| **v >= BOUND) || *r == Felt::ZERO {
            return false;
        }
        let Some(w) = inverse(s) else { return false };
        let base = GENERATOR.times(&hash.mul_mod(&w, &CURVE_ORDER));
        let key = self.multiples.times(&r.mul_mod(&w, &CURVE_ORDER));
        [&base + &key, &base - &key].iter().any(|p| !p.is_identity() && p.x() == *r * p.z())
    }
}

/// The inverse modulo the order of the curve; none for zero. By way of `U256`, which is thirty times as fast here as
/// the felt's own way.
fn inverse(s: &Felt) -> Option<Felt> {
    let order = U256::from_be_bytes(Felt::from(CURVE_ORDER).to_bytes_be());
    let inverse = U256::from_be_bytes(s.to_bytes_be()).inv_mod(order)?;
    Some(Felt::from_bytes_be(&inverse.to_be_bytes()))
}

/// A signature as it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    r: Felt,
    s: Felt,
}

impl Signature {
    /// Reads `["r","s"]`, with or without inner quotes (section 3.4).
    pub fn parse(wire: &str) -> Option<Self> {
        let inner = wire.trim().strip_prefix('[')?.strip_suffix(']')?;
        let (r, s) = inner.split_once(',')?;
        Some(Self { r: decimal_felt(r)?, s: decimal_felt(s)? })
    }
}

/// A decimal felt, quoted or not. Longer texts than any felt's are refused before anything is computed.
fn decimal_felt(text: &str) -> Option<Felt> {
    let text = text.trim();
    let digits = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    let fits = !digits.is_empty() && digits.len() <= 76 && digits.bytes().all(|b| b.is_ascii_digit());
    if fits { Felt::from_dec_str(digits).ok() } else { None }
}

static GENERATOR: LazyLock<Multiples> = LazyLock::new(|| {
    let g = AffinePoint::generator();
    Multiples::of(ProjectivePoint::from_affine_unchecked(g.x(), g.y()))
});

/// Multiples 1 to 15 of 16^i times a point, for every hexadecimal digit i of a scalar: a multiplication is then 63
/// additions instead of 250 doublings and more.
#[derive(Debug)]
struct Multiples(Vec<ProjectivePoint>);

impl Multiples {
    fn of(point: ProjectivePoint) -> Self {
        let mut step = point;
        let mut table = Vec::with_capacity(64 * 15);
        for _ in 0..64 {
            let mut multiple = step.clone();
            for _ in 0..15 {
                table.push(multiple.clone());
                multiple += &step;
            }
            step = multiple;
        }
        Self(table)
    }

    fn times(&self, scalar: &Felt) -> ProjectivePoint {
        let bytes = scalar.to_bytes_le();
        let mut sum = ProjectivePoint::identity();
        for (i, rows) in self.0.chunks_exact(15).enumerate() {
            let byte = bytes.get(i / 2).copied().unwrap_or(0);
            let nibble = if i % 2 == 0 { byte & 15 } else { byte >> 4 };
            if let Some(point) = usize::from(nibble).checked_sub(1).and_then(|n| rows.get(n)) {
                sum += point;
            }
        }
        sum
    }
}

/// The address an L1 header must look like: 20 bytes in hexadecimal.
pub fn is_ethereum_address(text: &str) -> bool {
    text.strip_prefix("0x").is_some_and(|h| h.len() == 40 && h.bytes().all(|b| b.is_ascii_hexdigit()))
}
