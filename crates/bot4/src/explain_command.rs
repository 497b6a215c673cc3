//! `bot4 explain`: why it did or did not trade at a moment, from what the bot wrote down while it looked: the nearest miss
//! in either direction of every pair, what bound it, what was stopped and by which evidence, and the rounds around.

use crate::resume_command::{Stopped, Stops};
use crate::source::{Source, Usage};
use crate::timeline_command::Rounds;
use crate::{journal_view, out, when, wiring};
use clap::Args;
use domain::names::SkipReason;
use domain::record::{Decision, Record, Sighting};
use domain::{Pair, RoundId, VenueId, Wall};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Rounds and mismatches so far from the moment are told with it, µs.
const AROUND_US: i64 = 5 * 60 * 1_000_000;

/// Rounds that are told with a moment; `bot4 timeline` lists more.
const ROUNDS_MOST: usize = 8;

/// What was last looked at so long before the last look of all is not looked at any more, µs.
const FORGOTTEN_US: i64 = 60 * 60 * 1_000_000;

/// What the command line asked for.
#[derive(Clone, Debug, Args)]
pub(crate) struct ExplainArgs {
    /// When, in UTC: 2026-11-21T10:00:00Z, 10:00 or -5m; without it, now.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    at: Option<String>,
    /// One pair alone.
    #[arg(long, value_name = "PAIR")]
    pair: Option<String>,
    #[command(flatten)]
    source: Source,
}

/// Runs the command and gives the exit code.
pub(crate) fn run(args: &ExplainArgs, json: bool) -> u8 {
    out::end(explain(args, json))
}

fn explain(args: &ExplainArgs, json: bool) -> anyhow::Result<String> {
    let now = wiring::clock().now().wall;
    let at = args.at.as_deref().map(|text| when::parse(text, now)).transpose().map_err(Usage)?;
    let folder = journal_view::folder(&args.source)?;
    let mut seen = Seen::new(at.unwrap_or(now));
    let gaps = journal_view::each(&folder, |record| seen.take(&record))?;
    seen.forget_old();
    if let Some(wanted) = &args.pair {
        seen.only(wanted)?;
    }
    let mut text = if json { return Ok(seen.json()) } else { seen.text(at.is_none()) };
    for gap in gaps {
        let _ = writeln!(text, "\nwarning: {gap}"); // a String takes everything
    }
    Ok(text)
}

/// Which way round a pair is looked at.
type Direction = (Pair, VenueId, VenueId);

/// What the journal says about a moment.
struct Seen {
    at: Wall,
    /// The sighting that covers the moment, or the last one before it; with the time it was written.
    sightings: BTreeMap<Direction, (Wall, Sighting)>,
    /// Stopped at the moment.
    stops: Stops,
    /// Rounds that waited for a person at the moment.
    stuck: BTreeMap<RoundId, String>,
    rounds: Rounds,
    /// Mismatches and what was resumed around the moment, told.
    around: Vec<String>,
    /// First and last record.
    span: Option<(Wall, Wall)>,
    /// Starts up to the moment: the last one, and how many.
    started: Option<Wall>,
    only: Option<Pair>,
}

impl Seen {
    fn new(at: Wall) -> Self {
        Self {
            at,
            sightings: BTreeMap::new(),
            stops: Stops::default(),
            stuck: BTreeMap::new(),
            rounds: Rounds::default(),
            around: Vec::new(),
            span: None,
            started: None,
            only: None,
        }
    }

