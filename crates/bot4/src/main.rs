//! `bot4`: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    bot4::cli::main()
}
