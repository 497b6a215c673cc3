//! What the journal holds: everything a round's state is the fold of, and nothing secret.
//!
//! The bytes are JSON in the journal's frames; [`SCHEMA`] rises when an old reader would misread a new record, and
//! journals of every release must keep replaying (`testdata/` of `engine`). Unknown fields are ignored on reading,
//! new ones get a default.

use crate::names::{Ending, SkipReason};
use crate::{
    Fills, InstrumentId, LegId, OrderId, OrderNews, OrderSpec, Pair, Price, Rate, RoundId, Side, Size, Usd, VenueId, VenueKey,
    Wall,
};
use serde::{Deserialize, Serialize};

/// Schema version that this build writes.
pub const SCHEMA: u16 = 1;

/// What is done about legs that filled unevenly once nothing is on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evening {
    /// The leg that is behind is completed: at entry while the edge lasts and attempts are left, at exit by closing what is
    /// left of both. What cannot be completed is trimmed.
    #[default]
    Complete,
    /// The leg that is ahead is brought back to the other one, at once.
    Trim,
}

/// How a round is driven: copied into the round at its start, so that a change of configuration never changes a
/// round under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Most attempts per leg at entry, the first one included.
    pub max_attempts: u16,
    /// Fixed pause before another attempt, ms.
    pub retry_delay_ms: i64,
    /// An order without a final word by then counts as unknown, ms from being recorded.
    pub answer_ms: i64,
    /// How long one leg may hold what the other does not before it is closed, ms.
    pub max_uncovered_ms: i64,
    /// Pause between two questions about one order, ms.
    pub query_every_ms: i64,
    /// How far beyond the touch the first close may go; doubles with every attempt.
    pub close_step: Rate,
    /// From this attempt on a close goes at the market.
    pub close_market_from: u16,
    /// Pause before another close after one that failed, ms.
    pub close_retry_ms: i64,
    /// From how long uncovered on a person is called, ms.
    pub stuck_after_ms: i64,
    /// What is done about an uneven entry.
    #[serde(default)]
    pub entry_even: Evening,
    /// What is done about an uneven exit.
    #[serde(default)]
    pub exit_even: Evening,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            retry_delay_ms: 150,
            answer_ms: 1_000,
            max_uncovered_ms: 1_500,
            query_every_ms: 300,
            close_step: Rate::from_bps(10),
            close_market_from: 4,
            close_retry_ms: 250,
            stuck_after_ms: 20_000,
            entry_even: Evening::Complete,
            exit_even: Evening::Complete,
        }
    }
}

/// One leg as planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegPlan {
    /// Where.
    pub venue: VenueId,
    /// What.
    pub instrument: InstrumentId,
    /// Size step there.
    pub lot: Size,
}

/// Why the round was opened, line by line, as rates of the notional. The lines sum to `edge` exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Waterfall {
    /// Spread between the tops of both books, each in its own quote currency: what a screen shows.
    pub gross: Rate,
    /// What bringing both to dollars changes about it; zero where both are quoted in dollars.
    #[serde(default)]
    pub conversion: Rate,
    /// What depth costs: executable minus gross, negative or zero.
    pub depth: Rate,
    /// Both legs' taker fees, in and out, negative or zero.
    pub fees: Rate,
    /// Expected funding over the holding time, positive if both legs together receive it.
    pub funding: Rate,
    /// Buffers, negative or zero.
    pub buffers: Rate,
    /// What is left.
    pub edge: Rate,
}

/// The prices a round was decided on: leg A is bought at its ask, leg B sold at its bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quoted {
    /// Top of each leg's book.
    pub tops: [Price; 2],
    /// Average price of the whole size in each leg's book.
    pub executable: [Price; 2],
}

