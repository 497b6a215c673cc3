//! Orders, and everything a venue can say about one.

use crate::{InstrumentId, OrderId, Price, Side, Size, Usd, VenueId, VenueOrderId, Wall};
use serde::{Deserialize, Serialize};

/// How an order is priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderType {
    /// Never worse than its limit.
    Limit,
    /// At the market; its limit still bounds it where the venue asks for one.
    Market,
}

/// How long an order lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeInForce {
    /// What it can fill at once, the rest dies.
    Ioc,
    /// All at once or nothing.
    Fok,
    /// Until cancelled.
    Gtc,
}

/// One order as we want it, before any venue has put it into its own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSpec {
    /// Ours, derived.
    pub id: OrderId,
    /// Where.
    pub venue: VenueId,
    /// What.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// How much, on the instrument's lot.
    pub size: Size,
    /// Worst price accepted, on the instrument's tick.
    pub limit: Price,
    /// Limit or market.
    pub kind: OrderType,
    /// How long it lives.
    pub tif: TimeInForce,
    /// May only reduce a position, enforced by the venue.
    pub reduce_only: bool,
}

/// The venue's handle on an order, known and journaled before the order leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueKey {
    /// Client id or nonce: what the venue can be asked by.
    pub key: String,
    /// Message hash, where the venue's signature has one; tells two sends of the same key apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Venue time after which these bytes can no longer be accepted: the fence.
    pub dead_after: Wall,
}

/// What an order has filled so far, cumulative, so that a report twice or out of order changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fills {
    /// Base filled.
    pub size: Size,
    /// Sum of size times price over the fills.
    pub cost: Usd,
    /// Fees paid, positive = paid.
    pub fee: Usd,
    /// Funding realised with the fills, positive = received.
    #[serde(default)]
    pub funding: Usd,
}

/// What a refusal is about: for `match`; the venue's own code stands beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// The fill would be worse than the limit, or nothing was there to take.
    Price,
    /// Not enough margin, or a position or open-interest cap.
    Margin,
    /// Size, price step, minimum, symbol: our rules of the instrument are wrong.
    Filter,
    /// Key, signature, permission, account.
    Auth,
    /// Clock or nonce: sign anew after a resync.
    Stamp,
    /// The venue or the market takes no orders now, or its own feed is stale.
    Closed,
    /// Too many requests, and the venue documents that the order was not read.
    RateLimited,
    /// A reduce-only order would not reduce.
    ReduceOnly,
    /// The venue says it has this order already.
    Duplicate,
    /// Anything else; not worth another attempt.
    Other,
}

impl RefusalKind {
    /// Whether a new attempt can end differently.
    pub const fn worth_retrying(self) -> bool {
        matches!(self, Self::Price | Self::Stamp | Self::Closed | Self::RateLimited)
    }
    /// Stable word for logs, labels and docs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Margin => "margin",
            Self::Filter => "filter",
            Self::Auth => "auth",
            Self::Stamp => "stamp",
            Self::Closed => "closed",
            Self::RateLimited => "rate_limited",
            Self::ReduceOnly => "reduce_only",
            Self::Duplicate => "duplicate",
            Self::Other => "other",
        }
    }
}

/// The venue's own refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What it is about.
    pub kind: RefusalKind,
    /// The venue's code or reason, as sent.
    pub code: String,
}

/// How an order ended, by the venue's own word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderEnd {
    /// Nothing is left of it.
    Filled,
    /// The rest was cancelled, by us, by its time in force or by the venue. The venue's reason stands beside it.
    Cancelled(String),
    /// Refused, at once or after an acknowledgement.
    Refused(Refusal),
}

/// One thing learned about an order of ours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderNews {
    /// The venue has it. Provisional: nothing is filled or refused by this.
    Acked {
        /// The venue's name for it.
        venue_order: VenueOrderId,
    },
    /// It lives, and has filled this much so far.
    Filling {
        /// Cumulative.
        fills: Fills,
    },
    /// Final, by the venue's own word, and all its fills are counted.
    Done {
        /// Cumulative.
        fills: Fills,
        /// How.
        end: OrderEnd,
    },
    /// Proven not to have left this machine.
    NotSent {
        /// Why.
        why: String,
    },
    /// It may have arrived or not: timeout, disconnect, 5xx, an answer we cannot read.
    Unknown {
        /// Why.
        why: String,
    },
    /// The venue was asked by key and knows neither an order, nor history, nor fills of it. Proves death only when
    /// `as_of` is past the order's fence.
    Absent {
        /// The venue's clock when it was asked, at the latest.
        as_of: Wall,
    },
    /// Asked, and no usable answer came: nothing learned.
    QueryFailed {
        /// Why.
        why: String,
    },
}

/// News with the order it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderReport {
    /// Which order.
    pub order: OrderId,
    /// What about it.
    pub news: OrderNews,
}

/// What an account holds in one instrument, by the venue's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Base at 1e-8, long positive, short negative.
    pub size_e8: i64,
    /// Average entry price, where the venue gives one.
    pub entry: Option<Price>,
}

/// An order that the venue says is open now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOrder {
    /// Which instrument, if it is one of ours.
    pub instrument: Option<InstrumentId>,
    /// Its key as the venue shows it: client id or nonce.
    pub key: String,
    /// The venue's name for it.
    pub venue_order: VenueOrderId,
}

/// An account by the venue's own word: positions, open orders, money.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountSnapshot {
    /// The venue's clock when it was asked, at the latest.
    pub as_of: Wall,
    /// Everything not flat.
    pub positions: Vec<Position>,
    /// Everything open.
    pub open_orders: Vec<OpenOrder>,
    /// Cash: collateral without unrealised results.
    pub balance: Usd,
    /// What may still be used as margin.
    pub free: Usd,
}
