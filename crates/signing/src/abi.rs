//! Contract ABI encoding of argument lists: the standard `abi.encode(a, b, ...)`, neither packed nor wrapped in a tuple.
//!
//! Vest signs the hash of such a list (venues/vest.md section 7). The encoder writes into a buffer the caller keeps, so an order
//! costs no allocation. It knows the five types that occur; arrays and nested tuples are not among them.

use alloy_primitives::{Address, U256};

/// One argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// `uint256` of a small number: a time, a nonce.
    U64(u64),
    /// `uint256`.
    U256(U256),
    /// `bool`.
    Bool(bool),
    /// `address`.
    Address(Address),
    /// `string`, signed as exactly these bytes.
    Text(&'a str),
}

impl Value<'_> {
    /// The Solidity name of the type.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::U64(_) | Self::U256(_) => "uint256",
            Self::Bool(_) => "bool",
            Self::Address(_) => "address",
            Self::Text(_) => "string",
        }
    }
}

const WORD: usize = 32;

/// Appends `abi.encode(values...)` to `out`: one head word per value, then the texts in order, each as its length and its bytes
/// padded to words.
pub fn encode(values: &[Value<'_>], out: &mut Vec<u8>) {
    let mut tail = values.len() * WORD;
    for value in values {
        let mut word = [0u8; WORD];
        match value {
            Value::U64(number) => word[24..].copy_from_slice(&number.to_be_bytes()),
            Value::U256(number) => word = number.to_be_bytes(),
            Value::Bool(flag) => word[31] = u8::from(*flag),
            Value::Address(address) => word[12..].copy_from_slice(address.as_slice()),
            Value::Text(text) => {
                word[24..].copy_from_slice(&(tail as u64).to_be_bytes());
                tail += WORD + text.len().next_multiple_of(WORD);
            }
        }
        out.extend_from_slice(&word);
    }
    for value in values {
        if let Value::Text(text) = value {
            let mut word = [0u8; WORD];
            word[24..].copy_from_slice(&(text.len() as u64).to_be_bytes());
            out.extend_from_slice(&word);
            out.extend_from_slice(text.as_bytes());
            out.resize(out.len() + text.len().next_multiple_of(WORD) - text.len(), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_sol_types::SolValue;
    use proptest::prelude::*;

    fn encoded(values: &[Value<'_>]) -> Vec<u8> {
        let mut out = Vec::new();
        encode(values, &mut out);
        out
    }

    #[test]
    fn an_order_of_short_texts_takes_512_bytes_with_its_offsets_in_order() {
        let order = [
            Value::U64(1),
            Value::U64(2),
            Value::Text("LIMIT"),
            Value::Text("BTC-PERP"),
            Value::Bool(true),
            Value::Text("0.1000"),
            Value::Text("91234.50"),
            Value::Bool(false),
        ];
        let bytes = encoded(&order);
        assert_eq!(bytes.len(), 512);
        let offset = |index: usize| bytes[index * 32 + 30..index * 32 + 32].to_vec();
        assert_eq!((offset(2), offset(3), offset(5), offset(6)), (vec![1, 0], vec![1, 0x40], vec![1, 0x80], vec![1, 0xc0]));
    }

    #[test]
    fn a_kept_buffer_needs_no_second_allocation_and_is_appended_to() {
        let mut out = vec![9];
        encode(&[Value::Text("a"), Value::Bool(true)], &mut out);
        assert_eq!(out[0], 9);
        assert_eq!(out[1..], encoded(&[Value::Text("a"), Value::Bool(true)]));
        out.clear();
        let capacity = out.capacity();
        encode(&[Value::Text("b"), Value::Bool(false)], &mut out);
        assert_eq!(out.capacity(), capacity);
    }

    proptest! {
        #[test]
        fn any_order_is_encoded_as_the_reference_encoder_does(
            time in any::<u64>(), nonce in any::<[u64; 4]>(), kind in ".{0,40}", symbol in "[A-Z-]{0,70}", buy in any::<bool>(),
            size in "[0-9.]{0,33}", price in "[0-9.]{31,33}", reduce in any::<bool>(),
        ) {
            let nonce = U256::from_limbs(nonce);
            let ours = encoded(&[
                Value::U64(time), Value::U256(nonce), Value::Text(&kind), Value::Text(&symbol), Value::Bool(buy),
                Value::Text(&size), Value::Text(&price), Value::Bool(reduce),
            ]);
            let reference = (U256::from(time), nonce, kind, symbol, buy, size, price, reduce).abi_encode_params();
            prop_assert_eq!(ours, reference);
        }

        #[test]
        fn a_withdrawal_is_encoded_as_the_reference_encoder_does(
            time in any::<u64>(), account in any::<[u8; 20]>(), token in any::<[u8; 20]>(), size in any::<[u64; 4]>(),
        ) {
            let (account, token, size) = (Address::from(account), Address::from(token), U256::from_limbs(size));
            let ours = encoded(&[
                Value::U64(time), Value::Bool(false), Value::Address(account), Value::Address(token), Value::U256(size),
            ]);
            prop_assert_eq!(ours, (U256::from(time), false, account, token, size).abi_encode_params());
        }
    }
}
