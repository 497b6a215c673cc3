//! The SX Bet client (order book V3).

pub mod book;
pub mod call;
#[cfg(test)]
mod captures;
pub mod catalog;
pub mod error;
pub mod ladder;
pub mod metadata;
pub mod parse;
pub mod sign;
pub mod state;
pub mod wire;
