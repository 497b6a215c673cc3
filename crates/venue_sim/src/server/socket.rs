//! One accepted WebSocket: what the machine sends goes out in order, what the client sends goes in.

use super::desk::Outgoing;
use super::http::Shared;
use crate::Message;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message as Wire};

/// Protocol pings, and how long the pong may take (venues/paradex.md section 6: 55 s and 5 s).
const PING_EVERY: Duration = Duration::from_secs(55);
const PONG_WITHIN: Duration = Duration::from_secs(5);
/// How long a client may leave our bytes unread, and how long it may take to answer a close frame.
const WRITE_MAX: Duration = Duration::from_secs(30);
const CLOSE_MAX: Duration = Duration::from_secs(1);
const MESSAGE_MAX: usize = 1 << 20;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Runs until either side ends it; the caller tells the machine.
pub(super) async fn run(upgraded: Upgraded, conn: u64, mut outbox: mpsc::Receiver<Outgoing>, shared: &Shared) {
    let config = WebSocketConfig::default().max_message_size(Some(MESSAGE_MAX)).max_frame_size(Some(MESSAGE_MAX));
    let mut ws = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let mut next_ping = Instant::now() + PING_EVERY;
    let mut awaiting_pong = false;
    loop {
        // Stop first; then what the machine said, so that a chatty client cannot hold its answers back.
        tokio::select! {
            biased;
            () = shared.stop.cancelled() => return close(&mut ws, CloseCode::Away).await,
            outgoing = outbox.recv() => match outgoing {
                Some(Outgoing::Message(message)) => {
                    if !write(&mut ws, to_wire(message)).await {
                        return;
                    }
                }
                // Dropping the socket is what a crash of the venue looks like.
                Some(Outgoing::Close(0)) | None => return,
                Some(Outgoing::Close(code)) => return close(&mut ws, CloseCode::from(code)).await,
            },
            incoming = ws.next() => match incoming {
                Some(Ok(Wire::Text(text))) => shared.desk.message(conn, &Message::Text(text.as_str().to_owned())),
                Some(Ok(Wire::Binary(bytes))) => shared.desk.message(conn, &Message::Binary(bytes.to_vec())),
                Some(Ok(Wire::Pong(_))) => {
                    awaiting_pong = false;
                    next_ping = Instant::now() + PING_EVERY;
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    tracing::debug!(conn, %error, "client connection broke");
                    return;
                }
                None => return,
            },
            () = sleep_until(next_ping) => {
                if awaiting_pong {
                    return close(&mut ws, CloseCode::Policy).await;
                }
                if !write(&mut ws, Wire::Ping(Bytes::new())).await {
                    return;
                }
                awaiting_pong = true;
                next_ping = Instant::now() + PONG_WITHIN;
            }
        }
    }
}

/// False when the client no longer takes our bytes.
async fn write(ws: &mut Socket, message: Wire) -> bool {
    matches!(timeout(WRITE_MAX, ws.send(message)).await, Ok(Ok(())))
}

/// Says goodbye and waits a moment for the client to say it too, so that the code arrives before the reset.
async fn close(ws: &mut Socket, code: CloseCode) {
    let goodbye = async {
        // Centrifugo says its words with its codes, and its client takes a code for final only when it hears some.
        let reason = crate::centrifugo::close_reason(code.into()).into();
        if ws.close(Some(CloseFrame { code, reason })).await.is_ok() {
            while let Some(Ok(_)) = ws.next().await {}
        }
    };
    timeout(CLOSE_MAX, goodbye).await.ok(); // a silent client is dropped all the same
}

fn to_wire(message: Message) -> Wire {
    match message {
        Message::Text(text) => Wire::Text(text.into()),
        Message::Binary(bytes) => Wire::Binary(bytes.into()),
    }
}
