//! From watched conditions to quotes: subscriptions, batches, limits.
//!
//! Source: spec sections 5 and 6. `feed` knows what is valid, `client` when to ask; this file asks and tells.

use crate::client::{AzuroClient, FEED, Pending};
use crate::out::{News, Output};
use crate::sign::condition_text;
use crate::wire::ws;
use domain::{MarketId, Now, Outcome, Quote, Stake};
use serde_json::json;
use venue_api::{Action, Lane, Method, Payload};

/// Conditions in one subscription and one batch. The venue publishes no limit; its earlier version had 500.
const CHUNK: usize = 200;

impl AzuroClient {
    pub(crate) fn subscribe(&mut self, ids: &[MarketId], out: &mut Output) {
        for chunk in ids.chunks(CHUNK) {
            self.unacknowledged.extend(chunk);
            let texts: Vec<String> = chunk.iter().copied().map(condition_text).collect();
            let payload = ws::conditions("SubscribeConditions", &texts, self.config.environment.name);
            out.actions.push(Action::Send { conn: FEED, payload: Payload::Text(payload) });
        }
    }

    pub(crate) fn read_batch(&mut self, ids: &[MarketId], out: &mut Output) {
        for chunk in ids.chunks(CHUNK) {
            self.feed.asking(chunk);
            let texts: Vec<String> = chunk.iter().copied().map(condition_text).collect();
            let body = json!({ "conditionIds": texts, "environment": self.config.environment.name }).to_string();
            let target = "/market-manager/condition-batch".to_owned();
            self.ask(Pending::Batch(chunk.to_vec()), Lane::Public, Method::Post, target, body, out);
        }
    }

    /// Asks for the limits of each outcome that can be bet on: the venue wants that after every update (spec section 6).
    pub(crate) fn calculate(&mut self, id: MarketId, now: Now, out: &mut Output) {
        for outcome in self.feed.outcomes(id) {
            if self.feed.odds(id, outcome, now, self.age_ms_max()).is_err() {
                continue;
            }
            if let Some(again) = self.calculating.get_mut(&(id, outcome)) {
                *again = true;
                continue;
            }
            self.calculating.insert((id, outcome), false);
            let mut body = json!({
                "environment": self.config.environment.name,
                "bets": [{ "conditionId": condition_text(id), "outcomeId": outcome.0 }],
            });
            if let Some(key) = &self.key {
                body["wallet"] = json!(crate::sign::lower_hex(key.address()));
            }
            let target = "/bet/calculation".to_owned();
            self.ask(Pending::Limits(id, outcome), Lane::Public, Method::Post, target, body.to_string(), out);
        }
    }

    pub(crate) fn age_ms_max(&self) -> u64 {
        self.config.refresh_ms.saturating_mul(2)
    }

    pub(crate) fn quote(&self, id: MarketId, now: Now, out: &mut Output) {
        for outcome in self.feed.outcomes(id) {
            self.quote_one(id, outcome, now, out);
        }
    }

    /// Odds now, with the size of the last calculation; no size before the first.
    pub(crate) fn quote_one(&self, market: MarketId, outcome: Outcome, now: Now, out: &mut Output) {
        match self.feed.odds(market, outcome, now, self.age_ms_max()) {
            Ok((odds, _)) => {
                let max = self.limits.get(&(market, outcome)).map_or(0, |limits| limits.max);
                // Only a token of six digits is a dollar; other environments are read for their odds.
                let units = if self.config.environment.decimals == 6 { u64::try_from(max).unwrap_or(u64::MAX) } else { 0 };
                let line = self.feed.line(market, outcome).and_then(|line| line.line);
                out.news.push(News::Quote(Quote {
                    venue: Self::VENUE,
                    market,
                    line,
                    outcome,
                    odds,
                    size: Stake::from_e6(units),
                }));
            }
            Err(why) => out.news.push(News::NoQuote { market, outcome, why }),
        }
    }
}
