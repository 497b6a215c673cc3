//! Messages of the WebSockets (spec section 10, and section 15 for v3), everything but the depth fast path.
//!
//! Both generations share one envelope, so one decoder reads both: v3 adds `tsMs`, answers SUBSCRIBE with
//! `subscription_outcomes` and sends one ticker per message instead of a list.

use super::rest::Num;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::io::Read;
use venue_api::Frame;

/// Largest text a compressed frame may grow to.
const INFLATED_MAX: u64 = 1 << 20;

/// Any message, before its channel is known.
#[derive(Deserialize)]
pub(crate) struct Envelope<'a> {
    #[serde(borrow, default)]
    pub(crate) channel: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(crate) data: Option<&'a RawValue>,
    /// Of a SUBSCRIBE or UNSUBSCRIBE answer.
    #[serde(borrow, default)]
    pub(crate) id: Option<Num<'a>>,
    #[serde(borrow, default)]
    pub(crate) code: Option<Num<'a>>,
    /// v3 only.
    #[serde(borrow, default, rename = "tsMs")]
    pub(crate) ts_ms: Option<Num<'a>>,
    /// v3 only.
    #[serde(borrow, default)]
    pub(crate) subscription_outcomes: Option<Vec<Outcome<'a>>>,
}

/// One answer of a v3 SUBSCRIBE.
#[derive(Deserialize)]
pub(crate) struct Outcome<'a> {
    #[serde(borrow)]
    pub(crate) requested: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) status: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) reason: Option<Cow<'a, str>>,
}

/// One row of `tickers`, or the body of a v3 `{symbol}@ticker`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TickerRow<'a> {
    #[serde(borrow)]
    pub(crate) symbol: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(crate) mark_price: Option<Num<'a>>,
    /// Fraction of the notional per hour that longs pay to shorts (spec section 13).
    #[serde(borrow, default)]
    pub(crate) one_hr_funding_rate: Option<Num<'a>>,
    #[serde(borrow, default)]
    pub(crate) status: Option<Num<'a>>,
}

/// A public trade. v3 adds `side`; the id is `..:seq:index` there and opaque in v2.
#[derive(Deserialize)]
pub(crate) struct TradeRow<'a> {
    #[serde(borrow)]
    pub(crate) price: Num<'a>,
    #[serde(borrow)]
    pub(crate) qty: Num<'a>,
}

/// Body of `account_private`.
#[derive(Deserialize)]
pub(crate) struct PrivateRow<'a> {
    #[serde(borrow)]
    pub(crate) event: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) args: &'a RawValue,
}

/// One object or a list of them: several channels are seen with either (spec section 10.3).
pub(crate) fn one_or_many<'a, T: Deserialize<'a>>(data: &'a RawValue) -> Option<Vec<T>> {
    let text = data.get();
    if text.starts_with('[') { serde_json::from_str(text).ok() } else { serde_json::from_str(text).ok().map(|one| vec![one]) }
}

/// The JSON text in a frame: text, binary UTF-8, or Brotli, all of which have been seen (spec section 10.1).
/// `scratch` holds what had to be inflated. `None` if it is none of these or grows past 1 MiB.
pub(crate) fn json_of<'a>(frame: &'a Frame<'_>, scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let bytes: &[u8] = match frame {
        Frame::Text(text) => text.as_bytes(),
        Frame::Binary(bytes) => bytes,
    };
    match bytes.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'{' | b'[') => return Some(bytes),
        None => return None,
        Some(_) => {}
    }
    scratch.clear();
    let mut inflated = brotli_decompressor::Decompressor::new(bytes, 4_096).take(INFLATED_MAX + 1);
    let size = inflated.read_to_end(scratch).ok()?;
    let first = scratch.iter().find(|b| !b.is_ascii_whitespace());
    (size as u64 <= INFLATED_MAX && matches!(first, Some(b'{' | b'['))).then_some(scratch.as_slice())
}

/// JSON ping; the protocol's own ping is the shell's business.
pub(crate) const PING: &str = r#"{"method":"PING","params":[],"id":0}"#;

/// SUBSCRIBE of one channel: a list with one unknown name in it silenced all of it (spec section 10.2).
pub(crate) fn subscribe(channel: &str, id: u64) -> String {
    format!(r#"{{"method":"SUBSCRIBE","params":["{channel}"],"id":{id}}}"#)
}
