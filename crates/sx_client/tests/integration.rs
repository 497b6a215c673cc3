//! The client from outside: against a venue that the test plays by hand (`mock`), against the simulated venue over TLS (`sandbox`),
//! killed at every step of a bet (`killed`), and against the venue's own test network where the environment names one (`testnet`).

#[path = "integration/mock/mod.rs"]
mod mock;

#[cfg(feature = "dry_run")]
#[path = "integration/killed.rs"]
mod killed;
#[cfg(feature = "dry_run")]
#[path = "integration/sandbox/mod.rs"]
mod sandbox;
#[cfg(feature = "dry_run")]
#[path = "integration/testnet.rs"]
mod testnet;

#[cfg(feature = "dry_run")]
#[allow(dead_code, reason = "the dry run tells more of what it saw than a test looks at")]
#[path = "../src/bin/dry_run/shell.rs"]
mod shell;
#[cfg(feature = "dry_run")]
#[path = "../src/bin/dry_run/sandbox.rs"]
mod venue;
