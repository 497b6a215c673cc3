//! What a venue client is: a protocol machine without I/O.
//!
//! A shell (the live one in `transport` and `orchestrator`, the simulated one in `sim`) owns sockets, time and
//! randomness. It feeds a client what arrived and performs the [`Action`]s the client leaves in [`Out`]. A client
//! never waits, never reads a clock and never names another venue. Implemented by the venue crates, driven by
//! `shard`.

mod action;
mod backoff;
mod bet;
mod out;

pub use action::{Action, ConnId, Frame, Header, Lane, Method, Payload, Reply, RequestId, TimerId};
pub use backoff::Backoff;
pub use bet::{BetClient, BetFunds, BetNews, BetOut, BetReport, KnownBet, PreparedBet, QuoteNews, StakeTerms};
pub use out::{Out, SessionNews, VenueNews};

use domain::{Instrument, Now, OrderId, OrderSpec, Rate, TimeInForce, VenueId, VenueKey};
use risk::ClearedOrder;

/// What a venue can do and how its orders die. Constant for the life of a client, except where noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The time in force to use for a leg that must fill now.
    pub immediate: TimeInForce,
    /// Whether the venue honours reduce-only. May turn false when the venue proves otherwise.
    pub reduce_only: bool,
    /// Whether a market order must carry a protective limit.
    pub market_needs_limit: bool,
    /// Whether an order that is still live can be cancelled.
    pub cancel: bool,
    /// How long after being sent identical bytes may still be accepted, in ms: validity plus margin.
    pub fence_ms: i64,
    /// How far beyond the best price the venue lets a limit be before it refuses, if it has such a band.
    pub price_band: Option<Rate>,
}

/// An order in the venue's own words, signed, not yet sent. Made by [`VenueClient::prepare`]; the shell journals
/// `key` before it hands this back to [`VenueClient::send`].
#[derive(Debug)]
pub struct Prepared {
    /// The order as cleared.
    pub spec: OrderSpec,
    /// Ours to ask the venue by.
    pub key: VenueKey,
}

/// Why an order could not be put into the venue's words. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// No session that takes orders.
    #[error("the order session is not up: {0}")]
    NotReady(&'static str),
    /// The order breaks a rule of the instrument or of the venue.
    #[error("the venue would refuse it: {0}")]
    Invalid(String),
    /// The clearance has expired.
    #[error(transparent)]
    Expired(#[from] risk::Expired),
    /// The rate budget is used up.
    #[error("no order budget left for {0} ms")]
    Budget(u64),
}

/// Remembers what the client needs to answer for an order across a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownOrder {
    /// The order as it was sent or meant to be.
    pub spec: OrderSpec,
    /// Its key as journaled.
    pub key: VenueKey,
    /// What it has filled by the journal. A venue with a memory of its own is asked; one that is simulated beside the bot has
    /// no other.
    pub fills: domain::Fills,
    /// Whether it is over by the journal.
    pub over: bool,
}

/// A venue's protocol machine.
pub trait VenueClient {
    /// Which venue.
    fn venue(&self) -> VenueId;
    /// What it can do.
    fn capabilities(&self) -> &Capabilities;
    /// The instruments it was given, with the grid as last read from the venue.
    fn instruments(&self) -> &[Instrument];
    /// True once authenticated, subscribed, and able to take orders.
    fn ready(&self) -> bool;

    /// Begins: asks for whatever has to happen first. Called once.
    fn start(&mut self, now: Now, out: &mut Out);
    /// A connection asked for by [`Action::Connect`] is up.
    fn on_open(&mut self, conn: ConnId, now: Now, out: &mut Out);
    /// A connection ended or could not be made; `code` is the close code or the HTTP status of a refused upgrade.
    /// The client answers with what is needed to come back ([`Action::Connect`] again; the shell adds the backoff).
    fn on_closed(&mut self, conn: ConnId, code: Option<u16>, why: &str, now: Now, out: &mut Out);
    /// A frame arrived.
    fn on_frame(&mut self, conn: ConnId, frame: Frame<'_>, now: Now, out: &mut Out);
    /// The answer to an [`Action::Request`], or what became of it.
    fn on_reply(&mut self, request: RequestId, reply: Reply<'_>, now: Now, out: &mut Out);
    /// A timer asked for by [`Action::Timer`] is due.
    fn on_timer(&mut self, timer: TimerId, now: Now, out: &mut Out);

    /// Puts a cleared order into signed bytes and says by which key the venue will know it. Keeps the bytes; sends
    /// nothing.
    ///
    /// # Errors
    /// [`PrepareError`]; the order did not and will not leave.
    fn prepare(&mut self, order: ClearedOrder, now: Now) -> Result<Prepared, PrepareError>;
    /// Sends what was prepared, once. The outcome comes as news.
    fn send(&mut self, order: Prepared, now: Now, out: &mut Out);
    /// Forgets a prepared order that will not be sent.
    fn discard(&mut self, order: Prepared);
    /// Asks the venue to cancel a live order. Its end comes as news.
    fn cancel(&mut self, order: OrderId, now: Now, out: &mut Out);
    /// Asks the venue what became of an order: by key, in open orders, history and fills. Answers with
    /// `Filling`, `Done`, `Absent` or `QueryFailed` news.
    fn query(&mut self, order: OrderId, now: Now, out: &mut Out);
    /// Asks for an [`domain::AccountSnapshot`]; it comes as [`VenueNews::Account`].
    fn read_account(&mut self, now: Now, out: &mut Out);
    /// Tells the client about an order of an earlier life, so that it can be asked about and recognised.
    fn adopt(&mut self, order: KnownOrder);
    /// Forgets an order that is over for good.
    fn forget(&mut self, order: OrderId);
    /// Closes connections cleanly; what must be disarmed first is.
    fn stop(&mut self, now: Now, out: &mut Out);
}
