//! The machine: what it holds, how it numbers what it asks, and where each answer goes.
//!
//! Owns the table of requests under way. `session` has the connection and the means, `catalog` what is listed, `quoting` the odds,
//! `limits` what the house takes, `submit` and `follow` the bets, `inquest` the chain's word on them.

use crate::account::Pages;
use crate::catalog::Catalog;
use crate::config::AzuroConfig;
use crate::error::Error;
use crate::feed::Feed;
use crate::inquest::Inquest;
use crate::limits::Book;
use crate::state::Nonces;
use crate::submit::Bet;
use domain::{BetSpec, MarketId, Mono, Now, OrderId, Outcome, VenueId};
use signing::EvmKey;
use std::collections::{BTreeMap, BTreeSet};
use venue_api::{
    Action, BetClient, BetNews, BetOut, ConnId, Frame, KnownBet, Lane, Method, Payload, PrepareError, PreparedBet, Reply,
    RequestId, StakeTerms, TimerId,
};

/// The feed.
pub(crate) const FEED: ConnId = ConnId(0);
/// The relayer's fee and the funds.
pub(crate) const FEE_TIMER: TimerId = TimerId(1);
/// The batch of all watched conditions.
pub(crate) const REFRESH_TIMER: TimerId = TimerId(2);
/// What the venue lists.
pub(crate) const LIST_TIMER: TimerId = TimerId(3);
/// Timers of bets: this and the nonce.
pub(crate) const BET_TIMER: u64 = 1 << 63;

/// What a request was for.
#[derive(Clone, Debug)]
pub(crate) enum Pending {
    Fee,
    Games,
    Conditions,
    Batch(Vec<MarketId>),
    Limits(MarketId, Outcome),
    Post {
        order: OrderId,
        repeat: bool,
    },
    Poll(OrderId),
    Orders(Pages),
    ChainId,
    /// True: somebody waits for the answer.
    Balance(bool),
    /// True: somebody waits for the answer.
    Allowance(bool),
    Inquest(OrderId, Inquest),
}

impl Pending {
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Fee => "gas-info",
            Self::Games => "the list of games",
            Self::Conditions => "the list of conditions",
            Self::Batch(_) => "the batch of conditions",
            Self::Limits(..) => "the calculation",
            Self::Post { .. } => "the answer to a bet",
            Self::Poll(_) => "the order",
            Self::Orders(_) => "the list of orders",
            Self::ChainId => "the chain's id",
            Self::Balance(_) => "the balance",
            Self::Allowance(_) => "the allowance",
            Self::Inquest(..) => "the chain's word on a bet",
        }
    }
    const fn of_the_chain(&self) -> bool {
        matches!(self, Self::ChainId | Self::Balance(_) | Self::Allowance(_) | Self::Inquest(..))
    }
}

/// The client. See the crate.
#[derive(Debug)]
pub struct AzuroClient {
    pub(crate) config: AzuroConfig,
    pub(crate) key: Option<EvmKey>,
    pub(crate) catalog: Catalog,
    pub(crate) feed: Feed,
    pub(crate) bets: BTreeMap<OrderId, Bet>,
    pub(crate) nonces: Nonces,
    /// What the house takes, by its calculations.
    pub(crate) limits: Book,
    /// Subscribed and not acknowledged.
    pub(crate) unacknowledged: BTreeSet<MarketId>,
    requests: BTreeMap<u64, Pending>,
    last_request: u64,
    pub(crate) fee: Option<(u128, Mono)>,
    /// Bet token held, raw units, and when that was read.
    pub(crate) balance: Option<(u128, Mono)>,
    /// What the relayer may still take of it, raw units, and when that was read.
    pub(crate) allowance: Option<(u128, Mono)>,
    /// In bets that are not over, raw units, by the venue's last list.
    pub(crate) in_bets: Option<u128>,
    /// Orders that are none of ours and have been told.
    pub(crate) strangers: BTreeSet<String>,
    pub(crate) chain_is_right: bool,
    pub(crate) open: bool,
    /// The venue asked for silence until then.
    quiet_until: Mono,
    pub(crate) fatal: bool,
    pub(crate) stopped: bool,
    pub(crate) was_ready: bool,
}

