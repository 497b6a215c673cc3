//! Puts the clients of the betting venues on sockets and keeps what they list, for whoever looks or bets.
//!
//! Owns the two links and the words about their sessions. Decides nothing, journals nothing and matches nothing; quotes are passed on as
//! they come. Called by `bot4 quotes` and `bot4 map propose`.

use crate::config::{Config, Mode};
use crate::keys::{OF_SX, SX_ACCOUNT_KEY, SX_API_KEY, SX_REQUEST_SEED, evm_key};
use crate::wiring::{clock, trusted};
use anyhow::Context;
use azuro_client::{AzuroClient, AzuroConfig};
use books::betting::BetTerms;
use config_manager::Environment;
use domain::{Listing, MarketId, Now, Outcome, Sport, Stake, VenueId, Wall};
use rustls::crypto::ring::default_provider;
use signing::SanitizedValue;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use sx_client::reader::{ReaderConfig, SxReader};
use sx_client::{SxClient, SxConfig};
use telemetry::Redactor;
use tokio::sync::Notify;
use transport::{BetLink, Budgets, LinkConfig, RateBudget};
use venue_api::{BetClient, BetNews, BetOut, Lane, QuoteNews, SessionNews, StakeTerms};

/// Short names of the two betting venues, in the order of everything that has two sides.
pub(crate) const SX: VenueId = sx_client::VENUE;
/// See [`SX`].
pub(crate) const AZURO: VenueId = AzuroClient::VENUE;

/// Where the betting venues are: the configuration's word, or the embedded simulators'.
#[derive(Clone, Debug)]
pub(crate) struct BetPlaces {
    /// REST and realtime.
    pub(crate) sx: (String, String),
    /// REST and feed.
    pub(crate) azuro: (String, String),
    /// A node of Azuro's chain: quotes need none.
    pub(crate) node: Option<SanitizedValue>,
    /// Certificates to trust beside the public ones, PEM.
    pub(crate) roots: Vec<String>,
    /// Nobody else is kept waiting by what is asked there: simulators of our own.
    pub(crate) ours: bool,
}

impl BetPlaces {
    /// As configured, without a node of the chain; certificate files are read here.
    pub(crate) fn configured(config: &Config) -> anyhow::Result<Self> {
        let v = &config.file.venues;
        let roots = trusted(&[(&v.sx.ca, "venues.sx.ca"), (&v.azuro.ca, "venues.azuro.ca")])?;
        let (sx, azuro) = ((v.sx.rest.clone(), v.sx.ws.clone()), (v.azuro.rest.clone(), v.azuro.ws.clone()));
        Ok(Self { sx, azuro, node: None, roots, ours: false })
    }
}

/// What SX Bet's client needs of an account.
#[derive(Clone, Debug)]
pub(crate) struct SxKeys {
    pub(crate) api_key: SanitizedValue,
    pub(crate) account: SanitizedValue,
    pub(crate) request_seed: Option<SanitizedValue>,
}

impl SxKeys {
    /// Those of the mode: thrown away after the demo, else from the environment.
    ///
    /// # Errors
    /// As [`SxKeys::from_environment`].
    pub(crate) fn fitting(config: &Config, environment: &Environment) -> anyhow::Result<Option<Self>> {
        if config.file.mode == Mode::Demo { Self::throw_away().map(Some) } else { Self::from_environment(config, environment) }
    }

    /// From the environment; `None` where none of them is set. Registered with the log before anything is done with them.
    ///
    /// # Errors
    /// One is set without the other, or is not what its name says.
    fn from_environment(config: &Config, environment: &Environment) -> anyhow::Result<Option<Self>> {
        let secrets = environment.secrets();
        if !secrets.any_present(&OF_SX) {
            return Ok(None);
        }
        let signed = config.file.venues.sx.sign_requests;
        let keys = Self {
            api_key: secrets.require(SX_API_KEY)?,
            account: secrets.require(SX_ACCOUNT_KEY)?,
            request_seed: if signed { Some(secrets.require(SX_REQUEST_SEED)?) } else { None },
        };
        keys.hide();
        evm_key(SX_ACCOUNT_KEY, &keys.account)?;
        Ok(Some(keys))
    }

    /// Fresh ones, for simulated venues that know whom they are told.
    fn throw_away() -> anyhow::Result<Self> {
        let draw = || {
            let mut bytes = [0u8; 32];
            default_provider()
                .secure_random
                .fill(&mut bytes)
                .map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
            let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            anyhow::Ok(SanitizedValue::new(hex))
        };
        let keys = Self { api_key: draw()?, account: draw()?, request_seed: None };
        keys.hide();
        Ok(keys)
    }

    fn hide(&self) {
        let redactor = Redactor::global();
        for secret in [Some(&self.api_key), Some(&self.account), self.request_seed.as_ref()].into_iter().flatten() {
            redactor.register(secret);
        }
    }
}

fn sports(config: &Config) -> impl Iterator<Item = Sport> + '_ {
    config.file.bets.sports.iter().map(|word| Sport::from(*word))
}

