//! What many runs came to, for people and for machines.

use crate::coverage::Coverage;
use crate::world::Finished;
use serde_json::{Value, json};

/// What a sweep came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Runs.
    pub runs: u64,
    /// Deaths of the bot.
    pub deaths: u64,
    /// Longest time uncovered by the venues' own books, ms.
    pub uncovered_ms: i64,
    /// The same while nothing was wrong with a venue or the bot, ms.
    pub uncovered_calm_ms: i64,
    /// Virtual time of all runs, ms.
    pub virtual_ms: i64,
    /// Records made and orders sent.
    pub effects: u64,
    /// What was met.
    pub coverage: Coverage,
}

impl Report {
    /// Takes a run in.
    pub fn add(&mut self, run: &Finished) {
        self.runs += 1;
        self.deaths += run.deaths;
        self.uncovered_ms = self.uncovered_ms.max(run.uncovered_ms);
        self.uncovered_calm_ms = self.uncovered_calm_ms.max(run.uncovered_calm_ms);
        self.virtual_ms += run.took_ms;
        self.effects += run.effects;
        self.coverage.merge(&run.coverage);
    }

    /// Rounds that ended, over all endings.
    pub fn rounds(&self) -> u64 {
        self.coverage.counts().get("ending").map_or(0, |g| g.values().sum())
    }

    /// For machines.
    pub fn to_json(&self, seconds: f64) -> Value {
        json!({
            "runs": self.runs,
            "rounds": self.rounds(),
            "deaths": self.deaths,
            "effects": self.effects,
            "uncovered_ms_max": self.uncovered_ms,
            "uncovered_calm_ms_max": self.uncovered_calm_ms,
            "virtual_ms": self.virtual_ms,
            "seconds": seconds,
            "states": self.coverage.states(),
            "coverage": self.coverage.counts(),
            "missing": self.coverage.missing(),
        })
    }

    /// For people: one line.
    pub fn line(&self, seconds: f64) -> String {
        let speed = self.virtual_ms as f64 / 1_000.0 / seconds.max(0.001);
        format!(
            "{} runs in {seconds:.1} s ({speed:.0} times real time): {} rounds, {} deaths, {} effects, {} states; uncovered at most {} ms, {} ms while nothing was wrong",
            self.runs,
            self.rounds(),
            self.deaths,
            self.effects,
            self.coverage.states(),
            self.uncovered_ms,
            self.uncovered_calm_ms
        )
    }

    /// For people: everything that was met, a line per group.
    pub fn table(&self) -> String {
        let mut out = String::new();
        for (group, words) in self.coverage.counts() {
            let words: Vec<String> = words.iter().map(|(w, n)| format!("{w} {n}")).collect();
            out.push_str(&format!("{group:>9}: {}\n", words.join(", ")));
        }
        out
    }
}
