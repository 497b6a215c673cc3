//! What is published on which channel, and who may listen (sx.md section 11.1). The protocol itself is the hub's.

use super::SxSim;
use super::catalog::event_id;
use crate::SimNow;
use crate::centrifugo::{Gate, HubConfig, Namespace, Refusal};
use alloy_primitives::{Address, B256};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const BEST: &str = "best_odds_v3:global";
const TAPE: &str = "recent_trades_v3:global";
const MARKETS: &str = "markets:global";
const MAIN_LINES: &str = "main_line:global";
const FIXTURES: &str = "fixtures:global";
const SCORES: &str = "fixtures:live_scores";
const PARLAYS: &str = "parlay_markets:global";
const BOOK: &str = "orderbook_v3:";
const EVENT_BOOK: &str = "orderbook_v3_event:";

/// Which books somebody has ever asked for: only those are published.
#[derive(Debug, Default)]
pub(super) struct Watched {
    pub markets: BTreeSet<usize>,
    pub events: BTreeSet<u64>,
    pub best: bool,
    pub scores: bool,
}

/// Who may listen to what; notes what is listened to.
pub(super) struct Doorkeeper<'a> {
    pub by_hash: &'a HashMap<B256, usize>,
    pub fixtures: &'a BTreeMap<u64, super::catalog::Fixture>,
    pub owners: &'a [super::state::Account],
    pub watched: &'a mut Watched,
}

impl Gate for Doorkeeper<'_> {
    fn may_subscribe(&mut self, user: &str, channel: &str) -> Result<(), Refusal> {
        if let Some(hash) = channel.strip_prefix(BOOK) {
            let market = hash.parse::<B256>().ok().and_then(|h| self.by_hash.get(&h));
            self.watched.markets.insert(*market.ok_or_else(Refusal::unknown_channel)?);
            return Ok(());
        }
        if let Some(id) = channel.strip_prefix(EVENT_BOOK) {
            let number = self.fixtures.keys().find(|n| event_id(**n) == id);
            self.watched.events.insert(*number.ok_or_else(Refusal::unknown_channel)?);
            return Ok(());
        }
        match channel {
            BEST => self.watched.best = true,
            SCORES => self.watched.scores = true,
            TAPE | MARKETS | MAIN_LINES | FIXTURES | PARLAYS => {}
            _ => {
                let owner = channel.strip_prefix("account:orders_v3_#").or_else(|| channel.strip_prefix("account:fills_v3_#"));
                // The part behind # is the only user allowed (section 11.1); the hub has seen to it, this is to be sure.
                return match owner {
                    Some(owner) if owner == user => Ok(()),
                    Some(_) => Err(Refusal::permission_denied()),
                    None => Err(Refusal::unknown_channel()),
                };
            }
        }
        Ok(())
    }

    fn may_connect(&mut self, user: &str) -> Result<(), Refusal> {
        let known = user.parse::<Address>().is_ok_and(|user| self.owners.iter().any(|a| a.owner == user));
        if known { Ok(()) } else { Err(Refusal::permission_denied()) }
    }
}

/// The hub's configuration for these switches.
pub(super) fn hub_config(seed: u64, account_recoverable: bool) -> HubConfig {
    let mut config = HubConfig::new(seed);
    if !account_recoverable {
        config.namespaces.insert("account".to_owned(), Namespace::forgetful());
    }
    config
}

impl SxSim {
    /// Publishes so many microseconds from now, or when its turn comes.
    fn post(&mut self, channel: String, data: Value, after_us: i64, now: SimNow) {
        self.posts.put(now, after_us, (channel, data));
    }

    fn private(&mut self, account: usize, silent: bool, kind: &str, row: Value, under: &str, now: SimNow) {
        if silent || self.faults.on("silence_events").is_some() {
            return;
        }
        let data = match self.cfg.switches.rows.is {
            "wrapped" => json!({ under: row }),
            "array" => json!([row]),
            _ => row,
        };
        let early = self.faults.on("event_before_answer").is_some();
        let late_ms = self.faults.on("late_events").map_or(0, |f| f.ms.max(0));
        let after_us = if early { 0 } else { self.cfg.latencies.event_us.max(0) + late_ms * 1_000 };
        let channel = format!("account:{kind}_v3_#{}", self.accounts[account].owner);
        if self.faults.on("duplicate_events").is_some() {
            self.post(channel.clone(), data.clone(), after_us, now);
        }
        self.post(channel, data, after_us, now);
    }

