//! The shell that puts a [`VenueSim`] on a real socket: TLS 1.3, HTTP/1.1 keep-alive and WebSocket on one port.
//!
//! Owns sockets, the clock and the delays; knows no venue's message. The machine sits behind one lock, is called in
//! the order in which things arrived and sees time that never steps back. Started by the demo, by the simulator
//! binary and by tests; nothing that trades depends on it.

mod authority;
mod clock;
mod control;
mod delay;
mod desk;
mod http;
mod proxy;
mod socket;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests;

pub use authority::Authority;
pub use proxy::TlsProxy;

use crate::VenueSim;
use desk::Desk;
use serde_json::Value;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long [`RunningServer::stop`] waits for connections to end by themselves.
const STOP_GRACE: Duration = Duration::from_secs(3);
/// How long a peer may take for its TLS handshake.
const TLS_HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// Where and how to serve one simulated venue.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Address to listen on; loopback unless somebody means it.
    pub bind: IpAddr,
    /// Port; 0 takes any free one.
    pub port: u16,
    /// Simulated round trip of the line, ms: half of it delays every byte on its way in, half on its way out, and
    /// a new connection pays one more for the TCP handshake. 0 is the bare loopback.
    pub latency_ms: u64,
    /// Prefix of the REST API, `/v1` or `/v2`: only used to write [`RunningServer::rest_url`].
    pub rest_prefix: String,
    /// Path of the WebSocket; an upgrade elsewhere is answered with 404.
    pub ws_path: String,
    /// Further paths on which the venue takes upgrades: a second generation of its API.
    pub ws_paths_more: Vec<String>,
    /// Whether `/_sim/faults` and `/_sim/fault` are served beside the venue.
    pub control: bool,
    /// Whose certificates to show; a fresh authority if none is given.
    pub authority: Option<Authority>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            latency_ms: 0,
            rest_prefix: "/v1".to_owned(),
            ws_path: "/v1".to_owned(),
            ws_paths_more: Vec::new(),
            control: false,
            authority: None,
        }
    }
}

impl ServerOptions {
    /// REST below `/v1`, WebSocket at `/v1` (venues/paradex.md, section 1).
    pub fn paradex() -> Self {
        Self::default()
    }
    /// REST without a prefix, WebSocket at `/connection/websocket` (venues/sx.md, section 2).
    pub fn sx() -> Self {
        Self { rest_prefix: String::new(), ws_path: "/connection/websocket".to_owned(), ..Self::default() }
    }
    /// REST below `/v2`, WebSocket at `/ws-api` (venues/vest.md, section 3); the public side of v3 below `/v3` and at `/ws`
    /// (section 15).
    pub fn vest() -> Self {
        Self {
            rest_prefix: "/v2".to_owned(),
            ws_path: "/ws-api".to_owned(),
            ws_paths_more: vec!["/ws".to_owned(), "/ws/private".to_owned()],
            ..Self::default()
        }
    }
    /// REST below `/api/v1/public`, WebSocket at `/v1/streams/feed` (venues/azuro.md, section 1); the chain's node at `/rpc`.
    pub fn azuro() -> Self {
        Self { rest_prefix: "/api/v1/public".to_owned(), ws_path: "/v1/streams/feed".to_owned(), ..Self::default() }
    }
}

/// Starts servers.
#[derive(Clone, Copy, Debug)]
pub struct TlsServer;

