//! Bodies of the REST interface and of the channels that carry the same rows (spec sections 5 to 8, 10, 11.1, 15).
//!
//! Read leniently: unknown keys are ignored, numbers may stand with or without quotes, what is missing stays `None` and is judged
//! in `parse` and `catalog`.

use super::json::Num;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Rows that borrow their texts from the body they stand in: what is borrowed first, after the semicolon what is not.
macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident {
        $($(#[$of:meta])* $field:ident: $borrowed:ty,)*
        $(; $($(#[$plain_of:meta])* $plain:ident: $owned:ty,)*)?
    })*) => {$(
        $(#[$doc])*
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub(crate) struct $name<'a> {
            $(#[serde(borrow)] $(#[$of])* pub(crate) $field: $borrowed,)*
            $($($(#[$plain_of])* pub(crate) $plain: $owned,)*)?
        }
    )*};
}

rows! {
    /// One price level, from the resting owner's side.
    LevelRow {
        percentage_odds: Num<'a>,
        size: Num<'a>,
    }

    /// A row of `best_odds_v3:global` and of `GET /orders-v3/odds/best`. Both sides are always there; null is an empty one.
    BestRow {
        market_hash: Cow<'a, str>,
        outcome_one: &'a RawValue,
        outcome_two: &'a RawValue,
    }

    BestPage {
        best_odds: &'a RawValue,
    }

    /// Several rows, and the key of the next page. The lists of this venue stand under different names.
    Page {
        #[serde(alias = "fills", alias = "trades", alias = "markets", alias = "positions", alias = "balances")]
        orders: &'a RawValue,
        next_key: Option<Cow<'a, str>>,
    }

    /// One element of the answer to `POST /orders-v3`.
    EntryRow {
        order_id: Option<Cow<'a, str>>,
        status: Cow<'a, str>,
        // Three clients read the reason of a failure from three names (spec section 7.2).
        reason: Option<Cow<'a, str>>,
        error: Option<Cow<'a, str>>,
        message: Option<Cow<'a, str>>,
        outcome: Option<OutcomeRow<'a>>,
    }

    OutcomeRow {
        state: Cow<'a, str>,
        fill_amount: Option<Num<'a>>,
        cancel_reason: Option<Cow<'a, str>>,
    }

    /// An order as the venue knows it.
    OrderRow {
        id: Cow<'a, str>,
        market_hash: Cow<'a, str>,
        percentage_odds: Num<'a>,
        total_bet_size: Num<'a>,
        remaining_size: Num<'a>,
        status: Cow<'a, str>,
        inactive_reason: Option<Cow<'a, str>>,
        client_order_id: Option<Cow<'a, str>>,
        ;
        is_betting_outcome_one: bool,
    }

    /// An order may stand bare or under `order`.
    UnderOrder {
        order: &'a RawValue,
    }

    /// The same of a fill.
    UnderFill {
        fill: &'a RawValue,
    }

    /// A match of one order.
    FillRow {
        id: Cow<'a, str>,
        order_id: Cow<'a, str>,
        market_hash: Cow<'a, str>,
        fill_amount: Num<'a>,
        fill_odds: Num<'a>,
        return_amount: Option<Num<'a>>,
        status: Cow<'a, str>,
        settlement: Option<SettlementRow<'a>>,
        ;
        is_betting_outcome_one: bool,
    }

    SettlementRow {
        outcome: Num<'a>,
        settle_return_amount: Num<'a>,
        settle_fee_amount: Option<Num<'a>>,
    }

    /// One bet: the fills of one trade together.
    TradeRow {
        trade_id: Cow<'a, str>,
        market_hash: Cow<'a, str>,
        total_stake: Num<'a>,
        weighted_average_odds: Num<'a>,
        status: Option<Cow<'a, str>>,
        settlement: Option<SettlementRow<'a>>,
        ;
        is_betting_outcome_one: bool,
    }

    UnderTrade {
        trade: &'a RawValue,
    }

    PositionRow {
        market_hash: Cow<'a, str>,
        total_stake: Num<'a>,
        max_win: Num<'a>,
        max_loss: Num<'a>,
        ;
        is_outcome_one_max_win: bool,
    }

    BalanceRow {
        token_address: Cow<'a, str>,
        escrow_address: Cow<'a, str>,
        available_amount: Num<'a>,
        pending_available_amount: Num<'a>,
        escrowed_amount: Num<'a>,
    }

    FeesRow {
        #[serde(default)]
        taker_payout_fee: Option<Num<'a>>,
        #[serde(default)]
        refund_fee: Option<Num<'a>>,
    }

    HeartbeatRow {
        expires_at: Option<Cow<'a, str>>,
    }

    CancelRow {
        order_id: Cow<'a, str>,
        reason: Option<Cow<'a, str>>,
    }

    /// Answers of the cancels: by id, by event, all.
    CancelPage {
        #[serde(default)]
        cancelled: Option<&'a RawValue>,
        #[serde(default)]
        cancelled_submitted: Option<&'a RawValue>,
        #[serde(default)]
        not_cancelled: Option<&'a RawValue>,
        #[serde(default)]
        unconfirmed: Option<&'a RawValue>,
        ;
        #[serde(default)]
        has_more: bool,
    }

    TokenRow {
        token: Cow<'a, str>,
    }

    /// A market of `GET /markets/active`, `/markets/find` and `markets:global`.
    MarketRow {
        status: Cow<'a, str>,
        market_hash: Cow<'a, str>,
        outcome_one_name: Cow<'a, str>,
        outcome_two_name: Cow<'a, str>,
        team_one_name: Cow<'a, str>,
        team_two_name: Cow<'a, str>,
        line: Option<Num<'a>>,
        // One id, three spellings by age of the page (spec section 5.1).
        #[serde(alias = "sportXEventId", alias = "eventId")]
        sport_xevent_id: Cow<'a, str>,
        #[serde(default)]
        league_label: Cow<'a, str>,
        ;
        #[serde(rename = "type")]
        kind: u32,
        game_time: i64,
        main_line: Option<bool>,
        #[serde(default)]
        live_enabled: bool,
        sport_id: u32,
        league_id: u32,
        outcome: Option<u8>,
    }

    MainLineRow {
        market_hash: Cow<'a, str>,
        #[serde(alias = "sportXEventId", alias = "eventId")]
        sport_xevent_id: Cow<'a, str>,
        ;
        market_type: u32,
    }

    FixtureRow {
        participant_one_name: Cow<'a, str>,
        participant_two_name: Cow<'a, str>,
        start_date: Cow<'a, str>,
        #[serde(alias = "sportXEventId", alias = "sportXeventId")]
        event_id: Cow<'a, str>,
        ;
        status: u8,
        league_id: u32,
        sport_id: u32,
    }

    /// Sports and leagues: a number with a name.
    LabelRow {
        label: Cow<'a, str>,
        ;
        league_id: Option<u32>,
        sport_id: u32,
    }
}
