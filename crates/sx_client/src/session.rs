//! The session: what is read at the start and again, the realtime connection, and what the failure of each means.
//!
//! start: metadata, fees and token at once - connect - every channel in one frame - Ready once the account's two channels live.
//! A lost connection is opened again at once with the token that is there; the gap is closed by recovery, or the venue is asked.

use crate::call;
use crate::error::Fault;
use crate::metadata;
use crate::out::{News, Out, QuoteNews};
use crate::requests::{Pending, timers};
use crate::wire::ws::{self, Message, Publication};
use crate::{SxClient, catalog, parse};
use domain::{MarketId, Mono, Now};
use signing::SanitizedValue;
use std::fmt::Write as _;
use venue_api::{Action, ConnId, Payload, Reply, SessionNews};

/// The one realtime connection.
pub(crate) const REALTIME: ConnId = ConnId(0);
/// The reply to `connect` has to come within this, ms.
const CONNECT_MS: u64 = 5_000;
/// Beyond the venue's own ping interval before the link counts as dead, ms (spec section 11).
const PING_GRACE_MS: u64 = 10_000;
/// Between two tries of a read that failed at the start, ms.
const RETRY_MS: u64 = 1_000;

/// What a channel carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Orders,
    Fills,
    Markets,
    Book(MarketId),
}

/// How far a subscription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Down,
    Asked(u32),
    Live,
    /// The venue will not have it.
    Refused,
}

#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    phase: Phase,
    epoch: String,
    offset: u64,
    /// An epoch and an offset are known.
    positioned: bool,
}

impl Channel {
    pub(crate) fn new(name: String, kind: Kind) -> Self {
        Self { name, kind, phase: Phase::Down, epoch: String::new(), offset: 0, positioned: false }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Down,
    /// Asked for, or open and the reply to `connect` is waited for.
    Connecting,
    Up,
}

#[derive(Debug)]
pub(crate) struct Session {
    link: Link,
    pub(crate) token: Option<SanitizedValue>,
    pub(crate) channels: Vec<Channel>,
    command: u32,
    last_rx: Mono,
    silence_ms: u64,
    pong: bool,
    pub(crate) announced: bool,
    pub(crate) stopped: bool,
    pub(crate) fatal: bool,
    /// Connections that a fresh token did not help.
    refused: u32,
}

impl Session {
    pub(crate) fn new(channels: Vec<Channel>) -> Self {
        Self {
            link: Link::Down,
            token: None,
            channels,
            command: 0,
            last_rx: Mono(0),
            silence_ms: CONNECT_MS,
            pong: true,
            announced: false,
            stopped: false,
            fatal: false,
            refused: 0,
        }
    }
    pub(crate) fn over(&self) -> bool {
        self.stopped || self.fatal
    }
    fn live(&self, kind: Kind) -> bool {
        self.channels.iter().any(|channel| channel.kind == kind && channel.phase == Phase::Live)
    }
}

impl SxClient {
    pub(crate) fn begin(&mut self, now: Now, out: &mut Out) {
        self.ask(Pending::Metadata, call::metadata(), now, out);
        self.ask(Pending::Token, call::realtime_token(), now, out);
        self.ask(Pending::Fees, call::fees(), now, out);
        self.read_markets(now, out);
    }

    pub(crate) fn fatal(&mut self, why: String, out: &mut Out) {
        if !self.session.fatal {
            self.session.fatal = true;
            self.session.announced = false;
            out.news.push(News::Session(SessionNews::Fatal { why }));
            out.actions.push(Action::Close { conn: REALTIME });
        }
    }

    /// Says `Ready` or `Down` when that has changed.
    pub(crate) fn announce(&mut self, why: &str, out: &mut Out) {
        let live = self.session.link == Link::Up && self.session.live(Kind::Orders) && self.session.live(Kind::Fills);
        let ready = live && self.metadata.is_some() && self.fees.is_some() && !self.session.over();
        if ready != self.session.announced {
            self.session.announced = ready;
            let news = if ready { SessionNews::Ready } else { SessionNews::Down { why: why.to_owned() } };
            out.news.push(News::Session(news));
        }
    }

