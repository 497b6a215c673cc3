//! `cargo xtask latency`: how long a round takes to open at real-world round trips, with a release build.
//!
//! The measurement itself is the test target `latency` of the bot; this builds it as users run it, gives it its counts and
//! ends as it ends: 1 when the slowest hundredth took the limit or longer.

use crate::arguments::{self, number};
use anyhow::Context;
use std::process::{Command, ExitCode};

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wish {
    rounds: u64,
    rtt_ms: u64,
}

impl Wish {
    fn read(arguments: &[String]) -> Result<Self, String> {
        let mut wish = Self { rounds: 200, rtt_ms: 100 };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--rounds" => wish.rounds = number(word, words.next())?,
                "--rtt-ms" => wish.rtt_ms = number(word, words.next())?,
                other => return Err(format!("{other} is not understood: [--rounds N] [--rtt-ms N]")),
            }
        }
        Ok(wish)
    }
}

/// Runs the task: 0 when the limit holds, 1 when not, 2 for wrong usage.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    arguments::end("latency", Wish::read(arguments), measure)
}

fn measure(wish: &Wish) -> anyhow::Result<ExitCode> {
    println!("{} rounds, {} ms to either venue and back, twice", wish.rounds, wish.rtt_ms);
    let mut cargo = Command::new("cargo");
    cargo.args(["test", "--quiet", "--release", "--package", "bot4", "--test", "latency", "--", "--nocapture", "--exact"]);
    cargo.arg("both_legs_are_filled_within_250_ms_of_being_seen_when_both_venues_are_100_ms_away");
    cargo.env("BOT4_LATENCY_ROUNDS", wish.rounds.to_string()).env("BOT4_LATENCY_RTT_MS", wish.rtt_ms.to_string());
    let status = cargo.env("BOT4_LATENCY_STRICT", "1").status().context("cargo cannot be started")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_understood_or_refused_by_name() {
        let read = |text: &str| Wish::read(&text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(read(""), Ok(Wish { rounds: 200, rtt_ms: 100 }));
        assert_eq!(read("--rounds 20 --rtt-ms 30"), Ok(Wish { rounds: 20, rtt_ms: 30 }));
        for (text, part) in [("--rounds", "a number above 0"), ("--rtt-ms 0", "--rtt-ms takes"), ("--fast", "--fast is not")] {
            assert!(read(text).is_err_and(|why| why.contains(part)), "{text}");
        }
    }
}
