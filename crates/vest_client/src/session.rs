//! The session: the start, one request after the other, and what a failure of each means.
//!
//! `private` holds the account's own stream. What arrives on it goes to `trading`, what the account says to `account`.

mod private;

use crate::error::Fault;
use crate::instruments::MISSING_MAX;
use crate::state::{Pending, Private, Spelling, Stage, timers};
use crate::wire::rest::{LeverageRow, NonceRow, SymbolRow, object, rows};
use crate::{Access, Generation, PRIVATE, VestClient, VestConfig, register};
use domain::{Mono, Now};
use signing::SanitizedValue;
use venue_api::{Action, Lane, Method, Out, Reply, SessionNews};

/// A ping on each stream (spec section 18: every 15 s).
pub(crate) const PING_MS: u64 = 15_000;
/// An acknowledgement has to come within this (spec section 18).
pub(crate) const ACK_MS: u64 = 5_000;
/// The listen key lives 60 minutes and is renewed after 30 (spec section 10.4).
const LISTEN_KEY_MS: u64 = 30 * 60_000;

/// Where the session stands.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) stage: Stage,
    pub(crate) private: Private,
    pub(crate) api_key: Option<SanitizedValue>,
    pub(crate) acc_group: u32,
    listen_key: Option<SanitizedValue>,
    /// `Ready` was said and not taken back.
    pub(crate) announced: bool,
    retries: u32,
    /// The venue asked to be left alone until then.
    pub(crate) quiet_until: Mono,
    registered_again: bool,
    /// The last request that left before the key in use was known: what is said about its key concerns an older one.
    before_key: u64,
    /// The request whose answer is being read.
    pub(crate) answering: Option<u64>,
    /// `lastNonce` has been read: orders can be signed.
    nonce_known: bool,
    pub(crate) spelling: Spelling,
    spelling_tried: bool,
    /// The CDN refused an upgrade: the next one names an origin.
    pub(crate) origin: bool,
    private_rx: Mono,
    subscribe_id: u64,
}

impl Session {
    pub(crate) fn new(config: &VestConfig) -> Self {
        let registered = match &config.access {
            Access::Account { registered: Some(r), .. } => Some(r),
            _ => None,
        };
        Self {
            stage: Stage::Idle,
            private: Private::Down,
            api_key: registered.map(|r| r.api_key.clone()),
            acc_group: registered.map_or(0, |r| r.acc_group),
            listen_key: None,
            announced: false,
            retries: 0,
            quiet_until: Mono::default(),
            registered_again: false,
            before_key: 0,
            answering: None,
            nonce_known: false,
            spelling: Spelling::X,
            spelling_tried: false,
            origin: false,
            private_rx: Mono::default(),
            subscribe_id: 1_000_000,
        }
    }
}

/// Why a stage did not succeed, as far as it decides what to do.
enum Trouble {
    Retry(String),
    Auth(String),
    Fatal(String),
}

impl VestClient {
    pub(crate) fn begin(&mut self, now: Now, out: &mut Out) {
        if self.session.stage == Stage::Idle {
            self.go(Stage::Info, now, out);
        }
    }

    /// Whether orders can be signed and the account be read: true also while a stream is down, because orders go over
    /// HTTPS and a leg may have to be closed just then.
    pub(crate) fn can_order(&self) -> bool {
        self.session.nonce_known
            && self.session.api_key.is_some()
            && self.signer.is_some()
            && !matches!(self.session.stage, Stage::Fatal | Stage::Stopped)
    }

    /// Closes what is open; the listen key is given back.
    pub(crate) fn end(&mut self, _now: Now, out: &mut Out) {
        if self.session.listen_key.take().is_some() {
            self.request(Pending::Farewell, Lane::Account, Method::Delete, "/account/listenKey".to_owned(), String::new(), out);
        }
        self.close_all(Stage::Stopped, out);
        self.settle("stopped", out);
    }

    pub(crate) fn fatal(&mut self, why: String, out: &mut Out) {
        if matches!(self.session.stage, Stage::Fatal | Stage::Stopped) {
            return;
        }
        self.close_all(Stage::Fatal, out);
        self.settle(&why, out);
        Self::tell(out, SessionNews::Fatal { why });
    }

    fn close_all(&mut self, stage: Stage, out: &mut Out) {
        self.session.stage = stage;
        self.session.private = Private::Down;
        self.feed.open = false;
        for conn in [crate::FEED, PRIVATE] {
            out.actions.push(Action::Close { conn });
        }
    }

    /// Says `Ready` or `Down` when that changed.
    pub(crate) fn settle(&mut self, why: &str, out: &mut Out) {
        // Without an account there is nothing but the feed to wait for.
        let private = self.signer.is_none() || self.session.private == Private::Up;
        let ready = self.session.stage == Stage::Live && private && self.feed.open;
        if ready != self.session.announced {
            self.session.announced = ready;
            Self::tell(out, if ready { SessionNews::Ready } else { SessionNews::Down { why: why.to_owned() } });
        }
    }

