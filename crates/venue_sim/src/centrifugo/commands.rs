//! What a client asks for, in the order in which it asks: connect, refresh, subscribe, unsubscribe, history.

use super::connection::{Session, Subscription};
use super::gate::{Gate, Refusal};
use super::token::{self, BadToken};
use super::wire::{self, Command, Position};
use super::{Hub, after};
use crate::SimNow;
use serde_json::{Map, Value, json};

/// How a server of this protocol names itself.
const VERSION: &str = "6.0.0";
/// Longest name of a channel.
const CHANNEL_BYTES_MAX: usize = 255;

/// Why a command was not answered with its result.
enum Trouble {
    /// An error reply; the connection stays.
    Refused(Refusal),
    /// The connection ends with this code, without an answer.
    Closed(u16),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Hub {
    /// Performs the commands of one frame, until one of them ends the connection.
    pub(super) fn perform(&mut self, conn: u64, commands: Vec<(u64, Command)>, now: SimNow, gate: &mut dyn Gate) {
        for (id, command) in commands {
            let Some(connection) = self.connections.get_mut(&conn).filter(|c| c.closing.is_none()) else { return };
            let connected = connection.session.is_some();
            let answer = match command {
                Command::Connect { token } if !connected => self.connect(conn, id, &token, now, gate),
                // Anything before `connect`, and a second one.
                _ if !connected => Err(Trouble::Closed(3501)),
                Command::Connect { .. } => Err(Trouble::Closed(3501)),
                Command::Pong => {
                    connection.pong_by = None;
                    continue;
                }
                Command::Send => continue,
                Command::Refresh { token } => self.refresh(conn, id, &token, now),
                Command::Subscribe { channel, wants_position, wants_recovery, recover } => {
                    let wants = wants_position || wants_recovery || recover.is_some();
                    self.subscribe(conn, id, &channel, wants, recover, now, gate)
                }
                Command::Unsubscribe { channel } => {
                    connection.subscriptions.remove(&channel);
                    Ok(wire::reply(id, "unsubscribe", Map::new(), &[]))
                }
                Command::History { channel, limit, since, reverse } => {
                    self.history(conn, id, &channel, limit, since.as_ref(), reverse, now)
                }
                Command::Ping => Ok(wire::reply(id, "ping", Map::new(), &[])),
                Command::Publish => Err(Refusal::permission_denied().into()),
                Command::NotOffered => Err(Refusal::of(108, "not available").into()),
            };
            let Some(connection) = self.connections.get_mut(&conn) else { return };
            match answer {
                Ok(line) => connection.say(line),
                Err(Trouble::Refused(refusal)) => connection.say(wire::refusal(id, &refusal)),
                Err(Trouble::Closed(code)) => connection.close(code),
            }
            if self.switches.close_after_reply.take().is_some() {
                self.close(conn, 0);
            }
        }
    }

    fn connect(&mut self, conn: u64, id: u64, token: &str, now: SimNow, gate: &mut dyn Gate) -> Result<String, Trouble> {
        if token.is_empty() {
            return Err(Trouble::Closed(3501));
        }
        let claims = token::verify(&self.secret, token, now.0.div_euclid(1_000_000)).map_err(|bad| match bad {
            BadToken::Invalid => Trouble::Closed(3500),
            BadToken::Expired => Refusal::of(109, "token expired").into(),
        })?;
        if let Some(code) = self.switches.refused_token() {
            return Err(match u16::try_from(code) {
                Ok(code @ 3000..) => Trouble::Closed(code),
                _ => match code {
                    100 => Refusal::internal(),
                    109 => Refusal::of(109, "token expired"),
                    111 => Refusal::too_many_requests(),
                    _ => Refusal::of(code, "unauthorized"),
                }
                .into(),
            });
        }
        gate.may_connect(&claims.user)?;
        let drawn = hex::encode(self.draw("client"));
        // The shape of a UUID: 8-4-4-4-12.
        let client = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| drawn.get(part).unwrap_or_default()).join("-");
        let mut result = session_result(&client, claims.until_s, now);
        result.insert("ping".to_owned(), Value::from(self.config.ping_s));
        result.insert("pong".to_owned(), Value::Bool(self.config.pong_s > 0));
        let connection = self.connections.get_mut(&conn).ok_or(Trouble::Closed(3501))?;
        connection.session = Some(Session { client, user: claims.user, until_s: claims.until_s });
        connection.ping_at = (self.config.ping_s > 0).then(|| after(now, self.config.ping_s));
        connection.check_at = (self.config.position_check_s > 0).then(|| after(now, self.config.position_check_s));
        Ok(wire::reply(id, "connect", result, &[]))
    }

    /// A new token on an open connection. One that is over, or somebody else's, ends it.
    fn refresh(&mut self, conn: u64, id: u64, token: &str, now: SimNow) -> Result<String, Trouble> {
        let claims = token::verify(&self.secret, token, now.0.div_euclid(1_000_000)).map_err(|bad| match bad {
            BadToken::Invalid => Trouble::Closed(3500),
            BadToken::Expired => Trouble::Closed(3005),
        })?;
        let session = self.connections.get_mut(&conn).and_then(|c| c.session.as_mut()).ok_or(Trouble::Closed(3501))?;
        if session.user != claims.user {
            return Err(Trouble::Closed(3500));
        }
        session.until_s = claims.until_s;
        Ok(wire::reply(id, "refresh", session_result(&session.client, claims.until_s, now), &[]))
    }

