//! The table's axes, and which cells cannot be.

use std::fmt;

/// What a leg's first order of the phase comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fill {
    /// Nothing filled, by the venue's word.
    None,
    /// A part filled, by the venue's word.
    Partial,
    /// It filled whole, by the venue's word.
    Full,
    /// No word in time: the bot has to go on without knowing.
    Unknown,
}

impl Fill {
    pub(crate) const ALL: [Self; 4] = [Self::None, Self::Partial, Self::Full, Self::Unknown];
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Partial => "partial",
            Self::Full => "full",
            Self::Unknown => "unknown",
        }
    }
}

/// Which orders of a round are struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Entry,
    Exit,
}

impl Phase {
    pub(crate) const ALL: [Self; 2] = [Self::Entry, Self::Exit];
    pub(crate) fn word(self) -> &'static str {
        if self == Self::Entry { "entry" } else { "exit" }
    }
}

/// What it comes from, on every leg that it can befall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// The venue says no.
    Refused,
    /// No answer in time; for `none` the order never arrived, for `unknown` the answer comes too late.
    Timeout,
    /// The order was taken and its answer lost.
    LostAck,
    /// The fill is told twice.
    DuplicateFill,
    /// The fill comes after the answer, for `unknown` later than the bot waits.
    LateFill,
    /// All connections break at the order; for `unknown` the venue stays away for a while.
    Disconnect,
}

impl Fault {
    pub(crate) const ALL: [Self; 6] =
        [Self::Refused, Self::Timeout, Self::LostAck, Self::DuplicateFill, Self::LateFill, Self::Disconnect];
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::LostAck => "lost ack",
            Self::DuplicateFill => "duplicate fill",
            Self::LateFill => "late fill",
            Self::Disconnect => "disconnect",
        }
    }

    /// Why this fault cannot be behind a leg that comes to `fill`; `None` if it can.
    pub(crate) fn cannot_give(self, fill: Fill) -> Option<&'static str> {
        match (self, fill) {
            (Self::Refused, Fill::Partial | Fill::Full) => Some("a refused order never fills"),
            (Self::Refused, Fill::Unknown) => Some("a refusal is the venue's final word"),
            (Self::DuplicateFill, Fill::None) => Some("without a fill there is none to tell twice"),
            (Self::LateFill, Fill::None) => Some("without a fill there is none to be late"),
            _ => None,
        }
    }
}

/// One cell of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) phase: Phase,
    pub(crate) fault: Fault,
    /// Leg A (long), leg B (short).
    pub(crate) fills: [Fill; 2],
}

impl Cell {
    /// All 192.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let fills = Fill::ALL.into_iter().flat_map(|a| Fill::ALL.map(|b| [a, b]));
        let pairs = Phase::ALL.into_iter().flat_map(|phase| Fault::ALL.map(|fault| (phase, fault)));
        let pairs: Vec<_> = pairs.collect();
        fills.flat_map(move |fills| pairs.clone().into_iter().map(move |(phase, fault)| Self { phase, fault, fills }))
    }

    /// Why the fault can befall neither leg; `None` if the cell can be.
    pub(crate) fn impossible(self) -> Option<&'static str> {
        let [a, b] = self.fills.map(|fill| self.fault.cannot_give(fill));
        b.and(a)
    }

    /// Which legs the fault strikes: every one that it can, or both where it can be behind neither and is tried.
    pub(crate) fn struck(self) -> [bool; 2] {
        let tried = self.impossible().is_some();
        self.fills.map(|fill| tried || self.fault.cannot_give(fill).is_none())
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = self.fills.map(Fill::word);
        write!(f, "{}, {}: {a} x {b}", self.phase.word(), self.fault.word())
    }
}

#[test]
fn the_table_has_192_cells_of_which_22_cannot_be() {
    let cells: std::collections::BTreeSet<Cell> = Cell::all().collect();
    assert_eq!(cells.len(), 192);
    assert_eq!(cells.iter().filter(|c| c.impossible().is_some()).count(), 22);
    assert!(cells.iter().all(|c| c.struck().contains(&true)), "every cell has a leg that its fault strikes");
}
