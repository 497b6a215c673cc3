//! One connection: who it is, what it is subscribed to, what is due, and what waits to leave.

use super::wire::Position;
use crate::SimNow;
use std::collections::BTreeMap;

/// Bytes after which a frame is full and the next line starts another one.
const FRAME_BYTES: usize = 64 << 10;

/// One client, from its upgrade to its end.
#[derive(Debug)]
pub(super) struct Connection {
    /// Its token's subject and when the token ends; `None` before `connect`.
    pub(super) session: Option<Session>,
    /// When a connection that never said `connect` is cut.
    pub(super) stale_at: SimNow,
    /// When it is pinged next; `None` before `connect`.
    pub(super) ping_at: Option<SimNow>,
    /// When the pong must have come.
    pub(super) pong_by: Option<SimNow>,
    /// When its positions are compared with those of the channels.
    pub(super) check_at: Option<SimNow>,
    pub(super) subscriptions: BTreeMap<String, Subscription>,
    /// Lines on their way, oldest first.
    pub(super) lines: Vec<String>,
    /// When lines that are held back to be merged leave.
    pub(super) flush_at: Option<SimNow>,
    /// It is to be closed with this code once its lines have left.
    pub(super) closing: Option<u16>,
}

/// What `connect` made of a connection.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) client: String,
    pub(super) user: String,
    pub(super) until_s: Option<i64>,
}

/// One channel of one connection.
#[derive(Debug)]
pub(super) struct Subscription {
    /// Where the client is, if it asked for a position and the channel has one.
    pub(super) position: Option<Position>,
}

impl Connection {
    pub(super) fn new(stale_at: SimNow) -> Self {
        Self {
            session: None,
            stale_at,
            ping_at: None,
            pong_by: None,
            check_at: None,
            subscriptions: BTreeMap::new(),
            lines: Vec::new(),
            flush_at: None,
            closing: None,
        }
    }

    /// Lets a line leave after all earlier ones.
    pub(super) fn say(&mut self, line: String) {
        if self.closing.is_none() {
            self.lines.push(line);
        }
    }

    /// Closes it after what was said so far; the first reason stands.
    pub(super) fn close(&mut self, code: u16) {
        self.closing.get_or_insert(code);
    }

    pub(super) fn queued_bytes(&self) -> usize {
        self.lines.iter().map(String::len).sum()
    }

    /// Everything that was said, as frames of one or more lines.
    pub(super) fn take_frames(&mut self) -> Vec<String> {
        self.flush_at = None;
        let mut frames: Vec<String> = Vec::new();
        for line in self.lines.drain(..) {
            match frames.last_mut() {
                Some(frame) if frame.len() + line.len() < FRAME_BYTES => {
                    frame.push('\n');
                    frame.push_str(&line);
                }
                _ => frames.push(line),
            }
        }
        frames
    }

    /// When its token's time and the time to renew it are over.
    pub(super) fn expires_at(&self, grace_s: i64) -> Option<SimNow> {
        let until_s = self.session.as_ref()?.until_s?;
        Some(SimNow(until_s.saturating_add(grace_s).saturating_mul(1_000_000)))
    }

    /// When it next wants attention.
    pub(super) fn due(&self, grace_s: i64, pings: bool) -> Option<SimNow> {
        let stale = self.session.is_none().then_some(self.stale_at);
        let ping = self.ping_at.filter(|_| pings);
        let all = [stale, ping, self.pong_by, self.check_at, self.flush_at, self.expires_at(grace_s)];
        all.into_iter().flatten().min()
    }
}
