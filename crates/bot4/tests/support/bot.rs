//! The bot as a child process.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A running bot. Killed by its own process id when dropped.
pub(crate) struct Bot {
    child: Child,
    lines: Receiver<String>,
    stderr: Option<JoinHandle<String>>,
    started: Instant,
    /// Every line of stdout so far.
    pub(crate) text: String,
    /// Every line so far, read as JSON.
    pub(crate) log: Vec<Value>,
}

/// A bot that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Exit code; `None` if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Every line of stdout, read as JSON; empty where the output was not a log.
    pub(crate) log: Vec<Value>,
}

/// The binary under test in a folder, with nothing of our own environment that it would listen to.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bot4"));
    command.current_dir(folder).args(arguments).env_clear().stdin(Stdio::null());
    for kept in ["PATH", "HOME", "TMPDIR", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command
}

/// Runs the bot to its own end, for command lines that end by themselves.
#[track_caller]
pub(crate) fn run_to_end(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let output = command(folder, arguments).envs(environment.iter().copied()).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let log = stdout.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
    Ended { code: output.status.code(), stdout, stderr: String::from_utf8(output.stderr).unwrap(), log }
}

impl Bot {
    /// Starts it with its output in a pipe.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let started = Instant::now();
        let mut child = command(folder, arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (tell, lines) = channel();
        // Both threads end with the pipes, which end with the child.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        let stderr = std::thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).ok();
            text
        });
        Self { child, lines, stderr: Some(stderr), started, text: String::new(), log: Vec::new() }
    }

    /// How long it has been running.
    pub(crate) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// The next line, `None` at the end of the output.
    #[track_caller]
    fn next(&mut self, until: Instant, what: &str) -> Option<Value> {
        match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(line) => {
                self.text.push_str(&line);
                self.text.push('\n');
                let value: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("not a line of JSON ({e}): {line}"));
                self.log.push(value.clone());
                Some(value)
            }
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("{what} was waited for in vain; the last lines:\n{}", self.tail()),
        }
    }

    /// The next line whose message contains `part`; lines before it are passed over.
    #[track_caller]
    pub(crate) fn until(&mut self, part: &str, within: Duration) -> Value {
        self.until_that(part, within, |_| true)
    }

    /// The next line whose message contains `part` and that is `right`.
    #[track_caller]
    pub(crate) fn until_that(&mut self, part: &str, within: Duration, right: impl Fn(&Value) -> bool) -> Value {
        let limit = Instant::now() + within;
        loop {
            match self.next(limit, part) {
                Some(line) if line["message"].as_str().is_some_and(|m| m.contains(part)) && right(&line) => return line,
                Some(_) => {}
                None => panic!("the bot ended before {part:?}; its last lines:\n{}", self.tail()),
            }
        }
    }

    /// The next line that is `right`, for output that is no log.
    #[track_caller]
    pub(crate) fn until_line(&mut self, what: &str, within: Duration, right: impl Fn(&Value) -> bool) -> Value {
        let limit = Instant::now() + within;
        loop {
            match self.next(limit, what) {
                Some(line) if right(&line) => return line,
                Some(_) => {}
                None => panic!("the bot ended before {what}; its last lines:\n{}", self.tail()),
            }
        }
    }

    fn tail(&self) -> String {
        let from = self.log.len().saturating_sub(30);
        let mut lines: Vec<String> = self.log.iter().skip(from).map(Value::to_string).collect();
        lines.iter_mut().for_each(|l| l.truncate(l.floor_char_boundary(400)));
        lines.join("\n")
    }

    /// Ctrl+C.
    pub(crate) fn interrupt(&self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
    }

    /// Waits for its end, with everything it still says.
    #[track_caller]
    pub(crate) fn finish(mut self, within: Duration) -> Ended {
        let limit = Instant::now() + within;
        while self.next(limit, "the end").is_some() {}
        let code = self.child.wait().unwrap().code();
        let stderr = self.stderr.take().map(|s| s.join().unwrap()).unwrap_or_default();
        Ended { code, stdout: std::mem::take(&mut self.text), stderr, log: std::mem::take(&mut self.log) }
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.child.kill().ok(); // it may have ended already
        self.child.wait().ok();
    }
}

impl Ended {
    /// The last line whose message contains `part`.
    #[track_caller]
    pub(crate) fn line(&self, part: &str) -> &Value {
        let found = self.log.iter().rev().find(|l| l["message"].as_str().is_some_and(|m| m.contains(part)));
        found.unwrap_or_else(|| panic!("no line says {part:?}"))
    }
}
