//! `bot4 azuro` as an operator meets it: the real binary, the simulated venue and its chain over TLS.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops where something is wrong")]

use azuro_client::environment::POLYGON;
use azuro_client::sign::{BetTerms, Sponsored, parse_condition, sign};
use domain::Outcome;
use serde_json::{Value, json};
use signing::{EvmKey, SanitizedValue};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use venue_sim::azuro::{AzuroSim, AzuroSimConfig, Latencies};
use venue_sim::server::{RunningServer, ServerOptions, TlsServer};
use venue_sim::sports::{Sports, SportsShape};

/// Made up; holds nothing anywhere else.
const KEY: &str = "0x3a51dbab6a3b1bdac88b2cb564eab05962b5ed6a5843c270b3b76b838dd42068";
const WALLET: &str = "0x3ec987f6B7E624848EaAcE2DDA3bb4252D98698e";

struct Desk {
    runtime: Runtime,
    server: RunningServer,
    folder: TempDir,
}

/// What the binary said.
struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Desk {
    fn new() -> Self {
        Self::on_chain(137)
    }
    /// Its node names this chain as its own.
    fn on_chain(chain_id: u64) -> Self {
        let runtime = Runtime::new().unwrap();
        let shape = SportsShape { pulse_every_ms: 0, noise_permille: 0, trouble_permille: 0, ..SportsShape::default() };
        let mut venue = AzuroSimConfig::new(5, Sports::new(5, shape));
        venue.stopped_permille = 0;
        venue.contracts.chain_id = chain_id;
        venue.latencies = Latencies {
            placed_us: 10_000,
            sent_us: 20_000,
            mined_us: (30_000, 60_000),
            slow_permille: 0,
            ..Latencies::default()
        };
        let server =
            runtime.block_on(async { TlsServer::start(Box::new(AzuroSim::new(venue)), ServerOptions::azuro()) }).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (rest, ws, rpc) = (server.rest_url(), server.ws_url(), server.rest_url_at("/rpc"));
        let config = format!(
            "mode: paper\npairs: [ETH-USD]\nstate: state\nvenues:\n  azuro: {{ rest: \"{rest}\", ws: \"{ws}\", rpc: \"{rpc}\", ca: azuro.pem }}\n"
        );
        write(folder.path(), "config.yaml", &config);
        write(folder.path(), "azuro.pem", server.ca_pem());
        write(folder.path(), ".env", &format!("AZURO_ACCOUNT_KEY={KEY}\n"));
        Self { runtime, server, folder }
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bot4"));
        command.arg("azuro").args(arguments).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let said = Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        assert!(!said.stdout.contains(&KEY[2..]) && !said.stderr.contains(&KEY[2..]), "the key is never printed");
        said
    }
    #[track_caller]
    fn expect(&self, arguments: &[&str], code: i32, words: &[&str]) -> Said {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(code), "{arguments:?}: {}{}", said.stdout, said.stderr);
        for word in words {
            assert!(said.stdout.contains(word) || said.stderr.contains(word), "{word}: {}{}", said.stdout, said.stderr);
        }
        said
    }
    fn status(&self) -> Value {
        serde_json::from_str(&self.expect(&["status", "--json"], 0, &[]).stdout).unwrap()
    }

    fn ask(&self, request: impl FnOnce(&reqwest::Client, &str) -> reqwest::RequestBuilder) -> Value {
        // Another test of this binary may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let root = reqwest::Certificate::from_pem(self.server.ca_pem().as_bytes()).unwrap();
        let client = reqwest::Client::builder().add_root_certificate(root).build().unwrap();
        let request = request(&client, &self.server.rest_url());
        self.runtime.block_on(async { request.send().await.unwrap().json().await.unwrap() })
    }

    /// Bets ten dollars on the first outcome of some open line, and waits until it is on chain; gives its number.
    fn bet(&self) -> String {
        let games = self.ask(|client, base| {
            client.get(format!(
                "{base}/market-manager/games-by-filters?environment=PolygonUSDT&gameState=Prematch&orderBy=startsAt&orderDirection=asc&page=1&perPage=100"
            ))
        });
        let game = games["games"].as_array().unwrap().last().unwrap()["gameId"].clone();
        let body = json!({ "gameIds": [game], "environment": "PolygonUSDT", "extended": false });
        let lines = self.ask(|client, base| client.post(format!("{base}/market-manager/conditions-by-game-ids")).json(&body));
        let line = lines["conditions"].as_array().unwrap().iter().find(|c| c["state"] == "Active").unwrap();
        let key = EvmKey::from_hex(&SanitizedValue::from(KEY)).unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let terms = BetTerms {
            attention: String::new(),
            affiliate: key.address(),
            expires_at: now.as_secs() + 60,
            relayer_fee: 0,
            sponsored: Sponsored::default(),
            condition: parse_condition(line["conditionId"].as_str().unwrap()).unwrap(),
            outcome: Outcome(line["outcomes"][0]["outcomeId"].as_str().unwrap().parse().unwrap()),
            min_odds: 1_000_000_000_001,
            amount: 10_000_000,
            nonce: u64::try_from(now.as_millis()).unwrap(),
        };
        let signed = sign(&key, &POLYGON, &terms);
        let body: Value = serde_json::from_str(&signed.body).unwrap();
        let answer = self.ask(|client, base| client.post(format!("{base}/bet/orders/ordinar")).json(&body));
        assert_eq!(answer["state"], "Created", "{answer}");
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            let order = self.ask(|client, base| client.get(format!("{base}/bet/orders/{}", signed.order_id)));
            if order["state"] == "Accepted" && order["betId"].is_number() {
                return order["betId"].to_string();
            }
            assert!(Instant::now() < end && order["state"] != "Rejected", "{order}");
        }
    }
}

