//! What makes a book trustworthy, as data: the rules of a feed, the states of a book and the reasons it may not trade.
//!
//! Owns words only; [`crate::Book`] applies them. Who wires a venue picks the rules.

use domain::Rate;

/// How a venue speaks of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// A snapshot, then changes whose sequence number rises by exactly one with each frame, empty frames included.
    /// (Paradex, `order_book.{market}.deltas`; venues/paradex.md section 8.1.)
    Sequenced,
    /// The whole book with every frame and no sequence number, so that a lost frame cannot be seen and does not matter.
    /// (Vest, `{symbol}@depth`; venues/vest.md section 10.3.)
    Snapshots,
}

/// The rules one book lives by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How the venue speaks.
    pub feed: Feed,
    /// A book whose last frame was received longer ago than this, in ms, does not trade.
    pub age_ms_max: u64,
    /// Frames a book must take after it went live before it trades; its first snapshot is the first. 0 and 1 mean at once.
    pub warm_up_updates: u32,
    /// How long, in ms by receive time, a book must have been live before it trades.
    pub warm_up_ms: u64,
    /// Most levels a side may have. Room for them is reserved at the start; a venue that sends more makes the book invalid.
    pub levels_max: usize,
    /// Whether an audit of the top compares sizes as well as prices.
    pub audit_sizes: bool,
    /// How far the mid may be from the venue's mark price, as a share of the mark; further away the book does not trade.
    /// `None` does not look. The only cross-check of a feed without sequence numbers.
    pub mark_gap_max: Option<Rate>,
}

impl Rules {
    /// Rules of a [`Feed::Sequenced`] feed: 2 s of age, three frames of warm-up.
    pub const fn sequenced() -> Self {
        Self {
            feed: Feed::Sequenced,
            age_ms_max: 2_000,
            warm_up_updates: 3,
            warm_up_ms: 0,
            levels_max: 4_096,
            audit_sizes: true,
            mark_gap_max: None,
        }
    }
    /// Rules of a [`Feed::Snapshots`] feed: 2 s of age (venues/vest.md section 18), three frames of warm-up, mid within
    /// 2 % of the mark.
    pub const fn snapshots() -> Self {
        Self {
            feed: Feed::Snapshots,
            age_ms_max: 2_000,
            warm_up_updates: 3,
            warm_up_ms: 0,
            levels_max: 512,
            audit_sizes: false,
            mark_gap_max: Some(Rate::from_bps(200)),
        }
    }
}

/// Why a book lost our trust. It comes back with the next snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Frames are missing.
    Gap {
        /// The sequence number that should have come.
        expected: u64,
        /// The one that came.
        got: u64,
    },
    /// The last sequence number came again.
    Repeat {
        /// That number.
        seq: u64,
    },
    /// The sequence went back, as after a restart of the venue.
    StepBack {
        /// The last one.
        last: u64,
        /// The one that came.
        got: u64,
    },
    /// Best bid above best ask.
    Crossed,
    /// Best bid equal to best ask.
    Locked,
    /// The venue's own best bid and offer differ from ours at the same sequence number.
    TopDiffers {
        /// That number.
        seq: u64,
    },
    /// A price at or below zero, a size below zero, or levels that lie outside the buffer.
    BadLevel,
    /// More levels than the rules allow.
    TooDeep,
    /// A change on a feed that sends whole books only.
    UnexpectedDelta,
    /// The client said so: disconnect, unreadable frame, new subscription.
    Lost(&'static str),
}

impl Why {
    /// Stable word for logs, labels and docs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gap { .. } => "gap",
            Self::Repeat { .. } => "repeat",
            Self::StepBack { .. } => "step_back",
            Self::Crossed => "crossed",
            Self::Locked => "locked",
            Self::TopDiffers { .. } => "top_differs",
            Self::BadLevel => "bad_level",
            Self::TooDeep => "too_deep",
            Self::UnexpectedDelta => "unexpected_delta",
            Self::Lost(_) => "lost",
        }
    }
}

/// Whether the content of a book can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrity {
    /// No snapshot yet.
    Empty,
    /// In step with the venue.
    Live,
    /// Out of step until the next snapshot.
    Invalid {
        /// Why.
        why: Why,
    },
}

/// What an event did to a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Applied {
    /// Levels may have changed: compute again.
    Updated,
    /// No level changed, but the book is known to be current: an empty change, or an audit that agreed.
    Confirmed,
    /// Nothing to do with this book as it stands: another instrument, a change before the snapshot, a trade, an audit
    /// without a verdict.
    Ignored,
    /// The book has just lost our trust; the feed must be asked for a new snapshot.
    Invalid(Why),
}

/// Why a book may not trade at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// No snapshot yet.
    Empty,
    /// Out of step.
    Invalid(Why),
    /// Live, but not for long enough.
    Warming,
    /// The last frame is too old.
    Stale,
    /// The mid is too far from the venue's mark price.
    FarFromMark,
}

impl Unfit {
    /// Stable word for logs, labels and docs.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Invalid(why) => why.word(),
            Self::Warming => "warming",
            Self::Stale => "stale",
            Self::FarFromMark => "far_from_mark",
        }
    }
}
