//! One shard of the bot: clients, books, strategy and engine put together, still without I/O.
//!
//! A shell feeds it what arrived and performs its [`Output`]s strictly in order; that order is the promise that
//! nothing leaves unrecorded. The same shard runs live on the hot thread (`orchestrator`) and in one thread on virtual
//! time (`sim`), so what the simulation proves is what trades. Owns no socket, file or clock.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

mod desk;
mod keeper;
mod output;
#[allow(clippy::module_inception, reason = "the room's one idea is the shard")]
mod shard;

pub use keeper::{Keeper, Records};
pub use output::{Output, Session};
pub use perps::Spreads;
pub use shard::{Shard, ShardConfig, Venue};
