//! `cargo xtask soak`: a long demo in a storm of faults, and what became of it as a table for docs/proof.md.
//!
//! Runs the release build of the bot, or the one that `--bot` names, as a process of its own, reads its JSON lines and its resident memory, and judges:
//! it ended as asked, nothing was left behind, nothing panicked, memory stayed flat. Owns no figure: all of them are the
//! run's.

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, IsTerminal};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How much longer than asked the run may take to end: its own limit for stopping, and room.
const TO_STOP: Duration = Duration::from_secs(90);
/// Memory counts as flat while the last fifth of the run needs at most this much more than the second fifth.
const GROWTH_MAX_PERCENT: u64 = 10;

/// What the lines came to.
#[derive(Debug, Default)]
struct Seen {
    lines: u64,
    events: BTreeMap<String, u64>,
    loud: BTreeMap<(String, String), u64>,
    summary: Option<Value>,
    clean_exit: bool,
    panicked: Vec<String>,
}

/// Runs it and writes the report.
///
/// # Errors
/// What could not be done, or what did not hold.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let option = |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1));
    let number = |name: &str, default: u64| match option(name) {
        None => Ok(default),
        Some(text) => text.parse::<u64>().with_context(|| format!("{name} {text}: a whole number")),
    };
    if let Some(odd) = arguments.iter().step_by(2).find(|a| !["--minutes", "--seed", "--out", "--bot"].contains(&a.as_str())) {
        bail!("soak has no option {odd}; it has --minutes N, --seed N, --out FILE and --bot FILE");
    }
    let (minutes, seed) = (number("--minutes", 60)?, number("--seed", 1)?);
    let report = match option("--bot") {
        Some(built) => soak(Path::new(built), minutes, seed)?,
        None => {
            let status = Command::new("cargo").args(["build", "--release", "--quiet", "--package", "bot4"]).status()?;
            ensure!(status.success(), "the bot does not build");
            soak(Path::new("target/release/bot4"), minutes, seed)?
        }
    };
    println!("{report}");
    if let Some(out) = option("--out") {
        std::fs::write(out, report).with_context(|| format!("{out} cannot be written"))?;
    }
    Ok(())
}

fn soak(bot: &Path, minutes: u64, seed: u64) -> anyhow::Result<String> {
    let run = ["--mode", "demo", "--trouble", "storm", "--json", "--seed", &seed.to_string()].map(str::to_owned);
    let stop_after = (minutes * 60).to_string();
    let mut child = Command::new(bot)
        .args(run)
        .args(["--stop-after", &stop_after])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} cannot be started", bot.display()))?;
    let (tell, lines) = mpsc::channel();
    for pipe in [child.stdout.take().map(boxed), child.stderr.take().map(boxed)].into_iter().flatten() {
        let tell = tell.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
    }
    drop(tell);
    let (began, mut looked) = (Instant::now(), Instant::now());
    let limit = Duration::from_secs(minutes * 60) + TO_STOP;
    let (mut seen, mut memory) = (Seen::default(), Vec::new());
    loop {
        match lines.recv_timeout(LOOK_EVERY) {
            Ok(line) => seen.take(&line),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if looked.elapsed() >= LOOK_EVERY {
            looked = Instant::now();
            memory.extend(resident_kib(child.id()));
            progress(began.elapsed(), minutes, &seen, memory.last().copied());
        }
        if began.elapsed() > limit {
            child.kill()?;
            bail!("the run did not end within {} s after it was to stop", TO_STOP.as_secs());
        }
    }
    let code = child.wait()?.code();
    let report = report(&seen, &memory, began.elapsed(), minutes, seed, code)?;
    judge(&seen, &memory, code).with_context(|| report.clone())?;
    Ok(report)
}

fn boxed(pipe: impl std::io::Read + Send + 'static) -> Box<dyn std::io::Read + Send> {
    Box::new(pipe)
}

impl Seen {
    fn take(&mut self, line: &str) {
        self.lines += 1;
        let Ok(value) = serde_json::from_str::<Value>(line) else {
            if line.contains("panicked") {
                self.panicked.push(line.to_owned());
            }
            return;
        };
        let field = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (level, message, event) = (field("level"), field("message"), field("event_type"));
        if message.contains("panicked") {
            self.panicked.push(message.clone());
        }
        if !event.is_empty() {
            *self.events.entry(event).or_default() += 1;
        }
        if level == "ERROR" {
            // Numbers differ from line to line; what is said does not.
            let said: String = message.chars().filter(|c| !c.is_ascii_digit()).take(90).collect();
            *self.loud.entry((level, said)).or_default() += 1;
        }
        self.clean_exit |= message == "[SHUTDOWN] Clean exit, no pending orders";
        if message == "Summary" {
            self.summary = Some(value);
        }
    }
}

