//! Books: whole messages with a version, of which only a larger one replaces (spec sections 4, 6 and 11.1).

use crate::ladder::{Ladder, capacity, taker_probability};
use crate::parse::{Level, level};
use crate::wire::json::members;
use crate::wire::rest::LevelRow;
use domain::{MarketId, Odds, Stake};
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use std::fmt;

/// What became of a book message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It replaced what was there.
    Replaced,
    /// Its version is not larger: already seen, or older.
    Stale,
    /// It cannot be read: nothing changed.
    Unreadable,
}

/// The resting bets of one market, from their owners' side, best first.
#[derive(Clone, Debug, Default)]
pub struct Book {
    version: String,
    one: Vec<Level>,
    two: Vec<Level>,
    /// Read into first, so that a message that breaks off in the middle changes nothing.
    spare: [Vec<Level>; 2],
    valid: bool,
    /// Levels were taken since they were last lost.
    known: bool,
}

/// What can be had on one outcome, best level only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Best {
    /// Own implied probability to put into the order, at 1e-20.
    pub p: u128,
    /// The same as odds.
    pub odds: Odds,
    /// The stake that uses it up.
    pub size: Stake,
}

impl Book {
    /// Takes a message for `market`. The buffers are reused: no allocation once they have grown.
    pub fn take(&mut self, market: MarketId, text: &str) -> Taken {
        let Some((version, sides)) = read(market, text) else { return Taken::Unreadable };
        // A book that was lost is not known by its version any more, yet no older one may take its place.
        if version < self.version.as_str() || (self.valid && version == self.version) {
            return Taken::Stale;
        }
        for (raw, levels) in sides.into_iter().zip(&mut self.spare) {
            levels.clear();
            let mut reader = serde_json::Deserializer::from_str(raw);
            if LevelsInto(levels).deserialize(&mut reader).is_err() || reader.end().is_err() {
                return Taken::Unreadable;
            }
        }
        let [one, two] = &mut self.spare;
        std::mem::swap(&mut self.one, one);
        std::mem::swap(&mut self.two, two);
        self.version.clear();
        self.version.push_str(version);
        (self.valid, self.known) = (true, true);
        Taken::Replaced
    }

    /// The connection is gone: the levels are kept, but are nobody's word until [`Self::resume`].
    pub const fn suspend(&mut self) {
        self.valid = false;
    }
    /// The venue closed the gap since [`Self::suspend`]: what was there still is, unless it was lost.
    pub const fn resume(&mut self) {
        self.valid = self.known;
    }
    /// Loses the levels: what they were is not known any more. The version stays, so that nothing older comes back.
    pub fn lose(&mut self) {
        (self.valid, self.known) = (false, false);
        self.one.clear();
        self.two.clear();
    }

    /// Whether the levels are the venue's last word.
    pub const fn is_valid(&self) -> bool {
        self.valid
    }
    /// The version of the levels, while they are the venue's last word.
    pub fn version(&self) -> Option<&str> {
        self.valid.then_some(self.version.as_str())
    }

    /// What who bets on outcome one (or two) can have now: the best level of the *other* outcome, turned round. Levels off the
    /// ladder cannot be asked for and are passed over.
    pub fn best(&self, outcome_one: bool, ladder: Ladder) -> Option<Best> {
        if !self.valid {
            return None;
        }
        let levels = if outcome_one { &self.two } else { &self.one };
        let reachable = levels.iter().filter(|l| l.size > 0 && taker_probability(l.p).is_some_and(|p| ladder.contains(p)));
        best_of(*reachable.max_by_key(|level| level.p)?)
    }
}

fn inner(value: &str) -> Option<&str> {
    value.strip_prefix('"')?.strip_suffix('"')
}

/// Version and both sides of a message for this market.
fn read(market: MarketId, text: &str) -> Option<(&str, [&str; 2])> {
    let [id, version, one, two] = members(text, ["marketHash", "version", "outcomeOne", "outcomeTwo"])?;
    (inner(id?)?.parse() == Ok(market)).then_some(())?;
    // Fixed-width digits in fact; anything that compares as text is let pass.
    let version = inner(version?).filter(|version| !version.is_empty() && !version.contains('\\'))?;
    Some((version, [one?, two?]))
}

