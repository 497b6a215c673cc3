//! The client against a venue that the test plays by hand, in virtual time: every answer and every frame is written here, so every
//! order of arrival can be had.

mod bets;
mod session;
mod venue;
