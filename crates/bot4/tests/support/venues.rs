//! Both simulated venues on loopback, hosted by the test, with a tape of everything said.

use serde_json::Value;
use std::sync::{Arc, Mutex};
use venue_sim::market::{Market, MarketShape};
use venue_sim::paradex::{ParadexSim, ParadexSimConfig};
use venue_sim::server::{RunningServer, ServerOptions, TlsServer};
use venue_sim::vest::{VestSim, VestSimConfig};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// Everything that crossed a venue's wires.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    pub(crate) requests: Vec<Request>,
    /// Path and query of every WebSocket upgrade.
    pub(crate) upgrades: Vec<String>,
    /// Texts that the client sent over WebSocket.
    pub(crate) said: Vec<String>,
    /// Bodies that the venue answered with.
    pub(crate) answered: Vec<String>,
}

impl Tape {
    /// The newest value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let newest = self.requests.iter().rev().flat_map(|r| &r.headers).find(|(n, _)| n == name);
        newest.map(|(_, value)| value.clone())
    }
}

/// A venue whose wires are taped.
struct Taped {
    venue: Box<dyn VenueSim + Send>,
    tape: Arc<Mutex<Tape>>,
}

impl Taped {
    fn answers(&self, out: &[SimAction]) {
        let bodies = out.iter().filter_map(|a| match a {
            SimAction::Reply { body, .. } => Some(String::from_utf8_lossy(body).into_owned()),
            _ => None,
        });
        self.tape.lock().unwrap().answered.extend(bodies);
    }
}

impl VenueSim for Taped {
    fn name(&self) -> &'static str {
        self.venue.name()
    }
    fn on_connect(&mut self, conn: u64, target: &str, headers: &[(String, String)], now: SimNow, out: &mut Vec<SimAction>) {
        self.tape.lock().unwrap().upgrades.push(target.to_owned());
        self.venue.on_connect(conn, target, headers, now, out);
    }
    fn on_message(&mut self, conn: u64, message: &Message, now: SimNow, out: &mut Vec<SimAction>) {
        if let Message::Text(text) = message {
            self.tape.lock().unwrap().said.push(text.clone());
        }
        self.venue.on_message(conn, message, now, out);
    }
    fn on_disconnect(&mut self, conn: u64, now: SimNow, out: &mut Vec<SimAction>) {
        self.venue.on_disconnect(conn, now, out);
    }
    fn on_request(&mut self, request: u64, http: HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        self.tape.lock().unwrap().requests.push(Request {
            method: http.method.to_owned(),
            target: http.target.to_owned(),
            headers: http.headers.to_vec(),
            body: String::from_utf8_lossy(http.body).into_owned(),
        });
        self.venue.on_request(request, http, now, out);
        self.answers(out);
    }
    fn next_wake(&self) -> Option<SimNow> {
        self.venue.next_wake()
    }
    fn on_wake(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        self.venue.on_wake(now, out);
        self.answers(out);
    }
    fn set_fault(&mut self, name: &str, parameters: &Value) -> Result<(), String> {
        self.venue.set_fault(name, parameters)
    }
    fn clear_fault(&mut self, name: &str) {
        self.venue.clear_fault(name);
    }
}

/// One venue.
pub(crate) struct Venue {
    pub(crate) server: RunningServer,
    pub(crate) tape: Arc<Mutex<Tape>>,
}

impl Venue {
    fn start(machine: Box<dyn VenueSim + Send>, options: ServerOptions) -> Self {
        let tape = Arc::new(Mutex::new(Tape::default()));
        let taped = Taped { venue: machine, tape: Arc::clone(&tape) };
        Self { server: TlsServer::start(Box::new(taped), options).unwrap(), tape }
    }

    /// Headers that make a request the bot's own: the newest that it has shown itself.
    fn credentials(&self) -> Vec<(String, String)> {
        let tape = self.tape.lock().unwrap();
        let names = ["x-api-key", "xrestservermm", "authorization"];
        names.iter().filter_map(|n| Some(((*n).to_owned(), tape.header(n)?))).collect()
    }
}