    fn take(&mut self, record: &Record) {
        let written = record.at();
        self.span = Some(self.span.map_or((written, written), |(first, last)| (first.min(written), last.max(written))));
        self.rounds.take(record);
        if let Record::Watched { sightings, .. } = record {
            sightings.iter().for_each(|s| self.sight(written, s));
        }
        if (written.0 - self.at.0).abs() <= AROUND_US {
            match record {
                Record::Mismatch { venue, pair, evidence, .. } => {
                    let what = pair.map_or_else(|| "all pairs".to_owned(), |p| p.to_string());
                    self.around.push(format!("{} UTC  {venue} stopped {what}: {evidence}", when::second(written)));
                }
                Record::Resumed { pair, .. } => {
                    let what = pair.map_or_else(|| "what belongs to no pair".to_owned(), |p| p.to_string());
                    self.around.push(format!("{} UTC  a person resumed {what}", when::second(written)));
                }
                Record::Started { epoch, .. } => {
                    self.around.push(format!("{} UTC  the bot started (epoch {epoch})", when::second(written)));
                }
                _ => {}
            }
        }
        if written > self.at {
            return;
        }
        self.stops.fold(record);
        match record {
            Record::Started { .. } => self.started = Some(written),
            Record::Decided { round, decision: Decision::Stuck { exposure }, .. } => {
                self.stuck.insert(*round, exposure.clone());
            }
            Record::Decided { round, decision: Decision::Unstuck, .. } | Record::Ended { round, .. } => {
                self.stuck.remove(round);
            }
            _ => {}
        }
    }

    /// Keeps the sighting that covers the moment, else the last before it.
    fn sight(&mut self, written: Wall, sighting: &Sighting) {
        if sighting.since > self.at {
            return;
        }
        self.sightings.insert((sighting.pair, sighting.long, sighting.short), (written, sighting.clone()));
    }

    /// A pair that is no longer looked at was so in an earlier configuration: it explains nothing.
    fn forget_old(&mut self) {
        let newest = self.sightings.values().map(|(written, _)| written.0).max().unwrap_or(0);
        self.sightings.retain(|_, (written, _)| newest - written.0 <= FORGOTTEN_US);
    }

    fn only(&mut self, wanted: &str) -> Result<(), Usage> {
        let pairs: Vec<Pair> =
            self.sightings.keys().map(|(pair, ..)| *pair).chain(self.stops.iter().filter_map(|s| s.pair)).collect();
        let found = pairs.iter().find(|p| p.as_str().eq_ignore_ascii_case(wanted));
        let Some(found) = found.copied() else {
            let mut names: Vec<String> = pairs.iter().map(ToString::to_string).collect();
            names.dedup();
            let known = if names.is_empty() {
                "none was looked at until then".to_owned()
            } else {
                format!("known: {}", names.join(", "))
            };
            return Err(Usage(format!("nothing is known of {wanted}; {known}")));
        };
        self.only = Some(found);
        self.sightings.retain(|(pair, ..), _| *pair == found);
        Ok(())
    }

    fn stopped(&self) -> Vec<&Stopped> {
        self.stops.iter().filter(|s| self.only.is_none() || s.pair.is_none() || s.pair == self.only).collect()
    }

    fn near_rounds(&self) -> (Vec<String>, usize) {
        self.rounds.around(self.at, AROUND_US, self.only, ROUNDS_MOST)
    }

    fn text(&self, is_now: bool) -> String {
        let mut text = String::new();
        let moment = if is_now { "now" } else { "at" };
        let _ = writeln!(text, "Why it did or did not trade, {moment} {} UTC", when::second(self.at)); // a String takes everything
        let _ = match self.span {
            None => writeln!(text, "The journal holds no record yet."),
            Some((first, _)) if self.at < first => {
                writeln!(text, "The journal begins at {} UTC, after that.", when::second(first))
            }
            Some((_, last)) => writeln!(text, "The journal's last record is from {} UTC.", when::second(last)),
        };
        let stopped = self.stopped();
        if !stopped.is_empty() || !self.stuck.is_empty() {
            text.push_str("\nStopped then\n");
        }
        for stop in stopped {
            let _ = writeln!(text, "  {}\n    `bot4 resume` lets it trade again, once it is explained", stop.line());
        }
        for (round, exposure) in &self.stuck {
            let _ = writeln!(
                text,
                "  round {round} waits for a person: {exposure}\n    `bot4 timeline {round}` tells how it came to that"
            );
        }
        for (written, sighting) in self.sightings.values() {
            text.push('\n');
            sighted(&mut text, *written, sighting);
        }
        if self.sightings.is_empty() && self.span.is_some() {
            text.push_str(
                "\nNothing seen was written down until then: it is summed up every `explain_period_s` seconds, unless that is 0.\n",
            );
        }
        let (rounds, all) = self.near_rounds();
        if !rounds.is_empty() {
            let more = if all > rounds.len() { format!(": the nearest of {all}") } else { String::new() };
            let _ = writeln!(text, "\nRounds within five minutes of it{more}");
            rounds.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
        }
        if !self.around.is_empty() {
            text.push_str("\nAlso within five minutes of it\n");
            self.around.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
        }
        text
    }

