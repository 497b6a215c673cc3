//! The log's literal messages: each that docs/requirements.md lists stands, word for word, in a string of code that is not a test.
//! People search logs and write alarms by them, so that changing a word is changing the product.

use super::Sources;
use crate::check::Findings;
use crate::requirements::{FILE, tables};
use crate::workspace::Workspace;

/// Heading above the table of messages.
const HEADING: &str = "Log messages";

pub(super) fn check(workspace: &Workspace, sources: &Sources, findings: &mut Findings) {
    let text = workspace.text(FILE).unwrap_or_default();
    let rows = tables(&text).into_iter().filter(|row| row.heading == HEADING);
    let mut said = Vec::new();
    for (file, source) in sources.files.iter().filter(|(file, _)| !file.starts_with("xtask/")) {
        let spoken = source.literals.iter().filter(|literal| !sources.for_tests(file, literal.line));
        said.extend(spoken.map(|literal| holes(&literal.text)));
    }
    let mut seen = 0;
    for row in rows {
        seen += 1;
        let message = row.cells.get(1).and_then(|cell| cell.split('`').nth(1)).unwrap_or_default();
        if message.is_empty() {
            findings.broken(format!("{FILE}:{}: a row without a message in code marks", row.line));
        } else if !said.iter().any(|text| says(text, &holes(message))) {
            findings.broken(format!("{FILE}:{}: no code says {message:?}", row.line));
        }
    }
    if seen == 0 {
        findings.broken(format!("{FILE} has no table under {HEADING:?}"));
    }
}

/// A format string with every placeholder made `{}`.
pub(super) fn holes(text: &str) -> String {
    let (mut out, mut depth) = (String::with_capacity(text.len()), 0usize);
    for c in text.chars() {
        match c {
            '{' => {
                depth += 1;
                out.push('{');
            }
            '}' => {
                depth = depth.saturating_sub(1);
                out.push('}');
            }
            c if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

/// Whether a string says the message as a whole: at its beginning, and with nothing but a remark after it.
pub(super) fn says(text: &str, message: &str) -> bool {
    text.strip_prefix(message).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '{'))
}
