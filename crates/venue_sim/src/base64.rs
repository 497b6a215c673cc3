//! Base64 with the URL alphabet and without padding, as tokens are written (RFC 4648, section 5).

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The text of these bytes.
pub(crate) fn base64url(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |w, b| w << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..=chunk.len() {
            out.push(char::from(ALPHABET[(word >> (18 - 6 * i) & 63) as usize]));
        }
    }
    out
}

/// The bytes of a text; `None` unless it is written the one way it can be.
pub(crate) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    for chunk in text.as_bytes().chunks(4) {
        let mut word = 0u32;
        for byte in chunk {
            word = word << 6 | u32::try_from(ALPHABET.iter().position(|a| a == byte)?).ok()?;
        }
        word <<= 6 * (4 - chunk.len());
        out.extend_from_slice(word.to_be_bytes().get(1..chunk.len())?);
    }
    (base64url(&out) == text).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_text_without_padding_and_no_other_is_read() {
        fn check(bytes: &[u8], text: &str) {
            assert_eq!(base64url(bytes), text);
            assert_eq!(from_base64url(text).as_deref(), Some(bytes), "{text}");
        }
        check(b"", "");
        check(b"f", "Zg");
        check(b"fo", "Zm8");
        check(b"foo", "Zm9v");
        check(&[0xfb, 0xff], "-_8");
        for odd in ["Z", "Zh", "Zm9", "Zg==", "+/8", "Zg é", "Zm9vZ"] {
            assert_eq!(from_base64url(odd), None, "{odd}");
        }
    }
}
