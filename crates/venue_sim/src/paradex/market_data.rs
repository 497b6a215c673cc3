//! Markets that move: makers requote, funding accrues, and what changed is published (section 8).
//!
//! Makers stand on a fixed grid around the world's mid price and are redrawn about every 100 ms; what they quote is a
//! function of seed, market and time alone. A market nobody follows is brought up to date when it is next needed.

use serde_json::{Value, json};

use super::channel::{Channel, Scope};
use super::state::{MarketState, PublicTrade};
use super::{ParadexSim, sbe};
use crate::exchange::Side;
use crate::exchange::decimal::{ONE, text};
use crate::exchange::ladder::{Ladder, Level};
use crate::{Message, SimAction, SimNow};

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
                grid: (index / 20_000 / spec.tick * spec.tick).max(spec.tick),
                spec: spec.clone(),
                ladder: Ladder::default(),
                slot: i64::MIN,
                seq: 7_000_000_000 + (self.config.market.draw(&spec.symbol, 1) % 100_000_000) as i64,
                sent_bids: Vec::new(),
                sent_asks: Vec::new(),
                sent_at: 0,
                trades: Vec::new(),
                funding_index: 0,
                funding_rest: 0,
                funding_at: 0,
                waiting: Vec::new(),
            });
        }
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
            ladder.consume(side, crate::exchange::ladder::Source::Maker, size);
            ladder.consume(side.opposite(), crate::exchange::ladder::Source::Order(key), size);
            self.fill_maker(key, price, size, out);
        }
        self.publish_book(m, out);
        self.publish_rest_of_refresh(m, slot, out);
    }

    /// The makers' levels of one side at a refresh, best first.
    fn makers(&self, m: usize, slot: i64, side: Side) -> Vec<Level> {
        let market = &self.markets[m];
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
        let override_rate = self.switches.funding_rate_8h_e8;
        let rate = if override_rate == -1_000_000_000 { self.config.funding_rate_8h_e8 } else { override_rate };
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

    /// Publishes what changed in the book since the last time, if anything did.
    pub(super) fn publish_book(&mut self, m: usize, out: &mut Vec<SimAction>) {
        if self.faults.get("freeze_book").is_some() {
            return;
        }
        self.begin_books(m, out);
        let (bids, asks) = self.view(m);
        let market = &mut self.markets[m];
        let changed = [changes(&market.sent_bids, &bids), changes(&market.sent_asks, &asks)];
        if changed.iter().all(Vec::is_empty) {
            return;
        }
        let before = [market.sent_bids.first().copied(), market.sent_asks.first().copied()];
        let now = [bids.first().copied(), asks.first().copied()];
        let old = (std::mem::replace(&mut market.sent_bids, bids), std::mem::replace(&mut market.sent_asks, asks));
        self.publish_delta(m, &changed, &old, out);
        if before != now {
            self.publish_bbo(m, Scope::One(m), out);
        }
    }

    /// One frame of the delta channels, and the shared counter's next number.
    fn publish_delta(&mut self, m: usize, changed: &[Vec<Level>; 2], old: &(Vec<Level>, Vec<Level>), out: &mut Vec<SimAction>) {
        self.markets[m].seq += 1;
        let followers = self.followers(|c| c == Channel::Deltas(m));
        if !followers.is_empty() && self.faults.hit("gap", None).is_some() {
            // The frame with its levels is lost; an empty one shows at once that a number is missing.
            self.markets[m].seq += 1;
            self.markets[m].sent_at = self.book_time();
            self.send_delta(m, followers, &[Vec::new(), Vec::new()], old, out);
            return;
        }
        self.markets[m].sent_at = self.book_time();
        self.send_delta(m, followers, changed, old, out);
    }

    /// Book frames carry whole milliseconds (section 7.3).
    fn book_time(&self) -> i64 {
        self.clock_ms().saturating_mul(1_000)
    }

    fn send_delta(
        &mut self,
        m: usize,
        followers: Vec<Follower>,
        changed: &[Vec<Level>; 2],
        old: &(Vec<Level>, Vec<Level>),
        out: &mut Vec<SimAction>,
    ) {
        for f in followers {
            let market = &self.markets[m];
            let message = match f.sbe {
                Some(version) => Message::Binary(
                    sbe::Book {
                        ts: market.sent_at,
                        seq: market.seq,
                        snapshot: false,
                        bids: &changed[0],
                        asks: &changed[1],
                        best: None,
                        market: &market.spec.symbol,
                    }
                    .encode(version),
                ),
                None => notification(&f.channel, &json_delta(market, changed, old)),
            };
            self.send(f.conn, self.config.event_us, message, out);
        }
    }

    /// The whole book to those who subscribed and have not had it: at once, or after a freeze.
    pub(super) fn begin_books(&mut self, m: usize, out: &mut Vec<SimAction>) {
        let json = self.switches.public_without_sbe == "json";
        let mut fresh = Vec::new();
        for (conn, c) in self.conns.iter_mut().filter(|(_, c)| json || c.sbe.is_some()) {
            for s in c.subscriptions.iter_mut().filter(|s| !s.begun && s.channel.book() == Some(m)) {
                s.begun = true;
                let depth = if s.channel == Channel::Deltas(m) { usize::MAX } else { 15 };
                fresh.push((Follower { conn: *conn, sbe: c.sbe, channel: s.name.clone() }, depth));
            }
        }
        for (follower, depth) in fresh {
            self.send_snapshot(m, vec![follower], depth, out);
        }
    }

    /// The whole book to the given followers.
    pub(super) fn send_snapshot(&mut self, m: usize, followers: Vec<Follower>, depth: usize, out: &mut Vec<SimAction>) {
        for f in followers {
            let market = &self.markets[m];
            let cut = |levels: &[Level]| levels.get(..levels.len().min(depth)).unwrap_or_default().to_vec();
            let (bids, asks) = (cut(&market.sent_bids), cut(&market.sent_asks));
            let filled = depth != usize::MAX && self.switches.snapshot_best;
            let message = match f.sbe {
                Some(version) => Message::Binary(
                    sbe::Book {
                        ts: market.sent_at,
                        seq: market.seq,
                        snapshot: true,
                        bids: &bids,
                        asks: &asks,
                        best: filled.then(|| best_of(market, sbe::NULL)),
                        market: &market.spec.symbol,
                    }
                    .encode(version),
                ),
                None => notification(&f.channel, &json_snapshot(market, &bids, &asks)),
            };
            self.send(f.conn, self.config.event_us, message, out);
        }
    }

    /// Best prices to those who follow them, or to one connection.
    fn publish_bbo(&mut self, m: usize, scope: Scope, out: &mut Vec<SimAction>) {
        let followers = self.followers(|c| matches!(c, Channel::Bbo(s) if s.has(m)) && scope.has(m));
        self.send_bbo(m, followers, out);
    }

    pub(super) fn send_bbo(&mut self, m: usize, followers: Vec<Follower>, out: &mut Vec<SimAction>) {
        for f in followers {
            let market = &self.markets[m];
            let empty = if self.switches.empty_side_is == "zero" { 0 } else { sbe::NULL };
            let [bid, bid_size, ask, ask_size] = best_of(market, empty);
            let message = match f.sbe {
                Some(version) => Message::Binary(sbe::bbo(
                    version,
                    market.sent_at,
                    market.seq,
                    (bid, bid_size),
                    (ask, ask_size),
                    &market.spec.symbol,
                )),
                None => notification(&f.channel, &bbo_json(market)),
            };
            self.send(f.conn, self.config.event_us, message, out);
        }
    }

    /// A public trade: its own number, and for the book whatever it changed (perhaps nothing).
    pub(super) fn publish_trade(&mut self, m: usize, side: Side, price: i64, size: i64, out: &mut Vec<SimAction>) -> u128 {
        let trade = PublicTrade { id: self.next_id(), side, price, size, created: self.clock() };
        let market = &mut self.markets[m];
        market.trades.push(trade);
        if market.trades.len() > 2_000 {
            market.trades.drain(..1_000);
        }
        if self.faults.get("freeze_book").is_some() {
            return trade.id;
        }
        self.begin_books(m, out);
        let (bids, asks) = self.view(m);
        let market = &mut self.markets[m];
        let changed = [changes(&market.sent_bids, &bids), changes(&market.sent_asks, &asks)];
        let before = best_of(market, 0);
        let old = (std::mem::replace(&mut market.sent_bids, bids), std::mem::replace(&mut market.sent_asks, asks));
        self.publish_delta(m, &changed, &old, out);
        for f in self.followers(|c| matches!(c, Channel::Trades(s) if s.has(m))) {
            let market = &self.markets[m];
            let message = match f.sbe {
                Some(version) => Message::Binary(
                    sbe::Trade {
                        ts: market.sent_at,
                        seq: market.seq,
                        id: trade.id,
                        side: super::view::side_code(side),
                        price,
                        size,
                        created: trade.created,
                        market: &market.spec.symbol,
                    }
                    .encode(version),
                ),
                None => notification(&f.channel, &trade_json(market, &trade)),
            };
            self.send(f.conn, self.config.event_us, message, out);
        }
        if best_of(&self.markets[m], 0) != before {
            self.publish_bbo(m, Scope::One(m), out);
        }
        trade.id
    }

    /// What a refresh brings besides levels: empty frames of the shared counter, somebody else's trades, periodic
    /// snapshots, summaries and funding.
    fn publish_rest_of_refresh(&mut self, m: usize, slot: i64, out: &mut Vec<SimAction>) {
        if self.faults.get("freeze_book").is_some() {
            return;
        }
        let drawn = self.config.market.draw(&self.markets[m].spec.symbol, slot as u64 | 1 << 62);
        for _ in 0..drawn % 3 {
            let old = (Vec::new(), Vec::new());
            self.publish_delta(m, &[Vec::new(), Vec::new()], &old, out);
        }
        if (drawn >> 8).is_multiple_of(8) {
            let side = if drawn >> 16 & 1 == 0 { Side::Buy } else { Side::Sell };
            let market = &self.markets[m];
            let front = match side {
                Side::Buy => market.sent_asks.first(),
                Side::Sell => market.sent_bids.first(),
            };
            if let Some(front) = front.copied() {
                self.publish_trade(m, side, front.price, market.spec.step * (1 + (drawn >> 20 & 31) as i64), out);
            }
        }
        let followers = self.followers(|c| c == Channel::Snapshot(m));
        self.send_snapshot(m, followers, 15, out);
        if slot.rem_euclid(10) == 0 {
            let followers = self.followers(|c| matches!(c, Channel::Summary(s) if s.has(m)));
            self.send_summary(m, followers, out);
            let followers = self.followers(|c| c == Channel::FundingComparison);
            self.send_funding_comparison(m, followers, out);
        }
        if slot.rem_euclid(50) == 0 {
            let followers = self.followers(|c| matches!(c, Channel::FundingData(s) if s.has(m)));
            self.send_funding(m, followers, out);
        }
    }

    pub(super) fn send_summary(&mut self, m: usize, followers: Vec<Follower>, out: &mut Vec<SimAction>) {
        for f in followers {
            let message = match f.sbe {
                Some(version) => {
                    let market = &self.markets[m];
                    let [bid, bid_size, ask, ask_size] = best_of(market, sbe::NULL);
                    let last = market.trades.last().map_or_else(|| self.mark_price(m), |t| t.price);
                    let mut n = [sbe::NULL; 27];
                    n[..12].copy_from_slice(&[
                        self.clock(),
                        market.seq,
                        self.mark_price(m),
                        self.index_price(m),
                        last,
                        self.volume(m),
                        0,
                        self.funding_rate(),
                        bid,
                        ask,
                        self.volume(m),
                        0,
                    ]);
                    n[23..].copy_from_slice(&[self.funding_rate(), self.index_price(m), bid_size, ask_size]);
                    Message::Binary(sbe::summary(version, &n, self.funding_rate().saturating_mul(10_000), &market.spec.symbol))
                }
                None => notification(&f.channel, &self.summary_json(m)),
            };
            self.send(f.conn, self.config.event_us, message, out);
        }
    }

    fn send_funding(&mut self, m: usize, followers: Vec<Follower>, out: &mut Vec<SimAction>) {
        for f in followers {
            let market = &self.markets[m];
            let message = match f.sbe {
                Some(version) => {
                    let (at, rate) = (self.clock(), self.funding_rate());
                    let n = [at, market.seq, rate, market.funding_index, at, self.funding_premium(m), rate];
                    Message::Binary(sbe::funding(version, &n, 8, &market.spec.symbol))
                }
                None => notification(&f.channel, &self.funding_json(m)),
            };
            self.send(f.conn, self.config.event_us, message, out);
        }
    }

    fn send_funding_comparison(&mut self, m: usize, followers: Vec<Follower>, out: &mut Vec<SimAction>) {
        for f in followers {
            // The schema knows this event from version 1 on; its JSON form is not documented.
            if let Some(version) = f.sbe.filter(|v| *v >= 1) {
                let (at, rate) = (self.clock(), self.funding_rate());
                let n = [at, at, rate.saturating_mul(10_000) / 8];
                let message = sbe::funding_comparison(version, &n, 1, 1, &self.markets[m].spec.symbol);
                self.send(f.conn, self.config.event_us, Message::Binary(message), out);
            }
        }
    }

    pub(super) fn funding_rate(&self) -> i64 {
        match self.switches.funding_rate_8h_e8 {
            -1_000_000_000 => self.config.funding_rate_8h_e8,
            rate => rate,
        }
    }

    fn funding_premium(&self, m: usize) -> i64 {
        crate::exchange::ledger::notional(self.index_price(m), self.funding_rate())
    }

    fn volume(&self, m: usize) -> i64 {
        let add = |sum: i64, t: &PublicTrade| sum.saturating_add(crate::exchange::ledger::notional(t.size, t.price));
        self.markets[m].trades.iter().fold(0, add)
    }

    pub(super) fn summary_json(&self, m: usize) -> Value {
        let market = &self.markets[m];
        let best = |l: Option<&Level>| (l.map_or(String::new(), |l| text(l.price)), l.map_or(String::new(), |l| text(l.size)));
        let ((bid, bid_size), (ask, ask_size)) = (best(market.sent_bids.first()), best(market.sent_asks.first()));
        json!({
            "symbol": market.spec.symbol, "mark_price": text(self.mark_price(m)),
            "last_traded_price": market.trades.last().map_or(String::new(), |t| text(t.price)),
            "bid": bid, "bid_size": bid_size, "ask": ask, "ask_size": ask_size,
            "volume_24h": text(self.volume(m)), "total_volume": text(self.volume(m)),
            "underlying_price": text(self.index_price(m)), "external_fair_price": text(self.index_price(m)),
            "open_interest": "0", "funding_rate": text(self.funding_rate()), "price_change_rate_24h": "0",
            "created_at": self.clock_ms(),
        })
    }

    pub(super) fn funding_json(&self, m: usize) -> Value {
        let market = &self.markets[m];
        json!({
            "market": market.spec.symbol, "created_at": self.clock_ms(), "funding_rate": text(self.funding_rate()),
            "funding_rate_8h": text(self.funding_rate()), "funding_premium": text(self.funding_premium(m)),
            "funding_index": text(market.funding_index), "funding_period_hours": 8,
        })
    }

    /// Connections that get what `wanted` says; sessions without SBE only if they are to get public data as JSON.
    pub(super) fn followers(&self, wanted: impl Fn(Channel) -> bool) -> Vec<Follower> {
        let json = self.switches.public_without_sbe == "json";
        let mut found = Vec::new();
        for (conn, c) in &self.conns {
            if c.sbe.is_none() && !json {
                continue;
            }
            for s in c.subscriptions.iter().filter(|s| wanted(s.channel)) {
                let channel = if c.sbe.is_some() { String::new() } else { s.name.clone() };
                found.push(Follower { conn: *conn, sbe: c.sbe, channel });
                if c.sbe.is_some() {
                    break; // binary frames name the market, not the channel: one is enough
                }
            }
        }
        found
    }

    /// Orders whose trigger the mark has reached become ordinary ones.
    fn trigger_orders(&mut self, m: usize, out: &mut Vec<SimAction>) {
        if self.markets[m].waiting.is_empty() {
            return;
        }
        let mark = self.mark_price(m);
        let reached = |k: &u32| {
            let o = &self.orders[*k as usize];
            if o.flags & super::state::BELOW != 0 { mark <= o.trigger } else { mark >= o.trigger }
        };
        let keys: Vec<u32> = self.markets[m].waiting.iter().copied().filter(reached).collect();
        self.markets[m].waiting.retain(|k| !keys.contains(k));
        for key in keys {
            self.match_order(key, out);
        }
    }
}

