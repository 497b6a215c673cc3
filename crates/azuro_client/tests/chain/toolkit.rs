//! Azuro's official toolkit, unchanged, with the simulated venue as its API and a real chain behind it: its approval, its signature and
//! its ABIs meet the stand-ins that the client's tests rely on.

use super::node::packages;
use super::venue::Venue;
use super::world::{DOLLAR, text};
use serde_json::json;
use signing::eip712::Address;
use std::path::{Path, PathBuf};
use tokio::process::Command;
use tokio::task::LocalSet;

/// The account of the script.
const ACCOUNT: &str = "0xd41CFEf3f89aeA2f1D1A5FAdeb2d6310E2A04525";

/// The Node.js among the packages, where one fits this machine: the toolkit asks for 22.11 or newer.
fn node() -> PathBuf {
    let all = std::fs::read_dir(packages().join("node_modules")).unwrap().flatten();
    let fitting = all.filter(|entry| entry.file_name().to_string_lossy().starts_with("node-linux-"));
    let program = fitting.map(|entry| entry.path().join("bin/node")).find(|program| program.is_file());
    program.unwrap_or_else(|| PathBuf::from("node"))
}

#[tokio::test]
async fn the_official_toolkit_bets_on_a_real_chain() {
    LocalSet::new()
        .run_until(async {
            let venue = Venue::start();
            let account: Address = ACCOUNT.parse().unwrap();
            venue.chain.node.ask("anvil_setBalance", json!([text(account), "0x56bc75e2d63100000"]));
            venue.chain.mint(account, 2_000 * DOLLAR);
            let folder = std::env::temp_dir().join(format!("azuro-toolkit-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            let roots = folder.join("roots.pem");
            std::fs::write(&roots, venue.roots()).unwrap();
            let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/interop/azuro").canonicalize().unwrap();
            let mut command = Command::new(node());
            command.arg("--import").arg(scripts.join("redirect.mjs")).arg(scripts.join("toolkit.mjs")).kill_on_drop(true);
            command.env("NODE_EXTRA_CA_CERTS", &roots).env("AZURO_PACKAGES", packages());
            for (name, place) in venue.places() {
                command.env(name, place);
            }
            let done = venue.during(command.output()).await.unwrap();
            std::fs::remove_dir_all(&folder).ok();
            let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
            assert!(done.status.success() && said.contains("the official toolkit is content"), "{said}");
            assert_eq!(venue.chain.balance(account), 2_000 * DOLLAR - 12_340_000);
            venue.stop().await;
        })
        .await;
}
