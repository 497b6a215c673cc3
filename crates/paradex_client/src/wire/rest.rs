//! Bodies of the REST routes, as far as we read them (paradex.md 4, 5). Orders and fills have the same shape on the
//! JSON channels of the socket.

use crate::error::DecodeError;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};
use std::borrow::Cow;

/// Reads a body.
pub(crate) fn parse_body<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, DecodeError> {
    serde_json::from_slice(body).map_err(|_| DecodeError::Json)
}

/// `GET /system/config`.
#[derive(Debug, Deserialize)]
pub(crate) struct SystemConfig<'a> {
    #[serde(borrow)]
    pub(crate) starknet_chain_id: Cow<'a, str>,
}

/// `GET /system/time`: ms as a string (paradex.md 12, item 5); a number is taken too.
#[derive(Debug, Deserialize)]
pub(crate) struct SystemTime {
    #[serde(deserialize_with = "integer_or_text")]
    pub(crate) server_time: i64,
}

fn integer_or_text<'de, D: Deserializer<'de>>(d: D) -> Result<i64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either<'a> {
        Number(i64),
        Text(#[serde(borrow)] Cow<'a, str>),
    }
    match Either::deserialize(d)? {
        Either::Number(n) => Ok(n),
        Either::Text(t) => t.parse().map_err(D::Error::custom),
    }
}

/// `GET /system/state`.
#[derive(Debug, Deserialize)]
pub(crate) struct SystemState<'a> {
    #[serde(borrow)]
    pub(crate) status: Cow<'a, str>,
}

/// `POST /auth`.
#[derive(Deserialize)]
pub(crate) struct AuthResult<'a> {
    #[serde(borrow)]
    pub(crate) jwt_token: Cow<'a, str>,
}

/// The error body of any route.
#[derive(Debug, Deserialize)]
pub(crate) struct ErrorBody<'a> {
    #[serde(borrow)]
    pub(crate) error: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) message: Option<Cow<'a, str>>,
}

/// A list route; `next` is the cursor of the next page.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(crate) struct Page<T> {
    #[serde(default)]
    pub(crate) next: Option<String>,
    pub(crate) results: Vec<T>,
}

impl<T> Page<T> {
    /// The cursor to go on with, if there is more.
    pub(crate) fn cursor(&self) -> Option<&str> {
        self.next.as_deref().filter(|c| !c.is_empty())
    }
}

/// One market of `GET /markets`.
#[derive(Debug, Deserialize)]
pub(crate) struct MarketData<'a> {
    #[serde(borrow)]
    pub(crate) symbol: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) quote_currency: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) price_tick_size: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) order_size_increment: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) min_notional: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) max_order_size: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) price_bands_width: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) asset_kind: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) trading_mode: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) fee_config: Option<FeeConfig<'a>>,
    #[serde(borrow, default)]
    pub(crate) delta1_cross_margin_params: Option<MarginParams<'a>>,
    /// ms, 0 for a market without an end.
    #[serde(default)]
    pub(crate) expiry_at: i64,
    /// ms.
    #[serde(default)]
    pub(crate) open_at: i64,
}

/// Initial margin as a share of the notional, as far as we read it.
#[derive(Debug, Deserialize)]
pub(crate) struct MarginParams<'a> {
    #[serde(borrow, default)]
    pub(crate) imf_base: Cow<'a, str>,
}

/// One account of `GET /account/info`.
#[derive(Debug, Deserialize)]
pub(crate) struct AccountInfo<'a> {
    #[serde(borrow, default)]
    pub(crate) account: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) fees: Option<AccountFees<'a>>,
}

/// What an account pays, as far as we read it.
#[derive(Debug, Deserialize)]
pub(crate) struct AccountFees<'a> {
    #[serde(borrow, default)]
    pub(crate) taker_rate: Option<Cow<'a, str>>,
}

