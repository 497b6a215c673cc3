//! Games, conditions and outcomes, of REST and of the WebSocket alike (spec sections 4 and 5).

use super::Digits;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GamesPage {
    pub(crate) games: Vec<GameRow>,
    /// Absent in the answers of the search.
    pub(crate) page: Option<u32>,
    pub(crate) total_pages: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GameRow {
    pub(crate) game_id: String,
    pub(crate) title: Option<String>,
    /// Unix seconds, as a text.
    pub(crate) starts_at: Digits,
    pub(crate) state: String,
    pub(crate) sport: SportRow,
    pub(crate) league: NamedRow,
    pub(crate) country: NamedRow,
    pub(crate) participants: Vec<ParticipantRow>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SportRow {
    pub(crate) sport_id: Digits,
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
pub(crate) struct Conditions {
    pub(crate) conditions: Vec<ConditionRow>,
}

/// One condition. REST calls its id `conditionId`, the WebSocket `id`, the documentation of 2025 both.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConditionRow {
    pub(crate) condition_id: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) state: String,
    pub(crate) title: Option<String>,
    pub(crate) market_id: Option<Digits>,
    pub(crate) hidden: Option<bool>,
    pub(crate) is_prematch_enabled: Option<bool>,
    pub(crate) is_live_enabled: Option<bool>,
    pub(crate) outcomes: Vec<OutcomeRow>,
    pub(crate) game: Option<GameRef>,
    /// The WebSocket's word for the game.
    pub(crate) game_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GameRef {
    pub(crate) game_id: String,
}

/// One outcome: `odds` in REST, `currentOdds` on the WebSocket; the id a text there, a number here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutcomeRow {
    pub(crate) outcome_id: Digits,
    #[serde(alias = "currentOdds")]
    pub(crate) odds: Option<Digits>,
    pub(crate) point: Option<Digits>,
    pub(crate) sort: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) hidden: Option<bool>,
}
