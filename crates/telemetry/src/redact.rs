//! The secrets of this process, and how no line shows them.

use crate::shapes;
use aho_corasick::{AhoCorasick, MatchKind};
use signing::SanitizedValue;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

/// What stands in a line where a secret stood.
pub const REDACTED: &str = "[REDACTED]";

/// Shorter texts cannot be told from ordinary ones: replacing them would shred the log without hiding anything.
const SHORTEST: usize = 6;
/// Longer texts are no numbers.
const NUMBER_MAX: usize = 160;

/// Knows the secrets. Registering keeps a copy in memory, which [`crate::forbid_core_files`] keeps off the disk.
#[derive(Debug, Default)]
pub struct Redactor {
    known: Mutex<Known>,
    searcher: RwLock<Option<Arc<AhoCorasick>>>,
}

/// Never prints what it holds.
#[derive(Default)]
struct Known(BTreeSet<String>);

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{} forms>", self.0.len())
    }
}

impl Redactor {
    /// The one of this process, used by every log line.
    pub fn global() -> &'static Self {
        static GLOBAL: OnceLock<Redactor> = OnceLock::new();
        GLOBAL.get_or_init(Self::default)
    }

    /// From now on no line shows this secret: as it is, escaped for JSON or a URL, as base64, and if it is a number
    /// as hexadecimal digits in either case, with or without `0x` and leading zeros, in decimal or as a list of
    /// bytes. Lines still waiting to be written are covered too. False if it is too short (under six characters)
    /// to be told from ordinary text; then nothing changes.
    pub fn register(&self, secret: &SanitizedValue) -> bool {
        let forms = forms(secret.expose_secret());
        if forms.is_empty() {
            return false;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.0.extend(forms);
        // The longest match wins, so that a padded form leaves no padding behind.
        let searcher = AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::LeftmostLongest).build(&known.0);
        let searcher = searcher.expect("a handful of short patterns is within the limits");
        *self.searcher.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(searcher));
        true
    }

    /// The text without secrets: the registered ones, and what has the shape of a token or signature. Borrowed if
    /// there is nothing to hide, as in nearly every line.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let searcher = self.searcher.read().unwrap_or_else(PoisonError::into_inner).clone();
        let text = match searcher {
            Some(searcher) => replace(text, searcher.find_iter(text).map(|m| m.range())),
            None => Cow::Borrowed(text),
        };
        match text {
            Cow::Borrowed(text) => replace(text, shapes::find(text).into_iter()),
            Cow::Owned(text) => Cow::Owned(replace(&text, shapes::find(&text).into_iter()).into_owned()),
        }
    }
}

fn replace(text: &str, found: impl Iterator<Item = std::ops::Range<usize>>) -> Cow<'_, str> {
    let mut out = String::new();
    let mut from = 0;
    for range in found {
        out.push_str(text.get(from..range.start).unwrap_or_default());
        out.push_str(REDACTED);
        from = range.end;
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

/// Every way in which a secret may come to stand in a line, none shorter than [`SHORTEST`]. Case does not matter.
fn forms(secret: &str) -> BTreeSet<String> {
    let secret = secret.trim();
    if secret.len() < SHORTEST {
        return BTreeSet::new();
    }
    let mut forms = BTreeSet::from([secret.to_owned(), percent_encoded(secret), all_percent(secret.as_bytes())]);
    // Escaped by `{:?}`, then as part of a JSON body, then as part of a JSON line: each time once more.
    let mut escaped = secret.to_owned();
    for _ in 0..3 {
        escaped = json_escaped(&escaped);
        forms.insert(escaped.clone());
    }
    // A key file's lines, one by one; its first and last line are the same in every file.
    forms.extend(secret.lines().map(str::trim).filter(|l| l.len() >= 16 && !l.starts_with("-----")).map(str::to_owned));
    base64(secret.as_bytes(), &mut forms);
    for number in numbers(secret) {
        let digits = hex(&number);
        let short = digits.trim_start_matches('0');
        forms.extend([digits.clone(), format!("0x{digits}"), short.to_owned(), format!("0x{short}"), decimal(&number)]);
        let bytes: Vec<String> = number.iter().map(u8::to_string).collect();
        forms.extend([bytes.join(", "), bytes.join(",")]);
        forms.insert(all_percent(&number));
        base64(&number, &mut forms);
    }
    forms.retain(|form| form.len() >= SHORTEST);
    forms
}

/// The bytes a text stands for, if it is a number: hexadecimal with `0x` or long enough to be a key, or decimal.
fn numbers(text: &str) -> Vec<Vec<u8>> {
    let mut numbers = Vec::new();
    if text.len() > NUMBER_MAX {
        return numbers;
    }
    let marked = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let digits = marked.unwrap_or(text);
    if digits.bytes().all(|b| b.is_ascii_hexdigit()) && (marked.is_some() || digits.len() >= 32) {
        let even = if digits.len() % 2 == 1 { format!("0{digits}") } else { digits.to_owned() };
        let pairs = even.as_bytes().chunks_exact(2).filter_map(|pair| std::str::from_utf8(pair).ok());
        numbers.push(pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect());
    }
    if marked.is_none() && digits.len() >= 12 && digits.bytes().all(|b| b.is_ascii_digit()) {
        let mut bytes: Vec<u8> = Vec::new(); // least significant first
        for digit in digits.bytes() {
            let mut carry = u32::from(digit - b'0');
            for byte in &mut bytes {
                carry += u32::from(*byte) * 10;
                *byte = (carry & 0xff) as u8;
                carry >>= 8;
            }
            if carry > 0 {
                bytes.push(carry as u8);
            }
        }
        bytes.reverse();
        numbers.push(bytes);
    }
    numbers
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|b| [digit(b >> 4), digit(b & 15)]).collect()
}

