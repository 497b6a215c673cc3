//! The Vest client: a protocol machine for the venue's v2 API and for the public feed of v3.
//!
//! Owns everything that only this venue does: its start, its signatures, its nonces, its books without sequence
//! numbers, its orders over HTTPS whose fate comes later by stream or by asking. Owns no socket, no clock and no
//! decision. Implements [`venue_api::VenueClient`]; wired by `bot4`, driven by `shard` and by `sim`.
//!
//! ```text
//! start: exchangeInfo - [register] - account - leverage - account - nonce - listenKey - streams - reconcile - Ready
//! order: prepare (nonce, signature) - POST /orders - {id} = acknowledged - event or GET /orders = its end
//! ```

mod account;
mod config;
mod error;
mod holdings;
mod instruments;
mod market_data;
mod parse;
pub mod probe;
mod register;
mod session;
mod sign;
mod state;
mod trading;
mod units;
mod wire;

pub use config::{Access, Generation, Registered, Registration, VestConfig, VestInstrument};
pub use error::Error;
pub use market_data::FeedCounters;
pub use register::{RegisterError, RegistrationRequest, registered, registration_request};

/// Entrances for benches, kept out of the documentation.
#[doc(hidden)]
pub mod bench {
    use domain::Level;

    /// The depth fast path; true if it took the frame.
    pub fn scan(bytes: &[u8], levels: &mut Vec<Level>) -> bool {
        matches!(crate::wire::depth::scan(bytes, levels), crate::wire::depth::Scan::Depth(_))
    }
}

use domain::{Instrument, Now, OrderId, TimeInForce, VenueId};
use holdings::Holdings;
use instruments::{Condition, Listing};
use market_data::Feed;
use parse::Decimals;
use risk::ClearedOrder;
use session::Session;
use sign::Signer;
use signing::SanitizedValue;
use signing::eip712::Address;
use state::{AccountRead, Nonces, Orders, Pending, Requests, Stage, VenueClock};
use units::Units;
use venue_api::{
    Action, Capabilities, ConnId, Frame, Header, KnownOrder, Lane, Method, Out, Payload, PrepareError, Prepared, Reply,
    RequestId, SessionNews, TimerId, VenueClient, VenueNews,
};

/// The public feed.
pub(crate) const FEED: ConnId = ConnId(0);
/// The account's own stream.
pub(crate) const PRIVATE: ConnId = ConnId(1);

/// The client. See the module.
pub struct VestClient {
    config: VestConfig,
    signer: Option<Signer>,
    /// Key of the account's wallet and the contract, where registering is this client's business.
    registrar: Option<(Signer, Address)>,
    capabilities: Capabilities,
    instruments: Vec<Instrument>,
    decimals: Vec<Decimals>,
    units: Vec<Units>,
    conditions: Vec<Condition>,
    listing: Listing,
    holdings: Holdings,
    session: Session,
    feed: Feed,
    clock: VenueClock,
    nonces: Nonces,
    requests: Requests,
    orders: Orders,
    reading: Option<AccountRead>,
    read_again: bool,
    scratch: Vec<u8>,
}

impl VestClient {
    /// A client that has not started.
    ///
    /// # Errors
    /// [`Error`] when a key does not read or a value is out of range.
    pub fn new(config: VestConfig) -> Result<Self, Error> {
        config.check()?;
        let (mut signer, mut registrar) = (None, None);
        if let Access::Account { signing_key, registered, register } = &config.access {
            signer = Some(Signer::new(signing_key, "signing")?);
            if let Some(r) = register {
                registrar = Some(register::registrar(r)?);
            }
            if registered.is_none() && register.is_none() {
                return Err(Error::Config("neither an API key nor the means to register one".to_owned()));
            }
        }
        let capabilities = Capabilities {
            immediate: TimeInForce::Fok,
            reduce_only: config.reduce_only,
            market_needs_limit: true,
            cancel: true,
            fence_ms: config.recv_window_ms.saturating_add(config.fence_margin_ms),
            price_band: None,
        };
        let (instruments, decimals, units, conditions) = Self::blank(&config);
        Ok(Self {
            signer,
            registrar,
            capabilities,
            decimals,
            units,
            conditions,
            listing: Listing::default(),
            holdings: Holdings::new(instruments.len()),
            session: Session::new(&config),
            feed: Feed::new(&config),
            clock: VenueClock::default(),
            nonces: Nonces::above(config.last_nonce),
            requests: Requests::default(),
            orders: Orders::default(),
            reading: None,
            read_again: false,
            scratch: Vec::new(),
            instruments,
            config,
        })
    }

    /// What became of the feed's frames so far.
    pub fn feed_counters(&self) -> FeedCounters {
        self.feed.counters
    }

    /// Which generation the feed has turned out to be, by the form of its acknowledgements.
    pub fn generation_seen(&self) -> Option<Generation> {
        self.feed.generation
    }

    /// Headers that every request and every upgrade carries (spec section 3).
    pub(crate) fn headers(&self) -> Vec<Header> {
        let mut headers = vec![
            Header { name: "xrestservermm", value: SanitizedValue::new(format!("restserver{}", self.session.acc_group)) },
            Header { name: "User-Agent", value: SanitizedValue::new(self.config.user_agent.as_str()) },
        ];
        if let Some(key) = &self.session.api_key {
            headers.push(Header { name: "X-API-KEY", value: key.clone() });
        }
        headers
    }

