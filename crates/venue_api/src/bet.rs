//! What a betting venue's client is: the same protocol machine as a [`crate::VenueClient`], with the words of bets.
//!
//! The same shell drives it: it performs the [`Action`]s and feeds what arrived. A bet is not an order on an instrument: it names a
//! market and an outcome, its odds are a fraction, and its end comes in steps (matched, irrevocable, paid) that can be hours apart.

use crate::{Action, ConnId, Frame, PrepareError, Reply, RequestId, SessionNews, TimerId};
use domain::{BetSpec, BetStatus, Listing, MarketId, Now, OrderId, Outcome, Quote, Rate, Stake, VenueId, VenueKey};

/// A change of what can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuoteNews {
    /// The best odds of one outcome now, and the stake they are good for.
    Best(Quote),
    /// Nothing can be had on this outcome now.
    Empty {
        /// Its market.
        market: MarketId,
        /// Which outcome.
        outcome: Outcome,
        /// Why.
        why: &'static str,
    },
    /// What the market offers is not known: nothing of it may be traded on.
    Lost {
        /// Which.
        market: MarketId,
        /// Why.
        why: &'static str,
    },
}

/// One thing learned about a bet: one record of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BetReport {
    /// Which.
    pub bet: OrderId,
    /// What was learned, in the venue crate's own words (JSON): what [`BetClient::adopt`] folds again after a restart.
    pub fact: String,
    /// How it stands now.
    pub status: BetStatus,
    /// Stake taken so far; what is `Matched` can still fall back.
    pub taken: Stake,
    /// What the taken stake returns when it wins, itself included, before fees.
    pub returns: Stake,
    /// What came back in the end, after fees; `None` until then.
    pub paid: Option<Stake>,
    /// Why it stands there, in words for people.
    pub why: String,
}

/// The account's money at a venue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BetFunds {
    /// What a bet can be made of now.
    pub free: Stake,
    /// What is in bets that are not settled, where the venue says.
    pub in_bets: Option<Stake>,
}

/// What a client learned, besides quotes and listings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BetNews {
    /// About one bet: journal it.
    Bet(BetReport),
    /// The fate of a bet is open; it is being asked for.
    Unknown {
        /// Which.
        bet: OrderId,
        /// Why.
        why: String,
    },
    /// A question got no usable answer; it is repeated.
    QueryFailed {
        /// Which bet, if one.
        bet: Option<OrderId>,
        /// What was asked, and why it failed.
        why: String,
    },
    /// An order or a fill of the account that is none of ours.
    Foreign {
        /// What was seen.
        evidence: String,
    },
    /// The account's money, asked for by `read_account`. `None`: it could not be read.
    Funds(Option<BetFunds>),
    /// The venue may cancel every resting order: the heartbeat was not renewed.
    HeartbeatMissed {
        /// Why.
        why: String,
    },
    /// All that the venue lists of the sports asked for has been told; so many markets are known.
    Listed(usize),
    /// About the session.
    Session(SessionNews),
}

/// Reused buffers that one call fills.
#[derive(Debug, Default)]
pub struct BetOut {
    /// Changes of quotes, in order.
    pub quotes: Vec<QuoteNews>,
    /// Markets seen for the first time, or changed in more than their odds.
    pub listings: Vec<Listing>,
    /// News, in order.
    pub news: Vec<BetNews>,
    /// Actions to perform, in order.
    pub actions: Vec<Action>,
}

impl BetOut {
    /// Empties everything and keeps the capacity.
    pub fn clear(&mut self) {
        self.quotes.clear();
        self.listings.clear();
        self.news.clear();
        self.actions.clear();
    }
}

/// What a bet on one outcome may be and what it costs, by what was last read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StakeTerms {
    /// Smallest stake taken.
    pub min: Stake,
    /// Largest stake taken, where the venue says.
    pub max: Option<Stake>,
    /// Stakes are multiples of this.
    pub step: Stake,
    /// Part of a winning bet's profit that the venue keeps.
    pub profit_fee: Rate,
    /// Paid with every bet whatever its end: the relayer's fee.
    pub cost: Stake,
}

