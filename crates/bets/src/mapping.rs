//! `config/mapping.yml`: what a person has confirmed and refused, checked, as the hints of the matcher.
//!
//! Reads no file: whoever does hands in what the file said and turns the path of a complaint into its line. Never written by the bot.
//! Called by `bot4`.

use crate::event::Event;
use crate::hints::{Hints, Named, TeamKey};
use crate::names::{Name, same_key};
use crate::rules::{Happening, REFUSED_BY_DEFAULT};
use domain::VenueId;
use domain::listing::Sport;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The file as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MappingFile {
    /// Risks of settlement that are not accepted; [`REFUSED_BY_DEFAULT`] where the file does not say. An empty list accepts all that can be.
    pub refuse_risks: Vec<Happening>,
    /// Confirmed leagues and the names of their teams.
    pub leagues: Vec<LeagueEntry>,
    /// Single events, confirmed or refused.
    pub events: Vec<EventEntry>,
}

impl Default for MappingFile {
    fn default() -> Self {
        Self { refuse_risks: REFUSED_BY_DEFAULT.to_vec(), leagues: Vec::new(), events: Vec::new() }
    }
}

/// A confirmed league.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeagueEntry {
    /// Its sport.
    pub sport: Sport,
    /// SX Bet's name of it, letter by letter.
    pub sx: String,
    /// Azuro's.
    pub azuro: String,
    /// The country that Azuro lists it under.
    pub azuro_country: String,
    /// Whether names that both venues write alike count as confirmed in it.
    #[serde(default)]
    pub same_names: bool,
    /// Confirmed names of its teams.
    #[serde(default)]
    pub teams: Vec<TeamEntry>,
}

/// A confirmed name of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamEntry {
    /// SX Bet's, letter by letter.
    pub sx: String,
    /// Azuro's.
    pub azuro: String,
}

/// What is said of one pair of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventVerdict {
    /// They are the same.
    Confirmed,
    /// They are not, or must not be traded.
    Refused,
}

/// One pair of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventEntry {
    /// SX Bet's id of the event: `L18870109`.
    pub sx: String,
    /// Azuro's id of the game: 22 digits or so.
    pub azuro: String,
    /// What is said of it.
    pub verdict: EventVerdict,
    /// Whether Azuro names the sides the other way round.
    #[serde(default)]
    pub swapped: bool,
    /// Why, for who reads it later.
    #[serde(default)]
    pub why: String,
}

/// Something in the file that cannot be meant: where, as a path through its sections and lists, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {why}")]
pub struct Complaint {
    /// `leagues.0.teams.2.azuro`.
    pub path: String,
    /// What is wrong and what would be right.
    pub why: String,
}

/// The file, checked, to be looked up in.
#[derive(Clone, Debug)]
pub struct Mapping {
    refuse_risks: Vec<Happening>,
    /// By venue, sport, country and league.
    leagues: BTreeMap<(VenueId, Sport, String, String), usize>,
    /// By venue, league and name.
    teams: BTreeMap<(VenueId, usize, String), usize>,
    same_names: Vec<bool>,
    /// By venue and event: the other venue's event, and what is said.
    events: BTreeMap<(VenueId, String), Vec<(String, Named)>>,
    /// The venue that names the country of a league.
    azuro: Option<VenueId>,
}

/// What a file that says nothing comes to.
impl Default for Mapping {
    fn default() -> Self {
        Self {
            refuse_risks: REFUSED_BY_DEFAULT.to_vec(),
            leagues: BTreeMap::new(),
            teams: BTreeMap::new(),
            same_names: Vec::new(),
            events: BTreeMap::new(),
            azuro: None,
        }
    }
}

impl Mapping {
    /// Checks what a file said. `sx` and `azuro` are how the venues call themselves in listings.
    ///
    /// # Errors
    /// The first [`Complaint`]: a name, league or pair that is there twice, that contradicts another one, or an id that is none.
    pub fn check(file: &MappingFile, sx: VenueId, azuro: VenueId) -> Result<Self, Complaint> {
        let mut out = Self { refuse_risks: file.refuse_risks.clone(), azuro: Some(azuro), ..Self::default() };
        for (n, risk) in file.refuse_risks.iter().enumerate() {
            let path = format!("refuse_risks.{n}");
            if !risk.row().accepted {
                return Err(complaint(
                    path,
                    format!("`{}` is never accepted: a pair that can have it is refused anyway", risk.word()),
                ));
            }
            if file.refuse_risks.iter().take(n).any(|earlier| earlier == risk) {
                return Err(complaint(path, format!("`{}` is there twice", risk.word())));
            }
        }
        for (n, league) in file.leagues.iter().enumerate() {
            out.add_league(n, league, sx, azuro)?;
        }
        for (n, event) in file.events.iter().enumerate() {
            out.add_event(&file.events, n, event, sx, azuro)?;
        }
        Ok(out)
    }

