//! Names that logs, journal, metrics, page and docs share: one word per idea.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[doc = $vdoc:literal])+ $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[doc = $vdoc])+ #[serde(rename = $word)] $variant),+ }
        impl $name {
            /// Every one, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The stable word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => concat!($($vdoc),+).trim_ascii()),+ }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(self.word()) }
        }
    };
}

words!(
    /// What happened, as `event_type` of a log line.
    EventType {
        /// A spread reached its threshold.
        SpreadDetected = "SPREAD_DETECTED",
        /// An order left for its venue.
        OrderPlaced = "ORDER_PLACED",
        /// The venue acknowledged an order.
        OrderAcked = "ORDER_ACKED",
        /// An order filled, in part or whole.
        OrderFilled = "ORDER_FILLED",
        /// An order ended without filling whole.
        OrderEnded = "ORDER_ENDED",
        /// The fate of an order is not known.
        OrderUnknown = "ORDER_UNKNOWN",
        /// A failed order is tried again.
        OrderRetried = "ORDER_RETRIED",
        /// Both legs of a round are open.
        EntryExecuted = "ENTRY_EXECUTED",
        /// An entry was decided by the bot itself.
        AutoExecuted = "AUTO_EXECUTED",
        /// An exit was decided by the bot itself.
        AutoClosed = "AUTO_CLOSED",
        /// A leg is closed because the other one does not cover it.
        SafetyClose = "SAFETY_CLOSE",
        /// A round ended.
        RoundEnded = "ROUND_ENDED",
        /// A round cannot be evened without a person.
        NeedsOperator = "NEEDS_OPERATOR",
        /// A position was recorded.
        PositionSaved = "POSITION_SAVED",
        /// Positions were restored at start.
        PositionsRestored = "POSITIONS_RESTORED",
        /// A venue connection came up.
        Connected = "CONNECTED",
        /// A venue connection is tried again.
        Reconnecting = "RECONNECTING",
        /// What the journal and a venue say differs.
        ReconcileMismatch = "RECONCILE_MISMATCH",
        /// Stopping began, went on or ended.
        Shutdown = "SHUTDOWN",
        /// A venue changed a position by itself: liquidation, auto-deleveraging.
        ForcedChange = "FORCED_CHANGE",
        /// A pair that was stopped trades again, by a person's word.
        PairResumed = "PAIR_RESUMED",
        /// Entries stop for a reason of the bot's own: store, disk, schedule, maintenance.
        EntriesStopped = "ENTRIES_STOPPED",
        /// That reason is gone.
        EntriesResumed = "ENTRIES_RESUMED",
        /// The watchdog took over.
        WatchdogActed = "WATCHDOG_ACTED",
        /// Configuration was read.
        Config = "CONFIG",
    }
);

words!(
    /// Why an opportunity was not taken.
    SkipReason {
        /// Entries are paused by an operator or by stopping.
        Paused = "paused",
        /// The pair waits for an operator.
        PairStuck = "pair_stuck",
        /// The pair has an open round already.
        RoundOpen = "round_open",
        /// A venue is not connected, authenticated and reconciled.
        VenueDown = "venue_down",
        /// A book is stale, gapped, crossed or one-sided.
        BookStale = "book_stale",
        /// The edge net of costs is under the minimum.
        EdgeTooSmall = "edge_too_small",
        /// A size or notional filter of a venue would refuse a leg.
        Filter = "filter",
        /// A limit on notional would be passed.
        NotionalCap = "notional_cap",
        /// A limit on open rounds would be passed.
        RoundsCap = "rounds_cap",
        /// A limit on orders per minute would be passed.
        OrderRate = "order_rate",
        /// A margin check failed.
        Margin = "margin",
        /// The journal cannot take records.
        JournalDown = "journal_down",
        /// A pause after an entry that failed.
        Cooldown = "cooldown",
        /// A venue refused to prepare the order.
        Prepare = "prepare",
        /// The executable spread is under its threshold: the normal case.
        SpreadTooSmall = "spread_too_small",
        /// A window around a venue's maintenance or session end.
        Schedule = "schedule",
        /// The worst case of the round would lose more than allowed.
        WorstLoss = "worst_loss",
        /// The mirror is further behind than its cap.
        MirrorBehind = "mirror_behind",
        /// A connection came up too short a time ago.
        WarmUp = "warm_up",
        /// Something on the account is not explained by the journal.
        ForeignActivity = "foreign_activity",
        /// An instrument is halted or takes reducing orders only.
        NotTrading = "not_trading",
        /// A book does not hold the size.
        ThinBook = "thin_book",
        /// The spread is there, but not for as many updates in a row as configured.
        Confirming = "confirming",
        /// A venue has not said what funding costs, or too long ago, and no figure is configured to stand for it.
        FundingUnknown = "funding_unknown",
    }
);

words!(
    /// How a round ended.
    Ending {
        /// Entered and exited in full.
        Completed = "completed",
        /// No leg filled: nothing happened but refusals.
        NothingFilled = "nothing_filled",
        /// One leg failed, the other was closed.
        AutoClosed = "auto_closed",
    }
);
