//! Puts clients, strategy and engine of a shard together from configuration and keys.

use crate::config::{Config, Generation};
use crate::keys::{Keys, ParadexKeys, VestKeys};
use anyhow::Context;
use books::Rules;
use domain::{Instrument, InstrumentId, Mono, Rate, VenueId};
use engine::EngineConfig;
use journal::{Identity, Mode};
use orchestrator::VenueLink;
use paper::{PaperClient, PaperConfig};
use paradex_client::ParadexClient;
use perps::{Funding, PairConfig};
use shard::{Shard, ShardConfig, Venue};
use signing::SanitizedValue;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;
use transport::{Budgets, Clock, LinkConfig, RateBudget};
use venue_api::{ConnId, VenueClient};
use vest_client::{Access, Registered, Registration, VestClient, VestConfig, VestInstrument};

/// Short names of the two venues.
pub(crate) const VEST: VenueId = VenueId::new("vest");
/// See [`VEST`].
pub(crate) const PARADEX: VenueId = VenueId::new("paradex");

static CLOCK: OnceLock<Clock> = OnceLock::new();

/// The one clock of the process.
pub(crate) fn clock() -> Clock {
    *CLOCK.get_or_init(Clock::start)
}

fn stopwatch() -> Mono {
    clock().mono()
}

/// The certificates that a configuration trusts beside the public ones, PEM; each with the place of its setting.
///
/// # Errors
/// A file that cannot be read, with the place that names it.
pub(crate) fn trusted(files: &[(&Option<PathBuf>, &str)]) -> anyhow::Result<Vec<String>> {
    let named = files.iter().filter_map(|(file, place)| Some((file.as_ref()?, place)));
    named
        .map(|(file, place)| std::fs::read_to_string(file).with_context(|| format!("{place}: {} cannot be read", file.display())))
        .collect()
}

/// Where the venues are: the configuration's word, or the embedded simulators'.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    pub(crate) vest: (String, String),
    /// The third generation of Vest's API, which has market data alone.
    pub(crate) vest_v3: (String, String),
    pub(crate) paradex: (String, String),
    /// Certificates to trust beside the public ones, PEM.
    pub(crate) roots: Vec<String>,
}

impl Places {
    /// As configured; certificate files are read here.
    pub(crate) fn configured(config: &Config) -> anyhow::Result<Self> {
        let v = &config.file.venues;
        let roots = trusted(&[(&v.vest.ca, "venues.vest.ca"), (&v.paradex.ca, "venues.paradex.ca")])?;
        Ok(Self {
            vest: (v.vest.rest.clone(), v.vest.ws.clone()),
            // The client appends the query itself.
            vest_v3: (v.vest.v3_rest.clone(), v.vest.v3_ws.split('?').next().unwrap_or_default().to_owned()),
            paradex: (v.paradex.rest.clone(), v.paradex.ws.clone()),
            roots,
        })
    }
}

/// Instruments: of pair n the one on Vest is 2n, the one on Paradex 2n + 1.
pub(crate) fn ids(n: usize) -> (InstrumentId, InstrumentId) {
    let first = u16::try_from(n * 2).unwrap_or(u16::MAX - 1);
    (InstrumentId(first), InstrumentId(first + 1))
}

/// Whose journal it is. On paper there is no account.
pub(crate) fn identity(config: &Config, keys: Option<&Keys>) -> anyhow::Result<Identity> {
    let (vest, paradex) = match keys {
        Some(keys) => (keys.vest.account()?, keys.paradex.account.to_ascii_lowercase()),
        None => ("paper".to_owned(), "paper".to_owned()),
    };
    let mode = match config.file.mode {
        crate::config::Mode::Demo => Mode::Demo,
        crate::config::Mode::Paper => Mode::Paper,
        crate::config::Mode::Live => Mode::Live,
    };
    let chains = BTreeMap::from([(VEST.to_string(), config.file.venues.vest.verifying_contract.to_ascii_lowercase())]);
    Ok(Identity { mode, accounts: BTreeMap::from([(VEST.to_string(), vest), (PARADEX.to_string(), paradex)]), chains })
}

/// Vest's client on this access. `last_nonce`: the largest nonce that any journaled order used.
pub(crate) fn vest(config: &Config, access: Access, last_nonce: u64) -> anyhow::Result<VestClient> {
    let v = &config.file.venues.vest;
    let instruments = config.pairs.iter().enumerate().map(|(n, p)| VestInstrument {
        id: ids(n).0,
        pair: p.pair,
        symbol: p.vest.clone(),
        leverage: v.leverage,
    });
    VestClient::new(VestConfig {
        feed: match v.data {
            Generation::V2 => vest_client::Generation::V2,
            Generation::V3 => vest_client::Generation::V3,
        },
        fee_allowance: v.fee_allowance_percent.0,
        depth_age_ms: v.max_book_age_ms,
        recv_window_ms: v.recv_window_ms,
        last_nonce,
        ..VestConfig::new(access, instruments.collect())
    })
    .context("Vest")
}