/// Somebody who gets a public event.
#[derive(Clone, Debug)]
pub(super) struct Follower {
    pub(super) conn: u64,
    pub(super) sbe: Option<u8>,
    /// Name for JSON; empty under SBE.
    pub(super) channel: String,
}

/// Levels that make `new` out of `old`: new sizes, and size 0 for what is gone. Both are sorted the same way.
fn changes(old: &[Level], new: &[Level]) -> Vec<Level> {
    let mut found = Vec::new();
    for l in old {
        if !new.iter().any(|n| n.price == l.price) {
            found.push(Level { price: l.price, size: 0 });
        }
    }
    for l in new {
        if !old.contains(l) {
            found.push(*l);
        }
    }
    found
}

fn best_of(market: &MarketState, empty: i64) -> [i64; 4] {
    let bid = market.sent_bids.first().map_or([empty; 2], |l| [l.price, l.size]);
    let ask = market.sent_asks.first().map_or([empty; 2], |l| [l.price, l.size]);
    [bid[0], bid[1], ask[0], ask[1]]
}

/// A JSON notification of section 6.2.
pub(super) fn notification(channel: &str, data: &Value) -> Message {
    Message::Text(json!({"jsonrpc": "2.0", "method": "subscription", "params": {"channel": channel, "data": data}}).to_string())
}

