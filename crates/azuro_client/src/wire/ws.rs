//! Frames of the feed (spec section 5): an envelope of `event` and `data`, no sequence numbers, no timestamps.

use super::Text;
use super::feed::ConditionRow;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

#[derive(Debug, Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    event: Text<'a>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ack {
    condition_ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GameUpdate {
    pub(crate) id: String,
    pub(crate) state: String,
}

/// A frame of the feed.
#[derive(Debug)]
pub(crate) enum FeedFrame<'a> {
    /// A subscription was taken. The ids are an echo: it does not prove that they exist.
    Subscribed(Vec<String>),
    /// The whole of a condition, anew.
    Condition(ConditionRow<'a>),
    /// A game.
    Game(GameUpdate),
    /// Something this client has no use for.
    Other,
}

/// Reads a frame.
pub(crate) fn read(text: &str) -> Result<FeedFrame<'_>, serde_json::Error> {
    let envelope: Envelope<'_> = serde_json::from_str(text)?;
    let data = envelope.data.map_or("null", RawValue::get);
    match &*envelope.event {
        "SubscribedToConditions" => serde_json::from_str::<Ack>(data).map(|ack| FeedFrame::Subscribed(ack.condition_ids)),
        "ConditionUpdated" => serde_json::from_str(data).map(FeedFrame::Condition),
        "GameUpdated" => serde_json::from_str(data).map(FeedFrame::Game),
        _ => Ok(FeedFrame::Other),
    }
}

/// `SubscribeConditions` or `UnsubscribeConditions`.
pub(crate) fn conditions(event: &str, ids: &[String], environment: &str) -> String {
    json!({ "event": event, "data": { "conditionIds": ids, "environment": environment } }).to_string()
}
