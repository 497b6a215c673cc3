//! The sockets that drive one venue's protocol machine: reconnecting WebSockets, warm HTTP connections, timers.
//!
//! Owns TLS, backoff, pools and rate budgets; knows no venue's message and decides nothing. A [`Link`] performs the
//! [`venue_api::Action`]s a client leaves and hands back what arrived as [`LinkEvent`]s. It lives on one thread: the
//! shard's current-thread runtime, inside a `LocalSet`.
//!
//! # What comes first
//!
//! One task per link reads everything: it delivers finished requests, state changes and timers, then frames of the
//! connections named in [`LinkConfig::first`] (the order sockets), and only then one frame of a feed, after which it
//! starts from the top. A burst of book updates therefore delays an order's answer by one frame, not by the burst.
//! After [`LinkConfig::feed_burst`] feed frames the task yields, so that another venue's link and the reactor have
//! their turn; build the runtime with a small `event_interval` to make the reactor look often.
//!
//! # What is certain
//!
//! * Only `https` and `wss` are spoken.
//! * A request is [`venue_api::Reply::NotSent`] only if no byte of it can have left: no connection, no budget, or a
//!   kept connection that had ended before the request was begun. Everything else without an answer is `Unknown`.
//! * Nothing is ever sent twice, except a request of which provably no byte left.
//! * [`Link::perform`] never calls the event callback, so a callback may perform actions.

mod bet_link;
mod budget;
mod clock;
mod config;
mod dial;
mod drive;
mod event;
mod http;
mod link;
mod socket;
mod timers;

pub use bet_link::BetLink;
pub use budget::{RateBudget, TokenBucket};
pub use clock::{Clock, Steps};
pub use config::{Budgets, LinkConfig, LinkError};
pub use event::LinkEvent;
pub use http::HttpStats;
pub use link::Link;