/// A round as decided, before anything left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundPlan {
    /// Which round.
    pub id: RoundId,
    /// Which pair.
    pub pair: Pair,
    /// Leg A (long) and leg B (short).
    pub legs: [LegPlan; 2],
    /// Base on each leg.
    pub size: Size,
    /// Executable spread seen.
    pub spread: Rate,
    /// Threshold it was compared with.
    pub threshold: Rate,
    /// The decision, line by line.
    pub waterfall: Waterfall,
    /// Notional reserved at the risk gate.
    pub reserved: Usd,
    /// Worst loss over every reachable pair of fills and the bounded adverse move.
    pub worst_loss: Usd,
    /// The pair of fills that comes to it.
    #[serde(default)]
    pub worst_fills: [Size; 2],
    /// What the books showed; `None` in rounds of earlier builds.
    #[serde(default)]
    pub quoted: Option<Quoted>,
    /// When it was decided: the stamp of the frame that showed it.
    pub at: Wall,
    /// From that stamp to both orders being signed and on their way into the journal, ns; 0 where nothing measured it.
    #[serde(default)]
    pub decided_ns: u64,
    /// How it is driven.
    pub policy: Policy,
    /// Hash of the configuration in force.
    pub config: String,
}

/// An order that is about to leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intended {
    /// What we want.
    pub spec: OrderSpec,
    /// What the venue will know it by, and when its bytes die.
    pub key: VenueKey,
}

/// Why an exit began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    /// The executable exit spread is at or under its threshold.
    Spread,
    /// Held for as long as configured.
    MaxHolding,
    /// Asked for by a person or by stopping with `flatten`.
    Operator,
    /// A venue changed one leg by itself.
    Forced,
    /// A venue takes the instrument off its list.
    Delisted,
}

/// Why an entry was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GiveUp {
    /// A leg failed and another attempt is not worth it or not left.
    LegFailed,
    /// The edge is gone on re-check.
    EdgeGone,
    /// One leg was uncovered for as long as allowed.
    Uncovered,
    /// The rest is too small for its venue.
    TooSmall,
    /// The bot is stopping.
    Stopping,
    /// The legs filled unevenly, and the policy is to trim.
    Uneven,
}

/// A decision of the saga that is not an order, recorded before what follows from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// No final word about this order in time: its fate is unknown from now on.
    TimedOut(OrderId),
    /// No further attempt at entry; what is uneven gets closed.
    GaveUp(GiveUp),
    /// Both legs hold the same: the position is open.
    Entered,
    /// Both legs are to be closed.
    ExitBegun {
        /// Why.
        reason: ExitReason,
        /// Executable exit spread at that moment, where there was one.
        spread: Option<Rate>,
    },
    /// What is left of both legs is even and need not be closed now: holding on until another look finds the spread.
    ExitDropped,
    /// The exit filled unevenly and the policy is to trim: the leg that holds more is brought down to the other one, and
    /// what is even then is held on.
    ExitTrimmed,
    /// The rest is too small to be trimmed: everything is closed.
    Flatten,
    /// Uncovered for longer than allowed: a person is called, trying goes on.
    Stuck {
        /// Exposure by leg, in words.
        exposure: String,
    },
    /// Even again after being stuck.
    Unstuck,
}

/// What became of a round's money between the decision and its end, line by line. The lines sum to `net` exactly, each
/// being a difference of sums over fills; a line in our favour is positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lines {
    /// Spread between the tops of both books as decided, over the size that both legs opened.
    pub gross: Usd,
    /// What the depth of both books was to cost for it, as decided.
    pub depth: Usd,
    /// What both legs were really opened at against what was decided.
    pub slippage: Usd,
    /// What closing the size that both legs had opened brought, against a spread of zero.
    pub exit: Usd,
    /// What was opened on one leg alone, and its close.
    pub safety: Usd,
    /// What a venue closed by itself, and the close of as much on the other leg.
    pub forced: Usd,
    /// Fees, negative or zero unless a venue paid for the trade.
    pub fees: Usd,
    /// Funding.
    pub funding: Usd,
}

impl Lines {
    /// Every line with its word, in order.
    pub const fn named(&self) -> [(&'static str, Usd); 8] {
        [
            ("gross", self.gross),
            ("depth", self.depth),
            ("slippage", self.slippage),
            ("exit", self.exit),
            ("safety", self.safety),
            ("forced", self.forced),
            ("fees", self.fees),
            ("funding", self.funding),
        ]
    }
    /// Their sum: the net result.
    pub fn sum(&self) -> Usd {
        self.named().iter().fold(Usd::ZERO, |sum, (_, line)| sum.plus(*line))
    }
}

/// How a round came out, in the venues' own money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// How it ended.
    pub ending: Ending,
    /// Sold minus bought over all fills of both legs, before fees.
    pub price: Usd,
    /// Fees paid, as a positive number.
    pub fees: Usd,
    /// Funding received (negative: paid).
    pub funding: Usd,
    /// `price - fees + funding`: the change of both venues' balances.
    pub net: Usd,
    /// Longest time one leg was uncovered, ms.
    pub uncovered_ms: i64,
    /// Where `net` came from; `None` in records of earlier builds.
    #[serde(default)]
    pub lines: Option<Lines>,
}

