//! `bot4 init`: a first `config.yaml` and `.env`, to be edited by a person. What is there already is left as it is: no
//! command of the bot ever rewrites a file that an operator edits.

use crate::out;
use anyhow::Context;
use clap::Args;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Every setting with its default; `mode: paper`.
const CONFIG: &str = include_str!("../../../config.example.yaml");
/// Every credential by name, none with a value.
const DOTENV: &str = include_str!("../../../.env.example");

/// What the command line asked for.
#[derive(Clone, Debug, Args)]
pub(crate) struct InitArgs {
    /// Folder to write into; made if it is missing.
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

/// Runs the command and gives the exit code.
pub(crate) fn run(args: &InitArgs) -> u8 {
    out::end(init(&args.dir))
}

fn init(dir: &Path) -> anyhow::Result<String> {
    std::fs::create_dir_all(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
    let mut text = String::new();
    for (name, content, mode, what) in [
        ("config.yaml", CONFIG, 0o644, "every setting with its default; mode: paper"),
        (".env", DOTENV, 0o600, "the names of all credentials, without values; only you can read it"),
    ] {
        let file = if dir == Path::new(".") { PathBuf::from(name) } else { dir.join(name) };
        let written = write_new(&file, content, mode).with_context(|| format!("{} cannot be written", file.display()))?;
        let (did, what) = if written { ("wrote", what) } else { ("kept", "it was there already, and is left as it is") };
        let _ = writeln!(text, "{did:<6} {}: {what}", file.display()); // a String takes everything
    }
    let inside = if dir == Path::new(".") { String::new() } else { format!("cd {} && ", dir.display()) };
    let _ = write!(
        text,
        "\nNext:\n\
         \x20 1. edit config.yaml: what to trade (pairs), from which spread on (spread_entry), how much (notional_usd)\n\
         \x20 2. {inside}bot4 config check      says whether it is right\n\
         \x20 3. {inside}bot4                   runs it; mode: paper needs no credentials and sends no order\n\
         \x20 4. for real money: fill in .env, then `bot4 check`, then mode: live\n"
    );
    Ok(text)
}

/// Writes a file that is not there yet; false if it is.
fn write_new(file: &Path, content: &str, mode: u32) -> std::io::Result<bool> {
    let mut opened = match OpenOptions::new().write(true).create_new(true).mode(mode).open(file) {
        Ok(opened) => opened,
        Err(e) if e.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(e) => return Err(e),
    };
    opened.write_all(content.as_bytes()).inspect_err(|_| {
        let _ = std::fs::remove_file(file); // ours, and half written
    })?;
    Ok(true)
}
