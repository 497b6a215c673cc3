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

use line::lock;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Longest wait for anything that is to happen.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// Looks until something is seen and gives it; after `limit` gives what `complain` says as the panic.
pub(crate) async fn until<T>(limit: Duration, mut look: impl AsyncFnMut() -> Option<T>, complain: impl FnOnce() -> String) -> T {
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

/// Does the same with many things, so many at once, each in a runtime of its own, and gives what came of each in the order
/// given. A panic is an error.
pub(crate) fn side_by_side<T, R, F>(at_once: usize, things: Vec<T>, work: impl Fn(T) -> F + Sync) -> Vec<(T, Result<R, String>)>
where
    T: Copy + Send,
    R: Send,
    F: Future<Output = R>,
{
    let left = Mutex::new(things.into_iter().enumerate());
    let done = Mutex::new(Vec::new());
    let work = &work;
    std::thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                loop {
                    let next = lock(&left).next();
                    let Some((place, thing)) = next else { return };
                    let told = catch_unwind(AssertUnwindSafe(|| alone(work(thing)))).map_err(|p| panic_text(&*p));
                    lock(&done).push((place, thing, told));
                }
            });
        }
    });
    let mut all = std::mem::take(&mut *lock(&done));
    all.sort_by_key(|(place, ..)| *place);
    all.into_iter().map(|(_, thing, told)| (thing, told)).collect()
}

/// Runs this in a runtime that ends with it, and with it every server that was started inside.
fn alone<F: Future>(work: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap().block_on(work)
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| Some((*panic.downcast_ref::<&str>()?).to_owned())).unwrap_or_else(|| "a panic".to_owned())
}