    fn subscribe(
        &mut self,
        conn: u64,
        id: u64,
        channel: &str,
        wants_position: bool,
        recover: Option<Position>,
        now: SimNow,
        gate: &mut dyn Gate,
    ) -> Result<String, Trouble> {
        if self.switches.closes_inside_subscribe() || (recover.is_some() && self.switches.closes_inside_recovery()) {
            return Err(Trouble::Closed(0));
        }
        let connection = self.connections.get(&conn).ok_or(Trouble::Closed(3501))?;
        let user = connection.session.as_ref().map(|session| session.user.as_str()).ok_or(Trouble::Closed(3501))?;
        if channel.len() > CHANNEL_BYTES_MAX {
            return Err(Refusal::of(107, "bad request").into());
        }
        if connection.subscriptions.contains_key(channel) {
            return Err(Refusal::of(105, "already subscribed").into());
        }
        if connection.subscriptions.len() >= self.config.channels_max {
            return Err(Refusal::of(106, "limit exceeded").into());
        }
        let namespace = self.config.namespace(channel).ok_or_else(Refusal::unknown_channel)?;
        // Behind `#` stand the only users who may: of an account's channel, its owner.
        if channel.split_once('#').is_some_and(|(_, users)| users.split(',').all(|allowed| allowed != user)) {
            return Err(Refusal::permission_denied().into());
        }
        gate.may_subscribe(user, channel)?;

        let (most, shows_rest) = (self.config.recovery_max, self.config.shows_rest_of_gap);
        let lost = recover.is_some() && namespace.recoverable && self.switches.loses_history();
        let mut result = Map::new();
        let mut publications = Vec::new();
        let mut position = None;
        if wants_position
            && (namespace.positioned || namespace.recoverable)
            && let Some(stream) = self.stream(channel, now)
        {
            position = Some(Position { epoch: stream.epoch().to_owned(), offset: stream.top() });
            result.insert("epoch".to_owned(), Value::from(stream.epoch()));
            result.insert("offset".to_owned(), Value::from(stream.top()));
            result.insert("positioned".to_owned(), Value::Bool(true));
            result.insert("recoverable".to_owned(), Value::Bool(namespace.recoverable));
            if let Some(from) = recover.filter(|_| namespace.recoverable) {
                result.insert("was_recovering".to_owned(), Value::Bool(true));
                if let Some(missed) = stream.since(&from, most).filter(|_| !lost) {
                    // The client goes on from where it was: each publication moves it.
                    result.insert("recovered".to_owned(), Value::Bool(true));
                    result.insert("offset".to_owned(), Value::from(from.offset));
                    publications = missed;
                } else if shows_rest && !lost && from.epoch == stream.epoch() {
                    publications = stream.after(from.offset);
                    publications.truncate(most);
                }
            }
        }
        let line = wire::reply(id, "subscribe", result, &publications);
        let connection = self.connections.get_mut(&conn).ok_or(Trouble::Closed(3501))?;
        connection.subscriptions.insert(channel.to_owned(), Subscription { position });
        Ok(line)
    }

    /// What a channel of this connection remembers.
    fn history(
        &mut self,
        conn: u64,
        id: u64,
        channel: &str,
        limit: i64,
        since: Option<&Position>,
        reverse: bool,
        now: SimNow,
    ) -> Result<String, Trouble> {
        let subscribed = self.connections.get(&conn).is_some_and(|c| c.subscriptions.contains_key(channel));
        if !subscribed {
            return Err(Refusal::permission_denied().into());
        }
        let most = self.config.recovery_max.min(usize::try_from(limit).unwrap_or(usize::MAX));
        let stream = self.stream(channel, now).ok_or_else(|| Refusal::of(108, "not available"))?;
        if since.is_some_and(|since| !since.epoch.is_empty() && since.epoch != stream.epoch()) {
            return Err(Refusal::of(112, "unrecoverable position").into());
        }
        let mut publications = match (reverse, since) {
            (false, since) => stream.after(since.map_or(0, |since| since.offset)),
            (true, since) => stream.before(since.map_or(u64::MAX, |since| since.offset)),
        };
        publications.truncate(most);
        let mut result = Map::new();
        result.insert("epoch".to_owned(), Value::from(stream.epoch()));
        result.insert("offset".to_owned(), Value::from(stream.top()));
        Ok(wire::reply(id, "history", result, &publications))
    }
}

/// What `connect` and `refresh` answer alike.
fn session_result(client: &str, until_s: Option<i64>, now: SimNow) -> Map<String, Value> {
    let ttl = until_s.map(|until| until.saturating_sub(now.0.div_euclid(1_000_000)).max(1));
    match json!({"client": client, "version": VERSION, "expires": ttl.is_some(), "ttl": ttl}) {
        Value::Object(result) => result,
        _ => Map::new(),
    }
}
