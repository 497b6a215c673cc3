//! Orders, calculation and gas-info (spec sections 6 and 7).

use super::Digits;
use serde::Deserialize;

/// The answer to a POST, and the full order of a GET: the second has more in it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderRow<'a> {
    pub(crate) id: Option<String>,
    pub(crate) state: Option<String>,
    #[serde(borrow)]
    pub(crate) odds: Option<Digits<'a>>,
    #[serde(borrow)]
    pub(crate) amount: Option<Digits<'a>>,
    #[serde(borrow)]
    pub(crate) bet_id: Option<Digits<'a>>,
    pub(crate) tx_hash: Option<String>,
    pub(crate) result: Option<String>,
    /// When its payout was claimed.
    pub(crate) redeemed_at: Option<String>,
    #[serde(borrow)]
    pub(crate) meta: Option<MetaRow<'a>>,
    pub(crate) error: Option<String>,
    pub(crate) error_message: Option<String>,
}

/// Exact integers, once the indexer has the bet.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MetaRow<'a> {
    #[serde(borrow)]
    pub(crate) raw_odds: Option<Digits<'a>>,
    #[serde(borrow)]
    pub(crate) raw_amount: Option<Digits<'a>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OrderList<'a> {
    #[serde(borrow)]
    pub(crate) orders: Vec<OrderRow<'a>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Calculation<'a> {
    #[serde(borrow)]
    pub(crate) response: CalculationRow<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CalculationRow<'a> {
    #[serde(borrow)]
    pub(crate) min_bet: Option<Digits<'a>>,
    #[serde(borrow)]
    pub(crate) max_bet: Option<Digits<'a>>,
    /// Inside an answer of status 200 (spec section 6).
    pub(crate) error: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GasRow<'a> {
    /// Raw token units.
    #[serde(borrow)]
    pub(crate) relayer_fee_amount: Digits<'a>,
    pub(crate) decimals: u32,
}
