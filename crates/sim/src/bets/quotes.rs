//! What the clients quote against what the venues offer, once both stand still: no update was lost, none came from a book of before.

use super::bettor::{AZURO, NAMES, SX};
use super::{Both, World};
use azuro_client::sign::condition_text;
use domain::{MarketId, Odds, Outcome, Stake};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use venue_sim::{HttpRequest, SimAction, SimNow, VenueSim};

/// The whole of probability at SX Bet.
const WHOLE: u128 = 100_000_000_000_000_000_000;
/// Number of a question that no client asks.
const OURS: u64 = u64::MAX;

/// What is offered on each outcome of a market; the stake it is good for where the venue says.
type Offers = BTreeMap<Outcome, (Odds, Option<Stake>)>;

fn ask(venue: &mut dyn VenueSim, method: &str, target: &str, body: &str, now: i64) -> Result<Value, String> {
    let mut out = Vec::new();
    let headers = [("content-type".to_owned(), "application/json".to_owned())];
    venue.on_request(OURS, HttpRequest { method, target, headers: &headers, body: body.as_bytes() }, SimNow(now), &mut out);
    let reply = out.into_iter().find_map(|action| match action {
        SimAction::Reply { request: OURS, status, body, .. } => Some((status, body)),
        _ => None,
    });
    let (status, body) = reply.ok_or_else(|| format!("{target} is not answered"))?;
    let text = || String::from_utf8_lossy(&body).into_owned();
    if status != 200 && status != 201 {
        return Err(format!("{target} is answered with {status}: {}", text()));
    }
    serde_json::from_slice(&body).map_err(|e| format!("{target} does not read ({e}): {}", text()))
}

/// By the venue's own words and arithmetic (SX Bet's spec, section 4): who bets on an outcome takes the best level of the other.
fn of_sx(venues: &mut Both, market: MarketId, now: i64) -> Result<Option<Offers>, String> {
    let found = ask(&mut venues.sx, "GET", &format!("/markets/find?marketHashes={market}"), "", now)?;
    let active = found.pointer("/data/0/status").and_then(Value::as_str).is_some_and(|s| s.eq_ignore_ascii_case("ACTIVE"));
    if !active {
        return Ok(None);
    }
    let book = ask(&mut venues.sx, "GET", &format!("/orderbook-v3/snapshot?marketHash={market}"), "", now)?;
    let mut offers = Offers::new();
    for (outcome, other) in [(Outcome::ONE, "outcomeTwo"), (Outcome::TWO, "outcomeOne")] {
        let number = |name: &str| book.pointer(&format!("/data/{other}/0/{name}")).and_then(Value::as_str)?.parse::<u128>().ok();
        let (Some(p), Some(size)) = (number("percentageOdds"), number("size")) else { continue };
        let stake = u64::try_from(size * (WHOLE - p) / p).map_err(|e| e.to_string())?;
        let odds = Odds::from_probability_e20(WHOLE - p).ok_or("a level without odds")?;
        offers.insert(outcome, (odds, Some(Stake::from_e6(stake))));
    }
    Ok(Some(offers))
}

fn of_azuro(venues: &mut Both, market: MarketId, now: i64) -> Result<Option<Offers>, String> {
    let body = json!({ "conditionIds": [condition_text(market)], "environment": "PolygonUSDT" }).to_string();
    let batch = ask(&mut venues.azuro, "POST", "/api/v1/public/market-manager/condition-batch", &body, now)?;
    let Some(condition) = batch.pointer("/conditions/0").filter(|c| c["state"] == "Active") else { return Ok(None) };
    let mut offers = Offers::new();
    for outcome in condition["outcomes"].as_array().into_iter().flatten() {
        let id = outcome["outcomeId"].as_str().and_then(|id| id.parse().ok()).ok_or("an outcome without an id")?;
        let e12 = outcome["odds"]
            .as_str()
            .and_then(|odds| domain::parse_e8(odds.as_bytes()).ok())
            .and_then(|e8| u64::try_from(e8).ok());
        if let (Some(odds), true) = (e12.and_then(|e8| Odds::from_decimal_e12(e8 * 10_000)), outcome["state"] == "Active") {
            offers.insert(Outcome(id), (odds, None));
        }
    }
    Ok(Some(offers))
}

impl World {
    /// Compares every quoted market with its venue.
    pub(super) fn judge_quotes(&mut self) -> Result<(), String> {
        let now = self.net.now;
        for venue in [SX, AZURO] {
            let watched = self.bettor.as_ref().map(|bettor| bettor.watched[venue].clone()).unwrap_or_default();
            for (market, starts) in watched {
                // Around kick-off each side closes by its own clock.
                if (starts.0 - now).abs() < 40_000_000 || starts.0 < now {
                    continue;
                }
                let offers =
                    if venue == SX { of_sx(&mut self.venues, market, now)? } else { of_azuro(&mut self.venues, market, now)? };
                let Some(bettor) = &self.bettor else { continue };
                let quoted: BTreeMap<_, _> = bettor
                    .quotes
                    .iter()
                    .filter(|((at, of, _), _)| (*at, *of) == (venue, market))
                    .map(|((.., o), q)| (*o, *q))
                    .collect();
                let offers = offers.unwrap_or_default();
                self.coverage.add("quotes", if offers.is_empty() { "nothing offered" } else { NAMES[venue] });
                for (outcome, quote) in &quoted {
                    let same = offers
                        .get(outcome)
                        .is_some_and(|(odds, size)| *odds == quote.odds && size.is_none_or(|s| s == quote.size));
                    if !same {
                        return Err(format!(
                            "{} {market} {outcome:?} is quoted as {quote:?} and offered are {offers:?}",
                            NAMES[venue]
                        ));
                    }
                }
                if let Some((outcome, _)) = offers.iter().find(|(outcome, _)| !quoted.contains_key(outcome)) {
                    return Err(format!(
                        "{} {market} {outcome:?} is offered ({offers:?}) and not quoted ({quoted:?})",
                        NAMES[venue]
                    ));
                }
            }
        }
        Ok(())
    }
}
