//! Which event of one venue is which event of the other.
//!
//! Every event is paired with at most one, and only where the best candidate is clearly ahead of the second best, seen from either
//! side. What a person has named comes first and is never overruled, but it is contradicted aloud. Pure and symmetric; the order
//! of the events does not matter. Called by `bot4`, with the [`crate::mapping`] as hints.

use crate::event::Event;
use crate::hints::{Hints, Named};
use crate::score::{APART_MAX_MIN, CONFIRMING, Fixture, LEAD, PROPOSING, Score, score};
use domain::listing::Sport;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// On what ground a pair stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A person has named this pair.
    Named,
    /// A person has confirmed the league and both names, and start and uniqueness hold.
    ByNames,
    /// As sure as the score can make it; nobody has confirmed it.
    Sure,
    /// To be looked at.
    Proposed,
}

impl Standing {
    /// Whether the pair may be traded as far as matching goes: a person stands behind it.
    pub const fn is_confirmed(self) -> bool {
        matches!(self, Self::Named | Self::ByNames)
    }
    /// The word for tables and JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::ByNames => "by_names",
            Self::Sure => "sure",
            Self::Proposed => "proposed",
        }
    }
}

/// One pair of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPair {
    /// Of the first venue.
    pub first: Event,
    /// Of the second.
    pub second: Event,
    /// Whether the second venue names the sides the other way round.
    pub swapped: bool,
    /// How sure the names and starts are; `None` for a named pair whose names say nothing.
    pub score: Option<Score>,
    /// On what ground it stands.
    pub standing: Standing,
}

impl EventPair {
    /// The score as a number, 0 where there is none.
    pub fn value(&self) -> u16 {
        self.score.as_ref().map_or(0, |score| score.value)
    }
}

/// An event with more than one plausible partner: paired with none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unclear {
    /// The event.
    pub event: Event,
    /// The ids of its candidates at the other venue and their scores, best first.
    pub rivals: Vec<(String, u16)>,
}

/// What a person has named and what the venues now list do not agree: not paired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradicted {
    /// Of the first venue.
    pub first: Event,
    /// Of the second.
    pub second: Event,
    /// In what.
    pub why: Contradiction,
}

/// Why a named pair cannot be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// Two sports.
    Sport,
    /// So many minutes between the starts.
    Start(i64),
    /// The names say that the sides are the other way round.
    Sides,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sport => f.write_str("they are of two sports"),
            Self::Start(apart) => write!(f, "they start {apart} minutes apart"),
            Self::Sides => f.write_str("the names say that `swapped` is the other way round"),
        }
    }
}

/// What came of two venues' events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matching {
    /// Pairs, in the order of the first venue's ids.
    pub pairs: Vec<EventPair>,
    /// Events with rivals, of either venue.
    pub unclear: Vec<Unclear>,
    /// Pairs that a person has refused and that are listed now: ids and why.
    pub refused: Vec<(String, String, String)>,
    /// Pairs that a person has named and that cannot be right.
    pub contradicted: Vec<Contradicted>,
}

/// Pairs the events of two venues. Each list is of one venue and has every id once.
pub fn pair_events(first: &[Event], second: &[Event], hints: &dyn Hints) -> Matching {
    let ordered = |events: &'_ [Event]| -> Vec<usize> {
        let mut order: Vec<usize> = (0..events.len()).collect();
        order.sort_by_key(|n| events.get(*n).map(|e| e.id.clone()));
        order
    };
    let fixtures = |events| -> Vec<Fixture<'_>> {
        let order: Vec<usize> = ordered(events);
        order.into_iter().filter_map(|n| events.get(n)).map(|event| Fixture::new(event, hints)).collect()
    };
    let (left, right) = (fixtures(first), fixtures(second));
    let mut out = Matching::default();
    let mut taken = Taken::default();
    let refused = named(&left, &right, hints, &mut out, &mut taken);
    let found = candidates(&left, &right, &taken, &refused);
    assign(&left, &right, found, &mut out);
    out.pairs.sort_by(|a, b| a.first.id.cmp(&b.first.id));
    out
}

/// Events that a person has named: they are compared with nothing else.
#[derive(Default)]
struct Taken {
    left: BTreeSet<usize>,
    right: BTreeSet<usize>,
}

