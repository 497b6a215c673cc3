//! A local EVM node of the test's own: started on a free port of the loopback interface, ended by its own pid, and gone with the test
//! even when that is killed.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

/// How long the node may take for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// The folder with the pinned packages.
pub(crate) fn packages() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let folder = std::env::var_os("BOT4_AZURO_NODE").map_or_else(|| workspace.join("target/node-azuro"), PathBuf::from);
    assert!(
        folder.join("node_modules").is_dir(),
        "no packages at {}: run `cargo xtask test --only tools`, which installs them, or point BOT4_AZURO_NODE to a folder in which \
         `npm install` was run with tests/interop/azuro/package.json",
        folder.display()
    );
    folder
}

/// The node's program: the optional package for this machine has it.
fn program() -> PathBuf {
    let scope = packages().join("node_modules/@foundry-rs");
    let found = std::fs::read_dir(&scope).ok().into_iter().flatten().flatten().map(|entry| entry.path().join("bin/anvil"));
    let found: Vec<PathBuf> = found.filter(|path| path.is_file()).collect();
    found.into_iter().next().unwrap_or_else(|| panic!("no anvil for this machine below {}", scope.display()))
}

/// Starts what it is given and ends it when its own input ends, which happens to the last of a process whatever that dies of. It keeps
/// no output open, so that the end of the node is the end of what it says.
const KEEPER: &str = r#""$@" & exec >&-; read -r _; kill -9 $!; wait"#;

/// A running node of chain 137. Dropping it ends it.
pub(crate) struct Node {
    keeper: Child,
    /// Open for as long as the node shall run.
    input: Option<ChildStdin>,
    address: String,
}

impl Node {
    /// Starts one and waits until it listens. Every transaction is mined at once, any sender is believed.
    pub(crate) fn start() -> Self {
        Self::run(&[])
    }
    /// As [`Node::start`], with a first block of this time.
    pub(crate) fn start_at(unix_s: u64) -> Self {
        Self::run(&["--timestamp", &unix_s.to_string()])
    }
    /// As [`Node::start_at`], for many blocks: it keeps the state of the newest alone, as most public nodes do, and all events.
    pub(crate) fn pruned_at(unix_s: u64) -> Self {
        Self::run(&["--timestamp", &unix_s.to_string(), "--prune-history", "8"])
    }

    fn run(options: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", KEEPER, "keeper"]).arg(program());
        command.args(["--host", "127.0.0.1", "--port", "0", "--chain-id", "137", "--hardfork", "cancun"]).args(options);
        let mut keeper = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let input = keeper.stdin.take();
        let mut said = BufReader::new(keeper.stdout.take().unwrap());
        let address = loop {
            let mut line = String::new();
            assert!(said.read_line(&mut line).unwrap() > 0, "the node ended before it listened");
            if let Some(address) = line.trim().strip_prefix("Listening on ") {
                break address.to_owned();
            }
        };
        // It logs every request; a pipe that nobody reads would stop it.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let node = Self { keeper, input, address };
        node.ask("anvil_autoImpersonateAccount", json!([true]));
        node
    }

    /// Where it listens, without TLS.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Posts a body as it is and returns the answer as it is.
    pub(crate) fn post(&self, body: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(ANSWER_MAX)).unwrap();
        let length = body.len();
        let head = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head and a body");
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        assert!(head.starts_with("http/1.1 200") && !head.contains("chunked"), "{head}");
        answer.split_off(end + 4)
    }

    /// Asks and takes a result or the node's error.
    pub(crate) fn try_ask(&self, method: &str, params: Value) -> Result<Value, Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut answer: Value = serde_json::from_slice(&self.post(&body.to_string())).unwrap();
        if answer.get("error").is_some() { Err(answer["error"].take()) } else { Ok(answer["result"].take()) }
    }

    /// Asks and expects a result.
    pub(crate) fn ask(&self, method: &str, params: Value) -> Value {
        self.try_ask(method, params.clone()).unwrap_or_else(|error| panic!("{method} {params}: {error}"))
    }

    /// Sends a transaction as `from`, without its signature, and returns its receipt. One that reverts is an error: the node's, when it
    /// is refused before it is mined, else its receipt.
    pub(crate) fn send(&self, from: &str, to: &str, data: &[u8]) -> Result<Value, Value> {
        let transaction = json!({ "from": from, "to": to, "data": format!("0x{}", hex::encode(data)) });
        let hash = self.try_ask("eth_sendTransaction", json!([transaction]))?;
        let receipt = self.receipt(&hash);
        if receipt["status"] == "0x1" { Ok(receipt) } else { Err(receipt) }
    }

    /// Waits until a transaction is mined.
    pub(crate) fn receipt(&self, hash: &Value) -> Value {
        let began = Instant::now();
        loop {
            let receipt = self.ask("eth_getTransactionReceipt", json!([hash]));
            if !receipt.is_null() {
                return receipt;
            }
            assert!(began.elapsed() < ANSWER_MAX, "{hash} is not mined");
        }
    }

    /// Moves the chain's clock ahead and mines a block there.
    pub(crate) fn pass(&self, seconds: u64) {
        self.ask("evm_increaseTime", json!([seconds]));
        self.ask("evm_mine", json!([]));
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.input.take());
        self.keeper.wait().ok(); // it may have ended by itself
    }
}

/// Set in the process that the test below starts: itself, to be killed.
const VICTIM: &str = "BOT4_TEST_NODE_VICTIM";

#[test]
fn a_node_ends_with_the_process_that_started_it_however_that_dies() {
    if std::env::var_os(VICTIM).is_some() {
        let node = Node::start();
        println!("\nlives at {}", node.address());
        loop {
            std::thread::park();
        }
    }
    let name = "node::a_node_ends_with_the_process_that_started_it_however_that_dies";
    let mut victim = Command::new(std::env::current_exe().unwrap());
    victim.args([name, "--exact", "--nocapture"]).env(VICTIM, "1").stdout(Stdio::piped()).stderr(Stdio::null());
    let mut victim = victim.spawn().unwrap();
    let mut lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let address = lines.find_map(|line| line.unwrap().strip_prefix("lives at ").map(str::to_owned)).expect("a node");
    assert!(TcpStream::connect(&address).is_ok());
    victim.kill().unwrap(); // SIGKILL: nothing of it runs any more
    victim.wait().unwrap();
    let began = Instant::now();
    while TcpStream::connect(&address).is_ok() {
        assert!(began.elapsed() < ANSWER_MAX, "the node outlives its process");
        std::thread::yield_now();
    }
}
