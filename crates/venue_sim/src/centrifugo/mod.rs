//! The server side of Centrifugo's bidirectional JSON protocol, as a machine: SX's realtime (venues/sx.md, section 11).
//!
//! Owns connections, tokens, subscriptions, streams with their epochs and offsets, pings, and its own faults. Knows no
//! channel's meaning: what is published is the owner's, and so is who may see it ([`Gate`]). Called by the venue that
//! it is a part of, which passes on what its shell was told; leaves [`SimAction`]s, like every machine here.
//!
//! What the hub says to a connection within one call leaves in one frame, a line each, so that a client which sends
//! several commands at once is answered the way the real server answers: several objects, separated by newlines.

mod commands;
mod config;
mod connection;
mod faults;
mod gate;
mod publish;
mod stream;
mod token;
mod wire;

pub use config::{HubConfig, Namespace};
pub use faults::SWITCHES;
pub use gate::{Gate, OpenGate, Refusal};
pub(crate) use wire::close_reason;

use crate::{Message, SimAction, SimNow};
use connection::Connection;
use faults::Switches;
use publish::Held;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, VecDeque};
use stream::Stream;

/// The hub: all connections, all channels.
pub struct Hub {
    config: HubConfig,
    secret: [u8; 32],
    connections: BTreeMap<u64, Connection>,
    streams: BTreeMap<String, Stream>,
    /// Publications that are late, oldest first.
    held: VecDeque<Held>,
    switches: Switches,
    serial: u64,
}

impl Hub {
    /// A hub without connections. Two of the same configuration that are told the same say the same.
    pub fn new(config: HubConfig) -> Self {
        let secret = drawn(config.seed, "secret", 0);
        Self {
            config,
            secret,
            connections: BTreeMap::new(),
            streams: BTreeMap::new(),
            held: VecDeque::new(),
            switches: Switches::default(),
            serial: 0,
        }
    }

    /// A token for `user` (the checksummed address) that is good for `ttl_s` seconds: what the venue's REST API hands
    /// out (venues/sx.md, section 3).
    pub fn mint(&self, user: &str, ttl_s: i64, now: SimNow) -> String {
        let issued_s = now.0.div_euclid(1_000_000);
        token::mint(&self.secret, user, issued_s, issued_s.saturating_add(ttl_s))
    }

    /// A client wants to upgrade: always accepted, since it is judged by its `connect`.
    pub fn on_connect(&mut self, conn: u64, now: SimNow, out: &mut Vec<SimAction>) {
        self.connections.insert(conn, Connection::new(after(now, self.config.stale_s)));
        out.push(SimAction::Accept { conn });
    }

    /// A frame arrived. Connections that are not the hub's, or no longer, are ignored.
    pub fn on_message(&mut self, conn: u64, message: &Message, now: SimNow, gate: &mut dyn Gate, out: &mut Vec<SimAction>) {
        if self.connections.contains_key(&conn) {
            let bytes = match message {
                Message::Text(text) => text.as_bytes(),
                Message::Binary(bytes) => bytes,
            };
            match std::str::from_utf8(bytes).map(wire::parse_frame) {
                _ if bytes.len() > self.config.frame_bytes_max => self.close(conn, 1009),
                Ok(Ok(commands)) => self.perform(conn, commands, now, gate),
                _ => self.close(conn, 3501),
            }
        }
        self.flush(now, out);
    }

    /// A connection is gone, from either side.
    pub fn on_disconnect(&mut self, conn: u64) {
        self.connections.remove(&conn);
    }

    /// Whether this connection is the hub's, and open.
    pub fn owns(&self, conn: u64) -> bool {
        self.connections.contains_key(&conn)
    }

    /// Connections that are open, in the order of their numbers, with the user each has proven to be.
    pub fn connections(&self) -> impl Iterator<Item = (u64, Option<&str>)> {
        self.connections.iter().map(|(conn, c)| (*conn, c.session.as_ref().map(|session| session.user.as_str())))
    }

    /// How many connections are subscribed to a channel.
    pub fn subscribers(&self, channel: &str) -> usize {
        self.connections.values().filter(|c| c.subscriptions.contains_key(channel)).count()
    }

    /// A channel's epoch and last offset, once it was published to or subscribed.
    pub fn position(&self, channel: &str) -> Option<(&str, u64)> {
        self.streams.get(channel).map(|stream| (stream.epoch(), stream.top()))
    }

    /// Closes connections with a code (0: drops them without a close frame), the longest open first. `count`: how
    /// many, `None` for all. 3000-3499: the client comes back; 3500-3999: it must not.
    pub fn drop_connections(&mut self, count: Option<usize>, code: u16, now: SimNow, out: &mut Vec<SimAction>) {
        let most = count.unwrap_or(usize::MAX);
        self.connections.values_mut().take(most).for_each(|connection| connection.close(code));
        self.flush(now, out);
    }

