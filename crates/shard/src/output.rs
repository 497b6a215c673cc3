//! What a shard wants done, in order.

use domain::record::Record;
use domain::{InstrumentId, OrderId, Pair, VenueId};
use engine::Notice;
use perps::Spreads;
use venue_api::{Action, SessionNews};

/// One thing to do. The shell does them one after the other and never out of order.
#[derive(Debug)]
pub enum Output {
    /// Append to the journal. What a shell does when that fails is [`crate::Keeper`]'s to say: every [`Output::Act`] of
    /// `orders` is left out unless `reducing`, and [`crate::Shard::append_failed`] is called after the batch.
    Append {
        /// The record.
        record: Record,
        /// It belongs to an order that reduces exposure: it may use the reserve, and its order leaves in any case.
        reducing: bool,
        /// Orders that this record lets leave.
        orders: Vec<OrderId>,
    },
    /// Perform a client's action; `order` names the order it sends, if it sends one.
    Act {
        /// Index of the venue.
        venue: usize,
        /// The order that leaves with it.
        order: Option<OrderId>,
        /// What.
        action: Action,
    },
    /// Tell people and machines.
    Tell(Notice),
    /// A venue's session changed.
    Session(Session),
    /// A book took an update; only while asked for.
    BookUpdated {
        /// Pair.
        pair: Pair,
        /// Venue.
        venue: VenueId,
        /// Which book.
        instrument: InstrumentId,
        /// What happened, in a stable word.
        what: &'static str,
    },
    /// The spreads after a book moved, told once the decision has been made; only while asked for.
    Spread {
        /// Pair.
        pair: Pair,
        /// The venues; the first one is long in the first direction.
        venues: [VenueId; 2],
        /// Both directions: entry and exit, at the best prices and for the size.
        spreads: [Spreads; 2],
    },
}

/// News about a venue's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which venue.
    pub venue: VenueId,
    /// What.
    pub news: SessionNews,
}
