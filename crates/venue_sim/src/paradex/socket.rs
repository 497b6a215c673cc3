//! The WebSocket: upgrade, JSON-RPC, login, subscriptions (section 6).

use serde_json::{Value, json};

use super::channel::{self, Channel};
use super::feed::Follower;
use super::limits::Scope;
use super::state::*;
use super::{ParadexSim, Refusal};
use crate::{Message, SimAction};

/// A JSON-RPC error: code, message, data.
pub(super) struct RpcError(pub(super) i64, pub(super) &'static str, pub(super) Option<String>);

impl RpcError {
    pub(super) fn params(data: &str) -> Self {
        Self(-32_602, "invalid params", Some(data.to_owned()))
    }
    pub(super) fn denied(data: &str) -> Self {
        Self(40_300, "permission denied", Some(data.to_owned()))
    }
    fn channel(data: &str) -> Self {
        Self(-32_600, "invalid subscribe request", Some(data.to_owned()))
    }
}

impl ParadexSim {
    /// The negotiated SBE version, or the HTTP status of a refusal.
    pub(super) fn upgrade(&self, target: &str) -> Result<Option<u8>, u16> {
        if self.down {
            return Err(503);
        }
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if path != "/v1" && path != "/v1/" {
            return Err(404);
        }
        let value = |name: &str| query.split('&').filter_map(|p| p.split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v);
        match (value("sbeSchemaId"), value("sbeSchemaVersion")) {
            (None, None) => Ok(None),
            (Some("1"), Some("0")) => Ok(Some(0)),
            (Some("1"), Some("1")) => Ok(Some(1)),
            (Some("1"), Some("2")) => Ok(Some(2)),
            _ => Err(400),
        }
    }

    pub(super) fn on_socket_message(&mut self, conn: u64, message: &Message, out: &mut Vec<SimAction>) {
        let us_in = self.clock();
        let parsed = match message {
            Message::Text(text) => serde_json::from_str::<Value>(text).ok(),
            Message::Binary(_) => None, // a client never sends binary, section 7.1
        };
        let Some(request) = parsed else {
            let message = self.rpc_error(&Value::Null, us_in, RpcError(-32_700, "parse error", None));
            return self.send(conn, 0, message, out);
        };
        let id = request.get("id").cloned().unwrap_or(Value::Null);
        let via = Via::Socket { conn, id: id.clone(), us_in };
        let params = request.get("params").cloned().unwrap_or(Value::Null);
        let done = match request.get("method").and_then(Value::as_str) {
            None => Err(RpcError(-32_600, "invalid request", None)),
            Some("auth") => self.socket_login(conn, &params).map(Some),
            Some("subscribe") => return self.answer_subscribe(conn, &id, us_in, &params, out),
            Some("unsubscribe") => self.unsubscribe(conn, &params).map(Some),
            Some("modify_subscription") => self.modify_subscription(conn, &params).map(Some),
            Some(method) if method.starts_with("order.") => self.socket_order(conn, method, params, &via, out).map(|()| None),
            Some(_) => Err(RpcError(-32_601, "method does not exist", None)),
        };
        match done {
            Ok(None) => {}
            Ok(Some(value)) => self.answer(&via, 200, &value, 1_000, out),
            Err(error) => {
                let message = self.rpc_error(&id, us_in, error);
                self.send(conn, 1_000, message, out);
            }
        }
    }

    fn socket_login(&mut self, conn: u64, params: &Value) -> Result<Value, RpcError> {
        let bearer = params.get("bearer").and_then(Value::as_str).filter(|b| !b.is_empty());
        let bearer = bearer.ok_or(RpcError(40_110, "Malformed Bearer Token", None))?;
        let (account, until) = self.check_token(bearer).map_err(|_| RpcError(40_111, "Invalid Bearer Token", None))?;
        if let Some(c) = self.conns.get_mut(&conn) {
            (c.account, c.token_until_ms) = (Some(account), until);
        }
        let node = self.config.market.draw("node", conn % 3);
        Ok(json!({"node_id": format!("{node:016x}")}))
    }

    /// The reply goes first, what the channel begins with follows.
    fn answer_subscribe(&mut self, conn: u64, id: &Value, us_in: i64, params: &Value, out: &mut Vec<SimAction>) {
        match self.subscribe(conn, params, out) {
            Ok((name, channel)) => {
                let message = self.rpc_result(id, us_in, &json!({"channel": name}));
                self.send(conn, 1_000, message, out);
                self.begin(conn, name, channel, out);
            }
            Err(error) => {
                let message = self.rpc_error(id, us_in, error);
                self.send(conn, 1_000, message, out);
            }
        }
    }

    fn subscribe(&mut self, conn: u64, params: &Value, out: &mut Vec<SimAction>) -> Result<(String, Channel), RpcError> {
        let name = params.get("channel").and_then(Value::as_str).ok_or_else(|| RpcError::params("channel is required"))?;
        let channel = channel::parse(name, |m| self.by_symbol.get(m).copied()).map_err(RpcError::channel)?;
        // Up to date first: what moves now is part of the snapshot this session begins with, not a delta before it.
        for m in (0..self.markets.len()).filter(|m| channel.moves().is_some_and(|s| s.has(*m))) {
            self.refresh(m, out);
        }
        let most = usize::try_from(self.switches.max_subscriptions).unwrap_or(0);
        let silent_json = self.switches.public_without_sbe == "error";
        let Some(c) = self.conns.get_mut(&conn) else { return Err(RpcError(-32_603, "internal error", None)) };
        if channel.is_private() && c.account.is_none() {
            return Err(RpcError::denied("not authenticated"));
        }
        if !channel.is_private() && c.sbe.is_none() && silent_json {
            return Err(RpcError::channel("public channels require SBE encoding"));
        }
        if c.subscriptions.iter().any(|s| s.name == name) {
            return Err(RpcError::channel("already subscribed"));
        }
        let shares = |s: &Subscription| s.channel.book().is_some() && s.channel.book() == channel.book();
        if c.sbe.is_some() && c.subscriptions.iter().any(shares) {
            return Err(RpcError::channel("order book channels of one market cannot share an SBE session"));
        }
        if most > 0 && c.subscriptions.len() >= most {
            return Err(RpcError::channel("too many subscriptions"));
        }
        c.subscriptions.push(Subscription { name: name.to_owned(), channel, begun: channel.book().is_none() });
        Ok((name.to_owned(), channel))
    }

    /// What a channel says at once: the whole book, the present best prices, the present summary.
    fn begin(&mut self, conn: u64, name: String, channel: Channel, out: &mut Vec<SimAction>) {
        let Some(scope) = channel.moves() else { return };
        let markets: Vec<usize> = (0..self.markets.len()).filter(|m| scope.has(*m)).collect();
        for m in markets {
            if self.faults.get("freeze_book").is_some() {
                return;
            }
            let sbe = self.conns.get(&conn).and_then(|c| c.sbe);
            if sbe.is_none() && self.switches.public_without_sbe != "json" {
                return;
            }
            let follower = vec![Follower { conn, sbe, channel: name.clone() }];
            match channel {
                Channel::Deltas(_) | Channel::Snapshot(_) => self.begin_books(m, out),
                Channel::Bbo(_) if self.switches.bbo_on_subscribe => self.send_bbo(m, follower, out),
                Channel::Summary(_) => self.send_summary(m, follower, out),
                _ => {}
            }
        }
    }

    fn unsubscribe(&mut self, conn: u64, params: &Value) -> Result<Value, RpcError> {
        let name = params.get("channel").and_then(Value::as_str).ok_or_else(|| RpcError::params("channel is required"))?;
        let now = self.now.0;
        let found = self.conns.get_mut(&conn).and_then(|c| {
            let at = c.subscriptions.iter().position(|s| s.name == name)?;
            c.subscriptions.remove(at);
            c.idle_since = now;
            Some(())
        });
        found.ok_or_else(|| RpcError(-32_600, "invalid unsubscribe request", Some("not subscribed".to_owned())))?;
        Ok(json!({"channel": name}))
    }

    /// Scoped channels; here every scoped channel speaks of all its markets, so the scope is acknowledged only.
    fn modify_subscription(&mut self, conn: u64, params: &Value) -> Result<Value, RpcError> {
        let name = params.get("channel").and_then(Value::as_str).ok_or_else(|| RpcError::params("channel is required"))?;
        let subscribed = self.conns.get(&conn).is_some_and(|c| c.subscriptions.iter().any(|s| s.name == name));
        if subscribed { Ok(json!({"channel": name})) } else { Err(RpcError::channel("not subscribed")) }
    }

    /// Who may send order methods on this connection.
    pub(super) fn socket_account(&mut self, conn: u64) -> Result<usize, RpcError> {
        let c = self.conns.get(&conn).ok_or(RpcError(-32_603, "internal error", None))?;
        let account = c.account.ok_or_else(|| RpcError::denied("not authenticated"))?;
        if !self.switches.socket_orders {
            return Err(RpcError::denied("order methods are not served here"));
        }
        if self.switches.token_ends_socket_orders && c.token_until_ms <= self.clock_ms() {
            return Err(RpcError(40_111, "Invalid Bearer Token", None));
        }
        let limited = self.faults.hit("rate_limit", None).is_some();
        if limited || self.count(Scope::Orders(account)).is_err() {
            return Err(RpcError(42_901, "Rate limit exceeded", None));
        }
        Ok(account)
    }

    pub(super) fn rpc_result(&self, id: &Value, us_in: i64, result: &Value) -> Message {
        let us_out = self.clock();
        let reply = json!({
            "jsonrpc": "2.0", "id": id, "result": result, "usIn": us_in, "usOut": us_out, "usDiff": us_out - us_in,
        });
        Message::Text(reply.to_string())
    }

    pub(super) fn rpc_error(&self, id: &Value, us_in: i64, error: RpcError) -> Message {
        let us_out = self.clock();
        let RpcError(code, message, data) = error;
        let mut body = json!({"code": code, "message": message});
        if let (Some(data), Some(map)) = (data, body.as_object_mut()) {
            map.insert("data".to_owned(), Value::String(data));
        }
        let reply = json!({
            "jsonrpc": "2.0", "id": id, "error": body, "usIn": us_in, "usOut": us_out, "usDiff": us_out - us_in,
        });
        Message::Text(reply.to_string())
    }

    /// A refusal of section 4.5 as a method error: the text is in `data`.
    pub(super) fn rpc_refusal(&self, id: &Value, us_in: i64, refusal: &Refusal) -> Message {
        let error = match refusal.status {
            429 => RpcError(42_901, "Rate limit exceeded", None),
            500.. if refusal.code == "INTERNAL_ERROR" => RpcError(-32_603, "internal error", None),
            _ => {
                let data = match self.switches.socket_error_text.as_str() {
                    "code" => refusal.code.clone(),
                    "text" => refusal.message.clone(),
                    _ => format!("{}: {}", refusal.code, refusal.message),
                };
                RpcError(100, "method error", Some(data))
            }
        };
        self.rpc_error(id, us_in, error)
    }
}
