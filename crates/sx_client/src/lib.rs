//! The SX Bet client: a protocol machine for the order book V3 of the venue.
//!
//! Owns everything that only this venue does: its ladder of odds, its signed orders whose id is their digest, its Centrifugo channels
//! with recovery, its fills that are matched first and locked later. Owns no socket, no clock and no decision: a shell performs the
//! [`venue_api::Action`]s it asks for and feeds it what arrived. It has the shape of the perpetuals' clients, with words of its own:
//! a bet is not an order on an instrument. Not wired into the binary yet.
//!
//! ```text
//! start: metadata + fees + token + markets - connect - account channels, books - Ready
//! bet:   prepare (digest = id, journaled) - POST /orders-v3 - outcome - fills MATCHED - LOCKED or FAILED - SETTLED
//! lost answer: GET /orders-v3/{id}, GET /fills-v3 until the fate is known; never sent again
//! ```

pub mod book;
pub mod call;
#[cfg(test)]
mod captures;
pub mod catalog;
mod config;
pub mod error;
pub mod ladder;
mod market_data;
pub mod metadata;
mod out;
pub mod parse;
mod requests;
mod session;
pub mod sign;
pub mod state;
mod trading;
pub mod wire;

pub use config::SxConfig;
pub use error::Error;
pub use out::{News, Out, QuoteNews};
pub use trading::{KnownBet, PreparedBet};

use book::Book;
use catalog::Market;
use domain::{MarketId, Mono, Now, OrderId, VenueId};
use metadata::Metadata;
use parse::Fees;
use requests::{Pending, Requests, timers};
use session::{Channel, Kind, REALTIME, Session};
use signing::EvmKey;
use signing::ed25519::RequestSigner;
use std::collections::BTreeMap;
use trading::Tracked;
use venue_api::{Action, ConnId, Frame, Reply, RequestId, TimerId};

/// The venue's name in our words.
pub const VENUE: VenueId = VenueId::new("sx");

/// The client. See the crate.
#[derive(Debug)]
pub struct SxClient {
    config: SxConfig,
    key: EvmKey,
    signer: Option<RequestSigner>,
    metadata: Option<(Metadata, Mono)>,
    fees: Option<Fees>,
    session: Session,
    requests: Requests,
    markets: BTreeMap<MarketId, Market>,
    books: BTreeMap<MarketId, Book>,
    bets: BTreeMap<OrderId, Tracked>,
    by_venue: BTreeMap<String, OrderId>,
    /// The heartbeat is on.
    armed: bool,
}

impl SxClient {
    /// A client that has not started.
    ///
    /// # Errors
    /// [`Error`] when a key does not read or a value is out of range.
    pub fn new(config: SxConfig) -> Result<Self, Error> {
        config.check()?;
        let key = EvmKey::from_hex(&config.account_key).map_err(Error::AccountKey)?;
        let signer = config.request_seed.as_ref().map(RequestSigner::from_hex).transpose().map_err(Error::RequestSeed)?;
        // The part after `#` is the only user whom the venue lets in: the address with its checksum (spec section 11.1).
        let address = key.address();
        let channels = vec![
            Channel::new(format!("account:orders_v3_#{address}"), Kind::Orders),
            Channel::new(format!("account:fills_v3_#{address}"), Kind::Fills),
            Channel::new("markets:global".to_owned(), Kind::Markets),
        ];
        Ok(Self {
            config,
            key,
            signer,
            metadata: None,
            fees: None,
            session: Session::new(channels),
            requests: Requests::default(),
            markets: BTreeMap::new(),
            books: BTreeMap::new(),
            bets: BTreeMap::new(),
            by_venue: BTreeMap::new(),
            armed: false,
        })
    }

    /// True once metadata and fees are known and the account's channels live.
    pub const fn ready(&self) -> bool {
        self.session.announced
    }
    /// The markets as last read.
    pub fn markets(&self) -> impl Iterator<Item = &Market> {
        self.markets.values()
    }
    /// Fees of the account, once read.
    pub const fn fees(&self) -> Option<Fees> {
        self.fees
    }
    /// What the venue says about itself, once read and believed.
    pub fn metadata(&self) -> Option<&Metadata> {
        self.metadata.as_ref().map(|(metadata, _)| metadata)
    }

