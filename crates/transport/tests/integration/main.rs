//! A link against a real TLS server.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod http;
mod rig;
mod sockets;
mod timers;
mod venue;
