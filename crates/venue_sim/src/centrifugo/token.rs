//! Connection tokens: JWT, HS256, with `sub`, `iat` and `exp` (venues/sx.md, sections 3 and 11).

use crate::base64::{base64url, from_base64url};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Length of a block of SHA-256, to which HMAC pads its key.
const BLOCK: usize = 64;

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claims {
    /// Whose it is.
    pub(super) user: String,
    /// When it ends, seconds since the epoch; `None`: never.
    pub(super) until_s: Option<i64>,
}

/// Why a token is no good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadToken {
    /// Not a token, not ours, or without a subject.
    Invalid,
    /// It was good once.
    Expired,
}

/// A token for `user` until `until_s`.
pub(super) fn mint(secret: &[u8; 32], user: &str, issued_s: i64, until_s: i64) -> String {
    let payload = json!({"sub": user, "iat": issued_s, "exp": until_s}).to_string();
    sign(secret, br#"{"alg":"HS256","typ":"JWT"}"#, payload.as_bytes())
}

/// Checks form, algorithm, signature, subject and expiry, in this order.
///
/// # Errors
/// Which of the two ways it is bad.
pub(super) fn verify(secret: &[u8; 32], token: &str, now_s: i64) -> Result<Claims, BadToken> {
    let (signed, signature) = token.rsplit_once('.').ok_or(BadToken::Invalid)?;
    let (header, payload) = signed.split_once('.').ok_or(BadToken::Invalid)?;
    if read(header)?.get("alg").and_then(Value::as_str) != Some("HS256")
        || from_base64url(signature).is_none_or(|bytes| bytes != hmac(secret, signed.as_bytes()))
    {
        return Err(BadToken::Invalid);
    }
    let payload = read(payload)?;
    let user = payload.get("sub").and_then(Value::as_str).filter(|user| !user.is_empty()).ok_or(BadToken::Invalid)?;
    let until_s = match payload.get("exp") {
        None => None,
        Some(exp) => Some(exp.as_i64().ok_or(BadToken::Invalid)?),
    };
    if until_s.is_some_and(|until| until <= now_s) {
        return Err(BadToken::Expired);
    }
    Ok(Claims { user: user.to_owned(), until_s })
}

fn read(part: &str) -> Result<Value, BadToken> {
    let bytes = from_base64url(part).ok_or(BadToken::Invalid)?;
    serde_json::from_slice(&bytes).map_err(|_| BadToken::Invalid)
}

fn sign(secret: &[u8; 32], header: &[u8], payload: &[u8]) -> String {
    let signed = format!("{}.{}", base64url(header), base64url(payload));
    let signature = base64url(&hmac(secret, signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// HMAC-SHA-256 (RFC 2104) with a key no longer than a block.
fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let pad = |with: u8| {
        let mut block = [with; BLOCK];
        block.iter_mut().zip(key).for_each(|(b, k)| *b ^= k);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [7; 32];

    #[test]
    fn hmac_is_that_of_the_rfc() {
        // RFC 4231, test case 1: the key is twenty bytes of 0x0b; shorter keys are padded with zeros.
        let mut key = [0u8; 32];
        key[..20].fill(0x0b);
        let expect = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(hex::encode(hmac(&key, b"Hi There")), expect);
    }

    #[test]
    fn a_token_is_good_until_its_second_and_only_with_our_signature() {
        let token = mint(&SECRET, "0xAb", 100, 160);
        assert_eq!(verify(&SECRET, &token, 159), Ok(Claims { user: "0xAb".into(), until_s: Some(160) }));
        assert_eq!(verify(&SECRET, &token, 160), Err(BadToken::Expired));
        assert_eq!(verify(&[8; 32], &token, 159), Err(BadToken::Invalid));
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let other = mint(&SECRET, "0xCd", 100, 160);
        let (other, _) = other.rsplit_once('.').unwrap();
        assert_eq!(verify(&SECRET, &format!("{other}.{signature}"), 159), Err(BadToken::Invalid));
        for bad in ["", ".", "..", "a.b.c", signed, &token[..token.len() - 1]] {
            assert_eq!(verify(&SECRET, bad, 159), Err(BadToken::Invalid), "{bad}");
        }
    }

    #[test]
    fn a_token_without_algorithm_or_subject_or_with_a_strange_expiry_is_refused() {
        let check = |header: &str, payload: &str, expect: Result<Claims, BadToken>| {
            let token = sign(&SECRET, header.as_bytes(), payload.as_bytes());
            assert_eq!(verify(&SECRET, &token, 100), expect, "{header} {payload}");
        };
        let header = r#"{"alg":"HS256"}"#;
        check(header, r#"{"sub":"a"}"#, Ok(Claims { user: "a".into(), until_s: None }));
        check(r#"{"alg":"none"}"#, r#"{"sub":"a"}"#, Err(BadToken::Invalid));
        check(header, "{}", Err(BadToken::Invalid));
        check(header, r#"{"sub":""}"#, Err(BadToken::Invalid));
        check(header, r#"{"sub":"a","exp":"soon"}"#, Err(BadToken::Invalid));
        check(header, r#"{"sub":"a","exp":99}"#, Err(BadToken::Expired));
        check(header, "[", Err(BadToken::Invalid));
    }
}
