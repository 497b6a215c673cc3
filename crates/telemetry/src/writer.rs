//! The thread that writes: formats the time, redacts, writes, and never makes a logging thread wait.

use crate::fields::Style;
use crate::redact::Redactor;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::time::{Duration, Instant, SystemTime};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tracing::Level;

/// Records that may wait. Beyond it they are dropped and counted.
const QUEUE: usize = 8_192;

const FULL: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
const CLOCK: &[BorrowedFormatItem<'_>] = format_description!("[hour]:[minute]:[second].[subsecond digits:6]");

/// One line, not yet a line.
pub(crate) struct Record {
    pub(crate) at: SystemTime,
    pub(crate) level: Level,
    pub(crate) target: &'static str,
    pub(crate) message: String,
    pub(crate) fields: String,
}

enum Item {
    Record(Record),
    /// Answer when everything before this is written.
    Flush(SyncSender<()>),
}

/// The end that logs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Queue {
    sender: SyncSender<Item>,
    dropped: Arc<AtomicU64>,
}

impl Queue {
    /// Hands a record over, or drops and counts it: never waits.
    pub(crate) fn push(&self, record: Record) {
        if self.sender.try_send(Item::Record(record)).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many records were dropped so far.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Waits until everything pushed before is written, at most `within`. False if that was not long enough.
    pub(crate) fn flush(&self, within: Duration) -> bool {
        let until = Instant::now() + within;
        let (done, written) = sync_channel(1);
        let mut item = Item::Flush(done);
        loop {
            match self.sender.try_send(item) {
                Ok(()) => return written.recv_timeout(until.saturating_duration_since(Instant::now())).is_ok(),
                Err(TrySendError::Disconnected(_)) => return false,
                Err(TrySendError::Full(back)) if Instant::now() < until => {
                    item = back;
                    std::thread::sleep(Duration::from_millis(1));
                }
                Err(TrySendError::Full(_)) => return false,
            }
        }
    }
}

/// Starts the thread; it ends when the last [`Queue`] is gone.
pub(crate) fn start(
    style: Style,
    colour: bool,
    redactor: &'static Redactor,
    sink: impl Write + Send + 'static,
) -> io::Result<Queue> {
    let (sender, receiver) = sync_channel(QUEUE);
    let queue = Queue { sender, dropped: Arc::default() };
    let dropped = Arc::clone(&queue.dropped);
    let writer = Writer { style, colour, redactor, sink: io::BufWriter::new(sink), dropped, told: 0, line: String::new() };
    std::thread::Builder::new().name("log".to_owned()).spawn(move || writer.run(&receiver))?;
    Ok(queue)
}

struct Writer<W: Write> {
    style: Style,
    colour: bool,
    redactor: &'static Redactor,
    sink: io::BufWriter<W>,
    dropped: Arc<AtomicU64>,
    told: u64,
    line: String,
}

impl<W: Write> Writer<W> {
    fn run(mut self, receiver: &Receiver<Item>) {
        loop {
            // Everything that is there goes out in one write; the flush comes when there is nothing left to add.
            let item = match receiver.try_recv() {
                Ok(item) => item,
                Err(TryRecvError::Disconnected) => break,
                Err(TryRecvError::Empty) => {
                    self.tell_dropped();
                    self.sink.flush().ok();
                    match receiver.recv() {
                        Ok(item) => item,
                        Err(_) => break,
                    }
                }
            };
            match item {
                Item::Record(record) => self.write(&record),
                Item::Flush(done) => {
                    self.tell_dropped();
                    self.sink.flush().ok();
                    done.try_send(()).ok(); // whoever asked may have stopped waiting
                }
            }
        }
        self.tell_dropped();
        self.sink.flush().ok();
    }

    fn tell_dropped(&mut self) {
        let total = self.dropped.load(Ordering::Relaxed);
        if total == self.told {
            return;
        }
        let dropped = total - self.told;
        self.told = total;
        let fields = match self.style {
            Style::Json => format!(",\"dropped\":{dropped},\"total\":{total}"),
            Style::Human => format!(" dropped={dropped} total={total}"),
        };
        let message = "log lines were dropped, the output does not keep up".to_owned();
        self.write(&Record { at: SystemTime::now(), level: Level::WARN, target: "telemetry", message, fields });
    }

    fn write(&mut self, record: &Record) {
        self.line.clear();
        format(record, self.style, self.colour, &mut self.line);
        let line = self.redactor.redact(&self.line);
        self.sink.write_all(line.as_bytes()).ok(); // nobody reads our output any more, and there is nobody to tell
    }
}

fn format(record: &Record, style: Style, colour: bool, line: &mut String) {
    let at = OffsetDateTime::from(record.at);
    let time = |format: &[BorrowedFormatItem<'_>]| at.format(format).unwrap_or_default();
    let Record { level, target, message, fields, .. } = record;
    match style {
        Style::Json => {
            let time = time(FULL);
            line.push_str("{\"timestamp\":\"");
            line.push_str(&time);
            line.push_str("\",\"level\":\"");
            line.push_str(level.as_str());
            line.push_str("\",\"target\":\"");
            line.push_str(target);
            line.push_str("\",\"message\":\"");
            line.push_str(message);
            line.push('"');
            line.push_str(fields);
            line.push_str("}\n");
        }
        Style::Human => {
            let (on, dim, off) = if colour { (code(*level), "\x1b[2m", "\x1b[0m") } else { ("", "", "") };
            let level = level.as_str();
            let time = time(CLOCK);
            let fields = new_to_people(message, fields);
            // Writing to a String does not fail.
            writeln!(line, "{dim}{time}{off} {on}{level:<5}{off} {message}{dim}{fields}  {target}{off}").ok();
        }
    }
}

/// Fields that the message does not say already: `pair=ETH-USD` in the message needs no second one behind it, and
/// `event_type` is for machines.
fn new_to_people(message: &str, fields: &str) -> String {
    let mut out = String::with_capacity(fields.len());
    let (mut from, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in fields.char_indices().chain([(fields.len(), ' ')]) {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match c {
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            ' ' if !quoted => {
                let field = fields.get(from..at).unwrap_or_default();
                let said = message.contains(field.trim_start()) || field.trim_start().starts_with("event_type=");
                if !said {
                    out.push_str(field);
                }
                from = at;
            }
            _ => {}
        }
    }
    out
}

const fn code(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\x1b[31m",
        Level::WARN => "\x1b[33m",
        Level::INFO => "\x1b[32m",
        Level::DEBUG => "\x1b[34m",
        Level::TRACE => "\x1b[35m",
    }
}
