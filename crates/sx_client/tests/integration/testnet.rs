//! The venue's own test network, if the environment names it; nothing is bet there.

use crate::sandbox::rig::{LIMIT, on_sockets};
use crate::shell::Shell;
use crate::venue;
use signing::SanitizedValue;
use sx_client::SxConfig;
use venue_api::BetClient;

#[test]
fn the_venues_own_test_network_is_listed_and_read_where_the_environment_names_it() {
    let value = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let given = ["SX_REST_URL", "SX_WS_URL", "SX_API_KEY", "SX_ACCOUNT_KEY"].map(value);
    let [Some(rest), Some(realtime), Some(api), Some(account)] = given else {
        return println!(
            "SX's own test network was not tried: SX_REST_URL, SX_WS_URL, SX_API_KEY and SX_ACCOUNT_KEY are not all given"
        );
    };
    let chain = value("SX_CHAIN_ID").map_or(79_479_957, |id| id.parse().expect("SX_CHAIN_ID is a number"));
    let config = SxConfig::new(SanitizedValue::new(api), SanitizedValue::new(account), chain);
    let folder = tempfile::tempdir().expect("a folder");
    on_sockets(async {
        let shell = Shell::start(config, venue::link(&rest, &realtime, None), folder.path(), Box::new(|_| {})).expect("a shell");
        let up = shell.seen.until(LIMIT, |seen| (seen.ups.get() > 0 && seen.listed.get()) || seen.fatal.get()).await;
        assert!(up && !shell.seen.fatal.get(), "it is ready");
        shell.link.with(|client, now, out| client.read_account(now, out));
        assert!(shell.seen.until(LIMIT, |seen| seen.funds.get().is_some()).await, "the money is told");
        shell.link.stop().await;
    });
}