impl Taken {
    /// Begins the id of what only a comparison of accounts has shown: it stands in until the venue names it.
    pub const SEEN: &'static str = "seen-";

    /// Whether this stands in for what the venue has not named.
    pub fn stands_in(&self) -> bool {
        self.id.starts_with(Self::SEEN)
    }
}

/// What a venue did to a position of ours by itself: liquidation, auto-deleveraging, settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The venue's own name of it, a fill's or an order's: the same one twice is the same thing, not a second one.
    pub id: String,
    /// Which way it traded on our account: a long that is taken away is sold.
    pub side: Side,
    /// How much under this id so far, cumulative.
    pub fills: Fills,
}

/// What was seen of one pair in one direction over some time, when it was not taken: the nearest miss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sighting {
    /// Which pair.
    pub pair: Pair,
    /// The venue that would have been long.
    pub long: VenueId,
    /// The other one.
    pub short: VenueId,
    /// Since when.
    pub since: Wall,
    /// How many looks this sums up.
    pub looks: u64,
    /// When the best one was; the last look, if none had a spread.
    pub best_at: Wall,
    /// The best executable entry spread among them; `None` if there never was one: no book to trade on, or none that holds the
    /// size.
    pub spread: Option<Rate>,
    /// What it was compared with.
    pub threshold: Rate,
    /// Edge net of all costs at that moment, if it could be computed.
    pub edge: Option<Rate>,
    /// What the edge was compared with.
    pub edge_min: Rate,
    /// What kept that best one from being taken.
    pub binding: SkipReason,
    /// Its numbers, in words.
    pub detail: String,
    /// How often each reason was the binding one.
    pub skips: Vec<(SkipReason, u64)>,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum Record {
    /// The bot started: ids of this epoch are fresh from here on.
    Started {
        /// When.
        at: Wall,
        /// Its epoch.
        epoch: u32,
        /// Hash of the configuration.
        config: String,
    },
    /// A round was opened and its two entry orders are about to leave.
    Opened {
        /// When.
        at: Wall,
        /// The plan.
        plan: Box<RoundPlan>,
        /// Both entry orders.
        orders: Vec<Intended>,
    },
    /// Further orders of a round are about to leave.
    Intended {
        /// When.
        at: Wall,
        /// Which round.
        round: RoundId,
        /// The orders.
        orders: Vec<Intended>,
    },
    /// Something was learned about an order.
    News {
        /// When.
        at: Wall,
        /// Which order.
        order: OrderId,
        /// What.
        news: OrderNews,
    },
    /// The saga decided something.
    Decided {
        /// When.
        at: Wall,
        /// Which round.
        round: RoundId,
        /// What.
        decision: Decision,
    },
    /// A round is over; its state can be forgotten.
    Ended {
        /// When.
        at: Wall,
        /// Which round.
        round: RoundId,
        /// Which pair.
        pair: Pair,
        /// How.
        outcome: Outcome,
    },
    /// What a venue holds and what the fold says differ; the pair stops.
    Mismatch {
        /// When.
        at: Wall,
        /// Which venue.
        venue: VenueId,
        /// Which pair, if it is one of ours.
        pair: Option<Pair>,
        /// Both sides, in words.
        evidence: String,
    },
    /// A person looked at what stopped a pair and lets it trade again.
    Resumed {
        /// When.
        at: Wall,
        /// Which pair; `None`: whatever stopped no single pair.
        pair: Option<Pair>,
    },
    /// What was seen and not taken; changes no state.
    Watched {
        /// When.
        at: Wall,
        /// What.
        sightings: Vec<Sighting>,
    },
    /// A venue changed a leg by itself.
    Forced {
        /// When it was learned.
        at: Wall,
        /// Which round.
        round: RoundId,
        /// Which leg.
        leg: LegId,
        /// What was taken.
        taken: Taken,
    },
    /// How long the parts of an order's way took; changes no state.
    Timed {
        /// When the answer was read.
        at: Wall,
        /// Which order.
        order: OrderId,
        /// `WS` or `REST`.
        way: String,
        /// Hash and signature, ns.
        sign_ns: u64,
        /// Putting it into the venue's words, ns.
        encode_ns: u64,
        /// From the write to the answer, ns.
        network_ns: u64,
        /// Reading the answer, ns.
        parse_ns: u64,
    },
    /// A bet is about to leave.
    BetIntended {
        /// When.
        at: Wall,
        /// The bet as wanted.
        spec: crate::BetSpec,
        /// By which the venue knows it, and when its bytes are dead.
        key: VenueKey,
    },
    /// Something was learned about a bet.
    BetLearned {
        /// When.
        at: Wall,
        /// Which bet.
        bet: OrderId,
        /// What, in the venue crate's own words (JSON): the client folds it again after a restart.
        fact: String,
        /// How it stood then.
        status: crate::BetStatus,
        /// Stake taken by then.
        taken: crate::Stake,
        /// What that returns when it wins, before fees.
        returns: crate::Stake,
        /// What came back in the end, after fees.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        paid: Option<crate::Stake>,
    },
}

