//! The venue's official Python client against the simulated Paradex over TLS, unchanged but for URL and CA.
//!
//! Needs a virtual environment with `tests/interop/paradex_py/requirements.txt`; `cargo xtask test` makes it.
#![allow(clippy::unwrap_used, reason = "a test fails where it stands")]

use std::path::{Path, PathBuf};
use std::process::Command;

use venue_sim::market::{Market, MarketShape};
use venue_sim::paradex::{ParadexSim, ParadexSimConfig};
use venue_sim::server::{ServerOptions, TlsServer};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The Python of the virtual environment.
fn python() -> PathBuf {
    let venv = std::env::var_os("BOT4_PARADEX_PY_VENV").map_or_else(|| workspace().join("target/paradex-py-venv"), PathBuf::from);
    let python = venv.join("bin/python3");
    assert!(
        python.exists(),
        "no virtual environment with the official client at {}: run `cargo xtask test`, which makes it, or point \
         BOT4_PARADEX_PY_VENV to one with tests/interop/paradex_py/requirements.txt installed",
        venv.display()
    );
    python
}

#[test]
fn the_official_python_client_is_content_with_the_simulated_venue() {
    let python = python();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let market = Market::new(5, MarketShape::default());
    let config = ParadexSimConfig::new(5, market, &["BTC-USD-PERP", "ETH-USD-PERP"]);
    let server = {
        let _inside = runtime.enter();
        TlsServer::start(Box::new(ParadexSim::new(config)), ServerOptions::paradex()).unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, server.ca_pem()).unwrap();
    let script = workspace().join("tests/interop/paradex_py/interop.py");
    let done = Command::new(python).arg(script).args([server.rest_url(), server.ws_url()]).arg(&ca).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}");
    assert!(said.contains("the official client is content"), "{said}");
    runtime.block_on(server.stop());
}
