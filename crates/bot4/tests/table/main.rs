//! The fill table over the wire: whatever becomes of the two legs of an entry or an exit, and whatever it comes from, the
//! round ends even or flat by the venues' own word.
//!
//! {none, partial, full, unknown} x the same x {entry, exit} x {refused, timeout, lost ack, duplicate fill, late fill,
//! disconnect}: 192 cells, each one a bot of its own against two venues of its own, many side by side. A cell that
//! cannot be is tried all the same: both legs get everything that would make it, and the venues give something else.
//!
//! `BOT4_TABLE=docs/fill_table.md cargo test -p bot4 --test table` writes the table as Markdown; `-- --nocapture` shows it
//! while it grows; `BOT4_TABLE_ONLY=exit` runs the cells whose name holds that word; `BOT4_TABLE_AT_ONCE=8` sets how many run
//! side by side.

#![allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]

mod cell;
mod cell_run;
mod faults;
#[path = "../harness/mod.rs"]
mod harness;
mod operator;
mod report;

use cell::Cell;
use cell_run::Played;
use harness::side_by_side;
use std::time::Instant;

/// Bots that run at once unless `BOT4_TABLE_AT_ONCE` says otherwise: each one mostly waits, and two cores are busy with this many.
const AT_ONCE: usize = 12;

#[test]
fn whatever_becomes_of_the_two_legs_the_round_ends_even_or_flat() {
    let began = Instant::now();
    let only = std::env::var("BOT4_TABLE_ONLY").unwrap_or_default();
    let at_once = std::env::var("BOT4_TABLE_AT_ONCE").ok().and_then(|n| n.parse().ok()).unwrap_or(AT_ONCE);
    let cells: Vec<Cell> = Cell::all().filter(|c| c.to_string().contains(&only)).collect();
    let count = cells.len();
    assert!(count > 0, "no cell is named {only:?}");
    let played: Vec<(Cell, Result<Played, String>)> = side_by_side(at_once, cells, |cell| async move {
        let from = Instant::now();
        let played = cell_run::play(cell).await;
        println!("{cell}: {played} ({:.1} s)", from.elapsed().as_secs_f64());
        played
    });
    let text = report::markdown(&played);
    println!("\n{text}\n{count} cells, {at_once} at once, in {:.0} s", began.elapsed().as_secs_f64());
    if let Ok(path) = std::env::var("BOT4_TABLE") {
        std::fs::write(&path, &text).unwrap();
    }
    let failed: Vec<String> = played.iter().filter_map(|(c, p)| Some(format!("{c}: {}", p.as_ref().err()?))).collect();
    assert!(failed.is_empty(), "{} of {count} cells failed:\n{}", failed.len(), failed.join("\n"));
}
