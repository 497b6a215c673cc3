//! From watched conditions to quotes: subscriptions, frames, batches.
//!
//! Source: spec sections 5 and 6. `feed` knows what is valid, `limits` what the house takes; this file asks and tells. Called by `client` and `session`.

use crate::amount::STAKE_STEP_E6;
use crate::client::{AzuroClient, FEED, Pending, REFRESH_TIMER, failed};
use crate::limits::Cause;
use crate::parse::{self, GameState};
use crate::sign::{condition_text, parse_condition};
use crate::wire::ws::{self, FeedFrame};
use domain::{MarketId, Now, Outcome, Quote, Rate, Stake};
use serde_json::json;
use venue_api::{Action, BetOut, ConnId, Frame, Lane, Method, Payload, QuoteNews, StakeTerms};

/// Conditions in one subscription and one batch. The venue publishes no limit; its earlier version had 500.
const CHUNK: usize = 200;

impl AzuroClient {
    /// Quotes a listed market until its game starts.
    pub(crate) fn watch_market(&mut self, market: MarketId, now: Now, out: &mut BetOut) {
        let Some(listed) = self.catalog.get(market) else {
            return out.quotes.push(QuoteNews::Lost { market, why: "it is not listed" });
        };
        let (condition, starts, line) = (listed.condition.clone(), listed.listing.starts, listed.listing.line);
        self.feed.watch(condition, starts, line);
        if self.open {
            self.subscribe(&[market], out);
        }
        self.quote(market, now, out);
    }

    pub(crate) fn unwatch_market(&mut self, market: MarketId, out: &mut BetOut) {
        self.limits.forget(market);
        self.unacknowledged.remove(&market);
        if self.feed.unwatch(market) && self.open {
            let payload = ws::conditions("UnsubscribeConditions", &[condition_text(market)], self.config.environment.name);
            out.actions.push(Action::Send { conn: FEED, payload: Payload::Text(payload) });
        }
    }

    pub(crate) fn subscribe(&mut self, ids: &[MarketId], out: &mut BetOut) {
        for chunk in ids.chunks(CHUNK) {
            self.unacknowledged.extend(chunk);
            let texts: Vec<String> = chunk.iter().copied().map(condition_text).collect();
            let payload = ws::conditions("SubscribeConditions", &texts, self.config.environment.name);
            out.actions.push(Action::Send { conn: FEED, payload: Payload::Text(payload) });
        }
    }

    pub(crate) fn read_batch(&mut self, ids: &[MarketId], out: &mut BetOut) {
        for chunk in ids.chunks(CHUNK) {
            self.feed.asking(chunk);
            let texts: Vec<String> = chunk.iter().copied().map(condition_text).collect();
            let body = json!({ "conditionIds": texts, "environment": self.config.environment.name }).to_string();
            let target = "/market-manager/condition-batch".to_owned();
            self.ask(Pending::Batch(chunk.to_vec()), Lane::Public, Method::Post, target, body, out);
        }
    }

    pub(crate) fn frame(&mut self, conn: ConnId, frame: Frame<'_>, now: Now, out: &mut BetOut) {
        const WHAT: &str = "a frame of the feed";
        let text = match frame {
            _ if conn != FEED => return,
            Frame::Text(text) => text,
            Frame::Binary(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => text,
                Err(cause) => return failed(WHAT, cause, out),
            },
        };
        match ws::read(text) {
            Ok(FeedFrame::Subscribed(ids)) => {
                // The ack echoes what was asked; only what is watched and open counts.
                let ids = ids.iter().filter_map(|id| parse_condition(id));
                let ids: Vec<MarketId> = ids.filter(|id| self.unacknowledged.remove(id)).collect();
                self.read_batch(&ids, out);
            }
            Ok(FeedFrame::Condition(row)) => match parse::condition(row) {
                Ok(condition) => {
                    let id = condition.id;
                    if self.feed.update(condition, now.mono) {
                        self.quote(id, now, out);
                        self.look_at_limits(id, Cause::Update, now, out);
                    }
                }
                Err(cause) => failed(WHAT, cause, out),
            },
            Ok(FeedFrame::Game(game)) => {
                if GameState::parse(&game.state) != GameState::Prematch
                    && let Some(id) = parse::game_id(&game.id)
                {
                    for market in self.feed.game_left_prematch(id) {
                        self.quote(market, now, out);
                    }
                }
            }
            Ok(FeedFrame::Other) => {}
            Err(cause) => failed(WHAT, cause, out),
        }
    }

