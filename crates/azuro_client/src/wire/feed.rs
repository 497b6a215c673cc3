//! Games, conditions and outcomes, of REST and of the WebSocket alike (spec sections 4 and 5).

use super::{Digits, Text};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GamesPage<'a> {
    #[serde(borrow)]
    pub(crate) games: Vec<GameRow<'a>>,
    /// Absent in the answers of the search.
    pub(crate) page: Option<u32>,
    pub(crate) total_pages: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GameRow<'a> {
    pub(crate) game_id: String,
    pub(crate) title: Option<String>,
    /// Unix seconds, as a text.
    #[serde(borrow)]
    pub(crate) starts_at: Digits<'a>,
    pub(crate) state: String,
    pub(crate) sport: SportRow<'a>,
    pub(crate) league: NamedRow,
    pub(crate) country: NamedRow,
    pub(crate) participants: Vec<ParticipantRow>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SportRow<'a> {
    #[serde(borrow)]
    pub(crate) sport_id: Digits<'a>,
    pub(crate) slug: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NamedRow {
    pub(crate) slug: String,
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ParticipantRow {
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Conditions<'a> {
    #[serde(borrow)]
    pub(crate) conditions: Vec<ConditionRow<'a>>,
}

/// One condition. REST calls its id `conditionId`, the WebSocket `id`, the documentation of 2025 both.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConditionRow<'a> {
    #[serde(borrow)]
    pub(crate) condition_id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) state: Text<'a>,
    #[serde(borrow)]
    pub(crate) title: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) market_id: Option<Digits<'a>>,
    pub(crate) hidden: Option<bool>,
    pub(crate) is_prematch_enabled: Option<bool>,
    pub(crate) is_live_enabled: Option<bool>,
    #[serde(borrow)]
    pub(crate) outcomes: Vec<OutcomeRow<'a>>,
    #[serde(borrow)]
    pub(crate) game: Option<GameRef<'a>>,
    /// The WebSocket's word for the game.
    #[serde(borrow)]
    pub(crate) game_id: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GameRef<'a> {
    #[serde(borrow)]
    pub(crate) game_id: Text<'a>,
}

/// One outcome: `odds` in REST, `currentOdds` on the WebSocket; the id a text there, a number here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutcomeRow<'a> {
    #[serde(borrow)]
    pub(crate) outcome_id: Digits<'a>,
    #[serde(borrow, alias = "currentOdds")]
    pub(crate) odds: Option<Digits<'a>>,
    #[serde(borrow)]
    pub(crate) point: Option<Digits<'a>>,
    #[serde(borrow)]
    pub(crate) sort: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) state: Option<Text<'a>>,
    pub(crate) hidden: Option<bool>,
}
