//! `bot4 quotes`: what both betting venues offer on the same questions now, what that leaves, and why a pair is not tradable. Looks
//! only: no bet is placed.

mod demo;
mod line;
mod pairing;
mod screen;
mod show;
mod terminal;
mod watch;
pub(crate) mod words;

pub(crate) use demo::EmbeddedBets;

use crate::azuro_nodes::{NodeUrls, Nodes};
use crate::bets_wiring::{BetPlaces, SxKeys, azuro_environment};
use crate::cli::{FAILED, OK};
use crate::config::{Config, Mode};
use crate::out;
use crate::source::{Source, Usage};
use crate::wiring::clock;
use clap::Args;
use pairing::Pairing;
use show::Show;
use signing::SanitizedValue;
use std::time::Duration;
use watch::Watch;

/// What the command line asked for.
#[derive(Clone, Debug, Args)]
pub(crate) struct QuotesArgs {
    /// Show every pair with the reason why it is not tradable: also those that are not confirmed, refused, without odds or in play.
    #[arg(long)]
    all: bool,
    /// Show what there is once, and end.
    #[arg(long)]
    once: bool,
    /// End by itself after this long: 30s, 5m, 1h.
    #[arg(long = "for", value_name = "TIME")]
    lasting: Option<String>,
    /// In demo: which world is drawn.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    #[command(flatten)]
    source: Source,
}

/// Worlds that are drawn by themselves: a number that a person can type again.
const SEEDS: u64 = 1_000_000;

/// Runs the command and gives the exit code.
pub(crate) fn run(args: &QuotesArgs, json: bool) -> u8 {
    match quotes(args, json) {
        Ok(true) => OK,
        Ok(false) => FAILED,
        Err(e) => out::failed(&e),
    }
}

/// `30s`, `5m`, `1h`.
fn span(text: &str) -> Result<Duration, Usage> {
    let refuse = || Usage(format!("--for {text}: write a time such as 30s, 5m or 1h"));
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(refuse)?;
    let (number, unit) = text.split_at(at);
    let number: u64 = number.parse().map_err(|_| refuse())?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err(refuse()),
    };
    number.checked_mul(unit).filter(|s| *s > 0).map(Duration::from_secs).ok_or_else(refuse)
}

/// Where everything is and what counts as confirmed.
struct Plan {
    config: Config,
    keys: Option<SxKeys>,
    nodes: NodeUrls,
    demo: bool,
}

fn plan(args: &QuotesArgs) -> anyhow::Result<Plan> {
    let (environment, config) = args.source.load_for_bets()?;
    let demo = config.file.mode == Mode::Demo;
    let keys = SxKeys::fitting(&config, &environment)?;
    // The demo's world has a chain of its own.
    let nodes = if demo { NodeUrls::default() } else { NodeUrls::configured(&config, &environment) };
    Ok(Plan { config, keys, nodes, demo })
}

/// The node of Azuro's chain, if one is configured and right. Quotes go on without: what is wrong with it is said, for whoever bets next.
async fn node(plan: &Plan, roots: &[String]) -> anyhow::Result<Option<SanitizedValue>> {
    if plan.nodes.is_empty() {
        return Ok(None);
    }
    let environment = azuro_environment(&plan.config)?;
    let nodes = Nodes::new(&plan.nodes, roots, environment)?;
    let first = nodes.first().await;
    nodes.stop().await;
    if let Err(why) = &first {
        let line = format!("bot4: quotes need no node of Azuro's chain, bets would: {why}");
        eprintln!("{}", telemetry::Redactor::global().redact(&line));
    }
    Ok(first.ok())
}

/// True if there was something to show.
fn quotes(args: &QuotesArgs, json: bool) -> anyhow::Result<bool> {
    let lasting = args.lasting.as_deref().map(span).transpose()?;
    let plan = plan(args)?;
    let pairing = Pairing::of(&plan.config, plan.demo)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let shown = tokio::task::LocalSet::new().block_on(&runtime, async {
        let seed = args.seed.unwrap_or_else(|| clock().now().wall.0.unsigned_abs() % SEEDS);
        let embedded = match (&plan.keys, plan.demo) {
            (Some(keys), true) => Some(EmbeddedBets::start(seed, keys)?),
            _ => None,
        };
        let places = match &embedded {
            Some(embedded) => embedded.places(),
            None => {
                let places = BetPlaces::configured(&plan.config)?;
                BetPlaces { node: node(&plan, &places.roots).await?, ..places }
            }
        };
        let place = match &embedded {
            Some(_) => format!("demo, simulated venues, no real money (seed {seed})"),
            None if plan.keys.is_none() => "read only; SX Bet's books over REST, since there is no key".to_owned(),
            None => "read only".to_owned(),
        };
        let note = if plan.demo { demo::NOTE } else { "" };
        let watch = Watch::start(&plan.config, plan.keys.as_ref(), &places, pairing)?;
        let shown = Show::new((args.all, args.once), json, (place, note), watch).run(lasting).await;
        if let Some(embedded) = embedded {
            embedded.stop().await;
        }
        shown
    });
    runtime.shutdown_timeout(Duration::from_secs(2));
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_last_reads_or_says_what_would() {
        let check = |text: &str, expect: Result<u64, &str>| {
            let got = span(text).map(|span| span.as_secs()).map_err(|e| e.to_string());
            assert_eq!(got, expect.map_err(str::to_owned), "{text}");
        };
        check("30s", Ok(30));
        check("5m", Ok(300));
        check("1h", Ok(3_600));
        for bad in ["", "30", "s", "0s", "-3s", "3d", "99999999999999999999h", "9999999999999999999h"] {
            check(bad, Err(format!("--for {bad}: write a time such as 30s, 5m or 1h").as_str()));
        }
    }
}
