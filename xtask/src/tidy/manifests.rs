//! Rules about manifests: every dependency is inherited from the workspace and used, and the workspace names none that nobody takes.
//! A dependency that nothing uses is built by everyone and trusted by everyone for nothing.

use super::Sources;
use crate::check::Findings;
use crate::workspace::Workspace;
use std::collections::BTreeSet;

/// The manifest that names versions.
const ROOT: &str = "Cargo.toml";

/// A dependency that only what a macro expands to names: the dependency, the macro.
const BY_MACRO: [(&str, &str); 1] = [("alloy-sol-types", "sol!")];

/// One line of a table of dependencies.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named<'a> {
    /// Line in the manifest, from 1.
    pub(super) line: usize,
    /// Whether it is for tests and benches alone.
    pub(super) dev: bool,
    /// Name as cargo knows it.
    pub(super) name: &'a str,
    /// Whether its version is the workspace's.
    pub(super) inherited: bool,
}

pub(super) fn check(workspace: &Workspace, sources: &Sources, findings: &mut Findings) {
    let mut taken = BTreeSet::new();
    for manifest in workspace.ending("/Cargo.toml") {
        let text = workspace.text(manifest).unwrap_or_default();
        let folder = manifest.strip_suffix("Cargo.toml").unwrap_or_default();
        for named in dependencies(&text) {
            let Named { line, dev, name, inherited } = named;
            taken.insert(name.to_owned());
            if !inherited {
                findings.broken(format!("{manifest}:{line}: {name} does not inherit its version from the workspace"));
            }
            let word = name.replace('-', "_");
            let looked_at = |file: &str| {
                let inside = file.strip_prefix(folder);
                inside.is_some_and(|inside| dev || inside.starts_with("src/") || inside == "build.rs")
            };
            let by_macro = BY_MACRO.iter().find(|(by, _)| *by == name).map(|(_, words)| *words);
            let used = sources.files.iter().filter(|(file, _)| looked_at(file)).any(|(file, source)| {
                let in_code =
                    source.code.iter().any(|code| has(code, &word) || by_macro.is_some_and(|words| code.contains(words)));
                // An example in the documentation is compiled with the dependencies for tests.
                in_code || (dev && workspace.text(file).is_some_and(|text| text.contains(&format!("{word}::"))))
            });
            if !used {
                findings.broken(format!("{manifest}:{line}: {name} is named and nothing uses it"));
            }
        }
    }
    let text = workspace.text(ROOT).unwrap_or_default();
    for named in dependencies(&text).into_iter().filter(|named| !taken.contains(named.name)) {
        findings.broken(format!("{ROOT}:{}: no crate takes {}", named.line, named.name));
    }
}

/// The lines of all tables of dependencies of a manifest. Reads as much of the format as this workspace writes.
pub(super) fn dependencies(text: &str) -> Vec<Named<'_>> {
    let (mut found, mut table) = (Vec::new(), None);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(title) = line.strip_prefix('[') {
            table = match title.trim_end_matches(']') {
                "dependencies" | "build-dependencies" | "workspace.dependencies" => Some(false),
                "dev-dependencies" => Some(true),
                _ => None,
            };
        } else if let (Some(dev), Some((left, right))) = (table, line.split_once('='))
            && !line.starts_with('#')
        {
            let (left, right) = (left.trim(), right.trim());
            let name = left.split('.').next().unwrap_or(left);
            let inherited = (left.ends_with(".workspace") && right == "true") || right.contains("workspace = true");
            found.push(Named { line: index + 1, dev, name, inherited });
        }
    }
    found
}

/// Whether a line of code has this word, not as a part of another.
pub(super) fn has(code: &str, word: &str) -> bool {
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    code.match_indices(word).any(|(at, _)| !part(code[..at].chars().next_back()) && !part(code[at + word.len()..].chars().next()))
}
