//! JSON-RPC frames of the socket: control messages and the JSON form of every payload (paradex.md 6, 8).

use crate::error::DecodeError;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::Write as _;

/// A text frame: a reply (`id` and `result` or `error`) or a notification (`params`).
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    /// Present on a notification.
    #[serde(borrow, default)]
    pub(crate) params: Option<Notification<'a>>,
    /// Present on a good reply.
    #[serde(borrow, default)]
    pub(crate) result: Option<&'a RawValue>,
    /// Present on a bad one.
    #[serde(borrow, default)]
    pub(crate) error: Option<RpcError<'a>>,
}

impl Envelope<'_> {
    /// The request this answers; `None` if it answers none of ours.
    pub(crate) fn id(&self) -> Option<u64> {
        self.id.and_then(|raw| raw.get().parse().ok())
    }
}

/// A payload and the channel it came on.
#[derive(Debug, Deserialize)]
pub(crate) struct Notification<'a> {
    /// As subscribed.
    #[serde(borrow)]
    pub(crate) channel: Cow<'a, str>,
    /// Not yet read.
    #[serde(borrow)]
    pub(crate) data: &'a RawValue,
}

/// Why a request failed.
#[derive(Debug, Deserialize)]
pub(crate) struct RpcError<'a> {
    /// See paradex.md 6.2.
    pub(crate) code: i64,
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

impl RpcError<'_> {
    /// Code, message and data as one sentence, at most 200 characters.
    pub(crate) fn text(&self) -> String {
        let mut text = self.code.to_string();
        for part in [self.message.as_deref(), self.data.map(|d| d.get().trim_matches('"'))].into_iter().flatten() {
            text.push_str(": ");
            text.extend(part.chars().take(200));
        }
        text
    }
}

/// Reads a text frame.
pub(crate) fn parse_envelope(text: &str) -> Result<Envelope<'_>, DecodeError> {
    serde_json::from_str(text).map_err(|_| DecodeError::Json)
}

/// Reads a payload.
pub(crate) fn parse_data<'a, T: Deserialize<'a>>(data: &'a RawValue) -> Result<T, DecodeError> {
    sonic_rs::from_str(data.get()).map_err(|_| DecodeError::Json)
}

/// Book data in its JSON shape: `update_type` `s` for the whole book, `d` for changes (paradex.md 8.1).
#[derive(Debug, Deserialize)]
pub(crate) struct BookData<'a> {
    pub(crate) seq_no: u64,
    #[serde(borrow)]
    pub(crate) market: Cow<'a, str>,
    #[serde(default)]
    pub(crate) last_updated_at: i64,
    #[serde(borrow)]
    pub(crate) update_type: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) inserts: Vec<LevelData<'a>>,
    #[serde(borrow, default)]
    pub(crate) updates: Vec<LevelData<'a>>,
    #[serde(borrow, default)]
    pub(crate) deletes: Vec<LevelData<'a>>,
}

/// One level in its JSON shape.
#[derive(Debug, Deserialize)]
pub(crate) struct LevelData<'a> {
    #[serde(borrow)]
    pub(crate) side: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) price: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) size: Cow<'a, str>,
}

/// Best bid and offer in its JSON shape; an empty side is null, `""` or zero.
#[derive(Debug, Deserialize)]
pub(crate) struct BboData<'a> {
    #[serde(borrow)]
    pub(crate) market: Cow<'a, str>,
    pub(crate) seq_no: u64,
    #[serde(borrow, default)]
    pub(crate) bid: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) bid_size: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) ask: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) ask_size: Option<Cow<'a, str>>,
}

/// A public trade in its JSON shape.
#[derive(Debug, Deserialize)]
pub(crate) struct TradeData<'a> {
    #[serde(borrow)]
    pub(crate) market: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) price: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) size: Cow<'a, str>,
}

/// A market summary in its JSON shape, as far as we read it.
#[derive(Debug, Deserialize)]
pub(crate) struct SummaryData<'a> {
    #[serde(borrow)]
    pub(crate) symbol: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) mark_price: Cow<'a, str>,
}

/// Funding of a market in its JSON shape; rates have more decimals than eight.
#[derive(Debug, Deserialize)]
pub(crate) struct FundingData<'a> {
    #[serde(borrow)]
    pub(crate) market: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) funding_rate: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) funding_rate_8h: Option<Cow<'a, str>>,
    #[serde(default)]
    pub(crate) funding_period_hours: i64,
}

