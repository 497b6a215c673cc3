//! The Azuro client: a protocol machine for the third version of the venue. Polygon is traded, Base is read only.
//!
//! Owns everything that only this venue does: games, conditions and odds without sequence numbers, the signed bet, the order that is
//! posted and polled, and the chain's own word on it. Owns no socket, no clock and no decision: a shell performs the actions of
//! [`venue_api::BetOut`] and feeds back what arrived. The client of bets sends no transaction; approvals and claims are made by
//! [`transaction`] alone, for the command that an operator types.
//!
//! ```text
//! lists: pages of games - conditions of them - again on a timer
//! odds:  connect - subscribe - ack - condition-batch - updates; the batch again on a timer
//! bet:   prepare (limits, means, expiry, nonce, signature) - POST - GET until its fate is known
//!        past expiresAt on chain: Core.nonces false = dead, true = NewLiveBet tells the fill
//!        settled: LP.viewPayout tells what it pays
//! ```

mod account;
pub mod amount;
mod catalog;
pub mod chain;
mod client;
pub mod config;
pub mod contracts;
pub mod dictionary;
pub mod environment;
pub mod error;
mod feed;
mod follow;
pub mod history;
mod inquest;
mod limits;
pub mod listing;
pub mod parse;
mod quoting;
pub mod relay;
mod session;
pub mod sign;
pub mod state;
mod submit;
pub mod transaction;
mod walk;
mod wire;
pub mod words;

pub use client::AzuroClient;
pub use config::AzuroConfig;
pub use error::{Error, RefusalKind, Unreadable};
