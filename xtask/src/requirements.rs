//! `cargo xtask requirements`: docs/requirements.md says where each requirement is shown, and each place exists.
//!
//! A test is named `path/to/file.rs::name` and must be a function with a test attribute in that file; a command begins with
//! `cargo` and may name only packages, targets and tasks that exist. Whether the test passes is asked by running it.

use crate::check::Findings;
use crate::rust_source::RustSource;
use crate::workspace::{Package, Workspace};
use std::collections::BTreeSet;

/// Where the table lies.
pub(crate) const FILE: &str = "docs/requirements.md";
/// Heading above the table of requirements.
const HEADING: &str = "Where each is shown";

/// Every id there is: prefix and how many.
const IDS: [(&str, u32); 9] =
    [("MD", 10), ("EX", 8), ("OR", 8), ("SX", 7), ("ST", 5), ("CF", 5), ("RE", 4), ("OB", 8), ("WH", 4)];

/// Done: shown whole. Partly: what is shown stands in the row, and so does what is missing. Open: nothing yet.
const STATES: [&str; 3] = ["done", "partly", "open"];

/// One row of a table in a page of prose.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    /// Line it stands in, from 1.
    pub(crate) line: usize,
    /// The heading above its table.
    pub(crate) heading: &'a str,
    /// Its cells, trimmed.
    pub(crate) cells: Vec<&'a str>,
}

/// Rows of all tables of a page, without the rows of column names and dashes.
pub(crate) fn tables(text: &str) -> Vec<Row<'_>> {
    let (mut rows, mut heading, mut lines_in) = (Vec::new(), "", 0);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(title) = line.strip_prefix('#') {
            heading = title.trim_start_matches('#').trim();
        }
        let Some(inside) = line.strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
            lines_in = 0;
            continue;
        };
        lines_in += 1;
        if lines_in > 2 {
            rows.push(Row { line: index + 1, heading, cells: cells(inside) });
        }
    }
    rows
}

/// A bar inside code marks is text.
fn cells(inside: &str) -> Vec<&str> {
    let (mut found, mut from, mut quoted) = (Vec::new(), 0, false);
    for (at, c) in inside.char_indices() {
        quoted ^= c == '`';
        if c == '|' && !quoted {
            found.push(inside[from..at].trim());
            from = at + 1;
        }
    }
    found.push(inside[from..].trim());
    found
}

/// Holds the page against the sources and manifests.
///
/// # Errors
/// When the manifests cannot be read.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    let text = workspace.text(FILE).unwrap_or_default();
    let packages = workspace.packages()?;
    let tests = |file: &str| {
        let source = RustSource::read(&workspace.text(file)?);
        Some(source.tests().into_iter().map(str::to_owned).collect())
    };
    page(&text, &packages, tests, &mut findings);
    Ok(findings)
}

fn page(text: &str, packages: &[Package], tests: impl Fn(&str) -> Option<Vec<String>>, findings: &mut Findings) {
    let (mut seen, mut shown, mut rows) = (BTreeSet::new(), 0, 0);
    for row in tables(text).into_iter().filter(|row| row.heading == HEADING) {
        rows += 1;
        let at = format!("{FILE}:{}", row.line);
        let [id, _, by, state] = row.cells[..] else {
            findings.broken(format!("{at}: a row has {} cells instead of id, what, where, state", row.cells.len()));
            continue;
        };
        if !known(id) {
            findings.broken(format!("{at}: {id:?} is no requirement"));
        }
        if !seen.insert(id) {
            findings.broken(format!("{at}: {id} has a row already"));
        }
        let places: Vec<&str> = by.split('`').skip(1).step_by(2).collect();
        shown += places.len();
        for place in &places {
            if let Err(why) = exists(place, packages, &tests) {
                findings.broken(format!("{at}: {id}: {place}: {why}"));
            }
        }
        let word = state.split([':', ' ']).next().unwrap_or_default();
        match word {
            "done" | "partly" if places.is_empty() => findings.broken(format!("{at}: {id} is {word} and nothing shows it")),
            "partly" if !state.contains(':') => {
                findings.broken(format!("{at}: {id} is partly there; say after a colon what is missing"));
            }
            word if !STATES.contains(&word) => findings.broken(format!("{at}: {id} has a state that is none: {state:?}")),
            _ => {}
        }
    }
    if rows == 0 {
        findings.broken(format!("{FILE} has no table under {HEADING:?}"));
    }
    findings.seen = format!("{} ids, {shown} places", seen.len());
}

