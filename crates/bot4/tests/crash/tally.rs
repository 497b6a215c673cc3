//! What was struck how often, and what is still wanted.

use crate::harness::line::lock;
use crate::state;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Kinds that every sweep strikes; one that is not here counts from when it was seen in a journal.
const KINDS: [&str; 11] =
    ["started", "opened", "intended", "news", "decided", "ended", "mismatch", "resumed", "watched", "forced", "timed"];
/// Kinds that nobody's trading brings about: workers of their own do.
const PROVOKED: [&str; 3] = ["mismatch", "resumed", "forced"];
/// States are asked of a sweep that is long enough to meet them.
const STATES_FROM: u64 = 10;
/// A sweep ends after this long even if something was never met: it is reported as missing then.
const TIME_MAX: Duration = Duration::from_mins(15);

/// Shared by all workers.
pub(crate) struct Tally {
    per_kind: u64,
    began: Instant,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// By state and kind of the last record.
    kills: BTreeMap<(String, String), u64>,
    /// Kinds that workers are after.
    aims: BTreeMap<String, u64>,
    /// Kinds that some journal held.
    seen: BTreeSet<String>,
    /// Bytes at which a last record was cut and replayed.
    cuts: u64,
    /// Lives begun from a cut journal.
    cut_lives: u64,
    /// Longest from a start to being even, ms.
    slowest_ms: u128,
}

impl Inner {
    fn of_kind(&self, kind: &str) -> u64 {
        self.kills.iter().filter(|((_, k), _)| k == kind).map(|(_, n)| n).sum()
    }
    fn of_state(&self, state: &str) -> u64 {
        self.kills.iter().filter(|((s, _), _)| s == state).map(|(_, n)| n).sum()
    }
    /// The kind that was struck and aimed at least, while anything is missing.
    fn least(&self, per_kind: u64) -> Option<String> {
        let kinds: Vec<String> = self.kinds().into_iter().filter(|k| !PROVOKED.contains(&k.as_str())).collect();
        let lacks = kinds.iter().any(|k| self.of_kind(k) < per_kind) || self.lacks_a_state(per_kind);
        let aimed = |k: &String| self.of_kind(k) + self.aims.get(k).copied().unwrap_or(0);
        kinds.into_iter().min_by_key(aimed).filter(|_| lacks)
    }

    fn lacks_a_state(&self, per_kind: u64) -> bool {
        per_kind >= STATES_FROM && !self.unmet().is_empty()
    }

    fn unmet(&self) -> Vec<&'static str> {
        state::ALL.into_iter().filter(|s| self.of_state(s) == 0).collect()
    }

    fn kinds(&self) -> BTreeSet<String> {
        KINDS.iter().map(|k| (*k).to_owned()).chain(self.seen.iter().cloned()).collect()
    }
}

impl Tally {
    pub(crate) fn new(per_kind: u64) -> Self {
        Self { per_kind, began: Instant::now(), inner: Mutex::default() }
    }

    pub(crate) fn struck(&self, state: &str, kind: &str) {
        let mut inner = lock(&self.inner);
        *inner.kills.entry((state.to_owned(), kind.to_owned())).or_default() += 1;
        let (of_kind, of_state) = (inner.of_kind(kind), inner.of_state(state));
        let total: u64 = inner.kills.values().sum();
        eprintln!("kill {total} after {:?}: at {kind} ({of_kind}.), {state} ({of_state}.)", self.began.elapsed());
    }

