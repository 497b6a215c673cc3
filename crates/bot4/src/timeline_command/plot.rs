//! Both legs on one axis of time, as text: an order is a line from its leaving to its last word.

use super::round::{Mark, Story};
use super::show::grouped;
use domain::{LegId, Wall};
use std::fmt::Write as _;

/// Letters from the first to the last moment of a phase.
const WIDTH: usize = 72;

/// What the letters mean.
pub(super) const LEGEND: &str =
    "s sent  a acknowledged  p part filled  F filled  x over unfilled  ? unknown  ! the venue by itself";

/// One plot for the entry and one for every exit that began: between them nothing happens, for as long as it takes.
pub(super) fn plots(story: &Story) -> String {
    let mut begins: Vec<Wall> = vec![story.plan.at];
    begins.extend(story.events.iter().filter(|e| e.kind == "exit_begun").map(|e| e.at));
    let mut out = String::new();
    for (n, from) in begins.iter().enumerate() {
        let until = begins.get(n + 1).copied().unwrap_or(Wall(i64::MAX));
        let inside = |at: Wall| at >= *from && at < until;
        let last = story.events.iter().filter(|e| e.mark != Mark::None && inside(e.at)).map(|e| e.at).max();
        let Some(last) = last else { continue };
        let name = if n == 0 { "entry" } else { "exit" };
        let span = last.0.saturating_sub(from.0).max(1);
        let begin = grouped(from.0.saturating_sub(story.plan.at.0));
        let end = grouped(last.0.saturating_sub(story.plan.at.0));
        let _ = writeln!(out, "{name:<15}{begin}{end:>width$} us", width = WIDTH.saturating_sub(begin.len())); // a String takes everything
        for leg in LegId::BOTH {
            let venue = story.plan.legs.get(leg.index()).map(|l| l.venue.to_string()).unwrap_or_default();
            let label = format!("{leg:?} {venue}");
            let _ = writeln!(out, "{label:<15}{}", row(story, leg, *from, span, inside).trim_end());
        }
    }
    out
}

fn row(story: &Story, leg: LegId, from: Wall, span: i64, inside: impl Fn(Wall) -> bool) -> String {
    let column = |at: Wall| {
        let part = i128::from(at.0.saturating_sub(from.0)) * (WIDTH as i128 - 1) / i128::from(span);
        usize::try_from(part).unwrap_or(0).min(WIDTH - 1)
    };
    let mut row = vec![' '; WIDTH];
    for order in story.orders.iter().filter(|o| o.spec.id.leg == leg && inside(o.recorded)) {
        let over = order.over.filter(|at| inside(*at)).map_or(WIDTH - 1, column);
        row.iter_mut().take(over + 1).skip(column(order.recorded)).for_each(|c| *c = '-');
    }
    for event in story.events.iter().filter(|e| e.leg == Some(leg) && e.mark != Mark::None && inside(e.at)) {
        // Where two fall on one letter, the later one shows: the last word counts.
        if let Some(c) = row.get_mut(column(event.at)) {
            *c = event.mark.letter();
        }
    }
    row.into_iter().collect()
}