    /// Begins. Called once.
    pub fn start(&mut self, now: Now, out: &mut Out) {
        self.begin(now, out);
    }
    /// A connection asked for is up.
    pub fn on_open(&mut self, conn: ConnId, now: Now, out: &mut Out) {
        if self.session.over() {
            out.actions.push(Action::Close { conn });
        } else if conn == REALTIME {
            self.opened(now, out);
        }
    }
    /// A connection ended or could not be made.
    pub fn on_closed(&mut self, conn: ConnId, code: Option<u16>, why: &str, now: Now, out: &mut Out) {
        if conn == REALTIME && !self.session.over() {
            self.closed(code, why, now, out);
        }
    }
    /// A frame arrived.
    pub fn on_frame(&mut self, conn: ConnId, frame: Frame<'_>, now: Now, out: &mut Out) {
        if let (REALTIME, Frame::Text(text), false) = (conn, frame, self.session.stopped) {
            self.frame(text, now, out);
        }
    }
    /// The answer to a request, or what became of it.
    pub fn on_reply(&mut self, request: RequestId, reply: Reply<'_>, now: Now, out: &mut Out) {
        let Some(what) = self.requests.close(request) else { return };
        if let Reply::Answer { status: 429, retry_after_ms, .. } = reply {
            // 30 s is what one bot met; an hour is more than any limit means.
            self.requests.quiet(now.mono.plus_ms(retry_after_ms.unwrap_or(30_000).min(3_600_000)));
        }
        match what {
            Pending::Metadata => self.metadata_reply(reply, now, out),
            Pending::Fees => self.fees_reply(reply, now, out),
            Pending::Token => self.token_reply(reply, now, out),
            Pending::Markets { seen } => self.markets_reply(seen, reply, now, out),
            Pending::Snapshot(market) => self.snapshot_reply(market, reply, now, out),
            Pending::Balance => self.balance_reply(reply, out),
            Pending::Place(bet) => self.place_reply(bet, reply, now, out),
            Pending::Order { bet, past_end } => self.order_reply(bet, past_end, reply, now, out),
            Pending::Fills { bet, after_end, absent, seen } => self.fills_reply((bet, after_end, absent, seen), reply, now, out),
            Pending::Cancel(bet) => self.cancel_reply(bet, reply, now, out),
            Pending::CancelAll => self.cancel_all_reply(reply, now, out),
            Pending::Heartbeat { timeout_s } => Self::heartbeat_reply(timeout_s, reply, now, out),
        }
    }
    /// A timer asked for is due. Bets are asked about even when nothing else works any more.
    pub fn on_timer(&mut self, timer: TimerId, now: Now, out: &mut Out) {
        match timer {
            _ if self.session.stopped => {}
            timers::PACE => self.pace(now, out),
            timers::BETS => self.questions_due(now, out),
            timers::HEARTBEAT => self.heartbeat_due(now, out),
            _ if self.session.fatal => {}
            timers::METADATA => self.ask(Pending::Metadata, call::metadata(), now, out),
            timers::FEES => self.ask(Pending::Fees, call::fees(), now, out),
            timers::TOKEN => self.ask(Pending::Token, call::realtime_token(), now, out),
            timers::MARKETS => self.read_markets(now, out),
            timers::LINK => self.link_due(now, out),
            timers::RESUBSCRIBE => self.subscribe_all(out),
            _ => {}
        }
    }
    /// Asks for the account's money; it comes as [`News::Balance`].
    pub fn read_account(&mut self, now: Now, out: &mut Out) {
        self.ask(Pending::Balance, call::balance(), now, out);
    }
    fn balance_reply(&mut self, reply: Reply<'_>, out: &mut Out) {
        let rows = match reply {
            Reply::Answer { status: 200, body, .. } => parse::balances(body),
            _ => None,
        };
        let wanted = self.metadata.as_ref().map(|(m, _)| (m.base_token.to_string(), m.escrow.to_string()));
        let row = rows.zip(wanted).and_then(|(rows, (token, escrow))| {
            rows.into_iter().find(|row| row.token.eq_ignore_ascii_case(&token) && row.escrow.eq_ignore_ascii_case(&escrow))
        });
        out.news.push(News::Balance(row));
    }
    /// Closes cleanly; resting orders stay what they are, so they are to be cancelled first.
    pub fn stop(&mut self, out: &mut Out) {
        self.session.stopped = true;
        self.session.announced = false;
        out.actions.push(Action::Close { conn: REALTIME });
    }
}
