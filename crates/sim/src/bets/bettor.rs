//! One life of the bot that bets: both clients, what they quote, and the bets it knows.
//!
//! Decides by the toss of a coin: which bet is worth it is the strategy's business, not this proof's. What it must not do is lose
//! sight of one.

use crate::network::{self, Told};
use azuro_client::environment::POLYGON;
use azuro_client::{AzuroClient, AzuroConfig};
use domain::{BetStatus, Listing, MarketId, Now, OrderId, Outcome, Quote, Wall};
use signing::{EvmKey, SanitizedValue};
use std::collections::BTreeMap;
use sx_client::{SxClient, SxConfig};
use venue_api::{BetClient, BetOut, QuoteNews, Reply};

pub(super) const SX: usize = 0;
pub(super) const AZURO: usize = 1;
pub(super) const NAMES: [&str; 2] = ["sx", "azuro"];

/// The throw-away account's API key at the simulated SX Bet.
pub(super) const API_KEY: &str = "an-api-key";
/// Markets quoted at a venue.
const WATCHED_MAX: usize = 12;

/// Only events that begin so soon, ms: their end belongs to the run.
const SOON_MS: (i64, i64) = (45_000, 180_000);

/// The throw-away keys: they hold nothing anywhere.
pub(super) fn secret(venue: usize) -> SanitizedValue {
    SanitizedValue::new(format!("0x{}", ["41", "42"][venue].repeat(32)))
}

/// The address that bets at a venue.
pub(super) fn address(venue: usize) -> String {
    EvmKey::from_hex(&secret(venue)).expect("a constant below the order").address().to_string()
}

/// How a life is set up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setup {
    /// Largest nonce in the journal.
    pub(super) last_nonce: u64,
    /// Longest wait for the outcome of an order at SX Bet, ms.
    pub(super) wait_ms: u32,
    /// One market in so many is quoted.
    pub(super) one_in: u64,
}

/// See the module.
pub(super) struct Bettor {
    clients: [Box<dyn BetClient>; 2],
    pub(super) out: BetOut,
    pub(super) quotes: BTreeMap<(usize, MarketId, Outcome), Quote>,
    /// Markets quoted, and when their events begin.
    pub(super) watched: [BTreeMap<MarketId, Wall>; 2],
    /// Of this life and of those before.
    pub(super) bets: BTreeMap<OrderId, (usize, BetStatus)>,
    pub(super) next_seq: u32,
    one_in: u64,
}

impl Bettor {
    pub(super) fn new(setup: Setup) -> Self {
        let sx = SxConfig { wait_ms: setup.wait_ms, ..SxConfig::new(SanitizedValue::new(API_KEY.to_owned()), secret(SX), 4_162) };
        let azuro = AzuroConfig {
            key: Some(secret(AZURO)),
            last_nonce: setup.last_nonce,
            sports: vec![33],
            horizon_h: 1,
            ..AzuroConfig::new(&POLYGON)
        };
        Self {
            clients: [
                Box::new(SxClient::new(sx).expect("a configuration within its ranges")),
                Box::new(AzuroClient::new(azuro).expect("a configuration within its ranges")),
            ],
            out: BetOut::default(),
            quotes: BTreeMap::new(),
            watched: [BTreeMap::new(), BTreeMap::new()],
            bets: BTreeMap::new(),
            next_seq: 1,
            one_in: setup.one_in,
        }
    }

    /// Lets a client do something; what it wants is in `out` afterwards.
    pub(super) fn enter<R>(&mut self, venue: usize, act: impl FnOnce(&mut dyn BetClient, &mut BetOut) -> R) -> R {
        self.out.clear();
        let result = act(&mut *self.clients[venue], &mut self.out);
        for news in &self.out.quotes {
            match *news {
                QuoteNews::Best(quote) => {
                    self.quotes.insert((venue, quote.market, quote.outcome), quote);
                }
                QuoteNews::Empty { market, outcome, .. } => {
                    self.quotes.remove(&(venue, market, outcome));
                }
                QuoteNews::Lost { market, .. } => self.quotes.retain(|(at, of, _), _| *at != venue || *of != market),
            }
        }
        result
    }

    pub(super) fn look<R>(&self, venue: usize, look: impl FnOnce(&dyn BetClient) -> R) -> R {
        look(&*self.clients[venue])
    }

    /// Takes in what reached it from a venue.
    pub(super) fn hear(&mut self, venue: usize, told: Told, now: Now) {
        self.enter(venue, |client, out| match told {
            Told::Opened(conn) => client.on_open(conn, now, out),
            Told::Closed { conn, code, why } => client.on_closed(conn, code, why, now, out),
            Told::Frame { conn, message } => client.on_frame(conn, network::frame(&message), now, out),
            Told::Answer { request, status, retry_after_ms, body } => {
                client.on_reply(request, Reply::Answer { status, retry_after_ms, body: &body }, now, out);
            }
            Told::NoAnswer { request, why } => client.on_reply(request, Reply::Unknown(why), now, out),
            Told::Timer(timer) => client.on_timer(timer, now, out),
        });
    }

    /// Which of the markets told just now it wants to have quoted.
    pub(super) fn wants(&mut self, venue: usize, listings: &[Listing], now: Now) -> Vec<MarketId> {
        let mut wanted = Vec::new();
        for listing in listings {
            let drawn = listing.market.0.iter().fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
            let room = self.watched[venue].len() < WATCHED_MAX;
            let soon = (SOON_MS.0..SOON_MS.1).contains(&(listing.starts.ms() - now.wall.ms()));
            if listing.open
                && soon
                && room
                && drawn % self.one_in == 0
                && self.watched[venue].insert(listing.market, listing.starts).is_none()
            {
                wanted.push(listing.market);
            }
        }
        wanted
    }
}
