//! Both venues over TLS, and the service between them on a thread of its own.

use crate::disk::SmallDisk;
use crate::shared::{Log, Shared, lock};
use crate::trader::shard;
use domain::names::Ending;
use domain::record::{Decision, Record};
use domain::{LegId, Pair, RoundId, VenueId, Wall};
use engine::OnStop;
use journal::{Durability, History, Identity, Journal, KIND_FIRST_FREE, KIND_SNAPSHOT, Mode, Options};
use orchestrator::{ExecutionService, Finished, Pulse, ServiceConfig, ServiceError, StopSignal, VenueLink};
use serde_json::Value;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use telemetry::{Format, LogOptions, Redactor};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use transport::{Clock, LinkConfig};
use venue_api::ConnId;
use venue_sim::SeenOrder;
use venue_sim::market::{Market, MarketShape};
use venue_sim::paradex::{ParadexSim, ParadexSimConfig};
use venue_sim::server::{RunningServer, ServerOptions, TlsServer};
use venue_sim::vest::{VestSim, VestSimConfig};

/// Index of a venue, everywhere.
pub(crate) const VEST: usize = 0;
/// Index of a venue, everywhere.
pub(crate) const PARADEX: usize = 1;
/// The one pair.
pub(crate) const PAIR: Pair = Pair::new("ETH-USD");
/// Names of the venues.
pub(crate) const NAMES: [VenueId; 2] = [VenueId::new("vest"), VenueId::new("paradex")];
/// Longest wait for anything.
const LIMIT: Duration = Duration::from_secs(40);
/// A chance every three seconds, for long enough to be tried three times.
const SHAPE: MarketShape = MarketShape { pulse_every_ms: 3_000, pulse_ms: 1_900, pulse_bps: 60, noise_bps: 4 };

/// Bytes of a segment: few rounds fill it.
pub(crate) const SEGMENT: u64 = 32 << 10;
/// Bytes that are kept for orders that reduce.
pub(crate) const RESERVE: u64 = 256 << 10;

/// Where the journal lies.
enum Folder {
    Plain(tempfile::TempDir),
    Small(SmallDisk),
}

/// The venues and the folder; services come and go.
pub(crate) struct World {
    servers: [RunningServer; 2],
    vest: Arc<Mutex<VestSim>>,
    paradex: Arc<Mutex<ParadexSim>>,
    folder: Folder,
    /// Services started from now on never see their exit spread.
    holds: Cell<bool>,
    log: Log,
    /// Dropped last: the servers' tasks run on it.
    _runtime: Runtime,
}

/// A service that runs.
pub(crate) struct Service {
    pub(crate) pulse: Arc<Pulse>,
    tell: watch::Sender<StopSignal>,
    thread: Option<JoinHandle<Result<Finished, ServiceError>>>,
}

impl World {
    /// Venues that drift apart every three seconds.
    pub(crate) fn new() -> Self {
        Self::on(Folder::Plain(tempfile::tempdir().unwrap()))
    }

    /// The same with the journal on a disk that can be filled.
    pub(crate) fn on_small_disk() -> Self {
        Self::on(Folder::Small(SmallDisk::new()))
    }

