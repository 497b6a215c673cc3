//! The simulated venue behind TLS on a free port of this machine, and what a client needs to reach it.

use std::io;
use std::time::Duration;
use sx_client::{BACKOFF_CAP_MS, SxConfig};
use transport::LinkConfig;
use venue_sim::VenueSim;
use venue_sim::server::{RunningServer, ServerOptions, TlsServer};
use venue_sim::sports::{Sports, SportsShape};
use venue_sim::sx::{MAINNET_CHAIN, SxSimConfig};

/// Made up; the simulated venue alone knows it.
pub(crate) const API_KEY: &str = "a-key-of-the-sandbox";
/// A made-up key that holds nothing.
pub(crate) const ACCOUNT_KEY: &str = "0x1cab1e2e1a82a9d37e653441fcde87be88b3ebb6882714c543d71ce96fa46931";
/// Its address.
pub(crate) const ADDRESS: &str = "0x2A87391ad35ffD030F6fD2A88fDF850EC1Ab5c79";
/// What its account begins with, base units.
const BALANCE_E6: i64 = 10_000_000_000;

/// A venue with one funded account, in a world where every event is simply played.
pub(crate) fn venue(seed: u64) -> SxSimConfig {
    let shape = SportsShape { trouble_permille: 0, ..SportsShape::default() };
    let owner = ADDRESS.parse().expect("the address above");
    SxSimConfig::new(seed, Sports::new(seed, shape)).with_account(API_KEY, owner, BALANCE_E6)
}

/// What the account's client is started with.
pub(crate) fn client() -> SxConfig {
    let mut config = SxConfig::new(API_KEY.into(), ACCOUNT_KEY.into(), MAINNET_CHAIN);
    config.sports = vec![1, 5, 6];
    config
}

/// Serves a venue with this round trip, ms.
///
/// # Errors
/// No port, no certificate, or no runtime.
pub(crate) fn serve(venue: Box<dyn VenueSim + Send>, latency_ms: u64) -> io::Result<RunningServer> {
    let paths =
        ServerOptions { rest_prefix: String::new(), ws_path: "/connection/websocket".to_owned(), ..ServerOptions::default() };
    TlsServer::start(venue, ServerOptions { latency_ms, ..paths })
}

/// How to reach it.
pub(crate) fn link(rest: &str, realtime: &str, authority: Option<&str>) -> LinkConfig {
    let mut config = LinkConfig::new("SX Bet", rest, realtime);
    config.backoff_cap = Duration::from_millis(BACKOFF_CAP_MS);
    config.extra_roots.extend(authority.map(str::to_owned));
    config
}
