//! The Pedersen hash of Starknet, and the chain of it that hashes a list: `H(x1..xn) = h(h(..h(h(0, x1), x2).., xn), n)`.
//!
//! Called by [`crate::snip12`] for messages and by [`crate::stark_account`] for addresses. A [`Chain`] is a small copy: cut it where
//! the constant part of a message ends, keep it, and every later message pays only for what differs.

use crate::curve::{PEDERSEN_LEFT, PEDERSEN_RIGHT, Picked, Sum, shift_point};
use starknet_types_core::felt::Felt;

/// Pedersen hash of two felts; the same function as `starknet_crypto::pedersen_hash`, from tables.
pub fn pedersen(left: &Felt, right: &Felt) -> Felt {
    from_digits(&hash(&left.to_le_digits(), &right.to_le_digits()))
}

/// A list being hashed: the state after some elements, and how many they were.
///
/// ```
/// use signing::{Chain, Felt};
/// let prefix = Chain::new().with(&Felt::ONE);
/// assert_eq!(prefix.with(&Felt::TWO).finish(), Chain::of(&[Felt::ONE, Felt::TWO]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    state: [u64; 4],
    length: u64,
}

impl Chain {
    /// The empty list.
    pub const fn new() -> Self {
        Self { state: [0; 4], length: 0 }
    }

    /// The list with one more element. One Pedersen hash, no allocation.
    pub fn with(&self, element: &Felt) -> Self {
        Self { state: hash(&self.state, &element.to_le_digits()), length: self.length + 1 }
    }

    /// The list with one more element that is an integer.
    pub fn with_u64(&self, element: u64) -> Self {
        Self { state: hash(&self.state, &[element, 0, 0, 0]), length: self.length + 1 }
    }

    /// Closes the list with its length.
    pub fn finish(&self) -> Felt {
        from_digits(&hash(&self.state, &[self.length, 0, 0, 0]))
    }

    /// The hash of a whole list.
    pub fn of(elements: &[Felt]) -> Felt {
        elements.iter().fold(Self::new(), |chain, element| chain.with(element)).finish()
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self::new()
    }
}

fn hash(left: &[u64; 4], right: &[u64; 4]) -> [u64; 4] {
    let mut sum = Sum::of(&shift_point());
    let mut picked = Picked::nothing();
    PEDERSEN_LEFT.pick(left, &mut picked);
    PEDERSEN_RIGHT.pick(right, &mut picked);
    picked.add_to(&mut sum);
    sum.x_digits().expect("inputs that sum to infinity would be a discrete logarithm between the hash's points")
}

/// A felt from its digits, which are below the prime.
pub(crate) fn from_digits(digits: &[u64; 4]) -> Felt {
    let mut bytes = [0u8; 32];
    for (word, place) in digits.iter().zip(bytes.chunks_exact_mut(8)) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    Felt::from_bytes_le(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn felt() -> impl Strategy<Value = Felt> {
        prop_oneof![
            6 => any::<[u8; 32]>().prop_map(|bytes| Felt::from_bytes_be(&bytes)),
            2 => any::<u64>().prop_map(Felt::from),
            // One window set and all else empty, the windows at the seam of the two points included.
            2 => (0u32..252, 1u64..1024).prop_map(|(bit, digit)| Felt::TWO.pow(bit) * Felt::from(digit)),
            1 => (0u64..3).prop_map(|n| Felt::ZERO - Felt::from(n)),
        ]
    }

    proptest! {
        // Own curve code hashes real orders: the stock crate has the last word, often enough to meet rare carries too.
        #![proptest_config(ProptestConfig::with_cases(100_000))]
        #[test]
        fn the_table_hash_is_the_stock_hash(left in felt(), right in felt()) {
            prop_assert_eq!(pedersen(&left, &right), starknet_crypto::pedersen_hash(&left, &right));
        }
    }

    #[test]
    fn edge_operands_hash_as_the_stock_crate_says() {
        let top = Felt::TWO.pow(251u32);
        let edges = [
            Felt::ZERO,
            Felt::ONE,
            Felt::TWO.pow(248u32) - Felt::ONE,
            Felt::TWO.pow(248u32),
            Felt::TWO.pow(248u32) * Felt::from(7),
            Felt::TWO.pow(243u32) * Felt::from(511 >> 1),
            top - Felt::ONE,
            top,
            Felt::MAX,
        ];
        for left in &edges {
            for right in &edges {
                assert_eq!(pedersen(left, right), starknet_crypto::pedersen_hash(left, right), "{left:#x} {right:#x}");
            }
        }
    }

    #[test]
    fn a_chain_may_be_cut_anywhere_and_counts_its_elements() {
        let elements: Vec<Felt> = (0..6u64).map(|n| Felt::from(n * 1_000_003)).collect();
        let mut expect = Felt::ZERO;
        for element in &elements {
            expect = starknet_crypto::pedersen_hash(&expect, element);
        }
        expect = starknet_crypto::pedersen_hash(&expect, &Felt::from(6));
        for cut in 0..=elements.len() {
            let prefix = elements[..cut].iter().fold(Chain::new(), |chain, e| chain.with(e));
            let whole = elements[cut..].iter().fold(prefix, |chain, e| chain.with(e));
            assert_eq!(whole.finish(), expect, "cut at {cut}");
        }
        assert_eq!(Chain::new().with_u64(5).finish(), Chain::of(&[Felt::from(5)]));
        assert_eq!(Chain::default().finish(), starknet_crypto::pedersen_hash(&Felt::ZERO, &Felt::ZERO));
    }
}
