//! The two signatures of an entry on their own, by our own crate and by the stock ones.

use signing::abi::Value::{Bool, Text, U64};
use signing::snip12::{self, Domain, StructHasher, TypedMessage};
use signing::{EvmKey, Felt, SanitizedValue, StarkKey, abi, eip712};
use starknet_crypto::pedersen_hash;

const ORDER_TYPE: &str = "Order(timestamp:felt,market:felt,side:felt,orderType:felt,size:felt,price:felt)";
const DOMAIN: Domain<'_> = Domain { name: "Paradex", chain_id: "PRIVATE_SN_POTC_SEPOLIA", version: "1" };
const SECRET: &str = "2121212121212121212121212121212121212121212121212121212121212121";
/// The Stark order is a little below 2^251, so its key is one byte shorter.
const STARK_SECRET: &str = "0x21212121212121212121212121212121212121212121212121212121212121";
const ACCOUNT: Felt = Felt::from_hex_unchecked("0x497aa52d89bdbf866616ea6c3b96ab22f13bc297b5467270b8d311de9b2b14e");
const TIME_MS: u64 = 1_763_712_000_123;
const SIZE: u64 = 200_000_000;
const PRICE: u64 = 310_000_000_000;

fn short(text: &str) -> Felt {
    snip12::short_string(text).expect("short")
}

/// A Paradex order, time and price new each time.
pub(crate) struct Stark {
    key: StarkKey,
    message: TypedMessage,
    order: StructHasher,
    market: Felt,
    kind: Felt,
}

impl Stark {
    pub(crate) fn new() -> Self {
        Self {
            key: StarkKey::from_hex(&SanitizedValue::from(STARK_SECRET)).expect("a key"),
            message: TypedMessage::new(&DOMAIN.hash().expect("short"), &ACCOUNT),
            order: StructHasher::new(ORDER_TYPE),
            market: short("ETH-USD-PERP"),
            kind: short("LIMIT"),
        }
    }
    pub(crate) fn sign(&self, turn: u64) -> signing::StarkSignature {
        let chain = self.order.begin().with_u64(TIME_MS + turn).with(&self.market).with_u64(1).with(&self.kind);
        let hash = self.message.hash(&chain.with_u64(SIZE).with_u64(PRICE + turn * 1_000_000).finish());
        self.key.sign(&hash).expect("in bounds")
    }
}

/// The same by the stock crate: 18 Pedersen hashes, nothing kept from the last order.
pub(crate) fn stark_stock(turn: u64) -> starknet_crypto::ExtendedSignature {
    let chain = |elements: &[Felt]| {
        let folded = elements.iter().fold(Felt::ZERO, |state, element| pedersen_hash(&state, element));
        pedersen_hash(&folded, &Felt::from(elements.len() as u64))
    };
    let of_type = |text: &str| snip12::starknet_keccak(text.as_bytes());
    let domain = chain(&[of_type(snip12::DOMAIN_TYPE), short(DOMAIN.name), short(DOMAIN.chain_id), Felt::ONE]);
    let order = chain(&[
        of_type(ORDER_TYPE),
        Felt::from(TIME_MS + turn),
        short("ETH-USD-PERP"),
        Felt::ONE,
        short("LIMIT"),
        Felt::from(SIZE),
        Felt::from(PRICE + turn * 1_000_000),
    ]);
    let hash = chain(&[short("StarkNet Message"), domain, ACCOUNT, order]);
    let key = Felt::from_hex_unchecked(STARK_SECRET);
    let k = starknet_crypto::rfc6979_generate_k(&hash, &key, Some(&Felt::from(32u64)));
    starknet_crypto::sign(&key, &hash, &k).expect("in bounds")
}

fn vest_digest(turn: u64) -> [u8; 32] {
    let mut buffer = Vec::with_capacity(512);
    let (time, nonce) = (U64(TIME_MS + turn), U64(TIME_MS + 3 * turn));
    let order = [time, nonce, Text("LIMIT"), Text("ETH-PERP"), Bool(true), Text("2.000"), Text("3101.59"), Bool(false)];
    abi::encode(&order, &mut buffer);
    eip712::personal_digest(&eip712::keccak256(&buffer))
}

/// A Vest order (vest.md section 7), time and nonce new each time.
pub(crate) struct Vest(EvmKey);

impl Vest {
    pub(crate) fn new() -> Self {
        Self(EvmKey::from_hex(&SanitizedValue::from(SECRET)).expect("a key"))
    }
    pub(crate) fn sign(&self, turn: u64) -> signing::EvmSignature {
        self.0.sign_digest(&vest_digest(turn))
    }
}

/// The same by the stock crate alone.
pub(crate) struct VestStock(k256::ecdsa::SigningKey);

impl VestStock {
    pub(crate) fn new() -> Self {
        let bytes = hex::decode(SECRET).expect("hex");
        Self(k256::ecdsa::SigningKey::from_slice(&bytes).expect("a key"))
    }
    /// `0x`, r, s and v in hex.
    pub(crate) fn sign(&self, turn: u64) -> String {
        let (signature, v) = self.0.sign_prehash_recoverable(&vest_digest(turn)).expect("a digest");
        format!("0x{}{:02x}", hex::encode(signature.to_bytes()), 27 + v.to_byte())
    }
}
