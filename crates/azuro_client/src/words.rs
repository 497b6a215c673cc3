//! The venue's words for how something stands and which side it is, as tables: a word that is in none of them is `Unknown`.
//!
//! Source: spec section 3. Words of orders are not here: an unknown one of those is an error (`state`).

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)+
            /// A word that this client does not know: not bettable.
            Unknown,
        }
        impl $name {
            /// By the venue's word.
            pub fn parse(word: &str) -> Self {
                match word { $($word => Self::$variant,)+ _ => Self::Unknown }
            }
        }
    };
}

words!(
    /// How a game stands (spec section 3).
    GameState {
        /// Not begun.
        Prematch = "Prematch",
        /// In play.
        Live = "Live",
        /// Betting is stopped.
        Stopped = "Stopped",
        /// Over.
        Finished = "Finished",
        /// Called off.
        Canceled = "Canceled",
    }
);
words!(
    /// How a condition stands (spec section 3). Bettable in `Active` alone.
    ConditionState {
        /// Takes bets.
        Active = "Active",
        /// Takes none for now.
        Stopped = "Stopped",
        /// No longer shown.
        Removed = "Removed",
        /// Decided.
        Resolved = "Resolved",
        /// Called off.
        Canceled = "Canceled",
    }
);
words!(
    /// How an outcome stands (spec section 3).
    OutcomeState {
        /// Takes bets.
        Active = "Active",
        /// Takes none for now.
        Stopped = "Stopped",
        /// Won.
        Won = "Won",
        /// Lost.
        Lost = "Lost",
        /// Called off.
        Canceled = "Canceled",
    }
);
words!(
    /// Which side of its market an outcome is, by the number in its `sort` (spec section 3).
    Selection {
        /// Full time: the first participant.
        One = "000001",
        /// Full time: a draw.
        Draw = "000002",
        /// Full time: the second participant.
        Two = "000003",
        /// Handicap of the first participant.
        Handicap1 = "000007",
        /// Handicap of the second participant.
        Handicap2 = "000008",
        /// Total over the line.
        Over = "000009",
        /// Total under the line.
        Under = "000010",
        /// Total of one team over the line.
        TeamOver = "000015",
        /// Total of one team under the line.
        TeamUnder = "000016",
        /// Yes.
        Yes = "000180",
        /// No.
        No = "000181",
        /// Even.
        Even = "000182",
        /// Odd.
        Odd = "000183",
        /// Winner of two: the first participant.
        Winner1 = "010009",
        /// Winner of two: the second participant.
        Winner2 = "010010",
    }
);
