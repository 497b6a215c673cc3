//! Registering a signing key, as a step without a client: the request to make, and what its answer gives.
//!
//! Source: spec section 6. Owns no key and keeps none: the primary key is borrowed for one signature. Called by `session`
//! where registering at start is configured, and by the command that registers once for an operator.

use crate::config::{Registered, Registration};
use crate::error::{Error, Fault};
use crate::parse;
use crate::sign::{Signer, parse_address};
use crate::wire::rest::{RegisterRow, object};
use signing::SanitizedValue;
use signing::eip712::Address;
use std::fmt;

/// Shortest validity a proof is made for, ms.
const VALID_MS_MIN: i64 = 60_000;

/// `POST` this to the REST base of v2.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistrationRequest {
    /// Path below the base: `/register`.
    pub target: &'static str,
    /// JSON body: addresses, proof and expiry. It holds no key, but whoever has it can register.
    pub body: String,
    /// Address of the signing key, `0x` and 40 lower-case hex digits.
    pub signing_address: String,
    /// Address of the wallet that holds the balance.
    pub primary_address: String,
    /// Until when the venue takes orders signed by the signing key, ms since the epoch.
    pub expires_ms: i64,
}

impl fmt::Debug for RegistrationRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegistrationRequest({} for {}, until {})", self.signing_address, self.primary_address, self.expires_ms)
    }
}

/// Why an answer gave no API key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The venue said no; trying again changes nothing.
    #[error("the venue refuses the registration ({0}): check primary key, contract and the clock")]
    Refused(String),
    /// The answer proves nothing: the key may be registered or not. Registering again is harmless.
    #[error("the venue did not say whether it registered the key ({0}): try again")]
    Unclear(String),
}

/// The proof that the primary key lets the signing key sign, as the venue wants it.
///
/// `now_ms` is the time of the request, ms since the epoch; the registration names the contract and how long the proof
/// is valid.
///
/// # Errors
/// [`Error`] when a key or the contract does not read, or the validity is under a minute.
pub fn registration_request(
    signing_key: &SanitizedValue,
    registration: &Registration,
    now_ms: i64,
) -> Result<RegistrationRequest, Error> {
    let signer = Signer::new(signing_key, "signing")?;
    let (primary, contract) = registrar(registration)?;
    request(&primary, contract, &signer, registration, now_ms)
        .ok_or_else(|| Error::Config("the registration would expire beyond all time".to_owned()))
}

/// What `POST /register` answered.
///
/// # Errors
/// [`RegisterError::Refused`] for a documented code, [`RegisterError::Unclear`] for anything that is neither that nor a key.
pub fn registered(status: u16, body: &[u8]) -> Result<Registered, RegisterError> {
    if let (200..=299, Some(registered)) = (status, read(body)) {
        return Ok(registered);
    }
    let fault = Fault::parse(body);
    let said = fault.sentence(status);
    Err(match fault.code {
        Some(1002 | 1022 | 1024 | 1099 | 1130) => RegisterError::Refused(said),
        _ => RegisterError::Unclear(said),
    })
}

/// Reads what a registration is configured with.
pub(crate) fn registrar(registration: &Registration) -> Result<(Signer, Address), Error> {
    let contract = parse_address(&registration.verifying_contract)
        .ok_or_else(|| Error::Config("verifying_contract is not 0x and 40 hex digits".to_owned()))?;
    if registration.valid_for_ms < VALID_MS_MIN {
        return Err(Error::Config("a registration must be valid for a minute at least".to_owned()));
    }
    Ok((Signer::new(&registration.primary_key, "primary")?, contract))
}

pub(crate) fn request(
    primary: &Signer,
    contract: Address,
    signer: &Signer,
    registration: &Registration,
    now_ms: i64,
) -> Option<RegistrationRequest> {
    let expires_ms = now_ms.checked_add(registration.valid_for_ms)?;
    let signature = primary.proof(contract, signer.address(), u64::try_from(expires_ms).ok()?);
    let (signing_address, primary_address) = (signer.address_text(), primary.address_text());
    let body = format!(
        r#"{{"signingAddr":"{signing_address}","primaryAddr":"{primary_address}","signature":"{signature}","expiryTime":{expires_ms},"networkType":{}}}"#,
        registration.network_type
    );
    Some(RegistrationRequest { target: "/register", body, signing_address, primary_address, expires_ms })
}

pub(crate) fn read(body: &[u8]) -> Option<Registered> {
    let row: RegisterRow<'_> = object(body)?;
    let acc_group = row.acc_group.int().and_then(|g| u32::try_from(g).ok())?;
    let key = row.api_key.text();
    parse::is_plain_token(key).then(|| Registered { api_key: SanitizedValue::new(key), acc_group })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every registration of the vectors, rebuilt from its two keys.
    #[test]
    fn the_request_is_the_one_the_vectors_give_and_shows_no_key() {
        let all: serde_json::Value = serde_json::from_str(include_str!("../testdata/vectors.json")).expect("JSON");
        let cases = all["cases"].as_array().expect("cases").iter().filter(|c| c["kind"] == "register");
        // A signing key stands in the cases of its orders, by its address.
        let key_of = |address: &str| {
            let all = all["cases"].as_array()?.iter();
            let mut named = all.filter(|c| c["signer_address"].as_str().is_some_and(|a| a.eq_ignore_ascii_case(address)));
            named.find_map(|c| c["signing_private_key"].as_str()).map(SanitizedValue::new)
        };
        let mut seen = 0;
        for case in cases {
            let Some(signing) = key_of(case["request_body"]["signingAddr"].as_str().expect("an address")) else { continue };
            let text = |name: &str| SanitizedValue::new(case[name].as_str().expect(name));
            let registration = Registration {
                primary_key: text("primary_private_key"),
                verifying_contract: case["inputs"]["domain"]["verifyingContract"].as_str().expect("an address").to_owned(),
                valid_for_ms: 3_600_000,
                network_type: 0,
            };
            let expiry = case["request_body"]["expiryTime"].as_i64().expect("a time");
            let made = registration_request(&signing, &registration, expiry - 3_600_000).expect("a request");
            let body: serde_json::Value = serde_json::from_str(&made.body).expect("JSON");
            assert_eq!(body, case["request_body"], "{}", case["id"]);
            assert_eq!(made.expires_ms, expiry);
            let shown = format!("{made:?}");
            assert!(!shown.contains("signature") && shown.contains(&made.primary_address), "{shown}");
            seen += 1;
        }
        assert!(seen >= 2, "{seen}");
    }

    #[test]
    fn an_answer_gives_a_key_or_says_whether_to_try_again() {
        fn check(status: u16, body: &str, expect: &str) {
            let got = match registered(status, body.as_bytes()) {
                Ok(r) => format!("{} in group {}", r.api_key.expose_secret(), r.acc_group),
                Err(e) => e.to_string(),
            };
            assert!(got.contains(expect), "{got}");
        }
        check(200, include_str!("../testdata/vest/v2_rest_register_response.json"), "abcde in group 0");
        check(200, r#"{"apiKey":"k","accGroup":7}"#, "k in group 7");
        check(400, r#"{"detail":{"code":1022,"msg":""}}"#, "refuses the registration (HTTP 400, code 1022 INVALID_SIGNATURE)");
        check(200, r#"{"apiKey":"a\"b","accGroup":0}"#, "try again");
        check(404, r#"{"detail":"Not Found"}"#, "try again");
        check(502, "<html>", "try again");
    }
}
