//! What the machine leaves for its shell: actions, questions to the chain, and news.

use crate::parse::{Condition, Game};
use crate::state::Fact;
use domain::{BetStatus, MarketId, OrderId, Outcome, Quote};
use venue_api::{Action, RequestId, SessionNews};

/// One JSON-RPC request to a node of the environment's chain. Its answer comes by `on_reply`, under this id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainRequest {
    /// Numbered together with the requests to the venue.
    pub id: RequestId,
    /// The body of the POST.
    pub body: String,
    /// When to give up, ms.
    pub timeout_ms: u64,
}

/// The bettor's means, raw token units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Funds {
    /// Bet token held.
    pub balance: u128,
    /// What the relayer may still take of it.
    pub allowance: u128,
}

/// What the client learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// About the session.
    Session(SessionNews),
    /// A page of games that was asked for, and how many pages there are.
    Games {
        /// In the venue's order.
        games: Vec<Game>,
        /// Number of pages.
        pages: u32,
    },
    /// Conditions that were asked for.
    Conditions(Vec<Condition>),
    /// What can be had on a watched outcome now.
    Quote(Quote),
    /// Nothing can be had on a watched outcome now.
    NoQuote {
        /// Its market.
        market: MarketId,
        /// Which outcome.
        outcome: Outcome,
        /// Why.
        why: &'static str,
    },
    /// Something new about a bet of ours: one record of the journal.
    Bet {
        /// Which.
        order: OrderId,
        /// What was learned.
        fact: Fact,
        /// Where it stands now.
        status: BetStatus,
        /// Why it stands there.
        why: &'static str,
    },
    /// The bettor's means.
    Funds(Funds),
    /// A question got no answer to rely on; nothing was learned.
    Failed {
        /// Which.
        what: &'static str,
        /// About which bet, if one.
        order: Option<OrderId>,
        /// Why.
        why: String,
    },
}

/// Reused buffers that the machine fills during one call.
#[derive(Debug, Default)]
pub struct Output {
    /// For the venue, in order.
    pub actions: Vec<Action>,
    /// For the chain, in order.
    pub chain: Vec<ChainRequest>,
    /// In order.
    pub news: Vec<News>,
}

impl Output {
    /// Empties everything and keeps the capacity.
    pub fn clear(&mut self) {
        self.actions.clear();
        self.chain.clear();
        self.news.clear();
    }
}
