//! Official and independent clients against the simulated SX over TLS, unchanged but for URL and CA.
//!
//! Needs a folder with the packages of `tests/interop/sx/package.json`; `cargo xtask test` makes it.
#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use venue_sim::centrifugo::{Hub, HubConfig, OpenGate};
use venue_sim::server::{RunningServer, ServerOptions, TlsServer};
use venue_sim::sports::{Sports, SportsShape};
use venue_sim::sx::{Makers, SxSim, SxSimConfig};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

/// Made up for the golden vectors, never to be funded.
const PRIVATE_KEY: &str = "0x1cab1e2e1a82a9d37e653441fcde87be88b3ebb6882714c543d71ce96fa46931";
const ADDRESS: &str = "0x2A87391ad35ffD030F6fD2A88fDF850EC1Ab5c79";
const API_KEY: &str = "a key of this test";
const CHANNEL: &str = "orderbook_v3:0xaa";
/// How often the machine publishes, and how long its tokens live.
const EVERY_US: i64 = 4_000;
const TOKEN_S: i64 = 3;

/// The hub with the one route that hands out its tokens, and a channel that never rests.
struct Realtime {
    hub: Hub,
    next: SimNow,
    count: u64,
}

impl VenueSim for Realtime {
    fn name(&self) -> &'static str {
        "realtime"
    }
    fn on_connect(&mut self, conn: u64, _: &str, _: &[(String, String)], now: SimNow, out: &mut Vec<SimAction>) {
        self.hub.on_connect(conn, now, out);
    }
    fn on_message(&mut self, conn: u64, message: &Message, now: SimNow, out: &mut Vec<SimAction>) {
        self.hub.on_message(conn, message, now, &mut OpenGate, out);
    }
    fn on_disconnect(&mut self, conn: u64, _: SimNow, _: &mut Vec<SimAction>) {
        self.hub.on_disconnect(conn);
    }
    fn on_request(&mut self, request: u64, http: HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        let asked = http.target == "/user/realtime-token-v3/api-key" && http.header("x-sx-api-key") == Some(API_KEY);
        let (status, body) = if asked {
            (200, json!({"token": self.hub.mint(ADDRESS, TOKEN_S, now)}))
        } else {
            (401, json!({"message": "BAD_AUTH"}))
        };
        let body = body.to_string().into_bytes();
        out.push(SimAction::Reply { request, after_us: 0, status, headers: Vec::new(), body });
    }
    fn next_wake(&self) -> Option<SimNow> {
        self.hub.next_wake().into_iter().chain([self.next]).min()
    }
    fn on_wake(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        self.hub.on_wake(now, out);
        if self.next <= now {
            self.count += 1;
            self.hub.publish(CHANNEL, &json!({"marketHash": "0xaa", "version": format!("{:023}", self.count)}), now, out);
            self.next = SimNow(now.0 + EVERY_US);
        }
    }
    fn set_fault(&mut self, name: &str, parameters: &Value) -> Result<(), String> {
        self.hub.set_switch(name, parameters)
    }
    fn clear_fault(&mut self, name: &str) {
        self.hub.clear_switch(name);
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The folder with the pinned packages.
fn packages() -> PathBuf {
    let folder = std::env::var_os("BOT4_SX_NODE").map_or_else(|| workspace().join("target/node-sx"), PathBuf::from);
    assert!(
        folder.join("node_modules").is_dir(),
        "no packages at {}: run `cargo xtask test --only tools`, which installs them, or point BOT4_SX_NODE to a folder in \
         which `npm install` was run with tests/interop/sx/package.json",
        folder.display()
    );
    folder
}

/// Runs a script of `tests/interop/sx` that trusts the server, and gives what it said.
fn run(script: &str, server: &RunningServer, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, server.ca_pem()).unwrap();
    let mut command = Command::new("node");
    command.arg(workspace().join("tests/interop/sx").join(script)).arg(packages()).args(arguments);
    let done = command.env("NODE_EXTRA_CA_CERTS", &ca).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}");
    said
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn serve(machine: Box<dyn VenueSim + Send>) -> RunningServer {
    let ws_path = "/connection/websocket".to_owned();
    let options = ServerOptions { rest_prefix: String::new(), ws_path, control: true, ..ServerOptions::default() };
    TlsServer::start(machine, options).unwrap()
}

/// A venue with the account of this test, whose makers think again that often.
fn sx(every_ms: i64) -> Box<SxSim> {
    let mut config = SxSimConfig::new(5, Sports::new(5, SportsShape::default()));
    config = config.with_account(API_KEY, ADDRESS.parse().unwrap(), 1_000_000_000);
    config.makers = Makers { every_ms, ..Makers::default() };
    config.token_s = TOKEN_S;
    Box::new(SxSim::new(config))
}

#[test]
fn the_official_realtime_client_loses_nothing_and_sees_nothing_twice_whatever_happens_to_its_connection() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let config = HubConfig { ping_s: 1, pong_s: 1, ..HubConfig::new(5) };
    let server = serve(Box::new(Realtime { hub: Hub::new(config), next: SimNow(0), count: 0 }));
    let (rest, socket) = (server.rest_url(), server.ws_url());
    let said = run("realtime.mjs", &server, &[rest.as_str(), socket.as_str(), API_KEY, ADDRESS, CHANNEL]);
    assert!(said.contains("the official client is content"), "{said}");
    runtime.block_on(server.stop());
}

#[test]
fn the_official_realtime_client_follows_the_books_of_an_event_through_every_switch() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = serve(sx(100));
    let (rest, socket) = (server.rest_url(), server.ws_url());
    let said = run("realtime.mjs", &server, &[rest.as_str(), socket.as_str(), API_KEY, ADDRESS]);
    assert!(said.contains("the official client is content"), "{said}");
    runtime.block_on(server.stop());
}

#[test]
fn an_order_that_an_independent_library_signed_becomes_a_locked_bet_and_a_tampered_one_does_not() {
    let runtime = runtime();
    let _inside = runtime.enter();
    let server = serve(sx(3_600_000)); // a book that stands still is taken at the price that was seen
    let (rest, socket) = (server.rest_url(), server.ws_url());
    let said = run("bet.mjs", &server, &[rest.as_str(), socket.as_str(), API_KEY, PRIVATE_KEY]);
    assert!(said.contains("the integrator is content"), "{said}");
    runtime.block_on(server.stop());
}
