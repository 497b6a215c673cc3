//! What the engine tells people: one enum for log, page and docs, with the literal words of the requirements.

use domain::names::{Ending, EventType, SkipReason};
use domain::record::{ExitReason, GiveUp, Outcome};
use domain::{Fills, OrderId, Pair, Price, Rate, RoundId, Side, Size, VenueId};

/// How loud.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeLevel {
    /// For those who look closely.
    Debug,
    /// The normal life.
    Info,
    /// Something went another way than planned, and is being handled.
    Warn,
    /// A person should look.
    Error,
}

/// Something worth telling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A spread reached its threshold.
    SpreadDetected {
        /// Pair.
        pair: Pair,
        /// Executable spread.
        spread: Rate,
        /// Threshold.
        threshold: Rate,
        /// Top-of-book spread.
        top: Rate,
        /// Net edge.
        edge: Rate,
        /// Venue of the long leg.
        long: VenueId,
        /// Venue of the short leg.
        short: VenueId,
    },
    /// An opportunity was not taken.
    Skipped {
        /// Pair.
        pair: Pair,
        /// Venues of the long and of the short leg.
        legs: [VenueId; 2],
        /// Executable spread.
        spread: Rate,
        /// Why.
        reason: SkipReason,
        /// Numbers, in words.
        detail: String,
    },
    /// An order leaves.
    OrderPlaced {
        /// Order.
        order: OrderId,
        /// Pair.
        pair: Pair,
        /// Venue.
        venue: VenueId,
        /// Which way.
        side: Side,
        /// How much.
        size: Size,
        /// Bound.
        limit: Price,
        /// Entry spread of its round, as decided.
        spread: Rate,
    },
    /// News about an order, in words.
    OrderNews {
        /// Order.
        order: OrderId,
        /// Pair.
        pair: Pair,
        /// Venue.
        venue: VenueId,
        /// Kind.
        event: EventType,
        /// Cumulative fills.
        fills: Fills,
        /// In words.
        detail: String,
        /// Entry spread of its round, as decided.
        spread: Rate,
    },
    /// How long an order's way took.
    OrderLatency {
        /// Order.
        order: OrderId,
        /// Pair.
        pair: Pair,
        /// Venue.
        venue: VenueId,
        /// `WS` or `REST`.
        way: &'static str,
        /// Hash and signature, ns.
        sign_ns: u64,
        /// Venue's words, ns.
        encode_ns: u64,
        /// From write to answer, ns.
        network_ns: u64,
        /// Reading the answer, ns.
        parse_ns: u64,
        /// Entry spread of its round, as decided.
        spread: Rate,
    },
    /// A failed order is tried again.
    Retry {
        /// The new attempt.
        order: OrderId,
        /// Pair.
        pair: Pair,
        /// Venue.
        venue: VenueId,
        /// Its number.
        attempt: u16,
        /// Of how many.
        of: u16,
        /// Entry spread of its round, as decided.
        spread: Rate,
    },
    /// Both legs are open.
    Entered {
        /// Round.
        round: RoundId,
        /// Pair.
        pair: Pair,
        /// Spread of the fills.
        spread: Rate,
        /// Long venue.
        long: VenueId,
        /// Short venue.
        short: VenueId,
        /// Size on each leg.
        size: Size,
        /// Detection to both legs filled, ms.
        took_ms: i64,
    },
    /// The position is in the journal.
    PositionSaved {
        /// Round.
        round: RoundId,
        /// Pair.
        pair: Pair,
        /// Spread of the fills.
        spread: Rate,
        /// Venues of its legs, long and short.
        legs: [VenueId; 2],
    },
    /// The entry was the bot's own decision.
    AutoExecuted {
        /// Round.
        round: RoundId,
        /// Pair.
        pair: Pair,
        /// Spread.
        spread: Rate,
        /// Venues of its legs, long and short.
        legs: [VenueId; 2],
    },
    /// An exit begins.
    ExitBegun {
        /// Round.
        round: RoundId,
        /// Pair.
        pair: Pair,
        /// Why.
        reason: ExitReason,
        /// Spread, where there is one.
        spread: Option<Rate>,
        /// Venues of its legs, long and short.
        legs: [VenueId; 2],
        /// Entry spread of its round, as decided.
        entry_spread: Rate,
    },
    /// An entry was given up.
    GaveUp {
        /// Round.
        round: RoundId,
        /// Pair.
        pair: Pair,
        /// Why.
        why: GiveUp,
        /// Venues of its legs, long and short.
        legs: [VenueId; 2],
        /// Entry spread of its round, as decided.
        spread: Rate,
    },
    /// A leg is closed because the other one does not cover it.
    SafetyClose {
        /// Round.
        round: RoundId,
        /// Pair.
        pair: Pair,
        /// Venue of the leg.
        venue: VenueId,
        /// Exactly what is closed.
        size: Size,
        /// Which try.
        attempt: u16,
        /// Entry spread of its round, as decided.
        spread: Rate,
    },
    /// An order that reduces exposure cannot be made now; it is tried again.
    CannotClose {
        /// Round.
        round: RoundId,
        /// Pair.
        pair: Pair,
        /// Venues of its legs, long and short.
        legs: [VenueId; 2],
        /// Entry spread of its round, as decided.
        spread: Rate,
        /// Why, in words.
        why: String,
    },
    /// A venue changed a position by itself.
    Forced {
        /// Round, if one is open on it.
        round: Option<RoundId>,
        /// Pair.
        pair: Pair,
        /// Venue.
        venue: VenueId,
        /// What was seen, in words.
        evidence: String,
    },
    /// Entries stop for a reason from outside.
    EntriesStopped {
        /// Which.
        reason: SkipReason,
        /// Its numbers, in words.
        detail: String,
    },
    /// That reason is gone.
    EntriesResumed {
        /// Which.
        reason: SkipReason,
    },
    /// A person lets what was stopped trade again.
    Resumed {
        /// Which pair; `None`: what stopped everything.
        pair: Option<Pair>,
    },
    /// The round is over.
    RoundEnded {
        /// Round.
        round: RoundId,
        /// Pair.
        pair: Pair,
        /// How.
        outcome: Outcome,
        /// Exit spread, if it was closed by one.
        exit_spread: Option<Rate>,
        /// Whether the exit was by spread or time.
        auto: bool,
        /// Venues of its legs, long and short.
        legs: [VenueId; 2],
        /// Entry spread of its round, as decided.
        entry_spread: Rate,
    },
    /// A person is needed; trying goes on.
    Stuck {
        /// Round.
        round: RoundId,
        /// Pair.
        pair: Pair,
        /// Exposure in words.
        exposure: String,
        /// Venues of its legs, long and short.
        legs: [VenueId; 2],
        /// Entry spread of its round, as decided.
        spread: Rate,
    },
    /// Even again.
    Unstuck {
        /// Round.
        round: RoundId,
        /// Pair.
        pair: Pair,
        /// Venues of its legs, long and short.
        legs: [VenueId; 2],
        /// Entry spread of its round, as decided.
        spread: Rate,
    },
    /// Positions restored at start.
    Restored {
        /// How many.
        positions: usize,
        /// Rounds still under way.
        under_way: usize,
    },
    /// Journal and venue differ.
    Mismatch {
        /// Venue.
        venue: VenueId,
        /// Pair, if ours.
        pair: Option<Pair>,
        /// Both sides in words.
        evidence: String,
    },
    /// News that does not fit; nothing was changed by it.
    Odd {
        /// In words.
        what: String,
    },
}

