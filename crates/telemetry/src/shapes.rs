//! Secrets nobody could register, known by their shape: tokens a venue issued, signatures made a moment ago.
//!
//! Libraries print frames and bodies at TRACE, and orders are signed there. So a line loses every JWT, every run of
//! hexadecimal digits as long as a signature and every decimal number as long as half of a Stark signature, known
//! or not. A message hash (64 digits) and an address stay readable. Keys that a venue hands out look like anything: they
//! are known by the name before them.

/// An EVM signature has 130 digits, raw frames and longer keys more; a hash has 64.
const HEX_RUN: usize = 100;
/// `r` and `s` of a Stark signature have up to 76 digits and rarely less than 70; money has at most 39.
const DECIMAL_RUN: usize = 60;
/// Names whose value is a secret, in a header, a query or JSON: Vest's API key and the key of its private stream, which
/// stands in the address of a WebSocket (vest.md sections 3 and 10.1).
const NAMES: [&[u8]; 3] = [b"listenKey", b"apiKey", b"x-api-key"];
/// Shorter ones are words about the key.
const NAMED_RUN: usize = 12;
/// What stands between a name and its value is `=`, `: ` or `":"`, the last one escaped up to twice.
const BETWEEN_MAX: usize = 12;

/// `eyJ` is `{"` in base64: what follows is a header. Shorter ones are words.
const TOKEN_RUN: usize = 20;

/// Parts of a line that must not be seen, in order, not overlapping.
pub(crate) fn find(line: &str) -> Vec<std::ops::Range<usize>> {
    let bytes = line.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    // Where the word before ended, if it was such a name.
    let mut named: Option<usize> = None;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        if !is_token(rest.first()) {
            at += 1;
            continue;
        }
        // A word of token characters is judged once, as a whole, so the time stays linear.
        let word = run(rest, |b| is_token(Some(&b)));
        let text = rest.get(..word).unwrap_or_default();
        if word >= NAMED_RUN && named.take().is_some_and(|end| is_between(bytes.get(end..at).unwrap_or_default())) {
            found.push(at..at + word);
        } else {
            find_in_word(text, at, &mut found);
        }
        named = NAMES.iter().any(|name| text.eq_ignore_ascii_case(name)).then_some(at + word);
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

/// Whether these bytes lead from a name to its value, and are no prose.
fn is_between(bytes: &[u8]) -> bool {
    bytes.len() <= BETWEEN_MAX && bytes.iter().all(|b| b"=:,\"'\\ ".contains(b)) && bytes.iter().any(|b| b"=:\"".contains(b))
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

    #[test]
    fn a_key_is_known_by_its_name() {
        let key = "fd34aa3c3e560504556fef9f68806666";
        check(&format!("GET /ws-api?version=1.0&listenKey={key} HTTP/1.1"), &[key]);
        check(&format!("{{\"apiKey\":\"{key}\",\"accGroup\":0}}"), &[key]);
        check(&format!(r#"{{\"listenKey\":\"{key}\"}}"#), &[key]);
        check(&format!("x-api-key: {key}"), &[key]);
        check(&format!("\"X-API-KEY\", \"{key}\""), &[key]);
        check(&format!("listenKey=short round={key}"), &[]);
        check(&format!("the listenKey {key}"), &[]);
        check("listenKey: expired, apiKey = unknown", &[]);
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