impl Record {
    /// When it was written.
    pub const fn at(&self) -> Wall {
        match self {
            Self::Started { at, .. }
            | Self::Opened { at, .. }
            | Self::Intended { at, .. }
            | Self::News { at, .. }
            | Self::Decided { at, .. }
            | Self::Ended { at, .. }
            | Self::Mismatch { at, .. }
            | Self::Resumed { at, .. }
            | Self::Watched { at, .. }
            | Self::Forced { at, .. }
            | Self::Timed { at, .. }
            | Self::BetIntended { at, .. }
            | Self::BetLearned { at, .. } => *at,
        }
    }
    /// Stable word of the kind.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::Opened { .. } => "opened",
            Self::Intended { .. } => "intended",
            Self::News { .. } => "news",
            Self::Decided { .. } => "decided",
            Self::Ended { .. } => "ended",
            Self::Mismatch { .. } => "mismatch",
            Self::Resumed { .. } => "resumed",
            Self::Watched { .. } => "watched",
            Self::Forced { .. } => "forced",
            Self::Timed { .. } => "timed",
            Self::BetIntended { .. } => "bet_intended",
            Self::BetLearned { .. } => "bet_learned",
        }
    }
    /// Number of the kind in the journal's frame; never reused, and above those the journal keeps for itself.
    pub const fn kind(&self) -> u16 {
        match self {
            Self::Started { .. } => 16,
            Self::Opened { .. } => 17,
            Self::Intended { .. } => 18,
            Self::News { .. } => 19,
            Self::Decided { .. } => 20,
            Self::Ended { .. } => 21,
            Self::Mismatch { .. } => 22,
            Self::Resumed { .. } => 23,
            Self::Watched { .. } => 24,
            Self::Forced { .. } => 25,
            Self::Timed { .. } => 26,
            Self::BetIntended { .. } => 27,
            Self::BetLearned { .. } => 28,
        }
    }
    /// The round it belongs to.
    pub fn round(&self) -> Option<RoundId> {
        match self {
            Self::Started { .. } | Self::Mismatch { .. } | Self::Resumed { .. } | Self::Watched { .. } => None,
            Self::Opened { plan, .. } => Some(plan.id),
            Self::Intended { round, .. }
            | Self::Decided { round, .. }
            | Self::Ended { round, .. }
            | Self::Forced { round, .. } => Some(*round),
            Self::News { order, .. } | Self::Timed { order, .. } => Some(order.round),
            Self::BetIntended { spec, .. } => Some(spec.id.round),
            Self::BetLearned { bet, .. } => Some(bet.round),
        }
    }
}

/// A leg's average entry price, for people: cost over size, rounded to the nearest 1e-8.
pub fn average_price(fills: &Fills) -> Option<Price> {
    let scaled = i128::from(fills.cost.e8()).checked_mul(i128::from(crate::SCALE))?;
    let half = i128::from(fills.size.e8()).checked_div(2)?;
    let avg = scaled.checked_add(half)?.checked_div(i128::from(fills.size.e8()))?;
    Price::from_e8(i64::try_from(avg).ok()?)
}