fn vest_account(config: &Config, keys: &VestKeys) -> Access {
    Access::Account {
        signing_key: keys.signing.clone(),
        registered: keys.api_key.clone().map(|api_key| Registered { api_key, acc_group: keys.group }),
        register: keys.primary.clone().map(|primary_key| registration(config, primary_key)),
    }
}

/// Pairs for whose orders a connection each is kept warm, at most: more than so many in one moment are rare.
const WARM_MAX: usize = 8;

/// Vest's connection for market data; its other one is the account's, which is v2 in either case.
const VEST_FEED: ConnId = ConnId(0);

/// Where Vest's market data is read: REST (without an account) and WebSocket of the configured generation.
pub(crate) fn vest_market(config: &Config, places: &Places) -> (String, String) {
    match config.file.venues.vest.data {
        Generation::V2 => places.vest.clone(),
        Generation::V3 => places.vest_v3.clone(),
    }
}

/// What a registration of the signing key says.
pub(crate) fn registration(config: &Config, primary_key: SanitizedValue) -> Registration {
    Registration {
        primary_key,
        verifying_contract: config.file.venues.vest.verifying_contract.clone(),
        valid_for_ms: 7 * 86_400_000,
        network_type: 0,
    }
}

/// Paradex's client; without keys it reads the market alone.
pub(crate) fn paradex(config: &Config, keys: Option<&ParadexKeys>) -> anyhow::Result<ParadexClient> {
    let v = &config.file.venues.paradex;
    let instruments = config.pairs.iter().enumerate().map(|(n, p)| paradex_client::InstrumentConfig {
        id: ids(n).1,
        pair: p.pair,
        symbol: p.paradex.clone(),
        multiplier: p.multiplier_paradex,
    });
    let base = match keys {
        Some(keys) => paradex_client::Config {
            l1_address: keys.l1.clone(),
            onboard: v.onboard,
            ..paradex_client::Config::new(keys.account.clone(), keys.signing.clone(), instruments.collect())
        },
        None => paradex_client::Config::data_only(instruments.collect()),
    };
    ParadexClient::new(paradex_client::Config { recv_window_ms: v.recv_window_ms, ..base }).context("Paradex")
}

/// A paper account beside a client that reads the market alone.
fn on_paper(config: &Config, inner: Box<dyn VenueClient>, rules: Rules) -> Box<dyn VenueClient> {
    let p = &config.file.paper;
    let initial_margin = Rate::from_e8(domain::SCALE / i64::from(config.file.venues.vest.leverage.max(1)));
    let account = PaperConfig { ack_ms: p.ack_ms, fill_ms: p.fill_ms, balance: p.balance_usd.0, initial_margin, rules };
    Box::new(PaperClient::new(inner, account))
}

/// By which rules each venue's books live: Vest's, Paradex's.
fn rules(config: &Config) -> [Rules; 2] {
    let v = &config.file.venues;
    [
        Rules { age_ms_max: v.vest.max_book_age_ms, ..Rules::snapshots() },
        Rules { age_ms_max: v.paradex.max_book_age_ms, ..Rules::sequenced() },
    ]
}

/// Seconds in ms.
fn ms(s: u64) -> i64 {
    i64::try_from(s).unwrap_or(i64::MAX / 1_000).saturating_mul(1_000)
}

/// How old a venue's word about funding may be, ms: both say it every few seconds.
const FUNDING_AGE_MS_MAX: u64 = 300_000;

/// A fixed figure, or the venues' own word over the holding horizon. What they have not said counts as nothing: funding of an
/// hour is a small part of an edge, and a venue whose books come while its rate does not is no reason to stand still.
fn expected_funding(config: &Config) -> Funding {
    match config.file.funding.fixed() {
        Some(rate) => Funding::Fixed(rate),
        None => Funding::Venues {
            horizon_ms: ms(config.file.holding_horizon_s),
            age_ms_max: FUNDING_AGE_MS_MAX,
            fallback: Some(Rate::ZERO),
        },
    }
}

/// What the engine runs with.
pub(crate) fn engine(config: &Config) -> EngineConfig {
    let x = &config.file.execution;
    EngineConfig {
        policy: config.policy(),
        limits: config.limits(),
        cooldown_ms: x.cooldown_ms,
        max_holding_ms: config.file.max_holding_s.map(ms),
        adverse_move: config.file.risk.adverse_move_percent.0,
        worst_loss_max: config.file.risk.worst_loss_usd.0,
        reconcile_every_ms: x.reconcile_every_ms,
        rules: config.entry_rules(),
        config_hash: config.hash.clone(),
    }
}

/// The shard, with nothing folded in. Without keys both accounts are on paper. `last_nonce`: the largest Vest nonce that any
/// journaled order used.
pub(crate) fn shard(config: &Config, keys: Option<&Keys>, last_nonce: u64, tell_books: bool) -> anyhow::Result<Shard> {
    let (shard_config, venues) = parts(config, keys, last_nonce, tell_books)?;
    Ok(Shard::new(shard_config, venues))
}

