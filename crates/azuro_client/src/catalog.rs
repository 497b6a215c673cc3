//! What the venue lists: games of the configured sports that begin soon enough, and all their conditions.
//!
//! Source: spec section 4. One question at a time, so that a venue without published limits is not flooded: pages of games by kick-off,
//! sport after sport, then conditions in batches of games; the whole again on a timer. A question that fails is asked again and nothing
//! that was known is forgotten for it. `listing` has the words.

use crate::client::{AzuroClient, LIST_TIMER, Pending, failed};
use crate::listing::{Disagreement, listing};
use crate::parse::{self, Condition, Game, GameState};
use domain::{Listing, MarketId, Now};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use venue_api::{BetNews, BetOut, Lane, Method};

/// Games in one question about conditions: a game of a great league has hundreds, and an answer must stay below what a link takes. When
/// a question fails the next one is about half as many.
const GAMES_AT_ONCE: usize = 10;
/// A game whose conditions could not be read so often is left out until the next walk: it must not hide those behind it.
const TRIES_MAX: u32 = 3;
/// More pages than a sport has within any horizon that is allowed.
const PAGES_MAX: u32 = 200;
/// A question that failed is asked again after this long, ms.
const AGAIN_MS: u64 = 5_000;

/// One market as listed.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) listing: Listing,
    pub(crate) condition: Condition,
}

/// All that is listed, and the walk that is under way.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    listed: BTreeMap<MarketId, Listed>,
    walk: Option<Walk>,
}

/// Where a walk through the venue's lists stands.
#[derive(Debug)]
struct Walk {
    /// Which of the configured sports.
    sport: usize,
    page: u32,
    games: BTreeMap<u128, Game>,
    /// Games whose conditions have not been read.
    left: Vec<u128>,
    seen: BTreeSet<MarketId>,
    /// Conditions are read after the last page.
    paging: bool,
    /// Games in the next question about conditions.
    at_once: usize,
    /// How often a question about one single game has failed.
    failed: u32,
}

impl Walk {
    fn new() -> Self {
        Self {
            sport: 0,
            page: 1,
            games: BTreeMap::new(),
            left: Vec::new(),
            seen: BTreeSet::new(),
            paging: true,
            at_once: GAMES_AT_ONCE,
            failed: 0,
        }
    }
}

impl Catalog {
    pub(crate) fn get(&self, market: MarketId) -> Option<&Listed> {
        self.listed.get(&market)
    }
}

impl AzuroClient {
    /// The list's timer: begins a walk, or repeats the question that got no answer.
    pub(crate) fn list_due(&mut self, now: Now, out: &mut BetOut) {
        if self.config.sports.is_empty() {
            return;
        }
        self.catalog.walk.get_or_insert_with(Walk::new);
        self.walk_on(now, out);
    }

    /// Asks the next question, or ends the walk.
    fn walk_on(&mut self, now: Now, out: &mut BetOut) {
        let Some(walk) = &self.catalog.walk else { return };
        let environment = self.config.environment.name;
        if walk.paging {
            let sport = self.config.sports.get(walk.sport).copied().unwrap_or_default();
            let target = format!(
                "/market-manager/games-by-filters?environment={environment}&gameState=Prematch&orderBy=startsAt&orderDirection=asc\
                 &page={}&perPage=100&sportId={sport}",
                walk.page
            );
            self.ask(Pending::Games, Lane::Public, Method::Get, target, String::new(), out);
        } else if walk.left.is_empty() {
            self.walk_ends(now, out);
        } else {
            let games: Vec<String> = walk.left.iter().take(walk.at_once).map(u128::to_string).collect();
            let body = json!({ "gameIds": games, "environment": environment, "extended": false }).to_string();
            let target = "/market-manager/conditions-by-game-ids".to_owned();
            self.ask(Pending::Conditions, Lane::Public, Method::Post, target, body, out);
        }
    }

