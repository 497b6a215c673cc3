//! One WebSocket: opened with a deadline, written to at once where the kernel takes it, read frame by frame.

use crate::dial::{Dialer, Stream};
use futures_util::{Sink, SinkExt, StreamExt};
use signing::SanitizedValue;
use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::http::header::{CONNECTION, HOST, HeaderName, HeaderValue, UPGRADE, USER_AGENT};
use tokio_tungstenite::tungstenite::http::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use venue_api::{Backoff, Header};

/// Frames and bytes that may wait for a venue that does not read; beyond it the connection counts as broken.
const BACKLOG_FRAMES: usize = 1_024;
const BACKLOG_BYTES: usize = 1 << 20;
/// A connection has proved itself after this long, or after [`PROVED_HEARD`] if it carried a frame: a venue that
/// accepts, complains and closes is then asked again once a second at most.
const PROVED: Duration = Duration::from_secs(5);
const PROVED_HEARD: Duration = Duration::from_secs(1);
/// How long we wait for the venue to say goodbye too.
const FAREWELL: Duration = Duration::from_secs(1);
/// How much of a refusal's body is shown to people.
const BODY_SHOWN: usize = 200;

pub(crate) type WebSocket = WebSocketStream<Stream>;

/// Why there is no connection: an HTTP status if the venue gave one, and a sentence.
pub(crate) struct Refused {
    pub(crate) code: Option<u16>,
    pub(crate) why: String,
}

/// What a socket has for the driver.
pub(crate) enum Arrival {
    /// Text or binary.
    Frame(Message),
    /// It is over.
    End { code: Option<u16>, why: String },
}

/// One of the client's connections, whatever state it is in.
pub(crate) struct Slot {
    /// Rises with every `Connect` and `Close`: what belongs to an older one is not delivered.
    pub(crate) generation: u64,
    pub(crate) backoff: Backoff,
    /// Whether it was ever asked for.
    pub(crate) known: bool,
    pub(crate) state: State,
}

pub(crate) enum State {
    Idle,
    Connecting(tokio::task::AbortHandle),
    Open(Box<Socket>),
}

impl Slot {
    pub(crate) fn new(backoff: Backoff) -> Self {
        Self { generation: 0, backoff, known: false, state: State::Idle }
    }
    /// Ends whatever it is doing; gives back a socket to say goodbye to.
    pub(crate) fn take(&mut self) -> Option<Box<Socket>> {
        match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => None,
            State::Connecting(task) => {
                task.abort();
                None
            }
            State::Open(socket) => {
                if socket.proved() {
                    self.backoff.reset();
                }
                Some(socket)
            }
        }
    }
}

pub(crate) struct Socket {
    ws: WebSocket,
    since: Instant,
    heard: bool,
    backlog: VecDeque<Message>,
    backlog_bytes: usize,
    /// Something was written that has not been flushed to the kernel.
    dirty: bool,
    failed: Option<String>,
}

impl Socket {
    pub(crate) fn new(ws: WebSocket) -> Self {
        let backlog = VecDeque::new();
        Self { ws, since: Instant::now(), heard: false, backlog, backlog_bytes: 0, dirty: false, failed: None }
    }

    fn proved(&self) -> bool {
        let up = self.since.elapsed();
        up >= PROVED || (self.heard && up >= PROVED_HEARD)
    }

    /// Writes now if the kernel takes it, otherwise keeps it for [`Socket::poll`]. Failure shows in the next poll.
    pub(crate) fn send(&mut self, message: Message, cx: &mut Context<'_>) {
        self.backlog_bytes = self.backlog_bytes.saturating_add(message.len());
        self.backlog.push_back(message);
        self.dirty = true;
        self.flush(cx);
        if self.backlog.len() > BACKLOG_FRAMES || self.backlog_bytes > BACKLOG_BYTES {
            self.failed.get_or_insert_with(|| "the venue does not read what we send".to_owned());
        }
    }

    /// True once [`Socket::poll`] has a failure to report.
    pub(crate) fn broken(&self) -> bool {
        self.failed.is_some()
    }

    fn flush(&mut self, cx: &mut Context<'_>) {
        if self.failed.is_some() {
            return;
        }
        if let Poll::Ready(Err(error)) = self.try_flush(cx) {
            self.failed = Some(error.to_string());
        }
    }

