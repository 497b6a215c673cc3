//! How a bet stands: the fold of what was learned about it, one event after the other.
//!
//! Every event only ever adds to what is known (largest matched stake, furthest rank of each fill, whether the engine is through), so
//! events that come twice or in any order end the same, and a journal of them is the state. The words of the venue become events in
//! [`words`]; the status is read off what is known, and moves only along [`MOVES`]. Called by `trading`, and by whoever replays a journal.

pub mod words;

use crate::parse::{Entry, FillSeen, OrderSeen, Settlement};
use domain::BetStatus;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use words::{FillRank, Means, Source, meaning};

/// One thing learned about a bet. Journaled as it is, one record per event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BetEvent {
    /// The bytes went out, or may have.
    Sent,
    /// They provably did not.
    NotSent,
    /// The venue has the order and has matched so much of its stake so far.
    Live {
        /// Cumulative, base units.
        matched: u64,
    },
    /// The engine is through with it.
    Over {
        /// Cumulative, base units.
        matched: u64,
        /// Whether a matched stake of nothing is the venue's decisive word, or only what a row said.
        decisive: bool,
        /// The venue's reason, empty without one.
        reason: String,
    },
    /// The venue's own word that it never took the order.
    Refused {
        /// Its code.
        code: String,
    },
    /// The venue does not know the order, asked after the time at which it could last have executed.
    Dead,
    /// A fill, as far as it has come.
    Fill {
        /// The venue's id of it.
        id: String,
        /// How it stands.
        fill: Fill,
    },
    /// A complete listing of its fills, read after the engine was through, had so many.
    Listed {
        /// Fills in it.
        fills: u32,
    },
}

/// One fill of a bet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fill {
    /// How far it has come.
    pub rank: FillRank,
    /// How it ended; stands with `Settled`.
    pub settlement: Option<Settled>,
    /// Stake, base units.
    pub stake: u64,
    /// What it returns when it wins, base units.
    pub returns: u64,
}

/// What a settled fill came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Settled {
    /// 0 void, 1, 2.
    pub outcome: u8,
    /// What came back, base units.
    pub returned: u64,
    /// Fee, base units.
    pub fee: u64,
}

/// How far the order itself has come. Ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Prepared,
    Sent,
    Live,
    Over,
}

/// What is known of one bet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bet {
    /// Stake asked for, base units.
    stake: u64,
    phase: Phase,
    /// Matched by the engine as far as it said, base units.
    matched: u64,
    /// The venue's decisive word that nothing was taken: its code or reason.
    empty: Option<String>,
    /// Why it is over; the first in the alphabet when several were given, so that the order of arrival does not matter.
    reason: Option<String>,
    listed: Option<u32>,
    fills: BTreeMap<String, Fill>,
}

/// Every way a status may go, and why. Anything else is a venue that contradicts itself.
pub const MOVES: &[(BetStatus, BetStatus, &str)] = &[
    (BetStatus::Pending, BetStatus::Matched, "the engine decided and took something"),
    (BetStatus::Pending, BetStatus::Partial, "over, and what was taken is locked already"),
    (BetStatus::Pending, BetStatus::Accepted, "the whole stake is locked"),
    (BetStatus::Pending, BetStatus::Refused, "nothing was taken, by a decisive word or a complete listing"),
    (BetStatus::Pending, BetStatus::Settled, "first heard of after the end"),
    (BetStatus::Pending, BetStatus::Void, "first heard of after the end"),
    (BetStatus::Matched, BetStatus::Partial, "a part is locked, the rest failed or was never taken"),
    (BetStatus::Matched, BetStatus::Accepted, "every fill is locked"),
    (BetStatus::Matched, BetStatus::Refused, "every fill failed on chain"),
    (BetStatus::Matched, BetStatus::Settled, "locked and settled while nobody looked"),
    (BetStatus::Matched, BetStatus::Void, "locked and called off while nobody looked"),
    (BetStatus::Partial, BetStatus::Settled, "the part was paid"),
    (BetStatus::Partial, BetStatus::Void, "the event was called off"),
    (BetStatus::Accepted, BetStatus::Settled, "paid"),
    (BetStatus::Accepted, BetStatus::Void, "the event was called off"),
];

