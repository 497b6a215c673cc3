//! Addresses and identities.

use journal::{Identity, Mode};
use state_store::postgres::{Address, Mirror, MirrorError, Postgres, Settings, migrate};
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) fn address(url: &str) -> Address {
    pooled_address(url, false)
}

pub(crate) fn pooled_address(url: &str, txn_pool: bool) -> Address {
    // One of these may be the first to open TLS.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Address::parse(&Settings { url: url.into(), txn_pool, root_cert: None, allow_unverified_tls: false }).expect("an address")
}

/// The trader's.
pub(crate) fn identity() -> Identity {
    let map = |v: &str| BTreeMap::from([("vest".to_owned(), v.to_owned())]);
    Identity { mode: Mode::Demo, accounts: map("0xaa"), chains: map("42161") }
}

pub(crate) async fn mirror(address: &Address, journal: &Path) -> Result<Mirror, MirrorError> {
    Mirror::open(Postgres::connect(address).await?, journal, &identity()).await
}

pub(crate) async fn migrated(url: &str) -> Address {
    let address = address(url);
    migrate(&address).await.expect("migrated");
    address
}
