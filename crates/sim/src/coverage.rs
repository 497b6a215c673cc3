//! What a run met, so that a proof can say what it is a proof of.

use domain::record::{Decision, Record};
use domain::{LegId, OrderEnd, OrderNews};
use saga::{Fate, Round};
use std::collections::BTreeMap;

/// Counts by group and word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    counts: BTreeMap<&'static str, BTreeMap<String, u64>>,
    /// States visited, packed; spelled out in [`Coverage::counts`].
    states: BTreeMap<u32, u64>,
    last_state: u32,
}

/// What a thousand drawn worlds must have met, by group.
const REQUIRED: [(&str, &[&str]); 10] = [
    ("forced", &["named", "seen"]),
    ("ending", &["completed", "nothing_filled", "auto_closed"]),
    ("record", &["started", "opened", "intended", "news", "decided", "ended", "mismatch"]),
    (
        "decision",
        &[
            "timed_out",
            "gave_up leg_failed",
            "gave_up edge_gone",
            "gave_up uncovered",
            "gave_up too_small",
            "gave_up stopping",
            "entered",
            "exit_begun spread",
            "exit_begun max_holding",
            "exit_begun operator",
            "exit_dropped",
            "exit_begun forced",
            "gave_up uneven",
            "flatten",
            "stuck",
            "unstuck",
        ],
    ),
    ("news", &["acked", "filling", "filled", "cancelled", "refused", "not_sent", "unknown", "absent"]),
    ("order", &["entry 1", "entry 2", "entry 3", "exit 1", "exit 2", "close 1", "close 2", "close 3", "close 4"]),
    ("death", &["between inputs", "before an effect", "in a record", "after an effect"]),
    ("operator", &["exit", "pause", "left", "pair stopped for a stranger"]),
    ("journal", &["rotated", "entry withheld", "record lost"]),
    (
        "fault",
        &[
            "vest hold_order_answer",
            "vest lose_order_answer",
            "vest drop_order",
            "vest refuse_order",
            "vest partial_fill",
            "vest delay_fill",
            "vest late_fill",
            "vest duplicate_events",
            "vest event_before_answer",
            "vest silent_private",
            "vest http_error",
            "vest error_after",
            "vest rate_limit",
            "vest down",
            "vest drop_sockets",
            "vest freeze_book",
            "vest crossed_book",
            "vest empty_side",
            "vest halt",
            "vest latency",
            "vest thin_book",
            "vest clock_offset",
            "vest foreign_order",
            "paradex hold_order_answer",
            "paradex lose_order_answer",
            "paradex drop_order",
            "paradex refuse_order",
            "paradex partial_fill",
            "paradex delay_fill",
            "paradex late_fill",
            "paradex duplicate_events",
            "paradex event_before_answer",
            "paradex silent_private",
            "paradex http_error",
            "paradex error_after",
            "paradex rate_limit",
            "paradex down",
            "paradex drop_sockets",
            "paradex freeze_book",
            "paradex gap",
            "paradex crossed_book",
            "paradex empty_side",
            "paradex halt",
            "paradex latency",
            "paradex thin_book",
            "paradex clock_offset",
            "paradex foreign_order",
            "disk full",
            "disk used_up",
        ],
    ),
];

impl Coverage {
    pub(crate) fn add(&mut self, group: &'static str, word: &str) {
        *self.counts.entry(group).or_default().entry(word.to_owned()).or_default() += 1;
    }