/// The answer to `order.create` (paradex.md 6.3).
#[derive(Debug, Deserialize)]
pub(crate) struct CreateResult<'a> {
    #[serde(borrow)]
    pub(crate) order: super::rest::OrderData<'a>,
}

/// `auth`.
pub(crate) fn auth(id: u64, token: &str) -> String {
    request(id, "auth", |t| {
        t.push_str("{\"bearer\":\"");
        t.push_str(token);
        t.push_str("\"}");
    })
}

/// `subscribe` or `unsubscribe`.
pub(crate) fn subscription(id: u64, method: &'static str, channel: &str) -> String {
    request(id, method, |t| {
        t.push_str("{\"channel\":\"");
        t.push_str(channel);
        t.push_str("\"}");
    })
}

/// `order.cancel_on_disconnect`.
pub(crate) fn cancel_on_disconnect(id: u64) -> String {
    request(id, "order.cancel_on_disconnect", |t| t.push_str("{\"enabled\":true}"))
}

/// `order.cancel` by the venue's id, or by ours where that is not known yet.
pub(crate) fn cancel(id: u64, venue_order: Option<&str>, client_id: &str, market: &str) -> String {
    request(id, "order.cancel", |t| {
        // Writing to a String cannot fail.
        let _ = match venue_order {
            Some(order) => write!(t, "{{\"id\":{}}}", quoted(order)),
            None => write!(t, "{{\"client_id\":\"{client_id}\",\"market\":\"{market}\"}}"),
        };
    })
}

/// A request with parameters appended by `params`.
pub(crate) fn request(id: u64, method: &'static str, params: impl FnOnce(&mut String)) -> String {
    let mut text = String::with_capacity(640);
    let _ = write!(text, "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"{method}\",\"params\":");
    params(&mut text);
    text.push('}');
    text
}

/// A text of the venue's as a JSON string.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_written_as_documented() {
        fn check(written: String, expect: &str) {
            assert_eq!(written, expect);
        }
        check(auth(1, "a.b.c"), r#"{"jsonrpc":"2.0","id":1,"method":"auth","params":{"bearer":"a.b.c"}}"#);
        check(
            subscription(2, "subscribe", "order_book.BTC-USD-PERP.deltas"),
            r#"{"jsonrpc":"2.0","id":2,"method":"subscribe","params":{"channel":"order_book.BTC-USD-PERP.deltas"}}"#,
        );
        check(
            cancel_on_disconnect(19),
            r#"{"jsonrpc":"2.0","id":19,"method":"order.cancel_on_disconnect","params":{"enabled":true}}"#,
        );
        check(
            cancel(16, Some("1759500000000000001"), "x", "y"),
            r#"{"jsonrpc":"2.0","id":16,"method":"order.cancel","params":{"id":"1759500000000000001"}}"#,
        );
        check(
            cancel(16, None, "my-order-001", "BTC-USD-PERP"),
            r#"{"jsonrpc":"2.0","id":16,"method":"order.cancel","params":{"client_id":"my-order-001","market":"BTC-USD-PERP"}}"#,
        );
        check(cancel(1, Some("\"}"), "", ""), r#"{"jsonrpc":"2.0","id":1,"method":"order.cancel","params":{"id":"\"}"}}"#);
    }

    #[test]
    fn an_envelope_reads_whatever_stands_beside_what_we_need() {
        fn check(text: &str, id: Option<u64>, error: Option<&str>) {
            let envelope = parse_envelope(text).expect("an envelope");
            assert_eq!(envelope.id(), id, "{text}");
            assert_eq!(envelope.error.map(|e| e.text()).as_deref(), error, "{text}");
        }
        check(r#"{"jsonrpc":"2.0","id":1,"result":{"node_id":"73cf456f7cb78d59"}}"#, Some(1), None);
        check(r#"{"id":null,"result":{}}"#, None, None);
        check(r#"{"id":"abc","result":{}}"#, None, None);
        check(r#"{"id":-1}"#, None, None);
        check(
            r#"{"id":0,"error":{"code":-32600,"message":"invalid subscribe request","data":"invalid channel"},"usIn":1}"#,
            Some(0),
            Some("-32600: invalid subscribe request: invalid channel"),
        );
        check(r#"{"id":3,"error":{"code":100,"data":{"deep":[1]}}}"#, Some(3), Some(r#"100: {"deep":[1]}"#));
        assert_eq!(parse_envelope("pong").err(), Some(DecodeError::Json));
        assert_eq!(parse_envelope(&"[".repeat(100_000)).err(), Some(DecodeError::Json));
    }
}
