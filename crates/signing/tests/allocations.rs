//! Hashing and signing an order allocates nothing, once the tables and buffers are there.

use allocation_counter::measure;
use signing::abi::{self, Value};
use signing::eip712;
use signing::snip12::{Domain, StructHasher, TypedMessage, short_string};
use signing::{EvmKey, Felt, SanitizedValue, StarkKey};

#[test]
fn a_stark_order_is_hashed_signed_and_written_without_an_allocation() {
    signing::warm_up();
    let key = StarkKey::from_hex(&SanitizedValue::from("0x1234567")).expect("a key");
    let domain = Domain { name: "Paradex", chain_id: "PRIVATE_SN_POTC_SEPOLIA", version: "1" };
    let message = TypedMessage::new(&domain.hash().expect("short"), &Felt::from(7u64));
    let order = StructHasher::new("Order(timestamp:felt,market:felt,side:felt,orderType:felt,size:felt,price:felt)");
    let (market, kind) = (short_string("BTC-USD-PERP").expect("short"), short_string("LIMIT").expect("short"));
    let mut wire = String::with_capacity(256);
    let counted = measure(|| {
        let chain = order.begin().with_u64(1_763_712_000_123).with(&market).with_u64(1).with(&kind);
        let hash = message.hash(&chain.with_u64(1_300_000).with_u64(9_123_450_000_000).finish());
        key.sign(&hash).expect("in bounds").write_wire(&mut wire);
    });
    assert_eq!(counted.count_total, 0);
    assert!(wire.starts_with("[\"") && wire.ends_with("\"]"), "{wire}");
}

#[test]
fn an_ethereum_order_is_encoded_signed_and_written_without_an_allocation() {
    let key = EvmKey::from_hex(&SanitizedValue::from(format!("{:0>64}", "7"))).expect("a key");
    let mut buffer = Vec::with_capacity(512);
    let mut wire = [0u8; 132];
    let mut order = || {
        buffer.clear();
        let texts = [Value::Text("LIMIT"), Value::Text("BTC-PERP"), Value::Text("0.1000"), Value::Text("91234.50")];
        let values =
            [Value::U64(1), Value::U64(2), texts[0], texts[1], Value::Bool(true), texts[2], texts[3], Value::Bool(false)];
        abi::encode(&values, &mut buffer);
        wire = key.sign_digest(&eip712::personal_digest(&eip712::keccak256(&buffer))).to_hex_bytes();
    };
    // The library builds its own table at the first signature.
    order();
    assert_eq!(measure(order).count_total, 0);
    assert_eq!(&wire[..2], b"0x");
}
