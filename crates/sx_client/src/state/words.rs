//! The one table that gives the venue's state words a meaning: a row per word, strict. A word without a row means nothing, and the
//! bet stays where it was until the venue says something known (spec sections 7.2, 7.3, 8, 9).

use serde::{Deserialize, Serialize};

/// Where a word stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `status` of an element of the answer to an order.
    Entry,
    /// `outcome.state` of the same.
    Outcome,
    /// `status` of an order.
    Order,
    /// `inactiveReason` of an order that is `INACTIVE`.
    Inactive,
    /// `status` of a fill.
    Fill,
}

/// What a word proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// The venue has the order; nothing is decided.
    Live,
    /// The engine is through with it and took all of the stake.
    OverFull,
    /// The engine is through with it; the matched stake stands beside the word.
    Over,
    /// The engine is through with it and took nothing, by its own decisive word.
    OverEmpty,
    /// The order was never taken.
    Refused,
    /// How far a fill has come.
    Fill(FillRank),
}

/// How far a fill has come. Ordered by what wins when views disagree: what is locked on chain is never unmade by a later
/// word that it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillRank {
    /// By the engine; can still fail.
    Matched,
    /// The chain refused it; the stake is free again.
    Failed,
    /// In escrow on chain: irreversible.
    Locked,
    /// Won, lost or called off, and paid.
    Settled,
}

/// Every word the venue is known to use.
pub const WORDS: &[(Source, &str, Means)] = &[
    (Source::Entry, "SUBMITTED", Means::Live),
    (Source::Entry, "FAILED", Means::Refused),
    (Source::Outcome, "RESTED", Means::Live),
    (Source::Outcome, "PARTIAL_FILL_RESTED", Means::Live),
    (Source::Outcome, "TIMEOUT", Means::Live),
    (Source::Outcome, "FULLY_FILLED", Means::OverFull),
    (Source::Outcome, "PARTIAL_FILL_DONE", Means::Over),
    (Source::Outcome, "CANCELLED", Means::OverEmpty),
    (Source::Order, "PENDING", Means::Live),
    (Source::Order, "ACTIVE", Means::Live),
    (Source::Order, "INACTIVE", Means::Over),
    (Source::Inactive, "FILLED", Means::OverFull),
    (Source::Inactive, "USER_REQUESTED", Means::Over),
    (Source::Inactive, "EXPIRED", Means::Over),
    (Source::Inactive, "NO_LIQUIDITY", Means::Over),
    (Source::Inactive, "INSUFFICIENT_BALANCE", Means::Over),
    (Source::Inactive, "EVENT_LIFECYCLE", Means::Over),
    (Source::Inactive, "MARKET_HALTED", Means::Over),
    (Source::Inactive, "HEARTBEAT_TIMEOUT", Means::Over),
    (Source::Inactive, "SYSTEM", Means::Over),
    (Source::Fill, "MATCHED", Means::Fill(FillRank::Matched)),
    (Source::Fill, "LOCKED", Means::Fill(FillRank::Locked)),
    (Source::Fill, "SETTLED", Means::Fill(FillRank::Settled)),
    (Source::Fill, "FAILED", Means::Fill(FillRank::Failed)),
];

/// What a word proves, if it is known.
pub fn meaning(source: Source, word: &str) -> Option<Means> {
    WORDS.iter().find(|(at, known, _)| *at == source && *known == word).map(|(_, _, means)| *means)
}
