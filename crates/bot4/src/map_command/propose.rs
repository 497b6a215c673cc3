//! Proposals: as a table, as JSON lines, and as a block that can be copied into the mapping.

use super::listed::Listed;
use crate::when;
use bets::{Event, EventPair, Hints, Mapping, Matching, Standing, events, pair_events};
use domain::Sport;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What was found.
pub(super) struct Proposals<'a> {
    found: Matching,
    mapping: &'a Mapping,
    /// How many events of either venue there were.
    events: [usize; 2],
}

/// A league of each venue: sport, SX Bet's name, Azuro's name and country.
type Leagues = (Sport, String, String, String);

impl<'a> Proposals<'a> {
    pub(super) fn of(listed: &Listed, mapping: &'a Mapping) -> Self {
        let (sx, azuro) = (events(&listed.sx), events(&listed.azuro));
        let mut found = pair_events(&sx, &azuro, mapping);
        found.pairs.sort_by(|a, b| b.value().cmp(&a.value()).then_with(|| a.first.id.cmp(&b.first.id)));
        Self { found, mapping, events: [sx.len(), azuro.len()] }
    }

    fn shown(&self, all: bool) -> impl Iterator<Item = &EventPair> {
        self.found.pairs.iter().filter(move |pair| all || !pair.standing.is_confirmed())
    }

    /// Best first.
    pub(super) fn table(&self, all: bool) -> String {
        let mut out = String::new();
        for pair in self.shown(all) {
            let sport = word(pair.first.sport);
            let _ = writeln!(out, "{:>4}  {}  {sport}", pair.value(), pair.standing.word()); // a String takes everything
            for (event, name) in [(&pair.first, "SX Bet"), (&pair.second, "Azuro")] {
                let at = when::second(event.starts);
                let _ = writeln!(out, "      {name:6}  {at}  {} ({}) {}", event.title(), league(event), event.id);
            }
            if let Some(score) = &pair.score {
                let _ = writeln!(out, "      {score}");
            }
        }
        for unclear in &self.found.unclear {
            let rivals: Vec<String> = unclear.rivals.iter().map(|(id, score)| format!("{id} ({score})")).collect();
            let _ = writeln!(
                out,
                "      unclear: {} {} of {}: no event is clearly ahead: {}",
                unclear.event.title(),
                unclear.event.id,
                unclear.event.venue,
                rivals.join(", ")
            );
        }
        let [sx, azuro] = self.events;
        let count = |wanted: Standing| self.found.pairs.iter().filter(|pair| pair.standing == wanted).count();
        let _ = writeln!(
            out,
            "{sx} events of SX Bet, {azuro} of Azuro: {} confirmed, {} sure, {} proposed, {} unclear, {} refused, {} contradicted",
            count(Standing::Named) + count(Standing::ByNames),
            count(Standing::Sure),
            count(Standing::Proposed),
            self.found.unclear.len(),
            self.found.refused.len(),
            self.found.contradicted.len(),
        );
        out
    }

    /// A line per pair and per unclear event.
    pub(super) fn json(&self, all: bool) -> String {
        let event = |event: &Event| {
            json!({
                "event": event.id, "teams": event.teams, "league": event.league, "country": event.country,
                "starts": when::second(event.starts),
            })
        };
        let pairs = self.shown(all).map(|pair| {
            json!({
                "score": pair.value(), "standing": pair.standing.word(), "swapped": pair.swapped, "sport": word(pair.first.sport),
                "sx": event(&pair.first), "azuro": event(&pair.second),
                "reasons": pair.score.as_ref().map(ToString::to_string),
            })
        });
        let unclear = self.found.unclear.iter().map(|unclear| {
            let rivals: Vec<Value> = unclear.rivals.iter().map(|(id, score)| json!({ "event": id, "score": score })).collect();
            json!({ "standing": "unclear", "venue": unclear.event.venue, "event": event(&unclear.event), "rivals": rivals })
        });
        pairs.chain(unclear).map(|line| line.to_string() + "\n").collect()
    }

