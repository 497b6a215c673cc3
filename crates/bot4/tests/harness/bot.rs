//! The bot as a child process, and what it says.

use super::until;
use super::world::Venue;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// One life of the bot. Dropping it ends it.
pub(crate) struct Bot {
    child: Child,
    lines: Arc<Mutex<Vec<Value>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Bot {
    /// Starts the binary in `folder`, which holds its `config.yaml` and `.env`.
    pub(crate) fn start(folder: &Path, more: &[&str]) -> Self {
        Self::command(folder, &[&["run", "--venues", "external", "--state", "state"], more].concat())
    }

    /// Starts another command of the binary.
    pub(crate) fn command(folder: &Path, words: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_bot4"))
            .arg("--json")
            .args(words)
            .current_dir(folder)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let readers = vec![listen(BufReader::new(out), &lines), listen(BufReader::new(err), &lines)];
        Self { child, lines, readers }
    }

    /// Everything said so far, in order.
    pub(crate) fn said(&self) -> Vec<Value> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether any line fits.
    pub(crate) fn any(&self, fits: impl Fn(&Value) -> bool) -> bool {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().any(fits)
    }

    /// How many lines have a message with this in it.
    pub(crate) fn count(&self, message: &str) -> usize {
        self.said().iter().filter(|l| text(l).contains(message)).count()
    }

    /// Waits for the `nth` line (from 1) with this in its message.
    pub(crate) async fn says_nth(&self, nth: usize, message: &str, limit: Duration) -> Value {
        let look = async || self.said().into_iter().filter(|l| text(l).contains(message)).nth(nth - 1);
        until(limit, look, || format!("{message:?} for the {nth}. time in:\n{}", self.story())).await
    }

    /// Waits for a line with this in its message.
    pub(crate) async fn says(&self, message: &str) -> Value {
        self.says_nth(1, message, super::LIMIT).await
    }

    /// Waits for a line with this in its message that is about `venue`.
    pub(crate) async fn says_of(&self, venue: Venue, message: &str) -> Value {
        let fits = |l: &Value| text(l).contains(message) && l["exchange"] == venue.word();
        let look = async || self.said().into_iter().find(fits);
        until(super::LIMIT, look, || format!("{message:?} of {venue:?} in:\n{}", self.story())).await
    }

    /// The last lines, for a failing test.
    pub(crate) fn story(&self) -> String {
        let said = self.said();
        let last = said.iter().skip(said.len().saturating_sub(80));
        let line = |l: &Value| {
            let word = |name: &str| l[name].as_str().unwrap_or("").to_owned();
            format!("  {} {} {} {}\n", word("timestamp"), word("exchange"), text(l), word("reason"))
        };
        last.map(line).collect()
    }

    /// SIGKILL: nothing of it runs any more when this returns.
    pub(crate) fn kill(mut self) -> Vec<Value> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.join();
        self.said()
    }

    /// SIGINT, as Ctrl+C sends it.
    pub(crate) fn interrupt(&self) {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
    }

    /// SIGTERM, as a supervisor sends it.
    pub(crate) fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    /// Waits for the end.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let (child, lines) = (&mut self.child, &self.lines);
        let look = async || child.try_wait().unwrap();
        let complain = || format!("the end of the bot after {:#?}", lines.lock().unwrap_or_else(PoisonError::into_inner).last());
        let status = until(super::LIMIT, look, complain).await;
        self.join();
        status
    }

    /// Ctrl+C and a clean end.
    pub(crate) async fn stop(&mut self) {
        self.interrupt();
        let status = self.ended().await;
        assert_eq!(status.code(), Some(0), "{}", self.story());
        assert_eq!(self.count("[SHUTDOWN] Clean exit, no pending orders"), 1, "{}", self.story());
    }

    fn join(&mut self) {
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.child.kill(); // gone already, mostly
        let _ = self.child.wait();
    }
}

/// The message of a line.
pub(crate) fn text(line: &Value) -> &str {
    line["message"].as_str().unwrap_or("")
}

/// Collects lines; one that is no JSON counts as a message.
fn listen(from: impl BufRead + Send + 'static, lines: &Arc<Mutex<Vec<Value>>>) -> JoinHandle<()> {
    let lines = Arc::clone(lines);
    std::thread::spawn(move || {
        for line in from.lines().map_while(Result::ok) {
            let value = serde_json::from_str(&line).unwrap_or_else(|_| serde_json::json!({ "message": line }));
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(value);
        }
    })
}
