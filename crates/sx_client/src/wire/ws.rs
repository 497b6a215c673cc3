//! The Centrifugo JSON protocol: commands out, replies and pushes in (spec section 11).
//!
//! A text frame holds one JSON object per line. An empty object is a ping and wants one back.

use super::json::{members, object, string};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The answer to a ping, owed within 8 s.
pub const PONG: &str = "{}";

/// The first command of a connection. The token is a JWT.
pub fn connect(id: u32, token: &str, name: &str) -> String {
    format!(r#"{{"id":{id},"connect":{{"token":{},"name":{}}}}}"#, quoted(token), quoted(name))
}

/// Subscribes to a channel; with a position what was missed since is asked for. `recover` belongs to it: a position without it is
/// ignored by the venue and recovers nothing.
pub fn subscribe(id: u32, channel: &str, from: Option<(&str, u64)>) -> String {
    let recover = match from {
        Some((epoch, offset)) => format!(r#","recover":true,"epoch":{},"offset":{offset}"#, quoted(epoch)),
        None => String::new(),
    };
    format!(r#"{{"id":{id},"subscribe":{{"channel":{},"positioned":true,"recoverable":true{recover}}}}}"#, quoted(channel))
}

/// Leaves a channel.
pub fn unsubscribe(id: u32, channel: &str) -> String {
    format!(r#"{{"id":{id},"unsubscribe":{{"channel":{}}}}}"#, quoted(channel))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// One thing that was published on a channel.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// The venue's own message.
    pub data: &'a str,
    /// Its place in the channel's history, where the channel has one.
    pub offset: Option<u64>,
}

/// One object of a frame.
#[derive(Clone, Debug)]
pub enum Message<'a> {
    /// Answer with [`PONG`].
    Ping,
    /// The reply to `connect`.
    Connected {
        /// Of the command.
        id: u32,
        /// Seconds between pings; none when the venue says none.
        ping_s: Option<u64>,
        /// Whether pings want an answer.
        pong: bool,
    },
    /// The reply to `subscribe`.
    Subscribed {
        /// Of the command.
        id: u32,
        /// Names the history that offsets count in.
        epoch: Cow<'a, str>,
        /// Last offset before the subscription.
        offset: u64,
        /// Whether a position was given.
        was_recovering: bool,
        /// Whether `publications` closes the gap.
        recovered: bool,
        /// What was missed, in order.
        publications: Vec<Publication<'a>>,
    },
    /// A command failed.
    Failed {
        /// Of the command.
        id: u32,
        /// Centrifugo's code.
        code: u32,
        /// Its words.
        text: Cow<'a, str>,
        /// Whether trying again may help.
        temporary: bool,
    },
    /// Something was published.
    Published {
        /// Where.
        channel: Cow<'a, str>,
        /// What.
        publication: Publication<'a>,
    },
    /// The venue ended a subscription.
    Unsubscribed {
        /// Which.
        channel: Cow<'a, str>,
        /// 2500 and above: subscribe again; below: for good.
        code: u32,
    },
    /// The venue is about to close the connection.
    Disconnecting {
        /// As the close code.
        code: u32,
    },
    /// A reply or push that asks for nothing.
    Other,
    /// Nothing could be made of it.
    Unreadable,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    id: Option<u32>,
    #[serde(borrow)]
    connect: Option<&'a RawValue>,
    #[serde(borrow)]
    subscribe: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Connect {
    ping: Option<u64>,
    #[serde(default)]
    pong: bool,
}

#[derive(Deserialize)]
struct Subscribe<'a> {
    #[serde(borrow, default)]
    epoch: Cow<'a, str>,
    #[serde(default)]
    offset: u64,
    #[serde(default)]
    was_recovering: bool,
    #[serde(default)]
    recovered: bool,
    #[serde(borrow, default)]
    publications: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Failure<'a> {
    code: u32,
    #[serde(borrow, default)]
    message: Cow<'a, str>,
    #[serde(default)]
    temporary: bool,
}

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    code: u32,
}

/// The objects of a frame, in order. Lines without content are no objects.
pub fn messages(frame: &str) -> impl Iterator<Item = Message<'_>> {
    frame.lines().filter(|line| !line.trim().is_empty()).map(|line| read(line).unwrap_or(Message::Unreadable))
}

fn read(line: &str) -> Option<Message<'_>> {
    let inner = line.trim().strip_prefix('{')?.strip_suffix('}')?;
    if inner.trim().is_empty() {
        return Some(Message::Ping);
    }
    if let [Some(push)] = members(line, ["push"])? {
        return read_push(push);
    }
    let envelope: Envelope<'_> = object(line)?;
    let id = envelope.id?;
    if let Some(error) = envelope.error {
        let Failure { code, message, temporary } = object(error.get())?;
        return Some(Message::Failed { id, code, text: message, temporary });
    }
    if let Some(connect) = envelope.connect {
        let Connect { ping, pong } = object(connect.get())?;
        return Some(Message::Connected { id, ping_s: ping.filter(|s| *s > 0), pong });
    }
    if let Some(subscribe) = envelope.subscribe {
        let Subscribe { epoch, offset, was_recovering, recovered, publications } = object(subscribe.get())?;
        let publications = publications.into_iter().map(|one| publication(one.get())).collect::<Option<_>>()?;
        return Some(Message::Subscribed { id, epoch, offset, was_recovering, recovered, publications });
    }
    Some(Message::Other)
}

