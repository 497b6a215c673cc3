//! The server against real clients, with a machine that does what its messages say.

use super::*;
use crate::{HttpRequest, Message, SimAction, SimNow};
use futures_util::{SinkExt, StreamExt};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;
use std::time::Instant;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error as WsError, Message as Wire, protocol::frame::coding::CloseCode};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};

/// Echoes; some words make it misbehave.
#[derive(Default)]
struct Echo {
    gone: Vec<u64>,
    last_now: i64,
    wake: Option<(SimNow, u64)>,
    muted: bool,
}

impl Echo {
    fn see(&mut self, now: SimNow) {
        assert!(now.0 >= self.last_now, "time stepped back");
        self.last_now = now.0;
    }
}

impl VenueSim for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }
    fn on_connect(&mut self, conn: u64, target: &str, headers: &[(String, String)], now: SimNow, out: &mut Vec<SimAction>) {
        self.see(now);
        assert!(headers.iter().all(|(n, _)| n.chars().all(|c| !c.is_ascii_uppercase())));
        out.push(match target.split_once("refuse=").and_then(|(_, code)| code.parse().ok()) {
            Some(status) => SimAction::RefuseUpgrade { conn, status },
            None => SimAction::Accept { conn },
        });
        if target.contains("greet") {
            out.push(SimAction::Send { conn, after_us: 0, message: Message::Text("welcome".into()) });
        }
    }
    fn on_message(&mut self, conn: u64, message: &Message, now: SimNow, out: &mut Vec<SimAction>) {
        self.see(now);
        let text = |after_us, t: &str| SimAction::Send { conn, after_us, message: Message::Text(t.into()) };
        match message {
            Message::Text(t) if t == "burst" => out.extend([text(40_000, "a"), text(0, "b"), text(10_000, "c")]),
            Message::Text(t) if t == "tick" => self.wake = Some((SimNow(now.0 + 5_000), conn)),
            Message::Text(t) if t == "gone?" => out.push(text(0, &format!("{:?}", self.gone))),
            Message::Text(t) if t.starts_with("close ") => {
                let code = t.trim_start_matches("close ").parse().unwrap();
                out.extend([text(0, "bye"), SimAction::Close { conn, after_us: 0, code }]);
            }
            _ if self.muted => {}
            other => out.push(SimAction::Send { conn, after_us: 0, message: other.clone() }),
        }
    }
    fn on_disconnect(&mut self, conn: u64, now: SimNow, _out: &mut Vec<SimAction>) {
        self.see(now);
        self.gone.push(conn);
    }
    fn on_request(&mut self, request: u64, http: HttpRequest<'_>, now: SimNow, out: &mut Vec<SimAction>) {
        self.see(now);
        if http.target.ends_with("/hang") {
            out.push(SimAction::Hang { request, after_us: 1_000 });
            return;
        }
        let body = format!("{} {} {} {}", http.method, http.target, http.header("x-one").unwrap_or("-"), http.body.len());
        let headers = vec![("retry-after".to_owned(), "7".to_owned())];
        out.push(SimAction::Reply { request, after_us: 2_000, status: 202, headers, body: body.into_bytes() });
    }
    fn next_wake(&self) -> Option<SimNow> {
        self.wake.map(|(at, _)| at)
    }
    fn on_wake(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        self.see(now);
        if let Some((at, conn)) = self.wake.take() {
            assert!(now >= at, "woken too early");
            out.push(SimAction::Send { conn, after_us: 0, message: Message::Text("tock".into()) });
        }
    }
    fn set_fault(&mut self, name: &str, parameters: &Value) -> Result<(), String> {
        match (name, parameters.get("on").and_then(Value::as_bool)) {
            ("mute", Some(on)) => self.muted = on,
            ("mute", None) => return Err("mute wants {\"on\": true}".into()),
            _ => return Err(format!("no fault {name:?}; known: mute")),
        }
        Ok(())
    }
    fn clear_fault(&mut self, _name: &str) {
        self.muted = false;
    }
}

type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

fn start(options: ServerOptions) -> RunningServer {
    rustls::crypto::ring::default_provider().install_default().ok();
    TlsServer::start(Box::<Echo>::default(), options).unwrap()
}