    pub(crate) fn request(&mut self, what: Pending, lane: Lane, method: Method, target: String, body: String, out: &mut Out) {
        let timeout_ms = if lane == Lane::Orders { self.config.order_timeout_ms } else { self.config.read_timeout_ms };
        let headers = self.headers();
        let id = self.requests.open(what);
        out.actions.push(Action::Request { id, lane, method, target, headers, body: Payload::Text(body), timeout_ms });
    }

    pub(crate) fn get(&mut self, what: Pending, target: String, out: &mut Out) {
        self.request(what, Lane::Account, Method::Get, target, String::new(), out);
    }

    pub(crate) fn place_of(&self, symbol: &str) -> Option<usize> {
        self.instruments.iter().position(|one| one.symbol == symbol)
    }

    pub(crate) fn tell(out: &mut Out, news: SessionNews) {
        out.news.push(VenueNews::Session(news));
    }
}

impl VenueClient for VestClient {
    fn venue(&self) -> VenueId {
        parse::VENUE
    }
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
    fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }
    fn ready(&self) -> bool {
        self.session.announced
    }
    fn start(&mut self, now: Now, out: &mut Out) {
        self.begin(now, out);
    }
    fn on_open(&mut self, conn: ConnId, now: Now, out: &mut Out) {
        match conn {
            _ if matches!(self.session.stage, Stage::Fatal | Stage::Stopped) => out.actions.push(Action::Close { conn }),
            FEED => self.feed_opened(now, out),
            PRIVATE => self.private_opened(now, out),
            _ => {}
        }
    }
    fn on_closed(&mut self, conn: ConnId, code: Option<u16>, why: &str, now: Now, out: &mut Out) {
        match conn {
            FEED => self.feed_closed(code, why, now, out),
            PRIVATE => self.private_closed(code, why, now, out),
            _ => {}
        }
    }
    fn on_frame(&mut self, conn: ConnId, frame: Frame<'_>, now: Now, out: &mut Out) {
        let mut scratch = std::mem::take(&mut self.scratch);
        let json = wire::ws::json_of(&frame, &mut scratch);
        match conn {
            FEED => self.feed_frame(json, now, out),
            PRIVATE => self.private_frame(json, now, out),
            _ => {}
        }
        self.scratch = scratch;
    }
    fn on_reply(&mut self, request: RequestId, reply: Reply<'_>, now: Now, out: &mut Out) {
        let Some(what) = self.requests.close(request) else { return };
        if let Reply::Answer { retry_after_ms: Some(ms), .. } = reply {
            // An hour is more than any limit means; the cap keeps a broken header from silencing the client.
            self.session.quiet_until = now.mono.plus_ms(ms.min(3_600_000));
        }
        self.session.answering = Some(request.0);
        match what {
            Pending::Stage(stage, sent) => self.stage_reply(stage, sent, reply, now, out),
            Pending::Refresh => self.refreshed(reply, out),
            Pending::Leverage(place) => self.leverage_reply(place, reply),
            Pending::ListenKey { post } => self.listen_key_reply(post, reply, now, out),
            Pending::NonceAgain => self.nonce_again(reply),
            Pending::Account(part, sent) => self.account_reply(part, sent, reply, now, out),
            Pending::Order(order) => self.order_reply(order, reply, now, out),
            Pending::Cancel(order) => self.cancel_reply(order, reply, now, out),
            Pending::Poll(order) => self.poll_reply(order, reply, now, out),
            Pending::Query(order) => self.query_reply(order, reply, now, out),
            Pending::Farewell => {}
        }
        self.session.answering = None;
    }
    fn on_timer(&mut self, timer: TimerId, now: Now, out: &mut Out) {
        if self.session.stage == Stage::Stopped {
            return;
        }
        // Orders are asked about even when nothing else works any more.
        if let Some(nonce) = state::timers::as_poll(timer) {
            self.poll_due(nonce, now, out);
        } else if self.session.stage == Stage::Fatal {
        } else if let Some(place) = state::timers::as_channel(timer) {
            self.channel_due(place, now, out);
        } else {
            self.session_timer(timer, now, out);
        }
    }
    fn prepare(&mut self, order: ClearedOrder, now: Now) -> Result<Prepared, PrepareError> {
        self.prepare_order(order, now)
    }
    fn send(&mut self, order: Prepared, now: Now, out: &mut Out) {
        self.send_order(order, now, out);
    }
    fn discard(&mut self, order: Prepared) {
        self.discard_order(&order);
    }
    fn cancel(&mut self, order: OrderId, now: Now, out: &mut Out) {
        self.cancel_order(order, now, out);
    }
    fn query(&mut self, order: OrderId, now: Now, out: &mut Out) {
        self.query_order(order, now, out);
    }
    fn read_account(&mut self, now: Now, out: &mut Out) {
        self.begin_account_read(now, out);
    }
    fn adopt(&mut self, order: KnownOrder) {
        self.adopt_order(order);
    }
    fn forget(&mut self, order: OrderId) {
        // One that left and whose end is not known here may have moved the position.
        let open = self.orders.get(order).filter(|o| o.done.is_none() && o.body.is_none() && !o.over);
        if let Some(place) = open.and_then(|o| self.place_of_instrument(o.spec.instrument)) {
            self.holdings.unsettle(place);
        }
        self.orders.remove(order);
    }
    fn stop(&mut self, now: Now, out: &mut Out) {
        self.end(now, out);
    }
}
