//! Books: what makers and clients have resting, aggregated by price, anonymous, best first (sx.md sections 4 and 6).

use super::state::{Order, OrderStatus};
use super::{SxSim, ladder};
use crate::SimNow;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One resting bet of the makers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level {
    pub p: i128,
    pub size: i64,
    /// Its place in the queue of its price.
    pub queued: u64,
}

/// The book of a market. Index 0 of a pair is outcome one.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    pub makers: [Vec<Level>; 2],
    /// Clients' resting orders, by index.
    pub rests: Vec<usize>,
    pub version: u64,
    /// In which of their turns the makers last quoted.
    pub turn: Option<i64>,
}

/// What an incoming bet can be matched with.
#[derive(Clone, Copy, Debug)]
pub(super) enum Resting {
    /// A level of the makers, by index.
    Maker(usize),
    /// A client's order, by index.
    Client(usize),
}

impl SxSim {
    /// What stands against a bet on this side at these odds, best first, oldest first at one price.
    pub(super) fn opposite(&self, market: usize, one: bool, p: i128, account: usize) -> Vec<(Resting, i128, i64)> {
        let book = &self.books[market];
        let side = usize::from(one); // the other outcome's index
        let makers = book.makers[side].iter().enumerate().map(|(i, l)| (Resting::Maker(i), l.p, l.size, l.queued));
        let meets = |o: &Order| o.one != one && (o.account != account || self.cfg.switches.self_match);
        let clients = book.rests.iter().map(|i| (*i, &self.orders[*i])).filter(|(_, o)| meets(o));
        let clients = clients.map(|(i, o)| (Resting::Client(i), o.p, o.remaining, o.queued));
        let mut all: Vec<_> = makers.chain(clients).filter(|(_, q, size, _)| p + q >= ladder::ONE && *size > 0).collect();
        all.sort_by_key(|(_, q, _, queued)| (-q, *queued));
        all.into_iter().map(|(resting, q, size, _)| (resting, q, size)).collect()
    }

    /// Levels of one side from the owners' side: largest odds first.
    pub(super) fn levels(&self, market: usize, one: bool) -> Vec<(i128, i64)> {
        if self.faults.on("empty_book").is_some() || !self.bettable(market) {
            return Vec::new();
        }
        let book = &self.books[market];
        let mut by_price: BTreeMap<i128, i64> = BTreeMap::new();
        let makers = book.makers[usize::from(!one)].iter().map(|l| (l.p, l.size));
        let clients = book.rests.iter().map(|i| &self.orders[*i]).filter(|o| o.one == one).map(|o| (o.p, o.remaining));
        for (p, size) in makers.chain(clients).filter(|(_, size)| *size > 0) {
            let sum = by_price.entry(p).or_default();
            *sum = sum.saturating_add(size);
        }
        by_price.into_iter().rev().collect()
    }

    /// The book as it is shown.
    pub(super) fn book_row(&self, market: usize, taker_view: bool) -> Value {
        let side = |one: bool| -> Vec<Value> {
            let levels = self.levels(market, one != taker_view);
            let shown = levels.into_iter().map(|(p, size)| match (taker_view, self.cfg.switches.taker_size) {
                (false, _) => level_row(p, size),
                (true, false) => level_row(ladder::ONE - p, size),
                (true, true) => level_row(ladder::ONE - p, ladder::against(size, ladder::ONE - p)),
            });
            shown.collect()
        };
        let stale = self.faults.on("stale_version").is_some();
        let version = if stale { 1 } else { self.books[market].version + 1 };
        json!({
            "marketHash": self.markets[market].hash.to_string(),
            "eventId": super::catalog::event_id(self.markets[market].event),
            "version": version_text(version),
            "outcomeOne": side(true),
            "outcomeTwo": side(false),
        })
    }

    /// Best levels of both sides, null where there is none.
    pub(super) fn best_row(&self, market: usize) -> Value {
        let null = self.faults.on("null_best_odds").is_some();
        let best = |one: bool| self.levels(market, one).first().filter(|_| !null).map(|(p, size)| level_row(*p, *size));
        json!({ "marketHash": self.markets[market].hash.to_string(), "outcomeOne": best(true), "outcomeTwo": best(false) })
    }

