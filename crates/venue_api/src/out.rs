//! The one buffer a client writes into: cleared by the shell, capacity kept, so the hot path never allocates.

use crate::Action;
use domain::record::Taken;
use domain::{AccountSnapshot, InstrumentId, Level, MarketEvent, OrderReport};

/// What a venue client learned about its session, an order or the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VenueNews {
    /// About one order of ours.
    Order(OrderReport),
    /// The account by the venue's own word, asked for by `read_account`.
    Account(AccountSnapshot),
    /// The account could not be read; nothing learned.
    AccountFailed {
        /// Why.
        why: String,
    },
    /// An order, fill or position that is not explained by an order of ours.
    Foreign {
        /// What was seen, in a sentence.
        evidence: String,
    },
    /// A position changed for a reason that is no order of ours: liquidation, auto-deleveraging.
    Forced {
        /// Which instrument.
        instrument: InstrumentId,
        /// What the venue traded on our account, where its message says that; without it the next account reads show it.
        /// May come again under the same id, and with more in it.
        taken: Option<Taken>,
        /// What was seen, in a sentence.
        evidence: String,
    },
    /// About the session.
    Session(SessionNews),
    /// How long the parts of an order's way took, for the latency breakdown.
    OrderLatency {
        /// Which order.
        order: domain::OrderId,
        /// Hash and signature, ns (0 where the shell measured it).
        sign_ns: u64,
        /// Putting it into the venue's words, ns.
        encode_ns: u64,
        /// From the write to the answer, ns.
        network_ns: u64,
        /// Reading the answer, ns.
        parse_ns: u64,
    },
}

/// State of a venue's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionNews {
    /// A WebSocket is connected and authenticated where it has to be.
    Connected {
        /// `feed`, `orders`, `private`: the client's word for it.
        what: &'static str,
    },
    /// Everything that trading needs is up.
    Ready,
    /// Something that trading needs went down; orders in flight have been reported `Unknown` one by one.
    Down {
        /// Why.
        why: String,
    },
    /// The venue's clock minus ours, measured at the midpoint of a request.
    ClockOffset {
        /// ms, positive when the venue is ahead.
        offset_ms: i64,
    },
    /// Cannot work without a person: bad key, wrong version, wrong group.
    Fatal {
        /// Why, in a sentence that names what to change.
        why: String,
    },
}

/// Reused buffers a client fills during one call.
#[derive(Debug, Default)]
pub struct Out {
    /// Market events, in order.
    pub market: Vec<MarketEvent>,
    /// Levels the market events point into.
    pub levels: Vec<Level>,
    /// News, in order.
    pub news: Vec<VenueNews>,
    /// Actions to perform, in order.
    pub actions: Vec<Action>,
}

impl Out {
    /// Empties everything and keeps the capacity.
    pub fn clear(&mut self) {
        self.market.clear();
        self.levels.clear();
        self.news.clear();
        self.actions.clear();
    }
}
