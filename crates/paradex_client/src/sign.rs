//! What the venue wants signed: orders, changes of orders, logins and onboarding (paradex.md 2.3, 2.4, 3).
//!
//! Owns the member order of each message and the constant parts hashed ahead; the hashing and the curve are in
//! `signing`. Nothing else in this crate touches either.

use crate::error::Error;
use domain::Side;
use signing::snip12::{Domain, StructHasher, TypedMessage, short_string};
use signing::{Chain, Felt, SanitizedValue, StarkKey};

/// An order as it is signed (paradex.md 3.2): what is not in here is not protected.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrderToSign<'a> {
    /// `signature_timestamp`, ms.
    pub(crate) timestamp_ms: u64,
    /// Market symbol.
    pub(crate) market: &'a str,
    pub(crate) side: Side,
    /// `LIMIT` or `MARKET`.
    pub(crate) kind: &'a str,
    /// At 1e-8.
    pub(crate) size_e8: i64,
    /// At 1e-8, 0 for a market order.
    pub(crate) price_e8: i64,
}

/// A signature and what it is over.
pub(crate) struct Signed {
    /// Message hash, hex with `0x`.
    pub(crate) hash: String,
    /// `["r","s"]` in decimal.
    pub(crate) wire: String,
}

/// Signs for one account with one key.
#[derive(Debug)]
pub(crate) struct Signer {
    key: StarkKey,
    account: Felt,
    /// Once the venue has named its chain.
    message: Option<TypedMessage>,
    order: StructHasher,
    request: StructHasher,
    constant: StructHasher,
}

/// There is no chain yet, or a text does not fit into a felt, or (once in 2^54) the hash cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message cannot be signed")]
pub(crate) struct CannotSign;

impl Signer {
    pub(crate) fn new(key: &SanitizedValue, account: &str) -> Result<Self, Error> {
        let digits = account.strip_prefix("0x").ok_or(Error::Account)?;
        if digits.is_empty() || digits.len() > 64 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(Error::Account);
        }
        signing::warm_up();
        Ok(Self {
            key: StarkKey::from_hex(key).map_err(|_| Error::Key)?,
            account: Felt::from_hex(account).map_err(|_| Error::Account)?,
            message: None,
            order: StructHasher::new("Order(timestamp:felt,market:felt,side:felt,orderType:felt,size:felt,price:felt)"),
            request: StructHasher::new("Request(method:felt,path:felt,body:felt,timestamp:felt,expiration:felt)"),
            constant: StructHasher::new("Constant(action:felt)"),
        })
    }

    /// Takes the chain id that the venue names in `/system/config`.
    pub(crate) fn set_chain(&mut self, chain_id: &str) -> Result<(), CannotSign> {
        let domain = Domain { name: "Paradex", chain_id, version: "1" }.hash().map_err(|_| CannotSign)?;
        self.message = Some(TypedMessage::new(&domain, &self.account));
        Ok(())
    }

    /// Whether the venue has named its chain: before that nothing can be signed.
    pub(crate) fn knows_chain(&self) -> bool {
        self.message.is_some()
    }

    /// Public key, hex.
    pub(crate) fn public_key(&self) -> String {
        format!("{:#x}", self.key.public_key())
    }

    /// An order's signature: nine Pedersen hashes and one ECDSA.
    pub(crate) fn order(&self, o: &OrderToSign<'_>) -> Result<Signed, CannotSign> {
        self.sign(order_chain(self.order.begin(), o)?)
    }

    /// The login message (paradex.md 2.4). Times in seconds; the path is the same for both forms of the URL.
    pub(crate) fn login(&self, timestamp_s: u64, expiration_s: u64) -> Result<Signed, CannotSign> {
        self.sign(
            self.request
                .begin()
                .with(&text("POST")?)
                .with(&text("/v1/auth")?)
                .with(&Felt::ZERO)
                .with(&Felt::from(timestamp_s))
                .with(&Felt::from(expiration_s)),
        )
    }

    /// The onboarding message (paradex.md 2.3).
    pub(crate) fn onboarding(&self) -> Result<Signed, CannotSign> {
        self.sign(self.constant.begin().with(&text("Onboarding")?))
    }

    fn sign(&self, members: Chain) -> Result<Signed, CannotSign> {
        let hash = self.message.ok_or(CannotSign)?.hash(&members.finish());
        let signature = self.key.sign(&hash).map_err(|_| CannotSign)?;
        Ok(Signed { hash: format!("{hash:#x}"), wire: signature.to_wire() })
    }

    /// A changed order's signature (paradex.md 3.3). This client replaces by cancelling, so only the vectors ask.
    #[cfg(test)]
    fn modify(&self, o: &OrderToSign<'_>, order_id: &str) -> Result<Signed, CannotSign> {
        let hasher =
            StructHasher::new("ModifyOrder(timestamp:felt,market:felt,side:felt,orderType:felt,size:felt,price:felt,id:felt)");
        let id = Felt::from_dec_str(order_id).map_err(|_| CannotSign)?;
        self.sign(order_chain(hasher.begin(), o)?.with(&id))
    }
}

