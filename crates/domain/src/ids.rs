//! Ids: a type each, derived from content where a replay must not double.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

macro_rules! short_text {
    ($(#[$doc:meta])* $name:ident, $cap:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name { len: u8, text: [u8; $cap] }

        impl $name {
            /// From a short ASCII text; panics at compile time when it does not fit.
            pub const fn new(text: &str) -> Self {
                let bytes = text.as_bytes();
                assert!(!bytes.is_empty() && bytes.len() <= $cap, concat!($what, ": empty or too long"));
                let mut out = [0u8; $cap];
                let mut i = 0;
                while i < bytes.len() {
                    assert!(bytes[i].is_ascii_graphic(), concat!($what, ": not plain ASCII"));
                    out[i] = bytes[i];
                    #[allow(clippy::arithmetic_side_effects, reason = "bounded by the length checked above")]
                    { i += 1; }
                }
                Self { len: bytes.len() as u8, text: out }
            }
            /// The text.
            pub fn as_str(&self) -> &str {
                self.text.get(..usize::from(self.len)).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or("")
            }
        }
        impl FromStr for $name {
            type Err = String;
            fn from_str(s: &str) -> Result<Self, String> {
                if s.is_empty() || s.len() > $cap || !s.bytes().all(|b| b.is_ascii_graphic()) {
                    return Err(format!(concat!("{:?} is no ", $what, ": 1 to ", $cap, " printable ASCII characters"), s));
                }
                Ok(Self::new(s))
            }
        }
        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(s: String) -> Result<Self, String> { s.parse() }
        }
        impl From<$name> for String {
            fn from(v: $name) -> Self { v.as_str().to_owned() }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(self.as_str()) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.pad(self.as_str()) }
        }
    };
}

short_text!(
    /// A venue by its short name, lower case: `vest`, `paradex`.
    VenueId, 15, "venue name"
);
short_text!(
    /// What is traded, in the operator's words: `ETH-USD`.
    Pair, 23, "pair"
);

/// One venue's instrument, interned when the bot is wired: an index, never a wire fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InstrumentId(pub u16);

/// One trade from its first order to its end. `epoch` rises at every start, so a lost journal tail can never make
/// an old order answer for a new round.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RoundId {
    /// Start of the bot that opened it.
    pub epoch: u32,
    /// Counted within the epoch, from 1.
    pub seq: u32,
}
impl fmt::Display for RoundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.seq)
    }
}
impl fmt::Debug for RoundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Which of a round's two legs. For perps A is the long leg and B the short one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LegId {
    /// The long leg.
    A,
    /// The short leg.
    B,
}
impl LegId {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];
    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
    /// 0 or 1.
    pub const fn index(self) -> usize {
        match self {
            Self::A => 0,
            Self::B => 1,
        }
    }
}

/// What an order is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Opens a leg.
    Entry,
    /// Closes a leg together with the other one, by plan.
    Exit,
    /// Closes what a leg holds and the other does not.
    Close,
}

/// One order of ours, a pure function of round, leg, purpose and attempt: the same order found twice is one order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderId {
    /// Its round.
    pub round: RoundId,
    /// Its leg.
    pub leg: LegId,
    /// What it is for.
    pub purpose: Purpose,
    /// Counted from 1 within leg and purpose; rises only when the last one is proven dead.
    pub attempt: u16,
}
/// `b4-<epoch>-<seq>-<leg><purpose><attempt>`, at most 33 characters: usable as a client order id on any venue.
impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let leg = match self.leg {
            LegId::A => 'a',
            LegId::B => 'b',
        };
        let purpose = match self.purpose {
            Purpose::Entry => 'e',
            Purpose::Exit => 'x',
            Purpose::Close => 'c',
        };
        write!(f, "b4-{}-{}-{leg}{purpose}{}", self.round.epoch, self.round.seq, self.attempt)
    }
}
impl fmt::Debug for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
/// Reads the form that `Display` writes; anything else is not ours.
impl FromStr for OrderId {
    type Err = NotOurs;
    fn from_str(s: &str) -> Result<Self, NotOurs> {
        let mut parts = s.strip_prefix("b4-").ok_or(NotOurs)?.split('-');
        let (epoch, seq, rest) = (parts.next().ok_or(NotOurs)?, parts.next().ok_or(NotOurs)?, parts.next().ok_or(NotOurs)?);
        if parts.next().is_some() || !rest.is_ascii() || rest.len() < 3 {
            return Err(NotOurs);
        }
        let leg = match &rest[..1] {
            "a" => LegId::A,
            "b" => LegId::B,
            _ => return Err(NotOurs),
        };
        let purpose = match &rest[1..2] {
            "e" => Purpose::Entry,
            "x" => Purpose::Exit,
            "c" => Purpose::Close,
            _ => return Err(NotOurs),
        };
        let round = RoundId { epoch: epoch.parse().map_err(|_| NotOurs)?, seq: seq.parse().map_err(|_| NotOurs)? };
        let id = Self { round, leg, purpose, attempt: rest[2..].parse().map_err(|_| NotOurs)? };
        if id.to_string() == s { Ok(id) } else { Err(NotOurs) }
    }
}

/// The text is not the id of an order of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an order id of this bot")]
pub struct NotOurs;

/// The venue's own name for an order, opaque.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VenueOrderId(pub String);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_order_id_reads_back_and_fits_any_venue(epoch: u32, seq: u32, b: bool, p in 0u8..3, attempt: u16) {
            let id = OrderId {
                round: RoundId { epoch, seq },
                leg: if b { LegId::B } else { LegId::A },
                purpose: [Purpose::Entry, Purpose::Exit, Purpose::Close][usize::from(p)],
                attempt,
            };
            let text = id.to_string();
            prop_assert!(text.len() <= 33);
            prop_assert_eq!(text.parse::<OrderId>(), Ok(id));
        }
        #[test]
        fn any_text_is_read_or_refused_without_a_panic(s in "\\PC*") {
            if let Ok(id) = s.parse::<OrderId>() { prop_assert_eq!(id.to_string(), s); }
        }
    }

    #[test]
    fn short_names_refuse_what_does_not_fit() {
        assert!("".parse::<Pair>().is_err());
        assert!("ETH USD".parse::<Pair>().is_err());
        assert!("a-venue-name-too-long".parse::<VenueId>().is_err());
        assert_eq!("ETH-USD".parse::<Pair>().map(|p| p.to_string()), Ok("ETH-USD".into()));
    }
}
