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
    /// Takes nothing for now.
    Halted,
    /// Gone, or going for good: takes nothing, or reducing orders only, and will not trade again.
    Delisted,
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
    /// Base units that one unit of the venue's own size stands for: 1 nearly always, 1000 for a contract on a thousand.
    /// Every price and size outside the venue's client is per base unit; the client alone multiplies and divides.
    pub multiplier: u32,
    /// Share of the notional that an open position locks up, by the account's leverage; `None` until the venue has said it.
    pub initial_margin: Option<Rate>,
    /// How far from the mark price a limit may lie before the venue refuses it, if it has such a band.
    pub price_band: Option<Rate>,
}

impl Instrument {
    /// An instrument of which the venue has told nothing yet: on the finest grid there is, and not trading, so that nothing
    /// of this ever meets an order.
    pub fn unknown(id: InstrumentId, venue: VenueId, pair: Pair, symbol: &str) -> Self {
        let smallest = Size::from_e8(1).expect("one is not negative");
        Self {
            id,
            venue,
            pair,
            symbol: symbol.to_owned(),
            tick: Price::from_e8(1).expect("one is above zero"),
            lot: smallest,
            min_size: smallest,
            min_notional: Usd::ZERO,
            max_size: None,
            taker_fee: Rate::ZERO,
            quote: String::new(),
            lifecycle: Lifecycle::Halted,
            multiplier: 1,
            initial_margin: None,
            price_band: None,
        }
    }

    /// Whether the venue has told anything of it yet: until then fees and grid are nobody's word.
    pub const fn is_told(&self) -> bool {
        !self.quote.is_empty()
    }

    /// True if the venue would take an order of this size at this price as far as size and notional filters go.
    pub fn takes(&self, size: Size, price: Price) -> bool {
        !size.is_zero()
            && size.down_to(self.lot) == size
            && size >= self.min_size
            && size.cost(price) >= self.min_notional
            && self.max_size.is_none_or(|m| size <= m)
    }
}