    fn on(folder: Folder) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok(); // another test may have been first
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let inside = runtime.enter();
        let market = Market::new(11, SHAPE);
        let vest = Arc::new(Mutex::new(VestSim::new(VestSimConfig::new(11, market))));
        let paradex = Arc::new(Mutex::new(ParadexSim::new(ParadexSimConfig::new(11, market, &["ETH-USD-PERP"]))));
        let servers = [
            TlsServer::start(Box::new(Shared(Arc::clone(&vest))), ServerOptions::vest()).unwrap(),
            TlsServer::start(Box::new(Shared(Arc::clone(&paradex))), ServerOptions::paradex()).unwrap(),
        ];
        drop(inside);
        Self { servers, vest, paradex, folder, holds: Cell::new(false), log: Log::default(), _runtime: runtime }
    }

    /// The disk that can be filled.
    pub(crate) fn disk(&self) -> &SmallDisk {
        match &self.folder {
            Folder::Small(disk) => disk,
            Folder::Plain(_) => panic!("not a small disk"),
        }
    }

    /// Folder of the journal.
    pub(crate) fn journal(&self) -> PathBuf {
        let folder: &Path = match &self.folder {
            Folder::Plain(folder) => folder.path(),
            Folder::Small(disk) => disk.path(),
        };
        folder.join("journal")
    }

    /// Whether services started from now on hold what they open.
    pub(crate) fn hold(&self, holds: bool) {
        self.holds.set(holds);
    }

    /// Whether a line of the log has all of these in it.
    pub(crate) fn said(&self, parts: &[&str]) -> bool {
        let log = String::from_utf8_lossy(&lock(&self.log.0)).into_owned();
        log.lines().any(|line| parts.iter().all(|part| line.contains(part)))
    }

    /// Turns a fault on.
    pub(crate) fn fault(&self, venue: usize, name: &str, parameters: &Value) {
        self.servers[venue].fault(name, parameters).unwrap();
    }

    /// Turns it off.
    pub(crate) fn clear(&self, venue: usize, name: &str) {
        self.servers[venue].clear(name);
    }

    /// Every order that a venue ever took.
    pub(crate) fn orders(&self, venue: usize) -> Vec<SeenOrder> {
        if venue == VEST { lock(&self.vest).orders_seen(0).collect() } else { lock(&self.paradex).orders_seen(0).collect() }
    }

    /// What each venue holds by its own orders, at 1e-8.
    pub(crate) fn positions(&self) -> [i64; 2] {
        [VEST, PARADEX].map(|v| self.orders(v).iter().map(|o| if o.is_buy { o.filled_e8 } else { -o.filled_e8 }).sum())
    }

    /// Every record so far, oldest first.
    pub(crate) fn records(&self) -> Vec<Record> {
        let Ok(history) = History::open(&self.journal(), 0) else { return Vec::new() };
        let frames = history.map_while(Result::ok).filter(|f| f.kind >= KIND_FIRST_FREE && f.kind != KIND_SNAPSHOT);
        frames.map(|f| serde_json::from_slice(&f.body).unwrap()).collect()
    }

    /// Waits until something is seen.
    #[track_caller]
    pub(crate) fn until<T>(&self, what: &str, mut look: impl FnMut(&[Record]) -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            let records = self.records();
            if let Some(seen) = look(&records) {
                return seen;
            }
            let last: Vec<&Record> = records.iter().rev().take(12).collect();
            assert!(began.elapsed() < LIMIT, "{what} was waited for in vain; the last records: {last:#?}");
            std::thread::park_timeout(Duration::from_millis(3)); // between two looks
        }
    }

    /// Waits for the end of the first round after the first `after` records, and says how it ended.
    #[track_caller]
    pub(crate) fn ending(&self, after: usize) -> (RoundId, Ending) {
        self.until("the end of a round", |records| {
            records.iter().skip(after).find_map(|r| match r {
                Record::Ended { round, outcome, .. } => Some((*round, outcome.ending)),
                _ => None,
            })
        })
    }

    /// Waits for a round that is open on both legs, after the first `after` records.
    #[track_caller]
    pub(crate) fn entered(&self, after: usize) -> RoundId {
        self.until("an entry", |records| {
            records.iter().skip(after).find_map(|r| match r {
                Record::Decided { round, decision: Decision::Entered, .. } => Some(*round),
                _ => None,
            })
        })
    }

    /// Nothing is open or uneven at the venues, and every order that they know was recorded before it left.
    #[track_caller]
    pub(crate) fn audit(&self) {
        let ([vest, paradex], records) = (self.positions(), self.records());
        let orders = [VEST, PARADEX].map(|v| self.orders(v));
        assert_eq!(vest + paradex, 0, "uneven by the venues' own orders: {orders:?} after {records:?}");
        let intended: Vec<&String> = records
            .iter()
            .filter_map(|r| match r {
                Record::Opened { orders, .. } | Record::Intended { orders, .. } => Some(orders),
                _ => None,
            })
            .flatten()
            .map(|o| &o.key.key)
            .collect();
        for order in [VEST, PARADEX].into_iter().flat_map(|v| self.orders(v)) {
            assert!(!order.live, "{order:?} is open");
            assert!(intended.contains(&&order.key), "{order:?} left without a record");
        }
    }

    /// Starts the service, and gives it when it may trade.
    pub(crate) fn start(&self, on_stop: OnStop) -> Service {
        let service = self.start_somehow(on_stop);
        let began = Instant::now();
        while !service.pulse.last().entries_allowed {
            assert!(began.elapsed() < LIMIT, "never ready: {:?}", service.pulse.last());
            std::thread::yield_now();
        }
        service
    }

    /// Starts the service, whatever comes of it.
    pub(crate) fn start_somehow(&self, on_stop: OnStop) -> Service {
        let pulse = Arc::new(Pulse::default());
        let (tell, told) = watch::channel(StopSignal::Run);
        let links = [(VEST, "Vest", 2), (PARADEX, "Paradex", 1)].map(|(n, name, warm_orders)| {
            let server = &self.servers[n];
            let extra_roots = vec![server.ca_pem().to_owned()];
            let link = LinkConfig::new(name, server.rest_url(), server.ws_url());
            VenueLink { venue: NAMES[n], link: LinkConfig { extra_roots, first: vec![ConnId(1)], ..link }, warm_orders }
        });
        let (folder, stamped) = (self.journal(), Arc::clone(&pulse));
        let (holds, log) = (self.holds.get(), self.log.clone());
        let thread = std::thread::spawn(move || {
            let options = LogOptions { filter: None, format: Format::Json };
            let (lines, _written) = telemetry::build(&options, log, false, None, Redactor::global()).unwrap();
            let _here = tracing::subscriber::set_default(lines);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            tokio::task::LocalSet::new().block_on(&runtime, async move {
                let accounts = NAMES.map(|n| (n.to_string(), "test".to_owned()));
                let identity = Identity { mode: Mode::Demo, accounts: BTreeMap::from(accounts), chains: BTreeMap::new() };
                // Small enough that a few records fill a segment.
                let options = Options {
                    segment_bytes: SEGMENT,
                    reserve_bytes: RESERVE,
                    durability: Durability::Process,
                    ..Options::new(wall)
                };
                let opened = Journal::open(&folder, identity, "test", options).unwrap();
                let mut records: Vec<Record> = Vec::new();
                for frame in &opened.replay {
                    if frame.kind == KIND_SNAPSHOT {
                        records.extend(serde_json::from_slice::<Vec<Record>>(&frame.body).unwrap());
                    } else {
                        records.push(serde_json::from_slice(&frame.body).unwrap());
                    }
                }
                let nonces = records.iter().filter_map(|r| match r {
                    Record::Opened { orders, .. } | Record::Intended { orders, .. } => Some(orders),
                    _ => None,
                });
                let on_vest = nonces.flatten().filter(|o| o.spec.venue == NAMES[VEST]);
                let mut shard = shard(on_vest.filter_map(|o| o.key.key.parse().ok()).max().unwrap_or(0), holds);
                for record in &records {
                    shard.replay(record).unwrap();
                }
                let config = ServiceConfig {
                    links: links.into(),
                    on_stop,
                    stop_limit: Duration::from_secs(20),
                    keep_from: Box::new(|| 0), // the test reads all of it
                    gates: Vec::new(),
                    pulse: stamped,
                };
                let synced = Arc::new(AtomicU64::new(0));
                ExecutionService::new(shard, opened.journal, config, Clock::start(), synced)?.run(told).await
            })
        });
        Service { pulse, tell, thread: Some(thread) }
    }
}

