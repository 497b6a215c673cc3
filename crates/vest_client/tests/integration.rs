//! The client driven by hand: scripted sessions, the venue's messages, hostile bytes. No I/O, no clock.

#[path = "integration/harness.rs"]
mod harness;

#[path = "integration/allocations.rs"]
mod allocations;
#[path = "integration/fixtures.rs"]
mod fixtures;
#[path = "integration/forced.rs"]
mod forced;
#[path = "integration/hostile.rs"]
mod hostile;
#[path = "integration/market_data.rs"]
mod market_data;
#[path = "integration/orders.rs"]
mod orders;
#[path = "integration/queries.rs"]
mod queries;
#[path = "integration/running.rs"]
mod running;
#[path = "integration/session.rs"]
mod session;
#[path = "integration/venue.rs"]
mod venue;
#[path = "integration/world.rs"]
mod world;
