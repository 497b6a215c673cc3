//! What the engine acts through and looks at: the only way out.

use crate::Notice;
use domain::record::Record;
use domain::{Instrument, InstrumentId, Now, OrderId, Price, Side, Size, VenueId};
use risk::ClearedOrder;
use venue_api::{Capabilities, KnownOrder, PrepareError, Prepared};

/// Best prices of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Best bid.
    pub bid: Price,
    /// Best ask.
    pub ask: Price,
}

impl Touch {
    /// What a taker of `side` meets first.
    pub const fn taken_by(&self, side: Side) -> Price {
        match side {
            Side::Buy => self.ask,
            Side::Sell => self.bid,
        }
    }
}

/// Venues, books and the journal as the engine sees them. Whatever is called here leaves in the order of the calls:
/// a record made before an order is sent is in the journal before the order is on the wire.
pub trait Desk {
    /// An instrument.
    fn instrument(&self, id: InstrumentId) -> &Instrument;
    /// What a venue can do; `None` for a venue that is not wired.
    fn capabilities(&self, venue: VenueId) -> Option<&Capabilities>;
    /// Whether a venue's session is up.
    fn ready(&self, venue: VenueId) -> bool;
    /// Best prices, if the book may be traded on.
    fn touch(&self, id: InstrumentId) -> Option<Touch>;
    /// Average price a taker of `side` would pay for `size` now, if the book may be traded on and holds that much.
    fn executable(&self, id: InstrumentId, side: Side, size: Size) -> Option<Price>;
    /// The last price seen at all, however old: a reference when there is no book.
    fn reference(&self, id: InstrumentId) -> Option<Price>;

    /// The venue's mark price, else the best reference there is: what its price bands are counted from.
    fn mark(&self, id: InstrumentId) -> Option<Price> {
        self.reference(id)
    }
    /// How long ago this stamp was, ns, by the shell's stopwatch; 0 where there is none.
    fn since(&self, _stamp: Now) -> u64 {
        0
    }

    /// Puts a cleared order into the venue's words.
    ///
    /// # Errors
    /// [`PrepareError`]; nothing leaves then.
    fn prepare(&mut self, order: ClearedOrder, now: Now) -> Result<Prepared, PrepareError>;
    /// Forgets a prepared order.
    fn discard(&mut self, order: Prepared);
    /// Appends a record to the journal, before everything called after it.
    fn record(&mut self, record: Record);
    /// Sends a prepared order.
    fn send(&mut self, order: Prepared, now: Now);
    /// Asks about an order.
    fn query(&mut self, venue: VenueId, order: OrderId, now: Now);
    /// Cancels an order.
    fn cancel(&mut self, venue: VenueId, order: OrderId, now: Now);
    /// Reads a venue's account.
    fn read_account(&mut self, venue: VenueId, now: Now);
    /// Tells a venue's client about an order of an earlier life.
    fn adopt(&mut self, venue: VenueId, order: KnownOrder);
    /// A round is over: its orders need no memory at the venue's client.
    fn forget(&mut self, venue: VenueId, order: OrderId);
    /// Tells people and machines.
    fn notice(&mut self, notice: Notice);
}
