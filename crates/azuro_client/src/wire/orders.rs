//! Orders, calculation and gas-info (spec sections 6 and 7).

use super::Digits;
use serde::Deserialize;

/// The answer to a POST, and the full order of a GET: the second has more in it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderRow {
    pub(crate) id: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) odds: Option<Digits>,
    pub(crate) amount: Option<Digits>,
    pub(crate) bet_id: Option<Digits>,
    pub(crate) tx_hash: Option<String>,
    pub(crate) result: Option<String>,
    /// When its payout was claimed.
    pub(crate) redeemed_at: Option<String>,
    pub(crate) meta: Option<MetaRow>,
    pub(crate) error: Option<String>,
    pub(crate) error_message: Option<String>,
}

/// Exact integers, once the indexer has the bet.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetaRow {
    pub(crate) raw_odds: Option<Digits>,
    pub(crate) raw_amount: Option<Digits>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OrderList {
    pub(crate) orders: Vec<OrderRow>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Calculation {
    pub(crate) response: CalculationRow,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CalculationRow {
    pub(crate) min_bet: Option<Digits>,
    pub(crate) max_bet: Option<Digits>,
    /// Inside an answer of status 200 (spec section 6).
    pub(crate) error: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GasRow {
    /// Raw token units.
    pub(crate) relayer_fee_amount: Digits,
    pub(crate) decimals: u32,
}
