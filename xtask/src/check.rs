//! What `layers`, `tidy` and `requirements` have in common: read the workspace, collect sentences, print them, end with a code.

use crate::workspace::Workspace;
use std::process::ExitCode;

/// What a check found. A finding breaks the check; a remark is only shown.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Sentences, each with its place, that make the check fail.
    pub(crate) broken: Vec<String>,
    /// Sentences worth reading that fail nothing.
    pub(crate) remarks: Vec<String>,
    /// What was looked at, in one line, so that a check that looked at nothing is noticed.
    pub(crate) seen: String,
}

impl Findings {
    /// Adds a sentence that makes the check fail.
    pub(crate) fn broken(&mut self, sentence: impl Into<String>) {
        self.broken.push(sentence.into());
    }

    /// Adds a sentence that is only shown.
    pub(crate) fn remark(&mut self, sentence: impl Into<String>) {
        self.remarks.push(sentence.into());
    }
}

/// Runs one check on the workspace this program was built in.
pub(crate) fn run(name: &str, check: fn(&Workspace) -> anyhow::Result<Findings>) -> ExitCode {
    let findings = match Workspace::open().and_then(|workspace| check(&workspace)) {
        Ok(findings) => findings,
        Err(error) => {
            eprintln!("{name}: {error:#}");
            return ExitCode::from(2);
        }
    };
    for remark in &findings.remarks {
        println!("note: {remark}");
    }
    for sentence in &findings.broken {
        println!("broken: {sentence}");
    }
    println!("{name}: {}, {} broken", findings.seen, findings.broken.len());
    ExitCode::from(u8::from(!findings.broken.is_empty()))
}
