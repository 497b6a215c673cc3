//! `bot4 quotes` as a person and as a program meet it: the demo in one command, and the configured venues, hosted by the test.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]
#![allow(clippy::float_arithmetic, reason = "the margin is reckoned again in another way than the bot's")]

mod configured;
mod demo;
mod hosted;
mod reckoned;
#[path = "../support/mod.rs"]
mod support;
