//! The command line: what can be asked for, and the exit code of each answer.

use crate::run::{self, RunOptions};
use crate::venue_sim_command::{self, SimOptions};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
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
    /// Log lines as JSON even on a terminal.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Trade (the default).
    Run(RunArgs),
    /// Run one simulated venue alone and print where it listens as one JSON line.
    VenueSim(SimArgs),
}

#[derive(Clone, Debug, Default, Args)]
struct RunArgs {
    /// Configuration file; `config.yaml` in the working directory if it is there.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// demo, paper or live; overrides the configuration.
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// In demo: venues inside this process, or those that the configuration names.
    #[arg(long, value_enum)]
    venues: Option<Venues>,
    /// Where journal and database lie; a temporary folder in demo.
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// What becomes of open positions at the end: leave or flatten.
    #[arg(long, value_name = "WHAT")]
    on_stop: Option<String>,
    /// Any setting of the configuration, `--set spread_entry=0.25`; may be given more than once.
    #[arg(long = "set", value_name = "NAME=VALUE")]
    settings: Vec<String>,
    /// In demo: which market is drawn.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Stop by itself after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    stop_after: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Venues {
    /// Simulated inside this process.
    Embedded,
    /// Simulators that run on their own.
    External,
}

#[derive(Clone, Debug, Args)]
struct SimArgs {
    /// Which venue.
    #[arg(value_parser = ["paradex", "vest"])]
    venue: String,
    /// Port to listen on; any free one by default.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Where to write the certificate that clients have to trust; a temporary file by default.
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
    /// Simulated round trip of the line, ms.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Which market is drawn; the same seed gives both venues the same world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Serve `/_sim/fault` to turn faults on and off.
    #[arg(long)]
    control: bool,
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
        Some(Command::VenueSim(args)) => venue_sim_command::run(&SimOptions {
            venue: args.venue,
            port: args.port,
            ca_out: args.ca_out,
            latency_ms: args.latency_ms,
            seed: args.seed,
            control: args.control,
        }),
        Some(Command::Run(args)) => run::main(&options(args), &logs),
        None => run::main(&options(cli.run), &logs),
    };
    ExitCode::from(code)
}

fn options(args: RunArgs) -> RunOptions {
    RunOptions {
        config: args.config,
        mode: args.mode,
        external: args.venues.map(|v| v == Venues::External),
        state: args.state,
        on_stop: args.on_stop,
        settings: args.settings,
        seed: args.seed,
        stop_after: args.stop_after,
    }
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
