//! Two simulated venues, a folder for the bot, and the questions that every test asks in the end.

use super::bot::Bot;
use super::journal::{self, Book, Tail};
use super::line::{Line, OnLine, SharedLine, lock};
use super::until;
use super::venues::{Keys, Reader, Seen};
use domain::names::Ending;
use domain::record::Record;
use domain::{LegId, OrderId, Purpose, RoundId};
use serde_json::{Value, json};
use state_store::{Rounds, StateManager};
use std::collections::BTreeMap;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;
use venue_sim::market::{Market, MarketShape};
use venue_sim::paradex::{ParadexSim, ParadexSimConfig};
use venue_sim::server::{RunningServer, ServerOptions, TlsServer};
use venue_sim::vest::{VestSim, VestSimConfig};
use venue_sim::{SeenOrder, SimNow};

/// A venue of this world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Venue {
    Vest,
    Paradex,
}
use Venue::{Paradex, Vest};

impl Venue {
    /// As it stands in log and journal.
    pub(crate) fn word(self) -> &'static str {
        if self == Vest { "vest" } else { "paradex" }
    }
    /// Place in everything that is kept per venue.
    pub(crate) fn index(self) -> usize {
        usize::from(self == Paradex)
    }
    pub(crate) fn other(self) -> Self {
        if self == Vest { Paradex } else { Vest }
    }
}

/// A chance every three seconds: it opens within 0.3 s, lasts for more than a second and is gone before the next.
pub(crate) const BRISK: MarketShape = MarketShape { pulse_every_ms: 3_000, pulse_ms: 1_800, pulse_bps: 52, noise_bps: 4 };
/// A chance that lasts long enough for three attempts.
pub(crate) const SLOW: MarketShape = MarketShape { pulse_every_ms: 6_000, pulse_ms: 4_500, pulse_bps: 52, noise_bps: 4 };

/// Finest size that both venues know, at 1e-8.
const LOT_E8: i64 = 100_000;

/// What both venues give a new account, at 1e-8.
const START_E8: i64 = 100_000 * 100_000_000;
/// What a stranger's orders are named.
const STRANGER_KEY: &str = "stranger";
const STRANGER_NONCE: u64 = 7;
/// What the orders are named by which a venue takes a leg away: nonce of nobody, and no client id.
const VEST_ITSELF: &str = "0";
const PARADEX_ITSELF: &str = "";
/// Windows of the market that are looked at for chances all one way.
const WINDOWS: usize = 14;

/// What a world is made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// How the venues drift apart.
    pub(crate) shape: MarketShape,
    /// Where a round buys.
    pub(crate) long: Venue,
    /// Round trip to both venues, ms.
    pub(crate) latency_ms: u64,
    /// For how many chances `long` is sure to be where a round buys.
    pub(crate) windows: usize,
}

/// The world.
pub(crate) struct World {
    vest: RunningServer,
    paradex: RunningServer,
    vest_machine: Arc<Mutex<VestSim>>,
    paradex_machine: Arc<Mutex<ParadexSim>>,
    lines: [SharedLine; 2],
    reader: Reader,
    folder: TempDir,
}

impl World {
    /// Venues on free ports, as near as they can be, in which a round buys on `long`. Must be called inside a runtime.
    pub(crate) fn new(shape: MarketShape, long: Venue) -> Self {
        Self::far_away(shape, long, 0)
    }

    /// The same at a distance, as a round trip in ms.
    pub(crate) fn far_away(shape: MarketShape, long: Venue, latency_ms: u64) -> Self {
        Self::of(Plan { shape, long, latency_ms, windows: WINDOWS })
    }

    /// A world to a plan.
    pub(crate) fn of(plan: Plan) -> Self {
        // The second call finds it there already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let seed = seed_for(plan);
        let market = Market::new(seed, plan.shape);
        let there = |options: ServerOptions| ServerOptions { latency_ms: plan.latency_ms, ..options };
        let lines = [SharedLine::default(), SharedLine::default()];
        let vest_machine = Arc::new(Mutex::new(VestSim::new(VestSimConfig::new(seed, market))));
        let vest = OnLine { machine: Arc::clone(&vest_machine), line: Arc::clone(&lines[0]) };
        let vest = TlsServer::start(Box::new(vest), there(ServerOptions::vest())).unwrap();
        let paradex_machine = ParadexSim::new(ParadexSimConfig::new(seed, market, &["ETH-USD-PERP"]));
        let paradex_machine = Arc::new(Mutex::new(paradex_machine));
        let paradex = OnLine { machine: Arc::clone(&paradex_machine), line: Arc::clone(&lines[1]) };
        let paradex = TlsServer::start(Box::new(paradex), there(ServerOptions::paradex())).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::fixed();
        let env = format!(
            "VEST_PRIMARY_KEY={}\nVEST_SIGNING_KEY={}\nPARADEX_ACCOUNT={}\nPARADEX_SIGNING_KEY={}\nPARADEX_L1_ADDRESS={}\n",
            keys.vest_primary,
            keys.vest_signing,
            keys.paradex_account,
            keys.paradex.to_hex().expose_secret(),
            keys.paradex_l1,
        );
        let secret = folder.path().join(".env");
        std::fs::write(&secret, env).unwrap();
        std::fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
        std::fs::write(folder.path().join("vest.pem"), vest.ca_pem()).unwrap();
        std::fs::write(folder.path().join("paradex.pem"), paradex.ca_pem()).unwrap();
        let reader = Reader::new(keys, &vest, &paradex);
        let world = Self { vest, paradex, vest_machine, paradex_machine, lines, reader, folder };
        world.configure(&world.settings());
        world
    }