impl Bet {
    /// One that is prepared and has not left.
    pub const fn new(stake: u64) -> Self {
        Self { stake, phase: Phase::Prepared, matched: 0, empty: None, reason: None, listed: None, fills: BTreeMap::new() }
    }

    /// Takes in what was learned; true if it was news.
    pub fn learn(&mut self, event: &BetEvent) -> bool {
        let before = self.clone();
        match event {
            BetEvent::Sent => self.phase = self.phase.max(Phase::Sent),
            BetEvent::NotSent => self.nothing("not sent"),
            BetEvent::Dead => self.nothing("expired unknown to the venue"),
            BetEvent::Refused { code } => self.nothing(code),
            BetEvent::Live { matched } => {
                self.phase = self.phase.max(Phase::Live);
                self.matched = self.matched.max(*matched);
            }
            BetEvent::Over { matched, decisive, reason } => {
                self.phase = Phase::Over;
                self.matched = self.matched.max(*matched);
                keep_first(&mut self.reason, reason);
                if *decisive && *matched == 0 {
                    self.nothing(reason);
                }
            }
            BetEvent::Fill { id, fill } => {
                let known = self.fills.entry(id.clone()).or_insert(*fill);
                *known = (*known).max(*fill);
            }
            BetEvent::Listed { fills } => self.listed = self.listed.max(Some(*fills)),
        }
        *self != before
    }

    fn nothing(&mut self, code: &str) {
        self.phase = Phase::Over;
        keep_first(&mut self.empty, code);
    }

    /// How it stands.
    pub fn status(&self) -> BetStatus {
        let locked = self.locked();
        let ended = |otherwise: BetStatus| {
            let mut ends = self.fills.values().filter(|f| f.rank >= FillRank::Locked).map(|f| f.settlement.map(|s| s.outcome));
            if ends.clone().any(|end| end.is_none()) {
                otherwise
            } else if ends.all(|end| end == Some(0)) {
                BetStatus::Void
            } else {
                BetStatus::Settled
            }
        };
        // Nothing can be taken beyond the whole stake: no other word is needed.
        if locked > 0 && self.within(locked) >= self.stake {
            return ended(BetStatus::Accepted);
        }
        if self.phase < Phase::Over {
            return BetStatus::Pending;
        }
        let open = self.fills.values().any(|f| f.rank == FillRank::Matched);
        if open || !self.complete() {
            let taken = self.matched > 0 || self.fills.values().any(|f| f.rank != FillRank::Failed);
            return if taken { BetStatus::Matched } else { BetStatus::Pending };
        }
        if locked == 0 { BetStatus::Refused } else { ended(BetStatus::Partial) }
    }

    /// Whether every fill that there will be is known.
    fn complete(&self) -> bool {
        let known: u64 = self.fills.values().fold(0, |sum, f| sum.saturating_add(f.stake));
        let counted = self.matched > 0 && self.within(known) >= self.matched;
        let nothing = self.empty.is_some() && self.matched == 0 && self.fills.is_empty();
        let listed = self.listed.is_some_and(|n| n as usize <= self.fills.len() && (n > 0 || self.matched == 0));
        counted || nothing || listed
    }

    /// A sum of stakes with the base unit that each fill may be off by (spec section 9).
    fn within(&self, sum: u64) -> u64 {
        sum.saturating_add(self.fills.len() as u64)
    }

