//! The one task of a link: everything that is delivered is delivered from here, in the order the crate promises.

use crate::config::LinkConfig;
use crate::dial::Dialer;
use crate::http::{Http, Outcome};
use crate::socket::{Arrival, Refused, Slot, Socket, State, WebSocket};
use crate::timers::Timers;
use crate::{Clock, LinkEvent};
use domain::Now;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use tokio::time::Sleep;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use venue_api::{ConnId, Frame, Reply, RequestId};

pub(crate) type Callback = Rc<dyn Fn(LinkEvent<'_>, Now)>;

/// Waits to be delivered. What belongs to a connection carries its generation and is dropped if that has passed.
pub(crate) enum Queued {
    Open { conn: ConnId, generation: u64 },
    Closed { conn: ConnId, generation: u64, code: Option<u16>, why: String },
    Reconnecting { conn: ConnId, generation: u64, attempt: u32, wait_ms: u64 },
    Reply { id: RequestId, outcome: Outcome },
}

/// What all tasks of a link share. Nothing here stays borrowed while the callback runs.
pub(crate) struct Inner {
    pub(crate) config: LinkConfig,
    pub(crate) clock: Clock,
    ws: Dialer,
    /// Of connections that lead elsewhere.
    ws_of: BTreeMap<ConnId, Dialer>,
    pub(crate) http: Http,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    pub(crate) slots: RefCell<BTreeMap<ConnId, Slot>>,
    pub(crate) timers: RefCell<Timers>,
    pub(crate) jitter: Cell<u64>,
    callback: RefCell<Option<Callback>>,
    queue: RefCell<VecDeque<Queued>>,
    sleep: RefCell<Option<Pin<Box<Sleep>>>>,
    waker: RefCell<Option<Waker>>,
    /// The feed that was read last: the others come before it.
    last_feed: Cell<Option<ConnId>>,
}

impl Inner {
    pub(crate) fn new(
        config: LinkConfig,
        clock: Clock,
        (ws, ws_of): (Dialer, BTreeMap<ConnId, Dialer>),
        http: Http,
        tasks: TaskTracker,
        seed: u64,
        callback: Callback,
    ) -> Self {
        Self {
            config,
            clock,
            ws,
            ws_of,
            http,
            tasks,
            stop: CancellationToken::new(),
            slots: RefCell::default(),
            timers: RefCell::default(),
            jitter: Cell::new(seed),
            callback: RefCell::new(Some(callback)),
            queue: RefCell::default(),
            sleep: RefCell::default(),
            waker: RefCell::default(),
            last_feed: Cell::new(None),
        }
    }

    /// Where a connection leads.
    pub(crate) fn ws(&self, conn: ConnId) -> &Dialer {
        self.ws_of.get(&conn).unwrap_or(&self.ws)
    }

    /// Every way to a WebSocket.
    pub(crate) fn ws_dialers(&self) -> impl Iterator<Item = &Dialer> {
        std::iter::once(&self.ws).chain(self.ws_of.values())
    }

    /// Puts something into the line and sees to it that it is delivered.
    pub(crate) fn post(&self, queued: Queued) {
        self.queue.borrow_mut().push_back(queued);
        self.wake();
    }

    pub(crate) fn wake(&self) {
        if let Some(waker) = self.waker.borrow().as_ref() {
            waker.wake_by_ref();
        }
    }

    /// Calls `act` with the driver's own waker, so that what `act` finds not ready wakes the driver later.
    pub(crate) fn with_context<R>(&self, act: impl FnOnce(&mut Context<'_>) -> R) -> R {
        let waker = self.waker.borrow();
        act(&mut Context::from_waker(waker.as_ref().unwrap_or(Waker::noop())))
    }

    /// From now on nothing is delivered.
    pub(crate) fn silence(&self) {
        self.callback.borrow_mut().take();
        self.queue.borrow_mut().clear();
    }

    /// The result of an attempt to connect. Ignored if the client has meanwhile asked for something else.
    pub(crate) fn connected(&self, conn: ConnId, generation: u64, result: Result<WebSocket, Refused>) {
        let mut slots = self.slots.borrow_mut();
        let Some(slot) = slots.get_mut(&conn).filter(|s| s.generation == generation) else { return };
        let queued = match result {
            Ok(ws) => {
                slot.state = State::Open(Box::new(Socket::new(ws)));
                Queued::Open { conn, generation }
            }
            Err(Refused { code, why }) => {
                slot.state = State::Idle;
                Queued::Closed { conn, generation, code, why }
            }
        };
        drop(slots);
        self.post(queued);
    }

    /// Says goodbye to a socket on a task of its own.
    pub(crate) fn part(&self, socket: Box<Socket>) {
        self.tasks.spawn_local(socket.farewell());
    }

    /// One turn of the driver: delivers what there is, in order of importance, until nothing is ready or feeds have
    /// had their share.
    pub(crate) fn turn(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.waker.borrow_mut().replace(cx.waker().clone());
        let mut feed_frames = 0;
        loop {
            if self.stop.is_cancelled() {
                return Poll::Ready(());
            }
            let next = self.queue.borrow_mut().pop_front();
            if let Some(queued) = next {
                self.deliver_queued(queued);
                continue;
            }
            let due = self.timers.borrow_mut().due(self.clock.mono());
            if let Some(id) = due {
                self.deliver(LinkEvent::Timer { id });
                continue;
            }
            let Some((conn, arrival)) = self.poll_sockets(cx) else {
                if self.poll_sleep(cx) {
                    continue;
                }
                return Poll::Pending;
            };
            match arrival {
                Arrival::Frame(message) => self.deliver_frame(conn, &message),
                Arrival::End { code, why } => self.deliver(LinkEvent::Closed { conn, code, why: &why }),
            }
            if !self.config.first.contains(&conn) {
                feed_frames += 1;
                if feed_frames >= self.config.feed_burst.max(1) {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        }
    }

    /// One arrival of the most important connection that has one.
    fn poll_sockets(&self, cx: &mut Context<'_>) -> Option<(ConnId, Arrival)> {
        let mut slots = self.slots.borrow_mut();
        for conn in &self.config.first {
            if let Some(arrival) = slots.get_mut(conn).and_then(|slot| poll_slot(slot, cx)) {
                return Some((*conn, arrival));
            }
        }
        // Feeds in turn: first those after the one read last, then the rest.
        let last = self.last_feed.get();
        for later in [true, false] {
            for (conn, slot) in slots.iter_mut().filter(|(conn, _)| (Some(**conn) > last) == later) {
                if self.config.first.contains(conn) {
                    continue;
                }
                if let Some(arrival) = poll_slot(slot, cx) {
                    self.last_feed.set(Some(*conn));
                    return Some((*conn, arrival));
                }
            }
        }
        None
    }

    /// Arms the runtime's timer for our earliest one. True if that is due already.
    fn poll_sleep(&self, cx: &mut Context<'_>) -> bool {
        let Some(next) = self.timers.borrow().next() else { return false };
        let at = self.clock.instant(next);
        let mut sleep = self.sleep.borrow_mut();
        let sleep = sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        sleep.as_mut().poll(cx).is_ready()
    }

    fn deliver_queued(&self, queued: Queued) {
        let current = |conn: &ConnId, generation: u64| self.slots.borrow().get(conn).is_some_and(|s| s.generation == generation);
        match queued {
            Queued::Open { conn, generation } if current(&conn, generation) => self.deliver(LinkEvent::Open { conn }),
            Queued::Closed { conn, generation, code, why } if current(&conn, generation) => {
                self.deliver(LinkEvent::Closed { conn, code, why: &why });
            }
            Queued::Reconnecting { conn, generation, attempt, wait_ms } if current(&conn, generation) => {
                self.deliver(LinkEvent::Reconnecting { conn, attempt, wait_ms });
            }
            Queued::Open { .. } | Queued::Closed { .. } | Queued::Reconnecting { .. } => {}
            Queued::Reply { id, outcome } => {
                let reply = match &outcome {
                    Outcome::Answer { status, retry_after_ms, body } => {
                        Reply::Answer { status: *status, retry_after_ms: *retry_after_ms, body }
                    }
                    Outcome::NotSent(why) => Reply::NotSent(why),
                    Outcome::Unknown(why) => Reply::Unknown(why),
                };
                self.deliver(LinkEvent::Reply { id, reply });
            }
        }
    }

    fn deliver_frame(&self, conn: ConnId, message: &Message) {
        match message {
            Message::Text(text) => self.deliver(LinkEvent::Frame { conn, frame: Frame::Text(text.as_str()) }),
            Message::Binary(bytes) => self.deliver(LinkEvent::Frame { conn, frame: Frame::Binary(bytes) }),
            _ => {}
        }
    }

    fn deliver(&self, event: LinkEvent<'_>) {
        let callback = self.callback.borrow().clone();
        if let Some(callback) = callback {
            callback(event, self.clock.now());
        }
    }
}

/// What an open slot has; one that ends is idle from then on.
fn poll_slot(slot: &mut Slot, cx: &mut Context<'_>) -> Option<Arrival> {
    let State::Open(socket) = &mut slot.state else { return None };
    let Poll::Ready(arrival) = socket.poll(cx) else { return None };
    if matches!(arrival, Arrival::End { .. }) {
        // Dropped without farewell: the venue has said its own, or is not there to hear ours.
        slot.take();
    }
    Some(arrival)
}
