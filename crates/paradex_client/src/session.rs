//! Coming up: configuration, clock, state, markets, login (paradex.md 13), and keeping all of these fresh.
//!
//! Owns the sequence before the first connection, the token, the venue's clock and state. The connections are in
//! `link`.

use crate::client::{Http, ParadexClient, TimerKind, set_timer};
use crate::error::{kind_of, needs_person};
use crate::link::{FEED, Link, ORDERS, Phase};
use crate::rules::in_release_window;
use crate::wire::rest::{AuthResult, ErrorBody, SystemConfig, SystemState, SystemTime, parse_body};
use domain::{Mono, Now, RefusalKind, Wall};
use signing::SanitizedValue;
use venue_api::{Backoff, Header, Lane, Method, Out, Reply, SessionNews, VenueNews};

/// A token lives this long (paradex.md 2.4).
const TOKEN_LIFE_MS: u64 = 300_000;
/// A login that failed is tried again after this long; the venue allows 600 a minute (paradex.md 10).
const TOKEN_AGAIN_MS: u64 = 250;
/// A login signature may be used this long; the venue allows up to a week (paradex.md 2.4).
const LOGIN_LIFE_S: u64 = 1_800;
/// How often the venue's clock is measured again.
const CLOCK_EVERY_MS: u64 = 60_000;
/// How often the venue's state is asked for: its release window has phases of about two minutes (paradex.md 11).
const STATE_EVERY_MS: u64 = 15_000;
/// And how often in the release window.
const RELEASE_EVERY_MS: u64 = 3_000;
/// How often the connections are looked after.
const WATCH_EVERY_MS: u64 = 5_000;

/// What has to be known before any connection is made, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boot {
    Config,
    Time,
    State,
    Markets,
    Onboard,
    Login,
    Done,
}

/// State of the session.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) boot: Boot,
    backoff: Backoff,
    pub(crate) sbe_version: u16,
    token: Option<(SanitizedValue, Mono)>,
    /// The token is younger than the last loss of the order socket.
    pub(crate) token_fresh: bool,
    token_asked: bool,
    /// The order socket has refused an order for the age of its token.
    pub(crate) token_ends_orders: bool,
    /// A moment on our monotonic clock and the venue's time at it, microseconds: a step of our wall clock must not move
    /// the venue's.
    clock: Option<(Mono, i64)>,
    pub(crate) feed: Link,
    pub(crate) orders: Link,
    pub(crate) announced: bool,
    pub(crate) stopping: bool,
    pub(crate) fatal: bool,
}

impl Session {
    pub(crate) fn new(sbe_version: u16) -> Self {
        Self {
            boot: Boot::Config,
            backoff: Backoff::new(250, 5_000),
            sbe_version,
            token: None,
            token_fresh: false,
            token_asked: false,
            token_ends_orders: false,
            clock: None,
            feed: Link::new(),
            orders: Link::new(),
            announced: false,
            stopping: false,
            fatal: false,
        }
    }

    /// The venue's clock.
    pub(crate) fn venue_time(&self, now: Now) -> Wall {
        let Some((then, venue_us)) = self.clock else { return now.wall };
        let us = |ns: u64| i64::try_from(ns / 1_000).unwrap_or(i64::MAX);
        Wall(venue_us.saturating_add(us(now.mono.since(then))).saturating_sub(us(then.since(now.mono))))
    }
    /// Takes in the venue's clock, asked at `sent` and answered now; the offset to our wall clock at the middle, ms.
    pub(crate) fn measured(&mut self, server_ms: i64, sent: Now, now: Now) -> i64 {
        let server = Wall::from_ms(server_ms).0;
        self.clock = Some((Mono(sent.mono.0.saturating_add(now.mono.since(sent.mono) / 2)), server));
        let middle = sent.wall.0.saturating_add(now.wall.0.saturating_sub(sent.wall.0) / 2);
        server.saturating_sub(middle) / 1_000
    }
    /// A token that is good for at least some seconds more.
    pub(crate) fn token(&self, now: Mono) -> Option<&SanitizedValue> {
        self.token.as_ref().filter(|(_, at)| now.since(*at) < (TOKEN_LIFE_MS - 5_000) * 1_000_000).map(|(t, _)| t)
    }
    /// Whether the order socket takes orders.
    pub(crate) fn socket_up(&self) -> bool {
        self.orders.phase >= Phase::Merging && !self.stopping
    }
}