    /// The book has changed: a new version, to be told.
    pub(super) fn touch(&mut self, market: usize) {
        self.books[market].version += 1;
        self.dirty.insert(market);
    }

    /// Takes an order off its book.
    pub(super) fn unrest(&mut self, order: usize) {
        let market = self.orders[order].market;
        let before = self.books[market].rests.len();
        self.books[market].rests.retain(|i| *i != order);
        if self.books[market].rests.len() != before {
            self.touch(market);
        }
    }

    /// The makers think again, if it is their turn; what their new bets cross is matched.
    pub(super) fn refresh(&mut self, market: usize, now: SimNow) {
        let makers = self.cfg.makers;
        let phase = market as i64 * 137 % makers.every_ms.max(1);
        let turn = (now.ms() + phase).div_euclid(makers.every_ms.max(1));
        if self.books[market].turn == Some(turn) || self.faults.on("freeze_book").is_some() {
            return;
        }
        self.books[market].turn = Some(turn);
        let quoted = if self.bettable(market) { self.quotes(market, turn, now) } else { [Vec::new(), Vec::new()] };
        let shown = |levels: &[Level]| levels.iter().map(|l| (l.p, l.size)).collect::<Vec<_>>();
        let same = (0..2).all(|i| shown(&quoted[i]) == shown(&self.books[market].makers[i]));
        if same {
            return;
        }
        self.books[market].makers = quoted;
        self.touch(market);
        self.makers_cross(market, now);
    }

    fn quotes(&mut self, market: usize, turn: i64, now: SimNow) -> [Vec<Level>; 2] {
        let (makers, step) = (self.cfg.makers, self.cfg.terms.step);
        let fair = self.fair_e6(market, now);
        let thin = self.faults.on("thin_book").map_or(10_000, |f| f.share_bps);
        let mut sides = [Vec::new(), Vec::new()];
        for (side, levels) in sides.iter_mut().enumerate() {
            let chance = if side == 0 { fair } else { 1_000_000 - fair };
            let best = ladder::floored(i128::from(chance - makers.margin_e6) * 100_000_000_000_000, step);
            for depth in 0..makers.levels {
                let p = best - ladder::rung(step) * i128::from(depth * (1 + depth));
                let drawn = self
                    .cfg
                    .sports
                    .draw("sx maker", (turn as u64) << 20 ^ (market as u64) << 4 ^ u64::from(depth) << 1 ^ side as u64);
                if p < ladder::rung(step) || drawn % 1_000 < makers.pulled_permille {
                    continue;
                }
                let (low, high) = makers.size_e6;
                let room = (high - low).max(0) as u64;
                // Sizes change slowly: drawn for a while, not for a turn.
                let slow = self
                    .cfg
                    .sports
                    .draw("sx size", (turn as u64 / 8) << 20 ^ (market as u64) << 4 ^ u64::from(depth) << 1 ^ side as u64);
                let size = (low + (slow % room.saturating_add(1)) as i64) * i64::from(depth + 1);
                self.queue += 1;
                levels.push(Level { p, size: (i128::from(size) * i128::from(thin) / 10_000) as i64, queued: self.queue });
            }
        }
        sides
    }

    pub(super) fn sweep(&mut self, market: usize, reason: &'static str, now: SimNow) {
        for order in std::mem::take(&mut self.books[market].rests) {
            self.deactivate(order, reason, now);
        }
        self.books[market].makers = [Vec::new(), Vec::new()];
        self.books[market].turn = None;
        self.touch(market);
    }

    /// An order ends, its reservation is free.
    pub(super) fn deactivate(&mut self, order: usize, reason: &'static str, now: SimNow) {
        if self.orders[order].status == OrderStatus::Inactive {
            return;
        }
        let reserved = self.orders[order].reserved();
        let account = self.orders[order].account;
        self.accounts[account].reserved -= reserved;
        let ms = self.clock_ms(now);
        let row = &mut self.orders[order];
        (row.status, row.reason, row.updated_ms) = (OrderStatus::Inactive, Some(reason), ms);
        self.unrest(order);
        self.tell_order(order, now);
    }
}

fn level_row(p: i128, size: i64) -> Value {
    json!({ "percentageOdds": p.to_string(), "size": size.to_string() })
}

/// Fixed width, so that texts compare as numbers (section 6).
fn version_text(version: u64) -> String {
    format!("001{version:017}000")
}
