//! Both simulated betting venues hosted by the test, and a folder that is configured for them.

use crate::support::write;
use serde_json::json;
use signing::{EvmKey, SanitizedValue};
use venue_sim::azuro::{AzuroSim, AzuroSimConfig};
use venue_sim::server::{RunningServer, ServerOptions, TlsServer};
use venue_sim::sports::{Sports, SportsShape};
use venue_sim::sx::{SxSim, SxSimConfig};

/// Secrets of the account that the simulated SX Bet knows.
pub(crate) const API_KEY: &str = "a-key-of-sx-bet-that-nobody-may-see";
pub(crate) const ACCOUNT_KEY: &str = "4c0883a69102937d6231471b5dbb6204fe512961708279f7a4d0b1c0b1c0b1c0";

pub(crate) struct Hosted {
    pub(crate) sx: RunningServer,
    pub(crate) azuro: RunningServer,
    _runtime: tokio::runtime::Runtime,
}

impl Hosted {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let _inside = runtime.enter();
        let sports = Sports::new(5, SportsShape::default());
        let owner = EvmKey::from_hex(&SanitizedValue::new(ACCOUNT_KEY)).unwrap().address();
        let config = SxSimConfig::new(5, sports).with_account(API_KEY, owner, 1_000_000_000);
        let sx = TlsServer::start(Box::new(SxSim::new(config)), ServerOptions::sx()).unwrap();
        let config = AzuroSimConfig { tick_ms: 2_000, ..AzuroSimConfig::new(5, sports) };
        let azuro = TlsServer::start(Box::new(AzuroSim::new(config)), ServerOptions::azuro()).unwrap();
        Self { sx, azuro, _runtime: runtime }
    }

    /// A folder with `config.yaml` for both, and the mapping given.
    pub(crate) fn folder(&self, mapping: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "sx.pem", self.sx.ca_pem());
        write(folder.path(), "azuro.pem", self.azuro.ca_pem());
        let config = json!({
            "mode": "paper",
            "bets": { "sports": ["soccer"], "horizon_h": 8, "mapping": "mapping.yml" },
            "venues": {
                "sx": { "rest": self.sx.rest_url(), "ws": self.sx.ws_url(), "ca": "sx.pem" },
                "azuro": {
                    "rest": self.azuro.rest_url(),
                    "ws": self.azuro.ws_url(),
                    "ca": "azuro.pem",
                },
            },
        });
        // JSON is YAML.
        write(folder.path(), "config.yaml", &config.to_string());
        write(folder.path(), "mapping.yml", mapping);
        folder
    }
}
