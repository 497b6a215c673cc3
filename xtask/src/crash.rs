//! `cargo xtask crash`: many SIGKILLs at every kind of journal record.
//!
//! The sweep itself is the test target `crash` of the bot, which shares its harness with the other tests over the wire; this
//! builds it, gives it its counts, shows how far it is, and ends as it ends.

use crate::arguments::{self, number};
use anyhow::{Context, ensure};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

/// Kills per kind of record unless told otherwise.
const PER_KIND: u64 = 20;

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wish {
    per_kind: u64,
    seed: u64,
    at_once: Option<u64>,
    json: bool,
}

impl Wish {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut wish = Self { per_kind: PER_KIND, seed: 1, at_once: None, json: false };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--per-kind" => wish.per_kind = number(word, words.next())?,
                "--seed" => wish.seed = number(word, words.next())?,
                "--at-once" => wish.at_once = Some(number(word, words.next())?),
                "--json" => wish.json = true,
                other => return Err(format!("{other} is not understood: [--per-kind N] [--seed N] [--at-once N] [--json]")),
            }
        }
        Ok(wish)
    }
}

/// Runs the task: 0 when every kind and state was struck and everything held, 1 when not, 2 for wrong usage.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    arguments::end("crash", Wish::read(arguments), sweep)
}

fn sweep(wish: &Wish) -> anyhow::Result<ExitCode> {
    let report: PathBuf = std::env::temp_dir().join(format!("bot4-crash-{}.json", std::process::id()));
    let mut sweep = Command::new("cargo");
    sweep.args(["test", "--quiet", "--package", "bot4", "--test", "crash", "--", "--nocapture", "--exact"]);
    sweep.arg("killed_at_any_record_in_any_state_the_bot_comes_back_even_and_orders_nothing_twice");
    sweep.env("BOT4_CRASH_PER_KIND", wish.per_kind.to_string()).env("BOT4_CRASH_SEED", wish.seed.to_string());
    if let Some(at_once) = wish.at_once {
        sweep.env("BOT4_CRASH_AT_ONCE", at_once.to_string());
    }
    if wish.json {
        // The report alone is for the standard output.
        sweep.env("BOT4_CRASH_JSON", &report).stdout(Stdio::null());
    }
    let status = sweep.status().context("cargo cannot be started")?;
    if wish.json {
        let text = std::fs::read_to_string(&report);
        std::fs::remove_file(&report).ok(); // it was not written if the sweep could not be built
        let text = text.context("the sweep left no report")?;
        ensure!(!text.is_empty(), "the sweep's report is empty");
        println!("{text}");
    }
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_understood_or_refused_by_name() {
        let read = |text: &str| Wish::read(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(read(""), Ok(Wish { per_kind: 20, seed: 1, at_once: None, json: false }));
        let all = Wish { per_kind: 5, seed: 9, at_once: Some(4), json: true };
        assert_eq!(read("--per-kind 5 --seed 9 --at-once 4 --json"), Ok(all));
        for (text, part) in [("--per-kind", "a number above 0"), ("--seed x", "--seed takes"), ("--often", "--often is not")] {
            assert!(read(text).is_err_and(|why| why.contains(part)), "{text}");
        }
    }
}
