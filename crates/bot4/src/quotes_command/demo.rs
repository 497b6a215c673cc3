//! Both betting venues simulated inside this process: one world of events, quoted by two houses that do not always agree.

use crate::bets_wiring::{BetPlaces, SxKeys};
use anyhow::Context;
use signing::{EvmKey, SanitizedValue};
use venue_sim::azuro::{AzuroSim, AzuroSimConfig};
use venue_sim::server::{Authority, RunningServer, ServerOptions, TlsServer};
use venue_sim::sports::{Sports, SportsShape};
use venue_sim::sx::{SxSim, SxSimConfig, Terms};

/// What the simulated SX Bet keeps of a winning profit: 1 %, as was reported of the real one (venues/sx.md section 14).
const FEE_E6: i64 = 10_000;
/// What the account there holds, base units: 10,000 dollars.
const BALANCE_E6: i64 = 10_000_000_000;

/// How often the simulated Azuro thinks again, ms: every change makes the client ask for the limits of each outcome.
const AZURO_TICK_MS: i64 = 2_000;

/// What there is to be seen in it: within eighty columns.
pub(super) const NOTE: &str = "Now and then Azuro's odds drift from SX Bet's; what is tradable then is on top.";

/// Azuro's opinion of an event drifts away more often than in the default world, for longer and less far, so that whoever looks for some
/// seconds usually sees the markets of one event tradable, a few rows, and not of all.
fn shape() -> SportsShape {
    SportsShape { pulse_every_ms: 60_000, pulse_ms: 15_000, pulse_e6: 31_000, pulse_permille: 180, ..SportsShape::default() }
}

/// Both venues on loopback, over TLS.
pub(crate) struct EmbeddedBets {
    sx: RunningServer,
    azuro: RunningServer,
}

impl EmbeddedBets {
    /// Starts both; must be called inside a tokio runtime. The account that `keys` belong to is known at SX Bet.
    pub(crate) fn start(seed: u64, keys: &SxKeys) -> anyhow::Result<Self> {
        let sports = Sports::new(seed, shape());
        let own = Some(Authority::generate().context("no certificate for the simulated venues")?);
        let owner = EvmKey::from_hex(&keys.account).context("the demo's own key")?.address();
        let terms = Terms { taker_fee_e6: FEE_E6, ..Terms::default() };
        let config = SxSimConfig { terms, ..SxSimConfig::new(seed, sports) };
        let sx = SxSim::new(config.with_account(keys.api_key.expose_secret(), owner, BALANCE_E6));
        let azuro = AzuroSim::new(AzuroSimConfig { tick_ms: AZURO_TICK_MS, ..AzuroSimConfig::new(seed, sports) });
        let sx = TlsServer::start(Box::new(sx), ServerOptions { authority: own.clone(), ..ServerOptions::sx() })
            .context("the simulated SX Bet could not be started")?;
        let azuro = TlsServer::start(Box::new(azuro), ServerOptions { authority: own, ..ServerOptions::azuro() })
            .context("the simulated Azuro could not be started")?;
        Ok(Self { sx, azuro })
    }

    /// Where they are.
    pub(crate) fn places(&self) -> BetPlaces {
        BetPlaces {
            sx: (self.sx.rest_url(), self.sx.ws_url()),
            azuro: (self.azuro.rest_url(), self.azuro.ws_url()),
            node: Some(SanitizedValue::new(self.azuro.rest_url_at("/rpc"))),
            roots: vec![self.sx.ca_pem().to_owned(), self.azuro.ca_pem().to_owned()],
            ours: true,
        }
    }

    /// Stops both.
    pub(crate) async fn stop(self) {
        self.sx.stop().await;
        self.azuro.stop().await;
    }
}
