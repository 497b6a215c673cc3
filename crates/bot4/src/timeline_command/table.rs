//! The last rounds, one line each.

use crate::{out, when};
use domain::record::{Outcome, Record};
use domain::{Pair, Rate, RoundId, Size, Wall};
use serde_json::json;
use std::collections::BTreeMap;

/// What a line says.
#[derive(Clone, Debug)]
struct Brief {
    pair: Pair,
    long: String,
    short: String,
    size: Size,
    spread: Rate,
    at: Wall,
    ended: Option<(Wall, Outcome)>,
}

/// Every round the journal knows, in the order of their ids, which is that of their opening.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rounds(BTreeMap<RoundId, Brief>);

impl Rounds {
    /// Folds one record in.
    pub(crate) fn take(&mut self, record: &Record) {
        match record {
            Record::Opened { plan, .. } => {
                let [long, short] = plan.legs.map(|l| l.venue.to_string());
                let (pair, size, spread, at) = (plan.pair, plan.size, plan.spread, plan.at);
                self.0.insert(plan.id, Brief { pair, long, short, size, spread, at, ended: None });
            }
            Record::Ended { at, round, outcome, .. } => {
                if let Some(brief) = self.0.get_mut(round) {
                    brief.ended = Some((*at, *outcome));
                }
            }
            // A fill that came late opens it again.
            Record::Intended { round, .. } => {
                if let Some(brief) = self.0.get_mut(round) {
                    brief.ended = None;
                }
            }
            _ => {}
        }
    }

    /// The ids nearest to one that is not there.
    pub(crate) fn nearest(&self, wanted: RoundId, most: usize) -> Vec<RoundId> {
        let mut ids: Vec<RoundId> = self.0.keys().copied().collect();
        ids.sort_by_key(|id| (id.epoch.abs_diff(wanted.epoch), id.seq.abs_diff(wanted.seq)));
        ids.truncate(most);
        ids.sort_unstable();
        ids
    }

    /// Rounds under way within so many microseconds of a moment, of one pair or of all, as lines of [`Self::text`] without a
    /// head: the `most` that were opened nearest to it, and how many there are.
    pub(crate) fn around(&self, moment: Wall, within_us: i64, pair: Option<Pair>, most: usize) -> (Vec<String>, usize) {
        let (from, to) = (Wall(moment.0.saturating_sub(within_us)), Wall(moment.0.saturating_add(within_us)));
        let inside = |b: &Brief| pair.is_none_or(|p| p == b.pair) && b.at <= to && b.ended.is_none_or(|(at, _)| at >= from);
        let mut found: Vec<(&RoundId, &Brief)> = self.0.iter().filter(|(_, b)| inside(b)).collect();
        let all = found.len();
        found.sort_by_key(|(_, b)| b.at.0.abs_diff(moment.0));
        found.truncate(most);
        found.sort_by_key(|(id, _)| **id);
        let rows: Vec<_> = found.into_iter().map(row).collect();
        (out::columns(&rows).lines().map(str::to_owned).collect(), all)
    }

    /// A table of the last ones, oldest first.
    pub(crate) fn text(&self, last: usize) -> String {
        if self.0.is_empty() {
            return "The journal holds no round yet; `bot4 explain` says why.\n".to_owned();
        }
        let head = ["round", "opened (UTC)", "pair", "long", "short", "size", "spread", "ending", "net USD", "uncovered", "took"];
        let rows = std::iter::once(head.map(str::to_owned)).chain(self.0.iter().skip(self.0.len().saturating_sub(last)).map(row));
        let mut text = out::columns(&rows.collect::<Vec<_>>());
        text.push_str("\n`bot4 timeline ROUND` tells one of them.\n");
        text
    }

    /// The same as JSON.
    pub(crate) fn json(&self, last: usize) -> String {
        let list = self.0.iter().skip(self.0.len().saturating_sub(last)).map(|(id, b)| {
            json!({
                "round": id.to_string(), "opened_at": when::full(b.at), "pair": b.pair.to_string(), "long": b.long, "short": b.short,
                "size": b.size.to_string(), "spread": b.spread.to_string(),
                "ending": b.ended.map(|(_, o)| o.ending.word()), "net": b.ended.map(|(_, o)| o.net.to_string()),
                "uncovered_ms": b.ended.map(|(_, o)| o.uncovered_ms), "ended_at": b.ended.map(|(at, _)| when::full(at)),
            })
        });
        serde_json::Value::Array(list.collect()).to_string()
    }
}

fn row((id, b): (&RoundId, &Brief)) -> [String; 11] {
    let took = |at: Wall| {
        let ms = at.0.saturating_sub(b.at.0) / 1_000;
        format!("{}.{} s", ms / 1_000, ms / 100 % 10)
    };
    let (ending, net, uncovered, took) = match b.ended {
        Some((at, o)) => (o.ending.to_string(), o.net.to_string(), format!("{} ms", o.uncovered_ms), took(at)),
        None => ("open".to_owned(), String::new(), String::new(), String::new()),
    };
    let (opened, spread) = (when::second(b.at), format!("{}%", b.spread));
    [
        id.to_string(),
        opened,
        b.pair.to_string(),
        b.long.clone(),
        b.short.clone(),
        b.size.to_string(),
        spread,
        ending,
        net,
        uncovered,
        took,
    ]
}
