//! The realtime connection: connect, subscribe, recover, and what every way of losing it means.
//!
//! A lost connection is opened again at once with the token that is there; every channel is asked for in one frame, from where it was.
//! A gap that the venue closes is applied in order and nothing twice; one that it does not close is closed by asking.

use crate::channels::{Kind, Phase, Place};
use crate::requests::{Pending, timers};
use crate::session::{Link, REALTIME};
use crate::wire::ws::{self, Message, Publication};
use crate::{SxClient, call, catalog};
use domain::Now;
use signing::SanitizedValue;
use std::fmt::Write as _;
use venue_api::{Action, BetNews, BetOut, Payload, QuoteNews, SessionNews};

/// The reply to `connect` has to come within this, ms.
const CONNECT_MS: u64 = 5_000;
/// Beyond the venue's own ping interval before the link counts as dead, ms (spec section 11).
const PING_GRACE_MS: u64 = 10_000;
/// Before a channel that the venue ended for a while is asked for again, ms.
const RESUBSCRIBE_MS: u64 = 250;
/// Bytes of one frame of subscriptions: half of what a Centrifugo server reads unless it is told otherwise. A longer frame would end
/// every connection again.
const FRAME_BYTES_MAX: usize = 32 << 10;
/// Connections in a row that a fresh token does not help before a person is called.
const REFUSED_MAX: u32 = 3;

impl SxClient {
    pub(crate) fn connect(&mut self, out: &mut BetOut) {
        if self.session.over() {
            return;
        }
        // How long that may take, backoff included, is the shell's: it always says that it is open, or closed.
        self.session.link = Link::Down;
        out.actions.push(Action::Connect { conn: REALTIME, target: SanitizedValue::new(""), headers: Vec::new() });
    }

    /// Connects with the token that is there, or asks for one first.
    fn reconnect(&mut self, now: Now, out: &mut BetOut) {
        if self.session.token.is_some() {
            self.connect(out);
        } else if !self.requests.is_asked(&Pending::Token) {
            self.ask(Pending::Token, call::realtime_token(), now, out);
        }
    }

    pub(crate) fn opened(&mut self, now: Now, out: &mut BetOut) {
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
    fn down(&mut self, why: &str, out: &mut BetOut) {
        self.session.link = Link::Down;
        for (_, channel) in self.session.channels.iter_mut() {
            channel.phase = Phase::Down;
        }
        for (market, book) in &mut self.books {
            if book.is_valid() || self.odds_told.remove(market) {
                out.quotes.push(QuoteNews::Lost { market: *market, why: "the realtime connection is down" });
            }
            book.suspend();
        }
        self.announce(why, out);
    }

    pub(crate) fn closed(&mut self, code: Option<u16>, why: &str, now: Now, out: &mut BetOut) {
        let was_up = self.session.link == Link::Up;
        self.down(why, out);
        // 3005 is an expired connection; 3500 to 3999 and 4500 to 4999 mean: not like this again (spec section 11).
        let last = code.is_some_and(|c| (3_500..4_000).contains(&c) || (4_500..5_000).contains(&c));
        if last || code == Some(3_005) {
            self.session.token = None;
            self.session.refused = if was_up { 1 } else { self.session.refused + 1 };
            if self.session.refused > REFUSED_MAX {
                return self.fatal(format!("the realtime connection is refused with code {}: {why}", code.unwrap_or(0)), out);
            }
        }
        self.reconnect(now, out);
    }

    /// Gives the connection up and opens another: the shell closes the old one first.
    fn again(&mut self, why: &str, temporary: bool, now: Now, out: &mut BetOut) {
        // Trouble of the venue's own passes; a person is called for what does not.
        self.session.refused += u32::from(!temporary);
        self.down(why, out);
        if self.session.refused > REFUSED_MAX {
            return self.fatal(format!("the realtime connection cannot be made: {why}"), out);
        }
        self.reconnect(now, out);
    }

    /// Subscribes to everything that is down, in as few frames as may be: to the account's channels first, they are what bets wait for.
    pub(crate) fn subscribe_all(&mut self, out: &mut BetOut) {
        if self.session.link != Link::Up {
            return;
        }
        let mut frame = String::new();
        let mut send = |frame: &mut String| {
            if frame.pop().is_some() {
                out.actions.push(Action::Send { conn: REALTIME, payload: Payload::Text(std::mem::take(frame)) });
            }
        };
        for account in [true, false] {
            for (name, channel) in self.session.channels.iter_mut() {
                if channel.phase == Phase::Down && channel.kind.is_account() == account {
                    self.session.command += 1;
                    channel.phase = Phase::Asked(self.session.command);
                    channel.since = self.session.command;
                    let from = channel.positioned.then_some((channel.epoch.as_str(), channel.offset));
                    let command = ws::subscribe(self.session.command, name, from);
                    if frame.len() + command.len() >= FRAME_BYTES_MAX {
                        send(&mut frame);
                    }
                    let _ = writeln!(frame, "{command}");
                }
            }
        }
        send(&mut frame);
    }

    /// Leaves a channel for good.
    pub(crate) fn unsubscribe(&mut self, name: &str, out: &mut BetOut) {
        let Some(channel) = self.session.channels.remove(name) else { return };
        if self.session.link == Link::Up && matches!(channel.phase, Phase::Asked(_) | Phase::Live) {
            self.session.command += 1;
            let frame = ws::unsubscribe(self.session.command, name);
            out.actions.push(Action::Send { conn: REALTIME, payload: Payload::Text(frame) });
        }
    }

    pub(crate) fn frame(&mut self, text: &str, now: Now, out: &mut BetOut) {
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
                    out.news.push(BetNews::Session(SessionNews::Connected { what: "realtime" }));
                    self.subscribe_all(out);
                }
                Message::Subscribed { id, epoch, offset, recovered, publications, .. } => {
                    self.subscribed(id, &epoch, offset, recovered.then_some(publications), now, out);
                }
                Message::Failed { id, code, temporary, .. } => self.failed(id, code, temporary, now, out),
                Message::Published { channel, publication } => self.published(&channel, publication, now, out),
                Message::Unsubscribed { channel, code } => self.dropped(&channel, code >= 2_500, now, out),
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
        out: &mut BetOut,
    ) {
        let Some((name, channel)) = self.session.channels.asked_by(id) else { return };
        channel.phase = Phase::Live;
        let (name, kind) = (name.clone(), channel.kind);
        if let Some(publications) = recovered.filter(|_| channel.positioned) {
            // What was there still is; what was missed follows in order, and nothing twice: `published` looks at the offsets.
            if let Kind::Book(market) = kind {
                self.resume_book(market, now, out);
            }
            publications.into_iter().for_each(|publication| self.published(&name, publication, now, out));
            if let Some(channel) = self.session.channels.get_mut(&name) {
                channel.offset = channel.offset.max(offset);
            }
        } else {
            channel.positioned = !epoch.is_empty();
            channel.epoch.clear();
            channel.epoch.push_str(epoch);
            channel.offset = offset;
            self.close_gap(kind, now, out);
        }
        self.announce("", out);
    }