fn publication(text: &str) -> Option<Publication<'_>> {
    let [data, offset] = members(text, ["data", "offset"])?;
    let offset = match offset {
        Some(offset) => Some(offset.parse().ok()?),
        None => None,
    };
    Some(Publication { data: data?, offset })
}

/// What is pushed comes hundreds of times a second, so it is read without copying.
fn read_push(text: &str) -> Option<Message<'_>> {
    let [channel, one, unsubscribed, disconnect] = members(text, ["channel", "pub", "unsubscribe", "disconnect"])?;
    let channel = channel.map_or(Some(Cow::Borrowed("")), string)?;
    if let Some(one) = one {
        return Some(Message::Published { channel, publication: publication(one)? });
    }
    if let Some(why) = unsubscribed {
        return Some(Message::Unsubscribed { channel, code: object::<Code>(why)?.code });
    }
    if let Some(why) = disconnect {
        return Some(Message::Disconnecting { code: object::<Code>(why)?.code });
    }
    Some(Message::Other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn frames_read_as_what_they_mean() {
        fn check(frame: &str, expect: &str) {
            let read: Vec<String> = messages(frame)
                .map(|message| match message {
                    Message::Ping => "ping".to_owned(),
                    Message::Connected { id, ping_s, pong } => format!("connected {id} {ping_s:?} {pong}"),
                    Message::Subscribed { id, epoch, offset, was_recovering, recovered, publications } => {
                        format!("subscribed {id} {epoch} {offset} {was_recovering} {recovered} {}", publications.len())
                    }
                    Message::Failed { id, code, text, temporary } => format!("failed {id} {code} {text} {temporary}"),
                    Message::Published { channel, publication } => {
                        format!("{channel} {:?} {}", publication.offset, publication.data)
                    }
                    Message::Unsubscribed { channel, code } => format!("unsubscribed {channel} {code}"),
                    Message::Disconnecting { code } => format!("disconnecting {code}"),
                    Message::Other => "other".to_owned(),
                    Message::Unreadable => "unreadable".to_owned(),
                })
                .collect();
            assert_eq!(read.join("; "), expect, "{frame}");
        }
        check("{}", "ping");
        check(" { } \n\n{}\n", "ping; ping");
        check(r#"{"id":1,"connect":{"client":"a","ping":25,"pong":true}}"#, "connected 1 Some(25) true");
        check(r#"{"id":1,"connect":{"ping":0}}"#, "connected 1 None false");
        check(r#"{"id":2,"subscribe":{}}"#, "subscribed 2  0 false false 0");
        check(r#"{"id":2,"error":{"code":109,"message":"token expired","temporary":true}}"#, "failed 2 109 token expired true");
        check(r#"{"push":{"channel":"a","pub":{"data":[1],"offset":7}}}"#, "a Some(7) [1]");
        check(r#"{"push":{"channel":"a","unsubscribe":{"code":2500,"reason":"x"}}}"#, "unsubscribed a 2500");
        check(r#"{"push":{"disconnect":{"code":3005}}}"#, "disconnecting 3005");
        check(r#"{"push":{"channel":"a","join":{}}}"#, "other");
        check(r#"{"id":3,"unsubscribe":{}}"#, "other");
        check(r#"[{"id":1}]"#, "unreadable");
        check(r#"{"connect":{}}"#, "unreadable");
        check(r#"{"push":[]}"#, "unreadable");
        check(r#"{"id":-1,"connect":{}}"#, "unreadable");
        check("nonsense", "unreadable");
    }

    #[test]
    fn what_goes_out_is_json_whatever_the_texts_hold() {
        let check = |text: String| assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
        check(connect(1, "a\"b\\", "n\n"));
        check(subscribe(2, "a\"", Some(("\u{1}", u64::MAX))));
        check(unsubscribe(3, "}"));
    }

    proptest! {
        #[test]
        fn any_frame_is_read_without_a_panic(frame in "\\PC*", cut in 0usize..200) {
            messages(&frame).for_each(drop);
            let whole = r#"{"id":2,"subscribe":{"epoch":"Q","offset":44,"recovered":true,"publications":[{"data":{},"offset":43}]}}"#;
            messages(whole.get(..cut.min(whole.len())).unwrap_or("")).for_each(drop);
        }
    }
}