    pub(crate) fn batch_reply(&mut self, ids: &[MarketId], body: Result<&[u8], String>, now: Now, out: &mut BetOut) {
        match body.and_then(|body| parse::condition_rows(body).map_err(|cause| cause.to_string())) {
            Ok(rows) => {
                let mut read = Vec::with_capacity(rows.len());
                for row in rows {
                    match row {
                        Ok(condition) => read.push(condition),
                        // Left out: it is as if the venue did not have it, and is not quoted.
                        Err(cause) => failed("the batch of conditions", cause, out),
                    }
                }
                self.feed.batch(ids, read, now.mono);
            }
            Err(why) => {
                self.feed.batch_failed(ids);
                failed("the batch of conditions", why, out);
            }
        }
        for id in ids {
            self.quote(*id, now, out);
            self.look_at_limits(*id, Cause::Time, now, out);
        }
    }

    /// The batch's timer: a feed that says nothing and one that is dead look alike.
    pub(crate) fn refresh_due(&mut self, now: Now, out: &mut BetOut) {
        if self.open {
            let (silent, heard): (Vec<_>, Vec<_>) = self.feed.ids().into_iter().partition(|id| self.unacknowledged.contains(id));
            self.subscribe(&silent, out);
            self.read_batch(&heard, out);
        }
        self.limits.expire(now.mono, self.config.limits_ms);
        for id in self.feed.ids() {
            self.quote(id, now, out);
        }
        self.ask_limits(now, out);
        self.arm(REFRESH_TIMER, self.config.refresh_ms, now, out);
    }

    pub(crate) fn age_ms_max(&self) -> u64 {
        self.config.refresh_ms.saturating_mul(2)
    }

    /// Everything that can be had on a market now, or that nothing is known of it.
    pub(crate) fn quote(&self, market: MarketId, now: Now, out: &mut BetOut) {
        if let Some(why) = self.feed.lost_why(market, now, self.age_ms_max()) {
            return out.quotes.push(QuoteNews::Lost { market, why });
        }
        for outcome in self.feed.outcomes(market) {
            self.quote_one(market, outcome, now, out);
        }
    }

    /// Odds now, with the size of the last calculation; no size before the first, nor after its time.
    pub(crate) fn quote_one(&self, market: MarketId, outcome: Outcome, now: Now, out: &mut BetOut) {
        if let Some(why) = self.feed.lost_why(market, now, self.age_ms_max()) {
            return out.quotes.push(QuoteNews::Lost { market, why });
        }
        out.quotes.push(match self.feed.odds(market, outcome, now, self.age_ms_max()) {
            Ok((odds, _)) => {
                let limits = self.limits.fresh((market, outcome), now.mono, self.config.limits_ms);
                let max = limits.map_or(0, |limits| limits.max);
                let (line, size) = (self.feed.line(market), self.stake_down(max).unwrap_or_default());
                QuoteNews::Best(Quote { venue: Self::VENUE, market, line, outcome, odds, size })
            }
            Err(why) => QuoteNews::Empty { market, outcome, why },
        });
    }

    /// Raw units as a stake of whole steps. Only a token of six digits is a dollar; other environments are read for their odds.
    fn stake_down(&self, units: u128) -> Option<Stake> {
        let units = u64::try_from(units).unwrap_or(u64::MAX);
        (self.config.environment.decimals == 6).then(|| Stake::from_e6(units / STAKE_STEP_E6 * STAKE_STEP_E6))
    }

    pub(crate) fn stake_terms(&self, market: MarketId, outcome: Outcome) -> Option<StakeTerms> {
        let limits = self.limits.last((market, outcome))?;
        let (fee, _) = self.fee?;
        let max = self.stake_down(limits.max)?;
        let least = u64::try_from(limits.min).ok()?.max(1).div_ceil(STAKE_STEP_E6).checked_mul(STAKE_STEP_E6)?;
        Some(StakeTerms {
            min: Stake::from_e6(least),
            max: Some(max),
            step: Stake::from_e6(STAKE_STEP_E6),
            profit_fee: Rate::ZERO,
            cost: Stake::from_e6(u64::try_from(fee).ok()?),
        })
    }
}
