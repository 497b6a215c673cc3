//! The network between the bot and the venues: nothing is lost in order, everything takes its time.

use super::{BEGINNING, Event, World};
use crate::bot::VEST;
use domain::OrderId;
use venue_api::{Action, Backoff, ConnId, Payload, Reply};
use venue_sim::{Message, SimAction, SimNow};

/// A connection as the network sees it.
pub(super) struct Conn {
    pub(super) venue: usize,
    pub(super) id: ConnId,
    pub(super) life: u64,
    /// The venue knows it.
    pub(super) accepted: bool,
    /// Nothing passes it any more, either way.
    pub(super) gone: bool,
    pub(super) last_out: i64,
    last_in: i64,
}

impl World {
    pub(super) fn travel(&mut self) -> i64 {
        let (low, high) = self.scenario.latency_ms;
        self.random.between(low * 1_000, high * 1_000)
    }

    /// Venue and connection of the living bot that a connection of the world is.
    pub(super) fn ours(&self, conn: u64) -> Option<(usize, ConnId)> {
        let c = self.conns.get(&conn).filter(|c| c.life == self.life && !c.gone)?;
        let bot = self.bot.as_ref()?;
        (bot.conns.get(&(c.venue, c.id)) == Some(&conn)).then_some((c.venue, c.id))
    }

    pub(super) fn reply(&mut self, request: u64, reply: Reply<'_>) -> Result<(), String> {
        let Some((venue, id, life)) = self.requests.remove(&request) else { return Ok(()) };
        if life != self.life {
            return Ok(());
        }
        self.tell_bot(|bot, now| bot.shard.on_reply(venue, id, reply, now))
    }

    pub(super) fn act(&mut self, venue: usize, order: Option<OrderId>, action: &Action) -> Result<(), String> {
        match action {
            Action::Connect { conn, target, headers } => {
                self.leave(venue, *conn);
                let jitter = self.random.next();
                let id = {
                    self.serial += 1;
                    self.serial
                };
                let Some(bot) = &mut self.bot else { return Ok(()) };
                let wait = bot.backoff.entry((venue, *conn)).or_insert(Backoff::new(100, 5_000)).next_ms(jitter) as i64 * 1_000;
                bot.conns.insert((venue, *conn), id);
                let base = if venue == VEST { "/ws-api" } else { "/v1" };
                let target = format!("{base}{}", target.expose_secret());
                let headers = expose(headers);
                let at = self.now + wait + self.travel();
                let c = Conn { venue, id: *conn, life: self.life, accepted: false, gone: false, last_out: at, last_in: at };
                self.conns.insert(id, c);
                self.schedule(at, Event::Connect { conn: id, target, headers });
            }
            Action::Close { conn } => self.leave(venue, *conn),
            Action::Send { conn, payload } => {
                if let Some(order) = order {
                    self.shadow.leaves(order, self.keeper.behind())?;
                    self.judge_send(order)?;
                }
                let Some(id) = self.bot.as_ref().and_then(|b| b.conns.get(&(venue, *conn)).copied()) else { return Ok(()) };
                let travel = self.travel();
                let Some(c) = self.conns.get_mut(&id) else { return Ok(()) };
                c.last_out = (self.now + travel).max(c.last_out + 1);
                let at = c.last_out;
                let message = match payload {
                    Payload::Text(t) => Message::Text(t.clone()),
                    Payload::Binary(b) => Message::Binary(b.clone()),
                };
                self.schedule(at, Event::ToVenue { conn: id, message });
            }
            Action::Request { id, method, target, headers, body, timeout_ms, .. } => {
                if let Some(order) = order {
                    self.shadow.leaves(order, self.keeper.behind())?;
                    self.judge_send(order)?;
                }
                self.serial += 1;
                let request = self.serial;
                self.requests.insert(request, (venue, *id, self.life));
                let prefix = if venue == VEST { "/v2" } else { "/v1" };
                let event = Event::Request {
                    request,
                    method: method.as_str(),
                    target: format!("{prefix}{target}"),
                    headers: expose(headers),
                    body: body.as_bytes().to_vec(),
                };
                let at = self.now + self.travel();
                self.schedule(at, event);
                self.schedule(self.now + *timeout_ms as i64 * 1_000, Event::NoReply { request, why: "timeout" });
            }
            Action::Timer { id, at } => {
                self.serial += 1;
                let generation = self.serial;
                let wall = (at.0 / 1_000) as i64 - 1_000_000_000 + BEGINNING;
                if let Some(bot) = &mut self.bot {
                    bot.timers.insert((venue, *id), generation);
                }
                self.schedule(wall, Event::Timer { life: self.life, venue, timer: *id, generation });
            }
            Action::CancelTimer { id } => {
                if let Some(bot) = &mut self.bot {
                    bot.timers.remove(&(venue, *id));
                }
            }
        }
        Ok(())
    }

