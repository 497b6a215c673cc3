//! What a refresh of a market brings besides levels: empty frames, other people's trades, periodic channels.

use super::channel::Channel;
use super::feed::Follower;
use super::public_json::{best_of, notification};
use super::{ParadexSim, sbe};
use crate::exchange::Side;
use crate::{Message, SimAction};

impl ParadexSim {
    /// What a refresh brings besides levels: empty frames of the shared counter, somebody else's trades, periodic
    /// snapshots, summaries and funding.
    pub(super) fn publish_rest_of_refresh(&mut self, m: usize, slot: i64, out: &mut Vec<SimAction>) {
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
}