/// As [`Desk::run`] at a terminal, where somebody types an answer.
fn at_a_terminal(desk: &Desk, arguments: &str, answer: &str) -> String {
    let line = format!("{} azuro {arguments}", env!("CARGO_BIN_EXE_bot4"));
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(desk.folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("`script` gives the bot a terminal; on Debian it is part of bsdutils");
    let mut stdout = child.stdout.take().unwrap();
    let mut screen = String::new();
    let mut answered = false;
    let mut buffer = [0u8; 1_024];
    loop {
        let read = stdout.read(&mut buffer).unwrap();
        if read == 0 {
            break;
        }
        screen.push_str(&String::from_utf8_lossy(&buffer[..read]));
        if !answered && screen.contains("[y/N]") {
            answered = true;
            child.stdin.take().unwrap().write_all(format!("{answer}\n").as_bytes()).unwrap();
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(0), "{screen}");
    screen.replace('\r', "")
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn an_approval_is_shown_with_its_price_and_sent_only_when_that_is_said() {
    let desk = Desk::new();
    desk.expect(&["status"], 0, &[WALLET, "10000 USDT", "0 USDT may be taken", "5 POL", "nothing"]);
    desk.expect(
        &["approve", "--amount", "100.5"],
        0,
        &["take up to 100.5 USDT", "now 0 USDT", "Gas: about 0.0", "Nothing was sent"],
    );
    assert_eq!(desk.status()["approved"], "0");
    desk.expect(&["approve", "--amount", "100.5", "--yes"], 0, &["take up to 100.5 USDT", "Done in block", "Transaction 0x"]);
    assert_eq!(desk.status()["approved"], "100.5");
    desk.expect(&["approve", "--amount", "100.5", "--yes"], 0, &["approved for exactly this already"]);
    desk.expect(&["approve", "--amount", "0", "--yes"], 0, &["Done in block"]);
    assert_eq!(desk.status()["approved"], "0");
    let lines = std::fs::read_to_string(desk.folder.path().join("state/azuro_transactions.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 4, "each is written down before it leaves and when it has ended: {lines}");
}

#[test]
fn what_is_written_wrong_or_costs_too_much_is_said_and_not_sent() {
    let desk = Desk::new();
    desk.expect(&["approve", "--amount", "ten"], 2, &["--amount ten: not a plain decimal"]);
    desk.expect(&["approve", "--amount", "1.0000001"], 2, &["at most 6 digits"]);
    desk.expect(&["approve"], 2, &["--amount"]);
    desk.expect(&["approve", "--amount", "1", "--yes", "--gas-price-max", "1"], 1, &["the cap is 1"]);
    desk.expect(&["redeem", "--bet", "7", "--yes"], 0, &["Nothing to claim: bet 7 does not exist"]);
    write(desk.folder.path(), ".env", "");
    desk.expect(&["status"], 2, &["AZURO_ACCOUNT_KEY"]);
    write(
        desk.folder.path(),
        ".env",
        &format!("AZURO_ACCOUNT_KEY={KEY}\nAZURO_RPC_URL=https://127.0.0.1:1/secretpathsecretpath\n"),
    );
    let said = desk.expect(&["status"], 1, &["the node could not be asked"]);
    assert!(!said.stderr.contains("secretpath"), "{}", said.stderr);
    let both = format!("AZURO_RPC_URL=https://127.0.0.1:1/secretpathsecretpath,{}\n", desk.server.rest_url_at("/rpc"));
    write(desk.folder.path(), ".env", &format!("AZURO_ACCOUNT_KEY={KEY}\n{both}"));
    desk.expect(&["status"], 0, &["10000 USDT"]);
}

#[test]
fn a_node_is_chosen_by_one_rule_and_what_follows_its_host_is_never_shown() {
    let desk = Desk::new();
    let secret = "k3yOfANode0123456789";
    let config = std::fs::read_to_string(desk.folder.path().join("config.yaml")).unwrap();
    let rpc = desk.server.rest_url_at("/rpc");
    let env = |urls: &str| write(desk.folder.path(), ".env", &format!("AZURO_ACCOUNT_KEY={KEY}\nAZURO_RPC_URL={urls}\n"));
    let check = |arguments: &[&str], code: i32, words: &[&str]| {
        let said = desk.expect(arguments, code, words);
        assert!(!said.stdout.contains(secret) && !said.stderr.contains(secret), "{}{}", said.stdout, said.stderr);
    };
    // None at all.
    write(desk.folder.path(), "config.yaml", &config.replace(&format!("rpc: \"{rpc}\", "), ""));
    check(&["status"], 2, &["no node of the chain is configured: nothing can be bet", "venues.azuro.rpc", "AZURO_RPC_URL"]);
    // The variable wins over the file, and the first that answers and serves the chain over the others.
    write(desk.folder.path(), "config.yaml", &config.replace(&rpc, "https://127.0.0.1:1"));
    check(&["status"], 1, &["127.0.0.1:1", "cannot be reached"]);
    env(&rpc);
    check(&["status"], 0, &["10000 USDT"]);
    let other = Desk::on_chain(1);
    env(&format!("https://127.0.0.1:1/v2/{secret},{}", other.server.rest_url_at("/rpc")));
    let words = ["127.0.0.1:1", "the node could not be asked", "the node serves chain 1, PolygonUSDT lives on 137"];
    let pem = std::fs::read_to_string(desk.folder.path().join("azuro.pem")).unwrap();
    write(desk.folder.path(), "azuro.pem", other.server.ca_pem());
    check(&["status"], 1, &words);
    check(&["status", "--json"], 1, &words);
    check(&["approve", "--amount", "1", "--yes"], 1, &words);
    write(desk.folder.path(), "azuro.pem", &pem);
    // A key in the file is refused where it stands.
    write(desk.folder.path(), "config.yaml", &config.replace(&rpc, &format!("https://127.0.0.1:1/v2/{secret}")));
    check(&["status"], 2, &["venues.azuro.rpc: looks as if it held a key: set AZURO_RPC_URL"]);
}

#[test]
fn what_bets_pay_is_claimed_once() {
    let desk = Desk::new();
    desk.expect(&["approve", "--amount", "100", "--yes"], 0, &["Done"]);
    let bets = [desk.bet(), desk.bet()];
    let status = desk.status();
    assert_eq!((&status["balance"], &status["approved"]), (&json!("9980"), &json!("80")));
    assert_eq!(status["bets"]["open"].as_array().unwrap().len(), 2);
    desk.expect(&["redeem", "--bet", &bets[0], "--yes"], 0, &["is not decided yet"]);
    desk.server.fault("resolve_now", &json!({ "cancel": true })).unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    while desk.status()["bets"]["payable"].as_array().unwrap().len() < 2 {
        assert!(Instant::now() < end, "{}", desk.status());
    }
    desk.expect(&["redeem"], 0, &["claim 20 USDT", "10 USDT of bet", "Nothing was sent"]);
    desk.expect(&["redeem", "--bet", &bets[0], "--yes"], 0, &["claim 10 USDT", "Done in block"]);
    let said: Vec<Value> =
        desk.expect(&["redeem", "--yes", "--json"], 0, &[]).stdout.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert!(said[0]["what"].as_str().unwrap().contains(&bets[1]) && said[1]["outcome"] == "done", "{said:?}");
    assert_eq!(desk.status()["balance"], "10000");
    desk.expect(&["redeem", "--bet", &bets[0], "--bet", &bets[1], "--yes"], 0, &["was claimed before"]);
}

#[test]
fn a_transaction_whose_end_was_not_seen_is_asked_for_before_anything_else_is_signed() {
    let desk = Desk::new();
    desk.server.fault("chain_stalls", &json!({})).unwrap();
    desk.expect(&["approve", "--amount", "50", "--yes", "--wait", "3"], 3, &["not in a block after 3 s"]);
    desk.expect(&["status"], 0, &["under way", "take up to 50 USDT"]);
    desk.expect(&["approve", "--amount", "60", "--yes", "--wait", "1"], 3, &["An earlier transaction is still under way"]);
    desk.server.clear("chain_stalls");
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let said = desk.expect(&["status"], 0, &[]);
        if said.stderr.contains("an earlier transaction has ended: Done in block") {
            break;
        }
        assert!(Instant::now() < end, "{}{}", said.stdout, said.stderr);
    }
    assert_eq!(desk.status()["approved"], "50");
    let written = std::fs::read_to_string(desk.folder.path().join("state/azuro_transactions.jsonl")).unwrap();
    assert_eq!(written.matches("\"raw\"").count(), 1, "nothing else was signed meanwhile: {written}");
}

#[test]
fn at_a_terminal_it_asks_and_takes_no_for_an_answer() {
    let desk = Desk::new();
    let screen = at_a_terminal(&desk, "approve --amount 7", "n");
    assert!(screen.contains("take up to 7 USDT") && screen.contains("Nothing was sent"), "{screen}");
    assert_eq!(desk.status()["approved"], "0");
    let screen = at_a_terminal(&desk, "approve --amount 7", "");
    assert!(screen.contains("Nothing was sent"), "an empty line is no: {screen}");
    let screen = at_a_terminal(&desk, "approve --amount 7", "y");
    assert!(screen.contains("Done in block"), "{screen}");
    assert_eq!(desk.status()["approved"], "7");
}
