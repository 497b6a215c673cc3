//! `bot4 flatten`: closes what is open, by the way in of a restart and with a gate that clears no order that opens exposure.

use crate::cli::{LEFT_BEHIND, OK};
use crate::out;
use crate::source::{Source, Usage};
use crate::takeover::{self, Takeover};
use clap::Args;
use domain::{LegId, Pair};
use engine::OnStop;
use journal::OpenError;
use saga::Round;
use serde_json::json;
use std::rc::Rc;
use std::time::Duration;
use telemetry::LogOptions;

/// Names the program in the journal.
const BUILD: &str = concat!("bot4 ", env!("CARGO_PKG_VERSION"), " flatten");

/// What the command line asked for.
#[derive(Clone, Debug, Args)]
#[command(
    after_help = "Exit codes: 0 nothing is open any more, or only shown; 1 failed, or a bot is running; 2 wrong command line, \
                  configuration or credentials; 3 something is left."
)]
pub(crate) struct FlattenArgs {
    /// One pair alone; what is uncovered on the others is evened all the same.
    #[arg(long, value_name = "PAIR")]
    pair: Option<String>,
    /// Do it; without this, what would be done is shown.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    source: Source,
}

/// Runs the command and gives the exit code.
pub(crate) fn run(args: &FlattenArgs, logs: &LogOptions, json: bool) -> u8 {
    flatten(args, logs, json).unwrap_or_else(|e| out::failed(&e))
}

fn flatten(args: &FlattenArgs, logs: &LogOptions, json: bool) -> anyhow::Result<u8> {
    let takeover = Takeover::prepare(&args.source)?;
    let open = takeover.open_rounds()?;
    for doubt in &open.doubts {
        eprintln!("bot4: {doubt}");
    }
    let rounds: Vec<&Round> = open.rounds().collect();
    let pair = args.pair.as_deref().map(|name| chosen(name, &rounds)).transpose()?;
    let on_stop = pair.map_or(OnStop::Flatten, OnStop::FlattenPair);
    let wanted: Vec<&Round> = rounds.into_iter().filter(|r| pair.is_none_or(|p| p == r.plan.pair)).collect();
    out::say(&shown(&wanted, args.yes, json));
    // Where the journal does not read well, only the way in of a restart can tell that nothing is open.
    if !args.yes || (wanted.is_empty() && open.doubts.is_empty()) {
        return Ok(OK);
    }
    let opened = match takeover.take(BUILD)? {
        Ok(opened) => opened,
        Err(OpenError::Locked { holder, .. }) => anyhow::bail!(
            "the bot is running (process {holder}) and holds its journal: stop it (Ctrl+C, or `kill {holder}`) and do this again, \
             or let it do it: `on_stop: flatten` in its configuration, or `--on-stop flatten`, closes everything when it stops"
        ),
        Err(e) => return Err(anyhow::Error::from(e).context("the journal cannot be used")),
    };
    let _guard = telemetry::init(logs)?;
    let limit = Duration::from_secs(takeover.config.file.watchdog.limit_s);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let done = tokio::task::LocalSet::new().block_on(&runtime, takeover.clean(opened, on_stop, limit, &Rc::default()))?;
    let left = takeover.open_rounds()?;
    let left: Vec<&Round> = left.rounds().filter(|r| pair.is_none_or(|p| p == r.plan.pair)).collect();
    let clean = left.is_empty() && done.left_behind.is_empty();
    if clean {
        tracing::info!(target: "bot4", net = %done.net, "Flat: nothing is open any more, net result of closing {} USD", done.net);
    } else {
        let still: Vec<String> = left.iter().map(|r| format!("{}: {}", r.plan.pair, takeover::state(r))).collect();
        let (still, seconds) = (still.join("; "), limit.as_secs());
        tracing::error!(target: "bot4", reason = still, "Not flat within {seconds} s: {still}. Run it again, or close it at the venues");
    }
    Ok(if clean { OK } else { LEFT_BEHIND })
}

fn chosen(name: &str, rounds: &[&Round]) -> anyhow::Result<Pair> {
    let found = rounds.iter().map(|r| r.plan.pair).find(|p| p.as_str().eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let names: Vec<&str> = rounds.iter().map(|r| r.plan.pair.as_str()).collect();
        let open = if names.is_empty() { "nothing is".to_owned() } else { format!("open: {}", names.join(", ")) };
        Usage(format!("nothing is open on {name}; {open}")).into()
    })
}

fn shown(rounds: &[&Round], yes: bool, json: bool) -> String {
    let held = |r: &Round, leg: LegId| {
        let mut text = String::new();
        domain::write_e8(r.held(leg), 0, &mut text);
        text
    };
    if json {
        let row = |r: &&Round| {
            json!({
                "round": r.id().to_string(), "pair": r.plan.pair.to_string(),
                "long": r.plan.legs[0].venue.to_string(), "long_held": held(r, LegId::A),
                "short": r.plan.legs[1].venue.to_string(), "short_held": held(r, LegId::B),
                "state": takeover::state(r),
            })
        };
        return json!({"closing": yes, "open": rounds.iter().map(row).collect::<Vec<_>>()}).to_string();
    }
    if rounds.is_empty() {
        return "Nothing is open.".to_owned();
    }
    let head = ["PAIR", "ROUND", "LONG", "HELD", "SHORT", "HELD", "STATE"].map(str::to_owned);
    let row = |r: &&Round| {
        let [long, short] = r.plan.legs.map(|l| l.venue.to_string());
        let (pair, round) = (r.plan.pair.to_string(), r.id().to_string());
        [pair, round, long, held(r, LegId::A), short, held(r, LegId::B), takeover::state(r)]
    };
    let table: Vec<[String; 7]> = std::iter::once(head).chain(rounds.iter().map(row)).collect();
    let next = if yes { "Closing." } else { "Stop the bot, then `bot4 flatten --yes` closes this at the market's price." };
    format!("{}\n{next}\n", out::columns(&table))
}