fn order_chain(chain: Chain, o: &OrderToSign<'_>) -> Result<Chain, CannotSign> {
    let unsigned = |v: i64| u64::try_from(v).map_err(|_| CannotSign);
    Ok(chain
        .with(&Felt::from(o.timestamp_ms))
        .with(&text(o.market)?)
        .with(&Felt::from(if o.side == Side::Buy { 1u64 } else { 2 }))
        .with(&text(o.kind)?)
        .with(&Felt::from(unsigned(o.size_e8)?))
        .with(&Felt::from(unsigned(o.price_e8)?)))
}

fn text(t: &str) -> Result<Felt, CannotSign> {
    short_string(t).map_err(|_| CannotSign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn vectors() -> Vec<Value> {
        let file: Value = serde_json::from_str(include_str!("../testdata/vectors.json")).expect("vectors");
        file["vectors"].as_array().expect("a list").clone()
    }
    fn word<'a>(v: &'a Value, key: &str) -> &'a str {
        v[key].as_str().unwrap_or_else(|| panic!("{key} in {v}"))
    }
    /// Digits beyond the eighth are cut, as the SDK does (paradex.md 3.2).
    fn e8(text: &str) -> i64 {
        let end = text.find('.').map_or(text.len(), |dot| (dot + 9).min(text.len()));
        domain::parse_e8(&text.as_bytes()[..end]).expect("a decimal")
    }

    fn signed(v: &Value) -> Signed {
        let key = SanitizedValue::new(word(v, "l2_private_key"));
        let mut signer = Signer::new(&key, word(v, "account_address")).expect("a signer");
        signer.set_chain(word(v, "chain_id")).expect("a chain id");
        assert_eq!(signer.public_key(), word(v, "l2_public_key"));
        let i = &v["inputs"];
        let order = || OrderToSign {
            timestamp_ms: i["signature_timestamp_ms"].as_u64().expect("ms"),
            market: word(i, "market"),
            side: if word(i, "side") == "BUY" { Side::Buy } else { Side::Sell },
            kind: word(i, "type"),
            size_e8: e8(word(i, "size")),
            price_e8: i["price"].as_str().map_or(0, e8),
        };
        match word(v, "kind") {
            "onboarding" => signer.onboarding(),
            "auth" => signer.login(i["timestamp_s"].as_u64().expect("s"), i["expiration_s"].as_u64().expect("s")),
            "order" => signer.order(&order()),
            "modify_order" => signer.modify(&order(), word(i, "order_id")),
            other => panic!("a vector of kind {other}"),
        }
        .expect("signed")
    }

    #[test]
    fn every_golden_vector_is_met_bit_for_bit() {
        let vectors = vectors();
        assert_eq!(vectors.len(), 19);
        for v in &vectors {
            let got = signed(v);
            assert_eq!(got.hash, word(&v["expected"], "message_hash"), "{}", word(v, "id"));
            assert_eq!(got.wire, word(&v["expected"], "signature_wire"), "{}", word(v, "id"));
        }
    }

    #[test]
    fn a_key_or_account_that_is_none_is_refused_without_repeating_it() {
        fn check(key: &str, account: &str, expect: Error) {
            assert_eq!(Signer::new(&SanitizedValue::new(key), account).expect_err("refused"), expect);
        }
        check("nonsense", "0x1", Error::Key);
        check("0x0", "0x1", Error::Key);
        check("0x1", "1", Error::Account);
        check("0x1", "0x", Error::Account);
        check("0x1", "0xzz", Error::Account);
        let signer = Signer::new(&SanitizedValue::new("0xdeadbeef123"), "0x1").expect("a signer");
        assert!(!format!("{signer:?}").contains("deadbeef123"));
        assert_eq!(signer.onboarding().err(), Some(CannotSign), "no chain yet");
    }
}
