//! Solidity's ABI, as far as the simulated chain and its relayer speak it: encoding of any value, reading of flat words.

use alloy_primitives::{Address, B256, U256};

/// A value on its way into ABI bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Abi {
    /// Any static type of one word.
    Word(B256),
    /// `bytes` or `string`.
    Bytes(Vec<u8>),
    /// `T[]`.
    List(Vec<Abi>),
    /// A struct, or the arguments of a call.
    Tuple(Vec<Abi>),
}

impl Abi {
    pub(super) fn uint(value: impl TryInto<U256>) -> Self {
        Self::Word(value.try_into().unwrap_or(U256::MAX).into())
    }
    pub(super) fn address(value: Address) -> Self {
        Self::Word(value.into_word())
    }
    pub(super) fn flag(value: bool) -> Self {
        Self::uint(u64::from(value))
    }

    fn is_dynamic(&self) -> bool {
        match self {
            Self::Word(_) => false,
            Self::Bytes(_) | Self::List(_) => true,
            Self::Tuple(parts) => parts.iter().any(Self::is_dynamic),
        }
    }

    /// Bytes this takes in the head of what contains it.
    fn head_len(&self) -> usize {
        match self {
            Self::Tuple(parts) if !self.is_dynamic() => parts.iter().map(Self::head_len).sum(),
            _ => 32,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Word(word) => out.extend_from_slice(word.as_slice()),
            Self::Bytes(bytes) => {
                out.extend_from_slice(&word_of(bytes.len() as u64));
                out.extend_from_slice(bytes);
                out.resize(out.len().next_multiple_of(32), 0);
            }
            Self::List(parts) => {
                out.extend_from_slice(&word_of(parts.len() as u64));
                write_parts(parts, out);
            }
            Self::Tuple(parts) => write_parts(parts, out),
        }
    }
}

/// Heads of all parts, then the tails of the dynamic ones; offsets count from the first head.
fn write_parts(parts: &[Abi], out: &mut Vec<u8>) {
    let heads: usize = parts.iter().map(Abi::head_len).sum();
    let mut tails = Vec::new();
    for part in parts {
        if part.is_dynamic() {
            out.extend_from_slice(&word_of((heads + tails.len()) as u64));
            let mut tail = Vec::new();
            part.write(&mut tail);
            tails.append(&mut tail);
        } else {
            part.write(out);
        }
    }
    out.extend_from_slice(&tails);
}

/// `abi.encode(a, b, ...)`.
pub(super) fn encode(parts: &[Abi]) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    write_parts(parts, &mut out);
    out
}

/// A small number as a word.
pub(super) fn word_of(value: u64) -> [u8; 32] {
    U256::from(value).to_be_bytes()
}

/// Arguments of a call: the words behind the selector.
#[derive(Clone, Copy, Debug)]
pub(super) struct Args<'a>(pub(super) &'a [u8]);

impl Args<'_> {
    /// The word at this place of the head; `None` if the data ends before.
    pub(super) fn uint(&self, index: usize) -> Option<U256> {
        let start = index.checked_mul(32)?;
        self.0.get(start..start.checked_add(32)?).map(U256::from_be_slice)
    }

    /// An address; dirty upper bytes are refused, as a contract refuses them.
    pub(super) fn address(&self, index: usize) -> Option<Address> {
        let word = B256::from(self.uint(index)?);
        word[..12].iter().all(|b| *b == 0).then(|| Address::from_word(word))
    }

    /// `uint256[]` whose offset stands at this place of the head.
    pub(super) fn list(&self, index: usize) -> Option<Vec<U256>> {
        let at = usize::try_from(self.uint(index)?).ok()?;
        let rest = Args(self.0.get(at..)?);
        let len = usize::try_from(rest.uint(0)?).ok()?;
        if len > rest.0.len() / 32 {
            return None;
        }
        (1..=len).map(|i| rest.uint(i)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_dynamic_parts_are_placed_by_their_own_offsets() {
        // f(uint256, (uint256, bytes)[]) with one element.
        let value = [Abi::uint(7u64), Abi::List(vec![Abi::Tuple(vec![Abi::uint(1u64), Abi::Bytes(vec![0xab; 3])])])];
        let bytes = encode(&value);
        let words: Vec<U256> = bytes.chunks(32).map(U256::from_be_slice).collect();
        let small = |i: usize| u64::try_from(words[i]).unwrap_or(u64::MAX);
        assert_eq!([small(0), small(1), small(2), small(3), small(4), small(5), small(6)], [7, 64, 1, 32, 1, 64, 3]);
        assert_eq!(words.len(), 8);
    }

    #[test]
    fn a_list_that_claims_more_than_there_is_is_none() {
        let good = encode(&[Abi::List(vec![Abi::uint(5u64), Abi::uint(6u64)])]);
        assert_eq!(Args(&good).list(0), Some(vec![U256::from(5), U256::from(6)]));
        assert_eq!(Args(&good[..96]).list(0), None);
        let huge = encode(&[Abi::Word(B256::repeat_byte(0xff))]);
        assert_eq!(Args(&huge).list(0), None);
    }
}
