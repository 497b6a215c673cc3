//! How alike two names are by their words alone: which words are the same, and what the words that one side has more may mean.
//!
//! Knows no team and no sport. Called by [`crate::names`].

use crate::words::{closed_up, letters_apart};
use std::fmt;

/// Why two names were found alike or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alike {
    /// A person has said so in the mapping.
    Confirmed,
    /// The same words.
    Same,
    /// Known names of one team.
    KnownName,
    /// The same but for legal forms.
    LegalForm,
    /// A given name on one side, its initial on the other.
    Initial,
    /// A letter or two apart, or abbreviated.
    Spelling,
    /// One venue's name has a word more.
    Shorter,
    /// The shared words name no team by themselves, or the word more belongs to another one.
    Doubtful,
    /// Not the same.
    Different,
}

impl fmt::Display for Alike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Confirmed => "confirmed name",
            Self::Same => "same name",
            Self::KnownName => "known name of the same team",
            Self::LegalForm => "same but for the legal form",
            Self::Initial => "initial for a given name",
            Self::Spelling => "spelled differently",
            Self::Shorter => "a word more on one side",
            Self::Doubtful => "only words that many teams have",
            Self::Different => "different names",
        })
    }
}

/// How alike two lists of words are, whatever their order.
pub(crate) fn by_words(a: &[String], b: &[String], person: bool) -> (u16, Alike) {
    // Words are given away one after the other: in one order, whichever venue is asked first.
    let (a, b) = if a <= b { (a, b) } else { (b, a) };
    let mut left: Vec<&str> = a.iter().map(String::as_str).collect();
    let mut right: Vec<&str> = b.iter().map(String::as_str).collect();
    let mut met: Vec<(&str, u16, Alike)> = Vec::new();
    // The surest likenesses first, so that no word is spent on a weaker one.
    let rules: &[Rule] = if person { &PERSON } else { &TEAM };
    for rule in rules {
        left.retain(|x| {
            let found = right.iter().position(|y| rule.holds(x, y));
            if let Some(n) = found {
                let y = right.swap_remove(n);
                let longer = if y.len() > x.len() { y } else { x };
                met.push((longer, rule.worth, rule.why));
                right.sort_unstable();
            }
            found.is_none()
        });
    }
    let named = |word: &&str| word.chars().count() > 1;
    let worst = met.iter().min_by_key(|(_, worth, _)| *worth).copied();
    let Some((_, worth, why)) = worst else { return (0, Alike::Different) };
    // A person's surname has to be there in full; an initial alone is nobody.
    if person && !met.iter().any(|(word, worth, why)| named(word) && *worth >= 650 && *why != Alike::Initial) {
        return (0, Alike::Different);
    }
    let (more_left, more_right) = (left.iter().any(named), right.iter().any(named));
    let initials_differ = left.iter().any(|w| !named(w)) && right.iter().any(|w| !named(w));
    if person && (initials_differ || (!left.is_empty() && !right.is_empty())) {
        return (0, Alike::Different);
    }
    if more_left && more_right {
        return (200, Alike::Different);
    }
    let more: Vec<&str> = left.iter().chain(right.iter()).copied().collect();
    if more.is_empty() {
        return (worth, why);
    }
    let all_common = !person && met.iter().all(|(word, _, why)| COMMON.contains(word) || *why == Alike::Spelling);
    let cap = if all_common || more.iter().any(|word| OTHER_TEAM.contains(word)) {
        return (worth.min(500), Alike::Doubtful);
    } else if !person && more.iter().any(|word| TURNS.contains(word)) {
        600
    } else if more.iter().all(|word| word.chars().all(|c| c.is_ascii_digit())) {
        // The year of a foundation: Hannover 96.
        950
    } else {
        // Too little to be sure of beside a sure opponent: 650 keeps the pair below the confirming score.
        650
    };
    (worth.min(cap), if why == Alike::Same || worth > cap { Alike::Shorter } else { why })
}

