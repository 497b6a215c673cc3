//! All rounds: which saga gets which news, what leaves in which order, and what a start makes of the journal.
//!
//! The state is the fold of the journal's records ([`Engine::fold`]). Whatever happens, the engine records first and
//! acts through the [`Desk`] after; the desk keeps that order on its way out. Pure: time comes in, actions go out.
//! Called by `shard`; knows no venue by name, no socket and no file.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

mod blocks;
mod check;
mod desk;
mod drive;
mod engine;
mod enter;
mod forced;
mod ledger;
mod notice;
mod price;
mod reconcile;
mod rules;
mod stop;

pub use desk::{Desk, Touch};
pub use engine::{Engine, EngineConfig, FoldError, OnStop};
pub use enter::Intent;
pub use notice::{Notice, NoticeLevel};
pub use rules::{EntryRules, PairLimits, QuietWindow};
