//! What a link tells the shell.

use venue_api::{ConnId, Frame, Reply, RequestId, TimerId};

/// Something happened. Borrowed from the reader's buffers: what is to be kept must be copied.
#[derive(Clone, Copy)]
pub enum LinkEvent<'a> {
    /// A connection asked for is up.
    Open {
        /// Which.
        conn: ConnId,
    },
    /// A connection ended or could not be made. Comes once per connection that was asked for; not for one that a
    /// later `Connect` replaced. After our own `Close` it comes with code 1000.
    Closed {
        /// Which.
        conn: ConnId,
        /// The venue's close code, or the HTTP status of a refused upgrade.
        code: Option<u16>,
        /// In a sentence, for people.
        why: &'a str,
    },
    /// A frame arrived, its payload where the reader left it.
    Frame {
        /// Where.
        conn: ConnId,
        /// What.
        frame: Frame<'a>,
    },
    /// What became of a request. Comes exactly once per request, unless the link is stopped first.
    Reply {
        /// Which.
        id: RequestId,
        /// What.
        reply: Reply<'a>,
    },
    /// A timer is due.
    Timer {
        /// Which.
        id: TimerId,
    },
    /// A connection that was up or has been tried before will be tried again.
    Reconnecting {
        /// Which.
        conn: ConnId,
        /// Counted from 1 since the connection last proved itself.
        attempt: u32,
        /// How long it waits before.
        wait_ms: u64,
    },
}