/// The same shard for a process that cleans up behind the bot: nothing it does can open exposure.
pub(crate) fn reducing_shard(config: &Config, keys: &Keys, last_nonce: u64) -> anyhow::Result<Shard> {
    let (shard_config, venues) = parts(config, Some(keys), last_nonce, false)?;
    Ok(Shard::reducing(ShardConfig { watch_every_ms: None, ..shard_config }, venues))
}

fn parts(config: &Config, keys: Option<&Keys>, last_nonce: u64, tell_books: bool) -> anyhow::Result<(ShardConfig, Vec<Venue>)> {
    let [vest_rules, paradex_rules] = rules(config);
    let paradex: Box<dyn VenueClient> = Box::new(paradex(config, keys.map(|k| &k.paradex))?);
    let clients: [Box<dyn VenueClient>; 2] = match keys {
        Some(keys) => [Box::new(vest(config, vest_account(config, &keys.vest), last_nonce)?), paradex],
        None => {
            [on_paper(config, Box::new(vest(config, Access::DataOnly, 0)?), vest_rules), on_paper(config, paradex, paradex_rules)]
        }
    };
    let [vest, paradex] = clients;
    let venues = vec![Venue { id: VEST, client: vest, way: "REST" }, Venue { id: PARADEX, client: paradex, way: "WS" }];
    let (x, v) = (&config.file.execution, &config.file.venues);
    let pairs = config.pairs.iter().enumerate().map(|(n, p)| PairConfig {
        pair: p.pair,
        venues: [VEST, PARADEX],
        instruments: [ids(n).0, ids(n).1],
        rules: [vest_rules, paradex_rules],
        sizing: p.sizing,
        spread_entry: p.spread_entry,
        spread_exit: p.spread_exit,
        edge_min: p.edge_min,
        confirm_ticks: p.confirm_ticks,
        funding: expected_funding(config),
        buffers: config.file.buffer.0,
        price_bound: x.price_bound_percent.0,
        quote_usd: [v.vest.quote_usd, v.paradex.quote_usd].map(|pinned| pinned.map(|p| p.0)),
    });
    let instruments = config.pairs.iter().enumerate().flat_map(|(n, p)| {
        [Instrument::unknown(ids(n).0, VEST, p.pair, &p.vest), Instrument::unknown(ids(n).1, PARADEX, p.pair, &p.paradex)]
    });
    let shard_config = ShardConfig {
        engine: engine(config),
        pairs: pairs.collect(),
        instruments: instruments.collect(),
        tell_books,
        tell_spreads: tell_books,
        watch_every_ms: (config.file.explain_period_s > 0).then(|| ms(config.file.explain_period_s)),
        stopwatch,
    };
    Ok((shard_config, venues))
}

const fn per_second(requests: u32, burst: u32) -> RateBudget {
    RateBudget { requests, per: Duration::from_secs(1), burst }
}

/// Sockets of both venues, in the order of the shard.
pub(crate) fn links(config: &Config, places: &Places) -> Vec<VenueLink> {
    let paper = config.file.mode == crate::config::Mode::Paper;
    let market = vest_market(config, places);
    let ws_base_of = BTreeMap::from([(VEST_FEED, market.1.clone())]);
    let vest = if paper { market } else { places.vest.clone() };
    let http = &config.file.http;
    let link = |name: &str, (rest, ws): &(String, String)| LinkConfig {
        extra_roots: places.roots.clone(),
        pool_idle_timeout: Duration::from_secs(http.pool_idle_timeout_s),
        pool_max_idle_per_host: http.pool_max_idle_per_host,
        ..LinkConfig::new(name, rest, ws)
    };
    // Vest publishes no limits: the spec's advice of 5 requests and 2 orders a second, with room for a burst of closes.
    let vest_budgets = Budgets {
        orders: Some(per_second(10, 20)),
        account: Some(per_second(10, 20)),
        public: Some(per_second(5, 10)),
        ..Budgets::default()
    };
    // Paradex: 800 orders a second, 120 private reads a second and 1500 public ones a minute (paradex.md section 10).
    let paradex_budgets = Budgets {
        orders: Some(per_second(280, 400)),
        account: Some(per_second(10, 60)),
        public: Some(per_second(20, 60)),
        ..Budgets::default()
    };
    vec![
        VenueLink {
            venue: VEST,
            link: LinkConfig { budgets: vest_budgets, first: vec![ConnId(1)], ws_base_of, ..link("Vest", &vest) },
            // An order of every pair at once, and one beside them: who finds none of them free waits three round trips.
            warm_orders: config.pairs.len().min(WARM_MAX) + 1,
        },
        VenueLink {
            venue: PARADEX,
            link: LinkConfig { budgets: paradex_budgets, first: vec![ConnId(1)], ..link("Paradex", &places.paradex) },
            warm_orders: 1,
        },
    ]
}