fn decimal(bytes: &[u8]) -> String {
    let mut number = bytes.to_vec();
    let mut digits = Vec::new();
    while number.iter().any(|b| *b != 0) {
        let mut rest = 0u32;
        for byte in &mut number {
            let value = rest * 256 + u32::from(*byte);
            *byte = (value / 10) as u8;
            rest = value % 10;
        }
        digits.push(char::from(b'0' + rest as u8));
    }
    digits.iter().rev().collect()
}

/// Both alphabets, with and without padding.
fn base64(bytes: &[u8], into: &mut BTreeSet<String>) {
    const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bare = String::new();
    for chunk in bytes.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|i| u32::from(chunk.get(i).copied().unwrap_or(0)));
        let group = a << 16 | b << 8 | c;
        for i in 0..=chunk.len() {
            let index = (group >> (18 - 6 * i)) & 63;
            bare.push(STANDARD.get(index as usize).map_or('A', |b| char::from(*b)));
        }
    }
    let url = bare.replace('+', "-").replace('/', "_");
    let padding = "=".repeat(bare.len().next_multiple_of(4) - bare.len());
    into.extend([format!("{bare}{padding}"), format!("{url}{padding}"), bare, url]);
}

fn percent_encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// As some libraries write a query: every byte escaped, whether or not it has to be.
fn all_percent(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("%{b:02X}")).collect()
}

fn json_escaped(text: &str) -> String {
    let mut out = String::new();
    crate::fields::escape(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is left of `line` when `secret` is a secret.
    #[track_caller]
    fn check(secret: &str, line: &str, expect: &str) {
        let redactor = Redactor::default();
        assert!(redactor.register(&SanitizedValue::from(secret)));
        assert_eq!(redactor.redact(line), expect);
    }

    #[test]
    fn a_secret_disappears_in_every_form() {
        let key = "0x00ab54a98ceb1f0ad2";
        check(key, "key 0x00ab54a98ceb1f0ad2.", "key [REDACTED].");
        check(key, "key 00AB54A98CEB1F0AD2.", "key [REDACTED].");
        check(key, "key 0XAB54A98CEB1F0AD2.", "key [REDACTED].");
        check(key, "key ab54a98ceb1f0ad2.", "key [REDACTED].");
        check(key, "felt 12345678901234567890", "felt [REDACTED]");
        check(key, "bytes [0, 171, 84, 169, 140, 235, 31, 10, 210]", "bytes [[REDACTED]]");
        check(key, "b64 AKtUqYzrHwrS", "b64 [REDACTED]");
        check("12345678901234567890", "0xab54a98ceb1f0ad2", "[REDACTED]");
        check("pa+ss/wo\"rd", r#"{"p":"pa+ss/wo\"rd"}"#, r#"{"p":"[REDACTED]"}"#);
        check("pa+ss/wo\"rd", "?p=pa%2Bss%2fwo%22rd&x", "?p=[REDACTED]&x");
        check(key, "?k=%00%ab%54%a9%8c%eb%1f%0a%d2&x", "?k=[REDACTED]&x");
        check("pa+ss/wo\"rd", "?p=%70%61%2b%73%73%2F%77%6f%22%72%64&x", "?p=[REDACTED]&x");
        check("pa+ss/wo\"rd", "basic cGErc3Mvd28icmQ=", "basic [REDACTED]");
        check("subject?>", "c3ViamVjdD8- c3ViamVjdD8+", "[REDACTED] [REDACTED]");
        check("-----BEGIN KEY-----\nMIIBVQIBADANBgkqhkiG\n-----END KEY-----", "line MIIBVQIBADANBgkqhkiG", "line [REDACTED]");
        check("token-1", "token-1token-1 token-2", "[REDACTED][REDACTED] token-2");
    }

    #[test]
    fn lines_without_secrets_are_not_copied_and_shapes_are_found_without_registration() {
        let redactor = Redactor::default();
        assert!(matches!(redactor.redact("[TRADE] Entry executed: spread=0.41%"), Cow::Borrowed(_)));
        assert_eq!(redactor.redact(&format!("sig 0x{}", "1f".repeat(65))), "sig 0x[REDACTED]");
        redactor.register(&SanitizedValue::from("abcdefgh"));
        assert!(matches!(redactor.redact("nothing here"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_text_too_short_to_be_a_secret_is_not_taken() {
        let redactor = Redactor::default();
        assert!(!redactor.register(&SanitizedValue::from("abc")));
        assert!(!redactor.register(&SanitizedValue::from("  ")));
        assert_eq!(redactor.redact("abc"), "abc");
    }

    #[test]
    fn the_registry_itself_prints_nothing() {
        let redactor = Redactor::default();
        redactor.register(&SanitizedValue::from("hunter22"));
        let known = format!("{:?}", redactor.known);
        assert!(!known.contains("hunter22"), "{known}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))] // each case builds its searchers anew, which is slow
        /// Whatever the secrets and wherever they stand, none is left, and what does not look like one stays.
        #[test]
        fn no_secret_is_left(secrets in proptest::collection::vec("[!-~]{6,40}", 1..5), between in "[ #]{0,10}") {
            let redactor = Redactor::default();
            for secret in &secrets {
                redactor.register(&SanitizedValue::from(secret.as_str()));
            }
            let line = secrets.join(&format!(" {between} "));
            let left = redactor.redact(&line).replace(REDACTED, "");
            for secret in &secrets {
                prop_assert!(!left.contains(secret.as_str()), "{left}");
            }
        }
    }
}
