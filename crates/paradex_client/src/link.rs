//! The two connections: opened, logged in, subscribed, looked after, lost and made again (paradex.md 6).
//!
//! The feed (connection 0) and the order socket (connection 1) come and go on their own; `Ready` is said when both are
//! up and the account was read after subscribing. Frames are told apart here and handed on.

use crate::client::{ParadexClient, Rpc, report};
use crate::market_data::Resync;
use crate::session::Boot;
use crate::state::Sent;
use crate::wire::ws;
use domain::{Mono, Now, OrderNews};
use venue_api::{Action, ConnId, Frame, Out, Payload, SessionNews, VenueNews};

/// Public market data.
pub(crate) const FEED: ConnId = ConnId(0);
/// Orders and everything private.
pub(crate) const ORDERS: ConnId = ConnId(1);

/// A feed silent for this long is dead: the venue sends a heartbeat after 20 s of silence (paradex.md 6.1).
const FEED_SILENCE_MS: u64 = 45_000;
/// An order socket silent for this long is asked for a sign of life; and dead when it has not answered by the second.
const ORDERS_SILENCE_MS: [u64; 2] = [20_000, 30_000];
/// A connection that is not in use this long after opening, or a book without a snapshot this long, starts over.
const SETUP_MS: u64 = 10_000;

/// Private channels, and whether trading needs them. `balance_events` keeps the socket subscribed to something, as a
/// socket without a subscription is closed with 4031 (paradex.md 6.1).
const PRIVATE: [(&str, bool); 5] =
    [("orders.ALL", true), ("fills.ALL", true), ("positions", false), ("account", false), ("balance_events", false)];

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Asked for, or not even that.
    Down,
    /// Open; the order socket waits for a fresh token.
    Open,
    /// Token sent.
    LoggingIn,
    /// This many needed subscriptions are not confirmed yet.
    Subscribing(usize),
    /// The account is being read.
    Merging,
    /// In use.
    Up,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) phase: Phase,
    pub(crate) opened: Mono,
    heard: Mono,
    /// The token was refused once already on this connection.
    refused: bool,
}
impl Link {
    pub(crate) const fn new() -> Self {
        Self { phase: Phase::Down, opened: Mono(0), heard: Mono(0), refused: false }
    }
}

impl ParadexClient {
    /// Asks for a connection.
    pub(crate) fn connect(&mut self, conn: ConnId, out: &mut Out) {
        let target = format!("?sbeSchemaId=1&sbeSchemaVersion={}", self.session.sbe_version);
        out.actions.push(Action::Connect { conn, target: target.into(), headers: Vec::new() });
    }

    /// A connection is up.
    pub(crate) fn opened(&mut self, conn: ConnId, now: Now, out: &mut Out) {
        self.rpc.retain(|_, (c, _)| *c != conn);
        let link = Link { phase: Phase::Open, opened: now.mono, heard: now.mono, refused: false };
        if conn == FEED {
            self.session.feed = link;
            self.feed.lose_all("new connection", now.mono, out);
            for market in 0..self.instruments.len() {
                let symbol = self.feed.symbol(market).to_owned();
                self.rpc_subscribe(FEED, Rpc::Subscribed { needed: true }, &format!("order_book.{symbol}.deltas"), out);
                for topic in ["bbo", "funding_data", "markets_summary"] {
                    self.rpc_subscribe(FEED, Rpc::Subscribed { needed: false }, &format!("{topic}.{symbol}"), out);
                }
            }
            self.rpc_subscribe(FEED, Rpc::Subscribed { needed: false }, "markets", out);
            self.session.feed.phase = Phase::Subscribing(self.instruments.len());
        } else if conn == ORDERS {
            self.session.orders = link;
            if self.session.token_fresh { self.log_in(now, out) } else { self.want_token(now, out) }
        }
    }

    /// Shows the token to the order socket.
    pub(crate) fn log_in(&mut self, now: Now, out: &mut Out) {
        let Some(token) = self.session.token(now.mono).cloned() else { return self.want_token(now, out) };
        self.session.orders.phase = Phase::LoggingIn;
        let id = self.rpc_id(ORDERS, Rpc::Login);
        out.actions.push(Action::Send { conn: ORDERS, payload: Payload::Text(ws::auth(id, token.expose_secret())) });
    }

    /// The order socket refuses orders for want of a good token. Whether a token's end does that is not documented
    /// (paradex.md 14, item 9): from now on the socket is shown every new one, and this once it is made anew.
    pub(crate) fn socket_refused_token(&mut self, now: Now, out: &mut Out) {
        self.session.token_ends_orders = true;
        if self.session.socket_up() {
            self.start_over(ORDERS, "the token of the socket is not good any more", now, out);
        }
    }

    /// Shows a new token to a socket that was logged in with an older one, where that is known to matter.
    pub(crate) fn show_token(&mut self, now: Now, out: &mut Out) {
        let token = self.session.token(now.mono).cloned();
        if let Some(token) = token.filter(|_| self.session.token_ends_orders && self.session.socket_up()) {
            let id = self.rpc_id(ORDERS, Rpc::Ignored);
            let payload = Payload::Text(ws::auth(id, token.expose_secret()));
            out.actions.push(Action::Send { conn: ORDERS, payload });
        }
    }

