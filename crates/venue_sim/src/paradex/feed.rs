//! The public feed: book, best prices and trades of a market, and the counter they share (section 8.1).

use super::channel::{Channel, Scope};
use super::public_json::{bbo_json, best_of, json_delta, json_snapshot, notification, trade_json};
use super::state::PublicTrade;
use super::{ParadexSim, sbe};
use crate::exchange::Side;
use crate::exchange::ladder::Level;
use crate::{Message, SimAction};

impl ParadexSim {
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
    pub(super) fn publish_delta(
        &mut self,
        m: usize,
        changed: &[Vec<Level>; 2],
        old: &(Vec<Level>, Vec<Level>),
        out: &mut Vec<SimAction>,
    ) {
        let restart = self.switches.restart_book_seq;
        if restart >= 0 && self.markets[m].restarted_at != restart {
            (self.markets[m].seq, self.markets[m].restarted_at) = (restart.min(i64::MAX / 2), restart);
        }
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
        let trade = PublicTrade { id: self.next_id(), side, price, size, created: self.clock(), liquidation: false };
        self.publish_any_trade(m, trade, out)
    }

    /// The public trade of a liquidation.
    pub(super) fn publish_liquidation(&mut self, m: usize, side: Side, price: i64, size: i64, out: &mut Vec<SimAction>) -> u128 {
        let trade = PublicTrade { id: self.next_id(), side, price, size, created: self.clock(), liquidation: true };
        self.publish_any_trade(m, trade, out)
    }

    fn publish_any_trade(&mut self, m: usize, trade: PublicTrade, out: &mut Vec<SimAction>) -> u128 {
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
                        side: super::view::side_code(trade.side),
                        price: trade.price,
                        size: trade.size,
                        created: trade.created,
                        liquidation: trade.liquidation,
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
