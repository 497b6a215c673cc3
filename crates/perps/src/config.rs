//! What an operator configures for a pair, and where its round stands.
//!
//! Owns words and the one step that suits both venues; [`crate::pair`] goes by them.

use crate::funding::Funding;
use books::Rules;
use domain::{InstrumentId, Pair, Price, Rate, Size, Usd, VenueId};

/// What an operator configures for a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairConfig {
    /// Which pair.
    pub pair: Pair,
    /// The two venues, in the order of the configuration.
    pub venues: [VenueId; 2],
    /// Their instruments.
    pub instruments: [InstrumentId; 2],
    /// How their feeds speak, and from which age on a book does not trade.
    pub rules: [Rules; 2],
    /// How much on each leg, before it is brought onto the common step of both venues.
    pub sizing: Sizing,
    /// Executable entry spread at or over which a round is opened.
    pub spread_entry: Rate,
    /// Executable exit spread at or under which it is closed.
    pub spread_exit: Rate,
    /// Edge net of costs under which nothing is opened.
    pub edge_min: Rate,
    /// Updates in a row that must show an entry or an exit.
    pub confirm_ticks: u32,
    /// Where expected funding comes from.
    pub funding: Funding,
    /// Kept aside for slippage and surprise.
    pub buffers: Rate,
    /// How far beyond the worst level a leg may fill.
    pub price_bound: Rate,
    /// What one unit of each venue's quote currency is worth in dollars; `None`: as the venue says, and one dollar where it
    /// says nothing.
    pub quote_usd: [Option<Price>; 2],
}

/// How much a leg trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sizing {
    /// So much base.
    Base(Size),
    /// So much quote currency, turned into base at the first price both venues agree about, and kept from then on.
    Notional(Usd),
}

/// Where the pair's round stands, as far as the strategy has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No round: entries are looked for.
    Free,
    /// A round is being opened or closed.
    Busy,
    /// A position is open; the index says which of the two instruments is long.
    Holding(usize),
}

/// Smallest step that both venues take: the least common multiple of their lots.
pub fn common_step(a: Size, b: Size) -> Option<Size> {
    let (mut x, mut y) = (a.e8(), b.e8());
    if x == 0 || y == 0 {
        return None;
    }
    while y != 0 {
        (x, y) = (y, x.checked_rem(y)?);
    }
    Size::from_e8(a.e8().checked_div(x)?.checked_mul(b.e8())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_step_suits_both_venues() {
        fn check(a: i64, b: i64, expect: Option<i64>) {
            let size = |v| Size::from_e8(v).expect("not negative");
            assert_eq!(common_step(size(a), size(b)), expect.map(size));
        }
        check(100_000, 10_000, Some(100_000));
        check(4, 6, Some(12));
        check(7, 7, Some(7));
        check(0, 7, None);
    }
}
