//! Markets that move: makers requote, funding accrues, orders that wait are triggered (sections 8, 11).
//!
//! Makers stand on a fixed grid around the world's mid price and are redrawn about every 100 ms; what they quote is a
//! function of seed, market and time alone. A market nobody follows is brought up to date when it is next needed.

use super::ParadexSim;
use super::state::{BELOW, MarketState, PublicTrade};
use crate::exchange::Side;
use crate::exchange::decimal::ONE;
use crate::exchange::ladder::{Ladder, Level, Source};
use crate::exchange::ledger::notional;
use crate::{SimAction, SimNow};

/// Levels of a side on the grid, and beyond them on a grid eight times as wide.
const NEAR: i64 = 12;
const FAR: i64 = 8;
/// A level keeps its size for about this many refreshes.
const SIZE_LIFE: i64 = 25;

impl ParadexSim {
    pub(super) fn list_markets(&mut self) {
        for (i, spec) in self.config.markets.iter().enumerate() {
            let index = self.config.market.index(&spec.base, SimNow(0));
            self.by_symbol.insert(spec.symbol.clone(), i);
            self.markets.push(MarketState {
                grid: grid_of(index, spec.tick),
                spec: spec.clone(),
                ladder: Ladder::default(),
                slot: i64::MIN,
                seq: 7_000_000_000 + (self.config.market.draw(&spec.symbol, 1) % 100_000_000) as i64,
                restarted_at: -1,
                sent_bids: Vec::new(),
                sent_asks: Vec::new(),
                sent_at: 0,
                trades: Vec::new(),
                funding_index: 0,
                funding_rest: 0,
                funding_at: 0,
                waiting: Vec::new(),
                expiry_ms: 0,
                gone: false,
            });
        }
    }

    /// Puts the makers on the present price step.
    pub(super) fn set_grid(&mut self, m: usize) {
        let index = self.config.market.index(&self.markets[m].spec.base, SimNow(0));
        self.markets[m].grid = grid_of(index, self.markets[m].spec.tick);
    }

    /// When the makers of `m` begin refresh `slot`.
    fn refresh_at(&self, m: usize, slot: i64) -> i64 {
        let every = self.config.refresh_us.max(1_000);
        let drawn = self.config.market.draw(&self.markets[m].spec.symbol, slot as u64) % (every as u64 * 2 / 5);
        slot.saturating_mul(every).saturating_add(drawn as i64)
    }

    /// When the makers of `m` requote next.
    pub(super) fn next_refresh(&self, m: usize) -> i64 {
        let slot = self.markets[m].slot;
        if slot == i64::MIN { self.now.0 } else { self.refresh_at(m, slot + 1) }
    }

    /// Brings a market up to now: quotes, funding, triggers, and whatever the makers moved into.
    pub(super) fn refresh(&mut self, m: usize, out: &mut Vec<SimAction>) {
        let mut slot = self.now.0.div_euclid(self.config.refresh_us.max(1_000));
        if self.refresh_at(m, slot) > self.now.0 {
            slot -= 1;
        }
        if slot <= self.markets[m].slot {
            return;
        }
        let first = self.markets[m].slot == i64::MIN;
        self.markets[m].slot = slot;
        let bids = self.makers(m, slot, Side::Buy);
        let asks = self.makers(m, slot, Side::Sell);
        self.markets[m].ladder.set_makers(bids, asks);
        self.accrue_funding(m);
        if first {
            let (bids, asks) = self.view(m);
            let at = self.clock();
            let market = &mut self.markets[m];
            (market.sent_bids, market.sent_asks, market.sent_at) = (bids, asks, at);
        }
        self.trigger_orders(m, out);
        while let Some((side, key, price, size)) = self.markets[m].ladder.crossed() {
            let ladder = &mut self.markets[m].ladder;
            ladder.consume(side, Source::Maker, size);
            ladder.consume(side.opposite(), Source::Order(key), size);
            self.fill_maker(key, price, size, out);
        }
        self.publish_book(m, out);
        self.publish_rest_of_refresh(m, slot, out);
    }

