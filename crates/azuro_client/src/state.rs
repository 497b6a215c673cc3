//! How a bet stands: facts in, status out.
//!
//! Every fact only adds: states seen, a bet found, a nonce used. So duplicates and any order of arrival (a poll before the answer to
//! the POST, the chain before the API) end the same, and the journal holds one record per fact. The chain outranks the API. Nothing
//! here asks or waits; `trading` and `chain` do.

use crate::amount::payout;
use domain::{BetStatus, OrderId, Wall};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The venue's states of an order (spec 7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Registered.
    Created,
    /// Counted in the house's exposure.
    Placed,
    /// The relayer is sending the transaction.
    Sent,
    /// On chain.
    Accepted,
    /// Refused by the API, or the contract reverted.
    Rejected,
    /// The house is calling it off; still on chain if it was.
    PendingCancel,
    /// The house failed to call it off.
    CancelFailed,
    /// Called off.
    Canceled,
    /// Won, lost or void.
    Settled,
}

impl OrderState {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Created,
        Self::Placed,
        Self::Sent,
        Self::Accepted,
        Self::Rejected,
        Self::PendingCancel,
        Self::CancelFailed,
        Self::Canceled,
        Self::Settled,
    ];
    /// By the venue's word; `Pending` is the second version's for `Placed`. A word that is not known is nothing: the fate of
    /// money is not guessed.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "Created" => Self::Created,
            "Placed" | "Pending" => Self::Placed,
            "Sent" => Self::Sent,
            "Accepted" => Self::Accepted,
            "Rejected" => Self::Rejected,
            "PendingCancel" => Self::PendingCancel,
            "CancelFailed" => Self::CancelFailed,
            "Canceled" => Self::Canceled,
            "Settled" => Self::Settled,
            _ => return None,
        })
    }
    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// How a bet was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    /// Nothing is paid.
    Lost,
    /// Stake times odds is redeemable.
    Won,
    /// The stake is redeemable.
    Canceled,
}

impl Settlement {
    /// By the venue's word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "Won" => Self::Won,
            "Lost" => Self::Lost,
            "Canceled" => Self::Canceled,
            _ => return None,
        })
    }
}

/// A bet that exists: the fill. Ordered so that the chain's word outranks the API's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Taken {
    /// Read from the chain, not from the API.
    pub on_chain: bool,
    /// Token id.
    pub bet: u128,
    /// Odds it was taken at, at 1e-12; never below `minOdds`, sometimes better.
    pub odds_e12: u64,
    /// Stake, raw token units.
    pub amount: u128,
}

/// One thing learned about a bet: one record of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// The POST was handed to the shell.
    Left,
    /// It provably never left, and was not sent again.
    NotSent,
    /// The API said so, in a POST or a GET.
    Said {
        /// The state it said.
        state: OrderState,
        /// The bet it named.
        taken: Option<Taken>,
        /// The settlement it named.
        result: Option<Settlement>,
    },
    /// The first POST was refused with a reason that the venue documents.
    Refused {
        /// Code and message.
        why: String,
    },
    /// The nonce is used on chain: the bet exists, or did.
    NonceUsed,
    /// The chain's time has passed `expiresAt` with the nonce unused: it can never be taken.
    Expired,
    /// `NewLiveBet` with the bet's nonce.
    OnChain(Taken),
    /// `BetRejected` with the bet's token.
    CalledOff,
    /// What the chain pays for the bet's token, raw units, once its condition is over: nothing, the stake, or what was won.
    Pays(u128),
    /// What it paid was claimed before anyone here asked how much it was.
    Claimed,
}

/// All that is known about one bet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    states: u16,
    left: bool,
    not_sent: bool,
    refused: bool,
    nonce_used: bool,
    expired: bool,
    called_off: bool,
    claimed: bool,
    pays: Option<u128>,
    taken: Option<Taken>,
    result: Option<Settlement>,
}

