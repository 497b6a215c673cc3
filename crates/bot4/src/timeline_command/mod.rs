//! `bot4 timeline`: a round rebuilt from the journal alone, beside a running bot or after it.
//!
//! Folds nothing and judges nothing: it shows what was recorded, when, in microseconds from the frame that showed the
//! opportunity. [`round`] gathers, [`plot`] draws both legs on one axis, [`table`] lists the last rounds.

mod plot;
mod round;
mod show;
mod table;

use crate::source::{Source, Usage};
use crate::{journal_view, out};
use clap::Args;
use domain::RoundId;
use domain::record::Record;
use round::Story;

pub(crate) use table::Rounds;

/// What the command line asked for.
#[derive(Clone, Debug, Args)]
pub(crate) struct TimelineArgs {
    /// Round to show, such as 3-12; without it, the last rounds.
    #[arg(value_name = "ROUND")]
    round: Option<String>,
    /// How many of the last rounds to list.
    #[arg(long, value_name = "N", default_value_t = 20)]
    last: usize,
    #[command(flatten)]
    source: Source,
}

/// Runs the command and gives the exit code.
pub(crate) fn run(args: &TimelineArgs, json: bool) -> u8 {
    out::end(timeline(args, json))
}

fn timeline(args: &TimelineArgs, json: bool) -> anyhow::Result<String> {
    let wanted = args.round.as_deref().map(parse).transpose()?;
    let folder = journal_view::folder(&args.source)?;
    let mut rounds = Rounds::default();
    let mut records = Vec::new();
    let gaps = journal_view::each(&folder, |record| {
        rounds.take(&record);
        if wanted.is_some() && round_of(&record) == wanted {
            records.push(record);
        }
    })?;
    let Some(wanted) = wanted else {
        return Ok(if json { rounds.json(args.last) } else { with(rounds.text(args.last), &gaps) });
    };
    match Story::of(&records) {
        Some(story) if json => Ok(show::json(&story)),
        Some(story) => Ok(with(show::text(&story), &gaps)),
        None => Err(Usage(unknown(wanted, &rounds)).into()),
    }
}

/// The round a record tells about, measurements included.
fn round_of(record: &Record) -> Option<RoundId> {
    match record {
        Record::Timed { order, .. } => Some(order.round),
        other => other.round(),
    }
}

/// `3-12`.
fn parse(text: &str) -> Result<RoundId, Usage> {
    let parts = text.split_once('-').and_then(|(epoch, seq)| Some((epoch.parse().ok()?, seq.parse().ok()?)));
    parts
        .map(|(epoch, seq)| RoundId { epoch, seq })
        .ok_or_else(|| Usage(format!("{text:?} is no round: write its id such as 3-12; `bot4 timeline` lists the last ones")))
}

fn unknown(wanted: RoundId, rounds: &Rounds) -> String {
    let near: Vec<String> = rounds.nearest(wanted, 5).iter().map(ToString::to_string).collect();
    let known = if near.is_empty() { "it holds no round".to_owned() } else { format!("the nearest are {}", near.join(", ")) };
    format!("the journal knows no round {wanted}; {known}")
}

fn with(mut text: String, gaps: &[String]) -> String {
    for gap in gaps {
        text.push_str("\nwarning: ");
        text.push_str(gap);
        text.push('\n');
    }
    text
}
