//! Bodies of the REST interface and of the channels that carry the same rows (spec sections 5 to 8, 10, 11.1, 15).
//!
//! Read leniently: unknown keys are ignored, numbers may stand with or without quotes, what is missing stays `None` and is judged
//! in `parse` and `catalog`.

use super::json::Num;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// `GET /orderbook-v3/snapshot` and the channel of the same book.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BookRow<'a> {
    #[serde(borrow)]
    pub(crate) market_hash: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) version: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) outcome_one: &'a RawValue,
    #[serde(borrow)]
    pub(crate) outcome_two: &'a RawValue,
}

/// One price level, from the resting owner's side.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LevelRow<'a> {
    #[serde(borrow)]
    pub(crate) percentage_odds: Num<'a>,
    #[serde(borrow)]
    pub(crate) size: Num<'a>,
}

/// A row of `best_odds_v3:global` and of `GET /orders-v3/odds/best`. Both sides are always there; null is an empty one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BestRow<'a> {
    #[serde(borrow)]
    pub(crate) market_hash: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) outcome_one: &'a RawValue,
    #[serde(borrow)]
    pub(crate) outcome_two: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BestPage<'a> {
    #[serde(borrow)]
    pub(crate) best_odds: &'a RawValue,
}

/// Several rows, and the key of the next page. The lists of this venue stand under different names.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Page<'a> {
    #[serde(borrow, alias = "fills", alias = "trades", alias = "markets", alias = "positions", alias = "balances")]
    pub(crate) orders: &'a RawValue,
    #[serde(borrow)]
    pub(crate) next_key: Option<Cow<'a, str>>,
}

/// One element of the answer to `POST /orders-v3`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EntryRow<'a> {
    #[serde(borrow)]
    pub(crate) order_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) status: Cow<'a, str>,
    // Three clients read the reason of a failure from three names (spec section 7.2).
    #[serde(borrow)]
    pub(crate) reason: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) error: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) message: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) outcome: Option<OutcomeRow<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutcomeRow<'a> {
    #[serde(borrow)]
    pub(crate) state: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) fill_amount: Option<Num<'a>>,
    #[serde(borrow)]
    pub(crate) cancel_reason: Option<Cow<'a, str>>,
}

/// An order as the venue knows it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderRow<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) market_hash: Cow<'a, str>,
    pub(crate) is_betting_outcome_one: bool,
    #[serde(borrow)]
    pub(crate) percentage_odds: Num<'a>,
    #[serde(borrow)]
    pub(crate) total_bet_size: Num<'a>,
    #[serde(borrow)]
    pub(crate) remaining_size: Num<'a>,
    #[serde(borrow)]
    pub(crate) status: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) inactive_reason: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) client_order_id: Option<Cow<'a, str>>,
}

/// An order may stand bare or under `order`.
#[derive(Deserialize)]
pub(crate) struct UnderOrder<'a> {
    #[serde(borrow)]
    pub(crate) order: &'a RawValue,
}

/// A match of one order.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FillRow<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) order_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) market_hash: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) fill_amount: Num<'a>,
    #[serde(borrow)]
    pub(crate) fill_odds: Num<'a>,
    #[serde(borrow)]
    pub(crate) return_amount: Option<Num<'a>>,
    pub(crate) is_betting_outcome_one: bool,
    #[serde(borrow)]
    pub(crate) status: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) settlement: Option<SettlementRow<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettlementRow<'a> {
    #[serde(borrow)]
    pub(crate) outcome: Num<'a>,
    #[serde(borrow)]
    pub(crate) settle_return_amount: Num<'a>,
    #[serde(borrow)]
    pub(crate) settle_fee_amount: Option<Num<'a>>,
}

