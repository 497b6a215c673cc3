//! The account's own stream: its listen key, its subscription, what ends it and how it comes back; and the timers of
//! both streams.
//!
//! Source: spec sections 10.1, 10.2 and 10.4. It has neither a sequence nor a replay, so every connect is followed by a
//! reconciliation over REST before anything is called ready.

use super::{ACK_MS, LISTEN_KEY_MS, PING_MS};
use crate::error::Fault;
use crate::state::{Pending, Private, Spelling, Stage, timers};
use crate::wire::rest::{ListenKeyRow, object};
use crate::{PRIVATE, VestClient, parse, wire};
use domain::Now;
use signing::SanitizedValue;
use venue_api::{Action, Header, Lane, Method, Out, Payload, Reply, SessionNews, TimerId};

/// Two pings without any message: the private stream is dead.
const PRIVATE_SILENCE_MS: u64 = 2 * PING_MS + 1_000;

impl VestClient {
    pub(crate) fn upgrade_headers(&self) -> Vec<Header> {
        let mut headers = self.headers();
        headers.retain(|h| h.name == "User-Agent");
        if self.session.origin {
            headers.push(Header { name: "Origin", value: SanitizedValue::new("https://vestmarkets.com") });
        }
        headers
    }

    pub(crate) fn connect_private(&mut self, out: &mut Out) {
        let Some(key) = &self.session.listen_key else { return };
        let target = format!(
            "?version=1.0&{}=restserver{}&listenKey={}",
            self.session.spelling.word(),
            self.session.acc_group,
            key.expose_secret()
        );
        self.session.private = Private::Down;
        let headers = self.upgrade_headers();
        out.actions.push(Action::Connect { conn: PRIVATE, target: SanitizedValue::new(target), headers });
    }

    pub(super) fn take_listen_key(&mut self, body: &[u8]) -> Option<bool> {
        let row: ListenKeyRow<'_> = object(body)?;
        let key = row.listen_key.text();
        if !parse::is_plain_token(key) {
            return None;
        }
        let same = self.session.listen_key.as_ref().is_some_and(|old| old.expose_secret() == key);
        self.session.listen_key = Some(SanitizedValue::new(key));
        Some(same)
    }

    fn ask_listen_key(&mut self, post: bool, out: &mut Out) {
        let method = if post { Method::Post } else { Method::Put };
        self.request(Pending::ListenKey { post }, Lane::Account, method, "/account/listenKey".to_owned(), String::new(), out);
    }

    pub(crate) fn listen_key_reply(&mut self, post: bool, reply: Reply<'_>, now: Now, out: &mut Out) {
        if self.session.stage != Stage::Live {
            return;
        }
        let failed = match reply {
            Reply::Answer { status: 200..=299, body, .. } => match self.take_listen_key(body) {
                Some(same) => {
                    self.session.retries = 0;
                    out.actions.push(Action::Timer { id: timers::LISTEN_KEY, at: now.mono.plus_ms(LISTEN_KEY_MS) });
                    // The same key means the old stream goes on; it was only extended.
                    if !same || self.session.private == Private::Down {
                        self.connect_private(out);
                        self.settle("the listen key changed", out);
                    }
                    return;
                }
                None => "the answer does not read".to_owned(),
            },
            Reply::Answer { status, body, .. } => {
                let fault = Fault::parse(body);
                if fault.is_auth(status) {
                    return self.auth_lost(&fault.sentence(status), now, out);
                }
                fault.sentence(status)
            }
            Reply::NotSent(why) | Reply::Unknown(why) => why.to_owned(),
        };
        if post {
            // A stream that is up stays up until its old key ends; without one nothing can be ready.
            if self.session.private == Private::Down {
                Self::tell(out, SessionNews::Down { why: format!("no listen key: {failed}") });
            }
            let at = self.retry_at(now);
            out.actions.push(Action::Timer { id: timers::KEY_RETRY, at });
        } else {
            // Expired or refused: a new one (spec section 10.4).
            self.ask_listen_key(true, out);
        }
    }

    pub(crate) fn private_opened(&mut self, now: Now, out: &mut Out) {
        self.session.private_rx = now.mono;
        self.session.private = Private::Subscribing;
        self.subscribe_private(now, out);
        out.actions.push(Action::Timer { id: timers::PRIVATE_PING, at: now.mono.plus_ms(PING_MS) });
        out.actions.push(Action::Timer { id: timers::PRIVATE_SILENCE, at: now.mono.plus_ms(PRIVATE_SILENCE_MS) });
    }

    fn subscribe_private(&mut self, now: Now, out: &mut Out) {
        self.session.subscribe_id += 1;
        let payload = Payload::Text(wire::ws::subscribe("account_private", self.session.subscribe_id));
        out.actions.push(Action::Send { conn: PRIVATE, payload });
        out.actions.push(Action::Timer { id: timers::PRIVATE_SUBSCRIBE, at: now.mono.plus_ms(ACK_MS) });
    }

