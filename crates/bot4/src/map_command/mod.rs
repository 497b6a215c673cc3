//! `bot4 map`: proposes which events of SX Bet and Azuro are the same, and checks what a person has written about it. Reads only; what it
//! writes is a file of proposals, never the mapping.

mod listed;
mod propose;
mod review;
#[cfg(test)]
mod tests;

use crate::bets_wiring::SxKeys;
use crate::cli::{FAILED, OK};
use crate::config::{Config, Mode};
use crate::mapping_file::MappingLoaded;
use crate::out;
use crate::source::{Source, Usage};
use anyhow::Context;
use clap::{Args, Subcommand};
use listed::Listed;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What the command line asked for.
#[derive(Clone, Debug, Args)]
pub(crate) struct MapArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    /// Show which events of both venues look the same, with a score and its reasons.
    Propose(ProposeArgs),
    /// Say whether the mapping is right; with listings, what it confirms, what it has too much, and what the venues contradict.
    #[command(after_help = "Exit codes: 0 right, 1 the venues contradict it, 2 wrong command line, configuration or mapping.")]
    Check(ReviewArgs),
}

/// Where listings and mapping come from.
#[derive(Clone, Debug, Args)]
struct Common {
    /// Listings of both venues from a file, one JSON object per line, as --save writes them.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The mapping; without it as the configuration says, else config/mapping.yml.
    #[arg(long, value_name = "FILE")]
    mapping: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

#[derive(Clone, Debug, Args)]
struct ProposeArgs {
    #[command(flatten)]
    common: Common,
    /// Write what could be copied into the mapping into a new file.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the listings that were read into a new file.
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    save: Option<PathBuf>,
    /// Pairs that are confirmed already, too.
    #[arg(long)]
    all: bool,
}

#[derive(Clone, Debug, Args)]
struct ReviewArgs {
    #[command(flatten)]
    common: Common,
    /// Ask both venues what they list now.
    #[arg(long, conflicts_with = "from")]
    venues: bool,
}

/// Runs the command and gives the exit code.
pub(crate) fn run(args: &MapArgs, json: bool) -> u8 {
    let done = match &args.what {
        What::Propose(args) => propose(args, json).map(|text| (text, OK)),
        What::Check(args) => review(args, json),
    };
    match done {
        Ok((text, code)) => {
            out::say(&text);
            code
        }
        Err(e) => out::failed(&e),
    }
}

/// Where everything is.
struct Plan {
    config: Config,
    keys: Option<SxKeys>,
    demo: bool,
    mapping: PathBuf,
}

/// With neither a configuration nor a credential the simulated venues are meant, as for `bot4 quotes`.
fn plan(common: &Common) -> anyhow::Result<Plan> {
    let (environment, config) = common.source.load_for_bets()?;
    let demo = config.file.mode == Mode::Demo;
    let keys = SxKeys::fitting(&config, &environment)?;
    let mapping = common.mapping.clone().unwrap_or_else(|| config.file.bets.mapping.clone());
    Ok(Plan { config, keys, demo, mapping })
}

/// A mapping that was asked for by name has to be there; the one that may be there has not.
fn mapping(common: &Common, plan: &Plan) -> anyhow::Result<MappingLoaded> {
    if common.mapping.is_some() { MappingLoaded::read(&plan.mapping) } else { MappingLoaded::read_if_present(&plan.mapping) }
}

fn listed(common: &Common, plan: &Plan) -> anyhow::Result<Listed> {
    match &common.from {
        Some(file) => Listed::read(file),
        None => Listed::ask(&plan.config, plan.keys.as_ref(), plan.demo),
    }
}

fn propose(args: &ProposeArgs, json: bool) -> anyhow::Result<String> {
    let plan = plan(&args.common)?;
    let mapping = mapping(&args.common, &plan)?;
    for file in [&args.out, &args.save].into_iter().flatten() {
        refuse_existing(file)?;
        if *file == plan.mapping {
            return Err(Usage(format!("{} is the mapping, which is yours alone: name another file", file.display())).into());
        }
    }
    let listed = listed(&args.common, &plan)?;
    if let Some(file) = &args.save {
        write_new(file, &listed.lines()?)?;
    }
    let proposals = propose::Proposals::of(&listed, &mapping.mapping);
    if let Some(file) = &args.out {
        write_new(file, &proposals.yaml())?;
    }
    let mut text = if json { return Ok(proposals.json(args.all)) } else { proposals.table(args.all) };
    for (file, what) in [(&args.out, "proposals to be copied from"), (&args.save, "listings")] {
        if let Some(file) = file {
            text.push_str(&format!("wrote {}: {what}\n", file.display()));
        }
    }
    Ok(text)
}

fn review(args: &ReviewArgs, json: bool) -> anyhow::Result<(String, u8)> {
    let plan = plan(&args.common)?;
    let mapping = MappingLoaded::read(&plan.mapping)?;
    let listed = if args.venues || args.common.from.is_some() { Some(listed(&args.common, &plan)?) } else { None };
    let review = review::Review::of(&plan.mapping, &mapping, listed.as_ref());
    let code = if review.is_contradicted() { FAILED } else { OK };
    Ok((if json { review.json() } else { review.text() }, code))
}

fn refuse_existing(file: &Path) -> Result<(), Usage> {
    if file.exists() {
        return Err(Usage(format!("{} is there already, and no file is overwritten: name another one", file.display())));
    }
    Ok(())
}

/// Into a file that is not there yet.
fn write_new(file: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("{} cannot be written", file.display());
    let mut new = std::fs::File::create_new(file).with_context(cannot)?;
    new.write_all(text.as_bytes()).with_context(cannot)
}