fn capital(venue: VenueId) -> String {
    let mut chars = venue.as_str().chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

impl Notice {
    /// Level.
    pub const fn level(&self) -> NoticeLevel {
        match self {
            Self::Skipped { .. } => NoticeLevel::Debug,
            Self::OrderNews { event: EventType::OrderUnknown, .. }
            | Self::Retry { .. }
            | Self::GaveUp { .. }
            | Self::SafetyClose { .. }
            | Self::CannotClose { .. }
            | Self::EntriesStopped { .. }
            | Self::Odd { .. } => NoticeLevel::Warn,
            Self::Stuck { .. } | Self::Mismatch { .. } | Self::Forced { .. } => NoticeLevel::Error,
            _ => NoticeLevel::Info,
        }
    }

    /// `event_type` of the log line.
    pub const fn event(&self) -> EventType {
        match self {
            Self::SpreadDetected { .. } | Self::Skipped { .. } => EventType::SpreadDetected,
            Self::OrderPlaced { .. } => EventType::OrderPlaced,
            Self::OrderNews { event, .. } => *event,
            Self::OrderLatency { .. } => EventType::OrderAcked,
            Self::Retry { .. } => EventType::OrderRetried,
            Self::Entered { .. } => EventType::EntryExecuted,
            Self::PositionSaved { .. } => EventType::PositionSaved,
            Self::AutoExecuted { .. } => EventType::AutoExecuted,
            Self::ExitBegun { .. } => EventType::AutoClosed,
            Self::GaveUp { .. } | Self::SafetyClose { .. } | Self::CannotClose { .. } => EventType::SafetyClose,
            Self::Forced { .. } => EventType::ForcedChange,
            Self::EntriesStopped { .. } => EventType::EntriesStopped,
            Self::EntriesResumed { .. } => EventType::EntriesResumed,
            Self::Resumed { .. } => EventType::PairResumed,
            Self::RoundEnded { .. } => EventType::RoundEnded,
            Self::Stuck { .. } | Self::Unstuck { .. } => EventType::NeedsOperator,
            Self::Restored { .. } => EventType::PositionsRestored,
            Self::Mismatch { .. } | Self::Odd { .. } => EventType::ReconcileMismatch,
        }
    }

    /// Which pair it is about.
    pub const fn pair(&self) -> Option<Pair> {
        match self {
            Self::SpreadDetected { pair, .. }
            | Self::Skipped { pair, .. }
            | Self::OrderPlaced { pair, .. }
            | Self::OrderNews { pair, .. }
            | Self::OrderLatency { pair, .. }
            | Self::Retry { pair, .. }
            | Self::Entered { pair, .. }
            | Self::PositionSaved { pair, .. }
            | Self::AutoExecuted { pair, .. }
            | Self::ExitBegun { pair, .. }
            | Self::GaveUp { pair, .. }
            | Self::SafetyClose { pair, .. }
            | Self::RoundEnded { pair, .. }
            | Self::Stuck { pair, .. }
            | Self::Unstuck { pair, .. }
            | Self::CannotClose { pair, .. }
            | Self::Forced { pair, .. } => Some(*pair),
            Self::Mismatch { pair, .. } | Self::Resumed { pair } => *pair,
            Self::Restored { .. } | Self::Odd { .. } | Self::EntriesStopped { .. } | Self::EntriesResumed { .. } => None,
        }
    }

    /// Which venue it is about.
    pub const fn venue(&self) -> Option<VenueId> {
        match self {
            Self::OrderPlaced { venue, .. }
            | Self::OrderNews { venue, .. }
            | Self::OrderLatency { venue, .. }
            | Self::Retry { venue, .. }
            | Self::SafetyClose { venue, .. }
            | Self::Forced { venue, .. }
            | Self::Mismatch { venue, .. } => Some(*venue),
            _ => None,
        }
    }

    /// The venues of both legs, long and short, of what is about a round as a whole or about an opportunity.
    pub const fn legs(&self) -> Option<[VenueId; 2]> {
        match self {
            Self::Skipped { legs, .. }
            | Self::PositionSaved { legs, .. }
            | Self::AutoExecuted { legs, .. }
            | Self::ExitBegun { legs, .. }
            | Self::GaveUp { legs, .. }
            | Self::CannotClose { legs, .. }
            | Self::RoundEnded { legs, .. }
            | Self::Stuck { legs, .. }
            | Self::Unstuck { legs, .. } => Some(*legs),
            Self::SpreadDetected { long, short, .. } | Self::Entered { long, short, .. } => Some([*long, *short]),
            _ => None,
        }
    }

    /// Which round it is about.
    pub const fn round(&self) -> Option<RoundId> {
        match self {
            Self::OrderPlaced { order, .. }
            | Self::OrderNews { order, .. }
            | Self::OrderLatency { order, .. }
            | Self::Retry { order, .. } => Some(order.round),
            Self::Entered { round, .. }
            | Self::PositionSaved { round, .. }
            | Self::AutoExecuted { round, .. }
            | Self::ExitBegun { round, .. }
            | Self::GaveUp { round, .. }
            | Self::SafetyClose { round, .. }
            | Self::RoundEnded { round, .. }
            | Self::Stuck { round, .. }
            | Self::Unstuck { round, .. }
            | Self::CannotClose { round, .. } => Some(*round),
            Self::Forced { round, .. } => *round,
            _ => None,
        }
    }

    /// Which order it is about.
    pub const fn order(&self) -> Option<OrderId> {
        match self {
            Self::OrderPlaced { order, .. }
            | Self::OrderNews { order, .. }
            | Self::OrderLatency { order, .. }
            | Self::Retry { order, .. } => Some(*order),
            _ => None,
        }
    }

    /// The spread in it, if there is one.
    pub const fn spread(&self) -> Option<Rate> {
        match self {
            Self::SpreadDetected { spread, .. }
            | Self::Skipped { spread, .. }
            | Self::Entered { spread, .. }
            | Self::PositionSaved { spread, .. }
            | Self::AutoExecuted { spread, .. }
            | Self::OrderPlaced { spread, .. }
            | Self::OrderNews { spread, .. }
            | Self::OrderLatency { spread, .. }
            | Self::Retry { spread, .. }
            | Self::SafetyClose { spread, .. }
            | Self::CannotClose { spread, .. }
            | Self::GaveUp { spread, .. }
            | Self::Stuck { spread, .. }
            | Self::Unstuck { spread, .. } => Some(*spread),
            // Where there was none at the exit, that of the entry says which round it is.
            Self::ExitBegun { spread, entry_spread, .. } | Self::RoundEnded { exit_spread: spread, entry_spread, .. } => {
                match spread {
                    Some(spread) => Some(*spread),
                    None => Some(*entry_spread),
                }
            }
            _ => None,
        }
    }

    /// The message, word for word as required.
    pub fn message(&self) -> String {
        match self {
            Self::SpreadDetected { spread, threshold, .. } => {
                format!("Spread opportunity detected: spread={spread}%, threshold={threshold}%")
            }
            Self::Skipped { reason, detail, .. } => format!("Opportunity skipped: {reason}: {detail}"),
            Self::OrderPlaced { pair, side, size, .. } => {
                format!("Order placed: side={}, pair={pair}, size={size}", side.direction())
            }
            Self::OrderNews { order, event, detail, .. } => match event {
                EventType::OrderAcked => format!("Order acknowledged: order={order}"),
                EventType::OrderFilled => format!("Order filled: order={order}, {detail}"),
                EventType::OrderUnknown => format!("Order outcome unknown, asking the venue: order={order}, {detail}"),
                _ => format!("Order ended: order={order}, {detail}"),
            },
            Self::OrderLatency { venue, way, sign_ns, encode_ns, network_ns, parse_ns, .. } => {
                let us = [*sign_ns, *encode_ns, *network_ns, *parse_ns].iter().fold(0u64, |a, b| a.saturating_add(*b)) / 1_000;
                let (ms, frac) = (us / 1_000, us % 1_000);
                format!("[ORDER] {} {way} order: latency={ms}.{frac:03}ms", capital(*venue))
            }
            Self::Retry { attempt, of, .. } => format!("[RETRY] Order failed, attempt {attempt}/{of}..."),
            Self::Entered { spread, long, short, .. } => {
                format!("[TRADE] Entry executed: spread={spread}%, long={long}, short={short}")
            }
            Self::PositionSaved { pair, spread, .. } => format!("[STATE] Position saved: pair={pair}, entry_spread={spread}%"),
            Self::AutoExecuted { spread, .. } => format!("[TRADE] Auto-executed: spread={spread}%"),
            Self::ExitBegun { reason, spread, .. } => match (reason, spread) {
                (ExitReason::Spread, Some(s)) => format!("Closing both legs: spread={s}%"),
                (ExitReason::Spread, None) => "Closing both legs".to_owned(),
                (ExitReason::MaxHolding, _) => "Closing both legs: held for the longest time allowed".to_owned(),
                (ExitReason::Operator, _) => "Closing both legs: asked for by the operator".to_owned(),
                (ExitReason::Forced, _) => "Closing both legs: a venue changed one of them by itself".to_owned(),
                (ExitReason::Delisted, _) => "Closing both legs: a venue takes the instrument off its list".to_owned(),
            },
            Self::GaveUp { why, .. } => match why {
                GiveUp::LegFailed => "Entry given up: a leg failed for good".to_owned(),
                GiveUp::EdgeGone => "Entry given up: the edge is gone on re-check".to_owned(),
                GiveUp::Uncovered => "Entry given up: one leg was uncovered for as long as allowed".to_owned(),
                GiveUp::TooSmall => "Entry given up: the rest is too small for its venue".to_owned(),
                GiveUp::Stopping => "Entry given up: the bot is stopping".to_owned(),
                GiveUp::Uneven => "Entry given up: the legs filled unevenly and are trimmed".to_owned(),
            },
            Self::SafetyClose { .. } => "[SAFETY] Auto-closing successful leg to avoid exposure".to_owned(),
            Self::RoundEnded { outcome, exit_spread, auto, .. } => match (outcome.ending, exit_spread, auto) {
                (Ending::Completed, Some(s), true) => format!("[TRADE] Auto-closed: spread={s}%"),
                (Ending::Completed, _, _) => format!("[TRADE] Closed: net={} USD", outcome.net),
                (Ending::AutoClosed, _, _) => {
                    format!(
                        "[SAFETY] Round over, no exposure left: net={} USD, uncovered={}ms",
                        outcome.net, outcome.uncovered_ms
                    )
                }
                (Ending::NothingFilled, _, _) => "Round over, nothing filled".to_owned(),
            },
            Self::Stuck { exposure, .. } => {
                format!("[SAFETY] Operator needed: exposure cannot be closed yet, still trying: {exposure}")
            }
            Self::CannotClose { why, .. } => format!("[SAFETY] A closing order cannot be made yet, still trying: {why}"),
            Self::Forced { evidence, .. } => {
                format!("[SAFETY] A venue changed a position by itself, the other leg is closed: {evidence}")
            }
            Self::EntriesStopped { reason, detail } => format!("Entries stopped: {reason}: {detail}"),
            Self::EntriesResumed { reason } => format!("Entries resumed: {reason} is over"),
            Self::Resumed { pair: Some(pair) } => format!("[STATE] {pair} trades again"),
            Self::Resumed { pair: None } => "[STATE] Trading again after foreign activity".to_owned(),
            Self::Unstuck { .. } => "[SAFETY] Exposure closed, operator no longer needed".to_owned(),
            Self::Restored { positions, .. } => format!("[STATE] Restored {positions} positions from database"),
            Self::Mismatch { evidence, pair: Some(_), .. } => {
                format!("[STATE] Venue and journal differ, the pair is stopped: {evidence}")
            }
            Self::Mismatch { evidence, pair: None, .. } => {
                format!("[STATE] Venue and journal differ, everything is stopped: {evidence}")
            }
            Self::Odd { what } => format!("News that does not fit, nothing was changed by it: {what}"),
        }
    }
}