    /// A connection is gone, or could not be made.
    pub(crate) fn lost(&mut self, conn: ConnId, code: Option<u16>, why: &str, now: Now, out: &mut Out) {
        self.rpc.retain(|_, (c, _)| *c != conn);
        let (name, link) = match conn {
            FEED => ("feed", &mut self.session.feed),
            ORDERS => ("orders", &mut self.session.orders),
            _ => return,
        };
        let was_open = std::mem::replace(link, Link::new()).phase > Phase::Down;
        if was_open && conn == FEED {
            self.feed.lose_all("disconnected", now.mono, out);
        }
        if conn == ORDERS {
            self.session.token_fresh = false;
            // A reading that began before the next subscription cannot complete it.
            self.account_reads.retain(|_, read| read.asked);
            if was_open {
                self.orders_lost(why, out);
            }
        }
        if self.session.stopping {
            return;
        }
        if std::mem::take(&mut self.session.announced) {
            let code = code.map(|c| format!(" ({c})")).unwrap_or_default();
            out.news.push(VenueNews::Session(SessionNews::Down { why: format!("{name}: {why}{code}") }));
        }
        // A schema the venue does not speak is refused at the upgrade (paradex.md 6.1).
        if code == Some(400) && !was_open {
            if self.session.sbe_version <= 1 {
                let why = "Paradex speaks no SBE schema that this version reads: update the bot";
                return self.fatal(why.into(), out);
            }
            self.session.sbe_version = 1;
        }
        if self.session.boot == Boot::Done && !self.session.fatal {
            if conn == ORDERS {
                self.want_token(now, out);
            }
            self.connect(conn, out);
        }
    }

    /// Every order the private stream would have told about is unknown now; one whose REST answer is on its way is not.
    fn orders_lost(&mut self, why: &str, out: &mut Out) {
        let lost: Vec<_> =
            self.orders.in_flight().filter(|(_, t)| !(t.waiting && t.sent == Sent::Rest)).map(|(id, _)| id).collect();
        for id in lost {
            if let Some(t) = self.orders.get_mut(id) {
                t.waiting = false;
            }
            report(id, OrderNews::Unknown { why: format!("the order socket closed: {why}") }, out);
        }
    }

    /// Anything was heard on a connection.
    pub(crate) fn heard(&mut self, conn: ConnId, now: Mono) {
        match conn {
            FEED => self.session.feed.heard = now,
            _ => self.session.orders.heard = now,
        }
    }

    /// A control request of a connection was answered.
    pub(crate) fn on_control(&mut self, conn: ConnId, rpc: Rpc, error: Option<&ws::RpcError<'_>>, now: Now, out: &mut Out) {
        match (rpc, error) {
            (Rpc::Login, None) => {
                for (channel, needed) in PRIVATE {
                    self.rpc_subscribe(ORDERS, Rpc::Subscribed { needed }, channel, out);
                }
                let id = self.rpc_id(ORDERS, Rpc::Ignored);
                let payload = Payload::Text(ws::cancel_on_disconnect(id));
                out.actions.push(Action::Send { conn: ORDERS, payload });
                self.session.orders.phase = Phase::Subscribing(PRIVATE.iter().filter(|(_, needed)| *needed).count());
            }
            // A stale token: one fresh one, then a fresh connection.
            (Rpc::Login, Some(e)) if matches!(e.code, 40110 | 40111) && !self.session.orders.refused => {
                self.session.orders.refused = true;
                self.session.orders.phase = Phase::Open;
                self.renew_token(now, out);
            }
            (Rpc::Login, Some(e)) if e.code == 40112 => {
                self.fatal("Paradex does not serve this place (40112): run the bot elsewhere".into(), out);
            }
            (Rpc::Login, Some(e)) => self.start_over(conn, &e.text(), now, out),
            (Rpc::Subscribed { needed: true }, Some(e)) => self.start_over(conn, &e.text(), now, out),
            (Rpc::Subscribed { needed: true }, None) => self.subscribed(conn, now, out),
            _ => {}
        }
    }

    fn subscribed(&mut self, conn: ConnId, now: Now, out: &mut Out) {
        let link = if conn == FEED { &mut self.session.feed } else { &mut self.session.orders };
        let Phase::Subscribing(left) = link.phase else { return };
        let left = left.saturating_sub(1);
        link.phase = Phase::Subscribing(left);
        if left > 0 {
            return;
        }
        let what = if conn == FEED { "feed" } else { "orders" };
        out.news.push(VenueNews::Session(SessionNews::Connected { what }));
        if conn == FEED {
            self.session.feed.phase = Phase::Up;
            self.maybe_ready(out);
        } else {
            self.session.orders.phase = Phase::Merging;
            self.start_merge(now, out);
        }
    }

