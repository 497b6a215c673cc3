//! What venues say about the market, decoded to integers and borrowed from reused buffers.

use crate::{InstrumentId, Price, Rate, Size, Wall};
use std::ops::Range;

/// One price level. On the hot path, so plain integers at 1e-8: `size` 0 removes the level in a delta.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Level {
    /// Price at 1e-8, above zero.
    pub price: i64,
    /// Size at 1e-8, not negative.
    pub size: i64,
}

/// Whether levels replace the book or change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookKind {
    /// The whole book: what is not named is gone.
    Snapshot,
    /// Changes: size zero removes, any other size sets.
    Delta,
}

/// When a venue books funding that it takes in lumps: whoever holds a position at that moment pays or receives the whole lump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Booking {
    /// The next one, by the venue's clock.
    pub at: Wall,
    /// From one to the next, ms; above zero. A lump is the hourly rate times this.
    pub every_ms: i64,
}

/// One thing a venue said about a market. `Copy`, so that a reused `Vec` of them never allocates; levels lie in the
/// buffer that travels with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarketEvent {
    /// Levels of a book.
    Book {
        /// Which instrument.
        instrument: InstrumentId,
        /// Replace or change.
        kind: BookKind,
        /// The venue's sequence number, 0 where it has none.
        seq: u64,
        /// When the venue says it happened, if it says so.
        venue_time: Option<Wall>,
        /// Where the bids lie in the level buffer, best first in a snapshot.
        bids: Range<u32>,
        /// Where the asks lie in the level buffer, best first in a snapshot.
        asks: Range<u32>,
    },
    /// Best bid and offer from a channel of its own, to audit the book with; `None` for an empty side.
    Top {
        /// Which instrument.
        instrument: InstrumentId,
        /// The venue's sequence number; shares its counter with the book where the venue says so.
        seq: u64,
        /// Best bid.
        bid: Option<Level>,
        /// Best ask.
        ask: Option<Level>,
    },
    /// The book can no longer be trusted until the next snapshot: gap, step back, new connection.
    BookLost {
        /// Which instrument.
        instrument: InstrumentId,
        /// Why, in a stable word.
        why: &'static str,
    },
    /// Mark price and hourly funding rate, where the venue sends them.
    Mark {
        /// Which instrument.
        instrument: InstrumentId,
        /// Mark price.
        mark: Price,
    },
    /// What holding costs at the moment.
    Funding {
        /// Which instrument.
        instrument: InstrumentId,
        /// Share of the notional that a long position pays to a short one per hour; negative: receives. Whatever the venue's
        /// own interval is, it is brought to an hour here.
        hourly: Rate,
        /// When the venue books it next, where it does so in lumps; `None` where it accrues all the time.
        next: Option<Booking>,
    },
    /// What one unit of the currency an instrument is quoted in is worth in US dollars.
    QuoteRate {
        /// Which instrument.
        instrument: InstrumentId,
        /// Dollars per unit.
        usd: Price,
    },
    /// A public trade; counts as a sign of life.
    Trade {
        /// Which instrument.
        instrument: InstrumentId,
        /// Its price.
        price: Price,
        /// Its size.
        size: Size,
    },
}