/// SX Bet's client on an account.
pub(crate) fn sx(config: &Config, keys: &SxKeys) -> anyhow::Result<SxClient> {
    let v = &config.file.venues.sx;
    let numbers = sports(config).filter_map(sx_client::listing::sport_number).collect();
    let base = SxConfig::new(keys.api_key.clone(), keys.account.clone(), v.chain_id);
    SxClient::new(SxConfig { request_seed: keys.request_seed.clone(), sports: numbers, ..base }).context("SX Bet")
}

/// SX Bet as anybody may read it.
fn sx_reader(config: &Config) -> SxReader {
    let numbers = sports(config).filter_map(sx_client::listing::sport_number).collect();
    SxReader::new(ReaderConfig::new(config.file.venues.sx.chain_id, numbers))
}

/// The numbers that a venue may give a sport: four digits at most.
const SPORT_NUMBERS: std::ops::Range<u32> = 0..2_000;

/// Chain and bet token of Azuro, by the configuration.
pub(crate) fn azuro_environment(config: &Config) -> anyhow::Result<&'static azuro_client::environment::Environment> {
    azuro_client::environment::Environment::named(&config.file.venues.azuro.environment).context("no such environment of Azuro")
}

/// Azuro's client without a key: it reads the market alone. `node`: there is one of the chain.
pub(crate) fn azuro(config: &Config, node: bool) -> anyhow::Result<AzuroClient> {
    let environment = azuro_environment(config)?;
    let wanted: Vec<Sport> = sports(config).collect();
    let numbers = SPORT_NUMBERS.filter(|number| wanted.contains(&azuro_client::listing::sport(*number))).collect();
    let base = AzuroConfig::new(environment);
    AzuroClient::new(AzuroConfig { node, sports: numbers, horizon_h: config.file.bets.horizon_h, ..base }).context("Azuro")
}

const fn per_second(requests: u32, burst: u32) -> RateBudget {
    RateBudget { requests, per: Duration::from_secs(1), burst }
}

fn links(config: &Config, places: &BetPlaces) -> [LinkConfig; 2] {
    let http = &config.file.http;
    let link = |name: &str, (rest, ws): &(String, String)| LinkConfig {
        extra_roots: places.roots.clone(),
        pool_idle_timeout: Duration::from_secs(http.pool_idle_timeout_s),
        pool_max_idle_per_host: http.pool_max_idle_per_host,
        ..LinkConfig::new(name, rest, ws)
    };
    // SX Bet's client keeps the venue's pace by itself. Azuro publishes no limits; a watched outcome is asked about when its odds
    // moved (venues/azuro.md section 6), and a public node is shared with everybody.
    let shared = Budgets { public: Some(per_second(40, 80)), chain: Some(per_second(5, 10)), ..Budgets::default() };
    let budgets = if places.ours { Budgets::default() } else { shared };
    let rest_base_of = places.node.iter().map(|url| (Lane::Chain, url.expose_secret().to_owned())).collect();
    // Recovery within two seconds needs tries in quick succession.
    let backoff_cap = Duration::from_millis(sx_client::BACKOFF_CAP_MS);
    [
        LinkConfig { backoff_cap, ..link("SX Bet", &places.sx) },
        LinkConfig { budgets, rest_base_of, ..link("Azuro", &places.azuro) },
    ]
}

/// How a venue's session stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Session {
    /// Its feed is connected.
    pub(crate) connected: bool,
    /// It cannot go on without a person.
    pub(crate) fatal: Option<String>,
    /// All that it lists has been told, so many markets.
    pub(crate) listed: Option<usize>,
    /// What went wrong last.
    pub(crate) trouble: Option<String>,
}

/// One venue as heard.
#[derive(Debug, Default)]
struct Side {
    listings: RefCell<BTreeMap<MarketId, Listing>>,
    session: RefCell<Session>,
}

/// What was heard, and who waits for more.
#[derive(Debug, Default)]
struct Heard {
    sx: Side,
    azuro: Side,
    /// Listings changed since they were last looked at.
    relisted: Cell<bool>,
    wake: Notify,
}

impl Heard {
    fn side(&self, venue: VenueId) -> &Side {
        if venue == SX { &self.sx } else { &self.azuro }
    }

    fn take(&self, venue: VenueId, out: &BetOut) {
        let side = self.side(venue);
        for listing in &out.listings {
            side.listings.borrow_mut().insert(listing.market, listing.clone());
            self.relisted.set(true);
        }
        let mut session = side.session.borrow_mut();
        for news in &out.news {
            match news {
                BetNews::Listed(markets) => {
                    session.listed = Some(*markets);
                    self.relisted.set(true);
                }
                BetNews::QueryFailed { why, .. } => session.trouble = Some(why.clone()),
                BetNews::Session(SessionNews::Connected { .. } | SessionNews::Ready) => session.connected = true,
                BetNews::Session(SessionNews::Down { why }) => {
                    session.connected = false;
                    session.trouble = Some(why.clone());
                }
                BetNews::Session(SessionNews::Fatal { why }) => session.fatal = Some(why.clone()),
                _ => {}
            }
        }
        if !out.listings.is_empty() || !out.news.is_empty() || !out.quotes.is_empty() {
            self.wake.notify_one();
        }
    }
}

