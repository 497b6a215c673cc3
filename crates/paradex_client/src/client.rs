//! The machine itself: its parts, and how it numbers what it asks for.
//!
//! The verbs are in `session`, `market_data`, `trading`, `lookup` and `account`; here is what they share.

use crate::account::{AccountPart, AccountRead};
use crate::config::Config;
use crate::error::Error;
use crate::lookup::{Lookup, Part};
use crate::market_data::Feed;
use crate::rules::Listing;
use crate::session::Session;
use crate::sign::Signer;
use crate::state::Orders;
use crate::strangers::Seen;
use crate::units::{Units, multiplier_of};
use domain::{Instrument, Lifecycle, Mono, Now, OrderId, OrderNews, OrderReport, Rate, TimeInForce, VenueId, Wall};
use signing::SanitizedValue;
use std::collections::BTreeMap;
use venue_api::{Action, Capabilities, ConnId, Header, Lane, Method, Out, Payload, RequestId, TimerId, VenueNews};

/// The venue's name in the bot.
pub const VENUE: VenueId = VenueId::new("paradex");

/// What an HTTP request of ours is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Http {
    Config,
    Time { sent: Now },
    State,
    Markets,
    Fees,
    Book { market: usize },
    Onboard,
    Auth,
    Create { order: OrderId },
    Cancel { order: OrderId },
    Lookup { order: OrderId, part: Part },
    Account { read: u64, part: AccountPart },
}

/// What a request over a socket is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rpc {
    Login,
    Subscribed {
        needed: bool,
    },
    Create {
        order: OrderId,
    },
    Cancel {
        order: OrderId,
    },
    /// Its answer changes nothing.
    Ignored,
}

/// What a timer is for; the rest of its id names the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimerKind {
    Boot = 1,
    Token = 2,
    Clock = 3,
    State = 4,
    Watch = 5,
    Merge = 6,
    /// An order waits for its answer.
    Ack = 7,
    /// An order is looked up unasked.
    Chase = 8,
    /// Markets and fees are read again.
    Rules = 9,
    /// A book is compared with REST.
    Audit = 10,
}

impl TimerKind {
    const ALL: [Self; 10] = [
        Self::Boot,
        Self::Token,
        Self::Clock,
        Self::State,
        Self::Watch,
        Self::Merge,
        Self::Ack,
        Self::Chase,
        Self::Rules,
        Self::Audit,
    ];

    pub(crate) fn id(self, slot: u64) -> TimerId {
        TimerId((self as u64) << 56 | (slot & (u64::MAX >> 8)))
    }
    pub(crate) fn of(id: TimerId) -> Option<(Self, u64)> {
        Self::ALL.into_iter().find(|k| *k as u64 == id.0 >> 56).map(|k| (k, id.0 & (u64::MAX >> 8)))
    }
}

/// How often the venue's messages could not be used, since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counters {
    /// Public frames that could not be read.
    pub unreadable_public: u64,
    /// Private frames that could not be read.
    pub unreadable_private: u64,
    /// Books lost to gaps, steps back, repeats and unreadable frames.
    pub books_lost: u64,
}

/// The Paradex protocol machine: implements [`venue_api::VenueClient`], knows no clock, socket or randomness.
pub struct ParadexClient {
    pub(crate) config: Config,
    pub(crate) signer: Signer,
    pub(crate) capabilities: Capabilities,
    pub(crate) instruments: Vec<Instrument>,
    /// Per instrument: what `/markets` says of it.
    pub(crate) listing: Vec<Listing>,
    /// Per instrument: the taker fee of its market, if it has its own.
    pub(crate) market_fees: Vec<Option<Rate>>,
    /// The taker fee of the account, once told.
    pub(crate) account_fee: Option<Rate>,
    /// The markets are being read; and have to be read once more after that.
    pub(crate) markets_asked: bool,
    pub(crate) markets_again: bool,
    /// The market whose book is compared next.
    pub(crate) audited: usize,
    /// By the venue's own state.
    pub(crate) lifecycle: Lifecycle,
    pub(crate) feed: Feed,
    pub(crate) session: Session,
    pub(crate) orders: Orders,
    pub(crate) lookups: BTreeMap<OrderId, Lookup>,
    pub(crate) account_reads: BTreeMap<u64, AccountRead>,
    pub(crate) rpc: BTreeMap<u64, (ConnId, Rpc)>,
    pub(crate) http: BTreeMap<u64, Http>,
    /// Strangers reported already: order ids, fill ids, markets.
    pub(crate) strangers: Seen,
    /// The account was in liquidation when last heard of.
    pub(crate) liquidating: bool,
    /// The venue's clock at the first reading of the account: what filled before is not this life's to find.
    pub(crate) born: Option<Wall>,
    /// The venue's clock at the last reading of the account's fills that was whole.
    pub(crate) fills_read: Wall,
    pub(crate) unreadable_private: u64,
    /// The last `signature_timestamp` used, ms: every order gets a later one.
    pub(crate) last_stamp_ms: u64,
    /// The venue asked us to wait until then.
    pub(crate) limited_until: Mono,
    next_rpc: u64,
    next_request: u64,
    next_read: u64,
}

impl std::fmt::Debug for ParadexClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParadexClient").field("session", &self.session).finish_non_exhaustive()
    }
}

