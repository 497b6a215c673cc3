//! Projections of the journal: positions, orders, fills, rounds and incidents, in tables that can be asked.
//!
//! Owns the tables, their migrations, and how far they have come ([`StateManager::cursor`]). Does not own the truth:
//! that is the journal, and deleting the database loses nothing, see [`StateManager::rebuild`]. Decides nothing.
//!
//! [`postgres`] sends the same tables, and the journal's records, to a database on another machine, and brings a lost journal
//! back from there.
//!
//! Three steps, each usable alone: [`Entry`] reads what a journal record says, [`Projection`] folds records into
//! [`Change`]s, [`StateManager`] writes those and answers questions. The [`Projector`] takes them behind the order path,
//! in a task of its own. Called by the wiring, which runs that task, and by the page and the commands, which ask.

mod convert;
mod derive;
mod entry;
mod error;
mod fold;
mod mark;
mod migrations;
pub mod postgres;
mod project;
mod projector;
mod queries;
mod rows;
mod store;
mod tables;
mod write;

pub use entry::{Entry, EntryError};
pub use error::Error;
pub use fold::FollowError;
pub use mark::Mark;
pub use project::Projection;
pub use projector::{ProjectError, Projector, ProjectorHandle};
pub use queries::Rounds;
pub use rows::{Change, FillRow, IncidentRow, LegRow, OrderRow, OrderStatus, PositionState, RoundRow};
pub use store::{Applied, StateManager};
