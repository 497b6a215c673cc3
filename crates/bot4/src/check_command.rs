//! `bot4 check`: the probe alone, read only, with a verdict per line and an exit code.

use crate::cli::{FAILED, OK};
use crate::config::Mode;
use crate::keys::{self, ParadexKeys, VestKeys};
use crate::out;
use crate::probe::{Probe, Report, Verdict};
use crate::source::Source;
use crate::wiring::{PARADEX, VEST};
use clap::Args;
use std::io::IsTerminal;

/// What was asked for.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Exit codes: 0 nothing against live trading, 1 something is, 2 wrong command line, configuration or credentials."
)]
pub(crate) struct CheckArgs {
    /// One venue alone.
    #[arg(value_parser = ["vest", "paradex"])]
    venue: Option<String>,
    #[command(flatten)]
    source: Source,
}

/// Looks, prints, and gives the exit code.
pub(crate) fn run(args: &CheckArgs, json: bool) -> u8 {
    match look(args) {
        Ok(report) => {
            print!("{}", if json { report.json() + "\n" } else { report.table() });
            if report.verdict() == Verdict::Fail { FAILED } else { OK }
        }
        Err(e) => out::failed(&e),
    }
}

fn look(args: &CheckArgs) -> anyhow::Result<Report> {
    let environment = Source::environment()?;
    let (_, config) = args.source.load(&environment, &[])?;
    let only = args.venue.as_deref().map(|v| if v == "vest" { VEST } else { PARADEX });
    let asked = |venue| only.is_none_or(|only| only == venue);
    // Whoever asks about one venue is asked for that one's credentials alone. A file that has the names and no values yet is
    // as good as none, unless money is meant.
    let names: &[&str] = match only {
        None => &keys::ALL,
        Some(VEST) => &keys::OF_VEST,
        Some(_) => &keys::OF_PARADEX,
    };
    let with_keys = environment.secrets().any_present(names) || config.file.mode == Mode::Live;
    let vest = (with_keys && asked(VEST)).then(|| VestKeys::from_environment(&environment)).transpose()?;
    let paradex = (with_keys && asked(PARADEX)).then(|| ParadexKeys::from_environment(&environment)).transpose()?;
    let terminal = std::io::stderr().is_terminal();
    let progress = |what: &str| {
        if terminal {
            eprintln!("looking at {what} ...");
        }
    };
    let (vest, paradex) = (vest.as_ref(), paradex.as_ref());
    Probe { config: &config, vest, paradex, environment: &environment, only, progress: &progress }.run()
}
