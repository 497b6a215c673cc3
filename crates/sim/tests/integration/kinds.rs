//! Named rounds: how they end, and that dying anywhere in them changes nothing about the end.

use sim::{KINDS, Scenario, World, crash_sweep};

fn count(kind: &str, group: &str, word: &str) -> u64 {
    let scenario = Scenario::named(kind).expect("a kind");
    let done = World::new(1, scenario).run().unwrap_or_else(|f| panic!("{kind}: {f}"));
    done.coverage.counts().get(group).and_then(|g| g.get(word)).copied().unwrap_or(0)
}

/// What a kind must have met at least once, by group and word.
#[test]
fn every_kind_meets_what_it_is_named_for() {
    let table = [
        ("clean", "ending", "completed"),
        ("leg_refused", "ending", "auto_closed"),
        ("leg_refused", "news", "refused"),
        ("leg_dropped", "decision", "gave_up uncovered"),
        ("leg_dropped", "ending", "auto_closed"),
        ("answer_lost", "news", "unknown"),
        ("half_filled", "order", "entry 2"),
        ("late_fill", "decision", "timed_out"),
        ("venue_gone", "decision", "gave_up uncovered"),
        ("exit_refused", "order", "close 1"),
        ("exit_answer_lost", "ending", "completed"),
        ("duplicate_events", "ending", "completed"),
        ("exit_half_filled", "order", "close 1"),
        ("close_dropped", "order", "close 1"),
        ("both_gone", "decision", "timed_out"),
        ("disk_full", "journal", "entry withheld"),
        ("operator_exit", "decision", "exit_begun operator"),
        ("foreign_order", "operator", "pair stopped for a stranger"),
        ("liquidated", "forced", "named"),
        ("deleveraged", "forced", "seen"),
        ("deleveraged", "order", "close 1"),
        ("spec_changed", "fault", "vest change_spec"),
        ("trimmed", "decision", "gave_up uneven"),
    ];
    for kind in KINDS {
        assert!(table.iter().any(|(k, ..)| *k == kind), "{kind} is named for something");
    }
    for (kind, group, word) in table {
        assert!(count(kind, group, word) > 0, "{kind} never met {group}: {word}");
    }
}

#[test]
fn dying_at_any_effect_of_a_round_leaves_no_leg_open() {
    for kind in ["clean", "half_filled"] {
        let mut runs = 0;
        // Every sixth crash here, all of them in the release binary: `sim crash`.
        crash_sweep(kind, 6, 1, |_| runs += 1).unwrap_or_else(|f| panic!("{f}"));
        assert!(runs > 10, "{kind}: {runs} crashes");
    }
}