impl ParadexClient {
    /// Asks for what the boot needs next.
    pub(crate) fn boot_next(&mut self, now: Now, out: &mut Out) {
        if self.session.stopping || self.session.fatal {
            return;
        }
        match self.session.boot {
            Boot::Config => self.get(Http::Config, Lane::Public, "/system/config".to_owned(), out),
            Boot::Time => self.ask_time(now, out),
            Boot::State => self.get(Http::State, Lane::Public, "/system/state".to_owned(), out),
            Boot::Markets => self.ask_markets(out),
            Boot::Onboard if !self.config.onboard => self.boot_done(Boot::Onboard, now, out),
            Boot::Login if self.config.data_only => self.boot_done(Boot::Login, now, out),
            Boot::Onboard => self.ask_onboarding(out),
            Boot::Login => self.want_token(now, out),
            Boot::Done => {
                self.connect(FEED, out);
                if !self.config.data_only {
                    self.connect(ORDERS, out);
                }
                set_timer(TimerKind::Clock, 0, now.mono.plus_ms(CLOCK_EVERY_MS), out);
                set_timer(TimerKind::State, 0, now.mono.plus_ms(STATE_EVERY_MS), out);
                set_timer(TimerKind::Watch, 0, now.mono.plus_ms(WATCH_EVERY_MS), out);
                self.ask_fees(now, out);
                set_timer(TimerKind::Rules, 0, now.mono.plus_ms(self.config.rules_every_ms.max(1_000)), out);
                self.audit_next(now, out);
            }
        }
    }

    /// A step of the boot is over; replies of the same kind after the boot change nothing here.
    fn boot_done(&mut self, step: Boot, now: Now, out: &mut Out) {
        if self.session.boot != step {
            return;
        }
        self.session.boot = match step {
            Boot::Config => Boot::Time,
            Boot::Time => Boot::State,
            Boot::State => Boot::Markets,
            Boot::Markets => Boot::Onboard,
            Boot::Onboard => Boot::Login,
            Boot::Login | Boot::Done => Boot::Done,
        };
        self.session.backoff.reset();
        self.boot_next(now, out);
    }

    fn boot_again(&mut self, now: Now, out: &mut Out) {
        // The first wait of a backoff is nothing; a failed step waits at least the base.
        if self.session.backoff.tries() == 0 {
            self.session.backoff.next_ms(0);
        }
        let wait = self.session.backoff.next_ms(0);
        set_timer(TimerKind::Boot, 0, now.mono.plus_ms(wait), out);
    }

    /// Without a person nothing goes on.
    pub(crate) fn fatal(&mut self, why: String, out: &mut Out) {
        if !self.session.fatal {
            self.session.fatal = true;
            out.news.push(VenueNews::Session(SessionNews::Fatal { why }));
        }
    }

    fn ask_time(&mut self, now: Now, out: &mut Out) {
        self.get(Http::Time { sent: now }, Lane::Public, "/system/time".to_owned(), out);
    }
    fn ask_state(&mut self, out: &mut Out) {
        self.get(Http::State, Lane::Public, "/system/state".to_owned(), out);
    }

    /// Something the venue said makes its clock or its state worth asking for now.
    pub(crate) fn recheck(&mut self, code: &str, now: Now, out: &mut Out) {
        match code {
            "INVALID_TIMESTAMP" | "EXPIRED" => self.ask_time(now, out),
            "MARKET_NOT_OPEN" => {
                self.ask_state(out);
                self.ask_markets(out);
            }
            "SYSTEM_STATUS_POST_ONLY" | "SYSTEM_STATUS_CANCEL_ONLY" => self.ask_state(out),
            // Our rules of the market are wrong: a grid that changed, a market that ended.
            _ if kind_of(code) == Some(RefusalKind::Filter) => self.ask_markets(out),
            "INVALID_TOKEN" | "UNAUTHORIZED_ERROR" => self.renew_token(now, out),
            "40110" | "40111" | "40300" => self.socket_refused_token(now, out),
            _ => {}
        }
    }

