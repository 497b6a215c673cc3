//! The other side: a small TLS server on a thread of its own that does what paths and messages tell it.

use futures_util::{SinkExt, StreamExt};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// One port for WebSockets, one for HTTP; ends with the process.
pub(crate) struct Venue {
    pub(crate) ws: SocketAddr,
    pub(crate) rest: SocketAddr,
    pub(crate) ca_pem: String,
    pub(crate) connections: Arc<AtomicUsize>,
    /// What the venue has seen or done, in its own words.
    pub(crate) told: Mutex<mpsc::Receiver<String>>,
}

impl Venue {
    pub(crate) fn start() -> Self {
        let (ca_pem, acceptor) = authority();
        let connections = Arc::new(AtomicUsize::new(0));
        let (tell, told) = mpsc::channel();
        let (addresses, started) = mpsc::channel();
        let count = Arc::clone(&connections);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let ws = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let rest = TcpListener::bind("127.0.0.1:0").await.unwrap();
                addresses.send((ws.local_addr().unwrap(), rest.local_addr().unwrap())).unwrap();
                loop {
                    tokio::select! {
                        Ok((tcp, _)) = ws.accept() => {
                            let (acceptor, tell) = (acceptor.clone(), tell.clone());
                            tokio::spawn(async move {
                                if let Ok(tls) = acceptor.accept(tcp).await {
                                    serve_ws(tls, tell).await;
                                }
                            });
                        }
                        Ok((tcp, _)) = rest.accept() => {
                            let (acceptor, tell, count) = (acceptor.clone(), tell.clone(), Arc::clone(&count));
                            tokio::spawn(async move {
                                if let Ok(tls) = acceptor.accept(tcp).await {
                                    count.fetch_add(1, Ordering::SeqCst);
                                    serve_http(tls, tell).await;
                                }
                            });
                        }
                    }
                }
            });
        });
        let (ws, rest) = started.recv().unwrap();
        Self { ws, rest, ca_pem, connections, told: Mutex::new(told) }
    }

    /// Blocks this thread until the venue says this.
    pub(crate) fn wait_for(&self, word: &str) {
        let told = self.told.lock().unwrap();
        while told.recv_timeout(std::time::Duration::from_secs(10)).expect("the venue should have said more") != word {}
    }
}

fn authority() -> (String, TlsAcceptor) {
    let ca_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_pem = params.self_signed(&ca_key).unwrap().pem();
    let leaf_key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&leaf_key, &Issuer::new(params, ca_key)).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (ca_pem, TlsAcceptor::from(Arc::new(config)))
}

#[allow(clippy::result_large_err, reason = "the library's own signature")]
async fn serve_ws(tls: TlsStream<TcpStream>, tell: mpsc::Sender<String>) {
    let mut seen = String::new();
    let callback = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        let header = request.headers().get("x-key").map_or("-", |v| v.to_str().unwrap());
        seen = format!("upgrade {} {header}", request.uri());
        if request.uri().path().ends_with("/refuse") {
            let body = Some(format!("not you, {}", request.uri().query().unwrap_or("stranger")));
            return Err(Response::builder().status(403).body(body).unwrap());
        }
        Ok(response)
    };
    let accepted = tokio_tungstenite::accept_hdr_async(tls, callback).await;
    tell.send(seen).ok();
    let Ok(mut ws) = accepted else { return };
    while let Some(Ok(message)) = ws.next().await {
        match message {
            Message::Text(text) => match text.as_str().split_once(' ').unwrap_or((text.as_str(), "")) {
                ("close", code) => {
                    let frame = CloseFrame { code: code.parse::<u16>().unwrap().into(), reason: "by request".into() };
                    ws.close(Some(frame)).await.ok();
                }
                ("drop", _) => return,
                ("flood", n) => {
                    for i in 0..n.parse::<usize>().unwrap() {
                        ws.feed(Message::text(format!("f{i}"))).await.unwrap();
                    }
                    ws.flush().await.unwrap();
                    tell.send("flooded".into()).ok();
                }
                ("big", n) => ws.send(Message::binary(vec![7; n.parse().unwrap()])).await.unwrap(),
                ("ping", _) => ws.send(Message::Ping("p".into())).await.unwrap(),
                _ => {
                    ws.send(Message::Text(text)).await.unwrap();
                    tell.send("echoed".into()).ok();
                }
            },
            Message::Binary(bytes) => ws.send(Message::Binary(bytes)).await.unwrap(),
            Message::Pong(_) => ws.send(Message::text("ponged")).await.unwrap(),
            Message::Close(frame) => {
                tell.send(format!("goodbye {:?}", frame.map(|f| u16::from(f.code)))).ok();
            }
            _ => {}
        }
    }
}

async fn serve_http(mut tls: TlsStream<TcpStream>, tell: mpsc::Sender<String>) {
    let mut buffer = Vec::new();
    loop {
        let head_end = loop {
            if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            let mut chunk = [0; 4096];
            match tls.read(&mut chunk).await {
                Ok(n) if n > 0 => buffer.extend_from_slice(&chunk[..n]),
                _ => return,
            }
        };
        let head = String::from_utf8(buffer[..head_end].to_vec()).unwrap();
        let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).map_or(0, |n| n.parse::<usize>().unwrap());
        while buffer.len() < head_end + length {
            let mut chunk = [0; 4096];
            let n = tls.read(&mut chunk).await.unwrap();
            buffer.extend_from_slice(&chunk[..n]);
        }
        let body = String::from_utf8(buffer[head_end..head_end + length].to_vec()).unwrap();
        buffer.drain(..head_end + length);
        let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
        let path = line.split_once(' ').unwrap().1;
        tell.send(format!("request {line}")).ok();
        let plain = |extra: &str, body: &str| format!("HTTP/1.1 200 OK\r\n{extra}content-length: {}\r\n\r\n{body}", body.len());
        let (answer, go_on) = match path.rsplit('/').next().unwrap() {
            "hang" => {
                std::future::pending::<()>().await;
                unreachable!()
            }
            "reset" => return,
            "garbage" => ("SMTP ready\r\n\r\n".to_owned(), false),
            "partial" => ("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc".to_owned(), false),
            "last" => (plain("connection: close\r\n", "last"), false),
            "silently" => (plain("", "silently"), false),
            "busy" => ("HTTP/1.1 429 Slow down\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n".to_owned(), true),
            "head" => (plain("", head.to_ascii_lowercase().as_str()), true),
            _ => (plain("", &format!("{line} {body}")), true),
        };
        if tls.write_all(answer.as_bytes()).await.is_err() || tls.flush().await.is_err() {
            return;
        }
        if !go_on {
            tls.shutdown().await.ok();
            tell.send("closed".into()).ok();
            return;
        }
    }
}