    fn go(&mut self, stage: Stage, now: Now, out: &mut Out) {
        self.session.stage = stage;
        let time = self.clock.now_ms(now);
        let pending = Pending::Stage(stage, now);
        match stage {
            Stage::Info => {
                let target = self.info_target();
                self.request(pending, Lane::Public, Method::Get, target, String::new(), out);
            }
            Stage::Register => match self.registration(now) {
                Some(body) => self.request(pending, Lane::Account, Method::Post, "/register".to_owned(), body, out),
                None => self.fatal("the account has no API key and registering is not configured".to_owned(), out),
            },
            Stage::Account | Stage::Verify => self.get(pending, format!("/account?time={time}"), out),
            Stage::Leverage(place) => {
                self.post_leverage(pending, place, now, out);
            }
            Stage::Nonce => self.get(pending, format!("/account/nonce?time={time}"), out),
            Stage::ListenKey => {
                self.request(pending, Lane::Account, Method::Post, "/account/listenKey".to_owned(), String::new(), out);
            }
            Stage::Live => {
                self.arm_refresh(now, out);
                self.settle("", out);
            }
            Stage::Idle | Stage::Fatal | Stage::Stopped => {}
        }
    }

    fn registration(&self, now: Now) -> Option<String> {
        let Access::Account { register: Some(register), .. } = &self.config.access else { return None };
        let ((primary, contract), signer) = (self.registrar.as_ref()?, self.signer.as_ref()?);
        register::request(primary, *contract, signer, register, now.wall.ms()).map(|made| made.body)
    }

    pub(crate) fn stage_reply(&mut self, stage: Stage, sent: Now, reply: Reply<'_>, now: Now, out: &mut Out) {
        if self.session.stage != stage {
            return;
        }
        let next = match reply {
            Reply::Answer { status: status @ 200..=299, body, .. } => match self.stage_done(stage, sent, body, now, out) {
                Some(next) => next,
                None => Err(self.trouble(stage, status, &Fault::parse(body))),
            },
            Reply::Answer { status, body, .. } => Err(self.trouble(stage, status, &Fault::parse(body))),
            Reply::NotSent(why) | Reply::Unknown(why) => Err(Trouble::Retry(why.to_owned())),
        };
        match next {
            Ok(next) => {
                self.session.retries = 0;
                self.go(next, now, out);
            }
            Err(Trouble::Fatal(why)) => self.fatal(why, out),
            Err(Trouble::Auth(why)) => self.auth_lost(&why, now, out),
            Err(Trouble::Retry(why)) => {
                Self::tell(out, SessionNews::Down { why: format!("starting: {why}") });
                let at = self.retry_at(now);
                out.actions.push(Action::Timer { id: timers::RETRY, at });
            }
        }
    }

