//! Bearer tokens: made from a counter and the seed, bound to an account, alive for five minutes (section 2.4).

use sha2::{Digest, Sha256};

use super::{ParadexSim, Refusal};

/// `exp - iat`, section 2.4.
const LIFE_S: i64 = 300;

impl ParadexSim {
    /// A fresh token for an account. Looks like the venue's: three parts, the second one readable by whoever wants
    /// the expiry; the third one is drawn, nobody verifies it but this table.
    pub(super) fn issue_token(&mut self, account: usize) -> String {
        let now_s = self.clock_ms().div_euclid(1_000);
        let until = now_s + LIFE_S;
        let subject = &self.accounts[account].hex;
        let header = base64url(br#"{"alg":"ES384","typ":"JWT"}"#);
        let payload = format!(r#"{{"typ":"at+JWT","exp":{until},"iat":{now_s},"iss":"Paradex simulator","sub":"{subject}"}}"#);
        let payload = base64url(payload.as_bytes());
        let serial = self.next_serial();
        let mut signature = Vec::with_capacity(96);
        for part in 0u8..3 {
            let mut hash = Sha256::new();
            hash.update(self.config.seed.to_le_bytes());
            hash.update(serial.to_le_bytes());
            hash.update([part]);
            signature.extend_from_slice(&hash.finalize());
        }
        let token = format!("{header}.{payload}.{}", base64url(&signature));
        let now_ms = self.clock_ms();
        self.tokens.retain(|_, (_, until_ms)| *until_ms > now_ms);
        self.tokens.insert(token.clone(), (account, until * 1_000));
        token
    }

    /// The account a token belongs to and when it ends, ms.
    ///
    /// # Errors
    /// 401 `INVALID_TOKEN` for anything unknown or expired.
    pub(super) fn check_token(&self, token: &str) -> Result<(usize, i64), Refusal> {
        match self.tokens.get(token) {
            Some((account, until)) if *until > self.clock_ms() => Ok((*account, *until)),
            Some(_) => Err(Refusal::new(401, "INVALID_TOKEN", "token is expired")),
            None => Err(Refusal::new(401, "INVALID_TOKEN", "invalid bearer jwt")),
        }
    }
}

/// Base64 with the URL alphabet and without padding, as tokens are written.
fn base64url(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |w, b| w << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..=chunk.len() {
            out.push(char::from(ALPHABET[(word >> (18 - 6 * i) & 63) as usize]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::base64url;

    #[test]
    fn the_url_alphabet_needs_no_padding() {
        assert_eq!(base64url(b""), "");
        assert_eq!(base64url(b"f"), "Zg");
        assert_eq!(base64url(b"fo"), "Zm8");
        assert_eq!(base64url(b"foo"), "Zm9v");
        assert_eq!(base64url(&[0xfb, 0xff]), "-_8");
    }
}