fn trusting(ca_pem: &str) -> Connector {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
    Connector::Rustls(Arc::new(rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

async fn ws_with(url: &str, ca_pem: &str, server: &RunningServer) -> Result<Client, WsError> {
    let tcp = TcpStream::connect(server.address()).await.unwrap();
    tokio_tungstenite::client_async_tls_with_config(url, tcp, None, Some(trusting(ca_pem))).await.map(|(ws, _)| ws)
}

async fn ws(server: &RunningServer, query: &str) -> Client {
    ws_with(&format!("{}{query}", server.ws_url()), server.ca_pem(), server).await.unwrap()
}

fn http(server: &RunningServer) -> reqwest::Client {
    let ca = reqwest::Certificate::from_pem(server.ca_pem().as_bytes()).unwrap();
    reqwest::Client::builder().tls_certs_only([ca]).build().unwrap()
}

async fn say(ws: &mut Client, text: &str) {
    ws.send(Wire::text(text)).await.unwrap();
}

async fn hear(ws: &mut Client) -> String {
    ws.next().await.unwrap().unwrap().into_text().unwrap().as_str().to_owned()
}

#[tokio::test]
async fn an_accepted_upgrade_carries_text_and_binary_both_ways() {
    let server = start(ServerOptions::vest());
    assert!(server.ws_url().ends_with("/ws-api") && server.rest_url().ends_with("/v2"));
    let mut client = ws(&server, "?greet=1").await;
    assert_eq!(hear(&mut client).await, "welcome");
    say(&mut client, "hello").await;
    assert_eq!(hear(&mut client).await, "hello");
    client.send(Wire::binary(vec![0, 255, 1])).await.unwrap();
    assert_eq!(client.next().await.unwrap().unwrap(), Wire::binary(vec![0, 255, 1]));
    server.stop().await;
}

#[tokio::test]
async fn a_refused_upgrade_shows_the_machines_status_and_another_path_is_not_found() {
    let server = start(ServerOptions::default());
    let status = async |url: String| match ws_with(&url, server.ca_pem(), &server).await {
        Err(WsError::Http(response)) => response.status().as_u16(),
        other => panic!("expected a refusal, got {other:?}"),
    };
    assert_eq!(status(format!("{}?refuse=403", server.ws_url())).await, 403);
    assert_eq!(status(server.ws_url().replace("/v1", "/v9")).await, 404);
    let mut client = ws(&server, "").await;
    say(&mut client, "gone?").await;
    assert_eq!(hear(&mut client).await, "[]", "a refused upgrade never was a connection");
}

#[tokio::test]
async fn delayed_messages_of_one_connection_never_overtake() {
    let server = start(ServerOptions::default());
    let mut client = ws(&server, "").await;
    let asked = Instant::now();
    say(&mut client, "burst").await;
    let heard = [hear(&mut client).await, hear(&mut client).await, hear(&mut client).await];
    assert_eq!(heard, ["a", "b", "c"]);
    assert!(asked.elapsed() >= Duration::from_millis(40));
}

#[tokio::test]
async fn the_machine_is_woken_when_it_asked_to_be() {
    let server = start(ServerOptions::default());
    let mut client = ws(&server, "").await;
    say(&mut client, "tick").await;
    assert_eq!(hear(&mut client).await, "tock");
}

#[tokio::test]
async fn a_close_code_arrives_after_what_was_sent_before_it() {
    let server = start(ServerOptions::default());
    let mut client = ws(&server, "").await;
    say(&mut client, "close 4001").await;
    assert_eq!(hear(&mut client).await, "bye");
    match client.next().await {
        Some(Ok(Wire::Close(Some(frame)))) => assert_eq!(u16::from(frame.code), 4001),
        other => panic!("expected a close frame, got {other:?}"),
    }
}

#[tokio::test]
async fn close_code_zero_drops_the_connection_without_a_frame_and_the_machine_hears_of_it() {
    let server = start(ServerOptions::default());
    let mut client = ws(&server, "").await;
    say(&mut client, "close 0").await;
    assert_eq!(hear(&mut client).await, "bye");
    assert!(matches!(client.next().await, Some(Err(_)) | None), "no close frame");
    let mut other = ws(&server, "").await;
    say(&mut other, "gone?").await;
    assert_eq!(hear(&mut other).await, "[1]");
}

#[tokio::test]
async fn many_requests_share_one_connection() {
    let server = start(ServerOptions::default());
    let http = http(&server);
    for n in 0..100 {
        let answer =
            http.post(format!("{}/echo?n={n}", server.rest_url())).header("X-One", "1").body("four").send().await.unwrap();
        assert_eq!(answer.status(), 202);
        assert_eq!(answer.headers()["retry-after"], "7");
        assert_eq!(answer.text().await.unwrap(), format!("POST /v1/echo?n={n} 1 4"));
    }
    assert_eq!(server.shared.tasks.len(), 3, "clock, listener and one connection");
}

#[tokio::test]
async fn a_hanging_request_loses_its_connection_without_an_answer() {
    let server = start(ServerOptions::default());
    let error = http(&server).get(format!("{}/hang", server.rest_url())).send().await.unwrap_err();
    assert!(error.is_request() && error.status().is_none(), "{error:?}");
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_refused() {
    let server = start(ServerOptions::default());
    let big = vec![b'x'; (1 << 20) + 1];
    let answer = http(&server).post(format!("{}/echo", server.rest_url())).body(big).send().await;
    // The server may close before the client has sent it all; either way the machine never saw it.
    assert!(answer.is_err() || answer.is_ok_and(|a| a.status() == 413));
}

#[tokio::test]
async fn only_the_servers_own_authority_is_trusted() {
    let server = start(ServerOptions::default());
    let stranger = Authority::generate().unwrap();
    assert!(ws_with(&server.ws_url(), stranger.ca_pem(), &server).await.is_err());
    assert!(ws_with(&server.ws_url(), server.ca_pem(), &server).await.is_ok());
}

#[tokio::test]
async fn faults_are_set_listed_and_cleared_over_the_control_route() {
    let server = start(ServerOptions { control: true, ..ServerOptions::default() });
    let http = http(&server);
    let base = server.rest_url().replace("/v1", "/_sim");
    let post = async |body: Value| {
        let answer = http.post(format!("{base}/fault")).body(body.to_string()).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    assert_eq!(post(json!({"name": "mute", "parameters": {"on": true}})).await, (200, json!({"mute": {"on": true}})));
    let unknown = json!({"error": "no fault \"moot\"; known: mute"});
    assert_eq!(post(json!({"name": "moot"})).await, (422, unknown));
    assert_eq!(post(json!({"nome": "mute"})).await.0, 400);
    let listed = http.get(format!("{base}/faults")).send().await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(listed, json!({"mute": {"on": true}}));
    let cleared = http.delete(format!("{base}/fault/mute")).send().await.unwrap().json::<Value>().await.unwrap();
    assert_eq!(cleared, json!({}));
}

#[tokio::test]
async fn the_control_route_is_closed_unless_asked_for() {
    let server = start(ServerOptions::default());
    let url = server.rest_url().replace("/v1", "/_sim/faults");
    assert_eq!(http(&server).get(url).send().await.unwrap().status(), 404);
    server.fault("mute", &json!({"on": true})).unwrap();
    assert_eq!(server.shared.desk.faults(), json!({"mute": {"on": true}}));
    server.clear("mute");
    assert_eq!(server.fault("moot", &json!({})), Err("no fault \"moot\"; known: mute".into()));
}

#[tokio::test]
async fn a_long_line_costs_a_round_trip_per_request_and_three_for_a_new_connection() {
    let server = start(ServerOptions { latency_ms: 30, ..ServerOptions::default() });
    let http = http(&server);
    let timed = async || {
        let started = Instant::now();
        http.get(format!("{}/echo", server.rest_url())).send().await.unwrap();
        started.elapsed().as_millis()
    };
    let first = timed().await;
    let mut reused = u128::MAX;
    for _ in 0..5 {
        reused = reused.min(timed().await); // the least of some, so that a busy machine proves nothing false
    }
    assert!(first >= 90, "TCP, TLS and request: {first} ms");
    assert!((30..90).contains(&reused), "a reused connection pays for the request alone: {reused} ms");
}

#[tokio::test]
async fn stopping_closes_websockets_with_going_away() {
    let server = start(ServerOptions::default());
    let mut client = ws(&server, "").await;
    say(&mut client, "hello").await;
    assert_eq!(hear(&mut client).await, "hello");
    let stopping = tokio::spawn(server.stop());
    match client.next().await {
        Some(Ok(Wire::Close(Some(frame)))) => assert_eq!(frame.code, CloseCode::Away),
        other => panic!("expected a close frame, got {other:?}"),
    }
    stopping.await.unwrap();
}
