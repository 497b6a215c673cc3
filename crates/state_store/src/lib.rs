//! Projections of the journal: positions, orders, fills, rounds and incidents, in tables that can be asked.
//!
//! Owns the tables, their migrations, and how far they have come ([`StateManager::cursor`]). Does not own the truth:
//! that is the journal, and deleting the database loses nothing, see [`StateManager::rebuild`]. Decides nothing.
//!
//! Called by the projector, which turns journal records into [`Change`]s behind the order path, and by the page, the
//! commands and recovery, which ask.

mod convert;
mod error;
mod migrations;
mod queries;
mod rows;
mod store;
mod tables;

pub use error::Error;
pub use queries::Rounds;
pub use rows::{Change, FillRow, IncidentRow, LegRow, OrderRow, OrderStatus, PositionState, RoundRow};
pub use store::{Applied, StateManager};
