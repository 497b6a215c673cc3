//! The one task that calls the machine when nobody speaks to it and performs what it asked for later.

use super::http::Shared;
use crate::SimNow;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Runs until the server stops. If it ended early, the venue would stand still and every request time out.
pub(super) async fn run(shared: Arc<Shared>) {
    loop {
        let next = shared.desk.next_due();
        let wait = next.map(|at| Duration::from_micros(u64::try_from(at.0.saturating_sub(now().0)).unwrap_or(0)));
        tokio::select! {
            biased;
            () = shared.stop.cancelled() => return,
            () = shared.desk.changed() => {}
            () = sleep(wait) => {}
        }
        shared.desk.turn(now());
        // A machine that is always due must not starve the sockets.
        tokio::task::yield_now().await;
    }
}

async fn sleep(wait: Option<Duration>) {
    match wait {
        Some(wait) => tokio::time::sleep(wait).await,
        None => std::future::pending().await,
    }
}

/// The wall clock in microseconds.
pub(super) fn now() -> SimNow {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    SimNow(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
