//! RLP as a wallet writes it; the venue reads it by other code.

pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|b| **b == 0).count()..]
}

fn head(short: u8, len: usize) -> Vec<u8> {
    if len <= 55 {
        return vec![short + len as u8];
    }
    let digits = len.to_be_bytes();
    let digits = trim(&digits);
    [&[short + 55 + digits.len() as u8], digits].concat()
}

pub(crate) fn bytes(data: &[u8]) -> Vec<u8> {
    match data {
        [one] if *one < 0x80 => vec![*one],
        _ => [head(0x80, data.len()), data.to_vec()].concat(),
    }
}

pub(crate) fn int(value: u128) -> Vec<u8> {
    bytes(trim(&value.to_be_bytes()))
}

pub(crate) fn list(payload: &[u8]) -> Vec<u8> {
    [head(0xc0, payload.len()), payload.to_vec()].concat()
}
