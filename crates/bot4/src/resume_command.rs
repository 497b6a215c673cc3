//! `bot4 resume`: shows what stopped a pair, and lets it trade again by a person's word, which is a record like any other.

use crate::source::{Source, Usage};
use crate::{journal_view, out, when, wiring};
use anyhow::Context;
use clap::Args;
use domain::record::{Record, SCHEMA};
use domain::{Pair, Wall};
use journal::{Journal, OpenError, Options};
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// Names the program in what it writes.
const BUILD: &str = concat!("bot4 ", env!("CARGO_PKG_VERSION"), " resume");

/// What the command line asked for.
#[derive(Clone, Debug, Args)]
pub(crate) struct ResumeArgs {
    /// Pair to let trade again; without it and without --all, shows what is stopped.
    #[arg(value_name = "PAIR", conflicts_with = "all")]
    pair: Option<String>,
    /// Everything that is stopped, also what belongs to no pair.
    #[arg(long)]
    all: bool,
    /// The evidence has been looked at and explained.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    source: Source,
}

/// What stopped a pair, or with `None` everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stopped {
    pub(crate) pair: Option<Pair>,
    pub(crate) since: Wall,
    pub(crate) venue: String,
    pub(crate) evidence: String,
}

impl Stopped {
    /// `ETH-USD`, or words for all of them.
    pub(crate) fn name(&self) -> String {
        self.pair.map_or_else(|| "all pairs".to_owned(), |p| p.to_string())
    }

    /// In one line, with its evidence.
    pub(crate) fn line(&self) -> String {
        format!("{} since {} UTC, by {}: {}", self.name(), when::second(self.since), self.venue, self.evidence)
    }
}

/// What is stopped, folded from records one by one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stops(BTreeMap<Option<Pair>, Stopped>);

impl Stops {
    /// Folds one record in.
    pub(crate) fn fold(&mut self, record: &Record) {
        match record {
            Record::Mismatch { at, venue, pair, evidence } => {
                let stopped = Stopped { pair: *pair, since: *at, venue: venue.to_string(), evidence: evidence.clone() };
                self.0.entry(*pair).or_insert(stopped);
            }
            Record::Resumed { pair, .. } => {
                self.0.remove(pair);
            }
            _ => {}
        }
    }

    /// What is stopped, all pairs first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Stopped> {
        self.0.values()
    }
}

/// Runs the command and gives the exit code.
pub(crate) fn run(args: &ResumeArgs, json: bool) -> u8 {
    out::end(resume(args, json))
}

fn resume(args: &ResumeArgs, json: bool) -> anyhow::Result<String> {
    let folder = journal_view::folder(&args.source)?;
    let mut stops = Stops::default();
    journal_view::each(&folder, |record| stops.fold(&record))?;
    let chosen = chosen(args, &stops)?;
    if args.yes && (args.pair.is_some() || args.all) && !chosen.is_empty() {
        append(&folder, &chosen)?;
        return Ok(told(&chosen, true, json));
    }
    if args.yes && !chosen.is_empty() {
        return Err(Usage("--yes needs a pair, or --all".to_owned()).into());
    }
    Ok(told(&chosen, false, json))
}

fn chosen<'a>(args: &ResumeArgs, stops: &'a Stops) -> anyhow::Result<Vec<&'a Stopped>> {
    let Some(name) = &args.pair else { return Ok(stops.iter().collect()) };
    let found: Vec<&Stopped> = stops.iter().filter(|s| s.pair.is_some_and(|p| p.as_str().eq_ignore_ascii_case(name))).collect();
    if found.is_empty() {
        let names: Vec<String> = stops.iter().map(Stopped::name).collect();
        let others = if names.is_empty() { "nothing is".to_owned() } else { format!("stopped: {}", names.join(", ")) };
        anyhow::bail!("{name} is not stopped; {others}");
    }
    Ok(found)
}

fn told(chosen: &[&Stopped], resumed: bool, json: bool) -> String {
    if json {
        let list = chosen.iter().map(|s| json!({"pair": s.pair.map(|p| p.to_string()), "since": when::full(s.since), "venue": s.venue, "evidence": s.evidence}));
        return json!({"resumed": resumed, "stopped": list.collect::<Vec<_>>()}).to_string();
    }
    if chosen.is_empty() {
        return "Nothing is stopped.".to_owned();
    }
    let mut text = String::new();
    for stopped in chosen {
        let _ = writeln!(text, "{}", stopped.line()); // a String takes everything
    }
    if resumed {
        text.push_str("\nResumed: trades again from the next start on. What is still there stops it again.\n");
    } else {
        let what = match chosen {
            [one] => one.pair.map_or_else(|| "--all".to_owned(), |p| p.to_string()),
            _ => "PAIR (or --all)".to_owned(),
        };
        let _ = writeln!(
            text,
            "\nLook at both venues first: a position that no round explains stays where it is. Then stop the bot, and\n  bot4 resume {what} --yes"
        );
    }
    text
}

/// Appends the records, where no bot is writing.
fn append(folder: &Path, chosen: &[&Stopped]) -> anyhow::Result<()> {
    let clock = || wiring::clock().now().wall;
    let opened = Journal::open(folder, journal_view::identity(folder)?, BUILD, Options::new(clock)).map_err(|e| match e {
        OpenError::Locked { holder, .. } => anyhow::anyhow!(
            "the bot is running (process {holder}) and holds its journal: stop it (Ctrl+C, or `kill {holder}`), resume, and start it again; open positions stay hedged with `on_stop: leave`"
        ),
        other => anyhow::Error::from(other).context("the journal cannot be written"),
    })?;
    let mut journal = opened.journal;
    for stopped in chosen {
        let record = Record::Resumed { at: clock(), pair: stopped.pair };
        let body = serde_json::to_vec(&record).context("the record")?;
        journal.append(record.kind(), SCHEMA, &body).context("the record was not taken")?;
    }
    journal.wait_synced().context("the record is not on the disk")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;
    use domain::VenueId;

    #[test]
    fn a_stop_lasts_from_its_first_evidence_until_a_person_resumes_exactly_that() {
        let (eth, btc): (Pair, Pair) = ("ETH-USD".parse().unwrap(), "BTC-USD".parse().unwrap());
        let stop = |at, pair, evidence: &str| Record::Mismatch {
            at: Wall(at),
            venue: VenueId::new("vest"),
            pair,
            evidence: evidence.to_owned(),
        };
        let mut stops = Stops::default();
        let names = |s: &Stops| s.iter().map(Stopped::name).collect::<Vec<_>>();
        stops.fold(&stop(1, Some(eth), "first"));
        stops.fold(&stop(2, Some(eth), "again, from a snapshot"));
        stops.fold(&stop(3, None, "somebody else's order"));
        assert_eq!(names(&stops), ["all pairs", "ETH-USD"]);
        assert_eq!(stops.iter().last().map(|s| (s.since, s.evidence.as_str())), Some((Wall(1), "first")));
        stops.fold(&Record::Resumed { at: Wall(4), pair: Some(btc) });
        stops.fold(&Record::Resumed { at: Wall(4), pair: Some(eth) });
        assert_eq!(names(&stops), ["all pairs"]);
        stops.fold(&Record::Resumed { at: Wall(5), pair: None });
        assert!(names(&stops).is_empty());
    }
}
