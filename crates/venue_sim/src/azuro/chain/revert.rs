//! Errors of the contracts by name and selector (section 8).

use super::super::abi::{Abi, encode};

/// Why a call or a transaction failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revert {
    /// `InvalidNonce`, or the text of a plain `require`.
    pub name: String,
    /// What a node returns as `data`.
    pub data: Vec<u8>,
}

const NAMED: &[(&str, [u8; 4])] = &[
    ("AlreadyPaid", [0xd7, 0x0a, 0x0e, 0x30]),
    ("BetNotExists", [0xf6, 0x73, 0x21, 0xe5]),
    ("ConditionNotFinished", [0xac, 0xb8, 0x80, 0x53]),
    ("ConditionNotRunning", [0x95, 0xc1, 0xa6, 0x0f]),
    ("IncorrectAffiliate", [0xa5, 0xb4, 0x26, 0x49]),
    ("InvalidBettorSignature", [0xf0, 0x9f, 0x2b, 0xa1]),
    ("InvalidChainId", [0x7a, 0x47, 0xc9, 0xa2]),
    ("InvalidNonce", [0x75, 0x66, 0x88, 0xfe]),
    ("InvalidOracleSignature", [0x2f, 0x58, 0xc7, 0xcd]),
    ("LockedLiquidityLimitReached", [0x95, 0x5b, 0x81, 0x2c]),
    ("OddsTooSmall", [0xc0, 0x8e, 0xe4, 0xd5]),
    ("PotentialLossLimit", [0xfa, 0xac, 0x76, 0xd0]),
    ("SignatureExpired", [0x08, 0x19, 0xbd, 0xcd]),
    ("SmallBet", [0x2f, 0xb3, 0xe8, 0x27]),
];

impl Revert {
    /// An error the contracts declare.
    pub(crate) fn named(name: &str) -> Self {
        let data = NAMED.iter().find(|(n, _)| *n == name).map(|(_, s)| s.to_vec()).unwrap_or_default();
        Self { name: name.to_owned(), data }
    }

    /// `require(false, text)`.
    pub(crate) fn text(text: &str) -> Self {
        let mut data = vec![0x08, 0xc3, 0x79, 0xa0];
        data.extend_from_slice(&encode(&[Abi::Bytes(text.as_bytes().to_vec())]));
        Self { name: text.to_owned(), data }
    }

    /// A call of what the contract does not have, or with arguments it cannot read: reverts without data.
    pub(crate) fn bare() -> Self {
        Self { name: "reverted without data".to_owned(), data: Vec::new() }
    }
}
