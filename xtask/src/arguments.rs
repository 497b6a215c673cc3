//! How a task that is a measurement reads its numbers and ends: the same for all of them.

use std::process::ExitCode;

/// The number behind an option.
///
/// # Errors
/// A sentence that names the option; no number is one, and 0 is none.
pub(crate) fn number(option: &str, given: Option<&String>) -> Result<u64, String> {
    match given.map(|text| text.parse()) {
        Some(Ok(number)) if number > 0 => Ok(number),
        _ => Err(format!("{option} takes a number above 0")),
    }
}

/// Does what was asked for and gives the exit code: the task's own, 1 if it could not be done, 2 for wrong usage.
pub(crate) fn end<W>(task: &str, wish: Result<W, String>, perform: impl FnOnce(&W) -> anyhow::Result<ExitCode>) -> ExitCode {
    match wish {
        Err(why) => {
            eprintln!("{task}: {why}");
            ExitCode::from(2)
        }
        Ok(wish) => perform(&wish).unwrap_or_else(|error| {
            eprintln!("{task}: {error:#}");
            ExitCode::FAILURE
        }),
    }
}