impl AzuroClient {
    /// The venue's short name.
    pub const VENUE: VenueId = VenueId::new("azuro");

    /// A client that has not started.
    ///
    /// # Errors
    /// [`Error`] when a value is out of range or the key does not read.
    pub fn new(config: AzuroConfig) -> Result<Self, Error> {
        config.check()?;
        let key = config.key.as_ref().map(EvmKey::from_hex).transpose()?;
        Ok(Self {
            nonces: Nonces::above(config.last_nonce),
            config,
            key,
            catalog: Catalog::default(),
            feed: Feed::default(),
            bets: BTreeMap::new(),
            limits: Book::default(),
            unacknowledged: BTreeSet::new(),
            requests: BTreeMap::new(),
            last_request: 0,
            fee: None,
            balance: None,
            allowance: None,
            in_bets: None,
            strangers: BTreeSet::new(),
            chain_is_right: false,
            open: false,
            quiet_until: Mono::default(),
            fatal: false,
            stopped: false,
            was_ready: false,
        })
    }

    fn number(&mut self, what: Pending) -> u64 {
        self.last_request = self.last_request.saturating_add(1);
        self.requests.insert(self.last_request, what);
        self.last_request
    }

    /// The venue has asked for silence.
    pub(crate) fn is_quiet(&self, now: Now) -> bool {
        now.mono < self.quiet_until
    }

    /// Arms a timer, not before the silence that the venue asked for is over.
    pub(crate) fn arm(&self, id: TimerId, wait_ms: u64, now: Now, out: &mut BetOut) {
        out.actions.push(Action::Timer { id, at: now.mono.plus_ms(wait_ms).max(self.quiet_until) });
    }

    pub(crate) fn ask(&mut self, what: Pending, lane: Lane, method: Method, target: String, body: String, out: &mut BetOut) {
        let timeout_ms = if lane == Lane::Orders { self.config.order_timeout_ms } else { self.config.read_timeout_ms };
        let id = RequestId(self.number(what));
        out.actions.push(Action::Request {
            id,
            lane,
            method,
            target,
            headers: Vec::new(),
            body: Payload::Text(body),
            timeout_ms,
        });
    }

    /// A question to the chain; the node's own address is the shell's, so there is no target below it.
    pub(crate) fn ask_chain(&mut self, what: Pending, body: impl FnOnce(u64) -> String, out: &mut BetOut) {
        let id = self.number(what);
        out.actions.push(Action::Request {
            id: RequestId(id),
            lane: Lane::Chain,
            method: Method::Post,
            target: String::new(),
            headers: Vec::new(),
            body: Payload::Text(body(id)),
            timeout_ms: self.config.read_timeout_ms,
        });
    }

    fn reply(&mut self, request: RequestId, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        let Some(what) = self.requests.remove(&request.0) else { return };
        if let Reply::Answer { status: 429, retry_after_ms, .. } = reply
            && !what.of_the_chain()
        {
            // No limit is published. A minute is more than any can mean; the cap keeps a broken header from silencing the client.
            self.quiet_until = now.mono.plus_ms(retry_after_ms.unwrap_or(1_000).min(60_000));
        }
        let body = match (&what, reply) {
            (Pending::Post { order, repeat }, reply) => return self.post_reply(*order, *repeat, reply, now, out),
            (Pending::Poll(order), reply) => return self.poll_reply(*order, reply, now, out),
            (Pending::Orders(pages), reply) => return self.orders_reply(*pages, reply, out),
            (_, Reply::Answer { status: 200..=299, body, .. }) => Ok(body),
            (_, Reply::Answer { status, .. }) => Err(format!("status {status}")),
            (_, Reply::NotSent(why) | Reply::Unknown(why)) => Err(why.to_owned()),
        };
        match what {
            Pending::Games => self.games_reply(body, now, out),
            Pending::Conditions => self.conditions_reply(body, now, out),
            Pending::Batch(ids) => self.batch_reply(&ids, body, now, out),
            Pending::Limits(market, outcome) => self.limits_reply(market, outcome, body, now, out),
            Pending::Inquest(order, stage) => self.inquest_reply(order, stage, request.0, body, now, out),
            Pending::Fee => self.fee_reply(body, now, out),
            Pending::ChainId => self.chain_id_reply(request.0, body, out),
            Pending::Balance(waited) => self.balance_reply(waited, request.0, body, now, out),
            Pending::Allowance(waited) => self.allowance_reply(waited, request.0, body, now, out),
            // Answered above.
            Pending::Post { .. } | Pending::Poll(_) | Pending::Orders(_) => {}
        }
        self.tell_readiness(now, out);
    }
}

