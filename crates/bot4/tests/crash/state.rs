//! In which state a kill meets the bot: what its youngest open round is after, whether its legs are even, and whether
//! anything is on its way.

use crate::harness::journal::Fold;
use saga::{Goal, Round};

/// Every state that a sweep must meet. Two more last from one record to the next of the same instant, and are met by chance
/// alone: an entry or an exit whose orders have all failed, before that is answered by a decision.
pub(crate) const ALL: [&str; 11] = [
    "no round",
    "enter, even, live",
    "enter, uneven, live",
    "enter, uneven, quiet",
    "even, even, live",
    "even, uneven, live",
    "even, uneven, quiet",
    "hold, even, quiet",
    "flat, even, live",
    "flat, uneven, live",
    "flat, uneven, quiet",
];

/// The state as a word.
pub(crate) fn word(fold: &Fold) -> String {
    let open = fold.rounds.values().rev().find(|r| r.outcome.is_none());
    open.map_or_else(|| "no round".to_owned(), of)
}

fn of(round: &Round) -> String {
    let goal = match round.goal {
        Goal::Enter => "enter",
        Goal::Even => "even",
        Goal::Hold => "hold",
        Goal::Flat => "flat",
    };
    let even = if round.uncovered() == 0 { "even" } else { "uneven" };
    let live = if round.any_live() { "live" } else { "quiet" };
    format!("{goal}, {even}, {live}")
}