    /// A record is made.
    pub(crate) fn record(&mut self, record: &Record) {
        self.add("record", record.word());
        match record {
            Record::Decided { decision, .. } => {
                let word = match decision {
                    Decision::TimedOut(_) => "timed_out".to_owned(),
                    Decision::GaveUp(why) => format!("gave_up {}", snake(&format!("{why:?}"))),
                    Decision::Entered => "entered".to_owned(),
                    Decision::ExitBegun { reason, .. } => format!("exit_begun {}", snake(&format!("{reason:?}"))),
                    Decision::ExitDropped => "exit_dropped".to_owned(),
                    Decision::ExitTrimmed => "exit_trimmed".to_owned(),
                    Decision::Flatten => "flatten".to_owned(),
                    Decision::Stuck { .. } => "stuck".to_owned(),
                    Decision::Unstuck => "unstuck".to_owned(),
                };
                self.add("decision", &word);
            }
            Record::News { news, .. } => self.add(
                "news",
                match news {
                    OrderNews::Acked { .. } => "acked",
                    OrderNews::Filling { .. } => "filling",
                    OrderNews::Done { end: OrderEnd::Filled, .. } => "filled",
                    OrderNews::Done { end: OrderEnd::Cancelled(_), .. } => "cancelled",
                    OrderNews::Done { end: OrderEnd::Refused(_), .. } => "refused",
                    OrderNews::NotSent { .. } => "not_sent",
                    OrderNews::Unknown { .. } => "unknown",
                    OrderNews::Absent { .. } => "absent",
                    OrderNews::QueryFailed { .. } => "query_failed",
                },
            ),
            Record::Opened { orders, .. } | Record::Intended { orders, .. } => {
                for o in orders {
                    let id = o.spec.id;
                    self.add("order", &format!("{} {}", snake(&format!("{:?}", id.purpose)), id.attempt.min(9)));
                }
            }
            Record::Ended { outcome, .. } => self.add("ending", outcome.ending.word()),
            Record::Forced { taken, .. } => self.add("forced", if taken.stands_in() { "seen" } else { "named" }),
            Record::Started { .. }
            | Record::Mismatch { .. }
            | Record::Resumed { .. }
            | Record::Watched { .. }
            | Record::Timed { .. }
            | Record::BetIntended { .. }
            | Record::BetLearned { .. } => {}
        }
    }

    /// The state a round is in: goal, how each leg's last order stands, which leg holds more, stuck or not.
    pub(crate) fn state(&mut self, round: &Round) {
        let leg = |leg: LegId| {
            let last = round.orders.iter().rev().find(|o| o.spec.id.leg == leg);
            last.map_or(0, |o| {
                let fate = match (&o.fate, o.overdue, o.known) {
                    (Fate::Live, false, false) => 1,
                    (Fate::Live, false, true) => 2,
                    (Fate::Live, true, false) => 3,
                    (Fate::Live, true, true) => 4,
                    (Fate::Filled, ..) => 5,
                    (Fate::Cancelled(_), ..) => 6,
                    (Fate::Refused(_), ..) => 7,
                    (Fate::NotSent(_), ..) => 8,
                    (Fate::NeverArrived, ..) => 9,
                };
                fate + 10 * (o.spec.id.purpose as u32)
            })
        };
        let cover = match round.uncovered() {
            0 => 0,
            u if u > 0 => 1,
            _ => 2,
        };
        let packed =
            round.goal as u32 + 4 * leg(LegId::A) + 4 * 32 * leg(LegId::B) + 4 * 32 * 32 * (cover + 3 * u32::from(round.stuck));
        if packed != self.last_state {
            self.last_state = packed;
            *self.states.entry(packed).or_default() += 1;
        }
    }

    /// Whether a word of a group was met.
    pub(crate) fn has(&self, group: &str, word: &str) -> bool {
        self.counts.get(group).is_some_and(|words| words.contains_key(word))
    }

    /// Takes another run's in.
    pub fn merge(&mut self, other: &Self) {
        for (group, words) in &other.counts {
            let own = self.counts.entry(group).or_default();
            for (word, n) in words {
                *own.entry(word.clone()).or_default() += n;
            }
        }
        for (state, n) in &other.states {
            *self.states.entry(*state).or_default() += n;
        }
    }

    /// Counts by group and word.
    pub fn counts(&self) -> &BTreeMap<&'static str, BTreeMap<String, u64>> {
        &self.counts
    }

    /// How many different states rounds have been in.
    pub fn states(&self) -> usize {
        self.states.len()
    }

    /// What must be met in a thousand worlds and was not.
    pub fn missing(&self) -> Vec<String> {
        let all = REQUIRED.iter().flat_map(|(group, words)| words.iter().map(move |w| (*group, *w)));
        all.filter(|(group, word)| !self.has(group, word)).map(|(group, word)| format!("{group}: {word}")).collect()
    }
}

/// `LegFailed` as `leg_failed`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}
