//! What signing costs: the goals G2, G3 and G4, each beside the stock crates in the same run, because only the ratio means anything.
//!
//! `cargo bench -p signing`. Compare the fastest times; the medians carry the neighbours' noise.

use divan::{Bencher, black_box};
use signing::eip712::{self, Eip712Domain, SolStruct, sol};
use signing::snip12::{self, Domain, StructHasher, TypedMessage};
use signing::{Chain, EvmKey, Felt, SanitizedValue, StarkKey, abi};
use starknet_crypto::pedersen_hash;

fn main() {
    signing::warm_up();
    divan::main();
}

const STARK_SECRET: &str = "0x21eb0840f593fa63e691831bc927705f5008d590da69159be3b6d3cbdc22793";
const ACCOUNT: &str = "0x497aa52d89bdbf866616ea6c3b96ab22f13bc297b5467270b8d311de9b2b14e";
const ORDER_TYPE: &str = "Order(timestamp:felt,market:felt,side:felt,orderType:felt,size:felt,price:felt)";
const DOMAIN: Domain<'_> = Domain { name: "Paradex", chain_id: "PRIVATE_SN_POTC_SEPOLIA", version: "1" };

fn short(text: &str) -> Felt {
    snip12::short_string(text).expect("short")
}

fn chain_of_stock(elements: &[Felt]) -> Felt {
    let folded = elements.iter().fold(Felt::ZERO, |state, element| pedersen_hash(&state, element));
    pedersen_hash(&folded, &Felt::from(elements.len() as u64))
}

/// G2: a Paradex limit order, hashed and signed with RFC 6979; timestamp and price change each time.
#[divan::bench(name = "sign/stark_order_rfc6979", sample_size = 50, sample_count = 200)]
fn stark_order(bencher: Bencher<'_, '_>) {
    let key = StarkKey::from_hex(&SanitizedValue::from(STARK_SECRET)).expect("a key");
    let message = TypedMessage::new(&DOMAIN.hash().expect("short"), &Felt::from_hex_unchecked(ACCOUNT));
    let (order, market, kind) = (StructHasher::new(ORDER_TYPE), short("BTC-USD-PERP"), short("LIMIT"));
    let mut turn = 0u64;
    bencher.bench_local(|| {
        turn += 1;
        let hash = order
            .begin()
            .with_u64(1_763_712_000_123 + turn)
            .with(&market)
            .with_u64(1)
            .with(&kind)
            .with_u64(1_300_000)
            .with_u64(9_123_450_000_000 + turn)
            .finish();
        key.sign(black_box(&message.hash(&hash))).expect("in bounds")
    });
}

/// The same order by the stock crate, nothing kept from the last one: 18 Pedersen hashes.
#[divan::bench(name = "sign/stark_order_rfc6979/stock", sample_size = 50, sample_count = 200)]
fn stark_order_stock(bencher: Bencher<'_, '_>) {
    let key = Felt::from_hex_unchecked(STARK_SECRET);
    let account = Felt::from_hex_unchecked(ACCOUNT);
    let (domain_type, order_type) =
        (snip12::starknet_keccak(snip12::DOMAIN_TYPE.as_bytes()), snip12::starknet_keccak(ORDER_TYPE.as_bytes()));
    let (name, chain_id, word) = (short("Paradex"), short("PRIVATE_SN_POTC_SEPOLIA"), short("StarkNet Message"));
    let (market, kind) = (short("BTC-USD-PERP"), short("LIMIT"));
    let mut turn = 0u64;
    bencher.bench_local(|| {
        turn += 1;
        let domain = chain_of_stock(&[domain_type, name, chain_id, Felt::ONE]);
        let order = chain_of_stock(&[
            order_type,
            Felt::from(1_763_712_000_123 + turn),
            market,
            Felt::ONE,
            kind,
            Felt::from(1_300_000u64),
            Felt::from(9_123_450_000_000 + turn),
        ]);
        let hash = chain_of_stock(&[word, domain, account, order]);
        let k = starknet_crypto::rfc6979_generate_k(&hash, &key, Some(&Felt::from(32u64)));
        starknet_crypto::sign(black_box(&key), &hash, &k).expect("in bounds")
    });
}

/// The signature of a Stark order as text: two decimal numbers of 252 bits.
#[divan::bench(name = "sign/stark_signature_text", sample_size = 50, sample_count = 200)]
fn stark_signature_text(bencher: Bencher<'_, '_>) {
    let key = StarkKey::from_hex(&SanitizedValue::from(STARK_SECRET)).expect("a key");
    let signature = key.sign(&Felt::from(99u64)).expect("in bounds");
    let mut out = String::with_capacity(256);
    bencher.bench_local(|| {
        out.clear();
        black_box(&signature).write_wire(&mut out);
        out.len()
    });
}

