//! The feed's REST side: games, conditions, navigation, search (section 4).

use super::AzuroSim;
use super::board::{Line, Shown, game_id, lines, odds_text};
use super::wire::{Answer, Target, bad, texts};
use crate::SimNow;
use crate::sports::{Event, Phase, Sport, Venue};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Most ids one request may name.
const IDS: usize = 500;
const PER_PAGE: std::ops::RangeInclusive<usize> = 10..=1_000;

fn sport(sport: Sport) -> (u32, &'static str, &'static str) {
    match sport {
        Sport::Soccer => (33, "football", "Football"),
        Sport::Basketball => (31, "basketball", "Basketball"),
        Sport::Tennis => (45, "tennis", "Tennis"),
    }
}

fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}

/// A stable id of a league or country: its words in the shape of a UUID.
fn uuid(words: &str) -> String {
    let h = alloy_primitives::hex::encode(alloy_primitives::keccak256(words));
    format!("{}-{}-{}-{}-{}", &h[..8], &h[8..12], &h[12..16], &h[16..20], &h[20..32])
}

impl AzuroSim {
    pub(super) fn game(&self, event: &Event, now: SimNow) -> Value {
        let id = game_id(event);
        let (sport_id, sport_slug, sport_name) = sport(event.sport);
        let names = event.names(Venue::Azuro);
        let league = &event.league;
        let title = format!("{} - {}", names[0], names[1]);
        let participant =
            |name: &str| json!({ "name": name, "image": format!("https://avatars.azuro.org/images/{sport_id}/{id}/{name}.png") });
        json!({
            "id": id,
            "gameId": id,
            "slug": format!("{}-{id}", slug(&title)),
            "title": title,
            "startsAt": (event.starts_ms_at(Venue::Azuro) / 1_000).to_string(),
            "state": self.game_state(event, now),
            "turnover": "0",
            "sport": {
                "sportId": sport_id.to_string(),
                "slug": sport_slug,
                "name": sport_name,
                "sporthub": { "id": "f800a0de-5fb6-45ff-8ed2-35daab086119", "slug": "sports" },
            },
            "league": {
                "id": uuid(&format!("{} {}", league.azuro_country_slug, league.azuro_slug)),
                "slug": league.azuro_slug,
                "name": league.azuro_name,
                "isTopLeague": league.azuro_slug == "premier-league",
                "topWeight": 0,
            },
            "country": { "id": uuid(league.azuro_country_slug), "slug": league.azuro_country_slug, "name": league.azuro_country },
            "participants": names.map(participant),
        })
    }

    /// One outcome of a line; `id` only where the API gives one.
    fn outcome(line: &Line, shown: &Shown, at: usize, with_id: bool) -> Value {
        let outcome = &line.market.outcomes[at];
        let state = match shown.state {
            "Resolved" if shown.won.contains(&outcome.id) => "Won",
            "Resolved" => "Lost",
            state => state,
        };
        let mut value = json!({
            "title": line.title_of(outcome),
            "outcomeId": outcome.id.to_string(),
            "odds": odds_text(shown.odds_e2.get(at).copied().unwrap_or(100)),
            "point": outcome.point,
            "sort": format!("{:06}", outcome.selection),
            "state": state,
            "hidden": shown.hidden,
        });
        if with_id {
            value["id"] = json!(format!("{}_{at}", line.id()));
        }
        value
    }

