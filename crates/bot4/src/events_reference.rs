//! Makes `docs/events.md` from the names that log, journal and metrics share. A stale file fails the test;
//! `UPDATE_EXPECT=1` writes it anew.

use domain::names::{Ending, EventType, SkipReason};
use expect_test::expect_file;
use std::collections::BTreeSet;

const HEAD: &str = "\
# Events, reasons and endings

Made from `crates/domain/src/names.rs` by a test (`crates/bot4/src/events_reference.rs`): log, journal, `bot4 timeline` and
`bot4 explain` use exactly these words.
";

fn table(title: &str, column: &str, words: impl Iterator<Item = (&'static str, &'static str)>) -> String {
    let rows: String = words.map(|(word, meaning)| format!("| `{word}` | {meaning} |\n")).collect();
    format!("\n## {title}\n\n| {column} | meaning |\n|---|---|\n{rows}")
}

#[test]
fn the_reference_of_events_names_every_word_with_its_meaning() {
    let events = EventType::ALL.iter().map(|e| (e.word(), e.meaning()));
    let skips = SkipReason::ALL.iter().map(|s| (s.word(), s.meaning()));
    let endings = Ending::ALL.iter().map(|e| (e.word(), e.meaning()));
    let mut words = BTreeSet::new();
    for (word, meaning) in events.clone().chain(skips.clone()).chain(endings.clone()) {
        assert!(words.insert(word), "{word} means two things");
        assert!(meaning.ends_with('.') && !meaning.contains('|'), "{word}: {meaning:?}");
    }
    let text = [
        HEAD.to_owned(),
        table("`event_type` of a log line", "event", events),
        table("Why an opportunity was not taken", "reason", skips),
        table("How a round ended", "ending", endings),
    ];
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/events.md");
    expect_file![file].assert_eq(&text.concat());
}
