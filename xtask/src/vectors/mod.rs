//! `cargo xtask vectors FILE...`: recomputes golden vectors with our own code.
//!
//! A file has one of four forms, recognised by its sections. For every entry the *whole* entry is rebuilt from its inputs and compared
//! with what the file says: a wrong value, a missing field and a field that nothing here recomputes are all found. What no crate of
//! this workspace can compute is reported as unsupported, never as passed.
//!
//! One row per entry, then the totals. Exit code 0: all passed; 1: something failed; 2: something is unsupported or unreadable.

mod azuro;
mod compare;
mod evm;
mod paradex;
mod report;
mod sx;
#[cfg(test)]
mod tests;
mod vest;

use anyhow::Context;
use report::{Outcome, Report, Row};
use serde_json::{Map, Value};
use std::path::Path;
use std::process::ExitCode;

/// Checks the files and prints the report.
pub(crate) fn run(files: &[String]) -> ExitCode {
    if files.is_empty() {
        eprintln!("usage: cargo xtask vectors FILE...");
        return ExitCode::from(2);
    }
    signing::warm_up();
    let mut report = Report::default();
    for file in files {
        let name = Path::new(file).file_name().map_or_else(|| file.clone(), |name| name.to_string_lossy().into_owned());
        match read(Path::new(file)) {
            Ok(document) => report.add(&name, check(&document)),
            Err(error) => report.unreadable(&name, &error),
        }
    }
    print!("{report}");
    ExitCode::from(report.code())
}

fn read(path: &Path) -> anyhow::Result<Map<String, Value>> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("{} is not a JSON object", path.display()))
}

/// The rows of one file.
fn check(document: &Map<String, Value>) -> Vec<Row> {
    let has = |names: &[&str]| names.iter().all(|name| document.contains_key(*name));
    let mut rows = if has(&["vectors"]) {
        paradex::check(document)
    } else if has(&["cases", "negative_cases"]) {
        vest::check(document)
    } else if has(&["signed"]) {
        sx::check(document)
    } else if has(&["eip712_types", "eip712"]) {
        azuro::check(document)
    } else {
        Vec::new()
    };
    if rows.is_empty() {
        rows.push(Row::new("file", "-", Outcome::Unsupported("none of the four known forms, or nothing in it".to_owned())));
    }
    rows
}

/// The elements of a section, each with the id it goes by: its own, or its number.
fn elements<'a>(document: &'a Map<String, Value>, section: &str) -> Vec<(String, &'a Value)> {
    let list = document.get(section).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .enumerate()
        .map(|(index, entry)| {
            let id = entry.get("id").and_then(Value::as_str).map_or_else(|| format!("#{}", index + 1), str::to_owned);
            (id, entry)
        })
        .collect()
}

/// Rows for everything in a file that its form does not know: a new section must not look as if it had been checked.
fn unknown_sections(document: &Map<String, Value>, known: &[&str]) -> Vec<Row> {
    let unknown = document.keys().filter(|name| !known.contains(&name.as_str()));
    unknown.flat_map(|name| unsupported(document, name, "a section this form does not know")).collect()
}

/// One row per element of a section that nothing here can compute.
fn unsupported(document: &Map<String, Value>, section: &str, why: &str) -> Vec<Row> {
    let row = |id: &str| Row::new(section, id, Outcome::Unsupported(why.to_owned()));
    match document.get(section) {
        Some(Value::Array(_)) => elements(document, section).iter().map(|(id, _)| row(id)).collect(),
        Some(_) => vec![row("-")],
        None => Vec::new(),
    }
}
