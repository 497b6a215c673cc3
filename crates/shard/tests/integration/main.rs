//! The shard with real clients between simulated venues.

mod allocations;
mod frames;
mod pipe;
mod rules;
mod told;