type Rule = (&'static str, fn(&Facts) -> bool, BetStatus);

/// The one table: the first row that holds is the status. What is irreversible stands above what is not, the chain above the API.
const RULES: &[Rule] = &[
    ("called off on chain after it was accepted", |f| f.called_off, BetStatus::Void),
    ("the chain pays nothing: lost", |f| f.pays == Some(0), BetStatus::Settled),
    ("the chain pays the stake back", |f| f.pays.is_some() && f.pays == f.taken.map(|t| t.amount), BetStatus::Void),
    ("the chain pays what was won", |f| f.pays.is_some(), BetStatus::Settled),
    ("settled as canceled", |f| f.saw(OrderState::Settled) && f.result == Some(Settlement::Canceled), BetStatus::Void),
    ("won or lost", |f| f.saw(OrderState::Settled) && f.result.is_some(), BetStatus::Settled),
    ("called off by the house", |f| f.saw(OrderState::Canceled), BetStatus::Void),
    ("the bet exists by its token", |f| f.taken.is_some(), BetStatus::Accepted),
    ("used on chain, its bet not found yet", |f| f.nonce_used, BetStatus::Matched),
    ("accepted by word, its token not named yet", |f| f.saw(OrderState::Accepted), BetStatus::Matched),
    ("settled by word, neither its token nor its result named yet", |f| f.saw(OrderState::Settled), BetStatus::Matched),
    ("being called off, fate open", |f| f.saw(OrderState::PendingCancel), BetStatus::Matched),
    ("not called off, its token not named yet", |f| f.saw(OrderState::CancelFailed), BetStatus::Matched),
    ("rejected by the API or the contract", |f| f.saw(OrderState::Rejected), BetStatus::Refused),
    ("refused in the POST", |f| f.refused, BetStatus::Refused),
    ("never left", |f| f.not_sent, BetStatus::Refused),
    ("expired unused", |f| f.expired, BetStatus::Refused),
    ("on its way, or its fate unknown", |_| true, BetStatus::Pending),
];

impl Facts {
    fn saw(&self, state: OrderState) -> bool {
        self.states & state.bit() != 0
    }

    /// Adds a fact. True if it said anything new.
    pub fn add(&mut self, fact: &Fact) -> bool {
        let before = self.clone();
        match fact {
            Fact::Left => self.left = true,
            Fact::NotSent => self.not_sent = true,
            Fact::Said { state, taken, result } => {
                self.states |= state.bit();
                self.taken = self.taken.max(*taken);
                self.result = self.result.max(*result);
            }
            Fact::Refused { .. } => self.refused = true,
            Fact::NonceUsed => self.nonce_used = true,
            Fact::Expired => self.expired = true,
            Fact::OnChain(taken) => {
                self.nonce_used = true;
                self.taken = self.taken.max(Some(*taken));
            }
            Fact::CalledOff => self.called_off = true,
            Fact::Pays(units) => self.pays = self.pays.max(Some(*units)),
            Fact::Claimed => self.claimed = true,
        }
        *self != before
    }

    /// Where it stands, and why, in words for people.
    pub fn status(&self) -> (BetStatus, &'static str) {
        RULES.iter().find(|(_, holds, _)| holds(self)).map_or((BetStatus::Pending, ""), |(why, _, status)| (*status, *why))
    }

    /// The fill, once there is one.
    pub const fn taken(&self) -> Option<Taken> {
        self.taken
    }
    /// What came or comes back in the end, raw units: by the chain's word, else by the API's. `None` until the bet is over.
    pub fn paid(&self) -> Option<u128> {
        let stake = self.taken.map_or(0, |taken| taken.amount);
        match self.status().0 {
            BetStatus::Void => Some(self.pays.unwrap_or(stake)),
            BetStatus::Settled => self.pays.or_else(|| match self.result? {
                Settlement::Lost => Some(0),
                Settlement::Won => self.taken.and_then(|taken| payout(taken.amount, taken.odds_e12)),
                Settlement::Canceled => Some(stake),
            }),
            _ => None,
        }
    }
    /// Whether the chain has a bet that is said to be over, and has not said what it pays.
    pub fn payout_unread(&self) -> bool {
        let over = matches!(self.status().0, BetStatus::Settled | BetStatus::Void);
        over && self.taken.is_some() && self.pays.is_none() && !self.claimed
    }
    /// How it was settled.
    pub const fn result(&self) -> Option<Settlement> {
        self.result
    }
    /// Whether its bytes were handed over.
    pub const fn left(&self) -> bool {
        self.left
    }
    /// Whether the API has it in any state.
    pub const fn known_to_the_venue(&self) -> bool {
        self.states != 0
    }
    /// Whether it may still come to be: nothing decides it either way.
    pub fn open(&self) -> bool {
        matches!(self.status().0, BetStatus::Pending | BetStatus::Matched)
    }
}

/// A leg may not have two nonces that could both be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{holder} still holds a nonce for this leg, and it can still be accepted")]
pub struct NonceHeld {
    /// The order that holds it.
    pub holder: OrderId,
}

/// Nonces: single use on chain, any order (spec 7.2). Given out rising from the milliseconds of the wall clock, so that a lost journal
/// cannot repeat one, and held per leg until the bet's fate is decided.
#[derive(Clone, Debug, Default)]
pub struct Nonces {
    last: u64,
    held: BTreeMap<u64, OrderId>,
}

impl Nonces {
    /// Above all that were ever given out, by the journal.
    pub fn above(last: u64) -> Self {
        Self { last, held: BTreeMap::new() }
    }
    /// A fresh one for an order.
    ///
    /// # Errors
    /// [`NonceHeld`] while an earlier one of the same round, leg and purpose can still be accepted.
    pub fn next(&mut self, order: OrderId, now: Wall) -> Result<u64, NonceHeld> {
        let same = |held: &OrderId| (held.round, held.leg, held.purpose) == (order.round, order.leg, order.purpose);
        if let Some(holder) = self.held.values().copied().find(same) {
            return Err(NonceHeld { holder });
        }
        let nonce = self.last.saturating_add(1).max(u64::try_from(now.ms()).unwrap_or(0));
        self.last = nonce;
        self.held.insert(nonce, order);
        Ok(nonce)
    }
    /// One of an earlier life.
    pub fn adopt(&mut self, nonce: u64, order: OrderId) {
        self.last = self.last.max(nonce);
        self.held.insert(nonce, order);
    }
    /// The bet's fate is decided: it can no longer come to be by surprise.
    pub fn release(&mut self, nonce: u64) {
        self.held.remove(&nonce);
    }
    /// The largest that was given out; journaled with each order.
    pub const fn last(&self) -> u64 {
        self.last
    }
    /// Whose it is, while it is held.
    pub fn holder(&self, nonce: u64) -> Option<OrderId> {
        self.held.get(&nonce).copied()
    }
}

#[cfg(test)]
mod tests;