impl ParadexClient {
    /// A client that has not asked for anything yet.
    ///
    /// # Errors
    /// [`Error`]: something in the configuration cannot be.
    pub fn new(config: Config) -> Result<Self, Error> {
        if let Some(bad) = config.instruments.iter().find(|i| !is_symbol(&i.symbol)) {
            return Err(Error::Symbol(bad.symbol.clone()));
        }
        if config.onboard && config.l1_address.is_none() {
            return Err(Error::NoL1Address);
        }
        if !(10..=60_000).contains(&config.recv_window_ms) {
            return Err(Error::RecvWindow(config.recv_window_ms));
        }
        let signer = Signer::new(&config.signing_key, &config.account)?;
        let instruments = config
            .instruments
            .iter()
            .map(|i| {
                let multiplier = i.multiplier.unwrap_or_else(|| multiplier_of(&i.symbol, i.pair.as_str()));
                let unknown = Instrument::unknown(i.id, VENUE, i.pair, &i.symbol);
                Instrument { taker_fee: config.taker_fee, multiplier, ..unknown }
            })
            .collect::<Vec<_>>();
        let mut markets = Vec::with_capacity(instruments.len());
        for i in &instruments {
            let units = Units::new(i.multiplier).ok_or_else(|| Error::Multiplier(i.symbol.clone()))?;
            markets.push((i.id, i.symbol.clone(), units));
        }
        let fence_ms = config.recv_window_ms.saturating_add(config.fence_margin_ms);
        Ok(Self {
            signer,
            capabilities: Capabilities {
                immediate: TimeInForce::Ioc,
                reduce_only: true,
                market_needs_limit: false,
                cancel: true,
                fence_ms: i64::try_from(fence_ms).unwrap_or(i64::MAX),
                price_band: Some(Rate::from_bps(500)),
            },
            listing: vec![Listing::Untold; instruments.len()],
            market_fees: vec![None; instruments.len()],
            account_fee: None,
            markets_asked: false,
            markets_again: false,
            audited: 0,
            lifecycle: Lifecycle::Halted,
            feed: Feed::new(markets.into_iter()),
            session: Session::new(config.sbe_version),
            instruments,
            config,
            orders: Orders::default(),
            lookups: BTreeMap::new(),
            account_reads: BTreeMap::new(),
            rpc: BTreeMap::new(),
            http: BTreeMap::new(),
            strangers: Seen::default(),
            liquidating: false,
            born: None,
            fills_read: Wall::default(),
            unreadable_private: 0,
            last_stamp_ms: 0,
            limited_until: Mono(0),
            next_rpc: 0,
            next_request: 0,
            next_read: 0,
        })
    }

    /// How often the venue's messages could not be used.
    pub fn counters(&self) -> Counters {
        Counters {
            unreadable_public: self.feed.unreadable,
            unreadable_private: self.unreadable_private,
            books_lost: self.feed.lost,
        }
    }

    /// Public key of the signing key, hex: what the venue knows the account or subkey by.
    pub fn public_key(&self) -> String {
        self.signer.public_key()
    }

    pub(crate) fn rpc_id(&mut self, conn: ConnId, rpc: Rpc) -> u64 {
        self.next_rpc = self.next_rpc.wrapping_add(1);
        self.rpc.insert(self.next_rpc, (conn, rpc));
        self.next_rpc
    }
    /// A number for a request that will be made later.
    pub(crate) fn reserve_rpc(&mut self) -> u64 {
        self.next_rpc = self.next_rpc.wrapping_add(1);
        self.next_rpc
    }
    pub(crate) fn next_read(&mut self) -> u64 {
        self.next_read = self.next_read.wrapping_add(1);
        self.next_read
    }

    /// A GET without a token.
    pub(crate) fn get(&mut self, http: Http, lane: Lane, target: String, out: &mut Out) {
        self.request(http, lane, Method::Get, target, Vec::new(), String::new(), out);
    }

    pub(crate) fn request(
        &mut self,
        http: Http,
        lane: Lane,
        method: Method,
        target: String,
        headers: Vec<Header>,
        body: String,
        out: &mut Out,
    ) {
        self.next_request = self.next_request.wrapping_add(1);
        let timeout_ms = match http {
            Http::Create { .. } => self.config.ack_timeout_ms,
            _ => self.config.rest_timeout_ms,
        };
        self.http.insert(self.next_request, http);
        let (id, body) = (RequestId(self.next_request), Payload::Text(body));
        out.actions.push(Action::Request { id, lane, method, target, headers, body, timeout_ms });
    }

    /// What a private route wants (paradex.md 2.4).
    pub(crate) fn bearer(token: &SanitizedValue) -> Vec<Header> {
        vec![Header { name: "Authorization", value: format!("Bearer {}", token.expose_secret()).into() }]
    }
}

/// Arms a timer or moves it.
pub(crate) fn set_timer(kind: TimerKind, slot: u64, at: Mono, out: &mut Out) {
    out.actions.push(Action::Timer { id: kind.id(slot), at });
}

/// Says what is new about an order.
pub(crate) fn report(order: OrderId, news: OrderNews, out: &mut Out) {
    out.news.push(VenueNews::Order(OrderReport { order, news }));
}

/// Symbols go into texts, URLs and 31-byte felts as they are.
fn is_symbol(text: &str) -> bool {
    !text.is_empty() && text.len() <= 31 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}
