//! The promise, over the wire: the real binary as a process of its own, real TLS, real signatures, and SIGKILL.
//!
//! The test process hosts both simulated venues and their faults; the bot is a child in a folder of its own. Whether
//! it kept its promise is read from the venues' own position and order routes by a client that shares no code with the
//! bot's, and from the journal that it left behind. Nothing here waits for a time: everything waits for something seen.

#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod bot;
mod journal;
mod killed;
mod prompt;
mod reconnects;
mod refused;
mod repaired;
mod stopped;
mod troubled;
mod venues;
mod world;

use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Longest wait for anything that is to happen.
const LIMIT: Duration = Duration::from_secs(30);

/// Looks until something is seen and gives it; after `limit` gives what `complain` says as the panic.
async fn until<T>(limit: Duration, mut look: impl AsyncFnMut() -> Option<T>, complain: impl FnOnce() -> String) -> T {
    let began = Instant::now();
    let mut tick = interval(Duration::from_millis(3));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(began.elapsed() < limit, "not seen within {limit:?}: {}", complain());
        tick.tick().await;
    }
}
