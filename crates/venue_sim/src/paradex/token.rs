//! Bearer tokens: made from a counter and the seed, bound to an account, alive for five minutes (section 2.4).

use sha2::{Digest, Sha256};

use super::{ParadexSim, Refusal};
use crate::base64::base64url;

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