    pub(super) fn tell_order(&mut self, order: usize, now: SimNow) {
        let row = self.order_row(order);
        self.private(self.orders[order].account, self.orders[order].silent, "orders", row, "order", now);
    }

    pub(super) fn tell_fill(&mut self, index: usize, now: SimNow) {
        let Some(order) = self.fills[index].order else { return };
        let row = self.fill_row(index);
        self.private(self.fills[index].account, self.orders[order].silent, "fills", row, "fill", now);
    }

    pub(super) fn tell_trade(&mut self, index: usize, now: SimNow) {
        let data = self.maybe_array(self.trade_print(index));
        self.post(TAPE.to_owned(), data, self.cfg.latencies.event_us, now);
    }

    pub(super) fn tell_markets(&mut self, number: u64) {
        let Some(fixture) = self.fixtures.get(&number) else { return };
        let rows: Vec<Value> = fixture.markets.iter().map(|m| self.market_row(*m)).collect();
        self.post(MARKETS.to_owned(), Value::Array(rows), 0, self.last_now);
    }

    pub(super) fn tell_fixture(&mut self, number: u64) {
        let Some(fixture) = self.fixtures.get(&number) else { return };
        let row = Self::fixture_row(fixture, self.last_now);
        let data = self.maybe_array(row);
        self.post(FIXTURES.to_owned(), data, 0, self.last_now);
    }

    /// Another line of the kind becomes the main one; false if the market has no other.
    pub(super) fn change_main_line(&mut self, market: usize) -> bool {
        let Some(fixture) = self.fixtures.get(&self.markets[market].event) else { return false };
        if self.markets[market].main_line != Some(false) {
            return false;
        }
        let kind = self.type_number(market);
        let siblings: Vec<usize> = fixture.markets.iter().copied().filter(|m| self.type_number(*m) == kind).collect();
        for sibling in siblings {
            self.markets[sibling].main_line = Some(sibling == market);
        }
        let mut data = json!({ "marketHash": self.markets[market].hash.to_string(), "marketType": kind });
        data[self.cfg.switches.event_id.is] = json!(event_id(self.markets[market].event));
        self.post(MAIN_LINES.to_owned(), data, 0, self.last_now);
        true
    }

    fn maybe_array(&self, row: Value) -> Value {
        if self.cfg.switches.arrays { json!([row]) } else { row }
    }

    /// Books that somebody watches are kept up to date, and so are those with clients' orders.
    pub(super) fn tick_books(&mut self, now: SimNow) {
        let mut due: BTreeSet<usize> = self.watched.markets.clone();
        for number in &self.watched.events {
            due.extend(self.fixtures.get(number).into_iter().flat_map(|f| &f.markets));
        }
        if self.watched.best {
            due.extend(self.fixtures.values().filter(|f| !f.settled).flat_map(|f| &f.markets));
        }
        due.extend((0..self.books.len()).filter(|m| !self.books[*m].rests.is_empty()));
        for market in due {
            self.refresh(market, now);
        }
        if self.watched.scores {
            let live = self.fixtures.values().filter(|f| f.event.phase == crate::sports::Phase::Live);
            let rows: Vec<Value> = live.map(|f| self.score_row(f, now)).collect();
            for row in rows {
                let key = row[self.cfg.switches.event_id.is].to_string();
                let score = format!("{}:{}", row["teamOneScore"], row["teamTwoScore"]);
                if self.scores_told.insert(key, score.clone()).as_ref() != Some(&score) {
                    let data = self.maybe_array(row);
                    self.post(SCORES.to_owned(), data, 0, now);
                }
            }
        }
    }

    /// Books that changed go out, then everything whose time has come.
    pub(super) fn publish_due(&mut self, now: SimNow) {
        for market in std::mem::take(&mut self.dirty) {
            let event = self.markets[market].event;
            let (own, of_event) = (self.watched.markets.contains(&market), self.watched.events.contains(&event));
            if own || of_event {
                let row = self.maybe_array(self.book_row(market, false));
                if own {
                    self.post(format!("{BOOK}{}", self.markets[market].hash), row.clone(), 0, now);
                }
                if of_event {
                    self.post(format!("{EVENT_BOOK}{}", event_id(event)), row, 0, now);
                }
            }
            if self.watched.best {
                let row = self.best_row(market);
                let text = row.to_string();
                if self.best_told.insert(market, text.clone()).as_ref() != Some(&text) {
                    let data = self.maybe_array(row);
                    self.post(BEST.to_owned(), data, 0, now);
                }
            }
        }
        while let Some((channel, data)) = self.posts.take(now) {
            self.hub.publish(&channel, &data, now, &mut self.out);
        }
    }
}