    /// A timer of the session is due.
    pub(crate) fn on_session_timer(&mut self, kind: TimerKind, now: Now, out: &mut Out) {
        if self.session.stopping || self.session.fatal {
            return;
        }
        match kind {
            TimerKind::Boot => self.boot_next(now, out),
            TimerKind::Token => self.want_token(now, out),
            TimerKind::Clock => {
                self.ask_time(now, out);
                set_timer(TimerKind::Clock, 0, now.mono.plus_ms(CLOCK_EVERY_MS), out);
            }
            TimerKind::State => {
                self.ask_state(out);
                let every = if in_release_window(self.session.venue_time(now)) { RELEASE_EVERY_MS } else { STATE_EVERY_MS };
                set_timer(TimerKind::State, 0, now.mono.plus_ms(every), out);
            }
            TimerKind::Rules => self.reread_rules(now, out),
            TimerKind::Audit => self.audit_next(now, out),
            TimerKind::Merge if self.session.orders.phase == Phase::Merging => self.start_merge(now, out),
            TimerKind::Watch => {
                self.watch(now, out);
                set_timer(TimerKind::Watch, 0, now.mono.plus_ms(WATCH_EVERY_MS), out);
            }
            _ => {}
        }
    }

    fn ask_onboarding(&mut self, out: &mut Out) {
        let (Ok(signed), Some(l1)) = (self.signer.onboarding(), self.config.l1_address.clone()) else {
            return self.fatal("the Paradex account cannot be onboarded: the chain id of the venue cannot be signed".into(), out);
        };
        let headers = vec![
            Header { name: "PARADEX-ETHEREUM-ACCOUNT", value: l1.into() },
            Header { name: "PARADEX-STARKNET-ACCOUNT", value: self.config.account.as_str().into() },
            Header { name: "PARADEX-STARKNET-SIGNATURE", value: signed.wire.into() },
        ];
        let body = format!(r#"{{"public_key":"{}"}}"#, self.signer.public_key());
        self.request(Http::Onboard, Lane::Account, Method::Post, "/onboarding".to_owned(), headers, body, out);
    }

    /// Asks for a token unless one is on its way.
    pub(crate) fn want_token(&mut self, now: Now, out: &mut Out) {
        if self.session.token_asked || self.session.stopping || self.session.fatal || self.config.data_only {
            return;
        }
        // A question about an order of an earlier life may come before the venue has named its chain: the login
        // that the start leads to serves it too.
        if !self.signer.knows_chain() {
            return;
        }
        let from = u64::try_from(self.session.venue_time(now).ms()).unwrap_or(0) / 1_000;
        let until = from.saturating_add(LOGIN_LIFE_S);
        let Ok(signed) = self.signer.login(from, until) else {
            return self.fatal("the Paradex login cannot be signed for the chain id the venue named".into(), out);
        };
        self.session.token_asked = true;
        let headers = vec![
            Header { name: "PARADEX-STARKNET-ACCOUNT", value: self.config.account.as_str().into() },
            Header { name: "PARADEX-STARKNET-SIGNATURE", value: signed.wire.into() },
            Header { name: "PARADEX-TIMESTAMP", value: from.to_string().into() },
            Header { name: "PARADEX-SIGNATURE-EXPIRATION", value: until.to_string().into() },
        ];
        // The form with the key in the URL tells the server which key signed (paradex.md 2.4).
        let target = format!("/auth/{}", self.signer.public_key());
        self.request(Http::Auth, Lane::Account, Method::Post, target, headers, String::new(), out);
    }

    /// The token was refused: it is of no use to anybody any more.
    pub(crate) fn renew_token(&mut self, now: Now, out: &mut Out) {
        self.session.token = None;
        self.session.token_fresh = false;
        self.want_token(now, out);
    }

    /// The answer to a request of the session's own.
    pub(crate) fn on_session_reply(&mut self, http: Http, reply: Reply<'_>, now: Now, out: &mut Out) {
        let body = match reply {
            Reply::Answer { status: 200..=299, body, .. } => Ok(body),
            Reply::Answer { status, body, .. } => Err((status, parse_body::<ErrorBody<'_>>(body).ok())),
            Reply::NotSent(_) | Reply::Unknown(_) => Err((0, None)),
        };
        match http {
            Http::Config => match body.map(parse_body::<SystemConfig<'_>>) {
                Ok(Ok(config)) => match self.signer.set_chain(&config.starknet_chain_id) {
                    Ok(()) => self.boot_done(Boot::Config, now, out),
                    Err(_) => self.fatal(format!("Paradex names a chain id that is none: {}", config.starknet_chain_id), out),
                },
                _ => self.boot_again(now, out),
            },
            Http::Time { sent } => match body.map(parse_body::<SystemTime>) {
                Ok(Ok(time)) => {
                    let offset_ms = self.session.measured(time.server_time, sent, now);
                    out.news.push(VenueNews::Session(SessionNews::ClockOffset { offset_ms }));
                    self.boot_done(Boot::Time, now, out);
                }
                _ => self.boot_failed(Boot::Time, now, out),
            },
            Http::State => match body.map(parse_body::<SystemState<'_>>) {
                Ok(Ok(state)) => {
                    self.take_state(&state.status);
                    self.boot_done(Boot::State, now, out);
                }
                _ => self.boot_failed(Boot::State, now, out),
            },
            Http::Markets => {
                let first = self.session.boot == Boot::Markets;
                match body.map(|b| self.take_markets(b, first, now, out)) {
                    Ok(Ok(Ok(()))) => self.boot_done(Boot::Markets, now, out),
                    Ok(Ok(Err(why))) => self.fatal(why, out),
                    _ => self.boot_failed(Boot::Markets, now, out),
                }
                self.markets_answered(out);
            }
            // Without an answer what was known before holds on; the timer asks again.
            Http::Fees => drop(body.map(|b| self.take_fees(b))),
            Http::Onboard => match body {
                Ok(_) => self.boot_done(Boot::Onboard, now, out),
                // Saying it twice is harmless (paradex.md 2.3).
                Err((_, Some(e))) if e.error.ends_with("ALREADY_ONBOARDED") => self.boot_done(Boot::Onboard, now, out),
                Err((400..=499, Some(e))) if e.error != "INVALID_TIMESTAMP" => {
                    let words = sentence(&e);
                    self.fatal(format!("Paradex does not onboard this account: {words}"), out);
                }
                Err(_) => self.boot_again(now, out),
            },
            Http::Auth => self.on_token(body.map_err(|(_, e)| e), now, out),
            _ => {}
        }
    }

    fn boot_failed(&mut self, step: Boot, now: Now, out: &mut Out) {
        if self.session.boot == step {
            self.boot_again(now, out);
        }
    }

    fn on_token(&mut self, answer: Result<&[u8], Option<ErrorBody<'_>>>, now: Now, out: &mut Out) {
        self.session.token_asked = false;
        let token = answer.map(parse_body::<AuthResult<'_>>);
        let Ok(Ok(auth)) = token else {
            if let Err(Some(e)) = &token {
                if needs_person(&e.error) {
                    let words = sentence(e);
                    return self.fatal(format!("Paradex refuses the login of this account and key: {words}"), out);
                }
                if e.error == "INVALID_TIMESTAMP" && self.session.boot == Boot::Done {
                    self.ask_time(now, out);
                } else if e.error == "INVALID_TIMESTAMP" {
                    self.session.boot = Boot::Time;
                }
            }
            if self.session.boot == Boot::Done {
                set_timer(TimerKind::Token, 0, now.mono.plus_ms(TOKEN_AGAIN_MS), out);
            } else {
                self.boot_again(now, out);
            }
            return;
        };
        // It goes into JSON texts as it is.
        if !auth.jwt_token.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\') || auth.jwt_token.is_empty() {
            return self.fatal("Paradex sent a login token that is none".into(), out);
        }
        self.session.token = Some((SanitizedValue::new(auth.jwt_token.into_owned()), now.mono));
        self.session.token_fresh = true;
        let life = TOKEN_LIFE_MS.saturating_sub(self.config.jwt_refresh_margin_ms).max(1_000);
        set_timer(TimerKind::Token, 0, now.mono.plus_ms(life), out);
        if self.session.orders.phase == Phase::Open {
            self.log_in(now, out);
        } else {
            self.show_token(now, out);
        }
        self.boot_done(Boot::Login, now, out);
    }
}

/// An error of the venue's as words for a person.
fn sentence(e: &ErrorBody<'_>) -> String {
    match e.message.as_deref().filter(|m| !m.is_empty()) {
        Some(message) => format!("{} ({})", e.error, message.chars().take(160).collect::<String>()),
        None => e.error.to_string(),
    }
}