/// A world in which the venues drift apart every few seconds and stay apart long enough to be looked at.
pub(crate) fn market(seed: u64) -> Market {
    Market::new(seed, MarketShape { pulse_every_ms: 6_000, pulse_ms: 3_600, pulse_bps: 60, noise_bps: 12 })
}

/// Both venues and the runtime that serves them.
pub(crate) struct Venues {
    pub(crate) vest: Venue,
    pub(crate) paradex: Venue,
    /// Dropped last: the servers' tasks run on it.
    runtime: tokio::runtime::Runtime,
}

impl Venues {
    /// Starts both in the same world, [`market`].
    pub(crate) fn start(seed: u64) -> Self {
        Self::start_in(seed, market(seed))
    }

    /// Starts both in this world.
    pub(crate) fn start_in(seed: u64, market: Market) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok(); // another test of this binary may have been first
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let inside = runtime.enter();
        let vest = VestSim::new(VestSimConfig::new(seed, market));
        let paradex = ParadexSim::new(ParadexSimConfig::new(seed, market, &["ETH-USD-PERP", "BTC-USD-PERP"]));
        let vest = Venue::start(Box::new(vest), ServerOptions::vest());
        let paradex = Venue::start(Box::new(paradex), ServerOptions::paradex());
        drop(inside);
        Self { vest, paradex, runtime }
    }

    /// Asks one of a venue's own routes over the wire, as the bot's account.
    #[track_caller]
    pub(crate) fn get(&self, venue: &Venue, route: &str) -> Value {
        let ca = reqwest::Certificate::from_pem(venue.server.ca_pem().as_bytes()).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([ca]).build().unwrap();
        let mut request = client.get(format!("{}{route}", venue.server.rest_url()));
        for (name, value) in venue.credentials() {
            request = request.header(name, value);
        }
        let (status, body) = self.runtime.block_on(async {
            let answer = request.send().await.unwrap();
            (answer.status().as_u16(), answer.bytes().await.unwrap())
        });
        assert_eq!(status, 200, "GET {route}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap()
    }

    /// Sends something to one of a venue's own routes over the wire, as the account that was last seen there.
    #[track_caller]
    pub(crate) fn post(&self, venue: &Venue, route: &str, body: &Value, expect: u16) {
        let ca = reqwest::Certificate::from_pem(venue.server.ca_pem().as_bytes()).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([ca]).build().unwrap();
        let mut request = client.post(format!("{}{route}", venue.server.rest_url())).json(body);
        for (name, value) in venue.credentials() {
            request = request.header(name, value);
        }
        let status = self.runtime.block_on(async { request.send().await.unwrap().status().as_u16() });
        assert_eq!(status, expect, "POST {route}");
    }

    /// Runs a future to its end.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// Base held in ETH at 1e-8 by each venue's own position route: Vest, Paradex; short is negative.
    pub(crate) fn positions_e8(&self) -> (i64, i64) {
        let sum =
            |list: &Value, of: &str, one: &dyn Fn(&Value) -> i64| -> i64 { list[of].as_array().unwrap().iter().map(one).sum() };
        let vest = sum(&self.get(&self.vest, "/account"), "positions", &|p| {
            let size = super::e8(p["size"].as_str().unwrap());
            if p["isLong"].as_bool().unwrap() { size } else { -size }
        });
        let paradex = sum(&self.get(&self.paradex, "/positions"), "results", &|p| {
            let size = super::e8(p["size"].as_str().unwrap()).abs();
            if p["side"] == "SHORT" { -size } else { size }
        });
        (vest, paradex)
    }

    /// Cash at 1e-8 by each venue's own word: Vest, Paradex.
    pub(crate) fn cash_e8(&self) -> (i64, i64) {
        let vest = self.get(&self.vest, "/account");
        let paradex = self.get(&self.paradex, "/balance");
        (super::e8(vest["collateral"].as_str().unwrap()), super::e8(paradex["results"][0]["size"].as_str().unwrap()))
    }
}
