//! The simulated SX Bet against its documents: reference data, orders, money, cancels, streams, faults.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod anything;
mod bench;
mod cancels;
mod faults;
mod money;
mod orders;
mod reference;
mod server;
mod stream;