    fn condition(&self, line: &Line, now: SimNow) -> Value {
        let (id, shown) = (line.id(), self.shown(line, now));
        let outcomes: Vec<Value> = (0..line.market.outcomes.len()).map(|i| Self::outcome(line, &shown, i, false)).collect();
        json!({
            "id": id,
            "conditionId": id,
            "state": shown.state,
            "title": line.market.name,
            "isExpressForbidden": false,
            "isPrematchEnabled": true,
            "isLiveEnabled": true,
            "margin": 0,
            "marketId": line.market.id,
            "marketVarietyId": null,
            "category": null,
            "hidden": shown.hidden,
            "sort": sort_of(line),
            "outcomes": outcomes,
            "game": { "gameId": game_id(&line.event), "sport": { "sportId": sport(line.event.sport).0.to_string() } },
            "wonOutcomeIds": shown.won.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }

    pub(super) fn games_by_filters(&self, target: &Target<'_>, now: SimNow) -> Result<Answer, Answer> {
        self.environment(target.must("environment")?)?;
        let state = target.must("gameState")?;
        let by = target.must("orderBy")?;
        let direction = target.must("orderDirection")?;
        target.must("page")?;
        let (page, per_page) = (target.number("page", 1)?, target.number("perPage", 0)?);
        if !matches!(state, "Live" | "Prematch") {
            return Err(bad("gameState must be one of the following values: Live, Prematch"));
        }
        if !matches!(by, "startsAt" | "turnover") || !matches!(direction, "asc" | "desc") {
            return Err(bad("orderBy must be startsAt or turnover, orderDirection asc or desc"));
        }
        if page < 1 || !PER_PAGE.contains(&per_page) {
            return Err(bad("page must not be less than 1, perPage must not be less than 10"));
        }
        let listed = |e: &Event| match self.game_state(e, now) {
            "Prematch" => state == "Prematch",
            "Live" => state == "Live",
            // The filter lets games through that have been stopped meanwhile (captured).
            "Stopped" => (e.phase == Phase::Live) == (state == "Live"),
            _ => false,
        };
        let fits = |e: &Event| {
            let (id, sport_slug, _) = sport(e.sport);
            target.get("sportHub").is_none_or(|h| h == "sports")
                && target.get("sportId").is_none_or(|s| s == id.to_string())
                && target.get("sportSlug").is_none_or(|s| s == sport_slug)
                && target.get("leagueSlug").is_none_or(|s| s == e.league.azuro_slug)
        };
        let mut games: Vec<Event> = self.events(now).into_iter().filter(|e| listed(e) && fits(e)).collect();
        games.sort_by_key(|e| (e.starts_ms_at(Venue::Azuro), e.number));
        if direction == "desc" {
            games.reverse();
        }
        let total = games.len();
        let start = (page - 1).saturating_mul(per_page);
        let games: Vec<Value> = games.iter().skip(start).take(per_page).map(|e| self.game(e, now)).collect();
        let pages = total.div_ceil(per_page);
        Ok((200, json!({ "games": games, "page": page, "perPage": per_page, "total": total, "totalPages": pages })))
    }

    pub(super) fn games_by_ids(&self, body: &Value, now: SimNow) -> Result<Answer, Answer> {
        let ids = ids(body, "gameIds")?;
        let games: Vec<Value> = ids.iter().filter_map(|id| self.event(id, now)).map(|e| self.game(&e, now)).collect();
        Ok((200, json!({ "games": games })))
    }

    pub(super) fn conditions_by_game_ids(&self, body: &Value, now: SimNow) -> Result<Answer, Answer> {
        let ids = ids(body, "gameIds")?;
        self.environment(body["environment"].as_str().unwrap_or_default())?;
        let events = ids.iter().filter_map(|id| self.event(id, now));
        let all = events.flat_map(|e| lines(&e));
        Ok((200, json!({ "conditions": all.map(|l| self.condition(&l, now)).collect::<Vec<_>>() })))
    }

    pub(super) fn condition_batch(&self, body: &Value, now: SimNow) -> Result<Answer, Answer> {
        let ids = ids(body, "conditionIds")?;
        self.environment(body["environment"].as_str().unwrap_or_default())?;
        let lines = ids.iter().filter_map(|id| self.line(id, now));
        let conditions = lines.map(|line| {
            let shown = self.shown(&line, now);
            let outcomes = (0..line.market.outcomes.len()).map(|i| Self::outcome(&line, &shown, i, true));
            json!({
                "state": shown.state,
                "conditionId": line.id(),
                "sort": sort_of(&line),
                "title": line.market.name,
                "category": null,
                "outcomes": outcomes.collect::<Vec<_>>(),
            })
        });
        Ok((200, json!({ "conditions": conditions.collect::<Vec<_>>() })))
    }

    /// Sports, countries and leagues with how many games they have.
    pub(super) fn navigation(&self, target: &Target<'_>, now: SimNow) -> Result<Answer, Answer> {
        self.environment(target.must("environment")?)?;
        let wanted: Vec<&str> = target.all("sportIds").collect();
        type Leagues = BTreeMap<&'static str, (&'static str, Vec<Event>)>;
        let mut tree: BTreeMap<Sport, BTreeMap<&'static str, (&'static str, Leagues)>> = BTreeMap::new();
        for event in self.events(now) {
            let id = sport(event.sport).0.to_string();
            if !matches!(self.game_state(&event, now), "Prematch" | "Live") || !(wanted.is_empty() || wanted.contains(&&*id)) {
                continue;
            }
            let league = event.league;
            let country = tree.entry(event.sport).or_default().entry(league.azuro_country_slug);
            let leagues = &mut country.or_insert((league.azuro_country, BTreeMap::new())).1;
            leagues.entry(league.azuro_slug).or_insert((league.azuro_name, Vec::new())).1.push(event);
        }
        let counts = |events: &[Event]| {
            let live = events.iter().filter(|e| self.game_state(e, now) == "Live").count();
            (live, events.len() - live)
        };
        let sports: Vec<Value> = tree
            .iter()
            .map(|(s, countries)| {
                let countries: Vec<Value> = countries
                    .iter()
                    .map(|(slug, (name, leagues))| {
                        let leagues: Vec<Value> = leagues
                            .iter()
                            .map(|(slug, (name, events))| {
                                let (live, prematch) = counts(events);
                                json!({ "slug": slug, "name": name, "activeLiveGamesCount": live, "activePrematchGamesCount": prematch })
                            })
                            .collect();
                        json!({ "slug": slug, "name": name, "leagues": leagues })
                    })
                    .collect();
                let (id, slug, name) = sport(*s);
                json!({ "sportId": id.to_string(), "slug": slug, "name": name, "countries": countries })
            })
            .collect();
        Ok((200, json!({ "sports": sports })))
    }

