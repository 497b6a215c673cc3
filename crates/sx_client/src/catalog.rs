//! What can be bet on: markets, fixtures, sports and leagues (spec section 5).

use crate::wire::json::object;
use crate::wire::json::{data, list, one_or_many};
use crate::wire::rest::{FixtureRow, LabelRow, MainLineRow, MarketRow, Page};
use domain::{Line, MarketId};

/// One market: two outcomes of one question about one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    /// The venue's id.
    pub id: MarketId,
    /// Whether the venue lists it as active.
    pub active: bool,
    /// The question (spec section 5.2).
    pub kind: u32,
    /// The number it is about, where it has one; belongs to team one.
    pub line: Option<Line>,
    /// Whether it is the main line; only markets with lines say.
    pub main_line: Option<bool>,
    /// The event.
    pub event: String,
    /// Names of the outcomes, one and two.
    pub outcomes: [String; 2],
    /// Names of the teams, one and two.
    pub teams: [String; 2],
    /// Kick-off, Unix seconds.
    pub game_time: i64,
    /// Whether it can be bet on after kick-off.
    pub live: bool,
    /// Sport and league by number.
    pub sport: u32,
    /// League by number.
    pub league: u32,
    /// League by name.
    pub league_name: String,
    /// How it ended: 0 void, 1, 2.
    pub result: Option<u8>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixture {
    /// The venue's id.
    pub event: String,
    /// Names, one and two.
    pub participants: [String; 2],
    /// Start in the venue's words (ISO 8601).
    pub start: String,
    /// 1 not started, 2 live, 3 finished, 4 cancelled, 5 postponed, 6 interrupted, 7 abandoned, 8 coverage lost, 9 about to start.
    pub status: u8,
    /// Sport by number.
    pub sport: u32,
    /// League by number.
    pub league: u32,
}

fn market(row: &MarketRow<'_>) -> Option<Market> {
    let line = match row.line {
        Some(line) if line.text() != "null" => Some(Line::parse(line.text())?),
        _ => None,
    };
    Some(Market {
        id: row.market_hash.parse().ok()?,
        active: row.status.eq_ignore_ascii_case("ACTIVE"),
        kind: row.kind,
        line,
        main_line: row.main_line,
        event: row.sport_xevent_id.as_ref().to_owned(),
        outcomes: [row.outcome_one_name.as_ref().to_owned(), row.outcome_two_name.as_ref().to_owned()],
        teams: [row.team_one_name.as_ref().to_owned(), row.team_two_name.as_ref().to_owned()],
        game_time: row.game_time,
        live: row.live_enabled,
        sport: row.sport_id,
        league: row.league_id,
        league_name: row.league_label.as_ref().to_owned(),
        result: row.outcome,
    })
}

/// Markets as `markets:global` brings them, or a bare one.
pub fn markets(text: &str) -> Option<Vec<Market>> {
    one_or_many::<MarketRow<'_>>(text)?.iter().map(market).collect()
}
/// One page of `GET /markets/active`, and the key of the next; also `/markets/find` and `/markets/popular`, whose list stands bare.
pub fn markets_page(body: &[u8]) -> Option<(Vec<Market>, Option<String>)> {
    let data = data(body)?;
    match object::<Page<'_>>(data) {
        Some(page) => Some((markets(page.orders.get())?, page.next_key.map(|k| k.into_owned()))),
        None => Some((markets(data)?, None)),
    }
}
/// A change of the main line: market, its kind, the event.
pub fn main_line(text: &str) -> Option<Vec<(MarketId, u32, String)>> {
    let one = |row: MainLineRow<'_>| Some((row.market_hash.parse().ok()?, row.market_type, row.sport_xevent_id.into_owned()));
    one_or_many::<MainLineRow<'_>>(text)?.into_iter().map(one).collect()
}
/// The answer to `GET /fixture/active`.
pub fn fixtures(body: &[u8]) -> Option<Vec<Fixture>> {
    Some(list::<FixtureRow<'_>>(data(body)?)?.into_iter().map(fixture).collect())
}
/// Fixtures as `fixtures:global` brings them: one object or an array.
pub fn fixture_rows(text: &str) -> Option<Vec<Fixture>> {
    Some(one_or_many::<FixtureRow<'_>>(text)?.into_iter().map(fixture).collect())
}
fn fixture(row: FixtureRow<'_>) -> Fixture {
    Fixture {
        event: row.event_id.into_owned(),
        participants: [row.participant_one_name.into_owned(), row.participant_two_name.into_owned()],
        start: row.start_date.into_owned(),
        status: row.status,
        sport: row.sport_id,
        league: row.league_id,
    }
}
/// The answers to `GET /sports`, `/leagues` and `/leagues/active`: league where there is one, sport, name.
pub fn labels(body: &[u8]) -> Option<Vec<(Option<u32>, u32, String)>> {
    let one = |row: LabelRow<'_>| (row.league_id, row.sport_id, row.label.into_owned());
    Some(list::<LabelRow<'_>>(data(body)?)?.into_iter().map(one).collect())
}
