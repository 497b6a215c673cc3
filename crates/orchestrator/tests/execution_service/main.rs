//! The service itself, in this process, between both simulated venues over TLS: what its shell does beside the pure core.
//!
//! Judged by the venues' own orders and by the journal. Nothing waits for a time: everything waits for something seen.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod disk;
mod rig;
mod scenarios;
mod shared;
mod trader;
