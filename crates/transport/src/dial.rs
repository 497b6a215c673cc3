//! One TLS connection: name lookup, TCP to the first address that answers, handshake.

use crate::config::{Endpoint, LinkConfig, LinkError};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rustls::HandshakeKind;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long one address may be silent before the next one is tried beside it.
const NEXT_ADDRESS_AFTER: Duration = Duration::from_millis(250);

pub(crate) type Stream = TlsStream<TcpStream>;

/// TLS for all connections of a link: the public authorities and the further ones of the configuration. TLS 1.2 and
/// 1.3 with `ring`; tickets are kept in memory, so a reconnection resumes where the venue allows it.
pub(crate) fn tls(config: &LinkConfig) -> Result<TlsConnector, LinkError> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for (i, pem) in config.extra_roots.iter().enumerate() {
        let wrong = |why: String| LinkError::Root { venue: config.name.clone(), number: i + 1, why };
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|e| wrong(format!("no certificate in PEM ({e})")))?;
        roots.add(der).map_err(|e| wrong(e.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring offers the default versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(tls)))
}

/// Dials one endpoint and counts.
pub(crate) struct Dialer {
    tls: TlsConnector,
    endpoint: Endpoint,
    name: ServerName<'static>,
    timeout: Duration,
    /// What the last lookup said, for the time when the name server does not answer.
    last_known: RefCell<Vec<SocketAddr>>,
    handshakes: Cell<u64>,
    resumed: Cell<u64>,
}

impl Dialer {
    pub(crate) fn new(
        tls: TlsConnector,
        endpoint: Endpoint,
        config: &LinkConfig,
        place: &'static str,
    ) -> Result<Self, LinkError> {
        let name = ServerName::try_from(endpoint.host.clone()).map_err(|e| LinkError::Url {
            venue: config.name.clone(),
            place,
            why: format!("{:?} is no host name ({e})", endpoint.host),
            example: "https://api.example.com/v1",
        })?;
        let (timeout, last_known) = (config.connect_timeout, RefCell::default());
        Ok(Self { tls, endpoint, name, timeout, last_known, handshakes: Cell::new(0), resumed: Cell::new(0) })
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// TLS handshakes that succeeded.
    pub(crate) fn handshakes(&self) -> u64 {
        self.handshakes.get()
    }

    /// How many of them resumed an earlier session: no certificate is sent and checked again.
    pub(crate) fn resumed(&self) -> u64 {
        self.resumed.get()
    }

    /// A connection, or why there is none, in a sentence.
    pub(crate) async fn dial(&self) -> Result<Stream, String> {
        match tokio::time::timeout(self.timeout, self.try_dial()).await {
            Ok(result) => result,
            Err(_) => Err(format!("{:?} did not answer within {} ms", self.endpoint, self.timeout.as_millis())),
        }
    }

    async fn try_dial(&self) -> Result<Stream, String> {
        let addresses = self.lookup().await.map_err(|e| format!("the name {} has no address: {e}", self.endpoint.host))?;
        let tcp = reach(addresses).await.map_err(|e| format!("{:?} cannot be reached: {e}", self.endpoint))?;
        let tls = self.tls.connect(self.name.clone(), tcp).await;
        let tls = tls.map_err(|e| format!("{:?} is not trusted or speaks no TLS: {e}", self.endpoint))?;
        self.handshakes.set(self.handshakes.get() + 1);
        if tls.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed) {
            self.resumed.set(self.resumed.get() + 1);
        }
        Ok(tls)
    }

    async fn lookup(&self) -> io::Result<Vec<SocketAddr>> {
        match tokio::net::lookup_host((self.endpoint.host.as_str(), self.endpoint.port)).await {
            Ok(found) => {
                let found: Vec<_> = found.collect();
                self.last_known.borrow_mut().clone_from(&found);
                Ok(found)
            }
            Err(e) if self.last_known.borrow().is_empty() => Err(e),
            Err(_) => Ok(self.last_known.borrow().clone()),
        }
    }
}

/// The one place where a TCP connection of this crate is made: an order is never held back to fill a segment.
async fn reach(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let tcp = first_to_answer(addresses).await?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

/// Tries the addresses in order, the next one as soon as one fails or is silent for a while, and takes the first
/// connection: a broken IPv6 path then costs a quarter of a second, not the timeout.
async fn first_to_answer(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut rest = addresses.into_iter();
    let mut trying = FuturesUnordered::new();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    loop {
        match rest.next() {
            Some(address) => trying.push(TcpStream::connect(address)),
            None if trying.is_empty() => return Err(last),
            None => {}
        }
        tokio::select! {
            Some(tried) = trying.next() => match tried {
                Ok(tcp) => return Ok(tcp),
                Err(e) => last = e,
            },
            () = tokio::time::sleep(NEXT_ADDRESS_AFTER), if rest.len() > 0 => {}
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_connection_sends_without_delay() {
        let venue = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let plain = TcpStream::connect(venue.local_addr().unwrap()).await.unwrap();
        assert!(!plain.nodelay().unwrap(), "the kernel's own choice would wait");
        let ours = reach(vec![venue.local_addr().unwrap()]).await.unwrap();
        assert!(ours.nodelay().unwrap());
    }
}
