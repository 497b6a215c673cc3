//! How sure it is that two events of two venues are the same one, in whole numbers up to 1000, with the reasons.
//!
//! Called by [`crate::matching`], which compares scores; nothing here knows of other candidates.

use crate::alike::Alike;
use crate::event::Event;
use crate::hints::{Hints, TeamKey};
use crate::leagues::{self, League, LeagueAlike};
use crate::marks::Likeness;
use crate::names::{self, Name};
use domain::listing::Sport;
use std::collections::BTreeSet;
use std::fmt;

/// At or over this a pair may count as confirmed by confirmed names; on the labelled set no wrong pair reaches it.
pub const CONFIRMING: u16 = 900;
/// Below this a pair is not worth showing.
pub const PROPOSING: u16 = 600;
/// By so much the best pair of an event has to be ahead of the second best.
pub const LEAD: u16 = 60;
/// Events that start further apart are not the same one, minutes.
pub(crate) const APART_MAX_MIN: i64 = 720;
/// What is doubtful in one thing stays below [`CONFIRMING`], however well the rest agrees.
const DOUBTFUL: u16 = CONFIRMING - 10;

/// How sure it is, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// 0 to 1000.
    pub value: u16,
    /// Whether the second venue names the sides the other way round.
    pub swapped: bool,
    /// The first and the second side of the first venue, each against its counterpart.
    pub teams: [Alike; 2],
    /// The leagues.
    pub league: LeagueAlike,
    /// How far the two starts are apart, minutes.
    pub apart_min: i64,
    /// Why the score was held below the confirming one.
    pub doubts: Vec<Doubt>,
}

/// What keeps a pair from counting as sure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// Neither side's name is the same beyond doubt.
    NoSureSide,
    /// It cannot be told that the leagues are the same.
    League,
    /// The starts are too far apart.
    Start,
    /// The starts differ in a competition where the same sides may meet twice a day.
    Repeats,
    /// One venue names no age of a youth side.
    Age,
    /// Both ways round are plausible.
    Sides,
    /// A sport without a word of its own.
    Sport,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSureSide => "neither side is sure",
            Self::League => "the league is not sure",
            Self::Start => "the starts are far apart",
            Self::Repeats => "the same sides may meet twice that day",
            Self::Age => "one venue names no age",
            Self::Sides => "both ways round are plausible",
            Self::Sport => "the sport has no word of its own",
        })
    }
}

/// The reasons in one line.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, two] = self.teams;
        if one == two {
            write!(f, "both {one}")?;
        } else {
            write!(f, "{one} / {two}")?;
        }
        write!(f, "; {}", self.league)?;
        match self.apart_min {
            0 => f.write_str("; same start")?,
            apart => write!(f, "; {apart} min apart")?,
        }
        if self.swapped {
            f.write_str("; sides swapped")?;
        }
        self.doubts.iter().try_for_each(|doubt| write!(f, "; but {doubt}"))
    }
}

/// An event with its names taken apart, once.
#[derive(Clone, Debug)]
pub(crate) struct Fixture<'a> {
    pub(crate) event: &'a Event,
    sides: [Name; 2],
    league: League,
    league_key: Option<usize>,
    team_keys: [Option<TeamKey>; 2],
    /// What another event has to share at least one of.
    keys: BTreeSet<String>,
}

impl<'a> Fixture<'a> {
    pub(crate) fn new(event: &'a Event, hints: &dyn Hints) -> Self {
        let side = |n: usize| Name::parse(event.sport, event.teams.get(n).map_or("", String::as_str));
        let sides = [side(0), side(1)];
        let team_keys = [hints.team(event, 0), hints.team(event, 1)];
        let mut keys = BTreeSet::new();
        sides.iter().for_each(|name| name.keys(&mut keys));
        keys.extend(team_keys.iter().flatten().map(|key| format!("#{key:?}")));
        let league = League::parse(event.sport, &event.country, &event.league);
        Self { event, sides, league, league_key: hints.league(event), team_keys, keys }
    }

    /// Whether comparing is worth it: the names share the beginning of a word.
    pub(crate) fn may_be(&self, other: &Self) -> bool {
        !self.keys.is_disjoint(&other.keys)
    }

    /// Whether a person has confirmed the league and both names, given which way round the sides are.
    pub(crate) fn confirmed_by_names(&self, other: &Self, swapped: bool) -> bool {
        let league = self.league_key.is_some() && self.league_key == other.league_key;
        league && [0, 1].into_iter().all(|n| self.confirmed_team(n, other, if swapped { 1 - n } else { n }) == Some(true))
    }

