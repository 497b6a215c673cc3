//! `bot4 watchdog`: a process of its own that evens out what a dead or hung bot left uncovered.
//!
//! Watches the heartbeat and, while that is silent, the journal; both read only. Takes over when the bot is silent and
//! something is uncovered or pending, never otherwise, and can only cancel and reduce then. A bot that lives is not disturbed,
//! and positions that are even stay.

use crate::cli::{FAILED, LEFT_BEHIND, OK};
use crate::config::Mode;
use crate::fence;
use crate::heartbeat::{Heartbeat, Silence};
use crate::out;
use crate::probe::{Probe, Verdict};
use crate::run::until_asked_to_stop;
use crate::source::Source;
use crate::takeover::Takeover;
use crate::wiring;
use anyhow::Context;
use clap::Args;
use domain::names::EventType;
use engine::OnStop;
use journal::{OpenError, Opened};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, SystemTime};
use telemetry::LogOptions;

/// Names the program in the journal.
const BUILD: &str = concat!("bot4 ", env!("CARGO_PKG_VERSION"), " watchdog");
/// How long an ended process may take to let go of the journal.
const LET_GO: Duration = Duration::from_secs(5);
/// How often is looked whether it has.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// What the command line asked for.
#[derive(Clone, Debug, Args)]
#[command(after_help = "Exit codes: 0 asked to stop, or with --once nothing was left to do; 1 failed; 2 wrong command line, \
                  configuration or credentials; 3 with --once, or asked to stop in the middle: something is still uncovered.")]
pub(crate) struct WatchdogArgs {
    #[command(flatten)]
    source: Source,
    /// Look once, take over if that is needed, and end.
    #[arg(long)]
    once: bool,
    /// When taking over, close positions that are even as well.
    #[arg(long)]
    flatten: bool,
}

/// Runs the watchdog and gives the exit code.
pub(crate) fn run(args: &WatchdogArgs, logs: &LogOptions) -> u8 {
    let guard = match out::logs(logs) {
        Ok(guard) => guard,
        Err(code) => return code,
    };
    let code = start(args).unwrap_or_else(|e| {
        tracing::error!(target: "bot4", "{e:#}");
        out::code_of(&e)
    });
    drop(guard);
    code
}

fn start(args: &WatchdogArgs) -> anyhow::Result<u8> {
    let takeover = Takeover::prepare(&args.source)?;
    check_credentials(&takeover)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let watch = Watch {
        silence: Silence::from(wiring::clock().mono()),
        takeover,
        on_stop: if args.flatten { OnStop::Flatten } else { OnStop::Leave },
        once: args.once,
        even_at: None,
        stranger: None,
        asked: Rc::default(),
    };
    tokio::task::LocalSet::new().block_on(&runtime, watch.run())
}

/// A signed read on both venues: a watchdog whose keys do not work finds out now and not when it is needed.
fn check_credentials(takeover: &Takeover) -> anyhow::Result<()> {
    let Takeover { config, keys, environment, .. } = takeover;
    let (vest, paradex) = (Some(&keys.vest), Some(&keys.paradex));
    let report = Probe { config, vest, paradex, environment, only: None, progress: &|_| {} }.run()?;
    let mut refused = Vec::new();
    for row in report.rows.iter().filter(|r| r.what == "credentials") {
        let (place, found) = (row.place.as_str(), row.found.as_str());
        if row.verdict == Verdict::Fail && config.file.mode == Mode::Live {
            refused.push(format!("{place}: {found}"));
        } else if row.verdict == Verdict::Fail {
            // The demo's accounts may not exist before the bot has made them.
            tracing::warn!(target: "bot4", place, "[WATCHDOG] {place}: {found}");
        } else {
            tracing::info!(target: "bot4", place, "[WATCHDOG] {place}: {found}");
        }
    }
    if refused.is_empty() { Ok(()) } else { anyhow::bail!("the watchdog could not act: {}", refused.join(". ")) }
}

struct Watch {
    takeover: Takeover,
    on_stop: OnStop,
    once: bool,
    silence: Silence,
    /// State of the journal's folder in which nothing was uncovered.
    even_at: Option<(SystemTime, usize)>,
    /// A holder of the journal that is not the bot that fell silent, told once.
    stranger: Option<String>,
    asked: Rc<Cell<bool>>,
}

/// What a look came to.
enum Look {
    /// The bot lives, or has not been silent for long enough.
    Lives,
    /// It is silent, and nothing is left to do.
    Even,
    /// Taken over; whether everything came to its end.
    Acted(bool),
    /// Somebody else has the journal.
    Waits,
}

