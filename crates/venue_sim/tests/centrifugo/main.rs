//! The hub of SX's realtime against the documents: tokens, pings, channels, recoveries, every switch, and anything at all.
#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

mod anything;
mod channels;
mod connections;
mod once;
mod switches;
mod world;
