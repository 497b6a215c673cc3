//! How a leg is made to come to what its cell says: which faults of its venue, and what the line does.

use crate::cell::{Fault, Fill};
use crate::harness::line::Cut;
use crate::harness::world::{Venue, World};
use serde_json::{Value, json};

/// How long the bot waits for an answer, ms.
pub(crate) const ANSWER_MS: i64 = 600;
/// What a partial fill fills, basis points.
const PART_BPS: i64 = 4_000;
/// When a late fill comes: in time, and when the bot has stopped waiting. ms
const LATE_MS: i64 = 250;
const TOO_LATE_MS: i64 = ANSWER_MS + 500;
/// When a fill that is told twice is told once more. ms
const AGAIN_MS: i64 = 150;
/// Vest decides an order within 0.12 s of its answer; one that the bot can still reach meanwhile, it cancels. ms
const DECIDED_MS: i64 = 250;

/// What is done about a leg once the bot has recorded that its order's fate is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Nothing,
    /// What was withheld is told after all.
    Release,
    /// The line is mended.
    Mend,
}

/// One leg's order that is to be struck: the first of its side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leg {
    pub(crate) venue: Venue,
    pub(crate) buys: bool,
    pub(crate) fill: Fill,
    /// What strikes it, if anything does.
    pub(crate) fault: Option<Fault>,
}

impl Leg {
    /// Arms the venue and the line; says what is to be done later.
    pub(crate) fn arm(self, world: &World) -> Then {
        let once = |name: &str, more: Value| {
            let mut parameters = json!({ "count": 1, "side": if self.buys { "buy" } else { "sell" } });
            parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            world.fault(self.venue, name, parameters);
        };
        let share = |bps: i64| once("partial_fill", json!({ "share_bps": bps }));
        let cut = |arrives, away_ms| world.line(self.venue, |line| line.cut(Cut { buys: self.buys, arrives, away_ms }));
        let on_vest = self.venue == Venue::Vest;
        match self.fill {
            Fill::Partial => share(PART_BPS),
            // Everything but an order that never arrives is taken and ends without a fill.
            Fill::None if !matches!(self.fault, Some(Fault::Refused | Fault::Timeout | Fault::Disconnect)) => share(0),
            _ => {}
        }
        if self.fault == Some(Fault::DuplicateFill) {
            // Every event twice at once, and the fill once more when the order is long over.
            world.fault(self.venue, "duplicate_events", json!({}));
            once("duplicate_fill", json!({ "ms": AGAIN_MS }));
        }
        match (self.fault, self.fill) {
            (Some(Fault::Refused), _) => {
                once("refuse_order", json!({ "code": if on_vest { "3001" } else { "MARKET_NOT_OPEN" } }));
            }
            (Some(Fault::Timeout), Fill::None) => once("drop_order", json!({})),
            (Some(Fault::LostAck), Fill::Unknown) => {
                once("hold_order_answer", json!({}));
                return Then::Nothing;
            }
            // On Vest an answer may come at any time within the request's life, or the line end at once.
            (Some(Fault::Timeout), Fill::Partial | Fill::Full) if on_vest => {
                once("lose_order_answer", json!({ "after_ms": 30_000 }));
            }
            (Some(Fault::Timeout | Fault::LostAck), Fill::None | Fill::Partial | Fill::Full) => {
                once("lose_order_answer", json!({}));
                if on_vest {
                    once("event_before_answer", json!({})); // else the order is cancelled before it is decided
                }
            }
            (Some(Fault::LateFill), Fill::Unknown) if on_vest => {
                // Later than the bot waits, it would be cancelled first: it comes late, and is told later still.
                once("late_fill", json!({ "ms": LATE_MS }));
                once("hold_order_answer", json!({}));
                return Then::Release;
            }
            (Some(Fault::LateFill), Fill::Unknown) => once("late_fill", json!({ "ms": TOO_LATE_MS })),
            (Some(Fault::LateFill), _) => once("late_fill", json!({ "ms": LATE_MS })),
            (Some(Fault::Disconnect), fill) => {
                cut(fill != Fill::None, if fill == Fill::Unknown { None } else { Some(if on_vest { DECIDED_MS } else { 0 }) });
                return if fill == Fill::Unknown { Then::Mend } else { Then::Nothing };
            }
            (None | Some(Fault::Timeout | Fault::DuplicateFill), Fill::Unknown) => {
                once("hold_order_answer", json!({}));
                return Then::Release;
            }
            (None | Some(Fault::DuplicateFill), _) => {}
        }
        Then::Nothing
    }

    /// Does what is left to do once the order's fate is unknown to the bot.
    pub(crate) fn finish(self, then: Then, world: &World) {
        match then {
            Then::Nothing => {}
            Then::Release => world.server(self.venue).clear("hold_order_answer"),
            Then::Mend => world.line(self.venue, |line| line.mend()),
        }
    }
}