impl BetClient for AzuroClient {
    fn venue(&self) -> VenueId {
        Self::VENUE
    }
    fn ready(&self, now: Now) -> bool {
        self.not_ready(now).is_none()
    }
    fn start(&mut self, now: Now, out: &mut BetOut) {
        self.begin(now, out);
    }
    fn on_open(&mut self, conn: ConnId, now: Now, out: &mut BetOut) {
        self.opened(conn, now, out);
    }
    fn on_closed(&mut self, conn: ConnId, code: Option<u16>, why: &str, now: Now, out: &mut BetOut) {
        self.closed(conn, code, why, now, out);
    }
    fn on_frame(&mut self, conn: ConnId, frame: Frame<'_>, now: Now, out: &mut BetOut) {
        self.frame(conn, frame, now, out);
    }
    fn on_reply(&mut self, request: RequestId, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        self.reply(request, reply, now, out);
    }
    fn on_timer(&mut self, timer: TimerId, now: Now, out: &mut BetOut) {
        if self.stopped {
            return;
        }
        match timer {
            FEE_TIMER => self.fee_due(now, out),
            REFRESH_TIMER => self.refresh_due(now, out),
            LIST_TIMER => self.list_due(now, out),
            TimerId(bet) if bet & BET_TIMER != 0 => self.bet_due(bet & !BET_TIMER, now, out),
            TimerId(_) => {}
        }
        self.tell_readiness(now, out);
    }
    fn watch(&mut self, market: MarketId, now: Now, out: &mut BetOut) {
        self.watch_market(market, now, out);
    }
    fn unwatch(&mut self, market: MarketId, _now: Now, out: &mut BetOut) {
        self.unwatch_market(market, out);
    }
    fn terms(&self, market: MarketId, outcome: Outcome) -> Option<StakeTerms> {
        self.stake_terms(market, outcome)
    }
    fn prepare(&mut self, bet: BetSpec, now: Now) -> Result<PreparedBet, PrepareError> {
        self.prepare_bet(bet, now)
    }
    fn send(&mut self, prepared: PreparedBet, now: Now, out: &mut BetOut) {
        self.send_bet(&prepared, now, out);
    }
    fn discard(&mut self, prepared: PreparedBet) {
        self.discard_bet(&prepared);
    }
    fn query(&mut self, bet: OrderId, _now: Now, out: &mut BetOut) {
        self.query_bet(bet, out);
    }
    /// There is no such thing at this venue: a bet ends by the expiry inside its signed bytes (spec section 0, point 4).
    fn cancel(&mut self, _bet: OrderId, _now: Now, _out: &mut BetOut) {}
    fn adopt(&mut self, known: KnownBet, now: Now, out: &mut BetOut) -> Result<(), String> {
        self.adopt_bet(known, now, out)
    }
    fn forget(&mut self, bet: OrderId) {
        self.forget_bet(bet);
    }
    fn read_account(&mut self, _now: Now, out: &mut BetOut) {
        self.ask_orders(Pages::default(), out);
    }
    fn stop(&mut self, _now: Now, out: &mut BetOut) {
        self.end(out);
    }
}

/// A question about no bet got no answer to rely on.
pub(crate) fn failed(what: &'static str, why: impl std::fmt::Display, out: &mut BetOut) {
    out.news.push(BetNews::QueryFailed { bet: None, why: format!("{what}: {why}") });
}

/// A question about a bet got none.
pub(crate) fn failed_about(bet: OrderId, what: &'static str, why: impl std::fmt::Display, out: &mut BetOut) {
    out.news.push(BetNews::QueryFailed { bet: Some(bet), why: format!("{what}: {why}") });
}
