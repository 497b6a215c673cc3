//! Order books, and what two of them are worth to each other: the hot path from a decoded frame to a decision.
//!
//! Owns the book of one instrument with its integrity ([`Book`]), the walk through its levels ([`Depth`], [`Vwap`]),
//! the spread between two venues ([`Quote`], [`Cross`]), what is left of it after costs ([`Costs`], [`Edge`],
//! [`Cross::waterfall`]) and the confirmation of an opportunity ([`Trigger`]); for bets, the margin of two odds and the split of
//! the stakes ([`betting`]). Does not decode frames, choose sizes, know a
//! venue by name or send anything; knows no clock, socket or randomness. Called by the strategy that owns the books.
//!
//! From update to decision nothing is allocated, nothing is divided and nothing is rounded: spreads and edges are exact
//! fractions that compare with a threshold by multiplication. Rounding happens when a number is shown, and then
//! always against us.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

pub mod betting;
mod book;
mod depth;
mod edge;
mod integrity;
mod ladder;
mod signal;
mod spread;
mod tops;

pub use book::Book;
pub use depth::{COST_MAX, Depth, Vwap};
pub use edge::{Costs, CostsOutOfRange, Edge};
pub use integrity::{Applied, Feed, Integrity, Rules, Unfit, Why};
pub use signal::{Signal, Trigger};
pub use spread::{Cross, DOLLAR, EntrySpread, ExitSpread, Quote, Spreads, both};
