//! Rows, totals and the exit code.

use std::fmt;

/// What came of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Every field is what we compute; the text says what was recomputed.
    Passed(String),
    /// A field is not.
    Failed(String),
    /// Nothing here can compute it.
    Unsupported(String),
}

/// The outcome of one entry of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) section: String,
    pub(super) id: String,
    pub(super) outcome: Outcome,
}

impl Row {
    pub(super) fn new(section: &str, id: &str, outcome: Outcome) -> Self {
        Self { section: section.to_owned(), id: id.to_owned(), outcome }
    }
}

/// Everything that was checked.
#[derive(Debug, Default)]
pub(super) struct Report {
    lines: Vec<String>,
    passed: usize,
    failed: usize,
    unsupported: usize,
    unreadable: usize,
}

impl Report {
    pub(super) fn add(&mut self, file: &str, rows: Vec<Row>) {
        for row in rows {
            let (word, count, detail) = match &row.outcome {
                Outcome::Passed(detail) => ("ok", &mut self.passed, detail),
                Outcome::Failed(detail) => ("FAILED", &mut self.failed, detail),
                Outcome::Unsupported(detail) => ("unsupported", &mut self.unsupported, detail),
            };
            *count += 1;
            self.lines.push(format!("{word:<11}  {file} {} {}  {detail}", row.section, row.id));
        }
    }

    pub(super) fn unreadable(&mut self, file: &str, error: &anyhow::Error) {
        self.unreadable += 1;
        self.lines.push(format!("unreadable   {file}  {error:#}"));
    }

    /// 1 if anything failed, else 2 if anything could not be checked, else 0.
    pub(super) fn code(&self) -> u8 {
        match (self.failed, self.unsupported + self.unreadable) {
            (0, 0) => 0,
            (0, _) => 2,
            _ => 1,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        if self.unsupported > 0 {
            writeln!(f, "unsupported: {}", self.unsupported)?;
        }
        writeln!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}
