//! What the mapping says, held against what the venues list.

use super::listed::Listed;
use crate::mapping_file::MappingLoaded;
use bets::mapping::EventVerdict;
use bets::{Event, Hints, Standing, TeamKey, events, pair_events};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// One finding.
struct Finding {
    /// confirmed, refused, unused, contradicted.
    what: &'static str,
    place: String,
    words: String,
}

/// What came of it.
pub(super) struct Review {
    head: String,
    findings: Vec<Finding>,
}

impl Review {
    pub(super) fn of(path: &Path, mapping: &MappingLoaded, listed: Option<&Listed>) -> Self {
        let file = mapping.file();
        let names: usize = file.leagues.iter().map(|league| league.teams.len()).sum();
        let count = |verdict| file.events.iter().filter(|event| event.verdict == verdict).count();
        let risks: Vec<&str> = file.refuse_risks.iter().map(|risk| risk.word()).collect();
        let head = format!(
            "{}: right: {} leagues with {names} names, {} events confirmed, {} refused, risks refused: {}",
            path.display(),
            file.leagues.len(),
            count(EventVerdict::Confirmed),
            count(EventVerdict::Refused),
            if risks.is_empty() { "none".to_owned() } else { risks.join(", ") }
        );
        let mut findings = Vec::new();
        if let Some(listed) = listed {
            let (sx, azuro) = (events(&listed.sx), events(&listed.azuro));
            paired(mapping, &sx, &azuro, &mut findings);
            unused(mapping, &sx, &azuro, &mut findings);
        }
        Self { head, findings }
    }

    /// Whether the venues say that something in it cannot be right.
    pub(super) fn is_contradicted(&self) -> bool {
        self.findings.iter().any(|finding| finding.what == "contradicted")
    }

    pub(super) fn text(&self) -> String {
        let mut out = format!("{}\n", self.head);
        for Finding { what, place, words } in &self.findings {
            let _ = writeln!(out, "{what:12}  {place}: {words}"); // a String takes everything
        }
        out
    }

    pub(super) fn json(&self) -> String {
        let findings: Vec<Value> =
            self.findings.iter().map(|f| json!({ "what": f.what, "place": f.place, "words": f.words })).collect();
        json!({ "mapping": self.head, "findings": findings }).to_string() + "\n"
    }
}

/// Where a pair is named.
fn place_of(mapping: &MappingLoaded, sx: &str, azuro: &str) -> String {
    let at = mapping.file().events.iter().position(|event| event.sx == sx && event.azuro == azuro);
    at.map_or_else(String::new, |n| mapping.place(&format!("events.{n}")))
}

fn paired(mapping: &MappingLoaded, sx: &[Event], azuro: &[Event], findings: &mut Vec<Finding>) {
    let found = pair_events(sx, azuro, &mapping.mapping);
    let words = |a: &Event, b: &Event| format!("{} {} | {} {}", a.id, a.title(), b.id, b.title());
    for pair in found.pairs.iter().filter(|pair| pair.standing.is_confirmed()) {
        let place = match pair.standing {
            Standing::Named => place_of(mapping, &pair.first.id, &pair.second.id),
            _ => mapping.mapping.league(&pair.first).map_or_else(String::new, |n| mapping.place(&format!("leagues.{n}"))),
        };
        let swapped = if pair.swapped { ", sides swapped" } else { "" };
        findings.push(Finding { what: "confirmed", place, words: words(&pair.first, &pair.second) + swapped });
    }
    for (a, b, why) in &found.refused {
        let why = if why.is_empty() { "no reason given" } else { why.as_str() };
        findings.push(Finding { what: "refused", place: place_of(mapping, a, b), words: format!("{a} | {b}: {why}") });
    }
    for wrong in &found.contradicted {
        let place = place_of(mapping, &wrong.first.id, &wrong.second.id);
        let words = format!("{}: {}", words(&wrong.first, &wrong.second), wrong.why);
        findings.push(Finding { what: "contradicted", place, words });
    }
}

/// What no listing of a venue has: a name that is written wrong, or nothing of it is on now.
fn unused(mapping: &MappingLoaded, sx: &[Event], azuro: &[Event], findings: &mut Vec<Finding>) {
    let seen = |events: &[Event]| {
        let (mut leagues, mut teams, mut ids) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for event in events {
            leagues.extend(mapping.mapping.league(event));
            teams.extend([0, 1].into_iter().filter_map(|side| mapping.mapping.team(event, side)));
            ids.insert(event.id.clone());
        }
        (leagues, teams, ids)
    };
    let mut add = |path: String, name: &str, venue: &str| {
        let words = format!("{venue} lists no {name:?} now");
        findings.push(Finding { what: "unused", place: mapping.place(&path), words });
    };
    for (venue, field, events) in [("SX Bet", "sx", sx), ("Azuro", "azuro", azuro)] {
        let (leagues, teams, ids) = seen(events);
        let own = |sx: &'_ str, azuro: &'_ str| if field == "sx" { sx.to_owned() } else { azuro.to_owned() };
        for (n, league) in mapping.file().leagues.iter().enumerate() {
            if !leagues.contains(&n) {
                add(format!("leagues.{n}.{field}"), &own(&league.sx, &league.azuro), venue);
                continue;
            }
            for (m, team) in league.teams.iter().enumerate() {
                if !teams.contains(&TeamKey::Explicit(n, m)) {
                    add(format!("leagues.{n}.teams.{m}.{field}"), &own(&team.sx, &team.azuro), venue);
                }
            }
        }
        for (n, event) in mapping.file().events.iter().enumerate() {
            let id = own(&event.sx, &event.azuro);
            if !ids.contains(&id) {
                add(format!("events.{n}.{field}"), &id, venue);
            }
        }
    }
}
