//! The words on the wire: commands as they arrive, replies and pushes as they leave (venues/sx.md, section 11).
//!
//! One JSON object per line, several lines in a frame. Fields that say nothing (false, zero, empty) are left out.

use super::gate::Refusal;
use serde_json::{Map, Value, json};

/// A place in a channel's stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) epoch: String,
    pub(super) offset: u64,
}

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// `{}`: the answer to a ping.
    Pong,
    Connect {
        token: String,
    },
    Refresh {
        token: String,
    },
    Subscribe {
        channel: String,
        wants_position: bool,
        wants_recovery: bool,
        /// Present when the client says `recover`.
        recover: Option<Position>,
    },
    Unsubscribe {
        channel: String,
    },
    History {
        channel: String,
        /// 0: the position alone; negative: all there is.
        limit: i64,
        since: Option<Position>,
        reverse: bool,
    },
    /// A ping of the client.
    Ping,
    /// A message that wants no answer.
    Send,
    /// A publication of the client.
    Publish,
    /// Something this server does not offer.
    NotOffered,
}

/// Nothing a server of this protocol understands: the connection is closed with 3501.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadRequest;

/// The commands of one frame with their ids, in order.
///
/// # Errors
/// A line is no command, or there is none at all; the ones before it are not performed either.
pub(super) fn parse_frame(frame: &str) -> Result<Vec<(u64, Command)>, BadRequest> {
    let lines = frame.split('\n').filter(|line| !line.trim().is_empty());
    let commands = lines.map(parse_line).collect::<Result<Vec<_>, _>>()?;
    if commands.is_empty() { Err(BadRequest) } else { Ok(commands) }
}

fn parse_line(line: &str) -> Result<(u64, Command), BadRequest> {
    let Ok(Value::Object(line)) = serde_json::from_str(line) else { return Err(BadRequest) };
    let id = number(&line, "id")?;
    let id = u32::try_from(id).map_err(|_| BadRequest)?;
    let method = |name: &str| line.get(name).filter(|value| !value.is_null());
    let asked = |name: &str| method(name).map(|value| value.as_object().ok_or(BadRequest)).transpose();
    let command = if let Some(ask) = asked("connect")? {
        Command::Connect { token: text(ask, "token")? }
    } else if let Some(ask) = asked("subscribe")? {
        let position = Position { epoch: text(ask, "epoch")?, offset: number(ask, "offset")? };
        Command::Subscribe {
            channel: channel(ask)?,
            wants_position: flag(ask, "positioned")?,
            wants_recovery: flag(ask, "recoverable")?,
            recover: flag(ask, "recover")?.then_some(position),
        }
    } else if let Some(ask) = asked("unsubscribe")? {
        Command::Unsubscribe { channel: channel(ask)? }
    } else if let Some(ask) = asked("history")? {
        let since = match ask.get("since") {
            None | Some(Value::Null) => None,
            Some(Value::Object(at)) => Some(Position { epoch: text(at, "epoch")?, offset: number(at, "offset")? }),
            Some(_) => return Err(BadRequest),
        };
        let limit = match ask.get("limit") {
            None | Some(Value::Null) => 0,
            Some(limit) => limit.as_i64().ok_or(BadRequest)?,
        };
        Command::History { channel: channel(ask)?, limit, since, reverse: flag(ask, "reverse")? }
    } else if let Some(ask) = asked("refresh")? {
        Command::Refresh { token: text(ask, "token")? }
    } else if asked("ping")?.is_some() {
        Command::Ping
    } else if asked("send")?.is_some() {
        Command::Send
    } else if asked("publish")?.is_some() {
        Command::Publish
    } else if ["presence", "presence_stats", "rpc", "sub_refresh"].iter().any(|name| method(name).is_some()) {
        Command::NotOffered
    } else {
        Command::Pong
    };
    // Only what wants no answer comes without an id, and a bare id asks for nothing.
    if (id == 0) == matches!(command, Command::Pong | Command::Send) { Ok((u64::from(id), command)) } else { Err(BadRequest) }
}

fn channel(ask: &Map<String, Value>) -> Result<String, BadRequest> {
    text(ask, "channel").and_then(|name| if name.is_empty() { Err(BadRequest) } else { Ok(name) })
}

fn text(ask: &Map<String, Value>, name: &str) -> Result<String, BadRequest> {
    match ask.get(name) {
        None | Some(Value::Null) => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(BadRequest),
    }
}

fn number(ask: &Map<String, Value>, name: &str) -> Result<u64, BadRequest> {
    match ask.get(name) {
        None | Some(Value::Null) => Ok(0),
        Some(value) => value.as_u64().ok_or(BadRequest),
    }
}

fn flag(ask: &Map<String, Value>, name: &str) -> Result<bool, BadRequest> {
    match ask.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(value) => value.as_bool().ok_or(BadRequest),
    }
}

/// `{"id":…,"<method>":{…}}`; `publications` are JSON already.
pub(super) fn reply(id: u64, method: &str, mut result: Map<String, Value>, publications: &[&str]) -> String {
    result.retain(|_, value| !says_nothing(value));
    let mut body = Value::Object(result).to_string();
    if !publications.is_empty() {
        let comma = if body == "{}" { "" } else { "," };
        body.pop();
        body.push_str(&format!("{comma}\"publications\":[{}]}}", publications.join(",")));
    }
    format!("{{\"id\":{id},\"{method}\":{body}}}")
}

