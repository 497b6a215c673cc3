//! Rows as the rest of the bot sees them: plain values, no database in sight.

use domain::names::{Ending, EventType};
use domain::{
    Fills, OrderId, OrderType, Pair, Price, Rate, RoundId, Side, Size, TimeInForce, Usd, VenueId, VenueKey, VenueOrderId, Wall,
};

/// One side of a position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegRow {
    /// Where it is held.
    pub venue: VenueId,
    /// Base held now.
    pub size: Size,
    /// Average entry price; `None` until something filled.
    pub price: Option<Price>,
    /// The venue's names of the orders that opened it.
    pub venue_orders: Vec<VenueOrderId>,
}

/// A pair's position: one row per round, open until `closed_at` is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionState {
    /// Its round.
    pub round: RoundId,
    /// What is held.
    pub pair: Pair,
    /// Spread at which both legs filled, (short - long) / long; the executable one seen as long as one leg has none.
    pub entry_spread: Rate,
    /// When the first leg filled.
    pub opened_at: Wall,
    /// When this row last changed.
    pub updated_at: Wall,
    /// When nothing was left of it.
    pub closed_at: Option<Wall>,
    /// The bought leg.
    pub long: LegRow,
    /// The sold leg.
    pub short: LegRow,
}

/// One round from its decision to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundRow {
    /// Which.
    pub round: RoundId,
    /// What it trades.
    pub pair: Pair,
    /// Venue of the bought leg.
    pub long: VenueId,
    /// Venue of the sold leg.
    pub short: VenueId,
    /// Base on each leg, as planned.
    pub size: Size,
    /// Executable entry spread seen.
    pub entry_spread: Rate,
    /// Entry spread that was asked for.
    pub threshold: Rate,
    /// Edge net of costs, as decided on.
    pub edge: Rate,
    /// Hash of the configuration in force.
    pub config: String,
    /// When it was decided.
    pub opened_at: Wall,
    /// Executable exit spread when the exit began, where there was one.
    pub exit_spread: Option<Rate>,
    /// Why the exit began, in a stable word.
    pub exit_reason: Option<String>,
    /// When it was over.
    pub ended_at: Option<Wall>,
    /// How it ended.
    pub ending: Option<Ending>,
    /// Sold minus bought over all fills, before fees. This and the three below are zero until the round is over.
    pub price_result: Usd,
    /// Fees paid, positive.
    pub fees: Usd,
    /// Funding received, negative if paid.
    pub funding: Usd,
    /// What the round earned, net of all.
    pub net: Usd,
    /// Longest time one leg was uncovered, ms.
    pub uncovered_ms: i64,
}

/// Where an order is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OrderStatus {
    /// Recorded, about to leave or on its way.
    Sent,
    /// The venue has it.
    Live,
    /// Its fate is not known; the venue is being asked.
    Unknown,
    /// Nothing is left of it.
    Filled,
    /// Its rest was cancelled.
    Cancelled,
    /// The venue refused it.
    Refused,
    /// Proven not to have left.
    NotSent,
    /// Proven never to have arrived.
    Absent,
}

/// One order, as last heard of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRow {
    /// Ours.
    pub id: OrderId,
    /// What it trades.
    pub pair: Pair,
    /// Where.
    pub venue: VenueId,
    /// Which way.
    pub side: Side,
    /// How much.
    pub size: Size,
    /// Worst price accepted.
    pub limit: Price,
    /// Limit or market.
    pub kind: OrderType,
    /// How long it lives.
    pub tif: TimeInForce,
    /// May only reduce, enforced by the venue.
    pub reduce_only: bool,
    /// What the venue knows it by, and its fence.
    pub key: VenueKey,
    /// The venue's name for it, once known.
    pub venue_order: Option<VenueOrderId>,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// What it has filled so far.
    pub fills: Fills,
    /// Why it was refused, cancelled or is unknown, as said.
    pub reason: Option<String>,
    /// When it was recorded.
    pub sent_at: Wall,
    /// When this row last changed.
    pub updated_at: Wall,
}

/// One step of an order's cumulative fill: what a report added to the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FillRow {
    /// Which order.
    pub order: OrderId,
    /// Journal record that brought it: names the step within the order. A snapshot's, if that record is lost: then all
    /// the snapshot knows of the order is one step.
    pub seq: u64,
    /// What was traded.
    pub pair: Pair,
    /// Where.
    pub venue: VenueId,
    /// Which way.
    pub side: Side,
    /// What this step added.
    pub added: Fills,
    /// When it was learned.
    pub at: Wall,
}

/// Something a person should be able to find again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentRow {
    /// Journal record that tells of it.
    pub seq: u64,
    /// What happened.
    pub event: EventType,
    /// In which round, if in one.
    pub round: Option<RoundId>,
    /// On which pair, if on one.
    pub pair: Option<Pair>,
    /// In words.
    pub text: String,
    /// When.
    pub at: Wall,
}

/// What one or more journal records change. Rows are whole: the last one of a key wins. Fills and incidents never
/// change, the first one of a key stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A round began, went on or ended.
    Round(Box<RoundRow>),
    /// A position opened, changed or closed.
    Position(Box<PositionState>),
    /// An order left, or something was learned about it.
    Order(Box<OrderRow>),
    /// An order filled further.
    Fill(FillRow),
    /// Something worth finding again.
    Incident(IncidentRow),
}
