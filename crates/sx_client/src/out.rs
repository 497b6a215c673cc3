//! What the client tells and asks of its shell.

use crate::parse::BalanceSeen;
use crate::state::BetEvent;
use domain::{BetStatus, MarketId, OrderId, Quote};
use venue_api::{Action, SessionNews};

/// A change of what can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteNews {
    /// The best odds of one outcome now.
    Best(Quote),
    /// Nothing is offered on this outcome of the market.
    Empty(MarketId, domain::Outcome),
    /// What the market offers is not known.
    Lost(MarketId),
}

/// What the client learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// About one bet: journal it. The state is the fold of these.
    Bet {
        /// Which.
        bet: OrderId,
        /// What was learned.
        event: BetEvent,
        /// How it stands now.
        status: BetStatus,
    },
    /// The fate of a bet is open; it is being asked for.
    Unknown {
        /// Which.
        bet: OrderId,
        /// Why.
        why: String,
    },
    /// A question about a bet got no usable answer; it is repeated.
    QueryFailed {
        /// Which.
        bet: OrderId,
        /// Why.
        why: String,
    },
    /// An order or a fill of the account that is none of ours.
    Foreign {
        /// What was seen.
        evidence: String,
    },
    /// The venue may cancel every resting order: the heartbeat was not renewed.
    HeartbeatMissed {
        /// Why.
        why: String,
    },
    /// The markets were read; so many are known.
    Markets(usize),
    /// The account's money, asked for by `read_account`. `None`: it could not be read.
    Balance(Option<BalanceSeen>),
    /// About the session.
    Session(SessionNews),
}

/// Reused buffers that one call fills.
#[derive(Debug, Default)]
pub struct Out {
    /// Changes of quotes, in order.
    pub quotes: Vec<QuoteNews>,
    /// News, in order.
    pub news: Vec<News>,
    /// Actions to perform, in order.
    pub actions: Vec<Action>,
}

impl Out {
    /// Empties everything and keeps the capacity.
    pub fn clear(&mut self) {
        self.quotes.clear();
        self.news.clear();
        self.actions.clear();
    }
}