    /// Reads the answer of a stage and says what comes next; `None` when it does not read.
    fn stage_done(&mut self, stage: Stage, sent: Now, body: &[u8], now: Now, out: &mut Out) -> Option<Result<Stage, Trouble>> {
        Some(match stage {
            Stage::Info => {
                let listed: Vec<SymbolRow<'_>> = rows(body)?;
                if let Err(why) = self.take_grid(&listed) {
                    return Some(Err(Trouble::Fatal(why)));
                }
                self.listing.missing = 0;
                let gone = self.unlisted();
                if !gone.is_empty() {
                    let why = format!("the venue does not list {}: check the symbol, or it was delisted", gone.join(", "));
                    Self::tell(out, SessionNews::Down { why });
                }
                if self.signer.is_none() {
                    self.connect_feed(out);
                    Ok(Stage::Live)
                } else if self.session.api_key.is_some() {
                    self.connect_feed(out);
                    Ok(Stage::Account)
                } else {
                    Ok(Stage::Register)
                }
            }
            Stage::Register => {
                let registered = register::read(body)?;
                self.session.api_key = Some(registered.api_key);
                self.session.before_key = self.requests.last();
                self.session.acc_group = registered.acc_group;
                self.arm_renewal(now, out);
                if !self.feed.open {
                    self.connect_feed(out);
                }
                Ok(Stage::Account)
            }
            Stage::Account | Stage::Verify => {
                self.take_account_head(body, sent, now, out)?;
                match (stage, self.next_leverage(0)) {
                    (_, None) => Ok(Stage::Nonce),
                    (Stage::Account, Some(place)) => Ok(Stage::Leverage(place)),
                    (_, Some(place)) if self.conditions.get(place).is_some_and(|c| c.leverage.is_none()) => Ok(Stage::Nonce),
                    (_, Some(place)) => Err(Trouble::Fatal(self.leverage_sentence(place, "stays different"))),
                }
            }
            Stage::Leverage(place) => {
                let row: LeverageRow<'_> = object(body)?;
                let wanted = i64::from(self.config.instruments.get(place)?.leverage);
                if row.value.int()? != wanted {
                    return Some(Err(Trouble::Fatal(self.leverage_sentence(place, "was answered with another value"))));
                }
                if let Some(condition) = self.conditions.get_mut(place) {
                    condition.leverage_fits = true;
                }
                self.next_leverage(place + 1).map_or(Ok(Stage::Verify), |next| Ok(Stage::Leverage(next)))
            }
            Stage::Nonce => {
                self.nonces.raise(object::<NonceRow<'_>>(body)?.last_nonce.uint()?);
                self.session.nonce_known = true;
                Ok(Stage::ListenKey)
            }
            Stage::ListenKey => {
                let same = self.take_listen_key(body)?;
                if !same || self.session.private == Private::Down {
                    self.connect_private(out);
                }
                out.actions.push(Action::Timer { id: timers::LISTEN_KEY, at: now.mono.plus_ms(LISTEN_KEY_MS) });
                Ok(Stage::Live)
            }
            Stage::Idle | Stage::Live | Stage::Fatal | Stage::Stopped => return None,
        })
    }

    fn trouble(&mut self, stage: Stage, status: u16, fault: &Fault) -> Trouble {
        let said = fault.sentence(status);
        if stage == Stage::Info {
            return self.info_trouble(status, fault, said);
        }
        match (stage, fault.code) {
            (Stage::Register, Some(1022 | 1002 | 1024 | 1099)) => {
                Trouble::Fatal(format!("the venue refuses the registration ({said}): check primary key, contract and expiry"))
            }
            (_, Some(1146)) => Trouble::Fatal(format!("account group {} is wrong ({said})", self.session.acc_group)),
            (_, Some(1099)) => Trouble::Fatal(format!("the account does not exist ({said}): deposit first, or check the group")),
            (Stage::Leverage(place), Some(code)) if crate::error::kind(code, false).is_some() && !fault.is_rate_limit(status) => {
                if fault.is_auth(status) {
                    Trouble::Auth(said)
                } else {
                    Trouble::Fatal(self.leverage_sentence(place, &said))
                }
            }
            _ if fault.is_auth(status) && stage != Stage::Register => Trouble::Auth(said),
            _ => Trouble::Retry(said),
        }
    }

    /// The list of instruments cannot be read. A symbol it does not know hides all others, so all are asked for; a path that is
    /// missing again and again is a generation that has gone.
    fn info_trouble(&mut self, status: u16, fault: &Fault, said: String) -> Trouble {
        if fault.code == Some(1121) {
            self.listing.all = true;
            return Trouble::Retry(format!("a configured symbol is not listed ({said})"));
        }
        if !matches!(status, 404 | 410) {
            self.listing.missing = 0;
            return Trouble::Retry(said);
        }
        self.listing.missing = self.listing.missing.saturating_add(1);
        match (self.listing.missing >= MISSING_MAX, self.signer.is_some(), self.config.feed) {
            (true, true, _) => Trouble::Fatal(format!(
                "v2 of the venue's API is gone ({said} on exchangeInfo), and v3 has no known login for machines: no order can be \
                 sent, market data alone is left"
            )),
            (true, false, Generation::V2) => {
                Trouble::Fatal(format!("v2 of the venue's API is gone ({said} on exchangeInfo): point the feed at v3"))
            }
            _ => Trouble::Retry(said),
        }
    }

    pub(crate) fn nonce_again(&mut self, reply: Reply<'_>) {
        if let Reply::Answer { status: 200..=299, body, .. } = reply
            && let Some(last) = object::<NonceRow<'_>>(body).and_then(|row| row.last_nonce.uint())
        {
            self.nonces.raise(last);
        }
    }

    /// The key is not accepted any more: register once more if that is ours to do, else a person must.
    pub(crate) fn auth_lost(&mut self, why: &str, now: Now, out: &mut Out) {
        if matches!(self.session.stage, Stage::Fatal | Stage::Stopped | Stage::Register) {
            return;
        }
        if self.session.answering.is_some_and(|request| request <= self.session.before_key) {
            return; // it went with no key or with the one before: the key in use has not been judged
        }
        if self.registrar.is_none() || self.session.registered_again {
            return self
                .fatal(format!("the venue does not accept the API key or the signing key ({why}): register it anew"), out);
        }
        self.session.registered_again = true;
        self.session.api_key = None;
        self.session.listen_key = None;
        if self.session.private != Private::Down {
            self.session.private = Private::Down;
            out.actions.push(Action::Close { conn: PRIVATE });
        }
        self.go(Stage::Register, now, out);
        self.settle(why, out);
    }

    fn arm_renewal(&self, now: Now, out: &mut Out) {
        if let Access::Account { register: Some(r), .. } = &self.config.access {
            let wait = u64::try_from(r.valid_for_ms).unwrap_or(0) / 5 * 4;
            out.actions.push(Action::Timer { id: timers::RENEW, at: now.mono.plus_ms(wait) });
        }
    }

    /// Half a second, doubling to half a minute, and never before the venue wants to hear from us again.
    fn retry_at(&mut self, now: Now) -> Mono {
        let wait = 500u64.saturating_mul(1 << self.session.retries.min(6)).min(30_000);
        self.session.retries = self.session.retries.saturating_add(1);
        now.mono.plus_ms(wait).max(self.session.quiet_until)
    }
}
