//! Whether two names of a league mean the same competition.
//!
//! Called by [`crate::score`].

use crate::known::leagues::{COUNTRIES, KNOWN};
use crate::marks::{Marks, league_marks};
use crate::words::words;
use domain::listing::Sport;
use std::collections::BTreeSet;
use std::fmt;

/// A league taken apart.
#[derive(Clone, Debug)]
pub(crate) struct League {
    pub(crate) marks: Marks,
    country: Option<&'static str>,
    /// What is left without country and marks.
    core: BTreeSet<String>,
    /// Which of the known leagues it can be: more than one where the venue names no country.
    known: Vec<usize>,
    /// Which video game, where it is one.
    game: Option<&'static str>,
}

impl League {
    pub(crate) fn parse(sport: Sport, country: &str, league: &str) -> Self {
        let (marks, rest) = league_marks(&words(league));
        let given = country_of(&words(country).join(" "));
        let mut country = given;
        let game = game_of(&rest.join(" "));
        let spoken: Vec<&str> = rest.iter().map(String::as_str).filter(|word| !FILLERS.contains(word)).map(level).collect();
        let whole = spoken.join(" ");
        let mut core = Vec::new();
        let mut skip = false;
        for (n, word) in rest.iter().enumerate() {
            if std::mem::take(&mut skip) {
                continue;
            }
            let two = rest.get(n + 1).map(|next| format!("{word} {next}"));
            let found = two.as_deref().and_then(country_of);
            skip = found.is_some();
            match found.or_else(|| country_of(word)) {
                Some(named) => country = country.or(Some(named)),
                None if FILLERS.contains(&word.as_str()) => {}
                None => core.push(level(word).to_owned()),
            }
        }
        // "French Open" holds a country and is not of it: both with and without the countries among the words.
        let joined = core.join(" ");
        let fits = |(of, land, names): &&(Sport, &'static str, &[&str])| {
            let at_home = land.is_empty() || country.is_none_or(|c| c == *land);
            *of == sport
                && ((at_home && names.contains(&joined.as_str()))
                    || (given.is_none_or(|c| c == *land) && names.contains(&whole.as_str())))
        };
        let known: Vec<usize> = KNOWN.iter().enumerate().filter(|(_, entry)| fits(entry)).map(|(n, _)| n).collect();
        if let [only] = known.as_slice() {
            let land = KNOWN.get(*only).map(|(_, land, _)| *land).filter(|land| !land.is_empty());
            country = land.or(country);
        }
        Self { marks, country, core: core.into_iter().collect(), known, game }
    }
}

/// How two leagues were found alike or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeagueAlike {
    /// A person has said so in the mapping.
    Confirmed,
    /// The same name and country.
    Same,
    /// The same name; one venue names no country.
    NoCountry,
    /// One venue's name has words more.
    Similar,
    /// Cannot be told.
    Unlike,
    /// Different competitions.
    Different,
}

impl fmt::Display for LeagueAlike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Confirmed => "confirmed league",
            Self::Same => "same league",
            Self::NoCountry => "same league, one venue names no country",
            Self::Similar => "league named differently",
            Self::Unlike => "cannot tell the leagues",
            Self::Different => "different leagues",
        })
    }
}

/// How alike two leagues are, 0 to 1000, and why. The marks are compared with the sides.
pub(crate) fn alike(a: &League, b: &League) -> (u16, LeagueAlike) {
    if a.game.zip(b.game).is_some_and(|(x, y)| x != y) {
        return (0, LeagueAlike::Different);
    }
    let international = |league: &League| league.country == Some("international");
    let lands = a.country.zip(b.country);
    if lands.is_some_and(|(x, y)| x != y) && !international(a) && !international(b) {
        return (0, LeagueAlike::Different);
    }
    if let (Some(_), Some(_)) = (a.known.first(), b.known.first()) {
        return match (a.known.as_slice(), b.known.as_slice()) {
            ([x], [y]) if x == y => (1000, LeagueAlike::Same),
            (x, y) if x.iter().any(|league| y.contains(league)) => (900, LeagueAlike::NoCountry),
            _ => (0, LeagueAlike::Different),
        };
    }
    if a.core == b.core && !(a.core.is_empty() && lands.is_none()) {
        return match lands {
            Some((x, y)) if x == y => (1000, LeagueAlike::Same),
            None if a.country.is_none() && b.country.is_none() => (1000, LeagueAlike::Same),
            _ => (900, LeagueAlike::NoCountry),
        };
    }
    let levels = |league: &League| -> BTreeSet<String> { league.core.iter().filter(|word| is_level(word)).cloned().collect() };
    if levels(a) != levels(b) {
        return (0, LeagueAlike::Different);
    }
    let within = a.core.is_subset(&b.core) || b.core.is_subset(&a.core);
    let more: Vec<&String> = a.core.symmetric_difference(&b.core).collect();
    let shared = a.core.intersection(&b.core).any(|word| !WEAK.contains(&word.as_str()));
    if within && shared && !more.iter().any(|word| OTHER_COMPETITION.contains(&word.as_str())) {
        return (850, LeagueAlike::Similar);
    }
    (400, LeagueAlike::Unlike)
}

