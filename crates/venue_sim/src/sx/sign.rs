//! Whose signatures a request carries: the order's (sx.md section 7.1) and, behind a gateway, the request's own (section 3).

use crate::evm;
use alloy_primitives::{Address, B256, Keccak256, U256, hex, keccak256};
use ed25519_dalek::VerifyingKey as GatewayVerifier;

const ORDER: &str = "Order(bytes32 marketHash,address baseToken,uint256 totalBetSize,uint256 percentageOdds,uint256 salt,uint256 expiry,address maker,bool isMakerBettingOutcomeOne)";

/// The signed part of an order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signed {
    pub market: B256,
    pub token: Address,
    pub stake: i64,
    pub p: i128,
    pub salt: U256,
    pub expiry_s: i64,
    pub maker: Address,
    pub one: bool,
}

/// Separator of the domain `OBv3 Escrow`, version 1.
pub(super) fn separator(chain_id: u64, escrow: Address) -> B256 {
    evm::domain_separator("OBv3 Escrow", "1", chain_id, escrow)
}

/// The digest that is signed; also the order's id. Negative numbers never get here.
pub(super) fn digest(separator: B256, order: &Signed) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update(keccak256(ORDER));
    hasher.update(order.market);
    hasher.update(order.token.into_word());
    for number in [
        U256::from(order.stake.unsigned_abs()),
        U256::from(order.p.unsigned_abs()),
        order.salt,
        U256::from(order.expiry_s.unsigned_abs()),
    ] {
        hasher.update(number.to_be_bytes::<32>());
    }
    hasher.update(order.maker.into_word());
    hasher.update(U256::from(u8::from(order.one)).to_be_bytes::<32>());
    evm::typed_digest(separator, hasher.finalize())
}

/// Whether a request bears the gateway's signature over timestamp, method, path with query, and body; hex or base64.
pub(super) fn gateway_holds(key: &[u8; 32], signature: &str, parts: [&[u8]; 4]) -> bool {
    let Some(signature) = signature_bytes(signature) else { return false };
    let Ok(key) = GatewayVerifier::from_bytes(key) else { return false };
    key.verify_strict(&parts.concat(), &ed25519_dalek::Signature::from_bytes(&signature)).is_ok()
}

fn signature_bytes(text: &str) -> Option<[u8; 64]> {
    let mut bytes = [0u8; 64];
    let hexed = text.strip_prefix("0x").unwrap_or(text);
    if hexed.len() == 128 {
        hex::decode_to_slice(hexed, &mut bytes).ok()?;
        return Some(bytes);
    }
    let body = text.trim_end_matches('=').as_bytes();
    if body.len() != 86 {
        return None;
    }
    let mut word = 0u32;
    let (mut bits, mut at) = (0, 0);
    for byte in body {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        word = word << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            *bytes.get_mut(at)? = (word >> bits) as u8;
            at += 1;
        }
    }
    (at == 64).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn vectors() -> Vec<Value> {
        let path = format!("{}/testdata/sx/vectors.json", env!("CARGO_MANIFEST_DIR"));
        let all: Value = serde_json::from_str(&std::fs::read_to_string(path).expect("test data")).expect("JSON");
        all["signed"].as_array().expect("rows").clone()
    }

    fn text<'a>(row: &'a Value, name: &str) -> &'a str {
        row[name].as_str().unwrap_or_else(|| panic!("{name} of {row}"))
    }

    #[test]
    fn every_order_of_the_vectors_has_its_digest_and_its_signer() {
        let mut seen = 0;
        for row in vectors().iter().filter(|r| r["kind"] == "v3_order") {
            let (message, domain) = (&row["message"], &row["domain"]);
            let number = |name: &str| message[name].as_str().map_or_else(|| message[name].to_string(), str::to_owned);
            let signed = Signed {
                market: text(message, "marketHash").parse().expect("a hash"),
                token: text(message, "baseToken").parse().expect("an address"),
                stake: number("totalBetSize").parse().expect("a stake"),
                p: number("percentageOdds").parse().expect("odds"),
                salt: number("salt").parse().expect("a salt"),
                expiry_s: number("expiry").parse().expect("seconds"),
                maker: text(message, "maker").parse().expect("an address"),
                one: message["isMakerBettingOutcomeOne"].as_bool().expect("a flag"),
            };
            let escrow = text(domain, "verifyingContract").parse().expect("an address");
            let separator = separator(domain["chainId"].as_u64().expect("a chain"), escrow);
            assert_eq!(separator.to_string(), text(row, "domainSeparator"));
            let digest = digest(separator, &signed);
            assert_eq!(digest.to_string(), text(row, "digest"));
            assert_eq!(digest.to_string(), text(row, "expected_orderId"));
            assert_eq!(evm::recover_text(digest, text(row, "signature")), Some(signed.maker));
            assert_ne!(evm::recover_text(separator, text(row, "signature")), Some(signed.maker));
            seen += 1;
        }
        assert_eq!(seen, 6);
    }

    #[test]
    fn a_request_of_the_vectors_bears_the_gateways_signature_in_both_spellings_and_no_other_does() {
        let mut seen = 0;
        for row in vectors().iter().filter(|r| r["kind"] == "ed25519_request") {
            let key: [u8; 32] = hex::decode(text(row, "publicKeyHex")).expect("hex").try_into().expect("32 bytes");
            let body = text(row, "body");
            let parts = [text(row, "timestamp"), text(row, "method"), text(row, "path"), body].map(str::as_bytes);
            for spelling in ["signatureHex", "signatureBase64"] {
                assert!(gateway_holds(&key, text(row, spelling), parts), "{spelling} of {}", row["id"]);
            }
            assert!(!gateway_holds(&key, text(row, "signatureHex"), [parts[0], b"PUT", parts[2], parts[3]]));
            seen += 1;
        }
        assert_eq!(seen, 3);
        for odd in ["", "0x", "AAAA", &"A".repeat(86), &"!".repeat(86), &"é".repeat(64)] {
            assert!(!gateway_holds(&[1; 32], odd, [b"", b"", b"", b""]));
        }
    }
}
