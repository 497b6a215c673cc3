//! What an exchange is, whoever runs it: decimals at 1e-8, a price ladder with priorities, positions and fees.
//!
//! Owns arithmetic and priorities; knows no venue, no wire and no time. The simulated venues call it.

pub mod decimal;
pub mod ladder;
pub mod ledger;

/// Which way an order goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Takes from the asks, rests among the bids.
    Buy,
    /// Takes from the bids, rests among the asks.
    Sell,
}

impl Side {
    /// The other one.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }
    /// `1` for a buy, `-1` for a sell.
    pub const fn sign(self) -> i64 {
        match self {
            Self::Buy => 1,
            Self::Sell => -1,
        }
    }
    /// Whether `price` is at least as good for an order of this side as `limit`.
    pub const fn accepts(self, price: i64, limit: i64) -> bool {
        match self {
            Self::Buy => price <= limit,
            Self::Sell => price >= limit,
        }
    }
}