/// One word for one level of a pyramid.
fn level(word: &str) -> &str {
    match word {
        "first" | "primera" | "premiere" | "prima" | "1st" | "i" => "1",
        "second" | "segunda" | "seconda" | "2nd" | "ii" => "2",
        "third" | "tercera" | "terza" | "3rd" | "iii" => "3",
        "divisione" | "div" | "divisao" | "divizia" => "division",
        "super" | "superleague" | "superliga" | "superlig" => word,
        other => other,
    }
}

fn is_level(word: &str) -> bool {
    word.len() == 1 || matches!(word, "2" | "3" | "cup" | "copa" | "coppa" | "pokal" | "supercup" | "playoff" | "playoffs")
}

/// Words that say nothing about which competition it is.
const FILLERS: &[&str] = &[
    "the",
    "of",
    "de",
    "del",
    "da",
    "di",
    "round",
    "regular",
    "season",
    "stage",
    "group",
    "matchday",
    "men",
    "mens",
    "singles",
    "clay",
    "hard",
    "grass",
    "indoor",
    "2024",
    "2025",
    "2026",
    "2027",
    "2025/26",
    "main",
    "draw",
    "tournament",
    "tour",
    "ea",
    "sports",
    "bbva",
];
/// Words that many competitions have.
const WEAK: &[&str] = &[
    "league",
    "liga",
    "ligue",
    "division",
    "cup",
    "serie",
    "super",
    "premier",
    "pro",
    "national",
    "1",
    "series",
    "championship",
    "atp",
    "itf",
];
/// Words that make another competition of the same name.
const OTHER_COMPETITION: &[&str] = &[
    "qualification",
    "qualifiers",
    "qualifying",
    "playoffs",
    "playoff",
    "cup",
    "copa",
    "coppa",
    "pokal",
    "reserve",
    "challenger",
    "doubles",
    "preseason",
    "summer",
    "championship",
    "friendly",
    "friendlies",
    "north",
    "south",
    "east",
    "west",
];

fn game_of(league: &str) -> Option<&'static str> {
    const GAMES: &[(&str, &[&str])] = &[
        ("counter-strike", &["cs2", "csgo", "cs go", "counter strike"]),
        ("dota 2", &["dota"]),
        ("league of legends", &["lol", "league of legends", "lck", "lpl", "lec", "lcs", "tcl"]),
        ("valorant", &["valorant", "vct"]),
    ];
    let padded = format!(" {league} ");
    GAMES.iter().find(|(_, names)| names.iter().any(|name| padded.contains(&format!(" {name} ")))).map(|(game, _)| *game)
}

/// The country of a name or an adjective.
fn country_of(text: &str) -> Option<&'static str> {
    COUNTRIES.iter().find(|names| names.contains(&text)).and_then(|names| names.first().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leagues_are_known_again_by_name_and_country() {
        let check = |a: (&str, &str), b: (&str, &str), least: u16, most: u16| {
            let (x, y) = (League::parse(Sport::Soccer, a.0, a.1), League::parse(Sport::Soccer, b.0, b.1));
            let found = alike(&x, &y).0;
            assert!((least..=most).contains(&found), "{a:?} {b:?}: {found}\n{x:?}\n{y:?}");
            assert_eq!(alike(&y, &x).0, found, "{a:?} {b:?}");
        };
        check(("", "English Premier League"), ("England", "Premier League"), 1000, 1000);
        check(("", "La Liga"), ("Spain", "LaLiga"), 1000, 1000);
        check(("", "Champions League_UEFA"), ("International Tournaments", "UEFA Champions League"), 900, 1000);
        check(("", "Portugal Primeira Liga"), ("Portugal", "Liga Portugal"), 1000, 1000);
        check(("", "Serie A"), ("Italy", "Serie A"), 900, 1000);
        check(("", "Bundesliga"), ("Germany", "2. Bundesliga"), 0, 400);
        check(("", "Bundesliga"), ("Austria", "Bundesliga"), 0, 400);
        check(("", "English Premier League"), ("Egypt", "Premier League"), 0, 0);
        check(("", "English Premier League"), ("England", "Premier League 2"), 0, 0);
        check(("", "Serie A"), ("Italy", "Serie B"), 0, 0);
        check(("", "La Liga"), ("Spain", "Copa del Rey"), 0, 400);
        check(("", ""), ("", ""), 0, 400);
    }
}
