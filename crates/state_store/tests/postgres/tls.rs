//! Nothing goes to a server that cannot prove who it is.

use crate::server::Server;
use crate::tools::*;
use state_store::postgres::{Address, Postgres, Settings, Status, migrate};
use std::path::PathBuf;

fn told(url: String, root_cert: Option<PathBuf>) -> Address {
    let _ = rustls::crypto::ring::default_provider().install_default(); // another test may have been first
    Address::parse(&Settings { url: url.into(), txn_pool: false, root_cert, allow_unverified_tls: false }).expect("an address")
}

#[tokio::test]
async fn a_server_is_believed_only_with_the_root_that_was_named() {
    let server = Server::start_with_tls();
    let url = server.database("mirror");
    let verified = format!("{url}?sslmode=verify-full");
    let right = told(verified.clone(), Some(server.root_cert()));
    migrate(&right).await.expect("migrated");
    let status = Status::ask(&right).await.expect("asked");
    assert!(status.tls.as_deref().is_some_and(|v| v.starts_with("TLSv1.")), "{:?}", status.tls);
    // Without the file nobody vouches for it, and with another server's file neither.
    let other = Server::start_with_tls();
    for root in [None, Some(other.root_cert())] {
        let error = Postgres::connect(&told(verified.clone(), root)).await.expect_err("refused");
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(e) = cause {
            text.push_str(&e.to_string());
            cause = e.source();
        }
        assert!(text.to_lowercase().contains("certificate"), "{text}");
        assert!(!text.contains(crate::server::PASSWORD), "{text}");
    }
    let plain = Status::ask(&address(&format!("{url}?sslmode=disable"))).await.expect("its own machine");
    assert_eq!(plain.tls, None);
}
