//! What outlives the bot, and what the bot outlives: the watchdog and `bot4 flatten` behind a bot that is gone, a disk that
//! is full, a venue that goes away.
//!
//! Over the wire, with the real binary as processes of their own; judged by the venues' own routes.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod flatten;
#[path = "../harness/mod.rs"]
mod harness;
mod parts;
mod watchdog;

use harness::{LIMIT, bot, journal, until, world};
