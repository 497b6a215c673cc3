//! The demo: both venues simulated inside this process, a market with opportunities, and now and then a refusal, a
//! partial fill or an answer that gets lost, so that a newcomer sees the whole job.

use crate::config::{Config, FileConfig};
use crate::storm::{Strike, Trouble, strikes};
use crate::wiring::Places;
use anyhow::Context;
use config_manager::Layers;
use domain::Pair;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use venue_sim::market::{Market, MarketShape};
use venue_sim::paradex::{ParadexSim, ParadexSimConfig};
use venue_sim::server::{Authority, RunningServer, ServerOptions, TlsServer};
use venue_sim::vest::{VestSim, VestSimConfig};

/// Pairs of the demo.
const PAIRS: [Pair; 2] = [Pair::new("ETH-USD"), Pair::new("BTC-USD")];

/// The demo's settings under what the command line sets.
pub(crate) fn load(set: impl FnOnce(Layers) -> anyhow::Result<Layers>) -> anyhow::Result<Config> {
    let pairs: Vec<&str> = PAIRS.iter().map(Pair::as_str).collect();
    let layers = crate::source::settings()
        .set("mode", "demo", "the demo")?
        .set("pairs", &format!("[{}]", pairs.join(", ")), "the demo")?
        .set("spread_entry", "0.30", "the demo")?
        .set("spread_exit", "0.10", "the demo")?
        .set("max_holding_s", "20", "the demo")?
        .set("on_stop", "flatten", "the demo")?
        .set("venues.paradex.onboard", "true", "the demo")?;
    let loaded = set(layers)?.load::<FileConfig>()?;
    Ok(Config::resolve(&loaded)?)
}

/// Both venues on loopback, over TLS.
pub(crate) struct Embedded {
    vest: Arc<RunningServer>,
    paradex: Arc<RunningServer>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Embedded {
    /// Starts both; must be called inside a tokio runtime.
    pub(crate) fn start(config: &Config, seed: u64, trouble: Trouble) -> anyhow::Result<Self> {
        let market = Market::new(seed, MarketShape::default());
        let authority = Authority::generate().context("no certificate for the simulated venues")?;
        let symbols: Vec<&str> = config.pairs.iter().map(|p| p.paradex.as_str()).collect();
        let paradex = ParadexSim::new(ParadexSimConfig::new(seed, market, &symbols));
        let vest = VestSim::new(VestSimConfig::new(seed, market));
        let own = Some(authority);
        let vest = TlsServer::start(Box::new(vest), ServerOptions { authority: own.clone(), ..ServerOptions::vest() })
            .context("the simulated Vest could not be started")?;
        let paradex = TlsServer::start(Box::new(paradex), ServerOptions { authority: own, ..ServerOptions::paradex() })
            .context("the simulated Paradex could not be started")?;
        let embedded =
            Self { vest: Arc::new(vest), paradex: Arc::new(paradex), stop: CancellationToken::new(), tasks: TaskTracker::new() };
        embedded.trouble(strikes(trouble, seed));
        Ok(embedded)
    }

    /// Where they are.
    pub(crate) fn places(&self) -> Places {
        Places {
            vest: (self.vest.rest_url(), self.vest.ws_url()),
            vest_v3: (self.vest.rest_url_at(""), self.vest.ws_url_at("/ws")),
            paradex: (self.paradex.rest_url(), self.paradex.ws_url()),
            roots: vec![self.vest.ca_pem().to_owned(), self.paradex.ca_pem().to_owned()],
        }
    }

    /// Lets go wrong what is planned, each strike taken away again in its time.
    fn trouble(&self, strikes: impl Iterator<Item = Strike> + Send + 'static) {
        let (vest, paradex, stop, tasks) =
            (Arc::clone(&self.vest), Arc::clone(&self.paradex), self.stop.clone(), self.tasks.clone());
        self.tasks.spawn(async move {
            for strike in strikes {
                tokio::select! {
                    biased;
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(strike.after) => {}
                }
                let server = if strike.on_vest { &vest } else { &paradex };
                if let Err(why) = server.fault(strike.name, &strike.parameters) {
                    tracing::warn!(target: "bot4", "the demo's trouble {} is refused: {why}", strike.name);
                }
                let Some(lasts) = strike.lasts else { continue };
                let (server, stop) = (Arc::clone(server), stop.clone());
                tasks.spawn(async move {
                    tokio::select! {
                        biased;
                        () = stop.cancelled() => {}
                        () = tokio::time::sleep(lasts) => server.clear(strike.name),
                    }
                });
            }
        });
    }

    /// Stops both.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        for server in [self.vest, self.paradex] {
            if let Ok(server) = Arc::try_unwrap(server) {
                server.stop().await;
            }
        }
    }
}