/// `{"id":…,"error":{…}}`.
pub(super) fn refusal(id: u64, why: &Refusal) -> String {
    let mut error = json!({"code": why.code, "message": why.message});
    if let (true, Some(error)) = (why.temporary, error.as_object_mut()) {
        error.insert("temporary".to_owned(), Value::Bool(true));
    }
    json!({"id": id, "error": error}).to_string()
}

/// One publication, as it stands in pushes, in recoveries and in history.
pub(super) fn publication(data: &Value, offset: Option<u64>) -> String {
    match offset {
        Some(offset) => json!({"data": data, "offset": offset}).to_string(),
        None => json!({"data": data}).to_string(),
    }
}

/// The push of a publication.
pub(super) fn publication_push(channel: &str, publication: &str) -> String {
    format!("{{\"push\":{{\"channel\":{},\"pub\":{publication}}}}}", Value::from(channel))
}

/// The push that ends a subscription.
pub(super) fn unsubscribe_push(channel: &str, code: u32) -> String {
    let reason = match code {
        2500 => "insufficient state",
        2501 => "subscription expired",
        _ => "server unsubscribe",
    };
    json!({"push": {"channel": channel, "unsubscribe": {"code": code, "reason": reason}}}).to_string()
}

/// The push that announces the end of the connection.
pub(super) fn disconnect_push(code: u16) -> String {
    json!({"push": {"disconnect": {"code": code, "reason": close_reason(code)}}}).to_string()
}

/// The words that go with a close code of this protocol; none with any other one.
pub(crate) fn close_reason(code: u16) -> &'static str {
    match code {
        3000 => "connection closed",
        3001 => "shutdown",
        3005 => "connection expired",
        3008 => "slow",
        3010 => "insufficient state",
        3011 => "force reconnect",
        3012 => "no pong",
        3500 => "invalid token",
        3501 => "bad request",
        3502 => "stale",
        3503 => "force disconnect",
        code if (3000..4000).contains(&code) => "disconnect",
        _ => "",
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops where something is wrong")]
mod tests {
    use super::*;

    #[test]
    fn a_frame_holds_commands_one_per_line() {
        let check = |frame: &str, expect: Result<Vec<(u64, Command)>, BadRequest>| {
            assert_eq!(parse_frame(frame), expect, "{frame}");
        };
        let subscribe =
            |recover| Command::Subscribe { channel: "a:b".into(), wants_position: true, wants_recovery: true, recover };
        check("{}", Ok(vec![(0, Command::Pong)]));
        check("{}\n\n{}\n", Ok(vec![(0, Command::Pong), (0, Command::Pong)]));
        check(r#"{"id":1,"connect":{"token":"t"}}"#, Ok(vec![(1, Command::Connect { token: "t".into() })]));
        check(r#"{"id":1,"connect":{}}"#, Ok(vec![(1, Command::Connect { token: String::new() })]));
        check(
            r#"{"id":2,"subscribe":{"channel":"a:b","positioned":true,"recoverable":true,"epoch":"x","offset":3}}"#,
            Ok(vec![(2, subscribe(None))]),
        );
        check(
            r#"{"id":2,"subscribe":{"channel":"a:b","positioned":true,"recoverable":true,"recover":true,"epoch":"x","offset":3}}"#,
            Ok(vec![(2, subscribe(Some(Position { epoch: "x".into(), offset: 3 })))]),
        );
        check(
            r#"{"id":3,"history":{"channel":"a:b","limit":-1}}"#,
            Ok(vec![(3, Command::History { channel: "a:b".into(), limit: -1, since: None, reverse: false })]),
        );
        check(r#"{"id":4,"rpc":{}}"#, Ok(vec![(4, Command::NotOffered)]));
        check(r#"{"send":{"data":1}}"#, Ok(vec![(0, Command::Send)]));
        for bad in [
            "",
            "\n",
            "null",
            "[]",
            "{",
            r#"{"id":1}"#,
            r#"{"id":-1,"ping":{}}"#,
            r#"{"id":4294967296,"ping":{}}"#,
            r#"{"id":"1","ping":{}}"#,
            r#"{"connect":{}}"#,
            r#"{"id":1,"connect":[]}"#,
            r#"{"id":1,"connect":{"token":1}}"#,
            r#"{"id":1,"subscribe":{}}"#,
            r#"{"id":1,"subscribe":{"channel":"a","offset":-1}}"#,
            r#"{"id":1,"subscribe":{"channel":"a","recover":1}}"#,
            r#"{"id":1,"history":{"channel":"a","since":1}}"#,
            "{}\n{",
        ] {
            check(bad, Err(BadRequest));
        }
    }

    #[test]
    fn what_says_nothing_is_left_out_of_a_reply() {
        let result = |value: Value| value.as_object().unwrap().clone();
        assert_eq!(reply(7, "subscribe", result(json!({"offset": 0, "recovered": false})), &[]), r#"{"id":7,"subscribe":{}}"#);
        assert_eq!(reply(7, "subscribe", result(json!({})), &["{}"]), r#"{"id":7,"subscribe":{"publications":[{}]}}"#);
        assert_eq!(
            reply(7, "subscribe", result(json!({"epoch": "ab"})), &["1", "2"]),
            r#"{"id":7,"subscribe":{"epoch":"ab","publications":[1,2]}}"#
        );
        let temporary: Value = serde_json::from_str(&refusal(1, &Refusal::internal())).unwrap();
        assert_eq!(temporary, json!({"id": 1, "error": {"code": 100, "message": "internal server error", "temporary": true}}));
        assert!(!refusal(1, &Refusal::permission_denied()).contains("temporary"));
    }
}
