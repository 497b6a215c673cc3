//! The simulated Paradex against the documents: vectors, frames, lives of orders, sequences, and every fault.
#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

#[path = "paradex/anything.rs"]
mod anything;
#[path = "paradex/bench.rs"]
mod bench;
#[path = "paradex/faults.rs"]
mod faults;
#[path = "paradex/feed.rs"]
mod feed;
#[path = "paradex/forced.rs"]
mod forced;
#[path = "paradex/orders.rs"]
mod orders;
#[path = "paradex/switches.rs"]
mod switches;
#[path = "paradex/wire.rs"]
mod wire;
