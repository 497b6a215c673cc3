//! The heartbeat: `STATE/heartbeat`, by which a process that shares nothing with the bot sees that its hot thread goes round.
//!
//! Owns the file, what stands in it and how silence is measured. Written by a thread of its own, because neither a stuck
//! database nor a full disk may look like a dead bot; read by `bot4 watchdog`.

use anyhow::Context;
use domain::Mono;
use orchestrator::{Beat, Pulse};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Name of the file in the state folder.
const FILE: &str = "heartbeat";
/// The other copy, which is written and then changes places with it.
const OTHER: &str = "heartbeat.new";
/// Every beat takes so many bytes, padded with blanks: space that is there once is enough for all of them.
const BYTES: usize = 512;

/// What the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Heartbeat {
    /// Process of the bot.
    pub(crate) pid: u32,
    /// How many times the hot thread had stamped.
    pub(crate) beat: u64,
    /// The bot's monotonic clock at the stamp, ns.
    pub(crate) mono_ns: u64,
    /// Its wall clock, µs since the epoch.
    pub(crate) wall_us: i64,
    /// Epoch of its journal.
    pub(crate) epoch: u32,
    /// Base uncovered over all rounds, at 1e-8.
    pub(crate) uncovered_e8: i64,
    /// Orders whose end is not known.
    pub(crate) pending: usize,
    /// Rounds may be opened.
    pub(crate) entries_allowed: bool,
}

impl Heartbeat {
    fn of(beat: Beat) -> Self {
        Self {
            pid: std::process::id(),
            beat: beat.count,
            mono_ns: beat.at.mono.0,
            wall_us: beat.at.wall.0,
            epoch: beat.epoch,
            uncovered_e8: beat.uncovered_e8,
            pending: beat.pending,
            entries_allowed: beat.entries_allowed,
        }
    }

    /// The last one written in a state folder; `None` if there is none, or none that reads.
    pub(crate) fn read(state: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(state.join(FILE)).ok()?).ok()
    }
}

/// Writes one beat. Both copies lie there from the first one on, so that no later one needs room on the disk.
fn write(state: &Path, beat: &Heartbeat) -> io::Result<()> {
    let mut text = serde_json::to_string(beat)?;
    text.push_str(&" ".repeat(BYTES.saturating_sub(text.len().saturating_add(1))));
    text.push('\n');
    let (file, other) = (state.join(FILE), state.join(OTHER));
    let put = |path: &Path| {
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)?;
        file.write_all(text.as_bytes())
    };
    put(&other)?;
    match renameat_with(CWD, &other, CWD, &file, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(()),
        // The first one, or a file system that cannot exchange.
        Err(_) => {
            std::fs::rename(&other, &file)?;
            put(&other)
        }
    }
}

/// Beats until it is dropped. What was written last stays: whether anything is left to do is in the journal.
#[derive(Debug)]
pub(crate) struct Beating {
    ended: Arc<AtomicBool>,
    thread: std::thread::Thread,
}

impl Beating {
    /// Writes the first beat at once, so that whoever holds the journal can be told from the file, and then one every
    /// `every` as long as the pulse goes on.
    ///
    /// # Errors
    /// The file cannot be written, or the thread not be started.
    pub(crate) fn start(state: &Path, pulse: Arc<Pulse>, first: Beat, every: Duration) -> anyhow::Result<Self> {
        let cannot = || format!("the heartbeat in {} cannot be written", state.display());
        write(state, &Heartbeat::of(first)).with_context(cannot)?;
        let ended = Arc::new(AtomicBool::new(false));
        let (told, state) = (Arc::clone(&ended), state.to_owned());
        let thread =
            std::thread::Builder::new().name("bot4-beat".to_owned()).spawn(move || beat(&state, &pulse, &told, every))?;
        // Never joined: a disk that hangs must not hold up the end.
        Ok(Self { ended, thread: thread.thread().clone() })
    }
}

impl Drop for Beating {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        self.thread.unpark();
    }
}

fn beat(state: &Path, pulse: &Pulse, ended: &AtomicBool, every: Duration) {
    let (mut written, mut failing) = (0, false);
    while !ended.load(Ordering::Relaxed) {
        let last = pulse.last();
        if last.count != written {
            written = last.count;
            let done = write(state, &Heartbeat::of(last));
            if let (Err(e), false) = (&done, failing) {
                tracing::warn!(target: "bot4", "[WATCHDOG] The heartbeat cannot be written, a watchdog would take over: {e}");
            }
            failing = done.is_err();
        }
        std::thread::park_timeout(every);
    }
}

