//! What an operator sees: values from the right layer, and errors that say where and what instead.
#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod environment;
mod errors;
mod layering;
mod settings;
