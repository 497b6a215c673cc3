//! What commands say: results on stdout, errors on stderr, and the exit code of each.

use crate::cli::{FAILED, OK, USAGE};
use crate::source::is_wrong_input;
use std::io::Write as _;
use telemetry::{LogGuard, LogOptions};

/// Prints what a command came to and gives its exit code. Whoever stopped reading (`| head`) has read enough.
pub(crate) fn end(result: anyhow::Result<String>) -> u8 {
    match result {
        Ok(text) => {
            say(&text);
            OK
        }
        Err(e) => failed(&e),
    }
}

/// Says why a command could not be done, without secrets, and gives its exit code.
pub(crate) fn failed(e: &anyhow::Error) -> u8 {
    eprintln!("bot4: {}", telemetry::Redactor::global().redact(&format!("{e:#}")));
    code_of(e)
}

/// The exit code of an error: whether the operator has to write something differently.
pub(crate) fn code_of(e: &anyhow::Error) -> u8 {
    if is_wrong_input(e) { USAGE } else { FAILED }
}

/// Sets the logs of a command up that runs until it is stopped, and sees to it that no memory of its is left in a file.
///
/// # Errors
/// The exit code, once it is said what is wrong with the filter.
pub(crate) fn logs(options: &LogOptions) -> Result<LogGuard, u8> {
    let guard = telemetry::init(options).map_err(|e| {
        eprintln!("bot4: {e}");
        USAGE
    })?;
    if let Err(e) = telemetry::forbid_core_files() {
        tracing::warn!(target: "bot4", "core files could not be forbidden: {e}");
    }
    Ok(guard)
}

/// Prints a text, without secrets.
pub(crate) fn say(text: &str) {
    let text = telemetry::Redactor::global().redact(text);
    let mut out = std::io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let _ = write!(out, "{text}{end}").and_then(|()| out.flush()); // nobody is left to tell
}

/// Columns, each as wide as its widest cell; no blanks at the end of a line.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |n: usize| rows.iter().filter_map(|r| r.get(n)).map(|c| c.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            if !line.is_empty() {
                line.push_str("  ");
            }
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width.saturating_sub(cell.chars().count())));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
