//! Tasks of the workspace, run as `cargo xtask TASK`.
mod vectors;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("vectors") => vectors::run(&arguments.collect::<Vec<_>>()),
        _ => {
            eprintln!("usage: cargo xtask vectors FILE...");
            ExitCode::from(2)
        }
    }
}
