//! Bodies of the REST interface (spec sections 8 and 9), read leniently: unknown keys are ignored, numbers may stand
//! with or without quotes, lists may stand bare or wrapped. What is missing stays `None` and is judged in `parse`.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// A scalar as it stands in the text, with or without quotes.
#[derive(Clone, Copy, Deserialize)]
#[serde(transparent)]
pub(crate) struct Num<'a>(#[serde(borrow)] &'a RawValue);

impl<'a> Num<'a> {
    /// The text without its quotes.
    pub(crate) fn text(self) -> &'a str {
        let raw = self.0.get();
        raw.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(raw)
    }
    /// As an integer.
    pub(crate) fn int(self) -> Option<i64> {
        self.text().parse().ok()
    }
    /// As an integer not below zero.
    pub(crate) fn uint(self) -> Option<u64> {
        self.text().parse().ok()
    }
}

/// Reads one JSON object, or nothing.
pub(crate) fn object<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<T> {
    // A derived struct would also read from an array; no body of this venue is meant by that.
    let first = body.iter().find(|b| !b.is_ascii_whitespace())?;
    if *first != b'{' {
        return None;
    }
    serde_json::from_slice(body).ok()
}

#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    orders: Option<&'a RawValue>,
    #[serde(borrow)]
    symbols: Option<&'a RawValue>,
}

/// The rows of a list that stands bare or under one of the wrappers seen (`data`, `orders`, `symbols`). All rows or
/// nothing: a row that cannot be read might be the one that matters.
pub(crate) fn rows<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Option<Vec<T>> {
    rows_within(body, 3)
}

fn rows_within<'a, T: Deserialize<'a>>(body: &'a [u8], depth: u8) -> Option<Vec<T>> {
    if let Some(wrapped) = object::<Wrapped<'a>>(body) {
        let inner = wrapped.symbols.or(wrapped.orders).or(wrapped.data)?;
        return rows_within(inner.get().as_bytes(), depth.checked_sub(1)?);
    }
    serde_json::from_slice(body).ok()
}

/// One row of `GET /exchangeInfo`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SymbolRow<'a> {
    #[serde(borrow)]
    pub(crate) symbol: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) quote: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) size_decimals: Option<Num<'a>>,
    #[serde(borrow)]
    pub(crate) price_decimals: Option<Num<'a>>,
    #[serde(borrow)]
    pub(crate) taker_fee: Option<Num<'a>>,
    #[serde(borrow)]
    pub(crate) init_margin_ratio: Option<Num<'a>>,
    #[serde(borrow)]
    pub(crate) trading_status: Option<Num<'a>>,
    /// v3 only.
    #[serde(borrow)]
    pub(crate) min_tick_size: Option<Num<'a>>,
}

/// Answer of `POST /register`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegisterRow<'a> {
    #[serde(borrow)]
    pub(crate) api_key: Num<'a>,
    #[serde(borrow)]
    pub(crate) acc_group: Num<'a>,
}

/// `GET /account`.
#[derive(Deserialize)]
pub(crate) struct AccountRow<'a> {
    #[serde(borrow)]
    pub(crate) balances: Option<Vec<BalanceRow<'a>>>,
    #[serde(borrow)]
    pub(crate) withdrawable: Option<Num<'a>>,
    #[serde(borrow)]
    pub(crate) positions: Vec<PositionRow<'a>>,
    #[serde(borrow)]
    pub(crate) leverages: Option<Vec<LeverageRow<'a>>>,
    #[serde(borrow)]
    pub(crate) time: Option<Num<'a>>,
}

/// One balance.
#[derive(Deserialize)]
pub(crate) struct BalanceRow<'a> {
    #[serde(borrow)]
    pub(crate) asset: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) total: Num<'a>,
}

/// One position.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PositionRow<'a> {
    #[serde(borrow)]
    pub(crate) symbol: Cow<'a, str>,
    pub(crate) is_long: bool,
    #[serde(borrow)]
    pub(crate) size: Num<'a>,
    #[serde(borrow)]
    pub(crate) entry_price: Option<Num<'a>>,
}

/// One leverage, in the account and as the answer of `POST /account/leverage`.
#[derive(Deserialize)]
pub(crate) struct LeverageRow<'a> {
    #[serde(borrow)]
    pub(crate) symbol: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) value: Num<'a>,
}

/// `GET /account/nonce`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NonceRow<'a> {
    #[serde(borrow)]
    pub(crate) last_nonce: Num<'a>,
}

/// Answer of `POST` and `PUT /account/listenKey`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListenKeyRow<'a> {
    #[serde(borrow)]
    pub(crate) listen_key: Num<'a>,
}

/// Answer of `POST /orders` and `POST /orders/cancel`.
#[derive(Deserialize)]
pub(crate) struct IdRow<'a> {
    #[serde(borrow)]
    pub(crate) id: Num<'a>,
}

/// An order as `GET /orders` and the private stream show it; the stream leaves most of it out of CANCELLED and
/// REJECTED (spec section 10.4).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderRow<'a> {
    #[serde(borrow)]
    pub(crate) id: Num<'a>,
    #[serde(borrow)]
    pub(crate) nonce: Option<Num<'a>>,
    #[serde(borrow)]
    pub(crate) symbol: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) order_type: Option<Num<'a>>,
    pub(crate) is_buy: Option<bool>,
    #[serde(borrow)]
    pub(crate) size: Option<Num<'a>>,
    #[serde(borrow)]
    pub(crate) status: Num<'a>,
    #[serde(borrow)]
    pub(crate) code: Option<Num<'a>>,
    #[serde(borrow)]
    pub(crate) last_filled_size: Option<Num<'a>>,
    #[serde(borrow)]
    pub(crate) last_filled_price: Option<Num<'a>>,
    #[serde(borrow)]
    pub(crate) last_filled_time: Option<Num<'a>>,
    #[serde(borrow)]
    pub(crate) avg_filled_price: Option<Num<'a>>,
    #[serde(borrow)]
    pub(crate) settled_funding: Option<Num<'a>>,
    #[serde(borrow)]
    pub(crate) fees: Option<Num<'a>>,
}