/// Resident memory of a process, KiB.
fn resident_kib(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|l| l.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn progress(ran: Duration, minutes: u64, seen: &Seen, memory: Option<u64>) {
    let ended = seen.events.get("ROUND_ENDED").copied().unwrap_or(0);
    let text =
        format!("soak: {:>5} of {} s, {ended} rounds ended, {} MiB", ran.as_secs(), minutes * 60, memory.unwrap_or(0) / 1_024);
    if std::io::stderr().is_terminal() {
        eprint!("\r{text}   ");
    } else if ran.as_secs() % 300 < LOOK_EVERY.as_secs() {
        eprintln!("{text}");
    }
}

/// Mean of one fifth of the samples.
fn fifth(memory: &[u64], which: usize) -> u64 {
    let size = memory.len() / 5;
    let part = memory.get(which * size..(which + 1) * size).unwrap_or_default();
    part.iter().sum::<u64>() / (part.len().max(1) as u64)
}

fn judge(seen: &Seen, memory: &[u64], code: Option<i32>) -> anyhow::Result<()> {
    ensure!(seen.panicked.is_empty(), "it panicked: {}", seen.panicked.join("; "));
    ensure!(code == Some(0), "it ended with exit code {code:?}");
    ensure!(seen.clean_exit, "it did not end clean");
    let (early, late) = (fifth(memory, 1), fifth(memory, 4));
    ensure!(
        late * 100 <= early * (100 + GROWTH_MAX_PERCENT),
        "memory grew from {early} KiB in the second fifth to {late} KiB in the last"
    );
    Ok(())
}

fn report(seen: &Seen, memory: &[u64], ran: Duration, minutes: u64, seed: u64, code: Option<i32>) -> anyhow::Result<String> {
    let mut out = String::new();
    writeln!(out, "`cargo xtask soak --minutes {minutes} --seed {seed}`: ran {} s, exit code {code:?}\n", ran.as_secs())?;
    writeln!(out, "| what | figure |\n|---|---|")?;
    let summary = seen.summary.as_ref().and_then(Value::as_object).context("the run said no summary")?;
    for (name, value) in summary {
        if ["timestamp", "level", "target", "message"].contains(&name.as_str()) {
            continue;
        }
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        writeln!(out, "| {name} | {text} |")?;
    }
    let (least, most) = (memory.iter().min().unwrap_or(&0), memory.iter().max().unwrap_or(&0));
    writeln!(
        out,
        "| resident memory, fifths of the run, KiB | {} (least {least}, most {most}) |",
        (0..5).map(|n| fifth(memory, n).to_string()).collect::<Vec<_>>().join(", ")
    )?;
    writeln!(out, "| log lines | {} |", seen.lines)?;
    for (event, count) in &seen.events {
        writeln!(out, "| lines {event} | {count} |")?;
    }
    for ((level, said), count) in &seen.loud {
        writeln!(out, "| {level}: {} | {count} |", said.replace('|', "/"))?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(lines: &[&str]) -> Seen {
        let mut seen = Seen::default();
        for line in lines {
            seen.take(line);
        }
        seen
    }

    const CLEAN: &str = r#"{"level":"INFO","message":"[SHUTDOWN] Clean exit, no pending orders","event_type":"SHUTDOWN"}"#;

    #[test]
    fn a_run_holds_only_when_it_ended_clean_without_a_panic_and_with_flat_memory() {
        fn check(lines: &[&str], memory: &[u64], code: i32, expect: Option<&str>) {
            let judged = judge(&seen(lines), memory, Some(code)).map_err(|e| e.to_string());
            match expect {
                None => assert_eq!(judged, Ok(())),
                Some(why) => assert!(judged.as_ref().is_err_and(|e| e.contains(why)), "{judged:?}"),
            }
        }
        let flat = [100; 10];
        check(&[CLEAN], &flat, 0, None);
        check(&[CLEAN], &flat, 3, Some("exit code"));
        check(&[], &flat, 0, Some("did not end clean"));
        check(&[CLEAN, "thread 'bot4-hot' panicked at x.rs"], &flat, 0, Some("panicked"));
        check(&[CLEAN], &[100, 100, 100, 100, 100, 100, 110, 110, 120, 120], 0, Some("memory grew"));
        check(&[CLEAN], &[10, 10, 100, 100, 100, 100, 100, 100, 105, 105], 0, None);
    }

    #[test]
    fn lines_are_counted_by_event_and_errors_by_what_they_say() {
        let error = |n: u32| format!(r#"{{"level":"ERROR","message":"round 1-{n}: stuck","event_type":"NEEDS_OPERATOR"}}"#);
        let (first, second) = (error(1), error(2));
        let seen = seen(&[CLEAN, first.as_str(), second.as_str()]);
        assert_eq!(seen.events.get("NEEDS_OPERATOR"), Some(&2));
        assert_eq!(seen.loud.len(), 1);
        assert!(seen.clean_exit);
    }
}
