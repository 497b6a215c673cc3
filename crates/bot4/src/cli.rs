//! The command line: what can be asked for, and the exit code of each answer.

use crate::azuro_command::{self, AzuroArgs};
use crate::check_command::{self, CheckArgs};
use crate::config_command::{self, ConfigArgs};
use crate::db_command::{self, DbArgs};
use crate::explain_command::{self, ExplainArgs};
use crate::flatten_command::{self, FlattenArgs};
use crate::init_command::{self, InitArgs};
use crate::map_command::{self, MapArgs};
use crate::quotes_command::{self, QuotesArgs};
use crate::register_command::{self, RegisterArgs};
use crate::resume_command::{self, ResumeArgs};
use crate::run::{self, RunArgs};
use crate::timeline_command::{self, TimelineArgs};
use crate::venue_sim_command::{self, SimArgs};
use crate::watchdog_command::{self, WatchdogArgs};
use clap::{Parser, Subcommand};
use std::process::ExitCode;
use telemetry::{Format, LogOptions};

/// Ended as asked.
pub(crate) const OK: u8 = 0;
/// Could not start, or had to end: the message says why.
pub(crate) const FAILED: u8 = 1;
/// The command line or the configuration is wrong: the message names the place.
pub(crate) const USAGE: u8 = 2;
/// Ended and left something behind: the message names it.
pub(crate) const LEFT_BEHIND: u8 = 3;

/// Arbitrage between two venues, both legs at once, no leg left naked.
///
/// Without a configuration and without credentials it shows the whole job on two simulated venues on this machine.
#[derive(Debug, Parser)]
#[command(
    name = "bot4",
    version,
    after_help = "Exit codes: 0 ended as asked, 1 failed, 2 wrong command line or configuration, 3 left something behind."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: RunArgs,
    /// Log filter: a level or TARGET=LEVEL, separated by commas.
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
    /// Log lines, or what a command prints, as JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a first config.yaml and .env; files that are there stay as they are.
    Init(InitArgs),
    /// Show, check or explain the configuration.
    Config(ConfigArgs),
    /// Trade (the default).
    Run(RunArgs),
    /// List the last rounds, or tell one of them from detection to end, out of the journal.
    Timeline(TimelineArgs),
    /// Say why it did or did not trade: the nearest miss, what bound it, what is stopped.
    Explain(ExplainArgs),
    /// Show what stopped a pair, and let it trade again.
    Resume(ResumeArgs),
    /// Look at this machine and both venues, read only: a verdict per line, and what to do.
    Check(CheckArgs),
    /// Register a signing key at a venue with the primary key, which is asked for once and kept nowhere.
    Register(RegisterArgs),
    /// Show the wallet that bets on Azuro, approve its relayer, claim what bets pay.
    Azuro(AzuroArgs),
    /// Make the tables of the database that mirrors the journal, or say how it is.
    Db(DbArgs),
    /// Watch a running bot from a process of its own, and even out what it leaves uncovered when it dies or hangs.
    Watchdog(WatchdogArgs),
    /// Show what is open, and close it.
    Flatten(FlattenArgs),
    /// Show live what SX Bet and Azuro offer on the same questions, what that leaves, and why a pair is not tradable.
    ///
    /// Looks only: no bet is placed. A terminal gets a table that is redrawn in place; a pipe, or --json, one line of JSON per change.
    /// Without a configuration and without SX Bet's credentials both venues are simulated on this machine.
    Quotes(QuotesArgs),
    /// Propose which events of SX Bet and Azuro are the same, or check what the mapping says about it.
    Map(MapArgs),
    /// Run one simulated venue alone and print where it listens as one JSON line.
    VenueSim(SimArgs),
}

/// Parses, runs, and gives the exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let logs = LogOptions { filter: cli.log, format: if cli.json { Format::Json } else { Format::Auto } };
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        eprintln!("bot4: TLS was set up twice");
        return ExitCode::from(FAILED);
    }
    let code = match cli.command {
        Some(Command::VenueSim(args)) => venue_sim_command::run(&args),
        Some(Command::Init(args)) => init_command::run(&args),
        Some(Command::Config(args)) => config_command::run(&args, cli.json),
        Some(Command::Check(args)) => check_command::run(&args, cli.json),
        Some(Command::Register(args)) => register_command::run(&args),
        Some(Command::Timeline(args)) => timeline_command::run(&args, cli.json),
        Some(Command::Explain(args)) => explain_command::run(&args, cli.json),
        Some(Command::Resume(args)) => resume_command::run(&args, cli.json),
        Some(Command::Azuro(args)) => azuro_command::run(&args, cli.json),
        Some(Command::Db(args)) => db_command::run(&args, cli.json),
        Some(Command::Watchdog(args)) => watchdog_command::run(&args, &logs),
        Some(Command::Flatten(args)) => flatten_command::run(&args, &logs, cli.json),
        Some(Command::Quotes(args)) => quotes_command::run(&args, cli.json),
        Some(Command::Map(args)) => map_command::run(&args, cli.json),
        Some(Command::Run(args)) => run::main(&args, &logs),
        None => run::main(&cli.run, &logs),
    };
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
