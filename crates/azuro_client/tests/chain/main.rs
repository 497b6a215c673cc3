//! The client's encoders, decoders and signatures against a real EVM: a local node that runs stand-ins for the venue's contracts at the
//! venue's own addresses.
//!
//! The node and the compiler come from the pinned packages of `tests/interop/azuro/package.json`; `cargo xtask test` installs them.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod abi;
mod alike;
mod bets;
mod contracts;
mod days;
mod golden;
#[path = "../integration/harness.rs"]
#[allow(dead_code, reason = "the integration tests need more of it than these")]
mod harness;
mod lives;
mod money;
mod node;
mod refusals;
mod sockets;
mod toolkit;
mod transactions;
mod venue;
mod world;
