//! What a person has said about leagues, names and single events, as the matcher asks for it.

use crate::event::Event;

/// A confirmed name of a side: two that are equal mean the same one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TeamKey {
    /// By its place in the mapping: league and team.
    Explicit(usize, usize),
    /// By its words, in a league whose equal names are confirmed.
    Words(usize, String),
}

impl TeamKey {
    pub(crate) const fn is_explicit(&self) -> bool {
        matches!(self, Self::Explicit(..))
    }
}

/// What a person has said about one pair of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// They are the same.
    Confirmed {
        /// The other venue names the sides the other way round.
        swapped: bool,
    },
    /// They are not, or must not be traded.
    Refused {
        /// Why.
        why: String,
    },
}

/// Where the matcher looks up what a person has said.
pub trait Hints {
    /// The confirmed league of an event; two equal ones mean the same league.
    fn league(&self, event: &Event) -> Option<usize>;
    /// The confirmed name of one of its sides, 0 or 1.
    fn team(&self, event: &Event, side: usize) -> Option<TeamKey>;
    /// The events of the other venue that this one is named with.
    fn named(&self, event: &Event) -> &[(String, Named)];
}

/// Nobody has said anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHints;

impl Hints for NoHints {
    fn league(&self, _: &Event) -> Option<usize> {
        None
    }
    fn team(&self, _: &Event, _: usize) -> Option<TeamKey> {
        None
    }
    fn named(&self, _: &Event) -> &[(String, Named)] {
        &[]
    }
}
