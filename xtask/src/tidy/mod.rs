//! `cargo xtask tidy`: the house rules that no compiler knows. Each rule is one function over the files of the workspace, says the
//! place of what it finds, and has its reason beside it.

mod manifests;
mod messages;
mod prose;
mod rust;
#[cfg(test)]
mod tests;

use crate::check::Findings;
use crate::rust_source::RustSource;
use crate::workspace::Workspace;
use std::collections::{BTreeMap, BTreeSet};

/// Every Rust file taken apart, and which of them are compiled for tests alone.
pub(crate) struct Sources {
    /// Path to what it holds.
    pub(crate) files: BTreeMap<String, RustSource>,
    test_files: BTreeSet<String>,
}

impl Sources {
    /// Reads every Rust file of the workspace.
    pub(crate) fn read(workspace: &Workspace) -> Self {
        let texts = workspace.ending(".rs").filter_map(|file| Some((file.to_owned(), workspace.text(file)?)));
        Self::of(texts.map(|(file, text)| (file, RustSource::read(&text))).collect())
    }

    fn of(files: BTreeMap<String, RustSource>) -> Self {
        let mut test_files = BTreeSet::new();
        for (file, source) in &files {
            let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
            let stem = name.strip_suffix(".rs").unwrap_or(name);
            // `mod x;` in a file lies beside it when that file is a root, else in the folder that carries its name.
            let base = if matches!(stem, "lib" | "main" | "mod") { folder.to_owned() } else { format!("{folder}/{stem}") };
            for module in source.test_modules() {
                test_files.insert(format!("{base}/{module}.rs"));
                test_files.insert(format!("{base}/{module}/"));
            }
        }
        Self { files, test_files }
    }

    /// Whether this line is compiled for tests or benches alone. Lines count from 1.
    pub(crate) fn for_tests(&self, file: &str, line: usize) -> bool {
        let folder = ["tests", "benches"].iter().any(|name| file.split('/').any(|part| part == *name));
        let module = self.test_files.iter().any(|test| file == test || (test.ends_with('/') && file.starts_with(test.as_str())));
        let inside = self.files.get(file).and_then(|source| source.in_tests.get(line.saturating_sub(1)).copied());
        folder || module || inside.unwrap_or(false)
    }
}

/// Holds every rule against the workspace.
///
/// # Errors
/// When the manifests cannot be read.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<Findings> {
    let sources = Sources::read(workspace);
    let mut findings = Findings::default();
    rust::check(workspace, &sources, &mut findings)?;
    manifests::check(workspace, &sources, &mut findings);
    prose::check(workspace, &mut findings);
    messages::check(workspace, &sources, &mut findings);
    findings.seen = format!("{} files, {} of them Rust", workspace.files.len(), sources.files.len());
    Ok(findings)
}