    pub(crate) fn saw<'a>(&self, kinds: impl Iterator<Item = &'a str>) {
        lock(&self.inner).seen.extend(kinds.map(str::to_owned));
    }

    pub(crate) fn cut(&self, bytes: u64) {
        lock(&self.inner).cuts += bytes;
    }

    pub(crate) fn came_back_from_a_cut(&self) {
        lock(&self.inner).cut_lives += 1;
    }

    pub(crate) fn came_back(&self, within: Duration) {
        let mut inner = lock(&self.inner);
        inner.slowest_ms = inner.slowest_ms.max(within.as_millis());
    }

    /// How often a kind of record is still to be struck.
    pub(crate) fn lacks(&self, kind: &str) -> u64 {
        self.per_kind.saturating_sub(lock(&self.inner).of_kind(kind))
    }

    /// Something is still to be struck.
    pub(crate) fn wants_more(&self) -> bool {
        self.began.elapsed() < TIME_MAX && lock(&self.inner).least(self.per_kind).is_some()
    }

    /// Aims at the kind that trading brings about and that was struck and aimed at least; `None` when all is done.
    pub(crate) fn aim(&self) -> Option<Aim<'_>> {
        if self.began.elapsed() > TIME_MAX {
            return None;
        }
        let mut inner = lock(&self.inner);
        let kind = inner.least(self.per_kind)?;
        *inner.aims.entry(kind.clone()).or_default() += 1;
        Some(Aim { tally: self, kind })
    }

    /// States that this sweep is to meet and has not yet.
    pub(crate) fn unmet(&self) -> Vec<&'static str> {
        let inner = lock(&self.inner);
        if self.per_kind < STATES_FROM { Vec::new() } else { inner.unmet() }
    }

    pub(crate) fn report(&self, seed: u64, took: Duration, failed: &[String]) -> Report {
        let inner = lock(&self.inner);
        let mut missing: Vec<String> = inner
            .kinds()
            .into_iter()
            .filter(|k| inner.of_kind(k) < self.per_kind)
            .map(|k| format!("{k}: {} of {}", inner.of_kind(&k), self.per_kind))
            .collect();
        if self.per_kind >= STATES_FROM {
            missing.extend(inner.unmet().into_iter().map(|s| format!("state {s}")));
        }
        Report {
            seed,
            took,
            kills: inner.kills.clone(),
            cuts: inner.cuts,
            cut_lives: inner.cut_lives,
            slowest_ms: inner.slowest_ms,
            missing,
            failed: failed.to_vec(),
        }
    }
}

/// A kind that a worker is after, until it is dropped.
pub(crate) struct Aim<'a> {
    tally: &'a Tally,
    pub(crate) kind: String,
}

impl Drop for Aim<'_> {
    fn drop(&mut self) {
        if let Some(n) = lock(&self.tally.inner).aims.get_mut(&self.kind) {
            *n -= 1;
        }
    }
}

/// A sweep in numbers.
pub(crate) struct Report {
    seed: u64,
    took: Duration,
    kills: BTreeMap<(String, String), u64>,
    cuts: u64,
    cut_lives: u64,
    slowest_ms: u128,
    missing: Vec<String>,
    failed: Vec<String>,
}

impl Report {
    pub(crate) fn missing(&self) -> Vec<String> {
        self.missing.clone()
    }

    /// The histogram: a row per state, a column per kind of the last record.
    pub(crate) fn text(&self) -> String {
        let kinds: BTreeSet<&String> = self.kills.keys().map(|(_, k)| k).collect();
        let states: BTreeSet<&String> = self.kills.keys().map(|(s, _)| s).collect();
        let count = |s: &String, k: &String| self.kills.get(&(s.clone(), k.clone())).copied().unwrap_or(0);
        let mut text = "| state at the kill |".to_owned();
        kinds.iter().for_each(|k| text.push_str(&format!(" {k} |")));
        text.push_str(" all |\n|---|");
        (0..=kinds.len()).for_each(|_| text.push_str("---|"));
        for s in &states {
            let row: Vec<u64> = kinds.iter().map(|k| count(s, k)).collect();
            let _ = write!(text, "\n| {s} |");
            row.iter().for_each(|n| text.push_str(&format!(" {n} |")));
            let _ = write!(text, " {} |", row.iter().sum::<u64>());
        }
        text.push_str("\n| all |");
        kinds.iter().for_each(|k| text.push_str(&format!(" {} |", states.iter().map(|s| count(s, k)).sum::<u64>())));
        let total: u64 = self.kills.values().sum();
        let _ = write!(
            text,
            " {total} |\n\nseed {}: {total} kills in {:.0} s; {} bytes at which a last record was cut and replayed, {} lives begun \
             from a cut journal; slowest return to even {} ms\n",
            self.seed,
            self.took.as_secs_f64(),
            self.cuts,
            self.cut_lives,
            self.slowest_ms,
        );
        self.missing.iter().for_each(|m| text.push_str(&format!("MISSING {m}\n")));
        self.failed.iter().for_each(|f| text.push_str(&format!("FAILED {f}\n")));
        text
    }

    pub(crate) fn json(&self) -> Value {
        let kills = self.kills.iter().map(|((state, kind), n)| json!({ "state": state, "record": kind, "kills": n }));
        json!({
            "seed": self.seed,
            "seconds": self.took.as_secs(),
            "kills": kills.collect::<Vec<_>>(),
            "cuts": self.cuts,
            "lives_from_cut_journals": self.cut_lives,
            "slowest_return_ms": u64::try_from(self.slowest_ms).unwrap_or(u64::MAX),
            "missing": self.missing,
            "failed": self.failed,
        })
    }
}
