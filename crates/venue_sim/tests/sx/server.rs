//! The machine behind the TLS shell.

use serde_json::Value;
use venue_sim::server::{ServerOptions, TlsServer};
use venue_sim::sports::{Sports, SportsShape};
use venue_sim::sx::{SxSim, SxSimConfig};

#[tokio::test]
async fn the_venue_stands_on_a_real_socket_with_its_paths() {
    let sim = SxSim::new(SxSimConfig::new(3, Sports::new(3, SportsShape::default())));
    let server = TlsServer::start(Box::new(sim), ServerOptions::sx()).unwrap();
    let ca = reqwest::Certificate::from_pem(server.ca_pem().as_bytes()).unwrap();
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = reqwest::Client::builder().tls_certs_only([ca]).build().unwrap();
    let text = client.get(format!("{}/metadata/obv3", server.rest_url())).send().await.unwrap().text().await.unwrap();
    let meta: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(meta["data"]["domain"]["name"], "OBv3 Escrow");
    assert!(server.ws_url().ends_with("/connection/websocket"), "{}", server.ws_url());
    server.stop().await;
}
