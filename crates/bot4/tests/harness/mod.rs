//! What the tests over the wire share: two simulated venues over TLS, the bot as a process of its own, the venues' own
//! word about its account, and the journal it leaves behind.
//!
//! Nothing here waits for a time: everything waits for something seen, with a limit.
#![allow(dead_code, reason = "every test binary uses its own part of this")]

pub(crate) mod bot;
pub(crate) mod journal;
pub(crate) mod line;
pub(crate) mod venues;
pub(crate) mod world;

use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Longest wait for anything that is to happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// Looks until something is seen and gives it; after `limit` gives what `complain` says as the panic.
pub(crate) async fn until<T>(
    limit: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
    complain: impl FnOnce() -> String,
) -> T {
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
