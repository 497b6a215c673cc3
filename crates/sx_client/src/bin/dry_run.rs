//! The whole life of a bet at SX Bet, shown: against the simulated venue, which it starts itself over TLS, or against the venue's own
//! test network.
//!
//! `cargo run --bin dry_run` from the root of the workspace. With `SX_REST_URL`, `SX_WS_URL`, `SX_API_KEY` and `SX_ACCOUNT_KEY` in the
//! environment (and `SX_CHAIN_ID`, 79479957 unless given) it bets the venue's minimum there instead; what no public venue can be made to
//! do is then left out. Every line also goes to `evidence/sx_client_dryrun.log`, or where `--log PATH` says. It ends with an error if a bet did not
//! come to what it was to show.

#[path = "dry_run/kpi.rs"]
mod kpi;
#[path = "dry_run/plan.rs"]
mod plan;
#[path = "dry_run/sandbox.rs"]
mod sandbox;
#[path = "dry_run/shell.rs"]
mod shell;

use domain::{BetStatus, OrderId, Stake};
use kpi::Kpi;
use plan::{LIMIT, ROWS, Row, choose, end_event, spec, watch_some};
use shell::Shell;
use signing::SanitizedValue;
use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use sx_client::{SxClient, SxConfig};
use tokio::task::LocalSet;
use transport::LinkConfig;
use venue_api::BetClient;
use venue_sim::server::RunningServer;
use venue_sim::sx::SxSim;

type Failure = Box<dyn Error>;

/// Both where people look and into the file.
#[derive(Clone)]
struct Tee(Arc<Mutex<File>>);

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stdout().write_all(bytes)?;
        self.0.lock().map_err(|_| io::Error::other("another writer died"))?.write_all(bytes)?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dry_run: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Failure> {
    let path = log_path(std::env::args().skip(1))?;
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    let tee = Tee(Arc::new(Mutex::new(File::create(&path)?)));
    tracing_subscriber::fmt().with_ansi(false).with_target(false).with_writer(move || tee.clone()).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    LocalSet::new().block_on(&runtime, bet())
}

fn log_path(mut arguments: impl Iterator<Item = String>) -> Result<PathBuf, Failure> {
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => Ok(PathBuf::from("evidence/sx_client_dryrun.log")),
        (Some("--log"), Some(path)) => Ok(path.into()),
        _ => Err("usage: dry_run [--log PATH]".into()),
    }
}

/// The venue's own network, if the environment names one.
fn given() -> Result<Option<(SxConfig, LinkConfig)>, Failure> {
    let value = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let names = ["SX_REST_URL", "SX_WS_URL", "SX_API_KEY", "SX_ACCOUNT_KEY"];
    let values = names.map(value);
    match values {
        [Some(rest), Some(realtime), Some(api), Some(account)] => {
            let chain = value("SX_CHAIN_ID").map_or(Ok(79_479_957), |id| id.parse())?;
            let config = SxConfig::new(SanitizedValue::new(api), SanitizedValue::new(account), chain);
            Ok(Some((config, sandbox::link(&rest, &realtime, None))))
        }
        [None, None, None, None] => Ok(None),
        _ => Err(format!("to bet at SX's own network all of {} are needed", names.join(", ")).into()),
    }
}

async fn bet() -> Result<(), Failure> {
    let begun = Instant::now();
    let folder = std::env::temp_dir().join(format!("sx_dry_run_{}", std::process::id()));
    let outcome = match given()? {
        Some((config, link)) => {
            tracing::info!(rest = link.rest_base, "at SX's own network");
            play(config, link, None, &folder, begun).await
        }
        None => {
            let server = sandbox::serve(Box::new(SxSim::new(sandbox::venue(7))), 20)?;
            tracing::info!(
                rest = server.rest_url(),
                "at the simulated venue; SX's own network was not tried: no URL and key are given"
            );
            let link = sandbox::link(&server.rest_url(), &server.ws_url(), Some(server.ca_pem()));
            let outcome = play(sandbox::client(), link, Some(&server), &folder, begun).await;
            server.stop().await;
            outcome
        }
    };
    // The journal served its purpose: to be written before anything left.
    let _ = std::fs::remove_dir_all(&folder);
    outcome
}

