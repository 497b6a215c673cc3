//! Tasks of the workspace, run as `cargo xtask TASK`: the house rules as code, and the one command that passes every test.
//!
//! Owns no product code and is used by none. Each task prints what it found and ends with a code: 0 held, 1 broken, 2 wrong usage
//! or something that could not be read.
mod arguments;
mod check;
mod crash;
mod latency;
mod layers;
mod picture;
mod requirements;
mod rust_source;
mod soak;
mod test;
mod tidy;
mod vectors;
mod workspace;

use std::process::ExitCode;

/// Every task by name with one line for people. [`requirements`] knows a command by this list too.
const TASKS: [(&str, &str); 9] = [
    ("layers", "only the allowed edges between crates, and no runtime below pure ones"),
    ("tidy", "the house rules that no compiler knows"),
    ("requirements", "every id of docs/requirements.md is shown by something that exists"),
    ("vectors FILE...", "golden vectors, recomputed with our own code"),
    ("picture FILE < LOG", "draws the first round of a run's JSON log as an SVG"),
    ("soak [--minutes N] [--seed N] [--out FILE] [--bot FILE]", "a long demo in a storm of faults, with figures"),
    ("crash [--per-kind N] [--seed N] [--json]", "SIGKILL at every kind of journal record, with the venues running on"),
    ("latency [--rounds N] [--rtt-ms N]", "detection to both legs filled at real round trips, release build, against a limit"),
    ("test [--quick] [--only STEP]", "everything, on a machine with rustup's stable and a C compiler"),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    match arguments.first().map(String::as_str) {
        Some("layers") if rest.is_empty() => check::run("layers", layers::check),
        Some("tidy") if rest.is_empty() => check::run("tidy", tidy::check),
        Some("requirements") if rest.is_empty() => check::run("requirements", requirements::check),
        Some("vectors") => vectors::run(rest),
        Some("picture") if rest.len() == 1 => match picture::run(&rest[0]) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("picture: {error:#}");
                ExitCode::from(2)
            }
        },
        Some("soak") => match soak::run(rest) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("soak: {error:#}");
                ExitCode::FAILURE
            }
        },
        Some("crash") => crash::run(rest),
        Some("latency") => latency::run(rest),
        Some("test") => test::run(rest),
        _ => {
            eprintln!("usage: cargo xtask TASK");
            for (task, what) in TASKS {
                eprintln!("  {task:<30} {what}");
            }
            ExitCode::from(2)
        }
    }
}