/// `GET /orderbook/{m}`: the best levels stand first.
#[derive(Debug, Deserialize)]
pub(crate) struct BookPage<'a> {
    #[serde(borrow)]
    pub(crate) market: Cow<'a, str>,
    pub(crate) seq_no: u64,
    pub(crate) last_updated_at: i64,
    #[serde(borrow, default)]
    pub(crate) bids: Vec<[Cow<'a, str>; 2]>,
    #[serde(borrow, default)]
    pub(crate) asks: Vec<[Cow<'a, str>; 2]>,
}

/// The market's own fees; absent where the exchange-wide schedule holds.
#[derive(Debug, Deserialize)]
pub(crate) struct FeeConfig<'a> {
    #[serde(borrow, default)]
    pub(crate) api_fee: Option<FeePair<'a>>,
}

/// Maker and taker fee of one profile, as far as we read it.
#[derive(Debug, Deserialize)]
pub(crate) struct FeePair<'a> {
    #[serde(borrow, default)]
    pub(crate) taker_fee: Option<Fee<'a>>,
}

/// One fee.
#[derive(Debug, Deserialize)]
pub(crate) struct Fee<'a> {
    #[serde(borrow)]
    pub(crate) fee: Cow<'a, str>,
}

/// An order, over REST, in a reply and on the JSON channel (paradex.md 4.3).
#[derive(Debug, Deserialize)]
pub(crate) struct OrderData<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) client_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) market: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) status: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) size: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) remaining_size: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) cancel_reason: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) seq_no: Option<u64>,
}

/// A fill, over REST and on the JSON channel (paradex.md 4.3).
#[derive(Debug, Deserialize)]
pub(crate) struct FillData<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) order_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) client_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(crate) market: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) side: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) size: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) price: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) fee: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) realized_funding: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) fill_type: Option<Cow<'a, str>>,
}

/// A position; `size` is signed in JSON (paradex.md 12, item 14).
#[derive(Debug, Deserialize)]
pub(crate) struct PositionData<'a> {
    #[serde(borrow)]
    pub(crate) market: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) side: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) status: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) size: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) average_entry_price: Option<Cow<'a, str>>,
}

/// One token of `GET /balance`.
#[derive(Debug, Deserialize)]
pub(crate) struct BalanceData<'a> {
    #[serde(borrow)]
    pub(crate) token: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) size: Cow<'a, str>,
}

/// `GET /account` and the JSON channel `account`.
#[derive(Debug, Deserialize)]
pub(crate) struct AccountData<'a> {
    #[serde(borrow, default)]
    pub(crate) status: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) free_collateral: Cow<'a, str>,
}

/// A query value with everything but unreserved characters escaped: cursors are base64.
pub(crate) fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len().saturating_mul(2));
    for b in value.bytes() {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(b));
        } else {
            out.push('%');
            for nibble in [b >> 4, b & 15] {
                out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_value_is_escaped_as_a_url_wants_it() {
        fn check(value: &str, expect: &str) {
            assert_eq!(escaped(value), expect);
        }
        check("b4-1-2-ae1", "b4-1-2-ae1");
        check("eyJmIjp7fX0=", "eyJmIjp7fX0%3D");
        check("a+b/c d&e", "a%2Bb%2Fc%20d%26e");
        check("é", "%C3%A9");
    }

    #[test]
    fn server_time_reads_as_text_and_as_number() {
        fn check(body: &str, expect: Result<i64, DecodeError>) {
            assert_eq!(parse_body::<SystemTime>(body.as_bytes()).map(|t| t.server_time), expect);
        }
        check(r#"{"server_time":"1721281853309"}"#, Ok(1_721_281_853_309));
        check(r#"{"server_time":1721281853309}"#, Ok(1_721_281_853_309));
        check(r#"{"server_time":"soon"}"#, Err(DecodeError::Json));
        check("<html>", Err(DecodeError::Json));
    }
}