/// The nonce alone, which the rows above contain.
#[divan::bench(name = "sign/stark_nonce_rfc6979", sample_size = 50, sample_count = 200)]
fn stark_nonce(bencher: Bencher<'_, '_>) {
    let (key, seed) = (Felt::from_hex_unchecked(STARK_SECRET), Felt::from(32u64));
    bencher.bench_local(|| starknet_crypto::rfc6979_generate_k(black_box(&Felt::from(99u64)), &key, Some(&seed)));
}

fn operands() -> (Felt, Felt) {
    (Felt::from_hex_unchecked(STARK_SECRET), Felt::from_hex_unchecked(ACCOUNT))
}

/// G4: one Pedersen hash of two full operands.
#[divan::bench(name = "sign/pedersen_random", sample_size = 50, sample_count = 200)]
fn pedersen_random(bencher: Bencher<'_, '_>) {
    let (mut left, right) = operands();
    bencher.bench_local(|| {
        left = signing::pedersen(&left, &right);
        left
    });
}

#[divan::bench(name = "sign/pedersen_random/stock", sample_size = 50, sample_count = 200)]
fn pedersen_random_stock(bencher: Bencher<'_, '_>) {
    let (mut left, right) = operands();
    bencher.bench_local(|| {
        left = pedersen_hash(&left, &right);
        left
    });
}

/// G4: one step of a chain over a price.
#[divan::bench(name = "sign/pedersen_price", sample_size = 50, sample_count = 200)]
fn pedersen_price(bencher: Bencher<'_, '_>) {
    let mut chain = Chain::new().with(&operands().0);
    bencher.bench_local(|| {
        chain = chain.with_u64(black_box(9_123_450_000_000));
        chain
    });
}

#[divan::bench(name = "sign/pedersen_price/stock", sample_size = 50, sample_count = 200)]
fn pedersen_price_stock(bencher: Bencher<'_, '_>) {
    let mut state = operands().0;
    bencher.bench_local(|| {
        state = pedersen_hash(&state, &Felt::from(black_box(9_123_450_000_000u64)));
        state
    });
}

sol! {
    struct Order {
        bytes32 market;
        address token;
        uint256 size;
        uint256 price;
        uint256 salt;
        bool buy;
    }
}

const EVM_SECRET: &str = "0x7a6305da1f4e2fc10998696bc93520a6e34ee468c8e44f956fae2ccd125dc72d";

fn evm_key() -> EvmKey {
    EvmKey::from_hex(&SanitizedValue::from(EVM_SECRET)).expect("a key")
}

/// G3: a struct of six fields in a domain whose separator is kept, hashed and signed.
#[divan::bench(name = "sign/eip712_order", sample_size = 50, sample_count = 200)]
fn eip712_order(bencher: Bencher<'_, '_>) {
    let key = evm_key();
    let domain = Eip712Domain::new(Some("VestRouterV2".into()), Some("0.0.1".into()), None, Some(key.address()), None);
    let separator = eip712::domain_separator(&domain);
    let mut order = Order {
        market: [7; 32].into(),
        token: key.address(),
        size: eip712::U256::from(1_300_000),
        price: eip712::U256::ZERO,
        salt: eip712::U256::from(12),
        buy: true,
    };
    let mut turn = 0u64;
    bencher.bench_local(|| {
        turn += 1;
        order.price = eip712::U256::from(turn);
        key.sign_digest(&eip712::digest(&separator, &order.eip712_hash_struct().0))
    });
}

/// The floor of G3: the library's signature alone, of a digest that is there.
#[divan::bench(name = "sign/eip712_order/k256", sample_size = 50, sample_count = 200)]
fn eip712_order_k256(bencher: Bencher<'_, '_>) {
    let mut bytes = [0u8; 32];
    hex::decode_to_slice(&EVM_SECRET[2..], &mut bytes).expect("hex");
    let key = k256::ecdsa::SigningKey::from_slice(&bytes).expect("a key");
    let mut turn = 0u64;
    bencher.bench_local(|| {
        turn += 1;
        let mut digest = [9u8; 32];
        digest[..8].copy_from_slice(&turn.to_be_bytes());
        key.sign_prehash_recoverable(&digest).expect("a digest")
    });
}

/// A Vest order: `abi.encode` into a kept buffer, two hashes, the signature (venues/vest.md section 7).
#[divan::bench(name = "sign/personal_order", sample_size = 50, sample_count = 200)]
fn personal_order(bencher: Bencher<'_, '_>) {
    use abi::Value::{Bool, Text, U64};
    let key = evm_key();
    let mut buffer = Vec::with_capacity(512);
    let mut turn = 0u64;
    bencher.bench_local(|| {
        turn += 1;
        buffer.clear();
        let order =
            [U64(turn), U64(turn), Text("LIMIT"), Text("BTC-PERP"), Bool(true), Text("0.1000"), Text("91234.50"), Bool(false)];
        abi::encode(&order, &mut buffer);
        key.sign_digest(&eip712::personal_digest(&eip712::keccak256(&buffer)))
    });
}
