//! Rules about everything people read, and about files that tell tools where to fetch things: links lead somewhere, the text
//! speaks of the product, and nobody's private mirror is written down.

use super::rust::machine_path;
use crate::check::Findings;
use crate::workspace::Workspace;
use std::path::Path;

/// Said about who wrote a file or with what, when a file speaks of the product alone.
const ABOUT_THE_WRITER: [&str; 7] =
    ["this session", "my session", "as instructed", "the brief", "co-authored-by", "generated with", "subagent"];

/// Settings that point a tool to a source of packages other than its default. Where packages come from is a matter of the machine.
const MIRRORS: [&str; 7] = ["[source.", "[registries", "registry-index", "index-url", "--index-url", "registry=", "find-links"];

/// Files in which the settings of [`MIRRORS`] would take effect.
const CONFIGURES: [&str; 9] = [
    "Cargo.toml",
    ".cargo/config.toml",
    "requirements.txt",
    "pip.conf",
    ".npmrc",
    "package.json",
    ".sh",
    ".ci/run",
    "pyproject.toml",
];

/// Folders whose files are named in prose and must exist.
const OURS: [&str; 5] = ["crates/", "docs/", "xtask/", "tests/", ".ci/"];

pub(super) fn check(workspace: &Workspace, findings: &mut Findings) {
    for file in &workspace.files {
        let Some(text) = workspace.text(file) else { continue };
        if CONFIGURES.iter().any(|end| file.ends_with(end)) {
            for (number, line) in numbered(&text) {
                if let Some(mirror) =
                    MIRRORS.iter().find(|mirror| line.trim_start().starts_with(**mirror) || line.contains(&format!(" {mirror}")))
                {
                    findings.broken(format!(
                        "{file}:{number}: {mirror} points to a source of packages, which is the machine's matter"
                    ));
                }
            }
        }
        let is = |extension: &str| Path::new(file).extension().is_some_and(|found| found == extension);
        if file.contains("/testdata/") && !is("md") {
            continue;
        }
        if !is("rs") {
            for (number, line) in numbered(&text) {
                if machine_path(line) && !line.starts_with("#!") {
                    findings.broken(format!("{file}:{number}: names a folder of one machine"));
                }
            }
        }
        if is("md") {
            for (number, line) in numbered(&text) {
                let lower = line.to_lowercase();
                for words in ABOUT_THE_WRITER.iter().filter(|words| lower.contains(**words)) {
                    findings.broken(format!("{file}:{number}: {words:?} speaks of who wrote it, not of the product"));
                }
                for target in links(line) {
                    if !leads_somewhere(workspace, file, target) {
                        findings.broken(format!("{file}:{number}: {target} is not there"));
                    }
                }
            }
        }
    }
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// What a line of prose points at: `[text](target)`, and `path/in/code/marks` of our own folders.
pub(super) fn links(line: &str) -> Vec<&str> {
    let mut found: Vec<&str> = line.match_indices("](").filter_map(|(at, _)| line.get(at + 2..)?.split(')').next()).collect();
    found.retain(|target| !target.contains("://") && !target.starts_with('#') && !target.starts_with("mailto:"));
    let quoted = line.split('`').skip(1).step_by(2);
    // A pattern names many files or none, a line of a shell is no path, a name with `<` stands for others.
    let path = |text: &&str| {
        OURS.iter().any(|ours| text.starts_with(ours)) && !text.contains(|c: char| " *{<$…".contains(c) || c == '\t')
    };
    found.extend(quoted.filter(path).filter(|text| !text.contains("NNNN") && !text.contains("..")));
    found
}

fn leads_somewhere(workspace: &Workspace, file: &str, target: &str) -> bool {
    let target = target.split(['#', ' ']).next().unwrap_or_default();
    // `file::name` and `file:12` name something inside the file.
    let target = target.split(':').next().unwrap_or_default();
    if OURS.iter().any(|ours| target.starts_with(ours)) && workspace.has(target) {
        return true;
    }
    // A crate's own page may count from the crate.
    let in_crate = file.strip_prefix("crates/").and_then(|rest| rest.split('/').next());
    if in_crate.is_some_and(|name| workspace.has(&format!("crates/{name}/{target}"))) {
        return true;
    }
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.pop().is_none() => return false,
            ".." => {}
            part => parts.push(part),
        }
    }
    workspace.has(&parts.join("/"))
}