impl Watch {
    async fn run(mut self) -> anyhow::Result<u8> {
        let section = self.takeover.config.file.watchdog.clone();
        let state = self.takeover.config.file.state.clone();
        let every = Duration::from_millis((section.heartbeat_ms / 2).max(50));
        tracing::info!(
            target: "bot4",
            state = %state.display(),
            takeover_ms = section.takeover_ms,
            "[WATCHDOG] Watching: takes over when the bot is silent for {} ms and something is uncovered",
            section.takeover_ms
        );
        let mut stop = Box::pin(until_asked_to_stop());
        loop {
            let silent_ms = self.silence.hears(Heartbeat::read(&state), wiring::clock().mono());
            let looked = if silent_ms < section.takeover_ms { Ok(Look::Lives) } else { self.look(silent_ms).await };
            let code = match &looked {
                Ok(Look::Lives) => (self.silence.changes() > 1).then_some(OK),
                Ok(Look::Even | Look::Acted(true)) => Some(OK),
                Ok(Look::Acted(false)) => Some(LEFT_BEHIND),
                Ok(Look::Waits) | Err(_) => Some(FAILED),
            };
            let settled = !matches!(looked, Ok(Look::Lives | Look::Even));
            if let Err(e) = looked {
                tracing::error!(target: "bot4", "[WATCHDOG] {e:#}");
            }
            if settled {
                // Whatever came of it, it is not tried again before another silence of the same length.
                self.silence.restart(wiring::clock().mono());
            }
            if self.once
                && let Some(code) = code
            {
                return Ok(code);
            }
            if self.asked.get() {
                return Ok(code.unwrap_or(OK));
            }
            tokio::select! {
                heard = &mut stop => {
                    heard.context("signals cannot be heard")?;
                    tracing::info!(target: "bot4", "[WATCHDOG] Asked to stop: nobody watches any more");
                    return Ok(OK);
                }
                () = tokio::time::sleep(every) => {}
            }
        }
    }

    async fn look(&mut self, silent_ms: u64) -> anyhow::Result<Look> {
        let mark = self.takeover.mark();
        if mark.is_none() || mark == self.even_at {
            return Ok(Look::Even);
        }
        let open = self.takeover.open_rounds()?;
        let naked = open.naked();
        let flat = self.on_stop == OnStop::Leave || open.rounds().next().is_none();
        if naked.is_empty() && flat {
            self.even_at = mark;
            tracing::warn!(target: "bot4", silent_ms, "[WATCHDOG] The bot is silent; nothing is uncovered, so everything stays as it is");
            return Ok(Look::Even);
        }
        let naked = if naked.is_empty() { "positions are open".to_owned() } else { naked.join("; ") };
        let Some(opened) = self.fence(silent_ms, &naked).await? else { return Ok(Look::Waits) };
        self.act(opened, silent_ms, &naked).await.map(Look::Acted)
    }

    /// Gets the journal, from a silent bot's hands if need be. `None`: somebody else has it, and that is not ours to end.
    async fn fence(&mut self, silent_ms: u64, naked: &str) -> anyhow::Result<Option<Opened>> {
        let holder = match self.takeover.take(BUILD)? {
            Ok(opened) => return Ok(Some(opened)),
            Err(OpenError::Locked { holder, .. }) => holder,
            Err(e) => return Err(anyhow::Error::from(e).context(format!("nothing can be taken over, look at it now: {naked}"))),
        };
        let bot = self.silence.last().map(|h| h.pid);
        let Some(pid) = bot.filter(|pid| holder.parse() == Ok(*pid)) else {
            if self.stranger.as_ref() != Some(&holder) {
                tracing::error!(
                    target: "bot4",
                    "[WATCHDOG] The journal is held by process {holder}, which is not the bot that fell silent: left alone; {naked}"
                );
                self.stranger = Some(holder);
            }
            return Ok(None);
        };
        // The last chance to speak.
        if Heartbeat::read(&self.takeover.config.file.state).as_ref() != self.silence.last() {
            return Ok(None);
        }
        tracing::error!(
            target: "bot4",
            event_type = EventType::WatchdogActed.word(),
            pid,
            silent_ms,
            "[WATCHDOG] The bot (process {pid}) lives but is silent: ending it"
        );
        fence::end(pid, &self.takeover.folder())?;
        let began = tokio::time::Instant::now();
        loop {
            match self.takeover.take(BUILD)? {
                Ok(opened) => return Ok(Some(opened)),
                Err(OpenError::Locked { .. }) if began.elapsed() < LET_GO => tokio::time::sleep(LOOK_AGAIN).await,
                Err(e) => return Err(anyhow::Error::from(e).context("the bot was ended, but its journal could not be taken")),
            }
        }
    }

    /// True once nothing is uncovered or pending any more.
    async fn act(&mut self, opened: Opened, silent_ms: u64, naked: &str) -> anyhow::Result<bool> {
        tracing::error!(
            target: "bot4",
            event_type = EventType::WatchdogActed.word(),
            silent_ms,
            reason = naked,
            "[WATCHDOG] Taking over, to cancel and reduce alone: {naked}"
        );
        let limit = Duration::from_secs(self.takeover.config.file.watchdog.limit_s);
        let began = tokio::time::Instant::now();
        let done =
            self.takeover.clean(opened, self.on_stop, limit, &self.asked).await.context("taking over failed, look at it now")?;
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        if done.left_behind.is_empty() {
            tracing::warn!(
                target: "bot4",
                event_type = EventType::WatchdogActed.word(),
                took_ms,
                open = done.open,
                "[WATCHDOG] Everything is even again; the journal is free for the next start"
            );
            return Ok(true);
        }
        let left = done.left_behind.join("; ");
        tracing::error!(
            target: "bot4",
            event_type = EventType::NeedsOperator.word(),
            took_ms,
            reason = left,
            "[WATCHDOG] Not even within {} s, a person has to look now; it is tried again: {left}",
            limit.as_secs()
        );
        Ok(false)
    }
}
