//! The async shell of a shard: sockets, the journal before everything that leaves, timers, recovery at start, stopping.
//!
//! Decides nothing: what the shard wants is done in the order it is wanted. Lives on one thread with its own
//! current-thread runtime; nothing on that thread waits for a disk's own sync or for a log line. Called by `bot4`.

mod core;
mod execution_service;
mod pulse;
mod stats;
mod told;
mod uptime;

pub use execution_service::{ExecutionService, Finished, Gate, ServiceConfig, ServiceError, StopSignal, VenueLink};
pub use pulse::{Beat, Pulse};
pub use stats::{Stats, VenueLatency};
pub use uptime::{PairTime, Uptime};
