//! The SX Bet client: a protocol machine for the order book V3 of the venue.
//!
//! Owns everything that only this venue does: its ladder of odds, its signed orders whose id is their digest, its Centrifugo channels
//! with recovery, its fills that are matched first and locked later. Owns no socket, no clock and no decision: a shell performs the
//! [`venue_api::Action`]s it asks for and feeds it what arrived, by the seam of every betting venue, [`venue_api::BetClient`].
//!
//! ```text
//! start: metadata + fees + token + markets - connect - account channels, books - Ready
//! bet:   prepare (digest = id, journaled) - POST /orders-v3 - outcome - fills MATCHED - LOCKED or FAILED - SETTLED
//! lost answer: GET /orders-v3/{id}, GET /fills-v3 until the fate is known; never sent again
//! ```

mod account;
pub mod book;
pub mod call;
#[cfg(test)]
mod captures;
pub mod catalog;
mod channels;
mod client;
mod config;
pub mod error;
pub mod ladder;
pub mod listing;
mod market_data;
pub mod metadata;
pub mod parse;
pub mod reader;
mod realtime;
mod reference;
mod requests;
mod session;
pub mod sign;
pub mod state;
mod trading;
pub mod wire;

pub use channels::CHANNELS_MAX;
pub use config::SxConfig;
pub use error::Error;

use book::Book;
use catalog::Market;
use channels::Channels;
use domain::{MarketId, Mono, OrderId, VenueId};
use metadata::Metadata;
use parse::Fees;
use requests::Requests;
use session::Session;
use signing::EvmKey;
use signing::ed25519::RequestSigner;
use std::collections::{BTreeMap, BTreeSet};
use trading::Tracked;

/// The venue's name in our words.
pub const VENUE: VenueId = VenueId::new("sx");

/// Longest wait before the realtime connection is tried again, ms: what the shell's backoff is to be capped at, so that the books
/// are back in under two seconds (spec section 11: at once, then 100 to 500 ms).
pub const BACKOFF_CAP_MS: u64 = 500;

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
    /// Status of events, where it is known.
    fixtures: BTreeMap<String, u8>,
    /// A reading of the markets is on its way, and this is what it and the channel have shown since it began.
    reading_markets: bool,
    seen: BTreeSet<MarketId>,
    books: BTreeMap<MarketId, Book>,
    /// Watched markets without a channel whose best odds are told.
    odds_told: BTreeSet<MarketId>,
    bets: BTreeMap<OrderId, Tracked>,
    by_venue: BTreeMap<String, OrderId>,
    /// Fills are asked for by date, because the venue does not take the question by order.
    fills_by_date: bool,
    /// Cancels of many that were not confirmed: event or all, and how often tried.
    cancels: Vec<(Option<String>, u16)>,
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
        let channels = Channels::of_account(&key.address().to_string());
        Ok(Self {
            config,
            key,
            signer,
            metadata: None,
            fees: None,
            session: Session::new(channels),
            requests: Requests::default(),
            markets: BTreeMap::new(),
            fixtures: BTreeMap::new(),
            reading_markets: false,
            seen: BTreeSet::new(),
            books: BTreeMap::new(),
            odds_told: BTreeSet::new(),
            bets: BTreeMap::new(),
            by_venue: BTreeMap::new(),
            fills_by_date: false,
            cancels: Vec::new(),
            armed: false,
        })
    }

    /// The account's address, with its checksum.
    pub fn address(&self) -> String {
        self.key.address().to_string()
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
    /// The version of a watched market's book, while it is the venue's last word.
    pub fn book_version(&self, market: MarketId) -> Option<&str> {
        self.books.get(&market).and_then(Book::version)
    }
}