    /// Games whose title holds the words; without the paging fields that the types promise (section 4).
    pub(super) fn search(&self, target: &Target<'_>, now: SimNow) -> Result<Answer, Answer> {
        self.environment(target.must("environment")?)?;
        let words = target.must("request")?.to_lowercase();
        if words.chars().count() < 3 {
            return Err(bad("request must be longer than or equal to 3 characters"));
        }
        let (page, per_page) = (target.number("page", 1)?.max(1), target.number("perPage", 10)?.min(1_000));
        let open = |e: &Event| matches!(self.game_state(e, now), "Prematch" | "Live" | "Stopped");
        let named = |e: &Event| e.names(Venue::Azuro).iter().any(|n| n.to_lowercase().contains(&words));
        let games = self.events(now).into_iter().filter(|e| open(e) && named(e));
        let start = (page - 1).saturating_mul(per_page);
        Ok((200, json!({ "games": games.skip(start).take(per_page).map(|e| self.game(&e, now)).collect::<Vec<_>>() })))
    }

    /// What the world has now; with the fault `no_prematch`, only what has begun.
    pub(super) fn events(&self, now: SimNow) -> Vec<Event> {
        let mut events = self.cfg.sports.events(self.venue_now(now));
        if self.faults.on("no_prematch").is_some() {
            events.retain(|e| e.phase != Phase::Scheduled);
        }
        events
    }

    pub(super) fn environment(&self, given: &str) -> Result<(), Answer> {
        if given == self.cfg.environment {
            return Ok(());
        }
        Err(bad("environment must be one of the environments that this API serves"))
    }
}

fn sort_of(line: &Line) -> String {
    let group = match line.market.id {
        4 => 300,
        3 => 400,
        9 => 500,
        _ => 100,
    };
    if line.index == 0 { group.to_string() } else { format!("{group}.{:03}", line.index) }
}

fn ids<'a>(body: &'a Value, name: &str) -> Result<Vec<&'a str>, Answer> {
    let ids = texts(body, name)?;
    if ids.len() > IDS {
        return Err(bad(&format!("{name} must contain no more than {IDS} elements")));
    }
    Ok(ids)
}