async fn play(
    config: SxConfig,
    link: LinkConfig,
    server: Option<&RunningServer>,
    folder: &Path,
    begun: Instant,
) -> Result<(), Failure> {
    let shell = Shell::start(config, link, folder, Box::new(|_| {}))?;
    if !shell.seen.until(LIMIT, |seen| seen.ups.get() > 0 && seen.listed.get()).await {
        return Err("the session did not come up, or nothing was listed".into());
    }
    shell.link.with(|client, now, out| client.read_account(now, out));
    watch_some(&shell, 20);
    let mut kpi = Kpi::default();
    let mut failures = Vec::new();
    let mut used = Vec::new();
    for (number, row) in (1u32..).zip(ROWS) {
        if server.is_none() && (row.fault.is_some() || row.ends.is_some_and(|(score, _)| score.is_none())) {
            tracing::info!(shows = row.shows, "left out: no public venue can be made to do this");
            continue;
        }
        match one(&shell, server, number, row, &mut used).await {
            Ok(id) => kpi.count(shell.seen.reports.borrow().get(&id).map_or(&[], Vec::as_slice)),
            Err(error) => {
                tracing::error!(shows = row.shows, %error, "did not come to it");
                failures.push(row.shows);
            }
        }
    }
    if let Some(server) = server {
        drop_twice(&shell, server, &mut kpi).await?;
    }
    shell.seen.funds.set(None);
    shell.link.with(|client, now, out| client.read_account(now, out));
    shell.seen.until(Duration::from_secs(5), |seen| seen.funds.get().is_some()).await;
    if let Some(funds) = shell.seen.funds.get() {
        tracing::info!(free = %funds.free, in_bets = ?funds.in_bets, "funds");
    }
    kpi.told(begun.elapsed());
    shell.link.stop().await;
    if failures.is_empty() {
        tracing::info!("every bet came to what it was to show");
        Ok(())
    } else {
        Err(format!("did not come to it: {}", failures.join("; ")).into())
    }
}

/// Plays one row and tells every step.
async fn one(
    shell: &Shell<SxClient>,
    server: Option<&RunningServer>,
    number: u32,
    row: &Row,
    used: &mut Vec<String>,
) -> Result<OrderId, Failure> {
    let mut chosen = None;
    shell
        .seen
        .until(LIMIT, |seen| {
            chosen = choose(seen, used);
            chosen.is_some()
        })
        .await;
    let (quote, event) = chosen.ok_or("nothing can be had of any watched event")?;
    let stake =
        shell.link.look(|client, _| client.terms(quote.market, quote.outcome)).map_or(Stake::from_e6(5_000_000), |terms| {
            if server.is_some() { terms.min.plus(terms.min).plus(terms.min) } else { terms.min }
        });
    if let (Some(server), Some((fault, parameters))) = (server, row.fault) {
        server.fault(fault, &parameters())?;
    }
    let spec = spec(shell, number, row, &quote, stake);
    let id = spec.id;
    tracing::info!(order_id = %id, shows = row.shows, event, odds = %quote.odds, stake = %stake, "bet");
    let key = shell.place(spec)?;
    tracing::info!(order_id = %id, venue_order = key.key, "recorded and sent");
    let mut told = 0;
    let mut expected = row.passes.iter();
    let mut next = expected.next();
    let passed = follow(shell, id, &mut told, |status| {
        if next == Some(&status) {
            next = expected.next();
        }
        next.is_none()
    });
    if !passed.await {
        return Err(format!("it is {:?}", shell.seen.last(id).map(|report| report.status)).into());
    }
    if let (Some(server), Some((score, end))) = (server, row.ends) {
        end_event(server, &event, score)?;
        used.push(event);
        let limit = LIMIT * 2;
        let ended = tokio::time::timeout(limit, follow(shell, id, &mut told, |status| status == end));
        if !ended.await.unwrap_or(false) {
            return Err(format!("it is {:?}", shell.seen.last(id).map(|report| report.status)).into());
        }
    }
    Ok(id)
}

/// Tells each report of a bet as it comes, until one makes this true.
async fn follow(shell: &Shell<SxClient>, id: OrderId, told: &mut usize, mut done: impl FnMut(BetStatus) -> bool) -> bool {
    let limit = LIMIT * 2;
    shell.seen.until(limit, |seen| {
        let reports = seen.reports.borrow();
        let reports = reports.get(&id).map_or(&[][..], Vec::as_slice);
        let sent = reports.first().map(|(at, _)| at.mono);
        let retry_count = seen.retries.borrow().get(&id).copied().unwrap_or(0);
        let mut over = false;
        while let Some((at, report)) = reports.get(*told) {
            *told += 1;
            let latency_ms = sent.map_or(0, |sent| at.mono.since(sent) / 1_000_000);
            let (status, taken, returns) = (report.status.word(), report.taken, report.returns);
            tracing::info!(order_id = %id, status, latency_ms, retry_count, %taken, %returns, paid = ?report.paid, why = report.why);
            over |= done(report.status);
        }
        over
    }).await
}

/// The connection is cut twice: the session has to come back by itself.
async fn drop_twice(shell: &Shell<SxClient>, server: &RunningServer, kpi: &mut Kpi) -> Result<(), Failure> {
    for _ in 0..2 {
        let (ups, at) = (shell.seen.ups.get(), Instant::now());
        server.fault("drop_connections", &serde_json::json!({"code": 3_000}))?;
        if !shell.seen.until(LIMIT, |seen| seen.ups.get() > ups).await {
            return Err("the session did not come back".into());
        }
        kpi.reconnects += 1;
        kpi.recovery_ms.push(u64::try_from(at.elapsed().as_millis()).unwrap_or(u64::MAX));
    }
    Ok(())
}