/// One way in which two words can be the same.
struct Rule {
    worth: u16,
    why: Alike,
    test: fn(&str, &str) -> bool,
}
impl Rule {
    fn holds(&self, a: &str, b: &str) -> bool {
        (self.test)(a, b)
    }
}

const SAME: Rule = Rule { worth: 1000, why: Alike::Same, test: |a, b| a == b };
const UMLAUT: Rule = Rule { worth: 980, why: Alike::Spelling, test: |a, b| closed_up(a) == closed_up(b) };
const INITIAL: Rule = Rule {
    worth: 950,
    why: Alike::Initial,
    test: |a, b| (a.chars().count() == 1) != (b.chars().count() == 1) && a.chars().next() == b.chars().next(),
};
const LETTER: Rule = Rule {
    worth: 650,
    why: Alike::Spelling,
    test: |a, b| a.chars().count().min(b.chars().count()) >= 5 && letters_apart(&closed_up(a), &closed_up(b)) == 1,
};
const LETTERS: Rule = Rule {
    worth: 600,
    why: Alike::Spelling,
    test: |a, b| a.chars().count().min(b.chars().count()) >= 8 && letters_apart(&closed_up(a), &closed_up(b)) == 2,
};
const SHORTENED: Rule = Rule {
    worth: 650,
    why: Alike::Spelling,
    test: |a, b| a.chars().count().min(b.chars().count()) >= 3 && (a.starts_with(b) || b.starts_with(a)),
};
const TEAM: [Rule; 5] = [SAME, UMLAUT, LETTER, SHORTENED, LETTERS];
const PERSON: [Rule; 5] = [SAME, UMLAUT, INITIAL, LETTER, LETTERS];

/// Words that many teams have: alone they name none.
const COMMON: &[&str] = &[
    "al",
    "america",
    "and",
    "argentina",
    "athletic",
    "athletico",
    "atletico",
    "atl",
    "central",
    "city",
    "county",
    "dep",
    "deportivo",
    "dynamo",
    "east",
    "el",
    "estudiantes",
    "gimnasia",
    "independiente",
    "inter",
    "international",
    "la",
    "las",
    "libertad",
    "lokomotiv",
    "los",
    "metalurh",
    "metalist",
    "nacional",
    "national",
    "new",
    "north",
    "northern",
    "nova",
    "olimpia",
    "olimpija",
    "olympic",
    "olympique",
    "orlando",
    "racing",
    "rangers",
    "real",
    "red",
    "river",
    "rovers",
    "saint",
    "san",
    "santa",
    "santos",
    "shakhtar",
    "slavia",
    "slovan",
    "south",
    "southern",
    "spartak",
    "sport",
    "sporting",
    "stade",
    "star",
    "state",
    "torpedo",
    "town",
    "union",
    "united",
    "universidad",
    "universitatea",
    "university",
    "vila",
    "vitoria",
    "wanderers",
    "west",
    "western",
    "young",
    "zenit",
    "bandits",
    "blue",
    "white",
    "black",
    "junior",
    "juniors",
    "tigers",
    "lions",
    "eagles",
    "wildcats",
    "bulldogs",
    "huskies",
    "cougars",
    "bears",
    "panthers",
];

/// Words that make another team of the same place: Dundee United is not Dundee.
const TURNS: &[&str] = &[
    "united",
    "city",
    "town",
    "rovers",
    "county",
    "wanderers",
    "athletic",
    "albion",
    "rangers",
    "thistle",
    "wednesday",
    "hotspur",
    "orient",
    "argyle",
    "academical",
    "dynamo",
    "lokomotiv",
    "spartak",
    "cska",
    "inter",
    "racing",
    "sporting",
    "union",
    "real",
    "atletico",
    "deportivo",
    "universidad",
    "young",
];
/// The same, where almost always another team is meant.
const OTHER_TEAM: &[&str] = &[
    "state",
    "tech",
    "am",
    "northern",
    "southern",
    "eastern",
    "western",
    "central",
    "north",
    "south",
    "east",
    "west",
    "new",
    "aandm",
    "junior",
    "juniors",
    "1948",
    "1860",
    "bissau",
    "equatorial",
];