    /// What stands in `config.yaml`: JSON, which YAML includes.
    pub(crate) fn settings(&self) -> Value {
        json!({
            "mode": "demo",
            "pairs": ["ETH-USD"],
            "spread_entry": "0.30",
            "spread_exit": "0.10",
            // Wide enough for a price that moves while a busy machine takes its time: no leg fails that is not to fail.
            "execution": { "cooldown_ms": 200, "price_bound_percent": "0.20" },
            "venues": {
                "vest": {
                    "rest": self.vest.rest_url(), "ws": self.vest.ws_url(), "ca": "vest.pem", "recv_window_ms": 1_500,
                },
                "paradex": {
                    "rest": self.paradex.rest_url(), "ws": self.paradex.ws_url(), "ca": "paradex.pem", "onboard": true,
                },
            },
        })
    }

    /// Writes another `config.yaml`.
    pub(crate) fn configure(&self, settings: &Value) {
        std::fs::write(self.folder.path().join("config.yaml"), serde_json::to_string_pretty(settings).unwrap()).unwrap();
    }

    /// Where the bot works.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the bot.
    pub(crate) fn bot(&self) -> Bot {
        Bot::start(self.folder(), &[])
    }

    /// Its journal.
    pub(crate) fn journal(&self) -> Book {
        journal::of(self.folder())
    }

    pub(crate) fn server(&self, venue: Venue) -> &RunningServer {
        if venue == Vest { &self.vest } else { &self.paradex }
    }

    /// The line to a venue.
    pub(crate) fn line<R>(&self, venue: Venue, with: impl FnOnce(&mut Line) -> R) -> R {
        with(&mut lock(&self.lines[venue.index()]))
    }

    /// What a venue itself knows of orders, looked at beside its routes: to wait with, not to judge with.
    pub(crate) fn orders_inside(&self, venue: Venue) -> Vec<SeenOrder> {
        match venue {
            Vest => lock(&self.vest_machine).orders_seen(0).collect(),
            Paradex => lock(&self.paradex_machine).orders_seen(0).collect(),
        }
    }

    /// Turns a fault on.
    pub(crate) fn fault(&self, venue: Venue, name: &str, parameters: Value) {
        self.server(venue).fault(name, &parameters).unwrap();
    }

    /// Waits until a venue itself says that an order has filled.
    pub(crate) async fn filled_on(&self, venue: Venue) -> String {
        let look = async || {
            let orders = self.reader.orders().await?;
            orders[venue.index()].iter().find(|o| o.filled_e8 > 0).map(|o| o.key.clone())
        };
        until(super::LIMIT, look, || format!("a fill on {venue:?}")).await
    }

    /// How many rounds the bot's own database knows; `None` if there is none.
    pub(crate) async fn rounds_in_database(&self) -> Option<usize> {
        let store = StateManager::open_read_only(&self.folder().join("state").join("bot4.db")).await.ok()?;
        let rounds = store.rounds(Rounds::All, 1_000).await.ok()?;
        store.close().await.ok()?;
        Some(rounds.len())
    }

    /// What the venues themselves say is held, at 1e-8: Vest, Paradex.
    pub(crate) async fn positions(&self) -> [i64; 2] {
        self.reader.positions().await.unwrap()
    }

    /// Waits until the venues' own positions are uneven: one leg is naked.
    pub(crate) async fn naked(&self) {
        let look = async || {
            let [vest, paradex] = self.reader.positions().await?;
            (vest + paradex != 0).then_some(())
        };
        until(super::LIMIT, look, || "a naked leg".to_owned()).await;
    }

    /// Waits until all rounds of the journal are at rest and the venues' own positions are even, and says what Vest
    /// holds, at 1e-8.
    pub(crate) async fn even(&self, bot: &Bot, limit: Duration) -> i64 {
        let mut tail = Tail::after(self.journal(), 0);
        let mut records = Vec::new();
        let look = async || {
            records.extend(tail.more());
            if !journal::settled(&records) {
                return None;
            }
            let [vest, paradex] = self.reader.positions().await?;
            // A record in between would mean that the positions are of another moment.
            let later = tail.more();
            let quiet = later.is_empty();
            records.extend(later);
            (quiet && (vest + paradex).abs() < LOT_E8).then_some(vest)
        };
        until(limit, look, || format!("even positions at rest; the bot:\n{}", bot.story())).await
    }

