//! Transactions as a wallet sends them: EIP-1559 alone, read from RLP and attributed by their signature.

use super::super::sign::recover;
use alloy_primitives::{Address, B256, U256, keccak256};

/// A transaction whose signature has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Transaction {
    pub hash: B256,
    pub from: Address,
    pub to: Address,
    pub nonce: u64,
    pub gas_limit: u64,
    pub max_fee: u128,
    pub priority_fee: u128,
    pub value: U256,
    pub data: Vec<u8>,
    pub signature: Signature,
}

/// What the sender signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    pub parity: bool,
    pub r: U256,
    pub s: U256,
}

/// An item of RLP.
enum Item<'a> {
    Bytes(&'a [u8]),
    List(&'a [u8]),
}

/// Takes one item off the front; `None` for anything that is cut off, wider than it must be, or longer than its data.
fn item<'a>(data: &mut &'a [u8]) -> Option<Item<'a>> {
    let (&first, rest) = data.split_first()?;
    let long = |bytes: usize| -> Option<(usize, &'a [u8])> {
        let (length, body) = rest.split_at_checked(bytes)?;
        let length = length.iter().try_fold(0usize, |n, b| n.checked_mul(256)?.checked_add(usize::from(*b)))?;
        (length > 55).then_some((length, body))
    };
    let (is_list, length, body) = match first {
        0x00..=0x7f => {
            let (byte, after) = data.split_at_checked(1)?;
            *data = after;
            return Some(Item::Bytes(byte));
        }
        0x80..=0xb7 => (false, usize::from(first - 0x80), rest),
        0xb8..=0xbf => long(usize::from(first - 0xb7)).map(|(n, b)| (false, n, b))?,
        0xc0..=0xf7 => (true, usize::from(first - 0xc0), rest),
        0xf8..=0xff => long(usize::from(first - 0xf7)).map(|(n, b)| (true, n, b))?,
    };
    let (payload, after) = body.split_at_checked(length)?;
    *data = after;
    Some(if is_list { Item::List(payload) } else { Item::Bytes(payload) })
}

fn bytes<'a>(data: &mut &'a [u8]) -> Option<&'a [u8]> {
    match item(data)? {
        Item::Bytes(b) => Some(b),
        Item::List(_) => None,
    }
}

/// An integer without leading zeros.
fn uint(data: &mut &[u8]) -> Option<U256> {
    let b = bytes(data)?;
    (b.len() <= 32 && b.first() != Some(&0)).then(|| U256::from_be_slice(b))
}

fn small<T: TryFrom<U256>>(data: &mut &[u8]) -> Option<T> {
    T::try_from(uint(data)?).ok()
}

/// Wraps a payload as one RLP list.
fn list(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 4);
    if payload.len() <= 55 {
        out.push(0xc0 + payload.len() as u8);
    } else {
        let length = payload.len().to_be_bytes();
        let length = &length[length.iter().take_while(|b| **b == 0).count()..];
        out.push(0xf7 + length.len() as u8);
        out.extend_from_slice(length);
    }
    out.extend_from_slice(payload);
    out
}

/// Reads `0x02 || rlp([chainId, nonce, priority, max, gas, to, value, data, [], parity, r, s])`.
///
/// # Errors
/// What a node says of it, in a few words.
pub(crate) fn read(raw: &[u8], chain_id: u64) -> Result<Transaction, &'static str> {
    let Some((2, mut body)) = raw.split_first().map(|(t, b)| (*t, b)) else {
        return Err("transaction type not supported");
    };
    let Some(Item::List(fields)) = item(&mut body) else { return Err("rlp: expected input list") };
    if !body.is_empty() {
        return Err("rlp: trailing bytes");
    }
    let parsed = parse(fields).ok_or("rlp: malformed transaction")?;
    let (chain, unsigned, tx) = parsed;
    let Signature { parity, r, s } = tx.signature;
    if chain != chain_id {
        return Err("invalid sender: chain id does not match");
    }
    let mut message = vec![2];
    message.extend_from_slice(&list(unsigned));
    let mut signature = [0u8; 65];
    signature[..32].copy_from_slice(&r.to_be_bytes::<32>());
    signature[32..64].copy_from_slice(&s.to_be_bytes::<32>());
    signature[64] = 27 + u8::from(parity);
    let from = recover(keccak256(&message), &signature).ok_or("invalid sender: signature does not hold")?;
    Ok(Transaction { hash: keccak256(raw), from, ..tx })
}

/// Chain id, what was signed, and the rest.
type Parsed<'a> = (u64, &'a [u8], Transaction);

fn parse(fields: &[u8]) -> Option<Parsed<'_>> {
    let mut rest = fields;
    let chain = small(&mut rest)?;
    let nonce = small(&mut rest)?;
    let priority_fee = small(&mut rest)?;
    let max_fee = small(&mut rest)?;
    let gas_limit = small(&mut rest)?;
    let to = Address::try_from(bytes(&mut rest)?).ok()?;
    let value = uint(&mut rest)?;
    let data = bytes(&mut rest)?.to_vec();
    let Item::List(_) = item(&mut rest)? else { return None };
    let unsigned = fields.get(..fields.len() - rest.len())?;
    let parity: u8 = small(&mut rest)?;
    let (r, s) = (uint(&mut rest)?, uint(&mut rest)?);
    if parity > 1 || !rest.is_empty() {
        return None;
    }
    let signature = Signature { parity: parity == 1, r, s };
    let (hash, from) = (B256::ZERO, Address::ZERO);
    Some((chain, unsigned, Transaction { hash, from, to, nonce, gas_limit, max_fee, priority_fee, value, data, signature }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_bytes_panic(raw in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut typed = vec![2];
            typed.extend_from_slice(&raw);
            prop_assert!(read(&typed, 137).is_err());
            let _ = read(&raw, 137);
        }
    }
}