fn json_levels<'a>(levels: impl Iterator<Item = (&'a str, &'a Level)>) -> Vec<Value> {
    levels.map(|(side, l)| json!({"side": side, "price": text(l.price), "size": text(l.size)})).collect()
}

fn json_snapshot(market: &MarketState, bids: &[Level], asks: &[Level]) -> Value {
    let all = bids.iter().map(|l| ("BUY", l)).chain(asks.iter().map(|l| ("SELL", l)));
    json!({
        "seq_no": market.seq, "market": market.spec.symbol, "last_updated_at": market.sent_at / 1_000, "update_type": "s",
        "inserts": json_levels(all), "updates": [], "deletes": [],
    })
}

fn json_delta(market: &MarketState, changed: &[Vec<Level>; 2], old: &(Vec<Level>, Vec<Level>)) -> Value {
    let known = |side: &str, l: &Level| {
        let levels = if side == "BUY" { &old.0 } else { &old.1 };
        levels.iter().any(|o| o.price == l.price)
    };
    let all = || changed[0].iter().map(|l| ("BUY", l)).chain(changed[1].iter().map(|l| ("SELL", l)));
    json!({
        "seq_no": market.seq, "market": market.spec.symbol, "last_updated_at": market.sent_at / 1_000, "update_type": "d",
        "inserts": json_levels(all().filter(|(s, l)| l.size > 0 && !known(s, l))),
        "updates": json_levels(all().filter(|(s, l)| l.size > 0 && known(s, l))),
        "deletes": json_levels(all().filter(|(_, l)| l.size == 0)),
    })
}

/// Best prices, as REST and JSON channels write them.
pub(super) fn bbo_json(market: &MarketState) -> Value {
    let side = |l: Option<&Level>| l.map_or(("0".to_owned(), "0".to_owned()), |l| (text(l.price), text(l.size)));
    let ((bid, bid_size), (ask, ask_size)) = (side(market.sent_bids.first()), side(market.sent_asks.first()));
    json!({
        "market": market.spec.symbol, "seq_no": market.seq, "bid": bid, "bid_size": bid_size, "ask": ask,
        "ask_size": ask_size, "last_updated_at": market.sent_at / 1_000,
    })
}

pub(super) fn trade_json(market: &MarketState, t: &PublicTrade) -> Value {
    json!({
        "id": t.id.to_string(), "market": market.spec.symbol, "side": super::view::side_word(t.side), "size": text(t.size),
        "price": text(t.price), "created_at": t.created / 1_000, "trade_type": "FILL",
    })
}