    /// Something of a channel may have been missed: the venue is asked for what it would have said.
    fn close_gap(&mut self, kind: Kind, now: Now, out: &mut BetOut) {
        match kind {
            Kind::Orders | Kind::Fills => self.ask_all(now, out),
            Kind::Markets => self.read_markets(now, out),
            Kind::Fixtures => self.read_fixtures(now, out),
            Kind::Book(market) => self.reload_book(market, now, out),
        }
    }

    fn failed(&mut self, id: u32, code: u32, temporary: bool, now: Now, out: &mut BetOut) {
        let Some((name, channel)) = self.session.channels.asked_by(id) else {
            // Of `connect` itself: with another token, or for a person.
            if self.session.link == Link::Connecting {
                if matches!(code, 101 | 109 | 110) {
                    self.session.token = None;
                }
                let passes = temporary || matches!(code, 100 | 111);
                self.again(&format!("the venue refuses the connection with code {code}"), passes, now, out);
            }
            return;
        };
        if code == 112 {
            // The position is beyond recovery: subscribe without one.
            channel.positioned = false;
        }
        let name = name.clone();
        if matches!(code, 109 | 110) {
            self.session.token = None;
            return self.again("the token has expired", false, now, out);
        }
        self.dropped(&name, temporary || code < 100 || matches!(code, 100 | 105 | 111 | 112), now, out);
    }

    /// A subscription ended; `again`: it may be asked for once more.
    fn dropped(&mut self, name: &str, again: bool, now: Now, out: &mut BetOut) {
        let Some(channel) = self.session.channels.get_mut(name) else { return };
        channel.phase = if again { Phase::Down } else { Phase::Refused };
        let kind = channel.kind;
        if let Kind::Book(market) = kind
            && let Some(book) = self.books.get_mut(&market)
        {
            book.suspend();
            out.quotes.push(QuoteNews::Lost { market, why: "its channel is down" });
            if !again {
                Self::timer(timers::ODDS, 0, now, out);
            }
        }
        if again {
            Self::timer(timers::RESUBSCRIBE, RESUBSCRIBE_MS, now, out);
        }
        self.announce(&format!("the channel {name} is down"), out);
        if !again && kind.is_account() {
            self.fatal(format!("the venue refuses {name}: the API key does not belong to this account"), out);
        }
    }

    fn published(&mut self, name: &str, publication: Publication<'_>, now: Now, out: &mut BetOut) {
        let Some(channel) = self.session.channels.get_mut(name).filter(|channel| channel.phase == Phase::Live) else { return };
        let kind = channel.kind;
        let place = channel.take(publication.offset);
        if place == Place::Seen {
            return;
        }
        match kind {
            Kind::Orders => self.orders_pushed(publication.data, now, out),
            Kind::Fills => self.fills_pushed(publication.data, now, out),
            Kind::Markets => match catalog::markets(publication.data) {
                Some(markets) => markets.into_iter().for_each(|market| self.list(market, out)),
                None => self.read_markets(now, out),
            },
            Kind::Fixtures => self.fixtures_pushed(publication.data, now, out),
            Kind::Book(market) => self.book_pushed(market, publication.data, now, out),
        }
        // A book is whole again with the message after the gap; nothing else is.
        if place == Place::AfterGap && !matches!(kind, Kind::Book(_)) {
            self.close_gap(kind, now, out);
        }
    }

    pub(crate) fn link_due(&mut self, now: Now, out: &mut BetOut) {
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
