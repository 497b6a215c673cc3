//! What an outcome's number says: its market, its side and its line.
//!
//! Source: spec section 3, the venue's own dictionary. `outcomes_core.txt` beside this file is an extract of it: one market key per
//! line, then `number:side` or `number:side=point` for each of its outcomes; a test holds it to the extract as published. Read once,
//! when the first listing is made; never on the path of a quote.

use domain::{Line, Outcome};
use std::sync::LazyLock;

/// The venue's key of a market: its number, the period, what is counted, and for totals of one side which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarketKey {
    /// The venue's `marketId`.
    pub market: u32,
    /// The venue's `gamePeriodId`.
    pub period: u32,
    /// The venue's `gameTypeId`: what is counted.
    pub unit: u32,
    /// The venue's `teamPlayerId`, where the key has one.
    pub team: Option<u32>,
}

impl MarketKey {
    /// Reads `3-1-54` or `7-1-1-2`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-').map(|part| part.parse().ok());
        let key =
            Self { market: parts.next()??, period: parts.next()??, unit: parts.next()??, team: parts.next().unwrap_or(None) };
        parts.next().is_none().then_some(key)
    }
}

/// One side of a market, as the dictionary names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// `1`: the first participant.
    One,
    /// `X`: a draw.
    Draw,
    /// `2`: the second participant.
    Two,
    /// `1X`.
    OneOrDraw,
    /// `12`.
    OneOrTwo,
    /// `2X`.
    TwoOrDraw,
    /// `H1`: the first participant with its line.
    Handicap1,
    /// `H2`: the second participant with its line.
    Handicap2,
    /// `Over`.
    Over,
    /// `Under`.
    Under,
    /// `Yes`.
    Yes,
    /// `No`.
    No,
    /// `Even`.
    Even,
    /// `Odd`.
    Odd,
}

impl Side {
    /// By the dictionary's word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "1" => Self::One,
            "X" => Self::Draw,
            "2" => Self::Two,
            "1X" => Self::OneOrDraw,
            "12" => Self::OneOrTwo,
            "2X" => Self::TwoOrDraw,
            "H1" => Self::Handicap1,
            "H2" => Self::Handicap2,
            "Over" => Self::Over,
            "Under" => Self::Under,
            "Yes" => Self::Yes,
            "No" => Self::No,
            "Even" => Self::Even,
            "Odd" => Self::Odd,
            _ => return None,
        })
    }
}

/// What the dictionary says about one outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The outcome's number.
    pub outcome: Outcome,
    /// Its market.
    pub key: MarketKey,
    /// Its side.
    pub side: Side,
    /// Its line: in a handicap the two sides carry opposite signs.
    pub line: Option<Line>,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    read(include_str!("outcomes_core.txt")).expect("the file beside this one, which a test holds to its source")
});

/// What the dictionary says about an outcome; `None` for those outside the extract.
pub fn entry(outcome: Outcome) -> Option<&'static Entry> {
    let place = ENTRIES.binary_search_by_key(&outcome, |entry| entry.outcome).ok()?;
    ENTRIES.get(place)
}

/// Sorted by outcome.
fn read(text: &str) -> Option<Vec<Entry>> {
    let mut all = Vec::new();
    for line in text.lines() {
        let mut words = line.split(' ');
        let key = MarketKey::parse(words.next()?)?;
        for word in words {
            let (number, rest) = word.split_once(':')?;
            let (side, point) = rest.split_once('=').map_or((rest, None), |(side, point)| (side, Some(point)));
            let line = match point {
                Some(point) => Some(Line::parse(point)?),
                None => None,
            };
            all.push(Entry { outcome: Outcome(number.parse().ok()?), key, side: Side::parse(side)?, line });
        }
    }
    all.sort_unstable_by_key(|entry| entry.outcome);
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_compact_dictionary_says_what_the_published_extract_says() {
        let file: Value = serde_json::from_str(include_str!("../../testdata/azuro/outcomes_core.json")).expect("a fixture");
        let mut count = 0;
        for (key, market) in file["markets"].as_object().expect("markets") {
            let key = MarketKey::parse(key).expect("a key");
            for (number, row) in market["outcomes"].as_object().expect("outcomes") {
                let entry = entry(Outcome(number.parse().expect("a number"))).expect("in the table");
                assert_eq!((entry.key, Some(entry.side)), (key, row[0].as_str().and_then(Side::parse)), "{number}");
                assert_eq!(entry.line, row[1].as_str().map(|point| Line::parse(point).expect("a line")), "{number}");
                count += 1;
            }
        }
        assert_eq!((count, ENTRIES.len()), (4_066, 4_066));
        assert!(ENTRIES.windows(2).all(|pair| pair[0].outcome < pair[1].outcome), "one meaning per outcome");
        assert_eq!(entry(Outcome(9_517)), None, "the first set is not in the extract");
    }

    #[test]
    fn a_key_is_three_or_four_numbers() {
        let check = |text: &str, expect: Option<(u32, u32, u32, Option<u32>)>| {
            assert_eq!(MarketKey::parse(text).map(|k| (k.market, k.period, k.unit, k.team)), expect, "{text}");
        };
        check("19-1-87", Some((19, 1, 87, None)));
        check("7-1-1-2", Some((7, 1, 1, Some(2))));
        check("7-1", None);
        check("7-1-1-2-3", None);
        check("x-1-1", None);
        assert!(read("1-1-1 29:?").is_none() && read("1-1-1 x:1").is_none() && read("3-1-1 3:H1=a").is_none());
    }
}
