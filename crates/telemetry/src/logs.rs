//! Setting it all up, and the panic hook.

use crate::fields::Style;
use crate::layer::LogLayer;
use crate::redact::Redactor;
use crate::writer::{self, Queue};
use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, IsTerminal, Write};
use std::panic::PanicHookInfo;
use std::time::Duration;
use tracing::Subscriber;
use tracing_subscriber::filter::{EnvFilter, ParseError};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

/// How long the end of the process waits for the last lines.
const FLUSH_MAX: Duration = Duration::from_secs(2);

/// What lines look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people on a terminal, JSON into a pipe or file.
    #[default]
    Auto,
    /// One JSON object per line: `timestamp` (RFC 3339, UTC, microseconds), `level`, `target`, `message`, and the
    /// fields beside them at the same level.
    Json,
    /// Time, level, message and `key=value`; coloured only on a terminal and unless `NO_COLOR` is set.
    Human,
}

/// How to log.
#[derive(Clone, Debug, Default)]
pub struct LogOptions {
    /// What `--log` says, such as `debug` or `info,transport=trace`; before `RUST_LOG`, before `info`.
    pub filter: Option<String>,
    /// What lines look like.
    pub format: Format,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The filter is not one.
    #[error(
        "{place}={text:?} is not a log filter; write a level (error, warn, info, debug, trace) or TARGET=LEVEL, separated by commas"
    )]
    Filter {
        /// `--log` or `RUST_LOG`.
        place: &'static str,
        /// What it said.
        text: String,
        /// Why not.
        #[source]
        source: ParseError,
    },
    /// The writer's thread could not be started.
    #[error("the log's own thread could not be started")]
    Thread(#[source] io::Error),
    /// It was set up before.
    #[error("logging is set up already")]
    Twice(#[source] TryInitError),
}

/// Keeps the log going. Dropping it writes what is left, waiting two seconds at most.
#[must_use = "the last lines are written when this is dropped"]
pub struct LogGuard {
    queue: Queue,
}

impl LogGuard {
    /// How many lines were dropped so far because the output did not keep up.
    pub fn dropped(&self) -> u64 {
        self.queue.dropped()
    }
    /// Waits until what was logged before is written, two seconds at most. False if that was not enough.
    pub fn flush(&self) -> bool {
        self.queue.flush(FLUSH_MAX)
    }
}

impl Drop for LogGuard {
    fn drop(&mut self) {
        self.flush();
    }
}

/// Sets up logging to stdout for the whole process, with the process's [`Redactor`], and turns panics into ERROR
/// lines. Call once, first thing; keep the guard until the end.
///
/// # Errors
/// [`LogError`]; nothing was changed.
pub fn init(options: &LogOptions) -> Result<LogGuard, LogError> {
    let terminal = io::stdout().is_terminal();
    let (subscriber, guard) = build(options, io::stdout(), terminal, std::env::var("RUST_LOG").ok(), Redactor::global())?;
    subscriber.try_init().map_err(LogError::Twice)?;
    let queue = guard.queue.clone();
    std::panic::set_hook(Box::new(move |panic| {
        report(panic);
        queue.flush(FLUSH_MAX); // the process may end here
    }));
    Ok(guard)
}

/// The same for any output and without making it the process's: what [`init`] is made of, and what tests use.
///
/// # Errors
/// [`LogError`], except `Twice`.
pub fn build(
    options: &LogOptions,
    sink: impl Write + Send + 'static,
    terminal: bool,
    rust_log: Option<String>,
    redactor: &'static Redactor,
) -> Result<(impl Subscriber + Send + Sync + 'static, LogGuard), LogError> {
    let (place, text) = match (&options.filter, rust_log.filter(|t| !t.is_empty())) {
        (Some(text), _) => ("--log", text.clone()),
        (None, Some(text)) => ("RUST_LOG", text),
        (None, None) => ("--log", "info".to_owned()),
    };
    let filter = EnvFilter::builder().parse(&text).map_err(|source| LogError::Filter { place, text, source })?;
    let style = match options.format {
        Format::Json => Style::Json,
        Format::Auto if !terminal => Style::Json,
        Format::Auto | Format::Human => Style::Human,
    };
    let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let queue = writer::start(style, colour, redactor, sink).map_err(LogError::Thread)?;
    let layer = LogLayer { style, queue: queue.clone() };
    Ok((tracing_subscriber::registry().with(filter).with(layer), LogGuard { queue }))
}

/// Logs a panic: its message goes through the same redaction as every line, and is printed nowhere else.
pub(crate) fn report(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("a panic without a message");
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        tracing::error!(location, thread, %backtrace, "panic: {message}");
    } else {
        tracing::error!(location, thread, "panic: {message}");
    }
}
