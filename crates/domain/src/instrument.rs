//! What a venue lets us trade, and on which grid.

use crate::{InstrumentId, Pair, Price, Rate, Size, Usd, VenueId};
use serde::{Deserialize, Serialize};

/// Whether the venue takes orders in it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Takes entries and exits.
    Trading,
    /// Takes reducing orders only, or only cancels.
    ReduceOnly,
    /// Takes nothing.
    Halted,
}

/// One venue's contract on one pair, with its grid and limits as the venue published them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instrument {
    /// Our index of it.
    pub id: InstrumentId,
    /// Where it trades.
    pub venue: VenueId,
    /// Which pair it is one side of.
    pub pair: Pair,
    /// The venue's own symbol, as on the wire.
    pub symbol: String,
    /// Price step.
    pub tick: Price,
    /// Size step.
    pub lot: Size,
    /// Smallest order size.
    pub min_size: Size,
    /// Smallest order value in quote currency; zero if the venue has none.
    pub min_notional: Usd,
    /// Largest order size, if the venue has one.
    pub max_size: Option<Size>,
    /// Share of the notional that a taker pays.
    pub taker_fee: Rate,
    /// Quote currency as the venue names it.
    pub quote: String,
    /// Whether it trades now.
    pub lifecycle: Lifecycle,
}

impl Instrument {
    /// True if the venue would take an order of this size at this price as far as size and notional filters go.
    pub fn takes(&self, size: Size, price: Price) -> bool {
        !size.is_zero()
            && size.down_to(self.lot) == size
            && size >= self.min_size
            && size.cost(price) >= self.min_notional
            && self.max_size.is_none_or(|m| size <= m)
    }
}
