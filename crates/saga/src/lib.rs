//! The two-leg machine: what one round knows, and what it does next.
//!
//! Two functions, both pure. [`Round::apply`] folds a journal record into the state and is the only thing that
//! changes it. [`Round::next`] looks at the state and says the one next thing to do: decide, place, ask, cancel,
//! end. Because `next` looks at what is and not at what just happened, a restart needs no second way in: fold the
//! journal, then ask `next`. Nothing here knows a clock, a venue's name, or that tokio exists.
//!
//! Policy of this saga: both legs in parallel, retries while the edge lasts, then whatever is uneven is closed by
//! the exact size that filled. Called by `engine`.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

mod forced;
mod lines;
mod next;
mod order;
mod round;

pub use forced::Forced;
pub use next::{OrderWish, Pace, Urgency, Wish, World};
pub use order::{Fate, Order};
pub use round::{Goal, Illegal, Round};
