//! The client from outside: against a venue that the test plays by hand (`mock`).

#[path = "integration/mock/mod.rs"]
mod mock;
