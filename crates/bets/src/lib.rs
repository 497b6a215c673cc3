//! The bets strategy: which market of one venue is the same question as which market of the other, on what terms the two may be
//! bet against each other, and what that earns.
//!
//! Pure: listings and quotes in, verdicts out. Owns no socket and sends nothing.

pub mod board;
mod known;
mod leagues;
mod names;
mod words;