/// One bet: the fills of one trade together.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TradeRow<'a> {
    #[serde(borrow)]
    pub(crate) trade_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) market_hash: Cow<'a, str>,
    pub(crate) is_betting_outcome_one: bool,
    #[serde(borrow)]
    pub(crate) total_stake: Num<'a>,
    #[serde(borrow)]
    pub(crate) weighted_average_odds: Num<'a>,
    #[serde(borrow)]
    pub(crate) status: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) settlement: Option<SettlementRow<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct UnderTrade<'a> {
    #[serde(borrow)]
    pub(crate) trade: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PositionRow<'a> {
    #[serde(borrow)]
    pub(crate) market_hash: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) total_stake: Num<'a>,
    #[serde(borrow)]
    pub(crate) max_win: Num<'a>,
    #[serde(borrow)]
    pub(crate) max_loss: Num<'a>,
    pub(crate) is_outcome_one_max_win: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BalanceRow<'a> {
    #[serde(borrow)]
    pub(crate) token_address: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) escrow_address: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) available_amount: Num<'a>,
    #[serde(borrow)]
    pub(crate) pending_available_amount: Num<'a>,
    #[serde(borrow)]
    pub(crate) escrowed_amount: Num<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FeesRow<'a> {
    #[serde(borrow, default)]
    pub(crate) taker_payout_fee: Option<Num<'a>>,
    #[serde(borrow, default)]
    pub(crate) refund_fee: Option<Num<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HeartbeatRow<'a> {
    #[serde(borrow)]
    pub(crate) expires_at: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CancelRow<'a> {
    #[serde(borrow)]
    pub(crate) order_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) reason: Option<Cow<'a, str>>,
}

/// Answers of the cancels: by id, by event, all.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CancelPage<'a> {
    #[serde(borrow, default)]
    pub(crate) cancelled: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) cancelled_submitted: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) not_cancelled: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(crate) unconfirmed: Option<&'a RawValue>,
    #[serde(default)]
    pub(crate) has_more: bool,
}

#[derive(Deserialize)]
pub(crate) struct TokenRow<'a> {
    #[serde(borrow)]
    pub(crate) token: Cow<'a, str>,
}

/// A market of `GET /markets/active`, `/markets/find` and `markets:global`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MarketRow<'a> {
    #[serde(borrow)]
    pub(crate) status: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) market_hash: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) outcome_one_name: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) outcome_two_name: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) team_one_name: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) team_two_name: Cow<'a, str>,
    #[serde(rename = "type")]
    pub(crate) kind: u32,
    pub(crate) game_time: i64,
    #[serde(borrow)]
    pub(crate) line: Option<Num<'a>>,
    pub(crate) main_line: Option<bool>,
    // One id, three spellings by age of the page (spec section 5.1).
    #[serde(borrow, alias = "sportXEventId", alias = "eventId")]
    pub(crate) sport_xevent_id: Cow<'a, str>,
    #[serde(default)]
    pub(crate) live_enabled: bool,
    pub(crate) sport_id: u32,
    pub(crate) league_id: u32,
    #[serde(borrow, default)]
    pub(crate) league_label: Cow<'a, str>,
    pub(crate) outcome: Option<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MainLineRow<'a> {
    #[serde(borrow)]
    pub(crate) market_hash: Cow<'a, str>,
    pub(crate) market_type: u32,
    #[serde(borrow, alias = "sportXEventId", alias = "eventId")]
    pub(crate) sport_xevent_id: Cow<'a, str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FixtureRow<'a> {
    #[serde(borrow)]
    pub(crate) participant_one_name: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) participant_two_name: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) start_date: Cow<'a, str>,
    pub(crate) status: u8,
    pub(crate) league_id: u32,
    pub(crate) sport_id: u32,
    #[serde(borrow, alias = "sportXEventId", alias = "sportXeventId")]
    pub(crate) event_id: Cow<'a, str>,
}

/// Sports and leagues: a number with a name.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LabelRow<'a> {
    pub(crate) league_id: Option<u32>,
    pub(crate) sport_id: u32,
    #[serde(borrow)]
    pub(crate) label: Cow<'a, str>,
}