    /// The bot leaves a connection.
    fn leave(&mut self, venue: usize, conn: ConnId) {
        let Some(id) = self.bot.as_mut().and_then(|b| b.conns.remove(&(venue, conn))) else { return };
        let travel = self.travel();
        let Some(c) = self.conns.get_mut(&id) else { return };
        let at = (self.now + travel).max(c.last_out + 1);
        self.schedule(at, Event::Left { conn: id });
    }

    pub(super) fn take(&mut self, venue: usize, actions: Vec<SimAction>) {
        for action in actions {
            let after = match &action {
                SimAction::Accept { .. } | SimAction::RefuseUpgrade { .. } => 0,
                SimAction::Send { after_us, .. }
                | SimAction::Close { after_us, .. }
                | SimAction::Reply { after_us, .. }
                | SimAction::Hang { after_us, .. } => *after_us as i64,
            };
            if after == 0 {
                self.venue_acts(venue, action);
            } else {
                self.schedule(self.now + after, Event::Venue { venue, action });
            }
        }
        self.arm(venue);
    }

    /// The venue does something now; it reaches the bot after its way.
    pub(super) fn venue_acts(&mut self, venue: usize, action: SimAction) {
        let travel = self.travel();
        let arrive = |world: &mut Self, conn: u64| {
            world.conns.get_mut(&conn).filter(|c| !c.gone && c.venue == venue).map(|c| {
                c.last_in = (world.now + travel).max(c.last_in + 1);
                c.last_in
            })
        };
        match action {
            SimAction::Accept { conn } => {
                if let Some(c) = self.conns.get_mut(&conn) {
                    c.accepted = true;
                }
                if let Some(at) = arrive(self, conn) {
                    self.schedule(at, Event::Opened { conn });
                }
            }
            SimAction::RefuseUpgrade { conn, status } => {
                if let Some(at) = arrive(self, conn) {
                    self.schedule(at, Event::Closed { conn, code: Some(status), why: "upgrade refused" });
                }
            }
            SimAction::Send { conn, message, .. } => {
                if self.conns.get(&conn).is_some_and(|c| c.accepted)
                    && let Some(at) = arrive(self, conn)
                {
                    self.schedule(at, Event::Frame { conn, message });
                }
            }
            SimAction::Close { conn, code, .. } => {
                if let Some(at) = arrive(self, conn) {
                    let code = (code != 0).then_some(code);
                    self.schedule(at, Event::Closed { conn, code, why: "closed by the venue" });
                }
                // What the bot still sends into a closed connection reaches nobody.
                if let Some(c) = self.conns.get_mut(&conn)
                    && std::mem::take(&mut c.accepted)
                {
                    let mut out = Vec::new();
                    self.venues.get(venue).on_disconnect(conn, SimNow(self.now), &mut out);
                    self.take(venue, out);
                }
            }
            SimAction::Reply { request, status, headers, body, .. } => {
                let seconds =
                    headers.iter().find(|(n, _)| n.eq_ignore_ascii_case("retry-after")).and_then(|(_, v)| v.parse::<u64>().ok());
                let retry_after_ms = seconds.map(|s| s * 1_000);
                self.schedule(self.now + travel, Event::Reply { request, status, retry_after_ms, body });
            }
            SimAction::Hang { request, .. } => {
                self.schedule(self.now + travel, Event::NoReply { request, why: "connection closed before an answer" });
            }
        }
    }

    pub(super) fn arm(&mut self, venue: usize) {
        let Some(at) = self.venues.get(venue).next_wake().map(|w| w.0.max(self.now)) else { return };
        if self.waking[venue].is_none_or(|armed| at < armed) {
            self.waking[venue] = Some(at);
            self.schedule(at, Event::Wake { venue });
        }
    }
}

pub(super) fn bytes(message: &Message) -> &[u8] {
    match message {
        Message::Text(t) => t.as_bytes(),
        Message::Binary(b) => b,
    }
}

fn expose(headers: &[venue_api::Header]) -> Vec<(String, String)> {
    headers.iter().map(|h| (h.name.to_ascii_lowercase(), h.value.expose_secret().to_owned())).collect()
}

/// A body up to its signature, which nobody wants to read.
pub(super) fn unsigned(body: &str) -> &str {
    body.split("\"signature\"").next().unwrap_or_default()
}