    /// Sure pairs as leagues with their names, ready to be copied; the others as events, each behind a `#` until a person takes it away.
    pub(super) fn yaml(&self) -> String {
        let mut leagues: BTreeMap<Leagues, Vec<&EventPair>> = BTreeMap::new();
        for pair in self.found.pairs.iter().filter(|pair| pair.standing == Standing::Sure) {
            let (a, b) = (&pair.first, &pair.second);
            let key = (a.sport, a.league.clone(), b.league.clone(), b.country.clone());
            leagues.entry(key).or_default().push(pair);
        }
        // One league is one entry: of two that claim the same the one that more pairs speak for.
        let mut order: Vec<(&Leagues, &Vec<&EventPair>)> = leagues.iter().collect();
        order.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(b.0)));
        let (mut of_sx, mut of_azuro) = (BTreeSet::new(), BTreeSet::new());
        let (mut text, mut single) = (String::new(), Vec::new());
        for ((sport, sx, azuro, country), pairs) in order {
            let lower = |text: &str| text.trim().to_lowercase();
            let known = pairs.iter().any(|pair| self.mapping.league(&pair.first).or(self.mapping.league(&pair.second)).is_some());
            let free = !known && !sx.trim().is_empty() && !azuro.trim().is_empty() && !country.trim().is_empty();
            let (mine, theirs) = ((*sport, lower(sx)), (*sport, lower(country), lower(azuro)));
            if !free || of_sx.contains(&mine) || of_azuro.contains(&theirs) {
                single.extend(pairs.iter().copied());
                continue;
            }
            of_sx.insert(mine);
            of_azuro.insert(theirs);
            let _ = writeln!(
                text,
                "  - sport: {}\n    sx: {}\n    azuro: {}\n    azuro_country: {}\n    same_names: true\n    teams:{}",
                word(*sport),
                quoted(sx),
                quoted(azuro),
                quoted(country),
                names(pairs, &mut single)
            ); // a String takes everything
        }
        let mut out = String::from("# Proposals of `bot4 map propose`. Check each, then copy it into the mapping.\n");
        out.push_str(if text.is_empty() { "leagues: []\n" } else { "leagues:\n" });
        out.push_str(&text);
        out.push_str("\n# Pairs one by one: take the # away where both are the same event, and write `verdict: refused` where they are not.\n#events:\n");
        single.extend(self.found.pairs.iter().filter(|pair| pair.standing == Standing::Proposed));
        for pair in single {
            let swapped = if pair.swapped { ", swapped: true" } else { "" };
            let (a, b) = (&pair.first, &pair.second);
            let _ = writeln!(
                out,
                "#  - {{sx: {}, azuro: {}, verdict: confirmed{swapped}}}  # {}: {} | {}",
                quoted(&a.id),
                quoted(&b.id),
                pair.value(),
                one_line(&a.title()),
                one_line(&b.title())
            );
        }
        out
    }
}

/// The names that differ, each once; a name that would stand for two teams goes to the single pairs.
fn names<'p>(pairs: &[&'p EventPair], single: &mut Vec<&'p EventPair>) -> String {
    let (mut of_sx, mut of_azuro) = (BTreeMap::new(), BTreeMap::new());
    let mut text = String::new();
    for pair in pairs {
        for side in [0, 1] {
            let other = if pair.swapped { 1 - side } else { side };
            let (Some(sx), Some(azuro)) = (pair.first.teams.get(side), pair.second.teams.get(other)) else { continue };
            let key = |name: &str| name.trim().to_lowercase();
            let known = (of_sx.get(&key(sx)), of_azuro.get(&key(azuro)));
            match known {
                (Some(a), Some(b)) if *a == key(azuro) && *b == key(sx) => {}
                (None, None) => {
                    of_sx.insert(key(sx), key(azuro));
                    of_azuro.insert(key(azuro), key(sx));
                    if key(sx) != key(azuro) {
                        let _ = write!(text, "\n      - {{sx: {}, azuro: {}}}", quoted(sx), quoted(azuro)); // a String takes everything
                    }
                }
                _ => single.push(pair),
            }
        }
    }
    if text.is_empty() { " []".to_owned() } else { text }
}

/// As YAML and JSON both read it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

fn league(event: &Event) -> String {
    if event.country.is_empty() { event.league.clone() } else { format!("{}, {}", event.country, event.league) }
}

fn word(sport: Sport) -> String {
    serde_json::to_value(sport).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}
