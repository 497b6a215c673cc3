//! The words of bot4: money, time, ids, instruments, orders and what venues say about them.
//!
//! Everything above speaks in these types. They hold no clock, no socket and no policy; arithmetic is integer
//! and rounding always says which way. Called by every other crate; depends on `serde` and `thiserror` alone.
#![deny(clippy::float_arithmetic, clippy::arithmetic_side_effects)]

pub mod bets;
pub mod decimal;
pub mod ids;
pub mod instrument;
pub mod listing;
pub mod market;
pub mod money;
pub mod names;
pub mod order;
pub mod record;
pub mod time;

pub use bets::{BetSpec, BetStatus, Line, LineKind, MarketId, Odds, Outcome, Quote, Stake};
pub use decimal::{DecimalError, parse_e8, write_e8};
pub use ids::{InstrumentId, LegId, OrderId, Pair, Purpose, RoundId, VenueId, VenueOrderId};
pub use instrument::{Instrument, Lifecycle};
pub use listing::{Listing, Period, Pick, Question, Sport, Unit};
pub use market::{BookKind, Booking, Level, MarketEvent};
pub use money::{Price, Rate, SCALE, Side, Size, Usd};
pub use order::{
    AccountSnapshot, Fills, OpenOrder, OrderEnd, OrderNews, OrderReport, OrderSpec, OrderType, Position, Refusal, RefusalKind,
    TimeInForce, VenueKey,
};
pub use time::{Mono, Now, Wall};
