//! The usual code, to disagree with: sorted maps of decimals.

use domain::{Level, Side};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// From an integer at 1e-8.
pub(crate) fn decimal(e8: i64) -> Decimal {
    Decimal::new(e8, 8).normalize()
}

/// A book of decimals.
#[derive(Clone, Debug, Default)]
pub(crate) struct Oracle {
    pub(crate) bids: BTreeMap<Decimal, Decimal>,
    pub(crate) asks: BTreeMap<Decimal, Decimal>,
}

fn set(side: &mut BTreeMap<Decimal, Decimal>, levels: &[Level]) {
    for l in levels {
        if l.size == 0 {
            side.remove(&decimal(l.price));
        } else {
            side.insert(decimal(l.price), decimal(l.size));
        }
    }
}

impl Oracle {
    pub(crate) fn replace(&mut self, bids: &[Level], asks: &[Level]) {
        *self = Self::default();
        self.change(bids, asks);
    }
    pub(crate) fn change(&mut self, bids: &[Level], asks: &[Level]) {
        set(&mut self.bids, bids);
        set(&mut self.asks, asks);
    }
    pub(crate) fn crossed_or_locked(&self) -> bool {
        match (self.bids.last_key_value(), self.asks.first_key_value()) {
            (Some((bid, _)), Some((ask, _))) => bid >= ask,
            _ => false,
        }
    }
    /// What a taker meets, best first.
    pub(crate) fn taken_by(&self, side: Side) -> Vec<(Decimal, Decimal)> {
        match side {
            Side::Buy => self.asks.iter().map(|(p, s)| (*p, *s)).collect(),
            Side::Sell => self.bids.iter().rev().map(|(p, s)| (*p, *s)).collect(),
        }
    }
    /// Value and last price of taking `size`, if the book can fill it.
    pub(crate) fn take(&self, side: Side, size: Decimal) -> Option<(Decimal, Decimal)> {
        let (mut left, mut cost) = (size, Decimal::ZERO);
        for (price, there) in self.taken_by(side) {
            let take = left.min(there);
            cost += take * price;
            left -= take;
            if left.is_zero() {
                return Some((cost, price));
            }
        }
        None
    }
}
