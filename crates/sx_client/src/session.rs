//! What has to be known before a bet may leave: metadata, fees and the token, read at the start and again, and what the failure of
//! each means.
//!
//! start: metadata, fees, token and markets at once - connect (`realtime`) - Ready once the account's two channels are live.

use crate::channels::Channels;
use crate::error::Fault;
use crate::requests::{Pending, timers};
use crate::{SxClient, call, metadata, parse};
use domain::{MarketId, Mono, Now};
use signing::SanitizedValue;
use venue_api::{Action, BetNews, BetOut, ConnId, QuoteNews, Reply, SessionNews};

/// The one realtime connection.
pub(crate) const REALTIME: ConnId = ConnId(0);
/// Between two tries of a read that failed at the start, ms.
const RETRY_MS: u64 = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// Not there, or asked for.
    Down,
    /// Open; the reply to `connect` is waited for.
    Connecting,
    Up,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) link: Link,
    pub(crate) token: Option<SanitizedValue>,
    pub(crate) channels: Channels,
    /// Number of the last command.
    pub(crate) command: u32,
    pub(crate) last_rx: Mono,
    /// Longest silence that is no fault, ms.
    pub(crate) silence_ms: u64,
    pub(crate) pong: bool,
    pub(crate) announced: bool,
    pub(crate) stopped: bool,
    pub(crate) fatal: bool,
    /// Connections that a fresh token did not help.
    pub(crate) refused: u32,
}

impl Session {
    pub(crate) const fn new(channels: Channels) -> Self {
        Self {
            link: Link::Down,
            token: None,
            channels,
            command: 0,
            last_rx: Mono(0),
            silence_ms: 0,
            pong: true,
            announced: false,
            stopped: false,
            fatal: false,
            refused: 0,
        }
    }
    pub(crate) const fn over(&self) -> bool {
        self.stopped || self.fatal
    }
}

impl SxClient {
    pub(crate) fn begin(&mut self, now: Now, out: &mut BetOut) {
        self.ask(Pending::Metadata, call::metadata(), now, out);
        self.ask(Pending::Token, call::realtime_token(), now, out);
        self.ask(Pending::Fees, call::fees(), now, out);
        self.read_markets(now, out);
    }

    /// Stops everything but the questions about bets: a person has to act.
    pub(crate) fn fatal(&mut self, why: String, out: &mut BetOut) {
        if !self.session.fatal {
            self.session.fatal = true;
            self.session.announced = false;
            out.news.push(BetNews::Session(SessionNews::Fatal { why }));
            out.actions.push(Action::Close { conn: REALTIME });
        }
    }

    /// Says `Ready` or `Down` when that has changed.
    pub(crate) fn announce(&mut self, why: &str, out: &mut BetOut) {
        let live = self.session.link == Link::Up && self.session.channels.account_live();
        let ready = live && self.metadata.is_some() && self.fees.is_some() && !self.session.over();
        if ready != self.session.announced {
            self.session.announced = ready;
            let news = if ready { SessionNews::Ready } else { SessionNews::Down { why: why.to_owned() } };
            out.news.push(BetNews::Session(news));
        }
    }

    /// Metadata that is too old is as good as none: a bet signed for a contract that is no more would be money held up.
    pub(crate) fn metadata_fresh(&self, now: Now) -> bool {
        let age_max = self.config.metadata_age_ms_max.saturating_mul(1_000_000);
        self.metadata.as_ref().is_some_and(|(_, read_at)| now.mono.since(*read_at) <= age_max)
    }

    pub(crate) fn metadata_reply(&mut self, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        let Reply::Answer { status: 200, body, .. } = reply else { return Self::timer(timers::METADATA, RETRY_MS, now, out) };
        match metadata::read(body, self.config.chain_id, self.config.escrow, self.config.delay_ms) {
            Ok(read) => {
                let first = self.metadata.is_none();
                self.metadata = Some((read, now.mono));
                if first {
                    // Without a ladder no book had a quote.
                    let books: Vec<MarketId> = self.books.keys().copied().collect();
                    books.into_iter().for_each(|market| self.tell_quotes(market, out));
                }
                self.announce("", out);
            }
            Err(fault) => {
                // Fails closed: whatever was believed before, nothing is signed for a venue that disagrees.
                let why = "the venue's word about itself is not believed";
                self.metadata = None;
                let known = self.books.iter().filter(|(_, book)| book.is_valid());
                out.quotes.extend(known.map(|(market, _)| QuoteNews::Lost { market: *market, why }));
                out.news.push(BetNews::QueryFailed { bet: None, why: fault.to_string() });
                self.announce(&fault.to_string(), out);
            }
        }
        Self::timer(timers::METADATA, self.config.metadata_every_ms, now, out);
    }

    pub(crate) fn fees_reply(&mut self, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        match reply {
            Reply::Answer { status: 200, body, .. } if parse::fees(body).is_some() => {
                self.fees = parse::fees(body);
                self.announce("", out);
                Self::timer(timers::FEES, self.config.metadata_every_ms, now, out);
            }
            Reply::Answer { status, body, .. } if Fault::read(status, body).is_auth() => self.key_refused(out),
            _ => Self::timer(timers::FEES, RETRY_MS, now, out),
        }
    }

    fn key_refused(&mut self, out: &mut BetOut) {
        self.fatal(
            "the API key is not accepted on this network: make a new one (a key of the old order book does not work)".to_owned(),
            out,
        );
    }

    pub(crate) fn token_reply(&mut self, reply: Reply<'_>, now: Now, out: &mut BetOut) {
        match reply {
            Reply::Answer { status: 200, body, .. } => match parse::realtime_token(body) {
                Some(token) => {
                    self.session.token = Some(token);
                    self.connect(out);
                }
                None => Self::timer(timers::TOKEN, RETRY_MS, now, out),
            },
            Reply::Answer { status, body, .. } if Fault::read(status, body).is_auth() => self.key_refused(out),
            _ => Self::timer(timers::TOKEN, RETRY_MS, now, out),
        }
    }
}
