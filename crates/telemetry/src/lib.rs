//! What the bot says about itself: log lines without secrets, and how long things took.
//!
//! Owns the `tracing` set-up, the registry of secrets that may not appear in any line, the panic hook and the latency
//! histograms. Decides nothing and knows no venue. Set up once by `bot4`; the crates below only use `tracing`.
//!
//! A line never waits for the output: the thread that logs hands its fields to a bounded queue and goes on; a thread of
//! its own formats the time, redacts and writes. If the output does not keep up, lines are dropped, counted, and the
//! count is logged.

mod cores;
mod fields;
mod latency;
mod layer;
mod logs;
mod redact;
mod shapes;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests;
mod writer;

pub use cores::forbid_core_files;
pub use latency::{LatencyRecorder, LatencySummary};
pub use logs::{Format, LogError, LogGuard, LogOptions, build, init};
pub use redact::{REDACTED, Redactor};
