//! SIGKILL at every kind of record, again and again, with the venues running on: whatever the bot was in the middle of, it
//! comes back from its journal and the venues alone, and what it left is even, known and ordered once.
//!
//! As an ordinary test every kind is struck once. `cargo xtask crash` strikes every kind 20 times and more, by these
//! variables: `BOT4_CRASH_PER_KIND`, `BOT4_CRASH_SEED`, `BOT4_CRASH_AT_ONCE`, and `BOT4_CRASH_JSON`, a file for the report.

#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod forced;
#[path = "../harness/mod.rs"]
mod harness;
mod kill;
mod life;
mod random;
mod state;
mod stranger;
mod tally;
mod torn;

use harness::side_by_side;
use std::time::Instant;
use tally::Tally;

/// Bots that run at once, each against venues of its own.
const AT_ONCE: u64 = 6;

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")))
}

#[test]
fn killed_at_any_record_in_any_state_the_bot_comes_back_even_and_orders_nothing_twice() {
    let began = Instant::now();
    let per_kind = setting("BOT4_CRASH_PER_KIND", 1);
    let seed = setting("BOT4_CRASH_SEED", 1);
    let at_once = setting("BOT4_CRASH_AT_ONCE", AT_ONCE);
    let tally = Tally::new(per_kind);
    // Two workers provoke what trading does not bring about; they join the others when they have enough.
    let workers: Vec<u64> = (0..at_once.max(2)).collect();
    let played = side_by_side(workers.len(), workers, |worker| {
        let tally = &tally;
        async move {
            match worker {
                0 => stranger::run(tally).await,
                1 => forced::run(tally).await,
                _ => {}
            }
            kill::run(tally, seed.wrapping_mul(1_000).wrapping_add(worker)).await;
        }
    });
    let failed: Vec<String> = played.into_iter().filter_map(|(w, p)| Some(format!("worker {w}: {}", p.err()?))).collect();
    let report = tally.report(seed, began.elapsed(), &failed);
    println!("\n{}", report.text());
    if let Ok(path) = std::env::var("BOT4_CRASH_JSON") {
        std::fs::write(path, report.json().to_string()).unwrap();
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(report.missing(), Vec::<String>::new(), "never struck");
}
