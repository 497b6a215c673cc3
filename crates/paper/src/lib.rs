//! A venue of which only the market is real: its data comes from the venue's own client, orders are matched here.
//!
//! Wraps any [`venue_api::VenueClient`] that reads market data without an account. What that client says about the market passes
//! through unchanged; what is asked of the account (orders, cancels, questions, the account itself) is answered from a
//! ledger in here, after the delays and by the rules that the venue would have: filters, margin, price bands,
//! reduce-only, time in force, depth and fees. No order ever reaches the client inside, so none can reach the venue.
//!
//! Owns books of its own, orders, positions and cash. Owns no clock, no socket and no file: the bot's journal is its
//! memory, told by [`venue_api::VenueClient::adopt`]. Knows no venue by name. Wired by `bot4` for `mode: paper`, driven by `shard`.
//!
//! What it cannot know and leaves out: other takers in the time between decision and fill, orders that move the market,
//! and funding while the bot is not running.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

mod client;
mod ledger;
mod matching;
mod orders;

pub use client::{PaperClient, PaperConfig};
