//! What goes wrong, when, and to whom: drawn from the seed (`draw`), or named (`kinds`).

mod draw;
mod kinds;

pub use kinds::KINDS;

use crate::world::Crash;
use domain::record::Evening;
use serde_json::Value;

/// When something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// So many ms after the beginning.
    At(i64),
    /// So many ms after the n-th record (from 1) of this kind: aimed at the moment itself.
    After(Moment, u64, i64),
}

/// A moment of a round that faults are aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// A round opens: both entry orders are about to leave.
    Opens,
    /// An exit begins.
    Exits,
    /// An order closes what is uncovered.
    Closes,
    /// The bot starts, the first start included.
    Starts,
    /// A round ends.
    Ends,
}

/// How the bot dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// Between two inputs.
    Now,
    /// At the so many-th effect from then on.
    AtEffect(u64, Crash),
}

/// What the journal's disk does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disk {
    /// It takes everything.
    Works,
    /// It is full: what opens exposure is refused, the reserve takes the rest.
    Full,
    /// The reserve is used up too.
    UsedUp,
}

/// What happens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    /// A venue's fault begins.
    Fault { venue: usize, name: &'static str, parameters: Value },
    /// A venue's fault ends.
    Clear { venue: usize, name: &'static str },
    /// The bot dies and comes back.
    Kill(Death),
    /// An operator closes the position.
    OperatorExit,
    /// An operator pauses entries or allows them.
    Pause(bool),
    /// The bot is stopped in an orderly way, positions stay, and started again.
    Leave,
    /// The journal's disk.
    Disk(Disk),
    /// Somebody else who uses the account places an order.
    Foreign { venue: usize },
}

/// One thing at one time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    pub(crate) when: When,
    pub(crate) what: What,
    /// After so many ms it ends by itself.
    pub(crate) lasts_ms: Option<i64>,
}

impl Step {
    /// What ends it.
    pub(crate) fn end(&self) -> Option<What> {
        match self.what {
            What::Fault { venue, name, .. } => Some(What::Clear { venue, name }),
            What::Pause(true) => Some(What::Pause(false)),
            What::Disk(Disk::Full | Disk::UsedUp) => Some(What::Disk(Disk::Works)),
            _ => None,
        }
    }
}

/// A run as drawn or named.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// In words.
    pub name: String,
    pub(crate) steps: Vec<Step>,
    /// One way to a venue, lowest and highest, ms.
    pub(crate) latency_ms: (i64, i64),
    /// How long entries are allowed, ms.
    pub(crate) run_ms: i64,
    /// Longest holding time, ms.
    pub(crate) max_holding_ms: i64,
    /// What is done about uneven legs at entry and at exit.
    pub(crate) even: [Evening; 2],
    /// By how much the bot's clock is wrong in its lives, ms, one after the other.
    pub(crate) clock_ms: Vec<i64>,
    /// The journal begins anew with a snapshot at the end of every round.
    pub(crate) rotates: bool,
}

impl Scenario {
    fn quiet(name: String, steps: Vec<Step>) -> Self {
        Self {
            name,
            steps,
            latency_ms: (8, 12),
            run_ms: 12_000,
            max_holding_ms: 8_000,
            even: [Evening::Complete; 2],
            clock_ms: vec![],
            rotates: false,
        }
    }

    /// Whether a venue changes positions by itself.
    pub(crate) fn has_forced(&self) -> bool {
        self.steps.iter().any(|s| matches!(s.what, What::Fault { name: "liquidate" | "deleverage", .. }))
    }

    /// Whether an instrument's grid changes.
    pub(crate) fn changes_grid(&self) -> bool {
        self.steps.iter().any(|s| matches!(s.what, What::Fault { name: "change_spec", .. }))
    }

    /// Whether somebody else uses the account.
    pub(crate) fn has_foreign(&self) -> bool {
        self.steps.iter().any(|s| matches!(s.what, What::Foreign { .. }))
    }
}