/// The level as its taker has it.
pub fn best_of(level: Level) -> Option<Best> {
    let p = taker_probability(level.p)?;
    let size = capacity(level.size, level.p).filter(|size| *size > 0)?;
    Some(Best { p, odds: Odds::from_probability_e20(p)?, size: Stake::from_e6(size) })
}

struct LevelsInto<'v>(&'v mut Vec<Level>);

impl<'de> DeserializeSeed<'de> for LevelsInto<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_seq(self)
    }
}
impl<'de> Visitor<'de> for LevelsInto<'_> {
    type Value = ();
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of levels")
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<LevelRow<'de>>()? {
            self.0.push(level(&row).ok_or_else(|| serde::de::Error::custom("a level that is none"))?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MARKET: MarketId = MarketId([0x22; 32]);

    fn message(version: &str, one: &str, two: &str) -> String {
        format!(r#"{{"marketHash":"{MARKET}","version":"{version}","outcomeOne":[{one}],"outcomeTwo":[{two}]}}"#)
    }
    fn row(p: &str, size: &str) -> String {
        format!(r#"{{"percentageOdds":"{p}","size":"{size}"}}"#)
    }

    #[test]
    fn only_a_larger_version_replaces_and_an_unreadable_message_changes_nothing() {
        let mut book = Book::default();
        let level = row("40000000000000000000", "4000000");
        let mut check = |text: &str, expect: Taken| assert_eq!(book.take(MARKET, text), expect, "{text}");
        check(&message("00100000000000010015000", &level, ""), Taken::Replaced);
        check(&message("00100000000000010015000", "", ""), Taken::Stale);
        check(&message("00099999999999999999999", "", ""), Taken::Stale);
        check(&message("00100000000000010015001", "{}", ""), Taken::Unreadable);
        check(&message("00100000000000010015001", &row("0", "1"), ""), Taken::Unreadable);
        check(&message("00100000000000010015001", &row("100000000000000000000", "1"), ""), Taken::Unreadable);
        check(&message("00100000000000010015001", &row("-1", "1"), ""), Taken::Unreadable);
        check(&message("", "", ""), Taken::Unreadable);
        check("[]", Taken::Unreadable);
        let other = message("9", "", "").replace("22", "33");
        check(&other, Taken::Unreadable);
        let ladder = Ladder::new(125).expect("a ladder");
        let best = book.best(false, ladder).expect("the level of outcome one");
        assert_eq!((best.p, best.size), (60_000_000_000_000_000_000, Stake::from_e6(6_000_000)));
        assert_eq!(book.best(true, ladder), None);
        book.lose();
        assert!(!book.is_valid() && book.best(false, ladder).is_none());
        assert_eq!(book.take(MARKET, &message("00099999999999999999999", &level, "")), Taken::Stale);
        assert_eq!(book.take(MARKET, &message("00100000000000010015000", &level, "")), Taken::Replaced, "a reload of the same");
    }

    #[test]
    fn the_best_level_is_the_largest_on_the_ladder_whatever_the_order() {
        let mut book = Book::default();
        let levels = [
            row("40000000000000000000", "1000000"),
            row("52500000000000000000", "2000000"),
            row("52510000000000000000", "9000000"),
        ];
        assert_eq!(book.take(MARKET, &message("1", "", &levels.join(","))), Taken::Replaced);
        let best = book.best(true, Ladder::new(125).expect("a ladder")).expect("a level");
        assert_eq!(best.p, 47_500_000_000_000_000_000);
        assert_eq!(best.odds.ratio(), (40, 19));
    }

    proptest! {
        #[test]
        fn no_text_makes_a_book_panic(text in "\\PC*", cut in 0usize..400) {
            let mut book = Book::default();
            book.take(MARKET, &text);
            let whole = message("1", &row("40000000000000000000", "1"), "");
            book.take(MARKET, whole.get(..cut.min(whole.len())).unwrap_or(""));
        }
        #[test]
        fn versions_never_go_back(versions in proptest::collection::vec(0u64..50, 1..30)) {
            let (mut book, mut last) = (Book::default(), None);
            for v in versions {
                let taken = book.take(MARKET, &message(&format!("{v:023}"), "", ""));
                prop_assert_eq!(taken == Taken::Replaced, last.is_none_or(|l| v > l));
                last = last.max(Some(v));
            }
        }
    }
}
