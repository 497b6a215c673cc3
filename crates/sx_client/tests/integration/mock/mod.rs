//! The client against a venue that the test plays by hand, in virtual time: every answer and every frame is written here, so every
//! order of arrival can be had.

mod account;
mod allocations;
mod bets;
mod market_data;
mod resting;
mod session;
mod venue;