/// SX Bet by an account, or as anybody may read it.
enum SxLink {
    Account(BetLink<SxClient>),
    Public(BetLink<SxReader>),
}

/// Both clients on their sockets. Not `Send`; lives inside a `LocalSet`.
pub(crate) struct BetFeeds {
    sx: SxLink,
    azuro: BetLink<AzuroClient>,
    heard: Rc<Heard>,
    gas: Stake,
}

impl BetFeeds {
    /// Starts both. Without keys SX Bet's books are read over REST. `on_quotes` hears every change of a quote as it comes, with its venue,
    /// and must not call back.
    ///
    /// # Errors
    /// A client or a link does not take its configuration.
    pub(crate) fn start(
        config: &Config,
        keys: Option<&SxKeys>,
        places: &BetPlaces,
        on_quotes: impl Fn(VenueId, &[QuoteNews], Now) + 'static,
    ) -> anyhow::Result<Self> {
        let heard = Rc::<Heard>::default();
        let on_quotes = Rc::new(on_quotes);
        let tell = |venue: VenueId| {
            let (heard, on_quotes) = (Rc::clone(&heard), Rc::clone(&on_quotes));
            move |out: &BetOut, now: Now| {
                if !out.quotes.is_empty() {
                    on_quotes(venue, &out.quotes, now);
                }
                heard.take(venue, out);
            }
        };
        let [sx_link, azuro_link] = links(config, places);
        let sx = match keys {
            Some(keys) => SxLink::Account(BetLink::start(sx(config, keys)?, sx_link, clock(), tell(SX))?),
            None => SxLink::Public(BetLink::start(sx_reader(config), sx_link, clock(), tell(SX))?),
        };
        let azuro = BetLink::start(azuro(config, places.node.is_some())?, azuro_link, clock(), tell(AZURO))?;
        let gas = Stake::from_usd_down(config.file.bets.gas_usd.0).unwrap_or_default();
        Ok(Self { sx, azuro, heard, gas })
    }

    /// Quotes a market from now on.
    pub(crate) fn watch(&self, venue: VenueId, market: MarketId) {
        match &self.sx {
            _ if venue == AZURO => self.azuro.with(|client, now, out| client.watch(market, now, out)),
            SxLink::Account(link) => link.with(|client, now, out| client.watch(market, now, out)),
            SxLink::Public(link) => link.with(|client, now, out| client.watch(market, now, out)),
        }
    }

    /// Quotes it no longer.
    pub(crate) fn unwatch(&self, venue: VenueId, market: MarketId) {
        match &self.sx {
            _ if venue == AZURO => self.azuro.with(|client, now, out| client.unwatch(market, now, out)),
            SxLink::Account(link) => link.with(|client, now, out| client.unwatch(market, now, out)),
            SxLink::Public(link) => link.with(|client, now, out| client.unwatch(market, now, out)),
        }
    }

    /// What a bet on an outcome may be and costs, gas included; `None` until it is known.
    pub(crate) fn terms(&self, venue: VenueId, market: MarketId, outcome: Outcome) -> Option<BetTerms> {
        let told: Option<StakeTerms> = match &self.sx {
            _ if venue == AZURO => self.azuro.look(|client, _| client.terms(market, outcome)),
            SxLink::Account(link) => link.look(|client, _| client.terms(market, outcome)),
            SxLink::Public(link) => link.look(|client, _| client.terms(market, outcome)),
        };
        let told = told?;
        let cost = if venue == AZURO { told.cost.plus(self.gas) } else { told.cost };
        // Terms that cannot be meant are none.
        BetTerms::new(told.min, told.max, told.step, told.profit_fee, cost).ok()
    }

    /// Everything a venue lists, in the order of its ids.
    pub(crate) fn listings(&self, venue: VenueId) -> Vec<Listing> {
        self.heard.side(venue).listings.borrow().values().cloned().collect()
    }
    /// How many markets of a venue have been heard of.
    pub(crate) fn listing_count(&self, venue: VenueId) -> usize {
        self.heard.side(venue).listings.borrow().len()
    }
    /// Forgets what began before this; who lists it still tells it again when it changes.
    pub(crate) fn forget(&self, before: Wall) {
        for venue in [SX, AZURO] {
            self.heard.side(venue).listings.borrow_mut().retain(|_, listing| listing.starts >= before);
        }
    }
    /// How its session stands.
    pub(crate) fn session(&self, venue: VenueId) -> Session {
        self.heard.side(venue).session.borrow().clone()
    }
    /// Whether listings changed since this was last asked.
    pub(crate) fn relisted(&self) -> bool {
        self.heard.relisted.take()
    }
    /// Waits until something was heard that has not been waited for. Cancel safe.
    pub(crate) async fn heard(&self) {
        self.heard.wake.notified().await;
    }

    /// Ends both.
    pub(crate) async fn stop(self) {
        match self.sx {
            SxLink::Account(link) => link.stop().await,
            SxLink::Public(link) => link.stop().await,
        }
        self.azuro.stop().await;
    }
}