/// How long a heart has been silent, by the watcher's own clock: what the file says of time is only what the bot's clock
/// said, and either could be wrong.
#[derive(Debug)]
pub(crate) struct Silence {
    last: Option<Heartbeat>,
    since: Mono,
    changes: u64,
}

impl Silence {
    /// Silence begins to count now.
    pub(crate) const fn from(now: Mono) -> Self {
        Self { last: None, since: now, changes: 0 }
    }

    /// Takes in what the file says and gives how long it has said nothing else, ms.
    pub(crate) fn hears(&mut self, beat: Option<Heartbeat>, now: Mono) -> u64 {
        // What does not read is no beat; what was heard before is still the last one.
        if beat.is_some() && beat != self.last {
            (self.last, self.since) = (beat, now);
            self.changes = self.changes.saturating_add(1);
        }
        now.since(self.since) / 1_000_000
    }

    /// Counts anew from now on, as if it had just spoken.
    pub(crate) const fn restart(&mut self, now: Mono) {
        self.since = now;
    }

    /// How many different beats were heard; the first one may have been old.
    pub(crate) const fn changes(&self) -> u64 {
        self.changes
    }

    /// What was heard last.
    pub(crate) const fn last(&self) -> Option<&Heartbeat> {
        self.last.as_ref()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;
    use std::time::Instant;

    fn heart(beat: u64) -> Heartbeat {
        Heartbeat::of(Beat { count: beat, ..Beat::default() })
    }

    /// Waits until the file says what is right.
    fn until(state: &Path, right: impl Fn(&Heartbeat) -> bool) -> Heartbeat {
        let limit = Instant::now() + Duration::from_secs(10);
        loop {
            match Heartbeat::read(state).filter(&right) {
                Some(beat) => return beat,
                None => assert!(Instant::now() < limit, "{:?}", Heartbeat::read(state)),
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn only_a_beat_that_differs_ends_a_silence_whatever_the_clocks_in_it_say() {
        let ms = |ms: u64| Mono(ms * 1_000_000);
        let mut silence = Silence::from(ms(10));
        let mut check = |beat: Option<u64>, at: u64, expect: u64| {
            assert_eq!(silence.hears(beat.map(heart), ms(at)), expect, "at {at}");
        };
        check(None, 20, 10);
        check(Some(1), 30, 0);
        check(Some(1), 1_030, 1_000);
        check(None, 1_040, 1_010); // half a file
        check(Some(1), 1_050, 1_020);
        check(Some(2), 1_060, 0);
        check(Some(0), 1_070, 0); // another process
        assert_eq!(silence.last().map(|h| h.beat), Some(0));
    }

    #[test]
    fn the_file_follows_the_pulse_and_stops_with_it_although_the_process_lives() {
        let state = tempfile::tempdir().unwrap();
        let pulse = Arc::new(Pulse::default());
        let beating =
            Beating::start(state.path(), Arc::clone(&pulse), Beat { epoch: 7, ..Beat::default() }, Duration::from_millis(2))
                .unwrap();
        let first = Heartbeat::read(state.path()).unwrap();
        assert_eq!((first.pid, first.beat, first.epoch), (std::process::id(), 0, 7));
        for count in 1..=5 {
            pulse.stamp(Beat { uncovered_e8: 50, pending: 2, entries_allowed: true, ..Beat::default() });
            let seen = until(state.path(), |h| h.beat == count);
            assert_eq!((seen.uncovered_e8, seen.pending, seen.entries_allowed), (50, 2, true));
        }
        // Nobody stamps: nothing is written, however often the thread looks.
        let wrote = |name: &str| std::fs::metadata(state.path().join(name)).unwrap().modified().unwrap();
        let (file, other) = (wrote(FILE), wrote(OTHER));
        let limit = Instant::now() + Duration::from_millis(50);
        while Instant::now() < limit {
            std::thread::yield_now();
        }
        assert_eq!((wrote(FILE), wrote(OTHER)), (file, other));
        drop(beating);
    }

    #[test]
    fn a_beat_takes_no_room_that_was_not_taken_by_the_first() {
        let state = tempfile::tempdir().unwrap();
        let inodes = || {
            use std::os::unix::fs::MetadataExt;
            let mut all = [FILE, OTHER].map(|n| std::fs::metadata(state.path().join(n)).unwrap()).map(|m| (m.ino(), m.len()));
            all.sort_unstable();
            all
        };
        write(state.path(), &heart(0)).unwrap();
        let first = inodes();
        for beat in [9, 123_456_789, u64::MAX, 1] {
            write(state.path(), &heart(beat)).unwrap();
            assert_eq!(Heartbeat::read(state.path()), Some(heart(beat)));
            assert_eq!(inodes(), first, "the same two files of the same length");
        }
    }
}