fn known(id: &str) -> bool {
    let Some((prefix, number)) = id.split_once('-') else { return false };
    let count = IDS.iter().find(|(p, _)| *p == prefix).map_or(0, |(_, count)| *count);
    number.parse::<u32>().is_ok_and(|n| (1..=count).contains(&n) && n.to_string() == number)
}

/// Whether a place is a test or a command that is there.
fn exists(place: &str, packages: &[Package], tests: impl Fn(&str) -> Option<Vec<String>>) -> Result<(), String> {
    if let Some((file, name)) = place.split_once("::") {
        let names = tests(file).ok_or("there is no such file")?;
        return names.iter().any(|n| n == name).then_some(()).ok_or_else(|| format!("{file} has no test of that name"));
    }
    let words: Vec<&str> = place.split_whitespace().collect();
    let [first, rest @ ..] = words.as_slice() else { return Err("says nothing".to_owned()) };
    if *first != "cargo" {
        return Err("is neither a test (FILE::NAME) nor a command (cargo ..)".to_owned());
    }
    if let ["xtask", task, ..] = rest
        && !crate::TASKS.iter().any(|(name, _)| name.split(' ').next() == Some(task))
    {
        return Err(format!("there is no task {task}"));
    }
    for pair in rest.windows(2) {
        let there = match pair[0] {
            "-p" | "--package" => packages.iter().any(|package| package.name == pair[1]),
            "--test" | "--bin" | "--bench" => {
                packages.iter().any(|package| package.targets.iter().any(|target| target == pair[1]))
            }
            _ => true,
        };
        if !there {
            return Err(format!("there is no {} {}", pair[0].trim_start_matches('-'), pair[1]));
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;

    fn found(rows: &str) -> Vec<String> {
        let text = format!("# Page\n## {HEADING}\n| id | what | by | state |\n|---|---|---|---|\n{rows}\n");
        let packages = [Package { name: "saga".to_owned(), dependencies: Vec::new(), targets: vec!["integration".to_owned()] }];
        let tests = |file: &str| (file == "a.rs").then(|| vec!["holds".to_owned()]);
        let mut findings = Findings::default();
        page(&text, &packages, tests, &mut findings);
        findings.broken
    }

    #[test]
    fn a_row_names_a_known_id_once_and_only_what_exists() {
        let check = |rows: &str, expect: Option<&str>| {
            let broken = found(rows);
            match expect {
                None => assert!(broken.is_empty(), "{rows}: {broken:?}"),
                Some(words) => assert!(broken.len() == 1 && broken[0].contains(words), "{rows}: {broken:?}"),
            }
        };
        check("| MD-1 | x | `a.rs::holds` | done |", None);
        check("| MD-1 | x | `a.rs::holds`, `cargo xtask tidy` | partly: the rest |", None);
        check("| MD-1 | x | | open |", None);
        check("| MD-1 | x | `a.rs::holds` | partly |", Some("what is missing"));
        check("| MD-1 | x | | done |", Some("nothing shows it"));
        check("| MD-1 | x | `a.rs::other` | done |", Some("no test of that name"));
        check("| MD-1 | x | `b.rs::holds` | done |", Some("no such file"));
        check("| MD-1 | x | `make all` | done |", Some("neither a test"));
        check("| MD-1 | x | `cargo xtask dance` | done |", Some("no task dance"));
        check("| MD-1 | x | `cargo test -p saga --test integration` | done |", None);
        check("| MD-1 | x | `cargo test -p gone` | done |", Some("no p gone"));
        check("| MD-1 | x | `cargo test --test gone` | done |", Some("no test gone"));
        check("| MD-11 | x | `a.rs::holds` | done |", Some("is no requirement"));
        check("| MD-01 | x | `a.rs::holds` | done |", Some("is no requirement"));
        check("| MD-1 | x | `a.rs::holds` | finished |", Some("a state that is none"));
        check("| MD-1 | x | `a.rs::holds` | done |\n| MD-1 | y | `a.rs::holds` | done |", Some("a row already"));
        check("| MD-1 | x |", Some("2 cells"));
        check("", Some("no table under"));
    }

    #[test]
    fn a_bar_in_code_marks_does_not_end_a_cell() {
        assert_eq!(cells(" a | `b | c` | d "), ["a", "`b | c`", "d"]);
    }

    #[test]
    fn the_page_of_the_workspace_names_only_what_exists() {
        let findings = check(&Workspace::open().unwrap()).unwrap();
        assert!(findings.broken.is_empty(), "{:#?}", findings.broken);
    }
}
