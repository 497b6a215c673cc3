//! The quoted curve of one symbol: a ladder re-issued whole, no matching and no memory (vest.md sections 0, 10.3).
//!
//! Shape from the sources: about 7 bps wide at the touch, a few hundred dollars on top, thousands further out,
//! sizes in multiples of one unit and the same on both sides, every 300 ms with pauses up to 800 (section 16).

use super::config::SymbolSpec;
use super::num::{self, div_up};
use crate::SimNow;
use crate::market::Market;

/// Levels a side.
const LEVELS: i64 = 20;
/// What one unit of size is worth, about, USD.
const UNIT_USD: i128 = 50;
/// A clock that jumped further than this, microseconds, is not caught up with one book at a time.
const CATCH_UP_US: i64 = 5_000_000;

/// Price and size at 1e-8.
pub(super) type Level = (i64, i64);

/// The current snapshot of one symbol.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    /// How many snapshots so far; 0 before the first.
    pub issue: u64,
    /// When it was issued, microseconds of the shell.
    pub issued_us: i64,
    /// When the next one is due.
    pub next_us: i64,
    /// Best first.
    pub bids: Vec<Level>,
    /// Best first.
    pub asks: Vec<Level>,
}

impl Book {
    /// Brings the snapshot up to `now`. `share_bps` thins the sizes.
    pub(super) fn refresh(&mut self, spec: &SymbolSpec, market: &Market, share_bps: i64, now: SimNow) {
        if self.issue > 0 && now.0 < self.next_us {
            return;
        }
        if self.issue == 0 || now.0 - self.next_us > CATCH_UP_US {
            self.issue += 1;
            self.issued_us = now.0;
            self.next_us = now.0 + interval_us(market.draw(&spec.symbol, self.issue));
        }
        while self.next_us <= now.0 {
            self.issue += 1;
            self.issued_us = self.next_us;
            self.next_us += interval_us(market.draw(&spec.symbol, self.issue));
        }
        self.quote(spec, market, share_bps);
    }

    fn quote(&mut self, spec: &SymbolSpec, market: &Market, share_bps: i64) {
        let mid = market.mid(&spec.base, "vest", SimNow(self.issued_us));
        let (tick, lot) = (num::step(spec.price_decimals), num::step(spec.size_decimals));
        let unit = (UNIT_USD * 10_000_000_000_000_000 / i128::from(mid.max(1)) / i128::from(lot)).max(1);
        let top = 3 + (market.draw(&spec.symbol, self.issue) >> 32) as i64 % 3;
        self.bids.clear();
        self.asks.clear();
        for i in 0..LEVELS {
            // Hundredths of a basis point from the mid: 3.5 bps at the touch, 29 at the last level.
            let away = i128::from(mid) * i128::from(350 + 60 * i + 4 * i * i);
            let bid = (i128::from(mid) - div_up(away, 1_000_000)) as i64 / tick * tick;
            let ask = div_up(i128::from(mid) + div_up(away, 1_000_000), i128::from(tick)) as i64 * tick;
            let units = i128::from(top + 2 * i + i * i / 4) * unit * i128::from(share_bps) / 10_000;
            let size = i64::try_from(units * i128::from(lot)).unwrap_or(i64::MAX);
            if size > 0 && bid > 0 {
                self.bids.push((bid, size));
                self.asks.push((ask, size));
            }
        }
    }

    /// One price for the whole size: the average over the levels, on the grid against the taker. `None` if the
    /// ladder ends first (section 16.4).
    pub(super) fn price_for(&self, is_buy: bool, size_e8: i64, tick_e8: i64) -> Option<i64> {
        if size_e8 <= 0 {
            return None;
        }
        let mut left = size_e8;
        let mut cost: i128 = 0;
        for &(price, size) in if is_buy { &self.asks } else { &self.bids } {
            let taken = left.min(size);
            cost += i128::from(price) * i128::from(taken);
            left -= taken;
            if left == 0 {
                let (size, tick) = (i128::from(size_e8), i128::from(tick_e8));
                let steps = if is_buy { div_up(cost, size * tick) } else { cost / (size * tick) };
                return i64::try_from(steps * tick).ok().filter(|p| *p > 0);
            }
        }
        None
    }
}

/// Nine times in ten 300 to 380 ms, else up to 800 (measured on the newer generation, section 10.3).
fn interval_us(drawn: u64) -> i64 {
    let (pick, spread) = (drawn % 10, (drawn >> 8) as i64);
    if pick == 0 { 400_000 + spread % 400_000 } else { 300_000 + spread % 80_000 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::MarketShape;

    #[test]
    fn a_book_is_seven_bps_wide_small_on_top_and_the_same_on_both_sides() {
        let spec = SymbolSpec::crypto("BTC", 4, 2);
        for seed in 0..40 {
            let market = Market::new(seed, MarketShape::default());
            let mut book = Book::default();
            book.refresh(&spec, &market, 10_000, SimNow(1_763_712_000_000_000));
            let (bid, ask) = (book.bids[0], book.asks[0]);
            let width = (ask.0 - bid.0) as i128 * 1_000_000 / i128::from(bid.0);
            assert!((695..=705).contains(&width), "seed {seed}: {width} hundredths of a bps");
            let usd = i128::from(bid.0) * i128::from(bid.1) / 10_000_000_000_000_000;
            assert!((130..=260).contains(&usd), "seed {seed}: {usd} USD on top");
            let deep = book.asks[19];
            assert!(i128::from(deep.0) * i128::from(deep.1) / 10_000_000_000_000_000 > 4_000);
            assert!(book.bids.windows(2).all(|w| w[0].0 > w[1].0) && book.asks.windows(2).all(|w| w[0].0 < w[1].0));
            assert!(book.bids.iter().zip(&book.asks).all(|(b, a)| b.1 == a.1 && b.1 % 10_000 == 0));
        }
    }

    #[test]
    fn a_book_is_issued_again_every_300_to_800_ms_and_stands_still_between() {
        let (spec, market) = (SymbolSpec::crypto("ETH", 3, 3), Market::new(3, MarketShape::default()));
        let mut book = Book::default();
        book.refresh(&spec, &market, 10_000, SimNow(1_000_000_000));
        for _ in 0..200 {
            let before = book.clone();
            book.refresh(&spec, &market, 10_000, SimNow(before.next_us - 1));
            assert_eq!((book.issue, &book.bids), (before.issue, &before.bids));
            book.refresh(&spec, &market, 10_000, SimNow(before.next_us));
            assert_eq!(book.issue, before.issue + 1);
            assert!((300_000..=800_000).contains(&(book.next_us - book.issued_us)));
        }
    }

    #[test]
    fn the_price_for_a_size_is_the_average_against_the_taker_and_ends_with_the_ladder() {
        let book = Book { bids: vec![(9_999, 2), (9_990, 2)], asks: vec![(10_001, 2), (10_010, 2)], ..Book::default() };
        fn check(book: &Book, is_buy: bool, size: i64, tick: i64, expect: Option<i64>) {
            assert_eq!(book.price_for(is_buy, size, tick), expect, "{is_buy} {size}");
        }
        check(&book, true, 2, 1, Some(10_001));
        check(&book, true, 3, 1, Some(10_004));
        check(&book, false, 3, 1, Some(9_996));
        check(&book, true, 3, 10, Some(10_010));
        check(&book, false, 3, 10, Some(9_990));
        check(&book, true, 5, 1, None);
    }
}