    fn json(&self) -> String {
        let sightings = self.sightings.values().map(|(written, s)| {
            json!({
                "pair": s.pair.to_string(), "long": s.long.to_string(), "short": s.short.to_string(),
                "since": when::full(s.since), "until": when::full(*written), "looks": s.looks, "best_at": when::full(s.best_at),
                "spread_percent": s.spread.map(|r| r.to_string()), "threshold_percent": s.threshold.to_string(),
                "edge_percent": s.edge.map(|r| r.to_string()), "edge_min_percent": s.edge_min.to_string(),
                "binding": s.binding.word(), "detail": s.detail,
                "skips": s.skips.iter().map(|(r, n)| (r.word().to_owned(), json!(n))).collect::<Value>(),
            })
        });
        let stopped = self.stopped().into_iter().map(|s| {
            json!({"pair": s.pair.map(|p| p.to_string()), "since": when::full(s.since), "venue": s.venue, "evidence": s.evidence})
        });
        let stuck = self.stuck.iter().map(|(round, exposure)| json!({"round": round.to_string(), "exposure": exposure}));
        json!({
            "at": when::full(self.at),
            "last_record": self.span.map(|(_, last)| when::full(last)),
            "started": self.started.map(when::full),
            "stopped": stopped.collect::<Vec<_>>(),
            "stuck": stuck.collect::<Vec<_>>(),
            "sightings": sightings.collect::<Vec<_>>(),
            "rounds": self.near_rounds().0,
            "around": self.around,
        })
        .to_string()
    }
}

/// One direction of a pair: the nearest miss, what bound it, and all the looks.
fn sighted(text: &mut String, written: Wall, s: &Sighting) {
    let _ = writeln!(
        text,
        "{}  long {}, short {}: {} looks from {} to {} UTC",
        s.pair,
        s.long,
        s.short,
        s.looks,
        when::second(s.since),
        when::clock(written)
    ); // a String takes everything
    let _ = match s.spread {
        None => writeln!(text, "  no spread was seen: there was no pair of books to trade on"),
        Some(spread) => {
            let short = s.threshold.e8().saturating_sub(spread.e8());
            let distance =
                if short > 0 { format!("{}% short of it", domain::Rate::from_e8(short)) } else { "it was enough".to_owned() };
            writeln!(text, "  best spread {spread}% at {} UTC, wanted {}%: {distance}", when::clock(s.best_at), s.threshold)
        }
    };
    if let Some(edge) = s.edge {
        let _ = writeln!(text, "  edge after all costs {edge}%, wanted {}%", s.edge_min);
    }
    let detail = if s.detail.is_empty() { String::new() } else { format!(" ({})", s.detail) };
    let _ = writeln!(text, "  not taken for {}: {}{detail}", s.binding, s.binding.meaning());
    let mut skips: Vec<&(SkipReason, u64)> = s.skips.iter().collect();
    skips.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    if !skips.is_empty() {
        let all: Vec<String> = skips.iter().map(|(reason, n)| format!("{reason} {n}")).collect();
        let _ = writeln!(text, "  all looks: {}", all.join(", "));
    }
}
