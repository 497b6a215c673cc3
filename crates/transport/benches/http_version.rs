//! HTTP/1.1 with a connection for every request under way, or HTTP/2 with one connection for all: `docs/adr/0008`.
//!
//! An order alone, and an order while four account reads are under way, over TLS on loopback and on a line of 100 ms. Both
//! are measured in turns, so that a busy machine is busy for both. Bare libraries on both ends: what differs is the
//! protocol. `cargo bench -p transport --bench http_version`.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench stops where something is wrong")]

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// Account reads under way beside an order.
const READS: usize = 4;
/// Bytes of an order's request and answer, and of an account's answer: those of the simulated Vest, rounded up.
const ORDER: usize = 512;
const ACCOUNT: usize = 16 << 10;
/// Pieces on the long line at once; the sender waits when it is full, which it never is here.
const IN_FLIGHT: usize = 1_024;
/// One round trip of the long line.
const FAR: Duration = Duration::from_millis(100);

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (near, far) = runtime.block_on(async { (Pair::start(Duration::ZERO).await, Pair::start(FAR).await) });
    // The client is on one thread, as the bot's is.
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    println!("| line | what | | min | p50 | p99 | max |\n|---|---|---|---:|---:|---:|---:|");
    client.block_on(async {
        near.measure("loopback, µs", 1_000.0, 3_000).await;
        far.measure("100 ms, ms", 1_000_000.0, 40).await;
    });
}

/// The same server twice: one that speaks HTTP/1.1, one that speaks HTTP/2.
struct Pair {
    one: SocketAddr,
    two: SocketAddr,
    tls: [TlsConnector; 2],
}

impl Pair {
    async fn start(round_trip: Duration) -> Self {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
        let der = certificate.der().clone();
        let one = serve(&der, &key, "http/1.1", round_trip).await;
        let two = serve(&der, &key, "h2", round_trip).await;
        Self { one, two, tls: ["http/1.1", "h2"].map(|protocol| connector(&der, protocol)) }
    }

    async fn measure(&self, line: &str, unit: f64, rounds: usize) {
        let (mut lanes, mut shared) = (Vec::new(), self.shared().await);
        for _ in 0..=READS {
            lanes.push(self.lane().await);
        }
        let mut took = [[vec![], vec![]], [vec![], vec![]]];
        for round in 0..rounds + rounds / 10 {
            for (busy, [ours, theirs]) in took.iter_mut().enumerate() {
                let reads = busy * READS;
                let (a, b) = (by_lanes(&mut lanes, reads).await, by_streams(&mut shared, reads).await);
                if round >= rounds / 10 {
                    ours.push(a);
                    theirs.push(b);
                }
            }
        }
        for (busy, [ours, theirs]) in took.into_iter().enumerate() {
            let what = if busy == 0 { "order alone".to_owned() } else { format!("order, {READS} account reads under way") };
            for (protocol, mut times) in [("HTTP/1.1, a connection each", ours), ("HTTP/2, one connection", theirs)] {
                times.sort();
                let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_nanos() as f64 / unit;
                println!("| {line} | {what} | {protocol} | {:.1} | {:.1} | {:.1} | {:.1} |", at(0), at(50), at(99), at(100));
            }
        }
    }