impl TlsServer {
    /// Listens at once; must be called within a tokio runtime, whose tasks then serve the venue.
    ///
    /// # Errors
    /// The address is taken, no certificate could be made, or there is no runtime here.
    pub fn start(machine: Box<dyn VenueSim + Send>, options: ServerOptions) -> io::Result<RunningServer> {
        let runtime = Handle::try_current().map_err(io::Error::other)?;
        let authority = options.authority.clone().map_or_else(Authority::generate, Ok)?;
        let acceptor = TlsAcceptor::from(Arc::new(authority.server_config()?));
        let listener = TcpListener::bind(SocketAddr::new(options.bind, options.port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = tokio::net::TcpListener::from_std(listener)?;

        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let shared = Arc::new(http::Shared {
            desk: Desk::new(machine),
            ws_paths: std::iter::once(&options.ws_path).chain(&options.ws_paths_more).cloned().collect(),
            control: options.control,
            stop: stop.clone(),
            tasks: tasks.clone(),
        });
        let name = shared.desk.with(|m| m.name());
        tasks.spawn_on(clock::run(Arc::clone(&shared)), &runtime);
        let latency = Duration::from_millis(options.latency_ms);
        tasks.spawn_on(accept(listener, acceptor, latency, Arc::clone(&shared)), &runtime);
        tracing::info!(venue = name, %address, latency_ms = options.latency_ms, "simulated venue is up");
        Ok(RunningServer { shared, address, options, authority })
    }
}

/// Accepts connections until told to stop; each one gets a task of its own, which ends with the server.
async fn accept(listener: tokio::net::TcpListener, acceptor: TlsAcceptor, latency: Duration, shared: Arc<http::Shared>) {
    loop {
        let accepted = tokio::select! {
            biased;
            () = shared.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((tcp, peer)) = accepted else {
            // Out of file descriptors or the like: it passes, and a busy loop would not help it.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        let tasks = shared.tasks.clone();
        tasks.spawn(async move {
            tcp.set_nodelay(true).ok(); // costs speed, not truth, if it fails
            let handshake = async {
                let line = delay::line(tcp, latency, &shared.tasks).await;
                tokio::time::timeout(TLS_HANDSHAKE_MAX, acceptor.accept(line)).await
            };
            let tls = tokio::select! {
                biased;
                () = shared.stop.cancelled() => return,
                tls = handshake => tls,
            };
            match tls {
                Ok(Ok(tls)) => http::serve(tls, shared).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "no TLS handshake"),
                Err(_) => tracing::debug!(%peer, "TLS handshake took too long"),
            }
        });
    }
}

/// A venue that is being served. Dropping it stops it without waiting.
pub struct RunningServer {
    shared: Arc<http::Shared>,
    address: SocketAddr,
    options: ServerOptions,
    authority: Authority,
}

impl RunningServer {
    /// Base of the REST API, such as `https://127.0.0.1:40123/v1`.
    pub fn rest_url(&self) -> String {
        format!("https://{}{}", self.host(), self.options.rest_prefix)
    }
    /// The WebSocket, such as `wss://127.0.0.1:40123/v1`.
    pub fn ws_url(&self) -> String {
        format!("wss://{}{}", self.host(), self.options.ws_path)
    }
    /// Base of another generation's REST API on the same server: `""` for Vest's v3, whose paths name their version.
    pub fn rest_url_at(&self, prefix: &str) -> String {
        format!("https://{}{prefix}", self.host())
    }
    /// Another generation's WebSocket on the same server: `/ws` for Vest's v3.
    pub fn ws_url_at(&self, path: &str) -> String {
        format!("wss://{}{path}", self.host())
    }
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
    /// The certificate a client has to trust, PEM.
    pub fn ca_pem(&self) -> &str {
        self.authority.ca_pem()
    }
    /// Turns a fault of the machine on.
    ///
    /// # Errors
    /// The machine's own sentence: the faults it knows, or the parameter that is wrong.
    pub fn fault(&self, name: &str, parameters: &Value) -> Result<(), String> {
        self.shared.desk.set_fault(name, parameters)
    }
    /// Turns a fault off.
    pub fn clear(&self, name: &str) {
        self.shared.desk.clear_fault(name);
    }
    /// Looks at or changes the machine between two of its calls.
    pub fn with<R>(&self, look: impl FnOnce(&mut dyn VenueSim) -> R) -> R {
        self.shared.desk.with(|m| look(m))
    }
    /// Closes every connection (WebSockets with 1001) and returns when all tasks have ended, or after three seconds.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        if tokio::time::timeout(STOP_GRACE, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!("a connection of the simulated venue did not end in time");
        }
    }

    fn host(&self) -> String {
        let reachable = if self.address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { self.address.ip() };
        SocketAddr::new(reachable, self.address.port()).to_string()
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
    }
}
