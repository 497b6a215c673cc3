//! The Azuro client: a protocol machine for the third version of the venue. Polygon is traded, Base is read only.
//!
//! Owns everything that only this venue does: games, conditions and odds without sequence numbers, the signed bet, the order that is
//! posted and polled, and the chain's own word on it. Owns no socket, no clock and no decision: a shell performs the [`Action`]s and
//! [`ChainRequest`]s of [`Output`] and feeds back what arrived. Approvals and claims exist as calldata in [`contracts`] alone: nothing
//! here sends a transaction.
//!
//! ```text
//! odds: connect - subscribe - ack - condition-batch - updates; the batch again on a timer
//! bet:  prepare (limits, means, expiry, nonce, signature) - POST - GET until its fate is known
//!       past expiresAt on chain: Core.nonces false = dead, true = NewLiveBet tells the fill
//! ```
//!
//! [`Action`]: venue_api::Action

pub mod amount;
pub mod chain;
mod client;
pub mod config;
pub mod contracts;
pub mod environment;
pub mod error;
mod feed;
mod inquest;
mod out;
pub mod parse;
mod quoting;
pub mod sign;
pub mod state;
mod trading;
mod wire;

pub use client::AzuroClient;
pub use config::AzuroConfig;
pub use error::{Error, RefusalKind, Unreadable};
pub use feed::NoQuote;
pub use out::{ChainRequest, Funds, News, Output};
pub use trading::{KnownBet, PreparedBet};