/// A bet in signed bytes, not yet sent. The shell journals `spec` and `key` before it hands this back to [`BetClient::send`].
#[derive(Debug, PartialEq, Eq)]
pub struct PreparedBet {
    /// As wanted.
    pub spec: BetSpec,
    /// The venue's id of the order, its digest, and when these bytes are dead unless the venue knows them.
    pub key: VenueKey,
}

/// A bet of an earlier life, by the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownBet {
    /// As wanted.
    pub spec: BetSpec,
    /// As journaled.
    pub key: VenueKey,
    /// Every [`BetReport::fact`] of it, in order.
    pub facts: Vec<String>,
}

/// A betting venue's protocol machine.
pub trait BetClient {
    /// Which venue.
    fn venue(&self) -> VenueId;
    /// True once everything that a bet needs is up.
    fn ready(&self, now: Now) -> bool;

    /// Begins. Called once.
    fn start(&mut self, now: Now, out: &mut BetOut);
    /// A connection asked for is up.
    fn on_open(&mut self, conn: ConnId, now: Now, out: &mut BetOut);
    /// A connection ended or could not be made; `code` is the close code or the HTTP status of a refused upgrade.
    fn on_closed(&mut self, conn: ConnId, code: Option<u16>, why: &str, now: Now, out: &mut BetOut);
    /// A frame arrived.
    fn on_frame(&mut self, conn: ConnId, frame: Frame<'_>, now: Now, out: &mut BetOut);
    /// The answer to a request, or what became of it.
    fn on_reply(&mut self, request: RequestId, reply: Reply<'_>, now: Now, out: &mut BetOut);
    /// A timer asked for is due.
    fn on_timer(&mut self, timer: TimerId, now: Now, out: &mut BetOut);

    /// Quotes a market that it has listed from now on; one that it does not know is told as `Lost`.
    fn watch(&mut self, market: MarketId, now: Now, out: &mut BetOut);
    /// Quotes it no longer.
    fn unwatch(&mut self, market: MarketId, now: Now, out: &mut BetOut);
    /// What a bet on this outcome may be and costs; `None` until it is known.
    fn terms(&self, market: MarketId, outcome: Outcome) -> Option<StakeTerms>;

    /// Puts a bet into signed bytes and says by which key the venue will know it. Sends nothing.
    ///
    /// # Errors
    /// [`PrepareError`]; the bet did not and will not leave.
    fn prepare(&mut self, bet: BetSpec, now: Now) -> Result<PreparedBet, PrepareError>;
    /// Sends what was prepared, once. What becomes of it comes as [`BetNews::Bet`].
    fn send(&mut self, prepared: PreparedBet, now: Now, out: &mut BetOut);
    /// Forgets a prepared bet that will not be sent.
    fn discard(&mut self, prepared: PreparedBet);
    /// Asks the venue, and the chain where there is one, what became of a bet.
    fn query(&mut self, bet: OrderId, now: Now, out: &mut BetOut);
    /// Asks the venue to cancel a resting bet; its end comes as news. Does nothing where a venue has no such thing.
    fn cancel(&mut self, bet: OrderId, now: Now, out: &mut BetOut);
    /// Takes over a bet of an earlier life and asks about it if its fate is open.
    ///
    /// # Errors
    /// A sentence that says which fact does not read, or that the key is none of this account.
    fn adopt(&mut self, known: KnownBet, now: Now, out: &mut BetOut) -> Result<(), String>;
    /// Forgets a bet that is over for good.
    fn forget(&mut self, bet: OrderId);
    /// Asks for the account's money; it comes as [`BetNews::Funds`].
    fn read_account(&mut self, now: Now, out: &mut BetOut);
    /// Closes cleanly; what must be disarmed first is.
    fn stop(&mut self, now: Now, out: &mut BetOut);
}
