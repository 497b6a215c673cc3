//! One pair as it stands, and the words for why it is not traded.

use super::{Cover, Link, PairIndex};
use books::betting::{BetRound, BetTerms, NoRound};
use domain::{Odds, Rate, Stake, VenueId};
use std::fmt;

/// A pair as it stands now: the cover with the best margin.
#[derive(Clone, Debug)]
pub struct Row<'a> {
    /// Which.
    pub pair: PairIndex,
    /// Its markets and how it stands with the mapping.
    pub link: &'a Link,
    /// The outcomes that are bet.
    pub cover: Option<Cover>,
    /// Odds and the stake that they are good for, where there are any.
    pub quotes: [Option<(Odds, Stake)>; 2],
    /// What the venues take, where that is known.
    pub terms: [Option<BetTerms>; 2],
    /// How long ago each quote was told, ms.
    pub ages_ms: [Option<u64>; 2],
    /// The margin: of the rounded stakes where there is a round, else of the odds after fees.
    pub m_net: Option<Rate>,
    /// What would be staked.
    pub round: Option<BetRound>,
    /// One of the venues has not told yet what it offers or takes, and nothing else speaks against the pair but that nobody has
    /// confirmed it.
    pub waits: bool,
    /// Why it is not tradable; `None`: it is.
    pub why: Option<Why<'a>>,
}

impl Row<'_> {
    /// The pair is over: begun, or no longer offered for bets.
    pub const fn is_over(&self) -> bool {
        matches!(self.why, Some(Why::InPlay | Why::Closed(_)))
    }
}

/// Why a pair is not tradable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why<'a> {
    /// The two venues would not settle it alike.
    RulesDiffer(&'a str),
    /// Nobody has confirmed that it is the same; how alike it looks, 0 to 1000.
    NotConfirmed(u16),
    /// The event has begun.
    InPlay,
    /// This venue takes no bets on it now.
    Closed(VenueId),
    /// This venue offers nothing, and why.
    NoQuote(VenueId, &'static str),
    /// This venue has not said what it takes of a bet.
    NoTerms(VenueId),
    /// This venue's quote is older than its limit.
    Stale(VenueId),
    /// No round comes out of it.
    NoRound(NoRound),
    /// A round comes out, and leaves less than is asked for: the margin, and what is asked for.
    UnderMargin(Rate, Rate),
}

impl Why<'_> {
    /// One word for programs.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::RulesDiffer(_) => "rules_differ",
            Self::NotConfirmed(_) => "not_confirmed",
            Self::InPlay => "in_play",
            Self::Closed(_) => "closed",
            Self::NoQuote(..) => "no_quote",
            Self::NoTerms(_) => "no_terms",
            Self::Stale(_) => "stale",
            Self::NoRound(NoRound::NoMargin(_)) => "no_margin",
            Self::NoRound(NoRound::BelowMinimum { .. } | NoRound::AboveSize { .. }) => "below_minimum",
            Self::NoRound(NoRound::NoBudget) => "no_budget",
            Self::NoRound(NoRound::Overflow) => "overflow",
            Self::UnderMargin(..) => "under_margin",
        }
    }
    /// A few words for a column.
    pub fn short(&self) -> String {
        match self {
            Self::RulesDiffer(_) => "rules differ".to_owned(),
            Self::NotConfirmed(score) => format!("unconfirmed ({score})"),
            Self::InPlay => "in play".to_owned(),
            Self::Closed(venue) => format!("closed at {venue}"),
            Self::NoQuote(venue, _) => format!("no odds at {venue}"),
            Self::NoTerms(venue) => format!("no limits of {venue}"),
            Self::Stale(venue) => format!("stale at {venue}"),
            Self::NoRound(NoRound::NoMargin(_)) => "no margin".to_owned(),
            Self::NoRound(NoRound::BelowMinimum { venue, .. } | NoRound::AboveSize { venue, .. }) => {
                format!("too small for {venue}")
            }
            Self::NoRound(NoRound::NoBudget) => "costs over budget".to_owned(),
            Self::NoRound(NoRound::Overflow) => "cannot be split".to_owned(),
            Self::UnderMargin(_, least) => format!("under {least}%"),
        }
    }
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RulesDiffer(why) => f.write_str(why),
            Self::NotConfirmed(score) => write!(f, "not confirmed to be the same (score {score} of 1000)"),
            Self::InPlay => f.write_str("the event has begun"),
            Self::Closed(venue) => write!(f, "{venue} takes no bets on it now"),
            Self::NoQuote(venue, why) => write!(f, "no odds at {venue}: {why}"),
            Self::NoTerms(venue) => write!(f, "{venue} has not said what it takes of a bet"),
            Self::Stale(venue) => write!(f, "the odds at {venue} are too old"),
            Self::NoRound(none) => none.fmt(f),
            Self::UnderMargin(m_net, least) => write!(f, "a margin of {m_net}% is under the {least}% asked for"),
        }
    }
}