    pub(crate) fn metadata_reply(&mut self, reply: Reply<'_>, now: Now, out: &mut Out) {
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
                self.metadata = None;
                out.quotes
                    .extend(self.books.iter().filter(|(_, book)| book.is_valid()).map(|(market, _)| QuoteNews::Lost(*market)));
                self.announce(&fault.to_string(), out);
            }
        }
        Self::timer(timers::METADATA, self.config.metadata_every_ms, now, out);
    }

    pub(crate) fn fees_reply(&mut self, reply: Reply<'_>, now: Now, out: &mut Out) {
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

    fn key_refused(&mut self, out: &mut Out) {
        self.fatal(
            "the API key is not accepted on this network: make a new one (a key of the old order book does not work)".to_owned(),
            out,
        );
    }

    pub(crate) fn token_reply(&mut self, reply: Reply<'_>, now: Now, out: &mut Out) {
        match reply {
            Reply::Answer { status: 200, body, .. } => match parse::realtime_token(body) {
                Some(token) => {
                    self.session.token = Some(token);
                    self.connect(now, out);
                }
                None => Self::timer(timers::TOKEN, RETRY_MS, now, out),
            },
            Reply::Answer { status, body, .. } if Fault::read(status, body).is_auth() => self.key_refused(out),
            _ => Self::timer(timers::TOKEN, RETRY_MS, now, out),
        }
    }

    fn connect(&mut self, now: Now, out: &mut Out) {
        if self.session.over() {
            return;
        }
        self.session.link = Link::Connecting;
        self.session.last_rx = now.mono;
        self.session.silence_ms = CONNECT_MS;
        out.actions.push(Action::Connect { conn: REALTIME, target: SanitizedValue::new(""), headers: Vec::new() });
    }

    /// Connects with the token that is there, or asks for one first.
    fn reconnect(&mut self, now: Now, out: &mut Out) {
        if self.session.token.is_some() {
            self.connect(now, out);
        } else if !self.requests.is_asked(&Pending::Token) {
            self.ask(Pending::Token, call::realtime_token(), now, out);
        }
    }

    pub(crate) fn opened(&mut self, now: Now, out: &mut Out) {
        let Some(token) = self.session.token.clone() else { return self.reconnect(now, out) };
        self.session.command += 1;
        let frame = ws::connect(self.session.command, token.expose_secret(), "bot4");
        self.session.link = Link::Connecting;
        self.session.last_rx = now.mono;
        self.session.silence_ms = CONNECT_MS;
        out.actions.push(Action::Send { conn: REALTIME, payload: Payload::Text(frame) });
        Self::timer(timers::LINK, CONNECT_MS, now, out);
    }

    /// The link is gone: no book is anybody's word any more, no order event will come.
    fn down(&mut self, why: &str, out: &mut Out) {
        self.session.link = Link::Down;
        for channel in &mut self.session.channels {
            if channel.phase != Phase::Refused {
                channel.phase = Phase::Down;
            }
        }
        for (market, watched) in &mut self.books {
            if watched.is_valid() {
                out.quotes.push(QuoteNews::Lost(*market));
            }
            watched.suspend();
        }
        self.announce(why, out);
    }

    pub(crate) fn closed(&mut self, code: Option<u16>, why: &str, now: Now, out: &mut Out) {
        let was_up = self.session.link == Link::Up;
        self.down(why, out);
        // 3005 is an expired connection; 3500 to 3999 and 4500 to 4999 mean: not like this again (spec section 11).
        let last = code.is_some_and(|c| (3_500..4_000).contains(&c) || (4_500..5_000).contains(&c));
        if last || code == Some(3_005) {
            self.session.token = None;
            self.session.refused = if was_up { 1 } else { self.session.refused + 1 };
            if self.session.refused > 3 {
                return self.fatal(format!("the realtime connection is refused with code {}: {why}", code.unwrap_or(0)), out);
            }
        }
        self.reconnect(now, out);
    }

    /// Gives the connection up and opens another: the shell closes the old one first.
    fn again(&mut self, why: &str, now: Now, out: &mut Out) {
        self.session.refused += 1;
        self.down(why, out);
        if self.session.refused > 3 {
            return self.fatal(format!("the realtime connection cannot be made: {why}"), out);
        }
        self.reconnect(now, out);
    }

    fn subscription(&mut self, place: usize) -> Option<String> {
        let channel = self.session.channels.get_mut(place)?;
        if channel.phase == Phase::Refused {
            return None;
        }
        self.session.command += 1;
        channel.phase = Phase::Asked(self.session.command);
        let from = channel.positioned.then_some((channel.epoch.as_str(), channel.offset));
        Some(ws::subscribe(self.session.command, &channel.name, from))
    }

    /// Subscribes to everything that is down, in one frame.
    pub(crate) fn subscribe_all(&mut self, out: &mut Out) {
        if self.session.link != Link::Up {
            return;
        }
        let down: Vec<usize> = (0..self.session.channels.len())
            .filter(|at| self.session.channels.get(*at).is_some_and(|c| c.phase == Phase::Down))
            .collect();
        let mut frame = String::new();
        for place in down {
            if let Some(command) = self.subscription(place) {
                let _ = writeln!(frame, "{command}");
            }
        }
        if frame.pop().is_some() {
            out.actions.push(Action::Send { conn: REALTIME, payload: Payload::Text(frame) });
        }
    }

    pub(crate) fn frame(&mut self, text: &str, now: Now, out: &mut Out) {
        self.session.last_rx = now.mono;
        for message in ws::messages(text) {
            match message {
                Message::Ping => {
                    if self.session.pong {
                        out.actions.push(Action::Send { conn: REALTIME, payload: Payload::Text(ws::PONG.to_owned()) });
                    }
                }
                Message::Connected { ping_s, pong, .. } => {
                    self.session.link = Link::Up;
                    self.session.refused = 0;
                    self.session.pong = pong;
                    // A venue that says no interval is held to the documented one.
                    self.session.silence_ms = ping_s.unwrap_or(30).min(300) * 1_000 + PING_GRACE_MS;
                    Self::timer(timers::LINK, self.session.silence_ms, now, out);
                    out.news.push(News::Session(SessionNews::Connected { what: "realtime" }));
                    self.subscribe_all(out);
                }
                Message::Subscribed { id, epoch, offset, recovered, publications, .. } => {
                    self.subscribed(id, &epoch, offset, recovered.then_some(publications), now, out);
                }
                Message::Failed { id, code, temporary, .. } => self.failed(id, code, temporary, now, out),
                Message::Published { channel, publication } => {
                    let place = self.session.channels.iter().position(|c| c.name == channel && c.phase == Phase::Live);
                    if let Some(place) = place {
                        self.published(place, publication, now, out);
                    }
                }
                Message::Unsubscribed { channel, code } => {
                    if let Some(place) = self.session.channels.iter().position(|c| c.name == channel) {
                        self.dropped(place, code >= 2_500, now, out);
                    }
                }
                // The close that follows says the same.
                Message::Disconnecting { .. } | Message::Other => {}
                // It may have been anything, a book or a fill of ours among it.
                Message::Unreadable => self.ask_all(now, out),
            }
        }
    }

    fn subscribed(
        &mut self,
        id: u32,
        epoch: &str,
        offset: u64,
        recovered: Option<Vec<Publication<'_>>>,
        now: Now,
        out: &mut Out,
    ) {
        let Some(place) = self.session.channels.iter().position(|c| c.phase == Phase::Asked(id)) else { return };
        let Some(channel) = self.session.channels.get_mut(place) else { return };
        channel.phase = Phase::Live;
        let kind = channel.kind;
        if let Some(publications) = recovered.filter(|_| channel.positioned) {
            // What was there still is; what was missed follows in order, and nothing twice: `published` looks at the offsets.
            if let Kind::Book(market) = kind {
                self.resume_book(market, out);
            }
            publications.into_iter().for_each(|publication| self.published(place, publication, now, out));
            if let Some(channel) = self.session.channels.get_mut(place) {
                channel.offset = channel.offset.max(offset);
            }
        } else {
            channel.positioned = !epoch.is_empty();
            channel.epoch.clear();
            channel.epoch.push_str(epoch);
            channel.offset = offset;
            match kind {
                Kind::Orders | Kind::Fills => self.ask_all(now, out),
                Kind::Markets => self.read_markets(now, out),
                Kind::Book(market) => self.reload_book(market, now, out),
            }
        }
        self.announce("", out);
    }

    fn failed(&mut self, id: u32, code: u32, temporary: bool, now: Now, out: &mut Out) {
        let Some(place) = self.session.channels.iter().position(|c| c.phase == Phase::Asked(id)) else {
            // Of `connect` itself: with another token, or for a person.
            if self.session.link == Link::Connecting {
                if matches!(code, 101 | 109 | 110) {
                    self.session.token = None;
                }
                self.again(&format!("the venue refuses the connection with code {code}"), now, out);
            }
            return;
        };
        if matches!(code, 109 | 110) {
            self.session.token = None;
            return self.again("the token has expired", now, out);
        }
        if code == 112
            && let Some(channel) = self.session.channels.get_mut(place)
        {
            // The position is beyond recovery: subscribe without one.
            channel.positioned = false;
        }
        self.dropped(place, temporary || code < 100 || matches!(code, 100 | 105 | 111 | 112), now, out);
    }

    /// A subscription ended; `again`: it may be asked for once more.
    fn dropped(&mut self, place: usize, again: bool, now: Now, out: &mut Out) {
        let Some(channel) = self.session.channels.get_mut(place) else { return };
        channel.phase = if again { Phase::Down } else { Phase::Refused };
        let (kind, name) = (channel.kind, channel.name.clone());
        if let Kind::Book(market) = kind
            && let Some(book) = self.books.get_mut(&market)
        {
            book.suspend();
            out.quotes.push(QuoteNews::Lost(market));
        }
        if again {
            Self::timer(timers::RESUBSCRIBE, RETRY_MS, now, out);
        }
        self.announce(&format!("the channel {name} is down"), out);
        if !again && matches!(kind, Kind::Orders | Kind::Fills) {
            self.fatal(format!("the venue refuses {name}: the API key does not belong to this account"), out);
        }
    }

    fn published(&mut self, place: usize, publication: Publication<'_>, now: Now, out: &mut Out) {
        let Some(channel) = self.session.channels.get_mut(place) else { return };
        if let Some(offset) = publication.offset.filter(|_| channel.positioned) {
            if offset <= channel.offset {
                return;
            }
            channel.offset = offset;
        }
        match channel.kind {
            Kind::Orders => self.orders_pushed(publication.data, now, out),
            Kind::Fills => self.fills_pushed(publication.data, now, out),
            Kind::Markets => match catalog::markets(publication.data) {
                Some(markets) => markets.into_iter().for_each(|market| drop(self.markets.insert(market.id, market))),
                None => self.read_markets(now, out),
            },
            Kind::Book(market) => self.book_pushed(market, publication.data, now, out),
        }
    }

    pub(crate) fn link_due(&mut self, now: Now, out: &mut Out) {
        if self.session.link == Link::Down || self.session.over() {
            return;
        }
        let deadline = self.session.last_rx.plus_ms(self.session.silence_ms);
        if now.mono < deadline {
            return out.actions.push(Action::Timer { id: timers::LINK, at: deadline });
        }
        self.down("the realtime connection fell silent", out);
        self.reconnect(now, out);
    }
}