    pub(crate) fn games_reply(&mut self, body: Result<&[u8], String>, now: Now, out: &mut BetOut) {
        let (games, pages) = match body.and_then(|body| parse::games(body).map_err(|cause| cause.to_string())) {
            Ok(page) => page,
            Err(why) => return self.walk_stalls(Pending::Games.name(), &why, now, out),
        };
        let until = now.wall.plus_ms(i64::from(self.config.horizon_h).saturating_mul(3_600_000));
        let sports = self.config.sports.len();
        let Some(walk) = &mut self.catalog.walk else { return };
        // By kick-off: behind the first that begins too late all do.
        let beyond = games.is_empty() || games.iter().any(|game| game.starts > until);
        let soon = |game: &Game| game.starts > now.wall && game.starts <= until;
        let open = |game: &Game| matches!(game.state, GameState::Prematch | GameState::Stopped);
        walk.games.extend(games.into_iter().filter(|game| soon(game) && open(game)).map(|game| (game.id, game)));
        if beyond || walk.page >= pages.min(PAGES_MAX) {
            walk.sport = walk.sport.saturating_add(1);
            walk.page = 1;
        } else {
            walk.page = walk.page.saturating_add(1);
        }
        if walk.sport >= sports {
            walk.paging = false;
            walk.left = walk.games.keys().copied().collect();
        }
        self.walk_on(now, out);
    }

    pub(crate) fn conditions_reply(&mut self, body: Result<&[u8], String>, now: Now, out: &mut BetOut) {
        let rows = match body.and_then(|body| parse::condition_rows(body).map_err(|cause| cause.to_string())) {
            Ok(rows) => rows,
            Err(why) => {
                if let Some(walk) = &mut self.catalog.walk {
                    if walk.at_once == 1 {
                        walk.failed = walk.failed.saturating_add(1);
                    }
                    walk.at_once = walk.at_once.div_euclid(2).max(1);
                    if walk.failed >= TRIES_MAX && !walk.left.is_empty() {
                        walk.left.remove(0);
                        walk.failed = 0;
                    }
                }
                return self.walk_stalls(Pending::Conditions.name(), &why, now, out);
            }
        };
        let Some(mut walk) = self.catalog.walk.take() else { return };
        for row in rows {
            match row {
                Ok(condition) => self.list(&mut walk, condition, out),
                // One that does not read must not hide the others of its games.
                Err(cause) => failed(Pending::Conditions.name(), cause, out),
            }
        }
        walk.left.drain(..walk.left.len().min(walk.at_once));
        walk.failed = 0;
        self.catalog.walk = Some(walk);
        self.walk_on(now, out);
    }

    fn list(&mut self, walk: &mut Walk, mut condition: Condition, out: &mut BetOut) {
        let Some(game) = condition.game.and_then(|game| walk.games.get(&game)) else { return };
        let (listing, disagreement) = listing(game, &condition);
        // Only a text for people; what it names is in the listing.
        condition.title = String::new();
        walk.seen.insert(condition.id);
        let id = condition.id;
        let known = self.catalog.listed.get_mut(&id);
        if known.as_ref().is_some_and(|known| known.listing == listing) {
            if let Some(known) = known {
                known.condition = condition;
            }
            return;
        }
        if let Some(Disagreement(why)) = disagreement {
            let what = crate::sign::condition_text(id);
            failed("the dictionary", format!("condition {what} is not traded: {why}"), out);
        }
        self.feed.starts_at(id, listing.starts);
        out.listings.push(listing.clone());
        self.catalog.listed.insert(id, Listed { listing, condition });
    }

    /// All has been told. What was not listed again and has begun, or has been gone for good, is forgotten unless it is watched.
    fn walk_ends(&mut self, now: Now, out: &mut BetOut) {
        let Some(walk) = self.catalog.walk.take() else { return };
        let mut closed = Vec::new();
        self.catalog.listed.retain(|id, listed| {
            if walk.seen.contains(id) || self.feed.watches(*id) {
                return true;
            }
            let begun = listed.listing.starts <= now.wall;
            if !begun && listed.listing.open {
                listed.listing.open = false;
                closed.push(listed.listing.clone());
            }
            !begun
        });
        out.listings.append(&mut closed);
        out.news.push(BetNews::Listed(self.catalog.listed.len()));
        self.arm(LIST_TIMER, self.config.list_ms, now, out);
    }

    fn walk_stalls(&mut self, what: &'static str, why: &str, now: Now, out: &mut BetOut) {
        failed(what, why, out);
        self.arm(LIST_TIMER, AGAIN_MS, now, out);
    }
}