    /// A message of the private stream: an acknowledgement, or news about an order.
    pub(crate) fn private_frame(&mut self, json: Option<&[u8]>, now: Now, out: &mut Out) {
        self.session.private_rx = now.mono;
        let Some(envelope) = json.and_then(object::<wire::ws::Envelope<'_>>) else {
            return self.ask_about_all(now, out);
        };
        let private = envelope.channel.as_deref() == Some("account_private");
        let acknowledged = envelope.id.and_then(|id| id.uint()) == Some(self.session.subscribe_id) && envelope.code.is_none();
        if self.session.private == Private::Subscribing && (private || acknowledged) {
            self.session.private = Private::Reconciling;
            // The link has proven both spelling and key.
            self.session.spelling_tried = false;
            out.actions.push(Action::CancelTimer { id: timers::PRIVATE_SUBSCRIBE });
            Self::tell(out, SessionNews::Connected { what: "private" });
            self.begin_account_read(now, out);
            self.ask_about_all(now, out);
        }
        if private && let Some(data) = envelope.data {
            self.private_event(data, now, out);
        }
    }

    pub(crate) fn private_closed(&mut self, code: Option<u16>, why: &str, now: Now, out: &mut Out) {
        self.session.private = Private::Down;
        self.settle(&format!("private stream: {why}"), out);
        if self.session.stage != Stage::Live {
            return;
        }
        match code {
            // Key not found or expired, or refused at the upgrade.
            Some(4004 | 4005 | 401) => {
                self.session.listen_key = None;
                self.ask_listen_key(true, out);
            }
            _ if self.may_reconnect(code, now, out) => self.connect_private(out),
            _ => {}
        }
    }

    /// What a close code allows (spec section 10.4); what it forbids has been said as fatal.
    pub(crate) fn may_reconnect(&mut self, code: Option<u16>, _now: Now, out: &mut Out) -> bool {
        match code {
            Some(code @ (4001 | 4002)) if self.session.spelling_tried => {
                self.fatal(format!("the stream refuses account group {} (close code {code})", self.session.acc_group), out);
                false
            }
            Some(4001 | 4002) => {
                self.session.spelling_tried = true;
                self.session.spelling = if self.session.spelling == Spelling::X { Spelling::Plain } else { Spelling::X };
                true
            }
            Some(code @ (4000 | 4003)) => {
                let what = if code == 4000 { "the API version" } else { "the connection without a listen key" };
                self.fatal(format!("the stream refuses {what} (close code {code})"), out);
                false
            }
            Some(403 | 530) => {
                self.session.origin = true;
                true
            }
            _ => true,
        }
    }

    pub(crate) fn session_timer(&mut self, timer: TimerId, now: Now, out: &mut Out) {
        let live = self.session.stage == Stage::Live;
        match timer {
            timers::RETRY if !live => self.go(self.session.stage, now, out),
            timers::LISTEN_KEY if live => self.ask_listen_key(false, out),
            timers::KEY_RETRY if live => self.ask_listen_key(true, out),
            timers::RENEW if live => {
                self.session.registered_again = false;
                self.go(Stage::Register, now, out);
                self.settle("the registration is renewed", out);
            }
            timers::INFO if live => {
                self.refresh(out);
                self.arm_refresh(now, out);
            }
            timers::ACCOUNT_AGAIN => self.begin_account_read(now, out),
            timers::ACCOUNT_RETRY if self.session.private == Private::Reconciling => self.begin_account_read(now, out),
            timers::FEED_PING if self.feed.open => Self::ping(crate::FEED, timer, now, out),
            timers::PRIVATE_PING if self.session.private != Private::Down => Self::ping(PRIVATE, timer, now, out),
            timers::FEED_SILENCE => self.feed_silence_due(now, out),
            timers::PRIVATE_SUBSCRIBE if self.session.private == Private::Subscribing => self.subscribe_private(now, out),
            timers::PRIVATE_SILENCE if self.session.private != Private::Down => {
                let dead_at = self.session.private_rx.plus_ms(PRIVATE_SILENCE_MS);
                if now.mono < dead_at {
                    out.actions.push(Action::Timer { id: timer, at: dead_at });
                } else {
                    self.connect_private(out);
                    self.settle("private stream: silent", out);
                }
            }
            _ => {}
        }
    }

    fn ping(conn: venue_api::ConnId, timer: TimerId, now: Now, out: &mut Out) {
        out.actions.push(Action::Send { conn, payload: Payload::Text(wire::ws::PING.to_owned()) });
        out.actions.push(Action::Timer { id: timer, at: now.mono.plus_ms(PING_MS) });
    }
}