/// Deals with what a person has named, and gives the refused pairs.
fn named(
    left: &[Fixture<'_>],
    right: &[Fixture<'_>],
    hints: &dyn Hints,
    out: &mut Matching,
    taken: &mut Taken,
) -> BTreeSet<(usize, usize)> {
    let at: BTreeMap<&str, usize> = right.iter().enumerate().map(|(n, f)| (f.event.id.as_str(), n)).collect();
    let mut refused = BTreeSet::new();
    for (i, a) in left.iter().enumerate() {
        for (other, verdict) in hints.named(a.event) {
            let Some((j, b)) = at.get(other.as_str()).and_then(|j| right.get(*j).map(|b| (*j, b))) else { continue };
            match verdict {
                Named::Refused { why } => {
                    refused.insert((i, j));
                    out.refused.push((a.event.id.clone(), b.event.id.clone(), why.clone()));
                }
                Named::Confirmed { swapped } => {
                    let score = score(a, b);
                    taken.left.insert(i);
                    taken.right.insert(j);
                    let (first, second) = (a.event.clone(), b.event.clone());
                    match contradiction(a.event, b.event, *swapped, score.as_ref()) {
                        Some(why) => out.contradicted.push(Contradicted { first, second, why }),
                        None => {
                            let standing = Standing::Named;
                            out.pairs.push(EventPair { first, second, swapped: *swapped, score, standing });
                        }
                    }
                }
            }
        }
    }
    refused
}

fn contradiction(a: &Event, b: &Event, swapped: bool, score: Option<&Score>) -> Option<Contradiction> {
    let apart = a.apart_min(b);
    if a.sport != b.sport {
        return Some(Contradiction::Sport);
    }
    if apart > APART_MAX_MIN {
        return Some(Contradiction::Start(apart));
    }
    // A score exists only where both names are alike one way round, and then it knows which.
    score.filter(|score| score.swapped != swapped).map(|_| Contradiction::Sides)
}

/// Every pair worth showing.
fn candidates(
    left: &[Fixture<'_>],
    right: &[Fixture<'_>],
    taken: &Taken,
    refused: &BTreeSet<(usize, usize)>,
) -> BTreeMap<(usize, usize), Score> {
    // By sport and start, so that each event is compared with those of half a day before and after alone.
    let mut by_start: BTreeMap<Sport, Vec<(i64, usize)>> = BTreeMap::new();
    for (j, b) in right.iter().enumerate().filter(|(j, _)| !taken.right.contains(j)) {
        by_start.entry(b.event.sport).or_default().push((b.event.starts.0, j));
    }
    by_start.values_mut().for_each(|starts| starts.sort_unstable());
    let window = APART_MAX_MIN * 60_000_000;
    let mut found = BTreeMap::new();
    for (i, a) in left.iter().enumerate().filter(|(i, _)| !taken.left.contains(i)) {
        let Some(starts) = by_start.get(&a.event.sport) else { continue };
        let from = starts.partition_point(|(start, _)| *start < a.event.starts.0.saturating_sub(window));
        let near = starts.iter().skip(from).take_while(|(start, _)| *start <= a.event.starts.0.saturating_add(window));
        for (_, j) in near {
            let Some(b) = right.get(*j).filter(|b| a.may_be(b)) else { continue };
            if refused.contains(&(i, *j)) {
                continue;
            }
            if let Some(score) = score(a, b).filter(|score| score.value >= PROPOSING) {
                found.insert((i, *j), score);
            }
        }
    }
    found
}

/// Gives every event its best candidate where nothing else comes near.
fn assign(left: &[Fixture<'_>], right: &[Fixture<'_>], found: BTreeMap<(usize, usize), Score>, out: &mut Matching) {
    let mut of_left: BTreeMap<usize, Vec<(u16, usize)>> = BTreeMap::new();
    let mut of_right: BTreeMap<usize, Vec<(u16, usize)>> = BTreeMap::new();
    for ((i, j), score) in &found {
        of_left.entry(*i).or_default().push((score.value, *j));
        of_right.entry(*j).or_default().push((score.value, *i));
    }
    let by_best = |list: &mut Vec<(u16, usize)>| list.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    of_left.values_mut().for_each(by_best);
    of_right.values_mut().for_each(by_best);
    // The best, if nothing else is near it.
    let clear = |list: &[(u16, usize)]| match list {
        [(_, only)] => Some(*only),
        [(best, n), (next, _), ..] if *best >= next.saturating_add(LEAD) => Some(*n),
        _ => None,
    };
    let mut tell = |of: &BTreeMap<usize, Vec<(u16, usize)>>, own: &[Fixture<'_>], others: &[Fixture<'_>]| {
        for (n, list) in of {
            if let (None, Some(event)) = (clear(list), own.get(*n)) {
                let best = list.first().map_or(0, |(best, _)| *best);
                let near = list.iter().filter(|(score, _)| score.saturating_add(LEAD) > best);
                let rivals = near.filter_map(|(score, m)| Some((others.get(*m)?.event.id.clone(), *score))).collect();
                out.unclear.push(Unclear { event: event.event.clone(), rivals });
            }
        }
    };
    tell(&of_left, left, right);
    tell(&of_right, right, left);
    for ((i, j), score) in found {
        let mutual = of_left.get(&i).and_then(|l| clear(l)) == Some(j) && of_right.get(&j).and_then(|l| clear(l)) == Some(i);
        let (Some(a), Some(b), true) = (left.get(i), right.get(j), mutual) else { continue };
        let sure = score.value >= CONFIRMING;
        let standing = match sure {
            true if a.confirmed_by_names(b, score.swapped) => Standing::ByNames,
            true => Standing::Sure,
            false => Standing::Proposed,
        };
        out.pairs.push(EventPair {
            first: a.event.clone(),
            second: b.event.clone(),
            swapped: score.swapped,
            score: Some(score),
            standing,
        });
    }
}
