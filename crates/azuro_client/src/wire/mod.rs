//! The venue's messages as they stand on the wire, field by field. What they mean is `parse`'s business.
//!
//! Lenient where the venue is loose (ids that are texts here and numbers there, fields that come and go), exact where money is:
//! a number is kept as its digits and never becomes a binary float.

pub(crate) mod feed;
pub(crate) mod orders;
pub(crate) mod rpc;
pub(crate) mod ws;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A number or a text, by its characters: the venue writes `10`, `1.85`, `"1.85"` and `"327"` for like things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Digits(pub(crate) String);

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        match raw.as_bytes().first() {
            Some(b'"') => serde_json::from_str(raw).map(Self).map_err(D::Error::custom),
            Some(b'-' | b'0'..=b'9') => Ok(Self(raw.to_owned())),
            _ => Err(D::Error::custom("a number or a text was due")),
        }
    }
}
