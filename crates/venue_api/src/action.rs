//! What passes between a client and the shell that drives it.

use domain::Mono;
use signing::SanitizedValue;
use std::fmt;

/// One of a client's WebSocket connections, numbered by the client from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u8);

/// One HTTP request of a client, numbered by the client, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// One timer of a client, numbered by the client; arming it again moves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId(pub u64);

/// Which rate budget and which warm connection a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Orders and cancels: first, never queued behind the others.
    Orders,
    /// Account reads, keys, tokens.
    Account,
    /// Public data.
    Public,
    /// Questions to a node of the chain that the venue settles on: another host than the venue's own.
    Chain,
}

/// HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// DELETE.
    Delete,
}
impl Method {
    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// One header; the value may be a token, so it never prints.
#[derive(Clone, Debug)]
pub struct Header {
    /// Name.
    pub name: &'static str,
    /// Value.
    pub value: SanitizedValue,
}

/// Bytes to send; may carry signatures, tokens and keys, so only its length prints.
#[derive(Clone, PartialEq, Eq)]
pub enum Payload {
    /// A text frame or body.
    Text(String),
    /// A binary frame or body.
    Binary(Vec<u8>),
}
impl Payload {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(s) => s.as_bytes(),
            Self::Binary(b) => b,
        }
    }
}
impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.as_bytes().len())
    }
}

/// A received frame, borrowed from the reader's buffer.
#[derive(Clone, Copy)]
pub enum Frame<'a> {
    /// Text, UTF-8 checked.
    Text(&'a str),
    /// Binary.
    Binary(&'a [u8]),
}

/// What became of a request.
#[derive(Clone, Copy)]
pub enum Reply<'a> {
    /// The venue answered.
    Answer {
        /// HTTP status.
        status: u16,
        /// `Retry-After` in ms, where sent.
        retry_after_ms: Option<u64>,
        /// Body as received.
        body: &'a [u8],
    },
    /// It provably never left: no connection could be made.
    NotSent(&'a str),
    /// It may have arrived: timeout, reset, unreadable answer.
    Unknown(&'a str),
}

/// What a client asks of its shell, in order.
pub enum Action {
    /// Open a connection: the venue's WebSocket base URL with `target` (path suffix and query) appended. If it is
    /// open already it is closed first. The shell waits out the backoff of this connection.
    Connect {
        /// Which.
        conn: ConnId,
        /// Suffix and query; may carry a key, so it never prints.
        target: SanitizedValue,
        /// Headers of the upgrade.
        headers: Vec<Header>,
    },
    /// Close it cleanly.
    Close {
        /// Which.
        conn: ConnId,
    },
    /// Write a frame.
    Send {
        /// Where.
        conn: ConnId,
        /// What.
        payload: Payload,
    },
    /// Make an HTTP request: the venue's REST base URL with `target` appended.
    Request {
        /// Ours.
        id: RequestId,
        /// Budget and connection.
        lane: Lane,
        /// Method.
        method: Method,
        /// Path and query below the base URL, starting with `/`; nothing for the base itself.
        target: String,
        /// Headers.
        headers: Vec<Header>,
        /// Body, `application/json` if not empty.
        body: Payload,
        /// When to give up and say [`Reply::Unknown`], ms.
        timeout_ms: u64,
    },
    /// Call `on_timer` at this time; replaces an earlier time of the same timer.
    Timer {
        /// Which.
        id: TimerId,
        /// When.
        at: Mono,
    },
    /// Drop a timer.
    CancelTimer {
        /// Which.
        id: TimerId,
    },
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { conn, .. } => write!(f, "Connect({})", conn.0),
            Self::Close { conn } => write!(f, "Close({})", conn.0),
            Self::Send { conn, payload } => write!(f, "Send({}, {payload:?})", conn.0),
            Self::Request { id, lane, method, target, .. } => {
                let path = target.split('?').next().unwrap_or("");
                write!(f, "Request({}, {lane:?}, {} {path})", id.0, method.as_str())
            }
            Self::Timer { id, at } => write!(f, "Timer({}, {})", id.0, at.0),
            Self::CancelTimer { id } => write!(f, "CancelTimer({})", id.0),
        }
    }
}