    /// The account was read after subscribing: nothing can be missed any more.
    pub(crate) fn merged(&mut self, out: &mut Out) {
        if self.session.orders.phase == Phase::Merging {
            self.session.orders.phase = Phase::Up;
            self.maybe_ready(out);
        }
    }

    fn maybe_ready(&mut self, out: &mut Out) {
        let orders = self.config.data_only || self.session.orders.phase == Phase::Up;
        let up = self.session.feed.phase == Phase::Up && orders;
        if up && !std::mem::replace(&mut self.session.announced, true) {
            out.news.push(VenueNews::Session(SessionNews::Ready));
        }
    }

    /// Gives a connection up and makes it anew.
    fn start_over(&mut self, conn: ConnId, why: &str, now: Now, out: &mut Out) {
        // `Connect` closes what is open; `lost` asks for it.
        self.lost(conn, None, why, now, out);
    }

    /// Looks after both connections.
    pub(crate) fn watch(&mut self, now: Now, out: &mut Out) {
        let over = |since: Mono, ms: u64| now.mono.since(since) > ms * 1_000_000;
        let feed = &self.session.feed;
        if feed.phase > Phase::Down {
            let setup = feed.phase < Phase::Up && over(feed.opened, SETUP_MS);
            let snapshot = self.feed.overdue(Mono(now.mono.0.saturating_sub(SETUP_MS * 1_000_000)));
            if over(feed.heard, FEED_SILENCE_MS) {
                self.start_over(FEED, "silent for 45 s", now, out);
            } else if setup || snapshot {
                self.start_over(FEED, "no snapshot within 10 s", now, out);
            }
        }
        let orders = &self.session.orders;
        if orders.phase > Phase::Down {
            if over(orders.heard, ORDERS_SILENCE_MS[1]) {
                self.start_over(ORDERS, "silent for 30 s", now, out);
            } else if orders.phase < Phase::Merging && over(orders.opened, SETUP_MS) {
                self.start_over(ORDERS, "not logged in and subscribed within 10 s", now, out);
            } else if orders.phase >= Phase::Merging && over(orders.heard, ORDERS_SILENCE_MS[0]) {
                // Says again what holds already: harmless, and it has to be answered.
                let id = self.rpc_id(ORDERS, Rpc::Ignored);
                let payload = Payload::Text(ws::cancel_on_disconnect(id));
                out.actions.push(Action::Send { conn: ORDERS, payload });
            }
        }
    }

    /// A text frame of either connection.
    pub(crate) fn on_text(&mut self, conn: ConnId, text: &str, now: Now, out: &mut Out) {
        let Ok(envelope) = ws::parse_envelope(text) else { return self.unreadable_text(conn, now, out) };
        if let Some(n) = &envelope.params {
            match n.channel.split('.').next().unwrap_or("") {
                // Whatever changed, and however it is told: the list says what holds now.
                "markets" => self.ask_markets(out),
                "order_book" | "bbo" | "trades" | "markets_summary" | "funding_data" => {
                    if let Ok(Some(resync)) = self.feed.on_json(n, now.mono, out) {
                        self.resync(resync, out);
                    }
                }
                _ => self.on_private_json(n, now, out),
            }
            return;
        }
        let Some((conn, rpc)) = envelope.id().and_then(|id| self.rpc.remove(&id)) else { return };
        match rpc {
            Rpc::Create { order } => self.on_create_reply(order, &envelope, now, out),
            Rpc::Cancel { order } => self.on_cancel_reply(order, envelope.error.as_ref(), now, out),
            other => self.on_control(conn, other, envelope.error.as_ref(), now, out),
        }
    }

    fn unreadable_text(&mut self, conn: ConnId, now: Now, out: &mut Out) {
        if conn == ORDERS {
            self.private_unreadable(now, out);
        } else {
            self.feed.unreadable = self.feed.unreadable.wrapping_add(1);
        }
    }

    /// Leaves a book channel and enters it again, which brings a snapshot.
    pub(crate) fn resync(&mut self, resync: Resync, out: &mut Out) {
        let channel = format!("order_book.{}.deltas", self.feed.symbol(resync.0));
        let id = self.rpc_id(FEED, Rpc::Ignored);
        let payload = Payload::Text(ws::subscription(id, "unsubscribe", &channel));
        out.actions.push(Action::Send { conn: FEED, payload });
        self.rpc_subscribe(FEED, Rpc::Subscribed { needed: true }, &channel, out);
    }

    fn rpc_subscribe(&mut self, conn: ConnId, rpc: Rpc, channel: &str, out: &mut Out) {
        let id = self.rpc_id(conn, rpc);
        out.actions.push(Action::Send { conn, payload: Payload::Text(ws::subscription(id, "subscribe", channel)) });
    }

    /// A frame of either connection.
    pub(crate) fn frame(&mut self, conn: ConnId, frame: Frame<'_>, now: Now, out: &mut Out) {
        self.heard(conn, now.mono);
        match frame {
            Frame::Binary(bytes) => self.on_binary(conn, bytes, now, out),
            Frame::Text(text) => self.on_text(conn, text, now, out),
        }
    }
}