    /// Waits for a further round of the journal that ended with both legs traded, after record `seq`.
    pub(crate) async fn trades_again(&self, bot: &Bot, seq: u64) {
        let mut tail = Tail::after(self.journal(), seq);
        let mut records = Vec::new();
        let look = async || {
            records.extend(tail.more());
            let done = |r: &Record| matches!(r, Record::Ended { outcome, .. } if outcome.ending == Ending::Completed);
            let opened = journal::plans(&records);
            records.iter().any(|r| done(r) && opened.iter().any(|p| Some(p.id) == r.round())).then_some(())
        };
        until(super::LIMIT, look, || format!("a further round; the bot:\n{}", bot.story())).await;
    }

    /// What both venues themselves say the account's cash has changed by since its beginning, at 1e-8.
    pub(crate) async fn gained(&self) -> i64 {
        self.reader.cash().await.unwrap().iter().map(|cash| cash - START_E8).sum()
    }

    /// Somebody who shares the account places an order that rests far from the market.
    pub(crate) fn stranger(&self, venue: Venue) {
        let size_e8 = 10_000_000;
        let planted = match venue {
            Vest => {
                let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
                lock(&self.vest_machine).plant_resting_order("ETH-PERP", STRANGER_NONCE, size_e8, SimNow(now.as_micros() as i64))
            }
            // What the sessions would hear is not heard: the bot has to look for it.
            Paradex => lock(&self.paradex_machine).plant_resting_order(STRANGER_KEY, size_e8, &mut Vec::new()),
        };
        assert!(planted, "{venue:?} has no account yet");
    }

    /// Everything that may be said once the bot has gone: read from the venues, held against the journal.
    pub(crate) async fn audit(&self) {
        assert!(!journal::intended(&self.journal().all()).is_empty(), "nothing was ordered: there is nothing to judge");
        self.judge(false).await;
    }

    /// The same; `live`: the bot goes on trading meanwhile, so that an order may be open and the legs uneven.
    pub(crate) async fn judge(&self, live: bool) {
        let positions = self.positions().await;
        // The venues first: what they know of is in the journal by then.
        let orders = self.reader.orders().await.unwrap();
        let records = self.journal().all();
        let intended = journal::intended(&records);
        let [vest, paradex] = positions;
        assert!(live || (vest + paradex).abs() < LOT_E8, "uneven: {vest} on Vest, {paradex} on Paradex");
        let others = [STRANGER_KEY.to_owned(), STRANGER_NONCE.to_string(), VEST_ITSELF.to_owned(), PARADEX_ITSELF.to_owned()];
        let ours = |o: &Seen| !others.contains(&o.key);
        let orders: Vec<Seen> = orders.into_iter().flatten().filter(ours).collect();
        let mut filled: BTreeMap<(RoundId, LegId, bool), i64> = BTreeMap::new();
        let mut keys = Vec::new();
        for order in orders {
            let known = intended.get(&order.key).unwrap_or_else(|| panic!("{order:?} left without a record"));
            assert!(live || !order.open, "{order:?} is still open");
            assert!(order.filled_e8 <= known.spec.size.e8(), "{order:?} filled more than {:?}", known.spec);
            let OrderId { round, leg, purpose, .. } = known.spec.id;
            *filled.entry((round, leg, purpose == Purpose::Entry)).or_default() += order.filled_e8;
            keys.push(order.key);
        }
        let orders = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), orders, "an order was placed twice");
        for plan in journal::plans(&records) {
            for leg in LegId::BOTH {
                let of = |entry| filled.get(&(plan.id, leg, entry)).copied().unwrap_or(0);
                let (in_, out) = (of(true), of(false));
                assert!(in_ <= plan.size.e8(), "round {} leg {leg:?}: entered {in_} of {:?}", plan.id, plan.size);
                assert!(out <= in_, "round {} leg {leg:?}: {out} closed of {in_}", plan.id);
            }
        }
    }
}

/// A seed under which the next chances all make a round buy where the plan says.
fn seed_for(plan: Plan) -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as i64;
    let every = plan.shape.pulse_every_ms;
    let windows = (now / every..).take(plan.windows);
    let fits = |seed: &u64| {
        let market = Market::new(*seed, plan.shape);
        windows.clone().all(|window| {
            // A chance begins somewhere in its window; it has fully opened here wherever that was.
            let at = SimNow((window * every + every / 2) * 1_000);
            (market.mid("ETH", "paradex", at) > market.mid("ETH", "vest", at)) == (plan.long == Vest)
        })
    };
    (1..u64::MAX).find(fits).unwrap()
}
