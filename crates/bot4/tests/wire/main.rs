//! The promise, over the wire: the real binary as a process of its own, real TLS, real signatures, and SIGKILL.
//!
//! The test process hosts both simulated venues and their faults; the bot is a child in a folder of its own. Whether
//! it kept its promise is read from the venues' own position and order routes by a client that shares no code with the
//! bot's, and from the journal that it left behind. Nothing here waits for a time: everything waits for something seen.

#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

#[path = "../harness/mod.rs"]
mod harness;
mod killed;
mod prompt;
mod reconnects;
mod refused;
mod repaired;
mod stopped;
mod troubled;

use harness::{LIMIT, bot, journal, until, world};