impl Service {
    /// Tells it to stop and waits for its end.
    #[track_caller]
    pub(crate) fn stop(mut self) -> Finished {
        self.begin_stop();
        self.thread.take().unwrap().join().unwrap().unwrap()
    }

    /// Tells it to stop.
    pub(crate) fn begin_stop(&self) {
        self.tell.send(StopSignal::Stop).unwrap();
    }

    /// Whether its thread has ended.
    pub(crate) fn ended(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until rounds may be opened, or may not.
    #[track_caller]
    pub(crate) fn until_entries(&self, allowed: bool) {
        let began = Instant::now();
        while self.pulse.last().entries_allowed != allowed {
            assert!(began.elapsed() < LIMIT && !self.ended(), "{:?}", self.pulse.last());
            std::thread::yield_now();
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.tell.send(StopSignal::Now); // a failing test: the thread must not outlive it
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn wall() -> Wall {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Wall(i64::try_from(since.as_micros()).unwrap())
}

/// The venue on which a leg of a round is.
pub(crate) fn venue_of(records: &[Record], round: RoundId, leg: LegId) -> Option<VenueId> {
    records.iter().find_map(|r| match r {
        Record::Opened { plan, .. } if plan.id == round => Some(plan.legs[leg.index()].venue),
        _ => None,
    })
}