    fn try_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.backlog.is_empty() {
            std::task::ready!(Pin::new(&mut self.ws).poll_ready(cx))?;
            let Some(message) = self.backlog.pop_front() else { break };
            self.backlog_bytes = self.backlog_bytes.saturating_sub(message.len());
            Pin::new(&mut self.ws).start_send(message)?;
        }
        std::task::ready!(Pin::new(&mut self.ws).poll_flush(cx))?;
        self.dirty = false;
        Poll::Ready(Ok(()))
    }

    /// What waits to be written goes first, then one frame is read. Protocol pings are answered on the way.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Arrival> {
        if self.dirty {
            self.flush(cx);
        }
        if let Some(why) = self.failed.take() {
            return Poll::Ready(Arrival::End { code: None, why });
        }
        loop {
            return Poll::Ready(match std::task::ready!(self.ws.poll_next_unpin(cx)) {
                Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) => {
                    self.heard = true;
                    Arrival::Frame(message)
                }
                Some(Ok(Message::Close(frame))) => {
                    let code = frame.as_ref().map(|f| u16::from(f.code));
                    let reason = frame.as_ref().map_or("", |f| f.reason.as_str());
                    Arrival::End { code, why: format!("the venue closed it: {}", shown(reason)) }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                Some(Err(error)) => Arrival::End { code: None, why: format!("the connection broke: {error}") },
                None => Arrival::End { code: None, why: "the connection ended".to_owned() },
            });
        }
    }

    /// Sends what waits and a close frame, and waits a moment for the venue's; then drops the connection.
    pub(crate) async fn farewell(mut self) {
        let goodbye = async {
            for message in std::mem::take(&mut self.backlog) {
                self.ws.feed(message).await?;
            }
            self.ws.close(Some(CloseFrame { code: CloseCode::Normal, reason: "".into() })).await?;
            while let Some(Ok(_)) = self.ws.next().await {}
            Ok::<(), Error>(())
        };
        tokio::time::timeout(FAREWELL, goodbye).await.ok(); // gone either way
    }
}

/// Dials and upgrades within `within`.
pub(crate) async fn open(
    dialer: &Dialer,
    target: &SanitizedValue,
    headers: &[Header],
    message_max: usize,
    within: Duration,
) -> Result<WebSocket, Refused> {
    let request = upgrade(dialer, target, headers).map_err(|why| Refused { code: None, why })?;
    let opening = async {
        let stream = dialer.dial().await.map_err(|why| Refused { code: None, why })?;
        let config = WebSocketConfig::default().max_message_size(Some(message_max)).max_frame_size(Some(message_max));
        match tokio_tungstenite::client_async_with_config(request, stream, Some(config)).await {
            Ok((ws, _)) => Ok(ws),
            Err(Error::Http(response)) => Err(refusal(&response, target)),
            Err(error) => Err(Refused { code: None, why: format!("the upgrade failed: {error}") }),
        }
    };
    match tokio::time::timeout(within, opening).await {
        Ok(result) => result,
        Err(_) => {
            Err(Refused { code: None, why: format!("{:?} did not upgrade within {} ms", dialer.endpoint(), within.as_millis()) })
        }
    }
}

fn upgrade(dialer: &Dialer, target: &SanitizedValue, headers: &[Header]) -> Result<Request<()>, String> {
    let endpoint = dialer.endpoint();
    let target = target.expose_secret();
    let slash = if endpoint.path.is_empty() && !target.starts_with('/') { "/" } else { "" };
    let uri = format!("wss://{}{}{slash}{target}", endpoint.authority, endpoint.path);
    let mut request = Request::builder()
        .uri(uri)
        .header(HOST, &endpoint.authority)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", generate_key())
        .header(USER_AGENT, crate::http::USER_AGENT_OURS)
        .body(())
        .map_err(|_| "the connection's target is not part of a URL".to_owned())?; // the cause would show the target
    for header in headers {
        let (name, value) = to_header(header)?;
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}

/// A header as it goes out, marked as sensitive so that no library prints it.
pub(crate) fn to_header(header: &Header) -> Result<(HeaderName, HeaderValue), String> {
    let wrong = |_| format!("header {:?} cannot be sent as it is", header.name);
    let name = HeaderName::try_from(header.name).map_err(|_| format!("{:?} is no header name", header.name))?;
    let mut value = HeaderValue::try_from(header.value.expose_secret()).map_err(wrong)?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// The venue's words are worth showing, unless they repeat what we must not show.
fn refusal(response: &Response<Option<Vec<u8>>>, target: &SanitizedValue) -> Refused {
    let status = response.status();
    let body = String::from_utf8_lossy(response.body().as_deref().unwrap_or_default()).into_owned();
    let query = target.expose_secret().split_once('?').map_or("", |(_, q)| q);
    let secret = query.split(['&', '=']).any(|part| part.len() >= 8 && body.contains(part));
    let said = if secret || body.is_empty() { String::new() } else { format!(": {}", shown(&body)) };
    Refused { code: Some(status.as_u16()), why: format!("the venue refused the upgrade with {}{said}", status.as_u16()) }
}

/// A venue's text made fit for one line of a log.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(BODY_SHOWN).collect()
}
