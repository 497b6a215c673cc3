//! The perps strategy: owns the books of its pairs, turns spreads into intents and exits.
//!
//! Any two venues that fit; none is named here. It sends nothing: it says what it would do ([`Call`]) and `engine`
//! decides whether that may happen. Called by `shard` with every market event; nothing is allocated from an event to
//! a decision.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

mod config;
mod funding;
mod pair;
mod strategy;
mod watch;

pub use books::Spreads;
pub use config::{PairConfig, Phase, Sizing, common_step};
pub use funding::Funding;
pub use strategy::{Call, Moved, Strategy};
