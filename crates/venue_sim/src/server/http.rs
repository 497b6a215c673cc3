//! HTTP/1.1 on one TLS connection: requests go to the machine, upgrades become WebSockets.

use super::control;
use super::delay::Line;
use super::desk::{Answer, Desk};
use super::socket;
use crate::HttpRequest;
use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, UPGRADE};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const BODY_MAX: usize = 1 << 20;
const HEADERS_MAX: usize = 64;
const HEADER_BYTES_MAX: usize = 64 * 1024;
/// A machine that never answers must not hold a connection for ever.
const ANSWER_MAX: Duration = Duration::from_mins(2);

/// What all connections of one server have in common.
pub(super) struct Shared {
    pub(super) desk: Desk,
    pub(super) ws_paths: Vec<String>,
    pub(super) control: bool,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
}

/// The connection is dropped without an answer.
#[derive(Debug, thiserror::Error)]
#[error("dropped without an answer")]
struct Dropped;

/// Serves one connection until either side ends it.
pub(super) async fn serve(tls: TlsStream<Line>, shared: Arc<Shared>) {
    let stop = shared.stop.clone();
    let service = hyper::service::service_fn(move |request| answer(Arc::clone(&shared), request));
    let connection = hyper::server::conn::http1::Builder::new()
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(tls), service)
        .with_upgrades();
    tokio::select! {
        biased;
        () = stop.cancelled() => {}
        ended = connection => if let Err(error) = ended {
            tracing::debug!(%error, "connection to the simulated venue ended");
        }
    }
}

async fn answer(shared: Arc<Shared>, mut request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Dropped> {
    let target = request.uri().path_and_query().map_or_else(|| "/".to_owned(), |t| t.as_str().to_owned());
    let path = request.uri().path().to_owned();
    if wants_upgrade(&request) {
        return upgrade(shared, &mut request, &target, &path).await;
    }
    let method = request.method().as_str().to_owned();
    let headers = headers_of(&request);
    let body = match Limited::new(request.into_body(), BODY_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(e) if e.downcast_ref::<LengthLimitError>().is_some() => return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE)),
        Err(_) => return Err(Dropped),
    };
    if path.starts_with(control::PREFIX) {
        if !shared.control {
            return Ok(plain(StatusCode::NOT_FOUND));
        }
        let (status, body) = control::answer(&shared.desk, &method, &path, &body);
        return Ok(response(status, &[], body));
    }
    let told = shared.desk.request(HttpRequest { method: &method, target: &target, headers: &headers, body: &body });
    match tokio::time::timeout(ANSWER_MAX, told).await {
        Ok(Ok(Answer::Reply { status, headers, body })) => Ok(response(status, &headers, body)),
        Ok(Ok(Answer::Hang) | Err(_)) | Err(_) => Err(Dropped),
    }
}

async fn upgrade(
    shared: Arc<Shared>,
    request: &mut Request<Incoming>,
    target: &str,
    path: &str,
) -> Result<Response<Full<Bytes>>, Dropped> {
    if !shared.ws_paths.iter().any(|known| known == path) {
        return Ok(plain(StatusCode::NOT_FOUND));
    }
    let Ok(switching) = create_response_with_body(request, Full::<Bytes>::default) else {
        return Ok(plain(StatusCode::BAD_REQUEST));
    };
    let headers = headers_of(request);
    let asked = shared.desk.connect(target, &headers);
    let conn = asked.conn;
    // Told by name if the client leaves before the verdict: the machine must not keep it.
    let mut left = Leave { shared: Arc::clone(&shared), conn: Some(conn) };
    match tokio::time::timeout(ANSWER_MAX, asked.verdict).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(status))) => {
            left.conn = None;
            return Ok(plain(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)));
        }
        Ok(Err(_)) | Err(_) => return Err(Dropped),
    }
    let upgraded = hyper::upgrade::on(request);
    let tasks = shared.tasks.clone();
    tasks.spawn(async move {
        let _left = left;
        if let Ok(upgraded) = upgraded.await {
            socket::run(upgraded, conn, asked.outbox, &shared).await;
        }
    });
    Ok(switching)
}

/// Tells the machine that a connection is gone, however its task ended.
struct Leave {
    shared: Arc<Shared>,
    conn: Option<u64>,
}
impl Drop for Leave {
    fn drop(&mut self) {
        if let Some(conn) = self.conn {
            self.shared.desk.gone(conn);
        }
    }
}

fn wants_upgrade(request: &Request<Incoming>) -> bool {
    let has = |name: HeaderName, word: &str| {
        request
            .headers()
            .get_all(name)
            .iter()
            .any(|v| v.to_str().is_ok_and(|v| v.split(',').any(|part| part.trim().eq_ignore_ascii_case(word))))
    };
    has(CONNECTION, "upgrade") && has(UPGRADE, "websocket")
}

/// Names in lower case (the parser does that), values as text; bytes that are no UTF-8 are replaced.
fn headers_of(request: &Request<Incoming>) -> Vec<(String, String)> {
    let text = |v: &HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
    request.headers().iter().map(|(n, v)| (n.as_str().to_owned(), text(v))).collect()
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    response(status.as_u16(), &[], Vec::new())
}

fn response(status: u16, headers: &[(String, String)], body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in headers {
        // A header the machine got wrong is left out rather than taken for the machine's silence.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str())) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