    /// Stake that is irreversibly taken, base units: what a hedge is sized by, never the stake asked for.
    pub fn locked(&self) -> u64 {
        self.fills.values().filter(|f| f.rank >= FillRank::Locked).fold(0, |sum, f| sum.saturating_add(f.stake))
    }
    /// Return of the locked stake when it wins, base units.
    pub fn locked_returns(&self) -> u64 {
        self.fills.values().filter(|f| f.rank >= FillRank::Locked).fold(0, |sum, f| sum.saturating_add(f.returns))
    }
    /// Stake taken by the engine and not failed, base units.
    pub fn taken(&self) -> u64 {
        let known = self.fills.values().filter(|f| f.rank != FillRank::Failed).fold(0, |sum: u64, f| sum.saturating_add(f.stake));
        if self.complete() { known } else { known.max(self.matched) }
    }
    /// Stake of the fills known so far that did not fail, and what it returns when it wins, base units.
    pub fn known(&self) -> (u64, u64) {
        let standing = self.fills.values().filter(|f| f.rank != FillRank::Failed);
        standing
            .fold((0, 0), |(stake, returns): (u64, u64), f| (stake.saturating_add(f.stake), returns.saturating_add(f.returns)))
    }
    /// What came back after the settlement, and the fee in it, base units.
    pub fn paid(&self) -> (u64, u64) {
        let settled = self.fills.values().filter_map(|f| f.settlement);
        settled.fold((0, 0), |(back, fee), s| (back.saturating_add(s.returned), fee.saturating_add(s.fee)))
    }
    /// Why it was refused or ended, in the venue's words.
    pub fn reason(&self) -> &str {
        self.empty.as_deref().or(self.reason.as_deref()).unwrap_or("")
    }
    /// Whether the venue said both that it took nothing and that it took something.
    pub fn contradicted(&self) -> bool {
        self.empty.is_some() && (self.matched > 0 || self.fills.values().any(|f| f.rank != FillRank::Failed))
    }
    /// Whether the engine is through with it and only its fills are waited for.
    pub const fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }
    /// Fills known so far.
    pub fn fill_count(&self) -> usize {
        self.fills.len()
    }
    /// Whether it may rest on the book: sent, and the engine not through.
    pub const fn may_rest(&self) -> bool {
        matches!(self.phase, Phase::Sent | Phase::Live)
    }
}

fn keep_first(slot: &mut Option<String>, text: &str) {
    if slot.as_deref().is_none_or(|known| known > text) {
        *slot = Some(text.to_owned());
    }
}

/// What the answer to an order says. `None`: a word that is not known, so nothing is.
pub fn of_entry(entry: &Entry, stake: u64) -> Option<BetEvent> {
    let first = meaning(Source::Entry, &entry.status)?;
    if first == Means::Refused {
        return Some(BetEvent::Refused { code: entry.reason.clone().unwrap_or_else(|| "FAILED".to_owned()) });
    }
    let Some((word, matched, reason)) = &entry.outcome else { return Some(BetEvent::Live { matched: 0 }) };
    let amount = matched.unwrap_or(0).min(stake);
    let reason = reason.clone().unwrap_or_default();
    Some(match meaning(Source::Outcome, word)? {
        Means::OverFull => BetEvent::Over { matched: stake, decisive: true, reason },
        // Without the amount, how much was taken is for the fills to say.
        Means::Over => BetEvent::Over { matched: amount, decisive: false, reason },
        Means::OverEmpty => BetEvent::Over { matched: amount, decisive: true, reason },
        _ => BetEvent::Live { matched: amount },
    })
}

/// What a view of the order says.
pub fn of_order(seen: &OrderSeen) -> Option<BetEvent> {
    let matched = seen.total.saturating_sub(seen.remaining);
    Some(match meaning(Source::Order, &seen.status)? {
        Means::Over => {
            let reason = seen.reason.clone().unwrap_or_default();
            // A reason that is not known describes; the order is over all the same.
            let full = meaning(Source::Inactive, &reason) == Some(Means::OverFull);
            BetEvent::Over { matched: if full { seen.total } else { matched }, decisive: false, reason }
        }
        _ => BetEvent::Live { matched },
    })
}

/// What a view of a fill says.
pub fn of_fill(seen: &FillSeen) -> Option<BetEvent> {
    let Means::Fill(rank) = meaning(Source::Fill, &seen.status)? else { return None };
    let settled = |s: Settlement| Settled { outcome: s.outcome, returned: s.returned, fee: s.fee };
    let settlement = seen.settlement.filter(|_| rank == FillRank::Settled).map(settled);
    let returns = seen.returns.or_else(|| crate::ladder::gross_return(seen.stake, seen.p))?;
    Some(BetEvent::Fill { id: seen.id.clone(), fill: Fill { rank, settlement, stake: seen.stake, returns } })
}

#[cfg(test)]
mod tests;