    /// The makers' levels of one side at a refresh, best first.
    fn makers(&self, m: usize, slot: i64, side: Side) -> Vec<Level> {
        let market = &self.markets[m];
        if market.gone {
            return Vec::new();
        }
        let (spec, grid) = (&market.spec, market.grid);
        let mid = self.config.market.mid(&spec.base, "paradex", SimNow(self.refresh_at(m, slot)));
        let share_bps = self.faults.get("thin_book").map_or(10_000, |f| f.share_bps);
        let best = match side {
            Side::Buy => (mid - grid / 2).div_euclid(grid) * grid,
            Side::Sell => (mid + grid / 2 + grid - 1).div_euclid(grid) * grid,
        };
        let away = -side.sign();
        let far = grid * 8;
        let edge = (best + away * NEAR * grid).div_euclid(far) * far + away * far;
        let near_prices = (0..NEAR).map(|i| best + away * i * grid);
        let far_prices = (0..FAR).map(|i| edge + away * i * far);
        let level = |(depth, price): (usize, i64)| {
            let drawn = self.size_draw(&spec.symbol, side, price / grid, slot);
            let usd = match drawn % 8 {
                0 => 200 + (drawn >> 8) % 1_300, // now and then somebody small stands in front
                _ => 2_000 + (drawn >> 8) % 13_000,
            } as i64
                * (4 + depth as i64)
                / 4;
            let size = i128::from(usd) * i128::from(ONE) * i128::from(ONE) / i128::from(price.max(1));
            let size = (size * i128::from(share_bps) / 10_000) as i64 / spec.step * spec.step;
            (size > 0 && price > 0).then_some(Level { price, size })
        };
        near_prices.chain(far_prices).enumerate().filter_map(level).collect()
    }

    /// A number that belongs to a price and stays for a while, each price with a phase of its own.
    fn size_draw(&self, symbol: &str, side: Side, step: i64, slot: i64) -> u64 {
        let place = (step as u64).wrapping_mul(4).wrapping_add(u64::from(side == Side::Buy));
        let phase = place.wrapping_mul(0x9e37_79b9) % SIZE_LIFE as u64;
        let life = (slot + phase as i64).div_euclid(SIZE_LIFE) as u64;
        self.config.market.draw(symbol, place.wrapping_mul(0x1000_0001).wrapping_add(life) | 1 << 63)
    }

    fn accrue_funding(&mut self, m: usize) {
        let rate = self.funding_rate();
        let price = self.index_price(m);
        let now = self.now.0;
        let market = &mut self.markets[m];
        let passed = if market.funding_at == 0 { 0 } else { now - market.funding_at };
        market.funding_at = now;
        let unit = i128::from(ONE) * 28_800_000_000;
        let grown = i128::from(rate) * i128::from(price) * i128::from(passed) + market.funding_rest;
        market.funding_index = market.funding_index.saturating_add(grown.div_euclid(unit) as i64);
        market.funding_rest = grown.rem_euclid(unit);
    }

    pub(super) fn index_price(&self, m: usize) -> i64 {
        self.config.market.index(&self.markets[m].spec.base, self.now)
    }

    pub(super) fn mark_price(&self, m: usize) -> i64 {
        self.config.market.mid(&self.markets[m].spec.base, "paradex", self.now)
    }

    /// The book as published: the truth, unless a fault bends it.
    pub(super) fn view(&self, m: usize) -> (Vec<Level>, Vec<Level>) {
        let market = &self.markets[m];
        let (mut bids, mut asks) = (Vec::new(), Vec::new());
        market.ladder.levels(Side::Buy, &mut bids);
        market.ladder.levels(Side::Sell, &mut asks);
        if self.faults.get("empty_side").is_some() {
            asks.clear();
        }
        if self.faults.get("crossed_book").is_some()
            && let (Some(bid), Some(ask)) = (bids.first(), asks.first())
        {
            let lift = ask.price - bid.price + 2 * market.spec.tick;
            for l in &mut bids {
                l.price += lift;
            }
        }
        (bids, asks)
    }

    pub(super) fn funding_rate(&self) -> i64 {
        let rate = match self.switches.funding_rate_8h_e8 {
            -1_000_000_000 => self.config.funding_rate_8h_e8,
            rate => rate,
        };
        rate.clamp(-ONE, ONE) // beyond 100 % in 8 hours no number means anything
    }

    pub(super) fn funding_premium(&self, m: usize) -> i64 {
        notional(self.index_price(m), self.funding_rate())
    }

    pub(super) fn volume(&self, m: usize) -> i64 {
        let add = |sum: i64, t: &PublicTrade| sum.saturating_add(notional(t.size, t.price));
        self.markets[m].trades.iter().fold(0, add)
    }

    /// Orders whose trigger the mark has reached become ordinary ones.
    fn trigger_orders(&mut self, m: usize, out: &mut Vec<SimAction>) {
        if self.markets[m].waiting.is_empty() {
            return;
        }
        let mark = self.mark_price(m);
        let reached = |k: &u32| {
            let o = &self.orders[*k as usize];
            if o.flags & BELOW != 0 { mark <= o.trigger } else { mark >= o.trigger }
        };
        let keys: Vec<u32> = self.markets[m].waiting.iter().copied().filter(reached).collect();
        self.markets[m].waiting.retain(|k| !keys.contains(k));
        for key in keys {
            self.match_order(key, out);
        }
    }
}

/// About half a basis point of the price, a multiple of the tick.
fn grid_of(index: i64, tick: i64) -> i64 {
    (index / 20_000 / tick * tick).max(tick)
}
