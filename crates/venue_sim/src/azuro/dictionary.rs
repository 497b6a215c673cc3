//! The vendor's dictionary of outcomes: which id means which side of which line (section 3). An extract of its version 3.0.28.

use super::board::line_text;
use crate::exchange::decimal;
use crate::sports::{Question, Sport};
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

/// The extract, as the vendor publishes it (`outcomes_core.json`).
#[derive(Debug, Deserialize)]
struct Extract {
    markets: BTreeMap<String, ExtractEntry>,
}

#[derive(Debug, Deserialize)]
struct ExtractEntry {
    name: String,
    /// Side and point by outcome id.
    outcomes: BTreeMap<String, (String, Option<String>)>,
}

/// One market key.
#[derive(Debug)]
struct Entry {
    name: String,
    /// Outcome id by side and line (hundredths). Subscribers are told of hundreds of lines twice a second, so it is looked up, not
    /// searched for.
    ids: HashMap<(String, Option<i64>), u64>,
}

static DICTIONARY: LazyLock<HashMap<String, Entry>> = LazyLock::new(|| {
    let extract: Extract = serde_json::from_str(include_str!("outcomes_core.json")).expect("the extract is part of this crate");
    extract.markets.into_iter().map(|(key, entry)| (key, Entry::of(entry))).collect()
});

impl Entry {
    fn of(extract: ExtractEntry) -> Self {
        let mut ids = HashMap::new();
        for (id, (side, point)) in extract.outcomes {
            let line_e2 = match point.as_deref().map(decimal::read) {
                None => None,
                Some(Some(read)) => Some(read.e8 / (decimal::ONE / 100)),
                Some(None) => continue,
            };
            let Ok(id) = id.parse::<u64>() else { continue };
            // Where two say the same, the older number is the usual one.
            ids.entry((side, line_e2)).and_modify(|known| *known = id.min(*known)).or_insert(id);
        }
        Self { name: extract.name, ids }
    }
}

/// One outcome of a market line as the dictionary has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entered {
    pub id: u64,
    /// `1`, `X`, `Over`, `H1`, `Yes`.
    pub side: &'static str,
    /// The line for this side.
    pub point: Option<String>,
    /// What `sort` holds, padded (section 3).
    pub selection: u32,
}

/// A market line as the dictionary has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Market {
    pub id: u32,
    pub name: &'static str,
    pub outcomes: Vec<Entered>,
}

/// The market that asks this; `None` where the dictionary has no such line.
pub(super) fn market(sport: Sport, question: Question) -> Option<Market> {
    let (game, points, winner) = match sport {
        Sport::Soccer => ("1-1", "1-1", "1-1"),
        Sport::Basketball => ("76-76", "76-76", "76-76"),
        Sport::Tennis => ("1-87", "1-54", "1-87"),
    };
    let none = |side, selection| (side, None, selection);
    let at = |side, line_e2, selection| (side, Some(line_e2), selection);
    let (id, tail, sides) = match question {
        Question::Result => (1, game, vec![none("1", 1), none("X", 2), none("2", 3)]),
        Question::Winner => (19, winner, vec![none("1", 10_009), none("2", 10_010)]),
        Question::Total { line_e2 } => (4, points, vec![at("Over", line_e2, 9), at("Under", line_e2, 10)]),
        Question::Handicap { line_e2 } => (3, points, vec![at("H1", line_e2, 7), at("H2", -line_e2, 8)]),
        Question::BothScore => (9, game, vec![none("Yes", 180), none("No", 181)]),
    };
    let entry = DICTIONARY.get(&format!("{id}-{tail}"))?;
    let find = |(side, line_e2, selection): (&'static str, Option<i64>, u32)| {
        let id = *entry.ids.get(&(side.to_owned(), line_e2))?;
        Some(Entered { id, side, point: line_e2.map(line_text), selection })
    };
    let outcomes = sides.into_iter().map(find).collect::<Option<Vec<_>>>()?;
    Some(Market { id, name: &entry.name, outcomes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_answered_by_the_outcomes_the_vendor_numbered() {
        fn check(sport: Sport, question: Question, expect: Option<&[u64]>) {
            let ids = market(sport, question).map(|m| m.outcomes.iter().map(|o| o.id).collect::<Vec<_>>());
            assert_eq!(ids.as_deref(), expect, "{sport:?} {question:?}");
        }
        check(Sport::Soccer, Question::Result, Some(&[29, 30, 31]));
        check(Sport::Soccer, Question::Total { line_e2: 350 }, Some(&[25, 26]));
        check(Sport::Soccer, Question::Handicap { line_e2: -350 }, Some(&[5, 6]));
        check(Sport::Soccer, Question::BothScore, Some(&[1, 2]));
        check(Sport::Basketball, Question::Winner, Some(&[6983, 6984]));
        check(Sport::Tennis, Question::Winner, Some(&[7047, 7048]));
        check(Sport::Tennis, Question::Total { line_e2: 1950 }, Some(&[327, 328]));
        check(Sport::Soccer, Question::Total { line_e2: 9950 }, None);
    }
}
