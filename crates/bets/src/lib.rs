//! The bets strategy: which market of one venue is the same question as which market of the other, on what terms the two may be
//! bet against each other, and what that earns.
//!
//! Pure: listings and quotes in, verdicts out. Owns no socket and sends nothing.

mod alike;
pub mod board;
mod event;
mod hints;
mod known;
mod leagues;
pub mod linking;
pub mod mapping;
pub mod markets;
mod marks;
pub mod matching;
mod names;
pub mod rules;
mod score;
mod words;

pub use alike::Alike;
pub use event::{Event, events};
pub use hints::{Hints, Named, NoHints, TeamKey};
pub use leagues::LeagueAlike;
pub use linking::{Confirming, Linked, link};
pub use mapping::{Complaint, Mapping, MappingFile};
pub use matching::{EventPair, Matching, Standing, pair_events};
pub use score::{CONFIRMING, Doubt, LEAD, PROPOSING, Score};
