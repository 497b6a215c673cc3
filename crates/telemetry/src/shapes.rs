//! Secrets nobody could register, known by their shape: tokens a venue issued, signatures made a moment ago.
//!
//! Libraries print frames and bodies at TRACE, and orders are signed there. So a line loses every JWT, every run of
//! hexadecimal digits as long as a signature and every decimal number as long as half of a Stark signature, known
//! or not. A message hash (64 digits) and an address stay readable.

/// An EVM signature has 130 digits, raw frames and longer keys more; a hash has 64.
const HEX_RUN: usize = 100;
/// `r` and `s` of a Stark signature have up to 76 digits and rarely less than 70; money has at most 39.
const DECIMAL_RUN: usize = 60;
/// `eyJ` is `{"` in base64: what follows is a header. Shorter ones are words.
const TOKEN_RUN: usize = 20;

/// Parts of a line that must not be seen, in order, not overlapping.
pub(crate) fn find(line: &str) -> Vec<std::ops::Range<usize>> {
    let bytes = line.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        if !is_token(rest.first()) {
            at += 1;
            continue;
        }
        // A word of token characters is judged once, as a whole, so the time stays linear.
        let word = run(rest, |b| is_token(Some(&b)));
        find_in_word(rest.get(..word).unwrap_or_default(), at, &mut found);
        at += word.max(1);
    }
    found
}

fn find_in_word(word: &[u8], start: usize, found: &mut Vec<std::ops::Range<usize>>) {
    let mut at = 0;
    while at < word.len() {
        let rest = word.get(at..).unwrap_or_default();
        if rest.starts_with(b"eyJ") && rest.len() >= TOKEN_RUN {
            found.push(start + at..start + word.len());
            return;
        }
        let hex = run(rest, |b| b.is_ascii_hexdigit());
        let decimal = run(rest, |b| b.is_ascii_digit());
        if hex >= HEX_RUN {
            found.push(start + at..start + at + hex);
            at += hex;
        } else if decimal >= DECIMAL_RUN {
            found.push(start + at..start + at + decimal);
            at += decimal;
        } else {
            // Nothing that begins inside a digit run too short can be long enough, except decimals after a letter.
            at += if decimal > 0 { decimal } else { 1 };
        }
    }
}

fn is_token(byte: Option<&u8>) -> bool {
    byte.is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

fn run(bytes: &[u8], of: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|b| of(**b)).count()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(line: &str, expect: &[&str]) {
        let found: Vec<_> = find(line).into_iter().map(|r| line.get(r).unwrap()).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn tokens_and_signatures_are_found_and_hashes_and_numbers_are_left() {
        let token = "eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjE3fQ.c2lnbmF0dXJl";
        let (signature, hash) = ("ab".repeat(65), "0f".repeat(32));
        let (r, s) = ("1".repeat(76), "9".repeat(70));
        check(&format!("Authorization: Bearer {token}"), &[token]);
        check(&format!("{{\"bearer\":\"{token}\",\"id\":1}}"), &[token]);
        check(&format!("sig=0x{signature} hash=0x{hash}"), &[&signature]);
        check(&format!("[\"{r}\",\"{s}\"]"), &[&r, &s]);
        check("eyJ is short, price 91000.12345678, ts 1763712000123456", &[]);
        check("", &[]);
        check("héllo eyJ… ok", &[]);
    }

    proptest! {
        /// Any text is searched without a panic, and what is found is whole characters in rising order.
        #[test]
        fn ranges_are_in_order_and_on_character_boundaries(line in "(\\PC|[0-9a-fA-F]{90,130}|[0-9]{55,80}|eyJ[a-z.]{0,40}){0,8}") {
            let mut end = 0;
            for range in find(&line) {
                prop_assert!(range.start >= end && line.get(range.clone()).is_some());
                end = range.end;
            }
        }
    }
}
