//! The client driven by hand: captured messages, scripted sessions, hostile bytes. No I/O, no clock.

#[path = "integration/arena.rs"]
mod arena;
#[path = "integration/harness.rs"]
mod harness;

#[path = "integration/allocations.rs"]
mod allocations;
#[path = "integration/bets.rs"]
mod bets;
#[path = "integration/bettor.rs"]
mod bettor;
#[path = "integration/fixtures.rs"]
mod fixtures;
#[path = "integration/hostile.rs"]
mod hostile;
#[path = "integration/journal.rs"]
mod journal;
#[path = "integration/killed.rs"]
mod killed;
#[path = "integration/lists.rs"]
mod lists;
#[path = "integration/quotes.rs"]
mod quotes;
#[path = "integration/sandbox.rs"]
mod sandbox;
#[path = "integration/switches.rs"]
mod switches;
#[path = "integration/tls.rs"]
mod tls;
#[path = "integration/transactions.rs"]
mod transactions;
