//! Azuro's official toolkit against the simulated venue over TLS, its source unchanged: a preloaded script leads its hosts here.
//!
//! Needs the pinned packages of `tests/interop/azuro/package.json`, among them the Node.js that the toolkit asks for; `cargo xtask test`
//! installs them.
#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::path::{Path, PathBuf};
use std::process::Command;

use venue_sim::azuro::{AzuroSim, AzuroSimConfig};
use venue_sim::server::{ServerOptions, TlsServer};
use venue_sim::sports::{Sports, SportsShape};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The folder with the pinned packages.
fn packages() -> PathBuf {
    let folder = std::env::var_os("BOT4_AZURO_NODE").map_or_else(|| workspace().join("target/node-azuro"), PathBuf::from);
    assert!(
        folder.join("node_modules/@azuro-org/toolkit").is_dir(),
        "the official toolkit is not installed at {}: run `cargo xtask test --only tools`, which installs it, or point BOT4_AZURO_NODE \
         to a folder in which `npm install` was run with tests/interop/azuro/package.json",
        folder.display()
    );
    folder
}

/// The Node.js among the packages, or the system's where no package fits this machine.
fn node(packages: &Path) -> PathBuf {
    let found = std::fs::read_dir(packages.join("node_modules")).into_iter().flatten().flatten().find_map(|entry| {
        let ours = entry.file_name().to_string_lossy().starts_with("node-linux-");
        let program = entry.path().join("bin/node");
        (ours && program.is_file()).then_some(program)
    });
    let node = found.unwrap_or_else(|| PathBuf::from("node"));
    let said = Command::new(&node).arg("--version").output().expect("Node.js is not installed");
    let version = String::from_utf8_lossy(&said.stdout).trim().to_owned();
    let major: u32 = version.trim_start_matches('v').split('.').next().and_then(|part| part.parse().ok()).unwrap_or(0);
    assert!(major >= 22, "the toolkit asks for Node.js 22.11 or newer, {} is {version}", node.display());
    node
}

#[test]
fn the_official_toolkit_places_a_bet_on_the_simulated_venue_and_follows_it_to_its_acceptance() {
    let packages = packages();
    let node = node(&packages);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut config = AzuroSimConfig::new(5, Sports::new(5, SportsShape::default()));
    // The script places one bet: its line is not stopped on the way, and its block does not take a minute.
    (config.stopped_permille, config.latencies.slow_permille) = (0, 0);
    let server = {
        let _inside = runtime.enter();
        TlsServer::start(Box::new(AzuroSim::new(config)), ServerOptions::azuro()).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, server.ca_pem()).unwrap();
    let scripts = workspace().join("tests/interop/azuro");
    let done = Command::new(node)
        .arg("--import")
        .arg(scripts.join("redirect.mjs"))
        .arg(scripts.join("toolkit.mjs"))
        .env("NODE_EXTRA_CA_CERTS", &ca)
        .env("AZURO_PACKAGES", &packages)
        .env("AZURO_API", server.rest_url())
        .env("AZURO_STREAMS", server.ws_url())
        .env("AZURO_RPC", server.rest_url_at("/rpc"))
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}");
    assert!(said.contains("the official toolkit is content"), "{said}");
    println!("{said}");
    runtime.block_on(server.stop());
}
