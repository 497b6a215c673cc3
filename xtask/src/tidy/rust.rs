//! Rules about Rust files and packages: nothing unfinished, nothing that waits by the clock in a test, no file that holds two ideas,
//! a front page for each crate, no path of one person's machine.

use super::Sources;
use crate::check::Findings;
use crate::rust_source::RustSource;
use crate::workspace::Workspace;

/// From here on a file is remarked on; the house likes 100 to 400.
const LINES_WARN: usize = 600;
/// A file longer than this has two ideas, or belongs in a folder.
const LINES_MAX: usize = 800;

/// What says that something is not finished. A comment may not say it either: what is open stands in the list of requirements.
const UNFINISHED: [&str; 4] = ["todo!", "unimplemented!", "#[ignore", "#![ignore"];
/// Notes to oneself, searched for in comments too.
const NOTES: [&str; 3] = ["FIXME", "TODO", "XXX:"];

/// A test that waits by the clock is slow on a good day and wrong on a bad one.
const SLEEPS: [&str; 4] = ["thread::sleep(", "time::sleep(", "time::sleep_until(", "park_timeout("];

/// Files whose tests may sleep, each with its reason.
const MAY_SLEEP: [(&str, &str); 6] = [
    (
        "crates/bot4/tests/full_cycle.rs",
        "waits on a condition in a file of another process; the pause is between two looks at it",
    ),
    ("crates/transport/tests/integration/timers.rs", "time is paused: a sleep moves it and takes none"),
    ("crates/venue_sim/src/server/delay.rs", "time is paused: a sleep moves it and takes none"),
    ("crates/transport/tests/integration/http.rs", "waits on a condition; the pause is between two looks at it"),
    ("crates/orchestrator/tests/execution_service/rig.rs", "waits on a condition; the pause is between two looks at it"),
    ("crates/transport/benches/http_version.rs", "the pause is the simulated line itself: what is measured is its length"),
];

/// Folders of one machine: what is written to or read from there works for one person.
const MACHINE: [&str; 4] = ["/work", "/root", "/home", "/tmp"];

pub(super) fn check(workspace: &Workspace, sources: &Sources, findings: &mut Findings) -> anyhow::Result<()> {
    for (file, source) in &sources.files {
        let text = workspace.text(file).unwrap_or_default();
        length(file, text.lines().count(), findings);
        for sentence in unfinished(file, &text, source) {
            findings.broken(sentence);
        }
        let may_sleep = MAY_SLEEP.iter().any(|(path, _)| path == file);
        for (index, line) in source.code.iter().enumerate() {
            if !may_sleep && sources.for_tests(file, index + 1) && SLEEPS.iter().any(|sleep| line.contains(sleep)) {
                findings.broken(format!("{file}:{}: a test sleeps: wait on a condition, or pause the time", index + 1));
            }
        }
        for literal in &source.literals {
            if !sources.for_tests(file, literal.line) && machine_path(&literal.text) {
                findings.broken(format!("{file}:{}: names a folder of one machine: {:?}", literal.line, literal.text));
            }
        }
    }
    for (path, _) in MAY_SLEEP {
        let sleeps = |source: &RustSource| source.code.iter().any(|line| SLEEPS.iter().any(|sleep| line.contains(sleep)));
        if !sources.files.get(path).is_some_and(sleeps) {
            findings.broken(format!("{path} may sleep by the list and does not: drop its row"));
        }
    }
    packages(workspace, findings)
}

fn length(file: &str, lines: usize, findings: &mut Findings) {
    if lines > LINES_MAX {
        findings.broken(format!("{file} has {lines} lines, over {LINES_MAX}: split it by idea"));
    } else if lines > LINES_WARN {
        findings.remark(format!("{file} has {lines} lines"));
    }
}

/// Sentences about what is not finished in one file.
pub(super) fn unfinished(file: &str, text: &str, source: &RustSource) -> Vec<String> {
    let mut found = Vec::new();
    for (index, (line, code)) in text.lines().zip(&source.code).enumerate() {
        let number = index + 1;
        for word in UNFINISHED.iter().filter(|word| code.contains(**word)) {
            found.push(format!("{file}:{number}: {word} is not finished"));
        }
        let in_literal = source.literals.iter().any(|literal| literal.line == number);
        for word in NOTES.iter().filter(|word| !in_literal && line.contains(**word)) {
            found.push(format!("{file}:{number}: {word}: what is open stands in docs/requirements.md"));
        }
    }
    found
}

/// Whether a text names a folder of one machine at its beginning or after something that is no part of a longer path.
pub(super) fn machine_path(text: &str) -> bool {
    MACHINE.iter().any(|folder| {
        let folder = format!("{folder}/");
        text.match_indices(&folder).any(|(at, _)| {
            let before = text.get(..at).and_then(|text| text.chars().next_back());
            before.is_none_or(|c| !(c.is_alphanumeric() || "._-/}".contains(c)))
        })
    })
}

fn packages(workspace: &Workspace, findings: &mut Findings) -> anyhow::Result<()> {
    for package in workspace.packages()? {
        let name = &package.name;
        let folder = if workspace.has(&format!("crates/{name}")) { format!("crates/{name}") } else { name.clone() };
        let fronts = ["lib.rs", "main.rs"].map(|front| format!("{folder}/src/{front}"));
        let texts: Vec<(&String, String)> = fronts.iter().filter_map(|front| Some((front, workspace.text(front)?))).collect();
        if texts.is_empty() {
            findings.broken(format!("{folder} has neither src/lib.rs nor src/main.rs"));
        }
        for (front, text) in texts {
            if !text.trim_start().starts_with("//!") {
                findings.broken(format!("{front} does not open with what the crate owns, what it does not, and who calls it"));
            }
        }
        let manifest = workspace.text(&format!("{folder}/Cargo.toml")).unwrap_or_default();
        for line in ["edition.workspace = true", "[lints]\nworkspace = true"] {
            if !manifest.contains(line) {
                findings.broken(format!("{folder}/Cargo.toml does not inherit {line:?} from the workspace"));
            }
        }
        bans(workspace, &folder, findings);
    }
    let data: std::collections::BTreeSet<&str> =
        workspace.files.iter().filter_map(|file| file.split_once("/testdata/")).map(|(folder, _)| folder).collect();
    for folder in data {
        let told = |file: &&String| file.starts_with(&format!("{folder}/testdata/")) && file.ends_with("SOURCES.md");
        if !workspace.files.iter().any(|file| told(&file)) {
            findings.broken(format!("{folder}/testdata has no SOURCES.md: nobody knows what its files prove"));
        }
    }
    Ok(())
}

/// A crate's own clippy.toml replaces the root's: what the root bans of the standard library must stand there again.
fn bans(workspace: &Workspace, folder: &str, findings: &mut Findings) {
    let Some(own) = workspace.text(&format!("{folder}/clippy.toml")) else { return };
    let root = workspace.text("clippy.toml").unwrap_or_default();
    let own = banned(&own);
    let missing: Vec<&str> = banned(&root).into_iter().filter(|path| path.starts_with("std::") && !own.contains(path)).collect();
    if !missing.is_empty() {
        findings.remark(format!("{folder}/clippy.toml replaces the root's and does not ban {}", missing.join(", ")));
    }
}

fn banned(text: &str) -> Vec<&str> {
    text.lines().filter_map(|line| line.split_once("path = \"")?.1.split('"').next()).collect()
}