    /// What the mapping says of two names: the same, two others, or nothing.
    fn confirmed_team(&self, n: usize, other: &Self, m: usize) -> Option<bool> {
        let (mine, theirs) = (self.team_keys.get(n)?.as_ref()?, other.team_keys.get(m)?.as_ref()?);
        if mine == theirs {
            return Some(true);
        }
        (mine.is_explicit() && theirs.is_explicit()).then_some(false)
    }

    /// One side of each against the other: how alike, why, and whether the age is vague.
    fn side(&self, n: usize, other: &Self, m: usize) -> Option<(u16, Alike, bool)> {
        match self.confirmed_team(n, other, m) {
            Some(true) => return Some((1000, Alike::Confirmed, false)),
            Some(false) => return None,
            None => {}
        }
        let (mine, theirs) = (self.sides.get(n)?, other.sides.get(m)?);
        let likeness = mine.marks.with(self.league.marks).likeness(theirs.marks.with(other.league.marks));
        if likeness == Likeness::Different {
            return None;
        }
        let (worth, why) = names::alike(self.event.sport, mine, theirs);
        Some((worth, why, likeness == Likeness::Vague))
    }

    fn sides(&self, other: &Self, swapped: bool) -> Option<Sides> {
        let (one, two) = if swapped { (1, 0) } else { (0, 1) };
        let (a, b) = (self.side(0, other, one)?, self.side(1, other, two)?);
        Some(Sides {
            worth: u16::midpoint(a.0, b.0),
            least: a.0.min(b.0),
            most: a.0.max(b.0),
            why: [a.1, b.1],
            vague: a.2 || b.2,
        })
    }
}

struct Sides {
    worth: u16,
    least: u16,
    most: u16,
    why: [Alike; 2],
    vague: bool,
}

/// Below this the names of one side are different.
const SIDE_MIN: u16 = 450;

/// The score of two events; `None` when they are certainly not the same.
pub(crate) fn score(a: &Fixture<'_>, b: &Fixture<'_>) -> Option<Score> {
    if a.event.sport != b.event.sport {
        return None;
    }
    let apart_min = a.event.apart_min(b.event);
    if apart_min > APART_MAX_MIN {
        return None;
    }
    let (straight, crossed) = (a.sides(b, false), a.sides(b, true));
    let usable = |sides: &Option<Sides>| sides.as_ref().filter(|s| s.least >= SIDE_MIN).map_or(0, |s| s.worth);
    let (worth, other) = (usable(&straight), usable(&crossed));
    let swapped = other > worth;
    let sides = if swapped { crossed? } else { straight? };
    if sides.least < SIDE_MIN {
        return None;
    }
    let mut doubts = Vec::new();
    if worth.min(other) + 150 > sides.worth {
        doubts.push(Doubt::Sides);
    }
    let (mut league, league_why) = match (a.league_key, b.league_key) {
        (Some(x), Some(y)) if x == y => (1000, LeagueAlike::Confirmed),
        _ => leagues::alike(&a.league, &b.league),
    };
    // Two persons by name meet once that day, whatever the venues call the tournament.
    if league_why == LeagueAlike::Unlike && names::of_persons(a.event.sport) && sides.least >= 950 {
        league = 850;
    }
    if league < 800 {
        doubts.push(Doubt::League);
    }
    if sides.most < 950 || sides.least < 600 {
        doubts.push(Doubt::NoSureSide);
    }
    if sides.vague {
        doubts.push(Doubt::Age);
    }
    if a.event.sport == Sport::Other {
        doubts.push(Doubt::Sport);
    }
    if apart_min > 180 {
        doubts.push(Doubt::Start);
    } else if apart_min > 30 && (a.event.may_repeat() || b.event.may_repeat()) {
        doubts.push(Doubt::Repeats);
    }
    let whole = 600 * u32::from(sides.worth) + 200 * u32::from(league) + 200 * start_worth(apart_min);
    let mut value = u16::try_from(whole / 1000).unwrap_or(0);
    if swapped {
        value = value.saturating_sub(40);
    }
    if !doubts.is_empty() {
        value = value.min(DOUBTFUL);
    }
    doubts.sort_unstable();
    Some(Score { value, swapped, teams: sides.why, league: league_why, apart_min, doubts })
}

/// How well two starts agree, 0 to 1000.
const fn start_worth(apart_min: i64) -> u32 {
    match apart_min {
        ..=5 => 1000,
        6..=15 => 990,
        16..=30 => 950,
        31..=60 => 850,
        61..=120 => 700,
        121..=180 => 550,
        181..=360 => 300,
        _ => 100,
    }
}
