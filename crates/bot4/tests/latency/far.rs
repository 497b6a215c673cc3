//! Two venues at a distance, and a bot that trades on them as often as they let it.

use crate::support::{Bot, Ended, keys, write};
use serde_json::Value;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use venue_sim::market::{Market, MarketShape};
use venue_sim::paradex::{ParadexSim, ParadexSimConfig};
use venue_sim::server::{RunningServer, ServerOptions, TlsServer};
use venue_sim::vest::{Latencies, VestSim, VestSimConfig};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

/// The venues drift apart every 1.6 s, for long enough that both legs get in and out.
const BRISK: MarketShape = MarketShape { pulse_every_ms: 1_600, pulse_ms: 900, pulse_bps: 60, noise_bps: 4 };
const SEED: u64 = 4;
/// Longest wait for the next round.
const NEXT_ROUND: Duration = Duration::from_mins(1);

/// How the bot keeps its HTTP connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Connections {
    /// As it does unless told otherwise.
    Kept,
    /// None is older than zero seconds when it is to be used again.
    NewPerRequest,
}

/// Both venues, and the runtime that serves them.
pub(crate) struct Far {
    vest: RunningServer,
    paradex: RunningServer,
    upgrades: Upgrades,
    /// Dropped last: the servers' tasks run on it.
    _runtime: tokio::runtime::Runtime,
}

impl Far {
    /// Both so far away. They answer an order in their usual time (Vest 16 to 24 ms, Paradex 8 ms) and fill it without
    /// delay: what the bot pays beyond that is the line and itself. Paradex holds nobody back, as it holds back no
    /// account of its Pro profile (paradex.md section 9; Retail waits 300 ms more).
    pub(crate) fn new(rtt_ms: u64) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok(); // another test of this binary may have been first
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let inside = runtime.enter();
        let market = Market::new(SEED, BRISK);
        let there = |options: ServerOptions| ServerOptions { latency_ms: rtt_ms, ..options };
        let latencies = Latencies { fill_us: (0, 0), new_us: 0, ..Latencies::default() };
        let vest = VestSim::new(VestSimConfig { latencies, ..VestSimConfig::new(SEED, market) });
        let symbols = ["ETH-USD-PERP", "BTC-USD-PERP", "SOL-USD-PERP"];
        let paradex = ParadexSim::new(ParadexSimConfig { event_us: 0, ..ParadexSimConfig::new(SEED, market, &symbols) });
        let upgrades = Upgrades::default();
        let vest = Doorkeeper { venue: vest, upgrades: Arc::clone(&upgrades) };
        let vest = TlsServer::start(Box::new(vest), there(ServerOptions::vest())).unwrap();
        let paradex = TlsServer::start(Box::new(paradex), there(ServerOptions::paradex())).unwrap();
        drop(inside);
        Self { vest, paradex, upgrades, _runtime: runtime }
    }

    /// A folder for a bot that trades three pairs here and is held up by no limit of its own.
    pub(crate) fn folder(&self, connections: Connections) -> tempfile::TempDir {
        self.folder_with(connections, "")
    }

    /// The same, with more said of Vest.
    pub(crate) fn folder_with(&self, connections: Connections, vest_more: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "vest.pem", self.vest.ca_pem());
        write(folder.path(), "paradex.pem", self.paradex.ca_pem());
        write(folder.path(), ".env", &keys::dotenv());
        let http = match connections {
            Connections::Kept => "",
            Connections::NewPerRequest => "http: { pool_idle_timeout_s: 0 }\n",
        };
        let (vest_rest, vest_ws) = (self.vest.rest_url(), self.vest.ws_url());
        let (paradex_rest, paradex_ws) = (self.paradex.rest_url(), self.paradex.ws_url());
        let config = format!(
            "mode: demo\n\
             pairs: [ETH-USD, BTC-USD, SOL-USD]\n\
             state: state\n\
             spread_entry: 0.30\n\
             spread_exit: 0.10\n\
             max_holding_s: 10\n\
             on_stop: flatten\n\
             execution: {{ cooldown_ms: 100, price_bound_percent: \"0.20\" }}\n\
             risk: {{ orders_per_minute: 100000 }}\n\
             {http}\
             venues:\n\
             \x20 vest: {{ rest: \"{vest_rest}\", ws: \"{vest_ws}\", ca: vest.pem{vest_more} }}\n\
             \x20 paradex: {{ rest: \"{paradex_rest}\", ws: \"{paradex_ws}\", ca: paradex.pem, onboard: true }}\n"
        );
        write(folder.path(), "config.yaml", &config);
        folder
    }

    /// Settings by which Vest's market data is read from its third generation.
    pub(crate) fn data_v3(&self) -> String {
        let (rest, ws) = (self.vest.rest_url_at(""), self.vest.ws_url_at("/ws"));
        format!(", data: v3, v3_rest: \"{rest}\", v3_ws: \"{ws}?version=1.0\"")
    }

    /// Path and query of every WebSocket that Vest was asked for.
    pub(crate) fn vest_upgrades(&self) -> Vec<String> {
        self.upgrades.lock().unwrap().clone()
    }

    /// Vest's REST base and certificate.
    pub(crate) fn vest_rest(&self) -> (String, String) {
        (self.vest.rest_url(), self.vest.ca_pem().to_owned())
    }

    /// Vest's WebSocket.
    pub(crate) fn vest_ws(&self) -> String {
        self.vest.ws_url()
    }
}

/// Runs the bot until so many rounds have been entered, and ends it.
pub(crate) fn trade(folder: &Path, rounds: u64) -> Ended {
    let mut bot = Bot::start(folder, &["--venues", "external", "--json"]);
    bot.until("Bot runtime started", NEXT_ROUND);
    for _ in 0..rounds {
        bot.until("[TRADE] Entry executed: spread=", NEXT_ROUND);
    }
    bot.interrupt();
    let ended = bot.finish(NEXT_ROUND);
    let last: Vec<String> = ended.log.iter().rev().take(12).map(|line| line["message"].to_string()).collect();
    assert_eq!(ended.code, Some(0), "{} last said, newest first: {last:#?}", ended.stderr);
    ended
}

type Upgrades = Arc<Mutex<Vec<String>>>;

/// Vest, with a list of the WebSockets it was asked for.
struct Doorkeeper {
    venue: VestSim,
    upgrades: Upgrades,
}

impl VenueSim for Doorkeeper {
    fn name(&self) -> &'static str {
        self.venue.name()
    }
    fn on_connect(&mut self, conn: u64, target: &str, headers: &[(String, String)], now: SimNow, out: &mut Vec<SimAction>) {
        self.upgrades.lock().unwrap().push(target.to_owned());
        self.venue.on_connect(conn, target, headers, now, out);
    }
    fn on_message(&mut self, conn: u64, message: &Message, now: SimNow, out: &mut Vec<SimAction>) {
        self.venue.on_message(conn, message, now, out);
    }
    fn on_disconnect(&mut self, conn: u64, now: SimNow, out: &mut Vec<SimAction>) {
        self.venue.on_disconnect(conn, now, out);
    }
    fn on_request(&mut self, request: u64, http: HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        self.venue.on_request(request, http, now, out);
    }
    fn next_wake(&self) -> Option<SimNow> {
        self.venue.next_wake()
    }
    fn on_wake(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        self.venue.on_wake(now, out);
    }
    fn set_fault(&mut self, name: &str, parameters: &Value) -> Result<(), String> {
        self.venue.set_fault(name, parameters)
    }
    fn clear_fault(&mut self, name: &str) {
        self.venue.clear_fault(name);
    }
}
