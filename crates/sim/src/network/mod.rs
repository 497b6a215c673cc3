//! The network between one bot and any venues, on virtual time: nothing is lost in order on a connection, everything takes its time.
//!
//! Owns connections, requests under way, timers and what is due next; knows no bot and no message. A world performs the bot's actions
//! through [`Network::act`], and [`Network::next`] hands it what happens: what the bot is told, or an event of the world's own.

mod venues;

use crate::random::Random;
use domain::Mono;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use venue_api::{Action, Backoff, ConnId, Frame, Header, Lane, Payload, RequestId, TimerId};
use venue_sim::{HttpRequest, Message, SimAction, SimNow, VenueSim};

/// The bot's monotonic clock at the beginning: anything but zero.
const MONO_AT_BEGINNING_US: i64 = 1_000_000_000;

/// Where the paths of a venue begin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paths {
    /// Before every target of a connection.
    pub(crate) socket: &'static str,
    /// Before every target of a request.
    pub(crate) rest: &'static str,
    /// Before every target of a question to the chain.
    pub(crate) chain: &'static str,
}

/// The venues of a world, by number.
pub(crate) trait Venues {
    /// One of them.
    fn venue(&mut self, index: usize) -> &mut dyn VenueSim;
}

/// What the bot hears.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    Opened(ConnId),
    Closed { conn: ConnId, code: Option<u16>, why: &'static str },
    Frame { conn: ConnId, message: Message },
    Answer { request: RequestId, status: u16, retry_after_ms: Option<u64>, body: Vec<u8> },
    NoAnswer { request: RequestId, why: &'static str },
    Timer(TimerId),
}

/// One thing that happened.
#[derive(Debug)]
pub(crate) enum Step<E> {
    /// The bot hears something from this venue.
    Bot(usize, Told),
    /// The world's own.
    Own(E),
    /// Something that only the network or a venue noticed.
    Between,
}

enum Passing<E> {
    Connect { conn: u64, target: String, headers: Vec<(String, String)> },
    ToVenue { conn: u64, message: Message },
    Left { conn: u64 },
    Request { venue: usize, request: u64, method: &'static str, target: String, headers: Vec<(String, String)>, body: Vec<u8> },
    Venue { venue: usize, action: SimAction },
    ToBot { conn: u64, told: Arriving },
    Answer { request: u64, status: u16, retry_after_ms: Option<u64>, body: Vec<u8> },
    NoAnswer { request: u64, why: &'static str },
    Timer { life: u64, venue: usize, timer: TimerId, generation: u64 },
    Wake { venue: usize },
    Own(E),
}

enum Arriving {
    Opened,
    Frame(Message),
    Closed { code: Option<u16>, why: &'static str },
}

struct Conn {
    venue: usize,
    id: ConnId,
    /// The venue knows it.
    accepted: bool,
    /// Nothing passes it any more, either way.
    gone: bool,
    last_out: i64,
    last_in: i64,
}

/// See the module. Times are microseconds.
pub(crate) struct Network<E> {
    pub(crate) now: i64,
    pub(crate) random: Random,
    latency_ms: (i64, i64),
    paths: Vec<Paths>,
    serial: u64,
    queue: BTreeMap<(i64, u64), Passing<E>>,
    waking: Vec<Option<i64>>,
    life: u64,
    conns: BTreeMap<u64, Conn>,
    requests: BTreeMap<u64, (usize, RequestId)>,
    /// Of the living bot.
    open: BTreeMap<(usize, ConnId), u64>,
    backoff: BTreeMap<(usize, ConnId), Backoff>,
    timers: BTreeMap<(usize, TimerId), u64>,
    beginning: i64,
    /// Hash over everything that passed, in order.
    history: Sha256,
    /// Requests as they reach a venue, for whoever wants to print them; filled when asked for.
    pub(crate) requests_seen: Option<Vec<(usize, String)>>,
}

impl<E> Network<E> {
    /// One that begins at this time, with travel times drawn between the two.
    pub(crate) fn new(beginning: i64, random: Random, latency_ms: (i64, i64), paths: Vec<Paths>) -> Self {
        Self {
            now: beginning,
            random,
            latency_ms,
            serial: 0,
            queue: BTreeMap::new(),
            waking: vec![None; paths.len()],
            paths,
            life: 0,
            conns: BTreeMap::new(),
            requests: BTreeMap::new(),
            open: BTreeMap::new(),
            backoff: BTreeMap::new(),
            timers: BTreeMap::new(),
            beginning,
            history: Sha256::new(),
            requests_seen: None,
        }
    }

    /// Monotonic time of the bot.
    pub(crate) fn mono(&self) -> Mono {
        Mono((self.now - self.beginning + MONO_AT_BEGINNING_US) as u64 * 1_000)
    }

    /// An event of the world's own.
    pub(crate) fn schedule(&mut self, at: i64, event: E) {
        self.put(at, Passing::Own(event));
    }

    /// Writes something into the history.
    pub(crate) fn note(&mut self, what: &str, bytes: &[u8]) {
        self.history.update(self.now.to_le_bytes());
        self.history.update(what.as_bytes());
        self.history.update(bytes);
    }

    /// Hash over everything that passed so far.
    pub(crate) fn history(&self) -> String {
        hex::encode(self.history.clone().finalize())
    }

    fn put(&mut self, at: i64, passing: Passing<E>) {
        self.serial += 1;
        self.queue.insert((at.max(self.now), self.serial), passing);
    }

    fn travel(&mut self) -> i64 {
        let (low, high) = self.latency_ms;
        self.random.between(low * 1_000, high * 1_000)
    }

    /// The bot is dead: the venues see its connections end, and nothing reaches it any more.
    pub(crate) fn dies(&mut self) {
        self.life += 1;
        let mine: Vec<u64> = self.conns.iter().filter(|(_, c)| !c.gone).map(|(id, _)| *id).collect();
        let travel = self.travel();
        for conn in mine {
            let last = self.conns.get_mut(&conn).map_or(0, |c| {
                c.gone = true;
                c.last_out
            });
            self.put((self.now + travel).max(last + 1), Passing::Left { conn });
        }
        self.requests.clear();
        self.open.clear();
        self.backoff.clear();
        self.timers.clear();
    }

    /// Cuts the connections of the bot to a venue: both sides notice after their way.
    pub(crate) fn cut(&mut self, venue: usize) {
        let mine: Vec<u64> = self.conns.iter().filter(|(_, c)| !c.gone && c.venue == venue).map(|(id, _)| *id).collect();
        for conn in mine {
            let (near, far) = (self.travel(), self.travel());
            let Some(c) = self.conns.get(&conn) else { continue };
            let closed = (self.now + near).max(c.last_in + 1);
            // The venue notices last, so that the connection is there for the bot to hear of its end.
            let left = (self.now + far).max(c.last_out + 1).max(closed + 1);
            self.put(closed, Passing::ToBot { conn, told: Arriving::Closed { code: None, why: "connection reset" } });
            self.put(left, Passing::Left { conn });
        }
    }

    /// Performs one action of the bot.
    pub(crate) fn act(&mut self, venue: usize, action: &Action) {
        let paths = self.paths[venue];
        match action {
            Action::Connect { conn, target, headers } => {
                self.leave(venue, *conn);
                let jitter = self.random.next();
                self.serial += 1;
                let id = self.serial;
                let wait = self.backoff.entry((venue, *conn)).or_insert(Backoff::new(100, 5_000)).next_ms(jitter) as i64 * 1_000;
                self.open.insert((venue, *conn), id);
                let target = format!("{}{}", paths.socket, target.expose_secret());
                let headers = expose(headers);
                let at = self.now + wait + self.travel();
                self.conns.insert(id, Conn { venue, id: *conn, accepted: false, gone: false, last_out: at, last_in: at });
                self.put(at, Passing::Connect { conn: id, target, headers });
            }
            Action::Close { conn } => self.leave(venue, *conn),
            Action::Send { conn, payload } => {
                let Some(id) = self.open.get(&(venue, *conn)).copied() else { return };
                let travel = self.travel();
                let Some(c) = self.conns.get_mut(&id) else { return };
                c.last_out = (self.now + travel).max(c.last_out + 1);
                let at = c.last_out;
                let message = match payload {
                    Payload::Text(t) => Message::Text(t.clone()),
                    Payload::Binary(b) => Message::Binary(b.clone()),
                };
                self.put(at, Passing::ToVenue { conn: id, message });
            }
            Action::Request { id, lane, method, target, headers, body, timeout_ms } => {
                self.serial += 1;
                let request = self.serial;
                self.requests.insert(request, (venue, *id));
                let base = if *lane == Lane::Chain { paths.chain } else { paths.rest };
                let passing = Passing::Request {
                    venue,
                    request,
                    method: method.as_str(),
                    target: format!("{base}{target}"),
                    headers: expose(headers),
                    body: body.as_bytes().to_vec(),
                };
                let at = self.now + self.travel();
                self.put(at, passing);
                self.put(self.now + *timeout_ms as i64 * 1_000, Passing::NoAnswer { request, why: "timeout" });
            }
            Action::Timer { id, at } => {
                self.serial += 1;
                let generation = self.serial;
                self.timers.insert((venue, *id), generation);
                let due = (at.0 / 1_000) as i64 - MONO_AT_BEGINNING_US + self.beginning;
                self.put(due, Passing::Timer { life: self.life, venue, timer: *id, generation });
            }
            Action::CancelTimer { id } => {
                self.timers.remove(&(venue, *id));
            }
        }
    }

    /// The bot leaves a connection.
    fn leave(&mut self, venue: usize, conn: ConnId) {
        let Some(id) = self.open.remove(&(venue, conn)) else { return };
        let travel = self.travel();
        let Some(c) = self.conns.get_mut(&id) else { return };
        let at = (self.now + travel).max(c.last_out + 1);
        self.put(at, Passing::Left { conn: id });
    }

    /// The next thing that happens; `None` when nothing is due any more.
    pub(crate) fn next(&mut self, venues: &mut impl Venues) -> Option<Step<E>> {
        let ((at, _), passing) = self.queue.pop_first()?;
        self.now = at;
        Some(match passing {
            Passing::Own(event) => Step::Own(event),
            Passing::ToBot { conn, told } => self.arrives(conn, told),
            Passing::Answer { request, status, retry_after_ms, body } => {
                self.note("reply", &body);
                match self.requests.remove(&request) {
                    Some((venue, request)) => Step::Bot(venue, Told::Answer { request, status, retry_after_ms, body }),
                    None => Step::Between,
                }
            }
            Passing::NoAnswer { request, why } => match self.requests.remove(&request) {
                Some((venue, request)) => Step::Bot(venue, Told::NoAnswer { request, why }),
                None => Step::Between,
            },
            Passing::Timer { life, venue, timer, generation } => {
                if life == self.life && self.timers.get(&(venue, timer)) == Some(&generation) {
                    self.timers.remove(&(venue, timer));
                    Step::Bot(venue, Told::Timer(timer))
                } else {
                    Step::Between
                }
            }
            Passing::Wake { venue } => {
                self.waking[venue] = None;
                let now = SimNow(self.now);
                if venues.venue(venue).next_wake().is_some_and(|at| at <= now) {
                    self.at_venue(venue, venues, |sim, now, out| sim.on_wake(now, out));
                } else {
                    self.arm(venue, venues);
                }
                Step::Between
            }
            Passing::Connect { conn, target, headers } => {
                if let Some(venue) = self.conns.get(&conn).filter(|c| !c.gone).map(|c| c.venue) {
                    self.at_venue(venue, venues, |sim, now, out| sim.on_connect(conn, &target, &headers, now, out));
                }
                Step::Between
            }
            Passing::ToVenue { conn, message } => {
                if let Some(venue) = self.conns.get(&conn).filter(|c| c.accepted).map(|c| c.venue) {
                    self.note("->", bytes(&message));
                    self.at_venue(venue, venues, |sim, now, out| sim.on_message(conn, &message, now, out));
                }
                Step::Between
            }
            Passing::Left { conn } => {
                if let Some(c) = self.conns.remove(&conn)
                    && c.accepted
                {
                    self.at_venue(c.venue, venues, |sim, now, out| sim.on_disconnect(conn, now, out));
                }
                Step::Between
            }
            Passing::Request { venue, request, method, target, headers, body } => {
                self.note(method, target.as_bytes());
                if let Some(seen) = &mut self.requests_seen {
                    let path = target.split('?').next().unwrap_or_default();
                    seen.push((venue, format!("{method} {path} {}", unsigned(&String::from_utf8_lossy(&body)))));
                }
                let http = HttpRequest { method, target: &target, headers: &headers, body: &body };
                self.at_venue(venue, venues, |sim, now, out| sim.on_request(request, http, now, out));
                Step::Between
            }
            Passing::Venue { venue, action } => {
                self.venue_acts(venue, action, venues);
                Step::Between
            }
        })
    }

    fn arrives(&mut self, conn: u64, told: Arriving) -> Step<E> {
        let Some(c) = self.conns.get_mut(&conn).filter(|c| !c.gone) else { return Step::Between };
        let place = (c.venue, c.id);
        if matches!(told, Arriving::Closed { .. }) {
            c.gone = true;
        }
        if self.open.get(&place) != Some(&conn) {
            return Step::Between;
        }
        let (venue, conn) = place;
        Step::Bot(
            venue,
            match told {
                Arriving::Opened => {
                    self.backoff.entry(place).or_insert(Backoff::new(100, 5_000)).reset();
                    Told::Opened(conn)
                }
                Arriving::Frame(message) => {
                    self.note("<-", bytes(&message));
                    Told::Frame { conn, message }
                }
                Arriving::Closed { code, why } => {
                    self.open.remove(&place);
                    Told::Closed { conn, code, why }
                }
            },
        )
    }
}

/// A message as the bot's client takes it.
pub(crate) fn frame(message: &Message) -> Frame<'_> {
    match message {
        Message::Text(t) => Frame::Text(t),
        Message::Binary(b) => Frame::Binary(b),
    }
}

fn bytes(message: &Message) -> &[u8] {
    match message {
        Message::Text(t) => t.as_bytes(),
        Message::Binary(b) => b,
    }
}

/// A body up to its signature, which nobody wants to read.
fn unsigned(body: &str) -> &str {
    let end = ["\"signature\"", "\"orderSignature\"", "\"bettorSignature\""].iter().filter_map(|name| body.find(name)).min();
    body.get(..end.unwrap_or(body.len())).unwrap_or_default()
}

fn expose(headers: &[Header]) -> Vec<(String, String)> {
    headers.iter().map(|h| (h.name.to_ascii_lowercase(), h.value.expose_secret().to_owned())).collect()
}
