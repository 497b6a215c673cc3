//! The requests of the REST interface, as values: method, path and body, without a key.
//!
//! Source: spec sections 2.1, 5 to 8, 10 and 15. The machine adds the headers and a number; nothing here decides when to ask.

use crate::sign::OrderArgs;
use domain::{MarketId, TimeInForce, Wall};
use signing::EvmSignature;
use std::fmt::Write as _;
use venue_api::{Lane, Method};

/// The header that carries the API key (spec section 3).
pub const KEY_HEADER: &str = "x-sx-api-key";

/// One request, not yet numbered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Rate budget and connection.
    pub lane: Lane,
    /// Method.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// JSON, or nothing.
    pub body: String,
    /// Whether the API key goes along: to the venue's own hosts only.
    pub keyed: bool,
}

impl Call {
    fn public(target: impl Into<String>) -> Self {
        Self { lane: Lane::Public, method: Method::Get, target: target.into(), body: String::new(), keyed: false }
    }
    fn account(target: impl Into<String>) -> Self {
        Self { lane: Lane::Account, keyed: true, ..Self::public(target) }
    }
    fn order(method: Method, target: impl Into<String>, body: String) -> Self {
        Self { lane: Lane::Orders, method, body, ..Self::account(target) }
    }
}

/// Chain, domain, asset, ladder, limits and delays.
pub fn metadata() -> Call {
    Call::public("/metadata/obv3")
}
/// One page of the active markets of these sports. The documented page maximum is 50.
pub fn markets(sports: &[u32], page: Option<&str>) -> Call {
    let sports: Vec<String> = sports.iter().map(u32::to_string).collect();
    let mut target = format!("/markets/active?sportIds={}&pageSize=50", sports.join(","));
    if let Some(page) = page {
        let _ = write!(target, "&paginationKey={}", escaped(page));
    }
    Call::public(target)
}
/// Markets by id, settled ones too; at most 30.
pub fn markets_by_id(ids: &[MarketId]) -> Call {
    let ids: Vec<String> = ids.iter().map(MarketId::to_string).collect();
    Call::public(format!("/markets/find?marketHashes={}", ids.join(",")))
}
/// The fixtures of a league that are not over.
pub fn fixtures(league: u32) -> Call {
    Call::public(format!("/fixture/active?leagueId={league}"))
}
/// The whole book of a market.
pub fn snapshot(market: MarketId) -> Call {
    Call::public(format!("/orderbook-v3/snapshot?marketHash={market}"))
}
/// Best odds of up to 100 markets.
pub fn best_odds(ids: &[MarketId]) -> Call {
    let ids: Vec<String> = ids.iter().map(MarketId::to_string).collect();
    Call::account(format!("/orders-v3/odds/best?marketHashes={}", ids.join(",")))
}
/// The token of the realtime connection.
pub fn realtime_token() -> Call {
    Call::account("/user/realtime-token-v3/api-key")
}
/// Fees of the account.
pub fn fees() -> Call {
    Call::account("/user/fees-v3")
}
/// Balances of the account.
pub fn balance() -> Call {
    Call::account("/user/balance-v3")
}
/// Positions that are not settled.
pub fn positions() -> Call {
    Call::account("/positions-v3?status=MATCHED,LOCKED")
}
/// One order by its id, in any state.
pub fn order(id: &str) -> Call {
    Call::account(format!("/orders-v3/{}", escaped(id)))
}
/// One page of the orders that are active.
pub fn active_orders(page: Option<&str>) -> Call {
    Call::account(paged("/orders-v3?perPage=100".to_owned(), page))
}
/// One page of the fills of an order.
pub fn fills(order: &str, page: Option<&str>) -> Call {
    Call::account(paged(format!("/fills-v3?orderId={}&perPage=100", escaped(order)), page))
}
/// One page of the account's fills since a time: where the question by order is not taken.
pub fn fills_since(since: Wall, page: Option<&str>) -> Call {
    Call::account(paged(format!("/fills-v3?startDate={}&perPage=100", escaped(&iso(since))), page))
}
/// Arms the heartbeat: without another within `timeout_s` the venue cancels every open order of the account. 0 switches it off.
pub fn heartbeat(timeout_s: u32) -> Call {
    Call::order(Method::Post, "/heartbeat/v3", format!(r#"{{"timeoutSeconds":{timeout_s}}}"#))
}
/// Cancels orders by id; at most `maxCancelOrders`.
pub fn cancel(ids: &[&str]) -> Call {
    let ids: Vec<String> = ids.iter().map(|id| format!(r#"{{"orderId":"{id}"}}"#)).collect();
    Call::order(Method::Delete, "/orders-v3", format!(r#"{{"orders":[{}]}}"#, ids.join(",")))
}
/// Cancels every order of an event.
pub fn cancel_event(event: &str) -> Call {
    Call::order(Method::Delete, format!("/orders-v3/event?eventId={}", escaped(event)), String::new())
}
/// Cancels every order of the account.
pub fn cancel_all() -> Call {
    Call::order(Method::Delete, "/orders-v3/all", String::new())
}

/// How the venue is asked to take an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting<'a> {
    /// How long it lives.
    pub tif: TimeInForce,
    /// Ours, echoed back: 1 to 64 of `[A-Za-z0-9_-]`.
    pub client_id: Option<&'a str>,
    /// What the answer should wait for.
    pub wait: Wait,
}

/// What the answer to an order waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Nothing: it is an acknowledgement.
    No,
    /// The outcome, as long as the venue cares to wait.
    Outcome,
    /// The outcome, at most so long, ms; the venue's own cap is 15,000.
    OutcomeMs(u32),
}

/// Places one order.
pub fn place(order: &OrderArgs, signature: &EvmSignature, posting: Posting<'_>) -> Call {
    let tif = match posting.tif {
        TimeInForce::Gtc => "GTC",
        TimeInForce::Ioc => "IOC",
        TimeInForce::Fok => "FOK",
    };
    let wait = match posting.wait {
        Wait::No => r#""waitForOutcome":false"#.to_owned(),
        Wait::Outcome => r#""waitForOutcome":true"#.to_owned(),
        Wait::OutcomeMs(ms) => format!(r#""waitForOutcome":true,"maxWaitTime":{ms}"#),
    };
    let client_id = posting.client_id.map(|id| format!(r#""clientOrderId":"{id}","#)).unwrap_or_default();
    let body = format!(
        r#"{{"orders":[{{"marketHash":"{}","maker":"{}","totalBetSize":"{}","percentageOdds":"{}","salt":"0x{}","expiry":{},"baseToken":"{}","isMakerBettingOutcomeOne":{},"timeInForce":"{tif}",{client_id}"orderSignature":"{}"}}],{wait}}}"#,
        order.market,
        order.maker,
        order.stake,
        order.percentage_odds,
        hex::encode(order.salt),
        order.expiry,
        order.base_token,
        order.outcome_one,
        signature.to_hex(),
    );
    Call::order(Method::Post, "/orders-v3", body)
}

fn paged(target: String, page: Option<&str>) -> String {
    match page {
        Some(page) => format!("{target}&nextKey={}", escaped(page)),
        None => target,
    }
}

/// ISO 8601 in UTC, to the second: the venue refuses numbers (spec section 8). Years are counted from March, so that the day that
/// comes and goes is the last one.
fn iso(at: Wall) -> String {
    let seconds = at.ms().div_euclid(1_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Percent-encodes what is not plain in a query value or a path segment.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_asks_for_what_the_venue_documents() {
        let check = |call: Call, expect: &str| {
            let keyed = if call.keyed { " key" } else { "" };
            assert_eq!(format!("{} {}{keyed} {}", call.method.as_str(), call.target, call.body).trim_end(), expect);
        };
        let id = MarketId([0x22; 32]);
        let text = "22".repeat(32);
        check(metadata(), "GET /metadata/obv3");
        check(markets(&[5, 6], None), "GET /markets/active?sportIds=5,6&pageSize=50");
        check(markets(&[5], Some("a=b&c")), "GET /markets/active?sportIds=5&pageSize=50&paginationKey=a%3Db%26c");
        check(markets_by_id(&[id, id]), &format!("GET /markets/find?marketHashes=0x{text},0x{text}"));
        check(fixtures(29), "GET /fixture/active?leagueId=29");
        check(snapshot(id), &format!("GET /orderbook-v3/snapshot?marketHash=0x{text}"));
        check(best_odds(&[id]), &format!("GET /orders-v3/odds/best?marketHashes=0x{text} key"));
        check(fees(), "GET /user/fees-v3 key");
        check(balance(), "GET /user/balance-v3 key");
        check(positions(), "GET /positions-v3?status=MATCHED,LOCKED key");
        check(order("0xab"), "GET /orders-v3/0xab key");
        check(active_orders(Some("k")), "GET /orders-v3?perPage=100&nextKey=k key");
        check(fills("0xab", None), "GET /fills-v3?orderId=0xab&perPage=100 key");
        let since = fills_since(Wall::from_ms(1_790_000_000_999), None);
        check(since, "GET /fills-v3?startDate=2026-09-21T14%3A13%3A20Z&perPage=100 key");
        assert_eq!(iso(Wall::from_ms(951_782_400_000)), "2000-02-29T00:00:00Z");
        assert_eq!(iso(Wall::from_ms(-1)), "1969-12-31T23:59:59Z");
        check(cancel(&["0x1", "0x2"]), r#"DELETE /orders-v3 key {"orders":[{"orderId":"0x1"},{"orderId":"0x2"}]}"#);
        check(cancel_event("L1/../all"), "DELETE /orders-v3/event?eventId=L1%2F..%2Fall key");
    }
}
