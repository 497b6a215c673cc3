//! The Azuro client: a protocol machine for the third version of the venue, on Polygon.

pub mod amount;
pub mod contracts;
pub mod environment;
pub mod error;
pub mod parse;
pub mod sign;
pub mod state;
mod wire;
