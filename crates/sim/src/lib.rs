//! The whole bot, real clients and simulated venues included, in one thread on virtual time from one seed.
//!
//! Seed in, history out: the network, the venues' faults and the crashes are drawn from the seed, every output of the
//! shard is performed one by one, and the invariants of the design are checked after each. A crash drops everything
//! but the journal's bytes and what the venues know; the next life begins from those. Owns no decision of the bot:
//! what runs here is the shard that trades.

pub mod bets;
mod bot;
mod check;
mod coverage;
mod journal_memory;
mod network;
mod random;
mod report;
mod sabotage;
mod scenario;
mod sweep;
mod testdata;
mod world;

pub use coverage::Coverage;
pub use report::Report;
pub use sabotage::Bug;
pub use scenario::{KINDS, Scenario};
pub use sweep::{crash_sweep, run_seed};
pub use testdata::{Sample, sample_journal};
pub use world::{Crash, Failure, Finished, World};