    fn add_league(&mut self, n: usize, league: &LeagueEntry, sx: VenueId, azuro: VenueId) -> Result<(), Complaint> {
        let at = |field: &str| format!("leagues.{n}.{field}");
        not_empty(at("sx"), &league.sx)?;
        not_empty(at("azuro"), &league.azuro)?;
        not_empty(at("azuro_country"), &league.azuro_country)?;
        let theirs = (sx, league.sport, String::new(), key(&league.sx));
        if let Some(first) = self.leagues.insert(theirs, n) {
            let why = format!("this league of SX Bet is confirmed by leagues.{first} already: one league is one entry");
            return Err(complaint(at("sx"), why));
        }
        let ours = (azuro, league.sport, key(&league.azuro_country), key(&league.azuro));
        if let Some(first) = self.leagues.insert(ours, n) {
            let why = format!("this league of Azuro is confirmed by leagues.{first} already: one league is one entry");
            return Err(complaint(at("azuro"), why));
        }
        self.same_names.push(league.same_names);
        for (m, team) in league.teams.iter().enumerate() {
            for (field, venue, name) in [("sx", sx, &team.sx), ("azuro", azuro, &team.azuro)] {
                let path = format!("leagues.{n}.teams.{m}.{field}");
                not_empty(path.clone(), name)?;
                if let Some(first) = self.teams.insert((venue, n, key(name)), m) {
                    let why = format!("{name:?} is leagues.{n}.teams.{first} already: one name means one team");
                    return Err(complaint(path, why));
                }
            }
        }
        Ok(())
    }

    fn add_event(
        &mut self,
        all: &[EventEntry],
        n: usize,
        event: &EventEntry,
        sx: VenueId,
        azuro: VenueId,
    ) -> Result<(), Complaint> {
        let at = |field: &str| format!("events.{n}.{field}");
        let sx_id =
            event.sx.strip_prefix('L').is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
        if !sx_id {
            return Err(complaint(at("sx"), format!("{:?} is no event of SX Bet: write an id as in L18870109", event.sx)));
        }
        let digits = (10..=40).contains(&event.azuro.len()) && event.azuro.bytes().all(|b| b.is_ascii_digit());
        if !digits {
            let why = format!("{:?} is no game of Azuro: write an id as in \"1006000000000030701140\"", event.azuro);
            return Err(complaint(at("azuro"), why));
        }
        for (m, earlier) in all.iter().take(n).enumerate() {
            if (&earlier.sx, &earlier.azuro) == (&event.sx, &event.azuro) {
                let same = earlier.verdict == event.verdict && earlier.swapped == event.swapped;
                let otherwise = if same { "" } else { ", and says otherwise" };
                let why = format!("this pair is events.{m} already{otherwise}");
                return Err(complaint(at("sx"), why));
            }
            let both = earlier.verdict == EventVerdict::Confirmed && event.verdict == EventVerdict::Confirmed;
            if both && earlier.sx == event.sx {
                return Err(complaint(
                    at("sx"),
                    format!("events.{m} confirms another game for {}: one event is one game", event.sx),
                ));
            }
            if both && earlier.azuro == event.azuro {
                return Err(complaint(
                    at("azuro"),
                    format!("events.{m} confirms another event for this game: one game is one event"),
                ));
            }
        }
        if event.verdict == EventVerdict::Refused && event.swapped {
            return Err(complaint(at("swapped"), "a refused pair has no sides to swap: leave it out".to_owned()));
        }
        let said = || match event.verdict {
            EventVerdict::Confirmed => Named::Confirmed { swapped: event.swapped },
            EventVerdict::Refused => Named::Refused { why: event.why.clone() },
        };
        self.events.entry((sx, event.sx.clone())).or_default().push((event.azuro.clone(), said()));
        self.events.entry((azuro, event.azuro.clone())).or_default().push((event.sx.clone(), said()));
        Ok(())
    }

    /// Risks of settlement that are not accepted.
    pub fn refuse_risks(&self) -> &[Happening] {
        &self.refuse_risks
    }
}

impl Hints for Mapping {
    fn league(&self, event: &Event) -> Option<usize> {
        let country = if Some(event.venue) == self.azuro { key(&event.country) } else { String::new() };
        self.leagues.get(&(event.venue, event.sport, country, key(&event.league))).copied()
    }

    fn team(&self, event: &Event, side: usize) -> Option<TeamKey> {
        let league = self.league(event)?;
        let name = event.teams.get(side)?;
        if let Some(team) = self.teams.get(&(event.venue, league, key(name))) {
            return Some(TeamKey::Explicit(league, *team));
        }
        let same_names = self.same_names.get(league).copied().unwrap_or(false);
        same_names.then(|| TeamKey::Words(league, same_key(&Name::parse(event.sport, name))))
    }

    fn named(&self, event: &Event) -> &[(String, Named)] {
        self.events.get(&(event.venue, event.id.clone())).map_or(&[], Vec::as_slice)
    }
}

/// Names are compared letter by letter, but for blanks around them and case.
fn key(name: &str) -> String {
    name.trim().to_lowercase()
}

fn complaint(path: String, why: String) -> Complaint {
    Complaint { path, why }
}

fn not_empty(path: String, text: &str) -> Result<(), Complaint> {
    if text.trim().is_empty() {
        return Err(complaint(path, "is empty: write the name as the venue does".to_owned()));
    }
    Ok(())
}
