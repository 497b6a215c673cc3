//! What the shell holds of one venue's connections.

use crate::config::{Endpoint, Kind, LinkConfig, LinkError};
use crate::dial::{self, Dialer};
use crate::drive::{Inner, Queued};
use crate::http::{Ask, Http};
use crate::socket::{Slot, State, open};
use crate::{Clock, HttpStats, LinkEvent};
use domain::Now;
use signing::SanitizedValue;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher};
use std::rc::Rc;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::task::TaskTracker;
use venue_api::{Action, Backoff, ConnId, Header, Lane, Payload};

/// How often ended and overaged HTTP connections are replaced.
const KEEP_WARM_EVERY: Duration = Duration::from_secs(1);
/// How long [`Link::stop`] waits for the venue's goodbyes.
const STOP_GRACE: Duration = Duration::from_secs(2);
/// The close code of a connection that we closed ourselves (RFC 6455, 7.4.1).
const CLOSED_BY_US: u16 = 1000;

/// One venue's connections. Not `Send`: it lives on the thread that trades. Dropping it ends everything at once;
/// [`Link::stop`] ends it properly.
pub struct Link {
    inner: Rc<Inner>,
}

impl Link {
    /// Checks the configuration and starts the link's task; nothing is connected yet. Must be called inside a
    /// `tokio::task::LocalSet`.
    ///
    /// `on_event` is called from the link's own task, never from within [`Link::perform`], with the time at which
    /// the event was read. If it owns what owns this link, let it hold a `Weak`.
    ///
    /// # Errors
    /// [`LinkError`]: a base that is not encrypted or not a URL, or an authority that is no certificate.
    pub fn new(config: LinkConfig, clock: Clock, on_event: impl Fn(LinkEvent<'_>, Now) + 'static) -> Result<Self, LinkError> {
        let tls = dial::tls(&config)?;
        let rest = Endpoint::parse(&config.name, Kind::Rest, &config.rest_base)?;
        let ws = Endpoint::parse(&config.name, Kind::WebSocket, &config.ws_base)?;
        let rest = Dialer::new(tls.clone(), rest, &config, "rest_base")?;
        let ws = Dialer::new(tls.clone(), ws, &config, "ws_base")?;
        let mut ws_of = BTreeMap::new();
        for (conn, base) in &config.ws_base_of {
            let endpoint = Endpoint::parse(&config.name, Kind::WebSocket, base)?;
            ws_of.insert(*conn, Dialer::new(tls.clone(), endpoint, &config, "ws_base")?);
        }
        let mut rest_of = BTreeMap::new();
        for (lane, base) in &config.rest_base_of {
            let endpoint = Endpoint::parse(&config.name, Kind::Rest, base)?;
            rest_of.insert(*lane, Dialer::new(tls.clone(), endpoint, &config, "rest_base")?);
        }
        let tasks = TaskTracker::new();
        let http = Http::new((rest, rest_of), &config, clock, tasks.clone());
        let inner = Rc::new(Inner::new(config, clock, (ws, ws_of), http, tasks, seed(), Rc::new(on_event)));

        let driver = Rc::clone(&inner);
        inner.tasks.spawn_local(async move { std::future::poll_fn(|cx| driver.turn(cx)).await });
        let keeper = Rc::clone(&inner);
        inner.tasks.spawn_local(async move { keep_warm(&keeper).await });
        Ok(Self { inner })
    }

    /// Performs one action. Never waits and never calls back. Actions on one connection and the beginnings of
    /// requests keep their order; a frame is with the kernel on return if the kernel took it, an order's request is
    /// with its warm connection.
    pub fn perform(&self, action: Action) {
        if self.inner.stop.is_cancelled() {
            return;
        }
        match action {
            Action::Send { conn, payload } => self.send(conn, payload),
            Action::Request { id, lane, method, target, headers, body, timeout_ms } => {
                let timeout = Duration::from_millis(timeout_ms);
                match self.inner.http.begin(Ask { lane, method, target, headers, body, timeout }) {
                    Err(outcome) => self.inner.post(Queued::Reply { id, outcome }),
                    Ok(begun) => {
                        let inner = Rc::clone(&self.inner);
                        self.inner.tasks.spawn_local(async move {
                            let publish = |outcome| inner.post(Queued::Reply { id, outcome });
                            tokio::select! {
                                biased;
                                () = inner.stop.cancelled() => {}
                                () = inner.http.finish(begun, publish) => {}
                            }
                        });
                    }
                }
            }
            Action::Timer { id, at } => {
                self.inner.timers.borrow_mut().arm(id, at);
                self.inner.wake();
            }
            Action::CancelTimer { id } => self.inner.timers.borrow_mut().cancel(id),
            Action::Connect { conn, target, headers } => self.connect(conn, target, headers),
            Action::Close { conn } => self.close(conn),
        }
    }

    /// Performs actions in order.
    pub fn perform_all(&self, actions: impl IntoIterator<Item = Action>) {
        for action in actions {
            self.perform(action);
        }
    }

    /// Makes so many connections of a lane ready and keeps them so; says how many there are. Do it before the first
    /// order: a new connection costs two to three round trips.
    ///
    /// # Errors
    /// Why some could not be made, in a sentence; the link goes on trying every second.
    pub async fn warm(&self, lane: Lane, connections: usize) -> Result<usize, String> {
        let warm = self.inner.http.warm(lane, connections).await?;
        tracing::info!(venue = self.inner.config.name, ?lane, warm, "[HTTP] Connections warm");
        Ok(warm)
    }

    /// What the HTTP side has done so far.
    pub fn http_stats(&self) -> HttpStats {
        self.inner.http.stats()
    }

    /// TLS handshakes of WebSockets so far.
    pub fn ws_handshakes(&self) -> u64 {
        self.inner.ws_dialers().map(Dialer::handshakes).sum()
    }

    /// How many of them resumed an earlier TLS session.
    pub fn ws_resumed(&self) -> u64 {
        self.inner.ws_dialers().map(Dialer::resumed).sum()
    }

    /// Whether a connection is up.
    pub fn is_open(&self, conn: ConnId) -> bool {
        self.inner.slots.borrow().get(&conn).is_some_and(|s| matches!(s.state, State::Open(_)))
    }

    /// Ends everything: no event is delivered any more, frames that wait are sent, WebSockets are closed with a close
    /// frame, requests under way are abandoned (their fate is unknown, so settle orders first). Returns when all
    /// tasks have ended, or after two seconds.
    pub async fn stop(&self) {
        self.end();
        if tokio::time::timeout(STOP_GRACE, self.inner.tasks.wait()).await.is_err() {
            tracing::warn!(venue = self.inner.config.name, "a connection did not end in time");
        }
    }

    fn end(&self) {
        let inner = &self.inner;
        inner.silence();
        inner.timers.borrow_mut().clear();
        for slot in inner.slots.borrow_mut().values_mut() {
            if let Some(socket) = slot.take() {
                inner.part(socket);
            }
        }
        inner.http.close();
        inner.stop.cancel();
        inner.wake();
        inner.tasks.close();
    }

    fn send(&self, conn: ConnId, payload: Payload) {
        let message = match payload {
            Payload::Text(text) => Message::Text(text.into()),
            Payload::Binary(bytes) => Message::Binary(bytes.into()),
        };
        let mut slots = self.inner.slots.borrow_mut();
        match slots.get_mut(&conn).map(|s| &mut s.state) {
            Some(State::Open(socket)) => {
                self.inner.with_context(|cx| socket.send(message, cx));
                if socket.broken() {
                    self.inner.wake();
                }
            }
            // The client hears, or has heard, that this connection is not there; what it did not send is not lost.
            _ => tracing::warn!(venue = self.inner.config.name, conn = conn.0, "no connection for a frame, it was not sent"),
        }
    }

    fn connect(&self, conn: ConnId, target: SanitizedValue, headers: Vec<Header>) {
        let inner = &self.inner;
        let mut slots = inner.slots.borrow_mut();
        let slot = slots.entry(conn).or_insert_with(|| Slot::new(backoff(&inner.config)));
        if let Some(socket) = slot.take() {
            inner.part(socket);
        }
        slot.generation += 1;
        let generation = slot.generation;
        let wait_ms = slot.backoff.next_ms(next_jitter(inner));
        let again = std::mem::replace(&mut slot.known, true);
        if again {
            inner.post(Queued::Reconnecting { conn, generation, attempt: slot.backoff.tries(), wait_ms });
        }
        let task = Rc::clone(inner);
        let connecting = inner.tasks.spawn_local(async move {
            if wait_ms > 0 {
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            }
            if again {
                tracing::info!(conn = conn.0, wait_ms, "[RECONNECT] Attempting reconnection to {}...", task.config.name);
            }
            let within = task.config.connect_timeout;
            let result = open(task.ws(conn), &target, &headers, task.config.message_max, within).await;
            task.connected(conn, generation, result);
        });
        slot.state = State::Connecting(connecting.abort_handle());
    }

    fn close(&self, conn: ConnId) {
        let mut slots = self.inner.slots.borrow_mut();
        let Some(slot) = slots.get_mut(&conn).filter(|s| !matches!(s.state, State::Idle)) else { return };
        if let Some(socket) = slot.take() {
            self.inner.part(socket);
        }
        slot.generation += 1;
        let generation = slot.generation;
        let why = "closed on our side".to_owned();
        self.inner.post(Queued::Closed { conn, generation, code: Some(CLOSED_BY_US), why });
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.inner.silence();
        for slot in self.inner.slots.borrow_mut().values_mut() {
            slot.take();
        }
        self.inner.http.close();
        self.inner.stop.cancel();
        self.inner.wake();
        self.inner.tasks.close();
    }
}

fn backoff(config: &LinkConfig) -> Backoff {
    let ms = |d: Duration| u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
    Backoff::new(ms(config.backoff_base), ms(config.backoff_cap))
}

/// Replaces HTTP connections that ended, until the link stops. If it ended early, the next order would pay for a new
/// connection; nothing else.
async fn keep_warm(inner: &Inner) {
    let mut pause = backoff(&inner.config);
    loop {
        let extra = Duration::from_millis(if pause.tries() == 0 { 0 } else { pause.next_ms(next_jitter(inner)) });
        tokio::select! {
            biased;
            () = inner.stop.cancelled() => return,
            () = tokio::time::sleep(KEEP_WARM_EVERY + extra) => {}
        }
        let kept = tokio::select! {
            biased;
            () = inner.stop.cancelled() => return,
            kept = inner.http.keep_warm() => kept,
        };
        match kept {
            Ok(()) => pause.reset(),
            Err(why) => {
                if pause.tries() == 0 {
                    pause.next_ms(0);
                    tracing::warn!(venue = inner.config.name, why, "[HTTP] No warm connection");
                }
            }
        }
    }
}

/// Randomness enough to keep two bots from knocking in step; nothing secret depends on it.
fn seed() -> u64 {
    std::collections::hash_map::RandomState::new().build_hasher().finish()
}

/// The generator of splitmix64.
fn next_jitter(inner: &Inner) -> u64 {
    let state = inner.jitter.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
    inner.jitter.set(state);
    let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