    async fn lane(&self) -> http1::SendRequest<Full<Bytes>> {
        let (sender, connection) = http1::handshake(TokioIo::new(self.dial(self.one, 0).await)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    async fn shared(&self) -> http2::SendRequest<Full<Bytes>> {
        let stream = TokioIo::new(self.dial(self.two, 1).await);
        let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    async fn dial(&self, to: SocketAddr, which: usize) -> tokio_rustls::client::TlsStream<TcpStream> {
        let tcp = TcpStream::connect(to).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        self.tls[which].connect(ServerName::try_from("127.0.0.1").unwrap(), tcp).await.unwrap()
    }
}

/// Begins the reads, then the order, and says how long the order took.
async fn by_lanes(lanes: &mut [http1::SendRequest<Full<Bytes>>], reads: usize) -> Duration {
    for lane in lanes.iter_mut() {
        lane.ready().await.unwrap();
    }
    let (order, others) = lanes.split_first_mut().unwrap();
    let reading: Vec<_> = others.iter_mut().take(reads).map(|lane| tokio::spawn(whole(lane.send_request(read())))).collect();
    let began = Instant::now();
    assert_eq!(whole(order.send_request(post())).await, ORDER);
    let took = began.elapsed();
    for one in reading {
        assert_eq!(one.await.unwrap(), ACCOUNT);
    }
    took
}

async fn by_streams(shared: &mut http2::SendRequest<Full<Bytes>>, reads: usize) -> Duration {
    shared.ready().await.unwrap();
    let reading: Vec<_> = (0..reads).map(|_| tokio::spawn(whole(shared.send_request(read())))).collect();
    let began = Instant::now();
    assert_eq!(whole(shared.send_request(post())).await, ORDER);
    let took = began.elapsed();
    for one in reading {
        assert_eq!(one.await.unwrap(), ACCOUNT);
    }
    took
}

async fn whole(answer: impl Future<Output = hyper::Result<Response<Incoming>>>) -> usize {
    answer.await.unwrap().into_body().collect().await.unwrap().to_bytes().len()
}

fn post() -> Request<Full<Bytes>> {
    let body = Full::new(Bytes::from_static(&[b'x'; ORDER]));
    Request::post("https://127.0.0.1/order").header("host", "127.0.0.1").body(body).unwrap()
}

fn read() -> Request<Full<Bytes>> {
    Request::get("https://127.0.0.1/account").header("host", "127.0.0.1").body(Full::default()).unwrap()
}

fn connector(der: &CertificateDer<'static>, protocol: &str) -> TlsConnector {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(der.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    TlsConnector::from(Arc::new(config))
}

async fn serve(der: &CertificateDer<'static>, key: &KeyPair, protocol: &'static str, round_trip: Duration) -> SocketAddr {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(vec![der.clone()], key).unwrap();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            tcp.set_nodelay(true).unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if round_trip.is_zero() {
                    answer(acceptor.accept(tcp).await.unwrap(), protocol).await;
                } else {
                    answer(acceptor.accept(long(tcp, round_trip / 2)).await.unwrap(), protocol).await;
                }
            });
        }
    });
    address
}

async fn answer(tls: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, protocol: &str) {
    let service = service_fn(|request: Request<Incoming>| async move {
        let is_order = request.uri().path() == "/order";
        request.into_body().collect().await.unwrap();
        let body = if is_order { Bytes::from_static(&[b'o'; ORDER]) } else { Bytes::from_static(&[b'a'; ACCOUNT]) };
        Ok::<_, Infallible>(Response::new(Full::new(body)))
    });
    let stream = TokioIo::new(tls);
    // Ends with the bench's connection, in whatever way that ends.
    if protocol == "h2" {
        let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(stream, service).await;
    } else {
        let _ = hyper::server::conn::http1::Builder::new().serve_connection(stream, service).await;
    }
}

/// The server's end of a line on which every byte takes `one_way`.
fn long(tcp: TcpStream, one_way: Duration) -> DuplexStream {
    let (ours, far) = tokio::io::duplex(1 << 16);
    let (tcp_in, tcp_out) = tcp.into_split();
    let (far_in, far_out) = tokio::io::split(far);
    tokio::spawn(carry(tcp_in, far_out, one_way));
    tokio::spawn(carry(far_in, tcp_out, one_way));
    ours
}

async fn carry(mut from: impl AsyncRead + Unpin, to: impl AsyncWrite + Unpin + Send + 'static, one_way: Duration) {
    let (put, mut take) = tokio::sync::mpsc::channel::<(tokio::time::Instant, Vec<u8>)>(IN_FLIGHT);
    let reader = async move {
        let mut chunk = vec![0; 1 << 14];
        while let Ok(n @ 1..) = from.read(&mut chunk).await {
            let due = tokio::time::Instant::now() + one_way;
            if put.send((due, chunk[..n].to_vec())).await.is_err() {
                return;
            }
        }
    };
    let writer = async move {
        let mut to = to;
        while let Some((due, bytes)) = take.recv().await {
            tokio::time::sleep_until(due).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reader, writer);
}
