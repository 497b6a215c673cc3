//! TLS in front of a plain port of the loopback interface: clients that speak `https` alone reach a node that speaks `http` alone.
//!
//! Owns bytes and knows no protocol. A switch makes the line dead, so that a test can take a chain's node away and give it back.

use super::{Authority, TLS_HANDSHAKE_MAX};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A running proxy. Dropping it ends it.
#[derive(Debug)]
pub struct TlsProxy {
    address: SocketAddr,
    authority: Authority,
    up: watch::Sender<bool>,
    stop: CancellationToken,
}

impl TlsProxy {
    /// Listens on a free port of the loopback interface at once and carries every connection to `to`; must be called within a tokio
    /// runtime.
    ///
    /// # Errors
    /// No port, no certificate, or no runtime here.
    pub fn start(to: SocketAddr) -> io::Result<Self> {
        let runtime = tokio::runtime::Handle::try_current().map_err(io::Error::other)?;
        let authority = Authority::generate()?;
        let acceptor = TlsAcceptor::from(Arc::new(authority.server_config()?));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let (up, is_up) = watch::channel(true);
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let ended = stop.clone();
        tasks.clone().spawn_on(
            async move {
                let accept = async {
                    while let Ok((tcp, _)) = listener.accept().await {
                        tasks.spawn(carry(tcp, acceptor.clone(), to, is_up.clone(), ended.clone()));
                    }
                };
                tokio::select! {
                    biased;
                    () = ended.cancelled() => {}
                    () = accept => {}
                }
            },
            &runtime,
        );
        Ok(Self { address, authority, up, stop })
    }

    /// Such as `https://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }
    /// The certificate a client has to trust, PEM.
    pub fn ca_pem(&self) -> &str {
        self.authority.ca_pem()
    }
    /// Takes what is behind away: every connection ends, and new ones end as soon as they are there. Or gives it back.
    pub fn set_up(&self, up: bool) {
        self.up.send_replace(up);
    }
}

impl Drop for TlsProxy {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// One connection, until either side ends it, the switch is turned or the proxy ends.
async fn carry(tcp: TcpStream, acceptor: TlsAcceptor, to: SocketAddr, mut is_up: watch::Receiver<bool>, stop: CancellationToken) {
    let line = async {
        let mut near = tokio::time::timeout(TLS_HANDSHAKE_MAX, acceptor.accept(tcp)).await??;
        let mut far = TcpStream::connect(to).await?;
        far.set_nodelay(true)?;
        copy_bidirectional(&mut near, &mut far).await
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        _ = is_up.wait_for(|up| !*up) => {}
        // A line that breaks is what its ends see of it; nobody else waits for the reason.
        _ = line => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// A plain port that says every line back once.
    async fn plain() -> SocketAddr {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut tcp, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut bytes = [0; 64];
                    let length = tcp.read(&mut bytes).await.unwrap_or(0);
                    let body = String::from_utf8_lossy(&bytes[..length.min(3)]).into_owned();
                    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\n{body}");
                    tcp.write_all(answer.as_bytes()).await.ok();
                });
            }
        });
        address
    }

    #[tokio::test]
    async fn what_is_behind_is_reached_over_tls_until_it_is_taken_away_and_again_when_it_is_back() {
        let proxy = TlsProxy::start(plain().await).unwrap();
        rustls::crypto::ring::default_provider().install_default().ok(); // another test of this process was first
        let root = reqwest::Certificate::from_pem(proxy.ca_pem().as_bytes()).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([root]).build().unwrap();
        let get = || async { client.get(proxy.url()).send().await?.text().await };
        assert_eq!(get().await.unwrap(), "GET");
        proxy.set_up(false);
        assert!(get().await.is_err());
        proxy.set_up(true);
        assert_eq!(get().await.unwrap(), "GET");
        let stranger = reqwest::Client::new();
        assert!(stranger.get(proxy.url()).send().await.is_err(), "only who trusts its certificate gets through");
    }
}