    /// Ends every subscription to a channel: 2500 and above asks to subscribe again, below is final.
    pub fn unsubscribe(&mut self, channel: &str, code: u32, now: SimNow, out: &mut Vec<SimAction>) {
        self.end_subscriptions(channel, code);
        self.flush(now, out);
    }

    /// When [`Hub::on_wake`] is next needed.
    pub fn next_wake(&self) -> Option<SimNow> {
        if self.switches.is_due() || self.has_leftovers() {
            return Some(SimNow(0));
        }
        let pings = !self.switches.no_ping;
        let connections = self.connections.values().filter_map(|c| c.due(self.config.expired_s, pings));
        connections.chain(self.held.front().map(|held| held.due)).min()
    }

    /// Time has come: pings, missing pongs, tokens at their end, late publications, switches that act by themselves.
    pub fn on_wake(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        self.act_on_switches();
        self.release_held(now);
        self.check_positions(now);
        let (pings, grace_s) = (!self.switches.no_ping, self.config.expired_s);
        for connection in self.connections.values_mut() {
            let due = |at: Option<SimNow>| at.is_some_and(|at| at <= now);
            if connection.session.is_none() && connection.stale_at <= now {
                connection.close(3502);
            } else if due(connection.expires_at(grace_s)) {
                connection.close(3005);
            } else if due(connection.pong_by) {
                connection.close(3012);
            } else if pings && due(connection.ping_at) {
                connection.say("{}".to_owned());
                connection.ping_at = Some(after(now, self.config.ping_s));
                connection.pong_by = (self.config.pong_s > 0).then(|| after(now, self.config.pong_s));
            }
        }
        self.flush(now, out);
    }

    fn end_subscriptions(&mut self, channel: &str, code: u32) {
        for connection in self.connections.values_mut() {
            if connection.subscriptions.remove(channel).is_some() {
                connection.say(wire::unsubscribe_push(channel, code));
            }
        }
    }

    fn close(&mut self, conn: u64, code: u16) {
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.close(code);
        }
    }

    /// Lets leave what was said, and forgets the connections that were closed.
    fn flush(&mut self, now: SimNow, out: &mut Vec<SimAction>) {
        let after_us = self.config.delay_us;
        let (merge_ms, slow, most) = (self.switches.merge_ms, self.switches.slow_reader, self.config.queue_bytes_max);
        self.connections.retain(|conn, connection| {
            if slow && connection.queued_bytes() > most {
                connection.close(3008);
            }
            if connection.closing.is_none() {
                if slow || connection.lines.is_empty() {
                    connection.flush_at = None;
                    return true;
                }
                if let Some(merge_ms) = merge_ms {
                    let wait = SimNow(now.0.saturating_add(merge_ms.saturating_mul(1_000)));
                    if *connection.flush_at.get_or_insert(wait) > now {
                        return true;
                    }
                }
            }
            if slow {
                connection.lines.clear(); // who does not read never sees them
            }
            let frames = connection.take_frames().into_iter();
            out.extend(frames.map(|text| SimAction::Send { conn: *conn, after_us, message: Message::Text(text) }));
            connection.closing.map(|code| out.push(SimAction::Close { conn: *conn, after_us, code })).is_none()
        });
    }

    /// Whether lines wait that nothing holds back any more.
    fn has_leftovers(&self) -> bool {
        let held_back = |c: &Connection| self.switches.merge_ms.is_some() && c.flush_at.is_some();
        !self.switches.slow_reader && self.connections.values().any(|c| !c.lines.is_empty() && !held_back(c))
    }

    /// The stream of a channel whose namespace has any.
    fn stream(&mut self, channel: &str, now: SimNow) -> Option<&mut Stream> {
        if !self.config.namespace(channel)?.has_stream() {
            return None;
        }
        if !self.streams.contains_key(channel) {
            let epoch = self.fresh_epoch();
            self.streams.insert(channel.to_owned(), Stream::new(epoch));
        }
        let stream = self.streams.get_mut(channel)?;
        stream.expire(now);
        Some(stream)
    }

    /// Four letters, as the real server's epochs are.
    fn fresh_epoch(&mut self) -> String {
        self.draw("epoch").iter().take(4).map(|byte| char::from(b'a' + byte % 26)).collect()
    }

    fn draw(&mut self, what: &str) -> [u8; 32] {
        self.serial += 1;
        drawn(self.config.seed, what, self.serial)
    }
}

fn drawn(seed: u64, what: &str, serial: u64) -> [u8; 32] {
    Sha256::new()
        .chain_update(seed.to_le_bytes())
        .chain_update(what.as_bytes())
        .chain_update(serial.to_le_bytes())
        .finalize()
        .into()
}

/// So many seconds later.
fn after(now: SimNow, seconds: i64) -> SimNow {
    SimNow(now.0.saturating_add(seconds.saturating_mul(1_000_000)))
}
