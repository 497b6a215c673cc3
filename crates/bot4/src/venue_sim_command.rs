//! `bot4 venue-sim`: one simulated venue on its own.

use crate::cli::{FAILED, OK};
use anyhow::Context;
use clap::Args;
use std::path::PathBuf;
use venue_sim::VenueSim;
use venue_sim::azuro::{AzuroSim, AzuroSimConfig};
use venue_sim::market::{Market, MarketShape};
use venue_sim::paradex::{ParadexSim, ParadexSimConfig};
use venue_sim::server::{ServerOptions, TlsServer};
use venue_sim::sports::{Sports, SportsShape};
use venue_sim::sx::{SxSim, SxSimConfig};
use venue_sim::vest::{VestSim, VestSimConfig};

/// What was asked for.
#[derive(Clone, Debug, Args)]
pub(crate) struct SimArgs {
    /// Which venue.
    #[arg(value_parser = ["azuro", "paradex", "sx", "vest"])]
    venue: String,
    /// Port to listen on; any free one by default.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Where to write the certificate that clients have to trust; a temporary file by default.
    #[arg(long, value_name = "FILE")]
    ca_out: Option<PathBuf>,
    /// Simulated round trip of the line, ms.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Which market is drawn; the same seed gives both venues the same world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Serve `/_sim/fault` to turn faults on and off.
    #[arg(long)]
    control: bool,
    /// An account of the simulated SX Bet, with 10,000 USDC: its API key and the checksummed address that signs its orders.
    /// May be given several times.
    #[arg(long, value_name = "KEY=0xADDRESS")]
    account: Vec<String>,
}

/// What an account of the simulated SX Bet begins with, base units of USDC.
const SX_BALANCE_E6: i64 = 10_000_000_000;

/// Runs until Ctrl+C.
pub(crate) fn run(options: &SimArgs) -> u8 {
    match serve(options) {
        Ok(()) => OK,
        Err(e) => {
            eprintln!("bot4 venue-sim: {e:#}");
            FAILED
        }
    }
}

fn serve(options: &SimArgs) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    anyhow::ensure!(options.account.is_empty() || options.venue == "sx", "--account is for sx alone");
    runtime.block_on(async {
        let market = Market::new(options.seed, MarketShape::default());
        let (machine, base): (Box<dyn VenueSim + Send>, ServerOptions) = if options.venue == "vest" {
            (Box::new(VestSim::new(VestSimConfig::new(options.seed, market))), ServerOptions::vest())
        } else if options.venue == "sx" {
            let mut cfg = SxSimConfig::new(options.seed, Sports::new(options.seed, SportsShape::default()));
            for account in &options.account {
                cfg = cfg.with_account_text(account, SX_BALANCE_E6).map_err(anyhow::Error::msg).context("--account")?;
            }
            (Box::new(SxSim::new(cfg)), ServerOptions::sx())
        } else if options.venue == "azuro" {
            let sports = Sports::new(options.seed, SportsShape::default());
            (Box::new(AzuroSim::new(AzuroSimConfig::new(options.seed, sports))), ServerOptions::azuro())
        } else {
            let symbols = ["BTC-USD-PERP", "ETH-USD-PERP", "SOL-USD-PERP"];
            (Box::new(ParadexSim::new(ParadexSimConfig::new(options.seed, market, &symbols))), ServerOptions::paradex())
        };
        let server_options =
            ServerOptions { port: options.port, latency_ms: options.latency_ms, control: options.control, ..base };
        let server =
            TlsServer::start(machine, server_options).with_context(|| format!("port {} cannot be used", options.port))?;
        let port = server.address().port();
        let ca =
            options.ca_out.clone().unwrap_or_else(|| std::env::temp_dir().join(format!("bot4-{}-{port}-ca.pem", options.venue)));
        std::fs::write(&ca, server.ca_pem()).with_context(|| format!("--ca-out {} cannot be written", ca.display()))?;
        let mut line = serde_json::json!({
            "venue": options.venue,
            "rest": server.rest_url(),
            "ws": server.ws_url(),
            "ca": ca.display().to_string(),
        });
        if options.venue == "azuro" {
            line["rpc"] = server.rest_url_at("/rpc").into(); // the chain's node
        }
        println!("{line}");
        crate::run::until_asked_to_stop().await?;
        server.stop().await;
        if options.ca_out.is_none() {
            let _ = std::fs::remove_file(&ca); // ours, and of no use to anybody any more
        }
        Ok(())
    })
}
